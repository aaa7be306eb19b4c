//! Whole reports about people with unlucky names: none of these is left, and what helps stays.

use super::super::examine::{Found, found_for_tests};
use super::*;
use crate::agent::line::Line;
use crate::config::{Config, DatabaseConfig, Loaded};
use crate::i18n::Person;
use crate::i18n::doctor::{Access, Finding, Foreign, Leases, Maker, System, Topic, Who};
use crate::ipc::Watched;
use crate::lease::State as Shown;
use std::time::Duration;

/// Somebody's world.
struct World {
    login: &'static str,
    full_name: &'static str,
    machine: &'static str,
    holder: &'static str,
    label: &'static str,
    share: &'static str,
    file: &'static str,
    words: &'static str,
}

const WORLDS: [World; 4] = [
    World {
        login: "mdupont",
        full_name: "Marie Dupont",
        machine: "PC-ACCUEIL.office.lan",
        holder: "Paul Durand-Éluard",
        label: "Ressources humaines",
        share: "/mnt/direction générale/rh",
        file: "salaires 2026.accdb",
        words: "Marie is ill (flu)",
    },
    World {
        login: "a",
        full_name: "O",
        machine: "pc",
        holder: "log",
        label: "RH",
        share: r"\\srv\x",
        file: "y.mdb",
        words: "please",
    },
    World {
        login: "j.*",
        full_name: "Jean $1 [x]",
        machine: "J",
        holder: r"MAISON\jean",
        label: "$&",
        share: r"S:\(a|b)+",
        file: "^J$.db",
        words: r"\1 $0",
    },
    World {
        login: "weiß",
        full_name: "İpek Weiß",
        machine: "WEISS-PC",
        holder: "日本 太郎",
        label: "経理",
        share: "/srv/経理部",
        file: "e\u{301}tat.db",
        words: "経理 に 急用",
    },
];

impl World {
    fn path(&self) -> String {
        let separator = if self.share.contains('\\') { '\\' } else { '/' };
        format!("{}{separator}{}", self.share, self.file)
    }

    fn collected(&self) -> Collected {
        let path = PathBuf::from(self.path());
        let database = DatabaseConfig { label: self.label.into(), ..DatabaseConfig::of_path(path.clone()) };
        let config = Config { databases: vec![database.clone()], ..Config::default() };
        let setting = |key, value| Setting { database: Some(0), key, value, origin: Origin::File(Author::User, 3) };
        let home = if self.share.contains('\\') { format!(r"C:\Users\{}", self.login) } else { format!("/home/{}", self.login) };
        let settings = vec![
            setting(Key::Label, Value::Text(self.label.into())),
            setting(Key::Path, Value::Text(self.path())),
            setting(Key::Program, Value::Command(vec![format!("{home}/bin/{} tool", self.holder), "{database}".into()])),
        ];
        let file = PathBuf::from(format!("{home}/sharelock.toml"));
        let loaded = Loaded {
            config: config.clone(),
            settings,
            warnings: Vec::new(),
            locked: Vec::new(),
            files: vec![(Author::User, file)],
        };
        let who = Person { name: self.holder.into(), machine: self.machine.to_uppercase() };
        let lines = [
            Line::started().and(Field::System, "Debian"),
            Line::info("watched").and(Field::Database, self.label).and(Field::Path, path.display()),
            Line::info("held").and(Field::Database, self.label).person(&who),
            Line::warning("unreachable").and(Field::Error, format!("{}: no such file", self.path().to_uppercase())),
            Line::warning("ordered to be given up").and(Field::OrderedBy, self.full_name).and(Field::Words, self.words),
        ];
        let log = lines.map(|line| format!("2026-11-25T09:12:04.310+01:00 {line}\n")).concat();
        let findings = [
            Finding::FileSystem(System::Share("SMB 3.1.1".into(), format!("//{}/{}", self.machine, self.login), "hard".into())),
            Finding::Access(Access::Shared(Who::Group(self.holder.to_lowercase()))),
            Finding::Foreign(Foreign::LeftBehind(format!("~${}", self.file), Maker::Office, Duration::from_secs(99_999))),
            Finding::Leases(Leases::Held(self.file.into(), who)),
        ];
        let watched =
            Watched { label: self.label.into(), path: path.clone(), state: Some(Shown::Held), held: false, wanted: true };
        let target = config.targets().remove(0);
        Collected {
            time: "2026-11-25T09:12:04.310+01:00".into(),
            language: Language::French,
            system: "Debian GNU/Linux 12".into(),
            desktop: "XFCE".into(),
            login: self.login.into(),
            full_name: self.full_name.into(),
            machine: self.machine.into(),
            domain: "OFFICE".into(),
            home: Some(home.clone().into()),
            settings: Ok(loaded),
            agent: Ok(Answer::Status(Report {
                pid: 7,
                version: "0.1.0".into(),
                tray: true,
                notifier: false,
                databases: vec![watched],
            })),
            autostart: Ok(Entry {
                state: State::On,
                program: Some(format!("{home}/bin/sharelock").into()),
                place: format!("{home}/.config/autostart/sharelock.desktop"),
            }),
            found: vec![(target, found_for_tests(findings.map(|finding| (Topic::Leases, finding)).into()))],
            log_place: Some(format!("{home}/.local/state/sharelock/agent.log").into()),
            log: Ok(log),
        }
    }

