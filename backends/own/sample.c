/* GridSample, AffineGrid. */
#include "backends/own/convert.h"
#include "backends/own/wide.h"

#include <math.h>

enum { AXES = KAON_SPATIAL + 1 }; /* one more than there are, which the compiler cannot tell */

/* ---- GridSample ------------------------------------------------------------------------------ */

/* A plane of the input, its axes first to last, and how it is read. */
struct plane {
    const struct kaon_grid_sample *attr;
    const float *at;
    int32_t axes;
    int64_t length[AXES];
};

/* Where coordinate -1 .. 1 lies among the indices of an axis. */
static double place(const struct plane *p, double x, int64_t length)
{
    const double n = (double)length;
    return p->attr->align_corners ? (x + 1.0) / 2.0 * (n - 1.0) : ((x + 1.0) * n - 1.0) / 2.0;
}

/* Mirrored at both ends as often as it takes. */
static double reflect(const struct plane *p, double x, int64_t length)
{
    const double low = p->attr->align_corners ? 0.0 : -0.5;
    const double high = (double)length - (p->attr->align_corners ? 1.0 : 0.5), span = high - low;
    if (span <= 0.0 || !isfinite(x))
        return 0.0;
    const double beyond = x < low ? low - x : x > high ? x - high : -1.0;
    if (beyond < 0.0)
        return x;
    const double turns = floor(beyond / span), rest = beyond - turns * span;
    const bool even = fmod(turns, 2.0) == 0.0;
    return (x < low) == even ? low + rest : high - rest;
}

/* The index that index x stands for; -1: none, its value is 0. */
static int64_t index_of(const struct plane *p, double x, int64_t length)
{
    if (p->attr->pad == KAON_SAMPLE_REFLECTION)
        x = rint(reflect(p, x, length));
    if (p->attr->pad != KAON_SAMPLE_ZEROS)
        x = !(x > 0.0) ? 0.0 : x > (double)(length - 1) ? (double)(length - 1) : x;
    return x >= 0.0 && x < (double)length ? (int64_t)x : -1;
}

/* R. Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -0.75. */
static void cubic(double t, double *w)
{
    const double a = -0.75, x[] = { 1.0 + t, t, 1.0 - t, 2.0 - t };
    for (int i = 0; i < 4; i++)
        w[i] = i == 1 || i == 2 ? ((a + 2.0) * x[i] - (a + 3.0)) * x[i] * x[i] + 1.0
                                : ((a * x[i] - 5.0 * a) * x[i] + 8.0 * a) * x[i] - 4.0 * a;
}

/* Taps of one axis around x: first index and weights. */
static int taps(const struct plane *p, double x, double *first, double *w)
{
    *first = floor(x);
    if (p->attr->mode == KAON_SAMPLE_NEAREST) {
        *first = rint(x);
        w[0] = 1.0;
        return 1;
    }
    if (p->attr->mode == KAON_SAMPLE_LINEAR) {
        w[1] = x - *first;
        w[0] = 1.0 - w[1];
        return 2;
    }
    cubic(x - *first, w);
    *first -= 1.0;
    return 4;
}

/* Index and weights of all taps of one point, for all channels. */
struct point {
    int n[AXES];
    int64_t index[AXES][4];
    double weight[AXES][4];
};

static void find(const struct plane *p, const float *grid, struct point *at)
{
    for (int32_t k = 0; k < p->axes; k++) {
        const int64_t length = p->length[k];
        double x = place(p, (double)grid[p->axes - 1 - k], length), first;
        const double low = p->attr->align_corners ? 0.0 : -0.5;
        if (p->attr->mode == KAON_SAMPLE_NEAREST)
            x = rint(x);
        if (x < low || x > (double)(length - 1) - low) {
            if (p->attr->pad == KAON_SAMPLE_BORDER)
                x = fmin(fmax(x, 0.0), (double)(length - 1));
            else if (p->attr->pad == KAON_SAMPLE_REFLECTION)
                x = reflect(p, x, length);
        }
        at->n[k] = taps(p, x, &first, at->weight[k]);
        for (int i = 0; i < at->n[k]; i++)
            at->index[k][i] = index_of(p, first + (double)i, length);
    }
}

