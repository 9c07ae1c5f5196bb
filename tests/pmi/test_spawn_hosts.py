# SPDX-License-Identifier: BSD-3-Clause
"""Spawn on hosts that the job did not have: each becomes one of its hosts, once, and stays. All are simulated."""

import conftest
import pytest

CHILD = """
p = Pmi1().init()
p.put(f"on{RANK}", os.environ["PMI_HOSTNAME"])
p.barrier()
if RANK == 0:
    say(*(p.get(f"on{i}") for i in range(SIZE)))
p.barrier()
p.finalize()
"""

SPAWNER = """
def spawn(n, *infos, argv=None):
    answer = p.spawn((CHILD[0], n, CHILD[1:], infos))
    if answer != "cmd=spawn_result rc=0 errcodes=" + ",".join(["0"] * n):
        say(answer)
    return answer

def proxies():
    parent = os.getppid()
    boss = open(f"/proc/{parent}/stat").read().rsplit(")")[1].split()[1]
    return len(open(f"/proc/{boss}/task/{boss}/children").read().split())

p = Pmi1().init()
"""


@pytest.fixture
def spawner(ranks):
    """run(mpiexec's arguments..., text): as ranks, where the text may call spawn(n, (key, value)...)."""
    child = ranks.program(CHILD)

    def run(*args, **kw):
        return ranks(*args[:-1], f"CHILD = {child!r}\n" + SPAWNER + args[-1] + "\np.finalize()\n", **kw)

    return run


def test_a_host_that_the_job_did_not_have(spawner):
    r = spawner("-n", "1", "--hosts", "a,b", 'spawn(2, ("host", "c"))')
    assert r.lines == ["0: c c"] and r.err == "", r


def test_a_job_without_hosts_gets_one(spawner):
    r = spawner("-n", "1", 'spawn(1, ("host", "c"))')
    assert r.lines == ["0: c"] and r.err == "", r


def test_one_proxy_serves_a_host_however_many_spawns(spawner):
    r = spawner("-n", "1", "--hosts", "a", """
before = proxies()
for i in range(5):
    spawn(1, ("host", "c"))
    spawn(2, ("host", "c,d"))
say("proxies", proxies() - before)
""")
    assert sorted(r.lines) == ["0: c"] * 5 + ["0: c d"] * 5 + ["0: proxies 2"], r


def test_slots_of_a_host_for_one_spawn(spawner):
    """Whatever it has: the first of the job's hosts has room for all."""
    r = spawner("-n", "1", "--hosts", "a:8,b:8", """
spawn(3, ("host", "a:1,b:2"))
spawn(3, ("host", "b:2,a:1"))
spawn(3)
""")
    assert sorted(r.lines) == ["0: a a a", "0: a b b", "0: a b b"], r
    r = spawner("-n", "1", "--hosts", "a:3", "--no-oversubscribe", 'spawn(3, ("host", "a:8"))')
    assert "do_not_fit" in r.out, r


PLACES = [
    ((), "a b a b"),
    ([("map-by", "slot")], "a a a b"),
    ([("map_by", "slot"), ("rank_by", "node")], "a b a a"),
    ([("npernode", "2")], "a a b b"),
    ([("ppr", "2:node")], "a a b b"),
    ([("host", "b")], "b b b b"),
]


@pytest.mark.parametrize("infos, where", PLACES, ids=[str(i) for i in range(len(PLACES))])
def test_the_policy_is_the_command_lines_unless_info_has_one(spawner, infos, where):
    r = spawner("-n", "1", "--hosts", "a:4,b:4", "--map-by", "node", f"spawn(4, *{infos!r})")
    assert r.lines == [f"0: {where}"], r


def test_add_host_is_one_more(spawner):
    r = spawner("-n", "1", "--hosts", "a:1", 'spawn(3, ("add-host", "b:1,c:2"))')
    assert r.lines == ["0: b c c"], r


def test_hosts_of_a_file(spawner, tmp_path):
    (tmp_path / "hosts").write_text("# those that were not there\nb slots=2\nc slots=1\n")
    r = spawner("-n", "1", "--hosts", "a:1", f"""
spawn(3, ("hostfile", {str(tmp_path / "hosts")!r}))
""")
    assert r.lines == ["0: b b c"], r


def test_two_at_once_wait_for_the_same_host(spawner):
    r = spawner("-n", "3", "--hosts", "a", 'spawn(1, ("host", "c"))')
    assert r.lines == ["0: c"] * 3, r


