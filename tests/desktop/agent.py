#!/usr/bin/env python3
"""The agent on a real desktop: what people see and click, with real databases and real programs. Nothing is played.

    agent.py SHARELOCK       (the program of the command line; started by tests/desktop/run)

With SHARELOCK_WINDOW=PROGRAM (the window program, which takes ten minutes to build) the windows are tried as well.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import zipfile

from desktop import ARTEFACTS, DARK, Desktop, Failed, Program, differing, wait_for

SHARELOCK = pathlib.Path(sys.argv[1]).resolve()
MEASURED = []


def step(name):
    print(f"  {name}", flush=True)


def check(fact, what):
    if not fact:
        raise Failed(what)


def icon(desktop):
    """The pixels of the icon."""
    picture = desktop.look()
    return picture.region(0, 2, 60, 26)


class Office:
    """A shared folder, the settings of one user, and colleagues who take turns."""

    count = 0

    def __init__(self, desktop, labels, language="en", program=True):
        self.desktop, self.language = desktop, language
        # Never the same one twice: a store that was there a moment ago and is gone is somebody's until that is certain.
        Office.count += 1
        self.folder = ARTEFACTS / f"share-{Office.count}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.opened = self.folder / "opened"
        lines = [f'language = "{language}"']
        for label in labels:
            lines += ["[[database]]", f"label = '{label}'", f"path = '{self.path(label)}'"]
            if program:
                lines.append(f"program = ['sh', '-c', 'echo \"$SHARELOCK_TOKEN $0\" > {self.opened}; sleep 2', '{{database}}']")
        self.settings = desktop.home / "sharelock.toml"
        self.settings.write_text("\n".join(lines) + "\n")
        desktop.environment |= {"SHARELOCK_CONFIG": str(self.settings), "SHARELOCK_LANG": language}
        desktop.environment.setdefault("XDG_STATE_HOME", str(desktop.home / "state"))

    def log(self):
        file = pathlib.Path(self.desktop.environment["XDG_STATE_HOME"]) / "sharelock" / "agent.log"
        return file.read_text() if file.exists() else ""

    def path(self, label):
        return self.folder / f"{label}.db"

    def say(self, *words, code=0, seconds=20):
        done = subprocess.run([SHARELOCK, *words], env=self.desktop.environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=seconds)
        check(done.returncode == code, f"{words} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def colleague(self, label, name="colleague"):
        """Somebody else who has the database: another session of the same computer."""
        holder = Program(self.desktop, SHARELOCK, "hold", "--json", "--until-eof", self.path(label), name=name,
                         XDG_SESSION_ID="colleague", USER="marie", LOGNAME="marie")
        wait_for("the colleague to have it", lambda: any('"acquired"' in line for line in holder.lines))
        return holder

    def goes(self, holder):
        holder.process.stdin.close()
        check(holder.process.wait(10) == 0, "the colleague failed")

    def state(self, label):
        return json.loads(subprocess.run([SHARELOCK, "status", "--json", label], env=self.desktop.environment,
                                         capture_output=True, text=True, timeout=20).stdout)["state"]


class Somebody:
    """A colleague with a name, a computer and an agent of her own. Both agents notify on the one screen."""

    # What it takes to have another name and another computer's name, for this program alone.
    BECOME = 'mount --bind "$1" /etc/passwd && hostname "$2" && shift 2 && exec "$@"'

    def __init__(self, office, login, name, computer):
        self.office, self.login = office, login
        home = office.desktop.sockets / login
        home.mkdir(exist_ok=True)
        passwd = home / "passwd"
        passwd.write_text(f"{login}:x:{os.getuid()}:0:{name}:/root:/bin/sh\n")
        self.become = ["unshare", "--mount", "--uts", "sh", "-c", self.BECOME, "sh", passwd, computer]
        self.environment = {"XDG_RUNTIME_DIR": str(home), "XDG_STATE_HOME": str(home), "XDG_SESSION_ID": login}
        self.agent = Program(office.desktop, *self.become, SHARELOCK, "agent", "run", name=login, **self.environment)
        wait_for(f"{login}'s agent", lambda: self.run("agent", "status").returncode == 0)

    def run(self, *words):
        return subprocess.run([*self.become, SHARELOCK, *words], env=self.office.desktop.environment | self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)

    def say(self, *words):
        done = self.run(*words)
        check(done.returncode == 0, f"{self.login}: {words} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def reply(self, label):
        waiting = json.loads(self.run("status", "--json", label).stdout)["waiting"]
        return waiting[0]["asks"]["reply"] if waiting and waiting[0]["asks"] else None

    def stop(self):
        self.say("agent", "stop")
        check(self.agent.process.wait(10) == 0, f"{self.login}'s agent failed")


def start(desktop, *words):
    agent = Program(desktop, SHARELOCK, "agent", "run", *words, name="agent")
    wait_for("an icon", lambda: desktop.items())
    return agent


def stop(desktop, office, agent):
    office.say("agent", "stop")
    check(agent.process.wait(10) == 0, "the agent failed")


def labels(desktop):
    return [label for label in desktop.menu().values() if label]


def wait_labels(desktop, what, *words):
    """Waits until the menu's first line has all of these words."""
    def there():
        first = next(iter(labels(desktop)), "")
        return all(word in first for word in words)
    try:
        wait_for(what, there)
    except Failed:
        raise Failed(f"not {what}: the menu says {labels(desktop)}") from None


