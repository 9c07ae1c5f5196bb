# SPDX-License-Identifier: BSD-3-Clause
"""Which hosts are used: those that are named, those that a resource manager has allocated, this machine; and what is said
where that is not what one may expect."""

import os
import re
import shutil
import socket
import subprocess

import pytest

HERE = socket.gethostname()
SLURM = {"SLURM_JOB_ID": "42", "SLURM_JOB_NODELIST": "node[02,04-05]", "SLURM_TASKS_PER_NODE": "4,2,1", "SLURM_NTASKS": "7"}
PLAIN = {"MUSTER_LAUNCHER": "", "MUSTER_RMK": ""}  # as users start it: hosts are other machines
FORK = {"MUSTER_RMK": ""}  # hosts are simulated


def here_alone(slots):
    return {"SLURM_JOB_ID": "42", "SLURM_JOB_NODELIST": HERE, "SLURM_TASKS_PER_NODE": str(slots)}


TRUE = shutil.which("true")
HOST = ["--arg-template", "echo", "{host}"]


@pytest.mark.parametrize("args, env", [
    (["--hosts", "a,b", "--launcher", "fork"], PLAIN),
    (["--hosts", "a,b"], FORK),
    (["--hosts", "localhost"], PLAIN),
    (["--hosts", HERE], PLAIN),
    (["--host", "127.0.0.1"], PLAIN),
    ([], PLAIN),
], ids=["--launcher", "variable", "localhost", "own name", "own address", "none"])
def test_this_machine_and_simulated_ones_need_no_ssh(mpiexec, args, env):
    assert mpiexec.ok(*args, "-n", "2", TRUE, env={"PATH": "/nonexistent", **env}).err == ""


def test_an_allocation_of_this_machine_is_used(mpiexec):
    r = mpiexec.ok(*HOST, env={**PLAIN, **here_alone(3)})
    assert r.lines == 3 * [HERE] and r.err == "", r


def test_ranks_follow_an_allocation(mpiexec):
    r = mpiexec.ok(*HOST, env={**FORK, **SLURM})
    assert sorted(r.lines) == 4 * ["node02"] + 2 * ["node04"] + ["node05"] and r.err == "", r
    r = mpiexec.ok("-n", "2", "--map-by", "node", *HOST, env={**FORK, **SLURM})
    assert sorted(r.lines) == ["node02", "node04"], r
    r = mpiexec.ok("--ppn", "1", *HOST, env={**FORK, **SLURM})
    assert sorted(r.lines) == ["node02", "node04", "node05"], r


def test_the_number_of_ranks_is_the_jobs(mpiexec):
    r = mpiexec.ok(*HOST, env={**FORK, **SLURM, "SLURM_NTASKS": "5"})
    assert sorted(r.lines) == 4 * ["node02"] + ["node04"], r


@pytest.mark.parametrize("manager, variable, text", [
    ("pbs", "PBS_NODEFILE", "n1\nn1\nn2\n"),
    ("sge", "PE_HOSTFILE", "n1 2 all.q@n1 UNDEFINED\nn2 1 all.q@n2 UNDEFINED\n"),
    ("lsf", "LSB_DJOB_HOSTFILE", "n1\nn1\nn2\n"),
    ("loadleveler", "LOADL_HOSTFILE", "n1\nn1\nn2\n"),
])
def test_files_of_managers(mpiexec, tmp_path, manager, variable, text):
    (tmp_path / "nodes").write_text(text)
    env = {**FORK, variable: str(tmp_path / "nodes")}
    for args in ([], ["--rmk", manager]):
        r = mpiexec.ok(*args, *HOST, env=env)
        assert sorted(r.lines) == ["n1", "n1", "n2"], r
    (tmp_path / "nodes").write_text("n1\nn2;\n" if manager != "sge" else "n1 2\nn2; 1\n")
    r = mpiexec("true", env=env)
    assert r.code == 1 and "--rmk none goes without it" in r.err and "nodes:2: this character is not" in r.err, r
    assert r.err.splitlines()[-1].strip() == "^", r


def test_flux_is_asked(mpiexec, tmp_path):
    """A stand-in for its command."""
    flux = tmp_path / "flux"
    flux.write_text("""#!/bin/sh
test "$*" = "kvs get resource.R" || exit 3
echo '{"execution":{"R_lite":[{"rank":"0-1","children":{"core":"0"}}],"nodelist":["n[1-2]"]}}'
""")
    flux.chmod(0o755)
    env = {**FORK, "FLUX_URI": "local:///x", "PATH": f"{tmp_path}:/usr/bin:/bin"}
    assert sorted(mpiexec.ok(*HOST, env=env).lines) == ["n1", "n2"]
    r = mpiexec("true", env={**env, "FLUX_JOB_ID": "f1"})
    assert r.code == 1 and "flux job info failed with status 3" in r.err, r


