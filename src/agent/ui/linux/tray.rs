//! Icon, tooltip and menu, as a `StatusNotifierItem` with a `com.canonical.dbusmenu`.
//!
//! Hazards: a menu line that means something else by the time it is clicked, and a desktop without a panel that shows icons (GNOME
//! without its extension), where the icon would be shown to nobody and nobody would be told.

use super::super::{Desk, Hear, Heard, icons};
use super::{PATIENCE, escape};
use crate::agent::shown::{Item, View, Wish};
use ksni::menu::{CheckmarkItem, StandardItem, SubMenu};
use ksni::{Category, Handle, Icon, MenuItem, OfflineReason, Status, ToolTip, TrayMethods};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

/// Shows the latest view until the bus is gone, and leaves it on the desk then, for the next one.
pub(super) async fn run(desk: &Desk, mut changed: watch::Receiver<()>, hear: &Hear, mut gone: oneshot::Receiver<()>) {
    let mut view = tokio::select! {
        view = next_view(desk, &mut changed) => view,
        _ = &mut gone => None,
    };
    if let Some(first) = view.clone() {
        let absent = Arc::new(AtomicBool::new(false));
        let tray = Tray::new(first, Arc::clone(hear), Arc::clone(&absent));
        let started = tokio::select! {
            started = start(tray, hear) => started,
            _ = &mut gone => None,
        };
        if let Some(tray) = started {
            if !absent.load(Ordering::Relaxed) {
                hear(Heard::Tray(true));
            }
            while let Some(next) = tokio::select! {
                next = next_view(desk, &mut changed) => next,
                _ = &mut gone => None,
            } {
                view = Some(next.clone());
                tray.update(|tray| tray.show(next)).await;
            }
            // Without that word ksni ends in a panic when its connection is dead and its handle dropped.
            tray.shutdown().await;
        }
    }
    let mut orders = desk.orders();
    orders.view = orders.view.take().or(view);
}

async fn start(tray: Tray, hear: &Hear) -> Option<Handle<Tray>> {
    let mut starting = Box::pin(tray.assume_sni_available(true).spawn());
    let started = if let Ok(started) = timeout(PATIENCE, &mut starting).await {
        started
    } else {
        // A panel hangs; it may recover.
        hear(Heard::Tray(false));
        starting.await
    };
    if started.is_err() {
        hear(Heard::Tray(false));
    }
    started.ok()
}

/// Waits for another view; `None` when there will be none.
async fn next_view(desk: &Desk, changed: &mut watch::Receiver<()>) -> Option<View> {
    loop {
        if let Some(view) = desk.orders().view.take() {
            return Some(view);
        }
        changed.changed().await.ok()?;
    }
}

struct Tray {
    view: View,
    /// An invisible line is at the end of the menu.
    spare: bool,
    hear: Hear,
    /// No panel was there when we came.
    absent: Arc<AtomicBool>,
}

impl Tray {
    fn new(view: View, hear: Hear, absent: Arc<AtomicBool>) -> Self {
        Self { view, spare: false, hear, absent }
    }

    /// Shows another view. ksni keeps the numbers of menu lines while the menu keeps its shape, and a click names a number: where
    /// the lines mean something else now, the shape is made another one, so that a click on a line that was shown before hits nothing.
    fn show(&mut self, view: View) {
        let (old, new) = (meaning(&self.view.menu), meaning(&view.menu));
        let same_shape = old.len() == new.len() && old.iter().zip(&new).all(|(old, new)| old.0 == new.0);
        if same_shape && old != new {
            self.spare = !self.spare;
        }
        self.view = view;
    }
}

