#include "tools/eval/spec.h"

#include "tools/eval/build.h"
#include "tools/eval/seen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum kaon_status kaon_eval_build_no_memory(const struct eval_build *b)
{
    return kaon_cli_fail(b->msg, KAON_NO_MEMORY, "out of memory");
}

enum kaon_status kaon_eval_spec_note(struct eval_spec *spec, struct kaon_msg *msg,
                                     const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const char **more = realloc(spec->note, (spec->n_notes + 1) * sizeof *more);
    const char *kept = kaon_eval_pool_text(&spec->pool, text);
    if (more)
        spec->note = more;
    if (!more || !kept)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    spec->note[spec->n_notes++] = kept;
    return KAON_OK;
}

/* Path of a file beside the file at `path`; NULL without memory. */
static char *beside(struct eval_pool *pool, const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    if (*name == '/' || !slash)
        return kaon_eval_pool_text(pool, name);
    return kaon_eval_pool_format(pool, "%.*s%s", (int)(slash - path) + 1, path, name);
}

static enum kaon_status load_config(struct eval_build *b)
{
    struct eval_spec *spec = b->spec;
    const char *path = b->choices->config, *schema = NULL;
    if (!path && b->ports->tagger)
        return KAON_OK;
    if (!path) {
        path = beside(&spec->pool, b->ports->path, "eval.json");
        if (!path)
            return kaon_eval_build_no_memory(b);
        if (!kaon_eval_seen_exists(b->choices->seen, path))
            return KAON_OK;
    }
    spec->config_path = kaon_eval_pool_text(&spec->pool, path);
    if (!spec->config_path)
        return kaon_eval_build_no_memory(b);
    enum kaon_status status = kaon_eval_seen_json(b->choices->seen, &b->config, path, b->msg);
    if (!status)
        status = kaon_eval_json_text(b->config, "schema", &schema, path, b->msg);
    if (!status && (!schema || strcmp(schema, "kaon-eval/1")))
        status =
            kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: 'schema' must be \"kaon-eval/1\"", path);
    return status;
}

/* The file that eval.json names, or without eval.json preprocess.json if it lies there. */
static enum kaon_status load_preprocess(struct eval_build *b)
{
    const char *name = NULL;
    enum kaon_status status = KAON_OK;
    if (b->config)
        status = kaon_eval_json_text(b->config, "preprocess", &name, b->spec->config_path, b->msg);
    if (status)
        return status;
    b->preprocess_path = beside(&b->spec->pool, name ? b->spec->config_path : b->ports->path,
                                name ? name : "preprocess.json");
    if (!b->preprocess_path)
        return kaon_eval_build_no_memory(b);
    if (!name &&
        (b->config || b->has_gnn || !kaon_eval_seen_exists(b->choices->seen, b->preprocess_path)))
        return KAON_OK;
    return kaon_eval_seen_json(b->choices->seen, &b->preprocess, b->preprocess_path, b->msg);
}

static enum kaon_status load_metadata(struct eval_build *b)
{
    if (!b->ports->gnn_config)
        return KAON_OK;
    b->has_gnn = true;
    return kaon_eval_gnn_parse(&b->gnn, b->ports->gnn_config, b->ports->path, &b->spec->pool,
                               b->msg);
}

/* --category, eval.json, or the usual one. */
static enum kaon_status load_category(struct eval_build *b)
{
    const json_t *classes = b->config ? json_object_get(b->config, "classes") : NULL;
    const char *word = b->choices->category;
    if (!word)
        word = json_string_value(classes);
    if (word && !b->choices->category && strpbrk(word, "/."))
        word = beside(&b->spec->pool, b->spec->config_path, word);
    return kaon_eval_category_load(&b->category, word ? word : "single-btag", b->choices->seen,
                                   &b->spec->pool, b->msg);
}

/* Other forms of labels are chosen by what the data has. Data that cannot be read is the reader's
 * to refuse. */
static enum kaon_status look_at_the_data(struct eval_build *b)
{
    const char *path = b->choices->n_data ? b->choices->data[0]
                       : b->spec->n_data  ? b->spec->data[0]
                                          : NULL;
    bool forms = false;
    for (size_t i = 0; i < b->category.n; i++)
        forms = forms || b->category.flavour[i].n_selects > 1;
    if (b->ports->stored)
        b->fields = *b->ports->stored;
    else if (forms && path &&
             kaon_eval_seen_fields(b->choices->seen, &b->fields, path, &b->spec->pool, NULL))
        b->fields = (struct eval_stored){ .n = 0 };
    return KAON_OK;
}

