//! What this user's agent sees, for the verbs that only look: the share is asked by one who knows it, and not once more by each of them.
//!
//! The hazards: an agent that does not answer, which is not waited for as long as a share is; and one of another session, to which other
//! leases are *mine*. In both cases, and where it does not watch the database, the verb looks itself.

use super::agent::absolute;
use super::open::{now, shown_target};
use super::seen::Seen;
use crate::config::Target;
use crate::ipc::{self, Answer, Request, Sighting};
use crate::lease::record::Holder;
use crate::platform::user;
use crate::session::PATIENCE;
use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

/// How long an agent may take to say that it looks.
const ACKNOWLEDGE: Duration = Duration::from_secs(2);
/// How long it may take to look, before a look of one's own is faster.
const LOOKS: Duration = Duration::from_secs(PATIENCE.as_secs() + 2);
/// How long an agent that goes on looking may tell nothing. It looks every minute at least.
const SILENT: Duration = Duration::from_secs(180);
/// How many of its answers may lie unread.
const UNREAD: usize = 64;

/// Returns what the agent sees at each of these now; nothing where it cannot tell.
pub(super) fn look(targets: &[Target]) -> Vec<Option<Seen>> {
    let mut seen: Vec<Option<Seen>> = targets.iter().map(|_| None).collect();
    observe(targets, false, |place, one| {
        seen[place] = one;
        true
    });
    seen
}

/// Tells what the agent sees at these, over and over: `hear` is given the place of each, and nothing where it cannot tell (any more). Returns
/// when the agent tells nothing more, or `hear` is false.
pub(super) fn follow(targets: &[Target], hear: impl FnMut(usize, Option<Seen>) -> bool) {
    observe(targets, true, hear);
}

fn observe(targets: &[Target], goes_on: bool, mut hear: impl FnMut(usize, Option<Seen>) -> bool) {
    let Some(answers) = ask(Request::Observe(targets.iter().map(|target| absolute(&target.path)).collect(), goes_on)) else {
        return;
    };
    if !matches!(answers.recv_timeout(ACKNOWLEDGE), Ok(Answer::Looking)) {
        return;
    }
    let until = now().ticks + LOOKS;
    let mut open: BTreeSet<usize> = (0..targets.len()).collect();
    while !open.is_empty() {
        let patience = if goes_on { SILENT } else { until.since(now().ticks) };
        let (place, sighting) = match answers.recv_timeout(patience) {
            Ok(Answer::Sighted(place, sighting)) => (place, Some(sighting)),
            Ok(Answer::Unseen(place)) => (place, None),
            Ok(_) | Err(_) => return,
        };
        let Some(place) = usize::try_from(place).ok().filter(|place| open.contains(place)) else { continue };
        let sighting = sighting.filter(|sighting| is_mine(sighting));
        if !goes_on || sighting.is_none() {
            open.remove(&place);
        }
        let target = &targets[place];
        let name = |sighting: &Sighting| target.label.as_ref().map_or_else(|| sighting.name.clone(), |_| shown_target(target));
        if !hear(place, sighting.map(|sighting| Seen::tell(&name(&sighting), &sighting).labelled(target))) {
            return;
        }
    }
}

/// Asks on a thread of its own, which may be left behind.
fn ask(request: Request) -> Option<Receiver<Answer>> {
    let (sender, answers) = sync_channel(UNREAD);
    let talk = move || drop(ipc::follow(&request, |answer| sender.send(answer).is_ok()));
    std::thread::Builder::new().name("sharelock-agent".into()).spawn(talk).ok()?;
    Some(answers)
}

/// Returns whether what is *mine* to whoever looked is so to this process.
fn is_mine(sighting: &Sighting) -> bool {
    let me = Holder { user: user::login(), machine: user::machine_name(), session: user::session(), ..Holder::default() };
    me.is_same_session(&Holder::from(sighting.me.clone()))
}
