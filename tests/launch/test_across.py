# SPDX-License-Identifier: BSD-3-Clause
"""Two mpiexec commands whose jobs meet: by a port whose name one of them has written down, by a socket; and what comes
of it if one of them dies, or strangers come to the port."""

import re
import socket

import pytest

from conftest import PATIENCE, runtime_program
from processes import until

# Memory; TCP; and TCP for the port too, which on one machine is a socket of it otherwise.
CARRIERS = [{}, {"MUSTER_SHM_JOBS": "off"}, {"MUSTER_SHM_JOBS": "off", "MUSTER_INTERFACE": "lo"}]


@pytest.fixture(scope="session")
def across(programs):
    return runtime_program(programs, "across.c")


def both(mpiexec, across, what, serve=2, call=2, env=None, hosts=()):
    """What they leave: exit status, stdout, stderr of the server and of who calls."""
    words = ("--hosts", ",".join(hosts)) if hosts else ()
    a, b = (mpiexec.start(*words, "-n", str(n), across, what, side, env=env)
            for n, side in ((serve, "serve"), (call, "call")))
    return [(p.returncode, out.decode(), err.decode())
            for p in (b, a) for out, err in [p.communicate(timeout=2 * PATIENCE)]][::-1]


@pytest.mark.parametrize("env", CARRIERS)
@pytest.mark.parametrize("serve, call, hosts", [(1, 1, ()), (2, 3, ()), (3, 2, ("a:2", "b:2"))])
def test_they_meet(mpiexec, across, serve, call, hosts, env):
    for n, (code, out, err) in zip((serve, call), both(mpiexec, across, "talk", serve, call, env, hosts)):
        assert code == 0 and out == "fine\n" * n and err == "", (out, err)


@pytest.mark.parametrize("env", CARRIERS[:2])
@pytest.mark.parametrize("what", ["recv_named", "recv_any", "barrier", "send_long", "merge", "known"])
def test_the_end_of_one_is_an_error_for_the_other(mpiexec, across, what, env):
    server, caller = both(mpiexec, across, what, 2, 3, env)
    assert server[:2] == (0, "fine\n" * 2), server
    assert caller[0] == 137, caller


@pytest.mark.parametrize("env", [{}, CARRIERS[2]])
def test_who_has_ended_does_not_accept(mpiexec, across, env):
    first = mpiexec("-n", "1", across, "gone", "serve", env=env)
    assert first.code == 0, first
    assert mpiexec("-n", "1", across, "gone", "call", env=env).out == "fine\n"


@pytest.mark.parametrize("env", [{}, CARRIERS[2]])
def test_who_is_killed_does_not_accept(mpiexec, across, env):
    server, caller = both(mpiexec, across, "killed", 1, 1, env)
    assert server[0] == 137 and caller[:2] == (0, "fine\n"), caller


def test_an_accept_is_no_deadlock(mpiexec, across):
    r = mpiexec("-n", "3", across, "alone", "serve", env={"MUSTER_DEADLOCK": "abort", "MUSTER_DEADLOCK_AFTER": "1"})
    assert r.code == 0 and r.out == "fine\n" * 3 and r.err == "", r


def test_a_socket_of_the_program(mpiexec, across):
    for code, out, err in both(mpiexec, across, "join", 1, 1):
        assert (code, out, err) == (0, "fine\n", "")


def port_name(cwd):
    until((cwd / "port").exists)
    return (cwd / "port").read_text()


def near(name):
    """The port's address on this machine: its id begins the digits, in this machine's byte order."""
    digits = re.fullmatch("muster-port-([0-9a-f]+)", name)[1]
    return "\0muster-port-%016x" % int.from_bytes(bytes.fromhex(digits[:16]), "little")


def test_strangers_keep_nobody_out(mpiexec, across):
    """More than are kept: some say nothing, some say something else, some go away."""
    server = mpiexec.start("-n", "1", across, "talk", "serve")
    address = near(port_name(mpiexec.cwd))
    kept = []
    for n in range(120):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(PATIENCE)
        s.connect(address)
        if n % 3 == 1:
            s.sendall(b"GET / HTTP/1.1\r\n\r\n" + b"x" * 100)
        elif n % 3 == 2:
            s.sendall(b"MUSTPOR1" + bytes(16) + bytes(16))  # a code that is not made with the secret
        if n % 2:
            kept.append(s)
        else:
            s.close()
    caller = mpiexec("-n", "1", across, "talk", "call")
    out, err = server.communicate(timeout=2 * PATIENCE)
    assert (server.returncode, out, err) == (0, b"fine\n", b"") and caller.code == 0, (out, err, caller)
    for s in kept:
        s.close()


def test_a_stranger_is_told_nothing_of_use(mpiexec, across):
    """Who does not know the secret gets no welcome, and the end of the connection."""
    server = mpiexec.start("-n", "1", across, "talk", "serve")
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(near(port_name(mpiexec.cwd)))
        s.sendall(b"MUSTPOR1" + bytes(16))
        got = b""
        while len(got) < 32:
            got += s.recv(32 - len(got))
        s.sendall(got[16:])  # the listener's own code
        assert s.recv(1) == b""
    caller = mpiexec("-n", "1", across, "talk", "call")
    out, err = server.communicate(timeout=2 * PATIENCE)
    assert (server.returncode, out, err) == (0, b"fine\n", b"") and caller.code == 0, (out, err, caller)
