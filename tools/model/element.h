/* Single elements of a tensor, whatever their type. */
#ifndef KAON_TOOLS_MODEL_ELEMENT_H
#define KAON_TOOLS_MODEL_ELEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/kaon.h"

/* The i-th element, widened; integers beyond 2^53 are rounded. 0 for strings and sequences. */
double kaon_element(const struct kaon_tensor *tensor, size_t i);

/* Sets the i-th element from 64 random bits: floats from a bell shape of mean 0 and variance 1
 * (narrow floats: plus or minus 0.25 to 2), integers from 0 to 9, bools from both. False for types
 * that have no random value. */
bool kaon_element_random(struct kaon_tensor *tensor, size_t i, uint64_t bits);

#endif
