# SPDX-License-Identifier: BSD-3-Clause
"""Hosts that are unlike: each has its own processors, so its own default number of ranks and its own bindings. All of
them lie on this machine, and some pretend to be another (MUSTER_PRETEND_TOPO)."""

import sys

UNLIKE = "a=core:2 pu:1;b=pack:2 core:4 pu:1"
UNIVERSE = """
import os, socket
f = socket.socket(fileno=int(os.environ["PMI_FD"])).makefile("rwb", buffering=0)
def ask(text):
    f.write(text)
    return f.readline().decode()
ask(b"cmd=init pmi_version=1 pmi_subversion=1\\n")
print(ask(b"cmd=get_universe_size\\n"), end="")
ask(b"cmd=finalize\\n")
"""


def shapes(text=UNLIKE):
    return {"env": {"MUSTER_PRETEND_TOPO": text}}


def shown(mpiexec, *args, text=UNLIKE):
    """What --display draws."""
    return mpiexec.ok(*args, "true", **shapes(text)).err


def test_each_host_has_its_own_slots_and_bindings(mpiexec):
    text = shown(mpiexec, "--hosts", "a,b", "--display", "map,bindings")
    assert "map: 10 ranks on 2 hosts" in text
    assert "a  2 of 2 slots  0 1\n" in text and "b  8 of 8 slots  2 3 4 5 6 7 8 9\n" in text
    assert "bindings on a: cores with their ranks; . free\n  0 1\n" in text
    assert "bindings on b:" in text and "all alike" not in text


def test_objects_are_those_of_the_host(mpiexec):
    text = shown(mpiexec, "--hosts", "a,b", "--display", "map,bindings", "--map-by", "ppr:1:socket", "--bind-to", "socket")
    assert "a  1 of 2 slots  0 .\n" in text and "b  2 of 8 slots  1 2" in text


def test_hosts_that_are_alike_are_drawn_once(mpiexec):
    text = shown(mpiexec, "--hosts", "a,b,c", "--display", "map,bindings", text="a=core:3 pu:1;b=core:3 pu:1;c=core:3 pu:1")
    assert "map: 9 ranks on 3 hosts" in text and "all alike" in text


def test_through_a_tree(mpiexec):
    names = [f"n{i}" for i in range(20)]
    each = ";".join(f"{n}=core:{1 + i % 3} pu:1" for i, n in enumerate(names))
    text = shown(mpiexec, "--hosts", ",".join(names), "--radix", "2", "--display", "map", text=each)
    assert f"map: {sum(1 + i % 3 for i in range(20))} ranks on 20 hosts" in text


def test_the_universe_is_what_all_hosts_hold(mpiexec):
    r = mpiexec.ok("--hosts", "a,b", "-n", "1", sys.executable, "-c", UNIVERSE, **shapes())
    assert "size=10" in r.out, r


def test_slots_that_the_user_gave_stand(mpiexec):
    text = shown(mpiexec, "--hosts", "a:4,b:1", "--display", "map")
    assert "a  4 of 4 slots" in text and "b  1 of 1 slot" in text


def test_no_more_than_fit(mpiexec):
    r = mpiexec("--hosts", "a,b", "--no-oversubscribe", "-n", "11", "true", **shapes())
    assert r.code == 1 and "11 ranks do not fit in the 10 slots of 2 hosts" in r.err


def test_a_host_that_cannot_tell(mpiexec):
    rubbish = shapes("a=core:2 pu:1;b=rubbish")
    r = mpiexec("--hosts", "a,b", "--map-by", "ppr:1:socket", "true", **rubbish)
    assert r.code == 1 and "host b does not know its own processors" in r.err and "host b did not report" in r.err
    assert mpiexec("--hosts", "a,b", "-n", "4", "--bind-to", "none", "true", **rubbish).code == 0


def test_a_dry_run_asks_nobody_and_says_so(mpiexec):
    r = mpiexec.ok("--hosts", "a,b", "-n", "4", "--dry-run", "true", **shapes())
    assert r.err.count("\n") == 1 and "--dry-run asks no host what it is" in r.err
    assert "map: 4 ranks on 2 hosts" in r.out


def test_hosts_that_are_known_need_no_such_line(mpiexec):
    assert mpiexec.ok("--hosts", "a,b", "-n", "4", "--dry-run", "true").err == ""
