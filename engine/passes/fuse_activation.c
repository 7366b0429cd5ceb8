/* An activation behind a Linear or Conv that nobody else reads is applied as its results are
 * written: Relu, Sigmoid, Tanh, Gelu, and x * Sigmoid(x). The functions are the same, so not a bit
 * changes. */
#include "engine/passes/passes.h"

#include "engine/base/attrs.h"
#include "engine/base/size.h"

#include <string.h>

enum { MOST_ATTRS = 16 };

struct word {
    const char *linear, *conv; /* NULL: not there */
};

static struct word word_of(const struct kaon_node *node)
{
    const struct kaon_unary_attr *a = node->attr;
    switch (node->op->kind) {
    case KAON_OP_relu:
        return (struct word){ "relu", "Relu" };
    case KAON_OP_sigmoid:
        return (struct word){ "sigmoid", "Sigmoid" };
    case KAON_OP_tanh:
        return (struct word){ "tanh", "Tanh" };
    case KAON_OP_gelu:
        return (struct word){ a->tanh ? "gelu_tanh" : "gelu_erf", NULL };
    default:
        return (struct word){ NULL, NULL };
    }
}

/* The x of Mul(x, Sigmoid(x)), if the product is all that x is used for. */
static struct kaon_value *silu_input(const struct kaon_node *mul)
{
    for (int i = 0; mul->op->kind == KAON_OP_mul && i < 2; i++) {
        struct kaon_value *x = mul->in[i], *s = mul->in[1 - i];
        if (s->producer && s->producer->op->kind == KAON_OP_sigmoid && s->readers == 1 &&
            s->producer->in[0] == x && x->readers == 2)
            return x;
    }
    return NULL;
}

static bool is_plain_linear(const struct kaon_node *node)
{
    return node->op->kind == KAON_OP_linear &&
           ((const struct kaon_linear *)node->attr)->activation == KAON_ACTIVATION_NONE;
}

static enum kaon_status rebuild(struct kaon_node *node, struct kaon_edit *edit,
                                const struct kaon_node *product, enum kaon_op_kind kind, int opset,
                                const char *word, struct kaon_msg *msg)
{
    struct kaon_attr attrs[MOST_ATTRS];
    struct kaon_value *in[3] = { NULL };
    if (product->n_attrs >= MOST_ATTRS || product->n_in > KAON_COUNT(in))
        return KAON_OK;
    if (product->n_attrs)
        memcpy(attrs, product->attrs, product->n_attrs * sizeof *attrs);
    attrs[product->n_attrs] =
        (struct kaon_attr){ .name = "activation", .type = KAON_ATTR_STRING, .s = word };
    memcpy(in, product->in, product->n_in * sizeof *in);
    struct kaon_value *out =
        kaon_edit_add(edit, kind, opset, in, product->n_in, attrs, product->n_attrs + 1);
    if (!out)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for a pass");
    kaon_edit_replace(edit, node->out[0], out);
    return KAON_OK;
}

static enum kaon_status fuse_activation(struct kaon_node *node, struct kaon_edit *edit,
                                        struct kaon_msg *msg)
{
    struct word word = word_of(node);
    struct kaon_value *x = word.linear ? node->in[0] : silu_input(node);
    const struct kaon_node *product = x ? x->producer : NULL;
    if (!word.linear)
        word.linear = "silu";
    if (!product || (x->readers != 1 && word_of(node).linear))
        return KAON_OK;
    if (is_plain_linear(product))
        return rebuild(node, edit, product, KAON_OP_linear, 1, word.linear, msg);
    if (product->op->kind == KAON_OP_conv && word.conv)
        return rebuild(node, edit, product, KAON_OP_fused_conv, 1, word.conv, msg);
    return KAON_OK;
}

const struct kaon_pass kaon_pass_fuse_activation = {
    .name = "fuse-activation",
    .rule = fuse_activation,
};
