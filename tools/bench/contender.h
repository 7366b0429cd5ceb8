/* Who takes part in a case: kaon's forms and the peers' ways, all behind one function. */
#ifndef KAON_TOOLS_BENCH_CONTENDER_H
#define KAON_TOOLS_BENCH_CONTENDER_H

#include "tools/bench/case.h"
#include "tools/bench/timing.h"

struct kaon_bench_contender {
    char impl[64];      /* "kaon", or a peer's name and version */
    char form[48];      /* of several that the implementation has, else "" */
    char isa[24];       /* of kaon's, "avx512 vnni"; "" for a peer, which chooses itself */
    bool chosen;        /* what kaon's selection picks */
    kaon_bench_fn *run; /* writes the case's output */
    void *arg;
    void (*close)(void *arg); /* NULL: nothing to do */

    /* Filled by the measurement. */
    double difference; /* largest, from the first contender's output */
    bool wrong;
};

/* A growing list. */
struct kaon_bench_field {
    struct kaon_bench_contender *at;
    size_t n;
    bool failed; /* memory ran out */
};

/* Adds one; closes it at once if there is no memory. */
void kaon_bench_enter(struct kaon_bench_field *field, struct kaon_bench_contender contender);

void kaon_bench_field_close(struct kaon_bench_field *field);

#endif
