//! What Windows' notification service is asked to show, and what its answers mean: pure, so that it can be tried on every system.
//!
//! Hazards: texts from the share that would become markup, and a description that is too long, which Windows refuses whole (5 KB), so
//! texts are escaped and bounded here; and an answer to something else than what was read. Each showing has a number of its own: what
//! comes from a toast that was replaced, withdrawn or answered means nothing. A click beside the buttons answers nothing either.

use super::{action, meant};
use crate::agent::shown::{Notice, NoticeKey, Topic, Wish};
use crate::agent::view::short;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The most letters of a text that are shown; with each of them escaped, everything stays below the limit.
const TITLE: usize = 100;
const BODY: usize = 300;
const BUTTON: usize = 40;

/// Returns the name under which a toast is replaced and withdrawn: 16 units at most.
pub(super) fn tag(key: NoticeKey) -> String {
    let topic = match key.1 {
        Topic::Free => "free",
        Topic::Hold => "hold",
        Topic::Share => "share",
        Topic::Ask => "ask",
    };
    format!("{}-{topic}", key.0.0)
}

/// Describes a notice as Windows wants it.
///
/// What is urgent stays on the screen until it is answered: Windows promises that of reminders that have buttons.
pub(super) fn xml(notice: &Notice, serial: u64) -> String {
    let mut xml = String::from(if notice.urgent { "<toast scenario=\"reminder\">" } else { "<toast>" });
    xml.push_str("<visual><binding template=\"ToastGeneric\">");
    for text in [short(&notice.title, TITLE), short(&notice.body, BODY)].iter().filter(|text| !text.is_empty()) {
        let _ = write!(xml, "<text>{}</text>", escape(text));
    }
    xml.push_str("</binding></visual>");
    if !notice.buttons.is_empty() {
        xml.push_str("<actions>");
        for (place, (text, _)) in notice.buttons.iter().enumerate() {
            let (text, action) = (escape(&short(text, BUTTON)), action(serial, place));
            let _ = write!(xml, "<action content=\"{text}\" arguments=\"{action}\"/>");
        }
        xml.push_str("</actions>");
    }
    xml.push_str("</toast>");
    xml
}

/// Writes a text so that it is one, in an element and in an attribute; what XML cannot have at all becomes a mark.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\n' => escaped.push('\n'),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// What is shown, or lies among the notifications of the day.
#[derive(Debug, Default)]
pub(super) struct Board {
    shown: BTreeMap<NoticeKey, (u64, Notice)>,
    /// Counts showings, and is never set back.
    serial: u64,
}

impl Board {
    /// Notes that this is about to be shown, in the place of the one with its key; returns the showing's number.
    pub(super) fn put(&mut self, notice: &Notice) -> u64 {
        self.serial += 1;
        self.shown.insert(notice.key, (self.serial, notice.clone()));
        self.serial
    }

    /// Forgets it; false when it is not there.
    pub(super) fn remove(&mut self, key: NoticeKey) -> bool {
        self.shown.remove(&key).is_some()
    }

    /// The toast of this showing was pressed, and is gone by that: what was asked for, or only that.
    pub(super) fn pressed(&mut self, serial: u64, pressed: &str) -> Option<Result<Wish, NoticeKey>> {
        let (key, notice) = self.close(serial)?;
        Some(meant(&notice, serial, pressed).ok_or(key))
    }

    /// The toast of this showing is gone without an answer.
    pub(super) fn dismissed(&mut self, serial: u64) -> Option<NoticeKey> {
        self.close(serial).map(|(key, _)| key)
    }

    fn close(&mut self, serial: u64) -> Option<(NoticeKey, Notice)> {
        let key = self.shown.iter().find(|(_, (shown, _))| *shown == serial).map(|(key, _)| *key)?;
        self.shown.remove(&key).map(|(_, notice)| (key, notice))
    }

    /// Returns those with buttons.
    pub(super) fn asking(&self) -> Vec<NoticeKey> {
        self.shown.values().filter(|(_, notice)| !notice.buttons.is_empty()).map(|(_, notice)| notice.key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::shown::Key;

    const FREE: NoticeKey = NoticeKey(Key(1), Topic::Free);

    fn notice(title: &str, body: &str) -> Notice {
        let buttons = vec![("Open".to_owned(), Wish::Open(Key(1))), ("Not now".to_owned(), Wish::ForgetMe(Key(1)))];
        Notice { key: FREE, title: title.to_owned(), body: body.to_owned(), buttons, urgent: false }
    }

    #[test]
    fn names_from_the_share_are_text_and_nothing_else() {
        let hostile = "R&D</text><action content='x'/>\"\u{7}\u{ffff}é";
        let mut shown = notice(hostile, hostile);
        shown.buttons = vec![(hostile.to_owned(), Wish::Quit)];
        let made = xml(&shown, 7);
        let text = "R&amp;D&lt;/text&gt;&lt;action content=&apos;x&apos;/&gt;&quot;\u{fffd}\u{fffd}é";
        let expected = format!(
            "<toast><visual><binding template=\"ToastGeneric\"><text>{text}</text><text>{text}</text></binding></visual>\
             <actions><action content=\"R&amp;D&lt;/text&gt;&lt;action content=&apos;x&apos;/&gt;&quot;\u{fffd}\u{fffd}é\" \
             arguments=\"7.0\"/></actions></toast>"
        );
        assert_eq!(made, expected);
    }

    #[test]
    fn what_is_urgent_stays_and_what_is_empty_is_left_out() {
        let made = xml(&Notice { urgent: true, body: String::new(), buttons: Vec::new(), ..notice("a", "") }, 1);
        let expected =
            "<toast scenario=\"reminder\"><visual><binding template=\"ToastGeneric\"><text>a</text></binding></visual></toast>";
        assert_eq!(made, expected);
    }

    #[test]
    fn the_longest_description_is_below_the_limit_of_windows() {
        let long = "\"".repeat(100_000);
        let mut shown = notice(&long, &long);
        shown.buttons = vec![(long.clone(), Wish::Quit), (long, Wish::Quit), (String::new(), Wish::Quit)];
        let made = xml(&shown, u64::MAX);
        assert!(made.len() < 5 * 1024 && made.contains('…'), "{}", made.len());
        assert!(tag(NoticeKey(Key(u32::MAX), Topic::Share)).len() <= 16);
    }

    #[test]
    fn buttons_mean_their_own_wish_once_and_the_rest_is_no_answer() {
        let mut board = Board::default();
        let old = board.put(&notice("a", "b"));
        let new = board.put(&notice("a", "c"));
        assert_eq!(board.pressed(old, &action(old, 0)), None, "it was replaced");
        assert_eq!(board.dismissed(old), None);
        assert_eq!(board.asking(), [FREE]);
        assert_eq!(board.pressed(new, &action(new, 1)), Some(Ok(Wish::ForgetMe(Key(1)))));
        assert_eq!(board.pressed(new, &action(new, 0)), None, "it was answered");
        for beside in [String::new(), action(new, 0), "3.9".to_owned()] {
            let serial = board.put(&notice("a", "b"));
            assert_eq!(board.pressed(serial, &beside), Some(Err(FREE)), "{beside}");
        }
        let serial = board.put(&notice("a", "b"));
        assert!(board.remove(FREE) && !board.remove(FREE));
        assert_eq!((board.dismissed(serial), board.pressed(serial, &action(serial, 0))), (None, None), "it was withdrawn");
        let serial = board.put(&notice("a", "b"));
        assert_eq!(board.dismissed(serial), Some(FREE));
    }
}
