//! Keeps what was judged genuine: the visit, its photos, its flags, and what it does to its case, in one transaction.

use sea_orm::{
    ColumnTrait, ConnectionTrait as _, DatabaseBackend, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Set, Statement, Value,
};
use tilik_protocol::case::{self, CaseAction, CaseState, Step};
use tilik_protocol::evidence::{Flag, VisitKind};
use tilik_protocol::ids::{CaseId, PhotoId, UserId, VisitId};
use tilik_protocol::manifest::Manifest;
use tilik_protocol::policy::Role;
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::flags::{self, Flags, mark};
use super::judging::{Genuine, PhotoPlace};
use super::proof::Proof;
use crate::error::{Error, Result};
use crate::store::cases::{self, Case};
use crate::store::journal::Entry;
use crate::store::tables::{
    photo, role_grant, upload, user_account, verification_case, visit, visit_carrier, visit_flag,
    visit_photo,
};
use crate::store::{Acting, Write, jobs, proposals, text};

/// What became of a visit's photos.
struct Photos {
    /// Those that are to be sent.
    wanted: Vec<PhotoId>,
    /// Those nobody had heard of before: they cannot be here.
    new: Vec<Uuid>,
}

impl Acting {
    /// Keeps a genuine visit: its rows, its flags, and what it does to its case, in one transaction. The
    /// photos that are to be sent, or `None`: it is here already, or its id was taken in this very moment, and nothing was
    /// written.
    pub(super) async fn keep_visit(&self, genuine: Genuine) -> Result<Option<Vec<PhotoId>>> {
        let manifest = genuine.signed.manifest();
        let mut write = self.begin().await?;
        if !genuine.awaited.is_empty() {
            // One that arrives in this moment is here when this visit's own is written, or sees this visit. Before the case,
            // as an arrival locks them.
            let awaited = photo::Entity::find()
                .select_only()
                .column(photo::Column::Id)
                .filter(photo::Column::Id.is_in(genuine.awaited.iter().copied()))
                .order_by_asc(photo::Column::Id)
                .lock_exclusive();
            let awaited = awaited.build(self.store.backend());
            write.on().query_all_raw(awaited).await?;
        }
        let at = write.at();
        let id = genuine.id;
        let mut flags: Flags = Vec::new();
        let author = manifest.officer;
        let carried = self.actor.user() != Some(author);
        if carried {
            flags.push((Flag::Carried, serde_json::json!({})));
        }
        if genuine.software_key {
            flags.push((Flag::SoftwareKey, serde_json::json!({})));
        }
        let proof = Proof::of(manifest, at, self.store.keys());
        flags::of_time(&mut flags, manifest, at, proof);
        let target = self
            .case_effect(&mut write, id, manifest, proof, &mut flags)
            .await?;
        let is_at_home = match &target {
            Some(case) => cases::region_of(case)?.is_training(),
            None => manifest.region.is_training(),
        };
        if manifest.training && !is_at_home {
            flags.push((Flag::Training, serde_json::json!({})));
        }
        flags::of_place(&mut flags, &mut write, manifest, target.as_ref()).await?;
        let answers = genuine.answers.as_ref().and_then(|(_, a)| a.as_ref());
        flags::of_evidence(&mut flags, manifest, answers, target.as_ref());
        if let Some(other) = &genuine.taken_by {
            flags.push((
                Flag::SharedId,
                serde_json::json!({ "visit": VisitId(other.id) }),
            ));
        }
        let pin = manifest.pin.as_ref();
        let kept = visit::ActiveModel {
            id: Set(id),
            device_id: Set(manifest.device.into()),
            officer_id: Set(author.into()),
            case_id: Set(manifest.case.map(Into::into)),
            filed_case_id: Set(target.as_ref().map(|case| case.id)),
            carried_by: Set(if carried {
                self.actor.user().map(Into::into)
            } else {
                None
            }),
            kind: Set(manifest.kind.to_string()),
            seq: Set(manifest.seq.cast_signed()),
            chain_hash: Set(genuine.signed.chain_hash().0.to_vec()),
            previous_hash: Set(manifest.prev.map(|hash| hash.0.to_vec())),
            manifest: Set(genuine.cose.clone()),
            answers_enc: Set(match &genuine.answers {
                Some((plain, _)) => {
                    let text = std::str::from_utf8(plain).unwrap_or("{}");
                    Some(
                        self.store
                            .keys()
                            .encrypt_field("visit", "answers", id, text),
                    )
                }
                None => None,
            }),
            form_id: Set(manifest
                .answers
                .as_ref()
                .map(|answers| answers.form.clone())),
            form_version: Set(manifest
                .answers
                .as_ref()
                .and_then(|answers| i32::try_from(answers.form_version).ok())),
            unreachable: Set(manifest.unreachable.as_ref().map(ToString::to_string)),
            supersedes: Set(manifest.supersedes.map(Into::into)),
            captured_at: Set(manifest.captured_at.as_micros()),
            received_at: Set(at.as_micros()),
            complete_at: Set(None),
            lat_e7: Set(pin.map(|pin| pin.lat_e7)),
            lon_e7: Set(pin.map(|pin| pin.lon_e7)),
            accuracy_cm: Set(pin.map(|pin| pin.accuracy_cm)),
            pin_source: Set(pin.map(|pin| pin.source.clone())),
            mock: Set(pin.is_some_and(|pin| pin.mock || pin.fixes.iter().any(|fix| fix.mock))),
        };
        // Two carriers at once: the primary key lets one through, and the other finds it here.
        let backend = self.store.backend();
        let statements = vec![
            visit::Entity::insert(kept).build(backend),
            PhotoPlace::query(manifest, backend),
            flags::reuse_query(&write, id, manifest),
        ];
        let mut answers = match write.query_each(statements).await {
            Err(error) if text::violated(&error).is_some() => return Ok(None),
            answers => answers?,
        };
        let _kept = answers.rows();
        let places = PhotoPlace::of_all(write.on(), manifest, answers.all()?).await?;
        let reused = answers.rows();
        if let Some(me) = self.actor.user().filter(|_| carried) {
            let carrier = visit_carrier::Entity::insert(visit_carrier::ActiveModel {
                visit_id: Set(id),
                user_id: Set(me.into()),
                at: Set(at.as_micros()),
            });
            write.last(carrier.into_query()).await?;
        }
        let mut told: Vec<Uuid> = Vec::new();
        if let Some(other) = &genuine.taken_by {
            let about = serde_json::json!({ "visit": VisitId(id) });
            mark(&mut write, other.id, Flag::SharedId, &about).await?;
            told.extend(other.filed_case_id);
        }
        let own = target.as_ref().map(|case| case.id);
        told.extend(flags::of_reuse(&mut flags, &mut write, id, manifest, own, reused).await?);
        let Some(photos) = self
            .keep_photos(&mut write, &genuine, places, &mut flags)
            .await?
        else {
            return Ok(None);
        };
        let mut answers = write
            .query_each(vec![
                early_uploads(&photos.new, backend),
                flags::chain_query(id, manifest, backend),
            ])
            .await?;
        for upload in answers.all::<upload::Model>()? {
            if upload.state == "held" {
                jobs::enqueue(&write, "finish_upload", &PhotoId(upload.id).to_string()).await?;
            }
        }
        let around = answers.all()?;
        let chain_hash = genuine.signed.chain_hash();
        flags::of_chain(&mut write, id, manifest, chain_hash, around, &mut flags).await?;
        told.sort_unstable();
        told.dedup();
        for case in told {
            tell(&mut write, case).await?;
        }
        flags.sort_by_key(|(flag, _)| *flag);
        flags.dedup_by_key(|(flag, _)| *flag);
        if !flags.is_empty() {
            let rows = flags.iter().map(|(flag, detail)| visit_flag::ActiveModel {
                visit_id: Set(id),
                flag: Set(flag.to_string()),
                detail: Set(detail.to_string()),
            });
            let rows = visit_flag::Entity::insert_many(rows);
            if photos.new.is_empty() {
                rows.exec_without_returning(write.on()).await?;
            } else {
                write.last(rows.into_query()).await?;
            }
        }
        write.journal(Entry::new(
            "visit.receive",
            format!("visit:{}", VisitId(id)),
            Role::Officer,
            None,
            &serde_json::json!({
                "author": author, "device": manifest.device, "seq": manifest.seq,
                "manifest": genuine.signed.chain_hash(),
                // A word of another build may be any text, and this is kept for ever.
                "kind": manifest.kind.known().map_or_else(|| "unknown".to_owned(), |kind| kind.to_string()),
                "case": manifest.case, "filed": target.map(|case| CaseId(case.id)),
                "flags": flags.iter().map(|(flag, _)| flag.to_string()).collect::<Vec<_>>(),
                "photos": manifest.photos.iter().map(|photo| photo.sha256).collect::<Vec<_>>(),
            }),
        )?);
        if photos.new.is_empty() {
            complete_if_whole(&mut write, VisitId(id)).await?;
        }
        let told: Vec<Flag> = flags.iter().map(|(flag, _)| *flag).collect();
        let answers = genuine.answers.as_ref().and_then(|(_, a)| a.as_ref());
        proposals::from_finding(&mut write, id, manifest, answers, &told).await?;
        write.commit().await?;
        Ok(Some(photos.wanted))
    }

