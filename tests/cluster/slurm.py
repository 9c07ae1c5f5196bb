# SPDX-License-Identifier: BSD-3-Clause
"""A real Slurm on the rig's hosts: slurmctld on the front, slurmd on every other host, a munged on each. It is started once
for a session, and ends with its hosts."""

import os
import shutil
import subprocess
import time

from rig import until

NEEDED = {"slurmctld": "slurmctld", "slurmd": "slurmd", "srun": "slurm-client", "munged": "munge"}
CPUS = 4  # of a node; they need not exist
CONF = """\
ClusterName=rig
SlurmctldHost=front
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
StateSaveLocation={dir}/state
SlurmdSpoolDir={dir}/%n.spool
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
SlurmctldLogFile={dir}/slurmctld.log
SlurmdLogFile={dir}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=2
MpiDefault=none
ReturnToService=2
SlurmdTimeout=30
KillWait=5
InactiveLimit=0
NodeName={nodes} CPUs={cpus} RealMemory=500 State=UNKNOWN
PartitionName=rig Nodes={nodes} Default=YES MaxTime=INFINITE OverSubscribe=NO State=UP
"""


def why_not():
    missing = sorted({package for program, package in NEEDED.items() if not shutil.which(program)})
    return f"needs {' '.join(missing)}: .ci/need ci installs it" if missing else None


class Slurm:
    def __init__(self, rig):
        self.rig, self.dir = rig, rig.dir / "slurm"
        (self.dir / "state").mkdir(parents=True)
        self.conf = self.dir / "slurm.conf"
        self.nodes = list(rig.hosts)
        self.conf.write_text(CONF.format(dir=self.dir, nodes=",".join(self.nodes), cpus=CPUS))
        key = self.dir / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        self.env = {"SLURM_CONF": str(self.conf)}

    def daemon(self, host, *words):
        host.run("env", "-i", f"PATH={os.environ['PATH']}", "HOME=/root", *words, stdout=subprocess.DEVNULL)

    def up(self):
        for h in self.rig.all:
            h.run("sh", "-c", f"mkdir -p -m 755 /run/munge && cp {self.dir}/munge.key /run/munge.key && chmod 400 /run/munge.key")
            self.daemon(h, shutil.which("munged"), "--force", "--key-file=/run/munge.key", "--pid-file=/run/munged.pid",
                        "--seed-file=/run/munge.seed", f"--log-file={self.dir}/{h.name}.munged.log", "--num-threads=2")
        self.daemon(self.rig.front, shutil.which("slurmctld"), "-f", str(self.conf))
        for h in self.rig.hosts.values():
            self.daemon(h, shutil.which("slurmd"), "-N", h.name, "-f", str(self.conf))
        until(self.is_idle, "the start of Slurm")
        for h in self.rig.all:
            h.settle()

    def run(self, *words, **kw):
        kw = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, **kw}
        return subprocess.run(self.rig.front.enter("env", *(f"{k}={v}" for k, v in self.env.items()), *map(str, words)), **kw)

    def is_idle(self):
        return self.run("sinfo", "-h", "-o", "%D", "-t", "idle").stdout.strip() == str(len(self.nodes))

    def reset(self):
        """No job is left, and all nodes can be had."""
        self.run("scancel", "--user=root", "--quiet")
        for _ in range(3):
            try:
                until(self.is_idle, "Slurm's nodes to be idle", 40)
                return
            except AssertionError:
                self.run("scontrol", "update", f"nodename={','.join(self.nodes)}", "state=resume")
        until(self.is_idle, "Slurm's nodes to be idle")
