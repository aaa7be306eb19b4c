//! What is wrong with a folder: real folders with real faults, each of which must be found, named and left as it was.

use crate::support::{AGENT, Place, Running, foreign_notice};
use serde_json::Value;
use std::sync::PoisonError;
use std::time::Duration;

/// Every row, in order.
const CHECKS: [&str; 24] = [
    "configuration",
    "autostart",
    "agent",
    "folder",
    "file-system",
    "sync-folder",
    "writing",
    "space",
    "exclusive-create",
    "range-locks",
    "clock",
    "speed",
    "permissions",
    "foreign-locks",
    "leases",
    "lapses",
    "versions",
    "waits",
    "pair",
    "pair-clock",
    "pair-change",
    "pair-range-locks",
    "pair-exclusive-create",
    "pair-names",
];

fn read(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn examine(place: &Place, what: &str) -> (Option<i32>, Vec<Value>) {
    let said = place.run(&["doctor", "--json", what]);
    assert_eq!(said.err, "", "{said:?}");
    (said.code, read(&said.out))
}

/// The names of the findings of one check.
fn found<'a>(lines: &'a [Value], check: &str) -> Vec<&'a str> {
    lines.iter().filter(|line| line["check"] == check).map(|line| line["finding"].as_str().unwrap()).collect()
}

fn one<'a>(lines: &'a [Value], check: &str, finding: &str) -> &'a Value {
    let line = lines.iter().find(|line| line["check"] == check && line["finding"] == finding);
    line.unwrap_or_else(|| panic!("no {check} {finding} in {lines:#?}"))
}

fn make(place: &Place, name: &str, days_old: u64) {
    let file = std::fs::File::create(place.share().join(name)).unwrap();
    std::io::Write::write_all(&mut &file, b"x").unwrap();
    let made = file.metadata().unwrap().modified().unwrap();
    file.set_modified(made - Duration::from_secs(days_old * 86_400)).unwrap();
}

#[test]
fn a_sound_folder_passes_every_check_and_nothing_is_left_behind() {
    let _without_agent = AGENT.read().unwrap_or_else(PoisonError::into_inner);
    let place = Place::new();
    for what in ["wems.db", "."] {
        let (code, lines) = examine(&place, what);
        assert_eq!(code, Some(0), "{lines:#?}");
        let checks: Vec<&str> = lines.iter().map(|line| line["check"].as_str().unwrap()).collect();
        assert_eq!(checks, CHECKS);
        assert!(lines.iter().all(|line| matches!(line["result"].as_str(), Some("ok" | "skipped"))), "{lines:#?}");
        assert!(place.listing().is_empty());
    }
}

#[test]
fn the_schema_is_stable() {
    let place = Place::new();
    std::fs::create_dir(place.share().join(".stfolder")).unwrap();
    let (code, lines) = examine(&place, "wems.db");
    assert_eq!(code, Some(1));
    for line in &lines {
        let mut keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["check", "finding", "folder", "found", "remedy", "result", "schema", "why"]);
        assert_eq!((&line["schema"], line["folder"].as_str()), (&1.into(), place.share().to_str()));
        let bad = matches!(line["result"].as_str(), Some("failure" | "warning"));
        assert!(!bad || (line["why"].is_string() && line["remedy"].is_string()), "{line}");
        assert!(bad || line["remedy"].is_null(), "{line}");
    }
    assert_eq!(one(&lines, "sync-folder", "synchronised")["result"], "failure");
}

#[test]
fn people_read_one_line_a_check_details_of_what_is_wrong_and_the_verdict_last() {
    let _without_agent = AGENT.read().unwrap_or_else(PoisonError::into_inner);
    let place = Place::new();
    make(&place, "~$budget.xlsx", 3);
    let said = place.run(&["doctor", "."]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.lines().all(|line| line.chars().count() <= 100), "{}", said.out);
    assert!(said.out.contains("warning  other lock files    ~$budget.xlsx: probably left behind"), "{}", said.out);
    assert_eq!(said.out.matches("Why  ").count(), 1, "{}", said.out);
    assert!(said.out.ends_with("\n\nPeople can take turns here; 1 warning above.\n"), "{}", said.out);
    assert!(!said.out.contains('\u{1b}') && !said.out.contains("skipped"));
    let said = place.run(&["doctor", "-v", "."]);
    assert!(said.out.matches("Why  ").count() > 5 && said.out.contains("skipped"), "{}", said.out);
}

