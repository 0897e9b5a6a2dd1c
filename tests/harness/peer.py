"""One endpoint: a UDP socket that talks to a daemon."""
import random
import socket
import time

from harness.check import Failure, TIMEOUT, check, equal
from harness.coap import (ACK, CON, NON, RST, TYPES, Message, code, code_text, option)


def _path_options(uri):
    """Uri-Path and Uri-Query options of "/a/b?q"; "/" has no path option."""
    path, _, query = uri.partition("?")
    segments = [] if path in ("", "/") else path[1:].split("/")
    return ([("Uri-Path", s) for s in segments] +
            [("Uri-Query", q) for q in query.split("&") if q])


def free_port(host="::1"):
    """A port that nobody has, nor is given by the kernel, which has a range of its own: so it
    is still free when somebody is told to listen there."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as f:
        first, last = map(int, f.read().split())
    ports = [n for n in range(10000, 60000) if not first <= n <= last] or range(10000, 60000)
    while True:
        port = random.choice(ports)
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
            try:
                s.bind((host, port))
            except OSError:
                continue
        return port


class Peer:
    """host and port are where the daemon listens; bind is our own address.

    The socket is not connected: each answer is checked to come from the very
    address that was asked, unless the test says any_source."""

    def __init__(self, host, port, bind=None, any_source=False):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.settimeout(TIMEOUT)
        self.socket.bind((bind or ("::" if family == socket.AF_INET6 else "0.0.0.0"), 0))
        self.remote = (host, port)
        self.any_source = any_source
        self.mid = random.randrange(0x10000)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def connect(self):
        """For who waits until the socket can be read: nothing but the daemon's comes there."""
        self.socket.connect(self.remote)
        return self

    def close(self):
        self.socket.close()

    def new_mid(self):
        self.mid = (self.mid + 1) & 0xffff
        return self.mid

    # --- sending

    def send(self, what):
        """A Message, bytes, or hexadecimal text with spaces; returns the bytes."""
        if isinstance(what, Message):
            what = what.encode()
        elif isinstance(what, str):
            what = bytes.fromhex(what)
        self.socket.sendto(what, self.remote)
        return what

    def request(self, method, uri, mtype=CON, token=None, options=(), payload=b"", mid=None):
        """Makes a request with a fresh message ID and token; does not send it."""
        if token is None:
            token = random.randbytes(4)
        return Message(mtype, method, self.new_mid() if mid is None else mid, token,
                       _path_options(uri) + list(options), payload)

    def ask(self, method, uri, **more):
        """Sends a request and returns what comes back for its token."""
        request = self.request(method, uri, **more)
        self.send(request)
        return self.answer(request)

    def get(self, uri, **more):
        return self.ask("GET", uri, **more)

    def answers(self, uri, expected="2.05"):
        """What a GET brings has that code."""
        equal(self.get(uri).code, code(expected), f"answer of {uri}")

    def post(self, uri, payload=b"", **more):
        return self.ask("POST", uri, payload=payload, **more)

    # --- receiving

    def receive(self, timeout=None):
        """The next message.  What comes from another port is for somebody who had ours before:
        tests run side by side."""
        end = time.monotonic() + (TIMEOUT if timeout is None else timeout)
        source = None, None
        while source[1] is None or (source[1] != self.remote[1] and not self.any_source):
            self.socket.settimeout(max(end - time.monotonic(), 0.001))
            try:
                data, source = self.socket.recvfrom(65536)
            except TimeoutError:
                raise Failure("no answer came") from None
        if not self.any_source:
            equal(source[:2], self.remote[:2], "the answer's source address")
        return Message.decode(data)

    def expect(self, mtype, mcode, mid=None, token=None, payload=None, options=None,
               without=()):
        """The next message is exactly this; None is whatever it may be.

        options: name -> value (None: absent), without: names that must be absent."""
        m = self.receive()
        where = f" in {m}"
        equal((TYPES[m.type], code_text(m.code)), (TYPES[mtype], code_text(code(mcode))),
              "type and code" + where)
        if mid is not None:
            equal(f"{m.mid:#06x}", f"{mid:#06x}", "message ID" + where)
        if token is not None:
            equal(m.token, token, "token" + where)
        if payload is not None:
            wanted = payload.encode() if isinstance(payload, str) else payload
            equal(m.payload, wanted, "payload" + where)
        for name, value in (options or {}).items():
            wanted = [] if value is None else [option(name, value)[1]]
            equal(m.all(name), wanted, name + where)
        for name in without:
            equal(m.all(name), [], name + where)
        return m

    def answer(self, request):
        """The response to a request we sent: piggybacked, or separate, which is
        acknowledged here."""
        m = self.receive()
        if m.type == ACK and m.code == 0:
            equal(m.mid, request.mid, "message ID of the empty acknowledgement")
            m = self.receive()
            check(m.type in (CON, NON), f"a separate response is CON or NON, not {m}")
        elif request.type == CON:
            check(m.type == ACK, f"a piggybacked response is an ACK, not {m}")
            equal(m.mid, request.mid, f"message ID of the response {m}")
        equal(m.token, request.token, f"token of {m}")
        if m.type == CON:
            self.acknowledge(m)
        return m

    def acknowledge(self, m):
        self.send(Message(ACK, 0, m.mid))

    def reset(self, m):
        self.send(Message(RST, 0, m.mid))

    def ping(self):
        """An empty CON now is answered by its reset and by nothing before that."""
        mid = self.new_mid()
        self.send(Message(CON, 0, mid))
        self.expect(RST, 0, mid=mid, token=b"", payload=b"")

    def silence(self):
        """Proves that nothing was sent to us: one socket's datagrams are worked
        on in order, so whatever was answered would be here before the ping is."""
        self.ping()
