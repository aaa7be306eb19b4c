//! Small things that every verb needs: the words for what could not be opened, the durations, the present, names to show.

use super::language::language;
use crate::clock::{Clock, Moment, SystemClock};
use crate::i18n::printable;
use crate::lease::record::ProcessId;
use crate::lease::timing::{Timing, TimingError};
use crate::lease::wire::Failure;
use crate::platform::process::ProcessFacts;
use crate::session::NotOpened;
use crate::store::OpenError;
use std::path::Path;

/// Returns what programs are told about a database that could not be opened.
pub(super) fn detail(error: &NotOpened) -> String {
    match error {
        NotOpened::Path(error) => printable(&error.to_string()),
        NotOpened::Silent => String::new(),
        NotOpened::System(error) => printable(&error.to_string()),
    }
}

/// Returns the same for people; nothing where the sentence says it all.
pub(super) fn reason(error: &NotOpened) -> String {
    match error {
        NotOpened::Silent => String::new(),
        NotOpened::Path(_) | NotOpened::System(_) => error.reason().text(language()),
    }
}

/// Returns a stable word for scripts.
pub(super) fn word(error: &NotOpened) -> &'static str {
    match error {
        NotOpened::Path(OpenError::NoName { .. }) => "no_name",
        NotOpened::Path(OpenError::NotAFile { .. }) => "not_a_file",
        NotOpened::Path(OpenError::HardLinked { .. }) => "hard_linked",
        NotOpened::Path(OpenError::Stream { .. }) => "stream",
        NotOpened::Path(OpenError::TrailingDotOrSpace { .. }) => "trailing_dot_or_space",
        NotOpened::Path(OpenError::NameTooLong { .. }) => "name_too_long",
        NotOpened::Path(OpenError::LinkCircle { .. }) => "link_circle",
        NotOpened::Path(error @ (OpenError::NoFolder { .. } | OpenError::Io { .. })) => failure_word(error.failure()),
        NotOpened::Silent => failure_word(Failure::Unreachable),
        NotOpened::System(_) => "system",
    }
}

/// Returns the stable word for a failure of the share.
pub(super) const fn failure_word(failure: Failure) -> &'static str {
    match failure {
        Failure::Unreachable => "unreachable",
        Failure::Denied => "denied",
        Failure::Full => "full",
        Failure::ReadOnly => "read_only",
        Failure::Gone => "gone",
        Failure::NoFolder => "no_folder",
        Failure::Unusable => "unusable",
    }
}

/// Reads the durations from the environment.
pub(super) fn timing() -> Result<Timing, TimingError> {
    Timing::from_variables(|name| std::env::var(name).ok())
}

/// Reads both clocks.
pub(super) fn now() -> Moment {
    SystemClock.now()
}

/// Returns the last component of a path as it can be shown.
pub(super) fn shown(path: &Path) -> String {
    let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
    printable(&name)
}

/// Returns a process in the record's words.
pub(super) const fn process_id(facts: ProcessFacts) -> ProcessId {
    ProcessId { pid: facts.pid, start: facts.start }
}

/// Returns a path for JSON.
pub(super) fn lossy(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
