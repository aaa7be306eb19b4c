//! `sharelock doctor`: what is wrong with a shared folder, told so that an office worker can pass it on and an administrator can act.
//!
//! One aligned line for each check; why and what to do only where something is wrong, unless everything is asked for. The hazard is a
//! report that nobody reads to its end, so the verdict is one line, and the last.

use super::exit::Exit;
use super::here;
use super::language::language;
use super::open::{detail, lossy};
use super::take::duration;
use super::terminal::{Tone, colours, give, say, tinted};
use crate::config::{self, Config, Places};
use crate::doctor::{Appointment, Grade, Look, News, Request, configuration, examine, grade, topic_word};
use crate::i18n::doctor::{Aside, Finding, Topic, aside, title, words};
use crate::i18n::{Language, printable};
use crate::lease::timing::Timing;
use crate::platform::signals::Signals;
use crate::session::{Options, PATIENCE};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Lines are not longer than that: a report is often pasted into a message.
const WIDTH: usize = 100;
/// How wide the words for grades are, with what is before and between.
const MARK: usize = 11;
/// How wide the titles are.
const TITLE: usize = 20;

/// What was typed.
#[derive(Debug, clap::Args)]
pub(super) struct DoctorArguments {
    /// The database, or the folder, to examine
    #[arg(value_name = "DB|FOLDER")]
    path: PathBuf,
    /// Show what was not examined, and why each check matters
    #[arg(short, long)]
    verbose: bool,
    /// Examine together with another computer: run it there too, with the same word
    #[arg(long, value_name = "CODE", value_parser = code)]
    pair: Option<String>,
    /// How long to wait for the other computer: seconds, or a number with ms, s, m or h
    #[arg(short = 'w', long, value_name = "TIME", value_parser = duration, default_value = "5m", requires = "pair")]
    timeout: Duration,
    /// Print one JSON object per line and finding
    #[arg(long)]
    json: bool,
}

/// Reads a code: it becomes part of a file's name.
fn code(text: &str) -> Result<String, String> {
    let fits = (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits { Ok(text.to_owned()) } else { Err(aside(&Aside::BadCode, language())) }
}

/// One line of `--json`. Fields are never removed, renamed or reused.
#[derive(Debug, Serialize)]
struct Line<'a> {
    schema: u32,
    folder: &'a str,
    check: &'static str,
    result: &'static str,
    finding: &'static str,
    found: String,
    why: Option<String>,
    remedy: Option<String>,
}

/// Examines and tells.
pub(super) fn doctor(arguments: &DoctorArguments) -> Exit {
    let read = config::load(&Places::find());
    let config = read.as_ref().map_or_else(|_| Config::default(), |loaded| loaded.config.clone());
    let here = configuration(&read, language()).chain(here::findings()).collect();
    let target = config.target(&arguments.path);
    let stop = Arc::new(AtomicBool::new(false));
    if let Err(error) = listen(&[&stop]) {
        say(printable(&error.to_string()));
        return Exit::System;
    }
    let pair = arguments.pair.clone().map(|code| Appointment { code, wait: arguments.timeout });
    let request = Request { path: target.path, look: look(target.timing), here, pair, stop };
    let mut report = Report::new(arguments);
    match examine(&request, &mut |news| report.tell(news)) {
        Err(error) => {
            say(printable(&error.to_string()));
            Exit::System
        }
        Ok(None) => Exit::Signalled(crate::platform::signals::INTERRUPT),
        Ok(Some(verdict)) => {
            let exit = if verdict.failures > 0 { Exit::Unfit } else { Exit::Done };
            report.end(exit, &aside(&Aside::Verdict(verdict), language()));
            exit
        }
    }
}

/// The first signal stops the examination, which removes what it made; the second one ends the process.
pub(super) fn listen(stop: &[&Arc<AtomicBool>]) -> std::io::Result<()> {
    let stop: Vec<Arc<AtomicBool>> = stop.iter().map(|stop| Arc::clone(stop)).collect();
    Signals::install_with(move |signal| {
        if stop.iter().any(|stop| stop.swap(true, Ordering::Relaxed)) {
            std::process::exit(i32::from(Exit::Signalled(signal.number).code()));
        }
        say(aside(&Aside::Stopped, language()));
        true
    })
}

/// Looks at one database as `status` does.
pub(super) fn look(timing: Timing) -> Look {
    Arc::new(move |path: &Path| {
        let opened = Options::default().timing(timing).open(path).map_err(|error| detail(&error))?;
        Ok(opened.look(PATIENCE))
    })
}

