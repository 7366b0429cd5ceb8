#include "tools/eval/plain.h"

#include "tools/eval/warnings.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* One line. Texts are NULL and numbers not a number where they do not apply. */
struct line {
    const char *discriminant, *class, *quantity, *at;
    double value, error, low, high;
};

static void put_text(struct kaon_out *out, const char *text)
{
    kaon_out_name(out, text && *text ? text : "-");
    kaon_out_printf(out, "\t");
}

static void put_number(struct kaon_out *out, double value, char end)
{
    if (isnan(value))
        kaon_out_printf(out, "-%c", end);
    else
        kaon_out_printf(out, "%.10g%c", value, end);
}

static void put(struct kaon_out *out, const struct eval_entry *e, struct line l)
{
    put_text(out, e->label);
    put_text(out, e->sample);
    put_text(out, l.discriminant);
    put_text(out, l.class);
    put_text(out, l.quantity);
    put_text(out, l.at);
    put_number(out, l.value, '\t');
    put_number(out, l.error, '\t');
    put_number(out, l.low, '\t');
    put_number(out, l.high, '\n');
}

/* Counts have no decimals, however large they are. */
static void put_count(struct kaon_out *out, const struct eval_entry *e, const char *class,
                      const char *quantity, const char *at, uint64_t n)
{
    put_text(out, e->label);
    put_text(out, e->sample);
    put_text(out, NULL);
    put_text(out, class);
    put_text(out, quantity);
    put_text(out, at);
    kaon_out_printf(out, "%" PRIu64 "\t-\t-\t-\n", n);
}

static void put_counts(struct kaon_out *out, const struct eval_entry *e)
{
    struct eval_warning w;
    put_count(out, e, NULL, "jets", NULL, e->scores.rows);
    put_count(out, e, NULL, "selected", NULL, e->scores.selected);
    put_count(out, e, NULL, "judged", NULL, e->scores.n);
    for (size_t c = 0; c < e->spec.n_classes; c++)
        put_count(out, e, e->spec.class[c].name, "judged", NULL, e->scores.class_count[c]);
    for (size_t k = 0; kaon_eval_warning(e, k, &w); k++)
        put_count(out, e, NULL, "warning", w.kind, w.count);
}

static void put_point(struct kaon_out *out, const struct eval_entry *e, const struct eval_judged *j,
                      const struct eval_working_point *w, const char *at)
{
    const char *name = j->of->name;
    put(out, e,
        (struct line){ name, e->spec.class[j->of->signal].name, "cut", at, w->cut, NAN, NAN, NAN });
    for (size_t c = 0; c < e->spec.n_classes; c++) {
        const struct eval_passing *p = &w->passing[c];
        const struct eval_rejection *r = &w->rejection[c];
        const double share = p->weight > 0 ? p->weight_passed / p->weight : NAN;
        if (j->n[c] == 0)
            continue;
        put(out, e,
            (struct line){ name, e->spec.class[c].name, "efficiency", at, share,
                           sqrt(fmax(0, share * (1 - share)) / p->effective), NAN, NAN });
        if (c != j->of->signal)
            put(out, e,
                (struct line){ name, e->spec.class[c].name, "rejection", at, r->value, r->error,
                               r->low, r->high });
    }
}

static void put_judged(struct kaon_out *out, const struct eval_entry *e,
                       const struct eval_judged *j)
{
    char at[40];
    for (size_t c = 0; c < e->spec.n_classes; c++)
        if (kaon_eval_judged_background(j, c))
            put(out, e,
                (struct line){ j->of->name, e->spec.class[c].name, "auc", NULL, j->auc[c],
                               j->auc_error[c], NAN, NAN });
    for (size_t i = 0; i < j->of->n_points; i++) {
        snprintf(at, sizeof at, "%.10g", j->point[i].wanted);
        put_point(out, e, j, &j->point[i], at);
    }
    for (size_t i = 0; i < j->of->n_specials; i++)
        put_point(out, e, j, &j->special[i], j->of->special[i].name);
}

void kaon_eval_plain(struct kaon_out *out, const struct evaluation *e)
{
    kaon_out_printf(out, "tagger\tsample\tdiscriminant\tclass\tquantity\tat\tvalue\terror\tlow\t"
                         "high\n");
    for (size_t i = 0; i < e->n; i++) {
        put_counts(out, &e->entry[i]);
        for (size_t k = 0; e->entry[i].judged && k < e->entry[i].spec.n_discriminants; k++)
            put_judged(out, &e->entry[i], &e->entry[i].judged[k]);
    }
}
