//! The layers laid over one another: what holds in the end, where each value came from, and what was passed over.
//!
//! Pure. What a database says of itself goes before what is said of all; within that, the user's file before the administrators'; variables of
//! the environment before all files. The hazard is a lock that does not lock: a name in `locked` covers everything below it, for every
//! database too, and the environment.

use super::around::unexpanded;
use super::document::{Problem, Severity};
use super::keys::{DATABASE, Key, STATES, Scope};
use super::layer::{Author, Entry, Fields, Found, Layer, MOST_DATABASES};
use super::value::{Value, cut};
use super::{Config, DatabaseConfig, Notify, WhenFree};
use crate::i18n::Language;
use crate::i18n::config::Fault;
use crate::i18n::printable;
use crate::lease::State;
use crate::lease::timing::{SCALE_VARIABLE, Timing, TimingError, parse_duration};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It is built in.
    Default,
    /// A line of a file.
    File(Author, usize),
    /// A variable of the environment.
    Variable(&'static str),
}

/// One value that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Of which database, by its place in [`Config::databases`]; of all without.
    pub database: Option<usize>,
    /// Which.
    pub key: Key,
    /// The value.
    pub value: Value,
    /// Where it came from.
    pub origin: Origin,
}

impl Setting {
    /// Returns the value as it is written into a file.
    #[must_use]
    pub fn toml(&self) -> String {
        match (&self.value, self.key) {
            (Value::Text(path), Key::Path) => Value::Text(unexpanded(path)).toml(),
            (Value::Command(words), Key::Program | Key::ReadOnlyProgram) => {
                let replaced = words.iter().take(1).map(|program| unexpanded(program));
                Value::Command(replaced.chain(words.iter().skip(1).cloned()).collect()).toml()
            }
            (value, _) => value.toml(),
        }
    }
}

/// What holds, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// What holds.
    pub config: Config,
    /// The same, value by value.
    pub settings: Vec<Setting>,
    /// What was passed over.
    pub warnings: Vec<Problem>,
    /// The names of keys that users may not change.
    pub locked: Vec<String>,
    /// The files that were read.
    pub files: Vec<(Author, PathBuf)>,
}

impl Loaded {
    /// Returns whether the administrators alone decide this.
    #[must_use]
    pub fn locks(&self, scope: Scope, key: Key) -> bool {
        locks(&self.locked, scope, key)
    }

    /// Returns the file of one of the layers, if it is there.
    #[must_use]
    pub fn file(&self, author: Author) -> Option<&PathBuf> {
        self.files.iter().find(|(other, _)| *other == author).map(|(_, file)| file)
    }
}

/// A configuration that cannot be used: everything that is wrong with it, errors and warnings. Nothing of it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(pub Vec<Problem>);

/// Lays the layers over one another.
///
/// # Errors
/// [`Broken`] when one of them, or all together, cannot be used.
pub fn merge(system: Option<&Layer>, user: Option<&Layer>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Loaded, Broken> {
    let layers = || system.into_iter().chain(user);
    let problems: Vec<Problem> = layers().flat_map(|layer| layer.problems.clone()).collect();
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(Broken(problems));
    }
    let locked = match system.and_then(|layer| layer.general.get(&Key::Locked)) {
        Some(Found { value: Value::Names(names), .. }) => {
            names.iter().map(|name| name.trim_end_matches(".*").to_owned()).collect()
        }
        _ => Vec::new(),
    };
    let mut merging =
        Merging { system, user, locked, defaults: Timing::default(), variables: BTreeMap::new(), problems, settings: Vec::new() };
    merging.environment(variable);
    merging.complain_of_locked();
    let config = merging.config();
    let Merging { problems, settings, locked, .. } = merging;
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(Broken(problems));
    }
    let was_read = |layer: &&Layer| !layer.problems.iter().any(|problem| matches!(problem.fault, Fault::Unreadable(_)));
    let files = [(Author::System, system), (Author::User, user)].into_iter();
    let files = files.filter_map(|(author, layer)| Some((author, layer.filter(was_read)?.document.file.clone()))).collect();
    Ok(Loaded { config, settings, warnings: problems, locked, files })
}

