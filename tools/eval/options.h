/* The options of `kaon eval`: one table for the parser, the help, and what they set. */
#ifndef KAON_TOOLS_EVAL_OPTIONS_H
#define KAON_TOOLS_EVAL_OPTIONS_H

#include "tools/cli/command.h"
#include "tools/eval/entry.h"
#include "tools/model/open.h"

struct eval_options {
    const char *shard;
    int64_t slurm_script;
    struct kaon_common common;
    struct kaon_engine_choice engine;
    struct kaon_words data, fractions, cuts;
    struct kaon_words against, bins;
    struct kaon_words plots, plot_formats;
    const char *report, *label;
    struct kaon_words ensembles, cascades;
    struct kaon_words scores, tagger, vs;
    struct kaon_words negate, samples;
    struct kaon_words sweep;
    const char *category, *fold_field, *style;
    bool ftag_exact, explain;
    struct kaon_words rejections, at;
    const char *config, *out, *weight, *non_finite, *compression;
    int64_t limit, threads, batch;
    struct kaon_words require, ood;
    const char *ood_logits, *ood_hidden;
    const char *scan, *reference;
    int64_t bootstrap, seed;
    bool puma, details;
    bool json, plain, force, no_progress, no_plots;
};

/* What holds where the command says nothing. */
#define KAON_EVAL_DEFAULTS                                                                         \
    {                                                                                              \
        .batch = 64, .seed = 1                                                                     \
    }

/* What --plots and --plot-formats take, for completion. */
#define KAON_EVAL_PLOT_KINDS                                                                       \
    "roc mistag discriminant efficiency integrated precision probability confusion calibration "   \
    "entropy scan cascade origin vertex"
#define KAON_EVAL_PLOT_FORMATS "svg png pdf"

extern const struct kaon_spec kaon_eval_command;

/* Sets e->settings; refuses words that are none of an option's choices. */
enum kaon_status kaon_eval_settings(struct evaluation *e, const struct eval_options *o,
                                    struct kaon_msg *msg);

#endif
