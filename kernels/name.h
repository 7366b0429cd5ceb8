/* KAON_K(kaon_softmax_rows) is the name of this build's form: kaon_softmax_rows_avx2, for instance.
 * KAON_X(kaon_gemm_u8s8) is that of a kernel that extensions of an ISA have a form of their own of:
 * kaon_gemm_u8s8_vnni where KAON_EXTENSION is vnni, kaon_gemm_u8s8_avx512 where there is none.
 * KAON_ISA is set by kernels/CMakeLists.txt; sources outside this folder see no per-ISA names. */
#ifndef KAON_KERNELS_NAME_H
#define KAON_KERNELS_NAME_H

#ifdef KAON_ISA
#define KAON_NAME_PASTE(name, isa) name##_##isa
#define KAON_NAME_EXPAND(name, isa) KAON_NAME_PASTE(name, isa)
#define KAON_K(name) KAON_NAME_EXPAND(name, KAON_ISA)
#ifdef KAON_EXTENSION
#define KAON_X(name) KAON_NAME_EXPAND(name, KAON_EXTENSION)
#else
#define KAON_X(name) KAON_K(name)
#endif
#endif

#endif
