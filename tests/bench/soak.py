"""All of it together for a while, then quiet: clients in closed loop, observers, PUTs, bodies,
hostile datagrams and questions at the control socket, while workers are killed, other sites
(some with other limits, so that memory is imported) and other binaries take over.  When all
lifetimes have passed, memory, descriptors and what the slots hold are as they were at the
start.  LENGTH in the environment is how many seconds the first part takes (make soak: 600)."""
import contextlib
import hashlib
import json
import os
import select
import tempfile
import time

from harness import *
from harness.client import coap, got
from harness.control import Control
from harness.coapctl import coapctl
from harness.crowd import Crowd, put, state_file
from harness.load import CELLS, cells_file, length, result, start
from harness.memory import anonymous_kb, descriptors, memory_kb
from harness.process import end_group
from harness.unrest import SITE, WORKERS, Beside, Unrest, can_upgrade

SECONDS = length(8, quick=3)
SANITIZED = "-fsanitize" in os.environ.get("COAPD_BUILT", "")
CROWD = 300                     # of each kind
# Lifetimes are short: 247 s become less than 10.
ALL = """
runtime-directory: "%s"
transmission: { ack-timeout: 200ms, max-latency: 1s, processing-delay: 100ms, body-timeout: 5s,
                observe-pause: 100ms }
limits: { endpoints: 8000, dedup: %d, exchanges: 4000, waiting: 2000, messages: 1000,
          body-size: 8MiB, body-memory: 32MiB, assemblies: 256, bodies: 32 }
resources:
  /hello: {module: hello, text: "hello, %d"}
  /count: {module: count, file: "@DIR@/cells"}
  /other: {module: count, file: "@DIR@/other"}
  /v: {module: value, file: "@DIR@/value"}
  /slow: {module: separate, delay: 30ms}
  /time: time
  /block: block
  /files: {module: files, root: "%s", write: yes}
"""
AT_REST = {"task": 1}           # that of the module time
EXACT = ("live", "descriptors", "descriptors of workers", "files")
# Sanitizers keep what was freed.  Each slab begins with a page.
MORE_KB = {"KiB": 64 * 1024 if SANITIZED else 512, "KiB of a worker": 64 * 1024 if SANITIZED else 512,
           "KiB of slots but slabs": 256}
NEVER = ("lost", "given_up", "get_500", "get_else", "post_else", "executed_twice",
         "answered_not_executed", "refused")
NOT_COUNTED = ("adopt-dropped", "adopt-wiped", "import-dropped", "import-refused",
               "observers-reset", "observers-timeout", "observers-ended",
               "observers-unreachable", "full-observers")


