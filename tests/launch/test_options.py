# SPDX-License-Identifier: BSD-3-Clause
"""Options as a user meets them: help, mistakes, counts, environment, templates, defaults."""

import os
import re

import pytest

# What is typed, what the one line on stderr says.
MISTAKES = [
    ([], "no program to run"),
    (["-n", "2"], "no program to run"),
    (["-n"], "-n needs a value"),
    (["-n", "0", "true"], "a number from 1"),
    (["-n", "-3", "true"], "a number from 1"),
    (["-n", "2x", "true"], 'not "2x"'),
    (["-n", "99999999999999999999", "true"], "a number from 1"),
    (["--ppn", "none", "true"], "--ppn: a number"),
    (["--bnd-to", "core", "true"], "did you mean --bind-to?"),
    (["--frobnicate", "true"], "unknown option --frobnicate"),
    (["--bind-to", "teapot", "true"], "teapot"),
    (["--map-by", "teapot", "true"], "teapot"),
    (["--rank-by", "teapot", "true"], "teapot"),
    (["--launcher", "smoke-signals", "true"], "fork"),
    (["--stdin", "some", "true"], "--stdin: all, none"),
    (["--timeout", "soon", "true"], "--timeout: a time"),
    (["--display", "maps", "true"], "--display: a list of map"),
    (["--umask", "8", "true"], "octal"),
    (["-genv", "", "x", "true"], "NAME VALUE"),
    (["-genv", "=x", "true"], "NAME VALUE"),
    (["-x", "=", "true"], "NAME=VALUE"),
    (["--env-template", "A={rnak}", "true"], "rank local_rank host size local_size node nodes universe in braces"),
    (["--label-pattern", "{time}{tiem}", "true"], "in braces"),
    (["--hosts", "a:0", "true"], "1 to 1000000 slots"),
    (["--hosts", "n[0-999999999]", "true"], "more than 1000000 hosts"),
    (["--stdin", "5", "-n", "2", "true"], "--stdin: rank 5"),
    (["--cpu-set", "65000", "true"], "--cpu-set 65000: mpiexec may not use processor 65000"),
    (["--cpu-set", "x", "true"], "--cpu-set: "),
    (["--bind-to", "core", "true", ":", "--bind-to", "none", "true"], "applies to the whole job"),
    (["--mem", "4G", "true"], "is not supported: mpiexec does not limit memory"),
    (["true", ":"], "no program after the last ':'"),
    ([":", "true"], "no program before a ':'"),
    (["-configfile", "/nonexistent"], "unable to read /nonexistent"),
    (["--hostfile", "/nonexistent", "true"], "unable to read /nonexistent"),
    (["--rankfile", "/nonexistent", "true"], "/nonexistent"),
    (["--hosts", "a,,b", "true"], "name of a host is expected"),
    (["--hosts", "n[1-", "true"], "number is expected"),
    (["--pset", "ocean", "true"], "NAME=LIST"),
    (["--pset", "=0", "true"], "NAME=LIST"),
    (["--pset", "mpi://WORLD=0", "true"], "does not begin with mpi://"),
    (["--pset", "a b=0", "true"], "without blanks"),
    (["--pset", "a=all", "true"], "list of ranks"),
    (["-n", "2", "--pset", "a=0", "--pset", "a=1", "true"], "another name"),
    (["-n", "2", "--pset", "a=0-2", "true"], "--pset a: rank 2 in '0-2': the job has ranks 0 to 1"),
    (["-n", "2", "--pset", "a=1-0", "true"], "--pset a: '1-0' is not a list of ranks"),
    (["-n", "4", "--pset", "a=0-2,1", "true"], "--pset a: rank 1 is in the set twice"),
    (["-n", "2", "--pset", "a=", "true"], "NAME=LIST"),
    (["--help", "teapot"], 'no help about "teapot"'),
    (["-n", "\x1b[31m\n", "true"], 'not "?[31m?"'),
]


@pytest.mark.parametrize("args, says", MISTAKES, ids=[" ".join(a) or "nothing" for a, _ in MISTAKES])
def test_a_mistake_is_told_in_one_line(mpiexec, args, says):
    r = mpiexec(*args)
    assert r.code == 1, r
    assert r.out == "", r
    lines = r.err.splitlines()
    assert lines and lines[0].startswith("mpiexec: ") and says in lines[0], r
    # only the text of a host list follows, with its caret
    assert len(lines) == 1 or (len(lines) == 3 and lines[2].strip() == "^"), r


