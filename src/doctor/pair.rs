//! What two computers find out about one folder together: whether each sees what the other does, and how soon.
//!
//! One leads and measures by its own clock, the other follows; then they change places, and each tells what it measured. Clocks of two
//! computers are never compared for that: a delay is the time until the answer came, less the time that an answer takes by itself.

use super::meeting::{Meeting, Met, Word, rest};
use super::share::won;
use super::{Subject, failed, now};
use crate::clock::{Clock as _, SystemClock};
use crate::i18n::doctor::{Finding, Locks, Pair, Topic};
use crate::i18n::printable;
use crate::platform::files::{self, Trouble, classify};
use crate::platform::{range_lock, user};
use std::io;
use std::sync::mpsc;
use std::time::Duration;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(20);
/// How long the follower waits for the next question: the leader may be busy with its share.
const QUESTION: Duration = Duration::from_secs(60);
/// How long a new or removed name is looked for. NFS hides new ones for up to a minute; the point is made before that.
const NAMES: Duration = Duration::from_secs(30);
/// How often it is looked for.
const NAMES_POLL: Duration = Duration::from_millis(100);
/// How long a release may take to wake the other.
const WAKING: Duration = Duration::from_secs(1);
/// How long the other one waits before. NFS 4.0 clients, which ask again instead of being woken, pause for 2 s and more by then.
const BEFORE_RELEASE: Duration = Duration::from_millis(1500);
/// What is written before a release.
const LAST_WORDS: &[u8] = b"given back";
/// Rounds of question and answer.
const ROUNDS: usize = 9;
/// Names that both try to create.
const RACES: usize = 150;
/// How long they may take for that.
const RACING: Duration = Duration::from_secs(4);
/// A change that is seen later than this is felt.
const LATE: Duration = Duration::from_secs(5);
/// From this difference on people notice wrong times.
const CLOCKS_APART: Duration = Duration::from_secs(30);

type Tell<'a> = &'a mut dyn FnMut(Topic, Finding);

/// Why the meeting ended early.
enum Broken {
    /// The other one says nothing, or not what was asked.
    Silent,
    /// The share failed.
    Share(io::Error),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Share(error)
    }
}

pub(super) fn pair(subject: &Subject, tell: Tell<'_>) {
    let Some(appointment) = &subject.appointment else { return };
    let meeting = subject.meeting.get_or_init(|| Meeting::at(&subject.folder, &appointment.code));
    let code = appointment.code.clone();
    let machine = user::machine_name();
    let found = match meeting.wait(&subject.folder, &machine, appointment.wait) {
        Err(error) => Finding::Folder(failed(&error)),
        Ok(Met::Nobody) => Finding::Pair(Pair::Alone(code)),
        Ok(Met::Crowded) => {
            // It is theirs; nothing of it is removed here.
            meeting.end();
            Finding::Pair(Pair::Crowded(code))
        }
        Ok(Met::With(other)) => {
            let met = if other == machine { Pair::SameComputer } else { Pair::Met(printable(&other)) };
            tell(Topic::Pair, Finding::Pair(met));
            match take_turns(meeting, tell) {
                Ok(()) => return meeting.end(),
                Err(Broken::Silent) => Finding::Pair(Pair::LostTouch),
                Err(Broken::Share(error)) => Finding::Folder(failed(&error)),
            }
        }
    };
    tell(Topic::Pair, found);
}

fn take_turns(meeting: &Meeting, tell: Tell<'_>) -> Result<(), Broken> {
    if meeting.is_first() {
        lead(meeting, tell)?;
        meeting.say(Word::Turn)?;
        follow(meeting)?;
        meeting.say(Word::Bye)?;
        // The other one has nothing more to do than to say so; whether that arrives changes nothing.
        meeting.hear(ANSWER);
    } else {
        follow(meeting)?;
        lead(meeting, tell)?;
        meeting.say(Word::Turn)?;
        expect(meeting, ANSWER, |word| matches!(word, Word::Bye))?;
        meeting.say(Word::Bye)?;
    }
    Ok(())
}

/// Waits for an answer of a certain kind.
fn expect(meeting: &Meeting, patience: Duration, kind: fn(&Word) -> bool) -> Result<Word, Broken> {
    meeting.hear(patience).filter(kind).ok_or(Broken::Silent)
}

fn ask(meeting: &Meeting, question: Word, kind: fn(&Word) -> bool) -> Result<Word, Broken> {
    meeting.say(question)?;
    expect(meeting, ANSWER, kind)
}

