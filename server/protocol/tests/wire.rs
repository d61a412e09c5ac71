//! Every type that crosses the wire has a JSON snapshot: a wire break is a diff somebody has to read.
#![expect(
    clippy::unwrap_used,
    reason = "a sample that does not parse is the test's own fault"
)]

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tilik_protocol::case::CaseState;
use tilik_protocol::changes::*;
use tilik_protocol::contact_sheet::*;
use tilik_protocol::deliberation::*;
use tilik_protocol::duty::Outcome;
use tilik_protocol::evaluation::*;
use tilik_protocol::evidence::{Flag, PhotoKind, ReturnTarget, VisitKind};
use tilik_protocol::family::*;
use tilik_protocol::health::{
    FamilyHealth, HealthReceipt, HealthSegment, HealthStatement, HealthStatements, HealthStatus,
    HealthVerdict, HealthWhy, JudgeStatement, PersonHealth, RefusedStatement, StatementState,
    StatementView,
};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::lookup::*;
use tilik_protocol::membership::MembershipState;
use tilik_protocol::overview::*;
use tilik_protocol::plan::*;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::population::*;
use tilik_protocol::problem::{FieldProblem, Problem, ProblemCode};
use tilik_protocol::proposal::*;
use tilik_protocol::quota::*;
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::registry::{
    ApplyImport, FieldChange, ImportForetold, ImportKind, ImportReport, ImportState,
    ImportedChange, ImportedPerson, ImportedWaitlist, KnownColumn, LineProblem, MappedColumn,
    MissingIn, RefuseImport,
};
use tilik_protocol::reset_slip::*;
use tilik_protocol::review::*;
use tilik_protocol::rule::*;
use tilik_protocol::second_factor::*;
use tilik_protocol::session::*;
use tilik_protocol::sync::*;
use tilik_protocol::tasks::*;
use tilik_protocol::time::Timestamp;
use tilik_protocol::training::*;
use tilik_protocol::window::*;
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
        delegated_from: Some(id(3)),
        deputy_for: Some("Kepala Dinas".to_owned()),
        refused: None,
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
        second_factor: true,
        second_factor_required: false,
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
            version: None,
            sex: None,
            dead: false,
        }],
        version: None,
        domicile: None,
        payee: None,
        closed_at: None,
        merged_into: None,
    }
}

fn on_sheet() -> OnSheet {
    OnSheet {
        sheet: id(95),
        shown_ms: 14_200,
        houses: 12,
    }
}

fn contact_sheets(s: &mut BTreeSet<String>) {
    wire(s, &on_sheet());
    wire(
        s,
        &AcceptCase {
            event_id: id(90),
            seen_version: 3,
            note: None,
            on_sheet: Some(on_sheet()),
        },
    );
    wire(
        s,
        &TakeSheet {
            region: Some(village()),
            again: vec![id(10)],
            skip: vec![id(11)],
        },
    );
    let visit = visit();
    let house = SheetHouse {
        case: id(10),
        version: 3,
        region: village(),
        name: "Contoh Satu".into(),
        address: "Jalan Contoh 1".into(),
        rt: "001".into(),
        rw: "002".into(),
        visit: visit.id,
        kind: visit.kind,
        officer: visit.officer,
        officer_name: visit.officer_name,
        captured_at: visit.captured_at,
        pin: visit.pin,
        earlier_pin: Some(pin()),
        photos: visit.photos,
        earlier_photos: Vec::new(),
        answers: visit.answers,
    };
    wire(s, &house);
    wire(
        s,
        &ContactSheet {
            sheet: id(95),
            until: at(19),
            houses: vec![house],
        },
    );
    let held = SheetCase {
        case: id(10),
        version: 3,
    };
    wire(s, &held);
    wire(
        s,
        &SheetLease {
            until: at(19),
            cases: vec![held],
        },
    );
    wire(
        s,
        &TakeOut {
            event_id: id(90),
            cases: vec![id(10)],
        },
    );
    wire(
        s,
        &TakenOut {
            cases: vec![id(10)],
        },
    );
}

/// As it comes from the other side.
fn read<T: DeserializeOwned>(json: serde_json::Value) -> T {
    serde_json::from_value(json).unwrap()
}

/// Families as operators keep them.
fn families(s: &mut BTreeSet<String>) {
    let domicile = Domicile {
        address: "Jalan Kos 9".into(),
        rt: "003".into(),
        rw: "004".into(),
        region: "35.06.01.2001".parse().unwrap(),
    };
    wire(s, &domicile);
    let person = NewPerson {
        nik: Some("3571035212820001".into()),
        name: "Contoh Dua".into(),
        birth_date: Some("1982-12-12".into()),
        sex: Some(Sex::Female),
        relation: Relation::Spouse,
        mother_name: Some("Contoh Ibu".into()),
        payee: true,
    };
    wire(s, &person);
    let ticked = vec!["added.0.nik:elsewhere".to_owned()];
    wire(
        s,
        &RegisterFamily {
            event_id: id(90),
            kk: Some("3571030101200001".into()),
            address: "Jalan Contoh 1".into(),
            rt: "001".into(),
            rw: "002".into(),
            region: village(),
            domicile: Some(domicile.clone()),
            persons: vec![person.clone()],
            ticked: ticked.clone(),
        },
    );
    let corrected = CorrectPerson {
        id: id(41),
        seen_version: 2,
        nik: Some("3571031212800001".into()),
        name: Some("Contoh Satu".into()),
        birth_date: Some("1980-12-12".into()),
        sex: Some(Sex::Male),
        relation: Some(Relation::Head),
        mother_name: Some("Contoh Ibu".into()),
    };
    wire(s, &corrected);
    let same = SamePerson {
        stays: id(41),
        goes: id(42),
    };
    wire(s, &same);
    wire(
        s,
        &CorrectFamily {
            event_id: id(90),
            seen_version: 3,
            kk: Some("3571030101200002".into()),
            address: Some("Jalan Contoh 2".into()),
            rt: Some("003".into()),
            rw: Some("004".into()),
            domicile: Some(domicile.clone()),
            payee: Some(id(41)),
            persons: vec![corrected],
            added: vec![person],
            same: vec![same],
            since: Some("2026-11-01".into()),
            ticked: ticked.clone(),
        },
    );
    let leaving = Leaving {
        id: id(41),
        relation: Relation::Head,
    };
    wire(s, &leaving);
    wire(
        s,
        &SplitFamily {
            event_id: id(90),
            seen_version: 3,
            persons: vec![leaving],
            kk: Some("3571030101200002".into()),
            home: SplitHome::New(domicile),
            ticked,
        },
    );
    wire(
        s,
        &MergeFamilies {
            event_id: id(90),
            seen_version: 3,
            other: id(43),
            seen_other: 2,
            same: vec![same],
        },
    );
    wire(
        s,
        &FamilyChanged {
            family: id(40),
            version: 4,
            waits: Some(id(75)),
        },
    );
    let change = FieldChange {
        field: "alamat".into(),
        from: Some("Jalan Contoh 1".into()),
        to: Some("Jalan Contoh 2".into()),
    };
    let edited = EditedPerson {
        person: Some(id(41)),
        name: "Contoh Satu".into(),
        fields: vec![change.clone()],
    };
    wire(s, &edited);
    let other = EditedFamily {
        family: Some(id(43)),
        name: "Contoh Tiga".into(),
        fields: vec![change.clone()],
    };
    wire(s, &other);
    let place = MovedPlace {
        program: "PBI-JK".into(),
        person_name: Some("Contoh Dua".into()),
        to: "Contoh Satu".into(),
    };
    wire(s, &place);
    let odd = AskedWarning {
        about: Some("Contoh Dua".into()),
        code: "elsewhere".into(),
        remedy: "NIK ini sudah tercatat pada orang lain; periksa mana yang benar.".into(),
        ticked: true,
    };
    wire(s, &odd);
    wire(
        s,
        &FamilyRequestView {
            id: id(75),
            kind: FamilyRequestKind::Merge.into(),
            family: id(40),
            seen_version: 3,
            version: 4,
            name: "Contoh Satu".into(),
            region: village(),
            proposed_by: id(3),
            proposed_by_name: Some("Operator Satu".into()),
            proposed_at: at(10),
            fields: vec![change.clone()],
            persons: vec![edited],
            other: Some(id(43)),
            other_name: Some("Contoh Tiga".into()),
            families: vec![other],
            places: vec![place],
            warnings: vec![odd],
            problems: vec![FieldProblem {
                field: "other".into(),
                code: "closed".into(),
                remedy: "Keluarga itu sudah ditutup; muat ulang.".into(),
            }],
            since: Some(at(0)),
            seen_draft: "ab".repeat(32),
        },
    );
    wire(
        s,
        &ConfirmFamilyRequest {
            event_id: id(90),
            seen_version: 4,
            seen_draft: Some("ab".repeat(32)),
        },
    );
    wire(s, &WithdrawFamilyRequest { event_id: id(90) });
    wire(
        s,
        &RefuseFamilyRequest {
            event_id: id(90),
            reason: ReasonCode::known("DATA_MERAGUKAN"),
        },
    );
    let step = FamilyStep {
        at: at(10),
        since: at(0),
        actor: Some(id(3)),
        name: Some("Operator Satu".into()),
        action: Some("family.correct".into()),
        person: Some(id(41)),
        person_name: Some("Contoh Satu".into()),
        version: 2,
        fields: vec![change],
    };
    wire(s, &step);
    wire(s, &FamilyHistory { items: vec![step] });
    wire(
        s,
        &FamilyAsOf {
            at: at(0),
            known_at: at(10),
            family: Some(family()),
        },
    );
    let side = DuplicateSide {
        region: village(),
        family: Some(id(40)),
        version: Some(3),
        head: Some("Contoh Satu".into()),
        person: Some(id(41)),
        name: Some("Contoh Satu".into()),
        nik_masked: Some("3571************".into()),
        birth_year: Some(1980),
        relation: Some("kepala_keluarga".into()),
        address: Some("Jalan Contoh 1".into()),
    };
    wire(s, &side);
    wire(
        s,
        &DuplicateView {
            id: id(76),
            kind: DuplicateKind::Nik.into(),
            found_at: at(10),
            verdict: Some(DuplicateVerdict::Same.into()),
            may_decide: true,
            one: side.clone(),
            other: side,
        },
    );
    wire(
        s,
        &DecideDuplicate {
            event_id: id(90),
            verdict: DuplicateVerdict::Different,
        },
    );
}

