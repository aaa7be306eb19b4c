//! Asking and being asked: several agents, whose tickets meet on one share. Only the desktop and the looks are played.

use super::{at, config, lines};
use sharelock::agent::events::{Action, Event, Seen};
use sharelock::agent::model::Model;
use sharelock::agent::pages::{self, Subject};
use sharelock::agent::shown::{Key, Notice, NoticeKey, Topic, Wish};
use sharelock::agent::ui::Heard;
use sharelock::agent::view;
use sharelock::clock::{Clock, Moment, Ticks};
use sharelock::i18n::Language;
use sharelock::ipc::{Answer, Request};
use sharelock::lease::record::{Host, LeaseId, Nonce, Number};
use sharelock::store::{Identity, MemoryShare, MemoryStore, Store};
use sharelock::{Failure, Holder, State, Status, Token};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const MARIE: usize = 0;
const PAUL: usize = 1;
const LUC: usize = 2;
const NAMES: [&str; 12] = ["Marie Dupont", "Paul Martin", "Luc", "Eva", "Max", "Zoé", "Ida", "Tom", "Léa", "Noé", "Ana", "Jan"];
const DATABASES: [&str; 2] = ["RH", "Paie"];

#[derive(Default)]
struct Hand(AtomicU64);

impl Clock for Hand {
    fn now(&self) -> Moment {
        let seconds = self.0.load(Ordering::Relaxed);
        at(seconds)
    }
}

struct Desk {
    model: Model,
    me: Holder,
    stores: Vec<MemoryStore>,
    /// What was to be done besides writing tickets.
    done: Vec<Action>,
    /// How many tickets were written.
    written: usize,
}

struct Office {
    clock: Arc<Hand>,
    desks: Vec<Desk>,
    /// Who has which database, under which lease.
    held: [Option<(usize, u128)>; 2],
    leases: u128,
    reachable: bool,
}

fn key(database: usize) -> Key {
    Key(u32::try_from(database).unwrap() + 1)
}

impl Office {
    /// So many people, who all watch both databases. Marie has the first.
    fn of(people: usize) -> Self {
        let clock = Arc::new(Hand::default());
        let shares = DATABASES.map(|_| MemoryShare::new(Arc::clone(&clock) as Arc<dyn Clock>));
        let desks = NAMES[..people].iter().enumerate().map(|(number, name)| {
            let me = Holder {
                user: format!("user-{number}"),
                name: (*name).into(),
                machine: format!("PC-{number}"),
                ..Holder::default()
            };
            let identity = Identity { holder: me.clone(), host: Host::default(), nonce: Nonce(number as u128 + 1) };
            let stores = shares.iter().map(|share| share.client(identity.clone())).collect();
            let mut model = Model::new(Language::English);
            model.handle(at(0), Event::Configured(Box::new(config(&DATABASES))));
            Desk { model, me, stores, done: Vec::new(), written: 0 }
        });
        let mut office = Self { clock, desks: desks.collect(), held: [None; 2], leases: 0, reachable: true };
        office.takes(MARIE, 0);
        office
    }

    fn takes(&mut self, who: usize, database: usize) {
        self.leases += 1;
        self.held[database] = Some((who, self.leases));
        self.looks();
    }

    fn gives_back(&mut self, database: usize) {
        self.held[database] = None;
        self.looks();
    }

    fn status(&self, desk: usize, database: usize) -> Status {
        let held = self.held[database].filter(|_| self.reachable);
        let state = match held {
            _ if !self.reachable => State::Unreachable,
            None => State::Free,
            Some((who, _)) if who == desk => State::Mine,
            Some(_) => State::Held,
        };
        Status {
            lease: held.map(|(_, nonce)| LeaseId { number: Number(1), nonce: Nonce(nonce) }),
            holder: held.map(|(who, _)| Arc::new(self.desks[who].me.clone())),
            own_user: state == State::Mine,
            ..Status::unknown(state, (!self.reachable).then_some(Failure::Unreachable))
        }
    }

