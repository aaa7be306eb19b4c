//! Windows: the notification area, the end of the session, sleep.
//!
//! The icon is drawn for the colour and the scale that the task bar has now; whenever the system says that something of that has
//! changed, it is drawn anew.
//!
//! Hazard: Windows ends the process a moment after it said that the session ends, and sleeps two seconds after it said so: both are
//! waited for here, on the main thread, while the agent gives back on its own.

use super::super::icons::{Frame, on_dark};
use super::super::{Desk, Hear, Heard, Orders};
use super::{Call, call};
use crate::platform::app_identity;
use crate::platform::session_window::{self, Occasion, SessionWindow};
use std::sync::{Arc, Condvar, PoisonError};
use std::time::Duration;
use tray_icon::{Icon, MouseButton, TrayIcon, TrayIconBuilder};
use winit::error::EventLoopError;
use winit::event_loop::{EventLoop, EventLoopProxy};

/// How long the agent has before the computer sleeps; Windows waits two seconds.
const BEFORE_SLEEP: Duration = Duration::from_millis(1_800);
/// How long the agent has before the session ends; Windows waits five seconds.
const BEFORE_END: Duration = Duration::from_secs(4);

pub(super) use super::notices::begin as notices;

pub(super) fn event_loop() -> Result<EventLoop<Call>, EventLoopError> {
    // Before the first window. Without it the panel shows the program's own name, and nothing is notified.
    drop(app_identity::declare());
    EventLoop::with_user_event().build()
}

/// Listens to what the system says to windows. Without that, sleep shows on the clock afterwards, and leases lapse.
pub(super) fn session(desk: &Arc<Desk>, rung: &Arc<Condvar>, hear: &Hear, proxy: &EventLoopProxy<Call>) -> Option<SessionWindow> {
    let (desk, rung, hear, proxy) = (Arc::clone(desk), Arc::clone(rung), Arc::clone(hear), proxy.clone());
    let happens = move |occasion| match occasion {
        Occasion::Sleep => {
            desk.orders().may_sleep = false;
            hear(Heard::Sleep);
            until(&desk, &rung, BEFORE_SLEEP, |orders| orders.may_sleep || orders.over);
        }
        Occasion::Wake => hear(Heard::Wake),
        Occasion::End => {
            hear(Heard::SessionEnds);
            until(&desk, &rung, BEFORE_END, |orders| orders.over);
        }
        Occasion::Panel => call(&proxy, Call::Panel),
    };
    SessionWindow::open(happens).ok()
}

/// Waits until the desk is so, at most that long.
fn until(desk: &Desk, rung: &Condvar, limit: Duration, is_so: impl Fn(&Orders) -> bool) {
    let waited = rung.wait_timeout_while(desk.orders(), limit, |orders| !is_so(orders));
    drop(waited.unwrap_or_else(PoisonError::into_inner));
}

pub(super) const fn opens_menu(button: MouseButton) -> bool {
    matches!(button, MouseButton::Right)
}

pub(super) const fn is_click(button: MouseButton) -> bool {
    matches!(button, MouseButton::Left)
}

pub(super) fn with_icon(builder: TrayIconBuilder, frames: &[Frame]) -> TrayIconBuilder {
    match icon(frames) {
        Some(icon) => builder.with_icon(icon),
        None => builder,
    }
}

pub(super) fn set_icon(tray: &TrayIcon, frames: &[Frame]) -> bool {
    tray.set_icon(icon(frames)).is_ok()
}

/// The frame that the panel shows without scaling it: its small icons grow with its scale.
fn icon(frames: &[Frame]) -> Option<Icon> {
    let wanted = session_window::panel_icon_side();
    let frame = frames.iter().find(|frame| frame.side >= wanted).or(frames.last())?;
    let rgba = if session_window::panel_is_light() { frame.rgba.clone() } else { on_dark(frame) };
    Icon::from_rgba(rgba, frame.side.into(), frame.side.into()).ok()
}
