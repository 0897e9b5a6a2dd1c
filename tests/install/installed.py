"""What `make install` leaves for people: programs, pages, completion for bash."""
import atexit
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
from harness.pty import Terminal

BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"
# The last of the words is being typed; what bash offers for it, a line each.
OFFER = """
. "$1" && . "$2" || exit
compopt() { :; }
shift 2
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMPREPLY=()
_coap coap "${@: -1}" "${@: -2:1}"
[ ${#COMPREPLY[@]} = 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
"""


@functools.cache
def tree():
    """Everything installed, in a directory of its own."""
    root = tempfile.mkdtemp(prefix="coapd-install-")
    atexit.register(shutil.rmtree, root)
    os.chmod(root, 0o755)
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    r = subprocess.run(["make", "-C", BUILD, "install", f"DESTDIR={root}"], env=env,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True)
    equal(r.returncode, 0, f"status of make install ({r.stdout[-2000:]})")
    return root


def installed(path):
    """The one file of the tree whose name ends so."""
    found = glob.glob(os.path.join(tree(), "**", path), recursive=True)
    equal(len(found), 1, f"number of files named {path} ({found})")
    return found[0]


def client(*arguments):
    """What the installed client prints."""
    status, out, err = output([installed("bin/coap"), *arguments])
    equal((status, err), (0, ""), f"coap {' '.join(arguments)}")
    return out


def completion():
    if not os.path.exists(BASH_COMPLETION):
        raise Skip("no bash-completion (Debian package bash-completion)")
    return installed("share/bash-completion/completions/coap.bash")


def offered(*words):
    status, out, err = output(["bash", "--norc", "--noprofile", "-c", OFFER, "bash",
                               BASH_COMPLETION, completion(), *words])
    equal((status, err), (0, ""), f"completion of {words}")
    return out.split()


def verbs():
    return re.findall(r"^  (\w+)  +\w", client("--help"), re.M)


def options(verb):
    return set(re.findall(r"(?<!\w)--([\w-]+)", client(verb, "--help")))


@test
def programs_and_pages_are_in_place():
    check(client("--version").startswith("coap ("), "coap tells its version")
    check(os.access(installed("sbin/coapd"), os.X_OK), "coapd can be run")
    for page in ("man1/coap.1", "man1/coapctl.1", "man3/coapd-module.3", "man5/coapd-site.5", "man8/coapd.8",
                 "man5/coapd-hello.5", "man5/coapd-files.5"):
        with open(installed(f"share/man/{page}"), encoding="utf-8") as f:
            check(f".Dt {page[5:-2].upper()} {page[-1]}\n" in f.read(), page)


@test
def the_client_asks_the_daemon():
    with Daemon("resources: { /hello: {module: hello, text: installed} }",
                program=installed("sbin/coapd")) as d:
        host, port = d.address()[:2]
        equal(client(f"coap://[{host}]:{port}/hello"), "installed", "answer")


@test
def the_page_has_all_verbs_and_options():
    with open(installed("man1/coap.1"), encoding="utf-8") as f:
        page = f.read()
    check(len(verbs()) >= 11, f"verbs in coap --help: {verbs()}")
    for verb in verbs():
        check(f".It Cm {verb}\n" in page, f"coap(1) lacks {verb}")
        for option in options(verb):
            check(re.search(rf"^\.It (.* )?Fl -{option}( |$)", page, re.M),
                  f"coap(1) lacks --{option}")


@test
def the_page_of_coapctl_has_all_verbs_and_options():
    status, told, err = output([installed("bin/coapctl"), "--help"])
    equal((status, err), (0, ""), "coapctl --help")
    with open(installed("man1/coapctl.1"), encoding="utf-8") as f:
        page = f.read()
    found = re.findall(r"^  ([a-z]+) ", told, re.M)
    check(len(found) >= 8, f"verbs in coapctl --help: {found}")
    for verb in found:
        check(re.search(rf"^\.It Cm {verb}\b", page, re.M), f"coapctl(1) lacks {verb}")
    for option in re.findall(r"--([a-z]+)", told):
        check(re.search(rf"^\.It (.* )?Fl -{option}( |$)", page, re.M), f"coapctl(1) lacks --{option}")


@test
def bash_sources_the_completion():
    status, out, err = output(["bash", "--norc", "--noprofile", "-euc",
                               '. "$1"; complete -p coap', "bash",
                               installed("completions/coap.bash")])
    equal((status, out, err), (0, "complete -F _coap coap\n", ""), "what bash says of it")


@test
def coapctl_is_completed_too():
    status, out, err = output(["bash", "--norc", "--noprofile", "-euc",
                               '. "$1"; complete -p coapctl', "bash",
                               installed("completions/coapctl.bash")])
    equal((status, out, err), (0, "complete -F _coapctl coapctl\n", ""), "what bash says of it")
    status, told, err = output([installed("bin/coapctl"), "--help"])
    equal((status, err), (0, ""), "coapctl --help")
    with open(installed("completions/coapctl.bash"), encoding="utf-8") as f:
        script = f.read()
    for word in re.findall(r"^  (\w+) ", told, re.M) + re.findall(r"--[a-z]+", told):
        check(re.search(rf"[ ']{word}[ ']", script), f"{word} is not completed")


@test
def verbs_and_options_are_completed():
    equal(offered("coap", "obs"), ["observe"], "coap obs<TAB>")
    equal(offered("coap", "get", "--acc"), ["--accept"], "coap get --acc<TAB>")
    equal(offered("coap", "get", "--count"), [], "coap get --count<TAB>")
    check("60" not in offered("coap", "--accept", "application/cb"), "formats go by name")
    equal(offered("coap", "get", "--accept", "application/jso")[0], "application/json",
          "coap get --accept application/jso<TAB>")


@test
def all_that_help_names_is_completed():
    equal(set(verbs()) - set(offered("coap", "")), set(), "verbs that are not offered")
    for verb in verbs():
        words = {word.strip("-=") for word in offered("coap", verb, "--")}
        equal(words, options(verb), f"options offered for {verb}")


@test
def a_shell_finds_it_by_itself():
    """Keys in a terminal: bash-completion loads the file when coap is first completed."""
    share = os.path.dirname(os.path.dirname(os.path.dirname(completion())))
    where = {"XDG_DATA_DIRS": share, "INPUTRC": "/dev/null", "PS1": "> ",
             "BASH_COMPLETION_USER_DIR": "/nowhere"}
    with Terminal(["bash", "--norc", "--noprofile", "-i"], env=where) as t:
        t.wait_text("> ")
        t.send(f". {BASH_COMPLETION}; echo load''ed\n")
        t.wait_text("loaded")
        t.send("coap obs\t")
        t.wait_text("coap observe ")
        t.send("--cou\t")
        t.wait_text("coap observe --count ")
        t.send("\x15coap coap:\t")
        t.wait_text(r"coap coap://\B")
        t.send("\x15exit 0\n")
        equal(t.end(), 0, "exit status")


run()
