//! Sleep and shutdown, from logind.
//!
//! logind waits for us for a moment before the computer sleeps or shuts down (a delay inhibitor). Hazard: a sleep that we delay and
//! nobody ends; both waits have an end of their own, and logind's. Without logind (containers, other init systems) there is nothing to
//! hear: sleep shows on the boot clock afterwards, and the end of the session comes as a signal.

use super::super::{Desk, Hear, Heard};
use super::{PATIENCE, until};
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;
use zbus::proxy::{Builder, CacheProperties};
use zbus::zvariant::OwnedFd;
use zbus::{Message, Proxy};

/// How long the agent has before the computer sleeps or shuts down: logind's own limit is 5 s unless somebody changed it.
const MOMENT: Duration = Duration::from_secs(3);

pub(super) async fn run(desk: Arc<Desk>, changed: watch::Receiver<()>, hear: Hear) {
    // There is no logind, or it went away: see above.
    drop(listen(&desk, &changed, &hear).await);
}

async fn listen(desk: &Desk, changed: &watch::Receiver<()>, hear: &Hear) -> zbus::Result<()> {
    let connection = zbus::connection::Builder::system()?.method_timeout(PATIENCE).build().await?;
    let manager: Proxy<'_> = Builder::new(&connection)
        .destination("org.freedesktop.login1")?
        .path("/org/freedesktop/login1")?
        .interface("org.freedesktop.login1.Manager")?
        .cache_properties(CacheProperties::No)
        .build()
        .await?;
    let mut sleep = manager.receive_signal("PrepareForSleep").await?;
    let mut shutdown = manager.receive_signal("PrepareForShutdown").await?;
    let mut delay = inhibit(&manager).await;
    loop {
        // Both signals say whether it is about to begin (true) or has ended.
        let (signal, what) = tokio::select! {
            signal = sleep.next() => (signal, Heard::Sleep),
            signal = shutdown.next() => (signal, Heard::SessionEnds),
        };
        let Some(signal) = signal else { return Ok(()) };
        match (begins(&signal)?, what) {
            (true, what) => {
                desk.orders().may_sleep = false;
                hear(what);
                drop(timeout(MOMENT, until(desk, changed.clone(), |desk| desk.orders().may_sleep || desk.orders().over)).await);
                delay = None;
            }
            (false, what) => {
                if what == Heard::Sleep {
                    hear(Heard::Wake);
                }
                delay = match delay {
                    None => inhibit(&manager).await,
                    held => held,
                };
            }
        }
    }
}

fn begins(signal: &Message) -> zbus::Result<bool> {
    signal.body().deserialize()
}

/// Asks to be waited for, for as long as the file is open. May be refused: then it sleeps at once, and we hear of it all the same.
async fn inhibit(manager: &Proxy<'_>) -> Option<OwnedFd> {
    let what = ("sleep:shutdown", "Sharelock", "Looking after what is held", "delay");
    manager.call("Inhibit", &what).await.ok()
}
