/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmix_names: what is asked stays here until it is answered, since the library does not copy it. Answers come in its
 * own thread, which leaves them here and does nothing else. */
#include "lib/boot/pmix_names.h"
#include <stdio.h>
#include <string.h>
#include "lib/boot/pmix_reply.h"

static struct question {
    struct pmix_reply reply;
    pmix_info_t named;              /* publish */
    char name[PMIX_MAX_KEYLEN + 1]; /* the others */
    char *names[2];
    char port[BOOT_PORT_MAX + 1]; /* asked, or found; "": none, or one too long */
} question = {PMIX_REPLY_INITIALIZER};

static void answered(pmix_status_t status, const char *port)
{
    if (port && strlen(port) <= BOOT_PORT_MAX)
        strcpy(question.port, port);
    pmix_reply_come(&question.reply, status);
}

static void done(pmix_status_t status, void *unused)
{
    answered(status, NULL);
}

static void found(pmix_status_t status, pmix_pdata_t data[], size_t n, void *unused)
{
    bool text = status == PMIX_SUCCESS && n > 0 && data[0].value.type == PMIX_STRING && data[0].value.data.string;
    answered(status == PMIX_SUCCESS && n == 0 ? PMIX_ERR_NOT_FOUND : status, text ? data[0].value.data.string : NULL);
}

static pmix_status_t publish(const struct pmix_library *l, const struct boot_ask *a)
{
    snprintf(question.port, sizeof question.port, "%s", a->port);
    question.named = (pmix_info_t){.value = {.type = PMIX_STRING, .data.string = question.port}};
    memcpy(question.named.key, question.name, sizeof question.name);
    return l->PMIx_Publish_nb(&question.named, 1, done, NULL);
}

static pmix_status_t lookup(const struct pmix_library *l, const struct boot_ask *a)
{
    return l->PMIx_Lookup_nb(question.names, NULL, 0, found, NULL);
}

static pmix_status_t unpublish(const struct pmix_library *l, const struct boot_ask *a)
{
    return l->PMIx_Unpublish_nb(question.names, NULL, 0, done, NULL);
}

const char *pmix_names_begin(const struct pmix_library *l, const struct boot_ask *a)
{
    static pmix_status_t (*const verbs[])(const struct pmix_library *, const struct boot_ask *) = {
        [BOOT_PUBLISH] = publish, [BOOT_LOOKUP] = lookup, [BOOT_UNPUBLISH] = unpublish};
    if (strlen(a->name) > PMIX_MAX_KEYLEN)
        return "the name is too long for PMIx";
    memset(question.name, 0, sizeof question.name);
    strcpy(question.name, a->name);
    question.names[0] = question.name;
    question.port[0] = '\0';
    pmix_reply_expect(&question.reply);
    pmix_status_t rc = verbs[a->what](l, a);
    if (rc == PMIX_OPERATION_SUCCEEDED)
        done(PMIX_SUCCESS, NULL);
    else if (rc != PMIX_SUCCESS)
        return l->PMIx_Error_string(rc);
    return NULL;
}

/* Lookup: the port may be none that we could take. */
static const char *refusal(const struct pmix_library *l, const struct boot_ask *a)
{
    if (question.reply.status == PMIX_ERR_NOT_FOUND)
        return "nobody has published it";
    if (question.reply.status != PMIX_SUCCESS)
        return l->PMIx_Error_string(question.reply.status);
    return a->what == BOOT_LOOKUP && !question.port[0] ? "what is published is no port" : NULL;
}

bool pmix_names_end(const struct pmix_library *l, struct boot_ask *a, bool block, bool *granted, char *why, size_t n)
{
    if (!pmix_reply_here(&question.reply, block))
        return false;
    const char *no = refusal(l, a);
    *granted = !no;
    if (no)
        snprintf(why, n, "%s", no);
    else if (a->what == BOOT_LOOKUP)
        strcpy(a->found, question.port);
    return true;
}
