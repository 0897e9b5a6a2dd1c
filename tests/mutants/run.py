#!/usr/bin/env python3
"""Shows that tests can fail: breaks one thing, expects one test to see it.

Every *.mutant beside this file says

    test: PROGRAM PATTERN    a unit test program and a Criterion test name, or a
                             script below tests/ and a part of a test's name
    file: PATH               and then one or more edits of that file:
    from: TEXT               must be there exactly once
    to: TEXT                 what stands there instead; may be empty

Lines that start with a tab go on with the text above them; `file:` may come
again for an edit elsewhere; lines that start with # are remarks.

The tree is copied to a scratch directory per job and built there.  Each test
must be green on the unchanged copy, then red with its mutant: a test that
fails, dies or hangs is red; a mutant that does not apply or does not compile,
or that no test of that name sees, is a failure.  Output is TAP."""
import argparse
import glob
import os
import queue
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
# What a copy needs: the tracked folders, and what autoreconf made of them.
FOLDERS = ["daemon", "client", "modules", "conf", "init", "debian", "docs", "tests",
           "m4", "build-aux"]
FILES = ["configure.ac", "Makefile.am", "configure", "aclocal.m4", "Makefile.in", "config.h.in",
         "check", "quickstart", "README.md", "LICENSE", "Containerfile"]
# In the order of their making, so that no copy is thought to be out of date.
GENERATED = ["aclocal.m4", "config.h.in", "configure", "Makefile.in"]
BUILD_SECONDS = 600
TEST_SECONDS = 60


class Wrong(Exception):
    """The mutant, or the test it names, is not as it should be."""


class Mutant:
    def __init__(self, path):
        self.name = os.path.basename(path)[:-len(".mutant")]
        self.edits = []                     # [file, from, to]
        self.test = None
        with open(path, encoding="utf-8") as f:
            self._read(f.read().split("\n"))
        if not self.test or not self.edits:
            raise Wrong("needs test:, file:, from: and to:")

    def _read(self, lines):
        where = edit = None
        for line in lines:
            if line.startswith("\t") and edit:
                edit[-1] += "\n" + line[1:]
            elif m := re.fullmatch(r"(test|file|from|to):\s?(.*)", line):
                key, text = m.groups()
                if key == "test":
                    self.test = tuple(text.split())
                elif key == "file":
                    where, edit = text.strip(), None
                elif key == "from":
                    edit = [where, text]
                else:
                    edit.append(text)
                    self.edits.append(edit)
            elif line and not line.startswith("#"):
                raise Wrong(f"not understood: {line}")


    def edited(self, top):
        """The files below top as they are, and as the edits make them."""
        before, after = {}, {}
        for path, old, new in self.edits:
            full = os.path.join(top, path)
            if full not in before:
                with open(full, encoding="utf-8") as f:
                    before[full] = after[full] = f.read()
            found = after[full].count(old)
            if found != 1:
                raise Wrong(f"no longer applies: {path} has {found} times: {old}")
            after[full] = after[full].replace(old, new)
        return before, after


def write(texts):
    for full, text in texts.items():
        with open(full, "w", encoding="utf-8") as f:
            f.write(text)


def same(a, b):
    try:
        with open(a, "rb") as f, open(b, "rb") as g:
            return f.read() == g.read()
    except OSError:
        return False


