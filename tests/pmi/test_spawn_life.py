# SPDX-License-Identifier: BSD-3-Clause
"""Spawned jobs from their start to their end, with that of the command line: labels, tables, reports, failures, ends."""

import json
import re
import signal
import subprocess

import pytest

import conftest
from processes import PATIENCE, Marked

# Speaks, spawns two of itself as deep as its argument says, and waits until it is ended.
DEEP = """
p = Pmi1().init()
say("here")
depth = int(sys.argv[1])
if depth:
    p.spawn((sys.executable, 2, ["-S", sys.argv[0], str(depth - 1)], []))
time.sleep(1000)
"""
ALL = ["0: here"] + ["0: here", "1: here"] * 3


def test_labels_tell_jobs_apart(ranks):
    child = ranks.program('p = Pmi1().init()\nsay("child")\np.finalize()\n')
    text = f"""
p = Pmi1().init()
say("parent")
for i in range(2):
    p.spawn(({child[0]!r}, 2, {child[1:]!r}, []))
p.finalize()
"""
    r = ranks("-n", "1", "--label", text)
    assert sorted(r.lines) == ["[0] 0: parent"] + [f"[{j}:{i}] {i}: child" for j in (1, 2) for i in (0, 1)], r
    r = ranks("-n", "1", "--label-pattern", "{job}/{rank}: ", text)
    assert sorted(r.lines) == ["0/0: 0: parent"] + [f"{j}/{i}: {i}: child" for j in (1, 2) for i in (0, 1)], r


def test_the_end_of_time_is_everybodys(mpiexec, ranks):
    marked = Marked()
    r = mpiexec("-n", "1", "--timeout", "2", *ranks.program(DEEP), "2", env=marked.env)
    assert r.code == 124 and marked.pids() == [], r


