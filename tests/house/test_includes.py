# SPDX-License-Identifier: BSD-3-Clause
"""Which way knowledge goes: an #include that the house does not have is an error.

wire knows nothing of the others; common may use wire; pmi-server may use wire; proxy and launcher may use pmi-server,
common and wire, never each other; registry may use common and wire; lib may use wire; launcher/map is pure. Inside of lib the folders are floors, and a
file includes what stands below it alone. Libraries have their rooms too.
"""

import re

import pytest

# The floors of lib, from the ground up. A folder may include those of the lines above its own, and itself; folders of
# one line do not see each other.
FLOORS = [
    ["lib/core"],
    ["lib/boot"],
    ["lib/nodemem"],
    ["lib/process"],
    ["lib/object", "lib/transport"],
    ["lib/transport/ofi", "lib/transport/self", "lib/transport/shm", "lib/transport/tcp"],
    ["lib/datatype"],
    ["lib/op"],
    ["lib/bindings"],
    ["lib/request"],
    ["lib/p2p"],
    ["lib/coll/base"],
    ["lib/coll/shm"],
    ["lib/coll"],
    ["lib/comm", "lib/topo"],
    ["lib/rma", "lib/dynamic"],
    ["lib/io"],
    ["lib/init"],
    ["lib/tool"],
]
# Who may include whom. The longest name that is the file's, or that of a folder it lies in, counts.
MAY = {
    "wire": {"wire"},
    "common": {"common", "wire"},
    "common/topo": {"common/topo", "common", "wire"},
    "pmi-server": {"pmi-server", "wire"},
    "proxy": {"proxy", "pmi-server", "common", "common/topo", "wire"},
    "registry": {"registry", "common", "wire"},
    "launcher/start": {"launcher/start", "common", "wire"},
    "launcher": {"launcher", "launcher/map", "launcher/rm", "launcher/start", "pmi-server", "common", "common/topo", "wire"},
    "launcher/map": {"launcher/map", "common", "common/topo", "wire"},
    "launcher/rm": {"launcher/rm", "common"},
}


def part(folder, files, *may):
    """Rows for some files of a folder, which include one another and what may says, and nothing else of the folder."""
    rows = {f"{folder}/{name}{end}" for name in files.split() for end in (".c", ".h", ".def")}
    MAY.update((row, rows | set(may)) for row in rows)
    MAY[folder] |= rows
    return rows


# Parts of the programs that know nothing of a run, of a rank or of a job: the rest of their folder stands on them.
OPTIONS = part("launcher", "options", "common", "wire")
RANKLIST = part("launcher", "ranklist", *OPTIONS, "common", "wire")
OPT = part("launcher", "opt opt_apply opt_config opt_env opt_help opt_man opt_multi_prog opt_parse opt_set opt_set_dialect "
           "opt_set_env opt_set_time opt_table opt_topics opt_words", *OPTIONS, *RANKLIST, "common", "wire")
MAY["launcher/completion"] = {"launcher/completion", *OPT}
part("launcher", "env watch_table", *OPTIONS, "common", "wire")
part("launcher", "stdio stdio_collapse stdio_in stdio_keys stdio_terminal", *OPTIONS, "common", "wire")
part("launcher", "cluster hosts needs shapes staging tree tree_way", *OPTIONS, "launcher/map", "launcher/rm",
     "launcher/start", "common", "common/topo", "wire")
part("proxy", "proxy", "common", "wire")
part("proxy", "stdio_files stdio_lines stdio_tail stdio_wants", "common", "wire")
MAY["proxy/pmix/front.h"] = set(MAY["proxy"])
MAY["proxy"].add("proxy/pmix/front.h")
MAY["proxy/pmix"] = MAY["proxy"] | {"proxy/pmix"}
# The transports themselves are seen by one file alone.
TRANSPORTS = {"lib/transport/ofi", "lib/transport/self", "lib/transport/shm", "lib/transport/tcp"}
for n, floor in enumerate(FLOORS):
    for folder in floor:
        MAY[folder] = {"wire", *(f for below in FLOORS[:n] for f in below)} - TRANSPORTS | {folder}
# What a network's addresses are, a port says too.
MAY["lib/transport/tcp/place.h"] = set(MAY["lib/transport/tcp"])
MAY["lib/transport/tcp"].add("lib/transport/tcp/place.h")
MAY["lib/dynamic"].add("lib/transport/tcp/place.h")
MAY["lib/transport/table.c"] = MAY["lib/transport"] | TRANSPORTS
# Headers of the launcher that its plan may see, besides its own.
MAP_MAY_TOO = {"launcher/options.h"}

