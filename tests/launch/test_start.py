# SPDX-License-Identifier: BSD-3-Clause
"""Hosts that come late, or not at all; proxies that die while the tree is being built. By the delay backend, which is
like the start of proxies on this machine but does what MUSTER_TEST_START says (tests/README.md), and by real kills."""

import os
import re
import signal
import time

import pytest

from processes import PATIENCE, Marked, proxies, until

HOSTS = ["--hosts", "a,b,c,d,e,f"]
TREE = [*HOSTS, "--radix", "2"]  # a - (b, c), d - (e, f)
CHAIN = ["--hosts", "a,b,c,d", "--radix", "1"]
NOTHING = "could not be started: nothing was run"


@pytest.fixture
def marked():
    m = Marked()
    yield m
    for p in m.pids():
        try:
            os.kill(p, signal.SIGKILL)
        except OSError:
            pass


@pytest.fixture
def start(mpiexec, marked):
    """start(what MUSTER_TEST_START says, words of mpiexec): runs it, and nothing may be left."""
    def go(says, *words):
        r = mpiexec(*words, env={**marked.env, "MUSTER_TEST_START": says})
        marked.wait_none(0)
        return r
    return go


def complaints(r):
    """{host: what is wrong}: a line each."""
    found = re.findall(r"^mpiexec: (\w+): (unable to .*)$", r.err, re.M)
    assert len(dict(found)) == len(found), r
    return dict(found)


@pytest.mark.parametrize("tree", [HOSTS, TREE])
@pytest.mark.parametrize("says", ["d=300", "*=200;b=0;e=500", "*=two", "c=100,two"])
def test_a_late_host_is_waited_for(start, tree, says):
    r = start(says, *tree, "-n", "6", "sh", "-c", "echo $PMI_RANK")
    assert r.code == 0 and sorted(r.lines) == [str(i) for i in range(6)] and not r.err, r


@pytest.mark.parametrize("words", [["-n", "3"], ["-l", "-n", "3"]])
def test_stdio_of_the_only_proxy_over_its_stdin_and_stdout(mpiexec, words):
    """Its own stdin and stdout are the link; the ranks' are not."""
    r = mpiexec(*words, "sh", "-c", "read x; echo rank $PMI_RANK: $x", stdin=b"hello\n", env={"MUSTER_TEST_START": "*=two"})
    assert r.code == 0 and len(r.lines) == 3 and "rank 0: hello" in r.out, r


FAULTS = {
    "connect": "unable to connect: Connection refused (does anybody listen there?)",
    "program": "unable to start the proxy there: /nonexistent/muster-proxy: No such file or directory",
    "exit": "unable to hear from the proxy there: it exited with code 3",
    "noise": "unable to hear from the proxy there: its first words are not those of a proxy "
             "(does a login script there write something?)",
    "greeted": "unable to get the proxy there ready: it exited with code 3",
    "silent": "unable to hear from the proxy there: no answer within 1.5 s",
    "stuck": "unable to get the proxy there ready: no answer within 1.5 s",
}


def says_fault(host, fault):
    return f"{host}={fault}" + (";patience=1500" if fault.split(",")[0] in ("silent", "stuck") else "")


@pytest.mark.parametrize("tree", [HOSTS, TREE], ids=["flat", "a tree"])
@pytest.mark.parametrize("two", ["", ",two"], ids=["socket", "pipes"])
@pytest.mark.parametrize("fault", FAULTS)
def test_one_bad_host_among_many(start, tree, two, fault):
    """c is right below mpiexec, or below another proxy: the line is the same."""
    r = start(says_fault("c", fault + two), *tree, "-n", "6", "echo", "ran")
    assert r.code == 1 and r.out == "", r
    assert complaints(r) == {"c": FAULTS[fault]}, r
    assert f"mpiexec: host c {NOTHING}" in r.err and "6 ranks not started" in r.err, r


