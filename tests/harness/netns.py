"""A network namespace of our own, with loopback up, for addresses we choose."""
import ctypes
import os
import subprocess

from harness.check import Skip

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """Entered for as long as the with block lasts; daemons started and sockets
    opened in it belong to it.  commands are run in it first."""

    def __init__(self, *commands):
        self.commands = ("ip link set lo up",) + commands
        self.outside = -1

    def __enter__(self):
        self.outside = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        if _libc.unshare(CLONE_NEWNET):
            os.close(self.outside)
            raise Skip(f"no network namespace: {os.strerror(ctypes.get_errno())}")
        try:
            for command in self.commands:
                subprocess.run(command.split(), check=True)
        except (FileNotFoundError, subprocess.CalledProcessError) as why:
            self.__exit__()
            raise Skip(f"{why} (the ip command is in Debian package iproute2)") from None
        return self

    def __exit__(self, *_):
        if _libc.setns(self.outside, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        os.close(self.outside)
