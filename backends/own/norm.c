/* Normalisations along the last axes: LayerNormalization, RMSNormalization and its older name. */
#include "backends/own/elementwise.h"
#include "backends/own/split.h"
#include "backends/own/wide.h"

#include <math.h>
#include <string.h>

struct norm {
    struct kaon_wide wide; /* first */
    size_t rows, n;
    bool direct;                   /* scale and bias lie as the kernel wants them */
    struct kaon_lines scale, bias; /* else they are broadcast afterwards */
};

/* True if `t` has just the n elements of a row. */
static bool is_row(const struct kaon_tensor *x, const struct kaon_tensor *t, int32_t axis)
{
    const int32_t rank = x->rank - axis;
    if (!t)
        return true;
    if (t->rank != rank)
        return false;
    for (int32_t i = 0; i < rank; i++)
        if (t->dims[i] != x->dims[axis + i])
            return false;
    return true;
}

static void apply(const struct kaon_step *step, const struct kaon_lines *lines,
                  enum kaon_binary what, float *y, const float *by)
{
    const struct kaon_line line = {
        .fn = kaon_line_binary_kernel, .kernels = step->call.kernels, .kernel = what, .n_in = 2
    };
    const void *x[] = { y, by, NULL };
    if (by)
        kaon_lines_run(lines, &line, y, x);
}

static enum kaon_status run_layer(const struct kaon_step *step, const float *const *in,
                                  float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct norm *p = step->args;
    const struct kaon_norm *a = step->call.attr;
    const struct kaon_kernels *kernels = step->call.kernels;
    float *y = out[0] ? out[0] : scratch;
    (void)msg;
    kernels->layernorm_rows(y, in[0], p->direct ? in[1] : NULL, p->direct ? in[2] : NULL, p->rows,
                            p->n, a->epsilon, out[1], out[2]);
    if (!p->direct) {
        apply(step, &p->scale, KAON_BINARY_MUL, y, in[1]);
        apply(step, &p->bias, KAON_BINARY_ADD, y, in[2]);
    }
    return KAON_OK;
}

static void part_of_layer(const struct kaon_step *step, size_t i)
{
    const struct norm *p = step->args;
    const struct kaon_call *call = &step->call;
    const struct kaon_norm *a = call->attr;
    const size_t from = kaon_part_at(p->rows, i, step->n_parts);
    const size_t to = kaon_part_at(p->rows, i + 1, step->n_parts);
    const struct kaon_tensor *bias = kaon_own_in(call, 2), *mean = kaon_own_out(call, 1);
    const struct kaon_tensor *inverse = kaon_own_out(call, 2);
    call->kernels->layernorm_rows(
        (float *)call->out[0]->data + from * p->n, (const float *)call->in[0]->data + from * p->n,
        call->in[1]->data, bias ? bias->data : NULL, to - from, p->n, a->epsilon,
        mean ? (float *)mean->data + from : NULL, inverse ? (float *)inverse->data + from : NULL);
}

/* The second output is 1 / sqrt(mean of squares + epsilon). */
static void inverse_rms(const struct norm *p, const struct kaon_kernels *kernels, const float *x,
                        float epsilon, float *out)
{
    kernels->reduce_rows[KAON_REDUCE_SUM_SQUARE](out, x, p->rows, p->n);
    for (size_t r = 0; r < p->rows; r++)
        out[r] = 1.0f / sqrtf(out[r] / (float)p->n + epsilon);
}

static void part_of_rms(const struct kaon_step *step, size_t i)
{
    const struct norm *p = step->args;
    const struct kaon_call *call = &step->call;
    const struct kaon_norm *a = call->attr;
    const size_t from = kaon_part_at(p->rows, i, step->n_parts);
    const size_t to = kaon_part_at(p->rows, i + 1, step->n_parts);
    call->kernels->rmsnorm_rows((float *)call->out[0]->data + from * p->n,
                                (const float *)call->in[0]->data + from * p->n, call->in[1]->data,
                                to - from, p->n, a->epsilon);
}

static enum kaon_status run_rms(const struct kaon_step *step, const float *const *in,
                                float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct norm *p = step->args;
    const struct kaon_norm *a = step->call.attr;
    const struct kaon_kernels *kernels = step->call.kernels;
    (void)msg;
    (void)scratch;
    if (out[1])
        inverse_rms(p, kernels, in[0], a->epsilon, out[1]);
    if (!out[0])
        return KAON_OK;
    kernels->rmsnorm_rows(out[0], in[0], p->direct ? in[1] : NULL, p->rows, p->n, a->epsilon);
    if (!p->direct)
        apply(step, &p->scale, KAON_BINARY_MUL, out[0], in[1]);
    return KAON_OK;
}

