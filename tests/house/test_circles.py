# SPDX-License-Identifier: BSD-3-Clause
"""Inside a folder knowledge goes one way too: no file needs another that needs it.

One file needs another if it includes its header, or if it names a function or an object that the other defines. So two
files that call each other are a circle, however many headers stand between them. What a table of functions hands in is
no need: whoever fills the table names the functions.
"""

import re

import pytest

# Folders without circles; each is looked at without its subfolders.
FREE = [
    "common/topo",
    "launcher",
    "launcher/map",
    "pmi-server",
    "proxy",
    "wire",
]

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
# A definition in the tree's format: it begins in the first column, and its body or its value follows.
FUNCTION = re.compile(r"^(?!static\b|typedef\b)[A-Za-z_][\w \*]*?\b(\w+)\((?:[^;{}])*\)\s*\n\{", re.M)
OBJECT = re.compile(r"^(?!static\b|typedef\b|extern\b|struct \w+ \{|enum\b|union\b)[A-Za-z_][\w \*]*?\b(\w+)(?:\[[^\]]*\])*\s*(?:=|;)",
                    re.M)


def defined(text):
    """The functions and objects that a source gives to others."""
    return {m.group(1) for pattern in (FUNCTION, OBJECT) for m in pattern.finditer(text)}


def needs(sources, folder):
    """{file: {file that it needs: because of what}} of the sources that lie in the folder itself."""
    files = {n: NOISE.sub(" ", t) for n, t in sources.items() if n.rpartition("/")[0] == folder and n.endswith((".c", ".h"))}
    home = {name: path for path, text in files.items() if path.endswith(".c") for name in defined(text)}
    found = {path: {} for path in files}
    for path, text in files.items():
        for name in INCLUDE.findall(sources[path]):
            if name in files and name != path:
                found[path][name] = f"includes {name}"
        if path.endswith(".c"):
            own = set(re.findall(r"^static\b[^;{=]*?\b(\w+)\(", text, re.M))
            for name in set(re.findall(r"(?<![.>])\b\w+\b", text)) & home.keys() - own:
                if home[name] != path:
                    found[path].setdefault(home[name], f"names {name} of {home[name]}")
    return found


def circle(graph):
    """A way from a file back to it, or None."""
    done = set()

    def walk(at, way):
        if at in way:
            return way[way.index(at):] + [at]
        if at in done:
            return None
        for to in graph[at]:
            if found := walk(to, way + [at]):
                return found
        done.add(at)
        return None

    return next((found for at in sorted(graph) if (found := walk(at, []))), None)


def said(graph):
    """A circle in words, "" where there is none."""
    way = circle(graph) or []
    return "; ".join(f"{a} {graph[a][b]}" for a, b in zip(way, way[1:]))


@pytest.mark.parametrize("folder", FREE)
def test_no_file_needs_one_that_needs_it(sources, folder):
    graph = needs(sources, folder)
    assert sum(map(len, graph.values())) >= len(graph)
    assert said(graph) == ""


@pytest.mark.parametrize("files, says", [
    ({"x/a.c": "void a(void)\n{\n    b();\n}\n", "x/b.c": "int *b(void)\n{\n    a();\n}\n"}, "names b of x/b.c"),
    ({"x/a.h": '#include "x/b.h"\n', "x/b.h": '#include "x/a.h"\n'}, "includes x/b.h"),
    ({"x/a.c": "const struct t a_ops = {b};\n", "x/b.c": "void b(int n,\n       int m)\n{\n    use(&a_ops);\n}\n"},
     "names a_ops of x/a.c"),
    ({"x/a.c": "int a(void)\n{\n    b();\n}\n", "x/b.c": "int b(void)\n{\n    c();\n}\n",
      "x/c.c": "int c(void)\n{\n    a();\n}\n"}, "names c of x/c.c"),
])
def test_a_circle_is_found(files, says):
    assert says in said(needs(files, "x"))


def test_what_is_no_circle():
    files = {"x/a.c": '#include "x/b.h"\nvoid a(void)\n{\n    b();\n}\n', "x/b.h": "void b(void);\n",
             "x/b.c": '#include "x/b.h"\n/* a() */ static void c(void)\n{\n}\nvoid b(void)\n{\n    c("a", t.a, p->a);\n}\n',
             "x/c.c": "static void b(void)\n{\n}\nvoid c(void)\n{\n    b();\n}\n"}
    assert said(needs(files, "x")) == "" and needs(files, "x")["x/a.c"].keys() == {"x/b.h", "x/b.c"}
