/* Softmax from tables in integers, as hardware does it. */
#include "kernels/softmax_table.h"

#include "kernels/attention/row.h"
#include "kernels/isa.h"

enum { FORM };
enum { TABLES = (sizeof(struct kaon_softmax_tables) + sizeof(float) - 1) / sizeof(float) };

/* The tables, and a row for the form that reads its scores again. */
static size_t room(size_t n)
{
    return (TABLES + VLEN - 1) / VLEN * VLEN + n;
}

static void weigh(float *x, size_t n, const struct kaon_attention_call *c, size_t head,
                  size_t query, float *scratch)
{
    struct kaon_softmax_tables *t = (struct kaon_softmax_tables *)scratch;
    float *scores = scratch + (TABLES + VLEN - 1) / VLEN * VLEN;
    (void)head, (void)query;
    KAON_K(kaon_softmax_tables)(t, (enum kaon_table_softmax)(int)c->param[FORM].number);
    memcpy(scores, x, n * sizeof *x);
    KAON_K(kaon_table_softmax)(x, scores, 1, n, t);
}

static const struct row_kind table_softmax = { .weigh = weigh, .room = room };
ROW_KERNEL(table_softmax);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_table_softmax = {
    ROW_INFO,
    .name = "table_softmax",
    .title = "softmax from tables of exponentials and inverses; form 0 stable, 1 latency, 2 legacy",
    .formula = "floor(exp[X_max - X_j] inverse[sum] / 1024) / 1024, X = floor(1024 x)",
    .source = "arXiv:2402.01047",
    .discontinuous = true,
    .param = { [FORM] = { "form", 0.0, 0.0, 2.0, "", false } },
};
#endif
