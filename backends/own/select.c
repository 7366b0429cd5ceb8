/* What keeps some elements or turns them round: NonZero, Compress, Unique, ReverseSequence. The sizes
 * of the first three depend on the data: inference has counted them before these run. */
#include "backends/own/own.h"

#include <math.h>
#include <string.h>

/* ---- NonZero --------------------------------------------------------------------------------- */

static enum kaon_status run_non_zero(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    const size_t n = kaon_own_count(x);
    const int64_t found = y->dims[1];
    int64_t k = 0;
    (void)msg;
    for (size_t i = 0; i < n && k < found; i++) {
        if (kaon_element_double(x->type, x->data, (int64_t)i) == 0.0)
            continue;
        size_t rest = i;
        for (int32_t axis = x->rank - 1; axis >= 0; axis--) {
            ((int64_t *)y->data)[axis * found + k] = (int64_t)(rest % (size_t)x->dims[axis]);
            rest /= (size_t)x->dims[axis];
        }
        k++;
    }
    return KAON_OK;
}

static enum kaon_status prepare_non_zero(struct kaon_step *step, struct kaon_arena *memory,
                                         struct kaon_msg *msg)
{
    (void)memory;
    (void)msg;
    step->run = run_non_zero;
    return KAON_OK;
}

const struct kaon_own kaon_own_non_zero = { .prepare = prepare_non_zero };

/* ---- Compress -------------------------------------------------------------------------------- */

static enum kaon_status run_compress(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_axis *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *keep = step->call.in[1];
    const struct kaon_tensor *y = step->call.out[0];
    const int32_t axis = a->given ? kaon_own_axis(a->axis, x->rank) : 0;
    const size_t bytes = kaon_type_bytes(x->type);
    const size_t outer = a->given ? kaon_own_product(x, 0, axis) : 1;
    const size_t n = a->given ? (size_t)x->dims[axis] : kaon_own_count(x);
    const size_t row = (a->given ? kaon_own_product(x, axis + 1, x->rank) : 1) * bytes;
    const size_t m = kaon_own_count(keep) < n ? kaon_own_count(keep) : n;
    const size_t room = kaon_own_count(y) * bytes;
    size_t at = 0;
    (void)msg;
    for (size_t o = 0; o < outer; o++)
        for (size_t i = 0; i < m; i++)
            if (((const uint8_t *)keep->data)[i] && row && at + row <= room) {
                memcpy((char *)y->data + at, (const char *)x->data + (o * n + i) * row, row);
                at += row;
            }
    return KAON_OK;
}

static enum kaon_status prepare_compress(struct kaon_step *step, struct kaon_arena *memory,
                                         struct kaon_msg *msg)
{
    (void)memory;
    if (step->call.in[1]->type != KAON_BOOL)
        return kaon_own_no_type(&step->call, step->call.in[1]->type, msg);
    step->run = run_compress;
    return KAON_OK;
}

const struct kaon_own kaon_own_compress = { .prepare = prepare_compress };

/* ---- Unique ---------------------------------------------------------------------------------- */

/* The slices of the axis: element j of slice i stands at (j / inner * n + i) * inner + j % inner. */
struct slices {
    const struct kaon_tensor *x;
    size_t n, inner, size;
};

static size_t place(const struct slices *s, size_t i, size_t j)
{
    return (j / s->inner * s->n + i) * s->inner + j % s->inner;
}

/* Order of slices i and k: -1, 0, 1. NaN comes last and equals nothing, itself in another place
 * neither. */
static int order(const struct slices *s, size_t i, size_t k)
{
    const enum kaon_type type = s->x->type;
    for (size_t j = 0; j < s->size; j++) {
        const int64_t p = (int64_t)place(s, i, j), q = (int64_t)place(s, k, j);
        if (kaon_type_is_float(type)) {
            const double a = kaon_element_double(type, s->x->data, p),
                         b = kaon_element_double(type, s->x->data, q);
            if (isnan(a) || isnan(b))
                return isnan(a) ? 1 : -1;
            if (a != b)
                return a < b ? -1 : 1;
        } else if (type == KAON_U64) {
            const uint64_t a = ((const uint64_t *)s->x->data)[p],
                           b = ((const uint64_t *)s->x->data)[q];
            if (a != b)
                return a < b ? -1 : 1;
        } else {
            const int64_t a = kaon_element_int(type, s->x->data, p),
                          b = kaon_element_int(type, s->x->data, q);
            if (a != b)
                return a < b ? -1 : 1;
        }
    }
    return 0;
}

/* Scratch: for every slice the first that equals it; the different ones in their order; their place
 * in that order. */
