# SPDX-License-Identifier: BSD-3-Clause
"""The completion for bash, as the installed tree has it: sourced in a bash that is asked what it would propose."""

import os
import pathlib
import pty
import re
import select
import shlex
import shutil
import subprocess
import time

import pytest

if not shutil.which("bash"):
    pytest.skip("no bash", allow_module_level=True)

ASK = """. {script}
COMP_LINE={line} COMP_POINT=${{#COMP_LINE}}
_mpiexec
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def script(tree):
    return tree / "share/bash-completion/completions/mpiexec"


@pytest.fixture
def ask(script, tmp_path):
    """ask(line): what is proposed when Tab is pressed at the end of the line, in a directory and home of its own."""
    def go(line):
        text = ASK.format(script=shlex.quote(str(script)), line=shlex.quote(line))
        r = subprocess.run(["bash", "--norc", "-c", text], cwd=tmp_path, capture_output=True, text=True, timeout=60,
                           env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "COLOUR": "blue"})
        assert r.returncode == 0 and r.stderr == "", r
        return r.stdout.split()
    return go


def test_options(ask):
    assert {"--hosts", "--bind-to", "-n", "--timeout"} <= set(ask("mpiexec -")) | set(ask("mpiexec --"))
    assert ask("mpiexec --bind-") == ["--bind-to"]
    assert ask("mpiexec -bind-") == ["-bind-to"]
    assert ask("mpiexec --bysoc") == ["--bysocket"]  # of another launcher: only where nothing else fits
    assert ask("mpiexec -n 2 true : --timeo") == ["--timeout"]
    assert ask("mpiexec -n 2 true --timeo") == []  # the program's own


@pytest.mark.parametrize("line, proposed", [
    ("mpiexec --bind-to so", ["socket"]),
    ("mpiexec --bind-to=so", ["socket"]),  # bash takes = for the end of a word
    ("mpiexec -n 2 --display map,bi", ["map,bindings"]),
    ("mpiexec --map-by rank", ["rankfile:file="]),
    ("mpiexec --help bi", ["bind"]),
    ("mpiexec -genv COL", ["COLOUR"]),
    ("mpiexec -genv COLOUR 'a b' -n 2 ./pro", ["./program"]),
    ("mpiexec -n 2 ./program in", ["input"]),
    ("mpiexec -- ./pro", ["./program"]),
    ("mpiexec --output-dir re", ["results"]),
    ("mpiexec --hostfile in", ["input"]),
    ("mpiexec -n 2 printen", ["printenv"]),
])
def test_values_and_programs(ask, tmp_path, line, proposed):
    (tmp_path / "program").touch(0o755)
    (tmp_path / "input").touch()
    (tmp_path / "results").mkdir()
    assert ask(line) == proposed


def test_hosts(ask, tmp_path):
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/known_hosts").write_text("known1,10.0.0.1 ssh-ed25519 AAAA\n|1|hash|ed= ssh-ed25519 AAAA\n"
                                               "[known2]:2222 ssh-ed25519 AAAA\n@revoked bad ssh-ed25519 AAAA\n")
    (tmp_path / ".ssh/config").write_text("Host conf1 *.example\n  HostName somewhere\n")
    (tmp_path / "file").write_text("# a host file\nlisted1 slots=4\nlisted2:8\n$(touch${IFS}ran)\n")
    assert set(ask("mpiexec --hosts ")) >= {"known1", "known2", "10.0.0.1", "conf1"}
    assert not [h for h in ask("mpiexec --hosts ") if "*" in h or "|" in h or h == "bad"]
    assert ask("mpiexec -f file --hosts a,listed") == ["a,listed1", "a,listed2"]
    assert ask("mpiexec -f file --hosts ") and not (tmp_path / "ran").exists()


def test_what_is_proposed_is_understood(script, run):
    """Each spelling is an option of mpiexec's, and each word that is proposed as a value is taken."""
    table = re.findall(r"^    \['(.*?)'\]='(\d) (.*)'$", script.read_text(), re.M)
    assert len(table) > 150
    asked = [(name, word) for name, _, words in table for word in words.split() if word[0] != "@" and word[-1] not in ":="
             and name not in ("help", "h", "?", "rmk")]  # the first three only print; there is no allocation here
    assert len(asked) > 50
    lines = [f"mpiexec --dry-run --rmk none -n 1 --{name} {word} true >/dev/null 2>&1 || echo {name} {word}" for name, word in asked]
    r = run("\n".join(lines))
    assert r.stdout == "", r


def test_tab_is_pressed(script, tmp_path):
    """By a real terminal: bash asks, and puts in what is proposed, though : and = break words."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PS1": "@ ",
                                                                     "TERM": "dumb", "INPUTRC": "/dev/null"})
    seen = b""

    def wait_for(text):
        nonlocal seen
        end = time.monotonic() + 60
        while text not in seen:
            assert time.monotonic() < end and select.select([fd], [], [], 60)[0], seen
            seen += os.read(fd, 4096)
        seen = b""
    try:
        wait_for(b"@ ")
        os.write(fd, b". %s; mpiexec() { printf '<%%s>' \"$@\"; echo; }; echo sourced''_it\r" % shlex.quote(str(script)).encode())
        wait_for(b"sourced_it")
        os.write(fd, b"mpiexec --bind-to=so\t--map-by rankf\t\r")
        wait_for(b"<--bind-to=socket><--map-by><rankfile:file=>")
    finally:
        os.close(fd)
        os.waitpid(pid, 0)


def test_mpirun_has_it_too(tree):
    assert pathlib.Path(tree / "share/bash-completion/completions/mpirun").resolve().name == "mpiexec"


def test_the_server_of_names(tree, tmp_path):
    """Its options are those that it has."""
    script = shlex.quote(str(tree / "share/bash-completion/completions/muster-names"))
    text = f". {script}; _muster_names muster-names -- muster-names; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    words = subprocess.run(["bash", "--norc", "-c", text], capture_output=True, text=True, timeout=60, cwd=tmp_path).stdout.split()
    told = subprocess.run([tree / "bin/muster-names", "--help"], capture_output=True, text=True, timeout=60).stdout
    assert words and set(words) == set(re.findall(r"--[a-z][a-z-]*", told)), (words, told)
