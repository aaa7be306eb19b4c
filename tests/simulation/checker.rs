//! The invariants, and the words in which a violation is told.
//!
//! Belief begins only when a client handles an event (or wakes up), and ends by itself as time passes. Two beliefs overlap at some
//! instant exactly if one of them is still there when the other begins, so it is enough, and complete, to ask at every beginning.

use sharelock::lease::record::{LeaseId, Number, Token};
use sharelock::lease::wire::Basis;

/// An invariant that did not hold. Numbers are those of docs/PROTOCOL.md.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Violation {
    /// 1: one believes already, and another begins to.
    TwoHolders { first: usize, second: usize },
    /// 2: a token that is not above every one before it.
    TokenNotAbove { seat: usize, token: Token, highest: Token },
    /// 3: the number after a live, believing holder's was claimed.
    LiveHolderTakenOver { holder: usize, by: usize, number: Number, basis: Basis },
    /// 3: a holder that renewed in time finds its lease gone.
    LeaseVanished { seat: usize },
    /// Death was certain, they said, but a guarded program lives.
    OrphanOverlooked { seat: usize, predecessor: Number },
    /// 4: with all faults off, nobody gets in within the stated bound.
    Wedged { seat: usize, after_seconds: u64 },
    /// 5: it says free although nothing was asked of the server.
    FreeUnseen { seat: usize },
    /// 6: a lease file was written by somebody else than its owner.
    ForeignWrite { owner: LeaseId, seat: u8 },
    /// 6: a harmed notice was not healed by the heartbeats after it.
    NoticeNotHealed { seat: usize },
    /// The notice of somebody without our protocol, which had changed just now, was written over.
    ForeignHolderIgnored { seat: u8, unchanged_seconds: u64 },
    /// A renewal in flight was overtaken by the end mark, and undid it.
    Revived { number: Number, seat: u8 },
    /// It says that it acquired the lease, but its fence has passed already.
    HollowClaim { seat: usize, number: Number },
    /// A deadline that stays in the past: a busy loop.
    Spinning { seat: usize },
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TwoHolders { first, second } => {
                write!(f, "invariant 1: seat {second} begins to believe while seat {first} still does")
            }
            Self::TokenNotAbove { seat, token, highest } => {
                write!(f, "invariant 2: seat {seat} got token {token}, though {highest} was given already")
            }
            Self::LiveHolderTakenOver { holder, by, number, basis } => {
                write!(f, "invariant 3: seat {by} claims number {number} ({basis:?}) while seat {holder} holds the one before")
            }
            Self::LeaseVanished { seat } => write!(f, "invariant 3: the lease of seat {seat} vanished though it renewed in time"),
            Self::OrphanOverlooked { seat, predecessor } => {
                write!(f, "seat {seat} calls the holder of {predecessor} dead while a program that it guarded lives")
            }
            Self::Wedged { seat, after_seconds } => {
                write!(f, "invariant 4: seat {seat} does not get in within {after_seconds} s with all faults off")
            }
            Self::FreeUnseen { seat } => write!(f, "invariant 5: seat {seat} says free without having reached the server"),
            Self::ForeignWrite { owner, seat } => write!(f, "invariant 6: seat {seat} wrote into lease {}", owner.number),
            Self::NoticeNotHealed { seat } => write!(f, "invariant 6: the notice of seat {seat} stays wrong across its renewals"),
            Self::ForeignHolderIgnored { seat, unchanged_seconds } => {
                write!(f, "seat {seat} wrote over a foreign notice that had changed {unchanged_seconds} s before")
            }
            Self::Revived { number, seat } => write!(f, "seat {seat} renewed {number} after it had ended it"),
            Self::HollowClaim { seat, number } => write!(f, "seat {seat} says it acquired {number}, past its fence"),
            Self::Spinning { seat } => write!(f, "seat {seat} asks for a tick again and again without doing anything"),
        }
    }
}

/// What the checker knows of one seat at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) seat: usize,
    /// The number it believes in, if it does.
    pub(crate) acting: Option<Number>,
}

/// Remembers what must hold over the whole history.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checker {
    highest: Token,
    given: std::collections::BTreeSet<u64>,
}

impl Checker {
    /// `seat` begins to believe; `others` is how everybody else stands at this very instant.
    pub(crate) fn begins(seat: usize, others: impl IntoIterator<Item = Standing>) -> Result<(), Violation> {
        match others.into_iter().find(|other| other.seat != seat && other.acting.is_some()) {
            Some(other) => Err(Violation::TwoHolders { first: other.seat, second: seat }),
            None => Ok(()),
        }
    }

    /// `seat` was given `token`.
    pub(crate) fn given(&mut self, seat: usize, token: Token) -> Result<(), Violation> {
        if token <= self.highest {
            return Err(Violation::TokenNotAbove { seat, token, highest: self.highest });
        }
        self.highest = token;
        self.given.insert(token.0);
        Ok(())
    }

    /// Whether somebody believed with this token; one that was only claimed may be claimed again.
    pub(crate) fn was_given(&self, token: Token) -> bool {
        self.given.contains(&token.0)
    }

    /// The same once the store was exchanged: what neither the share nor its memory told it, no token can be above.
    pub(crate) fn given_after_upheaval(&mut self, seat: usize, token: Token, known: Token) -> Result<(), Violation> {
        self.highest = self.highest.max(token);
        self.given.insert(token.0);
        if token <= known { Err(Violation::TokenNotAbove { seat, token, highest: known }) } else { Ok(()) }
    }

    /// `seat` claims `number`.
    pub(crate) fn claims(
        seat: usize,
        number: Number,
        basis: Basis,
        others: impl IntoIterator<Item = Standing>,
    ) -> Result<(), Violation> {
        let robbed = |other: &Standing| other.seat != seat && other.acting.is_some_and(|held| held.next() == number);
        match others.into_iter().find(robbed) {
            Some(other) => Err(Violation::LiveHolderTakenOver { holder: other.seat, by: seat, number, basis }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(seat: usize, acting: Option<u64>) -> Standing {
        Standing { seat, acting: acting.map(Number) }
    }

    #[test]
    fn two_holders_are_reported() {
        let history = [standing(0, Some(4)), standing(1, None)];
        assert_eq!(Checker::begins(1, history), Err(Violation::TwoHolders { first: 0, second: 1 }));
        assert_eq!(Checker::begins(0, history), Ok(()), "one's own belief is no second holder");
        assert_eq!(Checker::begins(1, [standing(0, None), standing(1, Some(5))]), Ok(()));
    }

    #[test]
    fn tokens_that_do_not_grow_are_reported() {
        let mut checker = Checker::default();
        assert_eq!(checker.given(0, Token(7)), Ok(()));
        assert_eq!(checker.given(1, Token(7)), Err(Violation::TokenNotAbove { seat: 1, token: Token(7), highest: Token(7) }));
        assert!(checker.given(1, Token(6)).is_err());
        assert_eq!(checker.given(1, Token(8)), Ok(()));
    }

    #[test]
    fn robbing_a_live_holder_is_reported() {
        let history = [standing(0, Some(4)), standing(1, None)];
        let robbery = Checker::claims(1, Number(5), Basis::Lapsed, history);
        assert!(matches!(robbery, Err(Violation::LiveHolderTakenOver { holder: 0, by: 1, .. })));
        assert_eq!(Checker::claims(1, Number(4), Basis::Lapsed, history), Ok(()), "a number that is taken harms nobody");
        assert_eq!(Checker::claims(0, Number(5), Basis::Own, history), Ok(()));
    }
}
