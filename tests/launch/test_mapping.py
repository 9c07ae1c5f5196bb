# SPDX-License-Identifier: BSD-3-Clause
"""Where ranks run: on which host, on which processors, and what is drawn of it. Hosts are simulated on this machine;
what a rank may run on is read by the rank itself."""

import json
import os
import pathlib
import sys
import time

import pytest

from processes import PATIENCE

CPUS = sorted(os.sched_getaffinity(0))
WHERE = ["--arg-template", "sh", "-c", "echo {rank} {host} {local_rank} $(sed -n 's/Cpus_allowed_list:.//p' /proc/self/status)"]

needs_two = pytest.mark.skipif(len(CPUS) < 2, reason="one processor")


def cpulist(text):
    out = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        out |= set(range(int(first), int(last or first) + 1))
    return out


def cores():
    """The sets of usable processors that share a core."""
    found = set()
    for cpu in CPUS:
        path = pathlib.Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        found.add(frozenset(cpulist(path.read_text().strip()) & set(CPUS)))
    return found


def where(mpiexec, *args, **kw):
    """Runs args, and returns (host, local rank, processors) of each rank, by rank."""
    r = mpiexec.ok(*args, *WHERE, **kw)
    rows = {}
    for line in r.lines:
        rank, host, local, cpus = line.split()
        rows[int(rank)] = (host, int(local), cpulist(cpus))
    assert sorted(rows) == list(range(len(rows))) and len(rows) == len(r.lines), r
    return [rows[i] for i in range(len(rows))]


def hosts(mpiexec, *args):
    """The hosts by rank, as one string; hosts have names of one letter."""
    rows = where(mpiexec, *args)
    seen = {}
    for host, local, _ in rows:
        assert local == seen.setdefault(host, 0)
        seen[host] += 1
    return "".join(host for host, _, _ in rows)


# ---- which host ----

PLACES = [
    (["--hosts", "a:2,b:1", "-n", "3"], "aab"),
    (["--hosts", "a:2,b:1"], "aab"),
    (["--hosts", "a:1,b:1", "-n", "5"], "aaabb"),
    (["--hosts", "a,b", "-n", "2"], "ab"),
    (["--hosts", "a,b,c", "-n", "8"], "aaabbbcc"),
    (["--hosts", "a:2,b:2,c:2", "--map-by", "node", "-n", "5"], "abcab"),
    (["--hosts", "a:2,b:2", "--rank-by", "node"], "abab"),
    (["--hosts", "a:4,b:4", "--map-by", "node:2", "-n", "6"], "aabbaa"),
    (["--hosts", "a:4,b:4", "--map-by", "slot:span", "-n", "4"], "aabb"),
    (["--hosts", "a,b,c", "-ppn", "2"], "aabbcc"),
    (["--hosts", "a,b", "-ppn", "1", "-n", "4"], "abab"),
    (["--hosts", "a:8,b:8", "--map-by", "ppr:1:node"], "ab"),
    (["--hosts", "a,b", "-rankmap", "0,1,1,0"], "abba"),
    (["--hosts", "a,b", "-rankmap", "(vector,(0,2,1),(1,1,2))"], "abbb"),
    (["--hosts", "a,b", "-rankmap", "1", "-n", "2"], "bb"),
    (["--hosts", "b,a:4,b", "--map-by", "seq"], "bab"),
    (["--hosts", "b,a,b", "--map-by", "seq", "-n", "2"], "ba"),
]


@pytest.mark.parametrize("args, expected", PLACES, ids=[" ".join(a) for a, _ in PLACES])
def test_ranks_are_on_their_hosts(mpiexec, args, expected):
    assert hosts(mpiexec, *args) == expected



def test_a_host_file_is_taken_line_by_line(mpiexec, tmp_path):
    (tmp_path / "hosts").write_text("b\n# twice\na slots=4\nb\nc\n^c\n")
    assert hosts(mpiexec, "-f", "hosts", "--map-by", "seq") == "bab"
    r = mpiexec("--map-by", "seq", "--host", "a", "true")
    assert r.code == 1 and "application 1 has its own" in r.err, r


def test_modifiers_alone_are_of_the_default(mpiexec):
    assert mpiexec.ok("--map-by", ":OVERSUBSCRIBE", "-n", 3, "echo", "x").lines == ["x"] * 3


def test_localhost_in_a_rankfile_is_this_machine(mpiexec, tmp_path):
    (tmp_path / "ranks").write_text("rank 0=localhost\nrank 1=LOCALHOST\n")
    assert mpiexec.ok("--rankfile", "ranks", "-n", 2, "echo", "x").lines == ["x"] * 2


