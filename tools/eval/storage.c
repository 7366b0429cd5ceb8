#include "tools/eval/storage.h"

#include <errno.h>
#include <stdio.h>

enum kaon_status kaon_eval_storage_open(hid_t *file, const char *path, struct kaon_msg *msg)
{
    char reason[160];
    *file = -1;
    FILE *probe = fopen(path, "rb");
    if (!probe)
        return kaon_cli_fail_errno(msg, path, errno);
    fclose(probe);
    *file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (*file < 0)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: is no whole HDF5 file (libhdf5: %s)", path,
                             kaon_eval_h5_reason(reason, sizeof reason));
    return KAON_OK;
}
