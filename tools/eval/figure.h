/* A figure: columns of numbers, and panels in which series are drawn from them. The columns are also the
 * data that lies beside the picture.
 *
 * Everything is taken from the figure's pool. Without memory functions do nothing from then on and
 * `failed` is set: it is asked for once, when the figure is written. */
#ifndef KAON_TOOLS_EVAL_FIGURE_H
#define KAON_TOOLS_EVAL_FIGURE_H

#include "tools/eval/pool.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    EVAL_MOST_COLUMNS = 512,
    EVAL_MOST_PANELS = 16,
    EVAL_MOST_LINES = 10,
    EVAL_MOST_KEYS = 40,
    EVAL_MOST_MARKS = 40,
};

enum eval_style {
    EVAL_LINE,   /* y over x; ends where y is infinite */
    EVAL_BAND,   /* between low and high, over x */
    EVAL_STEPS,  /* y in bins from x to x_high */
    EVAL_POINTS, /* y with its error low .. high, in bins from x to x_high */
    EVAL_CELLS,  /* a cell at column x, row y, coloured and labelled by its value `low` of 0 to 1 */
};

/* Columns are indices of the figure's. */
struct eval_series {
    enum eval_style style;
    size_t x, x_high, y, low, high;
    const char *color;
    int dash; /* of gnuplot: 1 is solid */
};

struct eval_panel {
    const char *label; /* of its y axis */
    const char *note;  /* in its corner, or NULL */
    bool log_y;
    double from, to; /* of y; NAN: by the data */
    int height;      /* in points of the screen */
    double level;    /* of a grey line across; NAN: none */
    bool diagonal;   /* a grey line where y is x */
    struct eval_series *series;
    size_t n, room;
};

/* An entry of the legend: a line of that colour and dash. */
struct eval_key {
    const char *text, *color;
    int dash;
};

/* A broken line upwards at x, with a text beside it. */
struct eval_mark {
    double x;
    const char *text;
};

struct eval_values {
    const char *name;
    double *value;
};

struct eval_figure {
    struct eval_pool *pool;
    const char *stem;    /* of its files: "roc_D_b" */
    const char *title;   /* for a page of figures */
    const char *section; /* where it stands there: the name of a discriminant or of a model */
    const char *line[EVAL_MOST_LINES];
    size_t n_lines;
    const char *x_label;
    bool log_x;
    double x_from, x_to;      /* NAN: by the data */
    const char *const *names; /* of the columns and rows of cells, NULL: there are none */
    size_t n_names;
    const char *const *x_names; /* of x = 0, 1 ... a name a row, instead of numbers; or NULL */
    size_t rows;
    struct eval_values *column;
    size_t n_columns;
    struct eval_panel panel[EVAL_MOST_PANELS];
    size_t n_panels;
    struct eval_key key[EVAL_MOST_KEYS];
    size_t n_keys;
    struct eval_mark mark[EVAL_MOST_MARKS];
    size_t n_marks;
    bool failed;
};

/* Begins a figure of columns with so many rows; its pool must stay. */
void kaon_eval_figure_begin(struct eval_figure *f, struct eval_pool *pool, size_t rows);

/* Adds a column and returns its values, to be filled; NULL without memory. Its index is n_columns - 1. */
double *kaon_eval_figure_column(struct eval_figure *f, const char *name, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds a line above the panels. */
void kaon_eval_figure_line(struct eval_figure *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds a panel below those there are. Never NULL; where there is no room it is the last. */
struct eval_panel *kaon_eval_figure_panel(struct eval_figure *f, const char *label, int height);

void kaon_eval_figure_series(struct eval_figure *f, struct eval_panel *panel,
                             struct eval_series series);
void kaon_eval_figure_key(struct eval_figure *f, const char *text, const char *color, int dash);
void kaon_eval_figure_mark(struct eval_figure *f, double x, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The k-th of the dashes that tell series of one colour apart. */
int kaon_eval_dash(size_t k);

/* The k-th of the colours that tell series apart. */
const char *kaon_eval_color(size_t k);

#endif
