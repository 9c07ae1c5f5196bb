/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi_talk: questions to a launcher that speaks PMI-1 or PMI-2, word by word; for pmi_client.c and pmi_service.c. */
#ifndef LIB_BOOT_PMI_TALK_H
#define LIB_BOOT_PMI_TALK_H

#include "lib/boot/pmi_client.h"

enum pmi_question {
    PMI_ASK_INIT,
    PMI_ASK_FULLINIT,
    PMI_ASK_SPACE,
    PMI_ASK_APPNUM,
    PMI_ASK_UNIVERSE,
    PMI_ASK_GET,
    PMI_ASK_ATTRIBUTE,
    PMI_ASK_PUT,
    PMI_ASK_FENCE,
    PMI_ASK_FINALIZE,
    PMI_ASK_ABORT,
    PMI_ASK_PUBLISH,
    PMI_ASK_LOOKUP,
    PMI_ASK_UNPUBLISH,
    PMI_ASK_SPAWN,
    PMI_ASK_TIE,
    PMI_ASK_PART,
};

const char *pmi_talk_word(const struct pmi_client *c, enum pmi_question q);
/* Says what failed, if nothing has before; false. */
bool pmi_talk_fail(struct pmi_client *c, const char *what, const char *why);
struct pmi_out pmi_talk_begin(const struct pmi_client *c, struct buf *b, enum pmi_question q);
/* Sends the question, and frees its buffer. */
bool pmi_talk_say(struct pmi_client *c, struct pmi_out *o, enum pmi_question q);
/* Takes the answer, whose rc may tell a failure: then *rc is not 0. False: it failed, or (block false) there is none
 * yet. */
bool pmi_talk_take(struct pmi_client *c, enum pmi_question q, struct pmi_msg *m, int64_t *rc, bool block);
/* Both. */
bool pmi_talk_ask(struct pmi_client *c, struct pmi_out *o, enum pmi_question q, struct pmi_msg *m, int64_t *rc);
/* The same, and it must be granted. */
bool pmi_talk_ask_ok(struct pmi_client *c, struct pmi_out *o, enum pmi_question q, struct pmi_msg *m);
/* Why the launcher refuses, in its words, or in ours. */
const char *pmi_talk_reason(const struct pmi_client *c, const struct pmi_msg *m);

#endif
