/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_dir: names that all mpiexecs of a user on this machine see, in the directory of name_place.h. Each call is a few
 * calls of the system in memory, and waits for nobody. Whatever another process does, or leaves when it is killed: no
 * name is served whose owner does not run, and none is lost whose owner does.
 */
#ifndef LAUNCHER_NAME_DIR_H
#define LAUNCHER_NAME_DIR_H

#include "launcher/name_link.h"

enum name_dir_result {
    NAME_DIR_DONE,
    NAME_DIR_TAKEN,  /* publish: somebody has published it */
    NAME_DIR_ABSENT, /* lookup, unpublish: nobody has */
    NAME_DIR_BUSY,   /* publish: somebody is just removing what was left; try again */
    NAME_DIR_FAILED, /* e says why */
};

struct name_dir;

struct name_dir *name_dir_create(void);    /* opens nothing */
void name_dir_destroy(struct name_dir *d); /* what it has published goes; NULL is allowed */
/* Of n its name, port, job and rank count. */
enum name_dir_result name_dir_publish(struct name_dir *d, const struct name_entry *n, struct err *e);
/* On NAME_DIR_DONE *n is filled; what it points to lives until the next call. */
enum name_dir_result name_dir_lookup(struct name_dir *d, struct bytes name, struct name_entry *n, struct err *e);
/* Only what this one has published. */
void name_dir_unpublish(struct name_dir *d, struct bytes name);
/* One of the others was killed: removes what such have left, at most so many files of the directory are looked at.
 * True: there is more to do. */
bool name_dir_sweep(struct name_dir *d, unsigned most);
/* Every name that is served, in no order. 0, or -1 with e set. */
typedef void name_dir_fn(void *arg, const struct name_entry *n);
int name_dir_each(struct name_dir *d, name_dir_fn *fn, void *arg, struct err *e);

#endif
