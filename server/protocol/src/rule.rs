//! Eligibility as data: a rule is what a city's admin writes down for one program and one regime, and an approver puts in
//! force. Nothing here is a constant of the code: thresholds, the answers that count as poor, components and reasons of
//! exclusion all come with the rule, each with where it is from. What a rule says of a family is in [`crate::evaluation`].

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::evaluation::{EligibilityOutcome, GROUND_LABELS};
use crate::form::{Form, POLICY_LABEL};
use crate::ids::{EventId, FamilyId, MembershipId, RuleId, UserId};
use crate::lenient::Lenient;
use crate::problem::FieldProblem;
use crate::reason::{self, EXCLUSION_REASONS, ReasonCode};
use crate::region::RegionCode;
use crate::time::Timestamp;

/// Longest text of a rule.
const MOST_IN_TEXT: usize = 300;
/// Most entries of each list of a rule.
const MOST_IN_LIST: usize = 60;
/// The regimes there are.
pub const REGIMES: [&str; 2] = ["dtsen", "dtks"];

/// Where a version of a rule stands.
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
pub enum RuleState {
    /// Being written; counts for nothing.
    Draft,
    /// Waits for an approver; counts for nothing.
    Waiting,
    /// What families are held against.
    InForce,
    /// Was in force before the next one.
    Superseded,
    /// An approver refused it.
    Refused,
}

/// What is done to a version of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display, strum::VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum RuleAct {
    /// Its words change.
    Change,
    /// It goes to an approver.
    Submit,
    /// It is taken back from there.
    Withdraw,
    /// An approver puts it in force.
    Confirm,
    /// An approver refuses it.
    Refuse,
    /// The next one came in force.
    Supersede,
}

impl RuleState {
    /// Where `act` leads from here; `None`: not from here.
    pub const fn after(self, act: RuleAct) -> Option<Self> {
        use RuleAct as A;
        match self {
            Self::Draft => match act {
                A::Change => Some(Self::Draft),
                A::Submit => Some(Self::Waiting),
                A::Withdraw | A::Confirm | A::Refuse | A::Supersede => None,
            },
            Self::Waiting => match act {
                A::Withdraw => Some(Self::Draft),
                A::Confirm => Some(Self::InForce),
                A::Refuse => Some(Self::Refused),
                A::Change | A::Submit | A::Supersede => None,
            },
            Self::InForce => match act {
                A::Supersede => Some(Self::Superseded),
                A::Change | A::Submit | A::Withdraw | A::Confirm | A::Refuse => None,
            },
            Self::Superseded | Self::Refused => match act {
                A::Change | A::Submit | A::Withdraw | A::Confirm | A::Refuse | A::Supersede => None,
            },
        }
    }
}

/// What a rule says. What is absent is not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleBody {
    /// What people call it.
    pub title: String,
    /// Where it is from: a decree, a decision of the city.
    pub source: String,
    /// The gate of deciles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decile: Option<DecileGate>,
    /// The criteria of Kepmensos 262.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poverty: Option<PovertyRule>,
    /// Of which a family must have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub components: Option<ComponentRule>,
    /// The recorded facts that exclude.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<ExclusionRule>,
}

/// Up to which decile a family is let in. A family without a decile is not ranked yet, and that excludes nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecileGate {
    /// The last decile that is let in, 1 to 10. Absent: the rule cannot be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u8>,
    /// Where it is from.
    pub source: String,
}

/// Kepmensos 262/HUK/2022: criteria, and the city's own threshold, since the decree names none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PovertyRule {
    /// Such as `262-2022`.
    pub id: String,
    /// The decree.
    pub source: String,
    /// Whether having no shelter is enough by itself: the one thing the decree says for certain.
    pub q0_short_circuit: bool,
    /// How many criteria make a family poor. Absent: the rule cannot be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_hits: Option<u32>,
    /// The decree weighs nothing, so there is nothing to say here yet.
    #[serde(default)]
    pub weights: Option<u32>,
    /// The criteria in their order.
    pub criteria: Vec<Criterion>,
}

