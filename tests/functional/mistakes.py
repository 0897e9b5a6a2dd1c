"""Whatever goes wrong is one line with what happened and what to try, the right exit
status, and no part of a file under its name."""
import fcntl
import os
import random
import re
import resource
import signal
import struct
import tempfile
import termios
import time

from harness import *
from harness.check import TIMEOUT
from harness.client import CLIENT, Client, coap, got
from harness.process import output
from harness.coap import ACK, EMPTY, Message
from harness.server import (Body, Server, block, block_value, in_turn, message, reply, reset,
                            separately, silent)


def wrong(status, pattern, *line, **more):
    """This line ends so, with one line to standard error and nothing to standard output."""
    r = got(coap(*line, **more), status, "", "^coap: .*" + pattern)
    equal(len(r.err.splitlines()), 1, f"lines to standard error ({r.err!r})")
    return r


def closed(*fds):
    return lambda: [os.close(fd) for fd in fds]


# --- the command line

@test
def command_lines_that_are_wrong():
    for pattern, *line in (
            ("a URI is missing", "get"),
            ("did you mean --accept", "coap://h/", "--acept", "1"),
            ("did you mean observe", "obsreve", "coap://h/"),
            ("goes with observe, ping", "coap://h/", "--count", "1"),
            ("--accept lacks", "coap://h/", "--accept"),
            ("did you mean application/json", "coap://h/", "--accept", "application/jsn"),
            ("no size of a block", "coap://h/", "--block-size", "100"),
            ("did you mean Uri-Host", "coap://h/", "--option", "Uri-Hst=x"),
            ("no secure transports yet", "coap://h/", "--credentials", "file"),
            ("diagnostic notation", "post", "coap://h/", "-d", "{1:", "--content-format", "cbor"),
            ("did you mean coap://h/a", "h/a")):
        wrong(2, pattern, *line)


@test
def what_was_typed_commands_no_terminal():
    wrong(2, r"--no\?option is no", "coap://h/", "--no\033option")
    wrong(2, r'-X: "\?\[2J\?"', "coap://h/", "-X", "\033[2J\n")
    wrong(1, r"cannot read a\?b", "put", "coap://h/", "-T", "a\033b")


@test
def a_wrong_uri_is_marked():
    for uri, at in (("coap://host:1x/", 13), ("coap://h/a b", 10), ("coap://[::1/", 7)):
        r = got(coap(uri), 2, "", "^coap: URI: ")
        lines = r.err.splitlines()
        equal(lines[1], "  " + uri, "the URI")
        equal(lines[2], "  " + " " * at + "^", "the mark")


@test
def nothing_is_sent_if_a_part_of_the_line_is_wrong():
    with Server(reply()) as server:
        got(coap(server.uri(), "coap://"), 2, "")
        wrong(1, "cannot write", server.uri(), "-o", "/nonexistent/file")
        wrong(1, "cannot read", "put", server.uri(), "-T", "/nonexistent/file")
        wrong(1, "coaps is not built yet", server.uri(), "coaps://h/")
        equal(server.received, [], "nothing came")


# --- files and descriptors

@test
def bodies_that_cannot_be_read():
    with Server(reply()) as server:
        wrong(1, "cannot read /: it is a directory", "put", server.uri(), "-T", "/")
        wrong(1, "standard input is closed", "put", server.uri(), "-T", "-", preexec=closed(0))
        wrong(1, "standard input is closed", "put", server.uri(), "-d", "@-", preexec=closed(0))
        equal(server.received, [], "nothing came")


