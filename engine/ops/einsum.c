/* Einsum: a product of tensors summed over the labels that the output lacks. */
#include "engine/ops/ops.h"

#include <string.h>

static int8_t letter(char c)
{
    if (c >= 'a' && c <= 'z')
        return (int8_t)(c - 'a' + 26);
    return c >= 'A' && c <= 'Z' ? (int8_t)(c - 'A') : -1;
}

/* One term of the equation, up to a comma, an arrow or the end; NULL if it is none. */
static const char *read_term(const char *s, struct kaon_einsum_term *term)
{
    term->n = 0;
    term->dots = -1;
    for (; *s && *s != ',' && *s != '-'; s++) {
        if (*s == ' ')
            continue;
        if (*s == '.') {
            if (term->dots >= 0 || strncmp(s, "...", 3))
                return NULL;
            term->dots = term->n;
            s += 2;
        } else if (letter(*s) < 0 || term->n == KAON_MAX_RANK) {
            return NULL;
        } else {
            term->letter[term->n++] = letter(*s);
        }
    }
    return s;
}

/* Without an arrow: "..." and then the letters that occur once, in order (capitals first). */
static void implicit_output(struct kaon_einsum *a)
{
    int count[KAON_EINSUM_DOTS] = { 0 };
    a->out.n = 0;
    a->out.dots = -1;
    for (int32_t i = 0; i < a->n_in; i++) {
        for (int32_t k = 0; k < a->in[i].n; k++)
            count[a->in[i].letter[k]]++;
        if (a->in[i].dots >= 0)
            a->out.dots = 0;
    }
    for (int8_t c = 0; c < KAON_EINSUM_DOTS; c++)
        if (count[c] == 1 && a->out.n < KAON_MAX_RANK)
            a->out.letter[a->out.n++] = c;
}

static bool parse(struct kaon_einsum *a, const char *s)
{
    for (a->n_in = 0; a->n_in < KAON_EINSUM_INPUTS;) {
        s = read_term(s, &a->in[a->n_in++]);
        if (!s || *s != ',')
            break;
        s++;
    }
    if (!s || *s == ',')
        return false;
    if (!*s) {
        implicit_output(a);
        return true;
    }
    if (s[1] != '>')
        return false;
    s = read_term(s + 2, &a->out);
    return s && !*s;
}

static void read_einsum(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_einsum *a = attr;
    const char *equation = kaon_attr_text(r, "equation", "");
    if (!parse(a, equation))
        kaon_attr_fail(r, KAON_BAD_MODEL, "Einsum: equation '%s' is not understood", equation);
    else if ((size_t)a->n_in != r->n_in)
        kaon_attr_fail(r, KAON_BAD_MODEL, "Einsum: equation '%s' has %d terms for %zu inputs",
                       equation, (int)a->n_in, r->n_in);
}

/* Length of a label in one more input; 1 gives way, and so does what is not known. */
static bool join(int64_t *length, int64_t dim)
{
    if (dim == 1 || *length == dim)
        return true;
    if (*length == 1 || (!kaon_dim_known(*length) && kaon_dim_known(dim)))
        *length = dim;
    return !kaon_dim_known(dim) || *length == dim;
}

static enum kaon_status infer_einsum(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_einsum *a = node->attr;
    int64_t length[KAON_EINSUM_LABELS], dims[KAON_MAX_RANK];
    bool seen[KAON_EINSUM_LABELS] = { false };
    int8_t label[KAON_MAX_RANK];
    int32_t dots = 0;
    kaon_fact_unknown(node->out[0], node->in[0]->type);
    for (size_t i = 0; i < node->n_in; i++)
        if (!node->in[i] || node->in[i]->rank < 0)
            return KAON_OK;
    for (size_t i = 0; i < node->n_in; i++) {
        const struct kaon_fact *x = node->in[i];
        if (!kaon_einsum_labels(&a->in[i], x->rank, label))
            return kaon_fail(msg, KAON_BAD_MODEL, "Einsum: term %zu does not fit rank %d", i,
                             (int)x->rank);
        dots = x->rank - a->in[i].n > dots ? x->rank - a->in[i].n : dots;
        for (int32_t k = 0; k < x->rank; k++) {
            int64_t *l = &length[label[k]];
            if (!seen[label[k]])
                *l = x->dims[k];
            else if (!join(l, x->dims[k]))
                return kaon_fail(msg, KAON_BAD_MODEL, "Einsum: lengths %lld and %lld of one label",
                                 (long long)*l, (long long)x->dims[k]);
            seen[label[k]] = true;
        }
    }
    const int32_t rank = a->out.n + (a->out.dots >= 0 ? dots : 0);
    if (!kaon_einsum_labels(&a->out, rank, label))
        return kaon_fail(msg, KAON_UNSUPPORTED, "Einsum: the output's rank is above %d",
                         KAON_MAX_RANK);
    for (int32_t k = 0; k < rank; k++) {
        if (!seen[label[k]])
            return kaon_fail(msg, KAON_BAD_MODEL,
                             "Einsum: a label of the output is in no input, or stands there twice");
        seen[label[k]] = false;
        dims[k] = length[label[k]];
    }
    kaon_fact_set(node->out[0], node->in[0]->type, rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_einsum = {
    .name = "Einsum",
    .domain = "",
    .kind = KAON_OP_einsum,
    .since = 12,
    .n_in = { 1, KAON_EINSUM_INPUTS },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_einsum),
    .read = read_einsum,
    .infer = infer_einsum,
};
