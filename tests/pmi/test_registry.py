# SPDX-License-Identifier: BSD-3-Clause
"""Published names across mpiexec commands that share nothing but muster-names, as those of several machines do."""

import hmac
import json
import os
import signal
import socket
import struct
import subprocess

import pytest

from conftest import Runner, Started, TREE, clean_env
from processes import PATIENCE, tell, until
from test_asks import ASKS
from test_names import ended
from test_own import VERSIONS


class Server:
    """muster-names at a port of its own, and its key."""

    def __init__(self, directory):
        self.directory, self.key, self.running = directory, directory / "names.key", []
        self.start()

    def start(self, *words):
        self.process = Started([TREE.names, "--iface", "127.0.0.1", "--key", self.key, *words], env=clean_env(self.directory),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        self.running.append(self.process)
        line = self.process.stdout.readline().decode()
        assert line.startswith("MUSTER_NAMES_SERVER=127.0.0.1:"), (line, self.process.stderr.read() if not line else b"")
        self.address = line.strip().partition("=")[2]
        self.port = int(self.address.rpartition(":")[2])

    def again(self):
        self.start("--port-range", f"{self.port}:{self.port}")

    def kill(self, sig=signal.SIGKILL):
        self.process.send_signal(sig)
        return self.process.wait(timeout=PATIENCE)

    def env(self, **more):
        return {"MUSTER_NAMES_SERVER": self.address, "MUSTER_NAMES_KEY": self.key, **more}

    def end(self):
        for p in self.running:
            p.kill()
            p.wait()
            p.stdout.close(), p.stderr.close()


class Machine(Runner):
    """mpiexec in a directory of its own, for names too, with what the server has said to set."""

    def __init__(self, cwd, server):
        cwd.mkdir()
        super().__init__(cwd)
        self.server = server

    def start(self, *args, env=None, **kw):
        return super().start(*args, env={**self.server.env(), **(env or {})}, **kw)


@pytest.fixture
def server(tmp_path):
    s = Server(tmp_path)
    yield s
    s.end()


@pytest.fixture
def one(tmp_path, server):
    m = Machine(tmp_path / "one", server)
    yield m
    m.end()


@pytest.fixture
def two(tmp_path, server):
    m = Machine(tmp_path / "two", server)
    yield m
    m.end()


def publishes(machine, name, port, *then, **kw):
    """A job that has published, and then waits for the file `down`."""
    job = machine.start("-n", "1", ASKS, "publish", name, port, "touch", "up", "file", "down", *then, **kw)
    until(lambda: (machine.cwd / "up").exists())
    return job


def finish(machine, job):
    tell(machine.cwd, "down")
    return ended(job)


@pytest.mark.parametrize("version", VERSIONS)
def test_found_on_another_machine_until_its_publisher_is_gone(one, two, version):
    env = {"MUSTER_PMI": version}
    job = publishes(one, "a name", "port; 1", env=env)
    r = two.ok("-n", "1", ASKS, "lookup", "a name", "publish", "a name", "x", "unpublish", "a name", "lookup", "a name", env=env)
    assert r.lines == ["ok port; 1", "service", "service", "ok port; 1"] and "of another" in r.err.replace("_", " "), r
    assert finish(one, job) == ["ok "]
    r = two.ok("-n", "1", ASKS, "lookup", "a name", "publish", "a name", "x", "lookup", "a name", "unpublish", "a name", "lookup",
               "a name", env=env)
    assert r.lines == ["name", "ok ", "ok x", "ok ", "name"], r
    assert not (one.cwd / ".names").exists() and not (two.cwd / ".names").exists()


def test_the_list_has_those_of_all_machines(one, two):
    job = publishes(one, "b\x1b[2J", "a port", env={})
    other = publishes(two, "a name", "there")
    lines = two.ok("--names").lines
    assert [line.split("rank")[0].strip() for line in lines] == ["a name", "b\\x1b[2J"], lines
    assert all(f"mpiexec {pid} " in line and f" on {os.uname().nodename}" in line for pid, line in zip((other.pid, job.pid), lines)), lines
    first = json.loads(two.ok("--names=json").out)[0]
    assert first["name"] == "a name" and first["port"] == "there" and first["mpiexec"] == other.pid and first["since"], first
    assert first["host"] == os.uname().nodename, first
    finish(one, job), finish(two, other)


def test_those_of_the_directory_are_listed_too(mpiexec, one, server, tmp_path):
    job = mpiexec.start("-n", "1", ASKS, "publish", "near", "here", "touch", "up", "file", "down")
    until(lambda: (tmp_path / "up").exists())
    far = publishes(one, "far", "there")
    r = mpiexec.ok("--names", env=server.env())
    assert [line.split()[0] for line in r.lines] == ["far", "near"] and " on " in r.lines[0] and " on " not in r.lines[1], r
    server.kill()
    r = mpiexec("--names", env=server.env())
    assert r.code == 1 and len(r.lines) == 1 and r.err.count("\n") == 1 and server.address in r.err, r
    finish(one, far)
    tell(tmp_path, "down")
    ended(job)


def test_who_waits_is_told(one, two):
    waits = two.start("-n", "1", ASKS, "touch", "waits", "wait", "late", "1000", "wait", "never", "0.05")
    until(lambda: (two.cwd / "waits").exists())
    job = publishes(one, "late", "here")
    assert ended(waits) == ["ok here", "name"]
    finish(one, job)


@pytest.mark.parametrize("who", ["mpiexec", "rank"])
def test_killed_with_nine(one, two, who):
    job = one.start("-n", "1", ASKS, "publish", "mortal", "here", "pid", "touch", "up", "file", "never")
    until(lambda: (one.cwd / "up").exists())
    job.stdout.readline()
    rank = int(job.stdout.readline())
    os.kill(job.pid if who == "mpiexec" else rank, signal.SIGKILL)
    job.wait(timeout=PATIENCE)
    until(lambda: two.ok("-n", "1", ASKS, "lookup", "mortal").lines == ["name"])
    assert two.ok("-n", "1", ASKS, "publish", "mortal", "anew", "lookup", "mortal").lines == ["ok ", "ok anew"]


# --- the server


def test_nobody_listens(one, server):
    """Said once, and the job goes on."""
    server.kill()
    r = one.ok("-n", "1", ASKS, "publish", "a", "x", "lookup", "a", "wait", "a", "0.2", "unpublish", "a")
    assert r.lines == ["service", "name", "name", "service"], r
    said = [line for line in r.err.splitlines() if line.startswith("mpiexec: ")]
    assert said == [f"mpiexec: warning: unable to connect to muster-names at {server.address}: Connection refused"], r


def test_the_server_is_killed_and_comes_back(one, two, server):
    """Names of jobs that run are there again, and who waits finds them."""
    job = publishes(one, "lasting", "here")
    other = two.start("-n", "1", ASKS, "lookup", "lasting", "touch", "found", "file", "lost", "lookup", "lasting", "publish", "more",
                      "x", "touch", "failed", "wait", "lasting", "1000", "publish", "more", "x")
    until(lambda: (two.cwd / "found").exists())
    server.kill()
    tell(two.cwd, "lost")
    until(lambda: (two.cwd / "failed").exists())
    server.again()
    out, err = other.communicate(timeout=2 * PATIENCE)
    assert other.returncode == 0 and out.decode().splitlines() == ["ok here", "name", "service", "ok here", "ok "], (out, err)
    said = [line for line in err.decode().splitlines() if line.startswith("mpiexec: ")]
    assert len(said) == 2 and server.address in said[0] and said[1] == f"mpiexec: muster-names at {server.address} answers again", err
    assert finish(one, job) == ["ok "]


def test_the_server_ends_by_a_signal(server):
    assert server.kill(signal.SIGTERM) == 0


def test_it_stands_still(one, server):
    """Stopped, it answers nobody: an error after a while."""
    job = publishes(one, "a", "x", "publish", "b", "x")
    server.process.send_signal(signal.SIGSTOP)
    assert finish(one, job) == ["ok ", "service"]


# --- keys


def test_another_key(one, two, server, tmp_path):
    """And one that is none; each is said in one line."""
    job = publishes(one, "a name", "here")
    keys = {"other": ("0" * 64 + "\n", 0o600, "does not take the key in"), "none": ("secret\n", 0o600, "is not a line of 64"),
            "open": (server.key.read_text(), 0o644, "others may read"), "missing": (None, 0, "there is no key file")}
    for name, (text, mode, why) in keys.items():
        path = tmp_path / f"{name}.key"
        if text is not None:
            path.write_text(text)
            path.chmod(mode)
        r = two.ok("-n", "1", ASKS, "lookup", "a name", "publish", "other", "x", env={"MUSTER_NAMES_KEY": path})
        said = [line for line in r.err.splitlines() if line.startswith("mpiexec: ")]
        assert r.lines == ["name", "service"] and len(said) == 1 and why in said[0] and str(path) in said[0], r
    finish(one, job)


def test_the_key_is_made_once_and_private(tmp_path):
    """Where several begin at once, too."""
    made = [Server.__new__(Server) for _ in range(4)]
    for s in made:
        s.directory, s.key, s.running = tmp_path, tmp_path / "some/where/names.key", []
    started = [subprocess.Popen([TREE.names, "--iface", "127.0.0.1", "--key", made[0].key], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, env=clean_env(tmp_path)) for _ in range(4)]
    keys = {(p.stdout.readline()[:20], made[0].key.read_text()) for p in started}
    for p in started:
        p.terminate()
        assert p.wait(timeout=PATIENCE) == 0
        p.stdout.close()
    assert len(keys) == 1 and len(made[0].key.read_text()) == 65
    assert made[0].key.stat().st_mode & 0o777 == 0o600 and made[0].key.parent.stat().st_mode & 0o777 == 0o700
    assert [p.name for p in made[0].key.parent.iterdir()] == ["names.key"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has files of another user")
def test_a_key_of_another_user_is_refused(tmp_path):
    (tmp_path / "names.key").write_text("0" * 64)
    (tmp_path / "names.key").chmod(0o600)
    os.chown(tmp_path / "names.key", 65534, 65534)
    r = subprocess.run([TREE.names, "--key", tmp_path / "names.key"], capture_output=True, text=True, timeout=PATIENCE)
    assert r.returncode == 1 and "belongs to another user" in r.stderr, r


# --- strangers


def connected(server):
    s = socket.socket()
    s.settimeout(PATIENCE)
    s.connect(("127.0.0.1", server.port))
    return s


def test_strangers_keep_nobody_out(one, two, server):
    """More than are kept: some say nothing, some say something else, some go away."""
    kept = []
    for n in range(600):
        s = connected(server)
        if n % 3 == 1:
            s.sendall(b"GET / HTTP/1.1\r\n\r\n" + b"x" * 400)
        kept.append(s) if n % 2 else s.close()
    job = publishes(one, "a name", "here")
    assert two.ok("-n", "1", ASKS, "lookup", "a name").lines == ["ok here"]
    finish(one, job)
    for s in kept:
        s.close()


def test_a_stranger_is_told_nothing(server):
    """Random bytes, and the end; the server's own proof of an earlier connection is none."""
    with connected(server) as s:
        first = s.recv(40, socket.MSG_WAITALL)
        assert len(first) == 40 and first[:6] == b"MUSTER"
        s.sendall(first[:8] + bytes(32) + bytes(32) + bytes([1]) + b"x" + bytes(254))
        assert s.recv(1) == b""


def proven(server):
    """A connection that has shown the key."""
    s = connected(server)
    magic, theirs = (first := s.recv(40, socket.MSG_WAITALL))[:8], first[8:]
    name, ours = bytes([1]) + b"x" + bytes(254), bytes(32)
    key = server.key.read_bytes().strip()
    prove = lambda side: hmac.digest(key, magic + side + theirs + ours + name, "sha256")  # noqa: E731
    s.sendall(magic + ours + prove(b"p") + name)
    assert s.recv(32, socket.MSG_WAITALL) == prove(b"m")
    return s


def frame(kind, payload, length=None):
    return struct.pack("<IHHI", len(payload) if length is None else length, kind, 0, 0) + payload


HELLO, PUBLISH, LOOKUP, DONE = 1, 2, 3, 7
GREETING = frame(HELLO, struct.pack("<II", 1, 1) + b"x")


@pytest.mark.parametrize("sent", [
    b"x" * 12, frame(99, b""), frame(PUBLISH, b""), GREETING + frame(PUBLISH, b"short"), GREETING + frame(LOOKUP, b"x" * 5000),
    frame(HELLO, b"", 1 << 31), GREETING + frame(DONE, bytes(16)), frame(HELLO, struct.pack("<II", 77, 1) + b"x"),
    GREETING + frame(LOOKUP, struct.pack("<QBI", 1, 0, 0xFFFFFFFF)),
], ids=["text", "unknown", "no greeting", "short", "long", "too long", "an answer", "version", "length"])
def test_garbage_of_one_that_has_the_key_ends_its_link(one, server, sent):
    with proven(server) as s:
        s.sendall(sent)
        while s.recv(4096):
            pass
    assert one.ok("-n", "1", ASKS, "publish", "a", "x", "lookup", "a").lines == ["ok ", "ok x"]


# --- the program


def names(*words, **kw):
    return subprocess.run([TREE.names, *words], capture_output=True, text=True, timeout=PATIENCE, **kw)


def test_its_words(tmp_path):
    assert "Usage: muster-names" in names("--help").stdout and names("--version").stdout.startswith("muster-names ")
    for words in (["--port-range", "0"], ["--port-range", "9:8"], ["--port-range", "1:70000"], ["word"], ["--no-such"],
                  ["--iface", "nowhere0", "--key", tmp_path / "key"]):
        r = names(*words)
        assert r.returncode == 1 and "muster-names: " in r.stderr and r.stdout == "", r


def test_in_the_background(one, tmp_path):
    """Its caller's pipes end; it goes on."""
    r = names("--background", "--iface", "127.0.0.1", "--key", tmp_path / "names.key", env=clean_env(tmp_path))
    assert r.returncode == 0 and r.stdout.startswith("MUSTER_NAMES_SERVER=127.0.0.1:"), r
    (pid,) = [int(p) for p in filter(str.isdigit, os.listdir("/proc")) if is_server(p, tmp_path)]
    try:
        r = one.ok("-n", "1", ASKS, "publish", "a", "x", "lookup", "a", env={"MUSTER_NAMES_SERVER": r.stdout.strip().partition("=")[2]})
        assert r.lines == ["ok ", "ok x"], r
    finally:
        os.kill(pid, signal.SIGTERM)
    until(lambda: not is_server(pid, tmp_path))


def is_server(pid, key):
    try:
        words = open(f"/proc/{pid}/cmdline").read().split("\0")
    except OSError:
        return False
    return "--background" in words and str(key / "names.key") in words


# --- other libraries


NAMES = r"""
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    char port[MPI_MAX_PORT_NAME] = "";
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    if (argc > 2) {
        int rc = MPI_Publish_name(argv[1], MPI_INFO_NULL, argv[2]);
        fclose(fopen("up", "w"));
        while (access("down", F_OK))
            usleep(10000);
        printf("%d %d\n", rc, MPI_Unpublish_name(argv[1], MPI_INFO_NULL, argv[2]));
    } else {
        int rc = MPI_Lookup_name(argv[1], MPI_INFO_NULL, port);
        printf("%s\n", rc == MPI_SUCCESS ? port : "none");
    }
    MPI_Finalize();
    return 0;
}
"""


@pytest.mark.parametrize("publisher, finder", [("ompicc", "mpicc"), ("mpicc", "ompicc"), ("own_cc", "ompicc")])
def test_between_programs_of_other_libraries(request, one, two, publisher, finder):
    publisher, finder = (request.getfixturevalue(cc)(NAMES) for cc in (publisher, finder))
    job = one.start("-n", "1", publisher, "theirs", "a-port")
    until(lambda: (one.cwd / "up").exists())
    assert two.ok("-n", "1", finder, "theirs").lines == ["a-port"]
    tell(one.cwd, "down")
    assert ended(job) == ["0 0"]
    assert two.ok("-n", "1", finder, "theirs").lines == ["none"]
