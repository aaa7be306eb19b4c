//! `sharelock demo`: two real programs take turns writing one file, and one of them is killed on the way.
//!
//! Nothing is simulated: each turn is this very program, started as `sharelock run … -- sharelock demo-turn …`. A turn reads the
//! file, takes its time and writes it back whole, so that two turns at once would lose a line; the numbers show that none did.

use super::exit::Exit;
use super::language::{language, variable};
use super::onlooker::Onlooker;
use super::open::now;
use super::terminal::{give, say};
use crate::clock::Ticks;
use crate::i18n::{About, Tale, decimal, printable};
use crate::lease::timing::Timing;
use crate::platform::guard::{MARK, TOKEN};
use crate::platform::process;
use crate::platform::signals::Signals;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How the file is called.
const LEDGER: &str = "ledger.txt";
/// How often each desk writes.
const TURNS: u32 = 4;
/// Which turn of desk 2 is killed.
const KILLED: (u32, u32) = (2, 2);
/// How long a turn takes.
const TAKES: Duration = Duration::from_millis(500);
/// How long the killed one would take.
const KILLED_TAKES: Duration = Duration::from_millis(1500);
/// When in its turn it is killed.
const KILLED_AFTER: Duration = Duration::from_millis(400);
/// What a desk does between its turns.
const BETWEEN: Duration = Duration::from_millis(150);
/// How often a waiting desk looks whether the programs of a killed one have ended; nothing on the share tells that.
const POLL: &str = "250ms";
/// Where it cannot be seen whether the programs of a killed desk have ended, its lease has to lapse; all times are divided by this,
/// so that it takes 5 s and not 5 min.
const SCALE: u32 = 60;
/// How long people may look at the notification before it goes.
const LOOK: Duration = Duration::from_secs(4);
/// The longest a demo may take before something is wrong.
const LONGEST: Duration = Duration::from_secs(60);

/// What one turn is told.
#[derive(Debug, clap::Args)]
pub(super) struct TurnArguments {
    ledger: PathBuf,
    desk: u32,
    turn: u32,
    millis: u64,
}

/// What a desk tells.
#[derive(Debug)]
enum Event {
    /// Its program runs.
    In { desk: u32, token: u64 },
    /// What it reads on stderr while it waits.
    Reads { desk: u32, line: String },
    /// Its program wrote this line; it may be an orphan.
    Wrote { desk: u32, line: u32, orphan: bool },
    /// Its wrapper was killed.
    Killed { desk: u32, pid: u32 },
    /// Its program has ended, and its wrapper, too.
    Over,
    /// It cannot go on.
    Broken(String),
    /// It has had all its turns.
    Finished,
}

/// Runs the demo.
pub(super) fn demo() -> Exit {
    let folder = match temporary_folder() {
        Ok(folder) => folder,
        Err(error) => return broken(&error.to_string()),
    };
    let (doomed, onlooker) = (folder.clone(), Arc::new(Mutex::new(None::<Onlooker>)));
    let leaves = Arc::clone(&onlooker);
    // Ctrl-C reaches the desks by itself; what is left is to tidy up.
    let heard = Signals::install_with(move |signal| {
        drop(leaves.lock().unwrap_or_else(PoisonError::into_inner).take());
        drop(fs::remove_dir_all(&doomed));
        std::process::exit(i32::from(Exit::Signalled(signal.number).code()));
    });
    let exit = match heard.and_then(|()| play(&folder, &onlooker)) {
        Ok(exit) => exit,
        Err(error) => broken(&error.to_string()),
    };
    drop(onlooker.lock().unwrap_or_else(PoisonError::into_inner).take());
    tidy_up(&folder);
    exit
}

/// Removes the folder. Windows does that only once an agent that watched it has let it go.
fn tidy_up(folder: &Path) {
    for _ in 0..100 {
        if fs::remove_dir_all(folder).is_ok() || !folder.exists() {
            return;
        }
        pause(Duration::from_millis(50));
    }
}

fn broken(detail: &str) -> Exit {
    say(About(LEDGER, &Tale::Broken(printable(detail)), language()));
    Exit::System
}

fn temporary_folder() -> io::Result<PathBuf> {
    let parent = std::env::temp_dir();
    for number in 0..100 {
        let folder = parent.join(format!("sharelock-demo-{}-{number}", std::process::id()));
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return result.map(|()| folder),
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists))
}

