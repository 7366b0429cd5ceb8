/* Normalisations by channels and others: BatchNormalization, InstanceNormalization,
 * GroupNormalization, LpNormalization, MeanVarianceNormalization, LRN. */
#include "backends/own/copy.h"
#include "backends/own/norm_training.h"
#include "backends/own/wide.h"

#include <math.h>
#include <string.h>

/* ---- BatchNormalization ---------------------------------------------------------------------- */

struct batch {
    struct kaon_wide wide; /* first */
    size_t outer, channels, inner;
};

/* y = factor x + shift, both computed in double: division and square root are exact there, so the
 * bits are the same everywhere. */
static void affine(const float *const *in, float epsilon, size_t n, float *factor, float *shift)
{
    for (size_t c = 0; c < n; c++) {
        const double f = (double)in[1][c] / sqrt((double)in[4][c] + (double)epsilon);
        factor[c] = (float)f;
        shift[c] = (float)((double)in[2][c] - (double)in[3][c] * f);
    }
}

static enum kaon_status run_batch(const struct kaon_step *step, const float *const *in,
                                  float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct batch *p = step->args;
    const struct kaon_norm *a = step->call.attr;
    const struct kaon_kernels *kernels = step->call.kernels;
    float *factor = scratch, *shift = factor + p->channels, *y = out[0];
    const float *x = in[0];
    (void)msg;
    affine(in, a->epsilon, p->channels, factor, shift);
    for (size_t o = 0; o < p->outer; o++) {
        if (p->inner == 1) { /* the same two roundings, along the channels */
            kernels->binary[KAON_BINARY_MUL](y, x, 1, factor, 1, p->channels);
            kernels->binary[KAON_BINARY_ADD](y, y, 1, shift, 1, p->channels);
        }
        for (size_t c = 0; p->inner > 1 && c < p->channels; c++)
            kernels->unary[KAON_UNARY_AFFINE](y + c * p->inner, x + c * p->inner, p->inner,
                                              factor[c], shift[c]);
        x += p->channels * p->inner;
        y += p->channels * p->inner;
    }
    return KAON_OK;
}

static enum kaon_status run_batch_real(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct batch *p = step->args;
    const struct kaon_norm *a = step->call.attr;
    const double *x = step->call.in[0]->data;
    double *y = step->call.out[0]->data;
    double v[4];
    (void)msg;
    for (size_t o = 0; o < p->outer; o++)
        for (size_t c = 0; c < p->channels; c++) {
            for (size_t k = 0; k < 4; k++)
                v[k] = kaon_element_double(step->call.in[k + 1]->type, step->call.in[k + 1]->data,
                                           (int64_t)c);
            for (size_t i = 0; i < p->inner; i++)
                *y++ = (*x++ - v[2]) / sqrt(v[3] + (double)a->epsilon) * v[0] + v[1];
        }
    return KAON_OK;
}

static enum kaon_status prepare_batch(struct kaon_step *step, struct kaon_arena *memory,
                                      struct kaon_msg *msg)
{
    const struct kaon_norm *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    struct batch *p = kaon_own_args(step, memory, sizeof *p, msg);
    if (!p)
        return KAON_NO_MEMORY;
    p->outer = x->rank ? (size_t)x->dims[0] : 1;
    p->channels = x->rank > 1 ? (size_t)x->dims[1] : 1;
    p->inner = kaon_own_product(x, x->rank > 1 ? 2 : x->rank, x->rank);
    if (!a->spatial) {
        p->channels *= p->inner;
        p->inner = 1;
    }
    if (x->rank < 2 && p->outer) /* (N): one channel */
        p->inner = 1;
    for (size_t i = 1; i < 5; i++)
        if (kaon_own_count(step->call.in[i]) != p->channels)
            return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL,
                                 "input %zu has %zu elements, wanted %zu", i,
                                 kaon_own_count(step->call.in[i]), p->channels);
    if (a->training)
        return kaon_norm_training(step, memory,
                                  (struct kaon_channels){ p->outer, p->channels, p->inner }, msg);
    if (x->type == KAON_F64) {
        step->run = run_batch_real;
        return KAON_OK;
    }
    return kaon_wide_prepare(step, &p->wide, run_batch, 2 * p->channels * sizeof(float), msg);
}

const struct kaon_own kaon_own_batch_normalization = { .prepare = prepare_batch };

/* ---- InstanceNormalization, GroupNormalization ----------------------------------------------- */

/* Rows of n elements are normalised; then channel c of a row's `channels` takes its scale and bias. */
struct instance {
    struct kaon_wide wide; /* first */
    size_t batch, rows, n, channels, inner;
    bool per_group;
};

