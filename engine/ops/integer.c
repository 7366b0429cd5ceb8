/* Products of integers: MatMulInteger, QLinearMatMul, ConvInteger, QLinearConv and their kin, and
 * DynamicQuantizeLinear. */
#include "engine/ops/ops.h"

#include <string.h>

static bool is_byte(enum kaon_type type)
{
    return type == KAON_U8 || type == KAON_I8;
}

static enum kaon_status check_bytes(const struct kaon_infer *node, size_t i, struct kaon_msg *msg)
{
    const enum kaon_type type = node->in[i]->type;
    if (type == KAON_UNDEFINED || is_byte(type))
        return KAON_OK;
    return kaon_fail(msg, KAON_UNSUPPORTED, "%s: input %zu is %s, wanted uint8 or int8",
                     kaon_infer_name(node), i, kaon_type_name(type));
}

/* ---- DynamicQuantizeLinear ------------------------------------------------------------------- */

static enum kaon_status infer_dynamic(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0];
    (void)msg;
    if (kaon_infer_out(node, 0))
        kaon_fact_set(node->out[0], KAON_U8, x->rank, x->dims);
    if (kaon_infer_out(node, 1))
        kaon_fact_set(node->out[1], KAON_F32, 0, NULL);
    if (kaon_infer_out(node, 2))
        kaon_fact_set(node->out[2], KAON_U8, 0, NULL);
    return KAON_OK;
}

const struct kaon_op kaon_op_dynamic_quantize_linear = {
    .name = "DynamicQuantizeLinear",
    .domain = "",
    .kind = KAON_OP_dynamic_quantize_linear,
    .since = 11,
    .n_in = { 1, 1 },
    .n_out = { 3, 3 },
    .infer = infer_dynamic,
};

/* ---- matrices -------------------------------------------------------------------------------- */

/* The shape of a product of inputs a and b. */
static enum kaon_status infer_product(const struct kaon_infer *node, size_t a, size_t b,
                                      enum kaon_type type, struct kaon_msg *msg)
{
    const struct kaon_fact *const in[] = { node->in[a], node->in[b] };
    struct kaon_fact left = *in[0], right = *in[1], y = KAON_FACT_NONE;
    struct kaon_fact *const out[] = { &y };
    const struct kaon_fact *const both[] = { &left, &right };
    const struct kaon_infer product = {
        .kind = KAON_OP_matmul, .n_in = 2, .n_out = 1, .in = both, .out = out
    };
    left.type = right.type = KAON_F32;
    const enum kaon_status st = kaon_op_matmul.infer(&product, msg);
    if (st == KAON_OK && kaon_infer_out(node, 0))
        kaon_fact_set(node->out[0], type, y.rank, y.dims);
    return st;
}

static enum kaon_status infer_matmul_integer(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const bool to_float = node->kind == KAON_OP_matmul_integer_to_float;
    enum kaon_status st = check_bytes(node, 0, msg);
    if (st == KAON_OK)
        st = check_bytes(node, 1, msg);
    if (st == KAON_OK)
        st = infer_product(node, 0, 1, to_float ? node->in[2]->type : KAON_I32, msg);
    return st;
}

static enum kaon_status infer_qlinear_matmul(const struct kaon_infer *node, struct kaon_msg *msg)
{
    enum kaon_status st = check_bytes(node, 0, msg);
    if (st == KAON_OK)
        st = check_bytes(node, 3, msg);
    if (st == KAON_OK)
        st = check_bytes(node, 7, msg);
    return st == KAON_OK ? infer_product(node, 0, 3, node->in[7]->type, msg) : st;
}

static enum kaon_status infer_dynamic_matmul(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const enum kaon_status st = check_bytes(node, 1, msg);
    return st == KAON_OK ? infer_product(node, 0, 1, node->in[0]->type, msg) : st;
}

const struct kaon_op kaon_op_matmul_integer = {
    .name = "MatMulInteger",
    .domain = "",
    .kind = KAON_OP_matmul_integer,
    .since = 10,
    .n_in = { 2, 4 },
    .n_out = { 1, 1 },
    .infer = infer_matmul_integer,
};

const struct kaon_op kaon_op_qlinear_matmul = {
    .name = "QLinearMatMul",
    .domain = "",
    .kind = KAON_OP_qlinear_matmul,
    .since = 10,
    .n_in = { 8, 8 },
    .n_out = { 1, 1 },
    .infer = infer_qlinear_matmul,
};

const struct kaon_op kaon_op_matmul_integer_to_float = {
    .name = "MatMulIntegerToFloat",
    .domain = "com.microsoft",
    .kind = KAON_OP_matmul_integer_to_float,
    .since = 1,
    .n_in = { 4, 7 },
    .n_out = { 1, 1 },
    .infer = infer_matmul_integer,
};

const struct kaon_op kaon_op_dynamic_quantize_matmul = {
    .name = "DynamicQuantizeMatMul",
    .domain = "com.microsoft",
    .kind = KAON_OP_dynamic_quantize_matmul,
    .since = 1,
    .n_in = { 3, 5 },
    .n_out = { 1, 1 },
    .infer = infer_dynamic_matmul,
};

/* ---- convolutions ---------------------------------------------------------------------------- */

static void read_integer_conv(struct kaon_attr_reader *r, void *attr)
{
    kaon_op_conv.read(r, attr);
}

