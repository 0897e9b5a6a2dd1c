"""Runs the functions marked @test, one after the other, and prints TAP."""
import functools
import os
import sys
import traceback

from harness.check import Failure, Skip
from harness.coap import Malformed
from harness.daemon import Daemon

_tests = []
_shared = {}


def test(function):
    _tests.append(function)
    return function


def shared(site, **more):
    """A daemon for all tests of this script that ask for the same site; stopped,
    and judged, at the end."""
    if site not in _shared:
        _shared[site] = Daemon(site, **more).start()
    return _shared[site]


def once(function):
    """What takes long is made when first asked for; that it cannot be is found out once, too."""
    made = []

    @functools.wraps(function)
    def ask():
        if not made:
            try:
                made.append((function(), None))
            except (Failure, Skip) as why:
                made.append((None, why))
        result, why = made[0]
        if why:
            raise why
        return result
    return ask


def _say(text):
    print(text, flush=True)


def _point(number, name, function):
    try:
        function()
        _say(f"ok {number} - {name}")
        return True
    except Skip as why:
        _say(f"ok {number} - {name} # SKIP {why}")
        return True
    except (Failure, Malformed) as why:
        for line in f"{type(why).__name__}: {why}".splitlines():
            _say(f"# {line}")
        at = traceback.extract_tb(why.__traceback__)
        for frame in at:
            if frame.filename == sys.argv[0]:
                _say(f"# {os.path.basename(frame.filename)}:{frame.lineno}: {frame.line}")
    except Exception:               # a mistake in the script: say where
        for line in traceback.format_exc().splitlines():
            _say(f"# {line}")
    for d in _shared.values():
        d.tell()
    _say(f"not ok {number} - {name}")
    return False


def _stop_shared():
    for d in _shared.values():
        d.stop()
    _shared.clear()


def run():
    """Ends the process; arguments select tests by a part of their name."""
    if sys._getframe(1).f_globals["__name__"] != "__main__":
        _say("Bail out! another script was imported by this one")
        sys.exit(1)
    wanted = [t for t in _tests
              if all(part in t.__name__ for part in sys.argv[1:])]
    good = True
    for number, function in enumerate(wanted, 1):
        good = _point(number, function.__name__, function) and good
    count = len(wanted)
    if _shared:
        count += 1
        good = _point(count, "daemons_stop_clean", _stop_shared) and good
    _say(f"1..{count}")
    sys.exit(0 if good else 1)
