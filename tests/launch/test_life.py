# SPDX-License-Identifier: BSD-3-Clause
"""Life and death of a job: exit status, signals, grace, and that nobody is left behind."""

import os
import pty
import re
import resource
import select
import shlex
import signal
import subprocess
import sys
import time

import pytest

from conftest import MPIEXEC, clean_env
from processes import (FOREVER, HERE, PATIENCE, Marked, at_rest, children, comm, is_stopped, proxies, rests, stat,
                       state, tell, until, wait_for, wait_for_ranks)

SLEEP = ["sleep", "1000"]
# The rank, a child, one in a session of its own, one started twice over in an empty environment: four processes called
# sleep a rank.
FAMILY = ["sh", "-c", "sleep 1000 & setsid sleep 1000 & (setsid env -i sh -c 'sleep 1000 & exit' &) ; exec sleep 1000"]


@pytest.fixture
def marked():
    m = Marked()
    yield m
    for p in m.pids():  # a failed test leaves nothing either
        try:
            os.kill(p, signal.SIGKILL)
        except OSError:
            pass


def ended(p):
    """The exit status of a started mpiexec, with what it wrote to stderr."""
    _, err = p.communicate(timeout=PATIENCE)
    return p.returncode, err.decode()


# --- exit status


@pytest.mark.parametrize(
    "script, status",
    [
        ("exit 0", 0),
        ("exit 3", 3),
        ("exit 255", 255),
        ("kill -9 $$", 137),
        ("kill -11 $$", 139),
        ("kill -15 $$", 143),
        ("[ $PMI_RANK = 2 ] && exit 7; exec sleep 100", 7),
        ("[ $PMI_RANK = 1 ] && kill -6 $$; exec sleep 100", 134),
    ],
)
def test_status_is_that_of_the_rank_that_failed(mpiexec, marked, script, status):
    r = mpiexec("-n", "4", "sh", "-c", script, env=marked.env)
    assert r.code == status, r
    marked.wait_none(0)


@pytest.mark.parametrize("hosts", [[], ["--hosts", "a:1,b:1,c:1,d:1"]])
def test_first_in_time_counts(mpiexec, hosts):
    """Each rank but the last lives until the next one has ended and is not even a zombie any more."""
    script = "trap '' TERM; echo $$ > new.$PMI_RANK; mv new.$PMI_RANK pid.$PMI_RANK; " + \
             wait_for(*(f"pid.{i}" for i in range(4))) + "next=$((PMI_RANK + 1)); " + \
             "[ $next = 4 ] || while kill -0 $(cat pid.$next) 2>/dev/null; do sleep 0.02; done; exit $((10 + PMI_RANK))"
    r = mpiexec(*hosts, "--kill-timeout", FOREVER, "-n", "4", "sh", "-c", script)
    assert r.code == 13, r
    assert re.search(r"^mpiexec: rank 3 on ", r.err, re.M), r


def test_a_signal_is_the_cause_of_the_exits_that_follow_at_once(mpiexec, cc, tmp_path):
    """Rank 2 dies; the others, which wait for a byte of it, end with 1 at once: it is rank 2 that is named."""
    prog = cc(
        """
        #include <fcntl.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        int main(int argc, char **argv)
        {
            char c, here[32];
            int victim = atoi(getenv("PMI_RANK")) == 2;
            int fd = open(argv[1], victim ? O_WRONLY : O_RDONLY); /* which waits for a reader, or the writer */
            close(open(strcat(strcpy(here, "here."), getenv("PMI_RANK")), O_CREAT, 0600));
            for (int i = 0; victim && i < 6; i++)
                while (snprintf(here, sizeof here, "here.%d", i), access(here, F_OK) != 0)
                    usleep(10000);
            if (victim)
                abort();
            read(fd, &c, 1);
            return 1;
        }
        """
    )
    for i in range(4):
        fifo = tmp_path / f"fifo{i}"
        os.mkfifo(fifo)
        for here in tmp_path.glob("here.*"):
            here.unlink()
        r = mpiexec("-n", "6", prog, str(fifo))
        assert r.code == 134, r
        assert "rank 2 on " in r.err and "SIGABRT" in r.err, r


