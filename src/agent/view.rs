//! What the agent shows, as a pure function of its state: icon, tooltip, menu, notifications.
//!
//! It is made anew whenever something changed, and the desktop is given what differs. The hazards: a text that was true a moment ago (so
//! nothing is remembered here), and names that other people chose (so they are plain text, and short).

use super::asking::Question;
use super::events::Seen;
use super::model::{Entry, Hold, Model, Tiding, holder};
use super::shown::{Face, Item, Notice, NoticeKey, Topic, View, Wish};
use crate::clock::Moment;
use crate::i18n::agent::{In, Label, Meaning, Word};
use crate::i18n::asking::Asking;
use crate::i18n::{About, Language, Sentence, Talk, printable};
use crate::ipc::Refusal;
use crate::lease::State;
use crate::lease::record::AskReply;
use crate::session::News;
use crate::session::describe::{self, trouble};
use std::time::Duration;

/// How many databases have a place of their own in the menu.
const MOST_IN_MENU: usize = 12;
/// How many lines the tooltip has.
const MOST_IN_TOOLTIP: usize = 6;
/// How many characters of a sentence a menu or a tooltip shows: panels draw one line as wide as it takes.
const LONGEST: usize = 120;
/// How many people who ask are named with what they say.
const MOST_ASKERS: usize = 3;
/// How long a name or a note in a notification may be.
const LONGEST_BODY: usize = 300;

/// Returns all that the tray shows.
#[must_use]
pub fn view(model: &Model, now: Moment) -> View {
    let entries = by_relevance(model);
    let face = entries.first().map_or(Face::Free, |entry| face(entry));
    let click = match entries.first() {
        None => Wish::Add,
        Some(only) if entries.len() == 1 => Wish::Details(Some(only.key)),
        Some(_) => Wish::Details(None),
    };
    View {
        face,
        attention: needs_attention(model),
        title: "Sharelock".into(),
        tooltip: tooltip(model, &entries, now),
        menu: menu(model, &entries, now),
        click,
    }
}

/// Returns which notifications are true now. Those that the user muted are left out, except where work may be lost.
#[must_use]
pub fn notices(model: &Model, now: Moment) -> Vec<Notice> {
    let muted = model.is_muted(now);
    let said = model
        .entries
        .iter()
        .flat_map(|entry| entry.tidings.iter().filter_map(|(topic, tiding)| notice(model, entry, *topic, tiding, now)));
    said.filter(|notice| notice.urgent || !muted).collect()
}

fn needs_attention(model: &Model) -> bool {
    model.entries.iter().any(|entry| {
        let asked = entry.config.notify.ask && entry.asking.open().next().is_some();
        entry.hold == Hold::Unsure || asked || entry.tidings.iter().any(|(_, tiding)| is_urgent(tiding))
    })
}

fn is_urgent(tiding: &Tiding) -> bool {
    match tiding {
        Tiding::News(News::Expiring | News::Unsure(_) | News::Lost(_) | News::Revoked(_)) | Tiding::StillOpen(_) => true,
        Tiding::News(News::Renewed | News::Recovered(_))
        | Tiding::Free
        | Tiding::TooLate(_)
        | Tiding::NotTaken(_)
        | Tiding::NotStarted(_)
        | Tiding::Gone(_)
        | Tiding::Back
        | Tiding::Questions
        | Tiding::Replied => false,
    }
}

/// Returns the icon of one database.
#[must_use]
pub fn face(entry: &Entry) -> Face {
    match (entry.hold, entry.state()) {
        (Hold::Has(_) | Hold::Releasing, _) => Face::Mine,
        (Hold::Unsure, _) => Face::Stale,
        (Hold::No | Hold::Taking, None) => Face::Unreachable,
        (Hold::No | Hold::Taking, Some(state)) => face_of(state, entry.wanted || entry.hold == Hold::Taking),
    }
}

