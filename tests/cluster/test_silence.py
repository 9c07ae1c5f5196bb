# SPDX-License-Identifier: BSD-3-Clause
"""Hosts that fall silent while ranks run: noticed in a time that the user can choose, told in one line, and nothing is left
on any host. Who is only slow, or stopped on purpose, is left alone.

Times are the subject of these tests: where nothing is to happen, several times the silence is waited for."""

import contextlib
import os
import signal
import time

import pytest

from processes import HERE, until
from rig import program_of

BEAT = 1  # seconds of silence
LONG = 6 * BEAT  # a proxy ends by itself after three of them
KEEPS = "trap '' TERM HUP INT; setsid sleep 1000 & "  # what leaves its session, and a shell that takes no signal


def proxies(host):
    """The guard, and the proxy below it."""
    found = [p for p in host.left() if program_of(p) == "muster-proxy"]
    return {open(f"/proc/{p}/comm").read().strip(): p for p in found}


def signal_all(pids, sig):
    for p in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(p, sig)


@pytest.fixture
def job(mpiexec, rig):
    """A job that runs on h1 and h2 until something is done to it."""
    p = mpiexec.start("--heartbeat", BEAT, "--hosts", "h1,h2", "-n", 2, "sh", "-c", f"{KEEPS}{HERE} while :; do sleep 1000; done")
    until(lambda: all((mpiexec.cwd / f"here.{i}").exists() for i in range(2)))
    return p


def ends(p):
    """In an error, which is told in one line."""
    out, err = p.communicate(timeout=120)
    about = [x for x in err.decode().splitlines() if "h2" in x]
    assert len(about) == 1, err
    line = about[0]
    assert p.returncode == 1 and "the proxy on h2 is gone" in line, err
    return line


def test_a_host_that_is_cut_off(job, rig):
    """Its ssh server does not know that, and is not ours."""
    rig.cut("h2")
    ends(job)
    until(lambda: all(program_of(p) == "sshd" for p in rig.hosts["h2"].left()))
    rig.mend("h2")
    until(lambda: not rig.left())


def test_a_proxy_that_is_stopped(job, rig):
    os.kill(proxies(rig.hosts["h2"])["muster-proxy"], signal.SIGSTOP)
    assert "nothing was heard from it for 1 s" in ends(job)
    until(lambda: not rig.left())


def test_a_host_that_is_frozen(job, rig):
    """All of its processes; its kernel goes on."""
    frozen = rig.hosts["h2"].pids()
    signal_all(frozen, signal.SIGSTOP)
    try:
        ends(job)
    finally:
        signal_all(frozen, signal.SIGCONT)
    until(lambda: not rig.left())


def test_a_proxy_that_is_killed(job, rig):
    os.kill(proxies(rig.hosts["h2"])["muster-proxy"], signal.SIGKILL)
    assert "it was killed" in ends(job)
    until(lambda: not rig.left())


def test_a_guard_that_is_killed(job, rig):
    """The ssh server takes it for the command, and ends the link."""
    os.kill(proxies(rig.hosts["h2"])["muster-guard"], signal.SIGKILL)
    ends(job)
    until(lambda: not rig.left())


def test_mpiexec_and_its_proxies_killed_at_once(job, mpiexec, rig):
    signal_all([mpiexec.pid(job), *(proxies(rig.hosts[h])["muster-proxy"] for h in ("h1", "h2"))], signal.SIGKILL)
    job.communicate(timeout=60)
    until(lambda: not rig.left())


def test_mpiexec_that_was_stopped_by_ctrl_z(job, mpiexec, rig):
    pid = mpiexec.pid(job)
    os.kill(pid, signal.SIGTSTP)
    until(lambda: open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] == "T")
    time.sleep(LONG)
    signal_all([pid, job.pid], signal.SIGCONT)  # nsenter has stopped with it
    time.sleep(LONG)
    assert job.poll() is None and set(rig.left()) == {"h1", "h2"}
    os.kill(pid, signal.SIGTERM)
    _, err = job.communicate(timeout=60)
    assert b"ended by SIGTERM" in err, err


def test_a_reader_of_our_output_that_is_slow(mpiexec, rig):
    """mpiexec does not read what comes up meanwhile, and judges nobody."""
    p = mpiexec.start("--heartbeat", BEAT, "--hosts", "h1,h2", "-n", 2, "sh", "-c", "head -c 20000000 /dev/zero")
    time.sleep(LONG)
    out, err = p.communicate(timeout=60)
    assert p.returncode == 0 and len(out) == 40000000, err


def test_a_host_that_is_suspended_by_its_batch_system(job, rig):
    """SIGTSTP, then SIGSTOP to all."""
    all_of_h2 = [p for p in rig.hosts["h2"].left() if program_of(p) != "sshd"]
    ours = list(proxies(rig.hosts["h2"]).values())
    signal_all(ours, signal.SIGTSTP)
    time.sleep(BEAT / 5)
    signal_all(all_of_h2, signal.SIGSTOP)
    time.sleep(LONG)
    signal_all(all_of_h2, signal.SIGCONT)
    time.sleep(LONG)
    assert job.poll() is None
    job.send_signal(signal.SIGKILL)
    job.communicate(timeout=60)
