//! Asking whoever has a database, and being asked: what this user asked and was replied, and what others ask of this user.
//!
//! Pure. A question is about one lease: it is over with that lease, and when the asker has left the line. What this client's ticket tells
//! the others is derived from all that after every event, so that no order to write it can be forgotten. The hazards: a question that is
//! shown again and again; *seen* said of something that nobody was shown; and tickets that lapse because nobody renewed them.

use super::events::{Action, Asker};
use super::model::{Entry, holder};
use super::shown::Topic;
use super::tidings::Tiding;
use crate::clock::{Moment, Ticks, WallTime};
use crate::i18n::Person;
use crate::ipc::Answer;
use crate::lease::State;
use crate::lease::record::{Ask, AskReply, MOST_REPLIES, Nonce};
use crate::session::describe::person;
use crate::store::{RENEW_TICKET, Standing, Waiter};
use std::time::Duration;

/// How long replies stand in a ticket before others have their turn, where there are more than fit. Whoever asked looks more often.
const TURN: Duration = Duration::from_secs(30);
/// What "in 10 min" says.
pub const LATER: u8 = 10;

/// What this user asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The question.
    pub ask: Ask,
    /// Whom.
    pub whom: Person,
    /// What was replied last, and when that was heard.
    pub reply: Option<(AskReply, WallTime)>,
    note: String,
}

/// What somebody asks of this user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Who.
    pub who: Person,
    /// In which words; may be empty.
    pub note: String,
    /// What was replied last.
    pub reply: Option<AskReply>,
    /// It waits for an answer: there is none, or the time is over for which it was put off.
    pub open: bool,
    /// The asker's name for it.
    at: WallTime,
    remind: Option<Ticks>,
}

/// The questions about one database.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asking {
    /// What this user asked whoever has it.
    pub mine: Option<Asked>,
    /// What others ask of this user, who has it.
    pub others: Vec<Question>,
    /// Who wants to ask, in which words, once it was looked at.
    early: Vec<(Asker, String)>,
    /// What this client's ticket tells.
    standing: Standing,
    renew: Option<Ticks>,
    turns: Turns,
}

/// Whose turn it is to be replied, where so many ask that one ticket does not hold the replies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Turns {
    /// How many are replied.
    replied: usize,
    /// The first of those whose turn it is.
    first: usize,
    /// When it is the turn of others.
    next: Option<Ticks>,
}

impl Turns {
    fn go_on(&mut self, now: Ticks, replied: usize) {
        let before = std::mem::replace(&mut self.replied, replied);
        if replied <= MOST_REPLIES {
            (self.first, self.next) = (0, None);
        } else if replied > before {
            // Those who came last were not told anything yet.
            (self.first, self.next) = (before.min(replied - MOST_REPLIES), Some(now + TURN));
        } else if self.next.is_none_or(|next| now >= next) {
            (self.first, self.next) = ((self.first + MOST_REPLIES) % replied, Some(now + TURN));
        }
    }
}

impl Asking {
    /// Returns when something happens here although nothing happened.
    pub(super) fn deadline(&self) -> Option<Ticks> {
        self.others.iter().filter_map(|question| question.remind).chain(self.renew).chain(self.turns.next).min()
    }

    /// Returns the questions that wait for an answer.
    pub fn open(&self) -> impl Iterator<Item = &Question> {
        self.others.iter().filter(|question| question.open)
    }

    /// Returns what is left when the agent ends: a ticket to take back.
    pub(super) fn over(&self) -> Self {
        Self { standing: self.standing.clone(), ..Self::default() }
    }

    /// Somebody was shown what is asked.
    pub(super) fn shown(&mut self) {
        for question in &mut self.others {
            question.reply.get_or_insert(AskReply::Seen);
        }
    }
}

impl Entry {
    /// This user wants to know when it is free.
    pub(super) fn want(&mut self) {
        if !std::mem::replace(&mut self.wanted, true) && self.is_available() {
            self.tidings.insert(Topic::Free, Tiding::Free);
        }
    }