/// Returns the icon of a state, for somebody who wants the database or does not.
#[must_use]
pub const fn face_of(state: State, wanted: bool) -> Face {
    match state {
        State::Free => Face::Free,
        State::Mine => Face::Mine,
        State::Held if wanted => Face::Waiting,
        State::Held => Face::Held,
        State::Stale => Face::Stale,
        State::Unreachable | State::Denied => Face::Unreachable,
    }
}

/// Returns what an icon means.
#[must_use]
pub const fn meaning(face: Face) -> Meaning {
    match face {
        Face::Free => Meaning::Free,
        Face::Mine => Meaning::Mine,
        Face::Held => Meaning::Held,
        Face::Waiting => Meaning::Waiting,
        Face::Stale => Meaning::Stale,
        Face::Unreachable => Meaning::Unreachable,
    }
}

/// Returns the databases, the one that the icon tells of first; otherwise in their order.
fn by_relevance(model: &Model) -> Vec<&Entry> {
    let mut entries: Vec<&Entry> = model.entries.iter().collect();
    entries.sort_by_key(|entry| {
        let state = match face(entry) {
            Face::Mine => State::Mine,
            // What was not looked at yet is no trouble.
            _ if entry.seen.is_none() => return usize::MAX,
            _ => entry.state().unwrap_or(State::Unreachable),
        };
        model.config.icon_order.iter().position(|one| *one == state).unwrap_or(usize::MAX - 1)
    });
    entries
}

/// Returns what to say about the state of one database.
#[must_use]
pub fn sentence(model: &Model, entry: &Entry, now: Moment) -> String {
    let language = model.language();
    let label = printable(&entry.config.label);
    let word = match (entry.hold, &entry.seen) {
        (Hold::Taking, _) => Word::Taking(label),
        (Hold::Releasing, _) => Word::Releasing(label),
        (Hold::Has(_), _) if entry.custody.is_in_use() => match entry.custody.program() {
            "" => Word::UntilTheyEnd(label),
            program => Word::WorkingWith(label, printable(program)),
        },
        (Hold::Unsure, _) => return About(&label, &Talk::Unsure, language).to_string(),
        (Hold::Has(_) | Hold::No, None) => Word::NotLookedYet(label),
        (Hold::Has(_) | Hold::No, Some(seen)) => return About(&label, &said(seen, now), language).to_string(),
    };
    In(&word, language).to_string()
}

fn said(seen: &Seen, now: Moment) -> Sentence {
    let nobody = crate::lease::record::Holder::default();
    let sentence = describe::sentence(&seen.status, seen.me.as_ref().unwrap_or(&nobody), seen.reason.clone(), now);
    match sentence {
        // A line that stays on the screen would be wrong a second later.
        Sentence::Held { who, since, last_sign: _ } => Sentence::Held { who, since, last_sign: None },
        // Which process of Sharelock keeps it is of use to nobody here.
        Sentence::Mine { since, app, .. } if app.is_empty() => Sentence::Mine { since, app, pid: None },
        // What the system said is for the details.
        Sentence::Unreachable { .. } => Sentence::Unreachable { reason: String::new() },
        Sentence::Denied { .. } => Sentence::Denied { reason: String::new() },
        sentence => sentence,
    }
}

fn tooltip(model: &Model, entries: &[&Entry], now: Moment) -> String {
    let language = model.language();
    if entries.is_empty() {
        return In(&Word::NoDatabase, language).to_string();
    }
    let mut lines: Vec<String> =
        entries.iter().take(MOST_IN_TOOLTIP).map(|entry| short(&sentence(model, entry, now), LONGEST)).collect();
    if entries.len() > MOST_IN_TOOLTIP {
        lines.push("…".into());
    }
    if model.is_muted(now) {
        lines.push(In(&Word::Muted, language).to_string());
    }
    lines.join("\n")
}

