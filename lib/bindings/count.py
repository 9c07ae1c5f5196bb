#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
#
# Counts the functions of the table that are written, by chapter, and names those that are not: these report
# MPI_ERR_UNSUPPORTED_OPERATION. Usage: count.py functions.txt lib-folder [README.md: fails if its number differs]
# or count.py --list functions.txt lib-folder output depfile: writes the names of what is not written, for mpi.h and the
# manual page, and what the list depends on. A list that has not changed stays as old as it is, so that nothing is made
# anew from it when a source is edited.
import os
import re
import sys

sys.dont_write_bytecode = True
import generate  # noqa: E402


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


def unwritten(table, folder):
    """The functions that are not, as they are in the table."""
    have = written(folder)
    return [f for f in generate.read(table) if 'raw' not in f.flags and 'mpi_' + f.name.lower() not in have]


def sources(folder):
    """What `written` reads: the folders too, since they change when a source comes or goes."""
    for path, _, files in os.walk(folder):
        yield path
        yield from (os.path.join(path, name) for name in files if name.endswith('.c'))


def write_list(table, folder, output, depfile):
    text = ''.join(f.name + '\n' for f in unwritten(table, folder))
    if not os.path.exists(output) or open(output).read() != text:
        open(output, 'w').write(text)
    open(depfile, 'w').write('%s: %s\n' % (output, ' '.join(name.replace(' ', '\\ ') for name in sources(folder))))


def main():
    if sys.argv[1] == '--list':
        return write_list(*sys.argv[2:])
    size = {f.name: 2 if generate.twin(f) else 1 for f in generate.read(sys.argv[1])}
    absent = [f.name for f in unwritten(sys.argv[1], sys.argv[2])]
    missing = sum(size[name] for name in absent)
    done = sum(size.values()) - missing
    print('%d of %d functions are written' % (done, done + missing))
    print('not yet: ' + ' '.join(absent))
    if len(sys.argv) > 3 and '%d of %d' % (done, done + missing) not in open(sys.argv[3]).read():
        print('%s says another number' % sys.argv[3])
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
