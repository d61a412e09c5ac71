//! What a letter says, from what the registry knows now. Looking at it is a read of personal data, logged with what the
//! letter is for.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};
use tilik_protocol::family::{Relation, Sex};
use tilik_protocol::ids::{FamilyId, NoticeId, PersonId};
use tilik_protocol::letter::{
    LetterContent, LetterKind, LetterLine, LetterSubject, NumberShown, OfficeSettings,
};
use tilik_protocol::membership::MembershipState;
use tilik_protocol::nik;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::FieldProblem;
use tilik_protocol::reason;
use tilik_protocol::region::{RegionCode, RegionLevel};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::super::Acting;
use super::super::access::{Mode, Read};
use super::super::case_view::masked;
use super::super::families::{purpose_of, region_code};
use super::super::imports::Number;
use super::super::tables::{
    blind_index, case_membership, evaluation, family, membership, notice, person,
    prepared_cancellation, program, region, visit,
};
use super::offices::Office;
use crate::error::{Error, Result};
use crate::letters::words::{day_at, in_words};

/// The registry that somebody of whom it knows nothing is missing in.
const REGIME: &str = "DTSEN";

/// A letter before it has a number.
pub(super) struct Draft {
    /// What it says; the number is empty.
    pub content: LetterContent,
    /// As what whoever asks may issue it.
    pub role: Role,
    /// Where it is about.
    pub region: RegionCode,
    /// Whose letter it is.
    pub office: Office,
    /// The family, where there is one.
    pub family: Option<Uuid>,
    /// The member.
    pub person: Option<Uuid>,
    /// The notice.
    pub notice: Option<Uuid>,
    /// Until when it counts.
    pub valid_until: Option<Timestamp>,
}

/// The registry that a family stands in, as papers name it: the one of today, unless it is still of the one before.
fn registry_of(regime: &str) -> &'static str {
    if regime.eq_ignore_ascii_case("dtks") {
        "DTKS"
    } else {
        REGIME
    }
}

/// Its name in full.
fn registry_name(registry: &str) -> &'static str {
    if registry == "DTKS" {
        "Data Terpadu Kesejahteraan Sosial (DTKS)"
    } else {
        "Data Tunggal Sosial dan Ekonomi Nasional (DTSEN)"
    }
}

const fn relation_name(relation: Relation) -> &'static str {
    match relation {
        Relation::Head => "Kepala keluarga",
        Relation::Spouse => "Suami/istri",
        Relation::Child => "Anak",
        Relation::ChildInLaw => "Menantu",
        Relation::Grandchild => "Cucu",
        Relation::Parent => "Orang tua/mertua",
        Relation::Help => "Pembantu",
        Relation::Other => "Famili lain",
    }
}

const fn sex_name(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "Laki-laki",
        Sex::Female => "Perempuan",
    }
}

fn line(key: &str, label: &str, value: impl Into<String>) -> LetterLine {
    LetterLine {
        key: key.to_owned(),
        label: label.to_owned(),
        value: value.into(),
    }
}

/// `JL MAWAR NO 1, RT 1/RW 2`.
fn street(address: &str, rt: &str, rw: &str) -> String {
    format!("{address}, RT {rt}/RW {rw}")
}

/// What is the same on every letter of an office.
fn frame(
    office: &OfficeSettings,
    kind: LetterKind,
    regime: &str,
    village: &RegionCode,
    at: Timestamp,
) -> LetterContent {
    let mut title = kind.title(regime);
    if village.is_training() {
        title.push_str(" (LATIHAN, TIDAK BERLAKU)");
    }
    let nip = office.signatory_nip.as_deref();
    LetterContent {
        layout: LetterContent::LAYOUT,
        kind,
        letterhead: office.letterhead.clone(),
        office_address: office.address.clone(),
        title,
        number: String::new(),
        addressee: Vec::new(),
        opening: String::new(),
        lines: Vec::new(),
        paragraphs: Vec::new(),
        dated: format!("{}, {}", office.place, in_words(day_at(village, at))),
        signatory_title: office.signatory_title.clone(),
        signatory_name: office.signatory_name.clone(),
        signatory_nip: nip.map(|nip| format!("NIP {nip}")).unwrap_or_default(),
    }
}

