/* What stands between the two products of attention: back from the weights to the scores. */
#include "engine/passes/attention.h"

#include <math.h>

/* A search under way: where it stands, and what stopped it. */
struct search {
    struct kaon_scores *s;
    struct kaon_value *v;
    const struct kaon_node *breaks;
    const char *why;
    bool masked; /* before the weights */
};

static bool stop(struct search *f, const struct kaon_node *at, const char *why)
{
    f->breaks = at;
    f->why = why;
    return false;
}

/* Whether an operand is no wider than the other, which is the result's shape then. */
static bool fits(const struct kaon_value *x, const struct kaon_value *result)
{
    if (x->fact.rank < 0 || x->fact.rank != result->fact.rank)
        return false;
    for (int32_t i = 0; i < x->fact.rank; i++)
        if (kaon_dim_known(x->fact.dims[i]) && kaon_dim_known(result->fact.dims[i]) &&
            x->fact.dims[i] != result->fact.dims[i])
            return false;
    return true;
}

/* Something that may be added to or multiply the scores. */
static bool is_spread(const struct kaon_value *v)
{
    return v->fact.type == KAON_F32 && v->fact.rank >= 0 && v->fact.rank <= 4;
}

/* Where(mask, number, x) or Where(mask, x, number): x, the number and what the mask means. */
static struct kaon_value *masked(const struct kaon_node *where, float *number, bool *hides)
{
    const struct kaon_value *mask = where->in[0];
    if (where->op->kind != KAON_OP_where || mask->fact.type != KAON_BOOL || mask->fact.rank < 0 ||
        mask->fact.rank > 4)
        return NULL;
    for (int i = 1; i < 3; i++) {
        struct kaon_value *x = where->in[3 - i];
        if (kaon_value_number(where->in[i], number) && fits(x, where->out[0])) {
            *hides = i == 1;
            return x;
        }
    }
    return NULL;
}

/* ---- behind the weights ----------------------------------------------------------------------- */

/* Where(IsNaN(s), 0, s). */
static struct kaon_value *without_nan(const struct kaon_node *where)
{
    float zero;
    if (!kaon_value_is(where->in[0], KAON_OP_is_nan) || !kaon_value_number(where->in[1], &zero) ||
        zero != 0.0f || where->in[0]->producer->in[0] != where->in[2] ||
        where->in[0]->readers != 1 || where->in[2]->readers != 2 ||
        where->in[1]->fact.rank > where->in[2]->fact.rank)
        return NULL;
    return where->in[2];
}

static bool is_weights(const struct kaon_value *v)
{
    return kaon_value_is(v, KAON_OP_softmax) || kaon_value_is(v, KAON_OP_sigmoid) ||
           kaon_value_is(v, KAON_OP_relu) || kaon_value_is(v, KAON_OP_where) ||
           (kaon_value_is(v, KAON_OP_div) && kaon_value_is(v->producer->in[0], KAON_OP_relu));
}

/* Mul(weights, gate). */
static void take_gate(struct search *f)
{
    struct kaon_node *mul = f->v->producer;
    for (int i = 0; f->v->readers == 1 && kaon_value_is(f->v, KAON_OP_mul) && i < 2; i++) {
        struct kaon_value *w = mul->in[i], *gate = mul->in[1 - i];
        if (is_weights(w) && w->readers == 1 && is_spread(gate) && fits(w, f->v)) {
            f->s->gate = gate;
            f->v = w;
            return;
        }
    }
}

/* Where that clears rows of NaN or what a mask hides. */
static bool take_cleared(struct search *f)
{
    float zero = 1.0f;
    struct kaon_node *where = f->v->producer;
    if (!kaon_value_is(f->v, KAON_OP_where) || f->v->readers != 1)
        return true;
    struct kaon_value *x = without_nan(where);
    f->s->nan_is_zero = x != NULL;
    if (!x) {
        x = masked(where, &zero, &f->s->mask_hides);
        f->s->mask = x ? where->in[0] : NULL;
        f->s->mask_weights = x != NULL;
    }
    if (!x || !is_weights(x) || kaon_value_is(x, KAON_OP_where))
        return false; /* of something else: not for us */
    if (f->s->mask && (zero != 0.0f || x->readers != 1))
        return stop(f, where, "it does not set weights to 0, or others read them");
    f->v = x;
    return true;
}

/* ---- the weights ------------------------------------------------------------------------------ */

static bool take_softmax(struct search *f)
{
    const struct kaon_node *n = f->v->producer;
    const struct kaon_softmax *a = n->attr;
    if (f->v->readers != (f->s->nan_is_zero ? 2u : 1u))
        return stop(f, n, "others read the weights too");
    if (a->flat || (a->axis != -1 && a->axis != f->v->fact.rank - 1))
        return stop(f, n, "the softmax is along another axis than the last");
    f->v = n->in[0];
    return true;
}

/* Relu(x), or Relu(x) divided by something. */
static bool take_relu(struct search *f)
{
    struct kaon_node *n = f->v->producer;
    f->s->variant = "relu:gamma=0";
    if (n->op->kind == KAON_OP_div) {
        if (f->s->gate || !is_spread(n->in[1]) || !fits(n->in[0], f->v) || n->in[0]->readers != 1)
            return stop(f, n, "a division and a gate, or one that others read");
        f->s->gate = n->in[1];
        f->s->invert_gate = true;
        n = n->in[0]->producer;
    }
    f->v = n->in[0];
    return true;
}