    /// Everybody looks, until nobody writes anything because of what was seen.
    fn looks(&mut self) {
        for _ in 0..4 {
            let before: usize = self.desks.iter().map(|desk| desk.written).sum();
            for desk in 0..self.desks.len() {
                for database in 0..DATABASES.len() {
                    let status = self.status(desk, database);
                    let one = &self.desks[desk];
                    let waiting = if self.reachable { one.stores[database].waiting().unwrap() } else { Vec::new() };
                    let seen = Seen { status, waiting, reason: String::new(), me: Some(one.me.clone()) };
                    self.happens(desk, Event::Seen(key(database), Box::new(seen)));
                }
            }
            if self.desks.iter().map(|desk| desk.written).sum::<usize>() == before {
                return;
            }
        }
        panic!("they go on writing to one another");
    }

    fn happens(&mut self, desk: usize, event: Event) {
        let now = self.clock.now();
        let desk = &mut self.desks[desk];
        for action in desk.model.handle(now, event) {
            match action {
                Action::Queue(key, standing) => {
                    desk.written += 1;
                    desk.stores[key.0 as usize - 1].queue(&standing).unwrap();
                }
                // All look anyway.
                Action::Look(_) => {}
                other => desk.done.push(other),
            }
        }
    }

    fn wishes(&mut self, desk: usize, wish: Wish) {
        self.happens(desk, Event::Heard(Heard::Wish(wish)));
        self.looks();
    }

    /// Somebody asks for the first database.
    fn asks(&mut self, desk: usize, note: &str) {
        let path = PathBuf::from("/share/RH.db");
        self.happens(desk, Event::Asked(9, Request::Ask(path, note.into())));
        self.passes(0);
        let answer = self.desks[desk].done.pop();
        assert!(matches!(answer, Some(Action::Reply(9, Answer::Asked(_)))), "{answer:?}");
    }

    /// Time passes, and every agent wakes up when it wants to.
    fn passes(&mut self, seconds: u64) {
        let until = self.clock.0.load(Ordering::Relaxed) + seconds;
        loop {
            let now = self.clock.now();
            let due = self.desks.iter().filter_map(|desk| desk.model.deadline(now)).min();
            let due = due.map_or(u64::MAX, |due| due.as_nanos().div_ceil(1_000_000_000));
            if due > until {
                break;
            }
            self.clock.0.store(due.max(self.clock.0.load(Ordering::Relaxed)), Ordering::Relaxed);
            for desk in 0..self.desks.len() {
                self.happens(desk, Event::Tick);
            }
        }
        self.clock.0.store(until, Ordering::Relaxed);
        self.looks();
    }

    fn notices(&self, desk: usize) -> Vec<Notice> {
        view::notices(&self.desks[desk].model, self.clock.now())
    }

    /// What is on somebody's screen, with its buttons.
    fn screen(&self, desk: usize) -> Vec<String> {
        let told = self.notices(desk).into_iter().map(|notice| {
            let buttons: Vec<String> = notice.buttons.into_iter().map(|(label, _)| label).collect();
            format!("{}|{}|{}", notice.title, notice.body.replace('\n', "/"), buttons.join(","))
        });
        told.collect()
    }

    /// The desktop says that the notices of questions are on the screen.
    fn shown(&mut self, desk: usize) {
        for notice in self.notices(desk) {
            self.happens(desk, Event::Heard(Heard::Shown(notice.key)));
        }
        self.looks();
    }

    /// The lines about the first database.
    fn menu(&self, desk: usize) -> Vec<String> {
        let model = &self.desks[desk].model;
        lines(&view::of_one(model, model.entry(key(0)).unwrap(), self.clock.now()), "")
    }

    /// What the status window says of the first database, and what can be pressed there.
    fn window(&self, desk: usize) -> (Vec<String>, Vec<String>) {
        let about = Subject::Details(Some(key(0)));
        let row = pages::page(&self.desks[desk].model, &about, &[], self.clock.now()).rows.remove(0);
        (row.detail, row.actions.into_iter().map(|action| action.id).collect())
    }

    fn attention(&self, desk: usize) -> bool {
        view::view(&self.desks[desk].model, self.clock.now()).attention
    }

