//! A case as who reviews or decides it sees it: the family masked, its visits with what they show, what is to be decided.

use std::collections::{BTreeSet, HashMap};

use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, DatabaseBackend, EntityTrait, FromQueryResult, JoinType, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, RelationDef, Select, Statement,
};
use tilik_protocol::duty::Outcome;
use tilik_protocol::evidence::{Flag, PhotoKind};
use tilik_protocol::family::Domicile;
use tilik_protocol::form::{Answers, Form};
use tilik_protocol::ids::{
    CaseId, FamilyId, HouseId, MembershipId, NoticeId, PersonId, PhotoId, UserId, VisitId,
};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::{
    AnswerView, CaseView, FamilyView, LeaseView, MembershipView, PersonView, PhotoView, PinView,
    RefusalView, VisitView,
};
use tilik_protocol::sync::{FlagMeasure, FlagView, LastPin, MeasureUnit};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::Acting;
use super::cases::{Case, due_at, live_lease, returned_of};
use super::lanes::QueryEach as _;
use super::population::{Stays, moves_of};
use super::review::captured;
use super::tables::{
    boundary, case_membership, family, house, membership, notice, person, photo, verification_case,
    visit, visit_flag, visit_photo,
};
use super::users::{Named, named};
use crate::error::{Error, Result};
use crate::geometry::{self, Place};
use crate::keys::Keyring;

/// A photo as a visit shows it.
#[derive(FromQueryResult)]
pub(super) struct Shown {
    pub(super) visit_id: Uuid,
    kind: String,
    taken_at: i64,
    id: Uuid,
    width: i32,
    height: i32,
    state: String,
    problem: Option<String>,
}

/// A pin of the house from before, and the visit that made it.
#[derive(Debug, Clone, FromQueryResult)]
struct Earlier {
    id: Uuid,
    captured_at: i64,
    received_at: i64,
    lat_e7: i64,
    lon_e7: i64,
    accuracy_cm: i64,
}

impl Earlier {
    fn last_pin(&self) -> LastPin {
        LastPin {
            lat_e7: self.lat_e7,
            lon_e7: self.lon_e7,
            accuracy_cm: self.accuracy_cm,
            taken_at: Timestamp::from_micros(self.captured_at),
        }
    }
}

/// The pin that a case's visits are held against. Before its acceptance that is the house's; from then on the house has this
/// case's own, or a later one, and what was there before is the last one captured before it. Never one of the visits shown,
/// nor what the family brought along from a house before this one.
fn earlier_pin(
    case: &Case,
    visits: &[visit::Model],
    stays: &Stays,
    mut others: Vec<Earlier>,
) -> Option<Earlier> {
    others.retain(|row| {
        let at = captured(row.captured_at, row.received_at);
        !stays.elsewhere(case.family_id, case.house_id, at)
    });
    if case.accepted_basis.as_deref() == Some("visit")
        && let Some(current) = visits.iter().find(|row| Some(row.id) == case.current_visit)
    {
        let since = captured(current.captured_at, current.received_at);
        others.retain(|row| captured(row.captured_at, row.received_at) <= since);
    }
    others
        .into_iter()
        .filter(|row| visits.iter().all(|shown| shown.id != row.id))
        .max_by_key(|row| captured(row.captured_at, row.received_at))
}

/// Masks a NIK or KK number: at most its first four digits.
pub(super) fn masked(number: &str) -> String {
    let shown: String = number.chars().take(4).collect();
    format!(
        "{shown}{}",
        "*".repeat(number.chars().count().saturating_sub(4))
    )
}

/// The form a visit answered; `None` when this build does not have it, and then nothing says what its answers mean.
pub(super) fn shipped_form(row: &visit::Model) -> Result<Option<Form>, serde_json::Error> {
    let version = row
        .form_version
        .and_then(|version| u32::try_from(version).ok());
    let named = row.form_id.as_deref().zip(version);
    let found = named.map(|(id, version)| Form::shipped(id, version));
    Ok(found.transpose()?.flatten())
}

fn ids_of_memberships(case: &Case) -> SelectStatement {
    Query::select()
        .column(case_membership::Column::MembershipId)
        .from(case_membership::Entity)
        .and_where(case_membership::Column::CaseId.eq(case.id))
        .to_owned()
}

