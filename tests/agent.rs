//! The agent's pure part: what happens goes in, what is done and shown comes out. No clock, no share, no desktop.

#[path = "agent/asking.rs"]
mod asking;

use sharelock::WallTime;
use sharelock::agent::events::{Action, Event, Seen};
use sharelock::agent::model::{Hold, Model};
use sharelock::agent::pages::{self, Subject};
use sharelock::agent::shown::{Face, Item, Key, NoticeKey, Topic, Wish};
use sharelock::agent::ui::Heard;
use sharelock::agent::view;
use sharelock::clock::{Moment, Ticks};
use sharelock::config::{Config, DatabaseConfig, WhenFree};
use sharelock::i18n::{Language, Person};
use sharelock::ipc::{Answer, Borrower, Refusal, Request, Told};
use sharelock::lease::record::Nonce;
use sharelock::platform::process::ProcessFacts;
use sharelock::store::Standing;
use sharelock::{Doubt, Failure, Holder, Loss, News, State, Status, Token};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const RH: Key = Key(1);
const TOKEN: Token = Token(7);

struct Agent {
    model: Model,
    now: Moment,
}

impl Agent {
    fn of(config: Config) -> Self {
        let mut agent = Self { model: Model::new(Language::English), now: at(0) };
        agent.happens(Event::Heard(Heard::Notifier(true)));
        let actions = agent.happens(Event::Configured(Box::new(config)));
        assert!(actions.iter().all(|action| matches!(action, Action::Watch(..))), "{actions:?}");
        agent
    }

    fn new() -> Self {
        Self::of(config(&["RH"]))
    }

    fn happens(&mut self, event: Event) -> Vec<Action> {
        self.model.handle(self.now, event)
    }

    fn sees(&mut self, state: State) -> Vec<Action> {
        self.happens(Event::Seen(RH, Box::new(seen(state))))
    }

    fn wishes(&mut self, wish: Wish) -> Vec<Action> {
        self.happens(Event::Heard(Heard::Wish(wish)))
    }

    fn passes(&mut self, seconds: u64) {
        self.now = at(self.now.ticks.as_nanos() / 1_000_000_000 + seconds);
        assert_eq!(self.happens(Event::Tick), []);
    }

    fn face(&self) -> Face {
        view::view(&self.model, self.now).face
    }

    fn titles(&self) -> Vec<String> {
        view::notices(&self.model, self.now).into_iter().map(|notice| format!("{} {}", notice.title, notice.body)).collect()
    }

    fn menu(&self) -> Vec<String> {
        lines(&view::view(&self.model, self.now).menu, "")
    }

    fn holds(&mut self) {
        self.sees(State::Free);
        assert_eq!(self.wishes(Wish::Take(RH)), [Action::Take(RH, Duration::ZERO)]);
        assert_eq!(self.happens(Event::Taken(RH, Ok(TOKEN))), []);
        self.sees(State::Mine);
    }
}

fn at(seconds: u64) -> Moment {
    let wall = 1_795_000_000_000 + i64::try_from(seconds).unwrap() * 1000;
    Moment { ticks: Ticks::from_nanos(seconds * 1_000_000_000), wall: WallTime(wall) }
}

fn config(labels: &[&str]) -> Config {
    let database = |label: &&str| DatabaseConfig {
        label: (*label).into(),
        program: vec!["wems".into()],
        ..DatabaseConfig::of_path(PathBuf::from(format!("/share/{label}.db")))
    };
    Config { databases: labels.iter().map(database).collect(), ..Config::default() }
}

fn seen(state: State) -> Seen {
    let held = matches!(state, State::Mine | State::Held | State::Stale);
    let marie = Holder {
        user: "marie".into(),
        name: "Marie Dupont".into(),
        machine: "PC-ACCUEIL".into(),
        session: String::new(),
        pid: 12,
        app: if state == State::Mine { "sharelock-agent".into() } else { String::new() },
        note: String::new(),
    };
    let status = Status {
        holder: held.then(|| Arc::new(marie)),
        own_user: state == State::Mine,
        takeable_in: (state == State::Stale).then_some(Duration::from_secs(100)),
        ..Status::unknown(state, (state == State::Unreachable).then_some(Failure::Unreachable))
    };
    Seen { status, waiting: Vec::new(), reason: String::new(), me: None }
}

