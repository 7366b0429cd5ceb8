#include "tools/eval/wanted.h"

#include "tools/cli/fail.h"
#include "tools/eval/split.h"

#include <string.h>
#include <sys/stat.h>

static bool ends_with(const char *word, const char *tail)
{
    const size_t n = strlen(word), m = strlen(tail);
    return n >= m && !strcmp(word + n - m, tail);
}

static bool is_data(const char *word)
{
    struct stat st;
    return ends_with(word, ".h5") || ends_with(word, ".hdf5") || ends_with(word, ".npz") ||
           (stat(word, &st) == 0 && S_ISDIR(st.st_mode));
}

static bool is_model(const char *word)
{
    return ends_with(word, ".onnx") || strchr(word, '/');
}

enum kaon_status kaon_eval_find_data(struct evaluation *e, const struct eval_options *o,
                                     struct kaon_words *words, struct kaon_msg *msg)
{
    const char **data =
        kaon_eval_pool_take(&e->pool, o->data.n + o->scores.n + words->n + 1, sizeof *data);
    size_t n = 0, models = 0;
    if (!data)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < o->data.n; i++)
        data[n++] = o->data.word[i];
    for (size_t i = 0; i < o->scores.n; i++)
        data[n++] = o->scores.word[i];
    for (size_t i = 0; i < words->n; i++) {
        if (is_data(words->word[i]))
            data[n++] = words->word[i];
        else
            words->word[models++] = words->word[i];
    }
    words->n = models;
    e->settings.data = data;
    e->settings.n_data = n;
    if (models > 0 && o->scores.n > 0)
        return kaon_cli_fail(
            msg, KAON_BAD_ARGUMENT,
            "--scores judges without a model; --vs compares with scores in the data");
    if (models == 0 && o->scores.n == 0)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             n > 0 ? "eval: MODEL is missing among the data"
                                   : "eval: MODEL is missing");
    return KAON_OK;
}

enum kaon_status kaon_eval_find_wanted(struct evaluation *e, const struct eval_options *o,
                                       const struct kaon_words *models, struct eval_wanted *w,
                                       struct kaon_msg *msg)
{
    size_t n_vs;
    const char **vs = kaon_eval_split(&e->pool, &o->vs, false, &n_vs);
    w->tagger = kaon_eval_split(&e->pool, &o->tagger, false, &w->n_taggers);
    w->model = kaon_eval_pool_take(&e->pool, models->n + n_vs + 1, sizeof *w->model);
    const char **taggers = kaon_eval_pool_take(&e->pool, w->n_taggers + n_vs + 1, sizeof *taggers);
    if (!vs || !w->tagger || !w->model || !taggers)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < w->n_taggers; i++)
        taggers[i] = w->tagger[i];
    w->tagger = taggers;
    const size_t single = o->fold_field && models->n > 1 ? 1 : models->n;
    for (; w->n_models < single; w->n_models++)
        w->model[w->n_models] = models->word[w->n_models];
    w->fold = models->word + single;
    w->n_folds = models->n - single;
    w->sample = kaon_eval_split(&e->pool, &o->samples, false, &w->n_samples);
    if (!w->sample)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    if (o->fold_field && w->n_folds == 0)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             "--fold-field wants a model for each fold, there %s %zu",
                             models->n == 1 ? "is" : "are", models->n);
    for (size_t i = 0; i < n_vs; i++)
        if (is_model(vs[i]))
            w->model[w->n_models++] = vs[i];
        else
            w->tagger[w->n_taggers++] = vs[i];
    if (o->tagger.n > 0 && o->scores.n == 0)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             "--tagger is of --scores; --vs compares a model with stored scores");
    if (o->scores.n > 0 && w->n_taggers == 0)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             "--scores needs --tagger NAME, as in fields NAME_pb");
    return KAON_OK;
}
