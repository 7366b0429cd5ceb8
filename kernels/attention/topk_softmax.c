/* Softmax over the k largest scores. */
#include "kernels/attention/row.h"
#include "kernels/isa.h"
#include "kernels/softmax.h"

enum { K };

/* Weights and indices, a place for each of k keys; k may be the whole row. */
static size_t room(size_t n)
{
    return 2 * n;
}

static void weigh(float *x, size_t n, const struct kaon_attention_call *c, size_t head,
                  size_t query, float *best)
{
    const size_t k = (size_t)c->param[K].number, some = k < n ? k : n;
    int32_t *index = (int32_t *)(best + n);
    float sum = 0;
    (void)head, (void)query;
    KAON_K(kaon_softmax_topk)(best, index, x, 1, n, some);
    for (size_t i = 0; i < some; i++)
        sum += best[i];
    memset(x, 0, n * sizeof *x);
    for (size_t i = 0; i < some; i++)
        if (index[i] >= 0)
            x[index[i]] = best[i] / sum;
}

static const struct row_kind topk_softmax = { .weigh = weigh, .room = room };
ROW_KERNEL(topk_softmax);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_topk_softmax = {
    ROW_INFO,
    .name = "topk_softmax",
    .title = "softmax of the k largest scores; of equal ones that with the smaller index",
    .formula = "softmax over the k largest x, else 0",
    .source = "arXiv:2112.12433",
    .discontinuous = true,
    .param = { [K] = { "k", 16.0, 1.0, 1 << 24, "", false } },
};
#endif
