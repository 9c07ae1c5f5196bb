# SPDX-License-Identifier: BSD-3-Clause
"""ssh in mpiexec's own process: the user's configuration holds there too, and what libssh2 cannot do is the ssh program's."""

import fcntl
import os
import select
import signal
import subprocess
import termios

import pytest

from processes import HERE, until
from rig import children

BY_PROGRAM = "by the ssh program: "


@pytest.fixture
def launcher():
    return "ssh"


@pytest.fixture
def config(rig):
    """config(text): in front of what the rig says of all hosts."""
    path = rig.dir / "etc/ssh_config"
    return lambda text: path.write_text(text + "\n" + path.read_text())


def in_process(r):
    assert r.code == 0 and BY_PROGRAM not in r.err, r
    return r


def by_program(r, why):
    assert r.code == 0 and BY_PROGRAM + why in r.err, r
    return r


def test_no_program_runs(mpiexec):
    p = mpiexec.start("--hosts", "h1,h2", "-n", 2, "sh", "-c", f"{HERE} exec sleep 1000")
    until(lambda: all((mpiexec.cwd / f"here.{i}").exists() for i in range(2)))
    assert children(mpiexec.pid(p)) == []
    os.kill(mpiexec.pid(p), signal.SIGTERM)
    p.communicate(timeout=60)


def test_much_data_both_ways_at_once(mpiexec):
    data = os.urandom(24 << 20)
    r = mpiexec("--hosts", "h1", "-n", 1, "cat", stdin=data)
    assert r.code == 0 and r.out_bytes == data


def test_names_ports_and_users_of_the_configuration(mpiexec, rig, config):
    rig.hosts["h2"].sshd(False)
    h = rig.hosts["h2"]
    (h.dir / "sshd_config2").write_text((h.dir / "sshd_config").read_text() + "Port 2222\nPidFile none\n")
    h.run("/usr/sbin/sshd", "-f", str(h.dir / "sshd_config2"))
    config("Host first\n  HostName h1\nHost second\n  HostName h2\n  Port 2222\n  User root\n")
    with open(rig.dir / "known_hosts", "a") as f:
        f.write(f"[h2]:2222 {h.key}\n")
    try:
        r = in_process(mpiexec("-v", "--hosts", "first,second", "-n", 2, "hostname"))
        assert sorted(r.lines) == ["h1", "h2"]
    finally:
        for p in h.left():
            os.kill(p, signal.SIGKILL)


def test_hashed_known_hosts(mpiexec, rig):
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", rig.dir / "known_hosts"], check=True, capture_output=True)
    assert "|1|" in (rig.dir / "known_hosts").read_text()
    in_process(mpiexec("-v", "--hosts", "h1,h2", "-n", 2, "hostname"))


def test_a_revoked_key_is_not_known(mpiexec, rig):
    with open(rig.dir / "known_hosts", "a") as f:
        f.write(f"@revoked * {rig.hosts['h2'].key}\n")
    r = mpiexec("--hosts", "h1,h2", "-n", 2, "true")
    assert r.code == 1 and " h2: unable to log in: " in r.err, r


def test_new_hosts_are_accepted_where_the_user_says_so(mpiexec, rig, config):
    rig.know()
    config("StrictHostKeyChecking accept-new")
    by_program(mpiexec("-v", "--hosts", "h1", "-n", 1, "hostname"), "its host key is not known")
    in_process(mpiexec("-v", "--hosts", "h1", "-n", 1, "hostname"))


def test_the_key_of_an_agent(mpiexec, rig, config, tmp_path):
    sock = f"{tmp_path}/agent"
    agent = subprocess.Popen(rig.front.enter("ssh-agent", "-D", "-a", sock), stdout=subprocess.DEVNULL)
    try:
        until(lambda: os.path.exists(sock))
        rig.front.run("env", f"SSH_AUTH_SOCK={sock}", "ssh-add", "-q", str(rig.front.dir / "id"), capture_output=True)
        (rig.dir / "etc/ssh_config").write_text(f"UserKnownHostsFile {rig.dir / 'known_hosts'}\n")
        in_process(mpiexec("-v", "--hosts", "h1,h2", "-n", 2, "hostname", env={"SSH_AUTH_SOCK": sock}))
        config(f"IdentityAgent {sock}")
        in_process(mpiexec("-v", "--hosts", "h1,h2", "-n", 2, "hostname"))
    finally:
        agent.kill()
        agent.wait()


