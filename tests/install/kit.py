"""What `make install` leaves for authors of modules: the page, whose examples are whole
modules with their scripts, and the program that runs them."""
import functools
import glob
import os
import re
import shutil
import subprocess
import tempfile

from harness import *
from harness.daemon import BUILD
from harness.process import output


def root():
    return prepared()[0]


@functools.cache
def prepared():
    """Everything installed, in a directory of its own that goes at the end."""
    directory = tempfile.TemporaryDirectory(prefix="coapd-install-")
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    r = subprocess.run(["make", "-C", BUILD, "install", f"DESTDIR={directory.name}"], env=env,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True)
    equal(r.returncode, 0, f"status of make install ({r.stdout[-2000:]})")
    return directory.name, directory


def installed(path):
    found = glob.glob(os.path.join(root(), "**", path), recursive=True)
    equal(len(found), 1, f"number of files named {path} ({found})")
    return found[0]


def examples(page):
    """The literal blocks of a page that begin with the name of a file, by that name."""
    with open(page, encoding="utf-8") as f:
        blocks = re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", f.read(), re.M | re.S)
    found = {}
    for block in blocks:
        text = re.sub(r"^\\&", "", block, flags=re.M).replace(r"\e", "\\")
        if name := re.match(r"(?:/\*|#) (\w+\.(?:c|test))\b", text):
            found[name[1]] = text
    return found


def build(directory, name):
    """One module, as anybody would build it."""
    header = os.path.dirname(os.path.dirname(installed("include/coapd/module.h")))
    status, _, err = output([os.environ.get("CC", "cc"), "-std=c11", "-Wall", "-Wextra",
                             "-Werror", "-O2", "-fPIC", "-shared", f"-I{header}", "-o",
                             f"{directory}/{name}.so", f"{directory}/{name}.c"])
    equal((status, err), (0, ""), f"compiling {name}.c")


def module_test(*arguments):
    return output([installed("bin/coapd-module-test"), *arguments])


@test
def examples_of_the_page_are_whole_and_hold():
    files = examples(installed("man3/coapd-module.3"))
    modules = sorted(name[:-2] for name in files if name.endswith(".c"))
    check(len(modules) >= 3, f"modules in the page: {modules}")
    with tempfile.TemporaryDirectory(prefix="coapd-page-") as directory:
        for name, text in files.items():
            with open(os.path.join(directory, name), "w", encoding="utf-8") as f:
                f.write(text)
        for name in modules:
            build(directory, name)
            status, out, err = module_test("-I", directory, f"{directory}/{name}.test")
            equal((status, err), (0, ""), f"{name}: {out}")
            check("\nok 2 - " in out, out)


@test
def a_fault_of_a_module_is_found():
    """A counter in the memory of its process looks well until a worker dies."""
    with tempfile.TemporaryDirectory(prefix="coapd-page-") as directory:
        source = examples(installed("man3/coapd-module.3"))["hello.c"]
        source = source.replace('coapd_text("hello")', 'coapd_text(n++ ? "again" : "hello")')
        source = source.replace("static enum", "static unsigned n;\n\nstatic enum", 1)
        with open(f"{directory}/hello.c", "w", encoding="utf-8") as f:
            f.write(source)
        with open(f"{directory}/hello.test", "w", encoding="utf-8") as f:
            f.write('mount /hello hello\nget /hello\nexpect 2.05 "hello"\n'
                    'get /hello\nexpect 2.05 "again"\n')
        build(directory, "hello")
        status, out, err = module_test("-I", directory, f"{directory}/hello.test")
        equal((status, err), (1, ""), "status and errors")
        check(re.search(r"^ok 1 ", out, re.M) and re.search(r"^not ok 2 ", out, re.M), out)
        check('hello.test:5: expect 2.05 "again"' in out, out)
        equal(module_test("--no-crash", "-I", directory, f"{directory}/hello.test")[0], 0,
              "status without deaths")


@test
def wrong_scripts_and_command_lines():
    with tempfile.TemporaryDirectory(prefix="coapd-page-") as directory:
        path = f"{directory}/a.test"
        with open(path, "w", encoding="utf-8") as f:
            f.write("mount /a hello\nget /a\nexpct 2.05\n")
        equal(module_test(path), (2, "", f'{path}:3:1: there is no command "expct"; expected '
                                  "expect?\n"), "a wrong script")
    equal(module_test()[0], 2, "no script")
    equal(module_test("--nonsense", "x")[0], 2, "an option that is none")
    equal(module_test("/nowhere/a.test")[0], 2, "no such script")
    check(module_test("--help")[1].startswith("Usage: coapd-module-test "), "--help")
    check(os.path.exists(installed("man1/coapd-module-test.1")), "the page")


@test
def it_has_all_functions_of_the_header():
    with open(installed("include/coapd/module.h"), encoding="utf-8") as f:
        text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
    promised = set(re.findall(r"^[\w *]*?\b(coapd_\w+)\([^;{]*\)(?:\s*__attribute__.*)?;", text,
                              re.M)) - {"coapd_text", "coapd_jobfn", "coapd_watchfn"}
    check(len(promised) > 15, f"{promised}")
    out = subprocess.run(["nm", "-D", "--defined-only", installed("bin/coapd-module-test")],
                         stdout=subprocess.PIPE, text=True, check=True).stdout
    there = {line.split()[-1] for line in out.splitlines()}
    equal(sorted(promised - there), [], "functions that are missing")


run()