fn number_on(office: &OfficeSettings, number: &str) -> String {
    match office.numbers_shown {
        NumberShown::Full => number.to_owned(),
        NumberShown::Masked => masked(number),
    }
}

/// A day such as `1980-12-31` in words.
fn birth_in_words(text: &str) -> String {
    chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").map_or_else(|_| text.to_owned(), in_words)
}

impl Acting {
    /// What a letter about this would say now.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`.
    pub(super) async fn draft_letter(
        &self,
        subject: &LetterSubject,
        purpose: Option<&str>,
        appeal_days: u32,
    ) -> Result<Draft> {
        match subject {
            LetterSubject::Registered { family, person } => {
                let purpose = purpose_of(purpose)?;
                self.draft_registered(*family, *person, purpose).await
            }
            LetterSubject::NotRegistered { region, .. } => {
                let purpose = purpose_of(purpose)?;
                let role = self.actor.act_in(Permission::IssueLetters, region)?;
                self.draft_not_registered(subject, role, purpose).await
            }
            LetterSubject::Notice { notice } => self.draft_notice(*notice, appeal_days).await,
        }
    }

    /// `Kelurahan Campurejo`, and `Kecamatan Mojoroto, Kota Kediri`.
    async fn place_names(&self, village: &RegionCode) -> Result<(String, String)> {
        let mut codes = vec![village.clone()];
        while let Some(up) = codes.last().and_then(RegionCode::parent) {
            codes.push(up);
        }
        let names: HashMap<String, String> = region::Entity::find()
            .filter(region::Column::Code.is_in(codes.iter().map(ToString::to_string)))
            .all(self.store.read())
            .await?
            .into_iter()
            .map(|row| (row.code, row.name))
            .collect();
        let name = |code: &RegionCode| names.get(code.as_str()).cloned().unwrap_or_default();
        // Codes of the ministry: a village whose last part begins with 2 is a desa.
        let is_desa = village
            .as_str()
            .rsplit('.')
            .next()
            .is_some_and(|last| last.starts_with('2'));
        let called = if is_desa { "Desa" } else { "Kelurahan" };
        let above: Vec<String> = codes
            .iter()
            .skip(1)
            .filter_map(|code| match code.level() {
                RegionLevel::Province | RegionLevel::Village => None,
                RegionLevel::City => Some(name(code)),
                RegionLevel::District => Some(format!("Kecamatan {}", name(code))),
            })
            .collect();
        Ok((format!("{called} {}", name(village)), above.join(", ")))
    }

    fn clear(
        &self,
        table: &str,
        column: &str,
        id: Uuid,
        sealed: Option<&Vec<u8>>,
    ) -> Result<String> {
        let clear = sealed
            .map(|sealed| self.store.keys().decrypt_field(table, column, id, sealed))
            .transpose()
            .map_err(Error::internal)?;
        Ok(clear.map(|clear| clear.to_string()).unwrap_or_default())
    }

