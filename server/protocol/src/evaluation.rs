//! What a rule says of a family, and why: one outcome, and a sentence for each reason. Pure: facts come from outside, and
//! so does the day on which they are looked at. What is not known never counts against anybody.

use serde::{Deserialize, Serialize};

use crate::case::CaseState;
use crate::form::{Answers, Form, POLICY_LABEL, QuestionKind};
use crate::ids::{
    CaseId, EvaluationId, EventId, FactId, FamilyId, MembershipId, PersonId, PreparedId, RuleId,
};
use crate::lenient::Lenient;
use crate::membership::MembershipState;
use crate::reason::ReasonCode;
use crate::region::RegionCode;
use crate::review::PhotoView;
use crate::rule::{AgeRange, NO_SHELTER, RuleBody};
use crate::time::Timestamp;

/// What a rule says.
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
pub enum EligibilityOutcome {
    /// Layak.
    Eligible,
    /// Tidak layak. Nothing follows from it by itself.
    Ineligible,
    /// Belum diperingkat: the family has no decile yet, which is never "not eligible".
    NotRanked,
    /// Something that the rule asks for is not known.
    Incomplete,
}

/// How a reason speaks.
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
pub enum ReasonEffect {
    /// For the family.
    For,
    /// Against it.
    Against,
    /// It cannot be said yet.
    Missing,
}

/// Where an appeal against a recorded fact stands.
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
pub enum FactAppeal {
    /// Nobody doubts it.
    None,
    /// The family does, and nobody has decided: it counts neither way.
    Filed,
    /// The family was right: it counts for nothing.
    Upheld,
    /// The family was not.
    Dismissed,
}

impl FactAppeal {
    /// Whether it goes from here to `next`: a doubt is filed once, and once filed it is decided and nothing else. Nobody
    /// makes one undone.
    pub const fn leads_to(self, next: Self) -> bool {
        match self {
            Self::None => match next {
                Self::Filed => true,
                Self::None | Self::Upheld | Self::Dismissed => false,
            },
            Self::Filed => next.is_word_on_it(),
            Self::Upheld | Self::Dismissed => false,
        }
    }

    /// Whether it says who was right. That is said by somebody who neither recorded the fact nor took the doubt down.
    pub const fn is_word_on_it(self) -> bool {
        match self {
            Self::Upheld | Self::Dismissed => true,
            Self::None | Self::Filed => false,
        }
    }
}

/// One reason of an outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EligibilityReason {
    /// Its code; of one that speaks against, a reason a membership can be cancelled for.
    pub code: ReasonCode,
    /// How it speaks.
    #[cfg_attr(feature = "openapi", schema(value_type = ReasonEffect))]
    pub effect: Lenient<ReasonEffect>,
    /// One sentence.
    pub sentence: String,
}

/// The span of an age of which only the year of birth may be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgeSpan {
    /// At least so old.
    pub least: u8,
    /// At most so old.
    pub most: u8,
}

impl AgeSpan {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self {
        least: 0,
        most: 130,
    };

    /// In the year `now`, of somebody born in the year `born`: their day may have been already or not.
    pub fn of_year(born: i32, now: i32) -> Self {
        let most = u8::try_from((now - born).clamp(0, 130)).unwrap_or(130);
        Self {
            least: most.saturating_sub(1),
            most,
        }
    }

    /// Exactly, of somebody born on a day, year, month, day of month, on another.
    pub fn of_date(born: (i32, u32, u32), now: (i32, u32, u32)) -> Self {
        let had_day = (now.1, now.2) >= (born.1, born.2);
        let years = now.0 - born.0 - i32::from(!had_day);
        let age = u8::try_from(years.clamp(0, 130)).unwrap_or(130);
        Self {
            least: age,
            most: age,
        }
    }

    fn is_in(self, ages: AgeRange) -> bool {
        ages.from <= self.least && self.most <= ages.to
    }

    fn may_be_in(self, ages: AgeRange) -> bool {
        self.least <= ages.to && ages.from <= self.most
    }
}

/// Whom a recorded fact is about, seen from the membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The whole family.
    Family,
    /// The very person whose membership it is.
    Subject,
    /// Somebody else of the family, or anybody of it when the membership is the family's.
    Another,
}

/// A fact that somebody recorded and that is valid on the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Which one.
    pub id: FactId,
    /// Its code.
    pub code: ReasonCode,
    /// Who says so. Needed for words alone, so it may stay sealed until somebody reads them.
    pub source: String,
    /// What shows it; as above.
    pub evidence: String,
    /// Whether it is doubted.
    pub appeal: FactAppeal,
    /// Whom it is about.
    pub whose: Whose,
}

/// What is known of a family on a day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Its decile, where it is ranked.
    pub decile: Option<u8>,
    /// Of when the registry's word on it is, as people write a day.
    pub registry_of: String,
    /// The answers of the newest accepted visit to where it lives, and to which of the rule's forms.
    pub answers: Option<(usize, Answers)>,
    /// How old its living members are.
    pub members: Vec<AgeSpan>,
    /// What was recorded.
    pub recorded: Vec<Recorded>,
}

/// What was found; its words are made only where somebody reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ground {
    /// A recorded fact excludes: which of the facts, by which of the rule's reasons.
    Excluded(usize, usize),
    /// It would, and the family doubts it.
    Doubted(usize, usize),
    /// No decile.
    NotRanked,
    /// The decile is within the gate.
    DecileWithin,
    /// The decile is above it.
    DecileAbove,
    /// No shelter, which is enough.
    NoShelter,
    /// Enough criteria: which, by bits.
    Poor(u16),
    /// Too few: which, and which are open.
    NotPoor(u16, u16),
    /// It hangs on what is not answered.
    Unanswered(u16, u16),
    /// Nobody has asked where it lives.
    NoAnswers,
    /// Enough components: which.
    Has(u64),
    /// Too few, and it is known that there are no more.
    Lacks(u64),
    /// Too few are known.
    Unsure(u64),
}

