#include "tools/eval/figure.h"

#include "tools/eval/category.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT = 512 };

void kaon_eval_figure_begin(struct eval_figure *f, struct eval_pool *pool, size_t rows)
{
    *f = (struct eval_figure){
        .pool = pool, .rows = rows, .x_from = NAN, .x_to = NAN, .stem = "", .title = ""
    };
    f->column = kaon_eval_pool_take(pool, EVAL_MOST_COLUMNS, sizeof *f->column);
    f->failed = !f->column;
}

static const char *keep(struct eval_figure *f, const char *format, va_list args)
{
    char text[TEXT];
    vsnprintf(text, sizeof text, format, args);
    const char *kept = kaon_eval_pool_text(f->pool, text);
    f->failed = f->failed || !kept;
    return kept;
}

double *kaon_eval_figure_column(struct eval_figure *f, const char *name, ...)
{
    va_list args;
    if (f->failed || f->n_columns == EVAL_MOST_COLUMNS) {
        f->failed = true;
        return NULL;
    }
    struct eval_values *c = &f->column[f->n_columns++];
    va_start(args, name);
    c->name = keep(f, name, args);
    va_end(args);
    c->value = kaon_eval_pool_take(f->pool, f->rows + 1, sizeof *c->value);
    f->failed = f->failed || !c->value;
    return f->failed ? NULL : c->value;
}

void kaon_eval_figure_line(struct eval_figure *f, const char *format, ...)
{
    va_list args;
    if (f->n_lines == EVAL_MOST_LINES)
        return;
    va_start(args, format);
    f->line[f->n_lines++] = keep(f, format, args);
    va_end(args);
}

struct eval_panel *kaon_eval_figure_panel(struct eval_figure *f, const char *label, int height)
{
    if (f->n_panels < EVAL_MOST_PANELS)
        f->n_panels++;
    struct eval_panel *p = &f->panel[f->n_panels - 1];
    *p = (struct eval_panel){
        .label = label, .height = height, .from = NAN, .to = NAN, .level = NAN
    };
    return p;
}

void kaon_eval_figure_series(struct eval_figure *f, struct eval_panel *p, struct eval_series series)
{
    if (p->n == p->room) {
        const size_t room = 2 * p->room + 8;
        struct eval_series *more = kaon_eval_pool_take(f->pool, room, sizeof *more);
        if (!more) {
            f->failed = true;
            return;
        }
        if (p->n)
            memcpy(more, p->series, p->n * sizeof *more);
        p->series = more;
        p->room = room;
    }
    p->series[p->n++] = series;
}

void kaon_eval_figure_key(struct eval_figure *f, const char *text, const char *color, int dash)
{
    if (f->n_keys < EVAL_MOST_KEYS)
        f->key[f->n_keys++] = (struct eval_key){ text, color, dash };
}

void kaon_eval_figure_mark(struct eval_figure *f, double x, const char *format, ...)
{
    va_list args;
    if (f->n_marks == EVAL_MOST_MARKS)
        return;
    va_start(args, format);
    f->mark[f->n_marks++] = (struct eval_mark){ x, keep(f, format, args) };
    va_end(args);
}

int kaon_eval_dash(size_t k)
{
    static const int dashes[] = { 1, 2, 4, 3, 5 };
    return dashes[k % (sizeof dashes / sizeof *dashes)];
}

const char *kaon_eval_color(size_t k)
{
    return kaon_eval_colors[k % kaon_eval_n_colors];
}
