/* Pooling over windows and over everything. */
#include "backends/own/wide.h"

#include <math.h>
#include <string.h>

struct pool {
    struct kaon_wide wide; /* first */
    struct kaon_placed at;
    size_t planes, in, out;
    bool column_major, count_pads;
    int64_t p;
};

/* The window of output position j: per axis the first tap inside the input, one past the last, and
 * the input index of tap 0. `padded` counts the elements within the padded input. */
struct window {
    int64_t start[KAON_SPATIAL], from[KAON_SPATIAL], to[KAON_SPATIAL], padded;
};

static void window_of(const struct kaon_placed *p, size_t j, struct window *w)
{
    w->padded = 1;
    for (int32_t i = p->n - 1; i >= 0; i--) {
        const int64_t start = (int64_t)(j % (size_t)p->out[i]) * p->stride[i] - p->begin[i];
        const int64_t d = p->dilation[i], k = p->kernel[i];
        j /= (size_t)p->out[i];
        w->start[i] = start;
        w->from[i] = start < 0 ? (-start + d - 1) / d : 0;
        w->to[i] = start >= p->in[i] ? 0 : kaon_min_i64(k, (p->in[i] - 1 - start) / d + 1);
        w->from[i] = kaon_min_i64(w->from[i], k);
        w->to[i] = kaon_max_i64(w->to[i], w->from[i]);
        const int64_t end = p->in[i] + p->end[i];
        w->padded *= start >= end ? 0 : kaon_min_i64(k, (end - 1 - start) / d + 1);
    }
}

/* Steps `tap` to the next tap of the window inside the input; false past the last. *offset is its
 * place in the plane. Starts with tap[0] < 0. */
static bool next_tap(const struct kaon_placed *p, const struct window *w, int64_t *tap,
                     int64_t *offset)
{
    int32_t i = p->n - 1;
    if (tap[0] < 0) {
        for (int32_t k = 0; k < p->n; k++) {
            if (w->from[k] >= w->to[k])
                return false;
            tap[k] = w->from[k];
        }
    } else {
        for (; i >= 0 && ++tap[i] >= w->to[i]; i--)
            tap[i] = w->from[i];
        if (i < 0)
            return false;
    }
    *offset = 0;
    for (int32_t k = 0; k < p->n; k++)
        *offset = *offset * p->in[k] + w->start[k] + tap[k] * p->dilation[k];
    return true;
}

/* ---- MaxPool --------------------------------------------------------------------------------- */

/* Index within the whole input; in column-major order the spatial axes count from the first on. */
static int64_t index_of(const struct pool *p, size_t plane, int64_t offset)
{
    int64_t at = 0, scale = 1, rest = offset;
    if (!p->column_major)
        return (int64_t)(plane * p->in) + offset;
    int64_t coordinate[KAON_SPATIAL];
    for (int32_t i = p->at.n - 1; i >= 0; i--) {
        coordinate[i] = rest % p->at.in[i];
        rest /= p->at.in[i];
    }
    for (int32_t i = 0; i < p->at.n; i++) {
        at += coordinate[i] * scale;
        scale *= p->at.in[i];
    }
    return (int64_t)(plane * p->in) + at;
}

#define T float
#define NAME max_f32
#define LEAST -INFINITY
#include "backends/own/max_pool_body.inc"
#define T double
#define NAME max_f64
#define LEAST ((double)-INFINITY)
#include "backends/own/max_pool_body.inc"
#define T int8_t
#define NAME max_i8
#define LEAST INT8_MIN
#include "backends/own/max_pool_body.inc"
#define T uint8_t
#define NAME max_u8
#define LEAST 0
#include "backends/own/max_pool_body.inc"

static void *index_data(const struct kaon_call *call)
{
    return kaon_own_out(call, 1) ? call->out[1]->data : NULL;
}

static enum kaon_status run_max(const struct kaon_step *step, const float *const *in,
                                float *const *out, void *scratch, struct kaon_msg *msg)
{
    (void)msg;
    max_f32(step->args, out[0] ? out[0] : scratch, index_data(&step->call), in[0]);
    return KAON_OK;
}

