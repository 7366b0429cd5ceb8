/* Categories: which jets are of which flavour, and which probability is theirs. Data files, those
 * of tools/eval/categories/ built in and others by path. */
#ifndef KAON_TOOLS_EVAL_CATEGORY_H
#define KAON_TOOLS_EVAL_CATEGORY_H

#include "tools/eval/json.h"
#include "tools/eval/pool.h"

enum {
    EVAL_MOST_NAMES = 12, /* other names of a probability, other forms of a label */
    EVAL_MOST_SUMS = 8,   /* probabilities that a class is the sum of */
    EVAL_MOST_SELECTS = 4,
};

/* Names for one thing, the first that is there counts. */
struct eval_names {
    const char *name[EVAL_MOST_NAMES];
    size_t n;
};

/* Cuts that a jet of a class passes, all of them. */
struct eval_select {
    const char *cut[EVAL_MOST_SELECTS];
    size_t n;
};

struct eval_flavour {
    const char *name, *text, *color;
    const char *letter;                            /* "b" in f_b */
    struct eval_names probability[EVAL_MOST_SUMS]; /* without "<Tagger>_" */
    size_t n_probabilities;
    struct eval_select select[EVAL_MOST_NAMES]; /* the first whose fields are there counts */
    size_t n_selects;
};

/* S / (S + sum of those it is against). */
struct eval_ratio {
    const char *name, *signal;
    struct eval_names against;
};

/* Working points of the ratios where so large a share of these classes passes. */
struct eval_mistags {
    struct eval_names of;
    const char *name[EVAL_MOST_NAMES]; /* "L" */
    double share[EVAL_MOST_NAMES];
    size_t n;
};

struct eval_seen;

struct eval_category {
    const char *name;
    const char *source; /* path of its file, or "category 'single-btag'" */
    struct eval_flavour *flavour;
    size_t n;
    struct eval_names signals; /* in the order in which --fractions takes them */
    const char *rest;          /* gets what fractions leave over; NULL: the first left out */
    struct eval_names columns; /* classes of the columns of an array without names */
    struct eval_ratio ratio[EVAL_MOST_NAMES];
    size_t n_ratios;
    struct eval_mistags mistags;
};

/* Loads the built-in category of that name or, if the word has a '/' or '.', the file. Strings come
 * from the pool. */
enum kaon_status kaon_eval_category_load(struct eval_category *category, const char *word,
                                         struct eval_seen *seen, struct eval_pool *pool,
                                         struct kaon_msg *msg);

/* A built-in data file by name; NULL: none. */
const char *kaon_eval_embedded_text(const char *name);

const struct eval_flavour *kaon_eval_flavour(const struct eval_category *category,
                                             const char *name);

/* The flavour whose probability is called so, and which of its sums that is in *sum (if it is not
 * NULL); NULL: none. */
const struct eval_flavour *kaon_eval_flavour_of(const struct eval_category *category,
                                                const char *probability, size_t *sum);

/* Colour-blind-safe colours of arXiv:2107.02270, in order. */
extern const char *const kaon_eval_colors[];
extern const size_t kaon_eval_n_colors;

#endif
