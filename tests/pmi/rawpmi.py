# SPDX-License-Identifier: BSD-3-Clause
"""PMI-1 and PMI-2 spoken byte by byte, for the programs that the tests of this folder run as ranks."""

import os
import socket
import sys

RANK = int(os.environ.get("PMI_RANK", "-1"))
SIZE = int(os.environ.get("PMI_SIZE", "-1"))


def say(*words):
    """One line on stdout, in one write."""
    sys.stdout.write(f"{RANK}: " + " ".join(str(w) for w in words) + "\n")
    sys.stdout.flush()


class Wire:
    """The rank's PMI connection: bytes out, whole messages in."""

    def __init__(self):
        self.sock = socket.socket(fileno=int(os.environ["PMI_FD"]))
        self.got = b""

    def send(self, data):
        self.sock.sendall(data)

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise EOFError("the server closed the PMI connection")
        self.got += data

    def read(self, n):
        while len(self.got) < n:
            self.more()
        head, self.got = self.got[:n], self.got[n:]
        return head

    def line(self):
        while b"\n" not in self.got:
            self.more()
        head, self.got = self.got.split(b"\n", 1)
        return head.decode()

    def close(self):
        self.sock.close()


class Pmi1(Wire):
    def ask(self, text):
        self.send(text.encode() + b"\n")
        return self.line()

    def init(self):
        assert self.ask("cmd=init pmi_version=1 pmi_subversion=1") == (
            "cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=2"
        )
        self.kvs = self.ask("cmd=get_my_kvsname").split("kvsname=")[1]
        return self

    def put(self, key, value):
        assert self.ask(f"cmd=put kvsname={self.kvs} key={key} value={value}") == "cmd=put_result rc=0"

    def get(self, key):
        """The value, or None with the answer in self.why."""
        self.why = self.ask(f"cmd=get kvsname={self.kvs} key={key}")
        return self.why.split("value=")[1] if self.why.startswith("cmd=get_result rc=0 value=") else None

    def barrier(self, group=None):
        return self.ask("cmd=barrier_in" + (f" group={group}" if group else ""))

    def finalize(self):
        assert self.ask("cmd=finalize") == "cmd=finalize_ack rc=0"

    def spawn(self, *commands, preput=()):
        """commands: (exe, nprocs, args, infos). The answer's line."""
        for i, (exe, nprocs, args, infos) in enumerate(commands):
            block = [f"mcmd=spawn\nnprocs={nprocs}\nexecname={exe}\ntotspawns={len(commands)}\nspawnssofar={i + 1}"]
            block.append(f"argcnt={len(args)}")
            block += [f"arg{k + 1}={a}" for k, a in enumerate(args)]
            if i == 0:
                block.append(f"preput_num={len(preput)}")
                for k, (key, value) in enumerate(preput):
                    block.append(f"preput_key_{k}={key}\npreput_val_{k}={value}")
            block.append(f"info_num={len(infos)}")
            for k, (key, value) in enumerate(infos):
                block.append(f"info_key_{k}={key}\ninfo_val_{k}={value}")
            self.send(("\n".join(block) + "\nendcmd\n").encode())
        return self.line()


class Pmi2(Wire):
    def ask(self, text):
        data = text.encode()
        self.send(b"%6d" % len(data) + data)
        return self.read(int(self.read(6))).decode()

    def init(self):
        self.send(b"cmd=init pmi_version=2 pmi_subversion=0\n")
        assert self.line() == "cmd=response_to_init rc=0 pmi_version=2 pmi_subversion=0"
        answer = self.ask(f"cmd=fullinit;pmirank={RANK};threaded=FALSE;")
        assert answer.startswith(f"cmd=fullinit-response;rc=0;rank={RANK};size={SIZE};"), answer
        self.full = answer
        return self

    def put(self, key, value):
        assert self.ask(f"cmd=kvs-put;key={key};value={value};") == "cmd=kvs-put-response;rc=0;"

    def get(self, key):
        self.why = self.ask(f"cmd=kvs-get;srcid=-1;key={key};")
        return self.why.split("value=")[1][:-1] if "found=TRUE" in self.why else None

    def fence(self):
        assert self.ask("cmd=kvs-fence;") == "cmd=kvs-fence-response;rc=0;"

    def finalize(self):
        assert self.ask("cmd=finalize;") == "cmd=finalize-response;rc=0;"
