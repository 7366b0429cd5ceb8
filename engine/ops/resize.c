/* Resize, Upsample. */
#include "engine/ops/ops.h"

#include <math.h>
#include <string.h>

static void read_resize(struct kaon_attr_reader *r, void *attr)
{
    static const char *const modes[] = { "nearest", "linear", "cubic" };
    static const char *const ats[] = { "half_pixel",         "half_pixel_symmetric",
                                       "pytorch_half_pixel", "align_corners",
                                       "asymmetric",         "tf_half_pixel_for_nn",
                                       "tf_crop_and_resize" };
    static const char *const nearest[] = { "round_prefer_floor", "round_prefer_ceil", "floor",
                                           "ceil" };
    static const char *const policies[] = { "stretch", "not_larger", "not_smaller" };
    struct kaon_resize *a = attr;
    const bool old = r->opset < 11; /* two inputs; no choice of coordinates */
    a->mode = (enum kaon_resize_mode)kaon_attr_word(r, "mode", 0, modes, 3);
    a->at = (enum kaon_resize_at)kaon_attr_word(r, "coordinate_transformation_mode",
                                                old ? KAON_RESIZE_ASYMMETRIC : 0, ats, 7);
    a->nearest = (enum kaon_resize_nearest)kaon_attr_word(
        r, "nearest_mode", old ? KAON_NEAREST_SIMPLE : 0, nearest, 4);
    a->policy =
        (enum kaon_resize_policy)kaon_attr_word(r, "keep_aspect_ratio_policy", 0, policies, 3);
    a->antialias = kaon_attr_bool(r, "antialias", false);
    a->exclude_outside = kaon_attr_bool(r, "exclude_outside", false);
    a->cubic = kaon_attr_float(r, "cubic_coeff_a", -0.75f);
    a->extrapolation = kaon_attr_float(r, "extrapolation_value", 0.0f);
    a->axes = kaon_attr_ints(r, "axes", &a->n_axes);
    a->n_scales = -1;
    a->roi_in = old ? -1 : 1;
    a->scales_in = old ? 1 : 2;
    a->sizes_in = old ? -1 : 3;
}

static void read_upsample(struct kaon_attr_reader *r, void *attr)
{
    static const char *const modes[] = { "nearest", "linear", "bilinear" };
    struct kaon_resize *a = attr;
    a->mode = kaon_attr_word(r, "mode", 0, modes, 3) ? KAON_RESIZE_LINEAR : KAON_RESIZE_NEAREST;
    a->at = KAON_RESIZE_ASYMMETRIC;
    a->nearest = KAON_NEAREST_SIMPLE;
    a->n_axes = -1;
    a->scales = kaon_attr_floats(r, "scales", &a->n_scales);
    a->roi_in = a->sizes_in = -1;
    a->scales_in = 1;
    if (a->n_scales < 0 && r->n_in < 2)
        kaon_attr_fail(r, KAON_UNSUPPORTED, "Upsample without scales");
}

static int64_t length_by(double scale, int64_t length)
{
    const double out = floor((double)length * scale);
    return out >= 0.0 && out < 0x1p52 ? (int64_t)out : -1;
}

/* Lengths from sizes: those given, or the ratio of one axis for all. */
static void by_sizes(const struct kaon_resize *a, const struct kaon_fact *x,
                     const struct kaon_fact *sizes, const int32_t *axes, int32_t n, int64_t *dims)
{
    double ratio = a->policy == KAON_RESIZE_NOT_LARGER ? (double)INFINITY : 0.0;
    for (int32_t i = 0; i < n; i++) {
        const int64_t size = kaon_element_int(sizes->type, sizes->value, i);
        const double own = (double)size / (double)x->dims[axes[i]];
        dims[axes[i]] = size;
        if (a->policy == KAON_RESIZE_NOT_LARGER ? own < ratio : own > ratio)
            ratio = own;
    }
    for (int32_t i = 0; i < n && a->policy != KAON_RESIZE_STRETCH; i++)
        dims[axes[i]] = (int64_t)floor(ratio * (double)x->dims[axes[i]] + 0.5);
}

static enum kaon_status infer_resize(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_resize *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    const struct kaon_fact *scales =
        a->scales_in < 0 ? NULL : kaon_infer_in(node, (size_t)a->scales_in);
    const struct kaon_fact *sizes =
        a->sizes_in < 0 ? NULL : kaon_infer_in(node, (size_t)a->sizes_in);
    int64_t dims[KAON_MAX_RANK];
    int32_t axes[KAON_MAX_RANK];
    const char *op = kaon_infer_name(node);
    kaon_fact_unknown(node->out[0], x->type);
    if (x->rank < 0)
        return KAON_OK;
    const int32_t n = a->n_axes < 0 ? x->rank : a->n_axes;
    if (n > x->rank)
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: %d axes for rank %d", op, (int)n, (int)x->rank);
    memcpy(dims, x->dims, sizeof dims);
    for (int32_t i = 0; i < n; i++) {
        const enum kaon_status st =
            kaon_fact_axis(a->n_axes < 0 ? i : a->axes[i], x->rank, op, &axes[i], msg);
        if (st != KAON_OK)
            return st;
        dims[axes[i]] = KAON_DIM_UNKNOWN;
    }
    const bool concrete = kaon_fact_concrete(x);
    const bool by_list = a->n_scales >= 0;
    if (concrete && (by_list || (scales && scales->value && kaon_fact_count(scales) > 0))) {
        if ((by_list ? a->n_scales : kaon_fact_count(scales)) != n)
            return kaon_fail(msg, KAON_BAD_MODEL, "%s: scales do not fit %d axes", op, (int)n);
        for (int32_t i = 0; i < n; i++)
            dims[axes[i]] = length_by(by_list ? (double)a->scales[i]
                                              : kaon_element_double(scales->type, scales->value, i),
                                      x->dims[axes[i]]);
    } else if (concrete && sizes && sizes->value) {
        if (kaon_fact_count(sizes) != n)
            return kaon_fail(msg, KAON_BAD_MODEL, "%s: sizes do not fit %d axes", op, (int)n);
        by_sizes(a, x, sizes, axes, n, dims);
    }
    for (int32_t i = 0; i < x->rank; i++)
        if (kaon_dim_known(dims[i]) && (dims[i] < 0 || (x->dims[i] == 0 && dims[i] > 0)))
            return kaon_fail(msg, KAON_BAD_MODEL, "%s: axis %d of %s would be %lld long", op,
                             (int)i, kaon_shape_text(x->rank, x->dims).text, (long long)dims[i]);
    kaon_fact_set(node->out[0], x->type, x->rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_resize = {
    .name = "Resize",
    .domain = "",
    .kind = KAON_OP_resize,
    .since = 10,
    .n_in = { 1, 4 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_resize),
    .read = read_resize,
    .infer = infer_resize,
};

const struct kaon_op kaon_op_upsample = {
    .name = "Upsample",
    .domain = "",
    .kind = KAON_OP_upsample,
    .since = 1,
    .n_in = { 1, 2 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_resize),
    .read = read_upsample,
    .infer = infer_resize,
};