fn play(folder: &Path, onlooker: &Mutex<Option<Onlooker>>) -> io::Result<Exit> {
    let ledger = folder.join(LEDGER);
    fs::write(&ledger, "")?;
    give(About(LEDGER, &Tale::Beginning(printable(&ledger.to_string_lossy())), language()));
    let agent = Onlooker::begin(&ledger);
    if let Some(onlooker) = &agent {
        give(About(LEDGER, &Tale::Shown(onlooker.has_icon()), language()));
    }
    let notifies = agent.as_ref().is_some_and(Onlooker::notifies);
    *onlooker.lock().unwrap_or_else(PoisonError::into_inner) = agent;
    let last_turn = || {
        if let Some(onlooker) = onlooker.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            onlooker.wants_to_know();
        }
    };
    let began = now().ticks;
    let (sender, events) = mpsc::channel();
    for desk in [1, 2] {
        let (sender, ledger) = (sender.clone(), ledger.clone());
        let work = move || {
            let end = work_at(desk, &ledger, &sender).map_or_else(|error| Event::Broken(error.to_string()), |()| Event::Finished);
            drop(sender.send(end));
        };
        std::thread::Builder::new().name(format!("desk-{desk}")).spawn(work)?;
    }
    drop(sender);
    if let Err(detail) = tell(&events, began, last_turn) {
        return Ok(broken(&detail));
    }
    if notifies {
        give(About(LEDGER, &Tale::Notified, language()));
    }
    let text = fs::read_to_string(&ledger)?;
    give(format!("\n{}", About(LEDGER, &Tale::Contents, language())));
    for line in text.lines() {
        give(format!("  {}", printable(line)));
    }
    let sound = is_sound(&text);
    let verdict = if sound { Tale::Sound(2 * TURNS as usize) } else { Tale::Unsound };
    give(format!("\n{}", About(LEDGER, &verdict, language())));
    if notifies {
        pause(LOOK);
    }
    Ok(if sound { Exit::Done } else { Exit::Program(1) })
}

/// Tells what happens, as it happens.
fn tell(events: &Receiver<Event>, began: Ticks, last_turn: impl Fn()) -> Result<(), String> {
    let line = |tale: &Tale| {
        let time = decimal(now().ticks.since(began), language());
        give(format!("{time:>7}  {}", About(LEDGER, tale, language())))
    };
    let (mut finished, mut orphaned, mut over) = (0, false, None::<Ticks>);
    let mut has_read = [false; 2];
    let mut turns = 0;
    while finished < 2 {
        let left = LONGEST.saturating_sub(now().ticks.since(began));
        match events.recv_timeout(left).map_err(|_| format!("no news for {} s", LONGEST.as_secs()))? {
            Event::In { desk, token } => {
                turns += 1;
                if turns == 2 * TURNS {
                    // What is told then stays true.
                    last_turn();
                }
                let after = over.map(|over| now().ticks.since(over));
                line(&match after {
                    Some(after) if std::mem::take(&mut orphaned) => Tale::TookOverAfter(desk, token, after),
                    Some(after) => Tale::HasAfter(desk, token, after),
                    None => Tale::Has(desk, token),
                });
            }
            // Once per desk is enough to see what it looks like.
            Event::Reads { desk, line: text } => {
                if !std::mem::replace(&mut has_read[desk as usize % 2], true) {
                    line(&Tale::Reads(desk, text));
                }
            }
            Event::Wrote { desk, line: number, orphan } => {
                line(&if orphan { Tale::OrphanWrote(desk, number) } else { Tale::Wrote(desk, number) });
                // The next one may be in before the end of this one is heard of.
                over = Some(now().ticks);
            }
            Event::Killed { desk, pid } => {
                orphaned = true;
                line(&Tale::Killed(desk, pid));
                if !sees_orphans() {
                    line(&Tale::MustLapse(Timing::scaled(f64::from(SCALE)).long, Timing::default().long));
                }
            }
            Event::Over => {}
            Event::Broken(detail) => return Err(detail),
            Event::Finished => finished += 1,
        }
    }
    Ok(())
}

/// Every line is numbered, and every turn of every desk is there once.
fn is_sound(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let numbered = lines.iter().enumerate().all(|(at, line)| line.starts_with(&format!("line {}:", at + 1)));
    let turn = |desk, turn| lines.iter().filter(|line| line.contains(&format!("desk {desk}, turn {turn},"))).count();
    let once = (1..=2).all(|desk| (1..=TURNS).all(|number| turn(desk, number) == 1));
    numbered && once && lines.len() == 2 * TURNS as usize
}

/// One desk: all its turns, each a program of its own.
fn work_at(desk: u32, ledger: &Path, events: &Sender<Event>) -> io::Result<()> {
    for turn in 1..=TURNS {
        pause(BETWEEN * desk);
        one_turn(desk, turn, ledger, events)?;
    }
    Ok(())
}

