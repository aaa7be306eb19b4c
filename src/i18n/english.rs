//! The sentences in English.

pub(super) mod doctor;

use super::times::{self, Span, Style, decimal};
use super::{
    Cell, Duration, Ending, Formatter, Language, Order, Person, Place, Sentence, Takeable, Tale, Talk, Trouble, When, because,
    fmt, known,
};

fn span(span: Duration) -> Span {
    Span(span, Language::English)
}

fn time(when: When, style: Style) -> String {
    times::time(when, style, Language::English)
}

fn name(who: &Person) -> &str {
    if who.name.is_empty() { "somebody" } else { &who.name }
}

fn since(since: Option<When>) -> String {
    since.map_or_else(String::new, |when| format!(" since {}", time(when, Style::Since)))
}

pub(super) fn sentence(f: &mut Formatter<'_>, database: &str, what: &Sentence) -> fmt::Result {
    match what {
        Sentence::Free => write!(f, "{database} is free."),
        Sentence::Mine { since: at, app, pid } => {
            let how = match (app.as_str(), at) {
                ("", _) => "reserved for you",
                (_, Some(_)) => "you have been using it",
                (_, None) => "you are using it",
            };
            let process = pid.map(|pid| format!("process {pid}"));
            write!(f, "{database}: {how}{}{}.", since(*at), known(app, process))
        }
        Sentence::MineElsewhere { machine, since: at } => {
            let at = at.map_or_else(String::new, |when| format!(" {}", time(when, Style::At)));
            write!(f, "{database}: you left it open on {machine}{at}.")
        }
        Sentence::Held { who, since: at, last_sign } => {
            let using = if at.is_some() { "has been using it" } else { "is using it" };
            write!(f, "{database}: {} {using}{}", name(who), since(*at))?;
            let sign = last_sign.map(|ago| format!("last sign of life {} ago", span(ago)));
            write!(f, "{}.", known(&who.machine, sign))
        }
        Sentence::HeldByUnknown { takeable: when } => {
            write!(f, "{database}: somebody may be using it, and who cannot be seen.")?;
            takeable(f, *when)
        }
        Sentence::HeldByNewer { who } => {
            let who = name(who);
            write!(f, "{database}: {who} is using it with a newer version of Sharelock. Update this one before you take it.")
        }
        Sentence::Stale { who, last_sign, place, takeable } => stale(f, database, who, *last_sign, *place, *takeable),
        Sentence::Unreachable { reason } => {
            let reason = because(reason);
            write!(f, "{database}: the shared folder cannot be seen{reason}. This does not mean that the database is free.")
        }
        Sentence::Denied { reason } => {
            let reason = because(reason);
            write!(f, "{database}: you may not read the shared folder{reason}. This does not mean that the database is free.")
        }
        Sentence::Unusable { reason } => trouble(f, database, Trouble::Unusable, reason),
    }
}

fn stale(
    f: &mut Formatter<'_>,
    database: &str,
    who: &Person,
    last_sign: Option<When>,
    place: Place,
    when: Takeable,
) -> fmt::Result {
    write!(f, "{database}: no sign of life{}. ", since(last_sign))?;
    match (place, who.name.is_empty(), who.machine.is_empty()) {
        (Place::MyselfHere, ..) => f.write_str("The program with which you had it on this computer may have ended.")?,
        (Place::Here, false, _) => write!(f, "The program with which {} had it on this computer may have ended.", who.name)?,
        (Place::Here, true, _) => f.write_str("The program that had it on this computer may have ended.")?,
        (Place::Elsewhere, false, false) => write!(f, "{}'s computer ({}) may have been switched off.", who.name, who.machine)?,
        (Place::Elsewhere, false, true) => write!(f, "{}'s computer may have been switched off.", who.name)?,
        (Place::Elsewhere, true, false) => write!(f, "The computer {} may have been switched off.", who.machine)?,
        (Place::Elsewhere, true, true) => f.write_str("The computer that had it may have been switched off.")?,
    }
    takeable(f, when)
}

