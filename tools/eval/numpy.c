#include "tools/eval/numpy.h"

#include "tools/eval/filters.h"
#include "tools/eval/half.h"
#include "tools/io/npy.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

enum { MOST_ARRAYS = 4096, MOST_RANK = 3, MOST_HEADER = 1 << 16, DEFLATE_RATIO = 1032 };
static const uint64_t most_bytes = (uint64_t)1 << 36; /* of an .npz, unpacked */

static enum kaon_status no_memory(struct kaon_msg *msg)
{
    return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

static enum kaon_status make_file(hid_t *file, struct kaon_msg *msg)
{
    const size_t step = (size_t)1 << 20;
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    char name[64]; /* files of one name are one to libhdf5, even in memory */
    snprintf(name, sizeof name, "kaon arrays %p", (void *)file);
    *file = -1;
    if (access >= 0 && H5Pset_fapl_core(access, step, 0) >= 0)
        *file = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    if (access >= 0)
        H5Pclose(access);
    return *file < 0 ? no_memory(msg) : KAON_OK;
}

/* The type of elements as they lie in the file; to be closed. */
static hid_t type_of(enum kaon_type type, bool big_endian)
{
    const struct {
        enum kaon_type type;
        hid_t little, big;
    } known[] = {
        { KAON_F32, H5T_IEEE_F32LE, H5T_IEEE_F32BE }, { KAON_F64, H5T_IEEE_F64LE, H5T_IEEE_F64BE },
        { KAON_I8, H5T_STD_I8LE, H5T_STD_I8BE },      { KAON_U8, H5T_STD_U8LE, H5T_STD_U8BE },
        { KAON_I16, H5T_STD_I16LE, H5T_STD_I16BE },   { KAON_U16, H5T_STD_U16LE, H5T_STD_U16BE },
        { KAON_I32, H5T_STD_I32LE, H5T_STD_I32BE },   { KAON_U32, H5T_STD_U32LE, H5T_STD_U32BE },
        { KAON_I64, H5T_STD_I64LE, H5T_STD_I64BE },   { KAON_U64, H5T_STD_U64LE, H5T_STD_U64BE },
        { KAON_BOOL, H5T_STD_U8LE, H5T_STD_U8LE },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].type == type)
            return H5Tcopy(big_endian ? known[i].big : known[i].little);
    return type == KAON_F16 ? kaon_eval_half_type(big_endian) : -1;
}

