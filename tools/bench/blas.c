#include "tools/bench/blas.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"

void kaon_blas_put_bias(const struct kaon_bench_case *c)
{
    const size_t row = c->shape.n * sizeof(float);
    char *y = c->out.data;
    if (!c->in[2].data)
        return;
    for (size_t i = 0; i < c->shape.m; i++)
        memcpy(y + i * row, c->in[2].data, row);
}

void kaon_blas_activate(const struct kaon_bench_case *c)
{
    float *y = c->out.data;
    if (c->kind != KAON_BENCH_GEMM_ACT)
        return;
    for (size_t i = 0; i < c->shape.m * c->shape.n; i++)
        y[i] = y[i] > 0.0f ? y[i] : 0.0f;
}

bool kaon_blas_fits(const struct kaon_bench_case *c)
{
    return (c->kind != KAON_BENCH_GEMM_ACT || c->which == KAON_UNARY_RELU) &&
           c->shape.m <= INT_MAX && c->shape.n <= INT_MAX && c->shape.k <= INT_MAX;
}

static void run(void *arg)
{
    const struct kaon_blas_call *b = arg;
    kaon_blas_put_bias(b->c);
    b->sgemm(KAON_BLAS_ROW_MAJOR, KAON_BLAS_NO_TRANS, KAON_BLAS_NO_TRANS, b->m, b->n, b->k, 1.0f,
             b->c->in[0].data, b->k, b->c->in[1].data, b->n, b->c->in[2].data ? 1.0f : 0.0f,
             b->c->out.data, b->n);
    kaon_blas_activate(b->c);
}

static void run_vector(void *arg)
{
    const struct kaon_blas_call *b = arg;
    kaon_blas_put_bias(b->c);
    b->sgemv(KAON_BLAS_ROW_MAJOR, KAON_BLAS_TRANS, b->k, b->n, 1.0f, b->c->in[1].data, b->n,
             b->c->in[0].data, 1, b->c->in[2].data ? 1.0f : 0.0f, b->c->out.data, 1);
    kaon_blas_activate(b->c);
}

static void enter(struct kaon_peer_loaded *p, struct kaon_bench_field *field, const char *form,
                  kaon_bench_fn *how, struct kaon_blas_call call)
{
    struct kaon_blas_call *b = malloc(sizeof *b);
    if (!b)
        return;
    *b = call;
    kaon_peer_enter(p, field, form, how, b, free);
}

void kaon_blas_enter(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                     struct kaon_bench_field *field, kaon_blas_sgemm_fn *sgemm,
                     kaon_blas_sgemv_fn *sgemv)
{
    if (!kaon_blas_fits(c))
        return;
    const struct kaon_blas_call call = {
        c, sgemm, sgemv, (int)c->shape.m, (int)c->shape.n, (int)c->shape.k
    };
    enter(p, field, "", run, call);
    if (c->shape.m == 1)
        enter(p, field, "sgemv", run_vector, call);
}
