/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmix_kvs: answers come in the library's own thread, which leaves them here and does nothing else. */
#include "lib/boot/pmix_kvs.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/boot/pmix_names.h"

static const struct pmix_library *pmix;
static pmix_proc_t self;

static struct answer {
    pthread_mutex_t lock;
    pthread_cond_t come;
    pmix_proc_t owner; /* of the key: the library does not copy what was asked */
    char key[PMIX_MAX_KEYLEN + 1];
    bool here;
    pmix_status_t status;
    char *text; /* NULL: no value, or no memory for it */
} answer = {.lock = PTHREAD_MUTEX_INITIALIZER, .come = PTHREAD_COND_INITIALIZER};

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
    pthread_mutex_lock(&answer.lock);
    answer.status = status;
    answer.text = text ? strdup(value->data.string) : NULL;
    answer.here = true;
    pthread_cond_signal(&answer.come);
    pthread_mutex_unlock(&answer.lock);
}

static bool get_begin(struct kvs *k, int owner, const char *key, bool wait)
{
    if (owner < 0)
        return fail(k, key, "PMIx must know which rank has put it");
    answer.owner = self;
    answer.owner.rank = (pmix_rank_t)owner;
    snprintf(answer.key, sizeof answer.key, "%s", key);
    answer.here = false;
    if (!is_well(k, "PMIx_Get", pmix->PMIx_Get_nb(&answer.owner, answer.key, NULL, 0, answered, NULL)))
        return false;
    k->asked = 1;
    return true;
}

static bool get_end(struct kvs *k, bool block, char **value)
{
    pthread_mutex_lock(&answer.lock);
    while (block && !answer.here)
        pthread_cond_wait(&answer.come, &answer.lock);
    bool here = answer.here;
    pthread_mutex_unlock(&answer.lock);
    if (!here)
        return false;
    k->asked = 0;
    *value = answer.text;
    answer.text = NULL;
    if (answer.status == PMIX_SUCCESS && !*value)
        fail(k, "PMIx_Get", "a value that is no text, or no memory for it");
    else if (answer.status != PMIX_SUCCESS && answer.status != PMIX_ERR_NOT_FOUND)
        fail(k, "PMIx_Get", pmix->PMIx_Error_string(answer.status));
    return true;
}

static const char *ask_begin(struct kvs *k, const struct boot_ask *a)
{
    const char *bad = pmix_names_begin(pmix, a);
    k->asked = !bad;
    return bad;
}

static bool ask_end(struct kvs *k, struct boot_ask *a, bool block, bool *granted, char *why, size_t n)
{
    if (!pmix_names_end(pmix, a, block, granted, why, n))
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
