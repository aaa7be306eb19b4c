//! What the doctor finds at every configured database, in bounded time.
//!
//! The hazard is a share that hangs: several databases are examined at once, all of them have to be done at the same time, and what was
//! found until then is told. Nothing here decides what is hidden; it tells which of the words of a finding are names.

use super::names::{Kind, Names};
use crate::clock::{Clock, SystemClock};
use crate::config::Target;
use crate::doctor::{Grade, Look, News, Request, examine, grade, topic_word};
use crate::i18n::doctor::{Access, Finding, Foreign, Leases, Pair, System, Topic, Who, words};
use crate::i18n::{Language, Person};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long all of it may take.
const LONGEST: Duration = Duration::from_secs(45);
/// How long those that are stopped may take to clean up.
const TIDYING: Duration = Duration::from_secs(10);
/// How many databases are examined at once: more would measure one another.
const AT_ONCE: usize = 4;

/// What was found at one database so far, and whether that is all.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    findings: Vec<(Topic, Finding)>,
    done: bool,
}

/// Examines them all. `stop` is set by whoever wants that to end, and by the time.
pub(super) fn examine_all(targets: &[Target], look: &dyn Fn(&Target) -> Look, stop: &Arc<AtomicBool>) -> Vec<Found> {
    let found: Arc<Vec<Mutex<Found>>> = Arc::new(targets.iter().map(|_| Mutex::default()).collect());
    let jobs: Vec<(usize, Request)> = targets.iter().enumerate().map(|(at, target)| (at, request(target, look, stop))).collect();
    let jobs = Arc::new(Mutex::new(jobs));
    // Dropped by the last of them.
    let (working, end) = channel::<()>();
    for _ in 0..AT_ONCE.min(targets.len()) {
        let (jobs, found, working, stop) = (Arc::clone(&jobs), Arc::clone(&found), working.clone(), Arc::clone(stop));
        let work = move || {
            let _working = working;
            let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).pop();
            while let Some((at, request)) = next().filter(|_| !stop.load(Ordering::Relaxed)) {
                let mut tell = |news| {
                    if let News::Found(topic, finding) = news {
                        found[at].lock().unwrap_or_else(PoisonError::into_inner).findings.push((topic, finding));
                    }
                };
                let done = matches!(examine(&request, &mut tell), Ok(Some(_)));
                found[at].lock().unwrap_or_else(PoisonError::into_inner).done = done;
            }
        };
        // Without a thread nothing is found, which is told as well.
        drop(std::thread::Builder::new().name("sharelock-report".into()).spawn(work));
    }
    drop(working);
    let began = SystemClock.now().ticks;
    let slice = Duration::from_millis(100);
    while end.recv_timeout(slice) == Err(RecvTimeoutError::Timeout) {
        if stop.load(Ordering::Relaxed) || SystemClock.now().ticks.since(began) >= LONGEST {
            stop.store(true, Ordering::Relaxed);
            let _tidied = end.recv_timeout(TIDYING);
            break;
        }
    }
    found.iter().map(|found| found.lock().unwrap_or_else(PoisonError::into_inner).clone()).collect()
}

fn request(target: &Target, look: &dyn Fn(&Target) -> Look, stop: &Arc<AtomicBool>) -> Request {
    Request { path: target.path.clone(), look: look(target), here: Vec::new(), pair: None, stop: Arc::clone(stop) }
}

/// Returns what was found at one database as lines.
pub(super) fn told(target: &Target, found: &Found) -> String {
    let label = target.label.as_deref().unwrap_or_default();
    let mut text = format!("\"{label}\" at \"{}\"\n", target.path.display());
    for (topic, finding) in &found.findings {
        let (name, grade) = grade(finding);
        if grade == Grade::Skipped {
            continue;
        }
        let words = words(finding, Language::English);
        // A text cannot refuse to be written to.
        let _ = writeln!(text, "  {:<8} {:<17} {name}: {}", grade.word(), topic_word(*topic), words.found);
        if matches!(grade, Grade::Warning | Grade::Failure) {
            let _ = writeln!(text, "           {}\n           {}", words.why, words.remedy);
        }
    }
    if !found.done {
        let _ = writeln!(text, "  not finished within {} s", LONGEST.as_secs());
    }
    text
}

