#include "tools/check/find.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/fail.h"

enum { DEEPEST = 16 };

static enum kaon_status no_memory(struct kaon_msg *msg)
{
    return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for the list of cases");
}

static bool has_model(const char *folder)
{
    char *path;
    if (asprintf(&path, "%s/model.onnx", folder) < 0)
        return false;
    const bool found = access(path, F_OK) == 0;
    free(path);
    return found;
}

/* The name of a case at the root itself is the folder's own. */
static char *name_of(const char *folder, const char *root)
{
    const size_t n = strlen(root);
    if (folder[n] == '/')
        return strdup(folder + n + 1);
    char *real = realpath(folder, NULL);
    char *name = real ? strdup(basename(real)) : NULL;
    free(real);
    return name;
}

static enum kaon_status add(struct kaon_cases *cases, const char *folder, const char *root,
                            struct kaon_msg *msg)
{
    if ((cases->n & (cases->n - 1)) == 0) { /* grown at every power of two */
        struct kaon_case *grown = realloc(cases->at, (2 * cases->n + 1) * sizeof *grown);
        if (!grown)
            return no_memory(msg);
        cases->at = grown;
    }
    struct kaon_case c = { .folder = strdup(folder), .name = name_of(folder, root) };
    if (!c.folder || !c.name) {
        free(c.folder);
        free(c.name);
        return no_memory(msg);
    }
    cases->at[cases->n++] = c;
    return KAON_OK;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static enum kaon_status walk(struct kaon_cases *cases, const char *folder, const char *root,
                             int depth, struct kaon_msg *msg)
{
    struct dirent **entries;
    enum kaon_status st = KAON_OK;

    if (has_model(folder)) /* what lies below are its data sets */
        return add(cases, folder, root, msg);
    if (depth == DEEPEST)
        return KAON_OK;
    const int n = scandir(folder, &entries, is_visible, alphasort);
    if (n < 0)
        return kaon_cli_fail_errno(msg, folder, errno);
    for (int i = 0; i < n; i++) {
        char *path = NULL;
        struct stat info;
        if (st == KAON_OK && asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0) {
            path = NULL;
            st = no_memory(msg);
        }
        if (st == KAON_OK && lstat(path, &info) == 0 && S_ISDIR(info.st_mode))
            st = walk(cases, path, root, depth + 1, msg);
        free(path);
        free(entries[i]);
    }
    free(entries);
    return st;
}

enum kaon_status kaon_cases_find(struct kaon_cases *cases, const char *root, struct kaon_msg *msg)
{
    char *trimmed = strdup(root);
    if (!trimmed)
        return no_memory(msg);
    for (size_t n = strlen(trimmed); n > 1 && trimmed[n - 1] == '/'; n--)
        trimmed[n - 1] = 0;
    const enum kaon_status st = walk(cases, trimmed, trimmed, 0, msg);
    free(trimmed);
    return st;
}

static void free_case(struct kaon_case *c)
{
    free(c->folder);
    free(c->name);
}

void kaon_cases_keep(struct kaon_cases *cases, const char *part)
{
    size_t kept = 0;
    for (size_t i = 0; i < cases->n; i++) {
        if (strstr(cases->at[i].name, part))
            cases->at[kept++] = cases->at[i];
        else
            free_case(&cases->at[i]);
    }
    cases->n = kept;
}

void kaon_cases_free(struct kaon_cases *cases)
{
    for (size_t i = 0; i < cases->n; i++)
        free_case(&cases->at[i]);
    free(cases->at);
    *cases = (struct kaon_cases){ 0 };
}
