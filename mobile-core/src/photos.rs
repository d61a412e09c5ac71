//! From the camera's bytes to evidence.

/// What the officer should look at before going on. Never a refusal: a dark photo of a dark house is evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, uniffi::Enum)]
pub enum PhotoVerdict {
    /// Not sharp.
    Blurred,
    /// Hardly any light.
    Dark,
    /// Too few pixels.
    TooSmall,
}