def test_not_found_is_127(mpiexec):
    r = mpiexec("-n", "3", "./there-is-no-such-program")
    assert r.code == 127, r
    assert r.err.count("there-is-no-such-program") == 1, r


def test_timeout_is_124(mpiexec, marked):
    r = mpiexec("--timeout", "0.5", "--kill-timeout", FOREVER, "-n", "3", *FAMILY, env=marked.env)
    assert r.code == 124, r
    assert "0.5 s (--timeout)" in r.err, r
    marked.wait_none(0)


def test_no_kill_lets_the_others_finish(mpiexec):
    script = "[ $PMI_RANK = 1 ] && exit 5; sleep 0.5; echo rank $PMI_RANK is through"
    r = mpiexec("--no-kill", "-n", "4", "sh", "-c", script)
    assert r.code == 5, r
    assert sorted(r.lines) == [f"rank {i} is through" for i in (0, 2, 3)], r
    assert "rank 1 on " in r.err and "exited with code 5" in r.err, r


# --- grace


def test_ranks_may_tidy_up_within_the_grace(mpiexec):
    script = f"trap 'echo tidied; exit 0' TERM; {HERE} if [ $PMI_RANK = 0 ]; then {wait_for_ranks(1, 2)} exit 9; fi; " \
             "while :; do sleep 0.05; done"
    r = mpiexec("--kill-timeout", FOREVER, "-n", "3", "sh", "-c", script)
    assert r.code == 9, r
    assert r.lines == ["tidied", "tidied"], r
    assert "2 other ranks stopped because of it" in r.err, r


def test_who_ignores_sigterm_is_killed_after_the_grace(mpiexec, marked):
    script = f"trap '' TERM; echo ready; if [ $PMI_RANK = 0 ]; then {wait_for('go')} exit 9; fi; " \
             "sleep 1000 & while :; do sleep 0.05; done"
    p = mpiexec.start("--kill-timeout", "3", "-n", "3", "sh", "-c", script, env=marked.env)
    assert [p.stdout.readline() for _ in range(3)] == [b"ready\n"] * 3
    began = time.monotonic()
    tell(mpiexec.cwd, "go")
    code, err = ended(p)
    assert code == 9 and time.monotonic() - began > 2.9, err
    marked.wait_none(0)


def test_stopped_ranks_are_ended_within_the_grace(mpiexec, marked):
    script = f"if [ $PMI_RANK = 0 ]; then {wait_for('go')} exit 9; fi; kill -STOP $$; sleep 1000"
    p = mpiexec.start("--kill-timeout", FOREVER, "-n", "4", "sh", "-c", script, env=marked.env)
    until(lambda: sum(state(s) == "T" for s in marked.pids("sh")) == 3)
    tell(mpiexec.cwd, "go")
    code, err = ended(p)
    assert code == 9, err
    marked.wait_none(0)


def test_what_ranks_leave_behind_ends_with_the_job(mpiexec, marked):
    r = mpiexec.ok("-n", "2", "sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & sleep 1000 >/dev/null 2>&1 & exit 0",
                   env=marked.env)
    assert r.err.count("mpiexec: ") == 1 and "had started were running when the job was over" in r.err, r
    marked.wait_none(0)


# --- signals to mpiexec


@pytest.mark.parametrize("sig", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])
@pytest.mark.parametrize("hosts", [[], ["--hosts", "a,b,c", "--radix", "1"]], ids=["one node", "a chain"])
def test_a_signal_ends_the_job(mpiexec, marked, sig, hosts):
    number = getattr(signal, sig)
    p = mpiexec.start(*hosts, "--kill-timeout", FOREVER, "-n", "3", *FAMILY, env=marked.env)
    marked.wait(12, "sleep")
    p.send_signal(number)
    code, err = ended(p)
    assert code == 128 + number, err
    assert f"ended by {sig}" in err and "proxy" not in err, err
    marked.wait_none(0)


