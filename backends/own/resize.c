/* Resize, Upsample. Along each axis an output index is a weighted sum of input indices (one for the
 * nearest); an output element is the sum over the product of its axes' weights. The weights come from
 * scales, sizes and regions that may be inputs, so they are made when running, in double by plain
 * arithmetic, which is the same everywhere. */
#include "backends/own/wide.h"

#include <math.h>
#include <string.h>

/* Of one axis: output index j takes `count` taps from tap j * room on. */
struct axis {
    int64_t in, out;
    size_t room, count;
    bool plain; /* every index is itself */
    int64_t *index;
    float *weight;
    bool *outside; /* of each output index: beyond the region */
};

struct resize {
    struct kaon_wide wide; /* first */
    size_t bytes;          /* of the tables, in front of the scratch */
    size_t room[KAON_MAX_RANK];
};

/* What the numbers of one axis are. */
struct scaling {
    double scale, start, end;
};

static struct scaling scaling_of(const struct kaon_call *call, int32_t axis)
{
    const struct kaon_resize *a = call->attr;
    const struct kaon_tensor *x = call->in[0], *y = call->out[0];
    const struct kaon_tensor *scales =
        a->scales_in < 0 ? NULL : kaon_own_in(call, (size_t)a->scales_in);
    const struct kaon_tensor *sizes =
        a->sizes_in < 0 ? NULL : kaon_own_in(call, (size_t)a->sizes_in);
    const struct kaon_tensor *roi = a->roi_in < 0 ? NULL : kaon_own_in(call, (size_t)a->roi_in);
    const int32_t n = a->n_axes < 0 ? x->rank : a->n_axes;
    struct scaling s = { (double)y->dims[axis] / (double)x->dims[axis], 0.0, 1.0 };
    double ratio = a->policy == KAON_RESIZE_NOT_LARGER ? (double)INFINITY : 0.0;
    int32_t at = -1;
    for (int32_t i = 0; i < n; i++) {
        const int32_t k = a->n_axes < 0 ? i : kaon_own_axis(a->axes[i], x->rank);
        at = k == axis ? i : at;
        if (!sizes || kaon_own_count(sizes) == 0)
            continue;
        const double own =
            (double)kaon_element_int(sizes->type, sizes->data, i) / (double)x->dims[k];
        if (a->policy == KAON_RESIZE_NOT_LARGER ? own < ratio : own > ratio)
            ratio = own;
    }
    if (at < 0)
        return (struct scaling){ 1.0, 0.0, 1.0 };
    if (a->n_scales >= 0)
        s.scale = (double)a->scales[at];
    else if (scales && kaon_own_count(scales) > (size_t)at)
        s.scale = kaon_element_double(scales->type, scales->data, at);
    else if (a->policy != KAON_RESIZE_STRETCH)
        s.scale = ratio;
    if (roi && kaon_own_count(roi) == 2 * (size_t)n) {
        s.start = kaon_element_double(roi->type, roi->data, at);
        s.end = kaon_element_double(roi->type, roi->data, at + n);
    }
    return s;
}

/* Where output index j lies in the input. */
static double source(const struct kaon_resize *a, const struct scaling *s, int64_t in, int64_t out,
                     int64_t j)
{
    const double x = (double)j, wide = s->scale * (double)in; /* the output's length, unrounded */
    switch (a->at) {
    case KAON_RESIZE_HALF_PIXEL_SYMMETRIC:
        return (double)in / 2.0 * (1.0 - (double)out / wide) + (x + 0.5) / s->scale - 0.5;
    case KAON_RESIZE_PYTORCH_HALF_PIXEL:
        return out > 1 ? (x + 0.5) / s->scale - 0.5 : 0.0;
    case KAON_RESIZE_ALIGN_CORNERS:
        return wide == 1.0 ? 0.0 : x * (double)(in - 1) / (wide - 1.0);
    case KAON_RESIZE_ASYMMETRIC:
        return x / s->scale;
    case KAON_RESIZE_TF_HALF_PIXEL:
        return (x + 0.5) / s->scale;
    case KAON_RESIZE_TF_CROP:
        return out > 1 ? (s->start + x * (s->end - s->start) / (double)(out - 1)) * (double)(in - 1)
                       : 0.5 * (s->start + s->end) * (double)(in - 1);
    default:
        return (x + 0.5) / s->scale - 0.5;
    }
}