def test_another_host_as_a_proxy(mpiexec, config):
    config("Host h2\n  ProxyJump h1\n")
    r = by_program(mpiexec("-v", "--hosts", "h1,h2", "-n", 2, "hostname"), "proxyjump")
    assert sorted(r.lines) == ["h1", "h2"]


def test_a_key_that_libssh2_cannot_use(mpiexec, rig, config):
    """libssh2 1.10 signs by RSA as servers no longer accept it; 1.11 can do it."""
    key = rig.front.dir / "id_rsa"
    if not key.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", key], check=True)
    (rig.hosts["h1"].dir / "authorized_keys").write_text(key.with_name("id_rsa.pub").read_text())
    config(f"IdentityFile {key}")
    assert mpiexec.ok("--hosts", "h1", "-n", 1, "hostname").lines == ["h1"]


def test_a_key_with_a_passphrase_asks_nobody(mpiexec, rig, config):
    key = rig.front.dir / "id_locked"
    if not key.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", key], check=True)
    (rig.hosts["h2"].dir / "authorized_keys").write_text(key.with_name("id_locked.pub").read_text())
    (rig.dir / "etc/ssh_config").write_text(f"IdentityFile {key}\nUserKnownHostsFile {rig.dir / 'known_hosts'}\n")
    r = mpiexec("--hosts", "h2", "-n", 1, "cat", stdin=b"secret\n")
    assert r.code == 1 and "h2: unable to log in: Permission denied" in r.err and r.out == "", r


def test_a_server_that_turns_many_down(mpiexec, rig, config):
    """Twelve logins at once by other names of one host, which takes two at a time."""
    h = rig.hosts["h3"]
    names = [f"n{i}" for i in range(12)]
    config(f"Host n*\n  HostName h3\n")
    h.sshd(False)
    whole = (h.dir / "sshd_config").read_text()
    try:
        (h.dir / "sshd_config").write_text(whole + "MaxStartups 2\n")
        h.sshd(True)
        r = mpiexec("--hosts", ",".join(names), "-n", len(names), "hostname")
    finally:
        h.sshd(False)
        (h.dir / "sshd_config").write_text(whole)
    assert r.code == 0 and r.lines == ["h3"] * 12, r


PASSPHRASE = "open sesame"


@pytest.fixture
def terminal(rig, mpiexec):
    """start(words of mpiexec): on a terminal, with a key that has a passphrase, and stdin that is no terminal. Returns the
    process and the terminal's other end."""
    key = rig.front.dir / "locked"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", PASSPHRASE, "-f", key], check=True)
    public = key.with_suffix(".pub").read_text()
    for h in rig.hosts.values():
        (h.dir / "authorized_keys").write_text(public)
    ours, theirs = os.openpty()

    def start(*words):
        return mpiexec.start("--hostfile", hosts, *words, preexec_fn=lambda: fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)), ours
    hosts = mpiexec.cwd / "hosts"
    hosts.write_text("".join(f"{h} key={key}\n" for h in ("h1", "h2", "h3")))
    yield start
    os.close(ours)
    os.close(theirs)
    key.unlink()


def read_until(fd, word):
    said = b""
    while word not in said:
        assert select.select([fd], [], [], 60)[0], said
        said += os.read(fd, 1000)
    return said


def test_a_passphrase_is_asked_for_once(terminal):
    """For three hosts; and what stdin has is the rank's."""
    p, tty = terminal("-n", 3, "sh", "-c", "hostname; [ $PMI_RANK != 0 ] || cat")
    assert read_until(tty, b"locked: ").count(b"passphrase") == 1
    os.write(tty, PASSPHRASE.encode() + b"\n")
    out, err = p.communicate(b"for the rank\n", timeout=60)
    assert p.returncode == 0 and sorted(out.split(b"\n")) == [b"", b"for the rank", b"h1", b"h2", b"h3"], err
    assert not select.select([tty], [], [], 0)[0] or b"passphrase" not in os.read(tty, 1000)


def test_a_wrong_passphrase(terminal):
    p, tty = terminal("-n", 3, "hostname")
    read_until(tty, b"locked: ")
    os.write(tty, b"another\n")
    out, err = p.communicate(b"", timeout=60)
    assert p.returncode == 1 and err.count(b"was not the passphrase of") == 1, err
    assert all(f"{h}: unable to log in: ".encode() in err for h in ("h1", "h2", "h3")), err


def test_who_has_no_terminal_is_not_asked(terminal, mpiexec):
    r = mpiexec("--hosts", "h1", "-n", 1, "hostname", stdin=PASSPHRASE.encode() + b"\n")
    assert r.code == 1 and "unable to log in" in r.err and "passphrase" not in r.err, r