def test_children_of_children_on_new_hosts(ranks, spawner):
    child = ranks.program(CHILD)
    middle = ranks.program(f"""
p = Pmi1().init()
assert p.spawn(({child[0]!r}, 1, {child[1:]!r}, [("host", "d")])) == "cmd=spawn_result rc=0 errcodes=0"
say("middle", os.environ["PMI_HOSTNAME"])
p.finalize()
""")
    r = spawner("-n", "1", "--hosts", "a", f"""
assert p.spawn(({middle[0]!r}, 1, {middle[1:]!r}, [("host", "c")])) == "cmd=spawn_result rc=0 errcodes=0"
""")
    assert sorted(r.lines) == ["0: d", "0: middle c"], r


def test_a_value_of_the_spawner_is_found_from_a_new_host(ranks):
    child = ranks.program("""
p = Pmi2().init()
job = p.full.split("spawner-jobid=")[1].split(";")[0]
say(p.ask(f"cmd=kvs-get;jobid={job};srcid=-1;key=greeting;"))
p.ask("cmd=name-publish;name=heard;port=x;")
p.ask(f"cmd=kvs-get;jobid={job};srcid=-1;key=never;wait=TRUE;")  # until the parent has ended
p.finalize()
""")
    argv = "".join(f"argv{i}={a};" for i, a in enumerate(child[1:]))
    r = ranks("-n", "1", "--hosts", "a", f"""
p = Pmi2().init()
p.put("greeting", "hello")
p.fence()
p.ask("cmd=spawn;ncmds=1;preputcount=0;subcmd={child[0]};maxprocs=1;argc={len(child) - 1};{argv}"
      "infokeycount=1;infokey0=host;infoval0=c;")
p.ask("cmd=name-lookup;name=heard;wait=TRUE;")
p.finalize()
""")
    assert r.lines == ["0: cmd=kvs-get-response;rc=0;found=TRUE;value=hello;"], r


def test_the_universe_grows(ranks):
    child = ranks.program('p = Pmi1().init()\nsay(p.ask("cmd=get_universe_size"))\np.finalize()\n')
    r = ranks("-n", "1", "--hosts", "a:2", f"""
p = Pmi1().init()
say(p.ask("cmd=get_universe_size"))
p.spawn(({child[0]!r}, 1, {child[1:]!r}, [("host", "b:3")]))
p.finalize()
""")
    assert [line.split("size=")[1].split()[0] for line in sorted(r.lines)] == ["2", "5"], r


@pytest.mark.parametrize("fault", ["connect", "program", "exit", "noise", "version", "greeted"])
def test_a_host_that_cannot_be_started_is_an_answer(spawner, fault):
    """Each time that it is asked for, and nothing else is the worse for it."""
    r = spawner("-n", "1", "--hosts", "a", """
for i in range(2):
    spawn(1, ("host", "c"))
spawn(1, ("host", "a"))
spawn(1, ("host", "d"))
spawn(1)
""", env={"MUSTER_TEST_START": f"c={fault}"})
    refused = [line for line in r.lines if "spawn_result" in line]
    assert len(refused) == 2 and all(line.startswith("0: cmd=spawn_result rc=1 msg=host_c:_unable_to") for line in refused), r
    assert len(r.lines) == 5 and "0: d" in r.lines and r.err == "", r


def test_a_slow_host_does_not_keep_others_waiting(spawner):
    """The slow one never comes: its job is ended when the quick one is there."""
    r = spawner("-n", "2", "--hosts", "a", """
if RANK == 0:
    p.send(b"mcmd=spawn\\nnprocs=1\\nexecname=/bin/true\\ntotspawns=1\\nspawnssofar=1\\nargcnt=0\\npreput_num=0\\ninfo_num=1\\n"
           b"info_key_0=host\\ninfo_val_0=slow\\nendcmd\\n")
    open("asked", "w").close()
    time.sleep(1000)
while not os.path.exists("asked"):
    time.sleep(0.01)
spawn(1, ("host", "quick"))
say("quick is there")
os._exit(3)
""", ok=False, env={"MUSTER_TEST_START": "slow=silent"})
    assert r.code == 3 and "1: quick is there" in r.lines, r


@pytest.mark.parametrize("fault", ["silent", "stuck"])
def test_a_job_that_ends_waits_for_no_host(ranks, fault):
    r = ranks("-n", "1", "--hosts", "a", """
p = Pmi1().init()
p.send(b"mcmd=spawn\\nnprocs=1\\nexecname=/bin/true\\ntotspawns=1\\nspawnssofar=1\\nargcnt=0\\npreput_num=0\\ninfo_num=1\\n"
       b"info_key_0=host\\ninfo_val_0=c\\nendcmd\\n")
""", ok=False, env={"MUSTER_TEST_START": f"c={fault}"})
    assert r.code == 1 and "unable" not in r.err, r


