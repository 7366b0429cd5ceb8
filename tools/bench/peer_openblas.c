/* OpenBLAS. It takes kernels by the CPU's model and says which; there is no packed form. A CPU that is
 * newer than the library gets kernels of twenty years ago: then it is told what the CPU can do, as a
 * person would. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/cpu.h"
#include "tools/bench/blas.h"

struct openblas {
    kaon_blas_sgemm_fn *sgemm;
    kaon_blas_sgemv_fn *sgemv;
    void (*set_num_threads)(int n);
    char *(*get_corename)(void);
    char *(*get_config)(void); /* "OpenBLAS 0.3.21 NO_LAPACKE ..." */
};

static const struct kaon_peer_symbol symbols[] = {
    { "cblas_sgemm", offsetof(struct openblas, sgemm) },
    { "cblas_sgemv", offsetof(struct openblas, sgemv) },
    { "openblas_set_num_threads", offsetof(struct openblas, set_num_threads) },
    { "openblas_get_corename", offsetof(struct openblas, get_corename) },
    { "openblas_get_config", offsetof(struct openblas, get_config) },
    { 0 },
};

/* The kernels that go with the CPU's instruction sets. */
static const char *core_for(uint32_t cpu_bits)
{
    if (cpu_bits & KAON_CPU_AVX512)
        return cpu_bits & KAON_CPU_BF16 ? "Cooperlake" : "SkylakeX";
    return cpu_bits & KAON_CPU_AVX2 ? "Haswell" : NULL;
}

/* Whether it chose kernels without AVX2. */
static bool is_old(const char *core)
{
    static const char *const old[] = { "Prescott", "Core2",  "Penryn",      "Nehalem", "Dunnington",
                                       "Opteron",  "Katmai", "Sandybridge", "Generic", "generic" };
    for (size_t i = 0; i < sizeof old / sizeof *old; i++)
        if (!strcmp(core, old[i]))
            return true;
    return false;
}

/* Loads the library again with the kernels named; it reads the variable when it is loaded. */
static bool load_again(struct kaon_peer_loaded *p, void *library, struct openblas *b,
                       const char *core)
{
    Dl_info where;
    void *function;
    memcpy(&function, &b->sgemm, sizeof function);
    if (!dladdr(function, &where))
        return true; /* as it is, then */
    char *path = strdup(where.dli_fname);
    dlclose(library);
    setenv("OPENBLAS_CORETYPE", core, 1);
    library = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    free(path);
    return library && kaon_peer_symbols(p, library, symbols, b);
}

static bool open_openblas(struct kaon_peer_loaded *p, void *library)
{
    struct openblas *b = calloc(1, sizeof *b);
    if (!b || !kaon_peer_symbols(p, library, symbols, b)) {
        free(b);
        return false;
    }
    uint32_t cpu_bits = 0;
    char chose[32];
    kaon_cpu_bits(&cpu_bits, "avx512");
    snprintf(chose, sizeof chose, "%s", b->get_corename());
    const bool again = is_old(chose) && core_for(cpu_bits);
    if (again && !load_again(p, library, b, core_for(cpu_bits))) {
        free(b);
        return false;
    }
    p->state = b;
    b->set_num_threads(1);
    const char *config = b->get_config();
    if (!strncmp(config, "OpenBLAS ", 9))
        snprintf(p->impl, sizeof p->impl, "openblas %.*s", (int)strcspn(config + 9, " "),
                 config + 9);
    snprintf(p->note, sizeof p->note,
             again ? "kernels for %s; by itself it takes %s" : "kernels for %s", b->get_corename(),
             chose);
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
    kaon_blas_enter(p, c, field, b->sgemm, b->sgemv);
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
