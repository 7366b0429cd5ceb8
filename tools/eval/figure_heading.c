/* What the figures of an evaluation have in common: the lines above, colours and legend. */
#include "tools/eval/album.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TEXT = 512 };

void kaon_eval_fractions_text(const struct eval_curve *curve, char *text, size_t room)
{
    const struct eval_spec *spec = &curve->entry->spec;
    const struct eval_discriminant *d = curve->judged->of;
    size_t at = (size_t)snprintf(text, room, "%s", d->name);
    const char *between = " with ";
    if (d->formula == EVAL_RATIO) {
        at += (size_t)snprintf(text + at, room - at, " = %s / (%s", spec->class[d->signal].letter,
                               spec->class[d->signal].letter);
        for (size_t c = 0; c < spec->n_classes && at < room; c++)
            if (c != d->signal && d->fraction[c] > 0)
                at += (size_t)snprintf(text + at, room - at, " + %s", spec->class[c].letter);
        if (at < room)
            snprintf(text + at, room - at, ")");
        return;
    }
    for (size_t c = 0; c < spec->n_classes && at < room; c++)
        if (c != d->signal && spec->class[c].probability >= 0) {
            at += (size_t)snprintf(text + at, room - at, "%sf_%s = %g", between,
                                   spec->class[c].letter, d->fraction[c]);
            between = ", ";
        }
}

/* Whether all models have the same fractions, so that one line says them. */
static bool agree(const struct eval_group *g)
{
    char first[TEXT], other[TEXT];
    kaon_eval_fractions_text(&g->curve[0], first, sizeof first);
    for (size_t m = 1; m < g->n; m++) {
        kaon_eval_fractions_text(&g->curve[m], other, sizeof other);
        if (strcmp(first, other))
            return false;
    }
    return true;
}

void kaon_eval_heading_entry(struct eval_figure *f, const struct eval_entry *entry)
{
    const struct eval_spec *spec = &entry->spec;
    char text[TEXT] = "";
    size_t at = 0;
    kaon_eval_figure_line(f, "%s", entry->sample_text);
    for (size_t c = 0; c < spec->n_classes && at < sizeof text; c++)
        if (entry->scores.class_count[c] > 0)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%" PRIu64 " %s", at ? ", " : "",
                                   entry->scores.class_count[c], spec->class[c].text);
    kaon_eval_figure_line(f, "%s%s", text, spec->n_selection > 0 ? " (after selection)" : "");
}

void kaon_eval_heading(struct eval_figure *f, const struct eval_group *g)
{
    char text[TEXT];
    const bool one_line = agree(g);
    kaon_eval_heading_entry(f, g->curve[0].entry);
    for (size_t m = 0; m < (one_line ? 1 : g->n); m++) {
        kaon_eval_fractions_text(&g->curve[m], text, sizeof text);
        if (one_line && g->n > 1)
            kaon_eval_figure_line(f, "%s", text);
        else
            kaon_eval_figure_line(f, "%s: %s", g->curve[m].entry->label, text);
    }
}

bool kaon_eval_is_background(const struct eval_group *g, size_t k)
{
    return strcmp(g->class[k] -> name, g -> signal) != 0;
}

const char *kaon_eval_series_color(const struct eval_group *g, size_t m, size_t k)
{
    return g->n == 1 ? g->class[k]->color : kaon_eval_color(m);
}

int kaon_eval_series_dash(const struct eval_group *g, size_t background)
{
    return g->n == 1 ? 1 : kaon_eval_dash(background);
}

void kaon_eval_legend(struct eval_figure *f, const struct eval_group *g)
{
    for (size_t m = 0; g->n > 1 && m < g->n; m++)
        kaon_eval_figure_key(f, g->curve[m].entry->label, kaon_eval_color(m), 1);
    for (size_t k = 0, b = 0; k < g->n_classes; k++)
        if (kaon_eval_is_background(g, k)) {
            kaon_eval_figure_key(f, g->class[k] -> text,
                                 g -> n > 1 ? "#000000" : kaon_eval_series_color(g, 0, k),
                                 kaon_eval_series_dash(g, b));
            b++;
        }
}

void kaon_eval_legend_of_classes(struct eval_figure *f, const struct eval_group *g)
{
    for (size_t k = 0; k < g->n_classes; k++)
        kaon_eval_figure_key(f, g->class[k] -> text, g -> class[k] -> color, 1);
    for (size_t m = 0; g->n > 1 && m < g->n; m++)
        kaon_eval_figure_key(f, g->curve[m].entry->label, "#000000", kaon_eval_dash(m));
}

const char *kaon_eval_signal_text(const struct eval_group *g)
{
    for (size_t k = 0; k < g->n_classes; k++)
        if (!kaon_eval_is_background(g, k))
            return g->class[k]->text;
    return g->signal;
}
