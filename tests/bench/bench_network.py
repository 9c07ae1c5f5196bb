# SPDX-License-Identifier: BSD-3-Clause
"""Messages between hosts: network namespaces on a bridge (tests/cluster/rig.py), so that the figures are what the path
costs the processor, without wire or card. Ours beside Debian's MPICH and Open MPI, those of a root of Debian unstable
(bench_mpi.py), and beside sockets without MPI (raw_tcp.c). For root alone.

MUSTER_BENCH_NETWORK=pt2pt|windows|coll: one part of it."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from bench import HERE, MPIEXEC, helper, row
from bench_mpi import LIMIT, SID, compiled, lines

sys.path.insert(0, str(HERE.parent / "cluster"))
import rig as rigs  # noqa: E402

UNITS = {"latency": ("us", "less"), "rate": ("1/s", "more"), "rate-each": ("1/s", "more"), "stream": ("MB/s", "more"),
         "strided": ("MB/s", "more"), "strided-both": ("MB/s", "more")}
GOALS = {("latency", 8): ("<= 1.15 x raw", lambda m: m["muster"] <= 1.15 * m["raw"]),
         ("rate", 8): (">= 0.5 x raw", lambda m: m["muster"] >= 0.5 * m["raw"]),
         ("stream", 1 << 20): (">= 0.95 x raw", lambda m: m["muster"] >= 0.95 * m["raw"]),
         ("stream", 4 << 20): (">= 0.95 x raw", lambda m: m["muster"] >= 0.95 * m["raw"])}
AHEAD = ("barrier", "bcast", "allreduce", "alltoall")
OPENMPI = ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "--mca", "btl_tcp_if_include", "eth0",
           "--mca", "oob_tcp_if_include", "eth0", "--mca", "btl", "tcp,self,vader", "--mca", "osc", "pt2pt"]
OPENMPI6 = ["--allow-run-as-root", "--bind-to", "none", "--mca", "btl_tcp_if_include", "eth0", "--prtemca", "prte_if_include",
            "eth0"]
# As ssh, into the root on the host: it has no names of hosts, and takes options that it need not understand.
ENTER = """\
#!/bin/sh
while :; do case $1 in -[xqnT]) shift ;; -[ol]) shift 2 ;; *) break ;; esac; done
host=$1
shift
exec ssh -x -F none -i {key} -o LogLevel=ERROR -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@$host \\
    chroot {sid} env PATH=/usr/bin:/bin "$@"
