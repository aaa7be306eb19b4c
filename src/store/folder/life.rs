//! What is known of a holder's life beyond its heartbeat.
//!
//! The hazard is certainty where there is none: whoever is called dead here is replaced at once. So everything that cannot be
//! seen counts as unknown, and a program that its killed wrapper left behind keeps everybody out.

use super::{FolderStore, ServerClock};
use crate::lease::record::{Body, Evidence, Fate, Host, ProcessId, RangeLock};
use crate::lease::wire::Reply;
use crate::platform::files;
use crate::platform::guard::MARK;
use crate::platform::process::{self, Life};
use crate::platform::range_lock::{self, Probe};
use crate::store::StoreError;
use std::fs::File;
use std::time::Duration;

impl FolderStore {
    /// Evidence only shortens waits, so that whatever cannot be found out is left out instead of being an error.
    #[expect(clippy::unnecessary_wraps, reason = "one form for all operations")]
    pub(super) fn probe(&self, body: &Body) -> Result<Reply, StoreError> {
        let file = files::open_existing_read(&self.lease_path(body.id.number)).ok();
        Ok(Reply::Evidence(Evidence {
            fate: fate(
                body,
                &self.identity.host,
                |of| process::fate(of.pid, of.start),
                |variable, value| process::marked(variable, value).map(|found| found.len()),
            ),
            lock: file.as_ref().map_or(RangeLock::Unknown, |file| self.probe_lock(file)),
            age: file.as_ref().and_then(|file| self.age(file)),
        }))
    }

    fn probe_lock(&self, file: &File) -> RangeLock {
        if !self.capabilities.range_locks {
            return RangeLock::Unknown;
        }
        match range_lock::probe(file) {
            Ok(Probe::Held) => RangeLock::Held,
            Ok(Probe::Free) => RangeLock::Free,
            Err(_) => RangeLock::Unknown,
        }
    }

    /// The difference between two times that the same server wrote: my ticket's, touched earlier in this round, and the lease's.
    fn age(&self, lease: &File) -> Option<Duration> {
        match self.clock {
            ServerClock::Modified => {
                let written = lease.metadata().ok()?.modified().ok()?;
                Some(self.server_time()?.duration_since(written).unwrap_or_default())
            }
            ServerClock::Unproven | ServerClock::Created => None,
        }
    }
}

/// Judges a holder's processes.
///
/// `life` looks at one process; `marked` counts the living processes that carry a nonce, or says that it cannot tell.
fn fate(body: &Body, me: &Host, life: impl Fn(ProcessId) -> Life, marked: impl FnOnce(&str, &str) -> Option<usize>) -> Fate {
    let theirs = &body.host;
    if !me.is_same(theirs) {
        return Fate::Unknown;
    }
    // Another user's processes may be hidden from us, and what they carry always is: their death is never certain.
    let visible = theirs.owner == me.owner && !me.owner.is_empty();
    match life(body.process) {
        Life::Alive => Fate::Alive,
        Life::Unknown => Fate::Unknown,
        Life::Gone if body.guards.iter().any(|&guard| life(guard) == Life::Alive) => Fate::Orphaned,
        Life::Gone if !visible && body.guards.is_empty() => Fate::Unknown,
        Life::Gone if !visible => Fate::HolderGone,
        Life::Gone => {
            let guards_gone = body.guards.iter().all(|&guard| life(guard) == Life::Gone);
            match marked(MARK, &body.mark().to_string()) {
                Some(0) if guards_gone => Fate::Gone,
                // Where marks cannot be read, only a holder that guarded nothing is certainly alone.
                None if body.guards.is_empty() => Fate::Gone,
                Some(1..) => Fate::Orphaned,
                Some(0) | None => Fate::HolderGone,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::folder::tests::body;

    const HOLDER: u32 = 10;
    const GUARD: u32 = 20;

    fn judge(change: impl FnOnce(&mut Body), lives: &[(u32, Life)], marked: Option<usize>) -> Fate {
        let mut body = body(1, 1);
        let me = Host { machine: "m".into(), boot: "b".into(), pids: "p".into(), owner: "1000".into() };
        body.host = me.clone();
        body.process = ProcessId { pid: HOLDER, start: 1 };
        body.guards = vec![ProcessId { pid: GUARD, start: 1 }];
        change(&mut body);
        let nonce = body.id.nonce.to_string();
        let life = |of: ProcessId| lives.iter().find(|(pid, _)| *pid == of.pid).map_or(Life::Gone, |&(_, life)| life);
        fate(&body, &me, life, |variable, value| {
            assert_eq!((variable, value), (MARK, nonce.as_str()));
            marked
        })
    }

    #[test]
    fn death_is_certain_only_when_everybody_is_gone() {
        assert_eq!(judge(|_| (), &[], Some(0)), Fate::Gone);
        assert_eq!(judge(|_| (), &[(HOLDER, Life::Alive)], Some(0)), Fate::Alive);
        assert_eq!(judge(|_| (), &[(HOLDER, Life::Unknown)], Some(0)), Fate::Unknown);
        assert_eq!(judge(|_| (), &[(GUARD, Life::Alive)], Some(1)), Fate::Orphaned);
        assert_eq!(judge(|_| (), &[(GUARD, Life::Alive)], Some(0)), Fate::Orphaned);
        assert_eq!(judge(|_| (), &[(GUARD, Life::Unknown)], Some(0)), Fate::HolderGone);
        assert_eq!(judge(|_| (), &[], Some(1)), Fate::Orphaned, "a descendant that no record names");
    }

    #[test]
    fn where_marks_cannot_be_read_only_a_holder_alone_is_certainly_gone() {
        assert_eq!(judge(|_| (), &[], None), Fate::HolderGone);
        assert_eq!(judge(|_| (), &[(GUARD, Life::Alive)], None), Fate::Orphaned);
        assert_eq!(judge(|body| body.guards.clear(), &[], None), Fate::Gone);
    }

    #[test]
    fn another_host_boot_or_namespace_is_unknown() {
        for change in [
            (|body| body.host.machine = "x".into()) as fn(&mut Body),
            |body| body.host.machine.clear(),
            |body| body.host.boot = "x".into(),
            |body| body.host.pids = "x".into(),
            |body| body.host.pids.clear(),
        ] {
            assert_eq!(judge(change, &[], Some(0)), Fate::Unknown);
            assert_eq!(judge(change, &[(HOLDER, Life::Alive)], Some(0)), Fate::Unknown);
        }
    }

    #[test]
    fn another_users_death_is_never_certain() {
        let other = |body: &mut Body| body.host.owner = "0".into();
        assert_eq!(judge(other, &[], Some(0)), Fate::HolderGone);
        assert_eq!(judge(other, &[(GUARD, Life::Alive)], Some(0)), Fate::Orphaned);
        assert_eq!(judge(other, &[(HOLDER, Life::Alive)], Some(0)), Fate::Alive);
        let alone = |body: &mut Body| {
            body.host.owner.clear();
            body.guards.clear();
        };
        assert_eq!(judge(alone, &[], Some(0)), Fate::Unknown);
    }

    #[test]
    fn an_unknown_host_knows_nobody() {
        let body = body(1, 1);
        let nobody = Host::default();
        let same = Body { host: nobody.clone(), ..body };
        assert_eq!(fate(&same, &nobody, |_| Life::Gone, |_, _| Some(0)), Fate::Unknown);
    }
}
