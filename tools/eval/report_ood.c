/* How strange jets look to a tagger, as JSON. */
#include "tools/eval/report_part.h"

/* Which values within the model were looked at, and what the distances are measured with. */
static void add_inner(json_t *to, const struct eval_spec *spec, const struct eval_ood *ood)
{
    if (spec->logits.name)
        json_object_set_new(to, "logits",
                            json_pack("{s:o, s:I}", "value", kaon_json_text(spec->logits.name),
                                      "width", (json_int_t)spec->logits.width));
    if (spec->hidden.name)
        json_object_set_new(
            to, "hidden",
            json_pack("{s:o, s:I, s:s, s:o}", "value", kaon_json_text(spec->hidden.name), "width",
                      (json_int_t)spec->hidden.width, "fitted_to", "the judged jets that are in",
                      "ridge", kaon_json_number(ood->ridge)));
}

json_t *kaon_eval_report_ood(const struct eval_spec *spec, const struct eval_ood *ood)
{
    json_t *means = json_object(), *against = json_object(), *in = json_array();
    for (size_t c = 0; c < spec->n_classes; c++)
        if (ood->in[c])
            json_array_append_new(in, kaon_json_text(spec->class[c].name));
    for (size_t s = 0; s < EVAL_OOD_SCORES; s++) {
        if (!ood->has[s])
            continue;
        json_t *row = json_object();
        for (size_t c = 0; c < spec->n_classes; c++)
            json_object_set_new(row, spec->class[c].name, kaon_json_number(ood->mean[s][c]));
        json_object_set_new(means, kaon_eval_ood_scores[s], row);
    }
    for (size_t i = 0; i < ood->n_against; i++) {
        const struct eval_ood_against *a = &ood->against[i];
        json_t *scores = json_object();
        for (size_t s = 0; s < EVAL_OOD_SCORES; s++)
            if (ood->has[s])
                json_object_set_new(scores, kaon_eval_ood_scores[s],
                                    json_pack("{s:o, s:o}", "auroc", kaon_json_number(a->auroc[s]),
                                              "fpr_at_95", kaon_json_number(a->fpr[s])));
        json_object_set_new(against, spec->class[a->class].name, scores);
    }
    json_t *all = json_pack("{s:o, s:o, s:o, s:o}", "in", in, "jets_in",
                            kaon_eval_report_count(ood->n_in), "mean", means, "against", against);
    add_inner(all, spec, ood);
    return all;
}
