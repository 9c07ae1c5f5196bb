# SPDX-License-Identifier: BSD-3-Clause
"""Spawn, ports and names, as MPICH 5 plays them: raw-wire parents and children that really meet over a socket."""

import os

import pytest

NODES = [(), ("--hosts", "a,b")]

# What the child of every test here does: like MPI_Init in a spawned process, it finds its parent's port in its own
# key-value space, and then connects to it.
CHILD = """
p = Pmi1().init()
assert os.environ["PMI_SPAWNED"] == "1"
p.put(f"c{RANK}", "x")
p.barrier()
assert p.get(f"c{SIZE - 1}") == "x"
port = p.get("PARENT_ROOT_PORT_NAME")
if RANK == 0:
    s = socket.create_connection(("127.0.0.1", int(port)))
    s.sendall(f"{SIZE} {p.kvs}".encode())
    s.close()
p.barrier()
p.finalize()
"""


@pytest.mark.parametrize("nodes", NODES, ids=["1 node", "2 nodes"])
def test_children_find_their_parent_and_meet_it(ranks, nodes):
    child = ranks.program(CHILD)
    r = ranks(
        "-n", "2", *nodes,
        f"""
p = Pmi1().init()
p.barrier()
if RANK == 0:
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    answer = p.spawn(({child[0]!r}, 2, {child[1:]!r}, []), ({child[0]!r}, 1, {child[1:]!r}, []),
                     preput=[("PARENT_ROOT_PORT_NAME", str(port))])
    assert answer == "cmd=spawn_result rc=0 errcodes=0,0,0", answer
    s, _ = server.accept()
    size, kvs = s.recv(1000).decode().split()
    assert kvs != p.kvs
    say("children", size)
p.barrier()
p.finalize()
""")
    assert r.lines == ["0: children 3"], r


def test_pmi2_spawns_too(ranks):
    child = ranks.program("""
p = Pmi2().init()
assert "spawner-jobid=" in p.full, p.full
say("child", p.get("note"), sys.argv[1])
p.fence()
p.finalize()
""")
    r = ranks(
        "-n", "1",
        f"""
p = Pmi2().init()
cmd = {child[0]!r}
args = {child[1:]!r} + ["a;;b"]
text = f"cmd=spawn;ncmds=1;preputcount=1;ppkey0=note;ppval0=hi;subcmd={{cmd}};maxprocs=2;argc={{len(args)}};"
text += "".join(f"argv{{i}}={{a}};" for i, a in enumerate(args)) + "infokeycount=0;"
answer = p.ask(text)
assert answer.startswith("cmd=spawn-response;rc=0;jobid="), answer
assert answer.endswith(";nerrs=2;err0=0;err1=0;"), answer
p.finalize()
""")
    assert sorted(r.lines) == ["0: child hi a;b", "1: child hi a;b"], r


def test_arguments_and_info_arrive(ranks, tmp_path):
    (tmp_path / "there").mkdir()
    child = ranks.program("""
p = Pmi1().init()
say(sys.argv[1:], os.getcwd().split("/")[-1], os.environ.get("COLOUR"), os.environ.get("SHAPE"))
p.finalize()
""")
    r = ranks(
        "-n", "1",
        f"""
p = Pmi1().init()
answer = p.spawn(({child[0]!r}, 1, {child[1:]!r} + ["a b", "c\\\\d", "e=f"],
                  [("wdir", {str(tmp_path / "there")!r}), ("env", "COLOUR=red\\\\nSHAPE=round".encode().decode("unicode_escape").split(chr(10))[0])]))
assert answer == "cmd=spawn_result rc=0 errcodes=0", answer
p.finalize()
""")
    assert r.lines == ["0: ['a b', 'c\\\\d', 'e=f'] there red None"], r


INFOS = [
    ([("host", "b")], "0: b"),
    ([("hosts", "b")], "0: b"),
    ([("soft", "1:4"), ("unknown", "x y")], "0: "),
    ([("map-by", "node"), ("bind-to", "none")], "0: "),
]


@pytest.mark.parametrize("infos, says", INFOS, ids=[i[0][0] for i, _ in INFOS])
def test_info_keys(ranks, infos, says):
    child = ranks.program('p = Pmi1().init()\nsay(os.environ.get("PMI_HOSTNAME", ""))\np.finalize()\n')
    r = ranks(
        "-n", "1", "--hosts", "a,b",
        f"""
p = Pmi1().init()
assert p.spawn(({child[0]!r}, 1, {child[1:]!r}, {infos!r})) == "cmd=spawn_result rc=0 errcodes=0"
p.finalize()
""")
    assert len(r.lines) == 1 and r.lines[0].startswith(says), r


def test_a_program_is_found_by_path(ranks, tmp_path):
    tool = tmp_path / "bin/tool"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho found $1\n")
    tool.chmod(0o755)
    r = ranks(
        "-n", "1",
        f"""
p = Pmi1().init()
assert p.spawn(("tool", 1, ["me"], [("path", {str(tool.parent)!r})])) == "cmd=spawn_result rc=0 errcodes=0"
p.finalize()
""")
    assert r.lines == ["found me"], r