impl Acting {
    pub(super) async fn case_view(&self, case: Case, region: RegionCode) -> Result<CaseView> {
        let backend = self.store.backend();
        let mut answers = self
            .store
            .read()
            .query_each(of_case(&case, backend))
            .await?;
        let house: house::Model = answers.one()?.ok_or(Error::NOT_FOUND)?;
        let family: family::Model = answers.one()?.ok_or(Error::NOT_FOUND)?;
        let persons: Vec<person::Model> = answers.all()?;
        let visits: Vec<visit::Model> = answers.all()?;
        let links: Vec<(case_membership::Model, membership::Model)> = answers
            .rows()
            .iter()
            .map(|row| {
                Ok((
                    case_membership::Model::from_query_result(row, "A_")?,
                    membership::Model::from_query_result(row, "B_")?,
                ))
            })
            .collect::<Result<_>>()?;
        let notices: Vec<notice::Model> = answers.all()?;
        let successors: Vec<membership::Model> = answers.all()?;
        let others = answers.all()?;
        let stays = Stays(answers.all()?);
        let earlier = earlier_pin(&case, &visits, &stays, others);
        let lives_in = family.house_id;
        let before_move = |captured_at, received_at| {
            stays.elsewhere(case.family_id, lives_in, captured(captured_at, received_at))
        };
        let deciders = links
            .iter()
            .flat_map(|(link, _)| [link.proposed_by, link.confirmed_by, link.refused_by])
            .flatten();
        let people = visits
            .iter()
            .map(|row| row.officer_id)
            .chain(case.officer_id)
            .chain(case.lease_user)
            .chain(deciders)
            .collect();

        // After the visits: what belongs to one is kept with it, and must not be missing from it.
        let mut answers = self
            .store
            .read()
            .query_each(of_visits(&case, earlier.as_ref(), &visits, people, backend))
            .await?;
        let outline: Option<boundary::Model> = answers.one()?;
        let outline = outline.and_then(|row| geometry::boundary(&row.geometry));
        let photos: Vec<Shown> = answers.all()?;
        let flags: Vec<visit_flag::Model> = answers.all()?;
        let people: Vec<Named> = answers.all()?;
        let name_of = |id: Uuid| {
            let known = people.iter().find(|row| row.id == id);
            known.map(|row| row.name.clone())
        };

        let mut photos_of: HashMap<Uuid, Vec<Shown>> = HashMap::new();
        for shown in photos {
            photos_of.entry(shown.visit_id).or_default().push(shown);
        }
        let mut flags_of: HashMap<Uuid, Vec<visit_flag::Model>> = HashMap::new();
        for flag in flags {
            flags_of.entry(flag.visit_id).or_default().push(flag);
        }
        let keys = self.store.keys();
        let about = About {
            persons: &persons,
            notices: &notices,
            successors: &successors,
            people: &people,
            keys,
        };
        let memberships = links
            .into_iter()
            .map(|(link, row)| about.membership(link, row))
            .collect::<Result<_>>()?;
        let visits: Vec<VisitView> = visits
            .into_iter()
            .map(|row| {
                Ok(VisitView {
                    id: VisitId(row.id),
                    kind: Lenient::read(&row.kind),
                    officer: UserId(row.officer_id),
                    officer_name: name_of(row.officer_id),
                    captured_at: Timestamp::from_micros(row.captured_at),
                    received_at: Timestamp::from_micros(row.received_at),
                    complete_at: row.complete_at.map(Timestamp::from_micros),
                    pin: pin(&row, earlier.as_ref(), outline.as_ref()),
                    photos: photos_of
                        .remove(&row.id)
                        .map(|photos| shown(photos, before_move(row.captured_at, row.received_at)))
                        .unwrap_or_default(),
                    answers: answered(&row, keys)?,
                    flags: flags_of.remove(&row.id).map(raised).unwrap_or_default(),
                    unreachable: row.unreachable,
                })
            })
            .collect::<Result<_>>()?;
        // What is left after the case's own visits have taken theirs.
        let earlier_photos = earlier.as_ref().and_then(|row| {
            let photos = photos_of.remove(&row.id)?;
            Some(shown(photos, before_move(row.captured_at, row.received_at)))
        });
        let lease = live_lease(&case, self.store.now()).map(|(user, until)| LeaseView {
            mine: Some(user) == self.actor.user(),
            name: name_of(user.into()),
            until,
            on_sheet: case.lease_sheet.is_some(),
        });
        Ok(CaseView {
            id: CaseId(case.id),
            state: Lenient::read(&case.state),
            version: case.version,
            kind: Lenient::read(&case.kind),
            region,
            house: HouseId(house.id),
            family: family_view(family, persons, keys)?,
            officer: case.officer_id.map(UserId),
            officer_name: case.officer_id.and_then(name_of),
            closes_at: due_at(&case),
            accepted_basis: case.accepted_basis.clone(),
            lease,
            current_visit: case.current_visit.map(VisitId),
            visits,
            earlier_pins: earlier.iter().map(Earlier::last_pin).collect(),
            earlier_photos: earlier_photos.unwrap_or_default(),
            returned: returned_of(&case)?,
            memberships,
        })
    }
}