fn lead(meeting: &Meeting, tell: Tell<'_>) -> Result<(), Broken> {
    tell(Topic::PairClock, Finding::Pair(compare_clocks(meeting)?));
    let (usual, worst) = measure_answers(meeting)?;
    let seen = if worst >= LATE { Pair::ChangeLate(worst) } else { Pair::ChangeSeen(usual, worst) };
    tell(Topic::PairChange, Finding::Pair(seen));
    let locks = try_locks(meeting, usual)?.map_or(Finding::Locks(Locks::Missing), Finding::Pair);
    tell(Topic::PairLocks, locks);
    let (rounds, several, nobody) = race_as_leader(meeting)?;
    tell(Topic::PairExclusive, Finding::Exclusive(won(rounds, several, nobody)));
    let names = match watch_names(meeting, usual)? {
        (Some(made), Some(removed)) if made < LATE && removed < LATE => Pair::NamesSeen(made, removed),
        (made, removed) => Pair::NamesLate(made, removed),
    };
    tell(Topic::PairNames, Finding::Pair(names));
    Ok(())
}

/// Returns how long a change takes to be seen: usually, and at worst. Half of question and answer.
fn measure_answers(meeting: &Meeting) -> Result<(Duration, Duration), Broken> {
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        let sent = now();
        ask(meeting, Word::Ping, |word| *word == Word::Pong)?;
        took.push(now().since(sent) / 2);
    }
    took.sort_unstable();
    Ok((took[took.len() / 2], took[took.len() - 1]))
}

fn compare_clocks(meeting: &Meeting) -> Result<Pair, Broken> {
    let wall = || SystemClock.now().wall.0;
    let before = wall();
    let Word::Clock(theirs) = ask(meeting, Word::AskClock, |word| matches!(word, Word::Clock(_)))? else {
        return Err(Broken::Silent);
    };
    let after = wall();
    let width = Duration::from_millis(after.abs_diff(before) / 2);
    let apart = Duration::from_millis(theirs.abs_diff(before.midpoint(after)));
    Ok(if apart >= CLOCKS_APART + width { Pair::ClocksDiffer(apart) } else { Pair::ClocksAgree(apart + width) })
}

