/* SPDX-License-Identifier: BSD-3-Clause
 *
 * needs: for each object, its DT_NEEDED in order: along the DT_RPATH of it and of those that have asked for it (unless
 * it has DT_RUNPATH), LD_LIBRARY_PATH, its DT_RUNPATH, the linker's cache, the system's folders. Files are read as they
 * are found, and may be damaged: every offset is compared with the file's length.
 */
#include "launcher/needs.h"

#include "common/xalloc.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CACHE "/etc/ld.so.cache"
#define CACHE_MAGIC "glibc-ld.so.cache1.1"

struct image {
    const unsigned char *p;
    size_t size;
};

/* One that is loaded. */
struct object {
    char *path;
    char *rpath, *runpath; /* NULL: none */
    size_t parent;         /* who has asked for it first */
    struct image file;
    const char *strings; /* of its dynamic section, strings_size bytes */
    size_t strings_size;
    const ElfW(Dyn) * dyn;
    size_t ndyn;
};

struct search {
    struct needs *needs;
    struct object *v; /* the program, then as in needs */
    size_t n, cap;
    const char *library_path;
    uint16_t machine;
    struct image cache;
};

static bool image_open(struct image *f, const char *path)
{
    struct stat st;
    *f = (struct image){NULL, 0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
        void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p != MAP_FAILED)
            *f = (struct image){p, (size_t)st.st_size};
    }
    if (fd >= 0)
        close(fd);
    return f->p != NULL;
}

static void image_close(struct image *f)
{
    if (f->p)
        munmap((void *)f->p, f->size);
    f->p = NULL;
}

/* NULL: it does not lie in the file, or crooked. */
static const void *image_at(const struct image *f, uint64_t at, uint64_t n)
{
    return at <= f->size && n <= f->size - at && at % sizeof(uint32_t) == 0 ? f->p + at : NULL;
}

/* --- one file */

static const ElfW(Ehdr) * elf_head(const struct image *f)
{
    const ElfW(Ehdr) *h = image_at(f, 0, sizeof *h);
    bool ok = h && memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 &&
              h->e_ident[EI_CLASS] == (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) &&
              h->e_ident[EI_DATA] == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB) &&
              h->e_phentsize == sizeof(ElfW(Phdr)) && h->e_phoff % sizeof(void *) == 0;
    return ok ? h : NULL;
}

static const ElfW(Phdr) * segments(const struct image *f, const ElfW(Ehdr) * h)
{
    return image_at(f, h->e_phoff, (uint64_t)h->e_phnum * sizeof(ElfW(Phdr)));
}

/* Where an address of the loaded program lies in the file; false: nowhere. */
static bool offset_of(const struct image *f, const ElfW(Ehdr) * h, ElfW(Addr) a, uint64_t *at)
{
    const ElfW(Phdr) *p = segments(f, h);
    for (unsigned i = 0; p && i < h->e_phnum; i++)
        if (p[i].p_type == PT_LOAD && a >= p[i].p_vaddr && a - p[i].p_vaddr < p[i].p_filesz) {
            *at = a - p[i].p_vaddr + p[i].p_offset;
            return *at < f->size;
        }
    return false;
}

static ElfW(Xword) dynamic_value(const struct object *o, int tag)
{
    for (size_t i = 0; i < o->ndyn && o->dyn[i].d_tag != DT_NULL; i++)
        if (o->dyn[i].d_tag == tag)
            return o->dyn[i].d_un.d_val;
    return 0;
}

static const char *string_at(const struct object *o, uint64_t at)
{
    bool ok = at < o->strings_size && memchr(o->strings + at, '\0', o->strings_size - at);
    return ok ? o->strings + at : NULL;
}

static void find_dynamic(struct object *o, const ElfW(Ehdr) * h)
{
    const ElfW(Phdr) *p = segments(&o->file, h);
    for (unsigned i = 0; p && i < h->e_phnum; i++)
        if (p[i].p_type == PT_DYNAMIC && p[i].p_offset % sizeof(void *) == 0) {
            o->dyn = image_at(&o->file, p[i].p_offset, p[i].p_filesz);
            o->ndyn = o->dyn ? p[i].p_filesz / sizeof *o->dyn : 0;
        }
}

