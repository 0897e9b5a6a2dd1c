"""Clients that read, use their message IDs again and again, and repeat what they have put (mixed.c):
what was executed is not executed again, whatever its message ID was used for meanwhile, as long as its
answer is kept, as with the default limits it is; where that was pushed out the repetition is told so.

Repetitions are so many requests away, not seconds, so that it is the same on any machine.
"""
from harness import *
from harness.load import cells_file, result, start

SITE = """
workers: 1
listen: [ "coap://[::1]:0" ]
limits: { %s }
resources: { /hello: { module: hello }, /count: { module: count, file: "@DIR@/cells" } }
"""
CLIENTS = 2
ROUND = 65536                           # message IDs


def under_load(limits, requests, after, status=0, spoil=False):
    """What the load says and the counters say of it; spoil: the first POST was executed before."""
    d = Daemon(SITE % limits)
    path = cells_file(d, n=CLIENTS * requests // 10)
    with open(path, "r+b") as f:
        f.write(spoil.to_bytes(4, "little"))
    with d:
        before = d.counters()
        load = start(d, "mixed", "/hello", "/count", "-c", CLIENTS, "-n", CLIENTS * requests, "-k",
                     "-a", after, "-b", 2 * after, "-f", path)
        said = result(load, 10 * TIMEOUT, status)
        after = d.counters()
    equal(said["repeated"], said["posts"], "POSTs, and repeated ones")
    equal(said["executed"], said["posts"] + spoil, "executions")
    equal((said["refused"], said["missing"], said["unasked"]), (0, 0, 0), "refused, missing, unasked")
    return said, {name: after[name] - before[name] for name in after}


@test
def E9_message_IDs_that_came_round_make_nothing_run_again():
    said, counted = under_load("", 3 * ROUND, ROUND)
    check(said["rounds"] >= 2 and said["posts"] > 1000, f"too little: {said}")
    equal((said["twice"], said["otherwise"]), (0, 0), "executed twice, answered otherwise")
    equal((said["same"], counted["duplicates"]), (said["posts"], said["posts"]), "same answers")
    equal(counted["evicted-early"], 0, "pushed out")


@test
def E9_where_the_answer_was_pushed_out_the_repetition_is_told_so():
    said, counted = under_load("answers-per-endpoint: 1, answers-lent: 0", ROUND // 8 * 7, ROUND // 16 * 5)
    check(said["otherwise"] > said["posts"] / 2, f"repetitions told otherwise: {said}")
    equal((said["twice"], said["same"] + said["otherwise"]), (0, said["posts"]), "executed twice, repeated")
    check(counted["evicted-early"] > said["posts"] / 2, f"pushed out: {counted}")


@test
def what_was_executed_twice_is_noticed():
    said, _ = under_load("", 1000, 100, status=1, spoil=True)
    equal((said["twice"], said["missing"]), (1, 0), "executed twice, missing")


run()