/// Asks for what a view is made of, all at once: every act of a reviewer is answered with one.
fn of_case(case: &Case, backend: DatabaseBackend) -> Vec<Statement> {
    let whose: RelationDef = case_membership::Entity::belongs_to(membership::Entity)
        .from(case_membership::Column::MembershipId)
        .to(membership::Column::Id)
        .into();
    vec![
        house::Entity::find_by_id(case.house_id).build(backend),
        family::Entity::find_by_id(case.family_id).build(backend),
        person::Entity::find()
            .filter(person::Column::FamilyId.eq(case.family_id))
            .filter(person::Column::MergedInto.is_null())
            .order_by_asc(person::Column::Id)
            .build(backend),
        visit::Entity::find()
            .filter(
                Condition::any()
                    .add(visit::Column::FiledCaseId.eq(case.id))
                    .add(visit::Column::CaseId.eq(case.id)),
            )
            .order_by_desc(visit::Column::ReceivedAt)
            .build(backend),
        case_membership::Entity::find()
            .join(JoinType::InnerJoin, whose)
            .select_also(membership::Entity)
            .filter(case_membership::Column::CaseId.eq(case.id))
            .order_by_asc(case_membership::Column::MembershipId)
            .build(backend),
        notice::Entity::find()
            .filter(notice::Column::MembershipId.in_subquery(ids_of_memberships(case)))
            .filter(notice::Column::CaseId.eq(case.id))
            .build(backend),
        membership::Entity::find()
            .filter(membership::Column::SuccessorOf.in_subquery(ids_of_memberships(case)))
            .order_by_desc(membership::Column::RecordedAt)
            .build(backend),
        pins_of_others(case).build(backend),
        moves_of([case.family_id]).build(backend),
    ]
}

/// The pins that other cases of this house were accepted with.
fn pins_of_others(case: &Case) -> Select<visit::Entity> {
    let accepted = Query::select()
        .column(verification_case::Column::CurrentVisit)
        .from(verification_case::Entity)
        .and_where(verification_case::Column::HouseId.eq(case.house_id))
        .and_where(verification_case::Column::Id.ne(case.id))
        .and_where(verification_case::Column::AcceptedBasis.eq("visit"))
        .and_where(verification_case::Column::CurrentVisit.is_not_null())
        .to_owned();
    visit::Entity::find()
        .select_only()
        .columns([
            visit::Column::Id,
            visit::Column::CapturedAt,
            visit::Column::ReceivedAt,
            visit::Column::LatE7,
            visit::Column::LonE7,
            visit::Column::AccuracyCm,
        ])
        .filter(visit::Column::Id.in_subquery(accepted))
        .filter(visit::Column::LatE7.is_not_null())
        .filter(visit::Column::LonE7.is_not_null())
        .filter(visit::Column::AccuracyCm.is_not_null())
        .order_by_asc(visit::Column::ReceivedAt)
}

