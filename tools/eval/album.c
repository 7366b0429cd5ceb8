#include "tools/eval/album.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the order of a page: what matters most first. One of the functions is set. */
static const struct kind {
    const char *name;
    kaon_eval_group_figures_fn *group;
    kaon_eval_entry_figures_fn *entry;
} kinds[] = {
    { "roc", kaon_eval_figures_roc, NULL },
    { "mistag", kaon_eval_figures_mistag, NULL },
    { "discriminant", kaon_eval_figures_discriminant, NULL },
    { "efficiency", kaon_eval_figures_binned, NULL },
    { "integrated", kaon_eval_figures_integrated, NULL },
    { "precision", kaon_eval_figures_precision, NULL },
    { "scan", NULL, kaon_eval_figures_scan },
    { "cascade", NULL, kaon_eval_figures_cascade },
    { "probability", NULL, kaon_eval_figures_probability },
    { "confusion", NULL, kaon_eval_figures_confusion },
    { "calibration", NULL, kaon_eval_figures_calibration },
    { "entropy", NULL, kaon_eval_figures_entropy },
    { "origin", NULL, kaon_eval_figures_origin },
    { "vertex", NULL, kaon_eval_figures_vertex },
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

const char *kaon_eval_figure_kind(size_t index)
{
    return index < N_KINDS ? kinds[index].name : NULL;
}

struct eval_figure *kaon_eval_album_add(struct eval_album *a, size_t rows, const char *stem, ...)
{
    char text[200];
    va_list args;
    struct eval_picture **more = realloc(a->picture, (a->n + 1) * sizeof *more);
    struct eval_picture *p = kaon_eval_pool_take(&a->e->pool, 1, sizeof *p);
    a->picture = more ? more : a->picture;
    if (!more || !p) {
        a->failed = true;
        return NULL;
    }
    va_start(args, stem);
    vsnprintf(text, sizeof text, stem, args);
    va_end(args);
    kaon_eval_figure_begin(&p->figure, &a->e->pool, rows);
    p->figure.stem = kaon_eval_pool_text(&a->e->pool, text);
    p->figure.failed = p->figure.failed || !p->figure.stem;
    a->picture[a->n++] = p;
    return &p->figure;
}

/* Whether --plots names it, or names nothing. */
static bool wanted(const struct eval_settings *s, const char *kind)
{
    for (size_t i = 0; i < s->n_plots; i++)
        if (!strcmp(s->plots[i], kind))
            return true;
    return s->n_plots == 0;
}

static bool is_first(const struct evaluation *e, size_t i, size_t d)
{
    const char *name = e->entry[i].spec.discriminant[d].name;
    for (size_t k = 0; k < i; k++)
        for (size_t j = 0; j < e->entry[k].spec.n_discriminants; j++)
            if (!strcmp(e->entry[k].spec.discriminant[j].name, name))
                return false;
    return true;
}

/* The discriminants of any model that has jets of its signal, each once. */
static void find_groups(struct eval_album *a)
{
    struct evaluation *e = a->e;
    size_t most = 0;
    for (size_t i = 0; i < e->n; i++)
        most += e->entry[i].spec.n_discriminants;
    a->group = kaon_eval_pool_take(&e->pool, most + 1, sizeof *a->group);
    a->failed = !a->group;
    for (size_t i = 0; i < e->n; i++)
        for (size_t d = 0; !a->failed && d < e->entry[i].spec.n_discriminants; d++) {
            struct eval_group *g = &a->group[a->n_groups];
            if (!is_first(e, i, d))
                continue;
            a->failed = !kaon_eval_group(g, e, e->entry[i].spec.discriminant[d].name);
            a->n_groups += g->n > 0;
        }
}

/* The figures from `first` on belong to a section of the page. */
static void put_in(struct eval_album *a, size_t first, const char *section)
{
    for (size_t i = first; i < a->n; i++)
        a->picture[i]->figure.section = section;
}

static void make(struct eval_album *a, const struct kind *kind)
{
    for (size_t i = 0; kind->group && i < a->n_groups; i++) {
        const size_t first = a->n;
        kind->group(a, &a->group[i]);
        put_in(a, first, a->group[i].name);
    }
    for (size_t i = 0; kind->entry && i < a->e->n; i++) {
        const size_t first = a->n;
        kind->entry(a, &a->e->entry[i]);
        put_in(a, first, a->e->entry[i].label);
    }
}

enum kaon_status kaon_eval_album_make(struct eval_album *a, struct evaluation *e,
                                      struct kaon_msg *msg)
{
    *a = (struct eval_album){ .e = e };
    find_groups(a);
    for (size_t k = 0; k < N_KINDS && !a->failed; k++)
        if (wanted(&e->settings, kinds[k].name))
            make(a, &kinds[k]);
    for (size_t i = 0; i < a->n; i++)
        a->failed = a->failed || a->picture[i]->figure.failed;
    return a->failed ? kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory") : KAON_OK;
}

void kaon_eval_album_close(struct eval_album *a)
{
    for (size_t i = 0; i < a->n; i++)
        free(a->picture[i]->svg);
    free(a->picture);
    *a = (struct eval_album){ .n = 0 };
}
