/* What runs a call of attention: a kernel of the table, or a plug-in. */
#include "backends/own/attend.h"

#include <math.h>
#include <string.h>

enum { ROWS = 16 }; /* queries whose scores are made together */

static size_t aligned(size_t floats)
{
    return (floats + 15) & ~(size_t)15;
}

bool kaon_attend_visible(const struct kaon_attention_call *c, size_t h, size_t i, size_t j)
{
    const int64_t distance = (int64_t)i + c->offset - (int64_t)j;
    if ((c->causal && distance < 0) || (c->left >= 0 && distance > c->left) ||
        (c->right >= 0 && -distance > c->right))
        return false;
    return !c->mask.at || c->mask.at[h * c->mask.head + i * c->mask.row + j * c->mask.key];
}

float kaon_attend_scale(const struct kaon_attention_call *c)
{
    return isnan(c->scale) ? 1.0f / sqrtf((float)c->size) : c->scale;
}

bool kaon_attend_hide(const struct kaon_attention_call *c, size_t h, size_t i, float *x,
                      size_t *visible)
{
    *visible = 0;
    for (size_t j = 0; j < c->keys; j++) {
        const float bias =
            c->bias.at ? c->bias.at[h * c->bias.head + i * c->bias.row + j * c->bias.key] : 0.0f;
        x[j] = kaon_attend_visible(c, h, i, j) && bias > -INFINITY ? x[j] + bias : -INFINITY;
        *visible += x[j] > -INFINITY;
    }
    return *visible > 0;
}

void kaon_attend_cap(const struct kaon_kernels *kernels, float *x, size_t n, float softcap)
{
    for (size_t j = 0; j < n; j++)
        x[j] /= softcap;
    kernels->unary[KAON_UNARY_TANH](x, x, n, 0.0f, 0.0f);
    for (size_t j = 0; j < n; j++)
        x[j] *= softcap;
}

/* ---- a plug-in's row -------------------------------------------------------------------------- */

static size_t panel_floats(const struct kaon_attention_call *c)
{
    const size_t k = kaon_gemm_packed_floats(c->size, c->keys);
    const size_t v = KAON_GEMM_PANEL * c->keys;
    return aligned(k) + aligned(v);
}

static void params_of(const struct kaon_attention_call *c, float *param)
{
    for (size_t i = 0; i < KAON_ATT_PARAMS; i++)
        param[i] = c->param[i].number;
}

/* Scores of a query become its weights; what sees nothing gets zeros. */
static void weigh_row(const struct kaon_attend_by *by, const struct kaon_attention_call *c,
                      size_t h, size_t i, float *x)
{
    float param[KAON_ATT_PARAMS];
    struct kaon_plugin_row row = { .head = h, .query = i, .param = param };
    params_of(c, param);
    row.position = (int64_t)i + c->offset;
    if (c->softcap > 0.0f)
        kaon_attend_cap(by->kernels, x, c->keys, c->softcap);
    if (!kaon_attend_hide(c, h, i, x, &row.visible)) {
        memset(x, 0, c->keys * sizeof *x);
        return;
    }
    by->plugin->row(by->plugin->user, x, c->keys, &row);
    for (size_t j = 0; c->gate.at && j < c->keys; j++)
        x[j] *= c->gate.at[h * c->gate.head + i * c->gate.row + j * c->gate.key];
}

static void run_head(const struct kaon_attend_by *by, const struct kaon_attention_call *c, size_t h,
                     float *scratch)
{
    const size_t g = h / (c->heads / c->kv_heads);
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    float *panels = scratch, *room = scratch + aligned(kaon_gemm_packed_floats(c->size, c->keys));
    float *x = scratch + panel_floats(c);
    e.alpha = kaon_attend_scale(c);
    by->kernels->gemm_pack(panels, c->k.at + g * c->k.head, 1, (ptrdiff_t)c->k.row, c->size,
                           c->keys);
    for (size_t i = 0; i < c->queries; i += ROWS) {
        const size_t n = c->queries - i < ROWS ? c->queries - i : ROWS;
        by->kernels->gemm(x, c->keys, c->q.at + h * c->q.head + i * c->q.row, c->q.row, panels, n,
                          c->keys, c->size, &e);
        for (size_t r = 0; r < n; r++)
            weigh_row(by, c, h, i + r, x + r * c->keys);
        by->kernels->gemm_unpacked(c->out + h * c->out_head + i * c->out_row, c->out_row, x,
                                   c->keys, c->v.at + g * c->v.head, c->v.row, n, c->value_size,
                                   c->keys, NULL, room);
    }
}

/* ---- a plug-in's whole ------------------------------------------------------------------------ */

static struct kaon_plugin_call call_of(const struct kaon_attention_call *c, const float *param,
                                       float *scratch)
{
    return (struct kaon_plugin_call){
        .heads = c->heads,
        .kv_heads = c->kv_heads,
        .queries = c->queries,
        .keys = c->keys,
        .head_size = c->size,
        .value_size = c->value_size,
        .q = { c->q.at, c->q.head, c->q.row },
        .k = { c->k.at, c->k.head, c->k.row },
        .v = { c->v.at, c->v.head, c->v.row },
        .out = c->out,
        .out_head = c->out_head,
        .out_row = c->out_row,
        .scale = kaon_attend_scale(c),
        .softcap = c->softcap,
        .offset = c->offset,
        .causal = c->causal,
        .left = c->left,
        .right = c->right,
        .mask = { c->mask.at, c->mask.head, c->mask.row, c->mask.key },
        .bias = { c->bias.at, c->bias.head, c->bias.row, c->bias.key },
        .param = param,
        .scratch = scratch,
    };
}

/* ---- whichever it is -------------------------------------------------------------------------- */

const char *kaon_attend_name(const struct kaon_attend_by *by, int variant)
{
    return by->plugin ? by->plugin->name : kaon_attention_infos[variant]->name;
}

size_t kaon_attend_items(const struct kaon_attend_by *by, const struct kaon_attention_call *c)
{
    if (!by->plugin)
        return by->kernels->attention[c->variant]->items(c);
    return by->plugin->row ? c->heads : 1;
}

size_t kaon_attend_scratch(const struct kaon_attend_by *by, const struct kaon_attention_call *c)
{
    float param[KAON_ATT_PARAMS];
    if (!by->plugin)
        return by->kernels->attention[c->variant]->scratch(c);
    if (by->plugin->row)
        return panel_floats(c) + aligned(ROWS * c->keys);
    params_of(c, param);
    const struct kaon_plugin_call call = call_of(c, param, NULL);
    return by->plugin->scratch ? by->plugin->scratch(by->plugin->user, &call) : 0;
}

void kaon_attend_run(const struct kaon_attend_by *by, const struct kaon_attention_call *c,
                     size_t from, size_t to, float *scratch)
{
    float param[KAON_ATT_PARAMS];
    if (!by->plugin) {
        by->kernels->attention[c->variant]->run(c, by->kernels, from, to, scratch);
    } else if (by->plugin->row) {
        for (size_t h = from; h < to; h++)
            run_head(by, c, h, scratch);
    } else if (from < to) {
        params_of(c, param);
        const struct kaon_plugin_call call = call_of(c, param, scratch);
        by->plugin->attend(by->plugin->user, &call);
    }
}
