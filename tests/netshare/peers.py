"""Other locks on the same mounts, in the same cases: cycle, hand-off, calls, and what the bad days make of them. Nothing is asserted of them.

filelock's SoftFileLease and proper-lockfile with a stale time of 10 s, dotlockfile with the 5 minutes that it always has; Sharelock
with durations divided by 30, so that it takes over without evidence after 10 s. Timed from outside, through pipes.
"""
import os
import signal
import statistics
import subprocess
import time

import trips
from bench import Trouble
from lab import ROOT, in_parallel

FETCHED = ROOT + "/target/netshare/peers"
STALE = 10
# How long a successor is waited for. Whoever waits for longer by design, as dotlockfile does, is not waited for.
PATIENCE = 4 * STALE
ROUNDS = 3
HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = {
    "sharelock": ("SHARELOCK_TIME_SCALE=30 exec sharelock hold --json -w 900 {0}.db",
                  "i=0; while [ $i -lt 22 ]; do SHARELOCK_TIME_SCALE=30 sharelock run {0}.db -- true; i=$((i+1)); done"),
    "filelock SoftFileLease": (f"exec python3 /opt/peers/lease.py hold {{0}} {STALE}", f"python3 /opt/peers/lease.py cycle {{0}} {STALE}"),
    "proper-lockfile": (f"exec node /opt/peers/proper.js hold {{0}} {STALE}", f"node /opt/peers/proper.js cycle {{0}} {STALE}"),
    "dotlockfile": ("exec sh /opt/peers/dotlock.sh hold {0}", "sh /opt/peers/dotlock.sh cycle {0}"),
}


def install(lab):
    """Puts what `run` fetched into the clients."""
    for client in lab.clients:
        client.root("mkdir -p /opt/peers; chmod 755 /opt/peers")
    with subprocess.Popen(["tar", "c", "-C", FETCHED, "."], stdout=subprocess.PIPE) as tar:
        with open(FETCHED + ".tar", "wb") as file:
            file.write(tar.stdout.read())

    def one(client):
        client.put(FETCHED + ".tar", "/tmp/peers.tar")
        client.root("tar x -C /opt/peers -f /tmp/peers.tar; chmod -R a+rX /opt/peers")
        for name in os.listdir(HERE + "/guest/peers"):
            client.put(f"{HERE}/guest/peers/{name}", f"/opt/peers/{name}")
    in_parallel(one, lab.clients)


class Trial:
    """One peer on one mount."""

    def __init__(self, lab, peer, mount):
        self.lab, self.peer, self.mount = lab, peer, mount
        self.row = {}
        self.count = 0
        self.jobs = []

    def hold(self, client):
        self.jobs.append(client.start(PEERS[self.peer][0].format(self.path)))
        return self.jobs[-1]

    def fresh(self):
        self.count += 1
        self.path = f"/mnt/{self.mount}/peer-{self.peer.split()[0]}-{self.count}"
        if self.peer == "sharelock":
            self.lab.A.out(f"touch {self.path}.db")

    def try_out(self, name, work):
        self.fresh()
        try:
            self.row[name] = work()
        except (Trouble, TimeoutError, EOFError) as error:
            self.row[name] = "failed: " + " ".join(str(error).split())[-120:]
        # Some do not end while they wait, and poll so often that an emulated machine with a few of them does nothing else.
        for job in self.jobs:
            if job.code is None:
                job.signal(signal.SIGKILL, group=True)
                job.wait(60)
        self.jobs = []

    def cycle(self):
        command = PEERS[self.peer][1].format(self.path)
        before = trips.calls(self.lab.C, self.mount)
        begun = time.monotonic()
        code, text = self.lab.C.sh(command, 300)
        took = (time.monotonic() - begun) / 22
        time.sleep(trips.SETTLE)
        calls = trips.difference(trips.calls(self.lab.C, self.mount), before).get("all", 0) / 22
        if code != 0:
            raise Trouble(text[-200:])
        cycles = [float(line.split()[1]) for line in text.splitlines() if line.startswith("cycle")]
        shown = f"{statistics.median(cycles) * 1000:.0f} ms" if cycles else f"{took * 1000:.0f} ms with its start"
        return f"{shown}, {calls:.0f} calls"

    def hand_off(self):
        took = []
        for _ in range(ROUNDS):
            first = self.hold(self.lab.A)
            first.line("acquired", 60)
            second = self.hold(self.lab.B)
            time.sleep(4)
            asked = time.monotonic()
            first.signal(signal.SIGTERM)
            at, _ = second.line("acquired", 60)
            took.append(at - asked)
            second.signal(signal.SIGTERM)
            first.wait(30)
            second.wait(30)
        return f"{statistics.median(took) * 1000:.0f} ms"

    def pair(self):
        first = self.hold(self.lab.A)
        first.line("acquired", 60)
        second = self.hold(self.lab.B)
        time.sleep(4)
        return first, second

    def taken_over(self, second, since):
        """Says how long B took; None when it did not get it."""
        try:
            return second.line("acquired", PATIENCE)[0] - since
        except TimeoutError:
            return None

    def killed(self):
        first, second = self.pair()
        first.signal(signal.SIGKILL)
        took = self.taken_over(second, time.monotonic())
        second.signal(signal.SIGTERM)
        return f"not in {PATIENCE} s" if took is None else f"{took:.0f} s"

    def stopped(self):
        """Stopped until the other has it, then continued: it must know at once."""
        first, second = self.pair()
        first.signal(signal.SIGSTOP)
        took = self.taken_over(second, time.monotonic())
        first.signal(signal.SIGCONT)
        result = f"not in {PATIENCE} s" if took is None else f"{took:.0f} s, {self.noticed(first, time.monotonic())}"
        second.signal(signal.SIGTERM)
        first.signal(signal.SIGKILL)
        return result

    def noticed(self, first, on):
        try:
            knows, _ = first.line(("compromised", "unsure", "lost"), 2 * STALE)
        except (TimeoutError, EOFError):
            return "**two holders**, not noticed"
        return "known at once" if knows - on < 1 else f"**two holders** for {knows - on:.0f} s"


def compare(bench, mounts):
    """Runs everything; returns the table."""
    install(bench.lab)
    trials = [Trial(bench.lab, peer, mount) for peer in PEERS for mount in mounts]
    # Counted alone, because mounts of one server share a connection.
    for trial in trials:
        trial.try_out("cycle", trial.cycle)

    def rest(trial):
        trial.try_out("hand-off", trial.hand_off)
        trial.try_out("killed", trial.killed)
        trial.try_out("stopped and continued", trial.stopped)
    # One peer after the other: an emulated machine that starts a dozen interpreters at once is busy with that for minutes.
    for peer in PEERS:
        in_parallel(rest, [trial for trial in trials if trial.peer == peer])
    names = ["cycle", "hand-off", "killed", "stopped and continued"]
    lines = ["", "| lock | mount | " + " | ".join(names) + " |", "|---" * 6 + "|"]
    for trial in trials:
        lines.append(f"| {trial.peer} | {trial.mount} | " + " | ".join(str(trial.row.get(name, "")) for name in names) + " |")
    return "\n".join(lines) + "\n"
