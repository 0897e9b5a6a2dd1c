"""Requests that modules make of other servers: coapd_fetch()."""
import os
import re
import subprocess
import zlib

from harness import *
from harness.client import coap
from harness.daemon import BUILD
from harness.dns import SERVFAIL, Dns
from harness.foreign import libcoap, node
from harness.server import Body, Server, Upload, in_turn, path_of, reply, reset, separately, silent

BODY = bytes(i * 7 % 251 for i in range(100_000))


def site(*mounts, more="", workers=1):
    """Mounts as "path: to, settings"."""
    lines = "\n".join(f"  {path}: {{module: forward, to: '{to}'{settings}}}"
                      for path, to, settings in mounts)
    return f"workers: {workers}\nresources:\n  /hello: hello\n{lines}\n{more}"


QUICK = "transmission: { ack-timeout: 30ms, ack-delay: 20ms, max-retransmit: 2 }\n"


def forwarding(to, settings="", **more):
    return Daemon(site(("/f", to, settings), **more))


def expect_failure(m, errno):
    equal((m.code, m.payload), (code("5.02"), str(-errno).encode()), "what the module was told")


# --- one message each way

@test
def a_request_goes_on_to_another_server():
    with Server(reply(payload=b"there", options=[("Content-Format", 50), ("Max-Age", 7)])) as s, \
            forwarding(s.uri("/a/b?c=d")) as d, d.peer() as p:
        m = p.get("/f")
        equal((m.code, m.payload), (code("2.05"), b"there"), "answer")
        equal((m.uint("Content-Format"), m.uint("Max-Age")), (50, 7), "its options")
        asked = s.request()
        equal((path_of(asked), asked.all("Uri-Query")), ("/a/b", [b"c=d"]), "what was asked for")
        equal(asked.all("Uri-Host"), [], "Uri-Host, where the host is an address")
        equal(d.counters()["client-done"], 1, "client-done")


@test
def what_is_safe_to_forward_goes_along():
    with Server(reply("2.04")) as s, forwarding(s.uri("/x")) as d, d.peer() as p:
        m = p.ask("POST", "/f/else?q", payload=b"abc", options=[
            ("Content-Format", 60), ("Accept", 50), ("No-Response", 16), ("Hop-Limit", b"\x05"),
            ("Echo", b"e"), (65000, b"safe"), (65002, b"unsafe")])
        equal(m.code, code("2.04"), "answer")
        asked = s.request()
        equal((path_of(asked), asked.payload), ("/x", b"abc"), "request")
        for name, values in (("Content-Format", [b"\x3c"]), ("Accept", [b"\x32"]),
                             ("No-Response", []), ("Hop-Limit", [b"\x04"]), ("Echo", []),
                             ("Uri-Query", []), (65000, [b"safe"]), (65002, [])):
            equal(asked.all(name), values, f"{name}")


@test
def a_request_that_made_too_many_hops_is_not_made():
    with Server(reply()) as s, forwarding(s.uri()) as d, d.peer() as p:
        m = p.get("/f", options=[("Hop-Limit", b"\x01")])
        equal(m.payload, b"-40", "-ELOOP")
        equal(s.requests(), [], "requests")


@test
def a_separate_response_is_waited_for():
    with Server(lambda m: separately(m, payload=b"late")) as s, \
            forwarding(s.uri()) as d, d.peer() as p:
        equal(p.get("/f").payload, b"late", "answer")


@test
def an_error_response_is_a_response():
    with Server(reply("4.04", b"no")) as s, forwarding(s.uri()) as d, d.peer() as p:
        m = p.get("/f")
        equal((m.code, m.payload), (code("4.04"), b"no"), "answer")


# --- failures

@test
def a_refused_port():
    with forwarding(f"coap://[::1]:{free_port()}/") as d, d.peer() as p:
        expect_failure(p.get("/f"), 111)


@test
def a_server_that_resets():
    with Server(reset) as s, forwarding(s.uri()) as d, d.peer() as p:
        expect_failure(p.get("/f"), 104)


@test
def a_silent_server():
    with Server(silent) as s, forwarding(s.uri(), more=QUICK) as d, d.peer() as p:
        expect_failure(p.get("/f"), 110)
        s.wait(lambda m: len([m for m in s.received if m.code == code("0.01")]) == 3,
               "three transmissions")


@test
def schemes_that_are_not_spoken_and_nonsense():
    with Daemon(site(("/s", "coaps://[::1]/", ""), ("/n", "nonsense", ""))) as d, d.peer() as p:
        equal(p.get("/s").payload, b"-93", "-EPROTONOSUPPORT")
        equal(p.get("/n").payload, b"-22", "-EINVAL")


@test
def an_address_that_no_way_leads_to():
    with Namespace(), forwarding("coap://[2001:db8::1]/") as d, d.peer() as p:
        expect_failure(p.get("/f"), 101)


