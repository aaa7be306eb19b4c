//! What people and their administrators configured: values only; where they come from is in the files beside this one.

use crate::i18n::Language;
use crate::lease::State;
use crate::lease::timing::Timing;
use std::path::PathBuf;

/// Everything that is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The language people are spoken to in; the system's when `None`.
    pub language: Option<Language>,
    /// The databases, in the order of the files.
    pub databases: Vec<DatabaseConfig>,
    /// Of several databases' states, which one the icon shows: the first in this list that one of them has.
    pub icon_order: Vec<State>,
    /// Give back what the agent holds before the computer sleeps.
    pub release_before_sleep: bool,
}

impl Default for Config {
    fn default() -> Self {
        use State::{Denied, Free, Held, Mine, Stale, Unreachable};
        Self {
            language: None,
            databases: Vec::new(),
            icon_order: vec![Unreachable, Denied, Stale, Held, Mine, Free],
            release_before_sleep: false,
        }
    }
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
