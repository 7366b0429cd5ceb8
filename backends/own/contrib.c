/* BiasGelu, QuickGelu, BiasSplitGelu, FusedMatMul. */
#include "backends/own/wide.h"
#include "engine/base/batches.h"

/* ---- Gelu and its kin ------------------------------------------------------------------------ */

/* y = gelu(x + bias), bias along the last axis. */
static enum kaon_status run_bias_gelu(const struct kaon_step *step, const float *const *in,
                                      float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct kaon_kernels *kernels = step->call.kernels;
    const size_t all = kaon_own_count(step->call.out[0]), n = kaon_own_count(step->call.in[1]);
    (void)scratch, (void)msg;
    for (size_t i = 0; i < all; i += n)
        kernels->binary[KAON_BINARY_ADD](out[0] + i, in[0] + i, 1, in[1], 1, n);
    kernels->unary[KAON_UNARY_GELU_ERF](out[0], out[0], all, 0.0f, 0.0f);
    return KAON_OK;
}

static enum kaon_status prepare_bias_gelu(struct kaon_step *step, struct kaon_arena *memory,
                                          struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0], *bias = step->call.in[1];
    struct kaon_wide *w = kaon_own_args(step, memory, sizeof *w, msg);
    if (!w)
        return KAON_NO_MEMORY;
    if (bias->rank != 1 || x->rank < 1 || bias->dims[0] != x->dims[x->rank - 1])
        return kaon_own_fail(&step->call, msg, KAON_UNSUPPORTED,
                             "a bias that is not one number for each column");
    return kaon_wide_prepare(step, w, run_bias_gelu, 0, msg);
}

const struct kaon_own kaon_own_bias_gelu = { .prepare = prepare_bias_gelu };

/* y = x sigmoid(alpha x) */
static enum kaon_status run_quick_gelu(const struct kaon_step *step, const float *const *in,
                                       float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct kaon_unary_attr *a = step->call.attr;
    const struct kaon_kernels *kernels = step->call.kernels;
    const size_t n = kaon_own_count(step->call.out[0]);
    float *gate = scratch;
    (void)msg;
    for (size_t i = 0; i < n; i++)
        gate[i] = a->a * in[0][i];
    kernels->unary[KAON_UNARY_SIGMOID](gate, gate, n, 0.0f, 0.0f);
    kernels->binary[KAON_BINARY_MUL](out[0], in[0], 1, gate, 1, n);
    return KAON_OK;
}

static enum kaon_status prepare_quick_gelu(struct kaon_step *step, struct kaon_arena *memory,
                                           struct kaon_msg *msg)
{
    struct kaon_wide *w = kaon_own_args(step, memory, sizeof *w, msg);
    size_t bytes;
    if (!w)
        return KAON_NO_MEMORY;
    if (!kaon_mul(&bytes, kaon_own_count(step->call.out[0]), sizeof(float)))
        return kaon_own_fail(&step->call, msg, KAON_OVER_LIMIT, "its scratch is too large");
    return kaon_wide_prepare(step, w, run_quick_gelu, bytes, msg);
}

const struct kaon_own kaon_own_quick_gelu = { .prepare = prepare_quick_gelu };

/* Of x + bias the left half times the Gelu of the right half. */
static enum kaon_status run_split_gelu(const struct kaon_step *step, const float *const *in,
                                       float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct kaon_kernels *kernels = step->call.kernels;
    const size_t n = kaon_own_count(step->call.in[1]), half = n / 2;
    const size_t rows = n ? kaon_own_count(step->call.in[0]) / n : 0;
    float *sum = scratch;
    (void)msg;
    for (size_t r = 0; r < rows; r++) {
        kernels->binary[KAON_BINARY_ADD](sum, in[0] + r * n, 1, in[1], 1, n);
        kernels->unary[KAON_UNARY_GELU_ERF](sum + half, sum + half, half, 0.0f, 0.0f);
        kernels->binary[KAON_BINARY_MUL](out[0] + r * half, sum, 1, sum + half, 1, half);
    }
    return KAON_OK;
}

