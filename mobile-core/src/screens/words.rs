//! The keys of all words that a shell must have. The words are the shell's; which key stands for what is said here.

use strum::{VariantArray, VariantNames};
use tilik_protocol::evidence::{Missing, PhotoKind, UnreachableReason, VisitKind};
use tilik_protocol::form::AnswerFault;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::reason::RETURN_REASONS;

use super::case::{Asked, CaseAction};
use super::lock::LockState;
use super::map::MapPinKind;
use super::notices::Notice;
use super::outbox::{OutboxState, OutboxTitle, Why};
use super::pin::PinHint;
use super::status::SpaceProblem;
use super::storage::{HousePhotosWhen, Network};
use super::summary::{SummaryWarning, VisitStep};
use super::today::{TodayMark, TodayOrder};
use super::update::UpdateState;
use crate::CoreError;
use crate::photos::{PhotoProblem, PhotoVerdict};

/// What the phone itself says no with, and what it says of a server that says nothing. A test holds it against the source.
pub(crate) const LOCAL_RULES: &[&str] = &[
    "answer_not_allowed",
    "answer_not_asked",
    "answers_too_long",
    "bad_fix",
    "bad_month",
    "bad_source",
    "bundle_damaged",
    "bundle_size",
    "case_needed",
    "content_conflict",
    "finding_has_no_case",
    "form_missing",
    "keystore",
    "narrow_not_asked",
    "no_fix",
    "no_network",
    "no_update",
    "not_returned",
    "not_unreachable",
    "notice_first",
    "old_pin_first",
    "other_officer",
    "photo_failed",
    "photo_not_here",
    "photo_returned",
    "pin_not_six_digits",
    "pin_reason_needed",
    "pin_too_simple",
    "pin_wrong_too_often",
    "questions_asked",
    "region_needed",
    "region_not_a_village",
    "too_long",
    "too_many_photos",
    "unknown_case",
    "unknown_question",
    "update_damaged",
    "wrong_moment",
];

/// What is said where no words are known.
const OTHER: &str = "other";

fn keys_of(prefix: &str, words: impl IntoIterator<Item = impl std::fmt::Display>) -> Vec<String> {
    words
        .into_iter()
        .map(|word| format!("{prefix}_{word}"))
        .collect()
}

fn is_problem(code: &str) -> bool {
    LOCAL_RULES.contains(&code)
        || PASSWORD_PROBLEMS.contains(&code)
        || code.parse::<ProblemCode>().is_ok()
}

/// What the server says of the two passwords when another one is chosen.
const PASSWORD_PROBLEMS: &[&str] = &[
    "old_password_wrong",
    "new_password_too_short",
    "new_password_same",
];

/// Every key for which a shell must have words: `<what>_<word>` in snake case.
#[uniffi::export]
pub fn text_keys() -> Vec<String> {
    let mut keys = [
        keys_of("photo_kind", PhotoKind::VARIANTS),
        keys_of("photo_verdict", PhotoVerdict::VARIANTS),
        keys_of("photo_problem", PhotoProblem::VARIANTS),
        keys_of("visit_kind", VisitKind::VARIANTS),
        keys_of("unreachable_reason", UnreachableReason::VARIANTS),
        keys_of("missing", Missing::VARIANTS),
        keys_of("answer_fault", AnswerFault::VARIANTS),
        keys_of("today_mark", TodayMark::VARIANTS),
        keys_of("today_order", TodayOrder::VARIANTS),
        keys_of("asked", Asked::VARIANTS),
        keys_of("case_action", CaseAction::VARIANTS),
        keys_of("map_pin_kind", MapPinKind::VARIANTS),
        keys_of("pin_hint", PinHint::VARIANTS),
        keys_of("visit_step", VisitStep::VARIANTS),
        keys_of("summary_warning", SummaryWarning::VARIANTS),
        keys_of("lock_state", LockState::VARIANTS),
        keys_of("outbox_state", OutboxState::VARIANTS),
        keys_of("outbox_title", OutboxTitle::VARIANTS),
        keys_of("why", Why::VARIANTS),
        keys_of("notice", Notice::VARIANTS),
        keys_of("network", Network::VARIANTS),
        keys_of("house_photos_when", HousePhotosWhen::VARIANTS),
        keys_of("space_problem", SpaceProblem::VARIANTS),
        keys_of("update_state", UpdateState::VARIANTS),
        keys_of("error", CoreError::VARIANTS),
        keys_of("problem", ProblemCode::VARIANTS),
        keys_of("problem", LOCAL_RULES),
        keys_of("problem", PASSWORD_PROBLEMS),
        keys_of("problem", [OTHER]),
        RETURN_REASONS
            .iter()
            .map(|(code, _)| text_key_of_reason((*code).to_owned()))
            .collect(),
        keys_of("reason", [OTHER]),
    ]
    .concat();
    keys.sort();
    keys.dedup();
    keys
}

