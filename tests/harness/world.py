"""A world that a coapd lives in and that we may upset: its clock, and whether it can fork."""
import mmap
import os
import struct

from harness.check import Skip
from harness.daemon import BUILD, private_directory

LIBRARY = os.path.join(BUILD, "tests/harness/.libs/world.so")


class World:
    """with World() as w, Daemon(site, env=w.env): what is set counts from then on."""

    def __init__(self):
        if not os.path.exists(LIBRARY):
            raise Skip(f"there is no {LIBRARY}")
        self.directory = private_directory()
        self.path = os.path.join(self.directory, "world")
        with open(self.path, "w+b") as f:
            f.write(bytes(16))
            f.flush()
            os.chmod(self.path, 0o666)
            self.memory = mmap.mmap(f.fileno(), 16)
        self.env = {"LD_PRELOAD": LIBRARY, "COAPD_WORLD": self.path}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.memory.close()
        os.unlink(self.path)
        os.rmdir(self.directory)

    def set_clock(self, off_s):
        """The clock of the day is so many seconds off."""
        struct.pack_into("=q", self.memory, 0, off_s)

    def forks(self, good, bad):
        """So many go well, so many after them fail, the rest go well."""
        struct.pack_into("=ii", self.memory, 8, good, bad)

    def bad_forks_left(self):
        return struct.unpack_from("=i", self.memory, 12)[0]
