#include "tools/eval/figure_script.h"

#include "tools/cli/utf8.h"
#include "tools/eval/gnuplot.h"

#include <math.h>

/* In points of the screen. */
enum { LINE = 19, TOP = 16, LEFT = 95, WIDTH = 700, GAP = 18, FOOT = 62 };
/* Of a matrix with the names of its rows and columns. */
enum { NAMES = 150, TURNED = 110 };
/* Of a legend: its lines, and a letter of its texts. */
enum { SAMPLE = 85, LETTER = 8, MARGIN = 30 };

#define GREY "#717581"

static int heading(const struct eval_figure *f)
{
    return TOP + LINE * (int)f->n_lines;
}

static int left(const struct eval_figure *f)
{
    return f->n_names ? NAMES : LEFT;
}

static int width(const struct eval_figure *f)
{
    return f->n_names ? f->panel[0].height : WIDTH;
}

static int foot(const struct eval_figure *f)
{
    return f->n_names ? TURNED : FOOT;
}

/* Room for the longest text. */
static int legend_width(const struct eval_figure *f)
{
    int most = 0;
    for (size_t k = 0; k < f->n_keys; k++)
        most = kaon_utf8_width(f->key[k].text) > most ? kaon_utf8_width(f->key[k].text) : most;
    return most ? SAMPLE + LETTER * most : MARGIN;
}

static int heading_width(const struct eval_figure *f)
{
    int most = 0;
    for (size_t i = 0; i < f->n_lines; i++)
        most = kaon_utf8_width(f->line[i]) > most ? kaon_utf8_width(f->line[i]) : most;
    return MARGIN + LETTER * most;
}

struct eval_canvas kaon_eval_figure_canvas(const struct eval_figure *f)
{
    int height = heading(f) + foot(f) - GAP;
    for (size_t p = 0; p < f->n_panels; p++)
        height += f->panel[p].height + GAP;
    const int panels = left(f) + width(f) + legend_width(f), lines = heading_width(f);
    return (struct eval_canvas){ panels > lines ? panels : lines, height };
}

/* ---- data ------------------------------------------------------------------------------------ */

static void number(FILE *to, double value)
{
    if (isnan(value))
        fputs("nan", to);
    else if (isinf(value))
        fputs(value > 0 ? "inf" : "-inf", to);
    else
        fprintf(to, "%.10g", value);
}

static void row(FILE *to, const struct eval_figure *f, size_t i, char between)
{
    for (size_t c = 0; c < f->n_columns; c++) {
        if (c)
            fputc(between, to);
        number(to, f->column[c].value[i]);
    }
    fputc('\n', to);
}

void kaon_eval_figure_csv(FILE *to, const struct eval_figure *f)
{
    for (size_t c = 0; c < f->n_columns; c++)
        fprintf(to, "%s%s", c ? "," : "", f->column[c].name);
    fputc('\n', to);
    for (size_t i = 0; i < f->rows; i++)
        row(to, f, i, ',');
}

/* As a block of the script, so that gnuplot reads no file. */
void kaon_eval_figure_data(FILE *to, const struct eval_figure *f)
{
    fprintf(to, "$data << KAON_END_OF_DATA\n");
    for (size_t i = 0; i < f->rows; i++)
        row(to, f, i, ' ');
    fprintf(to, "KAON_END_OF_DATA\n");
}

/* ---- what is around -------------------------------------------------------------------------- */

static void text_at(FILE *to, size_t tag, const char *text, double x, double y)
{
    fprintf(to, "set label %zu ", tag);
    kaon_eval_gnuplot_text(to, text);
    fprintf(to, " at screen %.5f, screen %.5f left noenhanced front\n", x, y);
}

static void lines(FILE *to, const struct eval_figure *f, struct eval_canvas canvas)
{
    for (size_t i = 0; i < f->n_lines; i++)
        text_at(to, 100 + i, f->line[i], 0.02,
                1 - (double)(TOP + 4 + LINE * (int)i) / canvas.height);
}

