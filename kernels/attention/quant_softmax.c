/* Weights as codes of 8 or 4 bits, with the bias that makes up for rounding. */
#include "kernels/attention/row.h"

#include "kernels/isa.h"

enum { QUANT_BITS, QUANT_BETA };

static void weigh(float *x, size_t n, const struct kaon_attention_call *c, size_t head,
                  size_t query, float *room)
{
    (void)query;
    KAON_K(kaon_quant_softmax)
    (NULL, room, x, 1, n, (int)row_param(c, QUANT_BITS, head), row_param(c, QUANT_BETA, head));
    memcpy(x, room, n * sizeof *x);
}

static size_t room(size_t n)
{
    return (n + VLEN - 1) / VLEN * VLEN;
}

static const struct row_kind quant_softmax = { .weigh = weigh, .room = room };
ROW_KERNEL(quant_softmax);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_quant_softmax = {
    ROW_INFO,
    .name = "quant_softmax",
    .title = "softmax in codes of 8 or 4 bits, bias corrected",
    .formula = "rint(softmax(x)_j (2^bits - 1)) / (2^bits - 1) + beta",
    .source = "arXiv:2309.01729",
    .state = "m, l; then codes",
    .discontinuous = true,
    .param = { [QUANT_BITS] = { "bits", 8.0, 1.0, 8.0, "", false },
               [QUANT_BETA] = { "beta", 0.0, -1.0, 1.0, "h", false } },
};
#endif
