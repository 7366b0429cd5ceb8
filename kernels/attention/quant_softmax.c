/* Softmax rounded to codes of a few bits, with the bias that makes up for it. */
#include "kernels/softmax_quant.h"

#include "kernels/attention/row.h"
#include "kernels/isa.h"

enum { BITS, BETA };

static size_t room(size_t n)
{
    return n;
}

static void weigh(float *x, size_t n, const struct kaon_attention_call *c, size_t head,
                  size_t query, float *scores)
{
    const struct kaon_attention_param *beta = &c->param[BETA];
    (void)query;
    memcpy(scores, x, n * sizeof *x);
    KAON_K(kaon_quant_softmax)
    (NULL, x, scores, 1, n, (int)c->param[BITS].number,
     beta->at ? beta->at[head * beta->head] : beta->number);
}

static const struct row_kind quant_softmax = { .weigh = weigh, .room = room };
ROW_KERNEL(quant_softmax);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_quant_softmax = {
    ROW_INFO,
    .name = "quant_softmax",
    .title = "softmax as codes of 1 to 8 bits plus a bias",
    .formula = "rint(softmax(x)_j (2^bits - 1)) / (2^bits - 1) + beta",
    .source = "arXiv:2309.01729",
    .discontinuous = true,
    .param = { [BITS] = { "bits", 8.0, 1.0, 8.0, "", false },
               [BETA] = { "beta", 0.0, -1.0, 1.0, "h", false } },
};
#endif
