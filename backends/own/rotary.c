/* RotaryEmbedding, a token with all its heads at a time. */
#include "backends/own/wide.h"

#include <string.h>

struct rotary {
    struct kaon_wide wide; /* first */
    size_t batch, tokens, heads, size, pairs, positions;
    size_t batch_stride, token_stride, head_stride;
    int at_in, cos_in; /* the sines come behind the cosines; at_in -1: none */
};

static int64_t integer_at(const struct kaon_tensor *t, size_t i)
{
    return t->type == KAON_I64 ? ((const int64_t *)t->data)[i] : ((const int32_t *)t->data)[i];
}

/* Row of the cosines for a token: a position is given for each, or one for the first. */
static int64_t row_of(const struct kaon_step *step, const struct rotary *p, size_t b, size_t i)
{
    const struct kaon_tensor *at = p->at_in < 0 ? NULL : step->call.in[p->at_in];
    if (!at)
        return (int64_t)(b * p->tokens + i);
    return kaon_own_count(at) == 1 ? integer_at(at, 0) + (int64_t)i
                                   : integer_at(at, b * p->tokens + i);
}

static enum kaon_status run_rotary(const struct kaon_step *step, const float *const *in,
                                   float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct rotary *p = step->args;
    const struct kaon_rotary_attr *attr = step->call.attr;
    (void)scratch;
    struct kaon_rotary r = { .rows = p->heads,
                             .n = p->size,
                             .pairs = p->pairs,
                             .y_stride = p->head_stride,
                             .x_stride = p->head_stride,
                             .interleaved = attr->interleaved };
    for (size_t b = 0; b < p->batch; b++)
        for (size_t i = 0; i < p->tokens; i++) {
            const size_t at = b * p->batch_stride + i * p->token_stride;
            const int64_t row = row_of(step, p, b, i);
            if (row < 0 || (uint64_t)row >= p->positions)
                return kaon_own_fail(&step->call, msg, KAON_BAD_INPUT,
                                     "position %lld of token %zu, wanted 0 to %zu", (long long)row,
                                     i, p->positions - 1);
            r.cos = in[p->cos_in] + (size_t)row * p->pairs;
            r.sin = in[p->cos_in + 1] + (size_t)row * p->pairs;
            step->call.kernels->rotary_rows(out[0] + at, in[0] + at, &r);
        }
    return KAON_OK;
}

/* Heads and strides of [B,T,H D] or [B,H,T,D]. */
static enum kaon_status place(const struct kaon_step *step, struct rotary *p, struct kaon_msg *msg)
{
    const struct kaon_rotary_attr *attr = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *cos = step->call.in[p->cos_in];
    const size_t pairs = (size_t)cos->dims[cos->rank - 1];
    const size_t width = x->rank == 3 ? (size_t)x->dims[2] : 0;
    p->batch = (size_t)x->dims[0];
    if (x->rank == 4) {
        p->heads = (size_t)x->dims[1];
        p->tokens = (size_t)x->dims[2];
        p->size = (size_t)x->dims[3];
        p->token_stride = p->size;
        p->head_stride = p->tokens * p->size;
        p->batch_stride = p->heads * p->head_stride;
    } else {
        p->tokens = (size_t)x->dims[1];
        p->size = attr->heads ? width / (size_t)attr->heads : 2 * pairs;
        p->heads = p->size ? width / p->size : 0;
        p->token_stride = width;
        p->head_stride = p->size;
        p->batch_stride = p->tokens * width;
    }
    p->pairs = attr->size ? (size_t)attr->size / 2 : p->size / 2;
    p->positions = kaon_own_product(cos, 0, cos->rank - 1);
    if (pairs != p->pairs || 2 * pairs > p->size || (x->rank == 3 && p->heads * p->size != width))
        return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL,
                             "%zu cosines a position for heads of %zu, of which %zu turn", pairs,
                             p->size, 2 * p->pairs);
    return KAON_OK;
}

static enum kaon_status check_positions(const struct kaon_step *step, const struct rotary *p,
                                        struct kaon_msg *msg)
{
    const struct kaon_tensor *at = p->at_in < 0 ? NULL : step->call.in[p->at_in];
    const size_t n = at ? kaon_own_count(at) : p->batch * p->tokens;
    if (at && at->type != KAON_I64 && at->type != KAON_I32)
        return kaon_own_no_type(&step->call, at->type, msg);
    if (n != p->batch * p->tokens && n != 1)
        return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL, "%zu positions for %zu tokens", n,
                             p->batch * p->tokens);
    return KAON_OK;
}

static enum kaon_status prepare_rotary(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const struct kaon_rotary_attr *attr = call->attr;
    struct rotary *p = kaon_own_args(step, memory, sizeof *p, msg);
    if (!p)
        return KAON_NO_MEMORY;
    p->cos_in = attr->positions_second ? 2 : 1;
    p->at_in = attr->positions_second ? 1 : kaon_own_in(call, 3) ? 3 : -1;
    for (int i = p->cos_in; i < p->cos_in + 2; i++)
        if (!kaon_own_in(call, (size_t)i) || call->in[i]->rank < 2)
            return kaon_own_fail(call, msg, KAON_BAD_MODEL, "no cosines or sines");
    if (kaon_own_count(call->in[p->cos_in]) != kaon_own_count(call->in[p->cos_in + 1]) ||
        (p->at_in >= 0 && !call->in[p->at_in]))
        return kaon_own_fail(call, msg, KAON_BAD_MODEL,
                             "cosines and sines differ, or there are no positions");
    enum kaon_status st = place(step, p, msg);
    if (st == KAON_OK)
        st = check_positions(step, p, msg);
    if (st != KAON_OK)
        return st;
    p->wide.others = p->at_in >= 0 ? 1u << p->at_in : 0;
    return kaon_wide_prepare(step, &p->wide, run_rotary, 0, msg);
}

const struct kaon_own kaon_own_rotary_embedding = { .prepare = prepare_rotary };
const struct kaon_own kaon_own_contrib_rotary_embedding = { .prepare = prepare_rotary };
