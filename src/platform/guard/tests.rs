//! Each scene runs in a process of its own, because a guard collects every child of its process.

use super::*;
use crate::platform::process::{Life, fate};
use crate::platform::test_process::{ARGUMENT, ARGUMENTS, Child, Folder, ROLE, argument, eventually, say, wait_for_end_of_input};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::Duration;

const A_MOMENT: Duration = Duration::from_millis(150);

/// Runs a scene in a second process and waits for its success.
fn scene(name: &str) {
    let folder = Folder::new(&format!("guard-{name}"));
    let child = Child::start_on("guard", format!("{name} {}", folder.path().display()));
    assert_eq!(child.line(), "passed");
}

/// Played by a second process: the scene that its argument names, in the folder after it.
pub(crate) fn play() {
    let argument = argument();
    let (name, place) = argument.split_once(' ').unwrap();
    let place = Path::new(place);
    match name {
        "gate" => gate(place),
        "wait-at-gate" => wait_at_gate(place),
        "codes" => codes(place),
        "environment" => environment_is_added(place),
        "orphan" => orphan(place),
        "force" => force(place),
        "twice" => twice(place),
        #[cfg(unix)]
        "unix-codes" => unix::codes(place),
        #[cfg(unix)]
        "gentle" => unix::gentle(),
        #[cfg(unix)]
        "stopped" => unix::stopped(place),
        #[cfg(target_os = "linux")]
        "signals" => unix::signals(place),
        other => panic!("no scene {other}"),
    }
    say("passed");
}

/// The guarded program: what its argument says.
pub(crate) fn play_program() {
    let argument = argument();
    let mut words = argument.splitn(3, '|');
    let (verb, first, second) = (words.next().unwrap(), words.next(), words.next());
    match verb {
        "touch" => std::fs::write(first.unwrap(), "ran").unwrap(),
        "exit" => std::process::exit(first.unwrap().parse().unwrap()),
        "tell" => std::fs::write(first.unwrap(), std::env::var(second.unwrap()).unwrap()).unwrap(),
        "stay" => eventually_or_forever(|| false),
        // Ends at once, and leaves a process that lives until the first file is there, and writes the second.
        "launch" => {
            let mut late = std::process::Command::new(std::env::current_exe().unwrap());
            let late = late.args(ARGUMENTS).env(ROLE, "guarded").env(ARGUMENT, argument.replacen("launch", "late", 1));
            drop(late.stdin(std::process::Stdio::null()).spawn().unwrap());
            std::process::exit(3);
        }
        "late" => {
            eventually_or_forever(|| Path::new(first.unwrap()).exists());
            std::fs::write(second.unwrap(), "ran").unwrap();
        }
        other => panic!("no verb {other}"),
    }
}

fn eventually_or_forever(condition: impl FnMut() -> bool) {
    assert!(eventually(condition), "nobody ended this process");
}

/// A program that plays a verb.
fn program(argument: &str) -> Program {
    Program {
        program: std::env::current_exe().unwrap().into(),
        arguments: ARGUMENTS.iter().map(Into::into).collect(),
        environment: vec![(ROLE.into(), "guarded".into()), (ARGUMENT.into(), argument.into())],
    }
}

fn run(program: &Program) -> Result<i32, SpawnError> {
    let guarded = prepare(program)?.go()?;
    let code = guarded.wait_child();
    guarded.wait_descendants();
    Ok(code)
}

fn wait_a_moment() {
    let (_keep, never) = channel::<()>();
    assert!(never.recv_timeout(A_MOMENT).is_err());
}

fn marker(place: &Path) -> PathBuf {
    place.join("marker")
}

#[test]
fn the_program_has_not_run_before_go() {
    scene("gate");
}

fn gate(place: &Path) {
    let touch = program(&format!("touch|{}", marker(place).display()));
    let prepared = prepare(&touch).unwrap();
    let facts = prepared.facts();
    assert_ne!((facts.pid, facts.start), (0, 0));
    wait_a_moment();
    assert_eq!(fate(facts.pid, facts.start), Life::Alive);
    assert!(!marker(place).exists());
    drop(prepared);
    assert_eq!(fate(facts.pid, facts.start), Life::Gone);
    assert!(!marker(place).exists());

    let prepared = prepare(&touch).unwrap();
    let facts = prepared.facts();
    let guarded = prepared.go().unwrap();
    assert_eq!(guarded.facts(), facts);
    assert_eq!(guarded.wait_child(), 0);
    assert_eq!(guarded.wait_child(), 0);
    guarded.wait_descendants();
    assert!(marker(place).exists());
    assert_eq!(fate(facts.pid, facts.start), Life::Gone);
}

