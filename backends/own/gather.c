/* Gather, GatherElements, GatherND. */
#include "backends/own/copy.h"
#include "backends/own/index.h"

#include <string.h>

enum { CHUNK = 256 };

static enum kaon_status check_types(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *index = step->call.in[1];
    if (index->type == KAON_I64 || index->type == KAON_I32)
        return KAON_OK;
    return kaon_own_no_type(&step->call, index->type, msg);
}

/* ---- Gather ---------------------------------------------------------------------------------- */

struct gather {
    size_t outer, n_index, row_bytes;
    int64_t limit;
};

static enum kaon_status run_gather(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct gather *g = step->args;
    const struct kaon_call *call = &step->call;
    int64_t *index = step->scratch;
    const enum kaon_status st = kaon_index_read(call, 1, 0, g->n_index, g->limit, index, msg);
    if (st != KAON_OK)
        return st;
    const char *x = call->in[0]->data;
    char *y = call->out[0]->data;
    for (size_t o = 0; o < g->outer; o++) {
        if (g->row_bytes % 4 == 0)
            call->kernels->gather_rows_32((uint32_t *)y, (const uint32_t *)x, index, g->n_index,
                                          g->row_bytes / 4);
        else
            for (size_t i = 0; i < g->n_index; i++)
                memcpy(y + i * g->row_bytes, x + (size_t)index[i] * g->row_bytes, g->row_bytes);
        x += (size_t)g->limit * g->row_bytes;
        y += g->n_index * g->row_bytes;
    }
    return KAON_OK;
}

static enum kaon_status prepare_gather(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    const struct kaon_axis *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    const int32_t axis = kaon_own_axis(a->axis, x->rank);
    struct gather *g = kaon_own_args(step, memory, sizeof *g, msg);
    if (!g)
        return KAON_NO_MEMORY;
    const enum kaon_status st = check_types(step, msg);
    if (st != KAON_OK)
        return st;
    g->outer = kaon_own_product(x, 0, axis);
    g->limit = x->dims[axis];
    g->row_bytes = kaon_own_product(x, axis + 1, x->rank) * kaon_type_bytes(x->type);
    g->n_index = kaon_own_count(step->call.in[1]);
    step->run = run_gather;
    return kaon_own_scratch(step, g->n_index, sizeof(int64_t), msg);
}

const struct kaon_own kaon_own_gather = { .prepare = prepare_gather };

/* ---- GatherElements -------------------------------------------------------------------------- */

/* y[i..., j] = x[i..., j] with the index in the place of axis `axis`. */
static enum kaon_status run_gather_elements(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const struct kaon_axis *a = call->attr;
    const struct kaon_tensor *x = call->in[0], *index = call->in[1];
    const int32_t rank = x->rank, axis = kaon_own_axis(a->axis, rank), last = rank - 1;
    const size_t bytes = kaon_type_bytes(x->type), n = kaon_own_count(index);
    const size_t width = n ? (size_t)index->dims[last] : 0;
    int64_t at[KAON_MAX_RANK] = { 0 }, chunk[CHUNK];
    ptrdiff_t from[KAON_MAX_RANK];
    char *y = call->out[0]->data;
    kaon_copy_steps(from, rank, x->dims);
    for (size_t line = 0; line < n; line += width) {
        ptrdiff_t base = 0;
        for (int32_t k = 0; k < last; k++)
            base += k == axis ? 0 : at[k] * from[k];
        for (size_t j = 0; j < width; j += CHUNK) {
            const size_t m = width - j < CHUNK ? width - j : CHUNK;
            const enum kaon_status st =
                kaon_index_read(call, 1, line + j, m, x->dims[axis], chunk, msg);
            if (st != KAON_OK)
                return st;
            for (size_t i = 0; i < m; i++) {
                const ptrdiff_t off =
                    base + chunk[i] * from[axis] + (axis == last ? 0 : (ptrdiff_t)(j + i));
                memcpy(y, (const char *)x->data + off * (ptrdiff_t)bytes, bytes);
                y += bytes;
            }
        }
        for (int32_t k = last - 1; k >= 0 && ++at[k] == index->dims[k]; k--)
            at[k] = 0;
    }
    return KAON_OK;
}

static enum kaon_status prepare_gather_elements(struct kaon_step *step, struct kaon_arena *memory,
                                                struct kaon_msg *msg)
{
    (void)memory;
    step->run = run_gather_elements;
    return check_types(step, msg);
}

const struct kaon_own kaon_own_gather_elements = { .prepare = prepare_gather_elements };

/* ---- GatherND -------------------------------------------------------------------------------- */

static enum kaon_status run_gather_nd(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const struct kaon_gather_nd *a = call->attr;
    const struct kaon_tensor *x = call->in[0], *index = call->in[1];
    const int32_t batch = (int32_t)a->batch_dims, depth = (int32_t)index->dims[index->rank - 1];
    const size_t batches = kaon_own_product(x, 0, batch);
    const size_t tuples = kaon_own_product(index, batch, index->rank - 1);
    const size_t inner = kaon_own_product(x, batch + depth, x->rank) * kaon_type_bytes(x->type);
    const size_t whole = kaon_own_product(x, batch, x->rank) * kaon_type_bytes(x->type);
    char *y = call->out[0]->data;
    for (size_t b = 0; b < batches; b++)
        for (size_t t = 0; t < tuples; t++) {
            size_t off;
            const enum kaon_status st =
                kaon_index_tuple(call, 1, b * tuples + t, depth, x->dims + batch, &off, msg);
            if (st != KAON_OK)
                return st;
            if (inner)
                memcpy(y, (const char *)x->data + b * whole + off * inner, inner);
            y += inner;
        }
    return KAON_OK;
}

static enum kaon_status prepare_gather_nd(struct kaon_step *step, struct kaon_arena *memory,
                                          struct kaon_msg *msg)
{
    (void)memory;
    step->run = run_gather_nd;
    return check_types(step, msg);
}

const struct kaon_own kaon_own_gather_nd = { .prepare = prepare_gather_nd };
