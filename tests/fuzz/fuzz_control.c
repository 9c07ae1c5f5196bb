/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A frame of the control tree (head and payload), a launch description, a setup, or a list of started, exited or
 * watched ranks: the first byte chooses. What is accepted is written again, and must be the same bytes.
 */
#include "wire/control.h"
#include "wire/frame.h"
#include "wire/launch_spec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(struct buf *b, const uint8_t *data, size_t size)
{
    if (b->failed || b->len != size || memcmp(b->data, data, size) != 0)
        abort();
    buf_fini(b);
}

static void frame(const uint8_t *data, size_t size)
{
    struct frame_head h;
    unsigned char again[FRAME_HEAD_SIZE];
    if (size < FRAME_HEAD_SIZE)
        return;
    bool ok = frame_head_get(data, &h);
    frame_head_put(again, &h);
    if (memcmp(again, data, FRAME_HEAD_SIZE) != 0 || ok != (h.len <= FRAME_PAYLOAD_MAX) || !*control_name(h.type))
        abort();
}

static void use(const struct launch_spec *s)
{
    uint32_t n = s->map.nranks < 1000 ? s->map.nranks : 1000;
    for (uint32_t i = 0; i < n; i++) {
        if (rankmap_node(&s->map, i) >= s->map.nnodes || rank_runs_at(&s->app_of_rank, i) >= s->napps ||
            rank_runs_at(&s->binding_of_rank, i) > s->bindings.n)
            abort();
        launch_spec_takes_stdin(s, i);
    }
    struct rankmap_iter it;
    uint32_t rank, here = 0;
    rankmap_iter_init(&it, &s->map, 0);
    while (here < 1000 && rankmap_iter_next(&it, &rank))
        here++;
    if (here < 1000 && here != rankmap_local_size(&s->map, 0))
        abort();
}

static void launch_spec(const uint8_t *data, size_t size)
{
    struct rbuf r;
    struct launch_spec s;
    struct buf b;
    rbuf_init(&r, data, size);
    if (!launch_spec_get(&r, &s))
        return;
    use(&s);
    buf_init(&b);
    launch_spec_put(&b, &s);
    same(&b, data, size);
    launch_spec_fini(&s);
}

static void setup(const uint8_t *data, size_t size)
{
    struct rbuf r;
    struct control_setup s;
    rbuf_init(&r, data, size);
    if (!control_setup_get(&r, &s))
        return;
    for (uint32_t i = 0; i < s.nnodes; i++)
        if (strlen(s.names[i]) > size)
            abort();
    control_setup_fini(&s);
}

static void lists(const uint8_t *data, size_t size)
{
    struct control_started s;
    struct control_exited x;
    struct control_state t;
    struct rbuf r;
    rbuf_init(&r, data, size);
    for (uint32_t n = rbuf_count(&r, CONTROL_STARTED_SIZE); n; n--)
        control_started_get(&r, &s);
    rbuf_init(&r, data, size);
    for (uint32_t n = rbuf_count(&r, CONTROL_EXITED_SIZE); n; n--)
        control_exited_get(&r, &x);
    if (!rbuf_ok(&r) && size >= 4 && r.pos > 4)
        abort(); /* what was counted must be there */
    rbuf_init(&r, data, size);
    for (uint32_t n = rbuf_count(&r, CONTROL_STATE_MIN_SIZE); n && rbuf_ok(&r); n--) {
        control_state_get(&r, &t);
        if (t.what.len > CONTROL_STATE_WHAT_MAX ||
            (t.what.len && (const uint8_t *)t.what.data + t.what.len > data + size))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const parts[])(const uint8_t *, size_t) = {frame, launch_spec, setup, lists};
    if (size)
        parts[data[0] % 4](data + 1, size - 1);
    return 0;
}
