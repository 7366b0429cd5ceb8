/* Outputs: which are probabilities of which class, which are tasks. */
#include "tools/eval/build.h"
#include "tools/eval/category.h"

#include <stdio.h>
#include <string.h>

/* The part of an output's name after "<Model>_", or the whole name. */
static const char *without_model(const struct eval_spec *spec, const char *name)
{
    const size_t length = strlen(spec->name);
    return !strncmp(name, spec->name, length) && name[length] == '_' ? name + length + 1 : name;
}

/* The class of a probability by its name; with --category its names are what counts. */
static const char *class_of(const struct eval_build *b, const char *probability)
{
    const struct eval_flavour *f = kaon_eval_flavour_of(&b->category, probability, NULL);
    return f ? f->name : NULL;
}

/* "prob_b" and "pb" are the score of "b". */
static const char *label_of(const struct eval_build *b, const char *name)
{
    static const char *const heads[] = { "prob_", "prob", "p" };
    if (class_of(b, name))
        for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
            if (!strncmp(name, heads[i], strlen(heads[i])) && name[strlen(heads[i])])
                return name + strlen(heads[i]);
    return name;
}

/* The name in files that are written; of stored scores, in the data. */
static char *published(const struct eval_build *b, const char *name)
{
    struct eval_spec *spec = b->spec;
    if (spec->naming == EVAL_WEAVER)
        return kaon_eval_pool_format(&spec->pool, "score_%s", label_of(b, name));
    if (spec->naming == EVAL_GENERIC)
        return kaon_eval_pool_text(&spec->pool, name);
    return kaon_eval_pool_format(&spec->pool, "%s_%s", spec->name, name);
}

static enum kaon_status add_probability(struct eval_build *b, const char *name, const char *class)
{
    struct eval_spec *spec = b->spec;
    if (spec->n_probabilities == EVAL_MOST_PROBABILITIES)
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: has more than %d class probabilities",
                             spec->model_path, EVAL_MOST_PROBABILITIES);
    struct eval_probability *p = &spec->probability[spec->n_probabilities++];
    if (b->choices->category && class_of(b, name))
        class = class_of(b, name);
    p->published = published(b, name);
    p->class = class ? kaon_eval_pool_text(&spec->pool, class) : NULL;
    return p->published && (p->class || !class) ? KAON_OK : kaon_eval_build_no_memory(b);
}

static enum kaon_status add_vector(struct eval_build *b, struct eval_output *out,
                                   const json_t *classes, const json_t *names)
{
    const size_t n = json_array_size(classes);
    if (n == 0 || n > EVAL_MOST_PROBABILITIES || (names && json_array_size(names) != n))
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                             "%s: outputs '%s': 'classes' and 'names' must "
                             "be lists of one length, at most %d",
                             b->spec->config_path, out->name, EVAL_MOST_PROBABILITIES);
    out->kind = EVAL_OUT_VECTOR;
    out->count = n;
    for (size_t i = 0; i < n; i++) {
        const char *class = json_string_value(json_array_get(classes, i));
        const char *name = json_string_value(json_array_get(names, i));
        if (!class || (names && !name))
            return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                                 "%s: outputs '%s': 'classes' and 'names' must be texts",
                                 b->spec->config_path, out->name);
        const enum kaon_status status = add_probability(b, name ? name : class, class);
        if (status)
            return status;
    }
    return KAON_OK;
}

static enum kaon_status from_config(struct eval_build *b, struct eval_output *out,
                                    const json_t *json)
{
    const char *class = NULL, *task = NULL;
    json_t *classes = NULL, *names = NULL;
    const char *where = b->spec->config_path;
    enum kaon_status status = kaon_eval_json_text(json, "class", &class, where, b->msg);
    if (!status)
        status = kaon_eval_json_text(json, "task", &task, where, b->msg);
    if (!status)
        status = kaon_eval_json_list(json, "classes", &classes, where, b->msg);
    if (!status)
        status = kaon_eval_json_list(json, "names", &names, where, b->msg);
    if (status)
        return status;
    if (classes)
        return add_vector(b, out, classes, names);
    if (class) {
        out->kind = EVAL_OUT_PROBABILITY;
        out->count = 1;
        return add_probability(b, without_model(b->spec, out->name), class);
    }
    return KAON_OK;
}

/* The columns of a vector as preprocess.json calls them. */
static enum kaon_status from_preprocess(struct eval_build *b, struct eval_output *out,
                                        const json_t *names)
{
    out->kind = EVAL_OUT_VECTOR;
    out->source = b->preprocess_path;
    out->count = json_array_size(names);
    for (size_t i = 0; i < out->count; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (!name)
            return kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: 'output_names' must hold texts",
                                 b->preprocess_path);
        const enum kaon_status status = add_probability(b, name, class_of(b, name));
        if (status)
            return status;
    }
    return KAON_OK;
}

