# SPDX-License-Identifier: BSD-3-Clause
"""PMI-1 through the real mpiexec: every command, and every malformed one."""

import re

import pytest

NODES = [(), ("--hosts", "a,b,c"), ("--hosts", "a,b,c,d,e,f,g", "--tree-radix", "2")]


@pytest.mark.parametrize("nodes", NODES, ids=["1 node", "3 nodes", "7 nodes in a tree"])
def test_every_command(ranks, nodes):
    r = ranks(
        "-n", "7", *nodes,
        """
p = Pmi1().init()
assert p.ask("cmd=get_maxes") == "cmd=maxes rc=0 kvsname_max=256 keylen_max=64 vallen_max=1024"
assert p.ask("cmd=get_appnum") == "cmd=appnum rc=0 appnum=0"
assert p.ask("cmd=get_universe_size").startswith("cmd=universe_size rc=0 size=")
assert p.get("PMI_process_mapping").startswith("(vector,(0,")
p.put(f"k{RANK}", f"hello-{RANK}")
assert p.ask(f"cmd=put kvsname={p.kvs} key=PMI_x value=1").startswith("cmd=put_result rc=1 msg=")
assert p.barrier() == "cmd=barrier_out tag=0"
assert p.get(f"k{(RANK + 1) % SIZE}") == f"hello-{(RANK + 1) % SIZE}"
assert p.get("nokey") is None and "msg=" in p.why
assert p.barrier("WORLD:7") == "cmd=barrier_out tag=7"
assert p.barrier("NODE") == "cmd=barrier_out tag=0"
assert p.barrier("NODE:12") == "cmd=barrier_out tag=12"
assert p.barrier(str(RANK)) == "cmd=barrier_out tag=0"
if RANK in (1, 3, 6):
    assert p.barrier("1,3,6:9") == "cmd=barrier_out tag=9"
service = f"service{RANK}"
assert p.ask(f"cmd=lookup_name service={service}").startswith("cmd=lookup_result rc=1 msg=")
assert p.ask(f"cmd=publish_name service={service} port=p{RANK}") == "cmd=publish_result rc=0"
assert p.ask(f"cmd=publish_name service={service} port=q") == "cmd=publish_result rc=1 msg=key_already_present"
p.barrier()
assert p.ask(f"cmd=lookup_name service=service{(RANK + 3) % SIZE}") == f"cmd=lookup_result rc=0 port=p{(RANK + 3) % SIZE}"
p.barrier()
assert p.ask(f"cmd=unpublish_name service={service}") == "cmd=unpublish_result rc=0"
assert p.ask(f"cmd=unpublish_name service={service}").startswith("cmd=unpublish_result rc=1 msg=")
assert p.get("PMI_dead_processes") is None
p.finalize()
say("done", p.kvs)
""")
    assert sorted(line.split(": ")[0] for line in r.lines) == [str(i) for i in range(7)], r
    assert len({line.split("done ")[1] for line in r.lines}) == 1, r


def test_appnum_and_universe(ranks, mpiexec):
    prog = ranks.program('p = Pmi1().init()\nsay(p.ask("cmd=get_appnum"))\np.finalize()\n')
    r = mpiexec.ok("-n", "2", *prog, ":", "-n", "1", *prog)
    assert sorted(r.lines) == [f"{i}: cmd=appnum rc=0 appnum={i // 2}" for i in range(3)], r


def test_requests_may_come_in_pieces_and_together(ranks):
    r = ranks(
        "-n", "2", "--hosts", "a,b",
        """
p = Pmi1().init()
for b in f"cmd=put kvsname={p.kvs} key=k{RANK} value=a\\\\ b\\n".encode():
    p.send(bytes([b]))
    time.sleep(0.001)
assert p.line() == "cmd=put_result rc=0"
other = 1 - RANK
p.send(f"cmd=barrier_in\\n".encode())
assert p.line() == "cmd=barrier_out tag=0"
p.send(f"cmd=get kvsname={p.kvs} key=k{other}\\ncmd=get_appnum\\ncmd=get kvsname={p.kvs} key=x\\ncmd=fin".encode())
say(p.line(), p.line(), p.line())
p.send(b"alize\\n")
assert p.line() == "cmd=finalize_ack rc=0"
""")
    for line in r.lines:
        assert line[3:] == ("cmd=get_result rc=0 value=a\\ b cmd=appnum rc=0 appnum=0 "
                            "cmd=get_result rc=1 msg=no_value_for_the_key_x"), r


