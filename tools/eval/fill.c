#include "tools/eval/fill.h"

size_t kaon_eval_fill_count(const struct eval_input *in, const struct eval_block *block, size_t row)
{
    const size_t count = (size_t)block->part[in->set].count[row];
    return in->most && count > in->most ? in->most : count;
}

/* In double, so that one rounding is all that is added; what needs no scaling passes unchanged. */
static float scaled(const struct eval_feature *f, float x)
{
    if (f->negate)
        x = -x;
    const double y = f->offset == 0 && f->scale == 1 ? x : (x + f->offset) * f->scale;
    return (float)(y < f->lower ? f->lower : y > f->upper ? f->upper : y);
}

static float value_at(const struct eval_feature *f, const float *entries, size_t columns,
                      size_t entry)
{
    return f->is_mask ? 1.0f : scaled(f, entries[entry * columns + f->column]);
}

void kaon_eval_fill_jet(const struct eval_input *in, const struct eval_query *query,
                        const struct eval_block *block, size_t row, size_t length, float *to)
{
    const struct eval_part *part = &block->part[in->set];
    const size_t columns = query->set[in->set].n_columns, n = in->n_features;
    const size_t count = kaon_eval_fill_count(in, block, row);
    const float *entries = part->value + row * part->width * columns;
    const size_t step_entry = in->layout == EVAL_TURNED ? 1 : n;
    const size_t step_feature = in->layout == EVAL_TURNED ? length : 1;

    for (size_t i = 0; i < length; i++)
        for (size_t k = 0; k < n; k++) {
            const struct eval_feature *f = &in->feature[k];
            float *at = to + i * step_entry + k * step_feature;
            if (i < count)
                *at = value_at(f, entries, columns, i);
            else if (in->wrap && count > 0 && !f->is_mask)
                *at = value_at(f, entries, columns, i % count);
            else
                *at = f->pad;
        }
}
