# SPDX-License-Identifier: BSD-3-Clause
"""The program that reaches hosts, where the user names it."""

import pytest

from conftest import Mpiexec


@pytest.fixture
def plain(rig, tmp_path):
    m = Mpiexec(rig, tmp_path, None)
    yield m
    m.end()


def write_script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_ssh_is_the_default(plain):
    r = plain.ok("-v", "--hosts", "h1,h2", "-n", 2, "hostname")
    assert sorted(r.lines) == ["h1", "h2"] and "by the ssh program" not in r.err, r


def test_hosts_of_an_allocation(plain):
    env = {"SLURM_JOB_ID": "1", "SLURM_JOB_NODELIST": "h[1-2]", "SLURM_TASKS_PER_NODE": "2,1"}
    assert sorted(plain.ok("--launcher", "ssh", "hostname", env=env).lines) == ["h1", "h1", "h2"]


def test_any_program_can_stand_for_ssh(plain, tmp_path):
    script = write_script(tmp_path / "my shell", 'echo "$1 $2 $3" >> called; shift 2; exec ssh "$@"')
    r = plain.ok("--launcher-exec", script, "--launcher-args", "-a 'b c'", "--hosts", "h1,h2", "-n", 2, "hostname")
    assert sorted(r.lines) == ["h1", "h2"], r
    assert sorted((tmp_path / "called").read_text().splitlines()) == ["-a b c h1", "-a b c h2"]


def test_rsh_is_a_program_of_that_name(plain, tmp_path):
    write_script(tmp_path / "rsh", 'exec ssh "$@"')
    r = plain.ok("--launcher", "rsh", "--hosts", "h1", "-n", 1, "hostname", env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert r.lines == ["h1"]


def test_a_program_that_is_not_there(plain):
    r = plain("--launcher", "rsh", "--hosts", "h1,h2", "-n", 1, "hostname", env={"PATH": "/nonexistent"})
    assert r.code == 1 and "the program rsh on this machine: No such file" in r.err, r


def test_arguments_win_over_ours(plain, rig):
    rig.know()
    words = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
    assert plain.ok("--launcher", "ssh-exec", "--launcher-args", words, "--hosts", "h1", "-n", 1, "hostname").lines == ["h1"]
