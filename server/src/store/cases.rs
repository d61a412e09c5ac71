//! Cases: opened, given to officers, looked at, closed, expired.

use futures_util::future::{try_join, try_join3};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult,
    QueryFilter, QueryOrder, QuerySelect, Set,
};
use tilik_protocol::case::{self, CaseAction, CaseState, Step};
use tilik_protocol::duty::{Acts, Outcome};
use tilik_protocol::evidence::{Flag, PhotoKind, VisitKind};
use tilik_protocol::form::{Answers, Form};
use tilik_protocol::ids::{
    CaseId, EventId, FamilyId, HouseId, MembershipId, NoticeId, PersonId, PhotoId, UserId, VisitId,
};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::reason::{self, CLOSE_REASONS};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::{
    AnswerView, AssignCases, CaseRow, CaseView, CasesAssigned, CasesOpened, CloseCase, FamilyView,
    LeaseView, MembershipRow, MembershipView, OpenCases, Page, PersonView, PhotoView, PinView,
    VisitView,
};
use tilik_protocol::sync::{FlagView, LastPin};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::access::{Mode, Read};
use super::journal::Entry;
use super::tables::{
    boundary, case_membership, enrolment, family, house, journal, membership, notice, person,
    photo, verification_case, visit, visit_flag, visit_photo,
};
use super::write::Seen;
use super::{Acting, Write, feed, in_regions};
use crate::error::{Error, Result};
use crate::geometry::{self, Place};

/// Most families or cases in one request.
const MOST: usize = 500;
/// A period is a month; no month is longer.
const PERIOD_S: i64 = 31 * 86_400;
/// Acts by which somebody comes to know an officer's password.
const LOGINS: [&str; 2] = ["user.add", "user.password_reset"];

pub(super) type Case = verification_case::Model;

pub(super) fn state_of(case: &Case) -> Result<CaseState> {
    case.state.parse().map_err(Error::internal)
}

pub(super) fn region_of(case: &Case) -> Result<RegionCode> {
    case.region.parse().map_err(Error::internal)
}

/// What a list shows of a case.
#[derive(FromQueryResult)]
struct Listed {
    id: Uuid,
    state: String,
    version: i32,
    region: String,
    family_id: Uuid,
    officer_id: Option<Uuid>,
    complete_at: Option<i64>,
    name: String,
    rt: String,
    rw: String,
}

/// Moves a case by compare-and-set on its version, with its feed row.
pub(super) async fn save(
    write: &mut Write,
    mut case: Case,
    before: Option<UserId>,
) -> Result<Case> {
    let seen = case.version;
    case.version += 1;
    let active = verification_case::ActiveModel::from(case.clone()).reset_all();
    let moved = verification_case::Entity::update_many()
        .set(active)
        .filter(verification_case::Column::Id.eq(case.id))
        .filter(verification_case::Column::Version.eq(seen))
        .exec(write.on())
        .await?;
    if moved.rows_affected != 1 {
        return Err(Error::Stale {
            current_version: seen + 1,
        });
    }
    feed::publish_case(write, &case, before).await?;
    Ok(case)
}

