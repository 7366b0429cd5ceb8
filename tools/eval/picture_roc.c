#include "tools/eval/category.h"
#include "tools/eval/csv.h"
#include "tools/eval/gnuplot.h"
#include "tools/eval/picture.h"

#include <math.h>
#include <string.h>

enum {
    LEFT = 95,
    PANEL = 740,
    MARGIN = 25,
    LEGEND = 220,
    MAIN = 470,
    RATIO = 150,
    FOOT = 62,
    GAP = 18
};

/* Curves are told apart by the background's colour, or with several models by the model's colour
 * and the background's dashes. */
static const int dashes[] = { 1, 2, 4, 3, 5 };
enum { N_DASHES = sizeof dashes / sizeof *dashes };

static bool is_background(const struct eval_group *g, size_t k)
{
    return strcmp(g->class[k] -> name, g -> signal) != 0;
}

static size_t backgrounds(const struct eval_group *g)
{
    size_t n = 0;
    for (size_t k = 0; k < g->n_classes; k++)
        n += is_background(g, k);
    return n;
}

/* Column of the rejection in the CSV. */
static size_t column(const struct eval_group *g, size_t m, size_t background)
{
    return EVAL_CSV_ROC_FIRST + (m * backgrounds(g) + background) * EVAL_CSV_ROC_EACH;
}

static const char *color(const struct eval_group *g, size_t m, size_t k)
{
    return g->n == 1 ? g->class[k]->color : kaon_eval_colors[m % kaon_eval_n_colors];
}

static int dash(const struct eval_group *g, size_t background)
{
    return g->n == 1 ? 1 : dashes[background % N_DASHES];
}

static size_t panels(const struct eval_group *g)
{
    return g->n > 1 ? backgrounds(g) : 0;
}

struct eval_canvas kaon_eval_roc_canvas(const struct eval_group *g)
{
    return (struct eval_canvas){ LEFT + PANEL + (g->n > 1 ? LEGEND : MARGIN),
                                 kaon_eval_heading_height(g) + MAIN +
                                     (int)panels(g) * (RATIO + GAP) + FOOT };
}

/* Largest rejection that is finite, for the axis. */
static double largest(const struct eval_group *g)
{
    double most = 10;
    for (size_t m = 0; m < g->n; m++)
        for (size_t k = 0; k < g->n_classes; k++) {
            const long c = kaon_eval_group_class(&g->curve[m], g->class[k]);
            for (size_t i = 0; c >= 0 && is_background(g, k) && i < EVAL_ROC_POINTS; i++) {
                const double r = g->curve[m].judged->roc.rejection[c][i].value;
                if (isfinite(r) && r > most)
                    most = r;
            }
        }
    return most;
}

/* Places a panel `height` points high that ends `top` points below the upper edge. */
static void place(FILE *to, const struct eval_group *g, int top, int height)
{
    const struct eval_canvas canvas = kaon_eval_roc_canvas(g);
    const double w = canvas.width, h = canvas.height;
    fprintf(to,
            "set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
            "set tmargin at screen %.5f\nset bmargin at screen %.5f\n",
            LEFT / w, (LEFT + PANEL) / w, 1 - top / h, 1 - (top + height) / h);
}

static void entry(FILE *to, const char *color_of, int dash_of, const char *text)
{
    fprintf(to, ", \\\n     keyentry with lines linewidth 2 dashtype %d linecolor rgb '%s' title ",
            dash_of, color_of);
    kaon_eval_gnuplot_text(to, text);
}

/* With several models an entry a model, then one a background. */
static void legend(FILE *to, const struct eval_group *g)
{
    for (size_t m = 0; g->n > 1 && m < g->n; m++)
        entry(to, color(g, m, 0), 1, g->curve[m].entry->label);
    for (size_t k = 0, b = 0; k < g->n_classes; k++)
        if (is_background(g, k)) {
            entry(to, g->n > 1 ? "#000000" : color(g, 0, k), dash(g, b), g->class[k] -> text);
            b++;
        }
}

/* One curve, or the statistical band of one. `of` is divided by: "1", or the reference's column. */
static void curve(FILE *to, const struct eval_group *g, size_t m, size_t k, size_t b, bool band,
                  const char *of, const char *csv)
{
    const size_t c = column(g, m, b);
    kaon_eval_gnuplot_text(to, csv);
    if (band)
        fprintf(
            to,
            " using 1:(by($%zu,%s)):(by($%zu,%s)) with filledcurves fillstyle transparent solid "
            "0.18 noborder fillcolor rgb '%s' notitle",
            c + 2, of, c + 3, of, color(g, m, k));
    else
        fprintf(
            to,
            " using 1:(by($%zu,%s)) with lines linewidth 2 dashtype %d linecolor rgb '%s' notitle",
            c, of, dash(g, b), color(g, m, k));
}

