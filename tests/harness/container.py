"""A real systemd as process 1: the machine's own files under an overlay that is forgotten,
namespaces of its own, no network but loopback."""
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

from harness.cgroups import Cgroups
from harness.check import Failure, Skip, TIMEOUT
from harness.process import end_group

SYSTEMD = "/usr/lib/systemd/systemd"
BOOT_TIMEOUT = 4 * TIMEOUT
# Everything happens in mount namespaces that end with their processes.
BOOT = r"""
set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/tree"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/tree"
rm -rf "$1"/tree/etc/systemd/system/*.wants "$1"/tree/etc/systemd/system/*.requires
rm -f "$1/tree/etc/machine-id"
: >"$1/tree/etc/machine-id"
"$2" "$1/tree"
tree=$1
shift 2
for procs; do echo $$ >"$procs" || :; done
exec systemd-nspawn --quiet --register=no --keep-unit --private-network --console=pipe \
	-D "$tree/tree" --machine=coapd-test --boot systemd.unit=multi-user.target
"""


def possible():
    """Skips where there can be none."""
    if os.geteuid() != 0:
        raise Skip("needs root")
    for program in ("systemd-nspawn", "nsenter", "unshare"):
        if not shutil.which(program):
            raise Skip(f"no {program} (Debian packages systemd-container, util-linux)")
    if not os.path.exists(SYSTEMD):
        raise Skip("no systemd here (Debian package systemd)")


def _children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return [int(word) for word in f.read().split()]
    except OSError:
        return []


def _is_first(pid):
    """Process 1 of a namespace other than ours."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            lines = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
    except OSError:
        return False
    ids = lines["NSpid"].split()
    return len(ids) > 1 and ids[-1] == "1"


class Container:
    """prepare is a command that is given the directory of the root to be, before it boots."""

    def __init__(self, prepare):
        possible()
        self.directory = tempfile.mkdtemp(prefix="coapd-system-")
        self.cgroups = Cgroups(os.path.basename(self.directory))
        self.console = open(os.path.join(self.directory, "console"), "w+b")
        self.process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", BOOT, "boot", self._place("mount"), prepare,
             *self.cgroups.files],
            stdin=subprocess.DEVNULL, stdout=self.console, stderr=subprocess.STDOUT,
            env=dict(os.environ, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY="1"), start_new_session=True)
        self.first = None
        try:
            self._wait_booted()
        except (Failure, Skip):
            self.close()
            raise

    def _place(self, name):
        path = os.path.join(self.directory, name)
        os.mkdir(path)
        return path

    def said(self):
        """What its boot printed."""
        self.console.seek(0)
        return self.console.read().decode(errors="replace")

    def _find_first(self):
        found = [self.process.pid]
        for pid in found:
            if _is_first(pid):
                return pid
            found += _children(pid)
        return None

    def _wait_booted(self):
        end = time.monotonic() + BOOT_TIMEOUT
        # Nobody tells of a process 1 that is about to be there: nspawn is asked about.
        while self.first is None or self.run("systemctl", "is-system-running",
                                             "--wait", timeout=BOOT_TIMEOUT)[1].strip() not in ("running", "degraded"):
            if self.process.poll() is not None:
                raise Skip("systemd-nspawn boots nothing here: " + self.said()[-300:].strip()
                           .replace("\n", " | "))
            if time.monotonic() > end:
                # Nothing of ours is started by the boot.
                raise Skip("systemd does not come up here: " + self.said()[-300:].strip()
                           .replace("\n", " | "))
            self.first = self._find_first()
            self._pause()

    def _pause(self):
        try:
            self.process.wait(0.1)
        except subprocess.TimeoutExpired:
            pass

    def run(self, *command, timeout=TIMEOUT, text=None):
        """Runs a command in it; status, and all that it prints."""
        try:
            r = subprocess.run(["nsenter", "-t", str(self.first), "-a", *command], input=text,
                               stdin=None if text is not None else subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               timeout=timeout, check=False,
                               env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                    "LC_ALL": "C", "SYSTEMD_PAGER": ""})
        except subprocess.TimeoutExpired:
            raise Failure(f"{' '.join(command)} does not end") from None
        return r.returncode, r.stdout

    def do(self, *command, **more):
        """The same for one that must go well; what it prints."""
        status, out = self.run(*command, **more)
        if status != 0:
            raise Failure(f"{' '.join(command)}: status {status}: {out}")
        return out

    def write(self, path, text):
        self.do("sh", "-c", 'mkdir -p "$(dirname "$1")" && cat >"$1"', "write", path, text=text)

    def wait(self, truth, what, timeout=TIMEOUT):
        """Waits until truth() holds, which is asked again and again: states of units tell
        nobody that they change."""
        end = time.monotonic() + timeout
        while not (got := truth()):
            if time.monotonic() > end:
                raise Failure(f"not seen: {what}")
            self._pause()
        return got

    def _end_first(self):
        """All its processes end with process 1, and before it."""
        try:
            fd = os.pidfd_open(self.first)
        except ProcessLookupError:
            return
        os.kill(self.first, signal.SIGKILL)
        select.select([fd], [], [], TIMEOUT)
        os.close(fd)

    def close(self):
        if self.first is not None:
            self._end_first()
        end_group(self.process)
        self.cgroups.close()
        self.console.close()
        shutil.rmtree(self.directory, ignore_errors=True)
