"""coap bench: load, observers and what is reported of them, judged by counts alone."""
import ctypes
import json
import os
import re
import resource
import select
import signal

from harness import *
from harness.client import Client, coap, got
from harness.foreign import libcoap, node
from harness.server import Server, message, reply, reset, silent

SITE = "resources: { /hello: hello, /sum: {module: sum} }"
MIDS = 3 * 16384                # message IDs that an endpoint uses before it moves
# Where a request can be when all is over (client/bench_tally.h).
ENDS = ("answered", "drained", "lost", "reset", "refused", "rejected", "unanswered")
FILES_ELSE = 64                 # besides a socket for each endpoint (client/descriptors.c)
PR_CAPBSET_DROP, CAP_SYS_RESOURCE = 24, 24


def uri(d, path="/hello"):
    return "coap://[{}]:{}{}".format(*d.address()[:2], path)


def report(result, status=0, err=""):
    """The report in JSON, in which every request is in one place."""
    got(result, status, None, err)
    r = json.loads(result.out)
    equal(r["carried"] + r["started"], sum(r[name] for name in ENDS), f"requests in {r}")
    equal(sum(r["codes"].values()), r["answered"] + r["notifications"], f"codes in {r}")
    return r


def bench(*line, status=0, **more):
    return report(coap("bench", *line, "--json", **more), status)


def clean(r, n):
    """n requests were made, and answered; nothing else happened."""
    equal((r["started"], r["answered"]), (n, n), "requests and answers")
    equal({k: r[k] for k in ("wrong", "unmatched", "malformed", "failed") if r[k]}, {}, "faults")
    return r


# --- servers of all kinds

@test
def closed_loop_at_coapd():
    r = clean(bench(uri(shared(SITE)), "--count", "2000", "-c", "20", "-w", "5"), 2000)
    equal((r["mode"], r["endpoints"], r["window"], r["processes"]), ("closed", 20, 5, 1), "setting")
    equal(r["codes"], {"2.05": 2000}, "codes")
    equal(r["bytes"], 2000 * len(coap(uri(shared(SITE))).out), "bytes of payload")
    equal(r["latency_us"]["n"], 2000, "times measured")
    l = r["latency_us"]
    order = [l[k] for k in ("min", "p50", "p90", "p99", "p999", "max")]
    check(order == sorted(order) and l["min"] > 0, f"percentiles in their order: {l}")


@test
def open_loop_at_coapd():
    r = clean(bench(uri(shared(SITE)), "--rate", "5000", "--count", "300", "-c", "30", "-w", "64"),
              300)
    equal((r["mode"], r["rate"]), ("open", 5000), "setting")


@test
def open_loop_does_not_wait_for_answers():
    with Server(silent) as server:
        r = bench(server.uri(), "--rate", "1000", "--count", "20", "-c", "5", "-w", "4", "--non",
                  "--timeout", "0.2", status=1)
        equal((r["started"], r["lost"]), (20, 20), "requests begun and lost")
        server.request(19)              # all of them, perhaps only now


@test
def libcoap_is_asked():
    with libcoap() as server:
        clean(bench(server.uri("/"), "--count", "300", "-c", "10"), 300)
        clean(bench(server.uri("/"), "--count", "300", "-c", "10", "--non"), 300)


@test
def node_is_asked():
    with node() as server:
        clean(bench(server.uri("/big?x"), "--count", "20", "-c", "4", "--accept", "0"), 20)
        r = clean(bench(server.uri("/store/a"), "-m", "PUT", "-d", "hello", "--count", "20",
                        "-c", "1"), 20)
        equal(r["codes"], {"2.01": 1, "2.04": 19}, "codes")
        got(coap(server.uri("/store/a")), 0, "hello", "")


# --- what is sent

