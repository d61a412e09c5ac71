//! Generates the Kotlin, Swift and Python faces of the core.
fn main() {
    uniffi::uniffi_bindgen_main();
}