@pytest.mark.parametrize("info", [("host", "nowhere,,"), ("soft", "some"), ("env", "novalue"), ("bind-to", "teapot"),
                                  ("map-by", "teapot")], ids=lambda i: i[0])
def test_a_wrong_info_value_is_refused_with_a_reason(ranks, info):
    r = ranks(
        "-n", "1",
        f"""
p = Pmi1().init()
say(p.spawn(("/bin/true", 1, [], [{info!r}])))
p.finalize()
""")
    assert len(r.lines) == 1 and r.lines[0].startswith("0: cmd=spawn_result rc=1 msg="), r


def test_a_missing_program_is_an_error_code_and_not_a_dead_job(ranks):
    r = ranks(
        "-n", "2",
        """
p = Pmi1().init()
if RANK == 0:
    answer = p.spawn(("/nonexistent/prog", 2, [], []))
    say(answer)
p.barrier()
p.finalize()
say("alive")
""")
    assert sorted(r.lines)[-1] == "1: alive" and "0: alive" in r.lines, r
    answer = [line for line in r.lines if "spawn_result" in line][0]
    codes = answer.split("errcodes=")[1].split(",") if "errcodes=" in answer else []
    assert "rc=1 msg=" in answer or (len(codes) == 2 and all(int(c) for c in codes)), r


def test_names_join_two_jobs(ranks):
    server = ranks.program("""
p = Pmi1().init()
s = socket.create_server(("127.0.0.1", 0))
assert p.ask(f"cmd=publish_name service=meet port=tag#0$port#{s.getsockname()[1]}$") == "cmd=publish_result rc=0"
c, _ = s.accept()
say("met", c.recv(100).decode())
assert p.ask("cmd=unpublish_name service=meet") == "cmd=unpublish_result rc=0"
p.finalize()
""")
    r = ranks(
        "-n", "1",
        f"""
p = Pmi1().init()
assert p.spawn(({server[0]!r}, 1, {server[1:]!r}, [])) == "cmd=spawn_result rc=0 errcodes=0"
while "rc=0" not in (answer := p.ask("cmd=lookup_name service=meet")):
    time.sleep(0.01)
s = socket.create_connection(("127.0.0.1", int(answer.split("port#")[1].strip("$"))))
s.sendall(b"hello")
p.finalize()
""")
    assert r.lines == ["0: met hello"], r


def test_names_end_with_their_job(ranks):
    child = ranks.program("""
p = Pmi1().init()
p.ask("cmd=publish_name service=mine port=p")
while "rc=0" not in p.ask("cmd=lookup_name service=seen"):
    time.sleep(0.01)
p.finalize()
""")
    r = ranks(
        "-n", "1",
        f"""
p = Pmi1().init()
assert p.spawn(({child[0]!r}, 1, {child[1:]!r}, [])) == "cmd=spawn_result rc=0 errcodes=0"
while "rc=0" not in p.ask("cmd=lookup_name service=mine"):
    time.sleep(0.01)
p.ask("cmd=publish_name service=seen port=p")
while "rc=1" not in p.ask("cmd=lookup_name service=mine"):
    time.sleep(0.01)
say("gone")
p.finalize()
""")
    assert r.lines == ["0: gone"], r


@pytest.mark.parametrize("block, says", [
    ("nprocs=0\nexecname=a\n", "the_number_of_processes_is_missing_or_invalid"),
    ("nprocs=1\n", "the_program_is_missing"),
    ("nprocs=1\nexecname=a\nargcnt=3\narg1=x\n", "an_argument_is_missing"),
    ("nprocs=1\nexecname=a\ninfo_num=1\n", "an_info_or_preput_key_is_missing"),
])
def test_a_malformed_spawn_is_refused(ranks, block, says):
    r = ranks(
        "-n", "1",
        f"""
p = Pmi1().init()
p.send(("mcmd=spawn\\n" + {block!r} + "totspawns=1\\nspawnssofar=1\\nendcmd\\n").encode())
say(p.line())
p.finalize()
""")
    assert r.lines == [f"0: cmd=spawn_result rc=1 msg={says}"], r


def test_all_or_nothing_is_spawned(ranks):
    """One of two programs is missing: the other's processes, which would wait for it, are gone too."""
    child = ranks.program('p = Pmi1().init()\np.barrier()\nsay("never")\n')
    r = ranks(
        "-n", "1", "--hosts", "a,b",
        f"""
p = Pmi1().init()
answer = p.spawn(({child[0]!r}, 2, {child[1:]!r}, []), ("/nonexistent/prog", 1, [], []))
codes = answer.split("errcodes=")[1].split(",")
assert len(codes) == 3 and all(int(c) for c in codes), answer
p.finalize()
say("alive")
""")
    assert r.lines == ["0: alive"] and r.err == "", r
