#include "tools/eval/store.h"

#include "tools/cli/json.h"
#include "tools/eval/json.h"
#include "tools/eval/sheet.h"
#include "tools/eval/array.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 16384 }; /* jets */

/* ---- what is kept of a jet --------------------------------------------------------------------- */

static size_t one(const struct eval_spec *spec)
{
    (void)spec;
    return 1;
}

static size_t weights(const struct eval_spec *spec)
{
    return spec->weight != NULL;
}

static size_t macs(const struct eval_spec *spec)
{
    return !spec->stored; /* nothing is run for scores that a file has */
}

static size_t probabilities(const struct eval_spec *spec)
{
    return spec->n_probabilities;
}

static size_t variables(const struct eval_spec *spec)
{
    return spec->n_variables;
}

static size_t inner(const struct eval_spec *spec)
{
    return spec->n_inner;
}

static const struct column {
    const char *name;
    size_t array; /* offset of the pointer in struct eval_scores */
    size_t bytes; /* of an element */
    size_t (*count)(const struct eval_spec *);
} columns[] = {
    { "row", offsetof(struct eval_scores, row), sizeof(uint64_t), one },
    { "class", offsetof(struct eval_scores, class), 1, one },
    { "weight", offsetof(struct eval_scores, weight), sizeof(float), weights },
    { "probability", offsetof(struct eval_scores, probability), sizeof(float), probabilities },
    { "variable", offsetof(struct eval_scores, variable), sizeof(float), variables },
    { "macs", offsetof(struct eval_scores, macs), sizeof(float), macs },
    { "inner", offsetof(struct eval_scores, inner), sizeof(float), inner },
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

static unsigned char *array_of(const struct eval_scores *scores, const struct column *c)
{
    unsigned char *at;
    memcpy(&at, (const char *)scores + c->array, sizeof at);
    return at;
}

static hid_t element(size_t bytes)
{
    return bytes == 1 ? H5T_STD_U8LE : bytes == sizeof(float) ? H5T_IEEE_F32LE : H5T_STD_U64LE;
}

/* A packed compound of the columns. */
static hid_t jet_type(const struct eval_spec *spec)
{
    size_t bytes = 0, at = 0;
    for (size_t i = 0; i < N_COLUMNS; i++)
        bytes += columns[i].bytes * columns[i].count(spec);
    const hid_t type = H5Tcreate(H5T_COMPOUND, bytes);
    bool fits = type >= 0;
    for (size_t i = 0; fits && i < N_COLUMNS; i++) {
        const hsize_t n = columns[i].count(spec);
        if (n == 0)
            continue;
        const hid_t array = H5Tarray_create2(element(columns[i].bytes), 1, &n);
        fits = array >= 0 && H5Tinsert(type, columns[i].name, at, array) >= 0;
        at += columns[i].bytes * (size_t)n;
        if (array >= 0)
            H5Tclose(array);
    }
    return fits ? type : -1;
}

/* ---- what is counted ---------------------------------------------------------------------------- */

static const struct {
    const char *name;
    size_t offset; /* of a uint64_t in struct eval_entry */
} counts[] = {
    { "rows", offsetof(struct eval_entry, scores.rows) },
    { "selected", offsetof(struct eval_entry, scores.selected) },
    { "no_class", offsetof(struct eval_entry, scores.no_class) },
    { "bad_score", offsetof(struct eval_entry, scores.bad_score) },
    { "bad_weight", offsetof(struct eval_entry, scores.bad_weight) },
    { "non_finite", offsetof(struct eval_entry, counts.non_finite) },
    { "truncated", offsetof(struct eval_entry, counts.truncated) },
    { "empty", offsetof(struct eval_entry, counts.empty) },
    { "macs", offsetof(struct eval_entry, macs) },
};
enum { N_COUNTS = sizeof counts / sizeof *counts };

static uint64_t *count_of(const struct eval_entry *entry, size_t i)
{
    return (uint64_t *)(uintptr_t)((const char *)entry + counts[i].offset);
}

/* The tasks of tracks are whole numbers and nothing else, so they are stored as a list. */
enum { N_TASKS = sizeof(struct eval_tasks) / sizeof(uint64_t) };
_Static_assert(sizeof(struct eval_tasks) == N_TASKS * sizeof(uint64_t), "whole numbers only");

static json_t *tasks_list(const struct eval_tasks *tasks)
{
    uint64_t number[N_TASKS];
    json_t *list = json_array();
    memcpy(number, tasks, sizeof number);
    for (size_t i = 0; i < N_TASKS; i++)
        json_array_append_new(list, json_integer((json_int_t)number[i]));
    return list;
}

static bool add_tasks(struct eval_tasks *tasks, const json_t *list)
{
    uint64_t number[N_TASKS];
    bool sound = json_array_size(list) == N_TASKS;
    memcpy(number, tasks, sizeof number);
    for (size_t i = 0; sound && i < N_TASKS; i++) {
        const json_int_t more = json_integer_value(json_array_get(list, i));
        sound = more >= 0;
        number[i] += (uint64_t)more;
    }
    memcpy(tasks, number, sizeof number);
    return sound;
}

static char *counts_text(const struct eval_entry *entry)
{
    char digest[EVAL_DIGEST_TEXT];
    kaon_eval_digest_text(&entry->digest, digest);
    json_t *json = json_pack("{s:s, s:I, s:f, s:f}", "outputs_sha256", digest, "judged",
                             (json_int_t)entry->scores.n, "seconds", entry->run_seconds,
                             "prepare_seconds", entry->prepare_seconds);
    for (size_t i = 0; i < N_COUNTS; i++)
        json_object_set_new(json, counts[i].name, json_integer((json_int_t)*count_of(entry, i)));
    json_object_set_new(json, "tasks", tasks_list(&entry->scores.tasks));
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return text;
}

/* ---- writing -------------------------------------------------------------------------------- */

static void pack(unsigned char *to, const struct eval_spec *spec, const struct eval_scores *scores,
                 size_t jet)
{
    for (size_t i = 0; i < N_COLUMNS; i++) {
        const size_t bytes = columns[i].bytes * columns[i].count(spec);
        if (bytes)
            memcpy(to, array_of(scores, &columns[i]) + jet * bytes, bytes);
        to += bytes;
    }
}

bool kaon_eval_store_write(hid_t location, const struct eval_entry *entry)
{
    const struct eval_scores *scores = &entry->scores;
    struct eval_sheet sheet = EVAL_NO_SHEET;
    bool written = kaon_eval_sheet_open(&sheet, location, "scores", jet_type(&entry->spec), 1,
                                        scores->n, 1, CHUNK, EVAL_PLAIN);
    for (size_t jet = 0; written && jet < scores->n; jet++) {
        pack(kaon_eval_sheet_next(&sheet), &entry->spec, scores, jet);
        written = kaon_eval_sheet_put(&sheet, 1);
    }
    char *text = counts_text(entry);
    written = written && text && kaon_eval_h5_write_text(location, "counts", text);
    free(text);
    return kaon_eval_sheet_close(&sheet) && written;
}

/* ---- reading -------------------------------------------------------------------------------- */

enum kaon_status kaon_eval_store_text(char **text, hid_t file, const char *path, const char *name,
                                      struct kaon_msg *msg)
{
    enum { MOST = 64 << 20 };
    const hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    const hid_t type = dataset < 0 ? -1 : H5Dget_type(dataset);
    const hid_t space = dataset < 0 ? -1 : H5Dget_space(dataset);
    const size_t bytes = type < 0 ? 0 : H5Tget_size(type);
    *text = NULL;
    if (space >= 0 && H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0 &&
        bytes > 0 && bytes < MOST && H5Sget_simple_extent_npoints(space) == 1 &&
        H5Dget_storage_size(dataset) >= bytes)
        *text = calloc(bytes + 1, 1);
    if (*text && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, *text) < 0) {
        free(*text);
        *text = NULL;
    }
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    if (dataset >= 0)
        H5Dclose(dataset);
    return *text ? KAON_OK
                 : kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: is no shard: has no text '%s'", path,
                                 name);
}

