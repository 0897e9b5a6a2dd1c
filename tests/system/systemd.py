"""What `make install` leaves, run by a real systemd: the units start, feed, reload, restart and
stop coapd, which nowhere is root."""
import atexit
import json
import os
import re
import tempfile

from harness import *
from harness.container import Container, possible
from harness.daemon import BUILD

PREFIX = "/usr/local"
SITE = PREFIX + "/etc/coapd/site.yaml"
DROP_IN = "/etc/systemd/system/coapd.service.d/test.conf"
GOOD = """
resources:
  /hello: {module: hello, text: from systemd}
  /crash: crash
"""
PREPARE = """#!/bin/sh
set -eu
env -u MAKEFLAGS -u MAKELEVEL make -C '%(build)s' install DESTDIR="$1"
cp '%(modules)s/crash.so' '%(modules)s/value.so' "$1%(prefix)s/lib/coapd/"
"""


def needed():
    possible()
    if os.environ.get("COAPD_QUICK"):
        raise Skip("takes long: not in a quick run")
    with open(os.path.join(BUILD, "config.status"), encoding="utf-8") as f:
        text = f.read()
    if "--enable-sanitizers" in text:
        raise Skip("sanitizers need more than the unit allows")
    if f'\nS["prefix"]="{PREFIX}"\n' not in text:
        raise Skip(f"units are looked for below {PREFIX}, and this build is for elsewhere")


@once
def system():
    """Booted once, for all tests here, each of which leaves the service stopped."""
    needed()
    directory = tempfile.mkdtemp(prefix="coapd-prepare-")
    path = os.path.join(directory, "prepare")
    with open(path, "w", encoding="utf-8") as f:
        f.write(PREPARE % {"build": BUILD, "prefix": PREFIX,
                           "modules": os.path.realpath(f"{BUILD}/tests/modules/.libs")})
    os.chmod(path, 0o755)
    try:
        c = Container(path)
    finally:
        os.remove(path)
        os.rmdir(directory)
    atexit.register(c.close)
    c.write(SITE, GOOD)
    return c


def show(name, unit="coapd.service"):
    return system().do("systemctl", "show", "-P", name, unit).strip()


def journal(since=""):
    return system().do("journalctl", "-u", "coapd", "-o", "cat", "--no-pager",
                       *([f"--after-cursor={since}"] if since else []))


def settle():
    """What was said by now is in the journal."""
    system().do("journalctl", "--sync")


def cursor():
    settle()
    out = system().do("journalctl", "-n", "1", "-o", "json", "--no-pager")
    return json.loads(out)["__CURSOR"]


def wait_journal(pattern, since):
    return system().wait(lambda: re.search(pattern, journal(since)), f"{pattern!r} in the journal")


def pids():
    """The processes of the service, the supervisor first."""
    out = system().do("sh", "-c", "cat /sys/fs/cgroup/system.slice/coapd.service/cgroup.procs")
    main = show("MainPID")
    return [main] + [pid for pid in out.split() if pid != main]


def all_gone(processes):
    return all(system().run("test", "-e", f"/proc/{pid}")[0] != 0 for pid in processes)


def workers():
    settle()
    return dict(re.findall(r"worker (\d+) started \(pid (\d+)\)", journal()))


def answer(path="/hello"):
    return system().do("coap", f"coap://[::1]{path}")


class Service:
    """Started for as long as the with block lasts."""

    def __init__(self, drop_in=None, site=GOOD):
        self.drop_in, self.site = drop_in, site

    def __enter__(self):
        c = system()
        c.write(SITE, self.site)
        c.do("rm", "-f", DROP_IN)
        if self.drop_in:
            c.write(DROP_IN, self.drop_in)
        c.do("systemctl", "daemon-reload")
        c.do("journalctl", "--rotate", "--vacuum-time=1s", "-q")
        try:
            c.do("systemctl", "start", "coapd", timeout=3 * TIMEOUT)
        except Failure:
            self.tell()
            raise
        return self

    @staticmethod
    def tell():
        print("\n".join("# | " + line for line in journal().splitlines()[-40:]), flush=True)

    def __exit__(self, kind, *_):
        c = system()
        if kind is not None:
            self.tell()
        c.run("systemctl", "stop", "coapd.socket", "coapd.service")
        c.run("systemctl", "reset-failed", "coapd.service")


@test
def the_units_are_sound():
    c = system()
    said = c.do("systemd-analyze", "verify", "coapd.service", "coapd.socket")
    equal([line for line in said.splitlines() if "coapd" in line], [], "complaints")
    c.do("systemd-sysusers")
    check(c.do("id", "-u", "coapd").strip() != "0", "the user coapd")
    c.do("systemd-tmpfiles", "--create", "coapd.conf")
    equal(c.do("stat", "-c", "%U %a", f"{PREFIX}/etc/coapd/credentials"), "root 700\n",
          "where credentials are")
    check("net.core.rmem_max = 4194304" in c.do("/lib/systemd/systemd-sysctl", "--cat-config"),
          "sysctl.d")


