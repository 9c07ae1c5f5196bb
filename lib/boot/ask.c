/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ask: what only a launcher can do, a question at a time. A lookup that waits is many that do not, with growing pauses
 * between them: so other questions need not wait for it, and it works under launchers of others. So is the wait for the
 * end of a job. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "lib/boot/boot_ops.h"
#include "lib/boot/kvs_ops.h"
#include "lib/core/error.h"

static const struct {
    const char *verb;
    int refused;                      /* the class of an answer that is no */
    uint64_t pause_first, pause_most; /* ns */
} kinds[] = {[BOOT_PUBLISH] = {"publish", MPI_ERR_SERVICE},
             [BOOT_LOOKUP] = {"look up", MPI_ERR_NAME, 500000, 100000000},
             [BOOT_UNPUBLISH] = {"unpublish", MPI_ERR_SERVICE},
             [BOOT_SPAWN] = {"spawn", MPI_ERR_SPAWN},
             [BOOT_ENDED] = {"ask for the end of", MPI_ERR_SERVICE, 100000000, 1000000000},
             [BOOT_TIE] = {"connect with", MPI_ERR_SERVICE},
             [BOOT_PART] = {"part from", MPI_ERR_SERVICE}};

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int failed(const struct boot_ask *a, int rc, const char *why)
{
    error_detail_set(rc, "unable to %s %s: %s", kinds[a->what].verb,
                     a->what == BOOT_SPAWN ? a->commands[0].program : a->name, why);
    if (a->what == BOOT_SPAWN)
        for (int i = 0, at = 0; i < a->command_count; i++)
            for (int k = 0; k < a->commands[i].maxprocs; k++)
                a->codes[at++] = MPI_ERR_SPAWN;
    return rc;
}

/* Nobody can answer. */
static int unanswered(const struct boot_ask *a, const char *why)
{
    return failed(a, a->what == BOOT_SPAWN ? MPI_ERR_SPAWN : MPI_ERR_SERVICE, why);
}

static const char *invalid(const struct boot_ask *a)
{
    if (a->what == BOOT_SPAWN) {
        for (int i = 0; i < a->preput_count; i++)
            if (!boot_key_valid(a->preput[i].key) || a->preput[i].n > BOOT_VALUE_MAX)
                return "what was put for the new processes is not valid";
        return NULL;
    }
    if (!*a->name || strlen(a->name) > BOOT_NAME_MAX)
        return *a->name ? "the name is longer than 1024 bytes" : "the name is empty";
    if (a->what == BOOT_PUBLISH && (!*a->port || strlen(a->port) > BOOT_PORT_MAX))
        return *a->port ? "the port is longer than 1024 bytes" : "the port is empty";
    return NULL;
}

/* The next question is asked after a pause. */
static void pause_next(struct boot_ask *a)
{
    struct boot_asking *g = &a->asking;
    g->pause = g->pause ? 2 * g->pause : kinds[a->what].pause_first;
    if (g->pause > kinds[a->what].pause_most)
        g->pause = kinds[a->what].pause_most;
    g->again = now() + g->pause;
}

/* MPI_SUCCESS: it is on its way. */
static int send_now(struct boot_ask *a, struct kvs *c)
{
    const char *bad = invalid(a);
    if (!bad && a->what >= BOOT_ENDED && !c->waits) /* not ours */
        bad = "the launcher does not tell";
    if (!bad && c->asked)
        return MPI_ERR_PENDING;
    bad = bad ? bad : c->ops->ask_begin(c, a);
    if (bad)
        return failed(a, kinds[a->what].refused, bad);
    if (c->why[0])
        return a->what == BOOT_ENDED ? failed(a, MPI_ERR_OTHER, c->why) : unanswered(a, c->why);
    a->asking.sent = true;
    return MPI_SUCCESS;
}

/* The name is not there: is it time to give up? */
static bool looks_again(struct boot_ask *a)
{
    struct boot_asking *g = &a->asking;
    uint64_t t = now();
    if (a->what != BOOT_LOOKUP || a->patience == 0 || (a->patience > 0 && g->until && t >= g->until))
        return false;
    if (!g->until)
        g->until = t + (a->patience > 0 ? (uint64_t)(a->patience * 1e9) : 0);
    pause_next(a);
    if (a->patience > 0 && g->again > g->until)
        g->again = g->until;
    return true;
}

/* What launchers say of names, in words for people. */
static const char *plain(const char *why)
{
    return strcmp(why, "service_not_found") == 0     ? "nobody has published it"
           : strcmp(why, "key_already_present") == 0 ? "it is published already"
                                                     : why;
}

/* A job that runs has attributes. */
static int ended(struct boot_ask *a, bool runs)
{
    if (!runs)
        return MPI_SUCCESS;
    pause_next(a);
    return MPI_ERR_PENDING;
}

static int take_answer(struct boot_ask *a, struct kvs *c, bool block)
{
    char why[200];
    bool granted;
    if (!c->ops->ask_end(c, a, block, &granted, why, sizeof why))
        return MPI_ERR_PENDING;
    a->asking.sent = false;
    if (c->why[0])
        return a->what == BOOT_ENDED ? failed(a, MPI_ERR_OTHER, why) : unanswered(a, why);
    if (a->what == BOOT_ENDED)
        return ended(a, granted);
    if (granted)
        return MPI_SUCCESS;
    return looks_again(a) ? MPI_ERR_PENDING : failed(a, kinds[a->what].refused, plain(why));
}

static int test(struct boot_ask *a, bool block)
{
    char why[200] = "";
    if (a->what == BOOT_ENDED && !a->asking.pause)
        pause_next(a); /* most jobs that are asked for have just begun */
    if (!a->asking.sent && a->asking.again && now() < a->asking.again)
        return MPI_ERR_PENDING;
    if (a->what > BOOT_ENDED && !boot_kvs_begun())
        return unanswered(a, "there is no launcher");
    struct kvs *c = boot_kvs(why, sizeof why);
    if (!c && boot_kvs_starting())
        return MPI_ERR_PENDING;
    if (!c)
        return unanswered(a, why[0] ? why : "this program was started by itself, and there is no launcher to ask");
    int rc = a->asking.sent ? MPI_SUCCESS : send_now(a, c);
    return rc == MPI_SUCCESS ? take_answer(a, c, block) : rc;
}

int boot_ask_test(struct boot_ask *a, bool block)
{
    const struct timespec moment = {0, 200000};
    int rc;
    while ((rc = test(a, block)) == MPI_ERR_PENDING && block)
        nanosleep(&moment, NULL);
    return rc;
}

bool boot_ask_drop(struct boot_ask *a)
{
    char why[200];
    bool granted;
    struct kvs *c = a->asking.sent ? boot_kvs(why, sizeof why) : NULL;
    a->asking.sent = c && !c->ops->ask_end(c, a, false, &granted, why, sizeof why);
    return !a->asking.sent;
}
