/* NonMaxSuppression. */
#include "engine/base/boxes.h"
#include "engine/ops/ops.h"

static void read_suppression(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_suppress *a = attr;
    const int64_t center = kaon_attr_int(r, "center_point_box", 0);
    a->center = center == 1;
    if (center != 0 && center != 1)
        kaon_attr_fail(r, KAON_BAD_MODEL, "center_point_box is %lld", (long long)center);
}

/* Boxes are (batch, n, 4), scores (batch, classes, n). */
static enum kaon_status check_boxes(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *boxes = node->in[0], *scores = node->in[1];
    const int64_t wanted[] = { boxes->rank < 0 || scores->rank < 0 ? KAON_DIM_UNKNOWN
                                                                   : scores->dims[0],
                               scores->rank < 0 ? KAON_DIM_UNKNOWN : scores->dims[2], 4 };
    for (int32_t i = 0; boxes->rank >= 0 && i < 3; i++)
        if (kaon_dim_known(boxes->dims[i]) && kaon_dim_known(wanted[i]) &&
            boxes->dims[i] != wanted[i])
            return kaon_fail(msg, KAON_BAD_MODEL, "NonMaxSuppression: boxes of %s for scores of %s",
                             kaon_shape_text(boxes->rank, boxes->dims).text,
                             kaon_shape_text(scores->rank, scores->dims).text);
    for (size_t i = 2; i < 5; i++) {
        const struct kaon_fact *f = kaon_infer_in(node, i);
        const int64_t n = f ? kaon_fact_count(f) : 1;
        if (kaon_dim_known(n) && n != 1)
            return kaon_fail(msg, KAON_BAD_MODEL, "NonMaxSuppression: input %zu is not one number",
                             i);
    }
    return KAON_OK;
}

/* How many boxes remain hangs on everything. */
static enum kaon_status count_boxes(const struct kaon_infer *node, int64_t *count,
                                    struct kaon_msg *msg)
{
    const struct kaon_suppress *a = node->attr;
    const struct kaon_fact *boxes = node->in[0], *scores = node->in[1],
                           *least_in = kaon_infer_in(node, 4);
    double overlap = 0.0, least = 0.0;
    int64_t most = 0;
    bool known = kaon_fact_concrete(boxes) && kaon_fact_concrete(scores) && boxes->value &&
                 scores->value && boxes->type == KAON_F32 && scores->type == KAON_F32;
    known = known && (!kaon_infer_in(node, 2) || kaon_fact_scalar_int(node->in[2], &most));
    known = known && (!kaon_infer_in(node, 3) || kaon_fact_scalar(node->in[3], &overlap));
    known = known && (!least_in || kaon_fact_scalar(least_in, &least));
    *count = KAON_DIM_UNKNOWN;
    if (!known)
        return KAON_OK;
    const struct kaon_boxes b = { scores->dims[0], scores->dims[1],  scores->dims[2],
                                  boxes->value,    scores->value,    most,
                                  (float)overlap,  least_in != NULL, a->center,
                                  (float)least };
    return kaon_boxes_choose(&b, NULL, count, msg);
}

static enum kaon_status infer_suppression(const struct kaon_infer *node, struct kaon_msg *msg)
{
    int64_t dims[] = { KAON_DIM_UNKNOWN, 3 };
    enum kaon_status st = kaon_infer_rank(node, 0, 3, msg);
    if (st == KAON_OK)
        st = kaon_infer_rank(node, 1, 3, msg);
    if (st == KAON_OK)
        st = check_boxes(node, msg);
    if (st == KAON_OK)
        st = count_boxes(node, &dims[0], msg);
    if (st == KAON_OK)
        kaon_fact_set(node->out[0], KAON_I64, 2, dims);
    return st;
}

const struct kaon_op kaon_op_non_max_suppression = {
    .name = "NonMaxSuppression",
    .domain = "",
    .kind = KAON_OP_non_max_suppression,
    .since = 10,
    .n_in = { 2, 5 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_EAGER,
    .attr_size = sizeof(struct kaon_suppress),
    .read = read_suppression,
    .infer = infer_suppression,
};