def test_a_host_that_is_lost_later_ends_the_job(ranks):
    child = ranks.program("import signal\np = Pmi1().init()\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(600)\n")
    r = ranks("-n", "1", "--hosts", "a", f"""
p = Pmi1().init()
p.spawn(({child[0]!r}, 1, {child[1:]!r}, [("host", "c")]))
time.sleep(600)
""", ok=False)
    assert r.code != 0 and "the proxy on c is gone" in r.err, r


SOFT = [
    ("1:4", "0: cmd=spawn_result rc=0 errcodes=0,0,11,11"),
    ("0:8", "0: cmd=spawn_result rc=0 errcodes=0,0,11,11"),
    ("1,4", "0: cmd=spawn_result rc=0 errcodes=0,11,11,11"),
]


@pytest.mark.parametrize("soft, answer", SOFT, ids=[s for s, _ in SOFT])
def test_soft_gives_as_many_as_there_is_room_for(ranks, soft, answer):
    child = ranks.program('p = Pmi1().init()\np.barrier()\nsay("of", SIZE)\np.finalize()\n')
    r = ranks("-n", "1", "--hosts", "a:3", "--no-oversubscribe", f"""
p = Pmi1().init()
say(p.spawn(({child[0]!r}, 4, {child[1:]!r}, [("soft", {soft!r})])))
p.finalize()
""")
    given = answer.split("=")[-1].split(",").count("0")
    assert sorted(r.lines) == sorted([answer, *(f"{i}: of {given}" for i in range(given))]), r


@pytest.mark.parametrize("soft, why", [("3,4", "do_not_fit"), ("9", "none_of_9_is_from_1_to_4")])
def test_soft_with_no_number_that_would_do(ranks, soft, why):
    r = ranks("-n", "1", "--hosts", "a:3", "--no-oversubscribe", f"""
p = Pmi1().init()
say(p.spawn(("/bin/true", 4, [], [("soft", {soft!r})])))
p.finalize()
""")
    assert len(r.lines) == 1 and r.lines[0].startswith("0: cmd=spawn_result rc=1 msg=") and why in r.lines[0], r


def test_soft_is_of_each_command(ranks):
    child = ranks.program('p = Pmi1().init()\np.barrier()\np.finalize()\n')
    r = ranks("-n", "1", "--hosts", "a:4", "--no-oversubscribe", f"""
p = Pmi1().init()
c = ({child[0]!r}, 2, {child[1:]!r})
say(p.spawn((*c, [("soft", "1:2")]), (*c, [])))
p.finalize()
""")
    assert r.lines == ["0: cmd=spawn_result rc=0 errcodes=0,11,0,0"], r


AGAIN_AND_AGAIN = """
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

/* Spawns two of itself for each host that is named, one after another, and meets them. */
int main(int argc, char **argv)
{
    MPI_Comm parent, children;
    int sum = 1, codes[2];
    MPI_Init(&argc, &argv);
    MPI_Comm_get_parent(&parent);
    if (parent != MPI_COMM_NULL) {
        MPI_Reduce(&sum, NULL, 1, MPI_INT, MPI_SUM, 0, parent);
        MPI_Comm_disconnect(&parent);
    }
    for (int i = 1; i < argc; i++) {
        MPI_Info info;
        MPI_Info_create(&info);
        MPI_Info_set(info, "host", argv[i]);
        MPI_Comm_spawn(argv[0], MPI_ARGV_NULL, 2, info, 0, MPI_COMM_SELF, &children, codes);
        MPI_Reduce(NULL, &sum, 1, MPI_INT, MPI_SUM, MPI_ROOT, children);
        printf("%s %d\\n", argv[i], sum);
        MPI_Comm_disconnect(&children);
        MPI_Info_free(&info);
    }
    MPI_Finalize();
    return 0;
}
"""


def test_our_library_on_hosts_that_come_later(mpiexec, programs):
    hosts = ["b", "a", "b", "b,c", "c"]
    r = mpiexec.ok("-n", "1", "--hosts", "a", conftest.on_runtime(programs, AGAIN_AND_AGAIN), *hosts)
    assert r.lines == [f"{host} 2" for host in hosts] and r.err == "", r
