/* Running an operator's float32 form on tensors of other float types: inputs are converted into
 * scratch, the result converted back. An operator that has no float64 form of its own says so. */
#ifndef KAON_BACKENDS_OWN_WIDE_H
#define KAON_BACKENDS_OWN_WIDE_H

#include "backends/own/own.h"

enum { KAON_WIDE_IO = 8 };

/* Computes out from in, all float32 with the shapes of the call's tensors (NULL where the call has
 * none); scratch is the operator's own. */
typedef enum kaon_status kaon_wide_fn(const struct kaon_step *step, const float *const *in,
                                      float *const *out, void *scratch, struct kaon_msg *msg);

/* First in the arguments of a step that uses this. Inputs of other types are not converted: NULL. */
struct kaon_wide {
    kaon_wide_fn *fn;
    uint32_t
        others; /* set before preparing: bit i: input i may be no float16, bfloat16 or float32 */
    bool converts;
    size_t in_at[KAON_WIDE_IO], out_at[KAON_WIDE_IO]; /* bytes into scratch */
};

/* args must start with a struct kaon_wide. Refuses other element types. */
enum kaon_status kaon_wide_prepare(struct kaon_step *step, struct kaon_wide *w, kaon_wide_fn *fn,
                                   size_t scratch_bytes, struct kaon_msg *msg);

#endif
