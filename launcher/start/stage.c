/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stage: on the stream stands for each file a line, "MODE SIZE NAME", and its bytes; the last line is "0".
 */
#include "launcher/start/stage.h"

#include "common/xalloc.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define END "0\n"

/* A line of the stream holds it. */
static bool is_plain(const char *name)
{
    if (!*name || strlen(name) > STAGE_NAME_MAX || *name == '.' || *name == '-' || *name == ' ')
        return false;
    for (const char *p = name; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 127 || (*p == ' ' && !p[1]))
            return false;
    return true;
}

static int read_file(struct stage_file *f, struct err *e)
{
    struct stat st;
    if (f->data)
        return 0;
    int fd = open(f->here, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        int rc = fd >= 0 && S_ISREG(st.st_mode) ? err_set(e, "%s: %m", f->here)
                 : fd >= 0                      ? err_set(e, "%s: not a file", f->here)
                                                : err_set(e, "%s: %m", f->here);
        if (fd >= 0)
            close(fd);
        return rc;
    }
    f->size = (size_t)st.st_size;
    f->mode = st.st_mode & 0777;
    f->data = f->size ? mmap(NULL, f->size, PROT_READ, MAP_PRIVATE, fd, 0) : xstrdup("");
    close(fd);
    if (f->data == MAP_FAILED) {
        f->data = NULL;
        return err_set(e, "%s: %m", f->here);
    }
    return 0;
}

static void file_fini(struct stage_file *f)
{
    if (f->data && f->size)
        munmap(f->data, f->size);
    else
        free(f->data);
    free(f->there);
    free(f->here);
    free(f->name);
    *f = (struct stage_file){0};
}

static int check_name(const struct stage *s, const struct stage_file *f, struct err *e)
{
    if (!is_plain(f->name))
        return err_set(e, "%s: a file of this name cannot be copied to a host", f->here);
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->v[i].name, f->name) == 0)
            return err_set(e, "%s and %s: two files of one name cannot be copied to a host", s->v[i].here, f->here);
    return 0;
}

static bool has(const struct stage *s, const char *there, const char *here)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->v[i].there, there) == 0 && strcmp(s->v[i].here, here) == 0)
            return true;
    return false;
}

int stage_add(struct stage *s, const char *there, const char *here, struct err *e)
{
    if (has(s, there, here))
        return 0;
    if (s->n == STAGE_FILES_MAX)
        return err_set(e, "more than %d files to be copied to hosts: put them into one", STAGE_FILES_MAX);
    const char *slash = strrchr(here, '/');
    struct stage_file *f = &s->v[s->n];
    *f = (struct stage_file){
        .there = xstrdup(there), .here = xstrdup(here), .name = xstrdup(slash ? slash + 1 : here), .hash = "-"};
    if (check_name(s, f, e) < 0 ||
        (s->by_content && (read_file(f, e) < 0 || sha256_text(f->data, f->size, f->hash, e) < 0))) {
        file_fini(f);
        return -1;
    }
    s->n++;
    return 0;
}

void stage_cut(struct stage *s, size_t n)
{
    while (s->n > n)
        file_fini(&s->v[--s->n]);
}

void stage_fini(struct stage *s)
{
    stage_cut(s, 0);
}

/* --- to one host */

static void put_head(struct stage_send *t)
{
    while (t->file < t->stage->n && t->want[t->file] != '1')
        t->file++;
    t->at = 0;
    if (t->file == t->stage->n) {
        t->head_len = (size_t)snprintf(t->head, sizeof t->head, "%s", END);
        return;
    }
    const struct stage_file *f = &t->stage->v[t->file];
    t->head_len = (size_t)snprintf(t->head, sizeof t->head, "%o %zu %s\n", (unsigned)f->mode | 0400, f->size, f->name);
}

int stage_send_begin(struct stage_send *t, struct stage *s, const char *want, struct err *e)
{
    *t = (struct stage_send){.stage = s};
    if (strlen(want) != s->n || strspn(want, "01") != s->n)
        return err_set(e, "it asks for files that were not offered");
    for (size_t i = 0; i < s->n; i++)
        if (want[i] == '1' && read_file(&s->v[i], e) < 0)
            return -1;
    memcpy(t->want, want, s->n);
    put_head(t);
    return 0;
}

static size_t size_of(const struct stage_send *t)
{
    return t->file < t->stage->n ? t->stage->v[t->file].size : 0;
}

size_t stage_send_next(const struct stage_send *t, const void **p)
{
    if (t->at < t->head_len) {
        *p = t->head + t->at;
        return t->head_len - t->at;
    }
    size_t at = t->at - t->head_len;
    if (t->file >= t->stage->n)
        return 0;
    *p = (const char *)t->stage->v[t->file].data + at;
    return size_of(t) - at;
}

void stage_send_took(struct stage_send *t, size_t n)
{
    t->at += n;
    while (t->file < t->stage->n && t->at == t->head_len + size_of(t)) {
        t->file++;
        put_head(t);
    }
}
