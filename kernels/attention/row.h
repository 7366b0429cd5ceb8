/* Variants whose weights need the scores of a whole row: thresholds, ranks, tables. A file of this family gives
 * one function. The scores of a few queries are kept, so that the workspace grows with the keys. */
#ifndef KAON_KERNELS_ATTENTION_ROW_H
#define KAON_KERNELS_ATTENTION_ROW_H

#include "kernels/attention/score.h"

enum { ROW_FLOATS = 32 << 10 }; /* scores that are kept if that is at least QUERY_ROWS rows */

/* Value of a parameter of a head. */
static inline float row_param(const struct kaon_attention_call *c, int i, size_t head)
{
    const struct kaon_attention_param *p = &c->param[i];
    return p->at ? p->at[head * p->head] : p->number;
}

/* x, n scores, -inf where a key is not visible, becomes the weights, 0 there; head and query tell which row it
 * is, for parameters. At least one key is visible. room: kind->room(n) floats, aligned as scratch is. */
typedef void kaon_attention_row_fn(float *x, size_t n, const struct kaon_attention_call *c,
                                   size_t head, size_t query, float *room);

struct row_kind {
    enum score_mode mode;
    bool sign_values; /* of the values only the signs count */
    kaon_attention_row_fn *weigh;
    size_t (*room)(size_t n); /* NULL: none */
    void (*begin)(const struct kaon_attention_call *c,
                  float *room); /* once a run; NULL: nothing to do */
};

/* Abilities of all of them. */
#define ROW_INFO                                                                                   \
    .family = KAON_ATTENTION_ROW, .softcap = true, .bias = true, .mask = true, .window = true,     \
    .slopes = true, .bidirectional = true, .causal = true

size_t KAON_K(kaon_row_items)(const struct kaon_attention_call *c);
size_t KAON_K(kaon_row_scratch)(const struct kaon_attention_call *c, const struct row_kind *kind);
void KAON_K(kaon_row_run)(const struct kaon_attention_call *c, const struct kaon_kernels *kernels,
                          const struct row_kind *kind, size_t from, size_t to, float *scratch);

/* Defines the kernel of a variant from a struct row_kind of that name. */
#define ROW_KERNEL(id)                                                                             \
    static size_t id##_scratch(const struct kaon_attention_call *c)                                \
    {                                                                                              \
        return KAON_K(kaon_row_scratch)(c, &id);                                                   \
    }                                                                                              \
    static void id##_run(const struct kaon_attention_call *c, const struct kaon_kernels *kernels,  \
                         size_t from, size_t to, float *scratch)                                   \
    {                                                                                              \
        KAON_K(kaon_row_run)(c, kernels, &id, from, to, scratch);                                  \
    }                                                                                              \
    const struct kaon_attention_kernel KAON_K(kaon_attention_##id) = {                             \
        .items = KAON_K(kaon_row_items),                                                           \
        .scratch = id##_scratch,                                                                   \
        .run = id##_run,                                                                           \
    }

#endif
