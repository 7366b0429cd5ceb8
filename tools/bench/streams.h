/* Loops over memory: what reading, writing and copying cost at each level. */
#ifndef KAON_TOOLS_BENCH_STREAMS_H
#define KAON_TOOLS_BENCH_STREAMS_H

#include <stddef.h>
#include <stdint.h>

/* bytes: a multiple of 512; buffers aligned to 64. */
struct kaon_bench_streams {
    void (*read)(const char *from, size_t bytes);
    void (*write)(char *to, size_t bytes);
    void (*copy)(char *to, const char *from, size_t bytes);
};

/* With the widest registers that the CPU has. */
const struct kaon_bench_streams *kaon_bench_streams_for(uint32_t cpu_bits);

#endif
