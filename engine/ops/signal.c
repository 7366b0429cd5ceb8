/* Signals: DFT, STFT, windows, MelWeightMatrix. */
#include "engine/ops/ops.h"

#include <string.h>

/* ---- DFT ------------------------------------------------------------------------------------- */

static void read_dft(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_dft *a = attr;
    a->axis_in = r->opset >= 20;
    a->axis = a->axis_in ? -2 : kaon_attr_int(r, "axis", 1);
    a->inverse = kaon_attr_bool(r, "inverse", false);
    a->onesided = kaon_attr_bool(r, "onesided", false);
}

/* The bins of a one-sided transform of `length`. */
static int64_t bins(int64_t length, bool onesided)
{
    if (!kaon_dim_known(length))
        return KAON_DIM_UNKNOWN;
    return onesided ? length / 2 + 1 : length;
}

/* The axis that is transformed: -1 if it is not known yet. */
static enum kaon_status axis_of(const struct kaon_infer *node, int32_t *axis, struct kaon_msg *msg)
{
    const struct kaon_dft *a = node->attr;
    const struct kaon_fact *x = node->in[0], *given = a->axis_in ? kaon_infer_in(node, 2) : NULL;
    int64_t at = a->axis;
    *axis = -1;
    if (given && !kaon_fact_scalar_int(given, &at))
        return KAON_OK;
    const enum kaon_status st = kaon_fact_axis(at, x->rank, "DFT", axis, msg);
    if (st == KAON_OK && *axis == x->rank - 1)
        return kaon_fail(msg, KAON_BAD_MODEL, "DFT: axis %lld holds real and imaginary parts",
                         (long long)at);
    return st;
}

