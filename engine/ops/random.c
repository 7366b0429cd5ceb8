/* Random numbers: RandomUniform, RandomNormal, their Likes, Bernoulli, Multinomial.
 *
 * The generator is kaon's own and has no state: number i of a node is a function of the node's seed and i,
 * so that a model gives the same numbers in every run, and nodes of the same seed the same numbers.
 * Without a seed the node's name takes its place. */
#include "engine/base/random.h"
#include "engine/ops/ops.h"

#include <string.h>

/* A float in the standard; files have integers too. */
static bool seed_is_integer(const struct kaon_attr_reader *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->attr[i].name, "seed") == 0)
            return r->attr[i].type == KAON_ATTR_INT;
    return false;
}

static void read_common(struct kaon_attr_reader *r, struct kaon_random *a, enum kaon_type otherwise)
{
    a->has_seed = kaon_attr_has(r, "seed");
    if (seed_is_integer(r))
        a->seed = kaon_random_seed((double)kaon_attr_int(r, "seed", 0));
    else
        a->seed = kaon_random_seed((double)kaon_attr_float(r, "seed", 0.0f));
    const int64_t type = kaon_attr_int(r, "dtype", otherwise);
    a->type = (enum kaon_type)type;
    if (type != KAON_UNDEFINED &&
        (type < 0 || type > INT32_MAX || !kaon_type_bytes(a->type) || a->type == KAON_SEQUENCE))
        kaon_attr_fail(r, KAON_UNSUPPORTED, "dtype %lld", (long long)type);
}

static void read_shape(struct kaon_attr_reader *r, struct kaon_random *a)
{
    a->shape = kaon_attr_ints(r, "shape", &a->n);
    if (a->n < 0 || a->n > KAON_MAX_RANK)
        kaon_attr_fail(r, KAON_BAD_MODEL, "shape has %d lengths, wanted 0 to %d", (int)a->n,
                       KAON_MAX_RANK);
    for (int32_t i = 0; i < a->n; i++)
        if (a->shape[i] < 0)
            kaon_attr_fail(r, KAON_BAD_MODEL, "a length is %lld", (long long)a->shape[i]);
}

static void read_low_high(struct kaon_attr_reader *r, struct kaon_random *a)
{
    a->a = (double)kaon_attr_float(r, "low", 0.0f);
    a->b = (double)kaon_attr_float(r, "high", 1.0f);
}

static void read_mean_scale(struct kaon_attr_reader *r, struct kaon_random *a)
{
    a->a = (double)kaon_attr_float(r, "mean", 0.0f);
    a->b = (double)kaon_attr_float(r, "scale", 1.0f);
}

static void read_uniform(struct kaon_attr_reader *r, void *attr)
{
    read_common(r, attr, KAON_F32);
    read_shape(r, attr);
    read_low_high(r, attr);
}

static void read_normal(struct kaon_attr_reader *r, void *attr)
{
    read_common(r, attr, KAON_F32);
    read_shape(r, attr);
    read_mean_scale(r, attr);
}

static void read_uniform_like(struct kaon_attr_reader *r, void *attr)
{
    read_common(r, attr, KAON_UNDEFINED);
    read_low_high(r, attr);
}

static void read_normal_like(struct kaon_attr_reader *r, void *attr)
{
    read_common(r, attr, KAON_UNDEFINED);
    read_mean_scale(r, attr);
}

static void read_bernoulli(struct kaon_attr_reader *r, void *attr)
{
    read_common(r, attr, KAON_UNDEFINED);
}

static void read_multinomial(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_random *a = attr;
    read_common(r, a, KAON_I32);
    a->samples = kaon_attr_int(r, "sample_size", 1);
    if (a->samples < 0)
        kaon_attr_fail(r, KAON_BAD_MODEL, "sample_size is %lld", (long long)a->samples);
    if (a->type != KAON_I32 && a->type != KAON_I64)
        kaon_attr_fail(r, KAON_BAD_MODEL, "dtype %d, wanted int32 or int64", (int)a->type);
}

static enum kaon_status infer_shaped(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_random *a = node->attr;
    (void)msg;
    kaon_fact_set(node->out[0], a->type, a->n, a->shape);
    return KAON_OK;
}

static enum kaon_status infer_like(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_random *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    (void)msg;
    kaon_fact_set(node->out[0], a->type ? a->type : x->type, x->rank, x->dims);
    return KAON_OK;
}

static enum kaon_status infer_multinomial(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_random *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    const int64_t dims[] = { x->rank == 2 ? x->dims[0] : KAON_DIM_UNKNOWN, a->samples };
    const enum kaon_status st = kaon_infer_rank(node, 0, 2, msg);
    if (st != KAON_OK)
        return st;
    if (x->rank == 2 && x->dims[1] == 0)
        return kaon_fail(msg, KAON_BAD_MODEL, "Multinomial: no classes to draw from");
    kaon_fact_set(node->out[0], a->type, 2, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_random_uniform = {
    .name = "RandomUniform",
    .domain = "",
    .kind = KAON_OP_random_uniform,
    .since = 1,
    .n_in = { 0, 0 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_RANDOM,
    .attr_size = sizeof(struct kaon_random),
    .read = read_uniform,
    .infer = infer_shaped,
};

const struct kaon_op kaon_op_random_normal = {
    .name = "RandomNormal",
    .domain = "",
    .kind = KAON_OP_random_normal,
    .since = 1,
    .n_in = { 0, 0 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_RANDOM,
    .attr_size = sizeof(struct kaon_random),
    .read = read_normal,
    .infer = infer_shaped,
};

const struct kaon_op kaon_op_random_uniform_like = {
    .name = "RandomUniformLike",
    .domain = "",
    .kind = KAON_OP_random_uniform_like,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_RANDOM,
    .attr_size = sizeof(struct kaon_random),
    .read = read_uniform_like,
    .infer = infer_like,
};

const struct kaon_op kaon_op_random_normal_like = {
    .name = "RandomNormalLike",
    .domain = "",
    .kind = KAON_OP_random_normal_like,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_RANDOM,
    .attr_size = sizeof(struct kaon_random),
    .read = read_normal_like,
    .infer = infer_like,
};

const struct kaon_op kaon_op_bernoulli = {
    .name = "Bernoulli",
    .domain = "",
    .kind = KAON_OP_bernoulli,
    .since = 15,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_RANDOM,
    .attr_size = sizeof(struct kaon_random),
    .read = read_bernoulli,
    .infer = infer_like,
};

const struct kaon_op kaon_op_multinomial = {
    .name = "Multinomial",
    .domain = "",
    .kind = KAON_OP_multinomial,
    .since = 7,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_RANDOM,
    .attr_size = sizeof(struct kaon_random),
    .read = read_multinomial,
    .infer = infer_multinomial,
};