#[test]
fn a_wrapper_that_is_killed_at_the_gate_never_runs_the_program() {
    let folder = Folder::new("guard-wait-at-gate");
    let mut wrapper = Child::start_on("guard", format!("wait-at-gate {}", folder.path().display()));
    let line = wrapper.line();
    let (pid, start) = line.split_once(' ').unwrap();
    let (pid, start) = (pid.parse().unwrap(), start.parse().unwrap());
    assert_eq!(fate(pid, start), Life::Alive);
    wrapper.kill_without_collecting();
    assert!(eventually(|| fate(pid, start) == Life::Gone));
    assert!(!marker(folder.path()).exists());
}

fn wait_at_gate(place: &Path) {
    let prepared = prepare(&program(&format!("touch|{}", marker(place).display()))).unwrap();
    say(format!("{} {}", prepared.facts().pid, prepared.facts().start));
    wait_for_end_of_input();
}

#[test]
fn exit_codes_pass_and_missing_programs_are_127() {
    scene("codes");
}

fn codes(place: &Path) {
    assert_eq!(run(&program("exit|7")).unwrap(), 7);
    let mut missing = program("");
    for name in [place.join("no-such-program").into_os_string(), "sharelock-no-such-program".into(), "".into()] {
        missing.program = name;
        let error = run(&missing).unwrap_err();
        assert!(matches!(error, SpawnError::NotFound { .. }), "{error}");
        assert_eq!(error.exit_code(), 127);
    }
}

#[test]
fn variables_are_added() {
    scene("environment");
}

fn environment_is_added(place: &Path) {
    let mut tell = program(&format!("tell|{}|SHARELOCK_TEST_EXTRA", marker(place).display()));
    tell.environment.push(("SHARELOCK_TEST_EXTRA".into(), "a = b".into()));
    assert_eq!(run(&tell).unwrap(), 0);
    assert_eq!(std::fs::read_to_string(marker(place)).unwrap(), "a = b");
}

#[test]
fn a_grandchild_that_outlives_its_parent_is_waited_for() {
    scene("orphan");
}

fn orphan(place: &Path) {
    let release = place.join("release");
    let launch = program(&format!("launch|{}|{}", release.display(), marker(place).display()));
    let guarded = prepare(&launch).unwrap().go().unwrap();
    assert_eq!(guarded.wait_child(), 3);
    let left = guarded.descendants();
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left.iter().all(|process| fate(process.pid, process.start) == Life::Alive));
    assert!(!marker(place).exists());
    std::fs::write(release, "").unwrap();
    guarded.wait_descendants();
    assert!(marker(place).exists());
    assert_eq!(guarded.descendants(), []);
}

#[test]
fn force_ends_all_of_them() {
    scene("force");
}

fn force(place: &Path) {
    let launch = program(&format!("launch|{}|{}", place.join("never").display(), marker(place).display()));
    let guarded = prepare(&launch).unwrap().go().unwrap();
    assert_eq!(guarded.wait_child(), 3);
    let left = guarded.descendants();
    assert_eq!(guarded.signal_all(Push::Force), []);
    guarded.wait_descendants();
    assert!(!left.is_empty() && left.iter().all(|process| fate(process.pid, process.start) == Life::Gone));
    drop(guarded);

    let guarded = prepare(&program("stay")).unwrap().go().unwrap();
    assert_eq!(guarded.descendants(), [guarded.facts()]);
    assert_eq!(guarded.signal_all(Push::Force), []);
    assert_eq!(guarded.wait_child(), 137);
}

#[test]
fn one_process_guards_one_program() {
    scene("twice");
}

