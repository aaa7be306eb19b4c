//! A program under the lease: what it is told, what it returns, who waits for whom.

use crate::support::{Place, Running, eventually, finish, signal, timed, token};
use std::process::Stdio;
use std::time::Duration;

/// A program that says `in` and ends with its input.
const UNTIL_EOF: [&str; 3] = ["sh", "-c", "echo in; read line; exit 0"];

/// Holds `wems.db` with a program until the input is dropped.
fn busy(place: &Place) -> Running {
    let mut command = place.command(&["run", "wems.db", "--"]);
    command.args(UNTIL_EOF).stdin(Stdio::piped());
    let running = Running::start(command);
    assert_eq!(running.line(), "in");
    running
}

#[test]
fn the_program_is_told_what_it_works_under() {
    let place = Place::new();
    let show = [
        "run",
        "wems.db",
        "--",
        "sh",
        "-c",
        "echo $SHARELOCK_TOKEN; echo $SHARELOCK_STORE; echo $SHARELOCK_DATABASE; echo $SHARELOCK_NONCE",
    ];
    let said = place.run(&show);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines[1], place.share().join(".sharelock/wems.db").to_str().unwrap());
    assert_eq!(lines[2], place.share().join("wems.db").to_str().unwrap());
    assert!(lines[3].len() == 32 && lines[3].bytes().all(|byte| byte.is_ascii_hexdigit()), "{}", lines[3]);
    let later = place.run(&show);
    assert!(token(later.out.lines().next().unwrap()) > token(lines[0]));
    assert_eq!(place.run(&["status", "wems.db"]).out, "wems.db is free.\n");
    assert!(!place.share().join("wems.db").exists());
}

#[test]
fn the_programs_end_is_passed_on_as_in_sh() {
    let place = Place::new();
    let ends: [(&str, i32); 4] = [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143), ("kill -KILL $$", 137)];
    for (script, code) in ends {
        assert_eq!(place.run(&["run", "wems.db", "--", "sh", "-c", script]).code, Some(code), "{script}");
    }
    let said = place.run(&["run", "wems.db", "--", "there-is-no-such-program"]);
    assert_eq!(said.code, Some(127));
    assert!(said.err.contains("there-is-no-such-program"), "{said:?}");
    let said = place.run(&["run", "wems.db", "--", "/"]);
    assert_eq!(said.code, Some(126), "{said:?}");
    // A code that means something else here stays the program's, and -E does not touch it.
    assert_eq!(place.run(&["run", "wems.db", "--", "sh", "-c", "exit 75"]).code, Some(75));
    assert_eq!(place.run(&["run", "-E", "9", "wems.db", "--", "sh", "-c", "exit 75"]).code, Some(75));
    assert_eq!(place.run(&["run", "-n", "wems.db", "--", "true"]).code, Some(0));
}

#[test]
fn who_does_not_wait_is_told_who_has_it() {
    let place = Place::new();
    let mut other = busy(&place);
    let (said, took) = timed(|| place.run(&["run", "-n", "wems.db", "--", "echo", "never"]));
    assert_eq!((said.code, said.out.as_str()), (Some(75), ""));
    assert!(said.err.contains("you have been using it") && said.err.contains(&other.pid().to_string()), "{said:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(place.run(&["run", "-n", "-E", "9", "wems.db", "--", "echo", "never"]).code, Some(9));
    let (said, took) = timed(|| place.run(&["run", "-w", "400ms", "-E", "0", "wems.db", "--", "echo", "never"]));
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""));
    assert!(took >= Duration::from_millis(400) && took < Duration::from_secs(10), "{took:?}");
    assert_eq!(place.run(&["run", "-w", "0", "wems.db", "--", "echo", "never"]).code, Some(75));
    assert_eq!(place.run(&["hold", "-n", "wems.db"]).code, Some(75));
    drop(other.input());
    assert_eq!(other.code(), Some(0));
}

#[test]
fn who_waits_gets_in_after_the_release() {
    let place = Place::new();
    let mut other = busy(&place);
    let mut waiter = place.start(&["run", "wems.db", "--", "echo", "mine"]);
    let line = waiter.hears("Waiting for it.");
    assert!(line.contains("you have been using it"), "{line}");
    eventually("the waiter in the queue", || {
        let said = place.run(&["status", "--json", "wems.db"]);
        let status: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        status["waiting"].as_array().unwrap().iter().any(|one| one["pid"] == waiter.pid())
    });
    drop(other.input());
    assert_eq!(waiter.line(), "mine");
    assert_eq!(waiter.code(), Some(0));
    assert!(waiter.rest().contains("is yours now (token "));
}