    async fn draft_registered(
        &self,
        family: FamilyId,
        member: PersonId,
        purpose: String,
    ) -> Result<Draft> {
        let (row, village) = self.family_in_reach(family).await?;
        let role = self.actor.act_in(Permission::IssueLetters, &village)?;
        if row.closed_at.is_some() {
            return Err(Error::field(
                "subject.family",
                "closed",
                "Keluarga ini tidak dicatat lagi; cari keluarga yang menggantikannya.",
            ));
        }
        let one = person::Entity::find_by_id(Uuid::from(member))
            .one(self.store.read())
            .await?
            .filter(|one| one.family_id == row.id && one.merged_into.is_none())
            .ok_or(Error::NOT_FOUND)?;
        if !one.alive {
            return Err(Error::field(
                "subject.person",
                "dead",
                "Orang ini tercatat meninggal. Bila keliru, perbaiki dahulu datanya.",
            ));
        }
        let office = self.office_for(&village).await?;
        let settings = &office.settings;
        let at = self.store.now();
        let today = day_at(&village, at);
        let until = at.plus_s(i64::from(settings.valid_days) * 86_400);
        let regime = registry_of(&row.regime);
        let (village_name, above) = self.place_names(&village).await?;
        let nik = self.clear("person", "nik", one.id, one.nik_enc.as_ref())?;
        let kk = self.clear("family", "kk", row.id, row.kk_enc.as_ref())?;
        let birth = self.clear("person", "birth_date", one.id, one.birth_date_enc.as_ref())?;
        let birth = match (birth.is_empty(), one.birth_year) {
            (false, _) => birth_in_words(&birth),
            (true, Some(year)) => year.to_string(),
            (true, None) => "tidak tercatat".to_owned(),
        };
        let mut content = frame(settings, LetterKind::Registered, regime, &village, at);
        content.opening = format!(
            "Yang bertanda tangan di bawah ini menerangkan bahwa menurut {} per {}:",
            registry_name(regime),
            in_words(today)
        );
        content.lines = vec![line("name", "Nama", one.name.clone())];
        if !nik.is_empty() {
            let nik = number_on(settings, &nik);
            content.lines.push(line("nik", "NIK", nik));
        }
        content.lines.push(line("birth", "Tanggal lahir", birth));
        if let Some(sex) = one.sex.as_deref().and_then(|sex| sex.parse().ok()) {
            let sex = sex_name(sex);
            content.lines.push(line("sex", "Jenis kelamin", sex));
        }
        let relation = one.relation.parse().map_or("Famili lain", relation_name);
        content.lines.extend([
            line("relation", "Hubungan keluarga", relation),
            line("head", "Kepala keluarga", row.name.clone()),
        ]);
        if !kk.is_empty() {
            let kk = number_on(settings, &kk);
            content.lines.push(line("kk", "Nomor KK", kk));
        }
        content.lines.extend([
            line("address", "Alamat", street(&row.address, &row.rt, &row.rw)),
            line("village", "Kelurahan/desa", village_name),
            line("above", "Wilayah", above),
            line("status", "Status", format!("TERDAFTAR dalam {regime}")),
        ]);
        if settings.shows_decile {
            let decile = row
                .decile
                .map_or_else(|| "belum diperingkat".to_owned(), |n| n.to_string());
            content.lines.push(line("decile", "Desil", decile));
        }
        let programs = self.programs_of(row.id, one.id).await?;
        content.lines.extend([
            line("programs", "Program yang diterima", programs),
            line("purpose", "Keperluan", purpose.clone()),
            line(
                "valid_until",
                "Berlaku sampai",
                in_words(day_at(&village, until)),
            ),
        ]);
        content.paragraphs = vec![
            "Surat keterangan ini menerangkan isi data pada tanggal tersebut dan tidak menjamin penetapan sebagai \
             penerima bantuan."
                .to_owned(),
            "Demikian surat keterangan ini dibuat dengan sebenarnya untuk dipergunakan sebagaimana mestinya."
                .to_owned(),
        ];
        self.note_reads([Read {
            kind: "family",
            id: row.id,
            what: "family_letter",
            mode: Mode::Seen,
            role,
            purpose: Some(purpose),
        }])
        .await?;
        Ok(Draft {
            content,
            role,
            region: village,
            office,
            family: Some(row.id),
            person: Some(one.id),
            notice: None,
            valid_until: Some(until),
        })
    }

    /// The programs whose places the family, or this member of it, holds now.
    async fn programs_of(&self, family: Uuid, member: Uuid) -> Result<String> {
        let held = [MembershipState::Active, MembershipState::Suspended];
        let rows = membership::Entity::find()
            .filter(membership::Column::FamilyId.eq(family))
            .filter(
                Condition::any()
                    .add(membership::Column::PersonId.is_null())
                    .add(membership::Column::PersonId.eq(member)),
            )
            .filter(membership::Column::State.is_in(held.map(|state| state.to_string())))
            .order_by_asc(membership::Column::Program)
            .all(self.store.read())
            .await?;
        let codes = rows.iter().map(|row| row.program.clone());
        let names: HashMap<String, String> = program::Entity::find()
            .filter(program::Column::Code.is_in(codes))
            .all(self.store.read())
            .await?
            .into_iter()
            .map(|row| (row.code, row.name))
            .collect();
        let told: Vec<String> = rows
            .iter()
            .map(|row| {
                let name = names.get(&row.program).unwrap_or(&row.program);
                if row.state == MembershipState::Suspended.to_string() {
                    format!("{name} (ditangguhkan)")
                } else {
                    name.clone()
                }
            })
            .collect();
        Ok(if told.is_empty() {
            "tidak tercatat sebagai penerima program".to_owned()
        } else {
            told.join(", ")
        })
    }

