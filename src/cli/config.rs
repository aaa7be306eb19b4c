//! `sharelock config`: where the settings are, what holds and why, what is wrong with them, and changing them.
//!
//! It works while the configuration is broken, because that is when it is needed. The hazard is somebody's own file: it is never written
//! over, only added to.

use super::exit::Exit;
use super::language::language;
use super::open::{lossy, tell_broken};
use super::terminal::{Tone, colours, give, say, tinted};
use crate::config::{self, Author, EXAMPLE, Key, Loaded, NotAdded, Origin, Places, SCHEMA, Scope, Setting};
use crate::i18n::config::{Remark, advice, fault, remark};
use crate::i18n::{plain_json, printable};
use crate::platform::settings::editors;
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

const EXAMPLES: &str = "\
Examples:
  sharelock config add RH /srv/rh/base.db    From now on: sharelock status RH
  sharelock config show --origin             What holds, and which line says so
  sharelock config check                     What is wrong with it
  sharelock config init                      A file with every setting, as comments
  sharelock config edit                      Open it, and check it afterwards

Flags go before variables of the environment, those before your file, that before your administrators' file. The file of the \
administrators may lock settings; `sharelock config init` and a look into the new file tell how.

Exit codes: 0 done, 78 the configuration cannot be used, 73 a file cannot be written or is there already.";

const ADD_EXAMPLES: &str = "\
Examples:
  sharelock config add RH 'S:\\RH\\base.db'
  sharelock config add RH /srv/rh/base.db --program wems {database}
  sharelock run RH                           Starts that program once RH is free";

/// How far to the right origins stand.
const WIDTH: usize = 44;

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ConfigArguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print where your file is, whether it is there or not
    Path {
        /// Print where the administrators' file is
        #[arg(long)]
        system: bool,
    },
    /// Print what holds, as it could stand in a file
    Show {
        /// Say for every value where it comes from
        #[arg(long)]
        origin: bool,
        /// Print one JSON object per line and value, with its origin
        #[arg(long)]
        json: bool,
    },
    /// Say what is wrong: with all files, or with one that could be yours
    Check {
        /// The file to look at in place of yours
        #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
        file: Option<PathBuf>,
    },
    /// Make your file, with every setting as a comment; one that is there stays
    Init,
    /// Add a database to your file
    #[command(after_help = ADD_EXAMPLES)]
    Add {
        /// What it is to be called
        label: String,
        /// Where it is
        #[arg(value_hint = clap::ValueHint::FilePath)]
        path: PathBuf,
        /// The program that opens it, and its arguments; {database} stands for the path
        #[arg(long, value_name = "CMD", num_args = 1.., allow_hyphen_values = true)]
        program: Vec<String>,
    },
    /// Open your file in an editor, and check it afterwards
    Edit,
    /// Print the JSON schema of the file, for editors
    Schema,
}

/// One line of `--json`. Fields are never removed, renamed or reused.
#[derive(Debug, Serialize)]
struct Line<'a> {
    schema: u32,
    database: Option<&'a str>,
    key: String,
    value: serde_json::Value,
    origin: OriginLine,
}

#[derive(Debug, Serialize)]
struct OriginLine {
    from: &'static str,
    file: Option<String>,
    line: Option<usize>,
    variable: Option<&'static str>,
}

/// Does what was asked.
pub(super) fn config(arguments: &ConfigArguments) -> Exit {
    let places = Places::find();
    match &arguments.action {
        Action::Path { system } => path(if *system { places.system } else { places.user }),
        Action::Show { origin, json } => show(&places, *origin, *json),
        Action::Check { file } => check(&places, file.as_deref()),
        Action::Init => init(&places),
        Action::Add { label, path, program } => add(&places, label, path, program),
        Action::Edit => edit(&places),
        Action::Schema => {
            give(SCHEMA.trim_end());
            Exit::Done
        }
    }
}

fn comment(what: &Remark) {
    say(remark(what, language()));
}

fn shown(file: &Path) -> String {
    printable(&lossy(file))
}

