//! Letters: issued with a number, printed as often as needed, revoked with a reason, and checked by whoever holds the paper.
//!
//! What is printed is sealed in the letter's row and never changes: a letter is printed again as it was. A stranger is told
//! what can be compared with a paper, and whether what they read there is what was issued; never a text itself.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Set,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use tilik_protocol::ids::{FamilyId, LetterId, NoticeId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::letter::{
    CheckLetter, ComparedLine, IssueLetter, LetterChecked, LetterContent, LetterKind,
    LetterPreview, LetterView, LineName, Numbering, PreviewLetter, RevokeLetter, is_same,
    number_key, status, typed_number,
};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::reason::{self, LETTER_REVOCATIONS};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;
use tilik_protocol::session::Act;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::access::{Mode, Read};
use super::families::region_code;
use super::journal::{Entry, hex};
use super::sessions::subject;
use super::tables::{letter, letter_print};
use super::write::Seen;
use super::{Acting, Store, in_regions};
use crate::error::{Error, Result};
use crate::letters::LetterCode;

mod drafting;
mod offices;

/// Checks by one address in a quarter of an hour: a school that looks at a whole class's letters has enough.
const CHECKS_PER_ADDRESS: i32 = 120;
/// Lines that were not the same, per letter in a quarter of an hour: nobody tries names out.
const MISSES_PER_LETTER: i32 = 30;
/// Lines compared at once.
const MOST_COMPARED: usize = 12;
/// Copies of one letter.
const MOST_COPIES: i32 = 999;

/// What is sealed in a letter's row.
#[derive(Serialize, Deserialize)]
struct Sealed {
    token: [u8; 16],
    content: LetterContent,
}

/// One copy, to be drawn.
#[derive(Debug)]
pub struct LetterCopy {
    /// What is printed.
    pub content: LetterContent,
    /// What its code says.
    pub code: LetterCode,
}

/// Which letters a list shows.
#[derive(Debug, Clone, Default)]
pub struct LetterFilter {
    /// Of this family.
    pub family: Option<FamilyId>,
    /// With this number.
    pub number: Option<String>,
}

fn token_hash(token: &[u8; 16]) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

impl Store {
    fn open_letter(&self, row: &letter::Model) -> Result<Sealed> {
        let text = self
            .keys()
            .decrypt_field("letter", "content", row.id, &row.content_enc)
            .map_err(Error::internal)?;
        serde_json::from_str(&text).map_err(Error::internal)
    }

    /// What a stranger who holds a paper is told. One answer for a code that is none, one of nobody's and one that was
    /// altered.
    ///
    /// # Errors
    /// `not_found`, `invalid`, `too_many_requests`.
    pub(crate) async fn check_letter(
        &self,
        body: CheckLetter,
        address: &str,
    ) -> Result<LetterChecked> {
        let now = self.now();
        let here = subject("letter-check", &[address]);
        let busy = Error::Wait {
            code: ProblemCode::TooManyRequests,
            retry_after_s: 60,
        };
        if self.failures(self.read(), &here, now).await? >= CHECKS_PER_ADDRESS {
            return Err(busy);
        }
        self.count_failure(self.writer(), &here, now).await?;
        if body.compare.len() > MOST_COMPARED {
            let remedy = "Bandingkan paling banyak 12 isian sekaligus.";
            return Err(Error::field("compare", "too_many", remedy));
        }
        let code = LetterCode::read(body.code.trim());
        // What is no code is looked for all the same: it takes as long.
        let hash = token_hash(&code.map_or([0; 16], |code| code.token));
        let row = letter::Entity::find()
            .filter(letter::Column::TokenHash.eq(hash))
            .one(self.read())
            .await?;
        let (Some(code), Some(row)) = (code, row) else {
            return Err(Error::NOT_FOUND);
        };
        let sealed = match self.open_letter(&row) {
            Ok(sealed) => sealed,
            Err(error) => {
                tracing::error!(letter.id = %row.id, %error, "a letter's row was altered");
                return Err(Error::NOT_FOUND);
            }
        };
        let printed = (1..=row.copies).contains(&i32::from(code.copy));
        if !printed || sealed.token != code.token || !code.is_of(self.keys(), &sealed.content) {
            return Err(Error::NOT_FOUND);
        }
        let content = sealed.content;
        let compared = self.compare(&content, &body, &hex(&row.token_hash)).await?;
        let region = region_code(&row.region)?;
        let (revoked_at, valid_until) = instants(&row);
        let line = |key: &str| content.line(key).unwrap_or_default().to_owned();
        Ok(LetterChecked {
            number: content.number.clone(),
            office: content.letterhead.last().cloned().unwrap_or_default(),
            village: line("village"),
            kind: content.kind.into(),
            title: content.title.clone(),
            status: status(revoked_at, valid_until, now).into(),
            dated: content.dated.clone(),
            valid_until,
            revoked_at,
            name_masked: content.masked_name(),
            copy: code.copy,
            copies: u16::try_from(row.copies).unwrap_or(u16::MAX),
            training: region.is_training(),
            lines: names_of_lines(&content),
            compared,
        })
    }