    /// `None`: another request has named one of the photos in this very moment.
    async fn keep_photos(
        &self,
        write: &mut Write,
        genuine: &Genuine,
        places: Vec<PhotoPlace>,
        flags: &mut Flags,
    ) -> Result<Option<Photos>> {
        let (visit, manifest) = (genuine.id, genuine.signed.manifest());
        let (mut wanted, mut new) = (Vec::new(), Vec::new());
        let (mut photos, mut links) = (Vec::new(), Vec::new());
        for (position, (said, place)) in manifest.photos.iter().zip(places).enumerate() {
            // Named meanwhile: whoever judges it again sees that, or the conflict.
            let named = place.row.as_ref();
            let is_news = |known: &photo::Model| {
                let was_judged = known.received_at.is_some() || genuine.awaited.contains(&known.id);
                known.sha256 != said.sha256.0 || !was_judged
            };
            if named.is_some_and(is_news) {
                return Ok(None);
            }
            if let Some(problem) = place.row.as_ref().and_then(|known| known.problem.as_ref()) {
                flags.push((
                    Flag::BadPhoto,
                    serde_json::json!({ "photo": said.id, "problem": problem }),
                ));
            }
            if place.is_taken {
                flags.push((Flag::SharedId, serde_json::json!({ "photo": said.id })));
                let about = serde_json::json!({ "visit": VisitId(visit), "photo": said.id });
                for link in visit_photo::Entity::find()
                    .filter(visit_photo::Column::PhotoId.eq(Uuid::from(said.id)))
                    .all(write.on())
                    .await?
                {
                    mark(write, link.visit_id, Flag::SharedId, &about).await?;
                }
            }
            if place
                .row
                .as_ref()
                .is_none_or(|known| known.received_at.is_none())
            {
                wanted.push(said.id);
            }
            if place.row.is_none() {
                new.push(place.id);
                photos.push(photo::ActiveModel {
                    id: Set(place.id),
                    device_id: Set(manifest.device.into()),
                    sha256: Set(said.sha256.0.to_vec()),
                    len: Set(said.len.cast_signed()),
                    sealed_sha256: Set(said.sealed_sha256.0.to_vec()),
                    sealed_len: Set(said.sealed_len.cast_signed()),
                    width: Set(said.width.cast_signed()),
                    height: Set(said.height.cast_signed()),
                    state: Set("waiting".to_owned()),
                    problem: Set(None),
                    original_key: Set(None),
                    large_sha256: Set(None),
                    small_sha256: Set(None),
                    large_key: Set(None),
                    small_key: Set(None),
                    received_at: Set(None),
                    safe_at: Set(None),
                });
            }
            links.push(visit_photo::ActiveModel {
                visit_id: Set(visit),
                photo_id: Set(place.id),
                position: Set(i32::try_from(position).unwrap_or(i32::MAX)),
                kind: Set(said.kind.to_string()),
                taken_at: Set(said.taken_at.as_micros()),
            });
        }
        if !photos.is_empty() {
            let rows = photo::Entity::insert_many(photos).build(self.store.backend());
            // Two visits may name one photo in the same moment; of SQLite's writers there is only one.
            let kept = if self.store.is_postgres() {
                write.on().execute_raw(rows).await.map(drop)
            } else {
                write.on().execute_last(rows).await
            };
            match kept {
                Err(error) if text::violated(&error).is_some() => return Ok(None),
                kept => kept?,
            }
        }
        if !links.is_empty() {
            let links = visit_photo::Entity::insert_many(links);
            if new.is_empty() {
                // Whether the visit is whole already is asked next.
                links.exec_without_returning(write.on()).await?;
            } else {
                write.last(links.into_query()).await?;
            }
        }
        Ok(Some(Photos { wanted, new }))
    }