/// One criterion, and the answers that meet it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Criterion {
    /// `Q0` to `Q8`.
    pub id: String,
    /// What meets it, in a few words.
    pub poor: String,
    /// The answers; one is enough.
    pub any_of: Vec<PoorAnswer>,
}

/// Answers to one question that count as poor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PoorAnswer {
    /// The question of the form.
    pub question: String,
    /// The answers.
    pub is: Vec<String>,
}

/// Components of which a family must have some.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ComponentRule {
    /// How many different ones at least. Absent: the rule cannot be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u32>,
    /// Where they are from.
    pub source: String,
    /// Which.
    pub any_of: Vec<Component>,
}

/// One component: known by somebody's age, or because somebody recorded it, or by either.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Component {
    /// Its code.
    pub code: ReasonCode,
    /// What people read.
    pub label: String,
    /// The ages that are enough; absent: age tells nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ages: Option<AgeRange>,
    /// Whether a recorded fact of this code is enough. Then its absence is not known either.
    #[serde(default)]
    pub recorded: bool,
}

/// Whole years, both ends in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgeRange {
    /// The youngest.
    pub from: u8,
    /// The oldest.
    pub to: u8,
}

/// A recorded fact that excludes, and what is owed to whom it excludes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExclusionRule {
    /// One of the reasons a membership is cancelled for.
    pub code: ReasonCode,
    /// What people read.
    pub label: String,
    /// Who may say so without anybody looking, such as `Dukcapil`; absent: only people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic: Option<String>,
    /// What must be shown for it.
    pub evidence: String,
    /// How the family can undo it; absent: no way is offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appeal: Option<String>,
    /// Whether what is recorded of one person counts for the whole family.
    #[serde(default)]
    pub whole_family: bool,
    /// Where it is from.
    pub source: String,
}

fn wrong(field: impl Into<String>, code: &str, remedy: &str) -> FieldProblem {
    FieldProblem {
        field: field.into(),
        code: code.to_owned(),
        remedy: remedy.to_owned(),
    }
}

fn text(problems: &mut Vec<FieldProblem>, field: &str, text: &str) {
    if text.trim().is_empty() {
        problems.push(wrong(field, "missing", "Isi bagian ini."));
    } else if text.chars().count() > MOST_IN_TEXT {
        problems.push(wrong(field, "too_long", "Paling banyak 300 karakter."));
    }
}

impl RuleBody {
    /// Everything that keeps it from being a rule, each with the field's name. Empty: it may be sent.
    pub fn problems(&self, forms: &[Form]) -> Vec<FieldProblem> {
        let mut problems = Vec::new();
        text(&mut problems, "title", &self.title);
        text(&mut problems, "source", &self.source);
        if self.decile.is_none()
            && self.poverty.is_none()
            && self.components.is_none()
            && self.exclusions.is_empty()
        {
            problems.push(wrong(
                "decile",
                "nothing_asked",
                "Aturan ini tidak menilai apa pun; isi sedikitnya satu bagian.",
            ));
        }
        if let Some(gate) = &self.decile {
            text(&mut problems, "decile.source", &gate.source);
            match gate.max {
                None => problems.push(wrong(
                    "decile.max",
                    "missing",
                    "Isi batas desil, 1 sampai 10.",
                )),
                Some(max) if !(1..=10).contains(&max) => {
                    problems.push(wrong(
                        "decile.max",
                        "out_of_range",
                        "Isi batas desil, 1 sampai 10.",
                    ));
                }
                Some(_) => {}
            }
        }
        if let Some(poverty) = &self.poverty {
            poverty.look_into(forms, &mut problems);
        }
        if let Some(components) = &self.components {
            components.look_into(&mut problems);
        }
        self.look_into_exclusions(&mut problems);
        problems
    }

