/* Matrix product: a tile of c is held in registers while k runs from first to last.
 *
 * A tile is `rows` rows by `cols` vectors of sixteen columns. Its height is chosen so that the
 * accumulators, a row of b and one value of a fill the register file: 14 x 2 of 32 zmm; 6 x 1 (two
 * ymm) of 16 ymm. Fewer rows leave too few independent chains to cover the latency of fma (4
 * cycles, two a cycle), so low tiles are made wider instead. m is cut into equal groups, 15 = 8 + 7
 * rather than 14 + 1, for the same reason. Every path adds the same terms in the same order. */
#include "kernels/gemm.h"

#include "kernels/isa.h"
#include "kernels/unary.h"

#if defined(KAON_ISA_AVX512)
enum { MAX_ROWS = 14, BASE_COLS = 2, MAX_COLS = 8, WIDE_AREA = 16 };
#elif defined(KAON_ISA_AVX2)
enum { MAX_ROWS = 6, BASE_COLS = 1, MAX_COLS = 4, WIDE_AREA = 6 };
#else
enum { MAX_ROWS = 4, BASE_COLS = 1, MAX_COLS = 1, WIDE_AREA = 1 };
#endif
enum { PANEL_COLS = KAON_GEMM_PANEL / VLEN, ROWS_LIMIT = 14, COLS_LIMIT = 8, MAX_AREA = 28 };

_Static_assert((int)MAX_ROWS <= (int)ROWS_LIMIT, "tile_of has a case for each height up to 14");
_Static_assert((int)MAX_ROWS *(int)BASE_COLS <= (int)MAX_AREA && (int)WIDE_AREA <= (int)MAX_AREA,
               "the largest tile fits its buffer");

/* A loop of constant extent that must vanish, or its arrays stay in memory. */
#ifdef __clang__
#define UNROLLED _Pragma("clang loop unroll(full)")
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif

struct problem {
    float *c;
    const float *a, *packed;
    size_t ldc, lda, n, k;
    const struct kaon_epilogue *e;
    int plain; /* nothing but bias and Relu after the sum */
};

void KAON_K(kaon_gemm_pack)(float *packed, const float *b, ptrdiff_t k_stride, ptrdiff_t n_stride,
                            size_t k, size_t n)
{
    for (size_t j = 0; j < n; j += KAON_GEMM_PANEL) {
        const size_t width = n - j < KAON_GEMM_PANEL ? n - j : KAON_GEMM_PANEL;
        for (size_t kk = 0; kk < k; kk++, packed += KAON_GEMM_PANEL) {
            const float *from = b + (ptrdiff_t)kk * k_stride + (ptrdiff_t)j * n_stride;
            for (size_t i = 0; i < width; i++)
                packed[i] = from[(ptrdiff_t)i * n_stride];
            for (size_t i = width; i < KAON_GEMM_PANEL; i++)
                packed[i] = 0.0f;
        }
    }
}

/* Everything after the sum but the activations other than Relu, on a finished tile that lies in
 * `sums`, rows of `cols` vectors. A function of its own: inlined into each tile it would be most of
 * the code. */
static __attribute__((noinline)) void finish(const struct problem *p, const float *sums, size_t i,
                                             size_t j, size_t rows, size_t cols)
{
    const struct kaon_epilogue *e = p->e;
    const size_t end = p->n - j < cols * VLEN ? p->n - j : cols * VLEN;
    const vf alpha = v_set(e->alpha), beta = v_set(e->beta), zero = v_set(0.0f);
    for (size_t r = i; r < i + rows; r++, sums += cols * VLEN)
        for (size_t v = 0; v < end; v += VLEN) {
            const size_t at = j + v, width = end - v;
            vf x = v_load(sums + v);
            if (e->alpha != 1.0f)
                x = v_mul(x, alpha);
            if (e->bias)
                x = v_add(x, v_load_n(e->bias + at, width));
            if (e->row_bias)
                x = v_add(x, v_set(e->row_bias[r]));
            if (e->residual) {
                const vf other = v_load_n(e->residual + r * e->ldr + at, width);
                x = v_add(x, e->beta != 1.0f ? v_mul(other, beta) : other);
            }
            if (e->act == KAON_ACT_RELU)
                x = v_max(zero, x);
            v_store_n(p->c + r * p->ldc + at, x, width);
        }
}