    /// What the visit does to its case. A closed or foreign case refuses the visit and keeps it, flagged.
    async fn case_effect(
        &self,
        write: &mut Write,
        visit: Uuid,
        manifest: &Manifest,
        proof: Proof,
        flags: &mut Flags,
    ) -> Result<Option<Case>> {
        let at = write.at();
        let backend = self.store.backend();
        let named = manifest.case.map(|case| {
            verification_case::Entity::find_by_id(Uuid::from(case))
                .lock_exclusive()
                .build(backend)
        });
        let asks_for_case = named.is_some();
        let officer = Duty::queries(manifest.officer, at, backend);
        let queries = named.into_iter().chain(officer).collect();
        let mut answers = write.query_each(queries).await?;
        let mut found: Option<Case> = if asks_for_case { answers.one()? } else { None };
        let duty = Duty {
            account: answers.one()?,
            grants: answers.all()?,
        };
        if !asks_for_case {
            duty.flags(manifest, &manifest.region, at, proof, flags)?;
            return Ok(None);
        }
        // The window closed meanwhile: the visit counts for the successor, without a second trip.
        while let Some(case) = &found {
            if case.state != CaseState::Expired.to_string() {
                break;
            }
            let next = verification_case::Entity::find()
                .filter(verification_case::Column::Predecessor.eq(case.id))
                .lock_exclusive()
                .one(write.on())
                .await?;
            if next.is_none() {
                break;
            }
            flags.push((Flag::LateSync, serde_json::json!({})));
            found = next;
        }
        let Some(case) = found else {
            flags.push((Flag::OutOfScope, serde_json::json!({})));
            return Ok(None);
        };
        let region = cases::region_of(&case)?;
        if manifest.region != region {
            flags.push((
                Flag::OtherRegion,
                serde_json::json!({ "said": manifest.region }),
            ));
        }
        // What was made in training counts in training only.
        if (manifest.training || duty.is_trainee()?) && !region.is_training() {
            return Ok(Some(case));
        }
        if case.officer_id != Some(manifest.officer.into()) {
            flags.push((Flag::OutOfScope, serde_json::json!({})));
        }
        if manifest
            .case_version
            .is_some_and(|seen| seen < case.version)
        {
            flags.push((
                Flag::StaleAssignment,
                serde_json::json!({ "seen": manifest.case_version }),
            ));
        }
        let may_count = duty.flags(manifest, &region, at, proof, flags)?;
        let state: CaseState = case.state.parse().map_err(Error::internal)?;
        if state == CaseState::Submitted {
            flags.push((
                Flag::SecondVisit,
                serde_json::json!({ "visit": case.current_visit.map(VisitId) }),
            ));
        }
        let action = if manifest.kind.known() == Some(VisitKind::Unreachable) {
            CaseAction::ReportUnreachable
        } else {
            CaseAction::SubmitVisit
        };
        let Ok(Step::To(next)) = case::step(state, action, Role::Officer) else {
            flags.push((Flag::CaseClosed, serde_json::json!({ "state": state })));
            return Ok(Some(case));
        };
        if !may_count {
            return Ok(Some(case));
        }
        let before = case.officer_id.map(UserId);
        let is_second = state == CaseState::Submitted;
        let mut changed = case;
        let action = match (is_second, next) {
            // What waits for its reviewer stays; whoever looks at the case is told that there is more.
            (true, _) => "case.second_visit",
            (false, CaseState::Unreachable) => "case.report_unreachable",
            (false, _) => "case.submit_visit",
        };
        if !is_second {
            changed.state = next.to_string();
            changed.submitted_at = Some(at.as_micros());
            changed.current_visit = Some(visit);
            changed.complete_at = None;
            changed.returned = None;
            changed.return_fetched_at = None;
            if next == CaseState::Unreachable {
                changed.tries += 1;
            }
        }
        let changed = cases::save(write, changed, before).await?;
        write.journal(Entry::new(
            action,
            format!("case:{}", CaseId(changed.id)),
            Role::Officer,
            None,
            &serde_json::json!({ "visit": VisitId(visit), "author": manifest.officer,
                "from": state, "to": next }),
        )?);
        Ok(Some(changed))
    }
}

