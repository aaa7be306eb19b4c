//! `sharelock history`: who had it, from when to when, and how it ended.
//!
//! Reads only. The hazards: names and notes that a spreadsheet takes for formulas, since the list is made to be opened in one; and
//! telling more than is known: a holder that fell silent wrote down no end, so its last sign of life stands for it.

use super::exit::Exit;
use super::language::language;
use super::open::{lossy, now, options};
use super::seen::{PersonLine, rfc3339};
use super::take::{duration, open};
use super::terminal::{give, say};
use crate::clock::Moment;
use crate::config::Config;
use crate::i18n::{About, Cell, Ending, Reason, Talk, When, plain_json, printable};
use crate::session::Database;
use crate::session::describe::{person, trouble};
use crate::store::{End, PastLease};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  sharelock history wems.db
  sharelock history --since 7d --csv wems.db > week.csv
  sharelock history --json wems.db | jq -r 'select(.how == \"lapsed\").holder.name'

How a lease ended, as far as the records say:
  released     its holder gave it back
  lapsed       no sign of life for its own time-out (3 min), and then somebody came
  taken_over   somebody came sooner: its programs had certainly ended
  forced       somebody ordered it to be released, and it was taken over on that order
  held         it has not ended

`lapsed` and `taken_over` leave no mark of their own: which of them it was is derived from how long the holder had been silent when \
somebody else came, by the clocks of their two computers. The end of a lease that was not given back is its last sign of life. \
Up to 10 MB are on record; then the older half goes.

CSV is as in RFC 4180. A cell that a spreadsheet could take for a formula begins with an apostrophe.

Exit codes: 0, also when nothing is on record; 69 the shared folder cannot be reached, 77 no permission.";

/// How long reading may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct HistoryArguments {
    /// The database
    #[arg(value_name = "DB", value_hint = clap::ValueHint::FilePath)]
    database: PathBuf,
    /// Leave out what ended before that: 7d, 12h, 2w
    #[arg(long, value_name = "TIME", value_parser = age)]
    since: Option<Duration>,
    /// Print one JSON object per line and lease
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print a table for spreadsheets
    #[arg(long)]
    csv: bool,
}

/// Reads a time that is long past: days and weeks, too.
fn age(text: &str) -> Result<Duration, String> {
    let days = text.trim().strip_suffix('d').map(|number| (number, 1));
    let weeks = text.trim().strip_suffix('w').map(|number| (number, 7));
    let read = match days.or(weeks) {
        Some((number, days)) => {
            number.trim().parse().ok().map(|number: u16| Duration::from_secs(86_400) * days * u32::from(number))
        }
        None => duration(text).ok(),
    };
    read.ok_or_else(|| Reason::AgeSpelling.text(language()))
}

/// One line of `--json`. Fields are never removed, renamed or reused.
#[derive(Debug, Serialize)]
struct Line {
    schema: u32,
    database: String,
    token: u64,
    from: Option<String>,
    until: Option<String>,
    last_sign: Option<String>,
    how: &'static str,
    holder: PersonLine,
    order: Option<OrderLine>,
}

/// Who ordered it to be released, and why.
#[derive(Debug, Serialize)]
struct OrderLine {
    user: Option<String>,
    name: Option<String>,
    machine: Option<String>,
    reason: String,
    at: Option<String>,
}

const COLUMNS: &str = "database,token,from,until,how,user,name,machine,pid,app,note,ordered_by,reason\r";

/// Tells who had it.
pub(super) fn history(arguments: &HistoryArguments, config: &Config) -> Exit {
    attempt(arguments, config).map_or_else(|exit| exit, |()| Exit::Done)
}

fn attempt(arguments: &HistoryArguments, config: &Config) -> Result<(), Exit> {
    let target = config.target(&arguments.database);
    let database = open(&target, options(&target))?;
    let past = database.history(PATIENCE).map_err(|error| {
        let talk = Talk::Failed(trouble(error.failure), printable(&error.to_string()));
        say(About(database.name(), &talk, language()));
        Exit::of(error.failure)
    })?;
    let moment = now();
    let since = arguments.since.map(|since| moment.wall.0.saturating_sub(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)));
    let shown = |lease: &&PastLease| since.is_none_or(|since| lease.end == End::Held || lease.until.0 >= since);
    let leases: Vec<&PastLease> = past.leases.iter().filter(shown).collect();
    let talk = |talk: &Talk| say(About(database.name(), talk, language()));
    if arguments.csv && give(COLUMNS) {
        print(&leases, |lease| csv(&line(&database, lease)));
    } else if arguments.json {
        print(&leases, |lease| plain_json(&serde_json::to_string(&line(&database, lease)).unwrap_or_default()));
    } else if leases.is_empty() {
        talk(&Talk::NothingOnRecord);
    } else {
        table(&leases, moment);
    }
    if past.unreadable > 0 {
        talk(&Talk::Unreadable(past.unreadable));
    }
    if past.cut {
        talk(&Talk::HistoryCut);
    }
    Ok(())
}

