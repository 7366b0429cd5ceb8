/* Softmax, LogSoftmax, Hardmax. Lines that are not contiguous are moved into scratch and back. */
#include "backends/own/copy.h"
#include "backends/own/split.h"
#include "backends/own/wide.h"

#include <math.h>
#include <string.h>

/* (outer, n, inner) around the axis, or before opset 13 (outer, n, 1). */
struct softmax {
    struct kaon_wide wide; /* first */
    size_t outer, n, inner;
};

static void hardmax_rows(float *y, const float *x, size_t rows, size_t n)
{
    for (size_t r = 0; r < rows; r++, x += n, y += n) {
        size_t best = 0;
        for (size_t i = 1; i < n; i++)
            best = x[i] > x[best] ? i : best;
        memset(y, 0, n * sizeof *y);
        y[best] = 1.0f;
    }
}

static void place(struct softmax *s, const struct kaon_call *call)
{
    const struct kaon_softmax *a = call->attr;
    const struct kaon_tensor *x = call->in[0];
    const int32_t axis = kaon_own_axis(a->axis, x->rank);
    s->outer = s->n = s->inner = 1;
    if (a->flat && a->axis == x->rank) {
        s->outer = kaon_own_count(x);
        return;
    }
    if (x->rank == 0)
        return;
    s->outer = kaon_own_product(x, 0, axis);
    s->n = a->flat ? kaon_own_product(x, axis, x->rank) : (size_t)x->dims[axis];
    s->inner = a->flat ? 1 : kaon_own_product(x, axis + 1, x->rank);
}

static void rows(const struct kaon_call *call, float *y, const float *x, size_t m, size_t n)
{
    if (call->op->kind == KAON_OP_hardmax)
        hardmax_rows(y, x, m, n);
    else if (call->op->kind == KAON_OP_log_softmax)
        call->kernels->log_softmax_rows(y, x, m, n);
    else
        call->kernels->softmax_rows(y, x, m, n);
}

static enum kaon_status run_softmax(const struct kaon_step *step, const float *const *in,
                                    float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct softmax *s = step->args;
    const struct kaon_kernels *kernels = step->call.kernels;
    const size_t plane = s->n * s->inner;
    (void)msg;
    if (s->outer * plane == 0)
        return KAON_OK;
    if (s->inner == 1) {
        rows(&step->call, out[0], in[0], s->outer, s->n);
        return KAON_OK;
    }
    for (size_t o = 0; o < s->outer; o++) {
        const uint32_t *x = (const uint32_t *)in[0] + o * plane;
        kernels->transpose_32(scratch, x, s->n, s->inner, s->inner, s->n);
        rows(&step->call, scratch, scratch, s->inner, s->n);
        kernels->transpose_32((uint32_t *)out[0] + o * plane, scratch, s->inner, s->n, s->n,
                              s->inner);
    }
    return KAON_OK;
}

static void part(const struct kaon_step *step, size_t i)
{
    const struct softmax *s = step->args;
    const size_t from = kaon_part_at(s->outer, i, step->n_parts);
    const size_t to = kaon_part_at(s->outer, i + 1, step->n_parts);
    rows(&step->call, (float *)step->call.out[0]->data + from * s->n,
         (const float *)step->call.in[0]->data + from * s->n, to - from, s->n);
}

/* float64 with the C library's exp and log. */
static enum kaon_status run_real(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct softmax *s = step->args;
    const enum kaon_op_kind kind = step->call.op->kind;
    (void)msg;
    for (size_t o = 0; o < s->outer; o++)
        for (size_t j = 0; j < s->inner; j++) {
            const size_t at = o * s->n * s->inner + j;
            const double *x = (const double *)step->call.in[0]->data + at;
            double *y = (double *)step->call.out[0]->data + at, sum = 0.0;
            size_t best = 0;
            for (size_t i = 1; i < s->n; i++)
                best = x[i * s->inner] > x[best * s->inner] ? i : best;
            const double most = s->n ? x[best * s->inner] : 0.0;
            for (size_t i = 0; i < s->n; i++)
                sum += exp(x[i * s->inner] - most);
            for (size_t i = 0; i < s->n; i++) {
                const double d = x[i * s->inner] - most;
                y[i * s->inner] = kind == KAON_OP_hardmax       ? i == best
                                  : kind == KAON_OP_log_softmax ? d - log(sum)
                                                                : exp(d) / sum;
            }
        }
    return KAON_OK;
}

static enum kaon_status prepare_softmax(struct kaon_step *step, struct kaon_arena *memory,
                                        struct kaon_msg *msg)
{
    struct softmax *s = kaon_own_args(step, memory, sizeof *s, msg);
    if (!s)
        return KAON_NO_MEMORY;
    place(s, &step->call);
    if (step->call.in[0]->type == KAON_F64) {
        step->run = run_real;
        return KAON_OK;
    }
    const enum kaon_status st = kaon_wide_prepare(
        step, &s->wide, run_softmax, s->inner == 1 ? 0 : s->n * s->inner * sizeof(float), msg);
    if (st == KAON_OK && step->call.parallel && s->inner == 1 && !s->wide.converts) {
        step->n_parts = kaon_parts(s->outer * s->n, KAON_PART_ELEMENTS, s->outer);
        step->part = part;
    }
    return st;
}

const struct kaon_own kaon_own_softmax = { .prepare = prepare_softmax };
const struct kaon_own kaon_own_log_softmax = { .prepare = prepare_softmax };
const struct kaon_own kaon_own_hardmax = { .prepare = prepare_softmax };
