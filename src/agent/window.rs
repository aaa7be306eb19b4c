//! The agent's one window: a process of its own, which draws pages and says what was pressed (`page.rs`).
//!
//! Windows are not part of the agent because a toolkit is heavy, and because without a display it may do worse than fail. The hazards: a
//! window that does not read (pages are handed over by a thread, and only the latest counts), and one that cannot be shown at all,
//! which is told so that the wish is not lost in silence.

use super::page::{Page, Said};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::{env, io};

/// The program, beside this one.
const PROGRAM: &str = "sharelock-window";
/// Names the program where it is elsewhere: in a build tree.
const VARIABLE: &str = "SHARELOCK_WINDOW";
/// How long a line of the window's may be, in bytes: a path that was typed, at most.
const LONGEST_LINE: u64 = 64 * 1024;

/// A window on the screen. It closes when this is dropped.
#[derive(Debug)]
pub struct Window {
    pages: Sender<String>,
    shown: Option<Page>,
    asked: u32,
}

impl Window {
    /// Opens a window. `hear` is called with everything that it says, and with `None` when it is gone.
    ///
    /// # Errors
    /// When its program cannot be started.
    pub fn open(hear: impl Fn(Option<Said>) + Send + 'static) -> io::Result<Self> {
        let mut command = Command::new(program()?);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let (pages, next) = channel();
        let input = child.stdin.take();
        std::thread::Builder::new().name("sharelock-pages".into()).spawn(move || {
            if let Some(input) = input {
                hand_over(input, &next);
            }
        })?;
        std::thread::Builder::new().name("sharelock-window".into()).spawn(move || {
            listen(&mut child, &hear);
            hear(None);
        })?;
        Ok(Self { pages, shown: None, asked: 0 })
    }

    /// Comes to the front with the next page, wherever it is now: a person asks for it once more.
    pub fn ask(&mut self) {
        self.asked = self.asked.wrapping_add(1);
    }

    /// Shows a page, if it is another one.
    pub fn show(&mut self, page: Page) {
        let page = Page { asked: self.asked, ..page };
        if self.shown.as_ref() == Some(&page) {
            return;
        }
        // A page that breaks a bound would end the window; the one before it stays.
        if let Ok(line) = page.to_line() {
            // Whether the window is gone is heard elsewhere.
            drop(self.pages.send(line));
            self.shown = Some(page);
        }
    }
}

fn program() -> io::Result<PathBuf> {
    if let Some(path) = env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    Ok(env::current_exe()?.with_file_name(PROGRAM).with_extension(env::consts::EXE_EXTENSION))
}

/// Writes the latest page, as soon as the window takes one.
fn hand_over(mut input: impl Write, next: &Receiver<String>) {
    while let Ok(page) = next.recv() {
        let page = next.try_iter().last().unwrap_or(page);
        if input.write_all(page.as_bytes()).and_then(|()| input.flush()).is_err() {
            return;
        }
    }
}

fn listen(child: &mut Child, hear: &impl Fn(Option<Said>)) {
    if let Some(output) = child.stdout.take() {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while output.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            if let Ok(said) = serde_json::from_slice(&line) {
                hear(Some(said));
            }
            line.clear();
        }
    }
    // Collected, so that no zombie stays.
    drop(child.wait());
}
