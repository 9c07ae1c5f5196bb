# SPDX-License-Identifier: BSD-3-Clause
"""family.py for some seconds: jobs that publish, connect, accept and spawn, while processes of theirs die."""

import random

from family import Family


def test_random_families(tmp_path, capfd):
    family = Family(tmp_path, 8, random.Random())
    assert family.run() == 0, capfd.readouterr().out
    assert family.spawned > 0 and family.joined > 0
