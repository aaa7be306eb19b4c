//! Windows: a process made suspended and put into a job object before its first instruction; the job counts its descendants.
//!
//! At the gate the job is one that dies with this process ("kill on close"): a suspended process would else stay for ever, and count as
//! a guarded program that lives. From [`Waiting::go`] on it is not: if this process dies then, the database program goes on, and the
//! record on the share names it.
//! A descendant cannot leave the job, because the job does not permit breaking away.

use super::{Program, Push, SpawnError};
use crate::platform::process::{ProcessFacts, start_of, windows::start_of_handle};
use crate::platform::signals;
use crate::platform::wide::Owned;
use std::io;
use std::os::windows::io::AsRawHandle;
use std::os::windows::process::CommandExt;
use std::process::{Child, Command};
use std::ptr::{null, null_mut};
use windows_sys::Win32::Foundation::{HANDLE, HWND, INVALID_HANDLE_VALUE, LPARAM, STATUS_CONTROL_C_EXIT};
use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, GenerateConsoleCtrlEvent, GetConsoleProcessList};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, TH32CS_SNAPTHREAD, THREADENTRY32, Thread32First, Thread32Next,
};
use windows_sys::Win32::System::IO::{CreateIoCompletionPort, GetQueuedCompletionStatus};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_ASSOCIATE_COMPLETION_PORT, JOBOBJECT_BASIC_ACCOUNTING_INFORMATION, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectAssociateCompletionPortInformation, JobObjectBasicAccountingInformation, JobObjectBasicProcessIdList,
    JobObjectExtendedLimitInformation, QueryInformationJobObject, SetInformationJobObject, TerminateJobObject,
};
use windows_sys::Win32::System::Threading::{
    CREATE_SUSPENDED, GetExitCodeProcess, INFINITE, OpenThread, ResumeThread, THREAD_SUSPEND_RESUME, WaitForSingleObject,
};
use windows_sys::Win32::UI::WindowsAndMessaging::{EnumWindows, GetWindowThreadProcessId, PostMessageW, WM_CLOSE};
use windows_sys::core::BOOL;

/// Most members of a job that are listed.
const MEMBERS: usize = 4096;
/// The job's messages are not guaranteed to arrive, so the count is asked for as often as this.
const LOOK_MILLIS: u32 = 1000;
/// What a job ended by force gives as exit code: 128 + 9, as on Unix.
const FORCED: u32 = 137;

#[derive(Debug)]
pub(super) struct Waiting {
    program: Program,
    /// `None` once it was let go.
    family: Option<Family>,
    thread: Owned,
}

#[derive(Debug)]
pub(super) struct Family {
    child: Child,
    facts: ProcessFacts,
    job: Owned,
    port: Owned,
}

impl Waiting {
    pub(super) fn new(program: &Program) -> Result<Self, SpawnError> {
        let failed = |doing: &'static str| move |source| SpawnError::failed(program, doing, source);
        if program.program.is_empty() {
            let source = io::ErrorKind::NotFound.into();
            return Err(SpawnError::NotFound { program: program.program.clone(), source });
        }
        let (job, port) = job_with_port().map_err(failed("making a job"))?;
        let mut child = Command::new(&program.program)
            .args(&program.arguments)
            .envs(program.environment.iter().map(|(key, value)| (key, value)))
            .creation_flags(CREATE_SUSPENDED)
            .spawn()
            .map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => SpawnError::NotFound { program: program.program.clone(), source },
                _ => SpawnError::NotExecutable { program: program.program.clone(), source },
            })?;
        let held = hold(&child, &job);
        match held {
            Ok(thread) => {
                let facts = ProcessFacts { pid: child.id(), start: start_of_handle(child.as_raw_handle()).unwrap_or(0) };
                let family = Some(Family { child, facts, job, port });
                Ok(Self { program: program.clone(), family, thread })
            }
            Err(source) => {
                end(&mut child);
                Err(SpawnError::failed(program, "putting it into a job", source))
            }
        }
    }

    pub(super) fn facts(&self) -> ProcessFacts {
        self.family.as_ref().map_or(ProcessFacts { pid: 0, start: 0 }, |family| family.facts)
    }

    pub(super) fn go(mut self) -> Result<Family, SpawnError> {
        let gone = || SpawnError::failed(&self.program, "letting it begin", io::ErrorKind::NotFound.into());
        let job = &self.family.as_ref().ok_or_else(gone)?.job;
        limit(job, 0).map_err(|source| SpawnError::failed(&self.program, "letting it outlive this process", source))?;
        // SAFETY: the thread's handle is open with the right to resume it.
        let before = unsafe { ResumeThread(self.thread.raw()) };
        if before == u32::MAX {
            return Err(SpawnError::failed(&self.program, "letting it begin", io::Error::last_os_error()));
        }
        self.family.take().ok_or_else(gone)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(family) = &mut self.family {
            end(&mut family.child);
        }
    }
}