    async fn draft_not_registered(
        &self,
        subject: &LetterSubject,
        role: Role,
        purpose: String,
    ) -> Result<Draft> {
        let LetterSubject::NotRegistered {
            nik,
            name,
            birth_date,
            address,
            rt,
            rw,
            region: village,
        } = subject
        else {
            return Err(Error::NOT_FOUND);
        };
        let at = self.store.now();
        let today = day_at(village, at);
        let digits: String = nik.chars().filter(|c| !c.is_whitespace()).collect();
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let address = address.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut problems = Vec::new();
        let mut wrong = |field: &str, code: &str, remedy: String| {
            problems.push(FieldProblem {
                field: format!("subject.{field}"),
                code: code.to_owned(),
                remedy,
            });
        };
        if let Err(fault) = nik::sixteen_digits(&digits) {
            wrong("nik", fault.code(), fault.remedy("NIK"));
        }
        if !(2..=100).contains(&name.chars().count())
            || name.chars().any(|c| c.is_control() || c.is_ascii_digit())
        {
            let remedy = "Tulis nama seperti di KTP, 2 sampai 100 huruf, tanpa angka.";
            wrong("name", "length", remedy.to_owned());
        }
        let born = chrono::NaiveDate::parse_from_str(birth_date, "%Y-%m-%d").ok();
        let earliest = chrono::NaiveDate::from_ymd_opt(1890, 1, 1).unwrap_or_default();
        let born = born.filter(|born| (earliest..=today).contains(born));
        if born.is_none() {
            let remedy = "Isi tanggal lahir seperti di KTP, tidak di masa depan.";
            wrong("birth_date", "not_possible", remedy.to_owned());
        }
        if !(3..=160).contains(&address.chars().count()) || address.chars().any(char::is_control) {
            let remedy = "Tulis alamat seperti di KTP, 3 sampai 160 karakter.";
            wrong("address", "length", remedy.to_owned());
        }
        for (field, text) in [("rt", rt), ("rw", rw)] {
            if !(1..=3).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_digit()) {
                let remedy = "Isi satu sampai tiga angka.";
                wrong(field, "length", remedy.to_owned());
            }
        }
        if village.level() != RegionLevel::Village {
            let remedy = "Pilih kelurahan atau desa.";
            wrong("region", "not_a_village", remedy.to_owned());
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        self.refuse_registered(&digits, village, &purpose).await?;
        let office = self.office_for(village).await?;
        let settings = &office.settings;
        let until = at.plus_s(i64::from(settings.valid_days) * 86_400);
        let (village_name, above) = self.place_names(village).await?;
        let mut content = frame(settings, LetterKind::NotRegistered, REGIME, village, at);
        content.opening = format!(
            "Yang bertanda tangan di bawah ini menerangkan bahwa menurut pencarian dengan NIK pada {} di wilayah data \
             kami per {}, orang dengan identitas berikut sesuai KTP yang ditunjukkan:",
            registry_name(REGIME),
            in_words(today)
        );
        content.lines = vec![
            line("name", "Nama", name),
            line("nik", "NIK", number_on(settings, &digits)),
            line(
                "birth",
                "Tanggal lahir",
                born.map(in_words).unwrap_or_default(),
            ),
            line("address", "Alamat", street(&address, rt, rw)),
            line("village", "Kelurahan/desa", village_name),
            line("above", "Wilayah", above),
            line(
                "status",
                "Status",
                format!("TIDAK TERDAFTAR dalam {REGIME}"),
            ),
            line("purpose", "Keperluan", purpose.clone()),
            line(
                "valid_until",
                "Berlaku sampai",
                in_words(day_at(village, until)),
            ),
        ];
        content.paragraphs = vec![
            "Warga yang merasa layak dapat mengajukan usulan di kantor kelurahan tanpa biaya.".to_owned(),
            "Demikian surat keterangan ini dibuat dengan sebenarnya untuk dipergunakan sebagaimana mestinya."
                .to_owned(),
        ];
        let looked = self.nobody_found(
            Permission::IssueLetters,
            "letter_number_unknown",
            Some(purpose),
        );
        self.note_reads(looked).await?;
        Ok(Draft {
            content,
            role,
            region: village.clone(),
            office,
            family: None,
            person: None,
            notice: None,
            valid_until: Some(until),
        })
    }

