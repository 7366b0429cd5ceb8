/* What the matrix products with float results share: the sums of a tile and all that follows them. */
#ifndef KAON_KERNELS_GEMM_TILE_H
#define KAON_KERNELS_GEMM_TILE_H

#include "kernels/gemm.h"
#include "kernels/isa.h"
#include "kernels/unary.h"
#include "kernels/unrolled.h"

enum { PANEL_COLS = KAON_GEMM_PANEL / VLEN, ROWS_LIMIT = 16, COLS_LIMIT = 8 };

/* Where the sums go. */
struct result {
    float *c;
    size_t ldc, n;
    const struct kaon_epilogue *e;
};

static inline struct result result_of(float *c, size_t ldc, size_t n, const struct kaon_epilogue *e)
{
    static const struct kaon_epilogue none = KAON_EPILOGUE_NONE;
    return (struct result){ .c = c, .ldc = ldc, .n = n, .e = e ? e : &none };
}

/* The epilogue of the columns from j on. */
static inline struct kaon_epilogue epilogue_at(const struct kaon_epilogue *e, size_t j)
{
    struct kaon_epilogue rest = *e;
    rest.bias = e->bias ? e->bias + j : NULL;
    rest.residual = e->residual ? e->residual + j : NULL;
    return rest;
}

typedef vf tile_sums[ROWS_LIMIT][COLS_LIMIT];

static inline __attribute__((always_inline)) void clear(tile_sums acc, size_t rows, size_t cols)
{
    UNROLLED
    for (size_t r = 0; r < rows; r++) {
        UNROLLED
        for (size_t v = 0; v < cols; v++)
            acc[r][v] = v_set(0.0f);
    }
}

/* `left`: columns of the last vector, or more. One branch for the tile, not one for each row. */
static inline __attribute__((always_inline)) void store(float *c, size_t ld, tile_sums acc,
                                                        size_t left, size_t rows, size_t cols)
{
    if (left >= VLEN) {
        UNROLLED
        for (size_t r = 0; r < rows; r++, c += ld) {
            UNROLLED
            for (size_t v = 0; v < cols; v++)
                v_store(c + v * VLEN, acc[r][v]);
        }
        return;
    }
    UNROLLED
    for (size_t r = 0; r < rows; r++, c += ld) {
        UNROLLED
        for (size_t v = 0; v + 1 < cols; v++)
            v_store(c + v * VLEN, acc[r][v]);
        v_store_part(c + (cols - 1) * VLEN, acc[r][cols - 1], left);
    }
}

/* x = x + y for a row of y that all rows of the tile share. */
static inline __attribute__((always_inline)) void add_columns(tile_sums acc, const float *y,
                                                              size_t left, size_t rows, size_t cols)
{
    UNROLLED
    for (size_t v = 0; v < cols; v++) {
        const vf bias = v + 1 < cols ? v_load(y + v * VLEN) : v_load_n(y + v * VLEN, left);
        UNROLLED
        for (size_t r = 0; r < rows; r++)
            acc[r][v] = v_add(acc[r][v], bias);
    }
}

/* x = x + beta y; `left` columns of the last vector, a constant where they are all. */
static inline __attribute__((always_inline)) void
add_rows(tile_sums acc, const float *y, size_t ld, vf beta, size_t left, size_t rows, size_t cols)
{
    UNROLLED
    for (size_t r = 0; r < rows; r++, y += ld) {
        UNROLLED
        for (size_t v = 0; v < cols; v++) {
            const vf x = v + 1 < cols ? v_load(y + v * VLEN) : v_load_n(y + v * VLEN, left);
            acc[r][v] = v_add(acc[r][v], v_mul(x, beta));
        }
    }
}

/* One branch for the tile rather than one for each row. */
static inline __attribute__((always_inline)) void add_residual(tile_sums acc, const float *y,
                                                               size_t ld, vf beta, size_t left,
                                                               size_t rows, size_t cols)
{
    if (left >= VLEN)
        add_rows(acc, y, ld, beta, VLEN, rows, cols);
    else
        add_rows(acc, y, ld, beta, left, rows, cols);
}

/* The epilogue but for the activations other than Relu, without leaving the registers, and the
 * store. Terms that are absent cost a branch. A product by beta = 1 changes nothing. */
static inline __attribute__((always_inline)) void
finish(const struct result *p, tile_sums acc, size_t i, size_t j, size_t rows, size_t cols)
{
    const struct kaon_epilogue *e = p->e;
    const size_t left = p->n - j - (cols - 1) * VLEN; /* columns of the last vector, or more */
    if (e->alpha != 1.0f) {
        const vf alpha = v_set(e->alpha);
        UNROLLED
        for (size_t r = 0; r < rows; r++) {
            UNROLLED
            for (size_t v = 0; v < cols; v++)
                acc[r][v] = v_mul(acc[r][v], alpha);
        }
    }
    if (e->bias)
        add_columns(acc, e->bias + j, left, rows, cols);
    if (e->row_bias) {
        UNROLLED
        for (size_t r = 0; r < rows; r++) {
            UNROLLED
            for (size_t v = 0; v < cols; v++)
                acc[r][v] = v_add(acc[r][v], v_set(e->row_bias[i + r]));
        }
    }
    if (e->residual)
        add_residual(acc, e->residual + i * e->ldr + j, e->ldr, v_set(e->beta), left, rows, cols);
    if (e->act == KAON_ACT_RELU) {
        const vf zero = v_set(0.0f);
        UNROLLED
        for (size_t r = 0; r < rows; r++) {
            UNROLLED
            for (size_t v = 0; v < cols; v++)
                acc[r][v] = v_max(zero, acc[r][v]);
        }
    }

    store(p->c + i * p->ldc + j, p->ldc, acc, left, rows, cols);
}

static inline int activates_later(const struct kaon_epilogue *e)
{
    return e->act != KAON_ACT_NONE && e->act != KAON_ACT_RELU;
}

/* The other activations, on columns of c that are still in cache: a call for each row, or one for all
 * where rows lie end to end. */
static inline void activate(const struct result *p, size_t i, size_t m, size_t j, size_t width)
{
    static const enum kaon_unary function[KAON_ACT_COUNT] = {
        [KAON_ACT_GELU_ERF] = KAON_UNARY_GELU_ERF, [KAON_ACT_GELU_TANH] = KAON_UNARY_GELU_TANH,
        [KAON_ACT_SILU] = KAON_UNARY_SILU,         [KAON_ACT_SIGMOID] = KAON_UNARY_SIGMOID,
        [KAON_ACT_TANH] = KAON_UNARY_TANH,
    };
    const size_t rows = width == p->ldc ? 1 : m, length = width * m / rows;
    for (size_t r = 0; r < rows; r++) {
        float *row = p->c + (i + r) * p->ldc + j;
        KAON_K(kaon_unary)[function[p->e->act]](row, row, length, 0.0f, 0.0f);
    }
}

#endif
