//! Notifications, over one long-lived connection to whatever owns `org.freedesktop.Notifications`.
//!
//! Hazards: an answer to something else than what was read (the service's numbers start again when it restarts, a late answer names a
//! number that shows another notice by now, and any program on the bus can send the signals), and buttons that nobody hears.
//! So what happens on the bus, answers to our own calls included, is heard in its order on one stream, only from the name's owner, and
//! each showing has action names of its own. A service that hangs is not waited for: it gets one call for each notice, and the next one
//! when it has answered. There is no default action: a click that was to make a notice go away must not answer it.

use super::super::action;
use super::super::{Desk, Hear, Heard, Order, icons};
use super::board::Board;
use super::bus::Ended;
use super::escape;
use super::full_screen::FullScreen;
use crate::agent::shown::{Notice, NoticeKey, Topic};
use futures_util::StreamExt;
use std::collections::{BTreeMap, HashMap};
use std::future::pending;
use std::mem::take;
use std::num::NonZeroU32;
use std::sync::Arc;
use tokio::sync::watch;
use zbus::fdo::{DBusProxy, NameOwnerChanged};
use zbus::message::Type;
use zbus::names::{OwnedUniqueName, UniqueName};
use zbus::zvariant::{OwnedValue, Value};
use zbus::{Connection, MatchRule, Message, MessageStream};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// How many messages may wait while a call is under way: everybody's notices close on the same signal.
const QUEUE: usize = 256;

/// The size of the program's icon on a notice.
const ICON: u16 = 48;

/// Shows and withdraws until the agent has returned, or for as long as there is a bus.
pub(super) async fn run(bus: Connection, desk: &Desk, mut changed: watch::Receiver<()>, hear: &Hear) -> Ended {
    let Ok(mut notifier) = Notifier::new(bus, hear).await else { return Ended::Gone };
    changed.mark_changed();
    loop {
        tokio::select! {
            // What has happened first: an order is given in the knowledge of it.
            biased;
            message = notifier.messages.next() => match message {
                Some(Ok(message)) => notifier.listen(&message).await,
                Some(Err(_)) => {}
                None => {
                    notifier.lose(desk);
                    return Ended::Gone;
                }
            },
            _ = changed.changed() => {
                let (orders, over) = {
                    let mut desk = desk.orders();
                    (take(&mut desk.notices), desk.over)
                };
                for (key, order) in orders {
                    notifier.obey(key, order).await;
                }
                if over {
                    break;
                }
            }
            () = full_screen_ended(&mut notifier.full_screen) => {
                notifier.full_screen = None;
                notifier.release_deferred().await;
            }
        }
    }
    notifier.leave().await;
    Ended::Over
}

/// The service, and what it shows for us.
struct Notifier {
    connection: Connection,
    messages: MessageStream,
    bus: DBusProxy<'static>,
    hear: Hear,
    /// What was said last.
    available: Option<bool>,
    owner: Option<OwnedUniqueName>,
    /// Asked of this owner.
    service: Option<Service>,
    board: Board,
    /// The service must not disturb.
    inhibited: bool,
    /// Somebody works in full screen, as far as that was asked.
    full_screen: Option<FullScreen>,
    /// What is not urgent and waits for the end of both; forgotten when it is withdrawn.
    deferred: BTreeMap<NoticeKey, Notice>,
}

/// Waits for the end of what there may not be.
async fn full_screen_ended(full_screen: &mut Option<FullScreen>) {
    match full_screen {
        Some(full_screen) => full_screen.ended().await,
        None => pending().await,
    }
}

/// What a notification service can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Service {
    /// Draws buttons and tells which was pressed.
    buttons: bool,
    /// Reads markup in the body.
    markup: bool,
}

