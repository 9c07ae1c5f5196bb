# SPDX-License-Identifier: BSD-3-Clause
"""Our own library where little is allowed: small or missing shared memory, limits, namespaces, wrapped programs."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import MPIEXEC, clean_env, on_runtime
from test_own import finished, hydra, left_in_shm  # noqa: F401

HERE = pathlib.Path(__file__).parent
plain = pytest.mark.skipif("MUSTER_TEST_SANITIZERS" in os.environ, reason="a sanitizer needs the address space itself")


@pytest.fixture(scope="session")
def rough(programs):
    return on_runtime(programs, (HERE / "rough.c").read_text())


def can(*command):
    return shutil.which(command[0]) and subprocess.run([*command, "true"], capture_output=True).returncode == 0


mounts = pytest.mark.skipif(not can("unshare", "-m"), reason="needs the right to mount")
pids = pytest.mark.skipif(not can("unshare", "-p", "-f"), reason="needs the right to make namespaces")
users = pytest.mark.skipif(not can("unshare", "-U"), reason="needs the right to make namespaces")


def limited(limits, *command):
    return ["sh", "-c", f'ulimit {limits}; exec "$@"', "sh", *command]


@mounts
@pytest.mark.parametrize("shm", ["size=64m", "size=1m", "size=8k", "size=4m,ro"])
@pytest.mark.parametrize("n", [2, 8])
def test_little_shared_memory_under_hydra(hydra, rough, n, shm):
    """What does not fit goes another way, and nobody is killed by a page that is not there."""
    script = f'mount -t tmpfs -o {shm} tmpfs /dev/shm && exec "$@"'
    r = hydra("-n", str(n), rough, before=["unshare", "-m", "sh", "-c", script, "sh"])
    assert (r.code, r.out) == (0, "fine\n"), r


@mounts
def test_no_way_to_share_memory_is_one_clear_line(rough, hydra):
    """Neither a file system that others see, nor a file of ours that they may open."""
    script = 'mount -t tmpfs -o size=4k,ro tmpfs /dev/shm && umount -l /proc && exec "$@"'
    r = hydra("-n", "2", rough, before=["unshare", "-m", "sh", "-c", script, "sh"])
    assert r.code != 0 and "the ranks of this node cannot share memory: Read-only file system" in r.err, r


FULL_FOR_A_MOMENT = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
static int calls;
int fallocate64(int fd, int mode, off64_t at, off64_t n)
{
    int (*real)(int, int, off64_t, off64_t) = (int (*)(int, int, off64_t, off64_t))dlsym(RTLD_NEXT, "fallocate64");
    if (n == 65536 && calls++ < 4) /* a piece of a channel: what comes before is shorter */
        return errno = ENOSPC, -1;
    return real(fd, mode, at, n);
}
int fallocate(int fd, int mode, off_t at, off_t n) { return fallocate64(fd, mode, at, n); }
"""


@plain
def test_shared_memory_that_is_full_for_a_moment(hydra, rough, cc):
    """Another job fills it, and ends: a message that could not be answered then is answered later."""
    full = cc(FULL_FOR_A_MOMENT, "-shared", "-fPIC")
    r = hydra("-n", "1", rough, ":", "-n", "1", "env", f"LD_PRELOAD={full}", rough)
    assert (r.code, r.out, r.err) == (0, "fine\n", ""), r


@pids
def test_ranks_in_different_namespaces(mpiexec, rough):
    """A number of a process means another one there: nobody reads the wrong memory."""
    fixed = ["setarch", "-R"] if can("setarch", "-R") else []
    r = mpiexec.ok("-n", "2", *fixed, "unshare", "-p", "-f", rough)
    assert r.out == "fine\n", r


@users
def test_ranks_of_different_users_of_namespaces(mpiexec, hydra, rough):
    assert mpiexec.ok("-n", "2", "unshare", "-U", rough).out == "fine\n"
    r = hydra("-n", "2", "unshare", "-U", rough)
    assert (r.code, r.out) == (0, "fine\n") and not left_in_shm(), r


