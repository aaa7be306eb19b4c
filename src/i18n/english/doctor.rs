//! What `doctor` says in English: for every finding what was seen, why it matters, what to do.

use super::super::doctor::{
    Access, Aside, Clock, Configuration, Exclusive, Finding, Folder, Foreign, Leases, Locks, Maker, Pair, Setter, Skip, Space,
    Speed, Sync, System, Topic, Verdict, Waits, Who, Words, Writing,
};
use super::{Duration, Language, Person, because, decimal, name, span};

pub(in super::super) const fn title(topic: Topic) -> &'static str {
    match topic {
        Topic::Folder => "folder",
        Topic::FileSystem => "kind of folder",
        Topic::Sync => "cloud and copies",
        Topic::Writing => "writing",
        Topic::Exclusive => "one winner",
        Topic::RangeLocks => "range locks",
        Topic::Clock => "clock",
        Topic::Speed => "speed",
        Topic::Access => "permissions",
        Topic::Space => "space",
        Topic::ForeignLocks => "other lock files",
        Topic::Leases => "who has it",
        Topic::Lapses => "past leases",
        Topic::Versions => "versions",
        Topic::Waits => "waiting",
        Topic::Pair => "two computers",
        Topic::PairExclusive => "one of two wins",
        Topic::PairLocks => "each other's locks",
        Topic::PairChange => "changes seen",
        Topic::PairNames => "new files seen",
        Topic::PairClock => "two clocks",
        Topic::Configuration => "settings",
        Topic::Autostart => "start at log-in",
        Topic::Agent => "agent",
    }
}

pub(in super::super) fn words(finding: &Finding) -> Words {
    let (found, why, remedy) = match finding {
        Finding::Skipped(what) => skip(*what),
        Finding::Folder(what) => folder(what),
        Finding::FileSystem(what) => system(what),
        Finding::Sync(what) => sync(what),
        Finding::Writing(what) => writing(what),
        Finding::Exclusive(what) => exclusive(what),
        Finding::Locks(what) => locks(what),
        Finding::Clock(what) => clock(what),
        Finding::Speed(what) => speed(what),
        Finding::Access(what) => access(what),
        Finding::Space(what) => space(what),
        Finding::Foreign(what) => foreign(what),
        Finding::Leases(what) => leases(what),
        Finding::Waits(what) => waits(*what),
        Finding::Pair(what) => pair(what),
        Finding::Configuration(what) => configuration(what),
        // Said in i18n/here.rs.
        Finding::Agent(_) | Finding::Autostart(_) => told("", ""),
    };
    Words { found, why: why.into(), remedy }
}

