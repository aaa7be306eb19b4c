//! The session bus, for as long as there is one, and again when it is back.
//!
//! A bus goes away with the desktop that it belongs to, or because somebody restarted it; panel and notification service go with it.
//! Hazards: a program that asks again and again whether it is back, and one that never finds out. So the folder of the bus's socket is
//! listened to, only while there is no bus. A bus without a file (an abstract socket, or one over the network), or in a folder that is not
//! there, cannot be seen coming and is not waited for.

use super::super::{Desk, Hear, without};
use super::{PATIENCE, notices, tray, until};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::{sleep, timeout};
use zbus::address::transport::{Transport, UnixSocket};
use zbus::{Address, Connection};

/// How long a bus may take from its socket's appearance until it listens; and the least between two tries, also at a bus that always ends.
const MOMENT: Duration = Duration::from_secs(1);

/// How often a bus of which there was a sign is tried.
const TRIES: u32 = 3;

/// Draws on whatever bus there is, until the agent has returned or no other one can be expected.
pub(super) async fn run(desk: Arc<Desk>, changed: watch::Receiver<()>, hear: Hear) {
    let mut coming = None;
    loop {
        if let Ok(connection) = connect(&hear).await {
            coming = None;
            if draw(connection, &desk, &changed, &hear).await == Ended::Over {
                return;
            }
        }
        if coming.is_none() {
            without(&hear);
            coming = Coming::watch();
        }
        let Some(coming) = &mut coming else { return };
        tokio::select! {
            () = coming.next() => {}
            () = until(&desk, changed.clone(), |desk| desk.orders().over) => return,
        }
    }
}

async fn connect(hear: &Hear) -> zbus::Result<Connection> {
    let mut connecting = Box::pin(zbus::connection::Builder::session()?.method_timeout(PATIENCE).build());
    if let Ok(connected) = timeout(PATIENCE, &mut connecting).await {
        return connected;
    }
    // It hangs; it may recover.
    without(hear);
    connecting.await
}

/// How the time on one bus ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The agent has returned.
    Over,
    /// The bus is gone.
    Gone,
}

async fn draw(connection: Connection, desk: &Desk, changed: &watch::Receiver<()>, hear: &Hear) -> Ended {
    // Each waits for its own peer alone; the notices tell the icon that the bus is gone.
    let (here, gone) = oneshot::channel();
    let notices = async {
        let ended = notices::run(connection, desk, changed.clone(), hear).await;
        drop(here);
        ended
    };
    tokio::join!(notices, tray::run(desk, changed.clone(), hear, gone)).0
}

/// Tells when a bus may be there, for as long as this is kept.
struct Coming {
    _native: RecommendedWatcher,
    sign: Arc<Notify>,
    /// How often to try until the next sign.
    tries: u32,
}

impl Coming {
    /// `None` where the system cannot tell. It may have come just before: so there are tries without a sign.
    fn watch() -> Option<Self> {
        let socket = socket(&Address::session().ok()?)?;
        let folder = socket.parent()?.to_path_buf();
        let sign = Arc::new(Notify::new());
        let hears = Arc::clone(&sign);
        let hear = move |event: notify::Result<Event>| {
            if event.as_ref().map_or(true, |event| is_sign(event, &socket)) {
                hears.notify_one();
            }
        };
        let mut native = notify::recommended_watcher(hear).ok()?;
        native.watch(&folder, RecursiveMode::NonRecursive).ok()?;
        Some(Self { _native: native, sign, tries: TRIES })
    }

    /// Waits until it is worth a try.
    async fn next(&mut self) {
        if self.tries == 0 {
            self.sign.notified().await;
            self.tries = TRIES;
        }
        self.tries -= 1;
        sleep(MOMENT).await;
    }
}

/// Returns the file by which a bus is reached, if it is one.
fn socket(bus: &Address) -> Option<PathBuf> {
    match bus.transport() {
        Transport::Unix(unix) => match unix.path() {
            UnixSocket::File(path) => Some(path.into()),
            _ => None,
        },
        _ => None,
    }
}

/// The socket came, by whatever name it was made under. Our own tries are reading, and no sign.
fn is_sign(event: &Event, socket: &PathBuf) -> bool {
    match event.kind {
        EventKind::Access(_) | EventKind::Remove(_) => false,
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Other => {
            event.need_rescan() || event.paths.contains(socket)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{AccessKind, CreateKind, ModifyKind, RemoveKind, RenameMode};

    #[test]
    fn only_a_socket_with_a_name_can_be_seen_coming() {
        let file = |address: &str| socket(&address.parse().unwrap());
        assert_eq!(file("unix:path=/run/user/1000/bus,guid=0123456789abcdef0123456789abcdef"), Some("/run/user/1000/bus".into()));
        for other in ["unix:abstract=/tmp/dbus-x", "unix:dir=/tmp", "tcp:host=localhost,port=4242"] {
            assert_eq!(file(other), None, "{other}");
        }
    }

    #[test]
    fn socket_that_comes_is_a_sign_and_its_going_is_none() {
        let bus = PathBuf::from("/run/user/1000/bus");
        let sign = |kind, path: &str| is_sign(&Event::new(kind).add_path(path.into()), &bus);
        assert!(sign(EventKind::Create(CreateKind::Other), "/run/user/1000/bus"));
        assert!(sign(EventKind::Modify(ModifyKind::Name(RenameMode::To)), "/run/user/1000/bus"));
        assert!(!sign(EventKind::Create(CreateKind::File), "/run/user/1000/other"));
        assert!(!sign(EventKind::Remove(RemoveKind::Other), "/run/user/1000/bus"));
        assert!(!sign(EventKind::Access(AccessKind::Any), "/run/user/1000/bus"));
    }
}
