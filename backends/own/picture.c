/* CenterCropPad, Col2Im, RoiAlign, MaxRoiPool, MaxUnpool. */
#include "backends/own/convert.h"
#include "backends/own/copy.h"
#include "backends/own/wide.h"

#include <math.h>
#include <string.h>

/* ---- CenterCropPad --------------------------------------------------------------------------- */

/* What is cut off or added is halved, the odd one at the end. */
static enum kaon_status run_center(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    struct kaon_copy c = { .bytes = kaon_type_bytes(y->type), .rank = y->rank };
    (void)msg;
    if (kaon_own_count(y) == 0)
        return KAON_OK;
    memset(y->data, 0, kaon_own_count(y) * c.bytes);
    kaon_copy_steps(c.src_step, x->rank, x->dims);
    kaon_copy_steps(c.dst_step, y->rank, y->dims);
    for (int32_t i = 0; i < y->rank; i++) {
        const int64_t more = y->dims[i] - x->dims[i];
        c.dims[i] = more < 0 ? y->dims[i] : x->dims[i];
        if (more < 0)
            c.from += (ptrdiff_t)(-more / 2) * c.src_step[i];
        else
            c.to += (ptrdiff_t)(more / 2) * c.dst_step[i];
        if (c.dims[i] == 0)
            return KAON_OK;
    }
    kaon_copy_simplify(&c);
    kaon_copy_run(&c, y->data, x->data, step->call.kernels);
    return KAON_OK;
}

static enum kaon_status prepare_center(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    (void)memory;
    if (!kaon_type_bytes(step->call.in[0]->type))
        return kaon_own_no_type(&step->call, step->call.in[0]->type, msg);
    step->run = run_center;
    return KAON_OK;
}

const struct kaon_own kaon_own_center_crop_pad = { .prepare = prepare_center };

/* ---- Col2Im ---------------------------------------------------------------------------------- */

/* Adds tap `tap` of every window to the picture y. */
static void add_tap(const struct kaon_placed *p, size_t tap, const float *x, float *y)
{
    size_t windows = 1, rest = tap;
    int64_t at[KAON_SPATIAL];
    for (int32_t k = p->n - 1; k >= 0; k--) {
        at[k] = (int64_t)(rest % (size_t)p->kernel[k]) * p->dilation[k] - p->begin[k];
        rest /= (size_t)p->kernel[k];
        windows *= (size_t)p->out[k];
    }
    for (size_t i = 0; i < windows; i++) {
        size_t off = 0, scale = 1, index = i;
        bool inside = true;
        for (int32_t k = p->n - 1; k >= 0; k--) {
            const int64_t c = (int64_t)(index % (size_t)p->out[k]) * p->stride[k] + at[k];
            index /= (size_t)p->out[k];
            inside = inside && c >= 0 && c < p->in[k];
            off += inside ? (size_t)c * scale : 0;
            scale *= (size_t)p->in[k];
        }
        if (inside)
            y[off] += x[i];
    }
}

static enum kaon_status run_col2im(const struct kaon_step *step, const float *const *in,
                                   float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0], *block = step->call.in[2],
                             *y = step->call.out[0];
    int64_t kernel[KAON_SPATIAL];
    struct kaon_placed p;
    size_t taps = 1;
    (void)scratch;
    for (int32_t i = 0; i < y->rank - 2; i++) {
        kernel[i] = kaon_element_int(block->type, block->data, i);
        taps *= (size_t)kernel[i];
    }
    const enum kaon_status st = kaon_window_place(step->call.attr, y->rank - 2, y->dims + 2, kernel,
                                                  false, "Col2Im", &p, msg);
    if (st != KAON_OK)
        return st;
    const size_t planes = (size_t)(y->dims[0] * y->dims[1]), size = kaon_own_product(y, 2, y->rank);
    const size_t columns = (size_t)x->dims[2];
    if (planes * size == 0)
        return KAON_OK;
    memset(out[0], 0, planes * size * sizeof(float));
    for (size_t c = 0; c < planes; c++)
        for (size_t t = 0; t < taps; t++)
            add_tap(&p, t, in[0] + (c * taps + t) * columns, out[0] + c * size);
    return KAON_OK;
}

static enum kaon_status prepare_col2im(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    struct kaon_wide *w = kaon_own_args(step, memory, sizeof *w, msg);
    if (!w)
        return KAON_NO_MEMORY;
    w->others = 6;
    return kaon_wide_prepare(step, w, run_col2im, 0, msg);
}

const struct kaon_own kaon_own_col2im = { .prepare = prepare_col2im };

/* ---- RoiAlign -------------------------------------------------------------------------------- */

/* Four neighbours of a point and their weights. */
struct corners {
    size_t at[4];
    double w[4];
};

