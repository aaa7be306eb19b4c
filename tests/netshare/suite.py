#!/usr/bin/env python3
"""Runs the cases on the lab and prints the table; see `run` beside it.

    suite.py small|long [--only WORDS] [--keep]

`--only` runs the cases whose names contain one of the words (separated by commas); `--keep` leaves the machines running.
SHARELOCK_NETSHARE_SCALE divides all durations (20 unless set; 1 is what users have).
"""
import os
import sys
import time

import counter
from bench import Bench
from lab import LONG_SET, SMALL_SET, ROOT, Lab

FOLDER = ROOT + "/target/netshare"


def cases(bench, long):
    bench.run("conformance", counter.conformance)
    bench.run("counter without lease", counter.without_lease(20))
    bench.run("counter, 3 x 3 x 20 holds", counter.with_lease(20))


def report(bench, seconds, title):
    lines = [f"{title}: {len(bench.rows)} rows in {seconds / 60:.1f} min", "", "| mount | case | result | s | bound |", "|---|---|---|---|---|"]
    for mount, case, result, took, bound in bench.rows:
        shown = ["" if value is None else f"{value:.1f}" for value in (took, bound)]
        lines.append(f"| {mount} | {case} | {result} | {shown[0]} | {shown[1]} |")
    return "\n".join(lines) + "\n"


def main(words):
    long, keep = "long" in words, "--keep" in words
    scale = float(os.environ.get("SHARELOCK_NETSHARE_SCALE", "20"))
    lab = Lab()
    bench = Bench(lab, scale, LONG_SET if long else SMALL_SET, FOLDER + "/histories")
    if "--only" in words:
        bench.only = words[words.index("--only") + 1].split(",")
    begun = time.monotonic()
    try:
        # A lease of 90 s is what a server has that nobody set up otherwise.
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
