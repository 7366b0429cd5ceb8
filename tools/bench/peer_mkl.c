/* Intel MKL: products as sgemm, with packed weights, and as code made for the shape; transposes. The
 * part of its interface that is called, from its reference manual. */
#include <stdio.h>
#include <stdlib.h>

#include "tools/bench/blas.h"

enum { B_MATRIX = 162, PACKED = 151, JIT_SUCCESS = 0, THREADING_SEQUENTIAL = 1 };

typedef void jit_sgemm_fn(void *jitter, float *a, float *b, float *c);

struct mkl {
    kaon_blas_sgemm_fn *sgemm;
    kaon_blas_sgemv_fn *sgemv;
    size_t (*pack_size)(int which, int m, int n, int k); /* bytes */
    void (*pack)(int order, int which, int trans, int m, int n, int k, float alpha,
                 const float *from, int ld, float *to);
    void (*compute)(int order, int trans_a, int trans_b, int m, int n, int k, const float *a,
                    int lda, const float *b, int ldb, float beta, float *c, int ldc);
    int (*jit_create)(void **jitter, int order, int trans_a, int trans_b, size_t m, size_t n,
                      size_t k, float alpha, size_t lda, size_t ldb, float beta, size_t ldc);
    jit_sgemm_fn *(*jit_get)(const void *jitter);
    int (*jit_destroy)(void *jitter);
    void (*omatcopy)(char order, char trans, size_t rows, size_t cols, float alpha, const float *a,
                     size_t lda, float *b, size_t ldb);
    int (*set_threading)(int layer);
    void (*version)(char *text, int room);
};

static const struct kaon_peer_symbol symbols[] = {
    { "cblas_sgemm", offsetof(struct mkl, sgemm) },
    { "cblas_sgemv", offsetof(struct mkl, sgemv) },
    { "cblas_sgemm_pack_get_size", offsetof(struct mkl, pack_size) },
    { "cblas_sgemm_pack", offsetof(struct mkl, pack) },
    { "cblas_sgemm_compute", offsetof(struct mkl, compute) },
    { "mkl_cblas_jit_create_sgemm", offsetof(struct mkl, jit_create) },
    { "mkl_jit_get_sgemm_ptr", offsetof(struct mkl, jit_get) },
    { "mkl_jit_destroy", offsetof(struct mkl, jit_destroy) },
    { "MKL_Somatcopy", offsetof(struct mkl, omatcopy) },
    { "MKL_Set_Threading_Layer", offsetof(struct mkl, set_threading) },
    { "MKL_Get_Version_String", offsetof(struct mkl, version) },
    { 0 },
};

static bool open_mkl(struct kaon_peer_loaded *p, void *library)
{
    char text[256] = "";
    unsigned major, minor, update;
    struct mkl *m = calloc(1, sizeof *m);
    if (!m || !kaon_peer_symbols(p, library, symbols, m)) {
        free(m);
        return false;
    }
    p->state = m;
    m->set_threading(THREADING_SEQUENTIAL);
    m->version(text, sizeof text); /* "... Version 2026.2-Product Build ..." */
    for (const char *t = text; *t; t++)
        if (sscanf(t, "Version %u.%u.%u", &major, &minor, &update) == 3) {
            snprintf(p->impl, sizeof p->impl, "mkl %u.%u.%u", major, minor, update);
            break;
        } else if (sscanf(t, "Version %u.%u", &major, &minor) == 2) {
            snprintf(p->impl, sizeof p->impl, "mkl %u.%u", major, minor);
            break;
        }
    return true;
}

static void close_mkl(struct kaon_peer_loaded *p)
{
    free(p->state);
}

/* ---- packed weights -------------------------------------------------------------------------- */

struct packed {
    const struct mkl *mkl;
    const struct kaon_bench_case *c;
    float *weights;
};

static void run_packed(void *arg)
{
    const struct packed *s = arg;
    const int m = (int)s->c->shape.m, n = (int)s->c->shape.n, k = (int)s->c->shape.k;
    kaon_blas_put_bias(s->c);
    s->mkl->compute(KAON_BLAS_ROW_MAJOR, KAON_BLAS_NO_TRANS, PACKED, m, n, k, s->c->in[0].data, k,
                    s->weights, n, 1.0f, s->c->out.data, n);
    kaon_blas_activate(s->c);
}

