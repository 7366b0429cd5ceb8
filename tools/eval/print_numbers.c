/* Tables that one asks for: figures in bins, confusion, calibration; scans and comparisons. */
#include "tools/eval/comparisons.h"
#include "tools/eval/measured.h"
#include "tools/eval/print_part.h"

#include <inttypes.h>
#include <math.h>

enum { NAME = 20, CELL = 22 };

/* ---- bins ------------------------------------------------------------------------------------ */

static double share_of(const struct eval_passing *p)
{
    return p->weight > 0 ? p->weight_passed / p->weight : 0;
}

static void print_bin(struct kaon_out *out, const struct eval_judged *j,
                      const struct eval_binned *b, const struct eval_bin_series *s, size_t bin,
                      size_t n_classes)
{
    const struct eval_passing *signal = &s->passing[j->of->signal * b->n_bins + bin];
    char text[64];
    const double share = share_of(signal);
    const double error = signal->n ? sqrt(fmax(0, share * (1 - share)) / signal->effective) : 0;
    snprintf(text, sizeof text, "%g to %g", b->edge[bin], b->edge[bin + 1]);
    kaon_eval_print_cell(out, text, NAME);
    snprintf(text, sizeof text, "%.4f ± %.4f", share, error);
    kaon_eval_print_cell(out, text, CELL);
    for (size_t c = 0; c < n_classes; c++) {
        const struct eval_rejection r = kaon_eval_reject(&s->passing[c * b->n_bins + bin]);
        if (!kaon_eval_judged_background(j, c))
            continue;
        if (isfinite(r.value))
            snprintf(text, sizeof text, "%.*f ± %.*f", kaon_eval_decimals(r.value, r.error),
                     r.value, kaon_eval_decimals(r.value, r.error), r.error);
        else
            snprintf(text, sizeof text, isnan(r.value) ? "-" : "inf");
        kaon_eval_print_cell(out, text, CELL);
    }
    kaon_out_printf(out, "\n");
}

static void print_series(struct kaon_out *out, const struct eval_spec *spec,
                         const struct eval_judged *j, const struct eval_binned *b,
                         const struct eval_bin_series *s)
{
    kaon_out_printf(out, "\n  %s against ", j->of->name);
    kaon_out_name(out, b->variable->text);
    if (*b->variable->unit) {
        kaon_out_printf(out, " in ");
        kaon_out_name(out, b->variable->unit);
    }
    if (s->target.name)
        kaon_out_printf(out, ", working point %s", s->target.name);
    else
        kaon_out_printf(out, ", signal efficiency %g %%", 100 * s->target.share);
    kaon_out_printf(out, s->flat ? " in each bin\n  " : " overall\n  ");
    kaon_eval_print_cell(out, "", NAME);
    kaon_eval_print_cell(out, spec->class[j->of->signal].text, CELL);
    for (size_t c = 0; c < spec->n_classes; c++)
        if (kaon_eval_judged_background(j, c))
            kaon_eval_print_cell(out, spec->class[c].text, CELL);
    kaon_out_printf(out, "\n");
    for (size_t bin = 0; bin < b->n_bins; bin++) {
        kaon_out_printf(out, "  ");
        print_bin(out, j, b, s, bin, spec->n_classes);
    }
}

/* ---- classification -------------------------------------------------------------------------- */

static void print_confusion(struct kaon_out *out, const struct eval_spec *spec,
                            const struct eval_classified *k)
{
    char text[32];
    kaon_out_printf(out, "\n  Predicted class (rows: true class, in %%; accuracy %.2f %%)\n  ",
                    100 * k->accuracy);
    kaon_eval_print_cell(out, "", NAME);
    for (size_t c = 0; c < spec->n_classes; c++)
        if (k->predicted[c])
            kaon_eval_print_cell(out, spec->class[c].text, NAME);
    kaon_out_printf(out, "\n");
    for (size_t t = 0; t < spec->n_classes; t++) {
        kaon_out_printf(out, "  ");
        kaon_eval_print_cell(out, spec->class[t].text, NAME);
        for (size_t c = 0; c < spec->n_classes; c++)
            if (k->predicted[c]) {
                snprintf(text, sizeof text, "%.2f", 100 * k->confusion[t][c]);
                kaon_eval_print_cell(out, text, NAME);
            }
        kaon_out_printf(out, "\n");
    }
}