/* The product of the taps of the axes from k on. */
static double gather(const struct plane *p, const struct point *at, int32_t k, int64_t base)
{
    double sum = 0.0;
    if (k == p->axes)
        return (double)p->at[base];
    for (int i = 0; i < at->n[k]; i++)
        if (at->index[k][i] >= 0)
            sum += at->weight[k][i] * gather(p, at, k + 1, base * p->length[k] + at->index[k][i]);
    return sum;
}

static enum kaon_status run_sample(const struct kaon_step *step, const float *const *in,
                                   float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    struct plane p = { .attr = step->call.attr, .axes = x->rank - 2 };
    const size_t channels = (size_t)x->dims[1], plane = kaon_own_product(x, 2, x->rank);
    const size_t points = kaon_own_product(y, 2, y->rank);
    struct point at;
    (void)scratch, (void)msg;
    for (int32_t k = 0; k < p.axes; k++)
        p.length[k] = x->dims[k + 2];
    for (size_t b = 0; b < (size_t)x->dims[0]; b++)
        for (size_t i = 0; i < points; i++) {
            find(&p, in[1] + (b * points + i) * (size_t)p.axes, &at);
            for (size_t c = 0; c < channels; c++) {
                p.at = in[0] + (b * channels + c) * plane;
                out[0][(b * channels + c) * points + i] = plane ? (float)gather(&p, &at, 0, 0) : 0;
            }
        }
    return KAON_OK;
}

static enum kaon_status prepare_sample(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    struct kaon_wide *w = kaon_own_args(step, memory, sizeof *w, msg);
    return w ? kaon_wide_prepare(step, w, run_sample, 0, msg) : KAON_NO_MEMORY;
}

const struct kaon_own kaon_own_grid_sample = { .prepare = prepare_sample };

/* ---- AffineGrid ------------------------------------------------------------------------------ */

/* Coordinate of index i: the middles of n cells, or n points from end to end. */
static double coordinate(int64_t i, int64_t n, bool align_corners)
{
    if (align_corners)
        return n > 1 ? -1.0 + 2.0 * (double)i / (double)(n - 1) : -1.0;
    return -1.0 + (2.0 * (double)i + 1.0) / (double)n;
}

static enum kaon_status run_affine(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_grid_sample *a = step->call.attr;
    const struct kaon_tensor *theta = step->call.in[0], *y = step->call.out[0];
    const int32_t axes = y->rank - 2;
    const size_t points = kaon_own_product(y, 1, y->rank - 1);
    (void)msg;
    for (size_t i = 0; i < (size_t)y->dims[0] * points; i++) {
        size_t rest = i % points;
        double x[AXES];
        for (int32_t k = axes - 1; k >= 0; k--) {
            const size_t n = (size_t)y->dims[k + 1];
            x[axes - 1 - k] = coordinate((int64_t)(rest % n), (int64_t)n, a->align_corners);
            rest /= n;
        }
        for (int32_t r = 0; r < axes; r++) {
            const int64_t row = ((int64_t)(i / points) * axes + r) * (axes + 1);
            double sum = kaon_element_double(theta->type, theta->data, row + axes);
            for (int32_t k = 0; k < axes; k++)
                sum += kaon_element_double(theta->type, theta->data, row + k) * x[k];
            kaon_put_double(y->type, y->data, i * (size_t)axes + (size_t)r, sum);
        }
    }
    return KAON_OK;
}

static enum kaon_status prepare_affine(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    const enum kaon_type type = step->call.in[0]->type;
    (void)memory;
    if (!kaon_type_is_float(type))
        return kaon_own_no_type(&step->call, type, msg);
    step->run = run_affine;
    return KAON_OK;
}

const struct kaon_own kaon_own_affine_grid = { .prepare = prepare_affine };
