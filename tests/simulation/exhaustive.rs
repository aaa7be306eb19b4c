//! Small cases, tried out whole: two or three clients, no passing of time, every order in which their requests can be executed and
//! answered, with at most one mishap (a request lost, a reply lost, a crash) anywhere.
//!
//! The seeded runs meet rare schedules by chance; here nothing is left to chance, within a small world.

use crate::rng::MS;
use sharelock::clock::{Moment, Ticks, WallTime};
use sharelock::lease::record::{Board, Body, Evidence, Found, Head, NoticeSeen, State};
use sharelock::lease::rules::{Rule, Rules};
use sharelock::lease::timing::Timing;
use sharelock::lease::wire::{Action, Event, Failure, Op, Over, Reply, Report, RequestId};
use sharelock::lease::{Belief, Client, Identity, Memory};
use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// The one instant at which everything happens.
const NOW: Moment = Moment { ticks: Ticks::from_nanos(1000 * MS), wall: WallTime(1_800_000_000_000) };

/// What lies on the share.
#[derive(Clone, Hash, Default)]
struct Share {
    board: Option<Board>,
    leases: BTreeMap<u64, (Head, Arc<Body>)>,
    notice: Option<(Arc<Body>, u64)>,
    writes: u64,
}

impl Share {
    fn notice(&self) -> NoticeSeen {
        self.notice.as_ref().map_or(NoticeSeen::Missing, |(body, fingerprint)| NoticeSeen::Ours {
            id: body.id,
            token: body.token,
            promise: body.promise,
            fingerprint: *fingerprint,
            said: None,
        })
    }

    fn put_notice(&mut self, body: &Arc<Body>) -> Reply {
        self.writes += 1;
        self.notice = Some((Arc::clone(body), self.writes));
        Reply::Done
    }

    fn execute(&mut self, op: &Op) -> Result<Reply, Failure> {
        Ok(match op {
            Op::Touch | Op::Ping | Op::Lock(_) | Op::Close(_) | Op::WriteRevoke(_) => Reply::Done,
            Op::ReadBoard => Reply::Board(self.board, None),
            Op::List => Reply::Numbers(self.leases.keys().map(|number| sharelock::lease::record::Number(*number)).collect()),
            Op::ReadLease(number) => {
                Reply::Lease(self.leases.get(&number.0).map_or(Found::Missing, |(head, body)| Found::Record {
                    head: *head,
                    body: Arc::clone(body),
                    file: 0,
                }))
            }
            Op::ReadNotice => Reply::Notice(self.notice()),
            Op::Probe(_) => Reply::Evidence(Evidence::NONE),
            Op::Create(body, at) => {
                if let std::collections::btree_map::Entry::Vacant(e) = self.leases.entry(body.id.number.0) {
                    let head = Head { state: State::Live, counter: 0, at: *at };
                    e.insert((head, Arc::clone(body)));
                    Reply::Done
                } else {
                    Reply::Exists
                }
            }
            Op::WriteHead(number, head) => {
                self.leases.get_mut(&number.0).ok_or(Failure::Gone)?.0 = *head;
                Reply::Done
            }
            Op::WriteRecord(body, head) => {
                self.leases.insert(body.id.number.0, (*head, Arc::clone(body)));
                Reply::Done
            }
            Op::Void(id, at) => {
                if let Some((head, body)) = self.leases.get_mut(&id.number.0)
                    && body.id == *id
                {
                    *head = Head { state: State::Void, counter: head.counter + 1, at: *at };
                }
                Reply::Done
            }
            Op::CreateNotice(body, _) => {
                if self.notice.is_some() {
                    Reply::Exists
                } else {
                    self.put_notice(body)
                }
            }
            Op::WriteNotice(body, _, over) => {
                let allowed = match (over, &self.notice) {
                    (_, None) => false,
                    (Over::Mine, Some((there, _))) => there.id == body.id,
                    (Over::Fingerprint(expected), Some((_, fingerprint))) => expected == fingerprint,
                };
                if allowed { self.put_notice(body) } else { Reply::Notice(self.notice()) }
            }
            Op::RemoveNotice(id) => {
                if self.notice.as_ref().is_some_and(|(there, _)| there.id == *id) {
                    self.notice = None;
                }
                Reply::Done
            }
            Op::WriteBoard(board) => {
                self.board = Some(*board);
                Reply::Done
            }
            Op::CleanUp { .. } => Reply::Removed(false),
        })
    }
}

