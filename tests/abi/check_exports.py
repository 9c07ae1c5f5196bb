#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
#
# The library exports every function of the standard, MPI_ weak and PMPI_ strong, and nothing else.
import subprocess
import sys

names, library = sys.argv[1:]
want = {line.strip() for line in open(names) if line.startswith('MPI_')}
have = {}
for line in subprocess.check_output(['nm', '-D', '--defined-only', library], text=True).splitlines():
    have[line.split()[-1]] = line.split()[-2]
wrong = ['%s is missing' % n for n in sorted(want | {'P' + n for n in want}) if n not in have]
wrong += ['%s should be weak' % n for n in sorted(want) if have.get(n, 'W') != 'W']
wrong += ['P%s should be strong' % n for n in sorted(want) if have.get('P' + n, 'T') != 'T']
wrong += ['%s should not be exported' % n for n in sorted(have) if n not in want and n[1:] not in want]
print('\n'.join(wrong) or '%d names and their PMPI_ twins' % len(want))
sys.exit(1 if wrong or len(want) != 664 else 0)