@pytest.mark.parametrize("args, env, says", [
    ([], {"SLURM_JOB_NODELIST": "n[1-"}, "SLURM_JOB_NODELIST: a number is expected here"),
    ([], {"SLURM_JOB_NODELIST": "a", "SLURM_HET_SIZE": "2"}, "heterogeneous job"),
    ([], {"PBS_NODEFILE": "/gone"}, "unable to read /gone"),
    (["--rmk", "slurm"], {}, "--rmk slurm: this is not a job of Slurm (SLURM_JOB_NODELIST is not set)"),
    (["--rmk", "slum"], {}, 'none is expected, not "slum"'),
])
def test_what_is_wrong_with_an_allocation(mpiexec, args, env, says):
    r = mpiexec(*args, "true", env={**PLAIN, **env})
    assert r.code == 1 and says in r.err and r.err.startswith("mpiexec: "), r


def test_display_allocation(mpiexec, tmp_path):
    r = mpiexec.ok("--display", "allocation", "--dry-run", "true", env={**FORK, **SLURM})
    assert r.out == ("allocation: 3 hosts with 7 slots, of Slurm job 42\n"
                     "  from SLURM_JOB_NODELIST=node[02,04-05] and SLURM_TASKS_PER_NODE=4,2,1\n"
                     "  node02  4 slots\n  node04  2 slots\n  node05  1 slot\n"), r
    r = mpiexec.ok("--display", "allocation", "-n", "1", "echo", "x", env={**FORK, **SLURM})
    assert r.out == "x\n" and "of Slurm job 42\n" in r.err, r
    (tmp_path / "hosts").write_text("n[1-9]:2\nm\n")
    r = mpiexec.ok("--display-allocation", "--dry-run", "-f", "hosts", "true", env=FORK)
    assert r.out == "allocation: 10 hosts, from hosts\n  n1 to n9 (9 hosts)  2 slots each\n  m  as many slots as processors\n", r
    r = mpiexec.ok("--display", "allocation", "--dry-run", "true", env=FORK)
    assert r.out == "allocation: none; ranks run on this machine\n", r


def test_a_wrong_line_of_a_host_file(mpiexec, tmp_path):
    (tmp_path / "hosts").write_text("a slots=2\n\n  b slots=2 prot=22   # a typing error\n")
    r = mpiexec("-f", "hosts", "true")
    assert r.code == 1, r
    assert re.fullmatch(r"mpiexec: hosts:3: unknown key prot: .*\n  b slots=2 prot=22\n            \^\n", r.err), r


def test_host_files_of_others(mpiexec, tmp_path):
    (tmp_path / "hydra").write_text("a:2 ifname=ib0\nb:1 user=me\n")
    (tmp_path / "openmpi").write_text("a slots=2 max_slots=4\nme@b slots=1\n")
    (tmp_path / "slurm").write_text("a*2\nb\n")
    for name in ("hydra", "openmpi", "slurm"):
        r = mpiexec.ok("--hostfile", name, "-n", "3", *HOST)
        assert sorted(r.lines) == ["a", "a", "b"] and r.err == "", r


@pytest.mark.skipif(0 not in os.sched_getaffinity(0), reason="processor 0 is not for the tests")
def test_a_host_has_its_own_binding(mpiexec, tmp_path):
    (tmp_path / "hosts").write_text("a:2 binding=user:0\nb:2 binding=none\nc cpus=0\n")
    where = ["sh", "-c", "grep Cpus_allowed_list /proc/self/status | cut -f2"]
    all_of_it = subprocess.run(where, capture_output=True, text=True).stdout.strip()
    r = mpiexec.ok("-f", "hosts", "--label-pattern", "{host} ", *where)
    assert sorted(r.lines) == 2 * ["a 0"] + 2 * [f"b {all_of_it}"] + ["c 0"], r
    r = mpiexec.ok("-f", "hosts", "--bind-to", "none", *where)
    assert r.lines == 5 * [all_of_it], r
    for text, says in (("a binding=teapot", "binding=teapot of host a: --bind-to: unknown object"),
                       ("a cpus=0 binding=core", "host a has both cpus= and binding="),
                       ("a cpus=9999", "processor 9999 may not be used on host a")):
        (tmp_path / "hosts").write_text(text + "\n")
        r = mpiexec("-f", "hosts", "true")
        assert r.code == 1 and says in r.err, r


def test_addresses(mpiexec):
    r = mpiexec.ok("--hosts", "[2001:db8::1]:2,192.0.2.7", "-n", "3", *HOST)
    assert sorted(r.lines) == ["192.0.2.7", "2001:db8::1", "2001:db8::1"], r
