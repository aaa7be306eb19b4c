//! Does what the agent's model asks for: watches, takes and gives back, starts programs. Everything that may take long is done on a
//! thread of its own, and how it ended is heard by the agent's thread like anything else.
//!
//! The hazard is an answer that comes after the wish has changed: a lease that was had although the user had cancelled is given back
//! by being dropped.

use super::Message;
use super::events::{Action, Event, Seen};
use super::model::Model;
use super::shown::Key;
use super::ui::Ui;
use crate::config::DatabaseConfig;
use crate::i18n::printable;
use crate::ipc::Refusal;
use crate::lease::wire::Failure;
use crate::lease::{State, Status};
use crate::platform::opened_by;
use crate::session::describe::person;
use crate::session::{Acquire, AcquireError, Database, Guard, News, NotOpened, Options, PATIENCE, ReleaseError, Sight, Survey};
use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How something ended that the agent wanted done.
pub(crate) enum Outcome {
    /// A look.
    Looked(Key, Sight),
    /// News of a lease.
    News(Key, News),
    /// Taking.
    Took(Key, Result<Guard, AcquireError>),
    /// Giving back.
    GaveBack(Key, Result<(), ReleaseError>),
    /// These programs have it open.
    OpenedBy(Key, Vec<String>),
}

/// What a watched database needs here.
struct Watched {
    config: DatabaseConfig,
    database: Option<Arc<Database>>,
    guard: Option<Guard>,
    /// What was asked for before it could be opened.
    early: Option<Duration>,
}

/// Who does things.
pub(super) struct Doing {
    survey: Survey,
    sender: Sender<Message>,
    watched: BTreeMap<Key, Watched>,
    /// Leases that are being given back now.
    farewells: Arc<Mutex<usize>>,
}

impl Doing {
    /// Begins with nothing to do.
    pub(super) fn begin(sender: &Sender<Message>) -> io::Result<Self> {
        let looks = sender.clone();
        let survey = Survey::begin(move |key, sight| looks.send(Message::Done(Outcome::Looked(Key(key), sight))).is_ok())?;
        Ok(Self { survey, sender: sender.clone(), watched: BTreeMap::new(), farewells: Arc::default() })
    }

    /// Does what the model asks for.
    pub(super) fn act(&mut self, action: Action, _model: &Model) {
        match action {
            Action::Watch(key, config) => {
                let options = Options::default().timing(config.timing).accept_sync_folder(config.accept_sync_folder);
                self.survey.add(key.0, config.path.clone(), options);
                self.watched.insert(key, Watched { config: *config, database: None, guard: None, early: None });
            }
            Action::Unwatch(key) => {
                self.survey.remove(key.0);
                self.watched.remove(&key);
            }
            Action::Take(key, wait) => self.take(key, wait),
            Action::StopTaking(key) => {
                if let Some(database) = self.database(key) {
                    database.canceller().cancel();
                }
            }
            Action::GiveBack(key) => self.give_back(key),
            Action::WhoHasItOpen(key) => self.who_has_it_open(key),
            Action::Queue(key, waiting) => self.queue(key, waiting),
            Action::Order(key) => self.order(key),
            Action::Start(..) | Action::Window(_) | Action::ShowLog | Action::EditSettings | Action::Reply(..) | Action::End => {}
        }
    }

    /// Takes in how something ended, and returns what that means to the model.
    pub(super) fn done(&mut self, outcome: Outcome) -> Option<Event> {
        match outcome {
            Outcome::Looked(key, sight) => self.looked(key, sight),
            Outcome::News(key, news) => self.watched.contains_key(&key).then_some(Event::News(key, news)),
            Outcome::Took(key, result) => {
                let watched = self.watched.get_mut(&key)?;
                let result = result.map_err(|error| refusal(&error)).map(|guard| {
                    let token = guard.token();
                    watched.guard = Some(guard);
                    token
                });
                self.survey.look(key.0);
                Some(Event::Taken(key, result))
            }
            Outcome::GaveBack(key, result) => {
                self.survey.look(key.0);
                let result = result.map_err(|error| match error {
                    ReleaseError::Unanswered(span) => Some(span),
                    ReleaseError::Lost => None,
                });
                Some(Event::GivenBack(key, result))
            }
            Outcome::OpenedBy(key, programs) => Some(Event::OpenedBy(key, programs)),
        }
    }

    /// Lets the computer sleep once nothing is being given back any more.
    pub(super) fn before_sleep(&self, ui: &Ui) {
        let (ui, farewells) = (ui.clone(), Arc::clone(&self.farewells));
        if *farewells.lock().unwrap_or_else(PoisonError::into_inner) == 0 {
            ui.let_sleep();
        }
        // Otherwise the last of them lets it, or the three seconds do.
    }

