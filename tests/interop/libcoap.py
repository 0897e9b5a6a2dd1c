"""libcoap's command-line client gets what the harness gets."""
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(__file__))
from harness import *
from harness.process import output
from site_for_clients import HOSTS, PATHS, SITE, wanted

CLIENT = shutil.which("coap-client-notls")


def get(path, *options):
    if CLIENT is None:
        raise Skip("no coap-client-notls (Debian package libcoap3-bin)")
    d = shared(SITE)
    for host in HOSTS:
        where = f"[{host}]" if ":" in host else host
        uri = f"coap://{where}:{d.address()[1]}{path}"
        status, out, err = output([CLIENT, "-B", "20", *options, uri])
        equal((status, out.rstrip("\n")), (0, wanted(d, host, path)), f"{uri} ({err})")


@test
def confirmable():
    for path in PATHS:
        get(path)


@test
def non_confirmable():
    for path in PATHS:
        get(path, "-N")


@test
def filtered_discovery():
    if CLIENT is None:
        raise Skip("no coap-client-notls (Debian package libcoap3-bin)")
    d = shared(SITE)
    uri = f"coap://[::1]:{d.address()[1]}/.well-known/core?rt=greeting"
    status, out, err = output([CLIENT, "-B", "20", uri])
    check(status == 0 and "</hello>" in out and "/slow" not in out, f"{out!r} {err!r}")


run()
