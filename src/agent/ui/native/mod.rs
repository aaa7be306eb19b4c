//! Windows and macOS: an icon and a menu that belong to the main thread, where a `winit` loop sleeps until somebody calls.
//!
//! The agent runs on another thread, and its orders wait on the desk. Hazards: a menu that is replaced while it is open (the system
//! would go on drawing what was freed, or the click would mean something else), so it is opened from within the loop, which hears
//! nothing until it is closed, and what was chosen is heard before anything is drawn; and a panel that was not there when the icon was
//! made, or was restarted: the icon is then made anew, and whether it is there is said.

mod menu;
#[cfg(windows)]
mod notices;
#[cfg(windows)]
#[path = "windows.rs"]
mod panel;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod panel;
mod tooltip;

use super::{Desk, Hear, Heard, Order, Ui, icons, without};
use crate::agent::shown::View;
use menu::Menu;
use std::collections::BTreeMap;
use std::mem::take;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Condvar};
use std::thread;
use std::time::Duration;
use tooltip::tooltip;
use tray_icon::{MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use winit::application::ApplicationHandler;
use winit::event::WindowEvent;
use winit::event_loop::{ActiveEventLoop, EventLoop, EventLoopProxy};
use winit::window::WindowId;

/// How long the loop may take to end once the agent has.
const LAST_WORD: Duration = Duration::from_secs(3);

/// Why the loop is woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    /// There are orders on the desk.
    Orders,
    /// The icon was clicked.
    Click,
    /// The menu is asked for.
    Menu,
    /// The menu was closed, and what was chosen in it was heard.
    MenuClosed,
    /// The panel is another one, or has another scale.
    #[cfg_attr(target_os = "macos", expect(dead_code, reason = "the menu bar takes care of that itself"))]
    Panel,
}

pub(super) fn run<T: Send + 'static>(hear: &Hear, agent: impl FnOnce(Ui) -> T + Send + 'static) -> T {
    let Ok(event_loop) = panel::event_loop() else {
        without(hear);
        return agent(Ui(Arc::new(Desk::new(|| ()))));
    };
    let proxy = event_loop.create_proxy();
    let (called, rung) = (Arc::new(AtomicBool::new(false)), Arc::new(Condvar::new()));
    let waker = (proxy.clone(), Arc::clone(&called), Arc::clone(&rung));
    let desk = Arc::new(Desk::new(move || {
        let (proxy, called, rung) = &waker;
        rung.notify_all();
        // One call is enough for any number of orders.
        if !called.swap(true, Ordering::AcqRel) {
            call(proxy, Call::Orders);
        }
    }));
    // Both are kept until the loop has ended.
    let _session = panel::session(&desk, &rung, hear, &proxy);
    let notices = panel::notices(&desk, &rung, hear);
    if notices.is_none() {
        hear(Heard::Notifier(false));
    }
    let over = Over(Arc::clone(&desk));
    let ui = Ui(Arc::clone(&desk));
    let (drawing, drawn) = channel::<()>();
    let agent = thread::Builder::new()
        .name("agent".to_owned())
        .spawn(move || {
            let result = {
                let _over = over;
                agent(ui)
            };
            // A loop that does not hear it (Wine's, without a display) must not keep the place of the next agent: all is given back.
            if drawn.recv_timeout(LAST_WORD) == Err(RecvTimeoutError::Timeout) {
                std::process::exit(0);
            }
            result
        })
        .expect("a thread for the agent");
    draw(event_loop, Native::new(desk, called, Arc::clone(hear), proxy, notices.is_some()));
    drop(drawing);
    agent.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn call(proxy: &EventLoopProxy<Call>, what: Call) {
    // A loop that has ended has nothing to draw.
    let _: Result<(), _> = proxy.send_event(what);
}

/// Draws until the agent has returned.
fn draw(event_loop: EventLoop<Call>, mut native: Native) {
    let clicks = native.proxy.clone();
    TrayIconEvent::set_event_handler(Some(move |event| {
        if let TrayIconEvent::Click { button, button_state: MouseButtonState::Up, .. } = event {
            if panel::opens_menu(button) {
                call(&clicks, Call::Menu);
            } else if panel::is_click(button) {
                call(&clicks, Call::Click);
            }
        }
    }));
    if event_loop.run_app(&mut native).is_err() {
        without(&native.hear);
    }
}

/// Says that the agent has returned, however it did.
struct Over(Arc<Desk>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.order(|orders| orders.over = true);
    }
}

