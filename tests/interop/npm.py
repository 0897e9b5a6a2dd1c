"""The npm package coap gets what the harness gets.  It is looked for in
COAPD_NODE_MODULES, in NODE_PATH, and in node_modules of the build directory."""
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(__file__))
from harness import *
from harness.daemon import BUILD
from harness.process import output
from site_for_clients import HOSTS, PATHS, SITE, wanted

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = (os.environ.get("COAPD_NODE_MODULES") or os.environ.get("NODE_PATH") or
           os.path.join(BUILD, "node_modules"))
NODE = shutil.which("node")


def get(path, mtype):
    if NODE is None:
        raise Skip("no node (Debian package nodejs)")
    if not os.path.isdir(os.path.join(MODULES, "coap")):
        raise Skip(f"no npm package coap in {MODULES}")
    d = shared(SITE)
    for host in HOSTS:
        status, out, err = output([NODE, os.path.join(HERE, "get.js"), host,
                                   str(d.address()[1]), path, mtype], NODE_PATH=MODULES)
        equal((status, out), (0, "2.05\n" + wanted(d, host, path)), f"{path} at {host} ({err})")


@test
def confirmable():
    for path in PATHS:
        get(path, "con")


@test
def non_confirmable():
    for path in PATHS:
        get(path, "non")


run()
