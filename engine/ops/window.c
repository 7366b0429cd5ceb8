/* Operators with a window over spatial axes: Conv, ConvTranspose, pooling. */
#include "engine/ops/ops.h"

#include <string.h>

void kaon_read_window(struct kaon_attr_reader *r, struct kaon_window *a)
{
    static const char *const words[] = { "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID" };
    a->auto_pad = (enum kaon_auto_pad)kaon_attr_word(r, "auto_pad", 0, words, 4);
    a->kernel = kaon_attr_ints(r, "kernel_shape", &a->n_kernel);
    a->strides = kaon_attr_ints(r, "strides", &a->n_strides);
    a->dilations = kaon_attr_ints(r, "dilations", &a->n_dilations);
    a->pads = kaon_attr_ints(r, "pads", &a->n_pads);
    a->n_output_padding = a->n_output_shape = -1;
    a->group = 1;
}

/* ---- Conv, ConvTranspose --------------------------------------------------------------------- */

static void read_conv(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_window *a = attr;
    kaon_read_window(r, a);
    a->group = kaon_attr_int(r, "group", 1);
    if (a->group < 1)
        kaon_attr_fail(r, KAON_BAD_MODEL, "group is %lld", (long long)a->group);
}

static void read_conv_transpose(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_window *a = attr;
    read_conv(r, a);
    a->output_padding = kaon_attr_ints(r, "output_padding", &a->n_output_padding);
    a->output_shape = kaon_attr_ints(r, "output_shape", &a->n_output_shape);
}

/* Lengths may be unknown on either side. */
static bool agree(int64_t a, int64_t b)
{
    return !kaon_dim_known(a) || !kaon_dim_known(b) || a == b;
}

static enum kaon_status infer_conv(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_window *a = node->attr;
    const struct kaon_fact *x = node->in[0], *w = node->in[1], *bias = kaon_infer_in(node, 2);
    const char *op = kaon_infer_name(node);
    const bool transposed = node->kind == KAON_OP_conv_transpose;
    struct kaon_placed p;
    int64_t dims[KAON_MAX_RANK];
    const int32_t rank = x->rank >= 0 ? x->rank : w->rank;
    kaon_fact_unknown(node->out[0], x->type);
    if (rank < 0)
        return KAON_OK;
    if (rank < 3 || (x->rank >= 0 && w->rank >= 0 && x->rank != w->rank))
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: input of rank %d, weights of rank %d", op,
                         (int)x->rank, (int)w->rank);
    if (x->rank < 0 || w->rank < 0)
        return KAON_OK;
    const int64_t channels = transposed ? w->dims[0] : kaon_dim_mul(w->dims[1], a->group);
    const int64_t out = transposed ? kaon_dim_mul(w->dims[1], a->group) : w->dims[0];
    if (!agree(x->dims[1], channels))
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: %lld channels, the weights want %lld", op,
                         (long long)x->dims[1], (long long)channels);
    if ((kaon_dim_known(channels) && channels % a->group) ||
        (kaon_dim_known(out) && out % a->group))
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: %lld to %lld channels in %lld groups", op,
                         (long long)channels, (long long)out, (long long)a->group);
    for (int32_t i = 0; i < a->n_kernel && i < rank - 2; i++)
        if (!agree(a->kernel[i], w->dims[i + 2]))
            return kaon_fail(msg, KAON_BAD_MODEL, "%s: kernel_shape %lld, weights of %s", op,
                             (long long)a->kernel[i], kaon_shape_text(w->rank, w->dims).text);
    if (bias && !agree(kaon_fact_count(bias), out))
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: %lld biases for %lld channels", op,
                         (long long)kaon_fact_count(bias), (long long)out);
    const enum kaon_status st =
        kaon_window_place(a, rank - 2, x->dims + 2, w->dims + 2, transposed, op, &p, msg);
    if (st != KAON_OK)
        return st;
    dims[0] = x->dims[0];
    dims[1] = out;
    memcpy(dims + 2, p.out, (size_t)p.n * sizeof *dims);
    kaon_fact_set(node->out[0], x->type, rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_conv = {
    .name = "Conv",
    .domain = "",
    .kind = KAON_OP_conv,
    .since = 1,
    .n_in = { 2, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_window),
    .read = read_conv,
    .infer = infer_conv,
};

const struct kaon_op kaon_op_conv_transpose = {
    .name = "ConvTranspose",
    .domain = "",
    .kind = KAON_OP_conv_transpose,
    .since = 1,
    .n_in = { 2, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_window),
    .read = read_conv_transpose,
    .infer = infer_conv,
};

/* FusedConv: an optional fourth input of the output's shape is added, then a function applied. */
static void read_fused_conv(struct kaon_attr_reader *r, void *attr)
{
    static const char *const words[] = { "",          "Relu", "Sigmoid",    "Tanh",
                                         "LeakyRelu", "Clip", "HardSigmoid" };
    struct kaon_window *a = attr;
    int32_t n;
    read_conv(r, a);
    a->fused = (enum kaon_fused)kaon_attr_word(r, "activation", 0, words, 7);
    const float *p = kaon_attr_floats(r, "activation_params", &n);
    const int32_t wanted = a->fused < KAON_FUSED_LEAKY_RELU    ? 0
                           : a->fused == KAON_FUSED_LEAKY_RELU ? 1
                                                               : 2;
    if (wanted > 0 && n < wanted)
        kaon_attr_fail(r, KAON_BAD_MODEL, "%d activation_params, wanted %d", (int)n, (int)wanted);
    a->fused_a = n > 0 ? p[0] : 0.0f;
    a->fused_b = n > 1 ? p[1] : 0.0f;
}

const struct kaon_op kaon_op_fused_conv = {
    .name = "FusedConv",
    .domain = "com.microsoft",
    .kind = KAON_OP_fused_conv,
    .since = 1,
    .n_in = { 2, 4 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_window),
    .read = read_fused_conv,
    .infer = infer_conv,
};

/* ---- pooling --------------------------------------------------------------------------------- */

static void read_pool(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_window *a = attr;
    kaon_read_window(r, a);
    a->ceil = kaon_attr_bool(r, "ceil_mode", false);
    if (a->n_kernel < 0)
        kaon_attr_fail(r, KAON_BAD_MODEL, "kernel_shape is not given");
}

static void read_max_pool(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_window *a = attr;
    read_pool(r, a);
    a->column_major = kaon_attr_bool(r, "storage_order", false);
}

static void read_average_pool(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_window *a = attr;
    read_pool(r, a);
    a->count_include_pad = kaon_attr_bool(r, "count_include_pad", false);
}

/* Opset 1 has p as a float. */
static int64_t read_p(struct kaon_attr_reader *r)
{
    const int64_t p =
        r->opset < 2 ? (int64_t)kaon_attr_float(r, "p", 2.0f) : kaon_attr_int(r, "p", 2);
    if (p < 1)
        kaon_attr_fail(r, KAON_BAD_MODEL, "p is %lld", (long long)p);
    return p;
}

static void read_lp_pool(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_window *a = attr;
    read_pool(r, a);
    a->p = read_p(r);
}

static void read_global_lp_pool(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_window *a = attr;
    a->p = read_p(r);
}

static enum kaon_status infer_pool(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_window *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    struct kaon_placed p;
    int64_t dims[KAON_MAX_RANK];
    kaon_fact_unknown(node->out[0], x->type);
    kaon_fact_unknown(kaon_infer_out(node, 1), KAON_I64);
    if (x->rank < 0)
        return KAON_OK;
    if (x->rank < 3)
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: rank %d, wanted 3 or more",
                         kaon_infer_name(node), (int)x->rank);
    if (a->n_kernel != x->rank - 2)
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: kernel of %d axes for rank %d",
                         kaon_infer_name(node), (int)a->n_kernel, (int)x->rank);
    const enum kaon_status st = kaon_window_place(a, x->rank - 2, x->dims + 2, a->kernel, false,
                                                  kaon_infer_name(node), &p, msg);
    if (st != KAON_OK)
        return st;
    memcpy(dims, x->dims, 2 * sizeof *dims);
    memcpy(dims + 2, p.out, (size_t)p.n * sizeof *dims);
    kaon_fact_set(node->out[0], x->type, x->rank, dims);
    kaon_fact_set(kaon_infer_out(node, 1), KAON_I64, x->rank, dims);
    return KAON_OK;
}

