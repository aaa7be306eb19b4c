"""The player for the peers that are Python: filelock, portalocker, flufl.lock.

Does what it reads from stdin, one order a line, and answers with one line (see players.py). Defaults are the peers' own, except
how long they wait (for ever) and, where a schedule says so, when a lock is stale.
"""

import os
import socket
import sys
import time

if host := os.environ.get("PEER_HOST"):
    # As if on another machine: the peers compare host names.
    socket.gethostname = socket.getfqdn = lambda *_: host


def now():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def open_lock(kind, path, stale):
    """Returns how to take it, how to give it back, what it says unasked, and what it says when asked (None: no way to ask)."""
    if kind == "FileLock":
        from filelock import FileLock

        lock = FileLock(path + ".lock")
        return lock.acquire, lock.release, lambda: lock.is_locked, None
    if kind == "SoftFileLease":
        from filelock import SoftFileLease

        lock = SoftFileLease(path + ".lock", **({"lease_duration": stale} if stale else {}))
        return lock.acquire, lock.release, lambda: lock.is_locked and lock.compromise is None, None
    if kind == "portalocker":
        import portalocker

        lock = portalocker.Lock(path + ".lock", timeout=3600)
        return lock.acquire, lock.release, lambda: True, None
    if kind == "flufl.lock":
        from flufl.lock import Lock

        lock = Lock(path + ".lock", **({"lifetime": int(stale)} if stale else {}))
        return lock.lock, lambda: lock.unlock(unconditionally=True), lambda: True, lambda: lock.is_locked
    raise SystemExit(f"no player is called {kind}")


def main():
    kind, path = sys.argv[1:3]
    take, give, belief, ask = open_lock(kind, path, float(sys.argv[3]) if len(sys.argv) > 3 else None)
    for line in sys.stdin:
        verb, _, number = line.strip().partition(" ")
        if verb == "take":
            take()
            answer = now()
        elif verb == "give":
            answer = now()
            give()
        elif verb == "cycle":
            answer = " ".join(cycle(take, give) for _ in range(int(number)))
        elif verb == "work":
            answer = work(belief, int(number))
        elif verb == "ask":
            answer = "none" if ask is None else "held" if ask() else "lost"
        print(answer, flush=True)


def cycle(take, give):
    began = now()
    take()
    give()
    return str(now() - began)


def work(belief, count):
    """Works as long as it believes, at most that many times; says when it last did, and whether anything told it to stop."""
    last = 0
    for _ in range(count):
        if not belief():
            return f"{last} told"
        last = now()
        time.sleep(0.001)
    return f"{last} untold"


main()