    fn says(&self, desk: usize, part: &str) -> bool {
        self.menu(desk).iter().any(|line| line.contains(part))
    }
}

const ASKED: &str = "RH|Paul Martin asks whether you can release it./“just two invoices”|Release,In 10 min,Not now";

#[test]
fn a_question_reaches_the_holder_and_the_answer_the_asker() {
    let mut office = Office::of(2);
    assert!(office.says(PAUL, "Ask Marie Dupont"));
    office.asks(PAUL, "just two invoices");
    assert_eq!(office.screen(MARIE), [ASKED]);
    assert!(!office.says(PAUL, "Ask Marie Dupont"), "a question that waits is not asked again");
    assert!(office.says(PAUL, "Nothing tells yet that the question was seen"));
    office.shown(MARIE);
    assert!(office.says(PAUL, "The question was shown on that computer; no answer yet."), "{:?}", office.menu(PAUL));
    assert_eq!(office.screen(PAUL), Vec::<String>::new(), "that it was seen is worth no notice");
    assert!(office.attention(MARIE) && !office.attention(PAUL));
    let (detail, actions) = office.window(MARIE);
    assert!(detail.contains(&"Paul Martin asks for it: “just two invoices”".to_owned()), "{detail:?}");
    assert_eq!(actions, ["give:1", "later:1", "no:1"]);
    let (detail, actions) = office.window(PAUL);
    assert_eq!(detail[0], "You are first in line.");
    assert_eq!(actions, ["forget:1"]);
    assert_eq!(pages::wish("later:1"), Some(Wish::AnswerLater(key(0))));
    office.wishes(MARIE, pages::wish("later:1").unwrap());
    assert_eq!(office.screen(MARIE), Vec::<String>::new());
    assert!(!office.attention(MARIE));
    let told = office.screen(PAUL);
    assert!(told[0].starts_with("RH|Marie Dupont will release it in about 10 minutes (by "), "{told:?}");
    assert!(office.says(PAUL, "Marie Dupont answered: by about "));
    office.gives_back(0);
    assert_eq!(office.screen(PAUL), ["RH is free.||Open,Not now"], "a promise that was kept is no news");
}

#[test]
fn later_reminds_once_and_only_of_those_who_still_wait() {
    let mut office = Office::of(3);
    office.asks(PAUL, "");
    office.asks(LUC, "");
    office.wishes(MARIE, Wish::AnswerLater(key(0)));
    office.passes(599);
    assert_eq!(office.screen(MARIE), Vec::<String>::new());
    office.wishes(PAUL, Wish::ForgetMe(key(0)));
    office.passes(1);
    assert_eq!(office.screen(MARIE), ["RH|Luc is still waiting for it.|Release,Not now"]);
    office.wishes(MARIE, Wish::AnswerNo(key(0)));
    assert_eq!(office.screen(LUC), ["RH|Marie Dupont still needs it.|"]);
    office.passes(3600);
    assert_eq!(office.screen(MARIE), Vec::<String>::new());
    // Whoever was refused may ask again, and is heard again.
    office.wishes(LUC, Wish::Ask(key(0)));
    assert_eq!(office.screen(MARIE), ["RH|Luc asks whether you can release it.|Release,In 10 min,Not now"]);
    assert_eq!(office.screen(LUC), Vec::<String>::new());
}

#[test]
fn a_question_is_withdrawn_when_nobody_asks_it_any_more() {
    let mut office = Office::of(3);
    office.asks(PAUL, "");
    office.asks(LUC, "");
    assert_eq!(office.screen(MARIE).len(), 1);
    office.wishes(PAUL, Wish::ForgetMe(key(0)));
    assert_eq!(office.screen(MARIE), ["RH|Luc asks whether you can release it.|Release,In 10 min,Not now"]);
    // The lease is over that it was about; and so is the question, for whoever has the next.
    office.takes(PAUL, 0);
    for desk in [MARIE, PAUL, LUC] {
        assert_eq!(office.screen(desk), Vec::<String>::new(), "{desk}");
    }
    assert!(office.says(LUC, "Ask Paul Martin"));
    assert!(office.desks[LUC].model.entry(key(0)).unwrap().wanted, "whoever asked still waits");
    // An asker whose computer was switched off renews nothing any more.
    office.wishes(LUC, Wish::Ask(key(0)));
    assert_eq!(office.screen(PAUL).len(), 1);
    let gone = office.desks.pop().unwrap();
    office.passes(601);
    assert_eq!(office.screen(PAUL), Vec::<String>::new());
    assert_eq!(gone.stores[0].waiting().unwrap(), Vec::new());
}

