#include "tools/eval/csv.h"
#include "tools/eval/gnuplot.h"
#include "tools/eval/picture.h"

#include <math.h>

enum { LEFT = 95, PANEL = 700, LEGEND = 220, MAIN = 470, FOOT = 62 };

/* Models are told apart by dashes, classes by colour. */
static const int dashes[] = { 1, 2, 4, 3, 5 };
enum { N_DASHES = sizeof dashes / sizeof *dashes };

struct eval_canvas kaon_eval_histogram_canvas(const struct eval_group *g)
{
    return (struct eval_canvas){ LEFT + PANEL + LEGEND, kaon_eval_heading_height(g) + MAIN + FOOT };
}

static double tallest(const struct eval_group *g)
{
    double most = 0;
    for (size_t m = 0; m < g->n; m++) {
        const struct eval_judged *j = g->curve[m].judged;
        for (size_t k = 0; k < g->n_classes; k++) {
            const long c = kaon_eval_group_class(&g->curve[m], g->class[k]);
            for (size_t b = 0; c >= 0 && b < j->bins; b++)
                most = fmax(most, j->histogram[(size_t)c * j->bins + b]);
        }
    }
    return most > 0 ? most : 1;
}

/* A line at each cut of the first model, its efficiency beside it. */
static void working_points(FILE *to, const struct eval_group *g, double top)
{
    const struct eval_judged *j = g->curve[0].judged;
    for (size_t i = 0; i < j->of->n_points; i++) {
        const double cut = j->point[i].cut;
        if (!(cut > j->low && cut < j->high))
            continue;
        fprintf(to,
                "set arrow from %.6g, 0 to %.6g, %.6g nohead back dashtype 3 linewidth 1.2 "
                "linecolor rgb '#717581'\n",
                cut, cut, 0.89 * top);
        fprintf(to,
                "set label '%.4g %%' at %.6g, %.6g left rotate by 90 offset 0,0.3 font ',9' "
                "noenhanced textcolor rgb '#555555'\n",
                100 * j->point[i].wanted, cut, 0.89 * top);
    }
}

static void entry(FILE *to, const char *color, int dash, const char *text)
{
    fprintf(to, ", \\\n     keyentry with lines linewidth 2 dashtype %d linecolor rgb '%s' title ",
            dash, color);
    kaon_eval_gnuplot_text(to, text);
}

/* An entry a class, and with several models one a model. */
static void legend(FILE *to, const struct eval_group *g)
{
    for (size_t k = 0; k < g->n_classes; k++)
        entry(to, g->class[k] -> color, 1, g -> class[k] -> text);
    if (g->n == 1)
        return;
    for (size_t m = 0; m < g->n; m++)
        entry(to, "#000000", dashes[m % N_DASHES], g->curve[m].entry->label);
    char text[160];
    snprintf(text, sizeof text, "cuts of %s", g->curve[0].entry->label);
    entry(to, "#717581", 3, text);
}

void kaon_eval_histogram_script(FILE *to, const struct eval_group *g, const char *csv)
{
    const struct eval_judged *j = g->curve[0].judged;
    const double top = 1.3 * tallest(g);
    const struct eval_canvas canvas = kaon_eval_histogram_canvas(g);
    const double width = canvas.width, height = canvas.height;
    const char *between = "plot ";
    kaon_eval_heading(to, g, canvas.height);
    fprintf(to,
            "set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
            "set tmargin at screen %.5f\nset bmargin at screen %.5f\n"
            "set xrange [%.6g:%.6g]\nset yrange [0:%.6g]\n"
            "set key at screen %.5f, screen %.5f left top Left reverse spacing 1.25 samplen 3 "
            "noenhanced\n"
            "set ylabel 'share of jets a bin' offset 0.5\nset xlabel ",
            LEFT / width, (LEFT + PANEL) / width, 1 - kaon_eval_heading_height(g) / height,
            FOOT / height, j->low, j->high, top, (LEFT + PANEL + 12) / width,
            1 - (kaon_eval_heading_height(g) + 4) / height);
    kaon_eval_gnuplot_text(to, g->name);
    fprintf(to, " noenhanced\n");
    working_points(to, g, top);
    for (size_t m = 0; m < g->n; m++)
        for (size_t k = 0; k < g->n_classes; k++) {
            fprintf(to, "%s", between);
            kaon_eval_gnuplot_text(to, csv);
            fprintf(to,
                    " using (($1+$2)/2):%zu with histeps linewidth 2 dashtype %d linecolor rgb "
                    "'%s' notitle",
                    EVAL_CSV_BIN_FIRST + m * g->n_classes + k, dashes[m % N_DASHES],
                    g->class[k] -> color);
            between = ", \\\n     ";
        }
    legend(to, g);
    fputc('\n', to);
}
