/* Types and shapes as words. */
#ifndef KAON_TOOLS_MODEL_SHAPE_H
#define KAON_TOOLS_MODEL_SHAPE_H

#include "engine/kaon.h"

struct kaon_shape_text {
    char text[512];
};

/* "float [2, 17]", "sequence of 3" */
struct kaon_shape_text kaon_tensor_text(const struct kaon_tensor *tensor);

/* "float [n_tracks, 17]"; "?" for an axis without name and length, "[...]" for an unknown rank */
struct kaon_shape_text kaon_port_text(const struct kaon_port *port);

#endif
