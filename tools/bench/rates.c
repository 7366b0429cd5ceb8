/* Each loop has independent accumulators, enough for two units of latency 4 to 6 and as many as the
 * registers allow, and keeps them there: the asm statements tell the compiler that each value is
 * used and changed. */
#include "tools/bench/rates.h"

#include <immintrin.h>

#include "engine/base/cpu.h"

enum { FEW = 12, MANY = 24 }; /* accumulators: of 16 registers, of 32 */

#define TARGET(isa) __attribute__((target(isa), noinline))
#define KEEP(v) __asm__ volatile("" : "+v"(v)) /* "v": any vector register, zmm16 to 31 too */

/* A loop is a body in a macro here because its type, instruction and target differ and a function
 * for a target cannot be inlined into another's. */
#define RATE_LOOP(function, isa, chains, type, init, op)                                           \
    TARGET(isa) static void function(size_t iterations)                                            \
    {                                                                                              \
        type a[chains], x = init, y = init;                                                        \
        KEEP(x);                                                                                   \
        KEEP(y);                                                                                   \
        _Pragma("GCC unroll 24") for (int c = 0; c < (chains); c++) a[c] = init;                   \
        for (size_t i = 0; i < iterations; i++) {                                                  \
            _Pragma("GCC unroll 24") for (int c = 0; c < (chains); c++)                            \
            {                                                                                      \
                a[c] = op;                                                                         \
                KEEP(a[c]);                                                                        \
            }                                                                                      \
        }                                                                                          \
    }

RATE_LOOP(fma_128, "avx2,fma", FEW, __m128, _mm_setzero_ps(), _mm_fmadd_ps(x, y, a[c]))
RATE_LOOP(fma_256, "avx2,fma", FEW, __m256, _mm256_setzero_ps(), _mm256_fmadd_ps(x, y, a[c]))
RATE_LOOP(fma_512, "avx512f", MANY, __m512, _mm512_setzero_ps(), _mm512_fmadd_ps(x, y, a[c]))
RATE_LOOP(dot_u8s8, "avx512f,avx512vnni", MANY, __m512i, _mm512_setzero_si512(),
          _mm512_dpbusd_epi32(a[c], x, y))
RATE_LOOP(dot_bf16, "avx512f,avx512bf16", MANY, __m512, _mm512_setzero_ps(),
          _mm512_dpbf16_ps(a[c], (__m512bh)x, (__m512bh)y))
RATE_LOOP(fma_f16, "avx512fp16", MANY, __m512h, _mm512_setzero_ph(), _mm512_fmadd_ph(x, y, a[c]))

const struct kaon_bench_rate kaon_bench_rates[KAON_BENCH_RATES] = {
    [KAON_BENCH_RATE_FMA_128] = { "fma f32, 128 bit", KAON_CPU_AVX2, fma_128, FEW * 2 * 4 },
    [KAON_BENCH_RATE_FMA_256] = { "fma f32, 256 bit", KAON_CPU_AVX2, fma_256, FEW * 2 * 8 },
    [KAON_BENCH_RATE_FMA_512] = { "fma f32, 512 bit", KAON_CPU_AVX512, fma_512, MANY * 2 * 16 },
    [KAON_BENCH_RATE_VNNI] = { "vpdpbusd, 512 bit", KAON_CPU_VNNI, dot_u8s8, MANY * 2 * 64 },
    [KAON_BENCH_RATE_BF16] = { "vdpbf16ps, 512 bit", KAON_CPU_BF16, dot_bf16, MANY * 2 * 32 },
    [KAON_BENCH_RATE_FP16] = { "fma f16, 512 bit", KAON_CPU_FP16, fma_f16, MANY * 2 * 32 },
};