    fn look_into_exclusions(&self, problems: &mut Vec<FieldProblem>) {
        if self.exclusions.len() > MOST_IN_LIST {
            problems.push(wrong("exclusions", "too_many", "Paling banyak 60 alasan."));
        }
        let mut known = BTreeSet::new();
        for (n, one) in self.exclusions.iter().enumerate() {
            let field = |name: &str| format!("exclusions[{n}].{name}");
            if !reason::is_listed(&one.code, EXCLUSION_REASONS) {
                problems.push(wrong(
                    field("code"),
                    "unknown",
                    "Pilih salah satu alasan tidak layak yang ada di daftar.",
                ));
            } else if !known.insert(&one.code) {
                problems.push(wrong(
                    field("code"),
                    "duplicate",
                    "Alasan ini sudah ada; hapus salah satunya.",
                ));
            }
            text(problems, &field("label"), &one.label);
            text(problems, &field("evidence"), &one.evidence);
            text(problems, &field("source"), &one.source);
        }
    }

    /// What people read for a code that this rule may give as a reason.
    pub fn label(&self, code: &ReasonCode) -> String {
        let exclusion = self.exclusions.iter().find(|one| one.code == *code);
        exclusion.map_or_else(
            || {
                let known = GROUND_LABELS
                    .iter()
                    .find(|(known, _)| *known == code.as_str());
                known
                    .map_or_else(|| reason::label(code), |(_, words)| words)
                    .to_owned()
            },
            |one| one.label.clone(),
        )
    }

    /// Its thresholds in plain words, a sentence each: what a list shows of it.
    pub fn head_words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(gate) = &self.decile {
            let max = gate
                .max
                .map_or_else(|| "belum diisi".to_owned(), |max| max.to_string());
            words.push(format!("Desil paling tinggi {max} ({}).", gate.source));
        }
        if let Some(poverty) = &self.poverty {
            words.push(poverty.threshold());
        }
        if let Some(components) = &self.components {
            words.push(components.threshold());
        }
        words
    }

    /// The rule in plain words, a sentence a line.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(gate) = &self.decile {
            let max = gate
                .max
                .map_or_else(|| "belum diisi".to_owned(), |max| max.to_string());
            words.push(format!("Desil paling tinggi {max} ({}).", gate.source));
            words.push(
                "Keluarga tanpa desil belum diperingkat; itu bukan berarti tidak layak.".to_owned(),
            );
        }
        if let Some(poverty) = &self.poverty {
            words.push(poverty.threshold());
            if poverty.q0_short_circuit {
                words.push("Tidak memiliki tempat tinggal sehari-hari sudah cukup.".to_owned());
            }
            for one in &poverty.criteria {
                words.push(format!("{}: {}.", one.id, one.poor));
            }
        }
        if let Some(components) = &self.components {
            words.push(components.threshold());
            words.extend(components.any_of.iter().map(|one| {
                let ages = one
                    .ages
                    .map(|ages| format!("umur {} sampai {} tahun", ages.from, ages.to));
                let recorded = one.recorded.then(|| "dicatat petugas".to_owned());
                let how: Vec<String> = ages.into_iter().chain(recorded).collect();
                format!("Komponen {}: {}.", one.label, how.join(" atau "))
            }));
        }
        words.extend(self.exclusions.iter().map(|one| {
            let by = one.automatic.as_deref().map_or_else(
                || "hanya oleh petugas".to_owned(),
                |feed| format!("boleh otomatis dari {feed}"),
            );
            let appeal = one.appeal.as_deref().unwrap_or("tidak ditawarkan");
            format!(
                "Gugur bila {} ({}): {by}; bukti {}; keberatan: {appeal}; sumber {}.",
                one.label, one.code, one.evidence, one.source
            )
        }));
        words
    }
}

impl PovertyRule {
    fn threshold(&self) -> String {
        let least = self
            .min_hits
            .map_or_else(|| "belum diisi".to_owned(), |hits| hits.to_string());
        format!(
            "Fakir miskin bila terpenuhi sedikitnya {least} kriteria {} ({POLICY_LABEL}).",
            self.source
        )
    }

