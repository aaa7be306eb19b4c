//! Every bad day of the table in docs/PROTOCOL.md, with the real program; and what a hostile colleague could try.
//!
//! The table and the set-ups are held to each other: a row without a set-up fails, and so does a set-up without a row. What needs rights
//! that are not there is told as skipped. Only on Unix: the days are made of pipes, links, modes and mounts.
#![cfg(unix)]

mod hostile;
mod records;
mod rows;
mod scene;
#[expect(dead_code, reason = "the command line's own tests need more of it")]
#[path = "../cli/support.rs"]
mod support;
mod table;
mod wrapped;

use scene::Scene;
use sharelock::clock::{Clock, SystemClock};
use std::collections::{BTreeMap, VecDeque};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;
use table::{Row, says};

/// No command may take longer than this, whatever the share does.
const LONGEST: Duration = Duration::from_secs(40);
/// How many days are gone through at once.
const AT_ONCE: usize = 6;

#[test]
fn every_bad_day_ends_as_the_table_says() {
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/PROTOCOL.md")).unwrap();
    let table: BTreeMap<String, Row> = table::read(&document).into_iter().map(|row| (row.input.clone(), row)).collect();
    let names: Vec<&str> = rows::ROWS.iter().map(|(name, _)| *name).collect();
    let untested: Vec<&String> = table.keys().filter(|input| !names.contains(&input.as_str())).collect();
    let untold: Vec<&&str> = names.iter().filter(|name| !table.contains_key(**name)).collect();
    assert!(untested.is_empty() && untold.is_empty(), "rows without a set-up: {untested:#?}\nset-ups without a row: {untold:#?}");
    assert_eq!(names.len(), table.len(), "a name twice");

    let only = std::env::var("SHARELOCK_BAD_DAY").unwrap_or_default();
    let left: VecDeque<_> = rows::ROWS.iter().filter(|(name, _)| name.contains(&only)).collect();
    assert!(!left.is_empty(), "no day is called {only:?}");
    let left = Mutex::new(left);
    let wrong: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((name, play)) = { left.lock().unwrap().pop_front() } {
                    let played = std::panic::catch_unwind(|| match play() {
                        Ok(scene) => {
                            let complaints = judge(&scene, &table[*name]);
                            scene.open_up();
                            complaints
                        }
                        Err(why) => {
                            println!("skipped: {why}: {name}");
                            Vec::new()
                        }
                    });
                    let complaints = played.unwrap_or_else(|_| vec!["it could not be played; see above".to_owned()]);
                    wrong.lock().unwrap().extend(complaints.iter().map(|complaint| format!("{name}: {complaint}")));
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// Runs both commands, and returns what is not as the row says.
fn judge(scene: &Scene, row: &Row) -> Vec<String> {
    let database = scene.database.as_str();
    let mut wrong = Vec::new();
    let mut complain = |wanted: bool, text: String| {
        if !wanted {
            wrong.push(text);
        }
    };
    let commands: [&[&str]; 3] = [&["status", database], &["status", "--json", database], &["run", "-n", database, "--", "true"]];
    // One after the other, lest one sees another; where each waits for an answer that never comes, at once.
    let mut all = commands.map(|arguments| command(scene, arguments));
    let [told, json, run] = if scene.input.is_some() {
        std::thread::scope(|scope| {
            let running = all.each_mut().map(|one| scope.spawn(|| said(one)));
            running.map(|one| one.join().unwrap())
        })
    } else {
        all.each_mut().map(said)
    };
    for (said, code) in [(&told, row.status), (&json, row.status), (&run, row.run)] {
        complain(said.code == Some(code), format!("ended with {:?}, not {code}: {} {}", said.code, said.out, said.err));
        complain(said.took < LONGEST, format!("took {:?}", said.took));
        let shown = said.out.chars().chain(said.err.chars());
        let steers = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{200b}'..='\u{200f}');
        complain(!shown.clone().any(steers), format!("steers the terminal: {:?} {:?}", said.out, said.err));
    }
    let line: serde_json::Value = serde_json::from_str(&json.out).unwrap_or_default();
    complain(line["state"] == row.state.as_str(), format!("state {}, not {}", line["state"], row.state));
    let sentence = &row.sentences[0];
    complain(says(&told.out, sentence), format!("status says {:?}, not {sentence:?}", told.out));
    let free = told.out.ends_with("is free.\n") && !told.out.ends_with("that the database is free.\n");
    complain(free == (row.state == "free"), format!("says {:?} in state {}", told.out, row.state));
    if row.run != 0 {
        let sentence = row.sentences.get(1).unwrap_or(sentence);
        complain(says(&run.err, sentence), format!("run says {:?}, not {sentence:?}", run.err));
    }
    wrong
}

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
    took: Duration,
}

fn command(scene: &Scene, arguments: &[&str]) -> Command {
    let mut command = scene.command(arguments);
    command.stdin(scene::stdin(scene.input));
    command
}

fn said(command: &mut Command) -> Said {
    let began = SystemClock.now().ticks;
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    Said { code: output.status.code(), out, err, took: SystemClock.now().ticks.since(began) }
}

/// Even with a share that never answers, `-w` is kept.
#[test]
fn a_share_that_does_not_answer_takes_no_longer_than_the_wait() {
    let Ok(scene) = rows::hanging() else {
        println!("skipped: {}", scene::NEEDS_ROOT);
        return;
    };
    let run = said(&mut command(&scene, &["run", "-w", "2", &scene.database, "--", "true"]));
    assert_eq!(run.code, Some(69), "{}", run.err);
    assert!(run.took < Duration::from_secs(8), "{:?}", run.took);
}

/// Two use a database for the first time: the one has made the store's folder and not opened it to the other yet.
#[test]
fn who_comes_while_a_colleague_makes_the_store_is_not_refused() {
    let Ok(scene) = rows::office() else {
        println!("skipped: {}", scene::NEEDS_ROOT);
        return;
    };
    let made = scene.at(".sharelock");
    std::fs::create_dir(&made).unwrap();
    std::os::unix::fs::chown(&made, Some(scene::MARIE), Some(scene::OFFICE)).unwrap();
    scene.mode(".sharelock", 0o755);
    let (_rings, alarm) = std::sync::mpsc::channel::<()>();
    let mut run = scene.command_of(Some(scene::PAUL), &["run", "-n", "wems.db", "--", "true"]);
    let paul = std::thread::spawn(move || said(&mut run));
    let _timed_out = alarm.recv_timeout(Duration::from_millis(300));
    scene.mode(".sharelock", 0o2770);
    let run = paul.join().unwrap();
    assert_eq!(run.code, Some(0), "{}", run.err);
}
