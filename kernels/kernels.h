/* The kernel layer's one table: every kernel of an ISA, typed. Contracts stand with the types in
 * the headers included here. */
#ifndef KAON_KERNELS_KERNELS_H
#define KAON_KERNELS_KERNELS_H

#include <stdint.h>

#include "kernels/attention/attention.h"
#include "kernels/binary.h"
#include "kernels/chain.h"
#include "kernels/convert.h"
#include "kernels/gemm.h"
#include "kernels/gemm_half.h"
#include "kernels/gemm_nbits.h"
#include "kernels/gemm_u8s8.h"
#include "kernels/move.h"
#include "kernels/norm.h"
#include "kernels/reduce.h"
#include "kernels/rotary.h"
#include "kernels/softmax.h"
#include "kernels/softmax_quant.h"
#include "kernels/softmax_scores.h"
#include "kernels/softmax_table.h"
#include "kernels/unary.h"

/* The checker counts everything after `need`: only function pointers, or pointers to arrays of
 * them, may follow it. */
struct kaon_kernels {
    const char *isa;       /* "scalar", "avx2" or "avx512" */
    const char *extension; /* "vnni", or "": none */
    uint64_t need;         /* KAON_CPU_* bits, all required */
    kaon_gemm_pack_fn *gemm_pack;
    kaon_gemm_fn *gemm;
    kaon_gemm_unpacked_fn *gemm_unpacked;
    kaon_gemm_pack_16_fn *gemm_pack_16;
    kaon_gemm_half_fn *gemm_f16;
    kaon_gemm_half_fn *gemm_bf16;
    kaon_gemm_pack_s8_fn *gemm_pack_s8;
    kaon_gemm_u8s8_fn *gemm_u8s8;
    kaon_gemm_pack_nbits_fn *gemm_pack_nbits;
    kaon_gemm_nbits_fn *gemm_nbits;
    kaon_gemm_nbits_fn *gemm_nbits_s8;
    kaon_softmax_rows_fn *softmax_rows;
    kaon_softmax_rows_fn *const *softmax_by; /* by enum kaon_softmax_algorithm */
    kaon_softmax_topk_fn *softmax_topk;
    kaon_softmax_scores_fn *softmax_scores;
    kaon_quant_softmax_fn *quant_softmax;
    kaon_softmax_tables_fn *softmax_tables;
    kaon_table_softmax_fn *table_softmax;
    kaon_softmax_rows_fn *log_softmax_rows;
    kaon_softmax_rows_fn *log_sum_exp_rows;
    kaon_layernorm_rows_fn *layernorm_rows;
    kaon_rmsnorm_rows_fn *rmsnorm_rows;
    kaon_layernorm_of_sum_fn *layernorm_of_sum;
    kaon_rmsnorm_of_sum_fn *rmsnorm_of_sum;
    kaon_rotary_rows_fn *rotary_rows;
    kaon_unary_fn *const *unary;   /* [KAON_UNARY_COUNT], by enum kaon_unary */
    kaon_binary_fn *const *binary; /* [KAON_BINARY_COUNT], by enum kaon_binary */
    kaon_chain_fn *chain;
    kaon_reduce_fn *const *reduce_rows;    /* [KAON_REDUCE_COUNT], by enum kaon_reduce */
    kaon_reduce_fn *const *reduce_columns; /* [KAON_REDUCE_COUNT], by enum kaon_reduce */
    kaon_transpose_32_fn *transpose_32;
    kaon_copy_rows_32_fn *copy_rows_32;
    kaon_gather_rows_32_fn *gather_rows_32;
    kaon_widen_fn *f32_from_f16;
    kaon_narrow_fn *f16_from_f32;
    kaon_widen_fn *f32_from_bf16;
    kaon_narrow_fn *bf16_from_f32;
    const struct kaon_attention_kernel *const *attention; /* by enum kaon_attention_variant */
};

/* The best table whose needs `cpu_bits` (kaon_cpu_bits) meets; 0 gives scalar. Never NULL. */
const struct kaon_kernels *kaon_kernels_select(uint32_t cpu_bits);

#endif
