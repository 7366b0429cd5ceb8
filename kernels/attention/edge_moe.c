/* The online softmax in fixed point with 22 fractional bits, key by key: the result hangs on their order. */
#include "kernels/attention/row.h"

#include "kernels/isa.h"

#define ONE 0x1p22

/* ap_fixed<32,10>: cut towards minus infinity. Exact in double, as all sums and products of such numbers
 * below 2^15 are after the cut. */
static double fixed(double x)
{
    return floor(x * ONE) / ONE;
}

/* e^x for x <= 0 to some 2^-51: whatever the machine's library has, the bits are ours. */
static double exp_of(double x)
{
    const double n = floor(x * 0x1.71547652b82fep+0 + 0.5);
    const double r = (x - n * 0x1.62e42fefa3800p-1) - n * 0x1.ef35793c76730p-45;
    double sum = 1.0;
    if (x < -40.0)
        return 0.0; /* cut to nothing */
    for (int i = 13; i > 0; i--)
        sum = 1.0 + sum * r / i;
    return ldexp(sum, (int)n);
}

static void weigh(float *x, size_t n, const struct kaon_attention_call *c, size_t head,
                  size_t query, float *room)
{
    double most = -512.0, sum = 0.0;
    (void)c, (void)head, (void)query, (void)room;
    for (size_t j = 0; j < n; j++) {
        const double v = fixed((double)x[j]);
        if (x[j] == -INFINITY)
            continue;
        if (most < v) {
            sum = fixed(sum * fixed(exp_of(most - v))) + 1.0;
            most = v;
        } else {
            sum += fixed(exp_of(v - most));
        }
    }
    const double inverse = sum > 0.0 ? fixed(1.0 / sum) : 0.0;
    for (size_t j = 0; j < n; j++) {
        const double d = fixed((double)x[j]) - most;
        const double w = fixed(fixed(exp_of(d < 0.0 ? d : 0.0)) * inverse);
        x[j] = x[j] == -INFINITY ? 0.0f : (float)w;
    }
}

static const struct row_kind edge_moe = { .weigh = weigh };
ROW_KERNEL(edge_moe);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_edge_moe = {
    ROW_INFO,
    .name = "edge_moe",
    .title = "single-pass softmax in fixed point",
    .formula = "e^(x_j - max) / sum in numbers of 22 fractional bits, cut",
    .source = "arXiv:2305.18691",
    .state = "max, sum",
    .discontinuous = true,
};
#endif
