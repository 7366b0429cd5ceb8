/* The scores of a part of an evaluation in an HDF5 file: what is kept of every jet, and what was
 * counted. To keep more, add a row to a table of store.c. */
#ifndef KAON_TOOLS_EVAL_STORE_H
#define KAON_TOOLS_EVAL_STORE_H

#include "tools/eval/entry.h"

/* Writes datasets `scores` and `counts`; false if something could not be written. */
bool kaon_eval_store_write(hid_t location, const struct eval_entry *entry);

/* Adds what stands in group `name` of an open file to the entry. `path` begins the sentence; no number
 * in the file is believed. */
enum kaon_status kaon_eval_store_read(struct eval_entry *entry, hid_t file, const char *path,
                                      const char *name, struct kaon_msg *msg);

/* The text that kaon_eval_h5_write_text wrote, for the caller to free. */
enum kaon_status kaon_eval_store_text(char **text, hid_t file, const char *path, const char *name,
                                      struct kaon_msg *msg);

#endif
