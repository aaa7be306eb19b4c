//! macOS: an icon in the menu bar, without a place in the Dock. Type-checked only: nobody has run it yet.
//!
//! The menu bar draws template images in its own colour, from their opacity alone, so the light halo that the drawings have for other
//! panels is taken off. Notifications need an application bundle, and sleep an observer: there is neither yet, and both are told as
//! missing; a sleep shows on the clock afterwards, and the end of the session comes as a signal.

use super::super::icons::Frame;
use super::super::{Desk, Hear};
use super::Call;
use std::sync::{Arc, Condvar};
use tray_icon::{Icon, MouseButton, TrayIcon, TrayIconBuilder};
use winit::error::EventLoopError;
use winit::event_loop::{EventLoop, EventLoopProxy};
use winit::platform::macos::{ActivationPolicy, EventLoopBuilderExtMacOS as _};

pub(super) fn event_loop() -> Result<EventLoop<Call>, EventLoopError> {
    EventLoop::with_user_event().with_activation_policy(ActivationPolicy::Accessory).build()
}

pub(super) const fn session(_: &Arc<Desk>, _: &Arc<Condvar>, _: &Hear, _: &EventLoopProxy<Call>) -> Option<()> {
    None
}

pub(super) const fn notices(_: &Arc<Desk>, _: &Arc<Condvar>, _: &Hear) -> Option<()> {
    None
}

/// In the menu bar, every click opens the menu.
pub(super) const fn opens_menu(button: MouseButton) -> bool {
    matches!(button, MouseButton::Left | MouseButton::Right)
}

pub(super) const fn is_click(_: MouseButton) -> bool {
    false
}

pub(super) fn with_icon(builder: TrayIconBuilder, frames: &[Frame]) -> TrayIconBuilder {
    match icon(frames) {
        Some(icon) => builder.with_icon_templated(icon),
        None => builder,
    }
}

pub(super) fn set_icon(tray: &TrayIcon, frames: &[Frame]) -> bool {
    tray.set_icon_templated(icon(frames)).is_ok()
}

fn icon(frames: &[Frame]) -> Option<Icon> {
    let frame = frames.last()?;
    Icon::from_rgba(template(&frame.rgba), frame.side.into(), frame.side.into()).ok()
}

/// Black where there is ink, as opaque as the ink is far from white.
fn template(rgba: &[u8]) -> Vec<u8> {
    let pixel = |pixel: &[u8]| {
        let darkness = 255 - u16::from(pixel[..3].iter().copied().min().unwrap_or(u8::MAX));
        [0, 0, 0, u8::try_from(u16::from(pixel[3]) * darkness / 255).unwrap_or(u8::MAX)]
    };
    rgba.chunks_exact(4).flat_map(pixel).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halo_is_taken_off_and_ink_stays() {
        assert_eq!(template(&[255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 0]), [0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 0]);
    }
}
