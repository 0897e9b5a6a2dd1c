"""A DNS server for the names of one test, and programs that ask it and nobody else."""
import ctypes
import os
import selectors
import shutil
import socket
import struct
import tempfile
import threading

from harness.check import Failure, Skip, TIMEOUT

A, AAAA = 1, 28
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3
CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 0x1000, 0x4000, 0x40000
_libc = ctypes.CDLL(None, use_errno=True)


def _mount(source, target, flags):
    if _libc.mount(source.encode(), target.encode(), None, ctypes.c_ulong(flags), None):
        raise OSError(ctypes.get_errno(), f"mount {source} {target}")


def _root_is_mounted():
    """In a chroot it may not be: nobody can tell then which mounts are to be kept out."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as f:
        return any(line.split()[4] == "/" for line in f)


class Files:
    """Files that take the place of others, like /etc/resolv.conf, for one program alone:
    preexec is what a child has to do for that before it becomes the program."""

    def __init__(self, contents):
        if not _root_is_mounted():
            raise Skip("the root directory is no mount (a chroot): no file can be put over another")
        self.directory = tempfile.mkdtemp(prefix="coapd-test-")
        self.paths = {}
        for path, text in contents.items():
            if not os.path.exists(path):
                self.close()
                raise Skip(f"there is no {path} to put another one over")
            mine = os.path.join(self.directory, path.replace("/", "_"))
            with open(mine, "w", encoding="ascii") as f:
                f.write(text)
            self.paths[path] = mine

    def preexec(self):
        if _libc.unshare(CLONE_NEWNS):
            raise OSError(ctypes.get_errno(), "unshare")
        _mount("none", "/", MS_REC | MS_PRIVATE)
        for path, mine in self.paths.items():
            _mount(mine, os.path.realpath(path), MS_BIND)

    def close(self):
        shutil.rmtree(self.directory, ignore_errors=True)


def _question(data):
    """The name in small letters, its type, and where the question ends."""
    labels, at = [], 12
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode("ascii", "replace").lower())
        at += 1 + data[at]
    return ".".join(labels), struct.unpack_from("!H", data, at + 1)[0], at + 5


def _record(kind, address):
    family = socket.AF_INET6 if kind == AAAA else socket.AF_INET
    rdata = socket.inet_pton(family, address)
    return b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(rdata)) + rdata


class Dns:
    """Answers from the with block's beginning to its end, at port 53 of an address: in a
    namespace of the test's, where nobody else does, or at another port that the kernel picks (0).

    names: name -> its addresses, or a response code, or None for no answer at all; any
    other name does not exist.  What was asked for is in .asked, as pairs of name and type.
    preexec is for programs that are to ask here: their /etc/resolv.conf names this server,
    and their /etc/hosts has hosts, nothing else."""

    def __init__(self, names, host="127.0.0.1", hosts="", port=53):
        self.names, self.host, self.asked = names, host, []
        self.begun = threading.Event()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self.sock.bind((host, port))
        self.port = self.sock.getsockname()[1]
        self.files = Files({"/etc/resolv.conf": f"nameserver {host}\n", "/etc/hosts": hosts,
                            "/etc/nsswitch.conf": "hosts: files dns\n"})
        self.preexec = self.files.preexec
        self.wake, self.woken = socket.socketpair()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.wake.close()
        self.thread.join(TIMEOUT)
        self.woken.close()
        self.sock.close()
        self.files.close()
        if kind is not None:
            print("# DNS was asked for", self.asked, flush=True)

    def _run(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self.woken, selectors.EVENT_READ)
            selector.register(self.sock, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select()]
                if self.woken in ready:
                    return
                data, source = self.sock.recvfrom(4096)
                if answer := self.answer(data):
                    self.sock.sendto(answer, source)

    def wait_asked(self):
        """Waits until anything has been asked for."""
        if not self.begun.wait(TIMEOUT):
            raise Failure("no name is asked for")

    def answer(self, data):
        name, kind, end = _question(data)
        self.asked.append((name, kind))
        self.begun.set()
        known = self.names.get(name, NXDOMAIN)
        if known is None:
            return None
        code, addresses = (known, []) if isinstance(known, int) else (NOERROR, known)
        records = [_record(kind, a) for a in addresses
                   if kind == (AAAA if ":" in a else A)]
        return (data[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(records), 0, 0) +
                data[12:end] + b"".join(records))
