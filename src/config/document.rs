//! One file of settings as a text, and where in it something stands: line, column, and the line itself with a mark under it.
//!
//! Pure. The hazard is a place that makes its own trouble: a line of a megabyte, an offset inside a letter, an escape sequence that
//! steers the terminal; so what is shown is cut to a screen's width and stripped.

use crate::i18n::config::{Fault, advice, fault, warning};
use crate::i18n::{Language, printable};
use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// How much of a long line is shown.
const SHOWN: usize = 100;
/// How much of it stands before the place.
const BEFORE: usize = 60;

/// A file's text, and where its lines begin.
#[derive(Debug)]
pub struct Document {
    /// The file.
    pub file: PathBuf,
    text: String,
    lines: Vec<usize>,
}

impl Document {
    /// Takes a text as the contents of that file.
    #[must_use]
    pub fn new(file: &Path, text: String) -> Self {
        // Notepad writes this in front of what it saves as UTF-8.
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { file: file.to_path_buf(), text, lines }
    }

    /// Returns the text without a byte order mark.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns what stands between two offsets; nothing where they do not fit.
    #[must_use]
    pub fn part(&self, span: Range<usize>) -> &str {
        self.text.get(span).unwrap_or_default()
    }

    /// Returns the number of the line that has this offset, counted from 1.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|begin| *begin <= offset).max(1)
    }

    /// Returns where a line begins, and the line.
    #[must_use]
    pub fn whole_line(&self, offset: usize) -> (usize, &str) {
        let begin = self.lines.get(self.line(offset) - 1).copied().unwrap_or(0);
        (begin, self.text[begin..].lines().next().unwrap_or_default())
    }

    /// Returns the place of a part of the text.
    #[must_use]
    pub fn place(&self, span: &Range<usize>) -> Place {
        let (begin, line) = self.whole_line(span.start);
        let column = line.char_indices().take_while(|(at, _)| begin + at < span.start).count();
        let width = line.char_indices().filter(|(at, _)| (span.start..span.end).contains(&(begin + at))).count().max(1);
        let left = column.saturating_sub(BEFORE);
        let shown: String = line.chars().skip(left).take(SHOWN).map(|c| if c == '\t' { ' ' } else { c }).collect();
        let before = column - left;
        Place {
            file: self.file.clone(),
            line: self.line(span.start),
            column: column + 1,
            text: printable(shown.trim_end()),
            before,
            width: width.min(SHOWN.saturating_sub(before).max(1)),
        }
    }
}

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// The line, or the part of it around the place, fit to be shown.
    text: String,
    /// How many characters of that stand before the place.
    before: usize,
    /// How many characters are meant.
    width: usize,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Said, and passed over.
    Warning,
    /// Nothing of the configuration is used.
    Error,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub fault: Fault,
    /// The file, where it is about one.
    pub file: Option<PathBuf>,
    /// The place in it.
    pub place: Option<Place>,
}

impl Problem {
    /// Returns where it is and what is wrong, in one line.
    #[must_use]
    pub fn line(&self, language: Language) -> String {
        let word = match self.severity {
            Severity::Warning => warning(language),
            Severity::Error => "",
        };
        format!("{}{word}{}", self.whereabouts(), self.what(language))
    }

    /// As [`Problem::line`], without the word that says how bad it is.
    #[must_use]
    pub fn plain_line(&self, language: Language) -> String {
        format!("{}{}", self.whereabouts(), self.what(language))
    }

    fn whereabouts(&self) -> String {
        let text = match (&self.place, &self.file) {
            (Some(Place { file, line, column, .. }), _) => format!("{}:{line}:{column}: ", file.display()),
            (None, Some(file)) => format!("{}: ", file.display()),
            (None, None) => String::new(),
        };
        printable(&text)
    }

    fn what(&self, language: Language) -> String {
        printable(&fault(&self.fault, language))
    }

    /// Returns what is wrong, the line with a mark under the place, and what to do.
    #[must_use]
    pub fn told(&self, language: Language) -> String {
        let mut text = self.line(language);
        let number = self.place.as_ref().map_or(String::new(), |place| place.line.to_string());
        let gap = " ".repeat(number.len());
        if let Some(place) = &self.place {
            let (before, mark) = (" ".repeat(place.before), "^".repeat(place.width));
            // A text cannot refuse to be written to.
            let _ = write!(text, "\n  {number} | {}\n  {gap} | {before}{mark}", place.text);
        }
        let advice = printable(&advice(&self.fault, language));
        if !advice.is_empty() {
            let _ = write!(text, "\n  {gap} = {advice}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, span: Range<usize>) -> Place {
        Document::new(Path::new("a.toml"), text.to_owned()).place(&span)
    }

    #[test]
    fn places_are_counted_in_lines_and_characters() {
        let text = "é = 1\r\nab = \"é\"\n";
        let found = place(text, 13..17);
        assert_eq!((found.line, found.column, found.before, found.width), (2, 6, 5, 3));
        assert_eq!(found.text, "ab = \"é\"");
        let end = place(text, text.len()..text.len());
        assert_eq!((end.line, end.column, end.width), (3, 1, 1));
        // Beyond the end, and within a letter.
        assert_eq!(place(text, 900..901).line, 3);
        assert_eq!(place(text, 1..2).line, 1);
    }

    #[test]
    fn long_lines_are_cut_around_the_place_and_nothing_steers_the_terminal() {
        let text = format!("{}X{}\u{1b}[2J", "a".repeat(5000), "b".repeat(5000));
        let found = place(&text, 5000..5001);
        assert_eq!((found.column, found.before), (5001, BEFORE));
        assert_eq!(found.text.chars().count(), SHOWN);
        assert_eq!(found.text.chars().nth(BEFORE), Some('X'));
        assert_eq!(place("\ta\u{1b}b", 1..2).text, " a\u{fffd}b");
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        assert_eq!(Document::new(Path::new("a"), "\u{feff}a = 1".into()).text(), "a = 1");
    }
}
