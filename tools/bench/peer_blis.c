/* BLIS, through its BLAS interface. It has no packed form that keeps the weights, and Debian 12 builds
 * it without kernels for AVX-512. */
#include <stdio.h>
#include <stdlib.h>

#include "tools/bench/blas.h"

struct blis {
    kaon_blas_sgemm_fn *sgemm;
    kaon_blas_sgemv_fn *sgemv;
    int (*query_id)(void);            /* bli_arch_query_id: the family it runs as */
    const char *(*arch_name)(int id); /* bli_arch_string */
    const char *(*version)(void);     /* bli_info_get_version_str */
};

static const struct kaon_peer_symbol symbols[] = {
    { "cblas_sgemm", offsetof(struct blis, sgemm) },
    { "cblas_sgemv", offsetof(struct blis, sgemv) },
    { "bli_arch_query_id", offsetof(struct blis, query_id) },
    { "bli_arch_string", offsetof(struct blis, arch_name) },
    { "bli_info_get_version_str", offsetof(struct blis, version) },
    { 0 },
};

static bool open_blis(struct kaon_peer_loaded *p, void *library)
{
    struct blis *b = calloc(1, sizeof *b);
    if (!b || !kaon_peer_symbols(p, library, symbols, b)) {
        free(b);
        return false;
    }
    p->state = b;
    snprintf(p->impl, sizeof p->impl, "blis %s", b->version());
    snprintf(p->note, sizeof p->note, "kernels for %s", b->arch_name(b->query_id()));
    return true;
}

static void close_blis(struct kaon_peer_loaded *p)
{
    free(p->state);
}

static void enter(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                  struct kaon_bench_field *field)
{
    const struct blis *b = p->state;
    kaon_blas_enter(p, c, field, b->sgemm, b->sgemv);
}

const struct kaon_peer kaon_peer_blis = {
    .name = "blis",
    .libraries = { "libblis.so.4" },
    .package = "Debian's libblis4-serial",
    .open = open_blis,
    .close = close_blis,
    .enter = { [KAON_BENCH_GEMM] = enter,
               [KAON_BENCH_GEMM_ACT] = enter,
               [KAON_BENCH_MATMUL] = enter },
};
