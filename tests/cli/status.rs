//! Who has it, for people and for scripts.

use crate::support::{Place, Running, foreign_notice};
use serde_json::Value;

fn json(place: &Place, databases: &[&str]) -> (Option<i32>, Vec<Value>) {
    let said = place.run(&[&["status", "--json"], databases].concat());
    (said.code, said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn nobody_ever_used_it_is_free_and_stays_untouched() {
    let place = Place::new();
    let said = place.run(&["status", "wems.db"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (Some(0), "wems.db is free.\n", ""));
    assert!(place.listing().is_empty());
}

#[test]
fn every_field_is_there_and_unknowns_are_null() {
    let place = Place::new();
    let (code, lines) = json(&place, &["wems.db"]);
    assert_eq!(code, Some(0));
    let free = &lines[0];
    let mut expected = vec![
        "schema",
        "database",
        "state",
        "token",
        "store",
        "holder",
        "label",
        "last_seen_s",
        "observed_s",
        "takeable_in_s",
        "waiting",
        "place",
        "error",
    ];
    expected.sort_unstable();
    let mut found = keys(free);
    found.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!((&free["schema"], &free["state"]), (&1.into(), &"free".into()));
    assert_eq!(free["database"], place.share().join("wems.db").to_str().unwrap());
    assert_eq!(free["store"], place.share().join(".sharelock").join("wems.db").to_str().unwrap());
    for unknown in ["token", "holder", "last_seen_s", "observed_s", "takeable_in_s", "place", "error"] {
        assert_eq!(free[unknown], Value::Null, "{unknown}");
    }
    assert_eq!(free["waiting"], Value::Array(Vec::new()));
}

#[test]
fn what_i_hold_here_is_mine() {
    let place = Place::new();
    let hold = place.start(&["hold", "--json", "--note", "back at 10", "wems.db"]);
    let token = hold.event("acquired")["token"].clone();
    let (code, lines) = json(&place, &["wems.db"]);
    assert_eq!(code, Some(0));
    let mine = &lines[0];
    assert_eq!((&mine["state"], &mine["token"]), (&"mine".into(), &token));
    let holder = &mine["holder"];
    let mut found = keys(holder);
    found.sort_unstable();
    assert_eq!(found, ["acquired", "app", "machine", "name", "note", "pid", "self", "user"]);
    assert_eq!((&holder["self"], &holder["pid"], &holder["note"]), (&true.into(), &hold.pid().into(), &"back at 10".into()));
    let acquired = holder["acquired"].as_str().unwrap();
    assert!(chrono::DateTime::parse_from_rfc3339(acquired).is_ok(), "{acquired}");
    assert!(mine["last_seen_s"].as_f64().unwrap() < 60.0);
    let said = place.run(&["status", "wems.db"]);
    assert!(said.out.starts_with("wems.db: you have been using it since "), "{said:?}");
}

#[test]
fn what_i_hold_in_another_session_is_held_by_myself() {
    let place = Place::new();
    let mut command = place.command(&["hold", "--json", "wems.db"]);
    command.env("XDG_SESSION_ID", "77");
    let hold = Running::start(command);
    hold.event("acquired");
    if cfg!(not(target_os = "linux")) {
        println!("skipped: only Linux reads its session from the environment");
        return;
    }
    let (code, lines) = json(&place, &["wems.db"]);
    assert_eq!((code, &lines[0]["state"], &lines[0]["holder"]["self"]), (Some(75), &"held".into(), &true.into()));
    let said = place.run(&["status", "wems.db"]);
    assert!(said.out.starts_with("wems.db: you left it open on "), "{said:?}");
}

#[test]
fn somebody_with_another_program_has_it() {
    let place = Place::new();
    foreign_notice(&place, "wems.db", "marie", "PC-ACCUEIL");
    let before = place.listing();
    let (code, lines) = json(&place, &["wems.db"]);
    assert_eq!((code, &lines[0]["state"]), (Some(75), &"held".into()));
    let holder = &lines[0]["holder"];
    assert_eq!((&holder["user"], &holder["machine"], &holder["self"]), (&"marie".into(), &"PC-ACCUEIL".into(), &false.into()));
    assert_eq!(holder["name"], Value::Null);
    let said = place.run(&["status", "wems.db"]);
    assert!(said.out.contains("marie") && said.out.contains("PC-ACCUEIL"), "{said:?}");
    assert_eq!(place.listing(), before);
}

#[test]
fn what_comes_from_the_share_cannot_steer_the_terminal() {
    let place = Place::new();
    foreign_notice(&place, "wems.db", "ma\u{1b}[2Jrie\u{7}\r\n\u{202e}", "PC\u{9b}31m\u{2028}");
    let said = place.run(&["status", "wems.db"]);
    assert_eq!(said.code, Some(75));
    assert_eq!(said.out.lines().count(), 1);
    let steering = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{2028}');
    assert!(!said.out.contains(steering), "{said:?}");
    let (_, lines) = json(&place, &["wems.db"]);
    assert!(!lines[0]["holder"]["user"].as_str().unwrap().contains(steering));
}

#[test]
fn a_missing_folder_is_unreachable_never_free() {
    let place = Place::new();
    let (code, lines) = json(&place, &["nowhere/wems.db"]);
    assert_eq!((code, &lines[0]["state"], &lines[0]["error"]["code"]), (Some(69), &"unreachable".into(), &"no_folder".into()));
    assert!(lines[0]["error"]["text"].as_str().unwrap().contains("nowhere"));
    let said = place.run(&["status", "nowhere/wems.db"]);
    assert_eq!(said.code, Some(69));
    assert!(said.out.ends_with("This does not mean that the database is free.\n"), "{said:?}");
}

#[test]
fn what_is_no_file_has_no_lease() {
    let place = Place::new();
    std::fs::create_dir(place.share().join("folder.db")).unwrap();
    let (code, lines) = json(&place, &["folder.db"]);
    assert_eq!((code, &lines[0]["error"]["code"]), (Some(73), &"not_a_file".into()));
}

#[test]
fn the_worst_of_several_decides_and_the_order_is_kept() {
    let place = Place::new();
    foreign_notice(&place, "held.db", "marie", "PC-ACCUEIL");
    let (code, lines) = json(&place, &["free.db", "held.db"]);
    assert_eq!(code, Some(75));
    assert_eq!((&lines[0]["state"], &lines[1]["state"]), (&"free".into(), &"held".into()));
    let (code, lines) = json(&place, &["nowhere/x.db", "held.db", "free.db"]);
    assert_eq!(code, Some(69));
    assert_eq!(lines.iter().map(|line| line["state"].as_str().unwrap()).collect::<Vec<_>>(), ["unreachable", "held", "free"]);
    let many: Vec<String> = (0..40).map(|number| format!("free{number}.db")).collect();
    let (code, lines) = json(&place, &many.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((code, lines.len()), (Some(0), 40));
    assert!(lines[39]["database"].as_str().unwrap().ends_with("free39.db"));
}

/// Needs a user whom permissions stop.
#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_read_is_denied() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let folder = place.share().join("private");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::read_dir(&folder).is_ok() {
        println!("skipped: permissions do not stop this user");
        return;
    }
    let (code, lines) = json(&place, &["private/wems.db"]);
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!((code, &lines[0]["state"], &lines[0]["error"]["code"]), (Some(77), &"denied".into(), &"denied".into()));
}

/// Runs the program on a terminal of its own, as script(1) makes it.
#[cfg(target_os = "linux")]
fn on_a_terminal(place: &Place, no_color: bool) -> Option<String> {
    let mut command = place.command(&[]);
    let line = format!("{} status wems.db", command.get_program().to_str()?);
    let mut script = std::process::Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).current_dir(place.share()).env("TERM", "xterm");
    for (name, value) in command.env("SHARELOCK_LOG", "").get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    if no_color {
        script.env("NO_COLOR", "1");
    }
    let output = script.output().ok()?;
    Some(String::from_utf8(output.stdout).unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn colour_is_for_terminals_that_want_it() {
    let place = Place::new();
    let mut plain = place.command(&["status", "wems.db"]);
    plain.env("TERM", "xterm");
    assert!(!crate::support::finish(plain).out.contains('\u{1b}'));
    let Some(coloured) = on_a_terminal(&place, false) else {
        println!("skipped: there is no script(1) here");
        return;
    };
    assert!(coloured.contains("\u{1b}[32mwems.db is free.\u{1b}[0m"), "{coloured:?}");
    let plain = on_a_terminal(&place, true).unwrap();
    assert_eq!(plain.trim_end(), "wems.db is free.");
}

#[test]
fn who_asks_for_more_is_told_how_a_change_would_be_noticed() {
    let place = Place::new();
    let said = place.run(&["status", "-v", "wems.db"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.starts_with("wems.db is free.\n  How a change is noticed: "), "{}", said.out);
    let french = place.run(&["--lang", "fr", "status", "-v", "wems.db"]);
    assert!(french.out.contains("\n  Comment un changement est remarqué\u{a0}: "), "{}", french.out);
    let wait = |arguments: &[&str]| json(&place, arguments).1[0].get("wait").map(|wait| wait.as_str().unwrap().to_owned());
    assert_eq!(wait(&["wems.db"]), None);
    assert!(["events", "range_lock", "change_notify", "board"].contains(&&*wait(&["-v", "wems.db"]).unwrap()));
}