def test_help_fits_a_screen(mpiexec):
    r = mpiexec.ok("--help")
    assert len(r.lines) < 24 and max(map(len, r.lines)) < 80, r
    topics = r.out.split("--help TOPIC:\n")[1].split("\n")[0].split()
    assert {"map", "bind", "stdio", "env", "hosts", "signals", "report", "watch", "config", "exit"} <= set(topics)
    for topic in topics:
        t = mpiexec.ok("--help", topic)
        assert len(t.lines) > 3 and max(map(len, t.lines)) < 80, t
    whole = mpiexec.ok("--help", "all").out
    assert all(mpiexec.ok("--help", topic).out in whole for topic in topics)
    for other in ("-h", "-help"):
        assert mpiexec.ok(other).out == r.out


@pytest.mark.parametrize("name, says", [("--bind-to", "--bind-to, --binding WHAT"), ("bind-to", "--bind-to, --binding WHAT"),
                                        ("-n", "start N ranks"), ("--mem", "does not limit memory")])
def test_help_of_an_option(mpiexec, name, says):
    r = mpiexec.ok("--help", name)
    assert says in r.out and len(r.lines) < 15, r


def test_what_has_no_effect_is_told_in_a_line_each(mpiexec):
    r = mpiexec.ok("-n2", "--overlap", "-demux", "poll", "-iface", "lo", "echo", "x")
    assert r.lines == ["x", "x"]
    said = r.err.splitlines()
    assert [line.split()[1] for line in said] == ["--overlap", "-demux", "--iface"], r
    assert all("has no effect: " in line for line in said), r
    assert mpiexec.ok("-q", "-n2", "--overlap", "-demux", "poll", "-iface", "lo", "echo", "x").err == ""


def test_mca_reaches_programs_as_a_variable(mpiexec):
    r = mpiexec.ok("--mca", "btl", "self,sm", "-n", "1", "sh", "-c", "echo $OMPI_MCA_btl")
    assert r.lines == ["self,sm"] and len(r.err.splitlines()) == 1 and "only programs of Open MPI" in r.err, r


def test_files_of_srun(mpiexec, tmp_path):
    mpiexec.ok("-n", "2", "-o", "out.%t.%j", "sh", "-c", "echo out; echo err >&2", env={"SLURM_JOB_ID": "7"})
    assert [(tmp_path / f"out.{rank}.7").read_text() for rank in (0, 1)] == ["out\nerr\n"] * 2
    mpiexec.ok("-n", "1", "-o", "none", "-e", "err.%t", "sh", "-c", "echo out; echo err >&2")
    assert (tmp_path / "err.0").read_text() == "err\n"


def test_a_file_says_who_runs_what(mpiexec, tmp_path):
    (tmp_path / "conf").write_text("0 echo first %t %o\n2-3 echo pair %t %o\n* echo rest\n")
    r = mpiexec.ok("-n", "5", "--multi-prog", "conf")
    assert sorted(r.lines) == ["first 0 0", "pair 2 0", "pair 3 1", "rest", "rest"], r


def test_exit_codes_are_listed(mpiexec):
    r = mpiexec("-n", "4", "--no-kill", "-print-all-exitcodes", "sh", "-c", "test $PMI_RANK != 1 || exit 7")
    assert "exit code 0: ranks 0,2-3\n" in r.err and "exit code 7: rank 1\n" in r.err, r


def test_a_set_of_processors(mpiexec):
    one = min(os.sched_getaffinity(0))
    r = mpiexec.ok("--cpu-set", one, "grep", "Cpus_allowed_list", "/proc/self/status")
    assert [line.split() for line in r.lines] == [["Cpus_allowed_list:", str(one)]], r


def test_two_levels_of_verbosity(mpiexec):
    once, twice = mpiexec.ok("-v", "-n", "1", "true").err, mpiexec.ok("-vv", "-n", "1", "true").err
    for err in (once, twice):
        assert "allocation: none" in err and "map: 1 rank" in err and "bindings on " in err and "all over " in err, err
    assert "LAUNCH" in twice and "LAUNCH" not in once, once


def test_version(mpiexec):
    for option in ("--version", "-V", "-info"):
        assert re.match(r"mpiexec \(Muster\) \d+\.\d+", mpiexec.ok(option).out)


def test_help_that_cannot_be_written_is_an_error(mpiexec):
    with open("/dev/full", "w") as full:
        r = mpiexec("--help", stdout=full)
    assert r.code == 1 and "No space left" in r.err, r


