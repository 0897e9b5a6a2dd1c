"""User-space instructions of coapd --debug, as callgrind counts them.

    with Counted("") as c:
        cost = c.cost(lambda n: [c.get("/hello") for _ in range(n)], 10, 110)

gives those of one GET.  A mark (tests/modules/bare.c) is where callgrind writes down what it
counted since the last one, so start and end of the daemon and of the load cancel out.
Nothing depends on time: who is asked one request at a time works on each alone, and what is
sent while the gate is shut is one batch.
"""
import glob
import os
import re
import select

from harness.check import TIMEOUT, check, equal
from harness.daemon import PROGRAM, Daemon

BATCH = 32                          # what coapd takes in one go (base/batch.h)
SITE = """
workers: 1
limits: {}
slow-hook: 1h
transmission: { ack-timeout: 1m }
resources:
  /hello: { module: hello }
  /sink: { module: bare }
  /body: { module: bare, does: body }
  /state: { module: bare, does: state }
  /mark: { module: bare, does: mark }
  /gate: { module: bare, does: gate, shut: "@DIR@/shut", open: "@DIR@/open" }
"""


def _sum(profile):
    """Instructions of a profile, but for what is done once a second: how many of these there
    are in a run, the machine decides."""
    clocked = re.search(r"fn=\((\d+)\) on_sweep$", profile, re.M)
    total = int(re.search(r"^summary: (\d+)$", profile, re.M)[1])
    if not clocked:
        return total
    calls = rf"^cfn=\({clocked[1]}\).*\ncalls=.*\n\S+ (\d+)$"
    return total - sum(int(m[1]) for m in re.finditer(calls, profile, re.M))


class Counted(Daemon):
    """A daemon that is counted; more is added to its site."""

    def __init__(self, more="", program=PROGRAM):
        super().__init__(SITE + more, program="valgrind")
        self.counts = os.path.join(self.directory, "counts")
        os.mkdir(self.counts)
        os.chmod(self.counts, 0o777)
        self.total = os.path.join(self.counts, "out")
        with open(self.total, "wb") as f:       # one user opens it, another one writes
            os.fchmod(f.fileno(), 0o666)
        self.gate = [self._fifo(name) for name in ("shut", "open")]
        self.peers = []
        self.arguments = ["-q", "--tool=callgrind", "--dump-before=bare_mark",
                          f"--callgrind-out-file={self.total}", "--vgdb=no", program, "--debug",
                          *self.arguments]

    def _fifo(self, name):
        path = os.path.join(self.directory, name)
        os.mkfifo(path)
        os.chmod(path, 0o666)
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def start(self, ready=True):
        super().start(ready)
        self.peers = [self.peer(), self.peer()]
        self.asker, self.keeper = self.peers
        return self

    def destroy(self):
        while self.gate:
            os.close(self.gate.pop())
        while self.peers:
            self.peers.pop().close()
        super().destroy()

    # --- what was counted

    def mark(self):
        """What was counted since the last mark."""
        equal(self.asker.get("/mark").code, 0x45, "the answer to a mark")
        part = max(glob.glob(f"{self.total}.*"), key=lambda path: int(path.split(".")[-1]))
        with open(part, encoding="utf-8") as f:
            return _sum(f.read())

    def cost(self, work, few, many):
        """Instructions of one of what work(n) does n times."""
        work(few)
        self.mark()
        work(few)
        least = self.mark()
        work(many)
        return (self.mark() - least) / (many - few)

    # --- load

    def shut(self):
        """From now on coapd waits, until open(): what is sent meanwhile it receives in one go."""
        self.keeping = self.keeper.request("GET", "/gate")
        self.keeper.send(self.keeping)
        check(select.select([self.gate[0]], [], [], TIMEOUT)[0], "the gate does not shut")
        os.read(self.gate[0], 1)

    def open(self):
        os.write(self.gate[1], b"x")
        equal(self.keeper.answer(self.keeping).code, 0x45, "the answer of the gate")

    def at_once(self, datagrams, peer):
        """Sends these so that coapd receives them in one go."""
        self.shut()
        for d in datagrams:
            peer.send(d)
        self.open()
