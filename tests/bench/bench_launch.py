# SPDX-License-Identifier: BSD-3-Clause
"""Starting, wiring up and ending: against a bare posix_spawn loop, Hydra and Open MPI's mpirun."""

import os
import signal
import statistics
import subprocess
import time

from bench import HYDRA, MPIEXEC, OPENMPI, OPENMPI_ARGS, helper, interleave, milliseconds, quiet, row

TRUE = "/bin/true"


def hydra(*args):
    return milliseconds([HYDRA, *args]) if HYDRA else None


def openmpi(*args):
    return milliseconds([OPENMPI, *OPENMPI_ARGS, *args]) if OPENMPI else None


def few(rounds, n):
    return rounds if n < 512 else max(3, rounds // 2)


def start(rounds):
    for n in (1, 16, 64, 256, 1024):
        results = interleave(
            few(rounds, n),
            muster=milliseconds([MPIEXEC, "-n", str(n), TRUE]),
            loop=milliseconds([helper("spawn_loop"), str(n), TRUE]),
            hydra=hydra("-n", str(n), TRUE),
            openmpi=openmpi("-n", str(n), TRUE) if n <= 16 else None,
        )
        yield row(f"start of {n} do-nothing processes", "ms", results,
                  goal=("<= 1.25 x loop + 3 ms and < hydra",
                        lambda m: m["muster"] <= 1.25 * m["loop"] + 3 and m["muster"] < m["hydra"]))


def ring(rounds):
    for n in (16, 64, 256, 1024):
        results = interleave(
            few(rounds, n),
            muster=milliseconds([MPIEXEC, "-n", str(n), helper("pmi_ring")]),
            loop=milliseconds([helper("spawn_loop"), str(n), TRUE]),
            hydra=hydra("-n", str(n), helper("pmi_ring")),
        )
        yield row(f"PMI-1 ring of {n} ranks", "ms", results,
                  goal=("<= 1.5 x loop + 3 ms", lambda m: m["muster"] <= 1.5 * m["loop"] + 3))
    for n in (16, 64, 256):
        results = interleave(
            rounds,
            muster=milliseconds([MPIEXEC, "-n", str(n), helper("pmi_ring"), "all"]),
            hydra=hydra("-n", str(n), helper("pmi_ring"), "all"),
        )
        yield row(f"PMI-1, {n} ranks read every value", "ms", results)


def spawns(rounds):
    """From the request until the children have met in a barrier."""
    def each(cmd):
        def once():
            return float(subprocess.run(cmd, stdout=subprocess.PIPE, check=True).stdout)
        return once

    for k, goal in ((1, 10), (4, 15)):
        args = ["-n", "1", helper("pmi_spawn"), "20", str(k)]
        results = interleave(rounds, muster=each([MPIEXEC, *args]), hydra=each([HYDRA, *args]) if HYDRA else None)
        yield row(f"PMI-1 spawn of {k} to the first barrier", "ms", results,
                  goal=(f"<= {goal} ms", lambda m, goal=goal: m["muster"] <= goal))
    results = interleave(max(1, rounds // 3), muster=each([MPIEXEC, "-n", "1", helper("pmi_spawn"), "1000", "1"]))
    yield row("PMI-1 spawn of 1, the median of 1,000", "ms", results)


def nodes(rounds):
    for n in (1, 8, 64, 256, 1024):
        hosts = ",".join(f"n{i}:1" for i in range(n))
        # Hydra takes names only where it can resolve them or is told to fork; its -hosts list counts one rank each.
        results = interleave(
            few(rounds, n),
            muster=milliseconds([MPIEXEC, "--launcher", "fork", "--hosts", hosts, "-n", str(n), TRUE]),
            hydra=hydra("-launcher", "fork", "-hosts", hosts, "-n", str(n), TRUE),
        )
        yield row(f"{n} simulated nodes of one rank", "ms", results,
                  goal=("< hydra / 2", lambda m: m["muster"] < m["hydra"] / 2) if n >= 64 else
                  ("< hydra", lambda m: m["muster"] < m["hydra"]))


def children(pid):
    """All processes below pid, by their parents."""
    parent = {}
    for d in os.listdir("/proc"):
        if d.isdigit():
            try:
                parent[int(d)] = int(open(f"/proc/{d}/stat").read().rsplit(")", 1)[1].split()[1])
            except OSError:
                pass
    below, grew = {pid}, True
    while grew:
        more = {c for c, p in parent.items() if p in below} - below
        grew = bool(more)
        below |= more
    return below - {pid}


def private_kib(pid):
    total = 0
    for line in open(f"/proc/{pid}/smaps_rollup"):
        if line.startswith(("Private_Clean", "Private_Dirty")):
            total += int(line.split()[1])
    return total


def memory(rounds):
    used = {}
    for n in (1, 256):
        hosts = ",".join(f"n{i}:1" for i in range(n))
        p = subprocess.Popen([MPIEXEC, "--launcher", "fork", "--hosts", hosts, "-n", str(n), "sleep", "100"], stdin=subprocess.DEVNULL)
        while sum(1 for c in children(p.pid) if open(f"/proc/{c}/comm").read() == "sleep\n") < n:
            time.sleep(0.05)
        proxies = [c for c in children(p.pid) if open(f"/proc/{c}/comm").read().startswith("muster-proxy")]
        used[n] = (private_kib(p.pid), statistics.median(private_kib(c) for c in proxies), len(os.listdir(f"/proc/{p.pid}/fd")))
        p.send_signal(signal.SIGINT)
        p.wait()
    per_node = (used[256][0] - used[1][0]) / 255
    yield row("mpiexec: private memory per node", "KiB", {"muster": [max(per_node, 0.001)]},
              goal=("< 50", lambda m: m["muster"] < 50))
    yield row("proxy: private memory", "KiB", {"muster": [used[256][1]]}, goal=("< 2048", lambda m: m["muster"] < 2048))
    yield row("mpiexec: descriptors for 256 nodes", "", {"muster": [used[256][2]]},
              goal=("one a node at most", lambda m: m["muster"] <= 256 + 32))


def jobs(rounds):
    def per_second(cmd, count=50):
        def once():
            begin = time.perf_counter()
            for _ in range(count):
                if quiet(cmd) != 0:
                    return None
            return count / (time.perf_counter() - begin)

        return once

    results = interleave(
        max(2, rounds // 2),
        muster=per_second([MPIEXEC, "-n", "2", TRUE]),
        hydra=per_second([HYDRA, "-n", "2", TRUE]) if HYDRA else None,
        openmpi=per_second([OPENMPI, *OPENMPI_ARGS, "-n", "2", TRUE]) if OPENMPI else None,
    )
    yield row("50 jobs of two ranks in a row", "jobs/s", results, better="more",
              goal=(">= 1.5 x hydra", lambda m: m["muster"] >= 1.5 * m["hydra"]))


def clean_up(rounds):
    """One rank of 64 is killed; time until the prompt is back. The ranks are python-free and obey SIGTERM."""

    def once(cmd):
        def run():
            p = subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            ranks = []
            while len(ranks) < 64:
                time.sleep(0.02)
                try:
                    ranks = [c for c in children(p.pid) if open(f"/proc/{c}/comm").read() == "sleep\n"]
                except OSError:
                    ranks = []
            time.sleep(0.2)
            begin = time.perf_counter()
            os.kill(ranks[31], signal.SIGKILL)
            p.wait()
            return (time.perf_counter() - begin) * 1e3

        return run

    results = interleave(
        rounds,
        muster=once([MPIEXEC, "-n", "64", "sleep", "60"]),
        hydra=once([HYDRA, "-n", "64", "sleep", "60"]) if HYDRA else None,
        openmpi=once([OPENMPI, *OPENMPI_ARGS, "-n", "64", "sleep", "60"]) if OPENMPI else None,
    )
    yield row("a rank of 64 dies: until the prompt is back", "ms", results,
              goal=("< 10 ms", lambda m: m["muster"] < 10))


def left_behind(rounds):
    """kill -9 of mpiexec: how many of its processes are left a second later."""

    def once(cmd):
        def run():
            p = subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(1.0)
            below = children(p.pid)
            p.kill()
            p.wait()
            time.sleep(1.0)
            left = [c for c in below if os.path.exists(f"/proc/{c}") and ") Z " not in open(f"/proc/{c}/stat").read()]
            for c in left:
                os.kill(c, signal.SIGKILL)
            return float(len(left))

        return run

    results = interleave(
        2,
        muster=once([MPIEXEC, "-n", "8", "sleep", "60"]),
        hydra=once([HYDRA, "-n", "8", "sleep", "60"]) if HYDRA else None,
        openmpi=once([OPENMPI, *OPENMPI_ARGS, "-n", "8", "sleep", "60"]) if OPENMPI else None,
    )
    yield row("kill -9 of mpiexec: processes left after 1 s", "", results, goal=("0", lambda m: m["muster"] == 0))


def run(rounds):
    for area in (start, ring, spawns, nodes, memory, jobs, clean_up, left_behind):
        yield from area(rounds)
