# SPDX-License-Identifier: BSD-3-Clause
"""Jobs of schedulers that are not here: programs that behave as theirs do start the proxies, all on this machine. A real
Slurm and a real Grid Engine are in tests/cluster."""

import os
import re
import shlex
import signal
import subprocess

import pytest

from conftest import Started
from processes import HERE, children, until, wait_for_ranks

# As a remote shell: its words, joined, are for a shell. What it was called with is kept.
BLAUNCH = """
case $1 in -*) echo "blaunch: $1: unknown option" >&2; exit 2;; esac
host=$1; shift
echo "$host" >> called
exec sh -c "$*"
"""
QRSH = """
[ "$1" = -inherit ] || { echo "error: no suitable queues" >&2; exit 1; }
shift; [ "$1" = -V ] && shift
[ -e refuse ] && { echo "error: executing task of job 7 failed: execution daemon on host \\"$1\\" didn't accept task" >&2; exit 1; }
""" + BLAUNCH
# One task a node of the job, or of the list; each knows its node; a bad end is told, and is the whole end.
SRUN = """
printf '%s\\n' "$@" > called
nodes=$(echo "$NODES" | tr , ' ')
while :; do
    case $1 in
    --nodelist=*) nodes=$(echo "${1#*=}" | tr , ' ');;
    --*) ;;
    *) break;;
    esac
    shift
done
i=0 pids= code=0
for n in $nodes; do
    (SLURMD_NODENAME=$n "$@" </dev/null; c=$?; [ $c = 0 ] || echo "srun: error: $n: task $i: Exited with exit code $c" >&2; exit $c) &
    pids="$pids $!" i=$((i + 1))
done
trap 'kill $pids' TERM
for p in $pids; do wait $p || code=$?; done
exit $code
"""
# flux kvs get resource.R, and flux exec, whose commands see their host by uname.
FLUX = """
if [ "$1 $2 $3" = "kvs get resource.R" ]; then
    echo '{"version": 1, "execution": {"nodelist": ["a,b,c"], "R_lite": [{"rank": "0-2", "children": {"core": "0"}}]}}'
    exit
fi
[ "$1" = exec ] || exit 1
shift
printf '%s\\n' "$@" > called
while :; do case $1 in --*) shift;; *) break;; esac; done
mkdir -p uname
pids= code=0
for n in a b c; do
    mkdir -p uname/$n; printf '#!/bin/sh\\necho %s\\n' $n > uname/$n/uname; chmod +x uname/$n/uname
    (PATH=$PWD/uname/$n:$PATH "$@" </dev/null) || echo "flux-exec: 0: exit $?" >&2 &
    pids="$pids $!"
done
for p in $pids; do wait $p || code=$?; done
exit $code
"""
# A task for each line of the file of hosts (Torque: once a host with -u), which knows its host by uname, has PBS' own
# variables and none of its parent's, and whose output goes elsewhere.
PBSDSH = """
printf '%s\\n' "$@" > called
hosts=$(cat $PBS_NODEFILE)
while :; do case $1 in -u) hosts=$(sort -u $PBS_NODEFILE); shift;; -*) shift;; *) break;; esac; done
pids= code=0 i=0
for n in $hosts; do
    mkdir -p uname/$n; printf '#!/bin/sh\\necho %s\\n' $n.example > uname/$n/uname; chmod +x uname/$n/uname
    (env -i PATH=$PWD/uname/$n:$PATH PBS_JOBCOOKIE=$PBS_JOBCOOKIE "$@" </dev/null >>elsewhere 2>&1) || echo "pbsdsh: task $i exit status $?" >&2 &
    pids="$pids $!" i=$((i + 1))
done
trap 'kill $pids' TERM
for p in $pids; do wait $p || code=$?; done
exit $code
"""
ALLOCATION = {
    "pbsdsh": {"PBS_NODEFILE": "nodes", "PBS_JOBCOOKIE": "0123456789ABCDEF0123456789ABCDEF"},
    "lsf": {"LSB_MCPU_HOSTS": "a 1 b 1 c 1"},
    "sge": {"PE_HOSTFILE": "hosts", "JOB_ID": "7"},
    "slurm": {"SLURM_JOB_NODELIST": "a,b,c", "SLURM_JOB_NUM_NODES": "3", "SLURM_TASKS_PER_NODE": "1(x3)", "NODES": "a,b,c"},
    "flux": {"FLUX_URI": "local:///run/flux"},
}
PROGRAM = {"lsf": ("blaunch", BLAUNCH), "sge": ("qrsh", QRSH), "slurm": ("srun", SRUN), "flux": ("flux", FLUX),
           "pbsdsh": ("pbsdsh", PBSDSH)}
