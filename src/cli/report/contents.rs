//! What a report says, in files of plain text, before and after names are hidden.
//!
//! The texts are English, for whoever helps; only the beginning speaks the language of whoever saves it. The hazard is a name that nobody
//! told: every part that is put together here tells its names first.

use super::archive::Part;
use super::examine::{self, Found};
use super::names::{Kind, Names};
use crate::agent::line::{Field, values};
use crate::cli::open::lossy;
use crate::config::{Author, Broken, Key, Loaded, Origin, Problem, Setting, Target, Value};
use crate::i18n::report::{Said, said};
use crate::i18n::{Language, printable};
use crate::ipc::{Answer, Report, Unanswered};
use crate::platform::autostart::{Entry, State};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Everything that was collected.
pub(super) struct Collected {
    /// The present, as RFC 3339.
    pub(super) time: String,
    pub(super) language: Language,
    pub(super) system: String,
    pub(super) desktop: String,
    /// The names of this user and of this computer.
    pub(super) login: String,
    pub(super) full_name: String,
    pub(super) machine: String,
    /// The domain in which this user logs in (Windows); empty where there is none.
    pub(super) domain: String,
    pub(super) home: Option<PathBuf>,
    pub(super) settings: Result<Loaded, Broken>,
    pub(super) agent: Result<Answer, Unanswered>,
    pub(super) autostart: std::io::Result<Entry>,
    pub(super) found: Vec<(Target, Found)>,
    pub(super) log_place: Option<PathBuf>,
    pub(super) log: std::io::Result<String>,
}

/// Returns the files of the report, with everything hidden that identifies somebody.
pub(super) fn parts(all: &Collected) -> Vec<Part> {
    let mut names = Names::default();
    tell_names(all, &mut names);
    let log = all.log.as_ref().map_or_else(|error| format!("{}\n", printable(&error.to_string())), Clone::clone);
    // The times at the beginning of the log's lines are no names, whatever somebody is called.
    let (times, lines): (Vec<&str>, Vec<&str>) = log.lines().map(|line| line.split_once(' ').unwrap_or(("", line))).unzip();
    let hidden = names.hide(&[about(all), doctor(&all.found), settings(&all.settings), lines.join("\n")]);
    let [about, doctor, settings, lines] = <[String; 4]>::try_from(hidden).unwrap_or_default();
    let log = times.iter().zip(lines.lines()).map(|(time, line)| format!("{time} {line}\n")).collect::<Vec<_>>().concat();
    let about = format!("{}\n\n{about}", said(&Said::Contents, all.language));
    [("about.txt", about), ("doctor.txt", doctor), ("settings.txt", settings), ("agent.log", log)]
        .map(|(name, text)| Part { name: name.to_owned(), text })
        .into()
}

fn tell_names(all: &Collected, names: &mut Names) {
    // Parts of this user's own name are in the names of folders often enough.
    let own = all.full_name.split_whitespace().filter(|part| part.chars().count() >= 4);
    names.tell(Kind::Person, &[&all.login[..], &all.full_name].into_iter().chain(own).collect::<Vec<_>>());
    names.computer(&all.machine);
    names.tell(Kind::Group, &[&all.domain]);
    if let Ok(loaded) = &all.settings {
        loaded.config.databases.iter().for_each(|database| names.tell(Kind::Database, &[&database.label]));
    }
    if let Ok(Answer::Status(report)) = &all.agent {
        report.databases.iter().for_each(|watched| names.tell(Kind::Database, &[&watched.label]));
    }
    let log = all.log.as_deref().unwrap_or_default();
    let mut paths = Vec::new();
    for (field, value) in log.lines().flat_map(values) {
        match field {
            Field::Database | Field::Held => names.tell(Kind::Database, &[value]),
            Field::Person | Field::OrderedBy => names.tell(Kind::Person, &[value]),
            Field::Computer | Field::OrderedFrom => names.computer(value),
            Field::Words => names.tell(Kind::Words, &[value]),
            Field::Path => paths.push(value.to_owned()),
            Field::Program
            | Field::Error
            | Field::Failure
            | Field::Token
            | Field::Seconds
            | Field::Count
            | Field::Process
            | Field::Version
            | Field::System
            | Field::Desktop => {}
        }
    }
    all.found.iter().for_each(|(_, found)| examine::tell_names(found, names));
    // Paths last: what in them is known as something else already has its word.
    paths.extend(all.home.iter().chain(&all.log_place).map(|path| lossy(path)));
    paths.extend(all.found.iter().map(|(target, _)| lossy(&target.path)));
    if let Ok(Answer::Status(report)) = &all.agent {
        paths.extend(report.databases.iter().map(|watched| lossy(&watched.path)));
    }
    paths.extend(
        all.autostart.iter().flat_map(|entry| entry.program.iter().map(|program| lossy(program)).chain([entry.place.clone()])),
    );
    if let Ok(loaded) = &all.settings {
        paths.extend(loaded.files.iter().map(|(_, file)| lossy(file)));
        for setting in &loaded.settings {
            match (&setting.value, setting.key) {
                (Value::Text(path), Key::Path) => paths.push(path.clone()),
                (Value::Command(command), _) => paths.extend(command.iter().filter(|word| word.contains(['/', '\\'])).cloned()),
                _ => {}
            }
        }
    }
    for path in &paths {
        names.path(path);
    }
}