static void legend_place(FILE *to, const struct eval_figure *f, struct eval_canvas canvas)
{
    if (f->n_keys == 0) {
        fprintf(to, "unset key\n");
        return;
    }
    fprintf(to,
            "set key at screen %.5f, screen %.5f left top Left reverse spacing 1.25 samplen 3 "
            "noenhanced\n",
            (double)(left(f) + width(f) + 8) / canvas.width,
            1 - (double)(heading(f) + 2) / canvas.height);
}

static void legend(FILE *to, const struct eval_figure *f)
{
    for (size_t k = 0; k < f->n_keys; k++) {
        fprintf(to,
                ", \\\n     keyentry with lines linewidth 2 dashtype %d linecolor rgb '%s' title ",
                f->key[k].dash, f->key[k].color);
        kaon_eval_gnuplot_text(to, f->key[k].text);
    }
}

static void place(FILE *to, const struct eval_figure *f, struct eval_canvas canvas, int top,
                  int height)
{
    const double w = canvas.width, h = canvas.height;
    fprintf(to,
            "set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
            "set tmargin at screen %.5f\nset bmargin at screen %.5f\n",
            left(f) / w, (left(f) + width(f)) / w, 1 - top / h, 1 - (top + height) / h);
}

/* ---- panels ---------------------------------------------------------------------------------- */

static double value(const struct eval_figure *f, size_t column, size_t i)
{
    return f->column[column].value[i];
}

static void widen(const struct eval_figure *f, const struct eval_panel *p, size_t column,
                  double from, double to, double *low, double *high)
{
    for (size_t i = 0; i < f->rows; i++) {
        const double y = value(f, column, i);
        if (isfinite(y) && (y > 0 || !p->log_y)) {
            *low = fmin(*low, fmax(y, from));
            *high = fmax(*high, fmin(y, to));
        }
    }
}

/* Range of what a panel draws. Errors of points belong to it, on a logarithmic axis up to a decade.
 * Bands widen it by half at most: they may be wider than is worth a look. */
static void extent(const struct eval_figure *f, const struct eval_panel *p, double *low,
                   double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t s = 0; s < p->n; s++)
        if (p->series[s].style != EVAL_BAND)
            widen(f, p, p->series[s].y, -INFINITY, INFINITY, low, high);
    if (!(*low <= *high)) {
        *low = p->log_y ? 1 : 0;
        *high = p->log_y ? 10 : 1;
    }
    const double half = 0.5 * (*high - *low);
    const double band[] = { *low - half, *high + half };
    const double points[] = { p->log_y ? *low / 10 : -INFINITY, p->log_y ? *high * 10 : INFINITY };
    for (size_t s = 0; s < p->n; s++) {
        const bool is_band = p->series[s].style == EVAL_BAND;
        if (p->series[s].style != EVAL_POINTS && (!is_band || p->log_y))
            continue;
        const double *within = is_band ? band : points;
        widen(f, p, p->series[s].low, within[0], within[1], low, high);
        widen(f, p, p->series[s].high, within[0], within[1], low, high);
    }
}

/* A logarithmic axis of less than two decades has labels at 1, 2 and 5 as well. */
static void y_ticks(FILE *to, double from, double top)
{
    static const double steps[] = { 1, 2, 5 };
    const char *separator = "set ytics (";
    for (int decade = (int)floor(log10(from)); pow(10, decade) <= top; decade++)
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
            const double tick = steps[i] * pow(10, decade);
            if (tick < from || tick > top)
                continue;
            fprintf(to, "%s'%.4g' %.4g", separator, tick, tick);
            separator = ", ";
        }
    fputs(*separator == ',' ? ")\n" : "set ytics autofreq\n", to);
}

