#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
#
# From the table of functions: mpi.h, impl.h, the exported functions, the defaults of what is not written yet, the list
# of names. Usage: generate.py <what> functions.txt [mpi.h.in what-is-not-written] > output
import re
import sys
from collections import namedtuple

# One kind of parameter. small, large: its C type in MPI_X and MPI_X_c (large None: the same in both, no twin).
# impl: its type in the implementation (None: as in the large form). check: statements that come before the call, with
# $ for the parameter's name; they say `FAIL(class)`, which notes the name, the value of an int, and what is wrong with
# a buffer or a result's place, or `FAIL_AS(class, how)`. use: what is handed on. after: statements after a call that succeeded. phase: -1 handles whose error handler takes what comes after, 0 the
# other handles, 1 what needs the handles.
Kind = namedtuple('Kind', 'small large impl check use after phase')


def kind(small, large=None, impl=None, check='', use='$', after='', phase=0):
    return Kind(small, large, impl, check, use, after, phase)


OUT = 'if (UNLIKELY(!$)) FAIL_AS(MPI_ERR_ARG, "is NULL");'
# MPI_IN_PLACE is no address to write to; a buffer that is sent and received at once is a forgotten MPI_IN_PLACE.
IN_PLACE = 'if (UNLIKELY($ == MPI_IN_PLACE)%s) FAIL(MPI_ERR_BUFFER);'
RESULT = 'if (UNLIKELY($ == sendbuf || $ == MPI_IN_PLACE) && has_data($, count, datatype)) FAIL(MPI_ERR_BUFFER);'
AT_ROOT = ' && IS_ROOT(root)'
# The root of another group sends nothing itself.
RESULT_AT_ROOT = RESULT.replace('$ == sendbuf', '($ == sendbuf && !comm_->inter)').replace(') && has', ')' + AT_ROOT + ' && has')


def no_handle(ctype, cls, value='$'):
    """There is no object of that handle."""
    null = '%s_NULL' % ctype.upper()
    return 'FAIL_AS(%s, %s == %s ? "is %s" : NOT_VALID);' % (cls, value, null, null)


def handle(ctype, short, cls, errors=False, test=''):
    on = ' on = OBJ($_);' if errors else ''
    return kind(ctype, impl='struct %s *' % short, use='$_', phase=-1 if errors else 0, check='struct %s *$_ = %s_of($); '
                'if (UNLIKELY(!$_)) %s%s%s' % (short, short, no_handle(ctype, cls), on, test))


def handle_or_null(ctype, short, cls, null, errors=False):
    on = ' if ($_) on = OBJ($_);' if errors else ''
    return kind(ctype, impl='struct %s *' % short, use='$_', check='struct %s *$_ = %s_of($); '
                'if (UNLIKELY(!$_ && $ != %s)) %s%s' % (short, short, null, no_handle(ctype, cls), on), phase=-1 if errors else 0)


def handle_ref(ctype, short, cls, errors=False):
    on = ' on = OBJ($_);' if errors else ''
    use = ' (void)$_;' if not errors else ''
    return kind(ctype + ' *', check=OUT + ' struct %s *$_ = %s_of(*$); if (UNLIKELY(!$_)) %s%s%s'
                % (short, short, no_handle(ctype, cls, '*$'), on, use), phase=-1 if errors else 0)


NOT_COMMITTED = ' if (UNLIKELY(!$_->committed)) FAIL_AS(MPI_ERR_TYPE, "has not been committed");'


def ints(large):
    return kind('const int', 'const ' + large, 'struct ints', use='(struct ints){$, WIDE}')


def narrow(small, large, both):
    init = '*$' if both else '0'
    return kind(small + ' *', large + ' *', check=OUT + ' SMALL(%s $_ = %s;)' % (large, init),
                use='SMALL_ELSE(&$_, $)', after='SMALL(*$ = NARROW(%s, $_);)' % small)


