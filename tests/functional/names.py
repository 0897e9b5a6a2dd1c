"""Names and addresses of URIs: what coap asks, in which order, and what it says when
nobody is there."""
from contextlib import ExitStack

from harness import *
from harness.client import coap, got
from harness.dns import A, AAAA, SERVFAIL, Dns
from harness.netns import Capture, wait_up
from harness.server import PORT, Server, reply

# Addresses of both families, all of this host; nothing else can be reached.
ADDRESSES = ("ip addr add 192.0.2.1/24 dev lo", "ip addr add 192.0.2.2/24 dev lo",
             "ip addr add 2001:db8::1/64 dev lo nodad", "ip addr add 2001:db8::2/64 dev lo nodad")
NAMES = {
    "both.test": ["192.0.2.1", "2001:db8::1"],
    "v4.test": ["192.0.2.1"],
    "v6.test": ["2001:db8::1"],
    "four.test": ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"],
    "far.test": ["198.51.100.1", "2001:db8:1::1", "192.0.2.1"],
    "nowhere.test": ["198.51.100.1", "2001:db8:1::1"],
    "linklocal.test": ["fe80::1"],
    "empty.test": [],
    "fails.test": SERVFAIL,
}


def network(*servers, names=NAMES, hosts="127.0.0.1 localhost\n192.0.2.1 mine.test\n"):
    """A namespace with a DNS server, and a CoAP server at each of these addresses, whose
    answer says which it is.  Gives the DNS server and what is seen of the network."""
    stack = ExitStack()
    with ExitStack() as made:
        made.enter_context(Namespace(*ADDRESSES))
        dns = made.enter_context(Dns(names, hosts=hosts))
        for host in servers:
            made.enter_context(Server(reply(payload=host), host=host, port=PORT))
        stack.dns, stack.capture = dns, made.enter_context(Capture())
        stack.push(made.pop_all())
    return stack


def run_coap(net, *arguments):
    return coap(*arguments, preexec=net.dns.preexec)


@test
def name_of_either_family():
    with network("192.0.2.1", "2001:db8::1") as net:
        got(run_coap(net, "get", "coap://v4.test/"), 0, "192.0.2.1")
        got(run_coap(net, "get", "coap://v6.test"), 0, "2001:db8::1")
        got(run_coap(net, "get", "coap://V6.Test./"), 0, "2001:db8::1")
        for asked in (("v4.test", A), ("v4.test", AAAA), ("v6.test", AAAA)):
            check(asked in net.dns.asked, f"{asked} was not asked for: {net.dns.asked}")


@test
def name_of_both_families_is_IPv6_first():
    with network("192.0.2.1", "2001:db8::1") as net:
        got(run_coap(net, "get", "coap://both.test/"), 0, "2001:db8::1")
        equal(net.capture.sent_to(PORT), ["2001:db8::1"], "whom it asked")


@test
def refused_at_the_first_address_the_second_is_tried():
    with network("192.0.2.1") as net:
        got(run_coap(net, "get", "coap://both.test/"), 0, "192.0.2.1")
        equal(net.capture.sent_to(PORT), ["2001:db8::1", "192.0.2.1"], "whom it asked")


@test
def families_take_turns():
    with network("192.0.2.2") as net:
        got(run_coap(net, "get", "coap://four.test/"), 0, "192.0.2.2")
        equal(net.capture.sent_to(PORT), ["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2"],
              "whom it asked")


@test
def addresses_that_no_way_leads_to_are_last():
    with network("192.0.2.1") as net:
        got(run_coap(net, "get", "coap://far.test/"), 0, "192.0.2.1")
        equal(net.capture.sent_to(PORT), ["192.0.2.1"], "whom it asked")
        got(run_coap(net, "get", "coap://nowhere.test/"), 1, "", r"^coap: .*nowhere\.test.*\n$")


@test
def refused_at_all_addresses():
    with network() as net:
        got(run_coap(net, "get", "coap://both.test/"), 1, "", r"^coap: .*both\.test.*\n$")
        equal(net.capture.sent_to(PORT), ["2001:db8::1", "192.0.2.1"], "whom it asked")


