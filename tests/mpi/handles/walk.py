#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
#
# Writes a program that calls every function of the table with handles that are null, freed, of another kind or made up,
# one at a time, all else being valid, and checks the class of the error. The same with counts, ranks, roots and tags out
# of range and with null for what is to be written; and every function before MPI_Init and after MPI_Finalize. Usage: walk.py functions.txt bindings-folder
import sys

sys.path.insert(0, sys.argv[2])
sys.dont_write_bytecode = True
import generate  # noqa: E402

VALID = {'comm': 'MPI_COMM_SELF', 'group': 'MPI_GROUP_EMPTY', 'datatype': 'MPI_INT', 'op': 'MPI_SUM',
         'info': 'MPI_INFO_ENV', 'errhandler': 'MPI_ERRORS_RETURN', 'request': 'valid_request'}
CTYPE = {'comm': 'Comm', 'group': 'Group', 'datatype': 'Datatype', 'op': 'Op', 'win': 'Win', 'file': 'File',
         'session': 'Session', 'message': 'Message', 'info': 'Info', 'errhandler': 'Errhandler', 'request': 'Request'}
CLASS = {'datatype': 'TYPE', 'message': 'REQUEST'}

WRONG = {'count': ('-1', 'COUNT'), 'number': ('-1', 'COUNT'), 'size': ('-1', 'ARG'), 'aintsize': ('-1', 'ARG'),
         'dest': ('1000000', 'RANK'), 'source': ('-1000', 'RANK'), 'root': ('1000000', 'ROOT'),
         'sendtag': ('-1000', 'TAG'), 'recvtag': ('-1000', 'TAG')}


def bound(p):
    """Is it a count of elements of a type?"""
    return p is not None and 'datatype_count_ok' in p.kind.check


def wrong_of(p):
    """A value that the parameter must not have and the class of the error, or None."""
    if p is None:
        return None
    for name, wrong in WRONG.items():
        if p.kind is generate.KINDS[name] or (name == 'count' and bound(p)):
            return wrong
    return ('NULL', 'ARG') if p.kind.check.startswith(generate.OUT) else None


def handle_of(p):
    """(what it stands for, whether it is passed by address, whether null is allowed), or None"""
    if p is None or 'FAIL' not in p.kind.check:
        return None
    for what in CTYPE:
        if 'struct %s *' % what in p.kind.check:
            null = '!= MPI_' in p.kind.check
            return what, p.kind.small.endswith('*'), null
    return None


def argument(f, p):
    t = p.kind.small
    h = handle_of(p)
    if h and h[1]:
        return '(at_%s = %s, &at_%s)' % (h[0], VALID.get(h[0], 'MPI_%s_NULL' % h[0].upper()), h[0])
    if h:
        return VALID.get(h[0], 'MPI_%s_NULL' % CTYPE[h[0]].upper())
    if t.endswith('*') or p.array:
        return '(void *)room'
    if t.startswith('MPI_') and t[4:] in ('Comm', 'Datatype', 'Info'):
        return {'Comm': 'MPI_COMM_SELF', 'Datatype': 'MPI_INT', 'Info': 'MPI_INFO_NULL'}[t[4:]]
    if 'function' in t:
        return '0'
    return '0'


def before(p, q, f):
    """Is handle p looked at before handle q?"""
    return p is not None and p is not q and (p.kind.phase, f.params.index(p)) < (q.kind.phase, f.params.index(q))


def calls(f):
    handles = [handle_of(p) for p in f.params]
    for i, h in enumerate(handles):
        if not h:
            continue
        # A handle that is looked at earlier, and for which there is no valid value yet, fails first; that call says
        # nothing about this one.
        if any(e and e[0] not in VALID and not e[2] for e, p in zip(handles, f.params) if before(p, f.params[i], f)):
            continue
        args = [argument(f, p) for p in f.params]
        what = h[0]
        args[i] = '(at_%s = h, &at_%s)' % (what, what) if h[1] else 'h'
        cls = 'MPI_ERR_' + CLASS.get(what, what.upper())
        print('    for (int k = %d; k < BAD; k++) {' % (1 if h[2] else 0))
        print('        MPI_%s h = k ? (MPI_%s)bad(%s, k) : MPI_%s_NULL;' % (CTYPE[what], CTYPE[what], 'KIND_' + what.upper(), CTYPE[what].upper()))
        print('        expect("MPI_%s, argument %d", k, %s, MPI_%s(%s));\n    }' % (f.name, i + 1, cls, f.name, ', '.join(args)))


def wrong_calls(f):
    if any(e and e[0] not in VALID and not e[2] for e in map(handle_of, f.params)):
        return
    for i, p in enumerate(f.params):
        wrong = wrong_of(p)
        if wrong:
            args = [argument(f, q) for q in f.params]
            args[i] = wrong[0]
            print('    expect("MPI_%s, argument %d: %s", 0, MPI_ERR_%s, MPI_%s(%s));'
                  % (f.name, i + 1, wrong[0], wrong[1], f.name, ', '.join(args)))
        if bound(p):  # more than there are bytes
            args = [argument(f, q) for q in f.params]
            args[i] = '(MPI_Count)1 << 62'
            print('    expect("MPI_%s_c, argument %d: too many", 0, MPI_ERR_COUNT, MPI_%s_c(%s));'
                  % (f.name, i + 1, f.name, ', '.join(args)))


def whole_calls(fs):
    """A table of all functions, each with a call whose arguments are valid."""
    for f in fs:
        print('static int whole_%s(void)\n{\n    return MPI_%s(%s);\n}\n' % (f.name, f.name, ', '.join(argument(f, p) for p in f.params)))
    print('static const struct whole wholes[] = {')
    for f in fs:
        print('    {"MPI_%s", whole_%s, %d},' % (f.name, f.name, 'early' in f.flags))
    print('};\n')


def main():
    fs = [f for f in generate.read(sys.argv[1]) if not set(f.flags) & {'raw', 'tool'}]
    print('#include "handles/walk.h"\n')
    for what in CTYPE:
        print('static MPI_%s at_%s;' % (CTYPE[what], what))
    names = []
    for f in fs:
        if any(handle_of(p) or wrong_of(p) for p in f.params):
            names.append(f.name)
            print('static void walk_%s(void)\n{' % f.name)
            calls(f)
            wrong_calls(f)
            print('}\n')
    # Free_mem cannot know an address that is not its own.
    whole_calls([f for f in fs if f.name not in ('Init', 'Init_thread', 'Finalize', 'Free_mem')])
    print('int main(int argc, char **argv)\n{\n    walk_outside(wholes, sizeof wholes / sizeof *wholes, "before MPI_Init");')
    print('    walk_begin(&argc, &argv);\n    walk_arrays();')
    for n in names:
        print('    walk_%s();' % n)
    for what in CTYPE:
        print('    (void)at_%s;' % what)
    print('    int rc = walk_end();\n    walk_outside(wholes, sizeof wholes / sizeof *wholes, "after MPI_Finalize");')
    print('    return rc || wrong;\n}')


main()
