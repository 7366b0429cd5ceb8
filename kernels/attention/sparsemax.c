/* Projection on the simplex. The threshold by Newton's method from the left: the function is convex and
 * decreasing, so it is met in a finite number of steps. */
#include "kernels/attention/threshold.h"

static void weigh(float *x, size_t n, const struct kaon_attention_call *c, size_t head,
                  size_t query, float *room)
{
    const float most = v_first(threshold_max(x, n));
    const size_t count = threshold_candidates(room, x, n, most, 1.0f);
    float tau = -1.0f;
    (void)c, (void)head, (void)query;
    for (int step = 0; step < THRESHOLD_STEPS; step++) {
        const float above = v_first(threshold_sum(room, count, v_set(tau), threshold_identity));
        const float next =
            tau + (above - 1.0f) / v_first(threshold_sum(room, count, v_set(tau), threshold_one));
        if (!(next > tau))
            break;
        tau = next;
    }
    threshold_weights(x, n, most, 1.0f, tau, threshold_identity);
}

static const struct row_kind sparsemax = { .weigh = weigh, .room = threshold_room };
ROW_KERNEL(sparsemax);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_sparsemax = {
    ROW_INFO,
    .name = "sparsemax",
    .title = "projection on the simplex: exact zeros",
    .formula = "max(x_j - tau, 0), tau so that they sum to 1",
    .source = "arXiv:1602.02068",
    .state = "max, candidates",
};
#endif
