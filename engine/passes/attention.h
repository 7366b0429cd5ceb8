/* The parts of an attention pattern, as fuse-attention finds them. */
#ifndef KAON_ENGINE_PASSES_ATTENTION_H
#define KAON_ENGINE_PASSES_ATTENTION_H

#include "engine/passes/passes.h"

#include "engine/base/attrs.h"

/* Queries, keys or values, traced back from the product. */
struct kaon_operand {
    struct kaon_value
        *rows; /* [B,T,H,D], or [B,T,W] from column `at` on, or [B,H,T,D]; heads 0: [T,G,D] */
    int64_t at, heads, size;
    float scale;
    bool heads_first;
};

/* Orders of axes: of rows and of columns of heads. */
enum kaon_operand_order { KAON_AS_ROWS, KAON_AS_COLUMNS };

/* Back from the product through transposes, factors and head reshapes. `wanted`: how it stands there. */
bool kaon_operand_trace(struct kaon_operand *o, struct kaon_value *v, int32_t rank,
                        enum kaon_operand_order wanted);

/* The same of [B,T,H,D], or [B,H,T,D], as it stands there. */
bool kaon_operand_take(struct kaon_operand *o, struct kaon_value *v, bool heads_first);

/* Whether Transpose `node` turns [B,H,T,D] or [G,T,D] back into rows. */
bool kaon_operand_turns(const struct kaon_node *node, int32_t rank);

bool kaon_operand_same_batch(const struct kaon_operand *a, const struct kaon_operand *b);
bool kaon_operand_same_heads(const struct kaon_operand *a, const struct kaon_operand *b);

/* ---- products as Einsum ----------------------------------------------------------------------- */

/* Queries and keys of a product that gives [batch, heads, queries, keys]. */
bool kaon_einsum_scores(const struct kaon_node *n, struct kaon_operand *q, struct kaon_operand *k);
/* Which input of a product with the values may be the weights; -1: none. */
int kaon_einsum_weights(const struct kaon_node *n);
bool kaon_einsum_values(const struct kaon_node *n, struct kaon_operand *v, bool *y_heads_first);

/* What is between the two products. */
struct kaon_scores {
    struct kaon_node *product;
    struct kaon_value *bias, *gate, *mask; /* NULL: none */
    bool mask_hides;                       /* the mask is true where nothing is seen */
    float scale, divisor, mask_value;
    bool mask_weights, nan_is_zero;
    const char *variant; /* as an attribute has it; NULL: softmax */
    /* Of another variant's formula: */
    bool negate_bias, invert_gate; /* x - bias, weights / gate */
};

/* From what the second product multiplies back to the first. False with *breaks NULL: nothing like weights; else
 * that node and `why` say what stands in the way. */
bool kaon_scores_find(struct kaon_scores *s, struct kaon_value *v, const struct kaon_node **breaks,
                      const char **why);

/* The other operand of Mul(x, number), which must be no wider than x. */
struct kaon_value *kaon_scaled(const struct kaon_node *mul, float *factor);

/* x of Div(x, number). `exact`: as x times a number, only where that has the same bits. */
struct kaon_value *kaon_divided(const struct kaon_node *div, float *by, bool exact);

#endif