    fn look_into(&self, forms: &[Form], problems: &mut Vec<FieldProblem>) {
        text(problems, "poverty.source", &self.source);
        text(problems, "poverty.id", &self.id);
        if self.criteria.is_empty() || self.criteria.len() > 16 {
            problems.push(wrong(
                "poverty.criteria",
                "out_of_range",
                "Isi 1 sampai 16 kriteria.",
            ));
        }
        if self.weights.is_some() {
            problems.push(wrong(
                "poverty.weights",
                "not_allowed",
                "Kosongkan: Kepmensos tidak memberi bobot.",
            ));
        }
        // Q0 decides alone or not at all, so it is none of those that are counted against the threshold.
        let counted = self
            .criteria
            .iter()
            .filter(|one| one.id != NO_SHELTER)
            .count();
        match self.min_hits {
            None => problems.push(wrong(
                "poverty.min_hits",
                "missing",
                "Isi ambang jumlah kriteria; Kepmensos tidak menyebutnya, jadi ini kebijakan kota.",
            )),
            Some(hits) if hits == 0 || hits as usize > counted => problems.push(wrong(
                "poverty.min_hits",
                "out_of_range",
                "Isi ambang antara 1 dan jumlah kriteria.",
            )),
            Some(_) => {}
        }
        let mut known = BTreeSet::new();
        for (n, one) in self.criteria.iter().enumerate() {
            let field = |name: &str| format!("poverty.criteria[{n}].{name}");
            text(problems, &field("id"), &one.id);
            text(problems, &field("poor"), &one.poor);
            if !known.insert(&one.id) {
                problems.push(wrong(
                    field("id"),
                    "duplicate",
                    "Kriteria ini sudah ada; hapus salah satunya.",
                ));
            }
            let asks = |answer: &PoorAnswer| {
                !answer.is.is_empty()
                    && forms.iter().any(|form| {
                        form.question(&answer.question)
                            .is_some_and(|asked| answer.is.iter().all(|is| asked.kind.allows(is)))
                    })
            };
            if one.any_of.is_empty() || !one.any_of.iter().all(asks) {
                problems.push(wrong(
                    field("any_of"),
                    "unknown",
                    "Pilih jawaban yang ada di kuesioner.",
                ));
            }
        }
    }
}

/// The criterion that the Kepmensos lets decide alone.
pub(crate) const NO_SHELTER: &str = "Q0";

impl ComponentRule {
    fn threshold(&self) -> String {
        let least = self
            .at_least
            .map_or_else(|| "belum diisi".to_owned(), |least| least.to_string());
        format!("Sedikitnya {least} komponen ({}).", self.source)
    }

    fn look_into(&self, problems: &mut Vec<FieldProblem>) {
        text(problems, "components.source", &self.source);
        if self.any_of.is_empty() || self.any_of.len() > MOST_IN_LIST {
            problems.push(wrong(
                "components.any_of",
                "out_of_range",
                "Isi 1 sampai 60 komponen.",
            ));
        }
        match self.at_least {
            None => problems.push(wrong(
                "components.at_least",
                "missing",
                "Isi sedikitnya berapa komponen yang harus ada.",
            )),
            Some(least) if least == 0 || least as usize > self.any_of.len() => {
                problems.push(wrong(
                    "components.at_least",
                    "out_of_range",
                    "Isi antara 1 dan banyaknya komponen.",
                ));
            }
            Some(_) => {}
        }
        let mut known = BTreeSet::new();
        for (n, one) in self.any_of.iter().enumerate() {
            let field = |name: &str| format!("components.any_of[{n}].{name}");
            text(problems, &field("label"), &one.label);
            if !known.insert(&one.code) || reason::is_listed(&one.code, EXCLUSION_REASONS) {
                problems.push(wrong(
                    field("code"),
                    "duplicate",
                    "Kode ini sudah dipakai; pilih kode lain.",
                ));
            }
            match one.ages {
                Some(ages) if ages.from > ages.to || ages.to > 130 => problems.push(wrong(
                    field("ages"),
                    "out_of_range",
                    "Isi umur dari yang termuda sampai yang tertua, paling tinggi 130.",
                )),
                None if !one.recorded => problems.push(wrong(
                    field("recorded"),
                    "missing",
                    "Isi umur, atau bolehkan dicatat petugas.",
                )),
                Some(_) | None => {}
            }
        }
    }
}