static enum kaon_status run_instance(const struct kaon_step *step, const float *const *in,
                                     float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct instance *p = step->args;
    const struct kaon_norm *a = step->call.attr;
    const struct kaon_kernels *kernels = step->call.kernels;
    const size_t each = p->per_group ? p->channels / p->rows : 1;
    float *y = out[0];
    (void)msg;
    (void)scratch;
    kernels->layernorm_rows(y, in[0], NULL, NULL, p->batch * p->rows, p->n, a->epsilon, NULL, NULL);
    for (size_t b = 0; b < p->batch; b++)
        for (size_t c = 0; c < p->channels; c++, y += p->inner)
            kernels->unary[KAON_UNARY_AFFINE](y, y, p->inner, in[1][c / each], in[2][c / each]);
    return KAON_OK;
}

static enum kaon_status prepare_instance(struct kaon_step *step, struct kaon_arena *memory,
                                         struct kaon_msg *msg)
{
    const struct kaon_norm *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    const bool grouped = step->call.op->kind == KAON_OP_group_normalization;
    struct instance *p = kaon_own_args(step, memory, sizeof *p, msg);
    if (!p)
        return KAON_NO_MEMORY;
    if (x->rank < 2)
        return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL, "rank %d, wanted 2 or more",
                             (int)x->rank);
    p->batch = (size_t)x->dims[0];
    p->channels = (size_t)x->dims[1];
    p->inner = kaon_own_product(x, 2, x->rank);
    p->rows = grouped ? (size_t)a->groups : p->channels;
    p->n = p->rows ? p->channels * p->inner / p->rows : 0;
    p->per_group = grouped && a->per_group;
    const size_t wanted = p->per_group ? p->rows : p->channels;
    for (size_t i = 1; i < 3; i++)
        if (kaon_own_count(step->call.in[i]) != wanted)
            return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL,
                                 "input %zu has %zu elements, wanted %zu", i,
                                 kaon_own_count(step->call.in[i]), wanted);
    return kaon_wide_prepare(step, &p->wide, run_instance, 0, msg);
}

const struct kaon_own kaon_own_instance_normalization = { .prepare = prepare_instance };
const struct kaon_own kaon_own_group_normalization = { .prepare = prepare_instance };

/* ---- LpNormalization ------------------------------------------------------------------------- */

/* A line of zeros stays zeros. float64 and float32 alike, summed in double. */
static enum kaon_status run_lp(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_norm *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    const int32_t axis = kaon_own_axis(a->axis, x->rank);
    const size_t outer = kaon_own_product(x, 0, axis), n = (size_t)x->dims[axis],
                 inner = kaon_own_product(x, axis + 1, x->rank);
    const bool real = x->type == KAON_F64;
    (void)msg;
    for (size_t o = 0; o < outer; o++)
        for (size_t j = 0; j < inner; j++) {
            double sum = 0.0;
            for (size_t i = 0; i < n; i++) {
                const double v =
                    kaon_element_double(x->type, x->data, (int64_t)((o * n + i) * inner + j));
                sum += a->p == 1 ? fabs(v) : v * v;
            }
            sum = a->p == 1 ? sum : sqrt(sum);
            for (size_t i = 0; i < n; i++) {
                const size_t at = (o * n + i) * inner + j;
                const double v = kaon_element_double(x->type, x->data, (int64_t)at);
                const double q = sum == 0.0 ? 0.0 : v / sum;
                if (real)
                    ((double *)y->data)[at] = q;
                else if (x->type == KAON_F32)
                    ((float *)y->data)[at] = (float)q;
                else
                    ((uint16_t *)y->data)[at] = x->type == KAON_F16 ? kaon_f16_from_f32((float)q)
                                                                    : kaon_bf16_from_f32((float)q);
            }
        }
    return KAON_OK;
}

static enum kaon_status prepare_lp(struct kaon_step *step, struct kaon_arena *memory,
                                   struct kaon_msg *msg)
{
    const enum kaon_type type = step->call.in[0]->type;
    (void)memory;
    if (!kaon_type_is_float(type) || kaon_type_bytes(type) == 1)
        return kaon_own_no_type(&step->call, type, msg);
    step->run = run_lp;
    return KAON_OK;
}

const struct kaon_own kaon_own_lp_normalization = { .prepare = prepare_lp };

/* ---- MeanVarianceNormalization --------------------------------------------------------------- */

/* (x - mean) / (deviation + 1e-9) over the axes, which are moved behind the others and back. */
struct mean_variance {
    struct kaon_wide wide; /* first */
    size_t rows, n;
    struct kaon_copy there, back;
};

