"""How much memory a daemon has, in KiB."""
import os


def private_kb(d):
    """Of the workers, what no one shares."""
    total = 0
    for pid in d.workers.values():
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            total += next(int(line.split()[1]) for line in f if line.startswith("RssAnon"))
    return total


def memory_kb(d):
    """Of the slots: pages of their memory that are there."""
    total = 0
    for fd in os.listdir(f"/proc/{d.pid}/fd"):
        path = f"/proc/{d.pid}/fd/{fd}"
        if os.readlink(path).startswith("/memfd:"):
            total += os.stat(path).st_blocks // 2
    return total