/// A file of rules to begin with: written once, used by several programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleFile {
    /// What the file is.
    pub label: String,
    /// Where it is from.
    pub source: String,
    /// The criteria of Kepmensos 262 with the city's threshold.
    pub poverty: PovertyRule,
    /// The components of PKH.
    pub components: ComponentRule,
    /// Every reason of exclusion.
    pub exclusions: Vec<ExclusionRule>,
    /// Which program takes what.
    pub rules: Vec<ShippedRule>,
}

/// A rule of a [`RuleFile`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippedRule {
    /// The program's code.
    pub program: String,
    /// The regime.
    pub regime: String,
    /// What people call it.
    pub title: String,
    /// Where it is from.
    pub source: String,
    /// The gate.
    #[serde(default)]
    pub decile: Option<DecileGate>,
    /// Whether the criteria count.
    #[serde(default)]
    pub poverty: bool,
    /// Whether a component is needed.
    #[serde(default)]
    pub components: bool,
    /// Reasons of the file that this program does not know.
    #[serde(default)]
    pub without: Vec<ReasonCode>,
}

impl RuleFile {
    /// What a rule of the file says.
    pub fn body(&self, rule: &ShippedRule) -> RuleBody {
        let exclusions = self.exclusions.iter();
        RuleBody {
            title: rule.title.clone(),
            source: rule.source.clone(),
            decile: rule.decile.clone(),
            poverty: rule.poverty.then(|| self.poverty.clone()),
            components: rule.components.then(|| self.components.clone()),
            exclusions: exclusions
                .filter(|one| !rule.without.contains(&one.code))
                .cloned()
                .collect(),
        }
    }
}

/// A version of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleView {
    /// Its id.
    pub id: RuleId,
    /// Counted by every change; what the next act saw.
    pub version: i32,
    /// The program.
    pub program: String,
    /// The regime of the families it is for.
    pub regime: String,
    /// Where it counts, unless there is one for a part of it.
    pub region: RegionCode,
    /// Which one it is of this place, program and regime, counted from 1.
    pub number: u32,
    /// Where it stands.
    #[cfg_attr(feature = "openapi", schema(value_type = RuleState))]
    pub state: Lenient<RuleState>,
    /// What it says.
    pub body: RuleBody,
    /// The same in plain words, a sentence each.
    pub words: Vec<String>,
    /// What keeps it from being sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<FieldProblem>,
    /// Who wrote it last; absent: the server's keeper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by_name: Option<String>,
    /// When.
    pub made_at: Timestamp,
    /// Who sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_by: Option<UserId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_by_name: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<Timestamp>,
    /// What it would have changed when it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foretold: Option<RuleForetold>,
    /// The approver who put it in force, or refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by_name: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<ReasonCode>,
    /// Since when the next one counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_at: Option<Timestamp>,
}

/// `GET /v1/rules`: a version of a rule as a list shows it; what it says in full is asked for by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleHead {
    /// Its id.
    pub id: RuleId,
    /// Counted by every change; what the next act saw.
    pub version: i32,
    /// The program.
    pub program: String,
    /// The regime of the families it is for.
    pub regime: String,
    /// Where it counts, unless there is one for a part of it.
    pub region: RegionCode,
    /// Which one it is of this place, program and regime, counted from 1.
    pub number: u32,
    /// Where it stands.
    #[cfg_attr(feature = "openapi", schema(value_type = RuleState))]
    pub state: Lenient<RuleState>,
    /// What people call it.
    pub title: String,
    /// Where it is from.
    pub source: String,
    /// Its thresholds in plain words, a sentence each.
    pub words: Vec<String>,
    /// How many reasons of exclusion it knows.
    pub exclusions: u32,
    /// When it was written.
    pub made_at: Timestamp,
    /// When it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<Timestamp>,
    /// When it came in force, or was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
    /// Since when the next one counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_at: Option<Timestamp>,
}

