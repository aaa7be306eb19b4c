//! What was typed wrong, and what is asked about the program itself.

use crate::support::{Place, finish};

#[test]
fn mistakes_in_the_command_line_are_64() {
    let place = Place::new();
    let mistakes: [&[&str]; 10] = [
        &[],
        &["status"],
        &["frobnicate"],
        &["run", "wems.db"],
        &["run", "wems.db", "--"],
        &["run", "-w", "soon", "wems.db", "--", "true"],
        &["run", "-n", "-w", "5", "wems.db", "--", "true"],
        &["run", "-E", "256", "wems.db", "--", "true"],
        &["run", "--on-lost", "panic", "wems.db", "--", "true"],
        &["hold", "--nonsense", "wems.db"],
    ];
    for mistake in mistakes {
        let said = place.run(mistake);
        assert_eq!(said.code, Some(64), "{mistake:?}: {said:?}");
        assert!(said.out.is_empty() && !said.err.is_empty(), "{mistake:?}: {said:?}");
    }
    assert!(place.listing().is_empty());
}

#[test]
fn help_and_version_are_answers() {
    let place = Place::new();
    let said = place.run(&["--help"]);
    assert_eq!(said.code, Some(0));
    assert!(said.err.is_empty());
    for part in ["status", "run", "hold", "doctor", "demo", "sharelock run wems.db -- sqlite3 wems.db", "Exit codes:"] {
        assert!(said.out.contains(part), "no {part:?} in {}", said.out);
    }
    assert!(!said.out.contains("demo-turn"));
    for verb in ["status", "run", "hold", "doctor", "demo"] {
        assert_eq!(place.run(&[verb, "--help"]).code, Some(0));
    }
    assert_eq!(place.run(&["--version"]).out.trim(), concat!("sharelock ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn bad_durations_in_the_environment_are_78() {
    let place = Place::new();
    for (name, value, part) in [
        ("SHARELOCK_FENCE", "soon", "SHARELOCK_FENCE=soon"),
        ("SHARELOCK_FENCE", "400", "not safe together"),
        ("SHARELOCK_TIME_SCALE", "-3", "SHARELOCK_TIME_SCALE=-3"),
    ] {
        let mut command = place.command(&["status", "wems.db"]);
        command.env(name, value);
        let said = finish(command);
        assert_eq!(said.code, Some(78), "{said:?}");
        assert!(said.err.contains(part), "{said:?}");
    }
}
