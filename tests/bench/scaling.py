"""64 workers on 64 cores, worked out on a machine that has fewer: the model is harness/scaling.py,
what it is fed with are costs measured here.  docs/scaling.md has the tables.

    tests/harness/run tests/bench/scaling.py --measure >tests/bench/inputs.json
    tests/harness/run tests/bench/scaling.py --print        ("make scaling")

Without an argument it tests the model's arithmetic.  Everything drawn is drawn from numbers in
order, so the same inputs have the same tables.
"""
import json
import os
import random
import select
import signal
import statistics
import subprocess
import sys
import time

from harness import *
from harness import scaling
from harness.client import CLIENT, client_environment
from harness.daemon import BUILD

INPUTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "inputs.json")
WORDS = 4096                    # CHANGES_WORDS
WORKERS = (1, 2, 4, 8, 16, 32, 64)
SITE = """
workers: %d
slots: %d
listen: [ "coap://127.0.0.1:0" ]
limits: {}
runtime-directory: "@DIR@"
control: { socket: "@DIR@/control" }
resources:
  /hello: { module: hello }
  /sink: { module: bare }
  /value: { module: value, file: "@DIR@/value" }
"""

# --- what is measured ------------------------------------------------------------------------


def program(*sites):
    """What the real code says of memory, and what it costs to tell of a change."""
    p = subprocess.run([f"{BUILD}/bench_inputs", *sites], capture_output=True, text=True,
                       check=True)
    return [json.loads(line) for line in p.stdout.splitlines()]


def layouts():
    """Of each number of slots: bytes of a slot, and of what a worker has for it."""
    return [{k: row[k] for k in ("slots", "slot", "private", "changes")}
            for row in program(*(f"slots: {n}" for n in (*WORKERS, 256)))]


def cpu_us(pid):
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as f:
        return int(f.read().split()[0]) / 1000


def private_kib(pid):
    """What is its own, and no part of a slot."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("RssAnon"))


def answers(d, n):
    """Milliseconds until the last of so many peers has its answer."""
    peers = [d.peer() for _ in range(n)]
    begin = time.monotonic()
    try:
        sent = [(p, p.request("GET", "/hello")) for p in peers]
        for p, m in sent:
            p.send(m)
        for p, m in sent:
            p.answer(m)
        return (time.monotonic() - begin) * 1000
    finally:
        for p in peers:
            p.close()


def settle():
    """A worker that dies within a second of its start has its successor delayed."""
    select.select([], [], [], 1.2)


def death_of_all(d):
    """Supervisor's and median worker's CPU for a death each, and the time it all takes."""
    settle()
    old, before, mark = dict(d.workers), cpu_us(d.pid), d.mark()
    for pid in old.values():
        os.kill(pid, signal.SIGKILL)
    took = answers(d, 4 * len(old))
    for number, pid in old.items():
        d.wait_log(rf"worker {number} started \(pid (?!{pid}\))", since=mark)
    settle()
    return {"fork_us": (cpu_us(d.pid) - before) / len(old),
            "boot_us": statistics.median(cpu_us(pid) for pid in d.workers.values()),
            "wall_ms": took}


def reload_of_all(d):
    """The same for another site."""
    before, mark, begin = cpu_us(d.pid), d.mark(), time.monotonic()
    d.signal(signal.SIGHUP)
    d.wait_log("the new site is served", since=mark)
    took = (time.monotonic() - begin) * 1000
    settle()
    return {"fork_us": (cpu_us(d.pid) - before) / len(d.workers),
            "boot_us": statistics.median(cpu_us(pid) for pid in d.workers.values()),
            "wall_ms": took}


def median_of(rows):
    return {k: round(statistics.median(row[k] for row in rows), 1) for k in rows[0]}


def daemon(workers):
    """Not started yet."""
    d = Daemon(SITE % (workers, workers))
    path = f"{d.directory}/value"
    with open(path, "wb"):
        pass
    os.chmod(path, 0o666)
    return d


def crew(workers):
    """A daemon with so many workers, as it stands idle and as all of them are replaced."""
    with daemon(workers) as d:
        settle()
        memory = [private_kib(pid) for pid in d.workers.values()]
        row = {"workers": workers, "worker_kib": statistics.median(memory),
               "supervisor_kib": private_kib(d.pid)}
        row["death"] = median_of([death_of_all(d) for _ in range(5)])
        row["reload"] = median_of([reload_of_all(d) for _ in range(5)])
        return row


def bench(d, path, *arguments):
    host, port = d.address()
    p = subprocess.run([CLIENT, "bench", f"coap://{host}:{port}{path}", "--json", "--reuse-mids",
                        "--pid", ",".join(str(pid) for pid in d.workers.values()), *arguments],
                       stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       env=client_environment(), check=False)
    check(p.stdout, f"coap bench: {p.stderr}")
    return json.loads(p.stdout)


def adoption():
    """Microseconds of CPU that one known peer adds to the start of a worker."""
    took = {}
    with daemon(1) as d:
        for peers in (1, 15000):
            bench(d, "/sink", "-c", str(peers), "-w", "1", "--method", "POST",
                  "--payload-size", "20", "--count", str(peers))
            took[peers] = min(death_of_all(d)["boot_us"] for _ in range(5))
    return (took[15000] - took[1]) / 15000


def notification():
    """Microseconds of the server's CPU: to tell one observer, and to answer a GET."""
    with daemon(1) as d:
        with d.peer() as p:
            p.ask("PUT", "/value", payload=b"a state")
        told = bench(d, "/value", "--observe", "-c", "1000", "--trigger",
                     f"coap://127.0.0.1:{d.address()[1]}/value", "--trigger-method", "PUT",
                     "--duration", "3")
        asked = bench(d, "/hello", "-c", "16", "-w", "16", "--duration", "2")
        return told["server"]["cpu_us"], asked["server"]["cpu_us"]


