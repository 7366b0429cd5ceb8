#include "tools/eval/reader.h"

#include "tools/eval/cut.h"
#include "tools/eval/fields.h"
#include "tools/eval/storage.h"
#include "tools/eval/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows of a block: whole chunks, enough of them to be worth a thread's while, and few enough that
 * the widest set stays within `block_bytes`. */
enum { LEAST_ROWS = 256, USUAL_ROWS = 500 };
static const size_t block_bytes = (size_t)32 << 20;

/* Where a column's values are after reading: in the first column that reads the same field. */
struct shared {
    size_t first;
    bool absolute; /* the value is without its sign */
    bool absent;   /* the file lacks it, and it is optional */
};

/* One set of the query in the open file. */
struct open_set {
    struct eval_table table;
    struct eval_view values; /* floats, one a column */
    struct eval_view valid;  /* one int8, or with a rule one float */
    struct eval_cut rule;    /* what `valid` must pass */
    bool has_rule;
    float *marks; /* of a rule */
    size_t room_marks;
    struct shared *shared;
};

struct eval_reader {
    const struct eval_query *query;
    const char *const *path;
    size_t n_paths;
    uint64_t rows;       /* over all files, limit applied */
    uint64_t first, end; /* the part that is read, over all files */
    uint64_t *file_rows; /* of each file */
    size_t *file_chunk;  /* rows of a chunk of its widest set, 0: not chunked */
    size_t *width;       /* largest of each set */
    struct eval_reader_counts counts;
    const char **note;
    size_t n_notes;
    hid_t copied; /* compound of the copied fields, of the first file */
    struct eval_view copied_view;
    char *writer_version;

    size_t at_path; /* the open file */
    hid_t file;
    struct eval_table jets;
    struct eval_view numbers;
    struct shared *shared_number;
    struct eval_view fold; /* one integer of 8 bytes */
    bool fold_is_signed;
    uint64_t *folds; /* of a block */
    size_t room_folds;
    struct open_set *set;
    uint64_t at_row;            /* in the open file */
    uint64_t done;              /* over all files */
    struct eval_pool pool;      /* of the reader */
    struct eval_pool file_pool; /* of the open file */
};

/* ---- opening --------------------------------------------------------------------------------- */

static enum kaon_status note_alias(struct eval_reader *r, const char *set, const char *wanted,
                                   const char *taken, bool absolute, struct kaon_msg *msg)
{
    char *text = kaon_eval_pool_format(&r->pool, "dataset '%s': %sfield '%s' stands for '%s'", set,
                                       absolute ? "the absolute value of " : "", taken, wanted);
    if (!text)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < r->n_notes; i++)
        if (!strcmp(r->note[i], text))
            return KAON_OK;
    const char **more = realloc(r->note, (r->n_notes + 1) * sizeof *more);
    if (!more)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    r->note = more;
    r->note[r->n_notes++] = text;
    return KAON_OK;
}

/* The member that a column means, and whether its absolute value is. */
static enum kaon_status find_field(struct eval_reader *r, struct eval_table *table,
                                   const struct eval_column *column, size_t *member, bool *absolute,
                                   struct kaon_msg *msg)
{
    const char *signed_name = kaon_eval_field_absolute(column->name);
    enum kaon_status status = kaon_eval_table_field(table, column->name, column->by, member, msg);
    *absolute = status && signed_name &&
                !kaon_eval_table_field(table, signed_name, column->by, member, NULL);
    if (*absolute)
        status = KAON_OK;
    if (status || !strcmp(table->member[*member], column->name))
        return status;
    return note_alias(r, table->name, column->name, table->member[*member], *absolute, msg);
}