KINDS = {
    'int': kind('int'),
    'number': kind('int', check='if (UNLIKELY($ < 0)) FAIL(MPI_ERR_COUNT);'),
    'count': kind('int', 'MPI_Count', check='if (UNLIKELY($ < 0)) FAIL(MPI_ERR_COUNT);', phase=1),
    'count?': kind('int', 'MPI_Count'),
    'countx': kind('MPI_Count'),
    'size': kind('int', 'MPI_Count', check='if (UNLIKELY($ < 0)) FAIL(MPI_ERR_ARG);', phase=1),
    'stride': kind('int', 'MPI_Count'),
    'dispunit': kind('int', 'MPI_Aint'),
    'aint': kind('MPI_Aint'),
    'aintc': kind('MPI_Aint', 'MPI_Count'),
    'aintsize': kind('MPI_Aint', 'MPI_Count', check='if (UNLIKELY($ < 0)) FAIL(MPI_ERR_ARG);', phase=1),
    'offset': kind('MPI_Offset'),
    'dest': kind('int', check='CHECK_RANK($, PROC_NULL, MPI_ERR_RANK);', phase=1),
    'source': kind('int', check='CHECK_RANK($, ANY_SOURCE, MPI_ERR_RANK);', phase=1),
    'root': kind('int', check='CHECK_ROOT($);', phase=1),
    'sendtag': kind('int', check='if (UNLIKELY($ < 0)) FAIL(MPI_ERR_TAG);', phase=1),
    'recvtag': kind('int', check='if (UNLIKELY($ < 0 && $ != MPI_ANY_TAG)) FAIL(MPI_ERR_TAG);', phase=1),
    'cbuf': kind('const void *'),
    'buf': kind('void *'),
    'into': kind('void *', check=IN_PLACE % '', phase=1),
    'into@': kind('void *', check=IN_PLACE % AT_ROOT, phase=1),
    'from@': kind('const void *', check=IN_PLACE % AT_ROOT, phase=1),
    'result': kind('void *', check=RESULT, phase=1),
    'result@': kind('void *', check=RESULT_AT_ROOT, phase=1),
    'sides': kind('const void *'),  # blocks of neighbours, of whom there may be none
    'sides*': kind('void *'),
    'ptr': kind('void *'),
    'str': kind('const char *', check=OUT, phase=1),
    'str?': kind('const char *'),
    'text': kind('char *', check=OUT, phase=1),
    'ints': kind('const int *'),
    'aints': kind('const MPI_Aint *'),
    'counts': ints('MPI_Count'),
    'displs': ints('MPI_Aint'),
    'aintcs': kind('const MPI_Aint *', 'const MPI_Count *', 'const int64_t *', use='(const int64_t *)$'),
    'types': kind('const MPI_Datatype *'),
    'weights': kind('const int *'),  # no array: MPI_UNWEIGHTED points to none, and compilers would say so
    'weights*': kind('int *'),
    'requests': kind('MPI_Request *'),
    'crequests': kind('const MPI_Request *'),
    'status': kind('MPI_Status *'),
    'statuses': kind('MPI_Status *'),
    'cstatus': kind('const MPI_Status *', check=OUT),
    'status&': kind('MPI_Status *', check=OUT),
    'int*': kind('int *', check=OUT, phase=1),
    'ints*': kind('int *'),
    'aint*': kind('MPI_Aint *', check=OUT, phase=1),
    'offset*': kind('MPI_Offset *', check=OUT, phase=1),
    'countx*': kind('MPI_Count *', check=OUT, phase=1),
    'count*': narrow('int', 'MPI_Count', False),
    'count&': narrow('int', 'MPI_Count', True),
    'aintc*': narrow('MPI_Aint', 'MPI_Count', False),
    'aintc&': narrow('MPI_Aint', 'MPI_Count', True),
    'dispunit*': narrow('int', 'MPI_Aint', False),
    'comm': handle('MPI_Comm', 'comm', 'MPI_ERR_COMM', True),
    'comm?': kind('MPI_Comm', impl='struct comm *', use='comm_of($)'),
    'group': handle('MPI_Group', 'group', 'MPI_ERR_GROUP'),
    'type': handle('MPI_Datatype', 'datatype', 'MPI_ERR_TYPE', test=NOT_COMMITTED),
    'type!': handle('MPI_Datatype', 'datatype', 'MPI_ERR_TYPE'),
    'group?': kind('MPI_Group', impl='struct group *', use='group_of($)'),
    'type?': kind('MPI_Datatype', impl='struct datatype *', use='datatype_of($)'),
    'op': handle('MPI_Op', 'op', 'MPI_ERR_OP'),
    'win': handle('MPI_Win', 'win', 'MPI_ERR_WIN', True),
    'file': handle('MPI_File', 'file', 'MPI_ERR_FILE', True),
    'file?': handle_or_null('MPI_File', 'file', 'MPI_ERR_FILE', 'MPI_FILE_NULL', True),
    'session': handle('MPI_Session', 'session', 'MPI_ERR_SESSION', True),
    'message': handle('MPI_Message', 'message', 'MPI_ERR_REQUEST'),
    'info!': handle('MPI_Info', 'info', 'MPI_ERR_INFO'),
    'info': handle_or_null('MPI_Info', 'info', 'MPI_ERR_INFO', 'MPI_INFO_NULL'),
    'info?': kind('MPI_Info', impl='struct info *', use='info_of($)'),
    'errhandler': handle('MPI_Errhandler', 'errhandler', 'MPI_ERR_ERRHANDLER'),
    'request': handle('MPI_Request', 'request', 'MPI_ERR_REQUEST'),
    'request?': handle_or_null('MPI_Request', 'request', 'MPI_ERR_REQUEST', 'MPI_REQUEST_NULL'),
    'comm0': handle_or_null('MPI_Comm', 'comm', 'MPI_ERR_COMM', 'MPI_COMM_NULL', True),
    'win0': handle_or_null('MPI_Win', 'win', 'MPI_ERR_WIN', 'MPI_WIN_NULL', True),
    'type0': handle_or_null('MPI_Datatype', 'datatype', 'MPI_ERR_TYPE', 'MPI_DATATYPE_NULL'),
    'comm&': handle_ref('MPI_Comm', 'comm', 'MPI_ERR_COMM', True),
    'group&': handle_ref('MPI_Group', 'group', 'MPI_ERR_GROUP'),
    'type&': handle_ref('MPI_Datatype', 'datatype', 'MPI_ERR_TYPE'),
    'op&': handle_ref('MPI_Op', 'op', 'MPI_ERR_OP'),
    'win&': handle_ref('MPI_Win', 'win', 'MPI_ERR_WIN', True),
    'file&': handle_ref('MPI_File', 'file', 'MPI_ERR_FILE', True),
    'session&': handle_ref('MPI_Session', 'session', 'MPI_ERR_SESSION', True),
    'info&': handle_ref('MPI_Info', 'info', 'MPI_ERR_INFO'),
    'errhandler&': handle_ref('MPI_Errhandler', 'errhandler', 'MPI_ERR_ERRHANDLER'),
    'request&': handle_ref('MPI_Request', 'request', 'MPI_ERR_REQUEST'),
    'request?&': kind('MPI_Request *', check=OUT),
    'message&': handle_ref('MPI_Message', 'message', 'MPI_ERR_REQUEST'),
}
for name, ctype in [('comm', 'MPI_Comm'), ('group', 'MPI_Group'), ('type', 'MPI_Datatype'), ('op', 'MPI_Op'),
                    ('win', 'MPI_Win'), ('file', 'MPI_File'), ('session', 'MPI_Session'), ('info', 'MPI_Info'),
                    ('errhandler', 'MPI_Errhandler'), ('request', 'MPI_Request'), ('message', 'MPI_Message')]:
    KINDS[name + '*'] = kind(ctype + ' *', check=OUT, phase=1)