struct Native {
    desk: Arc<Desk>,
    /// The loop was called and has not looked at the desk yet.
    called: Arc<AtomicBool>,
    hear: Hear,
    proxy: EventLoopProxy<Call>,
    menu: Menu,
    tray: Option<TrayIcon>,
    view: Option<View>,
    /// What was said last about the icon.
    here: Option<bool>,
    /// The menu was open, and what was chosen in it is on its way.
    choosing: bool,
    /// Somebody else shows notifications.
    notifies: bool,
}

impl Native {
    fn new(desk: Arc<Desk>, called: Arc<AtomicBool>, hear: Hear, proxy: EventLoopProxy<Call>, notifies: bool) -> Self {
        let menu = Menu::new(Arc::clone(&hear));
        Self { desk, called, hear, proxy, menu, tray: None, view: None, here: None, choosing: false, notifies }
    }

    /// Does what is ordered; false when the agent has returned.
    fn obey(&mut self) -> bool {
        self.called.store(false, Ordering::Release);
        let (view, notices, over) = {
            let mut orders = self.desk.orders();
            let view = if self.choosing { None } else { orders.view.take() };
            let notices = if self.notifies { BTreeMap::new() } else { take(&mut orders.notices) };
            (view, notices, orders.over)
        };
        // Where there are none, each is gone at once.
        for (key, _) in notices.into_iter().filter(|(_, order)| matches!(order, Order::Show(_))) {
            (self.hear)(Heard::Dismissed(key));
        }
        if let Some(view) = view {
            self.show(view);
        }
        !over
    }

    fn show(&mut self, view: View) {
        let old = self.view.replace(view);
        let Some(view) = &self.view else { return };
        let here = match &self.tray {
            Some(tray) if is_drawn(tray, view) => {
                if old.is_none_or(|old| old.menu != view.menu) {
                    tray.set_menu(self.menu.draw(&view.menu));
                }
                true
            }
            // There was no panel to change it in. A new one keeps the present state for the panel that comes.
            _ => {
                self.tray = None;
                self.tray = build(view, &mut self.menu);
                self.tray.as_ref().is_some_and(|tray| tray.set_tooltip(Some(tooltip(view))).is_ok())
            }
        };
        if self.here.replace(here) != Some(here) {
            (self.hear)(Heard::Tray(here));
        }
    }

    /// Shows the same again, every part of it.
    fn show_again(&mut self) {
        if let Some(view) = self.view.take() {
            self.show(view);
        }
    }

    /// Opens the menu, and returns when it is closed; what was chosen comes by a message that the loop has yet to fetch.
    fn open_menu(&mut self) {
        if let Some(tray) = &self.tray {
            self.choosing = true;
            tray.show_menu();
            call(&self.proxy, Call::MenuClosed);
        }
    }
}

/// Changes icon and tooltip; false where there is no panel to show them.
fn is_drawn(tray: &TrayIcon, view: &View) -> bool {
    panel::set_icon(tray, &icons::icon(view.face, view.attention)) && tray.set_tooltip(Some(tooltip(view))).is_ok()
}

fn build(view: &View, menu: &mut Menu) -> Option<TrayIcon> {
    let builder =
        TrayIconBuilder::new().with_menu_on_left_click(false).with_menu_on_right_click(false).with_tooltip(tooltip(view));
    let builder = panel::with_icon(builder, &icons::icon(view.face, view.attention));
    let builder = match menu.draw(&view.menu) {
        Some(menu) => builder.with_menu(menu),
        None => builder,
    };
    builder.build().ok()
}

impl ApplicationHandler<Call> for Native {
    fn resumed(&mut self, _: &ActiveEventLoop) {}

    fn window_event(&mut self, _: &ActiveEventLoop, _: WindowId, _: WindowEvent) {}

    fn user_event(&mut self, event_loop: &ActiveEventLoop, call: Call) {
        match call {
            Call::Orders => {}
            Call::Click => {
                if let Some(view) = &self.view {
                    (self.hear)(Heard::Wish(view.click.clone()));
                }
            }
            Call::Menu => self.open_menu(),
            Call::MenuClosed => {
                self.choosing = false;
                // A line with a check mark has changed by itself.
                self.show_again();
            }
            // When the menu is closed, all is shown again anyway.
            Call::Panel if self.choosing => {}
            Call::Panel => self.show_again(),
        }
        if !self.obey() {
            self.tray = None;
            event_loop.exit();
        }
    }
}
