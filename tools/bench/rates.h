/* Loops that keep one kind of execution unit busy: the arithmetic limits of a core. */
#ifndef KAON_TOOLS_BENCH_RATES_H
#define KAON_TOOLS_BENCH_RATES_H

#include <stddef.h>
#include <stdint.h>

struct kaon_bench_rate {
    const char *name;
    uint32_t need; /* KAON_CPU_* bits */
    void (*loop)(size_t iterations);
    double ops; /* of one iteration: multiplications and additions */
};

enum {
    KAON_BENCH_RATE_FMA_128,
    KAON_BENCH_RATE_FMA_256,
    KAON_BENCH_RATE_FMA_512,
    KAON_BENCH_RATE_VNNI,
    KAON_BENCH_RATE_BF16,
    KAON_BENCH_RATE_FP16,
    KAON_BENCH_RATES
};

extern const struct kaon_bench_rate kaon_bench_rates[KAON_BENCH_RATES];

#endif