# A buffer that a count and a committed type follow: (buffer, count, type).
BUFFER = 'if (UNLIKELY((uintptr_t)$ <= (uintptr_t)MPI_IN_PLACE) && call_no_buffer($, %s, %s_)) FAIL(MPI_ERR_BUFFER);'
# A count that a committed type follows: not negative, nor more than the type bears.
COUNT = 'if (UNLIKELY(!datatype_count_ok(%(type)s_, $))) WRONG_BY(call_wrong_count("$", $, %(type)s_));'

# A buffer of a collective, its count and type being checked by the implementation: NULL only where it holds no data.
NOWHERE = 'if (UNLIKELY(!$) && needs_buffer(%s, %s)%s) FAIL(MPI_ERR_BUFFER);'

Param = namedtuple('Param', 'kind name array')
Function = namedtuple('Function', 'name params ret flags')
ARRAYS = ('ints', 'ints*', 'aints', 'counts', 'displs', 'aintcs', 'types', 'requests', 'crequests')


def param(text):
    if text == '...':
        return None
    m = re.match(r'\{([^[}]+?)\s*((?:\[\d*\])*)\}\s+(\w+)$', text)
    if m:
        return Param(kind(m[1]), m[3], m[2])
    name_of_kind, name = text.split()
    k = KINDS[name_of_kind]
    if name_of_kind in ARRAYS:  # an array in the prototype, a pointer in the implementation
        k = k._replace(small=k.small.replace(' *', ''), large=k.large and k.large.replace(' *', ''),
                       impl=k.impl or (k.large or k.small))
        return Param(k, name, '[]')
    return Param(k, name, '')