fn takeable(f: &mut Formatter<'_>, when: Takeable) -> fmt::Result {
    match when {
        Takeable::Now => f.write_str(" It can be taken over now."),
        Takeable::In(left) => write!(f, " It can be taken over in {} if that stays so.", span(left)),
        Takeable::Unknown => Ok(()),
    }
}

fn trouble(f: &mut Formatter<'_>, database: &str, what: Trouble, detail: &str) -> fmt::Result {
    let detail = because(detail);
    match what {
        Trouble::Silent => {
            write!(f, "{database}: the shared folder cannot be reached{detail}. This does not mean that the database is free.")
        }
        Trouble::Denied => write!(f, "{database}: you may not write in the shared folder{detail}."),
        Trouble::Full => write!(f, "{database}: the shared folder has no space left{detail}."),
        Trouble::ReadOnly => write!(f, "{database}: the shared folder can only be read{detail}."),
        Trouble::Gone => write!(f, "{database}: the lease vanished from the shared folder{detail}."),
        Trouble::NoFolder => write!(f, "{database}: its folder does not exist{detail}."),
        Trouble::Unusable => write!(f, "{database}: no lease can be kept there{detail}."),
    }
}

fn programs(count: usize) -> String {
    if count == 1 { "1 program".into() } else { format!("{count} programs") }
}