#[test]
fn an_interrupted_wait_ends_at_once() {
    let place = Place::new();
    let _other = busy(&place);
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let mut waiter = place.start(&["run", "wems.db", "--", "echo", "never"]);
        waiter.hears("Waiting for it.");
        signal(name, waiter.pid());
        let (status, took) = timed(|| waiter.code());
        assert_eq!(status, Some(code));
        assert!(took < Duration::from_secs(3), "{took:?}");
        assert!(waiter.rest().contains("Stopped waiting for wems.db."));
    }
}

#[test]
fn a_nested_run_passes_through_and_a_stranger_does_not() {
    let place = Place::new();
    let me = env!("CARGO_BIN_EXE_sharelock");
    let nested = format!(
        "{me} run -n wems.db -- sh -c 'echo inner $SHARELOCK_TOKEN; exit 6'; code=$?; echo outer $SHARELOCK_TOKEN; exit $code"
    );
    let said = place.run(&["run", "wems.db", "--", "sh", "-c", &nested]);
    assert_eq!(said.code, Some(6), "{said:?}");
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines[0].strip_prefix("inner "), lines[1].strip_prefix("outer "));
    // The token says nothing about that: it is another one once a lease was won back.
    for wrong in ["SHARELOCK_NONCE=00000000000000000000000000000001", "SHARELOCK_STORE=/elsewhere"] {
        let stranger = format!("{wrong} {me} run -n wems.db -- echo never");
        let said = place.run(&["run", "wems.db", "--", "sh", "-c", &stranger]);
        assert_eq!((said.code, said.out.as_str()), (Some(75), ""), "{wrong}: {said:?}");
    }
    // Another database is not this one.
    let other = format!("{me} run -n other.db -- echo other");
    assert_eq!(place.run(&["run", "wems.db", "--", "sh", "-c", &other]).out, "other\n");
    // What a lease left behind opens nothing afterwards.
    let leaked = place.run(&["run", "wems.db", "--", "sh", "-c", "echo $SHARELOCK_TOKEN $SHARELOCK_NONCE"]);
    let (number, nonce) = leaked.out.trim().split_once(' ').unwrap();
    let _other = busy(&place);
    let mut late = place.command(&["run", "-n", "wems.db", "--", "echo", "never"]);
    late.env("SHARELOCK_STORE", place.share().join(".sharelock/wems.db"));
    late.env("SHARELOCK_TOKEN", number).env("SHARELOCK_NONCE", nonce);
    assert_eq!(finish(late).code, Some(75));
}

#[test]
fn what_outlives_a_launcher_is_waited_for() {
    let place = Place::new();
    let launcher = "exec 3<&0; (read line <&3; echo done) & echo launched; exit 3";
    let mut command = place.command(&["run", "wems.db", "--", "sh", "-c", launcher]);
    command.stdin(Stdio::piped());
    let mut running = Running::start(command);
    assert_eq!(running.line(), "launched");
    let line = running.hears("waiting for 1 program");
    assert!(line.contains("It is given back after that."), "{line}");
    assert_eq!(place.run(&["run", "-n", "wems.db", "--", "echo", "never"]).code, Some(75));
    drop(running.input());
    assert_eq!(running.line(), "done");
    assert_eq!(running.code(), Some(3));
    assert_eq!(place.run(&["run", "-n", "wems.db", "--", "true"]).code, Some(0));
}

#[test]
fn signals_reach_the_program_and_the_lease_is_given_back_after_it() {
    let place = Place::new();
    for (name, code) in [("TERM", 41), ("INT", 42), ("HUP", 43), ("QUIT", 44)] {
        let script = "trap 'exit 41' TERM; trap 'exit 42' INT; trap 'exit 43' HUP; trap 'exit 44' QUIT; echo in; while :; do sleep 0.05; done";
        let mut running = place.start(&["run", "wems.db", "--", "sh", "-c", script]);
        assert_eq!(running.line(), "in");
        signal(name, running.pid());
        assert_eq!(running.code(), Some(code), "{name}");
        assert_eq!(place.run(&["status", "wems.db"]).code, Some(0));
        assert_eq!(place.run(&["run", "-n", "wems.db", "--", "true"]).code, Some(0));
    }
}

