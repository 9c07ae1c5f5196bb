# SPDX-License-Identifier: BSD-3-Clause
"""Output of 16 ranks and input to rank 0: rates, torn lines, and memory with a slow reader."""

import os
import re
import subprocess
import threading
import time

from bench import HYDRA, LIMIT_S, MPIEXEC, OPENMPI, OPENMPI_ARGS, helper, interleave, row

RANKS = 16
LINE = 80


def launchers(*args, hosts=True):
    """The competitors' commands, with these arguments of theirs that all spell alike."""
    found = {"muster": [MPIEXEC, *args]}
    if hosts:
        found["muster_3_nodes"] = [MPIEXEC, "--launcher", "fork", "--hosts", "a,b,c", *args]
    if HYDRA:
        found["hydra"] = [HYDRA, *args]
    if OPENMPI:
        found["openmpi"] = [OPENMPI, *OPENMPI_ARGS, *("--tag-output" if a == "-l" else a for a in args)]
    return found


def end(*processes):
    for p in processes:
        if p.poll() is None:
            p.kill()
        p.wait()


def output(cmd, megabytes, torn):
    """MB/s through a pipe to a reader that checks every line; the number of torn ones is noted in `torn`."""
    lines = megabytes * 1000000 // LINE // RANKS

    def once():
        begin = time.perf_counter()
        job = subprocess.Popen([*cmd, "-n", str(RANKS), helper("stdio_lines"), "write", str(lines)],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        check = subprocess.Popen([helper("stdio_lines"), "check"], stdin=job.stdout, stdout=subprocess.PIPE)
        job.stdout.close()
        try:
            said, _ = check.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            return None
        finally:
            end(job, check)
        took = time.perf_counter() - begin
        total, bad = (int(x) for x in said.split())
        torn.append(float(bad))
        return total / took / 1e6 if total >= lines * RANKS * LINE else None

    return once


def outputs(rounds):
    for what, args, megabytes, times in (("plain", [], 400, 1), ("labelled", ["-l"], 200, 5)):
        torn = {}
        competitors = {name: output(cmd, megabytes, torn.setdefault(name, []))
                       for name, cmd in launchers(*args).items()}
        yield row(f"stdout, {what}: {RANKS} ranks, {megabytes} MB of lines", "MB/s", interleave(rounds, **competitors),
                  better="more", goal=(f">= {times} x hydra", lambda m, t=times: m["muster"] >= t * m["hydra"]))
        yield row(f"stdout, {what}: torn lines", "", {n: v for n, v in torn.items() if v},
                  goal=("0", lambda m: m["muster"] == 0 and m["muster_3_nodes"] == 0))


def stdin_rate(cmd, megabytes):
    """MB/s from a writer through stdin to rank 0, which counts the bytes."""

    def once():
        begin = time.perf_counter()
        feed = subprocess.Popen(["head", "-c", str(megabytes * 1000000), "/dev/zero"], stdout=subprocess.PIPE)
        job = subprocess.Popen(cmd, stdin=feed.stdout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        feed.stdout.close()
        try:
            said, _ = job.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            return None
        finally:
            end(feed, job)
        exact = str(megabytes * 1000000).encode() in said.split()
        return megabytes / (time.perf_counter() - begin) if exact else None

    return once


def inputs(rounds):
    megabytes = 1000
    count = ["sh", "-c", "cat | wc -c"]
    results = interleave(
        rounds,
        muster=stdin_rate([MPIEXEC, "-n", "1", "wc", "-c"], megabytes),
        muster_2_nodes=stdin_rate([MPIEXEC, "--launcher", "fork", "--hosts", "a,b", "-n", "2", "wc", "-c"], megabytes),
        cat=stdin_rate(count, megabytes),
        openmpi=stdin_rate([OPENMPI, *OPENMPI_ARGS, "-n", "1", "wc", "-c"], megabytes) if OPENMPI else None,
        hydra=stdin_rate([HYDRA, "-n", "1", "wc", "-c"], megabytes) if HYDRA else None,
    )
    yield row(f"stdin, {megabytes} MB to rank 0", "MB/s", results, better="more",
              goal=(">= 0.7 x cat | cat", lambda m: m["muster"] >= 0.7 * m["cat"]))


def memory_below(pid):
    """MB that mpiexec and its proxies hold; the ranks are left out."""
    total, found = 0, [pid]
    while found:
        at = found.pop()
        try:
            with open(f"/proc/{at}/comm") as f:
                rank = "stdio_lines" in f.read()
            with open(f"/proc/{at}/status") as f:
                size = re.search(r"VmRSS:\s+(\d+)", f.read())
            total += int(size.group(1)) if size and not rank else 0
            with open(f"/proc/{at}/task/{at}/children") as f:
                found += [int(c) for c in f.read().split()]
        except OSError:
            pass
    return total / 1024


def growth(cmd):
    """How much memory grows while the reader takes 20 MB in two seconds from ranks that write without end."""

    def once():
        job = subprocess.Popen([*cmd, "-n", "4", helper("stdio_lines"), "write", "1000000000"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        guard = threading.Timer(LIMIT_S, job.kill)
        guard.start()
        try:
            os.read(job.stdout.fileno(), 65536)
            first = memory_below(job.pid)
            for _ in range(20):
                for _ in range(16):
                    os.read(job.stdout.fileno(), 65536)
                time.sleep(0.1)
            return max(0.0, memory_below(job.pid) - first)
        finally:
            job.stdout.close()
            job.terminate()
            try:
                job.wait(10)
            except subprocess.TimeoutExpired:
                job.kill()
            guard.cancel()
            end(job)

    return once


def slow_reader(rounds):
    results = interleave(min(rounds, 3), **{name: growth(cmd) for name, cmd in launchers().items()})
    yield row("growth of memory with a slow reader", "MB", results,
              goal=("< 8", lambda m: m["muster"] < 8 and m["muster_3_nodes"] < 8))


def run(rounds):
    for area in (outputs, inputs, slow_reader):
        yield from area(rounds)