static void y_range(FILE *to, const struct eval_figure *f, const struct eval_panel *p, double *top)
{
    double low, high;
    extent(f, p, &low, &high);
    const double margin = high > low ? 0.06 * (high - low) : 0.1 * fabs(high) + 0.01;
    const double from = !isnan(p->from) ? p->from : p->log_y ? low / 2 : low - margin;
    const double to_y = !isnan(p->to) ? p->to : p->log_y ? 2.5 * high : high + margin;
    *top = to_y > from ? to_y : from + 1;
    fprintf(to, "%s logscale y\nset yrange [%.8g:%.8g]\n", p->log_y ? "set" : "unset", from, *top);
    if (p->log_y && from > 0 && *top < 100 * from)
        y_ticks(to, from, *top);
    else
        fputs("set ytics autofreq\n", to);
}

/* Functions of a panel: what lies beyond it ends just outside, where it is clipped; a curve ends where
 * it is infinite. */
static void functions(FILE *to, double top)
{
    const double far = top > 0 ? 10 * top : 10;
    fprintf(to, "band(y) = y > %.8g ? %.8g : y\nline(y) = y > 1e300 || y < -1e300 ? NaN : y\n", far,
            far);
}

static void draw(FILE *to, const struct eval_series *s)
{
    const size_t x = s->x + 1, x_high = s->x_high + 1, y = s->y + 1, low = s->low + 1,
                 high = s->high + 1;
    switch (s->style) {
    case EVAL_LINE:
        fprintf(to, "$data using %zu:(line($%zu)) with lines linewidth 2 dashtype %d ", x, y,
                s->dash);
        break;
    case EVAL_BAND:
        fprintf(to,
                "$data using %zu:(band($%zu)):(band($%zu)) with filledcurves fillstyle transparent "
                "solid 0.18 noborder fillcolor rgb '%s' notitle",
                x, low, high, s->color);
        return;
    case EVAL_STEPS:
        fprintf(to, "$data using (($%zu+$%zu)/2):%zu with histeps linewidth 2 dashtype %d ", x,
                x_high, y, s->dash);
        break;
    case EVAL_POINTS:
        fprintf(to,
                "$data using (($%zu+$%zu)/2):(line($%zu)):%zu:%zu:(band($%zu)):(band($%zu)) with "
                "xyerrorbars linewidth 1.6 pointtype 7 pointsize 0.5 dashtype %d ",
                x, x_high, y, x, x_high, low, high, s->dash);
        break;
    case EVAL_CELLS:
        fprintf(to,
                "$data using %zu:%zu:%zu with image notitle, \\\n     $data using "
                "%zu:%zu:(sprintf('%%.3f',$%zu)):($%zu > 0.55 ? 0xffffff : 0x222222) with labels "
                "font ',10' textcolor rgb variable notitle",
                x, y, low, x, y, low, low);
        return;
    }
    fprintf(to, "linecolor rgb '%s' notitle", s->color);
}

static void marks(FILE *to, const struct eval_figure *f, double top)
{
    for (size_t i = 0; i < f->n_marks; i++) {
        const struct eval_mark *m = &f->mark[i];
        fprintf(to,
                "set arrow %zu from %.8g, graph 0 to %.8g, graph 0.87 nohead back dashtype 3 "
                "linewidth 1.2 linecolor rgb '" GREY "'\nset label %zu ",
                i + 1, m->x, m->x, 200 + i);
        kaon_eval_gnuplot_text(to, m->text);
        fprintf(to,
                " at %.8g, graph 0.875 left rotate by 90 offset 0,0.3 font ',9' noenhanced "
                "textcolor rgb '#555555'\n",
                m->x);
    }
    (void)top;
}

static void unmark(FILE *to, const struct eval_figure *f)
{
    fprintf(to, "unset key\nunset label\n");
    if (f->n_marks)
        fprintf(to, "unset arrow\n");
}

/* Names instead of numbers at the ticks of a matrix, whose first row is on top. */
static void names(FILE *to, const struct eval_figure *f)
{
    fprintf(to, "set xrange [-0.5:%zu.5]\nset yrange [%zu.5:-0.5]\nset xtics rotate by 35 right (",
            f->n_names - 1, f->n_names - 1);
    for (int axis = 0; axis < 2; axis++) {
        for (size_t i = 0; i < f->n_names; i++) {
            fprintf(to, "%s", i ? ", " : "");
            kaon_eval_gnuplot_text(to, f->names[i]);
            fprintf(to, " %zu", i);
        }
        fprintf(to, axis ? ") noenhanced\n" : ") noenhanced\nset ytics (");
    }
    fprintf(to, "set cbrange [0:1]\nset palette defined (0 '#f7f9fc', 0.5 '#7fb2e5', 1 '#1b4f8a')\n"
                "unset colorbox\nunset grid\n");
}

