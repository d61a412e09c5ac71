//! Whether a proposal can be handed in, verified, endorsed: what stands in its way, and what its judges should know.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use tilik_protocol::evidence::Flag;
use tilik_protocol::health::{HealthSegment, HealthStatus, PBI, REACTIVATION_MONTHS, Reactivation};
use tilik_protocol::membership::{MembershipState, SlotState};
use tilik_protocol::policy::Permission;
use tilik_protocol::problem::FieldProblem;
use tilik_protocol::proposal::{ProposalKind, ProposalState};
use tilik_protocol::reason::{self, EXCLUSION_REASONS, REACTIVATION_REASONS, ReasonCode};
use tilik_protocol::region::{RegionCode, RegionLevel};
use tilik_protocol::time::Timestamp;
use tilik_protocol::window::{Regime, month_of, period_of};
use uuid::Uuid;

use super::{kind_of, table};
use crate::error::{Error, Result};
use crate::store::families::region_code;
use crate::store::imports::day_of as day_at;
use crate::store::tables::{desk_family, family, membership, person, program, region, slot, visit};
use crate::store::{Acting, health, rules, windows};

/// The code of what is handed in outside its window.
pub(super) const CLOSED: &str = "PERIODE_TUTUP";

/// What there is to say of a proposal as it is now.
#[derive(Default)]
pub(super) struct Fit {
    /// What stands in the way.
    pub problems: Vec<FieldProblem>,
    /// What stands in nobody's way.
    pub warnings: Vec<ReasonCode>,
    /// What it rests on.
    pub visit: Option<visit::Model>,
    /// For which period it would count, and whether that is late.
    pub period: Option<(String, bool)>,
    /// Until when it can be handed in.
    pub closes_at: Option<Timestamp>,
}

pub(super) fn problem(field: &str, code: &str, remedy: &str) -> FieldProblem {
    FieldProblem {
        field: field.to_owned(),
        code: code.to_owned(),
        remedy: remedy.to_owned(),
    }
}

const MONTHS: [&str; 12] = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
];

/// Whether a place goes on while its holder is brought back at BPJS.
pub(super) fn stays(held: &membership::Model) -> bool {
    [MembershipState::Active, MembershipState::Suspended]
        .iter()
        .any(|state| held.state == state.to_string())
}

/// That a family is no more, and what to do then.
pub(super) fn gone(home: &family::Model) -> Option<FieldProblem> {
    home.closed_at?;
    let (code, remedy) = if home.merged_into.is_some() {
        (
            "merged",
            "Keluarga ini sudah digabung dengan keluarga lain; usulkan keluarga gabungannya.",
        )
    } else {
        (
            "closed",
            "Keluarga ini sudah ditutup (pindah keluar, pecah atau tidak ada lagi anggotanya); pilih keluarga lain.",
        )
    };
    Some(problem("content.family", code, remedy))
}

/// `1 Desember 2026`, where the region is.
fn day_of(region: &RegionCode, at: Timestamp) -> String {
    let (year, month, day) = rules::day_of(region, at);
    let month = MONTHS.get((month as usize).saturating_sub(1)).copied();
    format!("{day} {} {year}", month.unwrap_or_default())
}

/// Whether what a row names is there: a program of the list, a living member of the family, a village, a reason.
pub(super) async fn references(
    on: &impl ConnectionTrait,
    row: &table::Model,
) -> Result<Vec<FieldProblem>> {
    let mut problems = Vec::new();
    if !row.program.is_empty()
        && program::Entity::find_by_id(row.program.clone())
            .one(on)
            .await?
            .is_none()
    {
        problems.push(problem(
            "content.program",
            "unknown",
            "Program ini tidak dikenal.",
        ));
    }
    if let Some(id) = row.person_id {
        let member = person::Entity::find_by_id(id)
            .one(on)
            .await?
            .filter(|person| {
                Some(person.family_id) == row.family_id
                    && person.alive
                    && person.merged_into.is_none()
            });
        if member.is_none() {
            problems.push(problem(
                "content.person",
                "not_a_member",
                "Pilih anggota keluarga ini yang masih hidup.",
            ));
        }
    }
    if let Some(code) = &row.to_region {
        let known = region::Entity::find_by_id(code.clone()).one(on).await?;
        let is_village = known.is_some_and(|known| known.level == RegionLevel::Village.to_string());
        if !is_village || *code == row.region {
            problems.push(problem(
                "content.to_region",
                "unknown",
                "Pilih kelurahan tujuan yang lain dari kelurahan ini.",
            ));
        }
    }
    if let Some(code) = &row.reason {
        let list = if kind_of(row)? == ProposalKind::PbiReactivation {
            REACTIVATION_REASONS
        } else {
            EXCLUSION_REASONS
        };
        let listed = code
            .parse::<ReasonCode>()
            .is_ok_and(|code| reason::is_listed(&code, list));
        if !listed {
            problems.push(problem(
                "content.reason",
                "unknown",
                "Pilih alasan dari daftar.",
            ));
        }
    }
    Ok(problems)
}

