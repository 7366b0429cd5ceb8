#include "tools/info/describe.h"

#include <stdlib.h>

#include "tools/cli/fail.h"
#include "tools/cli/json.h"
#include "tools/cli/buffer.h"
#include "tools/model/digest.h"

static json_t *axis_json(const struct kaon_port *port, int32_t d)
{
    if (port->dims[d] >= 0)
        return json_integer(port->dims[d]);
    return port->axes[d] ? kaon_json_text(port->axes[d]) : json_null();
}

static json_t *port_json(const struct kaon_port *port)
{
    json_t *shape = port->rank < 0 ? json_null() : json_array();
    for (int32_t d = 0; d < port->rank; d++)
        json_array_append_new(shape, axis_json(port, d));
    return json_pack("{s:o, s:s, s:o}", "name", kaon_json_text(port->name), "type",
                     kaon_type_name(port->type), "shape", shape);
}

typedef enum kaon_status port_fn(const struct kaon_model *, size_t, struct kaon_port *);

static json_t *ports_json(const struct kaon_model *model, size_t n, port_fn *get)
{
    json_t *list = json_array();
    struct kaon_port port;
    for (size_t i = 0; i < n; i++)
        if (get(model, i, &port) == KAON_OK)
            json_array_append_new(list, port_json(&port));
    return list;
}

static json_t *metadata_json(const struct kaon_model *model)
{
    json_t *all = json_object();
    const char *key;
    for (size_t i = 0; (key = kaon_model_metadata_key(model, i)); i++) {
        const char *value = kaon_model_metadata(model, key);
        json_t *name = kaon_json_text(key);
        if (name)
            json_object_set_new(all, json_string_value(name), kaon_json_text(value ? value : ""));
        json_decref(name);
    }
    return all;
}

/* The file's words about itself. */
static void set_producer(json_t *info, const struct kaon_model *model)
{
    static const struct {
        const char *key, *member;
    } facts[] = {
        { ":producer", "producer" },     { ":producer_version", "producer_version" },
        { ":domain", "domain" },         { ":graph_name", "graph_name" },
        { ":ir_version", "ir_version" },
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const char *value = kaon_model_metadata(model, facts[i].key);
        if (value && *value)
            json_object_set_new(info, facts[i].member, kaon_json_text(value));
    }
}

/* The library's own description: opset, operators, parameters and what it adds later. */
static enum kaon_status set_graph(json_t *info, const struct kaon_model *model,
                                  struct kaon_msg *msg)
{
    struct kaon_buffer text = { 0 };
    json_error_t error;
    json_t *graph = NULL;
    enum kaon_status st = kaon_model_print(model, KAON_PRINT_JSON, kaon_buffer_write, &text, msg);

    if (st == KAON_OK && text.failed)
        st = kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for the description");
    if (st == KAON_OK) {
        graph = json_loadb(text.at ? text.at : "", text.bytes, JSON_ALLOW_NUL, &error);
        if (!graph || json_object_update_missing(info, graph) != 0)
            st = kaon_cli_fail(msg, KAON_BAD_STATE, "the library's description is not JSON: %s",
                               graph ? "not an object" : error.text);
    }
    json_decref(graph);
    free(text.at);
    return st;
}

static json_t *cost_json(const struct kaon_axes *axes, const struct kaon_session_info *cost)
{
    if (!cost)
        return json_null();
    json_t *dims = json_object();
    for (size_t i = 0; i < axes->n; i++)
        json_object_set_new(dims, axes->axis[i].name, json_integer(axes->axis[i].length));
    return json_pack("{s:o, s:I, s:I, s:I, s:I}", "dims", dims, "steps", (json_int_t)cost->steps,
                     "macs", (json_int_t)cost->macs, "arena_bytes", (json_int_t)cost->arena_bytes,
                     "plan_bytes", (json_int_t)cost->plan_bytes);
}

enum kaon_status kaon_info_describe(json_t **info, const struct kaon_model *model, const char *path,
                                    const struct kaon_axes *axes,
                                    const struct kaon_session_info *cost, const char *cost_unknown,
                                    struct kaon_msg *msg)
{
    struct kaon_digest digest;
    uint64_t bytes;
    enum kaon_status st = kaon_digest_file(&digest, path, &bytes, msg);

    *info = NULL;
    if (st != KAON_OK)
        return st;
    json_t *o =
        json_pack("{s:i, s:o, s:I, s:s, s:s, s:o, s:o, s:o, s:o}", "schema_version",
                  KAON_JSON_SCHEMA, "model", kaon_json_text(path), "bytes", (json_int_t)bytes,
                  "sha256", digest.hex, "isa", kaon_model_isa(model), "inputs",
                  ports_json(model, kaon_model_input_count(model), kaon_model_input), "outputs",
                  ports_json(model, kaon_model_output_count(model), kaon_model_output), "metadata",
                  metadata_json(model), "cost", cost_json(axes, cost));
    if (!o)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for the description");
    set_producer(o, model);
    if (!cost)
        json_object_set_new(o, "cost_unknown", kaon_json_text(cost_unknown));
    if ((st = set_graph(o, model, msg)) != KAON_OK) {
        json_decref(o);
        return st;
    }
    *info = o;
    return KAON_OK;
}
