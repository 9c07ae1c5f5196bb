/* SPDX-License-Identifier: BSD-3-Clause
 *
 * fuzz_control.c: a frame's head, a launch description, or the payload of any codec of the catalogues: the first byte
 * chooses the part, the second which codec. What is accepted is written again, and must be the same bytes.
 */
#include "wire/check.h"
#include "wire/control.h"
#include "wire/frame.h"
#include "wire/launch_spec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    rbuf_init(&r, data, size);
    if (!launch_spec_get(&r, &s))
        return;
    use(&s);
    launch_spec_fini(&s);
}

static void codec(const struct check *checks, uint8_t which, const uint8_t *data, size_t size)
{
    size_t n = 0;
    while (checks[n].name)
        n++;
    if (checks[which % n].same(data, size) < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    switch (data[0] % 6) {
    case 0:
        frame(data + 2, size - 2);
        break;
    case 1:
        launch_spec(data + 2, size - 2);
        break;
    case 2:
        codec(control_checks, data[1], data + 2, size - 2);
        break;
    case 3:
        codec(pmi_control_checks, data[1], data + 2, size - 2);
        break;
    case 4:
        codec(launch_spec_checks, data[1], data + 2, size - 2);
        break;
    case 5:
        codec(registry_checks, data[1], data + 2, size - 2);
    }
    return 0;
}
