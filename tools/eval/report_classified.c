/* A tagger as a classifier, as JSON. */
#include "tools/eval/report_part.h"

#include <math.h>

static json_t *calibration(const struct eval_calibration *c)
{
    json_t *jets = json_array();
    for (size_t b = 0; b < EVAL_CALIBRATION_BINS; b++)
        json_array_append_new(jets, kaon_eval_report_count(c->jets[b]));
    return json_pack("{s:o, s:o, s:o, s:o}", "jets", jets, "mean",
                     kaon_eval_report_numbers(c->mean, EVAL_CALIBRATION_BINS), "share",
                     kaon_eval_report_numbers(c->share, EVAL_CALIBRATION_BINS), "expected_error",
                     kaon_json_number(c->error));
}

static json_t *entropy(const struct eval_entropy *e)
{
    return json_pack("{s:o, s:o, s:o}", "mean", kaon_json_number(e->mean), "deviation",
                     kaon_json_number(e->deviation), "histogram",
                     kaon_eval_report_numbers(e->share, EVAL_ENTROPY_BINS));
}

/* {TRUE: {PREDICTED: value}} */
static void confusion(const struct eval_spec *spec, const struct eval_classified *r, json_t *counts,
                      json_t *shares)
{
    for (size_t c = 0; c < spec->n_classes; c++) {
        json_t *count_row = json_object(), *share_row = json_object();
        for (size_t k = 0; k < spec->n_classes; k++) {
            if (!r->predicted[k])
                continue;
            json_object_set_new(count_row, spec->class[k].name,
                                kaon_eval_report_count(r->count[c][k]));
            json_object_set_new(share_row, spec->class[k].name,
                                kaon_json_number(r->confusion[c][k]));
        }
        json_object_set_new(counts, spec->class[c].name, count_row);
        json_object_set_new(shares, spec->class[c].name, share_row);
    }
}

static json_t *pairs(const struct eval_spec *spec, const struct eval_classified *r, size_t i)
{
    json_t *row = json_object();
    for (size_t j = 0; j < spec->n_classes; j++)
        if (j != i && r->predicted[j])
            json_object_set_new(row, spec->class[j].name, kaon_json_number(r->auc[i][j]));
    return row;
}

json_t *kaon_eval_report_classified(const struct eval_spec *spec, const struct eval_classified *r)
{
    json_t *counts = json_object(), *shares = json_object(), *precision = json_object();
    json_t *recall = json_object(), *calibrations = json_object(), *entropies = json_object();
    json_t *auc = json_object(), *rest = json_object();
    confusion(spec, r, counts, shares);
    for (size_t c = 0; c < spec->n_classes; c++) {
        const char *name = spec->class[c].name;
        json_object_set_new(entropies, name, entropy(&r->entropy[c]));
        if (!r->predicted[c])
            continue;
        json_object_set_new(precision, name, kaon_json_number(r->precision[c]));
        json_object_set_new(recall, name, kaon_json_number(r->recall[c]));
        json_object_set_new(calibrations, name, calibration(&r->calibration[c]));
        json_object_set_new(auc, name, pairs(spec, r, c));
        json_object_set_new(rest, name, kaon_json_number(r->auc_rest[c]));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "counts",
                     counts, "confusion", shares, "accuracy", kaon_json_number(r->accuracy),
                     "precision", precision, "recall", recall, "calibration", calibrations,
                     "confidence", calibration(&r->confidence), "largest_entropy",
                     kaon_json_number(r->largest_entropy), "entropy", entropies, "auc_pairs", auc,
                     "auc_rest", rest, "auc_mean", kaon_json_number(r->auc_mean));
}