def test_help_needs_no_sound_defaults(mpiexec, tmp_path):
    (tmp_path / "broken").write_text("nonsense\n")
    assert mpiexec.ok("--help", env={"MUSTER_CONFIG_FILE": tmp_path / "broken"}).out


@pytest.mark.parametrize("args", [["-n", "3"], ["-np", "3"], ["--np=3"], ["--n", "3"], ["-n=3"]])
def test_count(mpiexec, args):
    assert mpiexec.ok(*args, "echo", "x").lines == ["x"] * 3


def test_default_count_is_that_of_usable_processors(mpiexec):
    assert 1 <= len(mpiexec.ok("echo", "x").lines) <= len(os.sched_getaffinity(0))
    one = min(os.sched_getaffinity(0))
    r = mpiexec.ok("echo", "x", preexec_fn=lambda: os.sched_setaffinity(0, {one}))
    assert r.lines == ["x"]


def test_several_programs(mpiexec):
    r = mpiexec.ok("-n", "1", "echo", "a", ":", "-n", "2", "echo", "b", ":", "-n", "1", "--", "echo", "c")
    assert sorted(r.lines) == ["a", "b", "b", "c"]


def test_configfile(mpiexec, tmp_path):
    (tmp_path / "apps").write_text("# two\n-n 1 echo 'a  b' \"c\\\"d\"\n\n-n 2 \\\n  echo # nothing\n")
    assert sorted(mpiexec.ok("-configfile", "apps").lines) == ["", "", 'a  b c"d']


def test_arguments_arrive_byte_for_byte(mpiexec):
    args = [b"", b" ", b"a b", b"\n", b"\xff\xfe", b"'\"$HOME`id`\\", b"{rank}", b"-n", b"*", b"x" * 100000]
    r = mpiexec.ok("-n", "1", "printf", r"%s\0", *args)
    assert r.out_bytes == b"".join(a + b"\0" for a in args)


def environment(r):
    return dict(line.split("=", 1) for line in r.lines if "=" in line)


ENV = "/usr/bin/env"


def test_environment_is_passed_on_and_set(mpiexec):
    e = environment(mpiexec.ok("-n", "1", "-genv", "A", "1", "-env", "B=2", "-x", "C=3", ENV, env={"D": "4 4"}))
    assert (e["A"], e["B"], e["C"], e["D"]) == ("1", "2", "3", "4 4")


def test_environment_is_left_out(mpiexec):
    mine = {"A": "1", "B": "2", "CA": "3", "CB": "4"}
    e = environment(mpiexec.ok("-n", "1", "-genvnone", "-genv", "X", "y", ENV, env=mine))
    assert "A" not in e and "HOME" not in e and e["X"] == "y"
    e = environment(mpiexec.ok("-n", "1", "-genvlist", "A,CB", ENV, env=mine))
    assert e["A"] == "1" and e["CB"] == "4" and "B" not in e
    e = environment(mpiexec.ok("-n", "1", "-envnone", "-x", "C*", "-x", "B", ENV, env=mine))
    assert e["CA"] == "3" and e["CB"] == "4" and e["B"] == "2" and "A" not in e


def test_environment_of_each_application(mpiexec):
    show = ["sh", "-c", "echo $NAME $A $G"]
    r = mpiexec.ok(
        "-genv", "G", "g", "-genv", "A", "all", "-n", "1", "-env", "NAME", "one", *show,
        ":", "-n", "1", "-env", "NAME", "two", "-env", "A", "mine", *show,
    )  # fmt: skip
    assert sorted(r.lines) == ["one all g", "two mine g"]


def test_templates(mpiexec):
    r = mpiexec.ok(
        "-n", "2", "--hosts", "h", "--env-template", "V={rank}/{size} {local_rank} {host} {x", "--arg-template",
        "sh", "-c", 'echo "$V $1"', "sh", "{rank}{{rank}",
    )  # fmt: skip
    assert sorted(r.lines) == ["0/2 0 h {x 0{0", "1/2 1 h {x 1{1"]


def test_directory_path_and_umask(mpiexec, tmp_path):
    (tmp_path / "sub").mkdir()
    tool = tmp_path / "sub" / "tool"
    tool.write_text("#!/bin/sh\npwd\numask\n")
    tool.chmod(0o755)
    r = mpiexec.ok("-n", "1", "-wdir", "sub", "-path", str(tmp_path / "sub"), "-umask", "027", "tool")
    assert r.lines == [str(tmp_path / "sub"), "0027"]


