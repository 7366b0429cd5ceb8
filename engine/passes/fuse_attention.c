/* Attention in plain operators becomes one node that reads queries, keys and values where the projections
 * left them:
 *
 *     [Slice] Reshape Transpose [Mul]   three times
 *     MatMul [Mul or Div by a number] [Add of a bias] Softmax [Where(IsNaN, 0)] MatMul Transpose
 *
 * with [batch, tokens, heads, size] transposed, or [tokens, batch heads, size] as PyTorch's own layer has it.
 *
 * Products, sums and softmax are the same in the same order, so not a bit changes; a division by a number
 * that is no power of two would change bits and stays as it is. */
#include "engine/passes/passes.h"

#include "engine/base/attrs.h"

#include <math.h>
#include <string.h>

/* Queries, keys or values, traced back from the product. */
struct operand {
    struct kaon_value *rows; /* [B,T,H,D], or [B,T,W] from column `at` on; heads 0: [T,G,D] */
    int64_t at, heads, size;
    float scale;
};

/* What is between the two products. */
struct scores {
    struct kaon_value *bias; /* NULL: none */
    struct kaon_node *product;
    float scale;
    bool nan_is_zero;
};

static bool is(const struct kaon_value *v, enum kaon_op_kind kind)
{
    return v && v->producer && v->producer->op->kind == kind;
}

/* A constant that is one float; *x is it. */
static bool number(const struct kaon_value *v, float *x)
{
    const struct kaon_tensor *t = v ? v->constant : NULL;
    if (!t || t->type != KAON_F32 || kaon_tensor_count(t) != 1)
        return false;
    *x = *(const float *)t->data;
    return true;
}

/* A constant list of one integer. */
static bool integer(const struct kaon_value *v, int64_t *x)
{
    const struct kaon_tensor *t = v ? v->constant : NULL;
    if (!t || t->type != KAON_I64 || kaon_tensor_count(t) != 1)
        return false;
    *x = *(const int64_t *)t->data;
    return true;
}

/* The other operand of Mul(x, number), which must be no wider than x. */
static struct kaon_value *scaled(const struct kaon_node *mul, float *factor)
{
    for (int i = 0; mul && mul->op->kind == KAON_OP_mul && i < 2; i++)
        if (number(mul->in[1 - i], factor) && mul->in[1 - i]->fact.rank <= mul->in[i]->fact.rank)
            return mul->in[i];
    return NULL;
}

/* x of Div(x, number) as x times a number: only where that has the same bits. */
static struct kaon_value *halved(const struct kaon_node *div, float *factor)
{
    int exponent;
    if (!div || div->op->kind != KAON_OP_div || !number(div->in[1], factor) ||
        div->in[1]->fact.rank > div->in[0]->fact.rank)
        return NULL;
    if (fabsf(frexpf(*factor, &exponent)) != 0.5f)
        return NULL;
    *factor = 1.0f / *factor;
    return div->in[0];
}

/* Goes back through Transpose; perm becomes that of both together. */
static struct kaon_value *turned(struct kaon_value *v, int32_t rank, int32_t *perm)
{
    int32_t all[4];
    const struct kaon_transpose *a = v->producer->attr;
    if (a->n != rank)
        return NULL;
    for (int32_t i = 0; i < rank; i++) {
        const int64_t axis = a->perm[perm[i]];
        all[i] = (int32_t)(axis < 0 ? axis + rank : axis);
    }
    memcpy(perm, all, (size_t)rank * sizeof *perm);
    return v->producer->in[0];
}

/* Slice(x, start, end, [last axis]) with step 1 of `columns` columns. */
static struct kaon_value *sliced(const struct kaon_node *slice, int64_t columns, int64_t *at)
{
    int64_t start, end, axis, step = 1;
    if (slice->opset < 10 || slice->n_in < 4 || !integer(slice->in[1], &start) ||
        !integer(slice->in[2], &end) || !integer(slice->in[3], &axis) ||
        (slice->n_in > 4 && slice->in[4] && (!integer(slice->in[4], &step) || step != 1)))
        return NULL;
    struct kaon_value *x = slice->in[0];
    if (x->fact.rank != 3 || (axis != 2 && axis != -1) || start < 0 || end - start != columns ||
        x->fact.dims[2] < end)
        return NULL;
    *at = start;
    return x;
}

static bool same(int64_t a, int64_t b)
{
    return a == b && a != KAON_DIM_UNKNOWN;
}

/* Whether [B,T,H,D] is [B,T,H D] under another shape: one of the first two lengths stayed, so both did. */
static bool is_view(const struct kaon_value *heads, const struct kaon_value *flat)
{
    return flat->fact.rank == 3 && (same(flat->fact.dims[0], heads->fact.dims[0]) ||
                                    same(flat->fact.dims[1], heads->fact.dims[1]));
}

