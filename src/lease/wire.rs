//! The core's vocabulary towards the world: events in, actions out.
//!
//! An [`Op`] is one operation on the share. Each may take minutes, be lost, or be answered after it stopped mattering; the core
//! counts time from when it asked, and drops answers by their [`RequestId`].

use super::record::{Board, Body, Evidence, Found, Head, LeaseId, Nonce, NoticeSeen, Number, ProcessId, Revoke, Token};
use crate::clock::WallTime;
use std::sync::Arc;
use std::time::Duration;

/// Names one request, so that a late answer finds nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// One operation on the share.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Op {
    /// Writes and flushes this client's own ticket in place: a call that no cache can answer. `Reply::Done`.
    Touch,
    /// Asks the share something that no cache can answer and that writes nothing (the free space). `Reply::Done`.
    Ping,
    /// Reads the board, and the order that lies beside it, by path. `Reply::Board`.
    ReadBoard,
    /// Lists the numbers of the ledger, ascending. `Reply::Numbers`.
    List,
    /// Reads a lease file by path. `Reply::Lease`.
    ReadLease(Number),
    /// Reads the notice. `Reply::Notice`.
    ReadNotice,
    /// Asks what is known of a holder's life. `Reply::Evidence`.
    Probe(Arc<Body>),
    /// Creates the lease file exclusively, writes the record with a live head and flushes. `Reply::Done`, or `Reply::Exists`.
    Create(Arc<Body>, WallTime),
    /// Writes the head of my own lease in place, through the handle kept since its creation, and flushes. `Reply::Done`.
    WriteHead(Number, Head),
    /// Writes my own lease whole, in place (the guarded processes changed), and flushes. `Reply::Done`.
    WriteRecord(Arc<Body>, Head),
    /// Marks a lease void by path, if it carries this nonce; for a create whose success arrived late. `Reply::Done`.
    Void(LeaseId, WallTime),
    /// Takes the range lock on my own lease file without waiting. `Reply::Done` also where that is not possible.
    Lock(Number),
    /// Drops the range lock and closes the kept handle. `Reply::Done`.
    Close(Number),
    /// Creates the notice exclusively. `Reply::Done`, or `Reply::Exists`.
    CreateNotice(Arc<Body>, WallTime),
    /// Writes over the notice in place, if what is there is what `Over` says. `Reply::Done`, or `Reply::Notice` with what is there
    /// instead, untouched.
    WriteNotice(Arc<Body>, WallTime, Over),
    /// Removes the notice if it names this lease. `Reply::Done`.
    RemoveNotice(LeaseId),
    /// Writes the board in place. `Reply::Done`.
    WriteBoard(Board),
    /// Writes an order to give up beside the board, in place, flushes it, and keeps it in the history. `Reply::Done`.
    WriteRevoke(Arc<Revoke>),
    /// Removes a superseded lease if it is older than `keep` by the server's clock, writes it to the history, and confirms that
    /// it is gone. `Reply::Removed`.
    CleanUp {
        /// Which.
        number: Number,
        /// My own lease, whose file shows the server's present time.
        own: Number,
        /// The least age.
        keep: Duration,
    },
}

/// Which notice [`Op::WriteNotice`] may write over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Over {
    /// The one that names this very lease.
    Mine,
    /// The one whose bytes have this fingerprint.
    Fingerprint(u64),
}

/// What an [`Op`] found out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reply {
    /// It was done.
    Done,
    /// An exclusive create found the name taken.
    Exists,
    /// The board and the order beside it; `None` for what is missing or fails its checksum.
    Board(Option<Board>, Option<Arc<Revoke>>),
    /// The ledger's numbers, ascending.
    Numbers(Vec<Number>),
    /// A lease file.
    Lease(Found),
    /// The notice.
    Notice(NoticeSeen),
    /// A holder's life signs.
    Evidence(Evidence),
    /// Whether a clean-up removed the file (`false`: too young; stop).
    Removed(bool),
}

/// Why an [`Op`] was not done, or may not have been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The share did not answer, or answered with an I/O error: the operation may or may not have happened.
    Unreachable,
    /// No permission; nothing was done.
    Denied,
    /// The share is full or over quota.
    Full,
    /// The share is mounted or exported read-only.
    ReadOnly,
    /// My own lease file, or the folder it was in, is not there any more.
    Gone,
    /// The database's folder does not exist.
    NoFolder,
    /// The store cannot be used as it is (a file where a folder should be, a name too long, a link); the session has the text.
    Unusable,
}

