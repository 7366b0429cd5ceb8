#include "backends/own/copy.h"

#include <string.h>

void kaon_copy_steps(ptrdiff_t *step, int32_t rank, const int64_t *dims)
{
    ptrdiff_t n = 1;
    for (int32_t i = rank - 1; i >= 0; i--) {
        step[i] = n;
        n *= dims[i];
    }
}

/* The order of axes does not matter to a copy. */
static void bring_contiguous(struct kaon_copy *c)
{
    const int32_t to = c->rank - 2;
    int32_t k = to - 1;
    if (to < 1 || c->src_step[to + 1] == 1 || c->src_step[to] == 1)
        return;
    while (k >= 0 && c->src_step[k] != 1)
        k--;
    if (k < 0)
        return;
    const int64_t n = c->dims[k];
    const ptrdiff_t dst = c->dst_step[k];
    for (; k < to; k++) {
        c->dims[k] = c->dims[k + 1];
        c->dst_step[k] = c->dst_step[k + 1];
        c->src_step[k] = c->src_step[k + 1];
    }
    c->dims[to] = n;
    c->dst_step[to] = dst;
    c->src_step[to] = 1;
}

void kaon_copy_simplify(struct kaon_copy *c)
{
    int32_t n = 0;
    for (int32_t i = 0; i < c->rank; i++)
        if (c->dims[i] == 0) {
            c->rank = 1;
            c->dims[0] = 0;
            return;
        }
    for (int32_t i = 0; i < c->rank; i++) {
        if (c->dims[i] == 1)
            continue;
        if (n && c->dst_step[n - 1] == c->dst_step[i] * c->dims[i] &&
            c->src_step[n - 1] == c->src_step[i] * c->dims[i]) {
            c->dims[n - 1] *= c->dims[i];
            c->dst_step[n - 1] = c->dst_step[i];
            c->src_step[n - 1] = c->src_step[i];
            continue;
        }
        c->dims[n] = c->dims[i];
        c->dst_step[n] = c->dst_step[i];
        c->src_step[n] = c->src_step[i];
        n++;
    }
    c->rank = n;
    bring_contiguous(c);
}

/* One line of elements, by element size. */
#define T uint8_t
#define LINE line_1
#include "backends/own/copy_body.inc"
#define T uint16_t
#define LINE line_2
#include "backends/own/copy_body.inc"
#define T uint32_t
#define LINE line_4
#include "backends/own/copy_body.inc"
#define T uint64_t
#define LINE line_8
#include "backends/own/copy_body.inc"
#define T struct kaon_tensor
#define LINE line_tensor
#include "backends/own/copy_body.inc"

static void line(const struct kaon_copy *c, char *dst, const char *src)
{
    const int32_t k = c->rank - 1;
    const size_t n = (size_t)c->dims[k];
    const ptrdiff_t d = c->dst_step[k], s = c->src_step[k];
    if (d == 1 && s == 1)
        memcpy(dst, src, n * c->bytes);
    else if (c->bytes == 4)
        line_4(dst, d, src, s, n);
    else if (c->bytes == 8)
        line_8(dst, d, src, s, n);
    else if (c->bytes == 1)
        line_1(dst, d, src, s, n);
    else if (c->bytes == 2)
        line_2(dst, d, src, s, n);
    else
        line_tensor(dst, d, src, s, n);
}

/* The last two axes as rows of 32-bit elements, where both sides are contiguous along the last. */
static bool rows(const struct kaon_copy *c, void *dst, const void *src,
                 const struct kaon_kernels *kernels)
{
    const int32_t i = c->rank - 2, j = c->rank - 1;
    const ptrdiff_t words = (ptrdiff_t)c->bytes / 4;
    if (c->bytes % 4 || c->dst_step[j] != 1 || c->src_step[j] != 1)
        return false;
    kernels->copy_rows_32(dst, c->dst_step[i] * words, src, c->src_step[i] * words,
                          (size_t)c->dims[i], (size_t)c->dims[j] * (size_t)words);
    return true;
}

/* The last two axes as a transposition of 32-bit elements, where they are one. */
static bool plane(const struct kaon_copy *c, void *dst, const void *src,
                  const struct kaon_kernels *kernels)
{
    const int32_t i = c->rank - 2, j = c->rank - 1;
    if (c->bytes != 4 || c->dst_step[j] != 1 || c->src_step[i] != 1 ||
        c->src_step[j] < c->dims[i] || c->dst_step[i] < c->dims[j])
        return false;
    kernels->transpose_32(dst, src, (size_t)c->dims[j], (size_t)c->dims[i], (size_t)c->src_step[j],
                          (size_t)c->dst_step[i]);
    return true;
}

static void walk(const struct kaon_copy *c, int32_t k, char *dst, const char *src,
                 const struct kaon_kernels *kernels)
{
    if (k == c->rank - 1) {
        line(c, dst, src);
        return;
    }
    if (k == c->rank - 2 && (rows(c, dst, src, kernels) || plane(c, dst, src, kernels)))
        return;
    const ptrdiff_t d = c->dst_step[k] * (ptrdiff_t)c->bytes,
                    s = c->src_step[k] * (ptrdiff_t)c->bytes;
    for (int64_t i = 0; i < c->dims[k]; i++)
        walk(c, k + 1, dst + d * i, src + s * i, kernels);
}

void kaon_copy_run(const struct kaon_copy *c, void *dst, const void *src,
                   const struct kaon_kernels *kernels)
{
    if (c->rank && c->dims[0] == 0)
        return;
    char *d = (char *)dst + c->to * (ptrdiff_t)c->bytes;
    const char *s = (const char *)src + c->from * (ptrdiff_t)c->bytes;
    if (c->rank == 0)
        memcpy(d, s, c->bytes);
    else
        walk(c, 0, d, s, kernels);
}