def least(rows):
    """Costs are what is left when the machine's other work gets in the way least."""
    return {k: min(row[k] for row in rows) for k in rows[0]}


def measure():
    notify, get = notification()
    print(json.dumps({"costs_ns": least([program()[0] for _ in range(5)]),
                      "notify_us": round(notify, 2), "get_us": round(get, 2),
                      "adopt_us": round(adoption(), 4), "layouts": layouts(),
                      "crews": [crew(n) for n in WORKERS]}, indent=1))


# --- tables ------------------------------------------------------------------------------------


def read_inputs():
    with open(INPUTS, encoding="utf-8") as f:
        return json.load(f)


def costs_of(inputs):
    """In microseconds, as the model wants them.  What a worker costs at its start is what it costs
    with the least tables, and for each KiB of these what the largest cost more."""
    ns, crews, slots = inputs["costs_ns"], inputs["crews"], inputs["layouts"]
    kib = {row["slots"]: row["private"] / 1024 for row in slots}
    small, large = crews[-1], crews[0]
    extra = (large["death"]["boot_us"] - small["death"]["boot_us"]) / (
        kib[large["workers"]] - kib[small["workers"]])
    return {**{k: v / 1000 for k, v in ns.items()}, "render": inputs["get_us"],
            "notify": inputs["notify_us"], "adopt": inputs["adopt_us"], "boot_kib": extra,
            "boot": small["death"]["boot_us"] - extra * kib[small["workers"]]}


def table(head, rows):
    print("|", " | ".join(head), "|")
    print("|" + "---|" * len(head))
    for row in rows:
        print("|", " | ".join(row), "|")
    print()


def memory_table(inputs):
    crews = {row["workers"]: row for row in inputs["crews"]}

    def row(r):
        n, c = r["slots"], crews.get(r["slots"])
        return [f"{n}", f"{r['slot'] / 1024:,.0f} KiB", f"{n * r['slot'] / 2**20:.1f} MiB",
                f"{r['private'] / 1024:,.0f} KiB",
                f"{c['worker_kib']:,.0f} KiB" if c else "", f"{n * c['worker_kib'] / 1024:,.0f} MiB"
                if c else "", f"{c['supervisor_kib']:,} KiB" if c else ""]
    print("Memory with the default limits, a worker for each slot\n")
    table(["slots", "a slot", "all slots", "tables for a slot", "a worker, private", "all workers",
           "the supervisor"], map(row, inputs["layouts"]))


def tell(workers, observers, rate, cost):
    rng = random.Random(workers * 1000003 + observers * 1009 + rate)
    changes = scaling.poisson(rng, rate, max(4, 400 / rate))
    return scaling.fan_out(changes, scaling.dealt(rng, observers, workers), cost)


