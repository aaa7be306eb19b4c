//! Windows: notifications as toasts, under the identity that a shortcut in the Start menu or the registry gives this program.
//!
//! Hazards: a service that hangs must not keep the icon from being drawn, so it is asked on a thread of its own, which takes the latest
//! orders from the desk; and an answer that is not what was read: answers come from the very toast that was handed to Windows, and count
//! by the number of its showing (`toast.rs`). There may be no such service (Wine, some server editions), or its user may have turned it
//! off: that is said, and every notice is gone at once. Nobody has seen this on a real Windows yet (docs/PLATFORMS.md).

use super::super::toast::{Board, tag, xml};
use super::super::{Desk, Hear, Heard, Order};
use crate::agent::shown::{Notice, NoticeKey};
use crate::platform::app_identity;
use std::collections::BTreeMap;
use std::mem::take;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use windows::Data::Xml::Dom::XmlDocument;
use windows::Foundation::TypedEventHandler;
use windows::UI::Notifications::{
    NotificationSetting, ToastActivatedEventArgs, ToastDismissalReason, ToastDismissedEventArgs, ToastFailedEventArgs,
    ToastNotification, ToastNotificationHistory, ToastNotificationManager, ToastNotificationPriority, ToastNotifier,
};
use windows::core::{HSTRING, IInspectable, Interface, Ref, Result};

/// One group for all of them.
const GROUP: &str = "sharelock";
/// How long the service has for the last withdrawals when the agent ends.
const LEAVING: Duration = Duration::from_secs(2);

/// Waits for the end of the thread when dropped, but not for ever.
pub(super) struct Notices(Receiver<()>);

impl Drop for Notices {
    fn drop(&mut self) {
        let _ended = self.0.recv_timeout(LEAVING);
    }
}

/// Shows and withdraws until the agent has returned.
pub(super) fn begin(desk: &Arc<Desk>, rung: &Arc<Condvar>, hear: &Hear) -> Option<Notices> {
    let (desk, rung, hear) = (Arc::clone(desk), Arc::clone(rung), Arc::clone(hear));
    let (ends, ended) = channel();
    let run = move || {
        let mut notifier = Notifier::connect(hear);
        loop {
            let (orders, over) = {
                let waited = rung.wait_while(desk.orders(), |orders| orders.notices.is_empty() && !orders.over);
                let mut orders = waited.unwrap_or_else(PoisonError::into_inner);
                (take(&mut orders.notices), orders.over)
            };
            for (key, order) in orders {
                notifier.obey(key, order);
            }
            if over {
                break;
            }
        }
        notifier.leave();
        drop(ends);
    };
    thread::Builder::new().name("notices".to_owned()).spawn(run).ok().map(|_| Notices(ended))
}

/// The service, and what it shows for us.
struct Notifier {
    hear: Hear,
    service: Option<ToastNotifier>,
    /// What was said last.
    available: Option<bool>,
    board: Arc<Mutex<Board>>,
    /// Kept, since answers come through them.
    toasts: BTreeMap<NoticeKey, ToastNotification>,
}

impl Notifier {
    fn connect(hear: Hear) -> Self {
        let service = ToastNotificationManager::CreateToastNotifierWithId(&HSTRING::from(app_identity::ID)).ok();
        let mut notifier = Self { hear, service, available: None, board: Arc::default(), toasts: BTreeMap::new() };
        notifier.look();
        if notifier.service.is_some() {
            // What an agent that was ended by force has left: nobody hears its buttons.
            history(|history| history.ClearWithId(&HSTRING::from(app_identity::ID)));
        }
        notifier
    }

    /// Says whether there is a service that shows anything.
    fn look(&mut self) -> bool {
        // It does not know us before our first toast, and says that as an error.
        let shows = |service: &ToastNotifier| service.Setting().map_or(true, |setting| setting == NotificationSetting::Enabled);
        let available = self.service.as_ref().is_some_and(shows);
        if self.available.replace(available) != Some(available) {
            (self.hear)(Heard::Notifier(available));
        }
        available
    }

