#include "tools/eval/print.h"

#include "tools/cli/utf8.h"
#include "tools/eval/measured.h"

#include "tools/eval/print_part.h"
#include "tools/eval/sweep.h"
#include "tools/eval/warnings.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CELL = 33 }; /* "353.5 ± 1.8e+02  [215.7, 579.6]" and two blanks */

void kaon_eval_print_cell(struct kaon_out *out, const char *text, int width)
{
    const int space = width - kaon_utf8_width(text);
    kaon_out_name(out, text);
    kaon_out_printf(out, "%*s", space > 0 ? space : 1, "");
}

/* S / (S + ...) */
static void print_ratio(struct kaon_out *out, const struct eval_spec *spec,
                        const struct eval_discriminant *d)
{
    kaon_out_printf(out, "\n  %s: ", d->name);
    kaon_out_name(out, spec->class[d->signal].text);
    kaon_out_printf(out, ", p_%s / (p_%s", spec->class[d->signal].letter,
                    spec->class[d->signal].letter);
    for (size_t c = 0; c < spec->n_classes; c++)
        if (d->fraction[c] > 0)
            kaon_out_printf(out, " + p_%s", spec->class[c].letter);
    kaon_out_printf(out, ")\n");
}

static void print_fractions(struct kaon_out *out, const struct eval_spec *spec,
                            const struct eval_discriminant *d)
{
    const char *between = "";
    if (d->formula == EVAL_RATIO) {
        print_ratio(out, spec, d);
        return;
    }
    kaon_out_printf(out, "\n  %s: ", d->name);
    kaon_out_name(out, spec->class[d->signal].text);
    kaon_out_printf(out, " with ");
    for (size_t c = 0; c < spec->n_classes; c++)
        if (c != d->signal && spec->class[c].probability >= 0) {
            kaon_out_printf(out, "%sf_%s = %g", between, spec->class[c].letter, d->fraction[c]);
            between = ", ";
        }
    kaon_out_printf(out, "\n");
}

static void print_areas(struct kaon_out *out, const struct eval_spec *spec,
                        const struct eval_judged *j)
{
    kaon_out_printf(out, "  %-18s", "AUC");
    for (size_t c = 0; c < spec->n_classes; c++)
        if (kaon_eval_judged_background(j, c)) {
            char text[32];
            snprintf(text, sizeof text, "%.4f", j->auc[c]);
            kaon_eval_print_cell(out, text, CELL);
        }
    kaon_out_printf(out, "\n");
}

/* CMS counts what is mistaken, ATLAS what is rejected. */
static void print_mistag(struct kaon_out *out, const struct eval_passing *p)
{
    char text[96];
    double low, high;
    const double share = p->weight > 0 ? p->weight_passed / p->weight : 0;
    kaon_eval_wilson(share * p->effective, p->effective, 1, &low, &high);
    snprintf(text, sizeof text, "%.4g ± %.2g %%  [%.4g, %.4g]", 100 * share,
             100 * sqrt(fmax(0, share * (1 - share)) / p->effective), 100 * low, 100 * high);
    kaon_eval_print_cell(out, text, CELL);
}

static void print_rejection(struct kaon_out *out, const struct eval_rejection *r)
{
    char text[96];
    kaon_eval_measured_text(text, sizeof text, r);
    kaon_eval_print_cell(out, text, CELL);
}

static void print_background(struct kaon_out *out, const struct eval_judged *j,
                             const struct eval_working_point *w, size_t c)
{
    if (j->of->formula == EVAL_RATIO)
        print_mistag(out, &w->passing[c]);
    else
        print_rejection(out, &w->rejection[c]);
}

static void print_points(struct kaon_out *out, const struct eval_spec *spec,
                         const struct eval_judged *j)
{
    kaon_out_printf(out, "  efficiency  cut   ");
    for (size_t c = 0; c < spec->n_classes; c++)
        if (kaon_eval_judged_background(j, c))
            kaon_eval_print_cell(out, spec->class[c].text, CELL);
    kaon_out_printf(out, "\n");
    for (size_t i = 0; i < j->of->n_points; i++) {
        kaon_out_printf(out, "  %5.4g %%  %8.3f  ", 100 * j->point[i].wanted, j->point[i].cut);
        for (size_t c = 0; c < spec->n_classes; c++)
            if (kaon_eval_judged_background(j, c))
                print_background(out, j, &j->point[i], c);
        kaon_out_printf(out, "\n");
    }
}

