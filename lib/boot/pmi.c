/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi: under a launcher that speaks PMI-1 or PMI-2 on PMI_FD. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "lib/boot/boot_ops.h"
#include "lib/boot/pmi_client.h"

static struct pmi_client client = {.fd = -1};

static int numbered(const char *name, int otherwise)
{
    const char *s = getenv(name);
    char *end;
    long n = s && *s ? strtol(s, &end, 10) : otherwise;
    return s && *s && *end ? otherwise : n < INT32_MIN || n > INT32_MAX ? otherwise : (int)n;
}

/* The descriptor, if somebody has left one for us. What a script has opened in its place must not be written to. */
static int inherited_fd(void)
{
    struct stat st;
    int fd = numbered("PMI_FD", -1);
    return fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) ? fd : -1;
}

bool pmi_offered(void)
{
    return inherited_fd() >= 0;
}

static struct stat remembered;

void pmi_remember(void)
{
    int fd = inherited_fd();
    if (fd < 0 || fstat(fd, &remembered) != 0)
        remembered = (struct stat){0};
}

static bool intact(int fd)
{
    struct stat now;
    return fd >= 0 && fstat(fd, &now) == 0 && now.st_ino == remembered.st_ino && now.st_dev == remembered.st_dev;
}

static bool put(struct kvs *k, const char *key, const char *value)
{
    return pmi_client_put(&client, key, value);
}

static bool fence(struct kvs *k)
{
    return pmi_client_fence(&client);
}

static bool get_begin(struct kvs *k, int owner, const char *key, bool wait)
{
    return pmi_client_get_begin(&client, key, wait);
}

static bool get_end(struct kvs *k, bool block, char **value)
{
    return pmi_client_get_end(&client, block, value);
}

static const char *ask_begin(struct kvs *k, const struct boot_ask *a)
{
    return pmi_service_begin(&client, a);
}

static bool ask_end(struct kvs *k, struct boot_ask *a, bool block, bool *granted, char *why, size_t n)
{
    return pmi_service_end(&client, a, block, granted, why, n);
}

static bool client_open(int fd, int version)
{
    static const struct kvs_ops ops = {put, fence, get_begin, get_end, ask_begin, ask_end};
    bool ok = pmi_client_open(&client, fd, version);
    client.kvs.ops = &ops;
    return ok;
}

/* PMI-2 is Slurm's own, by which it names its job, and ours can say more in it. Hydra's PMI-2 knows no abort. */
static bool open_client(int fd)
{
    bool newer = getenv("PMI_JOBID") || getenv(NODE_SEGMENT_FD_ENV);
    int version = numbered("MUSTER_PMI", newer ? 2 : 1);
    return client_open(fd, version == 2 ? 2 : 1);
}

static bool facts_get(struct pmi_facts *f, char *why, size_t n)
{
    *f = (struct pmi_facts){
        .job = getenv("PMI_JOBID"), .rank = numbered("PMI_RANK", -1), .size = numbered("PMI_SIZE", -1)};
    bool ok = pmi_client_facts(&client, f);
    if (!ok)
        snprintf(why, n, "%s", client.kvs.why);
    return ok;
}

static bool join(struct boot *b, char *why, size_t n)
{
    struct pmi_facts f;
    if (!facts_get(&f, why, n))
        return false;
    b->rank = f.rank;
    b->size = f.size;
    b->appnum = f.appnum;
    b->universe_size = f.universe_size;
    bool ok = b->size == 1 || boot_place(b, &client.kvs, f.map, client.space, why, n);
    free(f.map);
    return ok;
}

static int init(struct boot *b, char *why, size_t n)
{
    int fd = inherited_fd();
    if (fd < 0)
        return BOOT_ABSENT;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    pmi_remember();
    if (!open_client(fd)) {
        snprintf(why, n, "%s", client.kvs.why);
        return BOOT_ERROR;
    }
    return join(b, why, n) ? BOOT_DONE : BOOT_ERROR;
}

/* An answer that nobody waits for any more comes first; where the key is never put, it never comes. */
static bool answer_taken(void)
{
    enum { LOOKS = 1000, LOOK_US = 1000 };
    for (int i = 0; !pmi_client_skip(&client) && i < LOOKS; i++)
        usleep(LOOK_US);
    return !client.kvs.asked;
}

static bool finalize(void)
{
    if (client.fd < 0)
        return false;
    if (!intact(client.fd))
        client.fd = -1;
    else if (answer_taken())
        pmi_client_finalize(&client);
    return client.fd >= 0;
}

void pmi_fini(void)
{
    if (finalize())
        pmi_client_close(&client);
}

void pmi_rest(void)
{
    if (!finalize())
        return;
    if (boot.node_count > 1)
        pmi_client_rest(&client);
    else
        pmi_client_close(&client);
}

struct kvs *pmi_kvs(char *why, size_t n)
{
    struct pmi_facts f;
    int fd = inherited_fd();
    if (client.fd >= 0)
        return &client.kvs;
    if (!intact(fd)) {
        snprintf(why, n, "PMI_FD is not open here, or another file by now");
        return NULL;
    }
    if (!open_client(fd)) {
        snprintf(why, n, "%s", client.kvs.why);
        return NULL;
    }
    if (!facts_get(&f, why, n))
        return NULL;
    free(f.map);
    return &client.kvs;
}

bool pmi_adopt(int fd, char *why, size_t n)
{
    struct pmi_facts f = {.rank = 0, .size = 1};
    if (fstat(fd, &remembered) == 0 && client_open(fd, 2) && pmi_client_facts(&client, &f)) {
        free(f.map);
        return true;
    }
    snprintf(why, n, "%s", client.kvs.why);
    pmi_client_close(&client);
    return false;
}

void pmi_forked(void)
{
    pmi_client_close(&client);
}

/* The launcher kills this process too; should it not, the caller ends it. */
static void abort_job(int code, const char *why)
{
    boot_place_drop();
    if (intact(client.fd))
        pmi_client_abort(&client, code, why);
}

void pmi_abort(int code, const char *why)
{
    int fd = client.fd < 0 ? inherited_fd() : client.fd;
    if (intact(fd) && (client.fd >= 0 || open_client(fd)))
        abort_job(code, why);
}

/* Slurm ends a job at once, and loses what ranks have just written: so ours gets a moment to come through. */
static void abort_when_told(int code, const char *why)
{
    const struct timespec look = {0, 5000000}, moment = {0, 100000000};
    struct stat st;
    if (fstat(STDERR_FILENO, &st) == 0 && S_ISFIFO(st.st_mode)) {
        int left = 0;
        for (int i = 0; i < 100 && ioctl(STDERR_FILENO, FIONREAD, &left) == 0 && left > 0; i++)
            nanosleep(&look, NULL);
        nanosleep(&moment, NULL);
    }
    abort_job(code, why);
}

const struct boot_ops boot_pmi = {"PMI", init, pmi_fini, abort_when_told, pmi_kvs};