"""


def unstable_libraries(rig, out, program):
    """The same of MPICH 5 and Open MPI 6 with our binary, where there are such. /tmp is mounted into their root."""
    copy, enter = str(pathlib.Path(out) / program), pathlib.Path(out) / "enter"
    shutil.copy(helper(program), copy)
    enter.write_text(ENTER.format(key=rig.front.dir / "id", sid=SID))
    enter.chmod(0o755)
    root = ["chroot", str(SID), "env", "OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
            f"PRTE_MCA_plm_ssh_agent={enter}"]

    def places(hosts, n):
        return ",".join(f"{rig.hosts[h].address}{n and f':{n}'}" for h in hosts)

    def mpich(hosts, n, *a):
        return [*root, "mpiexec.mpich", "-localhost", rig.front.address, "-launcher-exec", str(enter), "-hosts", places(hosts, ""),
                "-ppn", str(n), "-n", str(n * len(hosts)), "env", "LD_LIBRARY_PATH=/opt/abi/mpich", copy, *a]

    def openmpi(hosts, n, *a):
        return [*root, "mpirun.openmpi", *OPENMPI6, "--host", places(hosts, n), "-n", str(n * len(hosts)), "-x",
                "LD_LIBRARY_PATH=/opt/abi/openmpi", copy, *a]

    found = {"mpich5": ("mpich", mpich), "openmpi6": ("openmpi", openmpi)}
    return {name: cmd for name, (folder, cmd) in found.items() if os.path.lexists(SID / "opt/abi" / folder / "libmpi_abi.so.1")}


def libraries(rig, out, program):
    """{name: function from hosts, ranks of each and arguments to a command}"""
    libs = {"muster": lambda hosts, n, *a: [MPIEXEC, "--hosts", ",".join(hosts), "--ppn", str(n), "-n", str(n * len(hosts)),
                                            helper(program), *a]}
    mpich = compiled("mpicc.mpich", out, program)
    openmpi = compiled("mpicc.openmpi", out, program)
    if mpich:
        libs["mpich"] = lambda hosts, n, *a: ["mpiexec.mpich", "-hosts", ",".join(hosts), "-ppn", str(n), "-n",
                                              str(n * len(hosts)), mpich, *a]
    if openmpi:
        libs["openmpi"] = lambda hosts, n, *a: ["mpirun.openmpi", *OPENMPI, "--host", ",".join(f"{h}:{n}" for h in hosts),
                                                "-n", str(n * len(hosts)), openmpi, *a]
    return libs | unstable_libraries(rig, out, program)


def raw(rig, port):
    """{(name, size): value} of sockets between h1 and h2."""
    program, address = helper("raw_tcp"), rig.hosts["h1"].address
    listener = subprocess.Popen(rig.hosts["h1"].enter(program, "listen", address, str(port)), stdin=subprocess.DEVNULL)
    try:
        return lines(rig.hosts["h2"].enter(program, "connect", address, str(port)))
    finally:
        listener.wait(timeout=LIMIT)


def collected(rig, rounds, commands, with_raw):
    table = {}
    for i in range(rounds):
        found = {who: lines(rig.front.enter(*cmd)) for who, cmd in commands.items()}
        if with_raw:
            found["raw"] = raw(rig, 5000 + i)
        for who, values in found.items():
            for key, value in values.items():
                table.setdefault(key, {}).setdefault(who, []).append(value)
    return table


def pt2pt(rig, rounds, out):
    commands = {name: cmd(["h1", "h2"], 1) for name, cmd in libraries(rig, out, "mpi_network").items()}
    for (name, size), values in collected(rig, rounds, commands, True).items():
        unit, better = UNITS[name]
        yield row(f"2 hosts, {name} of {size} B", unit, values, better, GOALS.get((name, size)))


def windows(rig, rounds, out):
    commands = {name: cmd(["h1", "h2"], 1, "windows") for name, cmd in libraries(rig, out, "mpi_network").items()}
    for (name, size), values in collected(rig, rounds, commands, False).items():
        yield row(f"2 hosts, {name} of {size} B", "us", values)


def coll(rig, rounds, out):
    hosts = sorted(rig.hosts)
    for n in (1, 2):
        commands = {name: cmd(hosts, n, "coll") for name, cmd in libraries(rig, out, "mpi_bench").items()}
        for (name, size), values in collected(rig, rounds, commands, False).items():
            goal = ("ahead of all", lambda m: len(m) > 1 and m["muster"] == min(m.values())) if name in AHEAD else None
            yield row(f"{len(hosts)} hosts of {n}, {name} of {size} B", "us", values, goal=goal)


def run(rounds):
    why = rigs.why_not()
    if why:
        print(f"skipped: {why}")
        return
    half = os.environ.get("MUSTER_BENCH_NETWORK", "")
    with tempfile.TemporaryDirectory(dir="/tmp") as out:
        os.chmod(out, 0o755)
        (pathlib.Path(out) / "rig").mkdir()
        rig = rigs.Rig(pathlib.Path(out) / "rig", 4)
        rig.up()
        try:
            if half in ("", "pt2pt"):
                yield from pt2pt(rig, rounds, out)
            if half in ("", "windows"):
                yield from windows(rig, min(rounds, 3), out)
            if half in ("", "coll"):
                yield from coll(rig, min(rounds, 3), out)
        finally:
            rig.down()
