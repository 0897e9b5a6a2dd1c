"""The control socket of a running coapd, asked in its own words."""
import json
import os
import socket
import struct

from harness.check import Failure, TIMEOUT


class Control:
    """One connection; closed on leaving the with block."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        # One that waits: where many are in line, connect() would only say so.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO,
                               struct.pack("ll", int(TIMEOUT), 0))
        self.socket.connect(path)
        self.socket.settimeout(TIMEOUT)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def line(self):
        """The next line as an object, None at the end."""
        while b"\n" not in self.rest:
            try:
                data = self.socket.recv(65536)
            except socket.timeout:
                raise Failure("the control socket says nothing") from None
            except ConnectionResetError:
                data = b""
            if not data:
                return None
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def ask(self, what, **more):
        """All lines of the answer but its end."""
        self.send(json.dumps({"do": what, **more}).encode() + b"\n")
        lines = []
        while True:
            line = self.line()
            if line is None:
                raise Failure(f"the connection ended after {lines}")
            if "end" in line:
                return lines
            lines.append(line)
            if "error" in line:
                return lines


def total(lines, counter):
    """The sum of a counter over the slots of a status."""
    return sum(line["slot"]["counters"][counter] for line in lines if "slot" in line)


def processor_time(pid):
    """Clock ticks that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def as_another(function):
    """What function gives, run by a user who is neither root nor that of coapd."""
    there, here = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setresuid(1, 1, 1)
        try:
            text = repr(function())
        except Exception as why:
            text = type(why).__name__
        os.write(here, text.encode())
        os._exit(0)
    os.close(here)
    with os.fdopen(there) as f:
        text = f.read()
    os.waitpid(pid, 0)
    return text
