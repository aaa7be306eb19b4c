//! What the agent's log says of a day: events go in, lines come out, and nothing is said twice.

use sharelock::agent::events::{Action, Event, Seen};
use sharelock::agent::journal::Journal;
use sharelock::agent::line::{Field, values};
use sharelock::agent::model::Model;
use sharelock::agent::shown::{Key, Wish};
use sharelock::agent::ui::Heard;
use sharelock::clock::{Moment, Ticks};
use sharelock::config::{Config, DatabaseConfig};
use sharelock::i18n::{Language, Person};
use sharelock::ipc::{Refusal, Request, SentAway};
use sharelock::{Doubt, Failure, Holder, Loss, News, State, Status, Token, WallTime};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const RH: Key = Key(1);
const TOKEN: Token = Token(7);

/// An agent with its log.
struct Day {
    model: Model,
    journal: Journal,
    seconds: u64,
}

impl Day {
    fn of(labels: &[&str]) -> Self {
        let mut day = Self { model: Model::new(Language::English), journal: Journal::default(), seconds: 0 };
        day.configured(labels);
        day
    }

    fn now(&self) -> Moment {
        Moment { ticks: Ticks::from_nanos(self.seconds * 1_000_000_000), wall: WallTime(1_795_000_000_000) }
    }

    /// Lets something happen, and returns the lines.
    fn happens(&mut self, event: Event) -> Vec<String> {
        self.seconds += 1;
        let happened = event.clone();
        let actions = self.model.handle(self.now(), event);
        self.journal.lines(&happened, &actions, &self.model).iter().map(ToString::to_string).collect()
    }

    fn configured(&mut self, labels: &[&str]) -> Vec<String> {
        let database = |label: &&str| DatabaseConfig {
            label: (*label).into(),
            ..DatabaseConfig::of_path(PathBuf::from(format!("/share/{label}.db")))
        };
        let databases = labels.iter().map(database).collect();
        self.happens(Event::Configured(Box::new(Config { databases, ..Config::default() })))
    }

    fn sees(&mut self, status: Status) -> Vec<String> {
        self.happens(Event::Seen(RH, Box::new(Seen { status, waiting: Vec::new(), reason: "no answer".into(), me: None })))
    }

    fn wishes(&mut self, wish: Wish) -> Vec<String> {
        self.happens(Event::Heard(Heard::Wish(wish)))
    }

    fn takes(&mut self) {
        self.wishes(Wish::Take(RH));
        self.happens(Event::Taken(RH, Ok(TOKEN)));
        assert_eq!(self.sees(seen(State::Mine)), Vec::<String>::new(), "it was told as taken");
    }
}

fn marie() -> Arc<Holder> {
    Arc::new(Holder { user: "marie".into(), name: "Marie Dupont".into(), machine: "PC-ACCUEIL".into(), ..Holder::default() })
}

fn seen(state: State) -> Status {
    let held = matches!(state, State::Held | State::Stale);
    Status {
        token: held.then_some(TOKEN),
        holder: held.then(marie),
        own_user: state == State::Mine,
        ..Status::unknown(state, (state == State::Unreachable).then_some(Failure::Unreachable))
    }
}

#[test]
fn every_change_of_a_state_is_one_line_with_who_has_it() {
    let mut day = Day::of(&["RH"]);
    let marie = "database=\"RH\" person=\"Marie Dupont\" computer=\"PC-ACCUEIL\" token=\"7\"";
    let takeable = Status { takeable_in: Some(Duration::ZERO), ..seen(State::Stale) };
    let cases = [
        (seen(State::Free), "INFO  free database=\"RH\"".to_owned()),
        (seen(State::Held), format!("INFO  held {marie}")),
        (seen(State::Stale), format!("WARN  stale {marie}")),
        (takeable, format!("WARN  stale; can be taken over {marie}")),
        (seen(State::Unreachable), "WARN  unreachable database=\"RH\" path=\"/share/RH.db\" error=\"no answer\"".to_owned()),
        (seen(State::Denied), "WARN  denied database=\"RH\" path=\"/share/RH.db\" error=\"no answer\"".to_owned()),
        (seen(State::Mine), "INFO  mine, by another process here database=\"RH\"".to_owned()),
    ];
    for (status, line) in cases {
        assert_eq!(day.sees(status), [line]);
    }
}