/// A case, locked until the transaction ends.
pub(super) async fn locked(write: &Write, id: CaseId) -> Result<Case> {
    verification_case::Entity::find_by_id(Uuid::from(id))
        .lock_exclusive()
        .one(write.on())
        .await?
        .ok_or(Error::NOT_FOUND)
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
fn shipped_form(row: &visit::Model) -> Result<Option<Form>, serde_json::Error> {
    let version = row
        .form_version
        .and_then(|version| u32::try_from(version).ok());
    let named = row.form_id.as_deref().zip(version);
    let found = named.map(|(id, version)| Form::shipped(id, version));
    Ok(found.transpose()?.flatten())
}

impl Acting {
    /// Opens cases for families in reach that have none open, and gives them to an officer when one is named.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid`, `too_large`.
    pub async fn open_cases(&self, body: OpenCases) -> Result<CasesOpened> {
        if !self.actor.is_system() {
            self.actor.require(Permission::AssignCases)?;
        }
        if body.families.len() > MOST {
            return Err(Error::Refused(ProblemCode::TooLarge));
        }
        if !matches!(body.kind, VisitKind::Quick | VisitKind::Full) {
            return Err(Error::field(
                "kind",
                "not_allowed",
                "Pilih kunjungan cepat atau lengkap.",
            ));
        }
        let mut write = self.begin().await?;
        let event = write
            .once(body.event_id, "case.open", "cases", &body)
            .await?;
        let mut opened = CasesOpened {
            cases: Vec::new(),
            already_open: Vec::new(),
        };
        for id in &body.families {
            let row = family::Entity::find_by_id(Uuid::from(*id))
                .one(write.on())
                .await?
                .ok_or(Error::NOT_FOUND)?;
            let region: RegionCode = row.region.parse().map_err(Error::internal)?;
            let role = if self.actor.is_system() {
                Role::System
            } else {
                self.actor.act_in(Permission::AssignCases, &region)?
            };
            let known = verification_case::Entity::find()
                .filter(verification_case::Column::FamilyId.eq(row.id))
                .filter(
                    verification_case::Column::State.is_not_in(["decided", "closed", "expired"]),
                )
                .one(write.on())
                .await?;
            if let Some(known) = known {
                if event == Seen::Before {
                    opened.cases.push(CaseId(known.id));
                } else {
                    opened.already_open.push(*id);
                }
                continue;
            }
            if event == Seen::Before {
                continue;
            }
            if let Some(officer) = body.officer
                && !self.store.holds(officer, Role::Officer, &region).await?
            {
                return Err(Error::field(
                    "officer",
                    "out_of_reach",
                    "Petugas ini tidak bertugas di wilayah keluarga.",
                ));
            }
            let case = new_case(
                &mut write,
                &row,
                body.kind,
                body.closes_at,
                body.officer,
                None,
                role,
                Some(body.event_id),
            )
            .await?;
            opened.cases.push(CaseId(case.id));
        }
        if event == Seen::Now {
            write.commit().await?;
        }
        Ok(opened)
    }

    /// Gives cases to an officer, or takes them back.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid`, `too_large`.
    pub async fn assign_cases(&self, body: AssignCases) -> Result<CasesAssigned> {
        self.actor.require(Permission::AssignCases)?;
        if body.cases.len() > MOST {
            return Err(Error::Refused(ProblemCode::TooLarge));
        }
        let mut write = self.begin().await?;
        let mut assigned = CasesAssigned {
            changed: 0,
            refused: Vec::new(),
        };
        if write
            .once(body.event_id, "case.assign", "cases", &body)
            .await?
            == Seen::Before
        {
            return Ok(assigned);
        }
        let mut ids = body.cases.clone();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let case = locked(&write, id).await?;
            let region = region_of(&case)?;
            let role = self.actor.act_in(Permission::AssignCases, &region)?;
            if let Some(officer) = body.officer
                && !self.store.holds(officer, Role::Officer, &region).await?
            {
                return Err(Error::field(
                    "officer",
                    "out_of_reach",
                    "Petugas ini tidak bertugas di wilayah kasus.",
                ));
            }
            let action = if body.officer.is_some() {
                CaseAction::Assign
            } else {
                CaseAction::Unassign
            };
            let from = state_of(&case)?;
            match case::step(from, action, role) {
                Ok(Step::To(next)) => {
                    let before = case.officer_id.map(UserId);
                    let mut case = case;
                    case.state = next.to_string();
                    case.officer_id = body.officer.map(Into::into);
                    save(&mut write, case, before).await?;
                    write.journal(Entry::new(
                        "case.assign",
                        format!("case:{id}"),
                        role,
                        Some(body.event_id),
                        &serde_json::json!({ "from": from, "to": next, "officer": body.officer, "before": before }),
                    )?);
                    assigned.changed += 1;
                }
                Ok(Step::AlreadyDone) => {}
                Err(_) => assigned.refused.push(id),
            }
        }
        write.commit().await?;
        Ok(assigned)
    }

    /// Ends a case without a decision.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `stale`, `wrong_moment`, `invalid`.
    pub async fn close_case(&self, id: CaseId, body: CloseCase) -> Result<CaseView> {
        if !reason::is_listed(&body.reason, CLOSE_REASONS) {
            return Err(Error::field(
                "reason",
                "unknown",
                "Pilih salah satu alasan penutupan.",
            ));
        }
        let why = body.reason.to_string();
        self.act_on_case(
            id,
            body.event_id,
            body.seen_version,
            Permission::CloseCases,
            CaseAction::Close,
            &body,
            |case| {
                case.close_reason = Some(why);
                case.lease_user = None;
                case.lease_until = None;
            },
        )
        .await
    }

    /// One step of a case by a person: event, reach, version, machine, row, journal, commit, view.
    #[expect(
        clippy::too_many_arguments,
        reason = "the whole rule of a step in one place"
    )]
    pub(super) async fn act_on_case<B: serde::Serialize + Sync>(
        &self,
        id: CaseId,
        event: EventId,
        seen_version: i32,
        permission: Permission,
        action: CaseAction,
        body: &B,
        change: impl FnOnce(&mut Case) + Send,
    ) -> Result<CaseView> {
        let mut write = self.begin().await?;
        let case = locked(&write, id).await?;
        let role = self.actor.act_in(permission, &region_of(&case)?)?;
        let object = format!("case:{id}");
        if write
            .once(event, action_name(action), &object, body)
            .await?
            == Seen::Before
        {
            drop(write);
            return self.case(id).await;
        }
        let from = state_of(&case)?;
        let step = case::step(from, action, role);
        if let Ok(Step::AlreadyDone) = step {
            write.commit().await?;
            return self.case(id).await;
        }
        if case.version != seen_version {
            return Err(Error::Stale {
                current_version: case.version,
            });
        }
        let Step::To(next) = step? else {
            return self.case(id).await;
        };
        let before = case.officer_id.map(UserId);
        let mut case = case;
        case.state = next.to_string();
        change(&mut case);
        save(&mut write, case, before).await?;
        write.journal(Entry::new(
            action_name(action),
            object,
            role,
            Some(event),
            &serde_json::json!({ "from": from, "to": next, "body": body }),
        )?);
        write.commit().await?;
        self.case(id).await
    }

    /// Cases in reach, by id.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn cases(
        &self,
        state: Option<CaseState>,
        region: Option<&RegionCode>,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<CaseRow>> {
        self.actor.require(Permission::ReadCases)?;
        let mine = self.actor.regions(Permission::ReadCases);
        let mut query = verification_case::Entity::find()
            .filter(in_regions(verification_case::Column::Region, &mine))
            .order_by_asc(verification_case::Column::Id);
        if let Some(state) = state {
            query = query.filter(verification_case::Column::State.eq(state.to_string()));
        }
        if let Some(region) = region {
            query = query.filter(in_regions(
                verification_case::Column::Region,
                std::slice::from_ref(region),
            ));
        }
        if let Some(after) = after {
            let after =
                Uuid::parse_str(after).map_err(|_| Error::Refused(ProblemCode::BadCursor))?;
            query = query.filter(verification_case::Column::Id.gt(after));
        }
        let mut rows: Vec<Listed> = query
            .limit(limit + 1)
            .inner_join(family::Entity)
            .select_only()
            .columns([
                verification_case::Column::Id,
                verification_case::Column::State,
                verification_case::Column::Version,
                verification_case::Column::Region,
                verification_case::Column::FamilyId,
                verification_case::Column::OfficerId,
                verification_case::Column::CompleteAt,
            ])
            .columns([family::Column::Name, family::Column::Rt, family::Column::Rw])
            .into_model()
            .all(self.store.read())
            .await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
        let items = rows
            .into_iter()
            .map(|row| {
                Ok(CaseRow {
                    id: CaseId(row.id),
                    state: Lenient::read(&row.state),
                    version: row.version,
                    region: row.region.parse().map_err(Error::internal)?,
                    family: FamilyId(row.family_id),
                    name: row.name,
                    rt: row.rt,
                    rw: row.rw,
                    officer: row.officer_id.map(UserId),
                    complete_at: row.complete_at.map(Timestamp::from_micros),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        // A list shows names: each of its rows is a read.
        let mut reads = Vec::with_capacity(items.len());
        for row in &items {
            reads.push(Read {
                object: format!("case:{}", row.id),
                what: "case_row",
                mode: Mode::Served,
                role: self.reading_in(&row.region)?,
                purpose: None,
            });
        }
        self.note_reads(reads).await?;
        Ok(Page { items, next })
    }

    /// One case with all that a reviewer or decider looks at. Logged as a read of personal data.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn case(&self, id: CaseId) -> Result<CaseView> {
        let case = verification_case::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region = region_of(&case)?;
        let role = self.reading_in(&region)?;
        // Read while the read is logged; told only once it is.
        let logged = self.note_reads([Read {
            object: format!("case:{id}"),
            what: "case",
            mode: Mode::Seen,
            role,
            purpose: None,
        }]);
        let ((), view) = try_join(logged, self.case_view(case, region)).await?;
        Ok(view)
    }

    async fn case_view(&self, case: Case, region: RegionCode) -> Result<CaseView> {
        let id = CaseId(case.id);
        let on = self.store.read();
        let house = house::Entity::find_by_id(case.house_id)
            .one(on)
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let evidence = async {
            let visits = visit::Entity::find()
                .filter(
                    Condition::any()
                        .add(visit::Column::FiledCaseId.eq(case.id))
                        .add(visit::Column::CaseId.eq(case.id)),
                )
                .order_by_desc(visit::Column::ReceivedAt)
                .all(on)
                .await?;
            let mut views = Vec::with_capacity(visits.len());
            if visits.is_empty() {
                return Ok(views);
            }
            let outline = boundary::Entity::find_by_id(case.region.clone())
                .one(on)
                .await?
                .and_then(|row| geometry::boundary(&row.geometry));
            for row in visits {
                views.push(self.visit_view(row, &house, outline.as_ref()).await?);
            }
            Ok::<_, Error>(views)
        };
        let (views, family, memberships) = try_join3(
            evidence,
            self.family_view(case.family_id),
            self.memberships_of(&case),
        )
        .await?;
        let now = self.store.now();
        let lease = live_lease(&case, now).map(|(user, until)| LeaseView {
            mine: Some(user) == self.actor.user(),
            until,
        });
        Ok(CaseView {
            id,
            state: Lenient::read(&case.state),
            version: case.version,
            kind: Lenient::read(&case.kind),
            region,
            house: HouseId(house.id),
            family,
            officer: case.officer_id.map(UserId),
            closes_at: case.closes_at.map(Timestamp::from_micros),
            accepted_basis: case.accepted_basis.clone(),
            lease,
            current_visit: case.current_visit.map(VisitId),
            visits: views,
            earlier_pins: feed::last_pin(&house).into_iter().collect::<Vec<LastPin>>(),
            returned: case
                .returned
                .as_deref()
                .map(serde_json::from_str)
                .transpose()
                .map_err(Error::internal)?,
            memberships,
        })
    }

    /// A family, masked.
    pub(super) async fn family_view(&self, id: Uuid) -> Result<FamilyView> {
        let on = self.store.read();
        let row = family::Entity::find_by_id(id)
            .one(on)
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let keys = self.store.keys();
        let kk = match &row.kk_enc {
            Some(sealed) => masked(
                &keys
                    .decrypt_field("family", "kk", row.id, sealed)
                    .map_err(Error::internal)?,
            ),
            None => String::new(),
        };
        let persons = person::Entity::find()
            .filter(person::Column::FamilyId.eq(id))
            .order_by_asc(person::Column::Id)
            .all(on)
            .await?
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
        })
    }

    async fn visit_view(
        &self,
        row: visit::Model,
        house: &house::Model,
        outline: Option<&geo::MultiPolygon>,
    ) -> Result<VisitView> {
        let on = self.store.read();
        let mut photos = Vec::new();
        for link in visit_photo::Entity::find()
            .filter(visit_photo::Column::VisitId.eq(row.id))
            .order_by_asc(visit_photo::Column::Position)
            .all(on)
            .await?
        {
            let Some(stored) = photo::Entity::find_by_id(link.photo_id).one(on).await? else {
                continue;
            };
            let id = PhotoId(stored.id);
            photos.push(PhotoView {
                id,
                kind: Lenient::<PhotoKind>::read(&link.kind),
                taken_at: Timestamp::from_micros(link.taken_at),
                width: stored.width.cast_unsigned(),
                height: stored.height.cast_unsigned(),
                state: stored.state,
                problem: stored.problem,
            });
        }
        let answers = match &row.answers_enc {
            None => Vec::new(),
            Some(sealed) => {
                let plain = self
                    .store
                    .keys()
                    .decrypt_field("visit", "answers", row.id, sealed)
                    .map_err(Error::internal)?;
                let read: Answers = serde_json::from_str(&plain).unwrap_or_default();
                let form = shipped_form(&row).map_err(Error::internal)?;
                read.into_iter()
                    .map(|(question, answer)| AnswerView {
                        text: form
                            .as_ref()
                            .and_then(|form| form.question(&question))
                            .map_or_else(|| question.clone(), |q| q.text.clone()),
                        counts: form
                            .as_ref()
                            .is_some_and(|form| form.counts_as_poor(&question, &answer)),
                        answer: form
                            .as_ref()
                            .map_or(answer.as_str(), |form| {
                                form.answer_words(&question, &answer)
                            })
                            .to_owned(),
                        question,
                    })
                    .collect()
            }
        };
        let flags = visit_flag::Entity::find()
            .filter(visit_flag::Column::VisitId.eq(row.id))
            .order_by_asc(visit_flag::Column::Flag)
            .all(on)
            .await?
            .into_iter()
            .map(|flag| {
                let about: serde_json::Value =
                    serde_json::from_str(&flag.detail).unwrap_or_default();
                let missing = about["missing"].as_array();
                let flag: Lenient<Flag> = Lenient::read(&flag.flag);
                FlagView {
                    sentence: flag.known().map_or("Perlu dicek.", sentence_of).to_owned(),
                    flag,
                    visit: about["visit"].as_str().and_then(|id| id.parse().ok()),
                    missing: missing
                        .into_iter()
                        .flatten()
                        .filter_map(|word| word.as_str().map(str::to_owned))
                        .collect(),
                }
            })
            .collect();
        let pin = match (row.lat_e7, row.lon_e7, row.accuracy_cm) {
            (Some(lat_e7), Some(lon_e7), Some(accuracy_cm)) => {
                let place = Place { lat_e7, lon_e7 };
                Some(PinView {
                    lat_e7,
                    lon_e7,
                    accuracy_cm,
                    source: row.pin_source.clone().unwrap_or_default(),
                    mock: row.mock,
                    distance_to_last_m: feed::last_pin(house)
                        .filter(|_| house.pin_visit != Some(row.id))
                        .map(|last| {
                            geometry::distance_m(
                                place,
                                Place {
                                    lat_e7: last.lat_e7,
                                    lon_e7: last.lon_e7,
                                },
                            )
                        }),
                    outside_m: outline.map(|shape| geometry::outside_m(shape, place)),
                })
            }
            _ => None,
        };
        Ok(VisitView {
            id: VisitId(row.id),
            kind: Lenient::read(&row.kind),
            officer: UserId(row.officer_id),
            captured_at: Timestamp::from_micros(row.captured_at),
            received_at: Timestamp::from_micros(row.received_at),
            complete_at: row.complete_at.map(Timestamp::from_micros),
            unreachable: row.unreachable,
            pin,
            photos,
            answers,
            flags,
        })
    }

    async fn memberships_of(&self, case: &Case) -> Result<Vec<MembershipView>> {
        let on = self.store.read();
        let mut views = Vec::new();
        for link in case_membership::Entity::find()
            .filter(case_membership::Column::CaseId.eq(case.id))
            .order_by_asc(case_membership::Column::MembershipId)
            .all(on)
            .await?
        {
            let Some(row) = membership::Entity::find_by_id(link.membership_id)
                .one(on)
                .await?
            else {
                continue;
            };
            let told = notice::Entity::find()
                .filter(notice::Column::MembershipId.eq(row.id))
                .filter(notice::Column::CaseId.eq(case.id))
                .one(on)
                .await?;
            let successor = membership::Entity::find()
                .filter(membership::Column::SuccessorOf.eq(row.id))
                .order_by_desc(membership::Column::RecordedAt)
                .one(on)
                .await?;
            views.push(MembershipView {
                id: MembershipId(row.id),
                program: row.program,
                state: Lenient::read(&row.state),
                outcome: link
                    .outcome
                    .as_deref()
                    .and_then(|text| text.parse::<Outcome>().ok()),
                reason: link.reason.as_deref().and_then(|text| text.parse().ok()),
                awaiting_approval: link.needs_approval && link.confirmed_at.is_none(),
                notice: told.map(|row| NoticeId(row.id)),
                successor: successor.map(|row| MembershipId(row.id)),
            });
        }
        Ok(views)
    }

    /// Memberships in reach, by id.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn memberships(
        &self,
        program: Option<&str>,
        state: Option<&str>,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<MembershipRow>> {
        self.actor.require(Permission::ReadCases)?;
        let mine = self.actor.regions(Permission::ReadCases);
        let mut query = membership::Entity::find()
            .filter(in_regions(membership::Column::Region, &mine))
            .order_by_asc(membership::Column::Id);
        if let Some(program) = program {
            query = query.filter(membership::Column::Program.eq(program));
        }
        if let Some(state) = state {
            query = query.filter(membership::Column::State.eq(state));
        }
        if let Some(after) = after {
            let after =
                Uuid::parse_str(after).map_err(|_| Error::Refused(ProblemCode::BadCursor))?;
            query = query.filter(membership::Column::Id.gt(after));
        }
        let mut rows = query.limit(limit + 1).all(self.store.read()).await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
        let items = rows
            .into_iter()
            .map(|row| {
                Ok(MembershipRow {
                    id: MembershipId(row.id),
                    program: row.program,
                    family: FamilyId(row.family_id),
                    region: row.region.parse().map_err(Error::internal)?,
                    state: Lenient::read(&row.state),
                    reason: row.reason.as_deref().and_then(|text| text.parse().ok()),
                    successor_of: row.successor_of.map(MembershipId),
                    appeal_until: row.appeal_until.map(Timestamp::from_micros),
                })
            })
            .collect::<Result<_>>()?;
        Ok(Page { items, next })
    }

    /// Everybody who acted on this case and on the others of its matter: visits, reviews, proposals; and who stands behind
    /// the visits by a phone or a login they gave.
    pub(super) async fn acts(on: &impl ConnectionTrait, case: &Case) -> Result<Acts> {
        let chain = same_matter(on, case).await?;
        let visits = visit::Entity::find()
            .filter(visit::Column::FiledCaseId.is_in(chain.clone()))
            .all(on)
            .await?;
        let mut acts = Acts {
            visitors: visits.iter().map(|row| UserId(row.officer_id)).collect(),
            equippers: equippers(on, &visits).await?,
            ..Acts::default()
        };
        let said = async |objects: Vec<String>, actions: &[&str]| {
            journal::Entity::find()
                .filter(journal::Column::Object.is_in(objects))
                .filter(journal::Column::Action.is_in(actions.iter().copied()))
                .all(on)
                .await
        };
        // The journal knows acts that the rows forget: an acceptance withdrawn, a proposal refused or said by another again.
        let objects = chain.iter().map(|id| format!("case:{id}")).collect();
        for row in said(objects, &["case.accept", "case.agree_unreachable"]).await? {
            acts.reviewers.extend(row.actor.map(UserId));
        }
        let objects = membership::Entity::find()
            .filter(membership::Column::FamilyId.eq(case.family_id))
            .all(on)
            .await?
            .iter()
            .map(|row| format!("membership:{}", MembershipId(row.id)))
            .collect();
        for row in said(objects, &["membership.decide"]).await? {
            let body: serde_json::Value = serde_json::from_slice(&row.body).unwrap_or_default();
            let about = body["case"]
                .as_str()
                .and_then(|id| id.parse::<CaseId>().ok());
            if about.is_some_and(|id| chain.contains(&id.into())) {
                acts.proposers.extend(row.actor.map(UserId));
            }
        }
        Ok(acts)
    }

    /// Expires cases whose window has closed and opens their successors; how many. Only to be asked when the clock is
    /// trusted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn expire_due_cases(&self) -> Result<u64> {
        let now = self.store.now().as_micros();
        let due = verification_case::Entity::find()
            .filter(verification_case::Column::State.is_in(["open", "assigned", "returned"]))
            .filter(verification_case::Column::ClosesAt.lte(now))
            .limit(200)
            .all(self.store.read())
            .await?;
        let mut expired = 0;
        for row in due {
            let mut write = self.begin().await?;
            let case = locked(&write, CaseId(row.id)).await?;
            let from = state_of(&case)?;
            let Ok(Step::To(next)) = case::step(from, CaseAction::Expire, Role::System) else {
                continue;
            };
            let officer = case.officer_id.map(UserId);
            let kind: VisitKind = case.kind.parse().map_err(Error::internal)?;
            let mut case = case;
            case.state = next.to_string();
            let case = save(&mut write, case, officer).await?;
            write.journal(Entry::new(
                "case.expire",
                format!("case:{}", case.id),
                Role::System,
                None,
                &serde_json::json!({ "from": from, "to": next }),
            )?);
            let home = family::Entity::find_by_id(case.family_id)
                .one(write.on())
                .await?
                .ok_or(Error::NOT_FOUND)?;
            new_case(
                &mut write,
                &home,
                kind,
                None,
                officer,
                Some(case.id),
                Role::System,
                None,
            )
            .await?;
            write.commit().await?;
            expired += 1;
        }
        Ok(expired)
    }
}