/// The key of an error's words. A refusal is told by its rule, a bad photo by what is wrong with it.
#[uniffi::export]
pub fn text_key_of_error(error: CoreError) -> String {
    match error {
        CoreError::Refused { code } => text_key_of_problem(code),
        CoreError::BadPhoto { problem } if problem.parse::<PhotoProblem>().is_ok() => {
            format!("photo_problem_{problem}")
        }
        CoreError::BadPhoto { .. } => "error_bad_photo".to_owned(),
        CoreError::SignInAgain => "error_sign_in_again".to_owned(),
        CoreError::UpdateApp => "error_update_app".to_owned(),
        CoreError::StorageFull => "error_storage_full".to_owned(),
        CoreError::ClockWrong => "error_clock_wrong".to_owned(),
        CoreError::NotEnrolled => "error_not_enrolled".to_owned(),
        CoreError::DeviceRevoked => "error_device_revoked".to_owned(),
        CoreError::UnknownVisit => "error_unknown_visit".to_owned(),
        CoreError::Incomplete { .. } => "error_incomplete".to_owned(),
        CoreError::Locked => "error_locked".to_owned(),
        CoreError::Bug { .. } => "error_bug".to_owned(),
    }
}

/// The key of a problem's words; of one that nobody has words for, `problem_other`.
#[uniffi::export]
#[expect(
    clippy::needless_pass_by_value,
    reason = "values cross the border to Kotlin and Swift whole"
)]
pub fn text_key_of_problem(code: String) -> String {
    let known = if is_problem(&code) { &code } else { OTHER };
    format!("problem_{known}")
}

/// The key of a return reason's words; of a city's own, `reason_other`.
#[uniffi::export]
#[expect(
    clippy::needless_pass_by_value,
    reason = "values cross the border to Kotlin and Swift whole"
)]
pub fn text_key_of_reason(code: String) -> String {
    let is_shipped = RETURN_REASONS.iter().any(|(known, _)| *known == code);
    let known = if is_shipped {
        code.to_lowercase()
    } else {
        OTHER.to_owned()
    };
    format!("reason_{known}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_local_rule_of_the_source_has_a_key() {
        fn walk(folder: &std::path::Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                // This file quotes the call that is looked for.
                if path.ends_with("tests") || path.ends_with("words.rs") {
                    continue;
                }
                if path.is_dir() {
                    walk(&path, found);
                } else if path.extension().is_some_and(|ext| ext == "rs") {
                    let source = std::fs::read_to_string(&path).unwrap();
                    for part in source.split("refused(").skip(1) {
                        let part = part.trim_start();
                        if let Some(rule) = part.strip_prefix('"') {
                            found.push(rule.split('"').next().unwrap().to_owned());
                        }
                    }
                }
            }
        }
        let mut found = Vec::new();
        walk(
            &std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut found,
        );
        assert!(found.len() > 20, "{found:?}");
        for rule in found {
            assert!(LOCAL_RULES.contains(&rule.as_str()), "no words for {rule}");
        }
    }

    #[test]
    fn what_nobody_has_words_for_is_other_and_every_key_told_is_on_the_list() {
        let keys = text_keys();
        for key in [
            text_key_of_problem("http_502".to_owned()),
            text_key_of_problem("no_network".to_owned()),
            text_key_of_problem("too_many_attempts".to_owned()),
            text_key_of_reason("ATAP_TERPOTONG".to_owned()),
            text_key_of_reason("ALASAN_KOTA".to_owned()),
            text_key_of_error(CoreError::Locked),
            text_key_of_error(CoreError::Refused {
                code: "photo_returned".to_owned(),
            }),
            text_key_of_error(CoreError::BadPhoto {
                problem: "truncated".to_owned(),
            }),
            text_key_of_error(CoreError::Incomplete {
                missing: Vec::new(),
            }),
        ] {
            assert!(keys.contains(&key), "{key}");
        }
        assert_eq!(text_key_of_problem("http_502".to_owned()), "problem_other");
        assert_eq!(text_key_of_reason("ALASAN_KOTA".to_owned()), "reason_other");
        let is_plain = |key: &&String| {
            key.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        assert_eq!(keys.iter().find(|key| !is_plain(key)), None);
    }
}
