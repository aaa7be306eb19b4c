//! The tooltip's text, which Windows gives 128 UTF-16 units, a final zero among them.
//!
//! Hazard: a name that is cut in the middle of a character, or looks whole although it was cut.

use crate::agent::shown::View;

/// How many units there are for text.
const UNITS: usize = 127;

/// Returns title and sentences, as much as there is room for.
pub(super) fn tooltip(view: &View) -> String {
    let text = if view.tooltip.is_empty() { view.title.clone() } else { format!("{}\n{}", view.title, view.tooltip) };
    cut(&text)
}

fn cut(text: &str) -> String {
    if text.encode_utf16().count() <= UNITS {
        return text.to_owned();
    }
    let mut left = UNITS - 1;
    let fitting = text.chars().take_while(|letter| {
        let fits = letter.len_utf16() <= left;
        left = left.saturating_sub(letter.len_utf16());
        fits
    });
    fitting.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_left_alone() {
        assert_eq!(cut(&"é".repeat(UNITS)), "é".repeat(UNITS));
    }

    #[test]
    fn cut_text_says_so_and_ends_with_a_whole_character() {
        assert_eq!(cut(&"a".repeat(UNITS + 1)), "a".repeat(UNITS - 1) + "…");
        // Two units each: after one unit there is room for 62 of them, and half of another one.
        let letters = cut(&format!("a{}", "𝄞".repeat(100)));
        assert_eq!(letters, format!("a{}…", "𝄞".repeat(62)));
        assert!(letters.encode_utf16().count() <= UNITS);
    }
}
