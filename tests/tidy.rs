//! The tree's own rules, as tests: who may import whom, where unsafe code, system differences and the file system have their rooms.
//!
//! Reads the sources as text; it must not need them to compile for this machine, since half of `platform` is for other systems.
//! Hazard: a check that never fires. Each one is therefore tried on a planted violation too, and the walk through the tree is
//! asserted to have found what is known to be there.

use std::collections::BTreeSet;

/// Which top-level modules each may import, itself aside. `lib.rs` and `main.rs` may import all.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("platform", &[]),
    ("i18n", &[]),
    ("clock", &["platform"]),
    ("lease", &["clock"]),
    ("config", &["clock", "platform", "i18n", "lease"]),
    ("store", &["clock", "platform", "i18n", "lease"]),
    ("watch", &["clock", "platform", "i18n", "lease", "store"]),
    ("session", &["clock", "platform", "i18n", "lease", "store", "watch"]),
    ("doctor", &["clock", "platform", "i18n", "lease", "config", "store", "watch", "session"]),
    ("ipc", &["clock", "platform", "i18n", "lease", "config", "store", "session"]),
    ("agent", &["clock", "platform", "i18n", "lease", "config", "store", "watch", "session", "ipc"]),
    ("cli", &["clock", "platform", "i18n", "lease", "config", "store", "watch", "session", "doctor", "ipc", "agent"]),
];

/// Where code may differ between operating systems.
const SYSTEM_ROOMS: &[&str] = &["src/platform/", "src/agent/ui/"];

/// Where files are opened: the share through `store` and `platform` alone (and by the doctor, whose patient it is), the rest are this
/// machine's own small files.
const FILE_ROOMS: &[&str] = &[
    "src/store/",
    "src/platform/",
    "src/doctor/",
    "src/session/memory.rs",
    "src/config/",
    "src/agent/log.rs",
    "src/cli/demo.rs",
    "src/cli/report/archive.rs",
];

/// The longest a file may be.
const MOST_LINES: usize = 600;

#[test]
fn imports_go_one_way() {
    complain(check_imports);
}

#[test]
fn lease_protocol_is_pure() {
    complain(check_pure_lease);
}

#[test]
fn unsafe_code_stays_in_platform() {
    complain(check_unsafe);
}

#[test]
fn system_differences_stay_in_platform() {
    complain(check_systems);
}

#[test]
fn file_system_is_used_in_its_rooms_alone() {
    complain(check_files);
}

#[test]
fn wall_clock_is_read_in_clock_alone() {
    complain(check_clock);
}

#[test]
fn every_module_says_what_it_is_for() {
    complain(check_opening);
}

#[test]
fn no_file_is_longer_than_600_lines() {
    complain(check_length);
}

#[test]
fn lints_are_expected_and_never_allowed() {
    complain(check_allow);
}

#[test]
fn nothing_is_left_for_later() {
    complain(check_later);
}

#[test]
fn no_text_names_a_path_of_one_machine() {
    complain(check_machine_paths);
}

#[test]
fn walk_finds_the_tree() {
    let tree = tree();
    let paths: BTreeSet<&str> = tree.iter().map(|source| source.path.as_str()).collect();
    for known in ["Cargo.toml", "tests/tidy.rs", "src/lib.rs", "src/main.rs", "src/lease/claim.rs", "src/platform/mod.rs"] {
        assert!(paths.contains(known), "{known} was not found");
    }
    assert!(!paths.iter().any(|path| path.starts_with("target/")));
    let claim = tree.iter().find(|source| source.path == "src/lease/claim.rs").unwrap();
    assert!(claim.paths().iter().any(|path| path.starts_with(&["crate", "clock"])), "its import of the clock was not seen");
}

