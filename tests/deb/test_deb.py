# SPDX-License-Identifier: BSD-3-Clause
"""The Debian packages beside MPICH's: what they change, what works when they are chosen, and what is left of them."""

import re
import subprocess

import pytest
from conftest import DEBS, TOP, alternatives, named

EXAMPLES = re.findall(r"^    ((?:\S+ \| )?mpiexec .*?)(?:\s+# exit status (\d+))?$", (TOP / "README.md").read_text(), re.M)
HELLO = r"""#include <mpi.h>
#include <stdio.h>
int main(void) { int r; MPI_Init(0, 0); MPI_Comm_rank(MPI_COMM_WORLD, &r); printf("hello %d\n", r); return MPI_Finalize(); }
"""


def fields(name):
    (deb,) = [p for p in DEBS if p.name.startswith(name + "_")]
    return subprocess.run(["dpkg-deb", "-f", deb], check=True, capture_output=True, text=True).stdout


@pytest.mark.skipif(len(DEBS) != 4, reason="the packages are not built: make deb")
def test_what_is_loaded_later_is_depended_on():
    depends = re.search(r"^Depends: (.*)$", fields("muster"), re.M).group(1)
    assert all(re.search(rf"\b{name}", depends) for name in ("libc6", "libhwloc15", "libnettle8", "libssh2-1", "libcjson1")), depends
    assert "libpmix" not in depends and "libfabric" not in depends, depends
    assert "libnettle8" in re.search(r"^Depends: (.*)$", fields("libmpi-abi-muster1"), re.M).group(1)


def test_nothing_changes_beside_another_mpi(before, installed):
    """Only names that nobody had are new: who has another mpiexec or mpicc keeps it."""
    was, now = (dict(line.split() for line in text.splitlines()) for text in (before, named(installed)))
    if "usr/bin/mpicc" not in was or "usr/bin/mpiexec" not in was:
        pytest.skip("no other MPI is installed here")
    assert {name: now.get(name) for name in was} == was
    new = {name for name in now if name not in was}
    assert {"usr/bin/mpiexec.muster", "usr/bin/mpirun.muster", "usr/bin/mpicc.muster"} <= new, new
    assert all(".muster" in name or "libmpi_abi.so.1" in name for name in new), new


def test_alternatives_have_the_names_of_others(installed):
    assert {name.split("-")[0] for name, _ in alternatives(installed)} == {"mpi", "mpirun", "libmpi_abi.so.1"}


def test_it_can_be_chosen(chosen):
    assert chosen.ok("mpiexec --version").startswith("mpiexec (Muster)")
    assert chosen.ok("mpirun --version") == chosen.ok("mpiexec.muster --version")
    for compiler in ("mpicc", "mpicxx", "mpic++", "mpiCC"):
        assert "Muster" in chosen.ok(f"{compiler} -showme:version")
    assert chosen.ok("readlink -f /usr/include/*/mpi/mpi.h").rstrip().endswith("/muster/mpi.h")
    for page in ("mpiexec", "mpirun", "mpicc", "mpicxx"):
        assert ".muster.1" in chosen.ok(f"readlink -f /usr/share/man/man1/{page}.1.gz")


@pytest.mark.parametrize("compiler", ["mpicc", "cc -I/usr/include/$(gcc -print-multiarch)/mpi", "cc $(pkg-config --cflags mpi-c)"],
                         ids=["mpicc", "cc", "pkg-config"])
def test_a_program_is_compiled_and_run(chosen, compiler):
    libs = {"mpicc": "", "cc -I": "-lmpi", "cc $(": "$(pkg-config --libs mpi-c)"}[compiler[:5]]
    chosen.ok(f"cat > hello.c <<'END'\n{HELLO}END\n{compiler} -o hello hello.c {libs}")
    assert "libmpi_abi.so.1" in chosen.ok("readelf -d hello")
    assert chosen.ok("mpiexec -n 3 --label ./hello | sort") == "".join(f"[{r}] hello {r}\n" for r in range(3))


def test_what_make_demo_shows(chosen):
    chosen.ok("mpicc -O2 -o mandelbrot /usr/share/doc/muster/examples/mandelbrot.c -lm && mpiexec -n 4 ./mandelbrot picture.png")
    assert "PNG" in chosen.ok("head -c 8 picture.png | tr -d '\\r\\n\\032\\211'")


@pytest.mark.parametrize("command, status", EXAMPLES, ids=[c for c, _ in EXAMPLES])
def test_an_example_of_the_readme_works(chosen, command, status):
    r = chosen.run(command)
    assert r.returncode == int(status or 0) and (status or "mpiexec: " not in r.stderr), r


def test_tests_of_make_check(chosen):
    """Some suites of it, run with the programs that the packages have put into /usr."""
    r = chosen.run(f"MUSTER_TEST_TREE=/usr {TOP}/tests/run-pytest launch -k 'options or exit'", timeout=1500)
    assert r.returncode == 0 and re.search(r"^\d\d+ passed", r.stdout, re.M), r


def test_completion_is_loaded(chosen):
    if chosen.run("test -e /usr/share/bash-completion/bash_completion").returncode:
        pytest.skip("no bash-completion")
    text = (". /usr/share/bash-completion/bash_completion; _completion_loader mpiexec;"
            " COMP_LINE='mpiexec --bind-to so' COMP_POINT=20; _mpiexec; echo ${COMPREPLY[*]}")
    assert chosen.ok(f"bash --norc -c \"{text.replace('$', chr(92) + '$')}\"") == "socket\n"


def test_nothing_is_left(chosen, before):
    """Also when one of them was chosen: the others come back."""
    chosen.ok("dpkg --purge muster-doc muster-dev muster libmpi-abi-muster1")
    assert named(chosen) == before
    assert alternatives(chosen) == []
    assert chosen.ok("find /usr /etc /var/lib -xdev -iname '*muster*' 2>/dev/null | grep -v dpkg/ || true") == ""