/// A ground by names instead of places in a rule: what is kept with an evaluation, and what tells one result from another.
/// The names stay whatever the code calls them, and whatever else a rule comes to ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ground")]
pub enum NamedGround {
    /// A recorded fact excludes.
    #[serde(rename = "excluded")]
    Excluded {
        /// The fact.
        fact: FactId,
        /// The reason.
        code: ReasonCode,
    },
    /// It would, and the family doubts it.
    #[serde(rename = "doubted")]
    Doubted {
        /// The fact.
        fact: FactId,
        /// The reason.
        code: ReasonCode,
    },
    /// No decile.
    #[serde(rename = "not_ranked")]
    NotRanked,
    /// Within the gate.
    #[serde(rename = "decile_within")]
    DecileWithin {
        /// The family's.
        decile: Option<u8>,
    },
    /// Above it.
    #[serde(rename = "decile_above")]
    DecileAbove {
        /// The family's.
        decile: Option<u8>,
    },
    /// No shelter.
    #[serde(rename = "no_shelter")]
    NoShelter,
    /// Enough criteria.
    #[serde(rename = "poor")]
    Poor {
        /// Those that are met.
        hits: Vec<String>,
    },
    /// Too few.
    #[serde(rename = "not_poor")]
    NotPoor {
        /// Those that are met.
        hits: Vec<String>,
        /// Those that nobody answered.
        open: Vec<String>,
    },
    /// It hangs on what is not answered.
    #[serde(rename = "unanswered")]
    Unanswered {
        /// Those that are met.
        hits: Vec<String>,
        /// Those that nobody answered.
        open: Vec<String>,
    },
    /// Nobody asked.
    #[serde(rename = "no_answers")]
    NoAnswers,
    /// Enough components.
    #[serde(rename = "has_components")]
    Has {
        /// Which, and the facts by which they are known.
        components: Vec<ReasonCode>,
        /// Those that were recorded.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        facts: Vec<FactId>,
    },
    /// Too few.
    #[serde(rename = "lacks_components")]
    Lacks {
        /// Those there are.
        components: Vec<ReasonCode>,
    },
    /// Too few are known.
    #[serde(rename = "components_unknown")]
    Unsure {
        /// Those there may be.
        components: Vec<ReasonCode>,
    },
}

impl NamedGround {
    /// The recorded facts that fired.
    pub fn facts(&self) -> Vec<FactId> {
        match self {
            Self::Excluded { fact, .. } | Self::Doubted { fact, .. } => vec![*fact],
            Self::Has { facts, .. } => facts.clone(),
            Self::NotRanked
            | Self::DecileWithin { .. }
            | Self::DecileAbove { .. }
            | Self::NoShelter
            | Self::Poor { .. }
            | Self::NotPoor { .. }
            | Self::Unanswered { .. }
            | Self::NoAnswers
            | Self::Lacks { .. }
            | Self::Unsure { .. } => Vec::new(),
        }
    }
}

/// An outcome and its grounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What the rule says.
    pub outcome: EligibilityOutcome,
    /// Why, in the order of the rule.
    pub grounds: Vec<Ground>,
}

/// Whether a criterion is met.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Met {
    Yes,
    No,
    Open,
}

/// A question of a form, as a criterion asks for it.
#[derive(Debug)]
struct Asked {
    question: String,
    kind: QuestionKind,
    poor: Vec<String>,
    /// Asked only after these answers to these earlier questions.
    after: Vec<(String, Vec<String>)>,
}

impl Asked {
    fn met(&self, answers: &Answers) -> Option<Met> {
        let leads_here = |(question, is): &(String, Vec<String>)| {
            answers
                .get(question)
                .is_some_and(|answer| is.contains(answer))
        };
        if !self.after.iter().all(leads_here) {
            return None;
        }
        Some(match answers.get(&self.question) {
            Some(answer) if self.kind.allows(answer) => {
                if self.poor.contains(answer) {
                    Met::Yes
                } else {
                    Met::No
                }
            }
            Some(_) | None => Met::Open,
        })
    }
}

/// A rule made ready for many families.
#[derive(Debug)]
pub struct ReadyRule {
    body: RuleBody,
    /// Of each form, of each criterion, its questions.
    forms: Vec<Vec<Vec<Asked>>>,
}

impl ReadyRule {
    /// `forms`: those whose answers families may have, in the order in which [`Facts::answers`] counts them.
    pub fn new(body: RuleBody, forms: &[Form]) -> Self {
        let criteria = body.poverty.iter().flat_map(|poverty| &poverty.criteria);
        let of_form = |form: &Form| {
            let criteria = criteria.clone();
            criteria
                .map(|one| {
                    one.any_of
                        .iter()
                        .filter_map(|answer| asked(form, answer))
                        .collect()
                })
                .collect()
        };
        Self {
            forms: forms.iter().map(of_form).collect(),
            body,
        }
    }

    /// What it says in words.
    pub fn body(&self) -> &RuleBody {
        &self.body
    }

    /// Whether the day of birth, and not the year alone, would tell more.
    pub fn hangs_on_day(&self, age: AgeSpan) -> bool {
        age.least != age.most
            && self
                .body
                .components
                .iter()
                .flat_map(|rule| &rule.any_of)
                .any(|one| {
                    one.ages
                        .is_some_and(|ages| age.may_be_in(ages) && !age.is_in(ages))
                })
    }

    fn met(questions: &[Asked], answers: &Answers) -> Met {
        let (mut no, mut open) = (false, false);
        for one in questions {
            match one.met(answers) {
                Some(Met::Yes) => return Met::Yes,
                Some(Met::No) => no = true,
                Some(Met::Open) => open = true,
                None => {}
            }
        }
        if no && !open { Met::No } else { Met::Open }
    }

    /// What the criteria alone say of answers to one of the rule's forms: poor, not poor, or not to be said. `None` also of
    /// a rule that does not ask for them.
    pub fn poor(&self, form: usize, answers: &Answers) -> Option<bool> {
        match self.poverty(Some((form, answers)))? {
            Ground::NoShelter | Ground::Poor(_) => Some(true),
            Ground::NotPoor(..) => Some(false),
            Ground::Excluded(..)
            | Ground::Doubted(..)
            | Ground::NotRanked
            | Ground::DecileWithin
            | Ground::DecileAbove
            | Ground::Unanswered(..)
            | Ground::NoAnswers
            | Ground::Has(_)
            | Ground::Lacks(_)
            | Ground::Unsure(_) => None,
        }
    }

