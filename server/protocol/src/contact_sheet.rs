//! Console and server: the contact sheet ("Lembar"). Up to twelve houses that nothing speaks against, side by side; who
//! reviews them picks out the odd ones and accepts the rest, each by itself.

use serde::{Deserialize, Serialize};

use crate::evidence::VisitKind;
use crate::form::{Answers, Form};
use crate::ids::{CaseId, EventId, SheetId, UserId, VisitId};
use crate::lenient::Lenient;
use crate::region::RegionCode;
use crate::review::{AnswerView, PhotoView, PinView};
use crate::sync::LastPin;
use crate::time::Timestamp;

/// Most houses on one sheet, and most that one reviewer holds so.
pub const MOST_ON_SHEET: usize = 12;

/// Less time than this for each house is told beside the acceptance, in milliseconds.
pub const HURRIED_MS: u64 = 500;

/// `POST /v1/review/sheets`: the next sheet in my regions. Asked again it tells the houses that are held already, under a
/// new name, and fills up what is free.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TakeSheet {
    /// Only this region and below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionCode>,
    /// Only these, at most twelve: a sheet that was taken back is looked at again. Empty: what has waited longest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<CaseId>,
    /// Cases that must not be on it, at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skip: Vec<CaseId>,
}

/// A sheet: what is on it is this reviewer's for ten minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContactSheet {
    /// Its name; an older one of this reviewer's counts no more.
    pub sheet: SheetId,
    /// Until when it is held; renewable.
    pub until: Timestamp,
    /// At most twelve, the evidence that came first before the others.
    pub houses: Vec<SheetHouse>,
}

/// A house on a sheet: what is needed to see that nothing is odd about it, and no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SheetHouse {
    /// The case.
    pub case: CaseId,
    /// To be repeated as `seen_version`.
    pub version: i32,
    /// The village.
    pub region: RegionCode,
    /// The head's or payee's name.
    pub name: String,
    /// The address.
    pub address: String,
    /// RT.
    pub rt: String,
    /// RW.
    pub rw: String,
    /// The visit that is judged.
    pub visit: VisitId,
    /// What it is.
    #[cfg_attr(feature = "openapi", schema(value_type = VisitKind))]
    pub kind: Lenient<VisitKind>,
    /// Who visited.
    pub officer: UserId,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer_name: Option<String>,
    /// By the phone's clock.
    pub captured_at: Timestamp,
    /// Where the door is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<PinView>,
    /// The pin that stood before, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier_pin: Option<LastPin>,
    /// The visit's photos.
    pub photos: Vec<PhotoView>,
    /// The photos of the visit that was accepted last at this house.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_photos: Vec<PhotoView>,
    /// The answers that count as poor.
    pub answers: Vec<AnswerView>,
}

/// What is still held of a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SheetLease {
    /// Until when.
    pub until: Timestamp,
    /// The houses; of those that are missing somebody or something was faster.
    pub cases: Vec<SheetCase>,
}

/// A house that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SheetCase {
    /// The case.
    pub case: CaseId,
    /// Its version now.
    pub version: i32,
}

/// `POST /v1/review/sheets/{sheet}/taken-out`: these are looked at one by one, by whomever they come to. They go back to
/// the queue and on no sheet any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TakeOut {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// One to twelve.
    pub cases: Vec<CaseId>,
}

/// The reply to [`TakeOut`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TakenOut {
    /// Those that were still on the sheet.
    pub cases: Vec<CaseId>,
}

/// How a house was accepted that was on a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OnSheet {
    /// The sheet.
    pub sheet: SheetId,
    /// How long the house was on the screen, in milliseconds. The server counts no more than the sheet is old.
    pub shown_ms: u64,
    /// How many houses were on the sheet. The server counts those that it handed out.
    pub houses: u8,
}

impl OnSheet {
    /// Whether there was less than half a second for each house.
    pub fn is_hurried(&self) -> bool {
        self.shown_ms < HURRIED_MS * u64::from(self.houses)
    }
}

/// Whether the answers leave nothing to look into: the family is `poor` under the city's rule, all of it lives there, and
/// the visit was complete. Only such a house may be on a sheet; where there are no answers nobody knows.
pub fn speaks_for(form: &Form, poor: Option<bool>, answers: &Answers) -> bool {
    let said = |question: &str, code: &str| {
        form.question(question).is_none()
            || answers.get(question).is_some_and(|answer| answer == code)
    };
    poor == Some(true)
        && form.problems(answers).is_empty()
        && said("presence", "1")
        && said("result", "1")
}

