# SPDX-License-Identifier: BSD-3-Clause
"""A real Grid Engine on the rig's hosts: its qmaster on the front, an execd on each other host. All its files are in a
directory of the rig. It is started once for a session, and ends with its hosts."""

import os
import pathlib
import shutil
import subprocess

from rig import until

NEEDED = {"/usr/lib/gridengine/sge_qmaster": "gridengine-master", "/usr/lib/gridengine/sge_execd": "gridengine-exec",
          "qsub": "gridengine-client"}
PROGRAMS = "/usr/lib/gridengine"
DEFAULTS = pathlib.Path("/usr/share/gridengine")
SLOTS = 2  # of a host
BOOTSTRAP = """\
admin_user none
default_domain none
ignore_fqdn true
spooling_method classic
spooling_lib libspoolc
spooling_params {dir}/default/common;{dir}/qmaster
binary_path {dir}/bin
qmaster_spool_dir {dir}/qmaster
security_mode none
listener_threads 2
worker_threads 2
scheduler_threads 1
"""
CHANGED = {"execd_spool_dir": "{dir}/execd", "mailer": "/bin/true", "min_uid": "0", "min_gid": "0", "load_report_time": "00:00:05",
           "max_unheard": "00:00:30", "shell_start_mode": "unix_behavior", "administrator_mail": "none",
           "reporting_params": "accounting=false reporting=false flush_time=00:00:15 joblog=false sharelog=00:00:00"}
SCHEDULER = {"schedule_interval": "0:0:1", "flush_submit_sec": "1", "flush_finish_sec": "1"}
HOST_GROUP = "group_name @allhosts\nhostlist {hosts}\n"
ENVIRONMENT = """\
pe_name            mpi
slots              99
user_lists         NONE
xuser_lists        NONE
start_proc_args    NONE
stop_proc_args     NONE
allocation_rule    $round_robin
control_slaves     TRUE
job_is_first_task  FALSE
urgency_slots      min
accounting_summary FALSE
qsort_args         NONE
"""
QUEUE = {"qname": "all.q", "hostlist": "@allhosts", "seq_no": "0", "load_thresholds": "NONE", "suspend_thresholds": "NONE", "nsuspend": "1",
         "suspend_interval": "00:05:00", "priority": "0", "min_cpu_interval": "00:05:00", "processors": "UNDEFINED",
         "qtype": "BATCH INTERACTIVE", "ckpt_list": "NONE", "pe_list": "mpi", "rerun": "FALSE", "slots": str(SLOTS),
         "tmpdir": "/run", "shell": "/bin/sh", "prolog": "NONE", "epilog": "NONE", "shell_start_mode": "unix_behavior",
         "starter_method": "NONE", "suspend_method": "NONE", "resume_method": "NONE", "terminate_method": "NONE",
         "notify": "00:00:60", "owner_list": "NONE", "user_lists": "NONE", "xuser_lists": "NONE", "subordinate_list": "NONE",
         "complex_values": "NONE", "projects": "NONE", "xprojects": "NONE", "calendar": "NONE", "initial_state": "default",
         **{f"{kind}_{what}": "INFINITY" for kind in "sh" for what in "rt cpu fsize data stack core rss vmem".split()}}


def why_not():
    missing = sorted({package for program, package in NEEDED.items() if not shutil.which(program)})
    return f"needs {' '.join(missing)}: .ci/need ci installs it" if missing else None