    /// Nobody is said to be missing whose NIK is here, wherever that is. Who practises asks the invented registry.
    async fn refuse_registered(
        &self,
        digits: &str,
        village: &RegionCode,
        purpose: &str,
    ) -> Result<()> {
        let on = self.store.read();
        let values = self.store.keys().blind_nik_candidates(digits);
        let found = blind_index::Entity::find()
            .filter(blind_index::Column::Kind.is_in([Number::Nik.own(), Number::Nik.old()]))
            .filter(
                blind_index::Column::Value.is_in(values.into_iter().map(|one| one.hash.to_vec())),
            )
            .all(on)
            .await?;
        let persons = person::Entity::find()
            .filter(person::Column::Id.is_in(found.into_iter().map(|row| row.object_id)))
            .filter(person::Column::MergedInto.is_null())
            .all(on)
            .await?;
        let homes = family::Entity::find()
            .filter(family::Column::Id.is_in(persons.into_iter().map(|row| row.family_id)))
            .filter(family::Column::ClosedAt.is_null())
            .all(on)
            .await?;
        let mut known = false;
        let mut near = false;
        for home in &homes {
            let place = region_code(&home.region)?;
            if place.is_training() == village.is_training() {
                known = true;
                near |= self.actor.may_in(Permission::IssueLetters, &place);
            }
        }
        if !known {
            return Ok(());
        }
        let looked = self.nobody_found(
            Permission::IssueLetters,
            "letter_number_known",
            Some(purpose.to_owned()),
        );
        self.note_reads(looked).await?;
        Err(Error::field(
            "subject.nik",
            "registered",
            if near {
                "NIK ini tercatat di wilayah Anda: cari keluarganya, lalu cetak surat terdaftar."
            } else {
                "NIK ini tercatat di kelurahan lain: warga dapat meminta surat di kelurahan itu, atau mengurus \
                 kepindahan datanya."
            },
        ))
    }