/// Asks for the outline their pins are compared with, their photos and those of the visit before them, their flags, and
/// what `people` are called: who made them, who has the case, who said something about a membership.
fn of_visits(
    case: &Case,
    earlier: Option<&Earlier>,
    visits: &[visit::Model],
    people: BTreeSet<Uuid>,
    backend: DatabaseBackend,
) -> Vec<Statement> {
    let ids: Vec<Uuid> = visits.iter().map(|row| row.id).collect();
    let shown = ids.iter().copied().chain(earlier.map(|row| row.id));
    let of_link: RelationDef = visit_photo::Entity::belongs_to(photo::Entity)
        .from(visit_photo::Column::PhotoId)
        .to(photo::Column::Id)
        .into();
    vec![
        boundary::Entity::find_by_id(case.region.clone()).build(backend),
        visit_photo::Entity::find()
            .select_only()
            .columns([
                visit_photo::Column::VisitId,
                visit_photo::Column::Kind,
                visit_photo::Column::TakenAt,
            ])
            .columns([
                photo::Column::Id,
                photo::Column::Width,
                photo::Column::Height,
                photo::Column::State,
                photo::Column::Problem,
            ])
            .join(JoinType::InnerJoin, of_link)
            .filter(visit_photo::Column::VisitId.is_in(shown))
            .order_by_asc(visit_photo::Column::Position)
            .build(backend),
        visit_flag::Entity::find()
            .filter(visit_flag::Column::VisitId.is_in(ids))
            .order_by_asc(visit_flag::Column::Flag)
            .build(backend),
        named(people).build(backend),
    ]
}

/// Where a family lives, when not where its KTP says.
pub(super) fn domicile_of(row: &family::Model) -> Result<Option<Domicile>> {
    let Some(region) = &row.domicile_region else {
        return Ok(None);
    };
    Ok(Some(Domicile {
        address: row.domicile_address.clone().unwrap_or_default(),
        rt: row.domicile_rt.clone().unwrap_or_default(),
        rw: row.domicile_rw.clone().unwrap_or_default(),
        region: region.parse().map_err(Error::internal)?,
    }))
}

/// A family, masked.
pub(super) fn family_view(
    row: family::Model,
    persons: Vec<person::Model>,
    keys: &Keyring,
) -> Result<FamilyView> {
    let kk = match &row.kk_enc {
        Some(sealed) => masked(
            &keys
                .decrypt_field("family", "kk", row.id, sealed)
                .map_err(Error::internal)?,
        ),
        None => String::new(),
    };
    let domicile = domicile_of(&row)?;
    let persons = persons
        .into_iter()
        .map(|row| {
            let nik = row
                .nik_enc
                .as_ref()
                .map(|sealed| {
                    keys.decrypt_field("person", "nik", row.id, sealed)
                        .map_err(Error::internal)
                })
                .transpose()?;
            Ok(PersonView {
                id: PersonId(row.id),
                name: row.name,
                nik_masked: nik.map(|nik| masked(&nik)),
                birth_year: row.birth_year.and_then(|year| i16::try_from(year).ok()),
                relation: row.relation,
                version: Some(row.version),
                sex: row.sex.as_deref().map(Lenient::read),
                dead: !row.alive,
            })
        })
        .collect::<Result<_>>()?;
    Ok(FamilyView {
        id: FamilyId(row.id),
        name: row.name,
        address: row.address,
        rt: row.rt,
        rw: row.rw,
        region: row.region.parse().map_err(Error::internal)?,
        kk_masked: kk,
        decile: row.decile.and_then(|decile| i16::try_from(decile).ok()),
        persons,
        version: Some(row.version),
        domicile,
        payee: row.payee_id.map(PersonId),
        closed_at: row.closed_at.map(Timestamp::from_micros),
        merged_into: row.merged_into.map(FamilyId),
    })
}

/// Photos of one visit; `before_move`: which shows a house that the family moved away from.
pub(super) fn shown(photos: Vec<Shown>, before_move: bool) -> Vec<PhotoView> {
    photos
        .into_iter()
        .map(|photo| PhotoView {
            id: PhotoId(photo.id),
            kind: Lenient::<PhotoKind>::read(&photo.kind),
            taken_at: Timestamp::from_micros(photo.taken_at),
            width: photo.width.cast_unsigned(),
            height: photo.height.cast_unsigned(),
            state: photo.state,
            problem: photo.problem,
            before_move,
        })
        .collect()
}

pub(super) fn answered(row: &visit::Model, keys: &Keyring) -> Result<Vec<AnswerView>> {
    let Some(sealed) = &row.answers_enc else {
        return Ok(Vec::new());
    };
    let plain = keys
        .decrypt_field("visit", "answers", row.id, sealed)
        .map_err(Error::internal)?;
    let read: Answers = serde_json::from_str(&plain).unwrap_or_default();
    let form = shipped_form(row).map_err(Error::internal)?;
    let form = form.as_ref();
    Ok(read
        .into_iter()
        .map(|(question, answer)| AnswerView {
            text: form
                .and_then(|form| form.question(&question))
                .map_or_else(|| question.clone(), |q| q.text.clone()),
            counts: form.is_some_and(|form| form.counts_as_poor(&question, &answer)),
            answer: form
                .map_or(answer.as_str(), |form| {
                    form.answer_words(&question, &answer)
                })
                .to_owned(),
            question,
        })
        .collect())
}

