//! Strings from the share, made fit to be shown on a terminal, in a menu and in a log.
//!
//! The hazard: a colleague's note that moves the cursor, sets the window title, turns the line around, or hides half of itself.

use std::borrow::Cow;

/// Strips `text` of everything that is not plain visible text and cuts it to `limit` bytes, counted as JSON writes them.
///
/// Line ends, tabs and line or paragraph separators become spaces; control characters, terminal escapes, direction overrides
/// and isolates, zero-width and invisible formatting characters go. Cleaning twice changes nothing more.
#[must_use]
pub fn clean(text: &str, limit: usize) -> Cow<'_, str> {
    // Nearly every name is plain; this is on the path of every look.
    if text.len() <= limit && text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut used = 0;
    let mut characters = text.chars();
    while let Some(next) = characters.next() {
        let shown = match next {
            '\u{1b}' => {
                skip_escape(&mut characters);
                continue;
            }
            '\u{9b}' => {
                skip_parameters(&mut characters);
                continue;
            }
            '\t' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
            other if other.is_control() || is_invisible(other) => continue,
            other => other,
        };
        used += if matches!(shown, '"' | '\\') { 2 } else { shown.len_utf8() };
        if used > limit {
            break;
        }
        out.push(shown);
    }
    Cow::Owned(out)
}

/// Characters that are not shown but change how others are, or hide something: what Unicode calls default-ignorable (direction marks,
/// embeddings and isolates, zero-width spaces and joiners, fillers, variation selectors, tags), and interlinear annotation.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Leaves out the rest of a terminal escape after its ESC (ECMA-48): a control sequence, a string up to its end, or one
/// character.
fn skip_escape(characters: &mut std::str::Chars<'_>) {
    match characters.next() {
        Some('[') => skip_parameters(characters),
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(next) = characters.next() {
                match next {
                    '\u{7}' | '\u{9c}' => return,
                    '\u{1b}' => {
                        characters.next();
                        return;
                    }
                    _ => {}
                }
            }
        }
        Some(_) | None => {}
    }
}

/// Leaves out the parameters and the final character of a control sequence.
fn skip_parameters(characters: &mut std::str::Chars<'_>) {
    let _final = characters.find(|c| ('\u{40}'..='\u{7e}').contains(c));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_comes_out_plain() {
        let cases = [
            ("plain Müller 漢字", "plain Müller 漢字"),
            ("red\u{1b}[31m text\u{1b}[0m", "red text"),
            ("title\u{1b}]0;owned\u{7} after", "title after"),
            ("title\u{1b}]0;owned\u{1b}\\ after", "title after"),
            ("c1\u{9b}2Jgone", "c1gone"),
            ("never ends\u{1b}]52;c;", "never ends"),
            ("two\nlines\ttab\r", "two lines tab "),
            ("a\u{202e}cba\u{2066}d\u{2069}\u{200e}\u{200f}\u{61c}e", "acbade"),
            ("z\u{200b}\u{200d}\u{feff}w\u{2028}n\u{2029}p", "zw n p"),
            ("bell\u{7}back\u{8}del\u{7f}nul\0", "bellbackdelnul"),
            ("esc at end\u{1b}", "esc at end"),
        ];
        for (text, expected) in cases {
            assert_eq!(clean(text, 200), expected);
        }
    }

    #[test]
    fn the_limit_counts_bytes_as_json_writes_them() {
        assert_eq!(clean("äöü", 5), "äö");
        assert_eq!(clean("\"\"\"", 4), "\"\"");
        assert_eq!(clean("a\\\\", 3), "a\\");
        assert_eq!(clean("\u{1f600}x", 3), "");
        assert_eq!(clean("abc", 0), "");
    }
}
