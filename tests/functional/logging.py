"""What coapd says of itself: in which form, where to, how much."""
import json

from harness import *

RESOURCES = """
resources:
  /hello: {module: hello}
  /boom: {module: crash}
"""


@test
def lines_of_JSON_have_all_that_text_has():
    with Daemon("log: {format: json, worker: info}" + RESOURCES) as d:
        with d.peer() as p:
            equal(p.get("/boom?how=segv").code, code("2.05"), "answer of the successor")
        d.wait_log("restarting")
        d.wait_log("taken over")
        records = d.records()
        said = [json.loads(r.line) for r in records if r.line.startswith("{")]
        equal(len(said), len(records), "lines that are objects")
        for o in said:
            equal(sorted(set(o) - {"path", "module", "worker", "signal"}),
                  ["level", "message", "part", "pid", "process", "time"], f"keys of {o}")
        death, = [o for o in said if o.get("signal")]
        equal({k: death[k] for k in ("level", "process", "part", "signal", "path", "module")},
              {"level": "error", "process": "supervisor", "part": "supervisor",
               "signal": "SIGSEGV", "path": "/boom", "module": "crash"}, "the obituary")
        check([o for o in said if o["part"] == "worker" and o["process"].startswith("worker ")
               and o["level"] == "info"], "a worker's own word")


@test
def each_part_has_its_level():
    with Daemon("log: {level: info, worker: error}" + RESOURCES) as d:
        d.kill(0)
        with d.peer() as p:
            for _ in range(20):         # by both of them
                equal(p.get("/hello").code, code("2.05"), "answer")
        check(not d.records("taken over"), "workers were to be silent")
    with Daemon("log: {level: warn, supervisor: notice, worker: info}" + RESOURCES) as d:
        d.kill(0)
        d.wait_log("slot 0 taken over")


run()