fn proposals(s: &mut BTreeSet<String>) {
    use serde_json::json;
    let content = json!({ "kind": "removal", "family": "00000000-0000-0000-0000-000000000040", "person": "00000000-0000-0000-0000-000000000041", "program": "PKH", "reason": "MENINGGAL", "to_region": "35.71.01.1002", "document_number": "SK/1/2026", "note": "sejak Mei" });
    let row = json!({ "id": "00000000-0000-0000-0000-000000000070", "version": 3, "kind": "removal", "state": "rejected", "since": "2026-11-24T03:00:00.000000Z", "region": "35.71.03.1009", "program": "PKH", "family": "00000000-0000-0000-0000-000000000040", "name": "Contoh Satu", "address": "Jalan Contoh 1", "rt": "001", "rw": "002", "is_finding": true, "period": "2026-11", "late_sync": false, "reason": "DITOLAK_PUSAT", "closes_at": "2026-11-24T03:00:00.000000Z" });
    let problem = json!({ "field": "window", "code": "PERIODE_TUTUP", "remedy": "Di luar jadwal usulan; dibuka lagi 1 Desember 2026." });
    let act = json!({ "at": "2026-11-24T03:00:00.000000Z", "action": "reject", "to": "rejected", "by": "00000000-0000-0000-0000-000000000001", "by_name": "Verifikator Satu", "role": "verifier", "reason": "DITOLAK_PUSAT", "document_number": "SK/80/2026", "note": "lihat surat" });
    let says = json!({ "what": "family", "name": "Contoh Dua", "address": "Jalan Contoh 2", "rt": "001", "rw": "002", "note": "rumah kayu" });
    let evidence = json!({ "visit": "00000000-0000-0000-0000-000000000050", "officer": "00000000-0000-0000-0000-000000000002", "officer_name": "Pendamping Satu", "captured_at": "2026-11-24T03:00:00.000000Z", "received_at": "2026-11-24T03:00:00.000000Z", "photos": [], "lat_e7": -78_200_000, "lon_e7": 1_120_150_000, "accuracy_cm": 800, "flags": ["late_sync"], "finding": says });
    let attendee = json!({ "name": "Sri Wahyuni", "office": "Lurah" });
    let result = json!({ "proposal": "00000000-0000-0000-0000-000000000070", "said": "refused", "reason": "DINILAI_MAMPU" });
    let held = json!({ "region": "35.71.03.1009", "held_on": "2026-11-20", "place": "Balai kelurahan", "attendees": [attendee], "names": [result] });
    let paper = json!({ "id": "00000000-0000-0000-0000-000000000072", "kind": "pdf", "size_bytes": 1024, "sha256": "abababababababababababababababababababababababababababababababab" });
    let deliberation = json!({ "id": "00000000-0000-0000-0000-000000000071", "version": 2, "region": "35.71.03.1009", "held_on": "2026-11-20", "place": "Balai kelurahan", "names": 2, "agreed": 1, "refused": 1, "number": "BA/1/2026", "signed_at": "2026-11-24T03:00:00.000000Z" });
    let listed = json!({ "proposal": "00000000-0000-0000-0000-000000000070", "kind": "removal", "state": "checked", "program": "PKH", "name": "Contoh Satu", "nik_masked": "3571************", "address": "Jalan Contoh 1", "rt": "001", "rw": "002", "said": "agreed", "reason": "DINILAI_MAMPU" });
    wire(
        s,
        &read::<WindowRule>(json!({ "day": 18, "month_in_quarter": 2 })),
    );
    wire(
        s,
        &read::<WindowView>(
            json!({ "id": "00000000-0000-0000-0000-000000000073", "act": "program", "program": "PKH", "regime": "dtsen", "opens": { "day": 1 }, "closes": { "month_end_minus": 5 }, "document_number": "SE/7/2026", "state": "in_force", "proposed_by": "00000000-0000-0000-0000-000000000003", "proposed_by_name": "Admin Satu", "proposed_at": "2026-11-24T03:00:00.000000Z", "judged_by_name": "Kepala Satu", "judged_at": "2026-11-24T03:00:00.000000Z", "refusal": "TANPA_DASAR", "standing": { "state": "open", "period": "2026-11", "closes_at": "2026-11-24T03:00:00.000000Z" } }),
        ),
    );
    wire(
        s,
        &read::<ChangeWindow>(
            json!({ "event_id": "00000000-0000-0000-0000-000000000090", "act": "program", "program": "PKH", "regime": "dtks", "opens": { "day": 15 }, "closes": { "month_end_minus": 5 }, "document_number": "SE/7/2026", "replaces": "00000000-0000-0000-0000-000000000073" }),
        ),
    );
    wire(
        s,
        &read::<RefuseWindow>(
            json!({ "event_id": "00000000-0000-0000-0000-000000000090", "reason": "TANPA_DASAR" }),
        ),
    );
    wire(
        s,
        &read::<ReopenWindow>(
            json!({ "event_id": "00000000-0000-0000-0000-000000000090", "last_day": "2026-11-30", "document_number": "ND/3/2026" }),
        ),
    );
    wire(
        s,
        &read::<ReopenedView>(
            json!({ "period": "2026-11", "last_day": "2026-11-30", "document_number": "ND/3/2026", "by_name": "Kepala Satu", "at": "2026-11-24T03:00:00.000000Z", "ended_at": "2026-11-24T03:00:00.000000Z" }),
        ),
    );
    wire(s, &read::<ProposalContent>(json!(content)));
    wire(
        s,
        &read::<Propose>(
            json!({ "event_id": "00000000-0000-0000-0000-000000000090", "content": content, "submit": true }),
        ),
    );
    wire(
        s,
        &read::<ProposeMany>(
            json!({ "event_id": "00000000-0000-0000-0000-000000000090", "program": "PKH", "families": ["00000000-0000-0000-0000-000000000040"], "persons": [{ "family": "00000000-0000-0000-0000-000000000041", "person": "00000000-0000-0000-0000-000000000042" }], "document_number": "SK/1/2026", "submit": true }),
        ),
    );
    wire(
        s,
        &read::<tilik_protocol::proposal::ProposedPerson>(
            json!({ "family": "00000000-0000-0000-0000-000000000041", "person": "00000000-0000-0000-0000-000000000042" }),
        ),
    );
    wire(
        s,
        &read::<ProposedLine>(
            json!({ "family": "00000000-0000-0000-0000-000000000040", "proposal": "00000000-0000-0000-0000-000000000070", "problems": [problem] }),
        ),
    );
    wire(
        s,
        &read::<ProposedMany>(
            json!({ "lines": [{ "family": "00000000-0000-0000-0000-000000000040", "proposal": "00000000-0000-0000-0000-000000000070", "problems": [problem] }] }),
        ),
    );
    wire(
        s,
        &read::<ChangeProposal>(
            json!({ "event_id": "00000000-0000-0000-0000-000000000090", "seen_version": 3, "content": content }),
        ),
    );
    wire(
        s,
        &read::<JudgeProposal>(
            json!({ "event_id": "00000000-0000-0000-0000-000000000090", "seen_version": 3, "verdict": "no", "reason": "DITOLAK_PUSAT", "note": "lihat surat", "document_number": "SK/80/2026" }),
        ),
    );
    wire(
        s,
        &read::<MoveProposal>(
            json!({ "event_id": "00000000-0000-0000-0000-000000000090", "seen_version": 3 }),
        ),
    );
    wire(
        s,
        &read::<AttachSptjm>(
            json!({ "event_id": "00000000-0000-0000-0000-000000000090", "seen_version": 3, "number": "SPTJM/1/2026", "signer": "Sri Wahyuni, lurah", "paper": "00000000-0000-0000-0000-000000000072" }),
        ),
    );
    wire(s, &read::<ProposalRow>(json!(row)));
    wire(
        s,
        &read::<ProposalCount>(
            json!({ "state": "draft", "count": 4, "oldest": "2026-11-24T03:00:00.000000Z" }),
        ),
    );
    wire(s, &read::<ProposalAct>(json!(act)));
    wire(s, &read::<FindingSays>(json!(says)));
    wire(s, &read::<ProposalEvidence>(json!(evidence)));
    wire(
        s,
        &read::<ProposalView>(
            json!({ "row": row, "content": content, "person_name": "Contoh Tiga", "evidence": evidence, "deliberation": "00000000-0000-0000-0000-000000000071", "sptjm_number": "SPTJM/1/2026", "sptjm_signer": "Sri Wahyuni, lurah", "sptjm_paper": "00000000-0000-0000-0000-000000000072", "copy_of": "00000000-0000-0000-0000-000000000069", "problems": [problem], "warnings": ["KUOTA_PENUH"], "acts": [act], "may": ["copy"] }),
        ),
    );
    wire(s, &read::<Attendee>(json!(attendee)));
    wire(s, &read::<NameResult>(json!(result)));
    wire(s, &read::<DeliberationContent>(json!(held)));
    wire(
        s,
        &read::<HoldDeliberation>(
            json!({ "event_id": "00000000-0000-0000-0000-000000000090", "content": held }),
        ),
    );
    wire(
        s,
        &read::<ChangeDeliberation>(
            json!({ "event_id": "00000000-0000-0000-0000-000000000090", "seen_version": 1, "content": held }),
        ),
    );
    wire(
        s,
        &read::<SignDeliberation>(
            json!({ "event_id": "00000000-0000-0000-0000-000000000090", "seen_version": 2, "number": "BA/1/2026", "paper": "00000000-0000-0000-0000-000000000072" }),
        ),
    );
    wire(s, &read::<PaperView>(json!(paper)));
    wire(s, &read::<DeliberationRow>(json!(deliberation)));
    wire(s, &read::<ListedName>(json!(listed)));
    wire(
        s,
        &read::<DeliberationView>(
            json!({ "row": deliberation, "attendees": [attendee], "names": [listed], "paper": paper, "created_by_name": "Operator Satu", "may_change": false }),
        ),
    );
}

