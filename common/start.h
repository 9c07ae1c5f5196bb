/* SPDX-License-Identifier: BSD-3-Clause
 *
 * start: how a parent in the control tree (mpiexec, or an interior proxy) starts the proxies right below it. A backend
 * (fork, ssh, srun ...) is a table of functions; whoever holds the links knows no more of it than its name.
 *
 * A start may take seconds. It ends in exactly one of: stream (the proxy can be spoken to), failed, or our own cancel.
 * After a stream has ended, start_end asks how the proxy did, and `ended` answers.
 */
#ifndef COMMON_START_H
#define COMMON_START_H

#include "common/err.h"
#include "common/hostlist.h"
#include "wire/control.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <uthash.h>

/* How far a start came; on the wire too (START_FAILED). */
enum start_step {
    START_STARTED, /* all the way: what has failed since is no failed start */
    START_RESOLVE,
    START_CONNECT,
    START_AUTHENTICATE,
    START_PROGRAM, /* the proxy program */
    START_HELLO,   /* its first message */
    START_VERSION,
    START_READY,   /* it has greeted, and not become ready */
    START_SUBTREE, /* itself is well; a proxy below it is not */
    START_STEPS
};

struct start_failure {
    enum start_step step;
    char cause[256];  /* "Connection refused" */
    char remedy[160]; /* what the user may do; "": we know of nothing */
};

/* cause like printf, with %m. */
void start_failure_set(struct start_failure *f, enum start_step step, const char *remedy, const char *cause, ...)
    __attribute__((format(printf, 4, 5)));

/* "b: unable to connect: Connection refused (is an ssh server running there?)" */
void start_failure_text(const struct start_failure *f, const char *host, char *text, size_t size);

struct stage;
struct start;
struct starter;

struct start_events {
    /* Frames may flow: in and out are one descriptor or two, the callee's from now on. May come from inside begin. */
    void (*stream)(void *arg, int in, int out);
    /* It did not work, and nothing is left of it. From the loop only. */
    void (*failed)(void *arg, const struct start_failure *f);
    /* The answer to start_end: "it was killed by signal 9 (SIGKILL)". May come from inside that call. */
    void (*ended)(void *arg, const char *how);
    /* Before the stream: it goes on, and takes longer than its patience; NULL: nobody cares. */
    void (*busy)(void *arg);
    /* Its process here is stopped, and has been for the starter's silence_ms. */
    void (*stopped)(void *arg);
};

struct start_ops {
    const char *name;
    unsigned patience_ms; /* from begin to the proxy's first message, at most */
    bool inherits_stdio;  /* the proxy's stdin and stdout are ours */
    bool is_of_job;       /* a scheduler's: no host has a user, port or key of its own */
    bool calls_back;      /* the stream is made by the proxy: nothing can be copied over it before */
    bool is_flat;         /* mpiexec starts every proxy: hosts need not reach one another */
    bool is_far;          /* other machines, which may be cut off without a word */
    bool ends_by_input;   /* its programs end late while their input goes on, and complain if it ends after them */
    unsigned descriptors; /* that each of its links takes here */
    /* May be NULL: reads what it needs to know; it may change st->patience_ms. */
    int (*init)(struct starter *st, struct err *e);
    /* Starts all of these; what they need (ssh's connections, one srun) is the backend's to share. */
    void (*begin)(struct starter *st, struct start **v, size_t n);
    void (*end)(struct start *s, const char *why); /* see start_end */
    void (*cancel)(struct start *s);               /* see start_cancel */
    void (*fini)(struct start *s);                 /* frees s->own; may be NULL */
    void (*leave)(struct starter *st);             /* see starter_leave; may be NULL */
    void (*flush)(struct start *s);                /* passes on what the stream holds; may be NULL */
};

/* What a proxy with --mark writes before its first message: what comes before it is a login script's. The first byte
 * stands in it once. */
#define START_MARK "\001muster-link\n"

/* One proxy that is being started, or was: in the memory of who wants it, which it must not leave before its process
 * has been waited for (the starter knows it by pid). The first block is the caller's to fill. */
struct start {
    uint32_t node;
    const char *host; /* borrowed */
    uint32_t below;   /* nodes that it shall serve besides its own */
    const struct start_events *events;
    void *arg;

