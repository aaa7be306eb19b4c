//! Does what the agent's model asks for: watches, takes and gives back, starts programs. Everything that may take long is done on a
//! thread of its own, and how it ended is heard by the agent's thread like anything else.
//!
//! The hazard is an answer that comes after the wish has changed: a lease that was had although the user had cancelled is given back
//! by being dropped.

use super::Message;
use super::events::{Action, Asker, Event, Seen};
use super::lending;
use super::log;
use super::model::Model;
use super::page::Said;
use super::pages::{self, DAYS, Subject};
use super::shown::{Key, Wish};
use super::ui::Heard;
use super::window::Window;
use crate::clock::{Clock, Moment, SystemClock};
use crate::config::{self, DatabaseConfig, Places};
use crate::i18n::agent::{In, Pages};
use crate::i18n::{About, Language, Talk, printable};
use crate::ipc::Refusal;
use crate::lease::wire::Failure;
use crate::lease::{State, Status};
use crate::platform::{apart, opened_by};
use crate::session::describe::person;
use crate::session::{Acquire, AcquireError, Database, Guard, News, NotOpened, Options, PATIENCE, ReleaseError, Sight, Survey};
use crate::store::{PastLease, Standing};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

/// How long one share may keep the agent from ending.
const LEAVE: Duration = Duration::from_millis(500);

/// How something ended that the agent wanted done.
pub(crate) enum Outcome {
    /// A look, for all wishes up to this one.
    Looked(Key, Sight, u64),
    /// News of a lease.
    News(Key, News),
    /// Taking.
    Took(Key, Result<Guard, AcquireError>),
    /// Giving back.
    GaveBack(Key, Result<(), ReleaseError>),
    /// These programs have it open.
    OpenedBy(Key, Vec<String>),
    /// Naming programs in the record, for somebody who asked.
    Named(Asker, bool),
    /// The `run` that had borrowed under this number has ended.
    BorrowerGone(u64),
    /// The programs that worked under the lease have ended.
    WorkIsOver(Key, u64),
    /// The window says something, or (`None`) is gone.
    Window(Option<Said>),
    /// What is known of the past of the database that a window is about.
    Past(u64, Vec<PastLease>),
    /// What this program's command line said, for a window to show.
    Told(u64, Result<String, String>),
}

/// A window on the screen.
struct Shown {
    /// Tells late answers from those to this window.
    serial: u64,
    window: Window,
    subject: Subject,
    past: Vec<PastLease>,
    language: Language,
}

/// What a watched database needs here.
struct Watched {
    config: DatabaseConfig,
    database: Option<Arc<Database>>,
    guard: Option<Guard>,
    /// What was asked for before it could be opened.
    early: Option<Duration>,
    /// What others are to be told once it is.
    standing: Standing,
}

/// Who does things.
pub(super) struct Doing {
    survey: Survey,
    sender: Sender<Message>,
    watched: BTreeMap<Key, Watched>,
    shown: Option<Shown>,
    serial: u64,
}

impl Doing {
    /// Begins with nothing to do.
    pub(super) fn begin(sender: &Sender<Message>) -> io::Result<Self> {
        let looks = sender.clone();
        let survey =
            Survey::begin(move |key, sight, wish| looks.send(Message::Done(Outcome::Looked(Key(key), sight, wish))).is_ok())?;
        Ok(Self { survey, sender: sender.clone(), watched: BTreeMap::new(), shown: None, serial: 0 })
    }

    /// Does what the model asks for.
    pub(super) fn act(&mut self, action: Action, model: &Model) {
        match action {
            Action::Watch(key, config) => {
                let options = Options::default().timing(config.timing).accept_sync_folder(config.accept_sync_folder);
                self.survey.add(key.0, config.path.clone(), options);
                self.watched
                    .insert(key, Watched { config: *config, database: None, guard: None, early: None, standing: Standing::Out });
            }
            Action::Look(key) => self.look(key, 0),
            Action::Unwatch(key) => {
                self.survey.remove(key.0);
                if let Some(database) = self.watched.remove(&key).and_then(|watched| watched.database) {
                    database.stand_in_line(Standing::Out);
                }
            }
            Action::Take(key, wait) => self.take(key, wait),
            Action::StopTaking(key) => {
                if let Some(database) = self.database(key) {
                    database.canceller().cancel();
                }
            }
            Action::GiveBack(key) => self.give_back(key),
            Action::Adopt(key, mark) => self.adopt(key, mark),
            Action::Name(key, asker, programs) => self.name(key, asker, programs),
            Action::Unname(key) => self.unname(key),
            Action::AwaitOrphans(key, number) => self.await_orphans(key, number),
            Action::Leave(key) => self.leave_behind(key),
            Action::WhoHasItOpen(key) => self.who_has_it_open(key),
            Action::Queue(key, standing) => self.queue(key, standing),
            Action::Order(key) => self.order(key),
            Action::Start(key, writes) => self.start(key, writes, model.language()),
            Action::Window(wish) => self.window(&wish, model),
            Action::EditSettings => edit_settings(),
            Action::ShowLog => show_log(),
            // The rest is the agent's own business.
            Action::Reply(..) | Action::Tell(..) | Action::Observe(..) | Action::Lend { .. } | Action::End => {}
        }
    }