#[test]
fn planted_violations_are_found() {
    let plants: &[(Check, &str, &str)] = &[
        (check_imports, "src/lease/x.rs", "use crate::{clock::Ticks,\nstore::Store};"),
        (check_imports, "src/lease/x.rs", "\nfn f() { super::super::platform::host(); }"),
        (check_imports, "src/lease/x.rs", "mod inner {\nuse super::super::super::session::Session; }"),
        (check_imports, "src/clock.rs", "\nuse super::lease::Memory;"),
        (check_imports, "src/platform/x/mod.rs", "\nuse crate::clock::Ticks;"),
        (check_imports, "src/store/x.rs", "#[cfg(test)] use crate::session::A;\nuse crate::watch::Watcher;"),
        (check_imports, "src/session/mod.rs", "\nuse crate::cli::run;"),
        (check_imports, "src/agent/x.rs", "\nuse crate::cli::exit::Exit;"),
        (check_pure_lease, "src/lease/x.rs", "use std::time::{Duration,\nInstant};"),
        (check_pure_lease, "src/lease/x.rs", "\nfn f() { std::thread::spawn(|| ()); }"),
        (check_pure_lease, "src/lease/x.rs", "\nuse std::{sync::Arc, fs};"),
        (check_pure_lease, "src/lease/x.rs", "\nuse ::std::net::TcpStream;"),
        (check_pure_lease, "src/lease/x.rs", "\nuse std::process;"),
        (check_pure_lease, "src/lease/x.rs", "\nlet n = getrandom::u64();"),
        (check_unsafe, "src/store/x.rs", "// unsafe\nfn f() { unsafe { g() } }"),
        (check_unsafe, "tests/x.rs", "/* a /* nested */ unsafe */\nunsafe extern \"C\" {}"),
        (check_systems, "src/cli/x.rs", "\n#[cfg(any(target_os = \"linux\", test))] fn f() {}"),
        (check_systems, "src/cli/x.rs", "\nif cfg!(windows) {}"),
        (check_systems, "src/cli/x.rs", "\n#[cfg_attr(not(unix), derive(Debug))] struct A;"),
        (check_systems, "src/cli/x.rs", "\nuse std::os::unix::fs::PermissionsExt;"),
        (check_files, "src/session/mod.rs", "\nuse std::{fs, path::Path};"),
        (check_files, "src/cli/run.rs", "\nlet f = std::fs::File::open(p);"),
        (check_files, "src/cli/run.rs", "\nif path.exists() {}"),
        (check_clock, "src/cli/x.rs", "\nlet today = chrono::Local::now();"),
        (check_clock, "src/cli/x.rs", "use chrono::Utc;\nlet t = Utc::now();"),
        (check_allow, "src/x.rs", "// #[allow(a)]\n#![allow(dead_code)]"),
        (check_allow, "tests/x.rs", "\n#[cfg_attr(windows, allow(unused))] fn f() {}"),
        (check_later, "src/x.rs", concat!("let a = \"\n", "TO", "DO: more\";")),
        (check_later, "docs/x.md", concat!("\n", "FIX", "ME")),
        (check_later, "src/x.rs", concat!("\nfn f() { todo", "!() }")),
        (check_later, "src/x.rs", concat!("\nfn f() { unimplemented", "!(\"later\") }")),
        (check_machine_paths, "docs/x.md", concat!("\nsee /wo", "rk/tree")),
        (check_machine_paths, ".ci/x", concat!("\ncd /ro", "ot/project")),
    ];
    for (number, (check, path, text)) in plants.iter().enumerate() {
        assert_points_at(2, &check(&[Source::new(path, text)]), path, &format!("plant {number}:\n{text}"));
    }
    // These judge the file as a whole.
    let whole: &[(Check, &str, &str)] = &[
        (check_imports, "src/novelty.rs", "//! No row in the table.\n"),
        (check_opening, "src/x.rs", "\n// A remark, no module comment."),
        (check_opening, "src/x.rs", "\nuse std::path::Path; //! late"),
    ];
    for (check, path, text) in whole {
        assert_points_at(1, &check(&[Source::new(path, text)]), path, text);
    }
    let long = "// line\n".repeat(MOST_LINES + 1);
    assert_eq!(check_length(&[Source::new("src/x.rs", &long)]).len(), 1);
}

#[test]
fn innocent_texts_are_left_alone() {
    let innocents: &[(Check, &str, &str)] = &[
        (
            check_imports,
            "src/lease/x.rs",
            "use super::record::Body;\nuse crate::clock::Ticks; // crate::store\nlet a = \"crate::store\";",
        ),
        (
            check_imports,
            "src/lease/x.rs",
            "#[cfg(test)]\nmod tests { use crate::store::Store; fn f() { super::super::super::cli::g(); } }",
        ),
        (check_imports, "src/main.rs", "use sharelock::cli;\nmod a { use crate::cli::x; }"),
        (check_pure_lease, "src/lease/x.rs", "use std::time::Duration;\n#[cfg(test)]\nmod tests { use std::fs; }"),
        (check_pure_lease, "src/session/mod.rs", "use std::thread;"),
        (check_unsafe, "src/platform/x.rs", "unsafe { g() }"),
        (
            check_unsafe,
            "src/store/x.rs",
            "let a = r#\"unsafe \"\"#; let b = '\"'; // unsafe\nlet c: &'static str = \"unsafe\"; let unsafe_code = 1;",
        ),
        (check_systems, "src/platform/x.rs", "#[cfg(unix)] use std::os::unix::fs::MetadataExt;"),
        (
            check_systems,
            "src/cli/x.rs",
            "let windows = slice.windows(2);\n#[cfg(test)]\nmod tests { #[cfg(unix)] #[test] fn f() {} }",
        ),
        (check_systems, "tests/x.rs", "#[cfg(unix)] fn f() {}"),
        (check_files, "src/store/x.rs", "std::fs::read(p)"),
        (check_clock, "src/clock.rs", "chrono::Utc::now()"),
        (check_opening, "src/x.rs", "//! What for.\nuse a::b;"),
        (check_allow, "src/x.rs", "#[expect(dead_code, reason = \"allow(\")]\nfn allow(a: u8) {}"),
        (check_later, "src/x.rs", "let todo = 1; // all TODOS and mastodons"),
        (check_machine_paths, "docs/x.md", "see framework/root and /srv/share"),
    ];
    for (number, (check, path, text)) in innocents.iter().enumerate() {
        assert_eq!(check(&[Source::new(path, text)]), Vec::<String>::new(), "innocent {number}:\n{text}");
    }
}