def test_applications_continue_where_the_one_before_ended(mpiexec):
    one = ["--arg-template", "echo", "{rank} {host} A"]
    two = ["--arg-template", "echo", "{rank} {host} B"]
    r = mpiexec.ok("--hosts", "a:2,b:2", "-n", "1", *one, ":", "-n", "2", *two)
    assert sorted(r.lines) == ["0 a A", "1 a B", "2 b B"]


def test_the_programs_see_the_nodes_that_were_planned(mpiexec, mpicc):
    program = mpicc(r"""
        #include <mpi.h>
        #include <stdio.h>
        int main(void) {
            MPI_Comm node;
            int rank, size, local;
            MPI_Init(0, 0);
            MPI_Comm_rank(MPI_COMM_WORLD, &rank);
            MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
            MPI_Comm_size(node, &size);
            MPI_Comm_rank(node, &local);
            printf("%d %d %d\n", rank, size, local);
            MPI_Finalize();
        }""")
    for args, expected in [
        (["--hosts", "a:3,b:1"], ["0 3 0", "1 3 1", "2 3 2", "3 1 0"]),
        (["--hosts", "a:2,b:2", "--map-by", "node"], ["0 2 0", "1 2 0", "2 2 1", "3 2 1"]),
        (["--hosts", "a,b,c", "-rankmap", "2,0,2,2,1"], ["0 3 0", "1 1 0", "2 3 1", "3 3 2", "4 1 0"]),
    ]:
        assert sorted(mpiexec.ok(*args, program).lines) == expected


# Speaks PMI-1: the first rank spawns argv[1] copies, each of which prints the map of its job.
SPAWNER = """
import os, socket, sys
f = socket.socket(fileno=int(os.environ["PMI_FD"])).makefile("rw", newline="\\n")
def ask(text):
    f.write(text + "\\n")
    f.flush()
    return f.readline().strip()
ask("cmd=init pmi_version=1 pmi_subversion=1")
name = ask("cmd=get_my_kvsname").split("kvsname=")[1].split()[0]
if len(sys.argv) > 1:
    print(ask(f"mcmd=spawn\\nnprocs={sys.argv[1]}\\nexecname={sys.executable}\\ntotspawns=1\\nspawnssofar=1\\n"
              f"argcnt=1\\narg1={sys.argv[0]}\\nendcmd"), flush=True)
else:
    print(ask(f"cmd=get kvsname={name} key=PMI_process_mapping").split("value=")[1], flush=True)
ask("cmd=finalize")
"""


@pytest.mark.parametrize(
    "n, expected",
    [(3, "(vector,(0,1,1),(1,1,2))"), (1, "(vector,(0,1,1))"), (7, "(vector,(0,1,3),(1,1,4))")],
)
def test_spawned_ranks_take_the_slots_that_are_left(mpiexec, tmp_path, n, expected):
    (tmp_path / "spawner.py").write_text(SPAWNER)
    r = mpiexec.ok("--hosts", "a:2,b:2", "-n", "1", sys.executable, str(tmp_path / "spawner.py"), str(n))
    assert "rc=0" in r.out, r
    assert [line for line in r.lines if "vector" in line] == [expected] * n, r


def test_spawned_ranks_inherit_that_slots_are_not_to_be_exceeded(mpiexec, tmp_path):
    (tmp_path / "spawner.py").write_text(SPAWNER)
    spawn = ["--hosts", "a:2,b:2", "--no-oversubscribe", "-n", "1", sys.executable, str(tmp_path / "spawner.py")]
    assert "vector" in mpiexec.ok(*spawn, "3").out
    r = mpiexec.ok(*spawn, "4")
    assert "rc=0" not in r.out and "vector" not in r.out and "do_not_fit" in r.out, r


# ---- which processors ----


def test_every_rank_has_a_core_of_its_own_by_default(mpiexec):
    n = len(cores())
    got = [cpus for _, _, cpus in where(mpiexec, "-n", str(n))]
    assert {frozenset(c) for c in got} == cores()


class Holder:
    """A job that has bound its rank to processors, and keeps them until it is told to end."""

    def __init__(self, mpiexec, *args):
        self.job = mpiexec.start(*args, sys.executable, "-c", "import sys; print('here', flush=True); sys.stdin.read()")

    def __enter__(self):
        assert self.job.stdout.readline() == b"here\n"
        return self.job

    def __exit__(self, *_):
        self.job.communicate(b"", timeout=PATIENCE)