CONNECTS_BACK = ["slurm", "flux"]
ASKED_FOR = ["pbsdsh"]  # by --launcher alone: hosts of PBS are reached by ssh otherwise
BY_HOST = ["--arg-template", "echo", "{host}"]


@pytest.fixture
def job(mpiexec, tmp_path):
    """job(manager, *words): mpiexec in a job of it. What it says of hosts that connect back is by way of this machine."""
    bin = tmp_path / "bin"
    bin.mkdir()
    (tmp_path / "hosts").write_text("a 1 all.q -\nb 1 all.q -\nc 1 all.q -\n")
    (tmp_path / "nodes").write_text("a\nb\nc\n")

    def environment(manager, env={}):
        name, text = PROGRAM[manager]
        (bin / name).write_text("#!/bin/sh" + text)
        (bin / name).chmod(0o755)
        return {"PATH": f"{bin}:{os.environ['PATH']}", "MUSTER_LAUNCHER": manager if manager in ASKED_FOR else "", "MUSTER_RMK": "", "MUSTER_IFACE": "lo",
                **ALLOCATION[manager], **env}

    def run(manager, *words, env={}, **kw):
        return mpiexec(*words, env=environment(manager, env), **kw)
    run.environment, run.mpiexec = environment, mpiexec
    return run


@pytest.mark.parametrize("manager", PROGRAM)
def test_its_program_starts_the_proxies(job, manager):
    r = job(manager, *BY_HOST)
    assert r.code == 0 and sorted(r.lines) == ["a", "b", "c"] and r.err == "", r


@pytest.mark.parametrize("manager", PROGRAM)
def test_some_of_its_hosts(job, manager):
    r = job(manager, "--launcher", manager, "--hosts", "c:1,a:1", *BY_HOST)
    assert r.code == 0 and sorted(r.lines) == ["a", "c"] and r.err == "", r


@pytest.mark.parametrize("manager", PROGRAM)
def test_hosts_of_the_job_need_no_launcher(job, manager):
    r = job(manager, "--hosts", "c:1,a:1", *BY_HOST)
    assert r.code == 0 and sorted(r.lines) == ["a", "c"] and r.err == "", r


def test_a_host_that_is_not_of_the_job_is_reached_by_ssh(job, tmp_path):
    env = job.environment("lsf")
    (tmp_path / "bin/ssh").write_text("#!/bin/sh\necho \"ssh: $*: asked\" >&2; exit 255\n")
    (tmp_path / "bin/ssh").chmod(0o755)
    r = job.mpiexec("--hosts", "a,nowhere.invalid", "true", env=env)
    assert r.code == 1 and not (tmp_path / "called").exists() and " nowhere.invalid: unable to " in r.err, r


@pytest.mark.parametrize("manager", CONNECTS_BACK)
def test_no_files_are_copied(job, manager):
    r = job(manager, "--stage", "true")
    assert r.code == 1 and f"--launcher {manager} copies no files" in r.err, r


def test_a_user_is_for_ssh(job):
    r = job("lsf", "--launcher", "lsf", "--hosts", "me@a,b", "true")
    assert r.code == 1 and "host a has a user, port or key: that is for ssh (--launcher ssh), not for lsf" in r.err, r


@pytest.mark.parametrize("manager", PROGRAM)
def test_stdin_and_a_failure(job, manager):
    r = job(manager, "sh", "-c", f"cat; {HERE} test $PMI_RANK != 2 && exec sleep 1000; {wait_for_ranks(0, 1)} exit 5", stdin=b"text\n")
    assert r.code == 5 and r.out == "text\n", r


