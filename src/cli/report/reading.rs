//! How a text is read when names are looked for in it: letters in one spelling, the edges of words, and paths by how they begin.
//!
//! Pure. The hazards: a name that is spelled with other code points or capitals, and a path with blanks, whose end is a guess.

use unicode_normalization::UnicodeNormalization;

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

/// A character of a text, and what it is compared as.
pub(super) struct Letter {
    pub(super) plain: char,
    pub(super) folded: Vec<char>,
}

/// Reads a text in one spelling: a name that was typed on another system may be spelled with other code points.
pub(super) fn read(text: &str) -> Vec<Letter> {
    text.nfc().map(|plain| Letter { plain, folded: fold(plain).collect() }).collect()
}

pub(super) fn written(text: &[Letter]) -> String {
    text.iter().map(|letter| letter.plain).collect()
}

fn fold(c: char) -> impl Iterator<Item = char> {
    c.to_uppercase().flat_map(char::to_lowercase)
}

pub(super) fn folded(text: &str) -> String {
    text.nfc().flat_map(fold).collect()
}

pub(super) fn match_end(text: &[Letter], at: usize, name: &[char]) -> Option<usize> {
    let (mut end, mut left) = (at, name);
    while !left.is_empty() {
        left = left.strip_prefix(&text.get(end)?.folded[..])?;
        end += 1;
    }
    Some(end)
}

/// Returns whether a word may begin or end there.
pub(super) fn is_edge(text: &[Letter], at: usize) -> bool {
    let is_word = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|letter| letter.plain.is_alphanumeric());
    !(is_word(at.checked_sub(1)) && is_word(Some(at)))
}

pub(super) fn is_everywhere(part: &str) -> bool {
    let name = folded(part);
    EVERYWHERE.iter().any(|known| [name.as_str(), split(&name).0].contains(&folded(known).as_str()))
}

pub(super) const fn is_separator(c: char) -> bool {
    matches!(c, '/' | '\\')
}

/// Parts a name from an ending that tells what the file is.
pub(super) fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 && ENDINGS.iter().any(|ending| name[at + 1..].eq_ignore_ascii_case(ending)) => name.split_at(at),
        _ => (name, ""),
    }
}

/// Returns where a path ends that begins here, and is known as one by how it begins.
pub(super) fn path_end(text: &[Letter], at: usize) -> Option<usize> {
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
pub(super) enum Piece<'a> {
    /// Separators, a drive.
    Kept(&'a str),
    /// A name; whether it is that of a computer.
    Part(&'a str, bool),
}

pub(super) fn pieces(path: &str) -> impl Iterator<Item = Piece<'_>> {
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
