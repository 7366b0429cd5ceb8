/* chain: against its links run one by one. */
#include <string.h>

#include "tests/check/check.h"

enum { LINKS = 5 };

/* GELU as exporters write it, with a vector, a value and a reversed operand among the links. */
static void links_of(struct kaon_link *l, const float *x, const float *vector)
{
    static const float root2 = 1.41421356f, one = 1.0f;
    memset(l, 0, LINKS * sizeof *l);
    l[0] = (struct kaon_link){ .two = true, .binary = KAON_BINARY_DIV, .other = &root2 };
    l[1] = (struct kaon_link){ .unary = KAON_UNARY_ERF };
    l[2] = (struct kaon_link){
        .two = true, .binary = KAON_BINARY_SUB, .other = &one, .reversed = true
    };
    l[3] = (struct kaon_link){ .two = true, .binary = KAON_BINARY_MUL, .other = x, .step = 1 };
    l[4] = (struct kaon_link){
        .two = true, .binary = KAON_BINARY_SUB, .other = vector, .step = 1, .reversed = true
    };
}

static void one_by_one(const struct kaon_kernels *k, float *y, const float *x, size_t n,
                       const struct kaon_link *links, size_t n_links)
{
    if (n)
        memcpy(y, x, n * sizeof *y);
    for (const struct kaon_link *l = links; l < links + n_links; l++)
        if (!l->two)
            k->unary[l->unary](y, y, n, l->a, l->b);
        else if (l->reversed)
            k->binary[l->binary](y, l->other, l->step, y, 1, n);
        else
            k->binary[l->binary](y, y, 1, l->other, l->step, n);
}

static void compare(struct check *c, size_t n, size_t n_links, unsigned pattern)
{
    if (!check_begin(c, &c->now->chain, "chain_%zu of %zu pattern %u", n, n_links, pattern))
        return;
    float *x = check_floats(c, n), *vector = check_floats(c, n);
    float *want = check_floats(c, n), *got = check_floats(c, n);
    struct kaon_link links[LINKS];
    check_pattern(c, pattern, x, n, -4.0f, 4.0f);
    check_pattern(c, CHECK_RANDOM, vector, n, -4.0f, 4.0f);
    links_of(links, x, vector);
    one_by_one(c->ref, want, x, n, links, n_links);
    c->now->chain(got, x, n, links, n_links);
    check_same_floats(c, want, got, n);
    if (n_links > 3) /* what is read again may not be overwritten */
        return;
    c->now->chain(x, x, n, links, n_links);
    check_same_floats(c, want, x, n);
}

void check_chain(struct check *c)
{
    static const size_t widths[] = { 0, 1, 15, 16, 17, 1023, 1024, 1025, 3000 };
    for (size_t w = 0; w < CHECK_COUNT(widths); w++)
        for (size_t links = 0; links <= LINKS; links++) {
            compare(c, widths[w], links, CHECK_RANDOM);
            compare(c, widths[w], links, CHECK_ANY_BITS);
        }
}
