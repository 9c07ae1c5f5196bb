# SPDX-License-Identifier: BSD-3-Clause
"""How proxies connect back: where mpiexec listens, who gets in, and who knows the secret."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading

import pytest

from conftest import TREE
from processes import PATIENCE, until

WAIT = "sh -c ': > here.$PMI_RANK; until [ -e end ]; do sleep 0.05; done'"
SRUN = """#!/bin/sh
env -0 > srun.env
printf '%s\\n' "$@" > srun.args.new && mv srun.args.new srun.args
until [ -e go ]; do sleep 0.05; done
exec {srun} "$@"
"""
# What strangers do: nothing; talk nonsense; answer with a wrong proof, by a name that is expected; leave at once.
FLOOD = """
import os, resource, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (12000, 12000))
address = (sys.argv[1], int(sys.argv[2]))
held, refused = [], 0
wrong = b"MUSTER\\0\\1" + os.urandom(64) + b"\\2h1" + bytes(253)
for i in range(10000):
    try:
        s = socket.create_connection(address, 20)
    except ConnectionRefusedError:
        refused += 1
        if refused > 100:
            break # all are in
        continue
    except ConnectionResetError:
        continue # it has just closed
    try:
        if i % 4 == 1:
            s.sendall(os.urandom(400))
        elif i % 4 == 2:
            s.sendall(wrong)
        elif i % 4 == 3:
            s.close()
    except OSError:
        pass
    if i == 6000:
        open("go", "w").close()
    held.append(s)
print(len(held))
"""


@pytest.fixture
def gate(jobs):
    """A job whose srun waits for the file `go`, and its mpiexec's address."""
    bin = jobs.cwd / "bin"
    bin.mkdir()
    (bin / "srun").write_text(SRUN.format(srun=shutil.which("srun")))
    (bin / "srun").chmod(0o755)
    jobs.path = {"PATH": f"{bin}:{os.environ['PATH']}"}
    return jobs


def begin(gate, options=""):
    p = gate.start(f"$M {options} {WAIT}", "-N3", "-n3", env=gate.path)
    until(lambda: (gate.cwd / "srun.args").exists() or p.poll() is not None)
    assert p.poll() is None, p.communicate()
    address, port = (gate.cwd / "srun.args").read_text().split()[-1].rsplit(":", 1)
    return p, address, int(port)


def secret(gate):
    (line,) = [v for v in (gate.cwd / "srun.env").read_bytes().split(b"\0") if v.startswith(b"MUSTER_LINK_SECRET=")]
    return line.split(b"=")[1]


def go(gate):
    (gate.cwd / "go").touch()


def end(gate, p):
    (gate.cwd / "end").touch()
    out, err = p.communicate(timeout=2 * PATIENCE)
    assert p.returncode == 0, err.decode()
    return err.decode()


def mpiexec_pid(gate):
    """Of those on the front, what is mpiexec."""
    for p in gate.rig.front.pids():
        try:
            if os.readlink(f"/proc/{p}/exe").endswith("/mpiexec"):
                return p
        except OSError:
            pass
    raise AssertionError("no mpiexec")


def listens(pid):
    """Where a process does: (address, port)."""
    def sockets(of):
        return {os.readlink(f"/proc/{of}/fd/{fd}") for fd in os.listdir(f"/proc/{of}/fd")}
    parent = pathlib.Path(f"/proc/{pid}/stat").read_text().split()[3]
    inodes = sockets(pid) - sockets(parent)  # salloc leaves a socket of its own to what it starts
    found = []
    for family, table in ((socket.AF_INET, "tcp"), (socket.AF_INET6, "tcp6")):
        for line in pathlib.Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            f = line.split()
            if f[3] == "0A" and f"socket:[{f[9]}]" in inodes:
                host, port = f[1].split(":")
                words = b"".join(bytes.fromhex(host[i:i + 8])[::-1] for i in range(0, len(host), 8))
                found.append((socket.inet_ntop(family, words), int(port, 16)))
    return found


def test_it_listens_at_one_address_until_all_are_in(gate):
    p, address, port = begin(gate)
    pid = mpiexec_pid(gate)
    assert address == gate.rig.front.address
    assert listens(pid) == [(address, port)]
    go(gate)
    gate.here(0, 1, 2)
    assert listens(pid) == []
    end(gate, p)


@pytest.mark.parametrize("options, address", [("--iface eth0", None), ("--iface {}", None), ("", None)],
                         ids=["interface", "address", "variable"])
def test_where_the_user_wants_it(gate, options, address):
    gate.path["MPIEXEC_PORT_RANGE"] = "45100:45110"
    p, address, port = begin(gate, options.format(gate.rig.front.address))
    assert address == gate.rig.front.address and 45100 <= port <= 45110
    go(gate)
    end(gate, p)


