"""Bodies of all sizes arrive whole though one datagram in ten is lost."""
import json
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from harness import *
from harness.client import coap, got
from harness.foreign import libcoap, node
from harness.netns import Loss
from harness.server import Body, Server, Upload, by_path, reply

TEXT = " ".join(f"{i:07}" for i in range(125))          # what coapd serves: 999 bytes
SITE = f"""
resources:
  /hello: {{module: hello, text: "{TEXT}"}}
  /slow: {{module: separate, delay: 50ms}}
transmission: {{ ack-delay: 10ms }}
"""
TRIES = 10


def coapd_with_all():
    return Daemon(SITE)


def bytes_of(n):
    return random.Random(n).randbytes(n)


# --- what is done at one server each, by a function that runs coap

def small_ones(run, uri):
    for i in range(4):
        got(run("put", "-d", f"a few bytes, {i}", uri("/example_data")), 0, "")
        got(run("get", uri("/example_data")), 0, f"a few bytes, {i}")


def there_and_back(run, uri, path, body, *options):
    """libcoap (4.3.1) runs an upload's last block again if it comes again, and then has
    nothing but that: if this happened, all is done once more."""
    for _ in range(TRIES):
        got(run("put", "-d", "@-", *options, uri(path), stdin=body), 0, "")
        r = got(run("get", *options, uri(path)), 0)
        if r.out == body:
            return
    got(r, 0, body)


def to_libcoap_in_many_blocks(run, uri):
    there_and_back(run, uri, "/example_data", bytes_of(500), "--block-size", "64")


def to_libcoap_in_large_blocks(run, uri):
    there_and_back(run, uri, "/example_data", bytes_of(6 * 1024 + 1))


def to_libcoap_created(run, uri):
    there_and_back(run, uri, "/made/by/us", bytes_of(200), "--block-size", "32")


def from_coapd(run, uri):
    got(run("get", "--block-size", "128", uri("/hello")), 0, TEXT)
    got(run("get", uri("/hello")), 0, TEXT)


def from_coapd_separately(run, uri):
    for _ in range(4):
        check(got(run("get", uri("/slow")), 0).out, "nothing came")


def to_node_and_back(run, uri):
    body = bytes_of(3000)
    got(run("put", "-d", "@-", "--block-size", "256", uri("/store/a"), stdin=body), 0, "")
    got(run("get", "--block-size", "256", uri("/store/a")), 0, body)


def states_of_libcoap(run, uri):
    """libcoap has one notification at a time on its way, again and again until it is
    acknowledged, 2 to 3 seconds after the first time and then twice as long each time: the
    next can be more than a minute late, and is not given up."""
    r = got(run("observe", "--count", "5", "--json", uri("/time"), within=5 * TIMEOUT), 0)
    numbers = [o["value"] for line in r.out.splitlines() for o in json.loads(line)["options"]
               if o["name"] == "Observe"]
    check(len(numbers) == 5 and numbers == sorted(set(numbers)), f"in their order: {numbers}")


UPLOAD = Upload()


def played():
    return Server(by_path({"/up": UPLOAD, "/down": Body(bytes_of(1500), szx=3)}))


def to_a_played_server(run, uri):
    """One that answers a duplicate with the same again and does nothing else."""
    for n in (1024, 1025):
        got(run("put", "-d", "@-", "--block-size", "128", uri("/up"), stdin=bytes_of(n)), 0, "")
        check(UPLOAD.bodies[-1] == bytes_of(n), f"not the {n} bytes sent: {UPLOAD.bodies[-1]}")


def from_a_played_server(run, uri):
    got(run("get", uri("/down")), 0, bytes_of(1500))


FLOWS = [
    (libcoap, small_ones),
    (libcoap, to_libcoap_in_many_blocks),
    (libcoap, to_libcoap_in_large_blocks),
    (lambda: libcoap("-d", "10"), to_libcoap_created),
    (coapd_with_all, from_coapd),
    (coapd_with_all, from_coapd_separately),
    (node, to_node_and_back),
    (libcoap, states_of_libcoap),
    (played, to_a_played_server),
    (played, from_a_played_server),
]


# --- all of it at the same time

def side_by_side(through):
    """through(flow, port) has a flow done by flow(run).  Each has a server and thereby a port
    of its own, so what one loses is no matter of the others."""
    def one(server, function):
        host, port = server.address() if isinstance(server, Daemon) else (server.host, server.port)
        through(lambda run: function(run, lambda path: f"coap://[{host}]:{port}{path}"), port)
    with ExitStack() as stack, ThreadPoolExecutor(len(FLOWS)) as pool:
        servers = [stack.enter_context(make()) for make, _ in FLOWS]
        list(pool.map(one, servers, [function for _, function in FLOWS]))


@test
def on_the_way():
    """Which ones are lost is counted, not left to chance: see Loss.  A request needs three
    transmissions at most, as of two in a row one arrives, and so of two answers; it has
    five (RFC 7252 section 4.8)."""
    def through(flow, port):
        loss = Loss(port)
        flow(coap)
        check(min(loss.lost()) > 0, f"lost to and from the server: {loss.lost()}")
    with Namespace():
        side_by_side(through)


# Those that coap loses itself are lost by chance.  A transmission is in vain if it or its
# answer is lost: 19 %.  Four begin within 21 seconds, so a request is not through after
# SECONDS with 0.19 ** 4 = 0.13 %, and one of a body in twelve blocks, which has to wait for
# more than one, with 5 %.  TRIES such in a row are less than one in 10 ** 12 runs.
SECONDS = 25


def lossy_coap(*arguments, **more):
    for _ in range(TRIES):
        r = coap("--loss", "10", "--timeout", SECONDS, *arguments, **more)
        if r.status == 0:
            break
        got(r, 1, "", r"^coap: [^\n]*(no answer|not whole)[^\n]*\n$")
    return r


@test
def by_coap():
    side_by_side(lambda flow, port: flow(lossy_coap))


@test
def none_or_all_by_coap():
    with Server(reply(payload="here")) as s:
        got(coap("get", "--loss", "0", s.uri("/")), 0, "here")
        equal(len(s.received), 1, "requests that came")
        got(coap("get", "--loss", "100", "--timeout", "0.2", s.uri("/")), 1, "")
        equal(len(s.received), 1, "requests that came")


run()