static size_t group(const struct slices *s, bool sorted, int64_t *first, int64_t *list)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        first[i] = (int64_t)i;
        for (size_t k = 0; k < n; k++)
            if (order(s, i, (size_t)list[k]) == 0)
                first[i] = list[k];
        if (first[i] != (int64_t)i)
            continue;
        size_t at = n++;
        for (; sorted && at > 0 && order(s, i, (size_t)list[at - 1]) < 0; at--)
            list[at] = list[at - 1];
        list[at] = (int64_t)i;
    }
    return n;
}

static enum kaon_status run_unique(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_unique *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    const int32_t axis = a->flat ? 0 : kaon_own_axis(a->axis, x->rank);
    const size_t bytes = kaon_type_bytes(x->type), count = kaon_own_count(x);
    const size_t n = a->flat ? count : (size_t)x->dims[axis];
    const struct slices s = { x, n, a->flat ? 1 : kaon_own_product(x, axis + 1, x->rank),
                              n ? count / n : 0 };
    int64_t *first = step->scratch, *list = first + n, *rank = list + n;
    const size_t different = group(&s, a->sorted, first, list);
    const struct kaon_tensor *y = step->call.out[0];
    (void)msg;
    for (size_t k = 0; k < different; k++)
        rank[list[k]] = (int64_t)k;
    for (size_t k = 0; y && k < different; k++)
        for (size_t j = 0; j < s.size; j++) {
            const size_t to = (j / s.inner * different + k) * s.inner + j % s.inner;
            memcpy((char *)y->data + to * bytes,
                   (const char *)x->data + place(&s, (size_t)list[k], j) * bytes, bytes);
        }
    if (kaon_own_out(&step->call, 1) && different)
        memcpy(step->call.out[1]->data, list, different * sizeof *list);
    for (size_t i = 0; kaon_own_out(&step->call, 2) && i < n; i++)
        ((int64_t *)step->call.out[2]->data)[i] = rank[first[i]];
    if (kaon_own_out(&step->call, 3)) {
        int64_t *counts = step->call.out[3]->data;
        memset(counts, 0, different * sizeof *counts);
        for (size_t i = 0; i < n; i++)
            counts[rank[first[i]]]++;
    }
    return KAON_OK;
}

static enum kaon_status prepare_unique(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    const struct kaon_unique *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    const size_t n = a->flat ? kaon_own_count(x) : (size_t)x->dims[kaon_own_axis(a->axis, x->rank)];
    (void)memory;
    step->run = run_unique;
    return kaon_own_scratch(step, n, 3 * sizeof(int64_t), msg);
}

const struct kaon_own kaon_own_unique = { .prepare = prepare_unique };

/* ---- ReverseSequence ------------------------------------------------------------------------- */

static enum kaon_status run_reverse(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_reverse_sequence *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *lengths = step->call.in[1];
    const size_t batch = (size_t)x->dims[a->batch_axis], time = (size_t)x->dims[a->time_axis];
    const size_t row = kaon_own_product(x, 2, x->rank) * kaon_type_bytes(x->type);
    const size_t batch_step = a->batch_axis == 0 ? time * row : row,
                 time_step = a->time_axis == 0 ? batch * row : row;
    for (size_t b = 0; b < batch; b++) {
        const int64_t n = kaon_element_int(lengths->type, lengths->data, (int64_t)b);
        if (n < 0 || n > (int64_t)time)
            return kaon_own_fail(&step->call, msg, KAON_BAD_INPUT, "length %lld of %zu steps",
                                 (long long)n, time);
        for (size_t t = 0; t < time; t++) {
            const size_t from = t < (size_t)n ? (size_t)n - 1 - t : t;
            memcpy((char *)step->call.out[0]->data + b * batch_step + t * time_step,
                   (const char *)x->data + b * batch_step + from * time_step, row);
        }
    }
    return KAON_OK;
}

static enum kaon_status prepare_reverse(struct kaon_step *step, struct kaon_arena *memory,
                                        struct kaon_msg *msg)
{
    const struct kaon_reverse_sequence *a = step->call.attr;
    (void)memory;
    if (kaon_own_count(step->call.in[1]) != (size_t)step->call.in[0]->dims[a->batch_axis])
        return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL, "%zu lengths for %lld sequences",
                             kaon_own_count(step->call.in[1]),
                             (long long)step->call.in[0]->dims[a->batch_axis]);
    step->run = run_reverse;
    return KAON_OK;
}

const struct kaon_own kaon_own_reverse_sequence = { .prepare = prepare_reverse };
