/* The scores as an output of their own, for those who look into a model: plain loops. */
#include "backends/own/attend.h"

#include <math.h>
#include <string.h>

static bool is_visible(const struct kaon_attention_call *c, size_t h, size_t i, size_t j)
{
    const int64_t position = (int64_t)i + c->offset, distance = position - (int64_t)j;
    if ((c->causal && distance < 0) || (c->left >= 0 && distance > c->left) ||
        (c->right >= 0 && -distance > c->right))
        return false;
    return !c->mask.at || c->mask.at[h * c->mask.head + i * c->mask.row + j * c->mask.key];
}

static float scale_of(const struct kaon_attention_call *c)
{
    return isnan(c->scale) ? 1.0f / sqrtf((float)c->size) : c->scale;
}

static void make_row(const struct kaon_step *step, const struct kaon_attention_call *c, size_t h,
                     size_t i, float *x)
{
    const float *q = c->q.at + h * c->q.head + i * c->q.row, scale = scale_of(c);
    const float *k = c->k.at + h / (c->heads / c->kv_heads) * c->k.head;
    for (size_t j = 0; j < c->keys; j++) {
        float sum = 0.0f;
        for (size_t d = 0; d < c->size; d++)
            sum = fmaf(q[d], k[j * c->k.row + d], sum);
        x[j] = sum * scale;
    }
    const struct kaon_attention *attr = step->call.attr;
    if (c->softcap > 0.0f && attr->scores != KAON_ATT_PRODUCT) {
        for (size_t j = 0; j < c->keys; j++)
            x[j] /= c->softcap;
        step->call.kernels->unary[KAON_UNARY_TANH](x, x, c->keys, 0.0f, 0.0f);
        for (size_t j = 0; j < c->keys; j++)
            x[j] *= c->softcap;
    }
}

/* Adds the bias and hides what is not visible; false if nothing is left. */
static bool mask_row(const struct kaon_attention_call *c, size_t h, size_t i, float *x)
{
    bool any = false;
    for (size_t j = 0; j < c->keys; j++) {
        const float bias =
            c->bias.at ? c->bias.at[h * c->bias.head + i * c->bias.row + j * c->bias.key] : 0.0f;
        x[j] = is_visible(c, h, i, j) && bias > -INFINITY ? x[j] + bias : -INFINITY;
        any |= x[j] > -INFINITY;
    }
    return any;
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
            const bool any = !masks || mask_row(c, h, i, x);
            if (attr->scores == KAON_ATT_WEIGHED && any)
                step->call.kernels->softmax_rows(x, x, 1, c->keys);
            else if (attr->scores == KAON_ATT_WEIGHED)
                memset(x, 0, c->keys * sizeof *x);
        }
}
