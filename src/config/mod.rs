//! What people and their administrators configured.
//!
//! The values are here. `layer` reads one file, `merge` lays the layers over one another (variables of the environment, the user's file,
//! the administrators', what is built in) and remembers where each value came from; both are pure. `files` alone reads and writes. The
//! hazards: a slip that is passed over in silence, a lock that a user can get around, and half of a broken file that is used.

mod around;
mod document;
mod files;
mod keys;
mod layer;
mod merge;
mod target;
mod value;
mod watch;

pub use around::Around;
pub use document::{Document, Place, Problem, Severity};
pub use files::{Change, EXAMPLE, NotAdded, Places, SCHEMA, Source, add, create, load, load_with};
pub use keys::{DATABASE, Key, Scope};
pub use layer::{Author, Layer, MOST_DATABASES};
pub use merge::{Broken, Loaded, Origin, Setting, merge};
pub use target::Target;
pub use value::{Value, label_fault};
pub use watch::{Watching, watch};

use crate::i18n::Language;
use crate::lease::State;
use crate::lease::timing::Timing;
use std::ffi::OsString;
use std::path::PathBuf;

/// Stands for the database's path in a configured program's arguments.
const DATABASE_WORD: &str = "{database}";

/// Everything that is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The language people are spoken to in; the system's when `None`.
    pub language: Option<Language>,
    /// The databases, in the order of the files: the administrators' first.
    pub databases: Vec<DatabaseConfig>,
    /// Of several databases' states, which one the icon shows: the first in this list that one of them has.
    pub icon_order: Vec<State>,
    /// Give back what the agent holds before the computer sleeps.
    pub release_before_sleep: bool,
    /// The durations for databases that are not configured.
    pub timing: Timing,
}

/// One configured database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseConfig {
    /// What people call it; usable in place of the path on the command line.
    pub label: String,
    /// Where it is, with `~` and variables replaced.
    pub path: PathBuf,
    /// The program that opens it and its arguments; empty when there is none.
    pub program: Vec<String>,
    /// The program that only reads it, likewise.
    pub read_only_program: Vec<String>,
    /// The lease's durations.
    pub timing: Timing,
    /// What to notify of.
    pub notify: Notify,
    /// Accept a folder that a program synchronises between computers.
    pub accept_sync_folder: bool,
}

impl DatabaseConfig {
    /// Returns the program that opens it (or, with false, only reads it) and its arguments; `None` when none is configured.
    #[must_use]
    pub fn command(&self, writes: bool) -> Option<Vec<OsString>> {
        let words = if writes { &self.program } else { &self.read_only_program };
        let path = self.path.to_string_lossy();
        (!words.is_empty()).then(|| words.iter().map(|word| word.replace(DATABASE_WORD, &path).into()).collect())
    }

    /// Returns the configuration of a database that no file names.
    #[must_use]
    pub fn of_path(path: PathBuf) -> Self {
        let label = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy()).into_owned();
        Self {
            label,
            path,
            program: Vec::new(),
            read_only_program: Vec::new(),
            timing: Timing::default(),
            notify: Notify::default(),
            accept_sync_folder: false,
        }
    }
}

/// What people are notified of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notify {
    /// That it is free.
    pub free: WhenFree,
    /// That it is lost, unsure, or ordered to be given up.
    pub hold: bool,
    /// That the folder is gone, or back.
    pub share: bool,
    /// That somebody asks for it, or answers.
    pub ask: bool,
}

/// Who is notified that a database is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenFree {
    /// Nobody.
    Never,
    /// Those who asked for it.
    #[default]
    Wanted,
    /// Everybody.
    Always,
}

impl Default for Notify {
    fn default() -> Self {
        Self { free: WhenFree::default(), hold: true, share: true, ask: true }
    }
}
