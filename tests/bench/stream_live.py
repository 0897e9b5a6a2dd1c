"""A body up to the module block and back while a worker is killed every second.

MIB in the environment says how long it is.  More than 64 MiB take the client 247 s at least:
it has 65,536 message IDs for that time (RFC 7252 4.4)."""
import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
import time

from harness import *
from harness.client import CLIENT

MIB = int(os.environ.get("MIB", "4" if os.environ.get("COAPD_QUICK") else "16"))
SITE = """
workers: 4
runtime-directory: %s
resources:
  /block: block
limits: { endpoints: 1000, dedup: 2000, exchanges: 500, waiting: 500, messages: 500,
          body-size: 256MiB, body-memory: 16MiB, assemblies: 64, bodies: 16 }
"""


def digest(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


@test
def up_and_down_while_workers_die():
    top = tempfile.mkdtemp(prefix="stream-")
    os.chmod(top, 0o755)
    there, back = os.path.join(top, "there"), os.path.join(top, "back")
    with open(there, "wb") as f:
        for _ in range(MIB):
            f.write(os.urandom(1 << 20))
    with Daemon(SITE % top) as d:
        over, kills = threading.Event(), 0

        def kill():
            nonlocal kills
            while not over.wait(1):
                d.kill(kills % 4)
                kills += 1

        t = threading.Thread(target=kill)
        t.start()
        try:
            host, port = d.address()[:2]
            uri = f"coap://[{host}]:{port}/block"
            for way, arguments in (("up", ["put", uri, "-T", there]),
                                   ("down", ["get", uri, "-o", back])):
                began, before = time.monotonic(), kills
                subprocess.run([CLIENT, *arguments], check=True)
                print(f"# {MIB} MiB {way} in {time.monotonic() - began:.1f} s, "
                      f"{kills - before} kills", flush=True)
        finally:
            over.set()
            t.join()
        equal(digest(back), digest(there), "the bytes")
    shutil.rmtree(top)


run()
