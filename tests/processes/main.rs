//! Real processes that take turns on one unprotected counter: on this system, and on this one together with Windows' (under Wine).

#[cfg(unix)]
mod alone;
#[cfg(target_os = "linux")]
mod mixed;
mod part;
