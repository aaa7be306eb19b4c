//! From a database's path as typed to the one place where its leases live.
//!
//! The hazard is two stores for one file: two spellings of one SMB name, a link, a mounted folder seen under two paths. Each
//! would have its own holder. So links are resolved first, and names are folded so that whatever a file server could take for
//! the same name meets in the same store. Two different files may share a store by that; they then take turns, which is safe.

use crate::i18n::{Reason, Thing, printable};
use crate::lease::wire::Failure;
use crate::platform::files::{self, EntryKind, Trouble};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use unicode_normalization::UnicodeNormalization;

/// The hidden folder beside a database that holds the stores of all databases in that folder.
pub const STORES: &str = ".sharelock";
/// The longest name of a store in bytes; beyond it a hash takes the rest's place. Every file system allows 255.
const LONGEST_NAME: usize = 200;
/// The longest name of a file in bytes (Linux, the BSDs, NTFS with its 255 UTF-16 units).
const LONGEST_FILE_NAME: usize = 255;
/// What the notice's name adds to the database's.
const NOTICE_SUFFIX: &str = ".lock";
/// Streams and backslashes exist where paths are written with backslashes.
const WINDOWS: bool = std::path::MAIN_SEPARATOR == '\\';
/// How many links in a row are followed when the last one points to nothing; the kernels stop at 40 too.
const MOST_LINKS: usize = 40;

/// Where everything of one database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The database, absolute, with all links resolved.
    pub database: PathBuf,
    /// The database's folder.
    pub folder: PathBuf,
    /// The last component as it was typed; for people.
    pub shown: String,
    /// `<folder>/.sharelock/<name>`.
    pub store: PathBuf,
    /// `<database>.lock`.
    pub notice: PathBuf,
}

/// Why a path cannot have a lease.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The path has no last component.
    #[error("{}: this names no file; give the path of the database", .path.display())]
    NoName {
        /// The path as typed.
        path: PathBuf,
    },
    /// The folder that should contain the database is not there.
    #[error("{}: the folder of the database does not exist; check the path, and whether the network drive is connected", .path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// Something else than a file has that name.
    #[error("{}: this is {what}, not a database file", .path.display())]
    NotAFile {
        /// The path, resolved.
        path: PathBuf,
        /// What it is.
        what: Thing,
    },
    /// The file has several names, and each would have its own lease.
    #[error("{}: the file has {links} names (hard links), and a lease beside one of them would not guard the others; remove the others, or use a copy", .path.display())]
    HardLinked {
        /// The path, resolved.
        path: PathBuf,
        /// How many.
        links: u64,
    },
    /// The path names a stream within a file (NTFS).
    #[error("{}: a stream within a file cannot have a lease of its own; give the path of the file", .path.display())]
    Stream {
        /// The path as typed.
        path: PathBuf,
    },
    /// Windows drops dots and spaces at the end of a name, so that it would name another file there.
    #[error("{}: names that end in a dot or a space mean another file on Windows; rename the database", .path.display())]
    TrailingDotOrSpace {
        /// The path as typed.
        path: PathBuf,
    },
    /// There is no room for `.lock` behind the name.
    #[error("{}: the name is too long for a notice beside it (at most 250 bytes); rename the database", .path.display())]
    NameTooLong {
        /// The path as typed.
        path: PathBuf,
    },
    /// Links lead to links without end.
    #[error("{}: the links lead in a circle; give the path of the file itself", .path.display())]
    LinkCircle {
        /// The path as typed.
        path: PathBuf,
    },
    /// The system could not say what is there.
    #[error("looking at {}: {source}", .path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl OpenError {
    /// Returns the failure in the core's words, which decides the exit code.
    #[must_use]
    pub fn failure(&self) -> Failure {
        match self {
            Self::NoFolder { .. } => Failure::NoFolder,
            Self::NoName { .. }
            | Self::NotAFile { .. }
            | Self::HardLinked { .. }
            | Self::Stream { .. }
            | Self::TrailingDotOrSpace { .. }
            | Self::NameTooLong { .. }
            | Self::LinkCircle { .. } => Failure::Unusable,
            Self::Io { source, .. } => super::failure_of(source),
        }
    }

    /// Returns the same for people, in whatever language they read.
    #[must_use]
    pub fn reason(&self) -> Reason {
        let shown = |path: &Path| printable(&path.to_string_lossy());
        match self {
            Self::NoName { path } => Reason::NoName(shown(path)),
            Self::NoFolder { path } => Reason::NoFolder(shown(path)),
            Self::NotAFile { path, what } => Reason::NotAFile(shown(path), *what),
            Self::HardLinked { path, links } => Reason::HardLinked(shown(path), *links),
            Self::Stream { path } => Reason::Stream(shown(path)),
            Self::TrailingDotOrSpace { path } => Reason::TrailingDotOrSpace(shown(path)),
            Self::NameTooLong { path } => Reason::NameTooLong(shown(path)),
            Self::LinkCircle { path } => Reason::LinkCircle(shown(path)),
            Self::Io { path, source } => Reason::Looking(shown(path), printable(&source.to_string())),
        }
    }
}

