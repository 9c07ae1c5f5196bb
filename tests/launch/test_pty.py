# SPDX-License-Identifier: BSD-3-Clause
"""A rank in a terminal (--pty): prompts, keys, size, job control; mpiexec's own terminal is as it was afterwards."""

import os
import shutil
import signal
import sys

import pytest

from conftest import MPIEXEC, Runner
from processes import until
from terminals import Terminal

# What a shell finds when mpiexec has ended: its status, and how it has left the terminal.
THEN = 'stty -g >before; "$@"; echo "status=$?"; stty -g | cmp - before && echo as it was'
AFTER = r"status=(\d+)\s[^$]*as it was"


@pytest.fixture
def at_terminal(tmp_path):
    """at_terminal(word, ...): mpiexec with these words, started in a terminal by a shell that tells of its end."""
    runner, terminals = Runner(tmp_path, "/bin/sh"), []

    def start(*words, script=THEN, **kw):
        t = Terminal(runner, "-c", script, "sh", MPIEXEC, *words, **kw)
        terminals.append(t)
        return t

    yield start
    runner.end()
    for t in terminals:
        t.close()


def status(t):
    return int(t.expect(AFTER)[1])


BASH = ["bash", "--norc", "--noprofile", "-i"]
PLAIN = {"PS1": "ready> ", "TERM": "vt100"}


def test_a_shell_with_job_control(at_terminal):
    t = at_terminal("--pty", *BASH, env=PLAIN)
    t.expect("ready> ")
    t.type("echo $((6*7)) $(tput cols) $(tput lines)\r")
    t.expect("42 101 33\r\n")
    t.type("sh -c 'echo run''ning; exec sleep 1000'\r")
    t.expect("running\r\n")
    t.type("\x1a")
    t.expect("Stopped +sh -c")
    t.type("kill -9 %1; while jobs | grep -q Stop; do sleep 0.1; done; echo go''ne\r")  # a shell with such jobs stays
    t.expect("gone\r\n")
    t.type("exit 7\r")
    assert status(t) == 7


def test_keys_go_to_the_rank(at_terminal):
    """Ctrl-C is a byte here, and a signal there."""
    t = at_terminal("--pty", "sh", "-c", "trap 'echo caught; exit 3' INT; echo here; while :; do sleep 0.1; done")
    t.expect("here\r\n")
    t.type("\x03")
    t.expect("caught\r\n")
    assert status(t) == 3


def test_the_window_changes(at_terminal):
    t = at_terminal("--pty", "sh", "-c", "trap 'stty size' WINCH; stty size; while :; do sleep 0.1; done")
    t.expect("33 101\r\n")
    t.resize(21, 72)
    t.expect("21 72\r\n")
    t.type("\x03")
    assert status(t) == 130


def test_python_with_its_prompt(at_terminal):
    t = at_terminal("--pty", sys.executable, "-q", env={"PYTHON_BASIC_REPL": 1, "TERM": "dumb"})
    t.expect(">>> ")
    t.type("print(6 * 7, __import__('os').isatty(2))\r")
    t.expect("42 True\r\n")
    t.type("\x04")
    assert status(t) == 0


@pytest.mark.skipif(not shutil.which("gdb"), reason="no gdb")
def test_a_debugger_with_its_prompt(at_terminal):
    t = at_terminal("--pty", "gdb", "-q", "-nx", env={"TERM": "dumb"})
    t.expect(r"\(gdb\) ")
    t.type("print 6*7\r")
    t.expect(r"= 42")
    t.type("quit\r")
    assert status(t) == 0


def test_another_rank_than_the_first(at_terminal):
    """What others write begins at the left edge, and they have no stdin."""
    program = 'test $PMI_RANK = 1 && { read a; stty size; echo got $a; exit; }; cat; printf "one\\ntwo\\n"'
    t = at_terminal("--pty", "1", "--hosts", "a,b,c", "-n", "3", "sh", "-c", program)
    for _ in range(2):
        t.expect("one\r\ntwo\r\n")
    t.type("word\r")
    t.expect("33 101\r\ngot word\r\n")
    assert status(t) == 0


def test_a_way_out(at_terminal):
    t = at_terminal("--pty", "sh", "-c", "trap '' INT TERM; echo here; while :; do sleep 0.1; done")
    t.expect("here\r\n")
    t.type("\x03")
    t.type("\r~?")
    t.expect("~. ends the job")
    t.type("~.")
    assert status(t) == 143


