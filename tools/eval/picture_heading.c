#include "tools/eval/picture.h"

#include "tools/eval/gnuplot.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { LINE = 19, TOP = 20 }; /* points */
enum { TEXT = 512 };

static void line(FILE *to, int number, int height, const char *text)
{
    fprintf(to, "set label %d ", number);
    kaon_eval_gnuplot_text(to, text);
    fprintf(to, " at screen 0.02, screen %.4f left noenhanced front\n",
            1 - (double)(TOP + LINE * (number - 1)) / height);
}

/* "D_b with f_c = 0.2, f_u = 0.79". */
static void fractions(const struct eval_curve *curve, char *text, size_t room)
{
    const struct eval_spec *spec = &curve->entry->spec;
    const struct eval_discriminant *d = curve->judged->of;
    size_t at = (size_t)snprintf(text, room, "%s", d->name);
    const char *between = " with ";
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
    fractions(&g->curve[0], first, sizeof first);
    for (size_t m = 1; m < g->n; m++) {
        fractions(&g->curve[m], other, sizeof other);
        if (strcmp(first, other))
            return false;
    }
    return true;
}

static void numbers(const struct eval_group *g, char *text, size_t room)
{
    const struct eval_spec *spec = &g->curve[0].entry->spec;
    size_t at = 0;
    text[0] = '\0';
    for (size_t c = 0; c < spec->n_classes && at < room; c++)
        if (g->curve[0].judged->n[c] > 0)
            at += (size_t)snprintf(text + at, room - at, "%s%" PRIu64 " %s", at ? ", " : "",
                                   g->curve[0].judged->n[c], spec->class[c].text);
    if (at < room && spec->n_selection > 0)
        snprintf(text + at, room - at, " (after selection)");
}

int kaon_eval_heading_height(const struct eval_group *g)
{
    return TOP + LINE * (2 + (agree(g) ? 1 : (int)g->n)) - 4;
}

void kaon_eval_heading(FILE *script, const struct eval_group *g, int height)
{
    char text[TEXT], labelled[TEXT + 80];
    const bool one_line = agree(g);
    int number = 1;
    line(script, number++, height, g->curve[0].entry->sample_text);
    numbers(g, text, sizeof text);
    line(script, number++, height, text);
    for (size_t m = 0; m < (one_line ? 1 : g->n); m++) {
        fractions(&g->curve[m], text, sizeof text);
        snprintf(labelled, sizeof labelled, "%s: %s", g->curve[m].entry->label, text);
        line(script, number++, height, one_line && g->n > 1 ? text : labelled);
    }
}
