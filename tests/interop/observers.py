"""Clients of three kinds observe what coapd serves, and are told the last state though
its worker dies meanwhile."""
import os
import shutil

from harness import *
from harness.client import CLIENT
from harness.daemon import BUILD
from harness.watcher import Watcher

HERE = os.path.dirname(os.path.abspath(__file__))
SITE = """
workers: 2
resources:
  /v: {module: value, file: @DIR@/value}
transmission: { ack-timeout: 500ms }
"""


def watch(command, **env):
    d = Daemon(SITE)
    path = os.path.join(d.directory, "value")
    with open(path, "wb") as f:
        f.write((6).to_bytes(4, "little") + b"first\n")
    os.chmod(path, 0o666)
    with d, d.peer() as p:
        host, port = d.address()
        with Watcher(command(host, port), **env) as w:
            w.wait(b"first")
            for state in (b"second\n", b"third\n"):
                equal(p.ask("PUT", "/v", payload=state).code, code("2.04"), "PUT")
                w.wait(state)
            for worker in (0, 1):
                d.kill(worker)
            for state in (b"fourth\n", b"last\n"):
                equal(p.ask("PUT", "/v", payload=state).code, code("2.04"), "PUT")
                w.wait(state)


@test
def our_own():
    watch(lambda host, port: [CLIENT, "observe", f"coap://[{host}]:{port}/v"])


@test
def libcoap():
    client = shutil.which("coap-client-notls")
    if client is None:
        raise Skip("no coap-client-notls (Debian package libcoap3-bin)")
    watch(lambda host, port: [client, "-s", "60", "-B", "60", "-w", f"coap://[{host}]:{port}/v"])


@test
def npm():
    node = shutil.which("node")
    modules = (os.environ.get("COAPD_NODE_MODULES") or os.environ.get("NODE_PATH") or
               os.path.join(BUILD, "node_modules"))
    if node is None or not os.path.isdir(os.path.join(modules, "coap")):
        raise Skip(f"no node, or no npm package coap in {modules}")
    watch(lambda host, port: [node, os.path.join(HERE, "observe.js"), host, str(port), "/v",
                              "last\n"], NODE_PATH=modules)


run()
