/* SPDX-License-Identifier: BSD-3-Clause
 *
 * represent: what datatypes are in the file: a table of the sizes of basic elements, by which their other forms are
 * made again. */
#include "lib/io/represent.h"
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/core/state.h"
#include "lib/datatype/envelope.h"
#include "lib/datatype/external.h"

int represent_find(struct represent *r, const char *name)
{
    *r = (struct represent){0};
    if (strcmp(name, "native") == 0 || strcmp(name, "internal") == 0)
        return MPI_SUCCESS;
    r->converts = true;
    r->user = datarep_find(name);
    if (r->user || strcmp(name, "external32") == 0)
        return MPI_SUCCESS;
    error_detail_set(MPI_ERR_UNSUPPORTED_DATAREP, "%.60s", name);
    return MPI_ERR_UNSUPPORTED_DATAREP;
}

static int ask_user(struct represent *r, int basic)
{
    MPI_Aint extent = 0;
    struct callback_state callback = callback_begin();
    int rc = r->user->extent(basic_table[basic].handle, &extent, r->user->extra);
    callback_end(callback);
    if (rc == MPI_SUCCESS && extent > 0) {
        r->bytes[basic] = extent;
        return MPI_SUCCESS;
    }
    error_detail_set(MPI_ERR_CONVERSION, "the extent function of %.60s: extent %lld of %s, error %d", r->user->name,
                     (long long)extent, basic_table[basic].name, rc);
    return MPI_ERR_CONVERSION;
}

static int learn_basic(struct represent *r, int basic)
{
    if (r->bytes[basic] > 0)
        return MPI_SUCCESS;
    if (r->user)
        return ask_user(r, basic);
    r->bytes[basic] = external_basic(basic);
    return MPI_SUCCESS;
}

/* And adds what n of t are. */
static int add(struct represent *r, const struct datatype *t, MPI_Count n, MPI_Count *size)
{
    if (t->elements == 0 || n == 0)
        return MPI_SUCCESS;
    t = envelope_kernel(t, &n);
    MPI_Count one = 0;
    int rc = MPI_SUCCESS;
    if (t->basic >= 0) {
        rc = learn_basic(r, t->basic);
        one = r->bytes[t->basic];
        n *= envelope_basics(t);
    } else {
        for (int64_t i = 0; i < t->envelope->n[ENV_TYPE] && rc == MPI_SUCCESS; i++)
            rc = add(r, t->envelope->types[i], envelope_length(t->envelope, i), &one);
    }
    if (rc == MPI_SUCCESS &&
        (__builtin_mul_overflow(n, one, &n) || __builtin_add_overflow(*size, n, size) || *size > INT64_MAX / 4)) {
        error_detail_set(MPI_ERR_COUNT, "the data have too many bytes in the file");
        rc = MPI_ERR_COUNT;
    }
    return rc;
}

int represent_size(struct represent *r, const struct datatype *t, MPI_Count *size)
{
    *size = r->converts ? 0 : t->size;
    return r->converts ? add(r, t, 1, size) : MPI_SUCCESS;
}

/* Do all elements have the same size and no gaps in both forms? For who knows all sizes. */
static bool same(const struct represent *r, const struct datatype *t)
{
    MPI_Count n = 1;
    if (t->elements == 0)
        return true;
    t = envelope_kernel(t, &n);
    if (t->basic >= 0)
        return r->bytes[t->basic] == basic_types[t->basic].extent && basic_types[t->basic].dense;
    for (int64_t i = 0; i < t->envelope->n[ENV_TYPE]; i++)
        if (envelope_length(t->envelope, i) > 0 && !same(r, t->envelope->types[i]))
            return false;
    return true;
}

static int form(const struct represent *r, struct datatype *t, struct datatype **out);

static int form_basic(const struct represent *r, struct datatype *t, struct datatype **out)
{
    MPI_Datatype made;
    lib.wide = true;
    int rc = mpi_type_contiguous(r->bytes[t->basic], &datatype_byte, &made);
    if (rc == MPI_SUCCESS)
        *out = datatype_of(made);
    return rc;
}

static int form_members(const struct represent *r, struct datatype *t, struct datatype **out)
{
    const struct envelope *e = t->envelope;
    int64_t n = e->n[ENV_TYPE], done = 0;
    struct datatype **parts = malloc((size_t)n * sizeof(struct datatype *));
    int rc = parts ? MPI_SUCCESS : MPI_ERR_NO_MEM;
    while (rc == MPI_SUCCESS && done < n)
        if ((rc = form(r, e->types[done], &parts[done])) == MPI_SUCCESS)
            done++;
    if (rc == MPI_SUCCESS)
        rc = envelope_again(e, parts, out);
    while (done > 0)
        datatype_unref(parts[--done]);
    free(parts);
    return rc;
}

/* Types that consist of one part each may be nested very deeply: down to the first that does not, and up again. */
static int form(const struct represent *r, struct datatype *t, struct datatype **out)
{
    if (same(r, t)) {
        *out = datatype_ref(t);
        return MPI_SUCCESS;
    }
    size_t n = 0, i = 0;
    struct datatype *at = t, *made;
    for (; at->envelope && envelope_single(at->envelope); at = at->envelope->types[0])
        n++;
    struct datatype **outer = malloc((n + 1) * sizeof(struct datatype *));
    if (!outer)
        return MPI_ERR_NO_MEM;
    for (at = t; i < n; at = at->envelope->types[0])
        outer[i++] = at;
    int rc = at->envelope && at->envelope->n[ENV_TYPE] > 0 ? form_members(r, at, &made) : form_basic(r, at, &made);
    while (rc == MPI_SUCCESS && i > 0) {
        struct datatype *part = made;
        rc = envelope_again(outer[--i]->envelope, &part, &made);
        datatype_unref(part);
    }
    free(outer);
    if (rc == MPI_SUCCESS)
        *out = made;
    return rc;
}

int represent_type(struct represent *r, struct datatype *t, struct datatype **out)
{
    MPI_Count size;
    int rc = represent_size(r, t, &size);
    if (rc != MPI_SUCCESS)
        return rc;
    if (r->converts)
        return form(r, t, out);
    *out = datatype_ref(t);
    return MPI_SUCCESS;
}
