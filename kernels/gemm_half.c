/* Products with 16-bit weights. One or two rows are bound by the reading of the weights, which are
 * widened in registers. More rows share a panel that is widened once, into scratch. */
#include "kernels/gemm_half.h"

#include "kernels/gemm_tile.h"

typedef vf load_fn(const uint16_t *p);

struct problem {
    struct result out;
    const float *a;
    const uint16_t *packed;
    size_t lda, k;
};

void KAON_K(kaon_gemm_pack_16)(uint16_t *packed, const uint16_t *b, ptrdiff_t k_stride,
                               ptrdiff_t n_stride, size_t k, size_t n)
{
    for (size_t j = 0; j < n; j += KAON_GEMM_PANEL) {
        const size_t width = n - j < KAON_GEMM_PANEL ? n - j : KAON_GEMM_PANEL;
        for (size_t kk = 0; kk < k; kk++, packed += KAON_GEMM_PANEL) {
            const uint16_t *from = b + (ptrdiff_t)kk * k_stride + (ptrdiff_t)j * n_stride;
            for (size_t i = 0; i < width; i++)
                packed[i] = from[(ptrdiff_t)i * n_stride];
            for (size_t i = width; i < KAON_GEMM_PANEL; i++)
                packed[i] = 0;
        }
    }
}

/* All extents are constants and `load` a known function in every call. */
static inline __attribute__((always_inline)) void tile(const struct problem *p, size_t j,
                                                       size_t rows, size_t cols, load_fn *load)
{
    const size_t panel = KAON_GEMM_PANEL * p->k;
    const uint16_t *b = p->packed + j / KAON_GEMM_PANEL * panel + j % KAON_GEMM_PANEL;
    tile_sums acc;
    clear(acc, rows, cols);
    for (size_t kk = 0; kk < p->k; kk++, b += KAON_GEMM_PANEL) {
        UNROLLED
        for (size_t v = 0; v < cols; v++) {
            const vf w = load(b + v / PANEL_COLS * panel + v % PANEL_COLS * VLEN);
            UNROLLED
            for (size_t r = 0; r < rows; r++)
                acc[r][v] = v_fma(v_set(p->a[r * p->lda + kk]), w, acc[r][v]);
        }
    }
    finish(&p->out, acc, 0, j, rows, cols);
}

/* Strips as wide as there are registers for, the last ones narrower. */
static inline __attribute__((always_inline)) void low(const struct problem *p, size_t rows,
                                                      load_fn *load)
{
    const size_t n = p->out.n;
    size_t j = 0;
#if defined(KAON_ISA_AVX512)
    for (; j + 7 * VLEN < n; j += 8 * VLEN)
        tile(p, j, rows, 8, load);
#endif
#if !defined(KAON_ISA_SCALAR)
    for (; rows == 1 && j + 3 * VLEN < n; j += 4 * VLEN)
        tile(p, j, rows, 4, load);
    for (; j + VLEN < n; j += 2 * VLEN)
        tile(p, j, rows, 2, load);
#endif
    for (; j < n; j += VLEN)
        tile(p, j, rows, 1, load);
}

static inline __attribute__((always_inline)) void widen(float *y, const uint16_t *x, size_t n,
                                                        load_fn *load)
{
    for (size_t i = 0; i < n; i += VLEN)
        v_store(y + i, load(x + i));
}

static inline __attribute__((always_inline)) void product(const struct problem *p, size_t m,
                                                          load_fn *load, float *scratch)
{
    const struct result *out = &p->out;
    const size_t panel = KAON_GEMM_PANEL * p->k;
    if (m == 1)
        low(p, 1, load);
    else if (m == 2)
        low(p, 2, load);
    for (size_t j = 0; m > 2 && j < out->n; j += KAON_GEMM_PANEL) {
        const size_t width = out->n - j < KAON_GEMM_PANEL ? out->n - j : KAON_GEMM_PANEL;
        struct kaon_epilogue e = epilogue_at(out->e, j);
        e.act = activates_later(&e) ? KAON_ACT_NONE : e.act;
        widen(scratch, p->packed + j * p->k, panel, load);
        KAON_K(kaon_gemm)(out->c + j, out->ldc, p->a, p->lda, scratch, m, width, p->k, &e);
    }
    if (m > 0 && out->n > 0 && activates_later(out->e))
        activate(out, 0, m, 0, out->n);
}

void KAON_K(kaon_gemm_f16)(float *c, size_t ldc, const float *a, size_t lda, const uint16_t *packed,
                           size_t m, size_t n, size_t k, const struct kaon_epilogue *e,
                           float *scratch)
{
    const struct problem p = { result_of(c, ldc, n, e), a, packed, lda, k };
    product(&p, m, v_load_f16, scratch);
}

void KAON_K(kaon_gemm_bf16)(float *c, size_t ldc, const float *a, size_t lda,
                            const uint16_t *packed, size_t m, size_t n, size_t k,
                            const struct kaon_epilogue *e, float *scratch)
{
    const struct problem p = { result_of(c, ldc, n, e), a, packed, lda, k };
    product(&p, m, v_load_bf16, scratch);
}
