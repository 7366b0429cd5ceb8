#include "tools/eval/report.h"

#include "tools/eval/report_part.h"
#include "tools/eval/sweep.h"
#include "tools/eval/warnings.h"

#include <math.h>
#include <string.h>

json_t *kaon_eval_report_count(uint64_t value)
{
    return json_integer((json_int_t)value);
}

json_t *kaon_eval_report_numbers(const double *value, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, kaon_json_number(value[i]));
    return list;
}

static json_t *rejection(const struct eval_working_point *w, size_t c)
{
    const struct eval_passing *p = &w->passing[c];
    const struct eval_rejection *r = &w->rejection[c];
    const double share = p->weight > 0 ? p->weight_passed / p->weight : NAN;
    json_t *all = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "jets", kaon_eval_report_count(p->n), "passed",
        kaon_eval_report_count(p->passed), "efficiency", kaon_json_number(share),
        "efficiency_error", kaon_json_number(sqrt(fmax(0, share * (1 - share)) / p->effective)),
        "rejection", kaon_json_number(r->value), "error", kaon_json_number(r->error), "low",
        kaon_json_number(r->low), "high", kaon_json_number(r->high));
    if (p->n && p->weight == (double)p->n && p->weight_passed == (double)p->passed) {
        double low, high; /* of an efficiency; the exact interval is one of counts */
        kaon_eval_clopper_pearson(p->passed, p->n, &low, &high);
        json_object_set_new(
            all, "clopper_pearson",
            json_pack("[o, o]", kaon_json_number(1 / high), kaon_json_number(1 / low)));
    }
    return all;
}

static json_t *classes_of(const struct eval_spec *spec, const struct eval_working_point *w)
{
    json_t *classes = json_object();
    for (size_t c = 0; c < spec->n_classes; c++)
        json_object_set_new(classes, spec->class[c].name, rejection(w, c));
    return classes;
}

static json_t *working_points(const struct eval_spec *spec, const struct eval_judged *j)
{
    json_t *list = json_array();
    for (size_t i = 0; i < j->of->n_points; i++)
        json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "signal_efficiency",
                                              kaon_json_number(j->point[i].wanted), "cut",
                                              kaon_json_number(j->point[i].cut), "classes",
                                              classes_of(spec, &j->point[i])));
    return list;
}

/* Working points at a cut or at a rejection. */
static json_t *special_points(const struct eval_spec *spec, const struct eval_judged *j)
{
    json_t *list = json_array();
    for (size_t i = 0; i < j->of->n_specials; i++) {
        const struct eval_special *special = &j->of->special[i];
        json_t *point = json_pack("{s:o, s:o, s:o}", "name", kaon_json_text(special->name), "cut",
                                  kaon_json_number(j->special[i].cut), "classes",
                                  classes_of(spec, &j->special[i]));
        if (special->kind == EVAL_AT_REJECTION) {
            json_object_set_new(point, "rejection_of", kaon_json_text(special->of));
            json_object_set_new(point, "rejection", kaon_json_number(special->value));
        }
        json_array_append_new(list, point);
    }
    return list;
}

static json_t *puma(const struct eval_spec *spec, const struct eval_judged *j)
{
    json_t *exact = json_object(), *smooth = json_object();
    for (size_t c = 0; c < spec->n_classes; c++) {
        if (!kaon_eval_judged_background(j, c))
            continue;
        json_object_set_new(exact, spec->class[c].name,
                            kaon_eval_report_numbers(j->puma->exact[c], EVAL_PUMA_POINTS));
        json_object_set_new(smooth, spec->class[c].name,
                            kaon_eval_report_numbers(j->puma->smooth[c], EVAL_PUMA_POINTS));
    }
    return json_pack("{s:o, s:o, s:o}", "signal_efficiency",
                     kaon_eval_report_numbers(j->puma->efficiency, EVAL_PUMA_POINTS), "exact",
                     exact, "smooth", smooth);
}

static json_t *roc(const struct eval_spec *spec, const struct eval_judged *j)
{
    json_t *efficiency = json_array(), *all = json_object();
    for (size_t i = 0; i < EVAL_ROC_POINTS; i++)
        json_array_append_new(efficiency, kaon_json_number(j->roc.efficiency[i]));
    for (size_t c = 0; c < spec->n_classes; c++) {
        if (!kaon_eval_judged_background(j, c))
            continue;
        json_t *list = json_array();
        for (size_t i = 0; i < EVAL_ROC_POINTS; i++)
            json_array_append_new(list, kaon_json_number(j->roc.rejection[c][i].value));
        json_object_set_new(all, spec->class[c].name, list);
    }
    return json_pack("{s:o, s:o}", "signal_efficiency", efficiency, "rejection", all);
}

/* Files lie elsewhere on other machines: of a path its last part, of a preset all that it says. */
static json_t *source_of(const struct eval_discriminant *d)
{
    const char *slash = strrchr(d->source, '/');
    const bool words = !strncmp(d->source, "preset '", 8) || !strncmp(d->source, "category '", 10);
    return kaon_json_text(slash && !words ? slash + 1 : d->source);
}