@test
def it_is_exposed_to_little():
    said = system().do("systemd-analyze", "security", "--no-pager", "coapd.service")
    level = float(re.search(r"exposure level for coapd.service: ([\d.]+)", said)[1])
    check(level <= 2.0, f"exposure level {level}")
    print(f"# systemd-analyze security: {level}")


@test
def it_starts_and_serves_as_nobody_special():
    with Service():
        equal(answer(), "from systemd", "answer")
        equal(show("ActiveState"), "active", "state")
        check(show("StatusText").startswith("2 workers, "), show("StatusText"))
        for pid in pids():
            equal(system().do("stat", "-c", "%U %G", f"/proc/{pid}").strip(), "coapd coapd",
                  f"who is {pid}")
            status = system().do("cat", f"/proc/{pid}/status")
            for name in ("CapPrm", "CapEff", "CapBnd"):
                check(re.search(rf"^{name}:\s+0+$", status, re.M), f"{name} of {pid}")
            check(re.search(r"^NoNewPrivs:\s+1$", status, re.M), f"NoNewPrivs of {pid}")
            check(re.search(r"^Seccomp:\s+2$", status, re.M), f"Seccomp of {pid}")


@test
def the_status_has_figures():
    with Service():
        equal(answer(), "from systemd", "answer")
        system().wait(lambda: re.search(r"; [1-9]\d* requests, \d+/s", show("StatusText")),
                      "requests in the status")


@test
def coapctl_finds_it_and_is_for_root_and_its_user():
    c = system()
    with Service():
        equal(answer(), "from systemd", "answer")
        equal(c.do("stat", "-c", "%U %a", "/run/coapd/control"), "coapd 600\n", "the socket")
        for user in ("root", "coapd"):
            out = c.do("setpriv", f"--reuid={user}", "--clear-groups", "coapctl", "status")
            check(re.search(rf"process {show('MainPID')}, serving for ", out), out)
        check(c.run("setpriv", "--reuid=nobody", "--clear-groups", "coapctl", "status")[0] == 1,
              "anybody may ask")


@test
def directories_and_credentials_are_given():
    c = system()
    c.write(f"{PREFIX}/etc/coapd/credentials/key", "secret\n")
    with Service(f"[Service]\nLoadCredential=key:{PREFIX}/etc/coapd/credentials/key\n",
                 GOOD.replace("from systemd", '"${credential:key}"')):
        equal(answer().strip(), "secret", "what a module was given")
        main = show("MainPID")
        there = c.do("sh", "-c", f"tr '\\0' '\\n' </proc/{main}/environ")
        for line in ("RUNTIME_DIRECTORY=/run/coapd", "STATE_DIRECTORY=/var/lib/coapd",
                     "LOGS_DIRECTORY=/var/log/coapd",
                     "CREDENTIALS_DIRECTORY=/run/credentials/coapd.service"):
            check(line in there.splitlines(), f"{line} in {there}")
        equal(c.do("cat", f"/proc/{main}/root" + "/run/credentials/coapd.service/key"),
              "secret\n", "the credential")
        for path in ("/run/coapd", "/var/lib/coapd", "/var/log/coapd"):
            equal(c.do("stat", "-c", "%U %a", path), "coapd 750\n", path)
        check(c.do("ls", "/run/coapd").strip(), "coapd's own directory in the runtime directory")
    check(c.run("ls", "/run/coapd")[0] != 0, "the runtime directory is gone at the end")


@test
def a_good_reload_goes_on():
    with Service():
        before = pids()
        system().write(SITE, GOOD.replace("from systemd", "from another site"))
        system().do("systemctl", "reload", "coapd")
        equal(show("ActiveState"), "active", "state")
        equal(pids()[0], before[0], "the supervisor")
        equal(answer(), "from another site", "answer")


@test
def a_bad_reload_changes_nothing_and_says_where():
    c = system()
    with Service():
        before, since = pids(), cursor()
        c.write(SITE, GOOD.replace("hello, text", "hello, txet"))
        status, said = c.run("systemctl", "reload", "coapd")
        check(status != 0, f"systemctl reload says {said!r}")
        wait_journal(r"site\.yaml:3:\d+: .*txet", since)
        equal(show("ActiveState"), "active", "state")
        equal(pids(), before, "processes")
        equal(answer(), "from systemd", "answer")