static enum kaon_status prepare_split_gelu(struct kaon_step *step, struct kaon_arena *memory,
                                           struct kaon_msg *msg)
{
    struct kaon_wide *w = kaon_own_args(step, memory, sizeof *w, msg);
    if (!w)
        return KAON_NO_MEMORY;
    return kaon_wide_prepare(step, w, run_split_gelu,
                             kaon_own_count(step->call.in[1]) * sizeof(float), msg);
}

const struct kaon_own kaon_own_bias_split_gelu = { .prepare = prepare_split_gelu };

/* ---- FusedMatMul ----------------------------------------------------------------------------- */

struct fused {
    struct kaon_wide wide; /* first */
    struct kaon_batches shape;
    size_t a_at; /* a turned A, in floats of scratch, behind the panels */
};

static enum kaon_status run_fused(const struct kaon_step *step, const float *const *in,
                                  float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct fused *p = step->args;
    const struct kaon_fused_matmul *a = step->call.attr;
    const struct kaon_kernels *kernels = step->call.kernels;
    const size_t m = p->shape.m, n = p->shape.n, k = p->shape.k;
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    float *panels = scratch, *turned = panels + p->a_at;
    (void)msg;
    e.alpha = a->alpha;
    for (size_t i = 0; i < p->shape.batches; i++) {
        size_t at_a, at_b;
        kaon_batches_pick(&p->shape, i, &at_a, &at_b);
        const float *left = in[0] + at_a * m * k, *right = in[1] + at_b * k * n;
        kernels->gemm_pack(panels, right, a->trans_b ? 1 : (ptrdiff_t)n,
                           a->trans_b ? (ptrdiff_t)k : 1, k, n);
        if (a->trans_a)
            kernels->transpose_32((uint32_t *)turned, (const uint32_t *)left, k, m, m, k);
        kernels->gemm(out[0] + i * m * n, n, a->trans_a ? turned : left, k, panels, m, n, k, &e);
    }
    return KAON_OK;
}

static struct kaon_tensor turned(const struct kaon_tensor *t, bool turns)
{
    struct kaon_tensor y = *t;
    if (turns && t->rank > 1) {
        y.dims[t->rank - 1] = t->dims[t->rank - 2];
        y.dims[t->rank - 2] = t->dims[t->rank - 1];
    }
    return y;
}

static enum kaon_status prepare_fused(struct kaon_step *step, struct kaon_arena *memory,
                                      struct kaon_msg *msg)
{
    const struct kaon_fused_matmul *attr = step->call.attr;
    const struct kaon_tensor a = turned(step->call.in[0], attr->trans_a),
                             b = turned(step->call.in[1], attr->trans_b);
    struct fused *p = kaon_own_args(step, memory, sizeof *p, msg);
    size_t floats, bytes;
    if (!p)
        return KAON_NO_MEMORY;
    kaon_batches_place(&p->shape, &a, &b);
    if (attr->trans_a && p->shape.m != (size_t)(a.rank > 1 ? a.dims[a.rank - 2] : 1))
        return kaon_own_fail(&step->call, msg, KAON_UNSUPPORTED,
                             "transA of a batch against one matrix");
    step->macs = (uint64_t)p->shape.batches * p->shape.m * p->shape.n * p->shape.k;
    p->a_at = kaon_gemm_packed_floats(p->shape.k, p->shape.n);
    if (!kaon_mul(&floats, p->shape.m, p->shape.k) || !kaon_add(&floats, floats, p->a_at) ||
        !kaon_mul(&bytes, floats, sizeof(float)))
        return kaon_own_fail(&step->call, msg, KAON_OVER_LIMIT, "its scratch is too large");
    return kaon_wide_prepare(step, &p->wide, run_fused, bytes, msg);
}

const struct kaon_own kaon_own_fused_matmul = { .prepare = prepare_fused };