def test_barriers_of_one_group_overlap(ranks):
    ranks(
        "-n", "6", "--hosts", "a,b,c",
        """
p = Pmi1().init()
p.send(b"cmd=barrier_in group=WORLD:3\\n" * 5)
for i in range(5):
    assert p.line() == "cmd=barrier_out tag=3"
p.finalize()
""")


MALFORMED = [
    (b"hello world\n", "something that is not PMI"),
    (b"\x00\x01\x02\xff", "something that is not PMI"),
    (b"cmd=get_appnum\0x\n", "NUL byte"),
    (b"cmd=\n", "without a command"),
    (b"cmd=frobnicate x=1\n", "frobnicate, which is unknown"),
    (b"mcmd=frobnicate\nendcmd\n", "frobnicate, which is unknown"),
    (b"mcmd=spawn\nendcmd\n", "totspawns and spawnssofar"),
    (b"cmd=put key=" + b"x" * 70000, "a line that is too long"),
    (b"mcmd=spawn\n" + b"arg1=xxxxxxxxx\n" * 80000, "a block of lines that is too long"),
    (b"cmd=put" + b" k" * 20000 + b"\n", "too many items"),
    (b"999999" + b"cmd=x;" * 10, "in the middle of a request"),
    (b"  x  1cmd=x;", "without a length"),
    (b"cmd=get kvsn", "in the middle of a request"),
    (b"cmd=barrier_in\n" * 3000, "more than 1024 PMI requests"),
]


@pytest.mark.parametrize("sent, says", MALFORMED, ids=[f"{s[:20]!r}" for s, _ in MALFORMED])
def test_garbage_ends_the_job_with_a_reason(ranks, tmp_path, sent, says):
    (tmp_path / "sent").write_bytes(sent)
    r = ranks(
        "-n", "3", "--hosts", "a,b",
        """
p = Pmi1().init()
say("here")
p.barrier()
if RANK == 1:
    try:
        p.send(open("sent", "rb").read())
    except OSError:
        pass
    time.sleep(0.2)
    p.close()
    time.sleep(1000)
p.barrier()
""", ok=False)
    assert r.code != 0, r
    assert "rank 1 on a" in r.err and says in r.err, r
    assert len(r.err.splitlines()) <= 6, r
    assert sorted(r.lines) == ["0: here", "1: here", "2: here"], r


REFUSED = [
    ("cmd=put key=a value=b", "put_result", "kvsname_is_missing"),
    ("cmd=put kvsname=other key=a value=b", "put_result", "no_such_kvsname"),
    ("cmd=put kvsname={k} value=b", "put_result", "key_is_missing"),
    ("cmd=put kvsname={k} key=a", "put_result", "value_is_missing"),
    ("cmd=put kvsname={k} key= value=b", "put_result", "the_key_is_empty"),
    ("cmd=put kvsname={k} key={long_key} value=b", "put_result", "the_key_is_longer_than_64_bytes"),
    ("cmd=put kvsname={k} key=a value={long_value}", "put_result", "the_value_is_longer_than_1024_bytes"),
    ("cmd=get key=a", "get_result", "kvsname_is_missing"),
    ("cmd=get kvsname={k}", "get_result", "key_is_missing"),
    ("cmd=get kvsname={k} key={long_key}", "get_result", "the_key_is_longer_than_64_bytes"),
    ("cmd=barrier_in group=0,99", "barrier_out", "the_group_names_a_rank_that_the_job_does_not_have"),
    ("cmd=barrier_in group=1", "barrier_out", "rank_0_is_not_in_the_group"),
    ("cmd=barrier_in group=0,0", "barrier_out", "the_group_names_a_rank_twice"),
    ("cmd=barrier_in group=WORLD:-1", "barrier_out", "the_tag_of_the_group_is_not_a_number"),
    ("cmd=barrier_in group=MARS", "barrier_out", "the_group_names_a_rank_that_the_job_does_not_have"),
    ("cmd=publish_name service=s", "publish_result", "port_is_missing"),
    ("cmd=publish_name port=s", "publish_result", "the_name_of_the_service_is_missing"),
    ("cmd=lookup_name", "lookup_result", "the_name_of_the_service_is_missing"),
    ("cmd=unpublish_name", "unpublish_result", "the_name_of_the_service_is_missing"),
    ("cmd=init pmi_version=1 pmi_subversion=1", "response_to_init", "this_rank_has_been_initialized_already"),
    ("cmd=create_kvs", "newkvs", "not_supported"),
    ("cmd=destroy_kvs kvsname=x", "kvs_destroyed", "not_supported"),
    ("cmd=getbyidx kvsname={k} idx=0", "getbyidx_results", "not_supported"),
]


