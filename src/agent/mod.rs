//! The agent: what runs in the background, watches the configured databases, holds leases for its user and shows all that.
//!
//! One thread owns the state and hears everything; whatever may take long (the share, programs, windows) is done by others, which tell
//! it how that ended. What happens is in `events.rs`, what follows from it in `model.rs`, what that looks like in `view.rs`, who does it
//! in `doing.rs`, and what draws it in `ui`. The hazard is a lease that outlives the wish for it: guards live here alone, and every way
//! out gives them back.

pub mod asking;
pub mod custody;
mod doing;
pub mod events;
pub mod journal;
mod lending;
pub mod line;
pub mod log;
pub mod model;
mod onlookers;
pub mod page;
pub mod pages;
mod requests;
pub mod shown;
pub mod tidings;
pub mod ui;
pub mod view;
pub mod window;

use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::i18n::Language;
use crate::i18n::agent::Meaning;
use crate::ipc::{Answer, Request, SentAway, Sighting, Watched};
use crate::platform::{desktop_name, system_name};
use crate::session::Sight;
use doing::{Doing, Outcome};
use events::{Action, Asker, Event};
use journal::Journal;
use line::{Field, Line};
use log::Log;
use model::{Hold, Model};
use onlookers::Onlookers;
use shown::{Face, Key, Notice, NoticeKey, View, Wish};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use ui::{Heard, Ui};

/// What the agent begins with.
#[derive(Debug)]
pub struct Start {
    /// The configuration.
    pub config: Config,
    /// The language of the system.
    pub language: Language,
    /// What is asked of it at once, as by a program of this user.
    pub requests: Vec<Request>,
    /// Nobody has configured anything yet: help with it.
    pub welcome: bool,
    /// Where it tells what happens to it, if anywhere.
    pub log: Option<PathBuf>,
    /// Told, once, when that cannot be written.
    pub no_log: fn(&Path, &io::Error),
}

/// Anything that the agent's thread hears.
pub(crate) enum Message {
    /// Something happened.
    Event(Event),
    /// A program of this user asks for something.
    Asked(Request, Reply),
    /// Somebody has done something that the agent wanted done.
    Done(Outcome),
}

/// Takes the answers to a request, until it is dropped. Whoever does not read them is told no more.
pub type Reply = SyncSender<Answer>;

/// Where others tell the agent something, from any thread.
#[derive(Clone)]
pub struct Hotline(Sender<Message>);

impl Hotline {
    /// Asks for something; `reply` is told once (or, where that was asked for, often), unless the agent ends first.
    pub fn ask(&self, request: Request, reply: Reply) {
        // An agent that has ended answers nobody.
        drop(self.0.send(Message::Asked(request, reply)));
    }

    /// Tells that programs that asked for something were sent away.
    pub fn sent_away(&self, why: SentAway) {
        drop(self.0.send(Message::Event(Event::SentAway(why))));
    }

    /// Tells that the configuration has changed.
    pub fn configured(&self, config: Config) {
        drop(self.0.send(Message::Event(Event::Configured(Box::new(config)))));
    }

    /// Tells what is wrong with the files of settings, and whether they can be used all the same.
    pub fn faulty(&self, problems: Vec<String>, usable: bool) {
        drop(self.0.send(Message::Event(Event::Faulty(problems, usable))));
    }
}

/// Runs the agent until it is told to end. `connect` is given the line on which others can reach it, and what it returns is kept until
/// then.
///
/// Must be called on the main thread before any other exists.
///
/// # Errors
/// When there are no threads to be had.
pub fn run<T: Send + 'static>(start: Start, connect: impl FnOnce(Hotline) -> T + Send + 'static) -> io::Result<()> {
    let (sender, messages) = mpsc::channel();
    let desktop = sender.clone();
    let hear = move |heard: Heard| drop(desktop.send(Message::Event(Event::Heard(heard))));
    ui::run(hear, move |ui| {
        let doing = Doing::begin(&sender)?;
        let kept = connect(Hotline(sender.clone()));
        let mut model = Model::new(start.language);
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        model.next_loan = u64::from_ne_bytes(random);
        let mut agent = Agent {
            model,
            doing,
            ui,
            sleeping: false,
            view: None,
            notices: BTreeMap::new(),
            askers: BTreeMap::new(),
            next_asker: 1,
            onlookers: Onlookers::default(),
            journal: Journal::default(),
            // Its thread must not begin before the signals are taken over.
            log: start.log.map_or_else(Log::none, |file| Log::begin(file, start.no_log)),
        };
        agent.log.write(SystemClock.now().wall, vec![started()]);
        agent.happen(Event::Configured(Box::new(start.config)));
        for request in start.requests {
            agent.asked(request, mpsc::sync_channel(1).0);
        }
        if start.welcome {
            agent.happen(Event::Heard(Heard::Wish(Wish::Add)));
        }
        agent.run(&messages);
        drop(kept);
        Ok(())
    })
}

/// Returns what the icon of a database would mean, for the command line; `None` before it was looked at.
#[must_use]
pub fn meaning(watched: &Watched) -> Option<Meaning> {
    let state = watched.state?;
    Some(view::meaning(if watched.held { Face::Mine } else { view::face_of(state, watched.wanted) }))
}

struct Agent {
    model: Model,
    doing: Doing,
    ui: Ui,
    /// The computer is about to sleep, and waits for a word.
    sleeping: bool,
    /// What is shown.
    view: Option<View>,
    notices: BTreeMap<NoticeKey, Notice>,
    askers: BTreeMap<Asker, Reply>,
    next_asker: Asker,
    onlookers: Onlookers,
    journal: Journal,
    log: Log,
}