static enum kaon_status read_counts(struct eval_entry *entry, hid_t file, const char *path,
                                    const char *name, uint64_t *judged, struct kaon_msg *msg)
{
    struct eval_digest digest;
    json_t *json = NULL;
    char *text, place[128];
    snprintf(place, sizeof place, "%s/counts", name);
    enum kaon_status status = kaon_eval_store_text(&text, file, path, place, msg);
    if (!status)
        status = kaon_eval_json_parse(&json, text, strlen(text), path, msg);
    const char *hex = json_string_value(json_object_get(json, "outputs_sha256"));
    bool sound = hex && kaon_eval_digest_parse(&digest, hex);
    for (size_t i = 0; i < N_COUNTS; i++) {
        const json_int_t n = json_integer_value(json_object_get(json, counts[i].name));
        sound = sound && n >= 0;
        *count_of(entry, i) += (uint64_t)n;
    }
    sound = sound && add_tasks(&entry->scores.tasks, json_object_get(json, "tasks"));
    const json_int_t n = json_integer_value(json_object_get(json, "judged"));
    if (!status && (!sound || n < 0))
        status = kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: '%s' is broken", path, place);
    if (!status) {
        kaon_eval_digest_join(&entry->digest, &digest);
        entry->run_seconds += json_number_value(json_object_get(json, "seconds"));
        entry->prepare_seconds += json_number_value(json_object_get(json, "prepare_seconds"));
        *judged = (uint64_t)n;
    }
    json_decref(json);
    free(text);
    return status;
}

