//! What the agent remembers of one database: whether it has it, and what is worth a notification.

use crate::clock::Ticks;
use crate::i18n::Person;
use crate::ipc::Refusal;
use crate::lease::record::Token;
use crate::session::News;

/// Whether the agent has a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It does not.
    No,
    /// It is taking it.
    Taking,
    /// It has it.
    Has(Token),
    /// It was past its fence and is winning it back.
    Unsure,
    /// It is giving it back.
    Releasing,
}

impl Hold {
    /// Returns whether there is a lease of the agent's that was not given back, or lost for good.
    #[must_use]
    pub const fn is_kept(self) -> bool {
        match self {
            Self::Has(_) | Self::Unsure | Self::Releasing => true,
            Self::No | Self::Taking => false,
        }
    }
}

/// Something that is worth a notification until it is dismissed, replaced or untrue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tiding {
    /// It is free.
    Free,
    /// Somebody was faster.
    TooLate(Person),
    /// It could not be taken.
    NotTaken(Refusal),
    /// A program could not be started; why, in people's words.
    NotStarted(String),
    /// News about the lease.
    News(News),
    /// Programs still have it open.
    StillOpen(Vec<String>),
    /// The folder has been out of sight since then.
    Gone(Ticks),
    /// It can be seen again.
    Back,
    /// Others ask for it.
    Questions,
    /// What this user asked was answered.
    Replied,
}
