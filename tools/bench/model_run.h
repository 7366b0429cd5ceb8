/* kaon bench MODEL: whole models, each run timed alone, in bursts that take turns. */
#ifndef KAON_TOOLS_BENCH_MODEL_RUN_H
#define KAON_TOOLS_BENCH_MODEL_RUN_H

#include <jansson.h>

#include "tools/bench/host.h"
#include "tools/bench/limits.h"
#include "tools/bench/peer.h"
#include "tools/cli/option.h"
#include "tools/cli/say.h"
#include "tools/model/open.h"

struct kaon_bench_model_job {
    const char *path;
    const struct kaon_words *dims;
    int64_t batch;   /* 0: not given */
    int64_t threads; /* of kaon; peers have one */
    uint64_t seed;
    const struct kaon_engine_choice *engine; /* attention and its plug-ins */
    const char *backends;                    /* names with commas between, NULL: own */
    const char *isa;                         /* as of the kernels: NULL: what kaon chooses, "all" */
    double seconds;                          /* for each contender */
    bool quick;
    bool cold;    /* drives the inner caches out before each run */
    bool profile; /* steps of kaon's first contender too */
    const struct kaon_bench_host *host;
    const struct kaon_bench_limits *limits;
    struct kaon_peers *peers;
    const struct kaon_say *say;
};

/* Appends a row for each contender to `rows` and, if asked for, an object to `profiles`. Stops
 * early, with what there is, when the person interrupts. */
enum kaon_status kaon_bench_model_run(const struct kaon_bench_model_job *job, json_t *rows,
                                      json_t *profiles, struct kaon_msg *msg);

#endif