#[test]
fn nothing_is_said_while_nothing_changes() {
    let mut day = Day::of(&["RH"]);
    for state in [State::Free, State::Held, State::Stale, State::Unreachable, State::Denied] {
        day.sees(seen(state));
        for seconds in 0..50 {
            let span = Some(Duration::from_secs(seconds));
            let later =
                Status { last_seen: span, observed: span, takeable_in: span.map(|_| Duration::from_secs(99)), ..seen(state) };
            assert_eq!(day.sees(later), Vec::<String>::new(), "{state:?}");
            assert_eq!(day.happens(Event::Tick), Vec::<String>::new());
        }
    }
    day.sees(seen(State::Free));
    day.takes();
    for quiet in [Event::News(RH, News::Renewed), Event::Asked(1, Request::Status), Event::Faulty(Vec::new(), true)] {
        assert_eq!(day.happens(quiet.clone()), Vec::<String>::new(), "{quiet:?}");
    }
}

#[test]
fn what_is_had_is_told_from_the_taking_to_the_end() {
    let mut day = Day::of(&["RH"]);
    day.sees(seen(State::Free));
    assert_eq!(day.wishes(Wish::Take(RH)), ["INFO  taking database=\"RH\""]);
    assert_eq!(day.happens(Event::Taken(RH, Ok(TOKEN))), ["INFO  taken database=\"RH\" token=\"7\" held=\"RH\""]);
    day.sees(seen(State::Mine));
    let open = day.wishes(Wish::Release(RH));
    assert_eq!(open, Vec::<String>::new());
    let excel = || Event::OpenedBy(RH, vec!["excel".into()]);
    assert_eq!(day.happens(excel()), ["INFO  not given back: still open database=\"RH\" program=\"excel\""]);
    let anyway = ["INFO  to be given back whatever has it open database=\"RH\"", "INFO  giving back database=\"RH\""];
    assert_eq!(day.wishes(Wish::ReleaseAnyway(RH)), anyway);
    assert_eq!(day.happens(Event::GivenBack(RH, Ok(()))), ["INFO  given back database=\"RH\" held=\"\""]);
    assert_eq!(day.happens(excel()), Vec::<String>::new(), "a late answer");
}

#[test]
fn losing_and_doubting_are_told_with_why() {
    let mut day = Day::of(&["RH"]);
    day.sees(seen(State::Free));
    day.takes();
    let news = |day: &mut Day, news| day.happens(Event::News(RH, news));
    assert_eq!(news(&mut day, News::Expiring), ["WARN  expiring: no renewal has succeeded for long database=\"RH\""]);
    let unsure = ["WARN  unsure: the computer slept, or its clock was set database=\"RH\""];
    assert_eq!(news(&mut day, News::Unsure(Doubt::ClocksParted)), unsure);
    assert_eq!(news(&mut day, News::Recovered(Token(8))), ["INFO  recovered database=\"RH\" token=\"8\""]);
    let lost = ["ERROR lost: somebody has taken it over database=\"RH\" person=\"Marie Dupont\" computer=\"PC-ACCUEIL\""];
    assert_eq!(news(&mut day, News::Lost(Loss::TakenOver(Some(marie())))), lost);
    let late = day.happens(Event::GivenBack(RH, Err(None)));
    assert_eq!(late, ["WARN  not given back: it had been lost database=\"RH\" held=\"\""]);
}

#[test]
fn taking_over_names_who_had_it_also_when_the_look_comes_first() {
    let mut day = Day::of(&["RH"]);
    day.sees(Status { takeable_in: Some(Duration::ZERO), ..seen(State::Stale) });
    day.wishes(Wish::Take(RH));
    day.sees(seen(State::Mine));
    let taken = "INFO  taken over database=\"RH\" person=\"Marie Dupont\" computer=\"PC-ACCUEIL\" token=\"7\" held=\"RH\"";
    assert_eq!(day.happens(Event::Taken(RH, Ok(TOKEN))), [taken]);
    let mut day = Day::of(&["RH"]);
    let refused = Refusal::Taken(Person { name: "Paul".into(), machine: String::new() });
    assert_eq!(day.happens(Event::Taken(RH, Err(refused))), ["INFO  not taken: somebody has it database=\"RH\" person=\"Paul\""]);
    let full = Refusal::Failed(Failure::Full, "no space".into());
    let line = "WARN  not taken database=\"RH\" failure=\"full\" error=\"no space\"";
    assert_eq!(day.happens(Event::Taken(RH, Err(full))), [line]);
}

