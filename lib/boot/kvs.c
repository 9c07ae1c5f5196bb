/* SPDX-License-Identifier: BSD-3-Clause
 *
 * kvs: key-values of the job. The wires of PMI carry text, so that values go in hexadecimal digits. In a job of one
 * they stay here, where it also finds what was put for it by who has spawned it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/boot/boot_ops.h"
#include "lib/boot/kvs_ops.h"
#include "lib/core/error.h"

/* What a process that is alone has put. */
static struct pair {
    struct pair *next;
    size_t n;
    char key[BOOT_KEY_MAX + 1];
    unsigned char value[BOOT_VALUE_MAX];
} * alone;
static char asked[BOOT_KEY_MAX + 1]; /* the key that is under way; "": none */
static bool asked_alone;             /* it is there already */

static int failed(int rc, const char *what, const char *key, const char *why)
{
    error_detail_set(rc, "%s %s: %s", what, key, why);
    return rc;
}

static const struct pair *pair_find(const char *key)
{
    const struct pair *p = alone;
    while (p && strcmp(p->key, key) != 0)
        p = p->next;
    return p;
}

/* The client, or NULL: then *rc is MPI_SUCCESS where a job of one has put that key, or has no launcher to ask;
 * otherwise an error class. */
static struct kvs *client_of(const char *what, const char *key, int *rc)
{
    char why[200] = "";
    bool asks = boot.size > 1 || (boot_launched() && !pair_find(key));
    struct kvs *c = asks ? boot_kvs(why, sizeof why) : NULL;
    *rc = MPI_SUCCESS;
    if (!c && asks)
        *rc = failed(MPI_ERR_OTHER, what, key, why[0] ? why : "there is no launcher to ask");
    return c;
}

bool boot_key_valid(const char *key)
{
    size_t n = strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    return n > 0 && n <= BOOT_KEY_MAX && !key[n];
}

static int put_alone(const char *key, const void *value, size_t n)
{
    struct pair *p = calloc(1, sizeof *p);
    if (!p)
        return MPI_ERR_NO_MEM;
    strcpy(p->key, key);
    memcpy(p->value, value, n);
    p->n = n;
    p->next = alone;
    alone = p;
    return MPI_SUCCESS;
}

void boot_value_text(const void *value, size_t n, char text[2 * BOOT_VALUE_MAX + 1])
{
    const unsigned char *bytes = value;
    strcpy(text, "-"); /* launchers refuse empty values */
    for (size_t i = 0; i < n; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static int put_text(struct kvs *c, const char *key, const void *value, size_t n)
{
    char text[2 * BOOT_VALUE_MAX + 1], name[BOOT_KEY_MAX + 8];
    boot_value_text(value, n, text);
    snprintf(name, sizeof name, "muster-%s", key);
    if (c->asked)
        return failed(MPI_ERR_PENDING, "put", key, "an answer of the launcher is awaited");
    return c->ops->put(c, name, text) ? MPI_SUCCESS : failed(MPI_ERR_OTHER, "put", key, c->why);
}

int boot_put(const char *key, const void *value, size_t n)
{
    int rc;
    if (!boot_key_valid(key) || n > BOOT_VALUE_MAX)
        return failed(MPI_ERR_ARG, "put", key, "the key or the value is not valid");
    if (boot.size == 1)
        return put_alone(key, value, n);
    struct kvs *c = client_of("put", key, &rc);
    return c ? put_text(c, key, value, n) : rc;
}

int boot_fence(void)
{
    int rc;
    struct kvs *c = boot.size > 1 ? client_of("fence", "", &rc) : NULL;
    if (boot.size == 1)
        return MPI_SUCCESS;
    if (!c)
        return rc;
    if (c->asked)
        return failed(MPI_ERR_PENDING, "fence", "", "an answer of the launcher is awaited");
    return c->ops->fence(c) ? MPI_SUCCESS : failed(MPI_ERR_OTHER, "fence", "", c->why);
}

bool boot_get_waits(void)
{
    int rc;
    const struct kvs *c = boot.size > 1 ? client_of("get", "", &rc) : NULL;
    return c && c->waits;
}

static int get_begin(int owner, const char *key, bool wait)
{
    int rc;
    char name[BOOT_KEY_MAX + 8];
    if (!boot_key_valid(key))
        return failed(MPI_ERR_ARG, "get", key, "the key is not valid");
    if (asked[0])
        return MPI_ERR_PENDING;
    struct kvs *c = client_of("get", key, &rc);
    if (c && c->asked)
        return MPI_ERR_PENDING;
    snprintf(name, sizeof name, "muster-%s", key);
    if (c && !c->ops->get_begin(c, owner, name, wait))
        rc = failed(MPI_ERR_OTHER, "get", key, c->why);
    if (rc == MPI_SUCCESS)
        strcpy(asked, key);
    asked_alone = !c;
    return rc;
}

int boot_get_begin(int owner, const char *key)
{
    return get_begin(owner, key, true);
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool from_text(const char *text, unsigned char *value, size_t *n)
{
    *n = strcmp(text, "-") == 0 ? 0 : strlen(text) / 2;
    if (*n > BOOT_VALUE_MAX || (*n && strlen(text) % 2))
        return false;
    for (size_t i = 0; i < *n; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        value[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static int get_alone(const char *key, void *value, size_t *n)
{
    const struct pair *p = pair_find(key);
    if (!p)
        return failed(MPI_ERR_NAME, "get", key, "it was not put");
    memcpy(value, p->value, p->n);
    *n = p->n;
    return MPI_SUCCESS;
}

int boot_get_end(bool block, void *value, size_t *n)
{
    int rc;
    char *text, key[sizeof asked];
    strcpy(key, asked);
    if (!asked[0])
        return failed(MPI_ERR_OTHER, "get", key, "nothing was asked for");
    struct kvs *c = asked_alone ? NULL : client_of("get", "", &rc);
    if (c && !c->ops->get_end(c, block, &text))
        return MPI_ERR_PENDING;
    asked[0] = 0;
    if (!c)
        return asked_alone ? get_alone(key, value, n) : rc;
    if (!text)
        return c->why[0] ? failed(MPI_ERR_OTHER, "get", key, c->why)
                         : failed(MPI_ERR_NAME, "get", key, "no rank has put it");
    rc = from_text(text, value, n) ? MPI_SUCCESS : failed(MPI_ERR_OTHER, "get", key, "its value is not one of ours");
    free(text);
    return rc;
}

int boot_get(int owner, const char *key, void *value, size_t *n)
{
    int rc = boot_get_begin(owner, key);
    return rc == MPI_SUCCESS ? boot_get_end(true, value, n) : rc;
}

int boot_gift(const char *key, void *value, size_t *n)
{
    int rc = get_begin(-1, key, false);
    return rc == MPI_SUCCESS ? boot_get_end(true, value, n) : rc;
}

void boot_kvs_forget(void)
{
    while (alone) {
        struct pair *next = alone->next;
        free(alone);
        alone = next;
    }
    asked[0] = 0;
}