/* A view of `n` natives. Columns that mean one field share it. */
static enum kaon_status make_view(struct eval_reader *r, struct eval_table *table,
                                  const struct eval_column *column, size_t n, hid_t native,
                                  struct eval_view *view, struct shared **shared,
                                  struct kaon_msg *msg)
{
    const size_t bytes = H5Tget_size(native);
    size_t *member = kaon_eval_pool_take(&r->file_pool, n + 1, sizeof *member);
    struct shared *s = *shared = kaon_eval_pool_take(&r->file_pool, n + 1, sizeof *s);
    enum kaon_status status = kaon_eval_view_open(view, table, n, msg);
    if (!member || !s)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    for (size_t i = 0; !status && i < n; i++) {
        const bool optional = column[i].optional;
        status =
            find_field(r, table, &column[i], &member[i], &s[i].absolute, optional ? NULL : msg);
        s[i].absent = status == KAON_BAD_INPUT && optional;
        if (s[i].absent) {
            member[i] = SIZE_MAX;
            status = KAON_OK;
            continue;
        }
        while (!status && member[s[i].first] != member[i])
            s[i].first++;
        if (!status && s[i].first == i)
            status = kaon_eval_view_add(view, member[i], native, i * bytes, msg);
    }
    view->bytes = n * bytes;
    return status;
}

/* A field whose values that are not 0 mark real entries, or a cut that they pass. */
static enum kaon_status open_valid(struct open_set *set, const char *valid, struct kaon_msg *msg)
{
    const char *by = "the reader as the mask of real entries";
    size_t member;
    set->has_rule = strpbrk(valid, "=<>! ") != NULL;
    enum kaon_status status = KAON_OK;
    if (set->has_rule)
        status = kaon_eval_cut_parse(&set->rule, valid, set->table.path, msg);
    if (!status)
        status = kaon_eval_table_field(&set->table, set->has_rule ? set->rule.field : valid, by,
                                       &member, msg);
    if (!status)
        status = kaon_eval_view_open(&set->valid, &set->table, 1, msg);
    if (!status)
        status = kaon_eval_view_add(&set->valid, member,
                                    set->has_rule ? H5T_NATIVE_FLOAT : H5T_NATIVE_INT8, 0, msg);
    return status;
}

static enum kaon_status open_set(struct eval_reader *r, size_t i, struct kaon_msg *msg)
{
    const struct eval_set *want = &r->query->set[i];
    struct open_set *set = &r->set[i];
    enum kaon_status code =
        kaon_eval_table_open(&set->table, r->file, r->path[r->at_path], want->dataset,
                             want->valid ? 2 : 1, &r->file_pool, msg);
    if (!code && set->table.rows != r->jets.rows)
        code = kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: dataset '%s' has %llu rows and 'jets' %llu",
                             r->path[r->at_path], want->dataset,
                             (unsigned long long)set->table.rows, (unsigned long long)r->jets.rows);
    if (!code && want->valid)
        code = open_valid(set, want->valid, msg);
    if (!code)
        code = make_view(r, &set->table, want->column, want->n_columns, H5T_NATIVE_FLOAT,
                         &set->values, &set->shared, msg);
    if (!code && set->table.width > r->width[i])
        r->width[i] = set->table.width;
    return code;
}

static void close_id(hid_t *id)
{
    if (*id >= 0)
        H5Tclose(*id);
    *id = -1;
}

static void close_file(struct eval_reader *r)
{
    for (size_t i = 0; i < r->query->n_sets; i++) {
        kaon_eval_view_close(&r->set[i].values);
        kaon_eval_view_close(&r->set[i].valid);
        kaon_eval_table_close(&r->set[i].table);
    }
    kaon_eval_view_close(&r->numbers);
    kaon_eval_view_close(&r->fold);
    kaon_eval_view_close(&r->copied_view);
    kaon_eval_table_close(&r->jets);
    if (r->file >= 0)
        H5Fclose(r->file);
    r->file = -1;
    kaon_eval_pool_close(&r->file_pool);
}

static long member_called(const struct eval_table *t, const char *name)
{
    for (size_t i = 0; i < t->n_members; i++)
        if (!strcmp(t->member[i], name))
            return (long)i;
    return -1;
}

