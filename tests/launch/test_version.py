# SPDX-License-Identifier: BSD-3-Clause
"""Hosts whose Muster speaks another version of the control protocol: the user is told which."""

import os
import shutil

import pytest

from conftest import MPIEXEC

# In place of a proxy: greets as one of another version does, and whose greeting goes on as ours does not.
STRANGER = """#!/usr/bin/env python3
import socket, struct
link = socket.socket(fileno=3)
hello = struct.pack("<III", 0x5254534d, 77, 3) + b"9.1" + b"what a later version says"
link.setblocking(True)
link.sendall(struct.pack("<IHHI", len(hello), 1, 0, 0xffffffff) + hello)
while link.recv(65536):
    pass
"""
# A proxy that starts another one gets the stranger.
PRELOADED = """
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
int execve(const char *path, char *const argv[], char *const envp[])
{
    const char *name = strrchr(path, '/');
    if (!strcmp(program_invocation_short_name, "muster-proxy") && name && !strcmp(name, "/muster-proxy"))
        path = getenv("STRANGER");
    return (int)syscall(SYS_execve, path, argv, envp);
}
"""
DIFFERS = "it has Muster 9.1, which speaks version 77 of the control protocol, and not "


@pytest.fixture
def stranger(tmp_path):
    path = tmp_path / "stranger"
    path.write_text(STRANGER)
    path.chmod(0o755)
    return path


def test_a_host_of_another_version_is_named(mpiexec, tmp_path, stranger):
    for folder in ("bin", "libexec/muster"):
        (tmp_path / folder).mkdir(parents=True)
    mpiexec.program = shutil.copy(MPIEXEC, tmp_path / "bin/mpiexec")
    stranger.rename(tmp_path / "libexec/muster/muster-proxy")
    r = mpiexec("--hosts", "alpha", "-n", "1", "true")
    assert r.code != 0 and f"mpiexec: alpha: unable to use the proxy there: {DIFFERS}" in r.err, r
    assert "install one version of Muster on all hosts" in r.err, r


@pytest.mark.skipif("MUSTER_TEST_SANITIZERS" in os.environ, reason="their libraries come first")
def test_what_a_proxy_cannot_use_is_started_by_mpiexec(mpiexec, tmp_path, stranger, cc):
    preloaded = cc(PRELOADED, "-shared", "-fPIC")
    r = mpiexec("--hosts", "alpha,beta,gamma", "--radix", "2", "--no-kill", "-n", "3", "--map-by", "node", "sh", "-c",
                "echo rank $PMI_RANK", env={"LD_PRELOAD": preloaded, "STRANGER": stranger})
    assert r.code == 0 and not r.err and sorted(r.lines) == ["rank 0", "rank 1", "rank 2"], r
