/* NumPy's arrays as an HDF5 file in memory, so that there is one reader for all. */
#ifndef KAON_TOOLS_EVAL_NUMPY_H
#define KAON_TOOLS_EVAL_NUMPY_H

#include "tools/eval/h5util.h"

/* A folder of .npy: a dataset a file, "tracks/d0.npy" as "tracks/d0". Arrays in C order stay in
 * their files and are read from there; others are held in memory. */
enum kaon_status kaon_eval_numpy_folder(hid_t *file, const char *path, struct kaon_msg *msg);

/* An .npz, stored or deflated: all its arrays are held in memory. */
enum kaon_status kaon_eval_numpy_zip(hid_t *file, const char *path, struct kaon_msg *msg);

#endif
