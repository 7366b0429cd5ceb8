/* Common subexpressions: a node that computes what an earlier one in the same graph has computed. */
#include "engine/passes/passes.h"

#include <string.h>

enum { LOOK_BACK = 64 }; /* readers of the first input are looked for among so many nodes */

static bool same_tensor(const struct kaon_tensor *a, const struct kaon_tensor *b)
{
    return a->type == b->type && a->rank == b->rank && a->bytes == b->bytes && a->bytes <= 256 &&
           !memcmp(a->dims, b->dims, sizeof a->dims) && !memcmp(a->data, b->data, a->bytes);
}

static bool same_value(const struct kaon_value *a, const struct kaon_value *b)
{
    return a == b ||
           (a && b && a->constant && b->constant && same_tensor(a->constant, b->constant));
}

static bool same_list(const void *a, const void *b, size_t n, size_t size)
{
    return n == 0 || (a && b && !memcmp(a, b, n * size));
}

static bool same_attr(const struct kaon_attr *a, const struct kaon_attr *b)
{
    if (strcmp(a->name, b->name) || a->type != b->type || a->n != b->n)
        return false;
    switch (a->type) {
    case KAON_ATTR_INT:
        return a->i == b->i;
    case KAON_ATTR_FLOAT:
        return !memcmp(&a->f, &b->f, sizeof a->f);
    case KAON_ATTR_STRING:
        return !strcmp(a->s, b->s);
    case KAON_ATTR_INTS:
        return same_list(a->ints, b->ints, a->n, sizeof *a->ints);
    case KAON_ATTR_FLOATS:
        return same_list(a->floats, b->floats, a->n, sizeof *a->floats);
    case KAON_ATTR_TENSOR:
        return same_tensor(a->tensor, b->tensor);
    default:
        return false;
    }
}

static bool same_work(const struct kaon_node *a, const struct kaon_node *b)
{
    if (a->op != b->op || a->opset != b->opset || a->n_in != b->n_in || a->n_out != b->n_out ||
        a->n_attrs != b->n_attrs)
        return false;
    for (size_t i = 0; i < a->n_in; i++)
        if (!same_value(a->in[i], b->in[i]))
            return false;
    for (size_t i = 0; i < a->n_attrs; i++)
        if (!same_attr(&a->attrs[i], &b->attrs[i]))
            return false;
    return true;
}

static enum kaon_status share_common(struct kaon_node *node, struct kaon_edit *edit,
                                     struct kaon_msg *msg)
{
    (void)msg;
    if (node->n_sub || node->n_out > KAON_EDIT_VALUES || (node->op->flags & KAON_OP_RANDOM))
        return KAON_OK;
    int left = LOOK_BACK;
    for (struct kaon_node *n = node->prev; n && left--; n = n->prev)
        if (same_work(n, node)) {
            for (size_t i = 0; i < node->n_out; i++)
                kaon_edit_replace(edit, node->out[i], n->out[i]);
            break;
        }
    return KAON_OK;
}

const struct kaon_pass kaon_pass_share_common = {
    .name = "share-common",
    .rule = share_common,
};
