#include "tools/eval/merge.h"

#include "tools/cli/interrupt.h"
#include "tools/eval/array.h"
#include "tools/eval/shard.h"
#include "tools/eval/store.h"

#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static enum kaon_status no_memory(struct kaon_msg *msg)
{
    return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

/* ---- finding ---------------------------------------------------------------------------------- */

static enum kaon_status add(struct eval_merge *m, const char *path, struct kaon_msg *msg)
{
    struct eval_part_file *more = realloc(m->part, (m->n + 1) * sizeof *more);
    if (!more)
        return no_memory(msg);
    m->part = more;
    more[m->n] = (struct eval_part_file){ .path = kaon_eval_pool_text(&m->pool, path) };
    return more[m->n++].path ? KAON_OK : no_memory(msg);
}

static enum kaon_status add_folder(struct eval_merge *m, const char *folder, struct kaon_msg *msg)
{
    glob_t found = { 0 };
    char *quoted = kaon_eval_pool_take(&m->pool, 2 * strlen(folder) + 1, 1), *to = quoted;
    for (const char *c = folder; quoted && *c; *to++ = *c++)
        if (strchr("*?[]\\", *c))
            *to++ = '\\';
    const char *pattern =
        quoted ? kaon_eval_pool_format(&m->pool, "%s/*.shard-*-of-*.h5", quoted) : NULL;
    enum kaon_status status = pattern ? KAON_OK : no_memory(msg);
    const int code = status ? 0 : glob(pattern, 0, NULL, &found);
    if (!status && code == GLOB_NOMATCH)
        status = kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: there are no shards in it", folder);
    else if (code)
        status = kaon_cli_fail(msg, KAON_IO, "%s: cannot be listed", folder);
    for (size_t i = 0; !status && i < found.gl_pathc; i++)
        status = add(m, found.gl_pathv[i], msg);
    globfree(&found);
    return status;
}

static uint64_t shards_of(const json_t *manifest)
{
    const json_int_t n = json_integer_value(json_object_get(manifest, "shards"));
    return n > 0 ? (uint64_t)n : 0;
}

/* Reads the manifest; it must be that of the first but for the part. */
static enum kaon_status read_manifest(struct eval_merge *m, struct eval_part_file *part,
                                      struct kaon_msg *msg)
{
    char what[512];
    enum kaon_status status = kaon_eval_shard_open(&part->manifest, NULL, part->path, msg);
    if (status)
        return status;
    json_t *own = json_object_get(part->manifest, "part");
    const json_int_t index = json_integer_value(json_object_get(own, "index"));
    if (index < 0 || (uint64_t)index >= shards_of(part->manifest))
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: is part %lld of %llu", part->path,
                             (long long)index, (unsigned long long)shards_of(part->manifest));
    part->index = (uint64_t)index;
    json_t *a = json_copy(m->part[0].manifest), *b = json_copy(part->manifest);
    json_object_del(a, "part");
    json_object_del(b, "part");
    if (a && b && kaon_eval_shard_differ(a, b, what, sizeof what))
        status = kaon_cli_fail(msg, KAON_BAD_INPUT, "%s and %s are parts of different runs: %s",
                               m->part[0].path, part->path, what);
    json_decref(a);
    json_decref(b);
    return status;
}

static int by_index(const void *a, const void *b)
{
    const struct eval_part_file *x = a, *y = b;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Writes "3,7,10-12" for the parts that are not there; how many they are. */
static uint64_t list_missing(const struct eval_merge *m, uint64_t count, char *text, size_t room)
{
    uint64_t missing = 0, next = 0;
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i <= m->n; i++) {
        const uint64_t have = i < m->n ? m->part[i].index : count;
        if (have > next && at < room) {
            at += (size_t)snprintf(text + at, room - at, "%s%" PRIu64, missing ? "," : "", next);
            if (have > next + 1 && at < room)
                at += (size_t)snprintf(text + at, room - at, "-%" PRIu64, have - 1);
        }
        missing += have > next ? have - next : 0;
        next = have + 1;
    }
    return missing;
}

/* Every part once. */
static enum kaon_status check_parts(struct eval_merge *m, struct kaon_msg *msg)
{
    char list[600];
    const uint64_t count = shards_of(m->part[0].manifest);
    for (size_t i = 1; i < m->n; i++)
        if (m->part[i].index == m->part[i - 1].index) {
            m->incomplete = true;
            return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s and %s overlap: both are part %" PRIu64,
                                 m->part[i - 1].path, m->part[i].path, m->part[i].index);
        }
    const uint64_t missing = list_missing(m, count, list, sizeof list);
    m->incomplete = missing > 0;
    if (missing > 0)
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%" PRIu64 " of %" PRIu64 " shards are missing: --array=%s", missing,
                             count, list);
    return KAON_OK;
}

