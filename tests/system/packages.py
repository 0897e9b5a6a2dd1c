"""The Debian packages: built from what a released archive has, looked at by lintian, and installed,
upgraded, removed and purged where a real systemd runs.  COAPD_PACKAGES may name a directory
where they have been built before."""
import atexit
import glob
import os
import re
import shutil
import subprocess
import tempfile

from harness import *
from harness.container import Container, possible
from harness.daemon import BUILD

SITE = "/etc/coapd/site.yaml"
NAMES = ("coap-client", "coapd", "coapd-dev")
LATER = "9.9"
# policy-rc.d, where there is one, has no service started; an index of all pages takes long.
PREPARE = """#!/bin/sh
set -eu
rm -f "$1/usr/sbin/policy-rc.d" "$1/var/lib/man-db/auto-update"
mkdir "$1/packages"
cp '%s'/*.deb "$1/packages"
"""


def needed():
    if os.environ.get("COAPD_QUICK"):
        raise Skip("takes long: not in a quick run")
    with open(os.path.join(BUILD, "config.status"), encoding="utf-8") as f:
        if "--enable-sanitizers" in f.read():
            raise Skip("packages have no sanitizers: another build has this test")
    for program, package in (("dpkg-buildpackage", "dpkg-dev"), ("dh", "debhelper"),
                             ("lintian", "lintian")):
        if not shutil.which(program):
            raise Skip(f"no {program} (Debian package {package})")


def sure(command, **more):
    """Runs a command that must go well; what it prints."""
    r = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True, check=False, **more)
    if r.returncode != 0:
        raise Failure(f"{' '.join(command)}: status {r.returncode}: {r.stdout[-3000:]}")
    return r.stdout


