/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hints: what the user has said of how a file is best used, where the library goes by it. What it does not know, or
 * cannot use, it ignores. */
#ifndef LIB_IO_HINTS_H
#define LIB_IO_HINTS_H

#include "lib/object/info.h"

enum hint_when { HINT_AUTOMATIC, HINT_ENABLE, HINT_DISABLE };

struct hints {
#define HINT(key, kind, whose, standard, least, most) int64_t key;
#include "lib/io/hints.def"
#undef HINT
};

void hints_default(struct hints *h);
/* Takes over what of i (NULL: nothing) is known and well-formed. */
void hints_take(struct hints *h, const struct info *i);
/* A number that is the same if those of all ranks are. */
int64_t hints_sum(const struct hints *h);
/* Adds all of them, as strings. */
int hints_put(const struct hints *h, struct info *to);
/* What posix_fadvise may be told by access_style. */
int hints_advice(const struct hints *h);

#endif