/* Their rows must follow one another, from the first to the last. */
static enum kaon_status check_rows(struct eval_merge *m, struct kaon_msg *msg)
{
    const json_t *entries =
        json_object_get(json_object_get(m->part[0].manifest, "seen"), "entries");
    for (size_t k = 0; k < json_array_size(entries); k++) {
        json_int_t next = 0;
        for (size_t i = 0; i <= m->n; i++) {
            const json_t *range = json_array_get(
                json_object_get(json_object_get(i < m->n ? m->part[i].manifest : NULL, "part"),
                                "rows"),
                k);
            const json_int_t first =
                i < m->n ? json_integer_value(json_array_get(range, 0))
                         : json_integer_value(json_object_get(json_array_get(entries, k), "rows"));
            if (first != next) {
                m->incomplete = true;
                return kaon_cli_fail(
                    msg, KAON_BAD_INPUT, "%s: its rows begin at %lld, those before end at %lld",
                    m->part[i < m->n ? i : m->n - 1].path, (long long)first, (long long)next);
            }
            next = json_integer_value(json_array_get(range, 1));
        }
    }
    return KAON_OK;
}

enum kaon_status kaon_eval_merge_open(struct eval_merge *m, const char *const *paths, size_t n,
                                      struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    struct stat st;
    *m = (struct eval_merge){ .n = 0 };
    for (size_t i = 0; !status && i < n; i++)
        status = stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode) ? add_folder(m, paths[i], msg)
                                                                 : add(m, paths[i], msg);
    for (size_t i = 0; !status && i < m->n; i++)
        status = read_manifest(m, &m->part[i], msg);
    if (status)
        return status;
    qsort(m->part, m->n, sizeof *m->part, by_index);
    status = check_parts(m, msg);
    return status ? status : check_rows(m, msg);
}

void kaon_eval_merge_close(struct eval_merge *m)
{
    for (size_t i = 0; i < m->n; i++)
        json_decref(m->part[i].manifest);
    free(m->part);
    kaon_eval_pool_close(&m->pool);
    *m = (struct eval_merge){ .n = 0 };
}

json_t *kaon_eval_merge_seen(const struct eval_merge *m)
{
    return json_object_get(m->part[0].manifest, "seen");
}

const json_t *kaon_eval_merge_words(const struct eval_merge *m)
{
    return json_object_get(m->part[0].manifest, "words");
}

/* ---- scores ------------------------------------------------------------------------------------ */

/* Calls `each` for one entry and every part in order. */
typedef enum kaon_status part_fn(void *user, struct eval_entry *entry, hid_t h5, const char *path,
                                 const char *group, struct kaon_msg *msg);

static enum kaon_status walk(const struct eval_merge *m, struct evaluation *e, size_t k,
                             part_fn *each, void *user, struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    char group[40];
    snprintf(group, sizeof group, "models/%zu", k);
    for (size_t i = 0; !status && i < m->n; i++) {
        json_t *manifest;
        hid_t h5;
        if (kaon_interrupted())
            return kaon_cli_fail(msg, KAON_IO, "interrupted");
        status = kaon_eval_shard_open(&manifest, &h5, m->part[i].path, msg);
        if (status)
            break;
        if (!json_equal(manifest, m->part[i].manifest))
            status = kaon_cli_fail(msg, KAON_IO, "%s: has changed meanwhile", m->part[i].path);
        if (!status)
            status = each(user, &e->entry[k], h5, m->part[i].path, group, msg);
        json_decref(manifest);
        H5Fclose(h5);
    }
    return status;
}

static enum kaon_status add_scores(void *user, struct eval_entry *entry, hid_t h5, const char *path,
                                   const char *group, struct kaon_msg *msg)
{
    (void)user;
    return kaon_eval_store_read(entry, h5, path, group, msg);
}

enum kaon_status kaon_eval_merge_read(const struct eval_merge *m, struct evaluation *e,
                                      struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    for (size_t k = 0; !status && k < e->n; k++)
        status = e->entry[k].derived ? kaon_eval_entry_run(e, &e->entry[k], NULL, msg)
                                     : walk(m, e, k, add_scores, NULL, msg);
    return status;
}

/* ---- predictions ------------------------------------------------------------------------------ */

enum { BLOCK = 500, MOST_ROW = 1 << 24 }; /* rows; bytes */

struct copy {
    uint64_t rows; /* of all parts */
    struct eval_sheet jets, tracks;
};

/* A dataset of a part, and its block of rows. */
struct source {
    struct eval_array array;
    unsigned char *block;
    char name[64];
};

static enum kaon_status open_source(struct source *s, struct eval_sheet *sheet, hid_t h5,
                                    const char *path, int rank, struct kaon_msg *msg)
{
    enum kaon_status status = kaon_eval_array_open(&s->array, h5, path, s->name, msg);
    if (status)
        return status;
    const size_t bytes = H5Tget_size(s->array.type) * (rank == 2 ? s->array.dim[1] : 1);
    if (s->array.rank != rank || bytes == 0 || bytes > MOST_ROW ||
        H5Tget_class(s->array.type) != H5T_COMPOUND ||
        H5Tdetect_class(s->array.type, H5T_VLEN) != 0 ||
        H5Tdetect_class(s->array.type, H5T_REFERENCE) != 0 ||
        (sheet->type >= 0 &&
         (H5Tequal(sheet->type, s->array.type) <= 0 || sheet->row_bytes != bytes)))
        status = kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: dataset '%s' is not that of a shard", path,
                               s->name);
    if (!status)
        status = kaon_eval_array_check(&s->array, h5, msg);
    s->block = status ? NULL : malloc(BLOCK * bytes);
    return !status && !s->block ? no_memory(msg) : status;
}

