"""Slots whose memory is damaged, or whose adopters die: it costs what was in them, is said,
and all goes on."""
import fcntl
import os
import signal

from harness import *
from harness import slots
from harness.ptrace import Led

SLOTS = 32
SIZE_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
SITE = f"""
workers: 1
slots: {SLOTS}
watchdog: 0
limits: {{ endpoints: 2000, dedup: 4000, exchanges: 500, waiting: 500, messages: 500 }}
resources:
  /hello: {{module: hello}}
  /any: {{module: crash}}
  /fatal: {{module: fatal, stop: @DIR@/stop}}
"""


def all_over(d, n=200):
    """Peers of all slots, each of which something is kept for."""
    peers = [d.peer() for _ in range(n)]
    for p in peers:
        equal(p.ask("POST", "/any").code, code("2.05"), "answer")
    return peers


def struck(d, harm):
    """The worker stands still, this is done to its slots, and it dies."""
    all_slots, mark = slots.slots(d.pid), d.mark()
    equal(len(all_slots), SLOTS, "slots")
    os.kill(d.workers[0], signal.SIGSTOP)
    for number, slot in enumerate(all_slots):
        harm(number, slot)
    d.kill(0)
    for slot in all_slots:
        slot.close()
    return mark


def serves(d, peers, mark):
    for p in peers:
        equal(p.get("/hello").code, code("2.05"), "answer")
        p.close()
    equal(len(d.records("worker 0 started", mark)), 1, "deaths")


@test
def every_word_of_the_head_may_be_inverted():
    """What is there: magic, layout, key, epoch, tries, where, and how much each slab has."""
    # No late datagram of others comes to one of so many ports.
    with Namespace(), Daemon(SITE) as d:
        peers = all_over(d)

        def invert(number, slot):
            slot[4 * number] = ~slot[4 * number]
        mark = struck(d, invert)
        serves(d, peers, mark)
        equal(d.counters()["adopt-wiped"], 1, "wiped for its tries")


@test
def memory_is_taken_before_it_is_needed():
    """So that no worker dies for want of it while it serves."""
    with Namespace(), Daemon(SITE) as d:
        files = [f"/proc/{d.pid}/fd/{fd}" for fd in slots.descriptors(d.pid)]
        before = [os.stat(f).st_blocks for f in files]
        check(all(before), f"blocks: {before}")
        for p in all_over(d, 1000):
            p.close()
        equal([os.stat(f).st_blocks for f in files], before, "blocks")
        for f in files:
            with open(f, "rb") as there:
                seals = fcntl.fcntl(there, fcntl.F_GET_SEALS)
            equal(seals & SIZE_SEALS, SIZE_SEALS, "seals")


@test
def a_slot_of_another_layout_is_made_anew():
    with Namespace(), Daemon(SITE) as d:
        peers = all_over(d)

        def make_older(_, slot):
            slot[slots.LAYOUT] -= 1
        mark = struck(d, make_older)
        serves(d, peers, mark)
        said = d.records(r"error: slot \d+ begins anew, as its memory is damaged or of another layout",
                         mark)
        equal(len(said), SLOTS, "slots that say so")


@test
def a_slot_that_was_never_made_is_made():
    with Namespace(), Daemon(SITE) as d:
        peers = all_over(d)

        def clear(_, slot):
            for at in range(0, 4096, 4):
                slot[at] = 0
        mark = struck(d, clear)
        serves(d, peers, mark)


@test
def a_slot_whose_adopter_dies_twice_is_wiped_and_says_so():
    site = SITE.replace(f"slots: {SLOTS}", "slots: 1")
    with Daemon(site) as d, d.peer() as p:
        stop, slot = os.path.join(d.directory, "stop"), slots.slots(d.pid)[0]
        request = p.request("POST", "/any")
        p.send(request)
        equal(p.answer(request).payload, b"delivery 0", "answer")
        with open(stop, "w", encoding="ascii"):
            pass
        mark = d.mark()
        os.kill(d.workers[0], signal.SIGKILL)
        for n in (1, 2):
            pid = d.wait_log(r"/fatal: process \d+ stops", mark).pid
            if n == 2:
                os.unlink(stop)
            mark = d.mark()
            tries = die_adopting(pid, slot)
            equal(tries, 8 * n, "what is noted of the deaths")
        r = d.wait_log(r"slot 0 is wiped, as workers keep dying when they take it over", mark)
        equal(r.level, "error", "level")
        p.send(request)
        equal(p.answer(request).code, code("2.05"), "it is served as if it came first")
        equal(d.counters()["adopt-wiped"], 1, "adopt-wiped")
        slot.close()


def slot_in(pid):
    """Where it has its slot mapped whole, not only the head; 0: nowhere yet."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as f:
        for line in f:
            begin, end = (int(x, 16) for x in line.split()[0].split("-"))
            if "memfd:coapd-slot" in line and end - begin > 1 << 16:
                return begin
    return 0


def die_adopting(pid, slot):
    """Leads a process on until it has noted that it adopts, and kills it there."""
    led = Led(pid)
    while not slot_in(pid):
        led.to_syscall()
    led.to_store(slot_in(pid) + slots.TRIES)
    led.kill()
    return slot[slots.TRIES]


run()
