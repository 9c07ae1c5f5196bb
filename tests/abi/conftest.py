# SPDX-License-Identifier: BSD-3-Clause
"""The programs that the tests of the interface take: those of the installed tree, and of the build where that matters."""

import pathlib
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
import trees


@pytest.fixture
def tree():
    return trees.installed()


@pytest.fixture(params=["installed", "built"])
def each_tree(request):
    return getattr(trees, request.param)()


@pytest.fixture
def plain_tree(each_tree, tmp_path):
    """The same by a path without a space, for those who take the answers of mpicc apart at spaces."""
    (tmp_path / "tree").symlink_to(each_tree.root)
    return trees.Tree(tmp_path / "tree")
