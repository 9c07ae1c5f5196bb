#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
#
# generate.py: from a catalogue of messages (README.md has its grammar) the structs and prototypes (h), or codecs and
# names (c). Usage: generate.py h|c NAME.def > output
import re
import sys
from collections import namedtuple

SCALARS = {'u8': ('uint8_t', 1), 'i32': ('int32_t', 4), 'flag': ('bool', 1), 'u32': ('uint32_t', 4),
           'u64': ('uint64_t', 8)}
BORROWED = ('bytes', 'str', 'line', 'rest')
STRINGS = ('bytes', 'str', 'line', 'text', 'word')

Field = namedtuple('Field', 'kind of name count low high each note')
Record = namedtuple('Record', 'name number direction alias check whole says fields')


class Catalogue:
    def __init__(self, path):
        self.prefix, self.includes, self.uses, self.records, self.messages, self.foreign = '', [], [], {}, [], {}
        for number, line in enumerate(open(path), 1):
            self.where = '%s:%d' % (path, number)
            text, _, note = line.rstrip().partition('#')
            words = text.split()
            if not words:
                continue
            if line[0] == ' ':
                self.field(words, note.strip())
            elif words[0] in ('record', 'message'):
                self.record(*re.fullmatch(r'(\w+) +(\w+)((?: +\w+)*)(?:: *(.*))?', line.rstrip()).groups())
            elif words[0] == 'foreign':  # a record that is written by hand: its name and smallest size
                self.foreign[words[1]] = int(words[2])
                self.uses.append('wire/%s.h' % words[1])
            elif words[0] == 'prefix':
                self.prefix = words[1] + '_'
            elif words[0] == 'include':
                self.includes.append(words[1])
            else:
                sys.exit('%s: what is a %s?' % (self.where, words[0]))

    def record(self, what, name, words, says):
        check, whole = (w in words.split() for w in ('check', 'whole'))
        words = [w for w in words.split() if w not in ('check', 'whole')]
        full = self.prefix + name.lower()
        direction = words.pop(0).upper() if what == 'message' else None
        alias = words[0] if words else None
        r = Record(full, name if direction else None, direction, alias, check, whole or direction, says, [])
        self.open = r.fields
        if direction:
            self.messages.append(r)
        if not r.alias:
            self.records[full] = r

    def type(self, name):
        full = self.prefix + name
        if name in SCALARS or name in STRINGS or name in self.foreign:
            return name
        return full if full in self.records else sys.exit('%s: what is a %s?' % (self.where, name))

    def field(self, words, note):
        kind, of = words.pop(0), None
        if kind in ('list', 'array'):
            of = self.type(words.pop(0))
            if of in (STRINGS if kind == 'list' else {*STRINGS, *SCALARS} - {'text'}):
                sys.exit('%s: no %s holds a %s: make it a record' % (self.where, kind, of))
        elif kind not in STRINGS and kind not in SCALARS and kind != 'rest':
            kind, of = 'record', self.type(kind)
        name, _, count = words.pop(0).partition('[')
        low, _, high = words.pop(0).rpartition('..') if words else ('', '', '')
        if (kind in STRINGS or kind in ('list', 'array')) and not high or of in STRINGS and not words:
            sys.exit('%s: %s has no bound' % (self.where, name))
        self.open.append(Field(kind, of, name, count.rstrip(']'), low, high, words[0] if words else '', note))

    def least(self, kind):
        """The fewest bytes that one takes."""
        if kind in SCALARS:
            return SCALARS[kind][1]
        if kind in self.records:
            return sum(self.least(f.of if f.kind == 'record' else f.kind) for f in self.records[kind].fields)
        return self.foreign.get(kind, 0 if kind == 'rest' else 4)

    def owns(self, name):
        return name in self.foreign or name in self.records and any(
            f.kind in ('text', 'array') or f.kind == 'record' and self.owns(f.of) for f in self.records[name].fields)

    def has_foreign(self, name):
        return any(f.of in self.foreign for f in self.records[name].fields)

    def listed(self, name):
        return any(f.kind == 'list' and f.of == name for r in self.records.values() for f in r.fields)

    def bodies(self):
        return [r for r in self.records.values() if r.fields]


def ctype(kind):
    return SCALARS[kind][0] + ' ' if kind in SCALARS else 'char *' if kind == 'text' else 'struct %s ' % kind


