/* Attention of one batch item: every variant behind one description and one call.
 *
 *   o_i = sum_j w_ij v_j          w_i = the variant's function of the scores x_i of query i
 *
 * The scores of query i (at position p_i = i + offset) and key j, in this order:
 *   1. q and k are rotated (RoPE), then normalised or reduced to signs where the variant says so;
 *   2. s = q_i . k_j                          (gauss: minus half the squared distance)
 *   3. x = scale s
 *   4. x = softcap tanh(x / softcap)          if softcap > 0
 *   5. x = x + bias_ij - slope_h |p_i - j|    (signed slopes: + slope_h (p_i - j))
 *   6. key j is visible to query i if: causal => j <= p_i; left >= 0 => p_i - j <= left;
 *      right >= 0 => j - p_i <= right; mask and key mask are not 0; the bias is not -inf.
 *
 * A key that is not visible has weight exactly 0 and takes part in no statistic: not in a count, a maximum, a
 * mean or a rank. Its value row is never multiplied, so it may hold NaN. A query that sees nothing gets zeros,
 * also behind a finaliser. Query head h uses key and value head h / (heads / kv_heads).
 *
 * Bits: those of a call depend on its own lengths and options only, not on the instruction set, on how its
 * items are shared among threads, or on what else is computed. */
#ifndef KAON_KERNELS_ATTENTION_ATTENTION_H
#define KAON_KERNELS_ATTENTION_ATTENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/name.h"

struct kaon_kernels;

enum kaon_attention_variant {
#define KAON_ATTENTION(id, file) KAON_ATTENTION_##id,
#include "engine/base/attention.inc"
#undef KAON_ATTENTION
    KAON_ATTENTION_COUNT
};

/* ---- what a variant is ------------------------------------------------------------------------ */

enum kaon_attention_family {
    KAON_ATTENTION_STREAM, /* walks over blocks of keys, workspace independent of their number */
    KAON_ATTENTION_ROW,    /* needs the scores of a whole row: thresholds, ranks, tables */
    KAON_ATTENTION_STATE,  /* a matrix a head in place of scores: linear in the tokens */
    KAON_ATTENTION_LOW_RANK,
};

enum { KAON_ATTENTION_PARAMS = 8 };

/* A parameter: a number, or an array if `shape` allows it. */
struct kaon_attention_param_info {
    const char *name;
    double otherwise; /* its value if nothing is given; NaN: chosen by the variant */
    double least, most;
    /* Axes of an array, a letter each: h heads (or 1), g key/value heads (or 1), q queries, k keys, d head size, v value size, m any;
     * "": a number only. An array that has no `otherwise` (required) says so. */
    const char *shape;
    bool required;
};

struct kaon_attention_info {
    const char *name;
    const char *title;   /* one line */
    const char *formula; /* of the weights, in x */
    const char *source;  /* paper */
    const char *state;   /* what is kept a row (or a head) between blocks of keys */
    enum kaon_attention_family family;
    bool softcap, bias, mask, window, slopes; /* what of the score pipeline applies */
    bool bidirectional, causal;               /* which of the two it can */
    bool discontinuous; /* in the scores: results may jump where two of them round alike */
    struct kaon_attention_param_info
        param[KAON_ATTENTION_PARAMS]; /* up to the first without a name */
};

#define KAON_ATTENTION(id, file) extern const struct kaon_attention_info kaon_attention_info_##id;
#include "engine/base/attention.inc"
#undef KAON_ATTENTION

/* By enum kaon_attention_variant. */
extern const struct kaon_attention_info *const kaon_attention_infos[KAON_ATTENTION_COUNT];

/* ---- a call ----------------------------------------------------------------------------------- */

/* [heads][rows][columns]: columns contiguous, strides in elements; 0 repeats. */
struct kaon_attention_rows {
    const float *at;
    size_t head, row;
};

