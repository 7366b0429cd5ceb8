/* Matrix product: a tile of c is held in registers while k runs from first to last.
 *
 * A tile is `rows` rows by `cols` vectors of sixteen columns. Its accumulators, a row of b and one
 * value of a fill the register file: 14 x 2 of 32 zmm, 6 x 1 (two ymm) of 16 ymm. Fewer rows leave
 * too few independent chains to cover the latency of fma (4 cycles, two a cycle), so low tiles are
 * wider. m is cut into equal groups, 15 = 8 + 7 rather than 14 + 1, for the same reason; and an odd
 * last vector joins the two before it, since a column of its own would wait for its loads of a.
 *
 * Above the tiles: blocks of rows whose part of a stays in L2; in a block strips of columns, whose
 * panels every group of rows reads in turn while those of the next strip are fetched.
 *
 * Every path adds the same terms in the same order. */
#include "kernels/gemm.h"

#include "kernels/gemm_tile.h"

enum {
    MOST_FETCHERS = 8,
    ACTIVATED = 512, /* columns; fewer are too little work for a call */
};

/* Tile and block sizes of an instruction set. tall[cols]: rows of the tallest tile `cols` vectors
 * wide, 0: there is none. wide[rows]: vectors of the widest tile for groups of so many rows; those
 * of more rows are wide[0]. */
struct blocking {
    uint8_t tall[COLS_LIMIT + 1], wide[9];
    size_t a_floats; /* of a that stay in L2 beside the panels */
    size_t b_floats; /* of b that are in L2 anyway */
};

/* Sizes of this instruction set, found by measurement, and X(rows, cols) for every tile; FETCHING: for
 * those with a form that fetches what comes next, the heights that equal groups of many rows have. */
/* clang-format off */
#if defined(KAON_ISA_AVX512)
enum { UNROLL = 1 };
static const struct blocking size = {
    .tall = { 0, 16, 14, 9, 6, 1, 1, 1, 2 },
    .wide = { 2, 8, 8, 4, 4, 4, 4, 2, 2 },
    .a_floats = 256 << 10,
    .b_floats = 128 << 10,
};
#define TILES(X) \
    X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1) X(6, 1) X(7, 1) X(8, 1) X(9, 1) X(10, 1) X(11, 1) \
    X(12, 1) X(13, 1) X(14, 1) X(15, 1) X(16, 1) \
    X(1, 2) X(2, 2) X(3, 2) X(4, 2) X(5, 2) X(6, 2) X(7, 2) X(8, 2) X(9, 2) X(10, 2) X(11, 2) \
    X(12, 2) X(13, 2) X(14, 2) \
    X(1, 3) X(2, 3) X(3, 3) X(4, 3) X(5, 3) X(6, 3) X(7, 3) X(8, 3) X(9, 3) \
    X(1, 4) X(2, 4) X(3, 4) X(4, 4) X(5, 4) X(6, 4) X(1, 5) X(1, 6) X(1, 7) X(1, 8) X(2, 8)
#define FETCHING(X) X(7, 2) X(8, 2) X(9, 2) X(10, 2) X(11, 2) X(12, 2) X(13, 2) X(14, 2)
#elif defined(KAON_ISA_AVX2)
enum { UNROLL = 2 };
static const struct blocking size = {
    .tall = { 0, 6, 3, 1, 1 },
    .wide = { 1, 4, 2, 2, 1, 1, 1, 1, 1 },
    .a_floats = 256 << 10,
    .b_floats = 128 << 10,
};
#define TILES(X) \
    X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1) X(6, 1) X(1, 2) X(2, 2) X(3, 2) X(1, 3) X(1, 4)
#define FETCHING(X) X(4, 1) X(5, 1) X(6, 1)
#else
enum { UNROLL = 1 };
static const struct blocking size = {
    .tall = { 0, 4 },
    .wide = { 1, 1, 1, 1, 1, 1, 1, 1, 1 },
    .a_floats = 256 << 10,
    .b_floats = 128 << 10,
};
#define TILES(X) X(1, 1) X(2, 1) X(3, 1) X(4, 1)
#define FETCHING(X)
#endif
/* clang-format on */

/* Hides from the compiler where a pointer came from, so that it stays in a register instead of
 * being computed anew, or spilt, as one of fourteen. */
#define KEEP(pointer) __asm__("" : "+r"(pointer))

/* b[kk][j] is b[j / 32 * panel + j % 32 + kk * ldb]: panels, or rows as they lie (panel 32). */
struct problem {
    struct result out;
    const float *a, *b;
    size_t lda, ldb, panel, k;
};