/// Finds the violations of one rule, each `file:line: what is wrong and what to do`.
type Check = fn(&[Source]) -> Vec<String>;

#[track_caller]
fn assert_points_at(line: usize, found: &[String], path: &str, text: &str) {
    let place = format!("{path}:{line}: ");
    assert!(found.len() == 1 && found[0].starts_with(&place), "not found once at line {line}, but {found:?}, in {text}");
}

#[track_caller]
fn complain(check: Check) {
    let found = check(&tree());
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

fn check_imports(tree: &[Source]) -> Vec<String> {
    each(tree, Source::is_product, |source, found| {
        let module = source.module();
        let Some(own) = module.first().map(String::as_str) else { return };
        let Some((_, others)) = MAY_IMPORT.iter().find(|(name, _)| *name == own) else {
            found.push(source.at(1, &format!("`{own}` has no row in MAY_IMPORT: say there what it may import")));
            return;
        };
        for path in source.paths() {
            let Some(other) = path.top_module(module.len()) else { continue };
            let is_module = MAY_IMPORT.iter().any(|(name, _)| *name == other);
            if is_module && other != own && !others.contains(&other) {
                found.push(source.at(path.line, &format!("`{own}` must not import `{other}`: imports go one way")));
            }
        }
    })
}

fn check_pure_lease(tree: &[Source]) -> Vec<String> {
    const IMPURE: &[&[&str]] = &[
        &["std", "fs"],
        &["std", "io"],
        &["std", "net"],
        &["std", "env"],
        &["std", "thread"],
        &["std", "process"],
        &["std", "os"],
        &["std", "time", "Instant"],
        &["std", "time", "SystemTime"],
        &["libc"],
        &["windows_sys"],
        &["getrandom"],
        &["notify"],
        &["directories"],
    ];
    let in_lease = |source: &Source| source.is_product() && source.path.starts_with("src/lease");
    each(tree, in_lease, |source, found| {
        for path in source.paths() {
            if let Some(impure) = IMPURE.iter().find(|impure| path.starts_with(impure)) {
                let text =
                    format!("the protocol is pure; `{}` belongs into a store, the platform or the session", impure.join("::"));
                found.push(source.at(path.line, &text));
            }
        }
    })
}

fn check_unsafe(tree: &[Source]) -> Vec<String> {
    each(tree, Source::is_rust, |source, found| {
        if !source.path.starts_with("src/platform/") {
            let words = source.tokens.iter().filter(|token| token.text == "unsafe");
            found.extend(words.map(|token| source.at(token.line, "unsafe code belongs into src/platform")));
        }
    })
}

fn check_systems(tree: &[Source]) -> Vec<String> {
    const SYSTEMS: &[&str] = &["unix", "windows", "target_os", "target_family", "target_vendor", "target_env"];
    let shut = |source: &Source| source.is_product() && !source.is_in(SYSTEM_ROOMS);
    each(tree, shut, |source, found| {
        let tokens = source.product();
        for (start, token) in tokens.iter().enumerate().filter(|(_, token)| token.text == "cfg" || token.text == "cfg_attr") {
            let open = start + 1 + usize::from(tokens.get(start + 1).is_some_and(|next| next.text == "!"));
            if tokens.get(open).is_some_and(|next| next.text == "(") {
                let end = closing(tokens, open);
                if tokens[open..end].iter().any(|inner| SYSTEMS.contains(&inner.text.as_str())) {
                    found.push(source.at(token.line, "what differs between systems belongs into src/platform"));
                }
            }
        }
        for path in source.paths().iter().filter(|path| path.starts_with(&["std", "os"])) {
            found.push(source.at(path.line, "`std::os` differs between systems and belongs into src/platform"));
        }
    })
}

fn check_files(tree: &[Source]) -> Vec<String> {
    const ASKING: &[&str] =
        &["exists", "try_exists", "is_file", "is_dir", "is_symlink", "canonicalize", "read_dir", "symlink_metadata"];
    let shut = |source: &Source| source.is_product() && !source.is_in(FILE_ROOMS);
    each(tree, shut, |source, found| {
        for path in source.paths().iter().filter(|path| path.starts_with(&["std", "fs"])) {
            found.push(source.at(path.line, "the file system belongs into src/store and src/platform"));
        }
        for three in source.product().windows(3) {
            if three[0].text == "." && ASKING.contains(&three[1].text.as_str()) && three[2].text == "(" {
                let text = format!(
                    "`.{}()` asks the file system, which may hang; it belongs into src/store or src/platform",
                    three[1].text
                );
                found.push(source.at(three[1].line, &text));
            }
        }
    })
}

fn check_clock(tree: &[Source]) -> Vec<String> {
    let shut = |source: &Source| source.is_product() && source.path != "src/clock.rs";
    each(tree, shut, |source, found| {
        for path in source.paths() {
            if path.ends_with(&["Utc", "now"]) || path.ends_with(&["Local", "now"]) {
                found.push(source.at(path.line, "only src/clock.rs reads a clock; take the time as an argument"));
            }
        }
    })
}

fn check_opening(tree: &[Source]) -> Vec<String> {
    each(tree, Source::is_rust, |source, found| {
        if !source.text.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| line.starts_with("//! ")) {
            found.push(
                source.at(1, "a module opens with `//!`: what it is for, what it must not do, which hazard it guards against"),
            );
        }
    })
}

