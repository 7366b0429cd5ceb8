#include "tools/eval/seen.h"

#include "tools/cli/json.h"
#include "tools/eval/json.h"

#include <string.h>
#include <unistd.h>

static enum kaon_status no_memory(struct kaon_msg *msg)
{
    return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

enum kaon_status kaon_eval_seen_begin(struct eval_seen *seen, struct kaon_msg *msg)
{
    seen->replay = false;
    seen->root = json_pack("{s:{}, s:{}, s:{}, s:[]}", "files", "fields", "models", "entries");
    return seen->root ? KAON_OK : no_memory(msg);
}

void kaon_eval_seen_close(struct eval_seen *seen)
{
    json_decref(seen->root);
    seen->root = NULL;
}

static json_t *find(const struct eval_seen *seen, const char *kind, const char *path)
{
    return json_object_get(json_object_get(seen->root, kind), path);
}

/* Takes the reference. */
static enum kaon_status keep(struct eval_seen *seen, const char *kind, const char *path,
                             json_t *value, struct kaon_msg *msg)
{
    return json_object_set_new(json_object_get(seen->root, kind), path, value) == 0
               ? KAON_OK
               : no_memory(msg);
}

static enum kaon_status not_kept(const char *path, struct kaon_msg *msg)
{
    return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: the shards do not say what it holds", path);
}

enum kaon_status kaon_eval_seen_json(struct eval_seen *seen, json_t **root, const char *path,
                                     struct kaon_msg *msg)
{
    if (seen && seen->replay) {
        *root = json_incref(find(seen, "files", path));
        return json_is_object(*root) ? KAON_OK : not_kept(path, msg);
    }
    const enum kaon_status status = kaon_eval_json_file(root, path, msg);
    return status || !seen ? status : keep(seen, "files", path, json_incref(*root), msg);
}

bool kaon_eval_seen_exists(const struct eval_seen *seen, const char *path)
{
    return seen && seen->replay ? find(seen, "files", path) != NULL : access(path, F_OK) == 0;
}

static enum kaon_status fields_from(const json_t *list, struct eval_stored *stored,
                                    const char *path, struct eval_pool *pool, struct kaon_msg *msg)
{
    const size_t n = json_array_size(list);
    const char **field = kaon_eval_pool_take(pool, n + 1, sizeof *field);
    bool *half = kaon_eval_pool_take(pool, n + 1, sizeof *half);
    if (!field || !half)
        return no_memory(msg);
    for (size_t i = 0; i < n; i++) {
        const json_t *pair = json_array_get(list, i);
        field[i] = json_string_value(json_array_get(pair, 0));
        half[i] = json_is_true(json_array_get(pair, 1));
        if (!field[i])
            return not_kept(path, msg);
    }
    *stored = (struct eval_stored){ .path = path, .field = field, .n = n, .half = half };
    return KAON_OK;
}

enum kaon_status kaon_eval_seen_fields(struct eval_seen *seen, struct eval_stored *stored,
                                       const char *path, struct eval_pool *pool,
                                       struct kaon_msg *msg)
{
    if (seen && seen->replay) {
        const json_t *list = find(seen, "fields", path);
        return json_is_array(list) ? fields_from(list, stored, path, pool, msg)
                                   : not_kept(path, msg);
    }
    const enum kaon_status status = kaon_eval_stored_open(stored, path, pool, msg);
    if (status || !seen)
        return status;
    json_t *list = json_array();
    for (size_t i = 0; i < stored->n; i++)
        json_array_append_new(list, json_pack("[o, b]", kaon_json_text(stored->field[i]),
                                              (int)(stored->half && stored->half[i])));
    return keep(seen, "fields", path, list, msg);
}

/* ---- models ---------------------------------------------------------------------------------- */

static json_t *text(const char *value)
{
    return value ? kaon_json_text(value) : json_null();
}

static json_t *ports_to(const struct kaon_port *port, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *dims = json_array(), *axes = json_array();
        for (int32_t d = 0; d < port[i].rank; d++) {
            json_array_append_new(dims, json_integer(port[i].dims[d]));
            json_array_append_new(axes, text(port[i].axes[d]));
        }
        json_array_append_new(list, json_pack("{s:o, s:i, s:i, s:o, s:o}", "name",
                                              text(port[i].name), "type", (int)port[i].type, "rank",
                                              (int)port[i].rank, "dims", dims, "axes", axes));
    }
    return list;
}

static struct kaon_port *ports_from(const json_t *list, size_t *n, struct eval_pool *pool)
{
    *n = json_array_size(list);
    struct kaon_port *port = kaon_eval_pool_take(pool, *n + 1, sizeof *port);
    for (size_t i = 0; port && i < *n; i++) {
        const json_t *from = json_array_get(list, i);
        const json_int_t rank = json_integer_value(json_object_get(from, "rank"));
        port[i].name = json_string_value(json_object_get(from, "name"));
        port[i].type = (enum kaon_type)json_integer_value(json_object_get(from, "type"));
        if (!port[i].name || rank < -1 || rank > KAON_MAX_RANK)
            return NULL;
        port[i].rank = (int32_t)rank;
        for (int32_t d = 0; d < port[i].rank; d++) {
            const size_t at = (size_t)d;
            port[i].dims[d] = json_integer_value(json_array_get(json_object_get(from, "dims"), at));
            port[i].axes[d] = json_string_value(json_array_get(json_object_get(from, "axes"), at));
        }
    }
    return port;
}

enum kaon_status kaon_eval_seen_keep_model(struct eval_seen *seen, const struct eval_ports *ports,
                                           const char *sha256, struct kaon_msg *msg)
{
    const bool bare =
        ports->n_inputs + ports->n_outputs == 0; /* a fold, which is known by the first */
    if (!seen || (bare && find(seen, "models", ports->path)))
        return KAON_OK;
    return keep(seen, "models", ports->path,
                json_pack("{s:s, s:o, s:o, s:o, s:o}", "sha256", sha256, "gnn_config",
                          text(ports->gnn_config), "doc_string", text(ports->doc_string), "inputs",
                          ports_to(ports->input, ports->n_inputs), "outputs",
                          ports_to(ports->output, ports->n_outputs)),
                msg);
}

enum kaon_status kaon_eval_seen_model(const struct eval_seen *seen, struct eval_ports *ports,
                                      const char **sha256, struct eval_pool *pool,
                                      struct kaon_msg *msg)
{
    const json_t *model = find(seen, "models", ports->path);
    *sha256 = json_string_value(json_object_get(model, "sha256"));
    ports->gnn_config = json_string_value(json_object_get(model, "gnn_config"));
    ports->doc_string = json_string_value(json_object_get(model, "doc_string"));
    ports->input = ports_from(json_object_get(model, "inputs"), &ports->n_inputs, pool);
    ports->output = ports_from(json_object_get(model, "outputs"), &ports->n_outputs, pool);
    return *sha256 && strlen(*sha256) == 64 && ports->input && ports->output
               ? KAON_OK
               : not_kept(ports->path, msg);
}
