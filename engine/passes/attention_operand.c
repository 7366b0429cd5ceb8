/* Queries, keys and values: back from a product to what the projections left. */
#include "engine/passes/attention.h"

#include <math.h>
#include <string.h>

/* A constant list of one integer. */
static bool integer(const struct kaon_value *v, int64_t *x)
{
    const struct kaon_tensor *t = v ? v->constant : NULL;
    if (!t || t->type != KAON_I64 || kaon_tensor_count(t) != 1)
        return false;
    *x = *(const int64_t *)t->data;
    return true;
}

struct kaon_value *kaon_scaled(const struct kaon_node *mul, float *factor)
{
    for (int i = 0; mul && mul->op->kind == KAON_OP_mul && i < 2; i++)
        if (kaon_value_number(mul->in[1 - i], factor) &&
            mul->in[1 - i]->fact.rank <= mul->in[i]->fact.rank)
            return mul->in[i];
    return NULL;
}

struct kaon_value *kaon_divided(const struct kaon_node *div, float *by, bool exact)
{
    int exponent;
    if (!div || div->op->kind != KAON_OP_div || !kaon_value_number(div->in[1], by) ||
        div->in[1]->fact.rank > div->in[0]->fact.rank || !isfinite(*by) || *by == 0.0f)
        return NULL;
    if (!exact)
        return div->in[0];
    if (fabsf(frexpf(*by, &exponent)) != 0.5f)
        return NULL;
    *by = 1.0f / *by;
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
static void find_rows(struct kaon_operand *o, struct kaon_value *heads)
{
    o->rows = heads;
    if (!kaon_value_is(heads, KAON_OP_reshape))
        return;
    struct kaon_value *flat = heads->producer->in[0];
    const int64_t columns = o->heads * o->size;
    struct kaon_value *whole =
        kaon_value_is(flat, KAON_OP_slice) ? sliced(flat->producer, columns, &o->at) : NULL;
    if (whole && is_view(heads, whole))
        o->rows = whole;
    else if (is_view(heads, flat) && flat->fact.dims[2] == columns)
        o->rows = flat;
    if (o->rows != whole)
        o->at = 0;
}

/* By rank and order: perm from what the projections left. */
static const int32_t orders[2][2][4] = { { { 1, 0, 2 }, { 1, 2, 0 } },
                                         { { 0, 2, 1, 3 }, { 0, 2, 3, 1 } } };

static bool has_order(const int32_t *perm, int32_t rank, enum kaon_operand_order order)
{
    return !memcmp(perm, orders[rank - 3][order], (size_t)rank * sizeof *perm);
}

/* The same of [B,H,T,D] where no projection is in sight. */
static bool is_heads_first(const int32_t *perm, int32_t rank, enum kaon_operand_order order)
{
    static const int32_t kept[2][4] = { { 0, 1, 2, 3 }, { 0, 1, 3, 2 } };
    return rank == 4 && !memcmp(perm, kept[order], sizeof kept[order]);
}

/* [B,G,T,D] of a reshape that repeats each head: Unsqueeze, Expand, Reshape. */
static struct kaon_value *before_repeating(const struct kaon_value *v)
{
    const struct kaon_value *wide = kaon_value_is(v, KAON_OP_reshape) ? v->producer->in[0] : NULL;
    const struct kaon_value *thin =
        kaon_value_is(wide, KAON_OP_expand) ? wide->producer->in[0] : NULL;
    struct kaon_value *x = kaon_value_is(thin, KAON_OP_unsqueeze) ? thin->producer->in[0] : NULL;
    if (!x || x->fact.rank != 4 || thin->fact.rank != 5 || v->fact.rank != 4 ||
        wide->fact.rank != 5 || thin->fact.dims[2] != 1 || !kaon_dim_known(v->fact.dims[1]) ||
        !kaon_dim_known(x->fact.dims[1]) || x->fact.dims[1] < 1 ||
        thin->fact.dims[1] != x->fact.dims[1] || wide->fact.dims[1] != x->fact.dims[1] ||
        v->fact.dims[1] % x->fact.dims[1] || !same(v->fact.dims[3], x->fact.dims[3]))
        return NULL;
    return x;
}

/* A factor, or a division that is one; only one of them, and one that acts on every element. */
static struct kaon_value *without_factor(struct kaon_operand *o, const struct kaon_value *v)
{
    float factor;
    if (o->scale != 1.0f)
        return NULL;
    struct kaon_value *x = kaon_scaled(v->producer, &factor);
    if (!x)
        x = kaon_divided(v->producer, &factor, true);
    if (x && x->fact.rank == v->fact.rank)
        o->scale = factor;
    return x && x->fact.rank == v->fact.rank ? x : NULL;
}

static bool place(struct kaon_operand *o, struct kaon_value *v, int32_t rank)
{
    o->heads = rank == 4 ? v->fact.dims[o->heads_first ? 1 : 2] : 0;
    o->size = v->fact.dims[rank - 1];
    if (o->size < 1 || o->heads < (rank == 4))
        return false;
    if (rank == 4 && !o->heads_first)
        find_rows(o, v);
    else
        o->rows = v;
    return true;
}

bool kaon_operand_trace(struct kaon_operand *o, struct kaon_value *v, int32_t rank,
                        enum kaon_operand_order wanted)
{
    int32_t perm[4] = { 0, 1, 2, 3 };
    struct kaon_value *x;
    *o = (struct kaon_operand){ .scale = 1.0f };
    for (;;) {
        if ((x = without_factor(o, v)) != NULL ||
            (kaon_value_is(v, KAON_OP_transpose) && (x = turned(v, rank, perm)) != NULL))
            v = x;
        else if (is_heads_first(perm, rank, wanted) && (x = before_repeating(v)) != NULL)
            v = x;
        else
            break;
    }
    if (v->fact.rank != rank || v->fact.type != KAON_F32)
        return false;
    o->heads_first = is_heads_first(perm, rank, wanted);
    return (o->heads_first || has_order(perm, rank, wanted)) && place(o, v, rank);
}

bool kaon_operand_take(struct kaon_operand *o, struct kaon_value *v, bool heads_first)
{
    struct kaon_value *x;
    *o = (struct kaon_operand){ .scale = 1.0f, .heads_first = heads_first };
    while ((x = without_factor(o, v)) != NULL)
        v = x;
    return v->fact.rank == 4 && v->fact.type == KAON_F32 && place(o, v, 4);
}

bool kaon_operand_turns(const struct kaon_node *node, int32_t rank)
{
    int32_t perm[4] = { 0, 1, 2, 3 };
    return node && node->op->kind == KAON_OP_transpose && turned(node->out[0], rank, perm) &&
           has_order(perm, rank, KAON_AS_ROWS);
}

/* Whether two operands have the same batch: they are parts of one value, projections of one, or known
 * to. */
bool kaon_operand_same_batch(const struct kaon_operand *a, const struct kaon_operand *b)
{
    const struct kaon_value *x = a->rows, *y = b->rows;
    if (x == y || same(x->fact.dims[0], y->fact.dims[0]))
        return true;
    return x->fact.rank == 3 && y->fact.rank == 3 && kaon_value_is(x, KAON_OP_linear) &&
           kaon_value_is(y, KAON_OP_linear) && x->producer->in[0] == y->producer->in[0];
}

/* What Reshape took for the middle one of three lengths; NULL: not one value of a Concat. */
static const struct kaon_value *middle_length(const struct kaon_value *rows)
{
    const struct kaon_value *shape =
        kaon_value_is(rows, KAON_OP_reshape) ? rows->producer->in[1] : NULL;
    return kaon_value_is(shape, KAON_OP_concat) && shape->producer->n_in == 3
               ? shape->producer->in[1]
               : NULL;
}

/* Of [T,G,D]: the same G, known or as one value that both were shaped by. */
bool kaon_operand_same_heads(const struct kaon_operand *a, const struct kaon_operand *b)
{
    const struct kaon_value *x = a->rows, *y = b->rows, *length = middle_length(x);
    return x == y || same(x->fact.dims[1], y->fact.dims[1]) ||
           (length && length == middle_length(y));
}