/// Holds a range lock while the other one probes it, lets go while the other one waits. `None` where there are no such locks.
fn try_locks(meeting: &Meeting, usual: Duration) -> Result<Option<Pair>, Broken> {
    let name = if meeting.is_first() { "lock-a" } else { "lock-b" };
    meeting.make_own(name)?;
    let holder = files::open_existing_write(&meeting.file(name))?;
    match range_lock::try_exclusive(&holder) {
        Ok(true) => {}
        Ok(false) => return Ok(Some(Pair::LocksUnseen)),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let probed = ask(meeting, Word::Probe(name.to_owned()), |word| matches!(word, Word::Probed(_)))?;
    match probed {
        Word::Probed(Some(true)) => {}
        Word::Probed(Some(false)) => return Ok(Some(Pair::LocksUnseen)),
        _ => return Ok(None),
    }
    ask(meeting, Word::Block(name.to_owned()), |word| *word == Word::Blocking)?;
    rest(BEFORE_RELEASE);
    // As a release does: what the other one will read is on the share before it is woken.
    files::write_at(&holder, 0, LAST_WORDS)?;
    holder.sync_data()?;
    let released = now();
    range_lock::unlock(&holder)?;
    let woken = expect(meeting, ANSWER, |word| matches!(word, Word::Woken(_)))?;
    let took = now().since(released).saturating_sub(usual);
    Ok(Some(match woken {
        Word::Woken(Some(true)) => Pair::LocksExclude(Some(took)),
        Word::Woken(Some(false)) => Pair::WokenTooSoon(took),
        _ => Pair::LocksExclude(None),
    }))
}

/// Creates the names one after the other as fast as it goes. One letter for each: won, lost, or an error.
fn race(meeting: &Meeting, prefix: &str) -> Vec<u8> {
    let began = now();
    let mut results = Vec::new();
    while results.len() < RACES && now().since(began) < RACING {
        results.push(match files::create_exclusive(&meeting.file(&format!("{prefix}-{}", results.len()))) {
            Ok(_file) => b'1',
            Err(error) if classify(&error) == Trouble::Exists => b'0',
            Err(_) => b'e',
        });
    }
    results
}

/// Returns rounds, those that both won, and those that both lost.
fn race_as_leader(meeting: &Meeting) -> Result<(usize, usize, usize), Broken> {
    let prefix = if meeting.is_first() { "race-a" } else { "race-b" };
    ask(meeting, Word::Race(prefix.to_owned()), |word| *word == Word::Ready)?;
    meeting.say(Word::Go)?;
    let mine = race(meeting, prefix);
    let Word::Raced(name) = expect(meeting, RACING + ANSWER, |word| matches!(word, Word::Raced(_)))? else {
        return Err(Broken::Silent);
    };
    let theirs = files::read_whole(&meeting.file(&name), RACES)?;
    Ok(compare_races(&mine, &theirs))
}

fn compare_races(mine: &[u8], theirs: &[u8]) -> (usize, usize, usize) {
    let both = |letter: u8| mine.iter().zip(theirs).filter(|(mine, theirs)| (**mine, **theirs) == (letter, letter)).count();
    (mine.len().min(theirs.len()), both(b'1'), both(b'0'))
}

/// Returns how late a new and a removed name are seen; `None` where that took too long.
fn watch_names(meeting: &Meeting, usual: Duration) -> Result<(Option<Duration>, Option<Duration>), Broken> {
    let name = if meeting.is_first() { "name-a" } else { "name-b" };
    let seen_after = |question: Word, change: &dyn Fn() -> io::Result<()>| {
        ask(meeting, question, |word| *word == Word::Looking)?;
        let changed = now();
        change()?;
        let answer = expect(meeting, NAMES + ANSWER, |word| matches!(word, Word::Seen(_)))?;
        let took = now().since(changed).saturating_sub(usual);
        Ok::<_, Broken>((answer == Word::Seen(true)).then_some(took))
    };
    let made = seen_after(Word::Appear(name.to_owned()), &|| meeting.make_own(name))?;
    let removed = seen_after(Word::Vanish(name.to_owned()), &|| std::fs::remove_file(meeting.file(name)))?;
    Ok((made, removed))
}

/// Answers questions until it is my turn.
fn follow(meeting: &Meeting) -> Result<(), Broken> {
    loop {
        let answer = match meeting.hear(QUESTION).ok_or(Broken::Silent)? {
            Word::Ping => Word::Pong,
            Word::AskClock => Word::Clock(SystemClock.now().wall.0),
            Word::Probe(name) => Word::Probed(probe(meeting, &name)),
            Word::Block(name) => {
                meeting.say(Word::Blocking)?;
                Word::Woken(wait_for_lock(meeting, &name))
            }
            Word::Race(prefix) => {
                meeting.say(Word::Ready)?;
                meeting.hear_at_once(ANSWER).filter(|word| *word == Word::Go).ok_or(Broken::Silent)?;
                let results = race(meeting, &prefix);
                let name = format!("{prefix}-results");
                meeting.make_own(&name)?;
                let file = files::open_existing_write(&meeting.file(&name))?;
                files::write_at(&file, 0, &results)?;
                file.sync_data()?;
                Word::Raced(name)
            }
            Word::Appear(name) => watch_name(meeting, &name, true)?,
            Word::Vanish(name) => watch_name(meeting, &name, false)?,
            Word::Turn => return Ok(()),
            Word::Here(..)
            | Word::Pong
            | Word::Clock(_)
            | Word::Probed(_)
            | Word::Blocking
            | Word::Woken(_)
            | Word::Ready
            | Word::Go
            | Word::Raced(_)
            | Word::Looking
            | Word::Seen(_)
            | Word::Bye => return Err(Broken::Silent),
        };
        meeting.say(answer)?;
    }
}

fn probe(meeting: &Meeting, name: &str) -> Option<bool> {
    let file = files::open_existing_read(&meeting.file(name)).ok()?;
    range_lock::probe(&file).ok().map(|found| found == range_lock::Probe::Held)
}

/// Returns whether what was written before the release could be read, once woken; `None` when that took too long. The wait cannot be called off: its thread stays behind until the other one lets go or ends.
fn wait_for_lock(meeting: &Meeting, name: &str) -> Option<bool> {
    let path = meeting.file(name);
    let file = files::open_existing_read(&path).ok()?;
    let (sender, woken) = mpsc::channel();
    let wait = move || {
        // Nobody listens when it took too long.
        let fresh = range_lock::wait(&file).and_then(|()| files::read_whole(&path, 64)).map(|bytes| bytes == LAST_WORDS);
        let _ = sender.send(fresh.ok());
    };
    std::thread::Builder::new().name("sharelock-wait".into()).spawn(wait).ok()?;
    woken.recv_timeout(BEFORE_RELEASE + WAKING).ok().flatten()
}

/// Looks for a name in the way of programs that have lock files: by opening it.
fn watch_name(meeting: &Meeting, name: &str, there: bool) -> Result<Word, Broken> {
    let path = meeting.file(name);
    let is_there = || match files::open_existing_read(&path) {
        Ok(_file) => Ok(true),
        Err(error) if classify(&error) == Trouble::Missing => Ok(false),
        Err(error) => Err(error),
    };
    if is_there()? == there {
        return Err(Broken::Silent);
    }
    meeting.say(Word::Looking)?;
    let began = now();
    loop {
        if is_there()? == there {
            return Ok(Word::Seen(true));
        }
        if now().since(began) >= NAMES {
            return Ok(Word::Seen(false));
        }
        rest(NAMES_POLL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn races_are_compared_as_far_as_both_came() {
        assert_eq!(compare_races(b"1100", b"0011"), (4, 0, 0));
        assert_eq!(compare_races(b"110", b"0110"), (3, 1, 0));
        assert_eq!(compare_races(b"100e", b"0010"), (4, 0, 1));
    }
}
