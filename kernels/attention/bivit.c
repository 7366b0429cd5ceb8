/* Binary attention: signs of queries, keys and values; a key counts or does not. */
#include "kernels/attention/threshold.h"

enum { BIVIT_LAMBDA };

/* softmax(x)_j >= lambda max softmax(x) without an exponential. */
static void weigh(float *x, size_t n, const struct kaon_attention_call *c, size_t head,
                  size_t query, float *room)
{
    const vf least = v_add(threshold_max(x, n), v_log(v_set(row_param(c, BIVIT_LAMBDA, head))));
    (void)query, (void)room;
    for (size_t i = 0; i < n; i += VLEN) {
        const vf v = v_load_n(x + i, n - i);
        v_store_n(x + i, v_select(v_lt(v, least), v_set(0.0f), v_set(1.0f)), n - i);
    }
}

static const struct row_kind bivit = { .mode = SCORE_SIGN, .sign_values = true, .weigh = weigh };
ROW_KERNEL(bivit);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_bivit = {
    ROW_INFO,
    .name = "bivit",
    .title = "binary attention over signs",
    .formula = "1 if softmax(x)_j >= lambda max_k softmax(x)_k, else 0",
    .source = "arXiv:2211.07091",
    .state = "max",
    .discontinuous = true,
    .param = { [BIVIT_LAMBDA] = { "lam", 0.25, 1e-30, 1.0, "", false } },
};
#endif