def test_slots_of_pbs_are_tasks(job, tmp_path):
    """The second task of a host finds no place, whichever it is."""
    (tmp_path / "nodes").write_text("a\na\nb\nb\n")
    for version in ("", "TORQUE-6"):
        r = job("pbsdsh", *BY_HOST, env={"PBS_VERSION": version})
        assert r.code == 0 and sorted(r.lines) == ["a", "a", "b", "b"] and r.err == "", r
        assert ("-u\n" in (tmp_path / "called").read_text()) == bool(version)


def test_no_secret_is_in_the_words_for_pbs(job, tmp_path):
    job("pbsdsh", "true")
    assert ALLOCATION["pbsdsh"]["PBS_JOBCOOKIE"] not in (tmp_path / "called").read_text()


def test_pbsdsh_outside_of_a_job(job):
    r = job("pbsdsh", "--hosts", "a,b", "true", env={"PBS_JOBCOOKIE": ""})
    assert r.code == 1 and "--launcher pbsdsh is for jobs of PBS, whose environment has PBS_JOBCOOKIE" in r.err, r


def test_two_hosts_of_one_name(job):
    r = job("pbsdsh", "--hosts", "a.x,a.y", "true")
    assert r.code == 1 and "a.x and a.y are both called a where proxies are started by pbsdsh" in r.err, r


def by_hand(mpiexec, *words, **kw):
    """mpiexec that waits for others to start its proxies; the commands by host, the secret."""
    p = mpiexec.start("--launcher", "manual", "--iface", "lo", *words, **kw)
    commands, secret = {}, ""
    while not secret:
        line = p.stderr.readline().decode()
        assert line, "mpiexec has ended"
        if m := re.match(r"mpiexec:   on (\S+): (.*)", line):
            commands[m[1]] = shlex.split(m[2])
        elif "secret" in line:
            secret = line.split()[-1]
    return p, commands, secret


