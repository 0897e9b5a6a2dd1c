"""A server that answers as a test says, right or wrong: what real servers do
rarely, or must not do at all, is played here."""
import random
import selectors
import socket
import struct
import threading
import time

from harness.check import Failure, TIMEOUT
from harness.coap import (ACK, CON, EMPTY, NON, RST, Malformed, Message, uint)

GROUP4, GROUP6 = "224.0.1.187", "ff02::fd"
PORT = 5683


class Via:
    """What is sent from another socket of the server, or to somebody else."""

    def __init__(self, what, sock=None, to=None):
        self.what, self.sock, self.to = what, sock, to


class Server:
    """Listens, from the with block's beginning to its end, on a port that the
    kernel picks; whatever comes is kept in .received.

    answer(request) is called in a thread of the server's for each request that is
    no duplicate; it returns what to send: nothing, a Message, bytes, Via, or a
    sequence of these.  A duplicate gets the same again, a ping its Reset.  The
    request bears its source in .source, its arrival in .at."""

    def __init__(self, answer=None, host="::1", port=0, repeat=True):
        self.answer, self.repeat = answer or (lambda request: None), repeat
        self.host = host
        self.changed = threading.Condition()
        self.received, self.wrong, self.told = [], [], {}
        self.mid = random.randrange(0x10000)
        self.selector = selectors.DefaultSelector()
        self.sock = self.listen(host, port)
        self.port = self.sock.getsockname()[1]
        self.wake, self.woken = socket.socketpair()
        self.selector.register(self.woken, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self._run, daemon=True)

    def listen(self, host, port=0):
        """Another socket of the server's; its datagrams are answered from it."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.bind(socket.getaddrinfo(host, port, family, socket.SOCK_DGRAM)[0][4])
        self.selector.register(sock, selectors.EVENT_READ)
        return sock

    def join(self, group, interface):
        """The first socket, which is at "::", gets a group's datagrams too."""
        index = socket.if_nametoindex(interface)
        if ":" in group:
            self.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                                 socket.inet_pton(socket.AF_INET6, group) + struct.pack("@I", index))
        else:
            self.sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                                 socket.inet_aton(group) + bytes(4) + struct.pack("@i", index))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.wake.close()
        self.thread.join(TIMEOUT)
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()
        if kind is not None:
            for m in self.received[-20:]:
                print("# server received", m, flush=True)
        elif self.wrong:
            raise Failure(f"the server: {self.wrong[0]}")

    def uri(self, path="/"):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"coap://{host}:{self.port}{path}"

    # --- what comes

    def _run(self):
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.woken:
                    return
                try:
                    data, source = key.fileobj.recvfrom(65536)
                except OSError:         # what the network says of our own datagrams
                    continue
                try:
                    self._take(key.fileobj, data, source)
                except Malformed as why:
                    self._keep_wrong(f"{why}: {data.hex()}")
                except Exception as why:  # a mistake in the test's answer()
                    self._keep_wrong(repr(why))

    def _keep_wrong(self, text):
        with self.changed:
            self.wrong.append(text)
            self.changed.notify_all()

    def _take(self, sock, data, source):
        m = Message.decode(data)
        m.source, m.at = source, time.monotonic()
        again = source, m.mid
        m.duplicate = again in self.told and self.told[again][0] == data
        with self.changed:
            self.received.append(m)
            self.changed.notify_all()
        if m.type not in (CON, NON):
            return
        if m.type == CON and m.code == EMPTY:
            what = Message(RST, EMPTY, m.mid)
        elif m.duplicate and self.repeat:
            what = self.told[again][1]
        else:
            what = self.answer(m)
            if not isinstance(what, (list, tuple)):
                what = [] if what is None else [what]
            what = [w.encode() if isinstance(w, Message) else w for w in what]
        self.told[again] = data, what
        self.send(what, source, sock)

    # --- what goes

    def send(self, what, to, sock=None):
        """Sends it to an address, from the first socket unless told otherwise."""
        if isinstance(what, (list, tuple)):
            for one in what:
                self.send(one, to, sock)
        elif isinstance(what, Via):
            self.send(what.what, what.to or to, what.sock or sock)
        else:
            data = what.encode() if isinstance(what, Message) else what
            (sock or self.sock).sendto(data, to)

    def new_mid(self):
        self.mid = (self.mid + 1) & 0xffff
        return self.mid

    def notify(self, request, value, payload=b"", mcode="2.05", mtype=NON, options=()):
        """Sends a notification to who made the request; value None has no Observe."""
        observe = [] if value is None else [("Observe", value)]
        m = Message(mtype, mcode, self.new_mid(), request.token, observe + list(options), payload)
        self.send(m, request.source)
        return m

    # --- waiting for what comes

    def wait(self, truth, what):
        """The first received message that truth(message) holds for."""
        end = time.monotonic() + TIMEOUT
        with self.changed:
            while True:
                if self.wrong:
                    raise Failure(f"the server: {self.wrong[0]}")
                for m in self.received:
                    if truth(m):
                        return m
                left = end - time.monotonic()
                if left <= 0:
                    raise Failure(f"the server has not seen {what}")
                self.changed.wait(left)

    def request(self, nth=0, code=None):
        """The nth request that was no duplicate; waits for it."""
        def is_nth(m):
            of_them = [r for r in self.received if is_request(r, code) and not r.duplicate]
            return len(of_them) > nth and m is of_them[nth]
        return self.wait(is_nth, f"request {nth}")

    def requests(self):
        with self.changed:
            return [m for m in self.received if is_request(m) and not m.duplicate]

    def answered(self, m):
        """Waits for the ACK or RST of a message that the server sent."""
        return self.wait(lambda r: r.type in (ACK, RST) and r.mid == m.mid, f"an answer to {m}")


