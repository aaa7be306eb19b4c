//! Sleeping until a reading of the boot-time clock, or until somebody rings.
//!
//! The hazard: the timers behind condition variables stand still while the machine sleeps, so a holder would learn about its
//! lapsed lease up to a heartbeat after waking. On Linux the alarm is a `timerfd` on the boot-time clock, which has fired by the
//! time the machine is awake again. Elsewhere the wait is cut into pieces, so that it is late by one piece at most.

#[cfg(not(any(target_os = "linux", target_os = "android")))]
use std::time::Duration;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub use linux::Alarm;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub use portable::Alarm;

/// The longest piece of a wait where no timer counts sleep.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const PIECE: Duration = Duration::from_secs(10);

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use std::io;
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

    /// One thread waits, any thread rings.
    #[derive(Debug)]
    pub struct Alarm {
        timer: OwnedFd,
        bell: OwnedFd,
    }

    fn owned(fd: libc::c_int) -> io::Result<OwnedFd> {
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was just returned by the kernel and belongs to nobody else.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    }

    impl Alarm {
        /// Makes an alarm.
        ///
        /// # Errors
        /// When the process is out of descriptors.
        pub fn new() -> io::Result<Self> {
            // SAFETY: no pointers are passed.
            let timer = unsafe { libc::timerfd_create(libc::CLOCK_BOOTTIME, libc::TFD_CLOEXEC | libc::TFD_NONBLOCK) };
            let timer = owned(timer)?;
            // SAFETY: no pointers are passed.
            let bell = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
            Ok(Self { timer, bell: owned(bell)? })
        }

        /// Ends the present or the next wait at once.
        pub fn ring(&self) {
            let one = 1_u64.to_ne_bytes();
            // SAFETY: eight readable bytes are passed. A full counter means that the bell rings already.
            unsafe { libc::write(self.bell.as_raw_fd(), one.as_ptr().cast(), one.len()) };
        }

        /// Waits until the boot-time clock shows `nanos` (for ever when `None`), or until somebody rings.
        pub fn wait_until(&self, nanos: Option<u64>) {
            let nanos = nanos.map_or(0, |nanos| nanos.max(1));
            let value = libc::timespec {
                tv_sec: libc::time_t::try_from(nanos / 1_000_000_000).unwrap_or(libc::time_t::MAX),
                tv_nsec: libc::c_long::try_from(nanos % 1_000_000_000).unwrap_or(0),
            };
            let spec = libc::itimerspec { it_interval: libc::timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
            // SAFETY: the new value is a live, initialised struct; the old value is not asked for.
            unsafe {
                libc::timerfd_settime(self.timer.as_raw_fd(), libc::TFD_TIMER_ABSTIME, &raw const spec, std::ptr::null_mut())
            };
            let mut fds =
                [&self.timer, &self.bell].map(|fd| libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 });
            // SAFETY: the array is live and its length is passed. An interrupted wait is an early one, which callers allow.
            unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, -1) };
            let mut count = [0_u8; 8];
            // SAFETY: eight writable bytes are passed. Nothing to read means that the timer ended the wait.
            unsafe { libc::read(self.bell.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) };
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod portable {
    use super::{Duration, PIECE};
    use std::io;
    use std::sync::{Condvar, Mutex, PoisonError};

    /// One thread waits, any thread rings.
    #[derive(Debug, Default)]
    pub struct Alarm {
        rung: Mutex<bool>,
        bell: Condvar,
    }

    impl Alarm {
        /// Makes an alarm.
        ///
        /// # Errors
        /// Never on this system.
        pub fn new() -> io::Result<Self> {
            Ok(Self::default())
        }

        /// Ends the present or the next wait at once.
        pub fn ring(&self) {
            *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
            self.bell.notify_all();
        }

        /// Waits until the boot-time clock shows `nanos` (for ever when `None`), or until somebody rings.
        pub fn wait_until(&self, nanos: Option<u64>) {
            let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
            while !*rung {
                let left = nanos.map(|nanos| Duration::from_nanos(nanos.saturating_sub(crate::platform::boot_time_nanos())));
                if left == Some(Duration::ZERO) {
                    break;
                }
                let piece = left.map_or(PIECE * 360, |left| left.min(PIECE));
                rung = self.bell.wait_timeout(rung, piece).unwrap_or_else(PoisonError::into_inner).0;
            }
            *rung = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::boot_time_nanos;

    #[test]
    fn the_alarm_ends_at_its_time() {
        let alarm = Alarm::new().unwrap();
        let until = boot_time_nanos() + 5_000_000;
        alarm.wait_until(Some(until));
        assert!(boot_time_nanos() >= until);
    }

    #[test]
    fn ringing_ends_the_wait_also_before_it_began() {
        let alarm = Alarm::new().unwrap();
        alarm.ring();
        alarm.wait_until(None);
        std::thread::scope(|scope| {
            scope.spawn(|| alarm.wait_until(None));
            alarm.ring();
        });
    }
}
