//! Every type that crosses the wire has a JSON snapshot: a wire break is a diff somebody has to read.
#![expect(
    clippy::unwrap_used,
    reason = "a sample that does not parse is the test's own fault"
)]

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tilik_protocol::case::CaseState;
use tilik_protocol::duty::Outcome;
use tilik_protocol::evidence::{Flag, PhotoKind, ReturnTarget, VisitKind};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::lookup::*;
use tilik_protocol::membership::MembershipState;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::{FieldProblem, Problem, ProblemCode};
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::registry::{
    FieldChange, ImportKind, ImportReport, ImportState, ImportedChange, ImportedPerson,
    ImportedWaitlist, LineProblem, RefuseImport,
};
use tilik_protocol::review::*;
use tilik_protocol::session::*;
use tilik_protocol::sync::*;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

fn id<T: From<Uuid>>(n: u128) -> T {
    T::from(Uuid::from_u128(
        0x0193_5c00_0000_7000_8000_0000_0000_0000 + n,
    ))
}

fn at(minute: i64) -> Timestamp {
    "2026-11-24T03:00:00Z"
        .parse::<Timestamp>()
        .unwrap()
        .plus_s(minute * 60)
}

fn village() -> RegionCode {
    "35.71.03.1009".parse().unwrap()
}

fn reason() -> ReturnReason {
    ReturnReason {
        target: ReturnTarget::Photo { photo: id(30) },
        code: ReasonCode::known("ATAP_TERPOTONG"),
        note: Some("Mundur beberapa langkah.".to_owned()),
    }
}

fn returned() -> Returned {
    Returned {
        visit: id(20),
        at: at(5),
        reasons: vec![reason()],
        keep: vec![id(31)],
    }
}

fn pin() -> LastPin {
    LastPin {
        lat_e7: -78_400_000,
        lon_e7: 1_120_150_000,
        accuracy_cm: 850,
        taken_at: at(1),
    }
}

fn grant() -> GrantView {
    GrantView {
        id: id(2),
        role: Role::Officer.into(),
        regions: vec![village()],
        valid_from: at(0),
        valid_until: Some(at(60)),
        document_number: "800/12/2026".to_owned(),
        confirmed: true,
        ended_at: Some(at(50)),
    }
}

fn me() -> Me {
    Me {
        user: id(1),
        username: "pendamping.satu".to_owned(),
        name: "Pendamping Satu".to_owned(),
        grants: vec![grant()],
        permissions: vec![Permission::Visit.into(), Permission::CarrySealed.into()],
        password_change_required: false,
    }
}

fn family() -> FamilyView {
    FamilyView {
        id: id(40),
        name: "Contoh Satu".to_owned(),
        address: "Jalan Contoh 1".to_owned(),
        rt: "001".to_owned(),
        rw: "002".to_owned(),
        region: village(),
        kk_masked: "3571************".to_owned(),
        decile: Some(2),
        persons: vec![PersonView {
            id: id(41),
            name: "Contoh Satu".to_owned(),
            nik_masked: Some("3571************".to_owned()),
            birth_year: Some(1970),
            relation: "kepala_keluarga".to_owned(),
        }],
    }
}

fn visit() -> VisitView {
    VisitView {
        id: id(20),
        kind: VisitKind::Full.into(),
        officer: id(1),
        officer_name: Some("Pendamping Satu".to_owned()),
        captured_at: at(1),
        received_at: at(3),
        complete_at: Some(at(4)),
        unreachable: None,
        pin: Some(PinView {
            lat_e7: -78_400_000,
            lon_e7: 1_120_150_000,
            accuracy_cm: 850,
            source: "gnss".to_owned(),
            mock: false,
            distance_to_last_m: Some(12),
            outside_m: Some(0),
        }),
        photos: vec![PhotoView {
            id: id(30),
            kind: PhotoKind::HouseFront.into(),
            taken_at: at(1),
            width: 2048,
            height: 1536,
            state: "ready".to_owned(),
            problem: None,
        }],
        answers: vec![AnswerView {
            question: "floor".to_owned(),
            text: "Lantai sebagian besar dari apa?".to_owned(),
            answer: "Tanah".to_owned(),
            counts: true,
        }],
        flags: vec![FlagView {
            flag: Flag::LateSync.into(),
            sentence: "Diterima sesudah jadwal tutup.".to_owned(),
            visit: None,
            missing: Vec::new(),
            measure: None,
        }],
    }
}

