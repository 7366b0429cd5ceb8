/* The online normaliser (M. Milakov and N. Gimelshein, arXiv:1805.02867), lane by lane and a block at a
 * time: the maximum moves once a block, so that rescaling costs nothing. */
#ifndef KAON_KERNELS_SOFTMAX_ONLINE_H
#define KAON_KERNELS_SOFTMAX_ONLINE_H

#include "kernels/softmax_row.h"

/* Elements: this block and the next, which is fetched meanwhile, share the first cache. Each block is
 * read twice; without the fetch the first of these would wait for memory and do nothing else. */
enum { ONLINE_BLOCK = AHEAD };

/* exp(x - max) of what has been seen sums to `total`, lane by lane. */
struct online {
    vf max;
    struct total total;
};

ALWAYS struct online online_start(void)
{
    return (struct online){ v_set(-INFINITY), { v_set(0.0f), v_set(0.0f) } };
}

/* What to subtract: a lane that has seen nothing but -inf must not form inf - inf. */
ALWAYS vf online_shift(vf max)
{
    return v_select(v_eq(max, v_set(-INFINITY)), v_set(0.0f), max);
}

/* Takes in a block whose maximum, lane by lane, is known. n up to ONLINE_BLOCK. */
ALWAYS void online_add(struct online *o, const float *x, size_t n, vf block_max)
{
    const vf max = v_max(o->max, block_max), shift = online_shift(max);
    const vf factor = v_exp_negative(v_sub(o->max, shift));
    o->total.sum = v_mul(o->total.sum, factor);
    o->total.lost = v_mul(o->total.lost, factor);
    total_add(&o->total, exp_pass(EXP_SUM, NULL, x, n, shift, shift, AHEAD, false));
    o->max = max;
}

/* All lanes as one, in every lane; the sum is NaN, as that of the formula, where the maximum is infinite. */
ALWAYS void online_fold(const struct online *o, vf *max, vf *sum)
{
    *max = v_fold(o->max, v_max);
    const vf factor = v_exp_negative(v_sub(o->max, *max));
    *sum = v_fold(v_mul(v_add(o->total.sum, o->total.lost), factor), v_add);
}

#endif
