//! The desktop: icon, menu, notifications, sleep and the end of the session, one file or folder per system.
//!
//! It draws what it is given and says what people did; it decides nothing. The agent's state lives on another thread: a desktop whose
//! panel hangs must not keep a lease from being renewed, and the systems that want their icon on the main thread get it.
//! Orders therefore wait in a [`Desk`], of which only the latest counts: it cannot grow, and nobody waits to give one.

use super::shown::{Notice, NoticeKey, View, Wish};
use crate::platform::signals::Signals;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

mod icons;
#[cfg(target_os = "linux")]
#[path = "linux/mod.rs"]
mod system;
#[cfg(any(windows, target_os = "macos"))]
#[path = "native/mod.rs"]
mod system;
#[cfg(any(windows, test))]
mod toast;

/// What the desktop says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Somebody chose something: in the menu, on a notification, by a click on the icon.
    Wish(Wish),
    /// A notification is on the screen now, in its latest words.
    Shown(NoticeKey),
    /// A notification is gone from the screen without an answer.
    Dismissed(NoticeKey),
    /// Whether an icon can be shown: a panel came or went.
    Tray(bool),
    /// Whether notifications can be shown: their service came or went.
    Notifier(bool),
    /// The computer is about to sleep, and waits up to three seconds for [`Ui::let_sleep`].
    Sleep,
    /// The computer woke up.
    Wake,
    /// The session ends now: give back what is held. May come more than once.
    SessionEnds,
}

/// Whoever listens. Called on threads of the desktop's own, which must not be made to wait.
type Hear = Arc<dyn Fn(Heard) + Send + Sync>;

/// What the agent draws with, from any thread. No call waits for the desktop.
#[derive(Clone)]
pub struct Ui(Arc<Desk>);

impl Ui {
    /// Shows this from now on.
    pub fn show(&self, view: View) {
        self.0.order(|orders| orders.view = Some(view));
    }

    /// Shows a notification, in the place of the one with the same key.
    pub fn notify(&self, notice: Notice) {
        self.0.order(|orders| drop(orders.notices.insert(notice.key, Order::Show(notice))));
    }

    /// Takes a notification back, whether it is still shown or not. What is answered on it from now on is not heard.
    pub fn withdraw(&self, key: NoticeKey) {
        self.0.order(|orders| drop(orders.notices.insert(key, Order::Withdraw)));
    }

    /// Answers [`Heard::Sleep`]: what was to be done before is done.
    pub fn let_sleep(&self) {
        self.0.order(|orders| orders.may_sleep = true);
    }
}

/// Returns the name of a button: never used again, for another showing of the same notice either.
#[cfg(any(target_os = "linux", windows, test))]
fn action(serial: u64, place: usize) -> String {
    format!("{serial}.{place}")
}

/// Returns what is asked for by the button that was pressed, if it is one of this showing.
#[cfg(any(target_os = "linux", windows, test))]
fn meant(notice: &Notice, serial: u64, pressed: &str) -> Option<Wish> {
    let mut buttons = notice.buttons.iter().enumerate();
    buttons.find_map(|(place, (_, wish))| (action(serial, place) == pressed).then(|| wish.clone()))
}

/// Runs the desktop on the calling thread where the system wants that, and the agent on another one; returns when the agent has.
///
/// Must be called on the main thread before any other exists: it takes over the signals, which are heard as [`Heard::SessionEnds`].
/// Without a desktop the agent runs all the same, and hears that there is neither icon nor notifications.
///
/// # Panics
/// If the agent does.
pub fn run<T: Send + 'static>(hear: impl Fn(Heard) + Send + Sync + 'static, agent: impl FnOnce(Ui) -> T + Send + 'static) -> T {
    let hear: Hear = Arc::new(hear);
    let listener = Arc::clone(&hear);
    // Where they cannot be taken over, they end the process as they always did, and the leases lapse.
    drop(Signals::install_with(move |_| {
        listener(Heard::SessionEnds);
        true
    }));
    system::run(&hear, agent)
}

/// Says that there is no desktop.
fn without(hear: &Hear) {
    hear(Heard::Tray(false));
    hear(Heard::Notifier(false));
}

/// Where orders wait for the desktop: the latest view, and the latest word on each notification.
struct Desk {
    orders: Mutex<Orders>,
    /// Tells the desktop's loop to look here.
    wake: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct Orders {
    view: Option<View>,
    notices: BTreeMap<NoticeKey, Order>,
    may_sleep: bool,
    /// The agent has returned.
    over: bool,
}

/// The last word on a notification.
#[derive(Debug, PartialEq, Eq)]
enum Order {
    Show(Notice),
    Withdraw,
}

impl Desk {
    fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self { orders: Mutex::default(), wake: Box::new(wake) }
    }

    fn order(&self, change: impl FnOnce(&mut Orders)) {
        change(&mut self.orders());
        (self.wake)();
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
