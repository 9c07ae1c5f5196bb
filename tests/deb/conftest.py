# SPDX-License-Identifier: BSD-3-Clause
"""The Debian packages, installed in this machine's own system as a copy that nobody else sees: an overlay in memory
over /, in a mount namespace that ends with the tests."""

import os
import pathlib
import re
import shlex
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MUSTER_TEST_BUILD", TOP / "build"))
DEBS = sorted(p for p in (BUILD / "deb").glob("*.deb") if "-dbgsym_" not in p.name)

# The system in a directory of its own, with devices and the like; says so, and stays until it is ended.
SETUP = """set -e
mount -t tmpfs -o mode=755 tmpfs {root}
mkdir {root}/upper {root}/work {root}/system
mount -t overlay -o lowerdir=/,upperdir={root}/upper,workdir={root}/work overlay {root}/system
cd {root}/system
mount --rbind /dev dev
mount -t tmpfs tmpfs dev/shm
mount -t proc proc proc
mount --rbind /sys sys
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir -p .{top}
mount --bind {top} .{top}
echo ready
exec sleep infinity
"""


class System:
    """Runs shell commands as root in the copy; what they change there stays until the tests end."""

    def __init__(self, root):
        self.root = root
        text = SETUP.format(root=shlex.quote(str(root)), top=shlex.quote(str(TOP)))
        self.holder = subprocess.Popen(["unshare", "-m", "-p", "-f", "--kill-child", "sh", "-c", text], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.is_up = self.holder.stdout.readline() == "ready\n"
        self.why = "" if self.is_up else self.holder.communicate(timeout=60)[1].strip()
        if self.is_up:
            with open(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children") as f:
                self.inside = f.read().split()[0]

    def run(self, command, timeout=300):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive",
               "MUSTER_LAUNCHER": "fork", "MUSTER_RMK": "none"}
        return subprocess.run(["nsenter", "-t", self.inside, "-m", "-p", "chroot", self.root / "system", "sh", "-c",
                               f"cd /tmp && {{ {command}\n}}"], env=env, capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL)

    def ok(self, command, **kw):
        r = self.run(command, **kw)
        assert r.returncode == 0, r
        return r.stdout

    def end(self):
        self.holder.kill()
        self.holder.wait()


@pytest.fixture(scope="session")
def system(tmp_path_factory):
    """A copy of this machine's system, without the packages."""
    if os.getuid() != 0:
        pytest.skip("packages are installed by root only")
    if len(DEBS) != 4:
        pytest.skip("the packages are not built: make deb")
    x = System(tmp_path_factory.mktemp("root"))
    if not x.is_up:
        pytest.skip(f"no overlay over / can be had here: {x.why}")
    yield x
    x.end()


@pytest.fixture(scope="session")
def before(system):
    """What the names were that the packages have alternatives for, before they were installed."""
    return named(system)


@pytest.fixture(scope="session")
def installed(system, before):
    system.ok("dpkg -i " + " ".join(shlex.quote(str(p)) for p in DEBS))
    return system


@pytest.fixture(scope="session")
def chosen(installed):
    """With Muster chosen for every name."""
    for name, path in alternatives(installed):
        installed.ok(f"update-alternatives --set {name} {path}")
    return installed


def alternatives(system):
    """(name, path) of each alternative that is Muster's."""
    return re.findall(r"^(\S+) (\S*muster\S*)$", system.ok(
        "for name in $(update-alternatives --get-selections | cut -d' ' -f1); do"
        " update-alternatives --list $name | sed \"s|^|$name |\"; done"), re.M)


def named(system):
    """Where the names lead that launchers and compilers share."""
    return system.ok("cd / && for name in usr/bin/mpi* usr/share/man/man1/mpi* usr/include/*/mpi usr/lib/*/libmpi*.so* "
                     "usr/lib/*/pkgconfig/mpi*; do test ! -e $name || echo $name $(readlink -f $name); done")
