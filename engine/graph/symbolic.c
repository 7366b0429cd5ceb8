/* Shape arithmetic ahead of shapes: the contents of small int64 tensors as numbers and symbols.
 *
 * Exporters compute shapes in the graph (Shape, Gather, Concat, ...). Following those few operators
 * through symbols tells the shape of a Reshape or Expand in terms of the model's symbolic axes. */
#include "engine/graph/graph.h"

#include "engine/base/fact.h"
#include "engine/base/size.h"

#include <string.h>

enum { ROOM = KAON_COUNT(((struct kaon_fact *)0)->symbolic) };

static int32_t ints_of(const struct kaon_node *node, size_t i, int64_t *values)
{
    return i < node->n_in && node->in[i] ? kaon_fact_ints(&node->in[i]->fact, values, ROOM) : -1;
}

static void give(const struct kaon_node *node, const int64_t *values, int32_t n)
{
    struct kaon_fact *out = &node->out[0]->fact;
    if (out->type != KAON_I64 || out->rank < 0 || out->rank > 1 || n < 0 || n > (int32_t)ROOM ||
        (out->rank == 0 && n != 1) || (out->rank == 1 && out->dims[0] != n))
        return;
    memcpy(out->symbolic, values, (size_t)n * sizeof *values);
    out->n_symbolic = n;
}

static void of_shape(const struct kaon_node *node)
{
    const struct kaon_fact *x = &node->in[0]->fact;
    struct kaon_fact *out = &node->out[0]->fact;
    if (x->rank >= 0 && out->rank == 1 && out->dims[0] == x->rank) /* no start, no end */
        give(node, x->dims, x->rank);
}

static void of_copy(const struct kaon_node *node)
{
    int64_t v[ROOM];
    const int32_t n = ints_of(node, 0, v);
    give(node, v, n);
}

static void of_concat(const struct kaon_node *node)
{
    int64_t v[ROOM];
    int32_t n = 0;
    for (size_t i = 0; i < node->n_in; i++) {
        int64_t part[ROOM];
        const int32_t k = ints_of(node, i, part);
        if (k < 0 || n + k > (int32_t)ROOM)
            return;
        memcpy(v + n, part, (size_t)k * sizeof *v);
        n += k;
    }
    give(node, v, n);
}

static void of_gather(const struct kaon_node *node)
{
    int64_t v[ROOM], index[ROOM], out[ROOM];
    const int32_t n = ints_of(node, 0, v), k = ints_of(node, 1, index);
    if (n < 0 || k < 0)
        return;
    for (int32_t i = 0; i < k; i++) {
        const int64_t at = kaon_dim_known(index[i]) ? index[i] + (index[i] < 0 ? n : 0) : -1;
        if (at < 0 || at >= n)
            return;
        out[i] = v[at];
    }
    give(node, out, k);
}

static void of_slice(const struct kaon_node *node)
{
    int64_t v[ROOM], start[ROOM], end[ROOM], step[ROOM] = { 1 };
    const int32_t n = ints_of(node, 0, v);
    if (n < 0 || ints_of(node, 1, start) != 1 || ints_of(node, 2, end) != 1 ||
        (node->n_in > 4 && ints_of(node, 4, step) != 1) || step[0] != 1 ||
        !kaon_dim_known(start[0]) || !kaon_dim_known(end[0]))
        return;
    const int64_t from = kaon_max_i64(0, kaon_min_i64(n, start[0] + (start[0] < 0 ? n : 0)));
    const int64_t to = kaon_max_i64(from, kaon_min_i64(n, end[0] + (end[0] < 0 ? n : 0)));
    give(node, v + from, (int32_t)(to - from));
}

static void of_product(const struct kaon_node *node)
{
    int64_t a[ROOM], b[ROOM], out[ROOM];
    const int32_t n = ints_of(node, 0, a), k = ints_of(node, 1, b);
    if (n < 0 || k < 0 || (n != k && n != 1 && k != 1))
        return;
    const int32_t m = n > k ? n : k;
    for (int32_t i = 0; i < m; i++) {
        const int64_t x = a[n == 1 ? 0 : i], y = b[k == 1 ? 0 : i];
        out[i] = node->op->kind == KAON_OP_mul ? kaon_dim_mul(x, y) : kaon_dim_add(x, y);
    }
    give(node, out, m);
}

static const struct {
    enum kaon_op_kind kind;
    void (*follow)(const struct kaon_node *node);
} rules[] = {
    { KAON_OP_shape, of_shape },    { KAON_OP_identity, of_copy }, { KAON_OP_cast, of_copy },
    { KAON_OP_unsqueeze, of_copy }, { KAON_OP_squeeze, of_copy },  { KAON_OP_reshape, of_copy },
    { KAON_OP_concat, of_concat },  { KAON_OP_gather, of_gather }, { KAON_OP_slice, of_slice },
    { KAON_OP_mul, of_product },    { KAON_OP_add, of_product },
};

void kaon_node_infer_symbolic(const struct kaon_node *node)
{
    for (size_t i = 0; i < KAON_COUNT(rules); i++)
        if (rules[i].kind == node->op->kind)
            rules[i].follow(node);
}
