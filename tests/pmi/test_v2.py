# SPDX-License-Identifier: BSD-3-Clause
"""PMI-2 through the real mpiexec, and jobs that speak both wires."""

import pytest

NODES = [(), ("--hosts", "a,b,c"), ("--hosts", "a,b,c,d,e,f,g", "--tree-radix", "2")]


@pytest.mark.parametrize("nodes", NODES, ids=["1 node", "3 nodes", "7 nodes in a tree"])
def test_every_command(ranks, nodes):
    r = ranks(
        "-n", "7", *nodes,
        """
p = Pmi2().init()
assert ";appnum=0;" in p.full and "spawner" not in p.full
job = p.ask("cmd=job-getid;").split("jobid=")[1][:-1]
assert p.ask("cmd=job-getid;thrid=0xab;") == f"cmd=job-getid-response;thrid=0xab;rc=0;jobid={job};"
mapping = p.ask("cmd=info-getjobattr;key=PMI_process_mapping;")
assert mapping.startswith("cmd=info-getjobattr-response;rc=0;found=TRUE;value=(vector,(0,"), mapping
assert "found=FALSE" in p.ask("cmd=info-getjobattr;key=none;")
assert "value=true" in p.ask("cmd=info-getjobattr;key=hasNameServ;")
p.put(f"k{RANK}", f"a b{RANK};;c")
p.fence()
assert p.get(f"k{(RANK + 1) % SIZE}") == f"a b{(RANK + 1) % SIZE};;c", p.why
assert p.get("-NONEXIST-KEY") is None and "errmsg=" in p.why
assert p.ask(f"cmd=info-putnodeattr;key=n{RANK};value=1;") == "cmd=info-putnodeattr-response;rc=0;"
assert p.ask(f"cmd=info-getnodeattr;key=n{RANK};wait=TRUE;").endswith("rc=0;found=TRUE;value=1;")
assert "found=FALSE" in p.ask("cmd=info-getnodeattr;key=m;wait=FALSE;")
assert p.ask(f"cmd=name-publish;name=s{RANK};port=p{RANK};") == "cmd=name-publish-response;rc=0;"
p.fence()
p.get("-NONEXIST-KEY")
n = (RANK + 2) % SIZE
assert f"port=p{n};" in p.ask(f"cmd=name-lookup;name=s{n};")
p.fence()
p.get("-NONEXIST-KEY")
assert p.ask(f"cmd=name-unpublish;name=s{RANK};") == "cmd=name-unpublish-response;rc=0;"
assert "errmsg=" in p.ask(f"cmd=name-unpublish;name=s{RANK};")
assert "errmsg=not supported" in p.ask("cmd=job-connect;jobid=x;")
assert "errmsg=unknown command" in p.ask("cmd=ring;count=1;")
p.finalize()
say("done")
""")
    assert len(r.lines) == 7, r


def test_a_node_attribute_is_waited_for(ranks):
    ranks(
        "-n", "4", "--hosts", "a,b", "--ppn", "2",
        """
p = Pmi2().init()
if RANK % 2 == 0:
    time.sleep(0.2)
    p.ask(f"cmd=info-putnodeattr;key=seg;value=by{RANK};")
else:
    assert p.ask("cmd=info-getnodeattr;key=seg;wait=TRUE;").endswith(f"found=TRUE;value=by{RANK - 1};")
p.finalize()
""")


def test_a_get_waits_for_the_fence_of_all(ranks):
    ranks(
        "-n", "5", "--hosts", "a,b,c",
        """
p = Pmi2().init()
if RANK == 3:
    time.sleep(0.3)
    p.put("late", "1")
p.fence()
assert p.get("late") == "1", p.why
p.finalize()
""")


@pytest.mark.parametrize("nodes", NODES[:2], ids=["1 node", "3 nodes"])
def test_both_wires_in_one_job(ranks, nodes):
    ranks(
        "-n", "6", *nodes,
        """
p = (Pmi1 if RANK % 2 else Pmi2)().init()
p.put(f"k{RANK}", f"v{RANK}")
p.barrier() if RANK % 2 else p.fence()
for r in range(SIZE):
    assert p.get(f"k{r}") == f"v{r}", p.why
p.finalize()
""")


