#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
#
# knobs_man.py PAGE.in KNOBS.def TALLY.def UNWRITTEN: the page, with each line @name@ replaced by what the lists say: @knobs@ what
# tunes the runtime, @local@, @alike@, @start@ which of that a tool may change when, @pvars@ and @events@ what it may see, @unwritten@ what is not
# written yet.
import re
import sys

STRING = r'"((?:[^"\\]|\\.)*)"'
KNOB = re.compile(r'^KNOB\((\w+), (\w+), (\w+), (\w+), (\w+), (\w+), %s\)$' % STRING, re.M)
WORD = re.compile(r'^KNOB_WORD\((\w+), (\w+), %s, %s, %s\)$' % (STRING, STRING, STRING), re.M)
GROUP = re.compile(r'^/\* (.*) \*/$', re.M)
TOTAL = re.compile(r'^TOTAL\((\w+), (\w+), (\w+), %s\)$' % STRING, re.M)
TIME = re.compile(r'^TIME\((\w+), (\w+), %s\)$' % STRING, re.M)
LEVEL = re.compile(r'^(LEVEL|BOUND|MARK)\((\w+), %s\)$' % STRING, re.M)
EVENT = re.compile(r'^EVENT\((\w+), \d+, %s, %s\)$' % (STRING, STRING), re.M)


def found(text, *patterns):
    """What the patterns match, in the order of the text."""
    return [m for _, m in sorted(((m.start(), m) for p in patterns for m in p.finditer(text)), key=lambda f: f[0])]


def amount(text):
    """As it may be written in a variable."""
    if text == 'SIZE_MAX':
        return 'no limit'
    n = int(text)
    for unit, size in (('g', 1 << 30), ('m', 1 << 20), ('k', 1 << 10)):
        if n and n % size == 0:
            return '%d%s' % (n // size, unit)
    return str(n)


def knob_entries(text):
    for m in found(text, KNOB, WORD, GROUP):
        if m.re is GROUP:
            yield '.El\n.Pp\nFor %s:\n.Bl -tag -width Ds' % m[1]
        elif m.re is WORD:
            yield '.It Ev MUSTER_%s\n%s: %s.' % (m[1], ', '.join(m[4].split('|')), m[5])
        else:
            name, _, own, shared, _, _, says = m.groups()
            both = amount(own) if own == shared else '%s; %s where ranks share processors' % (amount(own), amount(shared))
            yield '.It Ev MUSTER_%s\n%s\n(%s).' % (name, says, both)


def knobs(text):
    body = list(knob_entries(text))
    if len(body) < 10 or not body[0].startswith('.El'):
        sys.exit('not a list of knobs')
    return '\n'.join(body).replace('.El\n.Pp\n', '', 1) + '\n.El'


def names(text, when):
    """Of the knobs that may be changed then, as the end of a sentence."""
    some = ['.Ev MUSTER_' + m[1] for m in found(text, KNOB, WORD) if m[2] == when]
    if not some:
        sys.exit('no knob is %s' % when)
    return ' ,\n'.join(some) + ' .'


def pvar_entry(m):
    kinds = {'LEVEL': 'level', 'BOUND': 'level, of a communicator', 'MARK': 'high watermark *'}
    if m.re is LEVEL:
        return '.It Li %s\n%s\n(%s).' % (m[2], m[3], kinds[m[1]])
    star = ' *' if m[m.re.groups - 1] != '0' else ''
    return '.It Li %s\n%s\n(%s%s).' % (m[1], m[m.re.groups], m[2].lower() if m.re is TOTAL else 'timer', star)


def listed(entries):
    if not entries:
        sys.exit('not a list of what is counted')
    return '\n'.join(['.Bl -tag -width Ds', *entries, '.El'])


def unwritten(text):
    if not text.split():
        return 'All functions of MPI 5.0 are written.'
    functions = ' ,\n'.join('.Fn MPI_' + name for name in text.split())
    return ('These functions, and their forms with large counts, are not written yet:\n%s .\n'
            'They fail with\n.Dv MPI_ERR_UNSUPPORTED_OPERATION ,\n'
            'the first on a node with a line on stderr, and the compiler warns of a call to one unless\n'
            '.Dv MUSTER_NO_WARN_UNWRITTEN\nis defined, as for a program that will run with another library of the ABI:\n'
            'what was compiled here need not be compiled again for one that has them;\n'
            '.Ev LD_LIBRARY_PATH\nchooses it.' % functions)


def main(page, knobs_def, tally_def, unwritten_txt):
    knob, tally = (open(name).read() for name in (knobs_def, tally_def))
    events = ['.It Li %s\n%s; its elements: %s.' % (m[1], m[3], m[2]) for m in found(tally, EVENT)]
    say = {'knobs': knobs(knob), **{when: names(knob, when.upper()) for when in ('local', 'alike', 'start')},
           'pvars': listed([pvar_entry(m) for m in found(tally, TOTAL, TIME, LEVEL)]), 'events': listed(events),
           'unwritten': unwritten(open(unwritten_txt).read())}
    for line in open(page):
        m = re.match(r'@(\w+)@$', line)
        print(say[m[1]] if m else line, end='\n' if m else '')


main(*sys.argv[1:])
