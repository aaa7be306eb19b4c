//! What this user's agent sees, told by `status` and `watch` as if they had looked themselves.

use crate::support::{Place, Running, Said, eventually, finish, foreign_notice, signal};
use serde_json::Value;
use std::process::{Command, Stdio};

/// Whether to tell what an agent sees.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Agent,
    Oneself,
}

fn command(place: &Place, by: By, language: &str, arguments: &[&str]) -> Command {
    let mut command = place.command(arguments);
    command.env("SHARELOCK_LANG", language);
    if by == By::Oneself {
        command.env("XDG_RUNTIME_DIR", place.share().parent().unwrap());
    }
    command
}

/// An agent that watches these.
fn agent(place: &Place, databases: &[&str]) -> Running {
    let agent = Running::start(place.command(&[&["agent", "run"], databases].concat()));
    let watched = || place.run(&["agent", "status"]).out.matches("/share/").count() == databases.len();
    eventually("the agent watches them", watched);
    agent
}

/// The same without the numbers that grow while one looks.
fn timeless(said: &Said, json: bool) -> Vec<String> {
    let without = |line: &str| {
        if !json {
            return line.chars().filter(|c| !c.is_ascii_digit()).collect();
        }
        let mut object: Value = serde_json::from_str(line).unwrap();
        for name in ["last_seen_s", "observed_s", "takeable_in_s"] {
            object[name] = object[name].is_null().into();
        }
        object.to_string()
    };
    said.out.lines().map(without).collect()
}

#[test]
fn status_says_the_same_whoever_looked() {
    let place = Place::new();
    let all = ["free.db", "kept.db", "mine.db", "elsewhere.db", "foreign.db", "nowhere/x.db", "unknown.db"];
    let _agent = agent(&place, &all[..6]);
    assert_eq!(place.run(&["take", "kept.db"]).code, Some(0));
    let mine = place.start(&["hold", "--json", "--note", "back at 10", "mine.db"]);
    mine.event("acquired");
    let mut elsewhere = place.command(&["hold", "--json", "elsewhere.db"]);
    elsewhere.env("XDG_SESSION_ID", "77");
    let elsewhere = Running::start(elsewhere);
    elsewhere.event("acquired");
    foreign_notice(&place, "foreign.db", "ma\u{1b}[2Jrie", "PC-ACCUEIL");
    let _waits = place.start(&["run", "mine.db", "--", "true"]);
    let waits = || place.run(&["status", "--json", "mine.db"]).out.contains("\"place\":1");
    eventually("it is in line", waits);
    for language in ["en", "fr"] {
        for json in [true, false] {
            let arguments = if json { [&["status", "--json"], &all[..]].concat() } else { [&["status"], &all[..]].concat() };
            let [agents, own] = [By::Agent, By::Oneself].map(|by| finish(command(&place, by, language, &arguments)));
            assert_eq!(timeless(&agents, json), timeless(&own, json));
            assert_eq!((agents.code, &agents.err, agents.out.lines().count()), (own.code, &own.err, all.len()));
        }
    }
}

#[test]
fn an_agent_that_does_not_answer_is_not_waited_for() {
    let place = Place::new();
    let agent = agent(&place, &["wems.db"]);
    signal("STOP", agent.pid());
    let said = place.run(&["status", "wems.db"]);
    let watch = place.start(&["watch", "wems.db"]);
    assert!(watch.line().ends_with("wems.db is free."));
    signal("CONT", agent.pid());
    assert_eq!((said.code, said.out.as_str()), (Some(0), "wems.db is free.\n"), "{said:?}");
}

#[test]
fn a_watch_goes_on_by_itself_when_the_agent_ends() {
    let place = Place::new();
    let mut agent = agent(&place, &["wems.db"]);
    let watch = place.start(&["watch", "--json", "wems.db", "other.db"]);
    let next = |database: &str, state: &str| {
        let line = watch.json();
        let path = line["database"].as_str().unwrap().to_owned();
        assert!(path.ends_with(database) && line["state"] == state, "{line}");
    };
    let mut first = [watch.json(), watch.json()].map(|line| line["state"].clone());
    first.sort_by_key(ToString::to_string);
    assert_eq!(first, ["free", "free"]);
    let mut hold = Running::start({
        let mut hold = place.command(&["hold", "--json", "--until-eof", "wems.db"]);
        hold.stdin(Stdio::piped());
        hold
    });
    hold.event("acquired");
    next("wems.db", "mine");
    agent.kill();
    drop(hold.input());
    assert_eq!(hold.code(), Some(0));
    // Neither twice nor not at all.
    next("wems.db", "free");
    foreign_notice(&place, "wems.db", "marie", "PC-ACCUEIL");
    next("wems.db", "held");
    foreign_notice(&place, "other.db", "marie", "PC-ACCUEIL");
    next("other.db", "held");
}

/// Where this process sees an empty folder instead of the share; the agent sees the share.
#[cfg(target_os = "linux")]
fn blind(place: &Place, by: By, arguments: &[&str]) -> Command {
    let own = command(place, by, "en", arguments);
    let mut blind = Command::new("unshare");
    blind.args(["-m", "sh", "-c", "mount -t tmpfs none \"$0\" && exec \"$@\""]).arg(place.share());
    blind.arg(own.get_program()).args(own.get_args()).current_dir("/").stdin(Stdio::null());
    for (name, value) in own.get_envs() {
        match value {
            Some(value) => blind.env(name, value),
            None => blind.env_remove(name),
        };
    }
    blind
}

/// Has a database held that is free to whoever is [`blind`]; also its path. `None`, and says so, where nobody can be blinded.
#[cfg(target_os = "linux")]
fn held_out_of_sight(place: &Place) -> Option<(Running, String)> {
    let database = place.share().join("wems.db").to_str().unwrap().to_owned();
    let hold = place.start(&["hold", "--json", "wems.db"]);
    hold.event("acquired");
    let by_oneself = finish(blind(place, By::Oneself, &["status", &database]));
    if by_oneself.out != "wems.db is free.\n" {
        println!("skipped: nothing can be mounted here: {by_oneself:?}");
        return None;
    }
    Some((hold, database))
}

#[cfg(target_os = "linux")]
#[test]
fn where_an_agent_looks_the_share_is_not_asked_again() {
    let place = Place::new();
    let Some((hold, database)) = held_out_of_sight(&place) else { return };
    let database = database.as_str();
    let _agent = agent(&place, &["wems.db"]);
    let said = finish(blind(&place, By::Agent, &["status", database]));
    assert!(said.code == Some(0) && said.out.starts_with("wems.db: you have been using it since "), "{said:?}");
    let watch = Running::start(blind(&place, By::Agent, &["watch", "--json", database]));
    assert_eq!(watch.json()["state"], "mine");
    drop(hold);
    assert_eq!(watch.json()["state"], "stale");
}

#[cfg(target_os = "linux")]
#[test]
fn a_watch_that_went_on_by_itself_hears_of_the_next_agent() {
    let place = Place::new();
    let Some((hold, database)) = held_out_of_sight(&place) else { return };
    let database = database.as_str();
    let mut first = agent(&place, &["wems.db"]);
    let watch = Running::start(blind(&place, By::Agent, &["watch", "--json", database]));
    assert_eq!(watch.json()["state"], "mine");
    first.kill();
    assert_eq!(watch.json()["state"], "free", "it sees an empty folder itself");
    let _second = agent(&place, &["wems.db"]);
    assert_eq!(watch.json()["state"], "mine");
    drop(hold);
    assert_eq!(watch.json()["state"], "stale");
}
