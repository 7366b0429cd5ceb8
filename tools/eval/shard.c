#include "tools/eval/shard.h"

#include "tools/cli/json.h"
#include "tools/cli/option.h"
#include "tools/eval/json.h"
#include "tools/eval/run_report.h"
#include "tools/eval/storage.h"
#include "tools/eval/store.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum kaon_status no_memory(struct kaon_msg *msg)
{
    return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

/* ---- which part -------------------------------------------------------------------------------- */

/* Variables that say which of how many processes this is. */
static const struct {
    const char *index, *first, *last, *step, *count;
} schedulers[] = {
    { "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX",
      "SLURM_ARRAY_TASK_STEP", "SLURM_ARRAY_TASK_COUNT" },
    { "SLURM_PROCID", NULL, NULL, NULL, "SLURM_NTASKS" },
    { "OMPI_COMM_WORLD_RANK", NULL, NULL, NULL, "OMPI_COMM_WORLD_SIZE" },
};

static int64_t variable(const char *name, int64_t otherwise)
{
    const char *text = name ? getenv(name) : NULL;
    int64_t value;
    return text && kaon_parse_int(text, &value) ? value : otherwise;
}

static enum kaon_status from_environment(struct eval_part_of *part, struct kaon_msg *msg)
{
    for (size_t i = 0; i < sizeof schedulers / sizeof *schedulers; i++) {
        const int64_t index = variable(schedulers[i].index, -1);
        const int64_t count = variable(schedulers[i].count, -1);
        if (index < 0 || count < 1)
            continue;
        const int64_t first = variable(schedulers[i].first, 0);
        const int64_t step = variable(schedulers[i].step, 1);
        const int64_t last = variable(schedulers[i].last, first + step * (count - 1));
        if (step < 1 || last < first || (last - first) / step + 1 != count || index < first ||
            (index - first) % step || (index - first) / step >= count)
            return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                                 "--shard auto: task %" PRId64 " is of an array with gaps; name "
                                 "the part: --shard $%s/N",
                                 index, schedulers[i].index);
        *part = (struct eval_part_of){ (uint64_t)((index - first) / step), (uint64_t)count };
        return KAON_OK;
    }
    return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                         "--shard auto: neither SLURM_ARRAY_TASK_ID, SLURM_PROCID nor "
                         "OMPI_COMM_WORLD_RANK is set with its count");
}

enum kaon_status kaon_eval_shard_parse(struct eval_part_of *part, const char *text,
                                       struct kaon_msg *msg)
{
    enum { MOST = 100000 };
    char index[24] = "";
    const char *slash = strchr(text, '/');
    int64_t i = -1, n = -1;
    if (!strcmp(text, "auto"))
        return from_environment(part, msg);
    if (slash && (size_t)(slash - text) < sizeof index)
        memcpy(index, text, (size_t)(slash - text));
    if (!kaon_parse_int(index, &i) || !kaon_parse_int(slash + 1, &n) || i < 0 || n > MOST || i >= n)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             "--shard takes I/N with I from 0 to N - 1 and N up to %d, or auto, "
                             "not \"%s\"",
                             MOST, text);
    *part = (struct eval_part_of){ (uint64_t)i, (uint64_t)n };
    return KAON_OK;
}

/* ---- what is known of the data ------------------------------------------------------------------ */

static json_t *text(const char *value)
{
    return value ? kaon_json_text(value) : json_null();
}

enum kaon_status kaon_eval_shard_keep(struct evaluation *e, const struct eval_entry *entry,
                                      struct kaon_msg *msg)
{
    json_t *data = json_array();
    for (size_t i = 0; i < entry->n_data; i++)
        json_array_append_new(data,
                              json_pack("{s:o, s:I, s:I, s:s}", "name", text(entry->source[i].name),
                                        "bytes", (json_int_t)entry->source[i].bytes, "rows",
                                        (json_int_t)entry->source[i].rows, "first_mib_sha256",
                                        entry->source[i].beginning.hex));
    json_t *known =
        json_pack("{s:o, s:o, s:o, s:o, s:I, s:o}", "model", text(entry->label), "sample",
                  text(entry->sample), "sample_text", text(entry->sample_text), "writer_version",
                  text(entry->writer_version), "rows",
                  (json_int_t)kaon_eval_reader_all(entry->reader), "data", data);
    return json_array_append_new(json_object_get(e->seen.root, "entries"), known) == 0
               ? KAON_OK
               : no_memory(msg);
}

