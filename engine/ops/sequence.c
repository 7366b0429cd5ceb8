/* Sequences of tensors. A sequence is a tensor of type KAON_SEQUENCE and rank 1 whose elements are
 * struct kaon_tensor; the shapes of its items are known only when it is. */
#include "engine/ops/ops.h"

#include <string.h>

static void set_sequence(struct kaon_fact *fact, int64_t n)
{
    kaon_fact_set(fact, KAON_SEQUENCE, 1, &n);
}

static int64_t length_of(const struct kaon_fact *sequence)
{
    return sequence->rank == 1 ? sequence->dims[0] : KAON_DIM_UNKNOWN;
}

static enum kaon_status need_sequence(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const enum kaon_type type = node->in[0]->type;
    if (type == KAON_UNDEFINED || type == KAON_SEQUENCE)
        return KAON_OK;
    return kaon_fail(msg, KAON_BAD_MODEL, "%s: input 0 is a tensor of %s, wanted a sequence",
                     kaon_infer_name(node), kaon_type_name(type));
}

/* Item `at` (from the end if negative) of a known sequence, or NULL. */
static const struct kaon_tensor *item(const struct kaon_fact *sequence, int64_t at)
{
    const int64_t n = length_of(sequence), i = at < 0 ? at + n : at;
    if (!sequence->value || i < 0 || i >= n)
        return NULL;
    return (const struct kaon_tensor *)sequence->value + i;
}

static void read_empty(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_sequence_attr *a = attr;
    a->type = (enum kaon_type)kaon_attr_int(r, "dtype", KAON_F32);
}

static enum kaon_status infer_empty(const struct kaon_infer *node, struct kaon_msg *msg)
{
    (void)msg;
    set_sequence(node->out[0], 0);
    return KAON_OK;
}

const struct kaon_op kaon_op_sequence_empty = {
    .name = "SequenceEmpty",
    .domain = "",
    .kind = KAON_OP_sequence_empty,
    .since = 11,
    .n_in = { 0, 0 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_EAGER | KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_sequence_attr),
    .read = read_empty,
    .infer = infer_empty,
};

static enum kaon_status infer_construct(const struct kaon_infer *node, struct kaon_msg *msg)
{
    (void)msg;
    set_sequence(node->out[0], (int64_t)node->n_in);
    return KAON_OK;
}