/* False if the point lies beyond the picture by more than a pixel. */
static bool find_corners(struct corners *c, double y, double x, int64_t height, int64_t width)
{
    if (!(y >= -1.0 && y <= (double)height && x >= -1.0 && x <= (double)width))
        return false;
    y = y < 0.0 ? 0.0 : y;
    x = x < 0.0 ? 0.0 : x;
    int64_t y0 = (int64_t)y, x0 = (int64_t)x, y1 = y0 + 1, x1 = x0 + 1;
    if (y0 >= height - 1) {
        y0 = y1 = height - 1;
        y = (double)y0;
    }
    if (x0 >= width - 1) {
        x0 = x1 = width - 1;
        x = (double)x0;
    }
    const double ly = y - (double)y0, lx = x - (double)x0;
    *c = (struct corners){ { (size_t)(y0 * width + x0), (size_t)(y0 * width + x1),
                             (size_t)(y1 * width + x0), (size_t)(y1 * width + x1) },
                           { (1.0 - ly) * (1.0 - lx), (1.0 - ly) * lx, ly * (1.0 - lx), ly * lx } };
    return true;
}

/* A region on the grid of the picture. */
struct region {
    double y, x, height, width; /* of its beginning, and of one bin */
    int64_t rows, columns;      /* points a bin */
};

/* As many points as a region of that size has pixels, no more than it could have. */
static int64_t points(int64_t ratio, double size)
{
    const double n = ceil(size);
    return ratio > 0 ? ratio : !(n > 1.0) ? 1 : n > 1024.0 ? 1024 : (int64_t)n;
}

static struct region region_of(const struct kaon_roi *a, const float *roi)
{
    const double half = a->half_pixel ? 0.5 : 0.0, scale = (double)a->scale;
    const double x = (double)roi[0] * scale - half, y = (double)roi[1] * scale - half;
    double width = (double)roi[2] * scale - half - x, height = (double)roi[3] * scale - half - y;
    if (!a->half_pixel) {
        width = fmax(width, 1.0);
        height = fmax(height, 1.0);
    }
    width /= (double)a->width;
    height /= (double)a->height;
    return (
        struct region){ y, x, height, width, points(a->ratio, height), points(a->ratio, width) };
}

static float bin_of(const struct kaon_roi *a, const struct region *r, const float *plane,
                    int64_t height, int64_t width, int64_t i, int64_t j)
{
    double sum = 0.0, most = -INFINITY;
    for (int64_t v = 0; v < r->rows; v++)
        for (int64_t u = 0; u < r->columns; u++) {
            const double y = r->y + ((double)i + ((double)v + 0.5) / (double)r->rows) * r->height;
            const double x = r->x + ((double)j + ((double)u + 0.5) / (double)r->columns) * r->width;
            struct corners c;
            if (!find_corners(&c, y, x, height, width)) {
                most = fmax(most, 0.0);
                continue;
            }
            for (int k = 0; k < 4; k++) {
                const double part = c.w[k] * (double)plane[c.at[k]];
                sum += part;
                most = fmax(most, part);
            }
        }
    return (float)(a->max ? most : sum / (double)(r->rows * r->columns));
}

static enum kaon_status run_roi_align(const struct kaon_step *step, const float *const *in,
                                      float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct kaon_roi *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *items = step->call.in[2],
                             *y = step->call.out[0];
    const size_t channels = (size_t)x->dims[1], plane = (size_t)(x->dims[2] * x->dims[3]);
    float *to = out[0];
    (void)scratch;
    for (int64_t r = 0; r < y->dims[0]; r++) {
        const int64_t item = kaon_element_int(items->type, items->data, r);
        const struct region region = region_of(a, in[1] + 4 * r);
        if (item < 0 || item >= x->dims[0])
            return kaon_own_fail(&step->call, msg, KAON_BAD_INPUT, "region %lld is of item %lld",
                                 (long long)r, (long long)item);
        for (size_t c = 0; c < channels; c++)
            for (int64_t i = 0; i < a->height * a->width; i++)
                *to++ = plane ? bin_of(a, &region, in[0] + ((size_t)item * channels + c) * plane,
                                       x->dims[2], x->dims[3], i / a->width, i % a->width)
                              : 0.0f;
    }
    return KAON_OK;
}

/* ---- MaxRoiPool ------------------------------------------------------------------------------ */

/* The pixels of bin i of n: at least one, unless that is outside. */
static void bin_range(int64_t i, int64_t n, int64_t start, int64_t size, int64_t limit,
                      int64_t *from, int64_t *to)
{
    const double bin = (double)size / (double)n;
    *from = (int64_t)floor((double)i * bin) + start;
    *to = (int64_t)ceil((double)(i + 1) * bin) + start;
    *from = *from < 0 ? 0 : *from > limit ? limit : *from;
    *to = *to < 0 ? 0 : *to > limit ? limit : *to;
}

static int64_t rounded(float x, float scale)
{
    const double v = round((double)x * (double)scale);
    return !(v > -0x1p30) ? -(1 << 30) : v > 0x1p30 ? 1 << 30 : (int64_t)v;
}

static float most_of(const float *plane, int64_t width, const int64_t *y, const int64_t *x)
{
    float most = -INFINITY;
    for (int64_t i = y[0]; i < y[1]; i++)
        for (int64_t j = x[0]; j < x[1]; j++)
            most = fmaxf(most, plane[i * width + j]);
    return y[0] < y[1] && x[0] < x[1] ? most : 0.0f;
}