/// What was seen, why it matters, what to do.
type Said = (String, &'static str, String);

fn told(found: impl Into<String>, why: &'static str) -> Said {
    (found.into(), why, String::new())
}

fn bad(found: impl Into<String>, why: &'static str, remedy: impl Into<String>) -> Said {
    (found.into(), why, remedy.into())
}

/// `0.4 ms`, `12 ms`, `3.2 s`, `2 min 5 s`.
fn short(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1000.0;
    match millis {
        ..0.1 => "under 0.1 ms".to_owned(),
        ..10.0 => format!("{millis:.1} ms"),
        ..1000.0 => format!("{millis:.0} ms"),
        ..60_000.0 => decimal(time, Language::English),
        _ => span(time).to_string(),
    }
}

/// `512 kB`, `3.2 GB`.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn size(bytes: u64) -> String {
    let (mut value, mut unit) = (bytes as f64 / 1000.0, "kB");
    for next in ["MB", "GB", "TB"] {
        if value < 1000.0 {
            break;
        }
        (value, unit) = (value / 1000.0, next);
    }
    if value < 10.0 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

fn skip(what: Skip) -> Said {
    let text = match what {
        Skip::NeedsWriting => "not examined, because nothing can be written there",
        Skip::NoAnswer => "not examined, because the folder does not answer",
        Skip::NeedsPair => "not examined: that needs two computers, see `--pair`",
        Skip::NotTold => "not examined: this system does not tell",
    };
    told(text, "")
}

fn folder(what: &Folder) -> Said {
    match what {
        Folder::Answers(took) => told(format!("answers ({})", short(*took)), "Everything else needs it."),
        Folder::Missing(path) => bad(
            format!("{path} does not exist"),
            "Without its folder nothing can be said about a database. It does not mean that the database is free.",
            "Check the spelling, and whether the network drive is connected.",
        ),
        Folder::Silent(waited) => bad(
            format!("no answer within {}", short(*waited)),
            "The share hangs: programs that open the database now will hang too. It does not mean that the database is free.",
            "Check the network cable, Wi-Fi or VPN, and that the server is switched on; then run this again.",
        ),
        Folder::Denied(detail) => bad(
            "you may not look into this folder".to_owned() + &because(detail),
            "Whoever cannot read the folder cannot see who has the database.",
            "Ask whoever looks after the server for read and write access to this folder.",
        ),
        Folder::NoDatabase(reason) => bad(
            reason.text(Language::English),
            "A lease has to lie beside the one file that everybody opens.",
            "Give the path of the database file itself, or of its folder.",
        ),
        Folder::Failed(detail) => bad(
            format!("the system says: {detail}"),
            "This could not be examined to its end.",
            "Run this again; if it stays, show this line to whoever looks after the server.",
        ),
    }
}

fn system(what: &System) -> Said {
    match what {
        System::Local(name, source) => told(
            format!("{name} on this computer{}", from(source)),
            "Other computers reach it only if this one shares it; examine it from there too.",
        ),
        System::Share(name, source, options) => told(
            format!("{name}{}{}", from(source), mounted(options)),
            "This is what the mount table says; it decides what can be believed of locks, caches and clocks.",
        ),
        System::Virtual(name) => bad(
            format!("a folder of the host of this virtual machine ({name})"),
            "Whether it decides between several machines who was first has not been tested.",
            "Use SMB or NFS instead, or try two machines with `--pair`.",
        ),
        System::UserSpace(name) => bad(
            format!("a file system made by a program ({name})"),
            "Whether it decides between several computers who was first depends on that program.",
            "Try two computers with `--pair`; better, mount the folder with SMB or NFS.",
        ),
        System::Cloud(name) => bad(
            format!("a cloud that is shown as a folder ({name})"),
            "Nobody decides there who was first: two people can both believe that they have the database.",
            "Move the database to a shared folder on a file server.",
        ),
        System::Other(name) => bad(
            if name.is_empty() {
                "a file system that is not known here".to_owned()
            } else {
                format!("a file system that has not been tested ({name})")
            },
            "Whether it decides between several computers who was first is not known.",
            "Try two computers with `--pair` before you rely on it.",
        ),
    }
}

fn from(source: &str) -> String {
    if source.is_empty() { String::new() } else { format!(", {source}") }
}

fn mounted(options: &str) -> String {
    if options.is_empty() { String::new() } else { format!(" ({options})") }
}

fn sync(what: &Sync) -> Said {
    match what {
        Sync::Nothing => told(
            "no sign of a program that copies it",
            "In a folder that is copied between computers every computer has its own lock files, and sees those of others late.",
        ),
        Sync::By(program) => bad(
            format!("{program} copies this folder between computers"),
            "Every computer has its own copy, and nobody decides who was first: two people can both get the database, and one \
             loses the work.",
            "Move the database to a shared folder on a file server, outside of what is synchronised.",
        ),
        Sync::OfflineFiles => bad(
            "Windows' Offline Files are switched on for this computer",
            "Where a share is also kept offline, this computer may go on with its own copy when the server is away.",
            "In the folder's properties switch off \"Always available offline\", or have it excluded for this share.",
        ),
    }
}

fn writing(what: &Writing) -> Said {
    const WHY: &str = "To take a database is to create a small file beside it.";
    const ASK: &str = "Ask whoever looks after the server for the right to create, change and remove files in this folder.";
    match what {
        Writing::Works => told("files can be created, changed, read and removed", WHY),
        Writing::MayNotCreate(detail) => bad("you may not create files here".to_owned() + &because(detail), WHY, ASK),
        Writing::ReadOnly => bad(
            "the folder is mounted or shared read-only",
            WHY,
            "Connect it with write access. If it was writable before, the disk of the server may have failed.",
        ),
        Writing::Full => bad("there is no room for one small file", WHY, "Free some space on the server, or raise your quota."),
        Writing::MayNotRemove(detail) => bad(
            "you may create files here, but not remove them".to_owned() + &because(detail),
            "A lock that cannot be removed stays for ever: this is how stale locks come about that nobody can break.",
            ASK,
        ),
        Writing::Garbled => bad(
            "what is read back is not what was written",
            "Records would be damaged in the same way, and nobody could tell who has the database.",
            "Do not use this folder. Check the disk of the server, and any program between you and it.",
        ),
    }
}

fn exclusive(what: &Exclusive) -> Said {
    const WHY: &str =
        "When two people want the database at once, creating a file that must not exist decides. Exactly one may win.";
    const MOVE: &str = "Do not keep a shared database there. Use SMB or NFS on a file server.";
    match what {
        Exclusive::OneWinner(rounds) => told(format!("exactly one winner in each of {rounds} races"), WHY),
        Exclusive::Several(rounds, doubled) => bad(format!("two winners in {doubled} of {rounds} races"), WHY, MOVE),
        Exclusive::Nobody(rounds, none) => bad(format!("no winner in {none} of {rounds} races"), WHY, MOVE),
    }
}

fn locks(what: &Locks) -> Said {
    const WHY: &str = "They tell within moments that a holder has let go or that its program has died; without them others find out \
                       by looking again and again, later. Programs such as SQLite and Access rely on them altogether.";
    match what {
        Locks::Between(kind) => told(format!("work, and {kind} passes them on to other computers"), WHY),
        Locks::Here => told("work on this computer", WHY),
        Locks::Local(option) => bad(
            format!("seen on this computer alone (mounted with `{option}`)"),
            WHY,
            format!("Mount the share without `{option}`."),
        ),
        Locks::Missing => bad(
            "the share does not offer any",
            WHY,
            "Switch on locking on the server (NFS 3: its lock service), or mount with another version of the protocol.",
        ),
        Locks::Ignored => bad(
            "granted to two at once",
            WHY,
            "Do not open databases there that rely on locks (SQLite, Access). Use SMB or NFS on a file server.",
        ),
        Locks::Unproven => {
            bad("work here; whether other computers see them is not known", WHY, "Try two computers with `--pair`.")
        }
    }
}

fn clock(what: &Clock) -> Said {
    const WHY: &str = "Leases do not depend on clocks. But \"since 09:12\" is told by them, and programs that judge locks by their \
                       age call live ones stale, or stale ones live.";
    const REMEDY: &str = "Have both set their clocks from the network (Windows: \"Set time automatically\"; Linux: \
                          `timedatectl set-ntp true`).";
    match what {
        Clock::Agree(within, setter) => told(format!("server and computer agree within {}{}", short(*within), by(*setter)), WHY),
        Clock::Same => told("the folder is on this computer and has the same clock", WHY),
        Clock::ServerAhead(off, setter) => {
            bad(format!("the server's clock is {} ahead of this computer's{}", span(*off), by(*setter)), WHY, REMEDY)
        }
        Clock::ServerBehind(off, setter) => {
            bad(format!("the server's clock is {} behind this computer's{}", span(*off), by(*setter)), WHY, REMEDY)
        }
        Clock::Unknown => told("the times of files tell nothing about the server's clock here", WHY),
    }
}

const fn by(setter: Setter) -> &'static str {
    match setter {
        Setter::Server => "; file times are the server's",
        Setter::Client => "; file times are this computer's",
        Setter::ServerUsually => "; file times are the server's on this kind of share",
        Setter::ClientUsually => "; file times are this computer's on this kind of share",
        Setter::Unknown => "",
    }
}