@test
def a_worker_that_hangs_is_replaced():
    with Service(site="watchdog: 8s\n" + GOOD):
        old, main, since = workers()["1"], show("MainPID"), cursor()
        system().do("kill", "-STOP", old)
        wait_journal(rf"worker 1 \(pid {old}\) hangs: .*\(watchdog\), killing it", since)
        wait_journal(rf"worker 1 started \(pid (?!{old}\))", since)
        equal(answer(), "from systemd", "answer")
        equal((show("MainPID"), show("NRestarts")), (main, "0"), "supervisor and restarts")


@test
def a_killed_worker_is_replaced():
    with Service():
        old, main, since = workers()["0"], show("MainPID"), cursor()
        system().do("kill", "-KILL", old)
        wait_journal(rf"worker 0 \(pid {old}\) died of SIGKILL", since)
        wait_journal(rf"worker 0 started \(pid (?!{old}\))", since)
        equal(answer(), "from systemd", "answer")
        equal((show("MainPID"), show("NRestarts")), (main, "0"), "supervisor and restarts")


def started_again(main):
    return show("NRestarts") != "0" and show("ActiveState") == "active" and show("MainPID") != main


@test
def the_journal_has_fields():
    with Service():
        since = cursor()
        system().run("coap", "coap://[::1]/crash?how=segv")
        wait_journal("died of SIGSEGV in /crash", since)
        out = system().do("journalctl", "COAPD_MODULE=crash", "-n", "1", "-o", "json")
        entry = json.loads(out)
        got = {k: entry.get(k) for k in ("COAPD_PATH", "COAPD_SIGNAL", "COAPD_PROCESS",
                                         "COAPD_PART", "PRIORITY", "_SYSTEMD_UNIT",
                                         "SYSLOG_IDENTIFIER", "_TRANSPORT")}
        equal(got, {"COAPD_PATH": "/crash", "COAPD_SIGNAL": "SIGSEGV",
                    "COAPD_PROCESS": "supervisor", "COAPD_PART": "supervisor",
                    "PRIORITY": "3", "_SYSTEMD_UNIT": "coapd.service",
                    "SYSLOG_IDENTIFIER": "coapd", "_TRANSPORT": "journal"}, "the obituary")


@test
def the_access_log_is_written_and_turned():
    c = system()
    log = "/var/log/coapd/access"
    with Service(site="access-log: { file: %s, format: json }" % log + GOOD):
        def told(path):
            c.run("coap", f"coap://[::1]{path}")
            return any(json.loads(line)["path"] == path for line in c.do("cat", log).splitlines())
        c.wait(lambda: told("/hello"), "a line")
        c.do("mv", log, log + ".1")
        since = cursor()
        c.do("systemctl", "kill", "--kill-whom=main", "-s", "USR2", "coapd")
        wait_journal("the file of the access log is opened anew", since)
        c.wait(lambda: told("/after"), "a line in another file")
        equal(c.do("stat", "-c", "%U %a", log), "coapd 640\n", "the file")


@test
def a_killed_supervisor_is_started_again():
    with Service():
        old = pids()
        system().do("kill", "-KILL", old[0])
        system().wait(lambda: started_again(old[0]), "another supervisor")
        equal(set(old) & set(pids()), set(), "processes of before")
        equal(answer(), "from systemd", "answer")


@test
def a_supervisor_that_hangs_is_ended_and_started_again():
    with Service("[Service]\nWatchdogSec=8s\n"):
        old, since = pids(), cursor()
        system().do("kill", "-STOP", old[0])
        system().wait(lambda: started_again(old[0]), "another supervisor", timeout=3 * TIMEOUT)
        wait_journal(r"Watchdog timeout", since)
        equal(answer(), "from systemd", "answer")


class Observer:
    """A client in the container that observes /value, which has a state, and writes down what it is
    told."""

    def __init__(self, state):
        put(state)
        self.log = "/tmp/observed"
        system().do("sh", "-c", f"coap observe coap://[::1]/value >{self.log} 2>&1 & echo $! >/tmp/observer")
        self.wait(state)

    def wait(self, state):
        system().wait(lambda: state in system().do("cat", self.log), f"{state!r} observed")

    def is_told(self, state):
        put(state)
        self.wait(state)

    def end(self):
        system().do("sh", "-c", "kill $(cat /tmp/observer)")


VALUE = """
resources:
  /hello: {module: hello, text: from systemd}
  /value: {module: value, file: /var/lib/coapd/value}
"""


def put(text):
    system().do("coap", "put", "coap://[::1]/value", "-d", text)


def with_value():
    """The file is there, for whoever serves it."""
    system().do("sh", "-c", "mkdir -p /var/lib/coapd; : >/var/lib/coapd/value; chmod 666 /var/lib/coapd/value")
    return Service(site=VALUE)


