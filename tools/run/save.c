#include "tools/run/save.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/cli/atomic.h"
#include "tools/cli/fail.h"
#include "tools/io/npy.h"

static enum kaon_status save_tensor(const struct kaon_tensor *tensor, const char *path, bool force,
                                    struct kaon_msg *msg)
{
    struct kaon_atomic file;
    enum kaon_status st = kaon_atomic_open(&file, path, force, msg);
    if (st == KAON_OK)
        st = kaon_npy_write(file.file, tensor, msg);
    if (st == KAON_OK)
        st = kaon_atomic_commit(&file, msg);
    kaon_atomic_abandon(&file);
    return st;
}

/* FOLDER/NAME, without an ending; NULL if memory ran out. */
static char *stem_of(const char *folder, const char *name)
{
    char *stem;
    if (asprintf(&stem, "%s/%s", folder, name) < 0)
        return NULL;
    for (char *c = stem + strlen(folder) + 1; *c; c++)
        if (*c == '/' || *c == ':' || (unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '_';
    return stem;
}

/* FOLDER/NAME.npy, or FOLDER/NAME.I.npy for an element of a sequence. */
static enum kaon_status save_numbered(const struct kaon_tensor *tensor, const char *stem,
                                      int64_t element, bool force, struct kaon_msg *msg)
{
    char *path;
    const int n = element < 0 ? asprintf(&path, "%s.npy", stem)
                              : asprintf(&path, "%s.%lld.npy", stem, (long long)element);
    if (n < 0)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "%s: no memory", stem);
    const enum kaon_status st = save_tensor(tensor, path, force, msg);
    free(path);
    return st;
}

static enum kaon_status save_output(const struct kaon_tensor *t, const char *stem, bool force,
                                    struct kaon_msg *msg)
{
    const struct kaon_tensor *elements = t->data;
    enum kaon_status st = KAON_OK;
    if (t->type != KAON_SEQUENCE)
        return save_numbered(t, stem, -1, force, msg);
    for (int64_t i = 0; st == KAON_OK && i < t->dims[0]; i++)
        st = save_numbered(&elements[i], stem, i, force, msg);
    return st;
}

/* Two names that become one file would overwrite each other. */
static enum kaon_status check_distinct(char **stems, size_t n, struct kaon_msg *msg)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (!strcmp(stems[i], stems[j]))
                return kaon_cli_fail(msg, KAON_UNSUPPORTED,
                                     "%s.npy: outputs %zu and %zu would both be written there",
                                     stems[i], j, i);
    return KAON_OK;
}

enum kaon_status kaon_run_save(const struct kaon_model *model, const struct kaon_tensor *outputs,
                               const char *folder, bool force, struct kaon_msg *msg)
{
    const size_t n = kaon_model_output_count(model);
    enum kaon_status st = KAON_OK;
    struct kaon_port port;

    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return kaon_cli_fail(msg, KAON_IO, "%s: cannot be made: %s", folder, strerror(errno));
    char **stems = calloc(n + 1, sizeof *stems);
    if (!stems)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "%s: no memory", folder);
    for (size_t i = 0; st == KAON_OK && i < n; i++) {
        st = kaon_model_output(model, i, &port);
        if (st == KAON_OK && !(stems[i] = stem_of(folder, port.name)))
            st = kaon_cli_fail(msg, KAON_NO_MEMORY, "%s: no memory", folder);
    }
    if (st == KAON_OK)
        st = check_distinct(stems, n, msg);
    for (size_t i = 0; st == KAON_OK && i < n; i++)
        st = save_output(&outputs[i], stems[i], force, msg);
    for (size_t i = 0; i < n; i++)
        free(stems[i]);
    free(stems);
    return st;
}
