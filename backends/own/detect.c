/* NonMaxSuppression. */
#include "backends/own/own.h"
#include "engine/base/boxes.h"

static float one(const struct kaon_tensor *t)
{
    return t ? (float)kaon_element_double(t->type, t->data, 0) : 0.0f;
}

static enum kaon_status run_suppression(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_suppress *a = step->call.attr;
    const struct kaon_tensor *boxes = step->call.in[0], *scores = step->call.in[1],
                             *most = kaon_own_in(&step->call, 2),
                             *least = kaon_own_in(&step->call, 4);
    int64_t count;
    const struct kaon_boxes b = { .batches = scores->dims[0],
                                  .classes = scores->dims[1],
                                  .n = scores->dims[2],
                                  .boxes = boxes->data,
                                  .scores = scores->data,
                                  .most = most ? kaon_element_int(most->type, most->data, 0) : 0,
                                  .overlap = one(kaon_own_in(&step->call, 3)),
                                  .has_least = least != NULL,
                                  .center = a->center,
                                  .least = one(least) };
    return kaon_boxes_choose(&b, step->call.out[0]->data, &count, msg);
}

static enum kaon_status prepare_suppression(struct kaon_step *step, struct kaon_arena *memory,
                                            struct kaon_msg *msg)
{
    (void)memory;
    for (size_t i = 0; i < 2; i++)
        if (step->call.in[i]->type != KAON_F32)
            return kaon_own_no_type(&step->call, step->call.in[i]->type, msg);
    step->run = run_suppression;
    return KAON_OK;
}

const struct kaon_own kaon_own_non_max_suppression = { .prepare = prepare_suppression };