static void main_panel(FILE *to, const struct eval_group *g, const char *csv)
{
    const struct eval_canvas canvas = kaon_eval_roc_canvas(g);
    const char *between = "plot ";
    const double most = largest(g);
    place(to, g, kaon_eval_heading_height(g), MAIN);
    fprintf(to,
            "set logscale y\nset yrange [1:%.6g]\n"
            "set ylabel 'background rejection' offset 0.5\n",
            2.5 * most);
    if (g->n > 1)
        fprintf(to,
                "set key at screen %.5f, screen %.5f left top Left reverse spacing 1.25 "
                "samplen 3 noenhanced\n",
                (double)(LEFT + PANEL + 8) / canvas.width,
                1 - (double)(kaon_eval_heading_height(g) + 4) / canvas.height);
    else
        fprintf(to, "set key top right spacing 1.25 samplen 3 noenhanced\n");
    if (panels(g))
        fprintf(to, "set format x ''\nunset xlabel\n");
    /* bands, which may be infinite, end above the panel; curves end where they are infinite */
    fprintf(to, "by(x, r) = x > %.6g ? %.6g : x\n", 10 * most, 10 * most);
    for (int band = 1; band >= 0; band--) /* bands first, so that they lie below */
        for (size_t m = 0; m < g->n; m++)
            for (size_t k = 0, b = 0; k < g->n_classes; k++) {
                if (!is_background(g, k))
                    continue;
                fprintf(to, "%s", between);
                curve(to, g, m, k, b++, band, "1", csv);
                between = ", \\\n     ";
            }
    legend(to, g);
    fputc('\n', to);
}

/* Ratio of every model to the first, with the statistical band of each. */
static void ratio_panel(FILE *to, const struct eval_group *g, size_t k, size_t b, const char *csv,
                        bool is_last)
{
    char text[160];
    const char *between =
        "plot 1 with lines linewidth 1 linecolor rgb '#717581' notitle, \\\n     ";
    place(to, g, kaon_eval_heading_height(g) + MAIN + GAP + (int)b * (RATIO + GAP), RATIO);
    fprintf(to, "unset logscale y\nset yrange [*:*]\nset autoscale yfix\nset yrange [0<*:*<3]\n"
                "set offsets 0,0,0.05,0.05\n"
                "unset key\nset ylabel ");
    kaon_eval_gnuplot_text(to, g->class[k] -> text);
    fprintf(to, " offset 0.5 noenhanced\nset format x %s\n", is_last ? "'%.2f'" : "''");
    if (is_last)
        fprintf(to, "set xlabel XLABEL\n");
    if (b == 0) {
        snprintf(text, sizeof text, "ratio to %s", g->curve[0].entry->label);
        fprintf(to, "set label 1 ");
        kaon_eval_gnuplot_text(to, text);
        fprintf(to, " at graph 0.985, graph 0.12 right noenhanced front\n");
    } else {
        fprintf(to, "unset label 1\n");
    }
    fprintf(to, "by(x, r) = r > 1e300 ? NaN : x > 9 * r ? 9 : x / r\n");
    snprintf(text, sizeof text, "$%zu", column(g, 0, b));
    for (int band = 1; band >= 0; band--)
        for (size_t m = 0; m < g->n; m++) {
            fprintf(to, "%s", between);
            curve(to, g, m, k, b, band, text, csv);
            between = ", \\\n     ";
        }
    fputc('\n', to);
}

static const char *signal_text(const struct eval_group *g)
{
    for (size_t k = 0; k < g->n_classes; k++)
        if (!is_background(g, k))
            return g->class[k]->text;
    return g->signal;
}

void kaon_eval_roc_script(FILE *to, const struct eval_group *g, const char *csv)
{
    const struct eval_discriminant *d = g->curve[0].judged->of;
    char text[160];
    kaon_eval_heading(to, g, kaon_eval_roc_canvas(g).height);
    snprintf(text, sizeof text, "efficiency for %s", signal_text(g));
    fprintf(to, "XLABEL = ");
    kaon_eval_gnuplot_text(to, text);
    fprintf(to,
            "\nset xlabel XLABEL noenhanced\nset xrange [%.6g:%.6g]\n"
            "set grid xtics ytics linecolor rgb '#cccccc' linewidth 1 dashtype 1\n"
            "set multiplot\n",
            d->roc_from, d->roc_to);
    main_panel(to, g, csv);
    fprintf(to, "unset label\n");
    for (size_t k = 0, b = 0; panels(g) && k < g->n_classes; k++)
        if (is_background(g, k)) {
            ratio_panel(to, g, k, b, csv, b + 1 == backgrounds(g));
            b++;
        }
    fprintf(to, "unset multiplot\n");
}