@pytest.mark.parametrize("tree", [HOSTS, TREE], ids=["flat", "a tree"])
def test_another_version(start, tree):
    r = start("d=version", *tree, "-n", "6", "echo", "ran")
    assert r.code == 1 and r.out == "", r
    assert re.fullmatch(r"unable to use the proxy there: it has Muster \S+, which speaks version (\d+) of the control "
                        r"protocol, and not \S+ with version (?!\1)\d+: install one version of Muster on all hosts",
                        complaints(r)["d"]), r


@pytest.mark.parametrize("fault", ["connect", "exit", "silent"])
def test_all_hosts_are_bad(start, fault):
    r = start(says_fault("*", fault), *HOSTS, "-n", "6", "echo", "ran")
    assert r.code == 1 and r.out == "", r
    assert complaints(r) == dict.fromkeys("abcdef", FAULTS[fault]), r
    assert f"6 of 6 hosts {NOTHING}" in r.err, r


def test_of_very_many_bad_hosts_some_are_told(start):
    r = start("*=connect", "--hosts", "h[1-100]", "-n", "100", "echo", "ran")
    assert r.code == 1 and len(complaints(r)) == 32 and "and 68 more hosts" in r.err, r
    assert f"100 of 100 hosts {NOTHING}" in r.err, r


def test_a_bad_host_is_told_of_together_with_a_late_one(start):
    r = start("b=connect;e=400,exit;f=200", *HOSTS, "-n", "6", "echo", "ran")
    assert r.code == 1 and complaints(r) == {"b": FAULTS["connect"], "e": FAULTS["exit"]}, r


@pytest.mark.parametrize("tree", [HOSTS, TREE], ids=["flat", "a tree"])
def test_no_kill_runs_on_the_others(start, tree):
    r = start("c=connect", "--no-kill", *tree, "-n", "6", "sh", "-c", "echo $PMI_RANK")
    assert r.code == 1 and sorted(r.lines) == ["0", "1", "3", "4", "5"], r
    assert complaints(r) == {"c": FAULTS["connect"]} and "the job runs without" in r.err, r


@pytest.mark.parametrize("more, out", [([], ""), (["--no-kill"], "ran\n" * 3)], ids=["", "no-kill"])
def test_a_bad_host_where_each_is_asked_what_it_is(mpiexec, marked, more, out):
    """The plan is made when all that can be reached have answered."""
    r = mpiexec(*more, "--hosts", "a,b,c", "-n", "3", "echo", "ran",
                env={**marked.env, "MUSTER_TEST_START": "b=300;c=connect", "MUSTER_PRETEND_TOPO": "a=package:1 core:2 pu:1"})
    assert r.code == 1 and r.out == out and complaints(r) == {"c": FAULTS["connect"]}, r
    marked.wait_none(0)


@pytest.mark.parametrize("tree", [HOSTS, TREE], ids=["flat", "a tree"])
@pytest.mark.parametrize("more", [[], ["--no-kill"]], ids=["", "no-kill"])
def test_enough_hosts_are_there(start, tree, more):
    """Ranks are placed on them alone, and it is no failure."""
    r = start("c=connect;e=exit", "--min-hosts", "4", *more, *tree, "--ppn", "1", "-n", "4", "--arg-template", "echo", "{host}")
    assert r.code == 0 and sorted(r.lines) == ["a", "b", "d", "f"], r
    assert complaints(r) == {"c": FAULTS["connect"], "e": FAULTS["exit"]}, r
    assert "mpiexec: 2 of 6 hosts could not be started: the job runs without" in r.err, r


@pytest.mark.parametrize("more", [[], ["--no-kill"]], ids=["", "no-kill"])
def test_not_enough_hosts_are_there(start, more):
    r = start("c=connect;e=exit", "--min-hosts", "5", *more, *HOSTS, "-n", "6", "echo", "ran")
    assert r.code == 1 and r.out == "" and set(complaints(r)) == {"c", "e"}, r
    assert "2 of 6 hosts could not be started: nothing was run (--min-hosts 5)" in r.err, r