@test
def methods_payloads_and_options():
    for line, code, payload in (((), "0.01", b""),
                                (("-m", "DELETE"), "0.04", b""),
                                (("-d", "text"), "0.02", b"text"),
                                (("-m", "PUT", "--payload-size", "700"), "0.03", b"x" * 700),
                                (("-m", "FETCH", "-d", "[1]", "--content-format", "cbor"), "0.05",
                                 b"\x81\x01")):
        with Server(reply("2.04", b"ok")) as server:
            r = clean(bench(server.uri("/a/b?c=d"), "--count", "6", "-c", "3", *line), 6)
            equal((r["codes"], r["bytes"]), ({"2.04": 6}, 12), "answers")
            for m in server.requests():
                equal(m.code, code_of(code), "method")
                equal(m.payload, payload, "payload")
                equal(m.all("Uri-Path") + m.all("Uri-Query"), [b"a", b"b", b"c=d"], "options")
                equal(m.type, CON, "type")


def code_of(text):
    return int(text[0]) << 5 | int(text[2:])


@test
def bodies_arrive_as_they_are():
    with Daemon(SITE) as d:
        r = clean(bench(uri(d, "/sum"), "-m", "PUT", "--payload-size", "1024", "--count", "40"), 40)
        equal(len(r["codes"]), 1, "codes")


@test
def endpoints_are_sockets_and_the_window_is_kept():
    held = []

    def answer(request):            # nothing before 3 x 4 are under way
        held.append(request)
        if len(held) < 12:
            return None
        for m in held[:-1]:
            server.send(message(m, "2.05"), m.source)
        del held[:]
        return message(request, "2.05")
    with Server(answer) as server:
        clean(bench(server.uri(), "-c", "3", "-w", "4", "--count", "24"), 24)
        sources = [m.source[1] for m in server.requests()]
        equal(sorted(sources.count(s) for s in set(sources)), [8, 8, 8], "requests of each")
        equal(len({m.token for m in server.requests()}), 24, "tokens")


@test
def NON_is_sent_as_NON():
    with Server(reply()) as server:
        clean(bench(server.uri(), "--non", "--count", "10", "-c", "2"), 10)
        check(all(m.type == NON for m in server.requests()), "every request is a NON")


# --- what goes wrong is counted where it belongs

@test
def error_responses_are_wrong_and_the_exit_status():
    d = shared(SITE)
    r = bench(uri(d, "/nothing"), "--count", "10", status=1)
    equal((r["answered"], r["wrong"], r["codes"]), (10, 10, {"4.04": 10}), "answers")
    r = bench(uri(d, "/nothing"), "--count", "10", "--expect", "4.04")
    equal((r["answered"], r["wrong"]), (10, 0), "answers that were expected")


@test
def resets_and_refusals():
    with Server(reset) as server:
        r = bench(server.uri(), "--count", "5", "-c", "5", status=1)
        equal((r["reset"], r["answered"]), (5, 0), "resets")
    r = bench(f"coap://[::1]:{free_port()}", "--count", "100", "-c", "5", status=1)
    check(r["refused"] > 0 and r["answered"] == 0, f"nobody is there: {r}")


@test
def strangers_answers_count_as_unmatched():
    def answer(request):
        wrong = message(request)
        wrong.token = bytes(8)
        return [wrong, b"\xff\xff", message(request)]
    with Server(answer) as server:
        r = bench(server.uri(), "--non", "--count", "10", "-c", "2", status=1)
        equal((r["answered"], r["unmatched"], r["malformed"]), (10, 10, 10), "what came")


@test
def E20_every_retransmission_is_counted():
    seen = set()

    def answer(request):            # the first of each is lost
        first = (request.source, request.mid) not in seen
        seen.add((request.source, request.mid))
        return None if first else message(request)
    with Server(answer, repeat=False) as server:
        r = bench(server.uri(), "-c", "8", "--count", "8")
        equal((r["answered"], r["lost"]), (8, 0), "answers")
        server.wait(lambda m: sum(d.duplicate for d in server.received) == r["retransmitted"],
                    f"{r['retransmitted']} retransmissions")
        check(r["retransmitted"] >= 8, "each was sent again")


