/* Lengths of a model's symbolic axes, from --dim and from the shapes of given inputs. */
#ifndef KAON_TOOLS_MODEL_AXES_H
#define KAON_TOOLS_MODEL_AXES_H

#include <stdbool.h>

#include "engine/kaon.h"
#include "tools/cli/option.h"

struct kaon_axis {
    const char *name; /* the model's */
    int64_t length;
    const char *from; /* who said so, for messages: "--dim" or an input's name */
};

struct kaon_axes {
    struct kaon_axis *axis;
    size_t n;
};

#define KAON_DIM_OPTION(type)                                                                      \
    {                                                                                              \
        "dim", 'd', KAON_OPTION_LIST, "AXIS=N",                                                    \
            "length of a symbolic axis, as in n_tracks=7; axes not named have length 1",           \
            offsetof(type, dims)                                                                   \
    }

/* Takes the values of --dim: KAON_BAD_ARGUMENT if one is malformed or names no axis of an input. */
enum kaon_status kaon_axes_parse(struct kaon_axes *axes, const struct kaon_model *model,
                                 const struct kaon_words *dims, struct kaon_msg *msg);

/* The axis of that name, or NULL. */
const struct kaon_axis *kaon_axes_find(const struct kaon_axes *axes, const char *name);

/* Adds what an input's shape says of its port's symbolic axes: KAON_BAD_INPUT if rank or a length
 * contradicts the port or an axis known already. */
enum kaon_status kaon_axes_bind(struct kaon_axes *axes, const struct kaon_port *port,
                                const struct kaon_tensor *tensor, struct kaon_msg *msg);

/* The shape of a port at these lengths, 1 for axes not known; false if the rank is not known. */
bool kaon_axes_apply(const struct kaon_axes *axes, const struct kaon_port *port,
                     struct kaon_tensor *tensor);

void kaon_axes_free(struct kaon_axes *axes);

#endif