/* Working points that are no signal efficiencies: what they keep of the signal comes first. */
static void print_specials(struct kaon_out *out, const struct eval_spec *spec,
                           const struct eval_judged *j)
{
    for (size_t i = 0; i < j->of->n_specials; i++) {
        const struct eval_passing *p = &j->special[i].passing[j->of->signal];
        const double share = p->weight > 0 ? p->weight_passed / p->weight : NAN;
        kaon_out_printf(out, "  %5.4g %%  %8.3f  ", 100 * share, j->special[i].cut);
        for (size_t c = 0; c < spec->n_classes; c++)
            if (kaon_eval_judged_background(j, c))
                print_background(out, j, &j->special[i], c);
        kaon_out_name(out, j->of->special[i].name);
        kaon_out_printf(out, "\n");
    }
}

static void print_entry(struct kaon_out *out, const struct evaluation *e,
                        const struct eval_entry *entry)
{
    const struct eval_spec *spec = &entry->spec;
    struct eval_warning w;
    char digest[EVAL_DIGEST_TEXT];
    kaon_eval_digest_text(&entry->digest, digest);
    kaon_out_name(out, entry->label);
    kaon_out_printf(out, "  ");
    kaon_out_name(out, spec->title);
    kaon_out_printf(out, "\n  %" PRIu64 " jets (", entry->scores.rows);
    kaon_out_name(out, entry->sample_text);
    kaon_out_printf(out, "), %" PRIu64 " selected:", entry->scores.selected);
    for (size_t c = 0; c < spec->n_classes; c++) {
        kaon_out_printf(out, "%s %" PRIu64 " ", c ? "," : "", entry->scores.class_count[c]);
        kaon_out_name(out, spec->class[c].text);
    }
    if (entry->derived)
        kaon_out_printf(out, "\n");
    else if (spec->stored)
        kaon_out_printf(out, "\n  scores from the file\n");
    else if (!entry->isa)
        kaon_out_printf(out, "\n  joined from shards\n");
    else
        kaon_out_printf(out, "\n  %.0f jets/s on %zu thread%s, %s; %.2f s and %.2f s to prepare\n",
                        (double)entry->scores.rows / entry->run_seconds, e->settings.threads,
                        e->settings.threads == 1 ? "" : "s", entry->isa, entry->run_seconds,
                        entry->prepare_seconds);
    if (entry->derived)
        kaon_eval_print_derived(out, entry->derived);
    else
        kaon_out_printf(out, "  digest of the outputs %s\n", digest);
    for (size_t k = 0; kaon_eval_warning(entry, k, &w); k++) {
        kaon_out_printf(out, "  note: ");
        kaon_out_name(out, w.text);
        kaon_out_printf(out, "\n");
    }
    for (size_t i = 0; i < spec->n_discriminants; i++) {
        print_fractions(out, spec, &spec->discriminant[i]);
        if (entry->judged[i].n[spec->discriminant[i].signal] == 0) {
            kaon_out_printf(out, "  no jet of the signal\n");
            continue;
        }
        print_points(out, spec, &entry->judged[i]);
        print_specials(out, spec, &entry->judged[i]);
        print_areas(out, spec, &entry->judged[i]);
        kaon_eval_print_scan(out, spec, &entry->judged[i], &entry->scan[i]);
    }
    if (e->settings.details)
        kaon_eval_print_details(out, entry);
    kaon_out_printf(out, "\n");
}

/* Length of a path without its extension. */
static size_t stem(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && !strchr(dot, '/') ? (size_t)(dot - path) : strlen(path);
}

/* A line a stem: "roc_D_b.csv, .svg, .png". */
static void print_files(struct kaon_out *out, const struct evaluation *e)
{
    for (size_t i = 0; i < e->n_files; i++) {
        const char *path = e->file[i], *last = i ? e->file[i - 1] : "";
        const size_t length = stem(path);
        if (i && length == stem(last) && !strncmp(path, last, length)) {
            kaon_out_printf(out, ", %s", path + length);
            continue;
        }
        kaon_out_printf(out, i ? "\n         " : "Written: ");
        kaon_out_name(out, path);
    }
    if (e->n_files)
        kaon_out_printf(out, "\n");
}

void kaon_eval_print(struct kaon_out *out, const struct evaluation *e)
{
    for (size_t i = 0; i < e->n; i++)
        print_entry(out, e, &e->entry[i]);
    kaon_eval_print_comparisons(out, e);
    kaon_eval_print_sweep(out, e);
    kaon_out_printf(out, "Rejection = 1 / efficiency of D > cut, with binomial error and Wilson's "
                         "interval of 68.27 %%.\n");
    print_files(out, e);
}