/// This case and those about the same family whose persons are not new to it: the ones it follows; what was opened within a
/// period before it, however it ended; and everything before that until something was decided, for whoever closes a case
/// and opens another begins nothing new.
async fn same_matter(on: &impl ConnectionTrait, case: &Case) -> Result<Vec<Uuid>> {
    let mut matter = vec![case.id];
    let of_family = verification_case::Entity::find()
        .filter(verification_case::Column::FamilyId.eq(case.family_id))
        .filter(verification_case::Column::Id.ne(case.id))
        .order_by_desc(verification_case::Column::OpenedAt)
        .order_by_desc(verification_case::Column::Id)
        .all(on)
        .await?;
    let since = case.opened_at - PERIOD_S * 1_000_000;
    for row in &of_family {
        if state_of(row)? == CaseState::Decided && row.opened_at < since {
            break;
        }
        matter.push(row.id);
    }
    let mut at = case.predecessor;
    while let Some(row) = of_family.iter().find(|row| Some(row.id) == at) {
        matter.push(row.id);
        at = row.predecessor;
    }
    matter.sort_unstable();
    matter.dedup();
    Ok(matter)
}

/// Who gave the officers behind these visits their phones and logins. A phone is enrolled once in its life, by one code;
/// of those who set the officer's password the last one before the visit counts, for that is the one who knew it then.
async fn equippers(on: &impl ConnectionTrait, visits: &[visit::Model]) -> Result<Vec<UserId>> {
    let mut devices: Vec<Uuid> = visits.iter().map(|row| row.device_id).collect();
    devices.sort_unstable();
    devices.dedup();
    let codes = enrolment::Entity::find()
        .filter(enrolment::Column::DeviceId.is_in(devices))
        .all(on)
        .await?;
    // Nobody stands behind themselves: an officer who may enrol phones is the visitor already.
    let mut by: Vec<UserId> = codes
        .iter()
        .filter(|code| code.issued_by != code.officer_id)
        .map(|code| UserId(code.issued_by))
        .collect();
    let mut officers: Vec<Uuid> = visits.iter().map(|row| row.officer_id).collect();
    officers.sort_unstable();
    officers.dedup();
    let objects = officers.iter().map(|id| format!("user:{}", UserId(*id)));
    let logins = journal::Entity::find()
        .filter(journal::Column::Object.is_in(objects))
        .filter(journal::Column::Action.is_in(LOGINS))
        .order_by_desc(journal::Column::Seq)
        .all(on)
        .await?;
    for row in visits {
        let officer = UserId(row.officer_id);
        let object = format!("user:{officer}");
        let last = logins
            .iter()
            .find(|login| login.object == object && login.at <= row.received_at);
        by.extend(
            last.and_then(|login| login.actor)
                .map(UserId)
                .filter(|giver| *giver != officer),
        );
    }
    by.sort_unstable();
    by.dedup();
    Ok(by)
}

