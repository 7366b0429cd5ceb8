#include "tools/eval/source.h"

#include "tools/cli/fail.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BEGINNING = 1 << 20 };

static enum kaon_status digest_beginning(struct eval_source *source, FILE *file, const char *path,
                                         struct kaon_msg *msg)
{
    unsigned char *data = malloc(BEGINNING);
    if (!data)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    const size_t bytes = fread(data, 1, BEGINNING, file);
    const enum kaon_status status = ferror(file)
                                        ? kaon_cli_fail_errno(msg, path, errno)
                                        : kaon_digest_memory(&source->beginning, data, bytes, msg);
    free(data);
    return status;
}

/* What a folder of arrays begins with: name, size and beginning of each file, in order of names. */
struct gathered {
    unsigned char *data;
    size_t used;
    uint64_t bytes;
};

static void gather_file(struct gathered *g, const char *path, const char *name, uint64_t bytes)
{
    enum { EACH = 4096 };
    char head[300];
    unsigned char first[EACH];
    const int n = snprintf(head, sizeof head, "%.255s %llu\n", name, (unsigned long long)bytes);
    FILE *file = fopen(path, "rbe");
    const size_t got = file ? fread(first, 1, EACH, file) : 0;
    if (file)
        fclose(file);
    g->bytes += bytes;
    if (g->used + (size_t)n + got > BEGINNING)
        return;
    memcpy(g->data + g->used, head, (size_t)n);
    memcpy(g->data + g->used + n, first, got);
    g->used += (size_t)n + got;
}

static void gather(struct gathered *g, const char *path, int depth)
{
    struct dirent **entry = NULL;
    const int n = scandir(path, &entry, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char inner[PATH_MAX];
        struct stat st;
        if (entry[i]->d_name[0] != '.' &&
            snprintf(inner, sizeof inner, "%s/%s", path, entry[i]->d_name) < (int)sizeof inner &&
            stat(inner, &st) == 0) {
            if (S_ISDIR(st.st_mode) && depth < 2)
                gather(g, inner, depth + 1);
            else if (S_ISREG(st.st_mode))
                gather_file(g, inner, entry[i]->d_name, (uint64_t)st.st_size);
        }
        free(entry[i]);
    }
    free(entry);
}

static enum kaon_status look_at_folder(struct eval_source *source, const char *path,
                                       struct kaon_msg *msg)
{
    struct gathered g = { malloc(BEGINNING), 0, 0 };
    if (!g.data)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    gather(&g, path, 0);
    source->bytes = g.bytes;
    const enum kaon_status status = kaon_digest_memory(&source->beginning, g.data, g.used, msg);
    free(g.data);
    return status;
}

enum kaon_status kaon_eval_source_look(struct eval_source *source, const char *path,
                                       struct kaon_msg *msg)
{
    const char *slash = strrchr(path, '/');
    struct stat st;
    source->name = slash && slash[1] ? slash + 1 : path;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return look_at_folder(source, path, msg);
    FILE *file = fopen(path, "rbe");
    if (!file)
        return kaon_cli_fail_errno(msg, path, errno);
    enum kaon_status status = digest_beginning(source, file, path, msg);
    if (!status && fstat(fileno(file), &st) != 0)
        status = kaon_cli_fail_errno(msg, path, errno);
    if (!status)
        source->bytes = (uint64_t)st.st_size;
    fclose(file);
    return status;
}
