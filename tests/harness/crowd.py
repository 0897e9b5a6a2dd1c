"""Many observers in one process (tests/bench/crowd.c), and the state that they observe."""
import json
import os
import select
import subprocess
import time

from harness.check import Failure, TIMEOUT, check, equal
from harness.load import start
from harness.process import end_group, wait_end

PATIENCE = 2 * TIMEOUT          # for what many are told


def state_file(d, name="value", state=b"v0"):
    """For the module value: one that all workers can write."""
    path = os.path.join(d.directory, name)
    with open(path, "wb") as f:
        f.write(len(state).to_bytes(4, "little") + state)
    os.chmod(path, 0o666)


class Crowd:
    """So many observers, registered when the with block is entered; ask() tells how it is."""

    def __init__(self, d, n, kind, path):
        self.n, self.kind = n, kind
        self.process = start(d, "crowd", n, kind, path, stdin=subprocess.PIPE, bufsize=1)

    def __enter__(self):
        try:
            said = self.line()
            equal((said["observers"], said["unobserved"]), (self.n, 0), "registered, not taken")
        except Failure:
            self.__exit__(Failure)
            raise
        return self

    def __exit__(self, kind, *_):
        try:
            self.process.stdin.close()
            check(kind is not None or wait_end(self.process, TIMEOUT), "crowd does not end")
        finally:
            end_group(self.process)
            self.process.stdout.close()
        if kind is None:
            equal(self.process.returncode, 0, "status of crowd")

    def line(self, within=PATIENCE):
        """The next that it tells; None when nothing comes."""
        if not select.select([self.process.stdout], [], [], within)[0]:
            return None
        text = self.process.stdout.readline()
        check(text, "crowd has ended")
        return json.loads(text)

    def say(self, text):
        self.process.stdin.write(text + "\n")

    def ask(self, text="tell", within=PATIENCE):
        """What it tells when that has come about, or how it is when it does not."""
        self.say(text)
        said = self.line(within)
        if said is None:
            self.say("tell")
            said = self.line()
            raise Failure(f"{self.n} {self.kind} observers, {text}: {said}")
        return said


def put(d, path, payload, within=TIMEOUT):
    """Until it is done.  A worker that is killed in the module leaves nobody knowing (5.00); and
    somebody may have had our port just before, with this message ID or higher ones, so that
    coapd takes it for a duplicate (5.03) or asks whether it is new (4.01)."""
    end = time.monotonic() + within
    while True:
        with d.peer() as p:
            m = p.ask("PUT", path, payload=payload)
        if m.code == 0x44:
            return
        check(m.code in (0xa0, 0xa3, 0x81), f"PUT: {m}")
        check(time.monotonic() < end, "no PUT is done")
