//! Windows: events of the console.
//!
//! Hazard: when the console closes, or the user logs off, the system ends the process as soon as the handler returns. The handler
//! therefore stays until the process has ended by itself, or the system's patience (about 5 s) is over.

use super::{Deliver, HANGUP, INTERRUPT, QUIT, Signal, TERMINATE};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use windows_sys::Win32::System::Console::{
    CTRL_BREAK_EVENT, CTRL_C_EVENT, CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT, SetConsoleCtrlHandler,
};
use windows_sys::core::BOOL;

static DELIVER: Mutex<Option<Deliver>> = Mutex::new(None);
/// We have sent Ctrl-Break ourselves, and it comes back to us too.
static OWN_BREAK: AtomicBool = AtomicBool::new(false);

pub(super) fn install(deliver: Deliver) -> io::Result<()> {
    *DELIVER.lock().unwrap_or_else(PoisonError::into_inner) = Some(deliver);
    // SAFETY: the handler is a function, which is there for ever.
    let done = unsafe { SetConsoleCtrlHandler(Some(handle), 1) };
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Called by the system, in a thread of its own.
unsafe extern "system" fn handle(event: u32) -> BOOL {
    if event == CTRL_BREAK_EVENT && OWN_BREAK.swap(false, Ordering::AcqRel) {
        return 1;
    }
    let number = match event {
        CTRL_C_EVENT => INTERRUPT,
        CTRL_BREAK_EVENT => QUIT,
        CTRL_CLOSE_EVENT => HANGUP,
        CTRL_LOGOFF_EVENT | CTRL_SHUTDOWN_EVENT => TERMINATE,
        _ => return 0,
    };
    let delivered = DELIVER
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .as_mut()
        .is_some_and(|deliver| deliver(Signal { number, from_terminal: true }));
    if delivered && matches!(number, HANGUP | TERMINATE) {
        stay();
    }
    // Zero: nobody listens, so the system ends the process as usual.
    BOOL::from(delivered)
}

#[expect(clippy::disallowed_methods, reason = "returning would end the process before the lease is given back")]
fn stay() {
    std::thread::sleep(Duration::from_secs(60));
}

/// Runs `send`, which may send Ctrl-Break to this console, so that it does not count as a wish of the user's.
///
/// Does nothing, and returns false, where no handler is installed: Ctrl-Break would end this process.
pub(crate) fn expect_own_break(send: impl FnOnce() -> bool) -> bool {
    if DELIVER.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
        return false;
    }
    OWN_BREAK.store(true, Ordering::Release);
    let done = send();
    if !done {
        OWN_BREAK.store(false, Ordering::Release);
    }
    done
}

pub(super) fn forward(pid: u32, _number: i32) -> io::Result<()> {
    if pid == 0 || pid == u32::MAX {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Err(io::ErrorKind::Unsupported.into())
}
