#include "backends/own/split.h"

enum { LEAST_ROWS = 14 }; /* of a rectangle: a tile's height on AVX-512 */

size_t kaon_grid_plan(struct kaon_grid *g, size_t m, size_t n, size_t k)
{
    const size_t panels = (n + KAON_GEMM_PANEL - 1) / KAON_GEMM_PANEL;
    const size_t rows = m / LEAST_ROWS ? m / LEAST_ROWS : 1;
    const size_t parts = kaon_parts((uint64_t)m * n * k, KAON_PART_MACS, rows * panels);
    *g = (struct kaon_grid){ .m = m, .n = n, .k = k };
    if (!parts)
        return 0;
    g->across = parts < panels ? parts : panels;
    g->down = parts / g->across;
    return g->across * g->down;
}

void kaon_grid_run(const struct kaon_grid *g, size_t i, const struct kaon_kernels *kernels,
                   float *c, size_t ldc, const float *a, size_t lda, const float *packed,
                   const struct kaon_epilogue *e)
{
    const size_t panels = (g->n + KAON_GEMM_PANEL - 1) / KAON_GEMM_PANEL;
    const size_t x = i % g->across, y = i / g->across;
    const size_t left = kaon_part_at(panels, x, g->across) * KAON_GEMM_PANEL;
    const size_t right = kaon_part_at(panels, x + 1, g->across) * KAON_GEMM_PANEL;
    const size_t top = kaon_part_at(g->m, y, g->down), bottom = kaon_part_at(g->m, y + 1, g->down);
    const size_t end = right < g->n ? right : g->n;
    struct kaon_epilogue own = *e;
    own.bias = e->bias ? e->bias + left : NULL;
    own.row_bias = e->row_bias ? e->row_bias + top : NULL;
    own.residual = e->residual ? e->residual + top * e->ldr + left : NULL;
    kernels->gemm(c + top * ldc + left, ldc, a + top * lda, lda, packed + left * g->k, bottom - top,
                  end - left, g->k, &own);
}