@test
def a_limit_is_told():
    limits = ("limits: { endpoints: 100, dedup: 100, exchanges: 100, waiting: 100, "
              "messages: 100, fetches: 1 }\n")
    with Server(silent) as s, forwarding(s.uri(), more=limits) as d, d.peer() as p, \
            d.peer() as other:
        p.send(p.request("GET", "/f"))
        s.request()
        equal(other.get("/f").payload, b"-11", "-EAGAIN")
        equal(d.counters()["full-fetches"], 1, "full-fetches")


# --- names

@test
def a_name_is_resolved_and_its_addresses_are_tried():
    with Server(reply(payload=b"named")) as s, \
            Dns({"there.test": ["127.0.0.1", "::1"]}, port=0) as dns:
        with forwarding(f"coap://there.test:{s.port}/p",
                        more=f'dns: "127.0.0.1:{dns.port}"\n') as d, d.peer() as p:
            equal(p.get("/f").payload, b"named", "answer")
            equal(s.request().all("Uri-Host"), [b"there.test"], "Uri-Host")
            equal(sorted(set(name for name, _ in dns.asked)), ["there.test"], "asked for")


@test
def a_name_that_nobody_knows():
    with Dns({"broken.test": SERVFAIL}, port=0) as dns:
        mounts = (("/f", "coap://nowhere.test/", ""), ("/g", "coap://broken.test/", ""))
        with Daemon(site(*mounts, more=f'dns: "127.0.0.1:{dns.port}"\n')) as d, d.peer() as p:
            expect_failure(p.get("/f"), 113)
            expect_failure(p.get("/g"), 113)


@test
def a_worker_dies_while_a_name_is_asked_for():
    names = {"slow.test": None}
    with Server(reply(payload=b"named")) as s, Dns(names, port=0) as dns:
        with forwarding(f"coap://slow.test:{s.port}/",
                        more=f'dns: "127.0.0.1:{dns.port}"\n') as d, d.peer() as p:
            request = p.request("GET", "/f")
            p.send(request)
            p.expect(ACK, EMPTY, mid=request.mid)
            dns.wait_asked()
            names["slow.test"] = ["::1"]
            d.kill(0)
            equal(p.receive().payload, b"named", "answer")


# --- bodies

def summed(mcode="2.05", n=len(BODY), parts=98):
    return f"{mcode} {n} {zlib.adler32(BODY[:n]):08x} {parts}".encode()


@test
def a_long_body_comes_in_parts():
    with Server(Body(BODY)) as s, forwarding(s.uri(), ", how: sum") as d, d.peer() as p:
        m = p.get("/f")
        equal(m.payload, summed(), "what the module got")


@test
def a_body_that_changes_on_the_way_begins_anew():
    class Changing(Body):
        def part(self, num, szx):
            self.etag = b"\x02" if num >= 3 else self.etag
            return super().part(num, szx)
    with Server(Changing(BODY[:5000], etag=b"\x01")) as s, \
            forwarding(s.uri(), ", how: sum") as d, d.peer() as p:
        equal(p.get("/f").payload, summed(n=5000, parts=5), "what the module got")


@test
def a_long_body_goes_out_in_blocks():
    upload = Upload()
    with Server(upload) as s, forwarding(s.uri()) as d:
        r = coap("put", f"coap://[::1]:{d.listeners[0][1]}/f", "-T", "-", stdin=BODY)
        equal(r.status, 0, f"{r.err}")
        equal([len(b) for b in upload.bodies], [len(BODY)], "bodies")
        check(upload.bodies[0] == BODY, "the same bytes")


# --- observation

@test
def states_of_an_observed_resource_come():
    with Server(reply(payload=b"1", options=[("Observe", 5)])) as s, \
            forwarding(s.uri("/o"), ", how: states, n: 3") as d, d.peer() as p:
        request = p.request("GET", "/f")
        p.send(request)
        asked = s.request()
        equal(asked.uint("Observe"), 0, "Observe")
        p.expect(ACK, EMPTY, mid=request.mid)
        s.answered(s.notify(asked, 6, b"2", mtype=CON))
        s.answered(s.notify(asked, 7, b"3", mtype=CON))
        equal(p.receive().payload, b"1;2;3;", "states")
        left = s.request(1)
        equal((left.uint("Observe"), left.token), (1, asked.token), "the server is told")


@test
def an_observation_that_the_server_ends():
    with Server(reply(payload=b"only")) as s, \
            forwarding(s.uri("/o"), ", how: states, n: 9") as d, d.peer() as p:
        equal(p.get("/f").payload, b"only;", "states")


@test
def an_observation_outlives_the_worker():
    with Server(reply(payload=b"1", options=[("Observe", 5)])) as s, \
            forwarding(s.uri("/o"), ", how: states, n: 3") as d, d.peer() as p:
        request = p.request("GET", "/f")
        p.send(request)
        asked = s.request()
        p.expect(ACK, EMPTY, mid=request.mid)
        d.kill(0)
        s.answered(s.notify(asked, 6, b"2", mtype=CON))
        d.kill(0)
        s.answered(s.notify(asked, 7, b"3", mtype=CON))
        equal(p.receive().payload, b"1;2;3;", "states")


# --- crashes and ends

