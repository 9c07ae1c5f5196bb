/* SPDX-License-Identifier: BSD-3-Clause
 *
 * lsf: LSB_MCPU_HOSTS is "host slots host slots"; LSB_DJOB_HOSTFILE a file with a host on a line for each slot;
 * LSB_HOSTS the same in one line, which long jobs do not have.
 */
#include "launcher/rm/parsers.h"

#include <string.h>

/* The next word: its length, *at moved to its start. */
static size_t word_next(const char **at)
{
    *at += strspn(*at, " ");
    return strcspn(*at, " ");
}

static int pairs_read(struct allocation *a, const char *text, struct err *e)
{
    static const char name[] = "LSB_MCPU_HOSTS";
    rm_note_from(a, name, text);
    const char *at = text;
    for (size_t n; (n = word_next(&at));) {
        const char *host = at;
        uint32_t slots;
        at += n;
        size_t m = word_next(&at);
        if (rm_number(at, m, HOSTLIST_SLOTS_MAX, &slots) < 0)
            return err_set(e, "%s has no number of slots after host %.*s", name, n < 80 ? (int)n : 80, host);
        if (hostlist_mention(&a->hosts, host, n, slots, "LSB_MCPU_HOSTS: ", e) < 0)
            return -1;
        at += m;
    }
    return 0;
}

enum rm_found rm_lsf_read(const struct rm_source *s, struct allocation *a, struct err *e)
{
    const char *pairs = rm_variable(s, "LSB_MCPU_HOSTS");
    int rc;
    rm_note_job(a, rm_variable(s, "LSB_JOBID"));
    if (pairs)
        rc = pairs_read(a, pairs, e);
    else if (rm_variable(s, "LSB_DJOB_HOSTFILE"))
        rc = rm_node_file(s, a, "LSB_DJOB_HOSTFILE", 1, e);
    else if (rm_variable(s, "LSB_HOSTS"))
        rc = rm_host_words(s, a, "LSB_HOSTS", e);
    else
        return RM_ABSENT;
    return rc < 0 ? RM_ERROR : RM_FOUND;
}
