//! Real files in folders of their own; the example and the schema as they are delivered.

use super::*;
use crate::config::keys::{DATABASE, STATES, Scope};
use std::path::MAIN_SEPARATOR;

struct Home {
    folder: tempfile::TempDir,
    places: Places,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| Some(folder.path().join(name).join(NAME));
        let places = Places { user: file("user"), system: file("system"), home: Some(folder.path().to_path_buf()) };
        Self { folder, places }
    }

    fn user(&self) -> &Path {
        self.places.user.as_deref().unwrap()
    }

    fn write(&self, text: &str) {
        drop(std::fs::remove_file(self.user()));
        create(self.user(), text).unwrap();
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("base.db")
    }
}

/// The example with every setting in force.
fn uncommented() -> String {
    let setting =
        |line: &str| line.strip_prefix('#').filter(|rest| rest.starts_with(|c: char| !c.is_whitespace())).map(str::to_owned);
    EXAMPLE.lines().map(|line| setting(line).unwrap_or_else(|| line.to_owned()) + "\n").collect()
}

fn parsed(text: &str, author: Author) -> Loaded {
    let nothing = |_: &str| None;
    let text = if MAIN_SEPARATOR == '/' { text.replace("'S:\\", "'/") } else { text.to_owned() };
    let layer = Layer::read(Path::new(NAME), text, author, Around { variable: &nothing, home: None });
    let (system, user) = if author == Author::System { (Some(&layer), None) } else { (None, Some(&layer)) };
    merge(system, user, &nothing).unwrap()
}

#[test]
fn the_example_says_nothing_until_it_is_changed() {
    let loaded = parsed(EXAMPLE, Author::User);
    assert_eq!((loaded.config, loaded.warnings), (Config::default(), Vec::new()));
}

#[test]
fn the_example_has_every_key_with_its_default() {
    let loaded = parsed(&uncommented(), Author::User);
    assert_eq!(loaded.warnings, []);
    let [rh] = &loaded.config.databases[..] else { panic!("{:?}", loaded.config) };
    assert_eq!((rh.label.as_str(), rh.program.len(), rh.read_only_program.len()), ("RH", 2, 3));
    assert_eq!(Config { databases: Vec::new(), ..loaded.config.clone() }, Config::default());
    let written = |origin: &Origin| matches!(origin, Origin::File(..));
    for setting in &loaded.settings {
        let optional = setting.key == Key::Language || setting.database.is_some() && setting.key.table().is_some();
        assert!(written(&setting.origin) || optional, "{} is not in the example", setting.key.dotted());
    }
    // What has no default stands there behind a blank.
    for line in ["# language = \"fr\"", "# locked = ["] {
        assert!(EXAMPLE.contains(line), "{line}");
    }
}

#[test]
fn the_schema_has_the_keys_that_the_loader_knows_and_no_others() {
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
    let names = |at: &str| -> Vec<String> {
        let mut names: Vec<String> = schema.pointer(at).unwrap().as_object().unwrap().keys().cloned().collect();
        names.sort();
        names
    };
    let known = |scope: Scope, table: Option<&str>| -> Vec<String> {
        let mut known: Vec<String> = crate::config::keys::names(scope, table).into_iter().map(str::to_owned).collect();
        known.sort();
        known
    };
    assert_eq!(names("/properties"), known(Scope::General, None));
    let database = format!("/properties/{DATABASE}/items/properties");
    assert_eq!(names(&database), known(Scope::Database, None));
    for table in ["notify", "durations"] {
        assert_eq!(names(&format!("/$defs/{table}/properties")), known(Scope::General, Some(table)));
        for at in [format!("/properties/{table}"), format!("{database}/{table}")] {
            assert_eq!(schema.pointer(&at).unwrap()["$ref"], format!("#/$defs/{table}"));
        }
    }
    let states: Vec<&str> = STATES.iter().map(|(word, _)| *word).collect();
    assert_eq!(schema.pointer("/properties/icon_order/default").unwrap(), &serde_json::json!(states));
    assert_eq!(schema.pointer("/properties/icon_order/items/enum").unwrap(), &serde_json::json!(states));
}

#[test]
fn no_file_is_no_fault_and_a_folder_is_one() {
    let home = Home::new();
    assert_eq!(load(&home.places).unwrap().config, Config::default());
    let within = Places { user: Some(std::env::current_exe().unwrap().join(NAME)), ..home.places.clone() };
    assert_eq!(load(&within).unwrap().config, Config::default());
    std::fs::create_dir_all(home.user()).unwrap();
    // Windows calls opening a folder a matter of rights, and a file that this user may not read stops nobody.
    let problems = load(&home.places).map_or_else(|Broken(problems)| problems, |loaded| loaded.warnings);
    assert!(matches!(problems[0].fault, Fault::Unreadable(_)), "{problems:?}");
}

