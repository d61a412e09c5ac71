//! Which header of a file is which of our columns, as a person said it once: kept for every file with the same headers.
//! The headers themselves are not kept, for of a file without them the first row is somebody's data.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::{FieldProblem, ProblemCode};
use tilik_protocol::registry::{FileColumns, ImportKind, KeepMapping, KnownColumn};

use super::{
    decrees, families, health, memberships, off_the_threads, programs, quotas, regions, waitlists,
};
use crate::error::{Error, Result};
use crate::imports::ImportFile;
use crate::sheet::{self, Brought, Column, Mapping, problem};
use crate::store::Acting;
use crate::store::journal::{Entry, hex};
use crate::store::tables::import_mapping;
use crate::store::write::Seen;

/// No table is wider.
const MOST_HEADERS: u32 = 1_000;

/// The columns of files of a kind; `None`: such a file has none.
fn columns_of(kind: ImportKind) -> Option<&'static [Column]> {
    match kind {
        ImportKind::Regions => Some(regions::COLUMNS),
        ImportKind::Boundaries | ImportKind::Pins => None,
        ImportKind::Programs => Some(programs::COLUMNS),
        ImportKind::Quotas => Some(quotas::COLUMNS),
        ImportKind::Families => Some(families::COLUMNS),
        ImportKind::Memberships => Some(memberships::COLUMNS),
        ImportKind::Decree => Some(decrees::COLUMNS),
        ImportKind::Waitlist => Some(waitlists::COLUMNS),
        ImportKind::Health => Some(health::COLUMNS),
    }
}

fn columns_needed(kind: ImportKind) -> Result<&'static [Column]> {
    // A map has no columns, and so the path names nothing.
    columns_of(kind).ok_or(Error::Refused(ProblemCode::NoSuchRoute))
}

fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// 32 bytes of hex.
fn read_fingerprint(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (n, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * n..2 * n + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// What is wrong with a mapping; empty when nothing is.
fn problems_of(columns: &[Column], body: &KeepMapping) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    let (mut named, mut used) = (HashSet::new(), HashSet::new());
    for one in &body.columns {
        if !columns.iter().any(|column| column.name == one.name) {
            // Only names of ours are quoted; this is none.
            let told = "Ada kolom yang tidak dikenal; muat ulang halaman ini.";
            problems.push(problem("columns", "unknown_column", told));
            continue;
        }
        if !named.insert(&one.name) {
            let told = "Kolom ini dipasangkan dua kali; pilih satu saja.";
            problems.push(problem(&one.name, "twice", told));
        }
        if one.header >= MOST_HEADERS {
            let told = "Judul yang dipilih tidak ada di berkas; pilih lagi.";
            problems.push(problem(&one.name, "no_such_header", told));
        } else if !used.insert(one.header) {
            let told =
                "Judul ini sudah dipasangkan dengan kolom lain; satu judul untuk satu kolom.";
            problems.push(problem(&one.name, "header_twice", told));
        }
    }
    if !body.columns.is_empty() {
        let lacking = columns.iter().filter(|column| {
            column.required && !body.columns.iter().any(|one| one.name == column.name)
        });
        problems.extend(lacking.map(|column| {
            let told = "Kolom ini wajib; tunjukkan judul mana yang memuatnya.";
            problem(column.name, "missing_header", told)
        }));
    }
    problems
}

impl Acting {
    /// A file with what people said of the columns of such files.
    pub(super) async fn brought(&self, kind: ImportKind, file: ImportFile) -> Result<Brought> {
        let rows = import_mapping::Entity::find()
            .filter(import_mapping::Column::Kind.eq(kind.to_string()))
            .all(self.store.read())
            .await?;
        let mut mappings = HashMap::new();
        for row in rows {
            let fingerprint = row.fingerprint.as_slice().try_into();
            let columns: Mapping = serde_json::from_str(&row.columns).map_err(Error::internal)?;
            mappings.insert(fingerprint.map_err(Error::internal)?, columns);
        }
        let sheet = file.sheet.map(usize::try_from).transpose();
        Ok(Brought {
            bytes: file.bytes,
            sheet: sheet.map_err(Error::internal)?,
            mappings: Arc::new(mappings),
        })
    }

    /// What a file's columns are called and which of ours they are taken for. Nothing of the file is kept.
    ///
    /// # Errors
    /// `forbidden`; `bad_import` or `invalid` when it is no table; `no_such_route` for a kind without columns.
    pub(crate) async fn file_columns(
        &self,
        kind: ImportKind,
        file: ImportFile,
    ) -> Result<FileColumns> {
        self.actor.require(Permission::Import)?;
        let columns = columns_needed(kind)?;
        let file = self.brought(kind, file).await?;
        let begun = off_the_threads(move || sheet::begin(&file, columns)).await?;
        let known = |(at, column): (usize, &Column)| KnownColumn {
            name: column.name.to_owned(),
            required: column.required,
            header: begun
                .places
                .iter()
                .position(|place| *place == Some(at))
                .map(number),
        };
        Ok(FileColumns {
            columns: columns.iter().enumerate().map(known).collect(),
            sheets: begun.sheets,
            sheet: begun.sheet.map(number),
            headers: begun.headers,
            fingerprint: hex(&begun.fingerprint),
            mapped: begun.is_mapped,
        })
    }

    /// Keeps which header is which column, for every file with the same headers.
    ///
    /// # Errors
    /// `forbidden`, `invalid` by column, `no_such_route` for a kind without columns.
    pub(crate) async fn keep_mapping(&self, kind: ImportKind, body: KeepMapping) -> Result<()> {
        self.actor.require(Permission::Import)?;
        if self.actor.is_in_training() {
            return Err(Error::Refused(ProblemCode::Forbidden));
        }
        let by = self.actor.person_id()?;
        let columns = columns_needed(kind)?;
        let problems = problems_of(columns, &body);
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let fingerprint = read_fingerprint(&body.fingerprint).ok_or_else(|| {
            Error::field(
                "fingerprint",
                "bad_shape",
                "Sidik judul kolom tidak terbaca; pilih lagi berkasnya.",
            )
        })?;
        let mut write = self.begin().await?;
        let object = format!("import_mapping:{kind}");
        let seen = write
            .once(body.event_id, "import.map", &object, &body)
            .await?;
        if seen == Seen::Before {
            return Ok(());
        }
        if body.columns.is_empty() {
            import_mapping::Entity::delete_by_id((kind.to_string(), fingerprint.to_vec()))
                .exec(write.on())
                .await?;
        } else {
            let mapping: Mapping = body
                .columns
                .iter()
                .map(|one| (one.name.clone(), one.header as usize))
                .collect();
            import_mapping::Entity::insert(import_mapping::ActiveModel {
                kind: Set(kind.to_string()),
                fingerprint: Set(fingerprint.to_vec()),
                columns: Set(serde_json::to_string(&mapping).map_err(Error::internal)?),
                mapped_by: Set(by.into()),
                mapped_at: Set(write.at().as_micros()),
            })
            .on_conflict(
                OnConflict::columns([
                    import_mapping::Column::Kind,
                    import_mapping::Column::Fingerprint,
                ])
                .update_columns([
                    import_mapping::Column::Columns,
                    import_mapping::Column::MappedBy,
                    import_mapping::Column::MappedAt,
                ])
                .to_owned(),
            )
            .exec_without_returning(write.on())
            .await?;
        }
        write.journal(Entry::new(
            "import.map",
            object,
            Role::Admin,
            Some(body.event_id),
            &serde_json::json!({ "fingerprint": body.fingerprint, "columns": body.columns }),
        )?);
        write.commit().await
    }
}
