"""What modules count (coapd_count()): one sum for all workers, which outlives them."""
from harness import *

SITE = """
workers: 3
resources:
  /block: block
  /other: block
  /hello: hello
"""


def put(d, n):
    """From n peers, so that all workers have some."""
    for _ in range(n):
        with d.peer() as p:
            m = p.ask("PUT", "/block", payload=b"12345")
            check(m.code in (code("2.01"), code("2.04")), f"PUT: {m}")


@test
def counters_of_a_module_are_those_of_all_workers():
    with Daemon(SITE) as d:
        check(("/block", "stored") not in d.counters(), "they are told apart")
        equal(d.module_counters(), {("/block", "stored"): 0, ("/block", "bytes"): 0,
                                    ("/block", "given-up"): 0, ("/other", "stored"): 0,
                                    ("/other", "bytes"): 0, ("/other", "given-up"): 0}, "at first")
        put(d, 12)
        equal(d.module_counters()["/block", "stored"], 12, "stored")
        equal(d.module_counters()["/block", "bytes"], 60, "bytes")
        equal(d.module_counters()["/other", "stored"], 0, "of another mount")


@test
def counters_of_a_module_outlive_its_workers():
    with Daemon(SITE) as d:
        put(d, 6)
        for worker in range(3):
            d.kill(worker)
            put(d, 6)
        equal(d.module_counters()["/block", "stored"], 24, "stored")


run()