needs_two_cores = pytest.mark.skipif(len(cores()) < 2, reason="one core")


@needs_two_cores
def test_cores_of_another_job_are_left_to_it(mpiexec):
    with Holder(mpiexec, "-n", "1", "--bind-to", f"user:{CPUS[0]}"):
        (only,) = [cpus for _, _, cpus in where(mpiexec, "-n", "1")]
        assert only and CPUS[0] not in only and only < set(CPUS), only
        r = mpiexec.ok("--display", "bindings", "-n", "1", "true")
        assert f"  left to other jobs: processor {CPUS[0]}\n" in r.err, r
        r = mpiexec.ok("--display", "bindings", "-n", str(len(cores())), "true")
        assert f"  shared with other jobs: processor {CPUS[0]}\n" in r.err, r
        assert [c for _, _, c in where(mpiexec, "-n", "1", "--bind-to", f"user:{CPUS[0]}")] == [{CPUS[0]}]
    assert [c for _, _, c in where(mpiexec, "-n", "1")] == [set(CPUS)]


@needs_two_cores
def test_a_proxy_that_is_asked_sees_to_the_cores_of_its_host(mpiexec):
    asked = ["--min-hosts", "1", "--hosts", "a"]
    with Holder(mpiexec, *asked, "-n", "1", "--bind-to", f"user:{CPUS[0]}"):
        assert all(CPUS[0] not in c for _, _, c in where(mpiexec, "-n", "1"))
        assert all(CPUS[0] not in c for _, _, c in where(mpiexec, *asked, "-n", "1"))
        r = mpiexec.ok(*asked, "--display", "bindings", "-n", "1", "true")
        assert f"  left to other jobs: processor {CPUS[0]}\n" in r.err, r
    with Holder(mpiexec, "-n", "1", "--bind-to", f"user:{CPUS[0]}"):
        assert all(CPUS[0] not in c for _, _, c in where(mpiexec, *asked, "-n", "1"))
    assert [c for _, _, c in where(mpiexec, *asked, "-n", "1")] == [set(CPUS)]


@needs_two_cores
def test_a_job_that_is_killed_holds_no_cores(mpiexec):
    with Holder(mpiexec, "-n", "1", "--bind-to", f"user:{CPUS[0]}") as job:
        job.kill()
        job.wait(PATIENCE)
        assert [c for _, _, c in where(mpiexec, "-n", "1")] == [set(CPUS)]


@needs_two_cores
def test_two_jobs_of_one_core_each_have_one_each(mpiexec):
    tell = "import os, sys; print(sorted(os.sched_getaffinity(0)), flush=True); sys.stdin.read()"
    jobs, cpus = [], []
    for _ in range(2):
        jobs.append(mpiexec.start("-n", "1", sys.executable, "-c", tell, env={"OMP_NUM_THREADS": 1}))
        cpus.append(frozenset(json.loads(jobs[-1].stdout.readline())))
    for job in jobs:
        job.communicate(b"", timeout=PATIENCE)
    assert set(cpus) <= cores() and cpus[0] != cpus[1]


def test_a_rank_has_the_cores_of_its_threads(mpiexec):
    n = len(cores())

    def sets(threads, *args):
        return [cpus for _, _, cpus in where(mpiexec, *args, env={"OMP_NUM_THREADS": threads})]

    assert [frozenset(c) in cores() for c in sets("1", "-n", "1")] == [True]
    assert sets(f"{n},2") == [set(CPUS)]
    assert {frozenset(c) for c in sets(n + 1, "-n", str(n))} == cores()  # they do not fit: an n-th for each
    assert [frozenset(c) in cores() for c in sets(n, "-n", "1", "-env", "OMP_NUM_THREADS", "1")] == [True]
    assert [len(c) for c in sets(1, "-n", "1", "-genvnone")] == [len(CPUS)]


def test_more_ranks_than_processors_are_not_bound(mpiexec):
    for _, _, cpus in where(mpiexec, "-n", str(len(CPUS) + 1)):
        assert cpus == set(CPUS)


def test_simulated_hosts_are_not_bound_by_default(mpiexec):
    for _, _, cpus in where(mpiexec, "--hosts", "a,b", "-n", "2"):
        assert cpus == set(CPUS)


def test_no_binding(mpiexec):
    for _, _, cpus in where(mpiexec, "--bind-to", "none", "-n", "1"):
        assert cpus == set(CPUS)


