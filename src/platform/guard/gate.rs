//! Unix: a fork that waits before it becomes the program.
//!
//! Hazards: between `fork` and `execve` only async-signal-safe calls are allowed, because another thread may have held any lock
//! (the allocator's, too) at the fork; so everything is prepared before, and the child neither allocates nor panics. A handler of the
//! parent must never run in the child, where it would write into the parent's pipes: all signals are blocked over the fork, and
//! handlers are reset before the mask is opened. If this process dies, the gate's pipe closes and the child ends without
//! having begun.

use super::{Program, SpawnError};
use crate::platform::process::{ProcessFacts, start_of};
use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString, c_char, c_int};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::ptr::null;

/// Highest signal number that is reset; Linux has 64, macOS 31.
const SIGNALS: c_int = 64;

/// A child at the gate.
#[derive(Debug)]
pub(super) struct Gate {
    program: Program,
    facts: ProcessFacts,
    /// `None` once the child was let through or collected.
    open: Option<(PipeWriter, PipeReader)>,
}

/// Everything that the child needs, with a final null in each list.
struct Plan {
    candidates: Vec<CString>,
    arguments: Vec<*const c_char>,
    /// `/bin/sh`, a place for the candidate, the arguments: for scripts without `#!` line.
    shell: Vec<*const c_char>,
    environment: Vec<*const c_char>,
    gate: RawFd,
    far_gate: RawFd,
    report: RawFd,
    far_report: RawFd,
}

impl Gate {
    pub(super) fn new(program: &Program) -> Result<Self, SpawnError> {
        let failed = |doing, source| SpawnError::failed(program, doing, source);
        let text = |text: &OsStr| CString::new(text.as_bytes()).map_err(|error| failed("reading its name", error.into()));
        let environment = environment(program);
        let mut candidates = candidates(&program.program, environment.get(OsStr::new("PATH")).map(OsString::as_os_str));
        let Some(first) = candidates.iter().position(|candidate| candidate.exists()) else {
            let source = io::Error::from_raw_os_error(libc::ENOENT);
            return Err(SpawnError::NotFound { program: program.program.clone(), source });
        };
        candidates.drain(..first);
        let name = text(&program.program)?;
        let arguments = program.arguments.iter().map(|argument| text(argument)).collect::<Result<Vec<_>, _>>()?;
        let environment = environment
            .into_iter()
            .map(|(key, value)| text(&[key.as_os_str(), value.as_os_str()].join(OsStr::new("="))))
            .collect::<Result<Vec<_>, _>>()?;
        let candidates = candidates.iter().map(|path| text(path.as_os_str())).collect::<Result<Vec<_>, _>>()?;
        let (gate, opener) = io::pipe().map_err(|error| failed("making a pipe", error))?;
        let (report, reporter) = io::pipe().map_err(|error| failed("making a pipe", error))?;
        let list = |first: &[&CString], rest: &[CString]| {
            let first = first.iter().map(|text| text.as_ptr());
            first.chain(rest.iter().map(|text| text.as_ptr())).chain([null()]).collect::<Vec<_>>()
        };
        let shell = c"/bin/sh".to_owned();
        let mut plan = Plan {
            arguments: list(&[&name], &arguments),
            shell: list(&[&shell, &name], &arguments),
            environment: list(&[], &environment),
            candidates,
            gate: gate.as_raw_fd(),
            far_gate: opener.as_raw_fd(),
            report: reporter.as_raw_fd(),
            far_report: report.as_raw_fd(),
        };
        let pid = fork(&mut plan).map_err(|error| failed("making a process", error))?;
        // Our copies of the child's ends: while we kept the reporter open, its end could not be seen.
        drop((gate, reporter));
        let pid = u32::try_from(pid).unwrap_or(0);
        let facts = ProcessFacts { pid, start: start_of(pid).unwrap_or(0) };
        Ok(Self { program: program.clone(), facts, open: Some((opener, report)) })
    }

    pub(super) fn facts(&self) -> ProcessFacts {
        self.facts
    }

