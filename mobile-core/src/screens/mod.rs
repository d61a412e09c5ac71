//! What screens draw, and what they hand in: values, and what makes them. One subject a file.
//!
//! A shell draws these values and forwards what a person does; whatever depends on a case, a draft or the outbox is
//! decided here.

pub(crate) mod assignment;
pub(crate) mod camera;
pub(crate) mod case;
pub(crate) mod draft;
pub(crate) mod geo;
pub(crate) mod lock;
pub(crate) mod map;
pub(crate) mod notices;
pub(crate) mod outbox;
pub(crate) mod pin;
pub(crate) mod questions;
pub(crate) mod report;
pub(crate) mod status;
pub(crate) mod storage;
pub(crate) mod summary;
pub(crate) mod today;
pub(crate) mod update;
pub(crate) mod words;

pub use tilik_protocol::form::Form as FormView;

pub use crate::photos::PhotoVerdict;
pub use assignment::AssignmentView;
pub use camera::{CameraView, LevelHint, NewPhoto, PhotoSlot, PhotoTaken, level};
pub use case::{
    Asked, CaseAction, CaseView, HousePhoto, ReturnedReason, ReturnedView, VillageChoice, Way,
};
pub use draft::{BeginVisit, DraftAnswer, DraftPhoto, DraftPin, DraftStep, DraftView, SealedView};
pub use geo::Place;
pub use lock::LockState;
pub use map::{MapOutline, MapPin, MapPinKind, MapPoint, MapQuery, MapView, ScaleBar};
pub use notices::Notice;
pub use outbox::{OutboxPhoto, OutboxState, OutboxSummary, OutboxVisit, OutboxVisitView, Why};
pub use pin::{Fix, NewPin, PinHint, PinView};
pub use questions::{NoticeText, QuestionView, privacy_notice};
pub use report::{MonthReport, ReportDay};
pub use status::{ClockProblem, SpaceProblem, Status};
pub use storage::{HousePhotosWhen, Network, SignOutView, StorageView};
pub use summary::{SummaryView, SummaryWarning, VisitStep};
pub use today::{
    Heading, LooseDraft, TodayCounts, TodayMark, TodayOrder, TodayPage, TodayQuery, TodayRow,
};
pub use update::UpdateState;
pub use words::{text_key_of_error, text_key_of_problem, text_key_of_reason, text_keys};
