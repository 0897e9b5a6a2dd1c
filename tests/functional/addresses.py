"""IPv6 and IPv4, several addresses, dead peers."""
from harness import *

SITE = """
workers: 1
listen: [ "coap://[::]:0" ]
resources:
  /hello: {module: hello}
  /slow: {module: separate, delay: 200ms}
transmission: { ack-delay: 10ms }
"""


def from_where_it_was_asked(d, hosts):
    """Peers refuse answers from another address than the one they asked."""
    for host in hosts:
        with d.peer(host) as p:
            for mtype in (CON, NON):
                equal(p.get("/hello", mtype=mtype).code, code("2.05"), f"answer from {host}")
                equal(p.get("/slow", mtype=mtype).code, code("2.05"), f"answer from {host}")
            p.ping()


@test
def E18_answers_leave_from_the_address_asked():
    from_where_it_was_asked(shared(SITE), ("::1", "127.0.0.1", "127.0.0.2", "127.1.2.3"))


@test
def E18_one_peer_asks_two_addresses():
    d = shared(SITE)
    with d.peer("127.0.0.1", bind="127.0.0.1") as p:
        for host in ("127.0.0.1", "127.0.0.2", "127.0.0.1"):
            p.remote = d.address(host)
            p.send(p.request("GET", "/hello", mid=0x1801, token=host.encode()[:8]))
            p.expect(ACK, "2.05", mid=0x1801)


@test
def E18_in_a_namespace_with_several_addresses():
    with Namespace("ip link add one type veth peer name two", "ip addr add 192.0.2.1/24 dev one",
                   "ip addr add 192.0.2.2/24 dev one",
                   "ip addr add 2001:db8::1/64 dev one nodad",
                   "ip addr add 2001:db8::2/64 dev one nodad", "ip link set one up",
                   "ip link set two up"), \
            Daemon(SITE) as d:
        from_where_it_was_asked(d, ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"))


@test
def IPv4_alone():
    with Daemon(SITE.replace("[::]", "0.0.0.0")) as d:
        from_where_it_was_asked(d, ("127.0.0.1", "127.0.0.2"))


@test
def several_listeners():
    site = SITE.replace('"coap://[::]:0"', '"coap://[::1]:0", "coap://127.0.0.1:0"')
    with Daemon(site) as d:
        for host, port in d.listeners:
            with Peer(host, port) as p:
                equal(p.get("/hello").code, code("2.05"), f"answer from {host}")


@test
def E21_a_dead_peer_hurts_nobody_else():
    with Daemon(SITE) as d, d.peer("127.0.0.1") as p, d.peer("::1") as q:
        for host in ("127.0.0.1", "::1"):
            for _ in range(8):
                with d.peer(host) as dead:
                    request = dead.request("GET", "/slow")
                    dead.send(request)
                    dead.expect(ACK, EMPTY, mid=request.mid)
        while d.counters()["icmp"] < 2:
            for who in (p, q):          # each first transmission is answered
                equal(who.get("/hello").code, code("2.05"), "answer")
        equal(p.get("/slow").code, code("2.05"), "answer")


run()