fn check_length(tree: &[Source]) -> Vec<String> {
    each(tree, Source::is_rust, |source, found| {
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            found.push(source.at(lines, &format!("{lines} lines, and {MOST_LINES} are the most: split it by what it is about")));
        }
    })
}

fn check_allow(tree: &[Source]) -> Vec<String> {
    each(tree, Source::is_rust, |source, found| {
        for (start, _) in source.tokens.iter().enumerate().filter(|(_, token)| token.text == "#") {
            let open = start + 1 + usize::from(source.tokens.get(start + 1).is_some_and(|next| next.text == "!"));
            if source.tokens.get(open).is_some_and(|next| next.text == "[") {
                let attribute = &source.tokens[open..closing(&source.tokens, open)];
                for two in attribute.windows(2).filter(|two| two[0].text == "allow" && two[1].text == "(") {
                    found.push(
                        source.at(
                            two[0].line,
                            "write #[expect(lint, reason = \"…\")]: it says why, and goes when it is not needed",
                        ),
                    );
                }
            }
        }
    })
}

fn check_later(tree: &[Source]) -> Vec<String> {
    const MARKS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];
    const MACROS: &[&str] = &["todo", "unimplemented", "dbg"];
    let mut found = each(
        tree,
        |_| true,
        |source, found| {
            for (number, line) in source.text.lines().enumerate() {
                let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
                if words.any(|word| MARKS.contains(&word)) {
                    found.push(source.at(number + 1, "finish it, or open an issue; the tree keeps no list of what is missing"));
                }
            }
        },
    );
    found.extend(each(tree, Source::is_rust, |source, found| {
        for two in source.tokens.windows(2) {
            if MACROS.contains(&two[0].text.as_str()) && two[1].text == "!" {
                found.push(source.at(two[0].line, &format!("`{}!` is not for a tree that others build on", two[0].text)));
            }
        }
    }));
    found
}

fn check_machine_paths(tree: &[Source]) -> Vec<String> {
    const HOMES: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/")];
    each(
        tree,
        |_| true,
        |source, found| {
            for (number, line) in source.text.lines().enumerate() {
                for home in HOMES {
                    let begins = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '.' || c == '}');
                    if line.match_indices(home).any(|(at, _)| begins(at)) {
                        found.push(
                            source
                                .at(number + 1, &format!("`{home}` exists on one machine only; start from the root of the tree")),
                        );
                    }
                }
            }
        },
    )
}

fn each(tree: &[Source], wanted: impl Fn(&Source) -> bool, check: impl Fn(&Source, &mut Vec<String>)) -> Vec<String> {
    let mut found = Vec::new();
    tree.iter().filter(|source| wanted(source)).for_each(|source| check(source, &mut found));
    found
}

#[path = "tidy/reading.rs"]
mod reading;
use reading::{Source, closing, tree};
