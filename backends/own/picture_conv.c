/* DeformConv: a convolution whose taps are moved by offsets, read between pixels. X. Zhu and others,
 * arXiv:1811.11168. */
#include "backends/own/wide.h"

#include <math.h>

struct deform {
    struct kaon_wide wide; /* first */
    struct kaon_placed p;
    size_t channels, outputs, group_in, group_out, offset_channels;
};

enum { WEIGHTS = 1, OFFSETS, BIAS, MASK };

/* Between the four pixels around (y, x); those outside are 0. */
static float between(const float *plane, int64_t height, int64_t width, double y, double x)
{
    const double y0 = floor(y), x0 = floor(x);
    double sum = 0.0;
    if (!(y > -1.0 && y < (double)height && x > -1.0 && x < (double)width))
        return 0.0f;
    for (int k = 0; k < 4; k++) {
        const int64_t r = (int64_t)y0 + k / 2, c = (int64_t)x0 + k % 2;
        const double w = (1.0 - fabs(y - (double)r)) * (1.0 - fabs(x - (double)c));
        if (r >= 0 && r < height && c >= 0 && c < width)
            sum += w * (double)plane[r * width + c];
    }
    return (float)sum;
}

/* The input under tap t of the window at output pixel i. */
static float tap(const struct deform *d, const float *const *in, size_t b, size_t c, size_t t,
                 size_t i)
{
    const struct kaon_placed *p = &d->p;
    const size_t taps = (size_t)(p->kernel[0] * p->kernel[1]);
    const size_t pixels = (size_t)(p->out[0] * p->out[1]),
                 groups = d->channels / d->offset_channels;
    const size_t at = (b * groups + c / d->offset_channels) * taps + t;
    const float *offset = in[OFFSETS] + 2 * at * pixels + i;
    const int64_t row = (int64_t)i / p->out[1], column = (int64_t)i % p->out[1];
    const int64_t u = (int64_t)t / p->kernel[1], v = (int64_t)t % p->kernel[1];
    const double y =
        (double)(row * p->stride[0] - p->begin[0] + u * p->dilation[0]) + (double)offset[0];
    const double x =
        (double)(column * p->stride[1] - p->begin[1] + v * p->dilation[1]) + (double)offset[pixels];
    const float *plane = in[0] + (b * d->channels + c) * (size_t)(p->in[0] * p->in[1]);
    return between(plane, p->in[0], p->in[1], y, x) * (in[MASK] ? in[MASK][at * pixels + i] : 1.0f);
}

static enum kaon_status run_deform(const struct kaon_step *step, const float *const *in,
                                   float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct deform *d = step->args;
    const size_t taps = (size_t)(d->p.kernel[0] * d->p.kernel[1]);
    const size_t pixels = (size_t)(d->p.out[0] * d->p.out[1]);
    const size_t batch = (size_t)step->call.out[0]->dims[0];
    float *column = scratch; /* [channels][taps] of one pixel */
    (void)msg;
    for (size_t b = 0; b < batch; b++)
        for (size_t i = 0; i < pixels; i++) {
            for (size_t c = 0; c < d->channels; c++)
                for (size_t t = 0; t < taps; t++)
                    column[c * taps + t] = tap(d, in, b, c, t, i);
            for (size_t o = 0; o < d->outputs; o++) {
                const float *w = in[WEIGHTS] + o * d->group_in * taps;
                const float *x = column + o / d->group_out * d->group_in * taps;
                float sum = in[BIAS] ? in[BIAS][o] : 0.0f;
                for (size_t k = 0; k < d->group_in * taps; k++)
                    sum = fmaf(w[k], x[k], sum);
                out[0][(b * d->outputs + o) * pixels + i] = sum;
            }
        }
    return KAON_OK;
}

static enum kaon_status prepare_deform(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    const struct kaon_deform *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *w = step->call.in[WEIGHTS];
    struct deform *d = kaon_own_args(step, memory, sizeof *d, msg);
    size_t floats, bytes;
    if (!d)
        return KAON_NO_MEMORY;
    const enum kaon_status st = kaon_window_place(&a->window, 2, x->dims + 2, w->dims + 2, false,
                                                  step->call.op->name, &d->p, msg);
    if (st != KAON_OK)
        return st;
    d->channels = (size_t)x->dims[1];
    d->outputs = (size_t)w->dims[0];
    d->group_in = d->channels / (size_t)a->window.group;
    d->group_out = d->outputs / (size_t)a->window.group;
    d->offset_channels = d->channels / (size_t)a->offset_group;
    if (!kaon_mul(&floats, d->channels, (size_t)(w->dims[2] * w->dims[3])) ||
        !kaon_mul(&bytes, floats, sizeof(float)))
        return kaon_own_fail(&step->call, msg, KAON_OVER_LIMIT, "its scratch is too large");
    return kaon_wide_prepare(step, &d->wide, run_deform, bytes, msg);
}

const struct kaon_own kaon_own_deform_conv = { .prepare = prepare_deform };