fn membership() -> MembershipView {
    MembershipView {
        id: id(50),
        program: "SEMBAKO".to_owned(),
        state: MembershipState::Active.into(),
        outcome: Some(Outcome::Ineligible),
        reason: Some(ReasonCode::known("TIDAK_LAYAK_DAERAH")),
        document_number: Some("BA/12/2026".to_owned()),
        proposed_by: Some(id(3)),
        proposed_by_name: Some("Operator Satu".to_owned()),
        proposed_at: Some(at(35)),
        person: Some("SITI".to_owned()),
        awaiting_approval: true,
        notice: Some(id(60)),
        notice_delivered_at: Some(at(60)),
        appeal_until: Some(at(20160)),
        successor: Some(id(51)),
        refused: Some(RefusalView {
            reason: ReasonCode::known("BUKTI_KURANG"),
            note: Some("Foto dapur belum ada".into()),
            by: id(4),
            by_name: Some("Kepala Bidang".into()),
            at: at(40),
        }),
        confirm_note: None,
    }
}

fn membership_row() -> MembershipRow {
    MembershipRow {
        id: id(51),
        program: "SEMBAKO".into(),
        family: id(43),
        region: village(),
        state: MembershipState::Candidate.into(),
        reason: None,
        successor_of: Some(id(50)),
        appeal_until: Some(at(20160)),
    }
}

fn case_row() -> CaseRow {
    CaseRow {
        id: id(10),
        state: CaseState::Open.into(),
        version: 1,
        region: village(),
        family: id(40),
        name: "Contoh Satu".into(),
        rt: "001".into(),
        rw: "002".into(),
        officer: None,
        officer_name: Some("Pendamping Satu".into()),
        address: "Jalan Contoh 1".into(),
        complete_at: Some(at(4)),
    }
}

/// What a console looks up.
fn looked_up(s: &mut BTreeSet<String>) {
    wire(
        s,
        &RegionView {
            code: village(),
            name: "BETET".into(),
            level: "village".into(),
        },
    );
    wire(
        s,
        &Outline {
            region: village(),
            geometry: serde_json::json!({ "type": "Polygon", "coordinates": [[[112.0, -7.8], [112.1, -7.8], [112.1, -7.9], [112.0, -7.8]]] }),
        },
    );
    let reason = ReasonView {
        code: ReasonCode::known("ATAP_TERPOTONG"),
        label: "Atap terpotong".into(),
    };
    wire(s, &reason);
    wire(
        s,
        &ReasonLists {
            returning: vec![reason],
            excluding: Vec::new(),
            closing: Vec::new(),
            refusing_import: Vec::new(),
            refusing_proposal: Vec::new(),
        },
    );
    wire(
        s,
        &OfficerView {
            user: id(1),
            name: "Pendamping Satu".into(),
            regions: vec![village()],
            assigned: 12,
            returned: 1,
        },
    );
    wire(s, &ReviewQueue { waiting: 17 });
    wire(
        s,
        &HistoryRow {
            at: at(9),
            actor: Some(id(2)),
            name: Some("Koordinator Satu".into()),
            role: "supervisor".into(),
            action: "case.return".into(),
            from: Some(CaseState::Submitted.into()),
            to: Some(CaseState::Returned.into()),
            reasons: vec![ReasonCode::known("ATAP_TERPOTONG")],
            program: Some("SEMBAKO".into()),
            outcome: Some(Outcome::Ineligible),
        },
    );
    wire(
        s,
        &FamilyRow {
            id: id(40),
            name: "Contoh Satu".into(),
            address: "Jalan Contoh 1".into(),
            rt: "001".into(),
            rw: "002".into(),
            region: village(),
            decile: Some(2),
            memberships: vec![membership_row()],
            case: Some(id(10)),
            case_state: Some(CaseState::Accepted.into()),
        },
    );
    let neighbour = Neighbour {
        membership: membership_row(),
        name: Some("Contoh Dua".into()),
        rank: Some(1),
        decile: Some(1),
    };
    wire(s, &neighbour);
    let held = FamilyMembership {
        membership: membership_row(),
        follows: None,
        followed_by: Some(neighbour),
    };
    wire(s, &held);
    wire(
        s,
        &FamilyPage {
            family: family(),
            photo: visit().photos.pop(),
            pin: Some(pin()),
            memberships: vec![held],
            cases: vec![case_row()],
        },
    );
    wire(
        s,
        &WaitingGrant {
            grant: grant(),
            user: id(1),
            name: "Pendamping Satu".into(),
            granted_by: Some(id(3)),
            granted_by_name: Some("Admin Satu".into()),
        },
    );
}