    /// The letter about a cancellation: why, on which evidence, and until when and where to appeal.
    async fn draft_notice(&self, id: NoticeId, appeal_days: u32) -> Result<Draft> {
        let on = self.store.read();
        let row = notice::Entity::find_by_id(Uuid::from(id))
            .one(on)
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let held = membership::Entity::find_by_id(row.membership_id)
            .one(on)
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let village = region_code(&held.region)?;
        let role = self.actor.act_in(Permission::IssueLetters, &village)?;
        let state: MembershipState = held.state.parse().map_err(Error::internal)?;
        match state {
            MembershipState::Inactive | MembershipState::Replaced | MembershipState::Withdrawn => {}
            MembershipState::Candidate
            | MembershipState::Designated
            | MembershipState::Active
            | MembershipState::Suspended
            | MembershipState::Graduated => {
                return Err(Error::field(
                    "subject.notice",
                    "undone",
                    "Kepesertaan ini tidak lagi dihentikan, jadi tidak ada yang diberitahukan.",
                ));
            }
        }
        let home = family::Entity::find_by_id(row.family_id)
            .one(on)
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let office = self.office_for(&village).await?;
        let settings = &office.settings;
        let at = self.store.now();
        let (village_name, above) = self.place_names(&village).await?;
        let program = program::Entity::find_by_id(held.program.clone())
            .one(on)
            .await?
            .map_or_else(|| held.program.clone(), |row| row.name);
        let decided = case_membership::Entity::find()
            .filter(case_membership::Column::CaseId.eq(row.case_id))
            .filter(case_membership::Column::MembershipId.eq(row.membership_id))
            .one(on)
            .await?;
        let evidence = visit::Entity::find()
            .filter(visit::Column::FiledCaseId.eq(row.case_id))
            .order_by_desc(visit::Column::CapturedAt)
            .one(on)
            .await?;
        let day = |us: i64| in_words(day_at(&village, Timestamp::from_micros(us)));
        let why = row.reason.parse().map_err(Error::internal)?;
        let mut content = frame(settings, LetterKind::Notice, REGIME, &village, at);
        content.addressee = vec![
            format!("Yth. Bapak/Ibu {}", home.name),
            street(&home.address, &home.rt, &home.rw),
            format!("{village_name}, {above}"),
        ];
        // Who stood for a place and never had one has nothing to be given back: they are proposed again.
        let never_had = state == MembershipState::Withdrawn;
        let (opening, decision) = if never_had {
            (
                "Dengan ini kami beritahukan keputusan tentang pencalonan keluarga Bapak/Ibu:",
                "tidak ditetapkan sebagai penerima",
            )
        } else {
            (
                "Dengan ini kami beritahukan keputusan tentang kepesertaan keluarga Bapak/Ibu:",
                "kepesertaan dihentikan",
            )
        };
        opening.clone_into(&mut content.opening);
        content.lines = vec![
            line("name", "Nama", home.name.clone()),
            line("village", "Kelurahan/desa", village_name.clone()),
            line("program", "Program", program),
            line("decision", "Keputusan", decision),
            line("reason", "Alasan", reason::label(&why)),
        ];
        if let Some(visit) = evidence {
            content.lines.push(line(
                "evidence",
                "Tanggal bukti",
                format!("{} (kunjungan petugas)", day(visit.captured_at)),
            ));
        }
        if let Some(number) = decided
            .as_ref()
            .and_then(|link| link.document_number.clone())
        {
            content
                .lines
                .push(line("document", "Dasar keputusan", number));
        }
        content
            .lines
            .push(line("decided", "Tanggal keputusan", day(row.created_at)));
        let because = self.reasons_told(&row).await?;
        if !because.is_empty() {
            content.paragraphs.push(format!("Penjelasan: {because}"));
        }
        if never_had {
            content.paragraphs.push(format!(
                "Bila keadaan di atas tidak benar atau sudah berubah, keluarga Bapak/Ibu dapat diusulkan kembali. Datanglah ke {} \
                 dengan membawa surat ini, KTP dan KK. Pengusulan tidak dipungut biaya.",
                settings.appeal_at
            ));
        } else {
            let until = match (row.appeal_until, appeal_days) {
                (Some(until), _) if row.delivered_at.is_some() => {
                    format!("paling lambat {}", day(until))
                }
                (Some(_) | None, 0) => "tidak dibatasi waktu".to_owned(),
                (Some(_) | None, days) => {
                    format!("paling lambat {days} hari sejak surat ini diterima keluarga")
                }
            };
            content.lines.extend([
                line("appeal_until", "Batas keberatan", until),
                line("appeal_at", "Tempat keberatan", settings.appeal_at.clone()),
            ]);
            content.paragraphs.push(
                "Bila Bapak/Ibu tidak setuju, ajukan keberatan sampai batas waktu di atas dengan membawa surat ini, KTP dan KK. \
                 Keberatan tidak dipungut biaya, diperiksa oleh petugas yang lain, dan Bapak/Ibu menerima tanda terima."
                    .to_owned(),
            );
            // Without a period nothing is held back: the letter must not promise it.
            if appeal_days > 0 {
                content.paragraphs.push(
                    "Selama masa keberatan tempat keluarga Bapak/Ibu belum diserahkan kepada keluarga lain."
                        .to_owned(),
                );
            }
        }
        self.note_reads([self.family_read(home.id, &village, "family_notice")?])
            .await?;
        Ok(Draft {
            content,
            role,
            region: village,
            office,
            family: Some(home.id),
            person: held.person_id,
            notice: Some(row.id),
            valid_until: None,
        })
    }

    /// What the rule that prepared this cancellation said, in its own sentences; empty when people alone decided.
    async fn reasons_told(&self, row: &notice::Model) -> Result<String> {
        let on = self.store.read();
        let prepared = prepared_cancellation::Entity::find()
            .filter(prepared_cancellation::Column::MembershipId.eq(row.membership_id))
            .filter(prepared_cancellation::Column::CaseId.eq(row.case_id))
            .order_by_desc(prepared_cancellation::Column::PreparedAt)
            .one(on)
            .await?;
        let Some(prepared) = prepared else {
            return Ok(String::new());
        };
        let said = evaluation::Entity::find_by_id(prepared.evaluation_id)
            .all(on)
            .await?;
        let views = self.evaluation_views(said).await?;
        Ok(views
            .iter()
            .map(|view| tilik_protocol::evaluation::against(&view.reasons))
            .collect::<Vec<_>>()
            .join(" "))
    }
}
