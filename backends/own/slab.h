/* Convolutions of stride 1 without patches of their own: in planes with their padding written out, what a tap
 * meets at successive positions lies side by side, so a row of the patches is a piece of the plane. Positions
 * count along whole padded lines here; those whose window would reach over a line's end are computed as well
 * and left out when results are taken. */
#ifndef KAON_BACKENDS_OWN_SLAB_H
#define KAON_BACKENDS_OWN_SLAB_H

#include "backends/own/own.h"

struct kaon_slab {
    struct kaon_placed at;       /* axes that need no padding merged */
    size_t extent[KAON_SPATIAL]; /* of a padded plane */
    size_t positions;            /* from the first to the last that counts */
    size_t taps, reach;          /* the farthest tap's distance */
    const size_t *distance;      /* [taps] from a position */
};

/* Whether a window is one of these, and few positions are computed for nothing. */
bool kaon_slab_suits(const struct kaon_placed *at);

/* The table of taps is from `memory`. False: no memory. */
bool kaon_slab_place(struct kaon_slab *s, const struct kaon_placed *at, struct kaon_arena *memory);

/* Floats of one channel that positions j .. j + n - 1 need, n rounded up to panels. */
size_t kaon_slab_floats(const struct kaon_slab *s, size_t n);

/* Panels of the patches at positions j .. j + n - 1 of `channels` planes `in` apart, for kaon_gemm. slab: room for
 * channels times kaon_slab_floats. */
void kaon_slab_pack(const struct kaon_slab *s, float *packed, float *slab, const float *planes,
                    size_t in, size_t channels, size_t j, size_t n);

/* Results for positions j .. j + n - 1 into their places of an output plane. */
void kaon_slab_take(const struct kaon_slab *s, float *plane, const float *results, size_t j,
                    size_t n);

#endif