@plain
@pytest.mark.parametrize("limits", ["-v 800000", "-v 200000", "-f 100000", "-f 20000"])
def test_limits_that_leave_enough(mpiexec, rough, limits):
    r = mpiexec.ok("-n", "4", *limited(limits, rough))
    assert r.out == "fine\n" and r.err == "", r


def test_a_limit_of_one_rank(mpiexec, rough):
    """The others, who come first, have more memory for collectives; all find out what they have in common."""
    late = f"until test -e ready; do sleep 0.1; done; ulimit -f 5; exec {rough}"
    r = mpiexec.ok("-n", "3", rough, "makes ready", ":", "-n", "1", "sh", "-c", late)
    assert r.out == "fine\n", r


def test_files_that_may_not_be_long_are_one_clear_line(mpiexec, rough):
    r = mpiexec("-n", "2", *limited("-f 5", rough))
    assert r.code not in (0, 128 + 25, 124), r
    assert re.search(r"^muster: .*: the 2 ranks of this node cannot share \d+ KiB of memory: File too large "
                     r"\(raise the limit with ulimit -f\); aborting$", r.err, re.M), r


def test_mpiexec_itself_where_files_may_not_be_long(mpiexec, tmp_path):
    r = finished(limited("-f 0", MPIEXEC, "-n", "2", "echo", "hello"), env=clean_env(tmp_path))
    assert (r.code, r.out) == (0, "hello\nhello\n"), r


def test_a_program_that_a_rank_starts(mpiexec, rough):
    """It does not take part in the name of its rank, nor wait for others to."""
    r = mpiexec("-n", "2", rough, "starts another")
    assert r.code == 8 and "it was started by a program in MPI, or by one that has closed file" in r.err, r
    assert mpiexec.ok("-n", "2", "-genv", "MUSTER_SINGLETON=1", rough, "starts another").out.count("fine") == 4
    assert mpiexec.ok("-n", "1", rough, "starts another").out == "fine\nfine\n"
    assert mpiexec.ok("-n", "1", "sh", "-c", f"{rough} && {rough}").out == "fine\nfine\n"


def test_a_program_that_takes_all_descriptors(mpiexec, rough):
    assert mpiexec.ok("-n", "3", rough, "closes files").out == "fine\n"


@pytest.mark.parametrize("fd", [3, 4, 5, 9])
def test_a_script_with_files_of_its_own(mpiexec, rough, tmp_path, fd):
    assert mpiexec.ok("-n", "2", "sh", "-c", f"exec {fd}>>{tmp_path}/log; exec {rough}").out == "fine\n"
    assert (tmp_path / "log").read_text() == ""


@pytest.mark.parametrize("how, says", [
    (">>log", "has a script used that descriptor?"), ("<>log", "has a script used that descriptor?"),
    ("<&-", "leave that open")])
def test_a_script_that_takes_the_segment_is_told(mpiexec, rough, tmp_path, how, says):
    r = mpiexec("-n", "2", "bash", "-c", f"eval 'exec '$MUSTER_NODE_FD'{how}'; exec {rough}", cwd=tmp_path)
    assert r.code != 0 and says in r.err, r
    assert all("Bad file descriptor" not in line for line in r.err.splitlines()), r


def test_a_script_that_takes_pmi_keeps_its_file(mpiexec, rough, tmp_path):
    r = mpiexec("-n", "2", "bash", "-c", f"eval 'exec '$PMI_FD'>>log'; exec {rough} aborts", cwd=tmp_path)
    assert r.code != 0 and (tmp_path / "log").read_text() == "", r


@plain
@pytest.mark.skipif(not shutil.which("valgrind"), reason="no valgrind")
def test_valgrind_has_nothing_to_say(mpiexec, rough):
    r = mpiexec("-n", "2", "valgrind", "-q", "--leak-check=full", "--show-leak-kinds=all", "--error-exitcode=5", rough,
                timeout=150)
    assert (r.code, r.out, r.err) == (0, "fine\n", ""), r