fn speed(what: &Speed) -> Said {
    const WHY: &str = "Taking and giving back a database needs some ten answers of the server, and every program on the share pays \
                       the same.";
    match what {
        Speed::Fine(answer, cycle) => {
            told(format!("{} for an answer, {} to make and remove a file", short(*answer), short(*cycle)), WHY)
        }
        Speed::Slow(answer, cycle) => bad(
            format!("slow: {} for an answer, {} to make and remove a file", short(*answer), short(*cycle)),
            WHY,
            "Use a cable instead of Wi-Fi; over a VPN, work on a remote desktop near the server. If others are fast, look at this \
             computer's virus scanner; if all are slow, at the server's disk.",
        ),
    }
}

fn access(what: &Access) -> Said {
    const WHY: &str = "Leases of one colleague must be readable, writable and removable for the others. Otherwise they do not see a \
                       lock, or cannot break a stale one.";
    match what {
        Access::Shared(Who::Owner) => told("only its owner may write, on this computer", WHY),
        Access::Shared(Who::Everybody) => told("everybody on this computer may write", WHY),
        Access::Shared(Who::Group(group)) => told(format!("the group {group} may write"), WHY),
        Access::ServerDecides => told("decided by the server's access lists, which cannot be seen from here", WHY),
        Access::Private(folder, command) => bad(
            format!("only its owner may write {folder}"),
            WHY,
            format!("If colleagues use it, open it to their group: {command}"),
        ),
        Access::NoSetGroup(folder, command) => bad(
            format!("new files in {folder} get the group of whoever makes them"),
            "A colleague who has another main group then makes files (the database's own journals, too) that others cannot write.",
            format!("Let new files inherit the group: {command}"),
        ),
        Access::Sticky(folder, command) => bad(
            format!("in {folder} only its owner may remove a file (\"sticky\")"),
            "A notice that a switched-off computer left behind cannot be removed by colleagues.",
            format!("Take the mark away: {command}"),
        ),
        Access::Narrow(path, command) => bad(
            format!("{path} is narrower than the folder it belongs to"),
            WHY,
            format!("Its owner or an administrator types: {command}"),
        ),
        Access::DatabaseNarrow(path, command) => bad(
            format!("{path} cannot be written by all who may write its folder"),
            "They can take the database, and then cannot use it.",
            format!("Its owner or an administrator types: {command}"),
        ),
        Access::StoreDenied(path, detail) => bad(
            format!("you may not write in {path}") + &because(detail),
            WHY,
            "Have it given the same permissions as the folder of the database. It was made by a colleague.",
        ),
    }
}

