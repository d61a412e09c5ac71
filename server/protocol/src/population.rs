//! Population events (peristiwa kependudukan): what the civil registry says happened to a person, and what the registry of
//! families makes of it (domain.md 9e).
//!
//! Pure: what is signed, how old it may be, when a batch is parked, and what an event does to whom it is about. An event
//! is never dropped: what cannot be done by itself goes to a person.

use serde::{Deserialize, Serialize};

use crate::appeal::{month_number, month_word};
use crate::family::{Relation, Sex};
use crate::ids::{
    CivilBatchId, CivilEventId, EventId, FamilyId, MatchId, MoveId, PersonId, UserId,
};
use crate::lenient::Lenient;
use crate::nik::Day;
use crate::reason::ReasonCode;
use crate::region::RegionCode;
use crate::time::Timestamp;

/// Most events in one batch or file.
pub const MOST_EVENTS: usize = 20_000;
/// For so many seconds a signature counts that comes over HTTP; and clocks may differ by as much.
pub const SIGNED_FOR_S: i64 = 600;
/// A daily file is carried by people, and may wait for a long weekend.
pub const FILE_SIGNED_FOR_S: i64 = 4 * 86_400;
/// Days for which a place is held while a family names who receives instead of the dead.
pub const PAYEE_DAYS: i64 = 30;
/// Days in which a village may send a family back.
pub const RETURN_DAYS: i64 = 7;

/// What happened.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CivilKind {
    /// A death.
    Meninggal,
    /// A death was recorded by mistake (hidupkan).
    HidupKembali,
    /// A family moves to another village of the city.
    PindahDalamKota,
    /// A family leaves the city.
    PindahKeluar,
    /// A family comes into the city.
    PindahMasuk,
    /// Some members get a KK of their own.
    PecahKk,
    /// The family has another KK number.
    GantiKk,
    /// Name, birth date, sex or mother were corrected.
    UbahBiodata,
    /// A birth.
    Lahir,
    /// A NIK was one too many for its person and is gone.
    NikGandaDihapus,
}

/// What an event is about; of one matter the later word stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matter {
    /// Whether somebody lives.
    Life,
    /// Where somebody lives.
    Place,
    /// Who somebody is and whose family is theirs.
    Identity,
}

impl CivilKind {
    /// What it is about.
    pub const fn matter(self) -> Matter {
        match self {
            Self::Meninggal | Self::HidupKembali => Matter::Life,
            Self::PindahDalamKota | Self::PindahKeluar | Self::PindahMasuk => Matter::Place,
            Self::PecahKk
            | Self::GantiKk
            | Self::UbahBiodata
            | Self::Lahir
            | Self::NikGandaDihapus => Matter::Identity,
        }
    }
}

/// Where an event stands.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CivilState {
    /// Here, and next to be looked at.
    Received,
    /// Held back with its batch, until a person releases that.
    Parked,
    /// It had its effect, or all was so already.
    Applied,
    /// A person has to say what it means.
    ToJudge,
    /// Nobody in the registry has this NIK.
    Unmatched,
    /// A later event of the same matter had its effect before this one came.
    Superseded,
    /// It cannot be: a field is wrong, or its batch was refused.
    Refused,
    /// A person said that it has no effect here.
    Dismissed,
    /// A person did by hand what it asks for.
    Handled,
    /// What it did was taken back by a later one.
    Reversed,
}

/// Why an event stands where it stands, or what is left to do after it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CivilWhy {
    /// Nothing was left to do: it was so already.
    AlreadySo,
    /// Several persons have this NIK.
    Several,
    /// The person is dead here.
    PersonDead,
    /// It came after a later one, and the two do not go together by themselves.
    OutOfOrder,
    /// Whether the whole family moves is not said, or only some of it does.
    WhoMoves,
    /// The family holds a place, so who it is changes only by two persons.
    HoldsPlace,
    /// This build does not know such an event.
    UnknownKind,
    /// Only people can do this: register, split, merge.
    ByHand,
    /// No such village.
    VillageUnknown,
    /// A NIK or KK number is none.
    BadNumber,
    /// A date is none.
    BadDate,
    /// Its batch was refused.
    BatchRefused,
    /// This event id came before with other content.
    ContentConflict,
    /// The family has to say who receives instead.
    PayeeChange,
    /// The family did not say so in time: a case is open in which two persons say what becomes of its places.
    PayeeOverdue,
    /// Nobody of the family lives: two persons end its places.
    NobodyRemains,
    /// The dead held or waited for a place of their own: two persons end it.
    PlaceOfDead,
    /// Whoever lives again lost a place that two persons ended.
    PlaceGone,
    /// The family left the city: two persons end its places.
    LeftCity,
    /// The receiving village sent the family back.
    SentBack,
}