def test_the_only_host_is_bad(start):
    r = start("*=exit", "-n", "2", "echo", "ran")
    assert r.code == 1 and list(complaints(r).values()) == [FAULTS["exit"]], r


# --- a subtree that does not come up is taken over


@pytest.mark.parametrize("says", [
    "a=exit,interior",      # an interior proxy cannot be started as such
    "a=greeted,interior;d=connect,interior",
    "c=connect,below",      # only mpiexec reaches that host
    "b=connect,below;f=exit,below",
    "*=program,below",
    "a=stuck,interior;patience=1500",
])
def test_a_subtree_that_does_not_come_up_is_taken_over(start, says):
    r = start(says, *TREE, "-n", "6", "sh", "-c", "echo $PMI_RANK")
    assert r.code == 0 and sorted(r.lines) == [str(i) for i in range(6)] and not r.err, r


@pytest.mark.parametrize("says", ["d=connect,below", "b=exit,interior", "c=exit,interior"])
def test_a_chain_is_taken_over(start, says):
    r = start(says, *CHAIN, "-n", "4", "sh", "-c", "echo $PMI_RANK")
    assert r.code == 0 and sorted(r.lines) == list("0123") and not r.err, r


@pytest.mark.parametrize("tree, n", [(TREE, 6), (CHAIN, 4)], ids=["a tree", "a chain"])
def test_an_interior_proxy_killed_while_its_subtree_is_being_started(mpiexec, marked, tree, n):
    p = mpiexec.start(*tree, "-n", str(n), "sh", "-c", "echo $PMI_RANK",
                      env={**marked.env, "MUSTER_TEST_START": "c=3000,below"})
    until(lambda: len(proxies(p.pid)) == (2 if tree is CHAIN else 5))  # all but c, which is late, and what is below it
    os.kill(proxies(p.pid)[0], signal.SIGKILL)  # that of a
    out, err = p.communicate(timeout=PATIENCE)
    assert p.returncode == 0 and sorted(out.split()) == [b"%d" % i for i in range(n)] and not err, (out, err)
    marked.wait_none(0)


@pytest.mark.parametrize("tree, n", [(TREE, 6), (CHAIN, 4)], ids=["a tree", "a chain"])
def test_an_interior_proxy_killed_while_ranks_run(mpiexec, marked, tree, n):
    p = mpiexec.start(*tree, "-n", str(n), "sh", "-c", "setsid sleep 1000 & exec sleep 1000", env=marked.env)
    marked.wait(2 * n, "sleep")
    os.kill(proxies(p.pid)[0], signal.SIGKILL)  # that of a
    out, err = p.communicate(timeout=PATIENCE)
    assert p.returncode == 1, err
    marked.wait_none(0)
    assert err.count(b"mpiexec: the proxy on a is gone (it was killed by signal 9 (SIGKILL))") == 1, err
    assert err.count(b"proxy on") == 1 and len(err.splitlines()) < 6, err


# --- users do not wait for hosts


@pytest.mark.parametrize("says", ["c=silent", "c=100000", "c=stuck", "c=100000,below"])
@pytest.mark.parametrize("how", ["signal", "timeout"])
@pytest.mark.parametrize("asked", [False, True])
def test_what_ends_the_job_ends_its_start(mpiexec, marked, says, how, asked):
    more = ["--timeout", "1"] if how == "timeout" else []
    pretend = {"MUSTER_PRETEND_TOPO": "a=package:1 core:2 pu:1"} if asked else {}
    p = mpiexec.start(*more, *TREE, "-n", "6", "echo", "ran", env={**marked.env, **pretend, "MUSTER_TEST_START": says})
    until(lambda: len(proxies(p.pid)) >= 4)
    began = time.monotonic()
    if how == "signal":
        p.send_signal(signal.SIGINT)
    out, err = p.communicate(timeout=PATIENCE)
    assert p.returncode == (130 if how == "signal" else 124) and out == b"", err
    assert (b"6 ranks not started" in err or asked) and b"unable to" not in err, err
    assert time.monotonic() - began < 60
    marked.wait_none(0)
