# SPDX-License-Identifier: BSD-3-Clause
"""Our own runtime on several nodes: their ranks talk over sockets."""

import os
import re
import socket

import pytest

from conftest import PATIENCE, runtime_program


@pytest.fixture(scope="session")
def nodes(programs):
    return runtime_program(programs, "nodes.c")


@pytest.mark.parametrize("by", ["slot", "node"])
@pytest.mark.parametrize("hosts, n", [("a,b", 4), ("a,b,c,d", 8), ("a,b,c,d", 16)])
def test_ranks_of_other_nodes_are_reached(mpiexec, nodes, hosts, n, by):
    each = hosts.count(",") + 1
    r = mpiexec.ok("--hosts", hosts, "--ppn", str(n // each), "--map-by", by, "-n", str(n), nodes, str(each),
                   str(n // each) if by == "slot" else "1")
    assert r.lines == ["fine"] * n, r


@pytest.fixture(scope="session")
def partings(programs):
    return runtime_program(programs, "partings.c")


@pytest.mark.parametrize("what", ["stays", "unheard"])
def test_one_finalizes_before_the_other_has_received(mpiexec, partings, what):
    r = mpiexec.ok("--hosts", "a,b", "--ppn", "1", "-n", "2", partings, what)
    assert r.lines == ["fine"] * 2, r


def test_many_speak_to_one_that_does_something_else(mpiexec, partings):
    r = mpiexec.ok("--hosts", "a,b,c", "--ppn", "60", "-n", "180", partings, "storm")
    assert r.lines == ["fine"] * 180, r


def test_an_interface_that_is_not_there_is_named(mpiexec, nodes):
    r = mpiexec("--hosts", "a,b", "--ppn", "1", "-n", "2", nodes, "2", "1", env={"MUSTER_INTERFACE": "nosuch0"})
    assert r.code not in (0, 124)
    assert "MUSTER_INTERFACE is nosuch0: no interface that is up has that name or network" in r.err, r


@pytest.mark.parametrize("interface", ["lo", "127.0.0.0/8"])
def test_the_interface_that_is_asked_for(mpiexec, nodes, interface):
    r = mpiexec.ok("--hosts", "a,b", "--ppn", "1", "-n", "2", nodes, "2", "1", env={"MUSTER_INTERFACE": interface})
    assert r.lines == ["fine"] * 2, r


def listening(pid):
    """The ports on which a process waits for connections."""
    links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    mine = {m[1] for m in (re.fullmatch(r"socket:\[(\d+)\]", link) for link in links) if m}
    with open("/proc/net/tcp6") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return [int(r[1].rsplit(":", 1)[1], 16) for r in rows if r[3] == "0A" and r[9] in mine]


GARBAGE = [b"", b"GET / HTTP/1.0\r\n\r\n", os.urandom(48), b"USTRTCP1" + bytes(40), b"USTRTCP1" + os.urandom(4000)]


def test_strangers_at_the_port(mpiexec, nodes):
    """More than are kept, who say nothing, or something wrong: the ranks find one another all the same."""
    p = mpiexec.start("--hosts", "a,b", "--ppn", "1", "-n", "2", nodes, "2", "1", "go")
    pids = [int(p.stdout.readline().split()[1]) for _ in range(2)]
    strangers = []
    for port in [port for pid in pids for port in listening(pid)]:
        for i in range(300):
            s = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            s.sendall(GARBAGE[i % len(GARBAGE)])
            strangers.append(s)
    (mpiexec.cwd / "go").touch()
    out, err = p.communicate(timeout=2 * PATIENCE)
    assert len(strangers) == 600 and (p.returncode, out.decode().split(), err) == (0, ["fine"] * 2, b""), (out, err)
    for s in strangers:
        s.close()


def test_one_node_listens_nowhere(mpiexec, nodes):
    p = mpiexec.start("-n", "2", nodes, "1", "1", "go")
    pids = [int(p.stdout.readline().split()[1]) for _ in range(2)]
    ports = [listening(pid) for pid in pids]
    (mpiexec.cwd / "go").touch()
    p.communicate(timeout=2 * PATIENCE)
    assert ports == [[], []] and p.returncode == 0
