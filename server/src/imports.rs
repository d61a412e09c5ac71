//! Files into the registry, whoever brings them: over HTTP, at the command line, or the demo.

use bytes::Bytes;
use tilik_protocol::ids::{EventId, ImportId};
use tilik_protocol::registry::{ImportKind, ImportReport, RefuseImport};
use tilik_protocol::session::Act;

use crate::App;
use crate::error::{Error, Result};
use crate::store::Acting;

/// The largest file that is taken: a province's families.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

impl App {
    /// Brings a file in and tells what became of every line. Goes on when the caller goes away: a half of a file would
    /// be neither here nor there.
    ///
    /// # Errors
    /// `forbidden`, `invalid` naming a missing column, `bad_import`, `event_reused`, `read_only`.
    pub async fn import(
        &self,
        kind: ImportKind,
        file: Bytes,
        event_id: EventId,
        by: Acting,
    ) -> Result<ImportReport> {
        self.space.small()?;
        tokio::spawn(async move { by.import(kind, file, event_id).await })
            .await
            .map_err(Error::internal)?
    }

    /// Puts into force what an import left waiting. Goes on when the caller goes away.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `separation_of_duty`, `wrong_moment`, `read_only`.
    pub async fn confirm_import(
        &self,
        id: ImportId,
        body: Act,
        by: Acting,
    ) -> Result<ImportReport> {
        self.space.small()?;
        tokio::spawn(async move { by.confirm_import(id, body).await })
            .await
            .map_err(Error::internal)?
    }

    /// Drops what an import left waiting.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `wrong_moment`, `read_only`.
    pub async fn refuse_import(
        &self,
        id: ImportId,
        body: RefuseImport,
        by: Acting,
    ) -> Result<ImportReport> {
        self.space.small()?;
        by.refuse_import(id, body).await
    }
}
