/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi: under a launcher that speaks PMI-1 on PMI_FD. The lowest rank of each node makes the node's segment and
 * publishes its name; one barrier makes it known. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/boot/boot_ops.h"

enum { LINE = 4096 };
static int fd = -1;
static char made[64]; /* the segment's name, until everybody has it open */

/* One line out. */
static bool say(const char *fmt, ...)
{
    char line[LINE];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line - 1, fmt, ap);
    va_end(ap);
    if (n < 0 || n >= (int)sizeof line - 1)
        return false;
    line[n++] = '\n';
    for (int at = 0; at < n;) {
        ssize_t w = write(fd, line + at, (size_t)(n - at));
        if (w < 0 && errno != EINTR)
            return false;
        at += w > 0 ? (int)w : 0;
    }
    return true;
}

/* One line in; the launcher answers one line to each of ours, so reading more than a line cannot happen. */
static bool hear(char line[LINE])
{
    int n = 0;
    while (n < LINE - 1) {
        ssize_t r = read(fd, line + n, (size_t)(LINE - 1 - n));
        if (r == 0 || (r < 0 && errno != EINTR))
            return false;
        n += r > 0 ? (int)r : 0;
        if (n > 0 && line[n - 1] == '\n') {
            line[n - 1] = 0;
            return true;
        }
    }
    return false;
}

/* The value of a key of a line "cmd=x key=value ..."; ends at a blank. */
static bool value(const char *line, const char *key, char *out, size_t size)
{
    size_t k = strlen(key), n = 0;
    for (const char *p = line; p; p = strchr(p, ' ')) {
        p += *p == ' ';
        if (strncmp(p, key, k) != 0 || p[k] != '=')
            continue;
        for (p += k + 1; *p && *p != ' ' && n + 1 < size; p++)
            out[n++] = *p == '\\' && p[1] ? *++p : *p;
        out[n] = 0;
        return true;
    }
    return false;
}

/* A question and its answer: the line must begin with `expect` and have no rc but 0. */
static bool ask(char line[LINE], const char *expect)
{
    char got[64], rc[16];
    return hear(line) && value(line, "cmd", got, sizeof got) && strcmp(got, expect) == 0 &&
           (!value(line, "rc", rc, sizeof rc) || strcmp(rc, "0") == 0);
}

static bool get(const char *space, const char *key, char *out, size_t n)
{
    char line[LINE];
    return say("cmd=get kvsname=%s key=%s", space, key) && ask(line, "get_result") && value(line, "value", out, n);
}

/* "(vector,(first,nodes,per_node),...)" to the node of each rank. */
static bool mapping_read(const char *text, uint32_t *node, int size, uint32_t *nodes)
{
    int rank = 0, first, count, each, used;
    *nodes = 0;
    if (strncmp(text, "(vector", 7) != 0)
        return false;
    const char *p = text + 7;
    while (rank < size) {
        if (sscanf(p, ",(%d,%d,%d)%n", &first, &count, &each, &used) != 3) {
            if (*p == ')' && rank > 0 && p != text + 7) {
                p = text + 7; /* the pattern repeats */
                continue;
            }
            return false;
        }
        if (first < 0 || count <= 0 || each <= 0)
            return false;
        for (int i = 0; i < count; i++)
            for (int k = 0; k < each && rank < size; k++)
                node[rank++] = (uint32_t)(first + i);
        if ((uint32_t)(first + count) > *nodes)
            *nodes = (uint32_t)(first + count);
        p += used;
    }
    return true;
}

static int numbered(const char *name, int otherwise)
{
    const char *s = getenv(name);
    return s && *s ? atoi(s) : otherwise;
}

static bool hello(void)
{
    char line[LINE];
    return say("cmd=init pmi_version=1 pmi_subversion=1") && ask(line, "response_to_init");
}

