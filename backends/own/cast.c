/* Cast, CastLike. */
#include "backends/own/convert.h"

static enum kaon_status run_cast(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_cast *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    const size_t n = kaon_own_count(x);
    (void)msg;
    if (y->type == KAON_F8E8M0 && x->type != KAON_F8E8M0) {
        for (size_t i = 0; i < n; i++)
            ((uint8_t *)y->data)[i] = kaon_f8e8m0_from_f32(
                (float)kaon_element_double(x->type, x->data, (int64_t)i), a->saturate, a->round);
        return KAON_OK;
    }
    if (n)
        kaon_convert(y->type, y->data, x->type, x->data, n, a->saturate);
    return KAON_OK;
}

static enum kaon_status prepare_cast(struct kaon_step *step, struct kaon_arena *memory,
                                     struct kaon_msg *msg)
{
    const enum kaon_type from = step->call.in[0]->type, to = step->call.out[0]->type;
    (void)memory;
    if (!kaon_convert_can(to, from))
        return kaon_own_no_type(&step->call, kaon_convert_can(to, to) ? from : to, msg);
    step->run = run_cast;
    return KAON_OK;
}

const struct kaon_own kaon_own_cast = { .prepare = prepare_cast };
const struct kaon_own kaon_own_cast_like = { .prepare = prepare_cast };