    /// Takes in how something ended, and returns what that means to the model.
    pub(super) fn done(&mut self, outcome: Outcome) -> Option<Event> {
        match outcome {
            Outcome::Looked(key, sight, _) => self.looked(key, sight),
            Outcome::News(key, news) => self.watched.contains_key(&key).then_some(Event::News(key, news)),
            Outcome::Took(key, result) => {
                let watched = self.watched.get_mut(&key)?;
                let result = result.map_err(|error| refusal(&error)).map(|guard| {
                    let token = guard.token();
                    watched.guard = Some(guard);
                    token
                });
                self.look(key, 0);
                Some(Event::Taken(key, result))
            }
            Outcome::GaveBack(key, result) => {
                self.look(key, 0);
                let result = result.map_err(|error| match error {
                    ReleaseError::Unanswered(span) => Some(span),
                    ReleaseError::Lost => None,
                });
                Some(Event::GivenBack(key, result))
            }
            Outcome::OpenedBy(key, programs) => Some(Event::OpenedBy(key, programs)),
            Outcome::Named(asker, done) => Some(Event::Named(asker, done)),
            Outcome::BorrowerGone(loan) => Some(Event::BorrowerGone(loan)),
            Outcome::WorkIsOver(key, number) => Some(Event::WorkIsOver(key, number)),
            Outcome::Window(said) => self.pressed(said),
            Outcome::Past(serial, past) => {
                self.shown.as_mut().filter(|shown| shown.serial == serial)?.past = past;
                Some(Event::Tick)
            }
            Outcome::Told(serial, told) => {
                let shown = self.shown.as_mut().filter(|shown| shown.serial == serial)?;
                shown.subject = match (&shown.subject, told) {
                    (Subject::Welcome(_), Ok(_)) => Subject::Details(None),
                    (Subject::Welcome(_), Err(why)) => Subject::Welcome(why),
                    (Subject::Text(Wish::Report, _), Ok(text)) => Subject::Report(text),
                    (Subject::Text(wish, _), Ok(text) | Err(text)) => Subject::Text(wish.clone(), text),
                    (Subject::Saved(_), Ok(text) | Err(text)) => Subject::Saved(text),
                    (subject, _) => subject.clone(),
                };
                Some(Event::Tick)
            }
        }
    }

    /// Shows in the window what is true now.
    pub(super) fn refresh(&mut self, model: &Model, now: Moment) {
        if let Some(shown) = &mut self.shown {
            shown.window.show(pages::page(model, &shown.subject, &shown.past, now));
        }
    }

    fn window(&mut self, wish: &Wish, model: &Model) {
        let language = model.language();
        let wait = || In(&Pages::Wait, language).to_string();
        let subject = match wish {
            Wish::Legend => Subject::Legend,
            Wish::Add => Subject::Welcome(String::new()),
            Wish::Why(_) | Wish::Report => Subject::Text(wish.clone(), wait()),
            Wish::Details(key) => Subject::Details(*key),
            _ => return,
        };
        self.serial += 1;
        let serial = self.serial;
        if let Some(shown) = &mut self.shown {
            (shown.serial, shown.subject, shown.past, shown.language) = (serial, subject, Vec::new(), language);
            shown.window.ask();
        } else {
            let sender = self.sender.clone();
            let opened = Window::open(move |said| drop(sender.send(Message::Done(Outcome::Window(said)))));
            let Ok(window) = opened else { return };
            self.shown = Some(Shown { serial, window, subject, past: Vec::new(), language });
        }
        match wish {
            Wish::Details(Some(key)) => self.past(serial, *key),
            Wish::Why(key) => {
                let path = self.watched.get(key).map(|watched| watched.config.path.clone()).unwrap_or_default();
                self.tell(serial, vec!["doctor".into(), path.into()], model);
            }
            Wish::Report => self.tell(serial, vec!["report".into(), "--show".into()], model),
            _ => {}
        }
    }