#[test]
fn ten_who_ask_are_one_notice_and_all_are_answered() {
    let mut office = Office::of(12);
    for desk in 1..=11 {
        office.passes(1);
        office.asks(desk, if desk == 3 { "now?" } else { "" });
    }
    let title = "RH|Paul Martin and 10 others ask whether you can release it./Eva asks for it: “now?”|Release,In 10 min,Not now";
    assert_eq!(office.screen(MARIE), [title]);
    office.wishes(MARIE, Wish::AnswerNo(key(0)));
    for desk in 1..=10 {
        assert_eq!(office.screen(desk), ["RH|Marie Dupont still needs it.|"], "{desk}");
    }
    assert!(office.says(11, "Nothing tells yet that the question was seen"), "one ticket answers ten at a time");
    office.passes(30);
    assert_eq!(office.screen(11), ["RH|Marie Dupont still needs it.|"]);
}

#[test]
fn one_question_is_one_notice() {
    let mut office = Office::of(2);
    office.asks(PAUL, "");
    office.happens(MARIE, Event::Heard(Heard::Dismissed(NoticeKey(key(0), Topic::Ask))));
    let written = office.desks[PAUL].written;
    for _ in 0..5 {
        office.wishes(PAUL, Wish::Ask(key(0)));
        office.passes(10);
    }
    assert_eq!(office.desks[PAUL].written, written, "asked once");
    assert_eq!(office.screen(MARIE), Vec::<String>::new());
    // Put away is not answered.
    let menu = office.menu(MARIE);
    assert_eq!(menu[1..5], ["(Paul Martin asks for it.)", "Release", "In 10 min", "Not now"].map(String::from), "{menu:?}");
    office.asks(PAUL, "it burns");
    assert_eq!(office.screen(MARIE).len(), 1, "other words are another question");
}

#[test]
fn what_nobody_was_shown_is_not_said_to_be_seen() {
    let mut office = Office::of(2);
    office.wishes(MARIE, Wish::Mute(Duration::from_secs(3600)));
    office.asks(PAUL, "");
    office.shown(MARIE);
    assert_eq!(office.screen(MARIE), Vec::<String>::new());
    assert!(office.says(PAUL, "Nothing tells yet that the question was seen"));
    office.passes(3600);
    assert_eq!(office.screen(MARIE).len(), 1, "still asked when silence ends");
    let mut quiet = config(&DATABASES);
    quiet.databases[0].notify.ask = false;
    office.happens(MARIE, Event::Configured(Box::new(quiet)));
    assert_eq!(office.screen(MARIE), Vec::<String>::new());
}

#[test]
fn two_who_ask_each_other_are_not_told_for_ever() {
    let mut office = Office::of(2);
    office.takes(PAUL, 1);
    office.wishes(PAUL, Wish::Ask(key(0)));
    office.wishes(MARIE, Wish::Ask(key(1)));
    for desk in [MARIE, PAUL] {
        assert_eq!(office.screen(desk).len(), 1, "{:?}", office.screen(desk));
        office.shown(desk);
    }
    office.wishes(MARIE, Wish::AnswerLater(key(0)));
    office.wishes(PAUL, Wish::AnswerNo(key(1)));
    assert_eq!(office.screen(MARIE), ["Paie|Paul Martin still needs it.|"]);
    assert!(office.screen(PAUL)[0].starts_with("RH|Marie Dupont will release it"));
    for desk in [MARIE, PAUL] {
        for topic in [key(0), key(1)] {
            office.happens(desk, Event::Heard(Heard::Dismissed(NoticeKey(topic, Topic::Ask))));
        }
    }
    let before: Vec<usize> = office.desks.iter().map(|desk| desk.written).collect();
    office.passes(500);
    for desk in [MARIE, PAUL] {
        assert_eq!(office.screen(desk), Vec::<String>::new());
        // A question and a reply of each, renewed twice.
        assert_eq!(office.desks[desk].written, before[desk] + 4);
    }
}

