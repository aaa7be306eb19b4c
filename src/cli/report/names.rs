//! What identifies people and places is replaced in a report: the same thing by the same word, wherever it stands.
//!
//! Pure. First everything that is known to be a name is told (from the configuration, the log's fields, the findings), then every text is
//! read once from left to right and the longest name at each place is replaced. The hazards: a name that only part of the program knows as
//! one, so all are told before the first text is read; a replacement that is replaced again, so no text is read twice; and a path with
//! blanks in it, of which the end would stay, so known paths are names as well.

use super::reading::{
    Letter, Piece, folded, is_edge, is_everywhere, is_separator, match_end, path_end, pieces, read, split, written,
};
use crate::i18n::printable;
use std::collections::BTreeMap;

/// From how many characters on the name of a person or a computer is replaced within longer words as well.
const WITHIN_WORDS: usize = 4;

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
        let index = Index::of(&self.known);
        let unknown: Vec<String> = letters.iter().flat_map(|text| unknown_paths(text, &index)).collect();
        for path in unknown {
            self.path(&path);
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

fn says_something(name: &str) -> bool {
    name.contains(char::is_alphanumeric)
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

/// Returns the paths in a text that are not known, or go on behind what is known.
fn unknown_paths(text: &[Letter], index: &Index<'_>) -> Vec<String> {
    let (mut paths, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let known = index.longest(text, at).map_or(at, |(end, _)| end);
        let end = path_end(text, at).unwrap_or(at);
        if end > known {
            paths.push(written(&text[at..end]));
        }
        at = end.max(known).max(at + 1);
    }
    paths
}

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;
