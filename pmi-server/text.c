/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the front ends that write text have in common.
 */
#include "pmi-server/front.h"

#include <string.h>
#include "pmi-server/fetch.h"
#include "pmi-server/mem.h"
#include "pmi-server/remote.h"

bool pmi_text_send(struct pmi_client *c, struct pmi_out *o)
{
    bool fits = pmi_out_end(o);
    pmi_mem_check(o->b);
    if (fits)
        c->job->server->ops->send(c->ctx, o->b->data, o->b->len);
    buf_fini(o->b);
    return fits;
}

int pmi_text_key(const char *key, const char **why)
{
    if (!*key)
        return *why = "the key is empty", PMI2_ERROR_KEY_LENGTH;
    if (strlen(key) > PMI_KEY_MAX)
        return *why = "the key is longer than 64 bytes", PMI2_ERROR_KEY_LENGTH;
    return 0;
}

int pmi_text_value(struct bytes value, const char **why)
{
    if (value.len > PMI_VALUE_MAX)
        return *why = "the value is longer than 1024 bytes", PMI2_ERROR_VALUE_LENGTH;
    if (value.len && memchr(value.data, 0, value.len))
        return *why = "the value is not text", PMI2_ERROR_VALUE;
    return 0;
}

int pmi_text_put(struct pmi_client *c, const char *key, const char *value, const char **why)
{
    int rc = pmi_text_key(key, why);
    if (!rc)
        rc = pmi_text_value(bytes_of(value), why);
    return rc ? rc : pmi_put(c, PMI_RANK_UNKNOWN, key, bytes_of(value), why);
}

bool pmi_text_flag(const struct pmi_msg *m, const char *key)
{
    const char *v = pmi_msg_get(m, key);
    return v && !strcmp(v, "TRUE");
}

void pmi_text_publish(struct pmi_request *q, const char *name, const char *port)
{
    const char *why = !name || !*name   ? "the name of the service is missing"
                      : !port || !*port ? "port is missing"
                                        : NULL;
    if (!why && strlen(port) > PMI_VALUE_MAX)
        why = "more than 1024 bytes";
    if (why)
        pmi_answer_fail(q, PMI2_ERROR_INVALID_ARG, "%s", why);
    else
        pmi_name_publish(q, name, bytes_of(port), PMI_NAME_RANK, false);
}
