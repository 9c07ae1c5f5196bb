# SPDX-License-Identifier: BSD-3-Clause
"""What a user reads when a job fails: one block that names the first failure, its cause, and what followed."""

import os
import re
import resource
import subprocess
import sys

import pytest

from processes import Marked, until


@pytest.fixture
def marked():
    return Marked()


def only_block(r):
    """Nothing but mpiexec's own lines on stderr, one block of them."""
    lines = r.err.splitlines()
    assert lines and all(line.startswith("mpiexec: ") for line in lines), r
    assert sum(not line.startswith("mpiexec:   ") for line in lines) == 1, r
    assert lines[-1] == f"mpiexec:   exit status {r.code}", r
    return lines[0]


def test_exit_code(mpiexec):
    r = mpiexec("-n", "4", "sh", "-c", "[ $PMI_RANK = 2 ] && exit 3; exec sleep 100")
    assert r.code == 3
    assert re.fullmatch(r"mpiexec: rank 2 on \S+ \(pid \d+\) exited with code 3", only_block(r)), r
    assert "3 other ranks stopped because of it" in r.err, r


@pytest.mark.parametrize(
    "name, text",
    [("SEGV", "Segmentation fault"), ("KILL", "Killed"), ("FPE", "Floating point exception"), ("USR1", "User defined")],
)
def test_signal_by_name(mpiexec, name, text):
    r = mpiexec("-n", "1", "sh", "-c", f"ulimit -c 0; kill -{name} $$")
    first = only_block(r)
    assert f"(SIG{name}, {text}" in first and "core dumped" not in first, r


def test_core_dumped(mpiexec, tmp_path):
    with open("/proc/sys/kernel/core_pattern") as f:
        if f.read().startswith("|"):
            pytest.skip("cores go to a program here")
    r = mpiexec("-n", "1", "sh", "-c", "ulimit -c unlimited; kill -QUIT $$")
    assert r.code == 131 and "(SIGQUIT, Quit), core dumped" in only_block(r), r


@pytest.mark.parametrize("hosts", [["-n", "8"], ["--hosts", "a,b,c,d", "--radix", "2", "-n", "8"]])
@pytest.mark.parametrize(
    "program, status, says",
    [
        (["nowhere-to-be-found"], 127, "was not found in PATH"),
        (["./nowhere"], 127, "'./nowhere': No such file or directory"),
        (["./plain"], 126, "'./plain': not an executable file for this user"),
        (["./"], 126, "'./': not an executable file"),
        (["/tmp"], 126, "'/tmp': not an executable file"),
        (["./plain/x"], 127, "Not a directory"),
        (["./badinterp"], 127, "its interpreter"),
        (["./badelf"], 126, "Exec format error"),
        (["-wdir", "/no/such/dir", "true"], 1, "unable to change to the directory /no/such/dir: No such file"),
        (["-wdir", "plain", "true"], 1, "Not a directory"),
        (["-wdir", "/no/such/dir", "./plain"], 1, "unable to change to the directory /no/such/dir: No such file"),
        (["-wdir", "plain", "./plain"], 1, "unable to change to the directory"),
        (["./loop"], 126, "symbolic links"),
        (["./" + "x" * 300], 126, "File name too long"),
        (["x" * 5000], 127, "not found in PATH"),
    ],
)
def test_not_started(mpiexec, tmp_path, hosts, program, status, says):
    (tmp_path / "plain").write_text("text\n")
    (tmp_path / "badinterp").write_text("#!/no/such/interpreter\n")
    (tmp_path / "badelf").write_bytes(b"\x7fELF" + bytes(range(60)))
    (tmp_path / "loop").symlink_to("loop")
    for name in ("badinterp", "badelf"):
        (tmp_path / name).chmod(0o755)
    r = mpiexec(*hosts, *program)
    assert r.code == status, r
    first = only_block(r)
    assert "was not started: " in first and says in first and len(r.err.splitlines()) == 3, r
    assert "7 other ranks not started" in r.err, r
    assert r.out == "", r


def test_a_script_without_interpreter_is_the_shells(mpiexec, tmp_path):
    (tmp_path / "script").write_text("echo $1 $PMI_RANK\n")
    (tmp_path / "script").chmod(0o755)
    assert sorted(mpiexec.ok("-n", "2", "./script", "is").lines) == ["is 0", "is 1"]


def test_part_of_an_mpmd_job_not_found(mpiexec, marked):
    r = mpiexec("-n", "2", "sleep", "100", ":", "-n", "1", "./nowhere", env=marked.env)
    assert r.code == 127 and "rank 2 on" in only_block(r), r
    assert "2 other ranks stopped because of it" in r.err, r
    marked.wait_none(0)


