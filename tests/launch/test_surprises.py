# SPDX-License-Identifier: BSD-3-Clause
"""What would go unnoticed is said in one line on stderr, and what is as it should be is not."""

ALONE = "each of the 2 ranks was alone, rank 0 of 1: "
HELLO = "#include <mpi.h>\nint main(void) { MPI_Init(0, 0); MPI_Finalize(); return 0; }"


def said(r):
    """The lines of mpiexec: what libraries write on stderr is their own business."""
    return [line for line in r.err.splitlines() if line.startswith("mpiexec: ")]


def test_variables_that_env_takes_away_are_missed(mpiexec, own_cc):
    program = own_cc(HELLO)
    for words in (["-i"], ["-"], ["--ignore-environment"], ["-u", "X", "-i"], ["-i", "A=b"]):
        r = mpiexec("-n", "2", "env", *words, program)
        assert ALONE + "env -i takes away the variables" in r.err, r
    for words in (["env"], ["env", "A=b"], ["env", "-u", "X"], ["-genvnone"]):
        assert ALONE not in mpiexec.ok("-n", "2", *words, program).err
    assert ALONE not in mpiexec.ok("-n", "2", "env", "-i", "/bin/true").err


def test_processes_that_a_failed_rank_leaves_are_told_of(mpiexec):
    r = mpiexec("-n", "2", "sh", "-c", "test $PMI_RANK = 1 || exit 0; sleep 600 & exit 3")
    assert r.code == 3, r
    assert "warning: processes that rank 1 on " in r.err and "had started were running when it failed" in r.err, r


def test_processes_that_outlive_their_rank_are_told_of(mpiexec):
    r = mpiexec.ok("-n", "2", "sh", "-c", "test $PMI_RANK = 1 || exit 0; sleep 600 >/dev/null 2>&1 & exit 0")
    assert "warning: processes that rank 1 on " in r.err and "were running when the job was over" in r.err, r
    assert len(said(r)) == 1, r


def test_processes_that_have_ended_are_not(mpiexec):
    assert said(mpiexec.ok("-n", "2", "sh", "-c", "sleep 0 & wait; exit 0")) == []
    r = mpiexec("-n", "2", "sh", "-c", "sleep 0 & wait; exit 3")
    assert "had started" not in r.err, r


def test_a_directory_that_cannot_be_written_ends_the_job_before_it_starts(mpiexec, tmp_path):
    (tmp_path / "file").write_text("")
    r = mpiexec("-n", "2", "--output-dir", "file/out", "touch", "ran")
    assert r.code == 1 and not (tmp_path / "ran").exists(), r
    assert f"was not started: unable to write its output into the directory {tmp_path}/file/out: Not a directory" in r.err, r
    mpiexec.ok("-n", "2", "--output-dir", "new/out", "touch", "ran")
    assert (tmp_path / "new/out").is_dir() and (tmp_path / "ran").exists()


def test_an_allocation_that_is_not_used_is_told_of(mpiexec, tmp_path):
    (tmp_path / "nodes").write_text("n1\nn2\n")
    env = {"PBS_NODEFILE": str(tmp_path / "nodes"), "PBS_JOBID": "12", "MUSTER_RMK": "pbs", "MUSTER_LAUNCHER": "ssh"}
    r = mpiexec.ok("--hosts", "localhost", "-n", "1", "true", env=env)
    assert len(said(r)) == 1 and "warning: the hosts of PBS job 12 are not used: host localhost" in r.err, r
    assert said(mpiexec.ok("--rmk", "none", "--hosts", "localhost", "-n", "1", "true", env=env)) == []
    (tmp_path / "nodes").write_text("n1\nlocalhost\n")
    assert said(mpiexec.ok("--hosts", "localhost", "-n", "1", "true", env=env)) == []
