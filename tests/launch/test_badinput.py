# SPDX-License-Identifier: BSD-3-Clause
"""Bad input where mpiexec meets it: garbage on the PMI socket, and what surrounds a job.

Each ends in a clear error, a non-zero exit status, nothing left running, and the other ranks' output is there.
"""

import os
import resource
import signal
import sys
import time

import pytest

from processes import FOREVER, PATIENCE, Gone, Marked, proxies, rests, tell, until, wait_for_py

# Rank 1 misbehaves when all have printed a line; the others speak PMI as they should.
CLIENT = """
import os, socket, sys, time
rank = int(os.environ["PMI_RANK"])
s = socket.socket(fileno=int(os.environ["PMI_FD"]))
f = s.makefile("rwb")
def ask(text):
    f.write(text); f.flush()
    return f.readline()
print("line of", rank, flush=True)
with open("new.%%d" %% rank, "w") as new:
    new.write(str(os.getpid()))
os.rename("new.%%d" %% rank, "here.%%d" %% rank)
if rank == 1:
    while not all(os.path.exists("here.%%d" %% r) for r in range(int(os.environ["PMI_SIZE"]))):
        time.sleep(0.02)
    %s
else:
    ask(b"cmd=init pmi_version=1 pmi_subversion=1\\n")
    %s
"""
STAY = f"time.sleep({FOREVER})"
# Until rank 1 has ended, and whoever started it knows.
OUTLIVE = """while not os.path.exists("here.1"):
        time.sleep(0.02)
    while os.path.exists("/proc/" + open("here.1").read()):
        time.sleep(0.02)"""
INIT = 'ask(b"cmd=init pmi_version=1 pmi_subversion=1\\n")'
BARRIER = 'ask(b"cmd=barrier_in\\n")'

BROKEN = {
    "garbage": 's.sendall(os.urandom(5000)); time.sleep(100)',
    "garbage after init": f'{INIT}; s.sendall(b"\\xff\\x00;;==\\n" * 50); time.sleep(100)',
    "an unknown command": f'{INIT}; print(ask(b"cmd=frobnicate\\n")); sys.exit(4)',
    "a flood": 's.settimeout(10)\n    while True: s.sendall(b"x" * 65536)',
    "a flood of requests that reads no answer":
        f'{INIT}; t = time.time()\n'
        '    while time.time() < t + 3: s.sendall(b"cmd=get_maxes\\n" * 1000)\n    sys.exit(5)',
    "half a line": f'{INIT}; s.sendall(b"cmd=barr"); s.shutdown(socket.SHUT_WR); time.sleep(100)',
    "closes it after init": f'{INIT}; f.close(); s.close(); time.sleep(100)',
    "closes it in a barrier": f'{INIT}; s.sendall(b"cmd=barrier_in\\n"); f.close(); s.close(); time.sleep(100)',
    "init twice": f'{INIT}; {INIT}; sys.exit(6)',
    "a barrier before init": f'{BARRIER}; sys.exit(7)',
    "negative lengths": 's.sendall(b"cmd=init pmi_version=2 pmi_subversion=0\\n    -5cmd=fullinit;"); time.sleep(100)',
}


@pytest.fixture
def marked():
    return Marked()


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("hosts", [[], ["--hosts", "a,b,c", "--radix", "1"]], ids=["one node", "a chain"])
def test_on_the_pmi_socket(mpiexec, marked, how, hosts):
    script = CLIENT % (BROKEN[how].replace("sleep(100)", f"sleep({FOREVER})"), STAY)
    r = mpiexec(*hosts, "-n", "3", sys.executable, "-c", script, env=marked.env)
    assert 0 < r.code < 128 and "10 seconds" not in r.err, r
    assert sorted(line for line in r.lines if line.startswith("line")) == [f"line of {i}" for i in range(3)], r
    first = next(line for line in r.err.splitlines() if line.startswith("mpiexec: "))
    assert first.startswith("mpiexec: rank 1 on ") and len(first) < 300, r
    assert "proxy" not in r.err and "2 other ranks" in r.err, r
    marked.wait_none(0)


@pytest.mark.parametrize("how", ["garbage", "half a line", "closes it after init"])
def test_who_breaks_pmi_is_told_also_with_no_kill(mpiexec, marked, how):
    script = CLIENT % (BROKEN[how].replace("time.sleep(100)", "time.sleep(1)"), OUTLIVE)
    r = mpiexec("--no-kill", "-n", "3", sys.executable, "-c", script + "\nprint('end of', rank)", env=marked.env)
    assert r.code == 1 and "rank 1 on " in r.err, r
    assert "end of 0" in r.lines and "end of 2" in r.lines, r


def test_half_a_line_and_silence(mpiexec, marked):
    """The wait costs nothing, and ends after ten seconds."""
    how = f'{INIT}; s.sendall(b"cmd=barr"); print("half", flush=True); time.sleep({FOREVER})'

    def waits_quietly():
        p = mpiexec.start("-n", "2", sys.executable, "-c", CLIENT % (how, STAY), env=marked.env)
        while b"half" not in (line := p.stdout.readline()):
            assert line, p.stderr.read()
        try:
            quiet = rests([p.pid, *proxies(p.pid)], 1)
        except Gone:
            quiet = None
        _, err = p.communicate(timeout=PATIENCE)
        assert p.returncode == 1 and b"rank 1 on " in err and b"nothing more for 10 seconds" in err, err
        marked.wait_none(0)
        return quiet

    # Where we were not given a processor for ten seconds, nothing has been seen.
    assert next((quiet for quiet in (waits_quietly() for _ in range(5)) if quiet is not None), None)