/* From [B,T,H,D] to the rows that it is a view of. */
static void find_rows(struct operand *o, struct kaon_value *heads)
{
    o->rows = heads;
    if (!is(heads, KAON_OP_reshape))
        return;
    struct kaon_value *flat = heads->producer->in[0];
    const int64_t columns = o->heads * o->size;
    struct kaon_value *whole =
        is(flat, KAON_OP_slice) ? sliced(flat->producer, columns, &o->at) : NULL;
    if (whole && is_view(heads, whole))
        o->rows = whole;
    else if (is_view(heads, flat) && flat->fact.dims[2] == columns)
        o->rows = flat;
    if (o->rows != whole)
        o->at = 0;
}

/* Orders of axes: of rows and of columns of heads, by rank. */
enum order { AS_ROWS, AS_COLUMNS };
static const int32_t orders[2][2][4] = { { { 1, 0, 2 }, { 1, 2, 0 } },
                                         { { 0, 2, 1, 3 }, { 0, 2, 3, 1 } } };

static bool has_order(const int32_t *perm, int32_t rank, enum order order)
{
    return !memcmp(perm, orders[rank - 3][order], (size_t)rank * sizeof *perm);
}

/* Back from the product to [B,T,H,D] or [T,G,D], of which the operand must be the transpose `wanted`. */
static bool trace(struct operand *o, struct kaon_value *v, int32_t rank, enum order wanted)
{
    int32_t perm[4] = { 0, 1, 2, 3 };
    *o = (struct operand){ .scale = 1.0f };
    for (;;) {
        float factor;
        struct kaon_value *x = o->scale == 1.0f ? scaled(v->producer, &factor) : NULL;
        if (!x && o->scale == 1.0f)
            x = halved(v->producer, &factor);
        if (x && x->fact.rank == rank) {
            o->scale = factor;
            v = x;
        } else if (is(v, KAON_OP_transpose) && (x = turned(v, rank, perm)) != NULL) {
            v = x;
        } else {
            break;
        }
    }
    if (v->fact.rank != rank || v->fact.type != KAON_F32 || !has_order(perm, rank, wanted))
        return false;
    o->heads = rank == 4 ? v->fact.dims[2] : 0;
    o->size = v->fact.dims[rank - 1];
    if (o->size < 1 || o->heads < (rank == 4))
        return false;
    if (rank == 4)
        find_rows(o, v);
    else
        o->rows = v;
    return true;
}

/* Where(IsNaN(s), 0, s). */
static struct kaon_value *without_nan(const struct kaon_node *where)
{
    float zero;
    if (!is(where->in[0], KAON_OP_is_nan) || !number(where->in[1], &zero) || zero != 0.0f ||
        where->in[0]->producer->in[0] != where->in[2] || where->in[0]->readers != 1 ||
        where->in[1]->fact.rank > where->in[2]->fact.rank)
        return NULL;
    return where->in[2];
}

/* The first product behind x + bias, either way round. */
static struct kaon_value *behind_bias(struct scores *s, struct kaon_value *v)
{
    const struct kaon_binary_attr *a = v->producer->attr;
    if (a && a->legacy)
        return NULL;
    for (int i = 0; i < 2; i++) {
        struct kaon_value *x = v->producer->in[i], *bias = v->producer->in[1 - i];
        if (x->readers == 1 && bias->fact.type == KAON_F32 && bias->fact.rank >= 0 &&
            bias->fact.rank <= 4 &&
            (is(x, KAON_OP_matmul) || is(x, KAON_OP_mul) || is(x, KAON_OP_div))) {
            s->bias = bias;
            return x;
        }
    }
    return NULL;
}

/* From what the second product multiplies back to the first; NULL with *why if something is in between
 * that has no place there. */
static struct kaon_node *find_scores(struct scores *s, struct kaon_value *v, const char **why)
{
    *s = (struct scores){ .scale = 1.0f };
    const bool cleared = is(v, KAON_OP_where) && v->readers == 1;
    struct kaon_value *weights = cleared ? without_nan(v->producer) : v;
    if (!weights || !is(weights, KAON_OP_softmax))
        return NULL;
    s->nan_is_zero = cleared;
    const struct kaon_softmax *a = weights->producer->attr;
    if (weights->readers != (cleared ? 2u : 1u) || a->flat ||
        (a->axis != -1 && a->axis != weights->fact.rank - 1)) {
        *why = "others read the weights, or the softmax is along another axis";
        return NULL;
    }
    v = weights->producer->in[0];
    if (is(v, KAON_OP_add) && v->readers == 1)
        v = behind_bias(s, v);
    struct kaon_value *x = v && v->readers == 1 ? scaled(v->producer, &s->scale) : NULL;
    if (v && !x && v->readers == 1)
        x = halved(v->producer, &s->scale);
    v = x ? x : v;
    if (!v || !is(v, KAON_OP_matmul) || v->readers != 1) {
        *why = "between product and softmax stands what is neither a scale nor a bias";
        return NULL;
    }
    return v->producer;
}

