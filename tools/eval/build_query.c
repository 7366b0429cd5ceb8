/* The sample, and what is read of its files. */
#include "tools/eval/build.h"

#include <string.h>

enum kaon_status kaon_eval_build_sample(struct eval_build *b)
{
    struct eval_spec *spec = b->spec;
    const char *path = spec->config_path, *text = NULL, *name;
    json_t *samples = NULL, *files, *sample;
    enum kaon_status status = KAON_OK;
    if (b->config)
        status = kaon_eval_json_object(b->config, "samples", &samples, path, b->msg);
    if (!status && b->choices->sample && json_object_size(samples) == 0)
        status = kaon_cli_fail(b->msg, KAON_BAD_ARGUMENT, "--sample %s: no eval.json has samples",
                               b->choices->sample);
    if (status || json_object_size(samples) == 0)
        return status;
    name =
        b->choices->sample ? b->choices->sample : json_object_iter_key(json_object_iter(samples));
    sample = json_object_get(samples, name);
    if (!sample)
        return kaon_cli_fail(b->msg, KAON_BAD_ARGUMENT, "--sample: %s has no sample '%s'", path,
                             name);
    if (!kaon_eval_is_plain(name))
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                             "%s: sample '%s' must be named with letters, digits and '_'", path,
                             name);
    if ((status = kaon_eval_json_text(sample, "text", &text, path, b->msg)) ||
        (status = kaon_eval_json_list(sample, "files", &files, path, b->msg)))
        return status;
    spec->sample = kaon_eval_pool_text(&spec->pool, name);
    spec->sample_text = kaon_eval_pool_text(&spec->pool, text ? text : "Simulation");
    spec->data = kaon_eval_pool_take(&spec->pool, json_array_size(files) + 1, sizeof *spec->data);
    if (!spec->sample || !spec->sample_text || !spec->data)
        return kaon_eval_build_no_memory(b);
    const char *slash = strrchr(path, '/');
    const int folder = slash ? (int)(slash - path) + 1 : 0;
    for (size_t i = 0; i < json_array_size(files); i++) {
        const char *file = json_string_value(json_array_get(files, i));
        if (!file)
            return kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: sample '%s': 'files' must hold texts",
                                 path, name);
        spec->data[spec->n_data] =
            *file == '/' ? kaon_eval_pool_text(&spec->pool, file)
                         : kaon_eval_pool_format(&spec->pool, "%.*s%s", folder, path, file);
        if (!spec->data[spec->n_data++])
            return kaon_eval_build_no_memory(b);
    }
    return KAON_OK;
}

/* ---- sets: the columns that inputs want, one set a dataset ----------------------------------- */

static struct eval_set *set_of(struct eval_spec *spec, struct eval_set *set, struct eval_input *in,
                               size_t most_columns)
{
    size_t i = 0;
    while (i < spec->query.n_sets && strcmp(set[i].dataset, in->dataset))
        i++;
    if (i == spec->query.n_sets) {
        set[i] = (struct eval_set){ .dataset = in->dataset, .valid = in->valid, .most = in->most };
        set[i].column = kaon_eval_pool_take(&spec->pool, most_columns + 1, sizeof *set[i].column);
        if (!set[i].column)
            return NULL;
        spec->query.n_sets++;
    }
    in->set = i;
    return &set[i];
}

static enum kaon_status add_columns(struct eval_build *b, struct eval_set *set,
                                    struct eval_input *in)
{
    const char *by =
        kaon_eval_pool_format(&b->spec->pool, "input '%s' of %s", in->name, b->spec->model_path);
    if (!by)
        return kaon_eval_build_no_memory(b);
    if ((set->valid == NULL) != (in->valid == NULL) ||
        (set->valid && strcmp(set->valid, in->valid)))
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                             "%s: inputs disagree on what marks the real "
                             "entries of dataset '%s'",
                             b->spec->model_path, set->dataset);
    if (in->most == 0 || (set->most && in->most > set->most))
        set->most = in->most;
    for (size_t i = 0; i < in->n_features; i++) {
        struct eval_feature *f = &in->feature[i];
        if (f->is_mask)
            continue;
        f->column = set->n_columns;
        set->column[set->n_columns++] = (struct eval_column){ .name = f->name,
                                                              .by = by,
                                                              .instead = f->replace,
                                                              .replaces = f->replaces,
                                                              .most = f->most };
    }
    return KAON_OK;
}