/* One step of k. Row r of a is the r % 4 th after a[r / 4]: four rows share a pointer. */
static inline __attribute__((always_inline)) void step(tile_sums acc, const float *const *a,
                                                       size_t kk, size_t lda, const float *b,
                                                       size_t panel, size_t rows, size_t cols)
{
    vf row[COLS_LIMIT];
    UNROLLED
    for (size_t v = 0; v < cols; v++)
        row[v] = v_load(b + v / PANEL_COLS * panel + v % PANEL_COLS * VLEN);
    UNROLLED
    for (size_t r = 0; r < rows; r++) {
        const vf value = v_set(a[r / 4][r % 4 * lda + kk]);
        UNROLLED
        for (size_t v = 0; v < cols; v++)
            acc[r][v] = v_fma(value, row[v], acc[r][v]);
    }
}

/* All steps of k. `fetch` runs along a panel that is to be in L2 later; NULL: none. */
static inline __attribute__((always_inline)) void steps(tile_sums acc, const float *const *from,
                                                        const struct problem *p, const float *b,
                                                        const float *fetch, size_t fetch_step,
                                                        size_t rows, size_t cols)
{
    const size_t lda = p->lda, ldb = p->ldb, panel = p->panel;
    size_t k = p->k;
    const float *a[ROWS_LIMIT / 4];
    UNROLLED
    for (size_t g = 0; 4 * g < rows; g++)
        a[g] = from[g];
    for (; k >= UNROLL; k -= UNROLL) {
        UNROLLED
        for (size_t g = 0; 4 * g < rows; g++)
            KEEP(a[g]);
        UNROLLED
        for (size_t u = 0; u < UNROLL; u++)
            step(acc, a, u, lda, b + u * ldb, panel, rows, cols);
        UNROLLED
        for (size_t u = 0; fetch && u < UNROLL; u++, fetch += fetch_step)
            __builtin_prefetch(fetch, 0, 2);
        UNROLLED
        for (size_t g = 0; 4 * g < rows; g++)
            a[g] += UNROLL;
        b += UNROLL * ldb;
    }
    for (; UNROLL > 1 && k > 0; k--, b += ldb) {
        step(acc, a, 0, lda, b, panel, rows, cols);
        UNROLLED
        for (size_t g = 0; 4 * g < rows; g++)
            a[g]++;
    }
}

/* The tile of `rows` x `cols` vectors at row i, column j. Both extents are constants in every call,
 * so the loops over them unroll and the accumulators are registers. The tile may reach past column
 * n, into the zeros of the last panel. */
static inline __attribute__((always_inline)) void tile(const struct problem *p, size_t i, size_t j,
                                                       const float *fetch, size_t fetch_step,
                                                       size_t rows, size_t cols)
{
    const float *b = p->b + j / KAON_GEMM_PANEL * p->panel + j % KAON_GEMM_PANEL;
    const float *a[ROWS_LIMIT / 4];
    tile_sums acc;
    clear(acc, rows, cols);
    UNROLLED
    for (size_t g = 0; 4 * g < rows; g++)
        a[g] = p->a + (i + 4 * g) * p->lda;
    steps(acc, a, p, b, fetch, fetch_step, rows, cols);
    finish(&p->out, acc, i, j, rows, cols);
}

typedef void tile_fn(const struct problem *p, size_t i, size_t j, const float *fetch,
                     size_t fetch_step);

#define TILE_FUNCTION(rows, cols)                                                                  \
    static void tile_##rows##x##cols(const struct problem *p, size_t i, size_t j,                  \
                                     const float *fetch, size_t fetch_step)                        \
    {                                                                                              \
        (void)fetch, (void)fetch_step;                                                             \
        tile(p, i, j, NULL, 0, rows, cols);                                                        \
    }
#define FETCHING_FUNCTION(rows, cols)                                                              \
    static void fetching_##rows##x##cols(const struct problem *p, size_t i, size_t j,              \
                                         const float *fetch, size_t fetch_step)                    \
    {                                                                                              \
        tile(p, i, j, fetch, fetch_step, rows, cols);                                              \
    }
TILES(TILE_FUNCTION)
FETCHING(FETCHING_FUNCTION)

#define TILE_ENTRY(rows, cols) [cols][rows] = tile_##rows##x##cols,
#define FETCHING_ENTRY(rows, cols) [cols][rows] = fetching_##rows##x##cols,
static tile_fn *const tiles[COLS_LIMIT + 1][ROWS_LIMIT + 1] = { TILES(TILE_ENTRY) };
static tile_fn *const fetching[COLS_LIMIT + 1][ROWS_LIMIT + 1] = { FETCHING(FETCHING_ENTRY) };

/* m rows in equal groups for tiles `cols` wide: the first `taller` have one row more. Of the groups
 * some take part in fetching the panels of the next strip, each `step` floats for a step of k. */
struct split {
    size_t cols, groups, rows, taller, fetchers, step;
};