void kaon_eval_spec_sum(const struct eval_spec *spec, float *probability, size_t rows)
{
    for (size_t row = 0; row < rows; row++, probability += spec->n_probabilities)
        for (size_t i = spec->n_given; i < spec->n_probabilities; i++) {
            double sum = 0;
            for (size_t k = 0; k < spec->probability[i].n_sum; k++)
                sum += probability[spec->probability[i].sum[k]];
            probability[i] = (float)sum;
        }
}

bool kaon_eval_is_plain(const char *name)
{
    const size_t length = strlen(name);
    return length > 0 && length <= 64 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
               length;
}

/* eval.json, metadata, doc_string, name of the file. */
static enum kaon_status name_model(struct eval_build *b)
{
    struct eval_spec *spec = b->spec;
    json_t *model = NULL;
    const char *name = NULL, *title = NULL;
    enum kaon_status status = KAON_OK;
    if (b->config)
        status = kaon_eval_json_object(b->config, "model", &model, spec->config_path, b->msg);
    if (!status && model)
        status = kaon_eval_json_text(model, "name", &name, spec->config_path, b->msg);
    if (!status && model)
        status = kaon_eval_json_text(model, "title", &title, spec->config_path, b->msg);
    if (status)
        return status;
    if (b->ports->tagger)
        name = b->ports->tagger, title = NULL;
    if (name && !kaon_eval_is_plain(name))
        return kaon_cli_fail(b->msg, b->ports->tagger ? KAON_BAD_ARGUMENT : KAON_BAD_INPUT,
                             "%s: model name '%s' must be letters, digits and '_'",
                             b->ports->tagger ? "--tagger" : spec->config_path, name);
    if (!name)
        name = b->gnn.model_name;
    if (!name || !kaon_eval_is_plain(name))
        name = b->ports->doc_string;
    if (!name || !kaon_eval_is_plain(name)) {
        const char *slash = strrchr(b->ports->path, '/');
        const char *file = slash ? slash + 1 : b->ports->path;
        char *stem = kaon_eval_pool_format(&spec->pool, "%.*s", (int)strcspn(file, "."), file);
        for (char *c = stem; c && *c; c++)
            if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", *c))
                *c = '_';
        name = stem && kaon_eval_is_plain(stem) ? stem : "model";
    }
    spec->name = kaon_eval_pool_text(&spec->pool, name);
    spec->title = kaon_eval_pool_text(&spec->pool, title ? title : name);
    return spec->name && spec->title ? KAON_OK : kaon_eval_build_no_memory(b);
}

enum kaon_status kaon_eval_spec_build(struct eval_spec *spec, const struct eval_ports *ports,
                                      const struct eval_choices *choices, struct kaon_msg *msg)
{
    static enum kaon_status (*const steps[])(struct eval_build *) = {
        load_metadata,
        load_config,
        load_preprocess,
        load_category,
        name_model,
        kaon_eval_build_sample,
        look_at_the_data,
        kaon_eval_build_inputs,
        kaon_eval_build_outputs,
        kaon_eval_build_judgement,
        kaon_eval_build_points,
        kaon_eval_build_variables,
        kaon_eval_build_query,
    };
    spec->stored = ports->tagger != NULL;
    spec->ftag_exact = choices->ftag_exact;
    struct eval_build b = { .spec = spec, .ports = ports, .choices = choices, .msg = msg };
    enum kaon_status status = KAON_OK;
    spec->model_path = kaon_eval_pool_text(&spec->pool, ports->path);
    if (!spec->model_path)
        status = kaon_eval_build_no_memory(&b);
    for (size_t i = 0; !status && i < sizeof steps / sizeof *steps; i++)
        status = steps[i](&b);
    json_decref(b.config);
    json_decref(b.preprocess);
    return status;
}

void kaon_eval_spec_close(struct eval_spec *spec)
{
    free(spec->note);
    kaon_eval_pool_close(&spec->pool);
    *spec = (struct eval_spec){ 0 };
}