    struct starter *starter;
    pid_t pid;                     /* its process, where it is one of ours; 0: none, or waited for */
    int status;                    /* as of waitpid, once it was */
    bool waited;                   /* it had a process, which was waited for */
    void (*over)(struct start *s); /* start_process_wait; NULL: nobody waits */
    char why[128];                 /* what to answer if nothing more can be learnt */
    unsigned looks;                /* how often we have looked whether it is dying */
    unsigned looks_min;            /* how often we look though it is not */
    struct event *timer;           /* start_later */
    void (*then)(struct start *s);
    struct start_failure failure; /* what failed is going to tell */
    void *own;                    /* the backend's */
    UT_hash_handle by_pid;
};

/* How proxies are started on other machines. All borrowed. */
struct start_remote {
    const struct hostlist_host *hosts; /* by node: users and the like; NULL: names alone */
    const char *program;               /* the remote shell; NULL: the backend's */
    char *const *args;                 /* for it, before ours; NULL-terminated, or NULL */
    unsigned connect_ms;               /* that a host may take to answer at all */
    const char *iface;                 /* where to listen for proxies: an interface or an address; NULL: not said */
    unsigned port_low, port_high;      /* and on which ports; 0: any */
    struct stage *stage;               /* files that a host may lack (launcher/start/stage.h); NULL: none is copied */
};

/* What all starts of one process share. */
struct starter {
    const struct start_ops *ops;
    struct start_remote remote;
    struct event_base *base;
    const char *proxy;           /* path of the program; borrowed */
    const struct rlimit *nofile; /* the limit of descriptors that the ranks are to have; borrowed */
    unsigned patience_ms;        /* the backend's, if the user wants no other */
    unsigned silence_ms;         /* after which a proxy that is stopped, or silent, is taken for dead; 0: never */
    const char *below;           /* backend of the proxies below for those below them; NULL: the same */
    bool beats;                  /* links speak and listen (beat.h) */
    bool root;                   /* mpiexec's own */
    char secret[65];             /* of this run, hex digits: never on a command line */
    void *own;                   /* the backend's */
    struct start *running;       /* hash by pid */
};

extern const struct start_ops start_fork, start_delay, start_tree;
#define START_TREE "tree" /* the last one's name */

const struct start_ops *start_ops_find(const char *name); /* NULL: there is no such backend */

/* mpiexec's own, by this backend; NULL: fork, or what the environment wants for tests. 0, or -1. */
int starter_init_root(struct starter *st, const struct start_ops *ops, struct event_base *base, struct err *e);

/* A proxy's, by the backend that its parent names. 0, or -1. */
int starter_init(struct starter *st, const char *backend, struct event_base *base, struct err *e);

void start_begin(struct starter *st, struct start **v, size_t n);

/* Its stream has ended, for the reason `why`: `ended` will tell how the process did if that can be learnt within some
 * milliseconds, or seconds where it is dying; else why. */
void start_end(struct start *s, const char *why);

/* It is not wanted any more, or does not answer: no callback comes after this. Not for a proxy with ranks. */
void start_cancel(struct start *s);

void start_flush(struct start *s); /* what was written to its stream leaves now, as far as nothing must be waited for */

void start_fini(struct start *s); /* frees what it has; its process is not touched */

/* After the loop, when all links are over or given up: what the backend still has running for all of them ends, within
 * some seconds. */
void starter_leave(struct starter *st);

/* A child of this process was waited for: it has ended, was stopped, or goes on. Returns whether it was a proxy that
 * has ended. */
bool starter_reaped(struct starter *st, pid_t pid, int status);

/* The processes of our proxies. The caller frees the list. */
pid_t *starter_pids(const struct starter *st, size_t *n);

/* For backends: then(s) in so many ms, from the loop; a second call replaces the first. */
void start_later(struct start *s, unsigned ms, void (*then)(struct start *s));
void start_not_later(struct start *s);
void start_fail_later(struct start *s); /* tells s->failure from the loop */

/* For mpiexec: the proxy program that belongs to it, in the build tree or an installed one. Returns 0, or -1. */
int start_proxy_path(char *path, size_t size, struct err *e);

/* For a proxy: its own program, which it starts once more for the nodes below. Returns 0, or -1. */
int start_own_path(char *path, size_t size, struct err *e);

#endif
