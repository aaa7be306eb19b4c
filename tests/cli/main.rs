//! The command line as people and scripts meet it: the real program, real processes, real signals, in folders of its own.
//!
//! Nothing of the user's is read or written: home, state and working folder are temporary. Where waits matter, every duration of the
//! protocol is divided by `SHARELOCK_TIME_SCALE`. What only Unix has (signals, sh) is in the modules marked so.

#[cfg(unix)]
mod agent;
#[cfg(target_os = "linux")]
mod ask;
#[cfg(target_os = "linux")]
mod autostart;
mod support;

mod config;
mod demo;
mod doctor;
mod force_release;
mod history;
mod hold;
mod kill;
mod language;
#[cfg(unix)]
mod lost;
mod paths;
#[cfg(target_os = "linux")]
mod report;
#[cfg(unix)]
mod run;
#[cfg(any(target_os = "linux", windows))]
mod shortcut;
mod status;
mod usage;
#[cfg(unix)]
mod view;
mod wait;
mod watch;
