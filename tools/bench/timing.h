/* Time of short things on a machine that is not quiet.
 *
 * Each contender is timed in batches long enough for the clock; contenders take turns, one batch
 * each a round, so that whatever slows the machine slows all of them; what is told is the median
 * over rounds. While another program has the core no time is counted. A fixed piece of arithmetic,
 * the spin, takes its turn too: it says how fast the core itself was while a case was measured. */
#ifndef KAON_TOOLS_BENCH_TIMING_H
#define KAON_TOOLS_BENCH_TIMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/kaon.h"

/* Nanoseconds since some moment in the past. */
double kaon_bench_now(void);

typedef void kaon_bench_fn(void *arg);

/* One thing to time, and what came out. */
struct kaon_bench_timed {
    kaon_bench_fn *run;
    void *arg;
    uint64_t batch;    /* runs in one sample */
    double last_ns;    /* of the last sample */
    double *sample_ns; /* of one run, a sample a round; free() it */
    size_t n;
};

/* How long to measure. */
struct kaon_bench_pace {
    double batch_ns; /* a batch lasts at least this long */
    double total_ns; /* for each contender of a case */
    size_t min_rounds, max_rounds;
    size_t memory_bytes; /* at most this much is gone over to measure memory */
};
/* clang-format off */
#define KAON_BENCH_PACE                                                                            \
    { .batch_ns = 1e5, .total_ns = 5e7, .min_rounds = 7, .max_rounds = 400,                        \
      .memory_bytes = SIZE_MAX }
/* Enough to see that everything runs; its times mean little. */
#define KAON_BENCH_PACE_QUICK                                                                      \
    { .batch_ns = 1e4, .total_ns = 1e5, .min_rounds = 5, .max_rounds = 5,                          \
      .memory_bytes = 4u << 20 }
/* clang-format on */

/* Times all of them, the last too, in turns that start one later each round. Stops early, with what
 * there is, when the person interrupts. */
enum kaon_status kaon_bench_time(struct kaon_bench_timed *timed, size_t n,
                                 const struct kaon_bench_pace *pace, struct kaon_msg *msg);

/* Time of one run of one thing alone: the 10 % quantile of its batches, which is near the best that
 * it can do and not an accident of the clock. */
double kaon_bench_best_ns(kaon_bench_fn *run, void *arg, const struct kaon_bench_pace *pace);

#endif