def kept():
    return int(re.search(r"^(\d+)", show("NFileDescriptorStore"))[1])


@test
def clients_outlive_a_restart():
    c = system()
    for what in ("restart", "kill"):
        with with_value():
            c.wait(lambda: kept() >= 2 * 5, "what is kept")
            o = Observer("one")
            old, since = show("MainPID"), cursor()
            if what == "restart":
                c.do("systemctl", "restart", "coapd")
            else:
                c.do("kill", "-KILL", old)
                c.wait(lambda: started_again(old), "another supervisor")
            check(show("MainPID") != old, "the same process")
            wait_journal("going on with what the service manager has kept", since)
            check("/value" in c.do("coapctl", "observers"), "the observer is not known")
            o.is_told("two")
            o.end()


@test
def the_installed_program_takes_over():
    c = system()
    program = f"{PREFIX}/sbin/coapd"
    with with_value():
        o = Observer("one")
        main, since = show("MainPID"), cursor()
        c.do("sh", "-c", f"cp {program} {program}.new && mv {program}.new {program}")
        check("has taken over" in c.do("coapctl", "upgrade"), "it does not say so")
        equal((show("MainPID"), show("ActiveState")), (main, "active"), "process and state")
        inode = "stat -L -c %i"
        equal(c.do("sh", "-c", f"{inode} /proc/{main}/exe"), c.do("sh", "-c", f"{inode} {program}"), "program")
        o.is_told("two")
        # What is kept is what there is now.
        c.do("systemctl", "restart", "coapd")
        wait_journal("going on with what the service manager has kept", since)
        o.is_told("three")
        o.end()


@test
def a_program_that_is_no_good_does_not():
    c = system()
    program = f"{PREFIX}/sbin/coapd"
    with Service():
        main = show("MainPID")
        c.do("sh", "-c", f"cp {program} {program}.good; echo nonsense >{program}.new; chmod 755 {program}.new; "
             f"mv {program}.new {program}")
        try:
            status, said = c.run("coapctl", "upgrade")
            check(status == 1 and "Exec format error" in said, said)
            equal(answer(), "from systemd", "answer")
            equal((show("MainPID"), show("ActiveState")), (main, "active"), "process and state")
        finally:
            c.do("mv", f"{program}.good", program)


@test
def it_stops_when_told():
    with Service():
        old = pids()
        system().do("systemctl", "stop", "coapd")
        equal((show("ActiveState"), show("Result"), show("ExecMainStatus")),
              ("inactive", "success", "0"), "state, result and status")
        check(all_gone(old), f"{old} are gone")


@test
def a_wrong_site_is_not_tried_again():
    c = system()
    c.write(SITE, "resources: { /hello: nosuch }\n")
    status, _ = c.run("systemctl", "start", "coapd")
    check(status != 0, "systemctl start fails")
    equal((show("ActiveState"), show("NRestarts"), show("ExecMainStatus")), ("failed", "0", "2"),
          "state, restarts and status")
    c.do("systemctl", "reset-failed", "coapd")


class Activated(Service):
    """Its sockets alone are opened."""

    def __enter__(self):
        c = system()
        c.write(SITE, self.site)
        c.do("rm", "-f", DROP_IN)
        c.do("systemctl", "daemon-reload")
        c.do("systemctl", "start", "coapd.socket")
        equal(show("ActiveState"), "inactive", "state of the service")
        return self


@test
def the_first_request_starts_it():
    with Activated():
        since = cursor()
        equal(answer(), "from systemd", "answer to the request that starts it")
        system().wait(lambda: show("ActiveState") == "active", "an active service")
        wait_journal(r"ready: 2 workers, 2 slots", since)


@test
def sockets_have_names_and_outlive_it():
    with Activated(site="listen: [ 'coap+fd://coap', 'coap://[::1]:7683' ]" + GOOD):
        since = cursor()
        equal(answer(), "from systemd", "answer")
        wait_journal(r"listening on coap://\[::\]:5683", since)
        wait_journal(r"listening on coap://\[::1\]:7683", since)
        old = pids()
        system().do("kill", "-KILL", old[0])
        system().wait(lambda: all_gone(old), "the end of its workers")
        equal(answer(), "from systemd", "answer to a request of meanwhile")
        check(show("MainPID") != old[0], "another supervisor")


@test
def sockets_that_nobody_wants_are_an_error():
    with Activated(site="listen: coap://[::1]:7683" + GOOD):
        since = cursor()
        system().run("systemctl", "start", "coapd")
        wait_journal(r'passed a socket "coap" at \[::\]:5683, but no listener is there', since)


run()