pub(super) fn talk(f: &mut Formatter<'_>, database: &str, what: &Talk) -> fmt::Result {
    match what {
        Talk::Waiting => f.write_str("Waiting for it."),
        Talk::StillWaiting(time) => write!(f, "Still waiting, for {} now.", span(*time)),
        Talk::InLine(people) => {
            let people: Vec<String> = people.iter().map(|who| format!("{}{}", name(who), because(&who.machine))).collect();
            write!(f, "Waiting for it: {}.", people.join(", "))
        }
        Talk::Order(order) => ordered(f, database, order),
        Talk::WaitingLine(time) => write!(f, "Waiting {} (Ctrl-C stops).", span(*time)),
        Talk::NoAnswerYet => write!(f, "{database}: the shared folder does not answer; still trying."),
        Talk::Yours(token) => write!(f, "{database} is yours now (token {token})."),
        Talk::Holding(token) => write!(f, "{database} is yours (token {token}). Ctrl-C gives it back."),
        Talk::GivenBack => write!(f, "{database} is given back."),
        Talk::StoppedWaiting => write!(f, "Stopped waiting for {database}."),
        Talk::GaveUp => f.write_str("Not waiting any longer."),
        Talk::Failed(why, detail) => trouble(f, database, *why, detail),
        Talk::Synchronised(program) => write!(
            f,
            "{database}: {program} synchronises this folder, and then nobody decides who was first. No lease can be kept there; \
             move the database to a shared folder on a server. (--accept-sync-folder takes it all the same.)"
        ),
        Talk::SynchronisedAccepted(program) => write!(
            f,
            "{database}: {program} synchronises this folder. Somebody on another computer may get it at the same time, and one of \
             you will lose work."
        ),
        Talk::System(detail) => write!(f, "{database}: this computer cannot do that now ({detail})."),
        Talk::NoSuchProgram(program) => write!(f, "{program}: there is no such program."),
        Talk::CannotStart(program, detail) => write!(f, "{program}: cannot be started{}.", because(detail)),
        Talk::LostBeforeStart(program) => write!(f, "{database}: lost again before {program} began, so it was not started."),
        Talk::StillRunning(count) => {
            write!(f, "{database}: waiting for {} that the program has started. It is given back after that.", programs(*count))
        }
        Talk::WaitingForProgram(program, pid) => {
            write!(f, "{database}: waiting for {program} (process {pid}) to end. It is given back after that.")
        }
        Talk::WaitingForRest(count) => {
            write!(f, "{database}: waiting for {} to end. It is given back after that.", programs(*count))
        }
        Talk::Expiring(left) => {
            write!(f, "{database}: the shared folder does not answer. Save now: in {} somebody else may be let in.", span(*left))
        }
        Talk::Renewed => write!(f, "{database}: the shared folder answers again. It is still yours."),
        Talk::Unsure => {
            write!(f, "{database}: not sure any more that it is yours, because the shared folder did not answer in time.")
        }
        Talk::UnsureAfterSleep => {
            write!(f, "{database}: not sure any more that it is yours, because the computer was asleep or its clock was set.")
        }
        Talk::Recovered(token) => write!(f, "{database} is yours again, and nobody had it in between (token {token})."),
        Talk::LostTo(who) => {
            let place = because(&who.machine);
            write!(f, "{database} is lost: {}{place} has it now.", name(who))
        }
        Talk::LostRecord => write!(f, "{database} is lost: its lease is not in the shared folder any more."),
        Talk::Revoked(who, reason) => {
            let place = because(&who.machine);
            write!(
                f,
                "{database}: {}{place} asks to release it now: “{reason}”. Save and close; soon it is not yours any more.",
                name(who)
            )
        }
        Talk::LostRevoked(who, reason) => {
            let place = because(&who.machine);
            write!(f, "{database} is lost: {}{place} released it: “{reason}”.", name(who))
        }
        Talk::MayCollide(program) => {
            write!(f, "{database}: do not write any more with {program}; somebody else may be writing. Close it without saving.")
        }
        Talk::TakenOver(token) => {
            write!(f, "The Sharelock agent has ended; {database} stays reserved for this program (token {token}).")
        }
        Talk::TakenBack => write!(f, "{database} was released with the Sharelock agent, although it is still in use here."),
        Talk::Stopping(program, grace) => write!(f, "Ending {program}; by force in {}.", span(*grace)),
        Talk::Forcing(program) => write!(f, "Ending {program} by force."),
        Talk::StillGivingBack(left) => write!(
            f,
            "{database}: the shared folder does not answer; still trying to give it back. Ctrl-C leaves it: it then becomes free by \
             itself in at most {}.",
            span(*left)
        ),
        Talk::LapsesIn(left, when) => {
            let at = when.map_or_else(String::new, |when| format!(" ({})", time(when, Style::At)));
            write!(
                f,
                "{database}: the shared folder does not answer, so it could not be given back. It becomes free by itself in at \
                       most {}{at}.",
                span(*left)
            )
        }
        Talk::NothingOnRecord => write!(f, "{database}: nobody is on record."),
        Talk::Unreadable(count) => write!(f, "{database}: {count} of its records cannot be read and are left out."),
        Talk::HistoryCut => write!(f, "{database}: there is more on record than is read at once; the oldest is left out."),
        Talk::LostAtRelease => write!(f, "{database} had been lost before it was given back."),
    }
}

pub(super) fn cell(f: &mut Formatter<'_>, what: &Cell) -> fmt::Result {
    match what {
        Cell::Time(from, None) => write!(f, "since {}", time(*from, Style::Since)),
        Cell::Time(from, Some(until)) => f.write_str(&times::period(*from, *until, Language::English)),
        Cell::Who(who) => write!(f, "{}{}", name(who), because(&who.machine)),
        Cell::Ending(Ending::Held(silent)) => write!(f, "has it, last sign of life {} ago", span(*silent)),
        Cell::Ending(Ending::Released) => f.write_str("gave it back"),
        Cell::Ending(Ending::Lapsed) => f.write_str("no sign of life after that, so it lapsed"),
        Cell::Ending(Ending::Forced(_, None)) => f.write_str("released on somebody's order"),
        Cell::Ending(Ending::Forced(who, Some(reason))) => write!(f, "released by {}: “{reason}”", name(who)),
        Cell::Ending(Ending::TakenOver) => f.write_str("ended without giving it back, so it was taken over"),
    }
}

