/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ssh_pass: one question at a time, without an echo, read when the terminal has a line.
 */
#include "launcher/start/ssh_pass.h"

#include "common/file.h"
#include "common/log.h"
#include "common/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <termios.h>
#include <unistd.h>

#define FILE_MAX (64u << 10)

enum state { NEW, WAITS, HAS, REFUSED };

struct key {
    char *file;
    bool locked;
    enum state state;
    char text[1024];
    SLIST_ENTRY(key) link;
};

struct waiter {
    void (*answered)(void *arg);
    void *arg;
    SLIST_ENTRY(waiter) link;
};

static SLIST_HEAD(, key) keys = SLIST_HEAD_INITIALIZER(keys);

/* The question that is being asked; who waits for it, or for its turn. */
static struct {
    int tty; /* -1: none is open */
    struct event *ev;
    struct termios before;
    struct key *key;
    SLIST_HEAD(, waiter) waiters;
} ask = {.tty = -1};

/* An OpenSSH key begins with a magic word and the name of its cipher; an older one says so in words. */
static bool text_is_locked(const char *text)
{
    static const char openssh[] = "-----BEGIN OPENSSH PRIVATE KEY-----";
    static const char none[] = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU"; /* "openssh-key-v1", 0, 4 bytes, "none" */
    const char *at = strstr(text, openssh);
    if (!at)
        return strstr(text, "ENCRYPTED") != NULL;
    at += sizeof openssh - 1;
    at += strspn(at, "\r\n");
    return strncmp(at, none, sizeof none - 1) != 0;
}

static struct key *key_of(const char *file)
{
    struct key *k;
    struct err e;
    SLIST_FOREACH(k, &keys, link)
    if (strcmp(k->file, file) == 0)
        return k;
    k = xcalloc(1, sizeof *k);
    k->file = xstrdup(file);
    char *text = file_read(file, FILE_MAX, NULL, &e);
    k->locked = text && text_is_locked(text);
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
    SLIST_INSERT_HEAD(&keys, k, link);
    return k;
}

bool ssh_pass_is_locked(const char *file)
{
    return key_of(file)->locked;
}

static void close_tty(void)
{
    if (ask.tty < 0)
        return;
    tcsetattr(ask.tty, TCSAFLUSH, &ask.before);
    event_free(ask.ev);
    close(ask.tty);
    ask.tty = -1;
}

/* All look again: whose key was not the one that was asked for ask for theirs. */
static void wake(void)
{
    SLIST_HEAD(, waiter) all;
    SLIST_INIT(&all);
    all.slh_first = ask.waiters.slh_first;
    SLIST_INIT(&ask.waiters);
    while (!SLIST_EMPTY(&all)) {
        struct waiter *w = SLIST_FIRST(&all);
        SLIST_REMOVE_HEAD(&all, link);
        w->answered(w->arg);
        free(w);
    }
}

static void on_line(evutil_socket_t fd, short what, void *arg)
{
    struct key *k = ask.key;
    ssize_t n = read(ask.tty, k->text, sizeof k->text - 1);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    k->text[n > 0 ? n : 0] = '\0';
    k->text[strcspn(k->text, "\r\n")] = '\0';
    k->state = *k->text ? HAS : REFUSED;
    dprintf(ask.tty, "\n");
    close_tty();
    wake();
}

/* Who is not in the foreground would be stopped by a read. */
static bool open_tty(struct event_base *base, struct key *k)
{
    ask.tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (ask.tty < 0)
        return false;
    if (tcgetpgrp(ask.tty) != getpgrp() || tcgetattr(ask.tty, &ask.before) < 0) {
        close(ask.tty);
        ask.tty = -1;
        return false;
    }
    struct termios quiet = ask.before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(ask.tty, TCSAFLUSH, &quiet);
    dprintf(ask.tty, "mpiexec: passphrase of %s: ", k->file);
    ask.key = k;
    ask.ev = event_new(base, ask.tty, EV_READ | EV_PERSIST, on_line, NULL);
    if (!ask.ev || event_add(ask.ev, NULL) < 0)
        log_fatal("out of memory");
    return true;
}

enum ssh_pass ssh_pass_get(struct event_base *base, const char *file, const char **text, void (*answered)(void *arg),
                           void *arg)
{
    struct key *k = key_of(file);
    if (k->state == NEW && ask.tty < 0)
        k->state = open_tty(base, k) ? WAITS : REFUSED;
    *text = k->text;
    if (k->state == HAS || k->state == REFUSED)
        return k->state == HAS ? PASS_KNOWN : PASS_NONE;
    struct waiter *w = xcalloc(1, sizeof *w);
    *w = (struct waiter){.answered = answered, .arg = arg};
    SLIST_INSERT_HEAD(&ask.waiters, w, link);
    return PASS_ASKED;
}

void ssh_pass_drop(void *arg)
{
    struct waiter *w, *next;
    for (w = SLIST_FIRST(&ask.waiters); w; w = next) {
        next = SLIST_NEXT(w, link);
        if (w->arg != arg)
            continue;
        SLIST_REMOVE(&ask.waiters, w, waiter, link);
        free(w);
    }
    if (SLIST_EMPTY(&ask.waiters) && ask.tty >= 0) {
        dprintf(ask.tty, "\n");
        ask.key->state = NEW;
        close_tty();
    }
}

void ssh_pass_wrong(const char *file)
{
    struct key *k = key_of(file);
    if (k->state == HAS)
        log_warn("that was not the passphrase of %s", file);
    k->state = REFUSED;
    explicit_bzero(k->text, sizeof k->text);
}
