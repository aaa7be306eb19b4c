//! Settings as people meet them: the verb `config`, labels in place of paths, and what happens when a file is wrong.

use crate::support::{Place, Running, Said, finish};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;

/// Writes a file of settings. `{share}` stands for the shared folder.
fn write(place: &Place, file: &Path, text: &str) {
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text.replace("{share}", place.share().to_str().unwrap())).unwrap();
}

/// A place with these settings of the user's.
fn configured(text: &str) -> Place {
    let place = Place::new();
    write(&place, &place.settings(), text);
    place
}

const TWO: &str =
    "[[database]]\nlabel = 'RH'\npath = '{share}/rh.db'\n[[database]]\nlabel = 'Paie 2026'\npath = '{share}/paie.db'\n";

fn lines(said: &Said) -> Vec<Value> {
    said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_label_stands_for_its_path_whatever_its_capitals() {
    let place = configured(TWO);
    for typed in ["RH", "rh", "Paie 2026"] {
        let said = place.run(&["status", typed]);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
        let label = if typed == "rh" { "RH" } else { typed };
        assert_eq!(said.out, format!("{label} is free.\n"));
    }
    let said = place.run(&["status", "compta"]);
    assert_eq!(said.out, "compta is free.\n");
    let mut holder = place.start(&["hold", "RH", "--json"]);
    let event = holder.event("acquired");
    assert!(event["database"].as_str().unwrap().ends_with("rh.db"), "{event}");
    let said = place.run(&["status", "RH"]);
    assert!(said.code == Some(0) && said.out.starts_with("RH: you have been using it"), "{said:?}");
    let said = place.run(&["wait", "-w", "0", "RH"]);
    assert!(said.code == Some(75) && said.err.starts_with("RH: "), "{said:?}");
    let said = place.run(&["history", "RH"]);
    assert!(said.code == Some(0) && said.out.contains("has it"), "{said:?}");
    let said = place.run(&["force-release", "RH", "--confirm", "nobody", "--reason", "test"]);
    assert!(said.code == Some(64) && said.err.starts_with("RH: "), "{said:?}");
    holder.kill();
}

#[test]
fn what_is_there_or_has_a_separator_is_a_path() {
    let place = configured(TWO);
    std::fs::write(place.share().join("RH"), "").unwrap();
    let said = place.run(&["status", "--json", "RH", "./RH", "rh.db"]);
    let lines = lines(&said);
    let database = |at: usize| lines[at]["database"].as_str().unwrap().to_owned();
    assert!(database(0).ends_with("RH") && database(1).ends_with("RH") && database(2).ends_with("rh.db"), "{lines:#?}");
    let labels: Vec<&Value> = lines.iter().map(|line| &line["label"]).collect();
    assert_eq!(labels, [&Value::Null, &Value::Null, &Value::from("RH")]);
}

#[test]
fn status_and_watch_without_a_name_take_all_that_are_configured() {
    let place = configured(TWO);
    let said = place.run(&["status"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "RH is free.\nPaie 2026 is free.\n"));
    let watch = place.start(&["watch"]);
    let mut first = [watch.line(), watch.line()].map(|line| line.split("  ").nth(1).unwrap().to_owned());
    first.sort();
    assert_eq!(first, ["Paie 2026 is free.", "RH is free."]);
    let nothing = Place::new();
    for verb in ["status", "watch"] {
        let said = nothing.run(&[verb]);
        assert_eq!((said.code, said.out.as_str()), (Some(64), ""));
        assert!(said.err.contains("sharelock config add"), "{said:?}");
    }
}

#[test]
fn run_starts_the_program_that_is_configured() {
    let sharelock = env!("CARGO_BIN_EXE_sharelock");
    let place = configured(&format!("{TWO}program = ['{sharelock}', 'status', '--json', '{{database}}']\n"));
    let said = place.run(&["run", "paie 2026"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let [line] = &lines(&said)[..] else { panic!("{said:?}") };
    assert_eq!((line["state"].as_str(), line["label"].as_str()), (Some("mine"), Some("Paie 2026")));
    let said = place.run(&["run", "RH"]);
    assert_eq!(said.code, Some(64));
    assert!(said.err.contains("No program is configured for RH"), "{said:?}");
}

#[test]
fn durations_and_the_synchronised_folder_apply_to_the_label_and_to_the_path() {
    let place = configured(
        "[[database]]\nlabel = 'RH'\npath = '{share}/rh.db'\naccept_sync_folder = true\ndurations = { short = '200s', long = '250s' }\n",
    );
    std::fs::create_dir(place.share().join(".stfolder")).unwrap();
    assert_eq!(place.run(&["run", "other.db", "--", "sharelock"]).code, Some(73));
    for typed in ["RH", "rh.db"] {
        let mut command = place.command(&["hold", typed, "--json", "--until-eof"]);
        command.stdin(Stdio::piped());
        let mut holder = Running::start(command);
        holder.event("acquired");
        let ledger = place.share().join(".sharelock/rh.db");
        let newest = std::fs::read_dir(ledger).unwrap().map(|entry| entry.unwrap().path());
        let newest = newest.filter(|path| path.extension().is_some_and(|end| end == "json")).max().unwrap();
        let record: Value = serde_json::from_slice(&std::fs::read(newest).unwrap()).unwrap();
        assert_eq!((record["short_ms"].as_u64(), record["long_ms"].as_u64()), (Some(200_000), Some(250_000)), "{typed}");
        drop(holder.input());
        holder.event("released");
    }
}

#[test]
fn a_broken_file_stops_every_verb_that_needs_it_and_shows_the_line() {
    let place = configured("[notify]\nfree = 'allways'\n[[database]]\nlabel = 'RH'\npath = \"S:\\\\RH\"\n");
    for verb in [
        &["status", "a.db"][..],
        &["run", "a.db", "--", "x"],
        &["hold", "a.db"],
        &["wait", "a.db"],
        &["watch"],
        &["history", "a.db"],
    ] {
        let said = place.run(verb);
        assert_eq!((said.code, said.out.as_str()), (Some(78), ""), "{verb:?}: {said:?}");
        for part in [
            "The configuration cannot be used",
            "sharelock.toml:2:8: \"allways\" is no value",
            "  2 | free = 'allways'\n    |        ^^^^^^^^^\n",
            "did you mean \"always\"?",
        ] {
            assert!(said.err.contains(part), "no {part:?} in {}", said.err);
        }
    }
    for verb in [&["--version"][..], &["man"], &["completions", "bash"], &["config", "path"], &["config", "schema"]] {
        assert_eq!(place.run(verb).code, Some(0), "{verb:?}");
    }
    assert!(place.listing().is_empty());
    let said = place.run(&["doctor", "--json", "."]);
    let first = &lines(&said)[0];
    assert_eq!((said.code, &first["check"], &first["finding"]), (Some(1), &"configuration".into(), &"settings-broken".into()));
}

#[test]
fn what_is_passed_over_is_said_and_the_verb_goes_on() {
    let place = configured("databse = 3\n");
    let said = place.run(&["status", "a.db"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "a.db is free.\n"));
    assert!(
        said.err.ends_with("sharelock.toml:1:1: warning: unknown key `databse`, passed over; did you mean `database`?\n"),
        "{said:?}"
    );
    let said = place.run(&["doctor", "--json", "."]);
    assert_eq!((said.code, lines(&said)[0]["finding"].as_str()), (Some(0), Some("passed-over")));
}

#[test]
fn administrators_lock_and_show_tells_who_decided() {
    let place = configured("language = 'fr'\n[durations]\npoll = '9s'\n");
    write(
        &place,
        &place.system_settings(),
        "locked = ['durations']\nlanguage = 'en'\n[durations]\npoll = '12s'\n[[database]]\nlabel = 'RH'\npath = '{share}/rh.db'\n",
    );
    let mut command = place.command(&["config", "show", "--origin"]);
    command.env("SHARELOCK_HEARTBEAT", "20s");
    let said = finish(command);
    assert_eq!(said.code, Some(0), "{said:?}");
    let (user, system) = (place.settings(), place.system_settings());
    let (user, system) = (user.display(), system.display());
    for (setting, origin) in [
        ("language = \"fr\"", format!("{user}:1")),
        ("poll = \"12s\"", format!("{system}:4")),
        ("heartbeat = \"30s\"", "default".into()),
        ("label = \"RH\"", format!("{system}:6")),
        ("hold = true", "default".into()),
    ] {
        let expected = format!("{setting:<44} # {origin}\n");
        assert!(said.out.contains(&expected), "no {expected:?} in {}", said.out);
    }
    assert!(said.err.contains("sharelock.toml:3:8: warning: `durations.poll` is decided by your administrators"), "{said:?}");
    assert!(said.err.contains("`SHARELOCK_HEARTBEAT` is decided"), "{said:?}");
    let said = place.run(&["config", "show", "--json"]);
    let find = |key: &str| lines(&said).into_iter().find(|line| line["key"] == key && line["database"] == Value::Null).unwrap();
    let language = find("language");
    assert_eq!(
        (&language["value"], &language["origin"]["from"], &language["origin"]["line"]),
        (&"fr".into(), &"user".into(), &1.into())
    );
    assert_eq!(find("durations.poll")["origin"]["from"], "system");
    assert_eq!(
        find("durations.fence")["origin"],
        serde_json::json!({"from": "default", "file": null, "line": null, "variable": null})
    );
}

#[test]
fn what_show_prints_is_a_file_that_says_the_same() {
    let place = configured(
        "icon_order = ['mine']\nnotify.hold = false\n[[database]]\nlabel = \"Paie d'été\"\npath = '{share}/100%% $$x.db'\nprogram = ['wems', \"it's {database}\"]\ndurations.poll = 9\n",
    );
    let shown = place.run(&["config", "show"]);
    assert_eq!((shown.code, shown.err.as_str()), (Some(0), ""), "{shown:?}");
    std::fs::write(place.settings(), &shown.out).unwrap();
    let again = place.run(&["config", "show"]);
    assert_eq!(again.out, shown.out);
    assert!(shown.out.contains("durations.poll = \"9s\"") && shown.out.contains("hold = false"), "{}", shown.out);
}

#[test]
fn check_says_what_is_good_and_what_is_not() {
    let place = configured(TWO);
    let said = place.run(&["config", "check"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert!(said.out.ends_with("sharelock.toml: in order, 2 databases configured\n"), "{said:?}");
    let other = place.share().join("other.toml");
    write(&place, &other, "[[database]]\nlabel = \"RH\"\npath = \"S:\\RH\\base.db\"\n");
    let said = place.run(&["config", "check", other.to_str().unwrap()]);
    assert_eq!((said.code, said.out.as_str()), (Some(78), ""));
    assert!(said.err.contains("other.toml:3:8: ") && said.err.contains(r"use single quotes: 'S:\RH\base.db'"), "{said:?}");
    assert_eq!(place.run(&["config", "check", "nowhere.toml"]).code, Some(78));
    let said = Place::new().run(&["config", "check"]);
    assert!(said.code == Some(0) && said.out.contains("no such file, and none is needed"), "{said:?}");
}

#[test]
fn init_makes_the_example_once() {
    let place = Place::new();
    let said = place.run(&["config", "path"]);
    assert_eq!((said.code, said.out.trim_end()), (Some(0), place.settings().to_str().unwrap()));
    assert_eq!(place.run(&["config", "path", "--system"]).code, Some(0));
    assert_eq!(place.run(&["config", "init"]).code, Some(0));
    let text = std::fs::read_to_string(place.settings()).unwrap();
    assert_eq!(text, include_str!("../../config/sharelock.toml"));
    assert_eq!(place.run(&["config", "check"]).code, Some(0));
    std::fs::write(place.settings(), "# mine").unwrap();
    let said = place.run(&["config", "init"]);
    assert!(said.code == Some(73) && said.err.contains("stays as it is"), "{said:?}");
    assert_eq!(std::fs::read_to_string(place.settings()).unwrap(), "# mine");
}

#[test]
fn add_makes_a_label_that_works_at_once() {
    let place = Place::new();
    let sharelock = env!("CARGO_BIN_EXE_sharelock");
    let said = place.run(&["config", "add", "RH", "rh.db", "--program", sharelock, "status", "--json", "{database}"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""), "{said:?}");
    assert!(said.err.contains("RH was added to") && said.err.contains("sharelock status RH"), "{said:?}");
    let said = place.run(&["run", "RH"]);
    assert_eq!((said.code, lines(&said)[0]["state"].as_str()), (Some(0), Some("mine")), "{said:?}");
    for (label, part) in [("rh", "There is a database \"RH\" already"), ("a/b", "looks like a path"), ("", "cannot be used")] {
        let said = place.run(&["config", "add", label, "x.db"]);
        assert!(said.code == Some(64) && said.err.contains(part), "{said:?}");
    }
    write(&place, &place.system_settings(), "locked = ['database']\n");
    let said = place.run(&["config", "add", "Paie", "x.db"]);
    assert!(said.code == Some(64) && said.err.contains("Your administrators decide"), "{said:?}");
}

#[cfg(unix)]
#[test]
fn edit_opens_the_editor_and_checks_afterwards() {
    let place = Place::new();
    let edit = |editor: &str| {
        let mut command = place.command(&["config", "edit"]);
        command.env_remove("VISUAL").env("EDITOR", editor);
        finish(command)
    };
    let said = edit("sh -c 'echo language = fr >> \"$0\"'");
    assert_eq!(said.code, Some(78), "{said:?}");
    assert!(said.err.contains("a text needs quotes") && said.err.contains("= write \"fr\""), "{said:?}");
    let said = edit("sh -c 'echo > \"$0\"'");
    assert!(said.code == Some(0) && said.out.contains("in order, 0 databases"), "{said:?}");
    let said = edit("no-such-editor --wait");
    assert!(said.code == Some(71) && said.err.contains("Set EDITOR"), "{said:?}");
}

/// `sudo -u paul` may leave the home of somebody else in the environment.
#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_said_and_no_reason_to_refuse() {
    use std::os::unix::fs::PermissionsExt;
    let place = configured(TWO);
    std::fs::set_permissions(place.settings(), std::fs::Permissions::from_mode(0o0)).unwrap();
    if std::fs::File::open(place.settings()).is_ok() {
        // Nothing is forbidden to root.
        return;
    }
    let said = place.run(&["status", "a.db"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "a.db is free.\n"), "{said:?}");
    assert!(said.err.contains("warning: the file cannot be read"), "{said:?}");
}