#[test]
fn what_is_not_there_or_no_database_is_said_and_nothing_else() {
    let _without_agent = AGENT.read().unwrap_or_else(PoisonError::into_inner);
    let place = Place::new();
    let (code, lines) = examine(&place, "nowhere/wems.db");
    assert_eq!((code, found(&lines, "folder"), lines.len()), (Some(1), vec!["no-folder"], 4));
    assert!(lines[3]["found"].as_str().unwrap().contains("nowhere"));
    make(&place, "one.db", 0);
    std::fs::hard_link(place.share().join("one.db"), place.share().join("two.db")).unwrap();
    let (code, lines) = examine(&place, "one.db");
    assert_eq!((code, found(&lines, "folder")), (Some(1), vec!["not-a-database"]));
}

#[test]
fn folders_that_a_program_copies_are_refused_by_everybody_unless_accepted() {
    for (marker, program) in
        [(".dropbox.cache", "Dropbox"), (".nextcloudsync.log", "Nextcloud"), (".tmp.drivedownload", "Google Drive")]
    {
        let place = Place::new();
        make(&place, marker, 0);
        let (code, lines) = examine(&place, "wems.db");
        assert_eq!(code, Some(1));
        assert!(one(&lines, "sync-folder", "synchronised")["found"].as_str().unwrap().contains(program));
    }
    let place = Place::new();
    make(&place, ".dropbox.cache", 0);
    let refused = place.run(&["hold", "--until-eof", "wems.db"]);
    assert_eq!(refused.code, Some(73), "{refused:?}");
    assert!(refused.err.contains("Dropbox") && refused.err.contains("--accept-sync-folder"), "{refused:?}");
    let accepted = place.run(&["hold", "--until-eof", "--accept-sync-folder", "wems.db"]);
    assert_ne!(accepted.code, Some(73), "{accepted:?}");
    assert!(accepted.err.contains("will lose work"), "{accepted:?}");
    let held = place.start(&["hold", "--json", "--accept-sync-folder", "wems.db"]);
    held.event("acquired");
}

#[test]
fn lock_files_of_other_programs_are_told_apart_by_age_and_meaning() {
    let place = Place::new();
    for name in ["~$budget.xlsx", ".~lock.budget.ods#", "RH.laccdb", "wems.db-journal", "wems.db-wal"] {
        make(&place, name, 3);
    }
    foreign_notice(&place, "old.db", "marie", "PC-ACCUEIL");
    let (code, lines) = examine(&place, ".");
    assert_eq!(code, Some(0), "{lines:#?}");
    let left: Vec<&str> = lines
        .iter()
        .filter(|line| line["finding"] == "left-behind")
        .map(|line| line["found"].as_str().unwrap().split(':').next().unwrap())
        .collect();
    for name in ["~$budget.xlsx", ".~lock.budget.ods#", "RH.laccdb", "wems.db-journal", "wems.db-wal"] {
        assert!(left.contains(&name), "{name} in {left:?}");
    }
    let journal = lines.iter().find(|line| line["found"].as_str().unwrap().starts_with("wems.db-journal")).unwrap();
    assert!(journal["remedy"].as_str().unwrap().starts_with("Do not remove it."), "{journal}");
    assert!(one(&lines, "foreign-locks", "in-use")["found"].as_str().unwrap().starts_with("old.db.lock: opened with a program"));
    // Of one database, only what belongs to it.
    let (_, lines) = examine(&place, "RH.accdb");
    assert_eq!(found(&lines, "foreign-locks"), ["left-behind"]);
    let (_, lines) = examine(&place, "free.db");
    assert_eq!(found(&lines, "foreign-locks"), ["none"]);
}

#[test]
fn a_holder_is_told_and_not_disturbed() {
    let place = Place::new();
    let hold = place.start(&["hold", "--json", "wems.db"]);
    let token = hold.event("acquired")["token"].clone();
    let before = place.listing();
    for what in ["wems.db", "."] {
        let (code, lines) = examine(&place, what);
        assert_eq!(code, Some(0), "{lines:#?}");
        assert_eq!(found(&lines, "leases"), ["held"]);
    }
    assert_eq!(place.listing(), before);
    let status: Value = serde_json::from_str(&place.run(&["status", "--json", "wems.db"]).out).unwrap();
    assert_eq!((&status["state"], &status["token"]), (&"mine".into(), &token));
}