#[test]
fn files_in_other_alphabets_and_without_an_end_are_refused() {
    let home = Home::new();
    create(home.user(), "").unwrap();
    std::fs::write(home.user(), b"language = \"fr\" # \xe9t\xe9").unwrap();
    assert_eq!(load(&home.places).unwrap_err().0[0].fault, Fault::NotUtf8);
    std::fs::write(home.user(), vec![b'#'; usize::try_from(LONGEST).unwrap() + 1]).unwrap();
    assert_eq!(load(&home.places).unwrap_err().0[0].fault, Fault::TooLong(LONGEST));
    std::fs::write(home.user(), b"\xef\xbb\xbflanguage = 'fr'").unwrap();
    assert!(load(&home.places).unwrap().config.language.is_some());
}

#[test]
fn a_file_that_is_there_is_not_written_over() {
    let home = Home::new();
    home.write("# mine\n");
    assert_eq!(create(home.user(), EXAMPLE).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read_to_string(home.user()).unwrap(), "# mine\n");
}

#[test]
fn a_database_is_added_behind_what_is_there() {
    let home = Home::new();
    let program = ["wems $1".to_owned(), "{database}".to_owned()];
    add(&home.places, "RH", &home.database(), &program).unwrap();
    home.write(&format!("# mine\r\n{}", std::fs::read_to_string(home.user()).unwrap().replace('\n', "\r\n")));
    add(&home.places, "Paie d'été", &home.folder.path().join("50% $HOME.db"), &[]).unwrap();
    let text = std::fs::read_to_string(home.user()).unwrap();
    assert!(text.starts_with("# mine\r\n[[database]]\r\n") && !text.replace("\r\n", "").contains('\n'), "{text:?}");
    let loaded = load(&home.places).unwrap();
    assert!(loaded.warnings.is_empty());
    let [rh, paie] = &loaded.config.databases[..] else { panic!("{text}") };
    assert_eq!((rh.path.clone(), rh.program.as_slice()), (home.database(), &program[..]));
    assert_eq!((paie.label.as_str(), paie.path.file_name()), ("Paie d'été", Some("50% $HOME.db".as_ref())));
}

#[test]
fn what_could_not_be_read_back_is_not_added() {
    let home = Home::new();
    let unchanged = |text: &str, label: &str| {
        home.write(text);
        let result = add(&home.places, label, &home.database(), &[]);
        assert_eq!(std::fs::read_to_string(home.user()).unwrap(), text);
        result.unwrap_err()
    };
    assert!(matches!(unchanged("", "a/b"), NotAdded::Label(_)));
    assert!(matches!(unchanged("language = 3", "RH"), NotAdded::Broken(_)));
    assert!(matches!(unchanged("database = []", "RH"), NotAdded::Broken(_)));
    let there = format!("[[database]]\nlabel = 'rh'\npath = '{}'\n", home.database().display());
    assert!(matches!(unchanged(&there, "RH"), NotAdded::Refused(Remark::LabelTaken(..))));
    create(home.places.system.as_deref().unwrap(), "locked = ['database']").unwrap();
    assert!(matches!(unchanged("", "RH"), NotAdded::Refused(Remark::ListLocked(_))));
}

#[test]
fn a_broken_file_leaves_the_last_good_configuration() {
    let home = Home::new();
    let mut source = Source::new(home.places.clone());
    let database =
        |label: &str, rest: &str| format!("[[database]]\nlabel = '{label}'\npath = '{}'\n{rest}\n", home.database().display());
    home.write(&(database("RH", "") + &database("Paie", "")));
    let change = source.reload().unwrap();
    assert_eq!((change.general, change.added, change.changed.len()), (false, vec!["RH".into(), "Paie".into()], 0));
    assert!(source.reload().unwrap().is_empty());
    let good = source.current();
    home.write("[[database]");
    assert!(source.reload().is_err());
    assert_eq!(source.current(), good);
    home.write(&("language = 'fr'\n".to_owned() + &database("RH", "notify.free = 'never'") + &database("Stock", "")));
    let change = source.reload().unwrap();
    let expected =
        Change { general: true, added: vec!["Stock".into()], removed: vec!["Paie".into()], changed: vec!["RH".into()] };
    assert_eq!(change, expected);
}
