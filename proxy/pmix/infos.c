/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Values are laid out by hand: the library's own functions for that differ from version to version.
 */
#include "proxy/pmix/infos.h"

#include "common/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pmix_value_t *add(struct infos *l, const char *key, pmix_data_type_t type)
{
    if (l->n == l->cap)
        l->v = xreallocarray(l->v, l->cap = l->cap ? 2 * l->cap : 16, sizeof *l->v);
    pmix_info_t *i = &l->v[l->n++];
    memset(i, 0, sizeof *i);
    snprintf(i->key, sizeof i->key, "%s", key);
    i->value.type = type;
    return &i->value;
}

void infos_text(struct infos *l, const char *key, const char *text)
{
    add(l, key, PMIX_STRING)->data.string = xstrdup(text);
}

void infos_u32(struct infos *l, const char *key, uint32_t value)
{
    add(l, key, PMIX_UINT32)->data.uint32 = value;
}

void infos_u16(struct infos *l, const char *key, uint16_t value)
{
    add(l, key, PMIX_UINT16)->data.uint16 = value;
}

void infos_flag(struct infos *l, const char *key, bool value)
{
    add(l, key, PMIX_BOOL)->data.flag = value;
}

void infos_size(struct infos *l, const char *key, size_t value)
{
    add(l, key, PMIX_SIZE)->data.size = value;
}

void infos_rank(struct infos *l, const char *key, pmix_rank_t value)
{
    add(l, key, PMIX_PROC_RANK)->data.rank = value;
}

void infos_status(struct infos *l, const char *key, pmix_status_t value)
{
    add(l, key, PMIX_STATUS)->data.status = value;
}

void infos_bytes(struct infos *l, const char *key, const void *p, size_t n)
{
    char *copy = xmalloc(n ? n : 1);
    if (n)
        memcpy(copy, p, n);
    add(l, key, PMIX_BYTE_OBJECT)->data.bo = (pmix_byte_object_t){.bytes = copy, .size = n};
}

void proc_set(pmix_proc_t *p, const char *nspace, pmix_rank_t rank)
{
    memset(p, 0, sizeof *p);
    snprintf(p->nspace, sizeof p->nspace, "%s", nspace);
    p->rank = rank;
}

void infos_proc(struct infos *l, const char *key, const char *nspace, pmix_rank_t rank)
{
    pmix_proc_t *p = xmalloc(sizeof *p);
    proc_set(p, nspace, rank);
    add(l, key, PMIX_PROC)->data.proc = p;
}

void infos_data(struct infos *l, const char *key, pmix_data_type_t type, void *array, size_t n)
{
    pmix_data_array_t *a = xmalloc(sizeof *a);
    *a = (pmix_data_array_t){.type = type, .size = n, .array = array};
    add(l, key, PMIX_DATA_ARRAY)->data.darray = a;
}

void infos_array(struct infos *l, const char *key, struct infos *array)
{
    infos_data(l, key, PMIX_INFO, array->v, array->n);
    *array = (struct infos){NULL, 0, 0};
}

static void procs_fini(pmix_proc_info_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(v[i].hostname);
        free(v[i].executable_name);
    }
    free(v);
}

static void value_fini(pmix_value_t *v)
{
    if (v->type == PMIX_STRING)
        free(v->data.string);
    else if (v->type == PMIX_BYTE_OBJECT)
        free(v->data.bo.bytes);
    else if (v->type == PMIX_PROC)
        free(v->data.proc);
    else if (v->type == PMIX_DATA_ARRAY) {
        pmix_data_array_t *a = v->data.darray;
        struct infos inner = {a->array, a->size, 0};
        if (a->type == PMIX_INFO)
            infos_fini(&inner);
        else if (a->type == PMIX_PROC_INFO)
            procs_fini(a->array, a->size);
        else
            free(a->array);
        free(a);
    }
}

void infos_fini(struct infos *l)
{
    for (size_t i = 0; i < l->n; i++)
        value_fini(&l->v[i].value);
    free(l->v);
    *l = (struct infos){NULL, 0, 0};
}

const pmix_value_t *infos_find(const pmix_info_t *v, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strncmp(v[i].key, key, sizeof v[i].key) == 0)
            return &v[i].value;
    return NULL;
}

const char *infos_find_text(const pmix_info_t *v, size_t n, const char *key)
{
    const pmix_value_t *x = infos_find(v, n, key);
    return x && x->type == PMIX_STRING ? x->data.string : NULL;
}

bool infos_find_flag(const pmix_info_t *v, size_t n, const char *key)
{
    const pmix_value_t *x = infos_find(v, n, key);
    return x && (x->type != PMIX_BOOL || x->data.flag);
}

long infos_find_number(const pmix_info_t *v, size_t n, const char *key, long none)
{
    const pmix_value_t *x = infos_find(v, n, key);
    switch (x ? x->type : PMIX_UNDEF) {
    case PMIX_INT:
        return x->data.integer;
    case PMIX_INT32:
        return x->data.int32;
    case PMIX_UINT32:
    case PMIX_UINT:
        return (long)x->data.uint32;
    case PMIX_SIZE:
        return (long)x->data.size;
    case PMIX_PERSIST:
        return x->data.persist;
    case PMIX_DATA_RANGE:
        return x->data.range;
    default:
        return none;
    }
}