    fn poverty(&self, answers: Option<(usize, &Answers)>) -> Option<Ground> {
        let rule = self.body.poverty.as_ref()?;
        let least = rule.min_hits.unwrap_or(u32::MAX);
        let answered = answers.and_then(|(form, answers)| Some((self.forms.get(form)?, answers)));
        let Some((criteria, answers)) = answered else {
            return Some(Ground::NoAnswers);
        };
        let (mut hits, mut open, mut shelter) = (0_u16, 0_u16, Met::No);
        for (n, (questions, one)) in criteria.iter().zip(&rule.criteria).take(16).enumerate() {
            let met = Self::met(questions, answers);
            match met {
                Met::Yes => hits |= 1 << n,
                Met::Open => open |= 1 << n,
                Met::No => {}
            }
            if one.id == NO_SHELTER {
                shelter = met;
            }
        }
        let enough_by_itself = rule.q0_short_circuit;
        let known = hits.count_ones();
        Some(if enough_by_itself && shelter == Met::Yes {
            Ground::NoShelter
        } else if known >= least {
            Ground::Poor(hits)
        } else if (enough_by_itself && shelter == Met::Open) || known + open.count_ones() >= least {
            Ground::Unanswered(hits, open)
        } else {
            Ground::NotPoor(hits, open)
        })
    }

    fn components(&self, facts: &Facts) -> Option<Ground> {
        let rule = self.body.components.as_ref()?;
        let least = rule.at_least.unwrap_or(u32::MAX);
        let (mut has, mut may_have) = (0_u64, 0_u64);
        for (n, one) in rule.any_of.iter().take(64).enumerate() {
            let of_age = |fits: fn(AgeSpan, AgeRange) -> bool| {
                one.ages
                    .is_some_and(|ages| facts.members.iter().any(|age| fits(*age, ages)))
            };
            let said = one.recorded
                && facts
                    .recorded
                    .iter()
                    .any(|fact| fact.code == one.code && counts_for_component(fact.appeal));
            if said || of_age(AgeSpan::is_in) {
                has |= 1 << n;
            } else if one.recorded || of_age(AgeSpan::may_be_in) {
                may_have |= 1 << n;
            }
        }
        Some(if has.count_ones() >= least {
            Ground::Has(has)
        } else if (has | may_have).count_ones() >= least {
            Ground::Unsure(may_have)
        } else {
            Ground::Lacks(has)
        })
    }

    /// What the rule says of a family with these facts.
    pub fn evaluate(&self, facts: &Facts) -> Verdict {
        let mut grounds = Vec::with_capacity(3);
        for (n, fact) in facts.recorded.iter().enumerate() {
            let Some(by) = self
                .body
                .exclusions
                .iter()
                .position(|one| one.code == fact.code)
            else {
                continue;
            };
            let is_about = match fact.whose {
                Whose::Family | Whose::Subject => true,
                Whose::Another => self.body.exclusions[by].whole_family,
            };
            if !is_about {
                continue;
            }
            match fact.appeal {
                FactAppeal::None | FactAppeal::Dismissed => grounds.push(Ground::Excluded(n, by)),
                FactAppeal::Filed => grounds.push(Ground::Doubted(n, by)),
                FactAppeal::Upheld => {}
            }
        }
        let gate = self
            .body
            .decile
            .as_ref()
            .map(|gate| match (facts.decile, gate.max) {
                (None, _) => Ground::NotRanked,
                (Some(decile), Some(max)) if decile <= max => Ground::DecileWithin,
                (Some(_), _) => Ground::DecileAbove,
            });
        grounds.extend(gate);
        let answers = facts.answers.as_ref();
        grounds.extend(self.poverty(answers.map(|(form, answers)| (*form, answers))));
        grounds.extend(self.components(facts));
        Verdict {
            outcome: outcome(&grounds),
            grounds,
        }
    }

    /// The code of a ground; of one that speaks against, a reason a membership can be cancelled for.
    fn code(&self, ground: &Ground) -> Option<ReasonCode> {
        let known = |code| Some(ReasonCode::known(code));
        match ground {
            Ground::Excluded(_, by) | Ground::Doubted(_, by) => {
                Some(self.body.exclusions.get(*by)?.code.clone())
            }
            Ground::NotRanked => known("BELUM_DIPERINGKAT"),
            Ground::DecileWithin => known("DESIL_SESUAI"),
            Ground::DecileAbove => known("MAMPU_DESIL"),
            Ground::NoShelter | Ground::Poor(_) => known("FAKIR_MISKIN"),
            Ground::NotPoor(..) => known("TIDAK_LAYAK_DAERAH"),
            Ground::Unanswered(..) => known("JAWABAN_BELUM_LENGKAP"),
            Ground::NoAnswers => known("BELUM_ADA_JAWABAN"),
            Ground::Has(_) => known("ADA_KOMPONEN"),
            Ground::Lacks(_) => known("TANPA_KOMPONEN"),
            Ground::Unsure(_) => known("KOMPONEN_BELUM_DIKETAHUI"),
        }
    }