static void print_classes(struct kaon_out *out, const struct eval_spec *spec,
                          const struct eval_classified *k)
{
    kaon_out_printf(out, "\n  ");
    kaon_eval_print_cell(out, "", NAME);
    kaon_out_printf(out, "precision  recall    against the rest  calibration error  entropy\n");
    for (size_t c = 0; c < spec->n_classes; c++) {
        if (!k->predicted[c])
            continue;
        kaon_out_printf(out, "  ");
        kaon_eval_print_cell(out, spec->class[c].text, NAME);
        kaon_out_printf(out, "%-9.4f  %-8.4f  AUC %-12.4f  %-17.4f  %.4f ± %.4f\n", k->precision[c],
                        k->recall[c], k->auc_rest[c], k->calibration[c].error, k->entropy[c].mean,
                        k->entropy[c].deviation);
    }
    kaon_out_printf(out,
                    "  Mean AUC of pairs %.4f; calibration error of the largest probability "
                    "%.4f\n",
                    k->auc_mean, k->confidence.error);
}

static void print_ood(struct kaon_out *out, const struct eval_spec *spec,
                      const struct eval_ood *ood)
{
    for (size_t i = 0; ood && i < ood->n_against; i++) {
        const struct eval_ood_against *a = &ood->against[i];
        kaon_out_printf(out, "\n  ");
        kaon_out_name(out, spec->class[a->class].text);
        kaon_out_printf(out, " as strange jets:");
        for (size_t s = 0; s < EVAL_OOD_SCORES; s++)
            if (ood->has[s])
                kaon_out_printf(out, "%s %s AUROC %.4f, FPR at 95 %% %.4f", s ? ";" : "",
                                kaon_eval_ood_scores[s], a->auroc[s], a->fpr[s]);
        kaon_out_printf(out, "\n");
    }
    if (ood && ood->has[EVAL_OOD_HIDDEN]) {
        kaon_out_printf(out, "  mahalanobis_hidden: ");
        kaon_out_name(out, spec->hidden.name);
        kaon_out_printf(out, ", means and covariance from the %" PRIu64 " jets here that are in",
                        ood->n_in);
        if (ood->ridge > 0)
            kaon_out_printf(out, "; singular, ridge %.3g", ood->ridge);
        kaon_out_printf(out, "\n");
    }
}

static void print_tracks(struct kaon_out *out, const struct eval_spec *spec,
                         const struct eval_tasks *t)
{
    uint64_t right = 0, all = 0;
    for (size_t i = 0; i < EVAL_ORIGINS; i++)
        for (size_t k = 0; k <= EVAL_ORIGINS; k++) {
            all += t->origin[i][k];
            right += i == k ? t->origin[i][k] : 0;
        }
    if (all)
        kaon_out_printf(out, "\n  Origin of tracks: %.1f %% of %" PRIu64 " right\n",
                        100 * (double)right / (double)all, all);
    for (size_t c = 0; c < spec->n_classes; c++) {
        const struct eval_vertex_counts *v = &t->exclusive[c];
        if (v->jets == 0)
            continue;
        kaon_out_printf(out, "  ");
        kaon_eval_print_cell(out, spec->class[c].text, NAME);
        kaon_out_printf(out,
                        "%" PRIu64 " of %" PRIu64 " true vertices found, %" PRIu64 " of %" PRIu64
                        " found are true\n",
                        v->matched, v->true_vertices, v->matched, v->found_vertices);
    }
}

void kaon_eval_print_details(struct kaon_out *out, const struct eval_entry *entry)
{
    const struct eval_spec *spec = &entry->spec;
    for (size_t d = 0; d < spec->n_discriminants; d++)
        for (size_t v = 0; v < spec->n_variables; v++) {
            const struct eval_binned *b = &entry->binned[d * spec->n_variables + v];
            for (size_t s = 0; b->n_bins && s < b->n_series; s++)
                if (!b->series[s].flat)
                    print_series(out, spec, &entry->judged[d], b, &b->series[s]);
        }
    print_confusion(out, spec, entry->classified);
    print_classes(out, spec, entry->classified);
    print_tracks(out, spec, &entry->scores.tasks);
    print_ood(out, spec, entry->ood);
}