    /// Takes in what the window says.
    fn pressed(&mut self, said: Option<Said>) -> Option<Event> {
        match said {
            None | Some(Said::Closed) => {
                self.shown = None;
                None
            }
            Some(Said::Shown) => None,
            Some(Said::Chosen { id, value }) => {
                if let Some(wish) = pages::wish(&id) {
                    return Some(Event::Heard(Heard::Wish(wish)));
                }
                let shown = self.shown.as_ref()?;
                let (serial, language) = (shown.serial, shown.language);
                let arguments: Vec<OsString> = match id.as_str() {
                    "add" => {
                        let path = pages::typed_path(&value.unwrap_or_default());
                        let label = path.file_stem().map(std::ffi::OsStr::to_os_string).unwrap_or_default();
                        vec!["config".into(), "add".into(), label, path.into()]
                    }
                    "save" => return self.save(),
                    _ => return None,
                };
                self.ask_command_line(serial, arguments, String::new(), language);
                None
            }
        }
    }

    fn tell(&self, serial: u64, arguments: Vec<OsString>, model: &Model) {
        self.ask_command_line(serial, arguments, String::new(), model.language());
    }

    /// Saves the report that was read, as it was read.
    fn save(&mut self) -> Option<Event> {
        let shown = self.shown.as_mut()?;
        let Subject::Report(text) = &shown.subject else { return None };
        let (serial, text, language) = (shown.serial, text.clone(), shown.language);
        shown.subject = Subject::Saved(In(&Pages::Wait, language).to_string());
        self.ask_command_line(serial, vec!["report".into(), "--shown".into()], text, language);
        Some(Event::Tick)
    }

    /// Lets this program's command line do something with that input, and shows what it says.
    fn ask_command_line(&self, serial: u64, arguments: Vec<OsString>, input: String, language: Language) {
        self.apart("sharelock-ask", move || {
            let told = own_program().and_then(|mut command| {
                command.args(arguments).env("SHARELOCK_LANG", language.code());
                apart::leave_terminal(&mut command);
                let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
                // Whoever reads none of it has ended, and how is told below.
                drop(child.stdin.take().map(|mut pipe| pipe.write_all(input.as_bytes())));
                child.wait_with_output()
            });
            Outcome::Told(
                serial,
                match told {
                    Ok(output) => {
                        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
                        let (out, err) = (text(&output.stdout), text(&output.stderr));
                        let all = if out.is_empty() { err } else { out };
                        if output.status.success() { Ok(all) } else { Err(all) }
                    }
                    Err(error) => Err(printable(&error.to_string())),
                },
            )
        });
    }

    /// Reads who had it lately.
    fn past(&self, serial: u64, key: Key) {
        let Some(database) = self.database(key).cloned() else { return };
        self.apart("sharelock-past", move || {
            let since = SystemClock.now().wall.0 - (DAYS + 1) * 24 * 3_600_000;
            let mut leases = database.history(PATIENCE).map(|past| past.leases).unwrap_or_default();
            leases.retain(|lease| lease.until.0 >= since);
            Outcome::Past(serial, leases)
        });
    }

    /// Starts a program that is configured: the one that writes under a lease of its own, which its wrapper takes.
    fn start(&self, key: Key, writes: bool, language: Language) {
        let Some(watched) = self.watched.get(&key) else { return };
        let command = if writes {
            own_program().map(|mut command| {
                command.args(["run", "--gui"]).arg(&watched.config.label).env("SHARELOCK_LANG", language.code());
                command
            })
        } else {
            watched.config.command(false).map_or_else(
                || Err(io::Error::from(io::ErrorKind::NotFound)),
                |words| {
                    let mut command = Command::new(&words[0]);
                    command.args(&words[1..]);
                    Ok(command)
                },
            )
        };
        let mut program = watched.config.label.clone();
        let started = command.and_then(|mut command| {
            program = command.get_program().to_string_lossy().into_owned();
            apart::start(&mut command)
        });
        match started {
            Ok(mut child) => {
                // Collected, so that no zombie stays.
                drop(std::thread::Builder::new().name("sharelock-child".into()).spawn(move || child.wait()));
            }
            Err(error) => {
                let talk = if error.kind() == io::ErrorKind::NotFound {
                    Talk::NoSuchProgram(printable(&program))
                } else {
                    Talk::CannotStart(printable(&program), printable(&error.to_string()))
                };
                drop(self.sender.send(Message::Event(Event::NotStarted(key, About("", &talk, language).to_string()))));
            }
        }
    }