/// Whether the answers speak against a family that is said to stay: it is not known to be `poor` under the city's rule, the
/// visit did not come to its end, or the officer did not find it as the list has it. A new member speaks against nothing.
pub fn speaks_against(form: &Form, poor: Option<bool>, answers: &Answers) -> bool {
    let found = |question: &str, harmless: &[&str]| {
        form.question(question).is_none()
            || answers
                .get(question)
                .is_some_and(|answer| harmless.contains(&answer.as_str()))
    };
    poor != Some(true) || !found("presence", &["1", "5"]) || !found("result", &["1"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::PoorPolicy;
    use crate::ids::SheetId;

    fn poor() -> Answers {
        [
            ("respondent", "Ibu Contoh"),
            ("shelter", "yes"),
            ("work", "no"),
            ("food_worry", "yes"),
            ("food_share", "yes"),
            ("clothing", "yes"),
            ("floor", "8"),
            ("wall", "4"),
            ("roof", "2"),
            ("toilet", "1"),
            ("light", "1"),
            ("power", "900"),
            ("presence", "1"),
            ("result", "1"),
        ]
        .map(|(question, answer)| (question.to_owned(), answer.to_owned()))
        .into()
    }

    fn poor_by(form: &Form, answers: &Answers) -> Option<bool> {
        form.evaluate(PoorPolicy::SUGGESTED, answers).poor
    }

    fn with(changes: &[(&str, Option<&str>)]) -> (Form, Answers) {
        let mut answers = poor();
        for (question, answer) in changes {
            match answer {
                Some(answer) => answers.insert((*question).to_owned(), (*answer).to_owned()),
                None => answers.remove(*question),
            };
        }
        (Form::kepmensos_262().unwrap(), answers)
    }

    fn may_with(changes: &[(&str, Option<&str>)]) -> bool {
        let (form, answers) = with(changes);
        speaks_for(&form, poor_by(&form, &answers), &answers)
    }

    #[test]
    fn what_the_officer_found_and_what_nobody_answered_speaks_against_a_family_that_stays() {
        let against = |changes: &[(&str, Option<&str>)]| {
            let (form, answers) = with(changes);
            speaks_against(&form, poor_by(&form, &answers), &answers)
        };
        assert!(!against(&[]));
        assert!(!against(&[("presence", Some("5"))]), "a child was born");
        assert!(!against(&[("note", Some("ramah"))]));
        for (question, answers) in [
            ("presence", &["2", "3", "4", "6", "x", ""][..]),
            ("result", &["2", "3", "4", "5", "x", ""]),
        ] {
            assert!(against(&[(question, None)]), "{question}");
            for answer in answers {
                assert!(against(&[(question, Some(answer))]), "{question} {answer}");
            }
        }
        let unasked = [
            "shelter",
            "work",
            "food_worry",
            "food_share",
            "clothing",
            "floor",
        ];
        assert!(against(&unasked.map(|question| (question, None))));
    }

    #[test]
    fn only_a_complete_visit_to_a_poor_family_that_is_all_there_leaves_nothing_to_look_into() {
        assert!(may_with(&[]));
        let well_off = [
            ("work", Some("yes")),
            ("food_worry", Some("no")),
            ("food_share", Some("no")),
            ("floor", Some("2")),
            ("wall", Some("1")),
        ];
        assert!(!may_with(&well_off), "heading for ineligible");
        for (question, answer) in [
            ("presence", Some("2")),
            ("presence", Some("3")),
            ("presence", Some("6")),
            ("presence", None),
            ("result", Some("2")),
            ("result", Some("5")),
            ("result", None),
            ("roof", None),
            ("unheard_of", Some("1")),
        ] {
            assert!(!may_with(&[(question, answer)]), "{question} {answer:?}");
        }
        let none = Answers::new();
        let form = Form::kepmensos_262().unwrap();
        assert!(!speaks_for(&form, poor_by(&form, &none), &none));
        let finding = Form::finding().unwrap();
        assert!(!speaks_for(&finding, poor_by(&finding, &poor()), &poor()));
    }

    #[test]
    fn half_a_second_a_house_is_the_least_that_is_not_hurried() {
        let shown = |shown_ms, houses| OnSheet {
            sheet: SheetId(uuid::Uuid::nil()),
            shown_ms,
            houses,
        };
        assert!(shown(5_999, 12).is_hurried());
        assert!(!shown(6_000, 12).is_hurried());
        assert!(shown(499, 1).is_hurried());
    }
}
