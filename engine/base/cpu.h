/* What the CPU can do. base/cpu.c is the only caller of cpuinfo. */
#ifndef KAON_BASE_CPU_H
#define KAON_BASE_CPU_H

#include <stdint.h>

enum {
    KAON_CPU_AVX2 = 1u << 0,   /* AVX2, FMA and F16C together */
    KAON_CPU_AVX512 = 1u << 1, /* AVX-512 F, BW, DQ and VL together */
    KAON_CPU_VNNI = 1u << 2,   /* AVX-512 VNNI */
    KAON_CPU_BF16 = 1u << 3,   /* AVX-512 BF16 */
    KAON_CPU_FP16 = 1u << 4,   /* AVX-512 FP16 */
    KAON_CPU_AMX = 1u << 5,    /* AMX tiles, int8 and bf16 */
};

/* Bits of this CPU, masked by `cap`: "scalar", "avx2" or "avx512" (NULL: the environment variable
 * KAON_CPU; unset or empty: no cap). A cap takes bits away and never adds any. Returns 0 on success,
 * -1 if the cap is not one of these words. */
int kaon_cpu_bits(uint32_t *bits, const char *cap);

/* Model name of the CPU, or "". Static storage. */
const char *kaon_cpu_name(void);

#endif