def test_a_flood_does_not_grow_memory(mpiexec, marked):
    how = f'{INIT}\n    while not os.path.exists("go"): time.sleep(0.02)\n' \
          '    while True: s.sendall(b"cmd=get_maxes\\n" * 1000)'
    p = mpiexec.start("-n", "2", sys.executable, "-c", CLIENT % (how, STAY), env=marked.env)
    everyone = [p.pid, *until(lambda: proxies(p.pid))]
    tell(mpiexec.cwd, "go")
    most = 0
    while p.poll() is None:
        for pid in everyone:
            try:
                with open(f"/proc/{pid}/statm") as f:
                    most = max(most, int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE"))
            except OSError:
                pass
        time.sleep(0.02)
    _, err = p.communicate(timeout=PATIENCE)
    assert p.returncode == 1 and b"rank 1 on " in err and most < 100 << 20, (most, err)
    marked.wait_none(0)


def test_a_child_that_floods_after_its_rank_has_ended(mpiexec, marked):
    script = "(while :; do echo garbage; done) >&$PMI_FD 2>/dev/null & exit 0"
    r = mpiexec("-n", "2", "bash", "-c", script, env=marked.env)
    assert r.code in (0, 1), r
    marked.wait_none(0)


def test_the_segment_made_shorter(mpiexec, marked):
    script = ("import os\ntry:\n    os.ftruncate(int(os.environ['MUSTER_NODE_FD']), 0)\nexcept OSError as e:\n    print(e.strerror)\n"
              "print('done', flush=True)\n" + wait_for_py("go"))
    p = mpiexec.start("-n", "1", sys.executable, "-c", script, env=marked.env)
    assert p.stdout.readline() == b"Operation not permitted\n" and p.stdout.readline() == b"done\n"
    p.send_signal(signal.SIGUSR1)
    table = p.stderr.readline()
    tell(mpiexec.cwd, "go")
    _, err = p.communicate(timeout=PATIENCE)
    assert p.returncode == 0 and b"1 rank, after" in table, table + err


def test_the_segment_scribbled_over(mpiexec, marked):
    """What a rank writes into the shared memory harms nobody but itself."""
    script = ("import os, mmap\nfd = int(os.environ['MUSTER_NODE_FD'])\nn = os.fstat(fd).st_size\nm = mmap.mmap(fd, n)\n"
              "m[:] = b'\\xff' * n\nos.kill(os.getppid(), 0)\nprint('done', flush=True)\n" + wait_for_py("go"))
    p = mpiexec.start("-n", "2", sys.executable, "-c", script, env=marked.env)
    assert p.stdout.readline() == b"done\n"
    p.send_signal(signal.SIGUSR1)
    table = p.stderr.readline()
    tell(mpiexec.cwd, "go")
    _, err = p.communicate(timeout=PATIENCE)
    assert p.returncode == 0 and b"2 ranks, after" in table, table + err
    marked.wait_none(0)


@pytest.mark.parametrize("size", [1 << 18, 1 << 20])
def test_large_arguments_and_environment(mpiexec, size):
    """More than the kernel takes is an error of the rank's start, told as such."""
    arg = "x" * (size - 1)
    r = mpiexec("-n", "1", "sh", "-c", "echo ${#A}", env={"A": "y" * 100000})
    assert r.lines == ["100000"], r
    with open(mpiexec.cwd / "apps", "w") as f:
        f.write(f"-n 2 true {arg}\n")
    r = mpiexec("-configfile", "apps")
    assert r.code in (1, 126), r
    assert "Argument list too long" in r.err or "apps" in r.err, r.err[:500]
    assert len(r.err) < 2000


def test_the_largest_radix(mpiexec):
    assert mpiexec.ok("--hosts", "a,b", "--radix", "65536", "-n", "2", "echo", "x").lines == ["x", "x"]


def test_the_proxy_is_not_started_by_hand(mpiexec, tmp_path):
    import subprocess

    from conftest import TREE

    r = subprocess.run([TREE.proxy], capture_output=True, text=True, timeout=PATIENCE)
    assert r.returncode == 1 and "started by mpiexec" in r.stderr, r


@pytest.mark.skipif("MUSTER_TEST_SANITIZERS" in os.environ, reason="a sanitizer needs the address space itself")
def test_little_memory(mpiexec, marked):
    """With too little address space: an error or success, never a crash or a hang."""
    for mb in (8, 12, 16, 24, 40, 80):
        r = mpiexec("-n", "2", "true", env=marked.env,
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (mb << 20, mb << 20)))
        assert r.code in (0, 1, 126, 127), (mb, r)
        assert r.code == 0 or r.err, (mb, r)
        marked.wait_none(0)