@test
def no_response_is_lost_with_a_worker():
    with Server(lambda m: Message(ACK, EMPTY, m.mid)) as s, \
            forwarding(s.uri(), workers=2) as d, d.peer() as p:
        for nth in range(6):
            request = p.request("GET", "/f")
            p.send(request)
            asked = s.request(nth)
            p.expect(ACK, EMPTY, mid=request.mid)
            d.kill(nth % 2)
            s.send(Message(CON, "2.05", s.new_mid(), asked.token, payload=b"%d" % nth),
                   asked.source)
            m = p.receive()
            equal((m.token, m.payload), (request.token, b"%d" % nth), "answer")
            p.acknowledge(m)
        equal(len(s.requests()), 6, "each was asked once")


@test
def a_POST_is_made_once_though_the_worker_dies():
    with Server(lambda m: Message(ACK, EMPTY, m.mid)) as s, \
            forwarding(s.uri()) as d, d.peer() as p:
        request = p.request("POST", "/f", payload=b"x")
        p.send(request)
        asked = s.request()
        p.expect(ACK, EMPTY, mid=request.mid)
        d.kill(0)
        s.send(Message(CON, "2.04", s.new_mid(), asked.token, payload=b"done"), asked.source)
        equal(p.receive().payload, b"done", "answer")
        equal(len(s.requests()), 1, "requests")


@test
def a_request_that_is_given_up_is_forgotten():
    with Server(lambda m: Message(ACK, EMPTY, m.mid)) as s, \
            forwarding(s.uri(), ", how: cancel") as d, d.peer() as p:
        equal(p.get("/f").payload, b"cancelled", "answer")
        asked = s.request()
        late = Message(CON, "2.05", s.new_mid(), asked.token, payload=b"late")
        s.send(late, asked.source)
        equal(s.answered(late).type, RST, "what the late answer gets")


@test
def members_of_a_group_answer():
    with Namespace("ip link set lo multicast on", "ip route add 224.0.0.0/4 dev lo"), \
            Server(reply(payload=b"here"), host="::") as s:
        s.join("224.0.1.187", "lo")
        with forwarding(f"coap://224.0.1.187:{s.port}/g", ", how: members, wait: 5s") as d, \
                d.peer() as p:
            check(re.fullmatch(rb"here;[0-9.]+;", p.get("/f").payload), "what members said")
            equal(s.request().type, NON, "type of the request")


@test
def the_shortest_proxy():
    with Server(in_turn(reply(payload=b"x", options=[("ETag", b"e")]), Body(BODY))) as s, \
            Daemon("resources:\n  /r: {module: relay, to: '%s'}\n"
                   "  /dead: {module: relay, to: 'coap://[::1]:%d/'}\n"
                   % (s.uri("/x"), free_port())) as d, d.peer() as p:
        m = p.get("/r")
        equal((m.code, m.payload, m.all("ETag")), (code("2.05"), b"x", [b"e"]), "answer")
        equal(p.get("/r").code, code("5.02"), "a body of several messages")
        equal(p.get("/dead").code, code("5.02"), "no server")


@test
def no_death_changes_what_modules_are_told():
    """With a worker killed in every hook, before and after every commit."""
    modules = os.path.join(BUILD, "tests", "modules", ".libs")
    script = os.path.join(os.path.dirname(__file__), "..", "modules", "forward.test")
    r = subprocess.run([os.path.join(BUILD, "coapd-module-test"), "-I", modules, script],
                       capture_output=True, text=True, timeout=10 * TIMEOUT)
    equal((r.returncode, r.stderr), (0, ""), r.stdout)


# --- servers of others

@test
def coapd_itself_is_asked():
    with Daemon("resources:\n  /hello: hello\n  /slow: {module: separate, delay: 300ms}\n") as up:
        mounts = (("/f", f"coap://[::1]:{up.listeners[0][1]}/hello", ""),
                  ("/g", f"coap://[::1]:{up.listeners[0][1]}/slow", ""))
        with Daemon(site(*mounts)) as d, d.peer() as p:
            equal(p.get("/f").code, code("2.05"), "answer")
            equal(p.get("/g").code, code("2.05"), "late answer")


@test
def libcoap_is_asked():
    with libcoap() as up, forwarding(up.uri("/")) as d, d.peer() as p:
        m = p.get("/f")
        equal(m.code, code("2.05"), "answer")
        check(b"libcoap" in m.payload, f"{m.payload}")


@test
def npm_coap_is_asked():
    with node() as up, forwarding(up.uri("/late")) as d, d.peer() as p:
        equal(p.get("/f").code, code("2.05"), "answer")


@test
def libcoap_takes_and_gives_a_long_body():
    with libcoap("-d", "10") as up:
        mounts = (("/f", up.uri("/long"), ""), ("/g", up.uri("/long"), ", how: sum"))
        with Daemon(site(*mounts)) as d, d.peer() as p:
            r = coap("put", f"coap://[::1]:{d.listeners[0][1]}/f", "-T", "-", stdin=BODY)
            equal(r.status, 0, f"{r.err}")
            equal(p.get("/g").payload, summed(), "what it gave")


run()
