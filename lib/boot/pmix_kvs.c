/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmix_kvs: answers come in the library's own thread, which leaves them here and does nothing else. */
#include "lib/boot/pmix_kvs.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/boot/pmix_names.h"
#include "lib/boot/pmix_reply.h"
#include "lib/boot/pmix_spawn.h"

static const struct pmix_library *pmix;
static pmix_proc_t self;

static struct answer {
    struct pmix_reply reply;
    pmix_proc_t owner; /* of the key: the library does not copy what was asked */
    char key[PMIX_MAX_KEYLEN + 1];
    char *text; /* NULL: no value, or no memory for it */
} answer = {PMIX_REPLY_INITIALIZER};

static bool spawning; /* what ask_begin has asked */

static bool fail(struct kvs *k, const char *what, const char *why)
{
    if (!k->why[0])
        snprintf(k->why, sizeof k->why, "%.60s: %.90s", what, why);
    return false;
}

static bool is_well(struct kvs *k, const char *what, pmix_status_t rc)
{
    return !k->why[0] && (rc == PMIX_SUCCESS || fail(k, what, pmix->PMIx_Error_string(rc)));
}

static bool put(struct kvs *k, const char *key, const char *value)
{
    pmix_value_t v = {.type = PMIX_STRING, .data.string = (char *)value};
    return is_well(k, "PMIx_Put", pmix->PMIx_Put(PMIX_GLOBAL, key, &v)) &&
           is_well(k, "PMIx_Commit", pmix->PMIx_Commit());
}

/* With the data. Without, servers fetch from a rank's node what is asked for, but Slurm's (22.05) do not find all. */
static bool fence(struct kvs *k)
{
    pmix_info_t collect = {.value = {.type = PMIX_BOOL, .data.flag = true}};
    snprintf(collect.key, sizeof collect.key, "%s", PMIX_COLLECT_DATA);
    return is_well(k, "PMIx_Fence", pmix->PMIx_Fence(NULL, 0, &collect, 1));
}

static void answered(pmix_status_t status, pmix_value_t *value, void *unused)
{
    bool text = status == PMIX_SUCCESS && value && value->type == PMIX_STRING && value->data.string;
    answer.text = text ? strdup(value->data.string) : NULL;
    pmix_reply_come(&answer.reply, status);
}

/* What others have put for this job is in its environment. */
static bool gift_begin(struct kvs *k, const char *key)
{
    answer.text = pmix_spawn_gift(key);
    pmix_reply_come(&answer.reply, answer.text ? PMIX_SUCCESS : PMIX_ERR_NOT_FOUND);
    k->asked = 1;
    return true;
}

static bool get_begin(struct kvs *k, int owner, const char *key, bool wait)
{
    if (owner < 0)
        return gift_begin(k, key);
    answer.owner = self;
    answer.owner.rank = (pmix_rank_t)owner;
    snprintf(answer.key, sizeof answer.key, "%s", key);
    pmix_reply_expect(&answer.reply);
    if (!is_well(k, "PMIx_Get", pmix->PMIx_Get_nb(&answer.owner, answer.key, NULL, 0, answered, NULL)))
        return false;
    k->asked = 1;
    return true;
}

static bool get_end(struct kvs *k, bool block, char **value)
{
    if (!pmix_reply_here(&answer.reply, block))
        return false;
    k->asked = 0;
    *value = answer.text;
    answer.text = NULL;
    if (answer.reply.status == PMIX_SUCCESS && !*value)
        fail(k, "PMIx_Get", "a value that is no text, or no memory for it");
    else if (answer.reply.status != PMIX_SUCCESS && answer.reply.status != PMIX_ERR_NOT_FOUND)
        fail(k, "PMIx_Get", pmix->PMIx_Error_string(answer.reply.status));
    return true;
}

static const char *ask_begin(struct kvs *k, const struct boot_ask *a)
{
    spawning = a->what == BOOT_SPAWN;
    const char *bad = spawning ? pmix_spawn_begin(pmix, &self, a) : pmix_names_begin(pmix, a);
    k->asked = !bad;
    return bad;
}

static bool ask_end(struct kvs *k, struct boot_ask *a, bool block, bool *granted, char *why, size_t n)
{
    if (!(spawning ? pmix_spawn_end : pmix_names_end)(pmix, a, block, granted, why, n))
        return false;
    k->asked = 0;
    return true;
}

struct kvs *pmix_kvs_open(const struct pmix_library *library, const pmix_proc_t *process)
{
    static const struct kvs_ops ops = {put, fence, get_begin, get_end, ask_begin, ask_end};
    static struct kvs k = {.ops = &ops};
    pmix = library;
    self = *process;
    return &k;
}
