//! A citizen's objection (sanggah): against a recipient, or against being left out. Filed at the counter or from the public
//! page; it opens no case until a person admits it, and lapses when nobody answers within its days.

use serde::{Deserialize, Serialize};

use crate::case::{CaseState, Refusal, Step};
use crate::ids::{CaseId, EventId, FamilyId, ObjectionId, ObjectionPhotoId, UserId};
use crate::lenient::Lenient;
use crate::policy::Role;
use crate::reason::ReasonCode;
use crate::region::RegionCode;
use crate::time::Timestamp;

/// Most characters of what a citizen says.
pub const MOST_IN_GROUNDS: usize = 2_000;
/// Most characters of a name.
pub const MOST_IN_NAME: usize = 100;
/// Most characters of an address.
pub const MOST_IN_ADDRESS: usize = 200;
/// Most characters of where somebody can be reached.
pub const MOST_IN_CONTACT: usize = 60;
/// Photos of one objection.
pub const MOST_PHOTOS: usize = 3;

/// What a citizen objects to.
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
pub enum ObjectionKind {
    /// A family receives that should not.
    Recipient,
    /// A family was left out that should receive.
    LeftOut,
}

/// Where an objection stands.
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
pub enum ObjectionState {
    /// Taken in; nobody has looked at it, and no case came of it.
    Filed,
    /// A person found it worth a visit.
    Admitted,
    /// It is not looked into.
    Rejected,
    /// Nobody answered in time.
    Lapsed,
}

/// What happens to an objection.
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
pub enum ObjectionAction {
    /// A visit is asked for.
    Admit,
    /// It is not looked into.
    Reject,
    /// Its days are over.
    Lapse,
}

/// Whether `role` ever performs `action` on an objection.
pub const fn role_may(action: ObjectionAction, role: Role) -> bool {
    use ObjectionAction as A;
    match action {
        A::Admit | A::Reject => matches!(role, Role::Verifier),
        A::Lapse => matches!(role, Role::System),
    }
}

/// What `action` by `role` does to an objection in `state`. The whole rule.
///
/// # Errors
/// [`Refusal::WrongRole`] or [`Refusal::NotFrom`].
pub const fn step(
    state: ObjectionState,
    action: ObjectionAction,
    role: Role,
) -> Result<Step<ObjectionState>, Refusal<ObjectionState>> {
    use ObjectionAction as A;
    use ObjectionState as S;
    if !role_may(action, role) {
        return Err(Refusal::WrongRole);
    }
    match (state, action) {
        (S::Filed, A::Admit) => Ok(Step::To(S::Admitted)),
        (S::Filed, A::Reject) => Ok(Step::To(S::Rejected)),
        (S::Filed, A::Lapse) => Ok(Step::To(S::Lapsed)),
        (S::Admitted, A::Admit) | (S::Rejected, A::Reject) | (S::Lapsed, A::Lapse) => {
            Ok(Step::AlreadyDone)
        }
        (S::Admitted, A::Reject | A::Lapse)
        | (S::Rejected, A::Admit | A::Lapse)
        | (S::Lapsed, A::Admit | A::Reject) => Err(Refusal::NotFrom(state)),
    }
}

/// Whom an objection is about, as the objector knows them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ObjectionAbout {
    /// A name, at most 100 characters.
    pub name: String,
    /// Where they live, at most 200 characters.
    pub address: String,
}

impl std::fmt::Debug for ObjectionAbout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ObjectionAbout")
    }
}

/// Who objects.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Objector {
    /// Their name, at most 100 characters.
    pub name: String,
    /// Their NIK.
    pub nik: String,
    /// Where they live, at most 200 characters.
    pub address: String,
    /// Where they can be reached, at most 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
}

impl std::fmt::Debug for Objector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Objector")
    }
}

/// What an objection says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ObjectionContent {
    /// What it is against.
    pub kind: ObjectionKind,
    /// The village.
    pub region: RegionCode,
    /// Whom it is about.
    pub about: ObjectionAbout,
    /// Who objects.
    pub objector: Objector,
    /// Why, at most 2,000 characters.
    pub grounds: String,
    /// Photos that were sent before, at most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<ObjectionPhotoId>,
}

