# SPDX-License-Identifier: BSD-3-Clause
"""What the tree may not have: paths of somebody's machine, folders without a page that says what lives there."""

import re

from conftest import TOP

# Homes and working folders of people and machines; /tmp and /home/USER of an example are named so.
MACHINE = re.compile(r"(?<![\w.$}-])/(?:work|root|mnt|home/(?!me\b|user\b|USER\b)\w+)/[\w.]+")


def test_no_file_names_a_path_of_a_machine(tree):
    found = [f"{name}: {m.group()}" for name, text in tree.items() for m in MACHINE.finditer(text)]
    assert found == []
    assert MACHINE.search("see /home" "/jane/src") and not MACHINE.search("/proc/self/exe")


def test_each_folder_says_what_lives_there():
    folders = [p for p in TOP.iterdir() if p.is_dir() and not p.name.startswith((".", "build"))]
    assert {"wire", "common", "launcher", "proxy", "pmi-server", "lib", "tests", "man"} <= {p.name for p in folders}
    pages = {p.name: p / "README.md" for p in folders}
    assert [name for name, page in pages.items() if not page.exists()] == []
    assert [name for name, page in pages.items() if len(page.read_text().splitlines()) > 100] == []


def test_each_make_target_of_the_readme_is_there():
    targets = set(re.findall(r"^([a-z]+):", (TOP / "Makefile").read_text(), re.M))
    commands = re.findall(r"`[^`\n]+`|^    .*", (TOP / "README.md").read_text(), re.M)
    named = {name for c in commands for name in re.findall(r"\bmake ([a-z]+)\b", c)}
    assert {"demo", "check", "install"} <= named <= targets


def test_the_packages_have_the_version_of_the_tree():
    version = re.search(r"^  version: '(.*)'", (TOP / "meson.build").read_text(), re.M).group(1)
    assert (TOP / "debian/changelog").read_text().startswith(f"muster ({version}) ")
