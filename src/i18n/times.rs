//! How points in time and spans are told, in every language: the one place for all sentences that contain one.
//!
//! No clock is read here: the present comes with the time that is told. The hazard is a time without its day, since "since 17:40" of
//! yesterday is read as today's.

use super::{Language, When};
use chrono::{DateTime, Datelike, Days, Local, NaiveDate, SecondsFormat, TimeZone, Timelike};
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

/// A span of time: `20 s`, `3 min 20 s`, `2 h 5 min`, `3 days`, `3 jours`.
pub(super) struct Span(pub(super) Duration, pub(super) Language);

impl Display for Span {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (space, day) = match self.1 {
            Language::English => (' ', "day"),
            Language::French => ('\u{a0}', "jour"),
        };
        let seconds = self.0.as_secs();
        match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
            (0, 0, 0, seconds) => write!(f, "{seconds}{space}s"),
            (0, 0, minutes, 0) => write!(f, "{minutes}{space}min"),
            (0, 0, minutes, seconds) => write!(f, "{minutes}{space}min {seconds}{space}s"),
            (0, hours, 0, _) => write!(f, "{hours}{space}h"),
            (0, hours, minutes, _) => write!(f, "{hours}{space}h {minutes}{space}min"),
            (1, ..) => write!(f, "1{space}{day}"),
            (days, ..) => write!(f, "{days}{space}{day}s"),
        }
    }
}

/// Returns seconds with one decimal: `3.2 s`, `3,2 s`.
#[must_use]
pub fn decimal(span: Duration, language: Language) -> String {
    let seconds = format!("{:.1}", span.as_secs_f64());
    match language {
        Language::English => format!("{seconds} s"),
        Language::French => format!("{}\u{a0}s", seconds.replace('.', ",")),
    }
}

/// How a time is told: after "since" (French: after "depuis"), or on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `09:12`, `yesterday at 17:40`, `3 November at 09:12`; `9 h 12`, `hier à 17 h 40`, `le 3 novembre à 9 h 12`.
    Since,
    /// `at 09:12`, `yesterday at 17:40`, `on 3 November at 09:12`; `à 9 h 12`, `hier à 17 h 40`, `le 3 novembre à 9 h 12`.
    At,
}

/// Returns a point in time as people say it.
pub(super) fn time(when: When, style: Style, language: Language) -> String {
    let (Some(at), Some(day)) = (local(when.at), day(when)) else {
        return match language {
            Language::English => "an unknown time",
            Language::French => "une date inconnue",
        }
        .into();
    };
    let clock = clock(at, language);
    match (language, day, style) {
        (Language::English | Language::French, Day::Today, Style::Since) => clock,
        (Language::English, Day::Today, Style::At) => format!("at {clock}"),
        (Language::English, Day::Yesterday, _) => format!("yesterday at {clock}"),
        (Language::English, Day::On(date, year), Style::Since) => format!("{} at {clock}", english_date(date, year)),
        (Language::English, Day::On(date, year), Style::At) => format!("on {} at {clock}", english_date(date, year)),
        (Language::French, Day::Today, Style::At) => format!("à {clock}"),
        (Language::French, Day::Yesterday, _) => format!("hier à {clock}"),
        (Language::French, Day::On(date, year), _) => format!("le {} à {clock}", french_date(date, year)),
    }
}

/// Returns from when to when, as one cell of a table.
pub(super) fn period(from: When, until: When, language: Language) -> String {
    let date = |when: When| local(when.at).map(|at| at.date_naive());
    let (Some(begin), Some(end)) = (local(from.at), local(until.at)) else {
        return match language {
            Language::English => format!("{} to {}", time(from, Style::Since, language), time(until, Style::Since, language)),
            Language::French => format!("{}, jusqu'à {}", time(from, Style::At, language), time(until, Style::Since, language)),
        };
    };
    let one_day = date(from) == date(until);
    match language {
        Language::English => {
            let clock = clock(end, language);
            let end = match day(until) {
                _ if one_day => clock,
                Some(Day::Today) => format!("today at {clock}"),
                None | Some(Day::Yesterday | Day::On(..)) => time(until, Style::Since, language),
            };
            format!("{} to {end}", time(from, Style::Since, language))
        }
        Language::French if one_day => {
            let clocks = format!("de {} à {}", clock(begin, language), clock(end, language));
            match day(from) {
                None | Some(Day::Today) => clocks,
                Some(Day::Yesterday) => format!("hier {clocks}"),
                Some(Day::On(date, year)) => format!("le {} {clocks}", french_date(date, year)),
            }
        }
        Language::French => {
            let clock = clock(end, language);
            let end = match day(until) {
                None | Some(Day::Today) => format!("à aujourd'hui à {clock}"),
                Some(Day::Yesterday) => format!("à hier à {clock}"),
                Some(Day::On(date, year)) => format!("au {} à {clock}", french_date(date, year)),
            };
            format!("{} jusqu'{end}", time(from, Style::At, language))
        }
    }
}