/// Why a batch is parked.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Trip {
    /// The sequence jumped.
    SequenceJump,
    /// Something is said to have happened in the future.
    FutureDate,
    /// Too large a part of a village.
    VillageShare,
    /// Too many deaths in a day.
    Deaths,
}

/// Where a batch stands.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum BatchState {
    /// Its events are looked at.
    Taken,
    /// Held back.
    Parked,
    /// A person let it through.
    Released,
    /// A person said that none of it has an effect.
    Refused,
}

/// By which way a batch came.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Channel {
    /// Signed in its headers.
    Http,
    /// Signed in its first line.
    File,
}

/// One event as the civil registry sends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CivilEvent {
    /// The feed's own id: the same id is the same event, however often it comes.
    pub event_id: String,
    /// What happened.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(value_type = CivilKind))]
    pub kind: Lenient<CivilKind>,
    /// To whom.
    pub nik: String,
    /// The family's KK number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_kk: Option<String>,
    /// Since when it is so, `2026-11-24`.
    pub date_effective: String,
    /// When it was reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_reported: Option<String>,
    /// The feed's running number.
    pub source_seq: u64,
    /// What else it says.
    #[serde(default)]
    pub payload: CivilPayload,
}

/// What an event says beside who and when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CivilPayload {
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The birth date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// The sex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// The mother's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mother_name: Option<String>,
    /// What the person is to the head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<Relation>,
    /// The village that is moved to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionCode>,
    /// The new address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Its RT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rt: Option<String>,
    /// Its RW.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rw: Option<String>,
    /// Whether everybody of the family moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole_family: Option<bool>,
    /// Who moves or gets a KK of their own, by NIK.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// The new KK number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_kk: Option<String>,
    /// The NIK that goes on, when this one is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_nik: Option<String>,
}

/// The body that is signed: `POST /v1/population/events`, and a file after its first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CivilEvents {
    /// In any order.
    pub events: Vec<CivilEvent>,
}

/// What a signature comes with: the headers `tilik-feed-key`, `-time`, `-nonce` and `-signature`, or the first line of a
/// file as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Seal {
    /// The name of the key, such as `dukcapil/2026`: the feed before the slash.
    pub key: String,
    /// When it was signed.
    pub time: Timestamp,
    /// 16 to 64 letters, digits, `-` or `_`; never used twice.
    pub nonce: String,
    /// Ed25519 over [`signed_bytes`], base64url without padding.
    pub signature: String,
}

/// What is wrong with a seal, whoever signed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealFault {
    /// Too old.
    TooOld,
    /// From the future.
    TooNew,
    /// The nonce has not the shape of one.
    BadNonce,
    /// The key's name has not the shape of one.
    BadKey,
}

/// The bytes a feed signs: a word for what it is, time and nonce on lines of their own, then the body as it is sent.
pub fn signed_bytes(time: Timestamp, nonce: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("tilik-feed-1\n{time}\n{nonce}\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

impl Seal {
    /// Whose feed it is.
    pub fn feed(&self) -> &str {
        self.key
            .split_once('/')
            .map_or(&*self.key, |(feed, _)| feed)
    }

    /// Whether it may be looked at now: its shape, and its time.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, now: Timestamp, channel: Channel) -> Result<(), SealFault> {
        let plain = |text: &str, more: &str| {
            text.bytes()
                .all(|b| b.is_ascii_alphanumeric() || more.as_bytes().contains(&b))
        };
        if !is_key_name(&self.key) {
            return Err(SealFault::BadKey);
        }
        if !(16..=64).contains(&self.nonce.len()) || !plain(&self.nonce, "-_") {
            return Err(SealFault::BadNonce);
        }
        let lasts = match channel {
            Channel::Http => SIGNED_FOR_S,
            Channel::File => FILE_SIGNED_FOR_S,
        };
        let age = now.seconds_since(self.time);
        if age > lasts {
            return Err(SealFault::TooOld);
        }
        if age < -SIGNED_FOR_S {
            return Err(SealFault::TooNew);
        }
        Ok(())
    }
}

/// Whether this can be a key's name: `feed/key`, each 1 to 32 of `a-z 0-9 -`.
pub fn is_key_name(text: &str) -> bool {
    let part = |part: &str| {
        (1..=32).contains(&part.len())
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    text.split_once('/')
        .is_some_and(|(feed, key)| part(feed) && part(key))
}

/// Whether this can be an event's id: 1 to 64 letters, digits and `-_.:/`.
pub fn is_event_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.:/".contains(&b))
}

/// The head of a file and the body after it; nothing when it has no such first line.
pub fn split_file(file: &[u8]) -> Option<(Seal, &[u8])> {
    let end = file.iter().position(|byte| *byte == b'\n')?;
    let (head, body) = file.split_at_checked(end)?;
    let head = head.strip_suffix(b"\r").unwrap_or(head);
    let seal = serde_json::from_slice(head).ok()?;
    Some((seal, body.get(1..)?))
}

/// A sequence number as a number that databases keep, in the same order: theirs end where half of these begin.
pub const fn order_of(seq: u64) -> i64 {
    seq.wrapping_sub(1 << 63).cast_signed()
}

/// The sequence number behind [`order_of`].
pub const fn seq_of(order: i64) -> u64 {
    order.cast_unsigned().wrapping_add(1 << 63)
}

/// From where on a batch is parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Persons of a village in a day, in 1/100,000 of those who live there.
    pub share: u64,
    /// Up to so many persons of a village in a day are never too large a part of it.
    pub few: u64,
    /// Deaths in a day.
    pub deaths: u64,
    /// Numbers that may be missing before a batch.
    pub gap: u64,
}

