"""coap discover: the links of a server as a tree, and who is there at all; coap ping."""
import contextlib
import json
import re
import subprocess
import time

from harness import *
from harness.client import CLIENT, Client, coap, got
from harness.coap import ACK, CON, EMPTY, NON, RST, Message
from harness.foreign import LIBCOAP, Foreign, libcoap, node
from harness.netns import Island, wait_up
from harness.pty import CTRL_C, Terminal
from harness.server import (GROUP4, GROUP6, PORT, Body, Server, Via, by_path, in_turn, message,
                            reply, reset, silent)

SITE = """
resources:
  /hello: {module: hello, link: {title: Hello, rt: greeting, ct: "0"}}
  /a/b: {module: hello}
  /a/c: {module: hello, link: {if: sensor}}
"""
LINKS = [("Content-Format", 40)]
CORE = "/.well-known/core"


def links(document, **more):
    """A server that has these links, and nothing else."""
    return by_path({CORE: Body(document.encode(), options=LINKS, **more)})


# --- the tree

@test
def links_of_coapd():
    with Daemon("impl-info: https://example.com/coapd\n" + SITE) as d:
        host, port = d.address()
        r = got(coap("discover", f"coap://[{host}]:{port}"), 0, None, "")
        lines = r.out.decode().splitlines()
        equal(lines[0], f"coap://[{host}]:{port}", "title")
        equal([re.sub(r" {2,}", "  ", line) for line in lines[1:]],
              ["├─ /a", "│  ├─ /b",
               "│  └─ /c  if=sensor", "└─ /hello  text/plain;charset=utf-8  rt=greeting  \"Hello\"",
               "elsewhere:", "  https://example.com/coapd  rel=impl-info"],
              "tree")


@test
def links_of_libcoap():
    with libcoap() as server:
        r = got(coap("discover", server.uri("")), 0, None, "")
        check(re.search(r"^└─ /time +obs +text/plain;charset=utf-8 +rt=ticks +if=clock +"
                        r"\"Internal Clock\"$", r.out.decode(), re.M), r.out.decode())
        r = got(coap("discover", server.uri(""), "--rt", "ticks", "--json"), 0, None, "")
        link, = json.loads(r.out)["links"]
        equal(link, {"href": "/time", "if": "clock", "rt": "ticks", "title": "Internal Clock",
                     "ct": "0", "obs": True}, "the link")


@test
def filters_of_coapd():
    with Daemon(SITE) as d:
        host, port = d.address()
        for filters, found in ((["--rt", "greeting"], ["/hello"]), (["--if", "sens*"], ["/a/c"]),
                               (["--href", "/a/*"], ["/a/b", "/a/c"]),
                               (["--filter", "title=Hello"], ["/hello"]),
                               (["--rt", "greeting", "--if", "sensor"], [])):
            r = got(coap("discover", f"coap://[{host}]:{port}", *filters, "--json"), 0, None, "")
            equal([x["href"] for x in json.loads(r.out)["links"]], found, f"found by {filters}")


@test
def server_that_does_not_filter():
    with Server(links("</a>;rt=x,</b>;rt=y")) as server:
        r = got(coap("discover", server.uri(""), "--rt", "y"), 0, None, "")
        check(b"/b" in r.out and b"/a" not in r.out, r.out)
        equal(server.request().all("Uri-Query"), [b"rt=y"], "query")


@test
def long_list_in_blocks():
    document = ",".join(f"</{i:04}>;rt=\"r{i}\"" for i in range(500))
    with Server(links(document, szx=4)) as server:
        r = got(coap("discover", server.uri("")), 0, None, "")
        equal(len(r.out.splitlines()), 501, "lines")
        check(len(server.requests()) > 30, "blocks")


@test
def foreign_links_and_relations():
    with Server(silent) as server:
        own, other = server.uri("/own"), "http://example.org/x"
        server.answer = links(f"<{own}>;obs,<{other}>;rt=y,<{other}>;anchor=\"/own\";rel=\"about\"")
        r = got(coap("discover", server.uri("")), 0, None, "")
        equal(r.out.decode().splitlines()[1:],
              ["└─ /own" + " " * (len(server.uri("")) - 7) + "  obs", "elsewhere:",
               f"   {other}  rt=y", "relations:", f"   /own --about--> {other}"], "what is shown")


@test
def malformed_lists():
    for document, shown, place in (("</a>,</b>;x=", 2, 13), ("</a>;t=\"x", 1, 8), ("nonsense", 1, 1)):
        with Server(links(document)) as server:
            r = got(coap("discover", server.uri("")), 1, None,
                    rf"^coap: \S+{CORE}: links: .* \(byte {place}\); `coap get` shows it")
            equal(len(r.out.splitlines()), shown, "lines of what could be read")
            got(coap("get", server.uri(CORE)), 0, document, "")


@test
def what_is_no_list():
    with Server(by_path({CORE: reply(payload=b"</a>", options=[("Content-Format", 0)])})) as server:
        got(coap("discover", server.uri("")), 1, "", "no list of links")
    with Server(reply("4.04")) as server:
        got(coap("discover", server.uri("")), 1, "", r"4\.04 Not Found")
    with node() as server:
        got(coap("discover", server.uri("")), 1, "", r"4\.04 Not Found")