/// `POST /v1/public/objections`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubmitObjection {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// What it says.
    pub content: ObjectionContent,
}

/// What the citizen is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ObjectionFiled {
    /// What the receipt's square leads to.
    pub receipt: String,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// Until when it is to be answered.
    pub due_at: Timestamp,
}

/// `POST /v1/objections`: at the counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileObjection {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// What it says.
    pub content: ObjectionContent,
    /// The family, when the counter found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyId>,
}

/// A photo of an objection: what the objector shows, never evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ObjectionPhotoView {
    /// Its id.
    pub id: ObjectionPhotoId,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// An objection in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ObjectionRow {
    /// Its id.
    pub id: ObjectionId,
    /// What it is against.
    #[cfg_attr(feature = "openapi", schema(value_type = ObjectionKind))]
    pub kind: Lenient<ObjectionKind>,
    /// Where it stands.
    #[cfg_attr(feature = "openapi", schema(value_type = ObjectionState))]
    pub state: Lenient<ObjectionState>,
    /// The village.
    pub region: RegionCode,
    /// Whom it is about, as the objector names them.
    pub about_name: String,
    /// The family, when somebody found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyId>,
    /// Filed at a counter; from the public page otherwise.
    pub at_counter: bool,
    /// Photos with it.
    pub photos: u32,
    /// The same objector said the same before, and that waits too.
    pub said_before: bool,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// Until when it is to be answered.
    pub due_at: Timestamp,
    /// Whether that has passed without an answer.
    pub overdue: bool,
}

/// An objection with all that is known of it but who objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ObjectionView {
    /// What a list tells.
    pub objection: ObjectionRow,
    /// Grows with every act.
    pub version: i32,
    /// Whom it is about.
    pub about: ObjectionAbout,
    /// Why.
    pub grounds: String,
    /// What it shows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<ObjectionPhotoView>,
    /// What the receipt's square leads to: for who filed it, and nobody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// Who filed it at the counter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filed_by_name: Option<String>,
    /// The family's name as the registry has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// The case that came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// Where that stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = CaseState))]
    pub case_state: Option<Lenient<CaseState>>,
    /// Why it is not looked into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    /// Who answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<UserId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by_name: Option<String>,
    /// When it was answered, or lapsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// Whether who asks filed it, and therefore does not answer it.
    pub involved: bool,
}

/// `POST /v1/objections/{id}/admit`: the house is to be visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AdmitObjection {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version that was looked at.
    pub seen_version: i32,
    /// The family it is about.
    pub family: FamilyId,
}

/// `POST /v1/objections/{id}/reject`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RejectObjection {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version that was looked at.
    pub seen_version: i32,
    /// Why; the citizen is told in these words.
    pub reason: ReasonCode,
}

/// Who objects, after it was said what for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnmaskedObjector {
    /// The objection.
    pub objection: ObjectionId,
    /// Who.
    pub objector: Objector,
    /// Until when it is shown.
    pub until: Timestamp,
}

says_nothing!(ObjectionContent);

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray;

    #[test]
    fn what_was_answered_or_lapsed_stays_so() {
        for state in [
            ObjectionState::Admitted,
            ObjectionState::Rejected,
            ObjectionState::Lapsed,
        ] {
            for action in ObjectionAction::VARIANTS {
                for role in Role::VARIANTS {
                    let done = step(state, *action, *role);
                    assert!(!matches!(done, Ok(Step::To(_))), "{state} {action} {role}");
                }
            }
        }
    }

    #[test]
    fn only_a_verifier_answers_and_only_the_clock_lets_it_lapse() {
        for role in Role::VARIANTS {
            let answers = step(ObjectionState::Filed, ObjectionAction::Admit, *role).is_ok();
            assert_eq!(answers, *role == Role::Verifier, "{role}");
            let lapses = step(ObjectionState::Filed, ObjectionAction::Lapse, *role).is_ok();
            assert_eq!(lapses, *role == Role::System, "{role}");
        }
    }
}