static void close_source(struct source *s)
{
    free(s->block);
    kaon_eval_array_close(&s->array);
}

static enum kaon_status begin_sheet(struct eval_entry *entry, struct eval_sheet *sheet,
                                    const struct source *s, const char *name, size_t chunk,
                                    uint64_t rows, enum eval_compression how, struct kaon_msg *msg)
{
    if (sheet->dataset >= 0)
        return KAON_OK;
    const int rank = s->array.rank;
    return kaon_eval_sheet_open(sheet, entry->file.h5, name, H5Tcopy(s->array.type), rank, rows,
                                rank == 2 ? s->array.dim[1] : 1, chunk, how)
               ? KAON_OK
               : kaon_eval_h5out_failed(&entry->file, msg);
}

static bool put(struct eval_sheet *sheet, const struct source *s, size_t row)
{
    memcpy(kaon_eval_sheet_next(sheet), s->block + row * sheet->row_bytes, sheet->row_bytes);
    return kaon_eval_sheet_put(sheet, 1);
}

struct copying {
    struct copy *copy;
    enum eval_compression how;
};

/* Jet after jet, as the run itself writes them. */
static enum kaon_status copy_rows(struct copy *c, struct eval_entry *entry, struct source *jets,
                                  struct source *tracks, struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    for (uint64_t at = 0; !status && at < jets->array.rows; at += BLOCK) {
        const uint64_t left = jets->array.rows - at;
        const size_t n = left < BLOCK ? (size_t)left : BLOCK;
        bool written = true;
        status =
            kaon_eval_array_read(&jets->array, jets->array.type, at, n, 1, 0, jets->block, msg);
        if (!status && tracks)
            status = kaon_eval_array_read(&tracks->array, tracks->array.type, at, n, 2, 0,
                                          tracks->block, msg);
        for (size_t i = 0; !status && written && i < n; i++)
            written = put(&c->jets, jets, i) && (!tracks || put(&c->tracks, tracks, i));
        if (!status && !written)
            status = kaon_eval_h5out_failed(&entry->file, msg);
    }
    return status;
}

static enum kaon_status copy_part(void *user, struct eval_entry *entry, hid_t h5, const char *path,
                                  const char *group, struct kaon_msg *msg)
{
    const struct copying *copying = user;
    struct copy *c = copying->copy;
    struct source jets = { .array = { .dataset = -1, .type = -1 } }, tracks = jets;
    snprintf(jets.name, sizeof jets.name, "%s/jets", group);
    snprintf(tracks.name, sizeof tracks.name, "%s/tracks", group);
    const bool two = H5Lexists(h5, tracks.name, H5P_DEFAULT) > 0;
    enum kaon_status status = open_source(&jets, &c->jets, h5, path, 1, msg);
    if (!status)
        status =
            begin_sheet(entry, &c->jets, &jets, "jets", EVAL_JET_CHUNK, c->rows, copying->how, msg);
    if (!status && two)
        status = open_source(&tracks, &c->tracks, h5, path, 2, msg);
    if (!status && two)
        status = begin_sheet(entry, &c->tracks, &tracks, "tracks", EVAL_TRACK_CHUNK, c->rows,
                             copying->how, msg);
    if (!status &&
        ((two && tracks.array.rows != jets.array.rows) || (!two && c->tracks.dataset >= 0) ||
         jets.array.rows > c->jets.rows - c->jets.written - c->jets.n))
        status =
            kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: has more or fewer rows than it says", path);
    if (!status)
        status = copy_rows(c, entry, &jets, two ? &tracks : NULL, msg);
    close_source(&tracks);
    close_source(&jets);
    return status;
}

enum kaon_status kaon_eval_merge_predictions(const struct eval_merge *m, struct evaluation *e,
                                             struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    for (size_t k = 0; !status && k < e->n; k++) {
        struct eval_entry *entry = &e->entry[k];
        struct copy copy = { entry->scores.rows, EVAL_NO_SHEET, EVAL_NO_SHEET };
        struct copying copying = { &copy, e->settings.compression };
        if (entry->spec.stored || entry->derived)
            continue;
        status = kaon_eval_entry_file(e, entry, msg);
        if (!status)
            status = walk(m, e, k, copy_part, &copying, msg);
        const bool closed = kaon_eval_sheet_close(&copy.jets) & kaon_eval_sheet_close(&copy.tracks);
        if (!status && !closed)
            status = kaon_eval_h5out_failed(&entry->file, msg);
    }
    return status;
}