@test
def colours_for_a_terminal():
    with Server(links("</a>;obs")) as server:
        with Terminal([CLIENT, "discover", server.uri("")]) as t:
            equal(t.end(), 0, "exit status")
            check("\x1b[32mobs" in t.text, repr(t.text))
            check("└─ /a" in t.screen()[1], t.screen())
        with Terminal([CLIENT, "discover", server.uri("")], env={"LC_ALL": "C"}) as t:
            t.end()
            check("`- /a" in t.screen()[1], t.screen())


# --- groups: the client's namespace has two interfaces, each with a server at its end

def ip(*lines):
    for line in lines:
        subprocess.run(["ip", *line.split()], check=True)


@contextlib.contextmanager
def around(*servers):
    """A network with a server behind each interface: a function that opens it there.
    Gives what they gave.  Interface number i is 10.0.i.1 and fe80::1 here, 10.0.i.2 and
    fe80::2 there."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(Namespace())
        made = []
        for i, make in enumerate(servers):
            island = stack.enter_context(Island())
            ip(f"link add name to{i} type veth peer name from{i}", f"link set to{i} addrgenmode none",
               f"addr add 10.0.{i}.1/24 dev to{i}", f"addr add fe80::1/64 dev to{i} nodad",
               f"link set to{i} up")
            island.take(f"from{i}")
            with island.inside():
                ip("link set lo up", f"link set from{i} addrgenmode none",
                   f"addr add 10.0.{i}.2/24 dev from{i}",
                   f"addr add fe80::2/64 dev from{i} nodad", f"link set from{i} up",
                   f"route add default via 10.0.{i}.1")
                wait_up(f"from{i}")
                made.append(stack.enter_context(make(i)))
            wait_up(f"to{i}")
        yield made


def played(answer):
    def make(i):
        server = Server(answer, host="::", port=PORT)
        server.join(GROUP6, f"from{i}")
        server.join(GROUP4, f"from{i}")
        return server
    return make


def foreign_member(i):
    if LIBCOAP is None:
        raise Skip("no coap-server-notls (Debian package libcoap3-bin)")
    return Foreign([LIBCOAP, "-A", "::", "-p", str(PORT), "-v", "7", "-g", GROUP6, "-G", f"from{i}"],
                   r"added mcast group \S*:(\d+) ", "::")


def found(result):
    """Title -> links, of trees as JSON."""
    trees = [json.loads(line) for line in result.out.splitlines()]
    return {t["peer"]: [x["href"] for x in t["links"]] for t in trees}


def until_found(n, *line):
    """coap discover, ended once it has shown so many trees: it would wait for more."""
    with Client("discover", *line, "--json") as c:
        c.wait(lambda: c.out.count(b"\n") >= n, f"{n} trees")
        c.signal()
        equal(c.end(), 3, "exit status")
        return found(c)


@test
def all_around_are_asked():
    with around(played(links("</a>")), played(links("</b>,</c>"))) as (first, second):
        equal(until_found(4, "--multicast"),
              {f"[fe80::2%to0]:{PORT}": ["/a"], f"10.0.0.2:{PORT}": ["/a"],
               f"[fe80::2%to1]:{PORT}": ["/b", "/c"], f"10.0.1.2:{PORT}": ["/b", "/c"]},
              "who was found")
        for server in (first, second):
            check(all(m.type == NON and m.token for m in server.requests()), "what was asked")


@test
def one_interface_is_asked():
    with around(played(links("</a>")), played(links("</b>"))) as (first, second):
        r = got(coap("discover", "--multicast=to1", "--timeout", "4"), 0, None, "")
        equal(sorted(r.out.decode().splitlines()),
              ["coap://10.0.1.2:5683", "coap://[fe80::2%to1]:5683", "└─ /b", "└─ /b"], "trees")
        equal(first.received, [], "the other one has not been asked")


@test
def one_group_is_asked():
    """Each waits for all of its time, and so they do it together."""
    lines = [("--multicast=to0", f"coap://[{GROUP6}]"), ("--multicast", f"coap://[{GROUP6}%25to1]"),
             ("--multicast=to1", f"coap://{GROUP4}")]
    wanted = [{f"[fe80::2%to0]:{PORT}": ["/a"]}, {f"[fe80::2%to1]:{PORT}": ["/b"]},
              {f"10.0.1.2:{PORT}": ["/b"]}]
    with around(played(links("</a>")), played(links("</b>"))), contextlib.ExitStack() as stack:
        asking = [stack.enter_context(Client("discover", *line, "--timeout", "4", "--json"))
                  for line in lines]
        for c in asking:
            c.end()
            got(c, 0, None, "")
        equal([found(c) for c in asking], wanted, "who was found")


@test
def a_foreign_server_is_found():
    with around(foreign_member):
        equal(until_found(1, "--multicast=to0", "--rt", "ticks")[f"[fe80::2%to0]:{PORT}"], ["/time"],
              "what it has")


@test
def the_same_answer_twice_is_shown_once():
    others = []

    def twice(request):
        m = [message(request, payload=b"</a>", options=LINKS) for _ in range(3)]
        return m[:2] + [Via(m[2], sock=others[0])]

    def make(i):
        server = played(by_path({CORE: twice}))(i)
        others.append(server.listen(f"fe80::2%from{i}", 0))
        return server

    with around(make):
        found_there = until_found(2, "--multicast=to0", f"coap://[{GROUP6}]")
        equal(len(found_there), 2, "servers, of which the other one comes last")


@test
def answers_from_several_addresses_are_several_servers():
    others = []

    def answer(request):
        m = message(request, payload=b"</a>", options=LINKS)
        return [m] + [Via(m, sock=sock) for sock in others]

    def make(i):
        server = played(by_path({CORE: answer}))(i)
        others.append(server.listen(f"fe80::2%from{i}", 0))
        return server

    with around(make):
        equal(sorted(int(peer.rpartition(":")[2])
                     for peer in until_found(2, "--multicast=to0", f"coap://[{GROUP6}]")),
              sorted([PORT, others[0].getsockname()[1]]), "ports of those found")


@test
def E118_what_does_not_fit_one_answer_is_got_from_its_server():
    document = ",".join(f"</{i}>" for i in range(100))
    with around(played(links(document, szx=2))) as (server,):
        equal(until_found(1, "--multicast=to0", f"coap://[{GROUP6}]"),
              {f"[fe80::2%to0]:{PORT}": [f"/{i}" for i in range(100)]}, "all of it")
        equal([m.type for m in server.requests()][:2], [NON, CON], "a group's request, and another")


@test
def nobody_is_around():
    with around(played(silent)):
        got(coap("discover", "--multicast", "--timeout", "0.2"), 1, "",
            r"^coap: no server answered within 0\.2 s; is one there")
    with Namespace():
        got(coap("discover", "--multicast"), 1, "", "no interface is up")
        got(coap("discover", "--multicast=nope"), 1, "", "there is no interface nope")


@test
def Ctrl_C_leaves_what_was_found():
    with around(played(links("</a>"))):
        with Client("discover", "--multicast=to0", f"coap://[{GROUP6}]") as c:
            c.wait_out("└─ /a\n")
            c.signal()
            equal(c.end(), 3, "exit status")


# --- ping

@test
def pings_of_all_kinds_of_servers():
    with Daemon(SITE) as d, libcoap() as foreign, node() as other:
        host, port = d.address()
        # libcoap resets nothing within the first quarter of the second that it is
        # started in, so its answer may be one to a retransmission.
        late = r"(?: \(sent \d times\))?"
        for uri, kind, again in ((f"coap://[{host}]:{port}", "Reset", ""),
                                 (foreign.uri(""), "Reset", late),
                                 (other.uri(""), r"ACK 4\.05", "")):
            r = got(coap("ping", uri, "--count", "1"), 0, None, "")
            check(re.search(rf"^PING {re.escape(uri)}\n"
                            rf"{kind} from \[::1\]:\d+: seq=1 time=[\d.]+ ms{again}\n\n"
                            rf"--- {re.escape(uri)} ping statistics ---\n1 sent, 1 answered, 0% lost\n"
                            r"rtt min/avg/max/mdev = [\d.]+/[\d.]+/[\d.]+/[\d.]+ ms\n$",
                            r.out.decode()), r.out.decode())


@test
def pings_leave_at_an_interval():
    with Server() as server:
        began = time.monotonic()
        got(coap("ping", server.uri(""), "--count", "3", "--interval", "0.1"), 0)
        # When each of them is seen at the server says less: it may be late for one.
        check(time.monotonic() - began >= 0.2, "two intervals")
        equal(len(server.received), 3, "pings")
        check(all(m.type == CON and m.code == EMPTY for m in server.received), "what they are")
        equal(len({m.mid for m in server.received}), 3, "message IDs")


@test
def ping_goes_on_until_Ctrl_C():
    with Server() as server, Terminal([CLIENT, "ping", server.uri(""), "--interval", "0.01"]) as t:
        t.wait_text("seq=3 ")
        t.send(CTRL_C)
        equal(t.end(), 3, "exit status")
        check(re.search(r"\n--- coap://\S+ ping statistics ---\n\d+ sent, \d+ answered", t.text), t.text)


@test
def nobody_answers_a_ping():
    r = got(coap("ping", "coap://[::1]:1", "--count", "2", "--interval", "0.01"), 1, None,
            r"nobody listens at \[::1\]:1 \(ICMP")
    check(b"\n2 sent, 0 answered, 100% lost\n" in r.out, r.out)
    with Server() as server:
        r = got(coap("ping", server.uri(""), "--count", "2", "--interval", "0.01", "--loss", "100",
                     "--timeout", "0.1"), 1, None, "no answer")
        check(b"\n2 sent, 0 answered, 100% lost\n" in r.out, r.out)


run()