@needs_two
def test_the_mask_that_mpiexec_was_started_in_is_kept(mpiexec):
    last = CPUS[-1]
    pinned = {"preexec_fn": lambda: os.sched_setaffinity(0, {last})}
    for args, n in (([], 1), (["-n", "3"], 3), (["--bind-to", "core", "-n", "2"], 2), (["--bind-to", "socket"], 1)):
        rows = where(mpiexec, *args, **pinned)
        assert len(rows) == n and all(cpus == {last} for _, _, cpus in rows)
    r = mpiexec("--bind-to", f"user:{CPUS[0]}", "-n", "1", "true", **pinned)
    assert r.code == 1 and f"processor {CPUS[0]} may not be used" in r.err and f"it has {last}" in r.err, r


@needs_two
def test_explicit_bindings(mpiexec):
    first, second = CPUS[0], CPUS[1]

    def sets(*args):
        return [cpus for _, _, cpus in where(mpiexec, *args)]

    assert sets("--bind-to", f"user:{second},{first}", "-n", "3") == [{second}, {first}, {second}]
    assert sets("--bind-to", f"user:{first}+{second}", "-n", "1") == [{first, second}]
    assert sets("--bind-to", "rr", "-n", "2") == [{first}, {second}]
    assert sets("--bind-to", "machine", "-n", "2") == [set(CPUS)] * 2
    assert sorted(map(sorted, sets("--bind-to", "hwthread", "-n", str(len(CPUS))))) == [[c] for c in CPUS]
    assert sorted(map(sorted, sets("--map-by", "hwthread", "-n", str(len(CPUS))))) == [[c] for c in CPUS]
    n = len(cores())
    assert sets("--bind-to", f"core:{n}", "-n", "1") == [set(CPUS)]
    assert sets("--map-by", f"core:pe={n}", "-n", "1") == [set(CPUS)]
    assert sets("--cpus-per-rank", str(n)) == [set(CPUS)]
    for kind in ("l1cache", "l2cache", "l3cache", "numa", "socket"):
        assert all(c <= set(CPUS) for c in sets("--map-by", kind, "--bind-to", kind, "-n", "2"))


@needs_two
def test_processors_are_taken_in_the_order_of_the_list(mpiexec):
    first, second = CPUS[:2]
    for words in ("cpu-list:ordered", "cpulist:ORDERED"):
        rows = where(mpiexec, "--cpu-set", f"{second},{first}", "--bind-to", words, "-n", "2")
        assert [cpus for _, _, cpus in rows] == [{second}, {first}]
    r = mpiexec("--bind-to", "cpu-list:ordered", "-n", "1", "true")
    assert r.code == 1 and "those of --cpu-set, which is not given" in r.err, r


def test_a_binding_that_was_asked_for_holds_on_simulated_hosts(mpiexec):
    rows = where(mpiexec, "--hosts", "a,b", "--bind-to", "core", "-n", "2")
    assert rows[0][2] == rows[1][2] and frozenset(rows[0][2]) in cores()


def test_crowded_processors_are_warned_of(mpiexec):
    n = len(CPUS) * 2
    r = mpiexec.ok("--bind-to", "hwthread", "-n", str(n), "true")
    assert "2 ranks are bound to processor" in r.err and "--bind-to none" in r.err, r


# ---- rankfiles ----


def test_a_rankfile_is_obeyed(mpiexec, tmp_path):
    n = len(cores())
    (tmp_path / "ranks").write_text(f"# two hosts\nrank 1=a slot=*\nrank 0=b slot={n - 1}\nrank 2=+n0\n")
    rows = where(mpiexec, "--hosts", "a:2,b:2", "--rankfile", "ranks")
    assert [(h, l) for h, l, _ in rows] == [("b", 0), ("a", 0), ("a", 1)]
    assert frozenset(rows[0][2]) in cores() and rows[1][2] == set(CPUS) and rows[2][2] == set(CPUS)
    assert where(mpiexec, "--hosts", "a:2,b:2", "--map-by", "rankfile:file=ranks") == rows


@pytest.mark.parametrize(
    "text, says",
    [
        ("rank 0=a\nrank 1=c\n", ":2: this is not a host of the job\n  rank 1=c\n         ^"),
        ("rank 0=a slot=9999\n", "counted from 0\n  rank 0=a slot=9999\n                ^"),
        ("rank 0=a\nrank 0=b\n", ":2: rank 0 was given a place in line 1 already"),
        ("rank 1=a\n", "rank 0 has no line"),
        ("\n", "names no rank"),
        ("rank 0=a\n\0", "NUL byte"),
        ("rank " + "9" * 5000 + "=a\n", "this rank is larger than a job can be"),
    ],
)
def test_a_broken_rankfile_is_told(mpiexec, tmp_path, text, says):
    (tmp_path / "ranks").write_text(text)
    r = mpiexec("--hosts", "a,b", "--rankfile", "ranks", "true")
    assert r.code == 1 and says in r.err and r.out == "", r


