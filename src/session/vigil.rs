//! Watching over a holder on this very computer: its end changes nothing on the share, so that nothing there would tell of it.
//!
//! The system tells it at once, and asking the system costs the share nothing. The hazard is a thread that outlives the wait, which
//! cannot be called off: it looks up once a minute, and then goes.

use crate::lease::record::ProcessId;
use crate::platform::process::{self, Life, ProcessFacts};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often a thread looks up whether anybody still wants to know.
const LOOK_UP: Duration = Duration::from_secs(60);

/// A vigil over one process at a time; dropping it ends it.
#[derive(Debug, Default)]
pub(super) struct Vigil {
    over: Option<(ProcessFacts, Arc<AtomicBool>)>,
}

impl Vigil {
    /// Watches over the first of these that lives, and calls `wake` when that has ended. Returns whether there is one.
    pub(super) fn keep(&mut self, processes: &[ProcessId], wake: impl FnOnce() + Send + 'static) -> bool {
        let mut facts = processes.iter().copied().map(ProcessFacts::from);
        let Some(living) = facts.find(|one| process::fate(one.pid, one.start) == Life::Alive) else {
            self.end();
            return false;
        };
        if self.over.as_ref().is_some_and(|(over, _)| *over == living) {
            return true;
        }
        self.end();
        let ended = Arc::new(AtomicBool::new(false));
        let unwanted = Arc::clone(&ended);
        let watch = move || {
            while !unwanted.load(Ordering::Relaxed) {
                if process::wait(living, LOOK_UP) {
                    wake();
                    return;
                }
            }
        };
        let begun = std::thread::Builder::new().name("sharelock-vigil".into()).spawn(watch).is_ok();
        if begun {
            self.over = Some((living, ended));
        }
        begun
    }

    fn end(&mut self) {
        if let Some((_, ended)) = self.over.take() {
            ended.store(true, Ordering::Relaxed);
        }
    }
}

impl Drop for Vigil {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::test_process::{Child, eventually};
    use std::sync::mpsc::channel;

    #[test]
    fn the_end_of_the_first_that_lives_is_told() {
        let mut child = Child::start("wait");
        let living = ProcessId { pid: child.pid(), start: process::start_of(child.pid()).unwrap() };
        let gone = ProcessId { start: living.start + 1, ..living };
        let (sender, told) = channel();
        let mut vigil = Vigil::default();
        assert!(!vigil.keep(&[gone], || ()), "nobody is there whose end could be told");
        for _ in 0..2 {
            let sender = sender.clone();
            assert!(vigil.keep(&[gone, living], move || sender.send(()).unwrap()));
        }
        assert!(told.try_recv().is_err());
        child.kill_without_collecting();
        assert!(told.recv_timeout(Duration::from_secs(20)).is_ok());
        assert!(eventually(|| !vigil.keep(&[gone, living], || ())));
        assert!(told.try_recv().is_err(), "once");
    }
}
