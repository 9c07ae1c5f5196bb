#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
#
# generate_check.py: for tests and fuzzers, from a catalogue of messages a table of all that has a codec (check.h): a
# sample with every field, and whether a decoder takes some bytes and writes them again as they were.
# Usage: generate_check.py WIRE-FOLDER NAME.def > output
import re
import sys

sys.path.insert(0, sys.argv[1])
from generate import Catalogue, SCALARS, function  # noqa: E402


def scalar(f, seed):
    """A value within the bounds, and unlike those of other fields."""
    if f.low or f.high:
        return f.low or f.high
    return {'flag': 'true', 'i32': '-%d' % seed, 'u8': '%d' % seed}.get(f.kind, '0x%x' % (seed * 0x1010101))


def make(f, seed):
    """The statements that fill a field of m. What they allocate is in m, or in items."""
    m = 'm->' + f.name
    if f.kind in SCALARS:
        return '%s = (%s)(%s);' % (m, SCALARS[f.kind][0], scalar(f, seed))
    if f.kind == 'record':
        return 'make_%s(&%s);' % (f.of, m)
    if f.kind == 'array':
        each = ('%s[i] = strdup("%s");' % (m, f.name) if f.of == 'text' else
                'make_%s(&%s[i]);' % (f.of, m))
        return ('m->%s = 2;\n%s = calloc(2, sizeof *%s);\nfor (uint32_t i = 0; i < 2; i++)\n    %s'
                % (f.count, m, m, each))
    if f.kind == 'list':
        item = ('buf_put_%s(b, %d);' % (f.of, seed) if f.of in SCALARS else
                'struct %s item;\n    make_%s(&item);\n    %s_put(b, &item);' % (f.of, f.of, f.of))
        return ('b = check_buf();\nfor (uint32_t i = 0; i < 2; i++) {\n    %s\n}\n%s = list_of(2, b);' % (item, m))
    if f.kind == 'word':
        return 'strcpy(%s, "%s");' % (m, f.name)
    return '%s = %s("%s");' % (m, 'strdup' if f.kind == 'text' else 'bytes_of', f.name)


def check(cat, r):
    name, fini = r.name, cat.owns(r.name)
    out = function('static int same_%s(const void *p, size_t n)' % name, [
        'struct %s m;' % name, 'struct rbuf r;', 'struct buf b;', 'rbuf_init(&r, p, n);',
        'if (!%s_get(&r, &m))\n    return 0;' % name, 'buf_init(&b);', '%s_put(&b, &m);' % name,
        'int rc = !rbuf_done(&r) ? 0 : check_same(&b, p, n) ? 1 : -1;', 'buf_fini(&b);',
        '%s_fini(&m);' % name if fini else '', 'return rc;'])
    if cat.has_foreign(name):
        return out
    out += function('static void make_%s(struct %s *m)' % (name, name), [
        'struct buf *b;' if any(f.kind == 'list' for f in r.fields) else '', '*m = (struct %s){0};' % name
    ] + [make(f, i + 1) for i, f in enumerate(r.fields)])
    return out + function('static void sample_%s(struct buf *b)' % name, [
        'struct %s m;' % name, 'make_%s(&m);' % name, '%s_put(b, &m);' % name, '%s_fini(&m);' % name if fini else ''])


def row(cat, r):
    rest = ['"%s"' % f.name for f in r.fields if f.kind == 'rest'] or ['NULL']
    return '    {"%s", %s, same_%s, %s},\n' % (
        r.name, 'NULL' if cat.has_foreign(r.name) else 'sample_' + r.name, r.name, rest[0])


cat = Catalogue(sys.argv[2])
print('#include "wire/check.h"')
print(''.join('#include "%s"\n' % i for i in cat.includes) + '\n#include <stdlib.h>\n#include <string.h>\n')
print(''.join(check(cat, r) for r in cat.bodies()))
print('const struct check %s_checks[] = {\n%s    {NULL},\n};' % (
    re.sub(r'.*/|\.def$', '', sys.argv[2]), ''.join(row(cat, r) for r in cat.bodies())))
