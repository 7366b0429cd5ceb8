/* Attention in plain operators becomes one node that reads queries, keys and values where the projections
 * left them:
 *
 *     [Slice] Reshape Transpose [Mul]   three times
 *     MatMul [Mul or Div by a number] [Add of a bias] [Where(mask, number)] Softmax [Where(IsNaN or mask, 0)]
 *     [Mul by a gate] MatMul [Transpose]
 *
 * with [batch, tokens, heads, size] transposed, [batch, heads, tokens, size] as it comes, or [tokens, batch heads,
 * size] as PyTorch's own layer has it; with Einsum for both products, as Keras has it; and with Sigmoid or Relu in
 * place of Softmax.
 *
 * With MatMul and Softmax the products, sums and factors are the same in the same order, so not a bit changes. */
#include "engine/passes/attention.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What is found before anything is made. */
struct found {
    struct kaon_operand q, k, v;
    struct kaon_scores s;
    struct kaon_value *out; /* that the node replaces */
    bool y_heads_first;
};

/* ---- saying why not --------------------------------------------------------------------------- */

static enum kaon_status miss(struct kaon_edit *edit, const struct kaon_node *at, const char *why,
                             struct kaon_msg *msg)
{
    char text[320];
    if (at)
        snprintf(text, sizeof text, "node '%.100s' (%s) breaks the pattern: %s", at->name,
                 at->op->name, why);
    else
        snprintf(text, sizeof text, "%s", why);
    edit->why = kaon_arena_push_text(edit->ir->arena, text, strlen(text));
    return edit->why ? KAON_OK : kaon_fail(msg, KAON_NO_MEMORY, "no memory for a pass");
}

/* ---- making ----------------------------------------------------------------------------------- */

enum { MOST_ATTRS = 20 };

struct attrs {
    struct kaon_attr at[MOST_ATTRS];
    size_t n;
};

static void put_int(struct attrs *a, const char *name, int64_t i, int64_t otherwise)
{
    if (i != otherwise)
        a->at[a->n++] = (struct kaon_attr){ .name = name, .type = KAON_ATTR_INT, .i = i };
}

static void put_float(struct attrs *a, const char *name, float f, float otherwise)
{
    if (f != otherwise)
        a->at[a->n++] = (struct kaon_attr){ .name = name, .type = KAON_ATTR_FLOAT, .f = f };
}

static struct attrs attrs_of(const struct found *f)
{
    const struct kaon_scores *s = &f->s;
    struct attrs a = { .n = 0 };
    put_int(&a, "heads", f->q.heads, -1);
    put_int(&a, "head_size", f->q.size, -1);
    put_int(&a, "kv_heads", f->k.heads, f->q.heads);
    put_int(&a, "value_size", f->v.size, f->q.size);
    put_int(&a, "q_at", f->q.at, 0);
    put_int(&a, "k_at", f->k.at, 0);
    put_int(&a, "v_at", f->v.at, 0);
    put_int(&a, "q_heads_first", f->q.heads_first, 0);
    put_int(&a, "k_heads_first", f->k.heads_first, 0);
    put_int(&a, "v_heads_first", f->v.heads_first, 0);
    put_int(&a, "heads_first", f->y_heads_first, 0);
    put_int(&a, "nan_is_zero", s->nan_is_zero, 0);
    put_int(&a, "mask_weights", s->mask_weights, 0);
    put_float(&a, "scale_q", f->q.scale, 1.0f);
    put_float(&a, "scale_k", f->k.scale, 1.0f);
    put_float(&a, "scale_scores", s->scale, 1.0f);
    put_float(&a, "divisor", s->divisor, 1.0f);
    put_float(&a, "mask_value", s->mask_value, -INFINITY);
    if (s->variant)
        a.at[a.n++] =
            (struct kaon_attr){ .name = "variant", .type = KAON_ATTR_STRING, .s = s->variant };
    return a;
}

/* The value itself, or what an operator of one input makes of it. */
static struct kaon_value *changed(struct kaon_edit *edit, struct kaon_value *v, bool change,
                                  enum kaon_op_kind kind, bool *failed)
{
    if (!v || !change)
        return v;
    v = kaon_edit_add(edit, kind, 13, &v, 1, NULL, 0);
    *failed |= !v;
    return v;
}

static enum kaon_status make(struct kaon_edit *edit, const struct found *f, struct kaon_msg *msg)
{
    const struct kaon_scores *s = &f->s;
    const struct attrs a = attrs_of(f);
    bool failed = false;
    struct kaon_value *bias = changed(edit, s->bias, s->negate_bias, KAON_OP_neg, &failed);
    struct kaon_value *gate = changed(edit, s->gate, s->invert_gate, KAON_OP_reciprocal, &failed);
    struct kaon_value *mask = changed(edit, s->mask, s->mask_hides, KAON_OP_not, &failed);
    struct kaon_value *in[] = { f->q.rows, f->k.rows, f->v.rows, bias, gate, mask };
    const size_t n = mask ? 6 : gate ? 5 : bias ? 4 : 3;
    struct kaon_value *made =
        failed ? NULL : kaon_edit_add(edit, KAON_OP_attention, 1, in, n, a.at, a.n);
    if (!made)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for a pass");
    kaon_edit_replace(edit, f->out, made);
    return KAON_OK;
}