/// Returns how deep each line is, and what a click on it means, in the order of their numbers.
fn meaning(menu: &[Item]) -> Vec<(usize, Option<&Wish>)> {
    fn add<'a>(menu: &'a [Item], depth: usize, lines: &mut Vec<(usize, Option<&'a Wish>)>) {
        for item in menu {
            match item {
                Item::Text(_) | Item::Line => lines.push((depth, None)),
                Item::Verb(_, wish) | Item::Check(_, _, wish) => lines.push((depth, Some(wish))),
                Item::More(_, items) => {
                    lines.push((depth, None));
                    add(items, depth + 1, lines);
                }
            }
        }
    }
    let mut lines = Vec::new();
    add(menu, 0, &mut lines);
    lines
}

fn lines(menu: &[Item]) -> Vec<MenuItem<Tray>> {
    let choose = |wish: &Wish| {
        let wish = wish.clone();
        Box::new(move |tray: &mut Tray| (tray.hear)(Heard::Wish(wish.clone())))
    };
    let line = |item: &Item| match item {
        Item::Text(text) => StandardItem { label: label(text), enabled: false, ..StandardItem::default() }.into(),
        Item::Verb(text, wish) => StandardItem { label: label(text), activate: choose(wish), ..StandardItem::default() }.into(),
        Item::Check(text, checked, wish) => {
            CheckmarkItem { label: label(text), checked: *checked, activate: choose(wish), ..CheckmarkItem::default() }.into()
        }
        Item::More(text, items) => SubMenu { label: label(text), submenu: lines(items), ..SubMenu::default() }.into(),
        Item::Line => MenuItem::Separator,
    };
    menu.iter().map(line).collect()
}

/// In a menu's label, one underscore marks the access key and two are one.
fn label(text: &str) -> String {
    text.replace('_', "__")
}

impl ksni::Tray for Tray {
    fn id(&self) -> String {
        "sharelock".to_owned()
    }

    fn category(&self) -> Category {
        Category::ApplicationStatus
    }

    fn title(&self) -> String {
        self.view.title.clone()
    }

    fn status(&self) -> Status {
        if self.view.attention { Status::NeedsAttention } else { Status::Active }
    }

    /// The mark is in the icon: Xfce's panel, for one, shows no other when attention is needed.
    fn icon_pixmap(&self) -> Vec<Icon> {
        pixmaps(icons::icon(self.view.face, self.view.attention))
    }

    fn attention_icon_pixmap(&self) -> Vec<Icon> {
        pixmaps(icons::icon(self.view.face, true))
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip { title: self.view.title.clone(), description: escape(&self.view.tooltip), ..ToolTip::default() }
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        let mut menu = lines(&self.view.menu);
        if self.spare {
            menu.push(StandardItem { visible: false, enabled: false, ..StandardItem::default() }.into());
        }
        menu
    }

    fn activate(&mut self, _: i32, _: i32) {
        (self.hear)(Heard::Wish(self.view.click.clone()));
    }

    fn watcher_online(&self) {
        (self.hear)(Heard::Tray(true));
    }

    fn watcher_offline(&self, _: OfflineReason) -> bool {
        self.absent.store(true, Ordering::Relaxed);
        (self.hear)(Heard::Tray(false));
        true
    }
}

