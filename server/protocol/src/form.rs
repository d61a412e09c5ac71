//! The questionnaire as data, and one evaluation for phone and server.
//!
//! Kepmensos 262/HUK/2022 joins its criteria with "dan/atau" and gives no count, so how many make a family poor is the
//! city's own setting and is labelled so wherever it is shown. An unanswered question never counts as "not poor".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Answers by question id; a choice is its code, yes and no are `yes` and `no`.
pub type Answers = BTreeMap<String, String>;

/// A questionnaire. A version that was ever used is kept for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Form {
    /// Such as `kepmensos-262`.
    pub id: String,
    /// Counted from 1.
    pub version: u32,
    /// What people read.
    pub title: String,
    /// In the order they are asked.
    pub questions: Vec<Question>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Question {
    /// Its id in [`Answers`].
    pub id: String,
    /// The words, neutral.
    pub text: String,
    /// What can be answered.
    pub kind: QuestionKind,
    /// Whether the visit cannot be sealed without it (when it is asked).
    pub required: bool,
    /// The criterion it feeds (`Q0` to `Q8`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criterion: Option<String>,
    /// The answers that meet the criterion.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub poor_if: Vec<String>,
    /// Asked only after these answers; absent: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_if: Option<AskedIf>,
}

/// What can be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum QuestionKind {
    /// `yes` or `no`.
    YesNo,
    /// One of the codes.
    Choice {
        /// What there is to choose.
        options: Vec<ChoiceOption>,
    },
    /// A whole number.
    Number,
    /// Up to 500 characters.
    Text,
}

/// A choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ChoiceOption {
    /// What is stored.
    pub code: String,
    /// What people read.
    pub label: String,
}

/// When a question is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct AskedIf {
    /// The earlier question.
    pub question: String,
    /// The answers after which this one is asked.
    pub is: Vec<String>,
}

/// What is wrong with an answer.
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
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum AnswerFault {
    /// Required, asked and not answered.
    Missing,
    /// Not one of the options, not a number, or too long.
    NotAllowed,
    /// Answered though it is not asked.
    NotAsked,
    /// The form has no such question.
    UnknownQuestion,
}

/// One wrong answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct AnswerProblem {
    /// The question.
    pub question: String,
    /// What is wrong.
    pub fault: AnswerFault,
}

/// The city's own setting for Kepmensos 262.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PoorPolicy {
    /// How many criteria make a family poor.
    pub min_hits: u32,
    /// Whether having no shelter is enough by itself.
    pub no_shelter_is_enough: bool,
}

impl PoorPolicy {
    /// What Tilik suggests until a rule of the city's own is in force. Nobody takes it without saying so.
    pub const SUGGESTED: Self = Self {
        min_hits: 3,
        no_shelter_is_enough: true,
    };
}

/// What is shown beside every evaluation.
pub const POLICY_LABEL: &str = "ambang kebijakan kota, bukan bunyi Kepmensos";

/// The criterion that the Kepmensos lets decide alone.
const NO_SHELTER: &str = "Q0";

/// What the answers say under a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evaluation {
    /// Poor, not poor, or not to be said yet.
    pub poor: Option<bool>,
    /// The criteria that fired.
    pub hits: Vec<String>,
    /// The criteria that are not answered.
    pub open: Vec<String>,
    /// One Indonesian sentence.
    pub sentence: String,
}

impl Form {
    /// The form of Kepmensos 262 with the Regsosek housing codes.
    ///
    /// # Errors
    /// When the shipped file is damaged.
    pub fn kepmensos_262() -> Result<Self, serde_json::Error> {
        serde_json::from_str(include_str!("../forms/kepmensos-262.v1.json"))
    }

    /// What is asked about a family, a death or a wrong address that is not on the list.
    ///
    /// # Errors
    /// When the shipped file is damaged.
    pub fn finding() -> Result<Self, serde_json::Error> {
        serde_json::from_str(include_str!("../forms/finding.v1.json"))
    }

    /// The form that is shipped with phone and server under this name.
    ///
    /// # Errors
    /// When the shipped file is damaged.
    pub fn shipped(id: &str, version: u32) -> Result<Option<Self>, serde_json::Error> {
        let all = [Self::kepmensos_262()?, Self::finding()?];
        Ok(all
            .into_iter()
            .find(|form| form.id == id && form.version == version))
    }

