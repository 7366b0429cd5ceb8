/* Nodes that change nothing: Identity, Dropout and Cast to the type that is there, Transpose that
 * keeps the order, Concat and Sum of one, Reshape to the shape that is declared, a float times one. */
#include "engine/passes/passes.h"

#include "engine/base/attrs.h"
#include "engine/base/fact.h"
#include "engine/base/size.h"

#include <string.h>

static bool always(const struct kaon_node *node)
{
    (void)node;
    return true;
}

/* No mask is wanted, and no training mode may come as an input. */
static bool drops_nothing(const struct kaon_node *node)
{
    const struct kaon_dropout *a = node->attr;
    return !a->training && (node->n_out < 2 || !node->out[1]->readers) &&
           (node->n_in < 3 || !node->in[2]);
}

static bool same_type(const struct kaon_node *node)
{
    return node->in[0]->fact.type != KAON_UNDEFINED &&
           node->in[0]->fact.type == node->out[0]->fact.type;
}

static bool keeps_order(const struct kaon_node *node)
{
    const struct kaon_transpose *a = node->attr;
    for (int32_t i = 0; i < a->n; i++)
        if (a->perm[i] != i)
            return false;
    return a->n > 0 && a->n == node->in[0]->fact.rank;
}

static bool of_one(const struct kaon_node *node)
{
    return node->n_in == 1;
}

static bool same_shape(const struct kaon_node *node)
{
    const struct kaon_fact *x = &node->in[0]->fact, *y = &node->out[0]->fact;
    return kaon_fact_concrete(x) && kaon_fact_concrete(y) && x->rank == y->rank &&
           !memcmp(x->dims, y->dims, (size_t)x->rank * sizeof *x->dims);
}

/* Mul by one, Div by one: of a float, and of a number that does not widen it. */
static bool by_one(const struct kaon_node *node)
{
    const struct kaon_binary_attr *a = node->attr;
    float one;
    return !(a && a->legacy) && kaon_value_number(node->in[1], &one) && one == 1.0f &&
           node->in[0]->fact.rank >= node->in[1]->fact.rank;
}

static const struct {
    enum kaon_op_kind kind;
    bool (*changes_nothing)(const struct kaon_node *node);
} rows[] = {
    { KAON_OP_identity, always },
    { KAON_OP_dropout, drops_nothing },
    { KAON_OP_cast, same_type },
    { KAON_OP_cast_like, same_type },
    { KAON_OP_transpose, keeps_order },
    { KAON_OP_concat, of_one },
    { KAON_OP_sum, of_one },
    { KAON_OP_max, of_one },
    { KAON_OP_min, of_one },
    { KAON_OP_mean, of_one },
    { KAON_OP_reshape, same_shape },
    { KAON_OP_expand, same_shape },
    { KAON_OP_mul, by_one },
    { KAON_OP_div, by_one },
};

static enum kaon_status drop_no_ops(struct kaon_node *node, struct kaon_edit *edit,
                                    struct kaon_msg *msg)
{
    (void)msg;
    for (size_t i = 0; i < KAON_COUNT(rows); i++)
        if (rows[i].kind == node->op->kind && node->in[0] && rows[i].changes_nothing(node))
            kaon_edit_replace(edit, node->out[0], node->in[0]);
    return KAON_OK;
}

const struct kaon_pass kaon_pass_drop_no_ops = {
    .name = "drop-no-ops",
    .rule = drop_no_ops,
};
