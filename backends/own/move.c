/* Movement that the shapes alone decide: Transpose, Expand, Tile, Concat, Split, DepthToSpace,
 * SpaceToDepth. Each is a list of strided copies made while preparing. */
#include "backends/own/copy.h"

#include <string.h>

/* Copy k goes from input `in` to output `out`. */
struct move {
    size_t n;
    struct piece {
        size_t in, out;
        struct kaon_copy copy;
    } * piece;
};

static enum kaon_status run_move(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct move *m = step->args;
    (void)msg;
    for (size_t i = 0; i < m->n; i++) {
        const struct piece *p = &m->piece[i];
        kaon_copy_run(&p->copy, step->call.out[p->out]->data, step->call.in[p->in]->data,
                      step->call.kernels);
    }
    return KAON_OK;
}

/* Room for n pieces; NULL after a failure. */
static struct piece *open_move(struct kaon_step *step, struct kaon_arena *memory, size_t n,
                               struct kaon_msg *msg)
{
    struct move *m = kaon_own_args(step, memory, sizeof *m, msg);
    if (!m)
        return NULL;
    m->n = n;
    m->piece = kaon_arena_push_zero(memory, n, sizeof *m->piece);
    if (!m->piece)
        kaon_own_fail(&step->call, msg, KAON_NO_MEMORY, "no memory for %zu copies", n);
    step->run = run_move;
    step->kernel = "copy";
    return m->piece;
}

/* ---- one copy -------------------------------------------------------------------------------- */

static enum kaon_status prepare_transpose(struct kaon_step *step, struct kaon_arena *memory,
                                          struct kaon_msg *msg)
{
    const struct kaon_transpose *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    ptrdiff_t from[KAON_MAX_RANK];
    struct piece *p = open_move(step, memory, 1, msg);
    if (!p)
        return KAON_NO_MEMORY;
    struct kaon_copy *c = &p->copy;
    c->bytes = kaon_type_bytes(x->type);
    c->rank = y->rank;
    memcpy(c->dims, y->dims, sizeof y->dims);
    kaon_copy_steps(c->dst_step, y->rank, y->dims);
    kaon_copy_steps(from, x->rank, x->dims);
    for (int32_t i = 0; i < y->rank; i++)
        c->src_step[i] = from[a->n < 0 ? x->rank - 1 - i : kaon_own_axis(a->perm[i], x->rank)];
    kaon_copy_simplify(c);
    step->kernel = "transpose";
    return KAON_OK;
}

static enum kaon_status prepare_expand(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    ptrdiff_t from[KAON_MAX_RANK];
    struct piece *p = open_move(step, memory, 1, msg);
    if (!p)
        return KAON_NO_MEMORY;
    struct kaon_copy *c = &p->copy;
    c->bytes = kaon_type_bytes(x->type);
    c->rank = y->rank;
    memcpy(c->dims, y->dims, sizeof y->dims);
    kaon_copy_steps(c->dst_step, y->rank, y->dims);
    kaon_copy_steps(from, x->rank, x->dims);
    for (int32_t i = 0; i < y->rank; i++) {
        const int32_t k = i - (y->rank - x->rank);
        c->src_step[i] = k >= 0 && x->dims[k] == y->dims[i] ? from[k] : 0;
    }
    kaon_copy_simplify(c);
    return KAON_OK;
}

/* Every axis of n elements repeated r times is two axes of the output, (r, n). */
static enum kaon_status prepare_tile(struct kaon_step *step, struct kaon_arena *memory,
                                     struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    ptrdiff_t from[KAON_MAX_RANK], to[KAON_MAX_RANK];
    struct piece *p = open_move(step, memory, 1, msg);
    if (!p)
        return KAON_NO_MEMORY;
    struct kaon_copy *c = &p->copy;
    c->bytes = kaon_type_bytes(x->type);
    c->rank = 2 * x->rank;
    kaon_copy_steps(to, y->rank, y->dims);
    kaon_copy_steps(from, x->rank, x->dims);
    for (int32_t i = 0; i < x->rank; i++) {
        c->dims[2 * i] = x->dims[i] ? y->dims[i] / x->dims[i] : 0;
        c->dims[2 * i + 1] = x->dims[i];
        c->dst_step[2 * i] = to[i] * x->dims[i];
        c->dst_step[2 * i + 1] = to[i];
        c->src_step[2 * i + 1] = from[i];
    }
    kaon_copy_simplify(c);
    return KAON_OK;
}

/* Depth (a, b, c) stands beside space (h, w): DepthToSpace in mode DCR has depth as (block row,
 * block column, channel), in mode CRD as (channel, block row, block column); SpaceToDepth undoes DCR. */
