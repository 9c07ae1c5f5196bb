/* SPDX-License-Identifier: BSD-3-Clause
 *
 * convert: elements from memory to their form in the file, and back. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/core/state.h"
#include "lib/datatype/envelope.h"
#include "lib/datatype/external.h"
#include "lib/io/represent.h"

/* Bytes in the file of n elements of t, whose sizes are known, and which have been found not to be too many. */
static MPI_Count in_file(const struct represent *r, const struct datatype *t)
{
    MPI_Count size = 0;
    represent_size((struct represent *)(uintptr_t)r, t, &size);
    return size;
}

/* Adds what of n elements of t lies wholly within *left bytes, which become less by that. False: some did not. */
static bool take(const struct represent *r, const struct datatype *t, MPI_Count n, MPI_Count *left,
                 struct represent_amount *a)
{
    if (t->elements == 0 || n == 0)
        return true;
    t = envelope_kernel(t, &n);
    bool basic = t->basic >= 0;
    if (basic)
        n *= envelope_basics(t), t = &basic_types[t->basic];
    MPI_Count one = basic ? r->bytes[t->basic] : in_file(r, t), k = *left / one < n ? *left / one : n;
    *left -= k * one;
    a->bytes += k * t->size;
    a->elements += k * t->elements;
    if (k == n || basic)
        return k == n;
    for (int64_t i = 0; i < t->envelope->n[ENV_TYPE]; i++)
        if (!take(r, t->envelope->types[i], envelope_length(t->envelope, i), left, a))
            return false;
    return false;
}

struct represent_amount represent_whole(const struct represent *r, const struct datatype *t, MPI_Count bytes)
{
    struct represent_amount a = {0, 0};
    MPI_Count one = in_file(r, t);
    if (one == 0)
        return a;
    a = (struct represent_amount){bytes / one * t->size, bytes / one * t->elements};
    bytes %= one;
    take(r, t, 1, &bytes, &a);
    return a;
}

static int call_user(const struct datarep *d, bool out, void *buf, const struct datatype *t, MPI_Count n, void *file,
                     MPI_Offset at)
{
    MPI_Datatype h = datatype_handle(t);
    struct callback_state callback = callback_begin();
    int rc = d->wide ? (out ? d->write : d->read).large(buf, h, n, file, at, d->extra)
                     : (out ? d->write : d->read).small(buf, h, (int)n, file, at, d->extra);
    callback_end(callback);
    if (rc == MPI_SUCCESS)
        return rc;
    error_detail_set(MPI_ERR_CONVERSION, "the %s function of %.60s returned %d", out ? "write" : "read", d->name, rc);
    return MPI_ERR_CONVERSION;
}

/* By the program's function: all elements at once, or as many as an int counts and whole types hold. */
static int convert_user(const struct represent *r, bool out, void *buf, const struct datatype *t,
                        struct represent_amount all, char *file)
{
    const struct datarep *d = r->user;
    MPI_Count each = all.elements, one = in_file(r, t);
    if (!d->wide && each > INT_MAX)
        each = INT_MAX / t->elements * t->elements;
    if (each == 0 && all.elements > 0) {
        error_detail_set(MPI_ERR_CONVERSION, "the datatype has more elements than the functions of %.60s count",
                         d->name);
        return MPI_ERR_CONVERSION;
    }
    int rc = MPI_SUCCESS;
    for (MPI_Count at = 0; at < all.elements && rc == MPI_SUCCESS; at += each, file += each / t->elements * one)
        rc = call_user(d, out, buf, t, all.elements - at < each ? all.elements - at : each, file, at);
    return rc;
}

/* Without a function the file has what memory has. */
static int check_native(const struct represent *r, const struct datatype *t)
{
    if (in_file(r, t) == t->size)
        return MPI_SUCCESS;
    error_detail_set(MPI_ERR_CONVERSION, "%.60s has no function for what has another size in the file", r->user->name);
    return MPI_ERR_CONVERSION;
}

static bool has_function(const struct datarep *d, bool out)
{
    if (d->wide)
        return out ? d->write.large : d->read.large;
    return out ? d->write.small : d->read.small;
}

int represent_write(const struct represent *r, const struct datatype *t, const void *buf, MPI_Count count, void *file)
{
    MPI_Count at = 0;
    void *from = (void *)(uintptr_t)buf;
    if (!r->user)
        return mpi_pack_external("external32", buf, count, (struct datatype *)(uintptr_t)t, file, INT64_MAX, &at);
    if (has_function(r->user, true))
        return convert_user(r, true, from, t, (struct represent_amount){count * t->size, count * t->elements}, file);
    int rc = check_native(r, t);
    if (rc == MPI_SUCCESS)
        datatype_pack(t, buf, count, 0, file, (size_t)(count * t->size));
    return rc;
}

/* The last element, of which the first n bytes are there. */
static int read_part(const struct represent *r, const struct datatype *t, void *buf, MPI_Count count, MPI_Count from,
                     const char *file, MPI_Count n)
{
    size_t one = (size_t)in_file(r, t);
    struct represent_amount a = represent_whole(r, t, n);
    if (a.bytes == 0)
        return MPI_SUCCESS;
    char *external = calloc(1, one), *native = malloc((size_t)t->size);
    if (external && native) {
        memcpy(external, file, (size_t)n);
        external_convert(t, 1, native, external, false);
        datatype_unpack(t, buf, count, from, native, (size_t)a.bytes);
    }
    int rc = external && native ? MPI_SUCCESS : MPI_ERR_NO_MEM;
    free(external);
    free(native);
    return rc;
}

static int read_external(const struct represent *r, const struct datatype *t, void *buf, MPI_Count count,
                         const char *file, MPI_Count n)
{
    MPI_Count one = in_file(r, t), whole = n / one, at = 0;
    struct datatype *type = (struct datatype *)(uintptr_t)t;
    int rc = mpi_unpack_external("external32", file, n, &at, buf, whole, type);
    if (rc == MPI_SUCCESS && whole < count)
        rc = read_part(r, t, buf, count, whole * t->size, file + whole * one, n - whole * one);
    return rc;
}

int represent_read(const struct represent *r, const struct datatype *t, void *buf, MPI_Count count, const void *file,
                   MPI_Count n)
{
    struct represent_amount there = represent_whole(r, t, n);
    if (there.bytes == 0)
        return MPI_SUCCESS;
    if (!r->user)
        return read_external(r, t, buf, count, file, n);
    if (has_function(r->user, false))
        return convert_user(r, false, buf, t, there, (char *)(uintptr_t)file);
    int rc = check_native(r, t);
    if (rc == MPI_SUCCESS)
        datatype_unpack(t, buf, count, 0, file, (size_t)there.bytes);
    return rc;
}