fn menu(model: &Model, entries: &[&Entry], now: Moment) -> Vec<Item> {
    let language = model.language();
    let label = |label: Label| In(&label, language).to_string();
    let mut menu = Vec::new();
    match entries {
        [] => {
            menu.push(Item::Text(In(&Word::NoDatabase, language).to_string()));
            menu.push(Item::Verb(label(Label::Add), Wish::Add));
        }
        [only] => menu.append(&mut of_one(model, only, now)),
        many => {
            for entry in many.iter().take(MOST_IN_MENU) {
                let name = short(&format!("{}{}", printable(&entry.config.label), state_mark(entry, language)), LONGEST);
                menu.push(Item::More(name, of_one(model, entry, now)));
            }
            menu.push(Item::Verb(label(Label::AllDatabases), Wish::Details(None)));
        }
    }
    menu.push(Item::Line);
    let mute = if model.is_muted(now) {
        Item::Check(label(Label::Mute), true, Wish::Mute(Duration::ZERO))
    } else {
        let hour = Item::Verb(label(Label::MuteHour), Wish::Mute(Duration::from_secs(3600)));
        Item::More(label(Label::Mute), vec![hour, Item::Verb(label(Label::MuteUntilTomorrow), Wish::MuteUntilTomorrow)])
    };
    menu.push(mute);
    let help = [(Label::Legend, Wish::Legend), (Label::Log, Wish::Log), (Label::Report, Wish::Report)];
    menu.push(Item::More(label(Label::Help), help.into_iter().map(|(name, wish)| Item::Verb(label(name), wish)).collect()));
    menu.push(Item::Verb(label(Label::Settings), Wish::Settings));
    menu.push(Item::Line);
    menu.push(Item::Verb(label(Label::Quit), Wish::Quit));
    menu
}

/// Returns what follows a database's name in a menu of several, in a few words.
fn state_mark(entry: &Entry, language: Language) -> String {
    let who = entry.seen.as_ref().map(holder).filter(|who| !who.name.is_empty());
    match (face(entry), who) {
        (Face::Held | Face::Waiting | Face::Stale, Some(who)) => format!(" – {}", who.name),
        (face, _) if entry.seen.is_some() => format!(" – {}", In(&meaning(face), language)),
        _ => String::new(),
    }
}

/// Returns the lines about one database.
#[must_use]
pub fn of_one(model: &Model, entry: &Entry, now: Moment) -> Vec<Item> {
    let language = model.language();
    let key = entry.key;
    let verb = |label: Label, wish: Wish| Item::Verb(In(&label, language).to_string(), wish);
    let said = std::iter::once(sentence(model, entry, now)).chain(asides(entry, language, now));
    let mut items: Vec<Item> = said.map(|said| Item::Text(short(&said, LONGEST))).collect();
    let (open, read) = (!entry.config.program.is_empty(), !entry.config.read_only_program.is_empty());
    match (entry.hold, entry.state()) {
        (Hold::Has(_), _) => {
            if open && !entry.custody.is_in_use() {
                items.push(verb(Label::Open, Wish::Open(key)));
            }
            items.append(&mut release(entry, language));
        }
        (Hold::Unsure | Hold::Taking, _) => items.push(verb(Label::Release, Wish::Release(key))),
        (Hold::No, Some(State::Mine)) => items.append(&mut release(entry, language)),
        (Hold::Releasing, _) | (Hold::No, None) => {}
        (Hold::No, Some(State::Free)) => {
            if open {
                items.push(verb(Label::Open, Wish::Open(key)));
            }
            items.push(verb(Label::Take, Wish::Take(key)));
        }
        (Hold::No, Some(State::Held | State::Stale)) => {
            if entry.is_available() {
                if open {
                    items.push(verb(Label::Open, Wish::Open(key)));
                }
                items.push(verb(Label::Take, Wish::Take(key)));
            }
            items.push(notify_me(entry, language));
            // Whoever left it open elsewhere asks nobody.
            let other = entry.seen.as_ref().filter(|seen| entry.can_ask() && !seen.status.own_user);
            if let Some(whom) = other.map(holder) {
                items.push(verb(Label::Ask(whom), Wish::Ask(key)));
            }
            if read {
                items.push(verb(Label::OpenReadOnly, Wish::OpenReadOnly(key)));
            }
        }
        (Hold::No, Some(State::Unreachable | State::Denied)) => items.push(verb(Label::Why, Wish::Why(key))),
    }
    items.push(verb(Label::Details, Wish::Details(Some(key))));
    items
}

