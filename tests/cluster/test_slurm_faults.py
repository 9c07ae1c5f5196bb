# SPDX-License-Identifier: BSD-3-Clause
"""What goes wrong in jobs of Slurm: the job ends, Slurm's own words are shown, and nothing stays."""

import contextlib
import os
import pathlib
import signal
import subprocess

import pytest

from conftest import TREE, clean_env
from processes import PATIENCE, until
from rig import children

WAIT = "sh -c ': > here.$PMI_RANK; exec sleep 1000'"


def find(host, name):
    """Those of a test."""
    found = []
    for p in host.left():
        with contextlib.suppress(OSError):  # it has just ended
            if pathlib.Path(f"/proc/{p}/comm").read_text().strip() == name:
                found.append(p)
    return found


def start(jobs, *more):
    p = jobs.start(f"$M {' '.join(more)} {WAIT}; echo status $?", "-N3", "-n3")
    jobs.here(0, 1, 2)
    return p


def result(p):
    out, err = p.communicate(timeout=2 * PATIENCE)
    return out.decode(), err.decode()


def test_a_step_that_slurm_refuses(jobs):
    r = jobs("$M --launcher-args --gres=gpu:1 true", "-N2", "-n2")
    assert r.code == 1 and "srun: error: Invalid generic resource (gres) specification\n" in r.err, r
    for host in ("h1", "h2"):
        assert f" {host}: unable to start the proxy there: srun: error: Invalid generic resource (gres) specification\n" in r.err, r


def test_an_allocation_that_has_ended(jobs):
    env = [line for line in jobs.ok("env", "-N2", "-n2").lines if line.startswith("SLURM_")]
    words = jobs.rig.front.enter("env", *env, *jobs.environment({}), "sh", "-c", '"$M" true', cwd=jobs.cwd)
    r = subprocess.run(words, env=clean_env(jobs.cwd), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=2 * PATIENCE)
    assert r.returncode == 1 and "srun: error: Slurm job" in r.stderr and " h1: unable to start" in r.stderr, r


def test_no_srun(jobs):
    r = jobs('PATH=/nonexistent "$M" --launcher slurm true', "-N2", "-n2")
    for host in ("h1", "h2"):
        assert (f" {host}: unable to start the proxy there: the program srun on this machine: No such file or directory "
                "(is it in PATH?") in r.err, r
    assert r.code == 1


def test_a_job_of_several_parts_is_not_supported(jobs):
    r = jobs("$M hostname", "-N1", "-n1", ":", "-N1", "-n1")
    assert r.code == 1 and "this is a heterogeneous job (SLURM_HET_SIZE=2), which is not supported" in r.err, r


def test_a_cancelled_job(jobs):
    p = start(jobs)
    jobs.slurm.run("scancel", "--user=root")
    out, err = result(p)
    assert "srun: Job step aborted" in err and "was killed by signal 15 (SIGTERM" in err, (out, err)


def test_a_cancelled_step(jobs):
    p = start(jobs)
    job = jobs.slurm.run("squeue", "-h", "-o", "%A").stdout.strip()
    jobs.slurm.run("scancel", "--signal=KILL", f"{job}.0")
    out, err = result(p)
    gone = "status 1\n" in out and "is gone (" in err
    # Slurm kills on one node after the other: a rank may have ended the job before any proxy was, and what srun says of
    # it may come too late.
    killed = "status 137\n" in out and "was killed by signal 9" in err
    assert gone or killed, (out, err)


def test_the_limit_of_time(jobs):
    """Slurm looks once in a while only, so a limit that has passed is made."""
    p = start(jobs)
    job = jobs.slurm.run("squeue", "-h", "-o", "%A").stdout.strip()
    jobs.slurm.run("scontrol", "update", f"jobid={job}", "timelimit=0:01")
    out, err = result(p)
    assert "srun: Job step aborted" in err and "SIGTERM" in err, (out, err)


def test_a_proxy_that_is_killed(jobs):
    p = start(jobs)
    for proxy in find(jobs.rig.hosts["h2"], "muster-proxy"):
        os.kill(proxy, signal.SIGKILL)
    out, err = result(p)
    assert "status 1\n" in out and "the proxy on h2 is gone (srun says: task 1: Killed)" in err, (out, err)