/// Returns the user's file; says so where there can be none.
fn own(places: &Places) -> Result<&Path, Exit> {
    places.user.as_deref().ok_or_else(|| {
        comment(&Remark::NoPlace);
        Exit::Configuration
    })
}

fn path(file: Option<PathBuf>) -> Exit {
    if let Some(file) = file {
        // As it is: scripts open it.
        give(file.display());
        return Exit::Done;
    }
    comment(&Remark::NoPlace);
    Exit::Configuration
}

fn show(places: &Places, with_origin: bool, json: bool) -> Exit {
    let loaded = match config::load(places) {
        Ok(loaded) => loaded,
        Err(broken) => return tell_broken(&broken),
    };
    if json {
        for setting in &loaded.settings {
            let told = serde_json::to_string(&line(&loaded, setting)).is_ok_and(|line| give(plain_json(&line)));
            if !told {
                break;
            }
        }
        return Exit::Done;
    }
    for warning in &loaded.warnings {
        say(warning.line(language()));
    }
    let tone = |text: &str| tinted(text, Tone::Dim, colours(&io::stdout()));
    let give_setting = |name: &str, setting: &Setting| {
        let unset = setting.key == Key::Language && loaded.config.language.is_none();
        let text = if unset { format!("# {name}") } else { format!("{name} = {}", setting.toml()) };
        give(if with_origin { format!("{text:<WIDTH$} {}", tone(&format!("# {}", origin(&loaded, setting)))) } else { text })
    };
    let general: Vec<&Setting> = loaded.settings.iter().filter(|setting| setting.database.is_none()).collect();
    for table in [None, Some("notify"), Some("durations")] {
        if let Some(table) = table {
            give(format!("\n[{table}]"));
        }
        for setting in general.iter().filter(|setting| setting.key.table() == table) {
            give_setting(setting.key.name(), setting);
        }
    }
    for number in 0..loaded.config.databases.len() {
        give("\n[[database]]");
        // What is as it is for all was said above.
        let own = |key: Key, setting: &Setting| !general.iter().any(|all| all.key == key && all.origin == setting.origin);
        for key in Key::all(Scope::Database) {
            let setting = loaded.settings.iter().find(|setting| setting.database == Some(number) && setting.key == key);
            if let Some(setting) = setting.filter(|setting| setting.origin != Origin::Default && own(key, setting)) {
                give_setting(&key.dotted(), setting);
            }
        }
    }
    Exit::Done
}

fn origin(loaded: &Loaded, setting: &Setting) -> String {
    match &setting.origin {
        Origin::Default => "default".to_owned(),
        Origin::Variable(name) => (*name).to_owned(),
        Origin::File(author, line) => {
            let file = loaded.file(*author).map(|file| shown(file)).unwrap_or_default();
            format!("{file}:{line}")
        }
    }
}

fn line<'a>(loaded: &'a Loaded, setting: &Setting) -> Line<'a> {
    let database = setting.database.and_then(|number| loaded.config.databases.get(number));
    let nothing = OriginLine { from: "default", file: None, line: None, variable: None };
    Line {
        schema: 1,
        database: database.map(|database| database.label.as_str()),
        key: setting.key.dotted().into_owned(),
        value: setting.value.json(),
        origin: match &setting.origin {
            Origin::Default => nothing,
            Origin::Variable(name) => OriginLine { from: "environment", variable: Some(name), ..nothing },
            Origin::File(author, line) => OriginLine {
                from: match author {
                    Author::System => "system",
                    Author::User => "user",
                },
                file: loaded.file(*author).map(|file| lossy(file)),
                line: Some(*line),
                ..nothing
            },
        },
    }
}

fn check(places: &Places, file: Option<&Path>) -> Exit {
    match config::load_with(places, file.or(places.user.as_deref())) {
        Err(broken) => {
            let exit = tell_broken(&broken);
            comment(&Remark::Bad);
            exit
        }
        Ok(loaded) => {
            for warning in &loaded.warnings {
                say(warning.told(language()));
            }
            let missing = loaded.file(Author::User).is_none();
            match (file, places.user.as_deref()) {
                (Some(file), _) if missing => {
                    comment(&Remark::Missing(shown(file)));
                    return Exit::Configuration;
                }
                (None, Some(user)) if missing => {
                    give(remark(&Remark::NoFile(shown(user)), language()));
                }
                (Some(_) | None, _) => {}
            }
            for (_, file) in &loaded.files {
                give(remark(&Remark::Good(shown(file), loaded.config.databases.len()), language()));
            }
            Exit::Done
        }
    }
}

