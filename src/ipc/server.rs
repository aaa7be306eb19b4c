//! The agent's end: listens, and hands each question on.
//!
//! The hazards: a guest who takes all seats (each has a thread, there are few of them, and whoever says nothing is sent away where the
//! system can do that); and one that is sent away again and again, which is told now and then.

use super::{Answer, Request, line, read, receive};
use crate::clock::{Clock, SystemClock, Ticks};
use crate::platform::local_socket::{Conversation, Instance};
use interprocess::local_socket::traits::Stream as _;
use std::collections::BTreeMap;
use std::io::{self, BufReader, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

/// How many programs are listened to at once.
const SEATS: usize = 16;
/// How many more may wait for an answer that takes as long as it takes.
const WAITING: usize = 64;
/// How many more may be told what the agent sees.
const WATCHING: usize = 64;
/// How many answers one of them may be behind.
const BEHIND: usize = 256;
/// How long somebody may think before asking.
const SILENCE: Duration = Duration::from_secs(10);
/// How often it is told that guests are sent away for one reason.
const TOLD_AGAIN: Duration = Duration::from_secs(600);
/// How long a failing socket is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// Whoever answers: it is given the question, and what takes the answers until it is dropped.
type Respond = Arc<dyn Fn(Request, mpsc::SyncSender<Answer>) + Send + Sync>;

/// Why a guest was sent away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SentAway {
    /// What it said was not understood.
    NotUnderstood,
    /// All seats were taken.
    Full,
}

/// Listens on a thread of its own for as long as the process lives. `sent_away` is told, now and then, that guests were.
///
/// # Errors
/// When there is no thread to be had.
pub fn serve(
    instance: Instance,
    respond: impl Fn(Request, mpsc::SyncSender<Answer>) + Send + Sync + 'static,
    sent_away: impl Fn(SentAway) + Send + Sync + 'static,
) -> io::Result<()> {
    let respond: Respond = Arc::new(respond);
    let hall = Arc::new(Hall::new(sent_away));
    let listen = move || {
        loop {
            match instance.accept() {
                Ok(guest) => seat(guest, &respond, &hall),
                // Out of descriptors, for instance: that passes.
                Err(_) => drop(mpsc::channel::<()>().1.recv_timeout(PAUSE)),
            }
        }
    };
    std::thread::Builder::new().name("sharelock-ipc".into()).spawn(listen)?;
    Ok(())
}

/// Listens to one guest, if there is a seat.
fn seat(guest: Conversation, respond: &Respond, hall: &Arc<Hall>) {
    let Some(seat) = Seat::take(hall) else { return hall.send_away(SentAway::Full) };
    let respond = Arc::clone(respond);
    // A guest who goes in the middle of it wants no answer. Without a thread nobody is listened to.
    let talk = move || drop(converse(&guest, seat, &respond));
    drop(std::thread::Builder::new().name("sharelock-guest".into()).spawn(talk));
}

/// Who is there.
struct Hall {
    seated: AtomicUsize,
    waiting: AtomicUsize,
    watching: AtomicUsize,
    sent_away: Box<dyn Fn(SentAway) + Send + Sync>,
    /// When that was told.
    told: Mutex<BTreeMap<SentAway, Ticks>>,
}

impl Hall {
    fn new(sent_away: impl Fn(SentAway) + Send + Sync + 'static) -> Self {
        let sent_away = Box::new(sent_away);
        Self {
            seated: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            watching: AtomicUsize::new(0),
            sent_away,
            told: Mutex::default(),
        }
    }

    fn send_away(&self, why: SentAway) {
        let now = SystemClock.now().ticks;
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.get(&why).is_none_or(|last| now.since(*last) >= TOLD_AGAIN) {
            told.insert(why, now);
            (self.sent_away)(why);
        }
    }
}

/// Where in the hall.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Seated,
    Waiting,
    Watching,
}

/// A place in the hall, for as long as this lives.
struct Seat {
    hall: Arc<Hall>,
    part: Part,
}

impl Seat {
    fn take(hall: &Arc<Hall>) -> Option<Self> {
        let seat = Self { hall: Arc::clone(hall), part: Part::Seated };
        seat.sits().then_some(seat)
    }

    fn count(&self) -> (&AtomicUsize, usize) {
        match self.part {
            Part::Seated => (&self.hall.seated, SEATS),
            Part::Waiting => (&self.hall.waiting, WAITING),
            Part::Watching => (&self.hall.watching, WATCHING),
        }
    }

    /// Takes up a place. Returns whether there was one.
    fn sits(&self) -> bool {
        let (count, most) = self.count();
        count.fetch_add(1, Ordering::Relaxed) < most
    }

    /// Makes room for others while a guest waits for what may take for ever. Returns whether there was a place to wait.
    fn step_aside(&mut self, part: Part) -> bool {
        if self.part == part {
            return true;
        }
        self.count().0.fetch_sub(1, Ordering::Relaxed);
        self.part = part;
        self.sits()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.count().0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn converse(guest: &Conversation, mut seat: Seat, respond: &Respond) -> io::Result<()> {
    // Windows' pipes have no time limits; there a silent guest keeps the seat.
    drop(guest.set_recv_timeout(Some(SILENCE)));
    drop(guest.set_send_timeout(Some(SILENCE)));
    let mut input = BufReader::new(guest);
    loop {
        let bytes = receive(&mut input)?;
        if bytes.last() != Some(&b'\n') {
            // The end, or longer than anything that could be meant.
            if !bytes.is_empty() {
                seat.hall.send_away(SentAway::NotUnderstood);
            }
            return Ok(());
        }
        let (sender, answers) = mpsc::sync_channel(BEHIND);
        match read(&bytes) {
            None => {
                seat.hall.send_away(SentAway::NotUnderstood);
                drop(sender.send(Answer::NotUnderstood));
                drop(sender);
            }
            Some(request) => {
                let aside = match request {
                    Request::Borrow(..) | Request::Follow(_) => Some(Part::Waiting),
                    Request::Observe(..) => Some(Part::Watching),
                    _ => None,
                };
                if aside.is_some_and(|part| !seat.step_aside(part)) {
                    seat.hall.send_away(SentAway::Full);
                    return Ok(());
                }
                respond(request, sender);
            }
        }
        let mut answered = false;
        for answer in answers {
            answered = true;
            let mut output = guest;
            output.write_all(&line(&answer)?)?;
        }
        if !answered {
            // The agent ended, and with it everything that was asked of it.
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
    }
}