def a_day(desktop):
    step("free, somebody else's, notified, opened by the notification, given back")
    office = Office(desktop, ["RH"])
    agent = start(desktop)
    wait_labels(desktop, "free", "RH", "free")
    free = icon(desktop)
    marie = office.colleague("RH")
    wait_labels(desktop, "held", "RH")
    wait_for("another icon", lambda: differing(free, icon(desktop)) >= 40)
    desktop.click_icon(3)
    desktop.look()
    desktop.save("agent-held-menu", 0, 0, 420, 330)
    desktop.call("xdotool", "key", "Escape")
    held = icon(desktop)
    desktop.click_menu("Notify me when it is free")
    wait_for("an icon that waits", lambda: differing(held, icon(desktop)) >= 10)
    desktop.park()
    before = desktop.windows()
    began = time.monotonic()
    office.goes(marie)
    box = desktop.new_window(before, "a notification that it is free")
    MEASURED.append(("released to notification drawn, by the harness's eyes", time.monotonic() - began))
    desktop.look()
    desktop.save("agent-free-notice", box[0], box[1], box[2], box[3])
    desktop.click_button(0, box)
    wait_for("the program to begin", office.opened.exists)
    wait_labels(desktop, "mine", "RH", "you")
    check(str(office.path("RH")) in office.opened.read_text(), "the program was not given the database")
    wait_labels(desktop, "free again", "RH", "free")

    step("taken and given back by the menu; refused while a program has it open")
    office.path("RH").write_text("data")
    desktop.click_menu("Reserve it for me")
    wait_for("the lease", lambda: office.state("RH") == "mine")
    desktop.park()
    desktop.look()
    desktop.save("agent-mine", 0, 0, 300, 40, 2)
    with open(office.path("RH")) as _open:
        sys.stdout.flush()
        before = desktop.windows()
        desktop.click_menu("Release")
        box = desktop.new_window(before, "a question")
        desktop.look()
        desktop.save("agent-still-open", box[0], box[1], box[2], box[3])
        check(office.state("RH") == "mine", "released without an answer")
        desktop.click_button(0, box)
        wait_for("the release", lambda: office.state("RH") == "free")
    stop(desktop, office, agent)


