# SPDX-License-Identifier: BSD-3-Clause
"""Published names across mpiexec commands of one user: found, unique, gone with whoever has published them; and programs
that were started without mpiexec."""

import contextlib
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import MPIEXEC, Started, clean_env, on_runtime
from processes import PATIENCE, SANITIZED, tell, until
from test_asks import ASKS
from test_own import VERSIONS


def said(job, text):
    """Reads what a started job prints up to that line."""
    while (line := job.stdout.readline().decode()) and line.strip() != text:
        pass
    assert line, (job.stderr.read().decode(), text)


def ended(job):
    out, err = job.communicate(timeout=2 * PATIENCE)
    assert job.returncode == 0, (out, err)
    return out.decode().splitlines()


@pytest.mark.parametrize("version", VERSIONS)
def test_found_by_another_mpiexec_until_its_publisher_is_gone(mpiexec, tmp_path, version):
    env = {"MUSTER_PMI": version}
    job = mpiexec.start("--hosts", "a,b", "-n", "2", ASKS, "publish", "a name", "port; 1", "touch", "up", "file", "down", env=env)
    until(lambda: (tmp_path / "up").exists())
    r = mpiexec.ok("-n", "1", ASKS, "lookup", "a name", "publish", "a name", "x", "unpublish", "a name", "lookup", "a name", env=env)
    assert r.lines == ["ok port; 1", "service", "service", "ok port; 1"] and "of another" in r.err.replace("_", " "), r
    tell(tmp_path, "down")
    ended(job)
    r = mpiexec.ok("-n", "1", ASKS, "lookup", "a name", "publish", "a name", "x", "lookup", "a name", env=env)
    assert r.lines == ["name", "ok ", "ok x"], r
    assert not (tmp_path / ".names").exists()


def test_the_list(mpiexec, tmp_path):
    assert mpiexec.ok("--names").out == "" and json.loads(mpiexec.ok("--names", "json").out) == []
    job = mpiexec.start("-n", "1", ASKS, "publish", "b\x1b[2J", "port", "publish", "a name", "there", "touch", "up", "file", "down")
    until(lambda: (tmp_path / "up").exists())
    lines = mpiexec.ok("--names").lines
    assert [line.split("rank")[0].strip() for line in lines] == ["a name", "b\\x1b[2J"], lines
    assert all(f"rank 0       job 0    mpiexec {job.pid}" in line for line in lines), lines
    first = json.loads(mpiexec.ok("--names=json").out)[0]
    assert first["name"] == "a name" and first["port"] == "there" and first["mpiexec"] == job.pid and first["since"], first
    tell(tmp_path, "down")
    ended(job)
    assert mpiexec("--names=xml").code != 0


def test_who_waits_is_told(mpiexec, tmp_path):
    waits = mpiexec.start("-n", "1", ASKS, "touch", "waits", "wait", "late", "1000")
    until(lambda: (tmp_path / "waits").exists())
    job = mpiexec.start("-n", "1", ASKS, "publish", "late", "here", "file", "down")
    assert ended(waits) == ["ok here"]
    tell(tmp_path, "down")
    ended(job)


def test_a_name_goes_with_its_process_and_not_only_with_its_job(mpiexec, tmp_path):
    """The first application ends; the job goes on."""
    job = mpiexec.start("-n", "1", "env", "-u", "MUSTER_NODE_FD", "sh", "-c",
                        f"{ASKS} publish gone soon touch up file down; : > over; until [ -e end ]; do sleep 0.02; done")
    until(lambda: (tmp_path / "up").exists())
    assert mpiexec.ok("-n", "1", ASKS, "lookup", "gone").lines == ["ok soon"]
    tell(tmp_path, "down")
    until(lambda: (tmp_path / "over").exists())
    tell(tmp_path, "end")
    ended(job)
    assert mpiexec.ok("-n", "1", ASKS, "lookup", "gone").lines == ["name"]


