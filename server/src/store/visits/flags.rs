//! Why a visit deserves a second look: found when it arrives, kept beside it, never a reason to refuse it.

use std::collections::BTreeSet;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseBackend, EntityTrait, QueryFilter, QueryResult,
    QueryTrait, Set, Statement, Value,
};
use tilik_protocol::evidence::{
    AtHand, Flag, Missing, PIN_REASON_ABOVE_CM, VisitKind, distinct_kinds, missing,
};
use tilik_protocol::form::{Answers, Form};
use tilik_protocol::ids::{PhotoId, VisitId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::manifest::{Hash32, Manifest};
use tilik_protocol::policy::Role;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::AHEAD_S;
use super::proof::Proof;
use crate::error::Result;
use crate::geometry::{self, Place};
use crate::store::Write;
use crate::store::cases::Case;
use crate::store::feed;
use crate::store::journal::Entry;
use crate::store::tables::{
    boundary, device, house, verification_case, visit, visit_flag, visit_photo,
};

/// Flags, each with what it measured.
pub(super) type Flags = Vec<(Flag, serde_json::Value)>;

/// A time token bounds a capture for a week.
const TOKEN_S: i64 = 7 * 86_400;
/// Neighbouring polygons overlap and gap by up to 5 m and carry 10 m of error.
const BOUNDARY_TOLERANCE_M: i64 = 15;
/// Farther from the house's own pin than this, beyond what both are unsure of, is another place.
const FAR_M: i64 = 100;
/// No receiver is sure to the centimetre, and none that is unsure by more than ten kilometres knows anything.
const ODD_ACCURACY_CM: std::ops::RangeInclusive<i64> = 1..=1_000_000;
/// A pin that calls itself worse than this is not forgiven more for it.
const MOST_FORGIVEN_M: i64 = PIN_REASON_ABOVE_CM / 100;
/// Visits with the same photo that are told about one more.
const MOST_TOLD: u32 = 20;

pub(super) fn of_time(
    flags: &mut Flags,
    manifest: &Manifest,
    received_at: Timestamp,
    proof: Proof,
) {
    let ahead = manifest.captured_at.seconds_since(received_at);
    if ahead > AHEAD_S {
        flags.push((
            Flag::FutureClock,
            serde_json::json!({ "ahead_s": ahead, "limit_s": AHEAD_S }),
        ));
    }
    let fresh = proof.after.is_some_and(|after| {
        (-AHEAD_S..=TOKEN_S).contains(&manifest.captured_at.seconds_since(after))
    });
    if !fresh {
        flags.push((Flag::StaleTime, serde_json::json!({})));
    }
}

/// The pin against the case's own village and house; a finding has no case and is held to the village it names.
pub(super) async fn of_place(
    flags: &mut Flags,
    write: &mut Write,
    manifest: &Manifest,
    target: Option<&Case>,
) -> Result<()> {
    let Some(pin) = &manifest.pin else {
        return Ok(());
    };
    if pin.mock || pin.fixes.iter().any(|fix| fix.mock) {
        flags.push((Flag::MockLocation, serde_json::json!({})));
    }
    if pin.source == "hand" {
        flags.push((Flag::HandPlaced, serde_json::json!({})));
    }
    if pin.accuracy_cm > PIN_REASON_ABOVE_CM {
        flags.push((
            Flag::LowAccuracy,
            serde_json::json!({ "accuracy_cm": pin.accuracy_cm, "limit_m": PIN_REASON_ABOVE_CM / 100 }),
        ));
    }
    if !ODD_ACCURACY_CM.contains(&pin.accuracy_cm) {
        flags.push((
            Flag::OddAccuracy,
            serde_json::json!({ "accuracy_cm": pin.accuracy_cm }),
        ));
    }
    let unsure_m = (pin.accuracy_cm / 100).min(MOST_FORGIVEN_M);
    let place = Place {
        lat_e7: pin.lat_e7,
        lon_e7: pin.lon_e7,
    };
    let region = target.map_or(manifest.region.as_str(), |case| case.region.as_str());
    let backend = write.store().backend();
    let mut queries = vec![boundary::Entity::find_by_id(region).build(backend)];
    if let Some(case) = target {
        queries.push(house::Entity::find_by_id(case.house_id).build(backend));
    }
    let mut answers = write.query_each(queries).await?;
    let outline: Option<boundary::Model> = answers.one()?;
    if let Some(shape) = outline.and_then(|row| geometry::boundary(&row.geometry)) {
        let outside = geometry::outside_m(&shape, place);
        let limit = BOUNDARY_TOLERANCE_M + unsure_m;
        if outside > limit {
            flags.push((
                Flag::OutsideBoundary,
                serde_json::json!({ "outside_m": outside, "limit_m": limit }),
            ));
        }
    }
    let house: Option<house::Model> = match target {
        Some(_) => answers.one()?,
        None => None,
    };
    if let Some(last) = house.as_ref().and_then(feed::last_pin) {
        let away = geometry::distance_m(
            place,
            Place {
                lat_e7: last.lat_e7,
                lon_e7: last.lon_e7,
            },
        );
        let limit = FAR_M + unsure_m + (last.accuracy_cm / 100).min(MOST_FORGIVEN_M);
        if away > limit {
            flags.push((
                Flag::FarFromHouse,
                serde_json::json!({ "away_m": away, "limit_m": limit }),
            ));
        }
    }
    Ok(())
}

/// The rules that a visit is held to. What the case asked for counts, whatever the phone says it made; a phone that made
/// more than was asked is held to what it says.
fn held_to(manifest: &Manifest, target: Option<&Case>) -> Option<VisitKind> {
    let asked = target.and_then(|case| case.kind.parse().ok());
    match (manifest.kind.known(), asked) {
        (Some(said @ (VisitKind::Unreachable | VisitKind::Full)), _) | (Some(said), None) => {
            Some(said)
        }
        (Some(VisitKind::Quick | VisitKind::Finding) | None, asked) => asked,
    }
}

/// What the evidence rules still ask for, and whether the answers are of a form that is known here.
pub(super) fn of_evidence(
    flags: &mut Flags,
    manifest: &Manifest,
    answers: Option<&Answers>,
    target: Option<&Case>,
) {
    let named = manifest.answers.as_ref();
    let form = named.and_then(|said| Form::shipped(&said.form, said.form_version).ok().flatten());
    if let (Some(said), None) = (named, &form) {
        flags.push((
            Flag::UnknownForm,
            serde_json::json!({ "version": said.form_version }),
        ));
    }
    let Some(kind) = held_to(manifest, target) else {
        return;
    };
    // Only the form that is asked answers what is asked.
    let is_asked = form.as_ref().is_some_and(|form| match kind {
        VisitKind::Full => form.id != "finding",
        VisitKind::Finding => form.id == "finding",
        VisitKind::Quick | VisitKind::Unreachable => true,
    });
    let answered = is_asked
        && form
            .zip(answers)
            .is_some_and(|(form, answers)| form.problems(answers).is_empty());
    let at_hand = AtHand {
        photos: distinct_kinds(
            manifest
                .photos
                .iter()
                .map(|photo| (photo.sha256, photo.kind.known())),
        ),
        pin_accuracy_cm: manifest.pin.as_ref().map(|pin| pin.accuracy_cm),
        pin_reason: answers.is_some_and(|answers| answers.contains_key("pin_reason")),
        answers: answered,
        unreachable: manifest.unreachable.as_ref().and_then(Lenient::known),
    };
    let lacks: Vec<Missing> = missing(kind, &at_hand);
    if !lacks.is_empty() {
        flags.push((Flag::Incomplete, serde_json::json!({ "missing": lacks })));
    }
}

/// The visits, except this one, that have one of the manifest's photos, for [`of_reuse`].
pub(super) fn reuse_query(write: &Write, visit: Uuid, manifest: &Manifest) -> Statement {
    let distinct = distinct(manifest);
    let places: Vec<String> = (2..=distinct.len() + 1).map(|n| format!("${n}")).collect();
    let places = if places.is_empty() {
        // PostgreSQL knows no empty list.
        "NULL".to_owned()
    } else {
        places.join(", ")
    };
    let text = format!(
        "SELECT v.id, v.filed_case_id, l.photo_id, f.flag FROM photo p \
         JOIN visit_photo l ON l.photo_id = p.id JOIN visit v ON v.id = l.visit_id \
         LEFT JOIN visit_flag f ON f.visit_id = v.id AND f.flag = 'repeated_photo' \
         WHERE v.id <> $1 AND p.sha256 IN ({places}) LIMIT {MOST_TOLD}"
    );
    let mut values: Vec<Value> = vec![visit.into()];
    values.extend(distinct.iter().map(|hash| Value::from(hash.0.to_vec())));
    write.store().sql(&text, values)
}

fn distinct(manifest: &Manifest) -> BTreeSet<Hash32> {
    manifest.photos.iter().map(|photo| photo.sha256).collect()
}

/// The same photo in a visit to another family, whichever phone sent it: both visits are flagged, each with the other's
/// id. In one case, and in those it follows, a photo may stand again: a retake keeps the rest. The cases of the others.
pub(super) async fn of_reuse(
    flags: &mut Flags,
    write: &mut Write,
    visit: Uuid,
    manifest: &Manifest,
    case: Option<Uuid>,
    rows: Vec<QueryResult>,
) -> Result<Vec<Uuid>> {
    let told = reused_elsewhere(flags, write, visit, case, rows).await?;
    if distinct(manifest).len() < manifest.photos.len() {
        flags.push((Flag::RepeatedPhoto, serde_json::json!({})));
    }
    Ok(told)
}

async fn reused_elsewhere(
    flags: &mut Flags,
    write: &mut Write,
    visit: Uuid,
    case: Option<Uuid>,
    rows: Vec<QueryResult>,
) -> Result<Vec<Uuid>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut same = Vec::new();
    let mut at = case;
    while let Some(id) = at {
        same.push(id);
        at = verification_case::Entity::find_by_id(id)
            .one(write.on())
            .await?
            .and_then(|row| row.predecessor);
    }
    let mut told = Vec::new();
    for row in rows {
        let (other, filed): (Uuid, Option<Uuid>) =
            (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let photo = PhotoId(row.try_get_by_index(2)?);
        let is_flagged = row.try_get_by_index::<Option<String>>(3)?.is_some();
        if filed.is_some_and(|filed| same.contains(&filed)) {
            continue;
        }
        flags.push((
            Flag::RepeatedPhoto,
            serde_json::json!({ "visit": VisitId(other), "photo": photo }),
        ));
        if !is_flagged {
            let about = serde_json::json!({ "visit": VisitId(visit), "photo": photo });
            mark(write, other, Flag::RepeatedPhoto, &about).await?;
            told.extend(filed);
        }
    }
    Ok(told)
}

/// The phone's other visits around this place of its chain, for [`of_chain`].
pub(super) fn chain_query(visit: Uuid, manifest: &Manifest, backend: DatabaseBackend) -> Statement {
    let seq = manifest.seq.cast_signed();
    visit::Entity::find()
        .filter(visit::Column::DeviceId.eq(Uuid::from(manifest.device)))
        .filter(visit::Column::Seq.is_in([seq - 1, seq, seq + 1]))
        .filter(visit::Column::Id.ne(visit))
        .build(backend)
}

/// Gaps and forks of the phone's chain around this visit; lifts the gap of the one that waited for it.
pub(super) async fn of_chain(
    write: &mut Write,
    visit: Uuid,
    manifest: &Manifest,
    hash: Hash32,
    around: Vec<visit::Model>,
    flags: &mut Flags,
) -> Result<()> {
    let seq = manifest.seq.cast_signed();
    let at = |seq| around.iter().filter(move |row| row.seq == seq);
    let fork = serde_json::json!({ "visit": VisitId(visit) });
    if seq > 1 {
        if at(seq - 1).next().is_none() {
            flags.push((Flag::ChainGap, serde_json::json!({ "seq": seq })));
        } else if !at(seq - 1)
            .any(|row| Some(&row.chain_hash[..]) == manifest.prev.as_ref().map(|h| &h.0[..]))
        {
            flags.push((Flag::ChainFork, serde_json::json!({ "seq": seq })));
        }
    }
    for twin in at(seq) {
        flags.push((Flag::ChainFork, serde_json::json!({ "seq": seq })));
        mark(write, twin.id, Flag::ChainFork, &fork).await?;
    }
    for after in at(seq + 1) {
        visit_flag::Entity::delete_many()
            .filter(visit_flag::Column::VisitId.eq(after.id))
            .filter(visit_flag::Column::Flag.eq(Flag::ChainGap.to_string()))
            .exec(write.on())
            .await?;
        if after.previous_hash.as_deref() != Some(&hash.0[..]) {
            mark(write, after.id, Flag::ChainFork, &fork).await?;
        }
    }
    // Where the chain stands, for people; the flags above do not depend on it.
    let stands = device::Entity::update_many()
        .col_expr(device::Column::ChainSeq, Expr::value(seq))
        .col_expr(device::Column::ChainHash, Expr::value(hash.0.to_vec()))
        .filter(device::Column::Id.eq(Uuid::from(manifest.device)))
        .filter(device::Column::ChainSeq.lt(seq));
    write.last(stands.into_query()).await
}

/// Flags a visit that is here already, once.
pub(super) async fn mark(
    write: &mut Write,
    visit: Uuid,
    flag: Flag,
    about: &serde_json::Value,
) -> Result<()> {
    let key = (visit, flag.to_string());
    if visit_flag::Entity::find_by_id(key)
        .one(write.on())
        .await?
        .is_some()
    {
        return Ok(());
    }
    visit_flag::ActiveModel {
        visit_id: Set(visit),
        flag: Set(flag.to_string()),
        detail: Set(about.to_string()),
    }
    .insert(write.on())
    .await?;
    write.journal(Entry::new(
        "visit.flag",
        format!("visit:{}", VisitId(visit)),
        Role::System,
        None,
        &serde_json::json!({ "flag": flag, "about": about }),
    )?);
    Ok(())
}

/// Every visit that shows this photo gets the flag: its evidence is not what it should be.
pub(in crate::store) async fn flag_bad_photo(
    write: &Write,
    id: PhotoId,
    problem: &str,
) -> Result<()> {
    for link in visit_photo::Entity::find()
        .filter(visit_photo::Column::PhotoId.eq(Uuid::from(id)))
        .all(write.on())
        .await?
    {
        let flag = Flag::BadPhoto.to_string();
        let known = visit_flag::Entity::find_by_id((link.visit_id, flag.clone()))
            .one(write.on())
            .await?;
        if known.is_some() {
            continue;
        }
        visit_flag::ActiveModel {
            visit_id: Set(link.visit_id),
            flag: Set(flag),
            detail: Set(serde_json::json!({ "photo": id, "problem": problem }).to_string()),
        }
        .insert(write.on())
        .await?;
    }
    Ok(())
}
