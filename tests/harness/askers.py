"""Three command-line clients that are asked the same: ours, libcoap's, and one made
with the npm package coap.  Each tells of the answer what all of them know."""
import base64
import dataclasses
import json
import os
import re
import tempfile

from harness.check import Failure, Skip, check
from harness.client import coap
from harness.foreign import NODE, NODE_MODULES, TESTS
from harness.process import output
from harness.tap import test

FORMATS = {"text/plain": 0, "application/link-format": 40, "application/xml": 41,
           "application/octet-stream": 42, "application/json": 50, "application/cbor": 60}
UINTS = (12, 17)                                # Content-Format, Accept


@dataclasses.dataclass
class Answer:
    code: str
    format: int | None
    etag: str                                   # in hex, "" none
    location: list                              # Location-Path
    query: list                                 # Location-Query
    payload: bytes


def _answer(code, options, payload):
    """options are pairs of a number and what the client made of the value."""
    def all_of(number):
        return [v for n, v in options if n == number]
    return Answer(code, *(all_of(12) or [None]), *(all_of(4) or [""]), all_of(8), all_of(20), payload)


def _ours(uri, method, payload, options, non):
    arguments = [method, uri, "--json"] + ["--non"] * non
    if payload is not None:
        arguments += ["-T", "-"]
    for number, value in options:
        text = str(int.from_bytes(value, "big")) if number in UINTS else "0x" + value.hex()
        arguments += ["--option", f"{number}={text if value or number in UINTS else ''}"]
    r = coap(*arguments, stdin=payload)
    check(r.out, f"coap {arguments}: {r.err}")
    j = json.loads(r.out)
    found = [(o["number"], o["value"]) for o in j["options"]]
    body = (base64.b64decode(j["payload_base64"]) if "payload_base64" in j
            else j.get("payload", "").encode())
    return _answer(j["code"], [(n, v[2:] if n == 4 else v) for n, v in found], body)


def _libcoap(uri, method, payload, options, non):
    with tempfile.NamedTemporaryFile() as body, tempfile.NamedTemporaryFile() as got:
        command = ["coap-client-notls", "-v", "7", "-B", "20", "-m", method, "-o", got.name]
        command += ["-N"] * non
        if payload is not None:
            body.write(payload)
            body.flush()
            command += ["-f", body.name]
        for number, value in options:
            command += ["-O", f"{number},0x{value.hex()}" if value else f"{number},"]
        _, out, err = output(command + [uri])
        lines = re.findall(r"^v:1 t:\S+ c:(\d\.\d\d) i:\S+ \{.*?\} \[ (.*?)\s*\](?: ::|$)",
                           out + err, re.M)
        lines = [line for line in lines if line[0] != "0.00"]
        check(lines, f"{command}: {(out + err)[-400:]}")
        code, text = lines[-1]
        return _answer(code, [o for o in map(_printed, text.split(", ")) if o], got.read())


def _printed(text):
    """An option as libcoap prints it."""
    name, _, value = text.partition(":")
    number = {"Content-Format": 12, "ETag": 4, "Location-Path": 8, "Location-Query": 20}.get(name)
    if number == 12:
        value = FORMATS[value] if value in FORMATS else int(value)
    return (number, value[2:] if number == 4 else value) if number else None


def _npm(uri, method, payload, options, non):
    m = re.fullmatch(r"coap://\[(.*)\]:(\d+)(.*)", uri)
    given = {"hostname": m[1], "port": int(m[2]), "path": m[3], "method": method.upper(),
             "confirmable": not non, "payload": (payload or b"").hex(),
             "options": [[n, v.hex()] for n, v in options]}
    status, out, err = output([NODE, os.path.join(TESTS, "interop", "ask.js"), json.dumps(given)],
                              NODE_PATH=NODE_MODULES)
    check(status == 0, f"npm coap {json.dumps(given)[:200]}: {err}")
    j = json.loads(out)
    return _answer(j["code"], [(n, _told(n, v, kind)) for n, v, kind in j["options"]],
                   bytes.fromhex(j["payload"]))


def _told(number, value, kind):
    """An option as ask.js tells it."""
    if kind != "object":
        return value.encode().hex() if number == 4 else FORMATS.get(value, value)
    raw = bytes.fromhex(value)
    return (int.from_bytes(raw, "big") if number == 12 else raw.decode() if number in (8, 20)
            else value)


def there(name):
    if name == "libcoap" and not any(os.access(os.path.join(p, "coap-client-notls"), os.X_OK)
                                     for p in os.environ.get("PATH", "").split(":")):
        raise Skip("no coap-client-notls (Debian package libcoap3-bin)")
    if name == "npm" and (NODE is None or not os.path.isdir(os.path.join(NODE_MODULES, "coap"))):
        raise Skip(f"no npm package coap in {NODE_MODULES}")


class Asker:
    """ask(METHOD, PATH) -> Answer; options are pairs of a number and bytes."""

    def __init__(self, name, function):
        self.name, self.function = name, function

    def at(self, base):
        def ask(method, path, payload=None, options=(), format=None, accept=None, non=False):
            options = list(options)
            if isinstance(payload, str):
                payload = payload.encode()
            if format is not None:
                options.append((12, uint_bytes(format)))
            if accept is not None:
                options.append((17, uint_bytes(accept)))
            try:
                return self.function(base + path, method.lower(), payload, options, non)
            except (ValueError, KeyError) as error:
                raise Failure(f"{self.name}: {error!r}") from error
        ask.client = self.name
        return ask


def uint_bytes(n):
    return n.to_bytes((n.bit_length() + 7) // 8, "big")


ASKERS = [Asker("coap", _ours), Asker("libcoap", _libcoap), Asker("npm", _npm)]


def by_all(base, *names):
    """Makes a test of a function (ask) for each client, or those named; base() is the
    server's "coap://[host]:port"."""
    def decorate(function):
        for asker in ASKERS:
            def point(asker=asker):
                there(asker.name)
                function(asker.at(base()))
            point.__name__ = f"{function.__name__}_by_{asker.name}"
            if not names or asker.name in names:
                test(point)
        return function
    return decorate
