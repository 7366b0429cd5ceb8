#include "tools/bench/streams.h"

#include <immintrin.h>

#include "engine/base/cpu.h"

#define TARGET(isa) __attribute__((target(isa), noinline))
#define USED(v) __asm__ volatile("" : : "v"(v))

/* Eight registers an iteration. As in rates.c, one body for each target. */
#define STREAM_LOOPS(name, isa, type, zero, load, store, width)                                    \
    TARGET(isa) static void read_##name(const char *from, size_t bytes)                            \
    {                                                                                              \
        for (const char *end = from + bytes; from < end; from += 8 * (width))                      \
            _Pragma("GCC unroll 8") for (int i = 0; i < 8; i++)                                    \
            {                                                                                      \
                const type v = load((const void *)(from + i * (width)));                           \
                USED(v);                                                                           \
            }                                                                                      \
    }                                                                                              \
    TARGET(isa) static void write_##name(char *to, size_t bytes)                                   \
    {                                                                                              \
        const type v = zero;                                                                       \
        for (char *end = to + bytes; to < end; to += 8 * (width)) {                                \
            _Pragma("GCC unroll 8") for (int i = 0; i < 8; i++)                                    \
                store((void *)(to + i * (width)), v);                                              \
            __asm__ volatile("" : : : "memory");                                                   \
        }                                                                                          \
    }                                                                                              \
    TARGET(isa) static void copy_##name(char *to, const char *from, size_t bytes)                  \
    {                                                                                              \
        for (size_t at = 0; at < bytes; at += 8 * (width)) {                                       \
            _Pragma("GCC unroll 8") for (int i = 0; i < 8; i++) store(                             \
                (void *)(to + at + i * (width)), load((const void *)(from + at + i * (width))));   \
            __asm__ volatile("" : : : "memory");                                                   \
        }                                                                                          \
    }

STREAM_LOOPS(128, "sse2", __m128i, _mm_setzero_si128(), _mm_load_si128, _mm_store_si128, 16)
STREAM_LOOPS(256, "avx2", __m256i, _mm256_setzero_si256(), _mm256_load_si256, _mm256_store_si256,
             32)
STREAM_LOOPS(512, "avx512f", __m512i, _mm512_setzero_si512(), _mm512_load_si512, _mm512_store_si512,
             64)

static const struct {
    uint32_t need;
    struct kaon_bench_streams loops;
} forms[] = {
    { KAON_CPU_AVX512, { read_512, write_512, copy_512 } },
    { KAON_CPU_AVX2, { read_256, write_256, copy_256 } },
    { 0, { read_128, write_128, copy_128 } },
};

const struct kaon_bench_streams *kaon_bench_streams_for(uint32_t cpu_bits)
{
    size_t i = 0;
    while (forms[i].need & ~cpu_bits)
        i++;
    return &forms[i].loops;
}