fn lines(items: &[Item], before: &str) -> Vec<String> {
    let mut all = Vec::new();
    for item in items {
        match item {
            Item::Text(text) => all.push(format!("{before}({text})")),
            Item::Verb(text, _) => all.push(format!("{before}{text}")),
            Item::Check(text, on, _) => all.push(format!("{before}[{}] {text}", if *on { "x" } else { " " })),
            Item::More(text, more) => {
                all.push(format!("{before}{text} >"));
                all.append(&mut lines(more, &format!("{before}  ")));
            }
            Item::Line => all.push(format!("{before}--")),
        }
    }
    all
}

#[test]
fn nothing_is_notified_at_the_start() {
    for state in [State::Free, State::Held, State::Stale, State::Unreachable, State::Denied] {
        let mut agent = Agent::new();
        agent.sees(state);
        agent.passes(3600);
        assert_eq!(agent.titles(), Vec::<String>::new(), "{state:?}");
    }
}

#[test]
fn free_is_told_to_whoever_wanted_it_and_withdrawn_when_it_is_not_true_any_more() {
    let mut agent = Agent::new();
    agent.sees(State::Held);
    assert_eq!(agent.face(), Face::Held);
    assert_eq!(agent.wishes(Wish::NotifyMe(RH)), [Action::Queue(RH, Standing::Waiting)]);
    assert_eq!(agent.face(), Face::Waiting);
    assert_eq!(agent.titles(), Vec::<String>::new());
    agent.sees(State::Free);
    assert_eq!(agent.titles(), ["RH is free. "]);
    agent.sees(State::Held);
    assert_eq!(agent.titles(), Vec::<String>::new());
    agent.sees(State::Free);
    assert_eq!(agent.titles(), ["RH is free. "]);
    // What cannot be seen is not free.
    agent.sees(State::Unreachable);
    assert_eq!(agent.titles(), Vec::<String>::new());
}

#[test]
fn nobody_else_is_told_unless_everybody_is_to_be() {
    let mut agent = Agent::new();
    agent.sees(State::Held);
    agent.sees(State::Free);
    assert_eq!(agent.titles(), Vec::<String>::new());
    let mut config = config(&["RH"]);
    config.databases[0].notify.free = WhenFree::Always;
    let mut agent = Agent::of(config);
    agent.sees(State::Held);
    agent.sees(State::Free);
    assert_eq!(agent.titles(), ["RH is free. "]);
}

#[test]
fn open_starts_the_program_and_ends_the_wish() {
    let mut agent = Agent::new();
    agent.sees(State::Held);
    agent.wishes(Wish::NotifyMe(RH));
    agent.sees(State::Free);
    assert_eq!(agent.wishes(Wish::Open(RH)), [Action::Start(RH, true), Action::Queue(RH, Standing::Out)]);
    assert_eq!(agent.titles(), Vec::<String>::new());
}

#[test]
fn a_program_that_cannot_be_started_is_told() {
    let mut agent = Agent::new();
    agent.sees(State::Free);
    agent.wishes(Wish::OpenReadOnly(RH));
    agent.happens(Event::NotStarted(RH, "wems\u{202e}: there is no such program.".into()));
    assert_eq!(agent.titles(), ["RH wems\u{fffd}: there is no such program."]);
    // What was started by a click elsewhere likewise, where the agent watches the database.
    let asked = |path: &str| Event::Asked(4, Request::NotStarted(PathBuf::from(path), "wems: gone.".into()));
    assert_eq!(agent.happens(asked("/share/RH.db")), [Action::Reply(4, Answer::Done)]);
    assert_eq!(agent.titles(), ["RH wems: gone."]);
    assert_eq!(agent.happens(asked("/share/other.db")), [Action::Reply(4, Answer::NotHeld)]);
    // Once it is tried again it is not true any more.
    agent.wishes(Wish::Open(RH));
    assert_eq!(agent.titles(), Vec::<String>::new());
}

#[test]
fn whoever_is_too_late_stays_on_the_list() {
    let mut agent = Agent::new();
    agent.sees(State::Free);
    agent.wishes(Wish::Take(RH));
    let paul = Person { name: "Paul".into(), machine: "PC-2".into() };
    assert_eq!(agent.happens(Event::Taken(RH, Err(Refusal::Taken(paul)))), [Action::Queue(RH, Standing::Waiting)]);
    assert_eq!(agent.titles(), ["RH Too late by a moment: Paul has just taken it. You are still on the list."]);
    assert!(agent.model.entry(RH).unwrap().wanted);
}

