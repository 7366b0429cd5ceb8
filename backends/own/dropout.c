/* Dropout: a copy, unless it is for training. */
#include "backends/own/convert.h"
#include "engine/base/random.h"

#include <string.h>

static bool trains(const struct kaon_call *call)
{
    const struct kaon_dropout *a = call->attr;
    const struct kaon_tensor *on = kaon_own_in(call, 2);
    return on ? kaon_element_int(on->type, on->data, 0) != 0 : a->training;
}

/* Element i is kept with probability 1 - ratio, and scaled so that the mean stays. */
static void drop(const struct kaon_call *call, double ratio)
{
    const struct kaon_dropout *a = call->attr;
    const struct kaon_tensor *x = call->in[0];
    struct kaon_tensor *y = call->out[0], *mask = kaon_own_out(call, 1);
    const uint64_t seed = a->has_seed ? a->seed : kaon_random_name(call->node);
    const size_t n = kaon_own_count(x);
    for (size_t i = 0; i < n; i++) {
        const bool kept = kaon_random_unit(seed, i) >= ratio;
        const double v = kept ? kaon_element_double(x->type, x->data, (int64_t)i) : 0.0;
        if (y)
            kaon_put_double(y->type, y->data, i, v / (1.0 - ratio));
        if (mask)
            kaon_put_double(mask->type, mask->data, i, kept ? 1.0 : 0.0);
    }
}

static enum kaon_status run_dropout(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_dropout *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *given = kaon_own_in(&step->call, 1);
    struct kaon_tensor *y = step->call.out[0], *mask = kaon_own_out(&step->call, 1);
    const size_t n = kaon_own_count(x), bytes = n * kaon_type_bytes(x->type);
    const double ratio =
        given ? kaon_element_double(given->type, given->data, 0) : (double)a->ratio;
    if (trains(&step->call) && ratio != 0.0) {
        if (!(ratio > 0.0 && ratio < 1.0))
            return kaon_own_fail(&step->call, msg, KAON_BAD_INPUT,
                                 "ratio is %g, wanted 0 to below 1", ratio);
        drop(&step->call, ratio);
        return KAON_OK;
    }
    for (size_t i = 0; mask && i < n; i++)
        kaon_put_double(mask->type, mask->data, i, 1.0);
    if (y && bytes)
        memcpy(y->data, x->data, bytes);
    return KAON_OK;
}

static enum kaon_status prepare_dropout(struct kaon_step *step, struct kaon_arena *memory,
                                        struct kaon_msg *msg)
{
    const enum kaon_type type = step->call.in[0]->type;
    (void)memory;
    if (!kaon_type_is_float(type))
        return kaon_own_no_type(&step->call, type, msg);
    for (size_t i = 1; i < step->call.n_in; i++)
        if (step->call.in[i] && kaon_own_count(step->call.in[i]) != 1)
            return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL, "input %zu is not one number",
                                 i);
    step->run = run_dropout;
    return KAON_OK;
}

const struct kaon_own kaon_own_dropout = { .prepare = prepare_dropout };
