/* Moves of 32-bit elements of any kind.
 *
 *   transpose_32     y[j * ld_y + i] = x[i * ld_x + j]                 i < rows, j < cols
 *   copy_rows_32     y[r * ld_y + e] = x[r * ld_x + e]                 r < rows, e < n
 *   gather_rows_32   y[r * n + e]    = x[index[r] * n + e]             r < n_index, e < n, the
 *                                                                      elements of a row
 *
 * Leading dimensions in elements; of a transpose ld_x >= cols, ld_y >= rows; of copied rows any, 0 and
 * negative ones too, as long as rows of y do not overlap. Indices are the caller's to check: each must
 * name a row of x. Extents >= 0, alignment 4 bytes; y must not overlap x. */
#ifndef KAON_KERNELS_MOVE_H
#define KAON_KERNELS_MOVE_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/name.h"

typedef void kaon_transpose_32_fn(uint32_t *y, const uint32_t *x, size_t rows, size_t cols,
                                  size_t ld_x, size_t ld_y);
typedef void kaon_copy_rows_32_fn(uint32_t *y, ptrdiff_t ld_y, const uint32_t *x, ptrdiff_t ld_x,
                                  size_t rows, size_t n);
typedef void kaon_gather_rows_32_fn(uint32_t *y, const uint32_t *x, const int64_t *index,
                                    size_t n_index, size_t row_elements);

#ifdef KAON_ISA
kaon_transpose_32_fn KAON_K(kaon_transpose_32);
kaon_copy_rows_32_fn KAON_K(kaon_copy_rows_32);
kaon_gather_rows_32_fn KAON_K(kaon_gather_rows_32);
#endif

#endif
