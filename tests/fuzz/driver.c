/* SPDX-License-Identifier: BSD-3-Clause
 *
 * driver: runs a fuzzer's LLVMFuzzerTestOneInput without libFuzzer, so that any compiler will do.
 *     fuzz_noun [-t SECONDS] [-n RUNS] [-s SEED] [FILE|DIRECTORY]...
 * Each file is a seed: it is run as it is, then mutated copies of the seeds, the same ones for the same seed number,
 * until SECONDS have passed or RUNS are done. Before each run the input is kept in memory that the signal handler
 * writes to crash-<fuzzer> in the current directory, so that a crash is repeated with `fuzz_noun crash-<fuzzer>`. An
 * input that takes more than 10 seconds of processor time is a hang, and ends the same way.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX 8192
#define SEEDS_MAX 4096

struct input {
    uint8_t *data;
    size_t len;
};

static struct input seeds[SEEDS_MAX];
static size_t nseeds;
static uint8_t input[INPUT_MAX];
static size_t input_len;
static char crash_file[256] = "crash-fuzz";
static uint64_t state = 1;

static uint64_t draw(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return below ? state % below : 0;
}

static void on_crash(int sig)
{
    int fd = open(crash_file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd >= 0 && write(fd, input, input_len) == (ssize_t)input_len) {
        static const char text[] = "the input is kept in ";
        ssize_t n = write(2, text, sizeof text - 1);
        n = write(2, crash_file, strlen(crash_file));
        n = write(2, "\n", 1);
        (void)n;
    }
    signal(sig, SIG_DFL);
    raise(sig == SIGPROF ? SIGABRT : sig);
}

/* Of processor time: others may have the processor for long. */
static void limit(int seconds)
{
    setitimer(ITIMER_PROF, &(struct itimerval){.it_value.tv_sec = seconds}, NULL);
}

/* The input stands in input[0..n). */
static void run(size_t n)
{
    input_len = n;
    /* Exactly as large as the input, so that a sanitizer sees a read past its end. */
    uint8_t *copy = malloc(n ? n : 1);
    if (!copy)
        abort();
    memcpy(copy, input, n);
    limit(10);
    LLVMFuzzerTestOneInput(copy, n);
    limit(0);
    free(copy);
}

static size_t load(const struct input *s)
{
    if (s->len)
        memcpy(input, s->data, s->len);
    return s->len;
}

static void read_seed(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f || nseeds == SEEDS_MAX) {
        fprintf(stderr, "unable to read the seed %s: %s\n", path, f ? "too many seeds" : strerror(errno));
        exit(2);
    }
    uint8_t *p = malloc(INPUT_MAX);
    if (!p)
        abort();
    size_t n = fread(p, 1, INPUT_MAX, f);
    fclose(f);
    seeds[nseeds++] = (struct input){p, n};
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In the order of names, so that a run does not depend on the file system. */
static void read_seeds(const char *path)
{
    DIR *d = opendir(path);
    if (!d) {
        read_seed(path);
        return;
    }
    static char *names[SEEDS_MAX];
    size_t n = 0;
    for (struct dirent *e; n < SEEDS_MAX && (e = readdir(d));)
        if (e->d_name[0] != '.' && asprintf(&names[n], "%s/%s", path, e->d_name) >= 0)
            n++;
    closedir(d);
    qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; i++) {
        read_seed(names[i]);
        free(names[i]);
    }
}

/* The mutations: each changes input[0..len) in place and returns its new length. */
static size_t flip_bit(size_t len)
{
    if (len)
        input[draw(len)] ^= (uint8_t)(1u << draw(8));
    return len;
}

static size_t set_byte(size_t len)
{
    static const uint8_t special[] = {0, 1, 0x7f, 0x80, 0xff, ' ', '\n', '=', ';', '\\', ',', '"', '0', '9', '-'};
    if (len)
        input[draw(len)] = draw(2) ? special[draw(sizeof special)] : (uint8_t)draw(256);
    return len;
}

static size_t set_number(size_t len)
{
    static const uint32_t special[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0x10000, 64, 1024};
    if (len < 4)
        return len;
    uint32_t v = special[draw(sizeof special / sizeof *special)];
    memcpy(input + draw(len - 3), &v, 4);
    return len;
}

static size_t cut_piece(size_t len)
{
    if (!len)
        return len;
    size_t at = draw(len), n = 1 + draw(draw(4) ? 8 : len);
    if (n > len - at)
        n = len - at;
    memmove(input + at, input + at + n, len - at - n);
    return len - n;
}

static size_t insert(size_t len, const uint8_t *p, size_t n)
{
    if (len >= INPUT_MAX)
        return len;
    if (n > INPUT_MAX - len)
        n = INPUT_MAX - len;
    size_t at = draw(len + 1);
    memmove(input + at + n, input + at, len - at);
    memcpy(input + at, p, n);
    return len + n;
}

static size_t repeat_piece(size_t len)
{
    uint8_t piece[256];
    if (!len)
        return len;
    size_t at = draw(len), n = 1 + draw(sizeof piece - 1);
    if (n > len - at)
        n = len - at;
    memcpy(piece, input + at, n);
    return insert(len, piece, n);
}

static size_t insert_seed_piece(size_t len)
{
    const struct input *s = &seeds[draw(nseeds)];
    if (!s->len)
        return len;
    size_t at = draw(s->len);
    return insert(len, s->data + at, 1 + draw(s->len - at));
}

static size_t insert_random(size_t len)
{
    uint8_t piece[16];
    size_t n = 1 + draw(sizeof piece);
    for (size_t i = 0; i < n; i++)
        piece[i] = (uint8_t)draw(256);
    return insert(len, piece, n);
}

static void mutate_once(void)
{
    static size_t (*const ways[])(size_t) = {flip_bit,  set_byte,     set_byte,          set_number,
                                             cut_piece, repeat_piece, insert_seed_piece, insert_random};
    size_t len = load(&seeds[draw(nseeds)]);
    for (uint64_t i = 1 + draw(draw(8) ? 4 : 32); i > 0; i--)
        len = ways[draw(sizeof ways / sizeof *ways)](len);
    run(len);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void catch_crashes(const char *program)
{
    const char *slash = strrchr(program, '/');
    snprintf(crash_file, sizeof crash_file, "crash-%s", slash ? slash + 1 : program);
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGPROF};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], on_crash);
}

int main(int argc, char **argv)
{
    double seconds = 0;
    uint64_t runs = 0, done = 0;
    for (int opt; (opt = getopt(argc, argv, "t:n:s:")) != -1;) {
        if (opt == 't')
            seconds = strtod(optarg, NULL);
        else if (opt == 'n')
            runs = strtoull(optarg, NULL, 10);
        else if (opt == 's')
            state = strtoull(optarg, NULL, 10) * 2 + 1;
        else
            return 2;
    }
    for (int i = optind; i < argc; i++)
        read_seeds(argv[i]);
    catch_crashes(argv[0]);
    for (size_t i = 0; i < nseeds; i++, done++)
        run(load(&seeds[i]));
    if (!nseeds)
        seeds[nseeds++] = (struct input){NULL, 0};
    for (double end = now() + seconds; runs ? done < runs : now() < end; done++)
        mutate_once();
    printf("%llu runs\n", (unsigned long long)done);
    return 0;
}