@test
def loss_on_purpose_shows_in_the_counts():
    d = shared(SITE)
    # The end comes by --duration: some may well need a minute.
    r = json.loads(coap("bench", uri(d), "--loss", "20", "--count", "400", "-c", "100", "-w", "4",
                        "--duration", "4", "--timeout", "0.1", "--json").out)
    equal((r["started"], r["answered"] + r["drained"] + r["unanswered"]), (400, 400), "requests")
    check(r["retransmitted"] > 0 and r["answered"] > 0, f"sent again: {r}")
    r = bench(uri(d), "--loss", "20", "--count", "300", "-c", "30", "--non", "--timeout", "0.3",
              status=1)
    equal((r["started"], r["retransmitted"]), (300, 0), "requests, and NON ones sent again")
    check(r["lost"] > 0, f"lost: {r}")
    equal(r["lost"] + r["answered"], 300, "all of them")


@test
def E22_who_has_no_message_ids_left_moves_to_another_port():
    n = MIDS + 5000
    r = clean(bench(uri(shared(SITE)), "-c", "1", "-w", "16", "--count", n), n)
    equal((r["moved"], r["stalled"]), (1, 0), "moves")
    r = clean(bench(uri(shared(SITE)), "-c", "1", "-w", "16", "--count", n, "--reuse-mids"), n)
    equal(r["moved"], 0, "moves of who does not mind")


# --- many

@test
def processes_share_the_work():
    with Server(reply()) as server:
        r = clean(bench(server.uri(), "--processes", "2", "-c", "5", "--count", "55"), 55)
        equal((r["processes"], r["endpoints"]), (2, 5), "setting")
        equal(len({m.source[1] for m in server.requests()}), 5, "sources")


