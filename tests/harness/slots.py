"""The memory of a running daemon's slots, seen and changed from outside."""
import mmap
import os
import re
import struct

from harness.check import Failure

SPACE = os.path.join(os.environ["COAPD_SRCDIR"], "daemon/base/space.h")
SIZES = {"uint64_t": (8, 8), "uint32_t": (4, 4), "struct hash_key": (16, 8)}


def _offsets():
    """Where the control block's members are, in bytes, up to the first array."""
    with open(SPACE, encoding="utf-8") as f:
        body = re.search(r"\nstruct space_ctl \{(.*?)\n\};", f.read(), re.S)[1]
    found, at = {}, 0
    for kind, names in re.findall(r"^\t(\w+(?: \w+)?) ([^;]*);", body, re.M):
        size, align = SIZES[kind]
        for name in names.split(", "):
            at = (at + align - 1) // align * align
            if "[" in name:
                return {**found, name.split("[")[0]: at}
            found[name] = at
            at += size
    return found


OFFSETS = _offsets()
LAYOUT, TRIES = OFFSETS["layout"], OFFSETS["tries"]


def descriptors(pid):
    """Those of a supervisor's slots, in their order."""
    found = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            if os.readlink(f"/proc/{pid}/fd/{fd}").startswith("/memfd:coapd-slot"):
                found.append(int(fd))
        except FileNotFoundError:
            pass
    return sorted(found)


class Slot:
    """The control block of one slot, as 32-bit words by their offset."""

    def __init__(self, pid, fd):
        there = os.open(f"/proc/{pid}/fd/{fd}", os.O_RDWR | os.O_CLOEXEC)
        try:
            self.memory = mmap.mmap(there, 16384)
        finally:
            os.close(there)

    def __getitem__(self, at):
        return struct.unpack_from("=I", self.memory, at)[0]

    def __setitem__(self, at, value):
        struct.pack_into("=I", self.memory, at, value & 0xffffffff)

    def close(self):
        self.memory.close()


def slots(pid):
    found = [Slot(pid, fd) for fd in descriptors(pid)]
    if not found:
        raise Failure("no memory of slots is to be seen")
    return found
