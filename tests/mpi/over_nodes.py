# SPDX-License-Identifier: BSD-3-Clause
"""Every program that runs at some numbers of ranks on one node, over simulated nodes: 2, 4, and one for each rank.

    python3 tests/mpi/over_nodes.py BUILD [WORD]...       `make nodes` runs it; only programs with a word in their name

What a failed one wrote is printed. The exit status is 0 if none failed."""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time

DEADLINE_S = 1800
MOST_NODES = 16
ON_A_NODE = {
    "coll/mismatch": "only memory that the ranks share tells who called something else",
    "tools/cvars": "of messages and collectives in the memory of a node",
    "tools/pvars": "counts messages exactly, and beyond a node barriers are messages, too",
}


def runs(build):
    """(name, nodes, ranks, program) of each."""
    for test in json.loads((build / "meson-info/intro-tests.json").read_text()):
        plain = re.fullmatch(r"(\S+) x(\d+)", test["name"])
        if not plain or len(test["cmd"]) != 3 or pathlib.Path(test["cmd"][0]).name != "ranks":
            continue
        name, ranks = plain[1], int(plain[2])
        for nodes in sorted({2, 4, ranks}):
            if 1 < nodes <= min(ranks, MOST_NODES) and ranks % nodes == 0 and name not in ON_A_NODE:
                yield name, nodes, ranks, build / test["cmd"][2]


def run(build, name, nodes, ranks, program):
    """Whether it passed; says so."""
    hosts = ",".join(f"n{i}:{ranks // nodes}" for i in range(nodes))
    command = [build / "launcher/mpiexec", "--launcher", "fork", "--hosts", hosts, "-n", str(ranks), program]
    environment = {**os.environ, "TEST_NODES": str(nodes), "MUSTER_RMK": "none"}
    start = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", env=environment) as process:
        try:
            said = process.communicate(timeout=DEADLINE_S)[0]
            status = process.returncode
        except subprocess.TimeoutExpired:
            process.terminate()  # mpiexec ends its ranks, and itself in bounded time
            said = process.communicate()[0]
            status = f"none after {DEADLINE_S} s"
    print(f"{'OK  ' if status == 0 else 'FAIL'} {time.monotonic() - start:6.1f} s  {name} x{ranks} over {nodes} nodes",
          flush=True)
    if status != 0:
        print(f"status {status}\n{said}", flush=True)
    return status == 0


def main():
    build, words = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    wanted = [r for r in runs(build) if not words or any(w in r[0] for w in words)]
    for name, why in ON_A_NODE.items():
        print(f"not {name}: {why}")
    with concurrent.futures.ThreadPoolExecutor(2) as two:
        passed = list(two.map(lambda r: run(build, *r), wanted))
    print(f"{sum(passed)} passed, {len(passed) - sum(passed)} failed")
    return 0 if passed and all(passed) else 1


sys.exit(main())
