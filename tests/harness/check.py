"""What a test says when something is not as it should be."""
import os

# The bound on every wait, in seconds; reached only by a failing test.
TIMEOUT = float(os.environ.get("COAPD_TEST_TIMEOUT", "30"))


class Failure(Exception):
    """The daemon did something else than the test expects."""


class Skip(Exception):
    """The test cannot run on this machine; the text says why."""


def check(truth, text):
    if not truth:
        raise Failure(text)


def equal(got, wanted, what):
    if got != wanted:
        raise Failure(f"{what} is {got!r}, not {wanted!r}")