/* The tile of `rows` x `cols` vectors at row i, column j. Both extents are constants in every call,
 * so the loops over them unroll and the accumulators are registers. The tile may reach past column
 * n, into the zeros of the last panel. */
static inline __attribute__((always_inline)) void tile(const struct problem *p, size_t i, size_t j,
                                                       size_t rows, size_t cols)
{
    vf acc[ROWS_LIMIT][COLS_LIMIT];
    UNROLLED
    for (size_t r = 0; r < rows; r++) {
        UNROLLED
        for (size_t v = 0; v < cols; v++)
            acc[r][v] = v_set(0.0f);
    }

    const size_t panel = KAON_GEMM_PANEL * p->k;
    const float *a = p->a + i * p->lda;
    const float *b = p->packed + j / KAON_GEMM_PANEL * panel + j % KAON_GEMM_PANEL;
    for (size_t kk = 0; kk < p->k; kk++, b += KAON_GEMM_PANEL) {
        vf row[COLS_LIMIT];
        UNROLLED
        for (size_t v = 0; v < cols; v++)
            row[v] = v_load(b + v / PANEL_COLS * panel + v % PANEL_COLS * VLEN);
        UNROLLED
        for (size_t r = 0; r < rows; r++) {
            const vf value = v_set(a[r * p->lda + kk]);
            UNROLLED
            for (size_t v = 0; v < cols; v++)
                acc[r][v] = v_fma(value, row[v], acc[r][v]);
        }
    }

    /* The common end, bias and Relu on whole vectors, without leaving the registers. Adding -0 and
     * taking the maximum with -inf change nothing, not even a zero's sign or a NaN. */
    if (p->plain && p->n - j >= cols * VLEN) {
        float *c = p->c + i * p->ldc + j;
        const vf low = v_set(p->e->act == KAON_ACT_RELU ? 0.0f : -INFINITY);
        UNROLLED
        for (size_t v = 0; v < cols; v++) {
            const vf bias = p->e->bias ? v_load(p->e->bias + j + v * VLEN) : v_set(-0.0f);
            UNROLLED
            for (size_t r = 0; r < rows; r++)
                v_store(c + r * p->ldc + v * VLEN, v_max(low, v_add(acc[r][v], bias)));
        }
        return;
    }
    float sums[MAX_AREA * VLEN];
    UNROLLED
    for (size_t r = 0; r < rows; r++) {
        UNROLLED
        for (size_t v = 0; v < cols; v++)
            v_store(sums + (r * cols + v) * VLEN, acc[r][v]);
    }
    finish(p, sums, i, j, rows, cols);
}

/* Makes the height a constant. `cols` is one already; heights that are never used with it, because
 * the accumulators would not fit, fold away. */
static inline __attribute__((always_inline)) void tile_of(const struct problem *p, size_t i,
                                                          size_t j, size_t rows, size_t cols)
{
    const size_t most = cols <= BASE_COLS ? MAX_ROWS : WIDE_AREA / cols;
    switch (rows) {
    case 1:
        if (1 <= most)
            tile(p, i, j, 1, cols);
        return;
    case 2:
        if (2 <= most)
            tile(p, i, j, 2, cols);
        return;
    case 3:
        if (3 <= most)
            tile(p, i, j, 3, cols);
        return;
    case 4:
        if (4 <= most)
            tile(p, i, j, 4, cols);
        return;
    case 5:
        if (5 <= most)
            tile(p, i, j, 5, cols);
        return;
    case 6:
        if (6 <= most)
            tile(p, i, j, 6, cols);
        return;
    case 7:
        if (7 <= most)
            tile(p, i, j, 7, cols);
        return;
    case 8:
        if (8 <= most)
            tile(p, i, j, 8, cols);
        return;
    case 9:
        if (9 <= most)
            tile(p, i, j, 9, cols);
        return;
    case 10:
        if (10 <= most)
            tile(p, i, j, 10, cols);
        return;
    case 11:
        if (11 <= most)
            tile(p, i, j, 11, cols);
        return;
    case 12:
        if (12 <= most)
            tile(p, i, j, 12, cols);
        return;
    case 13:
        if (13 <= most)
            tile(p, i, j, 13, cols);
        return;
    case 14:
        if (14 <= most)
            tile(p, i, j, 14, cols);
        return;
    }
}