fn twice(place: &Path) {
    let touch = program(&format!("touch|{}", marker(place).display()));
    let first = prepare(&touch).unwrap();
    assert!(matches!(prepare(&touch).unwrap_err(), SpawnError::Failed { .. }));
    drop(first);
    assert_eq!(run(&touch).unwrap(), 0);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn shell(script: &str) -> Program {
        Program { program: "sh".into(), arguments: vec!["-c".into(), script.into()], environment: Vec::new() }
    }

    #[test]
    fn codes_are_those_of_the_shell() {
        scene("unix-codes");
    }

    pub(super) fn codes(place: &Path) {
        assert_eq!(run(&shell("kill -TERM $$")).unwrap(), 143);
        let file = place.join("program");
        let mut of_file = shell("");
        of_file.program = file.clone().into();
        let write = |text: &str, mode| {
            let _ = std::fs::remove_file(&file);
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        write("#!/bin/sh\nexit 5\n", 0o644);
        let error = run(&of_file).unwrap_err();
        assert!(matches!(error, SpawnError::NotExecutable { .. }), "{error}");
        assert_eq!(error.exit_code(), 126);
        write("#!/bin/sh\nexit 5\n", 0o755);
        assert_eq!(run(&of_file).unwrap(), 5);
        write("exit 6\n", 0o755);
        assert_eq!(run(&of_file).unwrap(), 6, "a script without #! is the shell's");
        write("#!/no/such/interpreter\n", 0o755);
        assert_eq!(run(&of_file).unwrap_err().exit_code(), 127);
        of_file.program = place.into();
        assert_eq!(run(&of_file).unwrap_err().exit_code(), 126);
    }

    #[test]
    fn a_gentle_push_lets_the_program_choose_its_end() {
        scene("gentle");
    }

    pub(super) fn gentle() {
        let guarded = prepare(&shell("trap 'exit 9' TERM; sleep 300 & wait")).unwrap().go().unwrap();
        // The shell and its child are there once the trap is.
        assert!(eventually(|| guarded.descendants().len() == 2));
        assert_eq!(guarded.signal_all(Push::Gentle), []);
        assert_eq!(guarded.wait_child(), 9);
        guarded.wait_descendants();
    }

    #[test]
    fn a_stopped_program_has_not_ended() {
        scene("stopped");
    }

    pub(super) fn stopped(place: &Path) {
        let ready = marker(place);
        let script = format!("echo > '{}'; kill -STOP $$; exit 4", ready.display());
        let guarded = prepare(&shell(&script)).unwrap().go().unwrap();
        let pid = guarded.facts().pid;
        assert!(eventually(|| ready.exists()));
        std::thread::scope(|scope| {
            let (sender, ended) = channel();
            let guarded = &guarded;
            scope.spawn(move || sender.send(guarded.wait_child()));
            assert!(ended.recv_timeout(A_MOMENT).is_err());
            // Again and again: it may not have stopped yet at the first.
            let code = (0..600).find_map(|_| {
                crate::platform::signals::forward(pid, libc::SIGCONT).unwrap();
                ended.recv_timeout(Duration::from_millis(100)).ok()
            });
            assert_eq!(code, Some(4));
        });
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_program_gets_an_empty_mask_and_no_ignored_pipe_signal() {
        scene("signals");
    }

    #[cfg(target_os = "linux")]
    pub(super) fn signals(place: &Path) {
        // SAFETY: a signal set is plain numbers, for which all zeroes is a valid value.
        let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
        // SAFETY: `set` outlives the call.
        unsafe { libc::sigaddset(&raw mut set, libc::SIGTERM) };
        // SAFETY: `set` outlives the call.
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) };
        // SAFETY: sets a disposition.
        unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
        let mut grep = shell("");
        grep.program = "sh".into();
        grep.arguments = vec!["-c".into(), format!("exec grep ^Sig /proc/self/status > '{}'", marker(place).display()).into()];
        assert_eq!(run(&grep).unwrap(), 0);
        let text = std::fs::read_to_string(marker(place)).unwrap();
        let of = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            u64::from_str_radix(line.trim(), 16).unwrap()
        };
        assert_eq!(of("SigBlk:"), 0);
        // Others may have been ignored by whoever started the tests.
        let ignored = |number: libc::c_int| of("SigIgn:") & (1 << (number - 1)) != 0;
        assert!(ignored(libc::SIGHUP) && !ignored(libc::SIGPIPE) && !ignored(libc::SIGTERM), "{text}");
    }
}