def test_a_host_that_is_cut_off(jobs):
    """All ends there, too, though nobody can tell it."""
    p = start(jobs)
    jobs.rig.cut("h2")
    out, err = result(p)
    assert "status 1\n" in out and "the proxy on h2 is gone" in err, (out, err)
    until(lambda: not find(jobs.rig.hosts["h2"], "muster-proxy") and not find(jobs.rig.hosts["h2"], "sleep"))
    jobs.rig.mend("h2")


def test_an_srun_that_is_killed(jobs):
    """Its helper has Slurm end the step."""
    p = start(jobs)
    (mpiexec,) = find(jobs.rig.front, "mpiexec")
    (srun,) = children(mpiexec)
    os.kill(srun, signal.SIGKILL)
    out, err = result(p)
    assert "status 1\n" in out and "is gone (srun was killed by signal 9 (SIGKILL)): its ranks are lost" in err, (out, err)


def test_mpiexec_is_killed(jobs):
    p = start(jobs)
    (mpiexec,) = find(jobs.rig.front, "mpiexec")
    os.kill(mpiexec, signal.SIGKILL)
    out, _ = result(p)
    assert "status 137" in out
    until(lambda: not find(jobs.rig.front, "srun"))


@pytest.mark.parametrize("sig, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_mpiexec_is_asked_to_end(jobs, sig, status):
    p = start(jobs)
    (mpiexec,) = find(jobs.rig.front, "mpiexec")
    os.kill(mpiexec, sig)
    out, err = result(p)
    assert f"status {status}\n" in out and "srun" not in err, (out, err)
    assert not find(jobs.rig.front, "srun")


@pytest.mark.parametrize("sig, status", [(signal.SIGTERM, 143), (signal.SIGKILL, 137)])
def test_an_end_before_slurm_has_started_anything(jobs, sig, status):
    """An srun that waits, as for the nodes of another step, ends with mpiexec."""
    (jobs.cwd / "bin").mkdir()
    srun = jobs.cwd / "bin/srun"
    srun.write_text("#!/bin/sh\n: > waits\nexec sleep 1000\n")
    srun.chmod(0o755)
    p = jobs.start("$M true; echo status $?", "-N2", "-n2", env={"PATH": f"{srun.parent}:{os.environ['PATH']}"})
    until((jobs.cwd / "waits").exists)
    (mpiexec,) = find(jobs.rig.front, "mpiexec")
    os.kill(mpiexec, sig)
    out, err = result(p)
    assert f"status {status}" in out, (out, err)
    until(lambda: not find(jobs.rig.front, "sleep"))


def test_no_rank_runs_where_a_host_has_no_proxy(jobs, tmp_path):
    if TREE.is_build:
        pytest.skip("only an installed tree can be copied")
    jobs.rig.front.run("sh", "-c", 'mkdir /dev/shm/own && cp -a "$1/." /dev/shm/own', "sh", str(TREE.root))
    try:
        r = jobs("/dev/shm/own/bin/mpiexec sh -c ': > here.$PMI_RANK'", "-N2", "-n2")
    finally:
        jobs.rig.front.run("rm", "-rf", "/dev/shm/own")
    for host in ("h1", "h2"):
        assert f" {host}: unable to start the proxy there: not found at /dev/shm/own/libexec/muster/muster-proxy, nor in PATH" in r.err, r
    assert r.code == 1 and not list(tmp_path.glob("here.*"))


def test_the_others_go_on_with_no_kill(jobs):
    p = jobs.start("$M --no-kill sh -c ': > here.$PMI_RANK; until [ -e end ]; do sleep 0.05; done; hostname'; echo status $?", "-N3", "-n3")
    jobs.here(0, 1, 2)
    for proxy in find(jobs.rig.hosts["h2"], "muster-proxy"):
        os.kill(proxy, signal.SIGKILL)
    until(lambda: not find(jobs.rig.hosts["h2"], "muster-proxy"))
    (jobs.cwd / "end").touch()
    out, err = result(p)
    assert {"h1", "h3"} <= set(out.split()) and "h2" not in out.split(), (out, err)


def test_a_proxy_that_is_stopped(jobs):
    """It is taken for dead, and what it has left is ended on its host."""
    p = start(jobs, "--heartbeat", "2")
    for proxy in find(jobs.rig.hosts["h2"], "muster-proxy"):
        os.kill(proxy, signal.SIGSTOP)
    out, err = result(p)
    assert "status 1\n" in out and "the proxy on h2 is gone" in err, (out, err)
