# SPDX-License-Identifier: BSD-3-Clause
"""Our own runtime on several nodes: their ranks talk over sockets."""

import os
import re
import socket
import threading

import pytest

from conftest import PATIENCE, on_runtime, runtime_program

OTHER = r"""
#include <mpi.h>
#include <stdio.h>
#include <sys/socket.h>

/* How many of the descriptors that it has at birth listen? */
int main(int argc, char **argv)
{
    int rank, n = 0, listens;
    for (int fd = 0; fd < 256; fd++) {
        socklen_t size = sizeof listens;
        n += getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens;
    }
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    printf("%d %d\n", rank, n);
    MPI_Finalize();
    return 0;
}
"""

NEEDS = r"""
#include <mpi.h>
#include <stddef.h>

int main(void)
{
    int x = 0;
    MPI_Init(NULL, NULL);
    MPI_Ssend(&x, 1, MPI_INT, 1, 0, MPI_COMM_WORLD);
    MPI_Finalize();
    return 0;
}
"""


@pytest.fixture(scope="session")
def nodes(programs):
    return runtime_program(programs, "nodes.c")


@pytest.mark.parametrize("by", ["slot", "node"])
@pytest.mark.parametrize("hosts, n", [("a,b", 4), ("a,b,c,d", 8), ("a,b,c,d", 16)])
def test_ranks_of_other_nodes_are_reached(mpiexec, nodes, hosts, n, by):
    each = hosts.count(",") + 1
    r = mpiexec.ok("--hosts", hosts, "--ppn", str(n // each), "--map-by", by, "-n", str(n), nodes, str(each),
                   str(n // each) if by == "slot" else "1")
    assert r.lines == ["fine"] * n, r


def test_nobody_is_asked_where_a_rank_listens(mpiexec, nodes):
    """Nothing goes through the launcher, as it does where a rank has lost the socket that it was given."""
    low = free_ports(2)
    words = ["-vv", "--hosts", "a,b", "--ppn", "1", "-n", "2"]
    r = mpiexec.ok(*words, "--port-range", f"{low}:{low + 1}", nodes, "2", "1")
    assert r.lines == ["fine"] * 2 and "PMI_UP" not in r.err, r
    r = mpiexec.ok(*words, "bash", "-c", 'for fd in {5..60}; do [ ! -S /proc/self/fd/$fd ] || [ $fd = $PMI_FD ] || '
                   'eval "exec $fd>&-"; done; exec "$@"', "sh", nodes, "2", "1")
    assert r.lines == ["fine"] * 2 and "PMI_UP" in r.err, r


@pytest.fixture(scope="session")
def partings(programs):
    return runtime_program(programs, "partings.c")


@pytest.mark.parametrize("what", ["computes", "stays", "unheard"])
def test_one_finalizes_before_the_other_has_received(mpiexec, partings, what):
    r = mpiexec.ok("--hosts", "a,b", "--ppn", "1", "-n", "2", partings, what)
    assert r.lines == ["fine"] * 2, r


def test_many_speak_to_one_that_does_something_else(mpiexec, partings):
    r = mpiexec.ok("--hosts", "a,b,c", "--ppn", "60", "-n", "180", partings, "storm")
    assert r.lines == ["fine"] * 180, r


@pytest.fixture(scope="session")
def torn(programs):
    return runtime_program(programs, "torn.c")


@pytest.mark.parametrize("what", ["receiver", "sender"])
def test_a_rank_is_killed_in_the_middle_of_a_long_message(mpiexec, torn, what):
    r = mpiexec("--no-kill", "--hosts", "a,b", "--ppn", "1", "-n", "2", torn, what, "mark")
    assert r.lines == ["fine"] and r.code == 137, r


def test_a_flood_stays_with_its_sender(mpiexec, torn):
    r = mpiexec.ok("--hosts", "a,b", "--ppn", "1", "-n", "2", torn, "flood", "mark")
    assert r.lines == ["fine"] * 2, r


@pytest.mark.parametrize("what", ["waitall", "wait", "test", "freed", "some", "mixed"])
def test_a_burst_of_sends_has_gone_when_they_are_complete(mpiexec, torn, what):
    r = mpiexec.ok("--hosts", "a,b", "--ppn", "1", "-n", "2", torn, what, "mark")
    assert r.lines == ["fine"] * 2, r


@pytest.mark.parametrize("words, env", [(["--interface", "nosuch0"], {}), ([], {"MUSTER_INTERFACE": "nosuch0"})])
def test_an_interface_that_is_not_there_is_named(mpiexec, nodes, words, env):
    r = mpiexec("--hosts", "a,b", "--ppn", "1", "-n", "2", *words, nodes, "2", "1", env=env)
    assert r.code == 1
    assert re.fullmatch(r"mpiexec: --interface nosuch0: host a has no interface of that name or network that is up; it has "
                        r"(.*, )?lo 127\.0\.0\.0/8.*\n", r.err), r


@pytest.mark.parametrize("network", ["10.0.0.0/33", "10.0.0.0/", "fd00::/8x", "10.0.0"])
def test_what_is_no_network_is_no_interface(mpiexec, network):
    r = mpiexec("--hosts", "a,b", "--ppn", "1", "-n", "2", "--interface", network, "true")
    assert r.code == 1 and f"--interface {network}: host a has no interface" in r.err, r


@pytest.mark.parametrize("interface", ["lo", "127.0.0.0/8"])
def test_the_interface_that_is_asked_for(mpiexec, nodes, interface):
    r = mpiexec.ok("--hosts", "a,b", "--ppn", "1", "-n", "2", nodes, "2", "1", env={"MUSTER_INTERFACE": interface})
    assert r.lines == ["fine"] * 2, r


def listening(pid):
    """The ports on which a process waits for connections."""
    links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    mine = {m[1] for m in (re.fullmatch(r"socket:\[(\d+)\]", link) for link in links) if m}
    rows = []
    for name in ("tcp", "tcp6"):
        with open(f"/proc/net/{name}") as table:
            rows += [line.split() for line in table.readlines()[1:]]
    return [int(r[1].rsplit(":", 1)[1], 16) for r in rows if r[3] == "0A" and r[9] in mine]


GARBAGE = [b"", b"GET / HTTP/1.0\r\n\r\n", os.urandom(48), b"USTRTCP2" + bytes(64), b"USTRTCP2" + os.urandom(4000)]


@pytest.mark.parametrize("files", ["hard", "64"])
def test_strangers_at_the_port(mpiexec, nodes, files):
    """More than are kept, or than there are descriptors for, who say nothing, or something wrong: the ranks find one another
    all the same."""
    p = mpiexec.start("--hosts", "a,b", "--ppn", "1", "-n", "2", "bash", "-c", 'ulimit -n $0 && exec "$@"', files, nodes, "2", "1",
                      "go")
    pids = [int(p.stdout.readline().split()[1]) for _ in range(2)]
    strangers = []
    for port in [port for pid in pids for port in listening(pid)]:
        for i in range(300):
            s = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            s.sendall(GARBAGE[i % len(GARBAGE)])
            strangers.append(s)
    (mpiexec.cwd / "go").touch()
    out, err = p.communicate(timeout=2 * PATIENCE)
    assert len(strangers) == 600 and (p.returncode, out.decode().split(), err) == (0, ["fine"] * 2, b""), (out, err)
    for s in strangers:
        s.close()


def free_ports(n):
    """A port from which on n are free, of those that jobs beside this one do not take by themselves."""
    for low in range(11000, 19000, n):
        held = []
        try:
            for port in range(low, low + n):
                held.append(socket.socket())
                held[-1].bind(("127.0.0.1", port))
            return low
        except OSError:
            continue
        finally:
            for s in held:
                s.close()
    raise AssertionError("no free ports")


def test_ports_of_a_range(mpiexec, nodes):
    low = free_ports(4)
    p = mpiexec.start("--hosts", "a,b", "--ppn", "2", "-n", "4", "--port-range", f"{low}:{low + 3}", nodes, "2", "2", "go")
    pids = [int(p.stdout.readline().split()[1]) for _ in range(4)]
    ports = sorted(port for pid in pids for port in listening(pid))
    (mpiexec.cwd / "go").touch()
    out, err = p.communicate(timeout=2 * PATIENCE)
    assert (p.returncode, ports, err) == (0, list(range(low, low + 4)), b""), (out, err)


def test_a_range_that_is_too_short(mpiexec):
    r = mpiexec("--hosts", "a,b", "--ppn", "2", "-n", "4", "--port-range", "21000:21002", "true")
    assert (r.code, r.err) == (1, "mpiexec: --port-range 21000:21002 has 3 ports, and a host has 4 ranks\n"), r


def test_another_library_needs_none_of_them(mpiexec, mpicc):
    """Nor does it inherit a socket that listens."""
    r = mpiexec.ok("--hosts", "a,b", "--ppn", "2", "-n", "4", "--port-range", "21000:21002", "--interface", "nosuch0", mpicc(OTHER))
    assert sorted(r.lines) == ["0 0", "1 0", "2 0", "3 0"], r


def hold(s, how, stop):
    """What holds a port does nothing, closes, or says something."""
    if how == "bound":
        return
    s.listen(16)
    s.settimeout(0.1)
    kept = []
    while not stop.is_set():
        try:
            c = s.accept()[0]
        except TimeoutError:
            continue
        if how == "silent":
            kept.append(c)
            continue
        if how == "talks":
            c.sendall(b"220 mail.example.org ESMTP ready, and so on, and so on, until it is long enough\r\n")
        c.close()


OPENS = """
#include <mpi.h>
#include <stdio.h>

int main(void)
{
    char port[MPI_MAX_PORT_NAME];
    int n = 0;
    MPI_Init(NULL, NULL);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    while (n < 10 && MPI_Open_port(MPI_INFO_NULL, port) == MPI_SUCCESS)
        n++;
    printf("%d\\n", n);
    MPI_Finalize();
}
"""


def test_ports_that_programs_open_are_of_the_range(mpiexec, programs):
    opens, low = on_runtime(programs, OPENS), free_ports(3)
    assert mpiexec.ok("-n", "1", "--port-range", f"{low}:{low + 2}", opens).lines == ["3"]
    assert mpiexec.ok("-n", "1", opens).lines == ["10"]


@pytest.mark.parametrize("how", ["bound", "closes", "talks", "silent"])
def test_a_port_that_is_taken(mpiexec, nodes, how):
    """Of three ports two are used, so that the one in the middle would be: its rank tells of another."""
    low, stop = free_ports(3), threading.Event()
    with socket.socket() as s:
        s.bind(("127.0.0.1", low + 1))
        other = threading.Thread(target=hold, args=(s, how, stop))
        other.start()
        try:
            r = mpiexec("--hosts", "a,b", "--ppn", "1", "-n", "2", "--port-range", f"{low}:{low + 2}", nodes, "2", "1",
                        env={"MUSTER_CONNECT_PATIENCE": "3"} if how == "silent" else {})
        finally:
            stop.set()
            other.join()
    assert (r.code, r.lines, r.err) == (0, ["fine"] * 2, ""), r


def test_a_port_that_is_closed(mpiexec, programs):
    """A rank that never comes to MPI has closed what it was given: who needs it is told from where to where."""
    closes = "for fd in /proc/self/fd/*; do fd=${fd##*/}; [ $fd -le 2 ] || eval \"exec $fd>&-\"; done; sleep 1000"
    r = mpiexec("--hosts", "a,b", "--ppn", "1", "-n", "1", on_runtime(programs, NEEDS), ":", "-n", "1", "bash", "-c", closes,
                env={"MUSTER_CONNECT_PATIENCE": "1"})
    assert r.code not in (0, 124), r
    assert re.search(r"no connection from 127\.0\.0\.1 to 127\.0\.0\.1 port \d+: Connection (refused|reset by peer) \(a firewall\? see mpiexec "
                     r"--interface, --port-range\)", r.err), r


def test_one_node_listens_nowhere(mpiexec, nodes):
    p = mpiexec.start("-n", "2", nodes, "1", "1", "go")
    pids = [int(p.stdout.readline().split()[1]) for _ in range(2)]
    ports = [listening(pid) for pid in pids]
    (mpiexec.cwd / "go").touch()
    p.communicate(timeout=2 * PATIENCE)
    assert ports == [[], []] and p.returncode == 0
