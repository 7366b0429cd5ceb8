/* What one evaluation of one model is made of: how its inputs are filled, what its outputs mean and
 * what is computed from them. Built from options, eval.json, the model's metadata and
 * preprocess.json, in this order of authority. */
#ifndef KAON_TOOLS_EVAL_SPEC_H
#define KAON_TOOLS_EVAL_SPEC_H

#include "tools/eval/category.h"
#include "tools/eval/cut.h"
#include "tools/eval/pool.h"
#include "tools/eval/reader.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    EVAL_MOST_CLASSES = 24,
    EVAL_MOST_PROBABILITIES = 64, /* that a tagger gives */
    EVAL_MOST_POINTS = 32,        /* working points of a discriminant */
    EVAL_MOST_DISCRIMINANTS = 12,
    EVAL_MOST_CUTS = 32,
    EVAL_MOST_FOLDS = 64,
    EVAL_MOST_SPECIALS = 16,  /* working points that are no signal efficiencies */
    EVAL_MOST_AT = 8,         /* signal efficiencies that figures in bins are made at */
    EVAL_MOST_VARIABLES = 16, /* that figures are binned in */
    EVAL_MOST_HIDDEN = 1024,  /* floats of a hidden value */
};

/* One column of an input: clamp((x + offset) * scale, lower, upper). */
struct eval_feature {
    const char *name;
    double offset, scale, lower, upper;
    float replace; /* of a value that is not finite, if such are taken */
    bool negate;   /* x is taken with the other sign, before anything else */
    bool replaces; /* they are, whatever the options say */
    float most;    /* larger values are as if not finite; 0: none are */
    float pad;     /* of a place without an entry */
    bool is_mask;  /* 1 for an entry, pad elsewhere; nothing is read */
    size_t column; /* in its set */
};

enum eval_layout {
    EVAL_ONE,     /* [1,F] or [N,F]: one entry a jet */
    EVAL_ENTRIES, /* [n,F]: the entries of one jet */
    EVAL_PADDED,  /* [N,T,F] */
    EVAL_TURNED,  /* [N,F,T] */
};

struct eval_input {
    const char *name;            /* in the model */
    const char *dataset, *valid; /* valid: NULL for one entry a jet */
    enum eval_layout layout;
    size_t most, least; /* entries a jet; most 0: all there are */
    size_t fixed;       /* T where the model fixes it, else 0 */
    bool wrap;          /* repeat the entries instead of padding */
    bool by_variable;   /* from preprocess.json: [N,F,T] */
    struct eval_feature *feature;
    size_t n_features;
    size_t set;                           /* in the query */
    const char *batch_axis, *length_axis; /* symbolic axes, NULL where fixed */
    const char *source;                   /* where fields and scales come from */
};

enum eval_output_kind {
    EVAL_OUT_PROBABILITY, /* f32, a scalar */
    EVAL_OUT_VECTOR,      /* f32 [N,K] */
    EVAL_OUT_TRACKS,      /* int8 [n] */
    EVAL_OUT_OTHER,       /* counts in the digest only */
    EVAL_OUT_INNER,       /* no output of the model but a value within: does not count there */
};

struct eval_output {
    const char *name; /* in the model */
    enum eval_output_kind kind;
    const char *published; /* of tracks: in the files that are written */
    const char *task;      /* of tracks: "TrackOrigin" */
    size_t first, count;   /* probabilities it gives */
    const char *source;    /* where its meaning comes from */
};

/* A value within the model that says how strange a jet is. */
struct eval_inner {
    const char *name; /* NULL: none was asked for */
    size_t output;    /* it is that of the specification's outputs */
    size_t width;     /* its last axis */
};

struct eval_probability {
    const char *published; /* "GN2_pb" */
    const char *class;     /* name of its class, or NULL */
    const char *field;     /* of stored scores: what it is called in the data */
    size_t number;         /* and in the query */
    size_t *sum;           /* one that is the sum of others, which come before it; NULL: is none */
    size_t n_sum;
};

