/* CPU bits from cpuinfo, and the cap on them. */
#include "engine/base/cpu.h"

#include <cpuinfo.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

/* XCR0, the register sets that the operating system saves. Called only where cpuinfo saw AVX, which
 * implies the instruction exists. */
static uint64_t saved_state(void)
{
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

/* FP16 and AMX are newer than the cpuinfo that distributions carry: CPUID leaf 7, Intel SDM vol. 2.
 */
static uint32_t newer_bits(void)
{
    enum { FP16 = 1u << 23, AMX_BF16 = 1u << 22, AMX_TILE = 1u << 24, AMX_INT8 = 1u << 25 };
    const uint32_t amx = AMX_BF16 | AMX_TILE | AMX_INT8;
    const uint64_t tile_state = 3u << 17; /* tile configuration and tile data */
    unsigned a, b, c, d;
    uint32_t bits = 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
        return 0;
    if (d & FP16)
        bits |= KAON_CPU_FP16;
    if ((d & amx) == amx && (saved_state() & tile_state) == tile_state)
        bits |= KAON_CPU_AMX;
    return bits;
}
#else
static uint32_t newer_bits(void)
{
    return 0;
}
#endif

/* cpuinfo keeps its own lock and remembers its answer, so every call may come through here. */
static uint32_t detect(void)
{
    uint32_t bits = 0;
    if (!cpuinfo_initialize())
        return 0;
    if (!cpuinfo_has_x86_avx2() || !cpuinfo_has_x86_fma3() || !cpuinfo_has_x86_f16c())
        return 0;
    bits |= KAON_CPU_AVX2;
    if (!cpuinfo_has_x86_avx512f() || !cpuinfo_has_x86_avx512bw() || !cpuinfo_has_x86_avx512dq() ||
        !cpuinfo_has_x86_avx512vl())
        return bits;
    bits |= KAON_CPU_AVX512 | newer_bits();
    if (cpuinfo_has_x86_avx512vnni())
        bits |= KAON_CPU_VNNI;
    if (cpuinfo_has_x86_avx512bf16())
        bits |= KAON_CPU_BF16;
    return bits;
}

int kaon_cpu_bits(uint32_t *bits, const char *cap)
{
    static const struct {
        const char *name;
        uint32_t keep;
    } caps[] = {
        { "", UINT32_MAX },
        { "scalar", 0 },
        { "avx2", KAON_CPU_AVX2 },
        { "avx512", UINT32_MAX },
    };
    if (!cap)
        cap = getenv("KAON_CPU");
    if (!cap)
        cap = "";
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++)
        if (strcmp(cap, caps[i].name) == 0) {
            *bits = detect() & caps[i].keep;
            return 0;
        }
    return -1;
}

const char *kaon_cpu_name(void)
{
    if (!cpuinfo_initialize() || cpuinfo_get_packages_count() == 0)
        return "";
    return cpuinfo_get_package(0)->name;
}