@pytest.mark.parametrize("limit", [*range(3, 40), 60, 100])
def test_few_descriptors(mpiexec, marked, limit):
    """Whatever the limit: the job runs, or one clear line says what was missing."""
    r = mpiexec("-n", "8", "true", env=marked.env,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
    marked.wait_none(0)
    if r.code == 0:
        assert limit > 20 and r.err == "", r
    else:
        assert 0 < r.code <= 127 and limit < 100, r
        assert "ulimit -n" in r.err or "shared librar" in r.err or "unable to" in r.err, r
        assert "Bad file descriptor" not in r.err, r
        assert len(r.err.splitlines()) < 6, r


@pytest.mark.parametrize("way, need", [(["--launcher", "fork", "--radix", "100"], 132), (["--launcher", "ssh"], 524)])
def test_too_few_descriptors_for_the_hosts(mpiexec, way, need):
    """Said before anything starts."""
    r = mpiexec(*way, "--hosts", "unknown[1-100]", "-n", "100", "true",
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)))
    assert r.code == 1, r
    assert f"links to 100 hosts need {need} descriptors, and the limit is 100: raise the hard limit (ulimit -Hn" in r.err, r


class Cgroup:
    """A cgroup of version 1 for the rest of a test."""

    def __init__(self, kind, **settings):
        self.path = f"/sys/fs/cgroup/{kind}/muster-test-{os.getpid()}"
        try:
            os.mkdir(self.path)
            for name, value in settings.items():
                self.write(f"{kind}.{name}", value)
        except OSError as e:
            pytest.skip(f"no {kind} cgroup to be made: {e}")

    def write(self, name, value):
        with open(f"{self.path}/{name}", "w") as f:
            f.write(str(value))

    def join(self):
        self.write("cgroup.procs", os.getpid())

    def close(self):
        def gone():
            try:
                os.rmdir(self.path)
            except OSError:
                return False
            return True
        until(gone)


@pytest.mark.parametrize("limit", [2, 3, 4, 5, 7])
def test_no_more_processes(mpiexec, marked, limit):
    """The limit counts pytest's own child until it becomes mpiexec, so 3 is mpiexec, its witness and its proxy."""
    g = Cgroup("pids", max=limit)
    env = {**marked.env, "ASAN_OPTIONS": "detect_leaks=0"}  # a sanitizer's search for leaks is a process more
    try:
        r = mpiexec("-n", "8", "sleep", "100", env=env, preexec_fn=g.join)
    finally:
        g.close()
    assert r.code == 1, r
    first = r.err.splitlines()[0]
    assert "Resource temporarily unavailable" in first, r
    assert ("(limit of processes" if limit > 2 else "unable to start the proxy") in first, r
    marked.wait_none(0)


def test_out_of_memory(mpiexec, cc):
    hog = cc(
        """
        #include <stdlib.h>
        #include <string.h>
        int main(void)
        {
            for (;;)
                memset(malloc(1 << 20), 1, 1 << 20);
        }
        """
    )
    g = Cgroup("memory", limit_in_bytes=64 << 20)
    script = f"[ $PMI_RANK = 1 ] || exec sleep 100; echo 0 > /proc/self/oom_score_adj; exec {hog}"
    try:
        r = mpiexec("-n", "2", "sh", "-c", script, preexec_fn=g.join)
    finally:
        g.close()
    assert r.code == 137 and "out of memory" in only_block(r) and "rank 1 on" in r.err, r


def test_a_plain_kill_is_not_out_of_memory(mpiexec):
    r = mpiexec("-n", "2", "sh", "-c", "[ $PMI_RANK = 1 ] && kill -9 $$; exec sleep 100")
    assert r.code == 137 and "memory" not in r.err, r


# --- MPI programs

MPI = "#include <mpi.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
RANK = "int rank = atoi(getenv(\"PMI_RANK\"));"


@pytest.mark.parametrize("hosts", [["-n", "4"], ["--hosts", "a,b,c,d", "--radix", "1", "-n", "4"]])
@pytest.mark.parametrize("code, status", [(0, 1), (6, 6)])
def test_exit_before_init_while_others_wait_in_it(mpiexec, mpicc, marked, hosts, code, status):
    prog = mpicc(MPI + f"int main(int c, char **v) {{ {RANK} if (rank == 2) exit({code});"
                 "MPI_Init(&c, &v); MPI_Finalize(); }")
    r = mpiexec(*hosts, prog, env=marked.env)
    assert r.code == status and "rank 2 on " in only_block(r), r
    assert "exited" in r.err and "3 other ranks" in r.err, r
    marked.wait_none(0)