fn raised(flags: Vec<visit_flag::Model>) -> Vec<FlagView> {
    flags
        .into_iter()
        .map(|flag| {
            let about: serde_json::Value = serde_json::from_str(&flag.detail).unwrap_or_default();
            let missing = about["missing"].as_array();
            let flag: Lenient<Flag> = Lenient::read(&flag.flag);
            FlagView {
                sentence: flag.known().map_or("Perlu dicek.", sentence_of).to_owned(),
                flag,
                visit: about["visit"].as_str().and_then(|id| id.parse().ok()),
                measure: measured(&about),
                missing: missing
                    .into_iter()
                    .flatten()
                    .filter_map(|word| word.as_str().map(str::to_owned))
                    .collect(),
            }
        })
        .collect()
}

/// What was measured when the flag was raised, and what it was held against; a flag of before that was kept has no limit.
fn measured(about: &serde_json::Value) -> Option<FlagMeasure> {
    let number = |name: &str| about[name].as_i64();
    let metres = number("away_m")
        .or_else(|| number("outside_m"))
        .or_else(|| number("accuracy_cm").map(|cm| cm / 100));
    let (value, limit, unit) = match (metres, number("ahead_s")) {
        (Some(metres), _) => (metres, number("limit_m"), MeasureUnit::M),
        (None, Some(seconds)) => (seconds, number("limit_s"), MeasureUnit::S),
        (None, None) => return None,
    };
    Some(FlagMeasure {
        value,
        limit,
        unit: unit.into(),
    })
}

fn pin(
    row: &visit::Model,
    earlier: Option<&Earlier>,
    outline: Option<&geo::MultiPolygon>,
) -> Option<PinView> {
    let (lat_e7, lon_e7, accuracy_cm) = (row.lat_e7?, row.lon_e7?, row.accuracy_cm?);
    let place = Place { lat_e7, lon_e7 };
    Some(PinView {
        lat_e7,
        lon_e7,
        accuracy_cm,
        source: row.pin_source.clone().unwrap_or_default(),
        mock: row.mock,
        distance_to_last_m: earlier.map(|last| {
            let last = Place {
                lat_e7: last.lat_e7,
                lon_e7: last.lon_e7,
            };
            geometry::distance_m(place, last)
        }),
        outside_m: outline.map(|shape| geometry::outside_m(shape, place)),
    })
}

/// What is told beside a membership of a case.
struct About<'a> {
    /// The family's.
    persons: &'a [person::Model],
    notices: &'a [notice::Model],
    /// The last one recorded first.
    successors: &'a [membership::Model],
    /// Who said something about it.
    people: &'a [Named],
    keys: &'a Keyring,
}

