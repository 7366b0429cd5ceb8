/* Softmax over the k largest scores; of equal ones the smaller index ranks first. */
#include "kernels/attention/row.h"

#include "kernels/isa.h"

enum { TOPK_K };

/* The kernel's weights are shares of all keys: those of the k are brought to a sum of 1. */
static void weigh(float *x, size_t n, const struct kaon_attention_call *c, size_t head,
                  size_t query, float *room)
{
    const float wanted = row_param(c, TOPK_K, head);
    const size_t k = wanted < (float)n ? (size_t)wanted : n;
    int32_t *index = (int32_t *)(void *)(room + (n + VLEN - 1) / VLEN * VLEN);
    float sum = 0.0f;
    (void)query;
    KAON_K(kaon_softmax_topk)(room, index, x, 1, n, k);
    for (size_t i = 0; i < k && index[i] >= 0; i++)
        sum += room[i];
    memset(x, 0, n * sizeof *x);
    for (size_t i = 0; i < k && index[i] >= 0; i++)
        x[index[i]] = room[i] / sum;
}

static size_t room(size_t n)
{
    return 2 * ((n + VLEN - 1) / VLEN * VLEN);
}

static const struct row_kind topk_softmax = { .weigh = weigh, .room = room };
ROW_KERNEL(topk_softmax);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_topk_softmax = {
    ROW_INFO,
    .name = "topk_softmax",
    .title = "softmax over the k largest scores",
    .formula = "e^x_j / sum e^x over the k largest, else 0",
    .source = "arXiv:2112.12433",
    .state = "k scores and indices",
    .discontinuous = true,
    .param = { [TOPK_K] = { "k", 16.0, 1.0, 65536.0, "", false } },
};
#endif
