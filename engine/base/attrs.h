/* Attribute structs: filled by an operator's read function, used by its inference and by backends.
 * Pointers lead into the model's memory. */
#ifndef KAON_BASE_ATTRS_H
#define KAON_BASE_ATTRS_H

#include "engine/base/op.h"

struct kaon_softmax { /* Softmax, LogSoftmax, Hardmax */
    int64_t axis;
    bool flat; /* opset < 13: the axes from `axis` on count as one, those before as another */
};

enum kaon_activation {
    KAON_ACT_NONE,
    KAON_ACT_RELU,
    KAON_ACT_GELU_ERF,
    KAON_ACT_GELU_TANH,
    KAON_ACT_SILU,
    KAON_ACT_SIGMOID,
    KAON_ACT_TANH,
};

/* y = act(x B + bias): inputs x (.., K), B (K, N) constant, bias (N) optional. */
struct kaon_linear {
    bool transposed; /* B is (N, K) */
    enum kaon_activation activation;
};

struct kaon_scan { /* lists: n -1 where absent */
    int64_t n_scan; /* inputs that are walked along; the rest is carried */
    const int64_t *directions, *in_axes, *out_directions, *out_axes;
    int32_t n_directions, n_in_axes, n_out_directions, n_out_axes;
};

#endif
