//! Programs of this user that want to know what the agent sees: `status`, once, and `watch`, as long as it goes on.
//!
//! Pure. The hazard is to say *free* of what was seen before it was asked: an answer comes from a look that began after the question. Only
//! what a later look could not make more dangerous is told sooner, when that look does not come back: that nothing can be seen, and what
//! the agent has itself.

use super::events::{Action, Asker};
use super::shown::Key;
use crate::clock::Ticks;
use crate::ipc::{Answer, Sighting};
use crate::lease::State;
use std::collections::BTreeMap;
use std::time::Duration;

/// After that long a look that was asked for is one that hangs.
const HANGS: Duration = Duration::from_secs(1);

/// Everybody who looks on.
#[derive(Debug, Default)]
pub(super) struct Onlookers {
    onlookers: BTreeMap<Asker, Onlooker>,
    /// What was seen last.
    last: BTreeMap<Key, Sighting>,
}

/// Somebody who does.
#[derive(Debug)]
struct Onlooker {
    goes_on: bool,
    asked: Ticks,
    /// What hangs was told, as far as that can be.
    impatient: bool,
    targets: Vec<Target>,
}

#[derive(Debug)]
struct Target {
    /// Its place in the list that was asked about.
    place: u32,
    key: Key,
    /// A look that began after the question was told.
    answered: bool,
}

impl Onlooker {
    fn is_waiting(&self) -> bool {
        self.targets.iter().any(|target| !target.answered)
    }
}

impl Onlookers {
    /// Somebody asks about these.
    pub(super) fn begin(&mut self, asker: Asker, keys: &[Option<Key>], goes_on: bool, now: Ticks) -> Vec<Action> {
        let mut actions = vec![Action::Tell(asker, Answer::Looking)];
        let mut targets = Vec::new();
        for (place, key) in (0..).zip(keys) {
            match key {
                Some(key) => targets.push(Target { place, key: *key, answered: false }),
                None => actions.push(Action::Tell(asker, Answer::Unseen(place))),
            }
        }
        self.onlookers.insert(asker, Onlooker { goes_on, asked: now, impatient: false, targets });
        self.settle(actions)
    }

    /// It was looked there, for all questions up to that one; nothing where it could not be opened.
    pub(super) fn seen(&mut self, key: Key, sighting: Option<Sighting>, wish: Asker) -> Vec<Action> {
        let mut actions = Vec::new();
        for (asker, onlooker) in self.onlookers.iter_mut().filter(|(asker, _)| **asker <= wish) {
            for target in onlooker.targets.iter_mut().filter(|target| target.key == key) {
                let answer = match &sighting {
                    Some(sighting) => Answer::Sighted(target.place, Box::new(sighting.clone())),
                    None => Answer::Unseen(target.place),
                };
                target.answered = true;
                actions.push(Action::Tell(*asker, answer));
            }
            onlooker.targets.retain(|target| target.key != key || (onlooker.goes_on && sighting.is_some()));
        }
        match sighting {
            Some(sighting) => drop(self.last.insert(key, sighting)),
            None => drop(self.last.remove(&key)),
        }
        self.settle(actions)
    }

    /// That one is not watched any more.
    pub(super) fn unwatched(&mut self, key: Key) -> Vec<Action> {
        self.seen(key, None, Asker::MAX)
    }

    /// Somebody does not listen any more.
    pub(super) fn left(&mut self, asker: Asker) {
        self.onlookers.remove(&asker);
    }

    /// Returns when something is due here although nothing happens.
    pub(super) fn deadline(&self) -> Option<Ticks> {
        let waits = self.onlookers.values().filter(|onlooker| !onlooker.impatient && onlooker.is_waiting());
        waits.map(|onlooker| onlooker.asked + HANGS).min()
    }

    /// Tells those who wait for a look that hangs what needs no look; `holds` says whether the agent has it itself at this moment.
    pub(super) fn hasten(&mut self, now: Ticks, holds: impl Fn(Key) -> bool) -> Vec<Action> {
        let mut actions = Vec::new();
        for (asker, onlooker) in &mut self.onlookers {
            if onlooker.impatient || now < onlooker.asked + HANGS {
                continue;
            }
            onlooker.impatient = true;
            for target in onlooker.targets.iter_mut().filter(|target| !target.answered) {
                let Some(last) = self.last.get(&target.key) else { continue };
                let certain = match last.state() {
                    State::Unreachable | State::Denied => true,
                    State::Mine => holds(target.key),
                    State::Free | State::Held | State::Stale => false,
                };
                if certain {
                    target.answered = true;
                    actions.push(Action::Tell(*asker, Answer::Sighted(target.place, Box::new(last.clone()))));
                }
            }
            onlooker.targets.retain(|target| onlooker.goes_on || !target.answered);
        }
        self.settle(actions)
    }

