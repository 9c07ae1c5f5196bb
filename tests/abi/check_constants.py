#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
#
# Every constant of mpi.h has the value of the standard ABI: one compilation of as many static assertions.
import os
import subprocess
import sys

constants, header = sys.argv[1:]
pairs = [line.split() for line in open(constants) if line.strip() and not line.startswith('#')]
lines = ['#include <mpi.h>', '#include <stdint.h>']
lines += ['_Static_assert((intptr_t)%s == %s, "%s");' % (n, v, n) for n, v in pairs]
lines += ['_Static_assert(sizeof(MPI_Status) == 32 && sizeof(MPI_Aint) == 8 && sizeof(MPI_Count) == 8, "types");']
run = subprocess.run([os.environ.get('CC', 'cc'), '-fsyntax-only', '-x', 'c', '-I', os.path.dirname(header), '-'],
                     input='\n'.join(lines) + '\n', text=True)
print('%d constants' % len(pairs))
sys.exit(run.returncode or len(pairs) < 360)