/// Finds the place of a database that may not exist yet.
///
/// # Errors
/// [`OpenError`] when the path cannot have a lease, or when its folder cannot be looked at. Nothing is written.
pub fn locate(path: &Path) -> Result<Location, OpenError> {
    let typed = || path.to_path_buf();
    let name = last_component(path).ok_or_else(|| OpenError::NoName { path: typed() })?;
    check_name(name, path)?;
    let database = resolve(path)?;
    let (Some(folder), Some(real)) = (database.parent(), database.file_name()) else {
        return Err(OpenError::NotAFile { path: database, what: Thing::Folder });
    };
    check_name(real, path)?;
    if real.as_encoded_bytes().len() + NOTICE_SUFFIX.len() > LONGEST_FILE_NAME {
        return Err(OpenError::NameTooLong { path: typed() });
    }
    check_file(&database)?;
    let mut notice = real.to_os_string();
    notice.push(NOTICE_SUFFIX);
    Ok(Location {
        shown: name.to_string_lossy().into_owned(),
        store: folder.join(STORES).join(store_name(real)),
        notice: folder.join(notice),
        folder: folder.to_path_buf(),
        database,
    })
}

/// Returns the last component as typed. `Path` drops a separator or a `/.` at the end, which would make a folder look like a
/// file.
fn last_component(path: &Path) -> Option<&OsStr> {
    let bytes = path.as_os_str().as_encoded_bytes();
    let ends_open = bytes.last().is_some_and(|&last| last == b'/' || (WINDOWS && last == b'\\')) || bytes.ends_with(b"/.");
    if ends_open { None } else { path.file_name() }
}

fn check_name(name: &OsStr, path: &Path) -> Result<(), OpenError> {
    let bytes = name.as_encoded_bytes();
    if WINDOWS && bytes.contains(&b':') {
        return Err(OpenError::Stream { path: path.to_path_buf() });
    }
    if matches!(bytes.last(), Some(b'.' | b' ')) {
        return Err(OpenError::TrailingDotOrSpace { path: path.to_path_buf() });
    }
    Ok(())
}

/// Resolves all links, also where the last one points to a file that is not there yet.
fn resolve(path: &Path) -> Result<PathBuf, OpenError> {
    let mut target = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            Some(_) | None => Path::new("."),
        };
        let folder = match std::fs::canonicalize(parent) {
            Ok(folder) => folder,
            Err(error) if is_missing(&error) => return Err(OpenError::NoFolder { path: parent.to_path_buf() }),
            Err(source) => return Err(OpenError::Io { path: parent.to_path_buf(), source }),
        };
        let Some(name) = target.file_name() else { return Err(OpenError::NoName { path: path.to_path_buf() }) };
        let entry = folder.join(name);
        if let Ok(link) = std::fs::read_link(&entry) {
            target = folder.join(link);
            continue;
        }
        // Once more as a whole: on Windows this brings short names (WEMS~1.DB) and other cases to the name in the folder.
        return match std::fs::canonicalize(&entry) {
            Ok(real) => Ok(without_verbatim(real)),
            Err(error) if is_missing(&error) => Ok(without_verbatim(entry)),
            Err(source) => Err(OpenError::Io { path: entry, source }),
        };
    }
    Err(OpenError::LinkCircle { path: path.to_path_buf() })
}

