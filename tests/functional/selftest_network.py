"""The network of a test loses what it is to lose, and shows what it carried."""
import socket

from harness import *
from harness.netns import Capture, Loss


def socket_at(host):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind((host, 0))
    return s


def arrived(sock):
    numbers = []
    while True:
        try:
            numbers.append(sock.recv(10, socket.MSG_DONTWAIT)[0])
        except BlockingIOError:
            return numbers


@test
def the_same_datagrams_are_lost_whenever_they_are_sent():
    with Namespace():
        for _ in range(2):
            with socket_at("::1") as a, socket_at("::1") as b:
                loss = Loss(a.getsockname()[1])
                for i in range(30):
                    b.sendto(bytes([i]), a.getsockname())
                    if i < 20:
                        a.sendto(bytes([i]), b.getsockname())
                equal(set(range(30)) - set(arrived(a)), {3, 13, 23}, "lost on the way there")
                equal(set(range(20)) - set(arrived(b)), {5, 15}, "lost on the way back")
                equal(loss.lost(), (3, 2), "what it says it lost")


@test
def other_ports_lose_nothing():
    with Namespace(), socket_at("::1") as a, socket_at("::1") as b:
        Loss(a.getsockname()[1])
        for i in range(30):
            b.sendto(bytes([i]), b.getsockname())
        equal(arrived(b), list(range(30)), "what arrived")


@test
def each_datagram_is_seen_once_and_as_it_is():
    with Namespace(), Capture() as capture, socket_at("::1") as a, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as b:
        port = a.getsockname()[1]
        b.bind(("127.0.0.2", 0))
        a.sendto(b"six", a.getsockname())
        b.sendto(b"four", ("127.0.0.1", port))
        a.sendto(b"again", a.getsockname())
        equal(capture.seen(), [("::1", port, "::1", port, b"six"),
                               ("127.0.0.2", b.getsockname()[1], "127.0.0.1", port, b"four"),
                               ("::1", port, "::1", port, b"again")], "what was seen")
        equal(capture.sent_to(port), ["::1", "127.0.0.1"], "whom it was sent to")


run()