#[test]
fn input_and_output_are_the_programs() {
    use std::io::Write;
    let place = Place::new();
    let mut command = place.command(&["run", "wems.db", "--", "cat"]);
    command.stdin(Stdio::piped());
    let mut running = Running::start(command);
    let mut input = running.input();
    input.write_all(b"through\n").unwrap();
    assert_eq!(running.line(), "through");
    drop(input);
    assert_eq!(running.code(), Some(0));
}

#[test]
fn turns_lose_nothing_and_without_them_something_is_lost() {
    let place = Place::new();
    let count = |leased: bool| {
        let counter = place.share().join(format!("counter-{leased}"));
        std::fs::write(&counter, "0").unwrap();
        let add = format!("n=$(cat {0}); sleep 0.02; echo $((n+1)) > {0}", counter.display());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        if leased {
                            let said = place.run(&["run", "wems.db", "--", "sh", "-c", &add]);
                            assert_eq!(said.code, Some(0), "{said:?}");
                        } else {
                            let ended = std::process::Command::new("sh").args(["-c", &add]).status().unwrap();
                            assert!(ended.success());
                        }
                    }
                });
            }
        });
        std::fs::read_to_string(&counter).unwrap().trim().parse::<u32>().unwrap()
    };
    assert_eq!(count(true), 40);
    assert!(count(false) < 40, "the counter protects itself, so the test above proves nothing");
}

#[test]
fn a_missing_folder_is_69_and_what_is_no_file_73() {
    let place = Place::new();
    let said = place.run(&["run", "nowhere/wems.db", "--", "echo", "never"]);
    assert_eq!((said.code, said.out.as_str()), (Some(69), ""), "{said:?}");
    assert_eq!(place.run(&["hold", "nowhere/wems.db"]).code, Some(69));
    std::fs::create_dir(place.share().join("folder.db")).unwrap();
    let said = place.run(&["run", "folder.db", "--", "echo", "never"]);
    assert_eq!((said.code, said.out.as_str()), (Some(73), ""), "{said:?}");
}

#[test]
fn a_synchronised_folder_is_refused() {
    let place = Place::new();
    std::fs::write(place.share().join(".stfolder"), "").unwrap();
    let said = place.run(&["run", "wems.db", "--", "echo", "never"]);
    assert_eq!((said.code, said.out.as_str()), (Some(73), ""), "{said:?}");
    assert!(said.err.contains("Syncthing"), "{said:?}");
    let said = place.run(&["status", "--json", "wems.db"]);
    let status: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &status["error"]["code"]), (Some(73), &"synchronised".into()));
}

/// Ctrl-C on a terminal goes to the program itself; a second one must not be made of it.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_reaches_the_program_once() {
    use std::io::Write;
    let place = Place::new();
    let script = place.share().join("count.sh");
    let counting =
        "n=0; trap 'n=$((n+1))' INT; echo in; i=0; while [ $i -lt 25 ]; do sleep 0.05; i=$((i+1)); done; echo n=$n; exit 5";
    std::fs::write(&script, counting).unwrap();
    let inner = place.command(&[]);
    // Replaced by `exec`, because a shell that waits (dash does) takes the Ctrl-C for itself and answers 130 whatever the program says.
    let line = format!("exec {} run wems.db -- sh count.sh", inner.get_program().to_str().unwrap());
    let mut command = place.command(&[]);
    let environment: Vec<_> = command.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
    command = std::process::Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).current_dir(place.share()).stdin(Stdio::piped());
    for (name, value) in environment {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if std::process::Command::new("script").arg("--version").output().is_err() {
        println!("skipped: there is no script(1) here");
        return;
    }
    let mut running = Running::start(command);
    let mut input = running.input();
    while !running.line().contains("in") {}
    crate::support::pause(100);
    input.write_all(b"\x03").unwrap();
    let counted = loop {
        let line = running.line();
        if line.contains("n=") {
            break line;
        }
    };
    // The terminal echoes what was typed.
    assert_eq!(counted.trim().trim_start_matches("^C"), "n=1");
    assert_eq!(running.code(), Some(5));
}
