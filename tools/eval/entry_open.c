/* Opening the models of an evaluation: one, k folds as one, or the names of scores in files. */
#include "tools/eval/entry.h"

#include "tools/eval/gnn_config.h"
#include "tools/eval/sweep.h"

#include <string.h>

static enum kaon_status no_memory(struct kaon_msg *msg)
{
    return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

typedef enum kaon_status port_fn(const struct kaon_model *, size_t, struct kaon_port *);

static struct kaon_port *ports_of(struct eval_pool *pool, const struct kaon_model *model, size_t n,
                                  port_fn *get)
{
    struct kaon_port *port = kaon_eval_pool_take(pool, n + 1, sizeof *port);
    for (size_t i = 0; port && i < n; i++)
        get(model, i, &port[i]);
    return port;
}

/* Names in files and legends must differ. */
static enum kaon_status label(struct evaluation *e, struct eval_entry *entry,
                              const struct eval_choices *choices, struct kaon_msg *msg)
{
    size_t number = 1;
    const char *name = entry->spec.name;
    if (entry->sweep && entry->attention) {
        const char *variant = kaon_eval_sweep_name(&e->pool, entry->attention);
        name = variant ? kaon_eval_pool_format(&e->pool, "%s+%s", name, variant) : NULL;
        if (!name)
            return no_memory(msg);
    }
    if (choices->many_samples)
        name = kaon_eval_pool_format(&e->pool, "%s_%s", name, choices->sample);
    entry->label = name;
    for (const struct eval_entry *other = e->entry; entry->label && other < entry;) {
        if (strcmp(other->label, entry->label)) {
            other++;
            continue;
        }
        entry->label = kaon_eval_pool_format(&e->pool, "%s_%zu", name, ++number);
        other = e->entry; /* the new one must differ from all */
    }
    return entry->label ? KAON_OK : no_memory(msg);
}

/* From what a run kept of the model, without it. */
static enum kaon_status open_replayed(struct evaluation *e, struct eval_entry *entry,
                                      const char *path, const struct eval_choices *choices,
                                      struct kaon_msg *msg)
{
    struct eval_ports ports = { .path = path };
    const char *sha256;
    enum kaon_status status = kaon_eval_seen_model(&e->seen, &ports, &sha256, &e->pool, msg);
    if (!status)
        status = kaon_eval_spec_build(&entry->spec, &ports, choices, msg);
    if (status)
        return status;
    memcpy(entry->file_digest.hex, sha256, sizeof entry->file_digest.hex);
    return label(e, entry, choices, msg);
}

enum kaon_status kaon_eval_entry_open(struct evaluation *e, struct eval_entry *entry,
                                      const char *path, const struct eval_choices *choices,
                                      const struct kaon_engine_choice *engine,
                                      const struct kaon_say *say, struct kaon_msg *msg)
{
    uint64_t bytes;
    if (e->seen.replay)
        return open_replayed(e, entry, path, choices, msg);
    enum kaon_status status = kaon_cli_open(&entry->model, path, engine, say, msg);
    if (!status)
        status = kaon_digest_file(&entry->file_digest, path, &bytes, msg);
    if (status)
        return status;
    const struct kaon_model *m = entry->model;
    entry->isa = kaon_model_isa(m);
    struct eval_ports ports = { .path = path,
                                .n_inputs = kaon_model_input_count(m),
                                .n_outputs = kaon_model_output_count(m),
                                .gnn_config = kaon_model_metadata(m, "gnn_config"),
                                .doc_string = kaon_model_metadata(m, ":doc_string") };
    ports.input = ports_of(&e->pool, m, ports.n_inputs, kaon_model_input);
    ports.output = ports_of(&e->pool, m, ports.n_outputs, kaon_model_output);
    if (!ports.input || !ports.output)
        return no_memory(msg);
    status = kaon_eval_seen_keep_model(choices->seen, &ports, entry->file_digest.hex, msg);
    if (!status)
        status = kaon_eval_spec_build(&entry->spec, &ports, choices, msg);
    return status ? status : label(e, entry, choices, msg);
}

static bool same_port(const struct kaon_port *a, const struct kaon_port *b)
{
    if (a->type != b->type || a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dims[i] != b->dims[i])
            return false;
    return true;
}

/* Inputs by name; outputs, whose names hold the model's, by their place. */
static bool same_ports(const struct kaon_model *a, const struct kaon_model *b)
{
    struct kaon_port pa, pb;
    if (kaon_model_input_count(a) != kaon_model_input_count(b) ||
        kaon_model_output_count(a) != kaon_model_output_count(b))
        return false;
    for (size_t i = 0; i < kaon_model_input_count(a); i++)
        if (kaon_model_input(a, i, &pa) || kaon_model_input(b, i, &pb) || !same_port(&pa, &pb) ||
            strcmp(pa.name, pb.name))
            return false;
    for (size_t i = 0; i < kaon_model_output_count(a); i++)
        if (kaon_model_output(a, i, &pa) || kaon_model_output(b, i, &pb) || !same_port(&pa, &pb))
            return false;
    return true;
}

/* Whether the metadata of two models asks for the same fields with the same scales. */
static bool same_fields(struct eval_pool *pool, const struct kaon_model *a,
                        const struct kaon_model *b)
{
    const char *ta = kaon_model_metadata(a, "gnn_config");
    const char *tb = kaon_model_metadata(b, "gnn_config");
    struct eval_gnn ga, gb;
    if (!ta || !tb)
        return !ta && !tb;
    if (kaon_eval_gnn_parse(&ga, ta, "", pool, NULL) ||
        kaon_eval_gnn_parse(&gb, tb, "", pool, NULL) || ga.n_inputs != gb.n_inputs)
        return false;
    for (size_t i = 0; i < ga.n_inputs; i++) {
        if (ga.input[i].n_features != gb.input[i].n_features)
            return false;
        for (size_t k = 0; k < ga.input[i].n_features; k++) {
            const struct eval_feature *fa = &ga.input[i].feature[k], *fb = &gb.input[i].feature[k];
            if (strcmp(fa->name, fb->name) || fa->offset != fb->offset || fa->scale != fb->scale)
                return false;
        }
    }
    return true;
}

/* One fold: from its file, or in a merge what a run kept of it. */
static enum kaon_status open_fold(struct evaluation *e, struct eval_entry *entry, size_t i,
                                  const struct kaon_engine_choice *engine,
                                  const struct kaon_say *say, struct kaon_msg *msg)
{
    uint64_t bytes;
    const char *path = entry->fold_path[i], *sha256;
    struct eval_ports ports = { .path = path };
    enum kaon_status status;
    if (e->seen.replay) {
        status = kaon_eval_seen_model(&e->seen, &ports, &sha256, &e->pool, msg);
        if (!status)
            memcpy(entry->fold_digest[i].hex, sha256, sizeof entry->fold_digest[i].hex);
        return status;
    }
    status = kaon_cli_open(&entry->fold[i], path, engine, say, msg);
    if (!status)
        status = kaon_digest_file(&entry->fold_digest[i], path, &bytes, msg);
    if (!status && (!same_ports(entry->model, entry->fold[i]) ||
                    !same_fields(&e->pool, entry->model, entry->fold[i])))
        status = kaon_cli_fail(msg, KAON_BAD_INPUT,
                               "%s: takes or gives other things than %s, and cannot be a fold "
                               "of the same tagger",
                               path, entry->spec.model_path);
    if (!status && e->seen.root)
        status = kaon_eval_seen_keep_model(&e->seen, &ports, entry->fold_digest[i].hex, msg);
    return status;
}

enum kaon_status kaon_eval_entry_add_folds(struct evaluation *e, struct eval_entry *entry,
                                           const char *const *path, size_t n,
                                           const struct kaon_engine_choice *engine,
                                           const struct kaon_say *say, struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    if (n + 1 > EVAL_MOST_FOLDS)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "more than %d folds", EVAL_MOST_FOLDS);
    entry->fold = kaon_eval_pool_take(&e->pool, n + 1, sizeof(struct kaon_model *));
    entry->fold_path = kaon_eval_pool_take(&e->pool, n + 1, sizeof *entry->fold_path);
    entry->fold_digest = kaon_eval_pool_take(&e->pool, n + 1, sizeof *entry->fold_digest);
    if (!entry->fold || !entry->fold_path || !entry->fold_digest)
        return no_memory(msg);
    entry->n_folds = 1;
    for (size_t i = 0; !status && i < n; i++) {
        entry->fold_path[i] = path[i];
        entry->n_folds++;
        status = open_fold(e, entry, i, engine, say, msg);
    }
    entry->spec.query.n_folds = entry->n_folds;
    entry->spec.query.fold = entry->spec.fold_field;
    return status;
}