/// Tells which words of the findings are names.
pub(super) fn tell_names(found: &Found, names: &mut Names) {
    for (_, finding) in &found.findings {
        tell(finding, names);
    }
}

fn person(who: &Person, names: &mut Names) {
    names.tell(Kind::Person, &[&who.name]);
    names.computer(&who.machine);
}

fn tell(finding: &Finding, names: &mut Names) {
    match finding {
        Finding::FileSystem(System::Local(_, place)) => names.path(place),
        Finding::FileSystem(System::Share(_, source, _)) => share(source, names),
        Finding::Access(access) => of_access(access, names),
        Finding::Foreign(Foreign::InUse(file, ..) | Foreign::LeftBehind(file, ..) | Foreign::WriteAheadOnShare(file)) => {
            names.tell(Kind::Part, &[file]);
        }
        Finding::Leases(Leases::Held(database, who) | Leases::Stale(database, who, ..)) => {
            names.tell(Kind::Database, &[database]);
            person(who, names);
        }
        Finding::Leases(Leases::Unreadable(database, _) | Leases::Newer(database, _)) => names.tell(Kind::Database, &[database]),
        Finding::Leases(Leases::OftenLapsed(_, _, computer)) | Finding::Pair(Pair::Met(computer)) => names.computer(computer),
        // Kinds, numbers, and what the system said: its paths are known, or found.
        Finding::FileSystem(System::Virtual(_) | System::UserSpace(_) | System::Cloud(_) | System::Other(_))
        | Finding::Foreign(Foreign::Nothing | Foreign::TooMany(_))
        | Finding::Leases(Leases::Nothing | Leases::Free(_) | Leases::Orderly(..) | Leases::VersionsFit)
        | Finding::Skipped(_)
        | Finding::Folder(_)
        | Finding::Sync(_)
        | Finding::Writing(_)
        | Finding::Exclusive(_)
        | Finding::Locks(_)
        | Finding::Clock(_)
        | Finding::Speed(_)
        | Finding::Space(_)
        | Finding::Waits(_)
        | Finding::Pair(_)
        | Finding::Configuration(_)
        | Finding::Autostart(_)
        | Finding::Agent(_) => {}
    }
}

/// `server:/export` and `//server/share`.
fn share(source: &str, names: &mut Names) {
    match source.split_once(":/") {
        Some((server, export)) => {
            names.computer(server.trim_matches(['[', ']']));
            names.path(&format!("/{export}"));
        }
        None => names.path(source),
    }
}

fn of_access(access: &Access, names: &mut Names) {
    match access {
        Access::Shared(Who::Group(group)) => names.tell(Kind::Group, &[group]),
        Access::Private(path, command)
        | Access::NoSetGroup(path, command)
        | Access::Sticky(path, command)
        | Access::Narrow(path, command)
        | Access::DatabaseNarrow(path, command) => {
            names.path(path);
            let after = command.split_once("chgrp ").map(|(_, rest)| rest.trim_start_matches("-R "));
            names.tell(Kind::Group, &[after.and_then(|rest| rest.split(' ').next()).unwrap_or_default()]);
        }
        Access::StoreDenied(path, _) => names.path(path),
        Access::Shared(Who::Owner | Who::Everybody) | Access::ServerDecides => {}
    }
}

#[cfg(test)]
pub(super) const fn found_for_tests(findings: Vec<(Topic, Finding)>) -> Found {
    Found { findings, done: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, DatabaseConfig};

    #[test]
    fn a_share_that_hangs_ends_nobodys_report() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.db.lock"), "{}").unwrap();
        let database = DatabaseConfig::of_path(folder.path().join("x.db"));
        let config = Config { databases: vec![database; 6], ..Config::default() };
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        // Whoever is asked who has it says stop, and never answers.
        let hangs: Look = Arc::new(move |_: &std::path::Path| {
            asked.store(true, Ordering::Relaxed);
            loop {
                std::thread::park();
            }
        });
        let targets = config.targets();
        let found = examine_all(&targets, &|_| Arc::clone(&hangs), &stop);
        assert!(found.len() == 6 && found.iter().all(|found| !found.done));
        assert!(found.iter().any(|found| found.findings.iter().any(|(topic, _)| *topic == Topic::FileSystem)));
        assert!(told(&targets[0], &found[0]).ends_with("  not finished within 45 s\n"));
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["x.db.lock"]);
    }
}
