/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_keys: what is typed for mpiexec itself, where every other key goes to a rank: at the beginning of a line, a
 * tilde and a second key, as with ssh.
 */
#ifndef LAUNCHER_STDIO_KEYS_H
#define LAUNCHER_STDIO_KEYS_H

#include <stddef.h>

enum keys_said {
    KEYS_NOTHING,
    KEYS_END,  /* ~. end the job */
    KEYS_STOP, /* ~^Z stop mpiexec and the job */
    KEYS_HELP, /* ~? say what can be typed */
};

/* All zeros at first: the beginning of a line. */
struct keys {
    enum { KEYS_AT_BEGIN, KEYS_IN_LINE, KEYS_BEHIND_TILDE } at;
};

/* n bytes were typed. What is the rank's goes to `to`, which has room for n + 1; returns how many these are. *said: the
 * last that was asked for. */
size_t keys_filter(struct keys *k, const char *typed, size_t n, char *to, enum keys_said *said);

#endif
