//! Where the files of settings are, reading them, and writing the user's: the only room of this module that touches the disk.
//!
//! The hazards: an environment that takes the administrators' file away, so a variable can stand in for it only where there is none; and a
//! comment that is lost because a program knew better, so a file that is there is only ever appended to.

use super::around::{Around, unexpanded};
use super::layer::{Author, LONGEST, Layer, folded};
use super::merge::{Broken, Loaded, Origin, merge};
use super::value::{Value, label_fault, quoted};
use super::{Config, DATABASE, Key, Severity};
use crate::i18n::config::{Fault, Remark};
use crate::i18n::printable;
use crate::platform::files::{Trouble, classify};
use crate::platform::settings;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The user's file, if it is elsewhere.
const USER: &str = "SHARELOCK_CONFIG";
/// The administrators' file, where the real one is not there.
const SYSTEM: &str = "SHARELOCK_SYSTEM_CONFIG";
/// How the files are called.
const NAME: &str = "sharelock.toml";
/// The example, with all defaults as comments.
pub const EXAMPLE: &str = include_str!("../../config/sharelock.toml");
/// The JSON schema.
pub const SCHEMA: &str = include_str!("../../config/sharelock.schema.json");

/// Where the files are, whether they exist or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The user's; none where there is no home.
    pub user: Option<PathBuf>,
    /// The administrators'; none where the system does not say where such files are.
    pub system: Option<PathBuf>,
    home: Option<PathBuf>,
}

impl Places {
    /// Asks the environment and the system.
    #[must_use]
    pub fn find() -> Self {
        let folders = directories::BaseDirs::new();
        let given = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let own = folders.as_ref().map(|folders| folders.config_dir().join("sharelock").join(NAME));
        let real = settings::system_folder().map(|folder| folder.join(NAME));
        // Where administrators have a file, nobody's environment takes it away.
        let is_there = |file: &PathBuf| !matches!(std::fs::symlink_metadata(file), Err(error) if is_missing(&error));
        let system = match given(SYSTEM) {
            Some(other) if !real.as_ref().is_some_and(is_there) => Some(other),
            Some(_) | None => real,
        };
        Self { user: given(USER).or(own), system, home: folders.map(|folders| folders.home_dir().to_path_buf()) }
    }
}

