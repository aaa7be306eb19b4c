//! Linux: icon and menu over `StatusNotifierItem`, notifications over `org.freedesktop.Notifications`, sleep and shutdown from logind.
//!
//! All of it is D-Bus, on one thread that sleeps until something happens; the agent stays on the thread that called. Hazard: every
//! peer may hang. Each of the three parts is therefore a task of its own, that waits for nobody but its own peer.

use super::{Desk, Hear, Heard, Ui};
use std::sync::Arc;

pub(super) fn run<T: Send + 'static>(hear: Hear, agent: impl FnOnce(Ui) -> T + Send + 'static) -> T {
    hear(Heard::Tray(false));
    hear(Heard::Notifier(false));
    agent(Ui(Arc::new(Desk::new(|| ()))))
}
