"""A way to a daemon: whoever comes through it is one endpoint for coapd, whichever program
it is by now, and each datagram is seen, and lost if the test wants that."""
import selectors
import socket
import threading
import time

from harness.check import Failure, TIMEOUT
from harness.coap import Malformed, Message

UP, DOWN = "up", "down"                         # to the daemon, and from it


class Way:
    """Open for as long as the with block lasts.  seen has pairs of a direction and a Message,
    in their order; lose(DIRECTION, MESSAGE), if set, says whether one does not arrive, and
    meets(DIRECTION, MESSAGE) is called before one is passed on."""

    def __init__(self, d):
        self.daemon = d.address()
        self.front, self.back = (socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
                                 for _ in range(2))
        for s in (self.front, self.back):
            s.bind(("::1", 0))
        self.over, self.tell_over = socket.socketpair()
        self.port = self.front.getsockname()[1]
        self.client = None
        self.seen, self.lost = [], []
        self.lose = self.meets = lambda way, m: False
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self._carry, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.tell_over.close()
        self.thread.join(TIMEOUT)
        for s in (self.front, self.back, self.over):
            s.close()

    def uri(self, path=""):
        return f"coap://[::1]:{self.port}{path}"

    def _carry(self):
        with selectors.DefaultSelector() as selector:
            for s in (self.front, self.back, self.over):
                selector.register(s, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select()]
                if self.over in ready:
                    return
                for s in ready:
                    self._pass_on(s, UP if s is self.front else DOWN)

    def _pass_on(self, s, way):
        try:
            data, source = s.recvfrom(65536)
            m = _message(data)
            self.meets(way, m)
            if self.lose(way, m):
                self._note(self.lost, way, m)
                return
            self._note(self.seen, way, m)
            if way == UP:
                self.client = source
                self.back.sendto(data, self.daemon)
            elif self.client:
                self.front.sendto(data, self.client)
        except OSError:                         # whoever it is for is gone
            pass

    def _note(self, where, way, m):
        with self.changed:
            where.append((way, m))
            self.changed.notify_all()

    def all(self, way, truth=lambda m: True, since=0):
        """Those that came in this direction, of which this is true."""
        with self.changed:
            return [m for w, m in self.seen[since:] if w == way and truth(m)]

    def mark(self):
        """A place in what was seen, for since=."""
        with self.changed:
            return len(self.seen)

    def wait(self, way, truth, what, where=None, since=0):
        """Waits for one, and returns it; where: seen unless it is said."""
        where = self.seen if where is None else where
        end = time.monotonic() + TIMEOUT
        with self.changed:
            while True:
                found = [m for w, m in where[since:] if w == way and truth(m)]
                if found:
                    return found[0]
                left = end - time.monotonic()
                if left <= 0:
                    raise Failure(f"not seen: {what}")
                self.changed.wait(left)

    def wait_lost(self, way, truth, what):
        return self.wait(way, truth, what, self.lost)


def _message(data):
    """Those who are not coapd may write as they like: of what is not read here, the head."""
    try:
        return Message.decode(data)
    except Malformed:
        n = min(data[0] & 15, 8)
        m = Message(data[0] >> 4 & 3, data[1], data[2] << 8 | data[3], data[4:4 + n])
        m.raw = data
        return m
