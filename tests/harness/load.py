"""Generators of load (tests/bench) against a daemon, and how long they run."""
import json
import os
import subprocess

from harness.check import check, equal
from harness.daemon import BUILD, environment
from harness.process import end_group, wait_end

CELLS = 4_000_000               # POSTs that can be told apart, and more than a minute of them


def length(seconds, quick):
    """Seconds of load: LENGTH of the environment, where it is there."""
    return float(os.environ.get("LENGTH") or (quick if os.environ.get("COAPD_QUICK") else seconds))


def cells_file(d, name="cells", n=CELLS):
    """An empty file for the module count."""
    path = f"{d.directory}/{name}"
    with open(path, "wb") as f:
        f.truncate(4 * n)
    os.chmod(path, 0o666)
    return path


def start(d, program, *arguments, **more):
    host, port = d.address()
    return subprocess.Popen(
        [f"{BUILD}/tests/bench/{program}", host, str(port), *map(str, arguments)],
        stdout=subprocess.PIPE, env=environment(), start_new_session=True, text=True, **more)


def result(process, bound, status=0, tell=True):
    """What the program printed; it must end well within the bound.  status None: as it will."""
    try:
        check(wait_end(process, bound), f"{process.args[0]} does not end")
        text = process.stdout.read().strip()
        if tell:
            print("#", os.path.basename(process.args[0]), text, flush=True)
        if status is not None:
            equal(process.returncode, status, f"status of {process.args[0]}")
        return json.loads(text)
    finally:
        end_group(process)
        process.stdout.close()