/* How the copied fields are read of the open file; one that it lacks stays 0. */
static enum kaon_status open_copied(struct eval_reader *r, struct kaon_msg *msg)
{
    const int n = r->copied < 0 ? 0 : H5Tget_nmembers(r->copied);
    enum kaon_status status = kaon_eval_view_open(&r->copied_view, &r->jets, (size_t)n, msg);
    for (int i = 0; !status && i < n; i++) {
        char *name = H5Tget_member_name(r->copied, (unsigned)i);
        const long at = name ? member_called(&r->jets, name) : -1;
        const hid_t type = H5Tget_member_type(r->copied, (unsigned)i);
        if (at >= 0 && type >= 0)
            status = kaon_eval_view_add(&r->copied_view, (size_t)at, type,
                                        H5Tget_member_offset(r->copied, (unsigned)i), msg);
        if (type >= 0)
            H5Tclose(type);
        H5free_memory(name);
    }
    r->copied_view.bytes = r->copied < 0 ? 0 : H5Tget_size(r->copied);
    return status;
}

/* The copied fields with the types of the first file, packed. */
static enum kaon_status make_copied(struct eval_reader *r, struct kaon_msg *msg)
{
    enum { MOST = 8 }; /* bytes of a number */
    size_t bytes = 0;
    hid_t type = H5Tcreate(H5T_COMPOUND, r->query->n_copied * MOST + 1);
    for (size_t i = 0; type >= 0 && i < r->query->n_copied; i++) {
        const long at = member_called(&r->jets, r->query->copied[i]);
        const hid_t member = at < 0 ? -1 : kaon_eval_table_type(&r->jets, (size_t)at);
        if (member < 0)
            continue;
        if (kaon_eval_type_is_number(member) &&
            H5Tinsert(type, r->query->copied[i], bytes, member) >= 0)
            bytes += H5Tget_size(member);
        H5Tclose(member);
    }
    if (type < 0 || bytes == 0 || H5Tset_size(type, bytes) < 0)
        close_id(&type);
    r->copied = type;
    return open_copied(r, msg);
}

/* Hashes fill 64 bits, so they are read as integers. */
static enum kaon_status open_fold(struct eval_reader *r, struct kaon_msg *msg)
{
    size_t member;
    enum kaon_status status =
        kaon_eval_table_field(&r->jets, r->query->fold, "--fold-field", &member, msg);
    const hid_t type = status ? -1 : kaon_eval_table_type(&r->jets, member);
    const bool integer = type >= 0 && H5Tget_class(type) == H5T_INTEGER;
    r->fold_is_signed = integer && H5Tget_sign(type) != H5T_SGN_NONE;
    if (type >= 0)
        H5Tclose(type);
    if (!status && !integer)
        status = kaon_cli_fail(msg, KAON_BAD_INPUT,
                               "%s: dataset 'jets' field '%s' is no integer, as --fold-field wants",
                               r->path[r->at_path], r->query->fold);
    if (!status)
        status = kaon_eval_view_open(&r->fold, &r->jets, 1, msg);
    if (!status)
        status = kaon_eval_view_add(
            &r->fold, member, r->fold_is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64, 0, msg);
    return status;
}

static enum kaon_status open_file(struct eval_reader *r, size_t index, struct kaon_msg *msg)
{
    const char *path = r->path[index];
    close_file(r);
    r->at_path = index;
    r->at_row = 0;
    enum kaon_status code = kaon_eval_storage_open(&r->file, path, msg);
    if (!code)
        code = kaon_eval_table_open(&r->jets, r->file, path, "jets", 1, &r->file_pool, msg);
    if (!code)
        code = make_view(r, &r->jets, r->query->number, r->query->n_numbers, H5T_NATIVE_DOUBLE,
                         &r->numbers, &r->shared_number, msg);
    if (!code && r->query->fold)
        code = open_fold(r, msg);
    for (size_t i = 0; !code && i < r->query->n_sets; i++)
        code = open_set(r, i, msg);
    if (!code && index > 0)
        code = open_copied(r, msg);
    return code;
}