static enum kaon_status infer_global_pool(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0];
    int64_t dims[KAON_MAX_RANK];
    if (x->rank == 0 || x->rank == 1)
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: rank %d, wanted 2 or more",
                         kaon_infer_name(node), (int)x->rank);
    for (int32_t i = 0; i < x->rank; i++)
        dims[i] = i < 2 ? x->dims[i] : 1;
    kaon_fact_set(node->out[0], x->type, x->rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_max_pool = {
    .name = "MaxPool",
    .domain = "",
    .kind = KAON_OP_max_pool,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 2 },
    .attr_size = sizeof(struct kaon_window),
    .read = read_max_pool,
    .infer = infer_pool,
};

const struct kaon_op kaon_op_average_pool = {
    .name = "AveragePool",
    .domain = "",
    .kind = KAON_OP_average_pool,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_window),
    .read = read_average_pool,
    .infer = infer_pool,
};

const struct kaon_op kaon_op_lp_pool = {
    .name = "LpPool",
    .domain = "",
    .kind = KAON_OP_lp_pool,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_window),
    .read = read_lp_pool,
    .infer = infer_pool,
};

const struct kaon_op kaon_op_global_max_pool = {
    .name = "GlobalMaxPool",
    .domain = "",
    .kind = KAON_OP_global_max_pool,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .infer = infer_global_pool,
};

const struct kaon_op kaon_op_global_average_pool = {
    .name = "GlobalAveragePool",
    .domain = "",
    .kind = KAON_OP_global_average_pool,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .infer = infer_global_pool,
};

const struct kaon_op kaon_op_global_lp_pool = {
    .name = "GlobalLpPool",
    .domain = "",
    .kind = KAON_OP_global_lp_pool,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_window),
    .read = read_global_lp_pool,
    .infer = infer_global_pool,
};