static enum kaon_status infer_integer_conv(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const bool scaled = node->kind == KAON_OP_qlinear_conv;
    const size_t w = scaled ? 3 : 1;
    const struct kaon_fact *const in[] = { node->in[0], node->in[w],
                                           scaled ? kaon_infer_in(node, 8) : NULL };
    struct kaon_fact y = KAON_FACT_NONE;
    struct kaon_fact *const out[] = { &y };
    struct kaon_infer conv = *node;
    enum kaon_status st = check_bytes(node, 0, msg);
    if (st == KAON_OK)
        st = check_bytes(node, w, msg);
    if (st == KAON_OK && scaled)
        st = check_bytes(node, 7, msg);
    if (st != KAON_OK)
        return st;
    conv.kind = KAON_OP_conv;
    conv.in = in;
    conv.n_in = 3;
    conv.out = out;
    conv.n_out = 1;
    st = kaon_op_conv.infer(&conv, msg);
    if (st == KAON_OK && kaon_infer_out(node, 0))
        kaon_fact_set(node->out[0], scaled ? node->in[7]->type : KAON_I32, y.rank, y.dims);
    return st;
}

const struct kaon_op kaon_op_conv_integer = {
    .name = "ConvInteger",
    .domain = "",
    .kind = KAON_OP_conv_integer,
    .since = 10,
    .n_in = { 2, 4 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_window),
    .read = read_integer_conv,
    .infer = infer_integer_conv,
};

const struct kaon_op kaon_op_qlinear_conv = {
    .name = "QLinearConv",
    .domain = "",
    .kind = KAON_OP_qlinear_conv,
    .since = 10,
    .n_in = { 8, 9 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_window),
    .read = read_integer_conv,
    .infer = infer_integer_conv,
};

/* ---- weights of few bits --------------------------------------------------------------------- */

static void read_nbits(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_nbits_attr *a = attr;
    a->k = kaon_attr_int(r, "K", 0);
    a->n = kaon_attr_int(r, "N", 0);
    a->bits = kaon_attr_int(r, "bits", 4);
    a->block = kaon_attr_int(r, "block_size", 0);
    kaon_attr_skip(r, "accuracy_level"); /* the least precision: always float here */
    if (kaon_attr_int(r, "weight_prepacked", 0))
        kaon_attr_fail(r, KAON_UNSUPPORTED, "weights packed for another library");
    if (a->k < 1 || a->n < 1 || a->k > INT32_MAX || a->n > INT32_MAX)
        kaon_attr_fail(r, KAON_BAD_MODEL, "K is %lld, N is %lld", (long long)a->k, (long long)a->n);
    else if (a->bits < 2 || a->bits > 8)
        kaon_attr_fail(r, KAON_UNSUPPORTED, "%lld bits, wanted 2 to 8", (long long)a->bits);
    else if (a->block < 16 || a->block > 1 << 20 || (a->block & (a->block - 1)))
        kaon_attr_fail(r, KAON_BAD_MODEL, "block_size is %lld, wanted a power of two from 16",
                       (long long)a->block);
}

static bool holds(const struct kaon_fact *f, int64_t n)
{
    const int64_t count = f ? kaon_fact_count(f) : n;
    return !kaon_dim_known(count) || count == n;
}

static enum kaon_status infer_nbits(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_nbits_attr *a = node->attr;
    const struct kaon_fact *x = node->in[0], *zeros = kaon_infer_in(node, 3);
    const int64_t blocks = (a->k + a->block - 1) / a->block;
    const int64_t zero_row =
        zeros && kaon_type_is_float(zeros->type) ? blocks : (blocks * a->bits + 7) / 8;
    int64_t dims[KAON_MAX_RANK];
    kaon_fact_unknown(node->out[0], x->type);
    if (!holds(node->in[1], a->n * blocks * (a->block * a->bits / 8)) ||
        !holds(node->in[2], a->n * blocks) || !holds(zeros, a->n * zero_row) ||
        !holds(kaon_infer_in(node, 4), a->k) || !holds(kaon_infer_in(node, 5), a->n))
        return kaon_fail(msg, KAON_BAD_MODEL,
                         "MatMulNBits: weights of %s and scales of %s for K %lld, N %lld, blocks "
                         "of %lld",
                         kaon_shape_text(node->in[1]->rank, node->in[1]->dims).text,
                         kaon_shape_text(node->in[2]->rank, node->in[2]->dims).text,
                         (long long)a->k, (long long)a->n, (long long)a->block);
    if (x->rank < 0)
        return KAON_OK;
    if (x->rank < 1 || (kaon_dim_known(x->dims[x->rank - 1]) && x->dims[x->rank - 1] != a->k))
        return kaon_fail(msg, KAON_BAD_MODEL, "MatMulNBits: A of %s for K %lld",
                         kaon_shape_text(x->rank, x->dims).text, (long long)a->k);
    memcpy(dims, x->dims, sizeof dims);
    dims[x->rank - 1] = a->n;
    kaon_fact_set(node->out[0], x->type, x->rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_matmul_nbits = {
    .name = "MatMulNBits",
    .domain = "com.microsoft",
    .kind = KAON_OP_matmul_nbits,
    .since = 1,
    .n_in = { 3, 6 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_nbits_attr),
    .read = read_nbits,
    .infer = infer_nbits,
};