def tell_table(cost):
    print("Changes of one resource, observers spread over all workers\n")

    def row(workers, observers, rate):
        got = tell(workers, observers, rate, cost)
        delay = [scaling.percentile(got["delay"], of) / 1000 for of in (.5, .99)]
        busy = max(got["busy"], default=0)
        return [f"{workers}", f"{observers:,}", f"{rate:,}", f"{got['teller']:.1f} us",
                f"{100 * got['teller'] * rate / 1e6:.1f} %", f"{delay[0]:.2f}, {delay[1]:.2f} ms",
                f"{100 * busy:.0f} %", f"{got['states']:.1f}"]
    table(["workers", "observers", "changes a second", "the teller's time for one",
           "of a core", "until the last observer is told, p50, p99", "busiest worker",
           "states made for one"],
          [row(w, o, r) for o in (1000, 10000) for r in (10, 1000, 10000) for w in (1, 4, 16, 64)])


def many_table(cost):
    print("One of many resources changes, which one client observes, if so many workers are woken\n")
    least = sum(scaling.one_of_many(1, cost)[1:])

    def row(woken):
        teller, together = scaling.one_of_many(woken, cost)
        return [f"{woken}", f"{teller:.0f} us", f"{together:,.0f} us", f"{together / least:.1f}"]
    table(["woken", "the teller's time for one", "that of all", "times that of one worker"],
          map(row, WORKERS))


def log_table(cost):
    print("Against a log of 4,096 records for each producer: changes a second at which a reader is "
          "lapped\n")
    table(["the reader is silent for", "because", "changes a second"],
          [[f"{us / 1000:,.1f} ms", why, f"{scaling.lapped(4096, us):,.0f}"] for us, why in (
              (10000 / 64 * cost["notify"], "it tells 10,000 / 64 observers"),
              (10000 * cost["notify"], "it tells 10,000 observers"),
              (800000, "it is stopped, until the watchdog"))])
    print("The table of 4,096 words: representations made needlessly for each change\n")
    table(["resources observed", "needless for one change"],
          [[f"{n:,}", f"{scaling.needless(n, WORDS):.3f}"] for n in (10, 100, 1000, 10000)])


def private_at(inputs, workers, peers):
    """Of the default limits, or of as many times them as the peers need."""
    row = next(r for r in inputs["layouts"] if r["slots"] == workers)
    return row["private"] * max(1, peers / 100000)


def replaced(inputs, cost, fork, workers, cores, peers):
    rng = random.Random(workers * 31 + cores * 7 + peers)
    work = scaling.boots(rng, cost, workers, peers, private_at(inputs, workers, peers))
    return scaling.processors(cores, fork, work)


def death_table(inputs, cost):
    print("All workers die at once: until the first, the median and the last slot is served\n")
    fork = {row["workers"]: row["death"]["fork_us"] for row in inputs["crews"]}

    def row(workers, cores, peers):
        done = sorted(t / 1000 for t in replaced(inputs, cost, fork[workers], workers, cores, peers))
        seen = next(r["death"]["wall_ms"] for r in inputs["crews"] if r["workers"] == workers)
        return [f"{workers}", f"{cores}", f"{peers:,}", f"{done[0]:.1f} ms",
                f"{statistics.median(done):.1f} ms", f"{done[-1]:.1f} ms",
                f"{seen:.0f} ms" if cores == 2 and not peers else ""]
    table(["workers", "cores", "peers known", "first", "median", "last", "measured here"],
          [row(w, 2, 0) for w in WORKERS] +
          [row(w, w, p) for p in (0, 100000, 1000000) for w in (4, 16, 64)])


def reload_table(inputs, cost):
    print("A reload of all workers: until the new site is served; and the adoption of a slot, for "
          "which its clients wait\n")
    of = {row["workers"]: row["reload"] for row in inputs["crews"]}

    def row(workers, cores, peers):
        r = of[workers]
        done = scaling.processors(cores, r["fork_us"], [r["boot_us"]] * workers)
        share = max(scaling.dealt(random.Random(workers), peers, workers))
        adopt = cost["boot_kib"] * private_at(inputs, workers, peers) / 1024 + share * cost["adopt"]
        return [f"{workers}", f"{cores}", f"{peers:,}", f"{max(done) / 1000:.1f} ms",
                f"{r['wall_ms']:.0f} ms" if cores == 2 else "", f"{adopt / 1000:.2f} ms"]
    table(["workers", "cores", "peers known", "all ready", "measured here", "adoption of the fullest"],
          [row(w, 2, 0) for w in WORKERS] +
          [row(w, w, p) for p in (100000, 1000000) for w in (4, 16, 64)])


