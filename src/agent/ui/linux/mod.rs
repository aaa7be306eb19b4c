//! Linux: icon and menu over `StatusNotifierItem`, notifications over `org.freedesktop.Notifications`, sleep and shutdown from logind.
//!
//! All of it is D-Bus, on one thread that sleeps until something happens; the agent stays on the thread that called. Hazard: every
//! peer may hang. Each of the three parts therefore waits for nobody but its own peer.

mod board;
mod bus;
mod full_screen;
mod notices;
mod session;
mod tray;

use super::{Desk, Hear, Ui, without};
use std::io;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;
use tokio::sync::watch;

/// How long a peer may take to answer. Panels and notification services answer within milliseconds, or hang.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the last orders may take once the agent has returned.
const FAREWELL: Duration = Duration::from_secs(1);

pub(super) fn run<T: Send + 'static>(hear: &Hear, agent: impl FnOnce(Ui) -> T + Send + 'static) -> T {
    let (waker, changed) = watch::channel(());
    let desk = Arc::new(Desk::new(move || {
        waker.send_replace(());
    }));
    // Dropped with the thread, however that ends.
    let (ended, end) = mpsc::channel::<()>();
    let for_desktop = (Arc::clone(&desk), Arc::clone(hear));
    let desktop = move || {
        let _ended = ended;
        let (desk, hear) = for_desktop;
        if draw(&desk, changed, &hear).is_err() {
            without(&hear);
        }
    };
    if thread::Builder::new().name("desktop".to_owned()).spawn(desktop).is_err() {
        without(hear);
    }
    let result = agent(Ui(Arc::clone(&desk)));
    desk.order(|orders| orders.over = true);
    // A desktop that does not come to an end ends with the process.
    let _: Result<(), _> = end.recv_timeout(2 * FAREWELL);
    result
}

/// Draws until the agent has returned.
fn draw(desk: &Arc<Desk>, changed: watch::Receiver<()>, hear: &Hear) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        drop(tokio::spawn(session::run(Arc::clone(desk), changed.clone(), Arc::clone(hear))));
        let drawing = tokio::spawn(bus::run(Arc::clone(desk), changed.clone(), Arc::clone(hear)));
        until(desk, changed, |desk| desk.orders().over).await;
        drop(tokio::time::timeout(FAREWELL, drawing).await);
    });
    // Not waited for: what hangs in the system's resolver would hang here.
    runtime.shutdown_background();
    Ok(())
}

/// Waits until the desk is so.
async fn until(desk: &Desk, mut changed: watch::Receiver<()>, is_so: impl Fn(&Desk) -> bool) {
    while !is_so(desk) && changed.changed().await.is_ok() {}
}

/// Escapes what would be read as markup: tooltips always may have some, notifications where their service says so.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped_once() {
        assert_eq!(escape("R&D <b>x</b> &amp;"), "R&amp;D &lt;b&gt;x&lt;/b&gt; &amp;amp;");
    }
}
