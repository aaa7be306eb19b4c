//! Stand-ins for what a desktop in a container has not: logind, and a notification service that can do little.
//!
//! They say what they are asked and do what they are told, line by line, as the planted agent does. Hazard: a stand-in that is kinder
//! than the real one; these refuse nothing and promise nothing, and what they send has the signatures of the specifications.

#![expect(
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
    clippy::unused_self,
    reason = "the interfaces have the shape that the specifications give them"
)]

use super::say;
use std::collections::HashMap;
use std::io::{BufRead, Read};
use zbus::fdo::Properties;
use zbus::names::InterfaceName;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::{OwnedFd, OwnedValue, Value};
use zbus::{Connection, connection, interface};

const LOGIND: &str = "/org/freedesktop/login1";
const NOTIFICATIONS: &str = "/org/freedesktop/Notifications";

/// Plays one of them until standard input ends.
pub(super) fn play(which: &str) -> zbus::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || std::io::stdin().lock().lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
    runtime.block_on(async {
        let connection = if which == "logind" {
            connection::Builder::system()?.name("org.freedesktop.login1")?.serve_at(LOGIND, Logind)?
        } else {
            let notifier = Notifier { shown: 0, inhibited: false };
            connection::Builder::session()?.name("org.freedesktop.Notifications")?.serve_at(NOTIFICATIONS, notifier)?
        };
        let connection = connection.build().await?;
        say("there");
        while let Some(line) = lines.recv().await {
            obey(&connection, &line).await?;
        }
        Ok(())
    })
}

async fn obey(connection: &Connection, line: &str) -> zbus::Result<()> {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["sleep", begins] => Logind::prepare_for_sleep(&SignalEmitter::new(connection, LOGIND)?, begins == "true").await,
        ["shutdown", begins] => Logind::prepare_for_shutdown(&SignalEmitter::new(connection, LOGIND)?, begins == "true").await,
        ["press", number, action] => {
            let emitter = SignalEmitter::new(connection, NOTIFICATIONS)?;
            Notifier::action_invoked(&emitter, number.parse().expect("a number"), action).await
        }
        ["inhibit", on] => {
            let notifier = connection.object_server().interface::<_, Notifier>(NOTIFICATIONS).await?;
            notifier.get_mut().await.inhibited = on == "true";
            let name = InterfaceName::from_static_str_unchecked("org.freedesktop.Notifications");
            let changed = HashMap::from([("Inhibited", Value::from(on == "true"))]);
            Properties::properties_changed(notifier.signal_emitter(), name, changed, [].as_slice().into()).await
        }
        _ => panic!("not understood: {line}"),
    }
}

struct Logind;

#[interface(name = "org.freedesktop.login1.Manager")]
impl Logind {
    fn inhibit(&self, what: &str, who: &str, why: &str, mode: &str) -> zbus::fdo::Result<OwnedFd> {
        let (mut held, lock) = std::io::pipe().map_err(|error| zbus::fdo::Error::IOError(error.to_string()))?;
        say(&format!("inhibited {what} {mode}: {who}: {why}"));
        // Ends when whoever asked has closed its end.
        std::thread::spawn(move || {
            drop(held.read(&mut [0]));
            say("released");
        });
        Ok(std::os::fd::OwnedFd::from(lock).into())
    }

    #[zbus(signal)]
    async fn prepare_for_sleep(emitter: &SignalEmitter<'_>, begins: bool) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn prepare_for_shutdown(emitter: &SignalEmitter<'_>, begins: bool) -> zbus::Result<()>;
}

struct Notifier {
    shown: u32,
    inhibited: bool,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Notifier {
    fn get_capabilities(&self) -> Vec<String> {
        vec!["body".to_owned()]
    }

    fn notify(
        &mut self,
        program: &str,
        replaces: u32,
        icon: &str,
        title: &str,
        body: &str,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        expires: i32,
    ) -> u32 {
        self.shown += 1;
        let number = if replaces == 0 { self.shown } else { replaces };
        let urgency = hints.get("urgency").and_then(|urgency| u8::try_from(urgency).ok());
        say(&format!("shown {number}: {program}{icon}: {title}: {body} {actions:?} urgency {urgency:?} expires {expires}"));
        number
    }

    fn close_notification(&self, number: u32) {
        say(&format!("closed {number}"));
    }

    #[zbus(property)]
    fn inhibited(&self) -> bool {
        say(&format!("asked whether it must not disturb: {}", self.inhibited));
        self.inhibited
    }

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, number: u32, action: &str) -> zbus::Result<()>;
}