fn ordered(f: &mut Formatter<'_>, database: &str, what: &Order) -> fmt::Result {
    match what {
        Order::By(who, reason) => write!(f, "{}{} has ordered its release: “{reason}”.", name(who), because(&who.machine)),
        Order::NothingToRelease => write!(f, "{database} is free. There is nothing to release."),
        Order::NotConfirmed(who, typed) if who.name.is_empty() => {
            write!(f, "{database}: who has it cannot be seen, so type --confirm unknown instead of “{typed}”. Nothing was done.")
        }
        Order::NotConfirmed(who, typed) => {
            write!(f, "{database}: {}{} has it, not “{typed}”. Nothing was done.", name(who), because(&who.machine))
        }
        Order::MayLoseChanges(who) => {
            write!(f, "{database}: releasing while {} is still working can lose changes.", name(who))
        }
        Order::TwoMayWrite(who) if who.name.is_empty() => {
            write!(f, "{database}: whoever has it is not waited for. If they still write, two people write at once.")
        }
        Order::TwoMayWrite(who) => {
            write!(f, "{database}: {} is not waited for. If that program still writes, two people write at once.", name(who))
        }
        Order::Given(who, left) => {
            let whom = if who.name.is_empty() { "Whoever has it" } else { name(who) };
            write!(f, "{database}: {whom} is told to release it. ")?;
            match left {
                Some(left) => write!(f, "It can be taken over in {} at the latest.", span(*left)),
                None => f.write_str("It can be taken over as soon as that is done."),
            }
        }
        Order::LetIn => write!(f, "{database} can be taken now."),
    }
}

pub(super) fn tale(f: &mut Formatter<'_>, database: &str, what: &Tale) -> fmt::Result {
    match what {
        Tale::Beginning(path) => write!(
            f,
            "Two desks take turns writing one file, {path}.\n\
             Each turn reads it, takes its time, and writes it back with one line more: without turns they would\n\
             write over each other's lines. Every desk is a real program, started with `sharelock run`.\n"
        ),
        Tale::Shown(true) => f.write_str("Watch the padlock in the panel: it closes and opens with every turn."),
        Tale::Shown(false) => f.write_str("No panel shows icons here; otherwise a padlock would close and open with every turn."),
        Tale::Notified => f.write_str("A notification says that it is free now."),
        Tale::Has(desk, token) => write!(f, "Desk {desk} has {database} (token {token})."),
        Tale::HasAfter(desk, token, after) => {
            write!(f, "Desk {desk} has {database} (token {token}), {} ms later.", after.as_millis())
        }
        Tale::TookOverAfter(desk, token, after) => {
            write!(f, "Desk {desk} has {database} (token {token}), {} ms later: nothing had to be repaired.", after.as_millis())
        }
        Tale::Reads(desk, line) => write!(f, "Desk {desk} waits, and reads: {line}"),
        Tale::Wrote(desk, line) => write!(f, "Desk {desk} wrote line {line} and gives it back."),
        Tale::Killed(desk, pid) => write!(
            f,
            "Desk {desk} is killed in the middle of its turn (process {pid}, no goodbye). Its program still writes, so nobody is let in."
        ),
        Tale::MustLapse(here, usually) => write!(
            f,
            "This system does not show whether all its programs have ended, so its lease has to lapse: {} here, {} usually.",
            span(*here),
            span(*usually)
        ),
        Tale::OrphanWrote(desk, line) => write!(f, "Desk {desk}'s program wrote line {line} and has ended."),
        Tale::Contents => write!(f, "In the end {database} says:"),
        Tale::Sound(turns) => {
            write!(f, "{turns} turns, {turns} lines, none lost and none doubled, although one desk was killed on the way.")
        }
        Tale::Unsound => f.write_str("Lines are lost or doubled. This must never happen: please report it."),
        Tale::Broken(detail) => write!(f, "The demo could not go on: {detail}"),
    }
}
