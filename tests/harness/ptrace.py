"""Another process, held and led on (ptrace(2)); ours to kill where we want."""
import ctypes
import os
import signal

from harness.check import Failure, Skip

SEIZE, INTERRUPT, SYSCALL, CONT, POKEUSER = 0x4206, 0x4207, 24, 7, 6
# Of x86-64: where struct user has the debug registers, and what has the first one watch for
# stores of 4 bytes.
DEBUG_REGISTER, WATCH_STORES = 848, 0xd0001
WALL = 0x40000000               # __WALL: whoever's child it is
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


class Led:
    """A process that stands still whenever no method runs."""

    def __init__(self, pid):
        self.pid = pid
        if _libc.ptrace(SEIZE, pid, None, None):
            raise Skip(f"no ptrace: {os.strerror(ctypes.get_errno())}")
        self._do(INTERRUPT)
        self._stop()

    def _do(self, request, argument=None):
        if _libc.ptrace(request, self.pid, None, argument):
            raise Failure(f"ptrace {request}: {os.strerror(ctypes.get_errno())}")

    def _stop(self):
        _, status = os.waitpid(self.pid, WALL)
        if not os.WIFSTOPPED(status):
            raise Failure(f"the process that is led has ended: {status:#x}")
        return os.WSTOPSIG(status)

    def to_syscall(self):
        """Up to the next begin or end of a system call."""
        self._do(SYSCALL)
        self._stop()

    def to_store(self, address):
        """Up to behind the next store to these 4 bytes."""
        if os.uname().machine != "x86_64":
            raise Skip("no watching of memory on this machine")
        for register, value in ((0, address), (7, WATCH_STORES)):
            if _libc.ptrace(POKEUSER, self.pid, DEBUG_REGISTER + 8 * register, value):
                raise Skip(f"no watching of memory: {os.strerror(ctypes.get_errno())}")
        while True:
            self._do(CONT)
            if self._stop() == signal.SIGTRAP:
                return

    def kill(self):
        """Where it stands."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, WALL)
