"""A program in a terminal of its own: what it shows there, and keys to it."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time

from harness.check import Failure, TIMEOUT, check
from harness.client import client_environment
from harness.daemon import REPORT
from harness.process import end_group, wait_end

CTRL_C, CTRL_D = b"\x03", b"\x04"
# What a program may say to the terminal besides text: move the cursor, erase, colour.
ESCAPE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")


def _terminal(rows, columns):
    """Both ends of a new one: ours, and the program's."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))
    return ours, theirs


class Terminal:
    """The command runs in the terminal from the beginning of a with block on; at its end it
    has ended, by a SIGKILL if it must.

    on: which of its descriptors are the terminal.  Of the others 0 is empty, and 1 and 2
    are kept apart, as .out, bytes, and .err, text.  What came to the terminal is .text."""

    def __init__(self, command, rows=24, columns=80, on=(0, 1, 2), env=None, cwd=None):
        self.command, self.columns = [str(a) for a in command], columns
        self.got = {"terminal": b"", "out": b"", "err": b""}
        self.changed = threading.Condition()
        self.master, slave = _terminal(rows, columns)
        ends = [slave if 0 in on else subprocess.DEVNULL,
                slave if 1 in on else subprocess.PIPE, slave if 2 in on else subprocess.PIPE]
        # The session that the program leads has this as its terminal: Ctrl-C goes to it.
        self.process = subprocess.Popen(
            self.command, stdin=ends[0], stdout=ends[1], stderr=ends[2], cwd=cwd,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),
            env=client_environment(TERM="xterm-256color", **(env or {})))
        os.close(slave)
        sources = {"terminal": self.master}
        if 1 not in on:
            sources["out"] = self.process.stdout.fileno()
        if 2 not in on:
            sources["err"] = self.process.stderr.fileno()
        self.open = len(sources)
        self.threads = [threading.Thread(target=self._read, args=(name, fd), daemon=True)
                        for name, fd in sources.items()]
        for t in self.threads:
            t.start()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        end_group(self.process)
        for t in self.threads:
            t.join(TIMEOUT)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()
        os.close(self.master)
        if kind is not None:
            print("#", *self.command)
            for line in (self.text + self.err).splitlines()[-30:]:
                print("# |", repr(line), flush=True)

    def _read(self, name, fd):
        while True:
            try:
                data = os.read(fd, 65536)
            except OSError:             # nobody has the other end of a terminal any more
                data = b""
            with self.changed:
                self.got[name] += data
                self.open -= not data
                self.changed.notify_all()
            if not data:
                return

    # --- what it says

    @property
    def out(self):
        return self.got["out"]

    @property
    def err(self):
        return self.got["err"].decode(errors="replace")

    @property
    def text(self):
        """All that came to the terminal, in the order it came; keys are echoed there."""
        return self.got["terminal"].decode(errors="replace").replace("\r\n", "\n")

    def screen(self):
        """The lines as they stand there now, without colours; there is no last line that
        scrolls, and no line that is too long breaks."""
        lines, row, column = [[]], 0, 0
        text = self.got["terminal"].decode(errors="replace")
        at = 0
        while at < len(text):
            c, escape = text[at], ESCAPE.match(text, at)
            if escape:
                row, column = self._obey(lines, row, column, escape)
                at = escape.end()
                continue
            at += 1
            if c == "\n":
                row += 1
            elif c == "\r":
                column = 0
            elif c == "\b":
                column = max(0, column - 1)
            elif c >= " ":
                lines[row][column:column + 1] = [" "] * (column - len(lines[row])) + [c]
                column += 1
            elif c != "\a":
                raise Failure(f"{c!r} to a terminal: {text!r}")
            while len(lines) <= row:
                lines.append([])
        return ["".join(line).rstrip() for line in lines]

    @staticmethod
    def _obey(lines, row, column, escape):
        number = int(escape[1]) if escape[1].isdigit() else None
        if escape[2] == "m" or escape[0] in ("\x1b[?25l", "\x1b[?25h"):
            pass
        elif escape[2] == "K" and number in (None, 0):
            del lines[row][column:]
        elif escape[2] == "K" and number == 2:
            lines[row] = []
        elif escape[2] == "A":
            row = max(0, row - (number or 1))
        elif escape[2] == "G":
            column = (number or 1) - 1
        else:
            raise Failure(f"a terminal's command that the harness does not know: {escape[0]!r}")
        return row, column

    def wait(self, truth, what):
        """Waits until truth() holds; it is tried whenever something was said."""
        end = time.monotonic() + TIMEOUT
        with self.changed:
            while not truth():
                left = end - time.monotonic()
                if left <= 0 or not self.open:
                    raise Failure(f"{self.command[0]} "
                                  f"{'ended before' if left > 0 else 'has not said'} {what}")
                self.changed.wait(left)

    def wait_text(self, pattern):
        self.wait(lambda: re.search(pattern, self.text), f"{pattern!r} (terminal)")

    def wait_screen(self, pattern):
        """Waits until a line matches as it stands there."""
        self.wait(lambda: any(re.search(pattern, line) for line in self.screen()),
                  f"{pattern!r} (screen)")

    # --- what is done to it

    def send(self, keys):
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def resize(self, rows, columns):
        """The kernel tells the program, by SIGWINCH."""
        self.columns = columns
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

    def end(self):
        """Waits for its end; returns its exit status, which is no signal's."""
        check(wait_end(self.process, TIMEOUT), f"does not end: {self.command}")
        for t in self.threads:
            t.join(TIMEOUT)
        check(not REPORT.search(self.text + self.err), self.text + self.err)
        check(self.process.returncode >= 0,
              f"signal {-self.process.returncode}: {self.command}")
        return self.process.returncode