/* float64: LayerNormalization and RMSNormalization in plain C, scale and bias of a row's shape;
 * the statistics are float32, as stash_type has it. */
static enum kaon_status run_real(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct norm *p = step->args;
    const struct kaon_call *call = &step->call;
    const struct kaon_norm *a = call->attr;
    const bool centred = call->op->kind == KAON_OP_layer_normalization;
    const double *x = call->in[0]->data, *scale = call->in[1]->data;
    const double *bias = kaon_own_in(call, 2) ? call->in[2]->data : NULL;
    double *y = call->out[0]->data;
    (void)msg;
    for (size_t r = 0; r < p->rows; r++, x += p->n, y += p->n) {
        double mean = 0.0, squares = 0.0;
        for (size_t i = 0; centred && i < p->n; i++)
            mean += x[i];
        mean /= (double)p->n;
        for (size_t i = 0; i < p->n; i++)
            squares += (x[i] - mean) * (x[i] - mean);
        const double inverse = 1.0 / sqrt(squares / (double)p->n + (double)a->epsilon);
        for (size_t i = 0; i < p->n; i++)
            y[i] = (x[i] - mean) * inverse * scale[i] + (bias ? bias[i] : 0.0);
        if (kaon_own_out(call, 1))
            ((float *)call->out[1]->data)[r] = (float)(centred ? mean : inverse);
        if (kaon_own_out(call, 2))
            ((float *)call->out[2]->data)[r] = (float)inverse;
    }
    return KAON_OK;
}

static bool all_f32(const struct kaon_call *call)
{
    bool all = true;
    for (size_t i = 0; i < call->n_in; i++)
        all &= !call->in[i] || call->in[i]->type == KAON_F32;
    for (size_t i = 0; i < call->n_out; i++)
        all &= !call->out[i] || call->out[i]->type == KAON_F32;
    return all;
}

static enum kaon_status prepare_norm(struct kaon_step *step, struct kaon_arena *memory,
                                     struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const struct kaon_norm *a = call->attr;
    const struct kaon_tensor *x = call->in[0], *scale = call->in[1], *bias = kaon_own_in(call, 2);
    const int32_t axis = kaon_own_axis(a->axis, x->rank);
    struct norm *p = kaon_own_args(step, memory, sizeof *p, msg);
    if (!p)
        return KAON_NO_MEMORY;
    p->rows = kaon_own_product(x, 0, axis);
    p->n = kaon_own_product(x, axis, x->rank);
    p->direct = is_row(x, scale, axis) && is_row(x, bias, axis);
    if (x->type == KAON_F64 && p->direct && call->out[0]) {
        step->run = run_real;
        return kaon_own_same_types(&step->call, msg);
    }
    struct kaon_tensor wide = *x, s = *scale, b = bias ? *bias : *scale;
    wide.type = s.type = b.type = KAON_F32; /* what the lines run on */
    const struct kaon_tensor *with_scale[] = { &wide, &s }, *with_bias[] = { &wide, &b };
    if (!kaon_own_broadcasts(&s, x) || !kaon_own_broadcasts(&b, x))
        return kaon_own_fail(call, msg, KAON_BAD_MODEL,
                             "scale or bias does not broadcast to the data");
    kaon_lines_plan(&p->scale, &wide, with_scale, 2);
    kaon_lines_plan(&p->bias, &wide, with_bias, 2);
    const bool layer = call->op->kind == KAON_OP_layer_normalization;
    const enum kaon_status st =
        kaon_wide_prepare(step, &p->wide, layer ? run_layer : run_rms,
                          call->out[0] ? 0 : kaon_own_count(x) * sizeof(float), msg);
    const bool direct = p->direct && call->out[0] && (layer || !kaon_own_out(call, 1));
    if (st == KAON_OK && call->parallel && direct && all_f32(call)) {
        step->n_parts = kaon_parts(p->rows * p->n, KAON_PART_ELEMENTS, p->rows);
        step->part = layer ? part_of_layer : part_of_rms;
    }
    return st;
}

const struct kaon_own kaon_own_layer_normalization = { .prepare = prepare_norm };
const struct kaon_own kaon_own_rms_normalization = { .prepare = prepare_norm };
const struct kaon_own kaon_own_simplified_layer_normalization = { .prepare = prepare_norm };
