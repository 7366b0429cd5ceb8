/* Opening what holds jets as an HDF5 file, whatever it is. */
#ifndef KAON_TOOLS_EVAL_STORAGE_H
#define KAON_TOOLS_EVAL_STORAGE_H

#include "tools/eval/h5util.h"

/* Opens the file for reading; *file is -1 on failure. kaon_eval_h5_start comes first. */
enum kaon_status kaon_eval_storage_open(hid_t *file, const char *path, struct kaon_msg *msg);

#endif
