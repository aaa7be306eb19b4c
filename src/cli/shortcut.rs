//! `sharelock shortcut`: something to click on that waits for a database, starts its program and gives it back.
//!
//! The hazard is a shortcut that can do nothing: only what has a program in the settings gets one.

use super::exit::Exit;
use super::language::language;
use super::open::{lossy, shown_target};
use super::terminal::{give, say};
use crate::config::Config;
use crate::i18n::config::{Remark, remark};
use crate::i18n::printable;
use crate::i18n::shortcut::{In, Shortcut as Said};
use crate::platform::apart;
use crate::platform::shortcut::{DESKTOP_ASKS, Shortcut, make};
use std::io::ErrorKind;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  sharelock shortcut RH               On your desktop
  sharelock shortcut RH --to ~/bin    Elsewhere

A click asks in a window what to do when somebody else has it. The database has to be configured, with its program (`sharelock config \
add`).

Exit codes: 0 made, 64 it is not configured or has no program, 73 it cannot be made there, or not on this system, 77 no permission.";

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ShortcutArguments {
    /// The configured database
    #[arg(value_name = "DB")]
    database: PathBuf,
    /// Put it there, in place of your desktop
    #[arg(long, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    to: Option<PathBuf>,
}

/// Makes one.
pub(super) fn shortcut(arguments: &ShortcutArguments, config: &Config) -> Exit {
    let words = |said: &Said| say(In(said, language()));
    let target = config.target(&arguments.database);
    let Some(configured) = &target.configured else {
        words(&Said::NotConfigured(shown_target(&target)));
        return Exit::Usage;
    };
    if configured.program.is_empty() {
        say(remark(&Remark::NoProgramConfigured(printable(&configured.label)), language()));
        return Exit::Usage;
    }
    let label = configured.label.as_str();
    let made = apart::without_console().and_then(|program| {
        make(Shortcut { title: label, program: &program, arguments: &["run", "--gui", label] }, arguments.to.as_deref())
    });
    let (said, exit) = match made {
        Ok(file) => {
            give(In(&Said::Made(printable(&lossy(&file)), DESKTOP_ASKS), language()));
            return Exit::Done;
        }
        Err(error) => match error.kind() {
            ErrorKind::AlreadyExists => (Said::Exists, Exit::CannotCreate),
            ErrorKind::NotFound => (Said::NoFolder, Exit::CannotCreate),
            ErrorKind::Unsupported => {
                (Said::NotHere(format!("sharelock run --gui \"{}\"", printable(label))), Exit::CannotCreate)
            }
            ErrorKind::PermissionDenied => (Said::Failed(printable(&error.to_string())), Exit::Denied),
            _ => (Said::Failed(printable(&error.to_string())), Exit::CannotCreate),
        },
    };
    words(&said);
    exit
}
