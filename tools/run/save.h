/* Outputs as .npy files. */
#ifndef KAON_TOOLS_RUN_SAVE_H
#define KAON_TOOLS_RUN_SAVE_H

#include <stdbool.h>

#include "engine/kaon.h"

/* Writes each output to FOLDER/NAME.npy, the elements of a sequence to FOLDER/NAME.0.npy and so on;
 * characters of NAME that a file name cannot hold become '_'. The folder is made if missing. */
enum kaon_status kaon_run_save(const struct kaon_model *model, const struct kaon_tensor *outputs,
                               const char *folder, bool force, struct kaon_msg *msg);

#endif