fn plans(s: &mut BTreeSet<String>) {
    let rules = PlanRules {
        asked: true,
        no_photo: true,
        decile_jump: Some(2),
        photo_older_months: Some(6),
        random_percent: Some(5),
        program: Some("SEMBAKO".into()),
    };
    wire(s, &rules);
    let capacity = Capacity {
        officer: id(1),
        cases: 40,
    };
    wire(s, &capacity);
    wire(
        s,
        &PreviewPlan {
            region: village(),
            rules: rules.clone(),
            capacity: 30,
            capacities: vec![capacity],
        },
    );
    let count = RuleCount {
        rule: PlanRule::NoPhoto.into(),
        found: 120,
        planned: 28,
    };
    wire(s, &count);
    let officer = PlanOfficer {
        user: id(1),
        name: "Pendamping Satu".into(),
        held: 12,
        capacity: 40,
        planned: 28,
        taken_out: 1,
        opened: 20,
        skipped: 2,
    };
    wire(s, &officer);
    wire(
        s,
        &PlanView {
            id: id(96),
            region: village(),
            month: "2026-11".into(),
            seed: "00ff".into(),
            digest: "ab12".into(),
            rules,
            looked_at: 700,
            under_way: 30,
            counts: vec![count],
            planned: 28,
            nobody: 3,
            no_room: 92,
            officers: vec![officer],
            opened_at: Some(at(5)),
            waiting: 5,
        },
    );
    wire(
        s,
        &PlanFamily {
            family: id(40),
            name: "Contoh Satu".into(),
            region: village(),
            address: "Jalan Contoh 1".into(),
            rt: "001".into(),
            rw: "002".into(),
            rule: PlanRule::DecileJump.into(),
            photo_at: Some(at(1)),
            decile: Some(6),
            decile_before: Some(2),
            taken_out: Some(ReasonCode::known("SEDANG_PERGI")),
            case: Some(id(10)),
        },
    );
    let out = TakenOutFamily {
        family: id(40),
        reason: ReasonCode::known("SEDANG_PERGI"),
    };
    wire(s, &out);
    wire(
        s,
        &OpenPlan {
            event_id: id(90),
            kind: VisitKind::Quick,
            closes_at: Some(at(9)),
            taken_out: vec![out],
        },
    );
}

fn rules(s: &mut BTreeSet<String>) {
    let gate = DecileGate {
        max: Some(4),
        source: "Kepmensos 79/HUK/2025".into(),
    };
    wire(s, &gate);
    let answer = PoorAnswer {
        question: "floor".into(),
        is: vec!["6".into(), "8".into()],
    };
    wire(s, &answer);
    let criterion = Criterion {
        id: "Q5".into(),
        poor: "Lantai tanah atau semen".into(),
        any_of: vec![answer],
    };
    wire(s, &criterion);
    let poverty = PovertyRule {
        id: "262-2022".into(),
        source: "Kepmensos 262/HUK/2022".into(),
        q0_short_circuit: true,
        min_hits: Some(3),
        weights: None,
        criteria: vec![criterion],
    };
    wire(s, &poverty);
    let ages = AgeRange { from: 0, to: 6 };
    wire(s, &ages);
    let component = Component {
        code: ReasonCode::known("ANAK_USIA_DINI"),
        label: "Anak usia 0-6 tahun".into(),
        ages: Some(ages),
        recorded: false,
    };
    wire(s, &component);
    let components = ComponentRule {
        at_least: Some(1),
        source: "Permensos 1/2018".into(),
        any_of: vec![component],
    };
    wire(s, &components);
    let exclusion = ExclusionRule {
        code: ReasonCode::known("MENINGGAL"),
        label: "Meninggal dunia".into(),
        automatic: Some("Dukcapil".into()),
        evidence: "akta kematian".into(),
        appeal: Some("dihidupkan kembali bila keliru".into()),
        whole_family: false,
        source: "SIKS-NG".into(),
    };
    wire(s, &exclusion);
    let body = RuleBody {
        title: "PKH pada DTSEN".into(),
        source: "Kepmensos 79/HUK/2025".into(),
        decile: Some(gate.clone()),
        poverty: Some(poverty.clone()),
        components: Some(components.clone()),
        exclusions: vec![exclusion.clone()],
    };
    wire(s, &body);
    let shipped = ShippedRule {
        program: "PKH".into(),
        regime: "dtsen".into(),
        title: "PKH pada DTSEN".into(),
        source: "Kepmensos 79/HUK/2025".into(),
        decile: Some(gate),
        poverty: false,
        components: true,
        without: vec![ReasonCode::known("MAMPU_DESIL")],
    };
    wire(s, &shipped);
    wire(
        s,
        &RuleFile {
            label: "Aturan bawaan".into(),
            source: "Kepmensos 262/HUK/2022".into(),
            poverty,
            components,
            exclusions: vec![exclusion],
            rules: vec![shipped],
        },
    );
    let foretold = RuleForetold {
        families: 33_632,
        changed: 120,
        losing: 17,
    };
    wire(s, &foretold);
    wire(
        s,
        &RuleView {
            id: id(100),
            version: 3,
            program: "PKH".into(),
            regime: "dtsen".into(),
            region: "35.71".parse().unwrap(),
            number: 2,
            state: RuleState::Waiting.into(),
            body: body.clone(),
            words: vec!["Desil paling tinggi 4.".into()],
            problems: vec![FieldProblem {
                field: "decile.max".into(),
                code: "missing".into(),
                remedy: "Isi batas desil, 1 sampai 10.".into(),
            }],
            made_by_name: Some("Admin Satu".into()),
            made_at: at(1),
            submitted_by: Some(id(5)),
            submitted_by_name: Some("Admin Satu".into()),
            submitted_at: Some(at(2)),
            foretold: Some(foretold),
            decided_by_name: Some("Kepala Dinas".into()),
            decided_at: Some(at(3)),
            refusal: Some(ReasonCode::known("AMBANG_KELIRU")),
            superseded_at: Some(at(4)),
        },
    );
    wire(
        s,
        &RuleHead {
            id: id(100),
            version: 3,
            program: "PKH".into(),
            regime: "dtsen".into(),
            region: "35.71".parse().unwrap(),
            number: 2,
            state: RuleState::InForce.into(),
            title: "PKH pada DTSEN".into(),
            source: "Kepmensos 79/HUK/2025".into(),
            words: vec!["Desil paling tinggi 4 (Kepmensos 79/HUK/2025).".into()],
            exclusions: 26,
            made_at: at(1),
            submitted_at: Some(at(2)),
            decided_at: Some(at(3)),
            superseded_at: Some(at(4)),
        },
    );
    wire(
        s,
        &DraftRule {
            event_id: id(90),
            program: "PKH".into(),
            regime: "dtsen".into(),
            region: "35.71".parse().unwrap(),
            body: body.clone(),
        },
    );
    wire(
        s,
        &ChangeRule {
            event_id: id(90),
            seen_version: 1,
            body,
        },
    );
    wire(
        s,
        &ActOnRule {
            event_id: id(90),
            seen_version: 1,
        },
    );
    wire(
        s,
        &RefuseRule {
            event_id: id(90),
            seen_version: 1,
            reason: ReasonCode::known("AMBANG_KELIRU"),
        },
    );
    wire(
        s,
        &ShipRules {
            event_id: id(90),
            region: "35.71".parse().unwrap(),
        },
    );
    wire(
        s,
        &ShippedRules {
            drafts: vec![id(100)],
        },
    );
    let turn = RuleTurn {
        from: Some(EligibilityOutcome::Eligible.into()),
        to: EligibilityOutcome::Ineligible.into(),
        members: 17,
        others: 3,
    };
    wire(s, &turn);
    let why = RuleReason {
        to: EligibilityOutcome::Ineligible.into(),
        code: ReasonCode::known("MAMPU_DESIL"),
        label: "Desil di atas batas program".into(),
        members: 17,
        others: 3,
    };
    wire(s, &why);
    let of_village = RuleVillage {
        region: village(),
        name: "BETET".into(),
        families: 700,
        turns: vec![turn.clone()],
    };
    wire(s, &of_village);
    wire(
        s,
        &RulePreview {
            rule: id(100),
            version: 3,
            against: Some(id(101)),
            at: at(1),
            foretold,
            turns: vec![turn],
            reasons: vec![why],
            villages: vec![of_village],
        },
    );
    wire(
        s,
        &RuleChange {
            family: Some(id(40)),
            name: Some("Contoh Satu".into()),
            person_name: Some("Contoh Dua".into()),
            region: village(),
            member: true,
            membership: Some(id(50)),
            from: Some(EligibilityOutcome::NotRanked.into()),
            to: EligibilityOutcome::Incomplete.into(),
            codes: vec![ReasonCode::known("BELUM_ADA_JAWABAN")],
            labels: vec!["Belum ada jawaban kunjungan".into()],
            reasons: vec!["Keluarga belum diperingkat.".into()],
        },
    );
}