/// The day of a time, seen from the present.
enum Day {
    Today,
    Yesterday,
    /// That day; with its year when that is not this one.
    On(NaiveDate, bool),
}

fn day(when: When) -> Option<Day> {
    let (date, now) = (local(when.at)?.date_naive(), local(when.now)?.date_naive());
    Some(if date == now {
        Day::Today
    } else if Some(date) == now.checked_sub_days(Days::new(1)) {
        Day::Yesterday
    } else {
        Day::On(date, date.year() != now.year())
    })
}

pub(super) fn local(millis: i64) -> Option<DateTime<Local>> {
    Local.timestamp_millis_opt(millis).single()
}

/// Returns the day that was so many days before the present one: its name, when it began and when it ended, the times in milliseconds
/// since 1970 (UTC). `None` at the ends of time.
#[must_use]
pub fn day_of(now: i64, ago: i64, language: Language) -> Option<(String, i64, i64)> {
    const ENGLISH: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    const FRENCH: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];
    let date = local(now)?.date_naive().checked_sub_days(Days::new(u64::try_from(ago).ok()?))?;
    let weekday = date.weekday().num_days_from_monday() as usize % 7;
    let name = match language {
        Language::English => format!("{} {}", ENGLISH[weekday], english_date(date, false)),
        Language::French => format!("{} {}", FRENCH[weekday], french_date(date, false)),
    };
    Some((name, midnight(date)?, midnight(date.succ_opt()?)?))
}

/// Returns when a day begins here. Where the clocks are put forward at midnight, it begins an hour later.
pub(super) fn midnight(date: NaiveDate) -> Option<i64> {
    let midnight = date.and_time(chrono::NaiveTime::MIN);
    let begins = midnight.and_local_timezone(Local).earliest();
    let begins = begins.or_else(|| (midnight + chrono::TimeDelta::hours(1)).and_local_timezone(Local).earliest());
    begins.map(|begins| begins.timestamp_millis())
}

/// Returns a time as RFC 3339 with this computer's offset, the same in every language; `None` at the ends of time.
#[must_use]
pub fn rfc3339(millis: i64) -> Option<String> {
    Some(local(millis)?.to_rfc3339_opts(SecondsFormat::Millis, false))
}

/// Returns a full hour: `06:00`, `6 h`.
#[must_use]
pub fn hour_of(hour: u8, language: Language) -> String {
    match language {
        Language::English => format!("{hour:02}:00"),
        Language::French => format!("{hour}\u{a0}h"),
    }
}

/// `09:12`; `9 h 12`, `17 h`.
fn clock(at: DateTime<Local>, language: Language) -> String {
    match (language, at.minute()) {
        (Language::English, _) => at.format("%H:%M").to_string(),
        (Language::French, 0) => format!("{}\u{a0}h", at.hour()),
        (Language::French, minute) => format!("{}\u{a0}h\u{a0}{minute:02}", at.hour()),
    }
}

fn english_date(date: NaiveDate, year: bool) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let month = MONTHS[date.month0() as usize % MONTHS.len()];
    let day = date.day();
    if year { format!("{day} {month} {}", date.year()) } else { format!("{day} {month}") }
}

