"""What it costs to watch a thousand databases in one folder while nothing happens: one process, thirty seconds."""

import os
import select
import subprocess
import sys
import time
from pathlib import Path

from players import MEMORY, SCRATCH, SHARELOCK, new_folder, remove_folder

DATABASES = 1000
IDLE = 30
GOALS = {"cpu": 1.0, "memory": 30.0}


def table():
    """Measures, and returns the lines and the goals'."""
    if not SHARELOCK.exists():
        return ["not installed (sharelock)"], []
    if subprocess.run([SHARELOCK, "watch", "--help"], capture_output=True, check=False).returncode != 0:
        return [f"{DATABASES} databases watched: skipped: no watch verb yet."], []
    folder = new_folder(MEMORY or SCRATCH)
    try:
        cpu, resident = measure(folder)
    finally:
        remove_folder(folder)
    line = f"| {DATABASES} databases, one process, {IDLE} s idle | {cpu:.2f} % of a core | {resident:.1f} MB |"
    met = {"cpu": cpu < GOALS["cpu"], "memory": resident < GOALS["memory"]}
    goals = [f"under {GOALS['cpu']:.0f} % of a core: {show(met['cpu'])}", f"under {GOALS['memory']:.0f} MB: {show(met['memory'])}"]
    return ["| watching | processor | memory |", "|---|--:|--:|", line], goals


def show(met):
    return "met" if met else "**missed**"


def measure(folder):
    """Returns the percentage of a core, and the resident megabytes."""
    print(f"watch: {DATABASES} databases, each used once", file=sys.stderr)
    environment = os.environ | {"XDG_STATE_HOME": str(SCRATCH / "state")}
    databases = [folder / f"{number:04}.db" for number in range(DATABASES)]
    for database in databases:
        database.touch()
        use(database, environment)
    watcher = subprocess.Popen(
        [SHARELOCK, "watch", "--json", *databases], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment
    )
    try:
        told = read_until_quiet(watcher, 3)
        if told < DATABASES:
            raise RuntimeError(f"watch told {told} states of {DATABASES}")
        began, busy = time.monotonic(), processor(watcher.pid)
        time.sleep(IDLE)
        cpu = 100 * (processor(watcher.pid) - busy) / (time.monotonic() - began)
        resident = next(line for line in status(watcher.pid) if line.startswith("VmRSS")).split()[1]
        # Cheap because it sleeps at its post would be no merit.
        use(databases[-1], environment)
        if read_until_quiet(watcher, 3) == 0:
            raise RuntimeError("watch was idle, but did not see a change either")
        return cpu, int(resident) / 1024
    finally:
        watcher.kill()
        watcher.wait()
        watcher.stdout.close()


def use(database, environment):
    subprocess.run([SHARELOCK, "run", database, "--", "true"], check=True, env=environment, stderr=subprocess.DEVNULL)


def read_until_quiet(watcher, seconds):
    """Reads what it tells until it is quiet that long; returns how many lines that were."""
    lines = 0
    while select.select([watcher.stdout], [], [], seconds)[0]:
        more = os.read(watcher.stdout.fileno(), 1 << 16)
        if not more:
            raise RuntimeError("watch ended by itself")
        lines += more.count(b"\n")
    return lines


def processor(pid):
    """Returns the seconds of processor time that it has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def status(pid):
    return Path(f"/proc/{pid}/status").read_text().splitlines()
