/* SkipLayerNormalization, SkipSimplifiedLayerNormalization, EmbedLayerNormalization. */
#include "backends/own/convert.h"
#include "backends/own/index.h"
#include "backends/own/wide.h"

#include <math.h>
#include <string.h>

/* ---- sums ------------------------------------------------------------------------------------ */

struct skip {
    struct kaon_wide wide; /* first */
    size_t rows, n, skip_rows;
    size_t bias; /* input */
};

static enum kaon_status run_skip(const struct kaon_step *step, const float *const *in,
                                 float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct skip *p = step->args;
    const struct kaon_norm *a = step->call.attr;
    const struct kaon_kernels *kernels = step->call.kernels;
    const bool centred = step->call.op->kind == KAON_OP_skip_layer_normalization;
    const float *bias = p->bias < step->call.n_in ? in[p->bias] : NULL;
    float *room = scratch;
    (void)msg;
    for (size_t r = 0; r < p->rows; r += p->skip_rows) {
        float *sum = out[3] ? out[3] + r * p->n : room;
        float *y = out[0] ? out[0] + r * p->n : room + p->skip_rows * p->n;
        const struct kaon_norm_sum s = { sum, in[1], bias };
        if (centred)
            kernels->layernorm_of_sum(y, in[0] + r * p->n, &s, in[2],
                                      step->call.n_in > 3 ? in[3] : NULL, p->skip_rows, p->n,
                                      a->epsilon);
        else
            kernels->rmsnorm_of_sum(y, in[0] + r * p->n, &s, in[2], p->skip_rows, p->n, a->epsilon);
        if (centred && (out[1] || out[2]))
            kernels->layernorm_rows(y, sum, in[2], step->call.n_in > 3 ? in[3] : NULL, p->skip_rows,
                                    p->n, a->epsilon, out[1] ? out[1] + r : NULL,
                                    out[2] ? out[2] + r : NULL);
        for (size_t i = 0; !centred && out[2] && i < p->skip_rows; i++) {
            float squares;
            kernels->reduce_rows[KAON_REDUCE_SUM_SQUARE](&squares, sum + i * p->n, 1, p->n);
            out[2][r + i] = 1.0f / sqrtf(squares / (float)p->n + a->epsilon);
        }
        for (size_t i = 0; !centred && out[1] && i < p->skip_rows; i++)
            out[1][r + i] = 0.0f;
    }
    return KAON_OK;
}

static enum kaon_status prepare_skip(struct kaon_step *step, struct kaon_arena *memory,
                                     struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0];
    struct skip *p = kaon_own_args(step, memory, sizeof *p, msg);
    size_t floats, bytes;
    if (!p)
        return KAON_NO_MEMORY;
    p->n = (size_t)x->dims[x->rank - 1];
    p->rows = kaon_own_product(x, 0, x->rank - 1);
    p->skip_rows = p->n ? kaon_own_count(step->call.in[1]) / p->n : 0;
    p->bias = step->call.op->kind == KAON_OP_skip_layer_normalization ? 4 : 3;
    if (p->rows && (!p->n || !p->skip_rows || p->rows % p->skip_rows ||
                    kaon_own_count(step->call.in[1]) != p->skip_rows * p->n))
        return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL, "the skip has %zu elements",
                             kaon_own_count(step->call.in[1]));
    if (!kaon_mul(&floats, p->skip_rows, 2 * p->n) || !kaon_mul(&bytes, floats, sizeof(float)))
        return kaon_own_fail(&step->call, msg, KAON_OVER_LIMIT, "its scratch is too large");
    return kaon_wide_prepare(step, &p->wide, run_skip, bytes, msg);
}

const struct kaon_own kaon_own_skip_layer_normalization = { .prepare = prepare_skip };
const struct kaon_own kaon_own_skip_simplified_layer_normalization = { .prepare = prepare_skip };

/* ---- embeddings ------------------------------------------------------------------------------ */

enum { IDS, SEGMENTS, WORDS, POSITIONS, SEGMENT_ROWS, GAMMA, BETA, MASK, PLACES };

