//! The agent's log and reports, with real processes and without a desktop.

use crate::support::{Place, Running, Said, eventually, finish, signal};
use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// A user's place with one configured database whose names give away a lot.
struct Office {
    place: Place,
}

const LABEL: &str = "Salaires direction";

impl Office {
    fn new() -> Self {
        let place = Place::new();
        std::fs::create_dir(place.share().join("Paul et Cie")).unwrap();
        let path = place.share().join("Paul et Cie").join("salaires 2026.db");
        std::fs::create_dir_all(place.settings().parent().unwrap()).unwrap();
        let settings = format!("[[database]]\nlabel = '{LABEL}'\npath = '{}'\n", path.display());
        std::fs::write(place.settings(), settings).unwrap();
        Self { place }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.place.command(arguments);
        // An agent of its own, and no desktop.
        command.env("XDG_RUNTIME_DIR", self.place.share().parent().unwrap().join("run"));
        command.env_remove("DBUS_SESSION_BUS_ADDRESS").env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        finish(self.command(arguments))
    }

    fn log(&self) -> String {
        let file = self.place.share().parent().unwrap().join("state/sharelock/agent.log");
        std::fs::read_to_string(file).unwrap_or_default()
    }

    fn agent(&self) -> Running {
        std::fs::create_dir_all(self.place.share().parent().unwrap().join("run")).unwrap();
        let agent = Running::start(self.command(&["agent", "run"]));
        eventually("the agent answers", || self.run(&["agent", "status"]).code == Some(0));
        agent
    }
}

#[test]
fn the_log_tells_what_a_killed_agent_had() {
    let office = Office::new();
    let mut agent = office.agent();
    assert_eq!(office.run(&["take", LABEL]).code, Some(0));
    eventually("the taking is in the log", || office.log().contains(&format!(" held=\"{LABEL}\"")));
    let log = office.log();
    assert!(log.contains("INFO  started version=") && log.contains("WARN  icon: no panel shows icons"), "{log}");
    assert!(log.contains(&format!("INFO  watched database=\"{LABEL}\" path=")) && log.contains("INFO  free database="), "{log}");
    agent.kill();
    let mut next = office.agent();
    eventually("the next agent tells", || office.log().contains("the agent before this one did not end in order"));
    assert!(office.log().contains(&format!("did not end in order database=\"{LABEL}\"")), "{}", office.log());
    assert_eq!(office.run(&["agent", "stop"]).code, Some(0));
    assert_eq!(next.code(), Some(0));
    assert!(office.log().ends_with("INFO  ended\n"), "{}", office.log());
    // The end of the session is a signal.
    let mut last = office.agent();
    signal("TERM", last.pid());
    assert_eq!(last.code(), Some(0));
    assert!(office.log().ends_with("INFO  ended\n") && office.log().contains("ending: the session ends"), "{}", office.log());
    assert_eq!(office.log().matches("did not end in order").count(), 1, "{}", office.log());
}

#[test]
fn a_log_that_cannot_be_written_keeps_nobody_from_working() {
    let office = Office::new();
    std::fs::write(office.place.share().parent().unwrap().join("state"), "not a folder").unwrap();
    let mut agent = office.agent();
    agent.hears("cannot be written");
    assert_eq!(office.run(&["take", LABEL]).code, Some(0));
    office.run(&["agent", "stop"]);
    assert_eq!(agent.code(), Some(0));
}

#[test]
fn a_report_names_nobody_and_what_is_shown_is_what_is_saved() {
    let office = Office::new();
    let state = office.place.share().parent().unwrap().join("state/sharelock");
    std::fs::create_dir_all(&state).unwrap();
    let who = "person=\"Marie Dupont\" computer=\"PC-ACCUEIL\"";
    let line = format!("2026-11-25T09:12:04.310+01:00 INFO  held database=\"{LABEL}\" {who} token=\"7\"\n");
    std::fs::write(state.join("agent.log"), line).unwrap();
    let before = office.place.listing();
    let shown = office.run(&["report", "--show"]);
    assert_eq!((shown.code, office.place.listing()), (Some(0), before), "{shown:?}");
    for name in [LABEL, "Marie", "Dupont", "ACCUEIL", "Paul et Cie", "salaires 2026", office.place.share().to_str().unwrap()] {
        assert!(!shown.out.to_lowercase().contains(&name.to_lowercase()), "{name} is in {}", shown.out);
    }
    let expected = [
        "==> about.txt <==\nA report of Sharelock.",
        "agent        no agent is running",
        "range-locks",
        "\n==> settings.txt <==\n",
        "label = 'database-1'",
        "INFO  held database=\"database-1\" person=\"person-2\" computer=\"computer-2\" token=\"7\"",
    ];
    for part in expected {
        assert!(shown.out.contains(part), "no {part:?} in {}", shown.out);
    }
    let file = office.place.share().join("problem.zip");
    let save = || {
        let mut command = office.command(&["report", "--shown", "-o", file.to_str().unwrap()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(shown.out.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let saved = save();
    assert!(saved.status.success() && String::from_utf8_lossy(&saved.stdout).contains("problem.zip"), "{saved:?}");
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&file).unwrap()).unwrap();
    let mut all = Vec::new();
    for number in 0..archive.len() {
        let mut part = archive.by_index(number).unwrap();
        let name = part.name().unwrap().into_owned();
        let mut text = String::new();
        part.read_to_string(&mut text).unwrap();
        all.push(format!("==> {name} <==\n{text}\n"));
    }
    assert_eq!(all.concat().trim_end(), shown.out.trim_end());
    let again = save();
    assert_eq!(again.status.code(), Some(73), "{again:?}");
    let french = office.command(&["report", "--show"]).env("SHARELOCK_LANG", "fr").output().unwrap();
    assert!(String::from_utf8_lossy(&french.stdout).contains("Un rapport de Sharelock."));
}
