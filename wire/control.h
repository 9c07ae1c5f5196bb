/* SPDX-License-Identifier: BSD-3-Clause
 *
 * control: the messages between mpiexec and its proxies (catalogue: control.def), and the codecs of those that
 * are more than a field or two. Decoders trust nothing: every length is bounded by the bytes that are there.
 */
#ifndef WIRE_CONTROL_H
#define WIRE_CONTROL_H

#include "wire/buf.h"

#define CONTROL_MAGIC 0x5254534du /* "MSTR" */
#define CONTROL_VERSION 1u

enum control_direction { CONTROL_LINK, CONTROL_UP, CONTROL_DOWN };

enum control_type {
    CONTROL_NONE,
#define CONTROL(name, direction, what) CONTROL_##name,
#include "wire/control.def"
#undef CONTROL
    CONTROL_END
};

const char *control_name(unsigned type); /* "LAUNCH"; "unknown" */
bool control_goes(unsigned type, enum control_direction d);

/* A proxy's place: the first node is its own; the others are its subtree, to be split among its children. Node
 * numbers are consecutive from first. */
struct control_setup {
    uint32_t first;   /* this proxy's node */
    uint32_t nnodes;  /* of the subtree, this one included */
    uint32_t radix;   /* children of one proxy */
    uint32_t verbose; /* 0, 1 */
    char **names;     /* nnodes names; owned by the struct when it was decoded */
};
void control_setup_put(struct buf *b, const struct control_setup *s);
bool control_setup_get(struct rbuf *r, struct control_setup *s); /* true: control_setup_fini after */
void control_setup_fini(struct control_setup *s);

/* The beginning of an OUTPUT message: rank, stream (1 stdout, 2 stderr), and whether it goes on inside a line. */
#define CONTROL_OUTPUT_HEAD 5
void control_output_put(unsigned char to[CONTROL_OUTPUT_HEAD], uint32_t rank, unsigned stream, bool continues);
void control_output_get(struct rbuf *r, uint32_t *rank, unsigned *stream, bool *continues); /* stream 0: malformed */

/* mpiexec sends no more standard input than this beyond what a node has given credit for. */
#define CONTROL_STDIN_WINDOW (1u << 20)
#define CONTROL_STDIN_NO_MORE UINT32_MAX /* a credit: nobody on that node takes any more */

/* How far the start of a rank came when it failed. */
enum start_stage { START_OK, START_RESOURCES, START_CHDIR, START_FIND, START_EXEC, START_BIND };

struct control_started {
    uint32_t rank;
    uint32_t pid;   /* 0: it was not started */
    uint32_t stage; /* enum start_stage */
    uint32_t error; /* errno of that stage */
    uint64_t time;  /* ns, CLOCK_REALTIME, when exec had succeeded or failed */
};
#define CONTROL_STARTED_SIZE 24
void control_started_put(struct buf *b, const struct control_started *s);
void control_started_get(struct rbuf *r, struct control_started *s);

enum exit_flags { EXIT_OOM = 1, EXIT_CORE = 2, EXIT_KILLED_BY_US = 4, EXIT_IN_PMI = 8, EXIT_NO_PMI = 16 };

struct control_exited {
    uint32_t rank;
    uint32_t status; /* as of waitpid */
    uint32_t flags;  /* enum exit_flags; IN_PMI: it had initialised and not finalized; NO_PMI: never */
    uint64_t utime;  /* us */
    uint64_t stime;  /* us */
    uint64_t maxrss; /* KiB */
    uint64_t time;   /* ns, CLOCK_REALTIME, when it was reaped */
};
#define CONTROL_EXITED_SIZE 44
void control_exited_put(struct buf *b, const struct control_exited *x);
void control_exited_get(struct rbuf *r, struct control_exited *x);

struct control_state {
    uint32_t rank;
    uint32_t pid;
    uint32_t state;    /* the letter of /proc/PID/stat, 0: has ended */
    uint64_t cpu;      /* us, user and system */
    uint64_t rss;      /* KiB */
    uint64_t since;    /* ns that it has been in `what` */
    struct bytes what; /* the PMI operation or MPI call that it is in; "" none; borrowed when decoded */
};
#define CONTROL_STATE_MIN_SIZE 40
#define CONTROL_STATE_WHAT_MAX 512
void control_state_put(struct buf *b, const struct control_state *s);
void control_state_get(struct rbuf *r, struct control_state *s);

#endif
