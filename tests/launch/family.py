# SPDX-License-Identifier: BSD-3-Clause
"""Random families: eight jobs of one user, by mpiexec and without, publish names, look them up, connect, accept and spawn
(family.c), while processes of theirs are killed, or abort. Every call has to end in bounded time, who has no dead of its
own ends well, no name is served for long after its owner, and at the end nothing is left.

    python3 tests/launch/family.py [SECONDS [SEED]]       `make family` runs it for ten minutes

Two of the jobs are spared, and last from the beginning to the end: they must not grow. What is wrong is printed with
all that is known. The moments of what happens depend on the machine: a seed does not make them again."""

import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from conftest import MPIEXEC, clean_env, runtime_program  # noqa: E402
from processes import SANITIZED, Marked, children, cmdline, comm, state  # noqa: E402

JOBS = 8
SPARED = 2
END_S = 180  # longer than the watchdog of family.c, and gdb after it
LAYOUTS = [[], ["-n", "1"], ["-n", "2"], ["-n", "3"], ["--no-kill", "-n", "2"], ["--no-kill", "-n", "3"],
           ["--hosts", "a:2,b:1", "-n", "3"]]  # [] is without mpiexec
CARRIERS = [{}, {}, {"MUSTER_SHM_JOBS": "off"}]
GROWTH_KB = 16384
NEVER = ("HUNG", "STALE", "not so", "Sanitizer", "runtime error")


class Job:
    def __init__(self, program, directory, layout, seconds, seed, deaths, env):
        self.layout, self.marked, self.hits, self.deaths = layout, Marked(), [], deaths
        self.out = tempfile.TemporaryFile()
        end = time.monotonic() + seconds
        words = [*([MPIEXEC, "--kill-timeout", "1", *layout] if layout else []), program, f"{end:.1f}", str(seed),
                 str(deaths)]
        self.process = subprocess.Popen(words, env=clean_env(directory, TMPDIR=directory / "tmp", **self.marked.env, **env),
                                        cwd=directory, stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.out,
                                        start_new_session=True)
        Marked.held[self.process.pid] = 0

    def __str__(self):
        return f"{' '.join(self.layout) or 'alone'}, status {self.process.poll()}, hit: {', '.join(self.hits) or 'none'}"

    def members(self):
        """Its own, but no descendants of the tests in general: those of other jobs are among them."""
        return sorted(p for p in map(int, filter(str.isdigit, os.listdir("/proc"))) if self.has(p))

    def has(self, pid):
        try:
            with open(f"/proc/{pid}/environ", "rb") as f:
                return self.marked.name.encode() in f.read() and state(pid) != "Z"
        except OSError:
            return False

    def hit(self, rng):
        members = self.members()
        if not members or self.process.poll() is not None:
            return
        victim = rng.choice(members)
        self.hits.append(f"{comm(victim)} {victim}")
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def text(self):
        self.out.seek(0)
        return self.out.read().decode(errors="replace")

    def grown(self, text):
        """Of a job that was spared for long, what grew from the first third of its time on."""
        sizes = {}
        for pid, fds, kb in re.findall(r"^SIZE (\d+): (\d+) descriptors, (\d+) kB", text, re.M):
            sizes.setdefault(pid, []).append((int(fds), int(kb)))
        return [f"{pid} grew: {s[0]} to {s[-1]} descriptors, kB" for pid, s in sizes.items()
                if s[-1][0] > s[0][0] + 16 or (s[-1][1] > s[0][1] + GROWTH_KB and not SANITIZED)]

    def survived(self):
        """Has a job of its mpiexec died, and another one, which was not connected with it, gone on to its end?"""
        text = self.text()
        return "--no-kill" not in self.layout and "DIES" in text and "DONE" in text

    def wrong(self):
        """What is wrong with it, that has ended; or an empty list."""
        text = self.text()
        found = [w for w in NEVER if w in text]
        if not self.hits and "DIES" not in text:
            found += [line for line in text.splitlines() if not line.startswith(("DONE", "SIZE"))]
            found += [f"status {self.process.returncode}"] if self.process.returncode else []
            found += self.grown(text) if not self.deaths else []
        return found