def killed(desktop):
    step("kill -9 of the agent while it holds: the lease heals at once")
    office = Office(desktop, ["RH"])
    agent = start(desktop)
    office.say("take", "RH")
    agent.process.kill()
    agent.process.wait(5)
    began = time.monotonic()
    office.say("run", "-w", "10", "RH", "--", "true")
    MEASURED.append(("agent killed while it holds, to the next lease", time.monotonic() - began))
    agent = start(desktop)
    wait_labels(desktop, "free", "RH", "free")
    wait_for("the log to tell of it", lambda: 'did not end in order database="RH"' in office.log())
    stop(desktop, office, agent)
    check(office.log().endswith("INFO  ended\n"), office.log())


def help_in_the_menu(desktop):
    step("the menu's help: the log in the system's viewer")
    viewers = desktop.home / "viewers"
    viewers.mkdir()
    opened = desktop.home / "viewed"
    viewer = viewers / "xdg-open"
    viewer.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    viewer.chmod(0o755)
    before_this = desktop.environment["PATH"]
    desktop.environment["PATH"] = f"{viewers}:{before_this}"
    office = Office(desktop, ["RH"])
    agent = start(desktop)
    wait_labels(desktop, "free", "RH", "free")

    def choose(line, shot=None):
        desktop.click_menu("Help")
        time.sleep(1)
        desktop.look()
        if shot:
            desktop.save(shot, 0, 0, 460, 330)
        desktop.call("xdotool", "key", *["Right", *["Down"] * line, "Return"])

    choose(1, "agent-help-menu")
    wait_for("the log in a viewer", opened.exists)
    check(opened.read_text().strip().endswith("sharelock/agent.log"), opened.read_text())
    check("INFO  started" in office.log() and "icon: shown by the panel" in office.log(), office.log())
    if "SHARELOCK_WINDOW" in desktop.environment:
        step("the menu's help: a report is read, saved, and says where")
        before = desktop.windows()
        choose(2)
        box = desktop.new_window(before, "the report")
        time.sleep(3)
        desktop.look()
        desktop.save("agent-report", *box)
        desktop.call("xdotool", "search", "--name", "Sharelock", "windowfocus")
        time.sleep(1)
        desktop.call("xdotool", "key", "Return")
        wait_for("a saved report", lambda: list(desktop.home.glob("sharelock-report-*.zip")))
        time.sleep(1)
        desktop.look()
        desktop.save("agent-report-saved", *box)
        (file,) = desktop.home.glob("sharelock-report-*.zip")
        with zipfile.ZipFile(file) as report:
            check(set(report.namelist()) == {"about.txt", "doctor.txt", "settings.txt", "agent.log"}, report.namelist())
            check(b"started" in report.read("agent.log") and b"share-" not in report.read("agent.log"), "the log of a report")
        desktop.call("xdotool", "key", "Escape")
        wait_for("the window to go", lambda: desktop.windows().keys() == before.keys())
    stop(desktop, office, agent)
    desktop.environment["PATH"] = before_this


