# SPDX-License-Identifier: BSD-3-Clause
"""Gets that wait until their value is put (pmi-server/README.md), through the real mpiexec."""

import pytest

NODES = [(), ("--hosts", "a,b,c"), ("--hosts", "a,b,c,d,e,f,g", "--tree-radix", "2")]
on_nodes = pytest.mark.parametrize("nodes", NODES, ids=["1 node", "3 nodes", "7 nodes in a tree"])

WAIT = """
def wait1(p, key):
    return p.ask(f"cmd=get kvsname={p.kvs} key={key} wait=TRUE")
def wait2(p, key):
    return p.ask(f"cmd=kvs-get;key={key};wait=TRUE;")
"""


@on_nodes
def test_values_come_as_they_are_put(ranks, nodes):
    """A row of ranks, in which each puts its value when it has that of the one before; PMI-1 and PMI-2 in turn."""
    r = ranks(
        "-n", "7", *nodes,
        WAIT + """
p = (Pmi1 if RANK % 2 else Pmi2)().init()
wait = wait1 if RANK % 2 else wait2
assert p.get("PMI_get_wait") == "1"
if RANK:
    assert f"value={RANK - 1}" in wait(p, f"k{RANK - 1}")
p.put(f"k{RANK}", RANK)
assert f"value={SIZE - 1}" in wait(p, f"k{SIZE - 1}")
p.finalize()
say("done")
""")
    assert len(r.lines) == 7, r


@on_nodes
def test_nobody_waits_for_those_who_have_ended(ranks, nodes):
    r = ranks(
        "-n", "7", *nodes,
        WAIT + """
p = (Pmi1 if RANK % 2 else Pmi2)().init()
if RANK in (2, 5):
    say((wait1 if RANK % 2 else wait2)(p, "none"))
p.finalize()
""")
    assert sorted(r.lines) == [
        "2: cmd=kvs-get-response;rc=14;found=FALSE;errmsg=no rank is left that could put the key none;",
        "5: cmd=get_result rc=1 msg=no_rank_is_left_that_could_put_the_key_none"], r


@on_nodes
def test_parents_and_children_wait_for_one_another(ranks, nodes):
    child = ranks.program("""
p = Pmi1().init()
say(p.ask(f"cmd=get kvsname={os.environ['PARENT']} key=k wait=TRUE"))
p.put(f"k{RANK}", f"of-child-{RANK}")
p.ask(f"cmd=get kvsname={os.environ['PARENT']} key=end wait=TRUE")  # a job's values end with it
p.finalize()
""")
    r = ranks(
        "-n", "2", *nodes,
        WAIT + f"""
p = Pmi2().init()
if RANK == 0:
    argv = "".join(f"argv{{i}}={{a}};" for i, a in enumerate({child[1:]!r}))
    parent = p.ask("cmd=job-getid;").split("jobid=")[1]
    spawned = p.ask("cmd=spawn;ncmds=1;preputcount=0;subcmd={child[0]};maxprocs=2;argc={len(child) - 1};" + argv +
                    f"infokeycount=1;infokey0=env;infoval0=PARENT={{parent}}")
    assert spawned.startswith("cmd=spawn-response;rc=0;jobid="), spawned
    p.put("k", "of-the-parent")
    job = spawned.split("jobid=")[1].split(";")[0]
    for i in range(2):
        say(p.ask(f"cmd=kvs-get;jobid={{job}};key=k{{i}};wait=TRUE;"))
    p.put("end", "1")
p.fence()
p.finalize()
""")
    assert sorted(line.split(": ")[1] for line in r.lines) == [
        "cmd=get_result rc=0 value=of-the-parent"] * 2 + [
        f"cmd=kvs-get-response;rc=0;found=TRUE;value=of-child-{i};" for i in range(2)], r


@pytest.mark.parametrize("radix", ["8", "1"])
def test_nobody_waits_for_a_node_that_is_lost(ranks, radix):
    """Nor for what its rank might have put; the job goes on (--no-kill)."""
    r = ranks("-n", "3", "--hosts", "a,b,c", "--radix", radix, "--no-kill", WAIT + """
p = Pmi1().init()
p.barrier()
if RANK == 2:
    os.kill(os.getppid(), 9)
    time.sleep(1000)
if RANK == 0:
    say(wait1(p, "k"))
p.finalize()
""", ok=False)
    assert r.code == 1 and r.lines == ["0: cmd=get_result rc=1 msg=no_rank_is_left_that_could_put_the_key_k"], r