def test_a_range_of_ports_that_is_full(gate):
    taken = gate.rig.front.enter("python3", "-c", "import socket\ns = socket.create_server(('10.77.0.254', 45000))\nopen('taken', 'w')\n"
                                 "input()", cwd=gate.cwd)
    with subprocess.Popen(taken, stdin=subprocess.PIPE) as other:
        until((gate.cwd / "taken").exists)
        r = gate("$M --port-range 45000:45000 true", "-N2", "-n2")
        other.communicate(b"\n")
    assert r.code == 1 and "unable to listen on 10.77.0.254 with a port of 45000 to 45000 (--port-range)" in r.err, r


def test_an_interface_that_is_not_there(jobs):
    r = jobs("$M --iface eth7 true", "-N2", "-n2")
    assert r.code == 1 and "--iface eth7: this machine has no such address, nor an interface" in r.err, r


def test_hosts_that_cannot_reach_it(jobs):
    """Each proxy says so, and a line for each host tells it."""
    r = jobs("$M --iface lo true", "-N2", "-n2")
    for host in ("h1", "h2"):
        assert re.search(rf" {host}: unable to connect: to mpiexec at 127.0.0.1:\d+: Connection refused "
                         r"\(is there a firewall in between\?", r.err), r
    assert r.code == 1 and "2 of 2 hosts could not be started" in r.err, r


# --- who gets in

def test_ten_thousand_strangers(gate):
    p, address, port = begin(gate)
    pid = mpiexec_pid(gate)
    most = []
    flood = subprocess.Popen(gate.rig.hosts["h4"].enter("python3", "-c", FLOOD, address, str(port), cwd=gate.cwd),
                             stdout=subprocess.PIPE)
    over = threading.Event()

    def watch():
        while not over.wait(0.02):
            most.append(len(os.listdir(f"/proc/{pid}/fd")))
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        gate.here(0, 1, 2)
        out, _ = flood.communicate(timeout=2 * PATIENCE)
    finally:
        over.set()
        watcher.join()
        flood.kill()
    assert int(out) > 6000 and max(most) < 700  # of 1500 at least that held on
    assert end(gate, p) == ""


def test_a_proxy_with_another_secret(gate):
    """It goes on to ask until nobody listens any more, and is let in never."""
    p, address, port = begin(gate)
    words = gate.rig.hosts["h1"].enter("env", "MUSTER_LINK_SECRET=" + 64 * "0", TREE.proxy, "--call", f"{address}:{port}", "--name",
                                       "h1")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as stranger:
        go(gate)
        gate.here(0, 1, 2)
        out, _ = stranger.communicate(timeout=2 * PATIENCE)
        assert stranger.returncode == 1 and b"proxy(h1): unable to" in out, out
    assert end(gate, p) == ""


def test_a_second_proxy_of_one_name(gate):
    """It knows the secret, and there is no place for it."""
    p, address, port = begin(gate)
    words = gate.rig.hosts["h4"].enter("env", b"MUSTER_LINK_SECRET=" + secret(gate), TREE.proxy, "--call", f"{address}:{port}",
                                       "--name", "h4", cwd=gate.cwd)
    r = subprocess.run(words, capture_output=True, timeout=2 * PATIENCE)
    assert r.returncode == 1, r
    go(gate)
    assert end(gate, p) == ""


def test_a_mpiexec_that_does_not_know_the_secret(rig, tmp_path):
    """What connects back wants a proof as well."""
    fake = ("import os, socket\ns = socket.create_server(('10.77.0.254', 45001))\nopen('up', 'w')\nc, _ = s.accept()\n"
            "c.sendall(b'MUSTER\\0\\1' + os.urandom(32))\nc.recv(1000)\nc.sendall(os.urandom(32))\nc.recv(1000)")
    with subprocess.Popen(rig.front.enter("python3", "-c", fake, cwd=tmp_path)) as server:
        until((tmp_path / "up").exists)
        r = subprocess.run(rig.hosts["h1"].enter("env", "MUSTER_LINK_SECRET=x", TREE.proxy, "--call", "10.77.0.254:45001", "--name", "h1"),
                           capture_output=True, timeout=2 * PATIENCE)
        server.wait()
    assert r.returncode == 1 and b"is not the mpiexec that started this" in r.stderr, r


def test_the_secret_is_nowhere_to_be_read(gate):
    p, _, _ = begin(gate)
    word = secret(gate)
    go(gate)
    gate.here(0, 1, 2)
    assert len(word) == 64
    holders = set()
    for h in gate.rig.all:
        for pid in h.pids():
            d = pathlib.Path(f"/proc/{pid}")
            try:
                assert word not in (d / "cmdline").read_bytes(), pid
                if word in (d / "environ").read_bytes():
                    assert (d / "environ").stat().st_mode & 0o777 == 0o400
                    holders.add((d / "comm").read_text().strip())
            except (FileNotFoundError, ProcessLookupError):
                pass  # one of the others, which has ended meanwhile
    assert holders <= {"srun"}, holders
    for f in gate.slurm.dir.rglob("*"):
        assert not f.is_file() or word not in f.read_bytes(), f
    end(gate, p)
