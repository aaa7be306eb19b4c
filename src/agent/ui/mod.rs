//! The desktop: icon, menu, notifications, sleep and the end of the session, one file or folder per system.
//!
//! It draws what it is given and says what people did; it decides nothing. The agent's state lives on another thread: a desktop whose
//! panel hangs must not keep a lease from being renewed, and the systems that want their icon on the main thread get it.

use super::shown::{NoticeKey, Wish};

/// What the desktop says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Somebody chose something: in the menu, on a notification, by a click on the icon.
    Wish(Wish),
    /// A notification is gone from the screen without an answer.
    Dismissed(NoticeKey),
    /// Whether an icon can be shown: a panel came or went.
    Tray(bool),
    /// Whether notifications can be shown: their service came or went.
    Notifier(bool),
    /// The computer is about to sleep.
    Sleep,
    /// The computer woke up.
    Wake,
    /// The session ends now: give back what is held.
    SessionEnds,
}