@test
def output_that_nobody_takes():
    with Server(reply(payload=b"hi")) as server:
        def full():
            os.dup2(os.open("/dev/full", os.O_WRONLY), 1)

        def pipe():
            ours, theirs = os.pipe()
            os.close(ours)
            os.dup2(theirs, 1)
        wrong(1, "standard output: No space left on device$", server.uri(), preexec=full)
        wrong(1, "standard output: Broken pipe$", server.uri(), preexec=pipe)
        wrong(1, "standard output: it is closed$", server.uri(), preexec=closed(1))
        wrong(1, "standard output: No space left on device$", "--help", preexec=full)
        got(coap(server.uri(), preexec=closed(0, 2)), 0, "hi")
        for line in (("ping", server.uri()), ("bench", server.uri(), "--count", "2"),
                     ("observe", server.uri()), (server.uri(), server.uri(), server.uri())):
            c = coap(*line, preexec=closed(1))
            got(c, 1, "", r"^coap: cannot write to standard output: it is closed\n")
            equal(c.err.count("closed"), 1, "how often it is said")


@test
def who_has_read_enough_ends_it():
    """As head(1) does; whoever goes on would do so for ever."""
    def answer(request):
        if request.uint("Observe") == 0:
            return [message(request, "2.05", b"0\n", [("Observe", 1)])]
        return message(request)
    with Server(answer) as server:
        for line in (("observe", server.uri("/[1-3]")), ("observe", server.uri("/[1-3]"), "--json"),
                     ("ping", server.uri(), "--interval", "0.01"),
                     ("ping", server.uri(), "--interval", "0.01", "--json")):
            ours, theirs = os.pipe()
            before = len(server.requests())
            with Client(*line, preexec=lambda: os.dup2(theirs, 1)) as c:
                os.close(theirs)
                os.read(ours, 1)
                os.close(ours)
                if line[0] == "observe":
                    for value in range(2, 5):
                        server.notify(server.request(before), value, b"more\n")
                equal(c.end(), 1, "exit status")
            equal(re.findall("coap: (.*)", c.err)[-1], "cannot write to standard output: Broken pipe",
                  "what is said")
            equal(c.err.count("cannot write"), 1, "how often")


@test
def a_full_disk_leaves_the_old_file():
    with tempfile.TemporaryDirectory() as d, Server(Body(b"x" * 300000)) as server:
        name = os.path.join(d, "file")
        with open(name, "w", encoding="ascii") as f:
            f.write("old")
        wrong(1, r"File too large", server.uri(), "-o", name, preexec=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (200000, 200000)))
        equal(open(name, encoding="ascii").read(), "old", "the file")
        equal(os.listdir(d), ["file"], "no other files")


ON_A_SMALL_DISK = """mount -t tmpfs -o size=128k tmpfs $DISK || exit 77
echo old >$DISK/file
TMPDIR=$DISK $COAP $URI -o $DISK/file; echo $?
TMPDIR=$DISK $COAP $URI >/dev/null; echo $?
TMPDIR=$DISK $COAP $URI >$DISK/to; echo $?; rm $DISK/to
ls -A $DISK; cat $DISK/file"""


@test
def a_disk_that_is_full():
    with tempfile.TemporaryDirectory() as d, Server(Body(b"x" * 1200000, szx=6)) as server:
        status, out, err = output(["unshare", "-m", "sh", "-c", ON_A_SMALL_DISK], DISK=d, COAP=CLIENT,
                                  URI=server.uri())
        if "unshare" in err or status == 77:
            raise Skip(f"no disk of our own: {err.strip()}")
        equal(out, "1\n1\n1\nfile\nold\n", "exit statuses and files")
        lines = err.splitlines()
        equal(len(lines), 3, f"lines of errors: {err}")
        check(all("No space left on device" in line for line in lines), err)


# --- the network

@test
def nobody_is_there():
    wrong(1, r"nobody listens at \[::1\]:1 \(ICMP", "coap://[::1]:1/")
    wrong(1, r"nobody listens at 127\.0\.0\.1:1 \(ICMP", "coap://127.0.0.1:1/")
    wrong(1, "link-local", "coap://[fe80::1]/")
    wrong(1, 'no interface "nope"', "coap://[fe80::1%nope]/")
    wrong(2, "the address of a group", "coap://224.0.1.187/")


