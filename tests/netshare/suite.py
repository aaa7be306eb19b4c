#!/usr/bin/env python3
"""Runs the cases on the lab and prints the table; see `run` beside it.

    suite.py small|long [--only WORDS] [--mounts NAMES] [--keep] [--again]

`--only` runs the cases whose names contain one of the words (separated by commas); `--keep` leaves the machines running,
`--again` uses those that run.
SHARELOCK_NETSHARE_SCALE divides all durations (20 unless set; 1 is what users have). SHARELOCK_NETSHARE_MINUTES: after that the suite
ends by itself, and what was not reached is reported as such.
"""
import os
import signal
import sys
import time

import bad_days
import counter
import peers
import trips
import watchers
from bench import LAB, OUT_OF_TIME, Bench
from lab import LONG_SET, SMALL_SET, ROOT, Lab

FOLDER = ROOT + "/target/netshare"


# What the small set must have run whatever the time: without these it proves nothing.
INDISPENSABLE = [(mount, case) for mount in ("nfs42", "smb") for case in ("conformance", "counter without lease", "counter with lease")]
MINUTES = {"small": 19, "long": 700}


def plan(tables, long):
    """Returns (case, what it does, its mounts in the small set), in order of value; the long set runs everything on all its mounts."""
    three, both = ("nfs3", "nfs42", "smb"), ("nfs42", "smb")
    never = ()
    return [
        ("conformance", counter.conformance, SMALL_SET),
        ("counter without lease", counter.without_lease(20), three),
        ("counter with lease", counter.with_lease(20 if long else 3), three),
        ("process killed", bad_days.process_killed, both),
        ("wrapper killed, rival on the machine", bad_days.wrapper_killed("A"), both),
        ("machine powered off", bad_days.powered_off, both),
        ("cable out 600 s", bad_days.cable_out(600, rival=True), both),
        ("cable out 120 s", bad_days.cable_out(120, rival=True), both),
        ("holder stopped", bad_days.stopped, both),
        ("machine paused", bad_days.paused(rival=True), both),
        ("round trips", trips.measure(tables["round trips"], idle=long), three),
        ("services restarted", bad_days.server_restarts("services"), both),
        ("store restored from a copy", bad_days.store_restored, ("nfs3", "smb")),
        ("share full", bad_days.share_full, both),
        ("share read-only", bad_days.read_only, ("smb",)),
        ("process killed, same machine", bad_days.process_killed_same_machine, ("nfs3", "smb")),
        ("counter, first use by all at once", counter.with_lease(2, first=True), never),
        ("cable out 5 s", bad_days.cable_out(5, rival=True), never),
        ("cable out 30 s", bad_days.cable_out(30, rival=True), never),
        ("hundred watchers", watchers.hundred(tables["hundred"]), never),
        ("release to line", watchers.release(tables["release"]), never),
        ("store moved away and back", bad_days.store_moved, never),
        ("machine suspended", bad_days.suspended(rival=True), never),
        ("server rebooted", bad_days.server_restarts("machine"), never),
        ("clocks wrong and stepping", bad_days.clock_steps, never),
        ("slow share", bad_days.slow_share, never),
        ("wrapper killed, rival elsewhere", bad_days.wrapper_killed("B"), never),
        ("rights as Samba's defaults give them", bad_days.rights, never),
        *[(f"cable out {seconds} s, no rival", bad_days.cable_out(seconds, rival=False), never) for seconds in (5, 30, 120, 600)],
        ("holder stopped, no rival", bad_days.stopped_without_rival, never),
        ("machine paused, no rival", bad_days.paused(rival=False), never),
        ("machine suspended, no rival", bad_days.suspended(rival=False), never),
    ]


KNOWN = {"wrapper killed, rival elsewhere": (
    "two holders: program", "from another machine nobody can see the program; nothing renews its lease any more")}


def cases(bench, long):
    tables = {"round trips": [], "hundred": [], "release": []}
    for name, work, mounts in plan(tables, long):
        chosen = bench.mounts if long else [mount for mount in mounts if mount in bench.mounts]
        if chosen:
            bench.run(name, work, chosen, KNOWN.get(name))
    bench.notes += [trips.rows(tables["round trips"]), watchers.rows(tables["hundred"], tables["release"])]
    if long and os.path.isdir(peers.FETCHED) and (not bench.only or "peers" in bench.only):
        bench.notes.append(peers.compare(bench, [mount for mount in ("nfs3", "nfs42", "smb") if mount in bench.mounts]))


def report(bench, seconds, title):
    lines = [f"{title}: {len(bench.rows)} rows in {seconds / 60:.1f} min", "", "| mount | case | result | s | bound |", "|---|---|---|---|---|"]
    for mount, case, result, took, bound in bench.rows:
        shown = ["" if value is None else f"{value:.1f}" for value in (took, bound)]
        lines.append(f"| {mount} | {case} | {result} | {shown[0]} | {shown[1]} |")
    lines += ["", "| case | min |", "|---|---|"] + [f"| {case} | {took / 60:.1f} |" for case, took in bench.took]
    return "\n".join(lines) + "\n" + "".join(bench.notes)


def missing(bench):
    """What the small set may not go without, and did."""
    ran = {(row[0], row[1]) for row in bench.rows if not row[2].startswith(OUT_OF_TIME)}
    return [f"{case} on {mount}" for mount, case in INDISPENSABLE if (mount, case) not in ran]


def main(words):
    long, keep = "long" in words, "--keep" in words
    scale = float(os.environ.get("SHARELOCK_NETSHARE_SCALE", "20"))
    lab = Lab()
    bench = Bench(lab, scale, LONG_SET if long else SMALL_SET, FOLDER + "/histories")
    if "--only" in words:
        bench.only = words[words.index("--only") + 1].split(",")
    if "--mounts" in words:
        bench.mounts = tuple(words[words.index("--mounts") + 1].split(","))
    # Whatever hangs, the suite ends by itself, with a report and without leaving machines behind.
    minutes = float(os.environ.get("SHARELOCK_NETSHARE_MINUTES", MINUTES["long" if long else "small"]))
    bench.ends_at(time.monotonic() + 60 * minutes, case_limit=None if long else 420)

    def told_to_end(number, _):
        # Whoever is told twice still takes the machines down and writes the report.
        signal.signal(number, signal.SIG_IGN)
        sys.exit("suite: told to end")
    signal.signal(signal.SIGTERM, told_to_end)
    begun = time.monotonic()
    try:
        # A lease of 90 s is what a server has that nobody set up otherwise.
        if "--again" in words:
            lab.attach()
        else:
            lab.up(lease=90 if scale == 1 else 10, mounts=bench.mounts,
                   files=[(FOLDER + "/sharelock", "/usr/bin/sharelock"), (FOLDER + "/conformance", "/usr/bin/conformance")])
        print(f"lab up in {time.monotonic() - begun:.1f} s", flush=True)
        if any(mount.startswith("nfs") for mount in bench.mounts):
            time.sleep(max(0.0, lab.grace_over + LAB - time.monotonic()))
        cases(bench, long)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        if keep:
            lab.remember()
        else:
            lab.down()
        text = report(bench, time.monotonic() - begun, f"{'long' if long else 'small'} set, durations divided by {scale:g}")
        with open(FOLDER + "/report.md", "w") as file:
            file.write(text)
        print("\n" + text)
    lacking = [] if long or bench.only else missing(bench)
    if lacking:
        print("FAILED: there was no time for " + ", ".join(lacking))
    return 1 if bench.failed() or lacking or not bench.rows else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
