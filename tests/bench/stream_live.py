"""Bodies on their way while the workers that have them in hand die, or another site takes over.

MIB in the environment says how long they are.  More than 64 MiB take the client 247 s at least:
it has 65,536 message IDs for that time (RFC 7252 4.4)."""
import hashlib
import os
import shutil
import subprocess
import tempfile
import time

from harness import *
from harness.client import CLIENT
from harness.control import Control, total
from harness.process import end_group, wait_end
from harness.unrest import SITE, Beside, Unrest, paced

MIB = int(os.environ.get("MIB", "4" if os.environ.get("COAPD_QUICK") else "16"))
BLOCK = 1024
STEPS = 20                      # of unrest on the way, every other one a death; short bodies are
                                # there before the last
BODIES = """
runtime-directory: "%s"
limits: { endpoints: 1000, dedup: 2000, exchanges: 500, waiting: 500, messages: 500,
          body-size: 256MiB, body-memory: 16MiB, assemblies: 64, bodies: 16 }
resources:
  /block: block
  /files: {module: files, root: "%s", write: yes}
  /hello: {module: hello, text: "hello, %d"}
"""


class Bodies:
    """A daemon, and a directory that the module files has: .there is a file in it."""

    def __enter__(self):
        self.top = tempfile.mkdtemp(prefix="stream-")
        os.chmod(self.top, 0o777)               # workers may be nobody
        self.there, self.back = self.path("there"), self.path("back")
        with open(self.there, "wb") as f:
            for _ in range(MIB):
                f.write(os.urandom(1 << 20))
        self.daemon = Daemon(self.site(0)).start()
        self.unrest = Unrest(self.daemon, self.site)
        host, port = self.daemon.address()[:2]
        self.uri = f"coap://[{host}]:{port}"
        return self

    def __exit__(self, kind, *more):
        self.daemon.__exit__(kind, *more)
        shutil.rmtree(self.top)

    def path(self, name):
        return os.path.join(self.top, name)

    def site(self, n):
        return SITE + BODIES % (self.top, self.top, n)

    def client(self, *arguments):
        return subprocess.Popen([CLIENT, "--quiet", *arguments], start_new_session=True)

    def received(self):
        """Datagrams, which with a body are as many as blocks have been moved."""
        with Control(os.path.join(self.daemon.directory, "control")) as c:
            return total(c.ask("status"), "rx")


def digest(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


@test
def up_and_down_while_workers_die():
    with Bodies() as b:
        with Beside(1, b.unrest.kill):
            for way, arguments in (("up", ["put", b.uri + "/block", "-T", b.there]),
                                   ("down", ["get", b.uri + "/block", "-o", b.back])):
                began, before = time.monotonic(), b.unrest.kills
                subprocess.run([CLIENT, "--quiet", *arguments], check=True)
                print(f"# {MIB} MiB {way} in {time.monotonic() - began:.1f} s, "
                      f"{b.unrest.kills - before} kills", flush=True)
        equal(digest(b.back), digest(b.there), "the bytes")


@test
def ten_deaths_and_ten_sites_on_the_way():
    """One body up, to a file that is looked at, and one down, at the same time."""
    with Bodies() as b:
        blocks, steps, began = 2 * MIB * (1 << 20) // BLOCK, b.unrest.mixed(False), time.monotonic()
        clients = [b.client("put", b.uri + "/files/up", "-T", b.there),
                   b.client("get", b.uri + "/files/there", "-o", b.back)]
        taken = []

        def look():
            if len(taken) < STEPS and b.received() >= (len(taken) + 1) * blocks // (STEPS + 1):
                next(steps)
                taken.append(time.monotonic() - began)

        try:
            for c in clients:
                paced(0.01, lambda seconds: wait_end(c, seconds), look)
        finally:
            for c in clients:
                end_group(c)
        print(f"# {MIB} MiB up and {MIB} MiB down in {time.monotonic() - began:.1f} s, {b.unrest}, "
              f"after {', '.join(f'{t:.1f}' for t in taken)} s", flush=True)
        equal([c.returncode for c in clients], [0, 0], "exit statuses")
        equal(digest(b.back), digest(b.there), "what came down")
        equal(digest(b.path("up")), digest(b.there), "what went up")
        check(MIB < 64 or len(taken) == STEPS, f"only {len(taken)} steps on the way")


run()