static void find_strings(struct object *o, const ElfW(Ehdr) * h)
{
    uint64_t at = 0, size = dynamic_value(o, DT_STRSZ);
    if (!offset_of(&o->file, h, dynamic_value(o, DT_STRTAB), &at))
        return;
    o->strings = (const char *)o->file.p + at;
    o->strings_size = size < o->file.size - at ? size : o->file.size - at;
}

static char *own_path(const struct object *o, int tag)
{
    ElfW(Xword) at = dynamic_value(o, tag);
    const char *s = at ? string_at(o, at) : NULL;
    return s && *s ? xstrdup(s) : NULL;
}

/* False: it is no object of this kind (machine 0: any of this class). */
static bool object_open(struct object *o, const char *path, uint16_t *machine)
{
    *o = (struct object){.path = NULL};
    const ElfW(Ehdr) *h = image_open(&o->file, path) ? elf_head(&o->file) : NULL;
    if (!h || (*machine && h->e_machine != *machine)) {
        image_close(&o->file);
        return false;
    }
    *machine = h->e_machine;
    o->path = xstrdup(path);
    find_dynamic(o, h);
    find_strings(o, h);
    o->runpath = own_path(o, DT_RUNPATH);
    o->rpath = o->runpath ? NULL : own_path(o, DT_RPATH);
    return true;
}

static void object_close(struct object *o)
{
    image_close(&o->file);
    free(o->path);
    free(o->rpath);
    free(o->runpath);
}

/* --- the search */

/* Is that file one? Then it is the next object. */
static bool try_path(struct search *s, const char *path, size_t parent)
{
    struct object o;
    if (s->n == NEEDS_MAX || access(path, R_OK) < 0 || !object_open(&o, path, &s->machine))
        return false;
    if (s->n == s->cap)
        s->v = xrealloc(s->v, (s->cap = s->cap ? 2 * s->cap : 16) * sizeof *s->v);
    o.parent = parent;
    s->v[s->n++] = o;
    return true;
}

/* A folder of a path, in which $ORIGIN is where the object lies. False: too long, or with a word that is not known. */
static bool expand(char *to, size_t size, const char *folder, size_t len, const char *object)
{
    static const char *const origins[] = {"$ORIGIN", "${ORIGIN}"};
    const char *slash = strrchr(object, '/');
    size_t n = 0;
    for (size_t i = 0; i < len;) {
        size_t word = 0;
        for (int k = 0; k < 2; k++)
            if (len - i >= strlen(origins[k]) && memcmp(folder + i, origins[k], strlen(origins[k])) == 0)
                word = strlen(origins[k]);
        if (folder[i] == '$' && !word)
            return false;
        int put = word ? snprintf(to + n, size - n, "%.*s", slash ? (int)(slash - object) : 1, slash ? object : ".")
                       : snprintf(to + n, size - n, "%c", folder[i]);
        n += (size_t)put;
        if (n >= size)
            return false;
        i += word ? word : 1;
    }
    to[n] = '\0';
    return true;
}

/* Along folders that ':' (or ';') separates; object: whose they are. */
static bool try_folders(struct search *s, const char *folders, const char *object, const char *name, size_t parent)
{
    char folder[PATH_MAX], path[2 * PATH_MAX];
    for (const char *at = folders; at; at = *at ? at + 1 : NULL) {
        size_t len = strcspn(at, ":;");
        if (expand(folder, sizeof folder, at, len, object)) {
            snprintf(path, sizeof path, "%s%s%s", len ? folder : "", len ? "/" : "", name);
            if (try_path(s, path, parent))
                return true;
        }
        at += len;
    }
    return false;
}

static bool try_rpaths(struct search *s, const char *name, size_t asker)
{
    if (s->v[asker].runpath)
        return false;
    for (size_t i = asker;; i = s->v[i].parent) {
        if (s->v[i].rpath && try_folders(s, s->v[i].rpath, s->v[i].path, name, asker))
            return true;
        if (i == 0)
            return false;
    }
}

