#include "tools/eval/open_all.h"

#include "tools/cli/fail.h"
#include "tools/eval/derived.h"
#include "tools/eval/sweep.h"
#include "tools/eval/wanted.h"
#include "tools/eval/write_all.h"

#include <stdlib.h>
#include <string.h>

static void say_notes(const struct kaon_say *say, const struct eval_entry *entry)
{
    const char *note;
    for (size_t i = 0; i < entry->spec.n_notes; i++)
        kaon_say_note(say, "%s: %s", entry->label, entry->spec.note[i]);
    for (size_t i = 0; (note = kaon_eval_reader_note(entry->reader, i)); i++)
        kaon_say_note(say, "%s: %s", entry->label, note);
}

/* Taggers beside a model are judged as it is: by its eval.json, on its data. `entry` has the models
 * first. */
static enum kaon_status open_taggers(struct evaluation *e, struct eval_entry *entry,
                                     const struct eval_wanted *w,
                                     const struct eval_choices *choices, struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; !status && i < w->n_taggers; i++) {
        struct eval_stored_source source = { w->tagger[i], e->settings.data, e->settings.n_data };
        struct eval_choices own = *choices;
        const struct eval_spec *first = w->n_models ? &entry[0].spec : NULL;
        if (first && source.n_paths == 0) {
            source.path = first->data;
            source.n_paths = first->n_data;
        }
        if (first && !own.config) {
            own.config = first->config_path;
            own.borrowed = true;
        }
        if (source.n_paths == 0)
            return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "--vs %s: there is no data to look in",
                                 w->tagger[i]);
        status = kaon_eval_entry_open_stored(e, &entry[w->n_models + i], &source, &own, msg);
    }
    return status;
}

static enum kaon_status open_derived(struct evaluation *e, const struct eval_options *o,
                                     struct eval_entry *entry, struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; !status && i < o->ensembles.n; i++)
        status = kaon_eval_derived_open(e, entry++, o->ensembles.word[i], false, msg);
    for (size_t i = 0; !status && i < o->cascades.n; i++)
        status = kaon_eval_derived_open(e, entry++, o->cascades.word[i], true, msg);
    return status;
}

/* All that is to be judged on one sample. */
static enum kaon_status open_sample(struct evaluation *e, struct eval_entry *entry,
                                    const struct eval_wanted *w, const struct eval_choices *choices,
                                    const struct kaon_engine_choice *engine,
                                    const struct kaon_say *say, struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; !status && i < w->n_models; i++) {
        struct kaon_engine_choice own = *engine;
        if (w->attention && w->attention[i])
            own.attention = w->attention[i];
        entry[i].attention = own.attention;
        entry[i].sweep = w->attention != NULL;
        status = kaon_eval_entry_open(e, &entry[i], w->model[i], choices, &own, say, msg);
    }
    if (!status && w->n_folds)
        status = kaon_eval_entry_add_folds(e, &entry[0], w->fold, w->n_folds, engine, say, msg);
    return status ? status : open_taggers(e, entry, w, choices, msg);
}

/* What the options say of every entry. */
static struct eval_choices choices_of(const struct evaluation *e, const struct eval_options *o)
{
    return (struct eval_choices){ .config = o->config,
                                  .fractions = o->fractions.word,
                                  .n_fractions = o->fractions.n,
                                  .cuts = o->cuts.word,
                                  .n_cuts = o->cuts.n,
                                  .weight = o->weight,
                                  .rejections = o->rejections.word,
                                  .n_rejections = o->rejections.n,
                                  .at = o->at.word,
                                  .n_at = o->at.n,
                                  .puma = o->puma,
                                  .scan = o->scan,
                                  .ood = o->ood.word,
                                  .n_ood = o->ood.n,
                                  .ood_logits = o->ood_logits,
                                  .ood_hidden = o->ood_hidden,
                                  .bootstrap = (size_t)o->bootstrap,
                                  .seed = (uint64_t)o->seed,
                                  .against = o->against.word,
                                  .n_against = o->against.n,
                                  .bins = o->bins.word,
                                  .n_bins = o->bins.n,
                                  .category = o->category,
                                  .fold_field = o->fold_field,
                                  .style = o->style,
                                  .negate = o->negate.word,
                                  .n_negate = o->negate.n,
                                  .data = e->settings.data,
                                  .n_data = e->settings.n_data,
                                  .ftag_exact = o->ftag_exact,
                                  .limit = (uint64_t)o->limit,
                                  .zero_non_finite = o->non_finite != NULL };
}

/* Values that are judged become outputs, one that is named twice once. `name` has room for two and
 * lives as long as what is returned. */
static struct kaon_engine_choice look_into(const struct eval_options *o, const char **name)
{
    struct kaon_engine_choice engine = o->engine;
    engine.also = name;
    engine.n_also = 0;
    if (o->ood_logits)
        name[engine.n_also++] = o->ood_logits;
    if (o->ood_hidden && !(o->ood_logits && !strcmp(o->ood_logits, o->ood_hidden)))
        name[engine.n_also++] = o->ood_hidden;
    return engine;
}

enum kaon_status kaon_eval_open_all(struct evaluation *e, const struct eval_options *o,
                                    const struct kaon_words *models, const struct kaon_say *say,
                                    struct kaon_msg *msg)
{
    struct eval_choices choices = choices_of(e, o);
    choices.seen = e->seen.root ? &e->seen : NULL;
    struct eval_wanted wanted = { .n_models = 0 };
    enum kaon_status status = kaon_eval_find_wanted(e, o, models, &wanted, msg);
    if (!status && !wanted.n_models && (o->ood_logits || o->ood_hidden))
        status = kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                               "--ood-logits and --ood-hidden need a model to look into");
    if (!status)
        status = kaon_eval_sweep_expand(e, o, &wanted, msg);
    if (status)
        return status;
    const char *inner[2];
    const struct kaon_engine_choice engine = look_into(o, inner);
    const size_t each = wanted.n_models + wanted.n_taggers;
    const size_t samples = wanted.n_samples ? wanted.n_samples : 1;
    const size_t n_derived = o->explain ? 0 : o->ensembles.n + o->cascades.n;
    e->entry = calloc(each * samples + n_derived, sizeof *e->entry);
    if (!e->entry)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    e->n = each * samples + n_derived;
    choices.many_samples = samples > 1;
    for (size_t i = 0; !status && i < samples; i++) {
        choices.sample = wanted.n_samples ? wanted.sample[i] : NULL;
        status = open_sample(e, e->entry + i * each, &wanted, &choices, &engine, say, msg);
    }
    if (!status && n_derived)
        status = open_derived(e, o, &e->entry[e->n - n_derived], msg);
    if (o->explain) { /* nothing is written, and data need not be there */
        e->settings.out = NULL;
        e->settings.explain = true;
    }
    if (!status && e->settings.out)
        status = kaon_eval_begin_folder(e, o->out, msg);
    if (!status && o->report)
        status = kaon_eval_keep_existing(e, o->report, msg);
    for (size_t i = 0; !status && i < e->n; i++) {
        status = kaon_eval_entry_prepare(e, &e->entry[i], msg);
        if (!status && !o->explain && e->entry[i].reader)
            say_notes(say, &e->entry[i]);
        if (!status && e->settings.out && e->entry[i].reader && !e->entry[i].spec.stored &&
            !o->shard)
            status = kaon_eval_entry_begin(e, &e->entry[i], msg);
    }
    return status;
}
