//! `run --gui`: what shortcuts call. Whoever clicked has no terminal, so what keeps the database from being opened is told in a window.
//!
//! The hazards: a window that answers by itself (closing it is Cancel, and so is a window that cannot be shown), and a window that goes
//! on saying *in use* of a database that has become free, so it is looked at again while it is open.

use super::agent::{SOON, absolute};
use super::exit::Exit;
use super::keep::ask_some_agent;
use super::language::language;
use super::open::{now, shown_target};
use super::take::refused;
use crate::agent::page::{Page, Said};
use crate::agent::pages::{Choice, in_use, trouble};
use crate::agent::shown::Face;
use crate::agent::view::face_of;
use crate::agent::window::Window;
use crate::config::Target;
use crate::i18n::{About, printable};
use crate::ipc::{self, Answer, Request};
use crate::lease::State;
use crate::platform::apart;
use crate::session::{Acquire, AcquireError, Database, Guard, PATIENCE, describe};
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// How often the database is looked at while the window is open.
const LOOK: Duration = Duration::from_secs(2);

/// Takes the lease, or asks what to do instead.
pub(super) fn take(target: &Target, opened: &Database) -> Result<Guard, Exit> {
    loop {
        let error = match opened.acquire(Acquire::default()) {
            Ok(guard) => return Ok(guard),
            Err(error) => error,
        };
        if !matches!(error, AcquireError::Taken(_) | AcquireError::Newer(_)) {
            let text = printable(&error.to_string());
            let exit = refused(opened, error);
            tell(&trouble(opened.name(), text, language()));
            return Err(exit);
        }
        match ask(target, opened) {
            Choice::Open => {}
            Choice::NotifyMe => return Err(leave_to_agent(&Request::Notify(absolute(&target.path)))),
            Choice::Ask => return Err(leave_to_agent(&Request::Ask(absolute(&target.path), String::new()))),
            Choice::OpenReadOnly => {
                read_only(target);
                return Err(Exit::Held);
            }
            Choice::Cancel => return Err(Exit::Held),
        }
    }
}

/// Lets the agent wait for what this window does not.
fn leave_to_agent(request: &Request) -> Exit {
    if matches!(ask_some_agent(request, 2 * PATIENCE), Some(Ok(_))) { Exit::Held } else { Exit::Unreachable }
}

/// Tells whoever clicked why the program was not started, after it was said where nobody listens: by the agent, else in a window.
pub(super) fn not_started(target: &Target, why: String) {
    let request = Request::NotStarted(absolute(&target.path), why.clone());
    if !matches!(ipc::ask(&request, SOON), Ok(Answer::Done)) {
        tell(&trouble(&shown_target(target), why, language()));
    }
}

/// Shows who has it until somebody chooses what to do.
fn ask(target: &Target, opened: &Database) -> Choice {
    let Ok((mut window, said)) = open() else { return Choice::Cancel };
    loop {
        window.show(question(target, opened));
        match said.recv_timeout(LOOK) {
            Ok(Some(Said::Chosen { id, .. })) => {
                if let Some(choice) = Choice::of(&id) {
                    return choice;
                }
            }
            Ok(Some(Said::Shown)) | Err(RecvTimeoutError::Timeout) => {}
            Ok(Some(Said::Closed) | None) | Err(RecvTimeoutError::Disconnected) => return Choice::Cancel,
        }
    }
}

fn question(target: &Target, opened: &Database) -> Page {
    let status = opened.look(PATIENCE).status;
    let sentence = describe::sentence(&status, opened.me(), String::new(), now());
    let said = About(opened.name(), &sentence, language()).to_string();
    // Whoever asks here has it open elsewhere, if it is this user.
    let face = if status.state == State::Mine { Face::Held } else { face_of(status.state, false) };
    let free = status.state == State::Free || (status.takeable_in == Some(Duration::ZERO) && !status.newer);
    let reads = target.configured.as_ref().is_some_and(|configured| configured.command(false).is_some());
    let whom = status.lease.filter(|_| status.state == State::Held && !status.own_user);
    let whom = whom.map(|_| describe::person(status.holder.as_deref()));
    in_use(&shown_target(target), face, said, free, whom, reads, language())
}

/// Shows something until it is closed.
fn tell(page: &Page) {
    let Ok((mut window, said)) = open() else { return };
    window.show(page.clone());
    while let Ok(Some(Said::Shown)) = said.recv() {}
}

fn open() -> std::io::Result<(Window, Receiver<Option<Said>>)> {
    let (sender, said) = channel();
    // Nobody listens any more once a choice is made.
    let window = Window::open(move |said| drop(sender.send(said)))?;
    Ok((window, said))
}

fn read_only(target: &Target) {
    let Some(words) = target.configured.as_ref().and_then(|configured| configured.command(false)) else { return };
    if let Some((program, arguments)) = words.split_first() {
        // It lives on when this process ends.
        drop(apart::start(Command::new(program).args(arguments)));
    }
}
