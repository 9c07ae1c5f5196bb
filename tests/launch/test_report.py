# SPDX-License-Identifier: BSD-3-Clause
"""--report FILE: valid and complete JSON, however the run ended."""

import json
import os
import re
import signal

import pytest

from processes import FOREVER, PATIENCE, Marked

STAGES = ["options_parsed", "proxies_started", "planned", "launched", "all_ranks_started", "first_rank_ended",
          "last_rank_ended", "ended"]
# Messages of PMI-1 that a spawned job needs none of.
SPAWN = """
import os, socket, sys
s = socket.socket(fileno=int(os.environ["PMI_FD"]))
f = s.makefile("rwb")
def ask(text):
    f.write(text.encode()); f.flush()
    return f.readline().decode()
ask("cmd=init pmi_version=1 pmi_subversion=1\\n")
print(ask("mcmd=spawn\\nnprocs=2\\nexecname=%s\\ntotspawns=1\\nspawnssofar=1\\nargcnt=0\\npreput_num=0\\ninfo_num=0\\nendcmd\\n"
          % sys.argv[1]).strip(), flush=True)
ask("cmd=finalize\\n")
"""


@pytest.fixture
def report(tmp_path):
    """report(): what the file holds, checked for what each report has."""

    def read():
        text = (tmp_path / "report.json").read_text(encoding="utf-8")
        o = json.loads(text, parse_constant=lambda c: pytest.fail(f"{c} in the report"))
        assert list(o["seconds"]) == STAGES
        times = [t for t in o["seconds"].values() if t is not None]
        assert all(t >= 0 for t in times) and o["seconds"]["ended"] is not None
        for job in o["jobs"]:
            assert [r["rank"] for r in job["ranks"]] == list(range(job["size"]))
            for r in job["ranks"]:
                assert r["outcome"] in ("ok", "failed", "signal", "stopped", "not started", "lost"), r
                if "user_seconds" in r:
                    assert r["max_rss_kib"] > 0 and 0 <= r["started"] <= r["ended"] <= o["seconds"]["ended"], r
                    assert (r["exit_code"] is None) != (r["signal"] is None), r
        return o

    return read


def test_success(mpiexec, report):
    script = "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done"
    mpiexec.ok("--report", "report.json", "--hosts", "a,b", "-n", "4", "sh", "-c", script)
    o = report()
    assert o["exit_status"] == 0 and o["first_failure"] is None
    assert [r["outcome"] for r in o["jobs"][0]["ranks"]] == ["ok"] * 4
    assert {r["host"] for r in o["jobs"][0]["ranks"]} == {"a", "b"}
    # All of a short one may by chance be counted as either.
    assert all(r["user_seconds"] + r["system_seconds"] > 0 for r in o["jobs"][0]["ranks"])
    assert None not in o["seconds"].values()
    order = list(o["seconds"].values())
    assert order[0] <= order[1] <= order[2] <= order[3] <= order[4] <= order[6] <= order[7]


def test_failure(mpiexec, report):
    r = mpiexec("--report", "report.json", "--kill-timeout", FOREVER, "-n", "3", "sh", "-c",
                "[ $PMI_RANK = 1 ] && kill -11 $$; exec sleep 100")
    o = report()
    assert o["exit_status"] == r.code == 139
    assert o["first_failure"]["kind"] == "exit" and o["first_failure"]["rank"] == 1, o
    assert "SIGSEGV" in o["first_failure"]["text"]
    ranks = o["jobs"][0]["ranks"]
    assert ranks[1]["outcome"] == "signal" and ranks[1]["signal"] == 11
    assert [ranks[i]["outcome"] for i in (0, 2)] == ["stopped"] * 2 and ranks[0]["signal"] == signal.SIGTERM


def test_not_started(mpiexec, report, tmp_path):
    name = b"./\xff\xfe\xed\xa0\x80\"\\\x01" + "ü".encode()
    r = mpiexec("--report", "report.json", "-n", "2", os.fsdecode(name))
    o = report()
    assert o["exit_status"] == r.code == 127 and o["first_failure"]["kind"] == "start"
    assert "ü" in o["first_failure"]["text"] and "\ufffd" in o["first_failure"]["text"]
    assert all(x["outcome"] == "not started" and x["reason"] for x in o["jobs"][0]["ranks"])


def test_planning_failed(mpiexec, report):
    r = mpiexec("--report", "report.json", "--no-oversubscribe", "--hosts", "a:1", "-n", "1000", "true")
    o = report()
    assert o["exit_status"] == r.code == 1 and o["first_failure"]["kind"] == "launch" and o["jobs"] == [], o