/// A new case about a family, carrying the memberships it will decide.
#[expect(clippy::too_many_arguments, reason = "a case is born in one place")]
pub(super) async fn new_case(
    write: &mut Write,
    home: &family::Model,
    kind: VisitKind,
    closes_at: Option<Timestamp>,
    officer: Option<UserId>,
    predecessor: Option<Uuid>,
    role: Role,
    event: Option<EventId>,
) -> Result<Case> {
    let id: CaseId = write.store().ids().next();
    let state = if officer.is_some() {
        CaseState::Assigned
    } else {
        CaseState::Open
    };
    let case = Case {
        id: id.into(),
        version: 1,
        state: state.to_string(),
        kind: kind.to_string(),
        family_id: home.id,
        house_id: home.house_id,
        region: home.region.clone(),
        officer_id: officer.map(Into::into),
        opened_at: write.at().as_micros(),
        opened_by: write.actor().user().map(Into::into),
        closes_at: closes_at.map(Timestamp::as_micros),
        submitted_at: None,
        complete_at: None,
        current_visit: None,
        accepted_basis: None,
        lease_user: None,
        lease_until: None,
        returned: None,
        return_fetched_at: None,
        close_reason: None,
        predecessor,
        tries: 0,
    };
    verification_case::ActiveModel::from(case.clone())
        .reset_all()
        .insert(write.on())
        .await?;
    let carried = membership::Entity::find()
        .filter(membership::Column::FamilyId.eq(home.id))
        .filter(membership::Column::State.is_in(["candidate", "designated", "active", "suspended"]))
        .all(write.on())
        .await?;
    for row in &carried {
        case_membership::ActiveModel {
            case_id: Set(case.id),
            membership_id: Set(row.id),
            outcome: Set(None),
            reason: Set(None),
            document_number: Set(None),
            needs_approval: Set(false),
            proposed_by: Set(None),
            proposed_at: Set(None),
            confirmed_by: Set(None),
            confirmed_at: Set(None),
        }
        .insert(write.on())
        .await?;
    }
    feed::publish_case(write, &case, None).await?;
    write.journal(Entry::new(
        "case.open",
        format!("case:{id}"),
        role,
        event,
        &serde_json::json!({ "family": FamilyId(home.id), "kind": kind, "officer": officer,
            "predecessor": predecessor.map(CaseId),
            "memberships": carried.iter().map(|row| MembershipId(row.id)).collect::<Vec<_>>() }),
    )?);
    Ok(case)
}