/* Of a one-sided inverse the input has half the bins, and the output is real. */
static enum kaon_status infer_dft(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_dft *a = node->attr;
    const struct kaon_fact *x = node->in[0], *given = kaon_infer_in(node, 1);
    const bool to_real = a->inverse && a->onesided;
    int64_t dims[KAON_MAX_RANK], length;
    int32_t axis;
    kaon_fact_unknown(node->out[0], x->type);
    if (x->rank < 0)
        return KAON_OK;
    if (x->rank < 2)
        return kaon_fail(msg, KAON_BAD_MODEL, "DFT: rank %d, wanted 2 or more", (int)x->rank);
    const int64_t parts = x->dims[x->rank - 1];
    if (kaon_dim_known(parts) && parts != 1 && parts != 2)
        return kaon_fail(msg, KAON_BAD_MODEL, "DFT: %lld parts a number, wanted 1 or 2",
                         (long long)parts);
    const enum kaon_status st = axis_of(node, &axis, msg);
    if (st != KAON_OK)
        return st;
    memcpy(dims, x->dims, sizeof dims);
    if (axis < 0) {
        for (int32_t i = 0; i < x->rank - 1; i++)
            dims[i] = KAON_DIM_UNKNOWN;
    } else {
        length = to_real && kaon_dim_known(dims[axis]) ? 2 * (dims[axis] - 1) : dims[axis];
        if (given && !kaon_fact_scalar_int(given, &length))
            length = KAON_DIM_UNKNOWN;
        if (kaon_dim_known(length) && length < 1)
            return kaon_fail(msg, KAON_BAD_MODEL, "DFT: length %lld", (long long)length);
        dims[axis] = to_real ? length : bins(length, a->onesided);
    }
    dims[x->rank - 1] = to_real ? 1 : 2;
    kaon_fact_set(node->out[0], x->type, x->rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_dft = {
    .name = "DFT",
    .domain = "",
    .kind = KAON_OP_dft,
    .since = 17,
    .n_in = { 1, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_dft),
    .read = read_dft,
    .infer = infer_dft,
};

/* ---- STFT ------------------------------------------------------------------------------------ */

static void read_stft(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_dft *a = attr;
    a->onesided = kaon_attr_bool(r, "onesided", true);
}

/* The length of a frame: that of the window, or an input; KAON_DIM_UNKNOWN if it is not known. */
static int64_t frame_of(const struct kaon_infer *node)
{
    const struct kaon_fact *window = kaon_infer_in(node, 2), *given = kaon_infer_in(node, 3);
    int64_t frame = KAON_DIM_UNKNOWN;
    if (given && !kaon_fact_scalar_int(given, &frame))
        return KAON_DIM_UNKNOWN;
    return given ? frame : window ? kaon_fact_count(window) : KAON_DIM_UNKNOWN;
}

static enum kaon_status infer_stft(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_dft *a = node->attr;
    const struct kaon_fact *x = node->in[0], *window = kaon_infer_in(node, 2);
    const int64_t frame = frame_of(node);
    int64_t dims[4] = { KAON_DIM_UNKNOWN, KAON_DIM_UNKNOWN, bins(frame, a->onesided), 2 }, step;
    kaon_fact_set(node->out[0], x->type, 4, dims);
    if (!window && !kaon_infer_in(node, 3))
        return kaon_fail(msg, KAON_BAD_MODEL, "STFT: neither a window nor a frame length");
    if (x->rank < 0)
        return KAON_OK;
    if (x->rank < 2 || x->rank > 3)
        return kaon_fail(msg, KAON_BAD_MODEL, "STFT: signals of rank %d, wanted 3", (int)x->rank);
    if (window && kaon_dim_known(frame) && kaon_dim_known(kaon_fact_count(window)) &&
        kaon_fact_count(window) != frame)
        return kaon_fail(msg, KAON_BAD_MODEL, "STFT: a window of %lld for frames of %lld",
                         (long long)kaon_fact_count(window), (long long)frame);
    dims[0] = x->dims[0];
    if (kaon_fact_scalar_int(node->in[1], &step) && kaon_dim_known(frame) &&
        kaon_dim_known(x->dims[1])) {
        if (step < 1 || frame < 1 || frame > x->dims[1])
            return kaon_fail(msg, KAON_BAD_MODEL, "STFT: frames of %lld every %lld in %lld samples",
                             (long long)frame, (long long)step, (long long)x->dims[1]);
        dims[1] = (x->dims[1] - frame) / step + 1;
    }
    kaon_fact_set(node->out[0], x->type, 4, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_stft = {
    .name = "STFT",
    .domain = "",
    .kind = KAON_OP_stft,
    .since = 17,
    .n_in = { 2, 4 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_dft),
    .read = read_stft,
    .infer = infer_stft,
};

/* ---- windows --------------------------------------------------------------------------------- */

static void read_type(struct kaon_attr_reader *r, struct kaon_signal_window *a)
{
    a->type = (enum kaon_type)kaon_attr_int(r, "output_datatype", KAON_F32);
    if (!kaon_type_bytes(a->type) || a->type == KAON_SEQUENCE || a->type == KAON_BOOL)
        kaon_attr_fail(r, KAON_UNSUPPORTED, "output_datatype %d", (int)a->type);
}

static void read_window(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_signal_window *a = attr;
    read_type(r, a);
    a->periodic = kaon_attr_bool(r, "periodic", true);
}

/* A length that is an input: KAON_DIM_UNKNOWN if it is not known. */
static enum kaon_status length_of(const struct kaon_infer *node, size_t i, int64_t *length,
                                  struct kaon_msg *msg)
{
    if (!kaon_fact_scalar_int(node->in[i], length))
        *length = KAON_DIM_UNKNOWN;
    else if (*length < 0)
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: length %lld", kaon_infer_name(node),
                         (long long)*length);
    return KAON_OK;
}

static enum kaon_status infer_window(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_signal_window *a = node->attr;
    int64_t n;
    const enum kaon_status st = length_of(node, 0, &n, msg);
    kaon_fact_set(node->out[0], a->type, 1, &n);
    return st;
}

#define WINDOW(id, onnx)                                                                           \
    const struct kaon_op kaon_op_##id = {                                                          \
        .name = onnx,                                                                              \
        .domain = "",                                                                              \
        .kind = KAON_OP_##id,                                                                      \
        .since = 17,                                                                               \
        .n_in = { 1, 1 },                                                                          \
        .n_out = { 1, 1 },                                                                         \
        .attr_size = sizeof(struct kaon_signal_window),                                            \
        .read = read_window,                                                                       \
        .infer = infer_window,                                                                     \
    }
WINDOW(hann_window, "HannWindow");
WINDOW(hamming_window, "HammingWindow");
WINDOW(blackman_window, "BlackmanWindow");

static void read_mel(struct kaon_attr_reader *r, void *attr)
{
    read_type(r, attr);
}

static enum kaon_status infer_mel(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_signal_window *a = node->attr;
    int64_t mels, length;
    enum kaon_status st = length_of(node, 0, &mels, msg);
    if (st == KAON_OK)
        st = length_of(node, 1, &length, msg);
    if (st == KAON_OK)
        kaon_fact_set(node->out[0], a->type, 2, (int64_t[]){ bins(length, true), mels });
    return st;
}

const struct kaon_op kaon_op_mel_weight_matrix = {
    .name = "MelWeightMatrix",
    .domain = "",
    .kind = KAON_OP_mel_weight_matrix,
    .since = 17,
    .n_in = { 5, 5 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_signal_window),
    .read = read_mel,
    .infer = infer_mel,
};