def test_command_line_beats_variable_beats_file(mpiexec, tmp_path):
    (tmp_path / ".config/muster").mkdir(parents=True)
    (tmp_path / ".config/muster/config").write_text("n = 2\ngenv = A 'from file'\nwdir = /\n")
    r = mpiexec.ok("sh", "-c", "echo $A $PWD")
    assert r.lines == ["from file /"] * 2
    r = mpiexec.ok("sh", "-c", "echo $A", env={"MUSTER_N": 3, "MUSTER_GENV": "A from variable"})
    assert r.lines == ["from variable"] * 3
    r = mpiexec.ok("-n", "1", "-genv", "A", "typed", "sh", "-c", "echo $A", env={"MUSTER_N": 3})
    assert r.lines == ["typed"]


def hosts(r):
    return sorted(r.lines)


HOST = ["--env-template", "H={host}", "sh", "-c", "echo $H"]


def test_hosts_by_list_file_and_application(mpiexec, tmp_path):
    (tmp_path / "hosts").write_text("# all\nn[01-03]:2\n^n02\n")
    assert hosts(mpiexec.ok("--hosts", "a:2,b", "-n", "3", *HOST)) == ["a", "a", "b"]
    assert hosts(mpiexec.ok("-f", "hosts", *HOST)) == ["n01", "n01", "n03", "n03"]
    assert hosts(mpiexec.ok("-f", "hosts", "--hosts", "n03", *HOST)) == ["n03", "n03"]
    r = mpiexec.ok("-host", "x", "-n", "1", *HOST, ":", "-host", "y", "-n", "2", *HOST)
    assert hosts(r) == ["x", "y", "y"]
    r = mpiexec.ok("--hosts", "a", "-n", "1", *HOST, env={"MUSTER_HOSTFILE": tmp_path / "hosts"})
    assert hosts(r) == ["a"]


def test_hosts_that_do_not_fit_together(mpiexec, tmp_path):
    (tmp_path / "hosts").write_text("a slots=1 max_slots=2\n")
    r = mpiexec("-f", "hosts", "--hosts", "b", "true")
    assert r.code == 1 and "host b of --hosts is not in hosts" in r.err, r
    r = mpiexec("--hosts", "a", "--host", "b", "true")
    assert r.code == 1 and "host b of --host" in r.err, r
    assert mpiexec.ok("-f", "hosts", "-n", "2", "echo", "x").lines == ["x", "x"]
    r = mpiexec("-f", "hosts", "-n", "3", "true")
    assert r.code == 1 and "max_slots=2" in r.err and len(r.err.splitlines()) == 1, r


def test_wrong_defaults_are_named(mpiexec, tmp_path):
    r = mpiexec("true", env={"MUSTER_PPN": "x"})
    assert r.code == 1 and r.err.startswith("mpiexec: MUSTER_PPN: a number"), r
    (tmp_path / "c").write_text("\nbindto = none\n")
    r = mpiexec("true", env={"MUSTER_CONFIG_FILE": tmp_path / "c"})
    assert r.code == 1 and f"{tmp_path}/c:2: unknown option bindto; did you mean bind-to?" in r.err, r


@pytest.mark.parametrize("option", ["-configfile", "--hostfile", "--rankfile", "MUSTER_CONFIG_FILE"])
@pytest.mark.parametrize("content", [None, b"\0\0", b"\xff\xfe\x01[[[\n", b"'open", b"\\\n" * 1000 + b"]", b"=" * 70000])
def test_a_file_of_garbage_is_named(mpiexec, tmp_path, option, content):
    """None: a directory."""
    path = tmp_path / "garbage"
    path.mkdir() if content is None else path.write_bytes(content)
    program = [] if option == "-configfile" else ["true"]
    if option.startswith("-"):
        r = mpiexec("-n", "1", option, str(path), *program) if program else mpiexec(option, str(path))
    else:
        r = mpiexec("true", env={option: path})
    if option == "-configfile" and r.code == 127:  # a program of that name was looked for
        return
    assert r.code == 1 and str(path) in r.err.splitlines()[0], r


def test_a_variable_that_is_not_there_is_told(mpiexec):
    r = mpiexec.ok("-n", "1", "-x", "NOT_THERE", "true")
    assert "NOT_THERE" in r.err and len(r.err.splitlines()) == 1, r


def test_mpiexec_timeout(mpiexec):
    r = mpiexec("-n", "1", "sleep", "1000", env={"MPIEXEC_TIMEOUT": 1})
    assert r.code != 0, r