fn case_view() -> CaseView {
    CaseView {
        id: id(10),
        state: CaseState::Submitted.into(),
        version: 3,
        kind: VisitKind::Full.into(),
        region: village(),
        house: id(11),
        family: family(),
        officer: Some(id(1)),
        officer_name: Some("Pendamping Satu".to_owned()),
        closes_at: Some(at(600)),
        accepted_basis: None,
        lease: Some(LeaseView {
            mine: true,
            name: Some("Koordinator Satu".into()),
            until: at(14),
        }),
        current_visit: Some(id(20)),
        visits: vec![visit()],
        earlier_pins: vec![pin()],
        earlier_photos: visit().photos,
        returned: Some(returned()),
        memberships: vec![membership()],
    }
}

fn sealed() -> SealedVisit {
    SealedVisit {
        manifest: "hEOhASag".to_owned(),
        answers: Some("YWdl".to_owned()),
    }
}

fn result() -> VisitResult {
    VisitResult {
        visit: Some(id(20)),
        manifest_sha256: "ab".repeat(32),
        status: VisitStatus::Accepted.into(),
        code: None,
        upload_grant: Some("g1.example".to_owned()),
        wanted: vec![id(30)],
    }
}

fn assignment() -> Assignment {
    Assignment {
        case: id(10),
        version: 2,
        state: CaseState::Returned.into(),
        house: id(11),
        family: id(40),
        name: "Contoh Satu".to_owned(),
        address: "Jalan Contoh 1".to_owned(),
        rt: "001".to_owned(),
        rw: "002".to_owned(),
        region: village(),
        kind: VisitKind::Full.into(),
        form: Some(FormRef {
            id: "kepmensos-262".to_owned(),
            version: 1,
        }),
        last_pin: Some(pin()),
        programs: vec!["SEMBAKO".to_owned()],
        closes_at: Some(at(600)),
        returned: Some(returned()),
    }
}

/// Snapshots `value` under its type's name, and reads the JSON back to the same JSON.
fn wire<T: Serialize + DeserializeOwned>(seen: &mut BTreeSet<String>, value: &T) {
    let path = std::any::type_name::<T>();
    let name = path
        .split('<')
        .next()
        .unwrap()
        .rsplit("::")
        .next()
        .unwrap()
        .to_owned();
    let json = serde_json::to_value(value).unwrap();
    let back: T = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(
        serde_json::to_value(&back).unwrap(),
        json,
        "{name} does not survive itself"
    );
    insta::assert_json_snapshot!(name.clone(), value);
    seen.insert(name);
}

