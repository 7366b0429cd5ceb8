/* Attention in blocks of keys: the driver of the streaming family, and what a variant gives it.
 *
 * A block of keys leaves each query a part: a reference, up to three sums over the visible keys, and one or two
 * sums of weighted values. Parts of further keys are merged into it in the order of the keys; each is made with
 * a reference of its own, so that blocks are independent of each other. Blocks begin at multiples of KEY_BLOCK:
 * the bits do not depend on who computes which. */
#ifndef KAON_KERNELS_ATTENTION_STREAM_H
#define KAON_KERNELS_ATTENTION_STREAM_H

#include <math.h>

#include "kernels/attention/score.h"
#include "kernels/isa.h"
#include "kernels/vmath.h"

enum { STREAM_REFS = 3, STREAM_SUMS = 3 };

struct stream_part {
    float ref[STREAM_REFS];
    float sum[STREAM_SUMS];
};

/* How the sums of values of two parts go into those of both:
 *   values = a values_a + b values_b + a_second second_a + b_second second_b       second = a second_a + b second_b */
struct stream_factors {
    float a, b, a_second, b_second;
};

/* Weights of `rows` queries from scores x, in place (rows are whole vectors, n a multiple of VLEN), and with a second set of them in x2; -inf is a key that is not
 * visible and gets 0 in both. Sets part[r]. */
typedef void stream_sweep_fn(struct stream_part *part, const struct score_row *row, float *x,
                             float *x2, size_t rows, size_t n, size_t stride);
/* a becomes the part of both. */
typedef struct stream_factors stream_merge_fn(struct stream_part *a, const struct stream_part *b,
                                              const struct score_row *row);
/* The output from the sums of values, n of them. */
typedef void stream_finish_fn(float *out, const float *values, const float *second, size_t n,
                              const struct stream_part *part, const struct score_row *row);

struct stream {
    enum score_mode mode;
    bool count;         /* row->n is wanted */
    bool softmax;       /* the weights are the softmax of the scores: kernels/attention/few.h */
    int accumulators;   /* sums of values: 1 or 2 */
    bool second_counts; /* the second weights are 1 where a key is visible */
    bool second_adds;   /* the second sum of values adds as it is */
    void (*prepare)(struct score_row *row); /* before the first sweep; NULL: nothing to do */
    /* A sweep over all keys before that of the weights; x holds nothing afterwards. between: from what it found. NULL: none. */
    stream_sweep_fn *first_sweep;
    stream_merge_fn *first_merge;
    void (*between)(struct score_row *row, const struct stream_part *part);
    stream_sweep_fn *sweep;
    stream_merge_fn *merge;
    stream_finish_fn *finish;
    int key_gate; /* index of a parameter [h or 1][k] that multiplies the weights; 0: none, so never the first */
};

size_t KAON_K(kaon_stream_items)(const struct kaon_attention_call *c);
size_t KAON_K(kaon_stream_scratch)(const struct kaon_attention_call *c, const struct stream *s);
void KAON_K(kaon_stream_run)(const struct kaon_attention_call *c,
                             const struct kaon_kernels *kernels, const struct stream *s,
                             size_t from, size_t to, float *scratch);

/* Defines the kernel of a variant from a struct stream of that name, or of another. */
#define STREAM_KERNEL(id) STREAM_KERNEL_AS(id, id)
#define STREAM_KERNEL_AS(id, kind)                                                                 \
    static size_t id##_scratch(const struct kaon_attention_call *c)                                \
    {                                                                                              \
        return KAON_K(kaon_stream_scratch)(c, &kind);                                              \
    }                                                                                              \
    static void id##_run(const struct kaon_attention_call *c, const struct kaon_kernels *kernels,  \
                         size_t from, size_t to, float *scratch)                                   \
    {                                                                                              \
        KAON_K(kaon_stream_run)(c, kernels, &kind, from, to, scratch);                             \
    }                                                                                              \
    const struct kaon_attention_kernel KAON_K(kaon_attention_##id) = {                             \
        .items = KAON_K(kaon_stream_items),                                                        \
        .scratch = id##_scratch,                                                                   \
        .run = id##_run,                                                                           \
    }

/* ---- sweeps ----------------------------------------------------------------------------------- */

/* The references of a row of scores, each in every lane; it may replace the scores. */
typedef void stream_reference_fn(vf ref[STREAM_REFS], float *x, size_t n,
                                 const struct score_row *row);
/* Weights of `count` vectors of scores side by side, in place, a second set in x2, and what they add to the
 * sums; 0 for -inf. */
typedef void stream_weigh_fn(vf *x, vf *x2, vf *sum, const vf *ref, const struct score_row *row,
                             int count);

enum stream_stores { STREAM_ONLY_SUMS, STREAM_WEIGHTS, STREAM_BOTH };

