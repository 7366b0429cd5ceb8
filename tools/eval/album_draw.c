#include "tools/eval/album.h"

#include "tools/cli/atomic.h"
#include "tools/cli/interrupt.h"
#include "tools/eval/figure_script.h"
#include "tools/eval/gnuplot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Terminals of gnuplot. Text is taken as it is: names of models and files come from outside. */
static const struct format {
    const char *extension, *terminal, *unit;
    double scale; /* of a point of the screen in its unit */
} formats[] = {
    { "svg", "svg noenhanced font 'DejaVu Sans,12' linewidth 1 background 'white'", "", 1 },
    { "png", "pngcairo noenhanced font 'DejaVu Sans,12' linewidth 1", "", 1 },
    { "pdf", "pdfcairo noenhanced font 'DejaVu Sans,12' fontscale 0.9 linewidth 1.2", "in",
      1.0 / 96 },
};
enum { SVG, N_FORMATS = sizeof formats / sizeof *formats };

const char *kaon_eval_figure_format(size_t index)
{
    return index < N_FORMATS ? formats[index].extension : NULL;
}

struct drawing {
    struct eval_album *album;
    const struct kaon_say *say;
    bool off; /* no gnuplot, or it failed once: data only */
};

static enum kaon_status no_memory(struct kaon_msg *msg)
{
    return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

static const char *path_of(struct eval_album *a, const struct eval_figure *f, const char *extension)
{
    return kaon_eval_pool_format(&a->e->pool, "%s/%s.%s", a->e->settings.out, f->stem, extension);
}

static bool wanted(const struct eval_settings *s, const char *extension)
{
    for (size_t i = 0; i < s->n_formats; i++)
        if (!strcmp(s->formats[i], extension))
            return true;
    return s->n_formats == 0;
}

static enum kaon_status write_data(struct eval_album *a, const struct eval_figure *f,
                                   struct kaon_msg *msg)
{
    struct kaon_atomic file = { 0 };
    const char *path = path_of(a, f, "csv");
    enum kaon_status status =
        path ? kaon_atomic_open(&file, path, a->e->settings.force, msg) : no_memory(msg);
    if (status)
        return status;
    kaon_eval_figure_csv(file.file, f);
    status = kaon_atomic_commit(&file, msg);
    return status ? status : kaon_eval_add_file(a->e, path, msg);
}

/* ---- one figure ------------------------------------------------------------------------------ */

/* The pictures of a figure in progress: each a file that gets its name when all are drawn. */
struct canvas {
    struct kaon_atomic file[N_FORMATS];
    const char *path[N_FORMATS];
};

static enum kaon_status begin_files(struct drawing *d, const struct eval_figure *f,
                                    struct canvas *c, struct kaon_msg *msg)
{
    const struct eval_settings *s = &d->album->e->settings;
    enum kaon_status status = KAON_OK;
    for (size_t k = 0; !status && s->out && k < N_FORMATS; k++) {
        if (!wanted(s, formats[k].extension))
            continue;
        c->path[k] = path_of(d->album, f, formats[k].extension);
        status =
            c->path[k] ? kaon_atomic_open(&c->file[k], c->path[k], s->force, msg) : no_memory(msg);
        if (!status && k != SVG) /* the SVG comes back to us */
            status = kaon_atomic_detach(&c->file[k], msg);
    }
    return status;
}

static void write_script(FILE *to, const struct eval_figure *f, const struct canvas *c)
{
    const struct eval_canvas size = kaon_eval_figure_canvas(f);
    kaon_eval_figure_data(to, f);
    for (size_t k = 0; k < N_FORMATS; k++) {
        const struct format *format = &formats[k];
        if (k != SVG && !c->path[k])
            continue;
        fprintf(to, "reset\nset terminal %s size %g%s,%g%s", format->terminal,
                size.width * format->scale, format->unit, size.height * format->scale,
                format->unit);
        if (k == SVG) { /* names within it, which differ from those of others in a page */
            fprintf(to, " name ");
            kaon_eval_gnuplot_text(to, f->stem);
        }
        fputc('\n', to);
        if (k != SVG) {
            fprintf(to, "set output ");
            kaon_eval_gnuplot_text(to, c->file[k].temporary);
            fputc('\n', to);
        }
        kaon_eval_figure_script(to, f);
        fprintf(to, "unset output\n");
    }
}

/* The time in a PDF, which would make every two differ, becomes the same in all: cairo of Debian 12
 * knows no other way. Where there is none, nothing is changed. */
static void forget_time(const char *path)
{
    static const char before[] = "/CreationDate (D:", time[] = "20000101000000";
    FILE *file = fopen(path, "r+b");
    size_t matched = 0;
    int c;
    while (file && matched < sizeof before - 1 && (c = getc(file)) != EOF)
        matched = c == before[matched] ? matched + 1 : c == before[0];
    if (file && matched == sizeof before - 1 && fseek(file, 0, SEEK_CUR) == 0)
        fwrite(time, 1, sizeof time - 1, file);
    if (file)
        fclose(file); /* a failure to write is found by the commit, which syncs */
}

static enum kaon_status commit_files(struct drawing *d, struct canvas *c, const char *svg,
                                     struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    if (c->path[SVG])
        fputs(svg, c->file[SVG].file);
    for (size_t k = 0; !status && k < N_FORMATS; k++) {
        if (!c->path[k])
            continue;
        if (!strcmp(formats[k].extension, "pdf"))
            forget_time(c->file[k].temporary);
        status = kaon_atomic_commit(&c->file[k], msg);
        if (!status)
            status = kaon_eval_add_file(d->album->e, c->path[k], msg);
    }
    return status;
}

/* A picture that cannot be drawn is a warning: its data is there. */
static enum kaon_status draw(struct drawing *d, struct eval_picture *p, struct kaon_msg *msg)
{
    struct canvas canvas = { .path = { NULL } };
    struct eval_gnuplot gnuplot = { NULL };
    struct kaon_msg why = { "" };
    bool missing = false;
    enum kaon_status status = begin_files(d, &p->figure, &canvas, msg);
    if (!status)
        status = kaon_eval_gnuplot_begin(&gnuplot, msg);
    if (!status) {
        write_script(gnuplot.script, &p->figure, &canvas);
        if (kaon_eval_gnuplot_run(&gnuplot, &p->svg, &missing, &why)) {
            d->off = true;
            kaon_say_warning(d->say, "%s; pictures are left out, their data is in the CSV files",
                             missing ? "gnuplot is not installed" : why.text);
        } else {
            status = commit_files(d, &canvas, p->svg, msg);
        }
    }
    for (size_t k = 0; k < N_FORMATS; k++)
        kaon_atomic_abandon(&canvas.file[k]);
    return status;
}

enum kaon_status kaon_eval_album_draw(struct eval_album *a, const struct kaon_say *say,
                                      struct kaon_msg *msg)
{
    struct drawing d = { a, say, a->e->settings.no_plots };
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; !status && i < a->n && !kaon_interrupted(); i++) {
        if (a->e->settings.out)
            status = write_data(a, &a->picture[i]->figure, msg);
        if (!status && !d.off)
            status = draw(&d, a->picture[i], msg);
    }
    return status;
}