/// Prints line by line, until nobody reads any more.
fn print(leases: &[&PastLease], line: impl Fn(&PastLease) -> String) {
    for lease in leases {
        if !give(line(lease)) {
            return;
        }
    }
}

fn table(leases: &[&PastLease], moment: Moment) {
    let when = |at: i64| When { at, now: moment.wall.0 };
    let cell = |cell: &Cell| About("", cell, language()).to_string();
    let rows: Vec<[String; 3]> = leases
        .iter()
        .map(|lease| {
            let until = (lease.end != End::Held).then(|| when(lease.until.0));
            let silent = moment.wall.0.saturating_sub(lease.until.0);
            let ending = match lease.end {
                End::Held => Ending::Held(Duration::from_millis(u64::try_from(silent).unwrap_or(0))),
                End::Released => Ending::Released,
                End::Lapsed => Ending::Lapsed,
                End::TakenOver => Ending::TakenOver,
                End::Forced => {
                    let order = lease.order.as_ref();
                    Ending::Forced(person(order.map(|order| &order.by)), order.map(|order| printable(&order.reason)))
                }
            };
            let who = person(Some(&lease.holder));
            [cell(&Cell::Time(when(lease.from.0), until)), cell(&Cell::Who(who)), cell(&Cell::Ending(ending))]
        })
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (first, second) = (width(0), width(1));
    for [time, who, ending] in &rows {
        if !give(format!("{time:first$}  {who:second$}  {ending}")) {
            return;
        }
    }
}

fn line(database: &Database, lease: &PastLease) -> Line {
    Line {
        schema: 1,
        database: lossy(database.path()),
        token: lease.token.0,
        from: rfc3339(lease.from),
        until: rfc3339(lease.until).filter(|_| lease.end != End::Held),
        last_sign: rfc3339(lease.until),
        how: match lease.end {
            End::Held => "held",
            End::Released => "released",
            End::Lapsed => "lapsed",
            End::TakenOver => "taken_over",
            End::Forced => "forced",
        },
        holder: PersonLine::of(&lease.holder),
        order: lease.order.as_ref().map(|order| {
            let PersonLine { user, name, machine, pid: _, app: _, note: _ } = PersonLine::of(&order.by);
            OrderLine { user, name, machine, reason: order.reason.clone(), at: rfc3339(order.at) }
        }),
    }
}

/// Writes one line without its line feed.
fn csv(line: &Line) -> String {
    let Line { schema: _, database, token, from, until, last_sign: _, how, holder, order } = line;
    let text = |value: &Option<String>| quoted(value.as_deref().unwrap_or_default());
    let pid = holder.pid.map_or_else(String::new, |pid| pid.to_string());
    let cells = [
        quoted(database),
        token.to_string(),
        text(from),
        text(until),
        (*how).to_owned(),
        text(&holder.user),
        text(&holder.name),
        text(&holder.machine),
        pid,
        text(&holder.app),
        text(&holder.note),
        order.as_ref().map_or_else(String::new, |order| text(if order.name.is_some() { &order.name } else { &order.user })),
        order.as_ref().map_or_else(String::new, |order| quoted(&order.reason)),
    ];
    format!("{}\r", cells.join(","))
}

/// Quotes where RFC 4180 asks for it, and disarms what spreadsheets take for a formula, also behind spaces and in full width.
fn quoted(text: &str) -> String {
    let formula = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '|', '%']);
    let text = if formula || text.starts_with(['\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    let plain = !formula && !text.contains(['"', ',', '\r', '\n']) && text.trim() == text;
    if plain { text } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_cannot_become_formulas_or_columns() {
        let cases = [
            ("Marie", "Marie"),
            ("Dupont, Marie", "\"Dupont, Marie\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("  =1", "\"'  =1\""),
            ("＝1", "\"'＝1\""),
            (" Marie", "\" Marie\""),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn ages_are_read_as_people_type_them() {
        assert_eq!(age("7d"), Ok(Duration::from_secs(7 * 86_400)));
        assert_eq!(age("2w"), Ok(Duration::from_secs(14 * 86_400)));
        assert_eq!(age("12h"), Ok(Duration::from_secs(12 * 3600)));
        for bad in ["", "d", "-1d", "7 fortnights", "ü"] {
            assert!(age(bad).is_err(), "{bad}");
        }
    }
}
