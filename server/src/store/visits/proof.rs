//! When a visit was sealed, as far as the server can vouch for it: by the time it had told the phone, and the phone's
//! running clock since then, which nobody can set.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::{Flag, VisitKind};
use tilik_protocol::manifest::{Manifest, SignedManifest};
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::AHEAD_S;
use crate::error::{Error, Result};
use crate::keys::Keyring;
use crate::store::Write;
use crate::store::cases::Case;
use crate::store::tables::{verification_case, visit, visit_flag};
use crate::time_token::TimeToken;

const HOUR_US: i64 = 3_600_000_000;
const NS_PER_US: u64 = 1_000;

/// What is proven of the moment of sealing.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::store) struct Proof {
    /// Not before this: the phone knew a token of that time.
    pub(in crate::store) after: Option<Timestamp>,
    /// At this moment: the phone ran through from the token to the sealing.
    pub(in crate::store) at: Option<Timestamp>,
}

impl Proof {
    pub(in crate::store) fn of(
        manifest: &Manifest,
        received_at: Timestamp,
        keys: &Keyring,
    ) -> Self {
        let clock = &manifest.clock;
        let token = clock
            .time_token
            .as_deref()
            .and_then(|text| TimeToken::open(keys, text))
            .filter(|token| token.device == manifest.device);
        let Some(token) = token else {
            return Self::default();
        };
        let at = clock
            .token_elapsed_ns
            .and_then(|then| clock.elapsed_ns.checked_sub(then))
            .and_then(|ns| i64::try_from(ns / NS_PER_US).ok())
            .map(|us| Timestamp::from_micros(token.at.as_micros().saturating_add(us)))
            .filter(|at| at.seconds_since(received_at) <= AHEAD_S);
        Self {
            after: Some(token.at),
            at,
        }
    }

    /// Whether the visit was sealed after `end`: proven, or by the phone's own word where nothing is proven.
    pub(in crate::store) fn is_sealed_after(self, end: Timestamp, said: Timestamp) -> bool {
        match self.at {
            Some(at) => at > end,
            None => said > end || self.after.is_some_and(|after| after > end),
        }
    }
}

/// The tries to see the family of a case and of those that it follows, but not what was sealed by an officer who was none any
/// more.
pub(in crate::store) async fn tries(write: &Write, case: &Case) -> Result<Vec<visit::Model>> {
    let (mut cases, mut before) = (vec![case.id], case.predecessor);
    while let Some(id) = before {
        let row = verification_case::Entity::find_by_id(id)
            .one(write.on())
            .await?
            .filter(|row| row.state == CaseState::Expired.to_string());
        cases.extend(row.as_ref().map(|row| row.id));
        before = row.and_then(|row| row.predecessor);
    }
    let mut tries = visit::Entity::find()
        .filter(visit::Column::FiledCaseId.is_in(cases))
        .filter(visit::Column::Kind.eq(VisitKind::Unreachable.to_string()))
        .all(write.on())
        .await?;
    let void: Vec<Uuid> = visit_flag::Entity::find()
        .filter(visit_flag::Column::VisitId.is_in(tries.iter().map(|row| row.id)))
        .filter(visit_flag::Column::Flag.eq(Flag::SealedAfterEnd.to_string()))
        .all(write.on())
        .await?
        .into_iter()
        .map(|row| row.visit_id)
        .collect();
    tries.retain(|row| !void.contains(&row.id));
    Ok(tries)
}

/// A try to see a family: on which day, and at what hour of it, in the region's own time.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Try {
    day: i64,
    said_day: i64,
    hour: i64,
}

impl Try {
    /// Where nothing is proven the day is the one on which the server heard of it, and the hour the one that was told.
    pub(in crate::store) fn of(
        row: &visit::Model,
        region: &RegionCode,
        keys: &Keyring,
    ) -> Result<Self> {
        let signed = SignedManifest::parse(&row.manifest).map_err(Error::internal)?;
        let received = Timestamp::from_micros(row.received_at);
        let proof = Proof::of(signed.manifest(), received, keys);
        let said = Timestamp::from_micros(row.captured_at);
        let is_possible = said.seconds_since(received) <= AHEAD_S
            && proof
                .after
                .is_none_or(|after| after.seconds_since(said) <= AHEAD_S);
        let day = proof.at.unwrap_or(received);
        let told = match proof.at {
            Some(at) => at,
            None if is_possible => said,
            None => received,
        };
        let local = |at: Timestamp| at.as_micros() + region.utc_offset_min() * 60_000_000;
        Ok(Self {
            day: local(day).div_euclid(24 * HOUR_US),
            said_day: local(told).div_euclid(24 * HOUR_US),
            hour: local(told).div_euclid(HOUR_US).rem_euclid(24),
        })
    }

    /// Whether the two were made on different days and at different hours.
    pub(in crate::store) fn is_apart_from(self, other: Self) -> bool {
        self.day != other.day && self.said_day != other.said_day && self.hour != other.hour
    }
}
