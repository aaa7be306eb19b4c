//! Who had it, from when to when, and how it ended.

use crate::support::{Place, Running};
use serde_json::Value;
use std::fs::{File, FileTimes};
use std::time::Duration;

fn json(place: &Place, more: &[&str]) -> Vec<Value> {
    let said = place.run(&[&["history", "--json", "wems.db"], more].concat());
    assert_eq!(said.code, Some(0), "{said:?}");
    said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Holds it once, for a moment.
fn once(place: &Place, note: &str) {
    let said = place.run(&["run", "--note", note, "wems.db", "--", env!("CARGO_BIN_EXE_sharelock"), "--version"]);
    assert_eq!(said.code, Some(0), "{said:?}");
}

#[test]
fn a_database_that_nobody_used_has_no_history() {
    let place = Place::new();
    let said = place.run(&["history", "wems.db"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (Some(0), "", "wems.db: nobody is on record.\n"));
    assert!(place.listing().is_empty());
    assert_eq!(place.run(&["history", "nowhere/wems.db"]).code, Some(69));
}

#[test]
fn every_hold_says_how_it_ended() {
    let place = Place::new();
    once(&place, "stock count");
    let mut killed = place.start(&["hold", "--json", "wems.db"]);
    killed.event("acquired");
    killed.kill();
    let holding = place.start(&["hold", "--json", "wems.db"]);
    let token = holding.event("acquired")["token"].clone();
    let past = json(&place, &[]);
    let hows: Vec<&str> = past.iter().map(|line| line["how"].as_str().unwrap()).collect();
    assert_eq!(hows, ["released", "taken_over", "held"]);
    let mut keys: Vec<&str> = past[0].as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["database", "from", "holder", "how", "last_sign", "order", "schema", "token", "until"]);
    assert_eq!((&past[0]["holder"]["note"], &past[2]["token"], &past[2]["until"]), (&"stock count".into(), &token, &Value::Null));
    for line in &past {
        let time = |key: &str| chrono::DateTime::parse_from_rfc3339(line[key].as_str().unwrap()).unwrap();
        assert!(time("from") <= time("last_sign"), "{line}");
    }
    let said = place.run(&["history", "wems.db"]);
    let lines: Vec<&str> = said.out.lines().collect();
    let ends = ["gave it back", "ended without giving it back, so it was taken over", " ago"];
    assert!(lines.len() == 3 && lines.iter().zip(ends).all(|(line, end)| line.ends_with(end)), "{said:?}");
    assert!(lines[2].starts_with("since "), "{said:?}");
}

#[test]
fn a_table_for_spreadsheets_holds_what_people_wrote_and_no_formula() {
    let place = Place::new();
    once(&place, "=HYPERLINK(\"http://x\",\"y\"), please");
    let said = place.run(&["history", "--csv", "wems.db"]);
    assert_eq!(said.code, Some(0));
    let lines: Vec<&str> = said.out.split("\r\n").collect();
    assert_eq!((lines.len(), lines[2]), (3, ""), "{said:?}");
    let cells = cells(lines[1]);
    assert_eq!(lines[0].split(',').count(), cells.len());
    assert_eq!(cells[10], "'=HYPERLINK(\"http://x\",\"y\"), please");
    assert!(cells[4] == "released" && cells[9].starts_with("sharelock"), "{cells:?}");
}

/// Takes a line of CSV apart as RFC 4180 says.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cells.last_mut().unwrap().push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            other => cells.last_mut().unwrap().push(other),
        }
    }
    assert!(!quoted, "{line}");
    cells
}

#[test]
fn what_was_cleaned_up_is_still_told_once_and_in_order() {
    const TURNS: usize = 52;
    let place = Place::new();
    for turn in 0..TURNS {
        once(&place, &turn.to_string());
    }
    // Two hours pass on the file server.
    let store = place.share().join(".sharelock").join("wems.db");
    for entry in std::fs::read_dir(&store).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let file = File::options().write(true).open(&path).unwrap();
            let before = file.metadata().unwrap().modified().unwrap() - Duration::from_secs(7200);
            file.set_times(FileTimes::new().set_modified(before)).unwrap();
        }
    }
    once(&place, "last");
    assert!(!store.join("lease-000000000001.json").exists(), "nothing was cleaned up");
    let past = json(&place, &[]);
    let notes: Vec<&str> = past.iter().map(|line| line["holder"]["note"].as_str().unwrap()).collect();
    let expected: Vec<String> = (0..TURNS).map(|turn| turn.to_string()).chain(["last".into()]).collect();
    assert_eq!(notes, expected);
    assert!(past.iter().all(|line| line["how"] == "released"));
    let tokens: Vec<u64> = past.iter().map(|line| line["token"].as_u64().unwrap()).collect();
    assert!(tokens.is_sorted());
}

#[test]
fn older_holds_are_left_out_when_asked_for() {
    let place = Place::new();
    once(&place, "");
    assert_eq!(json(&place, &["--since", "7d"]).len(), 1);
    assert_eq!(json(&place, &["--since", "0s"]).len(), 0);
    let hold: Running = place.start(&["hold", "--json", "wems.db"]);
    hold.event("acquired");
    assert_eq!(json(&place, &["--since", "0s"]).len(), 1, "what is held now is always told");
}
