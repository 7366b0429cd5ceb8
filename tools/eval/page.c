#include "tools/eval/page.h"

#include "tools/cli/atomic.h"
#include "tools/eval/category.h"
#include "tools/eval/html.h"
#include "tools/eval/measured.h"
#include "tools/eval/page_part.h"
#include "tools/eval/report.h"
#include "tools/eval/run_report.h"
#include "tools/eval/warnings.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* ---- figures --------------------------------------------------------------------------------- */

static bool belongs(const struct eval_picture *p, const char *section)
{
    return p->svg && p->figure.section && !strcmp(p->figure.section, section);
}

static void figures(FILE *to, const struct eval_album *a, const char *section)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n; i++) {
        const struct eval_picture *p = a->picture[i];
        if (!belongs(p, section))
            continue;
        fputs(n++ ? "" : "<div class=\"figures\">\n", to);
        fprintf(to, "<figure id=\"");
        kaon_html_text(to, p->figure.stem);
        fprintf(to, "\">\n");
        kaon_html_svg(to, p->svg);
        fprintf(to, "<figcaption>");
        kaon_html_text(to, p->figure.title);
        fprintf(to, "</figcaption>\n</figure>\n");
    }
    fputs(n ? "</div>\n" : "", to);
}

/* ---- the models ------------------------------------------------------------------------------ */

static void model_row(FILE *to, const struct eval_entry *entry)
{
    const struct eval_spec *spec = &entry->spec;
    kaon_html(to, "<tr><td><b>%s</b><small>%s</small></td>", entry->label, spec->title);
    kaon_html(to, "<td class=\"text\">%s</td>", entry->sample_text);
    fprintf(to, "<td>%" PRIu64 "</td><td>%" PRIu64 "</td><td class=\"text\">", entry->scores.rows,
            entry->scores.selected);
    for (size_t c = 0, n = 0; c < spec->n_classes; c++)
        if (entry->scores.class_count[c] > 0) {
            fprintf(to, "%s%" PRIu64 " ", n++ ? ", " : "", entry->scores.class_count[c]);
            kaon_html_text(to, spec->class[c].text);
        }
    fprintf(to, "</td></tr>\n");
}