/* Broadcast to [heads][queries][keys]; strides in elements, 0 repeats; at NULL: not there. */
struct kaon_attention_floats {
    const float *at;
    size_t head, row, key;
};
struct kaon_attention_bytes { /* visible where not 0 */
    const uint8_t *at;
    size_t head, row, key;
};

/* The value of a parameter: `number`, or an array of the shape that its info says, contiguous; `head`: elements from
 * head to head, 0 if the array has no head axis or one of length 1. */
struct kaon_attention_param {
    float number;
    const float *at;
    size_t head;
    size_t rows; /* length of the axis m, where there is one */
};

/* Angles as cosines and sines, [kv heads or 1][positions][pairs]: row i of queries uses row query_at + i, key j
 * row key_at + j. at NULL: no rotation. Elements beyond the pairs are left alone. */
struct kaon_attention_rope {
    const float *cos, *sin;
    size_t pairs, head; /* head: elements from kv head to kv head, 0: the same for all */
    size_t query_at, key_at;
    bool interleaved;
};

struct kaon_attention_call {
    enum kaon_attention_variant variant;
    size_t heads, kv_heads, queries, keys, size, value_size;
    struct kaon_attention_rows q, k, v;
    float *out;
    size_t out_head, out_row;
    float scale; /* NaN: the variant's own, 1 / sqrt(size) as a rule */
    float softcap;
    int64_t offset; /* position of the first query; the last queries of a cache: keys - queries */
    bool causal;
    int64_t left, right; /* -1: no bound */
    struct kaon_attention_bytes mask;
    const uint8_t *key_mask; /* [keys] or NULL */
    struct kaon_attention_floats bias;
    struct kaon_attention_floats gate; /* multiplies the weights, after all statistics */
    const float *slopes;               /* [heads] or NULL */
    bool signed_slopes;
    struct kaon_attention_rope rope;
    struct kaon_attention_param param[KAON_ATTENTION_PARAMS];
    /* Families with a state: what earlier calls on the same sequence left, and where this one leaves it, state(c)
     * floats each; NULL: the sequence begins here, nothing is kept. They may be the same. */
    const float *past;
    float *present;
};

/* Elements of an array of parameter i, by the letters of its shape; m of them along the axis m. */
static inline size_t kaon_attention_param_count(const struct kaon_attention_call *c, int i,
                                                size_t m)
{
    static const char letters[] = "hgqkdv";
    const size_t length[] = { c->heads, c->kv_heads, c->queries, c->keys, c->size, c->value_size };
    size_t n = 1;
    for (const char *l = kaon_attention_infos[c->variant]->param[i].shape; *l; l++) {
        size_t axis = 0;
        while (letters[axis] && letters[axis] != *l)
            axis++;
        n *= letters[axis] ? length[axis] : m;
    }
    return n;
}

/* ---- kernels ---------------------------------------------------------------------------------- */

/* A call is cut into items, by shape alone: items(c) of them, any of which may be computed by any thread in any
 * order. run computes those from .. to - 1 in scratch(c) floats of its own, aligned to 64 bytes; they may hold
 * anything. The results of run over all items are in c->out. `kernels`: the table of the same instruction set. */
struct kaon_attention_kernel {
    size_t (*items)(const struct kaon_attention_call *c);
    size_t (*scratch)(const struct kaon_attention_call *c);
    void (*run)(const struct kaon_attention_call *c, const struct kaon_kernels *kernels,
                size_t from, size_t to, float *scratch);
    size_t (*state)(const struct kaon_attention_call *c); /* floats; NULL: the variant keeps none */
};

#ifdef KAON_ISA
#define KAON_ATTENTION(id, file)                                                                   \
    extern const struct kaon_attention_kernel KAON_K(kaon_attention_##id);
#include "engine/base/attention.inc"
#undef KAON_ATTENTION

/* By enum kaon_attention_variant. */
extern const struct kaon_attention_kernel *const KAON_K(kaon_attention_by)[KAON_ATTENTION_COUNT];
#endif

#endif