struct eval_class {
    const char *name, *text, *color;
    const char *letter;                         /* "b" in f_b */
    const char *source;                         /* where its cuts come from */
    struct eval_cut select[EVAL_MOST_SELECTS];  /* a jet passes all of them */
    const char *select_text[EVAL_MOST_SELECTS]; /* as they were written */
    size_t n_selects;
    size_t number[EVAL_MOST_SELECTS]; /* of their fields in the query */
    long probability;                 /* -1: the model has none for it */
};

/* How scores are called in the files that are written. */
enum eval_naming {
    EVAL_ATLAS,   /* "<Model>_pb" */
    EVAL_WEAVER,  /* "score_b" */
    EVAL_GENERIC, /* as the model calls them */
};

/* How a discriminant is computed from the probability S of its signal and B = sum f_i p_i. */
enum eval_formula {
    EVAL_LOG,   /* log((S + e) / (B + e)) */
    EVAL_RATIO, /* S / (S + B) */
};

/* A working point that is given otherwise than by a signal efficiency. */
enum eval_special_kind {
    EVAL_AT_CUT,       /* value: D > value passes */
    EVAL_AT_REJECTION, /* value: 1 / efficiency of the classes `among` */
};

struct eval_special {
    const char *name; /* "L", "u_100" */
    enum eval_special_kind kind;
    double value;
    bool among[EVAL_MOST_CLASSES]; /* taken together */
    const char *of;                /* their names, "uds+g"; NULL of a cut */
};

struct eval_discriminant {
    const char *name;
    size_t signal; /* class */
    enum eval_formula formula;
    double fraction[EVAL_MOST_CLASSES]; /* of EVAL_RATIO: 0 or 1 */
    double epsilon;
    double point[EVAL_MOST_POINTS]; /* signal efficiencies */
    size_t n_points;
    struct eval_special special[EVAL_MOST_SPECIALS];
    size_t n_specials;
    double at[EVAL_MOST_AT]; /* signal efficiencies of figures in bins */
    size_t n_at;
    double roc_from, roc_to;
    size_t bins;
    const char *points_source;
    const char *source;
};

/* A quantity of a jet that figures are binned in, in bins [edge, next edge). */
struct eval_variable {
    const char *name;   /* "pt", in options and in metrics.json */
    const char *text;   /* "jet pT", for axes and tables */
    const char *unit;   /* "GeV"; "" if it has none */
    const char *field;  /* of `jets` */
    double scale;       /* value * scale is in the unit */
    const double *edge; /* rising, in the unit */
    size_t n_edges;     /* 0: chosen from the data */
    bool required;      /* asked for by name: a file without it is refused */
    size_t number;      /* of its field in the query, where it is read */
    long counted;       /* the set of the query whose entries it counts; -1: it is read */
};

/* --scan: a fraction that runs over a range. */
struct eval_scan_wish {
    char letter[16]; /* of its class */
    double from, to;
    size_t points; /* 0: no scan */
};

/* Tasks of tracks with their truth. */
struct eval_track_tasks {
    long origin, vertex;             /* among the outputs of tracks; -1: the model has none */
    size_t set;                      /* of the query, that holds the truth */
    size_t true_origin, true_vertex; /* columns in it */
};