@test
def a_server_that_is_silent_or_refuses():
    with Server(silent) as server:
        wrong(1, r"no answer from \[::1\]:\d+ within 0\.2 s", server.uri(), "--timeout", "0.2")
    with Server(reset) as server:
        wrong(1, "rejected the message \\(Reset\\)", server.uri())
    with Server(lambda r: Message(ACK, EMPTY, r.mid)) as server:
        wrong(1, "no answer", server.uri(), "--timeout", "0.2")


class Changing(Body):
    """Its representation changes with every block for the first so many blocks."""

    def __init__(self, data, times):
        super().__init__(data)
        self.times = times

    def part(self, num, szx):
        num, more, szx, data, etag, size = super().part(num, szx)
        if num and self.times:
            self.times -= 1
            etag = b"other"
        return num, more, szx, data, etag, size


@test
def E52_a_representation_that_changes_midway():
    data = os.urandom(10000)
    with tempfile.TemporaryDirectory() as d:
        name = os.path.join(d, "file")
        with Server(Changing(data, 3)) as server:
            got(coap(server.uri()), 0, data, "")
        with Server(Changing(data, 1000)) as server:
            wrong(1, "kept changing while it was fetched", server.uri(), "-o", name)
        equal(os.listdir(d), [], "no file")


class Twisted(Body):
    """What part() gives is changed by a function."""

    def __init__(self, data, twist):
        super().__init__(data)
        self.twist = twist

    def part(self, num, szx):
        return self.twist(*super().part(num, szx))


@test
def a_body_that_never_ends():
    def answer(request):
        num, _, szx = block(request.uint("Block2") or 6)
        return message(request, "2.05", b"x" * (16 << szx), [("Block2", block_value(num, True, szx))])
    with tempfile.TemporaryDirectory() as d:
        name = os.path.join(d, "file")
        with Server(answer) as server:
            wrong(1, r"the answer of \S+ was not whole within 4 s; --timeout can be longer$",
                  server.uri(), "-o", name, "--timeout", "4")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with Server(answer) as server, Client(server.uri(), "-o", name) as c:
                server.request(10)
                c.signal(number)
                equal(c.end(), 3, "exit status")
        equal(os.listdir(d), [], "files left")


@test
def a_server_that_never_has_enough():
    def shrinking(request):
        szx = block(request.uint("Block1"))[2]
        return message(request, "4.13", b"", [("Block1", block_value(0, True, max(szx - 1, 0)))])
    body = "x" * 5000
    for answer, pattern, most in (
            (reply("2.31"), "not to be understood", 5),
            (lambda r: message(r, "2.31", b"", [("Block1", block_value(0, True, 6))]),
             "not to be understood", 2),
            (shrinking, r"4\.13", 7),
            (lambda r: message(r, "4.01", b"", [("Echo", os.urandom(8))]), r"4\.01", 2)):
        with Server(answer) as server:
            wrong(1, pattern, "put", server.uri(), "-d", body)
            equal(len(server.requests()), most, "requests")


@test
def blocks_that_do_not_fit_together():
    data = bytes(5000)
    with tempfile.TemporaryDirectory() as d:
        name = os.path.join(d, "file")
        for twist in (lambda num, more, szx, p, e, n: (num + (num == 2), more, szx, p, e, n),
                      lambda num, more, szx, p, e, n: (num, more, szx, p[:-1] if more else p, e, n),
                      lambda num, more, szx, p, e, n: (num, True, szx, p, e, n)):
            with Server(Twisted(data, twist)) as server:
                wrong(1, "is not to be understood", server.uri(), "-o", name)
        equal(os.listdir(d), [], "no file")