#[test]
fn release_is_refused_while_a_program_has_it_open() {
    let mut agent = Agent::new();
    agent.holds();
    assert_eq!(agent.face(), Face::Mine);
    assert_eq!(agent.menu()[0], "(RH: reserved for you.)", "whoever only keeps it does not use it");
    assert_eq!(agent.wishes(Wish::Release(RH)), [Action::WhoHasItOpen(RH)]);
    assert_eq!(agent.happens(Event::OpenedBy(RH, vec!["wems".into()])), []);
    assert_eq!(agent.titles(), ["RH wems still has it open: release anyway?"]);
    // The window asks as well, and marks what may lose work.
    let dangers = |agent: &Agent| {
        let row = pages::page(&agent.model, &Subject::Details(None), &[], agent.now).rows.remove(0);
        let ids = row.actions.into_iter().filter(|action| action.danger).map(|action| action.id).collect::<Vec<_>>();
        (ids, row.detail.contains(&"wems still has it open: release anyway?".to_owned()))
    };
    assert_eq!(dangers(&agent), (vec!["anyway:1".to_owned()], true));
    assert_eq!(agent.model.entry(RH).unwrap().hold, Hold::Has(TOKEN));
    assert_eq!(agent.wishes(Wish::ReleaseAnyway(RH)), [Action::GiveBack(RH)]);
    assert_eq!(agent.happens(Event::GivenBack(RH, Ok(()))), []);
    assert_eq!(agent.model.entry(RH).unwrap().hold, Hold::No);
    assert_eq!(agent.titles(), Vec::<String>::new());
    assert_eq!(dangers(&agent), (Vec::new(), false));
}

#[test]
fn release_asks_nobody_where_nobody_has_it_open() {
    let mut agent = Agent::new();
    agent.holds();
    let path = PathBuf::from("/share/RH.db");
    assert_eq!(agent.happens(Event::Asked(3, Request::Release(path.clone(), false))), [Action::WhoHasItOpen(RH)]);
    assert_eq!(agent.happens(Event::OpenedBy(RH, Vec::new())), [Action::GiveBack(RH)]);
    assert_eq!(agent.happens(Event::GivenBack(RH, Ok(()))), [Action::Reply(3, Answer::Done)]);
    agent.sees(State::Free);
    assert_eq!(agent.happens(Event::Asked(4, Request::Release(path, false))), [Action::Reply(4, Answer::NotHeld)]);
}

#[test]
fn a_lost_lease_is_told_also_to_whoever_muted_everything() {
    let mut agent = Agent::new();
    agent.holds();
    agent.wishes(Wish::Mute(Duration::from_secs(3600)));
    assert_eq!(agent.happens(Event::News(RH, News::Lost(Loss::RecordGone))), [Action::GiveBack(RH)]);
    agent.happens(Event::GivenBack(RH, Err(None)));
    assert_eq!(agent.titles(), ["RH RH is lost: its lease is not in the shared folder any more."]);
    agent.happens(Event::Heard(Heard::Dismissed(NoticeKey(RH, Topic::Hold))));
    assert_eq!(agent.titles(), Vec::<String>::new());
}

#[test]
fn what_is_muted_is_told_afterwards_if_it_is_still_true() {
    let mut config = config(&["RH"]);
    config.databases[0].notify.free = WhenFree::Always;
    let mut agent = Agent::of(config);
    agent.sees(State::Held);
    agent.wishes(Wish::Mute(Duration::from_secs(3600)));
    agent.sees(State::Free);
    assert_eq!(agent.titles(), Vec::<String>::new());
    assert_eq!(agent.model.deadline(agent.now), Some(at(3600).ticks));
    agent.passes(3600);
    assert_eq!(agent.titles(), ["RH is free. "]);
}