static void read_writer_version(struct eval_reader *r)
{
    enum { MOST = 4096 };
    if (H5Aexists(r->file, "writer_version") <= 0)
        return;
    const hid_t attribute = H5Aopen(r->file, "writer_version", H5P_DEFAULT);
    const hid_t type = attribute < 0 ? -1 : H5Aget_type(attribute);
    const hid_t space = attribute < 0 ? -1 : H5Aget_space(attribute);
    if (type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING &&
        H5Sget_simple_extent_npoints(space) == 1) {
        if (H5Tis_variable_str(type) > 0) {
            char *text = NULL;
            if (H5Aread(attribute, type, &text) >= 0 && text)
                r->writer_version = kaon_eval_pool_text(&r->pool, text);
            H5free_memory(text);
        } else if (H5Tget_size(type) < MOST) {
            char *text = kaon_eval_pool_take(&r->pool, H5Tget_size(type) + 1, 1);
            if (text && H5Aread(attribute, type, text) >= 0)
                r->writer_version = text;
        }
    }
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    if (attribute >= 0)
        H5Aclose(attribute);
}

/* Rows of a chunk of the set that has most bytes a row, *widest of them. */
static size_t widest_chunk(const struct eval_reader *r, size_t *widest)
{
    size_t chunk = 0;
    *widest = 1;
    for (size_t i = 0; i < r->query->n_sets; i++) {
        const struct eval_table *t = &r->set[i].table;
        const size_t bytes = t->width * (r->query->set[i].n_columns * sizeof(float) + 1);
        if (bytes > *widest)
            *widest = bytes, chunk = t->chunk_rows;
    }
    return chunk;
}

static enum kaon_status check_all(struct eval_reader *r, struct kaon_msg *msg)
{
    for (size_t i = 0; i < r->n_paths; i++) {
        enum kaon_status code = open_file(r, i, msg);
        if (!code && i == 0) {
            r->copied = -1;
            code = make_copied(r, msg);
            read_writer_version(r);
        }
        if (code)
            return code;
        if (r->rows > INT64_MAX - r->jets.rows)
            return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: more rows than can be counted",
                                 r->path[i]);
        r->file_rows[i] = r->jets.rows;
        r->file_chunk[i] = widest_chunk(r, &(size_t){ 0 });
        r->rows += r->jets.rows;
    }
    if (r->query->limit && r->rows > r->query->limit)
        r->rows = r->query->limit;
    r->end = r->rows;
    if (r->n_paths == 1)
        return KAON_OK;
    const enum kaon_status code = open_file(r, 0, msg);
    return code ? code : open_copied(r, msg);
}

enum kaon_status kaon_eval_reader_open(struct eval_reader **reader, const struct eval_query *query,
                                       const char *const *paths, size_t n_paths,
                                       struct kaon_msg *msg)
{
    *reader = NULL;
    enum kaon_status code = kaon_eval_h5_start(msg);
    struct eval_reader *r = code ? NULL : calloc(1, sizeof *r);
    if (!r)
        return code ? code : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    *r = (struct eval_reader){
        .query = query, .path = paths, .n_paths = n_paths, .copied = -1, .file = -1
    };
    r->numbers.compound = r->copied_view.compound = r->fold.compound = -1;
    r->width = kaon_eval_pool_take(&r->pool, query->n_sets + 1, sizeof *r->width);
    r->set = kaon_eval_pool_take(&r->pool, query->n_sets + 1, sizeof *r->set);
    r->file_rows = kaon_eval_pool_take(&r->pool, n_paths + 1, sizeof *r->file_rows);
    r->file_chunk = kaon_eval_pool_take(&r->pool, n_paths + 1, sizeof *r->file_chunk);
    if (!r->width || !r->set || !r->file_rows || !r->file_chunk) {
        kaon_eval_pool_close(&r->pool);
        free(r);
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < query->n_sets; i++)
        r->set[i].values.compound = r->set[i].valid.compound = -1;
    code = check_all(r, msg);
    if (code)
        kaon_eval_reader_close(r);
    else
        *reader = r;
    return code;
}