impl Notifier {
    async fn new(connection: Connection, hear: &Hear) -> zbus::Result<Self> {
        let mut messages = MessageStream::from(&connection);
        messages.set_max_queued(QUEUE);
        let bus = DBusProxy::new(&connection).await?;
        for interface in [NAME, "org.freedesktop.DBus.Properties"] {
            let rule = MatchRule::builder().msg_type(Type::Signal).sender(NAME)?.path(PATH)?.interface(interface)?.build();
            bus.add_match_rule(rule).await?;
        }
        let owners = MatchRule::builder()
            .msg_type(Type::Signal)
            .sender("org.freedesktop.DBus")?
            .interface("org.freedesktop.DBus")?
            .member("NameOwnerChanged")?
            .arg(0, NAME)?;
        bus.add_match_rule(owners.build()).await?;
        let mut notifier = Self {
            connection,
            messages,
            bus,
            hear: Arc::clone(hear),
            available: None,
            owner: None,
            service: None,
            board: Board::default(),
            inhibited: false,
            full_screen: None,
            deferred: BTreeMap::new(),
        };
        let owner = notifier.bus.get_name_owner(NAME.try_into()?).await.ok();
        notifier.serve_under(owner).await;
        Ok(notifier)
    }

    /// Another service has the name, or none: what was shown by the last one is gone.
    async fn serve_under(&mut self, owner: Option<OwnedUniqueName>) {
        self.forget(owner);
        self.inhibited = false;
        if self.owner.is_some() {
            self.ask().await;
            self.release_deferred().await;
        } else {
            // One that the bus starts when it is called is there.
            let startable = self.bus.list_activatable_names().await.unwrap_or_default();
            self.say_available(startable.iter().any(|name| name.as_str() == NAME));
        }
    }

    fn say_available(&mut self, available: bool) {
        if self.available.replace(available) != Some(available) {
            (self.hear)(Heard::Notifier(available));
        }
    }

    /// Asks what the service can do, which starts it if need be.
    async fn ask(&mut self) -> Option<Service> {
        let reply = self.call("GetCapabilities").await;
        let known: Option<Vec<String>> = reply.as_ref().ok().and_then(|reply| reply.body().deserialize().ok());
        self.say_available(known.is_some());
        let known = known?;
        let has = |what: &str| known.iter().any(|known| known == what);
        self.service = Some(Service { buttons: has("actions"), markup: has("body-markup") });
        self.inhibited = self.is_inhibited().await;
        self.service
    }

    /// Plasma has this property; the others answer with an error.
    async fn is_inhibited(&self) -> bool {
        let property = (NAME, "Inhibited");
        let interface = Some("org.freedesktop.DBus.Properties");
        let reply = self.connection.call_method(Some(NAME), PATH, interface, "Get", &property).await;
        reply.ok().and_then(|reply| reply.body().deserialize::<OwnedValue>().ok()?.try_into().ok()).unwrap_or(false)
    }

    /// Calls the service and waits. Whoever answers owns the name, whether or not the bus has told us yet.
    async fn call(&mut self, method: &str) -> zbus::Result<Message> {
        let reply = self.connection.call_method(Some(NAME), PATH, Some(NAME), method, &()).await?;
        let owner = reply.header().sender().map(|sender| OwnedUniqueName::from(sender.to_owned()));
        if owner.is_some() && owner != self.owner {
            self.forget(owner);
        }
        Ok(reply)
    }

    /// Forgets what another service has shown, and could do.
    fn forget(&mut self, owner: Option<OwnedUniqueName>) {
        self.owner = owner;
        self.service = None;
        for key in self.board.clear() {
            (self.hear)(Heard::Dismissed(key));
        }
    }

    /// Calls the service; the answer will be heard under the number that is returned.
    async fn send<B>(&self, method: &str, body: &B) -> zbus::Result<NonZeroU32>
    where
        B: serde::Serialize + zbus::zvariant::DynamicType + Sync,
    {
        let message = Message::method_call(PATH, method)?.destination(NAME)?.interface(NAME)?.build(body)?;
        self.connection.send(&message).await?;
        Ok(message.primary_header().serial_num())
    }

    async fn obey(&mut self, key: NoticeKey, order: Order) {
        self.deferred.remove(&key);
        match self.board.put_off(key, order) {
            Some(Order::Show(notice)) if !notice.urgent && self.must_wait().await => {
                self.close(key).await;
                self.deferred.insert(key, notice);
            }
            Some(Order::Show(notice)) => self.show(notice).await,
            Some(Order::Withdraw) => self.close(key).await,
            None => {}
        }
        if self.deferred.is_empty() {
            self.full_screen = None;
        }
    }

    /// Whether it is no time for what is not urgent.
    async fn must_wait(&mut self) -> bool {
        if !self.inhibited && self.full_screen.is_none() {
            self.full_screen = FullScreen::look().await;
        }
        self.inhibited || self.full_screen.is_some()
    }