/// Turns frames into what the bus wants: alpha first.
fn pixmaps(frames: Vec<icons::Frame>) -> Vec<Icon> {
    let pixmap = |frame: icons::Frame| {
        let mut data = frame.rgba;
        data.chunks_exact_mut(4).for_each(|pixel| pixel.rotate_right(1));
        Icon { width: frame.side.into(), height: frame.side.into(), data }
    };
    frames.into_iter().map(pixmap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::shown::{Face, Key};
    use ksni::Tray as _;
    use std::sync::mpsc;

    fn view(menu: Vec<Item>) -> View {
        View {
            face: Face::Held,
            attention: false,
            title: "Sharelock".to_owned(),
            tooltip: "R&D.db: <nobody>".to_owned(),
            menu,
            click: Wish::Details(None),
        }
    }

    fn tray(menu: Vec<Item>) -> (Tray, mpsc::Receiver<Heard>) {
        let (sender, heard) = mpsc::channel();
        let hear: Hear = Arc::new(move |what| drop(sender.send(what)));
        (Tray::new(view(menu), hear, Arc::default()), heard)
    }

    fn verb(text: &str, wish: Wish) -> Item {
        Item::Verb(text.to_owned(), wish)
    }

    #[test]
    fn menu_is_drawn_as_given() {
        let (mut tray, heard) = tray(vec![
            Item::Text("wems_2.db: free".to_owned()),
            Item::Line,
            Item::More("More".to_owned(), vec![Item::Check("Mute".to_owned(), true, Wish::Legend)]),
            verb("Take", Wish::Take(Key(7))),
        ]);
        let menu = tray.menu();
        let [MenuItem::Standard(text), MenuItem::Separator, MenuItem::SubMenu(more), MenuItem::Standard(take)] = &menu[..] else {
            panic!("{menu:?}")
        };
        assert_eq!((text.label.as_str(), text.enabled), ("wems__2.db: free", false));
        let [MenuItem::Checkmark(mute)] = &more.submenu[..] else { panic!("{more:?}") };
        assert!(mute.checked && mute.enabled);
        (mute.activate)(&mut tray);
        (take.activate)(&mut tray);
        tray.activate(0, 0);
        let wishes: Vec<Heard> = heard.try_iter().collect();
        assert_eq!(wishes, [Wish::Legend, Wish::Take(Key(7)), Wish::Details(None)].map(Heard::Wish));
    }

    #[test]
    fn line_means_what_it_meant_when_it_was_shown() {
        let (mut tray, heard) = tray(vec![verb("Take", Wish::Take(Key(1)))]);
        let shown = tray.menu();
        tray.show(view(vec![verb("Release", Wish::Release(Key(1)))]));
        let [MenuItem::Standard(take)] = &shown[..] else { panic!("{shown:?}") };
        (take.activate)(&mut tray);
        assert_eq!(heard.try_recv(), Ok(Heard::Wish(Wish::Take(Key(1)))));
    }

    #[test]
    fn shape_changes_whenever_the_meaning_does_and_only_then() {
        let shape = |tray: &Tray| tray.menu().len();
        let (mut tray, _heard) = tray(vec![verb("Take", Wish::Take(Key(1)))]);
        assert_eq!(shape(&tray), 1);
        tray.show(view(vec![verb("Take it", Wish::Take(Key(1)))]));
        assert_eq!(shape(&tray), 1, "another text is not another meaning");
        tray.show(view(vec![verb("Take it", Wish::Take(Key(2)))]));
        assert_eq!(shape(&tray), 2);
        tray.show(view(vec![Item::Text("Take it".to_owned())]));
        assert_eq!(shape(&tray), 1);
        tray.show(view(vec![Item::Line, verb("Take", Wish::Take(Key(1)))]));
        assert_eq!(shape(&tray), 2, "the shape is another one already");
    }

    #[test]
    fn tooltip_is_plain_text_and_attention_is_marked() {
        let (mut tray, _heard) = tray(Vec::new());
        assert_eq!(tray.tool_tip().description, "R&amp;D.db: &lt;nobody&gt;");
        assert_eq!(tray.status(), Status::Active);
        let calm = tray.icon_pixmap();
        assert_eq!(calm.iter().map(|icon| icon.width).max(), Some(64));
        tray.show(View { attention: true, ..view(Vec::new()) });
        assert_eq!(tray.status(), Status::NeedsAttention);
        assert_ne!(tray.icon_pixmap()[0].data, calm[0].data);
    }

    #[test]
    fn pixmaps_have_their_alpha_first() {
        let icons = pixmaps(vec![icons::Frame { side: 1, rgba: vec![1, 2, 3, 4] }]);
        assert_eq!((icons[0].width, icons[0].data.as_slice()), (1, &[4, 1, 2, 3][..]));
    }
}
