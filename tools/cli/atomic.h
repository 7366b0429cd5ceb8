/* Output files that are whole or not there: written under a temporary name in the same folder,
 * flushed to the disk, then renamed. */
#ifndef KAON_TOOLS_CLI_ATOMIC_H
#define KAON_TOOLS_CLI_ATOMIC_H

#include <stdbool.h>
#include <stdio.h>

#include "engine/kaon.h"

struct kaon_atomic {
    char *path;      /* final name, symbolic links followed */
    char *temporary; /* name while it is written; exists, empty, after opening */
    FILE *file;      /* open for writing; NULL after kaon_atomic_detach */
    bool force;
};

/* Begins a file. If `path` exists, `force` is needed, and it must be a regular file. */
enum kaon_status kaon_atomic_open(struct kaon_atomic *atomic, const char *path, bool force,
                                  struct kaon_msg *msg);

/* Closes the stream, for a library that opens the temporary name itself (HDF5). */
enum kaon_status kaon_atomic_detach(struct kaon_atomic *atomic, struct kaon_msg *msg);

/* Finishes the file: checks every write, syncs, renames. On failure the temporary is removed and
 * an older file at `path` is as it was. Frees everything either way. */
enum kaon_status kaon_atomic_commit(struct kaon_atomic *atomic, struct kaon_msg *msg);

/* Removes the temporary and frees everything. Does nothing after a commit, or if opening failed, so
 * that a cleanup path may always call it. */
void kaon_atomic_abandon(struct kaon_atomic *atomic);

#endif
