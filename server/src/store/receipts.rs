//! Receipts of appeals and objections: 128 random bits, of which the hash is kept, and the stage that they show.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tilik_protocol::appeal::AppealState;
use tilik_protocol::objection::ObjectionState;
use tilik_protocol::receipt::{AskReceipt, ReceiptKind, ReceiptStage, ReceiptState};
use tilik_protocol::time::Timestamp;

use super::Store;
use super::families::OVER;
use super::journal::hex;
use super::sessions::hash_of;
use super::tables::{appeal, objection, verification_case};
use crate::error::{Error, Result};

/// Looks by one address in a quarter of an hour.
const LOOKS_PER_ADDRESS: i64 = 120;

/// What a new receipt's square leads to.
pub(super) struct Receipt(String);

impl Receipt {
    pub(super) fn new(store: &Store) -> Self {
        Self(hex(&store.ids().bytes::<16>()))
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    pub(super) fn hash(&self) -> Vec<u8> {
        hash_of(&self.0)
    }
}

impl Store {
    /// What whoever holds a receipt may know.
    ///
    /// # Errors
    /// `not_found`, `too_many_requests`.
    pub(crate) async fn receipt(&self, body: &AskReceipt, address: &str) -> Result<ReceiptStage> {
        self.take_try("receipt", address, LOOKS_PER_ADDRESS).await?;
        let hash = hash_of(&body.token.trim().to_ascii_lowercase());
        let appeal = appeal::Entity::find()
            .filter(appeal::Column::ReceiptHash.eq(hash.clone()))
            .one(self.read())
            .await?;
        let objection = objection::Entity::find()
            .filter(objection::Column::ReceiptHash.eq(hash))
            .one(self.read())
            .await?;
        if let Some(row) = appeal {
            let state: AppealState = row.state.parse().map_err(Error::internal)?;
            return Ok(ReceiptStage {
                kind: ReceiptKind::Appeal.into(),
                state: ReceiptState::from(state).into(),
                filed_at: Timestamp::from_micros(row.filed_at),
                due_at: Timestamp::from_micros(row.due_at),
                answered_at: row.closed_at.map(Timestamp::from_micros),
                reason: None,
            });
        }
        let row = objection.ok_or(Error::NOT_FOUND)?;
        let state: ObjectionState = row.state.parse().map_err(Error::internal)?;
        let mut state = ReceiptState::from(state);
        // That somebody was there is told; what was found there is the family's.
        if let (ReceiptState::Admitted, Some(case)) = (state, row.case_id) {
            let case = verification_case::Entity::find_by_id(case)
                .one(self.read())
                .await?;
            if case.is_some_and(|case| OVER.contains(&case.state.as_str())) {
                state = ReceiptState::Checked;
            }
        }
        Ok(ReceiptStage {
            kind: ReceiptKind::Objection.into(),
            state: state.into(),
            filed_at: Timestamp::from_micros(row.filed_at),
            due_at: Timestamp::from_micros(row.due_at),
            answered_at: row.closed_at.map(Timestamp::from_micros),
            reason: row.reason.as_deref().and_then(|code| code.parse().ok()),
        })
    }
}
