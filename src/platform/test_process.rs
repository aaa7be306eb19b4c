//! Second processes for tests: the test binary runs itself again and plays a role.
//!
//! A role is chosen by an environment variable and speaks in lines that begin with [`MARK`], so that the test harness's own
//! lines do not disturb. It ends when its standard input ends, so that no test leaves a process behind.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const MARK: &str = "\u{1}role: ";
pub(crate) const ROLE: &str = "SHARELOCK_TEST_ROLE";
pub(crate) const ARGUMENT: &str = "SHARELOCK_TEST_ARGUMENT";
/// What makes the test binary play a role.
pub(crate) const ARGUMENTS: [&str; 5] =
    ["platform::test_process::play_role", "--exact", "--ignored", "--nocapture", "--test-threads=1"];
const PATIENCE: Duration = Duration::from_secs(60);

/// Says a line to the test that started this process.
pub(crate) fn say(line: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{MARK}{line}").unwrap();
    out.flush().unwrap();
}

/// Waits until the test closes this process's standard input or ends.
pub(crate) fn wait_for_end_of_input() {
    let mut rest = Vec::new();
    std::io::stdin().lock().read_to_end(&mut rest).unwrap();
}

/// Waits for a line from the test.
pub(crate) fn wait_for_line() {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).unwrap();
}

/// The argument that the test gave to this role.
pub(crate) fn argument() -> String {
    std::env::var(ARGUMENT).unwrap()
}

/// Where a child begins: no test by itself.
#[test]
#[ignore = "run by other tests in a process of its own"]
fn play_role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    match role.as_str() {
        "boot_time" => say(super::boot_time_nanos()),
        "host" => say(format!("{:?}", super::host())),
        "wait" => {
            say("ready");
            wait_for_end_of_input();
        }
        "me" => {
            let me = super::process::me();
            say(format!("{} {}", me.pid, me.start));
            wait_for_end_of_input();
        }
        "lock" => super::range_lock::tests::hold_lock(),
        "guard" => super::guard::tests::play(),
        "guarded" => super::guard::tests::play_program(),
        "open" => super::opened_by::tests::play(),
        "signals" => super::signals::tests::play(),
        other => panic!("no role {other}"),
    }
}

/// A second process in a role; killed and collected when dropped.
pub(crate) struct Child {
    process: std::process::Child,
    lines: Receiver<String>,
}

impl Child {
    /// Starts a role.
    pub(crate) fn start(role: &str) -> Self {
        Self::start_with(role, &[])
    }

    /// Starts a role with an argument.
    pub(crate) fn start_on(role: &str, argument: impl AsRef<std::ffi::OsStr>) -> Self {
        Self::start_command(Command::new(std::env::current_exe().unwrap()).env(ARGUMENT, argument), role, Stdio::piped())
    }

    /// Starts a role with more environment.
    pub(crate) fn start_with(role: &str, environment: &[(&str, &str)]) -> Self {
        Self::start_command(
            Command::new(std::env::current_exe().unwrap()).envs(environment.iter().copied()),
            role,
            Stdio::piped(),
        )
    }

    /// Starts a role in a way of the test's own.
    pub(crate) fn start_command(command: &mut Command, role: &str, input: Stdio) -> Self {
        let mut process =
            command.args(ARGUMENTS).env(ROLE, role).stdin(input).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some((_, said)) = line.split_once(MARK)
                    && sender.send(said.to_owned()).is_err()
                {
                    return;
                }
            }
        });
        Self { process, lines }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The next line that the role says.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("the child says a line")
    }

    /// Waits for the process and returns how it ended.
    #[cfg(unix)]
    pub(crate) fn end(&mut self) -> std::process::ExitStatus {
        // Kept open: the standard library would close it, and the role would end by that.
        let _input = self.process.stdin.take();
        self.process.wait().unwrap()
    }

    /// Sends a line to the role.
    pub(crate) fn tell(&mut self, line: &str) {
        let input = self.process.stdin.as_mut().unwrap();
        writeln!(input, "{line}").unwrap();
        input.flush().unwrap();
    }

    /// Ends the process as `kill -9` does, and leaves it as a zombie where there are any.
    pub(crate) fn kill_without_collecting(&mut self) {
        self.process.kill().unwrap();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts a role and returns the one line that it says.
pub(crate) fn ask(role: &str) -> String {
    Child::start(role).line()
}

/// Asks again for up to a minute, until `condition` holds.
#[expect(clippy::disallowed_methods, reason = "waits for another process that sends no event")]
pub(crate) fn eventually(mut condition: impl FnMut() -> bool) -> bool {
    for _ in 0..6000 {
        if condition() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

/// A folder of its own for one test, removed with everything in it.
pub(crate) struct Folder(std::path::PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sharelock-platform-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        // The way to the temporary folder may lead over a link, which our files do not follow on Unix.
        Self(if cfg!(unix) { path.canonicalize().unwrap() } else { path })
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        &self.0
    }

    pub(crate) fn file(&self, name: &str) -> std::path::PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
