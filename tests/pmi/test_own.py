# SPDX-License-Identifier: BSD-3-Clause
"""Programs on our own library under launchers of others, which say by PMI who is who."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading

import pytest

from conftest import Result, Started, on_runtime
from processes import PATIENCE, until
from slurm import slurm  # noqa: F401

VERSIONS = ["1", "2"]
SHM = pathlib.Path("/dev/shm")


@pytest.fixture(scope="session")
def own(programs):
    return on_runtime(programs, (pathlib.Path(__file__).parent / "own.c").read_text())


def clean(**more):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MUSTER_", "PMI", "HYDRA_", "SLURM_"))}
    return {**env, **more}


def lines(n, here=None):
    return [f"{r} of {n}: {here or n} on this node" for r in range(n)]


def segments_of_ended():
    def ended(name):
        return name.split("-")[1].isdigit() and not os.path.exists(f"/proc/{name.split('-')[1]}")
    return {p.name for p in SHM.glob("muster-*") if ended(p.name)}


seen = segments_of_ended()


def left_in_shm():
    """New segments whose maker, named in them, has ended: other jobs may run on this machine, and may have been killed
    before."""
    new = segments_of_ended() - seen
    seen.update(new)
    return new


def finished(command, stdin=subprocess.DEVNULL, **kw):
    """The Result of a launcher of others."""
    p = Started(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw)
    try:
        out, err = p.communicate(timeout=2 * PATIENCE)
    finally:
        p.kill()
    return Result(p.returncode, out, err)


def finished_hydra(command, **kw):
    """Hydra tells its proxy of the end of its stdin, and dies of SIGPIPE where that has ended before: so there is none."""
    r, w = os.pipe()
    with os.fdopen(r), os.fdopen(w, "w"):
        return finished(command, stdin=r, **kw)


@pytest.fixture(scope="session")
def hydra():
    program = shutil.which("mpiexec.hydra") or shutil.which("mpiexec.mpich")
    if not program:
        pytest.skip("no mpiexec.hydra")

    def run(*args, version="2", before=()):
        return finished_hydra([*before, program, *args], env=clean(MUSTER_PMI=version))
    return run


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("n", [1, 2, 5])
def test_hydra(hydra, own, n, version):
    r = hydra("-n", str(n), own, version=version)
    assert r.code == 0 and sorted(r.lines) == lines(n) and r.err == "", r
    assert not left_in_shm()


@pytest.mark.parametrize("call", ["recv", "allreduce", "barrier"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_rank_that_dies_under_hydra_takes_the_others_along(hydra, own, version, call):
    r = hydra("-n", "4", own, f"killed {call}", version=version)
    assert r.code != 0 and len(r.lines) >= 4, r
    assert not left_in_shm()


def holders_of_a_segment(pids):
    """Those of these processes that have the file of a segment open, named or not."""
    def has(pid):
        try:
            return any(os.readlink(f).startswith("/dev/shm/") for f in pathlib.Path(f"/proc/{pid}/fd").iterdir())
        except OSError:
            return False
    return [p for p in pids if has(p)]


@pytest.mark.parametrize("version", VERSIONS)
def test_killed_while_some_ranks_have_not_come_to_init(own, tmp_path, version):
    """The first rank has made the segment, and waits for one that never comes: nothing is left in /dev/shm."""
    program = shutil.which("mpiexec.hydra") or pytest.skip("no mpiexec.hydra")
    script = f'echo $$ > {tmp_path}/$PMI_RANK.tmp; mv {tmp_path}/$PMI_RANK.tmp {tmp_path}/$PMI_RANK; ' \
             f'test $PMI_RANK = 0 && exec {own}; exec sleep 1000'
    p = Started([program, "-n", "2", "sh", "-c", script], stdin=subprocess.DEVNULL, env=clean(MUSTER_PMI=version))
    try:
        until(lambda: (tmp_path / "0").exists() and (tmp_path / "1").exists())
        first = int((tmp_path / "0").read_text())
        until(lambda: holders_of_a_segment([first]))
        os.kill(first, signal.SIGKILL)
        p.wait(timeout=PATIENCE)
    finally:
        p.kill()
    assert not left_in_shm()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("options", ["-Ur", "-Urpf --mount-proc"])
def test_ranks_that_may_not_look_into_one_another(hydra, own, options, version):
    """Each in a user namespace of its own, as some containers are: the segment has a name until all have it."""
    if subprocess.run(["unshare", *options.split(), "true"], capture_output=True).returncode:
        pytest.skip("no user namespaces here")
    before = set(SHM.iterdir())
    r = hydra("-n", "3", "unshare", *options.split(), own, version=version)
    assert r.code == 0 and sorted(r.lines) == lines(3) and r.err == "", r
    until(lambda: not [f for f in SHM.glob("muster-*") if f not in before])


@pytest.mark.parametrize("version", VERSIONS)
def test_abort_under_hydra(hydra, own, version):
    r = hydra("-n", "3", own, "abort", version=version)
    # PMI-2 knows no abort in Hydra before 4.2: it ends everything at once.
    assert r.code in ([5] if version == "1" else [5, 255]), r


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("n, hosts, here", [(4, "a", 4), (4, "a,b", 2), (8, "a,b,c,d", 2)])
def test_our_own_mpiexec_by_pmi_alone(mpiexec, own, n, hosts, here, version):
    r = mpiexec.ok("--hosts", hosts, "--ppn", str(here), "-n", str(n), "env", "-u", "MUSTER_NODE_FD",
                   f"MUSTER_PMI={version}", own)
    assert sorted(r.lines) == lines(n, here), r
    assert not left_in_shm()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_map_that_is_too_long_to_be_told(mpiexec, own, tmp_path, version):
    """No two ranks in a row are placed so that it could be said in short: that takes more than the 1024 bytes of a PMI
    value. The ranks find out by themselves that all of these nodes are one machine."""
    n, at, x, text = 160, 0, 1, ""
    for r in range(n):
        text += f"rank {r}={'abcde'[at]}\n"
        x = (x * 1103515245 + 12345) % 2**31
        at = (at + 2 + (x >> 16) % 2) % 5
    (tmp_path / "ranks").write_text(text)
    r = mpiexec.ok("--hosts", ",".join(f"{h}:{n}" for h in "abcde"), "--rankfile", "ranks", "env", "-u", "MUSTER_NODE_FD",
                   f"MUSTER_PMI={version}", own)
    assert sorted(r.lines) == sorted(lines(n)) and not left_in_shm(), r


def serve(answers, own, **env):
    """Runs a job of one whose launcher gives these answers, one for each message, and then hangs up."""
    ours, theirs = socket.socketpair()
    asked = []

    def answer():
        with ours:
            for a in answers:
                asked.append(ours.recv(65536))
                if asked[-1]:
                    ours.sendall(a)

    t = threading.Thread(target=answer)
    t.start()
    p = Started([own], env=clean(PMI_FD=str(theirs.fileno()), PMI_RANK="0", PMI_SIZE="1", **env),
                pass_fds=[theirs.fileno()], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    theirs.close()
    out, err = p.communicate(timeout=PATIENCE)
    t.join()
    return p.returncode, out.decode(), err.decode(), asked


def test_a_launcher_that_speaks_the_older_version_only(own):
    code, out, err, asked = serve(
        [b"cmd=response_to_init pmi_version=1 pmi_subversion=1 rc=-1\n",
         b"cmd=response_to_init pmi_version=1 pmi_subversion=1 rc=0\n", b"cmd=my_kvsname kvsname=space\n",
         b"cmd=appnum appnum=3\n", b"cmd=universe_size size=1\n", b"cmd=get_result rc=0 value=(vector,(0,1,1))\n",
         b"cmd=get_result rc=-1 msg=key_not_found\n", b"cmd=finalize_ack\n"], own, MUSTER_PMI="2")
    assert (code, out, err) == (0, "0 of 1: 1 on this node\n", "")
    assert b"pmi_version=2" in asked[0] and b"pmi_version=1" in asked[1]


def v2(text):
    return b"%-6d%s" % (len(text), text)


HELLO = b"cmd=response_to_init rc=0 pmi_version=2\n"


@pytest.mark.parametrize("answers, why", [
    ([], "init: the launcher has closed the connection"),
    ([b"what?\n"], "init: something that is not PMI"),
    ([b"cmd=response_to_init rc=-1 pmi_version=3\n"] * 2, "init: the launcher speaks no version of PMI that is known here"),
    ([b"cmd=barrier_out\n"], "init: the launcher answers something else"),
    ([HELLO, v2(b"cmd=fullinit-response;rc=14;")],
     "fullinit: the launcher refuses"),
    ([HELLO, v2(b"cmd=fullinit-response;rc=0;rank=5;size=2;")],
     "the rank and the number of ranks: the launcher's answer makes no sense"),
    ([HELLO, v2(b"cmd=fullinit-response;rc=1;errmsg=no such job;")],
     "fullinit: no such job"),
])
def test_answers_that_make_no_sense_are_one_line(own, answers, why):
    code, out, err, _ = serve(answers, own, PMI_JOBID="1.0")
    assert code not in (0, None) and code > 0 and out == ""
    assert re.fullmatch(r"muster: process \d+ on \S+: MPI_Init failed: MPI_ERR_OTHER: unable to boot by PMI: "
                        + re.escape(why) + "; aborting\n", err), err


def srun(slurm, *args, mpi="--mpi=pmi2", **kw):
    r = slurm.run("srun", "-Q", mpi, *args, **kw)
    return r.returncode, sorted(r.stdout.decode().splitlines()), r.stderr.decode()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("where, n, here", [(["-N1"], 1, 1), (["-N1"], 5, 5), (["-N2", "--ntasks-per-node=3"], 6, 3),
                                            (["-N2", "--ntasks-per-node=2", "-m", "cyclic"], 4, 2)])
def test_srun(slurm, own, where, n, here, version):
    code, out, err = srun(slurm, *where, "-n", str(n), own, MUSTER_PMI=version)
    assert (code, out, err) == (0, lines(n, here), "")
    assert not left_in_shm()


@pytest.mark.parametrize("where, n, here", [(["-N1"], 1, 1), (["-N1"], 4, 4), (["-N2", "--ntasks-per-node=3"], 6, 3),
                                            (["-N2", "--ntasks-per-node=2", "-m", "cyclic"], 4, 2)])
def test_srun_by_pmix(slurm, own, where, n, here):
    code, out, err = srun(slurm, *where, "-n", str(n), own, "allreduce", mpi="--mpi=pmix")
    assert (code, out, err) == (0, lines(n, here), "")
    assert not left_in_shm()


def test_srun_over_two_nodes(slurm, own, tmp_path):
    code, out, err = srun(slurm, "-N2", "-n2", own, "barrier", OWN_MEET=str(tmp_path))
    assert (code, out, err) == (0, lines(2, 1), "")


@pytest.mark.parametrize("call, name", [("recv", "Recv"), ("allreduce", "Allreduce"), ("barrier", "Barrier")])
def test_srun_that_lets_a_job_go_on_without_a_rank(slurm, own, call, name):
    """Nobody tells the others; they find out, and end the job."""
    code, out, err = srun(slurm, "-N1", "-n4", own, f"killed {call}")
    assert code != 0 and re.search(rf"^muster: rank \d on .*: MPI_{name} on MPI_COMM_WORLD failed: MPI_ERR_PROC_ABORTED: .*: "
                                   "rank 3 of MPI_COMM_WORLD has ended without MPI_Finalize", err, re.M), err


def test_hydra_that_lets_a_job_go_on_without_a_rank(hydra, own):
    """It sends SIGUSR1 to the others, which ends who does not expect it: nobody is left waiting."""
    r = hydra("-disable-auto-cleanup", "-n", "4", own, "killed allreduce")
    assert r.code != 0, r


def test_srun_by_pmix_starts_nothing_for_its_ranks(slurm, own):
    """The one that asks is told; nobody waits for children that never come."""
    code, out, err = srun(slurm, "-N1", "-n1", own, "spawn", mpi="--mpi=pmix")
    assert code != 0 and "MPI_ERR_SPAWN" in err and "its launcher starts nothing for its ranks" in err, err


def test_srun_abort_ends_the_job(slurm, own):
    code, out, err = srun(slurm, "-N1", "-n3", own, "abort")
    assert code != 0 and "MPI_Abort with code 5" in err, err


ALONE = r"muster: process \d+ on \S+: MPI_Init failed: .*: this is rank \d+ of 3, but has not been told of the others: "


def one_line_each(err, n, text):
    """Some or all say it, nobody says anything else: who is first may have the others killed."""
    found = re.findall(f"^{ALONE}{text}", err, re.M)
    return 1 <= len(found) <= n and "0 of 1" not in err


def test_srun_without_pmi_is_refused(slurm, own):
    code, out, err = srun(slurm, "-N1", "-n3", own, mpi="--mpi=none")
    assert code != 0 and out == [] and one_line_each(err, 3, "srun was not asked to speak PMI; .*srun --mpi=pmi2 "), err


def test_srun_without_pmi_alone(slurm, own):
    assert srun(slurm, "-n1", own, mpi="--mpi=none") == (0, lines(1), "")
    assert srun(slurm, "-n3", own, mpi="--mpi=none", MUSTER_SINGLETON="1") == (0, lines(1) * 3, "")


def test_a_batch_script_is_no_rank(slurm, own):
    script = slurm.dir / "batch.sh"
    script.write_text(f"#!/bin/sh\n{own}\necho status $?\n")
    r = slurm.run("sbatch", "-W", "-n3", "-o", str(slurm.dir / "batch.out"), str(script))
    assert r.returncode == 0, r.stderr.decode()
    assert (slurm.dir / "batch.out").read_text() == "0 of 1: 1 on this node\nstatus 0\n"


@pytest.fixture(scope="session")
def openmpi():
    program = shutil.which("mpirun.openmpi")
    if not program:
        pytest.skip("no mpirun.openmpi")
    args = [program, "--oversubscribe"] + (["--allow-run-as-root"] if os.geteuid() == 0 else [])
    return lambda *a, **env: finished([*args, *a], env=clean(**env))


@pytest.mark.parametrize("n", [1, 2, 4])
def test_open_mpis_mpirun(openmpi, own, n):
    r = openmpi("-n", str(n), own, "allreduce")
    assert r.code == 0 and sorted(r.lines) == lines(n) and r.err == "", r
    assert not left_in_shm()


AGENT = """#!/bin/sh
# As ssh, to a host that is this machine by another name.
while case $1 in -*) true;; *) false;; esac; do shift; done
host=$1; shift
exec unshare -u sh -c "hostname $host; $*"
"""


@pytest.mark.parametrize("how, n, here", [(["--host", "a:2,b:2"], 4, 2), (["--host", "a:3,b:3", "--map-by", "node"], 6, 3)])
def test_open_mpis_mpirun_over_two_nodes(openmpi, own, tmp_path, how, n, here):
    """Nobody tells who shares a node: the ranks find out. Then each asks for the addresses of the others."""
    if subprocess.run(["unshare", "-u", "true"], capture_output=True).returncode:
        pytest.skip("no host names of one's own here")
    agent = tmp_path / "agent"
    agent.write_text(AGENT)
    agent.chmod(0o755)
    r = openmpi("--mca", "plm_rsh_agent", str(agent), *how, "-n", str(n), own, "allreduce")
    assert r.code == 0 and sorted(r.lines) == lines(n, here), r
    assert not left_in_shm()


@pytest.mark.parametrize("n", [1, 3])
def test_names_under_open_mpis_mpirun(openmpi, own, n):
    r = openmpi("-n", str(n), own, "names")
    assert r.code == 0 and sorted(r.lines) == lines(n) and r.err == "", r


CHILDREN = ["child 0 of 3: first hello elsewhere", "child 1 of 3: first hello elsewhere", "child 2 of 3: second - at /"]


@pytest.mark.parametrize("n", [1, 3])
def test_spawn_under_open_mpis_mpirun(openmpi, own, n):
    r = openmpi("-n", str(n), own, "spawn")
    assert r.code == 0 and sorted(r.lines) == sorted([*lines(n), *CHILDREN]) and r.err == "", r
    assert not left_in_shm()


def test_open_mpis_mpirun_abort(openmpi, own):
    r = openmpi("-n", "3", own, "abort")
    assert r.code == 5 and len(re.findall("MPI_Abort with code 5", r.err)) == 1, r
    assert not left_in_shm()


@pytest.mark.parametrize("call", ["recv", "allreduce", "barrier"])
def test_a_rank_that_dies_under_open_mpis_mpirun_takes_the_others_along(openmpi, own, call):
    r = openmpi("-n", "4", own, f"killed {call}")
    assert r.code != 0 and len(r.lines) >= 4, r
    assert not left_in_shm()


def test_a_program_under_open_mpis_mpirun_that_is_to_be_alone(openmpi, own):
    r = openmpi("-x", "MUSTER_SINGLETON=1", "-n", "3", own)
    assert r.code == 0 and r.lines == lines(1) * 3, r


@pytest.mark.parametrize("hosts, n, here", [("a", 3, 3), ("a,b", 4, 2)])
def test_our_own_mpiexec_by_pmix_alone(mpiexec, own, hosts, n, here):
    if not shutil.which("mpirun.openmpi"):
        pytest.skip("no PMIx here")
    r = mpiexec.ok("--pmi", "pmix", "--hosts", hosts, "--ppn", str(here), "-n", str(n), "env", "-u", "MUSTER_NODE_FD", "-u",
                   "PMI_FD", own, "allreduce")
    assert sorted(r.lines) == lines(n, here) and r.err == "", r
    assert not left_in_shm()


def test_a_pmix_server_that_is_gone(own, tmp_path):
    p = subprocess.run([own], env=clean(PMIX_RANK="1", PMIX_NAMESPACE="gone", PMIX_SERVER_URI2="pmix-server.1;tcp4://127.0.0.1:1"),
                       text=True, capture_output=True)
    assert p.returncode != 0 and "unable to boot by PMIx: PMIx_Init: " in p.stderr and "MUSTER_SINGLETON" in p.stderr, p


def test_a_wrapper_that_closes_files_is_refused(mpiexec, own):
    r = mpiexec("-n", "3", "python3", "-c", f"import subprocess; exit(subprocess.run(['{own}']).returncode)")
    assert r.code != 0 and one_line_each(r.err, 3, "PMI_FD is not open here, or another file by now"), r


def test_pmi_on_a_port_is_refused(own):
    p = subprocess.run([own], env=clean(PMI_PORT="h:1", PMI_ID="2"), text=True, capture_output=True)
    assert p.returncode != 0 and "this is rank 2, but" in p.stderr and "(Hydra's -pmi-port)" in p.stderr, p


def test_a_pmix_launcher_that_does_not_tell_its_size(own):
    p = subprocess.run([own], env=clean(PMIX_RANK="7", PMIX_NAMESPACE="x"), text=True, capture_output=True)
    assert p.returncode != 0 and "this is rank 7, but has not been told of the others: its launcher speaks only PMIx" in p.stderr
    assert len(p.stderr.splitlines()) == 1, p.stderr
