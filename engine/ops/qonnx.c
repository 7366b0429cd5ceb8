/* Quantisation to any number of bits as QONNX defines it: values stay float32. */
#include "engine/ops/ops.h"

#include <strings.h>

static enum kaon_rounding read_rounding(struct kaon_attr_reader *r, const char *otherwise)
{
    static const struct {
        const char *name;
        enum kaon_rounding rounding;
    } modes[] = {
        { "ROUND", KAON_BITS_EVEN },
        { "HALF_EVEN", KAON_BITS_EVEN },
        { "CEIL", KAON_BITS_CEIL },
        { "FLOOR", KAON_BITS_FLOOR },
        { "UP", KAON_BITS_UP },
        { "DOWN", KAON_BITS_DOWN },
        { "ROUND_TO_ZERO", KAON_BITS_DOWN },
        { "HALF_UP", KAON_BITS_HALF_UP },
        { "HALF_DOWN", KAON_BITS_HALF_DOWN },
    };
    const char *word = kaon_attr_text(r, "rounding_mode", otherwise);
    for (size_t i = 0; i < KAON_COUNT(modes); i++)
        if (!strcasecmp(word, modes[i].name))
            return modes[i].rounding;
    kaon_attr_fail(r, KAON_UNSUPPORTED, "rounding_mode '%s'", word);
    return KAON_BITS_EVEN;
}

static void read_quant(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_bits *a = attr;
    a->rounding = read_rounding(r, "ROUND");
    a->is_signed = kaon_attr_bool(r, "signed", true);
    a->narrow = kaon_attr_bool(r, "narrow", false);
}

static void read_trunc(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_bits *a = attr;
    a->rounding = read_rounding(r, "FLOOR");
    a->is_signed = kaon_attr_bool(r, "signed", true);
    a->narrow = kaon_attr_bool(r, "narrow", false);
}

static enum kaon_status infer_quant(const struct kaon_infer *node, struct kaon_msg *msg)
{
    for (size_t i = 0; i < node->n_in; i++)
        if (!node->in[i])
            return kaon_fail(msg, KAON_BAD_MODEL, "%s: input %zu is not given",
                             kaon_infer_name(node), i);
    kaon_fact_unknown(node->out[0], node->in[0]->type);
    return kaon_fact_broadcast(node->out[0], node->in, node->n_in, kaon_infer_name(node), msg);
}

const struct kaon_op kaon_op_int_quant = {
    .name = "IntQuant",
    .domain = "qonnx.custom_op.general",
    .kind = KAON_OP_int_quant,
    .since = 1,
    .n_in = { 4, 4 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_UNVERSIONED,
    .attr_size = sizeof(struct kaon_bits),
    .read = read_quant,
    .infer = infer_quant,
};

/* The same, as it was called first. */
const struct kaon_op kaon_op_quant = {
    .name = "Quant",
    .domain = "qonnx.custom_op.general",
    .kind = KAON_OP_quant,
    .since = 1,
    .n_in = { 4, 4 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_UNVERSIONED,
    .attr_size = sizeof(struct kaon_bits),
    .read = read_quant,
    .infer = infer_quant,
};

const struct kaon_op kaon_op_bipolar_quant = {
    .name = "BipolarQuant",
    .domain = "qonnx.custom_op.general",
    .kind = KAON_OP_bipolar_quant,
    .since = 1,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_UNVERSIONED,
    .infer = infer_quant,
};

/* Version 2 has the scale of the output in front of its bits. */
const struct kaon_op kaon_op_trunc = {
    .name = "Trunc",
    .domain = "qonnx.custom_op.general",
    .kind = KAON_OP_trunc,
    .since = 1,
    .n_in = { 5, 6 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_UNVERSIONED,
    .attr_size = sizeof(struct kaon_bits),
    .read = read_trunc,
    .infer = infer_quant,
};
