/* Files mapped for reading. */
#ifndef KAON_BASE_FILE_H
#define KAON_BASE_FILE_H

#include "engine/base/status.h"

struct kaon_file {
    const unsigned char *data; /* NULL if the file is empty */
    size_t bytes;
    void *mapping; /* NULL: not ours to unmap */
};

/* Maps a regular file of at most `limit` bytes. */
enum kaon_status kaon_file_map(struct kaon_file *file, const char *path, uint64_t limit,
                               struct kaon_msg *msg);

/* The same for `name` inside the folder of `beside`, following no way out of it: no absolute name,
 * no "..", no symbolic link that leads outside. */
enum kaon_status kaon_file_map_beside(struct kaon_file *file, const char *beside, const char *name,
                                      uint64_t limit, struct kaon_msg *msg);
void kaon_file_unmap(struct kaon_file *file);

#endif
