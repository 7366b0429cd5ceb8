/* NegativeLogLikelihoodLoss, SoftmaxCrossEntropyLoss: (N, C, d..) scores against (N, d..) classes. */
#include "engine/ops/ops.h"

#include <string.h>

static void read_loss(struct kaon_attr_reader *r, void *attr)
{
    static const char *const words[] = { "none", "sum", "mean" };
    struct kaon_loss *a = attr;
    a->reduction = (enum kaon_loss_reduction)kaon_attr_word(r, "reduction", KAON_LOSS_MEAN, words,
                                                            (int)KAON_COUNT(words));
    a->ignores = kaon_attr_has(r, "ignore_index");
    a->ignored = kaon_attr_int(r, "ignore_index", 0);
}

/* The axes of the targets are those of the scores but for the classes. */
static enum kaon_status check_target(const struct kaon_infer *node, int64_t *dims,
                                     struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0], *target = node->in[1];
    dims[0] = x->dims[0];
    memcpy(dims + 1, x->dims + 2, (size_t)(x->rank - 2) * sizeof *dims);
    if (target->rank < 0)
        return KAON_OK;
    bool fits = target->rank == x->rank - 1;
    for (int32_t i = 0; fits && i < target->rank; i++)
        fits = !kaon_dim_known(dims[i]) || !kaon_dim_known(target->dims[i]) ||
               dims[i] == target->dims[i];
    if (fits)
        return KAON_OK;
    return kaon_fail(msg, KAON_BAD_MODEL, "%s: classes of %s for scores of %s",
                     kaon_infer_name(node), kaon_shape_text(target->rank, target->dims).text,
                     kaon_shape_text(x->rank, x->dims).text);
}

static enum kaon_status infer_loss(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_loss *a = node->attr;
    const struct kaon_fact *x = node->in[0], *weight = kaon_infer_in(node, 2);
    int64_t dims[KAON_MAX_RANK];
    kaon_fact_unknown(node->out[0], x->type);
    if (kaon_infer_out(node, 1))
        kaon_fact_like(node->out[1], x);
    if (a->reduction != KAON_LOSS_NONE)
        kaon_fact_set(node->out[0], x->type, 0, NULL);
    if (x->rank < 0)
        return KAON_OK;
    if (x->rank < 2)
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: scores of rank %d, wanted 2 or more",
                         kaon_infer_name(node), (int)x->rank);
    const enum kaon_status st = check_target(node, dims, msg);
    if (st != KAON_OK)
        return st;
    if (a->reduction == KAON_LOSS_NONE)
        kaon_fact_set(node->out[0], x->type, x->rank - 1, dims);
    const int64_t weights = weight ? kaon_fact_count(weight) : KAON_DIM_UNKNOWN;
    if (kaon_dim_known(weights) && kaon_dim_known(x->dims[1]) && weights != x->dims[1])
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: %lld weights for %lld classes",
                         kaon_infer_name(node), (long long)weights, (long long)x->dims[1]);
    return KAON_OK;
}

const struct kaon_op kaon_op_negative_log_likelihood_loss = {
    .name = "NegativeLogLikelihoodLoss",
    .domain = "",
    .kind = KAON_OP_negative_log_likelihood_loss,
    .since = 12,
    .n_in = { 2, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_loss),
    .read = read_loss,
    .infer = infer_loss,
};

const struct kaon_op kaon_op_softmax_cross_entropy_loss = {
    .name = "SoftmaxCrossEntropyLoss",
    .domain = "",
    .kind = KAON_OP_softmax_cross_entropy_loss,
    .since = 12,
    .n_in = { 2, 3 },
    .n_out = { 1, 2 },
    .attr_size = sizeof(struct kaon_loss),
    .read = read_loss,
    .infer = infer_loss,
};