    async fn show(&mut self, notice: Notice) {
        let service = match self.service {
            Some(service) => Some(service),
            None => self.ask().await,
        };
        let key = notice.key;
        let sent = match service {
            Some(service) => {
                let serial = self.board.next_serial();
                let call = self.send("Notify", &message(&notice, service, serial, self.board.number(key))).await;
                call.map(|call| self.board.put(call, serial, notice)).is_ok()
            }
            None => false,
        };
        if !sent {
            self.board.remove(key);
            (self.hear)(Heard::Dismissed(key));
        }
    }

    /// The service has answered a call, or the bus in its place.
    async fn settle(&mut self, call: NonZeroU32, number: Option<u32>) {
        let Some((key, order)) = self.board.settle(call, number) else { return };
        match (order, number) {
            (Some(order), _) => self.obey(key, order).await,
            (None, Some(_)) => (self.hear)(Heard::Shown(key)),
            (None, None) => (self.hear)(Heard::Dismissed(key)),
        }
    }

    async fn close(&mut self, key: NoticeKey) {
        if let Some(number) = self.board.remove(key) {
            // Refused when it is gone already; the answer is nobody's.
            drop(self.send("CloseNotification", &number).await);
        }
    }

    async fn release_deferred(&mut self) {
        if !self.inhibited && self.full_screen.is_none() {
            for (key, notice) in take(&mut self.deferred) {
                self.obey(key, Order::Show(notice)).await;
            }
        }
    }

    /// Something was sent to us; only the bus itself and the owner of the name are believed.
    async fn listen(&mut self, message: &Message) {
        if let Some(change) = NameOwnerChanged::from_message(message.clone()) {
            if let (true, Ok(change)) = (comes_from(message, "org.freedesktop.DBus"), change.args()) {
                let (old, new) = (change.old_owner().as_ref(), change.new_owner().as_ref());
                if change.name() == NAME && is_news(self.owner.as_ref(), old, new) {
                    self.serve_under(new.map(|new| OwnedUniqueName::from(new.to_owned()))).await;
                }
            }
            return;
        }
        let header = message.header();
        let by_owner = self.owner.as_ref().is_some_and(|owner| comes_from(message, owner));
        if let Some(call) = header.reply_serial() {
            // An error may also be the bus's own: the service is gone, or was never there.
            let number = message.body().deserialize().ok().filter(|_| header.message_type() == Type::MethodReturn);
            if by_owner || comes_from(message, "org.freedesktop.DBus") {
                self.settle(call, number).await;
            }
            return;
        }
        if !by_owner || header.message_type() != Type::Signal {
            return;
        }
        match header.member().map_or("", |member| member.as_str()) {
            "ActionInvoked" => {
                let wish = message.body().deserialize().ok().and_then(|(number, action)| self.board.answer(number, action));
                if let Some(wish) = wish {
                    (self.hear)(Heard::Wish(wish));
                }
            }
            "NotificationClosed" => {
                let key = message.body().deserialize().ok().and_then(|(number, _): (u32, u32)| self.board.closed(number));
                if let Some(key) = key {
                    (self.hear)(Heard::Dismissed(key));
                }
            }
            "PropertiesChanged" => {
                self.inhibited = self.is_inhibited().await;
                self.release_deferred().await;
            }
            _ => {}
        }
    }

    /// The bus is gone, and with it what was shown; what was not shown yet waits on the desk for the next one.
    fn lose(mut self, desk: &Desk) {
        self.forget(None);
        for key in self.board.unanswered() {
            (self.hear)(Heard::Dismissed(key));
        }
        let mut orders = desk.orders();
        for (key, notice) in self.deferred {
            orders.notices.entry(key).or_insert(Order::Show(notice));
        }
    }

    /// Takes back what asks for an answer, which nobody will hear any more.
    async fn leave(&mut self) {
        for key in self.board.asking() {
            self.obey(key, Order::Withdraw).await;
        }
        while self.board.unanswered().next().is_some() {
            let Some(Ok(message)) = self.messages.next().await else { return };
            self.listen(&message).await;
        }
    }
}

fn comes_from(message: &Message, name: &str) -> bool {
    message.header().sender().is_some_and(|sender| sender.as_str() == name)
}

