# SPDX-License-Identifier: BSD-3-Clause
"""A Slurm of the test's own: munged, slurmctld and two nodes on this machine, in one directory."""

import os
import random
import shutil
import signal
import socket
import subprocess
import time

import pytest

from processes import PATIENCE, comm, state

CONF = """ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={dir}/munge.sock
CredType=cred/munge
StateSaveLocation={dir}/state
SlurmdSpoolDir={dir}/spool-%n
TmpFS={dir}/tmp-%n
SlurmctldPidFile={dir}/slurmctld.pid
SlurmdPidFile={dir}/%n.pid
SlurmctldLogFile={dir}/slurmctld.log
SlurmdLogFile={dir}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=1
MpiDefault=none
ReturnToService=2
MessageTimeout=90
TCPTimeout=60
BatchStartTimeout=90
KillWait=2
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={port1} CPUs=8 RealMemory=100
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={port2} CPUs=8 RealMemory=100
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def free_ports(n):
    """Of those that the kernel gives nobody by itself, so that nobody takes them before they are used."""
    ports = []
    while len(ports) < n:
        port = random.randrange(12000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports


class Slurm:
    def __init__(self, directory):
        self.dir = directory
        self.env = {"SLURM_CONF": str(directory / "slurm.conf")}

    def begin(self):
        port, port1, port2 = free_ports(3)
        conf = CONF.format(host=socket.gethostname().split(".")[0], dir=self.dir, port=port, port1=port1, port2=port2)
        (self.dir / "slurm.conf").write_text(conf)
        for name in ("state", "tmp-n1", "tmp-n2"):
            (self.dir / name).mkdir()
        (self.dir / "key").write_bytes(os.urandom(128))
        (self.dir / "key").chmod(0o400)
        d = str(self.dir)
        munged = ["munged", "--force", f"--key-file={d}/key", f"--socket={d}/munge.sock", f"--pid-file={d}/munged.pid",
                  f"--seed-file={d}/seed", f"--log-file={d}/munged.log", "--num-threads=1"]
        daemons = [munged, ["slurmctld"], ["slurmd", "-N", "n1"], ["slurmd", "-N", "n2"]]
        try:
            return all(self.run(*d).returncode == 0 for d in daemons) and self.ready()
        except subprocess.TimeoutExpired:
            return False

    def ready(self):
        end = time.monotonic() + 2 * PATIENCE
        while time.monotonic() < end:
            if self.run("sinfo", "-h", "-o", "%D %t").stdout.split() == [b"2", b"idle"]:
                return True
            time.sleep(0.1)
        return False

    def run(self, *args, timeout=2 * PATIENCE, **env):
        """A command that finds this Slurm."""
        e = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM_", "PMI", "MUSTER_"))}
        return subprocess.run(args, env={**e, **self.env, **env}, cwd=self.dir, timeout=timeout, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def pids(self):
        """Of the daemons, by the files that each has while it runs."""
        found = []
        for f in sorted(self.dir.glob("*.pid"), reverse=True):
            try:
                found.append(int(f.read_text()))
            except (OSError, ValueError):
                pass  # it has just been, or is just being, written or removed
        return found

    def end(self):
        pids = self.pids()
        for sig in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + PATIENCE
            for pid in running(pids):
                try:
                    os.kill(pid, sig)
                except ProcessLookupError:
                    pass
            while running(pids) and time.monotonic() < deadline:
                time.sleep(0.05)


def running(pids):
    return [p for p in pids if comm(p) in ("munged", "slurmctld", "slurmd") and state(p) != "Z"]


@pytest.fixture(scope="session")
def slurm(tmp_path_factory):
    missing = [p for p in ("munged", "slurmctld", "slurmd", "srun") if not shutil.which(p)]
    if missing:
        pytest.skip("no " + ", no ".join(missing))
    if os.geteuid() != 0:
        pytest.skip("a Slurm of one's own takes root")
    s = Slurm(tmp_path_factory.mktemp("slurm"))
    try:
        if not s.begin():
            pytest.skip("Slurm does not start here: see " + str(s.dir))
        yield s
    finally:
        s.end()
