/* Edge-MoE: the online softmax in fixed point, 22 bits behind the point, cut towards minus infinity. The order of
 * the keys counts in the last bits: from the first to the last. */
#include "kernels/attention/row.h"
#include "kernels/isa.h"
#include "kernels/real.h"

static double cut(double z)
{
    return floor(z * 0x1p22) * 0x1p-22;
}

static void weigh(float *x, size_t n, const struct kaon_attention_call *c, size_t head,
                  size_t query, float *room)
{
    double bias = -512.0, sum = 0.0;
    (void)c, (void)head, (void)query, (void)room;
    for (size_t j = 0; j < n; j++) {
        const double score = cut((double)x[j]);
        if (x[j] == -INFINITY)
            continue;
        if (bias < score) {
            sum = cut(sum * cut(real_exp(bias - score))) + 1.0;
            bias = score;
        } else {
            sum += cut(real_exp(score - bias));
        }
    }
    const double inverse = sum > 0.0 ? cut(1.0 / sum) : 0.0;
    for (size_t j = 0; j < n; j++)
        x[j] = x[j] == -INFINITY ? 0.0f
                                 : (float)cut(cut(real_exp(cut((double)x[j]) - bias)) * inverse);
}

static const struct row_kind edge_moe = { .weigh = weigh };
ROW_KERNEL(edge_moe);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_edge_moe = {
    ROW_INFO,
    .name = "edge_moe",
    .title = "softmax in one pass in fixed point, scores within -512 .. 512",
    .formula = "fx(fx(e^(fx(x_j) - b)) fx(1/s)), fx(z) = floor(2^22 z) / 2^22",
    .source = "arXiv:2305.18691",
    .discontinuous = true,
};
#endif