enum kaon_status kaon_eval_shard_recall(struct evaluation *e, struct eval_entry *entry,
                                        struct kaon_msg *msg)
{
    const size_t at = (size_t)(entry - e->entry);
    const json_t *known = json_array_get(json_object_get(e->seen.root, "entries"), at);
    const json_t *data = json_object_get(known, "data");
    entry->sample = json_string_value(json_object_get(known, "sample"));
    entry->sample_text = json_string_value(json_object_get(known, "sample_text"));
    entry->writer_version = json_string_value(json_object_get(known, "writer_version"));
    bool sound = entry->sample && !strchr(entry->sample, '/') && entry->sample_text;
    entry->source = kaon_eval_pool_take(&e->pool, json_array_size(data) + 1, sizeof *entry->source);
    if (!entry->source)
        return no_memory(msg);
    for (size_t i = 0; sound && i < json_array_size(data); i++) {
        const json_t *from = json_array_get(data, i);
        const char *hex = json_string_value(json_object_get(from, "first_mib_sha256"));
        struct eval_source *s = &entry->source[i];
        s->name = json_string_value(json_object_get(from, "name"));
        s->bytes = (uint64_t)json_integer_value(json_object_get(from, "bytes"));
        s->rows = (uint64_t)json_integer_value(json_object_get(from, "rows"));
        sound = s->name && hex && strlen(hex) == sizeof s->beginning.hex - 1;
        if (sound)
            memcpy(s->beginning.hex, hex, sizeof s->beginning.hex);
    }
    if (!sound || entry->n_data != json_array_size(data))
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "the shards do not say which data %s is of",
                             entry->label);
    return KAON_OK;
}

/* ---- the manifest ------------------------------------------------------------------------------- */

json_t *kaon_eval_shard_manifest(const struct evaluation *e, const json_t *words)
{
    json_t *ranges = json_array();
    for (size_t i = 0; i < e->n && !e->entry[i].derived; i++) {
        const uint64_t first = kaon_eval_reader_first(e->entry[i].reader);
        const uint64_t rows = kaon_eval_reader_rows(e->entry[i].reader);
        json_array_append_new(ranges,
                              json_pack("[I, I]", (json_int_t)first, (json_int_t)(first + rows)));
    }
    return json_pack("{s:s, s:s, s:O, s:O, s:I, s:{s:I, s:o}}", "schema", "kaon-shard/1", "kaon",
                     kaon_version(), "words", words, "seen", e->seen.root, "shards",
                     (json_int_t)e->settings.shard.count, "part", "index",
                     (json_int_t)e->settings.shard.index, "rows", ranges);
}

static void show(const json_t *json, char *out, size_t room)
{
    char *full = json ? json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    snprintf(out, room, "%.60s", full ? full : "nothing");
    free(full);
}

/* A place in a manifest; one that is too long for a sentence ends where the room does. */
__attribute__((format(printf, 3, 4))) static void place(char *to, size_t room, const char *format,
                                                        ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(to, room, format, args);
    va_end(args);
}

static bool differ_at(const json_t *a, const json_t *b, const char *where, char *out, size_t room)
{
    char left[64], right[64], inner[200];
    const char *key;
    json_t *value;
    size_t i;
    if (json_equal(a, b))
        return false;
    if (json_is_object(a) && json_is_object(b)) {
        json_object_foreach((json_t *)(uintptr_t)a, key, value)
        {
            place(inner, sizeof inner, "%s%s%s", where, *where ? "." : "", key);
            if (differ_at(value, json_object_get(b, key), inner, out, room))
                return true;
        }
        json_object_foreach((json_t *)(uintptr_t)b, key, value)
        {
            place(inner, sizeof inner, "%s%s%s", where, *where ? "." : "", key);
            if (!json_object_get(a, key) && differ_at(NULL, value, inner, out, room))
                return true;
        }
    }
    if (json_is_array(a) && json_is_array(b) && json_array_size(a) == json_array_size(b))
        json_array_foreach(a, i, value)
        {
            place(inner, sizeof inner, "%s[%zu]", where, i);
            if (differ_at(value, json_array_get(b, i), inner, out, room))
                return true;
        }
    show(a, left, sizeof left);
    show(b, right, sizeof right);
    snprintf(out, room, "%s is %s and %s", where, left, right);
    return true;
}

bool kaon_eval_shard_differ(const json_t *a, const json_t *b, char *out, size_t room)
{
    if (differ_at(a, b, "", out, room))
        return true;
    char *left = json_dumps(a, JSON_COMPACT), *right = json_dumps(b, JSON_COMPACT);
    const bool same = left && right && !strcmp(left, right);
    free(left);
    free(right);
    if (!same)
        snprintf(out, room, "what was read before the run is in another order");
    return !same;
}

/* ---- files ----------------------------------------------------------------------------------- */