fn space(what: &Space) -> Said {
    const WHY: &str = "On a full share nobody can take a database, and a program may damage it in the middle of a change.";
    const FREE: &str = "Free some space on the server, or raise your quota.";
    match what {
        Space::Enough(bytes) => told(format!("{} free", size(*bytes)), WHY),
        Space::Little(bytes) => bad(format!("only {} free", size(*bytes)), WHY, FREE),
        Space::Nothing(bytes) => bad(format!("full: {} free", size(*bytes)), WHY, FREE),
        Space::FewFiles(count) => bad(
            format!("room for only {count} more files"),
            WHY,
            "Remove files on the server that nobody needs (there are many small ones).",
        ),
    }
}

const fn maker(maker: Maker) -> &'static str {
    match maker {
        Maker::Office => "Word, Excel or PowerPoint",
        Maker::LibreOffice => "LibreOffice",
        Maker::Access => "Access",
        Maker::Journal => "SQLite in the middle of a change",
        Maker::WriteAhead => "SQLite with a write-ahead log",
        Maker::Notice => "a program that writes its own lock file",
    }
}

fn foreign(what: &Foreign) -> Said {
    const WHY: &str = "Such a file is made while the document or database is open, and left behind by a crash. Its program keeps \
                       others out, or reads on, by it alone.";
    match what {
        Foreign::Nothing => told("none", WHY),
        Foreign::InUse(file, by, unchanged) => {
            let age = unchanged.map_or_else(String::new, |age| format!(", {} ago", span(age)));
            told(format!("{file}: opened with {}{age}", maker(*by)), WHY)
        }
        Foreign::LeftBehind(file, Maker::Journal, age) => bad(
            format!("{file}: a change that SQLite did not finish, {} ago", span(*age)),
            "The next program that opens the database undoes the unfinished change with it. Without it the database is damaged.",
            "Do not remove it. Open the database once with its program, alone, and look whether the last entries are there.",
        ),
        Foreign::LeftBehind(file, by, age) => bad(
            format!("{file}: probably left behind by {}, unchanged for {}", maker(*by), span(*age)),
            WHY,
            "Make sure that nobody has it open; then remove the file. A lease that Sharelock keeps is not affected.",
        ),
        Foreign::WriteAheadOnShare(file) => bad(
            format!("{file}: SQLite uses its write-ahead log on a network share"),
            "That mode needs memory that all its programs share. If programs of two computers have the database open at once, even \
             for reading alone, it is damaged.",
            "With all programs closed: sqlite3 DATABASE \"PRAGMA journal_mode=DELETE\".",
        ),
        Foreign::TooMany(looked) => told(format!("none among the first {looked} files; the folder has more"), WHY),
    }
}

