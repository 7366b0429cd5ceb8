/* One model of an evaluation, from its file to its figures; and the evaluation. */
#ifndef KAON_TOOLS_EVAL_ENTRY_H
#define KAON_TOOLS_EVAL_ENTRY_H

#include "tools/eval/binned.h"
#include "tools/eval/bootstrap.h"
#include "tools/eval/classify.h"
#include "tools/eval/compare.h"
#include "tools/eval/digest.h"
#include "tools/eval/metrics.h"
#include "tools/eval/ood.h"
#include "tools/eval/run.h"
#include "tools/eval/scan.h"
#include "tools/eval/seen.h"
#include "tools/eval/source.h"
#include "tools/eval/writer.h"
#include "tools/model/digest.h"
#include "tools/model/open.h"

struct eval_derived;

struct eval_entry {
    const char *label; /* name of the model; "NAME_2" where names repeat */
    struct kaon_model *model;
    const char *attention; /* --attention, or of the sweep; NULL: the model's own */
    bool sweep;            /* one of --attention-sweep */
    struct eval_spec spec;
    struct kaon_digest file_digest;
    struct kaon_model **fold; /* further models, of folds 1 and so on */
    const char **fold_path;
    struct kaon_digest *fold_digest;
    size_t n_folds; /* with the first; 0: one model for all jets */
    const char *isa;
    const char *const *data; /* files */
    size_t n_data;
    struct eval_source *source; /* one a file */
    const char *sample, *sample_text;
    struct eval_reader *reader;
    struct eval_reader_counts counts;
    struct eval_derived *derived; /* of others; NULL: a model, or scores in a file */
    const char *writer_version;   /* of the data, NULL: it does not say */
    struct eval_h5out file;       /* of the predictions, unless they go to a shard */
    struct eval_writer *writer;
    const char *predictions; /* path, NULL: none */
    struct eval_scores scores;
    struct eval_digest digest; /* of all output bytes of all jets */
    double prepare_seconds, run_seconds;
    uint64_t macs;
    struct eval_judged *judged; /* one a discriminant of the specification */
    struct eval_binned *binned; /* discriminants x variables of the specification */
    struct eval_classified *classified;
    struct eval_ood *ood;             /* NULL: no class is out */
    struct eval_scan *scan;           /* one a discriminant, without points unless asked for */
    struct eval_bootstrap *bootstrap; /* the same */
};

/* Part `index`, from 0, of `count`; count 0: all. */
struct eval_part_of {
    uint64_t index, count;
};

struct eval_settings {
    struct eval_part_of shard;
    const char *out;   /* folder, NULL: nothing is written */
    const char *page;  /* --report, or NULL */
    const char *label; /* first line of figures and tables; NULL: the sample's text */
    bool explain;      /* nothing is run */
    bool force, no_plots, zero_non_finite;
    size_t threads, batch;
    uint64_t limit;
    enum eval_compression compression;
    const char *const *plots; /* kinds of figures; none: all */
    size_t n_plots;
    const char *const *formats; /* of pictures, "png"; none: all */
    size_t n_formats;
    const char *const *data; /* --data */
    size_t n_data;
    const char *command_line;
    const json_t *configured;       /* options that were set otherwise: tools/cli/defaults.h */
    const char *reference;          /* --reference: name of a model, NULL: the first */
    const char *const *requirement; /* --require */
    size_t n_requirements;
    bool details; /* print more tables */
};

/* Scores in a file, to be judged without a model. */
struct eval_stored_source {
    const char *tagger;
    const char *const *path;
    size_t n_paths;
};

struct eval_comparison;
struct eval_requirement;

struct evaluation {
    struct eval_settings settings;
    struct eval_seen seen; /* with a root if shards are written or joined */
    struct eval_entry *entry;
    size_t n;
    bool made_folder;          /* the output folder was not there before */
    const char *metrics, *run; /* paths of metrics.json and run.json, with an output folder */
    const char **file;         /* what was written, as paths */
    size_t n_files;
    size_t reference;                   /* the entry that others are compared with */
    struct eval_comparison *comparison; /* of each other entry and each discriminant of it */
    size_t n_comparisons;
    struct eval_requirement *requirement; /* one a --require */
    double *required;                     /* its value, requirements x entries */
    struct eval_pool pool;
};

/* Opens the model and builds its specification. */
enum kaon_status kaon_eval_entry_open(struct evaluation *e, struct eval_entry *entry,
                                      const char *path, const struct eval_choices *choices,
                                      const struct kaon_engine_choice *engine,
                                      const struct kaon_say *say, struct kaon_msg *msg);

/* Adds models of further folds to an entry; they must take and give what its model does. */
enum kaon_status kaon_eval_entry_add_folds(struct evaluation *e, struct eval_entry *entry,
                                           const char *const *path, size_t n,
                                           const struct kaon_engine_choice *engine,
                                           const struct kaon_say *say, struct kaon_msg *msg);

/* The same for scores that are stored. */
enum kaon_status kaon_eval_entry_open_stored(struct evaluation *e, struct eval_entry *entry,
                                             const struct eval_stored_source *source,
                                             const struct eval_choices *choices,
                                             struct kaon_msg *msg);

/* Opens the data. */
enum kaon_status kaon_eval_entry_prepare(struct evaluation *e, struct eval_entry *entry,
                                         struct kaon_msg *msg);

/* Begins the prediction file in the output folder. */
enum kaon_status kaon_eval_entry_begin(struct evaluation *e, struct eval_entry *entry,
                                       struct kaon_msg *msg);

/* Runs all jets: fills the scores and the prediction file. */
enum kaon_status kaon_eval_entry_run(struct evaluation *e, struct eval_entry *entry,
                                     struct kaon_progress *progress, struct kaon_msg *msg);

/* Judges the scores, wherever they came from. */
enum kaon_status kaon_eval_entry_judge(struct eval_entry *entry, struct kaon_msg *msg);

/* Makes the prediction file at entry->predictions, for whoever writes its datasets, and finishes it:
 * writes its attributes and gives it its name. */
enum kaon_status kaon_eval_entry_file(struct evaluation *e, struct eval_entry *entry,
                                      struct kaon_msg *msg);
enum kaon_status kaon_eval_entry_commit(struct evaluation *e, struct eval_entry *entry,
                                        struct kaon_msg *msg);

void kaon_eval_close(struct evaluation *e);

/* Remembers a file that was written. */
enum kaon_status kaon_eval_add_file(struct evaluation *e, const char *path, struct kaon_msg *msg);

#endif
