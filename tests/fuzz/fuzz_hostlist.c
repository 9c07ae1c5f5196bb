/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A host list (first byte even), or the lines of a host file (odd). What is accepted keeps its promises.
 */
#include "common/hostlist.h"
#include "common/hostlist_item.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int lines(struct hostlist *l, char *text, struct err *e)
{
    struct hostlist out = {.max = l->max};
    int rc = 0;
    for (char *at = text, *line; rc == 0 && (line = strsep(&at, "\n"));)
        rc = hostlist_line(l, &out, line, "hosts:1: ", e);
    hostlist_fini(&out);
    return rc;
}

static void check(const struct hostlist *l)
{
    if (l->n > l->max)
        abort();
    for (size_t i = 0; i < l->n; i++) {
        const struct hostlist_host *h = &l->hosts[i];
        size_t n = strlen(h->name);
        if (h->user && !*h->user)
            abort();
        if (h->key && !*h->key)
            abort();
        if (n == 0 || n > HOSTLIST_NAME_MAX || h->slots > HOSTLIST_SLOTS_MAX || hostlist_find(l, h->name) != (long)i)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct hostlist l = {.max = 2000};
    struct err e = {""};
    char *text = strndup((const char *)data + 1, size - 1);
    if (!text)
        abort();
    int rc = data[0] % 2 ? lines(&l, text, &e) : hostlist_parse(&l, text, &e);
    check(&l);
    if (rc < 0 && !*e.text)
        abort();
    hostlist_fini(&l);
    free(text);
    return 0;
}
