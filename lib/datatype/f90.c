/* SPDX-License-Identifier: BSD-3-Clause
 *
 * f90: the datatypes of Fortran's selected kinds. The same precision and range give the same handle, which is
 * predefined though it has no name in the ABI: it cannot be freed. */
#include "lib/bindings/impl.h"
#include "lib/core/state.h"
#include "lib/datatype/envelope.h"

struct wish {
    int combiner, p, r;
};
enum { MOST = 256 };
static struct {
    struct wish wish;
    MPI_Datatype type;
} made[MOST];
static int made_count;

static int make(struct wish w, MPI_Datatype base, MPI_Datatype *out)
{
    for (int i = 0; i < made_count; i++)
        if (made[i].wish.combiner == w.combiner && made[i].wish.p == w.p && made[i].wish.r == w.r) {
            *out = made[i].type;
            return MPI_SUCCESS;
        }
    int rc = made_count < MOST ? mpi_type_dup(datatype_of(base), out) : MPI_ERR_NO_MEM;
    if (rc != MPI_SUCCESS)
        return rc;
    struct datatype *t = datatype_of(*out);
    lib.wide = false;
    envelope_free(t->envelope);
    bool whole = w.combiner == MPI_COMBINER_F90_INTEGER;
    const struct constructor_arg args[] = {{ARG_INT, whole ? w.r : w.p}, {whole ? ARG_END : ARG_INT, w.r}, {ARG_END}};
    t->envelope = envelope_new(w.combiner, false, args, 0);
    if (!t->envelope) {
        datatype_unref(t);
        return MPI_ERR_NO_MEM;
    }
    t->obj.predefined = t->committed = true;
    made[made_count].wish = w;
    made[made_count++].type = *out;
    return MPI_SUCCESS;
}

void datatype_fini(void)
{
    while (made_count > 0) {
        struct datatype *t = datatype_of(made[--made_count].type);
        t->obj.predefined = false;
        datatype_unref(t);
    }
}

int mpi_type_create_f90_integer(int r, MPI_Datatype *newtype)
{
    static const struct {
        int range;
        MPI_Datatype type;
    } kinds[] = {{2, MPI_INTEGER1}, {4, MPI_INTEGER2}, {9, MPI_INTEGER4}, {18, MPI_INTEGER8}, {38, MPI_INTEGER16}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (r <= kinds[i].range)
            return make((struct wish){MPI_COMBINER_F90_INTEGER, 0, r}, kinds[i].type, newtype);
    return MPI_ERR_ARG;
}

static int floating(int combiner, int p, int r, MPI_Datatype *newtype)
{
    static const struct {
        int digits, range;
        MPI_Datatype real, complex;
    } kinds[] = {
        {6, 37, MPI_REAL4, MPI_COMPLEX8}, {15, 307, MPI_REAL8, MPI_COMPLEX16}, {33, 4931, MPI_REAL16, MPI_COMPLEX32}};
    if (p == MPI_UNDEFINED && r == MPI_UNDEFINED)
        return MPI_ERR_ARG;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (p <= kinds[i].digits && r <= kinds[i].range)
            return make((struct wish){combiner, p, r},
                        combiner == MPI_COMBINER_F90_REAL ? kinds[i].real : kinds[i].complex, newtype);
    return MPI_ERR_ARG;
}

int mpi_type_create_f90_real(int p, int r, MPI_Datatype *newtype)
{
    return floating(MPI_COMBINER_F90_REAL, p, r, newtype);
}

int mpi_type_create_f90_complex(int p, int r, MPI_Datatype *newtype)
{
    return floating(MPI_COMBINER_F90_COMPLEX, p, r, newtype);
}