    /// What the code of a letter's newest copy says, for tests that hold no paper.
    ///
    /// # Errors
    /// What the database says; `not_found`.
    #[cfg(any(test, feature = "testing"))]
    pub async fn letter_code(&self, id: LetterId) -> Result<String> {
        let row = letter::Entity::find_by_id(Uuid::from(id))
            .one(self.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let sealed = self.open_letter(&row)?;
        let copy = u16::try_from(row.copies).map_err(Error::internal)?;
        let code = LetterCode::sign(self.keys(), &sealed.content, sealed.token, copy);
        code.map(|code| code.text())
            .ok_or_else(|| Error::internal("the letters' key"))
    }

    /// Whether what somebody reads on a paper is what was issued.
    async fn compare(
        &self,
        content: &LetterContent,
        body: &CheckLetter,
        letter: &str,
    ) -> Result<Vec<ComparedLine>> {
        let now = self.now();
        let of_letter = subject("letter-compare", &[letter]);
        if !body.compare.is_empty()
            && self.failures(self.read(), &of_letter, now).await? >= MISSES_PER_LETTER
        {
            return Err(Error::Wait {
                code: ProblemCode::TooManyRequests,
                retry_after_s: 60,
            });
        }
        let mut compared = Vec::with_capacity(body.compare.len());
        for one in &body.compare {
            let value = value_of(content, &one.key).ok_or_else(|| {
                Error::field(
                    "compare",
                    "unknown",
                    "Isian ini tidak ada pada surat tersebut.",
                )
            })?;
            let same = is_same(&one.value, &value);
            if !same {
                self.count_failure(self.writer(), &of_letter, now).await?;
            }
            compared.push(ComparedLine {
                key: one.key.clone(),
                same,
            });
        }
        Ok(compared)
    }
}

/// Texts beside the lines that can be compared, by what they are called.
const BESIDE: [(&str, &str); 4] = [
    ("number", "Nomor surat"),
    ("dated", "Tempat dan tanggal surat"),
    ("signatory", "Nama penanda tangan"),
    ("nip", "NIP penanda tangan"),
];

fn names_of_lines(content: &LetterContent) -> Vec<LineName> {
    let lines = content.lines.iter();
    let lines = lines.map(|line| (line.key.clone(), line.label.clone()));
    let beside = BESIDE
        .iter()
        .filter(|(key, _)| *key != "nip" || !content.signatory_nip.is_empty())
        .map(|(key, label)| ((*key).to_owned(), (*label).to_owned()));
    lines
        .chain(beside)
        .map(|(key, label)| LineName { key, label })
        .collect()
}

fn value_of(content: &LetterContent, key: &str) -> Option<String> {
    match key {
        "number" => Some(content.number.clone()),
        "dated" => Some(content.dated.clone()),
        "signatory" => Some(content.signatory_name.clone()),
        "nip" => Some(content.signatory_nip.trim_start_matches("NIP ").to_owned()),
        line => content.line(line).map(str::to_owned),
    }
}

fn instants(row: &letter::Model) -> (Option<Timestamp>, Option<Timestamp>) {
    (
        row.revoked_at.map(Timestamp::from_micros),
        row.valid_until.map(Timestamp::from_micros),
    )
}

impl Acting {
    /// What would be printed.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`.
    pub async fn preview_letter(
        &self,
        body: PreviewLetter,
        appeal_days: u32,
    ) -> Result<LetterPreview> {
        self.actor.require(Permission::IssueLetters)?;
        let draft = self
            .draft_letter(&body.subject, body.purpose.as_deref(), appeal_days)
            .await?;
        let on = self.store.read();
        let existing = match draft.notice {
            Some(notice) => self.letter_of_notice(notice).await?,
            None => None,
        };
        let mut content = draft.content;
        content.number = offices::next_number(on, &draft.office, self.store.now()).await?;
        Ok(LetterPreview {
            content,
            numbering: draft.office.settings.numbering,
            existing: existing.map(|row| LetterId(row.id)),
        })
    }