static json_t *discriminant(const struct eval_spec *spec, const struct eval_judged *j)
{
    json_t *fractions = json_object(), *auc = json_object(), *auc_error = json_object();
    for (size_t c = 0; c < spec->n_classes; c++) {
        if (c == j->of->signal)
            continue;
        if (spec->class[c].probability >= 0)
            json_object_set_new(fractions, spec->class[c].name,
                                kaon_json_number(j->of->fraction[c]));
        json_object_set_new(auc, spec->class[c].name, kaon_json_number(j->auc[c]));
        json_object_set_new(auc_error, spec->class[c].name, kaon_json_number(j->auc_error[c]));
    }
    json_t *all =
        json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "signal",
                  kaon_json_text(spec->class[j->of->signal].name), "formula",
                  j->of->formula == EVAL_RATIO ? "ratio" : "log", "fractions", fractions,
                  "fractions_from", source_of(j->of), "epsilon", kaon_json_number(j->of->epsilon),
                  "auc", auc, "auc_error", auc_error, "working_points", working_points(spec, j),
                  "other_working_points", special_points(spec, j), "roc", roc(spec, j));
    if (j->puma)
        json_object_set_new(all, "puma_roc", puma(spec, j));
    return all;
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
                                      "jets", kaon_eval_report_count(e->scores.class_count[c]),
                                      "probability",
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
                                              kaon_eval_report_count(w.count), "text",
                                              kaon_json_text(w.text)));
    return list;
}

static json_t *sources(const struct eval_entry *e)
{
    json_t *list = json_array();
    for (size_t i = 0; i < e->n_data; i++) {
        const struct eval_source *s = &e->source[i];
        json_array_append_new(list,
                              json_pack("{s:o, s:o, s:o, s:o}", "name", kaon_json_text(s->name),
                                        "bytes", kaon_eval_report_count(s->bytes), "rows",
                                        kaon_eval_report_count(s->rows), "first_mib_sha256",
                                        kaon_json_text(s->beginning.hex)));
    }
    return list;
}

static json_t *digest(const struct eval_entry *e)
{
    char text[EVAL_DIGEST_TEXT];
    kaon_eval_digest_text(&e->digest, text);
    return json_string(text);
}

/* SHA-256 of the models of all folds; null for one model. */
static json_t *folds(const struct eval_entry *e)
{
    json_t *list = e->n_folds ? json_array() : json_null();
    for (size_t i = 0; i < e->n_folds; i++)
        json_array_append_new(list,
                              kaon_json_text(i ? e->fold_digest[i - 1].hex : e->file_digest.hex));
    return list;
}

static json_t *entry(const struct eval_entry *e)
{
    json_t *all = json_object(), *model = json_object();
    for (size_t i = 0; e->judged && i < e->spec.n_discriminants; i++) {
        json_t *one = discriminant(&e->spec, &e->judged[i]);
        if (e->binned)
            json_object_set_new(one, "against",
                                kaon_eval_report_binned(&e->spec,
                                                        e->binned + i * e->spec.n_variables,
                                                        e->spec.n_variables));
        if (e->bootstrap && e->bootstrap[i].replicas)
            json_object_set_new(
                one, "bootstrap",
                kaon_eval_report_bootstrap(&e->spec, e->judged[i].of, &e->bootstrap[i]));
        if (e->scan && e->scan[i].n)
            json_object_set_new(one, "scan", kaon_eval_report_scan(&e->spec, &e->scan[i]));
        json_object_set_new(all, e->judged[i].of->name, one);
    }
    const struct {
        const char *key;
        json_t *value;
    } members[] = {
        { "name", kaon_json_text(e->label) },
        { "title", kaon_json_text(e->spec.title) },
        { "derived", e->derived ? kaon_eval_report_derived(e->derived) : json_null() },
        { "folds", folds(e) },
        { "sha256",
          e->spec.stored || e->derived ? json_null() : kaon_json_text(e->file_digest.hex) },
        { "sample", kaon_json_text(e->sample) },
        { "sample_text", kaon_json_text(e->sample_text) },
        { "data", sources(e) },
        { "weight", e->spec.weight ? kaon_json_text(e->spec.weight) : json_null() },
        { "jets", kaon_eval_report_count(e->scores.rows) },
        { "selected", kaon_eval_report_count(e->scores.selected) },
        { "judged", kaon_eval_report_count(e->scores.n) },
        { "classes", classes(e) },
        { "outputs_sha256", digest(e) },
        { "warnings", warnings(e) },
        { "discriminants", all },
        { "tracks", kaon_eval_report_tasks(&e->spec, &e->scores.tasks) },
        { "out_of_distribution", e->ood ? kaon_eval_report_ood(&e->spec, e->ood) : json_null() },
        { "classification",
          e->classified ? kaon_eval_report_classified(&e->spec, e->classified) : json_null() },
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        json_object_set_new(model, members[i].key, members[i].value);
    return model;
}

json_t *kaon_eval_report_settings(const struct eval_settings *s)
{
    return json_pack("{s:o, s:s}", "limit",
                     s->limit ? kaon_eval_report_count(s->limit) : json_null(), "non_finite",
                     s->zero_non_finite ? "zero" : "refuse");
}

json_t *kaon_eval_report(const struct evaluation *e)
{
    json_t *models = json_array();
    for (size_t i = 0; i < e->n; i++)
        json_array_append_new(models, entry(&e->entry[i]));
    return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o*}", "schema_version", KAON_JSON_SCHEMA,
                     "kaon", kaon_version(), "settings", kaon_eval_report_settings(&e->settings),
                     "models", models, "comparisons", kaon_eval_report_comparisons(e),
                     "requirements", kaon_eval_report_requirements(e), "attention_sweep",
                     kaon_eval_report_sweep(e));
}
