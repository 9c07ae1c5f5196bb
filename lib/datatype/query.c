/* SPDX-License-Identifier: BSD-3-Clause
 *
 * query: what the user asks of a datatype, and MPI_Pack. */
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/datatype/basic.h"
#include "lib/datatype/datatype.h"

int mpi_type_commit(MPI_Datatype *datatype)
{
    datatype_of(*datatype)->committed = true;
    return MPI_SUCCESS;
}

int mpi_type_free(MPI_Datatype *datatype)
{
    struct datatype *t = datatype_of(*datatype);
    if (t->obj.predefined)
        return MPI_ERR_TYPE;
    int rc = attr_delete_all(&t->attrs, ATTR_TYPE, *datatype);
    if (rc != MPI_SUCCESS)
        return rc;
    datatype_unref(t);
    *datatype = MPI_DATATYPE_NULL;
    return MPI_SUCCESS;
}

int mpi_type_size(struct datatype *t, MPI_Count *size)
{
    *size = t->size;
    return MPI_SUCCESS;
}

int mpi_type_size_x(struct datatype *t, MPI_Count *size)
{
    *size = t->size;
    return MPI_SUCCESS;
}

int mpi_type_get_extent(struct datatype *t, MPI_Count *lb, MPI_Count *extent)
{
    *lb = t->lb;
    *extent = t->extent;
    return MPI_SUCCESS;
}

int mpi_type_get_extent_x(struct datatype *t, MPI_Count *lb, MPI_Count *extent)
{
    return mpi_type_get_extent(t, lb, extent);
}

int mpi_type_get_true_extent(struct datatype *t, MPI_Count *lb, MPI_Count *extent)
{
    *lb = t->true_lb;
    *extent = t->true_extent;
    return MPI_SUCCESS;
}

int mpi_type_get_true_extent_x(struct datatype *t, MPI_Count *lb, MPI_Count *extent)
{
    return mpi_type_get_true_extent(t, lb, extent);
}

int mpi_type_set_name(struct datatype *t, const char *name)
{
    if (strlen(name) >= MPI_MAX_OBJECT_NAME)
        return MPI_ERR_ARG;
    char *copy = strdup(name);
    if (!copy)
        return MPI_ERR_NO_MEM;
    free(t->name);
    t->name = copy;
    return MPI_SUCCESS;
}

static const char *name_of(const struct datatype *t)
{
    bool named = t >= basic_types && t < basic_types + BASIC_COUNT;
    return t->name ? t->name : named ? basic_table[t - basic_types].name : "";
}

int mpi_type_get_name(struct datatype *t, char *name, int *resultlen)
{
    *resultlen = (int)strlen(strcpy(name, t ? name_of(t) : "MPI_DATATYPE_NULL"));
    return MPI_SUCCESS;
}

int mpi_type_match_size(int typeclass, int size, MPI_Datatype *datatype)
{
    static const struct {
        int class, size;
        MPI_Datatype type;
    } sized[] = {
        {MPI_TYPECLASS_INTEGER, 1, MPI_INTEGER1},   {MPI_TYPECLASS_INTEGER, 2, MPI_INTEGER2},
        {MPI_TYPECLASS_INTEGER, 4, MPI_INTEGER4},   {MPI_TYPECLASS_INTEGER, 8, MPI_INTEGER8},
        {MPI_TYPECLASS_INTEGER, 16, MPI_INTEGER16}, {MPI_TYPECLASS_REAL, 2, MPI_REAL2},
        {MPI_TYPECLASS_REAL, 4, MPI_REAL4},         {MPI_TYPECLASS_REAL, 8, MPI_REAL8},
        {MPI_TYPECLASS_REAL, 16, MPI_REAL16},       {MPI_TYPECLASS_COMPLEX, 4, MPI_COMPLEX4},
        {MPI_TYPECLASS_COMPLEX, 8, MPI_COMPLEX8},   {MPI_TYPECLASS_COMPLEX, 16, MPI_COMPLEX16},
        {MPI_TYPECLASS_COMPLEX, 32, MPI_COMPLEX32},
    };
    for (size_t i = 0; i < sizeof sized / sizeof *sized; i++)
        if (sized[i].class == typeclass && sized[i].size == size) {
            *datatype = sized[i].type;
            return MPI_SUCCESS;
        }
    return MPI_ERR_ARG;
}

int mpi_type_get_value_index(struct datatype *value, struct datatype *index, MPI_Datatype *pair)
{
    static const MPI_Datatype known[][3] = {
        {MPI_FLOAT, MPI_INT, MPI_FLOAT_INT}, {MPI_DOUBLE, MPI_INT, MPI_DOUBLE_INT},
        {MPI_LONG, MPI_INT, MPI_LONG_INT},   {MPI_INT, MPI_INT, MPI_2INT},
        {MPI_SHORT, MPI_INT, MPI_SHORT_INT}, {MPI_LONG_DOUBLE, MPI_INT, MPI_LONG_DOUBLE_INT},
    };
    *pair = MPI_DATATYPE_NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i][0] == datatype_handle(value) && known[i][1] == datatype_handle(index))
            *pair = known[i][2];
    return MPI_SUCCESS;
}

int mpi_pack_size(MPI_Count count, struct datatype *t, struct comm *comm, MPI_Count *size)
{
    if (__builtin_mul_overflow(count, t->size, size))
        *size = MPI_UNDEFINED;
    return MPI_SUCCESS;
}

int mpi_pack(const void *in, MPI_Count count, struct datatype *t, void *out, MPI_Count outsize, MPI_Count *position,
             struct comm *comm)
{
    MPI_Count n = count * t->size;
    if (*position < 0 || n > outsize - *position)
        return MPI_ERR_TRUNCATE;
    datatype_pack(t, in, count, 0, (char *)out + *position, (size_t)n);
    *position += n;
    return MPI_SUCCESS;
}

int mpi_unpack(const void *in, MPI_Count insize, MPI_Count *position, void *out, MPI_Count count, struct datatype *t,
               struct comm *comm)
{
    MPI_Count n = count * t->size;
    if (*position < 0 || n > insize - *position)
        return MPI_ERR_TRUNCATE;
    datatype_unpack(t, out, count, 0, (const char *)in + *position, (size_t)n);
    *position += n;
    return MPI_SUCCESS;
}

int mpi_type_create_keyval(MPI_Type_copy_attr_function *copy, MPI_Type_delete_attr_function *del, int *keyval,
                           void *extra)
{
    return attr_keyval_create(ATTR_TYPE, (void *)(uintptr_t)copy, (void *)(uintptr_t)del, keyval, extra);
}

int mpi_type_free_keyval(int *keyval)
{
    return attr_keyval_free(ATTR_TYPE, keyval);
}

int mpi_type_set_attr(struct datatype *t, int keyval, void *value)
{
    return attr_set(&t->attrs, ATTR_TYPE, datatype_handle(t), keyval, value);
}

int mpi_type_get_attr(struct datatype *t, int keyval, void *value, int *flag)
{
    return value ? attr_get(&t->attrs, ATTR_TYPE, keyval, value, flag) : MPI_ERR_ARG;
}

int mpi_type_delete_attr(struct datatype *t, int keyval)
{
    return attr_delete(&t->attrs, ATTR_TYPE, datatype_handle(t), keyval);
}
