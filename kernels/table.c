/* The table of this ISA, or of an extension of it. */
#include "kernels/kernels.h"

#include "kernels/isa.h"

extern const struct kaon_kernels KAON_X(kaon_kernels);

const struct kaon_kernels KAON_X(kaon_kernels) = {
    .isa = KAON_ISA_NAME,
    .extension = KAON_EXTENSION_NAME,
    .need = KAON_ISA_NEED | KAON_EXTENSION_NEED,
    .gemm_pack = KAON_K(kaon_gemm_pack),
    .gemm = KAON_K(kaon_gemm),
    .gemm_unpacked = KAON_K(kaon_gemm_unpacked),
    .gemm_pack_16 = KAON_K(kaon_gemm_pack_16),
    .gemm_f16 = KAON_K(kaon_gemm_f16),
    .gemm_bf16 = KAON_K(kaon_gemm_bf16),
    .gemm_pack_s8 = KAON_K(kaon_gemm_pack_s8),
    .gemm_u8s8 = KAON_X(kaon_gemm_u8s8),
    .gemm_pack_nbits = KAON_K(kaon_gemm_pack_nbits),
    .gemm_nbits = KAON_K(kaon_gemm_nbits),
    .gemm_nbits_s8 = KAON_X(kaon_gemm_nbits_s8),
    .softmax_rows = KAON_K(kaon_softmax_rows),
    .softmax_by = KAON_K(kaon_softmax_by),
    .softmax_topk = KAON_K(kaon_softmax_topk),
    .softmax_scores = KAON_K(kaon_softmax_scores),
    .quant_softmax = KAON_K(kaon_quant_softmax),
    .softmax_tables = KAON_K(kaon_softmax_tables),
    .table_softmax = KAON_K(kaon_table_softmax),
    .log_softmax_rows = KAON_K(kaon_log_softmax_rows),
    .log_sum_exp_rows = KAON_K(kaon_log_sum_exp_rows),
    .layernorm_rows = KAON_K(kaon_layernorm_rows),
    .rmsnorm_rows = KAON_K(kaon_rmsnorm_rows),
    .layernorm_of_sum = KAON_K(kaon_layernorm_of_sum),
    .rmsnorm_of_sum = KAON_K(kaon_rmsnorm_of_sum),
    .rotary_rows = KAON_K(kaon_rotary_rows),
    .chain = KAON_K(kaon_chain),
    .unary = KAON_K(kaon_unary),
    .binary = KAON_K(kaon_binary),
    .reduce_rows = KAON_K(kaon_reduce_rows),
    .reduce_columns = KAON_K(kaon_reduce_columns),
    .transpose_32 = KAON_K(kaon_transpose_32),
    .copy_rows_32 = KAON_K(kaon_copy_rows_32),
    .gather_rows_32 = KAON_K(kaon_gather_rows_32),
    .f32_from_f16 = KAON_K(kaon_f32_from_f16),
    .f16_from_f32 = KAON_K(kaon_f16_from_f32),
    .f32_from_bf16 = KAON_K(kaon_f32_from_bf16),
    .bf16_from_f32 = KAON_K(kaon_bf16_from_f32),
};
