/* Conv and pooling of one or two spatial axes. XNNPACK wants channels last, ONNX has them second: the
 * image is moved into scratch and the result back. */
#include "backends/xnnpack/xnnpack.h"

#include <stdlib.h>

/* Window i as XNNPACK counts: height, then width; an image of one axis has height 1. */
static uint32_t along(const struct kaon_placed *p, const int64_t *what, size_t i, int64_t otherwise)
{
    const int32_t at = p->n == 2 ? (int32_t)i : (int32_t)i - 1;
    return (uint32_t)(at < 0 ? otherwise : what[at]);
}

/* True if XNNPACK would make an output of the same size: it rounds down and pads as told. */
static bool same_size(const struct kaon_placed *p)
{
    for (int32_t i = 0; i < p->n; i++) {
        const int64_t span = p->dilation[i] * (p->kernel[i] - 1) + 1;
        const int64_t padded = p->in[i] + p->begin[i] + p->end[i];
        if (p->begin[i] < 0 || p->end[i] < 0 || padded < span ||
            (padded - span) / p->stride[i] + 1 != p->out[i])
            return false;
    }
    return true;
}

static const char *place_window(const struct kaon_call *call, const int64_t *kernel,
                                struct kaon_xnn_step *s)
{
    const struct kaon_tensor *x = call->in[0], *y = call->out[0];
    if (x->rank < 3 || x->rank > 4)
        return "not one or two spatial axes";
    if (kaon_window_place(call->attr, x->rank - 2, x->dims + 2, kernel, false, call->op->name,
                          &s->at, NULL) != KAON_OK)
        return "a window that does not fit";
    if (!same_size(&s->at))
        return "windows that are cut off at the end";
    s->batch = (size_t)x->dims[0];
    s->channels_in = (size_t)x->dims[1];
    s->channels_out = (size_t)y->dims[1];
    s->swaps = true;
    s->made_for[0] = along(&s->at, s->at.in, 0, 1);
    s->made_for[1] = along(&s->at, s->at.in, 1, 1);
    s->n_in = 1;
    return NULL;
}

static size_t image(const struct kaon_placed *p, const int64_t *lengths)
{
    size_t n = 1;
    for (int32_t i = 0; i < p->n; i++)
        n *= (size_t)lengths[i];
    return n;
}

/* ---- Conv ------------------------------------------------------------------------------------ */

static const char *place_conv(const struct kaon_call *call, struct kaon_xnn_step *s)
{
    const struct kaon_window *a = call->attr;
    const struct kaon_tensor *w = call->in[1];
    if (!kaon_xnn_constant(call, 1) || (kaon_xnn_in(call, 2) && !kaon_xnn_constant(call, 2)))
        return "weights that a run computes";
    if (w->rank < 3)
        return "not one or two spatial axes";
    s->groups = (size_t)a->group;
    return place_window(call, w->dims + 2, s);
}

/* Weights (out, in, taps) as (out, taps, in). The memory is XNNPACK's only while it packs them. */
static enum xnn_status create_conv(const struct kaon_xnn *xnn, const struct kaon_call *call,
                                   const struct kaon_xnn_step *s, xnn_operator_t *op)
{
    const struct kaon_placed *p = &s->at;
    const size_t in = s->channels_in / s->groups, out = s->channels_out / s->groups;
    const size_t taps = image(p, p->kernel), one = in * taps;
    uint32_t *w = malloc(s->channels_out * one * sizeof *w);
    if (!w)
        return xnn_status_out_of_memory;
    const uint32_t *from = (const uint32_t *)(const void *)kaon_xnn_constant(call, 1);
    for (size_t i = 0; i < s->channels_out; i++)
        call->kernels->transpose_32(w + i * one, from + i * one, in, taps, taps, in);
    const enum xnn_status st = xnn->create_convolution2d_nhwc_f32(
        along(p, p->begin, 0, 0), along(p, p->end, 1, 0), along(p, p->end, 0, 0),
        along(p, p->begin, 1, 0), along(p, p->kernel, 0, 1), along(p, p->kernel, 1, 1),
        along(p, p->stride, 0, 1), along(p, p->stride, 1, 1), along(p, p->dilation, 0, 1),
        along(p, p->dilation, 1, 1), (uint32_t)s->groups, in, out, s->channels_in, s->channels_out,
        (const float *)(const void *)w, kaon_xnn_constant(call, 2), s->low, s->high, 0, op);
    free(w);
    return st;
}

