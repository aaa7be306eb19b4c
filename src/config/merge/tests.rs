//! What holds when several layers speak, and that no lock can be got around.

use super::*;
use crate::config::Around;
use std::path::{MAIN_SEPARATOR, Path};
use std::time::Duration;

/// Makes whole paths of this system from `/…`.
fn local(text: &str) -> String {
    if MAIN_SEPARATOR == '\\' { text.replace("'/", "'C:/") } else { text.to_owned() }
}

fn layer(file: &str, text: &str, author: Author) -> Layer {
    let nothing = |_: &str| None;
    Layer::read(Path::new(file), local(text), author, Around { variable: &nothing, home: None })
}

fn merged(system: &str, user: &str, variables: &[(&str, &str)]) -> Result<Loaded, Broken> {
    let variable = |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
    let (system, user) = (layer("system.toml", system, Author::System), layer("user.toml", user, Author::User));
    merge(Some(&system), Some(&user), &variable)
}

fn loaded(system: &str, user: &str, variables: &[(&str, &str)]) -> Loaded {
    merged(system, user, variables).unwrap()
}

fn lines(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(|problem| problem.line(Language::English)).collect()
}

fn origin(loaded: &Loaded, database: Option<usize>, key: Key) -> Origin {
    loaded.settings.iter().find(|one| one.database == database && one.key == key).unwrap().origin.clone()
}

#[test]
fn nothing_configured_is_what_is_built_in() {
    let loaded = merge(None, None, &|_| None).unwrap();
    assert_eq!(loaded.config, Config::default());
    assert!(loaded.warnings.is_empty() && loaded.files.is_empty());
    assert!(loaded.settings.iter().all(|setting| setting.origin == Origin::Default));
}

#[test]
fn environment_goes_before_user_before_system_before_what_is_built_in() {
    let system = "language = 'fr'\nrelease_before_sleep = true\n[durations]\nheartbeat = '20s'\npoll = '10s'\nlag = '2s'\n";
    let user = "language = 'en'\n[durations]\nheartbeat = '21s'\npoll = '11s'\n";
    let loaded = loaded(system, user, &[("SHARELOCK_HEARTBEAT", "22s")]);
    let config = &loaded.config;
    assert_eq!((config.language, config.release_before_sleep), (Some(Language::English), true));
    let seconds =
        [config.timing.heartbeat, config.timing.poll, config.timing.lag, config.timing.margin].map(|span| span.as_secs());
    assert_eq!(seconds, [22, 11, 2, 15]);
    let durations: Vec<Key> = Key::durations().collect();
    assert_eq!(origin(&loaded, None, Key::Language), Origin::File(Author::User, 1));
    assert_eq!(origin(&loaded, None, Key::ReleaseBeforeSleep), Origin::File(Author::System, 2));
    assert_eq!(origin(&loaded, None, durations[0]), Origin::Variable("SHARELOCK_HEARTBEAT"));
    assert_eq!(origin(&loaded, None, durations[2]), Origin::Default);
}

#[test]
fn what_a_database_says_of_itself_goes_before_what_is_said_of_all() {
    let system =
        "notify.free = 'never'\n[[database]]\nlabel = 'RH'\npath = '/srv/rh.db'\nnotify.free = 'always'\nprogram = 'wems'\n";
    let user = "notify.hold = false\n[[database]]\nlabel = 'rh'\nnotify.ask = false\ndurations.poll = '9s'\n[[database]]\nlabel = 'Paie'\npath = '/srv/paie.db'\n";
    let config = loaded(system, user, &[]).config;
    let [rh, paie] = &config.databases[..] else { panic!("{config:?}") };
    assert_eq!((rh.label.as_str(), rh.notify.free, rh.notify.hold, rh.notify.ask), ("RH", WhenFree::Always, false, false));
    assert_eq!((rh.program.as_slice(), rh.timing.poll.as_secs()), (&["wems".to_owned()][..], 9));
    assert!(rh.path.ends_with("rh.db") && paie.path.ends_with("paie.db"));
    assert_eq!((paie.label.as_str(), paie.notify.free, paie.timing), ("Paie", WhenFree::Never, config.timing));
}

#[test]
fn the_environment_goes_before_what_a_database_says() {
    let user = "[[database]]\nlabel = 'RH'\npath = '/srv/rh.db'\ndurations.poll = '9s'\n";
    let loaded = loaded("", user, &[("SHARELOCK_POLL", "8s")]);
    assert_eq!(loaded.config.databases[0].timing.poll.as_secs(), 8);
}

