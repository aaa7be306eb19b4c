//! Under which lease a program works: one that was taken for it, or one that this user's agent has and lends.
//!
//! The hazard is an agent that ends while its lease is lent: nobody is let in as long as the program lives, since the record names it; so
//! the `run` takes the lease over itself, and only then is it as safe as before against other computers.

use super::agent::absolute;
use super::attention::{Attention, Happening};
use super::exit::Exit;
use super::language::language;
use super::open::{now, pause};
use super::take::give_back;
use super::terminal::say;
use crate::config::Target;
use crate::i18n::agent::{In, Said};
use crate::i18n::{About, Talk};
use crate::ipc::{self, Answer, Borrower, Loan, Refusal, Request, Unanswered};
use crate::lease::codec::parse_nonce;
use crate::lease::record::{Nonce, ProcessId, Token};
use crate::lease::wire::{Doubt, Loss};
use crate::lease::{Belief, State};
use crate::platform::guard::{MARK, STORE};
use crate::platform::process::{self, ProcessFacts};
use crate::session::{Acquire, AcquireError, Database, Guard, News, PATIENCE, Wait};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long somebody waits who waits for ever.
const FOR_EVER: Duration = Duration::from_secs(u32::MAX as u64);
/// How often it is tried again to take a lease over.
const AGAIN: Duration = Duration::from_secs(1);
/// How much longer than the lease's own time-outs an answer of the agent may take.
const LEEWAY: Duration = Duration::from_secs(5);

/// The lease under which a program works.
pub(super) enum Cover {
    /// It is this process's own.
    Own(Guard),
    /// It is the agent's.
    Lent(Lent),
    /// It is that of the `run` around this one.
    Outer,
}

/// A lease that the agent has.
pub(super) struct Lent {
    loan: Loan,
    mark: Nonce,
    opened: Arc<Database>,
    shared: Arc<Shared>,
    /// Ends once the loan is over, or the agent has ended and what it had was taken over or not.
    ear: Option<Receiver<()>>,
}

#[derive(Default)]
struct Shared {
    /// The lease that was taken over when the agent had ended.
    own: Mutex<Option<Guard>>,
    /// It is lost, or was taken back.
    lost: AtomicBool,
    /// The agent has ended, and its lease is being taken over.
    taking: AtomicBool,
    /// The program has ended.
    over: AtomicBool,
}

/// Borrows the lease from the agent, if that has it, and waits as long for another program that works under it; `None` when the agent
/// does not have it. An error is that the other one still works.
pub(super) fn borrow(
    target: &Target,
    opened: &Arc<Database>,
    program: &str,
    wait: Wait,
    attention: &Attention,
) -> Option<Result<Cover, Exit>> {
    let borrower = Borrower { path: absolute(&target.path), process: process::me(), program: program.to_owned() };
    let ask = |wait: Duration| ipc::ask(&Request::Borrow(borrower.clone(), wait), wait.saturating_add(LEEWAY)).ok();
    let patience = match wait {
        Wait::Never => Duration::ZERO,
        Wait::For(limit) => limit,
        Wait::Forever => FOR_EVER,
    };
    // An agent that does not answer is not waited for.
    let mut answer = ask(Duration::ZERO)?;
    let is_busy = |answer: &Answer| matches!(answer, Answer::Refused(Refusal::Taken(_)));
    if is_busy(&answer) {
        say(In(&Said::LentAlready(opened.name().to_owned()), language()));
        if !patience.is_zero() {
            say(About(opened.name(), &Talk::Waiting, language()));
            answer = ask(patience)?;
        }
    }
    match answer {
        Answer::Lent(loan) => {
            let mark = parse_nonce(&loan.mark)?;
            let mut lent = Lent { loan, mark, opened: Arc::clone(opened), shared: Arc::default(), ear: None };
            attention.pass_on(opened);
            lent.ear = lent.listen(attention);
            Some(Ok(Cover::Lent(lent)))
        }
        answer if is_busy(&answer) => Some(Err(Exit::Held)),
        _ => None,
    }
}

impl Cover {
    /// Returns the fencing token.
    pub(super) fn token(&self) -> Option<Token> {
        match self {
            Self::Own(guard) => Some(guard.token()),
            Self::Lent(lent) => Some(lent.loan.token),
            Self::Outer => None,
        }
    }