# ---- refusals ----


def test_more_ranks_than_slots_are_refused_with_the_table(mpiexec):
    r = mpiexec("--no-oversubscribe", "--hosts", "a:2,b:1", "-n", "4", "echo", "ran")
    assert r.code == 1 and r.out == "", r
    lines = r.err.splitlines()
    assert lines[0] == "mpiexec: 4 ranks do not fit in the 3 slots of 2 hosts (--no-oversubscribe)"
    assert [l.split() for l in lines[1:4]] == [["slots", "ranks", "host"], ["2", "3", "a"], ["1", "1", "b"]]
    assert "-n 3" in lines[4] and "--hosts a:3,b:1" in lines[4], r
    mpiexec.ok("--no-oversubscribe", "--hosts", "a:2,b:1", "-n", "3", "true")
    assert mpiexec("--no-oversubscribe", "-n", str(len(CPUS) + 1), "true").code == 1


@pytest.mark.parametrize(
    "args, says",
    [
        (["-rankmap", "0,2"], "there is no such node"),
        (["-rankmap", "0;1"], "the map should end here\n  0;1\n   ^"),
        (["-rankmap", "(vector,(0,1"], "a comma is expected here"),
        (["--map-by", "ppr:x:node"], "ppr:2:socket"),
        (["--map-by", "core:sideways"], "sideways"),
        (["--bind-to", "core:0"], "neither a number"),
        (["--bind-to", "user:99999"], "is not a list of processors"),
        (["--bind-to", "user:65000"], "may not be used on host"),
        (["-n", "16777216", "true", ":"], "more than the 16777216"),
    ],
)
def test_wrong_words_are_told(mpiexec, args, says):
    r = mpiexec("--hosts", "a,b", *args, "true")
    assert r.code == 1 and says in r.err and r.out == "", r


# ---- pictures ----


def test_a_dry_run_draws_and_starts_nothing(mpiexec, tmp_path):
    r = mpiexec.ok("--dry-run", "--hosts", "a:2,b:2", "-n", "3", "touch", str(tmp_path / "ran"))
    assert r.err == "" and not (tmp_path / "ran").exists(), r
    assert r.lines[:3] == ["map: 3 ranks on 2 hosts", "  a  2 of 2 slots  0 1", "  b  1 of 2 slots  2 ."]
    assert r.lines[3].startswith("bindings on a"), r


def test_what_is_displayed_stays_out_of_the_programs_output(mpiexec):
    r = mpiexec.ok("--display", "map,bindings,topo", "-n", "1", "printf", "x")
    assert r.out == "x", r
    for word in ("topology of ", "map: 1 rank on 1 host\n", "bindings on "):
        assert word in r.err, r


def test_the_picture_is_what_the_ranks_find(mpiexec):
    n = len(cores())
    drawn = mpiexec.ok("--dry-run", "--display", "bindings", "-n", str(n), "true").lines
    assert "cores with their ranks" in drawn[0]
    cells = []
    for line in drawn[1:]:
        words = line.split()
        cells += words[2:] if words[0] == "package" else words
    assert sorted(map(int, cells)) == list(range(n)), drawn
    got = [cpus for _, _, cpus in where(mpiexec, "-n", str(n))]
    in_order = [got[int(rank)] for rank in cells]
    if "package" not in drawn[1]:
        assert [min(c) for c in in_order] == sorted(min(c) for c in got)


def test_a_million_ranks_are_planned_at_once_and_fit_a_screen(mpiexec):
    start = time.monotonic()
    r = mpiexec.ok("--dry-run", "--display", "map,bindings,topo", "--hosts", "n[1-10000]:100", "-n", "1000000", "true")
    assert time.monotonic() - start < PATIENCE, "0.1 s at rest; what walks all nodes for each rank would take hours"
    assert "map: 1000000 ranks on 10000 hosts" in r.out and len(r.lines) < 60, r


def test_a_full_disk_is_told(mpiexec):
    with open("/dev/full", "w") as full:
        r = mpiexec("--dry-run", "true", stdout=full)
    assert r.code == 1 and "No space left" in r.err, r


# ---- surroundings ----


def test_a_topology_leaves_nothing_in_the_environment(mpiexec):
    r = mpiexec.ok("--map-by", "socket", "-n", "1", "env")
    assert not [line for line in r.lines if line.startswith("HWLOC_")], r