static void tile_1(const struct problem *p, size_t i, size_t j, size_t rows)
{
    tile_of(p, i, j, rows, 1);
}

static void tile_2(const struct problem *p, size_t i, size_t j, size_t rows)
{
    tile_of(p, i, j, rows, 2);
}

static void tile_4(const struct problem *p, size_t i, size_t j, size_t rows)
{
    tile_of(p, i, j, rows, 4);
}

static void tile_8(const struct problem *p, size_t i, size_t j, size_t rows)
{
    tile_of(p, i, j, rows, 8);
}

typedef void tile_fn(const struct problem *p, size_t i, size_t j, size_t rows);

/* All rows of c, `cols` vectors wide at column j, in equal groups: the first `taller` have one row
 * more. b's panels are read once a group and stay in cache between groups. */
static void column_strip(const struct problem *p, size_t j, size_t cols, size_t m)
{
    static tile_fn *const tiles[] = {
        [1] = tile_1,
        [2] = tile_2,
        [4] = tile_4,
        [8] = tile_8,
    };
    const size_t groups = (m + MAX_ROWS - 1) / MAX_ROWS, rows = m / groups, taller = m % groups;
    size_t i = 0;
    for (size_t g = 0; g < groups; g++) {
        const size_t height = rows + (g < taller);
        tiles[cols](p, i, j, height);
        i += height;
    }
}

/* The widest tile, in vectors, for groups of at most `rows`: powers of two from BASE_COLS. */
static size_t widest(size_t rows)
{
    size_t cols = BASE_COLS;
    while (cols < MAX_COLS && 2 * cols * rows <= WIDE_AREA)
        cols *= 2;
    return cols;
}

/* The other activations, on a strip of c that is still in cache. */
static void activate(const struct problem *p, size_t j, size_t width, size_t m)
{
    static const enum kaon_unary function[KAON_ACT_COUNT] = {
        [KAON_ACT_GELU_ERF] = KAON_UNARY_GELU_ERF, [KAON_ACT_GELU_TANH] = KAON_UNARY_GELU_TANH,
        [KAON_ACT_SILU] = KAON_UNARY_SILU,         [KAON_ACT_SIGMOID] = KAON_UNARY_SIGMOID,
        [KAON_ACT_TANH] = KAON_UNARY_TANH,
    };
    if (p->e->act == KAON_ACT_NONE || p->e->act == KAON_ACT_RELU)
        return;
    for (size_t i = 0; i < m; i++) {
        float *row = p->c + i * p->ldc + j;
        KAON_K(kaon_unary)[function[p->e->act]](row, row, width, 0.0f, 0.0f);
    }
}

void KAON_K(kaon_gemm)(float *c, size_t ldc, const float *a, size_t lda, const float *packed,
                       size_t m, size_t n, size_t k, const struct kaon_epilogue *e)
{
    static const struct kaon_epilogue none = KAON_EPILOGUE_NONE;
    struct problem p = {
        .c = c, .a = a, .packed = packed, .ldc = ldc, .lda = lda, .n = n, .k = k, .e = e ? e : &none
    };
    const size_t groups = (m + MAX_ROWS - 1) / MAX_ROWS;
    if (m == 0)
        return;
    p.plain = p.e->alpha == 1.0f && !p.e->row_bias && !p.e->residual;

    size_t cols = widest((m + groups - 1) / groups), j = 0;
    while (j < n) {
        const size_t left = (n - j + VLEN - 1) / VLEN;
        while (cols > left)
            cols /= 2;
        const size_t width = n - j < cols * VLEN ? n - j : cols * VLEN;
        column_strip(&p, j, cols, m);
        activate(&p, j, width, m);
        j += cols * VLEN;
    }
}
