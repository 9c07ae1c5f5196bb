/* SPDX-License-Identifier: BSD-3-Clause
 *
 * exchange: what the files of the exchange have in common. Each rank first tells those aggregators that it has
 * something for where its pieces are (runs.h). Then both know what goes by a message in which window, and only such
 * windows and messages there are: they go through them in rising order, each at its own pace. Windows are counted alike
 * in all domains; as each rank goes from lower to higher ones, none waits for itself. */
#ifndef LIB_IO_EXCHANGE_H
#define LIB_IO_EXCHANGE_H

#include "lib/io/two_phase.h"
#include "lib/io/window.h"
#include "lib/request/counter.h"

/* As many runs come with the head of a list. */
enum { HEAD_RUNS = 6 };

struct head {
    int64_t n;
    int64_t most; /* bytes of a window, of all windows the most */
    struct run first[HEAD_RUNS];
};

/* What this rank has for, or wants of, one aggregator. */
struct part {
    int domain;
    MPI_Count at, to; /* of the stream: from where on it is not done */
    struct run *runs;
    struct head head;
    int64_t window; /* the next one with something in it */
    /* of the round under way */
    char *data;
    MPI_Count from;
    size_t bytes;
    struct request *request;
};

/* What this aggregator has for, or wants of, one rank. */
struct client {
    int rank;
    struct head head;
    struct run *runs;
    struct runs_cursor cursor;
    int64_t room; /* where its data lie */
    size_t bytes; /* of the window under way */
    bool asked;   /* and it waits for them */
    struct request *request;
};

enum stage { BEGIN, MESSAGES, WORK };

struct exchange {
    int parts_n, clients_n;
    int mine; /* my domain; -1: none */
    struct part *parts;
    struct client *clients;
    struct counter counter; /* of messages */
    bool waiting;           /* for them */
    bool lacking;           /* some have not come */
    struct window window;
    char *data;   /* of clients */
    char *packed; /* of parts, whose memory is in pieces */
    enum stage stage;
    int64_t round;
    MPI_Count end; /* reading: of the stream; what lies behind it does not exist */
    int error;     /* an errno value, of the job */
};

/* exchange_parts.c: the next window of a part; of all windows of runs in a domain the most bytes. */
void exchange_window(const struct collective *c, struct part *p);
int64_t exchange_most(const struct collective *c, const struct part *p);

/* exchange.c: messages between begin and end, which are all counted. */
void exchange_begin(struct exchange *x);
void exchange_end(struct exchange *x);
void exchange_put(struct sched *s, struct exchange *x, const void *data, size_t n, int rank, int tag,
                  struct request **r);
void exchange_get(struct sched *s, struct exchange *x, void *data, size_t n, int rank, int tag, struct request **r);
/* What has come; the request goes. */
size_t exchange_settle(struct sched *s, struct request **r);

/* exchange_rounds.c: goes through the windows (a step of the schedule), and concludes. */
bool exchange_rounds(struct sched *s, void *collective);

#endif