/// Uploads of these photos, which came before their manifest. Locked, so that who holds one in this very moment sees the
/// photo's row, or we see theirs.
fn early_uploads(photos: &[Uuid], backend: DatabaseBackend) -> Statement {
    upload::Entity::find()
        .filter(upload::Column::Id.is_in(photos.iter().copied()))
        .order_by_asc(upload::Column::Id)
        .lock_exclusive()
        .build(backend)
}

/// An officer's account, and what grants it has had so far.
struct Duty {
    account: Option<user_account::Model>,
    grants: Vec<role_grant::Model>,
}

impl Duty {
    fn queries(officer: UserId, now: Timestamp, backend: DatabaseBackend) -> [Statement; 2] {
        let account = user_account::Entity::find_by_id(Uuid::from(officer));
        let grants = role_grant::Entity::find()
            .filter(role_grant::Column::UserId.eq(Uuid::from(officer)))
            .filter(role_grant::Column::Role.eq(Role::Officer.to_string()))
            .filter(role_grant::Column::ValidFrom.lte(now.as_micros()));
        [account.build(backend), grants.build(backend)]
    }

    /// What there is to say about an officer whose account was suspended or whose duty here has ended; whether the visit may
    /// still count. What was sealed before that counts, whenever it arrives; what was sealed after it is kept and moves
    /// nothing.
    fn flags(
        &self,
        manifest: &Manifest,
        region: &RegionCode,
        now: Timestamp,
        proof: Proof,
        flags: &mut Flags,
    ) -> Result<bool> {
        let Some(ended) = self.ended(region, now)? else {
            return Ok(true);
        };
        flags.push((Flag::OfficerEnded, serde_json::json!({ "since": ended })));
        if !proof.is_sealed_after(ended, manifest.captured_at) {
            return Ok(true);
        }
        flags.push((Flag::SealedAfterEnd, serde_json::json!({ "since": ended })));
        Ok(false)
    }