/// The lease that counts now. One that ends absurdly late was written under a wrong clock and counts for nothing.
pub(super) fn live_lease(case: &Case, now: Timestamp) -> Option<(UserId, Timestamp)> {
    let until = Timestamp::from_micros(case.lease_until?);
    let sane = until > now && until.seconds_since(now) <= 2 * super::review::LEASE_S;
    sane.then_some((UserId(case.lease_user?), until))
}

/// The journal's name of a case action.
pub(super) const fn action_name(action: CaseAction) -> &'static str {
    match action {
        CaseAction::Assign => "case.assign",
        CaseAction::Unassign => "case.unassign",
        CaseAction::SubmitVisit => "case.submit_visit",
        CaseAction::ReportUnreachable => "case.report_unreachable",
        CaseAction::Accept => "case.accept",
        CaseAction::Return => "case.return",
        CaseAction::TakeBack => "case.take_back",
        CaseAction::Withdraw => "case.withdraw",
        CaseAction::AgreeUnreachable => "case.agree_unreachable",
        CaseAction::Reopen => "case.reopen",
        CaseAction::DecideEligible => "case.decide_eligible",
        CaseAction::SendForApproval => "case.send_for_approval",
        CaseAction::ConfirmLast => "case.confirm_last",
        CaseAction::RefuseDecision => "case.refuse_decision",
        CaseAction::Close => "case.close",
        CaseAction::Expire => "case.expire",
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
