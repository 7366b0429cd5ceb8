/* The shapes that a model is run with: fixed, or drawn from ranges. */
#ifndef KAON_TOOLS_BENCH_DRAW_H
#define KAON_TOOLS_BENCH_DRAW_H

#include "engine/kaon.h"
#include "tools/cli/option.h"
#include "tools/model/inputs.h"

struct kaon_bench_draw {
    struct kaon_range *range; /* of every symbolic axis; names are the model's */
    size_t n_ranges;
    struct kaon_inputs *inputs; /* one set for each shape, random contents */
    size_t n_shapes;
    char text[128]; /* "n_tracks=0..40", "" for a model without symbolic axes */
};

/* Takes "AXIS=N" and "AXIS=LO..HI" of --dim, and `batch` (0: not given) for the axis that is a
 * batch by its name; axes not named are 1. All shapes within the ranges are made, or 64 of them
 * drawn by `seed` where there are more. */
enum kaon_status kaon_bench_draw_open(struct kaon_bench_draw *draw, const struct kaon_model *model,
                                      const struct kaon_words *dims, int64_t batch, uint64_t seed,
                                      struct kaon_msg *msg);
void kaon_bench_draw_close(struct kaon_bench_draw *draw);

/* The shape of the i-th run: the same for every contender, each shape equally often. */
size_t kaon_bench_draw_at(const struct kaon_bench_draw *draw, uint64_t i);

#endif