static enum xnn_status setup_conv(const struct kaon_xnn *xnn, const struct kaon_call *call,
                                  const struct kaon_xnn_step *s, const float *const *in, float *out)
{
    (void)call;
    return xnn->setup_convolution2d_nhwc_f32(s->op->op, s->batch, s->made_for[0], s->made_for[1],
                                             in[0], out, NULL);
}

const struct kaon_xnn_family kaon_xnn_conv = {
    .kernel = "xnnpack convolution",
    .place = place_conv,
    .create = create_conv,
    .setup = setup_conv,
};

/* ---- MaxPool, AveragePool -------------------------------------------------------------------- */

static const char *place_pool(const struct kaon_call *call, struct kaon_xnn_step *s)
{
    const struct kaon_window *a = call->attr;
    const bool max = call->op->kind == KAON_OP_max_pool;
    if (call->n_out > 1 && call->out[1])
        return "indices of the largest";
    if (a->n_kernel != call->in[0]->rank - 2)
        return "not one or two spatial axes";
    const char *why = place_window(call, a->kernel, s);
    if (why)
        return why;
    if (image(&s->at, s->at.kernel) < 2)
        return "a window of one element";
    for (int32_t i = 0; i < s->at.n; i++) {
        if (!max && s->at.dilation[i] != 1)
            return "a dilated average";
        if (!max && a->count_include_pad && s->at.begin[i] + s->at.end[i])
            return "an average that counts the padding";
    }
    return NULL;
}

static enum xnn_status create_pool(const struct kaon_xnn *xnn, const struct kaon_call *call,
                                   const struct kaon_xnn_step *s, xnn_operator_t *op)
{
    const struct kaon_placed *p = &s->at;
    const uint32_t top = along(p, p->begin, 0, 0), right = along(p, p->end, 1, 0);
    const uint32_t bottom = along(p, p->end, 0, 0), left = along(p, p->begin, 1, 0);
    const uint32_t height = along(p, p->kernel, 0, 1), width = along(p, p->kernel, 1, 1);
    const uint32_t down = along(p, p->stride, 0, 1), across = along(p, p->stride, 1, 1);
    const size_t c = s->channels_in;
    if (call->op->kind == KAON_OP_max_pool)
        return xnn->create_max_pooling2d_nhwc_f32(
            top, right, bottom, left, height, width, down, across, along(p, p->dilation, 0, 1),
            along(p, p->dilation, 1, 1), c, c, c, s->low, s->high, 0, op);
    return xnn->create_average_pooling2d_nhwc_f32(top, right, bottom, left, height, width, down,
                                                  across, c, c, c, s->low, s->high, 0, op);
}

static enum xnn_status setup_pool(const struct kaon_xnn *xnn, const struct kaon_call *call,
                                  const struct kaon_xnn_step *s, const float *const *in, float *out)
{
    __typeof__(&xnn_setup_max_pooling2d_nhwc_f32) setup =
        call->op->kind == KAON_OP_max_pool ? xnn->setup_max_pooling2d_nhwc_f32
                                           : xnn->setup_average_pooling2d_nhwc_f32;
    return setup(s->op->op, s->batch, s->made_for[0], s->made_for[1], in[0], out, NULL);
}

const struct kaon_xnn_family kaon_xnn_pool = {
    .kernel = "xnnpack pooling",
    .place = place_pool,
    .create = create_pool,
    .setup = setup_pool,
};

/* ---- GlobalAveragePool: channels stay where they are ------------------------------------------- */

static const char *place_mean(const struct kaon_call *call, struct kaon_xnn_step *s)
{
    const struct kaon_tensor *x = call->in[0];
    if (x->rank < 3)
        return "no spatial axis";
    s->batch = (size_t)x->dims[0];
    s->channels_in = (size_t)x->dims[1];
    s->n = kaon_xnn_count(x, 2, x->rank);
    s->n_in = 1;
    return NULL;
}

static enum xnn_status create_mean(const struct kaon_xnn *xnn, const struct kaon_call *call,
                                   const struct kaon_xnn_step *s, xnn_operator_t *op)
{
    (void)call;
    return xnn->create_global_average_pooling_ncw_f32(s->channels_in, s->low, s->high, 0, op);
}

static enum xnn_status setup_mean(const struct kaon_xnn *xnn, const struct kaon_call *call,
                                  const struct kaon_xnn_step *s, const float *const *in, float *out)
{
    (void)call;
    return xnn->setup_global_average_pooling_ncw_f32(s->op->op, s->batch, s->n, in[0], out, NULL);
}

const struct kaon_xnn_family kaon_xnn_mean = {
    .kernel = "xnnpack mean",
    .place = place_mean,
    .create = create_mean,
    .setup = setup_mean,
};