@test
def hosts_file_and_localhost_need_no_server():
    with network("192.0.2.1", "127.0.0.1") as net:
        got(run_coap(net, "get", "coap://mine.test/"), 0, "192.0.2.1")
        got(run_coap(net, "get", "coap://localhost/"), 0, "127.0.0.1")
        equal(net.capture.sent_to(PORT), ["192.0.2.1", "::1", "127.0.0.1"], "whom it asked")
        equal(net.dns.asked, [], "names that DNS was asked for")


@test
def Uri_Host_is_the_name_and_not_the_address():
    with Namespace(*ADDRESSES), Dns(NAMES) as dns, \
            Server(reply(), host="192.0.2.1", port=PORT) as s:
        got(coap("get", "coap://v4.test/", preexec=dns.preexec), 0, "")
        got(coap("get", "coap://192.0.2.1/", preexec=dns.preexec), 0, "")
        equal([m.all("Uri-Host") for m in s.received], [[b"v4.test"], []], "Uri-Host")


@test
def several_names_at_once():
    with network("192.0.2.1", "2001:db8::1") as net:
        r = got(run_coap(net, "get", "coap://v4.test/", "coap://v6.test/", "coap://nosuch.test/"),
                1, err=r"nosuch\.test")
        check(b"192.0.2.1" in r.out and b"2001:db8::1" in r.out, f"{r.out!r}")


# --- what a person reads

def says(net, uri, *patterns):
    """One line on standard error, with all of these in it, and nothing else happened."""
    r = got(run_coap(net, "get", uri), 1, "", r"^coap: [^\n]*\n$")
    for pattern in patterns:
        got(r, 1, err=pattern)
    equal(net.capture.sent_to(PORT), [], "whom it asked")


@test
def names_without_address():
    with network() as net:
        says(net, "coap://nosuch.test/", r"no host nosuch\.test", "spelled right")
        says(net, "coap://empty.test/", r"empty\.test has no address")
        says(net, "coap://fails.test/", r"fails\.test", "only that it failed", r"127\.0\.0\.1:53")
        says(net, "coap://linklocal.test/", "link-local", r"there are lo")


@test
def names_that_are_none():
    with network() as net:
        says(net, "coap://a..b/", r'"a\.\.b" is neither')
        says(net, f"coap://{'%61' * 255}/", r'"(%61)+%?6?"\.\.\. is neither')
        says(net, f"coap://{'a' * 64}.test/", r'"a{64}\.test" is neither')
        says(net, f"coap://[fe80::1%25{'a' * 100}]/", "no interface")


@test
def no_DNS_server_is_there():
    with network() as net:
        net.dns.sock.close()            # refuses from here on
        says(net, "coap://v4.test/", "no DNS server answers", r"\(asked 127\.0\.0\.1:53\)")


@test
def no_DNS_server_answers_in_time():
    with network(names={"slow.test": None}) as net:
        got(run_coap(net, "get", "--timeout", "0.2", "coap://slow.test/"), 1, "",
            r"^coap: [^\n]*slow\.test[^\n]*\n$")


# --- link-local

PAIR = ("ip link add one type veth peer name two",
        "ip addr add fe80::1/64 dev one nodad", "ip addr add fe80::2/64 dev two nodad",
        "ip link set one up", "ip link set two up")


@test
def link_local_address_by_interface():
    with Namespace(*PAIR), Server(reply(payload="here"), host="fe80::2%two") as s:
        wait_up("one", "two")
        for zone in ("%25one", "%one"):
            got(coap("get", f"coap://[fe80::2{zone}]:{s.port}/"), 0, "here")
        equal([m.all("Uri-Host") for m in s.received], [[], []], "Uri-Host")


@test
def link_local_address_without_an_interface_or_with_none_there_is():
    with Namespace(*PAIR):
        got(coap("get", "coap://[fe80::2]/"), 1, "", r"^coap: [^\n]*there are [^\n]*one[^\n]*\n$")
        got(coap("get", "coap://[fe80::2%25three]/"), 1, "",
            r'^coap: [^\n]*no interface "three"[^\n]*one[^\n]*\n$')


run()
