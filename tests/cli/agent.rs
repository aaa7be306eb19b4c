//! The agent as programs of its user meet it: lent, killed, and taking over what a killed `run` left behind. Without a desktop.

use crate::support::{Place, Running, eventually, signal, token};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

/// A place with an agent of its own.
struct Office {
    place: Place,
    agent: Running,
}

fn agent(place: &Place) -> Running {
    let agent = Running::start(place.command(&["agent", "run"]));
    eventually("the agent answers", || place.run(&["agent", "status"]).code == Some(0));
    agent
}

impl Office {
    fn new() -> Self {
        let place = Place::new();
        let agent = agent(&place);
        Self { place, agent }
    }

    /// Has the agent take the database; the token.
    fn taken(&self) -> u64 {
        let said = self.place.run(&["take", "wems.db"]);
        assert_eq!(said.code, Some(0), "{said:?}");
        let status: serde_json::Value = serde_json::from_str(&self.place.run(&["status", "--json", "wems.db"]).out).unwrap();
        assert_eq!(status["holder"]["app"], "sharelock");
        let said = self.place.run(&["status", "wems.db"]);
        assert!(said.out.starts_with("wems.db: reserved for you since "), "{said:?}");
        status["token"].as_u64().unwrap()
    }

    fn begin(&self, script: &str) -> Running {
        begin(self.place.command(&["run", "-w", "30", "wems.db", "--", "sh", "-c", script]))
    }

    /// Nobody else gets in.
    fn is_closed(&self) {
        let said = self.place.run(&["run", "-n", "wems.db", "--", "echo", "never"]);
        assert_eq!((said.code, said.out.as_str()), (Some(75), ""), "{said:?}");
    }

    fn agent_has_it(&self) -> bool {
        let said = self.place.run(&["agent", "status", "--json"]);
        let status: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        status["databases"].as_array().unwrap().iter().any(|database| database["held"] == true)
    }
}

fn begin(mut command: Command) -> Running {
    command.stdin(Stdio::piped());
    Running::start(command)
}

const PROGRAM: &str = "echo $SHARELOCK_TOKEN; read line; echo out";

#[test]
fn a_run_borrows_what_the_agent_has_and_gives_it_back() {
    let mut office = Office::new();
    let held = office.taken();
    let mut running = office.begin(PROGRAM);
    assert_eq!(token(&running.line()), held, "the same lease");
    office.is_closed();
    let refused = office.place.run(&["release", "wems.db"]);
    assert_eq!(refused.code, Some(75), "{refused:?}");
    assert!(refused.err.contains("sh still has it open"), "{refused:?}");
    // The next one waits its turn, and borrows the same lease then.
    let mut next = office.begin("echo $SHARELOCK_TOKEN");
    drop(running.input());
    assert_eq!((running.line(), running.code()), ("out".into(), Some(0)));
    assert_eq!((token(&next.line()), next.code()), (held, Some(0)));
    assert!(office.agent_has_it());
    assert_eq!(office.place.run(&["release", "wems.db"]).code, Some(0));
    assert_eq!(office.place.run(&["status", "wems.db"]).code, Some(0));
    office.agent.kill();
}

#[test]
fn a_nested_run_passes_through_also_under_a_lent_lease() {
    let office = Office::new();
    office.taken();
    let said = office.place.run(&[
        "run",
        "-n",
        "wems.db",
        "--",
        env!("CARGO_BIN_EXE_sharelock"),
        "run",
        "-n",
        "wems.db",
        "--",
        "echo",
        "in",
    ]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "in\n"), "{said:?}");
    assert!(office.agent_has_it());
}

#[test]
fn a_program_under_a_lent_lease_outlives_the_agent() {
    let mut office = Office::new();
    let held = office.taken();
    let mut running = office.begin(PROGRAM);
    assert_eq!(token(&running.line()), held);
    office.agent.kill();
    running.hears("The Sharelock agent has ended");
    office.is_closed();
    let status: serde_json::Value = serde_json::from_str(&office.place.run(&["status", "--json", "wems.db"]).out).unwrap();
    assert!(status["token"].as_u64().unwrap() > held && status["state"] == "mine", "{status}");
    drop(running.input());
    assert_eq!((running.line(), running.code()), ("out".into(), Some(0)));
    assert_eq!(office.place.run(&["status", "wems.db"]).code, Some(0), "given back");
}

#[test]
fn an_agent_that_is_told_to_end_leaves_a_lent_lease_to_its_program() {
    let mut office = Office::new();
    office.taken();
    let mut running = office.begin(PROGRAM);
    running.line();
    assert_eq!(office.place.run(&["agent", "stop"]).code, Some(0));
    assert_eq!(office.agent.code(), Some(0));
    running.hears("The Sharelock agent has ended");
    office.is_closed();
    drop(running.input());
    assert_eq!((running.line(), running.code()), ("out".into(), Some(0)));
    assert_eq!(office.place.run(&["status", "wems.db"]).code, Some(0), "given back");
}