def test_exit_before_init_with_no_kill_does_not_hang(mpiexec, mpicc):
    prog = mpicc(MPI + f"int main(int c, char **v) {{ {RANK} if (rank == 2) exit(0);"
                 "MPI_Init(&c, &v); MPI_Finalize(); }")
    r = mpiexec("--no-kill", "-n", "4", prog)
    assert r.code == 1 and "rank 2 on " in r.err, r


def test_exit_between_init_and_finalize(mpiexec, mpicc):
    prog = mpicc(MPI + "int main(int c, char **v) { MPI_Init(&c, &v); int r; MPI_Comm_rank(MPI_COMM_WORLD, &r);"
                 "if (r == 1) _exit(0); MPI_Barrier(MPI_COMM_WORLD); MPI_Finalize(); }")
    r = mpiexec("-n", "3", prog)
    assert r.code == 1, r
    assert re.search(r"rank 1 on \S+ \(pid \d+\) exited with code 0 after MPI_Init, but without MPI_Finalize",
                     only_block(r)), r


def mpich_version():
    told = subprocess.run(["mpiexec.mpich", "--version"], capture_output=True, text=True).stdout
    return tuple(map(int, re.search(r"Version:\s+(\d+)\.(\d+)", told).groups()))


LATE_WORDS = MPI + """#include <errno.h>
#include <signal.h>
int main(int c, char **v)
{
    int first = getpid(), rank;
    MPI_Init(&c, &v);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Bcast(&first, 1, MPI_INT, 0, MPI_COMM_WORLD);
    MPI_Finalize();
    if (rank == 0) {
        sleep(1); /* its PMI connection has been closed for so long that the process counts as gone from PMI */
        if (c > 1) raise(SIGKILL);
        return 3;
    }
    while (kill(first, 0) == 0) usleep(1000);
    for (int i = 0; i < 100; i++) usleep(5000);
    printf("rank %d has all its results\\n", rank);
    return c > 1 ? 0 : 1;
}
"""


@pytest.mark.parametrize("library", ["mpicc", "own_cc"])
@pytest.mark.parametrize("how, status", [([], 3), (["killed"], 137)])
def test_who_fails_past_finalize_fails_alone(mpiexec, library, request, how, status):
    r = mpiexec("-n", "3", request.getfixturevalue(library)(LATE_WORDS), *how)
    assert r.code == status and "rank 0 on " in only_block(r), r
    if library == "mpicc" and how and mpich_version() >= (4, 2):
        return  # MPICH 4.2.1 tells its launcher of MPI_Finalize when the process exits: a signal lets nobody know of it
    assert sorted(r.lines) == [f"rank {i} has all its results" for i in (1, 2)] and "stopped" not in r.err, r


@pytest.mark.parametrize("code, status", [(7, 7), (256, 1), (-1, 255)])
def test_abort(mpiexec, mpicc, marked, code, status):
    prog = mpicc(MPI + "int main(int c, char **v) { MPI_Init(&c, &v); int r; MPI_Comm_rank(MPI_COMM_WORLD, &r);"
                 f"if (r == 1) MPI_Abort(MPI_COMM_WORLD, {code}); MPI_Barrier(MPI_COMM_WORLD); sleep(100); }}")
    r = mpiexec("-n", "3", prog, env=marked.env)
    assert r.code == status, r
    blocks = [line for line in r.err.splitlines() if line.startswith("mpiexec: ")]
    assert re.match(r"mpiexec: rank 1 on \S+ \(pid \d+\) called abort with code " + str(code), blocks[0]), r
    assert "2 other ranks" in r.err, r
    marked.wait_none(0)


def test_abort_ends_a_job_that_may_go_on(mpiexec, mpicc):
    prog = mpicc(MPI + f"int main(int c, char **v) {{ {RANK} if (rank == 2) exit(3); sleep(1);"
                 "char *env = getenv(\"PMI_RANK\"); (void)env; MPI_Init(&c, &v); }")
    r = mpiexec("--no-kill", "-n", "3", prog)
    assert r.code == 3 and "rank 2 on " in r.err, r


def test_output_before_a_failure_is_not_lost(mpiexec):
    r = mpiexec("-n", "4", "sh", "-c", "for i in 1 2 3 4 5; do echo $PMI_RANK line $i; done; exit 1")
    failed = int(re.search(r"rank (\d)", r.err)[1])
    assert [line for line in r.lines if line.startswith(f"{failed} ")] == [f"{failed} line {i}" for i in range(1, 6)], r
