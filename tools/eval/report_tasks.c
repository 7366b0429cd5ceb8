/* What is said of tracks, as JSON. */
#include "tools/eval/report_part.h"

#include <math.h>

static json_t *share(uint64_t part, uint64_t all)
{
    return kaon_json_number(all ? (double)part / (double)all : NAN);
}

static json_t *vertices(const struct eval_vertex_counts *v)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "jets",
        kaon_eval_report_count(v->jets), "true", kaon_eval_report_count(v->true_vertices), "found",
        kaon_eval_report_count(v->found_vertices), "matched", kaon_eval_report_count(v->matched),
        "jets_with_found", kaon_eval_report_count(v->jets_with_found), "efficiency",
        share(v->matched, v->true_vertices), "purity", share(v->matched, v->found_vertices),
        "fake_rate", share(v->jets_with_found, v->jets), "track_efficiency",
        share(v->shared_tracks, v->true_tracks), "track_purity",
        share(v->shared_tracks, v->found_tracks));
}

static json_t *origins(const struct eval_tasks *t)
{
    json_t *counts = json_object();
    uint64_t right = 0, all = 0;
    for (size_t i = 0; i < EVAL_ORIGINS; i++) {
        json_t *row = json_object();
        for (size_t k = 0; k <= EVAL_ORIGINS; k++) {
            all += t->origin[i][k];
            right += i == k ? t->origin[i][k] : 0;
            if (k < EVAL_ORIGINS || t->origin[i][k])
                json_object_set_new(row, k < EVAL_ORIGINS ? kaon_eval_origins[k] : "other",
                                    kaon_eval_report_count(t->origin[i][k]));
        }
        json_object_set_new(counts, kaon_eval_origins[i], row);
    }
    return json_pack("{s:o, s:o, s:o}", "tracks", kaon_eval_report_count(all), "right",
                     share(right, all), "counts", counts);
}

json_t *kaon_eval_report_tasks(const struct eval_spec *spec, const struct eval_tasks *t)
{
    json_t *all = json_object(), *exclusive = json_object(), *inclusive = json_object();
    for (size_t c = 0; c < spec->n_classes; c++) {
        json_object_set_new(exclusive, spec->class[c].name, vertices(&t->exclusive[c]));
        json_object_set_new(inclusive, spec->class[c].name, vertices(&t->inclusive[c]));
    }
    if (spec->tracks.origin >= 0)
        json_object_set_new(all, "origin", origins(t));
    if (spec->tracks.vertex >= 0)
        json_object_set_new(all, "vertices",
                            json_pack("{s:o, s:o, s:{s:o, s:o, s:o, s:o, s:o}}", "exclusive",
                                      json_incref(exclusive), "inclusive", json_incref(inclusive),
                                      "pairs", "true", kaon_eval_report_count(t->true_pairs),
                                      "found", kaon_eval_report_count(t->found_pairs), "right",
                                      kaon_eval_report_count(t->right_pairs), "efficiency",
                                      share(t->right_pairs, t->true_pairs), "purity",
                                      share(t->right_pairs, t->found_pairs)));
    json_decref(exclusive);
    json_decref(inclusive);
    return all;
}
