# SPDX-License-Identifier: BSD-3-Clause
"""The variables that a rank finds: the same in every launch mode, and those of other launchers on request."""

import sys

import pytest

from conftest import MPIEXEC

OURS = ["RANK", "SIZE", "LOCAL_RANK", "LOCAL_SIZE", "NODE_RANK", "NODES"]
SHOW = ["sh", "-c", " ".join(["echo", *(f"$MUSTER_{name}" for name in OURS)])]


@pytest.mark.parametrize(
    "words, expected",
    [
        (["-n", "1"], ["0 1 0 1 0 1"]),
        (["-n", "2", "--genvnone"], ["0 2 0 2 0 1", "1 2 1 2 0 1"]),
        (["--hosts", "a:2,b", "-n", "3"], ["0 3 0 2 0 2", "1 3 1 2 0 2", "2 3 0 1 1 2"]),
        # A host without ranks is no place of one.
        (["--hosts", "a,b,c", "--rankmap", "2,0,2", "-n", "3"], ["0 3 0 2 1 2", "1 3 0 1 0 2", "2 3 1 2 1 2"]),
        # Behind another proxy.
        (["--hosts", "a,b,c", "--radix", "1", "-n", "3"], ["0 3 0 1 0 3", "1 3 0 1 1 3", "2 3 0 1 2 3"]),
        (["-genv", "MUSTER_RANK", "7", "-n", "1"], ["0 1 0 1 0 1"]),
    ],
)
def test_ours_are_there(mpiexec, words, expected):
    assert sorted(mpiexec.ok(*words, *SHOW).lines) == expected


def test_two_programs_of_one_job(mpiexec):
    r = mpiexec.ok("-n", "1", *SHOW, ":", "-n", "2", *SHOW)
    assert sorted(r.lines) == ["0 3 0 3 0 1", "1 3 1 3 0 1", "2 3 2 3 0 1"]


def test_mpiexec_in_a_rank_has_its_own(mpiexec):
    inner = [MPIEXEC, "-n", "1", "sh", "-c", "echo $MUSTER_RANK $MUSTER_SIZE $OMPI_COMM_WORLD_RANK$PALS_RANKID"]
    r = mpiexec.ok("-n", "2", "--env-dialect", "ompi,pals", *inner)
    assert r.lines == ["0 1"] * 2


SPAWNER = """\
import os, socket, sys
s = socket.socket(fileno=int(os.environ["PMI_FD"]))
def ask(line):
    s.sendall(line.encode())
    return s.recv(4096).decode()
ask("cmd=init pmi_version=1 pmi_subversion=1\\n")
show = "echo $MUSTER_RANK $MUSTER_SIZE $MUSTER_LOCAL_SIZE $MUSTER_NODES $OMPI_COMM_WORLD_RANK $PMI_SPAWNED"
print(ask("mcmd=spawn\\nnprocs=2\\nexecname=/bin/sh\\ntotspawns=1\\nspawnssofar=1\\nargcnt=2\\narg1=-c\\n"
          f"arg2={show}\\npreput_num=0\\ninfo_num=0\\nendcmd\\n"), file=sys.stderr)
ask("cmd=finalize\\n")
"""


def test_spawned_ranks_have_numbers_of_their_own_job(mpiexec, tmp_path):
    (tmp_path / "spawner.py").write_text(SPAWNER)
    r = mpiexec.ok("-n", "1", "--env-dialect", "ompi", sys.executable, str(tmp_path / "spawner.py"))
    assert sorted(r.lines) == ["0 2 2 1 0 1", "1 2 2 1 1 1"], r


DIALECTS = {
    "ompi": "OMPI_COMM_WORLD_RANK OMPI_COMM_WORLD_SIZE OMPI_COMM_WORLD_LOCAL_RANK OMPI_COMM_WORLD_LOCAL_SIZE "
    "OMPI_COMM_WORLD_NODE_RANK OMPI_UNIVERSE_SIZE",
    "slurm": "SLURM_PROCID SLURM_NTASKS SLURM_LOCALID SLURM_NODEID SLURM_NNODES SLURM_NPROCS SLURMD_NODENAME "
    "SLURM_STEP_NUM_TASKS SLURM_STEP_NUM_NODES",
    "pals": "PALS_RANKID PALS_LOCAL_RANKID PALS_NODEID PMI_LOCAL_RANK PMI_LOCAL_SIZE PMI_UNIVERSE_SIZE",
    "mvapich": "MV2_COMM_WORLD_RANK MV2_COMM_WORLD_SIZE MV2_COMM_WORLD_LOCAL_RANK MV2_COMM_WORLD_LOCAL_SIZE",
}


@pytest.mark.parametrize(
    "dialect, expected",
    [
        ("ompi", ["0 3 0 2 0 3", "1 3 1 2 1 3", "2 3 0 1 0 3"]),
        ("slurm", ["0 3 0 0 2 3 a 3 2", "1 3 1 0 2 3 a 3 2", "2 3 0 1 2 3 b 3 2"]),
        ("pals", ["0 0 0 0 2 3", "1 1 0 1 2 3", "2 0 1 0 1 3"]),
        ("mvapich", ["0 3 0 2", "1 3 1 2", "2 3 0 1"]),
    ],
)
def test_what_scripts_for_other_launchers_read(mpiexec, dialect, expected):
    show = ["sh", "-c", " ".join(["echo", *(f"${name}" for name in DIALECTS[dialect].split())])]
    words = ["--hosts", "a:2,b:1", "-n", "3"]
    batch = {"SLURM_PROCID": 0, "SLURM_NTASKS": 77, "SLURM_NNODES": 9}
    assert sorted(mpiexec.ok("--env-dialect", dialect, *words, *show, env=batch).lines) == expected
    if dialect != "slurm":  # whose variables are the batch script's
        assert [line.strip() for line in mpiexec.ok(*words, *show, env=batch).lines] == [""] * 3


def test_several_dialects_by_a_variable(mpiexec):
    r = mpiexec.ok(
        "-n", "1", "sh", "-c", "echo $OMPI_COMM_WORLD_SIZE $SLURM_NTASKS", env={"MUSTER_ENV_DIALECT": "ompi,slurm"}
    )
    assert r.lines == ["1 1"]


def test_without_a_bound_the_universe_is_minus_one(mpiexec):
    r = mpiexec.ok("--usize", "INFINITE", "--env-dialect", "ompi", "-n", "1", "sh", "-c", "echo $OMPI_UNIVERSE_SIZE")
    assert r.lines == ["-1"]