/* The truth of what the model says of tracks, where the data has it. */
static void add_truth(struct eval_spec *spec, struct eval_set *set)
{
    struct eval_track_tasks *t = &spec->tracks;
    size_t i = 0;
    long output = 0;
    t->origin = t->vertex = -1;
    for (size_t o = 0; o < spec->n_outputs; o++)
        if (spec->output[o].kind == EVAL_OUT_TRACKS) {
            if (!strcmp(spec->output[o].task, "TrackOrigin"))
                t->origin = output;
            if (!strcmp(spec->output[o].task, "VertexIndex"))
                t->vertex = output;
            output++;
        }
    while (i < spec->query.n_sets && (!set[i].valid || strcmp(set[i].dataset, "tracks")))
        i++;
    if (i == spec->query.n_sets)
        t->origin = t->vertex = -1;
    if (t->origin < 0 && t->vertex < 0)
        return;
    t->set = i;
    t->true_origin = set[i].n_columns++;
    t->true_vertex = set[i].n_columns++;
    set[i].column[t->true_origin] = (struct eval_column){ .name = "ftagTruthOriginLabel",
                                                          .by = "tasks of tracks",
                                                          .optional = true };
    set[i].column[t->true_vertex] = (struct eval_column){ .name = "ftagTruthVertexIndex",
                                                          .by = "tasks of tracks",
                                                          .optional = true };
}

static enum kaon_status build_sets(struct eval_build *b)
{
    struct eval_spec *spec = b->spec;
    size_t most = 0;
    for (size_t i = 0; i < spec->n_inputs; i++)
        most += spec->input[i].n_features;
    most += 2; /* the truth of tracks */
    struct eval_set *set = kaon_eval_pool_take(&spec->pool, spec->n_inputs + 1, sizeof *set);
    if (!set)
        return kaon_eval_build_no_memory(b);
    spec->query.set = set;
    for (size_t i = 0; i < spec->n_inputs; i++) {
        struct eval_set *s = set_of(spec, set, &spec->input[i], most);
        const enum kaon_status status =
            s ? add_columns(b, s, &spec->input[i]) : kaon_eval_build_no_memory(b);
        if (status)
            return status;
    }
    add_truth(spec, set);
    return KAON_OK;
}

/* ---- numbers: labels, cuts, weight ----------------------------------------------------------- */

static size_t add_number(struct eval_spec *spec, struct eval_column *number, const char *name,
                         const char *by, bool optional)
{
    for (size_t i = 0; i < spec->query.n_numbers; i++)
        if (!strcmp(number[i].name, name)) {
            number[i].optional = number[i].optional && optional;
            return i;
        }
    number[spec->query.n_numbers] = (struct eval_column){ name, by, 0, optional };
    return spec->query.n_numbers++;
}

/* The number of tracks is counted where they are read; else it is a field as any other. */
static long counted_set(const struct eval_spec *spec, const char *variable)
{
    for (size_t i = 0; i < spec->query.n_sets; i++)
        if (!strcmp(variable, "n_tracks") && spec->query.set[i].valid &&
            !strcmp(spec->query.set[i].dataset, "tracks"))
            return (long)i;
    return -1;
}

