/* The right-hand side of gemm in panels: rows copied where they are contiguous, blocks of 4 x 16
 * transposed in registers where columns are. */
#include "kernels/gemm.h"

#include "kernels/isa.h"

_Static_assert(KAON_GEMM_PANEL == 2 * VLEN, "a panel is two vectors");

/* Where sixteen columns begin; those past the last one repeat it, so that they may be read. */
struct columns {
    const float *from[VLEN];
};

static struct columns columns_at(const float *b, ptrdiff_t stride, size_t width)
{
    struct columns c;
    for (size_t i = 0; i < VLEN; i++)
        c.from[i] = b + (ptrdiff_t)(i < width ? i : width - 1) * stride;
    return c;
}

/* Steps kk.. kk + 3 of sixteen contiguous columns. Lanes of `real` are kept, the others zero. */
static inline void transpose_4(float *packed, const struct columns *c, size_t kk, vm real)
{
    const float *const *p = c->from;
    vf x[4];
    for (size_t i = 0; i < 4; i++)
        x[i] = v_load_quads(p[i] + kk, p[i + 4] + kk, p[i + 8] + kk, p[i + 12] + kk);
    const vf even_01 = v_even_pairs(x[0], x[1]), odd_01 = v_odd_pairs(x[0], x[1]);
    const vf even_23 = v_even_pairs(x[2], x[3]), odd_23 = v_odd_pairs(x[2], x[3]);
    v_store(packed, v_keep(real, v_low_halves(even_01, even_23)));
    v_store(packed + KAON_GEMM_PANEL, v_keep(real, v_high_halves(even_01, even_23)));
    v_store(packed + 2 * KAON_GEMM_PANEL, v_keep(real, v_low_halves(odd_01, odd_23)));
    v_store(packed + 3 * KAON_GEMM_PANEL, v_keep(real, v_high_halves(odd_01, odd_23)));
}

/* Half a panel, `width` columns of it real, each contiguous. */
static void from_columns(float *packed, const float *b, ptrdiff_t n_stride, size_t k, size_t width)
{
    static const float lane[VLEN] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
    const struct columns c = columns_at(b, n_stride, width);
    const vm real = v_lt(v_load(lane), v_set((float)width));
    size_t kk = 0;
    for (; kk + 4 <= k; kk += 4)
        transpose_4(packed + kk * KAON_GEMM_PANEL, &c, kk, real);
    for (; kk < k; kk++)
        for (size_t i = 0; i < VLEN; i++)
            packed[kk * KAON_GEMM_PANEL + i] = i < width ? c.from[i][kk] : 0.0f;
}

/* A panel, each row contiguous. */
static void from_rows(float *packed, const float *b, ptrdiff_t k_stride, size_t k, size_t width)
{
    const size_t left = width < VLEN ? width : VLEN, right = width - left;
    for (size_t kk = 0; kk < k; kk++, b += k_stride, packed += KAON_GEMM_PANEL) {
        v_store(packed, v_load_n(b, left));
        v_store(packed + VLEN, right ? v_load_n(b + VLEN, right) : v_set(0.0f));
    }
}

static void from_elements(float *packed, const float *b, ptrdiff_t k_stride, ptrdiff_t n_stride,
                          size_t k, size_t width)
{
    for (size_t kk = 0; kk < k; kk++)
        for (size_t i = 0; i < VLEN; i++)
            packed[kk * KAON_GEMM_PANEL + i] =
                i < width ? b[(ptrdiff_t)kk * k_stride + (ptrdiff_t)i * n_stride] : 0.0f;
}

static void no_columns(float *packed, size_t k)
{
    for (size_t kk = 0; kk < k; kk++)
        v_store(packed + kk * KAON_GEMM_PANEL, v_set(0.0f));
}

static void half_panel(float *packed, const float *b, ptrdiff_t k_stride, ptrdiff_t n_stride,
                       size_t k, size_t width)
{
    if (width == 0)
        no_columns(packed, k);
    else if (k_stride == 1)
        from_columns(packed, b, n_stride, k, width);
    else
        from_elements(packed, b, k_stride, n_stride, k, width);
}

void KAON_K(kaon_gemm_pack)(float *packed, const float *b, ptrdiff_t k_stride, ptrdiff_t n_stride,
                            size_t k, size_t n)
{
    for (size_t j = 0; j < n; j += KAON_GEMM_PANEL, packed += KAON_GEMM_PANEL * k) {
        const float *from = b + (ptrdiff_t)j * n_stride;
        const size_t width = n - j < KAON_GEMM_PANEL ? n - j : KAON_GEMM_PANEL;
        const size_t left = width < VLEN ? width : VLEN;
        if (n_stride == 1) {
            from_rows(packed, from, k_stride, k, width);
            continue;
        }
        half_panel(packed, from, k_stride, n_stride, k, left);
        half_panel(packed + VLEN, from + (ptrdiff_t)left * n_stride, k_stride, n_stride, k,
                   width - left);
    }
}