/* `count` vectors of a row from i on. */
ALWAYS void stream_sweep_some(const struct score_row *row, float *x, float *x2, vf *sum,
                              const vf *ref, stream_weigh_fn *weigh, enum stream_stores stores,
                              int count)
{
    vf v[V_SIDE], v2[V_SIDE];
    V_FOR (k, count)
        v[k] = v2[k] = v_load(x + (size_t)k * VLEN);
    weigh(v, v2, sum, ref, row, count);
    V_FOR (k, count) {
        if (stores != STREAM_ONLY_SUMS)
            v_store(x + (size_t)k * VLEN, v[k]);
        if (stores == STREAM_BOTH)
            v_store(x2 + (size_t)k * VLEN, v2[k]);
    }
}

/* The rest of a row is taken together as well: short rows have little else. */
ALWAYS void stream_sweep_row(struct stream_part *part, const struct score_row *row, float *x,
                             float *x2, size_t n, stream_reference_fn *reference,
                             stream_weigh_fn *weigh, enum stream_stores stores, int sums)
{
    vf ref[STREAM_REFS] = { v_set(0.0f), v_set(0.0f), v_set(0.0f) };
    vf sum[STREAM_SUMS] = { v_set(0.0f), v_set(0.0f), v_set(0.0f) };
    size_t i = 0;
    if (reference)
        reference(ref, x, n, row);
    for (; i + V_SIDE * VLEN <= n; i += V_SIDE * VLEN)
        stream_sweep_some(row, x + i, x2 + i, sum, ref, weigh, stores, V_SIDE);
    if (V_SIDE > 3 && i + 3 * VLEN == n)
        stream_sweep_some(row, x + i, x2 + i, sum, ref, weigh, stores, V_SIDE > 3 ? 3 : 1);
    else if (V_SIDE > 2 && i + 2 * VLEN == n)
        stream_sweep_some(row, x + i, x2 + i, sum, ref, weigh, stores, V_SIDE > 2 ? 2 : 1);
    else
        for (; i < n; i += VLEN)
            stream_sweep_some(row, x + i, x2 + i, sum, ref, weigh, stores, 1);
    for (int k = 0; k < STREAM_REFS; k++)
        part->ref[k] = v_first(ref[k]);
    for (int k = 0; k < STREAM_SUMS; k++)
        part->sum[k] = k < sums ? v_sum(sum[k]) : 0.0f;
}

/* All that is not part, row, x or a length is a constant in every call; reference NULL: none is needed. */
ALWAYS void stream_sweep(struct stream_part *part, const struct score_row *row, float *x, float *x2,
                         size_t rows, size_t n, size_t stride, stream_reference_fn *reference,
                         stream_weigh_fn *weigh, enum stream_stores stores, int sums)
{
    for (size_t r = 0; r < rows; r++)
        stream_sweep_row(&part[r], &row[r], x + r * stride, x2 + r * stride, n, reference, weigh,
                         stores, sums);
}

/* A sweep function of that name, from a reference (or NULL) and a weigh function that fills so many sums. */
#define STREAM_SWEEP(name, reference, weigh, stores, sums)                                         \
    static void name(struct stream_part *part, const struct score_row *row, float *x, float *x2,   \
                     size_t rows, size_t n, size_t stride)                                         \
    {                                                                                              \
        stream_sweep(part, row, x, x2, rows, n, stride, reference, weigh, stores, sums);           \
    }

/* 1 where a score is of a visible key, else 0. */
ALWAYS vf stream_one(vf x)
{
    return v_select(v_eq(x, v_set(-INFINITY)), v_set(0.0f), v_set(1.0f));
}

/* w where x is the score of a visible key, else 0. */
ALWAYS vf stream_shown(vf x, vf w)
{
    return v_select(v_eq(x, v_set(-INFINITY)), v_set(0.0f), w);
}

/* ---- references ------------------------------------------------------------------------------- */

ALWAYS vf stream_map(vf x)
{
    return x;
}

/* op over f(x) from `start` on, in every lane. */
ALWAYS vf stream_fold(const float *x, size_t n, float start, v_op1 *f, v_op2 *op)
{
    vf found[2] = { v_set(start), v_set(start) };
    size_t i = 0;
    for (; i + 2 * VLEN <= n; i += 2 * VLEN)
        V_FOR (k, 2)
            found[k] = op(found[k], f(v_load(x + i + (size_t)k * VLEN)));
    for (; i < n; i += VLEN)
        found[0] = op(found[0], f(v_load(x + i)));
    return v_fold(op(found[0], found[1]), op);
}

/* ref[0]: the maximum. */
ALWAYS void stream_max(vf ref[STREAM_REFS], float *x, size_t n, const struct score_row *row)
{
    (void)row;
    ref[0] = stream_fold(x, n, -INFINITY, stream_map, v_max);
}

/* What is subtracted from scores: a part that has seen nothing must not form inf - inf. */
ALWAYS vf stream_shift(vf max)
{
    return v_select(v_eq(max, v_set(-INFINITY)), v_set(0.0f), max);
}

/* x = exp(x - shift), for a shift that no score exceeds. */
ALWAYS void stream_exp(vf *x, vf shift, int count)
{
    V_FOR (k, count)
        x[k] = v_sub(x[k], shift);
    v_exp_negative_many(x, NULL, count);
}