fn end(child: &mut Child) {
    // Fails only if it has ended already.
    let _ = child.kill();
    let _ = child.wait();
}

fn job_with_port() -> io::Result<(Owned, Owned)> {
    // SAFETY: neither security attributes nor a name; `Owned` checks the result.
    let job = Owned::new(unsafe { CreateJobObjectW(null(), null()) })?;
    // SAFETY: makes a port that belongs to no file; `Owned` checks the result.
    let port = Owned::new(unsafe { CreateIoCompletionPort(INVALID_HANDLE_VALUE, null_mut(), 0, 1) })?;
    let link = JOBOBJECT_ASSOCIATE_COMPLETION_PORT { CompletionKey: null_mut(), CompletionPort: port.raw() };
    let size = u32::try_from(size_of_val(&link)).map_err(io::Error::other)?;
    // SAFETY: both handles are open, and the structure is as long as `size` says.
    let done = unsafe {
        SetInformationJobObject(job.raw(), JobObjectAssociateCompletionPortInformation, (&raw const link).cast(), size)
    };
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    limit(&job, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE)?;
    Ok((job, port))
}

/// Sets the limits of a job, in place of those that it had.
fn limit(job: &Owned, flags: JOB_OBJECT_LIMIT) -> io::Result<()> {
    // SAFETY: the structure is plain numbers, for which all zeroes is a valid value.
    let mut limits: JOBOBJECT_EXTENDED_LIMIT_INFORMATION = unsafe { std::mem::zeroed() };
    limits.BasicLimitInformation.LimitFlags = flags;
    let size = u32::try_from(size_of_val(&limits)).map_err(io::Error::other)?;
    // SAFETY: the job is open, and the structure is as long as `size` says.
    let done = unsafe { SetInformationJobObject(job.raw(), JobObjectExtendedLimitInformation, (&raw const limits).cast(), size) };
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Puts the suspended process into the job, and returns its only thread.
fn hold(child: &Child, job: &Owned) -> io::Result<Owned> {
    // SAFETY: both handles are open.
    let done = unsafe { AssignProcessToJobObject(job.raw(), child.as_raw_handle()) };
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    let thread = only_thread(child.id())?;
    // SAFETY: takes numbers; `Owned` checks the result.
    Owned::new(unsafe { OpenThread(THREAD_SUSPEND_RESUME, 0, thread) })
}

/// Finds the thread of a process that has not begun; the standard library keeps its handle to itself.
fn only_thread(pid: u32) -> io::Result<u32> {
    // SAFETY: takes numbers; `Owned` checks the result.
    let list = Owned::new(unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0) })?;
    // SAFETY: the structure is plain numbers, for which all zeroes is a valid value.
    let mut entry: THREADENTRY32 = unsafe { std::mem::zeroed() };
    entry.dwSize = u32::try_from(size_of::<THREADENTRY32>()).map_err(io::Error::other)?;
    // SAFETY: the list is open, and `entry` states its size.
    let mut more = unsafe { Thread32First(list.raw(), &raw mut entry) };
    while more != 0 {
        if entry.th32OwnerProcessID == pid {
            return Ok(entry.th32ThreadID);
        }
        // SAFETY: as above.
        more = unsafe { Thread32Next(list.raw(), &raw mut entry) };
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "the new process has no thread"))
}

impl Family {
    pub(super) fn facts(&self) -> ProcessFacts {
        self.facts
    }

    pub(super) fn wait_child(&self) -> i32 {
        let process = self.child.as_raw_handle();
        // SAFETY: the handle is open while `self` is.
        unsafe { WaitForSingleObject(process, INFINITE) };
        let mut code = 0;
        // SAFETY: the handle is open, and `code` outlives the call.
        let known = unsafe { GetExitCodeProcess(process, &raw mut code) };
        match code.cast_signed() {
            _ if known == 0 => 255,
            STATUS_CONTROL_C_EXIT => 130, // as a shell on Unix says it: 128 + SIGINT
            code => code,
        }
    }

    pub(super) fn wait_descendants(&self) {
        while self.members() != Some(0) {
            let (mut message, mut key, mut about) = (0, 0, null_mut());
            // Any message, or none in time, is a reason to count again.
            // SAFETY: the port is open, and the three places outlive the call.
            unsafe { GetQueuedCompletionStatus(self.port.raw(), &raw mut message, &raw mut key, &raw mut about, LOOK_MILLIS) };
        }
    }

