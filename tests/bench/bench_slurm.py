# SPDX-License-Identifier: BSD-3-Clause
"""Jobs of a real Slurm, on hosts in namespaces (tests/cluster): against srun itself, and Hydra and Open MPI by srun."""

import pathlib
import subprocess
import sys
import tempfile

from bench import HYDRA, MPIEXEC, OPENMPI, OPENMPI_ARGS, interleave, milliseconds, row

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "cluster"))
import rig as rigs
import slurm as slurms

SIZES = (4, 16)


def variables(rig, slurm, n, directory):
    """Of a job with n hosts, which stays until its process is killed."""
    seen = directory / f"job{n}"
    words = ["env", *(f"{k}={v}" for k, v in slurm.env.items()), f"HOME={directory}", "salloc", "-Q", f"-N{n}", f"-n{n}", "sh", "-c",
             f"env -0 > {seen}.new && mv {seen}.new {seen}; exec sleep infinity"]
    holder = subprocess.Popen(rig.front.enter(*words), stdin=subprocess.DEVNULL)
    rigs.until(seen.exists, "a job")
    return holder, [v.decode() for v in seen.read_bytes().split(b"\0") if v.startswith((b"SLURM", b"PATH", b"HOME"))]


def measure(rig, slurm, n, rounds, directory):
    holder, job = variables(rig, slurm, n, directory)

    def inside(*words):
        return milliseconds(rig.front.enter("env", "-i", *job, *words, cwd=directory))
    results = interleave(
        rounds,
        muster=inside(MPIEXEC, "true"),
        srun=inside("srun", "true"),
        hydra=inside(HYDRA, "true") if HYDRA else None,
        openmpi=inside(OPENMPI, *OPENMPI_ARGS, "true") if OPENMPI else None,
    )
    holder.kill()
    holder.wait()
    slurm.reset()
    return row(f"a job of Slurm on {n} hosts", "ms", results,
               goal=("<= srun + 20 ms", lambda m: m["muster"] <= m["srun"] + 20))


def run(rounds):
    if why := rigs.why_not() or slurms.why_not():
        print(f"skipped: {why}")
        return
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        (directory / "rig").mkdir()
        rig = rigs.Rig(directory / "rig", max(SIZES))
        rig.up()
        slurm = slurms.Slurm(rig)
        slurm.up()
        try:
            for n in SIZES:
                yield measure(rig, slurm, n, rounds, directory)
        finally:
            rig.down()
