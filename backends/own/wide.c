#include "backends/own/wide.h"

#include "backends/own/convert.h"

static bool is_narrow(const struct kaon_tensor *t)
{
    return t && (t->type == KAON_F16 || t->type == KAON_BF16);
}

static enum kaon_status run_wide(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_wide *w = step->args;
    const struct kaon_call *call = &step->call;
    const float *in[KAON_WIDE_IO] = { NULL };
    float *out[KAON_WIDE_IO] = { NULL };
    char *scratch = step->scratch;
    for (size_t i = 0; i < call->n_in && i < KAON_WIDE_IO; i++) {
        const struct kaon_tensor *t = call->in[i];
        if (is_narrow(t)) {
            float *wide = (float *)(void *)(scratch + w->in_at[i]);
            kaon_convert(KAON_F32, wide, t->type, t->data, kaon_own_count(t), false);
            in[i] = wide;
        } else if (t && t->type == KAON_F32) {
            in[i] = t->data;
        }
    }
    for (size_t i = 0; i < call->n_out && i < KAON_WIDE_IO; i++)
        if (call->out[i])
            out[i] = is_narrow(call->out[i]) ? (float *)(void *)(scratch + w->out_at[i])
                                             : call->out[i]->data;
    const enum kaon_status st = w->fn(step, in, out, scratch, msg);
    for (size_t i = 0; st == KAON_OK && w->converts && i < call->n_out && i < KAON_WIDE_IO; i++)
        if (is_narrow(call->out[i]))
            kaon_convert(call->out[i]->type, call->out[i]->data, KAON_F32, out[i],
                         kaon_own_count(call->out[i]), false);
    return st;
}

static size_t place(const struct kaon_tensor *t, size_t *at, size_t used)
{
    *at = used;
    return is_narrow(t) ? used + (kaon_own_count(t) * sizeof(float) + 63) / 64 * 64 : used;
}

enum kaon_status kaon_wide_prepare(struct kaon_step *step, struct kaon_wide *w, kaon_wide_fn *fn,
                                   size_t scratch_bytes, struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const enum kaon_type type = call->in[0]->type;
    size_t used = (scratch_bytes + 63) / 64 * 64;
    if (type != KAON_F32 && type != KAON_F16 && type != KAON_BF16)
        return kaon_own_no_type(call, type, msg);
    if (call->n_in > KAON_WIDE_IO || call->n_out > KAON_WIDE_IO)
        return kaon_own_fail(call, msg, KAON_UNSUPPORTED, "more than %d inputs or outputs",
                             KAON_WIDE_IO);
    w->fn = fn;
    w->converts = type != KAON_F32;
    for (size_t i = 0; i < call->n_in; i++) {
        if (call->in[i] && call->in[i]->type != KAON_F32 && !is_narrow(call->in[i]) &&
            !(w->others >> i & 1))
            return kaon_own_no_type(call, call->in[i]->type, msg);
        used = place(call->in[i], &w->in_at[i], used);
    }
    for (size_t i = 0; i < call->n_out; i++) {
        used = place(call->out[i], &w->out_at[i], used);
        w->converts |= is_narrow(call->out[i]);
    }
    step->run = run_wide;
    step->scratch_bytes = used;
    return KAON_OK;
}
