"""What one client has put, all others get, whichever worker they come to: a PUT by one, then
GETs at a time by 64 from 64 ports, over 4 workers, with another site taking over ten times
a second.  ROUNDS in the environment is how often."""
import contextlib
import os
import tempfile

from harness import *
from harness.control import Control
from harness.unrest import SITE, Beside, Unrest

ROUNDS = int(os.environ.get("ROUNDS") or (50 if os.environ.get("COAPD_QUICK") else 200))
PORTS = 64
MOUNTS = """
limits: { endpoints: 2000, dedup: 4000, exchanges: 500, waiting: 500, messages: 500 }
resources:
  /block: block
  /files: {module: files, root: "%s", write: yes}
  /hello: {module: hello, text: "hello, %d"}
"""


def all_read(peers, path, state):
    """Each asks before anybody has been answered."""
    requests = [p.request("GET", path) for p in peers]
    for p, request in zip(peers, requests):
        p.send(request)
    for p, request in zip(peers, requests):
        m = p.answer(request)
        equal((m.code, m.payload), (code("2.05"), state), "what another port reads")


def asked_slots(d):
    with Control(os.path.join(d.directory, "control")) as c:
        return [line for line in c.ask("status")
                if "slot" in line and line["slot"]["counters"]["rx"] > ROUNDS]


def rounds(path):
    with tempfile.TemporaryDirectory(prefix="everywhere-") as root:
        os.chmod(root, 0o777)           # workers may be nobody
        d = Daemon((SITE + MOUNTS) % (root, 0))
        unrest = Unrest(d, lambda n: (SITE + MOUNTS) % (root, n))
        with d, contextlib.ExitStack() as stack:
            writer = d.peer()
            peers = [stack.enter_context(d.peer()) for _ in range(PORTS)]
            with Beside(0.1, unrest.reload):
                for n in range(ROUNDS):
                    m = writer.ask("PUT", path, payload=b"state %d" % n)
                    check(m.code in (code("2.01"), code("2.04")), f"PUT: {m}")
                    all_read(peers, path, b"state %d" % n)
            writer.close()
            print(f"# {path}: {ROUNDS} rounds, {unrest}", flush=True)
            equal(len(asked_slots(d)), 4, "slots that were asked")


@test
def a_body_of_the_module_block():
    rounds("/block")


@test
def a_file():
    rounds("/files/state")


run()