def copy_tree(to):
    """Brings the copy up to date; what has not changed keeps its time stamp."""
    wanted, changed = set(FILES), False
    for folder in FOLDERS:
        for at, dirs, names in os.walk(os.path.join(TOP, folder)):
            dirs[:] = [d for d in dirs if d != "__pycache__"]
            wanted |= {os.path.relpath(os.path.join(at, n), TOP) for n in names}
    for path in sorted(wanted):
        source, target = os.path.join(TOP, path), os.path.join(to, path)
        if os.path.isfile(source) and not same(source, target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(source, target)
            changed = True
    for path in GENERATED if changed else ():
        os.utime(os.path.join(to, path))


def run(command, cwd, seconds, env=None):
    """Exit status, -9 if it hung, and the end of what it said.  Nothing of it is
    left running, and it has only so much to eat up."""
    with tempfile.TemporaryFile() as out:
        p = subprocess.Popen(["prlimit", "--core=0", f"--fsize={1 << 40}", "--", *command],
                             cwd=cwd, stdin=subprocess.DEVNULL, stdout=out,
                             stderr=subprocess.STDOUT, env=env, start_new_session=True)
        # Its end is awaited without reaping it, so that its group is still its own.
        pidfd = os.pidfd_open(p.pid)
        try:
            select.select([pidfd], [], [], seconds)
        finally:
            os.close(pidfd)
            os.killpg(p.pid, signal.SIGKILL)
            status = p.wait()
        out.seek(max(0, out.seek(0, os.SEEK_END) - 65536))
        return status, out.read().decode(errors="replace")


class Copy:
    """One scratch copy of the tree and its build."""

    def __init__(self, directory):
        self.source = os.path.join(directory, "source")
        self.build = os.path.join(directory, "build")
        self.green = {}

    def prepare(self):
        copy_tree(self.source)
        os.makedirs(self.build, exist_ok=True)
        if not os.path.exists(os.path.join(self.build, "Makefile")):
            self._must([os.path.join(self.source, "configure"), "--quiet", "CFLAGS=-O2"])
        self._must(["make", "-j2", "all"])

    def _must(self, command):
        status, text = run(command, self.build, BUILD_SECONDS)
        if status != 0:
            raise Wrong(f"{' '.join(command)}: {text[-1500:]}")

    def make(self, test):
        """Builds what the test runs."""
        targets = [test[0]]
        if test[0].endswith("_test"):           # of a module, which it loads
            folder, = glob.glob(os.path.join(TOP, "modules", "*", test[0] + ".c"))
            targets.append(f"modules/{os.path.basename(os.path.dirname(folder))}.la")
        if test[0].endswith(".py"):
            with open(os.path.join(self.source, "tests/modules/Makefile.inc"), encoding="utf-8") as f:
                targets = ["all", *sorted(set(re.findall(r"tests/modules/\w+\.la", f.read())))]
        status, text = run(["make", "-s", *targets], self.build, BUILD_SECONDS)
        if status != 0:
            raise Wrong("does not build: " + text[-1500:])

    def try_test(self, test):
        """Runs the named test: (passed, failed, output)."""
        program, pattern = test
        env = dict(os.environ, COAPD_SRCDIR=self.source, COAPD_BUILDDIR=self.build,
                   COAPD_QUICK="1")
        if program.endswith(".py"):
            command = ["sh", os.path.join(self.source, "tests/harness/run"),
                       os.path.join(self.source, "tests", program), pattern]
        else:
            command = [os.path.join(self.build, program), "--tap=/dev/stdout", "--quiet",
                       "--filter", f"*/{pattern}"]
        status, text = run(command, self.build, TEST_SECONDS, env)
        passed = len(re.findall(r"^ok (?!.*# SKIP)", text, re.M))
        red = status != 0
        return passed, red, text

    def check_green(self, test):
        if test not in self.green:
            self.make(test)
            passed, red, text = self.try_test(test)
            if red or not passed:
                self.green[test] = "test is not green without it:\n" + text[-1500:]
            else:
                self.green[test] = ""
        if self.green[test]:
            raise Wrong(self.green[test])

    def check_red(self, mutant):
        """Applies the edits, runs the test, takes the edits back."""
        before, after = mutant.edited(self.source)
        try:
            write(after)
            self.make(mutant.test)
            red = self.try_test(mutant.test)[1]
        finally:
            write(before)
        if not red:
            raise Wrong(f"nobody notices: {' '.join(mutant.test)} stays green")


class Report:
    def __init__(self):
        self.lock = threading.Lock()
        self.count = self.bad = 0

    def point(self, name, why=None):
        with self.lock:
            self.count += 1
            self.bad += why is not None
            for line in (why or "").splitlines():
                print("#", line)
            print("not ok" if why is not None else "ok", self.count, "-", name, flush=True)


def work(copy, mutants, report):
    try:
        copy.prepare()
        broken = None
    except (Wrong, OSError) as why:
        broken = f"the copy does not build: {why}"
    while True:
        try:
            path = mutants.get_nowait()
        except queue.Empty:
            return
        name = os.path.basename(path)[:-len(".mutant")]
        try:
            if broken:
                raise Wrong(broken)
            mutant = Mutant(path)
            copy.check_green(mutant.test)
            copy.check_red(mutant)
            report.point(name)
        except (Wrong, OSError) as why:
            report.point(name, str(why))
            broken = broken and "see above"


def only_apply(paths):
    """Says which edits no longer have their place; builds and runs nothing."""
    bad = 0
    for path in paths:
        try:
            Mutant(path).edited(TOP)
        except (Wrong, OSError) as why:
            print(f"{os.path.basename(path)}: {why}")
            bad += 1
    sys.exit(1 if bad else 0)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--scratch", default="mutants.scratch")
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--apply", action="store_true",
                           help="only say which edits no longer have their place")
    arguments.add_argument("names", nargs="*", help="parts of names; all without")
    given = arguments.parse_args()
    paths = [p for p in sorted(glob.glob(os.path.join(HERE, "*.mutant")))
             if not given.names or any(n in os.path.basename(p) for n in given.names)]
    if given.apply:
        only_apply(paths)
    mutants, report = queue.Queue(), Report()
    for path in paths:
        mutants.put(path)
    threads = [threading.Thread(target=work, args=(
        Copy(os.path.join(os.path.abspath(given.scratch), str(n))), mutants, report))
        for n in range(max(1, min(given.jobs, len(paths))))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"1..{report.count}")
    sys.exit(1 if report.bad else 0)


main()