static enum kaon_status run_mean_variance(const struct kaon_step *step, const float *const *in,
                                          float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct mean_variance *p = step->args;
    float *x = scratch;
    (void)msg;
    kaon_copy_run(&p->there, x, in[0], step->call.kernels);
    for (size_t r = 0; r < p->rows; r++, x += p->n) {
        double mean = 0.0, squares = 0.0;
        for (size_t i = 0; i < p->n; i++)
            mean += (double)x[i];
        mean /= (double)p->n;
        for (size_t i = 0; i < p->n; i++)
            squares += ((double)x[i] - mean) * ((double)x[i] - mean);
        const double by = sqrt(squares / (double)p->n) + 1e-9;
        for (size_t i = 0; i < p->n; i++)
            x[i] = (float)(((double)x[i] - mean) / by);
    }
    kaon_copy_run(&p->back, out[0], scratch, step->call.kernels);
    return KAON_OK;
}

static enum kaon_status prepare_mean_variance(struct kaon_step *step, struct kaon_arena *memory,
                                              struct kaon_msg *msg)
{
    const struct kaon_mean_variance *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    bool gone[KAON_MAX_RANK] = { false };
    ptrdiff_t from[KAON_MAX_RANK];
    struct mean_variance *p = kaon_own_args(step, memory, sizeof *p, msg);
    if (!p)
        return KAON_NO_MEMORY;
    for (int32_t i = 0; i < a->n; i++)
        gone[kaon_own_axis(a->axes[i], x->rank)] = true;
    struct kaon_copy *c = &p->there;
    c->bytes = sizeof(float);
    p->rows = p->n = 1;
    kaon_copy_steps(from, x->rank, x->dims);
    for (int pass = 0; pass < 2; pass++)
        for (int32_t i = 0; i < x->rank; i++)
            if (gone[i] == (pass == 1)) {
                c->dims[c->rank] = x->dims[i];
                c->src_step[c->rank++] = from[i];
                *(pass ? &p->n : &p->rows) *= (size_t)x->dims[i];
            }
    kaon_copy_steps(c->dst_step, c->rank, c->dims);
    p->back = *c;
    memcpy(p->back.dst_step, c->src_step, sizeof c->src_step);
    memcpy(p->back.src_step, c->dst_step, sizeof c->dst_step);
    kaon_copy_simplify(&p->there);
    kaon_copy_simplify(&p->back);
    return kaon_wide_prepare(step, &p->wide, run_mean_variance, kaon_own_count(x) * sizeof(float),
                             msg);
}

const struct kaon_own kaon_own_mean_variance_normalization = { .prepare = prepare_mean_variance };

/* ---- LRN ------------------------------------------------------------------------------------- */

/* y = x / (bias + alpha / size * sum of squares over neighbouring channels) ^ beta */
static enum kaon_status run_lrn(const struct kaon_step *step, const float *const *in,
                                float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct kaon_lrn *a = step->call.attr;
    const struct kaon_kernels *kernels = step->call.kernels;
    const struct kaon_tensor *t = step->call.in[0];
    const int64_t channels = t->dims[1], low = (a->size - 1) / 2, high = a->size - 1 - low;
    const size_t n = kaon_own_product(t, 2, t->rank);
    float *sum = scratch;
    (void)msg;
    for (int64_t b = 0; b < t->dims[0]; b++) {
        const float *x = in[0] + (size_t)(b * channels) * n;
        float *y = out[0] + (size_t)(b * channels) * n;
        for (int64_t c = 0; c < channels; c++) {
            const int64_t end = kaon_min_i64(channels - 1, c + high);
            memset(sum, 0, n * sizeof *sum);
            for (int64_t k = kaon_max_i64(0, c - low); k <= end; k++)
                for (size_t i = 0; i < n; i++)
                    sum[i] += x[(size_t)k * n + i] * x[(size_t)k * n + i];
            kernels->unary[KAON_UNARY_AFFINE](sum, sum, n, a->alpha / (float)a->size, a->bias);
            kernels->binary[KAON_BINARY_POW](sum, sum, 1, &a->beta, 0, n);
            kernels->binary[KAON_BINARY_DIV](y + (size_t)c * n, x + (size_t)c * n, 1, sum, 1, n);
        }
    }
    return KAON_OK;
}

static enum kaon_status prepare_lrn(struct kaon_step *step, struct kaon_arena *memory,
                                    struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0];
    struct kaon_wide *w = kaon_own_args(step, memory, sizeof *w, msg);
    if (!w)
        return KAON_NO_MEMORY;
    return kaon_wide_prepare(step, w, run_lrn, kaon_own_product(x, 2, x->rank) * sizeof(float),
                             msg);
}

const struct kaon_own kaon_own_lrn = { .prepare = prepare_lrn };
