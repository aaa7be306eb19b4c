//! Whether somebody works in full screen: asked of the X server when there is a notice to show, and not otherwise.
//!
//! A presentation, a remote desktop or a game fills the screen, and a notice over it disturbs, or tells others what is not theirs. Few
//! notification services know: Plasma's says that it must not disturb, Xfce's and MATE's show it all the same. So the window manager
//! is believed, which says what the active window is and whether it is in full screen (`_NET_ACTIVE_WINDOW`, `_NET_WM_STATE`). On
//! Wayland nobody may ask about others' windows, and nothing is asked: whoever shows notices there knows what is under them.
//!
//! Hazards: an X server that hangs, so it is asked on another thread and not waited for without a limit; a window that goes without a
//! change of its state; and a notice that waits for ever, so that whatever goes wrong counts as the end. There is a connection only while
//! something waits for that end.

use super::PATIENCE;
use std::env;
use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::sync::Arc;
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use x11rb::connection::Connection as _;
use x11rb::errors::ConnectionError;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{Atom, AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, Window};
use x11rb::rust_connection::RustConnection;

/// How many states of a window are read; a dozen are known.
const MOST_STATES: u32 = 64;

/// Somebody works in full screen.
#[derive(Debug)]
pub(super) struct FullScreen {
    /// The connection once more, to be woken by; nothing is read from here.
    readable: UnixStream,
    screen: Arc<Screen>,
    /// Something has changed that was not looked at yet.
    news: bool,
}

impl FullScreen {
    /// Returns it if there is one now.
    pub(super) async fn look() -> Option<Self> {
        let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        if is_set("WAYLAND_DISPLAY") || !is_set("DISPLAY") {
            return None;
        }
        let screen = Arc::new(patiently(Screen::connect).await?);
        if !is_covered(&screen).await {
            return None;
        }
        // Whatever kind of socket it is: asked is only whether there is something to read.
        let readable = screen.connection.stream().as_fd().try_clone_to_owned().ok()?;
        Some(Self { readable: UnixStream::from_std(readable.into()).ok()?, screen, news: false })
    }

    /// Waits until it has ended. May be dropped and called again.
    pub(super) async fn ended(&mut self) {
        loop {
            match self.screen.heard() {
                Ok(news) => self.news |= news,
                Err(_) => return,
            }
            if self.news {
                if !is_covered(&self.screen).await {
                    return;
                }
                // What changed meanwhile is heard now.
                self.news = false;
                continue;
            }
            if self.readable.readable().await.is_err() {
                return;
            }
            // Says that all was read, before it is: what comes from here on wakes us again.
            let _would_block = self.readable.try_io(Interest::READABLE, || Err::<(), _>(ErrorKind::WouldBlock.into()));
        }
    }
}

/// Asks on a thread that may wait, and not for long.
async fn patiently<T: Send + 'static>(ask: impl FnOnce() -> Option<T> + Send + 'static) -> Option<T> {
    timeout(PATIENCE, spawn_blocking(ask)).await.ok()?.ok()?
}

async fn is_covered(screen: &Arc<Screen>) -> bool {
    let screen = Arc::clone(screen);
    patiently(move || screen.is_covered()).await.unwrap_or(false)
}

/// A connection that is told of changes.
#[derive(Debug)]
struct Screen {
    connection: RustConnection,
    root: Window,
    active_window: Atom,
    state: Atom,
    covering: Atom,
}

impl Screen {
    fn connect() -> Option<Self> {
        let (connection, number) = RustConnection::connect(None).ok()?;
        let root = connection.setup().roots.get(number)?.root;
        let changes = ChangeWindowAttributesAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        connection.change_window_attributes(root, &changes).ok()?.check().ok()?;
        let atom = |name: &str| Some(connection.intern_atom(false, name.as_bytes()).ok()?.reply().ok()?.atom);
        let (active_window, state) = (atom("_NET_ACTIVE_WINDOW")?, atom("_NET_WM_STATE")?);
        let covering = atom("_NET_WM_STATE_FULLSCREEN")?;
        Some(Self { connection, root, active_window, state, covering })
    }

    fn is_covered(&self) -> Option<bool> {
        let Some(active) = self.numbers(self.root, self.active_window, AtomEnum::WINDOW)?.first().copied() else {
            return Some(false);
        };
        // Its changes are told from here on, and then it is looked at: nothing is missed in between. It may be gone already.
        let changes = ChangeWindowAttributesAux::new().event_mask(EventMask::PROPERTY_CHANGE | EventMask::STRUCTURE_NOTIFY);
        self.connection.change_window_attributes(active, &changes).ok()?.ignore_error();
        Some(self.numbers(active, self.state, AtomEnum::ATOM)?.contains(&self.covering))
    }

    fn numbers(&self, window: Window, property: Atom, kind: AtomEnum) -> Option<Vec<u32>> {
        let reply = self.connection.get_property(false, window, property, kind, 0, MOST_STATES).ok()?.reply().ok()?;
        Some(reply.value32().map_or_else(Vec::new, Iterator::collect))
    }

    /// Takes what was told, and returns whether another look is worth it.
    fn heard(&self) -> Result<bool, ConnectionError> {
        let mut news = false;
        while let Some(event) = self.connection.poll_for_event()? {
            news |= match event {
                Event::PropertyNotify(change) => change.atom == self.active_window || change.atom == self.state,
                Event::DestroyNotify(_) | Event::UnmapNotify(_) => true,
                _ => false,
            };
        }
        Ok(news)
    }
}