    fn obey(&mut self, key: NoticeKey, order: Order) {
        match order {
            Order::Show(notice) => {
                if self.look() && self.show(&notice).is_ok() {
                    (self.hear)(Heard::Shown(key));
                } else {
                    lock(&self.board).remove(key);
                    (self.hear)(Heard::Dismissed(key));
                }
            }
            Order::Withdraw => self.withdraw(key),
        }
    }

    fn show(&mut self, notice: &Notice) -> Result<()> {
        let Some(service) = &self.service else { return Ok(()) };
        let serial = lock(&self.board).put(notice);
        let document = XmlDocument::new()?;
        document.LoadXml(&HSTRING::from(xml(notice, serial)))?;
        let toast = ToastNotification::CreateToastNotification(&document)?;
        toast.SetTag(&HSTRING::from(tag(notice.key)))?;
        toast.SetGroup(&HSTRING::from(GROUP))?;
        // Later versions of Windows 10 know these two; what is not known is not asked for.
        drop(toast.SetExpiresOnReboot(true));
        if notice.urgent {
            drop(toast.SetPriority(ToastNotificationPriority::High));
        }
        self.listen(&toast, serial)?;
        service.Show(&toast)?;
        self.toasts.insert(notice.key, toast);
        Ok(())
    }

    /// Hears what becomes of one showing, on threads of the system's.
    fn listen(&self, toast: &ToastNotification, serial: u64) -> Result<()> {
        let (board, hear) = (Arc::clone(&self.board), Arc::clone(&self.hear));
        toast.Activated(&TypedEventHandler::new(move |_, arguments: Ref<'_, IInspectable>| {
            let pressed = arguments.ok()?.cast::<ToastActivatedEventArgs>()?.Arguments()?.to_string();
            // Not in the match: the board must be free again when this is heard.
            let answer = lock(&board).pressed(serial, &pressed);
            match answer {
                Some(Ok(wish)) => hear(Heard::Wish(wish)),
                Some(Err(key)) => hear(Heard::Dismissed(key)),
                None => {}
            }
            Ok(())
        }))?;
        let (board, hear) = (Arc::clone(&self.board), Arc::clone(&self.hear));
        toast.Dismissed(&TypedEventHandler::new(move |_, arguments: Ref<'_, ToastDismissedEventArgs>| {
            // One whose time on the screen is over lies among the notifications of the day, and can be answered there.
            if arguments.ok()?.Reason()? != ToastDismissalReason::TimedOut {
                gone(&board, &hear, serial);
            }
            Ok(())
        }))?;
        let (board, hear) = (Arc::clone(&self.board), Arc::clone(&self.hear));
        toast.Failed(&TypedEventHandler::new(move |_, _: Ref<'_, ToastFailedEventArgs>| {
            gone(&board, &hear, serial);
            Ok(())
        }))?;
        Ok(())
    }

    fn withdraw(&mut self, key: NoticeKey) {
        self.toasts.remove(&key);
        if lock(&self.board).remove(key) {
            let (tag, group, id) = (HSTRING::from(tag(key)), HSTRING::from(GROUP), HSTRING::from(app_identity::ID));
            history(|history| history.RemoveGroupedTagWithId(&tag, &group, &id));
        }
    }

    /// Takes back what asks for an answer, which nobody will hear any more.
    fn leave(&mut self) {
        let asking = lock(&self.board).asking();
        for key in asking {
            self.withdraw(key);
        }
    }
}

/// The toast of this showing is gone without an answer.
fn gone(board: &Mutex<Board>, hear: &Hear, serial: u64) {
    // The board must be free again when this is heard.
    let key = lock(board).dismissed(serial);
    if let Some(key) = key {
        hear(Heard::Dismissed(key));
    }
}

fn lock(board: &Mutex<Board>) -> MutexGuard<'_, Board> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Changes what lies among the notifications of the day. What is not there any more is as good as removed.
fn history(change: impl FnOnce(&ToastNotificationHistory) -> Result<()>) {
    drop(ToastNotificationManager::History().and_then(|history| change(&history)));
}