/* Whether any file has the scores in half precision; each must have them. */
static enum kaon_status check_stored(struct evaluation *e, struct eval_entry *entry,
                                     const struct eval_stored_source *source,
                                     const struct eval_choices *choices, struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    for (size_t i = 1; !status && i < source->n_paths; i++) {
        struct eval_stored fields;
        status = kaon_eval_seen_fields(choices->seen, &fields, source->path[i], &e->pool, msg);
        if (!status)
            status = kaon_eval_stored_check(&fields, source->tagger, msg);
        for (size_t k = 0; !status && k < fields.n; k++)
            if (fields.half[k] && kaon_eval_stored_is(fields.field[k], source->tagger))
                entry->spec.half = true;
    }
    return status;
}

enum kaon_status kaon_eval_entry_open_stored(struct evaluation *e, struct eval_entry *entry,
                                             const struct eval_stored_source *source,
                                             const struct eval_choices *choices,
                                             struct kaon_msg *msg)
{
    struct eval_stored fields;
    enum kaon_status status =
        kaon_eval_seen_fields(choices->seen, &fields, source->path[0], &e->pool, msg);
    const struct eval_ports ports = { .path = source->path[0],
                                      .tagger = source->tagger,
                                      .stored = &fields };
    struct eval_choices own = *choices;
    own.data = source->path;
    own.n_data = source->n_paths;
    if (!status)
        status = kaon_eval_spec_build(&entry->spec, &ports, &own, msg);
    if (!status)
        status = check_stored(e, entry, source, choices, msg);
    entry->data = source->path;
    entry->n_data = source->n_paths;
    return status ? status : label(e, entry, choices, msg);
}
