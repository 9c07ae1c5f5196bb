/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi: the text of PMI-1 and PMI-2, for servers and clients.
 *
 * PMI-1 is lines, `cmd=NAME KEY=VALUE KEY=VALUE\n`, in which `\` takes the next byte as it is; or a block of lines,
 * `mcmd=NAME\nKEY=VALUE\n...endcmd\n`, whose values run to the end of the line. PMI-2 is a length in six characters
 * (blanks before it, or after it as Slurm writes) and then `cmd=NAME;KEY=VALUE;...;`, in which `;;` inside a value is
 * one `;`. Each message says by its first byte which of them it is, so a stream may hold all three (PMI-2 begins with a
 * PMI-1 line).
 *
 * Reading: bytes are fed as they come, messages are taken out. What is not text (a byte 0), does not begin with cmd= or
 * mcmd=, or goes over a bound makes the stream bad for good.
 */
#ifndef WIRE_PMI_H
#define WIRE_PMI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "wire/buf.h"

/* What servers tell their clients (get_maxes), and what clients of all ages can take. */
#define PMI_KVSNAME_MAX 256
#define PMI_KEY_MAX 64
#define PMI_VALUE_MAX 1024

#define PMI_LINE_MAX 65536            /* one PMI-1 line */
#define PMI_MESSAGE_MAX (1024 * 1024) /* one block or PMI-2 message */
#define PMI_ITEMS_MAX 16384           /* KEY=VALUE in one message */

enum pmi_wire { PMI_WIRE_1, PMI_WIRE_1_BLOCK, PMI_WIRE_2 };

/* PMI-2's error codes, for rc= */
enum pmi2_error {
    PMI2_ERROR_INIT = 1,
    PMI2_ERROR_NOMEM = 2,
    PMI2_ERROR_INVALID_ARG = 3,
    PMI2_ERROR_KEY = 4,
    PMI2_ERROR_KEY_LENGTH = 5,
    PMI2_ERROR_VALUE = 6,
    PMI2_ERROR_VALUE_LENGTH = 7,
    PMI2_ERROR_OTHER = 14,
};

struct pmi_item {
    const char *key;   /* may be "" */
    const char *value; /* NULL: the key stands without = */
};

struct pmi_msg {
    enum pmi_wire wire;
    const char *cmd;
    const struct pmi_item *items; /* without cmd itself, in their order */
    uint32_t nitems;
};

struct pmi_stream {
    struct buf in;   /* bytes not yet taken */
    size_t pos;      /* the first of them */
    size_t scanned;  /* up to here no end of message was found */
    struct buf item; /* the items of the message last taken */
    const char *bad; /* why the stream cannot go on, one lowercase phrase; NULL: it can */
};

void pmi_stream_init(struct pmi_stream *s);
void pmi_stream_fini(struct pmi_stream *s);
void pmi_stream_feed(struct pmi_stream *s, const void *p, size_t n);
/* The next whole message. true: m is filled, its strings live until the next call with this stream. false: more bytes
 * are needed, or the stream is bad. */
bool pmi_stream_next(struct pmi_stream *s, struct pmi_msg *m);
size_t pmi_stream_pending(const struct pmi_stream *s); /* bytes fed and not taken */

/* The value of the first item of that key: NULL if there is none, "" for a key without =. */
const char *pmi_msg_get(const struct pmi_msg *m, const char *key);
/* That value as a number. -1: absent, not a number, or not within [min, max]; *out is then as it was. */
int pmi_msg_int(const struct pmi_msg *m, const char *key, int64_t min, int64_t max, int64_t *out);
/* Text that clients write without escapes: the value of `key` and everything after it, into a string of at most size -
 * 1 bytes with other control characters than tab made blanks; "" if the key is absent. Never more than fits. */
void pmi_msg_text(const struct pmi_msg *m, const char *key, char *out, size_t size);

/* Writing one message into b. PMI-1 values are escaped, PMI-2 values have `;` doubled; bytes that a wire cannot carry
 * at all (NUL; a newline in a block) must not be in them. */
struct pmi_out {
    struct buf *b;
    enum pmi_wire wire;
    size_t start;
};
struct pmi_out pmi_out_begin(struct buf *b, enum pmi_wire wire, const char *cmd);
void pmi_out_str(struct pmi_out *o, const char *key, const char *value);
void pmi_out_int(struct pmi_out *o, const char *key, int64_t value);
void pmi_out_flag(struct pmi_out *o, const char *key, bool value); /* TRUE, FALSE */
/* false: it is longer than its wire can say (PMI-2: 999,999 bytes), and b is as it was before it was begun. */
bool pmi_out_end(struct pmi_out *o);

#endif