def panel_and_bus(desktop):
    step("the panel is killed and comes back; an agent without a panel; an agent without a bus")
    office = Office(desktop, ["RH"])
    agent = start(desktop)
    wait_for("an icon", desktop.icon_box)
    desktop.stop("panel", signal.SIGKILL)
    wait_for("no tray", lambda: not json.loads(office.say("agent", "status", "--json"))["tray"])
    office.say("take", "RH")
    desktop.start_panel(DARK)
    wait_for("an icon again", desktop.icon_box)
    wait_for("a tray", lambda: json.loads(office.say("agent", "status", "--json"))["tray"])
    check(office.state("RH") == "mine", "the lease was lost with the panel")
    stop(desktop, office, agent)
    check(office.state("RH") == "free", "the agent ended and kept the lease")
    lonely = Program(desktop, SHARELOCK, "agent", "run", name="agent", DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent")
    wait_for("an agent", lambda: subprocess.run([SHARELOCK, "agent", "status"], env=desktop.environment,
                                                capture_output=True, timeout=20).returncode == 0)
    report = json.loads(office.say("agent", "status", "--json"))
    check(not report["tray"] and not report["notifications"], f"without a bus it says {report}")
    office.say("take", "RH")
    office.say("release", "RH")
    stop(desktop, office, lonely)


def bus(desktop):
    step("the session bus is killed under an agent that holds: it holds on, and shows itself again when the bus is back")
    office = Office(desktop, ["RH"])
    def shows():
        report = json.loads(office.say("agent", "status", "--json"))
        return report["tray"], report["notifications"]
    def records():
        """What the lease's files say: they change with every sign of life."""
        files = sorted(office.folder.rglob("*"))
        return [file.read_bytes() for file in files if file.is_file()]
    agent = start(desktop)
    wait_for("an icon", desktop.icon_box)
    office.say("take", "RH")
    desktop.kill_bus()
    wait_for("an agent without a desktop", lambda: shows() == (False, False))
    said = office.say("agent", "status")
    check("There is no place for its icon" in said and "Notifications cannot be shown" in said, said)
    before = records()
    wait_for("a sign of life", lambda: records() != before, 120)
    check(office.state("RH") == "mine", "the lease was lost with the bus")
    desktop.start_bus("session")
    desktop.start_panel()
    desktop.start_notifier()
    wait_for("icon and notifications", lambda: shows() == (True, True), 60)
    wait_for("an icon", desktop.icon_box)
    check(office.state("RH") == "mine", "the lease was lost when the bus came back")
    desktop.click_menu("Release")
    wait_for("the release", lambda: office.state("RH") == "free")

    step("without a bus, and with one that comes for the first time")
    office.say("take", "RH")
    desktop.kill_bus()
    wait_for("an agent without a desktop", lambda: shows() == (False, False))
    office.say("release", "RH")
    check(office.state("RH") == "free", "it cannot be given back without a bus")
    office.say("agent", "stop")
    check(agent.process.wait(20) == 0, "the agent failed")
    early = Program(desktop, SHARELOCK, "agent", "run", name="agent")
    wait_for("an agent", lambda: subprocess.run([SHARELOCK, "agent", "status"], env=desktop.environment,
                                                capture_output=True, timeout=20).returncode == 0)
    check(shows() == (False, False), "it shows things without a bus")
    desktop.start_bus("session")
    desktop.start_panel()
    desktop.start_notifier()
    wait_for("icon and notifications", lambda: shows() == (True, True), 60)
    stop(desktop, office, early)


def french(desktop):
    step("French")
    office = Office(desktop, ["Personnel"], "fr")
    agent = start(desktop)
    wait_labels(desktop, "libre", "Personnel", "libre")
    marie = office.colleague("Personnel")
    wait_labels(desktop, "occupée", "laissé ouvert")
    desktop.click_icon(3)
    desktop.look()
    desktop.save("agent-french-menu", 0, 0, 460, 330)
    desktop.call("xdotool", "key", "Escape")
    desktop.click_menu("Me prévenir quand elle est libre")
    desktop.park()
    before = desktop.windows()
    office.goes(marie)
    box = desktop.new_window(before, "une notification")
    desktop.look()
    desktop.save("agent-french-notice", box[0], box[1], box[2], box[3])
    stop(desktop, office, agent)


def next_notice(desktop, before, gone, what):
    """The box of the notice that comes after those windows have gone."""
    wait_for("an answered notice to go", lambda: not gone & desktop.windows().keys())
    return desktop.new_window(before, what)


def asking(desktop):
    for language, label, note in (("en", "RH", "just two invoices, <b>5 min</b>"), ("fr", "Personnel", "juste deux factures")):
        step(f"a question is shown, seen, put off with a click, and the answer is shown ({language})")
        office = Office(desktop, [label], language)
        marie = Somebody(office, "marie", "Marie Dupont", "PC-ACCUEIL")
        paul = Somebody(office, "paul", "Paul Martin", "PC-QUAI2")
        marie.say("take", label)
        desktop.park()
        before = desktop.windows()
        paul.say("ask", "--note", note, label)
        box = desktop.new_window(before, "the question")
        desktop.look()
        desktop.save(f"agent-question-{language}", *box)
        wait_for("that it was seen", lambda: paul.reply(label) == "seen")
        print("    ", paul.run("status", label).stdout.strip())
        question = desktop.windows().keys() - before.keys()
        desktop.click_button(1, box)
        desktop.park()
        box = next_notice(desktop, before, question, "the answer")
        check(paul.reply(label) == "later", f"the reply is {paul.reply(label)}")
        desktop.look()
        desktop.save(f"agent-answer-{language}", *box)
        answer = desktop.windows().keys() - before.keys()
        marie.say("release", label)
        box = next_notice(desktop, before, answer, "that it is free")
        desktop.look()
        desktop.save(f"agent-answer-free-{language}", *box)
        paul.stop()
        marie.stop()
        wait_for("the notices to go", lambda: desktop.windows().keys() == before.keys())


def many(desktop):
    step("50 databases; two agents")
    names = [f"base {number:02}" for number in range(50)]
    office = Office(desktop, names)
    agent = start(desktop)
    marie = office.colleague("base 42")
    def first():
        return next(iter(labels(desktop)), "")
    wait_for("what is taken first", lambda: first().startswith("base 42"))
    desktop.click_icon(3)
    desktop.look()
    desktop.save("agent-many-menu", 0, 0, 420, 470)
    desktop.call("xdotool", "key", "Escape")
    # Somebody starts it a second time.
    office.say("agent", "run")
    office.goes(marie)
    wait_for("all free", lambda: "base 42" not in first() or "free" in first())
    stop(desktop, office, agent)


def window(desktop):
    step("a second start shows the status window; the dialog of a shortcut tells the agent to notify")
    for language, label, title in (("en", "RH", "Sharelock"), ("fr", "Personnel", "Sharelock")):
        office = Office(desktop, [label, "Paie"], language)
        agent = start(desktop)
        office.say("run", label, "--", "true")
        marie = office.colleague(label)
        before = desktop.windows()
        office.say("agent", "run")
        box = desktop.new_window(before, "the status window")
        desktop.look()
        desktop.save(f"agent-window-{language}", *box)
        desktop.call("xdotool", "search", "--name", title, "windowfocus")
        desktop.call("xdotool", "key", "Escape")
        wait_for("the window to go", lambda: desktop.windows().keys() == before.keys())
        shortcut = desktop.start("shortcut", SHARELOCK, "run", "--gui", label)
        box = desktop.new_window(before, "the dialog")
        desktop.look()
        desktop.save(f"agent-in-use-{language}", *box)
        desktop.call("xdotool", "search", "--name", label, "windowfocus")
        # The window counts no press in its first moments.
        time.sleep(1)
        desktop.call("xdotool", "key", "Return")
        check(shortcut.wait(10) == 75, "the shortcut did not end with 75")
        wait_for("the wish", lambda: any(one["wanted"] for one in json.loads(office.say("agent", "status", "--json"))["databases"]))
        desktop.park()
        before = desktop.windows()
        office.goes(marie)
        desktop.new_window(before, "a notification")
        stop(desktop, office, agent)


def asked_for_again(desktop):
    step("a window that is minimised, or behind another one, comes back when it is asked for again")
    office = Office(desktop, ["Archives"])
    agent = start(desktop)
    desktop.start_window_manager()

    # It fails where there is none.
    def windows(*search):
        found = subprocess.run(["xdotool", *search], env=desktop.environment, capture_output=True, timeout=10, check=False)
        return [int(number) for number in found.stdout.split()]

    def found():
        return windows("search", "--onlyvisible", "--name", "^Sharelock$")

    def in_front():
        return sum(windows("getactivewindow"))

    office.say("agent", "run")
    wait_for("the status window", found)
    window = found()[-1]
    desktop.call("xdotool", "windowactivate", "--sync", window)
    desktop.call("xdotool", "windowminimize", "--sync", window)
    wait_for("it to go", lambda: not found())
    office.say("agent", "run")
    wait_for("it to come back", lambda: found() and in_front() == window)
    desktop.start("other", "xfce4-panel", "--preferences")
    wait_for("another window in front", lambda: in_front() not in (0, window), 30)
    office.say("agent", "run")
    wait_for("it in front again", lambda: in_front() == window)
    desktop.look()
    desktop.save("agent-window-again")
    desktop.stop("other")
    stop(desktop, office, agent)
    desktop.stop("wm")


def asks_by_window(desktop):
    step("the status window's button asks whoever has it, who sees the question")
    label = "Commandes"
    office = Office(desktop, [label])
    marie = Somebody(office, "marie", "Marie Dupont", "PC-ACCUEIL")
    paul = Somebody(office, "paul", "Paul Martin", "PC-QUAI2")
    marie.say("take", label)
    desktop.park()
    before = desktop.windows()
    # A second start shows the window.
    paul.run("agent", "run")
    box = desktop.new_window(before, "the status window")
    desktop.look()
    desktop.save("agent-window-ask", *box)
    window = desktop.call("xdotool", "search", "--name", "^Sharelock$").decode().split()[-1]
    desktop.call("xdotool", "windowfocus", window)
    # The window counts no press in its first moments.
    time.sleep(1)
    with_window = desktop.windows()
    # *Close* has the focus; from there to *Notify me* and *Ask Marie*, in the order of reading.
    desktop.call("xdotool", "key", "--delay", 200, "Tab", "Tab", "space")
    notice = desktop.new_window(with_window, "the question")
    desktop.look()
    desktop.save("agent-window-asked", *notice)
    wait_for("that it was seen", lambda: paul.reply(label) == "seen")
    desktop.look()
    desktop.save("agent-window-seen", *box)
    # Marie answers *Later*; the window shows it.
    desktop.click_button(1, notice)
    wait_for("the answer", lambda: paul.reply(label) == "later")
    time.sleep(1)
    desktop.look()
    desktop.save("agent-window-answered", *box)
    desktop.call("xdotool", "windowfocus", window)
    desktop.call("xdotool", "key", "Escape")
    paul.stop()
    marie.stop()
    wait_for("all windows to go", lambda: desktop.windows().keys() == before.keys())


def frugal(desktop):
    step("nothing happens, and nothing is done; 5 databases")
    office = Office(desktop, [f"base {number}" for number in range(5)])
    began = time.monotonic()
    agent = start(desktop)
    MEASURED.append(("started to an icon on the bus", time.monotonic() - began))
    time.sleep(3)
    before = agent.switches()
    time.sleep(20)
    woken = agent.woken_since(before)
    MEASURED.append(("resident with 5 databases, MiB", agent.resident_kib() / 1024))
    MEASURED.append(("woken in 20 s", woken))
    check(woken <= 10, f"woken {woken} times in 20 s")
    stop(desktop, office, agent)


def main():
    with Desktop() as desktop:
        desktop.start_panel()
        desktop.start_notifier()
        try:
            wanted = sys.argv[2:]
            scenes = [a_day, killed, help_in_the_menu, french, asking, many, frugal, panel_and_bus, bus]
            if "SHARELOCK_WINDOW" in os.environ:
                desktop.environment["SHARELOCK_WINDOW"] = os.environ["SHARELOCK_WINDOW"]
                scenes[5:5] = [window, asked_for_again, asks_by_window]
            for scene in scenes:
                if not wanted or scene.__name__ in wanted:
                    scene(desktop)
        except BaseException:
            desktop.save("agent-failed")
            print(f"see {ARTEFACTS}/agent-failed.png", flush=True)
            raise
    for what, value in MEASURED:
        print(f"    {what}: {value:.3f}" if isinstance(value, float) else f"    {what}: {value}")


if __name__ == "__main__":
    main()
