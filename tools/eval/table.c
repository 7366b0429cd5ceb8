#include "tools/eval/table.h"

#include "tools/eval/chunks.h"
#include "tools/eval/fields.h"
#include "tools/eval/filters.h"

#include <stdio.h>
#include <string.h>

/* More than any file of jets has; a file that claims more is broken. */
enum { MOST_WIDTH = 4096, MOST_ELEMENT = 1 << 16, MOST_MEMBERS = 4096 };

static enum kaon_status read_shape(struct eval_table *t, int rank, struct kaon_msg *msg)
{
    hsize_t dims[H5S_MAX_RANK];
    const hid_t space = H5Dget_space(t->dataset);
    const int found = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    if (found > 0)
        H5Sget_simple_extent_dims(space, dims, NULL);
    if (space >= 0)
        H5Sclose(space);
    if (found != rank)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: dataset '%s' has rank %d, wanted %d",
                             t->path, t->name, found, rank);
    t->rank = rank;
    t->rows = dims[0];
    t->width = rank == 2 ? (size_t)dims[1] : 1;
    if (dims[0] > INT64_MAX || (rank == 2 && (dims[1] == 0 || dims[1] > MOST_WIDTH)))
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%s: dataset '%s' has rows of %llu entries, wanted 1 to %d", t->path,
                             t->name, rank == 2 ? (unsigned long long)dims[1] : 1, MOST_WIDTH);
    return KAON_OK;
}

/* libhdf5 copies members from wherever the file says that they lie. */
static bool members_lie_within(hid_t type)
{
    const size_t whole = H5Tget_size(type);
    const int n = H5Tget_nmembers(type);
    for (int i = 0; i < n; i++) {
        const size_t at = H5Tget_member_offset(type, (unsigned)i);
        const hid_t member = H5Tget_member_type(type, (unsigned)i);
        const size_t bytes = member < 0 ? 0 : H5Tget_size(member);
        if (member >= 0)
            H5Tclose(member);
        if (bytes == 0 || at > whole || bytes > whole - at)
            return false;
    }
    return n >= 0;
}

static enum kaon_status read_type(struct eval_table *t, struct eval_pool *pool,
                                  struct kaon_msg *msg)
{
    t->type = H5Dget_type(t->dataset);
    if (t->type < 0 || H5Tget_class(t->type) != H5T_COMPOUND)
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%s: dataset '%s' is no compound with named fields", t->path, t->name);
    if (H5Tget_size(t->type) > MOST_ELEMENT || H5Tget_nmembers(t->type) > MOST_MEMBERS)
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%s: dataset '%s' has %d fields in %zu bytes, too many", t->path,
                             t->name, H5Tget_nmembers(t->type), H5Tget_size(t->type));
    if (!members_lie_within(t->type))
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%s: dataset '%s' has fields that lie outside its elements", t->path,
                             t->name);
    t->member = kaon_eval_h5_members(t->type, &t->n_members, pool);
    return t->member ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

/* Once the chunk is known: opens again with a cache that holds two. */
static enum kaon_status reopen(struct eval_table *t, hid_t file, struct kaon_msg *msg)
{
    const size_t slots = 1009, least = (size_t)1 << 20;
    const size_t bytes = 2 * t->chunk_bytes > least ? 2 * t->chunk_bytes : least;
    const hid_t access_plist = H5Pcreate(H5P_DATASET_ACCESS);
    H5Dclose(t->dataset);
    H5Pset_chunk_cache(access_plist, slots, bytes, 1.0);
    t->dataset = H5Dopen2(file, t->name, access_plist);
    H5Pclose(access_plist);
    if (t->dataset < 0)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: dataset '%s' cannot be opened", t->path,
                             t->name);
    return KAON_OK;
}

enum kaon_status kaon_eval_table_open(struct eval_table *table, hid_t file, const char *path,
                                      const char *name, int rank, struct eval_pool *pool,
                                      struct kaon_msg *msg)
{
    *table = (struct eval_table){ .path = path, .name = name, .dataset = -1, .type = -1 };
    table->dataset = H5Dopen2(file, name, H5P_DEFAULT);
    if (table->dataset < 0)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: has no dataset '%s'", path, name);
    enum kaon_status code = read_shape(table, rank, msg);
    if (!code)
        code = read_type(table, pool, msg);
    if (!code)
        code = kaon_eval_chunks_open(table, msg);
    if (!code && table->chunk_bytes)
        code = reopen(table, file, msg);
    if (code)
        kaon_eval_table_close(table);
    return code;
}

void kaon_eval_table_close(struct eval_table *table)
{
    if (table->type >= 0)
        H5Tclose(table->type);
    if (table->dataset >= 0)
        H5Dclose(table->dataset);
    table->type = table->dataset = -1;
}

