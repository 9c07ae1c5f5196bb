/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi_out.c: messages of PMI-1 and PMI-2 written.
 */
#include "wire/pmi.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define V2_LENGTH 6

static void put(struct pmi_out *o, const char *s)
{
    buf_put(o->b, s, strlen(s));
}

/* Each byte of `special` in s gets `mark` in front of it. */
static void put_marked(struct pmi_out *o, const char *s, const char *special, char mark)
{
    while (*s) {
        size_t n = strcspn(s, special);
        buf_put(o->b, s, n);
        s += n;
        if (*s) {
            buf_put_u8(o->b, (uint8_t)(mark ? mark : *s));
            buf_put_u8(o->b, (uint8_t)*s++);
        }
    }
}

static void put_value(struct pmi_out *o, const char *s)
{
    if (o->wire == PMI_WIRE_1)
        put_marked(o, s, " \\\n", '\\');
    else if (o->wire == PMI_WIRE_2)
        put_marked(o, s, ";", 0);
    else
        put(o, s);
}

static const char separator[] = {[PMI_WIRE_1] = ' ', [PMI_WIRE_1_BLOCK] = '\n', [PMI_WIRE_2] = ';'};

struct pmi_out pmi_out_begin(struct buf *b, enum pmi_wire wire, const char *cmd)
{
    struct pmi_out o = {b, wire, b->len};
    if (wire == PMI_WIRE_2)
        put(&o, "      ");
    put(&o, wire == PMI_WIRE_1_BLOCK ? "mcmd=" : "cmd=");
    put(&o, cmd);
    return o;
}

void pmi_out_str(struct pmi_out *o, const char *key, const char *value)
{
    buf_put_u8(o->b, (uint8_t)separator[o->wire]);
    put(o, key);
    if (value) {
        put(o, "=");
        put_value(o, value);
    }
}

void pmi_out_int(struct pmi_out *o, const char *key, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    pmi_out_str(o, key, text);
}

void pmi_out_flag(struct pmi_out *o, const char *key, bool value)
{
    pmi_out_str(o, key, value ? "TRUE" : "FALSE");
}

bool pmi_out_end(struct pmi_out *o)
{
    static const char *const ends[] = {[PMI_WIRE_1] = "\n", [PMI_WIRE_1_BLOCK] = "\nendcmd\n", [PMI_WIRE_2] = ";"};
    put(o, ends[o->wire]);
    if (o->wire != PMI_WIRE_2 || o->b->failed)
        return true;
    char length[24];
    size_t n = o->b->len - o->start - V2_LENGTH;
    snprintf(length, sizeof length, "%6zu", n);
    if (strlen(length) > V2_LENGTH) {
        o->b->len = o->start;
        return false;
    }
    memcpy(o->b->data + o->start, length, V2_LENGTH);
    return true;
}