/// Writes `\\?\C:\x` as `C:\x` and `\\?\UNC\server\x` as `\\server\x`: programs that get the path do not all know the long form.
fn without_verbatim(path: PathBuf) -> PathBuf {
    let Some(rest) = path.to_str().and_then(|text| text.strip_prefix(r"\\?\")) else { return path };
    match rest.strip_prefix(r"UNC\") {
        Some(share) => PathBuf::from(format!(r"\\{share}")),
        None if rest.as_bytes().get(1) == Some(&b':') => PathBuf::from(rest),
        None => path,
    }
}

/// Refuses what is there and is not a plain file with one name.
fn check_file(database: &Path) -> Result<(), OpenError> {
    let path = || database.to_path_buf();
    let facts = match files::entry_facts(database) {
        Ok(facts) => facts,
        Err(error) if is_missing(&error) => return Ok(()),
        Err(source) => return Err(OpenError::Io { path: path(), source }),
    };
    match facts.kind {
        EntryKind::File if facts.links > 1 => Err(OpenError::HardLinked { path: path(), links: facts.links }),
        EntryKind::File => Ok(()),
        EntryKind::Directory => Err(OpenError::NotAFile { path: path(), what: Thing::Folder }),
        EntryKind::Link => Err(OpenError::NotAFile { path: path(), what: Thing::Link }),
        EntryKind::Special => Err(OpenError::NotAFile { path: path(), what: Thing::Special }),
    }
}

fn is_missing(error: &io::Error) -> bool {
    files::classify(error) == Trouble::Missing
}

/// Returns the name of a database's store: composed (NFC), folded, and with everything encoded that some file system cannot
/// have in a name.
#[must_use]
pub fn store_name(file_name: &OsStr) -> String {
    let mut folded = String::new();
    for chunk in file_name.as_encoded_bytes().utf8_chunks() {
        for c in fold(chunk.valid()).chars() {
            if c.is_control() || matches!(c, '%' | '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|') {
                encode(&mut folded, c.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                folded.push(c);
            }
        }
        // Latin-1 names on old shares, unpaired surrogates on Windows: two such names must stay two.
        encode(&mut folded, chunk.invalid());
    }
    let name = without_reserved(&folded);
    if name.len() <= LONGEST_NAME {
        return name;
    }
    let hash = format!("~{:016x}", frozen_hash(&name));
    let mut end = LONGEST_NAME - hash.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{hash}", &name[..end])
}

/// FNV-1a, 64 bits: every version must give one database the same store.
fn frozen_hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Folds and composes until nothing changes: folding can undo composition (U+1E9E), and the other way round.
fn fold(text: &str) -> String {
    let mut before: String = text.nfc().collect();
    for _ in 0..4 {
        let simple = |c| unicode_case_mapping::case_folded(c).and_then(|to| char::from_u32(to.get())).unwrap_or(c);
        let after: String = before.chars().map(simple).nfc().collect();
        if after == before {
            break;
        }
        before = after;
    }
    before
}

/// Encodes what a whole name must not be: a device of Windows (with any extension), `.` or `..`, a dot or space at the end.
fn without_reserved(name: &str) -> String {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let numbered = |prefix: &str| {
        let mut rest = stem.strip_prefix(prefix).unwrap_or_default().chars();
        matches!((rest.next(), rest.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
    };
    let device = matches!(stem, "con" | "prn" | "aux" | "nul" | "conin$" | "conout$") || numbered("com") || numbered("lpt");
    let dots = name == "." || name == "..";
    let mut out = String::new();
    let last = name.len().saturating_sub(1);
    for (place, c) in name.char_indices() {
        let first = place == 0 && (device || dots);
        let end = place == last && (c == '.' || c == ' ');
        if first || end {
            encode(&mut out, c.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            out.push(c);
        }
    }
    out
}

fn encode(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        use std::fmt::Write as _;
        // Lower case, so that the name survives folding. Writing to a string cannot fail.
        let _ = write!(out, "%{byte:02x}");
    }
}

#[cfg(test)]
mod tests;
