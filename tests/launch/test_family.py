# SPDX-License-Identifier: BSD-3-Clause
"""family.py for some seconds: jobs that publish, connect, accept and spawn, while processes of theirs die;
and what the long run has found."""

import random
import subprocess

from conftest import PATIENCE, clean_env
from family import Family

EARLY = r"""
#include <mpi.h>
#include <signal.h>
int main(int argc, char **argv)
{
    char *more[] = {"child", 0};
    MPI_Comm c;
    int class;
    if (argc > 1)
        raise(SIGKILL);
    MPI_Init(0, 0);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Error_class(MPI_Comm_spawn(argv[0], more, 2, MPI_INFO_NULL, 0, MPI_COMM_SELF, &c, MPI_ERRCODES_IGNORE), &class);
    MPI_Finalize();
    return class == MPI_ERR_SPAWN ? 0 : 9;
}
"""


def test_a_child_that_is_killed_before_it_is_in_mpi(own_cc, tmp_path):
    """It takes along the server of a program that was started by itself, which then cannot be asked for it."""
    r = subprocess.run([own_cc(EARLY)], env=clean_env(tmp_path), cwd=tmp_path, capture_output=True, timeout=2 * PATIENCE)
    assert r.returncode == 0, r


def test_random_families(tmp_path, capfd):
    family = Family(tmp_path, 8, random.Random())
    assert family.run() == 0, capfd.readouterr().out
    assert family.spawned + family.joined > 0