    async fn letter_of_notice(&self, notice: Uuid) -> Result<Option<letter::Model>> {
        Ok(letter::Entity::find()
            .filter(letter::Column::NoticeId.eq(notice))
            .filter(letter::Column::RevokedAt.is_null())
            .one(self.store.read())
            .await?)
    }

    /// Gives a letter its number and keeps what it says. A notice has one letter: asked for again it is that one.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `event_reused`.
    pub async fn issue_letter(&self, body: IssueLetter, appeal_days: u32) -> Result<LetterView> {
        self.actor.require(Permission::IssueLetters)?;
        let id = Uuid::from(body.event_id);
        let object = format!("letter:{}", LetterId(id));
        // The body may hold a NIK: a keyed hash of it is kept.
        let text = serde_json::to_string(&body).map_err(Error::internal)?;
        let known = hex(&self.store.keys().blind_body(&text));
        if self.letter_row(id).await?.is_some() {
            let mut write = self.begin().await?;
            let seen = write
                .once(body.event_id, "letter.issue", &object, &known)
                .await?;
            drop(write);
            return match seen {
                Seen::Before => self.letter(LetterId(id)).await,
                Seen::Now => Err(Error::Refused(ProblemCode::EventReused)),
            };
        }
        let draft = self
            .draft_letter(&body.subject, body.purpose.as_deref(), appeal_days)
            .await?;
        if let Some(notice) = draft.notice
            && let Some(row) = self.letter_of_notice(notice).await?
        {
            return self.letter(LetterId(row.id)).await;
        }
        let mut write = self.begin().await?;
        if write
            .once(body.event_id, "letter.issue", &object, &known)
            .await?
            == Seen::Before
        {
            drop(write);
            return self.letter(LetterId(id)).await;
        }
        let number = match draft.office.settings.numbering {
            Numbering::Running => offices::take_number(&write, &draft.office).await?,
            Numbering::Typed => typed_number(body.number.as_deref().unwrap_or_default())
                .map_err(|problem| Error::Invalid(vec![problem.of("number")]))?,
        };
        let mut content = draft.content;
        content.number.clone_from(&number);
        let sealed = Sealed {
            token: self.store.ids().bytes::<16>(),
            content,
        };
        let text = serde_json::to_string(&sealed).map_err(Error::internal)?;
        let content_enc = self
            .store
            .keys()
            .encrypt_field("letter", "content", id, &text);
        let row = letter::ActiveModel {
            id: Set(id),
            version: Set(1),
            kind: Set(sealed.content.kind.to_string()),
            region: Set(draft.region.to_string()),
            office: Set(draft.office.region.to_string()),
            office_version: Set(draft.office.version),
            family_id: Set(draft.family),
            person_id: Set(draft.person),
            notice_id: Set(draft.notice),
            number: Set(number.clone()),
            number_key: Set(number_key(&number)),
            year: Set(offices::year_at(&draft.office.region, write.at())),
            token_hash: Set(token_hash(&sealed.token)),
            content_enc: Set(content_enc),
            issued_by: Set(self.actor.person_id()?.into()),
            issued_at: Set(write.at().as_micros()),
            valid_until: Set(draft.valid_until.map(Timestamp::as_micros)),
            copies: Set(0),
            revoked_by: Set(None),
            revoked_at: Set(None),
            revocation: Set(None),
        };
        // No error, after which PostgreSQL would refuse everything else: the number, or the notice's letter, is there.
        let inserted = letter::Entity::insert(row)
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(write.on())
            .await?;
        if inserted == 0 {
            drop(write);
            if let Some(notice) = draft.notice
                && let Some(row) = self.letter_of_notice(notice).await?
            {
                return self.letter(LetterId(row.id)).await;
            }
            return Err(match draft.office.settings.numbering {
                Numbering::Typed => Error::field(
                    "number",
                    "taken",
                    "Nomor ini sudah dipakai surat lain tahun ini; periksa buku agenda.",
                ),
                Numbering::Running => Error::field(
                    "number",
                    "taken",
                    "Nomor berikutnya sudah dipakai surat yang diketik. Minta admin menyetel nomor berikutnya di \
                     Pengaturan kantor.",
                ),
            });
        }
        write.journal(Entry::new(
            "letter.issue",
            object,
            draft.role,
            Some(body.event_id),
            &serde_json::json!({ "kind": sealed.content.kind, "number": number,
                "office": draft.office.region, "office_version": draft.office.version,
                "family": draft.family.map(FamilyId), "notice": draft.notice.map(NoticeId) }),
        )?);
        write.commit().await?;
        self.letter(LetterId(id)).await
    }