static enum kaon_status build_numbers(struct eval_build *b)
{
    struct eval_spec *spec = b->spec;
    const size_t most =
        (size_t)EVAL_MOST_CLASSES * EVAL_MOST_SELECTS + EVAL_MOST_CUTS + EVAL_MOST_VARIABLES + 1;
    struct eval_column *number =
        kaon_eval_pool_take(&spec->pool, most + spec->n_probabilities, sizeof *number);
    if (!number)
        return kaon_eval_build_no_memory(b);
    spec->query.number = number;
    for (size_t i = 0; i < spec->n_classes; i++)
        for (size_t k = 0; k < spec->class[i].n_selects; k++)
            spec->class[i].number[k] = add_number(spec, number, spec->class[i].select[k].field,
                                                  "the labels of the classes", false);
    for (size_t i = 0; i < spec->n_selection; i++)
        spec->selection_number[i] =
            add_number(spec, number, spec->selection[i].field, "the selection", false);
    if (spec->weight)
        spec->weight_number = add_number(spec, number, spec->weight, "the weight", false);
    for (size_t i = 0; i < spec->n_variables; i++) {
        struct eval_variable *v = &spec->variable[i];
        v->counted = counted_set(spec, v->name);
        if (v->counted < 0)
            v->number = add_number(spec, number, v->field, "--against", !v->required);
    }
    for (size_t i = 0; spec->stored && i < spec->n_probabilities; i++)
        if (!spec->probability[i].sum)
            spec->probability[i].number =
                add_number(spec, number, spec->probability[i].field, "the scores", false);
    return KAON_OK;
}

/* Variables of a jet that prediction files carry, where the data has them; labels come besides. */
static const char *const copied[] = {
    "eventNumber",
    "mcEventNumber",
    "jetFoldRankHash",
    "pt",
    "eta",
    "phi",
    "mass",
    "pt_btagJes",
    "eta_btagJes",
    "absEta_btagJes",
    "n_tracks",
    "HadronConeExclTruthLabelID",
    "HadronConeExclExtendedTruthLabelID",
    "HadronGhostTruthLabelID",
    "PartonTruthLabelID",
    "R10TruthLabel_R22v1",
    "HadronConeExclTruthLabelPt",
    "HadronConeExclTruthLabelLxy",
    "mcEventWeight",
    "sample",
    "averageInteractionsPerCrossing",
    "actualInteractionsPerCrossing",
};

static enum kaon_status build_copied(struct eval_build *b)
{
    struct eval_spec *spec = b->spec;
    const size_t n = sizeof copied / sizeof *copied;
    const char **list =
        kaon_eval_pool_take(&spec->pool, n + spec->query.n_numbers + 1, sizeof *list);
    if (!list)
        return kaon_eval_build_no_memory(b);
    memcpy(list, copied, sizeof copied);
    spec->query.copied = list;
    spec->query.n_copied = n;
    for (size_t i = 0; i < spec->query.n_numbers; i++) {
        size_t k = 0;
        while (k < spec->query.n_copied && strcmp(list[k], spec->query.number[i].name))
            k++;
        if (k == spec->query.n_copied)
            list[spec->query.n_copied++] = spec->query.number[i].name;
    }
    return KAON_OK;
}

/* The field that says which fold a jet is of: --fold-field, or `fold` of eval.json. */
static enum kaon_status build_fold(struct eval_build *b)
{
    const json_t *fold = b->config ? json_object_get(b->config, "fold") : NULL;
    const char *field = b->choices->fold_field ? b->choices->fold_field : json_string_value(fold);
    if (fold && !json_is_null(fold) && !json_is_string(fold))
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: 'fold' must be the name of a field",
                             b->spec->config_path);
    b->spec->fold_field = field ? kaon_eval_pool_text(&b->spec->pool, field) : NULL;
    return !field || b->spec->fold_field ? KAON_OK : kaon_eval_build_no_memory(b);
}

enum kaon_status kaon_eval_build_query(struct eval_build *b)
{
    enum kaon_status status = build_fold(b);
    if (status)
        return status;
    b->spec->query.limit = b->choices->limit;
    b->spec->query.zero_non_finite = b->choices->zero_non_finite;
    status = build_sets(b);
    if (!status)
        status = build_numbers(b);
    return status ? status : build_copied(b);
}