/// What happens to the core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Somebody wants the lease.
    Want,
    /// Nobody wants it any more: stop waiting, or give it back.
    Release,
    /// Look once, whatever is going on; [`Report::Looked`] follows.
    Look,
    /// Something may have changed on the share.
    Hint,
    /// Somebody wants to be sure: renew now, which reads the ledger again first.
    Verify,
    /// The guarded processes changed.
    Guards(Vec<ProcessId>),
    /// Programs that carry this mark are this client's to answer for: should their holder be dead, it need not wait for their end.
    Adopt(Nonce),
    /// Order whoever stood in the way at the last look to give up.
    Revoke {
        /// Why, for the holder and the history.
        reason: String,
        /// Nobody waits for the holder any more: two may then write.
        now: bool,
    },
    /// The answer to a request.
    Answer(RequestId, Result<Reply, Failure>),
    /// A deadline may have passed.
    Tick,
}

/// What the core wants done.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Action {
    /// Perform this and answer with [`Event::Answer`].
    Request(RequestId, Op),
    /// Tell whoever is interested.
    Report(Report),
}

/// Something happened that somebody may want to know. These are also the rows of the transition table in docs/PROTOCOL.md.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Report {
    /// A look is complete; `Client::status` has the result.
    Looked,
    /// A look failed.
    LookFailed(Failure),
    /// The tail was free, and a claim was sent.
    ClaimSent(Number, Basis),
    /// Somebody else created that number first.
    ClaimLost(Number),
    /// The create was not answered in time; whatever became of it is not adopted.
    ClaimUnanswered(Number),
    /// A create that had been given up was answered with success, and is being marked void.
    LateCreate(Number),
    /// A claim was withdrawn.
    Withdrawn(Number, Withdrawal),
    /// A claim failed for a reason that waiting does not mend.
    ClaimFailed(Failure),
    /// A notice that was left behind now names this lease.
    NoticeReplaced(LeaseId),
    /// The lease is held, with this token.
    Acquired(LeaseId, Token),
    /// A renewal succeeded.
    Renewed(LeaseId, Token),
    /// The record on the share now names the guarded processes.
    Guarded(LeaseId),
    /// A renewal failed; it will be tried again until the fence.
    RenewalFailed(Failure),
    /// Somebody ordered this lease to be given up. It is not renewed any more; the fence ends it.
    Revoked(LeaseId, Arc<Revoke>),
    /// An order of mine to give up is on the share.
    RevokeWritten,
    /// An order of mine could not be written ([`Failure::Gone`]: nobody is in the way).
    RevokeFailed(Failure),
    /// The margin before the fence has been reached without a renewal.
    Expiring(LeaseId),
    /// The fence has passed: no belief any more, and nobody else seen so far.
    Unsure(LeaseId, Doubt),
    /// The holder came back past its fence and won the next number with nobody in between.
    Recovered(LeaseId, Token),
    /// The lease is gone for good.
    Lost(LeaseId, Loss),
    /// The lease was given back, and the end mark is on the share.
    Released(LeaseId),
    /// The lease could not be given back; it lapses by itself.
    ReleaseUnanswered(LeaseId),
    /// The notice was harmed and written again.
    NoticeHealed(LeaseId),
    /// A superseded lease was removed.
    CleanedUp(Number),
    /// A name is missing that must be there: an unknown live holder is assumed for the long time-out.
    WentBack(Number),
    /// A foreign notice is honoured as a holder.
    ForeignNotice,
    /// What this machine should remember changed.
    Remember,
}

/// What a claim was based on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Basis {
    /// There was no lease.
    Empty,
    /// The tail was ended or void.
    Ended,
    /// The tail was mine, fenced or withdrawn.
    Own,
    /// The holder and all that it guarded are certainly dead.
    Dead,
    /// The holder is certainly dead, and its programs are the claimant's from now on.
    Adopted,
    /// Nothing changed for the short time-out, and there was evidence.
    Evidence,
    /// Nothing changed for the long time-out.
    Lapsed,
    /// The holder was ordered to give up, and the short time-out has passed since.
    Revoked,
    /// Somebody ordered not to wait for the holder.
    Forced,
}

/// Why a claim was withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Withdrawal {
    /// Not everything was checked within the claim deadline.
    Deadline,
    /// Nobody wants it any more.
    Unwanted,
    /// The board or the listing shows a later number.
    Overtaken,
    /// My own file is not at its path, or not mine.
    NotMine,
    /// The number before mine is gone: I slept through a clean-up.
    GapBefore,
    /// The holder before me moved after all.
    PredecessorMoved,
    /// A notice that I may not overwrite is there.
    Notice,
    /// The share stopped answering.
    Failed(Failure),
    /// The two clocks parted: the machine was paused or its clock was set.
    ClocksParted,
}

/// Why a holder stopped believing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Doubt {
    /// No renewal succeeded in time.
    Fence,
    /// The two clocks parted by more than five seconds: the machine was paused or its clock was set.
    ClocksParted,
}

/// How a lease was lost.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Loss {
    /// Somebody else holds a later number.
    TakenOver(Option<Arc<super::record::Holder>>),
    /// My record is not there any more, or carries another nonce.
    RecordGone,
    /// Somebody ordered me to give it up.
    Revoked(Arc<Revoke>),
}
