# SPDX-License-Identifier: BSD-3-Clause
"""Hosts that lack Muster, or the program, or have another one: they get it over their connection, and keep nothing."""

import os
import subprocess

import pytest

from conftest import TREE
from processes import until

MINE = "/dev/shm/mine"  # on each host another file system


@pytest.fixture
def alone(rig):
    """mpiexec and a program in a place that the front alone has."""
    rig.front.run("sh", "-c", f'mkdir {MINE} && cp "$1" "$2" {MINE}', "sh", str(TREE.mpiexec), str(TREE.proxy))
    rig.front.run("sh", "-c", f"mkdir -p {MINE}/tree/launcher {MINE}/tree/proxy; mv {MINE}/mpiexec {MINE}/tree/launcher; "
                  f"mv {MINE}/muster-proxy {MINE}/tree/proxy")
    write(rig.front, "prog", "#!/bin/sh\necho v1 $(hostname) ${MUSTER_STAGE_DIR:+staged} $(cat $MUSTER_STAGE_DIR/data)\n")
    yield f"{MINE}/tree/launcher/mpiexec"
    for h in rig.all:
        h.run("rm", "-rf", MINE)


def write(host, name, text):
    host.run("sh", "-c", f'mkdir -p {MINE}; cat > {MINE}/{name}; chmod 755 {MINE}/{name}', input=text.encode())


@pytest.fixture
def tmp_of(rig, tmp_path):
    """A TMPDIR for what comes to h1 and h2; nothing is left in it."""
    for name in ("h1", "h2"):
        (tmp_path / f"tmp.{name}").mkdir()
        (rig.hosts[name].dir / "home/.bashrc").write_text(f"export TMPDIR={tmp_path}/tmp.{name}\n")
    yield lambda name: tmp_path / f"tmp.{name}"
    until(lambda: not any(os.listdir(tmp_path / f"tmp.{name}") for name in ("h1", "h2")))


def test_what_is_missing_is_copied(mpiexec, rig, alone, tmp_of):
    r = mpiexec.ok("--hosts", "h1,h2", "-n", 2, f"{MINE}/prog", program=alone)
    assert sorted(r.lines) == ["v1 h1 staged", "v1 h2 staged"], r


def test_what_is_there_is_not_copied(mpiexec, rig, alone, tmp_of):
    for name in ("h1", "h2"):
        write(rig.hosts[name], "prog", "#!/bin/sh\necho v0 $(hostname) ${MUSTER_STAGE_DIR:+staged}\n")
    r = mpiexec.ok("--hosts", "h1,h2", "-n", 2, f"{MINE}/prog", program=TREE.mpiexec)
    assert sorted(r.lines) == ["v0 h1", "v0 h2"], r


def test_another_content_is_replaced_for_the_run(mpiexec, rig, alone, tmp_of):
    """h1 has another program, h2 the same: where it is the same nothing is copied."""
    write(rig.hosts["h1"], "prog", "#!/bin/sh\necho v0\n")
    same = rig.front.run("cat", f"{MINE}/prog", capture_output=True).stdout.decode()
    write(rig.hosts["h2"], "prog", same)
    r = mpiexec.ok("--stage", "--hosts", "h1,h2", "-n", 2, f"{MINE}/prog", program=TREE.mpiexec)
    assert sorted(r.lines) == ["v1 h1 staged", "v1 h2"], r


def test_named_files(mpiexec, rig, alone, tmp_of):
    write(rig.front, "data", "some data")
    r = mpiexec.ok("--stage-files", f"{MINE}/data", "--hosts", "h1,h2", "-n", 2, f"{MINE}/prog", program=alone)
    assert sorted(r.lines) == ["v1 h1 staged some data", "v1 h2 staged some data"], r


def test_a_large_program(mpiexec, rig, alone, tmp_of):
    text = "#!/bin/sh\necho $(wc -c < $0); exit\n" + "x" * 30_000_000
    write(rig.front, "prog", text)
    r = mpiexec.ok("--hosts", "h1,h2", "-n", 2, f"{MINE}/prog", program=alone)
    assert r.lines == [str(len(text))] * 2, r