    /// Returns what the program must carry in its environment.
    pub(super) fn mark(&self) -> Option<Nonce> {
        match self {
            Self::Own(guard) => Some(guard.mark()),
            Self::Lent(lent) => Some(lent.mark),
            Self::Outer => None,
        }
    }

    /// Has the record name these programs, and waits for that as long. Returns whether it does.
    pub(super) fn name(&self, programs: Vec<ProcessFacts>, patience: Duration) -> bool {
        let ids = |programs: Vec<ProcessFacts>| programs.into_iter().map(ProcessId::from).collect();
        match self {
            Self::Own(guard) => guard.programs().name(ids(programs), patience),
            Self::Lent(lent) => {
                let own = lent.own();
                if let Some(guard) = &*own {
                    return guard.programs().name(ids(programs), patience);
                }
                drop(own);
                let asked = ipc::ask(&Request::Programs(lent.loan.id, programs), patience.max(LEEWAY));
                matches!(asked, Ok(Answer::Done))
            }
            Self::Outer => true,
        }
    }

    /// Returns whether the lease is lost for good.
    pub(super) fn is_lost(&self) -> bool {
        match self {
            Self::Own(guard) => matches!(guard.belief(), Belief::None),
            Self::Lent(lent) => lent.shared.lost.load(Ordering::Acquire),
            Self::Outer => false,
        }
    }

    /// Returns whether the program may begin.
    pub(super) fn is_held(&self) -> bool {
        match self {
            Self::Own(guard) => matches!(guard.belief(), Belief::Holding(..)),
            // The agent named the program in a renewal a moment ago.
            Self::Lent(_) => !self.is_lost(),
            Self::Outer => true,
        }
    }

    /// The program has ended: gives the lease back to whoever it came from, and says so when that did not work.
    pub(super) fn end(self, opened: &Database) {
        if self.is_lost() {
            // Said already: there is nothing to give back.
            return;
        }
        let _said = match self {
            Self::Own(guard) => give_back(opened, guard),
            Self::Lent(lent) => lent.end(opened),
            Self::Outer => Ok(()),
        };
    }
}

impl Lent {
    fn own(&self) -> std::sync::MutexGuard<'_, Option<Guard>> {
        self.shared.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears what happens to the lease, and takes it over should the agent end.
    fn listen(&self, attention: &Attention) -> Option<Receiver<()>> {
        let ear = Ear {
            id: self.loan.id,
            mark: self.mark,
            token: self.loan.token,
            opened: Arc::clone(&self.opened),
            shared: Arc::clone(&self.shared),
            sender: attention.sender(),
        };
        let (done, ended) = channel();
        let hear = move || {
            ear.hear();
            drop(done);
        };
        // Without a thread nothing is heard; the record still names the program.
        std::thread::Builder::new().name("sharelock-lent".into()).spawn(hear).ok()?;
        Some(ended)
    }

    fn end(mut self, opened: &Database) -> Result<(), Exit> {
        self.shared.over.store(true, Ordering::Release);
        let returned = self.own().is_none() && matches!(ipc::ask(&Request::Return(self.loan.id), LEEWAY), Ok(Answer::Done));
        if returned {
            return Ok(());
        }
        if let Some(ear) = self.ear.take().filter(|_| self.shared.taking.load(Ordering::Acquire)) {
            // It is about to have taken the lease over, or not to.
            let _over = ear.recv_timeout(PATIENCE + LEEWAY);
        }
        let own = self.own().take();
        own.map_or(Ok(()), |guard| give_back(opened, guard))
    }
}

/// What hears of the agent as long as the loan lasts.
struct Ear {
    id: u64,
    mark: Nonce,
    /// That of the agent's lease.
    token: Token,
    opened: Arc<Database>,
    shared: Arc<Shared>,
    sender: Sender<Happening>,
}

/// How a conversation about a loan ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// The agent does not follow it any more.
    Silent,
    /// The loan is over.
    Over,
    /// The lease is.
    Lost,
    /// This is another agent, which knows nothing of it.
    Stranger,
}

impl Ear {
    fn hear(mut self) {
        loop {
            let mut end = End::Silent;
            let heard = ipc::follow(&Request::Follow(self.id), |answer| {
                end = self.take_in(answer, end);
                true
            });
            match (heard, end) {
                (_, End::Over) => return,
                (_, End::Lost) => return self.shared.lost.store(true, Ordering::Release),
                (Err(_), End::Silent) | (_, End::Stranger) => break,
                (Ok(()), End::Silent) => {
                    if matches!(ipc::ask(&Request::Status, LEEWAY), Err(Unanswered::NoAgent)) {
                        break;
                    }
                    // Too busy to be followed.
                    pause(AGAIN);
                }
            }
        }
        self.take_over();
    }

