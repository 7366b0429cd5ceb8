/* SwiGLU: a sigmoid(alpha a) b. */
#include "backends/own/wide.h"

#include <math.h>

struct swiglu {
    struct kaon_wide wide; /* first */
    size_t n;
};

static enum kaon_status run_swiglu(const struct kaon_step *step, const float *const *in,
                                   float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct swiglu *p = step->args;
    const struct kaon_swiglu *a = step->call.attr;
    const struct kaon_kernels *kernels = step->call.kernels;
    (void)scratch;
    (void)msg;
    kernels->unary[KAON_UNARY_SWISH](out[0], in[0], p->n, a->alpha, 0.0f);
    kernels->binary[KAON_BINARY_MUL](out[0], out[0], 1, in[1], 1, p->n);
    return KAON_OK;
}

static enum kaon_status run_swiglu_real(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct swiglu *p = step->args;
    const struct kaon_swiglu *a = step->call.attr;
    const double *x = step->call.in[0]->data, *by = step->call.in[1]->data;
    double *y = step->call.out[0]->data;
    (void)msg;
    for (size_t i = 0; i < p->n; i++)
        y[i] = x[i] / (1.0 + exp(-(double)a->alpha * x[i])) * by[i];
    return KAON_OK;
}

static enum kaon_status prepare_swiglu(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    struct swiglu *p = kaon_own_args(step, memory, sizeof *p, msg);
    if (!p)
        return KAON_NO_MEMORY;
    p->n = kaon_own_count(step->call.in[0]);
    const enum kaon_status st = kaon_own_same_types(&step->call, msg);
    if (st != KAON_OK)
        return st;
    if (step->call.in[0]->type != KAON_F64)
        return kaon_wide_prepare(step, &p->wide, run_swiglu, 0, msg);
    step->run = run_swiglu_real;
    return KAON_OK;
}

const struct kaon_own kaon_own_swiglu = { .prepare = prepare_swiglu };
