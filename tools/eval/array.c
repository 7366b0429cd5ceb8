#include "tools/eval/array.h"

#include "tools/eval/chunks.h"
#include "tools/eval/filters.h"

#include <stdlib.h>

/* Elements are converted so many bytes at a time: what stays in a second cache. Left alone, libhdf5 takes and
 * clears a mebibyte in every reading. */
enum { ROOM = 256 << 10, MOST_ELEMENT = ROOM / 16 };

static enum kaon_status read_shape(struct eval_array *a, struct kaon_msg *msg)
{
    hsize_t dims[H5S_MAX_RANK] = { 0 };
    const hid_t space = H5Dget_space(a->dataset);
    a->rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    if (a->rank > 0)
        H5Sget_simple_extent_dims(space, dims, NULL);
    if (space >= 0)
        H5Sclose(space);
    if (a->rank < 1 || a->rank > EVAL_MOST_RANK)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: dataset '%s' has rank %d, wanted 1 to %d",
                             a->path, a->name, a->rank, EVAL_MOST_RANK);
    a->rows = dims[0];
    if (dims[0] > INT64_MAX)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: dataset '%s' has more rows than can be read",
                             a->path, a->name);
    for (int i = 1; i < a->rank; i++) {
        if (dims[i] == 0 || dims[i] > EVAL_MOST_WIDTH)
            return kaon_cli_fail(msg, KAON_BAD_INPUT,
                                 "%s: dataset '%s' has rows of %llu entries, wanted 1 to %d",
                                 a->path, a->name, (unsigned long long)dims[i], EVAL_MOST_WIDTH);
        a->dim[i] = (size_t)dims[i];
    }
    return KAON_OK;
}

enum kaon_status kaon_eval_array_open(struct eval_array *array, hid_t file, const char *path,
                                      const char *name, struct kaon_msg *msg)
{
    *array = (struct eval_array){ .path = path, .name = name, .dataset = -1, .type = -1 };
    array->dataset = H5Dopen2(file, name, H5P_DEFAULT);
    if (array->dataset < 0)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: has no dataset '%s'", path, name);
    enum kaon_status status = read_shape(array, msg);
    array->type = status ? -1 : H5Dget_type(array->dataset);
    if (!status && array->type < 0)
        status = kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: dataset '%s' has no type", path, name);
    if (status)
        kaon_eval_array_close(array);
    return status;
}

/* Once the chunk is known: opens again with a cache that holds two. */
static enum kaon_status reopen(struct eval_array *a, hid_t file, struct kaon_msg *msg)
{
    const size_t slots = 1009, least = (size_t)1 << 20;
    const size_t bytes = 2 * a->chunk_bytes > least ? 2 * a->chunk_bytes : least;
    const hid_t access_plist = H5Pcreate(H5P_DATASET_ACCESS);
    H5Dclose(a->dataset);
    H5Pset_chunk_cache(access_plist, slots, bytes, 1.0);
    a->dataset = H5Dopen2(file, a->name, access_plist);
    H5Pclose(access_plist);
    if (a->dataset < 0)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: dataset '%s' cannot be opened", a->path,
                             a->name);
    return KAON_OK;
}

enum kaon_status kaon_eval_array_check(struct eval_array *array, hid_t file, struct kaon_msg *msg)
{
    const enum kaon_status status = kaon_eval_chunks_open(array, msg);
    return status || !array->chunk_bytes ? status : reopen(array, file, msg);
}

void kaon_eval_array_close(struct eval_array *array)
{
    if (array->type >= 0)
        H5Tclose(array->type);
    if (array->dataset >= 0)
        H5Dclose(array->dataset);
    array->type = array->dataset = -1;
    if (array->transfer > 0)
        H5Pclose(array->transfer);
    array->transfer = 0;
    for (size_t i = 0; i < 2; i++) {
        free(array->room[i]);
        array->room[i] = NULL;
    }
}

/* Room that is kept from one reading to the next. Without memory, or for elements too large for it, it is
 * read as libhdf5 likes. */
static hid_t transfer_of(struct eval_array *a, hid_t type)
{
    const size_t stored = H5Tget_size(a->type), wanted = H5Tget_size(type);
    if (stored > MOST_ELEMENT || wanted > MOST_ELEMENT)
        return H5P_DEFAULT;
    if (a->transfer)
        return a->transfer;
    const hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
    for (size_t i = 0; i < 2; i++)
        a->room[i] = a->room[i] ? a->room[i] : malloc(ROOM);
    if (transfer >= 0 && a->room[0] && a->room[1] &&
        H5Pset_buffer(transfer, ROOM, a->room[0], a->room[1]) >= 0)
        return a->transfer = transfer;
    if (transfer >= 0)
        H5Pclose(transfer);
    return H5P_DEFAULT;
}

enum kaon_status kaon_eval_array_read(struct eval_array *array, hid_t type, uint64_t first,
                                      size_t rows, int rank, size_t component, void *to,
                                      struct kaon_msg *msg)
{
    hsize_t start[EVAL_MOST_RANK] = { first }, count[EVAL_MOST_RANK] = { rows };
    for (int i = 1; i < array->rank; i++) {
        start[i] = i < rank ? 0 : component;
        count[i] = i < rank ? array->dim[i] : 1;
    }
    const enum kaon_status sound = kaon_eval_chunks_check(array, first, rows, msg);
    if (sound)
        return sound;
    const hid_t file_space = H5Dget_space(array->dataset);
    const hid_t memory_space = H5Screate_simple(array->rank, count, NULL);
    herr_t status = -1;
    if (file_space >= 0 && memory_space >= 0 &&
        H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0) {
        kaon_eval_filters_expect(array->chunk_bytes);
        status =
            H5Dread(array->dataset, type, memory_space, file_space, transfer_of(array, type), to);
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
                             array->path, array->name, (unsigned long long)first,
                             (unsigned long long)(first + rows - 1), reason);
    return KAON_OK;
}

static bool lies_within(size_t at, size_t bits, size_t all)
{
    return at <= all && bits <= all - at;
}

bool kaon_eval_type_is_number(hid_t type)
{
    const H5T_class_t class = H5Tget_class(type);
    const size_t bytes = H5Tget_size(type), bits = 8 * bytes;
    size_t sign, exponent, exponent_bits, mantissa, mantissa_bits;
    if (class == H5T_ENUM) {
        const hid_t base = H5Tget_super(type);
        const bool sound = base >= 0 && H5Tget_class(base) == H5T_INTEGER &&
                           kaon_eval_type_is_number(base) && H5Tget_size(base) == bytes;
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