static const char *cache_string(const struct image *f, uint32_t at)
{
    return at < f->size && memchr(f->p + at, '\0', f->size - at) ? (const char *)f->p + at : NULL;
}

/* What ldconfig has found. */
static bool try_cache(struct search *s, const char *name, size_t parent)
{
    enum { HEAD = 48, ENTRY = 24, KEY = 4, VALUE = 8 };
    const size_t magic = sizeof CACHE_MAGIC - 1;
    uint32_t n = 0, key, value;
    const struct image *f = &s->cache;
    if (!f->p || f->size < HEAD || memcmp(f->p, CACHE_MAGIC, magic) != 0)
        return false;
    memcpy(&n, f->p + magic, sizeof n);
    for (uint32_t i = 0; i < n && HEAD + ((size_t)i + 1) * ENTRY <= f->size; i++) {
        memcpy(&key, f->p + HEAD + (size_t)i * ENTRY + KEY, sizeof key);
        memcpy(&value, f->p + HEAD + (size_t)i * ENTRY + VALUE, sizeof value);
        const char *k = cache_string(f, key), *v = cache_string(f, value);
        if (k && v && strcmp(k, name) == 0 && try_path(s, v, parent))
            return true;
    }
    return false;
}

static bool is_known(const struct search *s, const char *name)
{
    for (size_t i = 1; i < s->n; i++) {
        const char *slash = strrchr(s->v[i].path, '/');
        if (strcmp(slash ? slash + 1 : s->v[i].path, name) == 0)
            return true;
    }
    return false;
}

static bool is_of_glibc(const char *name)
{
    static const char *const heads[] = {"ld-linux",    "ld64.",          "ld.so.",    "libc.so.",  "libm.so.",
                                        "libmvec.so.", "libpthread.so.", "libdl.so.", "librt.so.", "libresolv.so.",
                                        "libutil.so.", "libanl.so.",     "libnss_"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (strncmp(name, heads[i], strlen(heads[i])) == 0)
            return true;
    return false;
}

static void note(struct search *s, bool is_system)
{
    struct needs *needs = s->needs;
    needs->v[needs->n++] = (struct need){xstrdup(s->v[s->n - 1].path), is_system};
}

static void find_one(struct search *s, const char *name, size_t asker)
{
    static const char system[] = "/lib64:/usr/lib64:/lib:/usr/lib";
    const struct object *o = &s->v[asker];
    if (is_of_glibc(name) || is_known(s, name))
        return;
    if (strchr(name, '/')
            ? try_path(s, name, asker)
            : try_rpaths(s, name, asker) || (s->library_path && try_folders(s, s->library_path, "./", name, asker)) ||
                  (o->runpath && try_folders(s, o->runpath, o->path, name, asker)))
        note(s, false);
    else if (try_cache(s, name, asker) || try_folders(s, system, "./", name, asker))
        note(s, true);
    else
        s->needs->missing++;
}

static void find_all(struct search *s, size_t asker)
{
    for (size_t i = 0; i < s->v[asker].ndyn && s->v[asker].dyn[i].d_tag != DT_NULL; i++) {
        const ElfW(Dyn) *d = &s->v[asker].dyn[i];
        const char *name = d->d_tag == DT_NEEDED ? string_at(&s->v[asker], d->d_un.d_val) : NULL;
        if (name && *name && strlen(name) < NAME_MAX)
            find_one(s, name, asker);
    }
}

void needs_find(struct needs *n, const char *program, const char *library_path)
{
    struct search s = {.needs = n, .library_path = library_path && *library_path ? library_path : NULL};
    n->n = n->missing = 0;
    if (!try_path(&s, program, 0))
        return;
    image_open(&s.cache, CACHE);
    for (size_t i = 0; i < s.n; i++)
        find_all(&s, i);
    for (size_t i = 0; i < s.n; i++)
        object_close(&s.v[i]);
    free(s.v);
    image_close(&s.cache);
}

void needs_fini(struct needs *n)
{
    for (size_t i = 0; i < n->n; i++)
        free(n->v[i].path);
    n->n = 0;
}