    /// The codes of what decided a verdict, each once: no word of anybody's life is among them.
    pub fn why(&self, verdict: &Verdict) -> Vec<ReasonCode> {
        let decided = match verdict.outcome {
            EligibilityOutcome::Eligible => ReasonEffect::For,
            EligibilityOutcome::Ineligible => ReasonEffect::Against,
            EligibilityOutcome::NotRanked | EligibilityOutcome::Incomplete => ReasonEffect::Missing,
        };
        let mut codes = Vec::new();
        for ground in &verdict.grounds {
            let Some(code) = self.code(ground).filter(|_| effect(ground) == decided) else {
                continue;
            };
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        codes
    }

    /// The grounds of a verdict by their names.
    pub fn named(&self, facts: &Facts, verdict: &Verdict) -> Vec<NamedGround> {
        let grounds = verdict.grounds.iter();
        grounds
            .filter_map(|ground| self.name(facts, ground))
            .collect()
    }

    fn name(&self, facts: &Facts, ground: &Ground) -> Option<NamedGround> {
        use NamedGround as N;
        let criteria = |bits: u16| {
            let all = self.body.poverty.iter().flat_map(|rule| &rule.criteria);
            let some = all
                .enumerate()
                .filter(|(n, _)| *n < 16 && bits & (1 << n) != 0);
            let mut some: Vec<String> = some.map(|(_, one)| one.id.clone()).collect();
            some.sort_unstable();
            some
        };
        let components = |bits: u64| {
            let all = self.body.components.iter().flat_map(|rule| &rule.any_of);
            let some = all
                .enumerate()
                .filter(|(n, _)| *n < 64 && bits & (1 << n) != 0);
            let mut some: Vec<ReasonCode> = some.map(|(_, one)| one.code.clone()).collect();
            some.sort_unstable();
            some
        };
        let decile = facts.decile;
        Some(match ground {
            Ground::Excluded(fact, by) => N::Excluded {
                fact: facts.recorded.get(*fact)?.id,
                code: self.body.exclusions.get(*by)?.code.clone(),
            },
            Ground::Doubted(fact, by) => N::Doubted {
                fact: facts.recorded.get(*fact)?.id,
                code: self.body.exclusions.get(*by)?.code.clone(),
            },
            Ground::NotRanked => N::NotRanked,
            Ground::DecileWithin => N::DecileWithin { decile },
            Ground::DecileAbove => N::DecileAbove { decile },
            Ground::NoShelter => N::NoShelter,
            Ground::Poor(hits) => N::Poor {
                hits: criteria(*hits),
            },
            Ground::NotPoor(hits, open) => N::NotPoor {
                hits: criteria(*hits),
                open: criteria(*open),
            },
            Ground::Unanswered(hits, open) => N::Unanswered {
                hits: criteria(*hits),
                open: criteria(*open),
            },
            Ground::NoAnswers => N::NoAnswers,
            Ground::Has(bits) => {
                let components = components(*bits);
                let said = facts.recorded.iter().filter(|fact| {
                    components.contains(&fact.code) && counts_for_component(fact.appeal)
                });
                let mut said: Vec<FactId> = said.map(|fact| fact.id).collect();
                said.sort_unstable();
                N::Has {
                    facts: said,
                    components,
                }
            }
            Ground::Lacks(bits) => N::Lacks {
                components: components(*bits),
            },
            Ground::Unsure(bits) => N::Unsure {
                components: components(*bits),
            },
        })
    }

    /// The reasons of a verdict in words, a sentence each.
    pub fn explain(&self, facts: &Facts, verdict: &Verdict) -> Vec<EligibilityReason> {
        let grounds = verdict.grounds.iter();
        grounds
            .filter_map(|ground| self.reason(facts, ground))
            .collect()
    }

    fn reason(&self, facts: &Facts, ground: &Ground) -> Option<EligibilityReason> {
        let effect = effect(ground);
        let sentence = match ground {
            Ground::Excluded(fact, by) | Ground::Doubted(fact, by) => {
                let (fact, by) = (facts.recorded.get(*fact)?, self.body.exclusions.get(*by)?);
                let doubt = if effect == ReasonEffect::Missing {
                    "; keberatan keluarga belum diputus"
                } else {
                    ""
                };
                format!(
                    "Tercatat {} menurut {} dengan bukti {}{doubt}.",
                    low(&by.label),
                    fact.source,
                    fact.evidence
                )
            }
            Ground::NotRanked => {
                "Keluarga belum diperingkat, sehingga desilnya belum dapat dinilai dan itu bukan berarti tidak layak."
                    .to_owned()
            }
            Ground::DecileWithin => {
                let (decile, max) = (facts.decile?, self.body.decile.as_ref()?.max?);
                format!(
                    "Desil {decile} menurut registri per {} tidak melewati batas desil {max}.",
                    facts.registry_of
                )
            }
            Ground::DecileAbove => {
                let (decile, max) = (facts.decile?, self.body.decile.as_ref()?.max?);
                format!(
                    "Desil {decile} menurut registri per {} melewati batas desil {max}.",
                    facts.registry_of
                )
            }
            Ground::NoShelter
            | Ground::Poor(_)
            | Ground::NotPoor(..)
            | Ground::Unanswered(..)
            | Ground::NoAnswers => self.poverty_words(ground)?,
            Ground::Has(_) | Ground::Lacks(_) | Ground::Unsure(_) => self.component_words(ground)?,
        };
        Some(EligibilityReason {
            code: self.code(ground)?,
            effect: effect.into(),
            sentence,
        })
    }

    fn poverty_words(&self, ground: &Ground) -> Option<String> {
        let rule = self.body.poverty.as_ref()?;
        let least = rule.min_hits.unwrap_or_default();
        let named = |bits: u16| {
            let criteria = rule.criteria.iter().enumerate();
            let some = criteria.filter(|(n, _)| *n < 16 && bits & (1 << n) != 0);
            let some: Vec<String> = some
                .map(|(_, one)| format!("{} {}", one.id, low(&one.poor)))
                .collect();
            some.join(", ")
        };
        let met = |bits: u16| match bits.count_ones() {
            0 => "Tidak ada kriteria fakir miskin yang terpenuhi".to_owned(),
            count => format!("Terpenuhi {count} kriteria fakir miskin ({})", named(bits)),
        };
        let threshold = format!("ambang {least} ({POLICY_LABEL})");
        Some(match ground {
            Ground::NoShelter => format!(
                "Keluarga tidak memiliki tempat tinggal sehari-hari, sehingga termasuk fakir miskin menurut {}.",
                rule.source
            ),
            Ground::Poor(hits) => format!("{}, mencapai {threshold}.", met(*hits)),
            Ground::NotPoor(hits, 0) => format!("{}, di bawah {threshold}.", met(*hits)),
            Ground::NotPoor(hits, open) => format!(
                "{}, di bawah {threshold} apa pun jawaban {} yang belum ada.",
                met(*hits),
                named(*open)
            ),
            Ground::Unanswered(hits, open) => format!(
                "{} dengan {threshold}, tetapi belum ada jawaban untuk {}.",
                met(*hits),
                named(*open)
            ),
            Ground::NoAnswers => {
                "Belum ada jawaban kunjungan yang diterima untuk rumah yang ditempati sekarang."
                    .to_owned()
            }
            Ground::Excluded(..)
            | Ground::Doubted(..)
            | Ground::NotRanked
            | Ground::DecileWithin
            | Ground::DecileAbove
            | Ground::Has(_)
            | Ground::Lacks(_)
            | Ground::Unsure(_) => return None,
        })
    }

    fn component_words(&self, ground: &Ground) -> Option<String> {
        let rule = self.body.components.as_ref()?;
        let named = |bits: u64| {
            let all = rule.any_of.iter().enumerate();
            let some = all.filter(|(n, _)| *n < 64 && bits & (1 << n) != 0);
            let some: Vec<String> = some.map(|(_, one)| low(&one.label)).collect();
            some.join(", ")
        };
        Some(match ground {
            Ground::Has(bits) => format!("Keluarga memiliki komponen: {}.", named(*bits)),
            Ground::Lacks(_) => format!(
                "Tidak ada anggota keluarga yang memenuhi komponen {}.",
                rule.source
            ),
            Ground::Unsure(bits) => format!(
                "Komponen keluarga belum diketahui; periksa dan catat: {}.",
                named(*bits)
            ),
            Ground::Excluded(..)
            | Ground::Doubted(..)
            | Ground::NotRanked
            | Ground::DecileWithin
            | Ground::DecileAbove
            | Ground::NoShelter
            | Ground::Poor(_)
            | Ground::NotPoor(..)
            | Ground::Unanswered(..)
            | Ground::NoAnswers => return None,
        })
    }
}

/// What people read for the codes that no list of reasons has.
pub const GROUND_LABELS: &[(&str, &str)] = &[
    ("BELUM_DIPERINGKAT", "Belum diperingkat"),
    ("DESIL_SESUAI", "Desil tidak melewati batas"),
    ("FAKIR_MISKIN", "Memenuhi kriteria fakir miskin"),
    ("JAWABAN_BELUM_LENGKAP", "Jawaban kunjungan belum lengkap"),
    ("BELUM_ADA_JAWABAN", "Belum ada jawaban kunjungan"),
    ("ADA_KOMPONEN", "Memiliki komponen"),
    ("KOMPONEN_BELUM_DIKETAHUI", "Komponen belum diketahui"),
];

/// A component that is doubted counts for nothing until somebody has decided.
const fn counts_for_component(appeal: FactAppeal) -> bool {
    match appeal {
        FactAppeal::None | FactAppeal::Dismissed => true,
        FactAppeal::Filed | FactAppeal::Upheld => false,
    }
}

fn asked(form: &Form, answer: &crate::rule::PoorAnswer) -> Option<Asked> {
    let question = form.question(&answer.question)?;
    let mut after = Vec::new();
    let mut at = question;
    // Each leads to an earlier one, so this ends; a form that says otherwise is cut off at its length.
    while let Some(when) = at
        .asked_if
        .as_ref()
        .filter(|_| after.len() < form.questions.len())
    {
        after.push((when.question.clone(), when.is.clone()));
        at = form.question(&when.question)?;
    }
    Some(Asked {
        question: question.id.clone(),
        kind: question.kind.clone(),
        poor: answer.is.clone(),
        after,
    })
}

/// In the middle of a sentence; an abbreviation stays as it is.
fn low(label: &str) -> String {
    let mut letters = label.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(label.chars().skip(1)).collect()
        }
        _ => label.to_owned(),
    }
}

