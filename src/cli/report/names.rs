//! What identifies people and places is replaced in a report: the same thing by the same word, wherever it stands.
//!
//! Pure. First everything that is known to be a name is told (from the configuration, the log's fields, the findings), then every text is
//! read once from left to right and the longest name at each place is replaced. The hazards: a name that only part of the program knows as
//! one, so all are told before the first text is read; a replacement that is replaced again, so no text is read twice; and a path with
//! blanks in it, of which the end would stay, so known paths are names as well.

use crate::i18n::printable;
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization;

/// From how many characters on the name of a person or a computer is replaced within longer words as well.
const WITHIN_WORDS: usize = 4;
/// Endings of files that tell what they are and not whose.
const ENDINGS: &[&str] = &[
    "accdb", "app", "bat", "cmd", "csv", "db", "db3", "dbc", "dbf", "desktop", "exe", "fpt", "json", "laccdb", "ldb", "lnk",
    "lock", "log", "mdb", "odb", "ods", "py", "sh", "sqlite", "sqlite3", "tmp", "toml", "txt", "xls", "xlsb", "xlsm", "xlsx",
    "zip",
];
/// Parts of paths that every computer has.
const EVERYWHERE: &[&str] = &[
    "{database}",
    "~",
    ".",
    "..",
    ".config",
    ".local",
    "Application Support",
    "AppData",
    "Desktop",
    "Documents",
    "Library",
    "Local",
    "Program Files",
    "Program Files (x86)",
    "ProgramData",
    "Roaming",
    "System32",
    "Users",
    "Volumes",
    "Windows",
    "agent",
    "autostart",
    "bin",
    "data",
    "dev",
    "etc",
    "home",
    "lib",
    "media",
    "mnt",
    "net",
    "opt",
    "proc",
    "run",
    "sbin",
    "seen",
    "share",
    "sharelock",
    "sharelock.toml",
    "srv",
    "state",
    "sys",
    "tmp",
    "user",
    "usr",
    "var",
];

/// What kind of thing a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Person,
    Group,
    Computer,
    Database,
    /// One part of a path.
    Part,
    /// What somebody wrote.
    Words,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Group => "group",
            Self::Computer => "computer",
            Self::Database => "database",
            Self::Part => "path",
            Self::Words => "words",
        }
    }
}

/// What stands for a name.
#[derive(Debug, Clone)]
enum Stand {
    /// This word; whether also within longer words.
    Word(String, bool),
    /// The path, with each of its parts replaced.
    Path,
}

/// All names that are known, and what stands for them.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: BTreeMap<String, Stand>,
    counts: BTreeMap<Kind, usize>,
}

impl Names {
    /// Tells that these all are names of one thing.
    pub(super) fn tell(&mut self, kind: Kind, names: &[&str]) {
        let names: Vec<String> =
            names.iter().map(|name| folded(&printable(name.trim()))).filter(|name| says_something(name)).collect();
        let stems: Vec<&str> = names.iter().map(|name| if kind == Kind::Words { name.as_str() } else { split(name).0 }).collect();
        let word = stems.iter().find_map(|stem| match self.known.get(*stem) {
            Some(Stand::Word(word, _)) => Some(word.clone()),
            Some(Stand::Path) | None => None,
        });
        if stems.is_empty() {
            return;
        }
        let word = word.unwrap_or_else(|| {
            let count = self.counts.entry(kind).or_default();
            *count += 1;
            format!("{}-{count}", kind.word())
        });
        for stem in stems {
            let within = matches!(kind, Kind::Person | Kind::Computer) && stem.chars().count() >= WITHIN_WORDS;
            self.known.entry(stem.to_owned()).or_insert_with(|| Stand::Word(word.clone(), within));
        }
    }

    /// Tells that this is the name of a computer, which may be known with its domain or without.
    pub(super) fn computer(&mut self, name: &str) {
        let is_number = name.contains(':') || name.chars().all(|c| c.is_ascii_digit() || c == '.');
        let short = if is_number { name } else { name.split('.').next().unwrap_or_default() };
        self.tell(Kind::Computer, &[name, short]);
    }

    /// Tells that this is a path, perhaps with blanks in it, and so are the folders in it.
    pub(super) fn path(&mut self, path: &str) {
        let path = printable(path);
        for piece in pieces(&path) {
            if let Piece::Part(part, is_computer) = piece {
                if is_computer {
                    self.computer(part);
                } else if !is_everywhere(part) {
                    self.tell(Kind::Part, &[part]);
                }
            }
        }
        // A file's own name stands alone often enough, and is known now; whole paths are known with their blanks.
        let ends = path.char_indices().filter(|(_, c)| is_separator(*c)).map(|(at, _)| at).chain([path.len()]);
        for whole in ends.map(|end| &path[..end]).filter(|whole| whole.contains(is_separator) && whole.contains(' ')) {
            self.known.entry(folded(whole)).or_insert(Stand::Path);
        }
    }