/* The lowest rank of each node makes, the others open. */
static bool segment_share(struct boot *b, const uint32_t *node, uint32_t nodes, const char *space)
{
    char key[64], path[64], line[LINE];
    int leader = 0;
    while (node[leader] != node[b->rank])
        leader++;
    snprintf(key, sizeof key, "muster-segment-%u", node[b->rank]);
    if (leader == b->rank) {
        if (boot_segment_make(b, node, nodes, space, made) != 0)
            return false;
        if (!say("cmd=put kvsname=%s key=%s value=%s", space, key, made) || !ask(line, "put_result"))
            return false;
    }
    if (!say("cmd=barrier_in") || !ask(line, "barrier_out"))
        return false;
    if (leader != b->rank) {
        if (!get(space, key, path, sizeof path))
            return false;
        int seg = open(path, O_RDWR | O_CLOEXEC);
        if (seg < 0 || boot_segment_map(b, seg) != 0)
            return false;
    }
    b->local_rank = 0;
    for (int r = 0; r < b->rank; r++)
        b->local_rank += node[r] == node[b->rank];
    /* Who opens it last takes the name away. */
    if (atomic_fetch_add(&b->segment->openers, 1) + 1 == b->segment->local_size)
        unlink(leader == b->rank ? made : path);
    return true;
}

static int join(struct boot *b, char *why, size_t n)
{
    char line[LINE], space[256], map[LINE], text[32];
    uint32_t nodes, *node = calloc((size_t)b->size, sizeof *node);
    bool ok = node != NULL;
    snprintf(why, n, "the launcher on PMI_FD=%d broke off or refused", fd);
    ok = ok && hello() && say("cmd=get_my_kvsname") && ask(line, "my_kvsname") &&
         value(line, "kvsname", space, sizeof space);
    if (ok && say("cmd=get_appnum") && ask(line, "appnum") && value(line, "appnum", text, sizeof text))
        b->appnum = atoi(text);
    if (ok && say("cmd=get_universe_size") && ask(line, "universe_size") && value(line, "size", text, sizeof text))
        b->universe_size = atoi(text);
    if (ok && b->size > 1) {
        if (!get(space, "PMI_process_mapping", map, sizeof map) || !mapping_read(map, node, b->size, &nodes)) {
            snprintf(why, n, "the launcher does not say which ranks share a node (PMI_process_mapping)");
            ok = false;
        } else if (!segment_share(b, node, nodes, space)) {
            snprintf(why, n, "the ranks of this node cannot share memory in /dev/shm: %s", strerror(errno));
            ok = false;
        }
    }
    free(node);
    return ok ? BOOT_DONE : BOOT_ERROR;
}

static int init(struct boot *b, char *why, size_t n)
{
    fd = numbered("PMI_FD", -1);
    if (fd < 0 || fcntl(fd, F_GETFD) < 0)
        return BOOT_ABSENT;
    b->rank = numbered("PMI_RANK", -1);
    b->size = numbered("PMI_SIZE", -1);
    if (b->rank < 0 || b->size <= b->rank) {
        snprintf(why, n, "PMI_FD is set, but PMI_RANK and PMI_SIZE make no sense");
        return BOOT_ERROR;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    return join(b, why, n);
}

static void fini(void)
{
    char line[LINE];
    if (say("cmd=finalize"))
        ask(line, "finalize_ack");
    close(fd);
    fd = -1;
}

/* The launcher kills this process too; should it not, the caller ends it. Why has been written to stderr, where words
 * need not be joined by underscores. */
static void abort_job(int code, const char *why)
{
    if (made[0])
        unlink(made);
    say("cmd=abort exitcode=%d", code);
}

void pmi_abort(int code, const char *why)
{
    if (fd < 0) {
        fd = numbered("PMI_FD", -1);
        if (fd < 0 || fcntl(fd, F_GETFD) < 0 || !hello())
            return;
    }
    abort_job(code, why);
}

const struct boot_ops boot_pmi = {"PMI-1", init, fini, abort_job};
