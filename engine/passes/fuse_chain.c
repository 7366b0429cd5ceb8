/* Element-wise operators of float32 that follow one another, with nobody else reading what is between,
 * become one Chain: one pass over memory instead of one each. The functions are the same, so not a bit
 * changes.
 *
 * Operands other than what came before are single constant numbers, or have the shape of the result (what the
 * chain begins with has it, known or not), at most two of them; others would make lines too short to be worth it. */
#include "engine/passes/passes.h"

#include "engine/base/attrs.h"

#include <string.h>

enum { MOST_INPUTS = 1 + KAON_CHAIN_LINKS, MOST_TENSORS = 2 };

/* A chain under construction: as the attributes have it. */
struct draft {
    struct kaon_value *in[MOST_INPUTS];
    size_t n_in, n;
    const char *ops[KAON_CHAIN_LINKS];
    int64_t others[KAON_CHAIN_LINKS];
    float params[2 * KAON_CHAIN_LINKS];
};

static bool is_number(const struct kaon_value *v)
{
    float x;
    return kaon_value_number(v, &x);
}

/* The same number or symbol on every axis. */
static bool same_shape(const struct kaon_fact *a, const struct kaon_fact *b)
{
    if (a->rank < 0 || a->rank != b->rank)
        return false;
    for (int32_t i = 0; i < a->rank; i++)
        if (a->dims[i] == KAON_DIM_UNKNOWN || a->dims[i] != b->dims[i])
            return false;
    return true;
}

/* Whether the result has the shape of operand `main`: as far as shapes are known, or because nothing else can be.
 * `base` has that shape as well. */
static bool keeps_shape(const struct kaon_node *n, size_t main, const struct kaon_value *base)
{
    const struct kaon_value *v = n->in[main], *other = n->n_in == 2 ? n->in[1 - main] : NULL;
    if (!other || other == base || same_shape(&v->fact, &n->out[0]->fact))
        return true;
    return is_number(other) &&
           (other->fact.rank == 0 || (other->fact.rank > 0 && other->fact.rank <= v->fact.rank));
}

/* What the kernels know the operator as, with parameters that are all in a and b. */
static int operands(const struct kaon_node *n)
{
    const struct kaon_binary_attr *a = n->attr;
    const int count = kaon_chain_operands(n->op->kind);
    const enum kaon_op_kind kind = n->op->kind;
    if (n->n_out != 1 || n->out[0]->fact.type != KAON_F32 || (size_t)count != n->n_in)
        return 0;
    const bool arithmetic = kind == KAON_OP_add || kind == KAON_OP_sub || kind == KAON_OP_mul ||
                            kind == KAON_OP_div || kind == KAON_OP_pow;
    return arithmetic && a && a->legacy ? 0 : count;
}

static bool is_link(const struct kaon_node *n)
{
    return n->op->kind == KAON_OP_chain || operands(n);
}

/* Input i of a chain, added if it is not there yet; 0 if there is no room. */
static int64_t input_of(struct draft *d, struct kaon_value *v)
{
    size_t tensors = 0;
    for (size_t i = 1; i < d->n_in; i++) {
        if (d->in[i] == v)
            return (int64_t)i;
        tensors += !is_number(d->in[i]);
    }
    if (d->n_in == MOST_INPUTS || (!is_number(v) && tensors == MOST_TENSORS))
        return 0;
    d->in[d->n_in] = v;
    return (int64_t)d->n_in++;
}

/* Adds an operator whose operand `main` is what came before. False: it has no place. */
static bool add_link(struct draft *d, const struct kaon_node *n, size_t main)
{
    const struct kaon_unary_attr *a = n->attr;
    if (d->n == KAON_CHAIN_LINKS)
        return false;
    d->ops[d->n] = n->op->name;
    if (n->n_in == 1) {
        d->params[2 * d->n] = a ? a->a : 0.0f;
        d->params[2 * d->n + 1] = a ? a->b : 0.0f;
        d->n++;
        return true;
    }
    struct kaon_value *other = n->in[1 - main];
    if (!is_number(other) && other != d->in[0] && !same_shape(&other->fact, &n->out[0]->fact))
        return false;
    const int64_t at = input_of(d, other);
    d->others[d->n++] = main == 0 ? at : -at;
    return at != 0;
}

/* The producer of a chain's beginning: a Chain, or one operator with its own operand to go on from. */
static bool begin(struct draft *d, const struct kaon_node *n)
{
    if (n->op->kind != KAON_OP_chain) {
        const size_t main = n->n_in == 2 && is_number(n->in[0]) ? 1 : 0;
        d->in[d->n_in++] = n->in[main];
        return keeps_shape(n, main, n->in[main]) && add_link(d, n, main);
    }
    const struct kaon_chain *c = n->attr;
    memcpy(d->in, n->in, n->n_in * sizeof *d->in);
    d->n_in = n->n_in;
    d->n = (size_t)c->n;
    for (size_t k = 0; k < d->n; k++) {
        const struct kaon_chain_link *l = &c->link[k];
        d->ops[k] = kaon_op_of(l->kind)->name;
        d->others[k] = l->input < 0 ? 0 : l->first ? -l->input : l->input;
        d->params[2 * k] = l->a;
        d->params[2 * k + 1] = l->b;
    }
    return true;
}

static void *keep(struct kaon_edit *edit, const void *from, size_t n, size_t size)
{
    void *p = kaon_arena_push_zero(edit->ir->arena, n, size);
    return p ? memcpy(p, from, n * size) : NULL;
}

static enum kaon_status make(const struct draft *d, struct kaon_node *node, struct kaon_edit *edit,
                             struct kaon_msg *msg)
{
    const char **ops = keep(edit, d->ops, d->n, sizeof *d->ops);
    int64_t *others = keep(edit, d->others, d->n, sizeof *d->others);
    float *params = keep(edit, d->params, 2 * d->n, sizeof *d->params);
    bool any = false;
    for (size_t k = 0; k < 2 * d->n; k++)
        any |= d->params[k] != 0.0f;
    const struct kaon_attr attrs[] = {
        { .name = "ops", .type = KAON_ATTR_STRINGS, .n = d->n, .strings = ops },
        { .name = "others", .type = KAON_ATTR_INTS, .n = d->n, .ints = others },
        { .name = "params", .type = KAON_ATTR_FLOATS, .n = 2 * d->n, .floats = params },
    };
    struct kaon_value *out = ops && others && params ? kaon_edit_add(edit, KAON_OP_chain, 1, d->in,
                                                                     d->n_in, attrs, any ? 3 : 2)
                                                     : NULL;
    if (!out)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for a pass");
    kaon_edit_replace(edit, node->out[0], out);
    return KAON_OK;
}

static enum kaon_status fuse_chain(struct kaon_node *node, struct kaon_edit *edit,
                                   struct kaon_msg *msg)
{
    const int count = operands(node);
    for (int main = 0; main < count; main++) {
        const struct kaon_value *v = node->in[main];
        struct draft d = { .n = 0 };
        if (v->readers != 1 || !v->producer || !is_link(v->producer))
            continue;
        if (begin(&d, v->producer) && keeps_shape(node, (size_t)main, d.in[0]) &&
            add_link(&d, node, (size_t)main))
            return make(&d, node, edit, msg);
        edit->why = "another operand that is neither a number nor of this shape, or too many";
    }
    return KAON_OK;
}

const struct kaon_pass kaon_pass_fuse_chain = {
    .name = "fuse-chain",
    .rule = fuse_chain,
};