/// How many would change, as it was told when a rule was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleForetold {
    /// Families that were looked at.
    pub families: u64,
    /// Those with another outcome than before.
    pub changed: u64,
    /// Those with a place in the program that would be found not eligible and are not now.
    pub losing: u64,
}

/// `POST /v1/rules`: a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DraftRule {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The program.
    pub program: String,
    /// `dtsen` or `dtks`.
    pub regime: String,
    /// Where it is to count: a city, as a rule.
    pub region: RegionCode,
    /// What it says.
    pub body: RuleBody,
}

/// `POST /v1/rules/{id}/change`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeRule {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version the person saw.
    pub seen_version: i32,
    /// What it says now.
    pub body: RuleBody,
}

/// `submit`, `withdraw`, `confirm` on a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActOnRule {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version the person saw.
    pub seen_version: i32,
}

/// `POST /v1/rules/{id}/refuse`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefuseRule {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version the person saw.
    pub seen_version: i32,
    /// Why: one of the reasons a rule is refused for.
    pub reason: ReasonCode,
}

/// `POST /v1/rules/shipped`: drafts of what Tilik ships, for every program without any rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShipRules {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// Where they are to count.
    pub region: RegionCode,
}

/// The answer to [`ShipRules`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShippedRules {
    /// The drafts that were made.
    pub drafts: Vec<RuleId>,
}

/// Families that would go from one outcome to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleTurn {
    /// By the rule in force; absent where none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<EligibilityOutcome>))]
    pub from: Option<Lenient<EligibilityOutcome>>,
    /// By this one.
    #[cfg_attr(feature = "openapi", schema(value_type = EligibilityOutcome))]
    pub to: Lenient<EligibilityOutcome>,
    /// With a place in the program.
    pub members: u64,
    /// Without one.
    pub others: u64,
}

/// The turns of a village.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleVillage {
    /// The village.
    pub region: RegionCode,
    /// Its name.
    pub name: String,
    /// Families that were looked at.
    pub families: u64,
    /// Each turn that happens there, those of no change among them.
    pub turns: Vec<RuleTurn>,
}

/// `GET /v1/rules/{id}/preview`: who would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RulePreview {
    /// The rule.
    pub rule: RuleId,
    /// Its version.
    pub version: i32,
    /// The rule in force that it is held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<RuleId>,
    /// When it was counted.
    pub at: Timestamp,
    /// All of it.
    pub foretold: RuleForetold,
    /// Each turn, over all villages.
    pub turns: Vec<RuleTurn>,
    /// Why those change who would: what decided it, counted. A family with two reasons is in both.
    pub reasons: Vec<RuleReason>,
    /// The turns village by village.
    pub villages: Vec<RuleVillage>,
}

/// How many of those that would change are so for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleReason {
    /// What the new rule would say.
    #[cfg_attr(feature = "openapi", schema(value_type = EligibilityOutcome))]
    pub to: Lenient<EligibilityOutcome>,
    /// The reason.
    pub code: ReasonCode,
    /// What people read.
    pub label: String,
    /// With a place in the program.
    pub members: u64,
    /// Without one.
    pub others: u64,
}