def member(f):
    note = ' /* %s */' % f.note if f.note else ''
    if f.kind == 'array':
        return '    %s*%s; /* owned */\n    uint32_t %s;%s\n' % (ctype(f.of), f.name, f.count, note)
    if f.kind == 'word':
        return '    char %s[%s + 1];%s\n' % (f.name, f.high, note)
    if f.kind == 'list' and not note:
        note = ' /* of %s */' % f.of
    kind = f.of if f.kind == 'record' else 'list' if f.kind == 'list' else 'bytes' if f.kind in BORROWED else f.kind
    return '    %s%s;%s\n' % (ctype(kind), f.name, note)


def put(f):
    m = 'm->' + f.name
    if f.kind in SCALARS:
        return 'buf_put_%s(b, %s);' % (f.kind, m)
    if f.kind == 'array':
        item = 'buf_put_text(b, %s[i], %s);' % (m, f.each) if f.of == 'text' else '%s_put(b, &%s[i]);' % (f.of, m)
        return ('buf_put_count(b, m->%s, %s);\nfor (uint32_t i = 0; i < m->%s; i++)\n    %s'
                % (f.count, f.high, f.count, item))
    if f.kind == 'record':
        return '%s_put(b, &%s);' % (f.of, m)
    if f.kind == 'rest':
        return 'buf_put(b, %s.data, %s.len);' % (m, m)
    name = {'bytes': 'string', 'str': 'string', 'word': 'text'}.get(f.kind, f.kind)
    return 'buf_put_%s(b, %s%s, %s);' % (name, '&' if name == 'list' else '', m, f.high)


def bounds(value, low, high):
    tests = ['%s >= %s' % (value, low)] * bool(low) + ['%s <= %s' % (value, high)] * bool(high)
    return '\nrbuf_expect(r, %s);' % ' && '.join(tests) if tests else ''


def get_array(cat, f):
    m = 'm->' + f.name
    item = ('%s[m->%s++] = rbuf_text(r, %s);' % (m, f.count, f.each) if f.of == 'text' else
            '%s_get(r, &%s[m->%s++]);' % (f.of, m, f.count))
    return ('count = rbuf_count(r, %d);%s\n%s = rbuf_array(r, count, sizeof *%s);\n'
            'while (rbuf_ok(r) && m->%s < count)\n    %s'
            % (cat.least(f.of), bounds('count', f.low, f.high), m, m, f.count, item))


def get_list(cat, f):
    m = 'm->' + f.name
    if f.of in SCALARS:
        return '%s = rbuf_list(r, %d);%s' % (m, SCALARS[f.of][1], bounds(m + '.n', f.low, f.high))
    if cat.owns(f.of):
        sys.exit('%s: what a list holds cannot own memory' % f.name)
    return ('%s.n = rbuf_count(r, %d);%s\nat = r->pos;\nfor (uint32_t i = 0; rbuf_ok(r) && i < %s.n; i++)\n'
            '    %s_get(r, &(struct %s){0});\n%s.items = rbuf_since(r, at);'
            % (m, cat.least(f.of), bounds(m + '.n', f.low, f.high), m, f.of, f.of, m))


def get(cat, f):
    m = 'm->' + f.name
    if f.kind in SCALARS:
        return '%s = rbuf_%s(r);' % (m, f.kind) + bounds(m, f.low, f.high)
    if f.kind == 'array':
        return get_array(cat, f)
    if f.kind == 'list':
        return get_list(cat, f)
    if f.kind == 'record':
        return '%s_get(r, &%s);' % (f.of, m)
    if f.kind == 'rest':
        return '%s = rbuf_rest(r);' % m
    if f.kind == 'word':
        return 'rbuf_word(r, %s, %s);' % (m, f.high) + bounds('strlen(%s)' % m, f.low, '')
    call = {'bytes': 'bytes', 'text': 'text'}.get(f.kind, 'str')
    low = {'text': 'rbuf_ok(r) && strlen(%s)'}.get(f.kind, '%s.len') % m
    return '%s = rbuf_%s(r, %s);' % (m, call, f.high) + bounds(low, f.low, '')


def fini(cat, f):
    m = 'm->' + f.name
    if f.kind == 'array':
        each = 'free(%s[i]);' % m if f.of == 'text' else '%s_fini(&%s[i]);' % (f.of, m) if cat.owns(f.of) else ''
        return ('for (uint32_t i = 0; i < m->%s; i++)\n    %s\n' % (f.count, each) if each else '') + 'free(%s);' % m
    if f.kind == 'record' and cat.owns(f.of):
        return '%s_fini(&%s);' % (f.of, m)
    return 'free(%s);' % m if f.kind == 'text' else ''