    fn database(&self, key: Key) -> Option<&Arc<Database>> {
        self.watched.get(&key)?.database.as_ref()
    }

    fn looked(&mut self, key: Key, sight: Sight) -> Option<Event> {
        let watched = self.watched.get_mut(&key)?;
        let seen = match sight {
            Sight::NotOpened(error) => not_opened(&error),
            Sight::Seen(database, seen) => {
                let known = seen.status.state;
                let reason = reason(&database, &seen);
                let mut status = seen.status;
                if database.capabilities().synchronised_by.is_some() {
                    status.failure = Some(Failure::Unusable);
                }
                let me = Some(database.me().clone());
                if watched.database.is_none() {
                    let sender = self.sender.clone();
                    database.listen(move |news| sender.send(Message::Done(Outcome::News(key, news))).is_ok());
                    watched.database = Some(database);
                }
                let reason = if matches!(known, State::Unreachable | State::Denied) { reason } else { String::new() };
                Seen { status, waiting: seen.waiting, reason, me }
            }
        };
        let early = watched.early.take();
        if let Some(wait) = early {
            self.take(key, wait);
        }
        Some(Event::Seen(key, Box::new(seen)))
    }

    fn take(&mut self, key: Key, wait: Duration) {
        let Some(watched) = self.watched.get_mut(&key) else { return };
        let Some(database) = watched.database.clone() else {
            // Opening is the survey's business; whoever is impatient is told what it finds.
            watched.early = Some(wait);
            self.survey.look(key.0);
            return;
        };
        self.apart("sharelock-take", move || Outcome::Took(key, database.acquire(Acquire::default().wait(wait))));
    }

    fn give_back(&mut self, key: Key) {
        let Some(guard) = self.watched.get_mut(&key).and_then(|watched| watched.guard.take()) else {
            drop(self.sender.send(Message::Done(Outcome::GaveBack(key, Ok(())))));
            return;
        };
        let farewells = Arc::clone(&self.farewells);
        *farewells.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.apart("sharelock-release", move || {
            let result = guard.release();
            *farewells.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
            Outcome::GaveBack(key, result)
        });
    }

    fn who_has_it_open(&self, key: Key) {
        let Some(database) = self.database(key).cloned() else { return };
        self.apart("sharelock-open-by", move || {
            let programs = opened_by::programs(database.path());
            Outcome::OpenedBy(key, programs.into_iter().map(|program| printable(&program.name)).collect())
        });
    }

    fn queue(&self, key: Key, waiting: bool) {
        let Some(database) = self.database(key).cloned() else { return };
        let spawned = std::thread::Builder::new().name("sharelock-queue".into()).spawn(move || database.stand_in_line(waiting));
        // Being listed is a courtesy.
        drop(spawned);
    }

    fn order(&self, key: Key) {
        let Some(database) = self.database(key).cloned() else { return };
        let spawned = std::thread::Builder::new().name("sharelock-order".into()).spawn(move || {
            let _not_heard = database.order_release("", false, PATIENCE);
        });
        drop(spawned);
    }

    /// Does something that may take long, and tells how it ended.
    fn apart(&self, name: &str, work: impl FnOnce() -> Outcome + Send + 'static) {
        let sender = self.sender.clone();
        let spawned = std::thread::Builder::new().name(name.into()).spawn(move || drop(sender.send(Message::Done(work()))));
        // Out of threads: the wish is as good as lost, and the next click is another try.
        drop(spawned);
    }
}

fn not_opened(error: &NotOpened) -> Seen {
    let failure = error.failure();
    let state = if failure == Some(Failure::Denied) { State::Denied } else { State::Unreachable };
    let reason = if matches!(error, NotOpened::Silent) { String::new() } else { printable(&error.to_string()) };
    Seen { status: Status::unknown(state, failure), waiting: Vec::new(), reason, me: None }
}

fn reason(database: &Database, seen: &crate::session::Snapshot) -> String {
    match (&database.capabilities().synchronised_by, &seen.failure) {
        (Some(program), _) => format!("{program} synchronises this folder; no lease can be kept there"),
        (None, Some(error)) => printable(&error.to_string()),
        (None, None) => String::new(),
    }
}

fn refusal(error: &AcquireError) -> Refusal {
    match error {
        AcquireError::Taken(status) | AcquireError::Newer(status) => Refusal::Taken(person(status.holder.as_deref())),
        AcquireError::Failed(failure, detail) => {
            Refusal::Failed(*failure, detail.as_ref().map(|detail| printable(&detail.to_string())).unwrap_or_default())
        }
        AcquireError::Busy | AcquireError::Cancelled | AcquireError::Synchronised(_) | AcquireError::System(_) => {
            Refusal::Other(printable(&error.to_string()))
        }
    }
}
