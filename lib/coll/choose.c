/* SPDX-License-Identifier: BSD-3-Clause
 *
 * choose: which row of its table a collective takes. */
#include "lib/coll/choose.h"
#include <stdio.h>
#include <string.h>
#include "lib/coll/state.h"
#include "lib/core/error.h"

enum { KINDS = 32 };
static const struct coll_algorithm *forced[KINDS]; /* as coll_kinds; NULL: none */
static bool given[KINDS];                          /* by choose_set */
static bool any;

static bool is_usable(const struct coll_algorithm *row, const struct coll_shape *x)
{
    bool has = row->build || (row->stages && !x->any_order) ||
               (x->later ? row->program && !x->any_order : row->run || row->messages);
    bool meant = row->between == ANY_GROUPS || (row->between == TWO_GROUPS) == x->comm->inter;
    return has && meant && (!row->fits || row->fits(x));
}

/* Of one that the library alone knows: the place behind all. */
static int place_of(const struct coll_kind *k)
{
    int i = 0;
    while (coll_kinds[i] && coll_kinds[i] != k)
        i++;
    return i;
}

const struct coll_algorithm *choose_row(const struct coll_kind *k, const struct coll_shape *x)
{
    const struct coll_algorithm *row = UNLIKELY(any) ? forced[place_of(k)] : NULL;
    if (row && is_usable(row, x))
        return row;
    for (row = k->rows; !is_usable(row, x) || (row->pays && !row->pays(x)); row++)
        ;
    return row;
}

bool choose_forced(void)
{
    return any;
}

static bool is_named(const char *name, const char *text, size_t n)
{
    return strlen(name) == n && memcmp(name, text, n) == 0;
}

static int wrong_kind(const char *text, size_t n)
{
    char all[512] = "";
    size_t used = 0;
    for (int i = 0; coll_kinds[i] && used < sizeof all; i++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", coll_kinds[i]->name);
    error_detail_set(MPI_ERR_OTHER, "MUSTER_COLL: \"%.*s\" is not a collective; there are %s", (int)n, text, all);
    return MPI_ERR_OTHER;
}

static int wrong_row(const struct coll_kind *k, const char *text, size_t n)
{
    char all[512] = "";
    size_t used = 0;
    for (const struct coll_algorithm *row = k->rows; row->name && used < sizeof all; row++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", row == k->rows ? "" : ", ", row->name);
    error_detail_set(MPI_ERR_OTHER, "MUSTER_COLL: %s has no algorithm \"%.*s\"; it has %s", k->name, (int)n, text, all);
    return MPI_ERR_OTHER;
}

/* "bcast=binomial" */
static int force(const char *text, size_t n)
{
    const char *equals = memchr(text, '=', n);
    size_t name = equals ? (size_t)(equals - text) : n, rest = equals ? n - name - 1 : 0;
    int i = 0;
    while (coll_kinds[i] && !is_named(coll_kinds[i]->name, text, name))
        i++;
    if (!coll_kinds[i])
        return wrong_kind(text, name);
    const struct coll_algorithm *row = coll_kinds[i]->rows;
    while (row->name && (!equals || !is_named(row->name, equals + 1, rest)))
        row++;
    if (!row->name)
        return wrong_row(coll_kinds[i], equals ? equals + 1 : "", rest);
    if (!given[i])
        forced[i] = row;
    return MPI_SUCCESS;
}

static void any_update(void)
{
    any = false;
    for (int i = 0; i < KINDS; i++)
        any |= forced[i] != NULL;
}

int choose_get(int kind)
{
    return forced[kind] ? (int)(forced[kind] - coll_kinds[kind]->rows) + 1 : 0;
}

bool choose_set(int kind, int row)
{
    int rows = 0;
    while (coll_kinds[kind]->rows[rows].name)
        rows++;
    if (row < 0 || row > rows)
        return false;
    forced[kind] = row > 0 ? &coll_kinds[kind]->rows[row - 1] : NULL;
    given[kind] = true;
    any_update();
    state_choice_changed();
    return true;
}

int choose_init(const char *text)
{
    int rc = MPI_SUCCESS;
    for (int i = 0; i < KINDS; i++)
        forced[i] = given[i] ? forced[i] : NULL;
    while (text && *text && rc == MPI_SUCCESS) {
        size_t n = strcspn(text, ",");
        rc = n > 0 ? force(text, n) : MPI_SUCCESS;
        text += n + (text[n] == ',');
    }
    any_update();
    return rc;
}
