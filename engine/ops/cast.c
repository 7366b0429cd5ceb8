/* Cast, CastLike. */
#include "engine/ops/ops.h"

#include <string.h>

/* Opset 1 names the type in words. */
static enum kaon_type named(const char *name)
{
    static const struct {
        const char *name;
        enum kaon_type type;
    } words[] = {
        { "FLOAT", KAON_F32 },  { "DOUBLE", KAON_F64 }, { "FLOAT16", KAON_F16 },
        { "INT8", KAON_I8 },    { "INT16", KAON_I16 },  { "INT32", KAON_I32 },
        { "INT64", KAON_I64 },  { "UINT8", KAON_U8 },   { "UINT16", KAON_U16 },
        { "UINT32", KAON_U32 }, { "UINT64", KAON_U64 }, { "BOOL", KAON_BOOL },
    };
    for (size_t i = 0; i < KAON_COUNT(words); i++)
        if (!strcmp(words[i].name, name))
            return words[i].type;
    return KAON_UNDEFINED;
}

static void read_rounding(struct kaon_attr_reader *r, struct kaon_cast *a)
{
    static const char *const words[] = { "up", "down", "nearest" };
    a->saturate = kaon_attr_bool(r, "saturate", true);
    a->round = (enum kaon_round)kaon_attr_word(r, "round_mode", 0, words, 3);
}

static void read_cast(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_cast *a = attr;
    if (r->opset < 6)
        a->to = named(kaon_attr_text(r, "to", ""));
    else
        a->to = (enum kaon_type)kaon_attr_int(r, "to", KAON_UNDEFINED);
    if (!kaon_type_bytes(a->to) || a->to == KAON_SEQUENCE || a->to == KAON_STRING)
        kaon_attr_fail(r, KAON_UNSUPPORTED, "Cast: to element type %d (%s)", (int)a->to,
                       kaon_type_name(a->to));
    read_rounding(r, a);
}

static void read_cast_like(struct kaon_attr_reader *r, void *attr)
{
    read_rounding(r, attr);
}

static enum kaon_status infer_cast(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_cast *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    if (x->type == KAON_STRING || x->type == KAON_SEQUENCE)
        return kaon_fail(msg, KAON_UNSUPPORTED, "Cast: from %s", kaon_type_name(x->type));
    kaon_fact_set(node->out[0], node->n_in > 1 ? node->in[1]->type : a->to, x->rank, x->dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_cast = {
    .name = "Cast",
    .domain = "",
    .kind = KAON_OP_cast,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_cast),
    .read = read_cast,
    .infer = infer_cast,
};

/* BitCast: the same bits under another type of the same size. */
static void read_bit_cast(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_cast *a = attr;
    a->to = (enum kaon_type)kaon_attr_int(r, "to", KAON_UNDEFINED);
    if (!kaon_type_bytes(a->to) || a->to == KAON_SEQUENCE || a->to == KAON_STRING)
        kaon_attr_fail(r, KAON_UNSUPPORTED, "BitCast: to element type %d (%s)", (int)a->to,
                       kaon_type_name(a->to));
}

static enum kaon_status infer_bit_cast(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_cast *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    if (x->type && kaon_type_bytes(x->type) != kaon_type_bytes(a->to))
        return kaon_fail(msg, KAON_BAD_MODEL, "BitCast: from %s to %s", kaon_type_name(x->type),
                         kaon_type_name(a->to));
    kaon_fact_set(node->out[0], a->to, x->rank, x->dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_bit_cast = {
    .name = "BitCast",
    .domain = "",
    .kind = KAON_OP_bit_cast,
    .since = 26,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_cast),
    .read = read_bit_cast,
    .infer = infer_bit_cast,
};

const struct kaon_op kaon_op_cast_like = {
    .name = "CastLike",
    .domain = "",
    .kind = KAON_OP_cast_like,
    .since = 15,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_cast),
    .read = read_cast_like,
    .infer = infer_cast,
};
