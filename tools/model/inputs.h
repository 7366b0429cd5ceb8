/* A model's inputs: read from .npy files, random where none is given. */
#ifndef KAON_TOOLS_MODEL_INPUTS_H
#define KAON_TOOLS_MODEL_INPUTS_H

#include "engine/kaon.h"
#include "tools/cli/option.h"
#include "tools/model/axes.h"

struct kaon_inputs {
    struct kaon_tensor *tensor; /* in the model's order, data from malloc */
    size_t n;
};

/* Makes room for every input of the model, without data. */
enum kaon_status kaon_inputs_open(struct kaon_inputs *inputs, const struct kaon_model *model,
                                  struct kaon_msg *msg);

/* Reads the files of "NAME=FILE.npy" words and notes in `axes` what their shapes say. */
enum kaon_status kaon_inputs_read(struct kaon_inputs *inputs, const struct kaon_model *model,
                                  const struct kaon_words *files, struct kaon_axes *axes,
                                  struct kaon_msg *msg);

/* Fills each input that has no data yet. The values depend on seed, input and place only.
 * KAON_UNSUPPORTED if an input's type or rank allows no random value. */
enum kaon_status kaon_inputs_random(struct kaon_inputs *inputs, const struct kaon_model *model,
                                    const struct kaon_axes *axes, uint64_t seed,
                                    struct kaon_msg *msg);

/* Sets every integer to 0: indices, which have bounds that random values do not know. False if
 * there are none. */
bool kaon_inputs_zero_integers(struct kaon_inputs *inputs);

void kaon_inputs_close(struct kaon_inputs *inputs);

#endif