    /// Returns the texts with every name replaced.
    pub(super) fn hide(&mut self, texts: &[String]) -> Vec<String> {
        let letters: Vec<Vec<Letter>> = texts.iter().map(|text| read(text)).collect();
        for text in &letters {
            let mut at = 0;
            while at < text.len() {
                let end = path_end(text, at).unwrap_or(at);
                if end > at {
                    self.path(&written(&text[at..end]));
                }
                at = end.max(at + 1);
            }
        }
        let index = Index::of(&self.known);
        letters.iter().map(|text| self.hide_one(text, &index)).collect()
    }

    fn hide_one(&self, text: &[Letter], index: &Index<'_>) -> String {
        let mut hidden = String::new();
        let mut at = 0;
        while at < text.len() {
            let path = path_end(text, at);
            match index.longest(text, at) {
                Some((end, Stand::Word(word, _))) if path.is_none_or(|path| path <= end) => {
                    hidden.push_str(word);
                    at = end;
                }
                found => {
                    let known = found.filter(|(_, stand)| matches!(stand, Stand::Path)).map(|(end, _)| end);
                    if let Some(end) = known.max(path) {
                        hidden.push_str(&self.hide_path(&written(&text[at..end]), index));
                        at = end;
                    } else {
                        hidden.push(text[at].plain);
                        at += 1;
                    }
                }
            }
        }
        hidden
    }

    fn hide_path(&self, path: &str, index: &Index<'_>) -> String {
        let hide = |piece| match piece {
            Piece::Kept(text) => text.to_owned(),
            Piece::Part(part, _) => {
                let name = folded(part);
                let (stem, ending) = split(&name);
                match self.known.get(stem) {
                    Some(Stand::Word(word, _)) => format!("{word}{}", index.hide_words(ending)),
                    Some(Stand::Path) | None => index.hide_words(part),
                }
            }
        };
        pieces(path).map(hide).collect()
    }
}

/// A character of a text, and what it is compared as.
struct Letter {
    plain: char,
    folded: Vec<char>,
}

/// Reads a text in one spelling: a name that was typed on another system may be spelled with other code points.
fn read(text: &str) -> Vec<Letter> {
    text.nfc().map(|plain| Letter { plain, folded: fold(plain).collect() }).collect()
}

fn written(text: &[Letter]) -> String {
    text.iter().map(|letter| letter.plain).collect()
}

fn fold(c: char) -> impl Iterator<Item = char> {
    c.to_uppercase().flat_map(char::to_lowercase)
}

fn folded(text: &str) -> String {
    text.nfc().flat_map(fold).collect()
}

fn says_something(name: &str) -> bool {
    name.contains(char::is_alphanumeric)
}

fn is_everywhere(part: &str) -> bool {
    let name = folded(part);
    EVERYWHERE.iter().any(|known| [name.as_str(), split(&name).0].contains(&folded(known).as_str()))
}

const fn is_separator(c: char) -> bool {
    matches!(c, '/' | '\\')
}

/// Parts a name from an ending that tells what the file is.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 && ENDINGS.iter().any(|ending| name[at + 1..].eq_ignore_ascii_case(ending)) => name.split_at(at),
        _ => (name, ""),
    }
}

/// The names by their first letter, the longest first.
struct Index<'a>(BTreeMap<char, Vec<(Vec<char>, &'a Stand)>>);

impl<'a> Index<'a> {
    fn of(known: &'a BTreeMap<String, Stand>) -> Self {
        let mut index: BTreeMap<char, Vec<(Vec<char>, &Stand)>> = BTreeMap::new();
        for (name, stand) in known {
            if let Some(first) = name.chars().next() {
                index.entry(first).or_default().push((name.chars().collect(), stand));
            }
        }
        for names in index.values_mut() {
            names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        }
        Self(index)
    }

    /// Returns where the longest name ends that begins here.
    fn longest(&self, text: &[Letter], at: usize) -> Option<(usize, &'a Stand)> {
        let names = self.0.get(text[at].folded.first()?)?;
        names.iter().find_map(|(name, stand)| {
            let end = match_end(text, at, name)?;
            let within = matches!(stand, Stand::Word(_, true));
            (within || (is_edge(text, at) && is_edge(text, end))).then_some((end, *stand))
        })
    }

    /// Returns a part of a path that every computer has, without the words in it that are somebody's name here.
    fn hide_words(&self, text: &str) -> String {
        let text = read(text);
        let (mut hidden, mut at) = (String::new(), 0);
        while at < text.len() {
            if let Some((end, Stand::Word(word, _))) = self.longest(&text, at) {
                hidden.push_str(word);
                at = end;
            } else {
                hidden.push(text[at].plain);
                at += 1;
            }
        }
        hidden
    }
}

