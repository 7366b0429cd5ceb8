/* Ensembles and cascades, as JSON and as lines of text. */
#include "tools/eval/derived.h"
#include "tools/eval/print_part.h"
#include "tools/eval/report_part.h"

#include "tools/cli/json.h"

#include <math.h>

static json_t *curve(const struct eval_derived *d)
{
    static const char *const names[] = { "confidence", "share_second", "macs_per_jet", "accuracy" };
    json_t *all = json_object();
    for (size_t n = 0; n < 4; n++) {
        json_t *list = json_array();
        for (size_t i = 0; i < EVAL_CASCADE_POINTS; i++) {
            const struct eval_cascade_point *p = &d->point[i];
            const double value[] = { p->confidence, p->share, p->macs, p->accuracy };
            json_array_append_new(list, kaon_json_number(value[n]));
        }
        json_object_set_new(all, names[n], list);
    }
    return all;
}

json_t *kaon_eval_report_derived(const struct eval_derived *d)
{
    static const char *const rules[] = { "average", "logit", "crossmax", "cascade" };
    json_t *members = json_array();
    for (size_t m = 0; m < d->n; m++)
        json_array_append_new(members, kaon_json_text(d->member[m]->label));
    json_t *all = json_pack("{s:s, s:o}", "rule", rules[d->rule], "members", members);
    if (all && d->point) {
        json_object_set_new(all, "confidence", kaon_json_number(d->confidence));
        json_object_set_new(all, "share_second", kaon_json_number(d->chosen.share));
        json_object_set_new(all, "macs_per_jet", kaon_json_number(d->chosen.macs));
        json_object_set_new(all, "accuracy", kaon_json_number(d->chosen.accuracy));
        json_object_set_new(all, "curve", curve(d));
    }
    return all;
}

void kaon_eval_print_derived(struct kaon_out *out, const struct eval_derived *d)
{
    if (!d->point)
        return;
    const struct eval_cascade_point *last = &d->point[EVAL_CASCADE_POINTS - 1];
    kaon_out_printf(out,
                    "  the second is asked for %.2f %% of the jets; accuracy %.4f (%.4f and "
                    "%.4f alone)\n",
                    100 * d->chosen.share, d->chosen.accuracy, d->point[0].accuracy,
                    last->accuracy);
    if (!isnan(d->chosen.macs))
        kaon_out_printf(out, "  %.4g MFLOP a jet, %.1f %% of both always\n", 2e-6 * d->chosen.macs,
                        100 * d->chosen.macs / last->macs);
}
