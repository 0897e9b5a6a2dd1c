"""Ending processes that we started, and only those, without polling."""
import ctypes
import os
import select
import signal
import subprocess

from harness.check import Failure, TIMEOUT

PR_SET_CHILD_SUBREAPER = 36

# Orphans of a daemon become our children, so that we can tell they have ended.
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def wait_end(process, timeout):
    """Whether a subprocess.Popen has ended, after at most timeout seconds."""
    if process.poll() is not None:
        return True
    fd = os.pidfd_open(process.pid)
    try:
        ended = select.select([fd], [], [], timeout)[0]
    finally:
        os.close(fd)
    if ended:
        process.wait()
    return bool(ended)


def _command(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read().replace(b"\0", b" ").decode().strip()
    except OSError:
        return "?"


def end_group(process):
    """Ends what is left of a process that leads its own group, and of the group;
    returns what was left of the group besides its leader, as text."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        _sweep(process.pid)
        return []
    return _sweep(process.pid)


def _sweep(group):
    left = []
    while True:
        try:
            pid = os.waitid(os.P_PGID, group, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return left
        if pid is None:             # somebody lives
            left.append("a process of the group, alive")
            os.killpg(group, signal.SIGKILL)
            pid = os.waitid(os.P_PGID, group, os.WEXITED | os.WNOWAIT)
        left.append(f"{pid.si_pid} ({_command(pid.si_pid)})")
        os.waitpid(pid.si_pid, 0)


def output(command, **env):
    """Runs a foreign program to its end; returns status, standard output and
    standard error."""
    p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True, errors="backslashreplace",
                         start_new_session=True, env=dict(os.environ, **env))
    try:
        out, err = p.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise Failure(f"{command[0]} does not end") from None
    finally:
        end_group(p)
    return p.returncode, out, err