def is_request(m, code=None):
    return m.code == code if code is not None else 0 < m.code < 32


def path_of(m):
    return "/" + "/".join(v.decode() for v in m.all("Uri-Path"))


# --- answers --------------------------------------------------------------------

def message(request, mcode="2.05", payload=b"", options=()):
    """A piggybacked response; to a NON request a NON one."""
    if request.type == CON:
        return Message(ACK, mcode, request.mid, request.token, options, payload)
    return Message(NON, mcode, random.randrange(0x10000), request.token, options, payload)


def reply(mcode="2.05", payload=b"", options=()):
    return lambda request: message(request, mcode, payload, options)


def separately(request, mcode="2.05", payload=b"", options=(), mtype=CON, ack=True):
    """A response of its own; without ack it also stands for the lost one."""
    response = Message(mtype, mcode, random.randrange(0x10000), request.token, options, payload)
    return [Message(ACK, EMPTY, request.mid), response] if ack else [response]


def reset(request):
    return Message(RST, EMPTY, request.mid)


def silent(_request):
    return None


def in_turn(*answers):
    """One after the other; the last for all that come after it."""
    left = list(answers)
    return lambda request: (left.pop(0) if len(left) > 1 else left[0])(request)


def by_path(answers, otherwise=reply("4.04")):
    return lambda request: answers.get(path_of(request), otherwise)(request)


# --- bodies in blocks (RFC 7959) ------------------------------------------------

def block(value):
    """num, more, szx of an option's value."""
    return value >> 4, bool(value & 8), value & 7


def block_value(num, more, szx):
    return num << 4 | bool(more) << 3 | szx


class Body:
    """A representation in blocks; what a subclass does in part() is done wrong."""

    def __init__(self, data, szx=6, etag=b"\x01", size2=True, options=(), mcode="2.05"):
        self.data, self.szx, self.etag, self.size2 = data, szx, etag, size2
        self.options, self.code = list(options), mcode

    def part(self, num, szx):
        """Number, more, size exponent, bytes, ETag and Size2 of a block."""
        at, size = num << (szx + 4), 16 << szx
        more = at + size < len(self.data)
        return num, more, szx, self.data[at:at + size], self.etag, len(self.data)

    def __call__(self, request):
        asked = request.uint("Block2")
        num, _, szx = block(asked) if asked is not None else (0, 0, 6)
        num, szx = (num << szx >> self.szx, self.szx) if szx > self.szx else (num, szx)
        num, more, szx, payload, etag, size = self.part(num, szx)
        options = self.options + [("Block2", block_value(num, more, szx))]
        if etag:
            options.append(("ETag", etag))
        if self.size2:
            options.append(("Size2", size))
        return message(request, self.code, payload, options)


class Upload:
    """Takes a body in blocks no larger than szx; the whole of it is in .bodies.

    refuse: to a larger block the answer is 4.13 with the size that is good, not
    2.31 with it."""

    def __init__(self, szx=6, mcode="2.04", payload=b"", refuse=False):
        self.szx, self.code, self.payload, self.refuse = szx, mcode, payload, refuse
        self.data, self.bodies, self.sizes = bytearray(), [], []

    def __call__(self, request):
        value = request.uint("Block1")
        if value is None:
            self.bodies.append(request.payload)
            return message(request, self.code, self.payload)
        num, more, szx = block(value)
        at = num << (szx + 4)
        self.sizes.append(16 << szx)
        if self.refuse and szx > self.szx:
            return message(request, "4.13", options=[("Block1", block_value(0, more, self.szx))])
        if at == 0:
            self.data = bytearray()
        if at != len(self.data) or (more and len(request.payload) != 16 << szx):
            return message(request, "4.08")
        self.data += request.payload
        answer = block_value(num, more, min(szx, self.szx))
        if more:
            return message(request, "2.31", options=[("Block1", answer)])
        self.bodies.append(bytes(self.data))
        return message(request, self.code, self.payload, [("Block1", answer)])


def etag(number):
    """A tag that is never empty."""
    return uint(number) or b"\0"
