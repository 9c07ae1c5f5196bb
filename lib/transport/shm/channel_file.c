/* SPDX-License-Identifier: BSD-3-Clause
 *
 * channel_file: made, opened, mapped. */
#include "lib/transport/shm/channel_file.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/core/knobs.h"
#include "wire/node_segment.h"

#define FILE_MAGIC UINT64_C(0x314c4e484352544d)
enum {
    SLOTS = 128,
    SLOTS_MOST = 4096,
    SHORTEST = PORCH_FILE_LEAST, /* bytes; its ring takes three packets of whatever length a job has */
};

/* The first page; the channel is behind it. */
struct file_head {
    uint64_t magic;
    uint64_t ring; /* bytes of the byte ring */
    uint32_t slots;
    _Atomic uint32_t opened; /* the receiver has it */
};

static size_t used; /* bytes of all that this process has made */

static int map(struct channel_file *f, int fd, size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (p == MAP_FAILED)
        return errno;
    madvise(p, bytes, MADV_DONTDUMP);
    *f = (struct channel_file){.head = p, .bytes = bytes};
    return 0;
}

static void unmap(struct channel_file *f)
{
    munmap(f->head, f->bytes);
    f->head = NULL;
}

/* Long ones are fast, but not for very many. */
static size_t bytes_choose(void)
{
    size_t longer = knobs.SHM_CHANNEL_MAX / NODEMEM_PAGE * NODEMEM_PAGE;
    return longer > SHORTEST && used + longer <= knobs.SHM_CHANNELS_MAX ? longer : SHORTEST;
}

/* As long as it may be (ulimit -f), and never shorter: who maps it is not to be killed. -1 with errno. */
static int make(size_t *bytes)
{
    int fd = memfd_create("muster-channel", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    *bytes = (size_t)node_segment_extend(fd, SHORTEST, bytes_choose()) / NODEMEM_PAGE * NODEMEM_PAGE;
    if (*bytes > 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0)
        return fd;
    int error = errno;
    close(fd);
    return errno = error, -1;
}

static bool is_sealed(int fd)
{
    int seals = fcntl(fd, F_GET_SEALS);
    return seals >= 0 && seals & F_SEAL_SHRINK;
}

static void fd_drop(struct channel_file *f)
{
    if (f->made && f->letter.fd >= 0)
        close(f->letter.fd);
    f->letter.fd = -1;
}

int channel_file_make(struct channel_file *f)
{
    size_t bytes = 0;
    struct stat st;
    int fd = make(&bytes), error = fd < 0 || fstat(fd, &st) != 0 ? errno : map(f, fd, bytes);
    if (error != 0) {
        if (fd >= 0)
            close(fd);
        return error;
    }
    f->made = true;
    f->letter = (struct letter){.pid = (int32_t)getpid(), .fd = fd, .dev = st.st_dev, .ino = st.st_ino};
    f->slots = f->head->slots = SLOTS;
    f->ring = (bytes - NODEMEM_PAGE - channel_head(SLOTS)) / NODEMEM_LINE * NODEMEM_LINE;
    f->head->ring = f->ring;
    f->head->magic = FILE_MAGIC;
    used += bytes;
    return 0;
}

static bool head_read(struct channel_file *f)
{
    f->slots = f->head->slots;
    f->ring = (size_t)f->head->ring;
    if (f->head->magic != FILE_MAGIC || f->slots == 0 || f->slots > SLOTS_MOST || (f->slots & (f->slots - 1)) != 0)
        return false;
    size_t head = NODEMEM_PAGE + channel_head(f->slots);
    return f->bytes > head && f->ring > 0 && f->ring % NODEMEM_LINE == 0 && f->ring <= f->bytes - head;
}

int channel_file_open(struct channel_file *f, const struct letter *l)
{
    size_t bytes = 0;
    int fd = letter_open(l, &bytes);
    int error = fd < 0 ? errno : bytes <= NODEMEM_PAGE || !is_sealed(fd) ? EINVAL : map(f, fd, bytes);
    if (fd >= 0)
        close(fd);
    if (error == 0 && !head_read(f)) {
        unmap(f);
        error = EINVAL;
    }
    return error;
}

void channel_file_drop(struct channel_file *f)
{
    if (!f->head)
        return;
    fd_drop(f);
    used -= f->made ? f->bytes : 0;
    unmap(f);
}

void channel_file_cursor(const struct channel_file *f, struct cursor *c)
{
    cursor_open(c, (struct channel *)((char *)f->head + NODEMEM_PAGE), f->slots, f->ring);
}

void channel_file_have(struct channel_file *f)
{
    atomic_store(&f->head->opened, 1);
}

bool channel_file_arrived(struct channel_file *f)
{
    bool there = !f->head || atomic_load_explicit(&f->head->opened, memory_order_relaxed);
    if (there && f->head)
        fd_drop(f);
    return there;
}