    /// This user does not want to know any more, or has it.
    pub(super) fn forget(&mut self) {
        self.tidings.remove(&Topic::Free);
        self.wanted = false;
        self.ask_no_more();
    }

    /// Returns whether whoever has it can be asked, and has not been, or has answered.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        let pending = |asked: &Asked| match asked.reply {
            None | Some((AskReply::Seen | AskReply::Releasing, _)) => true,
            Some((AskReply::No | AskReply::Later(_), _)) => false,
        };
        let seen = self.seen.as_ref().is_some_and(|seen| seen.status.state == State::Held && seen.status.lease.is_some());
        seen && !self.is_available() && !self.asking.mine.as_ref().is_some_and(pending)
    }

    /// Asks whoever has it. A question that waits for its answer is not asked twice, unless in other words.
    pub(super) fn ask(&mut self, now: Moment, note: String) -> Answer {
        let Some(seen) = self.seen.as_ref() else { return Answer::NotAsked(State::Unreachable) };
        let (state, whom) = (seen.status.state, holder(seen));
        let lease = seen.status.lease.filter(|_| state == State::Held && !self.is_available());
        let Some(lease) = lease else { return Answer::NotAsked(state) };
        let asked_so = self.asking.mine.as_ref().is_some_and(|mine| note.is_empty() || mine.note == note);
        if self.can_ask() || !asked_so {
            let last = self.asking.mine.as_ref().map_or(i64::MIN, |mine| mine.ask.at.0);
            let ask = Ask { lease: lease.nonce, at: WallTime(now.wall.0.max(last.saturating_add(1))) };
            self.asking.mine = Some(Asked { ask, whom: whom.clone(), reply: None, note });
            self.unless_replied();
        }
        self.wanted = true;
        Answer::Asked(whom)
    }

    /// Asks as soon as it was looked at, and then answers whoever wants that: what was seen last may be a while ago.
    pub(super) fn ask_for(&mut self, asker: Asker, note: String) -> Action {
        self.asking.early.push((asker, note));
        Action::Look(self.key)
    }

    fn ask_early(&mut self, now: Moment) -> Vec<Action> {
        let early = std::mem::take(&mut self.asking.early);
        early.into_iter().map(|(asker, note)| Action::Reply(asker, self.ask(now, note))).collect()
    }

    /// Takes back what this user asked.
    fn ask_no_more(&mut self) {
        self.asking.mine = None;
        self.unless_replied();
    }

    /// Takes back the notice of a reply.
    fn unless_replied(&mut self) {
        if matches!(self.tidings.get(&Topic::Ask), Some(Tiding::Replied)) {
            self.tidings.remove(&Topic::Ask);
        }
    }

    /// A look has shown something: who asks, and what was replied. What could not be seen changes nothing.
    pub(super) fn hear_questions(&mut self, now: Moment) -> Vec<Action> {
        let actions = self.ask_early(now);
        let Some(seen) = &self.seen else { return actions };
        let state = seen.status.state;
        if matches!(state, State::Unreachable | State::Denied) {
            return actions;
        }
        let lease = seen.status.lease.map(|lease| lease.nonce);
        let mut asked = seen.waiting.iter().filter_map(|one| Some((one, one.ask.filter(|ask| Some(ask.lease) == lease)?)));
        if state == State::Mine {
            let question = |(one, ask): (&Waiter, Ask)| {
                let (who, note) = (person(Some(&one.holder)), one.holder.note.clone());
                Question { who, note, reply: None, open: true, at: ask.at, remind: None }
            };
            let there = asked.map(question).collect();
            self.hear_others(there);
        } else {
            let reply = self.asking.mine.as_ref().and_then(|mine| asked.find(|(_, ask)| *ask == mine.ask)?.0.reply);
            let lease = lease.filter(|_| matches!(state, State::Held | State::Stale));
            self.hear_others(Vec::new());
            self.hear_reply(now, lease, reply);
        }
        actions
    }

    fn hear_reply(&mut self, now: Moment, lease: Option<Nonce>, reply: Option<AskReply>) {
        let Some(mine) = &mut self.asking.mine else { return };
        if lease != Some(mine.ask.lease) {
            return self.ask_no_more();
        }
        if let Some(reply) = reply.filter(|reply| mine.reply.is_none_or(|(last, _)| last != *reply)) {
            mine.reply = Some((reply, now.wall));
            self.unless_replied();
            if reply != AskReply::Seen {
                self.tidings.insert(Topic::Ask, Tiding::Replied);
            }
        }
    }

    fn hear_others(&mut self, there: Vec<Question>) {
        let others = &mut self.asking.others;
        // Two may ask in the same moment.
        let same = |one: &Question, other: &Question| one.at == other.at && one.who == other.who;
        others.retain(|known| there.iter().any(|question| same(question, known)));
        let before = others.len();
        for question in there {
            if !others.iter().any(|known| same(&question, known)) {
                others.push(question);
            }
        }
        if others.len() > before {
            self.tidings.insert(Topic::Ask, Tiding::Questions);
        } else {
            self.unless_asked();
        }
    }

    /// Takes back the notice of questions that nobody asks any more, or that are answered.
    fn unless_asked(&mut self) {
        if self.asking.open().next().is_none() && self.tidings.get(&Topic::Ask) == Some(&Tiding::Questions) {
            self.tidings.remove(&Topic::Ask);
        }
    }

    /// Replies to everybody who waits for an answer: in a while.
    pub(super) fn reply_later(&mut self, now: Moment) {
        for question in self.asking.others.iter_mut().filter(|question| question.open) {
            question.reply = Some(AskReply::Later(LATER));
            question.remind = Some(now.ticks + Duration::from_secs(60 * u64::from(LATER)));
            question.open = false;
        }
        self.unless_asked();
    }

    /// Replies the same to everybody.
    pub(super) fn reply_all(&mut self, reply: AskReply) {
        for question in &mut self.asking.others {
            (question.reply, question.remind, question.open) = (Some(reply), None, false);
        }
        self.unless_asked();
    }

    /// Reminds of what was put off, and returns what is to be written: what the ticket tells now, where that is different or was written
    /// long ago.
    pub(super) fn settle_questions(&mut self, now: Moment) -> Option<Action> {
        for question in &mut self.asking.others {
            if question.remind.is_some_and(|remind| now.ticks >= remind) {
                (question.remind, question.open) = (None, true);
                self.tidings.insert(Topic::Ask, Tiding::Questions);
            }
        }
        let replied = self.asking.others.iter().filter(|question| question.reply.is_some()).count();
        self.asking.turns.go_on(now.ticks, replied);
        let standing = self.standing();
        let due = self.asking.renew.is_some_and(|renew| now.ticks >= renew);
        if standing == self.asking.standing && !due {
            return None;
        }
        self.asking.renew = (standing != Standing::Out).then(|| now.ticks + RENEW_TICKET);
        self.asking.standing = standing.clone();
        Some(Action::Queue(self.key, standing))
    }

    /// Returns what this client's ticket is to tell.
    fn standing(&self) -> Standing {
        if let Some(mine) = &self.asking.mine {
            return Standing::Asking(mine.ask, mine.note.clone());
        }
        if self.wanted {
            return Standing::Waiting;
        }
        let replies = self.asking.others.iter().filter_map(|question| question.reply.map(|reply| (question.at, reply)));
        let mut replies: Vec<_> = replies.collect();
        let first = self.asking.turns.first.min(replies.len());
        replies.rotate_left(first);
        replies.truncate(MOST_REPLIES);
        if replies.is_empty() { Standing::Out } else { Standing::Replying(replies) }
    }
}
