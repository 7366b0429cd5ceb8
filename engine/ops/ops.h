/* The engine's operators: one const struct kaon_op each, listed by op.inc. */
#ifndef KAON_ENGINE_OPS_OPS_H
#define KAON_ENGINE_OPS_OPS_H

#include "engine/base/attrs.h"
#include "engine/base/fact.h"
#include "engine/base/op.h"
#include "engine/base/size.h"
#include "engine/base/tensor.h"

#define KAON_OP(id, name, domain) extern const struct kaon_op kaon_op_##id;
#define KAON_OP_CONTROL(id, name, domain) extern const struct kaon_op kaon_op_##id;
#include "engine/base/op.inc"
#undef KAON_OP
#undef KAON_OP_CONTROL

/* Input or output i, NULL if it is not given or wanted. */
static inline const struct kaon_fact *kaon_infer_in(const struct kaon_infer *node, size_t i)
{
    return i < node->n_in ? node->in[i] : NULL;
}

static inline struct kaon_fact *kaon_infer_out(const struct kaon_infer *node, size_t i)
{
    return i < node->n_out ? node->out[i] : NULL;
}

static inline const char *kaon_infer_name(const struct kaon_infer *node)
{
    return kaon_op_of(node->kind)->name;
}

/* The list of an input that was an attribute in earlier opsets: `attr` with `n_attr` entries, or with
 * n_attr -1 the integers of input i. Number of entries; KAON_LIST_ABSENT if there is neither,
 * KAON_LIST_UNKNOWN if the input's values are not known yet (entries may be symbols: also unknown),
 * KAON_LIST_LONG if there are more than `room`. */
enum { KAON_LIST_ABSENT = -1, KAON_LIST_UNKNOWN = -2, KAON_LIST_LONG = -3 };
int32_t kaon_infer_list(const struct kaon_infer *node, size_t i, const int64_t *attr,
                        int32_t n_attr, int64_t *values, int32_t room);

/* Fails unless the input's rank is `rank` or unknown. */
enum kaon_status kaon_infer_rank(const struct kaon_infer *node, size_t i, int32_t rank,
                                 struct kaon_msg *msg);

/* Output 0 has the first input's type and shape. */
enum kaon_status kaon_infer_same(const struct kaon_infer *node, struct kaon_msg *msg);

/* Scores of tree ensembles of any form: (rows, targets). */
enum kaon_status kaon_infer_trees(const struct kaon_infer *node, struct kaon_msg *msg);

/* Reads `axis`, and skips consumed_inputs: for the many operators that have no more than that. */
void kaon_read_axis(struct kaon_attr_reader *r, struct kaon_axis *a, int64_t otherwise);

/* Reads what Conv, ConvTranspose and pooling share. */
void kaon_read_window(struct kaon_attr_reader *r, struct kaon_window *a);

#endif
