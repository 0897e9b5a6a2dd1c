"""CoAP messages over UDP (RFC 7252 section 3), written from the RFC alone.

Independent of the daemon's own code on purpose, so that the daemon is not
judged by itself.  Strict when reading: what the daemon sends must be well formed
and minimal.
"""
CON, NON, ACK, RST = range(4)
TYPES = ("CON", "NON", "ACK", "RST")
METHODS = {"GET": 1, "POST": 2, "PUT": 3, "DELETE": 4, "FETCH": 5, "PATCH": 6,
           "iPATCH": 7}
EMPTY = 0
OPTIONS = {"If-Match": 1, "Uri-Host": 3, "ETag": 4, "If-None-Match": 5, "Observe": 6,
           "Uri-Port": 7, "Location-Path": 8, "Uri-Path": 11, "Content-Format": 12,
           "Max-Age": 14, "Uri-Query": 15, "Hop-Limit": 16, "Accept": 17, "Location-Query": 20,
           "Block2": 23, "Block1": 27, "Size2": 28, "Proxy-Uri": 35,
           "Proxy-Scheme": 39, "Size1": 60, "Echo": 252, "No-Response": 258}
UINTS = {6, 7, 12, 14, 16, 17, 23, 27, 28, 60, 258}


class Malformed(Exception):
    """Not a CoAP message, or one that is written in a forbidden way."""


def code(text):
    """The code of "2.05", of "GET", or of a number."""
    if isinstance(text, int):
        return text
    if text in METHODS:
        return METHODS[text]
    high, low = text.split(".")
    return int(high) << 5 | int(low)


def code_text(number):
    return f"{number >> 5}.{number & 31:02}"


def uint(value):
    """An unsigned number in as few bytes as it takes (section 3.2)."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def in_order(values):
    """Whether each Observe value is newer than the one before it (RFC 7641 section 3.4).
    They are 24 bits of a clock, which wrap every few minutes: none is simply greater."""
    return all(0 < (b - a) % (1 << 24) < 1 << 23 for a, b in zip(values, values[1:]))


def option(name, value=b""):
    """A pair (number, bytes) of a name or number and str, int or bytes."""
    number = OPTIONS.get(name, name)
    if isinstance(value, str):
        value = value.encode()
    elif isinstance(value, int):
        value = uint(value)
    return number, bytes(value)


def _nibble(n):
    """Four bits and the bytes that follow them, of an option's delta or length."""
    if n < 13:
        return n, b""
    if n < 269:
        return 13, bytes([n - 13])
    return 14, (n - 269).to_bytes(2, "big")


class _Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def left(self):
        return len(self.data) - self.at

    def take(self, n):
        if self.left() < n:
            raise Malformed(f"ends {n - self.left()} bytes too early")
        self.at += n
        return self.data[self.at - n:self.at]

    def extended(self, nibble, what):
        """A length of four bits and their extension, minimal by construction."""
        if nibble < 13:
            return nibble
        if nibble == 15:
            raise Malformed(f"{what} of 15")
        extra = nibble - 12
        return int.from_bytes(self.take(extra), "big") + (13 if extra == 1 else 269)


class Message:
    """One message; options are pairs (number, value) in any order."""

    def __init__(self, mtype, mcode, mid, token=b"", options=(), payload=b""):
        self.type, self.code, self.mid = mtype, code(mcode), mid
        self.token = bytes(token)
        self.options = sorted((option(*o) for o in options), key=lambda o: o[0])
        self.payload = payload.encode() if isinstance(payload, str) else bytes(payload)
        self.raw = None

    def encode(self):
        nibble, extension = _nibble(len(self.token))
        out = bytearray([0x40 | self.type << 4 | nibble, self.code])
        out += self.mid.to_bytes(2, "big") + extension + self.token
        last = 0
        for number, value in self.options:
            delta, delta_more = _nibble(number - last)
            length, length_more = _nibble(len(value))
            out += bytes([delta << 4 | length]) + delta_more + length_more + value
            last = number
        if self.payload:
            out += b"\xff" + self.payload
        return bytes(out)

    @classmethod
    def decode(cls, data):
        r = _Reader(data)
        head = r.take(4)
        if head[0] >> 6 != 1:
            raise Malformed(f"version {head[0] >> 6}")
        m = cls(head[0] >> 4 & 3, head[1], head[2] << 8 | head[3])
        m.raw = bytes(data)
        m.token = r.take(r.extended(head[0] & 15, "token length"))
        number = 0
        while r.left():
            first = r.take(1)[0]
            if first == 0xff:
                m.payload = r.take(r.left())
                if not m.payload:
                    raise Malformed("payload marker without payload")
                break
            number += r.extended(first >> 4, "option delta")
            value = r.take(r.extended(first & 15, "option length"))
            if number in UINTS and value[:1] == b"\0":
                raise Malformed(f"option {number} with leading zeros")
            m.options.append((number, value))
        if m.code == 0 and len(data) != 4:
            raise Malformed("Empty message with something in it")
        return m

    def all(self, name):
        """Every value of an option."""
        number = OPTIONS.get(name, name)
        return [v for n, v in self.options if n == number]

    def uint(self, name):
        """The option as a number, None without it."""
        values = self.all(name)
        return int.from_bytes(values[0], "big") if values else None

    def __str__(self):
        text = f"{TYPES[self.type]} {code_text(self.code)} mid={self.mid:#06x}"
        if self.token:
            text += f" token={self.token.hex()}"
        for number, value in self.options:
            text += f" {number}:{value.hex() or '-'}"
        return text + (f" payload={self.payload[:80]!r}" if self.payload else "")