#[test]
fn every_wire_type_has_a_snapshot() {
    let mut seen = BTreeSet::new();
    let s = &mut seen;
    wire(
        s,
        &SignIn {
            username: "a".into(),
            password: "b".into(),
            device: Some(id(3)),
            time_token: Some("t1.x".into()),
            proof: Some("p".into()),
        },
    );
    wire(
        s,
        &Refresh {
            refresh_token: "r".into(),
            proof: Some("p".into()),
        },
    );
    wire(
        s,
        &Tokens {
            access_token: "a".into(),
            access_expires_at: at(10),
            refresh_token: "r".into(),
            me: me(),
        },
    );
    wire(s, &me());
    wire(s, &grant());
    wire(
        s,
        &AddUser {
            event_id: id(90),
            username: "operator.satu".into(),
            name: "Operator Satu".into(),
            password: "panjang-sekali".into(),
        },
    );
    wire(
        s,
        &ResetPassword {
            event_id: id(74),
            password: "panjang-sekali".into(),
        },
    );
    wire(
        s,
        &ChangePassword {
            event_id: id(75),
            old_password: "panjang-sekali".into(),
            new_password: "lebih-panjang-lagi".into(),
        },
    );
    wire(
        s,
        &UserView {
            id: id(1),
            username: "a".into(),
            name: "A".into(),
            suspended: false,
            grants: vec![grant()],
        },
    );
    wire(
        s,
        &AddGrant {
            event_id: id(90),
            role: Role::Operator,
            regions: vec![village()],
            valid_from: None,
            valid_until: Some(at(60)),
            document_number: "800/1".into(),
        },
    );
    wire(
        s,
        &Act {
            event_id: id(90),
            note: Some("catatan".into()),
        },
    );
    wire(
        s,
        &IssueEnrolment {
            event_id: id(90),
            officer: id(1),
        },
    );
    wire(
        s,
        &EnrolmentCode {
            code: "ABCDEFGH23".into(),
            expires_at: at(1440),
        },
    );
    wire(
        s,
        &EnrolDevice {
            code: "ABCDEFGH23".into(),
            device: id(3),
            public_key: "BA==".into(),
            name: "Redmi 9A".into(),
            key_level: "tee".into(),
            proof: "AA==".into(),
        },
    );
    wire(
        s,
        &Enrolled {
            device: id(3),
            officer: id(1),
            username: "a".into(),
            spool_recipient: "age1example".into(),
            now: at(0),
            time_token: Some("t1.x".into()),
        },
    );
    wire(
        s,
        &DeviceView {
            id: id(3),
            name: "Redmi 9A".into(),
            officer: id(1),
            officer_name: "A".into(),
            key_level: "tee".into(),
            enrolled_at: at(0),
            last_sync_at: Some(at(1)),
            revoked: Some(RevokeKind::Stolen.into()),
        },
    );
    wire(
        s,
        &RevokeDevice {
            event_id: id(90),
            kind: RevokeKind::Retired,
        },
    );
    wire(
        s,
        &DeviceRevoked {
            device: id(3),
            sessions_ended: 1,
            families_held: vec![id(40)],
        },
    );
    wire(
        s,
        &SyncRequest {
            device: id(3),
            client_version: "0.1.0".into(),
            epoch: 1,
            cursors: [(
                Bucket::officer(id(1)),
                Cursor {
                    seq: 7,
                    checksum: u64::MAX,
                },
            )]
            .into(),
            visits: vec![sealed()],
            ask_receipts: vec![id(30)],
        },
    );
    wire(
        s,
        &Cursor {
            seq: 7,
            checksum: 1,
        },
    );
    wire(s, &sealed());
    wire(s, &result());
    wire(
        s,
        &PhotoReceipt {
            photo: id(30),
            sha256: "ab".repeat(32),
            received_at: at(3),
            safe_at: Some(at(3)),
            problem: None,
        },
    );
    let row = FeedRow {
        seq: 8,
        object: format!("assignment:{}", id::<tilik_protocol::ids::CaseId>(10)),
        op: FeedOp::Put.into(),
        hash: 0x0123_4567_89ab_cdef,
        body: Some(serde_json::to_value(assignment()).unwrap()),
    };
    wire(s, &row);
    let page = BucketPage {
        bucket: Bucket::region(&village()),
        rows: vec![row],
        next: 8,
        more: false,
        checksum: Some("0123456789abcdef".into()),
        reset: true,
    };
    wire(s, &page);
    let config = PhoneConfig {
        min_version: "0.1.0".into(),
        spool_recipient: "age1example".into(),
        keep_days: 7,
        utc_offset_min: 420,
    };
    wire(s, &config);
    wire(
        s,
        &SyncReply {
            now: at(2),
            time_token: "t1.example".into(),
            epoch: 1,
            results: vec![result()],
            receipts: vec![],
            buckets: vec![page],
            revoked: vec![Bucket::officer(id(9))],
            config,
            device_revoked: None,
        },
    );
    wire(s, &assignment());
    wire(
        s,
        &FormRef {
            id: "kepmensos-262".into(),
            version: 1,
        },
    );
    wire(s, &pin());
    wire(s, &returned());
    wire(s, &reason());
    wire(
        s,
        &CarryVisits {
            visits: vec![sealed()],
        },
    );
    wire(
        s,
        &Carried {
            results: vec![result()],
        },
    );
    wire(
        s,
        &FlagView {
            flag: Flag::ChainGap.into(),
            sentence: "Ada nomor yang hilang.".into(),
            visit: Some(id(21)),
            missing: vec!["answers".into()],
            measure: Some(FlagMeasure {
                value: 180,
                limit: Some(108),
                unit: MeasureUnit::M.into(),
            }),
        },
    );
    wire(
        s,
        &FlagMeasure {
            value: 600,
            limit: None,
            unit: MeasureUnit::S.into(),
        },
    );
    wire(
        s,
        &Page {
            items: vec![1, 2],
            next: Some("c1".into()),
        },
    );
    wire(
        s,
        &OpenCases {
            event_id: id(90),
            families: vec![id(40)],
            kind: VisitKind::Quick,
            closes_at: Some(at(600)),
            officer: Some(id(1)),
        },
    );
    wire(
        s,
        &CasesOpened {
            cases: vec![id(10)],
            already_open: vec![id(42)],
        },
    );
    wire(
        s,
        &AssignCases {
            event_id: id(90),
            cases: vec![id(10)],
            officer: Some(id(1)),
        },
    );
    wire(
        s,
        &CasesAssigned {
            changed: 1,
            refused: vec![id(12)],
        },
    );
    wire(s, &case_row());
    wire(s, &case_view());
    wire(s, &family());
    wire(s, &family().persons[0]);
    wire(
        s,
        &Unmask {
            purpose: "Melayani di loket".into(),
        },
    );
    let numbers = UnmaskedPerson {
        id: id(41),
        nik: Some("3571010101700001".into()),
        birth_date: Some("1970-01-01".into()),
    };
    wire(s, &numbers);
    wire(
        s,
        &Unmasked {
            family: id(40),
            kk: "3571010101100001".into(),
            persons: vec![numbers],
            until: at(15),
        },
    );
    wire(
        s,
        &SearchFamilies {
            number: Some("3571010101700001".into()),
            purpose: Some("Melayani di loket".into()),
            ..SearchFamilies::default()
        },
    );
    wire(
        s,
        &LeaseView {
            mine: true,
            name: Some("Koordinator Satu".into()),
            until: at(10),
        },
    );
    wire(s, &visit());
    wire(s, &visit().pin.unwrap());
    wire(s, &visit().photos[0]);
    wire(s, &visit().answers[0]);
    wire(s, &membership());
    wire(s, &membership().refused.unwrap());
    wire(
        s,
        &Claim {
            region: Some(village()),
            limit: Some(3),
            have: vec![id(10)],
            skip: vec![id(11)],
        },
    );
    wire(
        s,
        &Claimed {
            case: Some(case_view()),
            more: Vec::new(),
        },
    );
    wire(
        s,
        &CaseAct {
            event_id: id(90),
            seen_version: 3,
            note: None,
        },
    );
    wire(
        s,
        &ReturnCase {
            event_id: id(90),
            seen_version: 3,
            reasons: vec![reason()],
        },
    );
    wire(
        s,
        &CloseCase {
            event_id: id(90),
            seen_version: 3,
            reason: ReasonCode::known("SALAH_BUKA"),
        },
    );
    wire(
        s,
        &Decide {
            event_id: id(90),
            seen_version: 3,
            membership: id(50),
            outcome: Outcome::Ineligible,
            reason: Some(ReasonCode::known("TIDAK_LAYAK_DAERAH")),
            document_number: Some("BA-12/2026".into()),
        },
    );
    wire(
        s,
        &Confirm {
            event_id: id(90),
            seen_version: 3,
            membership: id(50),
            confirm: false,
            reason: Some(ReasonCode::known("BUKTI_KURANG")),
            note: Some("Berkas kurang".into()),
        },
    );
    wire(
        s,
        &NoticeDelivered {
            event_id: id(90),
            delivered_at: at(30),
            received_by: "keluarga".into(),
        },
    );
    wire(s, &membership_row());
    looked_up(s);
    wire(
        s,
        &SeenPhotos {
            photos: vec![id(30), id(31)],
        },
    );
    wire(
        s,
        &AccessRow {
            id: format!("{}.0", id::<Uuid>(95)),
            at: at(0),
            user: id(1),
            user_name: Some("Koordinator Satu".into()),
            role: "supervisor".into(),
            object: "photo:x".into(),
            what: "photo_1600".into(),
            mode: "served".into(),
            purpose: None,
        },
    );
    wire(
        s,
        &JournalRow {
            seq: 1,
            at: at(0),
            actor: Some(id(1)),
            actor_name: Some("Koordinator Satu".into()),
            role: "supervisor".into(),
            action: "case.accept".into(),
            object: "case:x".into(),
            event_id: Some(id(90)),
            body: serde_json::json!({"from": "submitted", "to": "accepted"}),
            hash: "ab".repeat(32),
        },
    );
    let line = LineProblem {
        line: 2,
        problems: vec![FieldProblem {
            field: "nik".into(),
            code: "length".into(),
            remedy: "NIK harus 16 angka.".into(),
        }],
    };
    wire(s, &line);
    wire(s, &line.problems[0]);
    wire(
        s,
        &ImportReport {
            id: id(70),
            kind: ImportKind::Families,
            state: ImportState::Done.into(),
            at: at(0),
            imported_by: Some(id(1)),
            imported_by_name: Some("Admin Satu".into()),
            confirmed_by: None,
            confirmed_by_name: None,
            confirmed_at: None,
            refused_by: None,
            refused_by_name: None,
            refused_at: None,
            refusal: None,
            note: None,
            sha256: "ab".repeat(32),
            lines: 2,
            added: 1,
            changed: 0,
            unchanged: 0,
            waiting: 0,
            rejected: 1,
            warned: 0,
            rejections: vec![line],
            warnings: vec![],
            waitlists: vec![],
        },
    );
    wire(
        s,
        &RefuseImport {
            event_id: id(72),
            reason: ReasonCode::known("DATA_MERAGUKAN"),
            note: Some("diperiksa dahulu".into()),
        },
    );
    let change = FieldChange {
        field: "nik".into(),
        from: Some("3571************".into()),
        to: Some("3571************".into()),
    };
    let person = ImportedPerson {
        line: 2,
        person: Some(id(3)),
        name: "WARGA".into(),
        fields: vec![change.clone()],
    };
    wire(s, &change);
    wire(s, &person);
    wire(
        s,
        &ImportedChange {
            line: 2,
            family: id(2),
            region: village(),
            fields: vec![],
            persons: vec![person],
        },
    );
    wire(
        s,
        &ImportedWaitlist {
            id: id(71),
            program: "SEMBAKO".into(),
            region: village(),
            entries: 10,
            hash: "ab".repeat(32),
        },
    );
    wire(
        s,
        &Problem {
            r#type: "/problems/stale".into(),
            title: "Sudah diubah orang lain".into(),
            status: 409,
            detail: "Muat ulang, lalu putuskan lagi.".into(),
            code: ProblemCode::Stale.into(),
            request_id: "r".into(),
            fields: vec![],
            upload_offset: None,
            current_version: Some(4),
        },
    );

    let missing: Vec<_> = declared().difference(&seen).cloned().collect();
    assert!(
        missing.is_empty(),
        "wire types without a snapshot: {missing:?}"
    );
}

