# SPDX-License-Identifier: BSD-3-Clause
"""Standard input and output, as a user meets them."""

import fcntl
import hashlib
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import termios
import time

import pytest

from processes import FOREVER, HERE, PATIENCE, at_rest, children, proxies, state, switches, tell, until, wait_for

# One proxy that writes our stdout itself, and several whose output comes through mpiexec.
ways = pytest.mark.parametrize("hosts", [[], ["--hosts", "a,b,c"]], ids=["direct", "tree"])

WRITER = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv)
{
    char line[128];
    for (long i = 0; i < atol(argv[1]); i++) {
        int n = snprintf(line, sizeof line, "%s %ld ", getenv("PMI_RANK"), i);
        memset(line + n, 'a' + i % 26, 79 - n);
        line[79] = '\n';
        fwrite(line, 1, 80, stdout);
    }
    return 0;
}
"""
LINE = re.compile(rb"\d+ \d+ ([a-z])\1+$")


def whole_lines(out, ranks, each, label=b""):
    lines = out.split(b"\n")
    assert lines.pop() == b""
    assert len(lines) == ranks * each
    next_of = {}
    for line in lines:
        if label:
            m = re.match(label, line)
            assert m, line
            line = line[m.end() :]
        assert len(line) == 79 and LINE.match(line), line
        rank, number = line.split()[:2]
        assert int(number) == next_of.get(rank, 0)
        next_of[rank] = int(number) + 1
    assert len(next_of) == ranks


@ways
@pytest.mark.parametrize("label", [[], ["-l"]], ids=["plain", "label"])
def test_no_line_is_torn(mpiexec, cc, hosts, label):
    r = mpiexec.ok(*hosts, *label, "-n", "16", cc(WRITER), "5000")
    whole_lines(r.out_bytes, 16, 5000, rb"\[\d+\] " if label else b"")


@ways
def test_a_prompt_appears(mpiexec, hosts):
    p = mpiexec.start(*hosts, "-n", "1", "sh", "-c", "printf 'name? '; read x; echo hello $x")
    os.set_blocking(p.stdout.fileno(), False)
    seen = b""

    def prompted():
        nonlocal seen
        seen += p.stdout.read() or b""
        return seen == b"name? "

    until(prompted)
    os.set_blocking(p.stdout.fileno(), True)
    assert p.communicate(b"joe\n", timeout=PATIENCE)[0] == b"hello joe\n"


@ways
def test_a_short_pause_inside_a_line_does_not_tear_it(mpiexec, hosts):
    """What a busy machine makes a long pause may tear it; each rank goes on until it has had twenty short ones. Which
    they were it knows when both halves have been written, and says so in one piece."""
    r = mpiexec.ok(*hosts, "-n", "4", sys.executable, "-c", """if True:
        import os, time
        rank, i, short = os.environ["PMI_RANK"], 0, []
        while len(short) < 20:
            began = time.monotonic()
            os.write(1, f"begin {rank} ".encode())
            time.sleep(0.005)
            os.write(1, f"end {i}\\n".encode())
            if time.monotonic() - began < 0.04:
                short.append(f"{rank} {i}")
            i += 1
        os.write(1, "".join(f"short {s}\\n" for s in short).encode())
        """)
    short = [line.split()[-2:] for line in r.lines if "short " in line]
    assert len(short) == 80, r
    ends = {" ".join(line.split()[-4:]) for line in r.lines}  # before it may stand the beginning of one that was torn
    assert {f"begin {rank} end {i}" for rank, i in short} <= ends, r
    if r.out.count("begin") == 80:
        assert all(line.startswith(("begin", "short")) for line in r.lines) and len(r.lines) == 160, r


@ways
def test_a_labelled_line_that_was_cut_off_gets_its_label_again(mpiexec, hosts):
    script = f"if [ $PMI_RANK = 0 ]; then printf half; {wait_for('other')} echo rest; else {wait_for('half')} echo other; fi"
    p = mpiexec.start(*hosts, "-l", "-n", "2", "sh", "-c", script)
    assert p.stdout.read(8) == b"[0] half"
    tell(mpiexec.cwd, "half")
    assert p.stdout.read(11) == b"\n[1] other\n"
    tell(mpiexec.cwd, "other")
    assert p.communicate(timeout=PATIENCE)[0] == b"[0] rest\n" and p.returncode == 0


@ways
def test_bytes_are_never_added(mpiexec, hosts):
    r = mpiexec.ok(*hosts, "-n", "4", "printf", "x")
    assert r.out == "xxxx"


@ways
def test_binary_output_passes_unchanged(mpiexec, hosts, tmp_path):
    data = os.urandom(3_000_000)
    (tmp_path / "data").write_bytes(data)
    assert mpiexec.ok(*hosts, "-n", "1", "cat", "data").out_bytes == data


@ways
def test_a_line_of_half_a_megabyte_is_whole(mpiexec, hosts):
    r = mpiexec.ok(*hosts, "-n", "3", sys.executable, "-c",
                   "import os\nc=os.environ['PMI_RANK'].encode()\nfor i in range(4): os.write(1, c*500000+b'\\n')")
    assert sorted(r.out.split()) == [c * 500000 for c in "000011112222"]


@ways
def test_stderr_goes_to_stderr(mpiexec, hosts):
    r = mpiexec.ok(*hosts, "-n", "2", "sh", "-c", "echo out; echo err >&2")
    assert r.lines == ["out"] * 2 and r.err.splitlines() == ["err"] * 2


@ways
def test_merged_stderr_keeps_its_place(mpiexec, hosts):
    r = mpiexec.ok(*hosts, "--merge-stderr", "-n", "1", "sh", "-c", "echo 1; echo 2 >&2; echo 3; echo 4 >&2")
    assert r.lines == ["1", "2", "3", "4"] and r.err == ""


def test_label_pattern(mpiexec):
    r = mpiexec.ok("--hosts", "alpha", "--label-pattern", "<%r {host} {time}> ", "-n", "1", "echo", "text")
    assert re.fullmatch(r"<0 alpha \d\d:\d\d:\d\d\.\d{3}> text\n", r.out)


@ways
def test_output_dir(mpiexec, hosts, tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d/rank.0.out").write_text("of an earlier job\n" * 100)
    r = mpiexec.ok(*hosts, "--output-dir", "d", "-l", "-n", "3", "sh", "-c", "echo out $PMI_RANK; echo err >&2")
    assert r.out == "" and r.err == ""
    for i in range(3):
        assert (tmp_path / f"d/rank.{i}.out").read_text() == f"out {i}\n"
        assert (tmp_path / f"d/rank.{i}.err").read_text() == "err\n"


def test_a_fifo_without_a_reader_holds_nothing_up(mpiexec, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    r = mpiexec.ok("--outfile", "fifo", "-n", "1", "echo", "hello")
    assert r.out == "hello\n" and "nobody reads this FIFO; the output of rank 0 goes to mpiexec instead" in r.err, r


def test_a_fifo_with_a_reader(mpiexec, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with open(os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK), "rb") as fifo:
        p = mpiexec.start("--outfile", "fifo", "-n", "2", "sh", "-c", "head -c 300000 /dev/zero")
        os.set_blocking(fifo.fileno(), True)
        until(lambda: select.select([fifo], [], [], 0)[0])
        assert len(fifo.read()) == 600000
    assert p.wait(PATIENCE) == 0


def test_a_fifo_whose_reader_takes_nothing(mpiexec, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with open(os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK), "rb"):
        r = mpiexec.ok("--outfile", "fifo", "-n", "1", "sh", "-c", "head -c 300000 /dev/zero")
    assert "its reader has taken nothing for some seconds" in r.err and len(r.out) == 300000, r


@ways
def test_outfile_pattern(mpiexec, hosts, tmp_path):
    r = mpiexec.ok(*hosts, "-outfile-pattern", "o/%r", "-n", "3", "sh", "-c", "echo out $PMI_RANK; echo err >&2")
    assert r.out == "" and r.err == "err\n" * 3
    assert [(tmp_path / f"o/{i}").read_text() for i in range(3)] == [f"out {i}\n" for i in range(3)]


@ways
def test_one_file_for_all(mpiexec, cc, hosts, tmp_path):
    (tmp_path / "all").write_text("of an earlier job\n")
    mpiexec.ok(*hosts, "-outfile-pattern", "all", "-n", "6", cc(WRITER), "1000")
    whole_lines((tmp_path / "all").read_bytes(), 6, 1000)


@ways
def test_tee(mpiexec, hosts, tmp_path):
    r = mpiexec.ok(*hosts, "--output-dir", "d", "--tee", "-l", "-n", "2", "echo", "text")
    assert sorted(r.lines) == ["[0] text", "[1] text"]
    assert (tmp_path / "d/rank.1.out").read_text() == "text\n"


def test_many_files_with_few_descriptors(mpiexec, tmp_path):
    script = "for i in 1 2 3; do echo $i; sleep 0.1; done"
    mpiexec.ok("--output-dir", "d", "-n", "300", "sh", "-c", script)
    assert all((tmp_path / f"d/rank.{i}.out").read_text() == "1\n2\n3\n" for i in range(300))


def test_output_that_no_file_takes_is_not_lost(mpiexec):
    r = mpiexec("--output-dir", "/proc/nowhere", "-n", "2", "echo", "text")
    assert r.out == "text\n" * 2 or r.code != 0
    assert "/proc/nowhere" in r.err


@ways
def test_collapse(mpiexec, hosts):
    """All has been written, and waits in the links, when mpiexec looks: lines that come much later are not put together."""
    script = f": > up.$PMI_RANK; {wait_for('go')} echo same; echo odd$((PMI_RANK % 2)); echo err >&2; {HERE} {wait_for('seen')}"
    p = mpiexec.start(*hosts, "--collapse", "-n", "4", "sh", "-c", script)
    until(lambda: len(list(mpiexec.cwd.glob("up.*"))) == 4)
    p.send_signal(signal.SIGSTOP)
    until(lambda: state(p.pid) == "T")
    tell(mpiexec.cwd, "go")
    until(lambda: len(list(mpiexec.cwd.glob("here.*"))) == 4)
    at_rest(proxies(p.pid))
    p.send_signal(signal.SIGCONT)
    out = [p.stdout.readline() for _ in range(3)]
    tell(mpiexec.cwd, "seen")
    more, err = p.communicate(timeout=PATIENCE)
    assert sorted(out) == [b"[0,2] odd0\n", b"[0-3] same\n", b"[1,3] odd1\n"] and more == b"", (out, more, err)
    assert err == b"[0-3] err\n" and p.returncode == 0, (out, err)


def explained(mpiexec, hosts, lines):
    """A job whose rank 1 says why and fails, and of whose rank 0 something is heard before or after that; (it, what it
    said on stderr after these lines)."""
    word = "while [ ! -e said%d ]; do sleep 0.05; done; "
    why, noise = lines.index("because of this"), lines.index("noise of another")
    script = (f"case $PMI_RANK in 1) {word % why} echo because of this >&2; {word % 2} exit 3;; "
              f"0) {word % noise} echo noise of another >&2;; esac; sleep 1000")
    p = mpiexec.start(*hosts, "-n", "3", "sh", "-c", script)
    for i, line in enumerate(lines):
        tell(mpiexec.cwd, f"said{i}")
        assert p.stderr.readline() == line.encode() + b"\n"
    tell(mpiexec.cwd, "said2")
    return p, p.communicate(timeout=90)[1].decode()


@ways
def test_the_last_lines_of_stderr_explain_a_failure(mpiexec, hosts):
    p, err = explained(mpiexec, hosts, ["because of this", "noise of another"])
    assert p.returncode == 3
    assert err.count("because of this") == 1 and err.index("because") > err.index("exited with code 3"), err


@ways
def test_what_stands_right_above_is_not_said_again(mpiexec, hosts):
    p, err = explained(mpiexec, hosts, ["noise of another", "because of this"])
    assert p.returncode == 3 and "exited with code 3" in err and "because of this" not in err, err


def test_input_that_comes_while_ranks_are_started_is_for_those_that_follow(mpiexec):
    n = 150
    r = mpiexec.ok("--stdin", f"0,{n - 1}", "-l", "-n", str(n), "cat", stdin=b"text\n")
    assert sorted(r.lines) == ["[0] text", f"[{n - 1}] text"], r


@ways
@pytest.mark.parametrize("who, ranks", [("all", [0, 1, 2]), ("1", [1]), ("0,2", [0, 2]), ("none", []), (None, [0])])
def test_who_gets_stdin(mpiexec, hosts, who, ranks):
    option = ["--stdin", who] if who else []
    r = mpiexec.ok(*hosts, *option, "-l", "-n", "3", "cat", stdin=b"text\n")
    assert sorted(r.lines) == [f"[{i}] text" for i in ranks]


def test_stdin_reaches_ranks_that_start_after_it_has_come(mpiexec):
    r = mpiexec.ok("--stdin", "200,399", "-l", "-n", "400", "sh", "-c", "case $PMI_RANK in 200|399) cat;; esac", stdin=b"text\n")
    assert sorted(r.lines) == ["[200] text", "[399] text"]


SLOW = """
import hashlib, os, time
h = hashlib.sha256()
while True:
    b = os.read(0, 300000)
    if not b: break
    h.update(b)
    time.sleep(0.005)