/// Returns what somebody who has it can do, and answer to those who ask.
fn release(entry: &Entry, language: Language) -> Vec<Item> {
    let key = entry.key;
    let verb = |label: Label, wish: Wish| Item::Verb(In(&label, language).to_string(), wish);
    if entry.asking.open().next().is_none() {
        return vec![verb(Label::Release, Wish::Release(key))];
    }
    answers(entry).into_iter().map(|(label, wish)| verb(label, wish)).collect()
}

/// Returns what can be answered to those who ask. Whoever put it off once does not do so twice.
fn answers(entry: &Entry) -> Vec<(Label, Wish)> {
    let key = entry.key;
    let mut answers = vec![(Label::Release, Wish::AnswerRelease(key))];
    if !put_off(entry) {
        answers.push((Label::InTenMinutes, Wish::AnswerLater(key)));
    }
    answers.push((Label::Decline, Wish::AnswerNo(key)));
    answers
}

/// Returns whether everybody who waits for an answer was told *later*, and the time is over.
fn put_off(entry: &Entry) -> bool {
    entry.asking.open().all(|question| matches!(question.reply, Some(AskReply::Later(_))))
}

/// Returns what there is to say besides the state: the place in line, what was asked and replied, what others ask.
#[must_use]
pub fn asides(entry: &Entry, language: Language, now: Moment) -> Vec<String> {
    let seen = entry.seen.as_ref().filter(|_| entry.wanted);
    let place = seen.and_then(|seen| describe::place(seen.me.as_ref()?, &seen.waiting));
    let asked = entry.asking.mine.as_ref().map(|mine| {
        let (reply, heard) = mine.reply.unzip();
        describe::asked(mine.whom.clone(), mine.ask.at, reply, heard, now.wall)
    });
    let others = entry.asking.others.iter().take(MOST_ASKERS);
    let others = others.map(|question| Asking::Asker(question.who.clone(), printable(&question.note)));
    place.into_iter().chain(asked).chain(others).map(|said| In(&said, language).to_string()).collect()
}

/// Returns text and buttons of what others ask.
fn questions(entry: &Entry, language: Language) -> Option<(String, Vec<(String, Wish)>)> {
    let open: Vec<&Question> = entry.asking.open().collect();
    let (first, others) = (open.first()?.who.clone(), open.len() - 1);
    let asked = if put_off(entry) { Asking::StillWaits(first, others) } else { Asking::Asks(first, others) };
    let words = open.iter().take(MOST_ASKERS).filter(|question| !question.note.is_empty()).map(|question| {
        let note = printable(&question.note);
        if others == 0 { Asking::Words(note) } else { Asking::Asker(question.who.clone(), note) }
    });
    let said: Vec<String> = std::iter::once(asked).chain(words).map(|said| In(&said, language).to_string()).collect();
    let buttons = answers(entry).into_iter().map(|(label, wish)| (In(&label, language).to_string(), wish));
    Some((said.join("\n"), buttons.collect()))
}

/// Returns what was replied to this user's question.
fn replied(entry: &Entry, language: Language, now: Moment) -> Option<String> {
    let mine = entry.asking.mine.as_ref()?;
    let (reply, heard) = mine.reply?;
    let said = match reply {
        AskReply::Later(minutes) => Asking::Later(mine.whom.clone(), minutes, describe::promised(heard, minutes, now.wall)),
        AskReply::Seen | AskReply::No | AskReply::Releasing => {
            describe::asked(mine.whom.clone(), mine.ask.at, Some(reply), None, now.wall)
        }
    };
    Some(In(&said, language).to_string())
}

