# SPDX-License-Identifier: BSD-3-Clause
"""The table of functions: which calls block. Who is in such a call moves data for others, so a sender streams to it and
a receiver lets it stream (rendezvous): one that is forgotten is slow, and nothing else would tell."""

import sys

import pytest

from conftest import TOP

sys.path.insert(0, str(TOP / "lib/bindings"))
import generate  # noqa: E402

# Their nonblocking twins say nothing of them: they need nobody else.
LOCAL = {"Bsend", "File_read", "File_read_at", "File_read_shared", "File_write", "File_write_at", "File_write_shared"}


@pytest.fixture(scope="module")
def functions():
    return {f.name: f for f in generate.read(TOP / "lib/bindings/functions.txt")}


def nonblocking(name):
    """What it would be called if it returned at once."""
    head, _, tail = name.rpartition("File_")
    return f"{head}File_i{tail}" if tail != name else f"I{name.lower()}"


def kinds(f):
    return [p.kind for p in f.params if p]


def returns_at_once(name, functions):
    return (name.endswith(("_init", "_begin")) or name.startswith(("Test", "Start", "Comm_idup")) or
            any(name == nonblocking(other) for other in functions))


def makes_communicator(f):
    group_or_comm = [generate.KINDS[k] for k in ("comm", "group", "info", "str", "str?")]
    return generate.KINDS["comm*"] in kinds(f) and any(k in group_or_comm for k in kinds(f))


def test_what_has_a_nonblocking_form_blocks(functions):
    with_form = [n for n in functions if nonblocking(n) in functions and n not in LOCAL]
    assert {"Barrier", "Allreduce", "Neighbor_alltoallw", "Send", "Sendrecv", "Probe", "File_read_at_all"} <= set(with_form)
    assert [n for n in with_form if "blocks" not in functions[n].flags] == []


def test_what_has_a_persistent_form_blocks(functions):
    assert [n for n, f in functions.items()
            if f"{n}_init" in functions and n not in LOCAL and "blocks" not in f.flags] == []


def test_who_makes_a_communicator_blocks(functions):
    made = {n for n, f in functions.items() if makes_communicator(f) and not returns_at_once(n, functions)}
    assert {"Comm_dup", "Comm_split_type", "Comm_create_group", "Cart_sub", "Comm_spawn", "Intercomm_merge"} <= made
    local = {"Comm_get_parent", "Win_get_group"}
    assert sorted(n for n in made - local if "blocks" not in functions[n].flags) == []


def test_what_returns_at_once_does_not_block(functions):
    assert [n for n, f in functions.items() if "blocks" in f.flags and returns_at_once(n, functions)] == []
