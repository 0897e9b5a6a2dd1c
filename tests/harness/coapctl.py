"""coapctl, run to its end against a daemon of the test's."""
import os
import subprocess

from harness.check import Failure, TIMEOUT
from harness.daemon import BUILD
from harness.process import end_group

COAPCTL = os.environ.get("COAPD_COAPCTL", os.path.join(BUILD, "coapctl"))


def coapctl(*arguments, socket=None, status=0, env=None):
    """What it prints; its exit status must be status.  If that is not 0, what it prints on
    standard error instead."""
    where = ["--socket", socket] if socket else []
    p = subprocess.Popen([COAPCTL, *where, *arguments], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         start_new_session=True,
                         env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})})
    try:
        out, err = p.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise Failure(f"coapctl {arguments} does not end") from None
    finally:
        end_group(p)
    if p.returncode != status:
        raise Failure(f"coapctl {arguments} ended with {p.returncode}: {out}{err}")
    return out if status == 0 else err