const struct kaon_op kaon_op_sequence_construct = {
    .name = "SequenceConstruct",
    .domain = "",
    .kind = KAON_OP_sequence_construct,
    .since = 11,
    .n_in = { 1, -1 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_EAGER | KAON_OP_TEXT,
    .infer = infer_construct,
};

static enum kaon_status infer_insert(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const int64_t n = length_of(node->in[0]);
    set_sequence(node->out[0], kaon_dim_known(n) ? n + 1 : KAON_DIM_UNKNOWN);
    return need_sequence(node, msg);
}

const struct kaon_op kaon_op_sequence_insert = {
    .name = "SequenceInsert",
    .domain = "",
    .kind = KAON_OP_sequence_insert,
    .since = 11,
    .n_in = { 2, 3 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_EAGER | KAON_OP_TEXT,
    .infer = infer_insert,
};

static enum kaon_status infer_erase(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const int64_t n = length_of(node->in[0]);
    if (n == 0)
        return kaon_fail(msg, KAON_BAD_MODEL, "SequenceErase: the sequence is empty");
    set_sequence(node->out[0], kaon_dim_known(n) ? n - 1 : KAON_DIM_UNKNOWN);
    return need_sequence(node, msg);
}

const struct kaon_op kaon_op_sequence_erase = {
    .name = "SequenceErase",
    .domain = "",
    .kind = KAON_OP_sequence_erase,
    .since = 11,
    .n_in = { 1, 2 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_EAGER | KAON_OP_TEXT,
    .infer = infer_erase,
};

static enum kaon_status infer_at(const struct kaon_infer *node, struct kaon_msg *msg)
{
    int64_t at;
    kaon_fact_unknown(node->out[0], KAON_UNDEFINED);
    if (node->in[0]->value && kaon_fact_scalar_int(node->in[1], &at)) {
        const struct kaon_tensor *t = item(node->in[0], at);
        if (!t)
            return kaon_fail(msg, KAON_BAD_MODEL, "SequenceAt: position %lld of %lld",
                             (long long)at, (long long)length_of(node->in[0]));
        kaon_fact_set(node->out[0], t->type, t->rank, t->dims);
    }
    return need_sequence(node, msg);
}

const struct kaon_op kaon_op_sequence_at = {
    .name = "SequenceAt",
    .domain = "",
    .kind = KAON_OP_sequence_at,
    .since = 11,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_EAGER | KAON_OP_TEXT,
    .infer = infer_at,
};

static enum kaon_status infer_length(const struct kaon_infer *node, struct kaon_msg *msg)
{
    kaon_fact_set(node->out[0], KAON_I64, 0, NULL);
    return need_sequence(node, msg);
}

const struct kaon_op kaon_op_sequence_length = {
    .name = "SequenceLength",
    .domain = "",
    .kind = KAON_OP_sequence_length,
    .since = 11,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_EAGER | KAON_OP_TEXT,
    .infer = infer_length,
};

/* ---- ConcatFromSequence ---------------------------------------------------------------------- */

static void read_concat(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_sequence_attr *a = attr;
    a->axis = kaon_attr_int(r, "axis", 0);
    a->new_axis = kaon_attr_bool(r, "new_axis", false);
}

static bool same_but(const struct kaon_tensor *a, const struct kaon_tensor *b, int32_t axis)
{
    bool same = a->type == b->type && a->rank == b->rank;
    for (int32_t i = 0; same && i < a->rank; i++)
        same = i == axis || a->dims[i] == b->dims[i];
    return same;
}

static enum kaon_status infer_concat(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_sequence_attr *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    const struct kaon_tensor *first = x->value;
    const int64_t n = length_of(x);
    int64_t dims[KAON_MAX_RANK + 1], sum = 0;
    int32_t axis;
    kaon_fact_unknown(node->out[0], KAON_UNDEFINED);
    enum kaon_status st = need_sequence(node, msg);
    if (st != KAON_OK || !first)
        return st;
    if (n < 1)
        return kaon_fail(msg, KAON_BAD_MODEL, "ConcatFromSequence: the sequence is empty");
    const int32_t rank = first->rank + a->new_axis;
    if (rank > KAON_MAX_RANK)
        return kaon_fail(msg, KAON_UNSUPPORTED, "ConcatFromSequence: rank is above %d",
                         KAON_MAX_RANK);
    st = kaon_fact_axis(a->axis, rank, "ConcatFromSequence", &axis, msg);
    if (st != KAON_OK)
        return st;
    for (int64_t i = 0; i < n; i++) {
        if (!same_but(first, first + i, a->new_axis ? -1 : axis))
            return kaon_fail(msg, KAON_BAD_MODEL,
                             "ConcatFromSequence: items of %s and %s do not fit together",
                             kaon_shape_text(first->rank, first->dims).text,
                             kaon_shape_text(first[i].rank, first[i].dims).text);
        sum = kaon_dim_add(sum, a->new_axis ? 1 : first[i].dims[axis]);
    }
    for (int32_t i = 0, from = 0; i < rank; i++)
        dims[i] = i == axis ? (from += !a->new_axis, sum) : first->dims[from++];
    kaon_fact_set(node->out[0], first->type, rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_concat_from_sequence = {
    .name = "ConcatFromSequence",
    .domain = "",
    .kind = KAON_OP_concat_from_sequence,
    .since = 11,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_EAGER | KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_sequence_attr),
    .read = read_concat,
    .infer = infer_concat,
};

/* ---- SplitToSequence ------------------------------------------------------------------------- */

static void read_split(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_sequence_attr *a = attr;
    a->axis = kaon_attr_int(r, "axis", 0);
    a->keep = kaon_attr_bool(r, "keepdims", true);
}

static enum kaon_status infer_split(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_sequence_attr *a = node->attr;
    const struct kaon_fact *x = node->in[0], *split = kaon_infer_in(node, 1);
    int32_t axis;
    int64_t n = KAON_DIM_UNKNOWN, each;
    if (x->rank >= 0) {
        const enum kaon_status st = kaon_fact_axis(a->axis, x->rank, "SplitToSequence", &axis, msg);
        if (st != KAON_OK)
            return st;
        if (!split)
            n = x->dims[axis];
        else if (split->rank == 1)
            n = split->dims[0];
        else if (kaon_fact_scalar_int(split, &each) && kaon_dim_known(x->dims[axis])) {
            if (each < 1)
                return kaon_fail(msg, KAON_BAD_MODEL, "SplitToSequence: parts of %lld",
                                 (long long)each);
            n = (x->dims[axis] + each - 1) / each;
        }
    }
    set_sequence(node->out[0], n);
    return KAON_OK;
}

const struct kaon_op kaon_op_split_to_sequence = {
    .name = "SplitToSequence",
    .domain = "",
    .kind = KAON_OP_split_to_sequence,
    .since = 11,
    .n_in = { 1, 2 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_EAGER | KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_sequence_attr),
    .read = read_split,
    .infer = infer_split,
};

/* ---- optionals: the value itself, or one of type KAON_NONE ----------------------------------- */

static void read_optional(struct kaon_attr_reader *r, void *attr)
{
    (void)attr;
    kaon_attr_skip(r, "type");
}

static enum kaon_status infer_optional(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *x = kaon_infer_in(node, 0);
    (void)msg;
    if (x)
        kaon_fact_like(node->out[0], x);
    else
        kaon_fact_set(node->out[0], KAON_NONE, 0, NULL);
    return KAON_OK;
}

const struct kaon_op kaon_op_optional = {
    .name = "Optional",
    .domain = "",
    .kind = KAON_OP_optional,
    .since = 15,
    .n_in = { 0, 1 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_EAGER | KAON_OP_TEXT,
    .read = read_optional,
    .infer = infer_optional,
};

static enum kaon_status infer_has_element(const struct kaon_infer *node, struct kaon_msg *msg)
{
    (void)msg;
    kaon_fact_set(node->out[0], KAON_BOOL, 0, NULL);
    return KAON_OK;
}

const struct kaon_op kaon_op_optional_has_element = {
    .name = "OptionalHasElement",
    .domain = "",
    .kind = KAON_OP_optional_has_element,
    .since = 15,
    .n_in = { 0, 1 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_EAGER | KAON_OP_OF_SHAPE | KAON_OP_TEXT,
    .infer = infer_has_element,
};

static enum kaon_status infer_get_element(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0];
    if (x->type == KAON_NONE)
        return kaon_fail(msg, KAON_BAD_MODEL, "OptionalGetElement: the optional holds nothing");
    if (x->type == KAON_OPTIONAL)
        kaon_fact_unknown(node->out[0], KAON_UNDEFINED);
    else
        kaon_fact_like(node->out[0], x);
    return KAON_OK;
}

const struct kaon_op kaon_op_optional_get_element = {
    .name = "OptionalGetElement",
    .domain = "",
    .kind = KAON_OP_optional_get_element,
    .since = 15,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_EAGER | KAON_OP_TEXT,
    .infer = infer_get_element,
};
