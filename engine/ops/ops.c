/* What operators' inference shares. */
#include "engine/ops/ops.h"

#include <string.h>

int32_t kaon_infer_list(const struct kaon_infer *node, size_t i, const int64_t *attr,
                        int32_t n_attr, int64_t *values, int32_t room)
{
    const struct kaon_fact *in = kaon_infer_in(node, i);
    if (n_attr >= 0) {
        if (n_attr > room)
            return KAON_LIST_LONG;
        for (int32_t k = 0; k < n_attr; k++)
            values[k] = attr[k];
        return n_attr;
    }
    if (!in)
        return KAON_LIST_ABSENT;
    if (in->rank == 1 && kaon_dim_known(in->dims[0]) && in->dims[0] > room)
        return KAON_LIST_LONG;
    const int32_t n = kaon_fact_ints(in, values, room);
    for (int32_t k = 0; k < n && !in->value; k++) /* in real data INT64_MIN is a number */
        if (!kaon_dim_known(values[k]))
            return KAON_LIST_UNKNOWN;
    return n < 0 ? KAON_LIST_UNKNOWN : n;
}

enum kaon_status kaon_infer_rank(const struct kaon_infer *node, size_t i, int32_t rank,
                                 struct kaon_msg *msg)
{
    const struct kaon_fact *in = kaon_infer_in(node, i);
    if (!in || in->rank < 0 || in->rank == rank)
        return KAON_OK;
    return kaon_fail(msg, KAON_BAD_MODEL, "%s: input %zu has rank %d, wanted %d",
                     kaon_infer_name(node), i, (int)in->rank, (int)rank);
}

enum kaon_status kaon_infer_same(const struct kaon_infer *node, struct kaon_msg *msg)
{
    (void)msg;
    if (node->out[0])
        kaon_fact_like(node->out[0], node->in[0]);
    return KAON_OK;
}

void kaon_read_axis(struct kaon_attr_reader *r, struct kaon_axis *a, int64_t otherwise)
{
    a->given = kaon_attr_has(r, "axis");
    a->axis = kaon_attr_int(r, "axis", otherwise);
    kaon_attr_skip(r, "consumed_inputs");
}