/* ---- on request ------------------------------------------------------------------------------ */

static void print_point(struct kaon_out *out, const struct eval_spec *spec,
                        const struct eval_judged *j, const struct eval_scan *s, size_t i)
{
    char text[32];
    for (size_t c = 0; c < spec->n_classes; c++)
        if (kaon_eval_judged_background(j, c)) {
            snprintf(text, sizeof text, "%.4g", s->rejection[i * spec->n_classes + c]);
            kaon_eval_print_cell(out, text, NAME);
        }
    kaon_out_printf(out, "\n");
}

void kaon_eval_print_scan(struct kaon_out *out, const struct eval_spec *spec,
                          const struct eval_judged *j, const struct eval_scan *s)
{
    if (s->n == 0)
        return;
    kaon_out_printf(out, "  scan of f_%s from %g to %g at %g %%, the rest to f_%s\n",
                    spec->class[s->class].letter, s->fraction[0], s->fraction[s->n - 1],
                    100 * s->efficiency, spec->class[s->rest].letter);
    kaon_out_printf(out, "    largest sum of rejections  f = %-8.4g ", s->fraction[s->best]);
    print_point(out, spec, j, s, s->best);
    kaon_out_printf(out, "    as puma's scan             f = %-8.4g ", s->fraction[s->best_puma]);
    print_point(out, spec, j, s, s->best_puma);
}

static void print_pair(struct kaon_out *out, const struct eval_comparison *c)
{
    const struct eval_spec *spec = &c->reference->spec;
    const struct eval_judged *j = &c->reference->judged[c->d_reference];
    char text[64];
    kaon_out_printf(out, "\n%s of ", j->of->name);
    kaon_out_name(out, c->model->label);
    kaon_out_printf(out, " over ");
    kaon_out_name(out, c->reference->label);
    kaon_out_printf(out, ", %zu jets in common\n  efficiency  ", c->pair.jets);
    for (size_t k = 0; k < spec->n_classes; k++)
        if (kaon_eval_judged_background(j, k))
            kaon_eval_print_cell(out, spec->class[k].text, 32);
    for (size_t i = 0; i < c->pair.n_points; i++) {
        kaon_out_printf(out, "\n  %5.4g %%     ", 100 * c->pair.point[i].wanted);
        for (size_t k = 0; k < spec->n_classes; k++) {
            const struct eval_pair_class *p = &c->pair.point[i].class[k];
            if (!kaon_eval_judged_background(j, k))
                continue;
            if (isfinite(p->error))
                snprintf(text, sizeof text, "%.3f ± %.2g  (p %.2g)", p->ratio, p->error, p->p);
            else
                snprintf(text, sizeof text, "-  (p %.2g)", p->p); /* nothing passes for one */
            kaon_eval_print_cell(out, text, 32);
        }
    }
    kaon_out_printf(out, "\n  AUC         ");
    for (size_t k = 0; k < spec->n_classes; k++)
        if (kaon_eval_judged_background(j, k)) {
            if (isfinite(c->pair.auc_error[k]))
                snprintf(text, sizeof text, "%+.4f ± %.2g  (p %.2g)", c->pair.auc_difference[k],
                         c->pair.auc_error[k], c->pair.auc_p[k]);
            else
                snprintf(text, sizeof text, "%+.4f", c->pair.auc_difference[k]); /* weights */
            kaon_eval_print_cell(out, text, 32);
        }
    kaon_out_printf(out, "\n");
}

void kaon_eval_print_comparisons(struct kaon_out *out, const struct evaluation *e)
{
    for (size_t i = 0; i < e->n_comparisons; i++)
        print_pair(out, &e->comparison[i]);
    if (e->n_comparisons)
        kaon_out_printf(out,
                        "Ratios of rejections and differences of AUC on the same jets, with paired "
                        "errors; p: chance of\nas much between equal taggers (McNemar, DeLong).\n"
                        "\n");
}
