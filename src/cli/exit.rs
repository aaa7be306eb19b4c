//! The exit codes, in one place: scripts live by them, so none is ever given a second meaning.
//!
//! They are sysexits(3)'s where it has one, flock(1)'s and the shell's otherwise.

use crate::lease::wire::Failure;

/// How a verb ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// It did what was asked.
    Done,
    /// The examination found a failure.
    Unfit,
    /// The command line cannot be understood.
    Usage,
    /// The share cannot be reached; nothing is known of the database.
    Unreachable,
    /// The computer is out of something (threads, memory, random numbers).
    System,
    /// No lease can be made there: full, read-only, synchronised, or not a database file.
    CannotCreate,
    /// Somebody else has it, the wait is over, or it was lost.
    Held,
    /// No permission.
    Denied,
    /// The configuration cannot be used.
    Configuration,
    /// Ended by this signal.
    Signalled(i32),
    /// What the program that was run returned.
    Program(i32),
}

impl Exit {
    /// Returns the number.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Unfit => 1,
            Self::Usage => 64,
            Self::Unreachable => 69,
            Self::System => 71,
            Self::CannotCreate => 73,
            Self::Held => 75,
            Self::Denied => 77,
            Self::Configuration => 78,
            Self::Signalled(number) => u8::try_from(128 + number).unwrap_or(u8::MAX),
            // Windows has 32 bits of exit code, a process here returns eight: what does not fit must not become 0.
            Self::Program(code) => u8::try_from(code).unwrap_or(u8::MAX),
        }
    }

    /// Returns how a verb ends that needed the lease when the share failed like this.
    pub(super) const fn of(failure: Failure) -> Self {
        match failure {
            Failure::Unreachable | Failure::Gone | Failure::NoFolder => Self::Unreachable,
            Failure::Denied => Self::Denied,
            Failure::Full | Failure::ReadOnly | Failure::Unusable => Self::CannotCreate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_documented_ones() {
        let all = [
            (Exit::Done, 0),
            (Exit::Unfit, 1),
            (Exit::Usage, 64),
            (Exit::Unreachable, 69),
            (Exit::System, 71),
            (Exit::CannotCreate, 73),
            (Exit::Held, 75),
            (Exit::Denied, 77),
            (Exit::Configuration, 78),
            (Exit::Signalled(2), 130),
            (Exit::Signalled(15), 143),
            (Exit::Program(3), 3),
            (Exit::Program(256), 255),
            (Exit::Program(-1_073_741_510), 255),
        ];
        for (exit, code) in all {
            assert_eq!(exit.code(), code, "{exit:?}");
        }
    }
}
