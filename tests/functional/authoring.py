"""coapd-module-test with modules that work beside the loop."""
import os
import re
import subprocess
import tempfile

from harness import *
from harness.daemon import BUILD
from harness.process import output

MODULES = os.path.join(BUILD, "tests", "modules", ".libs")
TOOL = os.path.join(BUILD, "coapd-module-test")


def script(text, *options):
    with tempfile.NamedTemporaryFile("w", suffix=".test") as f:
        f.write(text)
        f.flush()
        return output([TOOL, "-I", MODULES, *options, f.name])


@test
def no_death_changes_what_jobs_wake_ups_and_counters_lead_to():
    path = os.path.join(os.path.dirname(__file__), "..", "modules", "works.test")
    r = subprocess.run([TOOL, "-I", MODULES, path], capture_output=True, text=True,
                       timeout=10 * TIMEOUT, check=False)
    equal((r.returncode, r.stderr), (0, ""), r.stdout)
    check(int(re.search(r"ok 2 .* (\d+) runs", r.stdout)[1]) > 60, "deaths in all events")


@test
def jobs_take_no_time_but_what_the_script_says():
    status, out, _ = script("mount /w works\njobs take 1d\na: post /w \"ab\"\n"
                            "expect a 2.04 separate after 1d within 2d \"ba\"\n", "--no-crash")
    equal(status, 0, out)


@test
def the_example_of_the_page_runs_as_it_says():
    page = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "man", "coapd-module-test.1")
    with open(page, encoding="utf-8") as f:
        shown = re.findall(r"^\.Bd.*?\n(.*?)^\.Ed$", f.read().split(".Sh EXAMPLES")[1], re.M | re.S)
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "slow.test")
        with open(path, "w", encoding="utf-8") as f:
            f.write(shown[0])
        status, out, _ = output([TOOL, "-I", os.path.join(BUILD, "modules", ".libs"), path])
    equal(status, 0, out)
    equal(re.sub(r"\S+/slow\.test", "slow.test", out), shown[1].split("\n", 1)[1], "what it prints")


@test
def a_job_that_crashes_is_named():
    status, out, _ = script("mount /w works\npost /w \"crash\"\nexpect 2.04\n", "--no-crash")
    equal(status, 1, out)
    check("in a job that began in the hook of /w (module works), event request" in out, out)


@test
def what_was_not_counted_is_found():
    status, out, _ = script("mount /w works\npost /w \"ab\"\nexpect 2.04\ncount /w done 2\n",
                            "--no-crash")
    equal(status, 1, out)
    check("expected 2, done of /w is 1" in out, out)


run()