/* Whether two operands have the same batch: they are parts of one value, projections of one, or known
 * to. */
static bool same_batch(const struct operand *a, const struct operand *b)
{
    const struct kaon_value *x = a->rows, *y = b->rows;
    if (x == y || same(x->fact.dims[0], y->fact.dims[0]))
        return true;
    return x->fact.rank == 3 && y->fact.rank == 3 && is(x, KAON_OP_linear) &&
           is(y, KAON_OP_linear) && x->producer->in[0] == y->producer->in[0];
}

/* What Reshape took for the middle one of three lengths; NULL: not one value of a Concat. */
static const struct kaon_value *middle_length(const struct kaon_value *rows)
{
    const struct kaon_value *shape = is(rows, KAON_OP_reshape) ? rows->producer->in[1] : NULL;
    return is(shape, KAON_OP_concat) && shape->producer->n_in == 3 ? shape->producer->in[1] : NULL;
}

/* Of [T,G,D]: the same G, known or as one value that both were shaped by. */
static bool same_heads(const struct operand *a, const struct operand *b)
{
    const struct kaon_value *x = a->rows, *y = b->rows, *length = middle_length(x);
    return x == y || same(x->fact.dims[1], y->fact.dims[1]) ||
           (length && length == middle_length(y));
}

static struct kaon_attr int_attr(const char *name, int64_t i)
{
    return (struct kaon_attr){ .name = name, .type = KAON_ATTR_INT, .i = i };
}

static struct kaon_attr float_attr(const char *name, float f)
{
    return (struct kaon_attr){ .name = name, .type = KAON_ATTR_FLOAT, .f = f };
}

static enum kaon_status make(struct kaon_edit *edit, struct kaon_value *out, const struct scores *s,
                             const struct operand *q, const struct operand *k,
                             const struct operand *v, struct kaon_msg *msg)
{
    struct kaon_attr attrs[11] = { int_attr("heads", q->heads), int_attr("head_size", q->size) };
    size_t n = 2;
    const struct {
        const char *name;
        int64_t value, otherwise;
    } numbers[] = { { "kv_heads", k->heads, q->heads },
                    { "value_size", v->size, q->size },
                    { "q_at", q->at, 0 },
                    { "k_at", k->at, 0 },
                    { "v_at", v->at, 0 },
                    { "nan_is_zero", s->nan_is_zero, 0 } };
    const struct {
        const char *name;
        float value;
    } factors[] = { { "scale_q", q->scale },
                    { "scale_k", k->scale },
                    { "scale_scores", s->scale } };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].value != numbers[i].otherwise)
            attrs[n++] = int_attr(numbers[i].name, numbers[i].value);
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
        if (factors[i].value != 1.0f)
            attrs[n++] = float_attr(factors[i].name, factors[i].value);
    struct kaon_value *in[] = { q->rows, k->rows, v->rows, s->bias };
    struct kaon_value *made =
        kaon_edit_add(edit, KAON_OP_attention, 1, in, s->bias ? 4 : 3, attrs, n);
    if (!made)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for a pass");
    kaon_edit_replace(edit, out, made);
    return KAON_OK;
}

/* The last Transpose, back to the order of the rows. */
static enum kaon_status fuse_attention(struct kaon_node *node, struct kaon_edit *edit,
                                       struct kaon_msg *msg)
{
    int32_t perm[4] = { 0, 1, 2, 3 };
    struct scores s;
    struct operand q, k, v;
    if (node->op->kind != KAON_OP_transpose || !is(node->in[0], KAON_OP_matmul) ||
        node->in[0]->readers != 1)
        return KAON_OK;
    const int32_t rank = node->in[0]->fact.rank;
    if ((rank != 3 && rank != 4) || !turned(node->out[0], rank, perm) ||
        !has_order(perm, rank, AS_ROWS))
        return KAON_OK;
    const struct kaon_node *second = node->in[0]->producer;
    const struct kaon_node *first = find_scores(&s, second->in[0], &edit->why);
    if (!first)
        return KAON_OK;
    if (!trace(&q, first->in[0], rank, AS_ROWS) || !trace(&k, first->in[1], rank, AS_COLUMNS) ||
        !trace(&v, second->in[1], rank, AS_ROWS)) {
        edit->why = "queries, keys or values are not transposed [batch, tokens, heads, size]";
        return KAON_OK;
    }
    if (v.scale != 1.0f || q.size != k.size || k.heads != v.heads || q.heads != k.heads ||
        (rank == 4 && (!same_batch(&q, &k) || !same_batch(&q, &v))) ||
        (rank == 3 && (!same_heads(&q, &k) || !same_heads(&q, &v)))) {
        edit->why = "queries, keys and values differ in heads or batch";
        return KAON_OK;
    }
    edit->why = NULL;
    return make(edit, node->out[0], &s, &q, &k, &v, msg);
}

const struct kaon_pass kaon_pass_fuse_attention = {
    .name = "fuse-attention",
    .rule = fuse_attention,
};
