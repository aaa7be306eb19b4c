//! A place of its own for each test, and programs that are waited for without sleeping.

use sharelock::clock::{Clock, SystemClock};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::RwLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Whatever takes longer than this is broken.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// The agent of this session: whoever has one run writes, whoever tells whether one runs reads. On Windows no folder keeps agents apart.
pub(crate) static AGENT: RwLock<()> = RwLock::new(());

/// Lets time pass.
pub(crate) fn pause(millis: u64) {
    let (_sender, nothing) = channel::<()>();
    let _ = nothing.recv_timeout(Duration::from_millis(millis));
}

/// Returns how long something took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = SystemClock.now().ticks;
    let result = work();
    (result, SystemClock.now().ticks.since(began))
}

/// Waits until it is true.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let began = SystemClock.now().ticks;
    while !condition() {
        assert!(SystemClock.now().ticks.since(began) < LONG, "never: {what}");
        pause(10);
    }
}

/// A temporary folder with a database's name in it.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

/// What a program said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["share", "run"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    /// The shared folder.
    pub(crate) fn share(&self) -> PathBuf {
        let share = self.folder.path().join("share").canonicalize().unwrap();
        // Windows answers in a form that people do not use.
        share.to_str().unwrap().trim_start_matches(r"\\?\").into()
    }

    /// The user's file of settings, which is not there unless a test makes it.
    pub(crate) fn settings(&self) -> PathBuf {
        self.folder.path().join("settings").join("sharelock.toml")
    }

    /// The administrators' file of settings, likewise. One that this computer really has goes before it.
    pub(crate) fn system_settings(&self) -> PathBuf {
        self.folder.path().join("system").join("sharelock.toml")
    }

    /// Everything that is in the shared folder now, sorted.
    pub(crate) fn listing(&self) -> Vec<PathBuf> {
        fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, found);
                }
                found.push(path);
            }
        }
        let mut found = Vec::new();
        walk(&self.share(), &mut found);
        found.sort();
        found
    }

    /// The program, in the shared folder, with nothing of the user's around it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sharelock"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SHARELOCK_") {
                command.env_remove(name);
            }
        }
        let home = self.folder.path();
        command.args(arguments).current_dir(self.share()).stdin(Stdio::null());
        command.env("HOME", home).env("XDG_STATE_HOME", home.join("state")).env("LOCALAPPDATA", home.join("state"));
        // Neither an agent of the user's nor the desktop.
        command.env("XDG_RUNTIME_DIR", home.join("run"));
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS"] {
            command.env_remove(name);
        }
        command.env_remove("NO_COLOR").env_remove("XDG_SESSION_ID").env("SHARELOCK_LANG", "en");
        command.env("SHARELOCK_CONFIG", self.settings()).env("SHARELOCK_SYSTEM_CONFIG", self.system_settings());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        finish(self.command(arguments))
    }

    /// Starts it, and listens.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments))
    }
}

/// Runs a command to its end.
pub(crate) fn finish(mut command: Command) -> Said {
    let output = command.output().unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A program that runs, and what it says line by line. It is killed when this is dropped.
pub(crate) struct Running {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

fn lines(source: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = lines(child.stdout.take().unwrap());
        let err = lines(child.stderr.take().unwrap());
        Self { child, out, err }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn input(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    /// The next line of stdout.
    pub(crate) fn line(&self) -> String {
        self.out.recv_timeout(LONG).expect("a line on stdout")
    }

    /// The next line of stdout; `None` after the last.
    pub(crate) fn next_line(&self) -> Option<String> {
        self.out.recv_timeout(LONG).ok()
    }

    /// The next line of stderr that contains this.
    pub(crate) fn hears(&self, part: &str) -> String {
        loop {
            let line = self.err.recv_timeout(LONG).unwrap_or_else(|_| panic!("a line on stderr with {part:?}"));
            if line.contains(part) {
                return line;
            }
        }
    }

    /// The next line of stdout as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// The next event of `hold --json` with that name.
    pub(crate) fn event(&self, name: &str) -> serde_json::Value {
        loop {
            let event = self.json();
            if event["event"] == name {
                return event;
            }
        }
    }

    /// Kills it without a goodbye, and collects it.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end.
    pub(crate) fn status(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("the program's end", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// Waits for its end; the code.
    pub(crate) fn code(&mut self) -> Option<i32> {
        self.status().code()
    }

    /// Everything on stderr that was not heard yet; after the end.
    #[cfg(unix)]
    pub(crate) fn rest(&self) -> String {
        let mut rest = String::new();
        while let Ok(line) = self.err.recv_timeout(LONG) {
            rest.push_str(&line);
            rest.push('\n');
        }
        rest
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Writes the notice of a program that does not speak the protocol.
pub(crate) fn foreign_notice(place: &Place, database: &str, user: &str, machine: &str) {
    let notice = serde_json::json!({
        "pid": 4711, "user": user, "machine": machine,
        "acquired": "2026-03-02T09:12:00+01:00", "heartbeat": "2026-03-02T09:12:30+01:00",
    });
    let mut file = std::fs::File::create(place.share().join(format!("{database}.lock"))).unwrap();
    file.write_all(notice.to_string().as_bytes()).unwrap();
}

/// Sends a signal by its name, as kill(1) does.
#[cfg(unix)]
pub(crate) fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Reads a token.
#[cfg(unix)]
pub(crate) fn token(text: &str) -> u64 {
    text.trim().parse().unwrap()
}