/// What a kind asks for, as `(field, there is one, remedy)`.
fn asked(kind: ProposalKind, row: &table::Model) -> Vec<(&'static str, bool, &'static str)> {
    let program = (
        "content.program",
        !row.program.is_empty(),
        "Pilih programnya.",
    );
    let person = ("content.person", row.person_id.is_some(), "Pilih orangnya.");
    match kind {
        ProposalKind::New => Vec::new(),
        ProposalKind::Correction => vec![(
            "content.note",
            row.note_enc.is_some(),
            "Tulis apa yang keliru dan apa yang benar.",
        )],
        ProposalKind::Program => vec![program],
        ProposalKind::Removal => vec![
            program,
            (
                "content.reason",
                row.reason.is_some(),
                "Pilih alasan keluar dari program.",
            ),
        ],
        ProposalKind::Relocation => vec![(
            "content.to_region",
            row.to_region.is_some(),
            "Pilih kelurahan tujuan.",
        )],
        ProposalKind::PayeeChange => vec![person],
        ProposalKind::PbiReactivation => vec![
            program,
            person,
            (
                "content.reason",
                row.reason.is_some(),
                "Pilih alasan reaktivasi.",
            ),
            (
                "content.document_number",
                row.document_number.is_some(),
                "Isi nomor surat keterangan membutuhkan layanan kesehatan dari fasilitas kesehatan.",
            ),
        ],
    }
}

impl Acting {
    /// That the family lives elsewhere now; where, only to who reaches it.
    pub(super) async fn elsewhere(
        &self,
        on: &impl ConnectionTrait,
        home: &family::Model,
    ) -> Result<FieldProblem> {
        let now = region_code(&home.region)?;
        let words = if self.actor.may_in(Permission::ReadCases, &now) {
            let known = region::Entity::find_by_id(home.region.clone())
                .one(on)
                .await?;
            let name = known.map(|known| known.name).unwrap_or_default();
            format!("Keluarga ini sekarang di {name} ({now}); usulkan dari kelurahan itu.")
        } else {
            "Keluarga ini tidak lagi tinggal di kelurahan ini.".to_owned()
        };
        Ok(problem("content.family", "DI_LUAR_WILAYAH", &words))
    }

    /// Why a proposal's family cannot be proposed from here any more; none when it can.
    pub(super) async fn away(
        &self,
        on: &impl ConnectionTrait,
        row: &table::Model,
    ) -> Result<Option<FieldProblem>> {
        let Some(id) = row.family_id else {
            return Ok(None);
        };
        let home = family::Entity::find_by_id(id)
            .one(on)
            .await?
            .ok_or(Error::NOT_FOUND)?;
        if home.region != row.region {
            return Ok(Some(self.elsewhere(on, &home).await?));
        }
        Ok(gone(&home))
    }

