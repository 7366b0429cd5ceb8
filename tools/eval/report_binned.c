/* Efficiencies against variables as JSON: columns, a value a bin. */
#include "tools/eval/report_part.h"

#include <math.h>

/* Columns of one class: counts, efficiency with error and Wilson's interval, rejection with error.
 * As puma has it, an empty bin has efficiency 0 +- 0, and a rejection that is infinite is none. */
static json_t *columns(const struct eval_passing *p, size_t n)
{
    static const char *const keys[] = { "efficiency", "error",     "low",
                                        "high",       "rejection", "rejection_error" };
    enum { KEYS = sizeof keys / sizeof *keys };
    json_t *all = json_object(), *jets = json_array(), *passed = json_array(), *column[KEYS];
    for (size_t k = 0; k < KEYS; k++)
        column[k] = json_array();
    for (size_t b = 0; b < n; b++) {
        const double share = p[b].weight > 0 ? p[b].weight_passed / p[b].weight : 0;
        const double error = p[b].n ? sqrt(fmax(0, share * (1 - share)) / p[b].effective) : 0;
        const struct eval_rejection r = kaon_eval_reject(&p[b]);
        double low = NAN, high = NAN;
        if (p[b].n)
            kaon_eval_wilson(share * p[b].effective, p[b].effective, 1, &low, &high);
        const double value[KEYS] = { share, error,   low,
                                     high,  r.value, isinf(r.value) ? NAN : r.error };
        json_array_append_new(jets, kaon_eval_report_count(p[b].n));
        json_array_append_new(passed, kaon_eval_report_count(p[b].passed));
        for (size_t k = 0; k < KEYS; k++)
            json_array_append_new(column[k], kaon_json_number(value[k]));
    }
    json_object_set_new(all, "jets", jets);
    json_object_set_new(all, "passed", passed);
    for (size_t k = 0; k < KEYS; k++)
        json_object_set_new(all, keys[k], column[k]);
    return all;
}

static json_t *one_series(const struct eval_spec *spec, const struct eval_binned *b,
                          const struct eval_bin_series *s)
{
    json_t *classes = json_object();
    for (size_t c = 0; c < spec->n_classes; c++)
        json_object_set_new(classes, spec->class[c].name,
                            columns(s->passing + c * b->n_bins, b->n_bins));
    json_t *all = json_pack("{s:o, s:s, s:o, s:o}", "name",
                            s->target.name ? kaon_json_text(s->target.name) : json_null(), "mode",
                            s->flat ? "flat_per_bin" : "one_cut", "cut",
                            kaon_eval_report_numbers(s->cut, b->n_bins), "classes", classes);
    if (!s->target.name)
        json_object_set_new(all, "signal_efficiency", kaon_json_number(s->target.share));
    return all;
}

json_t *kaon_eval_report_binned(const struct eval_spec *spec, const struct eval_binned *binned,
                                size_t n)
{
    json_t *all = json_object();
    for (size_t i = 0; i < n; i++) {
        const struct eval_binned *b = &binned[i];
        if (b->n_bins == 0)
            continue;
        json_t *series = json_array();
        for (size_t k = 0; k < b->n_series; k++)
            json_array_append_new(series, one_series(spec, b, &b->series[k]));
        json_object_set_new(all, b->variable->name,
                            json_pack("{s:o, s:o, s:o, s:o, s:o}", "text",
                                      kaon_json_text(b->variable->text), "unit",
                                      kaon_json_text(b->variable->unit), "edges",
                                      kaon_eval_report_numbers(b->edge, b->n_bins + 1), "outside",
                                      kaon_eval_report_count(b->outside), "series", series));
    }
    return all;
}