REFUSED = [
    ("cmd=kvs-put;key=k;", 3, "value is missing"),
    ("cmd=kvs-put;value=k;", 3, "key is missing"),
    ("cmd=kvs-put;key=PMI_k;value=1;", 4, "keys that begin with PMI_ are reserved"),
    ("cmd=kvs-put;key={long_key};value=1;", 5, "the key is longer than 64 bytes"),
    ("cmd=kvs-put;key=k;value={long_value};", 7, "the value is longer than 1024 bytes"),
    ("cmd=kvs-get;", 3, "key is missing"),
    ("cmd=kvs-get;jobid=other;key=k;", 3, "no job is called other"),
    ("cmd=info-getjobattr;", 3, "key is missing"),
    ("cmd=info-putnodeattr;key=k;", 3, "value is missing"),
    ("cmd=info-getnodeattr;wait=TRUE;", 3, "key is missing"),
    ("cmd=name-publish;name=s;", 3, "port is missing"),
    ("cmd=name-lookup;", 3, "the name of the service is missing"),
    ("cmd=spawn;", 3, "there is no command, or too many"),
    ("cmd=spawn;ncmds=2;subcmd=a;maxprocs=1;", 3, "ncmds is not the number of commands"),
    ("cmd=spawn;ncmds=1;subcmd=a;maxprocs=0;", 3, "the number of processes is missing or invalid"),
    ("cmd=spawn;ncmds=1;subcmd=a;maxprocs=1;argc=2;argv0=x;", 3, "an argument is missing"),
    ("cmd=fullinit;", 1, "this rank has been initialized already"),
]


def test_what_cannot_be_done_is_refused_with_a_reason(ranks):
    r = ranks(
        "-n", "1",
        f"""
p = Pmi2().init()
for ask, rc, why in {REFUSED!r}:
    answer = p.ask(ask.format(long_key="x" * 65, long_value="y" * 1025))
    if f";rc={{rc}};" not in answer or f"errmsg={{why}};" not in answer:
        say(ask, "->", answer)
p.finalize()
""")
    assert r.out == "", r


MALFORMED = [
    (b"     9cmd=x;y=", "in the middle of a request"),
    (b"     4abcd", "without a command"),
    (b"     0", "without a command"),
    (b"    11cmd=x;\0y=1;", "NUL byte"),
    (b"12a456cmd=", "without a length"),
]


@pytest.mark.parametrize("sent, says", MALFORMED, ids=[f"{s[:20]!r}" for s, _ in MALFORMED])
def test_garbage_ends_the_job_with_a_reason(ranks, sent, says):
    r = ranks(
        "-n", "2",
        f"""
p = Pmi2().init()
say("here")
p.fence()
p.get("-NONEXIST-KEY")
if RANK == 1:
    p.send({sent!r})
    time.sleep(0.2)
    p.close()
time.sleep(1000)
""", ok=False)
    assert r.code != 0 and "rank 1" in r.err and says in r.err, r
    assert len(r.lines) == 2, r


def test_abort(ranks):
    r = ranks("-n", "2", 'p = Pmi2().init()\nif RANK: p.ask("cmd=abort;exitcode=9;message=no more;")\ntime.sleep(1000)\n', ok=False)
    assert r.code == 9 and "no more" in r.err, r


def test_a_question_whose_answer_would_be_too_long_harms_nobody(ranks):
    r = ranks(
        "-n", "2", "--hosts", "a,b",
        """
p = Pmi2().init()
if RANK:
    say(p.ask("cmd=job-getid;thrid=" + 999970 * "x" + ";"))
    say(p.ask("cmd=spawn;ncmds=1;subcmd=/no/such;maxprocs=90000;"))
p.fence()
p.finalize()
""")
    assert r.lines == [
        "1: cmd=job-getid-response;rc=3;errmsg=thrid is longer than 256 bytes;",
        "1: cmd=spawn-response;rc=3;errmsg=more than 45000 processes, whose codes no PMI-2 answer can hold;"], r
