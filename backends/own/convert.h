/* Conversion between element types. */
#ifndef KAON_BACKENDS_OWN_CONVERT_H
#define KAON_BACKENDS_OWN_CONVERT_H

#include "backends/own/own.h"

/* y[i] = x[i], n elements. Exact where the value fits; otherwise
 *   float to narrower float: nearest, halves to even (float64 to 16 bits by way of float32); 8-bit
 *     floats saturate if asked to;
 *   float to integer: towards zero; out of range and NaN as ONNX Runtime gives on x86: by way of int32
 *     for types of up to 32 bits (uint32: of 33 bits) and int64 for the others, where what does not fit
 *     becomes the least integer (uint32: 0); the narrower types take the low bits of that;
 *   integer to narrower integer: low bits;  to bool: 0 or not. */
void kaon_convert(enum kaon_type to, void *y, enum kaon_type from, const void *x, size_t n,
                  bool saturate);

/* True if both types can take part. */
bool kaon_convert_can(enum kaon_type to, enum kaon_type from);

/* One element. */
void kaon_put_double(enum kaon_type type, void *data, size_t index, double value);
void kaon_put_int(enum kaon_type type, void *data, size_t index, int64_t value);

#endif