impl Default for Limits {
    /// 0.2 % of a village, 50 deaths a day.
    fn default() -> Self {
        Self {
            share: 200,
            few: 3,
            deaths: 50,
            gap: 1000,
        }
    }
}

/// What is known of a village when a batch comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VillageDay {
    /// How many live there.
    pub persons: u64,
    /// To how many of them something happened today, with this batch.
    pub touched: u64,
}

/// A batch before anything of it has an effect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchFacts {
    /// The last number that was let through; none before the first batch.
    pub last_seq: Option<u64>,
    /// The smallest and the largest number among the events that are new.
    pub seqs: Option<(u64, u64)>,
    /// How many are new.
    pub count: u64,
    /// Whether one of them says that something happened after today.
    pub future: bool,
    /// The villages it is about.
    pub villages: Vec<VillageDay>,
    /// Deaths of today, with this batch.
    pub deaths: u64,
}

/// Why a batch has to wait for a person; nothing: it goes through.
pub fn trips(facts: &BatchFacts, limits: &Limits) -> Vec<Trip> {
    let mut trips = Vec::new();
    if let Some((first, last)) = facts.seqs {
        // Nothing was before the first batch, so only what it skips itself is a jump.
        let before = facts.last_seq.unwrap_or_else(|| first.saturating_sub(1));
        let ahead = first > before.saturating_add(limits.gap).saturating_add(1);
        let behind = last.saturating_add(limits.gap) < before;
        let span = last.saturating_sub(first);
        let torn = span > facts.count.saturating_add(limits.gap);
        if ahead || behind || torn {
            trips.push(Trip::SequenceJump);
        }
    }
    if facts.future {
        trips.push(Trip::FutureDate);
    }
    let too_many = |village: &VillageDay| {
        village.touched > limits.few
            && u128::from(village.touched) * 100_000
                > u128::from(village.persons) * u128::from(limits.share)
    };
    if facts.villages.iter().any(too_many) {
        trips.push(Trip::VillageShare);
    }
    if facts.deaths > limits.deaths {
        trips.push(Trip::Deaths);
    }
    trips
}

/// Whom an event is about, as the registry knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Nobody has this NIK.
    Nobody,
    /// More than one person does.
    Several,
    /// One, who lives.
    Living,
    /// One, who is dead.
    Dead,
}

/// Everything that what becomes of an event depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation {
    /// Whom it is about.
    pub known: Known,
    /// Whether the family holds a place or waits for one.
    pub holds: bool,
    /// Whether everybody of the family moves, as far as the event says so.
    pub whole_family: Option<bool>,
    /// Whether a later event of the same matter had its effect already.
    pub overtaken: bool,
    /// Whether an earlier one of the same matter still waits for a person.
    pub follows_open: bool,
}

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It has its effect.
    Apply,
    /// It was so already.
    AlreadySo,
    /// A later one stands.
    Superseded,
    /// A person has to look.
    Judge(CivilWhy),
    /// It is about nobody here.
    Unmatched,
}

/// What becomes of an event. The whole rule; nothing else decides.
pub const fn judge(kind: CivilKind, at: Situation) -> Verdict {
    use CivilKind as K;
    use Known as N;
    use Verdict as V;
    let comes = matches!(kind, K::PindahMasuk | K::Lahir);
    match at.known {
        // Whoever comes or is born is not here yet: people register them.
        N::Nobody if comes => return V::Judge(CivilWhy::ByHand),
        N::Nobody => return V::Unmatched,
        N::Several => return V::Judge(CivilWhy::Several),
        N::Living | N::Dead => {}
    }
    if at.overtaken {
        return match kind.matter() {
            Matter::Life | Matter::Place => V::Superseded,
            Matter::Identity => V::Judge(CivilWhy::OutOfOrder),
        };
    }
    if at.follows_open {
        return V::Judge(CivilWhy::OutOfOrder);
    }
    let dead = matches!(at.known, N::Dead);
    match kind {
        K::Meninggal if dead => V::AlreadySo,
        K::HidupKembali if !dead => V::AlreadySo,
        K::PindahDalamKota
        | K::PindahKeluar
        | K::PindahMasuk
        | K::PecahKk
        | K::GantiKk
        | K::UbahBiodata
        | K::Lahir
            if dead =>
        {
            V::Judge(CivilWhy::PersonDead)
        }
        K::PindahDalamKota | K::PindahKeluar => match at.whole_family {
            Some(true) => V::Apply,
            Some(false) | None => V::Judge(CivilWhy::WhoMoves),
        },
        K::UbahBiodata if at.holds => V::Judge(CivilWhy::HoldsPlace),
        K::Meninggal | K::HidupKembali | K::UbahBiodata => V::Apply,
        K::PindahMasuk | K::PecahKk | K::GantiKk | K::Lahir | K::NikGandaDihapus => {
            V::Judge(CivilWhy::ByHand)
        }
    }
}

