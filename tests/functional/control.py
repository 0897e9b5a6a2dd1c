"""The control socket: what it tells, whom it lets in, and that nobody who uses it badly
holds up the daemon."""
import os
import re
import shutil
import signal
import socket
import stat

from harness import *
from harness.control import Control, as_another, total
from harness.daemon import private_directory

SITE = """
control: { socket: "@DIR@/control", connections: 4 }
watchdog: 10m
resources: { /hello: hello, /time: time }
"""
IMPATIENT = SITE.replace("connections: 4", "connections: 4, timeout: 3s")


def path_of(d):
    return os.path.join(d.directory, "control")


def serves(d):
    """Coapd answers both, as if nothing had been."""
    with d.peer() as p:
        equal(p.get("/hello").code, code("2.05"), "answer")
    with Control(path_of(d)) as c:
        equal(c.ask("status")[0]["daemon"]["phase"], "serve", "phase")


@test
def status_has_all_there_is():
    with Daemon(SITE) as d, d.peer() as p:
        for _ in range(3):
            equal(p.get("/hello").code, code("2.05"), "answer")
        equal(p.get("/none").code, code("4.04"), "answer")
        with Control(path_of(d)) as c:
            lines = c.ask("status")
            equal([next(iter(line)) for line in lines],
                  ["daemon", "worker", "worker", "slot", "slot"], "lines")
            equal(lines[0]["daemon"]["pid"], d.pid, "process")
            equal(lines[1]["worker"]["pid"], d.workers[0], "process of worker 0")
            equal(total(lines, "requests"), 4, "requests")
            codes = [line["slot"]["codes"] for line in lines[3:]]
            equal(sum(x.get("0.01", 0) for x in codes), 4, "GET")
            equal(sum(x.get("2.05", 0) for x in codes), 3, "2.05")
            equal(sum(x.get("4.04", 0) for x in codes), 1, "4.04")
            check(sum(sum(line["slot"]["served"]["count"]) for line in lines[3:]) >= 1,
                  "no request was timed")


@test
def counters_are_read_while_a_worker_hangs():
    with Daemon(SITE) as d, d.peer() as p, Control(path_of(d)) as c:
        equal(p.get("/hello").code, code("2.05"), "answer")
        for pid in d.workers.values():
            os.kill(pid, signal.SIGSTOP)
        equal(total(c.ask("status"), "requests"), 1, "requests")
        equal(c.ask("peers"), [], "peers")
        for pid in d.workers.values():
            os.kill(pid, signal.SIGCONT)
        equal(p.get("/hello").code, code("2.05"), "answer")


@test
def a_worker_that_died_is_told():
    with Daemon(SITE) as d, Control(path_of(d)) as c:
        d.kill(1)
        worker = c.ask("status")[2]["worker"]
        equal((worker["number"], worker["pid"], worker["starts"]), (1, d.workers[1], 2), "worker")


@test
def peers_and_observers_are_listed():
    with Daemon(SITE) as d, d.peer() as p, Control(path_of(d)) as c:
        equal(p.ask("GET", "/time", options=[("Observe", 0)]).code, code("2.05"), "answer")
        observers, peers = c.ask("observers"), c.ask("peers")
        equal(len(observers), 1, "observers")
        equal(observers[0]["peer"], f"[::1]:{p.socket.getsockname()[1]}", "who")
        check(b"time" in bytes.fromhex(observers[0]["request"]), observers)
        equal([x["observers"] for x in peers], [1], "observers of the peer")
        equal(c.ask("peers", peer="[::1]:9"), [], "another peer")
        equal(len(c.ask("observers", peer="[::1]")), 1, "all of the address")


@test
def only_root_and_the_user_of_coapd_come_in():
    with Daemon(SITE) as d:
        mode = os.stat(path_of(d))
        check(stat.S_ISSOCK(mode.st_mode), "no socket")
        equal(stat.S_IMODE(mode.st_mode), 0o600, "mode")
        if os.geteuid() != 0:
            raise Skip("becoming another user takes root")

        def ask():
            with Control(path_of(d)) as c:
                return c.line()
        equal(as_another(ask), "PermissionError", "what a stranger gets")
        os.chmod(path_of(d), 0o666)
        check("only root" in as_another(ask), "it was let in")
        with Control(path_of(d)) as c:
            equal(c.ask("status")[0]["daemon"]["control"]["strangers"], 1, "strangers")
        serves(d)


@test
def garbage_is_answered_and_ends_the_connection():
    with Daemon(SITE) as d:
        for bad in (b"\n", b"\0" * 100 + b"\n", b"\xff\xfe\n", b"[" * 4000 + b"\n", b"GET /\n",
                    b'{"do":"status"', b'{"do":["status"]}\n', b'{"do":"format-disk"}\n',
                    b'{"do":"peers","peer":"nobody"}\n', os.urandom(600).replace(b"\n", b"") + b"\n"):
            with Control(path_of(d)) as c:
                c.send(bad + (b"" if bad.endswith(b"\n") else b"\n"))
                check("error" in c.line(), bad)
                equal(c.line(), None, f"what follows {bad}")
        serves(d)


@test
def a_line_that_is_too_long_ends_it():
    with Daemon(SITE) as d:
        with Control(path_of(d)) as c:
            try:
                c.send(b"x" * (1 << 20))
            except (BrokenPipeError, ConnectionResetError):
                pass
            check("4096" in c.line()["error"], "no error")
            equal(c.line(), None, "what follows")
        serves(d)


