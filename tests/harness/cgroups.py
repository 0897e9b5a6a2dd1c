"""Control groups of our own, for what keeps its processes in some: two that began in the same
would take each other's for theirs."""
import os
import re


def _ours():
    """Where this process is in each hierarchy that systemd looks at: paths of directories."""
    found = []
    with open("/proc/self/cgroup", encoding="ascii") as f:
        where = [line.rstrip("\n").split(":", 2)[1:] for line in f]
    with open("/proc/self/mountinfo", encoding="utf-8") as f:
        mounts = [re.match(r"\S+ \S+ \S+ (\S+) (\S+) .* - (cgroup2?) \S+ (\S+)$", line) for line in f]
    for m in filter(None, mounts):
        for controllers, path in where:
            same = controllers == "" if m[3] == "cgroup2" else \
                controllers == "name=systemd" and controllers in m[4].split(",")
            if same and m[1] == "/":
                found.append(m[2] + path)
    return found


class Cgroups:
    """One in each hierarchy.  A process joins by writing its number to each of the files."""

    def __init__(self, name):
        self.directories = []
        for place in _ours():
            path = os.path.join(place, name)
            try:
                os.mkdir(path)
            except OSError:         # where none can be made, there is what there was
                continue
            self.directories.append(path)
        self.files = [os.path.join(path, "cgroup.procs") for path in self.directories]

    def close(self):
        """When no process is left in them."""
        for top in self.directories:
            for path, _, _ in os.walk(top, topdown=False):
                try:
                    os.rmdir(path)
                except OSError:     # somebody else is there
                    pass
