"""Launches the real coapd and talks to it through its real sockets.

A script is a list of short functions marked @test, ended by run().  Nothing in
here sleeps: whatever is waited for is an event (a datagram, a log record, a
message of the notify socket, the end of a process), and time only bounds it.
"""
from harness.check import Failure, Skip, TIMEOUT, check, equal
from harness.coap import (ACK, CON, NON, RST, EMPTY, Malformed, Message, code, in_order,
                          option, uint)
from harness.daemon import Daemon, coapd, site_file
from harness.netns import Namespace
from harness.peer import Peer, free_port
from harness.tap import once, run, shared, test

__all__ = ["ACK", "CON", "Daemon", "EMPTY", "Failure", "Malformed", "Message",
           "NON", "Namespace", "Peer", "RST", "Skip", "TIMEOUT", "check", "coapd",
           "code", "equal", "free_port", "in_order", "once", "option", "run", "shared",
           "site_file", "test", "uint"]