@test
def half_a_request_is_not_waited_for():
    with Daemon(IMPATIENT) as d, Control(path_of(d)) as c:
        c.send(b'{"do":"sta')
        equal(c.line(), None, "answer")
        with Control(path_of(d)) as other:
            equal(other.ask("status")[0]["daemon"]["control"]["slow"], 1, "slow ones")
        serves(d)


@test
def a_thousand_connections_leave_room():
    with Daemon(SITE) as d:
        crowd = []
        try:
            for _ in range(1000):
                s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                s.connect(path_of(d))
                crowd.append(s)
            serves(d)
            with Control(path_of(d)) as c:
                counts = c.ask("status")[0]["daemon"]["control"]
            check(counts["crowded"] >= 996, counts)
        finally:
            for s in crowd:
                s.close()


@test
def who_never_reads_is_dropped():
    with Daemon(IMPATIENT) as d:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
            s.settimeout(TIMEOUT)
            s.connect(path_of(d))
            try:
                while True:
                    s.sendall(b'{"do":"status"}\n' * 200)
            except (BrokenPipeError, ConnectionResetError):
                pass
        with Control(path_of(d)) as c:
            equal(c.ask("status")[0]["daemon"]["control"]["slow"], 1, "slow ones")
        serves(d)


@test
def a_flood_of_requests_holds_up_nobody():
    with Daemon(SITE) as d:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
            s.connect(path_of(d))
            s.setblocking(False)
            flood, sent, taken = b'{"do":"peers"}\n' * 1000, 0, 0
            for _ in range(200):
                try:
                    sent += s.send(flood)
                except BlockingIOError:
                    pass
                try:
                    taken += len(s.recv(1 << 20))
                except BlockingIOError:
                    pass
                with d.peer() as p:
                    equal(p.get("/hello").code, code("2.05"), "answer")
            if not taken:                       # the supervisor gets to it only now
                s.settimeout(TIMEOUT)
                taken = len(s.recv(1 << 20))
            check(sent > len(flood) and taken > 0, f"{sent} bytes sent, {taken} taken")
        serves(d)


@test
def a_socket_in_use_is_an_error():
    with Daemon(SITE) as d:
        site = os.path.join(d.directory, "second.yaml")
        with open(site, "w", encoding="utf-8") as f:
            f.write(f"listen: [ 'coap://[::1]:0' ]\ncontrol: {{ socket: {path_of(d)} }}\n"
                    "resources: { /hello: hello }\n")
        status, err = coapd("--modules-dir", d.modules, "--config", site)
        equal(status, 1, f"exit status ({err})")
        check(re.search(r"error: \S+/second\.yaml:2:20: control\.socket: \S+ is that of another coapd that is "
                        "running: stop it, or name another path", err), err)
        serves(d)


@test
def a_second_one_in_the_same_directory_says_so_and_touches_nothing():
    """Both are given one by a service manager, and listen elsewhere."""
    directory = private_directory()
    os.chmod(directory, 0o777)
    env, site = {"RUNTIME_DIRECTORY": directory}, "resources: { /hello: hello }"
    try:
        with Daemon(site, env=env) as d:
            before = sorted(os.listdir(directory))
            check("control" in before, f"{before}")
            second = Daemon(site, env=env, status=1)
            second.start(ready=False)
            equal(second.wait_end(), 1, "exit status of the second")
            second.reader.join(TIMEOUT)
            check(second.records(rf"error: \S+: control.socket: {directory}/control is that of another "
                                 "coapd that is running: stop it, or name another path"), "it says why")
            second.stop(None)
            equal(sorted(os.listdir(directory)), before, "what is in the directory")
            with Control(os.path.join(directory, "control")) as c, d.peer() as p:
                equal(c.ask("status")[0]["daemon"]["pid"], d.pid, "who answers")
                equal(p.get("/hello").code, code("2.05"), "answer")
    finally:
        shutil.rmtree(directory)


@test
def a_socket_of_a_dead_daemon_is_replaced():
    directory = private_directory()
    site = SITE.replace("@DIR@", directory)
    path = os.path.join(directory, "control")
    d = Daemon(site).start()
    os.kill(d.pid, signal.SIGKILL)
    d.wait_end()
    d.destroy()
    try:
        check(os.path.exists(path), "it is gone by itself")
        with Daemon(site) as second, Control(path) as c:
            equal(c.ask("status")[0]["daemon"]["pid"], second.pid, "who answers")
        equal(os.listdir(directory), [], "what is left")
    finally:
        shutil.rmtree(directory)


@test
def another_file_is_not_replaced():
    with Daemon(SITE) as d:
        site, path = os.path.join(d.directory, "second.yaml"), os.path.join(d.directory, "note")
        with open(path, "w", encoding="utf-8") as f:
            f.write("keep me")
        with open(site, "w", encoding="utf-8") as f:
            f.write(f"listen: [ 'coap://[::1]:0' ]\ncontrol: {{ socket: {path} }}\n"
                    "resources: { /hello: hello }\n")
        status, err = coapd("--modules-dir", d.modules, "--config", site)
        equal(status, 1, f"exit status ({err})")
        check("no socket" in err, err)
        with open(path, encoding="utf-8") as f:
            equal(f.read(), "keep me", "the file")


@test
def stop_is_as_the_signal():
    with Daemon(SITE) as d, Control(path_of(d)) as c:
        c.send(b'{"do":"stop"}\n')
        equal(c.line(), {"stopping": True}, "answer")
        equal(c.line(), None, "what follows the end of coapd")
        equal(d.wait_end(), 0, "exit status")
        d.wait_log("asked to stop at the control socket")


run()
