/* The parts of the page that set models against each other, and what was required of them. */
#include "tools/eval/compare.h"
#include "tools/eval/comparisons.h"
#include "tools/eval/html.h"
#include "tools/eval/page_part.h"
#include "tools/eval/require.h"

#include <math.h>

static bool is_background(const struct eval_comparison *c, size_t k)
{
    return kaon_eval_judged_background(&c->reference->judged[c->d_reference], k);
}

static void ratio(FILE *to, const struct eval_pair_class *p)
{
    if (isfinite(p->error))
        fprintf(to, "<td data-sort=\"%.10g\">%.3f ± %.3f<small>p %.2g</small></td>", p->ratio,
                p->ratio, p->error, p->p);
    else
        fprintf(to, "<td data-sort=\"-1\">–<small>p %.2g</small></td>", p->p);
}

static void difference(FILE *to, const struct eval_pair *pair, size_t k)
{
    fprintf(to, "<td data-sort=\"%.10g\">%+.4f", pair->auc_difference[k], pair->auc_difference[k]);
    if (isfinite(pair->auc_error[k]))
        fprintf(to, " ± %.4f<small>p %.2g</small>", pair->auc_error[k], pair->auc_p[k]);
    fprintf(to, "</td>");
}

static void comparison(FILE *to, const struct eval_comparison *c)
{
    const struct eval_spec *spec = &c->reference->spec;
    kaon_html(to, "<h3>%s: %s over %s</h3>\n", c->reference->judged[c->d_reference].of->name,
              c->model->label, c->reference->label);
    fprintf(to, "<div class=\"wide\"><table class=\"sortable\">\n<thead><tr><th>efficiency</th>");
    for (size_t k = 0; k < spec->n_classes; k++)
        if (is_background(c, k))
            kaon_html(to, "<th>%s</th>", spec->class[k].text);
    fprintf(to, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < c->pair.n_points; i++) {
        const double wanted = c->pair.point[i].wanted;
        fprintf(to, "<tr><td data-sort=\"%.10g\">%.4g&nbsp;%%</td>", wanted, 100 * wanted);
        for (size_t k = 0; k < spec->n_classes; k++)
            if (is_background(c, k))
                ratio(to, &c->pair.point[i].class[k]);
        fprintf(to, "</tr>\n");
    }
    fprintf(to, "<tr><td data-sort=\"2\">AUC</td>");
    for (size_t k = 0; k < spec->n_classes; k++)
        if (is_background(c, k))
            difference(to, &c->pair, k);
    fprintf(to, "</tr>\n</tbody></table></div>\n<p class=\"grey\">%zu jets in common.</p>\n",
            c->pair.jets);
}

void kaon_eval_page_comparisons(FILE *to, const struct evaluation *e)
{
    if (e->n_comparisons == 0)
        return;
    fprintf(to, "<section id=\"comparisons\"><h2>Comparison</h2>\n"
                "<p class=\"grey\">Ratios of rejections and differences of areas on the same jets, "
                "with paired errors; p is the chance of as much between equal taggers (McNemar, "
                "DeLong).</p>\n");
    for (size_t i = 0; i < e->n_comparisons; i++)
        comparison(to, &e->comparison[i]);
    fprintf(to, "</section>\n");
}

void kaon_eval_page_requirements(FILE *to, const struct evaluation *e)
{
    if (e->settings.n_requirements == 0)
        return;
    fprintf(to, "<section id=\"requirements\"><h2>Requirements</h2>\n");
    for (size_t i = 0; i < e->settings.n_requirements; i++)
        for (size_t k = 0; k < e->n; k++) {
            const struct eval_requirement *r = &e->requirement[i];
            const double value = e->required[i * e->n + k];
            if (!kaon_eval_require_concerns(r, &e->entry[k]))
                continue;
            const bool met = kaon_eval_require_met(r, value);
            kaon_html(to, "<p class=\"warning%s\">%s: %s is %smet: ", met ? " good" : "",
                      e->entry[k].label, r->text, met ? "" : "not ");
            fprintf(to, "it is %.6g</p>\n", value);
        }
    fprintf(to, "</section>\n");
}