class Family:
    def __init__(self, directory, seconds, rng):
        self.directory, self.rng, self.end = directory, rng, time.monotonic() + seconds
        (directory / "tmp").mkdir()
        self.program = runtime_program(directory, "family.c")
        self.begun, self.killed, self.bad = 0, 0, 0
        self.spawned, self.joined, self.survived, self.stalest = 0, 0, 0, 0.0
        self.longest = (0.0, "")
        self.jobs = [self.start(layout, seconds, 0) for layout in (["-n", "2"], [])[:SPARED]]

    def start(self, layout, seconds, deaths):
        self.begun += 1
        return Job(self.program, self.directory, layout, seconds, self.rng.randrange(1 << 30), deaths,
                   self.rng.choice(CARRIERS))

    def say(self, what, job):
        self.bad += 1
        print(f"WRONG: {what}\n  {job}\n" + "".join(f"  | {line}\n" for line in job.text().splitlines()[-400:]), flush=True)

    def reap(self):
        """Those who lost their parents are ours; who has not been waited for would look alive to who asks."""
        for p in children(os.getpid()):
            if state(p) == "Z" and p not in [j.process.pid for j in self.jobs]:
                os.waitpid(p, os.WNOHANG)
        for job in [j for j in self.jobs if j.process.poll() is not None]:
            self.jobs.remove(job)
            self.count(job.text())
            self.survived += job.survived()
            if found := job.wrong():
                self.say("; ".join(found[:6]), job)
            job.out.close()

    def count(self, text):
        for spawned, joined, stale, took, call in re.findall(
                r"^DONE .*: (\d+) spawned, (\d+) joined, (\S+) s stale, (\S+) s in (\w*)", text, re.M):
            self.spawned += int(spawned)
            self.joined += int(joined)
            self.stalest = max(self.stalest, float(stale))
            self.longest = max(self.longest, (float(took), call))

    def keep_on(self):
        """One more, until there are so many; and somebody is killed now and then."""
        left = self.end - time.monotonic()
        if len(self.jobs) < JOBS:
            layout, seconds = self.rng.choice(LAYOUTS), min(left, self.rng.uniform(1, 6))
            self.jobs.append(self.start(layout, seconds, self.rng.choice([5, 20, 60])))
        if self.rng.random() < 0.2:
            victims = [j for j in self.jobs if j.deaths]
            self.killed += 1
            self.rng.choice(victims).hit(self.rng)

    def run(self):
        while time.monotonic() < self.end:
            self.keep_on()
            self.reap()
            time.sleep(0.05)
        self.ended()
        self.last()
        took, call = self.longest
        print(f"{self.begun} jobs, {self.killed} kills, {self.spawned} spawns, {self.joined} accepts and connects; in "
              f"{self.survived} somebody died and others went on; a name was "
              f"served {self.stalest:.2f} s after its owner, {call} took {took:.2f} s; {self.bad} wrong", flush=True)
        return self.bad

    def ended(self):
        """All jobs end, and nothing of them is left."""
        until = time.monotonic() + END_S
        while self.jobs and time.monotonic() < until:
            self.reap()
            time.sleep(0.05)
        for job in self.jobs:
            self.say("no end", job)
            for p in job.members():
                os.kill(p, signal.SIGKILL)

    def left(self):
        found = [f"{p} {cmdline(p)}" for p in map(int, filter(str.isdigit, os.listdir("/proc"))) if self.is_ours(p)]
        found += [str(p) for d in ("tmp", ".names") for p in (self.directory / d).rglob("*") if p.is_file()]
        return found

    def is_ours(self, pid):
        try:
            with open(f"/proc/{pid}/environ", "rb") as f:
                return str(self.directory).encode() in f.read() and state(pid) != "Z" and pid != os.getpid()
        except OSError:
            return False

    def last(self):
        """A job without deaths takes away what those have left who were killed as the last."""
        job = self.start(["-n", "1"], 1, 0)
        job.process.wait(END_S)
        self.jobs = [job]
        until = time.monotonic() + 60
        while (left := self.left()) and time.monotonic() < until:
            self.reap()
            time.sleep(0.05)
        self.reap()
        if left:
            self.bad += 1
            print(f"WRONG: left: {left}", flush=True)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 600
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    with tempfile.TemporaryDirectory() as d:
        return Family(pathlib.Path(d), seconds, random.Random(seed)).run() > 0


if __name__ == "__main__":
    sys.exit(main())