/// Whether a change of owners says something that no answer has told us yet.
fn is_news(known: Option<&OwnedUniqueName>, old: Option<&UniqueName<'_>>, new: Option<&UniqueName<'_>>) -> bool {
    let known = known.map(|known| &**known);
    new != known && (known.is_none() || old == known)
}

/// The arguments of `Notify`.
type NotifyCall<'a> = (&'a str, u32, &'a str, &'a str, String, Vec<String>, HashMap<&'static str, Value<'static>>, i32);

fn message(notice: &Notice, service: Service, serial: u64, replaces: u32) -> NotifyCall<'_> {
    let body = if service.markup { escape(&notice.body) } else { notice.body.clone() };
    let mut actions = Vec::new();
    if service.buttons {
        for (place, (text, _)) in notice.buttons.iter().enumerate() {
            actions.extend([action(serial, place), text.clone()]);
        }
    }
    // Neither transient nor resident: it stays in the service's list until it is withdrawn, and goes when it is answered.
    let mut hints: HashMap<&'static str, Value<'static>> = HashMap::from([
        ("urgency", Value::from(if notice.urgent { 2_u8 } else { 1_u8 })),
        ("category", Value::from(category(notice.key.1))),
        ("desktop-entry", Value::from("sharelock")),
    ]);
    if let Some(icon) = icons::program().into_iter().find(|frame| frame.side == ICON) {
        let side = i32::from(icon.side);
        // Width, height, bytes a row, has alpha, bits a colour, colours, pixels.
        hints.insert("image-data", Value::from((side, side, side * 4, true, 8_i32, 4_i32, icon.rgba)));
    }
    let expires = if notice.urgent { 0 } else { -1 };
    ("Sharelock", replaces, "", notice.title.as_str(), body, actions, hints, expires)
}

const fn category(topic: Topic) -> &'static str {
    match topic {
        Topic::Free => "x-sharelock.free",
        Topic::Hold => "x-sharelock.hold",
        Topic::Share => "x-sharelock.share",
        Topic::Ask => "x-sharelock.ask",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::shown::{Key, Wish};

    fn name(name: &str) -> OwnedUniqueName {
        OwnedUniqueName::try_from(name).unwrap()
    }

    #[test]
    fn owners_that_went_before_the_known_one_are_no_news() {
        let (a, b) = (name(":1.1"), name(":1.2"));
        let change = |known: Option<&OwnedUniqueName>, old: Option<&OwnedUniqueName>, new: Option<&OwnedUniqueName>| {
            is_news(known, old.map(|old| &**old), new.map(|new| &**new))
        };
        assert!(change(None, None, Some(&a)));
        assert!(change(Some(&a), Some(&a), None));
        assert!(change(Some(&a), Some(&a), Some(&b)));
        // The answer of b came before the news of how it got the name.
        assert!(!change(Some(&b), Some(&a), None));
        assert!(!change(Some(&b), None, Some(&b)));
    }

    #[test]
    fn message_promises_only_what_the_service_can_do() {
        let notice = Notice {
            key: NoticeKey(Key(1), Topic::Free),
            title: "R&D is free".to_owned(),
            body: "<b>R&D</b>".to_owned(),
            buttons: vec![("Open".to_owned(), Wish::Open(Key(1))), ("Not now".to_owned(), Wish::ForgetMe(Key(1)))],
            urgent: false,
        };
        let (_, replaces, _, title, body, actions, hints, expires) =
            message(&notice, Service { buttons: true, markup: true }, 7, 5);
        assert_eq!((replaces, title, body.as_str(), expires), (5, "R&D is free", "&lt;b&gt;R&amp;D&lt;/b&gt;", -1));
        assert_eq!(actions, ["7.0", "Open", "7.1", "Not now"]);
        assert_eq!(hints["urgency"], Value::from(1_u8));
        assert!(hints.contains_key("image-data"));
        let plain = message(&notice, Service { buttons: false, markup: false }, 7, 0);
        assert_eq!((plain.4.as_str(), plain.5.len()), ("<b>R&D</b>", 0));
        let urgent = Notice { urgent: true, ..notice };
        let urgent = message(&urgent, Service { buttons: true, markup: true }, 8, 0);
        assert_eq!((&urgent.6["urgency"], urgent.7), (&Value::from(2_u8), 0));
    }
}
