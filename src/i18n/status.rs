//! What `status -v` says besides the state.

use super::Language;
use super::doctor::{Finding, Waits, words};

/// Returns how a change would be noticed, as a line of its own.
#[must_use]
pub fn noticed(waits: Waits, language: Language) -> String {
    let how = words(&Finding::Waits(waits), language).found;
    match language {
        Language::English => format!("  How a change is noticed: {how}."),
        Language::French => format!("  Comment un changement est remarqué\u{a0}: {how}."),
    }
}