@pytest.mark.parametrize("who", ["mpiexec", "rank"])
def test_killed_with_nine(mpiexec, tmp_path, who):
    job = mpiexec.start("-n", "1", ASKS, "publish", "mortal", "here", "pid", "touch", "up", "file", "never")
    until(lambda: (tmp_path / "up").exists())
    job.stdout.readline()
    rank = int(job.stdout.readline())
    os.kill(job.pid if who == "mpiexec" else rank, signal.SIGKILL)
    job.wait(timeout=PATIENCE)
    r = mpiexec.ok("-n", "1", ASKS, "lookup", "mortal", "publish", "mortal", "anew", "lookup", "mortal")
    assert r.lines == ["name", "ok ", "ok anew"], r
    until(lambda: not (tmp_path / ".names").exists())


def test_between_the_library_and_programs_that_speak_pmi_themselves(mpiexec, ranks, tmp_path):
    job = mpiexec.start("-n", "1", ASKS, "publish", "ours", "a-port", "touch", "up", "wait", "theirs", "1000")
    until(lambda: (tmp_path / "up").exists())
    r = ranks.mpiexec.start("-n", "1", *ranks.program("""
p = Pmi1().init()
say(p.ask("cmd=lookup_name service=ours"))
say(p.ask("cmd=publish_name service=theirs port=b-port"))
while not os.path.exists("seen"):
    time.sleep(0.02)
p.finalize()
"""))
    assert ended(job) == ["ok ", "ok b-port"]
    tell(tmp_path, "seen")
    assert ended(r) == ["0: cmd=lookup_result rc=0 port=a-port", "0: cmd=publish_result rc=0"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_another_user_sees_nothing(mpiexec, tmp_path):
    """The directory is private, whatever those above it are. Where another user has made it first, this one is told."""
    job = mpiexec.start("-n", "1", ASKS, "publish", "secret", "here", "touch", "up", "file", "down")
    until(lambda: (tmp_path / "up").exists())
    assert (tmp_path / ".names").stat().st_mode & 0o777 == 0o700
    tell(tmp_path, "down")
    ended(job)
    (tmp_path / ".names").mkdir(mode=0o700)
    os.chown(tmp_path / ".names", 65534, 65534)
    r = mpiexec.ok("-n", "1", ASKS, "publish", "secret", "here", "lookup", "secret")
    assert r.lines == ["service", "name"] and "not a private directory" in r.err, r


def test_thousands_of_names(mpiexec, tmp_path):
    """And several ranks that look them up beside one another."""
    n = 500 if SANITIZED else 2000
    job = mpiexec.start("-n", "1", ASKS, "many", str(n), "touch", "up", "file", "down")
    until(lambda: (tmp_path / "up").exists(), 4 * PATIENCE)
    r = mpiexec.ok("-n", "4", ASKS, "find", str(n))
    assert r.lines == [f"{n // 10} found"] * 4, r
    tell(tmp_path, "down")
    ended(job)
    assert not (tmp_path / ".names").exists()


# --- programs that were started by themselves


@pytest.fixture
def alone(tmp_path):
    """Runs asks without mpiexec, in a session of its own."""
    running = []

    def start(*words, **env):
        p = Started([ASKS, *words], env=clean_env(tmp_path, **{"MUSTER_MPIEXEC": MPIEXEC, **env}), cwd=tmp_path, stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        running.append(p)
        return p
    yield start
    for p in running:
        p.kill()
        p.wait()
        p.stdout.close(), p.stderr.close()


def servers(tmp_path):
    """Processes of Muster that work in the directory of this test."""
    def here(pid):
        try:
            return os.readlink(f"/proc/{pid}/cwd") == str(tmp_path) and \
                Path(f"/proc/{pid}/comm").read_text().strip() in ("mpiexec", "muster-proxy", "asks")
        except OSError:
            return False
    return [int(p) for p in filter(str.isdigit, os.listdir("/proc")) if here(p)]


def test_alone_a_program_starts_nothing_that_it_does_not_need(alone, tmp_path):
    p = alone("touch", "up", "file", "down")
    until(lambda: (tmp_path / "up").exists())
    assert servers(tmp_path) == [p.pid]
    tell(tmp_path, "down")
    assert ended(p) == []


def test_alone_a_program_publishes_and_spawns(alone, mpiexec, tmp_path):
    p = alone("publish", "mine", "here", "spawn", "2", ASKS, "word", "touch", "up", "file", "down")
    until(lambda: (tmp_path / "up").exists())
    assert mpiexec.ok("-n", "1", ASKS, "lookup", "mine").lines == ["ok here"]
    tell(tmp_path, "down")
    assert sorted(ended(p)) == ["ok ", "ok 0 0 ", *(f"spawned 1, {i} of 2, gift 1, deep blue, word" for i in (0, 1))]
    until(lambda: not servers(tmp_path))
    assert not (tmp_path / ".names").exists()


def test_alone_its_server_leaves_with_it(alone, mpiexec, tmp_path):
    """However it ends; and nothing of the server was its child, or in its session."""
    p = alone("publish", "mine", "here", "touch", "up", "file", "never")
    until(lambda: (tmp_path / "up").exists())
    for pid in set(servers(tmp_path)) - {p.pid}:
        stat = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        assert int(stat[1]) != p.pid and int(stat[3]) != p.pid, stat
    p.send_signal(signal.SIGKILL)
    p.wait(timeout=PATIENCE)
    until(lambda: not servers(tmp_path))
    assert mpiexec.ok("-n", "1", ASKS, "lookup", "mine").lines == ["name"]


def test_alone_it_survives_its_server(alone, tmp_path):
    p = alone("publish", "mine", "here", "touch", "up", "file", "down", "publish", "more", "here")
    until(lambda: (tmp_path / "up").exists())
    for pid in set(servers(tmp_path)) - {p.pid}:
        with contextlib.suppress(ProcessLookupError):  # the end of one is that of others
            os.kill(pid, signal.SIGKILL)
    until(lambda: servers(tmp_path) == [p.pid])
    tell(tmp_path, "down")
    assert ended(p) == ["ok ", "service"]


def test_alone_without_an_mpiexec(alone):
    p = alone("publish", "mine", "here", "spawn", "1", ASKS, "word", MUSTER_MPIEXEC="/nowhere/mpiexec")
    out, err = p.communicate(timeout=PATIENCE)
    assert p.returncode == 0 and out.decode().splitlines() == ["service", "spawn"], (out, err)
    assert b"MUSTER_MPIEXEC=/nowhere/mpiexec" in err, err


def test_alone_with_something_else_in_its_place(alone):
    p = alone("publish", "mine", "here", MUSTER_MPIEXEC="/bin/true")
    out, err = p.communicate(timeout=PATIENCE)
    assert p.returncode == 0 and out.decode().splitlines() == ["service"] and b"before it could serve" in err, (out, err)


ALONE = """
#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    MPI_Comm parent, children;
    int x = 0, rank;
    char port[MPI_MAX_PORT_NAME];
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_get_parent(&parent);
    if (parent != MPI_COMM_NULL) {
        MPI_Bcast(&x, 1, MPI_INT, 0, parent);
        printf("child %d: %d\\n", rank, x);
        MPI_Comm_disconnect(&parent);
    } else {
        MPI_Open_port(MPI_INFO_NULL, port);
        MPI_Publish_name("alone", MPI_INFO_NULL, port);
        MPI_Lookup_name("alone", MPI_INFO_NULL, port);
        MPI_Unpublish_name("alone", MPI_INFO_NULL, port);
        MPI_Close_port(port);
        MPI_Comm_spawn(argv[0], MPI_ARGV_NULL, 2, MPI_INFO_NULL, 0, MPI_COMM_SELF, &children, MPI_ERRCODES_IGNORE);
        x = 7;
        MPI_Bcast(&x, 1, MPI_INT, MPI_ROOT, children);
        MPI_Comm_disconnect(&children);
        printf("parent\\n");
    }
    MPI_Finalize();
    return 0;
}
"""


def test_alone_a_program_finds_the_mpiexec_that_came_with_its_library(programs, tmp_path):
    p = Started([on_runtime(programs, ALONE)], env=clean_env(tmp_path), cwd=tmp_path, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = p.communicate(timeout=2 * PATIENCE)
    assert p.returncode == 0 and sorted(out.decode().splitlines()) == ["child 0: 7", "child 1: 7", "parent"], (out, err)
    until(lambda: not (tmp_path / ".names").exists())