/// How a ground speaks.
pub const fn effect(ground: &Ground) -> ReasonEffect {
    match ground {
        Ground::Excluded(..) | Ground::DecileAbove | Ground::NotPoor(..) | Ground::Lacks(_) => {
            ReasonEffect::Against
        }
        Ground::DecileWithin | Ground::NoShelter | Ground::Poor(_) | Ground::Has(_) => {
            ReasonEffect::For
        }
        Ground::Doubted(..)
        | Ground::NotRanked
        | Ground::Unanswered(..)
        | Ground::NoAnswers
        | Ground::Unsure(_) => ReasonEffect::Missing,
    }
}

/// A recorded fact speaks whatever the rank; beyond that a family without a rank is not ranked, and nothing else. Then what
/// speaks against it, then what is not known.
fn outcome(grounds: &[Ground]) -> EligibilityOutcome {
    let is = |effect_of: ReasonEffect| grounds.iter().any(|ground| effect(ground) == effect_of);
    if grounds
        .iter()
        .any(|ground| matches!(ground, Ground::Excluded(..)))
    {
        EligibilityOutcome::Ineligible
    } else if grounds.contains(&Ground::NotRanked) {
        EligibilityOutcome::NotRanked
    } else if is(ReasonEffect::Against) {
        EligibilityOutcome::Ineligible
    } else if is(ReasonEffect::Missing) {
        EligibilityOutcome::Incomplete
    } else {
        EligibilityOutcome::Eligible
    }
}

/// What a rule in force said of a membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EvaluationView {
    /// Its id.
    pub id: EvaluationId,
    /// The membership.
    pub membership: MembershipId,
    /// Whose it is, where the program is for persons; absent: the family's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_name: Option<String>,
    /// The program.
    pub program: String,
    /// The version of the rule.
    pub rule: RuleId,
    /// Which one it is of its program, counted from 1.
    pub rule_number: u32,
    /// What people call it.
    pub rule_title: String,
    /// When.
    pub at: Timestamp,
    /// Since when another counts; absent: it is the present one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_at: Option<Timestamp>,
    /// What it said.
    #[cfg_attr(feature = "openapi", schema(value_type = EligibilityOutcome))]
    pub outcome: Lenient<EligibilityOutcome>,
    /// Why, a sentence each.
    pub reasons: Vec<EligibilityReason>,
    /// The recorded facts that fired.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<FactId>,
}

/// `GET /v1/families/{id}/evaluations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FamilyEvaluations {
    /// The newest first, at most 100.
    pub evaluations: Vec<EvaluationView>,
    /// What was recorded, the newest first.
    pub facts: Vec<FactView>,
    /// What can be recorded: what the rules in force ask for.
    pub recordable: Vec<RecordableFact>,
}

/// A fact that a rule in force asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordableFact {
    /// Its code.
    pub code: ReasonCode,
    /// What people read.
    pub label: String,
    /// Whether it excludes; else it is a component.
    pub excludes: bool,
    /// What must be shown for it, where the rule says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// A recorded fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FactView {
    /// Its id.
    pub id: FactId,
    /// What the next act saw.
    pub version: i32,
    /// Its code.
    pub code: ReasonCode,
    /// What people read.
    pub label: String,
    /// The person it is about; absent: the family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_name: Option<String>,
    /// Who says so.
    pub source: String,
    /// What shows it.
    pub evidence: String,
    /// The number of the document that shows it, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_number: Option<String>,
    /// Since when.
    pub valid_from: Timestamp,
    /// Until when; absent: until somebody says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// Whether the family doubts it.
    #[cfg_attr(feature = "openapi", schema(value_type = FactAppeal))]
    pub appeal: Lenient<FactAppeal>,
    /// Whether it waits for somebody's word and whoever asks may say it: they neither recorded it nor took the doubt down.
    pub may_decide: bool,
    /// Who recorded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_by_name: Option<String>,
    /// When.
    pub recorded_at: Timestamp,
    /// When the family doubted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appealed_at: Option<Timestamp>,
    /// Who said who was right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by_name: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
}