/// Whether a person may let an event have its effect that could not have it by itself.
pub const fn may_apply_by_hand(kind: CivilKind) -> bool {
    match kind {
        CivilKind::Meninggal
        | CivilKind::HidupKembali
        | CivilKind::PindahDalamKota
        | CivilKind::PindahKeluar
        | CivilKind::PindahMasuk => true,
        CivilKind::PecahKk
        | CivilKind::GantiKk
        | CivilKind::UbahBiodata
        | CivilKind::Lahir
        | CivilKind::NikGandaDihapus => false,
    }
}

/// What became of one event of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventReceipt {
    /// The feed's id.
    pub event_id: String,
    /// Where it stands now.
    #[cfg_attr(feature = "openapi", schema(value_type = CivilState))]
    pub state: Lenient<CivilState>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<CivilWhy>))]
    pub why: Option<Lenient<CivilWhy>>,
}

/// The answer to a batch or file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchReceipt {
    /// The batch.
    pub batch: CivilBatchId,
    /// Where it stands.
    #[cfg_attr(feature = "openapi", schema(value_type = BatchState))]
    pub state: Lenient<BatchState>,
    /// Why it is parked.
    pub trips: Vec<Trip>,
    /// Each event, in the order they came in.
    pub events: Vec<EventReceipt>,
}

/// A batch in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchView {
    /// Its id.
    pub id: CivilBatchId,
    /// Whoever changes it says which version they saw.
    pub version: i32,
    /// Whose feed.
    pub feed: String,
    /// By which way.
    #[cfg_attr(feature = "openapi", schema(value_type = Channel))]
    pub channel: Lenient<Channel>,
    /// Where it stands.
    #[cfg_attr(feature = "openapi", schema(value_type = BatchState))]
    pub state: Lenient<BatchState>,
    /// Why it is parked.
    pub trips: Vec<Trip>,
    /// While it is parked for one village: whom of which village its events are about, most first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub villages: Vec<BatchVillage>,
    /// How many events were new.
    pub events: u32,
    /// How many of them are deaths.
    pub deaths: u32,
    /// The first and the last number, as text: they are larger than a browser's numbers.
    pub first_seq: String,
    /// See `first_seq`.
    pub last_seq: String,
    /// When it came.
    pub received_at: Timestamp,
    /// By whose account.
    pub received_by: UserId,
    /// Who let it through or refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by_name: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
}

/// How many persons of a village the events of a batch are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchVillage {
    /// The village.
    pub region: RegionCode,
    /// Its name.
    pub name: String,
    /// How many.
    pub persons: u32,
}

/// `POST /v1/population/batches/{id}/release` and `/refuse`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecideBatch {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version that was seen.
    pub seen_version: i32,
    /// Why it is refused; nothing when it is let through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
}

/// An event in the worklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CivilEventView {
    /// Its id here.
    pub id: CivilEventId,
    /// Whoever changes it says which version they saw.
    pub version: i32,
    /// The batch it came with.
    pub batch: CivilBatchId,
    /// Whose feed.
    pub feed: String,
    /// The feed's id.
    pub feed_event: String,
    /// What happened.
    #[cfg_attr(feature = "openapi", schema(value_type = CivilKind))]
    pub kind: Lenient<CivilKind>,
    /// Where it stands.
    #[cfg_attr(feature = "openapi", schema(value_type = CivilState))]
    pub state: Lenient<CivilState>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<CivilWhy>))]
    pub why: Option<Lenient<CivilWhy>>,
    /// What is left to do after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<CivilWhy>))]
    pub follow_up: Option<Lenient<CivilWhy>>,
    /// Until when that is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// The NIK, masked.
    pub nik: String,
    /// The name that the person has here, or that the event says of somebody unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name that the event says, where the person has another here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_name: Option<String>,
    /// Since when it is so.
    pub date_effective: String,
    /// When it came.
    pub received_at: Timestamp,
    /// Where it is to be looked at.
    pub region: RegionCode,
    /// Who it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Their family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyId>,
    /// The village that is moved to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_region: Option<RegionCode>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_region_name: Option<String>,
    /// The new address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_address: Option<String>,
    /// Places that were held after a death that was told late, by program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_after: Vec<HeldAfterDeath>,
    /// Whether a person may let it have its effect.
    pub may_apply: bool,
    /// Who settled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_by_name: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
}