void kaon_eval_reader_close(struct eval_reader *r)
{
    if (!r)
        return;
    close_file(r);
    close_id(&r->copied);
    for (size_t i = 0; i < r->query->n_sets; i++)
        free(r->set[i].marks);
    free(r->folds);
    free(r->note);
    kaon_eval_pool_close(&r->pool);
    free(r);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static size_t rows_of_a_block(const struct eval_reader *r)
{
    size_t widest, chunk = widest_chunk(r, &widest);
    if (chunk == 0)
        chunk = USUAL_ROWS;
    size_t rows = chunk < LEAST_ROWS ? (LEAST_ROWS + chunk - 1) / chunk * chunk : chunk;
    if (rows > block_bytes / widest)
        rows = block_bytes / widest;
    return rows ? rows : 1;
}

static int grow(void **memory, size_t *room, size_t count, size_t bytes)
{
    if (*memory && count <= *room)
        return 1;
    if (count > SIZE_MAX / bytes / 2)
        return 0;
    free(*memory);
    *memory = malloc(count * bytes + 1);
    *room = *memory ? count : 0;
    return *memory != NULL;
}

static int grow_part(struct eval_part *part, size_t rows, size_t columns)
{
    const size_t places = rows * part->width;
    size_t room = part->room_rows, same = part->room_rows, also = part->room_rows;
    const int fits =
        grow((void **)&part->value, &part->room_values, places * columns, sizeof(float)) &&
        grow((void **)&part->valid, &room, places, 1) &&
        grow((void **)&part->count, &same, places, sizeof(int32_t)) &&
        grow((void **)&part->total, &also, places, sizeof(int32_t));
    part->room_rows = fits ? places : 0;
    return fits;
}

static enum kaon_status grow_block(const struct eval_reader *r, struct eval_block *b, size_t rows,
                                   struct kaon_msg *msg)
{
    const struct eval_query *q = r->query;
    if (!b->part) {
        b->part = calloc(q->n_sets + 1, sizeof *b->part);
        if (!b->part)
            return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
        b->n_parts = q->n_sets;
    }
    for (size_t i = 0; i < q->n_sets; i++) {
        b->part[i].width = r->set[i].table.width;
        if (!grow_part(&b->part[i], rows, q->set[i].n_columns))
            return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    }
    if (!grow((void **)&b->number, &b->room_numbers, rows * q->n_numbers, sizeof *b->number) ||
        !grow((void **)&b->copied, &b->room_copied, rows * kaon_eval_reader_copied_bytes(r), 1))
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    return KAON_OK;
}

static enum kaon_status bad_value(struct eval_reader *r, size_t set, uint64_t row, size_t entry,
                                  const char *field, float value, struct kaon_msg *msg)
{
    char place[48] = "";
    if (r->query->set[set].valid)
        snprintf(place, sizeof place, ", entry %zu", entry);
    return kaon_cli_fail(msg, KAON_BAD_INPUT,
                         "%s: dataset '%s' row %llu%s: field '%s' is %s; "
                         "--non-finite zero takes such values as 0",
                         r->path[r->at_path], r->query->set[set].dataset, (unsigned long long)row,
                         place, field, isnan(value) ? "not a number" : "infinite");
}

/* Moves the real entries of a row to its front, checks them, and counts. */
static enum kaon_status compact_row(struct eval_reader *r, size_t i, struct eval_part *part,
                                    size_t row, struct kaon_msg *msg)
{
    const struct eval_set *want = &r->query->set[i];
    const struct shared *shared = r->set[i].shared;
    const size_t n = want->n_columns;
    float *values = part->value + row * part->width * n;
    unsigned char *valid = part->valid + row * part->width;
    size_t real = 0, total = 0;
    for (size_t k = 0; k < part->width; k++) {
        if (want->valid && !valid[k])
            continue;
        total++;
        if (want->most && real == want->most) {
            valid[k] = 0;
            continue;
        }
        const float *from = values + k * n;
        float *to = values + real * n;
        for (size_t c = n; c-- > 0;) { /* the first of those that share is the last to change */
            float value = shared[c].absolute ? fabsf(from[shared[c].first]) : from[shared[c].first];
            const struct eval_column *column = &want->column[c];
            if (shared[c].absent) {
                to[c] = NAN;
                continue;
            }
            if (!isfinite(value) || (column->most > 0 && fabsf(value) > column->most)) {
                if (!r->query->zero_non_finite && !column->replaces)
                    return bad_value(r, i, r->at_row + row, k, column->name, value, msg);
                value = column->instead;
                r->counts.non_finite++;
            }
            to[c] = value;
        }
        valid[k] = 1;
        real++;
    }
    r->counts.truncated += total > real;
    part->count[row] = (int32_t)real;
    part->total[row] = (int32_t)total;
    return KAON_OK;
}

static enum kaon_status read_valid(struct open_set *set, uint64_t first, size_t rows,
                                   unsigned char *valid, struct kaon_msg *msg)
{
    const size_t n = rows * set->table.width;
    if (!set->has_rule)
        return kaon_eval_view_read(&set->valid, first, rows, valid, msg);
    if (!grow((void **)&set->marks, &set->room_marks, n, sizeof *set->marks))
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    const enum kaon_status status = kaon_eval_view_read(&set->valid, first, rows, set->marks, msg);
    for (size_t i = 0; !status && i < n; i++)
        valid[i] = kaon_eval_cut_passes(&set->rule, set->marks[i]);
    return status;
}

static enum kaon_status read_set(struct eval_reader *r, size_t i, struct eval_part *part,
                                 size_t rows, struct kaon_msg *msg)
{
    struct open_set *set = &r->set[i];
    enum kaon_status code = KAON_OK;
    code = kaon_eval_view_read(&set->values, r->at_row, rows, part->value, msg);
    if (!code && r->query->set[i].valid)
        code = read_valid(set, r->at_row, rows, part->valid, msg);
    for (size_t row = 0; !code && row < rows; row++)
        code = compact_row(r, i, part, row, msg);
    return code;
}

static void count_empty(struct eval_reader *r, const struct eval_block *b)
{
    size_t i = 0;
    while (i < r->query->n_sets && !r->query->set[i].valid)
        i++;
    for (size_t row = 0; i < r->query->n_sets && row < b->rows; row++)
        r->counts.empty += b->part[i].count[row] == 0;
}

/* The remainder has the sign of the divisor, as in Python. */
static enum kaon_status read_folds(struct eval_reader *r, struct eval_block *b, size_t rows,
                                   struct kaon_msg *msg)
{
    const uint64_t n = r->query->n_folds;
    if (!grow((void **)&r->folds, &r->room_folds, rows, sizeof *r->folds) ||
        !grow((void **)&b->fold, &b->room_folds, rows, sizeof *b->fold))
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    const enum kaon_status status = kaon_eval_view_read(&r->fold, r->at_row, rows, r->folds, msg);
    for (size_t i = 0; !status && i < rows; i++) {
        const int64_t as_signed = (int64_t)r->folds[i];
        const bool negative = r->fold_is_signed && as_signed < 0;
        const uint64_t rest = negative ? (0 - r->folds[i]) % n : r->folds[i] % n;
        b->fold[i] = (uint16_t)(negative && rest ? n - rest : rest);
    }
    return status;
}

static void share_numbers(const struct eval_reader *r, struct eval_block *b, size_t rows)
{
    const size_t n = r->query->n_numbers;
    for (size_t row = 0; row < rows; row++)
        for (size_t c = n; c-- > 0;) { /* the first of those that share is the last to change */
            const struct shared *s = &r->shared_number[c];
            const double value = s->absent ? NAN : b->number[row * n + s->first];
            b->number[row * n + c] = s->absolute ? fabs(value) : value;
        }
}

enum kaon_status kaon_eval_reader_next(struct eval_reader *r, struct eval_block *b,
                                       struct kaon_msg *msg)
{
    enum kaon_status code = KAON_OK;
    b->rows = 0;
    b->first = r->done;
    while (r->at_row == r->jets.rows && r->at_path + 1 < r->n_paths)
        if ((code = open_file(r, r->at_path + 1, msg)))
            return code;
    uint64_t left = r->jets.rows - r->at_row;
    if (left > r->end - r->done)
        left = r->end - r->done;
    if (left == 0)
        return KAON_OK;
    const size_t most = rows_of_a_block(r), rows = left < most ? (size_t)left : most;
    code = grow_block(r, b, rows, msg);
    if (!code)
        code = kaon_eval_view_read(&r->numbers, r->at_row, rows, b->number, msg);
    if (!code && r->query->fold)
        code = read_folds(r, b, rows, msg);
    if (!code)
        code = kaon_eval_view_read(&r->copied_view, r->at_row, rows, b->copied, msg);
    for (size_t i = 0; !code && i < r->query->n_sets; i++)
        code = read_set(r, i, &b->part[i], rows, msg);
    if (code)
        return code;
    share_numbers(r, b, rows);
    b->rows = rows;
    count_empty(r, b);
    r->at_row += rows;
    r->done += rows;
    return KAON_OK;
}

/* floor(index * rows / count), moved down to a border of chunks. */
static uint64_t border(const struct eval_reader *r, uint64_t index, uint64_t count)
{
    uint64_t row = (uint64_t)((unsigned __int128)r->rows * index / count), before = 0;
    size_t path = 0;
    while (path < r->n_paths && row - before >= r->file_rows[path])
        before += r->file_rows[path++];
    if (index < count && path < r->n_paths && r->file_chunk[path])
        row -= (row - before) % r->file_chunk[path];
    return row;
}

enum kaon_status kaon_eval_reader_part(struct eval_reader *r, uint64_t index, uint64_t count,
                                       struct kaon_msg *msg)
{
    uint64_t before = 0;
    size_t path = 0;
    r->first = r->done = border(r, index, count);
    r->end = border(r, index + 1, count);
    while (path + 1 < r->n_paths && r->first - before >= r->file_rows[path])
        before += r->file_rows[path++];
    const enum kaon_status status = path == r->at_path ? KAON_OK : open_file(r, path, msg);
    r->at_row = r->first - before;
    return status;
}

void kaon_eval_block_close(struct eval_block *b)
{
    for (size_t i = 0; i < b->n_parts; i++) {
        free(b->part[i].value);
        free(b->part[i].valid);
        free(b->part[i].count);
        free(b->part[i].total);
    }
    free(b->part);
    free(b->number);
    free(b->copied);
    free(b->fold);
    *b = (struct eval_block){ 0 };
}

/* ---- what is known --------------------------------------------------------------------------- */

uint64_t kaon_eval_reader_rows(const struct eval_reader *r)
{
    return r->end - r->first;
}

uint64_t kaon_eval_reader_first(const struct eval_reader *r)
{
    return r->first;
}

uint64_t kaon_eval_reader_all(const struct eval_reader *r)
{
    return r->rows;
}

uint64_t kaon_eval_reader_file_rows(const struct eval_reader *r, size_t path)
{
    return r->file_rows[path];
}

size_t kaon_eval_reader_width(const struct eval_reader *r, size_t set)
{
    return r->width[set];
}

const struct eval_reader_counts *kaon_eval_reader_counts(const struct eval_reader *r)
{
    return &r->counts;
}

const char *kaon_eval_reader_note(const struct eval_reader *r, size_t index)
{
    return index < r->n_notes ? r->note[index] : NULL;
}

int64_t kaon_eval_reader_copied_type(const struct eval_reader *r)
{
    return r->copied;
}

size_t kaon_eval_reader_copied_bytes(const struct eval_reader *r)
{
    return r->copied < 0 ? 0 : H5Tget_size(r->copied);
}

const char *kaon_eval_reader_writer_version(const struct eval_reader *r)
{
    return r->writer_version;
}
