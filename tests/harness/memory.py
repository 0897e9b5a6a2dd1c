"""What a daemon has: memory, in KiB, and descriptors."""
import os


def anonymous_kb(pid):
    """Of a process, what no one shares."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("RssAnon"))


def private_kb(d):
    """Of the workers."""
    return sum(anonymous_kb(pid) for pid in d.workers.values())


def memory_kb(d):
    """Of the slots: pages of their memory that are there."""
    total = 0
    for fd in os.listdir(f"/proc/{d.pid}/fd"):
        path = f"/proc/{d.pid}/fd/{fd}"
        try:
            if os.readlink(path).startswith("/memfd:"):
                total += os.stat(path).st_blocks // 2
        except FileNotFoundError:       # closed meanwhile
            pass
    return total


def descriptors(pid):
    """How many a process has, by what they are."""
    found = {}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            what = os.readlink(f"/proc/{pid}/fd/{fd}").split(":[")[0]
        except FileNotFoundError:       # closed meanwhile
            continue
        found[what] = found.get(what, 0) + 1
    return found