static void x_names(FILE *to, const struct eval_figure *f, bool shown)
{
    fprintf(to, "set xtics (");
    for (size_t i = 0; i < f->rows; i++) {
        fprintf(to, "%s", i ? ", " : "");
        kaon_eval_gnuplot_text(to, shown ? f->x_names[i] : "");
        fprintf(to, " %zu", i);
    }
    fprintf(to, ") noenhanced\n");
}

static void panel(FILE *to, const struct eval_figure *f, size_t k, int top,
                  struct eval_canvas canvas)
{
    const struct eval_panel *p = &f->panel[k];
    const bool is_last = k + 1 == f->n_panels;
    double highest;
    place(to, f, canvas, top, p->height);
    y_range(to, f, p, &highest);
    if (f->n_names)
        names(to, f);
    functions(to, highest);
    fprintf(to, "set ylabel ");
    kaon_eval_gnuplot_text(to, p->label ? p->label : "");
    fprintf(to, " offset %s noenhanced\n", f->n_names ? "0" : "0.5");
    if (f->x_names)
        x_names(to, f, is_last);
    else if (!f->n_names)
        fprintf(to, "set format x %s\n", is_last ? "'%.6g'" : "''");
    fprintf(to, is_last ? "set xlabel XLABEL noenhanced\n" : "unset xlabel\n");
    if (p->note) {
        fprintf(to, "set label 300 ");
        kaon_eval_gnuplot_text(to, p->note);
        fprintf(to, " at graph 0.985, graph 0.1 right noenhanced front\n");
    }
    if (k == 0) {
        legend_place(to, f, canvas);
        marks(to, f, highest);
    }
    fprintf(to, "plot ");
    if (!isnan(p->level))
        fprintf(to, "%.8g with lines linewidth 1 linecolor rgb '" GREY "' notitle, \\\n     ",
                p->level);
    if (p->diagonal)
        fprintf(to, "x with lines linewidth 1 linecolor rgb '" GREY "' notitle, \\\n     ");
    /* bands first, so that they lie below */
    size_t drawn = 0;
    for (int band = 1; band >= 0; band--)
        for (size_t s = 0; s < p->n; s++)
            if ((p->series[s].style == EVAL_BAND) == band) {
                fprintf(to, "%s", drawn++ ? ", \\\n     " : "");
                draw(to, &p->series[s]);
            }
    if (!drawn)
        fprintf(to, "NaN notitle");
    if (k == 0)
        legend(to, f);
    fputc('\n', to);
    unmark(to, f);
}

void kaon_eval_figure_script(FILE *to, const struct eval_figure *f)
{
    const struct eval_canvas canvas = kaon_eval_figure_canvas(f);
    int top = heading(f);
    fprintf(to, "set encoding utf8\nset border linewidth 1.2\nset tics nomirror\n"
                "set grid xtics ytics linecolor rgb '#cccccc' linewidth 1 dashtype 1\n"
                "set format y '%%g'\nXLABEL = ");
    kaon_eval_gnuplot_text(to, f->x_label ? f->x_label : "");
    fputc('\n', to);
    if (f->log_x)
        fprintf(to, "set logscale x\n");
    if (!isnan(f->x_from) && f->x_to > f->x_from)
        fprintf(to, "set xrange [%.8g:%.8g]\n", f->x_from, f->x_to);
    lines(to, f, canvas);
    fprintf(to, "set multiplot\n");
    for (size_t p = 0; p < f->n_panels; p++) {
        panel(to, f, p, top, canvas);
        top += f->panel[p].height + GAP;
    }
    fprintf(to, "unset multiplot\n");
}
