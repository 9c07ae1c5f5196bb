/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rank_wait.c: what a rank has told of its wait, read by others while it may be writing, and in words.
 */
#include <stdio.h>
#include <string.h>
#include "wire/node_segment.h"

/* A copy, as it was at one moment: one that tests writes again and again. */
static bool copy_wait(const struct rank_wait *from, struct rank_wait *to)
{
    for (int looks = 0; looks < 100; looks++) {
        uint16_t turns = atomic_load_explicit(&from->turns, memory_order_acquire);
        memcpy(to, from, sizeof *to);
        atomic_thread_fence(memory_order_acquire);
        if (!(turns & 1) && turns == atomic_load_explicit(&from->turns, memory_order_relaxed))
            return true;
    }
    return false;
}

bool rank_wait_read(const struct rank_status *s, int i, struct rank_wait *w)
{
    /* The call is read first: what is told later about a later one still holds. */
    uint64_t call = atomic_load_explicit(&s->call, memory_order_acquire);
    if (!copy_wait(&s->waits[i], w))
        return false;
    uint64_t wait = atomic_load_explicit(&w->call, memory_order_relaxed);
    if (wait == 0 || w->kind == RANK_WAITS_THREAD)
        return wait != 0;
    if (w->kind == RANK_TESTS)
        return wait >> 16 >= call >> 16 || (call >> 16) - (wait >> 16) <= RANK_TESTS_MOST;
    return call & 0xffff && wait == call;
}

/* Who writes clears since_ns first, and writes it last. */
void rank_flight_read(const struct rank_status *s, const struct rank_wait *w, uint64_t *outgoing, uint64_t *incoming)
{
    uint64_t before = atomic_load_explicit(&s->flight.since_ns, memory_order_acquire);
    *outgoing = atomic_load_explicit(&s->flight.outgoing, memory_order_relaxed);
    *incoming = atomic_load_explicit(&s->flight.incoming, memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
    if (before == 0 || before != w->since_ns ||
        atomic_load_explicit(&s->flight.since_ns, memory_order_relaxed) != before)
        *outgoing = *incoming = 0;
}

/* " from 3 tag 7" */
static void message_text(const struct rank_wait *w, char *text, size_t n)
{
    char peer[32] = "", tag[32] = "";
    if (w->peer >= 0)
        snprintf(peer, sizeof peer, w->sends ? " to %d" : " from %d", w->peer);
    else if (w->peer == RANK_STATUS_ANY)
        snprintf(peer, sizeof peer, " from any");
    if (w->tag >= 0)
        snprintf(tag, sizeof tag, " tag %d", w->tag);
    snprintf(text, n, "%s%s", peer, tag);
}

static void comm_text(const struct rank_wait *w, char text[80])
{
    if (w->comm <= 1)
        snprintf(text, 80, "%s", w->comm ? "MPI_COMM_SELF" : "MPI_COMM_WORLD");
    else if (w->comm_name[0])
        snprintf(text, 80, "%.63s", w->comm_name);
    else
        snprintf(text, 80, "communicator %u", w->comm);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
}

/* Does the name of the call say whether it sends or receives? */
static bool says_what(const char *function)
{
    static const char *const general[] = {"MPI_Wait", "MPI_Test", "MPI_Request_get_status"};
    for (size_t i = 0; i < sizeof general / sizeof *general; i++)
        if (strncmp(function, general[i], strlen(general[i])) == 0)
            return false;
    return true;
}

void rank_wait_text(const struct rank_wait *w, char *text, size_t n)
{
    char message[64], comm[80], function[32];
    snprintf(function, sizeof function, "%.31s", w->function);
    message_text(w, message, sizeof message);
    comm_text(w, comm);
    bool loop = w->kind == RANK_TESTS;
    if (says_what(function) || !*message)
        snprintf(text, n, "%s%s%s on %s", function, loop ? " (in a loop)" : "", message, comm);
    else
        snprintf(text, n, "%s (%s%s%s) on %s", function, w->sends ? "send" : "receive", message,
                 loop ? ", in a loop" : "", comm);
}
