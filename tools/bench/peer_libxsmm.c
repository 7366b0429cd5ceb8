/* libxsmm: code made for the shape. Its matrices are column-major, so that our row-major product is
 * its c^T = b^T a^T. Debian has a static library only; peers.sh makes a shared one of it. */
#include <stdio.h>
#include <stdlib.h>

#include "tools/bench/blas.h"

typedef void smm_fn(const float *a, const float *b, float *c, ...);

struct libxsmm {
    void (*init)(void);
    smm_fn *(*dispatch)(int m, int n, int k, const int *lda, const int *ldb, const int *ldc,
                        const float *alpha, const float *beta, const int *flags,
                        const int *prefetch);
    const char *(*arch)(void);
};

static const struct kaon_peer_symbol symbols[] = {
    { "libxsmm_init", offsetof(struct libxsmm, init) },
    { "libxsmm_smmdispatch", offsetof(struct libxsmm, dispatch) },
    { "libxsmm_get_target_arch", offsetof(struct libxsmm, arch) },
    { 0 },
};

static bool open_libxsmm(struct kaon_peer_loaded *p, void *library)
{
    struct libxsmm *x = calloc(1, sizeof *x);
    if (!x || !kaon_peer_symbols(p, library, symbols, x)) {
        free(x);
        return false;
    }
    p->state = x;
    x->init();
    snprintf(p->impl, sizeof p->impl,
             "libxsmm 1.17"); /* of Debian 12; it does not say at run time */
    snprintf(p->note, sizeof p->note, "code for %s", x->arch());
    return true;
}

static void close_libxsmm(struct kaon_peer_loaded *p)
{
    free(p->state);
}

struct product {
    const struct kaon_bench_case *c;
    smm_fn *run;
};

static void run(void *arg)
{
    const struct product *s = arg;
    kaon_blas_put_bias(s->c);
    s->run(s->c->in[1].data, s->c->in[0].data, s->c->out.data);
    kaon_blas_activate(s->c);
}

static void enter(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                  struct kaon_bench_field *field)
{
    const struct libxsmm *x = p->state;
    const int m = (int)c->shape.m, n = (int)c->shape.n, k = (int)c->shape.k, none = 0;
    const float alpha = 1.0f, beta = c->in[2].data ? 1.0f : 0.0f;
    if (!kaon_blas_fits(c))
        return;
    smm_fn *code = x->dispatch(n, m, k, &n, &k, &n, &alpha, &beta, &none, &none);
    struct product *s = code ? malloc(sizeof *s) : NULL;
    if (!s)
        return;
    *s = (struct product){ c, code };
    kaon_peer_enter(p, field, "", run, s, free);
}

const struct kaon_peer kaon_peer_libxsmm = {
    .name = "libxsmm",
    .libraries = { "libxsmm.so", "libxsmm.so.1" },
    .package = "Debian's libxsmm-dev, by tools/bench/peers.sh",
    .open = open_libxsmm,
    .close = close_libxsmm,
    .enter = { [KAON_BENCH_GEMM] = enter,
               [KAON_BENCH_GEMM_ACT] = enter,
               [KAON_BENCH_MATMUL] = enter },
};