#[test]
fn the_desktop_and_the_settings_are_told_once() {
    let mut day = Day::of(&["RH"]);
    let heard = |day: &mut Day, heard| day.happens(Event::Heard(heard));
    assert_eq!(heard(&mut day, Heard::Tray(false)), ["WARN  icon: no panel shows icons"]);
    assert_eq!(heard(&mut day, Heard::Tray(false)), Vec::<String>::new());
    assert_eq!(heard(&mut day, Heard::Tray(true)), ["INFO  icon: shown by the panel"]);
    assert_eq!(heard(&mut day, Heard::Notifier(true)), ["INFO  notifications: can be shown"]);
    assert_eq!(heard(&mut day, Heard::Sleep), ["INFO  the computer goes to sleep"]);
    let read = day.configured(&["RH", "Paie"]);
    assert_eq!(read, ["INFO  configuration read databases=\"2\"", "INFO  watched database=\"Paie\" path=\"/share/Paie.db\""]);
    let read = day.configured(&["Paie"]);
    assert_eq!(read, ["INFO  configuration read databases=\"1\"", "INFO  not watched any more database=\"RH\""]);
    let refused = day.happens(Event::Faulty(vec!["a.toml:7:8: \"x\"".into()], false));
    assert_eq!(refused, ["ERROR configuration refused, the one before holds words=\"a.toml:7:8: 'x'\""]);
    let elsewhere = Request::Release(PathBuf::from("/x.db"), false);
    assert_eq!(day.happens(Event::Asked(1, elsewhere)), ["INFO  a program was refused: not held here path=\"/x.db\""]);
}

#[test]
fn the_last_line_is_the_end_and_comes_after_what_was_given_back() {
    let mut day = Day::of(&["RH"]);
    day.sees(seen(State::Free));
    day.takes();
    let ending = ["INFO  ending: told by a command", "INFO  giving back database=\"RH\""];
    assert_eq!(day.happens(Event::Asked(1, Request::Stop)), ending);
    let end = ["INFO  given back database=\"RH\" held=\"\"", "INFO  ended"];
    assert_eq!(day.happens(Event::GivenBack(RH, Ok(()))), end);
    let mut day = Day::of(&[]);
    assert_eq!(day.happens(Event::Heard(Heard::SessionEnds)), ["INFO  ending: the session ends", "INFO  ended"]);
}

#[test]
fn whatever_is_held_at_any_moment_stands_in_the_last_line_that_says_so() {
    let mut day = Day::of(&["RH", "Paie"]);
    let mut held = Vec::new();
    let mut events = Vec::new();
    for (key, token) in [(Key(1), 3), (Key(2), 4), (Key(1), 5)] {
        events.push(Event::Heard(Heard::Wish(Wish::Take(key))));
        events.push(Event::Taken(key, Ok(Token(token))));
        events.push(Event::News(Key(1), News::Lost(Loss::RecordGone)));
        events.push(Event::GivenBack(Key(1), Err(None)));
    }
    for event in events {
        for line in day.happens(event) {
            let told: Vec<String> =
                values(&line).filter(|(field, _)| *field == Field::Held).map(|(_, label)| label.to_owned()).collect();
            if !told.is_empty() {
                held = told;
            }
        }
        let answer = day.model.handle(day.now(), Event::Asked(9, Request::Status));
        let Some(Action::Reply(_, sharelock::ipc::Answer::Status(report))) = answer.first() else { panic!("{answer:?}") };
        let has: Vec<&str> = report.databases.iter().filter(|one| one.held).map(|one| one.label.as_str()).collect();
        assert_eq!(held.iter().map(String::as_str).filter(|label| !label.is_empty()).collect::<Vec<_>>(), has);
    }
}

#[test]
fn what_was_not_started_and_who_was_sent_away_is_logged() {
    let mut day = Day::of(&["RH"]);
    let lines = day.happens(Event::NotStarted(RH, "wems: there is no such program.".into()));
    assert_eq!(lines, ["WARN  its program could not be started database=\"RH\" error=\"wems: there is no such program.\""]);
    let lines = day.happens(Event::SentAway(SentAway::Full));
    assert_eq!(lines, ["WARN  a program was sent away: too many ask at once"]);
}