    async fn letter_row(&self, id: Uuid) -> Result<Option<letter::Model>> {
        Ok(letter::Entity::find_by_id(id)
            .one(self.store.read())
            .await?)
    }

    fn letter_read(row: &letter::Model, role: Role, what: &'static str) -> Read {
        Read {
            kind: if row.family_id.is_some() {
                "family"
            } else {
                "letter"
            },
            id: row.family_id.unwrap_or(row.id),
            what,
            mode: Mode::Seen,
            role,
            purpose: None,
        }
    }

    /// One letter.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn letter(&self, id: LetterId) -> Result<LetterView> {
        let row = self.letter_row(id.into()).await?.ok_or(Error::NOT_FOUND)?;
        let mut views = self.letter_views(vec![row], "letter").await?;
        views.pop().ok_or(Error::NOT_FOUND)
    }

    /// Letters in reach, the newest first. Logged as a read of each.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn letters(
        &self,
        filter: &LetterFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<LetterView>> {
        self.actor.require(Permission::ReadCases)?;
        let mine = self.actor.regions(Permission::ReadCases);
        let mut query = letter::Entity::find()
            .filter(in_regions(letter::Column::Region, &mine))
            .order_by_desc(letter::Column::IssuedAt)
            .order_by_desc(letter::Column::Id)
            .limit(limit + 1);
        if let Some(family) = filter.family {
            query = query.filter(letter::Column::FamilyId.eq(Uuid::from(family)));
        }
        if let Some(number) = filter.number.as_deref().map(number_key)
            && !number.is_empty()
        {
            query = query.filter(letter::Column::NumberKey.eq(number));
        }
        if let Some(after) = after {
            let bad = || Error::Refused(ProblemCode::BadCursor);
            let (at, id) = after.split_once('_').ok_or_else(bad)?;
            let at: i64 = at.parse().map_err(|_| bad())?;
            let id = Uuid::parse_str(id).map_err(|_| bad())?;
            query = query.filter(
                Condition::any().add(letter::Column::IssuedAt.lt(at)).add(
                    Condition::all()
                        .add(letter::Column::IssuedAt.eq(at))
                        .add(letter::Column::Id.lt(id)),
                ),
            );
        }
        let mut rows = query.all(self.store.read()).await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more);
        let next = next.map(|row| format!("{}_{}", row.issued_at, row.id));
        let items = self.letter_views(rows, "letter_row").await?;
        Ok(Page { items, next })
    }

    async fn letter_views(
        &self,
        rows: Vec<letter::Model>,
        what: &'static str,
    ) -> Result<Vec<LetterView>> {
        let people: BTreeSet<Uuid> = rows
            .iter()
            .flat_map(|row| [Some(row.issued_by), row.revoked_by])
            .flatten()
            .collect();
        let names = self.store.names_of(people).await?;
        let now = self.store.now();
        let (mut views, mut reads) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            let region = region_code(&row.region)?;
            let role = self.reading_in(&region)?;
            reads.push(Self::letter_read(&row, role, what));
            let sealed = self.store.open_letter(&row)?;
            let (revoked_at, valid_until) = instants(&row);
            views.push(LetterView {
                id: LetterId(row.id),
                version: row.version,
                kind: Lenient::<LetterKind>::read(&row.kind),
                number: row.number,
                name: sealed.content.line("name").unwrap_or_default().to_owned(),
                region,
                family: row.family_id.map(FamilyId),
                notice: row.notice_id.map(NoticeId),
                issued_at: Timestamp::from_micros(row.issued_at),
                issued_by_name: names.get(&row.issued_by).cloned(),
                valid_until,
                status: status(revoked_at, valid_until, now).into(),
                copies: u16::try_from(row.copies).unwrap_or(u16::MAX),
                revoked_at,
                revoked_by_name: row.revoked_by.and_then(|id| names.get(&id).cloned()),
                revocation: row.revocation.and_then(|code| code.parse().ok()),
            });
        }
        self.note_reads(reads).await?;
        Ok(views)
    }

    /// Takes one more copy of a letter, to be drawn: the same content and number, its own place in the count.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid` of one that counts no more.
    pub async fn print_letter(&self, id: LetterId, body: Act) -> Result<LetterCopy> {
        self.actor.require(Permission::IssueLetters)?;
        let mut write = self.begin().await?;
        let row = letter::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region: RegionCode = region_code(&row.region)?;
        let role = self.actor.act_in(Permission::IssueLetters, &region)?;
        let object = format!("letter:{id}");
        let seen = write
            .once(body.event_id, "letter.print", &object, &body)
            .await?;
        let copy = match seen {
            Seen::Before => {
                letter_print::Entity::find_by_id(Uuid::from(body.event_id))
                    .one(write.on())
                    .await?
                    .ok_or(Error::WRONG_MOMENT)?
                    .copy
            }
            Seen::Now => {
                let (revoked_at, valid_until) = instants(&row);
                if revoked_at.is_some() {
                    let remedy = "Surat ini sudah dicabut; terbitkan surat baru bila masih perlu.";
                    return Err(Error::field("id", "revoked", remedy));
                }
                if valid_until.is_some_and(|until| until <= write.at()) {
                    let remedy = "Masa berlaku surat ini habis; terbitkan surat baru.";
                    return Err(Error::field("id", "expired", remedy));
                }
                if row.copies >= MOST_COPIES {
                    let remedy = "Surat ini sudah terlalu sering dicetak; terbitkan surat baru.";
                    return Err(Error::field("id", "too_many", remedy));
                }
                row.copies + 1
            }
        };
        let sealed = self.store.open_letter(&row)?;
        let number = u16::try_from(copy).map_err(Error::internal)?;
        let code = LetterCode::sign(self.store.keys(), &sealed.content, sealed.token, number)
            .ok_or_else(|| Error::internal("the letters' key"))?;
        if seen == Seen::Now {
            letter_print::ActiveModel {
                id: Set(body.event_id.into()),
                letter_id: Set(row.id),
                copy: Set(copy),
                printed_by: Set(self.actor.person_id()?.into()),
                printed_at: Set(write.at().as_micros()),
            }
            .insert(write.on())
            .await?;
            let mut active: letter::ActiveModel = row.clone().into();
            active.copies = Set(copy);
            active.update(write.on()).await?;
            write.journal(Entry::new(
                "letter.print",
                object,
                role,
                Some(body.event_id),
                &serde_json::json!({ "copy": copy, "number": row.number,
                    "family": row.family_id.map(FamilyId) }),
            )?);
            write.commit().await?;
        } else {
            drop(write);
        }
        let read = Self::letter_read(&row, role, "letter_printed");
        self.note_reads([read]).await?;
        Ok(LetterCopy {
            content: sealed.content,
            code,
        })
    }

    /// Says of a letter that it counts no more. Its number is not given again.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `stale`, `wrong_moment` of one that is revoked.
    pub async fn revoke_letter(&self, id: LetterId, body: RevokeLetter) -> Result<LetterView> {
        self.actor.require(Permission::IssueLetters)?;
        let mut write = self.begin().await?;
        let row = letter::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region = region_code(&row.region)?;
        let role = self.actor.act_in(Permission::IssueLetters, &region)?;
        if !reason::is_listed(&body.reason, LETTER_REVOCATIONS) {
            return Err(Error::field(
                "reason",
                "unknown",
                "Pilih salah satu alasan pencabutan.",
            ));
        }
        let object = format!("letter:{id}");
        if write
            .once(body.event_id, "letter.revoke", &object, &body)
            .await?
            == Seen::Before
        {
            drop(write);
            return self.letter(id).await;
        }
        if row.version != body.seen_version {
            return Err(Error::Stale {
                current_version: row.version,
            });
        }
        if row.revoked_at.is_some() {
            return Err(Error::WRONG_MOMENT);
        }
        let (version, number, family) = (row.version, row.number.clone(), row.family_id);
        let mut active: letter::ActiveModel = row.into();
        active.version = Set(version + 1);
        active.revoked_by = Set(Some(self.actor.person_id()?.into()));
        active.revoked_at = Set(Some(write.at().as_micros()));
        active.revocation = Set(Some(body.reason.to_string()));
        active.update(write.on()).await?;
        write.journal(Entry::new(
            "letter.revoke",
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "reason": body.reason, "number": number,
                "family": family.map(FamilyId) }),
        )?);
        write.commit().await?;
        self.letter(id).await
    }
}
