//! What happens to the agent, and what it is to do: the closed types on both sides of its model.

use super::shown::{Key, Wish};
use super::ui::Heard;
use crate::config::{Config, DatabaseConfig};
use crate::ipc::{Answer, Refusal, Request};
use crate::lease::Status;
use crate::lease::record::{Holder, Token};
use crate::session::News;
use crate::store::Waiter;
use std::time::Duration;

/// What one look has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The state, and who has it.
    pub status: Status,
    /// Who waits, oldest first.
    pub waiting: Vec<Waiter>,
    /// What the system said about a folder that could not be seen; empty when nothing.
    pub reason: String,
    /// Who this process is there.
    pub me: Option<Holder>,
}

/// Who asked over the agent's socket.
pub type Asker = u64;

/// What happens to the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The configuration is this, at the start and whenever it changes.
    Configured(Box<Config>),
    /// The files of settings have these faults; whether they can be used all the same.
    Faulty(Vec<String>, bool),
    /// A look has shown this.
    Seen(Key, Box<Seen>),
    /// A lease that the agent holds has news.
    News(Key, News),
    /// Taking has ended.
    Taken(Key, Result<Token, Refusal>),
    /// Giving back has ended; the error as in [`Answer::Unreleased`].
    GivenBack(Key, Result<(), Option<Duration>>),
    /// These programs of this computer have the database open.
    OpenedBy(Key, Vec<String>),
    /// The desktop says something.
    Heard(Heard),
    /// A program of this user asks for something.
    Asked(Asker, Request),
    /// A deadline has come.
    Tick,
}

/// What the agent is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Look at this database from now on.
    Watch(Key, Box<DatabaseConfig>),
    /// Look at it no longer.
    Unwatch(Key),
    /// Take it, waiting that long.
    Take(Key, Duration),
    /// Stop waiting for it.
    StopTaking(Key),
    /// Give it back.
    GiveBack(Key),
    /// Find out which programs of this computer have it open.
    WhoHasItOpen(Key),
    /// Stand in line for it, or leave the line.
    Queue(Key, bool),
    /// Start the program that opens it (`false`: that only reads it).
    Start(Key, bool),
    /// Tell this user's own `run` or `hold` to give it back.
    Order(Key),
    /// Answer somebody.
    Reply(Asker, Answer),
    /// Show the status window.
    Window(Wish),
    /// Show the log.
    ShowLog,
    /// Edit the configuration.
    EditSettings,
    /// All is done.
    End,
}