static enum kaon_status prepare_depth(struct kaon_step *step, struct kaon_arena *memory,
                                      struct kaon_msg *msg)
{
    const struct kaon_depth_to_space *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    const bool to_space = step->call.op->kind == KAON_OP_depth_to_space;
    const struct kaon_tensor *deep = to_space ? x : y, *wide = to_space ? y : x;
    const int64_t b = a->block, channels = wide->dims[1], h = deep->dims[2], w = deep->dims[3];
    const ptrdiff_t plane = (ptrdiff_t)(h * w), area = (ptrdiff_t)(wide->dims[2] * wide->dims[3]);
    struct piece *p = open_move(step, memory, 1, msg);
    if (!p)
        return KAON_NO_MEMORY;
    struct kaon_copy *c = &p->copy;
    /* axes: batch, channel, row, block row, column, block column */
    const int64_t dims[] = { wide->dims[0], channels, h, b, w, b };
    const ptrdiff_t in_wide[] = { channels * area, area, b * wide->dims[3], wide->dims[3], b, 1 };
    const bool crd = to_space && a->column_row_depth;
    const ptrdiff_t in_deep[] = { deep->dims[1] * plane,
                                  (crd ? b * b : 1) * plane,
                                  w,
                                  (crd ? b : b * channels) * plane,
                                  1,
                                  (crd ? 1 : channels) * plane };
    c->bytes = kaon_type_bytes(x->type);
    c->rank = 6;
    memcpy(c->dims, dims, sizeof dims);
    memcpy(c->dst_step, to_space ? in_wide : in_deep, sizeof in_wide);
    memcpy(c->src_step, to_space ? in_deep : in_wide, sizeof in_wide);
    kaon_copy_simplify(c);
    return KAON_OK;
}

const struct kaon_own kaon_own_transpose = { .prepare = prepare_transpose };
const struct kaon_own kaon_own_expand = { .prepare = prepare_expand };
const struct kaon_own kaon_own_tile = { .prepare = prepare_tile };
const struct kaon_own kaon_own_depth_to_space = { .prepare = prepare_depth };
const struct kaon_own kaon_own_space_to_depth = { .prepare = prepare_depth };

/* ---- one copy a part ------------------------------------------------------------------------- */

/* Part (outer, length, inner) of a whole that is `total` long on that axis, starting at `at`. */
static void part(struct kaon_copy *c, size_t bytes, size_t outer, size_t length, size_t inner,
                 size_t total, size_t at, bool into)
{
    const ptrdiff_t whole = (ptrdiff_t)(total * inner), own = (ptrdiff_t)(length * inner);
    c->bytes = bytes;
    c->rank = 2;
    c->dims[0] = (int64_t)outer;
    c->dims[1] = own;
    c->dst_step[0] = into ? whole : own;
    c->src_step[0] = into ? own : whole;
    c->dst_step[1] = c->src_step[1] = 1;
    *(into ? &c->to : &c->from) = (ptrdiff_t)(at * inner);
    kaon_copy_simplify(c);
}

static enum kaon_status prepare_concat(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    const struct kaon_axis *a = step->call.attr;
    const struct kaon_tensor *y = step->call.out[0];
    const int32_t axis = kaon_own_axis(a->axis, y->rank);
    const size_t bytes = kaon_type_bytes(y->type), outer = kaon_own_product(y, 0, axis),
                 inner = kaon_own_product(y, axis + 1, y->rank);
    struct piece *p = open_move(step, memory, step->call.n_in, msg);
    size_t at = 0;
    if (!p)
        return KAON_NO_MEMORY;
    for (size_t i = 0; i < step->call.n_in; i++) {
        const struct kaon_tensor *x = step->call.in[i];
        if (x->type != y->type)
            return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL, "input %zu is %s, wanted %s", i,
                                 kaon_type_name(x->type), kaon_type_name(y->type));
        const size_t length = (size_t)x->dims[axis];
        p[i].in = i;
        part(&p[i].copy, bytes, outer, length, inner, (size_t)y->dims[axis], at, true);
        at += length;
    }
    return KAON_OK;
}

static enum kaon_status prepare_split(struct kaon_step *step, struct kaon_arena *memory,
                                      struct kaon_msg *msg)
{
    const struct kaon_split *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    const int32_t axis = kaon_own_axis(a->axis, x->rank);
    const size_t bytes = kaon_type_bytes(x->type), outer = kaon_own_product(x, 0, axis),
                 inner = kaon_own_product(x, axis + 1, x->rank), total = (size_t)x->dims[axis];
    struct piece *p = open_move(step, memory, step->call.n_out, msg);
    size_t at = 0, n = 0;
    if (!p)
        return KAON_NO_MEMORY;
    for (size_t i = 0; i < step->call.n_out; i++) {
        /* An output that nobody wants still takes its room: its length is what is left of its
         * neighbours, which inference has written for all outputs. */
        const struct kaon_tensor *y = step->call.out[i];
        size_t length;
        if (y)
            length = (size_t)y->dims[axis];
        else if (a->n >= 0)
            length = (size_t)a->sizes[i];
        else if (kaon_own_in(&step->call, 1) && step->call.constant[1])
            length = (size_t)kaon_element_int(step->call.in[1]->type, step->call.in[1]->data,
                                              (int64_t)i);
        else if (kaon_own_in(&step->call, 1))
            return kaon_own_fail(&step->call, msg, KAON_UNSUPPORTED, "output %zu has no name", i);
        else
            length = (size_t)kaon_max_i64(
                0, kaon_min_i64((int64_t)((total + step->call.n_out - 1) / step->call.n_out),
                                (int64_t)total - (int64_t)at));
        if (y) {
            p[n].out = i;
            part(&p[n++].copy, bytes, outer, length, inner, total, at, false);
        }
        at += length;
    }
    ((struct move *)step->args)->n = n;
    return KAON_OK;
}

const struct kaon_own kaon_own_concat = { .prepare = prepare_concat };
const struct kaon_own kaon_own_split = { .prepare = prepare_split };
