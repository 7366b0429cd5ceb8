/* Pooling of tokens by weights that are a softmax of one number each becomes one node, as in salt's
 * GlobalAttentionPooling:
 *
 *     [Where(mask, -inf)] Softmax along the tokens [Where(mask, 0)] [Concat of zeros] Mul [the values] ReduceSum
 *
 * Values to which tokens of zeros are appended, against the case that there are none, need none of them: the sum
 * of nothing is 0, and a 0 added to a sum changes no bit of it. */
#include "engine/passes/passes.h"

#include "engine/base/attrs.h"

#include <math.h>

struct pool {
    struct kaon_value *values, *scores, *mask; /* mask NULL: none */
    bool hides;
};

static bool same(int64_t a, int64_t b)
{
    return a == b && a != KAON_DIM_UNKNOWN;
}

static bool differ(int64_t a, int64_t b)
{
    return kaon_dim_known(a) && kaon_dim_known(b) && a != b;
}

static bool is_zeros(const struct kaon_value *v)
{
    const struct kaon_tensor *t = v->constant;
    if (!t || t->type != KAON_F32)
        return false;
    for (int64_t i = 0; i < kaon_tensor_count(t); i++)
        if (((const float *)t->data)[i] != 0.0f)
            return false;
    return true;
}

/* What Concat(x, zeros) along the tokens begins with; v itself if it is none. *n: the tokens of zeros. */
static struct kaon_value *without_zeros(struct kaon_value *v, int64_t *n)
{
    *n = 0;
    if (!kaon_value_is(v, KAON_OP_concat) || v->producer->n_in != 2)
        return v;
    const struct kaon_axis *a = v->producer->attr;
    struct kaon_value *x = v->producer->in[0], *zeros = v->producer->in[1];
    if ((a->axis != 1 && a->axis != -2) || v->fact.rank != 3 || zeros->fact.rank != 3 ||
        !is_zeros(zeros))
        return v;
    *n = zeros->fact.dims[1];
    return x;
}

/* Where(mask, number, x). */
static struct kaon_value *masked(const struct kaon_node *where, float wanted)
{
    float number;
    struct kaon_value *x = where->in[2];
    const struct kaon_fact *m = &where->in[0]->fact;
    if (!kaon_value_number(where->in[1], &number) || number != wanted || m->rank != 3 ||
        m->type != KAON_BOOL || x->fact.rank != 3 || where->in[1]->fact.rank > 3 ||
        m->dims[2] != 1 || differ(m->dims[1], x->fact.dims[1]) ||
        (m->dims[0] != 1 && !same(m->dims[0], x->fact.dims[0])))
        return NULL;
    return x;
}

/* Back from the weights to the scores. */
static bool find_scores(struct pool *p, struct kaon_value *w)
{
    const bool cleared = kaon_value_is(w, KAON_OP_where) && w->readers == 1;
    struct kaon_value *soft = cleared ? masked(w->producer, 0.0f) : w;
    if (!soft || !kaon_value_is(soft, KAON_OP_softmax) || soft->readers != 1)
        return false;
    const struct kaon_softmax *a = soft->producer->attr;
    struct kaon_value *x = soft->producer->in[0];
    if (a->flat || (a->axis != 1 && a->axis != -2) || x->fact.rank != 3 || x->fact.dims[2] != 1)
        return false;
    if (kaon_value_is(x, KAON_OP_where) && x->readers == 1 && cleared) {
        p->mask = x->producer->in[0];
        p->hides = true;
        x = p->mask == w->producer->in[0] ? masked(x->producer, -INFINITY) : NULL;
    }
    p->scores = x;
    return x && cleared == (p->mask != NULL);
}

/* Whether the scores are made of the values row by row, so that there are as many. */
static bool is_made_of(const struct kaon_value *scores, const struct kaon_value *values)
{
    static const enum kaon_op_kind by_row[] = { KAON_OP_linear, KAON_OP_relu, KAON_OP_tanh,
                                                KAON_OP_gelu, KAON_OP_layer_normalization };
    for (int i = 0; i < 8; i++) {
        bool known = false;
        if (scores == values)
            return true;
        for (size_t k = 0; k < sizeof by_row / sizeof *by_row; k++)
            known |= kaon_value_is(scores, by_row[k]);
        if (!known)
            return false;
        scores = scores->producer->in[0];
    }
    return false;
}

static bool fits(const struct kaon_value *values, const struct kaon_value *scores)
{
    const struct kaon_fact *v = &values->fact, *s = &scores->fact;
    return v->rank == 3 && v->type == KAON_F32 && s->type == KAON_F32 &&
           ((same(v->dims[0], s->dims[0]) && same(v->dims[1], s->dims[1])) ||
            is_made_of(scores, values));
}

static bool find_pool(struct pool *p, const struct kaon_node *sum)
{
    int64_t more_weights, more_values;
    struct kaon_value *product = sum->in[0];
    if (!kaon_value_is(product, KAON_OP_mul) || product->readers != 1 || product->fact.rank != 3)
        return false;
    for (int i = 0; i < 2; i++) {
        struct kaon_value *w = product->producer->in[i];
        struct kaon_value *v = product->producer->in[1 - i];
        *p = (struct pool){ .mask = NULL };
        if (w->readers != 1 || !find_scores(p, without_zeros(w, &more_weights)))
            continue;
        p->values = without_zeros(v, &more_values);
        return more_weights == more_values && fits(p->values, p->scores);
    }
    return false;
}

/* Along the tokens, as an attribute or an input has it. */
static bool is_along_tokens(const struct kaon_node *sum, bool *keep)
{
    const struct kaon_reduction *a = sum->attr;
    const struct kaon_tensor *t = sum->n_in > 1 && sum->in[1] ? sum->in[1]->constant : NULL;
    int64_t axis = 0;
    *keep = a->keep;
    if (a->n == 1)
        axis = a->axes[0];
    else if (t && t->type == KAON_I64 && kaon_tensor_count(t) == 1)
        axis = *(const int64_t *)t->data;
    return axis == 1 || axis == -2;
}

static enum kaon_status fuse_pooling(struct kaon_node *node, struct kaon_edit *edit,
                                     struct kaon_msg *msg)
{
    struct pool p;
    bool keep;
    if (node->op->kind != KAON_OP_reduce_sum || !is_along_tokens(node, &keep) ||
        !find_pool(&p, node))
        return KAON_OK;
    struct kaon_attr attrs[2];
    size_t n = 0;
    if (keep)
        attrs[n++] = (struct kaon_attr){ .name = "keepdims", .type = KAON_ATTR_INT, .i = 1 };
    if (p.hides)
        attrs[n++] = (struct kaon_attr){ .name = "mask_hides", .type = KAON_ATTR_INT, .i = 1 };
    struct kaon_value *in[] = { p.values, p.scores, p.mask };
    struct kaon_value *made =
        kaon_edit_add(edit, KAON_OP_attention_pooling, 1, in, p.mask ? 3 : 2, attrs, n);
    if (!made)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for a pass");
    kaon_edit_replace(edit, node->out[0], made);
    return KAON_OK;
}

const struct kaon_pass kaon_pass_fuse_pooling = {
    .name = "fuse-pooling",
    .rule = fuse_pooling,
};