/* Makes the dataset `name`; its values are in `outside` from `offset` on, or come from `data`. */
static enum kaon_status add(hid_t file, const char *name, enum kaon_type type, bool big_endian,
                            int rank, const int64_t *dims, const char *outside, off_t offset,
                            const void *data, struct kaon_msg *msg)
{
    hsize_t extent[MOST_RANK];
    uint64_t bytes = kaon_type_bytes(type);
    for (int i = 0; i < rank; i++) {
        extent[i] = (hsize_t)dims[i];
        bytes *= extent[i];
    }
    const hid_t element = type_of(type, big_endian), space = H5Screate_simple(rank, extent, NULL);
    const hid_t create = H5Pcreate(H5P_DATASET_CREATE), link = H5Pcreate(H5P_LINK_CREATE);
    hid_t dataset = -1;
    if (element >= 0 && space >= 0 && H5Pset_create_intermediate_group(link, 1) >= 0 &&
        (!outside || bytes == 0 || H5Pset_external(create, outside, offset, bytes) >= 0))
        dataset = H5Dcreate2(file, name, element, space, link, create, H5P_DEFAULT);
    const bool fits =
        dataset >= 0 && (!data || bytes == 0 ||
                         H5Dwrite(dataset, element, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    if (dataset >= 0)
        H5Dclose(dataset);
    H5Pclose(link);
    H5Pclose(create);
    if (space >= 0)
        H5Sclose(space);
    if (element >= 0)
        H5Tclose(element);
    return fits
               ? KAON_OK
               : kaon_cli_fail(msg, KAON_BAD_INPUT,
                               "%s: is no array of rank 1 to %d that can be read", name, MOST_RANK);
}

static bool is_wanted(int32_t rank)
{
    return rank >= 1 && rank <= MOST_RANK;
}

static enum kaon_status add_tensor(hid_t file, const char *name, const struct kaon_tensor *t,
                                   struct kaon_msg *msg)
{
    return is_wanted(t->rank)
               ? add(file, name, t->type, false, t->rank, t->dims, NULL, 0, t->data, msg)
               : KAON_OK;
}

/* ---- a folder ---------------------------------------------------------------------------------- */

/* Arrays in C order are left where they are. */
static enum kaon_status add_file(hid_t file, const char *path, const char *name,
                                 struct kaon_msg *msg)
{
    struct kaon_npy_header h = { .rank = 0 };
    struct stat st;
    char whole[PATH_MAX];
    FILE *in = fopen(path, "rb");
    if (!in || fstat(fileno(in), &st) != 0 || !S_ISREG(st.st_mode) || !realpath(path, whole)) {
        const int error = errno ? errno : EINVAL;
        if (in)
            fclose(in);
        return kaon_cli_fail_errno(msg, path, error);
    }
    unsigned char *head = malloc(MOST_HEADER + 16);
    const size_t bytes = head ? fread(head, 1, MOST_HEADER + 16, in) : 0;
    fclose(in);
    enum kaon_status status = head ? kaon_npy_header(&h, head, bytes, path, msg) : no_memory(msg);
    free(head);
    if (status || !is_wanted(h.rank))
        return status;
    if ((uint64_t)st.st_size - h.before != h.bytes)
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%s: the shape needs %zu bytes of data, there are %llu", path, h.bytes,
                             (unsigned long long)((uint64_t)st.st_size - h.before));
    if (!h.fortran || h.rank == 1)
        return add(file, name, h.type, h.big_endian, h.rank, h.dims, whole, (off_t)h.before, NULL,
                   msg);
    struct kaon_tensor t;
    status = kaon_npy_read(&t, path, msg);
    if (!status)
        status = add_tensor(file, name, &t, msg);
    free(t.data);
    return status;
}

/* Files of a folder and of the folders in it. */
static enum kaon_status add_folder(hid_t file, const char *path, const char *prefix, int depth,
                                   size_t *n, struct kaon_msg *msg)
{
    DIR *folder = opendir(path);
    if (!folder)
        return kaon_cli_fail_errno(msg, path, errno);
    enum kaon_status status = KAON_OK;
    for (struct dirent *d; !status && (d = readdir(folder));) {
        char inner[PATH_MAX], name[512];
        struct stat st;
        const size_t length = strlen(d->d_name);
        if (d->d_name[0] == '.' ||
            snprintf(inner, sizeof inner, "%s/%s", path, d->d_name) >= (int)sizeof inner ||
            snprintf(name, sizeof name, "%s%s", prefix, d->d_name) >= (int)sizeof name - 1 ||
            stat(inner, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode) && depth < 2) {
            strcat(name, "/");
            status = add_folder(file, inner, name, depth + 1, n, msg);
        } else if (length > 4 && !strcmp(d->d_name + length - 4, ".npy") && ++*n <= MOST_ARRAYS) {
            name[strlen(name) - 4] = '\0';
            status = add_file(file, inner, name, msg);
        }
    }
    closedir(folder);
    return status;
}

static enum kaon_status finish(hid_t *file, const char *path, size_t n, enum kaon_status status,
                               struct kaon_msg *msg)
{
    if (!status && n == 0)
        status = kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: holds no .npy arrays", path);
    if (!status && n > MOST_ARRAYS)
        status =
            kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: holds more than %d arrays", path, MOST_ARRAYS);
    if (status && *file >= 0) {
        H5Fclose(*file);
        *file = -1;
    }
    return status;
}

enum kaon_status kaon_eval_numpy_folder(hid_t *file, const char *path, struct kaon_msg *msg)
{
    size_t n = 0;
    enum kaon_status status = make_file(file, msg);
    if (!status)
        status = add_folder(*file, path, "", 0, &n, msg);
    return finish(file, path, n, status, msg);
}

/* ---- an archive -------------------------------------------------------------------------------- */

/* Unpacks member i; its size is believed only as far as the packed bytes can make it. */
static enum kaon_status unpack(zip_t *zip, const zip_stat_t *st, const char *name,
                               unsigned char **data, struct kaon_msg *msg)
{
    if (!kaon_eval_filters_believable(st->size, st->comp_size, DEFLATE_RATIO) ||
        st->size > most_bytes)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: claims to unpack to %llu bytes", name,
                             (unsigned long long)st->size);
    zip_file_t *in = zip_fopen_index(zip, st->index, 0);
    *data = malloc(st->size + 1);
    enum kaon_status status = *data ? KAON_OK : no_memory(msg);
    if (!status && (!in || zip_fread(in, *data, st->size) != (zip_int64_t)st->size ||
                    zip_fread(in, *data + st->size, 1) != 0))
        status = kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: cannot be unpacked (libzip: %s)", name,
                               in ? zip_file_strerror(in) : zip_strerror(zip));
    if (in)
        zip_fclose(in);
    return status;
}

static enum kaon_status add_packed(hid_t file, zip_t *zip, zip_uint64_t i, const char *path,
                                   size_t *n, struct kaon_msg *msg)
{
    const zip_uint64_t wanted = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_INDEX;
    zip_stat_t st;
    char name[512], place[1024];
    unsigned char *data = NULL;
    struct kaon_tensor t = { .data = NULL };
    if (zip_stat_index(zip, i, 0, &st) != 0 || (st.valid & wanted) != wanted)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: member %llu is broken", path,
                             (unsigned long long)i);
    const size_t length = strlen(st.name);
    if (length < 5 || length >= sizeof name || strcmp(st.name + length - 4, ".npy"))
        return KAON_OK;
    snprintf(name, sizeof name, "%.*s", (int)length - 4, st.name);
    snprintf(place, sizeof place, "%s: %s", path, name);
    ++*n;
    enum kaon_status status = unpack(zip, &st, place, &data, msg);
    if (!status)
        status = kaon_npy_decode(&t, data, st.size, place, msg);
    free(data);
    if (!status)
        status = add_tensor(file, name, &t, msg);
    free(t.data);
    return status;
}

enum kaon_status kaon_eval_numpy_zip(hid_t *file, const char *path, struct kaon_msg *msg)
{
    int error = 0;
    size_t n = 0;
    *file = -1;
    zip_t *zip = zip_open(path, ZIP_RDONLY | ZIP_CHECKCONS, &error);
    if (!zip) {
        zip_error_t why;
        zip_error_init_with_code(&why, error);
        kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: is no whole .npz (libzip: %s)", path,
                      zip_error_strerror(&why));
        zip_error_fini(&why);
        return KAON_BAD_INPUT;
    }
    enum kaon_status status = make_file(file, msg);
    const zip_int64_t members = zip_get_num_entries(zip, 0);
    for (zip_int64_t i = 0; !status && i < members && n <= MOST_ARRAYS; i++)
        status = add_packed(*file, zip, (zip_uint64_t)i, path, &n, msg);
    zip_discard(zip);
    return finish(file, path, n, status, msg);
}