static bool take_weights(struct search *f)
{
    const struct kaon_node *n = f->v->producer;
    if (kaon_value_is(f->v, KAON_OP_softmax))
        return take_softmax(f);
    if (!n || f->v->readers != 1 || f->s->nan_is_zero || f->s->mask_weights)
        return false;
    if (n->op->kind == KAON_OP_sigmoid) {
        f->s->variant = "sigmoid:b=0";
        f->v = n->in[0];
        return true;
    }
    return (n->op->kind == KAON_OP_relu ||
            (n->op->kind == KAON_OP_div && kaon_value_is(n->in[0], KAON_OP_relu))) &&
           take_relu(f);
}

/* ---- before the weights ----------------------------------------------------------------------- */

static bool take_mask(struct search *f)
{
    struct kaon_scores *s = f->s;
    struct kaon_node *where = f->v->producer;
    float value;
    bool hides;
    struct kaon_value *x = masked(where, &value, &hides);
    const bool again = s->mask_weights && s->mask == where->in[0] && s->mask_hides == hides;
    if (!x || isnan(value))
        return stop(f, where, "it chooses between other things than scores and a number");
    if (f->masked || (s->mask && !again) || s->scale != 1.0f || s->divisor != 1.0f)
        return stop(f, where, "there is another mask, or a scale behind this one");
    if (s->bias && value != -INFINITY)
        return stop(f, where, "the bias behind it would be added to another number than -inf");
    f->masked = true;
    s->mask = where->in[0];
    s->mask_hides = hides;
    s->mask_value = value;
    f->v = x;
    return true;
}

static bool is_product(const struct kaon_value *v)
{
    return kaon_value_is(v, KAON_OP_matmul) || kaon_value_is(v, KAON_OP_einsum);
}

/* Whether scores may come from here. */
static bool leads_to_product(const struct kaon_value *v)
{
    return v->readers == 1 && (is_product(v) || kaon_value_is(v, KAON_OP_mul) ||
                               kaon_value_is(v, KAON_OP_div) || kaon_value_is(v, KAON_OP_where));
}

static bool take_bias(struct search *f)
{
    struct kaon_scores *s = f->s;
    struct kaon_node *n = f->v->producer;
    const struct kaon_binary_attr *a = n->attr;
    const bool minus = n->op->kind == KAON_OP_sub;
    if (s->bias || s->scale != 1.0f || s->divisor != 1.0f || (a && a->legacy) ||
        (minus && !s->variant))
        return stop(f, n, "there is another bias, or a scale behind this one");
    for (int i = 0; i < (minus ? 1 : 2); i++) {
        struct kaon_value *x = n->in[i], *bias = n->in[1 - i];
        if (leads_to_product(x) && is_spread(bias) && fits(x, f->v)) {
            s->bias = bias;
            s->negate_bias = minus;
            f->v = x;
            return true;
        }
    }
    return stop(f, n, "neither operand comes from a product, or the other is wider");
}

static bool take_factor(struct search *f)
{
    struct kaon_scores *s = f->s;
    struct kaon_node *n = f->v->producer;
    float number;
    struct kaon_value *x;
    if (s->scale != 1.0f || s->divisor != 1.0f)
        return stop(f, n, "there is another factor");
    if ((x = kaon_scaled(n, &number)) != NULL || (x = kaon_divided(n, &number, true)) != NULL)
        s->scale = number;
    else if ((x = kaon_divided(n, &number, false)) != NULL)
        s->divisor = number;
    else
        return stop(f, n, "it is no factor that is one number");
    f->v = x;
    return true;
}

static bool take_one(struct search *f)
{
    static const struct {
        enum kaon_op_kind kind;
        bool (*take)(struct search *f);
    } rows[] = { { KAON_OP_where, take_mask },
                 { KAON_OP_add, take_bias },
                 { KAON_OP_sub, take_bias },
                 { KAON_OP_mul, take_factor },
                 { KAON_OP_div, take_factor } };
    const struct kaon_node *n = f->v->producer;
    if (!n)
        return stop(f, NULL, "the scores are an input or a constant");
    if (f->v->readers != 1)
        return stop(f, n, "others read the scores too");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].kind == n->op->kind)
            return rows[i].take(f);
    return stop(f, n,
                "between product and weights stands what is neither a scale nor a bias nor a mask");
}

bool kaon_scores_find(struct kaon_scores *s, struct kaon_value *v, const struct kaon_node **breaks,
                      const char **why)
{
    struct search f = { .s = s, .v = v };
    *s = (struct kaon_scores){ .scale = 1.0f, .divisor = 1.0f, .mask_value = -INFINITY };
    *breaks = NULL;
    *why = NULL;
    take_gate(&f);
    bool found = take_cleared(&f) && take_weights(&f);
    const bool is_softmax = found && !s->variant;
    while (found && !(is_product(f.v) && f.v->readers == 1))
        found = take_one(&f);
    if (!found && (is_softmax || f.why)) {
        *breaks = f.breaks;
        *why = is_softmax || kaon_value_is(f.v, KAON_OP_softmax) ? f.why : NULL;
    }
    if (!found ||
        (s->mask_weights && !f.masked)) /* a mask behind the softmax alone is another thing */
        return false;
    s->product = f.v->producer;
    return true;
}
