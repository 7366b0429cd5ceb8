/* transpose_32, copy_rows_32 and gather_rows_32. */
#include "tests/check/check.h"

static void transpose(struct check *c, size_t rows, size_t cols)
{
    const size_t ld_x = cols + 3, ld_y = rows + 2;
    if (!check_begin(c, &c->now->transpose_32, "transpose_32_%zu_%zu", rows, cols))
        return;
    const size_t size_x = rows ? (rows - 1) * ld_x + cols : 0,
                 size_y = cols ? (cols - 1) * ld_y + rows : 0;
    uint32_t *x = check_alloc(c, size_x * 4), *want = check_alloc(c, size_y * 4),
             *got = check_alloc(c, size_y * 4);
    for (size_t i = 0; i < size_x; i++)
        x[i] = (uint32_t)check_random(c);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++)
            want[j * ld_y + i] = x[i * ld_x + j];
    c->now->transpose_32(got, x, rows, cols, ld_x, ld_y);
    check_same_bytes(c, want, got, size_y * 4); /* the gaps keep their filling */
}

/* Rows of x from the last to the first, and one row many times. */
static void copy(struct check *c, size_t rows, size_t n)
{
    const size_t ld_y = n + 2, size_y = rows ? (rows - 1) * ld_y + n : 0;
    if (!check_begin(c, &c->now->copy_rows_32, "copy_rows_32_%zu_%zu", rows, n))
        return;
    uint32_t *x = check_alloc(c, rows * n * 4), *want = check_alloc(c, size_y * 4),
             *got = check_alloc(c, size_y * 4);
    for (size_t i = 0; i < rows * n; i++)
        x[i] = (uint32_t)check_random(c);
    for (int backwards = 0; backwards < 2; backwards++) {
        const ptrdiff_t ld_x = backwards ? -(ptrdiff_t)n : 0;
        const uint32_t *from = rows ? x + (rows - 1) * n : x;
        for (size_t r = 0; r < rows; r++)
            for (size_t e = 0; e < n; e++)
                want[r * ld_y + e] = from[(ptrdiff_t)r * ld_x + (ptrdiff_t)e];
        c->now->copy_rows_32(got, (ptrdiff_t)ld_y, from, ld_x, rows, n);
        check_same_bytes(c, want, got, size_y * 4); /* the gaps keep their filling */
    }
}

static void gather(struct check *c, size_t n_index, size_t n)
{
    enum { ROWS = 13 };
    if (!check_begin(c, &c->now->gather_rows_32, "gather_rows_32_%zu_%zu", n_index, n))
        return;
    int64_t index[64];
    uint32_t *x = check_alloc(c, ROWS * n * 4), *want = check_alloc(c, n_index * n * 4),
             *got = check_alloc(c, n_index * n * 4);
    for (size_t i = 0; i < ROWS * n; i++)
        x[i] = (uint32_t)check_random(c);
    for (size_t r = 0; r < n_index; r++) {
        index[r] = (int64_t)(check_random(c) % ROWS);
        for (size_t e = 0; e < n; e++)
            want[r * n + e] = x[(size_t)index[r] * n + e];
    }
    c->now->gather_rows_32(got, x, index, n_index, n);
    check_same_bytes(c, want, got, n_index * n * 4);
}

struct timed {
    uint32_t *y, *x;
    size_t rows, cols;
};

static void run_timed(const struct kaon_kernels *k, void *arg)
{
    const struct timed *t = arg;
    k->transpose_32(t->y, t->x, t->rows, t->cols, t->cols, t->rows);
}

static void bench(struct check *c, size_t rows, size_t cols)
{
    if (!c->bench || c->scalar ||
        !check_begin(c, &c->now->transpose_32, "transpose_32_%zu_%zu", rows, cols))
        return;
    struct timed t = { .rows = rows, .cols = cols };
    t.x = (uint32_t *)check_scratch(c, rows * cols);
    t.y = (uint32_t *)check_scratch(c, rows * cols);
    check_time(c, (double)(rows * cols), 0, run_timed, &t);
}

void check_move(struct check *c)
{
    static const size_t extents[] = { 0, 1, 3, 7, 8, 9, 15, 16, 17, 40 };
    for (size_t i = 0; i < CHECK_COUNT(extents); i++)
        for (size_t j = 0; j < CHECK_COUNT(extents); j++) {
            transpose(c, extents[i], extents[j]);
            gather(c, extents[i], extents[j]);
            copy(c, extents[i], extents[j]);
        }
    copy(c, 3, 300);
    gather(c, 3, 300);
    transpose(c, 70, 130);
    bench(c, 15, 16);
    bench(c, 15, 64);
    bench(c, 64, 64);
    bench(c, 128, 128);
    bench(c, 250, 250);
}