@pytest.fixture
def linked(alone, rig, tmp_path):
    """A program that finds a library beside it, in a folder of the front's; the number that the library gives is 1, or
    another library's."""
    def library(name, number):
        (tmp_path / "lib.c").write_text(f"int number(void) {{ return {number}; }}\n")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / name, tmp_path / "lib.c"], check=True)
        return tmp_path / name

    (tmp_path / "main.c").write_text('#include <stdio.h>\nint number(void);\nint main(void) { printf("%d\\n", number()); }\n')
    lib = library("libnumber.so", 1)
    subprocess.run(["cc", "-o", tmp_path / "linked", tmp_path / "main.c", f"-L{tmp_path}", "-lnumber",
                    "-Wl,--enable-new-dtags,-rpath,$ORIGIN/lib"], check=True)

    def put(host, library, program=True):
        host.run("sh", "-c", f'mkdir -p {MINE}/lib; cp "$1" {MINE}/lib/libnumber.so; test -z "$2" || cp "$2" {MINE}', "sh",
                 str(library), str(tmp_path / "linked") if program else "")
    put(rig.front, lib)
    return lambda host, number: put(host, library(f"lib{number}.so", number))


def test_libraries_are_copied_with_a_program(mpiexec, rig, alone, tmp_of, linked):
    """Both are missing on h1; h2 has both, with another library, which is its own affair until --stage is said."""
    linked(rig.hosts["h2"], 2)
    r = mpiexec.ok("--hosts", "h1,h2", "-n", 2, "--label", f"{MINE}/linked", program=alone)
    assert sorted(r.lines) == ["[0] 1", "[1] 2"], r
    r = mpiexec.ok("--stage", "--hosts", "h1,h2", "-n", 2, "--label", f"{MINE}/linked", program=alone)
    assert sorted(r.lines) == ["[0] 1", "[1] 1"], r


def test_a_library_alone_is_missing(mpiexec, rig, alone, tmp_of, linked):
    linked(rig.hosts["h1"], 3)
    rig.hosts["h1"].run("rm", f"{MINE}/lib/libnumber.so")
    r = mpiexec.ok("--hosts", "h1", "-n", 1, f"{MINE}/linked", program=alone)
    assert r.lines == ["1"], r


def test_a_killed_run_leaves_no_files(mpiexec, rig, alone, tmp_of):
    write(rig.front, "prog", "#!/bin/sh\n: > here.$PMI_RANK; exec sleep 1000\n")
    p = mpiexec.start("--hosts", "h1,h2", "-n", 2, f"{MINE}/prog", program=alone)
    until(lambda: all((mpiexec.cwd / f"here.{i}").exists() for i in range(2)))
    assert os.listdir(tmp_of("h1"))
    p.kill()
    p.communicate(timeout=60)


def test_a_full_disk_there(mpiexec, rig, alone):
    h2 = rig.hosts["h2"]
    h2.run("sh", "-c", "mkdir /dev/shm/small && mount -t tmpfs -o size=64k tmpfs /dev/shm/small")
    (h2.dir / "home/.bashrc").write_text("export TMPDIR=/dev/shm/small\n")
    r = mpiexec("--hosts", "h1,h2", "-n", 2, f"{MINE}/prog", program=alone)
    assert r.code == 1 and "h2: unable to start the proxy there: No space left on device (make room there" in r.err, r
    assert h2.run("ls", "/dev/shm/small", capture_output=True).stdout == b""
    h2.run("sh", "-c", "umount /dev/shm/small; rmdir /dev/shm/small")


def test_a_named_file_that_is_not_here(mpiexec, rig):
    r = mpiexec("--stage-files", "/nonexistent/data", "--hosts", "h1", "-n", 1, "true")
    assert r.code == 1 and "--stage-files: /nonexistent/data: No such file" in r.err, r