/// `POST /v1/families/{id}/facts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordFact {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// What rules in force ask for.
    pub code: ReasonCode,
    /// A member of the family; absent: all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Who says so, such as `Dukcapil`. Kept sealed.
    pub source: String,
    /// What shows it, in a few words; no personal number. Kept sealed.
    pub evidence: String,
    /// The number of the document that shows it; a cancellation that follows is proposed by it. Kept in clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_number: Option<String>,
    /// Since when; absent: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
}

/// `POST /v1/facts/{id}/change`: the family doubts it, the doubt was decided, or it is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeFact {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version the person saw.
    pub seen_version: i32,
    /// Where the appeal stands now; absent: as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appeal: Option<FactAppeal>,
    /// Whether it counts no longer, from now on.
    #[serde(default)]
    pub end: bool,
}

/// Where a prepared cancellation stands.
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
pub enum PreparedState {
    /// An operator is to look at it.
    Waiting,
    /// An operator proposed it; the case goes on from there.
    Proposed,
    /// Somebody looked, and the family stays where it is.
    Dismissed,
    /// The facts or the rule are others by now.
    Obsolete,
}

/// What the one key does next.
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
pub enum PreparedStep {
    /// The evidence stands: the cancellation is proposed.
    Propose,
    /// No case is open: a visit is asked for, since nobody is cancelled unseen.
    AskVisit,
    /// A visit or its review is under way: nothing to do yet.
    Wait,
}

/// A cancellation that a rule prepared: filled in, and done by nobody yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreparedCancellation {
    /// Its id.
    pub id: PreparedId,
    /// What the next act saw.
    pub version: i32,
    /// Where it stands.
    #[cfg_attr(feature = "openapi", schema(value_type = PreparedState))]
    pub state: Lenient<PreparedState>,
    /// Since when it waits.
    pub prepared_at: Timestamp,
    /// The family.
    pub family: FamilyId,
    /// Its head's name.
    pub name: String,
    /// Where it lives.
    pub address: String,
    /// Its RT.
    pub rt: String,
    /// Its RW.
    pub rw: String,
    /// Its village.
    pub region: RegionCode,
    /// The membership.
    pub membership: MembershipId,
    /// Whose it is, where the program is for persons; absent: the family's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_name: Option<String>,
    /// The program.
    pub program: String,
    /// Where the membership stands.
    #[cfg_attr(feature = "openapi", schema(value_type = MembershipState))]
    pub membership_state: Lenient<MembershipState>,
    /// The reason that will stand in the proposal.
    pub reason: ReasonCode,
    /// The number of a document that is known already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_number: Option<String>,
    /// The evaluation behind it.
    pub evaluation: EvaluationView,
    /// The newest accepted photo of the front of the house.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<PhotoView>,
    /// The letter that would go to the family.
    pub notice: String,
    /// The family's undecided case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// Where that stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<CaseState>))]
    pub case_state: Option<Lenient<CaseState>>,
    /// What the one key does next.
    #[cfg_attr(feature = "openapi", schema(value_type = PreparedStep))]
    pub next: Lenient<PreparedStep>,
    /// Who dealt with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_by_name: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<Timestamp>,
    /// Why the family stays where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissal: Option<ReasonCode>,
}

/// `POST /v1/cancellations/{id}/send`: the one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SendCancellation {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version the person saw.
    pub seen_version: i32,
    /// Number of the minutes or SPTJM; needed where the cancellation is proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_number: Option<String>,
}

/// The answer to [`SendCancellation`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CancellationSent {
    /// What was done.
    #[cfg_attr(feature = "openapi", schema(value_type = PreparedStep))]
    pub done: Lenient<PreparedStep>,
    /// The case it is in.
    pub case: CaseId,
    /// Where that stands now.
    #[cfg_attr(feature = "openapi", schema(value_type = CaseState))]
    pub case_state: Lenient<CaseState>,
}

/// `POST /v1/cancellations/{id}/dismiss`: somebody looked, and the family stays where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DismissCancellation {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version the person saw.
    pub seen_version: i32,
    /// Why.
    pub reason: ReasonCode,
}

/// The letter that a cancellation would bring, as a draft for the operator's eyes.
pub fn notice_draft(
    program: &str,
    person: Option<&str>,
    reasons: &[EligibilityReason],
    appeal_days: u32,
) -> String {
    let appeal = if appeal_days == 0 {
        "Keberatan dapat diajukan di kantor kelurahan.".to_owned()
    } else {
        format!(
            "Keberatan dapat diajukan di kantor kelurahan dalam {appeal_days} hari sejak surat ini diterima."
        )
    };
    let whose = person.map_or_else(
        || "keluarga Anda".to_owned(),
        |name| format!("{name}, anggota keluarga Anda,"),
    );
    format!(
        "Kepesertaan {whose} pada program {program} diusulkan untuk dihentikan. Alasannya: {} {appeal}",
        against(reasons)
    )
}