    /// Looks at a proposal as it would be handed in now.
    pub(super) async fn fit(
        &self,
        on: &impl ConnectionTrait,
        row: &table::Model,
        now: Timestamp,
    ) -> Result<Fit> {
        let kind = kind_of(row)?;
        let village = region_code(&row.region)?;
        let mut fit = Fit::default();
        let Some(family_id) = row.family_id else {
            let remedy = "Pilih keluarganya; daftarkan lebih dahulu bila belum ada di register.";
            fit.problems
                .push(problem("content.family", "missing", remedy));
            return Ok(fit);
        };
        let home = family::Entity::find_by_id(family_id)
            .one(on)
            .await?
            .ok_or(Error::NOT_FOUND)?;
        if home.region != row.region {
            fit.problems.push(self.elsewhere(on, &home).await?);
            return Ok(fit);
        }
        if let Some(gone) = gone(&home) {
            fit.problems.push(gone);
            return Ok(fit);
        }
        fit.problems.extend(references(on, row).await?);
        for (field, there, remedy) in asked(kind, row) {
            if !there {
                fit.problems.push(problem(field, "missing", remedy));
            }
        }
        self.about_program(on, row, kind, &home, &village, &mut fit)
            .await?;
        fit.visit = self.resting_on(on, row, &home, kind).await?;
        if matches!(kind, ProposalKind::Program | ProposalKind::PbiReactivation)
            && !self.was_seen(on, &home).await?
        {
            let words = "Keluarga ini ditulis di loket dan belum pernah dilihat: minta kunjungan petugas, atau tunggu usulan keluarga barunya diterima.";
            fit.problems
                .push(problem("content.family", "FOTO_TIDAK_SESUAI", words));
        }
        if kind == ProposalKind::New {
            if home.registry_key.is_some() {
                let words = "Keluarga ini sudah terdaftar; pakai perbaikan data.";
                fit.problems
                    .push(problem("content.family", "SUDAH_TERDAFTAR", words));
            }
            if fit.visit.is_none() {
                let words = "Belum ada foto depan dan titik lokasi yang disegel petugas untuk keluarga ini; minta kunjungan.";
                fit.problems
                    .push(problem("visit", "FOTO_TIDAK_SESUAI", words));
            }
        }
        let regime = Regime::of_family(&home.regime);
        let offset = village.utc_offset_min();
        let made = fit.visit.as_ref().map(|visit| {
            (
                Timestamp::from_micros(visit.captured_at),
                Timestamp::from_micros(visit.received_at),
            )
        });
        match windows::in_force(on, kind.into(), &row.program, regime).await? {
            None => fit.period = Some((month_of(offset, now), false)),
            Some(days) => match period_of(&days, offset, now, made) {
                Ok(period) => {
                    fit.period = Some(period);
                    fit.closes_at = windows::closes_at(&days, offset, now);
                }
                Err(opens_at) => {
                    let day = day_of(&village, opens_at);
                    let words = format!("Di luar jadwal usulan; dibuka lagi {day}.");
                    fit.problems.push(problem("window", CLOSED, &words));
                }
            },
        }
        Ok(fit)
    }

    /// Who is in the program already, whether there is room, and whether the decile fits.
    async fn about_program(
        &self,
        on: &impl ConnectionTrait,
        row: &table::Model,
        kind: ProposalKind,
        home: &family::Model,
        village: &RegionCode,
        fit: &mut Fit,
    ) -> Result<()> {
        let Some(found) = program::Entity::find_by_id(row.program.clone())
            .one(on)
            .await?
        else {
            return Ok(());
        };
        if found.unit == "person" && row.person_id.is_none() {
            let words = "Program ini untuk perorangan; pilih orangnya.";
            fit.problems
                .push(problem("content.person", "missing", words));
            return Ok(());
        }
        let held = membership::Entity::find()
            .filter(membership::Column::Program.eq(&row.program))
            .filter(membership::Column::FamilyId.eq(home.id))
            .filter(
                membership::Column::State.is_in(
                    [
                        MembershipState::Candidate,
                        MembershipState::Designated,
                        MembershipState::Active,
                        MembershipState::Suspended,
                    ]
                    .map(|state| state.to_string()),
                ),
            );
        let held = match row.person_id {
            Some(person) if found.unit == "person" => {
                held.filter(membership::Column::PersonId.eq(person))
            }
            Some(_) | None => held,
        };
        let held = held.one(on).await?;
        let holds = held.is_some();
        let joins = match kind {
            ProposalKind::PbiReactivation => {
                self.about_return(on, row, village, fit).await?;
                // BPJS ended what stands here still: it is brought back there, and the place stays.
                if held.as_ref().is_some_and(stays) {
                    return Ok(());
                }
                true
            }
            ProposalKind::Program => {
                self.about_insurance(on, row, fit).await?;
                true
            }
            ProposalKind::Removal => {
                if !holds {
                    let words = "Keluarga ini tidak menerima program itu.";
                    fit.problems
                        .push(problem("content.program", "not_held", words));
                }
                false
            }
            ProposalKind::New
            | ProposalKind::Correction
            | ProposalKind::Relocation
            | ProposalKind::PayeeChange => false,
        };
        if !joins {
            return Ok(());
        }
        if holds {
            let words = "Sudah terdaftar pada program ini.";
            fit.problems
                .push(problem("content.program", "SUDAH_TERDAFTAR", words));
        }
        if is_full(on, &row.program, village).await? {
            // The centre keeps its own quota and fills it from the registry; the city's own is the city's to keep.
            if found.central {
                fit.warnings.push(ReasonCode::known("KUOTA_PENUH"));
            } else {
                let words = "Kuota program ini di kelurahan ini penuh.";
                fit.problems
                    .push(problem("content.program", "KUOTA_PENUH", words));
            }
        }
        match (home.decile, found.decile_max) {
            (None, Some(_)) => fit.warnings.push(ReasonCode::known("BELUM_DIPERINGKAT")),
            (Some(decile), Some(most)) if decile > most => {
                fit.warnings.push(ReasonCode::known("DESIL_TIDAK_SESUAI"));
            }
            (Some(_) | None, Some(_) | None) => {}
        }
        Ok(())
    }

