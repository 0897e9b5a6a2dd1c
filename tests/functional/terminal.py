"""What the client does for a terminal, and only for one."""
import os
import re
import tempfile

from harness import *
from harness.client import CLIENT, coap, got
from harness.pty import CTRL_C, Terminal
from harness.server import Body, Server, by_path, message, reply, silent

JSON = [("Content-Format", 50)]
LINKS = [("Content-Format", 40)]


def shown(*line, on=(0, 1, 2), status=0, env=None):
    with Terminal([CLIENT, *line], on=on, env=env) as t:
        equal(t.end(), status, "exit status")
        return t


# --- the payload

@test
def a_payload_gets_the_end_of_its_line():
    with Server(by_path({"/a": reply(payload=b"text"), "/b": reply(payload=b"text\n"),
                         "/c": reply()})) as server:
        equal(shown(server.uri("/a")).text, "text\n", "without an end")
        equal(shown(server.uri("/b")).text, "text\n", "with one")
        equal(shown(server.uri("/c")).text, "", "without anything")
        got(coap(server.uri("/a")), 0, "text")


@test
def json_and_links_are_arranged():
    with Server(by_path({"/j": reply(payload=b'{"a":[1,2]}', options=JSON),
                         "/l": reply(payload=b"</a>;rt=x,</b>", options=LINKS),
                         "/no": reply(payload=b'{"a":', options=JSON)})) as server:
        j = shown(server.uri("/j"))
        equal(j.screen(), ["{", '  "a": [', "    1,", "    2", "  ]", "}", ""], "JSON")
        check("\x1b[36m" in j.text, "in colours")
        equal(shown(server.uri("/l"), "--no-color").text, "</a>;rt=x,\n</b>\n", "links")
        equal(shown(server.uri("/j"), "--no-pretty-print").text, '{"a":[1,2]}\n', "as it came")
        equal(shown(server.uri("/no")).text, '{"a":\n', "JSON that is none")
        got(coap(server.uri("/j")), 0, '{"a":[1,2]}')
        got(coap(server.uri("/j"), "--pretty-print"), 0, '{\n  "a": [\n    1,\n    2\n  ]\n}\n')


# --- colours

@test
def colours_are_for_who_wants_them():
    with Server(reply(payload=b"hi")) as server:
        line = server.uri(), "-v"
        check("\x1b[" in shown(*line).text, "a terminal")
        check("\x1b[" not in shown(*line, env={"NO_COLOR": "1"}).text, "NO_COLOR")
        check("\x1b[" in shown(*line, env={"NO_COLOR": ""}).text, "an empty NO_COLOR")
        check("\x1b[" in shown(*line, "--color", env={"NO_COLOR": "1"}).text, "--color")
        check("\x1b[" not in shown(*line, "--no-color").text, "--no-color")
        check("\x1b[" not in coap(*line).err, "a pipe")
        check("\x1b[" in coap(*line, "--color").err, "--color to a pipe")


@test
def colours_change_nothing_else():
    with Server(reply(payload=b"hi")) as server:
        plain = coap(server.uri("/a"), "-v", "--token", "01").err
        colored = coap(server.uri("/a"), "-v", "--token", "01", "--color").err
        without = re.sub(r"\x1b\[[0-9;]*m", "", colored)
        same = [re.sub(r"^ +\d+\.\d+|mid=\d+", "", text, flags=re.M) for text in (plain, without)]
        equal(same[1], same[0], "the text")


# --- progress

class Endless(Body):
    """A body that ends when it is told to."""

    def __init__(self):
        super().__init__(b"", size2=False)
        self.stop = False

    def part(self, num, szx):
        return num, not self.stop, szx, b"x" * (16 << szx), b"\1", 0


def progress(*line, on, pattern):
    body = Endless()
    with Server(body) as server, \
            Terminal([CLIENT, server.uri("/a"), "--block-size", "16", *line], on=on) as t:
        t.wait_screen(pattern)
        body.stop = True
        equal(t.end(), 0, "exit status")
        return t


@test
def how_far_a_body_is_shows_and_is_wiped():
    with tempfile.TemporaryDirectory() as d:
        name = os.path.join(d, "file")
        t = progress("-o", name, on=(0, 1, 2), pattern=r"^\d[\d.]* [KM]?i?B, \d[\d.]* [KM]?i?B/s$")
        equal(t.screen(), [""], "the screen in the end")
        check(set(open(name, "rb").read()) == {ord("x")}, "the file")
    t = progress(on=(2,), pattern="B/s$")
    equal(t.screen(), [""], "the screen in the end")
    check(t.out and set(t.out) == {ord("x")}, "the payload, elsewhere")


@test
def a_known_length_is_told():
    body = Endless()

    def answer(request):
        m = body(request)
        return message(request, "2.05", m.payload, m.options + [("Size2", 64 << 20)])

    with Server(answer) as server, Terminal(
            [CLIENT, server.uri(), "-o", os.devnull, "--block-size", "16"]) as t:
        t.wait_screen(r"B of 64 MiB, \d+ %, \d")
        t.send(CTRL_C)
        equal(t.end(), 3, "exit status")
        equal(t.screen(), ["coap: interrupted", ""], "the screen in the end")


@test
def no_progress_where_nobody_sees_it():
    with Server(Body(b"x" * 20000)) as server:
        got(coap(server.uri(), "--block-size", "16"), 0, b"x" * 20000, "")


# --- keys

@test
def Ctrl_C_ends_it():
    with Server(silent) as server, Terminal([CLIENT, server.uri()]) as t:
        server.request()
        t.send(CTRL_C)
        equal(t.end(), 3, "exit status")
        equal(t.screen(), ["^Ccoap: interrupted", ""], "the screen")


@test
def Ctrl_D_ends_a_typed_body():
    with Server(reply("2.04")) as server, Terminal([CLIENT, "put", server.uri(), "-T", "-"]) as t:
        t.send("typed\n\x04")
        equal(t.end(), 0, "exit status")
        equal(server.request().payload, b"typed\n", "the payload")


# --- help

@test
def help_fits_the_screen():
    for verb in ("", "get", "post", "put", "delete", "fetch", "patch", "ipatch", "observe",
                 "discover", "ping", "bench"):
        t = shown(*([verb] if verb else []), "--help")
        check(len(t.screen()) <= 24, f"{verb}: {len(t.screen())} lines")
        check(all(len(line) <= 80 for line in t.screen()), f"{verb}: a line is too long")


run()
