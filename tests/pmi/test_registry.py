# SPDX-License-Identifier: BSD-3-Clause
"""Published names across mpiexec commands that share nothing but muster-names, as those of several machines do."""

import os
import signal
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
