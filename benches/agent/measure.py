"""Measures the agent on a real desktop; see `run` beside it."""

import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

from desktop import ARTEFACTS, Desktop, Failed, Program, wait_for

SHARELOCK = pathlib.Path(sys.argv[1])
LABELS = ("RH", "Accueil", "Paie", "Stock", "Archives")
ROUNDS = 20
IDLE = 60
# (what, unit, goal); a value beyond ten times its goal fails.
GOALS = {"started to registered icon": ("ms", 150), "resident": ("MiB", 15), "woken while idle, in a minute": ("", 5),
         "taken to changed icon": ("ms", 100), "released to changed icon": ("ms", 100), "released to notification": ("ms", 100),
         "size of the program": ("MiB", 8)}


class Bus:
    """The members that were called or signalled on the session bus, with the time of each."""

    def __init__(self, desktop):
        self.seen = []
        monitor = Program(desktop, "dbus-monitor", "--profile", "type=signal", "type=method_call", name="monitor")
        self.lines = monitor.lines
        wait_for("the monitor", lambda: self.lines)

    def since(self, moment, member):
        """When that member was first seen after the moment."""
        for line in list(self.lines):
            parts = line.split("\t")
            if len(parts) >= 8 and parts[-1].strip() == member and float(parts[1]) >= moment:
                return float(parts[1])
        return None

    def wait(self, moment, member):
        return wait_for(member, lambda: self.since(moment, member), 20)


def measure(desktop):
    folder = ARTEFACTS / f"bench-{os.getpid()}"
    folder.mkdir()
    lines = ["language = 'en'"]
    for label in LABELS:
        lines += ["[[database]]", f"label = '{label}'", f"path = '{folder}/{label}.db'", "notify = { free = 'always' }"]
    settings = desktop.home / "sharelock.toml"
    settings.write_text("\n".join(lines) + "\n")
    desktop.environment |= {"SHARELOCK_CONFIG": str(settings), "SHARELOCK_LANG": "en", "XDG_STATE_HOME": str(desktop.home / "state")}
    bus = Bus(desktop)
    values = {what: [] for what in GOALS}
    for _ in range(5):
        began = time.time()
        agent = Program(desktop, SHARELOCK, "agent", "run", name="agent")
        values["started to registered icon"].append(1000 * (bus.wait(began, "RegisterStatusNotifierItem") - began))
        subprocess.run([SHARELOCK, "agent", "stop"], env=desktop.environment, check=True, timeout=20)
        agent.process.wait(10)
    agent = Program(desktop, SHARELOCK, "agent", "run", name="agent")
    wait_for("an icon", desktop.items)
    time.sleep(15)
    before = agent.switches()
    time.sleep(IDLE)
    values["woken while idle, in a minute"].append(agent.woken_since(before))
    for _ in range(ROUNDS):
        began = time.time()
        holder = Program(desktop, SHARELOCK, "hold", "--json", "--until-eof", folder / f"{LABELS[0]}.db", name="colleague",
                         XDG_SESSION_ID="colleague")
        wait_for("the colleague", lambda: holder.lines)
        taken = bus.wait(began, "NewIcon")
        # The event's own time is of the holder's clock, in whole milliseconds; it is the same computer.
        values["taken to changed icon"].append(1000 * (taken - acquired(holder, began)))
        time.sleep(1.2)
        began = time.time()
        holder.process.stdin.close()
        values["released to changed icon"].append(1000 * (bus.wait(began, "NewIcon") - began))
        values["released to notification"].append(1000 * (bus.wait(began, "Notify") - began))
        holder.process.wait(10)
        time.sleep(1.2)
    values["resident"].append(agent.resident_kib() / 1024)
    values["size of the program"].append(SHARELOCK.stat().st_size / 1048576)
    return values


def acquired(holder, began):
    """When the lease was had: the line is printed a moment later."""
    time_of = re.search(r'"time":"([^"]*)"', holder.lines[0]).group(1)
    import datetime
    return max(began, datetime.datetime.fromisoformat(time_of).timestamp())


def main():
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    with Desktop() as desktop:
        desktop.start_panel()
        desktop.start_notifier()
        values = measure(desktop)
    print("| what | median | worst | goal |\n|---|--:|--:|--:|")
    beyond = []
    for what, (unit, goal) in GOALS.items():
        middle, worst = statistics.median(values[what]), max(values[what])
        print(f"| {what} | {middle:.1f} {unit} | {worst:.1f} {unit} | {goal} {unit}{': **missed**' if middle > goal else ''} |")
        if middle > 10 * goal:
            beyond.append(what)
    if beyond:
        raise Failed(f"beyond ten times the goal: {', '.join(beyond)}")


main()