    /// Whether this officer was never given anything but training.
    fn is_trainee(&self) -> Result<bool> {
        for grant in &self.grants {
            let regions: Vec<RegionCode> =
                serde_json::from_str(&grant.regions).map_err(Error::internal)?;
            if !regions.iter().all(RegionCode::is_training) {
                return Ok(false);
            }
        }
        Ok(!self.grants.is_empty())
    }

    /// Since when this officer has had nothing to do here; `None`: is on duty, or never was.
    fn ended(&self, region: &RegionCode, now: Timestamp) -> Result<Option<Timestamp>> {
        let now = now.as_micros();
        let suspended = self.account.as_ref().and_then(|row| row.suspended_at);
        let mut ends = Vec::new();
        for grant in &self.grants {
            let regions: Vec<RegionCode> =
                serde_json::from_str(&grant.regions).map_err(Error::internal)?;
            if regions.iter().any(|code| code.covers(region)) {
                let until = grant.valid_until.filter(|until| *until <= now);
                ends.push(grant.ended_at.into_iter().chain(until).min());
            }
        }
        // One grant that still runs is enough to be on duty.
        let ended = if ends.iter().any(Option::is_none) {
            None
        } else {
            ends.into_iter().flatten().max()
        };
        let first = suspended.into_iter().chain(ended).min();
        Ok(first.map(Timestamp::from_micros))
    }
}

