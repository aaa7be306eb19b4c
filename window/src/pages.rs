//! Puts a page into the window: from the words and numbers that were given to the lists that the toolkit draws.
//!
//! It must keep what a person is at: the focus, what was typed, where it is scrolled to, the size that they gave the window. Only a page
//! with another title is another page, and begins anew.

use crate::generated::{ActionItem, ButtonItem, DayItem, Face, Kind, MarkItem, PageWindow, RowItem, SpanItem, Tone};
use crate::sync::{Entry, sync};
use sharelock::agent::page::{self, Button, Day, Page, Row};
use sharelock::agent::shown;
use slint::{ComponentHandle, LogicalSize, Model, ModelRc, SharedString, VecModel};

/// The height that a window has at most when it opens, in logical pixels: it fits above the task bar of the smallest office screen.
const TALLEST: f32 = 680.0;
/// The least height that it opens with.
const SHORTEST: f32 = 160.0;

/// What a page changed, besides words.
pub(crate) struct Changed {
    /// It is another page, which may want another size.
    pub(crate) page: bool,
    /// There are other buttons now than before.
    pub(crate) buttons: bool,
    /// A person has asked for the window that is open.
    pub(crate) asked: bool,
}

/// Shows the page.
pub(crate) fn apply(window: &PageWindow, page: &Page) -> Changed {
    let another = window.get_turn() == 0 || window.get_name() != page.title.as_str();
    let before = ids(window);
    let asked = window.get_asked() != page.asked.cast_signed();
    window.set_asked(page.asked.cast_signed());
    if another {
        clear(window);
    }
    window.set_name(page.title.as_str().into());
    window.set_face(page.icon.map_or(Face::None, face));
    window.set_heading(page.heading.as_str().into());
    window.set_paragraphs(sync(&window.get_paragraphs(), texts(&page.text)));
    window.set_rows(sync(&window.get_rows(), page.rows.iter().map(row).collect()));
    let (label, marks, days) = page.timeline.as_ref().map_or(("", &[][..], &[][..]), |t| (t.label.as_str(), &t.marks, &t.days));
    window.set_timeline_label(label.into());
    let marks = marks.iter().map(|mark| MarkItem { at: mark.at, label: mark.label.as_str().into() }).collect();
    window.set_marks(sync(&window.get_marks(), marks));
    window.set_days(sync(&window.get_days(), days.iter().map(day).collect()));
    window.set_verbatim(page.verbatim.as_str().into());
    let field = page.field.clone().unwrap_or_default();
    window.set_field_label(field.label.into());
    if window.get_given_value() != field.value.as_str() {
        window.set_given_value(field.value.as_str().into());
        window.set_field_value(field.value.into());
    }
    window.set_first(first(&page.buttons).into());
    window.set_has_field(page.field.is_some());
    window.set_buttons(sync(&window.get_buttons(), page.buttons.iter().map(button).collect()));
    window.set_about(sync(&window.get_about(), texts(&page.about)));
    let after = ids(window);
    if another || !(window.get_has_field() || after.contains(&window.get_focused())) {
        window.set_turn(window.get_turn().wrapping_add(1));
    }
    Changed { page: another, buttons: before != after, asked }
}

/// Forgets the lists, so that the new page's are drawn anew and scrolled to their beginning.
fn clear(window: &PageWindow) {
    window.set_rows(ModelRc::default());
    window.set_days(ModelRc::default());
    window.set_buttons(ModelRc::default());
    window.set_focused(SharedString::default());
    window.invoke_scroll_to_top();
}

/// Makes the window as large as the page wants it, within reason. The toolkit knows that once the window is shown.
pub(crate) fn resize(window: &PageWindow) {
    let width = window.get_wanted_width();
    // How tall the words are depends on how wide they may be: the width comes first.
    window.window().set_size(LogicalSize::new(width, SHORTEST));
    fit(window, width);
}

/// Makes the window higher when its page has become longer, unless a person has given it a size of their own.
pub(crate) fn grow(window: &PageWindow) {
    let now = window.window().size().to_logical(window.window().scale_factor());
    let untouched = (now.height - window.get_fitted_height()).abs() < 2.0;
    if untouched && window.get_wanted_height().min(TALLEST) >= now.height + 2.0 {
        fit(window, now.width);
    }
}

/// As high as the page wants it at this width.
fn fit(window: &PageWindow, width: f32) {
    let height = window.get_wanted_height().clamp(SHORTEST, TALLEST);
    window.set_fitted_height(height);
    window.window().set_size(LogicalSize::new(width, height));
}

/// The ids of all that can be pressed, in the order of reading.
fn ids(window: &PageWindow) -> Vec<SharedString> {
    let mut ids = Vec::new();
    for row in window.get_rows().iter() {
        ids.extend(row.actions.iter().map(|action| action.id));
    }
    ids.extend(window.get_buttons().iter().map(|button| button.id));
    ids
}