@test
def twenty_thousand_endpoints_in_one_process():
    """Or, where nobody may raise the hard limit, as many as there are files for."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    n = 20000 if may_raise() else min(20000, hard - FILES_ELSE)
    r = clean(bench(uri(shared(SITE)), "-c", n, "--count", n), n)
    equal((r["endpoints"], r["processes"]), (n, 1), "setting")


def may_raise():
    with open("/proc/self/status", encoding="utf-8") as f:
        return int(re.search(r"CapEff:\s*(\w+)", f.read())[1], 16) >> CAP_SYS_RESOURCE & 1


def poor():
    """Few files, and nobody who may change that."""
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))


@test
def descriptors_that_cannot_be_had_are_said():
    for more in ((), ("--processes", "2")):
        got(coap("bench", uri(shared(SITE)), "-c", "400", "--count", "400", *more, preexec=poor), 1, "",
            r"^coap: .*sockets need \d+ open files, and the limit cannot be raised[^\n]*\n$")


@test
def soft_limit_is_raised():
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE,
                           (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    clean(report(coap("bench", uri(shared(SITE)), "-c", "300", "--count", "600", "--json",
                      preexec=few)), 600)


# --- the server's side

@test
def what_the_server_uses():
    with Daemon(SITE) as d:
        r = bench(uri(d), "--count", "20000", "-c", "16", "-w", "4", "--pid", d.process.pid)
        s = r["server"]
        check(s["cpu_us"] > 0 and s["cpu_percent"] > 0, f"processor time: {s}")
        check(s["rss_kib_idle"] > 0 and s["rss_kib_end"] > 0, f"memory: {s}")
        got(coap("bench", uri(d), "--count", "10", "--pid", d.process.pid), 0,
            None, "")
    got(coap("bench", "coap://[::1]:1", "--pid", "999999999"), 2, "", "no process 999999999")


# --- observers

@test
def every_observer_is_told_every_state():
    for more in ((), ("--processes", "2"), ("--non",)):
        with libcoap() as server:
            to = server.uri("/example_data")
            r = bench(to, "--observe", "--trigger", to, "--count", "4", "-c", "30", *more)
            equal((r["mode"], r["registered"], r["rounds"]), ("observe", 30, 4), "observers")
            equal((r["notifications"], r["incomplete"], r["declined"]), (120, 0, 0), "states")
            equal((r["latency_us"]["n"], r["round_us"]["n"]), (120, 4), "times measured")


@test
def states_that_come_by_themselves_are_counted():
    with node() as server:
        r = bench(server.uri("/count"), "--observe", "-c", "3", "--count", "9")
        equal(r["registered"], 3, "observers")
        check(r["notifications"] >= 9, f"states: {r['notifications']}")
        r = bench(server.uri("/count"), "--observe", "-c", "4", "--count", "9", "--processes", "2")
        check(r["notifications"] >= 9, f"states: {r['notifications']}")


@test
def observers_that_are_dropped_end_it():
    def answer(request):            # a state, and that it was the last
        if request.uint("Observe") != 0:
            return message(request)
        last = message(request, "4.04")
        last.type, last.mid = NON, request.mid ^ 0x8000
        return [message(request, "2.05", b"0", [("Observe", 1)]), last]
    with Server(answer) as server:
        r = bench(server.uri(), "--observe", "-c", "4", "--count", "100", status=1)
        equal((r["registered"], r["declined"]), (4, 4), "observers")


@test
def what_cannot_be_observed_is_said():
    got(coap("bench", uri(shared(SITE)), "--observe", "-c", "3", "--count", "1"), 1, "",
        r"took none of the observers: is the resource observable\?")


# --- its end

def balanced(c):
    """Ended by an interrupt, and what there was is reported."""
    r = report(c, 3)
    check(r["answered"] > 0, f"answers: {r}")


@test
def interrupted_amidst_it_reports_what_there_was():
    for more in ((), ("--processes", "2"), ("--rate", "200")):
        with Server(reply()) as server:
            with Client("bench", server.uri(), "--json", "--duration", "1000", "--warmup", "0",
                        *more) as c:
                server.request(30)
                c.signal(signal.SIGINT)
                equal(c.end(), 3, "exit status")
            balanced(c)


@test
def interrupt_before_all_sockets_are_open_counts():
    for more in (("--count", "1000000"), ("--observe",), ("--rate", "100")):
        with Server(reply()) as server:
            with Client("bench", server.uri(), "-c", "2000", "--processes", "2", "--duration", "1000",
                        "--json", *more) as c:
                while not children(c.process.pid):      # it is about to begin
                    pass
                c.signal(signal.SIGINT)
                equal(c.end(), 3, "exit status")
            check(json.loads(c.out)["seconds"] < 900, "time that was measured")


@test
def terminals_interrupt_goes_to_all_its_processes():
    with Server(reply()) as server:
        with Client("bench", server.uri(), "--json", "--duration", "1000", "--warmup", "0",
                    "--processes", "2") as c:
            server.request(30)
            os.killpg(c.process.pid, signal.SIGINT)
            equal(c.end(), 3, "exit status")
        balanced(c)


@test
def interrupted_observers_leave():
    with libcoap() as server:
        with Client("bench", server.uri("/example_data"), "--observe", "-c", "5", "--json",
                    "--duration", "1000", "--trigger", server.uri("/example_data")) as c:
            with Client("observe", server.uri("/example_data")) as o:
                o.wait_out(r"n\d{8}n\d{8}")     # rounds are under way
                c.signal(signal.SIGINT)
                equal(c.end(), 3, "exit status")
        r = report(c, 3)
        equal((r["registered"], r["incomplete"]), (5, 0), "observers")


@test
def second_interrupt_does_not_wait():
    with Server(silent) as server:
        with Client("bench", server.uri(), "--duration", "1000", "--warmup", "0", "--timeout",
                    "1000") as c:
            server.request()
            c.signal(signal.SIGINT)
            # It has been seen when it is no longer pending.
            c.signal(signal.SIGTERM)
            equal(c.end(), 3, "exit status")


@test
def process_that_is_gone_is_said():
    with Server(reply()) as server:
        with Client("bench", server.uri(), "--duration", "1000", "--processes", "2") as c:
            server.request(30)
            os.kill(children(c.process.pid)[0], signal.SIGKILL)
            equal(c.end(), 1, "exit status")
        got(c, 1, "", "a process of the benchmark was killed by signal 9")


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(n) for n in f.read().split()]


@test
def processes_end_with_who_led_them():
    with Server(reply()) as server:
        with Client("bench", server.uri(), "--duration", "1000", "--processes", "2") as c:
            server.request(30)
            fds = [os.pidfd_open(pid) for pid in children(c.process.pid)]
            equal(len(fds), 2, "processes")
            c.signal(signal.SIGKILL)
            for fd in fds:
                check(ended(fd), "a process of the benchmark outlives it")


def ended(fd):
    try:
        return bool(select.select([fd], [], [], TIMEOUT)[0])
    finally:
        os.close(fd)


run()
