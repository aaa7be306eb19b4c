//! The menu as the system's own widgets, and what each line of it asks for.
//!
//! Hazard: a click on a line that means something else by then. Lines have numbers that are never used twice, and only those of the
//! menu that is drawn now are known: nothing else is drawn while it is open.

use super::super::{Hear, Heard};
use crate::agent::shown::{Item, Wish};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tray_icon::menu::{self, CheckMenuItem, ContextMenu, IsMenuItem, MenuEvent, MenuId, MenuItem, PredefinedMenuItem, Submenu};

type Meaning = HashMap<MenuId, Wish>;

/// Draws menus.
pub(super) struct Menu {
    meaning: Arc<Mutex<Meaning>>,
    /// Counts lines, and is never set back.
    lines: u64,
}

impl Menu {
    /// Hears what is chosen from now on.
    pub(super) fn new(hear: Hear) -> Self {
        let meaning: Arc<Mutex<Meaning>> = Arc::default();
        let known = Arc::clone(&meaning);
        MenuEvent::set_event_handler(Some(move |event: MenuEvent| {
            let wish = known.lock().unwrap_or_else(PoisonError::into_inner).get(event.id()).cloned();
            if let Some(wish) = wish {
                hear(Heard::Wish(wish));
            }
        }));
        Self { meaning, lines: 0 }
    }

    /// Draws a menu, in the place of the one before; `None` when the system has no room for it.
    pub(super) fn draw(&mut self, items: &[Item]) -> Option<Box<dyn ContextMenu>> {
        let mut meaning = Meaning::new();
        let drawn = menu::Menu::new();
        self.add(items, &mut meaning, &|line| drawn.append(line))?;
        *self.meaning.lock().unwrap_or_else(PoisonError::into_inner) = meaning;
        Some(Box::new(drawn))
    }

    fn add(&mut self, items: &[Item], meaning: &mut Meaning, append: &dyn Fn(&dyn IsMenuItem) -> menu::Result<()>) -> Option<()> {
        for item in items {
            let line: Box<dyn IsMenuItem> = match item {
                Item::Text(text) => Box::new(MenuItem::with_id(self.number(), label(text), false, None)),
                Item::Verb(text, wish) => Box::new(MenuItem::with_id(self.means(wish, meaning), label(text), true, None)),
                Item::Check(text, checked, wish) => {
                    Box::new(CheckMenuItem::with_id(self.means(wish, meaning), label(text), true, *checked, None))
                }
                Item::More(text, items) => {
                    let more = Submenu::with_id(self.number(), label(text), true);
                    self.add(items, meaning, &|line| more.append(line))?;
                    Box::new(more)
                }
                Item::Line => Box::new(PredefinedMenuItem::separator()),
            };
            append(&*line).ok()?;
        }
        Some(())
    }

    fn number(&mut self) -> MenuId {
        self.lines += 1;
        MenuId::new(self.lines.to_string())
    }

    fn means(&mut self, wish: &Wish, meaning: &mut Meaning) -> MenuId {
        let number = self.number();
        meaning.insert(number.clone(), wish.clone());
        number
    }
}

/// In a menu's label, one ampersand marks the access key and two are one.
fn label(text: &str) -> String {
    text.replace('&', "&&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::shown::Key;

    #[test]
    fn ampersands_are_drawn_and_mark_nothing() {
        assert_eq!(label("R&D.db: A && B"), "R&&D.db: A &&&& B");
    }

    #[test]
    fn lines_of_a_menu_that_was_replaced_mean_nothing() {
        let mut menu = Menu::new(Arc::new(|_| ()));
        let known = |menu: &Menu| menu.meaning.lock().unwrap().clone();
        let items = |key| vec![Item::Line, Item::More("More".into(), vec![Item::Verb("Take".into(), Wish::Take(Key(key)))])];
        menu.draw(&items(1)).unwrap();
        let before = known(&menu);
        menu.draw(&items(2)).unwrap();
        let after = known(&menu);
        assert_eq!(before.values().collect::<Vec<_>>(), [&Wish::Take(Key(1))]);
        assert_eq!(after.values().collect::<Vec<_>>(), [&Wish::Take(Key(2))]);
        assert!(before.keys().all(|number| !after.contains_key(number)));
    }
}