#[test]
fn the_agent_answers_for_the_program_of_a_killed_borrower() {
    let office = Office::new();
    let held = office.taken();
    let mut running = office.begin(PROGRAM);
    assert_eq!(token(&running.line()), held);
    let input = running.input();
    running.kill();
    office.is_closed();
    let refused = office.place.run(&["release", "wems.db"]);
    assert!(refused.code == Some(75) && refused.err.contains("still has it open"), "{refused:?}");
    drop(input);
    assert_eq!(running.line(), "out");
    // The user had taken it, and keeps it.
    eventually("another program can borrow it", || office.place.run(&["run", "-n", "wems.db", "--", "true"]).code == Some(0));
    assert!(office.agent_has_it());
}

#[test]
fn nobody_gets_in_when_borrower_and_agent_are_both_killed() {
    let mut office = Office::new();
    office.taken();
    let mut running = office.begin(PROGRAM);
    running.line();
    let input = running.input();
    // Stopped, so that it cannot take the lease over.
    signal("STOP", running.pid());
    office.agent.kill();
    running.kill();
    for _ in 0..3 {
        office.is_closed();
    }
    drop(input);
    assert_eq!(running.line(), "out");
    eventually("the next one gets in", || office.place.run(&["run", "-n", "wems.db", "--", "true"]).code == Some(0));
}

#[test]
fn the_agent_takes_over_what_a_killed_run_left_behind() {
    let office = Office::new();
    let watched = office.place.run(&["agent", "run", "wems.db"]);
    assert_eq!(watched.code, Some(0), "{watched:?}");
    let mut running = office.begin("exec 3<&0; echo $SHARELOCK_TOKEN; (read line <&3; echo out) & wait");
    let before = token(&running.line());
    let input = running.input();
    running.kill();
    office.is_closed();
    // That the run itself does it is waited for ten seconds.
    eventually("the agent has it", || office.agent_has_it());
    let status: serde_json::Value = serde_json::from_str(&office.place.run(&["status", "--json", "wems.db"]).out).unwrap();
    assert!(status["token"].as_u64().unwrap() > before, "{status}");
    office.is_closed();
    drop(input);
    assert_eq!(running.line(), "out");
    // The agent has it for those programs alone.
    eventually("free", || office.place.run(&["status", "wems.db"]).code == Some(0));
    // It is free once the record says so, and the agent hears of that a moment later.
    eventually("the agent does not have it", || !office.agent_has_it());
    let history = office.place.run(&["history", "wems.db"]);
    assert!(history.out.contains("taken over"), "{history:?}");
}

fn log(place: &Place) -> String {
    let log = place.share().with_file_name("state").join("sharelock").join("agent.log");
    std::fs::read_to_string(log).unwrap_or_default()
}

#[test]
fn programs_that_are_not_understood_are_logged_once() {
    let office = Office::new();
    let socket = office.place.share().with_file_name("run").join("sharelock").join("agent.sock");
    for said in ["{\"v\":1,\"ask\":\"fly\"}\n", "nonsense\n", "half a li"] {
        let mut program = UnixStream::connect(&socket).unwrap();
        program.write_all(said.as_bytes()).unwrap();
        program.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        program.read_to_string(&mut answer).unwrap();
        assert_eq!(answer.contains("not_understood"), said.ends_with('\n'), "{answer}");
    }
    let told = || log(&office.place).matches("WARN  a program was not understood").count();
    eventually("it is logged", || told() == 1);
    assert_eq!(office.place.run(&["agent", "stop"]).code, Some(0));
    eventually("its last line", || log(&office.place).contains("INFO  ended"));
    assert_eq!(told(), 1);
}

#[test]
fn a_program_that_cannot_be_started_by_a_click_is_told_to_the_agent() {
    let place = Place::new();
    std::fs::create_dir_all(place.settings().parent().unwrap()).unwrap();
    let database = place.share().join("wems.db");
    let settings = format!("[[database]]\nlabel = 'RH'\npath = '{}'\nprogram = ['{}']\n", database.display(), "no-such-program");
    std::fs::write(place.settings(), settings).unwrap();
    let _agent = agent(&place);
    let said = place.run(&["run", "--gui", "RH"]);
    assert_eq!(said.code, Some(127), "{said:?}");
    let line = "WARN  its program could not be started database=\"RH\" error=\"no-such-program: there is no such program.\"";
    eventually("it is logged", || log(&place).contains(line));
}
