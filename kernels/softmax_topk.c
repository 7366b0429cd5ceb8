/* Online softmax that keeps the k largest on the way: arXiv:1805.02867, algorithm 4. */
#include "kernels/softmax.h"
#include "kernels/softmax_online.h"

/* Scores so far, largest first, with -inf in free places. Until the row is done they stand in the weights'
 * place. */
struct top {
    float *score;
    int32_t *index;
    size_t k;
};

/* Puts in a score that is larger than the last: behind its equals, which have smaller indices. */
static void top_insert(struct top *t, float score, int32_t index)
{
    size_t at = t->k - 1;
    for (; at > 0 && t->score[at - 1] < score; at--) {
        t->score[at] = t->score[at - 1];
        t->index[at] = t->index[at - 1];
    }
    t->score[at] = score;
    t->index[at] = index;
}

/* Takes in a vector; few hold a candidate. */
ALWAYS void top_offer(struct top *t, vf x, size_t first)
{
    uint32_t larger = m_bits(v_lt(v_set(t->score[t->k - 1]), x));
    if (larger == 0)
        return;
    float lane[VLEN];
    v_store(lane, x);
    for (; larger != 0; larger &= larger - 1) {
        const int i = __builtin_ctz(larger);
        if (t->score[t->k - 1] < lane[i])
            top_insert(t, lane[i], (int32_t)first + i);
    }
}

/* The maximum of a block, lane by lane. */
ALWAYS vf block_top(struct top *t, const float *x, size_t n, size_t first)
{
    const vf low = v_set(-INFINITY);
    vf max = low;
    for (size_t i = 0; i < n; i += VLEN) {
        const vf v = v_load_fill(x + i, n - i, low);
        max = v_max(max, v);
        top_offer(t, v, first + i);
    }
    return max;
}

void KAON_K(kaon_softmax_topk)(float *w, int32_t *index, const float *x, size_t rows, size_t n,
                               size_t k)
{
    for (size_t r = 0; r < rows && k > 0; r++, x += n, w += k, index += k) {
        struct top t = { w, index, k };
        for (size_t i = 0; i < k; i++) {
            w[i] = -INFINITY;
            index[i] = -1;
        }
        struct online o = online_start();
        for (size_t i = 0; i < n; i += ONLINE_BLOCK) {
            const size_t some = n - i < ONLINE_BLOCK ? n - i : ONLINE_BLOCK;
            online_add(&o, x + i, some, block_top(&t, x + i, some, i));
        }
        vf max, sum;
        online_fold(&o, &max, &sum);
        exp_pass(EXP_STORE, w, w, k, max, reciprocal(sum), 0, false);
    }
}
