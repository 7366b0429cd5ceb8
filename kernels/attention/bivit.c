/* BiViT: signs of queries, keys and values, and weights of 0 or 1. */
#include "kernels/attention/row.h"
#include "kernels/isa.h"
#include "kernels/vmath.h"

enum { LAMBDA };

/* softmax(x)_j >= lambda max softmax(x) without exponentials: x_j >= max x + ln lambda */
static void weigh(float *x, size_t n, const struct kaon_attention_call *c, size_t head,
                  size_t query, float *room)
{
    vf max = v_set(-INFINITY);
    (void)head, (void)query, (void)room;
    for (size_t i = 0; i < n; i += VLEN)
        max = v_max(max, v_load_fill(x + i, n - i, v_set(-INFINITY)));
    const float log = v_first(v_log(v_set(c->param[LAMBDA].number)));
    const vf cut = v_add(v_fold(max, v_max), v_set(log));
    for (size_t i = 0; i < n; i += VLEN)
        v_store_n(x + i, v_select(v_lt(v_load_n(x + i, n - i), cut), v_set(0.0f), v_set(1.0f)),
                  n - i);
}

static const struct row_kind bivit = {
    .mode = SCORE_SIGN,
    .sign_values = true,
    .weigh = weigh,
};
ROW_KERNEL(bivit);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_bivit = {
    ROW_INFO,
    .name = "bivit",
    .title = "binary: signs of q, k and v, weights 0 or 1",
    .formula = "1 if softmax(x)_j >= lam max_k softmax(x)_k, else 0",
    .source = "arXiv:2211.07091",
    .discontinuous = true,
    .param = { [LAMBDA] = { "lam", 0.25, 1e-30, 1.0, "", false } },
};
#endif