MANY = ["-n", "3000", "sh", "-c", f": > here.$PMI_RANK; exec sleep {FOREVER}"]


def test_a_signal_while_ranks_are_being_started(mpiexec, marked, tmp_path):
    p = mpiexec.start(*MANY, env=marked.env)
    until(lambda: (tmp_path / "here.0").exists())
    p.send_signal(signal.SIGTERM)
    _, err = p.communicate(timeout=PATIENCE)
    assert p.returncode == 128 + signal.SIGTERM and b"ranks not started" in err, err
    marked.wait_none(0)


def test_mpiexec_killed_while_ranks_are_being_started(mpiexec, marked, tmp_path):
    p = mpiexec.start(*MANY, env=marked.env)
    until(lambda: (tmp_path / "here.0").exists())
    p.kill()
    p.wait()
    marked.wait_none()
    assert not (tmp_path / "here.2999").exists()


HANDLES_TERM = f"trap 'sleep 0.5; : > finished.$PMI_RANK; exit 0' TERM; {HERE} while :; do sleep 0.02; done"


@pytest.mark.parametrize("hosts", [[], ["--hosts", "a,b", "--radix", "1"]], ids=["one node", "a chain"])
def test_a_signal_to_all_of_the_job(mpiexec, marked, tmp_path, hosts):
    """As a batch system or a service manager sends it: the ranks still have their grace."""
    p = mpiexec.start(*hosts, "--kill-timeout", FOREVER, "-n", "2", "sh", "-c", HANDLES_TERM, env=marked.env)
    until(lambda: all((tmp_path / f"here.{r}").exists() for r in range(2)))
    for pid in [*marked.pids("muster-proxy"), *marked.pids("sh"), p.pid]:
        os.kill(pid, signal.SIGTERM)
    code, err = ended(p)
    assert code == 143 and "proxy" not in err, err
    assert all((tmp_path / f"finished.{r}").exists() for r in range(2)), err
    marked.wait_none(0)


@pytest.mark.parametrize("sig", ["SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGTERM", "SIGVTALRM",
                                 "SIGPROF", "SIGIO", "SIGPWR", "SIGXCPU", "SIGTSTP", "SIGRTMIN", "SIGRTMAX"])
def test_a_proxy_takes_no_signal_for_its_own(mpiexec, marked, tmp_path, sig):
    p = mpiexec.start("--hosts", "a,b", "--radix", "1", "-n", "2", "sh", "-c", f"{HERE} {wait_for('go')}", env=marked.env)
    until(lambda: all((tmp_path / f"here.{r}").exists() for r in range(2)))
    for pid in marked.pids("muster-proxy"):
        os.kill(pid, getattr(signal, sig))
    tell(tmp_path, "go")
    assert ended(p) == (0, "")


def test_an_alarm_of_nobody_does_no_harm(mpiexec, tmp_path):
    p = mpiexec.start("-n", "1", "sh", "-c", f"{HERE} {wait_for('go')}")
    until((tmp_path / "here.0").exists)
    p.send_signal(signal.SIGALRM)
    tell(tmp_path, "go")
    assert ended(p) == (0, "")