static enum kaon_status missing(const struct eval_table *t, const char *name, const char *by,
                                struct kaon_msg *msg)
{
    char tried[256] = "", other[128], alike[200];
    size_t length = 0;
    for (size_t k = 0; kaon_eval_field_alias(name, k, other, sizeof other); k++)
        length += (size_t)snprintf(tried + length, sizeof tried - length, "%s'%s'",
                                   k ? ", " : " (also tried ", other);
    if (length)
        snprintf(tried + length, sizeof tried - length, ")");
    kaon_eval_field_look_alikes(t->member, t->n_members, name, alike, sizeof alike);
    return kaon_cli_fail(msg, KAON_BAD_INPUT,
                         "%s: dataset '%s' has no field '%s' wanted by %s%s%s%s", t->path, t->name,
                         name, by, tried, *alike ? "; fields that look alike: " : "", alike);
}

static bool lies_within(size_t at, size_t bits, size_t all)
{
    return at <= all && bits <= all - at;
}

/* Whether the parts of a number lie within it: libhdf5 converts whatever the file describes. */
static bool is_number(hid_t type)
{
    const H5T_class_t class = H5Tget_class(type);
    const size_t bytes = H5Tget_size(type), bits = 8 * bytes;
    size_t sign, exponent, exponent_bits, mantissa, mantissa_bits;
    if (class == H5T_ENUM) {
        const hid_t base = H5Tget_super(type);
        const bool sound = base >= 0 && H5Tget_class(base) == H5T_INTEGER && is_number(base) &&
                           H5Tget_size(base) == bytes;
        if (base >= 0)
            H5Tclose(base);
        return sound;
    }
    if ((class != H5T_INTEGER && class != H5T_FLOAT) || bytes == 0 || bytes > 8 ||
        !lies_within((size_t)H5Tget_offset(type), H5Tget_precision(type), bits) ||
        H5Tget_precision(type) == 0)
        return false;
    return class == H5T_INTEGER ||
           (H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits) >= 0 &&
            sign < bits && exponent_bits > 0 && lies_within(exponent, exponent_bits, bits) &&
            mantissa_bits > 0 && lies_within(mantissa, mantissa_bits, bits));
}

enum kaon_status kaon_eval_table_field(const struct eval_table *table, const char *name,
                                       const char *by, const char **member, struct kaon_msg *msg)
{
    const long at = kaon_eval_field_find(table->member, table->n_members, name);
    if (at < 0)
        return missing(table, name, by, msg);
    const hid_t type = H5Tget_member_type(table->type, (unsigned)at);
    const bool number = type >= 0 && is_number(type);
    if (type >= 0)
        H5Tclose(type);
    if (!number)
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%s: dataset '%s' field '%s' is not a number of 1 to 8 bytes",
                             table->path, table->name, table->member[at]);
    *member = table->member[at];
    return KAON_OK;
}

bool kaon_eval_table_is_half(const struct eval_table *table, size_t member)
{
    const hid_t type = H5Tget_member_type(table->type, (unsigned)member);
    const bool half = type >= 0 && H5Tget_class(type) == H5T_FLOAT && H5Tget_size(type) == 2;
    if (type >= 0)
        H5Tclose(type);
    return half;
}

enum kaon_status kaon_eval_table_read(struct eval_table *table, hid_t type, uint64_t first,
                                      size_t rows, void *to, struct kaon_msg *msg)
{
    const hsize_t start[2] = { first, 0 }, count[2] = { rows, table->width };
    const enum kaon_status sound = kaon_eval_chunks_check(table, first, rows, msg);
    if (sound)
        return sound;
    const hid_t file_space = H5Dget_space(table->dataset);
    const hid_t memory_space = H5Screate_simple(table->rank, count, NULL);
    herr_t status = -1;
    if (file_space >= 0 && memory_space >= 0 &&
        H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0) {
        kaon_eval_filters_expect(table->chunk_bytes);
        status = H5Dread(table->dataset, type, memory_space, file_space, H5P_DEFAULT, to);
        kaon_eval_filters_expect(0);
    }
    char reason[160] = "";
    if (status < 0)
        kaon_eval_h5_reason(reason, sizeof reason);
    if (memory_space >= 0)
        H5Sclose(memory_space);
    if (file_space >= 0)
        H5Sclose(file_space);
    if (status < 0)
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%s: dataset '%s' rows %llu to %llu cannot be read (libhdf5: %s)",
                             table->path, table->name, (unsigned long long)first,
                             (unsigned long long)(first + rows - 1), reason);
    return KAON_OK;
}