/// A place that was still held when its holder, or who received for the family, was dead: money may have been paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeldAfterDeath {
    /// Of which program.
    pub program: String,
    /// The first month, `2026-09`.
    pub from: String,
    /// The last month.
    pub through: String,
}

impl HeldAfterDeath {
    /// The months after the one of the death, up to and with the one in which the place was put on hold; none when the death
    /// was known within its month. `active_at`: when the place first was somebody's, where that is known. `offset_min` is
    /// the place's distance from UTC in minutes.
    pub fn of(
        program: &str,
        died: Day,
        active_at: Option<Timestamp>,
        on_hold_at: Timestamp,
        offset_min: i64,
    ) -> Option<Self> {
        let after = i64::from(died.year) * 12 + i64::from(died.month);
        let first = active_at.map_or(after, |at| after.max(month_number(at, offset_min)));
        let last = month_number(on_hold_at, offset_min);
        (first <= last).then(|| Self {
            program: program.to_owned(),
            from: month_word(first),
            through: month_word(last),
        })
    }
}

/// `POST /v1/population/events/{id}/unmask`: all that the civil registry said, beside what stands here.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnmaskedEvent {
    /// The event.
    pub event: CivilEventId,
    /// As it came.
    pub said: CivilEvent,
    /// What is recorded of who it is about; nothing of whom nobody knows here, or not in one's villages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<CivilKnown>,
    /// It is hidden again then.
    pub until: Timestamp,
}

/// What is recorded of the person an event is about, and of their family.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CivilKnown {
    /// The name.
    pub name: String,
    /// The birth date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// The sex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Sex>))]
    pub sex: Option<Lenient<Sex>>,
    /// The mother's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mother_name: Option<String>,
    /// What the person is to the head.
    #[cfg_attr(feature = "openapi", schema(value_type = Relation))]
    pub relation: Lenient<Relation>,
    /// The family's KK number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kk: Option<String>,
    /// The family's village.
    pub region: RegionCode,
    /// The address.
    pub address: String,
    /// Its RT.
    pub rt: String,
    /// Its RW.
    pub rw: String,
}

/// What a person says of an event that waits.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum EventVerdict {
    /// Look again: the registry knows more now.
    Retry,
    /// It has its effect.
    Apply,
    /// It was done by hand; also what was left to do after an event.
    Handled,
    /// It has no effect here.
    Dismiss,
}

/// `POST /v1/population/events/{id}/judge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JudgeEvent {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version that was seen.
    pub seen_version: i32,
    /// What is said.
    pub verdict: EventVerdict,
    /// Why it has no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
}

/// Where a move stands.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum MoveState {
    /// The family is there; nobody there has said anything yet.
    Arrived,
    /// The receiving village has them.
    Received,
    /// The receiving village sent them back.
    SentBack,
}

/// `POST /v1/families/{id}/moves`: a family of one's village moves to any other of the city.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MoveFamily {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The family's version that was seen.
    pub seen_version: i32,
    /// The village.
    pub region: RegionCode,
    /// The new address.
    pub address: String,
    /// Its RT.
    pub rt: String,
    /// Its RW.
    pub rw: String,
    /// Since when they live there; nothing said: today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// `POST /v1/population/moves/{id}/receive` and `/send-back`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnswerMove {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version that was seen.
    pub seen_version: i32,
    /// Why they are sent back; nothing when they are received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
}

/// A family that moved. Where it came from keeps this to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MoveView {
    /// Its id.
    pub id: MoveId,
    /// Whoever answers says which version they saw.
    pub version: i32,
    /// The family.
    pub family: FamilyId,
    /// Its head's name when it moved.
    pub name: String,
    /// From where.
    pub from: RegionCode,
    /// That village's name.
    pub from_name: String,
    /// The address there.
    pub from_address: String,
    /// To where.
    pub to: RegionCode,
    /// That village's name.
    pub to_name: String,
    /// The address there.
    pub to_address: String,
    /// Where it stands.
    #[cfg_attr(feature = "openapi", schema(value_type = MoveState))]
    pub state: Lenient<MoveState>,
    /// Programs whose places went along.
    pub programs: Vec<String>,
    /// Open cases that went along.
    pub cases: u32,
    /// Who recorded it; nobody: the civil registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_by_name: Option<String>,
    /// When.
    pub moved_at: Timestamp,
    /// Until when they may be sent back.
    pub due_at: Timestamp,
    /// Why they were sent back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    /// Who answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by_name: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// Whether whoever asks may answer now.
    pub may_answer: bool,
}