    /// The question with this id.
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.id == id)
    }

    /// Whether a question is asked, given the answers so far. Only an earlier question that is itself asked can call
    /// for a later one, so answers left over behind a changed one lead nowhere.
    pub fn is_asked(&self, question: &Question, answers: &Answers) -> bool {
        let Some(when) = &question.asked_if else {
            return true;
        };
        self.questions
            .iter()
            .take_while(|earlier| earlier.id != question.id)
            .find(|earlier| earlier.id == when.question)
            .is_some_and(|earlier| {
                answers
                    .get(&earlier.id)
                    .is_some_and(|answer| when.is.contains(answer))
                    && self.is_asked(earlier, answers)
            })
    }

    /// Everything wrong with the answers, in the order of the questions. Empty: the visit may be sealed.
    pub fn problems(&self, answers: &Answers) -> Vec<AnswerProblem> {
        let mut problems = Vec::new();
        let mut add = |question: &str, fault| {
            problems.push(AnswerProblem {
                question: question.to_owned(),
                fault,
            });
        };
        for question in &self.questions {
            let asked = self.is_asked(question, answers);
            match answers.get(&question.id) {
                None if asked && question.required => add(&question.id, AnswerFault::Missing),
                Some(_) if !asked => add(&question.id, AnswerFault::NotAsked),
                Some(answer) if !question.kind.allows(answer) => {
                    add(&question.id, AnswerFault::NotAllowed);
                }
                Some(answer) if question.required && answer.trim().is_empty() => {
                    add(&question.id, AnswerFault::Missing);
                }
                None | Some(_) => {}
            }
        }
        for id in answers.keys() {
            if self.question(id).is_none() {
                add(id, AnswerFault::UnknownQuestion);
            }
        }
        problems
    }

    /// Whether this answer counts as poor.
    pub fn counts_as_poor(&self, question: &str, answer: &str) -> bool {
        self.question(question)
            .is_some_and(|question| question.poor_if.iter().any(|poor| poor == answer))
    }

    /// An answer in words.
    pub fn answer_words<'a>(&'a self, question: &str, answer: &'a str) -> &'a str {
        match self.question(question).map(|question| &question.kind) {
            Some(QuestionKind::Choice { options }) => options
                .iter()
                .find(|option| option.code == answer)
                .map_or(answer, |option| &option.label),
            Some(QuestionKind::YesNo) => match answer {
                "yes" => "Ya",
                "no" => "Tidak",
                other => other,
            },
            Some(QuestionKind::Number | QuestionKind::Text) | None => answer,
        }
    }

    /// The criteria in the order of their questions, each once.
    fn criteria(&self) -> Vec<&str> {
        let mut criteria = Vec::new();
        for criterion in self.questions.iter().filter_map(|q| q.criterion.as_deref()) {
            if !criteria.contains(&criterion) {
                criteria.push(criterion);
            }
        }
        criteria
    }

    /// Whether a criterion is met; `None` while a question of it lacks an allowed answer, or none of them is asked.
    fn is_met(&self, criterion: &str, answers: &Answers) -> Option<bool> {
        let mut met = None;
        let mut unanswered = false;
        for question in &self.questions {
            if question.criterion.as_deref() != Some(criterion) || !self.is_asked(question, answers)
            {
                continue;
            }
            match answers.get(&question.id) {
                Some(answer) if question.kind.allows(answer) => {
                    if question.poor_if.contains(answer) {
                        return Some(true);
                    }
                    met = Some(false);
                }
                Some(_) | None => unanswered = true,
            }
        }
        met.filter(|_| !unanswered)
    }

    /// What the answers say under `policy`.
    pub fn evaluate(&self, policy: PoorPolicy, answers: &Answers) -> Evaluation {
        let criteria = self.criteria();
        let mut hits: Vec<String> = Vec::new();
        let mut open: Vec<String> = Vec::new();
        for criterion in &criteria {
            match self.is_met(criterion, answers) {
                Some(true) => hits.push((*criterion).to_owned()),
                Some(false) => {}
                None => open.push((*criterion).to_owned()),
            }
        }
        let is_shelter = |criterion: &String| criterion == NO_SHELTER;
        let no_shelter = policy.no_shelter_is_enough && hits.iter().any(is_shelter);
        if no_shelter {
            // The answer is certain and nothing more is asked, so nothing is open.
            open.clear();
        }
        let count = u32::try_from(hits.len()).unwrap_or(u32::MAX);
        let could_be = count.saturating_add(u32::try_from(open.len()).unwrap_or(u32::MAX));
        let may_lack_shelter = policy.no_shelter_is_enough && open.iter().any(is_shelter);
        let poor = if no_shelter || count >= policy.min_hits {
            Some(true)
        } else if criteria.is_empty() || may_lack_shelter || could_be >= policy.min_hits {
            None
        } else {
            Some(false)
        };
        let sentence = match poor {
            Some(true) if no_shelter => {
                "Keluarga tidak memiliki tempat tinggal sehari-hari, sehingga termasuk fakir miskin.".to_owned()
            }
            Some(true) => format!(
                "Terpenuhi {count} kriteria ({}), ambang {} ({POLICY_LABEL}).",
                hits.join(", "),
                policy.min_hits
            ),
            Some(false) if open.is_empty() => format!(
                "Terpenuhi {count} kriteria, di bawah ambang {} ({POLICY_LABEL}).",
                policy.min_hits
            ),
            Some(false) => format!(
                "Terpenuhi {count} kriteria, di bawah ambang {} ({POLICY_LABEL}) apa pun jawaban {} yang belum terjawab.",
                policy.min_hits,
                open.join(", ")
            ),
            None if criteria.is_empty() => {
                "Belum dapat dinilai: formulir ini tidak memuat kriteria.".to_owned()
            }
            None => format!(
                "Belum dapat dinilai: {} belum terjawab; terpenuhi {count}, ambang {} ({POLICY_LABEL}).",
                open.join(", "),
                policy.min_hits
            ),
        };
        Evaluation {
            poor,
            hits,
            open,
            sentence,
        }
    }
}

