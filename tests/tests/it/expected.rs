//! Files that people have read. A test computes the text again from the code and compares; nothing accepts a difference
//! by itself.

use std::path::Path;

/// Compares `computed` with `tests/expected/<name>`. On a difference the new text is left in the build folder: read it
/// line by line, and copy it only when every changed line is meant.
#[track_caller]
pub fn compare(name: &str, computed: &str) {
    let agreed = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("expected")
        .join(name);
    let on_file = std::fs::read_to_string(&agreed).unwrap_or_default();
    if on_file == computed {
        return;
    }
    let proposed = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&proposed, computed).unwrap();
    let mut lines = on_file.lines().zip(computed.lines()).enumerate();
    let first = lines.find(|(_, (old, new))| old != new).map_or_else(
        || "one text is longer than the other".to_owned(),
        |(n, (old, new))| format!("line {}\n  agreed: {old}\n  now:    {new}", n + 1),
    );
    panic!(
        "{} is not what the code does: {first}\nThe whole new text is in {}. Read every changed line before it \
         replaces the agreed one.",
        agreed.display(),
        proposed.display()
    );
}