/// A village that a family may move to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VillageRow {
    /// Its code.
    pub code: RegionCode,
    /// Its name.
    pub name: String,
    /// The kecamatan's name.
    pub district: String,
}

/// Where the door was pinned before the family moved: to look at, never to go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FormerPin {
    /// Latitude in degrees × 10⁷.
    pub lat_e7: i64,
    /// Longitude in degrees × 10⁷.
    pub lon_e7: i64,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// Since when it is stale.
    pub stale_since: Timestamp,
}

/// Most families and persons in one request for matching.
pub const MOST_MATCHED: usize = 200;
/// Most answers in one body or file.
pub const MOST_ANSWERS: usize = 2_000;

/// What the civil registry says of somebody as we know them.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum MatchResult {
    /// Known, and all that was asked fits (padan).
    Matched,
    /// Known, and something differs (tidak padan).
    Mismatched,
    /// Nobody has this NIK.
    NotFound,
}

/// What may differ.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum MatchField {
    /// The name.
    Name,
    /// The birth date.
    BirthDate,
}

/// `POST /v1/population/matches`: asks about some persons, and about all living of some families.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskMatches {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// All living persons of these; with `persons` 1 to 200 in all.
    #[serde(default)]
    pub families: Vec<FamilyId>,
    /// These.
    #[serde(default)]
    pub persons: Vec<PersonId>,
}

/// `POST /v1/population/match-file`: what waits for the civil registry, to be carried there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TakeQuestions {
    /// What the numbers are taken out for, at least 8 characters; logged.
    pub purpose: String,
    /// Where the last part ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// How many were asked about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MatchesAsked {
    /// By this request.
    pub asked: u32,
    /// Who waited already.
    pub waiting: u32,
    /// Who have no NIK to ask by.
    pub without_nik: u32,
}

/// What was asked about somebody, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MatchView {
    /// Its id.
    pub id: MatchId,
    /// Who.
    pub person: PersonId,
    /// Their family.
    pub family: FamilyId,
    /// Their name.
    pub name: String,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// Who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by_name: Option<String>,
    /// Whether NIK, name or birth date are others by now, so that it has to be asked again.
    #[serde(default)]
    pub changed: bool,
    /// What the civil registry said; nothing while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<MatchResult>))]
    pub result: Option<Lenient<MatchResult>>,
    /// What differs.
    pub differs: Vec<MatchField>,
    /// When it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// Whose word that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// `GET /v1/population/match-queue`: one person to be looked up by the civil registry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MatchQuestion {
    /// To be answered by.
    pub id: MatchId,
    /// The NIK.
    pub nik: String,
    /// The name here.
    pub name: String,
    /// The birth date here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MatchAnswer {
    /// To which question.
    pub id: MatchId,
    /// What is so.
    #[cfg_attr(feature = "openapi", schema(value_type = MatchResult))]
    pub result: Lenient<MatchResult>,
    /// What differs; only of what is `mismatched`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<MatchField>))]
    pub differs: Vec<Lenient<MatchField>>,
}

/// `POST /v1/population/match-answers`, and `match-answer-files` with the seal in the first line: signed as events are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MatchAnswers {
    /// In any order.
    pub answers: Vec<MatchAnswer>,
}

/// What became of the answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnswersTaken {
    /// Taken.
    pub taken: u32,
    /// Answered before: the first answer stands.
    pub known: u32,
    /// To no question of this registry.
    pub unknown: u32,
}

/// `GET /v1/families/{id}/events`: what the civil registry said of a family, newest first, and its moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FamilyEvents {
    /// Events.
    pub events: Vec<CivilEventView>,
    /// Moves.
    pub moves: Vec<MoveView>,
    /// Where its door was pinned before it moved, while the new one is not pinned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_pin: Option<FormerPin>,
}

