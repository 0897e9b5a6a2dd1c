"""The harness sees what it is there to see: played daemons that misbehave."""
import os
import socket

from harness import *

SITE = "resources: {}"
BEGIN = """#!/usr/bin/env python3
import os, signal, socket, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
def say(text):
    print(text, file=sys.stderr, flush=True)
"""
READY = """
say("coapd[1] supervisor: notice: ready: 1 workers")
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
    s.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
"""
WAIT = "signal.sigwait([signal.SIGTERM])\n"


def played(behaviour, **more):
    """A daemon whose program is a script."""
    d = Daemon(SITE, **more)
    d.program = os.path.join(d.directory, "played")
    with open(d.program, "w", encoding="ascii") as f:
        f.write(BEGIN + behaviour)
    os.chmod(d.program, 0o755)
    return d


def seen(behaviour, word):
    """The harness fails, and says why."""
    try:
        with played(behaviour):
            pass
    except Failure as why:
        check(word in str(why), f"another failure: {why}")
        return
    raise Failure("the harness has not seen it")


@test
def good_one_passes():
    with played(READY + WAIT):
        pass


@test
def wrong_exit_status():
    seen(READY + WAIT + "sys.exit(3)", "exit status")


@test
def process_left_over():
    seen(READY + "os.fork() or signal.pause()\n" + WAIT, "left over")


@test
def sanitizer_report():
    seen(READY + WAIT + "say('x.c:1:2: runtime error: division by zero')", "runtime error")


@test
def end_before_READY():
    seen("sys.exit(1)", "ended before READY")


def fake_answer(*datagrams, **expected):
    """What a peer makes of these answers."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.bind(("::1", 0))
        with Peer("::1", s.getsockname()[1]) as p:
            p.send("40 00 00 01")
            there = s.recvfrom(10)[1]
            for data in datagrams:
                s.sendto(bytes.fromhex(data), there)
            p.expect(**expected)


def refused(*datagrams, **expected):
    try:
        fake_answer(*datagrams, **expected)
    except (Failure, Malformed):
        return
    raise Failure("taken")


@test
def expectations():
    good = dict(mtype=ACK, mcode="2.05", mid=0x1234, token=b"\xaa", payload="A",
                options={"Content-Format": 0}, without=("Observe",))
    answer = "61 45 12 34 aa c0 ff 41"
    fake_answer(answer, **good)
    for name, other in (("mtype", NON), ("mcode", "2.04"), ("mid", 1), ("token", b""),
                        ("payload", "B"), ("options", {"Content-Format": 40}),
                        ("options", {"Content-Format": None}), ("without", ("Content-Format",))):
        refused(answer, **dict(good, **{name: other}))


@test
def bad_answers():
    for data in ("", "60 45 12", "20 45 12 34", "60 45 12 34 ff", "6f 45 12 34", "61 45 12 34",
                 "60 45 12 34 c1 00", "60 45 12 34 f0", "60 00 12 34 aa"):
        refused(data, mtype=ACK, mcode="2.05" if "45" in data else "0.00")


@test
def silence_is_broken_by_anything():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.bind(("::1", 0))
        with Peer("::1", s.getsockname()[1]) as p:
            p.send("50 01 00 01")
            there = s.recvfrom(10)[1]
            s.sendto(bytes.fromhex("50 45 00 02"), there)
            try:
                p.silence()
            except Failure:
                return
            raise Failure("not seen")


run()
