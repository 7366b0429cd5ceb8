/* The attention variants of this instruction set, and once what there is to say of them. */
#include "kernels/attention/attention.h"

const struct kaon_attention_kernel *const KAON_K(kaon_attention_by)[KAON_ATTENTION_COUNT] = {
#define KAON_ATTENTION(id, file) &KAON_K(kaon_attention_##id),
#include "engine/base/attention.inc"
#undef KAON_ATTENTION
};

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info *const kaon_attention_infos[KAON_ATTENTION_COUNT] = {
#define KAON_ATTENTION(id, file) &kaon_attention_info_##id,
#include "engine/base/attention.inc"
#undef KAON_ATTENTION
};
#endif