    /// Opens the gate, and returns when the program has begun.
    pub(super) fn go(mut self) -> Result<ProcessFacts, SpawnError> {
        let Some((mut opener, mut report)) = self.open.take() else { return Ok(self.facts) };
        let told = opener.write_all(&[1]).map(|()| drop(opener)).and_then(|()| {
            let mut error = Vec::new();
            report.read_to_end(&mut error).map(|_| error)
        });
        match told {
            // The pipe closed by itself when the program took over. (Or the child was killed before: then its exit code tells.)
            Ok(error) if error.is_empty() => Ok(self.facts),
            Ok(error) => {
                collect(self.facts.pid);
                let number = error.try_into().map_or(0, c_int::from_ne_bytes);
                let source = io::Error::from_raw_os_error(number);
                let program = self.program.program.clone();
                Err(match number {
                    libc::ENOENT | libc::ENOTDIR => SpawnError::NotFound { program, source },
                    _ => SpawnError::NotExecutable { program, source },
                })
            }
            Err(source) => {
                collect(self.facts.pid);
                Err(SpawnError::failed(&self.program, "letting it begin", source))
            }
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let Some(pipes) = self.open.take() {
            drop(pipes);
            collect(self.facts.pid);
        }
    }
}

/// Returns this process's environment with the program's additions.
fn environment(program: &Program) -> BTreeMap<OsString, OsString> {
    std::env::vars_os().chain(program.environment.iter().cloned()).collect()
}

/// Returns where the program may be, in the order in which it is tried, as execvp(3) does.
fn candidates(program: &OsStr, path: Option<&OsStr>) -> Vec<PathBuf> {
    if program.as_bytes().contains(&b'/') {
        return vec![PathBuf::from(program)];
    }
    if program.is_empty() {
        return Vec::new();
    }
    let path = path.unwrap_or(OsStr::new("/usr/bin:/bin"));
    let folders = path.as_bytes().split(|byte| *byte == b':');
    folders
        .map(|folder| if folder.is_empty() { PathBuf::from(".") } else { PathBuf::from(OsString::from_vec(folder.to_vec())) })
        .map(|folder| folder.join(program))
        .collect()
}

fn fork(plan: &mut Plan) -> io::Result<libc::pid_t> {
    let (all, mut before) = (full_set(), full_set());
    // SAFETY: both sets outlive the call.
    let result = unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before) };
    if result != 0 {
        return Err(io::Error::from_raw_os_error(result));
    }
    // SAFETY: the child calls nothing but `begin`, which is async-signal-safe and never returns.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        begin(plan);
    }
    let result = if pid < 0 { Err(io::Error::last_os_error()) } else { Ok(pid) };
    // SAFETY: `before` was filled by the call above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut()) };
    result
}

fn full_set() -> libc::sigset_t {
    // SAFETY: a signal set is plain numbers, for which all zeroes is a valid value.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: `set` outlives the call.
    unsafe { libc::sigfillset(&raw mut set) };
    set
}

/// The child: waits at the gate, then becomes the program. Async-signal-safe throughout.
fn begin(plan: &mut Plan) -> ! {
    close(plan.far_gate);
    close(plan.far_report);
    let mut word = 0_u8;
    loop {
        // SAFETY: `word` has room for the one byte that is asked for.
        let count = unsafe { libc::read(plan.gate, (&raw mut word).cast(), 1) };
        match count {
            1 => break,
            // Interrupted (impossible while all signals are blocked, but cheap).
            -1 if errno() == libc::EINTR => {}
            // The wrapper gave up or died: the program must not run.
            _ => exit(0),
        }
    }
    reset_signals();
    let error = execute(plan);
    let bytes = error.to_ne_bytes();
    // SAFETY: `bytes` is as long as the length that is passed. Nothing can be done if it fails: the exit code tells, too.
    unsafe { libc::write(plan.report, bytes.as_ptr().cast(), bytes.len()) };
    exit(if error == libc::ENOENT { 127 } else { 126 })
}

