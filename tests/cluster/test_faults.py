# SPDX-License-Identifier: BSD-3-Clause
"""A host that cannot be used is told in one line, with the step that failed, the cause and a remedy, at once and together
with all others; and no rank runs."""

import contextlib
import os
import pathlib
import signal
import struct
import subprocess
import time

import pytest

from conftest import TREE
from processes import HERE, until
from rig import program_of

HERE_TOO = pathlib.Path(__file__).resolve().parent


def lines_about(r, host):
    return [line for line in r.err.splitlines() if f" {host}: " in line]


def refused(mpiexec, hosts, *more, **kw):
    """No rank runs, and there is one line for each host that is bad."""
    r = mpiexec(*more, "--hosts", ",".join(hosts), "-n", len(hosts), "sh", "-c", ": > ran.$PMI_RANK", **kw)
    assert r.code == 1 and not list(mpiexec.cwd.glob("ran.*")), r
    return r


def only_line(r, host):
    (line,) = lines_about(r, host)
    return line


def no_sshd(rig):
    rig.hosts["h2"].sshd(False)


def key_refused(rig):
    (rig.hosts["h2"].dir / "authorized_keys").write_text("")


def key_unknown(rig):
    rig.know(rig.hosts["h1"])


def key_changed(rig):
    rig.know(*rig.hosts.values(), h2=rig.hosts["h1"].key)


def no_shell(rig):
    (rig.hosts["h2"].dir / "home/.bashrc").write_text("exit 9\n")


FAULTS = [
    (no_sshd, "unable to connect: ", "Connection refused", "does an ssh server listen there?"),
    (key_refused, "unable to log in: ", "Permission denied", "authorized_keys"),
    (key_unknown, "unable to log in: ", "its host key is not known here", "ssh h2"),
    (key_changed, "unable to log in: ", "its host key is not the one that it had", "ssh-keygen -R h2"),
    (no_shell, "unable to start the proxy there: ", "9", ""),
]


@pytest.mark.parametrize("fault, step, cause, remedy", FAULTS, ids=[f[0].__name__ for f in FAULTS])
def test_one_line_for_a_host(mpiexec, rig, fault, step, cause, remedy):
    fault(rig)
    line = only_line(r := refused(mpiexec, ["h1", "h2"]), "h2")
    assert step in line and cause in line and remedy in line, r
    assert not lines_about(r, "h1"), r


def test_an_unknown_host(mpiexec):
    line = only_line(r := refused(mpiexec, ["h1", "h77"]), "h77")
    assert "unable to find its address: Name or service not known" in line, r


def test_all_bad_hosts_are_told_together(mpiexec, rig):
    no_sshd(rig)
    rig.know(rig.hosts["h1"], rig.hosts["h2"], rig.hosts["h4"])
    (rig.hosts["h4"].dir / "authorized_keys").write_text("")
    r = refused(mpiexec, ["h1", "h2", "h3", "h4", "h77"])
    for host in ("h2", "h3", "h4", "h77"):
        only_line(r, host)
    assert "4 of 5 hosts could not be started" in r.err, r


def test_a_host_that_is_cut_off(mpiexec, rig):
    rig.cut("h2")
    line = only_line(r := refused(mpiexec, ["h1", "h2"], "--connect-timeout", 2), "h2")
    assert "unable to connect: " in line and "is the host up" in line, r


def test_a_host_that_is_stopped(mpiexec, rig):
    """Its kernel takes connections, and nobody there speaks."""
    pid = rig.hosts["h2"].sshd_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        line = only_line(r := refused(mpiexec, ["h1", "h2"], "--connect-timeout", 2), "h2")
        assert "unable to connect: " in line and "does not answer" in line, r
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.fixture
def own_tree(rig):
    """A copy of the installed tree that lies on the front alone."""
    if TREE.is_build:
        pytest.skip("only an installed tree can be copied")
    rig.front.run("sh", "-c", 'mkdir /dev/shm/own && cp -a "$1/." /dev/shm/own', "sh", str(TREE.root))
    yield "/dev/shm/own"
    for h in rig.all:
        h.run("rm", "-rf", "/dev/shm/own")


def test_a_host_without_the_proxy(mpiexec, rig, own_tree):
    r = refused(mpiexec, ["h1", "h2"], "--no-stage", program=f"{own_tree}/bin/mpiexec")
    for host in ("h1", "h2"):
        assert (f"{host}: unable to start the proxy there: not found at {own_tree}/libexec/muster/muster-proxy, nor in PATH "
                "(install Muster there") in only_line(r, host), r


