/* Strings: StringConcat, StringSplit, StringNormalizer. */
#include "engine/base/text.h"
#include "engine/ops/ops.h"

#include <string.h>

static enum kaon_status need_texts(const struct kaon_infer *node, size_t i, struct kaon_msg *msg)
{
    const enum kaon_type type = node->in[i]->type;
    if (type == KAON_UNDEFINED || type == KAON_STRING)
        return KAON_OK;
    return kaon_fail(msg, KAON_BAD_MODEL, "%s: input %zu is %s, wanted string",
                     kaon_infer_name(node), i, kaon_type_name(type));
}

static enum kaon_status infer_concat(const struct kaon_infer *node, struct kaon_msg *msg)
{
    enum kaon_status st = need_texts(node, 0, msg);
    if (st == KAON_OK)
        st = need_texts(node, 1, msg);
    if (st != KAON_OK)
        return st;
    kaon_fact_unknown(node->out[0], KAON_STRING);
    return kaon_fact_broadcast(node->out[0], node->in, 2, "StringConcat", msg);
}

const struct kaon_op kaon_op_string_concat = {
    .name = "StringConcat",
    .domain = "",
    .kind = KAON_OP_string_concat,
    .since = 20,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_EAGER | KAON_OP_TEXT,
    .infer = infer_concat,
};

static void read_split(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_text_split *a = attr;
    const int64_t splits = kaon_attr_int(r, "maxsplit", INT64_MAX - 1);
    a->delimiter = kaon_attr_text(r, "delimiter", "");
    if (splits < 0)
        kaon_attr_fail(r, KAON_BAD_MODEL, "maxsplit is %lld", (long long)splits);
    a->most = splits == INT64_MAX ? splits : splits + 1;
}

static struct kaon_tensor known(const struct kaon_fact *f)
{
    return (struct kaon_tensor){ .data = (void *)(uintptr_t)f->value };
}

/* The parts lie along a new last axis, as long as the text with the most of them has parts. */
static enum kaon_status infer_split(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_text_split *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    const struct kaon_tensor texts = known(x);
    const int64_t n = kaon_fact_count(x);
    int64_t dims[KAON_MAX_RANK + 1];
    const enum kaon_status st = need_texts(node, 0, msg);
    if (st != KAON_OK)
        return st;
    if (x->rank == KAON_MAX_RANK)
        return kaon_fail(msg, KAON_UNSUPPORTED, "StringSplit: rank %d", KAON_MAX_RANK + 1);
    if (kaon_infer_out(node, 0))
        kaon_fact_unknown(node->out[0], KAON_STRING);
    if (kaon_infer_out(node, 1))
        kaon_fact_set(node->out[1], KAON_I64, x->rank, x->dims);
    if (x->rank < 0 || !kaon_infer_out(node, 0))
        return KAON_OK;
    memcpy(dims, x->dims, sizeof x->dims);
    dims[x->rank] = x->value && kaon_dim_known(n) ? 0 : KAON_DIM_UNKNOWN;
    for (int64_t i = 0; kaon_dim_known(dims[x->rank]) && i < n; i++)
        dims[x->rank] =
            kaon_max_i64(dims[x->rank], kaon_text_parts(kaon_text_at(&texts, (size_t)i), a));
    kaon_fact_set(node->out[0], KAON_STRING, x->rank + 1, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_string_split = {
    .name = "StringSplit",
    .domain = "",
    .kind = KAON_OP_string_split,
    .since = 20,
    .n_in = { 1, 1 },
    .n_out = { 2, 2 },
    .flags = KAON_OP_EAGER | KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_text_split),
    .read = read_split,
    .infer = infer_split,
};

static void read_normalizer(struct kaon_attr_reader *r, void *attr)
{
    static const char *const words[] = { "NONE", "LOWER", "UPPER" };
    struct kaon_text_normalizer *a = attr;
    const int action = kaon_attr_word(r, "case_change_action", 0, words, 3);
    a->lower = action == 1;
    a->upper = action == 2;
    a->sensitive = kaon_attr_bool(r, "is_case_sensitive", false);
    a->stop = kaon_attr_strings(r, "stopwords", &a->n_stop);
    kaon_attr_skip(r, "locale"); /* letters change their case as they do in English */
}

/* (C) or (1, C) without the stop words; one empty text if none is left. */
static enum kaon_status infer_normalizer(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_text_normalizer *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    const struct kaon_tensor texts = known(x);
    const int64_t n = kaon_fact_count(x);
    int64_t dims[2] = { 1, KAON_DIM_UNKNOWN };
    const enum kaon_status st = need_texts(node, 0, msg);
    if (st != KAON_OK)
        return st;
    kaon_fact_unknown(node->out[0], KAON_STRING);
    if (x->rank < 0)
        return KAON_OK;
    if (x->rank < 1 || x->rank > 2 ||
        (x->rank == 2 && kaon_dim_known(x->dims[0]) && x->dims[0] != 1))
        return kaon_fail(msg, KAON_BAD_MODEL, "StringNormalizer: shape %s, wanted [C] or [1,C]",
                         kaon_shape_text(x->rank, x->dims).text);
    if (x->value && kaon_dim_known(n)) {
        dims[1] = 0;
        for (int64_t i = 0; i < n; i++)
            dims[1] += !kaon_text_stops(kaon_text_at(&texts, (size_t)i), a);
        dims[1] = kaon_max_i64(dims[1], 1);
    }
    kaon_fact_set(node->out[0], KAON_STRING, x->rank, dims + 2 - x->rank);
    return KAON_OK;
}

const struct kaon_op kaon_op_string_normalizer = {
    .name = "StringNormalizer",
    .domain = "",
    .kind = KAON_OP_string_normalizer,
    .since = 10,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_EAGER | KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_text_normalizer),
    .read = read_normalizer,
    .infer = infer_normalizer,
};