def typed(command, secret):
    p = Started(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    p.stdin.write(secret.encode() + b"\n")
    p.stdin.close()
    return p


def test_proxies_started_by_hand(mpiexec):
    p, commands, secret = by_hand(mpiexec, "--hosts", "a:1,b:1", *BY_HOST)
    assert list(commands) == ["a", "b"] and not any(secret in w for c in commands.values() for w in c)
    wrong = typed(commands["a"], secret[::-1] + "0")
    proxies = [typed(c, secret) for c in commands.values()]
    out, err = p.communicate(timeout=60)
    assert p.returncode == 0 and sorted(out.decode().split()) == ["a", "b"] and err == b""
    assert [x.wait(timeout=60) for x in proxies] == [0, 0]
    assert wrong.wait(timeout=60) == 1 and b" mpiexec at " in wrong.stderr.read()


def test_a_proxy_started_by_hand_is_killed(mpiexec):
    p, commands, secret = by_hand(mpiexec, "--hosts", "a,b", "sh", "-c", "echo here; exec sleep 1000")
    proxies = [typed(c, secret) for c in commands.values()]
    assert [p.stdout.readline() for _ in "ab"] == [b"here\n"] * 2
    for pid in children(proxies[1].pid):  # below its guard
        os.kill(pid, signal.SIGKILL)
    out, err = p.communicate(timeout=60)
    assert p.returncode == 1 and b"the proxy on b " in err, err


def test_mpiexec_does_not_wait_for_a_hand_when_it_is_interrupted(mpiexec):
    p, commands, secret = by_hand(mpiexec, "--hosts", "a,b", "true")
    p.send_signal(signal.SIGINT)
    p.communicate(timeout=60)
    assert p.returncode == 130


def test_what_srun_is_asked_for(job, tmp_path):
    """What salloc left of options is not for our step."""
    job("slurm", "--launcher-args", "--gres=none --comment=x", "true", env={"SLURM_EXPORT_ENV": "NONE", "SLURM_NTASKS": "9"})
    called = (tmp_path / "called").read_text().splitlines()
    for word in ("--nodes=3", "--ntasks=3", "--ntasks-per-node=1", "--overlap", "--mpi=none", "--cpu-bind=none", "--input=none", "--mem=0", "--gres=none"):
        assert word in called, called
    assert not [w for w in called if w.startswith("--nodelist")], called
    assert called[called.index("/bin/sh") + 1] == "-c"


def test_variables_that_stand_for_options_of_srun_are_withheld(job, tmp_path):
    env = job.environment("slurm", {"SLURM_EXPORT_ENV": "NONE", "SLURM_CPU_BIND": "cores", "SRUN_CPUS_PER_TASK": "2", "SLURM_JOB_ID": "4"})
    (tmp_path / "bin/srun").write_text("#!/bin/sh\nenv > seen\nexit 1\n")
    r = job.mpiexec("true", env=env)
    seen = (tmp_path / "seen").read_text()
    assert "SLURM_JOB_ID=4\n" in seen and "SLURM_EXPORT_ENV" not in seen and "SLURM_CPU_BIND" not in seen and "SRUN_" not in seen
    assert r.code == 1 and "a: unable to start the proxy there: srun ended with code 1 without saying why" in r.err, r


def test_a_daemon_that_refuses(job, tmp_path):
    (tmp_path / "refuse").touch()
    r = job("sge", "true")
    for host in "abc":
        assert f'{host}: unable to start the proxy there: error: executing task of job 7 failed: execution daemon on host "{host}"' in r.err, r
    assert r.code == 1 and "didn't accept task (Grid Engine takes as many at a time on a host as the job has slots there" in r.err, r


@pytest.mark.parametrize("manager", PROGRAM)
def test_its_program_is_not_there(job, manager):
    env = {"PATH": "/nonexistent"}
    r = job(manager, "--launcher", manager, "--hosts", "a,b", "true", env=env)
    assert r.code == 1 and f"a: unable to start the proxy there: the program {PROGRAM[manager][0]} on this machine: No such file" in r.err, r


def test_one_proxy_that_does_not_come(job, tmp_path):
    """The others are not kept waiting for what has failed, and no rank runs."""
    name, text = PROGRAM["slurm"]
    broken = text.replace('"$@" </dev/null', 'sh -c \'[ "$0" != b ] || exit 9; exec "$@"\' $n "$@" </dev/null')
    assert broken != text
    env = job.environment("slurm")
    (tmp_path / "bin" / name).write_text("#!/bin/sh" + broken)
    r = job.mpiexec("sh", "-c", ": > ran", env=env)
    assert r.code == 1 and not (tmp_path / "ran").exists(), r
    assert "b: unable to start the proxy there: srun says: task 1: Exited with exit code 9" in r.err, r
    assert " a: unable" not in r.err, r


@pytest.mark.parametrize("manager", CONNECTS_BACK)
def test_proxies_that_cannot_connect(job, manager):
    """They are told to call where nobody listens any more."""
    name, text = PROGRAM[manager]
    env = job.environment(manager)
    elsewhere = text.replace('"$@" </dev/null', 'sh -c "$3" sh "$5" 127.0.0.1:1 </dev/null')
    assert elsewhere != text
    (job.mpiexec.cwd / "bin" / name).write_text("#!/bin/sh" + elsewhere)
    r = job.mpiexec("true", env=env)
    for host in "abc":
        assert (f"{host}: unable to connect: to mpiexec at 127.0.0.1:1: Connection refused (is there a firewall in between? --iface"
                in r.err), r


@pytest.mark.parametrize("manager", PROGRAM)
def test_it_is_asked_to_end(job, manager, tmp_path):
    p = job.mpiexec.start("sh", "-c", ": > here.$PMI_RANK; exec sleep 1000", env=job.environment(manager))
    until(lambda: all((tmp_path / f"here.{r}").exists() for r in range(3)))
    p.send_signal(signal.SIGTERM)
    p.communicate(timeout=60)
    assert p.returncode == 143
