# SPDX-License-Identifier: BSD-3-Clause
"""Hosts that start others (--launcher-tree): a chain of four, of which mpiexec reaches the first."""

import os
import signal

import pytest

from processes import HERE, until
from rig import program_of

CHAIN = ["--launcher-tree", "--radix", 1, "--hosts", "h1,h2,h3,h4", "-n", 4]


def job(mpiexec):
    p = mpiexec.start("--heartbeat", 2, *CHAIN, "sh", "-c", f"{HERE} exec sleep 1000")
    until(lambda: all((mpiexec.cwd / f"here.{i}").exists() for i in range(4)))
    return p


def test_hosts_start_others(mpiexec, rig):
    p = job(mpiexec)
    assert [any(program_of(q) == "ssh" for q in rig.hosts[h].left()) for h in ("h1", "h2", "h3", "h4")] == [True] * 3 + [False]
    os.kill(mpiexec.pid(p), signal.SIGTERM)
    out, err = p.communicate(timeout=60)
    assert p.returncode == 143, err


def test_stdio_passes_through_all(mpiexec):
    data = os.urandom(3 << 20)
    r = mpiexec(*CHAIN, "--map-by", "node", "--stdin", 3, "sh", "-c", "[ $PMI_RANK != 3 ] || exec cat", stdin=data)
    assert r.code == 0 and r.out_bytes == data, r.err


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_an_interior_proxy_that_dies(mpiexec, rig, how):
    p = job(mpiexec)
    (proxy,) = (q for q in rig.hosts["h2"].left() if open(f"/proc/{q}/comm").read() == "muster-proxy\n")
    os.kill(proxy, how)
    out, err = p.communicate(timeout=60)
    assert p.returncode == 1 and err.count(b" is gone (") == 1 and b"the proxy on h2 is gone" in err, err
    until(lambda: not rig.left())


def test_an_interior_host_that_is_cut_off(mpiexec, rig):
    p = job(mpiexec)
    rig.cut("h2")
    out, err = p.communicate(timeout=60)
    assert p.returncode == 1 and b"the proxy on h2 is gone" in err, err
    until(lambda: all(program_of(q) == "sshd" for h in rig.hosts.values() for q in h.left()))
    rig.mend("h2")  # else the ssh servers wait for one another for long


def test_what_does_not_come_up_so_is_reached_from_here(mpiexec, rig):
    (rig.hosts["h3"].dir / "home/.bashrc").write_text("echo Welcome\n")
    r = mpiexec.ok(*CHAIN, "hostname")
    assert sorted(r.lines) == ["h1", "h2", "h3", "h4"], r


def test_a_bad_host_is_told_as_ever(mpiexec, rig):
    rig.hosts["h3"].sshd(False)
    r = mpiexec(*CHAIN, "hostname")
    assert r.code == 1 and "h3: unable to connect: " in r.err and "host h3 could not be started" in r.err, r
