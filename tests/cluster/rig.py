# SPDX-License-Identifier: BSD-3-Clause
"""Hosts on one machine: namespaces of network, names, processes and mounts, a real OpenSSH server in each but the front,
from which the tests start mpiexec; a bridge between them in a namespace of its own. Nothing of it has a name outside:
it is gone with its processes, and they with the process of the tests.

File systems are shared, as by NFS, but /run and /dev/shm. The user's home is an empty folder of each host's own.
"""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
SSHD = "/usr/sbin/sshd"
SWITCH, FRONT = "switch", "front"
NEEDED = {"ip": "iproute2", "unshare": "util-linux", "nsenter": "util-linux", "setpriv": "util-linux", "ssh": "openssh-client",
          "ssh-keygen": "openssh-client", SSHD: "openssh-server"}
NSSWITCH = "".join(f"{k}: files\n" for k in "passwd group shadow hosts services protocols netgroup".split())
SSHD_CONFIG = """\
HostKey {dir}/hostkey
AuthorizedKeysFile {dir}/authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
StrictModes no
PidFile /run/sshd.pid
PrintMotd no
PrintLastLog no
"""


def why_not():
    """Why there can be no rig here; None: there can."""
    if os.getuid() != 0:
        return "hosts of their own (network namespaces) are for root alone"
    missing = sorted({package for program, package in NEEDED.items() if not shutil.which(program)})
    if missing:
        return f"needs {' '.join(missing)}: .ci/need ci installs it"
    p = subprocess.run(["unshare", "--net", "--uts", "--ipc", "--pid", "--mount", "--fork", "ip", "link", "set", "lo", "up"],
                       capture_output=True, text=True)
    return f"no namespaces here: {p.stderr.strip()}" if p.returncode else None


def is_witness(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text() == "muster-witness\n"
    except OSError:
        return False


def children(pid):
    """But for mpiexec's witness, which has nothing to do with hosts."""
    try:
        found = [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [p for p in found if not is_witness(p)]


def program_of(pid):
    """The name of the file that it runs; None: it has ended."""
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return None


def until(fn, what, seconds=60):
    end = time.monotonic() + seconds
    while not (value := fn()):
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        time.sleep(0.005)
    return value


class Host:
    def __init__(self, rig, name, number):
        self.rig, self.name, self.dir = rig, name, rig.dir / name
        self.address = f"10.77.0.{number}"
        self.dir.mkdir()

    def up(self):
        words = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--uts", "--ipc", "--pid", "--mount", "--fork",
               "--kill-child=KILL", "bash", str(HERE / "host.sh"), str(self.rig.dir), self.name]
        env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        with open(self.dir / "log", "w") as log:
            self.unshare = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
                                            start_new_session=True)
        until(lambda: (self.dir / "up").exists() or self.unshare.poll() is not None, f"the start of {self.name}")
        assert self.unshare.poll() is None, (self.dir / "log").read_text()
        (self.pid,) = children(self.unshare.pid)

    def down(self):
        """Ends as by a loss of power, but for the network: its kernel still tells the others."""
        self.unshare.kill()
        self.unshare.wait()
        until(self.is_over, f"the end of {self.name}")

    def is_over(self):
        """Process 1 waits for what has entered its host, and what has lost its own parent there has us as one."""
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        return not self.pids()

    def pids(self):
        """Everything that runs here."""
        found = []
        for p in filter(str.isdigit, os.listdir("/proc")):
            try:
                here = os.readlink(f"/proc/{p}/ns/pid") == self.ns and " Z " not in pathlib.Path(f"/proc/{p}/stat").read_text()
            except OSError:
                continue
            if here:
                found.append(int(p))
        return found

    def settle(self):
        """What runs now belongs to the host."""
        self.ns = os.readlink(f"/proc/{self.pid}/ns/pid")
        self.own = set(self.pids())

    def left(self):
        """What runs here and is none of the host's own."""
        return [p for p in self.pids() if p not in self.own]

    def enter(self, *words, cwd="/"):
        """The command line that runs words here."""
        return ["nsenter", "-t", str(self.pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--", "setpriv", "--pdeathsig",
                "KILL", "/bin/sh", "-c", 'cd "$1" || exit; shift; exec "$@"', "sh", str(cwd), *words]

    def run(self, *words, **kw):
        return subprocess.run(self.enter(*words), check=True, **kw)

    def sshd(self, running):
        """The server that listens is there, or not."""
        if running == ((pid := self.sshd_pid()) is not None):
            return
        if running:
            self.run(SSHD, "-f", str(self.dir / "sshd_config"), "-E", str(self.dir / "sshd.log"))
            self.own.add(until(self.sshd_pid, f"sshd on {self.name}"))
        else:
            os.kill(pid, signal.SIGKILL)
            until(lambda: self.sshd_pid() is None, f"the end of sshd on {self.name}")

    def sshd_pid(self):
        for p in self.pids():
            try:
                if pathlib.Path(f"/proc/{p}/cmdline").read_bytes().startswith((b"sshd: /usr/sbin/sshd", b"/usr/sbin/sshd\0-f")):
                    return p
            except OSError:
                pass
        return None

    def new_key(self, name="hostkey"):
        (self.dir / name).unlink(missing_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.dir / name], check=True)
        return " ".join((self.dir / f"{name}.pub").read_text().split()[:2])