fn evaluations(s: &mut BTreeSet<String>) {
    let reason = EligibilityReason {
        code: ReasonCode::known("MAMPU_DESIL"),
        effect: ReasonEffect::Against.into(),
        sentence: "Desil 6 menurut registri per 24-11-2026 melewati batas desil 4.".into(),
    };
    wire(s, &reason);
    let evaluation = EvaluationView {
        id: id(102),
        membership: id(50),
        person: Some(id(3)),
        person_name: Some("Contoh Dua".into()),
        program: "PKH".into(),
        rule: id(100),
        rule_number: 2,
        rule_title: "PKH pada DTSEN".into(),
        at: at(1),
        superseded_at: Some(at(2)),
        outcome: EligibilityOutcome::Ineligible.into(),
        reasons: vec![reason],
        facts: vec![id(103)],
    };
    wire(s, &evaluation);
    let fact = FactView {
        id: id(103),
        version: 2,
        code: ReasonCode::known("GANDA"),
        label: "NIK atau keluarga ganda".into(),
        person: Some(id(3)),
        person_name: Some("Contoh Dua".into()),
        source: "Dukcapil".into(),
        evidence: "akta kematian".into(),
        document_number: Some("474.3/12/2026".into()),
        valid_from: at(1),
        valid_until: Some(at(9)),
        appeal: FactAppeal::Filed.into(),
        may_decide: true,
        recorded_by_name: Some("Operator Satu".into()),
        recorded_at: at(1),
        appealed_at: Some(at(2)),
        decided_by_name: Some("Verifikator Satu".into()),
        decided_at: Some(at(3)),
    };
    wire(s, &fact);
    let recordable = RecordableFact {
        code: ReasonCode::known("GANDA"),
        label: "NIK atau keluarga ganda".into(),
        excludes: true,
        evidence: Some("kedua catatan yang sama".into()),
    };
    wire(s, &recordable);
    wire(
        s,
        &FamilyEvaluations {
            evaluations: vec![evaluation.clone()],
            facts: vec![fact],
            recordable: vec![recordable],
        },
    );
    wire(
        s,
        &RecordFact {
            event_id: id(90),
            code: ReasonCode::known("GANDA"),
            person: Some(id(3)),
            source: "Dukcapil".into(),
            evidence: "akta kematian".into(),
            document_number: Some("474.3/12/2026".into()),
            valid_from: Some(at(1)),
            valid_until: Some(at(9)),
        },
    );
    wire(
        s,
        &ChangeFact {
            event_id: id(90),
            seen_version: 1,
            appeal: Some(FactAppeal::Upheld),
            end: true,
        },
    );
    wire(
        s,
        &PreparedCancellation {
            id: id(104),
            version: 1,
            state: PreparedState::Waiting.into(),
            prepared_at: at(1),
            family: id(40),
            name: "Contoh Satu".into(),
            address: "Jalan Contoh 1".into(),
            rt: "001".into(),
            rw: "002".into(),
            region: village(),
            membership: id(50),
            person: Some(id(3)),
            person_name: Some("Contoh Dua".into()),
            program: "PKH".into(),
            membership_state: MembershipState::Active.into(),
            reason: ReasonCode::known("MAMPU_DESIL"),
            document_number: Some("474.3/12/2026".into()),
            evaluation,
            photo: None,
            notice: "Kepesertaan keluarga Anda diusulkan untuk dihentikan.".into(),
            case: Some(id(10)),
            case_state: Some(CaseState::Accepted.into()),
            next: PreparedStep::Propose.into(),
            done_by_name: Some("Operator Satu".into()),
            done_at: Some(at(2)),
            dismissal: Some(ReasonCode::known("TETAP_LAYAK_DIPERIKSA")),
        },
    );
    wire(
        s,
        &SendCancellation {
            event_id: id(90),
            seen_version: 1,
            document_number: Some("BA/7/2026".into()),
        },
    );
    wire(
        s,
        &CancellationSent {
            done: PreparedStep::Propose.into(),
            case: id(10),
            case_state: CaseState::AwaitingApproval.into(),
        },
    );
    wire(
        s,
        &DismissCancellation {
            event_id: id(90),
            seen_version: 1,
            reason: ReasonCode::known("TETAP_LAYAK_DIPERIKSA"),
        },
    );
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
            before_move: true,
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
        confirmed_by: Some(id(4)),
        confirmed_by_name: Some("Kepala Bidang".to_owned()),
        confirmed_at: Some(at(45)),
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
        decided_at: Some(at(6)),
        requested: None,
    }
}

fn visit_request() -> VisitRequest {
    VisitRequest {
        by: id(5),
        name: Some("Operator Satu".into()),
        reason: ReasonCode::known("FOTO_LAMA"),
        at: at(1),
    }
}

/// What is other about a family since last month.
fn changed(s: &mut BTreeSet<String>) {
    let pin = PinChange {
        moved_m: 30,
        accuracy_m: 16,
    };
    wire(s, &pin);
    let answer = AnswerChange {
        question: "floor".into(),
        text: "Jenis lantai terluas".into(),
        from: Some("Tanah".into()),
        to: Some("Keramik".into()),
        counted: true,
        counts: false,
    };
    wire(s, &answer);
    let ground = GroundChanges {
        pin: Some(pin),
        answers: vec![answer],
        photos_new: 2,
        photos_kept: 1,
    };
    wire(s, &ground);
    let decile = DecileChange {
        from: Some(2),
        to: None,
    };
    wire(s, &decile);
    let person = PersonChange {
        person: id(41),
        name: "Contoh Anak".into(),
        event: PersonEvent::Died.into(),
    };
    wire(s, &person);
    let program = ProgramChange {
        membership: id(51),
        program: "SEMBAKO".into(),
        person: None,
        from: Some(MembershipState::Active.into()),
        to: MembershipState::Suspended.into(),
    };
    wire(s, &program);
    wire(
        s,
        &FamilyChanges {
            family: id(40),
            since: at(1),
            visited_at: Some(at(9)),
            before_at: Some(at(0)),
            ground: Some(ground),
            decile: Some(decile),
            fields: vec!["address".into()],
            persons: vec![person],
            programs: vec![program],
        },
    );
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
        &ProgramView {
            code: "SEMBAKO".into(),
            name: "Program Sembako".into(),
            unit: "family".into(),
            central: true,
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
        group: Some("Foto".into()),
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
            requesting_visit: Vec::new(),
            refusing_grant: Vec::new(),
            excepting: Vec::new(),
            refusing_rule: Vec::new(),
            dismissing_prepared: Vec::new(),
            rejecting_proposal: Vec::new(),
            returning_proposal: Vec::new(),
            reactivating: Vec::new(),
            dismissing_health: Vec::new(),
            refusing_name: Vec::new(),
            revoking_letter: Vec::new(),
            dismissing_event: Vec::new(),
            refusing_batch: Vec::new(),
            returning_move: Vec::new(),
            upholding_appeal: Vec::new(),
            dismissing_appeal: Vec::new(),
            rejecting_objection: Vec::new(),
        },
    );
    wire(
        s,
        &OfficerView {
            user: id(1),
            name: "Pendamping Satu".into(),
            username: "pendamping1".into(),
            regions: vec![village()],
            assigned: 12,
            returned: 1,
        },
    );
    wire(s, &ReviewQueue { waiting: 17 });
    wire(
        s,
        &DecisionQueue {
            to_decide: 12,
            to_confirm: 3,
        },
    );
    overviews(s);
    rules(s);
    evaluations(s);
    wire(
        s,
        &HistoryRow {
            at: at(9),
            actor: Some(id(2)),
            name: Some("Koordinator Satu".into()),
            role: "supervisor".into(),
            deputy_for: Some("Kepala Dinas".into()),
            action: "case.return".into(),
            from: Some(CaseState::Submitted.into()),
            to: Some(CaseState::Returned.into()),
            reasons: vec![ReasonCode::known("ATAP_TERPOTONG")],
            program: Some("SEMBAKO".into()),
            outcome: Some(Outcome::Ineligible),
            document_number: Some("BA/12/2026".into()),
            on_sheet: None,
            held_ms: Some(41_300),
        },
    );
    let row = FamilyRow {
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
        found_in: Some(FoundIn::Member {
            name: "Contoh Anak".into(),
        }),
    };
    wire(s, &row);
    wire(s, &visit_request());
    let recipient = RecipientRow {
        family: row,
        state: RecipientState::Deciding.into(),
        photo: visit().photos.pop(),
        pin: Some(pin()),
        requested: Some(visit_request()),
    };
    wire(s, &recipient);
    let count = RecipientCount {
        state: RecipientState::Unvisited.into(),
        families: 12,
    };
    wire(s, &count);
    wire(
        s,
        &Recipients {
            items: vec![recipient],
            next: Some("next".into()),
            states: vec![count],
        },
    );
    wire(
        s,
        &FoundIn::Member {
            name: "Contoh Anak".into(),
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
        decision: Some(DecisionView {
            case: id(10),
            outcome: Outcome::Ineligible,
            reason: Some(ReasonCode::known("TIDAK_LAYAK_DAERAH")),
            document_number: Some("BA/12/2026".into()),
            proposed_by_name: Some("Operator Satu".into()),
            proposed_at: Some(at(35)),
            confirmed_by_name: Some("Kepala Bidang".into()),
            confirmed_at: Some(at(45)),
        }),
    };
    wire(s, held.decision.as_ref().unwrap());
    wire(s, &held);
    wire(
        s,
        &FamilyPage {
            family: family(),
            photo: visit().photos.pop(),
            pin: Some(pin()),
            old_photos: vec![tilik_protocol::old_photo::OldPhotoView {
                id: id(9),
                width: 1600,
                height: 1200,
                brought_at: at(0),
            }],
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
            username: "pendamping1".into(),
            holds: vec![grant()],
            granted_by: Some(id(3)),
            granted_by_name: Some("Admin Satu".into()),
            granted_at: Some(at(0)),
        },
    );
    let task = Task {
        id: id(30),
        family: Some(id(4)),
        about: "Keluarga Satu".into(),
        region: Some(village()),
        since: at(0),
        due_at: Some(at(60)),
    };
    let group = TaskGroup {
        kind: TaskKind::Decide,
        count: 12,
        overdue: 1,
        items: vec![task.clone()],
    };
    let turn = Turn {
        kind: TurnKind::ProposalReturned.into(),
        id: id(31),
        family: Some(id(4)),
        about: "Keluarga Satu".into(),
        region: Some(village()),
        at: at(60),
    };
    wire(s, &task);
    wire(s, &group);
    wire(s, &turn);
    wire(
        s,
        &Tasks {
            at: at(0),
            groups: vec![group],
            turns: vec![turn],
            closing: vec![Closing {
                act: WindowAct::Program.into(),
                program: "PKH".into(),
                period: "2026-11".into(),
                closes_at: at(60),
                waiting: 2,
            }],
        },
    );
    quotas(s);
    wire(s, &PrepareTraining { event_id: id(70) });
    wire(
        s,
        &TrainingView {
            region: "00.01".parse().unwrap(),
            prepared_at: Some(at(0)),
            families: 13,
            open_cases: 8,
            officers: 2,
        },
    );
}