/// One client with what it has on its way.
#[derive(Clone, Hash)]
struct Player {
    client: Client,
    asked: Vec<(RequestId, Op)>,
    answered: Vec<(RequestId, Result<Reply, Failure>)>,
    dead: bool,
    held: bool,
}

#[derive(Clone, Hash)]
struct World {
    share: Share,
    players: Vec<Player>,
    mishaps: u8,
    /// Executing a request and answering it is one step, and whoever gets in stays in: what keeps three clients small enough.
    prompt: bool,
}

/// What was met on the way.
#[derive(Default)]
struct Tally {
    states: HashSet<u64>,
    acquired: u64,
    lost_races: u64,
    withdrawn: u64,
    violations: Vec<String>,
}

impl World {
    fn new(players: usize, mishaps: u8, prompt: bool, rules: Rules) -> Self {
        let player = |index: usize| {
            let seed = (index as u128 + 1) << 64;
            let client = Client::new(Identity::default(), Timing::default(), rules, seed, false, Memory::default());
            Player { client, asked: Vec::new(), answered: Vec::new(), dead: false, held: false }
        };
        Self { share: Share::default(), players: (0..players).map(player).collect(), mishaps, prompt }
    }

    /// Gives an event to a client and takes up what it asks for.
    fn give(&mut self, index: usize, event: Event, tally: &mut Tally) {
        let player = &mut self.players[index];
        player.client.handle(NOW, event);
        let mut changed = false;
        while let Some(action) = player.client.poll() {
            match action {
                Action::Request(id, op) => player.asked.push((id, op)),
                Action::Report(Report::Acquired(..)) => {
                    tally.acquired += 1;
                    player.held = true;
                }
                Action::Report(Report::ClaimLost(_)) => tally.lost_races += 1,
                Action::Report(Report::Withdrawn(..)) => {
                    tally.withdrawn += 1;
                    changed = true;
                }
                Action::Report(Report::Released(_)) => changed = true,
                Action::Report(_) => {}
            }
        }
        // A pause of no length is over at once; every other ends with the hint that the watch gives.
        if player.client.deadline().is_some_and(|due| due <= NOW.ticks) {
            self.give(index, Event::Tick, tally);
        }
        if changed {
            for other in 0..self.players.len() {
                if other != index && !self.players[other].dead {
                    self.give(other, Event::Hint, tally);
                }
            }
        }
    }

    /// Every world that can follow this one.
    fn next(&self, tally: &mut Tally) -> Vec<Self> {
        let mut worlds = Vec::new();
        for index in 0..self.players.len() {
            let player = &self.players[index];
            for which in 0..player.asked.len() {
                let mut world = self.clone();
                let (id, op) = world.players[index].asked.remove(which);
                if self.mishaps > 0 && !player.dead {
                    // The request is lost, or executed and its reply lost: the client is told that nobody answered.
                    for executed in [false, true] {
                        let mut lossy = world.clone();
                        lossy.mishaps -= 1;
                        if executed {
                            let _unseen = lossy.share.execute(&op);
                        }
                        lossy.players[index].answered.push((id, Err(Failure::Unreachable)));
                        worlds.push(lossy);
                    }
                }
                let result = world.share.execute(&op);
                if self.prompt {
                    world.give(index, Event::Answer(id, result), tally);
                } else {
                    world.players[index].answered.push((id, result));
                }
                worlds.push(world);
            }
            if player.dead {
                continue;
            }
            for which in 0..player.answered.len() {
                let mut world = self.clone();
                let (id, result) = world.players[index].answered.remove(which);
                world.give(index, Event::Answer(id, result), tally);
                worlds.push(world);
            }
            if !self.prompt && matches!(player.client.belief(NOW.ticks), Belief::Holding(..)) {
                let mut world = self.clone();
                world.give(index, Event::Release, tally);
                worlds.push(world);
            }
            if self.mishaps > 0 {
                // A crash: what is on its way is still executed, nobody hears the answers.
                let mut world = self.clone();
                world.mishaps -= 1;
                world.players[index].dead = true;
                worlds.push(world);
            }
        }
        worlds
    }