/// A family that would change. Who it is, and what is known of it, is told only to who may read it and asks for that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleChange {
    /// The family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyId>,
    /// Its head's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name of the person whose place it is, where the program is for persons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_name: Option<String>,
    /// Its village.
    pub region: RegionCode,
    /// Whether there is a place in the program.
    pub member: bool,
    /// That place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub membership: Option<MembershipId>,
    /// By the rule in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<EligibilityOutcome>))]
    pub from: Option<Lenient<EligibilityOutcome>>,
    /// By this one.
    #[cfg_attr(feature = "openapi", schema(value_type = EligibilityOutcome))]
    pub to: Lenient<EligibilityOutcome>,
    /// What decided it.
    pub codes: Vec<ReasonCode>,
    /// The same in people's words.
    pub labels: Vec<String>,
    /// Every reason, a sentence each; they tell what is known of the family.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray as _;

    fn file() -> RuleFile {
        serde_json::from_str(include_str!("../../data/rules.json")).unwrap()
    }

    fn forms() -> Vec<Form> {
        vec![Form::kepmensos_262().unwrap()]
    }

    fn fields(body: &RuleBody) -> Vec<String> {
        body.problems(&forms())
            .into_iter()
            .map(|one| one.field)
            .collect()
    }

    #[test]
    fn every_shipped_rule_may_be_sent_as_it_is() {
        let file = file();
        assert!(!file.rules.is_empty());
        for rule in &file.rules {
            assert!(REGIMES.contains(&rule.regime.as_str()), "{}", rule.program);
            assert_eq!(
                fields(&file.body(rule)),
                [""; 0],
                "{} {}",
                rule.program,
                rule.regime
            );
        }
        let codes: BTreeSet<&str> = file
            .exclusions
            .iter()
            .map(|one| one.code.as_str())
            .collect();
        let listed: BTreeSet<&str> = EXCLUSION_REASONS.iter().map(|(code, _)| *code).collect();
        assert_eq!(
            codes, listed,
            "every reason of a cancellation, and no other"
        );
    }

    #[test]
    fn a_rule_without_a_threshold_is_refused_with_the_name_of_the_field() {
        let file = file();
        let mut body = file.body(&file.rules[0]);
        body.decile = Some(DecileGate {
            max: None,
            source: "x".to_owned(),
        });
        body.poverty = Some(PovertyRule {
            min_hits: None,
            ..file.poverty.clone()
        });
        body.components = Some(ComponentRule {
            at_least: None,
            ..file.components.clone()
        });
        assert_eq!(
            fields(&body),
            ["decile.max", "poverty.min_hits", "components.at_least"]
        );
        // Nor by leaving the field out of the JSON.
        let mut json = serde_json::to_value(&body).unwrap();
        json["poverty"].as_object_mut().unwrap().remove("min_hits");
        let body: RuleBody = serde_json::from_value(json).unwrap();
        assert!(fields(&body).contains(&"poverty.min_hits".to_owned()));
    }

    #[test]
    fn a_threshold_out_of_range_and_an_answer_that_nobody_can_give_are_refused() {
        let file = file();
        let mut body = file.body(&file.rules[0]);
        for max in [0, 11] {
            body.decile = Some(DecileGate {
                max: Some(max),
                source: "x".to_owned(),
            });
            assert_eq!(fields(&body), ["decile.max"], "{max}");
        }
        body.decile = None;
        // Eight are counted: Q0 decides alone.
        for (hits, fits) in [(0, false), (1, true), (8, true), (9, false)] {
            body.poverty = Some(PovertyRule {
                min_hits: Some(hits),
                ..file.poverty.clone()
            });
            assert_eq!(fields(&body).is_empty(), fits, "{hits}");
        }
        let mut poverty = file.poverty.clone();
        poverty.criteria[5].any_of[0].is.push("77".to_owned());
        poverty.weights = Some(2);
        body.poverty = Some(poverty);
        assert_eq!(
            fields(&body),
            ["poverty.weights", "poverty.criteria[5].any_of"]
        );
        body.poverty = None;
        body.components = None;
        body.exclusions[1].code = ReasonCode::known("KODE_KARANGAN");
        assert_eq!(fields(&body), ["exclusions[1].code"]);
        body.exclusions.clear();
        assert_eq!(fields(&body), ["decile"], "a rule that asks nothing");
    }

    #[test]
    fn only_a_waiting_rule_comes_in_force_and_none_comes_back() {
        for from in RuleState::VARIANTS {
            for act in RuleAct::VARIANTS {
                let to = from.after(*act);
                if to == Some(RuleState::InForce) {
                    assert_eq!((*from, *act), (RuleState::Waiting, RuleAct::Confirm));
                }
                if matches!(from, RuleState::Superseded | RuleState::Refused) {
                    assert_eq!(to, None);
                }
            }
        }
    }
}
