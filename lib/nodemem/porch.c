/* SPDX-License-Identifier: BSD-3-Clause
 *
 * porch: opened, visited, knocked at. */
#include "lib/nodemem/porch.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "lib/boot/boot.h"
#include "lib/core/knobs.h"

enum { LAYOUT = 2 }; /* of what jobs share; who has another one is of another realm */

static struct porch *own;
static int alone_fd = -1; /* the file of a process that is alone */
static struct porch_address address;

/* ---- realms ---- */

static uint64_t mix(uint64_t h, const void *data, size_t n)
{
    const unsigned char *c = data;
    for (size_t i = 0; i < n; i++)
        h = (h ^ c[i]) * UINT64_C(1099511628211);
    return h;
}

/* What is in that file; a file that is not there counts too. False: it is there, and cannot be read. */
static bool mix_file(uint64_t *h, const char *path)
{
    char text[256];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text) : 0;
    bool good = fd >= 0 ? n >= 0 || errno == EINVAL : errno == ENOENT;
    if (fd >= 0)
        close(fd);
    *h = mix(*h, text, n > 0 ? (size_t)n : 0);
    return good;
}

static bool mix_namespace(uint64_t *h, const char *path)
{
    struct stat st;
    bool good = stat(path, &st) == 0;
    if (good)
        *h = mix(*h, &st.st_ino, sizeof st.st_ino);
    return good;
}

static bool may_make_files(void)
{
    struct rlimit most;
    return getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur >= PORCH_FILE_LEAST;
}

/* By what the kernel asks before it lets one process see another's files. Both sides come to the same answer, so that
 * both choose memory, or both something else. */
static uint64_t realm(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = {{0}};
    uint64_t ids[] = {LAYOUT, sizeof(struct porch), geteuid(), 0, 0};
    uint64_t h = UINT64_C(14695981039346656037);
    if (knobs.SHM_JOBS == SHM_JOBS_OFF || !may_make_files() || prctl(PR_GET_DUMPABLE) != 1 ||
        syscall(SYS_capget, &head, caps) != 0)
        return 0;
    ids[3] = caps[0].permitted;
    ids[4] = caps[1].permitted;
    if (!mix_file(&h, "/proc/sys/kernel/random/boot_id") || !mix_file(&h, "/proc/self/attr/current") ||
        !mix_namespace(&h, "/proc/self/ns/pid") || !mix_namespace(&h, "/proc/self/ns/user"))
        return 0;
    h = mix(h, ids, sizeof ids);
    return h ? h : 1;
}

/* ---- files of other processes ---- */

static int pidfd_of(int pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* Looked at before it is opened, since opening alone may do something. */
int letter_open(const struct letter *l, size_t *bytes)
{
    char path[48];
    struct stat st;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)l->pid, (int)l->fd);
    if (stat(path, &st) != 0)
        return -1;
    if (!S_ISREG(st.st_mode) || st.st_dev != l->dev || st.st_ino != l->ino || st.st_size < 0) {
        errno = ESTALE;
        return -1;
    }
    *bytes = (size_t)st.st_size;
    return open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

/* ---- the own one ---- */

struct porch *porch_own(void)
{
    return own;
}