def test_a_proxy_that_cannot_be_executed(mpiexec, rig, own_tree):
    script = f"mkdir -p {own_tree}/libexec/muster; printf '\\177ELFxxxx' > {own_tree}/libexec/muster/muster-proxy; "
    rig.hosts["h1"].run("sh", "-c", script)
    rig.hosts["h2"].run("sh", "-c", script + f"chmod +x {own_tree}/libexec/muster/muster-proxy")
    r = refused(mpiexec, ["h1", "h2"], "--no-stage", program=f"{own_tree}/bin/mpiexec")
    assert "not found at" in only_line(r, "h1") and "another kind" in only_line(r, "h2"), r


def test_the_proxy_of_path(mpiexec, rig, own_tree):
    (rig.hosts["h1"].dir / "home/.bashrc").write_text(f'PATH="{TREE.proxy.parent}:$PATH"\n')
    r = mpiexec.ok("--hosts", "h1", "-n", 1, "hostname", program=f"{own_tree}/bin/mpiexec")
    assert r.lines == ["h1"]


def test_a_noisy_login_script(mpiexec, rig):
    (rig.hosts["h1"].dir / "home/.bashrc").write_text("echo Welcome; echo news >&2; printf 'no end'; sleep 0.2\n")
    r = mpiexec.ok("--hosts", "h1,h2", "-n", 2, "hostname")
    assert sorted(r.lines) == ["h1", "h2"] and r.err == "", r
    r = mpiexec.ok("-v", "--hosts", "h1,h2", "-n", 2, "hostname")
    assert all(f"h1 says before the proxy does: {text}\n" in r.err for text in ("Welcome", "news", "no end")), r


@pytest.mark.parametrize("writes", ["yes", "yes >&2", "yes & yes >&2"], ids=["stdout", "stderr", "both"])
def test_a_login_script_without_end(mpiexec, rig, writes):
    (rig.hosts["h1"].dir / "home/.bashrc").write_text(writes + "\n")
    assert "never stop writing" in only_line(r := refused(mpiexec, ["h1", "h2"]), "h1"), r


def test_enough_hosts_are_there(mpiexec, rig):
    no_sshd(rig)
    rig.cut("h3")
    r = mpiexec.ok("--min-hosts", 2, "--connect-timeout", 2, "--hosts", "h1,h2,h3,h4", "-n", 2, "hostname")
    assert sorted(r.lines) == ["h1", "h4"] and only_line(r, "h2") and only_line(r, "h3"), r


def test_good_hosts_go_on_with_no_kill(mpiexec, rig):
    no_sshd(rig)
    r = mpiexec("--no-kill", "--hosts", "h1,h2", "-n", 2, "hostname")
    assert "h1" in r.lines and only_line(r, "h2"), r


def greeting(version, release):
    """What such a proxy writes first."""
    body = struct.pack("<III", 0x5254534d, version, len(release)) + release + struct.pack("<IQ", 1, 0)
    return b"\1muster-link\n" + struct.pack("<IHHI", len(body), 1, 0, 0xffffffff) + body


def test_a_proxy_of_another_version(mpiexec, rig, own_tree):
    """It is told who has what; with --stage ours takes its place."""
    path = f"{own_tree}/libexec/muster/muster-proxy"
    octal = "".join(f"\\{byte:03o}" for byte in greeting(7, b"0.0.7"))
    for h in ("h1", "h2"):
        rig.hosts[h].run("sh", "-c", f"mkdir -p {os.path.dirname(path)}; cat > {path}; chmod 755 {path}",
                         input=f"#!/bin/sh\nprintf '{octal}'; cat > /dev/null\n".encode())
    r = refused(mpiexec, ["h1", "h2"], program=f"{own_tree}/bin/mpiexec")
    for h in ("h1", "h2"):
        assert "it has Muster 0.0.7, which speaks version 7 of the control protocol" in only_line(r, h), r
    r = mpiexec.ok("--stage", "--hosts", "h1,h2", "-n", 2, "hostname", program=f"{own_tree}/bin/mpiexec")
    assert sorted(r.lines) == ["h1", "h2"], r