/// Makes the user's file.
fn make(file: &Path) -> Result<(), Exit> {
    config::create(file, EXAMPLE).map_err(|error| {
        comment(&match error.kind() {
            io::ErrorKind::AlreadyExists => Remark::AlreadyThere(shown(file)),
            _ => Remark::NotWritten(shown(file), printable(&error.to_string())),
        });
        Exit::CannotCreate
    })
}

fn init(places: &Places) -> Exit {
    let made = own(places).and_then(|file| make(file).map(|()| comment(&Remark::Written(shown(file)))));
    made.map_or_else(|exit| exit, |()| Exit::Done)
}

fn add(places: &Places, label: &str, path: &Path, program: &[String]) -> Exit {
    match config::add(places, label, path, program) {
        Ok(file) => {
            comment(&Remark::Added(label.to_owned(), shown(&file)));
            Exit::Done
        }
        Err(NotAdded::Broken(broken)) => tell_broken(&broken),
        Err(NotAdded::Label(wrong)) => {
            say(format!("{}\n  = {}", printable(&fault(&wrong, language())), advice(&wrong, language())));
            Exit::Usage
        }
        Err(NotAdded::Refused(why)) => {
            let exit = if matches!(why, Remark::NotWritten(..)) { Exit::CannotCreate } else { Exit::Usage };
            comment(&why);
            exit
        }
    }
}

fn edit(places: &Places) -> Exit {
    let file = match own(places) {
        Ok(file) => file,
        Err(exit) => return exit,
    };
    match config::create(file, EXAMPLE) {
        Ok(()) => comment(&Remark::Written(shown(file))),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => {
            comment(&Remark::NotWritten(shown(file), printable(&error.to_string())));
            return Exit::CannotCreate;
        }
    }
    if let Err(error) = open_editor(file) {
        comment(&Remark::NoEditor(printable(&error.to_string())));
        return Exit::System;
    }
    check(places, None)
}

/// Opens the user's editor, or one that the system has, and waits for its end.
fn open_editor(file: &Path) -> io::Result<()> {
    let wanted = ["VISUAL", "EDITOR"].iter().filter_map(|name| std::env::var(name).ok()).find(|text| !text.trim().is_empty());
    let candidates: Vec<Vec<String>> = match wanted {
        // It may be a path with blanks in it, or a program with arguments.
        Some(text) => vec![words(&text), vec![text]],
        None => editors().iter().map(|words| words.iter().map(|word| (*word).to_owned()).collect()).collect(),
    };
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for candidate in candidates {
        let Some((program, arguments)) = candidate.split_first() else { continue };
        match Command::new(program).args(arguments).arg(file).status() {
            Ok(_) => return Ok(()),
            Err(error) => failed = io::Error::new(error.kind(), format!("{program}: {error}")),
        }
    }
    Err(failed)
}

/// Breaks a command at blanks that are not between quotes.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut begun) = (Vec::new(), String::new(), None, false);
    for letter in text.chars() {
        match (quote, letter) {
            (Some(end), letter) if letter == end => quote = None,
            (None, '"' | '\'') => (quote, begun) = (Some(letter), true),
            (None, letter) if letter.is_whitespace() => {
                if std::mem::take(&mut begun) {
                    words.push(std::mem::take(&mut word));
                }
            }
            (_, letter) => {
                word.push(letter);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors_may_have_arguments_and_blanks() {
        assert_eq!(words("code --wait"), ["code", "--wait"]);
        assert_eq!(words(r#" "C:\Program Files\n.exe"  -x '' "#), [r"C:\Program Files\n.exe", "-x", ""]);
        assert!(words("  ").is_empty());
    }
}