/// What has the focus at first: the default; else the way out; else the first one, unless it may lose work.
fn first(buttons: &[Button]) -> &str {
    let of = |kind| buttons.iter().find(|button| button.kind == kind);
    of(page::Kind::Default).or_else(|| of(page::Kind::Cancel)).or_else(|| of(page::Kind::Plain)).map_or("", |button| &button.id)
}

fn texts(texts: &[String]) -> Vec<SharedString> {
    texts.iter().map(SharedString::from).collect()
}

fn list<T: Clone + 'static>(entries: impl Iterator<Item = T>) -> ModelRc<T> {
    ModelRc::new(entries.collect::<VecModel<T>>())
}

fn face(face: shown::Face) -> Face {
    match face {
        shown::Face::Free => Face::Free,
        shown::Face::Mine => Face::Mine,
        shown::Face::Held => Face::Held,
        shown::Face::Waiting => Face::Waiting,
        shown::Face::Stale => Face::Stale,
        shown::Face::Unreachable => Face::Unreachable,
    }
}

fn tone(tone: page::Tone) -> Tone {
    match tone {
        page::Tone::Held => Tone::Held,
        page::Tone::Mine => Tone::Mine,
        page::Tone::Stale => Tone::Stale,
        page::Tone::Forced => Tone::Forced,
    }
}

fn row(row: &Row) -> RowItem {
    let action = |action: &page::Action| ActionItem {
        id: action.id.as_str().into(),
        label: action.label.as_str().into(),
        danger: action.danger,
    };
    RowItem {
        face: row.icon.map_or(Face::None, face),
        name: row.name.as_str().into(),
        text: row.text.as_str().into(),
        detail: list(texts(&row.detail).into_iter()),
        actions: list(row.actions.iter().map(action)),
    }
}

fn day(day: &Day) -> DayItem {
    let span =
        |span: &page::Span| SpanItem { from: span.from, to: span.to, name: span.name.as_str().into(), tone: tone(span.tone) };
    let words: Vec<&str> = day.spans.iter().map(|span| span.label.as_str()).filter(|label| !label.is_empty()).collect();
    DayItem { label: day.label.as_str().into(), spans: list(day.spans.iter().map(span)), words: words.join("  ·  ").into() }
}

fn button(button: &Button) -> ButtonItem {
    let kind = match button.kind {
        page::Kind::Plain => Kind::Plain,
        page::Kind::Default => Kind::Default,
        page::Kind::Cancel => Kind::Cancel,
        page::Kind::Danger => Kind::Danger,
    };
    ButtonItem { id: button.id.as_str().into(), label: button.label.as_str().into(), kind }
}

impl Entry for SharedString {
    fn updated(&self, new: Self) -> Self {
        new
    }
}

impl Entry for ActionItem {
    fn updated(&self, new: Self) -> Self {
        new
    }
}

impl Entry for ButtonItem {
    fn updated(&self, new: Self) -> Self {
        new
    }
}

impl Entry for MarkItem {
    fn updated(&self, new: Self) -> Self {
        new
    }
}

impl Entry for SpanItem {
    fn updated(&self, new: Self) -> Self {
        new
    }
}

impl Entry for RowItem {
    fn updated(&self, new: Self) -> Self {
        let detail = sync(&self.detail, new.detail.iter().collect());
        let actions = sync(&self.actions, new.actions.iter().collect());
        Self { detail, actions, ..new }
    }
}

impl Entry for DayItem {
    fn updated(&self, new: Self) -> Self {
        let spans = sync(&self.spans, new.spans.iter().collect());
        Self { spans, ..new }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn button(id: &str, kind: page::Kind) -> Button {
        Button { id: id.into(), label: id.into(), kind }
    }

    #[test]
    fn the_focus_goes_to_the_default_else_to_the_way_out_and_never_to_what_may_lose_work() {
        let (plain, danger) = (button("plain", page::Kind::Plain), button("danger", page::Kind::Danger));
        let (cancel, default) = (button("cancel", page::Kind::Cancel), button("default", page::Kind::Default));
        let all = [danger.clone(), plain.clone(), cancel.clone(), default];
        assert_eq!(first(&all), "default");
        assert_eq!(first(&all[..3]), "cancel");
        assert_eq!(first(&all[..2]), "plain");
        assert_eq!(first(&[danger]), "");
        assert_eq!(first(&[]), "");
    }

    #[test]
    fn the_turns_of_a_day_are_told_in_words_as_well() {
        let span = |label: &str| page::Span { label: label.into(), ..page::Span::default() };
        let day = day(&Day {
            label: "lundi 23".into(),
            spans: vec![span("Marie 09:12–11:40"), span(""), span("Paul 13:05–13:20")],
        });
        assert_eq!(day.words, "Marie 09:12–11:40  ·  Paul 13:05–13:20");
        assert_eq!(day.spans.row_count(), 3);
    }
}