#[test]
fn a_folder_out_of_sight_is_told_after_a_while_and_so_is_its_return() {
    let mut agent = Agent::new();
    agent.sees(State::Free);
    agent.sees(State::Unreachable);
    assert_eq!((agent.face(), agent.titles()), (Face::Unreachable, Vec::new()));
    assert_eq!(agent.model.deadline(agent.now), Some(at(20).ticks));
    agent.passes(20);
    assert_eq!(agent.titles(), ["RH RH: the shared folder cannot be seen. This does not mean that the database is free."]);
    assert_eq!(agent.model.deadline(agent.now), None);
    agent.sees(State::Held);
    assert_eq!(agent.titles(), ["The shared folder can be seen again. RH: Marie Dupont is using it (PC-ACCUEIL)."]);
    // A cable that is jostled is nobody's business.
    let mut agent = Agent::new();
    agent.sees(State::Free);
    agent.sees(State::Unreachable);
    agent.passes(5);
    agent.sees(State::Free);
    agent.passes(60);
    assert_eq!(agent.titles(), Vec::<String>::new());
}

#[test]
fn end_gives_back_what_is_held_and_waits_for_it() {
    let mut agent = Agent::new();
    agent.holds();
    assert_eq!(agent.happens(Event::Heard(Heard::SessionEnds)), [Action::GiveBack(RH)]);
    assert_eq!(agent.happens(Event::GivenBack(RH, Ok(()))), [Action::End]);
    assert_eq!(agent.happens(Event::Heard(Heard::SessionEnds)), []);
    let mut agent = Agent::new();
    agent.holds();
    agent.wishes(Wish::Quit);
    // A share that does not answer keeps nobody from ending.
    agent.now = at(4);
    assert_eq!(agent.happens(Event::Tick), [Action::End]);
}

#[test]
fn what_is_held_outlives_its_configuration() {
    let mut agent = Agent::of(config(&["RH", "Paie"]));
    agent.holds();
    let actions = agent.happens(Event::Configured(Box::new(config(&["Achats"]))));
    assert!(matches!(&actions[..], [Action::Watch(Key(3), _), Action::Unwatch(Key(2))]), "{actions:?}");
    assert_eq!(agent.model.entry(RH).unwrap().hold, Hold::Has(TOKEN));
    // Keys are never used twice: a late click on what is gone does nothing.
    assert_eq!(agent.wishes(Wish::Take(Key(2))), []);
}

#[test]
fn the_icon_tells_of_trouble_first() {
    let mut agent = Agent::of(config(&["RH", "Paie"]));
    agent.sees(State::Free);
    assert_eq!(agent.face(), Face::Free);
    agent.happens(Event::Seen(Key(2), Box::new(seen(State::Stale))));
    assert_eq!(agent.face(), Face::Stale);
    agent.happens(Event::Seen(Key(2), Box::new(seen(State::Held))));
    assert_eq!(agent.face(), Face::Held);
}

#[test]
fn menus_say_what_can_be_done() {
    let mut agent = Agent::new();
    agent.sees(State::Free);
    let silence = ["--", "Mute >", "  For 1 hour", "  Until tomorrow"];
    let explained = ["Help >", "  What the icons mean", "  Show the log", "  Report a problem…"];
    let rest = [&silence[..], &explained, &["Settings…", "--", "Quit"]].concat();
    let all = |first: &[&str]| -> Vec<String> { first.iter().chain(&rest).map(|line| (*line).to_owned()).collect() };
    assert_eq!(agent.menu(), all(&["(RH is free.)", "Open", "Reserve it for me", "Details…"]));
    agent.sees(State::Held);
    let held = ["(RH: Marie Dupont is using it (PC-ACCUEIL).)", "[ ] Notify me when it is free", "Details…"];
    assert_eq!(agent.menu(), all(&held));
    agent.sees(State::Unreachable);
    let gone = "(RH: the shared folder cannot be seen. This does not mean that the database is free.)";
    assert_eq!(agent.menu(), all(&[gone, "Why can't I open it?", "Details…"]));
    let mut french = Agent::of(Config { language: Some(Language::French), ..config(&["RH"]) });
    french.holds();
    assert_eq!(french.menu()[1..4], ["Ouvrir", "Libérer", "Détails…"]);
    assert_eq!(Agent::of(config(&[])).menu()[..2], ["(No database is configured yet.)", "Add a database…"]);
}

#[test]
fn names_from_the_share_are_short_and_steer_nothing() {
    let mut agent = Agent::new();
    let mut hostile = seen(State::Held);
    let holder = Holder {
        name: format!("\u{202e}<b>&_{}", "x".repeat(500)),
        machine: "\u{1b}[2J".into(),
        ..Holder::clone(hostile.status.holder.as_ref().unwrap())
    };
    hostile.status.holder = Some(Arc::new(holder));
    agent.happens(Event::Seen(RH, Box::new(hostile)));
    let shown = view::view(&agent.model, agent.now);
    for line in lines(&shown.menu, "").iter().chain([&shown.tooltip]) {
        assert!(line.chars().count() <= 125, "{line}");
        assert!(!line.contains(['\u{202e}', '\u{1b}']), "{line}");
    }
}