static struct split split_rows(const struct problem *p, size_t m, size_t cols)
{
    const size_t most = size.tall[cols];
    struct split s = { .cols = cols, .groups = 1, .rows = m };
    if (m > most) {
        s.groups = (m + most - 1) / most;
        s.rows = m / s.groups;
        s.taller = m % s.groups;
    }
    if (p->k * p->out.n > size.b_floats && p->ldb == KAON_GEMM_PANEL && fetching[cols][s.rows]) {
        s.fetchers = s.groups < MOST_FETCHERS ? s.groups : MOST_FETCHERS;
        s.step = KAON_GEMM_PANEL / s.fetchers;
    }
    return s;
}

/* The rows from i on of c, a strip at column j. */
static void column_strip(const struct problem *p, const struct split *s, size_t i, size_t j)
{
    const size_t after = j + s->cols * VLEN, fetchers = after < p->out.n ? s->fetchers : 0;
    const float *fetch = p->b + after / KAON_GEMM_PANEL * p->panel;
    for (size_t g = 0; g < s->groups; g++) {
        const size_t height = s->rows + (g < s->taller);
        if (g < fetchers)
            fetching[s->cols][height](p, i, j, fetch + g * s->step * p->k, s->step);
        else
            tiles[s->cols][height](p, i, j, NULL, 0);
        i += height;
    }
}

/* Vectors of the next strip where `left` of them are left and no strip is wider than `most`. Strips
 * wider than one vector begin at a panel. */
static size_t strip_cols(size_t most, size_t left)
{
    size_t cols = most < left ? most : left;
    if (left == 3 && most > 1 && size.tall[3])
        return 3;
    if (left == cols + 1 && cols > 2)
        cols -= 2;
    while (!size.tall[cols])
        cols--;
    return cols;
}

static void row_block(const struct problem *p, size_t i, size_t m)
{
    const size_t most = size.wide[m < sizeof size.wide ? m : 0];
    const size_t n = p->out.n;
    struct split s = { 0 };
    size_t done = 0; /* columns that are activated */
    for (size_t j = 0; j < n;) {
        const size_t cols = strip_cols(most, (n - j + VLEN - 1) / VLEN);
        if (s.cols != cols)
            s = split_rows(p, m, cols);
        column_strip(p, &s, i, j);
        j += cols * VLEN;
        if (activates_later(p->out.e) && (j - done >= ACTIVATED || j >= n)) {
            activate(&p->out, i, m, done, (j < n ? j : n) - done);
            done = j;
        }
    }
}

/* A product that one tile covers needs no more than that. */
static int one_tile(const struct problem *p, size_t m)
{
    const size_t cols = (p->out.n + VLEN - 1) / VLEN;
    if (cols > COLS_LIMIT || m > size.tall[cols] || m == 0)
        return 0;
    tiles[cols][m](p, 0, 0, NULL, 0);
    if (activates_later(p->out.e))
        activate(&p->out, 0, m, 0, p->out.n);
    return 1;
}

static void product(const struct problem *p, size_t m)
{
    const size_t tall = size.tall[size.wide[0]];
    if (m == 0 || one_tile(p, m))
        return;
    if (m * p->k <= size.a_floats || m <= tall) {
        row_block(p, 0, m);
        return;
    }
    const size_t fit = size.a_floats / p->k / tall, most = (fit ? fit : 1) * tall;
    const size_t blocks = (m + most - 1) / most;
    for (size_t g = 0, i = 0; g < blocks; g++) {
        const size_t height = m / blocks + (g < m % blocks);
        row_block(p, i, height);
        i += height;
    }
}

void KAON_K(kaon_gemm)(float *c, size_t ldc, const float *a, size_t lda, const float *packed,
                       size_t m, size_t n, size_t k, const struct kaon_epilogue *e)
{
    const struct problem p = {
        .out = result_of(c, ldc, n, e),
        .a = a,
        .b = packed,
        .lda = lda,
        .ldb = KAON_GEMM_PANEL,
        .panel = KAON_GEMM_PANEL * k,
        .k = k,
    };
    product(&p, m);
}

/* Whole vectors of b are read where they lie. The last n % 16 columns are packed: a tile would read
 * past the end of the last row. */
void KAON_K(kaon_gemm_unpacked)(float *c, size_t ldc, const float *a, size_t lda, const float *b,
                                size_t ldb, size_t m, size_t n, size_t k,
                                const struct kaon_epilogue *e, float *scratch)
{
    const size_t whole = n / VLEN * VLEN;
    const struct problem p = {
        .out = result_of(c, ldc, whole, e),
        .a = a,
        .b = b,
        .lda = lda,
        .ldb = ldb,
        .panel = KAON_GEMM_PANEL,
        .k = k,
    };
    product(&p, m);
    if (whole == n)
        return;
    const struct kaon_epilogue rest = epilogue_at(p.out.e, whole);
    KAON_K(kaon_gemm_pack)(scratch, b + whole, (ptrdiff_t)ldb, 1, k, n - whole);
    KAON_K(kaon_gemm)(c + whole, ldc, a, lda, scratch, m, n - whole, k, &rest);
}