static bool make_room(struct eval_entry *entry, uint64_t more)
{
    struct eval_scores *scores = &entry->scores;
    scores->n_probabilities = entry->spec.n_probabilities;
    scores->n_variables = entry->spec.n_variables;
    scores->n_inner = entry->spec.n_inner;
    return more <= SIZE_MAX - scores->n &&
           kaon_eval_scores_reserve(scores, scores->n + (size_t)more, weights(&entry->spec),
                                    macs(&entry->spec));
}

/* False if the jet is none that this evaluation can have. */
static bool unpack(struct eval_entry *entry, const unsigned char *from)
{
    struct eval_scores *scores = &entry->scores;
    const size_t jet = scores->n;
    for (size_t i = 0; i < N_COLUMNS; i++) {
        const size_t bytes = columns[i].bytes * columns[i].count(&entry->spec);
        if (bytes)
            memcpy(array_of(scores, &columns[i]) + jet * bytes, from, bytes);
        from += bytes;
    }
    if (scores->class[jet] >= entry->spec.n_classes ||
        (jet > 0 && scores->row[jet] <= scores->row[jet - 1]) ||
        (scores->weight && !isfinite(scores->weight[jet])) ||
        (scores->macs && !(isfinite(scores->macs[jet]) && scores->macs[jet] >= 0)))
        return false;
    for (size_t i = 0; i < scores->n_probabilities; i++)
        if (!isfinite(scores->probability[jet * scores->n_probabilities + i]))
            return false;
    scores->class_count[scores->class[jet]]++;
    scores->n++;
    return true;
}

static enum kaon_status broken(const struct eval_array *t, struct kaon_msg *msg)
{
    return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: dataset '%s' is not that of a shard", t->path,
                         t->name);
}

static enum kaon_status read_jets(struct eval_entry *entry, struct eval_array *array,
                                  uint64_t judged, struct kaon_msg *msg)
{
    const hid_t type = jet_type(&entry->spec);
    enum kaon_status status = KAON_OK;
    if (type < 0 || H5Tequal(type, array->type) <= 0 || array->rows != judged)
        status = broken(array, msg);
    const size_t bytes = type < 0 ? 0 : H5Tget_size(type);
    unsigned char *rows = status ? NULL : malloc(CHUNK * bytes + 1);
    if (!status && (!rows || !make_room(entry, judged)))
        status = kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    for (uint64_t at = 0; !status && at < judged; at += CHUNK) {
        const size_t n = judged - at < CHUNK ? (size_t)(judged - at) : CHUNK;
        status = kaon_eval_array_read(array, type, at, n, 1, 0, rows, msg);
        for (size_t i = 0; !status && i < n; i++)
            if (!unpack(entry, rows + i * bytes))
                status = broken(array, msg);
    }
    free(rows);
    if (type >= 0)
        H5Tclose(type);
    return status;
}

enum kaon_status kaon_eval_store_read(struct eval_entry *entry, hid_t file, const char *path,
                                      const char *name, struct kaon_msg *msg)
{
    struct eval_array array;
    uint64_t judged = 0;
    char place[128];
    snprintf(place, sizeof place, "%s/scores", name);
    enum kaon_status status = read_counts(entry, file, path, name, &judged, msg);
    if (!status)
        status = kaon_eval_array_open(&array, file, path, place, msg);
    if (!status) {
        status = array.rank == 1 ? kaon_eval_array_check(&array, file, msg) : broken(&array, msg);
        if (!status)
            status = read_jets(entry, &array, judged, msg);
        kaon_eval_array_close(&array);
    }
    return status;
}
