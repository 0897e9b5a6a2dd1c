"""Servers that others made: libcoap's, and one of the npm package coap."""
import collections
import os
import re
import shutil
import subprocess
import threading
import time

from harness.check import Failure, Skip, TIMEOUT
from harness.daemon import BUILD
from harness.process import end_group

LIBCOAP = shutil.which("coap-server-notls")
NODE = shutil.which("node")
NODE_MODULES = (os.environ.get("COAPD_NODE_MODULES") or os.environ.get("NODE_PATH") or
                os.path.join(BUILD, "node_modules"))
TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Foreign:
    """A program that says its port in a line of its output, the pattern's group."""

    def __init__(self, command, pattern, host="::1", env=None):
        self.host, self.port, self.ended = host, None, False
        self.log = collections.deque(maxlen=60)
        self.changed = threading.Condition()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, start_new_session=True,
                                        env=dict(os.environ, **(env or {})))
        self.thread = threading.Thread(target=self._read, args=(re.compile(pattern),), daemon=True)
        self.thread.start()
        end = time.monotonic() + TIMEOUT
        with self.changed:
            while self.port is None:
                left = end - time.monotonic()
                if self.ended or left <= 0:
                    break
                self.changed.wait(left)
        if self.port is None:
            self.stop()
            raise Failure(f"{command[0]} does not say its port: {list(self.log)}")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.tell()
        self.stop()

    def _read(self, pattern):
        for line in self.process.stdout:
            text = line.decode(errors="replace").rstrip()
            with self.changed:
                self.log.append(text)
                if self.port is None and (m := pattern.search(text)):
                    self.port = int(m[1])
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def tell(self):
        with self.changed:
            for line in self.log:
                print("# |", line, flush=True)

    def stop(self):
        end_group(self.process)
        self.thread.join(TIMEOUT)
        self.process.stdout.close()

    def uri(self, path="/"):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"coap://{host}:{self.port}{path}"


def libcoap(*options, host="::1", port=0):
    """coap-server-notls; port 5683 is what groups are asked at."""
    if LIBCOAP is None:
        raise Skip("no coap-server-notls (Debian package libcoap3-bin)")
    # Of the levels that say the port it is the lowest.
    return Foreign([LIBCOAP, "-A", host, "-p", str(port), "-v", "7", *options],
                   r"created UDP +endpoint \S*:(\d+)$", host)


def node(host="::1"):
    """The resources of tests/interop/serve.js."""
    if NODE is None:
        raise Skip("no node (Debian package nodejs)")
    if not os.path.isdir(os.path.join(NODE_MODULES, "coap")):
        raise Skip(f"no npm package coap in {NODE_MODULES}")
    return Foreign([NODE, os.path.join(TESTS, "interop", "serve.js"), host],
                   r"listening at port (\d+)", host, {"NODE_PATH": NODE_MODULES})
