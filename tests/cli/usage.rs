//! What was typed wrong, and what is asked about the program itself.

use crate::support::{Place, finish};

#[test]
fn mistakes_in_the_command_line_are_64() {
    let place = Place::new();
    let mistakes: [&[&str]; 18] = [
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
        &["wait"],
        &["wait", "-w", "soon", "wems.db"],
        &["watch"],
        &["history", "--since", "yesterday", "wems.db"],
        &["history", "--json", "--csv", "wems.db"],
        &["completions", "cmd.exe"],
        &["man", "frobnicate"],
        &["man", "demo-turn"],
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
    for verb in ["status", "run", "hold", "wait", "watch", "force-release", "history", "config", "completions", "man", "demo"] {
        assert!(said.out.contains(&format!("\n  {verb} ")), "no {verb} in {}", said.out);
        let help = place.run(&[verb, "--help"]);
        assert_eq!((help.code, help.err.as_str()), (Some(0), ""));
        let example = format!("Examples:\n  sharelock {verb} ");
        assert!(help.out.contains(&example), "no example in {}", help.out);
    }
    assert_eq!(place.run(&["--version"]).out.trim(), concat!("sharelock ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn bad_durations_in_the_environment_are_78() {
    let place = Place::new();
    for (name, value, part) in [
        ("SHARELOCK_FENCE", "soon", "SHARELOCK_FENCE=soon"),
        ("SHARELOCK_FENCE", "400", "not safe together"),
        ("SHARELOCK_TIME_SCALE", "-3", "SHARELOCK_TIME_SCALE=-3: not a number"),
    ] {
        let mut command = place.command(&["status", "wems.db"]);
        command.env(name, value);
        let said = finish(command);
        assert_eq!(said.code, Some(78), "{said:?}");
        assert!(said.err.contains(part), "{said:?}");
    }
}

#[test]
fn the_manual_and_the_completions_know_every_command_that_is_shown() {
    let place = Place::new();
    let man = place.run(&["man"]);
    assert_eq!((man.code, man.err.as_str()), (Some(0), ""));
    assert!(man.out.contains(".TH sharelock 1") && man.out.contains("sharelock\\-history(1)"), "{}", man.out);
    let man = place.run(&["man", "run"]);
    assert!(man.out.contains("on\\-lost") && man.out.contains(".SH SYNOPSIS"), "{}", man.out);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let said = place.run(&["completions", shell]);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
        assert!(said.out.contains("history") && said.out.contains("csv"), "{shell}: {}", said.out);
        assert!(!said.out.contains("demo-turn"), "{shell}");
    }
    assert!(place.listing().is_empty());
}
