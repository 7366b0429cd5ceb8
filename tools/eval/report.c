#include "tools/eval/report.h"

#include "tools/cli/json.h"
#include "tools/eval/warnings.h"

#include <math.h>

static json_t *count(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *rejection(const struct eval_working_point *w, size_t c)
{
    const struct eval_passing *p = &w->passing[c];
    const struct eval_rejection *r = &w->rejection[c];
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "jets", count(p->n), "passed",
                     count(p->passed), "efficiency",
                     kaon_json_number(p->weight > 0 ? p->weight_passed / p->weight : NAN),
                     "rejection", kaon_json_number(r->value), "error", kaon_json_number(r->error),
                     "low", kaon_json_number(r->low), "high", kaon_json_number(r->high));
}

static json_t *working_points(const struct eval_spec *spec, const struct eval_judged *j)
{
    json_t *list = json_array();
    for (size_t i = 0; i < j->of->n_points; i++) {
        json_t *classes = json_object();
        for (size_t c = 0; c < spec->n_classes; c++)
            json_object_set_new(classes, spec->class[c].name, rejection(&j->point[i], c));
        json_array_append_new(list,
                              json_pack("{s:o, s:o, s:o}", "signal_efficiency",
                                        kaon_json_number(j->point[i].wanted), "cut",
                                        kaon_json_number(j->point[i].cut), "classes", classes));
    }
    return list;
}

static json_t *roc(const struct eval_spec *spec, const struct eval_judged *j)
{
    json_t *efficiency = json_array(), *all = json_object();
    for (size_t i = 0; i < EVAL_ROC_POINTS; i++)
        json_array_append_new(efficiency, kaon_json_number(j->roc.efficiency[i]));
    for (size_t c = 0; c < spec->n_classes; c++) {
        if (c == j->of->signal || j->n[c] == 0)
            continue;
        json_t *list = json_array();
        for (size_t i = 0; i < EVAL_ROC_POINTS; i++)
            json_array_append_new(list, kaon_json_number(j->roc.rejection[c][i].value));
        json_object_set_new(all, spec->class[c].name, list);
    }
    return json_pack("{s:o, s:o}", "signal_efficiency", efficiency, "rejection", all);
}

static json_t *discriminant(const struct eval_spec *spec, const struct eval_judged *j)
{
    json_t *fractions = json_object(), *auc = json_object();
    for (size_t c = 0; c < spec->n_classes; c++) {
        if (c == j->of->signal)
            continue;
        if (spec->class[c].probability >= 0)
            json_object_set_new(fractions, spec->class[c].name,
                                kaon_json_number(j->of->fraction[c]));
        json_object_set_new(auc, spec->class[c].name, kaon_json_number(j->auc[c]));
    }
    return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "signal",
                     kaon_json_text(spec->class[j->of->signal].name), "formula",
                     j->of->formula == EVAL_RATIO ? "ratio" : "log", "fractions", fractions,
                     "fractions_from", kaon_json_text(j->of->source), "epsilon",
                     kaon_json_number(j->of->epsilon), "auc", auc, "working_points",
                     working_points(spec, j), "roc", roc(spec, j));
}

static json_t *classes(const struct eval_entry *e)
{
    json_t *all = json_object();
    for (size_t c = 0; c < e->spec.n_classes; c++) {
        const struct eval_class *class = &e->spec.class[c];
        const char *probability =
            class->probability < 0 ? NULL : e->spec.probability[class->probability].published;
        json_object_set_new(all, class->name,
                            json_pack("{s:o, s:o, s:o}", "text", kaon_json_text(class->text),
                                      "jets", count(e->scores.class_count[c]), "probability",
                                      probability ? kaon_json_text(probability) : json_null()));
    }
    return all;
}

static json_t *warnings(const struct eval_entry *e)
{
    json_t *list = json_array();
    struct eval_warning w;
    for (size_t k = 0; kaon_eval_warning(e, k, &w); k++)
        json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "kind", w.kind, "count",
                                              count(w.count), "text", kaon_json_text(w.text)));
    return list;
}

static json_t *sources(const struct eval_entry *e)
{
    json_t *list = json_array();
    for (size_t i = 0; i < e->n_data; i++) {
        const struct eval_source *s = &e->source[i];
        json_array_append_new(list,
                              json_pack("{s:o, s:o, s:o, s:o}", "name", kaon_json_text(s->name),
                                        "bytes", count(s->bytes), "rows", count(s->rows),
                                        "first_mib_sha256", kaon_json_text(s->beginning.hex)));
    }
    return list;
}

static json_t *digest(const struct eval_entry *e)
{
    char text[EVAL_DIGEST_TEXT];
    kaon_eval_digest_text(&e->digest, text);
    return json_string(text);
}

static json_t *entry(const struct eval_entry *e)
{
    json_t *all = json_object(), *model = json_object();
    for (size_t i = 0; e->judged && i < e->spec.n_discriminants; i++)
        json_object_set_new(all, e->judged[i].of->name, discriminant(&e->spec, &e->judged[i]));
    const struct {
        const char *key;
        json_t *value;
    } members[] = {
        { "name", kaon_json_text(e->label) },
        { "title", kaon_json_text(e->spec.title) },
        { "sha256", e->spec.stored ? json_null() : kaon_json_text(e->file_digest.hex) },
        { "sample", kaon_json_text(e->sample) },
        { "sample_text", kaon_json_text(e->sample_text) },
        { "data", sources(e) },
        { "weight", e->spec.weight ? kaon_json_text(e->spec.weight) : json_null() },
        { "jets", count(e->scores.rows) },
        { "selected", count(e->scores.selected) },
        { "judged", count(e->scores.n) },
        { "classes", classes(e) },
        { "outputs_sha256", digest(e) },
        { "warnings", warnings(e) },
        { "discriminants", all },
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        json_object_set_new(model, members[i].key, members[i].value);
    return model;
}

static json_t *settings(const struct eval_settings *s)
{
    return json_pack("{s:o, s:s}", "limit", s->limit ? count(s->limit) : json_null(), "non_finite",
                     s->zero_non_finite ? "zero" : "refuse");
}

json_t *kaon_eval_report(const struct evaluation *e)
{
    json_t *models = json_array();
    for (size_t i = 0; i < e->n; i++)
        json_array_append_new(models, entry(&e->entry[i]));
    return json_pack("{s:i, s:s, s:o, s:o}", "schema_version", KAON_JSON_SCHEMA, "kaon",
                     kaon_version(), "settings", settings(&e->settings), "models", models);
}