impl QuestionKind {
    /// Whether this can be an answer.
    pub fn allows(&self, answer: &str) -> bool {
        match self {
            Self::YesNo => answer == "yes" || answer == "no",
            Self::Choice { options } => options.iter().any(|option| option.code == answer),
            Self::Number => answer.len() <= 12 && answer.parse::<i64>().is_ok(),
            Self::Text => answer.chars().count() <= 500,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        Form::kepmensos_262().unwrap()
    }

    /// A well-off house: no criterion fires.
    fn well_off() -> Answers {
        [
            ("respondent", "Ibu Contoh"),
            ("shelter", "yes"),
            ("work", "yes"),
            ("food_worry", "no"),
            ("food_share", "no"),
            ("clothing", "yes"),
            ("floor", "2"),
            ("wall", "1"),
            ("roof", "2"),
            ("toilet", "1"),
            ("light", "1"),
            ("power", "1300"),
            ("presence", "1"),
            ("result", "1"),
        ]
        .map(|(question, answer)| (question.to_owned(), answer.to_owned()))
        .into()
    }

    fn with(changes: &[(&str, &str)]) -> Answers {
        let mut answers = well_off();
        for (question, answer) in changes {
            answers.insert((*question).to_owned(), (*answer).to_owned());
        }
        answers
    }

    #[test]
    fn each_criterion_fires_on_its_own_answers_and_no_other() {
        let fires = |question: &str, answer: &str| {
            let mut answers = with(&[(question, answer)]);
            if question == "light" && answer != "1" {
                answers.remove("power");
            }
            form().evaluate(PoorPolicy::SUGGESTED, &answers).hits
        };
        let cases: &[(&str, &str, &[&str], &[&str])] = &[
            ("Q1", "work", &["no"], &["yes"]),
            ("Q2", "food_worry", &["yes"], &["no"]),
            ("Q3", "food_share", &["yes"], &["no"]),
            ("Q4", "clothing", &["no"], &["yes"]),
            (
                "Q5",
                "floor",
                &["6", "8"],
                &["1", "2", "3", "4", "5", "7", "9"],
            ),
            ("Q6", "wall", &["2", "3", "4", "5", "6", "7"], &["1"]),
            ("Q7", "toilet", &["2", "3", "4", "5", "6"], &["1"]),
            ("Q8", "light", &["4"], &["2", "3"]),
            ("Q8", "power", &["450"], &["900", "1300", "2200", "2201"]),
        ];
        for (criterion, question, poor, not_poor) in cases {
            for answer in *poor {
                assert_eq!(fires(question, answer), [*criterion], "{question} {answer}");
            }
            for answer in *not_poor {
                assert_eq!(fires(question, answer), [""; 0], "{question} {answer}");
            }
        }
    }

    #[test]
    fn three_criteria_make_poor_by_the_citys_default_and_two_do_not() {
        let two = with(&[("floor", "8"), ("wall", "4")]);
        let three = with(&[("floor", "8"), ("wall", "4"), ("toilet", "6")]);
        let judge = |answers| form().evaluate(PoorPolicy::SUGGESTED, answers);
        assert_eq!(judge(&two).poor, Some(false));
        assert_eq!(judge(&three).poor, Some(true));
        assert!(judge(&three).sentence.contains(POLICY_LABEL));
    }

    #[test]
    fn no_shelter_is_enough_and_ends_the_questions() {
        let answers: Answers = [
            ("respondent", "Bapak Contoh"),
            ("shelter", "no"),
            ("presence", "1"),
            ("result", "1"),
        ]
        .map(|(q, a)| (q.to_owned(), a.to_owned()))
        .into();
        assert_eq!(form().problems(&answers), []);
        assert_eq!(
            form().evaluate(PoorPolicy::SUGGESTED, &answers).poor,
            Some(true)
        );
    }

    #[test]
    fn an_unanswered_question_is_never_not_poor() {
        let mut answers = with(&[("floor", "8"), ("wall", "4")]);
        answers.remove("toilet");
        let judged = form().evaluate(PoorPolicy::SUGGESTED, &answers);
        assert_eq!(judged.poor, None);
        assert_eq!(judged.open, ["Q7"]);
    }

    #[test]
    fn a_family_nobody_asked_is_not_judged() {
        let judged = form().evaluate(PoorPolicy::SUGGESTED, &Answers::new());
        assert_eq!(judged.poor, None);
        assert_eq!(
            judged.open,
            ["Q0", "Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7", "Q8"]
        );
    }

    #[test]
    fn an_open_shelter_question_alone_leaves_the_family_unjudged() {
        let mut answers = well_off();
        answers.remove("shelter");
        assert_eq!(form().evaluate(PoorPolicy::SUGGESTED, &answers).poor, None);
    }

    #[test]
    fn no_shelter_is_never_not_poor_even_where_the_city_wants_more() {
        let policy = |min_hits| PoorPolicy {
            min_hits,
            no_shelter_is_enough: false,
        };
        let answers = Answers::from([("shelter".to_owned(), "no".to_owned())]);
        assert_eq!(form().evaluate(policy(3), &answers).poor, None);
        assert_eq!(form().evaluate(policy(1), &answers).poor, Some(true));
    }

    #[test]
    fn an_answer_the_form_does_not_offer_counts_as_open() {
        for (question, criterion) in [("floor", "Q5"), ("work", "Q1"), ("power", "Q8")] {
            let answers = with(&[("wall", "4"), ("toilet", "6"), (question, "77")]);
            let judged = form().evaluate(PoorPolicy::SUGGESTED, &answers);
            assert_eq!(judged.open, [criterion]);
            assert_eq!(judged.poor, None);
        }
    }

    #[test]
    fn a_question_behind_one_that_is_not_asked_is_not_asked() {
        let answers = with(&[("shelter", "no")]);
        let form = form();
        assert!(!form.is_asked(form.question("power").unwrap(), &answers));
        assert_eq!(
            form.evaluate(
                PoorPolicy::SUGGESTED,
                &with(&[("shelter", "no"), ("power", "450")])
            )
            .hits,
            ["Q0"]
        );
    }

    #[test]
    fn a_form_that_asks_in_a_circle_is_answered_all_the_same() {
        let mut form = form();
        form.questions[1].asked_if = Some(AskedIf {
            question: "light".to_owned(),
            is: vec!["1".to_owned()],
        });
        assert!(!form.is_asked(&form.questions[1], &well_off()));
    }

    #[test]
    fn one_open_question_does_not_matter_where_it_cannot_reach_the_threshold() {
        let mut answers = well_off();
        answers.remove("toilet");
        let judged = form().evaluate(PoorPolicy::SUGGESTED, &answers);
        assert_eq!(judged.poor, Some(false));
        assert!(judged.sentence.contains("Q7"));
    }

    #[test]
    fn a_form_without_criteria_judges_nobody() {
        let mut form = form();
        form.questions
            .retain(|question| question.criterion.is_none());
        let judged = form.evaluate(PoorPolicy::SUGGESTED, &well_off());
        assert_eq!(judged.poor, None);
    }

    #[test]
    fn the_poor_answers_can_be_marked() {
        let form = form();
        assert!(form.counts_as_poor("floor", "8"));
        assert!(!form.counts_as_poor("floor", "2"));
        assert!(!form.counts_as_poor("roof", "7"));
        assert_eq!(form.answer_words("floor", "8"), "Tanah");
        assert_eq!(form.answer_words("work", "no"), "Tidak");
        assert_eq!(form.answer_words("floor", "77"), "77");
    }

    #[test]
    fn the_shipped_form_refers_only_to_what_it_has() {
        let form = form();
        for (n, question) in form.questions.iter().enumerate() {
            let earlier = &form.questions[..n];
            assert!(earlier.iter().all(|other| other.id != question.id));
            for poor in &question.poor_if {
                assert!(question.kind.allows(poor), "{} {poor}", question.id);
            }
            if let Some(when) = &question.asked_if {
                let parent = earlier.iter().find(|other| other.id == when.question);
                for answer in &when.is {
                    assert!(parent.unwrap().kind.allows(answer), "{}", question.id);
                }
            }
        }
        assert_eq!(
            form.criteria(),
            ["Q0", "Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7", "Q8"]
        );
    }

    /// A version that was ever used is kept for ever: a difference here needs a version 2.
    #[test]
    fn version_1_reads_as_it_always_did() {
        insta::assert_json_snapshot!("kepmensos_262_v1", form());
    }

    /// The same holds for findings.
    #[test]
    fn version_1_of_a_finding_reads_as_it_always_did() {
        insta::assert_json_snapshot!("finding_v1", Form::finding().unwrap());
    }

    #[test]
    fn a_finding_needs_a_name_and_an_address() {
        let form = Form::shipped("finding", 1).unwrap().unwrap();
        let mut answers = Answers::from([("what".to_owned(), "death".to_owned())]);
        let missing = |answers: &Answers| {
            let problems = form.problems(answers).into_iter();
            problems
                .map(|problem| (problem.question, problem.fault))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            missing(&answers),
            ["name", "address"].map(|question| (question.to_owned(), AnswerFault::Missing))
        );
        answers.insert("name".to_owned(), "Ibu Contoh".to_owned());
        answers.insert("address".to_owned(), "Jalan Contoh 1".to_owned());
        assert_eq!(missing(&answers), []);
        assert_eq!(form.evaluate(PoorPolicy::SUGGESTED, &answers).poor, None);
        assert_eq!(Form::shipped("finding", 2).unwrap(), None);
    }

    #[test]
    fn what_people_read_about_an_evaluation() {
        let mut open = with(&[("floor", "8"), ("wall", "4")]);
        open.remove("toilet");
        let mut light = well_off();
        light.remove("toilet");
        let judged: Vec<_> = [
            well_off(),
            light,
            open,
            with(&[("floor", "8"), ("wall", "4"), ("power", "450")]),
            Answers::from([("shelter".to_owned(), "no".to_owned())]),
            Answers::new(),
        ]
        .iter()
        .map(|answers| form().evaluate(PoorPolicy::SUGGESTED, answers))
        .collect();
        insta::assert_json_snapshot!("evaluations", judged);
        insta::assert_json_snapshot!("answer_problems", form().problems(&open_and_wrong()));
    }

    /// One answer of every fault.
    fn open_and_wrong() -> Answers {
        let mut answers = with(&[("floor", "10"), ("light", "4"), ("gold", "1")]);
        answers.remove("wall");
        answers
    }

    #[test]
    fn wrong_answers_are_named() {
        let fault = |answers: &Answers| {
            form()
                .problems(answers)
                .into_iter()
                .map(|p| (p.question, p.fault))
                .collect::<Vec<_>>()
        };
        assert_eq!(fault(&well_off()), []);
        assert_eq!(
            fault(&with(&[("floor", "10")])),
            [("floor".to_owned(), AnswerFault::NotAllowed)]
        );
        assert_eq!(
            fault(&with(&[("light", "4")])),
            [("power".to_owned(), AnswerFault::NotAsked)]
        );
        assert_eq!(
            fault(&with(&[("gold", "1")])),
            [("gold".to_owned(), AnswerFault::UnknownQuestion)]
        );
        let mut lacking = well_off();
        lacking.remove("wall");
        assert_eq!(fault(&lacking), [("wall".to_owned(), AnswerFault::Missing)]);
    }
}