static void close_packed(void *arg)
{
    struct packed *s = arg;
    free(s->weights);
    free(s);
}

static void enter_packed(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                         struct kaon_bench_field *field)
{
    const struct mkl *mkl = p->state;
    const int m = (int)c->shape.m, n = (int)c->shape.n, k = (int)c->shape.k;
    struct packed *s = calloc(1, sizeof *s);
    if (!s)
        return;
    *s = (struct packed){ mkl, c, NULL };
    const size_t bytes = mkl->pack_size(B_MATRIX, m, n, k);
    s->weights = aligned_alloc(64, (bytes + 127) & ~(size_t)63);
    if (!s->weights) {
        free(s);
        return;
    }
    mkl->pack(KAON_BLAS_ROW_MAJOR, B_MATRIX, KAON_BLAS_NO_TRANS, m, n, k, 1.0f, c->in[1].data, n,
              s->weights);
    kaon_peer_enter(p, field, "packed", run_packed, s, close_packed);
}

/* ---- code for the shape ---------------------------------------------------------------------- */

struct jit {
    const struct mkl *mkl;
    const struct kaon_bench_case *c;
    void *jitter;
    jit_sgemm_fn *run;
};

static void run_jit(void *arg)
{
    const struct jit *s = arg;
    kaon_blas_put_bias(s->c);
    s->run(s->jitter, s->c->in[0].data, s->c->in[1].data, s->c->out.data);
    kaon_blas_activate(s->c);
}

static void close_jit(void *arg)
{
    struct jit *s = arg;
    s->mkl->jit_destroy(s->jitter);
    free(s);
}

/* It makes code for small shapes only; for the others it would call sgemm, which takes part
 * already. */
static void enter_jit(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                      struct kaon_bench_field *field)
{
    const struct mkl *mkl = p->state;
    const struct kaon_bench_shape *s = &c->shape;
    struct jit *j = calloc(1, sizeof *j);
    if (!j)
        return;
    *j = (struct jit){ mkl, c, NULL, NULL };
    const int status =
        mkl->jit_create(&j->jitter, KAON_BLAS_ROW_MAJOR, KAON_BLAS_NO_TRANS, KAON_BLAS_NO_TRANS,
                        s->m, s->n, s->k, 1.0f, s->k, s->n, c->in[2].data ? 1.0f : 0.0f, s->n);
    if (status != JIT_SUCCESS) {
        if (j->jitter)
            mkl->jit_destroy(j->jitter);
        free(j);
        return;
    }
    j->run = mkl->jit_get(j->jitter);
    kaon_peer_enter(p, field, "jit", run_jit, j, close_jit);
}

static void enter_product(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                          struct kaon_bench_field *field)
{
    const struct mkl *mkl = p->state;
    if (!kaon_blas_fits(c))
        return;
    kaon_blas_enter(p, c, field, mkl->sgemm, mkl->sgemv);
    if (c->constant[1])
        enter_packed(p, c, field);
    enter_jit(p, c, field);
}

/* ---- transposes ------------------------------------------------------------------------------ */

struct transpose {
    const struct mkl *mkl;
    const struct kaon_bench_case *c;
};

static void run_transpose(void *arg)
{
    const struct transpose *t = arg;
    const struct kaon_bench_shape *s = &t->c->shape;
    t->mkl->omatcopy('R', 'T', s->m, s->n, 1.0f, t->c->in[0].data, s->n, t->c->out.data, s->m);
}

static void enter_transpose(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                            struct kaon_bench_field *field)
{
    struct transpose *t = malloc(sizeof *t);
    if (!t)
        return;
    *t = (struct transpose){ p->state, c };
    kaon_peer_enter(p, field, "", run_transpose, t, free);
}

const struct kaon_peer kaon_peer_mkl = {
    .name = "mkl",
    .libraries = { "libmkl_rt.so.3", "libmkl_rt.so.2", "libmkl_rt.so" },
    .package = "PyPI's mkl",
    .open = open_mkl,
    .close = close_mkl,
    .enter = { [KAON_BENCH_GEMM] = enter_product,
               [KAON_BENCH_GEMM_ACT] = enter_product,
               [KAON_BENCH_MATMUL] = enter_product,
               [KAON_BENCH_TRANSPOSE] = enter_transpose },
};
