/* RNN, GRU, LSTM. */
#include "engine/ops/ops.h"

#include <strings.h>

static const struct cell_fn {
    const char *name;
    bool has_a, has_b;
    float a, b; /* defaults */
} cell_fns[KAON_CELL_FNS] = {
    [KAON_CELL_SIGMOID] = { "Sigmoid", false, false, 0.0f, 0.0f },
    [KAON_CELL_TANH] = { "Tanh", false, false, 0.0f, 0.0f },
    [KAON_CELL_RELU] = { "Relu", false, false, 0.0f, 0.0f },
    [KAON_CELL_AFFINE] = { "Affine", true, true, 1.0f, 0.0f },
    [KAON_CELL_LEAKY_RELU] = { "LeakyRelu", true, false, 0.01f, 0.0f },
    [KAON_CELL_THRESHOLDED_RELU] = { "ThresholdedRelu", true, false, 1.0f, 0.0f },
    [KAON_CELL_SCALED_TANH] = { "ScaledTanh", true, true, 1.0f, 1.0f },
    [KAON_CELL_HARD_SIGMOID] = { "HardSigmoid", true, true, 0.2f, 0.5f },
    [KAON_CELL_ELU] = { "Elu", true, false, 1.0f, 0.0f },
    [KAON_CELL_SOFTSIGN] = { "Softsign", false, false, 0.0f, 0.0f },
    [KAON_CELL_SOFTPLUS] = { "Softplus", false, false, 0.0f, 0.0f },
};

/* Activation functions: each direction's `each` of them, with the parameters they take in turn. */
static void read_activations(struct kaon_attr_reader *r, struct kaon_recurrent *a,
                             const enum kaon_cell_fn *otherwise, int32_t each)
{
    int32_t n, n_alpha, n_beta, at_alpha = 0, at_beta = 0;
    const char *const *names = kaon_attr_strings(r, "activations", &n);
    const float *alpha = kaon_attr_floats(r, "activation_alpha", &n_alpha);
    const float *beta = kaon_attr_floats(r, "activation_beta", &n_beta);
    const int32_t all = each * (a->direction == KAON_BIDIRECTIONAL ? 2 : 1);
    if (n > 0 && n != all) {
        kaon_attr_fail(r, KAON_BAD_MODEL, "%d activations, wanted %d", (int)n, (int)all);
        return;
    }
    for (int32_t i = 0; i < all; i++) {
        int fn = otherwise[i % each];
        for (fn = n > 0 ? 0 : fn; n > 0 && fn < KAON_CELL_FNS; fn++)
            if (!strcasecmp(names[i], cell_fns[fn].name))
                break;
        if (fn == KAON_CELL_FNS) {
            kaon_attr_fail(r, KAON_UNSUPPORTED, "activation '%s'", names[i]);
            return;
        }
        const struct cell_fn *f = &cell_fns[fn];
        a->act[i].fn = (enum kaon_cell_fn)fn;
        a->act[i].a = f->has_a && at_alpha < n_alpha ? alpha[at_alpha++] : f->a;
        a->act[i].b = f->has_b && at_beta < n_beta ? beta[at_beta++] : f->b;
    }
}

static void read_recurrent(struct kaon_attr_reader *r, struct kaon_recurrent *a,
                           const enum kaon_cell_fn *otherwise, int32_t each)
{
    static const char *const words[] = { "forward", "reverse", "bidirectional" };
    a->direction = (enum kaon_direction)kaon_attr_word(r, "direction", 0, words, 3);
    a->hidden = kaon_attr_int(r, "hidden_size", 0);
    a->clip = kaon_attr_float(r, "clip", 0.0f);
    a->batch_first = kaon_attr_bool(r, "layout", false);
    a->linear_before_reset = kaon_attr_bool(r, "linear_before_reset", false);
    a->couple_input_forget = kaon_attr_bool(r, "input_forget", false);
    kaon_attr_skip(r, "output_sequence"); /* before opset 7: an output that is named is wanted */
    read_activations(r, a, otherwise, each);
    if (!(a->clip >= 0.0f))
        kaon_attr_fail(r, KAON_BAD_MODEL, "clip is %g", (double)a->clip);
}

static void read_rnn(struct kaon_attr_reader *r, void *attr)
{
    static const enum kaon_cell_fn fns[] = { KAON_CELL_TANH };
    read_recurrent(r, attr, fns, 1);
}

static void read_gru(struct kaon_attr_reader *r, void *attr)
{
    static const enum kaon_cell_fn fns[] = { KAON_CELL_SIGMOID, KAON_CELL_TANH };
    read_recurrent(r, attr, fns, 2);
}

