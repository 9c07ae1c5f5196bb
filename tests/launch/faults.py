# SPDX-License-Identifier: BSD-3-Clause
"""Random faults: mpiexec, its witness, proxies and ranks are killed, stopped and signalled at random moments, one or two
of them in a run. After each run nothing may be left, mpiexec has ended in time and, where it lived, with a status that
the fault explains and a line that tells it.

    python3 tests/launch/faults.py [SECONDS [SEED]]       `make faults` runs it for ten minutes

A status that is not explained is printed with all that is known, and the seed that makes the same faults again. Their
moments are not the same: those depend on the machine."""

import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from conftest import MPIEXEC, clean_env, compiled  # noqa: E402
from processes import Marked, all_parents, comm, descendants  # noqa: E402

END_S = 90  # far longer than any grace there is
FAMILY = ["sh", "-c", "setsid sleep 1000 & sleep 0.3; sleep 0.2 & wait $!; kill $(jobs -p) 2>/dev/null; exit 0"]
DAEMON = [sys.executable, "-c", "import os, time\nif os.fork() == 0:\n os.setsid()\n if os.fork() == 0: time.sleep(1000)\n"
          " os._exit(0)\ntime.sleep(0.3)"]
RING = """
#include <mpi.h>
#include <time.h>
int main(void) {
    int n, sum; double end;
    MPI_Init(0, 0); MPI_Comm_size(MPI_COMM_WORLD, &n);
    for (end = MPI_Wtime() + 0.3; ;) {
        int one = 1, go = MPI_Wtime() < end, all;
        struct timespec t = {0, 1000000};
        MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
        MPI_Allreduce(&go, &all, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
        if (sum != n) return 9;
        if (!all) break;
        nanosleep(&t, 0);
    }
    MPI_Finalize();
    return 0;
}
"""
LAYOUTS = [["-n", "1"], ["-n", "4"], ["--hosts", "a,b,c", "-n", "6"], ["--hosts", "a,b,c,d", "--radix", "2", "-n", "4"]]
# Whom; by which signals. What a proxy ignores changes nothing.
FAULTS = [("mpiexec", s) for s in ("KILL", "TERM", "INT", "USR1", "STOP", "HUP")] + \
    [("muster-proxy", s) for s in ("KILL", "TERM", "INT", "USR1", "STOP")] + \
    [("rank", s) for s in ("KILL", "TERM", "STOP")] + [("muster-witness", s) for s in ("KILL", "STOP")]
HARMLESS = {("mpiexec", "USR1"), ("muster-proxy", "TERM"), ("muster-proxy", "INT"), ("muster-proxy", "USR1"),
            ("muster-witness", "KILL"), ("muster-witness", "STOP")}
TOLD = ("exit status", "is gone", "ended by", "killed by signal", "mpiexec:")


def programs(directory):
    """By name. Ranks of MPI where they can be: ours on one node only."""
    all = {"a family": FAMILY, "a daemon": DAEMON}
    for name, compiler in (("ours", str(pathlib.Path(MPIEXEC).with_name("mpicc"))), ("MPICH", shutil.which("mpicc.mpich"))):
        if compiler and os.access(compiler, os.X_OK):
            all[name] = [compiled(directory, RING, compiler)]
    return all


def victims(mpiexec, kind):
    if kind == "mpiexec":
        return [mpiexec]
    parents = all_parents()
    below = descendants(parents, mpiexec)
    if kind == "rank":
        return [p for p in below if comm(parents[p]) == "muster-proxy" and comm(p) != "muster-proxy"]
    return [p for p in below if comm(p) == kind]


class Fault:
    def __init__(self, rng):
        self.kind, self.signal = rng.choice(FAULTS)
        self.at = rng.choice([0.0, 0.02, 0.05, 0.1, 0.2, 0.4]) * (0.5 + rng.random())
        self.which = rng.random()
        self.hit = None

    def do(self, mpiexec):
        found = sorted(victims(mpiexec, self.kind))
        if not found:
            return
        self.hit = found[int(self.which * len(found))]
        try:
            os.kill(self.hit, getattr(signal, "SIG" + self.signal))
        except ProcessLookupError:
            self.hit = None

    def __str__(self):
        return f"SIG{self.signal} to {self.kind} {self.hit or '(none there)'} at {self.at * 1000:.0f} ms"


