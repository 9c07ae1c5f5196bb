# SPDX-License-Identifier: BSD-3-Clause
"""Windows of MPI, and shared pointers of files, where ranks do not see one another's /proc, and where there is not enough
memory."""

import os
import shutil
import subprocess

import pytest

from conftest import MPIEXEC, PATIENCE, clean_env, runtime_program


@pytest.fixture(scope="session")
def windows(programs):
    return runtime_program(programs, "windows.c")


@pytest.fixture(scope="session")
def pointer(programs):
    return runtime_program(programs, "pointer.c")


def can(*command):
    return shutil.which(command[0]) and subprocess.run([*command, "true"], capture_output=True).returncode == 0


pids = pytest.mark.skipif(not can("unshare", "-p", "-f"), reason="needs the right to make namespaces")
users = pytest.mark.skipif(not can("unshare", "-U"), reason="needs the right to make namespaces")
mounts = pytest.mark.skipif(not can("unshare", "-m", "-p", "-f"), reason="needs the right to mount")


def left_of(before):
    return {name for name in os.listdir("/dev/shm") if name.startswith("muster-window")} - before


@pids
@pytest.mark.parametrize("n", [2, 5])
def test_ranks_in_different_namespaces_of_processes(mpiexec, windows, n):
    before = left_of(set())
    r = mpiexec.ok("-n", str(n), "unshare", "-p", "-f", windows)
    assert r.out == "fine\nfine\n" and not left_of(before), r


@pids
def test_one_rank_of_many_in_a_namespace(mpiexec, windows):
    r = mpiexec.ok("-n", "2", windows, ":", "-n", "1", "unshare", "-p", "-f", windows)
    assert r.out == "fine\nfine\n", r


@pids
def test_a_shared_pointer_in_different_namespaces_of_processes(mpiexec, pointer, tmp_path):
    r = mpiexec.ok("-n", "3", "unshare", "-p", "-f", pointer, str(tmp_path / "all"))
    assert r.out == "30\n" and (tmp_path / "all").stat().st_size == 30, r
    r = mpiexec.ok("-n", "2", pointer, str(tmp_path / "one"), ":", "-n", "1", "unshare", "-p", "-f", pointer, str(tmp_path / "one"))
    assert r.out == "30\n" and (tmp_path / "one").stat().st_size == 30, r


@users
def test_a_shared_pointer_of_different_users_of_namespaces(mpiexec, pointer, tmp_path):
    r = mpiexec.ok("-n", "3", "unshare", "-U", "-r", pointer, str(tmp_path / "all"))
    assert r.out == "30\n" and (tmp_path / "all").stat().st_size == 30, r


@users
def test_ranks_of_different_users_of_namespaces(mpiexec, windows):
    before = left_of(set())
    r = mpiexec.ok("-n", "3", "unshare", "-U", windows)
    assert r.out == "fine\nfine\n" and not left_of(before), r


@mounts
@pytest.mark.parametrize("fatal", [[], ["fatal"]])
def test_a_window_that_does_not_fit_is_an_error_and_nobody_is_killed(tmp_path, windows, fatal):
    """Where a name in /dev/shm is needed, and that has a size: its pages are taken when the window is made."""
    small = 'mount -t tmpfs -o size=8m tmpfs /dev/shm && exec "$@"'
    ours = [MPIEXEC, "-n", "2", "unshare", "-p", "-f", windows, "64", *fatal]
    r = subprocess.run(["unshare", "-m", "sh", "-c", small, "sh", *ours], env=clean_env(tmp_path), text=True,
                       stdin=subprocess.DEVNULL, capture_output=True, timeout=2 * PATIENCE)
    if fatal:
        assert r.returncode not in (0, 128 + 7) and "2 ranks of this node cannot share 13" in r.stderr and "(make /dev/shm larger)" in r.stderr, r
    else:
        assert (r.returncode, r.stdout) == (0, "no memory\nfine\n"), r


@mounts
def test_ranks_that_have_nothing_in_common_use_messages(mpiexec, windows):
    apart = ["unshare", "-p", "-f", "-m", "sh", "-c", 'mount -t tmpfs tmpfs /dev/shm && exec "$@"', "sh"]
    r = mpiexec.ok("-n", "2", *apart, windows, "1", "fatal")
    assert r.out == "fine\nfine\n", r


def test_more_than_the_machine_has_is_an_error(mpiexec, windows):
    r = mpiexec.ok("-n", "2", windows, str(1 << 30))
    assert r.out == "no memory\nfine\n", r