static void read_lstm(struct kaon_attr_reader *r, void *attr)
{
    static const enum kaon_cell_fn fns[] = { KAON_CELL_SIGMOID, KAON_CELL_TANH, KAON_CELL_TANH };
    read_recurrent(r, attr, fns, 3);
}

/* Fails where input i has rank `rank` and a length that is not the one wanted (unknown: any). */
static enum kaon_status check(const struct kaon_infer *node, size_t i, int32_t rank,
                              const int64_t *want, struct kaon_msg *msg)
{
    const struct kaon_fact *x = kaon_infer_in(node, i);
    const enum kaon_status st = kaon_infer_rank(node, i, rank, msg);
    if (st != KAON_OK || !x || x->rank < 0)
        return st;
    for (int32_t k = 0; k < rank; k++)
        if (kaon_dim_known(x->dims[k]) && kaon_dim_known(want[k]) && x->dims[k] != want[k])
            return kaon_fail(msg, KAON_BAD_MODEL, "%s: input %zu has shape %s, wanted %s",
                             kaon_infer_name(node), i, kaon_shape_text(rank, x->dims).text,
                             kaon_shape_text(rank, want).text);
    return KAON_OK;
}

static enum kaon_status infer_recurrent(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_recurrent *a = node->attr;
    const struct kaon_fact *x = node->in[0], *r = node->in[2];
    const int64_t directions = a->direction == KAON_BIDIRECTIONAL ? 2 : 1;
    const int64_t gates = node->kind == KAON_OP_rnn ? 1 : node->kind == KAON_OP_gru ? 3 : 4;
    int64_t steps = KAON_DIM_UNKNOWN, batch = steps, inputs = steps;
    int64_t hidden = a->hidden > 0 ? a->hidden : r->rank == 3 ? r->dims[2] : KAON_DIM_UNKNOWN;
    if (x->rank == 3) {
        steps = x->dims[a->batch_first];
        batch = x->dims[!a->batch_first];
        inputs = x->dims[2];
    }
    const int64_t rows = kaon_dim_mul(hidden, gates);
    const int64_t state[3] = { a->batch_first ? batch : directions,
                               a->batch_first ? directions : batch, hidden };
    enum kaon_status st = kaon_infer_rank(node, 0, 3, msg);
    if (st == KAON_OK)
        st = check(node, 1, 3, (int64_t[]){ directions, rows, inputs }, msg);
    if (st == KAON_OK)
        st = check(node, 2, 3, (int64_t[]){ directions, rows, hidden }, msg);
    if (st == KAON_OK)
        st = check(node, 3, 2, (int64_t[]){ directions, kaon_dim_mul(rows, 2) }, msg);
    if (st == KAON_OK)
        st = check(node, 4, 1, &batch, msg);
    for (size_t i = 5; st == KAON_OK && i < 7; i++)
        st = check(node, i, 3, state, msg);
    if (st == KAON_OK)
        st = check(node, 7, 2, (int64_t[]){ directions, kaon_dim_mul(hidden, 3) }, msg);
    if (st != KAON_OK)
        return st;
    const int64_t all[2][4] = { { steps, directions, batch, hidden },
                                { batch, steps, directions, hidden } };
    kaon_fact_set(node->out[0], x->type, 4, all[a->batch_first]);
    for (size_t i = 1; i < node->n_out; i++)
        kaon_fact_set(node->out[i], x->type, 3, state);
    return KAON_OK;
}

const struct kaon_op kaon_op_rnn = {
    .name = "RNN",
    .domain = "",
    .kind = KAON_OP_rnn,
    .since = 1,
    .n_in = { 3, 6 },
    .n_out = { 0, 2 },
    .attr_size = sizeof(struct kaon_recurrent),
    .read = read_rnn,
    .infer = infer_recurrent,
};

const struct kaon_op kaon_op_gru = {
    .name = "GRU",
    .domain = "",
    .kind = KAON_OP_gru,
    .since = 1,
    .n_in = { 3, 6 },
    .n_out = { 0, 2 },
    .attr_size = sizeof(struct kaon_recurrent),
    .read = read_gru,
    .infer = infer_recurrent,
};

const struct kaon_op kaon_op_lstm = {
    .name = "LSTM",
    .domain = "",
    .kind = KAON_OP_lstm,
    .since = 1,
    .n_in = { 3, 8 },
    .n_out = { 0, 3 },
    .attr_size = sizeof(struct kaon_recurrent),
    .read = read_lstm,
    .infer = infer_recurrent,
};
