/* SPDX-License-Identifier: BSD-3-Clause
 *
 * channel_file: a channel in a file without a name, which its sender makes and its receiver opens. */
#ifndef LIB_TRANSPORT_SHM_CHANNEL_FILE_H
#define LIB_TRANSPORT_SHM_CHANNEL_FILE_H

#include "lib/nodemem/porch.h"
#include "lib/transport/shm/channel.h"

struct file_head;

struct channel_file {
    struct file_head *head; /* mapped; NULL: there is none */
    size_t bytes;
    uint32_t slots; /* as the head said once */
    size_t ring;
    bool made; /* by this process */
    struct letter
        letter; /* of one that was made: where it is found; its fd is open until the receiver has it, then -1 */
};

/* 0, or an errno value. Of the letter who has written it is left to the caller. */
int channel_file_make(struct channel_file *f);
/* The one that a letter tells of. 0, or an errno value: EINVAL: it is no channel. */
int channel_file_open(struct channel_file *f, const struct letter *l);
void channel_file_drop(struct channel_file *f);
/* A cursor at its beginning. */
void channel_file_cursor(const struct channel_file *f, struct cursor *c);
/* The receiver says that it has it; the sender asks, and lets go of the descriptor. */
void channel_file_have(struct channel_file *f);
bool channel_file_arrived(struct channel_file *f);

#endif