def test_a_tilde_is_typed_twice(at_terminal):
    t = at_terminal("--pty", "sh", "-c", "read a; echo got $a; read a; echo got $a")
    t.type("~~.x\r")
    t.expect(r"got ~\.x\r\n")
    t.type("a~.\r")
    t.expect(r"got a~\.\r\n")
    assert status(t) == 0


def test_stopped_and_taken_up_again(at_terminal):
    """The shell above has its terminal as it was, meanwhile; `fg` goes on."""
    script = 'set -m; stty -g >before; "$@"; stty -g | cmp - before && echo stopped as it was; fg >/dev/null; echo "status=$?"; stty -g | cmp - before && echo as it was'
    t = at_terminal("--pty", "sh", "-c", "read a; echo got $a; read a; exit $a", script=script)
    t.type("one\r")
    t.expect("got one\r\n")
    t.type("~\x1a")
    t.expect("stopped as it was")
    t.type("5\r")
    assert status(t) == 5


@pytest.mark.parametrize("sig, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGQUIT, 131)])
def test_killed_it_leaves_the_terminal_as_it_was(at_terminal, tmp_path, sig, code):
    script = 'stty -g >before; sh -c \'echo $$ >pid; exec "$@"\' sh "$@"; echo "status=$?"; stty -g | cmp - before && echo as it was'
    t = at_terminal("--pty", *BASH, env=PLAIN, script=script)
    t.expect("ready> ")
    os.kill(int((tmp_path / "pid").read_text()), sig)
    assert status(t) == code


def test_a_rank_that_fails_is_told_below_it(at_terminal):
    t = at_terminal("-n", "2", "--pty", "sh", "-c", "test $PMI_RANK = 1 && exit 4; sleep 1000")
    t.expect("rank 1 .*exit")
    assert status(t) == 4


def test_without_a_terminal_it_has_one_all_the_same(mpiexec):
    """Nothing is echoed, no carriage return is added, and the end of stdin arrives."""
    r = mpiexec.ok("--pty", "sh", "-c", "tty >/dev/null && stty size; cat; echo end", stdin=b"one\ntwo\n")
    assert r.out == "24 80\none\ntwo\nend\n"
    r = mpiexec.ok("--pty", "sh", "-c", "cat; echo end", stdin=b"half")
    assert r.out == "halfend\n"
    assert mpiexec.ok("--pty", "sh", "-c", "ps -o tty= -p $$ | grep -c pts").out == "1\n"


def test_much_goes_through_in_both_directions(mpiexec):
    text = "".join(f"{i:6} {'x' * 60}\n" for i in range(20000)).encode()
    r = mpiexec.ok("--pty", "cat", stdin=text)
    assert r.out_bytes == text


def test_what_it_says_where_that_cannot_be(mpiexec):
    r = mpiexec("-n", "2", "--pty=2", "true")
    assert r.code == 1 and "--pty: there is no rank 2, of 2" in r.err, r
    r = mpiexec("--stdin", "all", "--pty", "true")
    assert r.code == 1 and "--stdin: stdin goes to the rank of --pty" in r.err, r


# Speaks no MPI, and its libc keeps what it writes to a pipe.
LINES = r"""
#include <stdio.h>
#include <unistd.h>
int main(void) { printf("one\ntwo\n"); for (;;) pause(); }
"""


def test_lines_of_a_program_without_mpi_come_at_once(mpiexec, cc):
    p = mpiexec.start("-n", "2", "--line-buffered", "--label", cc(LINES))
    lines = sorted(p.stdout.readline() for _ in range(4))
    assert lines == [b"[0] one\n", b"[0] two\n", b"[1] one\n", b"[1] two\n"]
    p.send_signal(signal.SIGTERM)
    assert p.wait(60) == 143


def test_and_are_not_lost_when_the_job_is_killed(mpiexec, cc, tmp_path):
    program = cc(LINES.replace("for (;;) pause()", 'fopen("written", "w"); for (;;) pause()'))
    p = mpiexec.start("--kill-timeout", "0", "-u", "-n", "1", program)
    until(lambda: (tmp_path / "written").exists())
    p.send_signal(signal.SIGTERM)
    assert p.communicate(timeout=60)[0] == b"one\ntwo\n"


def test_line_buffering_changes_no_byte(mpiexec, tmp_path):
    data = bytes(range(256)) * 400
    (tmp_path / "data").write_bytes(data)
    assert mpiexec.ok("-n", "1", "-u", "cat", "data").out_bytes == data
    r = mpiexec.ok("-n", "1", "-u", "sh", "-c", "test -t 1 && test ! -t 0 && test ! -t 2 && echo stdout alone")
    assert r.lines == ["stdout alone"]