/// Quotas and who receives more than one program.
fn quotas(s: &mut BTreeSet<String>) {
    let total = QuotaTotal {
        program: "PKH".into(),
        fund: "APBN".into(),
        villages: 46,
        slots: 10_000,
        held: 9_900,
        reserved: 60,
        free: 40,
    };
    let row = QuotaRow {
        program: "PKH".into(),
        region: village(),
        slots: 250,
        held: 240,
        reserved: 6,
        free: 4,
        waiting: 31,
        frozen_at: Some(at(0)),
    };
    wire(s, &total);
    wire(s, &row);
    wire(
        s,
        &Quotas {
            totals: vec![total],
            items: vec![row],
            next: Some("PKH:35.71.03.1009".into()),
        },
    );
    let overlap = Overlap {
        one: "PKH".into(),
        other: "SEMBAKO".into(),
        fund: Some("APBN".into()),
        families: 12,
    };
    wire(s, &overlap);
    wire(
        s,
        &Overlaps {
            items: vec![overlap],
        },
    );
    wire(
        s,
        &OverlapFamily {
            family: id(4),
            name: "Keluarga Satu".into(),
            region: village(),
            rt: "001".into(),
            rw: "002".into(),
        },
    );
}

/// A month at a glance and its parts.
fn overviews(s: &mut BTreeSet<String>) {
    let counts = OverviewCounts {
        target: 40,
        visited: 30,
        returned: 3,
        accepted: 20,
        decided: 10,
        overdue: 2,
    };
    let day = OverviewDay {
        day: "2026-11-01".into(),
        target: 40,
        visited: 5,
        accepted: 0,
        decided: 0,
    };
    let village = OverviewVillage {
        region: village(),
        counts,
        waiting: 7,
    };
    let officer = OverviewOfficer {
        officer: Some(id(1)),
        name: Some("Pendamping Satu".into()),
        counts,
        waiting: 7,
        median_min: Some(1_530),
    };
    let queue = OverviewQueue {
        from_days: 8,
        to_days: None,
        cases: 4,
    };
    let reason = OverviewReason {
        code: ReasonCode::known("ATAP_TERPOTONG"),
        returns: 3,
    };
    wire(s, &counts);
    wire(s, &day);
    wire(s, &village);
    wire(s, &officer);
    wire(s, &queue);
    wire(s, &reason);
    wire(
        s,
        &Overview {
            month: "2026-11".into(),
            region: None,
            utc_offset_min: 420,
            at: at(0),
            now: counts,
            yesterday: OverviewCounts::default(),
            days: vec![day],
            villages: vec![village],
            officers: vec![officer],
            queue: vec![queue],
            reasons: vec![reason],
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
            on_sheet: false,
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

/// Letters, and what whoever holds one is told.
fn lettered(s: &mut BTreeSet<String>) {
    use tilik_protocol::letter::{
        CheckLetter, CompareLine, ComparedLine, IssueLetter, LetterChecked, LetterContent,
        LetterKind, LetterLine, LetterOfficeView, LetterPreview, LetterStatus, LetterSubject,
        LetterView, LineName, NumberShown, Numbering, OfficeSettings, PreviewLetter, RevokeLetter,
        SetLetterOffice,
    };
    let settings = OfficeSettings {
        letterhead: vec!["KELURAHAN CONTOH".into()],
        address: "Jl. Contoh 1".into(),
        place: "Kediri".into(),
        numbering: Numbering::Running,
        number_template: "{nomor:3}/{tahun}".into(),
        signatory_title: vec!["LURAH CONTOH".into()],
        signatory_name: "Contoh Lurah".into(),
        signatory_nip: Some("19750101 200003 1 001".into()),
        numbers_shown: NumberShown::Masked,
        shows_decile: false,
        valid_days: 90,
        appeal_at: "Kantor kelurahan".into(),
    };
    wire(s, &settings);
    wire(
        s,
        &SetLetterOffice {
            event_id: id(90),
            seen_version: 1,
            region: village(),
            settings: settings.clone(),
            next_number: Some(12),
        },
    );
    wire(
        s,
        &LetterOfficeView {
            region: village(),
            name: "Contoh".into(),
            version: 2,
            settings,
            next_number: 12,
            recorded_at: at(0),
            recorded_by_name: Some("Contoh Admin".into()),
        },
    );
    let subject = LetterSubject::Registered {
        family: id(2),
        person: id(3),
    };
    let line = LetterLine {
        key: "name".into(),
        label: "Nama".into(),
        value: "WARGA CONTOH".into(),
    };
    wire(s, &line);
    let content = LetterContent {
        layout: 1,
        kind: LetterKind::Registered,
        letterhead: vec!["KELURAHAN CONTOH".into()],
        office_address: "Jl. Contoh 1".into(),
        title: "SURAT KETERANGAN TERDAFTAR DTSEN".into(),
        number: "012/2026".into(),
        addressee: Vec::new(),
        opening: "Menerangkan bahwa:".into(),
        lines: vec![line],
        paragraphs: vec!["Demikian.".into()],
        dated: "Kediri, 24 November 2026".into(),
        signatory_title: vec!["LURAH CONTOH".into()],
        signatory_name: "Contoh Lurah".into(),
        signatory_nip: "NIP 19750101 200003 1 001".into(),
    };
    wire(s, &content);
    wire(
        s,
        &PreviewLetter {
            subject: subject.clone(),
            purpose: Some("pendaftaran sekolah".into()),
        },
    );
    wire(
        s,
        &LetterPreview {
            content,
            numbering: Numbering::Typed,
            existing: Some(id(91)),
        },
    );
    wire(
        s,
        &IssueLetter {
            event_id: id(90),
            subject,
            purpose: Some("pendaftaran sekolah".into()),
            number: Some("470/12/2026".into()),
        },
    );
    wire(
        s,
        &RevokeLetter {
            event_id: id(90),
            seen_version: 1,
            reason: ReasonCode::known("DATA_SALAH"),
        },
    );
    wire(
        s,
        &LetterView {
            id: id(91),
            version: 2,
            kind: LetterKind::Notice.into(),
            number: "012/2026".into(),
            name: "WARGA CONTOH".into(),
            region: village(),
            family: Some(id(2)),
            notice: Some(id(50)),
            issued_at: at(0),
            issued_by_name: Some("Contoh Operator".into()),
            valid_until: Some(at(600)),
            status: LetterStatus::Revoked.into(),
            copies: 2,
            revoked_at: Some(at(60)),
            revoked_by_name: Some("Contoh Operator".into()),
            revocation: Some(ReasonCode::known("DATA_SALAH")),
        },
    );
    let compare = CompareLine {
        key: "name".into(),
        value: "warga contoh".into(),
    };
    wire(s, &compare);
    wire(
        s,
        &CheckLetter {
            code: "AQ".into(),
            compare: vec![compare],
        },
    );
    let name = LineName {
        key: "name".into(),
        label: "Nama".into(),
    };
    let compared = ComparedLine {
        key: "name".into(),
        same: true,
    };
    wire(s, &name);
    wire(s, &compared);
    wire(
        s,
        &LetterChecked {
            number: "012/2026".into(),
            office: "KELURAHAN CONTOH".into(),
            village: "Kelurahan Contoh".into(),
            kind: LetterKind::Registered.into(),
            title: "SURAT KETERANGAN TERDAFTAR DTSEN".into(),
            status: LetterStatus::Valid.into(),
            dated: "Kediri, 24 November 2026".into(),
            valid_until: Some(at(600)),
            revoked_at: None,
            name_masked: "W**** C*****".into(),
            copy: 1,
            copies: 2,
            training: false,
            lines: vec![name],
            compared: vec![compared],
        },
    );
}

/// Files in and out, and what is to be entered in the ministry's system.
fn exchanged(s: &mut BTreeSet<String>) {
    use tilik_protocol::export::{
        AnswerExport, AskExport, ExportFormat, ExportKind, ExportState, ExportView,
    };
    use tilik_protocol::ministry::{
        MinistryAct, MinistryActKind, MinistryActs, MinistryCount, TickActs, TickedAct,
    };
    use tilik_protocol::old_photo::{
        OldPhotoProblem, OldPhotoView, OldPhotosReport, OldPhotosState,
    };
    use tilik_protocol::registry::{ImportedDecree, KnownColumn, MappedColumn, MissingIn};
    use tilik_protocol::replacement::{ReplacementRow, ReplacementSide};
    let act = MinistryAct {
        id: id(90),
        version: 2,
        kind: MinistryActKind::Cancelled.into(),
        program: "PKH".into(),
        proposal: Some(id(91)),
        proposed: Some(tilik_protocol::proposal::ProposalKind::New.into()),
        family: id(2),
        name: "Sutrisno".into(),
        person: Some(id(3)),
        person_name: Some("Sutrisno".into()),
        region: village(),
        address: "Jl. Melati 1".into(),
        rt: "003".into(),
        rw: "001".into(),
        reason: Some(ReasonCode::known("PINDAH_LUAR")),
        approved_at: at(0),
        entered_by: Some(id(1)),
        entered_by_name: Some("Operator Satu".into()),
        entered_at: Some(at(5)),
    };
    wire(s, &act);
    let count = MinistryCount {
        region: village(),
        open: 1,
        entered: 1,
    };
    wire(s, &count);
    wire(
        s,
        &MinistryActs {
            items: vec![act],
            next: Some("1.2".into()),
            villages: vec![count],
        },
    );
    let side = ReplacementSide {
        family: id(2),
        name: "Sutrisno".into(),
        nik_masked: Some("3571************".into()),
        kk_masked: Some("3571************".into()),
        address: "Jl. Melati 1".into(),
        rt: "003".into(),
        rw: "001".into(),
        region: village(),
    };
    wire(s, &side);
    wire(
        s,
        &ReplacementRow {
            id: id(92),
            ended: id(93),
            program: "CBP".into(),
            region: village(),
            state: tilik_protocol::membership::MembershipState::Designated.into(),
            reason: Some(ReasonCode::known("MENINGGAL")),
            document_number: Some("BA/12/2026".into()),
            confirmed_at: Some(at(0)),
            before: Some(side.clone()),
            after: Some(side),
        },
    );
    wire(
        s,
        &ImportedDecree {
            number: "12/HUK/2026".into(),
            program: "PKH".into(),
            designated: 3,
            ended: 1,
        },
    );
    let ticked = TickedAct {
        id: id(90),
        seen_version: 1,
    };
    wire(s, &ticked);
    wire(
        s,
        &TickActs {
            event_id: id(74),
            entered: true,
            acts: vec![ticked],
        },
    );
    wire(
        s,
        &AskExport {
            event_id: id(74),
            kind: ExportKind::Families,
            format: ExportFormat::Xlsx,
            region: village(),
            program: Some("PKH".into()),
            personal: true,
            purpose: Some("rapat koordinasi".into()),
        },
    );
    wire(
        s,
        &AnswerExport {
            event_id: id(74),
            allow: true,
        },
    );
    wire(
        s,
        &ExportView {
            id: id(91),
            kind: ExportKind::Families.into(),
            format: ExportFormat::Xlsx.into(),
            region: village(),
            program: None,
            personal: true,
            purpose: Some("rapat koordinasi".into()),
            state: ExportState::Ready.into(),
            asked_by: id(1),
            asked_by_name: Some("Operator Satu".into()),
            asked_at: at(0),
            answered_by: Some(id(5)),
            answered_by_name: Some("Kepala Dinas".into()),
            answered_at: Some(at(1)),
            rows: Some(4),
            bytes: Some(4_096),
            until: Some(at(1_440)),
            downloads: 1,
        },
    );
    wire(
        s,
        &OldPhotoView {
            id: id(92),
            width: 1600,
            height: 1200,
            brought_at: at(0),
        },
    );
    let problem = OldPhotoProblem {
        position: 3,
        name: "3571************".into(),
        code: "not_a_photo".into(),
        remedy: "Berkas ini bukan foto JPEG.".into(),
    };
    wire(s, &problem);
    wire(
        s,
        &OldPhotosReport {
            id: id(93),
            state: OldPhotosState::Done.into(),
            at: at(0),
            brought_by: id(1),
            brought_by_name: Some("Admin Satu".into()),
            files: 3,
            done: 3,
            taken: 2,
            known: 0,
            rejected: 1,
            rejections: vec![problem],
        },
    );
    wire(
        s,
        &KnownColumn {
            name: "no_kk".into(),
            required: true,
            header: Some(0),
        },
    );
    wire(
        s,
        &MappedColumn {
            name: "no_kk".into(),
            header: 0,
        },
    );
    wire(
        s,
        &MissingIn {
            region: village(),
            families: 3,
        },
    );
}

/// What the civil registry sends, and what becomes of it.
fn appeals(s: &mut BTreeSet<String>) {
    use tilik_protocol::appeal::{
        AppealFinding, AppealOutcome, AppealRow, AppealState, AppealView, AppealWord, Appellant,
        ExamineAppeal, FileAppeal, JudgeAppeal, Restored, WithdrawAppeal,
    };
    let row = AppealRow {
        id: id(95),
        state: AppealState::Upheld.into(),
        family: id(2),
        family_name: "Sutrisno".into(),
        region: village(),
        membership: id(12),
        program: "PKH".into(),
        reason: Some(ReasonCode::known("PINDAH_LUAR")),
        filed_at: at(10),
        due_at: at(20_170),
        overdue: false,
    };
    wire(s, &row);
    let finding = AppealFinding {
        outcome: AppealOutcome::Upheld.into(),
        reason: ReasonCode::known("DATA_SALAH"),
        words: "Keluarga masih tinggal di alamat ini.".into(),
        by: id(1),
        by_name: Some("Verifikator".into()),
        at: at(20),
    };
    wire(s, &finding);
    let word = AppealWord {
        agreed: true,
        words: Some("Setuju.".into()),
        by: id(4),
        by_name: Some("Kepala Dinas".into()),
        at: at(30),
    };
    wire(s, &word);
    wire(
        s,
        &AppealView {
            appeal: row,
            version: 3,
            person: Some(id(3)),
            person_name: Some("Sutrisno".into()),
            ended_at: at(0),
            came: "Sumarni".into(),
            appellant: Appellant::Family.into(),
            grounds: "Kami tidak pindah.".into(),
            late: true,
            receipt: "0123456789abcdef0123456789abcdef".into(),
            filed_by_name: Some("Operator Satu".into()),
            finding: Some(finding),
            judged: Some(word),
            lost_months: vec!["2026-10".into()],
            restored: Some(Restored::BesideQuota.into()),
            involved: false,
        },
    );
    wire(
        s,
        &FileAppeal {
            event_id: id(6),
            membership: id(12),
            came: "Sumarni".into(),
            appellant: Appellant::Proxy,
            grounds: "Kami tidak pindah.".into(),
        },
    );
    wire(
        s,
        &ExamineAppeal {
            event_id: id(6),
            seen_version: 1,
            outcome: AppealOutcome::Dismissed,
            reason: ReasonCode::known("ALASAN_TERBUKTI"),
            words: "Keluarga sudah pindah.".into(),
        },
    );
    wire(
        s,
        &JudgeAppeal {
            event_id: id(6),
            seen_version: 2,
            agree: false,
            words: Some("Periksa lagi.".into()),
        },
    );
    wire(
        s,
        &WithdrawAppeal {
            event_id: id(6),
            seen_version: 1,
        },
    );
}

/// What a citizen asks without an account.
fn citizens(s: &mut BTreeSet<String>) {
    use tilik_protocol::citizen::{CheckStatus, PublicVillage, StatusChecked};
    use tilik_protocol::receipt::{AskReceipt, ReceiptKind, ReceiptStage, ReceiptState};
    wire(
        s,
        &CheckStatus {
            nik: "3571031201800001".into(),
            name: "Sumarni".into(),
            birth_date: "1980-01-12".into(),
        },
    );
    wire(
        s,
        &StatusChecked {
            registered: true,
            data_at: at(10),
        },
    );
    wire(
        s,
        &PublicVillage {
            code: village(),
            name: "Betet".into(),
            district: "Pesantren".into(),
        },
    );
    wire(
        s,
        &AskReceipt {
            token: "0123456789abcdef0123456789abcdef".into(),
        },
    );
    wire(
        s,
        &ReceiptStage {
            kind: ReceiptKind::Objection.into(),
            state: ReceiptState::Rejected.into(),
            filed_at: at(10),
            due_at: at(20_170),
            answered_at: Some(at(40)),
            reason: Some(ReasonCode::known("KETERANGAN_KURANG")),
        },
    );
}

fn objections(s: &mut BTreeSet<String>) {
    use tilik_protocol::objection::{
        AdmitObjection, FileObjection, ObjectionAbout, ObjectionContent, ObjectionFiled,
        ObjectionKind, ObjectionPhotoView, ObjectionRow, ObjectionState, ObjectionView, Objector,
        RejectObjection, SubmitObjection, UnmaskedObjector,
    };
    let about = ObjectionAbout {
        name: "Sutrisno".into(),
        address: "Jl. Melati RT 002 RW 003".into(),
    };
    wire(s, &about);
    let objector = Objector {
        name: "Sumarni".into(),
        nik: "3571031201800001".into(),
        address: "Jl. Melati RT 002 RW 003".into(),
        contact: Some("0812 0000 0000".into()),
    };
    wire(s, &objector);
    let content = ObjectionContent {
        kind: ObjectionKind::Recipient,
        region: village(),
        about: about.clone(),
        objector: objector.clone(),
        grounds: "Rumahnya bertingkat.".into(),
        photos: vec![id(96)],
    };
    wire(s, &content);
    wire(
        s,
        &SubmitObjection {
            event_id: id(6),
            content: content.clone(),
        },
    );
    wire(
        s,
        &ObjectionFiled {
            receipt: "0123456789abcdef0123456789abcdef".into(),
            filed_at: at(10),
            due_at: at(20_170),
        },
    );
    wire(
        s,
        &FileObjection {
            event_id: id(6),
            content,
            family: Some(id(2)),
        },
    );
    let photo = ObjectionPhotoView {
        id: id(96),
        width: 1600,
        height: 1200,
    };
    wire(s, &photo);
    let row = ObjectionRow {
        id: id(97),
        kind: ObjectionKind::Recipient.into(),
        state: ObjectionState::Rejected.into(),
        region: village(),
        about_name: "Sutrisno".into(),
        family: Some(id(2)),
        at_counter: true,
        photos: 1,
        said_before: false,
        filed_at: at(10),
        due_at: at(20_170),
        overdue: false,
    };
    wire(s, &row);
    wire(
        s,
        &ObjectionView {
            objection: row,
            version: 2,
            about,
            grounds: "Rumahnya bertingkat.".into(),
            photos: vec![photo],
            receipt: Some("0123456789abcdef0123456789abcdef".into()),
            filed_by_name: Some("Operator Satu".into()),
            family_name: Some("Sutrisno".into()),
            case: Some(id(5)),
            case_state: Some(CaseState::Open.into()),
            reason: Some(ReasonCode::known("BARU_DIPERIKSA")),
            answered_by: Some(id(4)),
            answered_by_name: Some("Verifikator".into()),
            answered_at: Some(at(40)),
            involved: false,
        },
    );
    wire(
        s,
        &AdmitObjection {
            event_id: id(6),
            seen_version: 1,
            family: id(2),
        },
    );
    wire(
        s,
        &RejectObjection {
            event_id: id(6),
            seen_version: 1,
            reason: ReasonCode::known("KETERANGAN_KURANG"),
        },
    );
    wire(
        s,
        &UnmaskedObjector {
            objection: id(97),
            objector,
            until: at(25),
        },
    );
}

fn health(s: &mut BTreeSet<String>) {
    let statement = HealthStatement {
        event_id: "bpjs-2026-11-1".into(),
        nik: "3571031212800001".into(),
        status: "NONAKTIF".into(),
        segment: Some("PBI_JK".into()),
        since: Some("2026-11-01".into()),
        as_of: "2026-11-20".into(),
        name: Some("SURYONO".into()),
    };
    wire(s, &statement);
    wire(
        s,
        &HealthStatements {
            statements: vec![statement],
        },
    );
    let refused = RefusedStatement {
        position: 3,
        problems: vec![FieldProblem {
            field: "statements[3].status".into(),
            code: "unknown".into(),
            remedy: "Tulis AKTIF, NONAKTIF atau TIDAK_TERDAFTAR.".into(),
        }],
    };
    wire(s, &refused);
    wire(
        s,
        &HealthReceipt {
            current: 1,
            past: 2,
            known: 3,
            unmatched: 4,
            to_judge: 5,
            refused: vec![refused],
        },
    );
    wire(
        s,
        &StatementView {
            id: id(98),
            version: 2,
            state: StatementState::Current.into(),
            why: Some(HealthWhy::Inactive.into()),
            nik: "3571************".into(),
            name: Some("SURYONO".into()),
            person: Some(id(41)),
            family: Some(id(40)),
            region: village(),
            status: HealthStatus::Nonaktif.into(),
            segment: Some(HealthSegment::PbiJk.into()),
            since: Some("2026-11-01".into()),
            as_of: "2026-11-20".into(),
            source: "bpjs".into(),
            received_at: at(0),
            reactivate_until: Some("2027-05-01".into()),
            settled_by_name: Some("Verifikator".into()),
            settled_at: Some(at(5)),
        },
    );
    wire(
        s,
        &JudgeStatement {
            event_id: id(75),
            seen_version: 2,
            verdict: HealthVerdict::Dismiss,
            reason: Some("ORANG_LAIN".parse().unwrap()),
        },
    );
    let person = PersonHealth {
        person: id(41),
        name: "SURYONO".into(),
        status: Some(HealthStatus::Nonaktif.into()),
        segment: Some(HealthSegment::PbiJk.into()),
        since: Some("2026-11-01".into()),
        as_of: Some("2026-11-20".into()),
        source: Some("bpjs".into()),
        received_at: Some(at(0)),
        holds_pbi: true,
        may_reactivate: false,
        reactivate_until: Some("2027-05-01".into()),
        proposal: Some(id(60)),
        update_until: Some("2027-03-31".into()),
    };
    wire(s, &person);
    wire(
        s,
        &FamilyHealth {
            persons: vec![person],
        },
    );
}

fn population(s: &mut BTreeSet<String>) {
    let payload = CivilPayload {
        region: Some(village()),
        address: Some("JL BARU NO 9".into()),
        rt: Some("003".into()),
        rw: Some("004".into()),
        whole_family: Some(true),
        members: vec!["3571031212800001".into()],
        ..CivilPayload::default()
    };
    wire(s, &payload);
    let event = CivilEvent {
        event_id: "2026-11-24/000017".into(),
        kind: CivilKind::PindahDalamKota.into(),
        nik: "3571031212800001".into(),
        no_kk: Some("3571030101200001".into()),
        date_effective: "2026-11-20".into(),
        date_reported: Some("2026-11-23".into()),
        source_seq: 1 << 63,
        payload,
    };
    wire(s, &event);
    let known = CivilKnown {
        name: "SURYONO".into(),
        birth_date: Some("1980-12-12".into()),
        sex: Some(Sex::Male.into()),
        mother_name: Some("SITI".into()),
        relation: Relation::Head.into(),
        kk: Some("3571030101200001".into()),
        region: village(),
        address: "JL MELATI NO 1".into(),
        rt: "001".into(),
        rw: "002".into(),
    };
    wire(s, &known);
    wire(
        s,
        &UnmaskedEvent {
            event: id(95),
            said: event.clone(),
            known: Some(known),
            until: at(15),
        },
    );
    wire(
        s,
        &CivilEvents {
            events: vec![event],
        },
    );
    wire(
        s,
        &Seal {
            key: "dukcapil/2026".into(),
            time: at(0),
            nonce: "0123456789abcdef".into(),
            signature: "c2ln".into(),
        },
    );
    let receipt = EventReceipt {
        event_id: "2026-11-24/000017".into(),
        state: CivilState::ToJudge.into(),
        why: Some(CivilWhy::WhoMoves.into()),
    };
    wire(s, &receipt);
    wire(
        s,
        &BatchReceipt {
            batch: id(94),
            state: BatchState::Parked.into(),
            trips: vec![Trip::SequenceJump],
            events: vec![receipt],
        },
    );
    let touched = BatchVillage {
        region: village(),
        name: "BETET".into(),
        persons: 13,
    };
    wire(s, &touched);
    wire(
        s,
        &BatchView {
            id: id(94),
            version: 2,
            feed: "dukcapil".into(),
            channel: Channel::Http.into(),
            state: BatchState::Refused.into(),
            trips: vec![Trip::Deaths],
            villages: vec![touched],
            events: 51,
            deaths: 51,
            first_seq: "17".into(),
            last_seq: "9223372036854775808".into(),
            received_at: at(0),
            received_by: id(1),
            decided_by_name: Some("Kepala Dinas".into()),
            decided_at: Some(at(3)),
            reason: Some(ReasonCode::known("UJI_COBA")),
        },
    );
    wire(
        s,
        &DecideBatch {
            event_id: id(74),
            seen_version: 1,
            reason: Some(ReasonCode::known("UJI_COBA")),
        },
    );
    let held = HeldAfterDeath {
        program: "PKH".into(),
        from: "2026-09".into(),
        through: "2026-11".into(),
    };
    wire(s, &held);
    let seen = CivilEventView {
        id: id(95),
        version: 2,
        batch: id(94),
        feed: "dukcapil".into(),
        feed_event: "2026-11-24/000017".into(),
        kind: CivilKind::Meninggal.into(),
        state: CivilState::Applied.into(),
        why: Some(CivilWhy::AlreadySo.into()),
        follow_up: Some(CivilWhy::PayeeChange.into()),
        due_at: Some(at(43_200)),
        nik: "3571************".into(),
        name: Some("SURYONO".into()),
        said_name: Some("SURYONO HADI".into()),
        date_effective: "2026-11-20".into(),
        received_at: at(0),
        region: village(),
        person: Some(id(41)),
        family: Some(id(40)),
        to_region: Some(village()),
        to_region_name: Some("BETET".into()),
        to_address: Some("JL BARU NO 9".into()),
        held_after: vec![held],
        may_apply: true,
        settled_by_name: Some("Operator Satu".into()),
        settled_at: Some(at(2)),
    };
    wire(s, &seen);
    wire(
        s,
        &JudgeEvent {
            event_id: id(74),
            seen_version: 2,
            verdict: EventVerdict::Dismiss,
            reason: Some(ReasonCode::known("ORANG_LAIN")),
        },
    );
    wire(
        s,
        &MoveFamily {
            event_id: id(74),
            seen_version: 3,
            region: village(),
            address: "JL BARU NO 9".into(),
            rt: "3".into(),
            rw: "4".into(),
            since: Some("2026-11-20".into()),
        },
    );
    wire(
        s,
        &AnswerMove {
            event_id: id(74),
            seen_version: 1,
            reason: Some(ReasonCode::known("ALAMAT_TIDAK_ADA")),
        },
    );
    let moved = MoveView {
        id: id(96),
        version: 2,
        family: id(40),
        name: "SURYONO".into(),
        from: village(),
        from_name: "BETET".into(),
        from_address: "JL MELATI NO 1 RT 001 RW 002".into(),
        to: village(),
        to_name: "POJOK".into(),
        to_address: "JL BARU NO 9".into(),
        state: MoveState::SentBack.into(),
        programs: vec!["PKH".into()],
        cases: 1,
        moved_by_name: Some("Operator Satu".into()),
        moved_at: at(0),
        due_at: at(10_080),
        reason: Some(ReasonCode::known("ALAMAT_TIDAK_ADA")),
        answered_by_name: Some("Operator Dua".into()),
        answered_at: Some(at(60)),
        may_answer: false,
    };
    wire(s, &moved);
    wire(
        s,
        &VillageRow {
            code: village(),
            name: "BETET".into(),
            district: "PESANTREN".into(),
        },
    );
    let former = FormerPin {
        lat_e7: -78_400_000,
        lon_e7: 1_120_150_000,
        taken_at: at(1),
        stale_since: at(60),
    };
    wire(s, &former);
    wire(
        s,
        &AskMatches {
            event_id: id(74),
            families: vec![id(40)],
            persons: vec![id(41)],
        },
    );
    wire(
        s,
        &TakeQuestions {
            purpose: "dibawa ke Dukcapil".into(),
            after: Some("1.2".into()),
        },
    );
    wire(
        s,
        &MatchesAsked {
            asked: 3,
            waiting: 1,
            without_nik: 2,
        },
    );
    wire(
        s,
        &MatchView {
            id: id(97),
            person: id(41),
            family: id(40),
            name: "SURYONO".into(),
            asked_at: at(0),
            asked_by_name: Some("Operator Betet".into()),
            changed: true,
            result: Some(MatchResult::Mismatched.into()),
            differs: vec![MatchField::Name],
            answered_at: Some(at(9)),
            source: Some("dukcapil".into()),
        },
    );
    wire(
        s,
        &MatchQuestion {
            id: id(97),
            nik: "3571031212800001".into(),
            name: "SURYONO".into(),
            birth_date: Some("1980-12-12".into()),
        },
    );
    let answer = MatchAnswer {
        id: id(97),
        result: MatchResult::Mismatched.into(),
        differs: vec![MatchField::Name.into()],
    };
    wire(s, &answer);
    wire(
        s,
        &MatchAnswers {
            answers: vec![answer],
        },
    );
    wire(
        s,
        &AnswersTaken {
            taken: 1,
            known: 2,
            unknown: 3,
        },
    );
    wire(
        s,
        &FamilyEvents {
            events: vec![seen],
            moves: vec![moved],
            former_pin: Some(former),
        },
    );
}

#[test]
fn every_wire_type_has_a_snapshot() {
    let mut seen = BTreeSet::new();
    let s = &mut seen;
    population(s);
    health(s);
    appeals(s);
    citizens(s);
    objections(s);
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
    wire(
        s,
        &SessionView {
            id: id(5),
            kind: SessionKind::Console.into(),
            name: Some("Chrome, Windows".into()),
            created_at: at(0),
            last_used_at: at(5),
            expires_at: at(725),
            current: true,
        },
    );
    wire(
        s,
        &CodeNeeded {
            pending: "p".into(),
            expires_at: at(5),
        },
    );
    wire(
        s,
        &SignInCode {
            pending: "p".into(),
            code: "123456".into(),
        },
    );
    wire(
        s,
        &SecondFactorView {
            since: Some(at(0)),
            recovery_codes_left: 10,
            demanded: true,
        },
    );
    wire(
        s,
        &ShowPassword {
            event_id: id(77),
            password: "panjang-sekali".into(),
        },
    );
    wire(
        s,
        &SecondFactorOffer {
            secret: "GEZDGNBVGY3TQOJQ".into(),
            uri: "otpauth://totp/Tilik:a?secret=GEZDGNBVGY3TQOJQ".into(),
        },
    );
    wire(
        s,
        &ShowCode {
            event_id: id(76),
            code: "123456".into(),
        },
    );
    wire(
        s,
        &RecoveryCodes {
            codes: vec!["ABCD-EFGH-JKMN-PQRS".into()],
        },
    );
    wire(s, &SteppedUp { until: at(30) });
    wire(
        s,
        &IssueResetSlip {
            event_id: id(77),
            removes_codes: true,
        },
    );
    wire(
        s,
        &ResetSlip {
            id: id(6),
            code: "ABCD-EFGH-JKMN-PQRS".into(),
            username: "operator.satu".into(),
            name: "Operator Satu".into(),
            expires_at: at(1_440),
            needs_release: true,
        },
    );
    wire(
        s,
        &ResetSlipView {
            id: id(6),
            user: id(1),
            username: "operator.satu".into(),
            name: "Operator Satu".into(),
            issued_by: id(2),
            issued_by_name: "Admin Satu".into(),
            issued_at: at(0),
            expires_at: at(1_440),
            removes_codes: true,
        },
    );
    wire(
        s,
        &ReleasedSlip {
            id: id(6),
            release_code: "ABCD-EFGH-JKMN".into(),
            username: "operator.satu".into(),
            name: "Operator Satu".into(),
            expires_at: at(1_440),
        },
    );
    wire(
        s,
        &UseResetSlip {
            event_id: id(78),
            username: "operator.satu".into(),
            code: "ABCD-EFGH-JKMN-PQRS".into(),
            release_code: Some("ABCD-EFGH-JKMN".into()),
            new_password: "panjang-sekali".into(),
        },
    );
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
            delegated_from: Some(id(2)),
        },
    );
    wire(
        s,
        &SeenNews {
            role: Role::Approver.into(),
            version: "2026.11".into(),
        },
    );
    wire(
        s,
        &MarkNews {
            event_id: id(90),
            version: "2026.11".into(),
            roles: vec![Role::Approver],
        },
    );
    wire(
        s,
        &RefuseGrant {
            event_id: id(90),
            reason: ReasonCode::known("PERAN_KELIRU"),
        },
    );
    wire(
        s,
        &DelegateGrant {
            event_id: id(90),
            user: id(4),
            valid_from: Some(at(0)),
            valid_until: at(60),
            document_number: "800/2".into(),
        },
    );
    wire(
        s,
        &DelegationView {
            grant: grant(),
            user: id(4),
            name: "Sekretaris Satu".into(),
        },
    );
    wire(
        s,
        &DeputyView {
            user: id(4),
            username: "sekretaris".into(),
            name: "Sekretaris Satu".into(),
            roles: vec![Role::Verifier.into()],
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
            duty: OfficerDuty::Over.into(),
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
        app: None,
    };
    let release = AppRelease {
        version: "0.2.0".into(),
        bytes: 7_340_032,
        sha256: "cd".repeat(32),
    };
    wire(s, &release);
    wire(
        s,
        &Boundary {
            code: village(),
            name: "Contoh".into(),
            rings: vec![vec![
                [-78_400_000, 1_120_100_000],
                [-78_400_000, 1_120_200_000],
                [-78_300_000, 1_120_200_000],
                [-78_400_000, 1_120_100_000],
            ]],
        },
    );
    wire(
        s,
        &PhoneConfig {
            app: Some(release),
            ..config.clone()
        },
    );
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
        &RequestVisit {
            event_id: id(90),
            kind: VisitKind::Quick,
            reason: ReasonCode::known("FOTO_LAMA"),
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
            on_sheet: true,
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
    contact_sheets(s);
    plans(s);
    families(s);
    proposals(s);
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
            how: Some("diantar".into()),
        },
    );
    wire(s, &membership_row());
    looked_up(s);
    changed(s);
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
            family_name: None,
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
            deputy_for: Some("Kepala Dinas".into()),
            action: "case.accept".into(),
            object: "case:x".into(),
            family_name: Some("Contoh Satu".into()),
            event_id: Some(id(90)),
            body: serde_json::json!({"from": "submitted", "to": "accepted"}),
            hash: "ab".repeat(32),
        },
    );
    wire(
        s,
        &TrailPerson {
            user: id(1),
            name: "Koordinator Satu".into(),
            username: "koordinator1".into(),
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
    let foretold = ImportForetold {
        added: 2,
        changed: 0,
        unchanged: 0,
        waiting: 0,
        rejected: 0,
        warned: 0,
        same: Some(false),
    };
    wire(s, &foretold);
    let missing = MissingIn {
        region: village(),
        families: 3,
    };
    wire(s, &missing);
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
            done: Some(1),
            foretold: Some(foretold),
            added: 1,
            changed: 0,
            unchanged: 0,
            waiting: 0,
            rejected: 1,
            warned: 0,
            missing: Some(3),
            missing_in: vec![missing],
            rejections: vec![line],
            warnings: vec![],
            waitlists: vec![],
            decrees: vec![],
        },
    );
    exchanged(s);
    lettered(s);
    wire(
        s,
        &tilik_protocol::registry::MissingFamily {
            family: id(2),
            name: "Sutrisno".into(),
            region: "35.71.03.1009".parse().unwrap(),
            rt: "003".into(),
            rw: "001".into(),
            holds: true,
        },
    );
    let known = KnownColumn {
        name: "no_kk".into(),
        required: true,
        header: Some(0),
    };
    let mapped = MappedColumn {
        name: "no_kk".into(),
        header: 0,
    };
    wire(s, &known);
    wire(s, &mapped);
    wire(
        s,
        &tilik_protocol::registry::FileColumns {
            sheets: vec!["Data".into()],
            sheet: Some(0),
            headers: vec!["No KK".into()],
            columns: vec![known],
            fingerprint: "ab".repeat(32),
            mapped: true,
        },
    );
    wire(
        s,
        &tilik_protocol::registry::KeepMapping {
            event_id: id(74),
            fingerprint: "ab".repeat(32),
            columns: vec![mapped],
        },
    );
    wire(
        s,
        &tilik_protocol::map::MapBase {
            tiles: Some(tilik_protocol::map::MapTiles::Vector.into()),
        },
    );
    wire(
        s,
        &ApplyImport {
            event_id: id(74),
            accepted: 9_700,
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
        include_str!("../src/contact_sheet.rs"),
        include_str!("../src/session.rs"),
        include_str!("../src/lookup.rs"),
        include_str!("../src/overview.rs"),
        include_str!("../src/plan.rs"),
        include_str!("../src/population.rs"),
        include_str!("../src/appeal.rs"),
        include_str!("../src/citizen.rs"),
        include_str!("../src/objection.rs"),
        include_str!("../src/receipt.rs"),
        include_str!("../src/rule.rs"),
        include_str!("../src/evaluation.rs"),
        include_str!("../src/family.rs"),
        include_str!("../src/proposal.rs"),
        include_str!("../src/deliberation.rs"),
        include_str!("../src/window.rs"),
        include_str!("../src/training.rs"),
        include_str!("../src/sync.rs"),
        include_str!("../src/review.rs"),
        include_str!("../src/registry.rs"),
        include_str!("../src/problem.rs"),
        include_str!("../src/second_factor.rs"),
        include_str!("../src/reset_slip.rs"),
        include_str!("../src/ministry.rs"),
        include_str!("../src/export.rs"),
        include_str!("../src/old_photo.rs"),
        include_str!("../src/letter.rs"),
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
    check::<tilik_protocol::ministry::MinistryActKind>();
    check::<tilik_protocol::export::ExportKind>();
    check::<tilik_protocol::export::ExportFormat>();
    check::<tilik_protocol::export::ExportState>();
    check::<tilik_protocol::old_photo::OldPhotosState>();
    check::<PersonEvent>();
    check::<AccountState>();
    check::<tilik_protocol::map::MapState>();
    check::<tilik_protocol::map::MapTiles>();
    check::<RuleState>();
    check::<EligibilityOutcome>();
    check::<ReasonEffect>();
    check::<FactAppeal>();
    check::<PreparedState>();
    check::<PreparedStep>();
    check::<tilik_protocol::letter::LetterKind>();
    check::<tilik_protocol::letter::LetterStatus>();
    check::<tilik_protocol::letter::Numbering>();
    check::<tilik_protocol::letter::NumberShown>();
    check::<tilik_protocol::appeal::AppealState>();
    check::<tilik_protocol::appeal::AppealOutcome>();
    check::<tilik_protocol::appeal::Appellant>();
    check::<tilik_protocol::appeal::Restored>();
    check::<tilik_protocol::objection::ObjectionKind>();
    check::<tilik_protocol::objection::ObjectionState>();
    check::<tilik_protocol::receipt::ReceiptKind>();
    check::<tilik_protocol::receipt::ReceiptState>();
    check::<CivilKind>();
    check::<CivilState>();
    check::<CivilWhy>();
    check::<Trip>();
    check::<BatchState>();
    check::<Channel>();
    check::<EventVerdict>();
    check::<MoveState>();
}