static enum kaon_status run_max_other(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    void *index = index_data(&step->call);
    (void)msg;
    if (x->type == KAON_F64)
        max_f64(step->args, y->data, index, x->data);
    else if (x->type == KAON_I8)
        max_i8(step->args, y->data, index, x->data);
    else
        max_u8(step->args, y->data, index, x->data);
    return KAON_OK;
}

/* ---- AveragePool, LpPool --------------------------------------------------------------------- */

static enum kaon_status run_average(const struct kaon_step *step, const float *const *in,
                                    float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct pool *p = step->args;
    const float *x = in[0];
    float *y = out[0];
    (void)msg;
    (void)scratch;
    for (size_t plane = 0; plane < p->planes; plane++, x += p->in)
        for (size_t j = 0; j < p->out; j++) {
            struct window w;
            int64_t tap[KAON_SPATIAL] = { -1 }, at, n = 0;
            float sum = 0.0f;
            window_of(&p->at, j, &w);
            for (; next_tap(&p->at, &w, tap, &at); n++)
                sum += x[at];
            n = p->count_pads ? w.padded : n;
            *y++ = n ? sum / (float)n : 0.0f;
        }
    return KAON_OK;
}

static enum kaon_status run_average_real(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct pool *p = step->args;
    const double *x = step->call.in[0]->data;
    double *y = step->call.out[0]->data;
    (void)msg;
    for (size_t plane = 0; plane < p->planes; plane++, x += p->in)
        for (size_t j = 0; j < p->out; j++) {
            struct window w;
            int64_t tap[KAON_SPATIAL] = { -1 }, at, n = 0;
            double sum = 0.0;
            window_of(&p->at, j, &w);
            for (; next_tap(&p->at, &w, tap, &at); n++)
                sum += x[at];
            n = p->count_pads ? w.padded : n;
            *y++ = n ? sum / (double)n : 0.0;
        }
    return KAON_OK;
}

/* |v|^p; the kernel's power where it is not plain. */
static float power(const struct kaon_kernels *kernels, float v, int64_t p)
{
    const float a = fabsf(v), e = (float)p;
    float y;
    if (p == 1)
        return a;
    if (p == 2)
        return a * a;
    kernels->binary[KAON_BINARY_POW](&y, &a, 1, &e, 1, 1);
    return y;
}

static float root(const struct kaon_kernels *kernels, float sum, int64_t p)
{
    const float e = 1.0f / (float)p;
    float y;
    if (p == 1)
        return sum;
    if (p == 2)
        return sqrtf(sum);
    kernels->binary[KAON_BINARY_POW](&y, &sum, 1, &e, 1, 1);
    return y;
}

static enum kaon_status run_lp(const struct kaon_step *step, const float *const *in,
                               float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct pool *p = step->args;
    const float *x = in[0];
    float *y = out[0];
    (void)msg;
    (void)scratch;
    for (size_t plane = 0; plane < p->planes; plane++, x += p->in)
        for (size_t j = 0; j < p->out; j++) {
            struct window w;
            int64_t tap[KAON_SPATIAL] = { -1 }, at;
            float sum = 0.0f;
            window_of(&p->at, j, &w);
            while (next_tap(&p->at, &w, tap, &at))
                sum += power(step->call.kernels, x[at], p->p);
            *y++ = root(step->call.kernels, sum, p->p);
        }
    return KAON_OK;
}