/// Something new is to be seen in this case: an act on what was seen before is stale from now on.
async fn tell(write: &mut Write, id: Uuid) -> Result<()> {
    let case = cases::locked(write, CaseId(id)).await?;
    if cases::state_of(&case)?.is_final() {
        return Ok(());
    }
    let officer = case.officer_id.map(UserId);
    cases::save(write, case, officer).await?;
    Ok(())
}

/// Whether a visit of this kind is what the case asks for: a quick one does not answer the questions of a full one, and
/// one that saw nobody answers none.
fn is_asked(case: &Case, row: &visit::Model) -> bool {
    let kind = |text: &str| text.parse::<VisitKind>().ok();
    match (kind(&case.kind), kind(&row.kind)) {
        (Some(VisitKind::Full), said) => said == Some(VisitKind::Full),
        (_, said) => matches!(said, Some(VisitKind::Quick | VisitKind::Full)),
    }
}

/// Whether the visit that waits for review is what the case asked for.
pub(in crate::store) async fn is_what_was_asked(write: &Write, case: &Case) -> Result<bool> {
    let Some(current) = case.current_visit else {
        return Ok(false);
    };
    let row = visit::Entity::find_by_id(current).one(write.on()).await?;
    Ok(row.is_some_and(|row| is_asked(case, &row)))
}

/// A visit that came while another waited for review becomes the one to review when it is whole and the other is not:
/// not all photos, or not what was asked. A whole one is never put behind a later one.
async fn take_over(write: &mut Write, id: Uuid) -> Result<()> {
    let Some(row) = visit::Entity::find_by_id(id).one(write.on()).await? else {
        return Ok(());
    };
    let Some(filed) = row.filed_case_id else {
        return Ok(());
    };
    let case = cases::locked(write, CaseId(filed)).await?;
    let came_in_this_round = case
        .submitted_at
        .is_some_and(|submitted| row.received_at >= submitted);
    if cases::state_of(&case)? != CaseState::Submitted
        || case.current_visit == Some(id)
        || !came_in_this_round
        || !is_asked(&case, &row)
        || (case.complete_at.is_some() && is_what_was_asked(write, &case).await?)
    {
        return Ok(());
    }
    let officer = case.officer_id.map(UserId);
    let (before, at) = (case.current_visit.map(VisitId), write.at().as_micros());
    let mut case = case;
    case.current_visit = Some(id);
    case.complete_at = Some(at);
    let case = cases::save(write, case, officer).await?;
    write.journal(Entry::new(
        "case.take_over",
        format!("case:{}", CaseId(case.id)),
        Role::System,
        None,
        &serde_json::json!({ "visit": VisitId(id), "before": before }),
    )?);
    Ok(())
}

