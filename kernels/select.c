/* The choice of a table: a pure function of the CPU bits, so one machine can test every answer. */
#include "kernels/kernels.h"

extern const struct kaon_kernels kaon_kernels_scalar;
#ifndef KAON_SCALAR_ONLY
extern const struct kaon_kernels kaon_kernels_avx2;
extern const struct kaon_kernels kaon_kernels_avx512;
extern const struct kaon_kernels kaon_kernels_vnni;
#endif

const struct kaon_kernels *kaon_kernels_select(uint32_t cpu_bits)
{
    static const struct kaon_kernels *const tables[] = {
#ifndef KAON_SCALAR_ONLY
        &kaon_kernels_vnni, &kaon_kernels_avx512, &kaon_kernels_avx2,
#endif
        &kaon_kernels_scalar, /* needs nothing */
    };
    size_t i = 0;
    while (tables[i]->need & ~(uint64_t)cpu_bits)
        i++;
    return tables[i];
}
