//! A planted agent: draws on the desktop what it is told on standard input, and says on standard output what it hears.
//!
//! `tests/desktop/run` starts it on a real desktop; without that there is nothing to draw on, and it ends at once. Hazard: texts that
//! a toolkit would read as markup or mnemonics; the planted ones are full of them.

use sharelock::agent::shown::{Face, Item, Key, Notice, NoticeKey, Topic, View, Wish};
use sharelock::agent::ui::{self, Heard, Ui};
use std::io::{BufRead, Write};

#[cfg(target_os = "linux")]
mod services;

fn main() {
    if std::env::var_os("SHARELOCK_DESKTOP").is_none() {
        println!("skipped: tests/desktop (set SHARELOCK_SUITES=desktop and run tests/desktop/run)");
        return;
    }
    #[cfg(target_os = "linux")]
    if let Some(which) = std::env::args().nth(1) {
        return services::play(&which).unwrap();
    }
    let hear = |heard| match heard {
        // That a notice is on the screen is seen there.
        Heard::Shown(_) => {}
        heard => say(&format!("{heard:?}")),
    };
    ui::run(hear, |ui| act(&ui));
    say("over");
}

/// Writes a line at once; standard output that is no terminal would wait for more.
fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}").and_then(|()| output.flush()).unwrap();
}

fn act(ui: &Ui) {
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["show", face, attention, menu] => ui.show(view(face, attention == "attention", menu)),
            ["notify", key, wish, urgent] => ui.notify(notice(key.parse().unwrap(), wish, urgent == "urgent")),
            ["withdraw", key] => ui.withdraw(NoticeKey(Key(key.parse().unwrap()), Topic::Free)),
            ["sleep"] => ui.let_sleep(),
            ["end"] => return,
            _ => panic!("not understood: {line}"),
        }
    }
}

fn view(face: &str, attention: bool, menu: &str) -> View {
    let wish = if menu == "take" { Wish::Take(Key(1)) } else { Wish::Release(Key(1)) };
    let verb = |text: &str, wish| Item::Verb(text.to_owned(), wish);
    View {
        face: Face::ALL.into_iter().find(|known| known.name() == face).unwrap(),
        attention,
        title: "Sharelock & R_D".to_owned(),
        tooltip: "R&D_1.db: <b>Marie Dupont</b> since 09:12 (PC-ACCUEIL)\nwems.db: free".to_owned(),
        menu: vec![
            Item::Text("R&D_1.db: Marie Dupont since 09:12 <PC-ACCUEIL>".to_owned()),
            verb(if menu == "take" { "Take R&D_1.db" } else { "Release R&D_1.db" }, wish),
            Item::Line,
            verb("Details…", Wish::Details(Some(Key(1)))),
            Item::Check("Tell me when it is free".to_owned(), true, Wish::ForgetMe(Key(1))),
            Item::More("Help".to_owned(), vec![verb("What the icons mean", Wish::Legend), verb("Show the log", Wish::Log)]),
            Item::Line,
            verb("Quit", Wish::Quit),
        ],
        click: Wish::Details(None),
    }
}

fn notice(key: u32, wish: &str, urgent: bool) -> Notice {
    let key = Key(key);
    let wish = if wish == "open" { Wish::Open(key) } else { Wish::NotifyMe(key) };
    Notice {
        key: NoticeKey(key, Topic::Free),
        title: "R&D_1.db is free".to_owned(),
        body: "Marie Dupont <PC-ACCUEIL> gave it back & you are next.".to_owned(),
        buttons: vec![("Open R&D_1.db".to_owned(), wish), ("Not now".to_owned(), Wish::AnswerNo(key))],
        urgent,
    }
}
