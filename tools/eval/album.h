/* All figures of an evaluation: made from what was judged, then written and drawn. */
#ifndef KAON_TOOLS_EVAL_ALBUM_H
#define KAON_TOOLS_EVAL_ALBUM_H

#include "tools/cli/say.h"
#include "tools/eval/figure.h"
#include "tools/eval/group.h"

struct eval_picture {
    struct eval_figure figure;
    char *svg; /* as drawn, for a page; NULL: not drawn. Freed with the album */
};

struct eval_album {
    struct evaluation *e;
    struct eval_picture **picture;
    size_t n;
    struct eval_group *group; /* one a discriminant of any model that has jets of its signal */
    size_t n_groups;
    bool failed; /* memory ran out */
};

/* Kinds of figures, by name: what --plots takes. NULL past the last. */
const char *kaon_eval_figure_kind(size_t index);

/* Formats of pictures: what --plot-formats takes. NULL past the last. */
const char *kaon_eval_figure_format(size_t index);

/* Makes the figures of the kinds that the settings name. */
enum kaon_status kaon_eval_album_make(struct eval_album *album, struct evaluation *e,
                                      struct kaon_msg *msg);

/* Draws them, keeps the SVG of each, and with an output folder writes the pictures in the formats that
 * the settings name and their data. Without gnuplot there is a warning and the data alone. */
enum kaon_status kaon_eval_album_draw(struct eval_album *album, const struct kaon_say *say,
                                      struct kaon_msg *msg);

void kaon_eval_album_close(struct eval_album *album);

/* ---- for kinds of figures -------------------------------------------------------------------- */

/* Adds a figure of that many rows; NULL without memory. */
struct eval_figure *kaon_eval_album_add(struct eval_album *album, size_t rows, const char *stem,
                                        ...) __attribute__((format(printf, 3, 4)));

/* A kind of figure makes its figures of one discriminant, which models share, or of one model. */
typedef void kaon_eval_group_figures_fn(struct eval_album *album, const struct eval_group *group);
typedef void kaon_eval_entry_figures_fn(struct eval_album *album, struct eval_entry *entry);

kaon_eval_group_figures_fn kaon_eval_figures_roc, kaon_eval_figures_mistag,
    kaon_eval_figures_discriminant, kaon_eval_figures_binned, kaon_eval_figures_integrated,
    kaon_eval_figures_precision;
kaon_eval_entry_figures_fn kaon_eval_figures_probability, kaon_eval_figures_confusion,
    kaon_eval_figures_calibration, kaon_eval_figures_entropy, kaon_eval_figures_cascade,
    kaon_eval_figures_scan, kaon_eval_figures_origin, kaon_eval_figures_vertex;

/* The lines above a figure of a group: sample, jets of each class, discriminant and fractions of each
 * model. Above a figure of an entry: sample and jets. */
void kaon_eval_heading(struct eval_figure *f, const struct eval_group *group);
void kaon_eval_heading_entry(struct eval_figure *f, const struct eval_entry *entry);

/* "D_b with f_c = 0.2, f_u = 0.79". */
void kaon_eval_fractions_text(const struct eval_curve *curve, char *text, size_t room);

/* Models are told apart by colour and classes by dashes if there are several models, else classes by
 * their own colours. */
const char *kaon_eval_series_color(const struct eval_group *g, size_t model, size_t class);
int kaon_eval_series_dash(const struct eval_group *g, size_t background);
bool kaon_eval_is_background(const struct eval_group *g, size_t class);

/* The legend of such series: an entry a model if there are several, then one a background. */
void kaon_eval_legend(struct eval_figure *f, const struct eval_group *g);

/* An entry a class by its colour, and one a model by its dash if there are several. */
void kaon_eval_legend_of_classes(struct eval_figure *f, const struct eval_group *g);

/* The text of the signal. */
const char *kaon_eval_signal_text(const struct eval_group *g);

#endif