/// What speaks against, in sentences.
pub fn against(reasons: &[EligibilityReason]) -> String {
    let against = reasons
        .iter()
        .filter(|one| one.effect.known() == Some(ReasonEffect::Against));
    let why: Vec<&str> = against.map(|one| one.sentence.as_str()).collect();
    why.join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::form::PoorPolicy;
    use crate::rule::RuleFile;

    fn file() -> RuleFile {
        serde_json::from_str(include_str!("../../data/rules.json")).unwrap()
    }

    fn forms() -> [Form; 1] {
        [Form::kepmensos_262().unwrap()]
    }

    fn ready(program: &str, regime: &str) -> ReadyRule {
        let file = file();
        let rule = file.rules.iter();
        let mut rule = rule.filter(|one| one.program == program && one.regime == regime);
        ReadyRule::new(file.body(rule.next().unwrap()), &forms())
    }

    fn ranked(decile: u8) -> Facts {
        Facts {
            decile: Some(decile),
            registry_of: "24-11-2026".to_owned(),
            ..Facts::default()
        }
    }

    fn fact(code: &'static str) -> Recorded {
        Recorded {
            id: FactId(uuid::Uuid::from_u128(7)),
            code: ReasonCode::known(code),
            source: "Dukcapil".to_owned(),
            evidence: "474.3/12/2026".to_owned(),
            appeal: FactAppeal::None,
            whose: Whose::Family,
        }
    }

    fn said(rule: &ReadyRule, facts: &Facts) -> (EligibilityOutcome, Vec<String>) {
        let verdict = rule.evaluate(facts);
        let reasons = rule.explain(facts, &verdict);
        assert_eq!(
            reasons.len(),
            verdict.grounds.len(),
            "every ground has its sentence"
        );
        for one in &reasons {
            let ends =
                one.sentence.matches(". ").count() + usize::from(one.sentence.ends_with('.'));
            assert_eq!(ends, 1, "one sentence: {}", one.sentence);
        }
        let codes = reasons.iter().map(|one| one.code.to_string());
        (verdict.outcome, codes.collect())
    }

    fn yes(codes: &[&str]) -> Vec<String> {
        codes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_gate_lets_in_up_to_its_decile_and_who_has_none_is_not_ranked() {
        use EligibilityOutcome as O;
        let rule = ready("SEMBAKO", "dtsen");
        assert_eq!(
            said(&rule, &ranked(5)),
            (O::Eligible, yes(&["DESIL_SESUAI"]))
        );
        assert_eq!(
            said(&rule, &ranked(6)),
            (O::Ineligible, yes(&["MAMPU_DESIL"]))
        );
        let unranked = Facts::default();
        assert_eq!(
            said(&rule, &unranked),
            (O::NotRanked, yes(&["BELUM_DIPERINGKAT"]))
        );
    }

    #[test]
    fn a_component_is_known_by_age_or_because_it_was_recorded_and_unknown_is_not_lacking() {
        use EligibilityOutcome as O;
        let rule = ready("PKH", "dtsen");
        let with = |members: &[(i32, i32)], recorded: &[&'static str]| {
            let facts = Facts {
                members: members
                    .iter()
                    .map(|(born, now)| AgeSpan::of_year(*born, *now))
                    .collect(),
                recorded: recorded.iter().map(|code| fact(code)).collect(),
                ..ranked(2)
            };
            said(&rule, &facts).0
        };
        assert_eq!(with(&[(1990, 2026), (2022, 2026)], &[]), O::Eligible);
        assert_eq!(with(&[(1950, 2026)], &[]), O::Eligible);
        // Sixty this year: perhaps not yet.
        assert_eq!(with(&[(1966, 2026)], &[]), O::Incomplete);
        assert_eq!(with(&[(1990, 2026)], &[]), O::Incomplete);
        assert_eq!(with(&[(1990, 2026)], &["DISABILITAS"]), O::Eligible);
        assert_eq!(with(&[(1990, 2026)], &["TANPA_KOMPONEN"]), O::Ineligible);
        assert!(rule.hangs_on_day(AgeSpan::of_year(1966, 2026)));
        assert!(!rule.hangs_on_day(AgeSpan::of_year(1990, 2026)));
        assert_eq!(AgeSpan::of_date((1966, 11, 24), (2026, 11, 24)).least, 60);
        assert_eq!(AgeSpan::of_date((1966, 11, 25), (2026, 11, 24)).most, 59);
    }

    #[test]
    fn a_rule_of_ages_alone_knows_that_nobody_fits() {
        let mut body = ready("PKH", "dtsen").body;
        let components = body.components.as_mut().unwrap();
        components.any_of.retain(|one| !one.recorded);
        let rule = ReadyRule::new(body, &forms());
        let facts = Facts {
            members: vec![AgeSpan::of_year(1990, 2026)],
            ..ranked(2)
        };
        let lacks = (
            EligibilityOutcome::Ineligible,
            yes(&["DESIL_SESUAI", "TANPA_KOMPONEN"]),
        );
        assert_eq!(said(&rule, &facts), lacks);
        // Whose year of birth nobody knows may be any age.
        let facts = Facts {
            members: vec![AgeSpan::UNKNOWN],
            ..ranked(2)
        };
        assert_eq!(said(&rule, &facts).0, EligibilityOutcome::Incomplete);
    }

    #[test]
    fn a_recorded_fact_excludes_whom_it_is_about_unless_it_is_doubted_or_was_wrong() {
        use EligibilityOutcome as O;
        let rule = ready("PBI-JK", "dtsen");
        let with = |code: &'static str, whose: Whose, appeal: FactAppeal| {
            let recorded = vec![Recorded {
                appeal,
                whose,
                ..fact(code)
            }];
            said(
                &rule,
                &Facts {
                    recorded,
                    ..ranked(2)
                },
            )
            .0
        };
        for appeal in [FactAppeal::None, FactAppeal::Dismissed] {
            assert_eq!(with("MENINGGAL", Whose::Subject, appeal), O::Ineligible);
            assert_eq!(with("MENINGGAL", Whose::Family, appeal), O::Ineligible);
            assert_eq!(
                with("MENINGGAL", Whose::Another, appeal),
                O::Eligible,
                "a death in the family"
            );
            assert_eq!(with("ASN_TNI_POLRI", Whose::Another, appeal), O::Ineligible);
        }
        assert_eq!(
            with("ASN_TNI_POLRI", Whose::Family, FactAppeal::Filed),
            O::Incomplete
        );
        assert_eq!(
            with("ASN_TNI_POLRI", Whose::Family, FactAppeal::Upheld),
            O::Eligible
        );
        assert_eq!(
            with("TANPA_KOMPONEN", Whose::Family, FactAppeal::None),
            O::Eligible,
            "no reason of this rule"
        );
        // Also of a family without a rank: the reason is the fact, not the missing rank.
        let recorded = vec![fact("GANDA")];
        let facts = Facts {
            recorded,
            ..Facts::default()
        };
        let both = (O::Ineligible, yes(&["GANDA", "BELUM_DIPERINGKAT"]));
        assert_eq!(said(&rule, &facts), both);
    }

    fn answers() -> impl Strategy<Value = Answers> {
        let form = Form::kepmensos_262().unwrap();
        let questions: Vec<_> = form
            .questions
            .iter()
            .map(|question| {
                let mut some: Vec<Option<String>> = vec![None, Some("x".to_owned())];
                match &question.kind {
                    QuestionKind::YesNo => {
                        some.extend(["yes", "no"].map(|word| Some(word.to_owned())));
                        some.extend(["yes", "no"].map(|word| Some(word.to_owned())));
                    }
                    QuestionKind::Choice { options } => {
                        some.extend(options.iter().map(|option| Some(option.code.clone())));
                    }
                    QuestionKind::Number | QuestionKind::Text => {}
                }
                let id = question.id.clone();
                proptest::sample::select(some).prop_map(move |answer| (id.clone(), answer))
            })
            .collect();
        questions.prop_map(|all| {
            let given = all
                .into_iter()
                .filter_map(|(id, answer)| Some((id, answer?)));
            given.collect()
        })
    }

    proptest! {
        /// The rule as shipped says of any answers what phone and reviewer are shown.
        #[test]
        fn the_shipped_criteria_are_those_of_the_form(answers in answers(), least in 1_u32..9, enough: bool) {
            let mut body = ready("SEMBAKO", "dtks").body;
            body.exclusions.clear();
            let poverty = body.poverty.as_mut().unwrap();
            poverty.min_hits = Some(least);
            poverty.q0_short_circuit = enough;
            let rule = ReadyRule::new(body, &forms());
            let policy = PoorPolicy { min_hits: least, no_shelter_is_enough: enough };
            let shown = forms()[0].evaluate(policy, &answers).poor;
            prop_assert_eq!(rule.poor(0, &answers), shown);
            let facts = Facts { answers: Some((0, answers)), ..Facts::default() };
            let outcome = match said(&rule, &facts).0 {
                EligibilityOutcome::Eligible => Some(true),
                EligibilityOutcome::Ineligible => Some(false),
                EligibilityOutcome::Incomplete => None,
                EligibilityOutcome::NotRanked => panic!("no gate"),
            };
            prop_assert_eq!(outcome, shown);
        }

        /// Whatever else is known, a gate and no decile is never "not eligible"; nor is what nobody has asked.
        #[test]
        fn who_is_not_ranked_is_never_found_not_eligible(
            answers in proptest::option::of(answers()),
            births in proptest::collection::vec(1930_i32..2027, 0..6),
            pkh: bool,
        ) {
            let mut body = ready(if pkh { "PKH" } else { "SEMBAKO" }, "dtsen").body;
            body.poverty = Some(file().poverty);
            let rule = ReadyRule::new(body, &forms());
            let facts = Facts {
                answers: answers.map(|answers| (0, answers)),
                members: births.iter().map(|born| AgeSpan::of_year(*born, 2026)).collect(),
                ..Facts::default()
            };
            prop_assert_eq!(said(&rule, &facts).0, EligibilityOutcome::NotRanked);
            // Nor does anything that is not known ever count against.
            let nothing = Facts { decile: Some(1), ..Facts::default() };
            prop_assert_eq!(said(&rule, &nothing).0, EligibilityOutcome::Incomplete);
        }
    }

    #[test]
    fn a_doubt_is_filed_once_and_decided_and_by_nobody_made_undone() {
        use FactAppeal as A;
        let all = [A::None, A::Filed, A::Upheld, A::Dismissed];
        let mut can = Vec::new();
        for from in all {
            for to in all {
                if from.leads_to(to) {
                    can.push((from, to));
                }
            }
        }
        assert_eq!(
            can,
            [
                (A::None, A::Filed),
                (A::Filed, A::Upheld),
                (A::Filed, A::Dismissed)
            ]
        );
    }

    /// What is kept, and what two results are held against each other by, word for word.
    #[test]
    fn grounds_are_kept_by_names_that_neither_an_order_nor_another_criterion_changes() {
        let answers: Answers = [
            ("shelter", "yes"),
            ("work", "no"),
            ("floor", "8"),
            ("wall", "1"),
        ]
        .map(|(question, answer)| (question.to_owned(), answer.to_owned()))
        .into();
        let facts = Facts {
            answers: Some((0, answers)),
            recorded: vec![fact("GANDA"), fact("DISABILITAS")],
            ..ranked(6)
        };
        let named = |body: RuleBody| {
            let rule = ReadyRule::new(body, &forms());
            let named = rule.named(&facts, &rule.evaluate(&facts));
            serde_json::to_string(&named).unwrap()
        };
        let mut body = ready("PKH", "dtsen").body;
        body.poverty = Some(file().poverty);
        let told = named(body.clone());
        let fact = "00000000-0000-0000-0000-000000000007";
        assert_eq!(
            told,
            format!(
                concat!(
                    r#"[{{"ground":"excluded","fact":"{0}","code":"GANDA"}},"#,
                    r#"{{"ground":"decile_above","decile":6}},"#,
                    r#"{{"ground":"unanswered","hits":["Q1","Q5"],"open":["Q2","Q3","Q4","Q7","Q8"]}},"#,
                    r#"{{"ground":"has_components","components":["DISABILITAS"],"facts":["{0}"]}}]"#
                ),
                fact
            )
        );
        // Another order of what is asked is no other result.
        let poverty = body.poverty.as_mut().unwrap();
        poverty.criteria.reverse();
        body.components.as_mut().unwrap().any_of.reverse();
        body.exclusions.reverse();
        assert_eq!(named(body.clone()), told);
        // Nor is one more thing that could have fired and did not.
        let mut more = body.exclusions[0].clone();
        more.code = ReasonCode::known("MENOLAK_BARU");
        body.exclusions.insert(0, more);
        assert_eq!(named(body), told);
    }

    #[test]
    fn the_codes_of_a_change_are_those_that_decided_it() {
        let rule = ready("PKH", "dtsen");
        let facts = Facts {
            recorded: vec![fact("GANDA"), fact("DISABILITAS")],
            ..ranked(2)
        };
        let codes = |facts: &Facts| rule.why(&rule.evaluate(facts));
        assert_eq!(codes(&facts), [ReasonCode::known("GANDA")]);
        let facts = Facts {
            recorded: vec![fact("DISABILITAS")],
            ..ranked(2)
        };
        assert_eq!(
            codes(&facts),
            ["DESIL_SESUAI", "ADA_KOMPONEN"].map(ReasonCode::known)
        );
    }

    #[test]
    fn the_letter_says_only_what_speaks_against_and_until_when_to_appeal() {
        let rule = ready("PKH", "dtsen");
        let facts = Facts {
            recorded: vec![fact("GANDA")],
            ..ranked(3)
        };
        let reasons = rule.explain(&facts, &rule.evaluate(&facts));
        let letter = notice_draft("PKH", None, &reasons, 14);
        assert!(
            letter.contains("Tercatat NIK atau keluarga ganda menurut Dukcapil"),
            "{letter}"
        );
        assert!(!letter.contains("Desil"), "{letter}");
        assert!(letter.contains("dalam 14 hari"), "{letter}");
        assert!(!notice_draft("PKH", None, &reasons, 0).contains("hari sejak"));
        let of_person = notice_draft("PBI-JK", Some("SITI"), &reasons, 14);
        assert!(
            of_person.starts_with("Kepesertaan SITI, anggota keluarga Anda, pada program PBI-JK"),
            "{of_person}"
        );
    }
}