enum kaon_status kaon_eval_shard_open(json_t **manifest, hid_t *h5, const char *path,
                                      struct kaon_msg *msg)
{
    hid_t file = -1;
    char *found = NULL;
    *manifest = NULL;
    enum kaon_status status = kaon_eval_h5_start(msg);
    if (!status)
        status = kaon_eval_storage_open(&file, path, msg);
    if (!status)
        status = kaon_eval_store_text(&found, file, path, "manifest", msg);
    if (!status)
        status = kaon_eval_json_parse(manifest, found, strlen(found), path, msg);
    const char *schema = json_string_value(json_object_get(*manifest, "schema"));
    if (!status && (!schema || strcmp(schema, "kaon-shard/1"))) {
        status = kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: is no shard of kaon", path);
        json_decref(*manifest);
        *manifest = NULL;
    }
    free(found);
    if (file >= 0 && (status || !h5))
        H5Fclose(file);
    else if (h5)
        *h5 = file;
    return status;
}

/* Whether the part is there, finished and of this very evaluation; any other is refused. */
static enum kaon_status look(const char *path, const json_t *manifest, bool *done,
                             struct kaon_msg *msg)
{
    json_t *there;
    char what[512];
    enum kaon_status status = kaon_eval_shard_open(&there, NULL, path, msg);
    *done = !status && !kaon_eval_shard_differ(there, manifest, what, sizeof what);
    if (!status && !*done)
        status = kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                               "%s: exists and is of another evaluation: %s; --force replaces it",
                               path, what);
    json_decref(there);
    return status;
}

/* Places of the predictions of every model. */
static enum kaon_status begin_models(struct evaluation *e, struct eval_h5out *out,
                                     struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    const hid_t models = kaon_eval_h5_make_group(out->h5, "models");
    for (size_t i = 0; !status && models >= 0 && i < e->n && !e->entry[i].derived; i++) {
        struct eval_entry *entry = &e->entry[i];
        char name[24];
        snprintf(name, sizeof name, "%zu", i);
        const hid_t group = kaon_eval_h5_make_group(models, name);
        if (group < 0)
            status = kaon_eval_h5out_failed(out, msg);
        else if (!entry->spec.stored)
            status = kaon_eval_writer_open(&entry->writer, out, group, e->settings.compression,
                                           &entry->spec, entry->reader, msg);
        if (group >= 0)
            H5Gclose(group);
    }
    if (models < 0)
        return kaon_eval_h5out_failed(out, msg);
    H5Gclose(models);
    return status;
}

enum kaon_status kaon_eval_shard_begin(struct evaluation *e, struct eval_h5out *out,
                                       const json_t *manifest, bool *done, struct kaon_msg *msg)
{
    const struct eval_settings *s = &e->settings;
    const char *path =
        kaon_eval_pool_format(&e->pool, "%s/out.shard-%05" PRIu64 "-of-%05" PRIu64 ".h5", s->out,
                              s->shard.index, s->shard.count);
    enum kaon_status status = path && manifest ? KAON_OK : no_memory(msg);
    *done = false;
    if (!status && access(path, F_OK) == 0 && !s->force)
        status = look(path, manifest, done, msg);
    if (!status)
        status = kaon_eval_add_file(e, path, msg);
    if (status || *done)
        return status;
    status = kaon_eval_h5out_open(out, path, s->force, msg);
    return status ? status : begin_models(e, out, msg);
}

static bool write_models(struct evaluation *e, struct eval_h5out *out)
{
    bool written = true;
    for (size_t i = 0; written && i < e->n && !e->entry[i].derived; i++) {
        char name[40];
        snprintf(name, sizeof name, "models/%zu", i);
        const hid_t group = H5Gopen2(out->h5, name, H5P_DEFAULT);
        written = kaon_eval_writer_close(e->entry[i].writer) && group >= 0 &&
                  kaon_eval_store_write(group, &e->entry[i]);
        e->entry[i].writer = NULL;
        if (group >= 0)
            H5Gclose(group);
    }
    return written;
}

/* Keys stay in their order, which classes of an eval.json have theirs from. */
static bool write_json(hid_t file, const char *name, const json_t *json)
{
    char *dump = json ? json_dumps(json, JSON_COMPACT) : NULL;
    const bool written = dump && kaon_eval_h5_write_text(file, name, dump);
    free(dump);
    return written;
}

enum kaon_status kaon_eval_shard_commit(struct evaluation *e, struct eval_h5out *out,
                                        const json_t *manifest, struct kaon_msg *msg)
{
    json_t *run = kaon_eval_run_report(e);
    const bool written = write_models(e, out) && write_json(out->h5, "manifest", manifest) &&
                         write_json(out->h5, "run", run);
    json_decref(run);
    return written ? kaon_eval_h5out_commit(out, msg) : kaon_eval_h5out_failed(out, msg);
}