says_nothing!(MatchQuestion, UnmaskedEvent, CivilKnown);

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray;

    fn at() -> Situation {
        Situation {
            known: Known::Living,
            holds: true,
            whole_family: Some(true),
            overtaken: false,
            follows_open: false,
        }
    }

    fn seal(age_s: i64) -> (Seal, Timestamp) {
        let now: Timestamp = "2026-11-24T01:00:00Z".parse().unwrap();
        let seal = Seal {
            key: "dukcapil/2026".to_owned(),
            time: now.plus_s(-age_s),
            nonce: "0123456789abcdef".to_owned(),
            signature: String::new(),
        };
        (seal, now)
    }

    #[test]
    fn sequence_numbers_keep_their_order_up_to_the_largest() {
        let seqs = [0, 1, 2, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, u64::MAX];
        for pair in seqs.windows(2) {
            assert!(order_of(pair[0]) < order_of(pair[1]), "{pair:?}");
        }
        for seq in seqs {
            assert_eq!(seq_of(order_of(seq)), seq);
        }
    }

    #[test]
    fn a_seal_counts_for_its_time_and_no_longer() {
        for (age, channel, expected) in [
            (0, Channel::Http, Ok(())),
            (SIGNED_FOR_S, Channel::Http, Ok(())),
            (SIGNED_FOR_S + 1, Channel::Http, Err(SealFault::TooOld)),
            (SIGNED_FOR_S + 1, Channel::File, Ok(())),
            (FILE_SIGNED_FOR_S + 1, Channel::File, Err(SealFault::TooOld)),
            (-SIGNED_FOR_S, Channel::Http, Ok(())),
            (-SIGNED_FOR_S - 1, Channel::Http, Err(SealFault::TooNew)),
            (-SIGNED_FOR_S - 1, Channel::File, Err(SealFault::TooNew)),
        ] {
            let (seal, now) = seal(age);
            assert_eq!(seal.check(now, channel), expected, "{age} {channel}");
        }
    }

    #[test]
    fn a_seal_names_its_key_and_a_nonce_of_its_own() {
        let (good, now) = seal(0);
        assert_eq!(good.feed(), "dukcapil");
        let long = "x".repeat(65);
        for nonce in ["", "short", "0123456789abcde\n", long.as_str()] {
            let nonce = nonce.to_owned();
            let bad = Seal { nonce, ..seal(0).0 };
            assert_eq!(bad.check(now, Channel::Http), Err(SealFault::BadNonce));
        }
        for key in ["dukcapil", "/2026", "dukcapil/", "DUKCAPIL/2026", "a/b/c"] {
            let key = key.to_owned();
            let bad = Seal { key, ..seal(0).0 };
            assert_eq!(bad.check(now, Channel::Http), Err(SealFault::BadKey));
        }
    }

    #[test]
    fn time_nonce_and_body_cannot_be_moved_into_one_another() {
        let (one, _) = seal(0);
        let bytes = signed_bytes(one.time, &one.nonce, b"x\ny");
        assert_ne!(bytes, signed_bytes(one.time, &one.nonce, b"xy"));
        assert_ne!(bytes, signed_bytes(one.time.plus_s(1), &one.nonce, b"x\ny"));
        assert!(bytes.ends_with(b"\n0123456789abcdef\nx\ny"));
    }

    #[test]
    fn a_file_is_its_first_line_and_the_rest_as_it_is() {
        let (one, _) = seal(0);
        let head = serde_json::to_string(&one).unwrap();
        for end in ["\n", "\r\n"] {
            let file = format!("{head}{end}{{\"events\":[]}}\n");
            let (seal, body) = split_file(file.as_bytes()).unwrap();
            assert_eq!(seal, one);
            assert_eq!(body, b"{\"events\":[]}\n");
        }
        for bad in ["", "\n", "{}\n{}", head.as_str()] {
            assert!(split_file(bad.as_bytes()).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_batch_within_the_limits_goes_through() {
        let facts = BatchFacts {
            last_seq: Some(100),
            seqs: Some((101, 110)),
            count: 10,
            deaths: 50,
            villages: vec![VillageDay {
                persons: 2_000,
                touched: 4,
            }],
            future: false,
        };
        assert!(trips(&facts, &Limits::default()).is_empty());
        let first = BatchFacts {
            last_seq: None,
            seqs: Some((900_000, 900_009)),
            ..facts
        };
        assert!(trips(&first, &Limits::default()).is_empty());
        assert!(trips(&BatchFacts::default(), &Limits::default()).is_empty());
    }

    #[test]
    fn each_limit_parks_a_batch_by_itself() {
        let limits = Limits::default();
        let seqs = |last: Option<u64>, first: u64, to: u64, count: u64| BatchFacts {
            last_seq: last,
            seqs: Some((first, to)),
            count,
            ..BatchFacts::default()
        };
        let villages = |persons, touched| BatchFacts {
            villages: vec![VillageDay { persons, touched }],
            ..BatchFacts::default()
        };
        for (facts, expected) in [
            (seqs(Some(100), 1102, 1102, 1), vec![Trip::SequenceJump]),
            (seqs(Some(100), 1101, 1101, 1), vec![]),
            (seqs(Some(5_000), 1, 1, 1), vec![Trip::SequenceJump]),
            (
                seqs(Some(100), 1 << 63, 1 << 63, 1),
                vec![Trip::SequenceJump],
            ),
            (seqs(Some(u64::MAX), 101, 101, 1), vec![Trip::SequenceJump]),
            (seqs(Some(u64::MAX), u64::MAX, u64::MAX, 1), vec![]),
            (seqs(None, 1, u64::MAX, 2), vec![Trip::SequenceJump]),
            (seqs(None, 0, 0, 1), vec![]),
            (villages(2_000, 5), vec![Trip::VillageShare]),
            (villages(2_000, 4), vec![]),
            (villages(0, 4), vec![Trip::VillageShare]),
            (villages(10, 3), vec![]),
            (villages(u64::MAX, u64::MAX), vec![Trip::VillageShare]),
            (
                BatchFacts {
                    deaths: 51,
                    ..BatchFacts::default()
                },
                vec![Trip::Deaths],
            ),
            (
                BatchFacts {
                    future: true,
                    ..BatchFacts::default()
                },
                vec![Trip::FutureDate],
            ),
        ] {
            assert_eq!(trips(&facts, &limits), expected, "{facts:?}");
        }
    }

    #[test]
    fn a_place_is_held_after_a_death_from_the_next_month_through_the_one_it_was_put_on_hold_in() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let held = |died: &str, active: Option<&str>, on_hold: &str| {
            let died = Day::read(died).unwrap();
            let held = HeldAfterDeath::of("PKH", died, active.map(at), at(on_hold), 420);
            held.map(|held| (held.from, held.through))
        };
        let months = |from: &str, through: &str| Some((from.to_owned(), through.to_owned()));
        let november = "2026-11-24T03:00:00Z";
        assert_eq!(held("2026-11-01", None, november), None);
        assert_eq!(
            held("2026-10-31", None, november),
            months("2026-11", "2026-11")
        );
        assert_eq!(
            held("2025-12-31", None, november),
            months("2026-01", "2026-11")
        );
        // Half past one in the morning of the first day in Kediri is still the month before in UTC.
        let first = "2026-10-31T18:30:00Z";
        assert_eq!(
            held("2026-10-15", None, first),
            months("2026-11", "2026-11")
        );
        // Whoever got the place after the death had no money before that.
        let later = Some("2026-10-05T03:00:00Z");
        assert_eq!(
            held("2026-07-15", later, november),
            months("2026-10", "2026-11")
        );
        assert_eq!(held("2026-11-15", later, november), None);
    }

    #[test]
    fn nobody_gets_an_effect_by_a_feed_that_the_registry_does_not_know_or_knows_twice() {
        for kind in CivilKind::VARIANTS {
            for known in [Known::Nobody, Known::Several] {
                let verdict = judge(*kind, Situation { known, ..at() });
                assert!(
                    matches!(verdict, Verdict::Unmatched | Verdict::Judge(_)),
                    "{kind} {verdict:?}"
                );
            }
        }
    }

    #[test]
    fn the_dead_and_the_living_are_judged_apart() {
        let dead = Situation {
            known: Known::Dead,
            ..at()
        };
        assert_eq!(judge(CivilKind::Meninggal, at()), Verdict::Apply);
        assert_eq!(judge(CivilKind::Meninggal, dead), Verdict::AlreadySo);
        assert_eq!(judge(CivilKind::HidupKembali, dead), Verdict::Apply);
        assert_eq!(judge(CivilKind::HidupKembali, at()), Verdict::AlreadySo);
        for kind in CivilKind::VARIANTS {
            if kind.matter() == Matter::Place {
                assert_eq!(judge(*kind, dead), Verdict::Judge(CivilWhy::PersonDead));
            }
        }
    }

    #[test]
    fn a_late_event_never_undoes_a_later_one() {
        for kind in CivilKind::VARIANTS {
            for known in [Known::Living, Known::Dead] {
                let late = Situation {
                    known,
                    overtaken: true,
                    ..at()
                };
                let verdict = judge(*kind, late);
                assert!(
                    matches!(
                        verdict,
                        Verdict::Superseded | Verdict::Judge(CivilWhy::OutOfOrder)
                    ),
                    "{kind} {verdict:?}"
                );
            }
        }
    }

    #[test]
    fn an_event_does_not_pass_one_that_waits_for_a_person() {
        for kind in CivilKind::VARIANTS {
            let next = Situation {
                follows_open: true,
                ..at()
            };
            assert_eq!(judge(*kind, next), Verdict::Judge(CivilWhy::OutOfOrder));
        }
    }

    #[test]
    fn only_a_whole_family_moves_by_itself_and_only_who_holds_nothing_is_renamed() {
        for whole in [None, Some(false)] {
            let some = Situation {
                whole_family: whole,
                ..at()
            };
            for kind in [CivilKind::PindahDalamKota, CivilKind::PindahKeluar] {
                assert_eq!(judge(kind, some), Verdict::Judge(CivilWhy::WhoMoves));
                assert_eq!(judge(kind, at()), Verdict::Apply);
            }
        }
        let free = Situation {
            holds: false,
            ..at()
        };
        assert_eq!(judge(CivilKind::UbahBiodata, free), Verdict::Apply);
        assert_eq!(
            judge(CivilKind::UbahBiodata, at()),
            Verdict::Judge(CivilWhy::HoldsPlace)
        );
    }
}