def function(head, lines):
    return head + '\n{\n' + ''.join('    %s\n' % line for line in '\n'.join(filter(None, lines)).split('\n')) + '}\n\n'


def codec(cat, r):
    owned, name = cat.owns(r.name), r.name
    empty = '*m = (struct %s){0};' % name
    out = function('void %s_put(struct buf *b, const struct %s *m)' % (name, name), [put(f) for f in r.fields])
    good = ('rbuf_done(r)' if r.whole else 'rbuf_ok(r)') + (' && %s_check(m)' % name if r.check else '')
    out += function('bool %s_get(struct rbuf *r, struct %s *m)' % (name, name), [
        'uint32_t count;' if any(f.kind == 'array' for f in r.fields) else '',
        'size_t at;' if any(f.kind == 'list' and f.of not in SCALARS for f in r.fields) else '',
        empty] + [get(cat, f) for f in r.fields] + [
        'if (%s)\n    return true;' % good, '%s_fini(m);' % name if owned else empty,
        'r->bad = true;', 'return false;'])
    if owned:
        out += function('void %s_fini(struct %s *m)' % (name, name), [fini(cat, f) for f in r.fields] + [empty])
    if cat.listed(name):
        out += function('bool %s_next(struct rbuf *r, struct %s *m)' % (name, name),
                        ['return r->pos < r->len && %s_get(r, m);' % name])
    return out


def names(cat):
    up = cat.prefix.upper()
    rows = ''.join('    [%s%s] = {"%s", %s%s},\n' % (up, m.number, m.number, up, m.direction) for m in cat.messages)
    return '''static const struct {
    const char *name;
    enum %(p)sdirection direction;
} catalogue[] = {
%(rows)s};

const char *%(p)sname(unsigned type)
{
    return type > %(u)sNONE && type < %(u)sEND ? catalogue[type].name : "unknown";
}

bool %(p)sgoes(unsigned type, enum %(p)sdirection d)
{
    return type > %(u)sNONE && type < %(u)sEND && catalogue[type].direction == d;
}
''' % {'p': cat.prefix, 'u': up, 'rows': rows}


def write_c(cat, name):
    out = ''.join('#include "%s"\n' % i for i in cat.includes)
    out += '\n#include <stdlib.h>\n#include <string.h>\n\n' + ''.join(codec(cat, r) for r in cat.bodies())
    return out + (names(cat) if cat.messages else '')


def declare(cat, r):
    out = '/* %s */\n' % r.says if r.says else ''
    out += 'struct %s {\n%s};\n' % (r.name, ''.join(member(f) for f in r.fields))
    out += 'void %s_put(struct buf *b, const struct %s *m);\n' % (r.name, r.name)
    out += 'bool %s_get(struct rbuf *r, struct %s *m);\n' % (r.name, r.name)
    if cat.owns(r.name):
        out += 'void %s_fini(struct %s *m);\n' % (r.name, r.name)
    if cat.listed(r.name):
        out += 'bool %s_next(struct rbuf *r, struct %s *m);\n' % (r.name, r.name)
    if r.check:
        out += 'bool %s_check(const struct %s *m); /* written by hand */\n' % (r.name, r.name)
    return out + '\n'


def write_h(cat, name):
    guard = 'WIRE_%s_CODEC_H' % name.upper()
    out = '#ifndef %s\n#define %s\n\n%s\n' % (
        guard, guard, ''.join('#include "%s"\n' % i for i in ['wire/codec.h'] + cat.uses))
    if cat.messages:
        p, up = cat.prefix, cat.prefix.upper()
        out += 'enum %sdirection { %sLINK, %sUP, %sDOWN };\n\nenum %stype {\n    %sNONE,\n' % (p, up, up, up, p, up)
        out += ''.join('    %s%s, /* %s */\n' % (up, m.number, m.says) for m in cat.messages) + '    %sEND\n};\n\n' % up
        out += 'const char *%sname(unsigned type); /* "%s"; "unknown" */\n' % (p, cat.messages[0].number)
        out += 'bool %sgoes(unsigned type, enum %sdirection d);\n\n' % (p, p)
    return out + ''.join(declare(cat, r) for r in cat.bodies()) + '#endif\n'


def main():
    what, path = sys.argv[1:]
    name = re.sub(r'.*/|\.def$', '', path)
    print('/* Made by wire/generate.py from %s.def: change that. */' % name)
    print({'h': write_h, 'c': write_c}[what](Catalogue(path), name), end='')


if __name__ == '__main__':
    main()