/// Tells what is found, as it is found.
struct Report<'a> {
    arguments: &'a DoctorArguments,
    folder: String,
    colours: bool,
    last: Option<Topic>,
}

impl<'a> Report<'a> {
    fn new(arguments: &'a DoctorArguments) -> Self {
        let folder = lossy(&arguments.path);
        Self { arguments, folder, colours: colours(&std::io::stdout()), last: None }
    }

    fn tell(&mut self, news: News) {
        match news {
            News::Begun(folder, database) => {
                self.folder = lossy(&folder);
                if !self.arguments.json {
                    let database = database.map(|name| printable(&name));
                    give(format!("{}\n", aside(&Aside::Examining(printable(&self.folder), database), language())));
                }
            }
            News::WaitsForPair(code) => {
                let path = printable(&lossy(&self.arguments.path));
                say(format!("\n{}\n", aside(&Aside::WaitingForPair(code, path), language())));
            }
            News::Found(topic, finding) if self.arguments.json => self.line(topic, &finding),
            News::Found(topic, finding) => self.row(topic, &finding),
        }
    }

    fn line(&self, topic: Topic, finding: &Finding) {
        let (name, grade) = grade(finding);
        let words = words(finding, Language::English);
        let known = |text: String| Some(text).filter(|text| !text.is_empty());
        let line = Line {
            schema: 1,
            folder: &self.folder,
            check: topic_word(topic),
            result: grade.word(),
            finding: name,
            found: words.found,
            why: known(words.why),
            remedy: known(words.remedy),
        };
        // A reader that is gone needs no more lines; the scratch files are removed all the same.
        let _ = serde_json::to_string(&line).is_ok_and(give);
    }

    fn row(&mut self, topic: Topic, finding: &Finding) {
        let (_, grade) = grade(finding);
        if grade == Grade::Skipped && !self.arguments.verbose {
            return;
        }
        let words = words(finding, language());
        let title = if self.last.replace(topic) == Some(topic) { "" } else { title(topic, language()) };
        let mark = self.marked(grade);
        let mut text = Vec::new();
        let found = wrapped(&words.found, WIDTH - MARK - TITLE);
        for (number, part) in found.iter().enumerate() {
            let head = if number == 0 { format!("{mark}{title:<TITLE$}") } else { " ".repeat(MARK + TITLE) };
            text.push(format!("{head}{part}"));
        }
        if matches!(grade, Grade::Warning | Grade::Failure) || self.arguments.verbose {
            let labels = [Aside::Why, Aside::Remedy].map(|label| aside(&label, language()));
            let width = 2 + labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
            for (label, part) in labels.iter().zip([&words.why, &words.remedy]) {
                for (number, line) in wrapped(part, WIDTH - MARK - TITLE - width).iter().enumerate() {
                    let head = format!("{:<width$}", if number == 0 { label } else { "" });
                    text.push(tinted_dim(&format!("{}{head}{line}", " ".repeat(MARK + TITLE)), self.colours));
                }
            }
        }
        give(text.join("\n"));
    }

    fn marked(&self, grade: Grade) -> String {
        let (mark, tone) = match grade {
            Grade::Ok => (Aside::Fine, Tone::Good),
            Grade::Warning => (Aside::Warning, Tone::Warning),
            Grade::Failure => (Aside::Failure, Tone::Busy),
            Grade::Skipped => (Aside::Skipped, Tone::Dim),
        };
        tinted(&format!("  {:<width$}", aside(&mark, language()), width = MARK - 2), tone, self.colours)
    }

    fn end(&self, exit: Exit, verdict: &str) {
        if !self.arguments.json {
            let tone = if exit == Exit::Done { Tone::Good } else { Tone::Busy };
            give(format!("\n{}", tinted(verdict, tone, self.colours)));
        }
    }
}

fn tinted_dim(text: &str, colours: bool) -> String {
    tinted(text, Tone::Dim, colours)
}

/// Breaks a text at spaces, not at those that bind. A word that is longer than a line (a path, a command) stays whole, so that it can be copied.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(|c: char| c.is_ascii_whitespace()).filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_break_at_spaces_and_long_words_stay_whole() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a /very/long/path b", 6), ["a", "/very/long/path", "b"]);
        assert_eq!(wrapped("dans 3\u{a0}min", 6), ["dans", "3\u{a0}min"]);
        assert!(wrapped("", 5).is_empty());
    }
}