/* y = the rows of words, positions and segments of one token. */
static enum kaon_status embed(const struct kaon_step *step, const float *const *in, size_t token,
                              size_t n, float *y, struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const struct kaon_tensor *places = kaon_own_in(call, PLACES);
    int64_t at = (int64_t)(token % (size_t)call->in[IDS]->dims[1]), row;
    enum kaon_status st = kaon_index_read(call, IDS, token, 1, call->in[WORDS]->dims[0], &row, msg);
    if (st == KAON_OK && places)
        st = kaon_index_read(call, PLACES,
                             kaon_own_count(places) == 1 ? 0 : token % kaon_own_count(places), 1,
                             call->in[POSITIONS]->dims[0], &at, msg);
    if (st == KAON_OK && at >= call->in[POSITIONS]->dims[0])
        st = kaon_own_fail(call, msg, KAON_BAD_INPUT, "%lld positions for token %lld",
                           (long long)call->in[POSITIONS]->dims[0], (long long)at);
    if (st != KAON_OK)
        return st;
    if (n)
        memcpy(y, in[WORDS] + (size_t)row * n, n * sizeof *y);
    if (call->in[SEGMENTS] && call->in[SEGMENT_ROWS]) {
        st = kaon_index_read(call, SEGMENTS, token, 1, call->in[SEGMENT_ROWS]->dims[0], &row, msg);
        for (size_t i = 0; st == KAON_OK && i < n; i++)
            y[i] += in[SEGMENT_ROWS][(size_t)row * n + i];
    }
    for (size_t i = 0; i < n; i++)
        y[i] += in[POSITIONS][(size_t)at * n + i];
    return st;
}

/* How many tokens of each item the mask leaves. */
static void count_mask(const struct kaon_call *call)
{
    const struct kaon_tensor *mask = kaon_own_in(call, MASK), *y = kaon_own_out(call, 1);
    const int64_t batch = call->in[IDS]->dims[0], tokens = call->in[IDS]->dims[1];
    for (int64_t b = 0; y && b < batch; b++) {
        int32_t n = 0;
        for (int64_t t = 0; mask && t < tokens; t++)
            n += kaon_element_int(mask->type, mask->data, b * tokens + t) == 1;
        ((int32_t *)y->data)[b] = n;
    }
}

static enum kaon_status run_embed(const struct kaon_step *step, const float *const *in,
                                  float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const struct kaon_norm *a = call->attr;
    const size_t n = (size_t)call->in[WORDS]->dims[1], tokens = kaon_own_count(call->in[IDS]);
    const float *gamma = in[GAMMA], *beta = in[BETA];
    for (size_t t = 0; t < tokens; t++) {
        float *sum = call->n_out > 2 && out[2] ? out[2] + t * n : scratch;
        const enum kaon_status st = embed(step, in, t, n, sum, msg);
        if (st != KAON_OK)
            return st;
        if (out[0])
            call->kernels->layernorm_rows(out[0] + t * n, sum, gamma, beta, 1, n, a->epsilon, NULL,
                                          NULL);
    }
    count_mask(call);
    return KAON_OK;
}

/* The element type is the words': the ids come first, so the call's inputs are widened by hand. */
static enum kaon_status run_embed_f32(const struct kaon_step *step, struct kaon_msg *msg)
{
    const float *in[9] = { NULL };
    float *out[3] = { NULL };
    for (size_t i = WORDS; i <= BETA; i++)
        in[i] = step->call.in[i] ? step->call.in[i]->data : NULL;
    for (size_t i = 0; i < step->call.n_out; i++)
        out[i] = step->call.out[i] && i != 1 ? step->call.out[i]->data : NULL;
    return run_embed(step, in, out, step->scratch, msg);
}

static enum kaon_status prepare_embed(struct kaon_step *step, struct kaon_arena *memory,
                                      struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    (void)memory;
    for (size_t i = WORDS; i <= BETA; i++)
        if (call->in[i] && call->in[i]->type != KAON_F32)
            return kaon_own_no_type(call, call->in[i]->type, msg);
    for (size_t i = 0; i < call->n_in; i++)
        if ((i == IDS || i == SEGMENTS || i == PLACES) && call->in[i] &&
            call->in[i]->type != KAON_I32 && call->in[i]->type != KAON_I64)
            return kaon_own_no_type(call, call->in[i]->type, msg);
    if (kaon_own_in(call, PLACES) && kaon_own_count(call->in[PLACES]) == 0)
        return kaon_own_fail(call, msg, KAON_BAD_INPUT, "no position ids");
    if ((call->in[SEGMENTS] && !kaon_same_shape(call->in[SEGMENTS], call->in[IDS])) ||
        (kaon_own_in(call, MASK) && !kaon_same_shape(call->in[MASK], call->in[IDS])))
        return kaon_own_fail(call, msg, KAON_BAD_INPUT, "segments or mask of another shape");
    step->run = run_embed_f32;
    return kaon_own_scratch(step, (size_t)call->in[WORDS]->dims[1], sizeof(float), msg);
}

const struct kaon_own kaon_own_embed_layer_normalization = { .prepare = prepare_embed };