def test_a_directory_that_is_gone(mpiexec, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    there = f"cd gone && rmdir ../gone && exec {shlex.quote(MPIEXEC)} \"$@\""

    def run(*args):
        return subprocess.run(["sh", "-c", there, "sh", *args], cwd=tmp_path, capture_output=True, text=True,
                              env=clean_env(tmp_path), timeout=PATIENCE)
    r = run("-n", "2", "pwd")
    assert r.returncode == 1 and "unable to name the current directory" in r.stderr and r.stdout == "", r
    gone.mkdir()
    r = run("--wdir", "/", "-n", "2", "pwd")
    assert (r.returncode, r.stdout) == (0, "/\n/\n"), r


def test_ranks_see_the_signal_that_was_sent(mpiexec):
    script = "trap 'echo INT; exit' INT; trap 'echo TERM; exit' TERM; echo ready; while :; do sleep 0.05; done"
    for sig in (signal.SIGINT, signal.SIGTERM):
        p = mpiexec.start("-n", "1", "sh", "-c", script)
        assert p.stdout.readline() == b"ready\n"
        p.send_signal(sig)
        out, err = p.communicate(timeout=PATIENCE)
        assert out.decode() == sig.name[3:] + "\n" and p.returncode == 128 + sig, err


def test_a_second_interrupt_kills_at_once(mpiexec, marked):
    p = mpiexec.start("--kill-timeout", FOREVER, "-n", "2", "sh", "-c",
                      "trap '' TERM; trap 'echo caught' INT; echo ready; while :; do sleep 0.05; done", env=marked.env)
    assert [p.stdout.readline() for _ in range(2)] == [b"ready\n"] * 2
    p.send_signal(signal.SIGINT)
    assert [p.stdout.readline() for _ in range(2)] == [b"caught\n"] * 2
    time.sleep(0.3)
    assert p.poll() is None
    p.send_signal(signal.SIGINT)
    code, err = ended(p)
    assert code == 130, err
    marked.wait_none(0)


def test_nohup_survives_a_hangup(mpiexec):
    p = mpiexec.start("-n", "1", "sh", "-c", f"echo ready; {wait_for('go')} echo done",
                      preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    assert p.stdout.readline() == b"ready\n"
    p.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert p.poll() is None
    tell(mpiexec.cwd, "go")
    assert p.stdout.read() == b"done\n"
    assert p.wait(PATIENCE) == 0


def test_signals_that_a_parent_blocked_still_work(mpiexec, marked):
    everything = set(signal.Signals)
    p = mpiexec.start("-n", "1", *SLEEP, env=marked.env,
                      preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, everything))
    marked.wait(1, "sleep")
    p.send_signal(signal.SIGTERM)
    assert ended(p)[0] == 143
    marked.wait_none(0)


def test_stop_and_continue(mpiexec, marked):
    p = mpiexec.start("--hosts", "a,b", "-n", "2", *SLEEP, env=marked.env)
    ranks = marked.wait(2, "sleep")
    p.send_signal(signal.SIGTSTP)
    until(lambda: state(p.pid) == "T" and all(state(r) == "T" for r in ranks))
    p.send_signal(signal.SIGCONT)
    until(lambda: state(p.pid) != "T" and all(state(r) == "S" for r in ranks))
    p.send_signal(signal.SIGINT)
    assert ended(p)[0] == 130


def test_usr1_goes_to_those_that_catch_it_and_shows_the_table(mpiexec):
    script = f"[ $PMI_RANK = 0 ] && trap 'echo caught; exit 0' USR1; echo ready; {wait_for('go')}"
    p = mpiexec.start("-n", "3", "sh", "-c", script)
    for _ in range(3):
        assert p.stdout.readline() == b"ready\n"
    p.send_signal(signal.SIGUSR1)
    assert p.stdout.readline() == b"caught\n"
    first = p.stderr.readline()
    tell(mpiexec.cwd, "go")
    out, err = p.communicate(timeout=PATIENCE)
    assert p.returncode == 0 and out == b"", err
    assert b"3 ranks, after" in first, first + err


def test_usr1_reaches_the_program_behind_a_shell(mpiexec):
    """Which may have the signal at any time after the line."""
    script = f"{sys.executable} -c \"import os, signal as s, time as t\n" \
             "s.signal(s.SIGUSR1, lambda *a: os._exit(os.write(1, b'caught\\\\n') and 0)); " \
             "os.write(1, b'ready\\\\n')\nwhile True: t.sleep(0.02)\"; exit 0"
    p = mpiexec.start("-n", "1", "sh", "-c", script)
    assert p.stdout.readline() == b"ready\n"
    p.send_signal(signal.SIGUSR1)
    out, err = p.communicate(timeout=PATIENCE)
    assert p.returncode == 0 and out == b"caught\n", err


@pytest.mark.parametrize("sig", [signal.SIGUSR2, signal.SIGWINCH])
def test_passed_on(mpiexec, sig):
    script = f"trap 'echo got it; exit 0' {sig.name[3:]}; echo ready; while :; do sleep 0.05; done"
    p = mpiexec.start("-n", "2", "sh", "-c", script)
    assert p.stdout.readline() and p.stdout.readline()
    p.send_signal(sig)
    out, err = p.communicate(timeout=PATIENCE)
    assert p.returncode == 0 and out == b"got it\n" * 2, err


# --- at a terminal


class Terminal:
    """A shell with job control at a terminal of its own."""

    def __init__(self, cwd):
        self.seen = b""
        pid, self.fd = pty.fork()
        if pid == 0:
            os.chdir(cwd)
            os.execvpe("bash", ["bash", "--norc", "-i"], clean_env(cwd, PS1="$ "))
        self.pid = pid

    def type(self, text):
        os.write(self.fd, text.encode())

    def expect(self, text, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while text.encode() not in self.seen:
            left = end - time.monotonic()
            assert left > 0 and select.select([self.fd], [], [], left)[0], (text, self.seen.decode(errors="replace"))
            self.seen += os.read(self.fd, 65536)
        self.seen = self.seen.split(text.encode(), 1)[1]

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


@pytest.fixture
def terminal(tmp_path):
    t = Terminal(tmp_path)
    yield t
    t.close()


def test_control_c_at_a_terminal(terminal):
    terminal.type(f"{shlex.quote(MPIEXEC)} -n 2 sh -c 'echo rea''dy; sleep 1000'; echo sta''tus $?\n")
    terminal.expect("ready")
    terminal.expect("ready")
    terminal.type("\x03")
    terminal.expect("ended by SIGINT")
    terminal.type("\n")
    terminal.type("echo sta''tus $?\n")
    terminal.expect("status 130")


def test_control_z_and_fg_at_a_terminal(terminal, tmp_path):
    terminal.type(f"{shlex.quote(MPIEXEC)} -n 1 sh -c 'for i in 1 2 3; do echo li''ne $i; done; {wait_for('go')} echo li''ne 9'\n")
    terminal.expect("line 3")
    terminal.type("\x1a")
    terminal.expect("Stopped")
    (job,) = children(terminal.pid)
    ranks = [r for proxy in proxies(job) for r in children(proxy)]
    assert len(ranks) == 1
    until(lambda: is_stopped(ranks[0]))
    terminal.type("echo sta''tus $?; fg\n")
    terminal.expect("status 14")
    tell(tmp_path, "go")
    terminal.expect("line 9")
    terminal.expect("$ ")
    terminal.type("echo sta''tus $?\n")
    terminal.expect("status 0")


# --- nobody is left behind

NODES = ["--hosts", "a,b,c,d,e,f,g", "--radix", "2", "-n", "7"]


@pytest.mark.parametrize("where", [["-n", "3"], NODES], ids=["one node", "a tree"])
def test_mpiexec_killed(mpiexec, marked, where):
    p = mpiexec.start(*where, *FAMILY, env=marked.env)
    marked.wait(4 * int(where[-1]), "sleep")
    p.kill()
    p.wait()
    marked.wait_none()


@pytest.mark.parametrize("which", range(7))
def test_a_proxy_killed(mpiexec, marked, which):
    """a - (c, d), b - (...): with radix 2 the first two are below mpiexec and have children of their own."""
    p = mpiexec.start(*NODES, *FAMILY, env=marked.env)
    marked.wait(28, "sleep")
    victims = until(lambda: len(v := proxies(p.pid)) == 7 and v)
    os.kill(victims[which], signal.SIGKILL)
    marked.wait_none()
    code, err = ended(p)
    assert code == 1, err
    assert "the proxy on " in err and "is gone (it was killed by signal 9 (SIGKILL))" in err, err
    assert err.count("is gone") == 1 and len(err.splitlines()) < 6, err


def test_no_kill_goes_on_without_a_lost_node(mpiexec, marked):
    p = mpiexec.start("--no-kill", "--hosts", "a,b,c", "-n", "3", "sh", "-c",
                      f"echo $PPID; {wait_for('go')} echo done", env=marked.env)
    pids = {int(p.stdout.readline()) for _ in range(3)}
    os.kill(victim := pids.pop(), signal.SIGKILL)
    until(lambda: len(marked.pids("sh")) == 2 and state(victim) == "Z")
    tell(mpiexec.cwd, "go")
    out, err = p.communicate(timeout=PATIENCE)
    assert out == b"done\n" * 2 and p.returncode == 1, err
    marked.wait_none(0)


def test_a_rank_killed(mpiexec, marked):
    p = mpiexec.start(*NODES, *FAMILY, env=marked.env)
    ranks = marked.wait(28, "sleep")
    rank = next(r for r in ranks if comm(int(stat(r)[1])) == "muster-proxy" and os.getsid(r) == r)  # all sleep for long
    os.kill(rank, signal.SIGKILL)
    marked.wait_none()
    code, err = ended(p)
    assert code == 137 and "SIGKILL" in err and "6 other ranks stopped because of it" in err, err


def test_mpiexec_and_a_stopped_proxy(mpiexec, marked):
    p = mpiexec.start("-n", "2", *FAMILY, env=marked.env)
    marked.wait(8, "sleep")
    os.kill(proxies(p.pid)[0], signal.SIGSTOP)
    p.kill()
    p.wait()
    marked.wait_none()


@pytest.mark.parametrize("which", [0, 1, 6])
def test_a_stopped_proxy_does_not_keep_mpiexec(mpiexec, marked, which):
    p = mpiexec.start(*NODES, *FAMILY, env=marked.env)
    marked.wait(28, "sleep")
    os.kill(proxies(p.pid)[which], signal.SIGSTOP)
    p.send_signal(signal.SIGINT)  # and another, because a second one of a kind may be lost while the first is pending
    p.send_signal(signal.SIGTERM)
    code, err = ended(p)
    assert code == 130, err
    marked.wait_none(0)


@pytest.mark.parametrize("heartbeat", [[], ["--heartbeat", "1"]])
@pytest.mark.parametrize("which", [0, 1, 6])
def test_a_stopped_proxy_is_taken_for_dead(mpiexec, marked, which, heartbeat):
    p = mpiexec.start(*NODES, *heartbeat, *FAMILY, env=marked.env)
    marked.wait(28, "sleep")
    os.kill(proxies(p.pid)[which], signal.SIGSTOP)
    code, err = ended(p)
    seconds = heartbeat[1] if heartbeat else "10"
    assert code == 1 and f"is gone (it was stopped for {seconds} s): its ranks are lost" in err, err
    marked.wait_none(0)


def test_a_stopped_proxy_that_goes_on(mpiexec, marked):
    p = mpiexec.start(*NODES, "--heartbeat", "1", "sleep", "1000", env=marked.env)
    marked.wait(7, "sleep")
    stopped = proxies(p.pid)[0]
    os.kill(stopped, signal.SIGSTOP)
    until(lambda: is_stopped(stopped))
    os.kill(stopped, signal.SIGCONT)
    time.sleep(4)
    assert p.poll() is None
    p.send_signal(signal.SIGTERM)
    assert ended(p)[0] == 143


@pytest.mark.parametrize("how", [[], ["-l"], ["--hosts", "a,b"]])
def test_a_reader_who_does_not_read_keeps_nobody(mpiexec, marked, how):
    r, w = os.pipe()
    p = mpiexec.start(*how, "-n", "2", "yes", env=marked.env, stdout=w, stdin=subprocess.DEVNULL)
    os.close(w)
    at_rest(marked.wait(2, "yes"))  # all that is between them and the reader is full
    p.send_signal(signal.SIGINT)
    until(lambda: not marked.pids("yes"))
    p.send_signal(signal.SIGTERM)
    code, err = ended(p)
    os.close(r)
    assert code == 130 and "ended by SIGINT" in err, err
    marked.wait_none(0)


def test_a_third_interrupt_waits_for_nobody(mpiexec, marked):
    """After the second the stopped proxy would be waited for, some seconds. One run of several may show it."""
    took = []
    while len(took) < 10 and not (took and min(took) < 2):
        p = mpiexec.start("--kill-timeout", FOREVER, "-n", "2", *FAMILY, env=marked.env)
        marked.wait(8, "sleep")
        os.kill(proxies(p.pid)[0], signal.SIGSTOP)
        began = time.monotonic()
        for sig in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):  # of a kind, two might be seen as one
            p.send_signal(sig)
        code, err = ended(p)
        took.append(time.monotonic() - began)
        assert code == 129, err
        marked.wait_none(0)
    assert min(took) < 2, took


def test_children_of_the_caller_are_left_alone(mpiexec, marked):
    """`server & exec mpiexec ...`: the server is not ours to kill, nor to wait for."""
    shell = subprocess.Popen(["sh", "-c", f"sleep 1000 & exec {shlex.quote(MPIEXEC)} -n 2 sh -c 'exit 4'"],
                             env=clean_env("/nonexistent", **marked.env), start_new_session=True)
    mpiexec.running.append(shell)
    assert shell.wait(PATIENCE) == 4
    until(lambda: len(marked.pids("sleep")) == 1)


# --- what a rank finds


def rank_python(code):
    return [sys.executable, "-c", code]


def test_a_rank_has_its_descriptors_only(mpiexec):
    with open("/dev/null") as extra:
        r = mpiexec.ok("-n", "2", "sh", "-c", "ls /proc/$$/fd; true", pass_fds=[extra.fileno()])
    assert sorted(r.lines) == sorted(["0", "1", "2", "40", "41"] * 2), r


def test_a_rank_has_default_signals(mpiexec):
    def hostile():
        for s in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
            signal.signal(s, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))

    r = mpiexec.ok("-n", "1", "grep", "^Sig[BI]", "/proc/self/status", preexec_fn=hostile)
    assert [int(line.split()[1], 16) for line in r.lines] == [0, 0], r


