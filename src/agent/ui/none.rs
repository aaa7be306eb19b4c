//! A system whose desktop is not drawn on: the agent runs without icon and notifications, and is told so.
//!
//! What is ordered stays on the desk, which cannot grow.

use super::{Desk, Hear, Heard, Ui};
use std::sync::Arc;

pub(super) fn run<T: Send + 'static>(hear: &Hear, agent: impl FnOnce(Ui) -> T + Send + 'static) -> T {
    hear(Heard::Tray(false));
    hear(Heard::Notifier(false));
    agent(Ui(Arc::new(Desk::new(|| ()))))
}