@pytest.mark.parametrize("sig, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_tables_reports_and_signals_have_children_of_children(mpiexec, ranks, sig, status):
    marked = Marked()
    p = mpiexec.start("-n", "1", "--hosts", "a,b", "--report", "r.json", *ranks.program(DEEP), "2", env=marked.env)
    assert sorted(p.stdout.readline().decode().strip() for _ in ALL) == sorted(ALL)
    p.send_signal(signal.SIGUSR1)
    err = ""
    while "mpiexec: job 3, " not in err:
        err += p.stderr.readline().decode()
    p.send_signal(sig)
    err += p.communicate(timeout=2 * PATIENCE)[1].decode()
    jobs = [("0", "1"), ("1", "2"), ("2", "2"), ("3", "2")]
    assert p.returncode == status and re.findall(r"^mpiexec: job (\d), (\d) ranks?, after", err, re.M) == jobs, err
    report = json.loads((mpiexec.cwd / "r.json").read_text())
    assert [(str(j["job"]), str(len(j["ranks"]))) for j in report["jobs"]] == jobs
    assert marked.pids() == []


def test_a_childs_failure_is_the_runs(ranks):
    child = ranks.program("p = Pmi1().init()\nos._exit(7)\n")
    r = ranks("-n", "1", f"""
p = Pmi1().init()
p.spawn(({child[0]!r}, 1, {child[1:]!r}, []))
time.sleep(1000)
""", ok=False)
    assert r.code == 7 and re.search(r"rank 0 of spawned job 1 on \S+ .*exited with code 7", r.err), r
    assert "1 other rank stopped because of it" in r.err, r


# Says what it is told of its parent's job, tells who it is, and dies.
LEAVES = """
p = Pmi{version}().init()
for words in sys.argv[2:]:
    say(p.ask(words.replace("JOB", sys.argv[1])).split("rc=")[1].split(";")[0].split()[0])
with open("new", "w") as f:
    f.write(str(os.getpid()))
os.rename("new", "pid")
os._exit(7)
"""
# Once the child has gone, it can do what others can.
LEFT = """
p = Pmi1().init()
child = {child!r}
p.spawn((child[0], 1, [*child[1:], p.kvs, *{words!r}], []))
try:
    while True:
        if os.path.exists("pid"):
            os.kill(int(open("pid").read()), 0)
        time.sleep(0.01)
except ProcessLookupError:
    p.spawn(("/bin/true", 1, [], []))
    say("alive")
p.finalize()
"""
SAID = {1: ("cmd=job_{}connect kvsname={} count={}"), 2: ("cmd=job-{}connect;jobid={};count={};")}


def leave(ranks, version, *said):
    words = [SAID[version].format(*s) for s in said]
    child = ranks.program(LEAVES.replace("{version}", str(version)))
    r = ranks("-n", "1", "--hosts", "a:1,b:1", LEFT.format(child=child, words=words), ok=False)
    assert r.code == 7, r
    return r.lines


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("said", [[("dis", "JOB", 1)], [("", "JOB", 3), ("dis", "JOB", 2), ("dis", "JOB", 2)]])
def test_a_child_that_has_left_dies_alone(ranks, version, said):
    """mpiexec knows of one tie for each rank of the child; what it makes besides, it has to leave as well."""
    assert sorted(leave(ranks, version, *said)) == ["0: 0"] * len(said) + ["0: alive"]


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("said", [[("", "JOB", 1), ("dis", "JOB", 1)], [("dis", "JOB", 2)], [("dis", "other", 1)]],
                         ids=["not all", "too many", "another"])
def test_a_child_that_has_not_left_takes_its_parent_along(ranks, version, said):
    assert leave(ranks, version, *said) == ["0: 0"] * len(said)


@pytest.mark.parametrize("version, refused", [(1, "1"), (2, "3")])
def test_what_is_no_leave(ranks, version, refused):
    assert leave(ranks, version, ("dis", "JOB", 0), ("dis", "x" * 300, 1)) == [f"0: {refused}"] * 2


def test_with_no_kill_the_parent_goes_on(ranks):
    child = ranks.program("p = Pmi1().init()\nos._exit(7)\n")
    r = ranks("-n", "1", "--no-kill", f"""
p = Pmi1().init()
for i in range(3):
    p.spawn(({child[0]!r}, 1, {child[1:]!r}, []))
say("alive")
p.finalize()
""", ok=False)
    assert r.code == 7 and r.lines == ["0: alive"], r


def test_children_outlive_their_parent(ranks):
    """The run ends with its last job."""
    child = ranks.program("""
p = Pmi2().init()
job = p.full.split("spawner-jobid=")[1].split(";")[0]
p.ask(f"cmd=kvs-get;jobid={job};srcid=-1;key=never;wait=TRUE;")
say("the last")
p.finalize()
""")
    argv = "".join(f"argv{i}={a};" for i, a in enumerate(child[1:]))
    r = ranks("-n", "1", f"""
p = Pmi2().init()
p.ask("cmd=spawn;ncmds=1;preputcount=0;subcmd={child[0]};maxprocs=1;argc={len(child) - 1};{argv}infokeycount=0;")
p.finalize()
""")
    assert r.lines == ["0: the last"], r


def test_each_command_has_its_number(ranks):
    child = ranks.program('p = Pmi1().init()\nsay(p.ask("cmd=get_appnum").split("appnum=")[1], sys.argv[1])\np.finalize()\n')
    r = ranks("-n", "1", f"""
p = Pmi1().init()
p.spawn(({child[0]!r}, 1, {child[1:]!r} + ["x"], []), ({child[0]!r}, 2, {child[1:]!r} + ["y"], []))
p.finalize()
""")
    assert sorted(r.lines) == ["0: 0 x", "1: 1 y", "2: 1 y"], r


def test_codes_by_pmi2(ranks):
    """The same as by PMI-1: of a missing program, of too little room, of a value that is wrong."""
    r = ranks("-n", "1", "--hosts", "a:2", "--no-oversubscribe", """
p = Pmi2().init()
for exe, n, key, value in [("/nonexistent/x", 2, "soft", "1:2"), ("/bin/true", 3, "soft", "1:3"), ("/bin/true", 3, "soft", "x"),
                           ("/bin/true", 3, "wdir", "/")]:
    a = p.ask(f"cmd=spawn;ncmds=1;preputcount=0;subcmd={exe};maxprocs={n};argc=0;infokeycount=1;infokey0={key};infoval0={value};")
    print(";".join(w for w in a.split(";") if not w.startswith(("cmd", "jobid"))))
p.finalize()
""")
    assert r.lines[0] in ("rc=0;nerrs=2;err0=2;err1=11;",), r
    assert r.lines[1] == "rc=0;nerrs=3;err0=0;err1=11;err2=11;", r
    assert r.lines[2].startswith("rc=14;errmsg=info key soft: 'x' is not a list of numbers"), r
    assert r.lines[3].startswith("rc=14;errmsg=") and "do not fit" in r.lines[3], r


WRONG = [
    (("/nonexistent/program", []), 2),
    (("/etc/passwd", []), 13),
    (("/bin/true", [("wdir", "/nonexistent")]), 2),
    (("/bin/true", [("wdir", "/etc/passwd")]), 20),
    (("true", [("path", "/nonexistent")]), 2),
]


@pytest.mark.parametrize("what, errno", WRONG, ids=["no program", "no executable", "no directory", "a file", "path"])
@pytest.mark.parametrize("nodes", [(), ("--hosts", "a,b")], ids=["1 node", "2 nodes"])
def test_each_process_has_its_code(ranks, nodes, what, errno):
    """125 (ECANCELED) is that of those that were not started, or ended, because of another."""
    (exe, infos) = what
    r = ranks("-n", "1", *nodes, f"""
p = Pmi1().init()
print(p.spawn(({exe!r}, 2, [], {infos!r}), ("/bin/true", 1, [], [])))
p.finalize()
say("alive")
""")
    codes = [int(c) for c in r.lines[0].split("errcodes=")[1].split(",")]
    assert len(codes) == 3 and set(codes) <= {errno, 125} and errno in codes[:2] and codes[2] == 125, r
    assert r.lines[1:] == ["0: alive"] and r.err == "", r


def test_a_thousand_spawns_leave_nothing(ranks):
    """Neither descriptors nor processes, in mpiexec or the proxy."""
    r = ranks("-n", "1", """
proxy = os.getppid()
boss = open(f"/proc/{proxy}/stat").read().rsplit(")")[1].split()[1]

def used():
    fds = [len(os.listdir(f"/proc/{pid}/fd")) for pid in (boss, proxy)]
    return [*fds, len(open(f"/proc/{proxy}/task/{proxy}/children").read().split())]

p = Pmi1().init()
before = None
for i in range(1001):
    answer = p.spawn(("/bin/true", 1, [], []))
    assert answer == "cmd=spawn_result rc=0 errcodes=0", answer
    while i == 0 and used()[2] > 1:
        time.sleep(0.01)
    before = before or used()
while any(now > then for now, then in zip(used(), before)):  # the last ones may still be ending
    time.sleep(0.01)
say("nothing")
p.finalize()
""")
    assert r.lines == ["0: nothing"], r


IN_VAIN = """
#include <mpi.h>
#include <string.h>

/* IN_VAIN PROGRAM [KEY VALUE] */
int main(int argc, char **argv)
{
    char *commands[] = {"true", argv[1]};
    int counts[] = {2, 1};
    MPI_Info infos[] = {MPI_INFO_NULL, MPI_INFO_NULL};
    MPI_Comm children;
    MPI_Init(&argc, &argv);
    if (argc > 3) {
        MPI_Info_create(&infos[1]);
        MPI_Info_set(infos[1], argv[2], argv[3]);
    }
    return MPI_Comm_spawn_multiple(2, commands, MPI_ARGVS_NULL, counts, infos, 0, MPI_COMM_SELF, &children, MPI_ERRCODES_IGNORE);
}
"""


@pytest.mark.parametrize("words, why", [
    (["./nosuch"], "unable to start process 2, ./nosuch: No such file or directory"),
    (["/etc/passwd"], "unable to start process 2, /etc/passwd: Permission denied"),
    (["true", "host", "n7;x"], "info keys of hosts: this character is not allowed here")], ids=["missing", "no program", "host"])
def test_our_library_says_why_it_has_not_spawned(mpiexec, programs, words, why):
    r = mpiexec("-n", "1", conftest.on_runtime(programs, IN_VAIN), *words)
    assert r.code == 53 and why in r.err, r


def test_our_library_alone_does_not_simulate_hosts(programs, tmp_path):
    """A program without mpiexec reaches the hosts that it names, as mpiexec does."""
    r = subprocess.run([conftest.on_runtime(programs, IN_VAIN), "true", "host", "no.such.host.invalid"], env=conftest.clean_env(tmp_path),
                       cwd=tmp_path, capture_output=True, text=True, timeout=4 * PATIENCE)
    assert r.returncode == 53 and "host no.such.host.invalid: unable to" in r.stderr, r
