/* SPDX-License-Identifier: BSD-3-Clause
 *
 * info: ordered pairs of strings, and the MPI_Info calls (MPI 5.0, chapter 10). */
#include "lib/object/info.h"
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"

static struct info info_env;

struct info *info_new(void)
{
    return obj_new(OBJ_INFO, sizeof(struct info));
}

static int find(const struct info *i, const char *key)
{
    for (int k = 0; k < i->count; k++)
        if (strcmp(i->pairs[k].key, key) == 0)
            return k;
    return -1;
}

const char *info_find(const struct info *i, const char *key)
{
    int k = i ? find(i, key) : -1;
    return k < 0 ? NULL : i->pairs[k].value;
}

int info_put(struct info *i, const char *key, const char *value)
{
    char *v = strdup(value);
    int k = find(i, key);
    if (!v)
        return MPI_ERR_NO_MEM;
    if (k >= 0) {
        free(i->pairs[k].value);
        i->pairs[k].value = v;
        return MPI_SUCCESS;
    }
    struct info_pair *p = realloc(i->pairs, (size_t)(i->count + 1) * sizeof *p);
    char *name = strdup(key);
    if (p)
        i->pairs = p;
    if (!p || !name) {
        free(v);
        free(name);
        return MPI_ERR_NO_MEM;
    }
    i->pairs[i->count++] = (struct info_pair){name, v};
    return MPI_SUCCESS;
}

struct info *info_copy(const struct info *from)
{
    struct info *i = info_new();
    for (int k = 0; i && from && k < from->count; k++)
        if (info_put(i, from->pairs[k].key, from->pairs[k].value) != MPI_SUCCESS) {
            info_destroy(i);
            return NULL;
        }
    return i;
}

static void pairs_free(struct info *i)
{
    for (int k = 0; k < i->count; k++) {
        free(i->pairs[k].key);
        free(i->pairs[k].value);
    }
    free(i->pairs);
    i->pairs = NULL;
    i->count = 0;
}

void info_destroy(struct info *i)
{
    if (!i || i->obj.predefined)
        return;
    pairs_free(i);
    obj_free(&i->obj);
}

void info_init(void)
{
    obj_predefine(&info_env.obj, OBJ_INFO, (uintptr_t)MPI_INFO_ENV);
}

void info_fini(void)
{
    pairs_free(&info_env);
}

static int key_check(const char *key)
{
    size_t n = strnlen(key, MPI_MAX_INFO_KEY);
    return n == 0 || n == MPI_MAX_INFO_KEY ? MPI_ERR_INFO_KEY : MPI_SUCCESS;
}

int mpi_info_create(MPI_Info *info)
{
    struct info *i = info_new();
    if (!i)
        return MPI_ERR_NO_MEM;
    *info = (MPI_Info)i->obj.handle;
    return MPI_SUCCESS;
}

int mpi_info_dup(struct info *info, MPI_Info *newinfo)
{
    struct info *i = info_copy(info);
    if (!i)
        return MPI_ERR_NO_MEM;
    *newinfo = (MPI_Info)i->obj.handle;
    return MPI_SUCCESS;
}

int mpi_info_free(MPI_Info *info)
{
    struct info *i = info_of(*info);
    if (i->obj.predefined)
        return MPI_ERR_INFO;
    info_destroy(i);
    *info = MPI_INFO_NULL;
    return MPI_SUCCESS;
}

int mpi_info_set(struct info *info, const char *key, const char *value)
{
    int rc = key_check(key);
    if (rc != MPI_SUCCESS)
        return rc;
    if (info->obj.predefined)
        return MPI_ERR_INFO;
    if (strnlen(value, MPI_MAX_INFO_VAL) == MPI_MAX_INFO_VAL)
        return MPI_ERR_INFO_VALUE;
    return info_put(info, key, value);
}

int mpi_info_delete(struct info *info, const char *key)
{
    int rc = key_check(key), k;
    if (rc != MPI_SUCCESS)
        return rc;
    if (info->obj.predefined)
        return MPI_ERR_INFO;
    if ((k = find(info, key)) < 0)
        return MPI_ERR_INFO_NOKEY;
    free(info->pairs[k].key);
    free(info->pairs[k].value);
    memmove(&info->pairs[k], &info->pairs[k + 1], (size_t)(--info->count - k) * sizeof *info->pairs);
    return MPI_SUCCESS;
}

int mpi_info_get_nkeys(struct info *info, int *nkeys)
{
    *nkeys = info->count;
    return MPI_SUCCESS;
}

int mpi_info_get_nthkey(struct info *info, int n, char *key)
{
    if (n < 0 || n >= info->count)
        return MPI_ERR_ARG;
    strcpy(key, info->pairs[n].key);
    return MPI_SUCCESS;
}

int mpi_info_get_string(struct info *info, const char *key, int *buflen, char *value, int *flag)
{
    int rc = key_check(key);
    if (rc != MPI_SUCCESS || *buflen < 0)
        return rc != MPI_SUCCESS ? rc : MPI_ERR_ARG;
    const char *v = info_find(info, key);
    *flag = v != NULL;
    if (!v)
        return MPI_SUCCESS;
    if (*buflen > 0) {
        size_t n = strnlen(v, (size_t)*buflen - 1);
        memcpy(value, v, n);
        value[n] = 0;
    }
    *buflen = (int)strlen(v) + 1;
    return MPI_SUCCESS;
}

int mpi_info_get(struct info *info, const char *key, int valuelen, char *value, int *flag)
{
    if (valuelen < 0)
        return MPI_ERR_ARG;
    int n = valuelen + 1; /* this old form counts without the terminating zero */
    return mpi_info_get_string(info, key, &n, value, flag);
}

int mpi_info_get_valuelen(struct info *info, const char *key, int *valuelen, int *flag)
{
    int rc = key_check(key);
    const char *v = rc == MPI_SUCCESS ? info_find(info, key) : NULL;
    if (rc == MPI_SUCCESS)
        *flag = v != NULL;
    if (v)
        *valuelen = (int)strlen(v);
    return rc;
}
