/* SPDX-License-Identifier: BSD-3-Clause
 *
 * check: the codecs of the catalogues, one by one, for tests and fuzzers (tables made by generate_check.py).
 */
#ifndef TESTS_UNIT_WIRE_CHECK_H
#define TESTS_UNIT_WIRE_CHECK_H

#include "wire/codec.h"

struct check {
    const char *name;
    void (*sample)(struct buf *b); /* appends one with every field; NULL: there is none */
    int (*same)(const void *p,
                size_t n); /* 0: not taken; 1: taken, and written again as it was; -1: written differently */
    const char *rest;      /* what the bytes to the payload's end are in the sample; NULL: it has none */
};

/* They end with one without a name. */
extern const struct check control_checks[], launch_spec_checks[], pmi_control_checks[], registry_checks[];

struct buf *check_buf(void); /* for the items of a list; lives on until check_clear */
void check_clear(void);
bool check_same(const struct buf *b, const void *p, size_t n);

#endif
