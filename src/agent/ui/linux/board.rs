//! What the notification service shows for us: pure, so that late and lost answers can be tried.
//!
//! Hazard: a number of the service names one notice now and another one later. A button is therefore named by the showing it belongs
//! to, and a notice whose call is not answered yet takes no other one.

use super::super::{Order, meant};
use crate::agent::shown::{Notice, NoticeKey, Wish};
use std::collections::BTreeMap;
use std::mem::take;
use std::num::NonZeroU32;

/// What the service shows for us, under its numbers.
#[derive(Debug, Default)]
pub(super) struct Board {
    cards: BTreeMap<NoticeKey, Card>,
    /// Counts showings, and is never set back.
    serial: u64,
}

#[derive(Debug)]
struct Card {
    /// The service's, or zero while it shows nothing.
    number: u32,
    serial: u64,
    notice: Notice,
    /// The call that is not answered yet.
    call: Option<NonZeroU32>,
    /// What was ordered meanwhile.
    order: Option<Order>,
}

impl Board {
    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Returns the number to replace; zero means none.
    pub(super) fn number(&self, key: NoticeKey) -> u32 {
        self.cards.get(&key).map_or(0, |card| card.number)
    }

    /// Keeps the order until the call that is under way is answered, or returns it.
    pub(super) fn put_off(&mut self, key: NoticeKey, order: Order) -> Option<Order> {
        match self.cards.get_mut(&key).filter(|card| card.call.is_some()) {
            Some(card) => {
                card.order = Some(order);
                None
            }
            None => Some(order),
        }
    }

    pub(super) fn put(&mut self, call: NonZeroU32, serial: u64, notice: Notice) {
        let number = self.number(notice.key);
        self.cards.insert(notice.key, Card { number, serial, notice, call: Some(call), order: None });
    }

    /// A call was answered with a number, or with an error. Returns which notice it was about, and what was ordered meanwhile.
    pub(super) fn settle(&mut self, call: NonZeroU32, number: Option<u32>) -> Option<(NoticeKey, Option<Order>)> {
        let (key, card) = self.cards.iter_mut().find(|(_, card)| card.call == Some(call))?;
        let (key, order) = (*key, card.order.take());
        card.call = None;
        match number {
            Some(number) => card.number = number,
            None => drop(self.cards.remove(&key)),
        }
        Some((key, order))
    }

    pub(super) fn remove(&mut self, key: NoticeKey) -> Option<u32> {
        self.cards.remove(&key).map(|card| card.number).filter(|number| *number != 0)
    }

    /// Takes what was asked for by a button of what is shown now; the notice is answered, and goes.
    pub(super) fn answer(&mut self, number: u32, pressed: &str) -> Option<Wish> {
        let card = self.cards.values().find(|card| card.number == number && card.call.is_none())?;
        let wish = meant(&card.notice, card.serial, pressed)?;
        let key = card.notice.key;
        self.cards.remove(&key);
        Some(wish)
    }

    /// Returns which one is gone, unless it was withdrawn or answered, or is about to be shown again.
    pub(super) fn closed(&mut self, number: u32) -> Option<NoticeKey> {
        let (key, card) = self.cards.iter_mut().find(|(_, card)| card.number == number)?;
        let key = *key;
        if card.call.is_some() {
            card.number = 0;
            return None;
        }
        self.cards.remove(&key);
        Some(key)
    }

    /// Returns those with buttons.
    pub(super) fn asking(&self) -> Vec<NoticeKey> {
        self.cards.values().filter(|card| !card.notice.buttons.is_empty()).map(|card| card.notice.key).collect()
    }

    /// Returns those whose call is not answered yet.
    pub(super) fn unanswered(&self) -> impl Iterator<Item = NoticeKey> {
        self.cards.values().filter(|card| card.call.is_some()).map(|card| card.notice.key)
    }

    /// Forgets what is shown, and returns it. What is not answered yet will be: by the next service, or with an error.
    pub(super) fn clear(&mut self) -> Vec<NoticeKey> {
        let (settled, mut unanswered): (BTreeMap<_, Card>, BTreeMap<_, Card>) =
            take(&mut self.cards).into_iter().partition(|(_, card)| card.call.is_none());
        for card in unanswered.values_mut() {
            card.number = 0;
        }
        self.cards = unanswered;
        settled.into_keys().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::action;
    use super::*;
    use crate::agent::shown::{Key, Topic};

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

    fn ask(board: &mut Board, call: u32, wish: Wish) -> u64 {
        let serial = board.next_serial();
        board.put(NonZeroU32::new(call).unwrap(), serial, notice(FREE, wish));
        serial
    }

    fn settle(board: &mut Board, call: u32, number: Option<u32>) -> Option<(NoticeKey, Option<Order>)> {
        board.settle(NonZeroU32::new(call).unwrap(), number)
    }

    fn put(board: &mut Board, number: u32, wish: Wish) -> u64 {
        let serial = ask(board, 100, wish);
        assert_eq!(settle(board, 100, Some(number)), Some((FREE, None)));
        serial
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
    fn service_that_hangs_gets_one_call_and_the_last_word_later() {
        let mut board = Board::default();
        let old = put(&mut board, 5, Wish::Open(Key(1)));
        assert_eq!(board.put_off(FREE, Order::Withdraw), Some(Order::Withdraw), "nothing is under way");
        let new = ask(&mut board, 7, Wish::NotifyMe(Key(1)));
        assert_eq!(board.put_off(FREE, Order::Show(notice(FREE, Wish::Legend))), None);
        assert_eq!(board.put_off(FREE, Order::Withdraw), None);
        assert_eq!(board.answer(5, &action(old, 0)), None, "it was about to be replaced");
        assert_eq!(board.closed(5), None, "another one comes in its place");
        assert_eq!(settle(&mut board, 8, Some(9)), None, "another call's answer");
        assert_eq!(settle(&mut board, 7, Some(6)), Some((FREE, Some(Order::Withdraw))));
        assert_eq!(board.answer(6, &action(new, 0)), Some(Wish::NotifyMe(Key(1))));
    }

    #[test]
    fn calls_outlive_the_service_and_errors_end_them() {
        let mut board = Board::default();
        put(&mut board, 5, Wish::Open(Key(1)));
        ask(&mut board, 7, Wish::NotifyMe(Key(1)));
        assert_eq!(board.clear(), [], "the next service may answer");
        assert_eq!(board.number(FREE), 0);
        assert_eq!(settle(&mut board, 7, None), Some((FREE, None)));
        assert_eq!(settle(&mut board, 7, Some(5)), None);
        assert_eq!(board.remove(FREE), None);
    }
}