fn french_date(date: NaiveDate, year: bool) -> String {
    const MONTHS: [&str; 12] =
        ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"];
    let month = MONTHS[date.month0() as usize % MONTHS.len()];
    let day = if date.day() == 1 { "1er".to_owned() } else { date.day().to_string() };
    if year { format!("{day}\u{a0}{month} {}", date.year()) } else { format!("{day}\u{a0}{month}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: u32, hour: u32, minute: u32) -> i64 {
        Local.with_ymd_and_hms(2026, 11, day, hour, minute, 0).unwrap().timestamp_millis()
    }

    fn when(day: u32, hour: u32, minute: u32) -> When {
        When { at: at(day, hour, minute), now: at(23, 15, 0) }
    }

    #[test]
    fn days_have_names_and_bounds() {
        let now = at(23, 15, 0);
        let (name, from, until) = day_of(now, 0, Language::English).unwrap();
        assert_eq!((name.as_str(), from, until), ("Monday 23 November", at(23, 0, 0), at(24, 0, 0)));
        assert_eq!(day_of(now, 22, Language::French).unwrap().0, "dimanche 1er\u{a0}novembre");
        assert_eq!(day_of(now, -1, Language::French), None);
        assert_eq!((hour_of(6, Language::English), hour_of(6, Language::French)), ("06:00".into(), "6\u{a0}h".into()));
    }

    #[test]
    fn spans_are_told_in_two_units_at_most() {
        let cases = [
            (0, "0 s", "0 s"),
            (20, "20 s", "20 s"),
            (180, "3 min", "3 min"),
            (200, "3 min 20 s", "3 min 20 s"),
            (7200, "2 h", "2 h"),
            (7500, "2 h 5 min", "2 h 5 min"),
            (86_400, "1 day", "1 jour"),
            (3 * 86_400 + 7200, "3 days", "3 jours"),
        ];
        for (seconds, english, french) in cases {
            assert_eq!(Span(Duration::from_secs(seconds), Language::English).to_string(), english);
            let said = Span(Duration::from_secs(seconds), Language::French).to_string();
            assert_eq!(said.replace('\u{a0}', " "), french);
            assert!(said.contains('\u{a0}'), "{said:?} may break before its unit");
        }
    }

    #[test]
    fn french_times_are_told_with_their_day() {
        let said = |when, style| time(when, style, Language::French).replace('\u{a0}', " ");
        assert_eq!(said(when(23, 9, 12), Style::Since), "9 h 12");
        assert_eq!(said(when(23, 9, 5), Style::At), "à 9 h 05");
        assert_eq!(said(when(22, 17, 40), Style::Since), "hier à 17 h 40");
        assert_eq!(said(when(3, 8, 0), Style::At), "le 3 novembre à 8 h");
        assert_eq!(said(when(1, 0, 30), Style::Since), "le 1er novembre à 0 h 30");
        let last_year = Local.with_ymd_and_hms(2025, 11, 3, 9, 12, 0).unwrap().timestamp_millis();
        assert_eq!(said(When { at: last_year, now: at(23, 15, 0) }, Style::At), "le 3 novembre 2025 à 9 h 12");
        assert_eq!(said(When { at: i64::MAX, now: 0 }, Style::Since), "une date inconnue");
    }

    #[test]
    fn periods_name_a_day_once() {
        let said = |from, until, language| period(from, until, language).replace('\u{a0}', " ");
        let english = |from, until| said(from, until, Language::English);
        assert_eq!(english(when(23, 9, 12), when(23, 11, 40)), "09:12 to 11:40");
        assert_eq!(english(when(22, 9, 12), when(22, 11, 40)), "yesterday at 09:12 to 11:40");
        assert_eq!(english(when(22, 9, 12), when(23, 11, 40)), "yesterday at 09:12 to today at 11:40");
        let french = |from, until| said(from, until, Language::French);
        assert_eq!(french(when(23, 9, 12), when(23, 11, 40)), "de 9 h 12 à 11 h 40");
        assert_eq!(french(when(22, 9, 12), when(22, 11, 40)), "hier de 9 h 12 à 11 h 40");
        assert_eq!(french(when(3, 9, 12), when(3, 11, 40)), "le 3 novembre de 9 h 12 à 11 h 40");
        assert_eq!(french(when(22, 17, 40), when(23, 8, 0)), "hier à 17 h 40 jusqu'à aujourd'hui à 8 h");
        assert_eq!(french(when(3, 17, 40), when(4, 8, 0)), "le 3 novembre à 17 h 40 jusqu'au 4 novembre à 8 h");
    }
}
