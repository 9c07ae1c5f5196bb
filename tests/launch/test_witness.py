# SPDX-License-Identifier: BSD-3-Clause
"""What becomes of a run whose mpiexec cannot end it: killed together with a proxy, or while one is stopped."""

import os
import signal
import sys

import pytest

from conftest import MPIEXEC, Runner
from processes import Marked, all_parents, children, comm, descendants, state, until
from terminals import Terminal

# Leaves a process that has left session and parent.
DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for fd in range(3): os.close(fd)
        open(f"here.{os.environ['PMI_RANK']}", "w")
        time.sleep(1000)
    os._exit(0)
time.sleep(1000)
"""


@pytest.fixture
def marked():
    m = Marked()
    yield m
    for p in m.pids():
        os.kill(p, signal.SIGKILL)


def start(mpiexec, marked, n, *words):
    p = mpiexec.start(*words, "-n", str(n), sys.executable, "-c", DAEMON, env=marked.env)
    until(lambda: all((mpiexec.cwd / f"here.{i}").exists() for i in range(n)))
    return p


def proxies(p):
    return [c for c in descendants(all_parents(), p.pid) if comm(c) == "muster-proxy"]


def send(pid, sig):
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        pass  # the end of another has ended it


@pytest.mark.parametrize("words", [["-n", "2"], ["--hosts", "a,b,c", "--radix", "1"], ["--genvnone"]])
def test_killed_together(mpiexec, marked, words):
    p = start(mpiexec, marked, 3, *words)
    for pid in [p.pid, *proxies(p)]:
        send(pid, signal.SIGKILL)
    p.wait()
    marked.wait_none()


def test_killed_while_proxies_are_stopped_for_good(mpiexec, marked):
    """Also by somebody who stops them again."""
    p = start(mpiexec, marked, 2, "--hosts", "a,b")
    stopped = proxies(p)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    p.kill()
    p.wait()
    for pid in stopped:
        send(pid, signal.SIGSTOP)
    marked.wait_none()


def test_it_leaves_with_mpiexec(mpiexec, marked):
    p = start(mpiexec, marked, 1)
    until(lambda: any(comm(c) == "muster-witness" for c in children(p.pid)))
    p.send_signal(signal.SIGINT)
    assert p.wait(60) == 130
    marked.wait_none(0)


def test_without_it_the_run_goes_on(mpiexec, marked):
    p = start(mpiexec, marked, 1)
    witness = until(lambda: next((c for c in children(p.pid) if comm(c) == "muster-witness"), None))
    os.kill(witness, signal.SIGKILL)
    until(lambda: state(witness) == "Z")
    p.send_signal(signal.SIGINT)
    assert p.wait(60) == 130
    marked.wait_none(0)


def test_a_stopped_one_keeps_nobody(mpiexec, marked):
    p = start(mpiexec, marked, 1)
    witness = until(lambda: next((c for c in children(p.pid) if comm(c) == "muster-witness"), None))
    os.kill(witness, signal.SIGSTOP)
    p.send_signal(signal.SIGINT)
    assert p.wait(60) == 130
    marked.wait_none(0)


def test_a_stopped_one_goes_on_when_it_is_needed(mpiexec, marked):
    p = start(mpiexec, marked, 1)
    victims = [until(lambda: next((c for c in children(p.pid) if comm(c) == "muster-witness"), None)), *proxies(p), p.pid]
    os.kill(victims[0], signal.SIGSTOP)
    for pid in victims[1:]:
        send(pid, signal.SIGKILL)
    p.wait()
    marked.wait_none()


def test_the_terminal_is_given_back_by_it(tmp_path):
    runner = Runner(tmp_path, "/bin/sh")
    inner = 'echo $$ >pid; exec "$@"'
    script = f"stty -g >before; sh -c '{inner}' sh \"$@\"; until stty -g | cmp -s - before; do sleep 0.05; done; echo as it was"
    t = Terminal(runner, "-c", script, "sh", MPIEXEC, "--pty", "sh", "-c", "echo here; read a")
    try:
        t.expect("here\r\n")
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        t.expect("as it was")
    finally:
        runner.end()
        t.close()