fn locks(locked: &[String], scope: Scope, key: Key) -> bool {
    let has = |name: &str| locked.iter().any(|lock| lock == name);
    let general = || key.table().is_some_and(has) || has(&key.dotted());
    match scope {
        Scope::General => general(),
        Scope::Database => {
            let below = |name: &str| has(&format!("{DATABASE}.{name}"));
            has(DATABASE) || key.table().is_some_and(below) || below(&key.dotted()) || key.table().is_some() && general()
        }
    }
}

/// A value on its way, and where it stands.
#[derive(Clone)]
struct Held {
    value: Value,
    origin: Origin,
    spot: Option<(Author, Range<usize>)>,
}

/// What one database is made of.
struct Parts<'a> {
    system: Option<&'a Entry>,
    user: Option<&'a Entry>,
}

struct Merging<'a> {
    system: Option<&'a Layer>,
    user: Option<&'a Layer>,
    locked: Vec<String>,
    defaults: Timing,
    /// The durations that the environment sets.
    variables: BTreeMap<Key, Value>,
    problems: Vec<Problem>,
    settings: Vec<Setting>,
}

impl<'a> Merging<'a> {
    fn layer(&self, author: Author) -> Option<&'a Layer> {
        match author {
            Author::System => self.system,
            Author::User => self.user,
        }
    }

    fn complain(&mut self, severity: Severity, fault: Fault, spot: Option<&(Author, Range<usize>)>) {
        let placed = spot.and_then(|(author, span)| Some((self.layer(*author)?, span)));
        self.problems.push(match placed {
            Some((layer, span)) => layer.problem(severity, fault, span),
            None => Problem { severity, fault, file: None, place: None },
        });
    }

    fn fault_of_lock(&self, name: &str) -> Fault {
        let file = self.system.map(|layer| layer.document.file.display().to_string());
        Fault::Locked(name.to_owned(), printable(&file.unwrap_or_default()))
    }

    /// Reads the durations from the environment.
    fn environment(&mut self, variable: &dyn Fn(&str) -> Option<String>) {
        if let Some(text) = variable(SCALE_VARIABLE) {
            if Key::durations().any(|key| locks(&self.locked, Scope::General, key)) {
                self.complain(Severity::Warning, self.fault_of_lock(SCALE_VARIABLE), None);
            } else {
                match Timing::from_variables(|name| (name == SCALE_VARIABLE).then(|| text.clone())) {
                    Ok(timing) => self.defaults = timing,
                    Err(TimingError::Unreadable { .. } | TimingError::Unsafe { .. }) => {
                        self.complain(Severity::Error, Fault::BadScale(printable(&cut(&text))), None);
                    }
                }
            }
        }
        for key in Key::durations() {
            let Some((name, text)) = key.variable().and_then(|name| Some((name, variable(name)?))) else { continue };
            if locks(&self.locked, Scope::General, key) {
                self.complain(Severity::Warning, self.fault_of_lock(name), None);
            } else if let Some(span) = parse_duration(&text) {
                self.variables.insert(key, Value::Span(span));
            } else {
                self.complain(Severity::Error, Fault::VariableNotATime(name, printable(&cut(&text))), None);
            }
        }
    }

    /// Says what users wrote in vain.
    fn complain_of_locked(&mut self) {
        let Some(user) = self.user else { return };
        for (key, found) in &user.general {
            if !locks(&self.locked, Scope::General, *key) {
                continue;
            }
            let fault = self.fault_of_lock(&key.dotted());
            self.complain(Severity::Warning, fault, Some(&(Author::User, found.span.clone())));
        }
        for entry in &user.databases {
            if self.locked.iter().any(|lock| lock == DATABASE) {
                let fault = self.fault_of_lock(DATABASE);
                return self.complain(Severity::Warning, fault, Some(&(Author::User, entry.span.clone())));
            }
            let theirs = self.system.and_then(|system| system.databases.iter().find(|other| other.folded == entry.folded));
            for (key, found) in &entry.fields {
                if self.locks_field(*key, theirs) {
                    let fault = self.fault_of_lock(&format!("{DATABASE}.{}", key.dotted()));
                    self.complain(Severity::Warning, fault, Some(&(Author::User, found.span.clone())));
                }
            }
        }
    }

    /// A database of one's own has a name and a path of one's own, whatever is locked of others.
    fn locks_field(&self, key: Key, theirs: Option<&Entry>) -> bool {
        let locked = locks(&self.locked, Scope::Database, key);
        locked && key != Key::Label && (key != Key::Path || theirs.is_some_and(|entry| entry.fields.contains_key(&Key::Path)))
    }

    fn config(&mut self) -> Config {
        let general: BTreeMap<Key, Held> =
            Key::all(Scope::General).filter(|key| *key != Key::Locked).map(|key| (key, self.general(key))).collect();
        self.keep(None, &general);
        let timing = self.timing(&general, None);
        let databases = self.databases(&general, timing);
        Config {
            language: match general.get(&Key::Language).map(|held| &held.value) {
                Some(Value::Language(language)) => *language,
                _ => None,
            },
            icon_order: match general.get(&Key::IconOrder).map(|held| &held.value) {
                Some(Value::States(states)) => states.clone(),
                _ => default_states(),
            },
            release_before_sleep: flag(&general, Key::ReleaseBeforeSleep),
            databases,
            timing,
        }
    }

    fn keep(&mut self, database: Option<usize>, held: &BTreeMap<Key, Held>) {
        let setting =
            |(key, held): (&Key, &Held)| Setting { database, key: *key, value: held.value.clone(), origin: held.origin.clone() };
        self.settings.extend(held.iter().map(setting));
    }

    fn of_file(&self, author: Author, fields: Option<&Fields>, key: Key) -> Option<Held> {
        let found = fields?.get(&key)?;
        let line = self.layer(author)?.document.line(found.span.start);
        Some(Held { value: found.value.clone(), origin: Origin::File(author, line), spot: Some((author, found.span.clone())) })
    }

    fn general(&self, key: Key) -> Held {
        let variable = self.variables.get(&key).zip(key.variable());
        if let Some((value, name)) = variable {
            return Held { value: value.clone(), origin: Origin::Variable(name), spot: None };
        }
        let user = self.user.filter(|_| !locks(&self.locked, Scope::General, key)).map(|layer| &layer.general);
        self.of_file(Author::User, user, key)
            .or_else(|| self.of_file(Author::System, self.system.map(|layer| &layer.general), key))
            .unwrap_or_else(|| Held { value: self.default(key), origin: Origin::Default, spot: None })
    }

    fn default(&self, key: Key) -> Value {
        let notify = Notify::default();
        match key {
            Key::Language => Value::Language(None),
            Key::IconOrder => Value::States(default_states()),
            Key::ReleaseBeforeSleep | Key::AcceptSyncFolder => Value::Flag(false),
            Key::Locked => Value::Names(Vec::new()),
            Key::Label | Key::Path => Value::Text(String::new()),
            Key::Program | Key::ReadOnlyProgram => Value::Command(Vec::new()),
            Key::Free => Value::Free(notify.free),
            Key::Hold => Value::Flag(notify.hold),
            Key::Share => Value::Flag(notify.share),
            Key::Ask => Value::Flag(notify.ask),
            Key::Duration(_) => {
                let mut timing = self.defaults;
                Value::Span(timing.named(key.name()).copied().unwrap_or_default())
            }
        }
    }

    fn databases(&mut self, general: &BTreeMap<Key, Held>, timing: Timing) -> Vec<DatabaseConfig> {
        let mut parts: Vec<Parts<'a>> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in self.system.into_iter().flat_map(|layer| &layer.databases) {
            places.insert(&entry.folded, parts.len());
            parts.push(Parts { system: Some(entry), user: None });
        }
        let users = self.user.filter(|_| !self.locked.iter().any(|lock| lock == DATABASE));
        for entry in users.into_iter().flat_map(|layer| &layer.databases) {
            if let Some(at) = places.get(entry.folded.as_str()) {
                parts[*at].user = Some(entry);
            } else if parts.len() == MOST_DATABASES {
                self.complain(Severity::Error, Fault::TooMany(MOST_DATABASES), Some(&(Author::User, entry.span.clone())));
                break;
            } else {
                parts.push(Parts { system: None, user: Some(entry) });
            }
        }
        parts.iter().filter_map(|parts| self.database(parts, general, timing)).collect()
    }

    fn database(&mut self, parts: &Parts<'a>, general: &BTreeMap<Key, Held>, timing: Timing) -> Option<DatabaseConfig> {
        let own = parts.user.map(|entry| (Author::User, entry));
        let (author, entry) = parts.system.map(|entry| (Author::System, entry)).or(own)?;
        let label = entry.label.clone();
        let mut held: BTreeMap<Key, Held> = BTreeMap::new();
        for key in Key::all(Scope::Database) {
            let user = parts.user.filter(|_| !self.locks_field(key, parts.system)).map(|entry| &entry.fields);
            let variable = self.variables.contains_key(&key).then(|| self.general(key));
            let theirs = || self.of_file(Author::System, parts.system.map(|entry| &entry.fields), key);
            let found = variable.or_else(|| if key == Key::Label { None } else { self.of_file(Author::User, user, key) });
            let found = found.or_else(theirs).or_else(|| self.of_file(Author::User, user, key));
            let found = found.or_else(|| general.get(&key).cloned());
            held.insert(key, found.unwrap_or_else(|| Held { value: self.default(key), origin: Origin::Default, spot: None }));
        }
        let text = |key| match held.get(&key).map(|held| &held.value) {
            Some(Value::Text(text)) => text.clone(),
            _ => String::new(),
        };
        let command = |key| match held.get(&key).map(|held| &held.value) {
            Some(Value::Command(words)) => words.clone(),
            _ => Vec::new(),
        };
        let path = PathBuf::from(text(Key::Path));
        if path.as_os_str().is_empty() {
            self.complain(Severity::Error, Fault::NoPath(label), Some(&(author, entry.span.clone())));
            return None;
        }
        let notify = Notify {
            free: match held.get(&Key::Free).map(|held| &held.value) {
                Some(Value::Free(free)) => *free,
                _ => WhenFree::default(),
            },
            hold: flag(&held, Key::Hold),
            share: flag(&held, Key::Share),
            ask: flag(&held, Key::Ask),
        };
        let (program, read_only_program) = (command(Key::Program), command(Key::ReadOnlyProgram));
        let accept_sync_folder = flag(&held, Key::AcceptSyncFolder);
        let timing = self.timing(&held, Some(timing));
        let number = self.settings.iter().rev().find_map(|setting| setting.database).map_or(0, |number| number + 1);
        self.keep(Some(number), &held);
        Some(DatabaseConfig { label, path, program, read_only_program, timing, notify, accept_sync_folder })
    }

    /// Puts durations together. What is the same as `known` was judged already.
    fn timing(&mut self, held: &BTreeMap<Key, Held>, known: Option<Timing>) -> Timing {
        let mut timing = self.defaults;
        for (key, held) in held {
            if let (Value::Span(span), Some(place)) =
                (&held.value, timing.named(key.name()).filter(|_| key.table() == Some("durations")))
            {
                *place = *span;
            }
        }
        if known == Some(timing) {
            return timing;
        }
        if let Err(TimingError::Unsafe { rule, detail }) = timing.validate() {
            let named = |key: &Key| rule.contains(&key.name().replace('_', " "));
            let spot = held
                .iter()
                .filter(|(key, held)| key.table() == Some("durations") && named(key) && held.spot.is_some())
                .filter_map(|(_, held)| held.spot.clone())
                .max_by_key(|(author, span)| (*author == Author::User, span.start));
            self.complain(Severity::Error, Fault::Unsafe(rule.to_owned(), detail), spot.as_ref());
        }
        timing
    }
}

fn flag(held: &BTreeMap<Key, Held>, key: Key) -> bool {
    matches!(held.get(&key).map(|held| &held.value), Some(Value::Flag(true)))
}

fn default_states() -> Vec<State> {
    STATES.iter().map(|(_, state)| *state).collect()
}

impl Default for Config {
    fn default() -> Self {
        let language: Option<Language> = None;
        Self {
            language,
            databases: Vec::new(),
            icon_order: default_states(),
            release_before_sleep: false,
            timing: Timing::default(),
        }
    }
}

#[cfg(test)]
#[path = "merge/tests.rs"]
mod tests;
