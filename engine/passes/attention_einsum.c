/* Products of attention as Einsum: Keras writes "aecd,abcd->acbe" for keys and queries, "acbe,aecd->abcd" for weights
 * and values. */
#include "engine/passes/attention.h"

/* Terms of a product of two with four letters each. */
struct terms {
    const int8_t *in[2], *out;
};

static bool terms_of(struct terms *t, const struct kaon_node *n)
{
    const struct kaon_einsum *a = n->attr;
    if (n->op->kind != KAON_OP_einsum || a->n_in != 2 || a->out.n != 4 || a->out.dots >= 0)
        return false;
    for (int i = 0; i < 2; i++) {
        if (a->in[i].n != 4 || a->in[i].dots >= 0)
            return false;
        t->in[i] = a->in[i].letter;
    }
    t->out = a->out.letter;
    return true;
}

static bool has(const int8_t *term, int8_t letter)
{
    for (int i = 0; i < 4; i++)
        if (term[i] == letter)
            return true;
    return false;
}

/* Whether a term is tokens, heads and size of a batch, and in which order; the letter of its size. */
static bool order_of(const int8_t *term, int8_t batch, int8_t head, int8_t token, int8_t *size,
                     bool *heads_first)
{
    *size = term[3];
    *heads_first = term[1] == head;
    return term[0] == batch && term[*heads_first ? 2 : 1] == token &&
           term[*heads_first ? 1 : 2] == head && term[3] != batch && term[3] != head &&
           term[3] != token;
}

bool kaon_einsum_scores(const struct kaon_node *n, struct kaon_operand *q, struct kaon_operand *k)
{
    struct terms t;
    int8_t size[2];
    bool first[2];
    if (!terms_of(&t, n))
        return false;
    const int of_q = has(t.in[0], t.out[2]) ? 0 : 1; /* out: batch, head, query, key */
    return order_of(t.in[of_q], t.out[0], t.out[1], t.out[2], &size[0], &first[0]) &&
           order_of(t.in[!of_q], t.out[0], t.out[1], t.out[3], &size[1], &first[1]) &&
           size[0] == size[1] && !has(t.out, size[0]) &&
           kaon_operand_take(q, n->in[of_q], first[0]) &&
           kaon_operand_take(k, n->in[!of_q], first[1]);
}

int kaon_einsum_weights(const struct kaon_node *n)
{
    struct terms t;
    if (!terms_of(&t, n))
        return -1;
    for (int i = 0; i < 2;
         i++) /* the weights' keys are summed over, and not their last but one letter */
        if (!has(t.out, t.in[i][3]) && has(t.in[!i], t.in[i][3]) && has(t.out, t.in[i][2]) &&
            !has(t.in[!i], t.in[i][2]))
            return i;
    return -1;
}

bool kaon_einsum_values(const struct kaon_node *n, struct kaon_operand *v, bool *y_heads_first)
{
    struct terms t;
    int8_t size, y_size;
    bool first;
    const int w = kaon_einsum_weights(n);
    if (w < 0 || !terms_of(&t, n))
        return false;
    const int8_t *weights = t.in[w]; /* batch, head, query, key */
    return order_of(t.in[!w], weights[0], weights[1], weights[3], &size, &first) &&
           order_of(t.out, weights[0], weights[1], weights[2], &y_size, y_heads_first) &&
           size == y_size && kaon_operand_take(v, n->in[!w], first);
}