static enum kaon_status prepare_pool(struct kaon_step *step, struct kaon_arena *memory,
                                     struct kaon_msg *msg)
{
    const struct kaon_window *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    const enum kaon_op_kind kind = step->call.op->kind;
    struct pool *p = kaon_own_args(step, memory, sizeof *p, msg);
    if (!p)
        return KAON_NO_MEMORY;
    const enum kaon_status st = kaon_window_place(a, x->rank - 2, x->dims + 2, a->kernel, false,
                                                  step->call.op->name, &p->at, msg);
    if (st != KAON_OK)
        return st;
    p->planes = kaon_own_product(x, 0, 2);
    p->in = kaon_own_product(x, 2, x->rank);
    p->out = 1;
    for (int32_t i = 0; i < p->at.n; i++)
        p->out *= (size_t)p->at.out[i];
    p->column_major = a->column_major;
    p->count_pads = a->count_include_pad;
    p->p = a->p;
    if (kind == KAON_OP_max_pool &&
        (x->type == KAON_F64 || x->type == KAON_I8 || x->type == KAON_U8)) {
        step->run = run_max_other;
        return KAON_OK;
    }
    if (kind == KAON_OP_average_pool && x->type == KAON_F64) {
        step->run = run_average_real;
        return KAON_OK;
    }
    return kaon_wide_prepare(step, &p->wide,
                             kind == KAON_OP_max_pool       ? run_max
                             : kind == KAON_OP_average_pool ? run_average
                                                            : run_lp,
                             step->call.out[0] ? 0 : p->planes * p->out * sizeof(float), msg);
}

const struct kaon_own kaon_own_max_pool = { .prepare = prepare_pool };
const struct kaon_own kaon_own_average_pool = { .prepare = prepare_pool };
const struct kaon_own kaon_own_lp_pool = { .prepare = prepare_pool };

/* ---- over everything ------------------------------------------------------------------------- */

static enum kaon_status run_global(const struct kaon_step *step, const float *const *in,
                                   float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct pool *p = step->args;
    const struct kaon_kernels *kernels = step->call.kernels;
    const enum kaon_op_kind kind = step->call.op->kind;
    (void)msg;
    (void)scratch;
    if (kind == KAON_OP_global_max_pool || kind == KAON_OP_global_average_pool || p->p <= 2) {
        const enum kaon_reduce what = kind == KAON_OP_global_max_pool       ? KAON_REDUCE_MAX
                                      : kind == KAON_OP_global_average_pool ? KAON_REDUCE_MEAN
                                      : p->p == 1                           ? KAON_REDUCE_L1
                                                                            : KAON_REDUCE_L2;
        kernels->reduce_rows[what](out[0], in[0], p->planes, p->in);
        return KAON_OK;
    }
    for (size_t plane = 0; plane < p->planes; plane++) {
        float sum = 0.0f;
        for (size_t i = 0; i < p->in; i++)
            sum += power(kernels, in[0][plane * p->in + i], p->p);
        out[0][plane] = root(kernels, sum, p->p);
    }
    return KAON_OK;
}

static enum kaon_status run_global_real(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct pool *p = step->args;
    const bool most = step->call.op->kind == KAON_OP_global_max_pool;
    const double *x = step->call.in[0]->data;
    (void)msg;
    for (size_t plane = 0; plane < p->planes; plane++, x += p->in) {
        double sum = most && p->in ? x[0] : 0.0;
        for (size_t i = 0; i < p->in; i++)
            sum = most ? (isnan(sum) || sum > x[i] ? sum : x[i]) : sum + x[i];
        ((double *)step->call.out[0]->data)[plane] = most ? sum : sum / (double)p->in;
    }
    return KAON_OK;
}

static enum kaon_status prepare_global(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    const struct kaon_window *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    struct pool *p = kaon_own_args(step, memory, sizeof *p, msg);
    if (!p)
        return KAON_NO_MEMORY;
    p->planes = kaon_own_product(x, 0, 2);
    p->in = kaon_own_product(x, 2, x->rank);
    p->p = step->call.op->kind == KAON_OP_global_lp_pool ? a->p : 1;
    if (x->type == KAON_F64 && step->call.op->kind != KAON_OP_global_lp_pool) {
        step->run = run_global_real;
        return KAON_OK;
    }
    return kaon_wide_prepare(step, &p->wide, run_global, 0, msg);
}

const struct kaon_own kaon_own_global_max_pool = { .prepare = prepare_global };
const struct kaon_own kaon_own_global_average_pool = { .prepare = prepare_global };
const struct kaon_own kaon_own_global_lp_pool = { .prepare = prepare_global };