fn leases(what: &Leases) -> Said {
    match what {
        Leases::Nothing => told("nobody has used it with Sharelock yet", ""),
        Leases::Free(1) => told("free", ""),
        Leases::Free(count) => told(format!("{count} databases, all free"), ""),
        Leases::Held(database, who) => told(format!("{database}: {}", whom(who)), ""),
        Leases::Stale(database, who, silent, takeable) => bad(
            format!(
                "{database}: {}, but no sign of life{}",
                whom(who),
                silent.map_or_else(String::new, |time| format!(" for {}", span(time)))
            ),
            "The computer may have been switched off or cut off from the network, or its program ended without giving back.",
            match takeable {
                Some(Duration::ZERO) => "Nothing: whoever wants it now gets it, and nothing has to be removed.".to_owned(),
                Some(time) => {
                    format!("Wait: it can be taken over in {} if that stays so. Nothing has to be removed.", span(*time))
                }
                None => "Look at that computer. Remove nothing by hand.".to_owned(),
            },
        ),
        Leases::Unreadable(database, detail) => bad(
            format!("{database}: who has it cannot be read") + &because(detail),
            "It counts as held, never as free.",
            "Run this again; if it stays, look at the permissions of the folder .sharelock beside it.",
        ),
        Leases::Orderly(_, 0) => told("none yet", ""),
        Leases::Orderly(ended, all) if ended == all => told(format!("the last {all} ended in order"), ""),
        Leases::Orderly(ended, all) => told(format!("{ended} of the last {all} ended in order"), ""),
        Leases::OftenLapsed(lapsed, all, machine) => bad(
            if machine.is_empty() {
                format!("{lapsed} of the last {all} were never given back")
            } else {
                format!("{lapsed} of the last {all} were never given back, most of them by {machine}")
            },
            "Others had to wait each time until it was certain that nobody was writing any more.",
            "On that computer: close the program before switching off or going home, and keep it from sleeping while the database \
             is open. A bad cable or Wi-Fi does the same.",
        ),
        Leases::VersionsFit => told("all records can be read by this version", ""),
        Leases::Newer(database, version) => bad(
            format!("{database} was last used by a newer Sharelock (format {version})"),
            "This version shows who has it, and refuses to take it.",
            "Update Sharelock on this computer.",
        ),
    }
}

fn whom(who: &Person) -> String {
    if who.machine.is_empty() { format!("{} has it", name(who)) } else { format!("{} has it ({})", name(who), who.machine) }
}

fn waits(what: Waits) -> Said {
    const WHY: &str = "This is how soon whoever waits learns that the database was given back, or that its holder has died.";
    told(
        match what {
            Waits::Told => "this system tells of every change at once",
            Waits::Woken => "the server wakes whoever waits, through the range lock",
            Waits::Notified => "the server tells of changes; besides that, a look every second",
            Waits::Ask => "a look every second, because nothing better works on this mount",
        },
        WHY,
    )
}

