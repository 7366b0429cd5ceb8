/* Softmax from tables, as the FPGA does it: kernels/softmax_table.h. */
#include "kernels/attention/row.h"

#include "kernels/isa.h"

enum { TABLE_FORM };

static size_t aligned(size_t n)
{
    return (n + VLEN - 1) / VLEN * VLEN;
}

static size_t table_floats(void)
{
    return aligned((sizeof(struct kaon_softmax_tables) + sizeof(float) - 1) / sizeof(float));
}

static void begin(const struct kaon_attention_call *c, float *room)
{
    KAON_K(kaon_softmax_tables)
    ((struct kaon_softmax_tables *)(void *)room,
     (enum kaon_table_softmax)row_param(c, TABLE_FORM, 0));
}

static void weigh(float *x, size_t n, const struct kaon_attention_call *c, size_t head,
                  size_t query, float *room)
{
    float *w = room + table_floats();
    (void)c, (void)head, (void)query;
    KAON_K(kaon_table_softmax)(w, x, 1, n, (const struct kaon_softmax_tables *)(void *)room);
    memcpy(x, w, n * sizeof *x);
}

static size_t room(size_t n)
{
    return table_floats() + aligned(n);
}

static const struct row_kind table_softmax = { .weigh = weigh, .room = room, .begin = begin };
ROW_KERNEL(table_softmax);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_table_softmax = {
    ROW_INFO,
    .name = "table_softmax",
    .title = "softmax from tables, as an FPGA has it",
    .formula =
        "exp table times inverse table, 10 fractional bits; form 0 stable, 1 latency, 2 legacy",
    .source = "arXiv:2402.01047",
    .state = "max; then an integer sum",
    .discontinuous = true,
    .param = { [TABLE_FORM] = { "form", 0.0, 0.0, 2.0, "", false } },
};
#endif