class Rig:
    """hosts: by name, h1 and so on; front."""

    def __init__(self, directory, n):
        self.dir = pathlib.Path(directory)
        (self.dir / "etc").mkdir()
        self.front = Host(self, FRONT, 254)
        self.hosts = {f"h{i}": Host(self, f"h{i}", i) for i in range(1, n + 1)}
        self.all = [self.front, *self.hosts.values()]
        self.key = self.front.new_key("id")
        for h in self.hosts.values():
            h.key = h.new_key()
            (h.dir / "sshd_config").write_text(SSHD_CONFIG.format(dir=h.dir))
        self.write_etc()
        self.reset_files()

    def write_etc(self):
        etc = self.dir / "etc"
        (etc / "nsswitch.conf").write_text(NSSWITCH)
        (etc / "resolv.conf").write_text("")
        (etc / "hosts").write_text("127.0.0.1 localhost\n" + "".join(f"{h.address} {h.name}\n" for h in self.all))
        me = pwd.getpwuid(0)
        for h in self.all:
            home = h.dir / "home"
            (home / ".ssh").mkdir(parents=True, mode=0o700)
            lines = pathlib.Path("/etc/passwd").read_text().splitlines(True)
            (h.dir / "passwd").write_text("".join(
                f"root:x:0:0:root:{home}:{me.pw_shell}\n" if line.startswith("root:") else line for line in lines))

    def reset_files(self):
        """What tests may change, as it was."""
        (self.dir / "etc/ssh_config").write_text(
            f"Host *\n  IdentityFile {self.front.dir / 'id'}\n  UserKnownHostsFile {self.dir / 'known_hosts'}\n")
        self.know(*self.hosts.values())
        for h in self.hosts.values():
            (h.dir / "authorized_keys").write_text(self.key + "\n")
            (h.dir / "home/.bashrc").write_text("")

    def know(self, *hosts, **keys):
        """The host keys that the front knows."""
        (self.dir / "known_hosts").write_text("".join(f"{h.name} {keys.get(h.name, h.key)}\n" for h in hosts))

    def up(self):
        self.switch = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sleep", "infinity"],
                                       stdin=subprocess.DEVNULL, start_new_session=True)
        ours = os.readlink("/proc/self/ns/net")
        until(lambda: os.readlink(f"/proc/{self.switch.pid}/ns/net") != ours, "the start of the bridge")
        self.on_switch("link add br0 type bridge", "link set br0 up")
        for h in self.all:
            self.connect(h)

    def on_switch(self, *lines):
        subprocess.run(["nsenter", "-t", str(self.switch.pid), "--net", "ip", "-batch", "-"], check=True, text=True,
                       input="\n".join(lines) + "\n")

    def connect(self, h):
        h.up()
        self.on_switch(f"link add {h.name} type veth peer name eth0 netns {h.pid}", f"link set {h.name} master br0 up")
        h.run("ip", "-batch", "-", text=True,
              input=f"link set lo up\naddr add {h.address}/24 dev eth0\nlink set eth0 up\n")
        h.settle()

    def cut(self, name):
        """Off the network, silently."""
        self.on_switch(f"link set {name} nomaster")

    def mend(self, name):
        self.on_switch(f"link set {name} master br0 up")

    def reset(self):
        self.reset_files()
        for h in self.hosts.values():
            self.mend(h.name)
            h.sshd(True)

    def left(self):
        return {h.name: left for h in self.hosts.values() if (left := h.left())}

    def down(self):
        for h in self.all:
            h.down()
        self.switch.kill()
        self.switch.wait()
