# SPDX-License-Identifier: BSD-3-Clause
"""Which network the ranks of several hosts talk over, and what the user is told of it."""

import re

import pytest

from conftest import on_runtime
from test_runtime import RING


@pytest.fixture
def launcher():
    return "ssh"


@pytest.fixture
def networks(rig):
    """Adds one to hosts; it leads nowhere."""
    added = []

    def add(name, *addresses):
        for host, address in zip(rig.hosts.values(), addresses):
            for words in (["link", "add", name, "type", "veth", "peer", "name", f"{name}-end"], ["link", "set", f"{name}-end", "up"],
                          ["addr", "add", address, "dev", name], ["link", "set", name, "up"]):
                host.run("ip", *words)
            added.append((host, name))
    yield add
    for host, name in added:
        host.run("ip", "link", "del", name)


def chosen(r):
    return re.findall(r"ranks of different hosts talk over (\S+(?: networks)?), ports from", r.err)


def test_the_network_by_which_hosts_are_reached(mpiexec, programs, networks):
    """Not what is inside of each, nor what its name says, nor one that leads nowhere."""
    networks("docker0", "172.17.0.1/16", "172.17.0.1/16")
    networks("aaa0", "10.66.0.1/24", "10.66.0.2/24")
    networks("tun0", "10.67.0.1/24", "10.67.0.2/24")
    r = mpiexec.ok("-v", "--hosts", "h1,h2", "-n", 2, on_runtime(programs, RING))
    assert chosen(r) == ["10.77.0.0/24"] and sorted(r.lines) == ["h1 0 1", "h2 1 1"], r


@pytest.mark.parametrize("interface", ["eth0", "10.77.0.0/24"])
def test_the_one_that_is_named(mpiexec, programs, networks, interface):
    r = mpiexec.ok("-v", "--hosts", "h1,h2", "-n", 2, "--interface", interface, on_runtime(programs, RING))
    assert chosen(r) == ["10.77.0.0/24"] and sorted(r.lines) == ["h1 0 1", "h2 1 1"], r


def test_one_that_a_host_has_not(mpiexec, networks):
    networks("eth7", "10.66.0.1/24")
    r = mpiexec("--hosts", "h1,h2", "-n", 2, "--interface", "eth7", "true")
    assert r.code == 1 and re.search(r"^mpiexec: --interface eth7: host h2 has no interface of that name or network that is up; it "
                                     r"has .*eth0 10\.77\.0\.0/24", r.err, re.M), r


def test_one_that_all_have_with_one_address(mpiexec, networks):
    networks("docker0", "172.17.0.1/16", "172.17.0.1/16")
    r = mpiexec("--hosts", "h1,h2", "-n", 2, "--interface", "docker0", "true")
    assert r.code == 1 and "hosts h1 and h2 have the same address" in r.err, r


def test_one_that_leads_nowhere(mpiexec, programs, networks):
    """Who is spoken to is told of, with both ends, after the time that the user gives it."""
    networks("aaa0", "10.66.0.1/24", "10.66.0.2/24")
    r = mpiexec("--hosts", "h1,h2", "-n", 2, "--interface", "aaa0", on_runtime(programs, RING),
                env={"MUSTER_CONNECT_PATIENCE": "2"})
    assert r.code not in (0, 124), r
    assert re.search(r"no connection from 10\.66\.0\.[12] to 10\.66\.0\.[12] port \d+: (Connection timed out|No route to host) "
                     r"\(a firewall\? see mpiexec --interface", r.err), r
