/* Pictures: GridSample, AffineGrid, CenterCropPad, Col2Im, RoiAlign, MaxRoiPool, MaxUnpool, DeformConv. */
#include "engine/ops/ops.h"

#include <string.h>

/* ---- sampling -------------------------------------------------------------------------------- */

static void read_grid_sample(struct kaon_attr_reader *r, void *attr)
{
    static const char *const modes[] = { "linear", "nearest", "cubic" },
                             *const old[] = { "bilinear", "nearest", "bicubic" },
                             *const pads[] = { "zeros", "border", "reflection" };
    struct kaon_grid_sample *a = attr;
    a->mode = (enum kaon_sample_mode)kaon_attr_word(r, "mode", 0, r->opset < 20 ? old : modes, 3);
    a->pad = (enum kaon_sample_pad)kaon_attr_word(r, "padding_mode", 0, pads, 3);
    a->align_corners = kaon_attr_bool(r, "align_corners", false);
}

static enum kaon_status infer_grid_sample(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0], *grid = node->in[1];
    int64_t dims[KAON_MAX_RANK];
    const int32_t rank = x->rank >= 0 ? x->rank : grid->rank;
    kaon_fact_unknown(node->out[0], x->type);
    if (rank < 0)
        return KAON_OK;
    if (rank < 3 || (x->rank >= 0 && grid->rank >= 0 && x->rank != grid->rank))
        return kaon_fail(msg, KAON_BAD_MODEL, "GridSample: input of rank %d, grid of rank %d",
                         (int)x->rank, (int)grid->rank);
    if (grid->rank >= 0 && kaon_dim_known(grid->dims[rank - 1]) && grid->dims[rank - 1] != rank - 2)
        return kaon_fail(msg, KAON_BAD_MODEL, "GridSample: %lld coordinates a point, wanted %d",
                         (long long)grid->dims[rank - 1], (int)rank - 2);
    for (int32_t i = 0; i < rank; i++)
        dims[i] = i < 2            ? (x->rank < 0 ? KAON_DIM_UNKNOWN : x->dims[i])
                  : grid->rank < 0 ? KAON_DIM_UNKNOWN
                                   : grid->dims[i - 1];
    if (x->rank >= 0 && grid->rank >= 0 && kaon_dim_known(x->dims[0]) &&
        kaon_dim_known(grid->dims[0]) && x->dims[0] != grid->dims[0])
        return kaon_fail(msg, KAON_BAD_MODEL, "GridSample: %lld pictures and %lld grids",
                         (long long)x->dims[0], (long long)grid->dims[0]);
    kaon_fact_set(node->out[0], x->type, rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_grid_sample = {
    .name = "GridSample",
    .domain = "",
    .kind = KAON_OP_grid_sample,
    .since = 16,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_grid_sample),
    .read = read_grid_sample,
    .infer = infer_grid_sample,
};

static void read_affine_grid(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_grid_sample *a = attr;
    a->align_corners = kaon_attr_bool(r, "align_corners", false);
}