#[test]
fn whoever_asks_twice_is_answered_twice() {
    let mut agent = Agent::new();
    agent.sees(State::Free);
    let path = PathBuf::from("/share/RH.db");
    let take = || Request::Take(path.clone(), Duration::ZERO);
    assert_eq!(agent.happens(Event::Asked(1, take())), [Action::Take(RH, Duration::ZERO)]);
    assert_eq!(agent.happens(Event::Asked(2, take())), []);
    let both = [Action::Reply(1, Answer::Taken(TOKEN)), Action::Reply(2, Answer::Taken(TOKEN))];
    assert_eq!(agent.happens(Event::Taken(RH, Ok(TOKEN))), both);
    assert_eq!(agent.happens(Event::Asked(3, take())), [Action::Reply(3, Answer::Taken(TOKEN))]);
}

fn orphan() -> Seen {
    let mut seen = seen(State::Stale);
    seen.status = Status { own_user: true, same_machine: true, orphaned: true, mark: Some(MARK), ..seen.status };
    seen
}

const MARK: Nonce = Nonce(5);

fn borrows(asker: u64, wait: u64) -> Event {
    let process = ProcessFacts { pid: 40, start: 1 };
    let borrower = Borrower { path: "/share/RH.db".into(), process, program: "wems".into() };
    Event::Asked(asker, Request::Borrow(borrower, Duration::from_secs(wait)))
}

#[test]
fn who_has_it_open_elsewhere_on_this_computer_can_be_told_when_it_is_free() {
    let mut agent = Agent::new();
    agent.sees(State::Free);
    agent.sees(State::Mine);
    agent.wishes(Wish::NotifyMe(RH));
    agent.sees(State::Mine);
    agent.sees(State::Free);
    assert_eq!(agent.titles(), ["RH is free. "]);
}

#[test]
fn where_no_notification_can_be_shown_the_window_asks() {
    let mut agent = Agent::new();
    agent.happens(Event::Heard(Heard::Notifier(false)));
    agent.holds();
    agent.wishes(Wish::Release(RH));
    let opened = agent.happens(Event::OpenedBy(RH, vec!["wems".into()]));
    assert_eq!(opened, [Action::Window(Wish::Details(Some(RH)))]);
    // What could not be shown was not answered.
    agent.happens(Event::Heard(Heard::Dismissed(NoticeKey(RH, Topic::Hold))));
    let row = pages::page(&agent.model, &Subject::Details(None), &[], agent.now).rows.remove(0);
    assert!(row.actions.iter().any(|action| action.id == "anyway:1"), "{row:?}");
    assert_eq!(agent.wishes(Wish::ReleaseAnyway(RH)), [Action::GiveBack(RH)]);
}

#[test]
fn what_a_killed_run_left_behind_is_taken_over_after_its_own_time_and_given_back_when_it_ends() {
    let mut agent = Agent::new();
    agent.happens(Event::Seen(RH, Box::new(orphan())));
    assert_eq!(agent.model.deadline(agent.now), Some(at(10).ticks), "its run may do it itself");
    agent.passes(9);
    agent.now = at(10);
    assert_eq!(agent.happens(Event::Tick), [Action::Adopt(RH, MARK)]);
    let awaits = agent.happens(Event::Taken(RH, Ok(TOKEN)));
    let [Action::AwaitOrphans(RH, number)] = awaits[..] else { panic!("{awaits:?}") };
    agent.sees(State::Mine);
    assert!(agent.menu()[0].contains("until the program that is using it has ended"), "{:?}", agent.menu());
    assert_eq!(agent.happens(Event::WorkIsOver(RH, number)), [Action::GiveBack(RH)]);
    // Another user's, another computer's, and one that somebody answers for are not.
    let spoilt: [fn(&mut Seen); 3] = [
        |seen: &mut Seen| seen.status.own_user = false,
        |seen: &mut Seen| seen.status.same_machine = false,
        |seen: &mut Seen| seen.status.orphaned = false,
    ];
    for spoil in spoilt {
        let mut agent = Agent::new();
        let mut seen = orphan();
        spoil(&mut seen);
        agent.happens(Event::Seen(RH, Box::new(seen)));
        agent.passes(60);
    }
}

