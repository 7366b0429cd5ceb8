/* Softmax whose weights are codes of 8 or 4 bits, with the bias that makes up for rounding:
 * arXiv:2309.01729.
 *
 *   c[r][j] = min(rint(p[r][j] L), L), halves to even      L = 2^bits - 1, p = softmax_rows of x
 *   w[r][j] = c[r][j] / L + beta                           0 where x[r][j] is -inf
 *
 * beta is found offline, on calibration data: the mean of p - c / L over rows and visible keys, which is
 * (1 - mean row sum of c / L) / n. Keys of -inf are not visible; a row that sees nothing is zeros. NaN or
 * +inf in a row: w NaN and c 0 where visible.
 *
 * codes (rows, n) or NULL, one to a byte; w, x (rows, n) contiguous and apart; 1 <= bits <= 8. Error: of a
 * code none where p L stays 1e-5 L away from a half; of w two roundings. */
#ifndef KAON_KERNELS_SOFTMAX_QUANT_H
#define KAON_KERNELS_SOFTMAX_QUANT_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/name.h"

typedef void kaon_quant_softmax_fn(uint8_t *codes, float *w, const float *x, size_t rows, size_t n,
                                   int bits, float beta);

#ifdef KAON_ISA
kaon_quant_softmax_fn KAON_K(kaon_quant_softmax);
#endif

#endif