fn notify_me(entry: &Entry, language: Language) -> Item {
    let wish = if entry.wanted { Wish::ForgetMe(entry.key) } else { Wish::NotifyMe(entry.key) };
    Item::Check(In(&Label::NotifyMe, language).to_string(), entry.wanted, wish)
}

fn notice(model: &Model, entry: &Entry, topic: Topic, tiding: &Tiding, now: Moment) -> Option<Notice> {
    let language = model.language();
    let key = entry.key;
    let name = short(&printable(&entry.config.label), LONGEST);
    let asks = entry.config.notify;
    let button = |label: Label, wish: Wish| (In(&label, language).to_string(), wish);
    let word = |word: Word| In(&word, language).to_string();
    let talk = |talk: &Talk| About(&name, talk, language).to_string();
    let (title, body, buttons) = match tiding {
        Tiding::Free => {
            let free = entry.state() == Some(State::Free);
            let title = if free { Word::IsFree(name.clone()) } else { Word::CanBeTakenOver(name.clone()) };
            let first = if entry.config.program.is_empty() { Label::Take } else { Label::Open };
            let wish = if entry.config.program.is_empty() { Wish::Take(key) } else { Wish::Open(key) };
            (word(title), String::new(), vec![button(first, wish), button(Label::NotNow, Wish::ForgetMe(key))])
        }
        Tiding::TooLate(who) => (name.clone(), word(Word::TooLate(who.clone())), Vec::new()),
        Tiding::NotStarted(why) => (name.clone(), printable(why), Vec::new()),
        Tiding::NotTaken(refusal) => (name.clone(), refused(refusal, &name, language), Vec::new()),
        Tiding::News(_) | Tiding::StillOpen(_) if !asks.hold => return None,
        Tiding::News(news) => {
            let buttons = match news {
                News::Revoked(_) => vec![button(Label::Release, Wish::Release(key))],
                News::Renewed | News::Expiring | News::Unsure(_) | News::Recovered(_) | News::Lost(_) => Vec::new(),
            };
            (name.clone(), talk(&describe::talk(news, &entry.config.timing)), buttons)
        }
        Tiding::StillOpen(programs) => {
            let anyway = button(Label::ReleaseAnyway, Wish::ReleaseAnyway(key));
            (name.clone(), word(Word::StillOpen(programs.iter().map(|program| printable(program)).collect())), vec![anyway])
        }
        Tiding::Questions | Tiding::Replied if !asks.ask => return None,
        Tiding::Questions => {
            let (said, buttons) = questions(entry, language)?;
            (name, said, buttons)
        }
        Tiding::Replied => (name, replied(entry, language, now)?, Vec::new()),
        Tiding::Gone(_) | Tiding::Back if !asks.share => return None,
        Tiding::Gone(_) => (name.clone(), talk_state(model, entry, now), vec![button(Label::Why, Wish::Why(key))]),
        Tiding::Back => (word(Word::SeenAgain), talk_state(model, entry, now), Vec::new()),
    };
    let body = short(&body, LONGEST_BODY);
    Some(Notice { key: NoticeKey(key, topic), title, body, buttons, urgent: is_urgent(tiding) })
}

fn talk_state(model: &Model, entry: &Entry, now: Moment) -> String {
    sentence(model, entry, now)
}

fn refused(refusal: &Refusal, name: &str, language: Language) -> String {
    let talk = match refusal {
        Refusal::Taken(who) => return In(&Word::TooLate(who.clone()), language).to_string(),
        Refusal::Failed(failure, detail) => Talk::Failed(trouble(*failure), printable(detail)),
        Refusal::Other(detail) => Talk::System(printable(detail)),
    };
    About(name, &talk, language).to_string()
}

/// Returns the text, or as much of it as fits with an ellipsis behind it.
pub(super) fn short(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => text.to_owned(),
        Some(_) => text.chars().take(longest - 1).chain(['…']).collect(),
    }
}