/// Services have `/dev/null` for a home, in which there are no files either.
fn is_missing(error: &io::Error) -> bool {
    classify(error) == Trouble::Missing || error.kind() == io::ErrorKind::NotADirectory
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Reads all layers.
///
/// # Errors
/// [`Broken`] when they cannot be used.
pub fn load(places: &Places) -> Result<Loaded, Broken> {
    load_with(places, places.user.as_deref())
}

/// Reads all layers, with that file for the user's.
///
/// # Errors
/// [`Broken`] when they cannot be used.
pub fn load_with(places: &Places, user: Option<&Path>) -> Result<Loaded, Broken> {
    let layer = |file: Option<&Path>, author| file.and_then(|file| layer(places, file, author));
    merge(layer(places.system.as_deref(), Author::System).as_ref(), layer(user, Author::User).as_ref(), &variable)
}

/// Reads one layer; `None` where there is no such file. One that this user may not read is somebody else's (a home that `sudo` left in the
/// environment) and no reason to refuse to work.
fn layer(places: &Places, file: &Path, author: Author) -> Option<Layer> {
    let around = Around { variable: &variable, home: places.home.as_deref() };
    match read(file) {
        Ok(text) => Some(Layer::read(file, text?, author, around)),
        Err((fault, Trouble::Denied)) if author == Author::User => Some(Layer::unreadable(file, fault, Severity::Warning)),
        Err((fault, _)) => Some(Layer::unreadable(file, fault, Severity::Error)),
    }
}

/// Returns a file's text; `None` where there is no such file.
fn read(file: &Path) -> Result<Option<String>, (Fault, Trouble)> {
    let unreadable = |error: &io::Error| (Fault::Unreadable(printable(&error.to_string())), classify(error));
    let opened = match File::open(file) {
        Ok(opened) => opened,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(unreadable(&error)),
    };
    let mut bytes = Vec::new();
    opened.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > LONGEST {
        return Err((Fault::TooLong(LONGEST), Trouble::Other));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| (Fault::NotUtf8, Trouble::Other))
}

/// Writes a new file with all its folders; one that is there stays.
///
/// # Errors
/// What the system says; [`io::ErrorKind::AlreadyExists`] where there is a file.
pub fn create(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut created = OpenOptions::new().write(true).create_new(true).open(file)?;
    created.write_all(text.as_bytes())
}

/// Why a database could not be added.
#[derive(Debug)]
pub enum NotAdded {
    /// The file, with the new lines in it, would not be in order; or is not now.
    Broken(Broken),
    /// The label cannot be one.
    Label(Fault),
    /// Something else.
    Refused(Remark),
}

/// Adds a database to the end of the user's file, which is made where there is none, and returns the file. What is in it stays as it is.
///
/// # Errors
/// [`NotAdded`]; then nothing was written.
pub fn add(places: &Places, label: &str, path: &Path, program: &[String]) -> Result<PathBuf, NotAdded> {
    let file = places.user.as_deref().ok_or(NotAdded::Refused(Remark::NoPlace))?;
    if let Some(fault) = label_fault(label) {
        return Err(NotAdded::Label(fault));
    }
    let loaded = load(places).map_err(NotAdded::Broken)?;
    if loaded.locked.iter().any(|lock| lock == DATABASE) {
        let system = loaded.file(Author::System).map(|file| shown(file)).unwrap_or_default();
        return Err(NotAdded::Refused(Remark::ListLocked(system)));
    }
    let mut others = loaded.config.databases.iter().enumerate();
    if let Some((at, other)) = others.find(|(_, other)| folded(&other.label) == folded(label)) {
        return Err(NotAdded::Refused(Remark::LabelTaken(other.label.clone(), place_of(&loaded, at))));
    }
    let path = std::path::absolute(path).ok().and_then(|path| path.to_str().map(str::to_owned));
    let path = path.filter(|path| printable(path) == *path).ok_or(NotAdded::Refused(Remark::PathNotText))?;
    let not_written = |why: String| NotAdded::Refused(Remark::NotWritten(shown(file), why));
    let before = read(file).map_err(|_| not_written(String::new()))?.unwrap_or_default();
    let block = block(&before, label, &path, program);
    // Judged as it will be, by the very code that will read it: a locked list, an inline one, one database too many.
    let around = Around { variable: &variable, home: places.home.as_deref() };
    let after = Layer::read(file, format!("{before}{block}"), Author::User, around);
    let system = places.system.as_deref().and_then(|system| layer(places, system, Author::System));
    let merged = merge(system.as_ref(), Some(&after), &variable).map_err(NotAdded::Broken)?;
    if !merged.config.databases.iter().any(|other| other.label == label) {
        return Err(NotAdded::Broken(Broken(merged.warnings)));
    }
    append(file, &block).map_err(|error| not_written(printable(&error.to_string())))?;
    Ok(file.to_path_buf())
}

fn append(file: &Path, block: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // Not written anew beside it and moved there: the file may be a link into a folder of settings that somebody keeps.
    OpenOptions::new().append(true).create(true).open(file)?.write_all(block.as_bytes())
}

/// Returns the lines of a new database, with the line ends of the text that they come behind.
fn block(before: &str, label: &str, path: &str, program: &[String]) -> String {
    let gap = match before {
        "" => "",
        before if before.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    let mut block = format!("{gap}[[database]]\nlabel = {}\npath = {}\n", quoted(label), quoted(&unexpanded(path)));
    if let [name, arguments @ ..] = program {
        let mut words = vec![unexpanded(name)];
        words.extend_from_slice(arguments);
        let value = if let [name] = &words[..] { quoted(name) } else { Value::Command(words).toml() };
        block = format!("{block}program = {value}\n");
    }
    if before.contains("\r\n") { block.replace('\n', "\r\n") } else { block }
}

fn shown(file: &Path) -> String {
    printable(&file.to_string_lossy())
}

/// Returns where a database comes from: a file, and a line.
fn place_of(loaded: &Loaded, at: usize) -> String {
    let setting = loaded.settings.iter().find(|setting| setting.database == Some(at) && setting.key == Key::Label);
    match setting.map(|setting| &setting.origin) {
        Some(Origin::File(author, line)) => {
            loaded.file(*author).map_or_else(String::new, |file| format!("{}:{line}", shown(file)))
        }
        Some(Origin::Default | Origin::Variable(_)) | None => String::new(),
    }
}

/// What a new reading has changed; databases by their labels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// Something that is said of all.
    pub general: bool,
    /// New databases.
    pub added: Vec<String>,
    /// Databases that are gone.
    pub removed: Vec<String>,
    /// Databases of which something is different now.
    pub changed: Vec<String>,
}

impl Change {
    /// Returns what is different between two configurations.
    #[must_use]
    pub fn between(before: &Config, after: &Config) -> Self {
        let alone = |config: &Config| Config { databases: Vec::new(), ..config.clone() };
        let mut change = Self { general: alone(before) != alone(after), ..Self::default() };
        for database in &after.databases {
            match before.databases.iter().find(|other| other.label == database.label) {
                None => change.added.push(database.label.clone()),
                Some(other) if other != database => change.changed.push(database.label.clone()),
                Some(_) => {}
            }
        }
        let gone = |label: &String| !after.databases.iter().any(|other| other.label == *label);
        change.removed = before.databases.iter().map(|database| database.label.clone()).filter(gone).collect();
        change
    }

    /// Returns whether nothing is different.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A configuration that can be read again, and stays as it was while the files are broken.
#[derive(Debug)]
pub struct Source {
    places: Places,
    last: Arc<Loaded>,
}

impl Source {
    /// Begins with what is built in; [`Source::reload`] reads.
    #[must_use]
    pub fn new(places: Places) -> Self {
        let (config, settings) = (Config::default(), Vec::new());
        let last = Loaded { config, settings, warnings: Vec::new(), locked: Vec::new(), files: Vec::new() };
        Self { places, last: Arc::new(last) }
    }

    /// Returns where the files are.
    #[must_use]
    pub const fn places(&self) -> &Places {
        &self.places
    }

    /// Returns the last configuration that could be used.
    #[must_use]
    pub fn current(&self) -> Arc<Loaded> {
        Arc::clone(&self.last)
    }

    /// Reads again, and returns what is different.
    ///
    /// # Errors
    /// [`Broken`] when the files cannot be used as they are; then what could be used before still holds.
    pub fn reload(&mut self) -> Result<Change, Broken> {
        let loaded = load(&self.places)?;
        let change = Change::between(&self.last.config, &loaded.config);
        self.last = Arc::new(loaded);
        Ok(change)
    }
}

#[cfg(test)]
#[path = "files/tests.rs"]
mod tests;