static int64_t nearest(enum kaon_resize_nearest how, double scale, double x)
{
    switch (how) {
    case KAON_NEAREST_PREFER_FLOOR:
        return (int64_t)ceil(x - 0.5);
    case KAON_NEAREST_PREFER_CEIL:
        return (int64_t)floor(x + 0.5);
    case KAON_NEAREST_FLOOR:
        return (int64_t)floor(x);
    case KAON_NEAREST_SIMPLE:
        return (int64_t)(scale < 1.0 ? ceil(x) : floor(x));
    default:
        return (int64_t)ceil(x);
    }
}

/* R. Keys, "Cubic convolution interpolation for digital image processing", 1981. */
static double cubic(double a, double d)
{
    d = fabs(d);
    if (d <= 1.0)
        return ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0;
    return d < 2.0 ? ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a : 0.0;
}

static int64_t clamp(int64_t i, int64_t n)
{
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}

/* Taps around x: a triangle or a cubic, widened by 1 / scale against aliasing. */
static void weigh(const struct kaon_resize *a, struct axis *t, double scale, double x, int64_t j)
{
    const double reach = a->mode == KAON_RESIZE_CUBIC ? 2.0 : 1.0;
    const double by = a->antialias && scale < 1.0 ? scale : 1.0;
    const bool whole = x == floor(x); /* then the left neighbour counts as the nearer one */
    const int64_t left = (int64_t)floor(x) - whole, first = (int64_t)floor(-reach / by) + 1;
    double weight, sum = 0.0;
    size_t n = (size_t)(2 - 2 * first);
    n = n > t->room ? t->room : n;
    for (size_t i = 0; i < n; i++) {
        const int64_t at = left + first + (int64_t)i;
        const double d = ((double)at - x) * by;
        weight = reach == 2.0 ? cubic((double)a->cubic, d) : fmax(0.0, 1.0 - fabs(d));
        if (a->exclude_outside && (at < 0 || at >= t->in))
            weight = 0.0;
        sum += weight;
        t->index[(size_t)j * t->room + i] = clamp(at, t->in);
        t->weight[(size_t)j * t->room + i] = (float)weight;
    }
    if (a->exclude_outside || by != 1.0)
        for (size_t i = 0; i < n; i++)
            t->weight[(size_t)j * t->room + i] =
                (float)((double)t->weight[(size_t)j * t->room + i] / sum);
    t->count = n;
}

static void fill_axis(const struct kaon_call *call, struct axis *t, int32_t axis)
{
    const struct kaon_resize *a = call->attr;
    const struct scaling s = scaling_of(call, axis);
    t->count = 1;
    t->plain = t->in == t->out && s.scale == 1.0 && s.start == 0.0 && s.end == 1.0;
    for (int64_t j = 0; j < t->out; j++) {
        double x = t->plain ? (double)j : source(a, &s, t->in, t->out, j);
        t->outside[j] =
            a->at == KAON_RESIZE_TF_CROP && !t->plain && (x < 0.0 || x > (double)(t->in - 1));
        x = x > -0x1p40 && x < 0x1p40 ? x : 0.0;
        if (t->plain || a->mode == KAON_RESIZE_NEAREST) {
            t->index[(size_t)j * t->room] =
                clamp(t->plain ? j : nearest(a->nearest, s.scale, x), t->in);
            t->weight[(size_t)j * t->room] = 1.0f;
        } else {
            weigh(a, t, s.scale, x, j);
        }
    }
}

static void fill(const struct kaon_step *step, struct axis *axes)
{
    const struct resize *p = step->args;
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    char *room = step->scratch;
    for (int32_t k = 0; k < x->rank; k++) {
        const size_t n = (size_t)y->dims[k] * p->room[k];
        struct axis *t = &axes[k];
        *t = (struct axis){ .in = x->dims[k], .out = y->dims[k], .room = p->room[k] };
        t->index = (int64_t *)(void *)room;
        t->weight = (float *)(void *)(room + n * sizeof(int64_t));
        t->outside = (bool *)(room + n * (sizeof(int64_t) + sizeof(float)));
        room += (n * (sizeof(int64_t) + sizeof(float)) + (size_t)y->dims[k] + 7) / 8 * 8;
        fill_axis(&step->call, t, k);
    }
}