/// Two statements to be run, one after the other, once the photos are marked received: one that locks their visits, so that
/// of two photos that arrive in one moment the second sees the first; and one that marks those complete that waited for
/// nothing but these photos, and tells their ids ([`case_is_whole`] is for them).
pub(in crate::store) fn whole_with(write: &Write, photos: &[PhotoId]) -> [Statement; 2] {
    let lock = if write.store().is_postgres() {
        "FOR UPDATE"
    } else {
        ""
    };
    let places = |from: usize| {
        let places: Vec<String> = (from..from + photos.len())
            .map(|n| format!("${n}"))
            .collect();
        places.join(", ")
    };
    let lock = format!(
        "SELECT id FROM visit WHERE id IN (SELECT visit_id FROM visit_photo WHERE photo_id IN ({})) \
         ORDER BY id {lock}",
        places(1)
    );
    let complete = format!(
        "UPDATE visit SET complete_at = $1 WHERE complete_at IS NULL \
         AND id IN (SELECT visit_id FROM visit_photo WHERE photo_id IN ({})) \
         AND NOT EXISTS (SELECT 1 FROM visit_photo l JOIN photo p ON p.id = l.photo_id \
         WHERE l.visit_id = visit.id AND p.received_at IS NULL) RETURNING id",
        places(2)
    );
    let ids = || photos.iter().map(|id| Value::from(Uuid::from(*id)));
    let at = Value::from(write.at().as_micros());
    let store = write.store();
    [
        store.sql(&lock, ids()),
        store.sql(&complete, std::iter::once(at).chain(ids())),
    ]
}

/// Locks the cases of several visits in the order in which everybody locks cases, before [`case_is_whole`] locks each in
/// turn.
pub(in crate::store) async fn lock_cases_of(write: &Write, visits: &[Uuid]) -> Result<()> {
    if visits.len() < 2 || !write.store().is_postgres() {
        return Ok(());
    }
    let filed = visit::Entity::find()
        .select_only()
        .column(visit::Column::FiledCaseId)
        .filter(visit::Column::Id.is_in(visits.iter().copied()))
        .into_query();
    let lock = verification_case::Entity::find()
        .select_only()
        .column(verification_case::Column::Id)
        .filter(verification_case::Column::Id.in_subquery(filed))
        .order_by_asc(verification_case::Column::Id)
        .lock_exclusive()
        .build(write.store().backend());
    write.on().query_all_raw(lock).await?;
    Ok(())
}

/// The case that waits for this visit has all of it; or takes it up now.
pub(in crate::store) async fn case_is_whole(write: &mut Write, visit: Uuid) -> Result<()> {
    let complete = "UPDATE verification_case SET complete_at = $2 \
         WHERE current_visit = $1 AND complete_at IS NULL RETURNING id";
    let second = "SELECT visit_id AS id FROM visit_flag WHERE visit_id = $1 AND flag = $2";
    let store = write.store();
    let asked = vec![
        store.sql(complete, [visit.into(), write.at().as_micros().into()]),
        store.sql(second, [visit.into(), Flag::SecondVisit.to_string().into()]),
    ];
    let second = write.ids_of_each(vec![asked]).await?.nth(1);
    if second.is_some_and(|found| !found.is_empty()) {
        take_over(write, visit).await?;
    }
    Ok(())
}

/// Marks the visit, and the case that waits for it, complete when every photo is here.
async fn complete_if_whole(write: &mut Write, id: VisitId) -> Result<()> {
    let links = visit_photo::Entity::find()
        .filter(visit_photo::Column::VisitId.eq(Uuid::from(id)))
        .all(write.on())
        .await?;
    // Locked: one that arrives in this moment is either seen here as received, or sees this visit's links.
    let photos = photo::Entity::find()
        .filter(photo::Column::Id.is_in(links.iter().map(|link| link.photo_id)))
        .order_by_asc(photo::Column::Id)
        .lock_exclusive()
        .all(write.on())
        .await?;
    if photos.iter().any(|photo| photo.received_at.is_none()) {
        return Ok(());
    }
    let at = write.at().as_micros();
    visit::Entity::update_many()
        .set(visit::ActiveModel {
            complete_at: Set(Some(at)),
            ..Default::default()
        })
        .filter(visit::Column::Id.eq(Uuid::from(id)))
        .filter(visit::Column::CompleteAt.is_null())
        .exec(write.on())
        .await?;
    case_is_whole(write, id.into()).await
}