    /// Of whom is to be brought back into the health insurance: what BPJS says of them, and whether it is still time.
    async fn about_return(
        &self,
        on: &impl ConnectionTrait,
        row: &table::Model,
        village: &RegionCode,
        fit: &mut Fit,
    ) -> Result<()> {
        if row.program != PBI {
            let words = "Reaktivasi hanya untuk program PBI-JK; pilih PBI-JK.";
            fit.problems
                .push(problem("content.program", "not_pbi", words));
            return Ok(());
        }
        let Some(person) = row.person_id else {
            return Ok(());
        };
        let today = day_at(village, self.store.now())
            .ok_or_else(|| Error::internal("a day before the calendar"))?;
        let said = health::current_of(on, person).await?;
        match health::may_come_back(said.as_ref(), today) {
            Reactivation::Open(Some(_)) => {}
            Reactivation::Open(None) => {
                fit.warnings
                    .push(ReasonCode::known("TANGGAL_NONAKTIF_BELUM_ADA"));
            }
            Reactivation::NoStatus => {
                fit.warnings
                    .push(ReasonCode::known("STATUS_BPJS_BELUM_ADA"));
            }
            Reactivation::StillActive => {
                let as_of = said.map(|said| said.as_of).unwrap_or_default();
                let words = format!(
                    "BPJS menyatakan orang ini aktif menurut data per {as_of}; reaktivasi tidak diperlukan."
                );
                fit.problems
                    .push(problem("content.person", "still_insured", &words));
            }
            Reactivation::TooLate(until) => {
                let words = format!(
                    "Reaktivasi hanya sampai {REACTIVATION_MONTHS} bulan sejak dinonaktifkan, untuk orang ini sampai {until}; ajukan sebagai usulan bansos PBI-JK baru."
                );
                fit.problems
                    .push(problem("content.person", "LEWAT_TENGGAT", &words));
            }
        }
        Ok(())
    }

    /// Of whom is proposed for PBI-JK: whether somebody else pays for their insurance already.
    async fn about_insurance(
        &self,
        on: &impl ConnectionTrait,
        row: &table::Model,
        fit: &mut Fit,
    ) -> Result<()> {
        let Some(person) = row.person_id.filter(|_| row.program == PBI) else {
            return Ok(());
        };
        let said = health::current_of(on, person).await?;
        let paid = said.is_some_and(|said| {
            let pbi = HealthSegment::PbiJk.to_string();
            said.status == HealthStatus::Aktif.to_string()
                && said.segment.is_some_and(|segment| segment != pbi)
        });
        if paid {
            fit.warnings.push(ReasonCode::known("SEGMEN_JKN_LAIN"));
        }
        Ok(())
    }