    /// Returns how many processes of the job live.
    fn members(&self) -> Option<u32> {
        // SAFETY: the structure is plain numbers, for which all zeroes is a valid value.
        let mut facts: JOBOBJECT_BASIC_ACCOUNTING_INFORMATION = unsafe { std::mem::zeroed() };
        let size = u32::try_from(size_of_val(&facts)).ok()?;
        // SAFETY: the job is open, the structure is as long as `size` says, and the length is not wanted.
        let done = unsafe {
            QueryInformationJobObject(
                self.job.raw(),
                JobObjectBasicAccountingInformation,
                (&raw mut facts).cast(),
                size,
                null_mut(),
            )
        };
        (done != 0).then_some(facts.ActiveProcesses)
    }

    pub(super) fn descendants(&self) -> Vec<ProcessFacts> {
        // JOBOBJECT_BASIC_PROCESS_ID_LIST: two u32 (assigned, listed), then the numbers as usize.
        let mut list = vec![0_usize; MEMBERS + 8 / size_of::<usize>()];
        let size = u32::try_from(size_of_val(list.as_slice())).unwrap_or(0);
        // SAFETY: the job is open, and the (aligned) buffer is as long as `size` says.
        unsafe {
            QueryInformationJobObject(self.job.raw(), JobObjectBasicProcessIdList, list.as_mut_ptr().cast(), size, null_mut())
        };
        let numbers = list.split_off(8 / size_of::<usize>());
        let alive = numbers.into_iter().take_while(|pid| *pid != 0).filter_map(|pid| u32::try_from(pid).ok());
        let mut members: Vec<ProcessFacts> =
            alive.filter_map(|pid| start_of(pid).map(|start| ProcessFacts { pid, start })).collect();
        members.sort_unstable();
        members
    }

    pub(super) fn push(&self, push: Push) -> Vec<ProcessFacts> {
        match push {
            Push::Gentle => {
                let mut wanted = Wanted { pids: self.pids(), asked: Vec::new() };
                // SAFETY: the callback gets the pointer back only during the call, while `wanted` lives.
                unsafe { EnumWindows(Some(ask_to_close), (&raw mut wanted) as LPARAM) };
                let everybody = signals::expect_own_break(|| self.break_console());
                let mut members = self.descendants();
                members.retain(|member| !everybody && !wanted.asked.contains(&member.pid));
                members
            }
            Push::Force => {
                // SAFETY: the job is open.
                unsafe { TerminateJobObject(self.job.raw(), FORCED) };
                self.settle();
                self.descendants()
            }
        }
    }

    fn pids(&self) -> Vec<u32> {
        self.descendants().into_iter().map(|member| member.pid).collect()
    }

    /// Ending is asynchronous: waits up to 5 s until the program itself is gone and the job empty.
    #[expect(clippy::disallowed_methods, reason = "the port's messages belong to the thread that waits")]
    fn settle(&self) {
        for _ in 0..500 {
            if self.members() == Some(0) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    /// Sends Ctrl-Break to the console if nobody but this process and the program's own is on it: a shell would be hit as well.
    fn break_console(&self) -> bool {
        let mut on_console = vec![0_u32; MEMBERS];
        let room = u32::try_from(on_console.len()).unwrap_or(0);
        // SAFETY: the buffer is as long as `room` says.
        let count = unsafe { GetConsoleProcessList(on_console.as_mut_ptr(), room) };
        on_console.truncate(usize::try_from(count).unwrap_or(0));
        let (me, members) = (std::process::id(), self.pids());
        if !on_console.iter().any(|pid| *pid != me) || !on_console.iter().all(|pid| *pid == me || members.contains(pid)) {
            return false;
        }
        // SAFETY: takes numbers; group 0 is everybody on this console.
        let sent = unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, 0) };
        sent != 0
    }
}

/// Whose windows are to be closed, and whose were asked.
struct Wanted {
    pids: Vec<u32>,
    asked: Vec<u32>,
}

unsafe extern "system" fn ask_to_close(window: HWND, wanted: LPARAM) -> BOOL {
    // SAFETY: `push` passes a pointer to its own `Wanted`, which lives through the enumeration and is used by nobody else.
    let wanted = unsafe { &mut *(wanted as *mut Wanted) };
    let mut pid = 0;
    // SAFETY: a window that is gone meanwhile gives no number; `pid` outlives the call.
    unsafe { GetWindowThreadProcessId(window, &raw mut pid) };
    if wanted.pids.contains(&pid) {
        // SAFETY: posting waits for nobody; a window that is gone refuses.
        let posted = unsafe { PostMessageW(window, WM_CLOSE, 0, 0) };
        if posted != 0 {
            wanted.asked.push(pid);
        }
    }
    1
}

/// Keeps the type of raw handles in one place: the standard library and windows-sys must agree on it.
const _: fn(&Child) -> HANDLE = |child| child.as_raw_handle();
