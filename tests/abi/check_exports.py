#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
#
# The library exports every function of the standard, MPI_ weak and PMPI_ strong, and nothing else but the functions that
# MPI 3.0 took away, as MPICH's does: without PMPI_ twins.
import subprocess
import sys

REMOVED = {'MPI_' + n for n in ('Address Errhandler_create Errhandler_get Errhandler_set Type_extent Type_hindexed '
                                'Type_hvector Type_lb Type_struct Type_ub').split()}

names, library = sys.argv[1:]
want = {line.strip() for line in open(names) if line.startswith('MPI_')}
have = {}
for line in subprocess.check_output(['nm', '-D', '--defined-only', library], text=True).splitlines():
    have[line.split()[-1]] = line.split()[-2]
wrong = ['%s is missing' % n for n in sorted(want | REMOVED | {'P' + n for n in want}) if n not in have]
wrong += ['%s should be weak' % n for n in sorted(want) if have.get(n, 'W') != 'W']
wrong += ['P%s should be strong' % n for n in sorted(want) if have.get('P' + n, 'T') != 'T']
wrong += ['%s should not be exported' % n for n in sorted(set(have) - REMOVED) if n not in want and n[1:] not in want]
print('\n'.join(wrong) or '%d names and their PMPI_ twins' % len(want))
sys.exit(1 if wrong or len(want) != 664 else 0)
