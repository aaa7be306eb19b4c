#!/usr/bin/env python3
"""Runs the cases on the lab and prints the table; see `run` beside it.

    suite.py small|long [--only WORDS] [--mounts NAMES] [--keep] [--again]

`--only` runs the cases whose names contain one of the words (separated by commas); `--keep` leaves the machines running,
`--again` uses those that run.
SHARELOCK_NETSHARE_SCALE divides all durations (20 unless set; 1 is what users have).
"""
import os
import signal
import sys
import time

import bad_days
import counter
import peers
import trips
from bench import Bench
from lab import LONG_SET, SMALL_SET, ROOT, Lab

FOLDER = ROOT + "/target/netshare"


def cases(bench, long):
    bench.run("conformance", counter.conformance)
    bench.run("counter without lease", counter.without_lease(20))
    bench.run("counter, 3 x 3 x 20 holds", counter.with_lease(20))
    bench.run("process killed", bad_days.process_killed)
    bench.run("process killed, same machine", bad_days.process_killed_same_machine)
    bench.run("wrapper killed, rival on the machine", bad_days.wrapper_killed("A"), known=(
        "two holders: program", "a program that outlives L is not waited for, although it is seen alive (docs/PROTOCOL.md promises more)"))
    bench.run("holder stopped", bad_days.stopped)
    bench.run("store moved away and back", bad_days.store_moved)
    bench.run("store restored from a copy", bad_days.store_restored)
    for seconds in (5, 30, 120, 600):
        bench.run(f"cable out {seconds} s", bad_days.cable_out(seconds, rival=True))
    bench.run("machine paused", bad_days.paused(rival=True))
    bench.run("machine suspended", bad_days.suspended(rival=True))
    bench.run("services restarted", bad_days.server_restarts("services"))
    bench.run("server rebooted", bad_days.server_restarts("machine"))
    bench.run("clocks wrong and stepping", bad_days.clock_steps)
    bench.run("share full", bad_days.share_full)
    bench.run("share read-only", bad_days.read_only)
    bench.run("slow share", bad_days.slow_share)
    bench.run("machine powered off", bad_days.powered_off)
    trips_table = []
    bench.run("round trips", trips.measure(trips_table, idle=long))
    bench.notes.append(trips.rows(trips_table))
    if long:
        bench.run("wrapper killed, rival elsewhere", bad_days.wrapper_killed("B"), known=(
            "two holders: program", "from another machine nobody can see the program; nothing renews its lease any more"))
        bench.run("rights as Samba's defaults give them", bad_days.rights)
        for seconds in (5, 30, 120, 600):
            bench.run(f"cable out {seconds} s, no rival", bad_days.cable_out(seconds, rival=False))
        bench.run("holder stopped, no rival", bad_days.stopped_without_rival)
        bench.run("machine paused, no rival", bad_days.paused(rival=False))
        bench.run("machine suspended, no rival", bad_days.suspended(rival=False))
    if long and os.path.isdir(peers.FETCHED) and (not bench.only or "peers" in bench.only):
        bench.notes.append(peers.compare(bench, [mount for mount in ("nfs3", "nfs42", "smb") if mount in bench.mounts]))


def report(bench, seconds, title):
    lines = [f"{title}: {len(bench.rows)} rows in {seconds / 60:.1f} min", "", "| mount | case | result | s | bound |", "|---|---|---|---|---|"]
    for mount, case, result, took, bound in bench.rows:
        shown = ["" if value is None else f"{value:.1f}" for value in (took, bound)]
        lines.append(f"| {mount} | {case} | {result} | {shown[0]} | {shown[1]} |")
    return "\n".join(lines) + "\n" + "".join(bench.notes)


def main(words):
    long, keep = "long" in words, "--keep" in words
    scale = float(os.environ.get("SHARELOCK_NETSHARE_SCALE", "20"))
    lab = Lab()
    bench = Bench(lab, scale, LONG_SET if long else SMALL_SET, FOLDER + "/histories")
    if "--only" in words:
        bench.only = words[words.index("--only") + 1].split(",")
    if "--mounts" in words:
        bench.mounts = tuple(words[words.index("--mounts") + 1].split(","))
    # Out of time is a reason to end, with a report and without leaving machines behind.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit("suite: told to end"))
    begun = time.monotonic()
    try:
        # A lease of 90 s is what a server has that nobody set up otherwise.
        if "--again" in words:
            lab.attach()
        else:
            lab.up(lease=90 if scale == 1 else 10, mounts=bench.mounts,
                   files=[(FOLDER + "/sharelock", "/usr/bin/sharelock"), (FOLDER + "/conformance", "/usr/bin/conformance")])
        print(f"lab up in {time.monotonic() - begun:.1f} s", flush=True)
        cases(bench, long)
    finally:
        if keep:
            lab.remember()
        else:
            lab.down()
        text = report(bench, time.monotonic() - begun, f"{'long' if long else 'small'} set, durations divided by {scale:g}")
        with open(FOLDER + "/report.md", "w") as file:
            file.write(text)
        print("\n" + text)
    return 1 if bench.failed() or not bench.rows else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