fn one_turn(desk: u32, turn: u32, ledger: &Path, events: &Sender<Event>) -> io::Result<()> {
    let killed = (desk, turn) == KILLED;
    let mut wrapper = start(desk, turn, ledger, if killed { KILLED_TAKES } else { TAKES })?;
    if let Some(errors) = wrapper.stderr.take() {
        let events = events.clone();
        let read = move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                drop(events.send(Event::Reads { desk, line: printable(&line) }));
            }
        };
        std::thread::Builder::new().spawn(read)?;
    }
    let Some(output) = wrapper.stdout.take() else { return Err(io::Error::other("a desk without a voice")) };
    let mut wrote = false;
    for line in BufReader::new(output).lines() {
        let line = line?;
        let (word, number) = line.split_once(' ').unwrap_or((&line, "0"));
        let number: u64 = number.parse().map_err(io::Error::other)?;
        if word == "in" {
            drop(events.send(Event::In { desk, token: number }));
            if killed {
                pause(KILLED_AFTER);
                let pid = wrapper.id();
                wrapper.kill()?;
                wrapper.wait()?;
                drop(events.send(Event::Killed { desk, pid }));
            }
        } else {
            wrote = true;
            let line = u32::try_from(number).map_err(io::Error::other)?;
            drop(events.send(Event::Wrote { desk, line, orphan: killed }));
        }
    }
    let status = wrapper.wait()?;
    if !wrote || !(killed || status.success()) {
        return Err(io::Error::other(format!("turn {turn} of desk {desk} ended with {status}")));
    }
    drop(events.send(Event::Over));
    Ok(())
}

fn start(desk: u32, turn: u32, ledger: &Path, takes: Duration) -> io::Result<Child> {
    let this = std::env::current_exe()?;
    let note = format!("desk {desk}, turn {turn}");
    let millis = takes.as_millis().to_string();
    let mut command = Command::new(&this);
    command.args(["run", "--note", &note]).arg(ledger).arg("--").arg(&this).arg("demo-turn").arg(ledger);
    command.args([&desk.to_string(), &turn.to_string(), &millis]);
    // What the desks remember goes with the folder, and what this process runs under is not theirs.
    if let Some(folder) = ledger.parent() {
        command.env("XDG_STATE_HOME", folder.join("state"));
    }
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SHARELOCK_")) {
        command.env_remove(name);
    }
    let (name, value) = variable();
    command.env(name, value);
    // Durations of this user's would not go with the demo's.
    if let Some(folder) = ledger.parent() {
        command.env("SHARELOCK_CONFIG", folder.join("sharelock.toml"));
    }
    if !sees_orphans() {
        command.env("SHARELOCK_TIME_SCALE", SCALE.to_string());
    }
    // Another session of this user's: an agent tells a user nothing about what that very session does.
    command.env("XDG_SESSION_ID", format!("desk {desk}"));
    command.env("SHARELOCK_POLL", POLL).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}

/// Returns whether the system shows which programs work under a lease whose holder was killed.
fn sees_orphans() -> bool {
    process::marked(MARK, "none").is_some()
}

/// One turn, under the lease: reads the file, takes its time, writes it back with one line more.
pub(super) fn turn(arguments: &TurnArguments) -> Exit {
    match write_turn(arguments) {
        Ok(()) => Exit::Done,
        Err(error) => broken(&error.to_string()),
    }
}

fn write_turn(arguments: &TurnArguments) -> io::Result<()> {
    let token = std::env::var(TOKEN).map_err(io::Error::other)?;
    give(format!("in {token}"));
    let mut text = fs::read_to_string(&arguments.ledger)?;
    pause(Duration::from_millis(arguments.millis));
    let number = text.lines().count() + 1;
    let TurnArguments { desk, turn, .. } = arguments;
    let line = format!("line {number}: desk {desk}, turn {turn}, token {token}\n");
    text.push_str(&line);
    fs::write(&arguments.ledger, text)?;
    give(format!("wrote {number}"));
    Ok(())
}

/// Lets time pass.
fn pause(time: Duration) {
    let (_sender, nothing) = mpsc::channel::<()>();
    // Nothing ever comes, so this always takes the whole time.
    let _ = nothing.recv_timeout(time);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(change: impl Fn(&mut Vec<String>)) -> String {
        let mut lines: Vec<String> = (0..2 * TURNS)
            .map(|at| format!("line {}: desk {}, turn {}, token {}", at + 1, at % 2 + 1, at / 2 + 1, at + 1))
            .collect();
        change(&mut lines);
        lines.join("\n")
    }

    #[test]
    fn lost_and_doubled_lines_are_noticed() {
        assert!(is_sound(&ledger(|_| {})));
        assert!(!is_sound(&ledger(|lines| drop(lines.pop()))));
        assert!(!is_sound(&ledger(|lines| drop(lines.remove(3)))));
        assert!(!is_sound(&ledger(|lines| lines[4] = lines[4].replace("turn 3", "turn 2"))));
        assert!(!is_sound(&ledger(|lines| lines.push(lines[0].clone()))));
    }
}