#[test]
fn the_place_in_line_is_seen_and_kept_as_long_as_somebody_waits() {
    let mut office = Office::of(3);
    assert_eq!(office.desks[PAUL].model.deadline(office.clock.now()), None, "nobody waits, nothing wakes up");
    office.wishes(LUC, Wish::NotifyMe(key(0)));
    office.passes(1);
    office.wishes(PAUL, Wish::NotifyMe(key(0)));
    assert!(office.says(LUC, "You are first in line."));
    assert!(office.says(PAUL, "You are second in line, after Luc."));
    assert!(!office.says(MARIE, "in line"));
    assert!(office.desks[PAUL].model.deadline(office.clock.now()).unwrap() > Ticks::from_nanos(200_000_000_000));
    office.passes(3600);
    assert!(office.says(PAUL, "You are second in line, after Luc."), "a ticket that is renewed does not lapse");
    office.wishes(LUC, Wish::ForgetMe(key(0)));
    assert!(office.says(PAUL, "You are first in line."));
    office.happens(PAUL, Event::Heard(Heard::SessionEnds));
    assert_eq!(office.desks[MARIE].stores[0].waiting().unwrap(), Vec::new(), "whoever ends waits no longer");
}

#[test]
fn what_is_asked_before_the_first_look_is_asked_after_it() {
    let mut model = Model::new(Language::English);
    model.handle(at(0), Event::Configured(Box::new(config(&["RH"]))));
    let path = PathBuf::from("/share/RH.db");
    for (asker, state) in [(1, State::Free), (2, State::Mine), (3, State::Unreachable), (4, State::Stale), (5, State::Held)] {
        let mut model = model.clone();
        assert_eq!(model.handle(at(0), Event::Asked(asker, Request::Ask(path.clone(), String::new()))), [Action::Look(key(0))]);
        let actions = model.handle(at(0), Event::Seen(key(0), Box::new(super::seen(state))));
        // The one that is held is held by somebody whose lease cannot be read.
        assert_eq!(actions, [Action::Reply(asker, Answer::NotAsked(state))], "{state:?}");
    }
}

#[test]
fn nobody_is_offered_to_ask_himself_or_somebody_who_cannot_be() {
    let mut office = Office::of(2);
    assert!(office.says(PAUL, "Ask Marie Dupont"));
    let mut seen = Seen { status: office.status(PAUL, 0), waiting: Vec::new(), reason: String::new(), me: None };
    seen.status.own_user = true;
    office.happens(PAUL, Event::Seen(key(0), Box::new(seen.clone())));
    assert!(!office.says(PAUL, "Ask "), "left open on another computer");
    (seen.status.own_user, seen.status.lease) = (false, None);
    office.happens(PAUL, Event::Seen(key(0), Box::new(seen.clone())));
    assert!(!office.says(PAUL, "Ask "), "another program's notice");
    seen.status = Status { takeable_in: Some(Duration::ZERO), ..office.status(PAUL, 0) };
    office.happens(PAUL, Event::Seen(key(0), Box::new(seen)));
    assert!(!office.says(PAUL, "Ask "), "it can be had at once");
}

