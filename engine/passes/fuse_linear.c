/* MatMul by a constant and Add of a constant, and Gemm of that form, become one Linear. The sum is
 * rounded before the bias is added, as in the two nodes, so not a bit changes. */
#include "engine/passes/passes.h"

#include "engine/base/attrs.h"

/* A constant float matrix. */
static const struct kaon_tensor *matrix(const struct kaon_value *v)
{
    const struct kaon_tensor *t = v ? v->constant : NULL;
    return t && t->type == KAON_F32 && t->rank == 2 ? t : NULL;
}

/* A constant that is one number for each of n columns, as a vector: [n], [1,n], [1,1,n] ... */
static struct kaon_value *bias_of(struct kaon_edit *edit, struct kaon_value *v, int64_t n,
                                  int32_t most_rank)
{
    const struct kaon_tensor *t = v ? v->constant : NULL;
    if (!t || t->type != KAON_F32 || t->rank < 1 || t->rank > most_rank ||
        t->dims[t->rank - 1] != n || kaon_tensor_count(t) != n)
        return NULL;
    if (t->rank == 1)
        return v;
    struct kaon_tensor *flat = kaon_arena_push_zero(edit->ir->arena, 1, sizeof *flat);
    if (!flat)
        return NULL;
    *flat = (struct kaon_tensor){
        .type = KAON_F32,
        .rank = 1,
        .dims = { n },
        .data = t->data,
        .bytes = t->bytes,
    };
    return kaon_value_constant(edit->ir, v->name, flat);
}

static enum kaon_status make(struct kaon_edit *edit, struct kaon_value *from,
                             struct kaon_value *const *in, size_t n_in, bool transposed,
                             struct kaon_msg *msg)
{
    const struct kaon_attr attr = { .name = "transposed", .type = KAON_ATTR_INT, .i = 1 };
    struct kaon_value *out =
        kaon_edit_add(edit, KAON_OP_linear, 1, in, n_in, &attr, transposed ? 1 : 0);
    if (!out)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for a pass");
    kaon_edit_replace(edit, from, out);
    return KAON_OK;
}

static enum kaon_status from_add(struct kaon_node *add, struct kaon_edit *edit,
                                 struct kaon_msg *msg)
{
    for (int i = 0; i < 2; i++) { /* Add commutes */
        const struct kaon_node *mm = add->in[i]->producer;
        const struct kaon_tensor *b =
            mm && mm->op->kind == KAON_OP_matmul ? matrix(mm->in[1]) : NULL;
        if (!b)
            continue;
        if (add->in[i]->readers != 1) {
            edit->why = "others read the product";
            continue;
        }
        struct kaon_value *bias = bias_of(edit, add->in[1 - i], b->dims[1], mm->out[0]->fact.rank);
        if (!bias) {
            edit->why = "what is added is not a constant number a column";
            continue;
        }
        edit->why = NULL;
        return make(edit, add->out[0], (struct kaon_value *[]){ mm->in[0], mm->in[1], bias }, 3,
                    false, msg);
    }
    return KAON_OK;
}

static enum kaon_status from_gemm(struct kaon_node *gemm, struct kaon_edit *edit,
                                  struct kaon_msg *msg)
{
    const struct kaon_gemm *a = gemm->attr;
    const struct kaon_tensor *b = matrix(gemm->in[1]);
    const bool has_bias = gemm->n_in > 2 && gemm->in[2];
    if (!b || a->alpha != 1.0f || a->trans_a || (has_bias && a->beta != 1.0f)) {
        edit->why = "not x B + bias with constant B and factors 1";
        return KAON_OK;
    }
    struct kaon_value *bias =
        has_bias ? bias_of(edit, gemm->in[2], b->dims[a->trans_b ? 0 : 1], 2) : NULL;
    if (has_bias && !bias) {
        edit->why = "what is added is not a constant number a column";
        return KAON_OK;
    }
    return make(edit, gemm->out[0], (struct kaon_value *[]){ gemm->in[0], gemm->in[1], bias },
                has_bias ? 3 : 2, a->trans_b, msg);
}

static enum kaon_status fuse_linear(struct kaon_node *node, struct kaon_edit *edit,
                                    struct kaon_msg *msg)
{
    const struct kaon_binary_attr *a = node->attr;
    if (node->op->kind == KAON_OP_add && !(a && a->legacy))
        return from_add(node, edit, msg);
    if (node->op->kind == KAON_OP_gemm)
        return from_gemm(node, edit, msg);
    return KAON_OK;
}

const struct kaon_pass kaon_pass_fuse_linear = {
    .name = "fuse-linear",
    .rule = fuse_linear,
};
