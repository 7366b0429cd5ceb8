/* What is kept of values within a model for one jet. */
#ifndef KAON_TOOLS_EVAL_LOOK_H
#define KAON_TOOLS_EVAL_LOOK_H

#include "tools/eval/spec.h"

/* Writes what output `o` of kind EVAL_OUT_INNER, whose floats of the jet are `bytes` from `at`, gives of
 * spec->n_inner floats: the energy -ln sum exp(z) of logits z, the mean of a hidden value over all axes
 * but the last, both computed in double. KAON_BAD_INPUT where logits are not one vector a jet. */
enum kaon_status kaon_eval_look(const struct eval_spec *spec, size_t o,
                                const struct kaon_tensor *value, size_t at, size_t bytes,
                                float *inner, struct kaon_msg *msg);

#endif