#[test]
fn a_lock_covers_everything_below_it_for_every_database_and_the_environment() {
    let system = "locked = ['durations', 'notify.free', 'release_before_sleep']\n[[database]]\nlabel = 'RH'\npath = '/srv/rh.db'\ndurations.poll = '12s'\n";
    let user = "release_before_sleep = true\nnotify.free = 'always'\nnotify.hold = false\ndurations.poll = '9s'\n\
                [[database]]\nlabel = 'RH'\nnotify.free = 'always'\ndurations.poll = '9s'\n\
                [[database]]\nlabel = 'Mine'\npath = '/srv/mine.db'\nnotify.free = 'always'\ndurations.poll = '9s'\n";
    let loaded = loaded(system, user, &[("SHARELOCK_POLL", "8s"), ("SHARELOCK_TIME_SCALE", "20")]);
    let config = &loaded.config;
    assert!(!config.release_before_sleep);
    assert_eq!(config.timing, Timing::default());
    let [rh, mine] = &config.databases[..] else { panic!("{config:?}") };
    assert_eq!((rh.timing.poll.as_secs(), rh.notify.free, rh.notify.hold), (12, WhenFree::Wanted, false));
    assert_eq!((mine.timing, mine.notify.free), (Timing::default(), WhenFree::Wanted));
    let said = lines(&loaded.warnings).join("\n");
    for part in [
        "warning: `SHARELOCK_TIME_SCALE` is decided by your administrators, so this is passed over (system.toml)",
        "warning: `SHARELOCK_POLL` is decided",
        "user.toml:1:24: warning: `release_before_sleep` is decided",
        "user.toml:2:15: warning: `notify.free` is decided",
        "user.toml:8:18: warning: `database.durations.poll` is decided",
        "user.toml:12:15: warning: `database.notify.free` is decided",
    ] {
        assert!(said.contains(part), "no {part:?} in\n{said}");
    }
    assert_eq!(loaded.warnings.len(), 9, "{said}");
    assert!(loaded.locks(Scope::Database, Key::Free) && !loaded.locks(Scope::General, Key::Hold));
}

#[test]
fn a_locked_list_takes_no_databases_and_a_locked_path_stays() {
    let office = "[[database]]\nlabel = 'RH'\npath = '/srv/rh.db'\n";
    let user = "[[database]]\nlabel = 'RH'\npath = '/tmp/rh.db'\n[[database]]\nlabel = 'Mine'\npath = '/srv/mine.db'\n";
    for lock in ["database", "database.*"] {
        let loaded = loaded(&format!("locked = ['{lock}']\n{office}"), user, &[]);
        assert_eq!(loaded.config.databases.len(), 1);
        assert!(loaded.config.databases[0].path.ends_with("srv/rh.db"));
        assert_eq!(loaded.warnings.len(), 1);
    }
    let loaded = loaded(&format!("locked = ['database.path']\n{office}"), user, &[]);
    let paths: Vec<&Path> = loaded.config.databases.iter().map(|database| database.path.as_path()).collect();
    assert!(paths[0].ends_with("srv/rh.db") && paths[1].ends_with("srv/mine.db"), "{paths:?}");
    assert_eq!(loaded.warnings.len(), 1);
}

#[test]
fn users_lock_nothing() {
    let loaded = loaded("", "locked = ['language']\nlanguage = 'fr'\n", &[]);
    assert_eq!(loaded.config.language, Some(Language::French));
    assert_eq!(lines(&loaded.warnings).len(), 1);
}

#[test]
fn durations_that_contradict_each_other_are_pointed_at() {
    let Broken(problems) = merged("durations.fence = '140s'", "[durations]\npoll = '2s'\nheartbeat = '140s'\n", &[]).unwrap_err();
    let said = problems[0].line(Language::English);
    assert!(
        said.starts_with("user.toml:3:13: these durations are not safe together: heartbeat + slowest <= fence - margin"),
        "{said}"
    );
    let user = "[[database]]\nlabel = 'RH'\npath = '/srv/rh.db'\ndurations = { read_lag = '200s' }\n";
    let Broken(problems) = merged("", user, &[]).unwrap_err();
    assert_eq!(problems[0].place.as_ref().map(|place| place.line), Some(4));
    let Broken(problems) = merged("", "", &[("SHARELOCK_FENCE", "400s")]).unwrap_err();
    assert!(lines(&problems)[0].starts_with("these durations are not safe together"));
    let Broken(problems) = merged("", "", &[("SHARELOCK_FENCE", "soon"), ("SHARELOCK_TIME_SCALE", "-3")]).unwrap_err();
    assert_eq!(lines(&problems), ["SHARELOCK_TIME_SCALE=-3: not a number from 1 to 1000", "SHARELOCK_FENCE=soon: not a time"]);
}

#[test]
fn a_database_needs_a_path_from_somebody() {
    let Broken(problems) = merged("", "[[database]]\nlabel = 'RH'\n", &[]).unwrap_err();
    assert_eq!(lines(&problems), ["user.toml:2:9: the database \"RH\" has no path"]);
}

#[test]
fn an_error_in_one_file_breaks_all() {
    let Broken(problems) = merged("colour = 1", "language = 'xx'", &[]).unwrap_err();
    assert_eq!(problems.len(), 2);
}

#[test]
fn the_scale_divides_what_is_built_in_alone() {
    let loaded = loaded("", "durations.lag = '100ms'", &[("SHARELOCK_TIME_SCALE", "20")]);
    assert_eq!(loaded.config.timing, Timing { lag: Duration::from_millis(100), ..Timing::scaled(20.0) });
}