/* theta (N, s, s + 1) and size (N, C, spatial..) give (N, spatial.., s). */
static enum kaon_status infer_affine_grid(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *theta = node->in[0];
    int64_t size[KAON_MAX_RANK], dims[KAON_MAX_RANK];
    const int32_t n = kaon_fact_ints(node->in[1], size, KAON_MAX_RANK);
    kaon_fact_unknown(node->out[0], theta->type);
    if (n < 0)
        return KAON_OK;
    if (n != 4 && n != 5)
        return kaon_fail(msg, KAON_BAD_MODEL, "AffineGrid: %d lengths, wanted 4 or 5", (int)n);
    for (int32_t i = 0; i < n; i++)
        if (kaon_dim_known(size[i]) && size[i] < 0)
            return kaon_fail(msg, KAON_BAD_MODEL, "AffineGrid: length %lld", (long long)size[i]);
    const int64_t wanted[] = { size[0], n - 2, n - 1 };
    for (int32_t i = 0; i < 3 && theta->rank >= 0; i++)
        if (theta->rank != 3 || (kaon_dim_known(theta->dims[i]) && kaon_dim_known(wanted[i]) &&
                                 theta->dims[i] != wanted[i]))
            return kaon_fail(msg, KAON_BAD_MODEL, "AffineGrid: matrices of %s, wanted %s",
                             kaon_shape_text(theta->rank, theta->dims).text,
                             kaon_shape_text(3, wanted).text);
    dims[0] = size[0];
    memcpy(dims + 1, size + 2, (size_t)(n - 2) * sizeof *dims);
    dims[n - 1] = n - 2;
    kaon_fact_set(node->out[0], theta->type, n, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_affine_grid = {
    .name = "AffineGrid",
    .domain = "",
    .kind = KAON_OP_affine_grid,
    .since = 20,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_grid_sample),
    .read = read_affine_grid,
    .infer = infer_affine_grid,
};

/* ---- CenterCropPad --------------------------------------------------------------------------- */

static void read_center(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_axes *a = attr;
    a->axes = kaon_attr_ints(r, "axes", &a->n);
}

static enum kaon_status infer_center(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_axes *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    int64_t shape[KAON_MAX_RANK], dims[KAON_MAX_RANK];
    int32_t axis;
    kaon_fact_unknown(node->out[0], x->type);
    if (x->rank < 0)
        return KAON_OK;
    const int32_t wanted = a->n < 0 ? x->rank : a->n;
    const int32_t n = kaon_fact_ints(node->in[1], shape, KAON_MAX_RANK);
    memcpy(dims, x->dims, sizeof dims);
    if (n >= 0 && n != wanted)
        return kaon_fail(msg, KAON_BAD_MODEL, "CenterCropPad: %d lengths for %d axes", (int)n,
                         (int)wanted);
    for (int32_t i = 0; i < wanted; i++) {
        const enum kaon_status st =
            kaon_fact_axis(a->n < 0 ? i : a->axes[i], x->rank, "CenterCropPad", &axis, msg);
        if (st != KAON_OK)
            return st;
        dims[axis] = n < 0 ? KAON_DIM_UNKNOWN : shape[i];
        if (kaon_dim_known(dims[axis]) && dims[axis] < 0)
            return kaon_fail(msg, KAON_BAD_MODEL, "CenterCropPad: length %lld",
                             (long long)dims[axis]);
    }
    kaon_fact_set(node->out[0], x->type, x->rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_center_crop_pad = {
    .name = "CenterCropPad",
    .domain = "",
    .kind = KAON_OP_center_crop_pad,
    .since = 18,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_axes),
    .read = read_center,
    .infer = infer_center,
};

/* ---- Col2Im ---------------------------------------------------------------------------------- */

static void read_col2im(struct kaon_attr_reader *r, void *attr)
{
    kaon_read_window(r, attr);
}

/* The windows of a picture of that shape must be as many as the columns. */
static enum kaon_status infer_col2im(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_window *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    int64_t image[KAON_SPATIAL], block[KAON_SPATIAL], dims[KAON_MAX_RANK], size = 1, columns = 1;
    const int32_t n = kaon_fact_ints(node->in[1], image, KAON_SPATIAL);
    const int32_t m = kaon_fact_ints(node->in[2], block, KAON_SPATIAL);
    struct kaon_placed p;
    kaon_fact_unknown(node->out[0], x->type);
    if (n < 0 || m < 0 || x->rank < 0)
        return KAON_OK;
    if (n != m || n == 0 || x->rank != 3)
        return kaon_fail(msg, KAON_BAD_MODEL,
                         "Col2Im: columns of rank %d, a picture of %d axes, blocks of %d",
                         (int)x->rank, (int)n, (int)m);
    const enum kaon_status st = kaon_window_place(a, n, image, block, false, "Col2Im", &p, msg);
    if (st != KAON_OK)
        return st;
    for (int32_t i = 0; i < n; i++) {
        size = kaon_dim_mul(size, block[i]);
        columns = kaon_dim_mul(columns, p.out[i]);
    }
    if ((kaon_dim_known(x->dims[2]) && kaon_dim_known(columns) && x->dims[2] != columns) ||
        (kaon_dim_known(x->dims[1]) && kaon_dim_known(size) && (size == 0 || x->dims[1] % size)))
        return kaon_fail(msg, KAON_BAD_MODEL, "Col2Im: columns of %s, wanted [.., %lld c, %lld]",
                         kaon_shape_text(x->rank, x->dims).text, (long long)size,
                         (long long)columns);
    dims[0] = x->dims[0];
    dims[1] =
        kaon_dim_known(x->dims[1]) && kaon_dim_known(size) ? x->dims[1] / size : KAON_DIM_UNKNOWN;
    memcpy(dims + 2, image, (size_t)n * sizeof *dims);
    kaon_fact_set(node->out[0], x->type, n + 2, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_col2im = {
    .name = "Col2Im",
    .domain = "",
    .kind = KAON_OP_col2im,
    .since = 18,
    .n_in = { 3, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_window),
    .read = read_col2im,
    .infer = infer_col2im,
};

enum { MOST_POINTS = 1024 }; /* along a side of a bin */

/* ---- regions --------------------------------------------------------------------------------- */

static void check_roi(struct kaon_attr_reader *r, const struct kaon_roi *a)
{
    if (a->height < 1 || a->width < 1 || a->ratio < 0 || a->ratio > MOST_POINTS)
        kaon_attr_fail(r, KAON_BAD_MODEL, "an output of %lld x %lld, sampling_ratio %lld",
                       (long long)a->height, (long long)a->width, (long long)a->ratio);
}

static void read_roi_align(struct kaon_attr_reader *r, void *attr)
{
    static const char *const places[] = { "output_half_pixel", "half_pixel" }, *const modes[] = {
        "avg", "max"
    };
    struct kaon_roi *a = attr;
    a->half_pixel = r->opset < 16
                        ? false
                        : kaon_attr_word(r, "coordinate_transformation_mode", 1, places, 2) == 1;
    a->max = kaon_attr_word(r, "mode", 0, modes, 2) == 1;
    a->height = kaon_attr_int(r, "output_height", 1);
    a->width = kaon_attr_int(r, "output_width", 1);
    a->ratio = kaon_attr_int(r, "sampling_ratio", 0);
    a->scale = kaon_attr_float(r, "spatial_scale", 1.0f);
    check_roi(r, a);
}

static void read_max_roi_pool(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_roi *a = attr;
    int32_t n;
    const int64_t *shape = kaon_attr_ints(r, "pooled_shape", &n);
    if (n != 2) {
        kaon_attr_fail(r, KAON_BAD_MODEL, "pooled_shape of %d lengths, wanted 2", (int)n);
        return;
    }
    a->height = shape[0];
    a->width = shape[1];
    a->scale = kaon_attr_float(r, "spatial_scale", 1.0f);
    check_roi(r, a);
}

static enum kaon_status infer_roi(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_roi *a = node->attr;
    const struct kaon_fact *x = node->in[0], *rois = node->in[1];
    const int64_t columns = node->kind == KAON_OP_roi_align ? 4 : 5;
    int64_t dims[] = { KAON_DIM_UNKNOWN, KAON_DIM_UNKNOWN, a->height, a->width };
    enum kaon_status st = kaon_infer_rank(node, 0, 4, msg);
    if (st == KAON_OK)
        st = kaon_infer_rank(node, 1, 2, msg);
    if (st != KAON_OK)
        return st;
    if (rois->rank == 2 && kaon_dim_known(rois->dims[1]) && rois->dims[1] != columns)
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: regions of %lld numbers, wanted %lld",
                         kaon_infer_name(node), (long long)rois->dims[1], (long long)columns);
    dims[0] = rois->rank < 0 ? KAON_DIM_UNKNOWN : rois->dims[0];
    dims[1] = x->rank < 0 ? KAON_DIM_UNKNOWN : x->dims[1];
    const int64_t items = kaon_infer_in(node, 2) ? kaon_fact_count(node->in[2]) : KAON_DIM_UNKNOWN;
    if (kaon_dim_known(items) && kaon_dim_known(dims[0]) && items != dims[0])
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: %lld regions and %lld items of the batch",
                         kaon_infer_name(node), (long long)dims[0], (long long)items);
    kaon_fact_set(node->out[0], x->type, 4, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_roi_align = {
    .name = "RoiAlign",
    .domain = "",
    .kind = KAON_OP_roi_align,
    .since = 10,
    .n_in = { 3, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_roi),
    .read = read_roi_align,
    .infer = infer_roi,
};

const struct kaon_op kaon_op_max_roi_pool = {
    .name = "MaxRoiPool",
    .domain = "",
    .kind = KAON_OP_max_roi_pool,
    .since = 1,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_roi),
    .read = read_max_roi_pool,
    .infer = infer_roi,
};

/* ---- MaxUnpool ------------------------------------------------------------------------------- */

static bool all_within(const int64_t *list, int32_t n, int64_t least)
{
    for (int32_t i = 0; i < n; i++)
        if (list[i] < least || list[i] > INT32_MAX)
            return false;
    return true;
}

static void read_unpool(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_window *a = attr;
    kaon_read_window(r, a);
    if (a->n_kernel < 0)
        kaon_attr_fail(r, KAON_BAD_MODEL, "kernel_shape is not given");
    else if (!all_within(a->kernel, a->n_kernel, 1) || !all_within(a->strides, a->n_strides, 1) ||
             !all_within(a->pads, a->n_pads, 0))
        kaon_attr_fail(r, KAON_BAD_MODEL, "a kernel, stride or pad out of range");
}

static enum kaon_status infer_unpool(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_window *a = node->attr;
    const struct kaon_fact *x = node->in[0], *shape = kaon_infer_in(node, 2);
    int64_t dims[KAON_MAX_RANK];
    kaon_fact_unknown(node->out[0], x->type);
    if (x->rank < 0)
        return KAON_OK;
    if (x->rank < 3 || a->n_kernel != x->rank - 2)
        return kaon_fail(msg, KAON_BAD_MODEL, "MaxUnpool: kernel of %d axes for rank %d",
                         (int)a->n_kernel, (int)x->rank);
    if (shape) {
        const int32_t n = kaon_fact_ints(shape, dims, KAON_MAX_RANK);
        for (int32_t i = 0; i < n; i++)
            if (kaon_dim_known(dims[i]) && dims[i] < 0)
                return kaon_fail(msg, KAON_BAD_MODEL, "MaxUnpool: length %lld", (long long)dims[i]);
        if (n >= 0 && n != x->rank)
            return kaon_fail(msg, KAON_BAD_MODEL, "MaxUnpool: %d lengths for rank %d", (int)n,
                             (int)x->rank);
        if (n >= 0)
            kaon_fact_set(node->out[0], x->type, n, dims);
        return KAON_OK;
    }
    memcpy(dims, x->dims, 2 * sizeof *dims);
    for (int32_t i = 0; i < x->rank - 2; i++) {
        const int64_t stride = a->n_strides > i ? a->strides[i] : 1;
        const int64_t pads =
            a->n_pads == 2 * a->n_kernel ? a->pads[i] + a->pads[i + a->n_kernel] : 0;
        dims[i + 2] = kaon_dim_known(x->dims[i + 2])
                          ? (x->dims[i + 2] - 1) * stride + a->kernel[i] - pads
                          : KAON_DIM_UNKNOWN;
        if (kaon_dim_known(dims[i + 2]) && (dims[i + 2] < 0 || dims[i + 2] > INT64_C(1) << 40))
            return kaon_fail(msg, KAON_BAD_MODEL, "MaxUnpool: length %lld", (long long)dims[i + 2]);
    }
    kaon_fact_set(node->out[0], x->type, x->rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_max_unpool = {
    .name = "MaxUnpool",
    .domain = "",
    .kind = KAON_OP_max_unpool,
    .since = 9,
    .n_in = { 2, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_window),
    .read = read_unpool,
    .infer = infer_unpool,
};

/* ---- DeformConv ------------------------------------------------------------------------------ */

static void read_deform(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_deform *a = attr;
    kaon_read_window(r, &a->window);
    a->window.group = kaon_attr_int(r, "group", 1);
    a->offset_group = kaon_attr_int(r, "offset_group", 1);
    if (a->window.group < 1 || a->offset_group < 1)
        kaon_attr_fail(r, KAON_BAD_MODEL, "group %lld, offset_group %lld",
                       (long long)a->window.group, (long long)a->offset_group);
}

static bool has_shape(const struct kaon_fact *f, int32_t rank, const int64_t *dims)
{
    if (!f || f->rank < 0)
        return true;
    for (int32_t i = 0; f->rank == rank && i < rank; i++)
        if (kaon_dim_known(f->dims[i]) && kaon_dim_known(dims[i]) && f->dims[i] != dims[i])
            return false;
    return f->rank == rank;
}

static enum kaon_status infer_deform(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_deform *a = node->attr;
    const struct kaon_fact *x = node->in[0], *w = node->in[1];
    struct kaon_placed p;
    kaon_fact_unknown(node->out[0], x->type);
    if (x->rank < 0 || w->rank < 0)
        return KAON_OK;
    if (x->rank != 4 || w->rank != 4)
        return kaon_fail(msg, KAON_UNSUPPORTED,
                         "DeformConv: rank %d and weights of rank %d, "
                         "wanted 4",
                         (int)x->rank, (int)w->rank);
    const enum kaon_status st =
        kaon_window_place(&a->window, 2, x->dims + 2, w->dims + 2, false, "DeformConv", &p, msg);
    if (st != KAON_OK)
        return st;
    const int64_t taps = kaon_dim_mul(a->offset_group, kaon_dim_mul(w->dims[2], w->dims[3]));
    const int64_t offset[] = { x->dims[0], kaon_dim_mul(2, taps), p.out[0], p.out[1] };
    const int64_t mask[] = { x->dims[0], taps, p.out[0], p.out[1] };
    const int64_t weights[] = { w->dims[0],
                                kaon_dim_known(x->dims[1]) ? x->dims[1] / a->window.group
                                                           : KAON_DIM_UNKNOWN,
                                w->dims[2], w->dims[3] };
    if (!has_shape(node->in[2], 4, offset) || !has_shape(kaon_infer_in(node, 4), 4, mask) ||
        !has_shape(w, 4, weights) || !has_shape(kaon_infer_in(node, 3), 1, w->dims) ||
        (kaon_dim_known(x->dims[1]) &&
         (x->dims[1] % a->window.group || x->dims[1] % a->offset_group)) ||
        (kaon_dim_known(w->dims[0]) && w->dims[0] % a->window.group))
        return kaon_fail(msg, KAON_BAD_MODEL,
                         "DeformConv: shapes of input %s, weights %s and offsets %s do not fit",
                         kaon_shape_text(x->rank, x->dims).text,
                         kaon_shape_text(w->rank, w->dims).text,
                         kaon_shape_text(node->in[2]->rank, node->in[2]->dims).text);
    kaon_fact_set(node->out[0], x->type, 4,
                  (int64_t[]){ x->dims[0], w->dims[0], p.out[0], p.out[1] });
    return KAON_OK;
}

const struct kaon_op kaon_op_deform_conv = {
    .name = "DeformConv",
    .domain = "",
    .kind = KAON_OP_deform_conv,
    .since = 19,
    .n_in = { 3, 5 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_deform),
    .read = read_deform,
    .infer = infer_deform,
};
