/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A list, searched for each rank that ends: few names are of this kind.
 */
#include "proxy/pmix/mortal.h"

#include "common/xalloc.h"
#include "pmi-server/remote.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct mortal {
    LIST_ENTRY(mortal) link;
    pmix_proc_t proc;
    char *name;
};
static LIST_HEAD(, mortal) mortals = LIST_HEAD_INITIALIZER(mortals);

void mortal_add(const pmix_proc_t *proc, const char *name)
{
    struct mortal *m = xcalloc(1, sizeof *m);
    *m = (struct mortal){.proc = *proc, .name = xstrdup(name)};
    LIST_INSERT_HEAD(&mortals, m, link);
}

static void mortal_free(struct mortal *m)
{
    LIST_REMOVE(m, link);
    free(m->name);
    free(m);
}

void mortal_forget(const char *name)
{
    struct mortal *m = LIST_FIRST(&mortals);
    while (m && strcmp(m->name, name) != 0)
        m = LIST_NEXT(m, link);
    if (m)
        mortal_free(m);
}

static void ignore_answer(const struct pmi_request *q, const struct pmi_result *r)
{
}

static const struct pmi_front front = {.name = "PMIx", .answer = ignore_answer, .mapping_max = SIZE_MAX};

void mortal_rank_ends(const struct rank *r)
{
    struct mortal *next;
    for (struct mortal *m = LIST_FIRST(&mortals); m; m = next) {
        next = LIST_NEXT(m, link);
        if (m->proc.rank != r->rank || strcmp(m->proc.nspace, r->job->spec.kvsname) != 0)
            continue;
        pmi_name_unpublish(pmi_request_new(r->pmi, &front, PMI_VERB_UNPUBLISH, false, NULL), m->name);
        mortal_free(m);
    }
}
