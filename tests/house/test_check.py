# SPDX-License-Identifier: BSD-3-Clause
"""The verdict of tests/check and tests/summary: each test that was to run counts, and is passed only if it passed."""

import os
import re
import signal
import subprocess
import time

import pytest
from conftest import TOP

PROJECT = """project('p')
sh = find_program('sh')
test('good', sh, args: ['-c', 'exit 0'])
test('cases', sh, args: ['-c', 'echo 1..3; echo ok 1 - one; echo ok 2 - two \\# SKIP no such thing; echo ok 3 - three'],
  protocol: 'tap')
test('bad', sh, args: ['-c', 'test ! -e bad'], workdir: meson.current_source_dir())
test('slow', sh, args: ['-c', 'while test -e slow; do touch waiting; sleep 0.05; done'], workdir: meson.current_source_dir(),
  is_parallel: false, priority: -1)
test('last', sh, args: ['-c', 'exit 0'], is_parallel: false, priority: -2)
"""


@pytest.fixture
def project(tmp_path):
    """A build of five tests; a file `bad` lets one fail, and `slow` lets one, before the last, wait for its removal."""
    (tmp_path / "meson.build").write_text(PROJECT)
    subprocess.run(["meson", "setup", "b"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    return tmp_path


def start(project, *args):
    return subprocess.Popen([TOP / "tests/check", "b", *args], cwd=project, stdin=subprocess.DEVNULL, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def check(project, *args):
    """(exit status, lines) of tests/check."""
    p = start(project, *args)
    out, _ = p.communicate(timeout=60)
    return p.returncode, out.splitlines()


def test_all_is_well(project):
    code, lines = check(project)
    assert code == 0 and lines[-2:] == ["skipped: cases: two: no such thing", "6 passed, 0 failed, 1 skipped"], lines


def test_what_is_named_counts_alone(project):
    code, lines = check(project, "good", "cases")
    assert code == 0 and lines[-1] == "3 passed, 0 failed, 1 skipped", lines


def test_a_failure(project):
    (project / "bad").touch()
    code, lines = check(project)
    assert code != 0 and "failed: bad: fail" in lines and lines[-1] == "5 passed, 1 failed, 1 skipped", lines


def test_no_test_of_that_name(project):
    code, lines = check(project, "no-such-test")
    assert code != 0 and re.search("No suitable tests|does not match any test", lines[-1]), lines  # Meson before and since 1.7


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGKILL])
def test_meson_does_not_come_to_its_end(project, sig):
    """What was under way, and what had not begun, has failed; so has what Meson had not yet written to its log."""
    (project / "slow").touch()
    p = start(project)
    end = time.monotonic() + 60
    while not (project / "waiting").exists():
        assert time.monotonic() < end and p.poll() is None
        time.sleep(0.02)
    with open(f"/proc/{p.pid}/task/{p.pid}/children") as f:
        (meson,) = map(int, f.read().split())
    os.kill(meson, sig)
    if sig == signal.SIGKILL:
        (project / "slow").unlink()
    out, _ = p.communicate(timeout=60)
    assert p.returncode not in (0, None), out
    assert re.search(r"^failed: slow: ", out, re.M) and "\nfailed: last: it was not run to its end\n" in out, out
    passed, failed, skipped = map(int, re.findall(r"\d+", out.splitlines()[-1]))
    assert failed >= 2 and (passed + skipped == 5 or sig == signal.SIGKILL), out


@pytest.mark.parametrize("cut", [0, 30], ids=["no log", "a line cut off"])
def test_a_log_that_ends_early(project, cut):
    assert check(project)[0] == 0
    log = project / "b/meson-logs/testlog.json"
    log.write_text(log.read_text()[:cut])
    r = subprocess.run([TOP / "tests/summary", "b"], cwd=project, text=True, stdout=subprocess.PIPE)
    assert r.returncode == 1 and r.stdout.endswith("0 passed, 5 failed, 0 skipped\n"), r


def test_meson_fails_where_no_test_does(project):
    assert check(project)[0] == 0
    r = subprocess.run([TOP / "tests/summary", "b", "2"], cwd=project, text=True, stdout=subprocess.PIPE)
    assert r.returncode == 1 and "failed: meson test: exit status 2" in r.stdout, r


CASES = """<testsuites><testsuite><testcase classname="c" name="fine"/><testcase classname="c" name="wrong"><failure>because
it is</failure></testcase><testcase classname="c" name="left out"><skipped message="not here"/></testcase></testsuite></testsuites>
"""


def test_cases_of_pytest(project):
    """They stand for the test of Meson that has run them."""
    (project / "bad").touch()
    check(project)
    (project / "b/junit").mkdir()
    (project / "b/junit/bad.xml").write_text(CASES)
    r = subprocess.run([TOP / "tests/summary", "b", "1"], cwd=project, text=True, stdout=subprocess.PIPE)
    assert r.returncode == 1 and r.stdout.endswith("6 passed, 1 failed, 2 skipped\n"), r
    assert re.search(r"^failed: bad: c::wrong:\n    because\n    it is$", r.stdout, re.M) and "not here" in r.stdout, r
