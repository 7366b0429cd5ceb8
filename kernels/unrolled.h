/* UNROLLED before a loop. */
#ifndef KAON_KERNELS_UNROLLED_H
#define KAON_KERNELS_UNROLLED_H

/* A loop of constant extent that must vanish, or its arrays stay in memory. The scalar form's stay
 * there anyway, and take long to compile unrolled. */
#if defined(KAON_ISA_SCALAR)
#define UNROLLED
#elif defined(__clang__)
#define UNROLLED _Pragma("clang loop unroll(full)")
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif

#endif
