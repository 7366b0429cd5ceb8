#include "tools/eval/run_report.h"

#include "tools/cli/json.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static json_t *count(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *text(const char *value)
{
    return value ? kaon_json_text(value) : json_null();
}

static json_t *texts(const char *const *value, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, kaon_json_text(value[i]));
    return list;
}

static json_t *entry(const struct eval_entry *e)
{
    const struct {
        const char *key;
        json_t *value;
    } members[] = {
        { "name", text(e->label) },
        { "path", text(e->spec.model_path) },
        { "config", text(e->spec.config_path) },
        { "isa", text(e->isa) },
        { "attention", text(e->attention) },
        { "data", texts(e->data, e->n_data) },
        { "predictions", text(e->predictions) },
        { "prepare_seconds", kaon_json_number(e->prepare_seconds) },
        { "seconds", kaon_json_number(e->run_seconds) },
        { "jets_per_second", kaon_json_number((double)e->scores.rows / e->run_seconds) },
        { "macs", count(e->macs) },
    };
    json_t *model = json_object();
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        json_object_set_new(model, members[i].key, members[i].value);
    return model;
}

static json_t *host(void)
{
    char name[256] = "";
    if (gethostname(name, sizeof name - 1) != 0)
        return json_null();
    return kaon_json_text(name);
}

void kaon_eval_time_text(char out[32])
{
    const time_t now = time(NULL);
    struct tm utc;
    out[0] = '\0';
    if (gmtime_r(&now, &utc))
        strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

json_t *kaon_eval_configured(const struct eval_settings *settings)
{
    size_t i, k;
    json_t *row, *value, *list = json_array();
    json_array_foreach(settings->configured, i, row)
    {
        json_t *values = json_array();
        json_array_foreach(json_object_get(row, "values"), k, value)
            json_array_append_new(values, text(json_string_value(value)));
        json_array_append_new(
            list, json_pack("{s:o, s:o, s:o}", "option",
                            text(json_string_value(json_object_get(row, "option"))), "values",
                            values, "from", text(json_string_value(json_object_get(row, "from")))));
    }
    return list;
}

json_t *kaon_eval_run_report(const struct evaluation *e)
{
    static const char *const compressions[] = { "gzip", "lz4", "none" };
    const struct eval_settings *s = &e->settings;
    json_t *models = json_array();
    char finished[32];
    kaon_eval_time_text(finished);
    for (size_t i = 0; i < e->n; i++)
        json_array_append_new(models, entry(&e->entry[i]));
    return json_pack("{s:i, s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:s, s:o, s:o}", "schema_version",
                     KAON_JSON_SCHEMA, "kaon", kaon_version(), "command", text(s->command_line),
                     "configured", kaon_eval_configured(s), "host", host(), "finished", finished,
                     "threads", count(s->threads), "batch", count(s->batch), "compression",
                     compressions[s->compression], "models", models, "files",
                     texts(e->file, e->n_files));
}
