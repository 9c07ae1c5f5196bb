# SPDX-License-Identifier: BSD-3-Clause
"""The runtime: one program (mpi_bench.c), compiled for each MPI library, and a floor without MPI (floor.c).

Anchors: Debian's MPICH and Open MPI by their own mpicc and mpiexec; and, where a root of Debian unstable lies at
MUSTER_BENCH_SID (/srv/sid) with the standard-ABI libraries of MPICH 5 and Open MPI 6, those with the binary that was
compiled for us. A library that fails or takes too long has no number, and is said so on stderr."""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

from bench import HERE, MPIEXEC, helper, interleave, milliseconds, row

SID = pathlib.Path(os.environ.get("MUSTER_BENCH_SID", "/srv/sid"))
LIMIT = float(os.environ.get("MUSTER_BENCH_LIMIT", "180"))  # seconds for one run of one library
OPENMPI_ARGS = ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none"]
ANCHORS = ("mpich", "openmpi", "mpich5", "openmpi6")


def compiled(compiler, out, program):
    """A program of ours compiled by another library's mpicc; None if there is none."""
    if not shutil.which(compiler):
        return None
    exe = str(pathlib.Path(out) / f"{program}.{compiler.rpartition('.')[2]}")
    done = subprocess.run([compiler, "-O2", "-w", "-D_GNU_SOURCE", str(HERE / f"{program}.c"), "-o", exe])
    return exe if done.returncode == 0 else None


def libraries(out, program="mpi_bench"):
    """{name: function from a number of ranks and arguments to a command}"""
    ours = helper(program)
    libs = {"muster": lambda n, *a: [MPIEXEC, "-n", str(n), ours, *a]}
    mpich = compiled("mpicc.mpich", out, program)
    openmpi = compiled("mpicc.openmpi", out, program)
    if mpich:
        libs["mpich"] = lambda n, *a: ["mpiexec.mpich", "-n", str(n), mpich, *a]
    if openmpi:
        libs["openmpi"] = lambda n, *a: ["mpirun.openmpi", *OPENMPI_ARGS, "-n", str(n), openmpi, *a]
    for name, folder, start in (("mpich5", "mpich", ["mpiexec.mpich"]),
                                ("openmpi6", "openmpi", ["mpirun.openmpi", *OPENMPI_ARGS])):
        if os.geteuid() != 0 or not os.path.lexists(SID / "opt/abi" / folder / "libmpi_abi.so.1"):  # a link of the root
            continue
        copy = pathlib.Path(out) / f"{program}.{name}"  # /tmp is mounted into the root
        shutil.copy(ours, copy)
        prefix = ["chroot", str(SID), "env", f"LD_LIBRARY_PATH=/opt/abi/{folder}", *start]
        libs[name] = lambda n, *a, prefix=prefix, copy=str(copy): [*prefix, "-n", str(n), copy, *a]
    return libs