fn about(all: &Collected) -> String {
    let mut text = String::new();
    let mut row = |name: &str, value: &str| {
        let value = if value.is_empty() { "not known" } else { value };
        // A text cannot refuse to be written to.
        let _ = writeln!(text, "{name:<12} {}", printable(value));
    };
    row("time", &all.time);
    row("sharelock", env!("CARGO_PKG_VERSION"));
    row("system", &all.system);
    row("desktop", &all.desktop);
    row("language", all.language.code());
    row("user", &all.login);
    row("computer", &all.machine);
    let size = all.log.as_ref().map_or(0, String::len);
    row("log", &all.log_place.as_ref().map_or_else(String::new, |file| format!("{}, {size} bytes", lossy(file))));
    row(
        "log-in",
        &match &all.autostart {
            Err(error) => error.to_string(),
            Ok(entry) => autostart(entry),
        },
    );
    match &all.agent {
        Ok(Answer::Status(report)) => agent(report, &mut row),
        Ok(_) => row("agent", "answers something else"),
        Err(why) => row("agent", &why.to_string()),
    }
    text
}

fn autostart(entry: &Entry) -> String {
    let state = match entry.state {
        State::On => "the agent is started",
        State::Off => return "the agent is not started".to_owned(),
        State::TurnedOff => "the agent is not started: turned off in the settings of the desktop",
    };
    let program = entry.program.as_deref().map(lossy).unwrap_or_default();
    let gone = if entry.program_is_gone() { ", which is gone" } else { "" };
    format!("{state}: '{program}'{gone}, by '{}'", entry.place)
}

fn agent(report: &Report, row: &mut dyn FnMut(&str, &str)) {
    let (icon, notices) = (if report.tray { "shown" } else { "no panel" }, if report.notifier { "shown" } else { "no service" });
    let version = if report.version.is_empty() { "of an earlier version" } else { &report.version };
    row("agent", &format!("{version}, process {}; icon: {icon}; notifications: {notices}", report.pid));
    for watched in &report.databases {
        let state = watched.state.map_or_else(|| "not looked at yet".to_owned(), |state| format!("{state:?}").to_lowercase());
        let held = if watched.held { ", held by the agent" } else { "" };
        let wanted = if watched.wanted { ", waited for" } else { "" };
        row("", &format!("\"{}\": {state}{held}{wanted}, '{}'", watched.label, watched.path.display()));
    }
}

fn doctor(found: &[(Target, Found)]) -> String {
    if found.is_empty() {
        return "no database is configured\n".to_owned();
    }
    found.iter().map(|(target, found)| examine::told(target, found)).collect::<Vec<_>>().join("\n")
}

/// The settings that hold, with where each comes from; of those that cannot be used only what is wrong and where.
fn settings(settings: &Result<Loaded, Broken>) -> String {
    let mut text = String::new();
    let (problems, loaded) = match settings {
        Ok(loaded) => (&loaded.warnings, Some(loaded)),
        Err(Broken(problems)) => (problems, None),
    };
    for problem in problems {
        let _ = writeln!(text, "# {}", fault(problem));
    }
    let Some(loaded) = loaded else { return text };
    if loaded.files.is_empty() {
        text.push_str("# no file of settings\n");
    }
    let mut database = None;
    for setting in &loaded.settings {
        if setting.database != database {
            database = setting.database;
            text.push_str("\n[[database]]\n");
        }
        // What holds for all databases is said once.
        if database.is_none() || !matches!(setting.origin, Origin::Default) {
            let line = format!("{} = {}", setting.key.dotted(), plain(setting));
            let _ = writeln!(text, "{line:<50} # {}", origin(loaded, setting));
        }
    }
    text
}

/// A value as it is: paths with their blanks and backslashes, by which they are found again.
fn plain(setting: &Setting) -> String {
    match &setting.value {
        Value::Text(text) => format!("'{text}'"),
        Value::Command(words) => format!("[{}]", words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ")),
        _ => setting.toml(),
    }
}

fn origin(loaded: &Loaded, setting: &Setting) -> String {
    match &setting.origin {
        Origin::Default => "default".to_owned(),
        Origin::Variable(name) => (*name).to_owned(),
        Origin::File(author, line) => {
            let whose = match author {
                Author::System => "administrators",
                Author::User => "user",
            };
            format!("{whose}, line {line} of '{}'", loaded.file(*author).map(|file| lossy(file)).unwrap_or_default())
        }
    }
}

/// What is wrong, without the words of the file: anything may stand there.
fn fault(problem: &Problem) -> String {
    let kind: String = format!("{:?}", problem.fault).chars().take_while(char::is_ascii_alphanumeric).collect();
    match (&problem.place, &problem.file) {
        (Some(place), _) => format!("{kind} at '{}', line {}, column {}", place.file.display(), place.line, place.column),
        (None, Some(file)) => format!("{kind} in '{}'", file.display()),
        (None, None) => kind,
    }
}

#[cfg(test)]
#[path = "contents_tests.rs"]
mod tests;
