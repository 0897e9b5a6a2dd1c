"""A foreign client that prints what it is told, and what it has printed."""
import os
import selectors
import subprocess

from harness.check import TIMEOUT, check
from harness.process import end_group


class Watcher:
    def __init__(self, line, **env):
        self.process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, start_new_session=True,
                                        env={**os.environ, **env})
        self.out = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end_group(self.process)
        self.process.stdin.close()
        self.process.stdout.close()

    def wait(self, text):
        with selectors.DefaultSelector() as s:
            s.register(self.process.stdout, selectors.EVENT_READ)
            while text not in self.out:
                check(s.select(TIMEOUT), f"{text} is not told, but {self.out}")
                data = os.read(self.process.stdout.fileno(), 65536)
                check(data, f"the client ended with {self.out}")
                self.out += data
