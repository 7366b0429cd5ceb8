/* An HDF5 file that is whole or not there. */
#ifndef KAON_TOOLS_EVAL_H5OUT_H
#define KAON_TOOLS_EVAL_H5OUT_H

#include "tools/cli/atomic.h"
#include "tools/eval/h5util.h"

struct eval_h5out {
    struct kaon_atomic file;
    hid_t h5; /* zero-initialise: none */
};

enum kaon_status kaon_eval_h5out_open(struct eval_h5out *out, const char *path, bool force,
                                      struct kaon_msg *msg);

/* The sentence for whatever libhdf5 could not write. */
enum kaon_status kaon_eval_h5out_failed(const struct eval_h5out *out, struct kaon_msg *msg);

/* A text as an attribute, and one of any length as a dataset. */
bool kaon_eval_h5_write_attribute(hid_t location, const char *name, const char *value);
bool kaon_eval_h5_write_text(hid_t location, const char *name, const char *value);

/* A group without times in it; -1: failed. */
hid_t kaon_eval_h5_make_group(hid_t location, const char *name);

/* Closes, and gives the file its name; everything in it must be closed. */
enum kaon_status kaon_eval_h5out_commit(struct eval_h5out *out, struct kaon_msg *msg);

/* Leaves nothing behind. Does nothing after a commit or before it was opened. */
void kaon_eval_h5out_abandon(struct eval_h5out *out);

#endif