@pytest.mark.parametrize("when", ["begin", "login", "script"])
def test_a_host_that_is_cut_off_while_it_is_reached(mpiexec, rig, when, tmp_path):
    """After its server has taken the connection, while it logs us in, and while a login script runs."""
    h2 = rig.hosts["h2"]
    stopped = h2.sshd_pid() if when == "begin" else None
    if stopped:
        os.kill(stopped, signal.SIGSTOP)
    elif when == "login":
        (h2.dir / "sshd_config").write_text((h2.dir / "sshd_config").read_text() +
                                            "AuthorizedKeysCommandUser root\nAuthorizedKeysCommand /bin/sleep 1000\n")
        (h2.dir / "authorized_keys").write_text("")
        h2.sshd(False)
        h2.sshd(True)
    else:
        (h2.dir / "home/.bashrc").write_text(f": > {tmp_path}/there; sleep 1000\n")
    p = mpiexec.start("--connect-timeout", 3, "--hosts", "h1,h2", "-n", 2, "true")
    until(lambda: has_connection(h2) if stopped else
          (tmp_path / "there").exists() or any(program_of(q) == "sleep" for q in h2.left()))
    rig.cut("h2")
    try:
        out, err = p.communicate(timeout=60)
        assert p.returncode == 1 and out == b"" and b"mpiexec: h2: unable to " in err, err
    finally:
        if stopped:
            os.kill(stopped, signal.SIGCONT)
        rig.mend("h2")
        for q in h2.left():
            with contextlib.suppress(ProcessLookupError):
                os.kill(q, signal.SIGKILL)
        if when == "login":
            text = (h2.dir / "sshd_config").read_text()
            (h2.dir / "sshd_config").write_text(text[:text.index("AuthorizedKeysCommandUser")])
            h2.sshd(False)
            h2.sshd(True)


def has_connection(host):
    """One is established with its ssh server."""
    table = host.run("cat", "/proc/net/tcp", capture_output=True, text=True).stdout.splitlines()[1:]
    return any(line.split()[1].endswith(":0016") and line.split()[3] == "01" for line in table)


def test_a_host_whose_processes_are_killed(mpiexec, rig):
    """As by a reboot: its kernel still tells the others."""
    p = mpiexec.start("--hosts", "h1,h2", "-n", 2, "sh", "-c", f"{HERE} exec sleep 1000")
    until(lambda: all((mpiexec.cwd / f"here.{i}").exists() for i in range(2)))
    for q in rig.hosts["h2"].left():
        with contextlib.suppress(ProcessLookupError):
            os.kill(q, signal.SIGKILL)
    out, err = p.communicate(timeout=60)
    assert p.returncode == 1 and b"the proxy on h2 is gone" in err, err


def test_hosts_that_are_far_away(mpiexec, rig):
    """50 ms each way; and what comes is whole."""
    relays = [subprocess.Popen(rig.front.enter("python3", f"{HERE_TOO}/relay.py", "50", h, "22"), stdout=subprocess.PIPE, text=True)
              for h in ("h1", "h2")]
    config = rig.dir / "etc/ssh_config"
    hosts = "".join(f"Host far{i}\n  HostName 127.0.0.1\n  HostKeyAlias h{i}\n  Port {p.stdout.readline().strip()}\n"
                    for i, p in enumerate(relays, 1))
    config.write_text(hosts + config.read_text())
    data = os.urandom(3 << 20)
    try:
        r = mpiexec("--hosts", "far1,far2", "--map-by", "node", "-n", 2, "sh", "-c", "[ $PMI_RANK = 1 ] || exec cat", stdin=data)
        assert r.code == 0 and r.out_bytes == data, r.err
    finally:
        for p in relays:
            p.kill()
            p.wait()
            p.stdout.close()


CLOCK = """
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *t)
{
    int rc = syscall(SYS_clock_gettime, id, t);
    if (id == CLOCK_REALTIME)
        t->tv_sec -= 3600;
    return rc;
}
"""


@pytest.mark.skipif("MUSTER_TEST_SANITIZERS" in os.environ, reason="a sanitizer's library must be the first to be loaded")
def test_a_clock_that_is_wrong(mpiexec, rig, tmp_path):
    """That of h2 by an hour: the rank that failed first is still the first."""
    (tmp_path / "clock.c").write_text(CLOCK)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "clock.so", tmp_path / "clock.c"], check=True)
    (rig.hosts["h2"].dir / "home/.bashrc").write_text(f"export LD_PRELOAD={tmp_path}/clock.so\n")
    script = "[ $PMI_RANK = 0 ] && { : > first; exit 3; }; while [ ! -e go ]; do sleep 0.1; done; exit 4"
    p = mpiexec.start("--no-kill", "--hosts", "h1,h2", "-n", 2, "sh", "-c", script)
    until((tmp_path / "first").exists)
    time.sleep(1)  # more than what a message takes, by which the times of two hosts may be off
    (tmp_path / "go").touch()
    out, err = p.communicate(timeout=60)
    assert p.returncode == 3 and b"rank 0 on h1" in err, err
