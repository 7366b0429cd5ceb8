#include "tools/check/dataset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/fail.h"
#include "tools/cli/buffer.h"

bool kaon_dataset_exists(const char *folder, size_t set)
{
    struct stat info;
    char *path;
    if (asprintf(&path, "%s/test_data_set_%zu", folder, set) < 0)
        return false;
    const bool found = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    free(path);
    return found;
}

/* NULL if memory ran out. */
static char *file_name(const char *folder, size_t set, const char *kind, size_t k)
{
    char *path;
    return asprintf(&path, "%s/test_data_set_%zu/%s_%zu.pb", folder, set, kind, k) < 0 ? NULL
                                                                                       : path;
}

bool kaon_dataset_has(const char *folder, size_t set, const char *kind, size_t k)
{
    char *path = file_name(folder, set, kind, k);
    const bool found = path && access(path, F_OK) == 0;
    free(path);
    return found;
}

static enum kaon_status read_file(struct kaon_buffer *text, const char *path, struct kaon_msg *msg)
{
    char piece[8192];
    size_t n;
    FILE *file = fopen(path, "rbe");
    if (!file)
        return kaon_cli_fail_errno(msg, path, errno);
    while ((n = fread(piece, 1, sizeof piece, file)) > 0)
        kaon_buffer_write(text, piece, n);
    const int error = ferror(file) ? errno : 0;
    fclose(file);
    if (error)
        return kaon_cli_fail_errno(msg, path, error);
    return text->failed ? kaon_cli_fail(msg, KAON_NO_MEMORY, "%s: no memory", path) : KAON_OK;
}

enum kaon_status kaon_dataset_read(struct kaon_tensor *tensor, const char *folder, size_t set,
                                   const char *kind, size_t k, enum kaon_type type,
                                   struct kaon_msg *msg)
{
    struct kaon_buffer text = { 0 };
    struct kaon_msg why = { "" };
    char *path = file_name(folder, set, kind, k);

    *tensor = (struct kaon_tensor){ 0 };
    if (!path)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "%s: no memory", folder);
    enum kaon_status st = read_file(&text, path, msg);
    if (st == KAON_OK) {
        st = kaon_tensor_decode(tensor, type, text.at ? text.at : "", text.bytes, NULL, &why);
        if (st != KAON_OK)
            kaon_cli_fail(msg, st, "%s_%zu.pb of set %zu: %.400s", kind, k, set, why.text);
    }
    free(text.at);
    free(path);
    return st;
}
