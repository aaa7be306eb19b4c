//! Under which lease a program works: one that was taken for it, or one that this user's agent has and lends.
//!
//! The hazard is an agent that ends while its lease is lent: nobody is let in as long as the program lives, since the record names it; so
//! the `run` takes the lease over itself, and only then is it as safe as before against other computers.

use super::agent::absolute;
use super::attention::{Attention, Happening};
use super::exit::Exit;
use super::language::language;
use super::take::give_back;
use super::terminal::say;
use crate::config::Target;
use crate::i18n::agent::{In, Said};
use crate::i18n::{About, Talk};
use crate::ipc::{self, Answer, Borrower, Loan, Refusal, Request};
use crate::lease::codec::parse_nonce;
use crate::lease::record::{Nonce, ProcessId, Token};
use crate::lease::wire::Loss;
use crate::lease::{Belief, State};
use crate::platform::process::{self, ProcessFacts};
use crate::session::{Acquire, AcquireError, Database, Guard, News, PATIENCE, Wait};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long somebody waits who waits for ever.
const FOR_EVER: Duration = Duration::from_secs(u32::MAX as u64);
/// How much longer than the lease's own time-outs an answer of the agent may take.
const SOON: Duration = Duration::from_secs(5);

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
    /// Hears of the agent; ends once it has ended or the loan is over, and has then taken over what it could.
    ear: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    /// The lease that was taken over when the agent had ended.
    own: Mutex<Option<Guard>>,
    /// It is lost, or was taken back.
    lost: AtomicBool,
    /// The program has ended.
    over: AtomicBool,
}

/// Borrows the lease from the agent, if that has it; `None` when it has not. An error is that another program works under it.
pub(super) fn borrow(
    target: &Target,
    opened: &Arc<Database>,
    program: &str,
    wait: Wait,
    attention: &Attention,
) -> Option<Result<Cover, Exit>> {
    let patience = match wait {
        Wait::Never => Duration::ZERO,
        Wait::For(limit) => limit,
        Wait::Forever => FOR_EVER,
    };
    let borrower = Borrower { path: absolute(&target.path), process: process::me(), program: program.to_owned() };
    match ipc::ask(&Request::Borrow(borrower, patience), patience.saturating_add(SOON)).ok()? {
        Answer::Lent(loan) => {
            let mark = parse_nonce(&loan.mark)?;
            let mut lent = Lent { loan, mark, opened: Arc::clone(opened), shared: Arc::default(), ear: None };
            attention.pass_on(opened);
            lent.ear = lent.listen(attention);
            Some(Ok(Cover::Lent(lent)))
        }
        Answer::Refused(Refusal::Taken(_)) => {
            say(In(&Said::LentAlready(opened.name().to_owned()), language()));
            Some(Err(Exit::Held))
        }
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
                let asked = ipc::ask(&Request::Programs(lent.loan.id, programs), patience.max(SOON));
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
    fn listen(&self, attention: &Attention) -> Option<JoinHandle<()>> {
        let (sender, shared, opened) = (attention.sender(), Arc::clone(&self.shared), Arc::clone(&self.opened));
        let (id, mark) = (self.loan.id, self.mark);
        let ear = move || {
            let (mut answered, mut lost) = (false, false);
            let tell = |news: News| drop(sender.send(Happening::News(news)));
            let heard = ipc::follow(&Request::Follow(id), |answer| match answer {
                Answer::News(told) => {
                    let news = News::from(told);
                    lost |= matches!(news, News::Lost(_));
                    tell(news);
                }
                Answer::TakenBack => {
                    answered = true;
                    if !lost {
                        drop(sender.send(Happening::TakenBack));
                    }
                    lost = true;
                }
                _ => answered = true,
            });
            shared.lost.store(lost, Ordering::Release);
            let agent_ended = heard.is_err() || !answered;
            if agent_ended && !lost && !shared.over.load(Ordering::Acquire) {
                take_over(&opened, mark, &shared, &sender);
            }
        };
        // Without a thread nothing is heard; the record still names the program.
        std::thread::Builder::new().name("sharelock-lent".into()).spawn(ear).ok()
    }

    fn end(mut self, opened: &Database) -> Result<(), Exit> {
        self.shared.over.store(true, Ordering::Release);
        let returned = self.own().is_none() && ipc::ask(&Request::Return(self.loan.id), SOON).is_ok();
        if returned {
            return Ok(());
        }
        if let Some(ear) = self.ear.take() {
            // It is about to have taken the lease over, or not to.
            drop(ear.join());
        }
        let own = self.own().take();
        own.map_or(Ok(()), |guard| give_back(opened, guard))
    }
}

/// The agent has ended: its lease becomes this process's own, which nobody else can be faster at as long as the program lives.
fn take_over(opened: &Database, mark: Nonce, shared: &Shared, sender: &std::sync::mpsc::Sender<Happening>) {
    let acquired = opened.acquire(Acquire::default().wait(opened.timing().fence).adopt(mark));
    let happening = match acquired {
        Ok(guard) => {
            let token = guard.token();
            *shared.own.lock().unwrap_or_else(PoisonError::into_inner) = Some(guard);
            Happening::TakenOver(token)
        }
        Err(error) => {
            shared.lost.store(true, Ordering::Release);
            let holder = match error {
                AcquireError::Taken(status) | AcquireError::Newer(status) => status.holder,
                _ => None,
            };
            Happening::News(News::Lost(Loss::TakenOver(holder)))
        }
    };
    drop(sender.send(happening));
}

/// The store, by which a nested run recognises the database.
pub(super) const STORE: &str = "SHARELOCK_STORE";
/// The mark by which programs that work under the lease are found, also after this process has gone.
pub(super) const NONCE: &str = "SHARELOCK_NONCE";

/// Returns whether this process already runs under the lease of this database: a nested run must not wait for its own parent.
pub(super) fn is_outer(opened: &Database) -> bool {
    let in_store = |store: &Path| std::env::var_os(STORE).as_deref() == Some(store.as_os_str());
    if !in_store(opened.store()) {
        return false;
    }
    let Some(mark) = std::env::var(NONCE).ok().and_then(|text| parse_nonce(&text)) else { return false };
    let status = opened.look(PATIENCE).status;
    matches!(status.state, State::Held | State::Mine) && status.mark == Some(mark)
}

/// Says that the lease could not be kept until the program began.
pub(super) fn lost_before_start(cover: &Cover, opened: &Database, program: String) -> Exit {
    say(About(opened.name(), &Talk::LostBeforeStart(program), language()));
    if cover.is_lost() { Exit::Held } else { Exit::Unreachable }
}
