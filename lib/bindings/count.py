#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
#
# Counts the functions of the table that are written, by chapter, and names those that are not: these report
# MPI_ERR_UNSUPPORTED_OPERATION. Usage: count.py functions.txt lib-folder [README.md: fails if its number differs]
import os
import re
import sys

import generate


def written(folder):
    names = set()
    for path, _, files in os.walk(folder):
        for name in files:
            if name.endswith('.c'):
                text = open(os.path.join(path, name)).read()
                names |= set(re.findall(r'^int (mpi_\w+)\(', text, re.M))
                for name in re.findall(r'^\w+_(?:VARIANTS|LATER)\((\w+),', text, re.M):
                    names |= {'mpi_i' + name, 'mpi_%s_init' % name}
                names |= {'mpi_' + name for name in re.findall(r'^\w+_VARIANTS\((\w+),', text, re.M)}
                for field in re.findall(r'^FIELD\((\w+),', text, re.M):
                    names |= {'mpi_status_get_' + field, 'mpi_status_set_' + field}
    return names


def main():
    have = written(sys.argv[2])
    done = missing = 0
    absent = []
    for f in generate.read(sys.argv[1]):
        n = 2 if generate.twin(f) else 1
        if 'raw' in f.flags or 'mpi_' + f.name.lower() in have:
            done += n
        else:
            missing += n
            absent.append(f.name)
    print('%d of %d functions are written' % (done, done + missing))
    print('not yet: ' + ' '.join(absent))
    if len(sys.argv) > 3 and '%d of %d' % (done, done + missing) not in open(sys.argv[3]).read():
        print('%s says another number' % sys.argv[3])
        return 1
    return 0


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    sys.exit(main())