fn pair(what: &Pair) -> Said {
    match what {
        Pair::Met(machine) => told(format!("met {machine} in this folder"), "Both see the same folder."),
        Pair::SameComputer => told("met this very computer; what follows says nothing about two", ""),
        Pair::Alone(code) => bad(
            format!("nobody came with the code {code}"),
            "Either it was not started there in time, or the two do not see the same folder: then neither sees the other's locks.",
            "Start it on both within the same minutes. Compare the two lines \"kind of folder\": server and share must be the same.",
        ),
        Pair::Crowded(code) => bad(
            format!("two others already use the code {code}"),
            "The measurements would disturb each other.",
            "Choose another code, the same one on both computers.",
        ),
        Pair::LostTouch => bad(
            "the other computer stopped answering in the middle",
            "Either it was stopped there, or changes do not get through reliably.",
            "Run it on both again. If it happens again, look at the network between them and the server.",
        ),
        Pair::LocksExclude(Some(woken)) => told(
            format!("seen by each other; a release wakes the other within {}", short(*woken)),
            "A waiting computer is woken by the server instead of looking again and again.",
        ),
        Pair::WokenTooSoon(woken) => told(
            format!("seen by each other; a release wakes the other within {}, and is readable a little later", short(*woken)),
            "A waiting computer is woken by the server, and looks once or twice more.",
        ),
        Pair::LocksExclude(None) => told(
            "seen by each other; a release does not wake the other",
            "Waiting computers look again and again instead; a hand-over takes a second or two.",
        ),
        Pair::LocksUnseen => bad(
            "the other's lock is not seen",
            "Releases and crashes are noticed later. Programs that rely on such locks (SQLite, Access) can damage a database here.",
            "Mount without `nolock`, `nobrl` and `local_lock` on both computers.",
        ),
        Pair::ChangeSeen(usual, worst) => told(
            format!("after {} (at worst {})", short(*usual), short(*worst)),
            "This is how late the other computer sees that you took or gave back a database.",
        ),
        Pair::ChangeLate(time) => bad(
            format!("only after {}", short(*time)),
            "The other computer sees late that you took or gave back a database. Leases stay safe: creating the next one decides.",
            "Mount without options that cache longer (`actimeo`, `acregmax`, `cache=loose`), or use a faster network.",
        ),
        Pair::NamesSeen(made, removed) => told(
            format!("a new one after {}, a removed one after {}", short(*made), short(*removed)),
            "Other programs' lock files come and go in this way.",
        ),
        Pair::NamesLate(made, removed) => bad(
            format!("a new one after {}, a removed one after {}", at_last(*made), at_last(*removed)),
            "This is the usual reason why a program's lock file is not seen by others. Sharelock does not depend on it.",
            "For such programs mount NFS with `lookupcache=positive` or `actimeo=1`, or let Sharelock decide who opens them.",
        ),
        Pair::ClocksAgree(within) => told(format!("agree within {}", short(*within)), ""),
        Pair::ClocksDiffer(off) => bad(
            format!("differ by {}", span(*off)),
            "Leases do not depend on clocks. But \"since 09:12\" is told by them, and other programs judge locks by their age.",
            "Have both set their clocks from the network.",
        ),
    }
}

fn at_last(time: Option<Duration>) -> String {
    time.map_or_else(|| "more than half a minute".to_owned(), short)
}

pub(in super::super) fn aside(what: &Aside) -> String {
    match what {
        Aside::Examining(folder, None) => folder.clone(),
        Aside::Examining(folder, Some(database)) => format!("{folder}, the folder of {database}"),
        Aside::WaitingForPair(code, path) => {
            format!("Now on the other computer, in the same folder: sharelock doctor --pair {code} {path}")
        }
        Aside::Stopped => "Stopped.".to_owned(),
        Aside::Verdict(verdict) => ending(*verdict),
        Aside::Why => "Why".to_owned(),
        Aside::Remedy => "Do".to_owned(),
        Aside::Fine => "ok".to_owned(),
        Aside::Warning => "warning".to_owned(),
        Aside::Failure => "failure".to_owned(),
        Aside::Skipped => "skipped".to_owned(),
        Aside::BadCode => "a code is 1 to 20 letters or digits".to_owned(),
    }
}

fn ending(Verdict { failures, warnings }: Verdict) -> String {
    let count = |number: usize, what: &str| if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") };
    match (failures, warnings) {
        (0, 0) => "All is well: people can take turns here.".to_owned(),
        (0, warnings) => format!("People can take turns here; {} above.", count(warnings, "warning")),
        (failures, 0) => format!("Not fit yet: {} above.", count(failures, "failure")),
        (failures, warnings) => format!("Not fit yet: {} and {} above.", count(failures, "failure"), count(warnings, "warning")),
    }
}

fn configuration(what: &Configuration) -> Said {
    match what {
        Configuration::Nothing => told("none, and none are needed", ""),
        Configuration::Good(1) => told("in order; 1 database is configured", ""),
        Configuration::Good(count) => told(format!("in order; {count} databases are configured"), ""),
        Configuration::PassedOver(line) => bad(
            line,
            "What is written there has no effect.",
            "Correct it with `sharelock config edit`; `sharelock config check` shows the line.",
        ),
        Configuration::Broken(line) => bad(
            line,
            "Nothing of the settings can be used, and the other commands refuse to work without them.",
            "Correct it with `sharelock config edit`; `sharelock config check` shows the line.",
        ),
    }
}
