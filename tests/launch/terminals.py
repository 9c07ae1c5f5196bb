# SPDX-License-Identifier: BSD-3-Clause
"""Somebody at a terminal: types, looks at the screen, makes the window larger."""

import fcntl
import os
import re
import select
import struct
import termios
import time

from processes import PATIENCE


def set_size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Terminal:
    """A program in a terminal of its own. What it writes there stands in `screen`; expect looks behind what was found
    last."""

    def __init__(self, runner, *words, rows=33, columns=101, **kw):
        self.master, slave = os.openpty()
        set_size(self.master, rows, columns)
        self.screen, self.seen = "", 0
        self.process = runner.start(
            *words, stdin=slave, stdout=slave, stderr=slave, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0), **kw
        )
        os.close(slave)

    def close(self):
        os.close(self.master)

    def type(self, text):
        os.write(self.master, text.encode())

    def resize(self, rows, columns):
        set_size(self.master, rows, columns)

    def read(self, seconds):
        """What has come by then, at least something; False: the end."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # EIO: nobody has it open any more
            data = b""
        self.screen += data.decode(errors="replace")
        return bool(data)

    def expect(self, pattern):
        """Waits until it stands there; returns the match."""
        end = time.monotonic() + PATIENCE
        open_still = True
        while True:
            found = re.compile(pattern).search(self.screen, self.seen)
            if found:
                self.seen = found.end()
                return found
            assert open_still and time.monotonic() < end, f"{pattern!r} is not behind\n{self.screen[:self.seen]}\n[here]\n{self.screen[self.seen:]}"
            open_still = self.read(1)

    def end(self):
        """Waits for the program's; returns its exit status."""
        end = time.monotonic() + PATIENCE
        while self.read(1):
            assert time.monotonic() < end, self.screen
        return self.process.wait(PATIENCE)
