/* KAON_K(kaon_softmax_rows) is the name of this build's form: kaon_softmax_rows_avx2, for instance.
 * KAON_ISA is set by kernels/CMakeLists.txt; sources outside this folder see no per-ISA names. */
#ifndef KAON_KERNELS_NAME_H
#define KAON_KERNELS_NAME_H

#ifdef KAON_ISA
#define KAON_NAME_PASTE(name, isa) name##_##isa
#define KAON_NAME_EXPAND(name, isa) KAON_NAME_PASTE(name, isa)
#define KAON_K(name) KAON_NAME_EXPAND(name, KAON_ISA)
#endif

#endif
