/* kaon bench kernels: suites of cases, each timed with all contenders in turns. */
#ifndef KAON_TOOLS_BENCH_KERNELS_RUN_H
#define KAON_TOOLS_BENCH_KERNELS_RUN_H

#include <jansson.h>

#include "tools/bench/host.h"
#include "tools/bench/limits.h"
#include "tools/bench/peer.h"
#include "tools/cli/option.h"
#include "tools/cli/say.h"

struct kaon_bench_kernels_job {
    const char *const *suites; /* names; none: all of them */
    size_t n_suites;
    const struct kaon_words *shapes; /* of --shape; none: the suites' own */
    const char *isa;                 /* one instruction set, "all", or NULL: all but scalar */
    const char *only;                /* part of a case's name, or NULL */
    bool all;                        /* every shape and operation */
    struct kaon_bench_pace pace;
    const struct kaon_bench_host *host;
    const struct kaon_bench_limits *limits;
    struct kaon_peers *peers;
    const struct kaon_say *say;
    /* Called after each case with its rows, new at the end of `rows`. */
    void (*done)(void *user, const json_t *rows, size_t first);
    void *user;
};

/* Whether suites, shapes and instruction set are ones that there are. Needs no limits, no peers. */
enum kaon_status kaon_bench_kernels_check(const struct kaon_bench_kernels_job *job,
                                          struct kaon_msg *msg);

/* Stops early, with the rows that there are, when the person interrupts. */
enum kaon_status kaon_bench_kernels_run(const struct kaon_bench_kernels_job *job, json_t *rows,
                                        struct kaon_msg *msg);

#endif