@test
def an_error_in_the_midst_of_a_body():
    data = bytes(5000)
    with Server(in_turn(Body(data), Body(data), reply("5.00", b"lost it"))) as server:
        wrong(1, '5\\.00 Internal Server Error: "lost it"', server.uri())


@test
def mutated_answers_neither_crash_nor_hang_it():
    random.seed(7252)
    good = Body(bytes(range(256)) * 20, options=[("Content-Format", 50), ("Max-Age", 5)])

    def mutate(data):
        data = bytearray(data)
        for _ in range(random.choice((1, 1, 2, 5))):
            how, at = random.randrange(4), random.randrange(len(data))
            if how == 0:
                data[at] ^= 1 << random.randrange(8)
            elif how == 1:
                del data[random.randrange(len(data)):]
            elif how == 2:
                data[at:at] = random.randbytes(random.choice((1, 2, 20)))
            else:
                data[at] = random.choice((0, 0xff, 0x0f, 0xf0))
            if not data:
                return b"\x60"
        return bytes(data)

    def answer(request):
        whole = (good(request) if random.random() < .7 else
                 separately(request, payload=b"{}", ack=False)[0]).encode()
        return [mutate(whole) if random.random() < .4 else whole, mutate(whole)]

    with Server(answer) as server:
        for i in range(24):
            more = (("-v",), ("--json",), ("--pretty-print",))[i % 3]
            r = coap(*[server.uri(f"/{n}") for n in range(40)], "--timeout", "0.3", *more)
            check(r.status in (0, 1), f"exit status {r.status}")
        server.wrong.clear()


# --- interrupts

@test
def an_interrupt_ends_it_and_gives_out_what_was_whole():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with tempfile.TemporaryDirectory() as d, \
                Server(lambda r: reply(payload=b"one")(r) if r.all("Uri-Path") == [b"1"] else None) as server:
            name = os.path.join(d, "file")
            with Client(server.uri("/1"), server.uri("/2"), server.uri("/3"),
                        "-o", os.path.join(d, "one"), "-o", name) as c:
                server.request(1)
                c.signal(number)
                equal(c.end(), 3, "exit status")
                equal(c.err, "coap: interrupted\n", "standard error")
            equal(os.listdir(d), ["one"], "files")


@test
def an_interrupt_while_nobody_reads():
    with Server(Body(b"x" * 300000)) as server:
        ours, theirs = os.pipe()
        with Client(server.uri(), preexec=lambda: os.dup2(theirs, 1)) as c:
            end = time.monotonic() + TIMEOUT
            while unread(ours) < 65536 and time.monotonic() < end:
                os.sched_yield()
            c.signal(signal.SIGINT)
            equal(c.end(), 3, "exit status")
            equal(c.err, "coap: interrupted\n", "standard error")
        os.close(theirs)
        os.close(ours)


@test
def an_interrupt_while_nobody_opens_the_pipe():
    with tempfile.TemporaryDirectory() as d, Server(reply(payload=b"x")) as server:
        name = os.path.join(d, "pipe")
        os.mkfifo(name)
        with Client(server.uri(), "-o", name) as c:
            server.request()
            c.signal(signal.SIGINT)
            equal(c.end(), 3, "exit status")
            equal(c.err, "coap: interrupted\n", "standard error")


def unread(fd):
    return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0\0\0\0"))[0]


@test
def an_interrupt_while_the_body_is_typed():
    with Server(reply()) as server:
        ours, theirs = os.pipe()
        with Client("put", server.uri(), "-T", "-", preexec=lambda: os.dup2(ours, 0)) as c:
            os.write(theirs, b"half a b")
            end = time.monotonic() + TIMEOUT
            while unread(ours) and time.monotonic() < end:
                os.sched_yield()
            c.signal(signal.SIGINT)
            equal(c.end(), 3, "exit status")
            equal(c.err, "coap: interrupted while reading standard input\n", "standard error")
        os.close(theirs)
        os.close(ours)
        equal(server.received, [], "nothing came")


run()