def test_limits_and_umask_are_the_users(mpiexec):
    def limits():
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, 1000))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 4096))
        os.umask(0o027)

    r = mpiexec.ok("-n", "2", "--hosts", "a,b", "sh", "-c", "echo $(ulimit -Sn; ulimit -Hn; ulimit -Sc; umask)",
                   preexec_fn=limits)
    assert r.lines == ["200 1000 0 0027"] * 2, r


@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1], [0, 1, 2]])
def test_closed_standard_descriptors(mpiexec, marked, closed):
    def close():
        for fd in closed:
            os.close(fd)

    r = mpiexec("-n", "2", "--hosts", "a,b", "sh", "-c", "echo out; echo err >&2", preexec_fn=close, env=marked.env)
    assert r.code == 0, r
    assert r.lines == ([] if 1 in closed else ["out", "out"]), r
    marked.wait_none(0)


# --- cost of waiting


def test_an_idle_job_costs_nothing(mpiexec, marked):
    p = mpiexec.start("--hosts", "a,b,c", "-n", "6", *SLEEP, env=marked.env, stdin=subprocess.DEVNULL)
    marked.wait(6, "sleep")
    assert rests([p.pid, *proxies(p.pid)], 1.5)
    p.send_signal(signal.SIGTERM)
    assert ended(p)[0] == 143


def test_a_rank_that_closes_everything_costs_nothing(mpiexec, marked):
    p = mpiexec.start("-n", "2", "sh", "-c", "exec 0<&- 1>&- 2>&- 3>&- 4>&-; exec sleep 1000", env=marked.env)
    marked.wait(2, "sleep")
    assert rests([p.pid, *proxies(p.pid)], 1)
    assert p.poll() is None
    p.send_signal(signal.SIGTERM)
    assert ended(p)[0] == 143
