/* What this core can do at most: arithmetic, and each level of its memory. */
#ifndef KAON_TOOLS_BENCH_LIMITS_H
#define KAON_TOOLS_BENCH_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include "tools/bench/timing.h"

enum kaon_bench_width { KAON_BENCH_128, KAON_BENCH_256, KAON_BENCH_512, KAON_BENCH_WIDTHS };

struct kaon_bench_level {
    const char *name;         /* "L1", "L2", "L3", "memory" */
    size_t capacity;          /* of a cache in bytes, 0: memory */
    size_t measured;          /* bytes that the measurement went over */
    double read, write, copy; /* GB/s; copy counts what it reads and what it writes */
};

enum { KAON_BENCH_LEVELS = 4 };

struct kaon_bench_limits {
    double fma[KAON_BENCH_WIDTHS]; /* GFLOP/s of f32; 0: the CPU lacks the width */
    double vnni, bf16, fp16;       /* of vpdpbusd, vdpbf16ps, vfmadd*ph at 512 bits; 0: lacks */
    struct kaon_bench_level level[KAON_BENCH_LEVELS];
    double step_ns;  /* an empty step: a call through a pointer with its argument block */
    double clock_ns; /* reading the clock */
    double spin_ns;  /* the spin, when the rates above were measured */
};

/* Capacities come from sysfs, or typical ones where it has none. */
void kaon_bench_cache_sizes(struct kaon_bench_level level[KAON_BENCH_LEVELS]);

/* Measures all of it; takes some seconds at the usual pace. `cpu_bits`: KAON_CPU_*. */
enum kaon_status kaon_bench_limits_measure(struct kaon_bench_limits *limits, uint32_t cpu_bits,
                                           const struct kaon_bench_pace *pace,
                                           struct kaon_msg *msg);

/* The highest of the fma rates. */
double kaon_bench_peak(const struct kaon_bench_limits *limits);

/* The level that holds so many bytes. */
const struct kaon_bench_level *kaon_bench_level_of(const struct kaon_bench_limits *limits,
                                                   size_t bytes);

/* The least time that so much arithmetic and traffic can take, in ns; `footprint` (the bytes that
 * are touched at all) decides the level. Reads and writes pair up as a copy, the rest goes at the
 * speed of reading or writing alone. */
double kaon_bench_floor_ns(const struct kaon_bench_limits *limits, double flops, double bytes_read,
                           double bytes_written, size_t footprint);

/* Fixed arithmetic of some 10 us, the widest fma of the CPU; arg: a struct kaon_bench_spin. */
struct kaon_bench_spin {
    void (*loop)(size_t iterations);
    double flops; /* of one run */
};
struct kaon_bench_spin kaon_bench_spin_for(uint32_t cpu_bits);
void kaon_bench_spin_run(void *arg);

#endif