def test_what_cannot_be_done_is_refused_with_a_reason(ranks):
    r = ranks(
        "-n", "2",
        f"""
p = Pmi1().init()
for ask, reply, why in {REFUSED!r} if RANK == 0 else []:
    answer = p.ask(ask.format(k=p.kvs, long_key="x" * 65, long_value="y" * 1025))
    if answer != f"cmd={{reply}} rc=1 msg={{why}}":
        say(ask, "->", answer)
p.finalize()
""")
    assert r.out == "", r


def test_nothing_goes_before_init(ranks):
    r = ranks(
        "-n", "1",
        """
p = Pmi1()
for ask in ("get_appnum", "get_my_kvsname", "put", "get", "barrier_in", "lookup_name", "finalize"):
    say(p.ask("cmd=" + ask))
p.init().finalize()
""")
    assert len(r.lines) == 7 and all(l.endswith("rc=1 msg=this_rank_has_not_said_init") for l in r.lines), r


def test_abort_ends_the_job_with_its_code_and_its_message(ranks):
    r = ranks(
        "-n", "4", "--hosts", "a,b",
        """
p = Pmi1().init()
say("here")
p.barrier()
if RANK == 2:
    p.send(b"cmd=abort exitcode=17 message=the sky fell\\n")
time.sleep(1000)
""", ok=False)
    assert r.code == 17 and "rank 2" in r.err and "the sky fell" in r.err, r
    assert len(r.lines) == 4, r


@pytest.mark.parametrize("nodes", NODES[:2], ids=["1 node", "3 nodes"])
def test_a_rank_that_never_comes_does_not_hang_the_others(ranks, nodes):
    r = ranks(
        "-n", "6", *nodes,
        """
if RANK == 5:
    time.sleep(0.3)
    sys.exit(0)
p = Pmi1().init()
p.barrier()
""", ok=False)
    assert r.code != 0 and "rank 5 on" in r.err, r
    assert re.search(r"exited before it reached the barrier that (rank|ranks|\d+ ranks) .*wait", r.err), r


def test_a_rank_that_leaves_without_finalize_fails_the_job(ranks):
    r = ranks("-n", "3", "p = Pmi1().init()\np.barrier()\nif RANK == 1: sys.exit(0)\np.barrier()\n", ok=False)
    assert r.code != 0 and "rank 1 on" in r.err, r


def test_a_rank_that_closes_its_connection_and_lives_on_fails_the_job(ranks):
    r = ranks(
        "-n", "3",
        """
p = Pmi1().init()
p.barrier()
if RANK == 1:
    p.close()
    time.sleep(1000)
p.barrier()
""", ok=False)
    assert r.code != 0 and "rank 1 on" in r.err and "closed its PMI connection before it finalized" in r.err, r


def test_a_rank_that_does_not_read_its_answers_is_told(ranks):
    """Its connection is not read any further, and the proxy does not grow with what it sends."""
    r = ranks(
        "-n", "2",
        """
p = Pmi1().init()
p.barrier()
if RANK == 0:
    p.sock.setblocking(False)
    data = b"cmd=get_maxes\\n" * 1000
    while True:
        try:
            p.sock.send(data)
        except BlockingIOError:
            time.sleep(0.01)
time.sleep(1000)
""", ok=False)
    assert r.code == 1 and "rank 0 on" in r.err, r
    assert "sent many PMI requests, and does not read the answers" in r.err, r


def test_programs_may_follow_one_another_in_one_rank(ranks, mpiexec):
    prog = ranks.program('p = Pmi1().init()\np.barrier()\np.finalize()\nsay("one")\n')
    line = " ".join(prog)
    r = mpiexec.ok("-n", "3", "sh", "-c", f"{line} && {line}")
    assert len(r.lines) == 6, r


def test_the_dead_are_named_to_those_who_live_on(ranks):
    r = ranks(
        "-n", "4", "--hosts", "a,b", "--no-kill",
        """
p = Pmi1().init()
p.barrier()
if RANK == 2:
    os.kill(os.getpid(), 9)
while (dead := p.get("PMI_dead_processes")) is None:
    time.sleep(0.01)
say(dead)
p.finalize()
""", ok=False)
    assert r.code == 137 and sorted(r.lines) == ["0: 2", "1: 2", "3: 2"], r