def expected(faults):
    """The statuses that these explain; None: any that is told of."""
    hit = [(f.kind, f.signal) for f in faults if f.hit]
    if set(hit) <= HARMLESS:
        return {0}
    return None


def wrong(p, err, faults, left):
    """What is wrong, or None."""
    hit = [(f.kind, f.signal) for f in faults if f.hit]
    if left:
        return f"processes are left: {left}"
    if p is None:
        return f"no end within {END_S} s"
    if ("mpiexec", "KILL") in hit and p == -signal.SIGKILL:
        return None
    early = ("TERM", "INT", "HUP", "USR1")  # before main has begun, they end it as any program
    if p < 0 and signal.Signals(-p).name[3:] in early and ("mpiexec", signal.Signals(-p).name[3:]) in hit:
        return None
    if p < 0:
        return f"mpiexec was killed by signal {-p}"
    want = expected(faults)
    # A child of a proxy that has not become its program yet has the proxy's name, and is a rank all the same.
    early = any(h[0] == "muster-proxy" and h[1] in ("TERM", "INT", "USR1") for h in hit) and "was killed by signal" in err
    if want is not None and p not in want and not early:
        return f"exit status {p}"
    if p and not any(t in err for t in TOLD):
        return f"exit status {p} without a word"
    return None


def run(rng, choices, directory):
    marked = Marked()
    name, program = rng.choice(choices)
    layout = rng.choice(LAYOUTS[:2] if name == "ours" else LAYOUTS)
    faults = sorted((Fault(rng) for _ in range(rng.choice([1, 1, 2]))), key=lambda f: f.at)
    words = [MPIEXEC, "--heartbeat", "1", "--kill-timeout", "0.5", *layout, *program]
    begun = time.monotonic()
    with tempfile.TemporaryFile() as err:
        p = subprocess.Popen(words, env=clean_env(directory, **marked.env), cwd=directory, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=err, start_new_session=True)
        for f in faults:
            time.sleep(max(0, begun + f.at - time.monotonic()))
            if p.poll() is None:
                f.do(p.pid)
        if any(f.hit and f.signal == "STOP" and f.kind == "mpiexec" for f in faults):
            time.sleep(0.3)
            p.send_signal(signal.SIGCONT)
        if any(f.hit and f.signal == "STOP" and f.kind == "rank" for f in faults):
            time.sleep(0.3)
            for f in faults:
                if f.hit and f.signal == "STOP" and f.kind == "rank" and f.hit in descendants(all_parents(), p.pid):
                    os.kill(f.hit, signal.SIGCONT)
        try:
            status = p.wait(END_S)
        except subprocess.TimeoutExpired:
            status = None
        end = time.monotonic() + END_S
        while (left := [(q, comm(q)) for q in marked.pids()]) and time.monotonic() < end:
            time.sleep(0.05)
        err.seek(0)
        text = err.read().decode(errors="replace")
    what = wrong(status, text, faults, left)
    if what:
        print(f"WRONG: {what}\n  {name} by {' '.join(layout)}: {'; '.join(map(str, faults))}\n  status {status}\n"
              + "".join(f"  | {line}\n" for line in text.splitlines()), flush=True)
        p.kill()
        p.wait()
        for q in marked.pids():
            os.kill(q, signal.SIGKILL)
    return what is None, bool([f for f in faults if f.hit])


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 600
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    rng, runs, bad, hit = random.Random(seed), 0, 0, 0
    with tempfile.TemporaryDirectory() as d:
        choices = sorted(programs(pathlib.Path(d)).items())
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            fine, was_hit = run(rng, choices, pathlib.Path(d))
            runs, bad, hit = runs + 1, bad + (not fine), hit + was_hit
    print(f"{runs} runs, {hit} with a fault in time, {bad} wrong (seed {seed})")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
