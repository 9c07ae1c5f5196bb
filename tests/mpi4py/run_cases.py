# SPDX-License-Identifier: BSD-3-Clause
"""run_cases.py RESULTS LATER MODULE...: what each rank runs, in the folder of mpi4py's tests.

Runs the cases of the modules but those that LATER names, and writes to RESULTS/RANK.json what became of them.
"""

import fnmatch
import io
import json
import pathlib
import sys
import traceback
import unittest


def patterns(path):
    """The first word of each line that is not a comment."""
    lines = pathlib.Path(path).read_text().splitlines()
    return [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]


def cases(suite):
    """Every single case of a suite."""
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from cases(item)
        else:
            yield item


def is_later(case, later):
    name = case.id()[len("test_"):]
    return any(fnmatch.fnmatchcase(name, p) or fnmatch.fnmatchcase(name, p + ".*") for p in later)


def run(modules, later):
    """(number of cases that ran, number of those skipped, [case that went wrong, how])"""
    suite, bad, skipped = unittest.TestSuite(), [], 0
    for name in modules:
        try:
            found = unittest.defaultTestLoader.loadTestsFromModule(__import__("test_" + name))
        except unittest.SkipTest:
            skipped += 1
            continue
        except Exception:
            bad.append((name, traceback.format_exc()))
            continue
        suite.addTests(c for c in cases(found) if not is_later(c, later))
    result = unittest.TextTestRunner(stream=io.StringIO()).run(suite)
    bad += [(str(case), text) for case, text in result.failures + result.errors]
    return result.testsRun, skipped + len(result.skipped), bad


def main(results, later, *modules):
    sys.path.insert(0, ".")
    from mpi4py import MPI
    ran, skipped, bad = run(modules, patterns(later))
    (pathlib.Path(results) / f"{MPI.COMM_WORLD.Get_rank()}.json").write_text(
        json.dumps({"library": MPI.Get_library_version(), "size": MPI.COMM_WORLD.Get_size(), "ran": ran,
                    "skipped": skipped, "bad": bad}))


if __name__ == "__main__":
    main(*sys.argv[1:])
