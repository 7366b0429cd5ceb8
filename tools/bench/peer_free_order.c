/* kaon's own kernels without the rule of one order, as a peer: `--peer free-order` shows what the rule
 * costs. It is entered where the order could be another: sums along rows, and products of few
 * elements. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/cpu.h"
#include "tools/bench/free_order.h"
#include "tools/bench/peer.h"
#include "tools/bench/suite.h"

extern const struct kaon_free_order kaon_free_order_avx2, kaon_free_order_avx512;

enum { NARROW = 8 }; /* columns of a product that is computed along k */

struct product {
    const struct kaon_free_order *f;
    const struct kaon_bench_case *c;
    float *weights;
};

static bool open_free(struct kaon_peer_loaded *p, void *library)
{
    (void)library;
    static const struct kaon_free_order *const forms[] = {
#ifndef KAON_SCALAR_ONLY
        &kaon_free_order_avx512,
        &kaon_free_order_avx2,
#endif
        NULL,
    };
    const struct kaon_free_order *const *form = forms;
    uint32_t bits = 0;
    kaon_cpu_bits(&bits, NULL);
    while (*form && (*form)->need & ~(uint64_t)bits)
        form++;
    if (!*form)
        return kaon_peer_refuse(p, "it has a form for AVX2 and AVX-512 only");
    p->state = (void *)*form;
    snprintf(p->note, sizeof p->note, "kaon's kernels in any order, %s", (*form)->isa);
    return true;
}

static void close_free(struct kaon_peer_loaded *p)
{
    (void)p;
}

static void run_sum(void *arg)
{
    const struct product *p = arg;
    p->f->sum_rows(p->c->out.data, p->c->in[0].data, p->c->shape.m, p->c->shape.n);
}

static void run_layernorm(void *arg)
{
    const struct product *p = arg;
    const struct kaon_bench_case *c = p->c;
    p->f->layernorm_rows(c->out.data, c->in[0].data, c->in[1].data, c->in[2].data, c->shape.m,
                         c->shape.n, 1e-5f);
}

static void run_softmax(void *arg)
{
    const struct product *p = arg;
    p->f->softmax_rows(p->c->out.data, p->c->in[0].data, p->c->shape.m, p->c->shape.n);
}

static void run_row(void *arg)
{
    const struct product *p = arg;
    const struct kaon_bench_case *c = p->c;
    p->f->product_of_row(c->out.data, c->in[0].data, p->weights, c->in[2].data, c->shape.n,
                         c->shape.k);
}

static void run_narrow(void *arg)
{
    const struct product *p = arg;
    const struct kaon_bench_case *c = p->c;
    p->f->narrow_product(c->out.data, c->in[0].data, p->weights, c->in[2].data, c->shape.m,
                         c->shape.n, c->shape.k);
}

static void close_product(void *arg)
{
    struct product *p = arg;
    free(p->weights);
    free(p);
}

static void enter(struct kaon_peer_loaded *loaded, const struct kaon_bench_case *c,
                  struct kaon_bench_field *field, kaon_bench_fn *run, float *weights)
{
    struct product *p = malloc(sizeof *p);
    if (!p) {
        free(weights);
        return;
    }
    *p = (struct product){ loaded->state, c, weights };
    kaon_peer_enter(loaded, field, "", run, p, close_product);
}

static void enter_sum(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                      struct kaon_bench_field *field)
{
    if (c->which == KAON_REDUCE_SUM)
        enter(p, c, field, run_sum, NULL);
}

static void enter_layernorm(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                            struct kaon_bench_field *field)
{
    enter(p, c, field, run_layernorm, NULL);
}

static void enter_softmax(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                          struct kaon_bench_field *field)
{
    enter(p, c, field, run_softmax, NULL);
}

static void enter_gemm(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                       struct kaon_bench_field *field)
{
    const size_t m = c->shape.m, n = c->shape.n, k = c->shape.k;
    const bool narrow = n <= NARROW;
    if (!narrow && m > 1)
        return; /* enough sums to keep the multipliers busy: no order is faster */
    const float *b = c->in[1].data;
    const size_t floats = kaon_gemm_packed_floats(k, n);
    float *weights = aligned_alloc(64, (floats * sizeof *weights + 127) & ~(size_t)63);
    if (!weights)
        return;
    memset(weights, 0, floats * sizeof *weights);
    for (size_t kk = 0; kk < k; kk++)
        for (size_t j = 0; j < n; j++)
            weights[narrow ? j * k + kk
                           : j / KAON_GEMM_PANEL * KAON_GEMM_PANEL * k + kk * KAON_GEMM_PANEL +
                                 j % KAON_GEMM_PANEL] = b[kk * n + j];
    enter(p, c, field, narrow ? run_narrow : run_row, weights);
}

const struct kaon_peer kaon_peer_free_order = {
    .name = "free-order",
    .built_in = true,
    .package = "kaon",
    .open = open_free,
    .close = close_free,
    .enter = { [KAON_BENCH_SOFTMAX] = enter_softmax,
               [KAON_BENCH_GEMM] = enter_gemm,
               [KAON_BENCH_LAYERNORM] = enter_layernorm,
               [KAON_BENCH_REDUCE_ROWS] = enter_sum },
};