#[test]
fn a_stale_lease_is_named_and_a_machine_that_often_leaves_one_too() {
    let place = Place::new();
    for _ in 0..3 {
        let mut hold = place.start(&["hold", "--json", "wems.db"]);
        hold.event("acquired");
        hold.kill();
    }
    let (code, lines) = examine(&place, "wems.db");
    assert_eq!(code, Some(0));
    let stale = one(&lines, "leases", "stale");
    assert!(stale["remedy"].as_str().unwrap().contains("whoever wants it now gets it"), "{stale}");
    assert_eq!(found(&lines, "lapses"), ["orderly"]);
    for _ in 0..2 {
        let mut hold = place.start(&["hold", "--json", "wems.db"]);
        hold.event("acquired");
        hold.kill();
    }
    let (_, lines) = examine(&place, ".");
    let often = one(&lines, "lapses", "often-stale");
    assert!(often["found"].as_str().unwrap().contains("4 of the last 4"), "{often}");
}

#[test]
fn a_newer_version_is_told() {
    let place = Place::new();
    let mut hold = place.start(&["hold", "--json", "wems.db"]);
    hold.event("acquired");
    hold.kill();
    let newer = format!("{:<2048}", r#"{"v":9,"min_reader":9,"user":"marie"}"#);
    std::fs::write(place.share().join(".sharelock/wems.db/lease-000000000002.json"), newer).unwrap();
    let (code, lines) = examine(&place, "wems.db");
    assert_eq!(code, Some(1), "{lines:#?}");
    assert!(one(&lines, "versions", "newer-version")["remedy"].as_str().unwrap().contains("Update"));
}

#[test]
fn two_computers_meet_by_their_code_and_judge_the_folder_together() {
    let place = Place::new();
    let start = |code: &str, what: &str| place.start(&["doctor", "--json", "--pair", code, "-w", "50", what]);
    let (mut first, mut second) = (start("K7", "wems.db"), start("k7", "."));
    let collect = |side: &mut Running| {
        let code = side.code();
        let mut lines = Vec::new();
        while let Some(line) = side.next_line() {
            lines.push(serde_json::from_str(&line).unwrap());
        }
        (code, lines)
    };
    for (code, lines) in [collect(&mut first), collect(&mut second)] {
        assert_eq!(code, Some(0), "{lines:#?}");
        let expected = [
            ("pair", "same-computer"),
            ("pair-clock", "clocks-agree"),
            ("pair-change", "change-seen"),
            ("pair-range-locks", "between-machines"),
            ("pair-exclusive-create", "one-winner"),
            ("pair-names", "names-seen"),
        ];
        for (check, finding) in expected {
            assert_eq!(one(&lines, check, finding)["result"], "ok", "{lines:#?}");
        }
        let races = one(&lines, "pair-exclusive-create", "one-winner")["found"].as_str().unwrap().to_owned();
        assert!(races.contains("150 races"), "{races}");
    }
    assert!(place.listing().is_empty(), "{:?}", place.listing());
}

#[test]
fn nobody_coming_is_a_failure_with_a_name() {
    let place = Place::new();
    let said = place.run(&["doctor", "--json", "--pair", "x1", "-w", "300ms", "."]);
    let lines = read(&said.out);
    assert_eq!(said.code, Some(1));
    assert_eq!(found(&lines, "pair"), ["nobody-came"]);
    assert!(said.err.contains("sharelock doctor --pair x1 ."), "{said:?}");
    assert!(place.listing().is_empty());
    assert_eq!(place.run(&["doctor", "--pair", "../x", "."]).code, Some(64));
}

#[cfg(unix)]
#[test]
fn a_signal_stops_it_and_leaves_nothing() {
    let place = Place::new();
    let mut waiting = place.start(&["doctor", "--pair", "x2", "."]);
    waiting.hears("--pair x2");
    crate::support::eventually("the meeting place", || !place.listing().is_empty());
    crate::support::signal("INT", waiting.pid());
    waiting.hears("Stopped.");
    assert_eq!(waiting.code(), Some(130));
    assert!(place.listing().is_empty(), "{:?}", place.listing());
}

#[cfg(unix)]
#[test]
fn a_link_leads_to_the_folder_of_the_database_itself() {
    let place = Place::new();
    let elsewhere = place.share().join("real");
    std::fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(elsewhere.join("wems.db"), place.share().join("link.db")).unwrap();
    std::os::unix::fs::symlink(&elsewhere, place.share().join("folder")).unwrap();
    for what in ["link.db", "folder", "folder/wems.db"] {
        let (code, lines) = examine(&place, what);
        assert_eq!((code, lines[0]["folder"].as_str()), (Some(0), elsewhere.to_str()), "{what}");
    }
}

/// Runs the doctor on a small file system of its own, in a mount namespace of its own.
#[cfg(target_os = "linux")]
fn on_tmpfs(place: &Place, options: &str, before: &str, after: &str) -> Option<Vec<Value>> {
    let share = place.share();
    let mut command = std::process::Command::new("unshare");
    let script = format!(
        "mount -t tmpfs -o {options} tmpfs '{0}' && cd '{0}' && {{ {before}; }} && {{ '{1}' doctor --json . ; {after}; }}",
        share.display(),
        env!("CARGO_BIN_EXE_sharelock")
    );
    command.args(["--mount", "--propagation", "private", "sh", "-c", &script]);
    let allowed = std::process::Command::new("unshare").args(["--mount", "true"]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        println!("skipped: needs root, for a file system of its own");
        return None;
    }
    let said = crate::support::finish(command);
    assert!(!said.out.is_empty(), "{said:?}");
    Some(read(&said.out))
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_share_is_full_and_not_locked() {
    let place = Place::new();
    let fill = "dd if=/dev/zero of=fill bs=4k 2>/dev/null; true";
    let Some(lines) = on_tmpfs(&place, "size=256k", fill, "true") else { return };
    assert_eq!(one(&lines, "writing", "full")["result"], "failure");
    assert_eq!(one(&lines, "space", "no-space")["result"], "failure");
    let many = "i=0; while touch f$i 2>/dev/null; do i=$((i+1)); done; true";
    let lines = on_tmpfs(&place, "size=64m,nr_inodes=40", many, "true").unwrap();
    assert_eq!(one(&lines, "writing", "full")["result"], "failure");
    assert_eq!(one(&lines, "space", "no-space")["result"], "failure");
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_share_is_read_only_and_the_rest_is_examined_all_the_same() {
    let place = Place::new();
    let Some(lines) = on_tmpfs(&place, "size=64m", "touch wems.db-journal && mount -o remount,ro .", "true") else { return };
    assert_eq!(one(&lines, "writing", "read-only")["result"], "failure");
    assert_eq!(found(&lines, "exclusive-create"), ["needs-writing"]);
    assert_eq!(found(&lines, "leases"), ["never-used"]);
}

/// Runs the doctor as somebody whom permissions stop.
#[cfg(target_os = "linux")]
fn as_nobody(folder: &std::path::Path) -> Option<Vec<Value>> {
    let mut command = std::process::Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
    command.args([env!("CARGO_BIN_EXE_sharelock"), "doctor", "--json"]).arg(folder);
    let said = command.output().ok()?;
    let out = String::from_utf8(said.stdout).unwrap();
    if out.is_empty() {
        println!("skipped: needs root and setpriv(1), to be somebody else");
        return None;
    }
    Some(read(&out))
}

#[cfg(target_os = "linux")]
#[test]
fn permissions_are_tried_for_me_and_read_for_colleagues() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let share = place.share();
    let mode = |path: &std::path::Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(share.parent().unwrap(), 0o755);
    mode(&share, 0o755);
    if let Some(lines) = as_nobody(&share) {
        assert_eq!(one(&lines, "writing", "may-not-create")["result"], "failure");
        mode(&share, 0o700);
        assert_eq!(found(&as_nobody(&share).unwrap(), "folder"), ["denied"]);
    }
    mode(&share, 0o777);
    assert!(place.run(&["run", "wems.db", "--", "true"]).code == Some(0));
    assert_eq!(found(&examine(&place, ".").1, "permissions"), ["shared"]);
    mode(&share.join(".sharelock/wems.db"), 0o755);
    let lines = examine(&place, ".").1;
    let narrow = one(&lines, "permissions", "store-narrower");
    assert!(narrow["remedy"].as_str().unwrap().contains("chmod -R a+rwX"), "{narrow}");
    if let Some(lines) = as_nobody(&share) {
        assert_eq!(one(&lines, "permissions", "store-denied")["result"], "failure");
    }
    mode(&share, 0o1777);
    assert!(found(&examine(&place, ".").1, "permissions").contains(&"sticky"));
    mode(&share, 0o770);
    assert!(found(&examine(&place, ".").1, "permissions").contains(&"group-not-inherited"));
}
