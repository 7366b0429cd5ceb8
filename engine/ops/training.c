/* Steps of training: Adagrad, Adam, Momentum. Inputs are R, T, and then all X, all G, and so on. */
#include "engine/ops/ops.h"

static void read_optimizer(struct kaon_attr_reader *r, struct kaon_optimizer *a)
{
    a->norm = (double)kaon_attr_float(r, "norm_coefficient", 0.0f);
}

static void read_adagrad(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_optimizer *a = attr;
    read_optimizer(r, a);
    a->decay = (double)kaon_attr_float(r, "decay_factor", 0.0f);
    a->epsilon = (double)kaon_attr_float(r, "epsilon", 1e-6f);
}

static void read_adam(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_optimizer *a = attr;
    read_optimizer(r, a);
    a->alpha = (double)kaon_attr_float(r, "alpha", 0.9f);
    a->beta = (double)kaon_attr_float(r, "beta", 0.999f);
    a->epsilon = (double)kaon_attr_float(r, "epsilon", 1e-6f);
    a->norm_post = (double)kaon_attr_float(r, "norm_coefficient_post", 0.0f);
}

static void read_momentum(struct kaon_attr_reader *r, void *attr)
{
    static const char *const modes[] = { "standard", "nesterov" };
    struct kaon_optimizer *a = attr;
    if (!kaon_attr_has(r, "alpha") || !kaon_attr_has(r, "beta") || !kaon_attr_has(r, "mode") ||
        !kaon_attr_has(r, "norm_coefficient"))
        kaon_attr_fail(r, KAON_BAD_MODEL,
                       "alpha, beta, mode and norm_coefficient have to be given");
    read_optimizer(r, a);
    a->alpha = (double)kaon_attr_float(r, "alpha", 0.0f);
    a->beta = (double)kaon_attr_float(r, "beta", 0.0f);
    a->nesterov = kaon_attr_word(r, "mode", 0, modes, 2) == 1;
}

static bool may_be_same(const struct kaon_fact *a, const struct kaon_fact *b)
{
    if (a->rank < 0 || b->rank < 0)
        return true;
    for (int32_t i = 0; a->rank == b->rank && i < a->rank; i++)
        if (kaon_dim_known(a->dims[i]) && kaon_dim_known(b->dims[i]) && a->dims[i] != b->dims[i])
            return false;
    return a->rank == b->rank;
}

/* All groups but that of the gradients have an output. */
static enum kaon_status infer_optimizer(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const size_t groups = node->kind == KAON_OP_adam ? 4 : 3, n = (node->n_in - 2) / groups;
    if ((node->n_in - 2) % groups || node->n_out > n * (groups - 1))
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: %zu inputs and %zu outputs do not fit",
                         kaon_infer_name(node), node->n_in, node->n_out);
    for (size_t i = 0; i < node->n_in; i++) {
        if (!node->in[i])
            return kaon_fail(msg, KAON_BAD_MODEL, "%s: input %zu is not given",
                             kaon_infer_name(node), i);
        const int64_t count = i < 2 ? kaon_fact_count(node->in[i]) : 1;
        if (kaon_dim_known(count) && count != 1)
            return kaon_fail(msg, KAON_BAD_MODEL, "%s: input %zu is not one number",
                             kaon_infer_name(node), i);
        if (i >= 2 && !may_be_same(node->in[i], node->in[2 + (i - 2) % n]))
            return kaon_fail(msg, KAON_BAD_MODEL, "%s: input %zu has another shape than input %zu",
                             kaon_infer_name(node), i, 2 + (i - 2) % n);
    }
    for (size_t k = 0; k < node->n_out; k++)
        if (node->out[k])
            kaon_fact_like(node->out[k], node->in[2 + k % n]);
    return KAON_OK;
}

#define OPTIMIZER(id, text, outputs)                                                               \
    const struct kaon_op kaon_op_##id = {                                                          \
        .name = text,                                                                              \
        .domain = "ai.onnx.preview.training",                                                      \
        .kind = KAON_OP_##id,                                                                      \
        .since = 1,                                                                                \
        .n_in = { (outputs) + 3, -1 },                                                             \
        .n_out = { 1, -1 },                                                                        \
        .attr_size = sizeof(struct kaon_optimizer),                                                \
        .read = read_##id,                                                                         \
        .infer = infer_optimizer,                                                                  \
    }

OPTIMIZER(adagrad, "Adagrad", 2);
OPTIMIZER(adam, "Adam", 3);
OPTIMIZER(momentum, "Momentum", 2);
