# SPDX-License-Identifier: BSD-3-Clause
"""mpiexec inside jobs of a real Slurm: one srun starts all proxies, which connect back."""

import collections
import os

from processes import PATIENCE
from test_ranks import SUM


def hosts(r):
    return dict(collections.Counter(r.lines))


UNEVEN = ["-N3", "-n7"]


def test_a_step_of_slurm_has_all_ranks(jobs):
    """The tasks of each node as Slurm says, and each proxy a child of Slurm's own."""
    above = "p=$$; while [ $p -gt 1 ]; do ps -o comm= -p $p; p=$(ps -o ppid= -p $p); done"
    r = jobs.ok(f"$M sh -c 'hostname; {above}' | grep -e h -e slurmstepd", *UNEVEN)
    found = hosts(r)
    assert [found[name] for name in ("h1", "h2", "h3", "slurmstepd")] == [4, 2, 1, 7] and r.err == "", r


def test_fewer_and_more_ranks_than_allocated(jobs):
    r = jobs.ok("$M -n 3 hostname; $M -n 14 hostname >&2", *UNEVEN)
    assert hosts(r) == {"h1": 3}
    assert dict(collections.Counter(r.err.split())) == {"h1": 8, "h2": 4, "h3": 2}, r


def test_several_at_once(jobs):
    r = jobs.ok("for i in 1 2 3 4; do $M -n 7 hostname & done; wait", *UNEVEN)
    assert hosts(r) == {"h1": 16, "h2": 8, "h3": 4} and r.err == "", r


def test_inside_a_step(jobs):
    r = jobs.ok("srun -N1 -n1 $M hostname", *UNEVEN)
    assert hosts(r) == {"h1": 4, "h2": 2, "h3": 1} and r.err == "", r


def test_an_interactive_step(jobs):
    """A shell on a node of the job, with a terminal."""
    r = jobs.ok("script -qec \"srun -N1 -n1 --pty bash -c 'tty -s && \\\"$M\\\" hostname'\" /dev/null", *UNEVEN)
    out = r.out.replace("^@", "")  # the end of stdin, as the terminal shows it
    assert collections.Counter(out.split()) == {"h1": 4, "h2": 2, "h3": 1}, r


def test_processors_for_each_task(jobs):
    """Two a rank: so of four processors a node has two ranks."""
    r = jobs.ok("$M hostname; echo $SLURM_CPUS_PER_TASK", "-N2", "-n4", "-c2")
    assert hosts(r) == {"h1": 2, "h2": 2, "2": 1}, r


def test_chosen_hosts(jobs):
    assert hosts(jobs.ok("$M --launcher slurm --hosts h3:2,h1:1 hostname", *UNEVEN)) == {"h3": 2, "h1": 1}


def test_data_both_ways(jobs):
    data = os.urandom(3 << 20)
    r = jobs("$M --stdin 3 -n 4 sh -c 'test $PMI_RANK != 3 || exec cat'", "-N4", "-n4", stdin=data)
    assert r.code == 0 and r.out_bytes == data


def test_mpich_over_its_own_network(jobs, mpicc):
    """Its end is not waited for: MPICH 4.0 at times hangs in MPI_Finalize, under its own mpiexec more often."""
    p = jobs.start(f"exec $M '{mpicc(SUM)}'", "-N3", "-n3")
    lines = sorted(p.stdout.readline().decode() for _ in range(3))
    jobs.slurm.run("scancel", "--user=root")
    p.communicate(timeout=2 * PATIENCE)
    assert lines == ["h1 3 2\n", "h2 3 0\n", "h3 3 1\n"]


# --- batch scripts

def test_a_batch_script(jobs):
    r = jobs.batch("set -e\n$M hostname\n$M -n 2 hostname </dev/null\necho a line | $M -n 1 cat\n$M hostname & wait $!\necho done\n",
                   "-N2", "-n4", "--ntasks-per-node=2")
    assert r.code == 0 and hosts(r) == {"h1": 6, "h2": 4, "a line": 1, "done": 1}, r


def test_a_batch_script_ends_with_the_first_failure(jobs):
    r = jobs.batch("set -e\n$M -n 2 sh -c 'exit 3'\necho not this\n", "-N2", "-n2")
    assert r.code == 3 and "not this" not in r.out, r


def test_the_signal_before_the_limit_of_time(jobs):
    r = jobs.batch("$M sh -c 'trap \"echo warned; exit 0\" USR1; : > here.$PMI_RANK; while :; do sleep 0.1; done'\n", "-N2", "-n2",
                   "--time=1", "--signal=USR1@45")
    assert r.code == 0 and hosts(r)["warned"] == 2, r
