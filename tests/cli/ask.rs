//! Asking whoever has it: two sessions of one computer, a real agent without a desktop, and what `status` says on either side.
//!
//! What is pressed on a notification is on a real desktop (tests/desktop). Linux alone reads its session from the environment.

use crate::support::{Place, Running, Said, eventually, finish, foreign_notice};
use serde_json::Value;
use std::process::Command;

/// Somebody's session: an agent of their own, and no desktop.
struct Session<'a> {
    place: &'a Place,
    name: &'static str,
}

impl Session<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let sockets = self.place.settings().with_file_name(self.name);
        std::fs::create_dir_all(&sockets).unwrap();
        let mut command = self.place.command(arguments);
        command.env("XDG_SESSION_ID", self.name).env("XDG_RUNTIME_DIR", &sockets);
        for bus in ["DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"] {
            command.env(bus, "unix:path=/nonexistent");
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        finish(self.command(arguments))
    }

    fn status(&self) -> Value {
        serde_json::from_str(&self.run(&["status", "--json", "wems.db"]).out).unwrap()
    }
}

impl Drop for Session<'_> {
    /// No agent outlives its test.
    fn drop(&mut self) {
        drop(self.command(&["agent", "stop"]).output());
    }
}

#[test]
fn a_question_is_seen_on_both_sides_and_ends_with_the_agent() {
    let place = Place::new();
    let (marie, paul) = (Session { place: &place, name: "marie" }, Session { place: &place, name: "paul" });
    let hold = Running::start(marie.command(&["hold", "--json", "wems.db"]));
    hold.event("acquired");
    let asked = paul.run(&["ask", "--note", "just two \u{1b}[2Jinvoices", "wems.db"]);
    assert_eq!(asked.code, Some(0), "{asked:?}");
    assert!(asked.out.contains("is asked. The answer comes as a notification"), "{asked:?}");
    let mut seen = Value::Null;
    eventually("the question on the share", || {
        seen = paul.status();
        seen["place"] == 1
    });
    let waiter = &seen["waiting"][0];
    assert_eq!((&waiter["self"], &waiter["note"]), (&true.into(), &"just two invoices".into()), "{seen}");
    assert!(waiter["asks"]["at"].is_string(), "{seen}");
    assert_eq!((&waiter["asks"]["reply"], &waiter["asks"]["minutes"]), (&Value::Null, &Value::Null), "nobody was shown it");
    let told = paul.run(&["status", "wems.db"]).out;
    assert!(told.contains("You are first in line.") && told.contains("Nothing tells yet that the question was seen."), "{told}");
    let told = marie.run(&["status", "wems.db"]).out;
    assert!(told.contains("asks for it: “just two invoices”"), "{told}");
    // Marie's agent has no screen to show it on, and so it says nothing.
    let mut agent = Running::start(marie.command(&["agent", "run", "wems.db"]));
    eventually("an agent", || marie.run(&["agent", "status"]).out.contains("wems.db: yours"));
    assert_eq!(paul.status()["waiting"][0]["asks"]["reply"], Value::Null);
    assert_eq!(marie.run(&["agent", "stop"]).code, Some(0));
    assert_eq!(agent.code(), Some(0));
    assert_eq!(paul.run(&["agent", "stop"]).code, Some(0));
    eventually("an empty line", || marie.status()["waiting"] == Value::Array(Vec::new()));
}

#[test]
fn nobody_is_asked_where_there_is_nobody_to_ask() {
    let place = Place::new();
    let paul = Session { place: &place, name: "paul" };
    let free = paul.run(&["ask", "wems.db"]);
    assert_eq!((free.code, free.out.as_str()), (Some(0), "wems.db is free.\n"));
    let gone = paul.run(&["ask", "nowhere/wems.db"]);
    assert_eq!(gone.code, Some(69), "{gone:?}");
    assert!(gone.out.contains("This does not mean that the database is free."), "{gone:?}");
    assert_eq!(paul.run(&["agent", "status"]).code, Some(69), "no agent is started for nothing");
    let hold = Running::start(paul.command(&["hold", "--json", "mine.db"]));
    hold.event("acquired");
    let mine = paul.run(&["ask", "mine.db"]);
    assert_eq!(mine.code, Some(0));
    assert!(mine.out.starts_with("mine.db: you have been using it since "), "{mine:?}");
    foreign_notice(&place, "other.db", "marie", "PC-ACCUEIL");
    let other = paul.run(&["ask", "other.db"]);
    assert_eq!((other.code, other.err.as_str()), (Some(75), "other.db: whoever has it cannot be asked.\n"), "{other:?}");
    assert!(place.listing().iter().all(|path| !path.ends_with("queue")), "nothing is left in a line");
}
