/* The scores as an output of their own, for those who look into a model: plain loops. */
#include "backends/own/attend.h"

#include <math.h>
#include <string.h>

static void make_row(const struct kaon_step *step, const struct kaon_attention_call *c, size_t h,
                     size_t i, float *x)
{
    const float *q = c->q.at + h * c->q.head + i * c->q.row, scale = kaon_attend_scale(c);
    const float *k = c->k.at + h / (c->heads / c->kv_heads) * c->k.head;
    for (size_t j = 0; j < c->keys; j++) {
        float sum = 0.0f;
        for (size_t d = 0; d < c->size; d++)
            sum = fmaf(q[d], k[j * c->k.row + d], sum);
        x[j] = sum * scale;
    }
    const struct kaon_attention *attr = step->call.attr;
    if (c->softcap > 0.0f && attr->scores != KAON_ATT_PRODUCT)
        kaon_attend_cap(step->call.kernels, x, c->keys, c->softcap);
}

void kaon_attend_scores(const struct kaon_step *step, const struct kaon_attention_call *c, size_t b,
                        float *out)
{
    const struct kaon_attend *a = step->args;
    const struct kaon_attention *attr = step->call.attr;
    const bool masks = attr->scores == KAON_ATT_BIASED || attr->scores == KAON_ATT_WEIGHED;
    (void)b;
    for (size_t h = 0; h < c->heads; h++)
        for (size_t i = 0; i < c->queries; i++) {
            float *x = out + (h * c->queries + i) * a->room;
            const float beyond = masks && attr->scores != KAON_ATT_WEIGHED ? -INFINITY : 0.0f;
            make_row(step, c, h, i, x);
            for (size_t j = c->keys; j < a->room; j++)
                x[j] = beyond;
            size_t visible;
            const bool any = !masks || kaon_attend_hide(c, h, i, x, &visible);
            if (attr->scores == KAON_ATT_WEIGHED && any)
                step->call.kernels->softmax_rows(x, x, 1, c->keys);
            else if (attr->scores == KAON_ATT_WEIGHED)
                memset(x, 0, c->keys * sizeof *x);
        }
}
