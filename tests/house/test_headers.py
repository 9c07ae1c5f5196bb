# SPDX-License-Identifier: BSD-3-Clause
"""A header is a contract: it can be read, and compiled, alone."""

import concurrent.futures
import json
import pathlib
import re
import shlex
import subprocess

from conftest import TOP

# Templates: bodies that a source includes several times, with words defined before.
PARTS = {"lib/datatype/layout_move.h"}


def compiler(build):
    """The compiler of the build, with its -I, -D and -std."""
    words, cc = {}, None
    for entry in json.loads((build / "compile_commands.json").read_text()):
        cc, *rest = shlex.split(entry["command"])
        if "/lib/" in entry["file"] or any(p in entry["output"] for p in ("mpiexec", "muster-proxy")):
            words.update(dict.fromkeys(w for w in rest if re.match(r"-(I|D|std)", w)))
    return [cc, *(w for w in words if not w.startswith("-D_FORTIFY")), "-I", str(TOP)]


def compiled_alone(name, build, words):
    """What the compiler has against this header, if anything."""
    r = subprocess.run([*words, "-I", str(build / "lib"), "-fsyntax-only", "-x", "c", "-Wall", "-Werror",
                        "-Wno-unused", "-"], input=f'#include "{name}"\n#include "{name}"\n', cwd=build,
                       capture_output=True, text=True)
    wrong = [line for line in r.stderr.splitlines() if "error:" in line] or r.stderr.splitlines()
    return wrong and f"{name}: {wrong[0]}"


def test_a_header_compiles_alone_and_twice(sources, build):
    headers = [n for n in sources if n.endswith(".h") and not n.startswith(("tests/", "examples/")) and n not in PARTS]
    assert len(headers) > 50
    words = compiler(build)
    if not any("pmix" in w for w in words): # built without it
        headers = [n for n in headers if not n.startswith("proxy/pmix/") or n == "proxy/pmix/front.h"]
    if not pathlib.Path("/usr/include/rdma/fabric.h").exists():
        headers = [n for n in headers if not n.startswith("lib/transport/ofi/") or n.endswith("/ofi.h")]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrong = list(filter(None, pool.map(lambda n: compiled_alone(n, build, words), headers)))
    assert wrong == []


def test_a_file_says_its_licence_first(tree):
    code = [n for n in tree if n.endswith((".c", ".h", ".py", ".sh")) or n in ("Makefile", ".ci/run", ".ci/need")]
    assert [n for n in code if "SPDX-License-Identifier: BSD-3-Clause" not in tree[n][:400]] == []