static void models(FILE *to, const struct evaluation *e)
{
    fprintf(to, "<section id=\"models\"><h2>Models</h2>\n<div class=\"wide\"><table>\n"
                "<thead><tr><th>model</th><th class=\"text\">sample</th><th>jets</th>"
                "<th>selected</th><th class=\"text\">of them</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < e->n; i++)
        model_row(to, &e->entry[i]);
    fprintf(to, "</tbody></table></div></section>\n");
}

/* ---- a discriminant -------------------------------------------------------------------------- */

static void rejection(FILE *to, const struct eval_rejection *r)
{
    if (isnan(r->value)) {
        fprintf(to, "<td data-sort=\"-1\">–</td>");
    } else if (isinf(r->value)) {
        fprintf(to, "<td data-sort=\"1e300\">∞<small>above %.*f</small></td>",
                kaon_eval_decimals(r->low, 0), r->low);
    } else {
        const int d = kaon_eval_decimals(r->value, r->error);
        fprintf(to, "<td data-sort=\"%.10g\">%.*f ± %.*f<small>%.*f to %.*f</small></td>", r->value,
                d, r->value, d, r->error, d, r->low, d, r->high);
    }
}

static void point_rows(FILE *to, const struct eval_group *g, const struct eval_curve *curve)
{
    static const struct eval_rejection nothing = { NAN, NAN, NAN, NAN };
    const struct eval_judged *j = curve->judged;
    for (size_t i = 0; i < j->of->n_points; i++) {
        kaon_html(to, "<tr><td>%s</td>", curve->entry->label);
        fprintf(to, "<td data-sort=\"%.10g\">%.4g&nbsp;%%</td><td>%.3f</td>", j->point[i].wanted,
                100 * j->point[i].wanted, j->point[i].cut);
        for (size_t k = 0; k < g->n_classes; k++) {
            const long c = kaon_eval_group_class(curve, g->class[k]);
            if (kaon_eval_is_background(g, k))
                rejection(to, c < 0 ? &nothing : &j->point[i].rejection[c]);
        }
        fprintf(to, "</tr>\n");
    }
}

static void heads(FILE *to, const struct eval_group *g, const char *first)
{
    fprintf(to, "<div class=\"wide\"><table class=\"sortable\">\n<thead><tr><th>model</th>%s",
            first);
    for (size_t k = 0; k < g->n_classes; k++)
        if (kaon_eval_is_background(g, k))
            kaon_html(to, "<th>%s</th>", g->class[k] -> text);
    fprintf(to, "</tr></thead>\n<tbody>\n");
}

static void points(FILE *to, const struct eval_group *g)
{
    fprintf(to, "<h3>Working points: background rejection</h3>\n");
    heads(to, g, "<th>efficiency</th><th>cut</th>");
    for (size_t m = 0; m < g->n; m++)
        point_rows(to, g, &g->curve[m]);
    fprintf(to, "</tbody></table></div>\n"
                "<p class=\"grey\">Rejection = 1 / efficiency of D &gt; cut, with its binomial "
                "error, and below it the interval of 68.27 %%.</p>\n");
}

static void areas(FILE *to, const struct eval_group *g)
{
    fprintf(to, "<h3>Area under the curve</h3>\n");
    heads(to, g, "");
    for (size_t m = 0; m < g->n; m++) {
        kaon_html(to, "<tr><td>%s</td>", g->curve[m].entry->label);
        for (size_t k = 0; k < g->n_classes; k++) {
            const long c = kaon_eval_group_class(&g->curve[m], g->class[k]);
            if (kaon_eval_is_background(g, k))
                fprintf(to, "<td>%.4f</td>", c < 0 ? NAN : g->curve[m].judged->auc[c]);
        }
        fprintf(to, "</tr>\n");
    }
    fprintf(to, "</tbody></table></div>\n");
}

static void discriminant(FILE *to, const struct eval_album *a, const struct eval_group *g)
{
    kaon_html(to, "<section id=\"%s\"><h2>%s: %s</h2>\n", g->name, g->name,
              kaon_eval_signal_text(g));
    for (size_t m = 0; m < g->n; m++) {
        char text[512];
        kaon_eval_fractions_text(&g->curve[m], text, sizeof text);
        kaon_html(to, "<p>%s: %s <span class=\"grey\">(from %s)</span></p>\n",
                  g->curve[m].entry->label, text, g->curve[m].judged->of->source);
    }
    points(to, g);
    areas(to, g);
    figures(to, a, g->name);
    fprintf(to, "</section>\n");
}

/* ---- what was counted, and how it was made --------------------------------------------------- */

static void warnings(FILE *to, const struct evaluation *e)
{
    size_t n = 0;
    struct eval_warning w;
    fprintf(to, "<section id=\"warnings\"><h2>Warnings</h2>\n");
    for (size_t i = 0; i < e->n; i++)
        for (size_t k = 0; kaon_eval_warning(&e->entry[i], k, &w); k++, n++) {
            kaon_html(to, "<p class=\"warning\">%s: %s</p>\n", e->entry[i].label, w.text);
        }
    fputs(n ? "" : "<p class=\"warning good\">Nothing was dropped, repaired or left out.</p>\n",
          to);
    fprintf(to, "</section>\n");
}

/* A table of a JSON object's plain members; objects within get their names before, lists one line a
 * value. */
static void members(FILE *to, const char *before, const json_t *object)
{
    const char *key;
    json_t *value;
    char name[200];
    json_object_foreach((json_t *)object, key, value)
    {
        snprintf(name, sizeof name, "%s%s%s", before, *before ? ", " : "", key);
        if (json_is_object(value)) {
            members(to, name, value);
            continue;
        }
        if (json_is_array(value) && json_array_size(value) > 0 &&
            !json_is_string(json_array_get(value, 0)))
            continue;
        kaon_html(to, "<tr><td>%s</td><td>", name);
        kaon_html_json(to, value);
        fprintf(to, "</td></tr>\n");
    }
}

static void provenance(FILE *to, const struct evaluation *e)
{
    json_t *settings = kaon_eval_report_settings(&e->settings), *run = kaon_eval_run_report(e);
    json_t *list = json_object_get(run, "models");
    fprintf(to, "<section id=\"provenance\"><h2>Settings and provenance</h2>\n"
                "<div class=\"wide\"><table class=\"settings\"><tbody>\n");
    members(to, "", settings);
    members(to, "", run);
    fprintf(to, "</tbody></table></div>\n");
    for (size_t i = 0; i < e->n && i < json_array_size(list); i++) {
        char digest[EVAL_DIGEST_TEXT];
        kaon_eval_digest_text(&e->entry[i].digest, digest);
        kaon_html(to, "<h3>%s</h3>\n<div class=\"wide\"><table class=\"settings\"><tbody>\n",
                  e->entry[i].label);
        kaon_html(to, "<tr><td>model SHA-256</td><td><code>%s</code></td></tr>\n",
                  e->entry[i].file_digest.hex);
        kaon_html(to, "<tr><td>digest of the outputs</td><td><code>%s</code></td></tr>\n", digest);
        members(to, "", json_array_get(list, i));
        fprintf(to, "</tbody></table></div>\n");
    }
    fprintf(to, "</section>\n");
    json_decref(settings);
    json_decref(run);
}

/* ---- the page -------------------------------------------------------------------------------- */

/* Names and links of the sections, in their order. */
static void navigation(FILE *to, const struct evaluation *e, const struct eval_album *a)
{
    fprintf(to, "<nav><a href=\"#models\">models</a>");
    for (size_t i = 0; i < a->n_groups; i++) {
        kaon_html(to, "<a href=\"#%s\">%s</a>", a->group[i].name, a->group[i].name);
    }
    if (e->n_comparisons)
        fprintf(to, "<a href=\"#comparisons\">comparison</a>");
    for (size_t i = 0; i < e->n; i++) {
        kaon_html(to, "<a href=\"#model-%s\">%s</a>", e->entry[i].label, e->entry[i].label);
    }
    fprintf(to, "<a href=\"#warnings\">warnings</a><a href=\"#provenance\">provenance</a></nav>\n");
}

static void head(FILE *to, const struct evaluation *e, const struct eval_album *a)
{
    fprintf(to,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    for (size_t i = 0; i < e->n; i++) {
        fputs(i ? ", " : "", to);
        kaon_html_text(to, e->entry[i].label);
    }
    kaon_html(to, " on %s</title>\n<style>\n", e->entry[0].sample);
    fprintf(to, "%s</style>\n</head>\n<body>\n<header>\n<h1>", kaon_eval_embedded_text("page.css"));
    for (size_t i = 0; i < e->n; i++) {
        fputs(i ? ", " : "", to);
        kaon_html_text(to, e->entry[i].label);
    }
    kaon_html(to, "</h1>\n<p class=\"grey\">%s</p>\n", e->entry[0].sample_text);
    navigation(to, e, a);
    fprintf(to, "</header>\n<main>\n");
}

static void page(FILE *to, const struct evaluation *e, const struct eval_album *a)
{
    head(to, e, a);
    models(to, e);
    kaon_eval_page_requirements(to, e);
    for (size_t i = 0; i < a->n_groups; i++)
        discriminant(to, a, &a->group[i]);
    kaon_eval_page_comparisons(to, e);
    for (size_t i = 0; i < e->n; i++) {
        kaon_html(to, "<section id=\"model-%s\"><h2>%s</h2>\n", e->entry[i].label,
                  e->entry[i].label);
        figures(to, a, e->entry[i].label);
        fprintf(to, "</section>\n");
    }
    warnings(to, e);
    provenance(to, e);
    kaon_html(to, "</main>\n<footer>Made by kaon %s.</footer>\n", kaon_version());
    fprintf(to, "<script>\n%s</script>\n</body>\n</html>\n", kaon_eval_embedded_text("page.js"));
}

enum kaon_status kaon_eval_page(struct evaluation *e, const struct eval_album *a, const char *path,
                                struct kaon_msg *msg)
{
    struct kaon_atomic file = { 0 };
    enum kaon_status status = kaon_atomic_open(&file, path, e->settings.force, msg);
    if (status)
        return status;
    page(file.file, e, a);
    status = kaon_atomic_commit(&file, msg);
    return status ? status : kaon_eval_add_file(e, path, msg);
}
