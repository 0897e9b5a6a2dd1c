"""Starts that must fail: one clear line each, a status, and nothing left."""
import re
import shutil
import socket

from harness import *
from harness.daemon import PROGRAM, modules_into, private_directory
from harness.process import output

GOOD = "resources: { /hello: {module: hello} }"


def refused(site, status, *patterns, check_only=True, limits=()):
    """coapd refuses the site with this status, and with one line that matches
    each pattern; --check says the same, unless only a start can know."""
    directory = private_directory()
    try:
        modules_into(directory)
        path = site_file(directory, site)
        ways = [["--config", path]] + ([["--check", path]] if check_only else [])
        for way in ways:
            got, err = coapd("--modules-dir", directory, *way, limits=limits)
            equal(got, status, f"exit status of {way[0]} ({err.strip()})")
            lines = err.splitlines()
            for pattern in patterns:
                hits = [line for line in lines if re.search(pattern, line)]
                equal(len(hits), 1, f"number of lines with {pattern!r} in {err!r}")
            check("ready" not in err, err)
    finally:
        shutil.rmtree(directory)


@test
def check_of_a_good_site():
    directory = private_directory()
    try:
        modules_into(directory)
        status, err = coapd("--modules-dir", directory, "--check", site_file(directory, GOOD))
        equal((status, err), (0, ""), "status and text")
    finally:
        shutil.rmtree(directory)


@test
def missing_module():
    refused("resources:\n  /a: {module: nosuch}", 2, r"site\.yaml:2:\d+: .*nosuch")


@test
def module_of_another_ABI():
    refused("resources:\n  /a: {module: badabi}", 2, r"site\.yaml:2:\d+: .*badabi")


@test
def module_that_counts_under_a_bad_name():
    refused("resources:\n  /a: {module: badcount}", 2,
            r"site\.yaml:2:\d+: module badcount: counter 1 has no name of")


@test
def shared_object_that_is_no_module():
    refused("resources:\n  /a: {module: nomodule}", 2, r"site\.yaml:2:\d+: .*nomodule")


@test
def wrong_setting_of_a_module():
    refused("resources:\n  /a: {module: separate, delay: soon}", 2,
            r"site\.yaml:2:\d+: .*(delay|soon)")
    refused("resources:\n  /a: {module: hello, colour: red}", 2, r"site\.yaml:2:\d+: .*colour")


@test
def missing_setting_of_a_module():
    refused("resources:\n  /a: {module: count}", 2, r"site\.yaml:2:\d+: .*file")


@test
def wrong_site_file():
    refused("workers: many\n" + GOOD, 2, r"site\.yaml:1:10: ")
    refused(GOOD + "\nno-such-key: 1", 2, r"site\.yaml:2:1: .*no-such-key")
    refused(GOOD + "\nlog: {level: loud}", 2, r"site\.yaml:2:14: ")
    refused("resources: { /a: {module: hello}", 2, r"site\.yaml:\d+:\d+: ")
    refused(GOOD + '\nlisten: [ "http://[::1]:0" ]', 2, r"site\.yaml:2:\d+: ")


@test
def every_mistake_in_one_go():
    refused("workers: many\nlog: {level: loud}\n" + GOOD, 2, r"yaml:1:10: ", r"yaml:2:14: ")


@test
def unreadable_file():
    for path in ("/nonexistent/site.yaml", "/"):
        for way in ("--config", "--check"):
            status, err = coapd(way, path)
            equal(status, 2, f"exit status of {way} {path} ({err.strip()})")
            equal(len([line for line in err.splitlines() if path in line]), 1, err)


@test
def module_that_cannot_open():
    refused("resources:\n  /a: {module: count, file: /nonexistent/cells}", 1,
            r"error: .*cannot map /nonexistent/cells",
            r"error: .*site\.yaml:2:16: resource /a: module count does not open: ", check_only=False)


def in_use(port):
    return rf"error: .*{port}: another process has the port"


@test
def port_in_use():
    for family, host in ((socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1")):
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            s.bind((host, 0))
            port = s.getsockname()[1]
            where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            refused(f'listen: [ "coap://{where}" ]\n{GOOD}', 1, in_use(port),
                    check_only=False)


@test
def a_port_in_use_has_its_place():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.bind(("::1", 0))
        refused(f'listen:\n  - coap://[::1]:0\n  - coap://[::1]:{s.getsockname()[1]}\n{GOOD}', 1,
                r"error: \S+/site\.yaml:3:5: .*another process has the port", check_only=False)


@test
def too_few_open_files_for_its_slots():
    refused(f"slots: 256\n{GOOD}", 1, r"error: \S+/site\.yaml:1:8: 256 slots of 1 listeners take up to \d+ open files, but only "
            r"100 are allowed: raise the limit \(ulimit -n, LimitNOFILE=\), or have fewer of them",
            check_only=False, limits=["--nofile=100"])


@test
def too_little_memory_for_its_limits():
    refused(f"limits: {{ body-memory: 1000GiB }}\n{GOOD}", 1, r"error: \S+/site\.yaml:1:1: .*are to be had: lower "
            "the limits or free memory", check_only=False)


@test
def port_of_another_coapd():
    with Daemon(GOOD) as d:
        host, port = d.address()
        refused(f'listen: [ "coap://[{host}]:{port}" ]\n{GOOD}', 1, in_use(port),
                check_only=False)
        with d.peer() as p:             # and the first one is not disturbed
            for _ in range(20):
                equal(p.get("/hello").code, code("2.05"), "answer")


@test
def help_and_version():
    for option, word in (("--help", "--modules-dir"), ("--version", "coapd 0")):
        status, out, err = output([PROGRAM, option])
        equal((status, err), (0, ""), f"status and errors of {option}")
        check(word in out, out)


@test
def dump_can_be_checked():
    directory = private_directory()
    try:
        modules_into(directory)
        status, out, err = output([PROGRAM, "-M", directory, "--dump", site_file(
            directory, "resources: { /hello: {module: hello}, /s: {module: separate} }")])
        equal((status, err), (0, ""), "status and errors")
        check(re.search(r"\n  /s:\n(    .*\n)*    delay: \S+\n", out), f"no default of a module in {out}")
        path = f"{directory}/dumped.yaml"
        with open(path, "w", encoding="utf-8") as f:
            f.write(out)
        equal(coapd("--modules-dir", directory, "--check", path), (0, ""), "check of the dump")
    finally:
        shutil.rmtree(directory)


@test
def wrong_command_line():
    for arguments in (["--no-such-option"], ["stray"], ["--config"]):
        status, err = coapd(*arguments)
        check(status in (1, 2, 64), f"exit status of {arguments} is {status}")
        check(err, "nothing was said")


@test
def bad_module_leaves_no_listener():
    """A start that fails after the sockets were opened gives the port back."""
    port = free_port()
    refused(f'listen: [ "coap://[::1]:{port}" ]\nresources:\n'
            "  /a: {module: count, file: /nonexistent/cells}", 1, "cannot map",
            check_only=False)
    with Daemon(f'listen: [ "coap://[::1]:{port}" ]\n{GOOD}') as d, d.peer() as p:
        equal(p.get("/hello").code, code("2.05"), "answer")


@test
def files_may_not_be_as_long_as_a_slot():
    refused(GOOD, 1, r"more than a file may have: raise the limit \(ulimit -f, LimitFSIZE=\)",
            check_only=False, limits=["--fsize=1000000"])


run()
