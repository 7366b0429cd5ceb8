#include "tools/eval/source.h"

#include "tools/cli/fail.h"

#include <errno.h>
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

enum kaon_status kaon_eval_source_look(struct eval_source *source, const char *path,
                                       struct kaon_msg *msg)
{
    const char *slash = strrchr(path, '/');
    struct stat st;
    FILE *file = fopen(path, "rbe");
    if (!file)
        return kaon_cli_fail_errno(msg, path, errno);
    source->name = slash ? slash + 1 : path;
    enum kaon_status status = digest_beginning(source, file, path, msg);
    if (!status && fstat(fileno(file), &st) != 0)
        status = kaon_cli_fail_errno(msg, path, errno);
    if (!status)
        source->bytes = (uint64_t)st.st_size;
    fclose(file);
    return status;
}
