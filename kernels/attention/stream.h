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

enum { STREAM_SUMS = 3 };

struct stream_part {
    float ref;
    float sum[STREAM_SUMS];
};

/* How the sums of values of two parts go into those of both:
 *   values = a values_a + b values_b + a_second second_a + b_second second_b       second = a second_a + b second_b */
struct stream_factors {
    float a, b, a_second, b_second;
};

/* Weights of `rows` queries from scores x, in place, and with a second set of them in x2; -inf is a key that is not
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
    bool count;                             /* row->n is wanted */
    int accumulators;                       /* sums of values: 1 or 2 */
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

/* Defines the kernel of a variant from a struct stream of that name. */
#define STREAM_KERNEL(id)                                                                          \
    static size_t id##_scratch(const struct kaon_attention_call *c)                                \
    {                                                                                              \
        return KAON_K(kaon_stream_scratch)(c, &id);                                                \
    }                                                                                              \
    static void id##_run(const struct kaon_attention_call *c, const struct kaon_kernels *kernels,  \
                         size_t from, size_t to, float *scratch)                                   \
    {                                                                                              \
        KAON_K(kaon_stream_run)(c, kernels, &id, from, to, scratch);                               \
    }                                                                                              \
    extern const struct kaon_attention_kernel KAON_K(kaon_attention_##id);                         \
    const struct kaon_attention_kernel KAON_K(kaon_attention_##id) = {                             \
        .items = KAON_K(kaon_stream_items),                                                        \
        .scratch = id##_scratch,                                                                   \
        .run = id##_run,                                                                           \
    }

/* ---- sweeps ----------------------------------------------------------------------------------- */

/* The reference of a row of scores, in every lane. */
typedef vf stream_reference_fn(const float *x, size_t n, const struct score_row *row);
/* Weights of `count` vectors of scores side by side, in place, a second set in x2, and what they add to the sums; 0 for -inf. */
typedef void stream_weigh_fn(vf *x, vf *x2, vf *sum, vf ref, const struct score_row *row,
                             int count);

enum stream_stores { STREAM_ONLY_SUMS, STREAM_WEIGHTS, STREAM_BOTH };

/* One sweep; everything but part, row and the places is a constant in every call. */
ALWAYS void stream_sweep(struct stream_part *part, const struct score_row *row, float *x, float *x2,
                         size_t rows, size_t n, size_t stride, stream_reference_fn *reference,
                         stream_weigh_fn *weigh, enum stream_stores stores)
{
    for (size_t r = 0; r < rows; r++) {
        float *at = x + r * stride, *at2 = x2 + r * stride;
        const vf ref = reference(at, n, &row[r]);
        vf sum[STREAM_SUMS] = { v_set(0.0f), v_set(0.0f), v_set(0.0f) };
        size_t i = 0;
        for (; i + V_SIDE * VLEN <= n; i += V_SIDE * VLEN) {
            vf v[V_SIDE], v2[V_SIDE];
            V_FOR (k, V_SIDE)
                v[k] = v_load(at + i + (size_t)k * VLEN);
            weigh(v, v2, sum, ref, &row[r], V_SIDE);
            V_FOR (k, V_SIDE) {
                if (stores != STREAM_ONLY_SUMS)
                    v_store(at + i + (size_t)k * VLEN, v[k]);
                if (stores == STREAM_BOTH)
                    v_store(at2 + i + (size_t)k * VLEN, v2[k]);
            }
        }
        for (; i < n; i += VLEN) {
            vf v = v_load_fill(at + i, n - i, v_set(-INFINITY)), v2;
            weigh(&v, &v2, sum, ref, &row[r], 1);
            if (stores != STREAM_ONLY_SUMS)
                v_store_n(at + i, v, n - i);
            if (stores == STREAM_BOTH)
                v_store_n(at2 + i, v2, n - i);
        }
        part[r].ref = v_first(ref);
        for (int k = 0; k < STREAM_SUMS; k++)
            part[r].sum[k] = v_sum(sum[k]);
    }
}

/* ---- references ------------------------------------------------------------------------------- */

ALWAYS vf stream_no_reference(const float *x, size_t n, const struct score_row *row)
{
    (void)x, (void)n, (void)row;
    return v_set(0.0f);
}

ALWAYS vf stream_max(const float *x, size_t n, const struct score_row *row)
{
    const vf low = v_set(-INFINITY);
    vf max[2] = { low, low };
    size_t i = 0;
    (void)row;
    for (; i + 2 * VLEN <= n; i += 2 * VLEN)
        V_FOR (k, 2)
            max[k] = v_max(max[k], v_load(x + i + (size_t)k * VLEN));
    for (; i < n; i += VLEN)
        max[0] = v_max(max[0], v_load_fill(x + i, n - i, low));
    return v_fold(v_max(max[0], max[1]), v_max);
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
    if (a->ref < b->ref) {
        f.a = stream_exp_of(a->ref - b->ref);
        a->ref = b->ref;
    } else if (b->ref < a->ref) {
        f.b = stream_exp_of(b->ref - a->ref);
    }
    return f;
}

/* Sums of exp(x - ref). */
static inline struct stream_factors
stream_merge_max(struct stream_part *a, const struct stream_part *b, const struct score_row *row)
{
    const struct stream_factors f = stream_to_larger(a, b);
    (void)row;
    for (int k = 0; k < STREAM_SUMS; k++)
        a->sum[k] = f.a * a->sum[k] + f.b * b->sum[k];
    return f;
}

/* ---- finishing -------------------------------------------------------------------------------- */

static inline void stream_scale_out(float *out, const float *values, size_t n, float factor)
{
    for (size_t i = 0; i < n; i += VLEN)
        v_store_n(out + i, v_mul(v_load_n(values + i, n - i), v_set(factor)), n - i);
}

/* out = values / sum[0]; 0 where nothing was summed. */
static inline void stream_finish_ratio(float *out, const float *values, const float *second,
                                       size_t n, const struct stream_part *part,
                                       const struct score_row *row)
{
    (void)second, (void)row;
    stream_scale_out(out, values, n, part->sum[0] != 0.0f ? 1.0f / part->sum[0] : 0.0f);
}

#endif