class GridEngine:
    def __init__(self, rig):
        self.rig, self.dir = rig, rig.dir / "sge"
        self.nodes = list(rig.hosts)
        arch = subprocess.run([DEFAULTS / "util/arch"], check=True, capture_output=True, text=True).stdout.strip()
        for folder in ("default/common", "qmaster/job_scripts", "execd", "bin", "utilbin"):
            (self.dir / folder).mkdir(parents=True)
        for link, there in ((f"bin/{arch}", PROGRAMS), (f"utilbin/{arch}", PROGRAMS), ("util", DEFAULTS / "util")):
            (self.dir / link).symlink_to(there)
        self.env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "SGE_ROOT": str(self.dir), "SGE_CELL": "default",
                    "SGE_ARCH": arch, "SGE_QMASTER_PORT": "6444", "SGE_EXECD_PORT": "6445"}
        common = self.dir / "default/common"
        (common / "act_qmaster").write_text("front\n")
        (common / "bootstrap").write_text(BOOTSTRAP.format(dir=self.dir))
        (self.dir / "configuration").write_text(self.configuration())
        (self.dir / "hosts").write_text(HOST_GROUP.format(hosts=" ".join(self.nodes)))
        (self.dir / "mpi").write_text(ENVIRONMENT)
        (self.dir / "queue").write_text("".join(f"{name} {value}\n" for name, value in QUEUE.items()))

    def configuration(self):
        lines = []
        for line in (DEFAULTS / "default-configuration").read_text().splitlines():
            name = line.split()[0]
            lines.append(f"{name} {CHANGED[name].format(dir=self.dir)}\n" if name in CHANGED else line + "\n")
        return "".join(lines)

    def words(self, *words):
        return ["env", "-i", *(f"{k}={v}" for k, v in self.env.items()), *map(str, words)]

    def run(self, *words, host=None, cwd="/", **kw):
        kw = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, **kw}
        return subprocess.run((host or self.rig.front).enter(*self.words(*words), cwd=cwd), **kw)

    def ok(self, *words, **kw):
        p = self.run(*words, **kw)
        assert p.returncode == 0, (words, p)
        return p.stdout

    def spool(self):
        self.ok(f"{PROGRAMS}/spoolinit", "classic", "libspoolc", f"{self.dir}/default/common;{self.dir}/qmaster", "init")
        for what, value in (("configuration", self.dir / "configuration"), ("complexes", DEFAULTS / "util/resources/centry"),
                            ("usersets", DEFAULTS / "util/resources/usersets"), ("managers", "root")):
            self.ok(f"{PROGRAMS}/spooldefaults", what, value)

    def up(self):
        self.spool()
        self.daemon(self.rig.front, "sge_qmaster")
        until(lambda: self.run("qconf", "-sh").returncode == 0, "the start of Grid Engine's qmaster")
        self.ok("qconf", "-ah", ",".join(self.nodes))
        self.ok("qconf", "-as", "front")
        for h in self.rig.hosts.values():
            self.daemon(h, "sge_execd")
        until(lambda: set(self.nodes) <= set(self.ok("qconf", "-sel").split()), "the start of Grid Engine's hosts")
        self.ok("qconf", "-Ahgrp", self.dir / "hosts")
        self.ok("qconf", "-Ap", self.dir / "mpi")
        self.ok("qconf", "-Aq", self.dir / "queue")
        self.hurry()
        until(self.is_idle, "Grid Engine's hosts to be idle")
        for h in self.rig.all:
            h.settle()

    def hurry(self):
        """Jobs begin within a second or so, and not at the next of its scheduler's rounds."""
        lines = [line.split(None, 1) for line in self.ok("qconf", "-ssconf").splitlines()]
        (self.dir / "scheduler").write_text("".join(f"{name} {SCHEDULER.get(name, value)}\n" for name, value in lines))
        self.ok("qconf", "-Msconf", self.dir / "scheduler")

    def daemon(self, host, name):
        p = self.run(f"{PROGRAMS}/{name}", host=host, capture_output=False, stdout=open(self.dir / f"{host.name}.log", "w"), stderr=subprocess.STDOUT)
        assert p.returncode == 0, (self.dir / f"{host.name}.log").read_text()

    def is_idle(self):
        """No slot is taken, and no queue in a state of error or of no answer."""
        queues = [line.split() for line in self.run("qstat", "-f").stdout.splitlines() if line.startswith("all.q@")]
        return len(queues) == len(self.nodes) and all(q[2] == f"0/0/{SLOTS}" and len(q) == 5 for q in queues) and \
            not self.run("qstat", "-u", "*").stdout

    def reset(self):
        """No job is left, and all hosts can be had."""
        self.run("qdel", "-f", "-u", "root")
        until(self.is_idle, "Grid Engine's hosts to be idle", 120)