# Where a library, or one of its headers, may be seen.
ROOMS = {
    "event2/": {"common", "proxy", "proxy/pmix", "registry", "launcher", "launcher/start"},
    "event.h": set(),
    "hwloc": {"common/topo"},
    "cjson/": {"launcher", "launcher/rm"},
    "libssh2": {"launcher/start"},
    "nettle/": {"common", "lib/core"},
    "pmix": {"proxy/pmix", "lib/boot"},
    "rdma/": {"lib/transport/ofi"},
    "cmocka": set(),
}
# Whose names the wire formats of PMI are: the only ones who may read or write that text.
PMI_TEXT = "wire/pmi.h"
PMI_TEXT_MAY = {"wire", "pmi-server", "lib/boot"}
# lib is a guest in somebody's process: what it could be printing, exiting or looping with stays outside.
LIB_MAY_NOT = {"err.h", "syslog.h", "getopt.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)


def room(path, rooms=frozenset(MAY)):
    """The folder of the house that a file lies in, or None; the file itself, if it has a row of its own."""
    folders = [path, *(path.rsplit("/", n)[0] for n in range(1, path.count("/") + 1))]
    return next((f for f in folders if f in rooms), None)


def edges(sources):
    """(file, folder it lies in, what it includes, whether by its name in the house)."""
    for path, text in sources.items():
        if room(path):
            for m in INCLUDE.finditer(text):
                yield path, room(path), m.group(1) or m.group(2), m.group(1) is not None


def wrong(path, home, name, ours, names, generated):
    """Why this include may not be, or None."""
    if ours and name not in generated:
        if name not in names:
            return "is no file, named from the tree's top"
        if room(name) not in MAY[home] and not (home == "launcher/map" and name in MAP_MAY_TOO):
            return f"is not for {home}, which may include {', '.join(sorted(MAY[home]))}"
        if name == PMI_TEXT and home not in PMI_TEXT_MAY:
            return "is the text of PMI, for pmi-server alone"
    if not ours:
        if name in names:
            return 'is a file of ours: "", not <>'
        folder = home.rpartition("/")[0] if home.endswith((".c", ".h", ".def")) else home
        for library, may in ROOMS.items():
            if name.startswith(library) and folder not in may:
                return f"is for {', '.join(sorted(may)) or 'no folder of the programs'} alone"
        if home.startswith("lib/") and name in LIB_MAY_NOT:
            return "is not for a guest in somebody's process"
    return None


def faults(sources, generated=frozenset()):
    names = set(sources)
    return [f'{path}: "{name}" {why}' for path, home, name, ours in edges(sources)
            if (why := wrong(path, home, name, ours, names, generated))]


def test_each_folder_with_sources_has_a_row(sources):
    tops = tuple(f"{top}/" for top in ("wire", "common", "pmi-server", "proxy", "registry", "launcher", "lib"))
    homes = {path.rsplit("/", 1)[0] for path in sources if path.startswith(tops)}
    assert sorted(h for h in homes - {"lib/include", "lib/wrappers"} if h not in MAY) == []


def test_the_house_has_every_edge(sources, generated):
    assert len(list(edges(sources))) > 500
    assert faults(sources, generated) == []


@pytest.mark.parametrize("path, text, says", [
    ("wire/x.c", '#include "common/err.h"', "not for wire"),
    ("wire/x.c", "#include <event2/event.h>", "alone"),
    ("common/x.c", '#include "pmi-server/server.h"', "not for common"),
    ("pmi-server/x.c", '#include "common/err.h"', "not for pmi-server"),
    ("pmi-server/x.c", "#  include <event2/event.h>", "alone"),
    ("proxy/x.c", '#include "launcher/job.h"', "not for proxy"),
    ("proxy/x.c", '#include "wire/pmi.h"', "text of PMI"),
    ("registry/x.c", '#include "launcher/job.h"', "not for registry"),
    ("launcher/x.c", '#include "proxy/proxy.h"', "not for launcher"),
    ("launcher/x.c", "#include <hwloc.h>", "alone"),
    ("launcher/map/x.c", '#include "launcher/job.h"', "not for launcher/map"),
    ("launcher/map/x.c", "#include <hwloc.h>", "alone"),
    ("launcher/tree.c", '#include "launcher/job.h"', "not for launcher/tree.c"),
    ("launcher/opt_set.c", '#include "launcher/job.h"', "not for launcher/opt_set.c"),
    ("launcher/stdio.c", '#include "launcher/job.h"', "not for launcher/stdio.c"),
    ("common/topo/x.c", '#include "launcher/job.h"', "not for common/topo"),
    ("common/x.c", "#include <hwloc.h>", "alone"),
    ("proxy/stdio_lines.c", '#include "proxy/ranks.h"', "not for proxy/stdio_lines.c"),
    ("lib/p2p/x.c", '#include "common/err.h"', "not for lib/p2p"),
    ("lib/core/x.c", '#include "lib/p2p/p2p.h"', "not for lib/core"),
    ("lib/object/x.c", '#include "lib/transport/transport.h"', "not for lib/object"),
    ("lib/request/x.c", '#include "lib/p2p/p2p.h"', "not for lib/request"),
    ("lib/coll/shm/x.c", '#include "lib/coll/forms.h"', "not for lib/coll/shm"),
    ("lib/p2p/x.c", '#include "lib/transport/shm/shm.h"', "not for lib/p2p"),
    ("lib/transport/x.c", '#include "lib/transport/shm/shm.h"', "not for lib/transport"),
    ("lib/p2p/x.c", "#include <rdma/fabric.h>", "alone"),
    ("launcher/x.c", '#include "job.h"', "no file"),
    ("launcher/x.c", "#include <common/err.h>", "not <>"),
])
def test_a_wrong_edge_is_found(path, text, says):
    house = dict.fromkeys(["common/err.h", "pmi-server/server.h", "launcher/job.h", "proxy/proxy.h", "proxy/ranks.h", "wire/pmi.h",
                           "lib/p2p/p2p.h", "lib/transport/transport.h", "lib/transport/shm/shm.h",
                           "lib/coll/forms.h"], "")
    assert len(found := faults({**house, path: text})) == 1 and says in found[0], found
