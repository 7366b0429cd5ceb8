#include "tools/bench/contender.h"

#include <stdlib.h>

void kaon_bench_enter(struct kaon_bench_field *field, struct kaon_bench_contender contender)
{
    struct kaon_bench_contender *at = realloc(field->at, (field->n + 1) * sizeof *at);
    if (!at) {
        field->failed = true;
        if (contender.close)
            contender.close(contender.arg);
        return;
    }
    at[field->n++] = contender;
    field->at = at;
}

void kaon_bench_field_close(struct kaon_bench_field *field)
{
    while (field->n) {
        const struct kaon_bench_contender *c = &field->at[--field->n];
        if (c->close)
            c->close(c->arg);
    }
    free(field->at);
    *field = (struct kaon_bench_field){ 0 };
}