def show():
    inputs = read_inputs()
    cost = costs_of(inputs)
    print("Microseconds:", ", ".join(f"{k} {v:.4g}" for k, v in cost.items()), "\n")
    memory_table(inputs)
    tell_table(cost)
    many_table(cost)
    log_table(cost)
    death_table(inputs, cost)
    reload_table(inputs, cost)


# --- tests of the arithmetic -----------------------------------------------------------------

UNIT = {"tell": 1, "pass_over": 1, "wake": 10, "write": 2, "woken": 100, "render": 50, "notify": 5}


@test
def processors_are_shared_evenly():
    equal(scaling.processors(1, 10, [5, 5]), [20, 30], "one core")
    equal(scaling.processors(64, 10, [5, 5]), [15, 25], "a core for each")
    equal(scaling.processors(2, 10, [100, 100]), [110, 120], "as many as run")
    equal(scaling.processors(1, 1, [4, 4, 4])[-1], 15, "no core is ever idle while there is work")


@test
def one_change_takes_what_its_parts_take():
    got = scaling.fan_out([0.0], [3], UNIT)
    equal(got["delay"], [1 + 10 + 100 + 50 + 15], "one worker")
    equal(got["teller"], 11, "the teller")
    got = scaling.fan_out([0.0], [1, 1, 1], UNIT)
    equal(got["delay"], [1 + 30 + 155], "the third worker is written to last")
    equal(got["states"], 3, "states, one in each worker")


@test
def who_observes_nothing_is_passed_over():
    got = scaling.fan_out([0.0, 5.0], [0, 0, 0, 0], UNIT)
    equal((got["teller"], got["states"], got["delay"]), (5, 0, [0, 0]), "teller, states, delays")


@test
def who_observes_something_else_is_woken():
    equal(scaling.one_of_many(1, UNIT), (11, 11 + 155), "one worker")
    equal(scaling.one_of_many(3, UNIT), (31, 31 + 300 + 55), "three")


@test
def changes_that_come_too_fast_are_one():
    got = scaling.fan_out([i * 0.001 for i in range(1000)], [1], UNIT)
    equal(got["states"] * 1000, 2, "states: the first, and one for all the rest")
    check(got["teller"] < 1 + 2.1, "who is awake was woken")


@test
def the_last_state_is_told_whatever_comes_before():
    rng = random.Random(1)
    for rate in (10, 1000, 100000):
        changes = scaling.poisson(rng, rate, 100 / rate)
        got = scaling.fan_out(changes, [5, 1, 9], UNIT)
        check(min(got["delay"]) >= 1 + 10 + 155, "a delay that cannot be")
        check(max(got["busy"]) <= 1, "a worker that is busy for longer than it is there")


@test
def what_is_drawn_is_the_same_again():
    draw = [scaling.dealt(random.Random(7), 1000, 64) for _ in range(2)]
    equal(draw[0], draw[1], "what is dealt")
    equal(sum(draw[0]), 1000, "all of it")
    times = scaling.poisson(random.Random(7), 1000, 1)
    check(900 < len(times) < 1100 and times == sorted(times), "events of a second")


@test
def percentiles_are_values_that_there_are():
    equal([scaling.percentile(range(1, 11), of) for of in (0, .5, .99, 1)], [1, 5, 10, 10],
          "of ten")


@test
def logs_are_lapped_and_words_shared():
    equal(scaling.lapped(4096, 1e6), 4096, "changes a second, of a silent second")
    equal(scaling.needless(WORDS + 1, WORDS), 1, "needless, of as many others as words")


@test
def the_tables_come_of_what_was_measured():
    inputs = read_inputs()
    cost = costs_of(inputs)
    check(all(v > 0 for v in cost.values()), f"costs that are none: {cost}")
    for now, then in zip(layouts(), inputs["layouts"]):
        if now != then:
            print(f"# with {now['slots']} slots there is another layout now: {now}, was {then}")
    equal([r["slots"] for r in layouts()], [r["slots"] for r in inputs["layouts"]], "slots")
    equal(len(replaced(inputs, cost, 100, 64, 64, 1000)), 64, "workers replaced")


if sys.argv[1:] == ["--measure"]:
    measure()
elif sys.argv[1:] == ["--print"]:
    show()
else:
    run()
