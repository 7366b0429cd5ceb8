/* The machine and the program, as every saved run names them. */
#ifndef KAON_TOOLS_BENCH_HOST_H
#define KAON_TOOLS_BENCH_HOST_H

#include <jansson.h>
#include <stdint.h>

struct kaon_bench_host {
    char cpu[128];
    char kernel[160];  /* of the operating system */
    char governor[32]; /* "unknown" where sysfs has none, as in most virtual machines */
    char turbo[16], smt[16], huge_pages[32], denormals[16];
    char compiler[96];
    uint32_t cpu_bits; /* KAON_CPU_* */
    int core;          /* that the program is pinned to; -1: not pinned */
    long cores;        /* online */
};

void kaon_bench_host_read(struct kaon_bench_host *host);

/* Members "cpu", "kernel", "governor", ..., "kaon". NULL without memory. */
json_t *kaon_bench_host_json(const struct kaon_bench_host *host);

#endif