def scratch(name):
    directory = tempfile.mkdtemp(prefix=f"coapd-{name}-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory


@once
def packages():
    """The directory where they are."""
    needed()
    given = os.environ.get("COAPD_PACKAGES")
    if given:
        return given
    directory = scratch("packages")
    plain = {k: v for k, v in os.environ.items()
             if k not in ("MAKEFLAGS", "MAKELEVEL", "CC", "CFLAGS", "CPPFLAGS", "LDFLAGS")}
    tree = os.path.join(directory, "coapd")
    sure(["make", "-C", BUILD, "distdir", f"distdir={tree}"], env=plain)
    sure(["dpkg-buildpackage", "-us", "-uc"], cwd=tree,
         env=dict(plain, DEB_BUILD_PROFILES="nocheck",
                  DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=2"))
    return directory


def package(name):
    found = glob.glob(f"{packages()}/{name}_*.deb")
    equal(len(found), 1, f"number of packages {name}")
    return found[0]


def contents(name):
    """What is in it: the modes by path."""
    out = sure(["dpkg-deb", "--contents", package(name)])
    return {line.split()[5][1:]: line.split()[0] for line in out.splitlines()}


# A version that does not take the site of the one before.
STRICT = "#!/bin/sh\necho site.yaml:1:1: not for this version >&2\nexit 2\n"


def repacked(name, directory, called, program=None):
    """The same package with a higher version, and maybe with another program for coapd's."""
    tree = os.path.join(directory, "tree")
    sure(["dpkg-deb", "--raw-extract", package(name), tree])
    control = os.path.join(tree, "DEBIAN", "control")
    with open(control, encoding="utf-8") as f:
        text = f.read()
    with open(control, "w", encoding="utf-8") as f:
        f.write(re.sub(r"^Version: .*$", f"Version: {LATER}", text, flags=re.M))
    if program:
        with open(os.path.join(tree, "usr/sbin/coapd"), "w", encoding="utf-8") as f:
            f.write(program)
    sure(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree,
          os.path.join(directory, f"{name}_{called}.deb")])
    shutil.rmtree(tree)


@once
def system():
    """Booted once, for all tests here, each of which leaves no package installed."""
    possible()
    directory = scratch("prepare")
    repacked("coapd", directory, "strict", STRICT)
    for name in NAMES:
        repacked(name, directory, LATER)
        shutil.copy(package(name), os.path.join(directory, f"{name}_first.deb"))
    prepare = os.path.join(directory, "prepare")
    with open(prepare, "w", encoding="utf-8") as f:
        f.write(PREPARE % directory)
    os.chmod(prepare, 0o755)
    c = Container(prepare)
    atexit.register(c.close)
    return c


def install(version, names=NAMES):
    """What dpkg says."""
    return system().do("dpkg", "--install", *[f"/packages/{n}_{version}.deb" for n in names],
                       timeout=4 * TIMEOUT)


def purge():
    c = system()
    c.run("systemctl", "reset-failed", "coapd.service")
    return c.do("dpkg", "--purge", *NAMES, timeout=4 * TIMEOUT)


class Installed:
    """For as long as the with block lasts."""

    def __enter__(self):
        install("first")
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            said = system().run("journalctl", "-u", "coapd", "-o", "cat", "--no-pager", "-n", "40")[1]
            print("\n".join("# | " + line for line in said.splitlines()), flush=True)
        purge()


def show(name, unit="coapd.service"):
    return system().do("systemctl", "show", "-P", name, unit).strip()


def answer(path="/hello"):
    return system().do("coap", f"coap://[::1]{path}")


def is_the_new_program(pid):
    """In all processes of the service what is installed now runs."""
    c = system()
    inode = c.do("stat", "-c", "%i", "/usr/sbin/coapd")
    pids = c.do("sh", "-c", "cat /sys/fs/cgroup/system.slice/coapd.service/cgroup.procs").split()
    check(pid in pids, f"{pid} is not there")
    for one in pids:
        equal(c.do("stat", "-L", "-c", "%i", f"/proc/{one}/exe"), inode, f"program of {one}")


def version(name="coapd"):
    return system().do("dpkg-query", "-W", "-f", "${Version}", name)


@test
def they_are_built():
    for name in NAMES:
        check(f"/usr/share/doc/{name}/copyright" in contents(name), f"{name} has no copyright")
    for name, path in (("coapd", "/usr/sbin/coapd"), ("coapd", "/usr/bin/coapctl"),
                       ("coapd-dev", "/usr/bin/coapd-module-test"),
                       ("coap-client", "/usr/bin/coap")):
        equal(contents(name).get(path), "-rwxr-xr-x", f"{path} of {name}")
    equal([path for name in NAMES for path in contents(name)
           if re.search(r"/local/|\.la$|/\.libs/|_test\.c$|Makefile", path)], [], "what is none of theirs")
    equal(sure(["dpkg-deb", "-I", package("coapd"), "conffiles"]), SITE + "\n", "conffiles")
    equal(re.sub(r"\d+", "N", sure(["dpkg-deb", "-f", package("coapd"), "Provides"])),
          "coapd-abi-N\n", "what modules of others may depend on")


@test
def lintian_finds_nothing():
    changes, = glob.glob(f"{packages()}/coapd_*.changes")
    said = sure(["lintian", "--allow-root", "--fail-on", "error,warning", changes])
    equal(said, "", "what lintian says")


@test
def what_is_installed_serves():
    c = system()
    with Installed():
        equal((show("ActiveState"), show("UnitFileState")), ("active", "enabled"), "the service")
        equal((show("ActiveState", "coapd.socket"), show("UnitFileState", "coapd.socket")),
              ("inactive", "disabled"), "its sockets")
        equal(answer(), "Hello, world!", "answer")
        for path, wanted in ((f"/proc/{show('MainPID')}", "coapd 555"), (SITE, "root 644"),
                             ("/etc/coapd/credentials", "root 700"), ("/run/coapd", "coapd 750"),
                             ("/var/lib/coapd", "coapd 750"), ("/var/log/coapd", "coapd 750")):
            equal(c.do("stat", "-c", "%U %a", path), wanted + "\n", path)
        check("1 resources" in c.do("coapd", "--check"), "coapd --check")
        check(show("MainPID") in c.do("coapctl", "status"), "coapctl status")
        c.do("systemctl", "stop", "coapd")
        equal(show("ActiveState"), "inactive", "state when stopped")
        c.do("systemctl", "start", "coapd")
        equal(answer(), "Hello, world!", "answer after a start by hand")


@test
def modules_of_others_can_be_made():
    c = system()
    with Installed():
        c.do("cp", "-r", "/usr/share/doc/coapd-dev/examples/hello", "/tmp/mine")
        c.do("sh", "-euc", """cd /tmp/mine; sed 's/"hello"/"mine"/' hello.c >mine.c; """
             "cc -fPIC -shared $(pkg-config --cflags coapd) -o mine.so mine.c")
        c.write("/tmp/mine/mine.test", 'mount /m mine\nget /m\nexpect 2.05 "hello, world"\n')
        said = c.do("coapd-module-test", "-I", "/tmp/mine", "/tmp/mine/mine.test")
        check("not ok" not in said and re.search(r"^ok 2 ", said, re.M), said)
        c.do("sh", "-euc", 'install -m 644 /tmp/mine/mine.so "$(pkg-config --variable=moduledir coapd)"')
        c.write("/etc/coapd/conf.d/mine.yaml", "resources: { /mine: { module: mine, text: I } }\n")
        c.do("systemctl", "restart", "coapd")
        equal(answer("/mine"), "I", "answer of a module that no package has")
        c.do("sh", "-euc", 'rm -r /tmp/mine /etc/coapd/conf.d/mine.yaml '
             '"$(pkg-config --variable=moduledir coapd)/mine.so"')


@test
def an_upgrade_runs_the_new_version():
    c = system()
    with Installed():
        c.write(SITE, "resources: { /hello: { module: hello, text: mine } }\n")
        c.do("systemctl", "restart", "coapd")
        old = show("MainPID")
        install(LATER)
        equal(version(), LATER, "version")
        equal(show("ActiveState"), "active", "state")
        equal(show("MainPID"), old, "the supervisor's process")
        is_the_new_program(old)
        equal(answer(), "mine", "answer by the operator's own site")


@test
def sockets_stay_over_an_upgrade():
    c = system()
    with Installed():
        c.do("systemctl", "stop", "coapd")
        c.do("systemctl", "enable", "--now", "coapd.socket")
        equal(answer(), "Hello, world!", "answer")
        old, since = show("MainPID"), show("ActiveEnterTimestampMonotonic", "coapd.socket")
        install(LATER)
        is_the_new_program(old)
        equal(answer(), "Hello, world!", "answer of the new version")
        equal((show("ActiveState", "coapd.socket"),
               show("ActiveEnterTimestampMonotonic", "coapd.socket")), ("active", since), "sockets")
        c.do("dpkg", "--remove", "coapd", timeout=4 * TIMEOUT)
        equal(show("ActiveState", "coapd.socket"), "inactive", "sockets when removed")
        check(not c.do("ss", "-Hlun", "sport = :5683"), "a socket at the port")


@test
def a_version_that_refuses_the_site_does_not_end_the_old_one():
    with Installed():
        old = show("MainPID")
        said = install("strict", ["coapd"])
        check("finds mistakes in the site" in said, said)
        equal((version(), show("ActiveState"), show("MainPID")), (LATER, "active", old),
              "version, state and process")
        equal(answer(), "Hello, world!", "answer of the old version")
        install(LATER)
        is_the_new_program(old)
        equal(answer(), "Hello, world!", "answer of the new version")


@test
def what_is_disabled_is_not_started():
    c = system()
    with Installed():
        c.do("systemctl", "disable", "--now", "coapd")
        install(LATER)
        equal((version(), show("ActiveState"), show("UnitFileState")),
              (LATER, "inactive", "disabled"), "version and state")


def files():
    """All in /etc, and where programs put theirs what has coap in its path."""
    out = system().do("find", "/etc", "/opt", "/run", "/srv", "/usr", "/var/cache", "/var/lib",
                      "/var/log", "-xdev", "(", "-path", "/etc/*", "-o", "-path", "*coap*", ")", "-print")
    return {path for path in out.splitlines()
            if not re.match(r"/etc/((passwd|group|shadow|gshadow)-?|\.pwd\.lock|ld\.so\.cache)$", path)}


@test
def what_is_removed_is_gone_and_what_is_purged_too():
    c = system()
    before = files()
    with Installed():
        c.write("/var/lib/coapd/kept", "")
        c.write("/etc/coapd/conf.d/ours.yaml", "resources: { /ours: hello }\n")
        old = show("MainPID")
        c.do("dpkg", "--remove", *NAMES, timeout=4 * TIMEOUT)
        check(c.run("test", "-e", f"/proc/{old}")[0] != 0, "the process is there")
        for path in (SITE, "/var/lib/coapd/kept"):
            check(c.run("test", "-e", path)[0] == 0, f"{path} is not there")
        equal({path for path in files() - before if not re.match("/(etc|var/l(ib|og))/", path)},
              set(), "left when removed")
        purge()
        equal(files() - before, {"/etc/coapd", "/etc/coapd/conf.d", "/etc/coapd/conf.d/ours.yaml"},
              "left when purged: the operator's own files")
        c.do("rm", "-r", "/etc/coapd")
        install("first")
        equal(answer(), "Hello, world!", "answer when installed again")
        purge()
        equal(files() - before, set(), "left when purged")


run()