class Soak:
    def __init__(self, top):
        self.top, self.wrong, self.cut = top, [], []
        self.root = os.path.join(top, "root")
        os.mkdir(self.root)
        for path, mode in ((top, 0o755), (self.root, 0o777)):   # workers may be nobody
            os.chmod(path, mode)
        self.d = Daemon(self.site(0))
        self.socket = os.path.join(self.d.directory, "control")
        self.cells = cells_file(self.d, n=max(CELLS, int(SECONDS * 40_000)))
        cells_file(self.d, "other", n=10)
        state_file(self.d)
        self.unrest = Unrest(self.d, self.site)
        self.states = self.bodies = self.again = self.hostile = self.questions = 0

    def site(self, n):
        """Each third has another limit, and so another layout: one entry more for each slot."""
        return SITE + ALL % (self.top, 20000 + n // 3 * WORKERS, n, self.root)

    def status(self):
        with Control(self.socket) as c:
            return c.ask("status")

    def slots(self):
        """What the slots hold, and how much memory they have for it."""
        live, room = {"body bytes": 0}, 0
        for slot in (line["slot"] for line in self.status() if "slot" in line):
            live["body bytes"] += slot["body_bytes"]
            for name, slab in slot["slabs"].items():
                room += slab["capacity"] * slab["size"]
                live[name] = live.get(name, 0) + slab["live"]
        # An endpoint without anything stays until another needs its room, and so do its dealings.
        live.pop("endpoints")
        live.pop("dealings")
        return live, room // 1024

    # --- what goes on beside each other, a step each

    def put_and_wait(self, crowds):
        self.states += 1
        state = f"s{self.states}"
        for crowd in crowds:
            crowd.say("want " + state)
        put(self.d, "/v", state.encode())
        for crowd in crowds:
            said = crowd.line() or crowd.ask()
            equal(said["have"], CROWD, f"of {CROWD} {crowd.kind} observers have {state}")

    def put_body(self, uri, data):
        """Again from another port, if somebody who had this one just before used message IDs
        that it runs into: coapd cannot know that it is no duplicate, and says 5.03; as it does
        when it is full of endpoints and finds none at once that it may forget."""
        r = coap("put", uri, "-T", "-", stdin=data, within=2 * TIMEOUT)
        if r.status == 1 and "5.03" in r.err:
            self.again += 1
            r = coap("put", uri, "-T", "-", stdin=data, within=2 * TIMEOUT)
        got(r, 0)

    def bodies_up_and_down(self):
        data = os.urandom(300_000 + self.bodies % 7 * 1000)
        host, port = self.d.address()[:2]
        for path in ("/files/soak", "/block"):
            uri = f"coap://[{host}]:{port}{path}"
            self.put_body(uri, data)
            back = coap("get", uri, within=2 * TIMEOUT)
            equal((back.status, back.err), (0, ""), f"GET of {path}")
            equal(hashlib.sha256(back.out).hexdigest(), hashlib.sha256(data).hexdigest(), path)
        self.bodies += 1

    def hostile_datagrams(self):
        result(start(self.d, "hostile", 20_000, 100 + self.hostile), 4 * TIMEOUT, tell=False)
        self.hostile += 1

    def ask(self):
        """An upgrade ends the connections of others, whatever they were being told."""
        try:
            with Control(self.socket) as c:
                for what in ("status", "peers", "observers", "log"):
                    check("error" not in c.ask(what)[-1], f"{what} is an error")
            coapctl("metrics", socket=self.socket)
        except (Failure, ConnectionError) as cut:
            self.cut.append(str(cut)[:80])
        self.questions += 1

    # --- the verdict

    def must(self, truth, text):
        if not truth:
            self.wrong.append(text)

    def figures(self):
        workers = [pid for _, pid in sorted(self.d.workers.items())]
        of_daemon, of_workers = descriptors(self.d.pid), [descriptors(pid) for pid in workers]
        live, room = self.slots()       # its connection is closed before the next look
        return {"live": {name: n for name, n in live.items() if n},
                "descriptors": sum(of_daemon.values()),
                "descriptors of workers": [sum(found.values()) for found in of_workers],
                "files": sorted(name for _, _, names in os.walk(self.top) for name in names),
                "KiB of slots but slabs": memory_kb(self.d) - room,
                "KiB": anonymous_kb(self.d.pid),
                "KiB of a worker": max(anonymous_kb(pid) for pid in workers)}

    def until(self, truth):
        """Waits for it, or for so long that it will never be."""
        end = time.monotonic() + 2 * TIMEOUT
        while not truth() and time.monotonic() < end:
            select.select([], [], [], 0.2)

    def still(self, before):
        """Figures that were there twice: what is closed takes its time; those of before, if
        they will come."""
        seen = []

        def look():
            seen.append(self.figures())
            return len(seen) > 1 and all(seen[-1][name] == seen[-2][name] and
                                         (not before or seen[-1][name] == before[name])
                                         for name in EXACT)
        self.until(look)
        return seen[-1]

    def calm(self, before=None):
        """The figures when all lifetimes have passed, and all workers and memories have been
        made anew once more."""
        self.until(lambda: self.figures()["live"] == AT_REST)
        for _ in range(3):
            self.unrest.reload()
        self.d.settle()
        now = self.still(before)
        print("#", "at the end:  " if before else "at the start:", json.dumps(now), flush=True)
        return now

    def compare(self, before, after):
        for name in EXACT:
            self.must(after[name] == before[name],
                      f"{name}: {before[name]} at the start, {after[name]} at the end")
        for name, more in MORE_KB.items():
            self.must(after[name] <= before[name] + more,
                      f"{name}: {before[name]} at the start, {after[name]} at the end")

    def all_of_it(self):
        steps = self.unrest.mixed(can_upgrade())
        with contextlib.ExitStack() as stack:
            crowds = [stack.enter_context(Crowd(self.d, CROWD, kind, "/v"))
                      for kind in ("con", "non")]
            load = start(self.d, "crashload", 50, SECONDS, self.cells)
            with contextlib.ExitStack() as beside:
                beside.callback(end_group, load)
                for every, act in ((0.5, lambda: next(steps)),
                                   (0.3, lambda: self.put_and_wait(crowds)),
                                   (0.1, self.bodies_up_and_down), (0.1, self.hostile_datagrams),
                                   (0.5, self.ask)):
                    beside.enter_context(Beside(every, act))
                said = result(load, SECONDS + 2 * TIMEOUT, status=None)
            for crowd in crowds:
                print("#", crowd.kind, crowd.ask("leave"), flush=True)
        for name in NEVER:
            self.must(said[name] == 0, f"{name}: {said[name]}")
        self.must(said["post_500"] <= self.unrest.kills, f"POSTs answered 5.00: {said['post_500']}")

    def count(self):
        counters = self.d.counters()
        print(f"# {self.unrest}, {self.states} states told to all, {self.bodies} bodies of "
              f"300 KB twice up and down ({self.again} begun again), {self.hostile} times 20,000 "
              f"hostile datagrams, {self.questions} times five questions ({len(self.cut)} cut off);",
              {name: counters[name] for name in ("rx", "adopted", "imported", "notifications",
                                                 "exec-lost", "rx-replayed", "duplicate-lost",
                                                 "full-endpoints")}, flush=True)
        for name in NOT_COUNTED:
            self.must(counters[name] == 0, f"{name}: {counters[name]}")
        self.must(len(self.cut) <= self.unrest.upgrades, f"answers cut off: {self.cut}")
        self.must(self.again <= counters["duplicate-lost"] + counters["full-endpoints"],
                  f"bodies begun again: {self.again}")


@test
def all_of_it_and_then_quiet():
    with tempfile.TemporaryDirectory(prefix="soak-") as top:
        soak = Soak(top)
        with soak.d:
            soak.bodies_up_and_down()
            before = soak.calm()
            soak.all_of_it()
            soak.count()
            soak.compare(before, soak.calm(before))
        check(not soak.wrong, "; ".join(soak.wrong))
        print(f"# after {SECONDS:.0f} s of all of it: as at the start", flush=True)


run()