def with_types(ps):
    """Counts are checked with the type that follows them, and buffers with both; not those of windows, which may be
    ignored."""
    if any(p and p.kind is KINDS['win'] for p in ps):
        return ps
    for i in range(len(ps) - 1):
        if [p and p.kind for p in ps[i:i + 2]] != [KINDS['count'], KINDS['type']]:
            continue
        if i > 0 and ps[i - 1] and ps[i - 1].kind in (KINDS['buf'], KINDS['cbuf']):
            check = BUFFER % (ps[i].name, ps[i + 1].name)
            ps[i - 1] = ps[i - 1]._replace(kind=ps[i - 1].kind._replace(check=check, phase=2))
        ps[i] = ps[i]._replace(kind=ps[i].kind._replace(check=COUNT % {'type': ps[i + 1].name}))
    return ps


# Of what goes to or comes from nobody: then MPI_DATATYPE_NULL is as good as any.
NOBODY = ('struct datatype *$_ = datatype_of($); if (UNLIKELY(!$_)) { if ($ != MPI_DATATYPE_NULL || %s) ' +
          no_handle('MPI_Datatype', 'MPI_ERR_TYPE') + ' $_ = datatype_of(MPI_BYTE); }' + NOT_COMMITTED)


def with_peers(ps):
    """A type, and behind it who the message goes to or comes from; both, where it is one buffer for both."""
    ends = (KINDS['dest'], KINDS['source'])
    for i in range(len(ps)):
        if not ps[i] or ps[i].kind is not KINDS['type']:
            continue
        rest = ps[i + 1:]
        until = next((k for k, p in enumerate(rest) if p and p.kind is KINDS['type']), len(rest))
        peers = [p.name for p in rest[:until] if p and p.kind in ends]
        if peers:
            check = NOBODY % ' || '.join('%s != MPI_PROC_NULL' % name for name in peers)
            ps[i] = ps[i]._replace(kind=ps[i].kind._replace(check=check))
    return ps


