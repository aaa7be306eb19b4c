# filelock's SoftFileLease in the role of `sharelock hold`, and in a loop.    lease.py hold|cycle FILE SECONDS
import signal
import sys
import time

sys.path.insert(0, "/opt/peers")
from filelock import SoftFileLease  # noqa: E402

what, path, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
over = []
signal.signal(signal.SIGTERM, lambda number, frame: over.append(number))
lock = SoftFileLease(path, lease_duration=seconds, thread_local=False, on_compromise=lambda why: print("compromised", flush=True))
if what == "cycle":
    for _ in range(22):
        begun = time.monotonic()
        lock.acquire()
        lock.release()
        print("cycle", time.monotonic() - begun, flush=True)
else:
    lock.acquire()
    print("acquired", flush=True)
    while not over:
        time.sleep(0.02)
    lock.release()
    print("released", flush=True)