struct eval_spec {
    const char *name, *title;
    const char *model_path, *config_path; /* config_path: NULL without eval.json */
    struct eval_input *input;
    size_t n_inputs;
    struct eval_output *output;
    size_t n_outputs;
    struct eval_inner logits, hidden; /* --ood-logits, --ood-hidden */
    size_t n_inner; /* floats kept of a jet for them: the energy of logits, the hidden value */
    struct eval_probability *probability;
    size_t n_probabilities;
    size_t n_given; /* of them that the tagger gives; sums of those follow */
    struct eval_class class[EVAL_MOST_CLASSES];
    size_t n_classes;
    struct eval_discriminant discriminant[EVAL_MOST_DISCRIMINANTS];
    size_t n_discriminants;
    struct eval_cut selection[EVAL_MOST_CUTS];
    size_t selection_number[EVAL_MOST_CUTS]; /* in the query */
    const char *selection_text[EVAL_MOST_CUTS], *selection_source[EVAL_MOST_CUTS];
    size_t n_selection;
    const char *weight; /* column of `jets`, or NULL */
    const char *weight_source;
    size_t weight_number;
    struct eval_variable variable[EVAL_MOST_VARIABLES];
    size_t n_variables;
    const char *fold_field; /* of `jets`; counts where there are several models */
    const char *sample, *sample_text;
    const char **data; /* files of the sample in eval.json, as paths that can be opened */
    size_t n_data;
    struct eval_track_tasks tracks;
    bool ood[EVAL_MOST_CLASSES]; /* classes that are out of distribution, by --ood-against */
    struct eval_scan_wish scan;
    size_t bootstrap; /* replicas, 0: none */
    uint64_t seed;    /* of them */
    bool puma;        /* also curves as puma draws them */
    bool batched;     /* the model takes [N,...]: N jets a call */
    bool one_a_call;  /* batched, but with room for one jet only */
    enum eval_naming naming;
    bool stored;     /* no model: the probabilities are fields of `jets` */
    bool ftag_exact; /* discriminants in the type of the scores, as atlas-ftag-tools has them */
    bool half;       /* stored scores of half precision */
    struct eval_query query;
    const char **note; /* where things came from; sentences for --verbose */
    size_t n_notes;
    struct eval_pool pool; /* holds all of it */
};

struct eval_stored;

/* What a model says of itself. */
struct eval_ports {
    const char *path;
    const struct kaon_port *input, *output;
    size_t n_inputs, n_outputs;
    const char *gnn_config, *doc_string; /* NULL if there is none */
    const char *tagger;                  /* of stored scores, its name; NULL: this is a model */
    const struct eval_stored *stored;    /* its fields */
};

/* What the command line says. */
struct eval_seen;

struct eval_choices {
    struct eval_seen *seen; /* what is read is kept there, or taken from there; NULL: neither */
    const char *config;     /* --config, or NULL: eval.json beside the model if it is there */
    const char *const *fractions; /* --fractions */
    size_t n_fractions;
    const char *const *cuts; /* --cut: besides those of eval.json */
    size_t n_cuts;
    const char *weight;         /* --weight */
    const char *const *against; /* --against: lists of names */
    size_t n_against;
    const char *const *bins; /* --bins: VARIABLE=EDGE,EDGE... */
    size_t n_bins;
    const char *category;    /* --category */
    const char *const *data; /* --data */
    size_t n_data;
    bool ftag_exact;
    const char *style;         /* --style; NULL: of eval.json, or atlas */
    const char *fold_field;    /* --fold-field */
    const char *const *negate; /* --negate: lists of names */
    size_t n_negate;
    const char *sample;            /* of those of eval.json; NULL: the first */
    bool many_samples;             /* names say which it is */
    bool borrowed;                 /* config is of another model: what does not fit is left out */
    const char *const *rejections; /* --rejection: LETTER=R */
    size_t n_rejections;
    const char *const *at; /* --at: signal efficiencies */
    size_t n_at;
    bool puma;              /* --puma */
    const char *scan;       /* --scan, or NULL */
    const char *const *ood; /* --ood-against: classes */
    size_t n_ood;
    const char *ood_logits, *ood_hidden; /* of these names; the last outputs are those */
    size_t bootstrap;                    /* --bootstrap */
    uint64_t seed;                       /* --seed */
    uint64_t limit;
    bool zero_non_finite;
};

/* Builds *spec, zeroed before. To be closed in either case. */
enum kaon_status kaon_eval_spec_build(struct eval_spec *spec, const struct eval_ports *ports,
                                      const struct eval_choices *choices, struct kaon_msg *msg);
void kaon_eval_spec_close(struct eval_spec *spec);

/* Fills the probabilities that are sums, in rows of n_probabilities. */
void kaon_eval_spec_sum(const struct eval_spec *spec, float *probability, size_t rows);

/* Adds a sentence for --verbose. */
enum kaon_status kaon_eval_spec_note(struct eval_spec *spec, struct kaon_msg *msg,
                                     const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
