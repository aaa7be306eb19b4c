//! Does what `custody.rs` asks for: lends a lease, names programs in its record, and waits for the end of what it did not start.

use super::doing::{Doing, Outcome};
use super::events::Asker;
use super::shown::Key;
use crate::ipc::{Answer, Loan};
use crate::lease::record::{Nonce, ProcessId};
use crate::platform::guard;
use crate::platform::process::{self, Life, ProcessFacts};
use crate::session::{Acquire, Programs};
use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::Duration;

/// How often it is looked again who works under a lease: a program that is waited for may have started others meanwhile.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

impl Doing {
    /// Lends the lease to a `run`, whose end is waited for.
    pub(super) fn lend(&self, key: Key, id: u64, borrower: ProcessFacts) -> Answer {
        let Some(guard) = self.guard(key) else { return Answer::NotHeld };
        self.apart("sharelock-borrower", move || {
            while !process::wait(borrower, LOOK_AGAIN) {}
            Outcome::BorrowerGone(id)
        });
        Answer::Lent(Loan { id, token: guard.token(), mark: guard.mark().to_string() })
    }

    pub(super) fn name(&self, key: Key, asker: Asker, programs: Vec<ProcessFacts>) {
        let (Some(guard), Some(database)) = (self.guard(key), self.database(key)) else {
            // Nothing is held that could name them.
            return self.apart("sharelock-name", move || Outcome::Named(asker, false));
        };
        let (record, patience) = (guard.programs(), database.timing().fence);
        let programs = programs.into_iter().map(ProcessId::from).collect();
        self.apart("sharelock-name", move || Outcome::Named(asker, record.name(programs, patience)));
    }

    pub(super) fn unname(&self, key: Key) {
        if let Some(guard) = self.guard(key) {
            // Not waited for: a record that names the dead keeps nobody out.
            let _ = guard.programs().name(Vec::new(), Duration::ZERO);
        }
    }

    pub(super) fn adopt(&self, key: Key, mark: Nonce) {
        let Some(database) = self.database(key).cloned() else { return };
        self.apart("sharelock-adopt", move || Outcome::Took(key, database.acquire(Acquire::default().adopt(mark))));
    }

    pub(super) fn await_orphans(&self, key: Key, number: u64) {
        let (Some(guard), Some(database)) = (self.guard(key), self.database(key)) else { return };
        let (record, mark, unseen) = (guard.programs(), guard.mark(), database.timing().long);
        self.apart("sharelock-orphans", move || {
            outlive(&record, mark, unseen);
            Outcome::WorkIsOver(key, number)
        });
    }
}

/// Returns once nothing works under the lease any more. Where the system does not tell who does, those that the record names are waited
/// for, and for as long besides as others would wait who cannot see it either.
fn outlive(record: &Programs, mark: Nonce, unseen: Duration) {
    let mut named: BTreeSet<ProcessFacts> = record.named().into_iter().map(ProcessFacts::from).collect();
    loop {
        let marked = process::marked(guard::MARK, &mark.to_string());
        let tells = marked.is_some();
        let mut living: BTreeSet<ProcessFacts> = marked.unwrap_or_default().into_iter().collect();
        living.extend(named.iter().filter(|process| process::fate(process.pid, process.start) == Life::Alive));
        // An empty list would tell others, where that cannot be seen, that nobody is left.
        if living != named && (tells || !living.is_empty()) {
            let _not_waited_for = record.name(living.iter().copied().map(ProcessId::from).collect(), Duration::ZERO);
            named.clone_from(&living);
        }
        let Some(first) = living.first() else {
            if !tells {
                let (_never, told) = mpsc::channel::<()>();
                let _over = told.recv_timeout(unseen);
            }
            return;
        };
        let _ended = process::wait(*first, LOOK_AGAIN);
    }
}

/// Returns how the living among these programs are called.
pub(super) fn names(programs: &[ProcessId]) -> Vec<String> {
    let living = programs.iter().filter(|program| process::fate(program.pid, program.start) == Life::Alive);
    living.filter_map(|program| process::executable_name(program.pid)).collect()
}
