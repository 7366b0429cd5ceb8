/* Names for the places on the last axis of arrays that have no names of their own. */
#ifndef KAON_TOOLS_EVAL_COMPONENTS_H
#define KAON_TOOLS_EVAL_COMPONENTS_H

#include <stddef.h>

/* The name of place k of `n` of an array, or NULL. */
const char *kaon_eval_component(const char *array, size_t n, size_t k);

#endif
