/* Narrow floats, one element at a time; exact both ways, rounding to nearest even. */
#ifndef KAON_BASE_HALF_H
#define KAON_BASE_HALF_H

#include "engine/kaon.h"

#include <stdbool.h>

float kaon_f32_from_f16(uint16_t h);
uint16_t kaon_f16_from_f32(float x);
float kaon_f32_from_bf16(uint16_t h);
uint16_t kaon_bf16_from_f32(float x);

/* The four 8-bit forms; `saturate` chooses the largest finite value over infinity or NaN, as ONNX
 * Cast defines it. */
float kaon_f32_from_f8(enum kaon_type type, uint8_t b);
uint8_t kaon_f8_from_f32(enum kaon_type type, float x, bool saturate);

/* float8e8m0, powers of two: the one above, below or nearest (halves up) in magnitude; kaon_f8_from_f32 goes up. */
enum kaon_round { KAON_ROUND_UP, KAON_ROUND_DOWN, KAON_ROUND_NEAREST };
uint8_t kaon_f8e8m0_from_f32(float x, bool saturate, enum kaon_round round);

#endif
