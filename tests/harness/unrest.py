"""What a coapd has to live with: workers that are killed, other sites, another binary."""
import os
import signal
import threading
import time

from harness.check import Failure, TIMEOUT, check
from harness.coapctl import coapctl

WORKERS = 4
# What a site needs for it.
SITE = f"""
control: {{ socket: "@DIR@/control" }}
workers: {WORKERS}
slots: {WORKERS}
"""


def can_upgrade():
    """Whether this coapctl knows the word."""
    return "\n  upgrade" in coapctl("--help")


class Unrest:
    """kill(), reload() and upgrade() return when it is over: the next worker has started, the
    other site is served, the other binary serves.  site(n) is the text of the n-th site."""

    def __init__(self, d, site):
        self.d, self.site = d, site
        self.kills = self.reloads = self.upgrades = 0

    def __str__(self):
        return f"{self.kills} kills, {self.reloads} reloads, {self.upgrades} upgrades"

    def _ask(self, verb):
        coapctl(verb, socket=os.path.join(self.d.directory, "control"))

    def kill(self):
        number = self.kills % WORKERS
        mark, pid = self.d.mark(), self.d.workers[number]
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:      # it has left for another, just now
            return
        self.kills += 1
        self.d.wait_log(rf"worker {number} (started|takes over) \(pid (?!{pid}\))", since=mark)

    def reload(self):
        self.d.rewrite(self.site(self.reloads))
        self._ask("reload")
        self.reloads += 1

    def upgrade(self):
        self._ask("upgrade")
        self.upgrades += 1

    def mixed(self, upgrades):
        """The steps in turn; each sixth is an upgrade, if there are any."""
        turn = [self.kill, self.reload] * 3
        if upgrades:
            turn[5] = self.upgrade
        n = 0
        while True:
            turn[n % 6]()
            n += 1
            yield


def paced(every, over, act):
    """Does it each so many seconds until over(SECONDS), which waits so long, is true."""
    due = time.monotonic() + every
    while not over(max(0, due - time.monotonic())):
        act()
        due = max(due + every, time.monotonic())


class Beside(threading.Thread):
    """The same beside what the test does, in a with block; what goes wrong there is told at
    its end."""

    def __init__(self, every, act):
        super().__init__(daemon=True)
        self.every, self.act = every, act
        self.over, self.wrong = threading.Event(), None

    def run(self):
        try:
            paced(self.every, self.over.wait, self.act)
        except Exception as wrong:
            self.wrong = wrong

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self.over.set()
        self.join(2 * TIMEOUT)
        if kind is None:
            check(not self.is_alive(), "it does not end")
            if self.wrong:
                raise self.wrong if isinstance(self.wrong, Failure) else Failure(repr(self.wrong))