def collective(ps):
    """Buffers of a collective that go with one count and one type, at the root alone where only it has them. Where the
    root is in the other group, the rest of its own has none."""
    rooted = any(p and p.kind is KINDS['root'] for p in ps)
    buffers = ('cbuf', 'buf', 'into', 'into@', 'from@', 'result', 'result@')
    for i in range(len(ps)):
        name = next((b for b in buffers if ps[i] and ps[i].kind is KINDS[b]), None)
        rest = [p for p in ps[i + 1:] if p and not any(p.kind is KINDS[b] for b in buffers)]
        if name and [p.kind for p in rest[:2]] == [KINDS['count?'], KINDS['type?']]:
            where = AT_ROOT if name.endswith('@') else '' if not rooted else ' && IS_%s(root)' % ('MEMBER' if name == 'into' else 'LEAF')
            check = NOWHERE % (rest[0].name, rest[1].name, where)
            wrong = IN_PLACE % where if name == 'into' else ps[i].kind.check
            ps[i] = ps[i]._replace(kind=ps[i].kind._replace(check=(wrong + ' ' + check).strip(), phase=1))
    return ps


def read(path):
    for line in open(path):
        line = line.split('#')[0].rstrip()
        if not line:
            continue
        m = re.match(r'(\w+)\s+(.*?)(?:\s+-> (\w+))?(?:\s+\[([\w ]+)\])?$', line)
        ps = [] if m[2] == '-' else [param(p.strip()) for p in re.split(r',\s*(?![^{]*\})', m[2])]
        yield Function(m[1], collective(with_peers(with_types(ps))), m[3] or 'int', (m[4] or '').split())


def twin(f):
    return any(p and p.kind.large for p in f.params)


def ctype(p, large):
    if p is None:
        return '...'
    t = p.kind.large if large and p.kind.large else p.kind.small
    return '%s%s%s%s' % (t, '' if t.endswith('*') else ' ', p.name, p.array)


def arguments(f, large):
    return ', '.join(ctype(p, large) for p in f.params) or 'void'


def prototype(f, prefix, large=False):
    return '%s%s%s%s%s(%s)' % (f.ret, '' if f.ret.endswith('*') else ' ', prefix, f.name, '_c' if large else '',
                               arguments(f, large))


def variants(fs):
    for f in fs:
        yield f, False
        if twin(f):
            yield f, True


def impl_prototype(f):
    args = []
    for p in f.params:
        impl = None if 'tool' in f.flags else p.kind.impl
        t = impl or p.kind.large or p.kind.small
        array = '' if impl else p.array  # only what is handed on as it is stays an array
        args.append('%s%s%s%s' % (t, '' if t.endswith('*') else ' ', p.name, array))
    return 'int mpi_%s(%s)' % (f.name.lower(), ', '.join(args) or 'void')


def mpi_h(fs, template, unwritten):
    absent = set(open(unwritten).read().split())
    protos = ['%s%s;' % ('MUSTER_UNWRITTEN ' if f.name in absent else '', prototype(f, prefix, l))
              for prefix in ('MPI_', 'PMPI_') for f, l in variants(fs)]
    sys.stdout.write(open(template).read().replace('@PROTOTYPES@', '\n'.join(protos)))


def impl_h(fs):
    print('/* SPDX-License-Identifier: BSD-3-Clause\n * Made from bindings/functions.txt: what is written by hand. */')
    print('#ifndef LIB_BINDINGS_IMPL_H\n#define LIB_BINDINGS_IMPL_H\n#include "lib/core/types.h"\n')
    print('enum call {\n    CALL_NONE,')
    for f in fs:
        print('    CALL_%s,' % f.name)
    print('    CALL_COUNT\n};\n')
    for f in fs:
        if 'raw' not in f.flags:
            print(impl_prototype(f) + ';')
    print('\n#endif')


def defaults(fs):
    print('/* SPDX-License-Identifier: BSD-3-Clause\n * Made from bindings/functions.txt: weak, so what is written wins. */')
    print('#include "lib/bindings/check.h"\n#include "lib/bindings/impl.h"\n#include "lib/core/trace.h"\n')
    print('const char *const call_names[CALL_COUNT] = {"",')
    for f in fs:
        print('    "MPI_%s",' % f.name)
    print('};\n')
    print('const bool call_blocks[CALL_COUNT] = {%s};\n' % ', '.join(
        '[CALL_%s] = true' % f.name for f in fs if 'blocks' in f.flags))
    for f in fs:
        if 'raw' not in f.flags:
            come_to = 'MPI_T_ERR_NOT_SUPPORTED' if 'tool' in f.flags else 'call_unwritten(CALL_%s)' % f.name
            print('__attribute__((weak)) %s\n{\n    return %s;\n}\n' % (impl_prototype(f), come_to))


