/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_ours: a table by name.
 */
#include "launcher/name_ours.h"

#include "common/xalloc.h"

#include <stdlib.h>
#include <string.h>

static struct bytes copy_of(struct bytes b)
{
    char *data = xmalloc(b.len + 1);
    if (b.len)
        memcpy(data, b.data, b.len);
    return (struct bytes){data, b.len};
}

struct name_ours *name_ours_create(const struct registry_entry *e)
{
    struct name_ours *o = xcalloc(1, sizeof *o);
    o->entry = *e;
    o->entry.name = copy_of(e->name);
    o->entry.port = copy_of(e->port);
    return o;
}

void name_ours_free(struct name_ours *o)
{
    if (!o)
        return;
    free((char *)o->entry.name.data);
    free((char *)o->entry.port.data);
    free(o);
}

void name_ours_add(struct name_ours **all, struct name_ours *o)
{
    HASH_ADD_KEYPTR(hh, *all, o->entry.name.data, o->entry.name.len, o);
}

struct name_ours *name_ours_find(struct name_ours *all, struct bytes name)
{
    struct name_ours *o;
    HASH_FIND(hh, all, name.data, name.len, o);
    return o;
}

void name_ours_drop(struct name_ours **all, struct bytes name)
{
    struct name_ours *o = name_ours_find(*all, name);
    if (!o)
        return;
    HASH_DEL(*all, o);
    name_ours_free(o);
}