print(h.hexdigest())
"""


@ways
@pytest.mark.parametrize("who", ["0", "all"])
def test_stdin_is_exact_however_slow_the_reader(mpiexec, hosts, who):
    data = os.urandom(1 << 20) * 12
    r = mpiexec.ok(*hosts, "--stdin", who, "-n", "2", sys.executable, "-c", SLOW, stdin=data)
    all_of_it, nothing = hashlib.sha256(data).hexdigest(), hashlib.sha256(b"").hexdigest()
    assert sorted(r.lines) == sorted([all_of_it, all_of_it if who == "all" else nothing])


@ways
def test_a_rank_may_close_its_stdin(mpiexec, hosts):
    r = mpiexec.ok(*hosts, "--stdin", "all", "-n", "3", "sh", "-c",
                   "if [ $PMI_RANK = 1 ]; then exec <&-; sleep 0.2; else wc -c; fi", stdin=b"x" * 4_000_000)
    assert [int(x) for x in r.lines] == [4_000_000] * 2


def test_stdin_of_a_loop_is_left_to_the_loop(mpiexec, tmp_path):
    from conftest import MPIEXEC, clean_env

    p = subprocess.run(["sh", "-c", f"while read x; do {shlex.quote(MPIEXEC)} -n 2 echo $x; done"], input=b"a\nb\nc\n",
                       stdout=subprocess.PIPE, env=clean_env(tmp_path), timeout=PATIENCE)
    assert p.stdout.split() == [b"a", b"a", b"b", b"b", b"c", b"c"]


@ways
def test_a_reader_that_leaves_ends_the_job(mpiexec, hosts):
    p = mpiexec.start(*hosts, "-n", "2", "yes", stdin=subprocess.DEVNULL)
    assert p.stdout.read(2) == b"y\n"
    p.stdout.close()
    assert p.wait(timeout=PATIENCE) == 128 + signal.SIGPIPE
    assert p.stderr.read() == b""


@ways
def test_stdout_that_is_full_ends_the_job(mpiexec, hosts):
    with open("/dev/full", "w") as full:
        r = mpiexec(*hosts, "-n", "2", "yes", stdout=full)
    assert r.code == 1 and "unable to write to stdout: No space left on device" in r.err, r


def memory_of(pid):
    """KiB that a process and all below it hold."""
    total, found = 0, [pid]
    while found:
        at = found.pop()
        try:
            with open(f"/proc/{at}/status") as f:
                total += int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))
        except (OSError, AttributeError):
            pass
        found += children(at)
    return total


def memory_when_full(pid, nranks):
    """memory_of once all that may be buffered is: all ranks sleep in a write that nobody helps to its end, those between
    them and us sleep too, and nothing has grown for a while. None: not yet."""
    between = proxies(pid)
    ranks = [c for p in between for c in children(p) if c not in between]
    if len(ranks) != nranks:
        return None
    at_rest(ranks)
    before, woken = memory_of(pid), [switches(r) for r in ranks]
    time.sleep(0.5)
    quiet = woken == [switches(r) for r in ranks] and all(state(p) == "S" for p in [pid, *between])
    return memory_of(pid) == before and quiet and before


@pytest.mark.skipif("MUSTER_TEST_SANITIZERS" in os.environ, reason="a sanitizer keeps what was freed")
@ways
@pytest.mark.parametrize("label", [[], ["-l"], ["--collapse"]], ids=["plain", "label", "collapse"])
def test_memory_stays_flat_with_a_slow_reader(mpiexec, cc, hosts, label):
    p = mpiexec.start(*hosts, *label, "-n", "4", cc(WRITER), "100000000", stdin=subprocess.DEVNULL)
    os.read(p.stdout.fileno(), 1)
    first = until(lambda: memory_when_full(p.pid, 4))
    for _ in range(40):
        os.read(p.stdout.fileno(), 1 << 20)
        time.sleep(0.02)
    assert memory_of(p.pid) - first < 48 * 1024
    p.send_signal(signal.SIGTERM)
    p.stdout.close()
    p.wait(timeout=PATIENCE)


@ways
def test_what_is_left_behind_does_not_hold_the_job(mpiexec, hosts):
    r = mpiexec.ok(*hosts, "-n", "2", "sh", "-c", f"echo text; setsid sleep {FOREVER} &")
    assert r.lines == ["text"] * 2


def test_the_callers_descriptors_stay_blocking(mpiexec):
    p = mpiexec.start("-n", "2", "sh", "-c", f"echo text; {wait_for('go')}")
    assert p.stdout.readline() == b"text\n"
    assert not fcntl.fcntl(p.stdout, fcntl.F_GETFL) & os.O_NONBLOCK
    flags = open(f"/proc/{p.pid}/fdinfo/1").read()
    assert not int(re.search(r"flags:\s+(\d+)", flags).group(1), 8) & os.O_NONBLOCK
    tell(mpiexec.cwd, "go")
    p.communicate(timeout=PATIENCE)


class Terminal:
    """A shell's view of a terminal: mpiexec runs in it as the leader's foreground or background job."""

    def __init__(self, directory, script):
        from conftest import MPIEXEC, clean_env

        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(directory)
            os.execve("/bin/bash", ["bash", "-c", "set -m; " + script], clean_env(directory, MPIEXEC=MPIEXEC))
        attr = termios.tcgetattr(self.fd)
        attr[3] &= ~termios.ECHO
        termios.tcsetattr(self.fd, termios.TCSANOW, attr)
        self.seen = ""

    def expect(self, pattern, seconds=PATIENCE):
        os.set_blocking(self.fd, False)
        end = time.monotonic() + seconds
        while not (m := re.search(pattern, self.seen)):
            assert time.monotonic() < end, self.seen
            try:
                self.seen += os.read(self.fd, 4096).decode(errors="replace")
            except BlockingIOError:
                time.sleep(0.02)
            except OSError:
                assert re.search(pattern, self.seen), self.seen
        self.seen = self.seen[m.end() :]
        return m

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        os.close(self.fd)
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)


@pytest.fixture
def terminal(tmp_path):
    made = []

    def make(script):
        made.append(Terminal(tmp_path, script))
        return made[-1]

    yield make
    for t in made:
        t.end()


@pytest.mark.parametrize("hosts", ["", "--hosts a,b"])
def test_a_rank_talks_with_a_terminal(terminal, hosts):
    t = terminal(f"\"$MPIEXEC\" {hosts} -n 2 sh -c 'if [ $PMI_RANK = 0 ]; then printf \"name? \"; read x; echo hello $x; fi'; "
                 "echo status $?")
    t.expect(r"name\? ")
    t.type("joe\n")
    t.expect("hello joe")
    t.expect("status 0")


def test_what_is_typed_ahead_is_left_to_the_shell(terminal, tmp_path):
    t = terminal(f"\"$MPIEXEC\" -n 2 sh -c 'echo up; {wait_for('go')}'; echo over; read x; echo shell got $x")
    t.expect("up")
    t.type("mine\n")
    time.sleep(0.5)
    tell(tmp_path, "go")
    t.expect("over")
    t.expect("shell got mine")


def test_lines_are_read_as_they_are_wanted(terminal, tmp_path):
    t = terminal(f"\"$MPIEXEC\" -n 1 sh -c 'read a; echo first $a; {wait_for('go')}'; read b; echo second $b")
    t.type("one\ntwo\n")
    t.expect("first one")
    time.sleep(0.3)
    tell(tmp_path, "go")
    t.expect("second two")


def test_in_the_background_a_terminal_is_not_read_and_stops_nothing(terminal, tmp_path):
    t = terminal(f"\"$MPIEXEC\" -n 1 sh -c 'echo up; read x; echo got $x' & {wait_for('go')} jobs -l; read y; "
                 "echo shell got $y; fg >/dev/null; echo status $?")
    t.expect("up")
    time.sleep(1)
    tell(tmp_path, "go")
    t.expect("Running")
    t.type("mine\n")
    t.expect("shell got mine")
    t.type("yours\n")
    t.expect("got yours")
    t.expect("status 0")
