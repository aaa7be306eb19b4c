//! Small things that every verb needs: the words for what could not be opened, the durations, the present, names to show.

use super::exit::Exit;
use super::language::language;
use super::terminal::say;
use crate::clock::{Clock, Moment, SystemClock};
use crate::config::{Broken, Config, Loaded, Target};
use crate::i18n::config::{Remark, remark};
use crate::i18n::printable;
use crate::lease::wire::Failure;
use crate::session::{NotOpened, Options};
use crate::store::OpenError;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

/// Does nothing for a moment.
pub(super) fn pause(span: Duration) {
    let (_nobody_rings, alarm) = mpsc::channel::<()>();
    let _timed_out = alarm.recv_timeout(span);
}

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

/// Says what was passed over in the configuration, or why nothing of it can be used.
pub(super) fn told(loaded: Result<Loaded, Broken>) -> Result<Loaded, Exit> {
    let loaded = loaded.map_err(|broken| {
        say(remark(&Remark::Stopped, language()));
        tell_broken(&broken)
    })?;
    for warning in &loaded.warnings {
        say(warning.line(language()));
    }
    Ok(loaded)
}

/// Says everything that is wrong with a configuration.
pub(super) fn tell_broken(Broken(problems): &Broken) -> Exit {
    for problem in problems {
        say(problem.told(language()));
    }
    Exit::Configuration
}

/// Returns the databases that were named, or all that are configured where none was.
pub(super) fn targets(typed: &[PathBuf], config: &Config) -> Result<Vec<Target>, Exit> {
    if !typed.is_empty() {
        return Ok(typed.iter().map(|typed| config.target(typed)).collect());
    }
    if config.databases.is_empty() {
        say(remark(&Remark::NothingConfigured, language()));
        return Err(Exit::Usage);
    }
    Ok(config.targets())
}

/// Returns how to open a database.
pub(super) fn options(target: &Target) -> Options {
    let options = Options::default().timing(target.timing).accept_sync_folder(target.accepts_sync_folder());
    match &target.label {
        Some(label) => options.called(label.as_str()),
        None => options,
    }
}

/// Returns what a database is called before it was opened.
pub(super) fn shown_target(target: &Target) -> String {
    target.label.as_deref().map_or_else(|| shown(&target.path), printable)
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

/// Returns a path for JSON.
pub(super) fn lossy(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