/* For a process that no other one of its job shares memory with. */
static bool alone_make(void)
{
    int fd = memfd_create("muster-porch", MFD_CLOEXEC);
    void *p = fd >= 0 && ftruncate(fd, NODEMEM_PAGE) == 0
                  ? mmap(NULL, NODEMEM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                  : MAP_FAILED;
    if (p == MAP_FAILED) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    alone_fd = fd;
    own = p;
    doorbell_init(&boot);
    cma_init(&own->bell);
    nodemem.met = true;
    doorbell_move(&own->bell);
    return true;
}

static void alone_drop(void)
{
    doorbell_move(NULL);
    munmap(own, NODEMEM_PAGE);
    close(alone_fd);
    alone_fd = -1;
}

/* Can this process do to itself what others are to do? */
static bool is_open_to_others(const struct porch_address *a)
{
    size_t bytes;
    struct letter l = {.pid = a->pid, .fd = a->fd, .dev = a->dev, .ino = a->ino};
    int fd = letter_open(&l, &bytes), pidfd = pidfd_of(a->pid);
    if (fd >= 0)
        close(fd);
    if (pidfd >= 0)
        close(pidfd);
    return fd >= 0 && pidfd >= 0;
}

static bool make(void)
{
    struct stat st;
    if (!nodemem_active && !alone_make())
        return false;
    if (nodemem_active) {
        own = &nodemem.porches[nodemem.me];
        nodemem.met = true;
    }
    for (int i = 0; i < PORCH_KNOCKS; i++)
        porch_answer(i); /* of an earlier life */
    address = (struct porch_address){.token = own->bell.token,
                                     .life = atomic_load(&own->bell.lives),
                                     .at = nodemem_active ? (uint64_t)((char *)own - (char *)boot.segment) : 0,
                                     .pid = (int32_t)getpid(),
                                     .fd = nodemem_active ? boot.segment_fd : alone_fd};
    if (fstat(address.fd, &st) != 0 ||
        (nodemem_active && (st.st_ino != boot.segment_file || st.st_dev != boot.segment_dev)))
        return true; /* the program has closed it: nobody can come */
    address.dev = st.st_dev;
    address.ino = st.st_ino;
    address.realm = is_open_to_others(&address) ? realm() : 0;
    return true;
}

void porch_open(struct porch_address *a)
{
    if (!own && !make())
        address.realm = 0;
    *a = address;
}

void porch_close(void)
{
    if (!own)
        return;
    /* Release: all that was sent before. */
    atomic_fetch_add_explicit(&own->bell.lives, 1, memory_order_release);
    nodemem.met = false;
    if (alone_fd >= 0)
        alone_drop();
    own = NULL;
    address = (struct porch_address){0};
}

/* ---- another one's ---- */

static bool lives(const struct visit *v)
{
    struct pollfd ended = {.fd = v->pidfd, .events = POLLIN};
    return poll(&ended, 1, 0) == 0;
}

static int map_page(const struct porch_address *a, struct visit *v)
{
    struct letter l = {.pid = a->pid, .fd = a->fd, .dev = a->dev, .ino = a->ino};
    size_t bytes, page = (size_t)sysconf(_SC_PAGESIZE);
    uint64_t from = a->at / page * page;
    int fd = letter_open(&l, &bytes);
    if (fd < 0) /* who is alone closes the file with MPI */
        return (errno == ENOENT || errno == ESTALE) ? lives(v) ? ESHUTDOWN : ESRCH : errno;
    bool inside = a->at % sizeof(struct porch) == 0 && a->at < bytes && sizeof(struct porch) <= bytes - a->at;
    char *p = inside ? mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)from) : MAP_FAILED;
    int error = inside ? errno : ESRCH;
    close(fd);
    if (p == MAP_FAILED)
        return error;
    v->porch = (struct porch *)(p + (a->at - from));
    return 0;
}

/* A number that is of another process by now has no such file; and what pidfd names is what had it. */
int porch_visit(const struct porch_address *a, struct visit *v)
{
    *v = (struct visit){.pidfd = pidfd_of(a->pid)};
    int error = v->pidfd >= 0 ? map_page(a, v) : errno;
    v->life = a->life;
    if (error == 0 && v->porch->bell.token != a->token)
        error = ESRCH;
    if (error == 0 && porch_is_left(v))
        error = ESHUTDOWN;
    if (error != 0)
        porch_leave(v);
    return error;
}

void porch_leave(struct visit *v)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (v->porch)
        munmap((void *)((uintptr_t)v->porch / page * page), page);
    if (v->pidfd >= 0)
        close(v->pidfd);
    *v = (struct visit){.pidfd = -1};
}

bool porch_is_left(const struct visit *v)
{
    return atomic_load_explicit(&v->porch->bell.lives, memory_order_acquire) != v->life;
}

bool porch_knock(const struct visit *v, const struct letter *l)
{
    for (int i = 0; i < PORCH_KNOCKS; i++) {
        struct knock *k = &v->porch->knocks[i];
        int32_t nobody = 0;
        if (!atomic_compare_exchange_strong(&k->taken, &nobody, l->pid))
            continue;
        k->letter = *l;
        atomic_store_explicit(&k->ready, 1, memory_order_release);
        atomic_fetch_add(&v->porch->bell.knocked, 1);
        atomic_thread_fence(memory_order_seq_cst);
        if (atomic_load_explicit(&v->porch->bell.sleeping, memory_order_relaxed))
            doorbell_wake(&v->porch->bell);
        return true;
    }
    return false;
}

/* ---- letters ---- */

bool porch_letter(int i, struct letter *l)
{
    if (!own || !atomic_load_explicit(&own->knocks[i].ready, memory_order_acquire))
        return false;
    *l = own->knocks[i].letter;
    return true;
}

void porch_answer(int i)
{
    atomic_store_explicit(&own->knocks[i].ready, 0, memory_order_relaxed);
    atomic_store_explicit(&own->knocks[i].taken, 0, memory_order_release);
}

void porch_sweep(void)
{
    for (int i = 0; own && i < PORCH_KNOCKS; i++) {
        int32_t pid = atomic_load(&own->knocks[i].taken);
        if (pid != 0 && (pid < 0 || (kill(pid, 0) != 0 && errno == ESRCH)))
            porch_answer(i);
    }
}
