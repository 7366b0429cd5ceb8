/* Products through the C interface of BLAS (netlib's cblas.h), which OpenBLAS, BLIS and MKL share. */
#ifndef KAON_TOOLS_BENCH_BLAS_H
#define KAON_TOOLS_BENCH_BLAS_H

#include "tools/bench/peer.h"

enum { KAON_BLAS_ROW_MAJOR = 101, KAON_BLAS_NO_TRANS = 111, KAON_BLAS_TRANS = 112 };

typedef void kaon_blas_sgemm_fn(int order, int trans_a, int trans_b, int m, int n, int k,
                                float alpha, const float *a, int lda, const float *b, int ldb,
                                float beta, float *c, int ldc);

typedef void kaon_blas_sgemv_fn(int order, int trans, int m, int n, float alpha, const float *a,
                                int lda, const float *x, int incx, float beta, float *y, int incy);

/* A product in progress: the arguments, as BLAS wants them. */
struct kaon_blas_call {
    const struct kaon_bench_case *c;
    kaon_blas_sgemm_fn *sgemm;
    kaon_blas_sgemv_fn *sgemv;
    int m, n, k;
};

/* Writes the bias into every row of the output, where the product is then added; this is how BLAS
 * has a bias, and part of its time. */
void kaon_blas_put_bias(const struct kaon_bench_case *c);

/* Applies the activation of KAON_BENCH_GEMM_ACT; only relu is entered. */
void kaon_blas_activate(const struct kaon_bench_case *c);

/* Whether the case is one that BLAS can compute. */
bool kaon_blas_fits(const struct kaon_bench_case *c);

/* Enters sgemm for the case, and for one row sgemv too, which a person would call then. */
void kaon_blas_enter(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                     struct kaon_bench_field *field, kaon_blas_sgemm_fn *sgemm,
                     kaon_blas_sgemv_fn *sgemv);

#endif
