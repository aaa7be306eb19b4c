//! Notifications, over one long-lived connection to whatever owns `org.freedesktop.Notifications`.
//!
//! Hazards: an answer to something else than what was read (the service's numbers start again when it restarts, a late answer names a
//! number that shows another notice by now, and any program on the bus can send the signals), and buttons that nobody hears.
//! So what happens on the bus is heard in its order on one stream, only from the name's owner, and each showing has action names of
//! its own. There is no default action: a click that was to make a notice go away must not answer it.

use super::super::{Desk, Hear, Heard, icons};
use super::{PATIENCE, escape};
use crate::agent::shown::{Notice, NoticeKey, Topic, Wish};
use futures_util::StreamExt;
use std::collections::{BTreeMap, HashMap};
use std::mem::take;
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
pub(super) async fn run(desk: Arc<Desk>, mut changed: watch::Receiver<()>, hear: Hear) {
    let Ok(mut notifier) = Notifier::connect(&hear).await else {
        return hear(Heard::Notifier(false));
    };
    changed.mark_changed();
    loop {
        tokio::select! {
            // What has happened first: an order is given in the knowledge of it.
            biased;
            message = notifier.messages.next() => match message {
                Some(Ok(message)) => notifier.listen(&message).await,
                Some(Err(_)) => {}
                None => {
                    // The bus is gone, and with it the panel.
                    hear(Heard::Tray(false));
                    return hear(Heard::Notifier(false));
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
        }
    }
    notifier.leave().await;
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
    /// Do not disturb: what is not urgent waits here, and is forgotten when it is withdrawn.
    inhibited: bool,
    deferred: BTreeMap<NoticeKey, Notice>,
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
    async fn connect(hear: &Hear) -> zbus::Result<Self> {
        let connection = zbus::connection::Builder::session()?.method_timeout(PATIENCE).build().await?;
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
        let reply = self.call("GetCapabilities", &()).await;
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

    /// Calls the service. Whoever answers owns the name, whether or not the bus has told us yet.
    async fn call<B>(&mut self, method: &str, body: &B) -> zbus::Result<Message>
    where
        B: serde::Serialize + zbus::zvariant::DynamicType + Sync,
    {
        let reply = self.connection.call_method(Some(NAME), PATH, Some(NAME), method, body).await?;
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

    async fn obey(&mut self, key: NoticeKey, order: Option<Notice>) {
        self.deferred.remove(&key);
        match order {
            Some(notice) if self.inhibited && !notice.urgent => {
                self.close(key).await;
                self.deferred.insert(key, notice);
            }
            Some(notice) => self.show(notice).await,
            None => self.close(key).await,
        }
    }

    async fn show(&mut self, notice: Notice) {
        let service = match self.service {
            Some(service) => Some(service),
            None => self.ask().await,
        };
        let key = notice.key;
        let shown = match service {
            Some(service) => {
                let serial = self.board.next_serial();
                let replaces = self.board.number(key);
                let reply = self.call("Notify", &message(&notice, service, serial, replaces)).await;
                let number = reply.ok().and_then(|reply| reply.body().deserialize().ok());
                number.map(|number| self.board.put(number, serial, notice))
            }
            None => None,
        };
        if shown.is_none() {
            self.board.remove(key);
            (self.hear)(Heard::Dismissed(key));
        }
    }

    async fn close(&mut self, key: NoticeKey) {
        if let Some(number) = self.board.remove(key) {
            // Refused when it is gone already.
            drop(self.call("CloseNotification", &number).await);
        }
    }

    async fn release_deferred(&mut self) {
        if !self.inhibited {
            for notice in take(&mut self.deferred).into_values() {
                self.show(notice).await;
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
        if message.message_type() != Type::Signal || !self.owner.as_ref().is_some_and(|owner| comes_from(message, owner)) {
            return;
        }
        let header = message.header();
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

    /// Takes back what asks for an answer, which nobody will hear any more.
    async fn leave(&mut self) {
        for key in self.board.asking() {
            self.close(key).await;
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

fn action(serial: u64, place: usize) -> String {
    format!("{serial}.{place}")
}

const fn category(topic: Topic) -> &'static str {
    match topic {
        Topic::Free => "x-sharelock.free",
        Topic::Hold => "x-sharelock.hold",
        Topic::Share => "x-sharelock.share",
        Topic::Ask => "x-sharelock.ask",
    }
}

/// What the service shows for us, under its numbers.
#[derive(Debug, Default)]
struct Board {
    cards: BTreeMap<NoticeKey, Card>,
    /// Counts showings, and is never set back.
    serial: u64,
}

#[derive(Debug)]
struct Card {
    number: u32,
    serial: u64,
    notice: Notice,
}

impl Board {
    fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Returns the number to replace; zero means none.
    fn number(&self, key: NoticeKey) -> u32 {
        self.cards.get(&key).map_or(0, |card| card.number)
    }

    fn put(&mut self, number: u32, serial: u64, notice: Notice) {
        self.cards.insert(notice.key, Card { number, serial, notice });
    }

    fn remove(&mut self, key: NoticeKey) -> Option<u32> {
        self.cards.remove(&key).map(|card| card.number)
    }

    /// Takes what was asked for by a button of what is shown now; the notice is answered, and goes.
    fn answer(&mut self, number: u32, pressed: &str) -> Option<Wish> {
        let card = self.cards.values().find(|card| card.number == number)?;
        let mut buttons = card.notice.buttons.iter().enumerate();
        let wish = buttons.find_map(|(place, (_, wish))| (action(card.serial, place) == pressed).then(|| wish.clone()))?;
        let key = card.notice.key;
        self.cards.remove(&key);
        Some(wish)
    }

    /// Returns which one is gone, unless it was withdrawn or answered.
    fn closed(&mut self, number: u32) -> Option<NoticeKey> {
        let key = self.cards.iter().find_map(|(key, card)| (card.number == number).then_some(*key))?;
        self.cards.remove(&key);
        Some(key)
    }

    /// Returns those with buttons.
    fn asking(&self) -> Vec<NoticeKey> {
        self.cards.values().filter(|card| !card.notice.buttons.is_empty()).map(|card| card.notice.key).collect()
    }

    fn clear(&mut self) -> Vec<NoticeKey> {
        take(&mut self.cards).into_keys().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::shown::Key;

    const FREE: NoticeKey = NoticeKey(Key(1), Topic::Free);

    fn notice(key: NoticeKey, wish: Wish) -> Notice {
        Notice {
            key,
            title: "R&D is free".to_owned(),
            body: "<b>R&D</b>".to_owned(),
            buttons: vec![("Open".to_owned(), wish), ("Not now".to_owned(), Wish::ForgetMe(key.0))],
            urgent: false,
        }
    }

    fn put(board: &mut Board, number: u32, wish: Wish) -> u64 {
        let serial = board.next_serial();
        board.put(number, serial, notice(FREE, wish));
        serial
    }

    fn name(name: &str) -> OwnedUniqueName {
        OwnedUniqueName::try_from(name).unwrap()
    }

    #[test]
    fn button_means_its_own_wish_once() {
        let mut board = Board::default();
        let serial = put(&mut board, 5, Wish::Open(Key(1)));
        assert_eq!(board.answer(6, &action(serial, 0)), None, "another program's notice");
        assert_eq!(board.answer(5, "default"), None, "a click beside the buttons");
        assert_eq!(board.answer(5, &action(serial, 2)), None);
        assert_eq!(board.answer(5, &action(serial, 1)), Some(Wish::ForgetMe(Key(1))));
        assert_eq!(board.answer(5, &action(serial, 0)), None);
        assert_eq!(board.closed(5), None, "it was answered");
    }

    #[test]
    fn late_answer_to_a_replaced_notice_is_dropped() {
        let mut board = Board::default();
        let old = put(&mut board, 5, Wish::Open(Key(1)));
        assert_eq!(board.number(FREE), 5);
        let new = put(&mut board, 5, Wish::NotifyMe(Key(1)));
        assert_eq!(board.answer(5, &action(old, 0)), None);
        assert_eq!(board.answer(5, &action(new, 0)), Some(Wish::NotifyMe(Key(1))));
    }

    #[test]
    fn withdrawn_notice_is_neither_answered_nor_dismissed() {
        let mut board = Board::default();
        let serial = put(&mut board, 5, Wish::Open(Key(1)));
        assert_eq!(board.remove(FREE), Some(5));
        assert_eq!((board.answer(5, &action(serial, 0)), board.closed(5)), (None, None));
        put(&mut board, 6, Wish::Open(Key(1)));
        assert_eq!(board.closed(6), Some(FREE));
    }

    #[test]
    fn numbers_of_a_service_that_restarted_mean_nothing() {
        let mut board = Board::default();
        let serial = put(&mut board, 1, Wish::Open(Key(1)));
        assert_eq!(board.clear(), [FREE]);
        assert_eq!(board.number(FREE), 0);
        let again = put(&mut board, 1, Wish::Open(Key(2)));
        assert_eq!(board.answer(1, &action(serial, 0)), None);
        assert_eq!(board.answer(1, &action(again, 0)), Some(Wish::Open(Key(2))));
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
        let notice = notice(FREE, Wish::Open(Key(1)));
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