/// Tries the candidates as execvp(3) does; returns the error that says most.
fn execute(plan: &mut Plan) -> c_int {
    let mut told = libc::ENOENT;
    for candidate in &plan.candidates {
        // SAFETY: path and lists were made before the fork, end with zeroes and nulls, and live as long as this process.
        unsafe { libc::execve(candidate.as_ptr(), plan.arguments.as_ptr(), plan.environment.as_ptr()) };
        match errno() {
            libc::ENOENT | libc::ENOTDIR => {}
            // There may be another one that is permitted, further down the path.
            libc::EACCES => told = libc::EACCES,
            libc::ENOEXEC => {
                if let [shell, script, ..] = plan.shell.as_mut_slice() {
                    *script = candidate.as_ptr();
                    let shell = *shell;
                    // SAFETY: as above; the shell's list holds the same arguments after the script's path.
                    unsafe { libc::execve(shell, plan.shell.as_ptr(), plan.environment.as_ptr()) };
                }
                return libc::ENOEXEC;
            }
            other => return other,
        }
    }
    told
}

/// Gives back default dispositions where the parent had handlers, then opens the mask. What was ignored stays ignored, except
/// `SIGPIPE`, which Rust's runtime ignores in every process and no program expects.
fn reset_signals() {
    for number in 1..=SIGNALS {
        // SAFETY: the structure is plain numbers and an optional handler, for which all zeroes is a valid value.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        // SAFETY: only asks; `action` outlives the call. Numbers that do not exist are refused.
        let known = unsafe { libc::sigaction(number, null(), &raw mut action) } == 0;
        let keep = action.sa_sigaction == libc::SIG_DFL || (action.sa_sigaction == libc::SIG_IGN && number != libc::SIGPIPE);
        if known && !keep {
            // SAFETY: sets a default disposition; refused for the two signals that have no other.
            unsafe { libc::signal(number, libc::SIG_DFL) };
        }
    }
    // SAFETY: a signal set is plain numbers, for which all zeroes is a valid value.
    let mut none: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: `none` outlives the call.
    unsafe { libc::sigemptyset(&raw mut none) };
    // SAFETY: this process has one thread, and the set outlives the call.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut()) };
}

fn close(descriptor: RawFd) {
    // SAFETY: the child's own copy of a pipe's end, used nowhere else in the child.
    unsafe { libc::close(descriptor) };
}

fn exit(code: c_int) -> ! {
    // SAFETY: ends the process without running anything of the parent's (buffers, destructors).
    unsafe { libc::_exit(code) }
}

/// The last error, without the allocation that an `io::Error` might need.
#[cfg(target_os = "linux")]
fn errno() -> c_int {
    // SAFETY: returns this thread's own place, which is always there.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: the place belongs to this thread.
    unsafe { place.read() }
}

/// The last error, without the allocation that an `io::Error` might need.
#[cfg(target_os = "macos")]
fn errno() -> c_int {
    // SAFETY: returns this thread's own place, which is always there.
    let place = unsafe { libc::__error() };
    // SAFETY: the place belongs to this thread.
    unsafe { place.read() }
}

/// One answer of `waitpid`.
pub(super) enum Waited {
    /// This process ended, with this code.
    Ended(u32, i32),
    /// None has ended yet.
    NotYet,
    /// There is no child to wait for.
    NoChildren,
}

/// Asks for a child that has ended: `pid`, or any (-1). Stopped children are none.
pub(super) fn waited(pid: libc::pid_t, options: c_int) -> Waited {
    let mut status = 0;
    loop {
        // SAFETY: `status` outlives the call.
        let ended = unsafe { libc::waitpid(pid, &raw mut status, options) };
        match u32::try_from(ended) {
            Ok(0) => return Waited::NotYet,
            Ok(ended) => return Waited::Ended(ended, code_of(status)),
            Err(_) if errno() == libc::EINTR => {}
            Err(_) => return Waited::NoChildren,
        }
    }
}

/// Returns the exit code as shells do.
fn code_of(status: c_int) -> i32 {
    if libc::WIFSIGNALED(status) { 128 + libc::WTERMSIG(status) } else { libc::WEXITSTATUS(status) }
}

/// Collects one child that is about to end.
fn collect(pid: u32) {
    if let Ok(pid) = libc::pid_t::try_from(pid)
        && pid > 0
    {
        let _ = waited(pid, 0);
    }
}

/// Makes sure that ended children can be collected: a parent that ignores `SIGCHLD` bequeaths it, and exit codes are lost then.
pub(super) fn keep_exit_codes() {
    // SAFETY: sets a default disposition, which does nothing when the signal arrives.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
}
