/* Conversion between element types. */
#ifndef KAON_BACKENDS_OWN_CONVERT_H
#define KAON_BACKENDS_OWN_CONVERT_H

#include "backends/own/own.h"

/* y[i] = x[i], n elements. Exact where the value fits; otherwise
 *   float to narrower float: nearest, halves to even (float64 to 16 bits by way of float32); 8-bit
 *     floats saturate if asked to;
 *   float to integer: towards zero; NaN gives 0; what int64 cannot hold becomes its end; the narrower
 *     integers take the low bits of that (what ONNX Runtime gives on x86 for 8 and 16 bits; it gives
 *     INT_MIN for int32, and the low bits here);
 *   integer to narrower integer: low bits;  to bool: 0 or not. */
void kaon_convert(enum kaon_type to, void *y, enum kaon_type from, const void *x, size_t n,
                  bool saturate);

/* True if both types can take part. */
bool kaon_convert_can(enum kaon_type to, enum kaon_type from);

/* One element. */
void kaon_put_double(enum kaon_type type, void *data, size_t index, double value);
void kaon_put_int(enum kaon_type type, void *data, size_t index, int64_t value);

#endif