def expand(text, p, large):
    """SMALL(x) is x in the small form, SMALL_ELSE(x, y) x there and y in the large."""
    text = re.sub(r'SMALL_ELSE\((.*?), (.*?)\)', r'\2' if large else r'\1', text)
    text = re.sub(r'SMALL\((.*;)\)', '' if large else r'\1', text)
    return text.replace('WIDE', 'true' if large else 'false').replace('$', p.name).strip()


def named(p):
    """The check of a parameter, telling which one is wrong."""
    wrong = 'WRONG_VALUE("$", $, ' if p.kind.small == 'int' else 'WRONG("$", '
    check = p.kind.check.replace('FAIL(MPI_ERR_BUFFER)', 'WRONG_BUFFER("$", $)')
    return check.replace('FAIL(', wrong).replace('FAIL_AS(', 'WRONG_AS("$", ')


def shell(f, large):
    begin = [x for x in ('early', 'quiet') if x in f.flags]
    call = 'CALL_%s' % f.name
    print('EXPORT %s\n{' % prototype(f, 'PMPI_', large))
    if 'tool' in f.flags:
        print('    int rc;\n    TOOL_BEGIN(%d);' % (f.name != 'T_init_thread'))
        print('    rc = mpi_%s(%s);' % (f.name.lower(), ', '.join(p.name for p in f.params)))
        print('    TOOL_END;\n}')
        return
    of_files = f.name.startswith('File_') and f.name != 'File_create_errhandler'
    print('    int rc;\n    struct obj *on = %s;' % ('OBJ(&file_null)' if of_files else 'NULL'))
    print('    CALL_BEGIN(%s, %d, %d);' % (call, 'early' in begin, 'quiet' in begin))
    if 'wide' in f.flags:
        print('    lib.wide = %s;' % ('true' if large else 'false'))
    for phase in (-1, 0, 1, 2):
        for p in f.params:
            if p.kind.check and p.kind.phase == phase:
                text = expand(named(p), p, large)
                # Errors of files are taken by files alone: by MPI_FILE_NULL while there is none.
                print('    ' + (text.replace(' on = OBJ(comm_);', '') if of_files else text))
    print('    rc = mpi_%s(%s);' % (f.name.lower(), ', '.join(expand(p.kind.use, p, large) for p in f.params)))
    after = [expand(p.kind.after, p, large) for p in f.params if p.kind.after]
    if any(after):
        print('    if (!rc) { %s }' % ' '.join(after))
    print('    CALL_END(%s, %d);\n}' % (call, 'quiet' in begin))


def shells(fs):
    print('/* SPDX-License-Identifier: BSD-3-Clause\n * Made from bindings/functions.txt: what is exported. */')
    print('#include "lib/bindings/impl.h"\n#include "lib/bindings/shell.h"\n')
    for warning in ('unused-label', 'misleading-indentation'):
        print('#pragma GCC diagnostic ignored "-W%s"' % warning)
    for f, large in variants(fs):
        if 'raw' not in f.flags:
            shell(f, large)
        else:
            continue
        name = f.name + ('_c' if large else '')
        print('WEAK_ALIAS(%s, MPI_%s, PMPI_%s, (%s))\n' % (f.ret, name, name, arguments(f, large)))


def main():
    what, table = sys.argv[1:3]
    fs = list(read(table))
    if what == 'mpi.h':
        mpi_h(fs, sys.argv[3], sys.argv[4])
    elif what == 'names':
        print('\n'.join(sorted('MPI_' + f.name + ('_c' if l else '') for f, l in variants(fs))))
    else:
        {'impl.h': impl_h, 'defaults.c': defaults, 'shells.c': shells}[what](fs)


if __name__ == '__main__':
    main()