#[test]
fn release_is_the_ordinary_one() {
    let mut office = Office::of(2);
    office.asks(PAUL, "");
    // Her own `run` has it: that is told to give it back, which takes until its program has ended.
    office.wishes(MARIE, Wish::AnswerRelease(key(0)));
    assert_eq!(office.desks[MARIE].done.pop(), Some(Action::Order(key(0))));
    assert_eq!(office.screen(PAUL), ["RH|Marie Dupont is about to release it.|"]);
    assert_eq!(office.screen(MARIE), Vec::<String>::new());
    // Her agent has it, and a program has it open.
    let mut office = Office::of(2);
    office.gives_back(0);
    office.happens(MARIE, Event::Heard(Heard::Wish(Wish::Take(key(0)))));
    office.takes(MARIE, 0);
    office.happens(MARIE, Event::Taken(key(0), Ok(Token(7))));
    office.asks(PAUL, "");
    office.shown(MARIE);
    office.wishes(MARIE, Wish::AnswerRelease(key(0)));
    assert_eq!(office.desks[MARIE].done.pop(), Some(Action::WhoHasItOpen(key(0))));
    office.happens(MARIE, Event::OpenedBy(key(0), vec!["wems".into()]));
    office.looks();
    let titles: Vec<String> = office.notices(MARIE).into_iter().map(|notice| notice.title + &notice.body).collect();
    assert!(titles.contains(&"RHwems still has it open: release anyway?".to_owned()), "{titles:?}");
    assert_eq!(office.screen(PAUL), Vec::<String>::new(), "nothing is promised that was refused");
    office.wishes(MARIE, Wish::ReleaseAnyway(key(0)));
    office.happens(MARIE, Event::GivenBack(key(0), Ok(())));
    office.gives_back(0);
    assert_eq!(office.screen(PAUL), ["RH is free.||Open,Not now"]);
    assert_eq!(office.screen(MARIE), Vec::<String>::new());
}

#[test]
fn the_eleventh_who_asks_is_replied_as_well() {
    let mut office = Office::of(NAMES.len());
    let unseen = |office: &Office| {
        let mine = |asker: usize| office.desks[asker].model.entry(key(0)).unwrap().asking.mine.as_ref();
        (PAUL..NAMES.len()).filter(|asker| mine(*asker).is_some_and(|mine| mine.reply.is_none())).collect::<Vec<_>>()
    };
    for asker in PAUL..NAMES.len() {
        office.asks(asker, "");
        office.shown(MARIE);
        office.looks();
        // At once, whoever was told so before.
        assert!(unseen(&office).is_empty(), "{asker}: {:?}", unseen(&office));
    }
    let written = office.desks[MARIE].written;
    office.wishes(MARIE, Wish::AnswerNo(key(0)));
    for _ in 0..2 {
        office.passes(30);
        office.looks();
    }
    for asker in PAUL..NAMES.len() {
        assert_eq!(office.screen(asker), ["RH|Marie Dupont still needs it.|"], "{asker}");
    }
    assert!(office.desks[MARIE].written - written <= 4, "no more than the turns");
    // Once they fit, nobody takes turns any more.
    office.wishes(PAUL, Wish::ForgetMe(key(0)));
    let written = office.desks[MARIE].written;
    office.passes(200);
    assert!(office.desks[MARIE].written - written <= 1, "renewed at most");
}

#[test]
fn what_cannot_be_seen_changes_nothing() {
    let mut office = Office::of(2);
    office.asks(PAUL, "just two invoices");
    office.shown(MARIE);
    office.reachable = false;
    office.looks();
    assert_eq!(office.screen(MARIE), [ASKED]);
    office.wishes(MARIE, Wish::AnswerNo(key(0)));
    office.reachable = true;
    office.looks();
    assert_eq!(office.screen(PAUL), ["RH|Marie Dupont still needs it.|"]);
}

#[test]
fn a_name_and_a_note_from_the_share_steer_nothing() {
    let mut office = Office::of(2);
    let note = format!("\u{202e}<b>&_{}", "x".repeat(500));
    office.happens(PAUL, Event::Asked(9, Request::Ask(PathBuf::from("/share/RH.db"), note)));
    office.looks();
    let notice = office.notices(MARIE).remove(0);
    assert!(notice.body.contains("\n“<b>&_xxx") && notice.body.chars().count() < 130, "plain text, and short: {}", notice.body);
    assert_eq!(office.desks[PAUL].stores[0].waiting().unwrap()[0].holder.note.len(), 78);
}
