/* OpenBLAS. It takes kernels by the CPU's model and says which; there is no packed form. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench/blas.h"

struct openblas {
    kaon_blas_sgemm_fn *sgemm;
    void (*set_num_threads)(int n);
    char *(*get_corename)(void);
    char *(*get_config)(void); /* "OpenBLAS 0.3.21 NO_LAPACKE ..." */
};

static const struct kaon_peer_symbol symbols[] = {
    { "cblas_sgemm", offsetof(struct openblas, sgemm) },
    { "openblas_set_num_threads", offsetof(struct openblas, set_num_threads) },
    { "openblas_get_corename", offsetof(struct openblas, get_corename) },
    { "openblas_get_config", offsetof(struct openblas, get_config) },
    { 0 },
};

static bool open_openblas(struct kaon_peer_loaded *p, void *library)
{
    struct openblas *b = calloc(1, sizeof *b);
    if (!b)
        return kaon_peer_refuse(p, "no memory");
    p->state = b;
    if (!kaon_peer_symbols(p, library, symbols, b)) {
        free(b);
        return false;
    }
    b->set_num_threads(1);
    const char *config = b->get_config();
    if (!strncmp(config, "OpenBLAS ", 9))
        snprintf(p->impl, sizeof p->impl, "openblas %.*s", (int)strcspn(config + 9, " "),
                 config + 9);
    snprintf(p->note, sizeof p->note, "kernels for %s", b->get_corename());
    return true;
}

static void close_openblas(struct kaon_peer_loaded *p)
{
    free(p->state);
}

static void enter(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                  struct kaon_bench_field *field)
{
    const struct openblas *b = p->state;
    kaon_blas_enter(p, c, field, b->sgemm);
}

const struct kaon_peer kaon_peer_openblas = {
    .name = "openblas",
    .libraries = { "libopenblas.so.0" },
    .package = "Debian's libopenblas0-pthread",
    .open = open_openblas,
    .close = close_openblas,
    .enter = { [KAON_BENCH_GEMM] = enter,
               [KAON_BENCH_GEMM_ACT] = enter,
               [KAON_BENCH_MATMUL] = enter },
};