#[test]
fn what_could_not_be_taken_over_is_left_to_whoever_was_faster() {
    let mut agent = Agent::new();
    agent.happens(Event::Seen(RH, Box::new(orphan())));
    agent.now = at(10);
    assert_eq!(agent.happens(Event::Tick), [Action::Adopt(RH, MARK)]);
    agent.happens(Event::Taken(RH, Err(Refusal::Taken(Person::default()))));
    assert_eq!(agent.titles(), Vec::<String>::new());
    // It is tried again, but not at once: what failed may pass, and what somebody else has is no orphan.
    agent.happens(Event::Seen(RH, Box::new(orphan())));
    agent.passes(9);
    agent.now = at(20);
    assert_eq!(agent.happens(Event::Tick), [Action::Adopt(RH, MARK)]);
}

#[test]
fn work_that_ends_while_the_lease_is_unsure_is_over() {
    // Adopted: given back at once.
    let mut agent = Agent::new();
    agent.happens(Event::Seen(RH, Box::new(orphan())));
    agent.now = at(10);
    agent.happens(Event::Tick);
    let awaits = agent.happens(Event::Taken(RH, Ok(TOKEN)));
    let [Action::AwaitOrphans(RH, number)] = awaits[..] else { panic!("{awaits:?}") };
    agent.happens(Event::News(RH, News::Unsure(Doubt::Fence)));
    assert_eq!(agent.happens(Event::WorkIsOver(RH, number)), [Action::GiveBack(RH)]);
    // Lent: whoever waits gets it when it is certain again.
    let mut agent = Agent::new();
    agent.holds();
    let Action::Lend { id, .. } = agent.happens(borrows(2, 0))[0] else { panic!() };
    assert_eq!(agent.happens(borrows(3, 60)), []);
    agent.happens(Event::News(RH, News::Unsure(Doubt::Fence)));
    assert_eq!(agent.wishes(Wish::Release(RH)), [Action::WhoHasItOpen(RH)], "not without asking");
    assert_eq!(agent.happens(Event::Asked(4, Request::Return(id))), [Action::Reply(4, Answer::Done)]);
    let lent = agent.happens(Event::News(RH, News::Recovered(TOKEN)));
    assert!(matches!(lent[..], [Action::Lend { asker: 3, .. }]), "{lent:?}");
    // And is told when it is not.
    assert_eq!(agent.happens(borrows(5, 60)), []);
    agent.happens(Event::News(RH, News::Lost(Loss::RecordGone)));
    assert_eq!(agent.happens(Event::GivenBack(RH, Err(None))), [Action::Reply(5, Answer::NotHeld)]);
}

#[test]
fn who_takes_what_is_being_adopted_keeps_it() {
    let mut agent = Agent::new();
    agent.happens(Event::Seen(RH, Box::new(orphan())));
    agent.now = at(10);
    agent.happens(Event::Tick);
    assert_eq!(agent.happens(Event::Asked(3, Request::Take("/share/RH.db".into(), Duration::ZERO))), []);
    let taken = agent.happens(Event::Taken(RH, Ok(TOKEN)));
    let [Action::Reply(3, Answer::Taken(TOKEN)), Action::AwaitOrphans(RH, number)] = taken[..] else { panic!("{taken:?}") };
    assert_eq!(agent.happens(Event::WorkIsOver(RH, number)), [Action::Unname(RH)]);
    // A loan of another agent's means nothing to this one.
    assert_eq!(agent.happens(Event::Asked(4, Request::Return(number + 1))), [Action::Reply(4, Answer::NotHeld)]);
    assert_eq!(agent.happens(Event::Asked(5, Request::Follow(number + 1))), [Action::Reply(5, Answer::NotHeld)]);
}

