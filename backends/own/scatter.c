/* Scatter, ScatterElements, ScatterND. Updates happen in index order, so of repeated indices the last
 * one wins, and reductions run in that order too. */
#include "backends/own/copy.h"
#include "backends/own/elementwise.h"
#include "backends/own/index.h"

#include <string.h>

enum { CHUNK = 256 };

struct scatter {
    bool reduces, adds; /* adds: float32 */
    struct kaon_line line;
};

/* n elements at y from u: stored, or combined with what is there. */
static inline void put(const struct scatter *s, char *y, const char *u, size_t bytes, size_t n)
{
    const size_t step[] = { 1, 1 };
    const void *both[] = { y, u, NULL };
    if (s->adds && n == 1)
        *(float *)(void *)y += *(const float *)(const void *)u;
    else if (s->reduces)
        s->line.fn(&s->line, y, both, step, n);
    else if (bytes * n == sizeof(uint32_t)) /* a copy of known length is a move */
        memcpy(y, u, sizeof(uint32_t));
    else
        memcpy(y, u, bytes * n);
}

static void copy_data(const struct kaon_call *call)
{
    const struct kaon_tensor *x = call->in[0];
    const size_t bytes = kaon_own_count(x) * kaon_type_bytes(x->type);
    if (bytes && call->out[0]->data != x->data)
        memcpy(call->out[0]->data, x->data, bytes);
}

static enum kaon_status run_elements(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct scatter *s = step->args;
    const struct kaon_call *call = &step->call;
    const struct kaon_scatter *a = call->attr;
    const struct kaon_tensor *y = call->out[0], *index = call->in[1];
    const int32_t rank = y->rank, axis = kaon_own_axis(a->axis, rank), last = rank - 1;
    const size_t bytes = kaon_type_bytes(y->type), n = kaon_own_count(index);
    const size_t width = n ? (size_t)index->dims[last] : 0;
    int64_t at[KAON_MAX_RANK] = { 0 }, chunk[CHUNK];
    ptrdiff_t to[KAON_MAX_RANK];
    const char *u = call->in[2]->data;
    copy_data(call);
    kaon_copy_steps(to, rank, y->dims);
    for (size_t line = 0; line < n; line += width) {
        ptrdiff_t base = 0;
        for (int32_t k = 0; k < last; k++)
            base += k == axis ? 0 : at[k] * to[k];
        for (size_t j = 0; j < width; j += CHUNK) {
            const size_t m = width - j < CHUNK ? width - j : CHUNK;
            const enum kaon_status st =
                kaon_index_read(call, 1, line + j, m, y->dims[axis], chunk, msg);
            if (st != KAON_OK)
                return st;
            for (size_t i = 0; i < m; i++, u += bytes) {
                const ptrdiff_t off =
                    base + chunk[i] * to[axis] + (axis == last ? 0 : (ptrdiff_t)(j + i));
                put(s, (char *)y->data + off * (ptrdiff_t)bytes, u, bytes, 1);
            }
        }
        for (int32_t k = last - 1; k >= 0 && ++at[k] == index->dims[k]; k--)
            at[k] = 0;
    }
    return KAON_OK;
}

static enum kaon_status run_nd(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct scatter *s = step->args;
    const struct kaon_call *call = &step->call;
    const struct kaon_tensor *y = call->out[0], *index = call->in[1];
    const int32_t depth = (int32_t)index->dims[index->rank - 1];
    const size_t tuples = kaon_own_product(index, 0, index->rank - 1);
    const size_t inner = kaon_own_product(y, depth, y->rank), bytes = kaon_type_bytes(y->type);
    const char *u = call->in[2]->data;
    copy_data(call);
    for (size_t t = 0; t < tuples; t++, u += inner * bytes) {
        size_t at;
        const enum kaon_status st = kaon_index_tuple(call, 1, t, depth, y->dims, &at, msg);
        if (st != KAON_OK)
            return st;
        put(s, (char *)y->data + at * inner * bytes, u, bytes, inner);
    }
    return KAON_OK;
}

static enum kaon_status prepare_scatter(struct kaon_step *step, struct kaon_arena *memory,
                                        struct kaon_msg *msg)
{
    static const enum kaon_pair pair[] = {
        [KAON_SCATTER_ADD] = KAON_PAIR_ADD,
        [KAON_SCATTER_MUL] = KAON_PAIR_MUL,
        [KAON_SCATTER_MIN] = KAON_PAIR_MIN,
        [KAON_SCATTER_MAX] = KAON_PAIR_MAX,
    };
    const struct kaon_scatter *a = step->call.attr;
    const enum kaon_type type = step->call.in[0]->type, index = step->call.in[1]->type;
    struct scatter *s = kaon_own_args(step, memory, sizeof *s, msg);
    if (!s)
        return KAON_NO_MEMORY;
    if (index != KAON_I64 && index != KAON_I32)
        return kaon_own_no_type(&step->call, index, msg);
    if (step->call.in[2]->type != type)
        return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL, "data is %s and updates are %s",
                             kaon_type_name(type), kaon_type_name(step->call.in[2]->type));
    s->reduces = a->reduction != KAON_SCATTER_NONE;
    s->adds = a->reduction == KAON_SCATTER_ADD && type == KAON_F32;
    if (s->reduces && !kaon_line_pair(&s->line, pair[a->reduction], type, step->call.kernels))
        return kaon_own_no_type(&step->call, type, msg);
    step->run = step->call.op->kind == KAON_OP_scatter_nd ? run_nd : run_elements;
    return KAON_OK;
}

const struct kaon_own kaon_own_scatter = { .prepare = prepare_scatter };
const struct kaon_own kaon_own_scatter_elements = { .prepare = prepare_scatter };
const struct kaon_own kaon_own_scatter_nd = { .prepare = prepare_scatter };
