/* Who runs a model: kaon on its backends and instruction sets, the peers in their ways, the spin. */
#ifndef KAON_TOOLS_BENCH_MODEL_FIELD_H
#define KAON_TOOLS_BENCH_MODEL_FIELD_H

#include "tools/bench/draw.h"
#include "tools/bench/model_own.h"
#include "tools/bench/model_run.h"

struct kaon_bench_runner {
    char impl[64], form[48], isa[16];
    bool chosen;
    struct kaon_bench_own *own; /* NULL: a peer, or the spin */
    struct kaon_peer_model model;
    void **slot; /* one for each shape of the draw */
    double load_ms;
    double difference, largest; /* of outputs, from the first runner's */
    bool wrong;

    double *sample_ns; /* of each run */
    size_t n, room;
    uint64_t allocations, page_faults; /* during the timed runs */
    double wall_ns, cpu_ns;
};

struct kaon_bench_runners {
    struct kaon_bench_runner *at;
    size_t n;
    struct kaon_threads threads;
    struct kaon_bench_draw draw;
};

/* Opens kaon's, which must succeed, then the peers': one that cannot run the model is left out with
 * a warning. Each has run every shape once, and outputs are compared. */
enum kaon_status kaon_bench_runners_open(struct kaon_bench_runners *runners,
                                         const struct kaon_bench_model_job *job,
                                         struct kaon_msg *msg);
void kaon_bench_runners_close(struct kaon_bench_runners *runners);

#endif