/// The structs of the wire modules that derive `Serialize`, read from their source.
fn declared() -> BTreeSet<String> {
    let sources = [
        include_str!("../src/session.rs"),
        include_str!("../src/lookup.rs"),
        include_str!("../src/sync.rs"),
        include_str!("../src/review.rs"),
        include_str!("../src/registry.rs"),
        include_str!("../src/problem.rs"),
    ];
    let mut names = BTreeSet::new();
    for source in sources {
        let mut serialized = false;
        for line in source.lines() {
            if line.starts_with("#[derive") {
                serialized = line.contains("Serialize");
            }
            if let Some(rest) = line.strip_prefix("pub struct ") {
                let name: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
                if serialized && name != "Bucket" {
                    names.insert(name);
                }
                serialized = false;
            }
        }
    }
    assert!(
        names.len() > 50,
        "the reader of the sources found only {}",
        names.len()
    );
    names
}

#[test]
fn a_word_from_the_future_is_kept_as_it_came() {
    let row = serde_json::json!({
        "seq": 1, "object": "assignment:x", "op": "merge", "hash": "0000000000000001",
        "a_field_of_next_year": true
    });
    let read: FeedRow = serde_json::from_value(row).unwrap();
    assert_eq!(read.op, Lenient::Unknown("merge".to_owned()));
    assert_eq!(serde_json::to_value(&read).unwrap()["op"], "merge");
}

#[test]
fn every_code_and_state_is_spelled_in_snake_case_and_reads_back() {
    use strum::VariantArray;
    fn check<T>()
    where
        T: VariantArray + Serialize + DeserializeOwned + ToString + PartialEq + std::fmt::Debug,
    {
        for word in T::VARIANTS {
            let json = serde_json::to_value(word).unwrap();
            assert_eq!(json, serde_json::Value::String(word.to_string()));
            assert_eq!(&serde_json::from_value::<T>(json).unwrap(), word);
        }
    }
    check::<CaseState>();
    check::<tilik_protocol::case::CaseAction>();
    check::<MembershipState>();
    check::<tilik_protocol::membership::SlotState>();
    check::<Role>();
    check::<tilik_protocol::policy::Permission>();
    check::<VisitKind>();
    check::<PhotoKind>();
    check::<Flag>();
    check::<Outcome>();
    check::<ProblemCode>();
    check::<VisitStatus>();
    check::<ImportKind>();
    check::<ImportState>();
}