/* The weighted sum over axes k and up at output index `at`. */
static float gather(const struct axis *axes, int32_t rank, int32_t k, const int64_t *at,
                    const float *x, int64_t offset)
{
    if (k == rank)
        return x[offset];
    const struct axis *t = &axes[k];
    const size_t from = (size_t)at[k] * t->room;
    float sum = 0.0f;
    for (size_t i = 0; i < t->count; i++)
        sum += t->weight[from + i] *
               gather(axes, rank, k + 1, at, x, offset * t->in + t->index[from + i]);
    return sum;
}

static bool next(const struct axis *axes, int32_t rank, int64_t *at)
{
    for (int32_t k = rank - 1; k >= 0; k--) {
        if (++at[k] < axes[k].out)
            return true;
        at[k] = 0;
    }
    return false;
}

static bool is_outside(const struct axis *axes, int32_t rank, const int64_t *at)
{
    bool outside = false;
    for (int32_t k = 0; k < rank; k++)
        outside |= axes[k].outside[at[k]];
    return outside;
}

static enum kaon_status run_sum(const struct kaon_step *step, const float *const *in,
                                float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct kaon_resize *a = step->call.attr;
    const int32_t rank = step->call.in[0]->rank;
    struct axis axes[KAON_MAX_RANK];
    int64_t at[KAON_MAX_RANK] = { 0 };
    float *y = out[0];
    (void)scratch;
    (void)msg;
    if (kaon_own_count(step->call.out[0]) == 0)
        return KAON_OK;
    fill(step, axes);
    do
        *y++ = is_outside(axes, rank, at) ? a->extrapolation : gather(axes, rank, 0, at, in[0], 0);
    while (next(axes, rank, at));
    return KAON_OK;
}

/* The nearest element, of any type. */
static enum kaon_status run_nearest(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0];
    const size_t bytes = kaon_type_bytes(x->type);
    const int32_t rank = x->rank;
    struct axis axes[KAON_MAX_RANK];
    int64_t at[KAON_MAX_RANK] = { 0 };
    char *y = step->call.out[0]->data;
    (void)msg;
    if (kaon_own_count(step->call.out[0]) == 0)
        return KAON_OK;
    fill(step, axes);
    do {
        int64_t offset = 0;
        for (int32_t k = 0; k < rank; k++)
            offset = offset * axes[k].in + axes[k].index[(size_t)at[k] * axes[k].room];
        memcpy(y, (const char *)x->data + (size_t)offset * bytes, bytes);
        y += bytes;
    } while (next(axes, rank, at));
    return KAON_OK;
}

static enum kaon_status prepare_resize(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    const struct kaon_resize *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    struct resize *p = kaon_own_args(step, memory, sizeof *p, msg);
    if (!p)
        return KAON_NO_MEMORY;
    for (int32_t k = 0; k < x->rank; k++) {
        p->room[k] = a->mode == KAON_RESIZE_NEAREST ? 1 : 4;
        if (a->antialias && y->dims[k] > 0 &&
            y->dims[k] < x->dims[k]) /* 2 reach / scale and the ends */
            p->room[k] = 4 * (size_t)(x->dims[k] / y->dims[k] + 2) + 2;
        const size_t n = (size_t)y->dims[k] * p->room[k];
        p->bytes += (n * (sizeof(int64_t) + sizeof(float)) + (size_t)y->dims[k] + 7) / 8 * 8;
    }
    if (a->mode == KAON_RESIZE_NEAREST && a->at != KAON_RESIZE_TF_CROP) {
        step->run = run_nearest;
        return kaon_own_scratch(step, 1, p->bytes, msg);
    }
    p->wide.others = ~1u;
    return kaon_wide_prepare(step, &p->wide, run_sum, p->bytes, msg);
}

const struct kaon_own kaon_own_resize = { .prepare = prepare_resize };
const struct kaon_own kaon_own_upsample = { .prepare = prepare_resize };
