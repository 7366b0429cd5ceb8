/* Bytes as kernels/gemm_u8s8.h wants them: a product of any two of uint8 and int8. */
#ifndef KAON_BACKENDS_OWN_BYTES_H
#define KAON_BACKENDS_OWN_BYTES_H

#include "backends/own/own.h"

/* y = x, unsigned: the top bit of signed bytes is flipped, which adds 128. */
void kaon_bytes_unsigned(uint8_t *y, const void *x, enum kaon_type type, size_t n);
void kaon_bytes_signed(int8_t *y, const void *x, enum kaon_type type, size_t n);

/* Zero point i of a tensor that may be absent, as it is after that. */
int32_t kaon_bytes_zero_unsigned(const struct kaon_tensor *zero, size_t i, enum kaon_type type);
int32_t kaon_bytes_zero_signed(const struct kaon_tensor *zero, size_t i, enum kaon_type type);

/* round(x) + zero, halves to even, saturated to a type of bytes. */
void kaon_bytes_put(enum kaon_type type, void *y, size_t i, float x, int32_t zero);

/* Scale i of a list, or the only one. */
float kaon_bytes_scale(const struct kaon_tensor *scale, size_t i);

#endif
