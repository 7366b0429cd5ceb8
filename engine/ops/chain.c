/* Chain: element-wise operators one after another. Only a pass makes it.
 *
 * `ops` names them, `others` says for each which input is the other operand (0: there is none; k: input k,
 * after what came before; -k: input k, in front of it), `params` has two numbers for each, or is not there
 * where all are 0. */
#include "engine/base/attrs.h"
#include "engine/base/fact.h"
#include "engine/ops/ops.h"

static void read_chain(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_chain *c = attr;
    int32_t n_others, n_params;
    const char *const *ops = kaon_attr_strings(r, "ops", &c->n);
    const int64_t *others = kaon_attr_ints(r, "others", &n_others);
    const float *params = kaon_attr_floats(r, "params", &n_params);
    if (c->n < 1 || c->n > KAON_CHAIN_LINKS || n_others != c->n ||
        (n_params >= 0 && n_params != 2 * c->n)) {
        kaon_attr_fail(r, KAON_BAD_MODEL, "ops, others and params do not agree");
        c->n = 0;
        return;
    }
    for (int32_t k = 0; k < c->n; k++) {
        const struct kaon_op *op = kaon_op_find("", ops[k]);
        const int64_t other = others[k];
        const bool fits = op && kaon_chain_operands(op->kind) == (other ? 2 : 1) &&
                          (other < 0 ? -other : other) < (int64_t)r->n_in;
        if (!fits) {
            kaon_attr_fail(r, KAON_BAD_MODEL, "link %d, '%s', has not the operands that it needs",
                           k, ops[k]);
            return;
        }
        c->link[k] = (struct kaon_chain_link){
            .kind = op->kind,
            .input = other ? (int32_t)(other < 0 ? -other : other) : -1,
            .first = other < 0,
            .a = n_params < 0 ? 0.0f : params[2 * k],
            .b = n_params < 0 ? 0.0f : params[2 * k + 1],
        };
    }
}

int kaon_chain_operands(enum kaon_op_kind kind)
{
    static const unsigned char operands[KAON_OP_COUNT] = {
        [KAON_OP_abs] = 1,         [KAON_OP_neg] = 1,
        [KAON_OP_relu] = 1,        [KAON_OP_exp] = 1,
        [KAON_OP_log] = 1,         [KAON_OP_sqrt] = 1,
        [KAON_OP_reciprocal] = 1,  [KAON_OP_erf] = 1,
        [KAON_OP_tanh] = 1,        [KAON_OP_sigmoid] = 1,
        [KAON_OP_softplus] = 1,    [KAON_OP_softsign] = 1,
        [KAON_OP_mish] = 1,        [KAON_OP_hardswish] = 1,
        [KAON_OP_hardsigmoid] = 1, [KAON_OP_leaky_relu] = 1,
        [KAON_OP_elu] = 1,         [KAON_OP_selu] = 1,
        [KAON_OP_celu] = 1,        [KAON_OP_thresholded_relu] = 1,
        [KAON_OP_sign] = 1,        [KAON_OP_floor] = 1,
        [KAON_OP_ceil] = 1,        [KAON_OP_round] = 1,
        [KAON_OP_add] = 2,         [KAON_OP_sub] = 2,
        [KAON_OP_mul] = 2,         [KAON_OP_div] = 2,
        [KAON_OP_max] = 2,         [KAON_OP_min] = 2,
        [KAON_OP_pow] = 2,
    };
    return operands[kind];
}

static enum kaon_status infer_chain(const struct kaon_infer *node, struct kaon_msg *msg)
{
    kaon_fact_unknown(node->out[0], node->in[0]->type);
    return kaon_fact_broadcast(node->out[0], node->in, node->n_in, "Chain", msg);
}

const struct kaon_op kaon_op_chain = {
    .name = "Chain",
    .domain = "ai.kaon",
    .kind = KAON_OP_chain,
    .since = 1,
    .n_in = { 1, -1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_chain),
    .read = read_chain,
    .infer = infer_chain,
};