static enum kaon_status from_name(struct eval_build *b, struct eval_output *out,
                                  const struct kaon_port *port)
{
    const char *name = without_model(b->spec, out->name), *class = class_of(b, name);
    const json_t *names = b->preprocess ? json_object_get(b->preprocess, "output_names") : NULL;
    if (port->type == KAON_F32 && port->rank == 2 && json_array_size(names) > 0 &&
        (port->dims[1] < 0 || port->dims[1] == (int64_t)json_array_size(names)))
        return from_preprocess(b, out, names);
    const bool scalar = port->rank == 0 || (port->rank == 1 && port->dims[0] == 1);
    if (port->type != KAON_F32 || !scalar || (!class && strncmp(name, "p", 1)))
        return KAON_OK;
    out->kind = EVAL_OUT_PROBABILITY;
    out->count = 1;
    return add_probability(b, name, class);
}

static enum kaon_status check_port(const struct eval_build *b, const struct eval_output *out,
                                   const struct kaon_port *port)
{
    const bool vector = out->kind == EVAL_OUT_VECTOR;
    if (out->kind != EVAL_OUT_PROBABILITY && !vector)
        return KAON_OK;
    const int most = b->spec->batched ? 2 : 1;
    bool fits = port->type == KAON_F32 && port->rank <= (vector ? 2 : most);
    if (vector)
        fits =
            fits && port->rank == 2 && (port->dims[1] < 0 || port->dims[1] == (int64_t)out->count);
    if (fits)
        return KAON_OK;
    return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                         "%s: output '%s' is %s of rank %d and cannot be %zu "
                         "probabilities a jet",
                         b->spec->model_path, out->name, kaon_type_name(port->type), port->rank,
                         out->count);
}

static enum kaon_status build_output(struct eval_build *b, const struct kaon_port *port,
                                     struct eval_output *out, const json_t *outputs)
{
    json_t *json = NULL;
    enum kaon_status status = KAON_OK;
    out->kind = EVAL_OUT_OTHER;
    out->first = b->spec->n_probabilities;
    if (!(out->name = kaon_eval_pool_text(&b->spec->pool, port->name)))
        return kaon_eval_build_no_memory(b);
    if (outputs)
        status = kaon_eval_json_object(outputs, port->name, &json, b->spec->config_path, b->msg);
    if (!status)
        status = json ? from_config(b, out, json) : from_name(b, out, port);
    if (!out->source)
        out->source = json ? b->spec->config_path : "its name";
    if (!status)
        status = check_port(b, out, port);
    if (status || out->kind != EVAL_OUT_OTHER || port->type != KAON_I8 || port->rank != 1 ||
        b->spec->batched)
        return status;
    out->kind = EVAL_OUT_TRACKS;
    out->task = without_model(b->spec, out->name);
    out->published = kaon_eval_pool_format(&b->spec->pool, "%s_%s", b->spec->name, out->task);
    return out->published ? KAON_OK : kaon_eval_build_no_memory(b);
}

/* ---- scores that are stored -------------------------------------------------------------------- */

/* Whether the data has the score under a name that comes before this one. */
static bool is_shadowed(const struct eval_build *b, const struct eval_flavour *f, size_t sum,
                        const char *name)
{
    const struct eval_names *names = &f->probability[sum];
    for (size_t k = 0; k < names->n && strcmp(names->name[k], name); k++) {
        char field[256];
        snprintf(field, sizeof field, "%s_%s", b->spec->name, names->name[k]);
        for (size_t i = 0; i < b->fields.n; i++)
            if (!strcmp(b->fields.field[i], field))
                return true;
    }
    return false;
}

/* Columns of an array without names: those of the category, in order. */
static enum kaon_status add_columns(struct eval_build *b, size_t n)
{
    const struct eval_category *category = &b->category;
    const bool listed = category->columns.n > 0;
    const size_t have = listed ? category->columns.n : category->n;
    enum kaon_status status = KAON_OK;
    if (n != have)
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                             "%s: 'prediction' has %zu columns and %s %zu (--category)",
                             b->spec->model_path, n, category->source, have);
    for (size_t i = 0; !status && i < n; i++) {
        struct eval_probability *p = &b->spec->probability[b->spec->n_probabilities];
        const char *class = listed ? category->columns.name[i] : category->flavour[i].name;
        const char *name = kaon_eval_pool_format(&b->spec->pool, "column_%zu", i);
        if (!name || !kaon_eval_flavour(category, class))
            return name ? kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                                        "%s: 'columns' names '%s', which is no class",
                                        category->source, class)
                        : kaon_eval_build_no_memory(b);
        status = add_probability(b, name, class);
        p->field = kaon_eval_pool_format(&b->spec->pool, "prediction[%zu]", i);
        if (!p->field)
            return kaon_eval_build_no_memory(b);
    }
    for (size_t i = 0; i < b->fields.n; i++)
        b->spec->half =
            b->spec->half || (b->fields.half[i] && !strncmp(b->fields.field[i], "prediction[", 11));
    return status;
}

