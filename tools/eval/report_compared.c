/* Resampled errors, scans, comparisons of models and requirements, as JSON. */
#include "tools/eval/build_classes.h"
#include "tools/eval/comparisons.h"
#include "tools/eval/report_part.h"
#include "tools/eval/require.h"

#include <math.h>

static json_t *spread_of(const double *value, const double *over, size_t stride, size_t stride_over,
                         size_t replicas)
{
    struct eval_spread s;
    if (!kaon_eval_bootstrap_spread(&s, value, over, stride, stride_over, replicas))
        return NULL;
    return json_pack("{s:o, s:o, s:o, s:o}", "finite", kaon_eval_report_count(s.finite),
                     "deviation", kaon_json_number(s.deviation), "low", kaon_json_number(s.low),
                     "high", kaon_json_number(s.high));
}

json_t *kaon_eval_report_bootstrap(const struct eval_spec *spec, const struct eval_discriminant *d,
                                   const struct eval_bootstrap *b)
{
    const size_t k = b->n_classes, row = b->n_points * k;
    json_t *auc = json_object(), *points = json_array();
    for (size_t c = 0; c < k; c++)
        if (c != d->signal)
            json_object_set_new(auc, spec->class[c].name,
                                spread_of(b->auc + c, NULL, k, 0, b->replicas));
    for (size_t i = 0; i < b->n_points; i++) {
        json_t *classes = json_object();
        for (size_t c = 0; c < k; c++)
            json_object_set_new(classes, spec->class[c].name,
                                spread_of(b->rejection + i * k + c, NULL, row, 0, b->replicas));
        json_array_append_new(
            points, json_pack("{s:o, s:o, s:o}", "signal_efficiency", kaon_json_number(d->point[i]),
                              "cut", spread_of(b->cut + i, NULL, b->n_points, 0, b->replicas),
                              "rejection", classes));
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "replicas", kaon_eval_report_count(b->replicas),
                     "seed", kaon_eval_report_count(spec->seed), "auc", auc, "working_points",
                     points);
}

static json_t *pair_class(const struct eval_pair_class *p)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "both", kaon_eval_report_count(p->both),
                     "reference_only", kaon_eval_report_count(p->reference_only), "model_only",
                     kaon_eval_report_count(p->model_only), "neither",
                     kaon_eval_report_count(p->neither), "rejection_ratio",
                     kaon_json_number(p->ratio), "error", kaon_json_number(p->error), "mcnemar_p",
                     kaon_json_number(p->p));
}

/* Quotients of rejections within each replica, which is the same jets for both. */
static json_t *paired_ratio(const struct eval_comparison *c, size_t class, double wanted)
{
    const struct eval_entry *r = c->reference, *m = c->model;
    const struct eval_bootstrap *a = &r->bootstrap[c->d_reference], *b = &m->bootstrap[c->d_model];
    const struct eval_discriminant *da = &r->spec.discriminant[c->d_reference];
    const struct eval_discriminant *db = &m->spec.discriminant[c->d_model];
    const long other = kaon_eval_class_find(&m->spec, r->spec.class[class].name);
    size_t i = 0, k = 0;
    while (i < da->n_points && fabs(da->point[i] - wanted) > 1e-9)
        i++;
    while (k < db->n_points && fabs(db->point[k] - wanted) > 1e-9)
        k++;
    if (other < 0 || i == da->n_points || k == db->n_points || a->replicas != b->replicas)
        return json_null();
    return spread_of(b->rejection + k * b->n_classes + (size_t)other,
                     a->rejection + i * a->n_classes + class, b->n_points * b->n_classes,
                     a->n_points * a->n_classes, a->replicas);
}

static json_t *pair_points(const struct eval_comparison *c)
{
    const struct eval_spec *spec = &c->reference->spec;
    json_t *list = json_array();
    for (size_t i = 0; i < c->pair.n_points; i++) {
        const struct eval_pair_point *p = &c->pair.point[i];
        json_t *classes = json_object();
        for (size_t k = 0; k < spec->n_classes; k++) {
            json_t *one = pair_class(&p->class[k]);
            if (spec->bootstrap)
                json_object_set_new(one, "bootstrap", paired_ratio(c, k, p->wanted));
            json_object_set_new(classes, spec->class[k].name, one);
        }
        json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o}", "signal_efficiency",
                                              kaon_json_number(p->wanted), "cut_reference",
                                              kaon_json_number(p->cut_reference), "cut_model",
                                              kaon_json_number(p->cut_model), "classes", classes));
    }
    return list;
}

static json_t *comparison(const struct eval_comparison *c)
{
    const struct eval_spec *spec = &c->reference->spec;
    json_t *areas = json_object();
    for (size_t k = 0; k < spec->n_classes; k++)
        if (k != spec->discriminant[c->d_reference].signal)
            json_object_set_new(areas, spec->class[k].name,
                                json_pack("{s:o, s:o, s:o}", "value",
                                          kaon_json_number(c->pair.auc_difference[k]), "error",
                                          kaon_json_number(c->pair.auc_error[k]), "p",
                                          kaon_json_number(c->pair.auc_p[k])));
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "reference",
                     kaon_json_text(c->reference->label), "model", kaon_json_text(c->model->label),
                     "discriminant", kaon_json_text(spec->discriminant[c->d_reference].name),
                     "jets", kaon_eval_report_count(c->pair.jets), "auc_difference", areas,
                     "working_points", pair_points(c));
}

json_t *kaon_eval_report_comparisons(const struct evaluation *e)
{
    json_t *list = json_array();
    for (size_t i = 0; i < e->n_comparisons; i++)
        json_array_append_new(list, comparison(&e->comparison[i]));
    return list;
}

json_t *kaon_eval_report_scan(const struct eval_spec *spec, const struct eval_scan *s)
{
    json_t *rejection = json_object();
    for (size_t c = 0; c < spec->n_classes; c++) {
        json_t *list = json_array();
        for (size_t i = 0; i < s->n; i++)
            json_array_append_new(list, kaon_json_number(s->rejection[i * spec->n_classes + c]));
        json_object_set_new(rejection, spec->class[c].name, list);
    }
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "class",
        kaon_json_text(spec->class[s->class].name), "rest",
        kaon_json_text(spec->class[s->rest].name), "signal_efficiency",
        kaon_json_number(s->efficiency), "fraction", kaon_eval_report_numbers(s->fraction, s->n),
        "cut", kaon_eval_report_numbers(s->cut, s->n), "rejection", rejection, "sum",
        kaon_eval_report_numbers(s->sum, s->n), "best", kaon_json_number(s->fraction[s->best]),
        "best_puma", kaon_json_number(s->fraction[s->best_puma]));
}

json_t *kaon_eval_report_requirements(const struct evaluation *e)
{
    json_t *list = json_array();
    for (size_t i = 0; i < e->settings.n_requirements; i++)
        for (size_t k = 0; k < e->n; k++) {
            const struct eval_requirement *r = &e->requirement[i];
            const double value = e->required[i * e->n + k];
            if (kaon_eval_require_concerns(r, &e->entry[k]))
                json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:b}", "text",
                                                      kaon_json_text(r->text), "model",
                                                      kaon_json_text(e->entry[k].label), "value",
                                                      kaon_json_number(value), "met",
                                                      kaon_eval_require_met(r, value)));
        }
    return list;
}
