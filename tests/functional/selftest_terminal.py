"""The terminal shows what a program says, and the DNS server is the one that is asked."""
import shutil
import subprocess
import sys

from harness import *
from harness.dns import A, AAAA, SERVFAIL, Dns
from harness.process import end_group
from harness.pty import CTRL_C, CTRL_D, Terminal


def python(text):
    return [sys.executable, "-c", "import os, signal, sys\n" + text]


@test
def a_program_has_a_terminal_of_a_size():
    with Terminal(["stty", "size"], rows=12, columns=71) as t:
        equal(t.end(), 0, "exit status")
        equal(t.text, "12 71\n", "what it said")


@test
def a_window_changes_its_size():
    program = """
def told(*_):
    os.write(1, b"%d\\n" % os.get_terminal_size().columns)
    sys.exit(3)
signal.signal(signal.SIGWINCH, told)
os.write(1, b"ready\\n")
while True:
    signal.pause()
"""
    with Terminal(python(program)) as t:
        t.wait_text("ready")
        t.resize(30, 132)
        equal(t.end(), 3, "exit status")
        equal(t.text, "ready\n132\n", "what it said")


@test
def keys_come_to_the_program():
    with Terminal(["cat"]) as t:
        t.send("one\n")
        t.wait_text("one\none\n")
        t.send(CTRL_D)
        equal(t.end(), 0, "exit status")


@test
def Ctrl_C_interrupts():
    program = """
signal.signal(signal.SIGINT, lambda *_: sys.exit(3))
print("ready", flush=True)
signal.pause()
"""
    with Terminal(python(program)) as t:
        t.wait_text("ready")
        t.send(CTRL_C)
        equal(t.end(), 3, "exit status")


@test
def descriptors_are_apart_if_wanted():
    program = """
print([os.isatty(i) for i in range(3)], flush=True)
sys.stderr.write("remark\\n")
"""
    for on, text in (((0, 1, 2), ""), ((0, 1), "remark\n"), ((2,), ""), ((), "remark\n")):
        with Terminal(python(program), on=on) as t:
            equal(t.end(), 0, "exit status")
            said = f"{[i in on for i in range(3)]}\n"
            equal(t.out.decode() if 1 not in on else t.text.replace("remark\n", ""), said, "out")
            equal(t.err, text, "err")
            equal("remark" in t.text, 2 in on, "on the terminal")


@test
def a_line_that_is_written_again_and_again():
    program = r"""
sys.stdout.write("one\n10 %\r\x1b[1m100\x1b[0m\x1b[K\ntwo\b\bx\n\nlast\r\x1b[2A\x1b[2Knew")
"""
    with Terminal(python(program)) as t:
        equal(t.end(), 0, "exit status")
        equal(t.screen(), ["one", "100", "new", "", "last"], "the screen")


@test
def names_come_from_the_server_of_the_test():
    if shutil.which("getent") is None:
        raise Skip("no getent (Debian package libc-bin)")
    names = {"both.test": ["127.0.0.2", "::1"], "v4.test": ["127.0.0.3"], "fails.test": SERVFAIL}
    with Namespace(), Dns(names, hosts="127.0.0.9 mine.test\n") as dns:
        for name, wanted in (("both.test", ["127.0.0.2", "::1"]), ("v4.test", ["127.0.0.3"]),
                             ("mine.test", ["127.0.0.9"]), ("fails.test", []),
                             ("nosuch.test", [])):
            equal(sorted(set(addresses(name, dns))), wanted, name)
        for asked in (("both.test", A), ("both.test", AAAA), ("nosuch.test", A)):
            check(asked in dns.asked, f"{asked} was not asked for")
        check(all(name != "mine.test" for name, _ in dns.asked), "mine.test was asked for")


def addresses(name, dns):
    """What the C library resolves a name to, in a program that has this server."""
    p = subprocess.Popen(["getent", "ahosts", name], stdout=subprocess.PIPE, text=True,
                         start_new_session=True, preexec_fn=dns.preexec)
    try:
        out = p.communicate(timeout=TIMEOUT)[0]
    finally:
        end_group(p)
    return [line.split()[0] for line in out.splitlines()]


run()
