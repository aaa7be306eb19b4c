//! The boot-time clock: the one that goes on while the machine sleeps.
//!
//! The usual monotonic clocks of Linux, macOS and Windows stop in sleep, so a lease that lapsed under a closed lid would look fresh
//! at the first look afterwards. Only `crate::clock` may call this.

/// Returns the boot-time clock in nanoseconds since an arbitrary point that all processes of this boot share.
///
/// Source: `clock_gettime(CLOCK_BOOTTIME)`.
///
/// # Panics
/// When the kernel has no such clock (Linux before 2.6.39): without it no lease can be judged, so nothing may go on.
#[must_use]
#[cfg(target_os = "linux")]
pub fn boot_time_nanos() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec that the call fills in; it keeps no reference to it.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut time) };
    assert_eq!(result, 0, "the kernel has no boot-time clock (CLOCK_BOOTTIME)");
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}

/// Returns the boot-time clock in nanoseconds since an arbitrary point that all processes of this boot share.
///
/// Source: `mach_continuous_time` (macOS 10.12), which counts sleep, unlike `mach_absolute_time`.
///
/// # Panics
/// When the kernel does not tell the unit of its clock, which no known one does.
#[must_use]
#[cfg(target_os = "macos")]
pub fn boot_time_nanos() -> u64 {
    use std::sync::OnceLock;

    /// `struct mach_timebase_info` of `<mach/mach_time.h>`.
    #[repr(C)]
    struct Timebase {
        numer: u32,
        denom: u32,
    }

    unsafe extern "C" {
        fn mach_continuous_time() -> u64;
        fn mach_timebase_info(info: *mut Timebase) -> libc::c_int;
    }

    static TIMEBASE: OnceLock<(u32, u32)> = OnceLock::new();
    let (numer, denom) = *TIMEBASE.get_or_init(|| {
        let mut timebase = Timebase { numer: 0, denom: 0 };
        // SAFETY: `timebase` has the layout of the C structure and outlives the call.
        let result = unsafe { mach_timebase_info(&raw mut timebase) };
        assert!(result == 0 && timebase.denom != 0, "the kernel does not tell the unit of its clock");
        (timebase.numer, timebase.denom)
    });
    // SAFETY: takes no argument and only reads a counter.
    let units = unsafe { mach_continuous_time() };
    u64::try_from(u128::from(units) * u128::from(numer) / u128::from(denom)).unwrap_or(u64::MAX)
}

/// Returns the boot-time clock in nanoseconds since an arbitrary point that all processes of this boot share.
///
/// Source: `QueryInterruptTimePrecise` (Windows 10; units of 100 ns, sleep counted), looked up at run time because Wine 8 lacks it;
/// there `GetTickCount64` (milliseconds in steps of up to 16, sleep counted).
#[must_use]
#[cfg(windows)]
pub fn boot_time_nanos() -> u64 {
    use std::sync::OnceLock;
    use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};
    use windows_sys::Win32::System::SystemInformation::GetTickCount64;

    type Precise = unsafe extern "system" fn(*mut u64);
    static PRECISE: OnceLock<Option<Precise>> = OnceLock::new();

    let precise = PRECISE.get_or_init(|| {
        let library = super::wide::to_wide("kernelbase.dll");
        // SAFETY: the name ends with a zero; the library is part of every process and never unloaded.
        let library = unsafe { GetModuleHandleW(library.as_ptr()) };
        if library.is_null() {
            return None;
        }
        // SAFETY: the library is loaded, and the name ends with a zero.
        let found = unsafe { GetProcAddress(library, c"QueryInterruptTimePrecise".as_ptr().cast()) }?;
        // SAFETY: the function of this name takes a pointer to a 64-bit number and returns nothing (realtimeapiset.h).
        Some(unsafe { std::mem::transmute::<unsafe extern "system" fn() -> isize, Precise>(found) })
    });
    if let Some(precise) = precise {
        let mut units = 0_u64;
        // SAFETY: `units` is a valid place for the result; the call keeps no reference to it.
        unsafe { precise(&raw mut units) };
        return units.saturating_mul(100);
    }
    // SAFETY: takes no argument and only reads a counter.
    let milliseconds = unsafe { GetTickCount64() };
    milliseconds.saturating_mul(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::boot_time_nanos;

    #[test]
    fn a_child_process_reads_the_same_clock() {
        let before = boot_time_nanos();
        let answer = crate::platform::test_process::ask("boot_time");
        let after = boot_time_nanos();
        let child: u64 = answer.parse().expect("a number");
        assert!(before <= child && child <= after, "{before} <= {child} <= {after}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn it_counts_since_boot_like_proc_uptime() {
        let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
        let seconds: f64 = uptime.split_whitespace().next().unwrap().parse().unwrap();
        let ours = std::time::Duration::from_nanos(boot_time_nanos()).as_secs_f64();
        assert!((ours - seconds).abs() < 5.0, "{ours} and {seconds}");
    }
}