/// Returns the first line of the log.
fn started() -> Line {
    Line::started()
        .and(Field::Version, env!("CARGO_PKG_VERSION"))
        .and(Field::System, system_name())
        .unless_empty(Field::Desktop, &desktop_name())
        .and(Field::Process, std::process::id())
}

impl Agent {
    fn run(&mut self, messages: &Receiver<Message>) {
        loop {
            let now = SystemClock.now();
            let message = match [self.model.deadline(now), self.onlookers.deadline()].into_iter().flatten().min() {
                Some(deadline) => messages.recv_timeout(deadline.since(now.ticks)),
                None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let goes_on = match message {
                Ok(Message::Event(event)) => self.happen(event),
                Ok(Message::Asked(request, reply)) => self.asked(request, reply),
                Ok(Message::Done(outcome)) => {
                    if let Outcome::Looked(key, sight, wish) = &outcome {
                        self.looked(*key, sight, *wish);
                    }
                    self.doing.done(outcome).is_none_or(|event| self.happen(event))
                }
                Err(RecvTimeoutError::Timeout) => self.happen(Event::Tick),
                Err(RecvTimeoutError::Disconnected) => false,
            };
            if !goes_on {
                return;
            }
        }
    }

    /// A look is told to those who look on.
    fn looked(&mut self, key: Key, sight: &Sight, wish: Asker) {
        if self.model.entry(key).is_none() {
            return;
        }
        let sighting = match sight {
            Sight::NotOpened(_) => None,
            Sight::Seen(database, seen) => Some(Sighting::of(database, seen)),
        };
        let told = self.onlookers.seen(key, sighting, wish);
        self.tell_all(told);
    }

    fn asked(&mut self, request: Request, reply: Reply) -> bool {
        let asker = self.next_asker;
        self.next_asker += 1;
        self.askers.insert(asker, reply);
        self.happen(Event::Asked(asker, request))
    }

    /// Lets something happen, does what follows, and shows what is different. False when the agent is to end.
    fn happen(&mut self, event: Event) -> bool {
        if let Event::Heard(heard @ (Heard::Sleep | Heard::Wake)) = &event {
            self.sleeping = *heard == Heard::Sleep;
        }
        let mut goes_on = true;
        let (now, happened) = (SystemClock.now(), event.clone());
        let actions = self.model.handle(now, event);
        self.log.write(now.wall, self.journal.lines(&happened, &actions, &self.model));
        for action in actions {
            match action {
                Action::End => {
                    self.doing.leave();
                    goes_on = false;
                }
                Action::Reply(asker, answer) => self.reply(asker, answer),
                Action::Tell(asker, answer) => self.tell(asker, answer),
                Action::Lend { key, asker, id, process } => {
                    let answer = self.doing.lend(key, id, process);
                    self.reply(asker, answer);
                }
                Action::Observe(asker, keys, goes_on) => {
                    let told = self.onlookers.begin(asker, &keys, goes_on, now.ticks);
                    self.tell_all(told);
                    keys.iter().flatten().for_each(|key| self.doing.look(*key, asker));
                }
                Action::Unwatch(key) => {
                    let told = self.onlookers.unwatched(key);
                    self.tell_all(told);
                    self.doing.act(action, &self.model);
                }
                other => self.doing.act(other, &self.model),
            }
        }
        let model = &self.model;
        let told =
            self.onlookers.hasten(now.ticks, |key| model.entry(key).is_some_and(|entry| matches!(entry.hold, Hold::Has(_))));
        self.tell_all(told);
        self.show();
        // Once nothing is being given back any more; the desktop does not wait for ever.
        let releasing = self.model.entries.iter().any(|entry| entry.hold == Hold::Releasing);
        if self.sleeping && !releasing {
            self.sleeping = false;
            self.ui.let_sleep();
        }
        goes_on
    }

    fn tell_all(&mut self, told: Vec<Action>) {
        for action in told {
            match action {
                Action::Reply(asker, answer) => self.reply(asker, answer),
                Action::Tell(asker, answer) => self.tell(asker, answer),
                _ => {}
            }
        }
    }

    /// Tells somebody the last word.
    fn reply(&mut self, asker: Asker, answer: Answer) {
        if let Some(reply) = self.askers.remove(&asker) {
            drop(reply.try_send(answer));
        }
    }

    /// Tells somebody something. Whoever has gone, or is far behind, is told nothing more.
    fn tell(&mut self, asker: Asker, answer: Answer) {
        if self.askers.get(&asker).is_some_and(|reply| reply.try_send(answer).is_err()) {
            self.askers.remove(&asker);
            self.onlookers.left(asker);
        }
    }

    fn show(&mut self) {
        let now = SystemClock.now();
        let view = view::view(&self.model, now);
        if self.view.as_ref() != Some(&view) {
            self.ui.show(view.clone());
            self.view = Some(view);
        }
        let notices: BTreeMap<NoticeKey, Notice> =
            view::notices(&self.model, now).into_iter().map(|notice| (notice.key, notice)).collect();
        for key in self.notices.keys().filter(|key| !notices.contains_key(key)) {
            self.ui.withdraw(*key);
        }
        for (key, notice) in &notices {
            if self.notices.get(key) != Some(notice) {
                self.ui.notify(notice.clone());
            }
        }
        self.notices = notices;
        self.doing.refresh(&self.model, now);
    }
}
