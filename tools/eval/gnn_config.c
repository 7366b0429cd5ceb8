#include "tools/eval/gnn_config.h"

#include "tools/eval/json.h"

#include <math.h>
#include <string.h>

struct parse {
    struct eval_gnn *gnn;
    struct eval_pool *pool;
    const char *where; /* "gn2.onnx: gnn_config" */
    struct kaon_msg *msg;
};

static enum kaon_status no_memory(const struct parse *p)
{
    return kaon_cli_fail(p->msg, KAON_NO_MEMORY, "out of memory");
}

static enum kaon_status read_version(struct parse *p, const json_t *root)
{
    static const struct {
        const char *text;
        int version;
    } known[] = { { "v0", 0 }, { "v1", 1 }, { "v2", 2 } };
    const char *text = "v0"; /* the first files said nothing */
    const enum kaon_status status =
        kaon_eval_json_text(root, "onnx_model_version", &text, p->where, p->msg);
    if (status)
        return status;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(text, known[i].text)) {
            p->gnn->version = known[i].version;
            return KAON_OK;
        }
    return kaon_cli_fail(p->msg, KAON_BAD_INPUT, "%s: has version '%s', known are v0, v1 and v2",
                         p->where, text);
}

static enum kaon_status read_feature(struct parse *p, const json_t *json, const char *where,
                                     struct eval_feature *feature)
{
    const char *name = NULL;
    double instead = NAN;
    *feature = (struct eval_feature){ .scale = 1, .lower = -INFINITY, .upper = INFINITY };
    enum kaon_status status = kaon_eval_json_text(json, "name", &name, where, p->msg);
    if (!status && !name)
        status = kaon_cli_fail(p->msg, KAON_BAD_INPUT, "%s: has a variable without a name", where);
    if (!status)
        status = kaon_eval_json_number(json, "offset", &feature->offset, where, p->msg);
    if (!status)
        status = kaon_eval_json_number(json, "scale", &feature->scale, where, p->msg);
    if (!status)
        status = kaon_eval_json_number(json, "default", &instead, where, p->msg);
    if (!status && !isnan(instead)) { /* lwtnn: of a value that is not finite */
        feature->replace = (float)instead;
        feature->replaces = true;
    }
    if (!status && !(feature->name = kaon_eval_pool_text(p->pool, name)))
        status = no_memory(p);
    return status;
}

/* "tracks_r22default_sd0sort" -> dataset "tracks", input "track_features"; "jet_var" -> "jets",
 * "jet_features". In version 2 inputs are called as the datasets. */
static int name_input(struct parse *p, struct eval_gnn_input *in)
{
    const size_t kind = strcspn(in->name, "_");
    const size_t one = kind > 0 && in->name[kind - 1] == 's' ? kind - 1 : kind;
    if (p->gnn->version == 2) {
        in->dataset = in->input = in->name;
        return 1;
    }
    in->dataset = kaon_eval_pool_format(p->pool, "%.*ss", (int)one, in->name);
    in->input = kaon_eval_pool_format(p->pool, "%.*s_features", (int)one, in->name);
    return in->dataset && in->input;
}

static enum kaon_status read_input(struct parse *p, const json_t *json, bool is_sequence)
{
    struct eval_gnn_input *in = &p->gnn->input[p->gnn->n_inputs];
    const char *name = NULL;
    json_t *list;
    enum kaon_status status = kaon_eval_json_text(json, "name", &name, p->where, p->msg);
    if (!status && !name)
        status = kaon_cli_fail(p->msg, KAON_BAD_INPUT, "%s: has an input without a name", p->where);
    if (!status)
        status = kaon_eval_json_list(json, "variables", &list, p->where, p->msg);
    if (status)
        return status;
    in->is_sequence = is_sequence;
    in->n_features = json_array_size(list);
    in->feature = kaon_eval_pool_take(p->pool, in->n_features + 1, sizeof *in->feature);
    in->name = kaon_eval_pool_text(p->pool, name);
    const char *where = kaon_eval_pool_format(p->pool, "%s: input '%s'", p->where, name);
    if (!in->name || !in->feature || !where || !name_input(p, in))
        return no_memory(p);
    for (size_t i = 0; !status && i < in->n_features; i++)
        status = read_feature(p, json_array_get(list, i), where, &in->feature[i]);
    p->gnn->n_inputs++;
    return status;
}

/* model_name, or in version 0 the key under `outputs`. */
static enum kaon_status read_name(struct parse *p, json_t *root)
{
    const char *name = NULL;
    json_t *outputs = NULL;
    enum kaon_status status = kaon_eval_json_text(root, "model_name", &name, p->where, p->msg);
    if (!status && p->gnn->version == 0)
        status = kaon_eval_json_object(root, "outputs", &outputs, p->where, p->msg);
    if (status)
        return status;
    if (!name && json_object_size(outputs) == 1)
        name = json_object_iter_key(json_object_iter(outputs));
    if (name && !(p->gnn->model_name = kaon_eval_pool_text(p->pool, name)))
        return no_memory(p);
    return KAON_OK;
}

enum kaon_status kaon_eval_gnn_parse(struct eval_gnn *gnn, const char *text, const char *path,
                                     struct eval_pool *pool, struct kaon_msg *msg)
{
    static const struct {
        const char *key;
        bool is_sequence;
    } groups[] = {
        { "inputs", false },
        { "input_sequences", true },
    };
    struct parse p = { gnn, pool, kaon_eval_pool_format(pool, "%s: gnn_config", path), msg };
    json_t *root, *list[2] = { NULL, NULL };
    *gnn = (struct eval_gnn){ 0 };
    if (!p.where)
        return no_memory(&p);
    enum kaon_status status = kaon_eval_json_parse(&root, text, strlen(text), p.where, msg);
    if (status)
        return status;
    status = read_version(&p, root);
    if (!status)
        status = read_name(&p, root);
    for (size_t g = 0; !status && g < 2; g++)
        status = kaon_eval_json_list(root, groups[g].key, &list[g], p.where, msg);
    gnn->input = kaon_eval_pool_take(pool, json_array_size(list[0]) + json_array_size(list[1]) + 1,
                                     sizeof *gnn->input);
    if (!status && !gnn->input)
        status = no_memory(&p);
    for (size_t g = 0; g < 2; g++)
        for (size_t i = 0; !status && i < json_array_size(list[g]); i++)
            status = read_input(&p, json_array_get(list[g], i), groups[g].is_sequence);
    json_decref(root);
    return status;
}
