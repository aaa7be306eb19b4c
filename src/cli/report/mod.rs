//! `sharelock report`: what somebody needs to know who is to help, in one file that can be read before it is passed on.
//!
//! Nothing is ever sent. The hazards: a report that names people or shows paths (`names.rs` hides them, in every part), one that says
//! something else than was shown (both are made by the same function, and the window saves what it has shown), and a share that hangs
//! (`examine.rs` ends in bounded time).

mod archive;
mod contents;
mod examine;
mod names;
mod reading;

use super::agent::SOON;
use super::doctor::{listen, look};
use super::exit::Exit;
use super::language::language;
use super::open::{lossy, now};
use super::terminal::{give, say};
use crate::agent::log;
use crate::config::{self, Places};
use crate::i18n::report::{Said, said};
use crate::i18n::{printable, rfc3339};
use crate::ipc::{self, Request};
use crate::platform::{autostart, desktop_name, system_name, user};
use crate::session::in_time;
use archive::Part;
use contents::{Collected, parts};
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long the files of this computer may take: the home may be on a server.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most that is read of a report that was shown.
const MOST_BYTES: u64 = 16 << 20;

const EXAMPLES: &str = "\
Examples:
  sharelock report --show             Read what it would say
  sharelock report                    Save it on the desktop
  sharelock report -o problem.zip     Save it there

It has what the doctor says of every configured database, the settings, the agent's log, and which versions run. Names of people, \
computers, databases and folders are replaced, the same one always by the same word. Nothing is sent anywhere.

Exit codes: 0 done, 73 it cannot be saved or there is such a file already, 130 interrupted.";

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ReportArguments {
    /// Print what would be saved, and save nothing
    #[arg(long)]
    show: bool,
    /// Save it as this file
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, conflicts_with = "show")]
    output: Option<PathBuf>,
    /// Save what was shown, read from standard input: what people have looked through, and nothing that came later
    #[arg(long, hide = true, conflicts_with = "show")]
    shown: bool,
}

/// Makes a report, and shows or saves it.
pub(super) fn report(arguments: &ReportArguments) -> Exit {
    let stop = Arc::new(AtomicBool::new(false));
    let interrupted = Arc::new(AtomicBool::new(false));
    if let Err(error) = listen(&[&interrupted, &stop]) {
        say(printable(&error.to_string()));
        return Exit::System;
    }
    let parts = if arguments.shown {
        let mut text = String::new();
        match std::io::stdin().take(MOST_BYTES).read_to_string(&mut text) {
            Ok(_) if unpacked(&text).is_empty() => return not_saved(&ErrorKind::InvalidInput.into()),
            Ok(_) => unpacked(&text),
            Err(error) => return not_saved(&error),
        }
    } else {
        say(said(&Said::Collecting, language()));
        parts(&collect(&stop))
    };
    if interrupted.load(Ordering::Relaxed) {
        return Exit::Signalled(crate::platform::signals::INTERRUPT);
    }
    if arguments.show {
        give(packed(&parts).trim_end());
        return Exit::Done;
    }
    let saved = match &arguments.output {
        Some(file) => archive::save(file, &parts).map(|()| file.clone()),
        None => archive::save_in(&archive::folder(), &minute(), &parts),
    };
    match saved {
        Ok(file) => {
            give(said(&Said::Saved(printable(&lossy(&super::agent::absolute(&file)))), language()));
            Exit::Done
        }
        Err(error) => not_saved(&error),
    }
}

fn not_saved(error: &std::io::Error) -> Exit {
    say(said(&Said::NotSaved(printable(&error.to_string())), language()));
    Exit::CannotCreate
}

/// Returns the present as it can stand in the name of a file: `2026-11-25-0912`.
fn minute() -> String {
    let time = rfc3339(now().wall.0).unwrap_or_default();
    match (time.get(..10), time.get(11..13), time.get(14..16)) {
        (Some(day), Some(hour), Some(minute)) => format!("{day}-{hour}{minute}"),
        _ => "0".to_owned(),
    }
}

fn collect(stop: &Arc<AtomicBool>) -> Collected {
    let silent = || std::io::Error::from(std::io::ErrorKind::TimedOut);
    let settings = config::load(&Places::find());
    let targets = settings.as_ref().map(|loaded| loaded.config.targets()).unwrap_or_default();
    let found = examine::examine_all(&targets, &|target| look(target.timing), stop);
    let log_place = log::place();
    let file = log_place.clone().unwrap_or_default();
    let read = in_time(PATIENCE, move || log::read(&file));
    let entry = in_time(PATIENCE, autostart::look);
    Collected {
        time: rfc3339(now().wall.0).unwrap_or_default(),
        language: language(),
        system: system_name(),
        desktop: desktop_name(),
        login: user::login(),
        full_name: user::full_name(),
        machine: user::machine_name(),
        domain: std::env::var("USERDOMAIN").unwrap_or_default(),
        home: directories::BaseDirs::new().map(|folders| folders.home_dir().to_path_buf()),
        settings,
        agent: ipc::ask(&Request::Status, SOON),
        autostart: entry.and_then(|entry| entry.unwrap_or_else(|| Err(silent()))),
        found: targets.into_iter().zip(found).collect(),
        log_place,
        log: read.and_then(|read| read.unwrap_or_else(|| Err(silent()))),
    }
}

/// How the name of a file stands in what is shown.
const HEAD: (&str, &str) = ("==> ", " <==");

/// Returns the files as one text.
fn packed(parts: &[Part]) -> String {
    let head = |name: &str| format!("{}{name}{}", HEAD.0, HEAD.1);
    parts.iter().map(|part| format!("{}\n{}\n", head(&part.name), part.text)).collect::<Vec<_>>().concat()
}

/// Returns the files that were shown as one text.
fn unpacked(text: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for line in text.lines() {
        let name = line.strip_prefix(HEAD.0).and_then(|line| line.strip_suffix(HEAD.1));
        match (name, parts.last_mut()) {
            (Some(name), _) if name.chars().all(|c| c.is_ascii_lowercase() || c == '.') => {
                parts.push(Part { name: name.to_owned(), text: String::new() });
            }
            (_, Some(part)) => {
                part.text.push_str(line);
                part.text.push('\n');
            }
            (_, None) => {}
        }
    }
    for part in &mut parts {
        let text = part.text.trim_end_matches('\n');
        part.text = if text.is_empty() { String::new() } else { format!("{text}\n") };
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_shown_is_what_is_saved() {
        let parts = [("about.txt", "a\n\nb\n"), ("doctor.txt", ""), ("agent.log", "==> x y <==\nc\n")];
        let parts = parts.map(|(name, text)| Part { name: name.into(), text: text.into() });
        assert_eq!(unpacked(&packed(&parts)), parts);
        assert_eq!(unpacked(packed(&parts).trim_end()), parts);
        assert_eq!(unpacked("no report"), []);
    }
}
