#include "tools/bench/suite.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/nearest.h"

static const struct kaon_bench_suite *const suites[] = {
    &kaon_bench_softmax, &kaon_bench_gemm,       &kaon_bench_matmul,      &kaon_bench_quant,
    &kaon_bench_norm,    &kaon_bench_activation, &kaon_bench_elementwise, &kaon_bench_reduce,
    &kaon_bench_layout,  &kaon_bench_convert,    &kaon_bench_attention,
};

const struct kaon_bench_suite *kaon_bench_suite_at(size_t index)
{
    return index < KAON_BENCH_COUNT(suites) ? suites[index] : NULL;
}

const struct kaon_bench_suite *kaon_bench_suite_find(const char *name, const char **nearest)
{
    *nearest = NULL;
    for (size_t i = 0; i < KAON_BENCH_COUNT(suites); i++) {
        if (!strcmp(suites[i]->name, name))
            return suites[i];
        kaon_nearest_try(name, suites[i]->name, nearest);
    }
    return NULL;
}

static size_t *member(struct kaon_bench_shape *shape, char letter)
{
    return letter == 'm'   ? &shape->m
           : letter == 'n' ? &shape->n
           : letter == 'h' ? &shape->h
                           : &shape->k;
}

/* Whether the suite's format shows the letter. */
static bool has_letter(const struct kaon_bench_suite *suite, char letter)
{
    const char part[3] = { '%', letter, 0 };
    return strstr(suite->shape_format, part) != NULL;
}

/* Whether every letter of the suite's format has got its number. */
static bool complete(const struct kaon_bench_suite *suite, struct kaon_bench_shape shape)
{
    static const char letters[] = "hmnk";
    for (const char *l = letters; *l; l++)
        if (has_letter(suite, *l) && !*member(&shape, *l))
            return false;
    return true;
}

bool kaon_bench_shape_parse(const struct kaon_bench_suite *suite, const char *text,
                            struct kaon_bench_shape *shape)
{
    *shape = (struct kaon_bench_shape){ 0 };
    for (;;) {
        const char letter = (char)tolower((unsigned char)text[0]);
        char *end;
        if (!letter || !strchr("hmnk", letter) || text[1] != '=' || !has_letter(suite, letter) ||
            !isdigit((unsigned char)text[2]))
            return false;
        const unsigned long v = strtoul(text + 2, &end, 10);
        if (v == 0 || v > 1ul << 31)
            return false;
        *member(shape, letter) = v;
        if (!*end)
            return complete(suite, *shape);
        if (*end != ',')
            return false;
        text = end + 1;
    }
}

/* "gemm/" and the suite's format with the shape's numbers. */
static void name_case(struct kaon_bench_case *c, const char *op, const char *format)
{
    size_t at = (size_t)snprintf(c->name, sizeof c->name, "%s/", op);
    for (const char *f = format; *f && at + 24 < sizeof c->name; f++)
        if (*f == '%')
            at += (size_t)snprintf(c->name + at, sizeof c->name - at, "%zu",
                                   *member(&c->shape, *++f));
        else
            c->name[at++] = *f;
    c->name[at] = 0;
}

bool kaon_bench_case_make(struct kaon_bench_case *c, const struct kaon_bench_suite *suite,
                          const struct kaon_bench_op *op, struct kaon_bench_shape shape)
{
    *c = (struct kaon_bench_case){
        .kind = op->kind, .shape = shape, .which = op->which, .node = op->node, .tolerance = 1e-4
    };
    name_case(c, op->name, suite->shape_format);
    return suite->make(c);
}
