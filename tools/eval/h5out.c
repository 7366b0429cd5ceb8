#include "tools/eval/h5out.h"

#include <string.h>

enum kaon_status kaon_eval_h5out_open(struct eval_h5out *out, const char *path, bool force,
                                      struct kaon_msg *msg)
{
    out->h5 = 0;
    enum kaon_status status = kaon_atomic_open(&out->file, path, force, msg);
    if (!status)
        status = kaon_atomic_detach(&out->file, msg);
    if (status)
        return status;
    out->h5 = H5Fcreate(out->file.temporary, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    return out->h5 <= 0 ? kaon_eval_h5out_failed(out, msg) : KAON_OK;
}

enum kaon_status kaon_eval_h5out_failed(const struct eval_h5out *out, struct kaon_msg *msg)
{
    char reason[200];
    return kaon_cli_fail(msg, KAON_IO, "%s: cannot be written (libhdf5: %s)", out->file.path,
                         kaon_eval_h5_reason(reason, sizeof reason));
}

static hid_t text_type(const char *value)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    if (type >= 0 &&
        (H5Tset_size(type, strlen(value) + 1) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0)) {
        H5Tclose(type);
        return -1;
    }
    return type;
}

bool kaon_eval_h5_write_attribute(hid_t location, const char *name, const char *value)
{
    const hid_t type = text_type(value), space = H5Screate(H5S_SCALAR);
    const hid_t attribute = type >= 0 && space >= 0
                                ? H5Acreate2(location, name, type, space, H5P_DEFAULT, H5P_DEFAULT)
                                : -1;
    const bool written =
        attribute >= 0 && H5Awrite(attribute, type, value) >= 0 && H5Aclose(attribute) >= 0;
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    return written;
}

bool kaon_eval_h5_write_text(hid_t location, const char *name, const char *value)
{
    const hid_t type = text_type(value), space = H5Screate(H5S_SCALAR);
    const hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    hid_t dataset = -1;
    if (type >= 0 && space >= 0 && plist >= 0 && H5Pset_obj_track_times(plist, 0) >= 0)
        dataset = H5Dcreate2(location, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    const bool written = dataset >= 0 &&
                         H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, value) >= 0 &&
                         H5Dclose(dataset) >= 0;
    if (plist >= 0)
        H5Pclose(plist);
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    return written;
}

hid_t kaon_eval_h5_make_group(hid_t location, const char *name)
{
    const hid_t plist = H5Pcreate(H5P_GROUP_CREATE);
    hid_t group = -1;
    if (plist >= 0 && H5Pset_obj_track_times(plist, 0) >= 0)
        group = H5Gcreate2(location, name, H5P_DEFAULT, plist, H5P_DEFAULT);
    if (plist >= 0)
        H5Pclose(plist);
    return group;
}

enum kaon_status kaon_eval_h5out_commit(struct eval_h5out *out, struct kaon_msg *msg)
{
    const bool flushed = H5Fflush(out->h5, H5F_SCOPE_LOCAL) >= 0;
    const bool closed = H5Fclose(out->h5) >= 0;
    out->h5 = 0;
    if (!flushed || !closed) {
        const enum kaon_status status = kaon_eval_h5out_failed(out, msg);
        kaon_eval_h5out_abandon(out);
        return status;
    }
    return kaon_atomic_commit(&out->file, msg);
}

void kaon_eval_h5out_abandon(struct eval_h5out *out)
{
    if (out->h5 > 0)
        H5Fclose(out->h5);
    out->h5 = 0;
    kaon_atomic_abandon(&out->file);
}