/* Softmax's weights: e^(x - max), and their sum. */
ALWAYS void stream_weigh_exp(vf *x, vf *x2, vf *sum, const vf *ref, const struct score_row *row,
                             int count)
{
    (void)x2, (void)row;
    stream_exp(x, stream_shift(ref[0]), count);
    V_FOR (k, count)
        sum[0] = v_add(sum[0], x[k]);
}

/* ---- merging ---------------------------------------------------------------------------------- */

/* exp(x) of one number <= 0, with the bits of the vector's. */
static inline float stream_exp_of(float x)
{
    return v_first(v_exp_negative(v_set(x)));
}

/* Parts without a reference add. */
static inline struct stream_factors stream_add(struct stream_part *a, const struct stream_part *b,
                                               const struct score_row *row)
{
    (void)row;
    for (int k = 0; k < STREAM_SUMS; k++)
        a->sum[k] += b->sum[k];
    return (struct stream_factors){ .a = 1.0f, .b = 1.0f };
}

/* Factors that bring two parts to the larger of their maxima, which becomes a's. */
static inline struct stream_factors stream_to_larger(struct stream_part *a,
                                                     const struct stream_part *b)
{
    struct stream_factors f = { .a = 1.0f, .b = 1.0f };
    if (a->ref[0] < b->ref[0]) {
        f.a = stream_exp_of(a->ref[0] - b->ref[0]);
        a->ref[0] = b->ref[0];
    } else if (b->ref[0] < a->ref[0]) {
        f.b = stream_exp_of(b->ref[0] - a->ref[0]);
    }
    return f;
}

/* Sums are multiplied by their part's factor and added. */
static inline void stream_add_scaled(struct stream_part *a, const struct stream_part *b,
                                     const struct stream_factors *f)
{
    for (int k = 0; k < STREAM_SUMS; k++)
        a->sum[k] = f->a * a->sum[k] + f->b * b->sum[k];
}

/* Sums of exp(x - ref). */
static inline struct stream_factors
stream_merge_max(struct stream_part *a, const struct stream_part *b, const struct score_row *row)
{
    const struct stream_factors f = stream_to_larger(a, b);
    (void)row;
    stream_add_scaled(a, b, &f);
    return f;
}

/* ---- powers ----------------------------------------------------------------------------------- */

/* x^p for a whole p >= 0, by squaring. */
ALWAYS vf stream_power(vf x, int p)
{
    vf y = v_set(1.0f);
    for (; p > 0; p >>= 1) {
        if (p & 1)
            y = v_mul(y, x);
        x = v_mul(x, x);
    }
    return y;
}

/* Factors of sums of (x / ref)^p: that of the smaller reference. */
static inline struct stream_factors stream_merge_power(struct stream_part *a,
                                                       const struct stream_part *b, int p)
{
    struct stream_factors f = { .a = 1.0f, .b = 1.0f };
    const float most = a->ref[0] < b->ref[0] ? b->ref[0] : a->ref[0];
    if (most > 0.0f) {
        f.a = v_first(stream_power(v_set(a->ref[0] / most), p));
        f.b = v_first(stream_power(v_set(b->ref[0] / most), p));
    }
    a->ref[0] = most;
    stream_add_scaled(a, b, &f);
    return f;
}

/* ln n of a count, with the bits of the vector's; 0 of none. */
static inline float stream_log_of(float n)
{
    return n > 1.0f ? v_first(v_log(v_set(n))) : 0.0f;
}

/* n^-gamma of a count. */
static inline float stream_length_factor(float n, float gamma)
{
    return gamma == 0.0f   ? 1.0f
           : gamma == 1.0f ? 1.0f / (n > 1.0f ? n : 1.0f)
                           : v_first(v_exp(v_set(-gamma * stream_log_of(n))));
}

/* ---- finishing -------------------------------------------------------------------------------- */

static inline void stream_scale_out(float *out, const float *values, size_t n, float factor)
{
    for (size_t i = 0; i < n; i += VLEN)
        v_store_n(out + i, v_mul(v_load_n(values + i, n - i), v_set(factor)), n - i);
}

/* out = values. */
static inline void stream_finish_plain(float *out, const float *values, const float *second,
                                       size_t n, const struct stream_part *part,
                                       const struct score_row *row)
{
    (void)second, (void)part, (void)row;
    memcpy(out, values, n * sizeof *out);
}

/* out = values / sum[0]; 0 where nothing was summed. */
static inline void stream_finish_ratio(float *out, const float *values, const float *second,
                                       size_t n, const struct stream_part *part,
                                       const struct score_row *row)
{
    (void)second, (void)row;
    stream_scale_out(out, values, n, part->sum[0] != 0.0f ? 1.0f / part->sum[0] : 0.0f);
}

/* ---- what there is to say of a variant -------------------------------------------------------- */

/* Family and abilities of all of them. */
#define STREAM_INFO                                                                                \
    .family = KAON_ATTENTION_STREAM, .softcap = true, .bias = true, .mask = true, .window = true,  \
    .slopes = true, .bidirectional = true, .causal = true

#endif