    /// Takes in what the agent says; returns how it stands then, after how it stood before.
    fn take_in(&mut self, answer: Answer, before: End) -> End {
        match answer {
            Answer::News(told) => {
                let news = News::from(told);
                let end = if matches!(news, News::Lost(_)) { End::Lost } else { End::Silent };
                if let News::Recovered(token) = news {
                    self.token = token;
                }
                drop(self.sender.send(Happening::News(news)));
                end
            }
            Answer::TakenBack => {
                // After a loss it is only put away.
                if before != End::Lost {
                    drop(self.sender.send(Happening::TakenBack));
                }
                End::Lost
            }
            Answer::Done => End::Over,
            Answer::NotHeld => End::Stranger,
            _ => End::Silent,
        }
    }

    /// The agent has ended: its lease becomes this process's own, which nobody else can be faster at as long as the program lives, except
    /// somebody who answers for it as well: an agent that was started since.
    fn take_over(&self) {
        self.shared.taking.store(true, Ordering::Release);
        let mut doubted = false;
        let began = now().ticks;
        while !self.shared.over.load(Ordering::Acquire) {
            match self.opened.acquire(Acquire::default().wait(AGAIN).adopt(self.mark)) {
                Ok(guard) => {
                    let token = guard.token();
                    *self.shared.own.lock().unwrap_or_else(PoisonError::into_inner) = Some(guard);
                    return drop(self.sender.send(Happening::TakenOver(token)));
                }
                Err(AcquireError::Taken(status)) if status.mark == Some(self.mark) => {
                    if status.token.is_some_and(|token| token > self.token) && !status.orphaned {
                        return;
                    }
                }
                Err(AcquireError::Taken(status) | AcquireError::Newer(status)) => {
                    self.shared.lost.store(true, Ordering::Release);
                    return drop(self.sender.send(Happening::News(News::Lost(Loss::TakenOver(status.holder)))));
                }
                // The share does not answer, for instance: the record names the program as long as it lives.
                Err(_) => pause(AGAIN),
            }
            if !doubted && now().ticks.since(began) >= self.opened.timing().fence {
                doubted = true;
                drop(self.sender.send(Happening::News(News::Unsure(Doubt::Fence))));
            }
        }
    }
}

/// Returns whether this process already runs under the lease of this database: a nested run must not wait for its own parent.
pub(super) fn is_outer(opened: &Database) -> bool {
    if std::env::var_os(STORE).as_deref() != Some(opened.store().as_os_str()) {
        return false;
    }
    let Some(mark) = std::env::var(MARK).ok().and_then(|text| parse_nonce(&text)) else { return false };
    let status = opened.look(PATIENCE).status;
    // Also between the end of an agent that had it and the taking over by the `run` around this one.
    matches!(status.state, State::Held | State::Mine | State::Stale) && status.mark == Some(mark)
}

/// Says that the lease could not be kept until the program began.
pub(super) fn lost_before_start(cover: &Cover, opened: &Database, program: String) -> Exit {
    say(About(opened.name(), &Talk::LostBeforeStart(program), language()));
    if cover.is_lost() { Exit::Held } else { Exit::Unreachable }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipc::Told;
    use crate::session::Options;

    #[test]
    fn a_lease_that_was_lost_is_not_told_to_be_taken_back_as_well() {
        let folder = tempfile::tempdir().unwrap();
        let opened = Options::default().memory(folder.path()).open(folder.path().join("wems.db")).unwrap();
        let (sender, told) = channel();
        let mut ear = Ear { id: 1, mark: Nonce(1), token: Token(1), opened: Arc::new(opened), shared: Arc::default(), sender };
        assert!(ear.take_in(Answer::TakenBack, End::Silent) == End::Lost);
        assert!(matches!(told.try_recv(), Ok(Happening::TakenBack)));
        assert!(ear.take_in(Answer::News(Told::LostRecord), End::Silent) == End::Lost);
        assert!(matches!(told.try_recv(), Ok(Happening::News(News::Lost(_)))));
        assert!(ear.take_in(Answer::TakenBack, End::Lost) == End::Lost);
        assert!(told.try_recv().is_err());
    }
}
