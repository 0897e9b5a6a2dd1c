"""A network namespace of our own, with loopback up, for addresses we choose."""
import contextlib
import ctypes
import os
import re
import select
import socket
import struct
import subprocess
import time

from harness.check import Failure, Skip, TIMEOUT
from harness.process import end_group

CLONE_NEWNET = 0x40000000
ETH_P_ALL, PACKET_OUTGOING, UDP = 3, 4, 17
_libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """Entered for as long as the with block lasts; daemons started and sockets
    opened in it belong to it.  commands are run in it first."""

    def __init__(self, *commands):
        self.commands = ("ip link set lo up",) + commands
        self.outside = -1

    def __enter__(self):
        self.outside = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        if _libc.unshare(CLONE_NEWNET):
            os.close(self.outside)
            raise Skip(f"no network namespace: {os.strerror(ctypes.get_errno())}")
        try:
            for command in self.commands:
                subprocess.run(command.split(), check=True)
        except (FileNotFoundError, subprocess.CalledProcessError) as why:
            self.__exit__()
            raise Skip(f"{why} (the ip command is in Debian package iproute2)") from None
        return self

    def __exit__(self, *_):
        if _libc.setns(self.outside, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        os.close(self.outside)


def _enter(fd):
    if _libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


class Island:
    """Another namespace, there for as long as the with block lasts; take() brings an
    interface to it, and what the with block of inside() opens belongs to it."""

    def __enter__(self):
        with Namespace():
            self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            # Interfaces are moved to where a process is.
            self.process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, start_new_session=True)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        end_group(self.process)
        os.close(self.fd)

    def take(self, link):
        subprocess.run(["ip", "link", "set", link, "netns", str(self.process.pid)], check=True)

    @contextlib.contextmanager
    def inside(self):
        outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        _enter(self.fd)
        try:
            yield
        finally:
            _enter(outside)
            os.close(outside)


def _nft(*commands):
    try:
        return subprocess.run(["nft", "-f", "-"], input="".join(c + "\n" for c in commands),
                              check=True, text=True, stdout=subprocess.PIPE).stdout
    except FileNotFoundError:
        raise Skip("no nft (Debian package nftables)") from None


NETLINK_ROUTE, RTMGRP_LINK = 0, 1


def wait_up(*links):
    """Waits until these interfaces of ours are up at both ends: until the kernel has seen
    that, a moment after the command, it drops what is sent there."""
    end = time.monotonic() + TIMEOUT
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC,
                       NETLINK_ROUTE) as news:
        news.bind((0, RTMGRP_LINK))
        while not all(_is_up(link) for link in links):
            if not select.select([news], [], [], max(end - time.monotonic(), 0))[0]:
                raise Failure(f"{links} do not come up")
            news.recv(65536)


def _is_up(link):
    said = subprocess.run(["ip", "-o", "link", "show", "dev", link], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return " state UP " in said


class Loss:
    """Of the datagrams to a port one in so many does not arrive, and of those from it
    likewise; within a Namespace, until that ends.

    Nothing is left to chance: each direction is counted from here on, and the same ones
    are lost whenever the same ones are sent.  Of two that follow one another in a
    direction at least one arrives."""

    def __init__(self, port, one_in=10):
        self.table = f"inet loss{port}"
        _nft(f"add table {self.table}",
             f"add chain {self.table} input {{ type filter hook input priority 0 ; }}",
             f"add rule {self.table} input udp dport {port} "
             f"numgen inc mod {one_in} == {one_in // 3} counter drop",
             f"add rule {self.table} input udp sport {port} "
             f"numgen inc mod {one_in} == {one_in // 2} counter drop")

    def lost(self):
        """How many did not arrive, each way: to the port, and from it."""
        return tuple(int(n) for n in
                     re.findall(r"counter packets (\d+)", _nft(f"list table {self.table}")))


class Capture:
    """Every UDP datagram that an interface of a Namespace brings, from here on."""

    def __init__(self, interface="lo"):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC,
                                  socket.htons(ETH_P_ALL))
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.sock.bind((interface, ETH_P_ALL))
        self.datagrams = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def seen(self):
        """All so far, in order: source address and port, destination address and port,
        payload."""
        while True:
            try:
                packet, where = self.sock.recvfrom(65536, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return self.datagrams
            if where[2] != PACKET_OUTGOING and (datagram := _udp(packet)):
                self.datagrams.append(datagram)

    def sent_to(self, port):
        """The addresses that something was sent to at a port, in the order of first times."""
        return list(dict.fromkeys(d[2] for d in self.seen() if d[3] == port))


def _udp(packet):
    if packet[0] >> 4 == 6:
        family, kind, addresses, at = socket.AF_INET6, packet[6], packet[8:40], 40
    else:
        family, kind, addresses, at = (socket.AF_INET, packet[9], packet[12:20],
                                       (packet[0] & 15) * 4)
    if kind != UDP:
        return None
    half = len(addresses) // 2
    source, destination = (socket.inet_ntop(family, a)
                           for a in (addresses[:half], addresses[half:]))
    sport, dport = struct.unpack_from("!2H", packet, at)
    return source, sport, destination, dport, packet[at + 8:]
