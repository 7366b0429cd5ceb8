/* BatchNormalization with the statistics of the batch itself. */
#ifndef KAON_BACKENDS_OWN_NORM_TRAINING_H
#define KAON_BACKENDS_OWN_NORM_TRAINING_H

#include "backends/own/own.h"

struct kaon_channels {
    size_t outer, channels, inner;
};

/* Prepares the step, whose shapes have been checked. */
enum kaon_status kaon_norm_training(struct kaon_step *step, struct kaon_arena *memory,
                                    struct kaon_channels shape, struct kaon_msg *msg);

#endif