static enum kaon_status run_max_roi(const struct kaon_step *step, const float *const *in,
                                    float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct kaon_roi *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    const size_t channels = (size_t)x->dims[1], plane = (size_t)(x->dims[2] * x->dims[3]);
    float *to = out[0];
    (void)scratch;
    for (int64_t r = 0; r < step->call.out[0]->dims[0]; r++) {
        const float *roi = in[1] + 5 * r;
        if (!(roi[0] >= 0.0f && roi[0] < (float)x->dims[0]))
            return kaon_own_fail(&step->call, msg, KAON_BAD_INPUT, "region %lld is of item %g",
                                 (long long)r, (double)roi[0]);
        const int64_t x0 = rounded(roi[1], a->scale), y0 = rounded(roi[2], a->scale);
        const int64_t w = rounded(roi[3], a->scale) - x0 + 1,
                      h = rounded(roi[4], a->scale) - y0 + 1;
        for (size_t c = 0; c < channels; c++)
            for (int64_t i = 0; i < a->height * a->width; i++) {
                int64_t rows[2], columns[2];
                bin_range(i / a->width, a->height, y0, h < 1 ? 1 : h, x->dims[2], rows, rows + 1);
                bin_range(i % a->width, a->width, x0, w < 1 ? 1 : w, x->dims[3], columns,
                          columns + 1);
                *to++ = most_of(in[0] + ((size_t)roi[0] * channels + c) * plane, x->dims[3], rows,
                                columns);
            }
    }
    return KAON_OK;
}

static enum kaon_status prepare_roi(struct kaon_step *step, struct kaon_arena *memory,
                                    struct kaon_msg *msg)
{
    struct kaon_wide *w = kaon_own_args(step, memory, sizeof *w, msg);
    const bool align = step->call.op->kind == KAON_OP_roi_align;
    if (!w)
        return KAON_NO_MEMORY;
    w->others = align ? 4 : 0;
    return kaon_wide_prepare(step, w, align ? run_roi_align : run_max_roi, 0, msg);
}

const struct kaon_own kaon_own_roi_align = { .prepare = prepare_roi };
const struct kaon_own kaon_own_max_roi_pool = { .prepare = prepare_roi };

/* ---- MaxUnpool ------------------------------------------------------------------------------- */

/* The indices are those of the picture that would have no given shape: of a larger one, row and column stay. */
static enum kaon_status run_unpool(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_window *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *index = step->call.in[1],
                             *y = step->call.out[0];
    const size_t bytes = kaon_type_bytes(x->type), n = kaon_own_count(x), all = kaon_own_count(y);
    int64_t dims[KAON_MAX_RANK];
    for (int32_t k = 0; k < x->rank; k++) {
        const int64_t stride = k >= 2 && a->n_strides > k - 2 ? a->strides[k - 2] : 1;
        const int64_t pads = k >= 2 && a->n_pads == 2 * a->n_kernel
                                 ? a->pads[k - 2] + a->pads[k - 2 + a->n_kernel]
                                 : 0;
        dims[k] = k < 2 ? x->dims[k] : (x->dims[k] - 1) * stride + a->kernel[k - 2] - pads;
    }
    if (all)
        memset(y->data, 0, all * bytes);
    for (size_t i = 0; i < n; i++) {
        int64_t rest = kaon_element_int(index->type, index->data, (int64_t)i), off = 0, step_k = 1;
        bool fits = rest >= 0;
        for (int32_t k = x->rank - 1; k >= 0 && fits; k--) {
            const int64_t c = k > 0 ? rest % dims[k] : rest;
            rest = k > 0 ? rest / dims[k] : 0;
            fits = c < y->dims[k];
            off += c * step_k;
            step_k *= y->dims[k];
        }
        if (!fits)
            return kaon_own_fail(&step->call, msg, KAON_BAD_INPUT,
                                 "index %lld is outside the output",
                                 (long long)kaon_element_int(index->type, index->data, (int64_t)i));
        memcpy((char *)y->data + (size_t)off * bytes, (const char *)x->data + i * bytes, bytes);
    }
    return KAON_OK;
}

static enum kaon_status prepare_unpool(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    const struct kaon_window *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *index = step->call.in[1];
    (void)memory;
    if (index->type != KAON_I64)
        return kaon_own_no_type(&step->call, index->type, msg);
    if (!kaon_same_shape(x, index))
        return kaon_own_fail(&step->call, msg, KAON_BAD_INPUT, "indices of another shape");
    for (int32_t k = 0; k < x->rank - 2; k++) {
        const int64_t stride = a->n_strides > k ? a->strides[k] : 1;
        const int64_t pads =
            a->n_pads == 2 * a->n_kernel ? a->pads[k] + a->pads[k + a->n_kernel] : 0;
        if (x->dims[k + 2] > 0 && (x->dims[k + 2] - 1) * stride + a->kernel[k] - pads < 1)
            return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL, "the output would be empty");
    }
    step->run = run_unpool;
    return KAON_OK;
}

const struct kaon_own kaon_own_max_unpool = { .prepare = prepare_unpool };
