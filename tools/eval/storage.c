#include "tools/eval/storage.h"

#include "tools/eval/numpy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What a file says that it is in its first bytes; 0 bytes: what HDF5 files may begin with. */
static bool begins_with(const char *path, const char *word, bool *opened)
{
    char head[8] = "";
    FILE *file = fopen(path, "rb");
    *opened = file != NULL;
    const size_t n = file ? fread(head, 1, sizeof head, file) : 0;
    const int error = errno;
    if (file)
        fclose(file);
    errno = error;
    return n >= strlen(word) && !memcmp(head, word, strlen(word));
}

static enum kaon_status open_hdf5(hid_t *file, const char *path, struct kaon_msg *msg)
{
    char reason[160];
    *file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    return *file < 0 ? kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: is no whole HDF5 file (libhdf5: %s)",
                                     path, kaon_eval_h5_reason(reason, sizeof reason))
                     : KAON_OK;
}

enum kaon_status kaon_eval_storage_open(hid_t *file, const char *path, struct kaon_msg *msg)
{
    struct stat st;
    bool opened;
    *file = -1;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return kaon_eval_numpy_folder(file, path, msg);
    const bool zip = begins_with(path, "PK", &opened);
    if (!opened)
        return kaon_cli_fail_errno(msg, path, errno);
    return zip ? kaon_eval_numpy_zip(file, path, msg) : open_hdf5(file, path, msg);
}