    /// Lets those go who have been told all that they asked for: their last answer is the end of the conversation.
    fn settle(&mut self, mut actions: Vec<Action>) -> Vec<Action> {
        let over: Vec<Asker> =
            self.onlookers.iter().filter(|(_, onlooker)| onlooker.targets.is_empty()).map(|(asker, _)| *asker).collect();
        for asker in over {
            self.onlookers.remove(&asker);
            let last = actions.iter_mut().rev().find(|action| matches!(action, Action::Tell(to, _) if *to == asker));
            if let Some(last) = last
                && let Action::Tell(_, answer) = last
            {
                *last = Action::Reply(asker, answer.clone());
            }
        }
        actions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::Status;
    use crate::lease::wire::Failure;
    use crate::session::{Options, Snapshot};

    const ONE: Key = Key(1);
    const OTHER: Key = Key(2);

    fn at(millis: u64) -> Ticks {
        Ticks::from_nanos(millis * 1_000_000)
    }

    fn sighting(state: State) -> Sighting {
        let folder = tempfile::tempdir().unwrap();
        let database = Options::default().memory(folder.path()).open(folder.path().join("wems.db")).unwrap();
        let failure = (state == State::Unreachable).then_some(Failure::Unreachable);
        Sighting::of(&database, &Snapshot { status: Status::unknown(state, failure), waiting: Vec::new(), failure: None })
    }

    /// Whom what was told: `looking`, `unseen`, or a state; and a full stop where that was the last word.
    fn told(actions: &[Action]) -> Vec<(Asker, String)> {
        let word = |answer: &Answer| match answer {
            Answer::Looking => "looking".to_owned(),
            Answer::Unseen(place) => format!("{place} unseen"),
            Answer::Sighted(place, sighting) => format!("{place} {:?}", sighting.state()).to_lowercase(),
            other => panic!("{other:?}"),
        };
        let told = actions.iter().map(|action| match action {
            Action::Tell(asker, answer) => (*asker, word(answer)),
            Action::Reply(asker, answer) => (*asker, format!("{}.", word(answer))),
            other => panic!("{other:?}"),
        });
        told.collect()
    }

    fn words(of: &[(Asker, &str)]) -> Vec<(Asker, String)> {
        of.iter().map(|(asker, word)| (*asker, (*word).to_owned())).collect()
    }

    #[test]
    fn only_a_look_that_began_after_the_question_answers_it() {
        let mut onlookers = Onlookers::default();
        let begun = onlookers.begin(7, &[Some(ONE), None, Some(OTHER)], false, at(0));
        assert_eq!(told(&begun), words(&[(7, "looking"), (7, "1 unseen")]));
        assert_eq!(told(&onlookers.seen(ONE, Some(sighting(State::Free)), 6)), []);
        let seen = onlookers.seen(ONE, Some(sighting(State::Held)), 8);
        assert_eq!(told(&seen), words(&[(7, "0 held")]));
        // What was answered once is not answered again.
        assert_eq!(told(&onlookers.seen(ONE, Some(sighting(State::Free)), 9)), []);
        assert_eq!(told(&onlookers.seen(OTHER, None, 7)), words(&[(7, "2 unseen.")]));
        assert!(onlookers.onlookers.is_empty());
        assert_eq!(told(&onlookers.begin(9, &[None], true, at(0))), words(&[(9, "looking"), (9, "0 unseen.")]));
    }

    #[test]
    fn whoever_goes_on_hears_every_look_until_it_is_not_watched_any_more() {
        let mut onlookers = Onlookers::default();
        onlookers.begin(3, &[Some(ONE), Some(OTHER)], true, at(0));
        for state in [State::Free, State::Held, State::Unreachable] {
            let word = format!("0 {state:?}").to_lowercase();
            // A look that nobody asked for carries the last wish before it.
            assert_eq!(told(&onlookers.seen(ONE, Some(sighting(state)), 3)), words(&[(3, &word)]));
        }
        assert_eq!(told(&onlookers.unwatched(ONE)), words(&[(3, "0 unseen")]));
        assert_eq!(told(&onlookers.seen(ONE, Some(sighting(State::Free)), 3)), []);
        onlookers.left(3);
        assert_eq!(told(&onlookers.seen(OTHER, Some(sighting(State::Free)), 3)), []);
        assert_eq!(onlookers.deadline(), None);
    }

    #[test]
    fn a_look_that_hangs_lets_nothing_be_called_free_or_held() {
        for (state, holds, certain) in [
            (State::Free, false, false),
            (State::Held, false, false),
            (State::Stale, false, false),
            (State::Mine, false, false),
            (State::Mine, true, true),
            (State::Unreachable, false, true),
            (State::Denied, false, true),
        ] {
            let mut onlookers = Onlookers::default();
            onlookers.seen(ONE, Some(sighting(state)), 0);
            onlookers.begin(5, &[Some(ONE)], false, at(100));
            assert_eq!(onlookers.deadline(), Some(at(1100)));
            assert_eq!(told(&onlookers.hasten(at(1099), |_| holds)), []);
            let early = onlookers.hasten(at(1100), |_| holds);
            let word = format!("0 {state:?}.").to_lowercase();
            let expected = if certain { words(&[(5, &word)]) } else { Vec::new() };
            assert_eq!(told(&early), expected, "{state:?}");
            assert_eq!(onlookers.deadline(), None, "said once");
            let late = told(&onlookers.seen(ONE, Some(sighting(State::Free)), 5));
            assert_eq!(late.is_empty(), certain, "{state:?}");
        }
    }
}
