#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
#
# knobs_man.py PAGE.in KNOBS.def: the page, with the line @knobs@ replaced by what the list of knobs says.
import re
import sys

STRING = r'"((?:[^"\\]|\\.)*)"'
KNOB = re.compile(r'^KNOB\((\w+), \w+, (\w+), (\w+), (\w+), (\w+), %s\)$' % STRING, re.M)
WORD = re.compile(r'^KNOB_WORD\((\w+), \w+, %s, %s, %s\)$' % (STRING, STRING, STRING), re.M)
GROUP = re.compile(r'^/\* (.*) \*/$', re.M)


def amount(text):
    """As it may be written in a variable."""
    if text == 'SIZE_MAX':
        return 'no limit'
    n = int(text)
    for unit, size in (('g', 1 << 30), ('m', 1 << 20), ('k', 1 << 10)):
        if n and n % size == 0:
            return '%d%s' % (n // size, unit)
    return str(n)


def entries(text):
    found = [(m.start(), m) for pattern in (KNOB, WORD, GROUP) for m in pattern.finditer(text)]
    for _, m in sorted(found, key=lambda f: f[0]):
        if m.re is GROUP:
            yield '.El\n.Pp\nFor %s:\n.Bl -tag -width Ds' % m[1]
        elif m.re is WORD:
            yield '.It Ev MUSTER_%s\n%s: %s.' % (m[1], ', '.join(m[3].split('|')), m[4])
        else:
            name, own, shared, _, _, says = m.groups()
            both = amount(own) if own == shared else '%s; %s where ranks share processors' % (amount(own), amount(shared))
            yield '.It Ev MUSTER_%s\n%s\n(%s).' % (name, says, both)


def main(page, knobs):
    text = open(knobs).read()
    body = list(entries(text))
    if len(body) < 10 or not body[0].startswith('.El'):
        sys.exit('%s: not a list of knobs' % knobs)
    listed = '\n'.join(body).replace('.El\n.Pp\n', '', 1) + '\n.El'
    for line in open(page):
        print(listed if line == '@knobs@\n' else line, end='\n' if line == '@knobs@\n' else '')


main(*sys.argv[1:])