def lines(cmd):
    """{(name, size): value} of what a run prints; {} if it failed."""
    env = dict(os.environ, UCX_LOG_LEVEL="error", OMPI_MCA_btl_base_warn_component_unused="0",
               OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    try:
        done = subprocess.run(cmd, capture_output=True, text=True, timeout=LIMIT, env=env, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode() if isinstance(late.stdout, bytes) else late.stdout or ""
        print(f"bench: over {LIMIT:.0f} s, what it printed counts: {' '.join(cmd)}", file=sys.stderr)
    else:
        text = done.stdout
        if done.returncode != 0:
            print(f"bench: exit status {done.returncode}: {' '.join(cmd)}", file=sys.stderr)
            return {}
    values = {}
    for line in text.splitlines():
        part = line.split()
        if len(part) == 3:
            values[part[0], int(part[1])] = float(part[2])
    return values


def collect(rounds, commands):
    """Rounds of all commands by turns; {(name, size): {competitor: [values]}}"""
    table = {}
    for _ in range(rounds):
        for who, cmd in commands.items():
            for key, value in lines(cmd).items():
                table.setdefault(key, {}).setdefault(who, []).append(value)
    return table


def anchors(medians):
    """The medians of those that we are to beat."""
    found = [m for name, m in medians.items() if name in ANCHORS]
    if not found:
        raise KeyError("anchor")
    return found


def ahead(m):
    return m["muster"] < min(anchors(m))


FLOOR = {
    "latency": ("<= 1.25 x floor", lambda m: m["muster"] <= 1.25 * m["floor"]),
    "bandwidth": (">= 0.97 x floor", lambda m: m["muster"] >= 0.97 * m["floor"]),
    "rate": (">= 2 x the better anchor", lambda m: m["muster"] >= 2 * max(anchors(m))),
    "small": ("<= 1.3 x floor, ahead of all", lambda m: m["muster"] <= 1.3 * m["floor"] and ahead(m)),
    "large": ("<= 1.15 x floor", lambda m: m["muster"] <= 1.15 * m["floor"]),
    "coll": ("ahead of all", ahead),
}


def add_floors(table, rounds):
    """Each process of the floor has a barrier in common with an 8-byte allreduce, and a one-way message with an 8-byte
    bcast and reduce whose roots take turns."""
    for key, values in collect(rounds, {"floor": [helper("floor")]}).items():
        same = {("barrier", 0): [("barrier", 0), ("allreduce", 8)],
                ("latency", 8): [("latency", 8), ("bcast", 8), ("reduce", 8)]}
        for other in same.get(key, [key]):
            table.setdefault(other, {})["floor"] = values["floor"]


def two(rounds, libs):
    table = collect(rounds, {name: cmd(2, "pt2pt") for name, cmd in libs.items()})
    for key, values in collect(rounds, {name: cmd(2, "coll") for name, cmd in libs.items()}).items():
        table.setdefault(key, {}).update(values)
    add_floors(table, rounds)
    units = {"bandwidth": ("MB/s", "more"), "memcpy": ("MB/s", "more"), "rate": ("1/s", "more")}
    for (name, size), values in table.items():
        unit, better = units.get(name, ("us", "less"))
        if "muster" not in values:
            continue
        pick = {("latency", 8): "latency", ("bandwidth", 65536): "bandwidth", ("bandwidth", 4194304): "bandwidth",
                ("rate", 8): "rate", ("barrier", 0): "small", ("bcast", 8): "small", ("reduce", 8): "small",
                ("allreduce", 8): "small", ("bcast", 1048576): "large", ("allreduce", 1048576): "large"}
        goal = FLOOR[pick[name, size]] if (name, size) in pick else None
        if name == "rate":
            values.pop("floor", None)
        yield row(f"2 ranks, {name} of {size} B", unit, values, better, goal)


def ways(out, libs):
    """Which way our long data went: how much of it was read out of the sender's memory, the rest through shared memory."""
    for what in ("pt2pt", "coll"):
        report = pathlib.Path(out) / "report.json"
        command = libs["muster"](2, what)
        subprocess.run([command[0], "--report", report, *command[1:]], stdout=subprocess.DEVNULL, timeout=LIMIT)
        ranks = [r for job in json.loads(report.read_text())["jobs"] for r in job["ranks"]]
        read, streamed = (sum(r[f"bytes_{way}"] for r in ranks) for way in ("read", "streamed"))
        yield row(f"2 ranks, {what}: long data read by the receiver", "%", {"muster": [100 * read / max(1, read + streamed)]})


def many(rounds, libs, n):
    table = collect(rounds, {name: cmd(n, "coll") for name, cmd in libs.items()})
    for (name, size), values in table.items():
        yield row(f"{n} ranks, {name} of {size} B", "us", values, goal=FLOOR["coll"])


def types(rounds, libs):
    table = collect(rounds, {name: cmd(2, "types") for name, cmd in libs.items()})
    for (name, size), values in table.items():
        if not name.startswith("type-"):
            continue
        by_hand = table.get(("hand-" + name[5:], size), {}).get("muster")
        if by_hand:
            values = {**values, "by-hand": by_hand}
        yield row(f"2 ranks, {name[5:]} of {size} B", "us", values,
                  goal=("<= by hand, ahead of all", lambda m: m["muster"] <= m["by-hand"] and ahead(m)))


def threads(rounds, libs):
    """What MPI_THREAD_MULTIPLE costs who calls from one thread; and two threads at once, for information."""
    ours = libs["muster"]
    table = collect(4 * rounds, {"single": ours(2, "calls"), "muster": ours(2, "calls", "multiple")})
    for (name, size), values in table.items():
        yield row(f"MULTIPLE beside SINGLE: {name[6:]} of {size} B", "us", values,
                  goal=("<= 1.10 x single", lambda m: m["muster"] <= 1.10 * m["single"]))
    # Without Debian's Open MPI, whose threads give a processor away only at the end of a slice: minutes.
    table = collect(min(rounds, 3), {name: cmd(2, "threads") for name, cmd in libs.items() if name != "openmpi"})
    for (name, size), values in table.items():
        yield row(f"2 ranks, {name.replace('-', ': ', 1)} of {size} B", "us", values)


def outstanding(rounds, libs):
    """What a thousand operations under way cost the others, while nothing happens to them."""
    table = collect(rounds, {name: cmd(2, "outstanding") for name, cmd in libs.items()})
    for (name, size), values in table.items():
        what, _, kind = name.rpartition("-")
        none = statistics.median(table[f"{what}-none", size]["muster"])
        yield row(f"{'8 B' if size else 'MPI_Test'} beside 1000 of {kind}", "us", values,
                  goal=("<= 1.2 x beside none", lambda m, none=none: m["muster"] <= 1.2 * none))


def memory(rounds, libs):
    for n in (2, 16, 64):
        table = collect(min(rounds, 3), {name: cmd(n, "memory") for name, cmd in libs.items()})
        for values in table.values():
            yield row(f"private memory of a rank of {n}", "KiB", values, goal=("< 3 MB", lambda m: m["muster"] < 3000))


def waiting(rounds, libs):
    commands = {name: cmd(16, "wait", "2") for name, cmd in libs.items()}
    table = collect(min(rounds, 3), {**commands, "floor": [helper("floor"), "wait", "2"]})
    # The floor, a bare futex, says how much of it is the machine's.
    woken = ("us", "less", ("< 50 us", lambda m: m["muster"] < 50))
    goals = {"wait-burnt-percent": ("%", "less", ("< 1 %", lambda m: m["muster"] < 1)),
             "wait-computing-share": ("of 1", "more", None),
             "wait-wake-up": woken, "wait-wake-up-slowest": woken}
    for (name, _), values in table.items():
        unit, better, goal = goals[name]
        yield row(f"15 of 16 ranks wait: {name[5:]}", unit, values, better, goal)


def init(rounds, libs):
    for n in (2, 16, 64):
        runs = {name: milliseconds(cmd(n, "init")) for name, cmd in libs.items()}
        results = interleave(rounds, **runs, loop=milliseconds([helper("spawn_loop"), str(n), "/bin/true"]))
        yield row(f"mpiexec -n {n}, init and finalize", "ms", results,
                  goal=("< anchors / 10, <= 20 ms + 3 x loop",
                        lambda m: m["muster"] < min(anchors(m)) / 10 and m["muster"] <= 20 + 3 * m["loop"]))


def run(rounds):
    with tempfile.TemporaryDirectory(dir="/tmp") as out:
        os.chmod(out, 0o755)
        libs = libraries(out)
        yield from init(rounds, libs)
        yield from memory(rounds, libs)
        yield from two(rounds, libs)
        yield from ways(out, libs)
        yield from types(rounds, libs)
        yield from threads(rounds, libs)
        yield from outstanding(rounds, libs)
        yield from waiting(rounds, libs)
        for n in (8, 16):
            yield from many(min(rounds, 3), libs, n)