@pytest.mark.parametrize("args, says", [
    (["--hosts", "a["], "a number is expected"),
    (["-n", "0"], "-n"),
    (["--no-such-option"], "--no-such-option"),
    (["--map-by", "nonsense"], "nonsense"),
], ids=["hosts", "a number", "an option", "a word"])
def test_what_makes_no_sense_is_reported_too(mpiexec, report, args, says):
    r = mpiexec("--report", "report.json", *args, "true")
    found = report()
    assert r.code == found["exit_status"] == 1
    assert found["first_failure"]["kind"] == "launch" and says in found["first_failure"]["text"], found


def test_a_report_by_variable(mpiexec, report):
    assert mpiexec("--no-such-option", "true", env={"MUSTER_REPORT": "report.json"}).code == 1
    assert "--no-such-option" in report()["first_failure"]["text"]


def test_interrupted(mpiexec, report):
    p = mpiexec.start("--report", "report.json", "-n", "2", "sh", "-c", "echo; exec sleep 100")
    assert p.stdout.readline() and p.stdout.readline()
    p.send_signal(signal.SIGINT)
    p.communicate(timeout=PATIENCE)
    o = report()
    assert o["exit_status"] == 130 and o["first_failure"] == {"kind": "signal", "text": "ended by SIGINT"}
    assert [r["outcome"] for r in o["jobs"][0]["ranks"]] == ["stopped"] * 2


def test_timeout(mpiexec, report):
    assert mpiexec("--report", "report.json", "--timeout", "0.3", "-n", "2", "sleep", "100").code == 124
    assert report()["first_failure"]["kind"] == "timeout"


def test_lost_node(mpiexec, report):
    r = mpiexec("--report", "report.json", "--hosts", "a,b", "-n", "2", "sh", "-c",
                "[ $PMI_RANK = 0 ] && touch here || until [ -e here ]; do sleep 0.02; done; "
                "[ $PMI_RANK = 1 ] && kill -9 $PPID; exec sleep 100")
    o = report()
    assert o["exit_status"] == r.code == 1 and o["first_failure"]["kind"] == "node"
    first, second = (x["outcome"] for x in o["jobs"][0]["ranks"])
    assert second == "lost" and first in ("stopped", "not started")  # if the news of that node came first


@pytest.mark.parametrize("program, outcome", [("true", "ok"), ("./nowhere", "not started")])
def test_spawned_job(mpiexec, report, program, outcome):
    mpiexec.ok("--report", "report.json", "-n", "1", "python3", "-c", SPAWN, program)
    o = report()
    assert [j["size"] for j in o["jobs"]] == [1, 2] and o["exit_status"] == 0
    assert [r["outcome"] for r in o["jobs"][1]["ranks"]] == [outcome] * 2


def test_to_stdout(mpiexec):
    r = mpiexec.ok("--report", "-", "-n", "1", "echo", "hello")
    assert r.lines[0] == "hello" and json.loads("".join(r.lines[1:]))["exit_status"] == 0


@pytest.mark.parametrize("file, says", [("/no/such/dir/r", "No such file"), (".", "Is a directory"), ("", "")])
def test_not_to_be_written(mpiexec, tmp_path, file, says):
    m = Marked()
    r = mpiexec("--report", file, "-n", "1", "touch", "started", env=m.env)
    assert r.code == 1 and len(r.err.splitlines()) == 1 and "report" in r.err and says in r.err, r
    assert not (tmp_path / "started").exists()


def test_a_full_device_is_told(mpiexec):
    r = mpiexec("--report", "/dev/full", "-n", "1", "true")
    assert r.code == 1 and "unable to write the report to /dev/full: No space left" in r.err, r


def test_the_report_says_what_was_run_when_and_where(mpiexec, tmp_path):
    mpiexec.ok("--report", "r.json", "--bind-to", "core", "-n", "1", "true")
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["command"][1:] == ["--report", "r.json", "--bind-to", "core", "-n", "1", "true"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", report["began"])
    assert report["versions"]["muster"] == report["version"] and report["versions"]["kernel"] == os.uname().release
    assert re.fullmatch(r"[\d,-]+", report["jobs"][0]["ranks"][0]["processors"])
    mpiexec.ok("--report", "r.json", "--bind-to", "none", "-n", "1", "true")
    assert json.loads((tmp_path / "r.json").read_text())["jobs"][0]["ranks"][0]["processors"] is None
