#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""make bench: Muster beside Debian's Hydra and Open MPI, in the same run on the same machine.

Competitors take turns, round by round; medians are quoted, and ratios inside the run, since machines differ by factors
and drift. Nothing here decides whether the test suite passes.

    bench.py [--rounds N] [--json FILE] [AREA ...]      areas: the bench_*.py files beside this one
"""

import argparse
import importlib
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
BUILD = pathlib.Path(os.environ.get("MUSTER_BUILD", TOP / "build"))
MPIEXEC = os.environ.get("MUSTER_TEST_MPIEXEC", str(BUILD / "launcher/mpiexec"))
HYDRA = shutil.which("mpiexec.hydra")
OPENMPI = shutil.which("mpirun.openmpi")
OPENMPI_ARGS = ["--allow-run-as-root", "--oversubscribe"]


def helper(name):
    """A small C program of this folder, as built by meson."""
    return str(BUILD / "tests/bench" / name)


LIMIT_S = 60  # a competitor that takes longer has hung


def quiet(cmd, **kw):
    """Runs a command without output; returns its exit status, or None when it hung (it is then killed)."""
    kw.setdefault("stdin", subprocess.DEVNULL)
    kw.setdefault("stdout", subprocess.DEVNULL)
    kw.setdefault("stderr", subprocess.DEVNULL)
    # Not wait(timeout): that polls, with pauses of up to 50 ms, and would be what is measured.
    p = subprocess.Popen(cmd, **kw)
    watchdog = threading.Timer(LIMIT_S, p.kill)
    watchdog.start()
    code = p.wait()
    hung = not watchdog.is_alive()
    watchdog.cancel()
    return None if hung else code


def milliseconds(cmd):
    """A callable that runs cmd and returns its wall time in ms. A command that fails is no result."""

    def once():
        begin = time.perf_counter()
        code = quiet(cmd)
        took = (time.perf_counter() - begin) * 1e3
        return took if code == 0 else None

    return once


def interleave(rounds, **competitors):
    """Each competitor (a callable that returns a number, or None) once a round; returns {name: [numbers]}."""
    results = {name: [] for name in competitors}
    for name, run in list(competitors.items()):  # warm-up; who fails it does not take part
        if run is not None and run() is None:
            competitors[name] = None
    for _ in range(rounds):
        for name, run in competitors.items():
            value = run() if run is not None else None
            if value is not None:
                results[name].append(value)
    return {name: values for name, values in results.items() if values}


def row(what, unit, results, better="less", goal=None):
    """One line of the table. goal: (text, function of the medians that says whether it was met)."""
    medians = {name: statistics.median(values) for name, values in results.items()}
    out = {"what": what, "unit": unit, "better": better, "median": medians,
           "spread": {name: [min(v), max(v)] for name, v in results.items()}}
    ours = medians.get("muster")
    if ours:
        out["ratio"] = {n: (m / ours if better == "less" else ours / m) for n, m in medians.items() if n != "muster" and m}
    if goal:
        text, met = goal
        try:
            out["goal"] = {"text": text, "met": bool(met(medians))}
        except KeyError:
            out["goal"] = {"text": text, "met": None}
    return out


def show(r):
    parts = []
    for name, m in r["median"].items():
        low, high = r["spread"][name]
        parts.append(f"{name} {m:.4g} ({low:.3g}..{high:.3g})")
    line = f"{r['what']:<44} {r['unit']:<8} " + "  ".join(parts)
    if r.get("ratio"):
        line += "   | " + ", ".join(f"{x:.2f} x {n}" for n, x in r["ratio"].items())
    if "goal" in r:
        word = {True: "met", False: "NOT MET", None: "no anchor"}[r["goal"]["met"]]
        line += f"   | goal {r['goal']['text']}: {word}"
    print(line, flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--json")
    p.add_argument("areas", nargs="*")
    args = p.parse_args()
    areas = args.areas or sorted(f.stem[len("bench_"):] for f in HERE.glob("bench_*.py"))
    print(f"{platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; medians of {args.rounds} "
          "interleaved rounds (min..max); 'x' = how many times better Muster is", flush=True)
    rows = []
    for area in areas:
        print(f"\n{area}", flush=True)
        for r in importlib.import_module(f"bench_{area}").run(args.rounds):
            show(r)
            rows.append({"area": area, **r})
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps({"processors": os.cpu_count(), "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    sys.modules["bench"] = sys.modules["__main__"]
    main()