/* ---- finding ---------------------------------------------------------------------------------- */

static bool agree(const struct found *f, int32_t rank)
{
    const struct kaon_operand *q = &f->q, *k = &f->k, *v = &f->v;
    if (v->scale != 1.0f || q->size != k->size || k->heads != v->heads)
        return false;
    if (rank == 3)
        return kaon_operand_same_heads(q, k) && kaon_operand_same_heads(q, v);
    return q->heads % k->heads == 0 && kaon_operand_same_batch(q, k) &&
           kaon_operand_same_batch(q, v);
}

static bool trace(struct found *f, const struct kaon_node *first, const struct kaon_node *second,
                  int32_t rank)
{
    if (first->op->kind != second->op->kind)
        return false;
    if (first->op->kind == KAON_OP_einsum)
        return kaon_einsum_scores(first, &f->q, &f->k) &&
               kaon_einsum_values(second, &f->v, &f->y_heads_first);
    return kaon_operand_trace(&f->q, first->in[0], rank, KAON_AS_ROWS) &&
           kaon_operand_trace(&f->k, first->in[1], rank, KAON_AS_COLUMNS) &&
           kaon_operand_trace(&f->v, second->in[1], rank, KAON_AS_ROWS);
}

/* What is looked for: the product with the values, and behind it the transpose if there is one. */
static enum kaon_status fuse(struct kaon_node *second, struct kaon_value *out, bool y_heads_first,
                             struct kaon_edit *edit, struct kaon_msg *msg)
{
    struct found f = { .out = out, .y_heads_first = y_heads_first };
    const bool einsum = second->op->kind == KAON_OP_einsum;
    const int weights = einsum ? kaon_einsum_weights(second) : 0;
    const int32_t rank = second->out[0]->fact.rank;
    const struct kaon_node *breaks;
    const char *why;
    if (weights < 0)
        return KAON_OK;
    if (!kaon_scores_find(&f.s, second->in[weights], &breaks, &why))
        return why ? miss(edit, breaks, why, msg) : KAON_OK;
    const struct kaon_node *first = f.s.product;
    const bool traced = trace(&f, first, second, rank);
    if (traced && agree(&f, rank))
        return make(edit, &f, msg);
    if (f.s.variant) /* not said to be attention by anything */
        return KAON_OK;
    return miss(edit, traced ? second : first,
                traced ? "queries, keys and values differ in heads or batch, or may"
                       : "queries, keys or values are not transposed [batch, tokens, heads, size]",
                msg);
}

/* Weights without values are a classifier's, or of a kind that is not known here. */
static enum kaon_status remark_softmax(const struct kaon_node *softmax, struct kaon_edit *edit,
                                       struct kaon_msg *msg)
{
    static const enum kaon_op_kind between[] = { KAON_OP_where,   KAON_OP_mul,  KAON_OP_identity,
                                                 KAON_OP_dropout, KAON_OP_cast, KAON_OP_concat };
    const struct kaon_value *v = softmax->out[0];
    const struct kaon_node *n = softmax->next;
    for (int i = 0; n && i < 12; i++, n = n->next) {
        bool reads = false, passes = false;
        for (size_t k = 0; k < n->n_in; k++)
            reads |= n->in[k] == v;
        for (size_t k = 0; k < sizeof between / sizeof *between; k++)
            passes |= n->op->kind == between[k];
        if (reads && (n->op->kind == KAON_OP_matmul || n->op->kind == KAON_OP_einsum ||
                      n->op->kind == KAON_OP_reduce_sum))
            return KAON_OK; /* its own remark follows */
        if (reads && passes)
            v = n->out[0];
    }
    return miss(edit, NULL, "no sum of values with these weights follows: not attention", msg);
}

static enum kaon_status fuse_attention(struct kaon_node *node, struct kaon_edit *edit,
                                       struct kaon_msg *msg)
{
    if (node->op->kind == KAON_OP_softmax)
        return remark_softmax(node, edit, msg);
    if (node->op->kind == KAON_OP_transpose && kaon_value_is(node->in[0], KAON_OP_matmul) &&
        node->in[0]->readers == 1) {
        const int32_t rank = node->in[0]->fact.rank;
        if ((rank == 3 || rank == 4) && kaon_operand_turns(node, rank))
            return fuse(node->in[0]->producer, node->out[0], false, edit, msg);
    }
    if (node->op->kind == KAON_OP_einsum)
        return fuse(node, node->out[0], false, edit, msg);
    if (node->op->kind == KAON_OP_matmul && node->out[0]->fact.rank == 4 &&
        !kaon_operand_turns(kaon_value_reader(node->out[0]), 4))
        return fuse(node, node->out[0], true, edit, msg);
    return KAON_OK;
}

const struct kaon_pass kaon_pass_fuse_attention = {
    .name = "fuse-attention",
    .rule = fuse_attention,
    .again = true, /* a layer's output has a shape that is known once it is one node */
};