    /// Looks soon, for all wishes up to this one.
    pub(super) fn look(&self, key: Key, wish: u64) {
        self.survey.look(key.0, wish);
    }

    /// Returns the lease that is held.
    pub(super) fn guard(&self, key: Key) -> Option<&Guard> {
        self.watched.get(&key)?.guard.as_ref()
    }

    /// The agent ends, and programs go on under the lease: a guard that goes leaves it to them.
    fn leave_behind(&mut self, key: Key) {
        if let Some(watched) = self.watched.get_mut(&key) {
            watched.guard = None;
        }
    }

    pub(super) fn database(&self, key: Key) -> Option<&Arc<Database>> {
        self.watched.get(&key)?.database.as_ref()
    }

    fn looked(&mut self, key: Key, sight: Sight) -> Option<Event> {
        let watched = self.watched.get_mut(&key)?;
        let seen = match sight {
            Sight::NotOpened(error) => not_opened(&error),
            Sight::Seen(database, seen) => {
                let known = seen.status.state;
                let reason = reason(&database, &seen);
                let me = Some(database.me().clone());
                if watched.database.is_none() {
                    let sender = self.sender.clone();
                    database.listen(move |news| sender.send(Message::Done(Outcome::News(key, news))).is_ok());
                    let standing = std::mem::take(&mut watched.standing);
                    if standing != Standing::Out {
                        database.stand_in_line(standing);
                    }
                    watched.database = Some(database);
                }
                let reason = if matches!(known, State::Unreachable | State::Denied) { reason } else { String::new() };
                Seen { status: seen.status, waiting: seen.waiting, reason, me }
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
            self.look(key, 0);
            return;
        };
        self.apart("sharelock-take", move || Outcome::Took(key, database.acquire(Acquire::default().wait(wait))));
    }

    fn give_back(&mut self, key: Key) {
        let Some(guard) = self.watched.get_mut(&key).and_then(|watched| watched.guard.take()) else {
            drop(self.sender.send(Message::Done(Outcome::GaveBack(key, Ok(())))));
            return;
        };
        self.apart("sharelock-release", move || Outcome::GaveBack(key, guard.release()));
    }

    fn who_has_it_open(&self, key: Key) {
        let Some(database) = self.database(key).cloned() else { return };
        let under_it = self.guard(key).map(|guard| guard.programs().named()).unwrap_or_default();
        self.apart("sharelock-open-by", move || {
            let opened = opened_by::programs(database.path()).into_iter().map(|program| program.name);
            let mut names: Vec<String> = opened.chain(lending::names(&under_it)).map(|name| printable(&name)).collect();
            names.dedup();
            Outcome::OpenedBy(key, names)
        });
    }

    fn queue(&mut self, key: Key, standing: Standing) {
        let Some(watched) = self.watched.get_mut(&key) else { return };
        match &watched.database {
            Some(database) => database.stand_in_line(standing),
            // Told once it is opened.
            None => watched.standing = standing,
        }
    }

    /// Leaves all lines before the agent ends, if the shares let it.
    pub(super) fn leave(&self) {
        for database in self.watched.values().filter_map(|watched| watched.database.as_ref()) {
            database.settle_in_line(LEAVE);
        }
    }

    fn order(&self, key: Key) {
        let Some(database) = self.database(key).cloned() else { return };
        let spawned = std::thread::Builder::new().name("sharelock-order".into()).spawn(move || {
            let _not_heard = database.order_release("", false, PATIENCE);
        });
        drop(spawned);
    }

    /// Does something that may take long, and tells how it ended.
    pub(super) fn apart(&self, name: &str, work: impl FnOnce() -> Outcome + Send + 'static) {
        let sender = self.sender.clone();
        let spawned = std::thread::Builder::new().name(name.into()).spawn(move || drop(sender.send(Message::Done(work()))));
        // Out of threads: the wish is as good as lost, and the next click is another try.
        drop(spawned);
    }
}

/// Returns this program's command line, ready for its arguments.
fn own_program() -> io::Result<Command> {
    Ok(Command::new(apart::command_line()?))
}

/// Opens the user's settings in whatever opens such files here.
fn edit_settings() {
    let Some(file) = Places::find().user else { return };
    // One that is there stays as it is.
    drop(config::create(&file, config::EXAMPLE));
    drop(open::that_detached(file));
}

/// Opens the log in whatever opens such files here.
fn show_log() {
    if let Some(file) = log::place() {
        drop(open::that_detached(file));
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