#[test]
fn one_program_at_a_time_works_under_the_agents_lease() {
    let mut agent = Agent::new();
    assert_eq!(agent.happens(borrows(1, 0)), [Action::Reply(1, Answer::NotHeld)]);
    agent.holds();
    let lent = agent.happens(borrows(2, 0));
    let [Action::Lend { key: RH, asker: 2, id, .. }] = lent[..] else { panic!("{lent:?}") };
    assert!(agent.menu()[0].contains("wems is using it"), "{:?}", agent.menu());
    assert!(matches!(agent.happens(borrows(3, 0))[..], [Action::Reply(3, Answer::Refused(Refusal::Taken(_)))]));
    assert_eq!(agent.happens(borrows(4, 9)), []);
    // Nothing is given back under it without being asked twice, and it hears what happens.
    assert_eq!(agent.wishes(Wish::Release(RH)), [Action::WhoHasItOpen(RH)]);
    agent.happens(Event::OpenedBy(RH, Vec::new()));
    assert_eq!(agent.titles(), ["RH wems still has it open: release anyway?"]);
    assert_eq!(agent.happens(Event::Asked(5, Request::Follow(id))), []);
    assert_eq!(agent.happens(Event::News(RH, News::Expiring)), [Action::Tell(5, Answer::News(Told::Expiring))]);
    let next = agent.happens(Event::Asked(6, Request::Return(id)));
    assert!(
        matches!(next[..], [Action::Reply(6, Answer::Done), Action::Reply(5, Answer::Done), Action::Lend { asker: 4, .. }]),
        "{next:?}"
    );
    assert!(agent.happens(Event::BorrowerGone(id)).is_empty(), "that loan is over");
    let Action::Lend { id, .. } = next[2] else { panic!() };
    assert_eq!(agent.happens(Event::BorrowerGone(id)), [Action::AwaitOrphans(RH, id)]);
    assert_eq!(agent.happens(Event::WorkIsOver(RH, id + 1)), [], "those were others");
    assert_eq!(agent.happens(Event::WorkIsOver(RH, id)), [Action::Unname(RH)], "its user had taken it");
}

#[test]
fn an_agent_that_ends_or_sleeps_leaves_a_lent_lease_alone() {
    let mut agent = Agent::of(Config { release_before_sleep: true, ..config(&["RH"]) });
    agent.holds();
    agent.happens(borrows(2, 0));
    assert_eq!(agent.happens(Event::Heard(Heard::Sleep)), []);
    assert_eq!(agent.wishes(Wish::Quit), [Action::Leave(RH), Action::End]);
}

#[test]
fn a_lent_lease_that_is_released_anyway_is_told_to_its_borrower() {
    let mut agent = Agent::new();
    agent.holds();
    let Action::Lend { id, .. } = agent.happens(borrows(2, 0))[0] else { panic!() };
    agent.happens(Event::Asked(5, Request::Follow(id)));
    assert_eq!(agent.wishes(Wish::ReleaseAnyway(RH)), [Action::GiveBack(RH)]);
    assert_eq!(agent.happens(Event::GivenBack(RH, Ok(()))), [Action::Reply(5, Answer::TakenBack)]);
    assert_eq!(agent.happens(borrows(6, 0)), [Action::Reply(6, Answer::NotHeld)]);
}

#[test]
fn a_report_can_be_saved_once_it_was_shown_and_fits_into_the_window_however_long_it_is() {
    let agent = Agent::of(Config { language: Some(Language::French), ..config(&["RH"]) });
    let shown = |subject: &Subject| {
        let page = pages::page(&agent.model, subject, &[], agent.now);
        assert!(page.to_line().is_ok());
        (page.buttons.iter().map(|button| button.id.clone()).collect::<Vec<_>>(), page)
    };
    let (buttons, _) = shown(&Subject::Text(Wish::Report, "Un instant…".into()));
    assert_eq!(buttons, ["close"], "there is nothing to save yet");
    let short = "==> about.txt <==\nx\n".to_owned();
    let (buttons, page) = shown(&Subject::Report(short.clone()));
    assert_eq!((buttons, page.verbatim), (vec!["save".to_owned(), "close".to_owned()], short));
    let long = "é 2026-11-25 INFO  free\n".repeat(20_000);
    let (_, page) = shown(&Subject::Report(long.clone()));
    let (begin, end) = page.verbatim.split_once("\n\n…").unwrap();
    assert!(long.starts_with(&format!("{begin}\n")) && begin.len() > 60_000 && end.contains("sharelock report --show"), "{end}");
    let (buttons, page) = shown(&Subject::Saved("a\nb".into()));
    assert_eq!((buttons, page.text), (vec!["close".to_owned()], vec!["a".to_owned(), "b".to_owned()]));
}