/* The fields of the tagger that are probabilities of classes. */
static enum kaon_status add_stored(struct eval_build *b)
{
    const size_t skip = strlen(b->spec->name) + 1;
    const size_t columns = kaon_eval_stored_columns(&b->fields, "prediction");
    enum kaon_status status = kaon_eval_stored_check(&b->fields, b->spec->name, b->msg);
    bool named = false;
    for (size_t i = 0; i < b->fields.n; i++)
        named = named || kaon_eval_stored_is(b->fields.field[i], b->spec->name);
    if (!status && !named)
        return add_columns(b, columns);
    for (size_t i = 0; !status && i < b->fields.n; i++) {
        const char *field = b->fields.field[i];
        size_t sum;
        if (!kaon_eval_stored_is(field, b->spec->name))
            continue;
        const struct eval_flavour *f = kaon_eval_flavour_of(&b->category, field + skip, &sum);
        if (!f || is_shadowed(b, f, sum, field + skip))
            continue;
        struct eval_probability *p = &b->spec->probability[b->spec->n_probabilities];
        status = add_probability(b, field + skip, f->name);
        p->field = p->published;
        b->spec->half = b->spec->half || b->fields.half[i];
    }
    if (!status && b->spec->n_probabilities == 0)
        status = kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                               "%s: no field '%s_p*' is the probability of a class of %s",
                               b->spec->model_path, b->spec->name, b->category.source);
    return status;
}

static enum kaon_status read_style(struct eval_build *b)
{
    static const char *const known[] = {
        [EVAL_ATLAS] = "atlas", [EVAL_WEAVER] = "weaver", [EVAL_GENERIC] = "generic"
    };
    const char *style = NULL, *where = b->choices->style ? "--style" : b->spec->config_path;
    enum kaon_status status = KAON_OK;
    if (b->config)
        status = kaon_eval_json_text(b->config, "style", &style, where, b->msg);
    if (b->choices->style)
        style = b->choices->style;
    if (status || !style || b->spec->stored)
        return status;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(style, known[i])) {
            b->spec->naming = (enum eval_naming)i;
            return KAON_OK;
        }
    return kaon_cli_fail(b->msg, b->choices->style ? KAON_BAD_ARGUMENT : KAON_BAD_INPUT,
                         "%s: style '%s' is none of atlas, weaver and generic", where, style);
}

/* How many of the outputs are values within the model: the last ones. */
static size_t number_inner(const struct eval_build *b)
{
    const char *logits = b->choices->ood_logits, *hidden = b->choices->ood_hidden;
    if (b->spec->stored || b->ports->n_outputs == 0)
        return 0;
    return (logits != NULL) + (hidden && !(logits && !strcmp(logits, hidden)));
}

enum kaon_status kaon_eval_build_outputs(struct eval_build *b)
{
    struct eval_spec *spec = b->spec;
    json_t *outputs = NULL;
    enum kaon_status status = KAON_OK;
    if (b->config)
        status = kaon_eval_json_object(b->config, "outputs", &outputs, spec->config_path, b->msg);
    if (!status)
        status = read_style(b);
    const size_t n = spec->n_outputs = b->ports->n_outputs;
    spec->output = kaon_eval_pool_take(&spec->pool, n + 1, sizeof *spec->output);
    spec->probability = kaon_eval_pool_take(
        &spec->pool, EVAL_MOST_PROBABILITIES + EVAL_MOST_CLASSES, sizeof *spec->probability);
    if (!spec->output || !spec->probability)
        return kaon_eval_build_no_memory(b);
    const size_t own = n - number_inner(b);
    for (size_t i = 0; !status && i < own; i++)
        status = build_output(b, &b->ports->output[i], &spec->output[i], outputs);
    if (!status && own < n)
        status = kaon_eval_build_inner(b, own);
    if (!status && spec->stored)
        status = add_stored(b);
    if (!status && spec->n_probabilities == 0)
        status = kaon_cli_fail(
            b->msg, KAON_BAD_INPUT,
            "%s: no output is known as a class "
            "probability (wanted names such as '%s_pb', or 'outputs' in an eval.json)",
            spec->model_path, spec->name);
    spec->n_given = spec->n_probabilities;
    return status;
}