fn match_end(text: &[Letter], at: usize, name: &[char]) -> Option<usize> {
    let (mut end, mut left) = (at, name);
    while !left.is_empty() {
        left = left.strip_prefix(&text.get(end)?.folded[..])?;
        end += 1;
    }
    Some(end)
}

/// Returns whether a word may begin or end there.
fn is_edge(text: &[Letter], at: usize) -> bool {
    let is_word = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|letter| letter.plain.is_alphanumeric());
    !(is_word(at.checked_sub(1)) && is_word(Some(at)))
}

/// Returns where a path ends that begins here, and is known as one by how it begins.
fn path_end(text: &[Letter], at: usize) -> Option<usize> {
    let letter = |at: usize| text.get(at).map(|letter| letter.plain);
    let before = at.checked_sub(1).and_then(letter);
    if before.is_some_and(|c| c.is_alphanumeric() || is_separator(c) || c == '.' || c == '_') {
        return None;
    }
    let begins = match (letter(at)?, letter(at + 1), letter(at + 2)) {
        ('/', Some('/'), Some(c)) => before != Some(':') && c.is_alphanumeric(),
        ('\\', Some('\\'), Some(c)) => c.is_alphanumeric() || matches!(c, '?' | '.'),
        ('/', Some(c), _) => !c.is_whitespace() && !is_separator(c),
        ('~', Some('/' | '\\'), _) => true,
        (drive, Some(':'), Some('/' | '\\')) => drive.is_ascii_alphabetic(),
        _ => false,
    };
    if !begins {
        return None;
    }
    // Between quotation marks everything belongs to it.
    if let Some(quote) = before.filter(|c| matches!(c, '"' | '\'' | '`')) {
        let line = text[at..].iter().take_while(|letter| letter.plain != '\n');
        if let Some(length) = line.clone().position(|letter| letter.plain == quote) {
            // A sentence that begins with a path is none.
            let is_sentence = text[at..at + length].windows(2).any(|two| two[0].plain == ':' && two[1].plain == ' ');
            if !is_sentence {
                return Some(at + length);
            }
        }
    }
    let mut end = word_end(text, at);
    // A word behind a blank that has a separator in it goes on with it.
    while letter(end) == Some(' ') {
        let next = word_end(text, end + 1);
        if !text[end + 1..next].iter().skip(1).any(|letter| is_separator(letter.plain)) {
            break;
        }
        end = next;
    }
    while end > at + 1 && matches!(letter(end - 1), Some('.' | ':' | ',' | ';' | '!' | '?')) {
        end -= 1;
    }
    // A line and a column may stand behind it.
    let tail = text[at..end].iter().rev().take_while(|letter| letter.plain.is_ascii_digit() || letter.plain == ':').count();
    let colon = text[end - tail..end].iter().position(|letter| letter.plain == ':');
    Some(colon.filter(|colon| end - tail + colon > at + 1).map_or(end, |colon| end - tail + colon))
}

fn word_end(text: &[Letter], at: usize) -> usize {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ')' | ']' | '”' | '»' | '<' | '>' | '|' | '*');
    text[at..].iter().position(|letter| ends(letter.plain)).map_or(text.len(), |length| at + length)
}

/// What a path is made of.
enum Piece<'a> {
    /// Separators, a drive.
    Kept(&'a str),
    /// A name; whether it is that of a computer.
    Part(&'a str, bool),
}

fn pieces(path: &str) -> impl Iterator<Item = Piece<'_>> {
    let doubled = |c: char| path.starts_with([c, c].iter().collect::<String>().as_str());
    let names_computer = (doubled('\\') || doubled('/')) && !path[2..].starts_with(['?', '.']);
    let mut rest = path;
    let mut first = true;
    std::iter::from_fn(move || {
        let c = rest.chars().next()?;
        let length = if is_separator(c) { rest.find(|c| !is_separator(c)) } else { rest.find(is_separator) };
        let (piece, others) = rest.split_at(length.unwrap_or(rest.len()));
        rest = others;
        let is_drive = piece.len() == 2 && piece.ends_with(':');
        if is_separator(c) || is_drive || matches!(piece, "." | ".." | "~" | "?") {
            return Some(Piece::Kept(piece));
        }
        let is_computer = std::mem::take(&mut first) && names_computer;
        Some(Piece::Part(piece, is_computer))
    })
}

/// Returns whether a name stands in a text, in any spelling.
#[cfg(test)]
pub(super) fn is_in(name: &str, text: &str) -> bool {
    let (text, name) = (read(text), folded(name).chars().collect::<Vec<_>>());
    let ends = |at: usize| match_end(&text, at, &name);
    (0..text.len()).any(|at| ends(at).is_some_and(|end| is_edge(&text, at) && is_edge(&text, end)))
}

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;
