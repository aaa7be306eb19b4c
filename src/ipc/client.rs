//! The end of the command line: asks once, and waits for the answer for a bounded time.

use super::{Answer, Request, line, read, receive};
use crate::platform::local_socket::connect;
use crate::session::in_time;
use std::io::{self, BufReader, Write};
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

/// Asks this session's agent, and hears every answer until `hear` is false or there are no more: because it is over, or because the agent
/// has ended.
///
/// # Errors
/// [`Unanswered::NoAgent`]; what was heard before still holds.
pub fn follow(request: &Request, mut hear: impl FnMut(Answer) -> bool) -> Result<(), Unanswered> {
    let question = line(request).map_err(|_| Unanswered::Silent)?;
    let conversation = connect().map_err(|_| Unanswered::NoAgent)?;
    (&conversation).write_all(&question).map_err(|_| Unanswered::NoAgent)?;
    let mut input = BufReader::new(&conversation);
    loop {
        match receive(&mut input) {
            Ok(bytes) if !bytes.is_empty() => {
                if read(&bytes).is_some_and(|answer| !hear(answer)) {
                    return Ok(());
                }
            }
            Ok(_) | Err(_) => return Ok(()),
        }
    }
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
        receive(&mut BufReader::new(&conversation))
    };
    match in_time(patience, talk) {
        Ok(Some(Ok(bytes))) => read(&bytes).ok_or(Unanswered::Silent),
        // An agent that ended while it was asked to end has done what it was asked for.
        Ok(Some(Err(_)) | None) | Err(_) => Err(Unanswered::Silent),
    }
}