impl About<'_> {
    fn name_of(&self, id: Uuid) -> Option<String> {
        let known = self.people.iter().find(|row| row.id == id);
        known.map(|row| row.name.clone())
    }

    fn membership(
        &self,
        link: case_membership::Model,
        row: membership::Model,
    ) -> Result<MembershipView> {
        let told = self
            .notices
            .iter()
            .find(|told| told.membership_id == row.id);
        let successor = self
            .successors
            .iter()
            .find(|next| next.successor_of == Some(row.id));
        let person = self
            .persons
            .iter()
            .find(|person| Some(person.id) == row.person_id);
        let note = link
            .approver_note_enc
            .as_ref()
            .map(|sealed| {
                self.keys
                    .decrypt_field("case_membership", "approver_note", row.id, sealed)
                    .map(|note| note.to_string())
                    .map_err(Error::internal)
            })
            .transpose()?;
        // The words are the last ones: to the confirmation, once there is one.
        let (confirm_note, refusal_note) = if link.confirmed_at.is_some() {
            (note, None)
        } else {
            (None, note)
        };
        let refused = link.refused_by.zip(link.refused_at).zip(link.refusal);
        let refused = refused
            .map(|((by, at), reason)| {
                Ok::<_, Error>(RefusalView {
                    reason: reason.parse().map_err(Error::internal)?,
                    note: refusal_note,
                    by: UserId(by),
                    by_name: self.name_of(by),
                    at: Timestamp::from_micros(at),
                })
            })
            .transpose()?;
        let outcome = link.outcome.as_deref();
        let outcome = outcome.and_then(|text| text.parse::<Outcome>().ok());
        // What was said of it before it was refused is told by the history.
        let said_by = link.proposed_by.filter(|_| outcome.is_some());
        Ok(MembershipView {
            id: MembershipId(row.id),
            program: row.program,
            state: Lenient::read(&row.state),
            outcome,
            reason: link.reason.as_deref().and_then(|text| text.parse().ok()),
            document_number: link.document_number.filter(|_| outcome.is_some()),
            proposed_by: said_by.map(UserId),
            proposed_by_name: said_by.and_then(|id| self.name_of(id)),
            proposed_at: link
                .proposed_at
                .filter(|_| outcome.is_some())
                .map(Timestamp::from_micros),
            confirmed_by: link.confirmed_by.map(UserId),
            confirmed_by_name: link.confirmed_by.and_then(|id| self.name_of(id)),
            confirmed_at: link.confirmed_at.map(Timestamp::from_micros),
            person: person.map(|person| person.name.clone()),
            awaiting_approval: link.needs_approval && link.confirmed_at.is_none(),
            notice: told.map(|row| NoticeId(row.id)),
            notice_delivered_at: told
                .and_then(|row| row.delivered_at)
                .map(Timestamp::from_micros),
            appeal_until: told
                .and_then(|row| row.appeal_until)
                .map(Timestamp::from_micros),
            successor: successor.map(|row| MembershipId(row.id)),
            refused,
            confirm_note,
        })
    }
}

/// What a flag tells the reviewer.
const fn sentence_of(flag: Flag) -> &'static str {
    match flag {
        Flag::ChainGap => "Ada kunjungan dari HP ini yang belum diterima.",
        Flag::ChainFork => {
            "Dua kunjungan menyambung pada kunjungan yang sama; mungkin HP digandakan."
        }
        Flag::LateSync => "Diambil sebelum jadwal tutup, diterima sesudahnya.",
        Flag::StaleAssignment => "Petugas melihat penugasan versi lama.",
        Flag::OutOfScope => "Kasus ini bukan lagi tugas petugas tersebut.",
        Flag::CaseClosed => "Kasus sudah tidak menunggu kunjungan ketika ini diterima.",
        Flag::SecondVisit => "Ada lebih dari satu kunjungan untuk kasus ini.",
        Flag::FutureClock => "Jam HP lebih dari lima menit di depan jam server.",
        Flag::StaleTime => "Waktu pengambilan tidak dijamin oleh jam server.",
        Flag::MockLocation => "HP melaporkan lokasi tiruan.",
        Flag::HandPlaced => "Titik diletakkan dengan tangan.",
        Flag::LowAccuracy => "Akurasi lokasi lebih buruk dari 100 meter.",
        Flag::OutsideBoundary => "Titik di luar batas kelurahan (batas indikatif).",
        Flag::StolenDevice => "HP ini dilaporkan hilang.",
        Flag::Carried => "Dibawa oleh petugas lain (titip kirim).",
        Flag::Incomplete => "Bukti belum lengkap menurut jenis kunjungan.",
        Flag::RepeatedPhoto => {
            "Foto yang sama dipakai pada kunjungan keluarga lain, atau dua kali pada kunjungan ini."
        }
        Flag::BadPhoto => "Ada foto yang tidak lolos pemeriksaan.",
        Flag::SoftwareKey => "Kunci HP tersimpan di perangkat lunak.",
        Flag::Training => "Kunjungan latihan.",
        Flag::UnknownForm => "Formulir atau versinya tidak dikenal; jawaban tidak dihitung.",
        Flag::OtherRegion => "HP menyebut wilayah lain dari wilayah kasus.",
        Flag::FarFromHouse => "Titik jauh dari titik rumah yang pernah diterima.",
        Flag::OddAccuracy => "Akurasi lokasi tidak masuk akal.",
        Flag::SharedId => "Nomor kunjungan atau foto ini juga dipakai HP lain.",
        Flag::OfficerEnded => "Diterima sesudah akun atau tugas petugas berakhir.",
        Flag::SealedAfterEnd => {
            "Diambil sesudah akun atau tugas petugas berakhir; kunjungan tidak dihitung."
        }
    }
}
