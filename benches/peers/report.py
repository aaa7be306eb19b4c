"""Prints the tables; called by `run` when the peers are set up."""

import os
import platform
import shutil
import signal
import sys
import time

import schedules
import speed
import watch
from players import SCRATCH, SHIM, leave_nothing_behind

PARTS = ["speed", "schedules", "watch"]


def main(wanted):
    if unknown := set(wanted) - set(PARTS):
        sys.exit(f"unknown: {' '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    wanted = wanted or PARTS
    began = time.monotonic()
    load = f"load {os.getloadavg()[0]:.1f} at the beginning"
    say(f"Measured on {time.strftime('%d %B %Y')}: {platform.system()} {platform.release()}, {os.cpu_count()} cores, {load}.")
    if "speed" in wanted:
        lines, goals = speed.table()
        say(*lines)
        say("Goals:", *(f"- {goal}" for goal in goals))
    if "schedules" in wanted and SHIM.exists():
        lines, evidence = schedules.table()
        say(*lines)
        say("Evidence:", *evidence)
    elif "schedules" in wanted:
        say("The schedules need the shim, and it could not be compiled.")
    if "watch" in wanted:
        lines, goals = watch.table()
        say(*lines)
        if goals:
            say("Goals:", *(f"- {goal}" for goal in goals))
    say(f"Took {(time.monotonic() - began) / 60:.1f} minutes.")


def say(*lines):
    print(*lines, "", sep="\n", flush=True)


def interrupted(number, _frame):
    leave_nothing_behind()
    # Threads of the schedules may be waiting for what was just ended.
    os._exit(128 + number)


for stopping in (signal.SIGINT, signal.SIGTERM):
    signal.signal(stopping, interrupted)
try:
    main(sys.argv[1:])
finally:
    leave_nothing_behind()
    shutil.rmtree(SCRATCH / "state", ignore_errors=True)