    /// Whether somebody other than the desk knows this family: a list named it, an officer saw its house as it must be seen,
    /// or the centre took it in.
    async fn was_seen(&self, on: &impl ConnectionTrait, home: &family::Model) -> Result<bool> {
        if home.registry_key.is_some() {
            return Ok(true);
        }
        let of_desk = desk_family::Entity::find_by_id(home.id).one(on).await?;
        if of_desk.is_none() {
            return Ok(true);
        }
        let taken_in = table::Entity::find()
            .filter(table::Column::FamilyId.eq(home.id))
            .filter(table::Column::Kind.eq(ProposalKind::New.to_string()))
            .filter(table::Column::State.eq(ProposalState::Accepted.to_string()))
            .one(on)
            .await?;
        Ok(taken_in.is_some() || self.newest_visit(on, home).await?.is_some())
    }

    /// The newest visit of this family at its present house with a front photo that is here and a pin, sealed while its officer
    /// was on duty.
    async fn newest_visit(
        &self,
        on: &impl ConnectionTrait,
        home: &family::Model,
    ) -> Result<Option<Uuid>> {
        let text = format!(
            "SELECT v.id FROM visit v JOIN verification_case c ON c.id = v.filed_case_id \
             WHERE c.family_id = $1 AND c.house_id = $2 AND v.kind <> 'unreachable' AND {} \
             ORDER BY v.received_at DESC, v.id LIMIT 1",
            is_whole()
        );
        let values = [home.id.into(), home.house_id.into()];
        let found = on.query_all_raw(self.store.sql(&text, values)).await?;
        let first = found.first().map(|row| row.try_get_by_index(0));
        Ok(first.transpose()?)
    }

    /// The visit that a proposal rests on: of a new family its newest whole one at its house, else the finding it came from when
    /// that is whole; of another the finding, whatever it shows: it tells when the officer was there.
    async fn resting_on(
        &self,
        on: &impl ConnectionTrait,
        row: &table::Model,
        home: &family::Model,
        kind: ProposalKind,
    ) -> Result<Option<visit::Model>> {
        let finding = row.finding_id.or(row.visit_id);
        let known = if kind == ProposalKind::New {
            match (self.newest_visit(on, home).await?, finding) {
                (Some(newest), _) => Some(newest),
                (None, Some(finding)) => {
                    let text = format!(
                        "SELECT v.id FROM visit v WHERE v.id = $1 AND v.kind = 'finding' AND {}",
                        is_whole()
                    );
                    let found = on
                        .query_all_raw(self.store.sql(&text, [finding.into()]))
                        .await?;
                    let first = found.first().map(|row| row.try_get_by_index(0));
                    first.transpose()?
                }
                (None, None) => None,
            }
        } else {
            finding
        };
        match known {
            Some(id) => Ok(visit::Entity::find_by_id(id).one(on).await?),
            None => Ok(None),
        }
    }
}

/// Of a visit `v`: it has its pin and a front photo that is here and can be seen, and nothing speaks against its officer or
/// phone.
fn is_whole() -> String {
    let wrong = [
        Flag::SealedAfterEnd,
        Flag::Training,
        Flag::StolenDevice,
        Flag::BadPhoto,
    ]
    .map(|flag| format!("'{flag}'"))
    .join(", ");
    format!(
        "v.lat_e7 IS NOT NULL AND v.lon_e7 IS NOT NULL AND EXISTS (SELECT 1 FROM visit_photo l \
         JOIN photo p ON p.id = l.photo_id WHERE l.visit_id = v.id \
         AND l.kind IN ('house_front', 'narrow_left') AND p.received_at IS NOT NULL AND p.problem IS NULL) \
         AND NOT EXISTS (SELECT 1 FROM visit_flag f WHERE f.visit_id = v.id AND f.flag IN ({wrong}))"
    )
}

/// Whether a program has places for a village, its district or city, and none of them is free.
async fn is_full(on: &impl ConnectionTrait, program: &str, village: &RegionCode) -> Result<bool> {
    let places = std::iter::successors(Some(village.clone()), RegionCode::parent);
    let places: Vec<String> = places.map(|code| code.to_string()).collect();
    let of = slot::Entity::find()
        .filter(slot::Column::Program.eq(program))
        .filter(slot::Column::Region.is_in(places));
    let free = of
        .clone()
        .filter(slot::Column::State.eq(SlotState::Free.to_string()));
    if free.one(on).await?.is_some() {
        return Ok(false);
    }
    let kept = of.filter(slot::Column::State.ne(SlotState::Retired.to_string()));
    Ok(kept.one(on).await?.is_some())
}