    /// Everything that nobody may read, whole words as they stand in a text.
    fn secrets(&self) -> Vec<&'static str> {
        let stem = self.file.split('.').next().unwrap_or_default();
        let folders = self.share.split(['/', '\\']).filter(|part| !["", "mnt", "srv", "S:"].contains(part));
        let all = [self.login, self.full_name, self.machine, self.holder, self.label, self.words, stem];
        all.into_iter().chain(folders).filter(|text| text.contains(char::is_alphanumeric)).collect()
    }
}

#[test]
fn no_name_is_left_in_any_file() {
    for world in &WORLDS {
        for part in parts(&world.collected()) {
            // The first paragraph is this program's own words.
            let text = if part.name == "about.txt" { part.text.split_once("\n\n").unwrap().1 } else { &part.text };
            for secret in world.secrets() {
                assert!(!super::super::reading::is_in(secret, text), "{secret:?} is left in {}:\n{text}", part.name);
            }
        }
    }
}

#[test]
fn what_helps_is_left() {
    let parts = parts(&WORLDS[0].collected());
    let text = |name: &str| parts.iter().find(|part| part.name == name).unwrap().text.clone();
    let log = text("agent.log");
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines[0], "2026-11-25T09:12:04.310+01:00 INFO  started system=\"Debian\"");
    assert!(lines[1].ends_with("watched database=\"database-1\" path=\"/mnt/path-2/path-3/database-2.accdb\""), "{log}");
    assert!(lines[2].ends_with("held database=\"database-1\" person=\"person-2\" computer=\"computer-1\""), "{log}");
    assert!(lines[3].to_lowercase().ends_with("error=\"/mnt/path-2/path-3/database-2.accdb: no such file\""), "{log}");
    assert!(lines[4].ends_with("ordered-by=\"person-1\" words=\"words-1\""), "{log}");
    let about = text("about.txt");
    assert!(about.starts_with("Un rapport de Sharelock."), "{about}");
    assert!(about.contains("Debian GNU/Linux 12") && about.contains("user         person-1\n"), "{about}");
    assert!(about.contains("\"database-1\": held, waited for, '/mnt/path-2/path-3/database-2.accdb'"), "{about}");
    let settings = text("settings.txt");
    assert!(settings.contains("path = '/mnt/path-2/path-3/database-2.accdb'"), "{settings}");
    assert!(settings.contains("# user, line 3 of '/home/person-1/sharelock.toml'"), "{settings}");
    let doctor = text("doctor.txt");
    assert!(doctor.contains("share: ") && doctor.contains("left-behind: "), "{doctor}");
}

#[test]
fn what_is_wrong_with_broken_settings_is_told_without_their_words() {
    let fault = crate::i18n::config::Fault::LabelTwice("Secret".into(), 3);
    let problem =
        Problem { severity: crate::config::Severity::Error, fault, file: Some("/home/mdupont/x.toml".into()), place: None };
    let all = Collected { settings: Err(Broken(vec![problem])), found: Vec::<(Target, Found)>::new(), ..WORLDS[0].collected() };
    let text = &parts(&all)[2].text;
    assert_eq!(text, "# LabelTwice in '/home/person-1/path-4.toml'\n");
}
