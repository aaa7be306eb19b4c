//! Take turns on a shared database file: a network-aware lease beside the file, in any shared folder, without a server.
//!
//! ```
//! use sharelock::{Acquire, Options};
//! use std::time::Duration;
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("wems.db");
//! let database = Options::default()
//!     .note("stock count")
//! #   .memory(folder.path())
//!     .open(&path)?;
//! let guard = database.acquire(Acquire::default().wait(Duration::from_secs(30)))?;
//! // … write wems.db …
//! if guard.is_valid(Duration::from_secs(5)) {
//!     // Read again from the shared folder a moment ago: it is still ours.
//!     println!("done under token {}", guard.token());
//! }
//! guard.release()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Who has it, without taking it:
//!
//! ```
//! use sharelock::{Options, State};
//! use std::time::Duration;
//!
//! # let folder = tempfile::tempdir()?;
//! # let options = || Options::default().memory(folder.path());
//! # let path = folder.path().join("wems.db");
//! let database = options().open(&path)?;
//! let seen = database.look(Duration::from_secs(5));
//! match seen.status.state {
//!     State::Free => println!("{} is free", database.name()),
//!     State::Unreachable | State::Denied => println!("nobody can tell: {:?}", seen.failure),
//!     State::Mine | State::Held | State::Stale => println!("{:?} has it", seen.status.holder),
//! }
//! # assert_eq!(seen.status.state, State::Free);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is promised
//!
//! - At any instant at most one participant, of all programs on all computers that ask Sharelock, has a [`Guard`] that believes in its
//!   lease; [`Guard::token`] grows from lease to lease, also where the store was deleted or restored.
//! - A holder whose renewals arrive in time is never taken over. One that dies is: at once on the same computer, when all that it
//!   guarded has ended too, otherwise within 3 to 5½ minutes (docs/PROTOCOL.md has the bounds).
//! - A holder that was cut off or asleep stops believing *before* anybody else may take over, and is told so
//!   ([`Database::events`]): [`News::Unsure`], and then [`News::Recovered`] or [`News::Lost`].
//! - What could not be seen is never called free. A missing guarantee is an error, never a success.
//! - Every call ends in its time, whatever the share does; a lease that cannot be given back lapses by itself, and
//!   [`Guard::release`] says so.
//! - The database itself is never opened.
//!
//! # What is not promised
//!
//! - A program that never asks is not stopped.
//! - Between two reads of the ledger nobody can know that a virtual machine was paused from outside. Before something that must not
//!   happen twice, call [`Guard::is_valid`], and give [`Guard::token`] to whatever can refuse an older one.
//! - What the operating system still has in its cache when a lease is lost may reach the file later.
//! - Those who wait are not served in order.
//! - Folders without one authority (`OneDrive`, Dropbox, Google Drive …) cannot have a lease; [`AcquireError::Synchronised`].
//! - [`Database::look`] and [`Database::wait_until_free`] are hints: only [`Database::acquire`] decides.
//!
//! # One process
//!
//! One process takes a database once: while one of its guards lives or one of its threads waits, every other
//! [`Database::acquire`] of the same database is refused at once with [`AcquireError::Busy`], whichever [`Database`] it goes through
//! and however its path is spelled. It never waits for itself.
//!
//! ```
//! use sharelock::{Acquire, AcquireError, Options};
//!
//! # let folder = tempfile::tempdir()?;
//! # let options = || Options::default().memory(folder.path());
//! # let path = folder.path().join("wems.db");
//! # let other_spelling = folder.path().join(".").join("WEMS.db");
//! let guard = options().open(&path)?.acquire(Acquire::default())?;
//! let again = options().open(&other_spelling)?.acquire(Acquire::default());
//! assert!(matches!(again, Err(AcquireError::Busy)));
//! drop(guard);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Modules
//!
//! The modules are the parts of the program (docs/ARCHITECTURE.md says what is where); they are public for its tests alone, and change
//! without notice. What is named on this page is the library.

#[doc(hidden)]
pub mod agent;
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod clock;
#[doc(hidden)]
pub mod config;
#[doc(hidden)]
pub mod doctor;
#[doc(hidden)]
pub mod i18n;
#[doc(hidden)]
pub mod ipc;
#[doc(hidden)]
pub mod lease;
#[doc(hidden)]
pub mod platform;
#[doc(hidden)]
pub mod session;
#[doc(hidden)]
pub mod store;
#[doc(hidden)]
pub mod watch;

pub use clock::WallTime;
pub use lease::record::{Holder, Token};
pub use lease::timing::{Timing, TimingError};
pub use lease::wire::{Doubt, Failure, Loss};
pub use lease::{Belief, State, Status};
pub use session::{
    Acquire, AcquireError, Canceller, Database, Events, Guard, News, NotOpened, Options, ReleaseError, Snapshot, Wait,
};
pub use store::{Capabilities, End, History, OpenError, PastLease, StoreError, Waiter};
pub use watch::Watcher;
