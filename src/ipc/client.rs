//! The end of the command line: asks once, and waits for the answer for a bounded time.

use super::{Answer, LONGEST_LINE, Request, line, read};
use crate::platform::local_socket::connect;
use crate::session::in_time;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::time::Duration;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// No agent runs in this session.
    #[error("no agent is running")]
    NoAgent,
    /// It did not answer in time, or in a way that is understood here.
    #[error("the agent does not answer")]
    Silent,
}

/// Asks this session's agent, and hears every answer until there are no more: because it is over, or because the agent has ended.
///
/// # Errors
/// [`Unanswered::NoAgent`]; what was heard before still holds.
pub fn follow(request: &Request, mut hear: impl FnMut(Answer)) -> Result<(), Unanswered> {
    let question = line(request).map_err(|_| Unanswered::Silent)?;
    let conversation = connect().map_err(|_| Unanswered::NoAgent)?;
    (&conversation).write_all(&question).map_err(|_| Unanswered::NoAgent)?;
    let limit = u64::try_from(LONGEST_LINE).unwrap_or(u64::MAX);
    let mut input = BufReader::new(&conversation);
    let mut bytes = Vec::new();
    while matches!(input.by_ref().take(limit).read_until(b'\n', &mut bytes), Ok(1..)) {
        if let Some(answer) = read(&bytes) {
            hear(answer);
        }
        bytes.clear();
    }
    Ok(())
}

/// Asks this session's agent, and waits for the answer no longer than `patience`.
///
/// # Errors
/// [`Unanswered`].
pub fn ask(request: &Request, patience: Duration) -> Result<Answer, Unanswered> {
    let question = line(request).map_err(|_| Unanswered::Silent)?;
    let conversation = connect().map_err(|_| Unanswered::NoAgent)?;
    let talk = move || -> io::Result<Vec<u8>> {
        let mut output = &conversation;
        output.write_all(&question)?;
        let mut bytes = Vec::new();
        let limit = u64::try_from(LONGEST_LINE).unwrap_or(u64::MAX);
        BufReader::new(&conversation).take(limit).read_until(b'\n', &mut bytes)?;
        Ok(bytes)
    };
    match in_time(patience, talk) {
        Ok(Some(Ok(bytes))) => read(&bytes).ok_or(Unanswered::Silent),
        // An agent that ended while it was asked to end has done what it was asked for.
        Ok(Some(Err(_)) | None) | Err(_) => Err(Unanswered::Silent),
    }
}