    fn check(&self, tally: &mut Tally) {
        let holding = |player: &&Player| !player.dead && matches!(player.client.belief(NOW.ticks), Belief::Holding(..));
        if self.players.iter().filter(holding).count() > 1 {
            tally.violations.push("two clients believe at once".into());
        }
        let quiet = self.players.iter().all(|player| player.dead || (player.asked.is_empty() && player.answered.is_empty()));
        let nobody_had_it = !self.players.iter().any(|player| player.held || player.dead);
        if quiet && nobody_had_it && self.mishaps > 0 {
            tally.violations.push("everybody waits although nobody has it and nothing went wrong".into());
        }
    }
}

/// Visits every world that can be reached, at most `limit` of them.
fn explore(players: usize, mishaps: u8, prompt: bool, limit: usize) -> Tally {
    let mut tally = Tally::default();
    let mut first = World::new(players, mishaps, prompt, Rules::default());
    for index in 0..players {
        first.give(index, Event::Want, &mut tally);
    }
    let mut open = vec![first];
    while let Some(world) = open.pop() {
        let mut hasher = DefaultHasher::new();
        world.hash(&mut hasher);
        if !tally.states.insert(hasher.finish()) {
            continue;
        }
        world.check(&mut tally);
        if !tally.violations.is_empty() {
            break;
        }
        assert!(tally.states.len() <= limit, "the small world is larger than {limit} states");
        let following = world.next(&mut tally);
        open.extend(following);
    }
    tally
}

fn told(name: &str, tally: &Tally) {
    println!(
        "{name}: {} states, {} acquired, {} lost races, {} withdrawn",
        tally.states.len(),
        tally.acquired,
        tally.lost_races,
        tally.withdrawn
    );
}

#[test]
fn two_clients_and_one_mishap_in_every_order() {
    let tally = explore(2, 1, false, 1_000_000);
    told("two clients, one mishap", &tally);
    assert!(tally.violations.is_empty(), "{:?}", tally.violations);
    assert!(tally.acquired > 0 && tally.lost_races > 0 && tally.withdrawn > 0);
}

#[test]
fn three_clients_race_in_every_order() {
    let tally = explore(3, 0, true, 1_000_000);
    told("three clients", &tally);
    assert!(tally.violations.is_empty(), "{:?}", tally.violations);
    assert!(tally.acquired > 0 && tally.lost_races > 0);
}

#[test]
fn the_exploration_finds_what_is_planted() {
    // A share whose exclusive create excludes nobody makes two holders.
    let mut world = World::new(2, 0, false, Rules::default().without(Rule::MissingNamesCount).without(Rule::ClaimIsReadBack));
    let mut tally = Tally::default();
    for index in 0..2 {
        world.give(index, Event::Want, &mut tally);
    }
    for _ in 0..200 {
        for index in 0..2 {
            while let Some((id, op)) = world.players[index].asked.pop() {
                // Each client has a share of its own: exclusive creation excludes nobody.
                let mut own = Share::default();
                let result = own.execute(&op);
                world.players[index].answered.push((id, result));
            }
            while let Some((id, result)) = world.players[index].answered.pop() {
                world.give(index, Event::Answer(id, result), &mut tally);
            }
        }
        world.check(&mut tally);
        if !tally.violations.is_empty() {
            return;
        }
    }
    panic!("two holders were not noticed");
}
