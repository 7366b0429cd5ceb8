/* Non-maximum suppression: the choice itself, since inference has to know how many boxes remain. */
#ifndef KAON_BASE_BOXES_H
#define KAON_BASE_BOXES_H

#include "engine/base/status.h"

#include <stdbool.h>

struct kaon_boxes {
    int64_t batches, classes, n;
    const float *boxes;  /* (batches, n, 4) */
    const float *scores; /* (batches, classes, n) */
    int64_t most;        /* boxes a class and batch */
    float overlap;       /* more than this suppresses */
    bool has_least, center;
    float least; /* only higher scores are taken */
};

/* Number of boxes chosen, with (batch, class, box) of each in `out` unless that is NULL. */
enum kaon_status kaon_boxes_choose(const struct kaon_boxes *b, int64_t *out, int64_t *count,
                                   struct kaon_msg *msg);

#endif
