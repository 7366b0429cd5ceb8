#include "tools/cli/atomic.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/fail.h"

static enum kaon_status write_failed(struct kaon_msg *msg, const char *path, int error)
{
    return kaon_cli_fail(msg, KAON_IO, "%s: cannot be written: %s", path, strerror(error));
}

/* The name to rename to: `path`, or where it points if it is a symbolic link to a file. */
static enum kaon_status final_name(struct kaon_atomic *a, const char *path, struct kaon_msg *msg)
{
    struct stat st;
    const bool exists = stat(path, &st) == 0;

    if (exists && S_ISDIR(st.st_mode))
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "%s: is a folder, not a file to write", path);
    if (exists && !S_ISREG(st.st_mode))
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "%s: not a regular file", path);
    if (exists && !a->force)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "%s: exists; --force replaces it", path);
    a->path = exists ? realpath(path, NULL) : strdup(path);
    return a->path ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "%s: no memory", path);
}

/* Creates the temporary with the permissions that the umask leaves, which mkstemp would not. */
static int create_temporary(struct kaon_atomic *a)
{
    for (unsigned attempt = 0; attempt < 100; attempt++) {
        if (asprintf(&a->temporary, "%s.%ld-%u.part", a->path, (long)getpid(), attempt) < 0) {
            a->temporary = NULL;
            errno = ENOMEM;
            return -1;
        }
        const int fd = open(a->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0)
            return fd;
        free(a->temporary);
        a->temporary = NULL;
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

enum kaon_status kaon_atomic_open(struct kaon_atomic *a, const char *path, bool force,
                                  struct kaon_msg *msg)
{
    *a = (struct kaon_atomic){ .force = force };
    const enum kaon_status st = final_name(a, path, msg);
    if (st != KAON_OK)
        return st;
    const int fd = create_temporary(a);
    if (fd >= 0 && (a->file = fdopen(fd, "wb")))
        return KAON_OK;
    const int error = errno;
    if (fd >= 0)
        close(fd);
    kaon_atomic_abandon(a);
    return write_failed(msg, path, error);
}

/* Closes the stream and syncs what it wrote; 0 or an errno value. */
static int finish_stream(FILE *file)
{
    int error = 0;
    errno = 0;
    if (fflush(file) != 0 || ferror(file) || fsync(fileno(file)) != 0)
        error = errno ? errno : EIO;
    if (fclose(file) != 0 && !error)
        error = errno;
    return error;
}

static int sync_named(const char *path, int flags)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    if (fd < 0)
        return errno;
    const int error = fsync(fd) != 0 ? errno : 0;
    close(fd);
    return error;
}

enum kaon_status kaon_atomic_detach(struct kaon_atomic *a, struct kaon_msg *msg)
{
    const int error = fclose(a->file) != 0 ? errno : 0;
    a->file = NULL;
    return error ? write_failed(msg, a->path, error) : KAON_OK;
}

/* Without force, a file that appeared at the name meanwhile is not replaced. File systems that
 * cannot say so are asked first and then told to rename. */
static int rename_into_place(const struct kaon_atomic *a)
{
    if (!a->force) {
        if (renameat2(AT_FDCWD, a->temporary, AT_FDCWD, a->path, RENAME_NOREPLACE) == 0)
            return 0;
        if (errno != EINVAL && errno != ENOSYS)
            return errno;
        if (access(a->path, F_OK) == 0)
            return EEXIST;
    }
    return rename(a->temporary, a->path) == 0 ? 0 : errno;
}

/* The rename itself reaches the disk with its folder; where folders cannot be synced, so be it. */
static void sync_folder(const char *path)
{
    char *copy = strdup(path);
    if (copy)
        (void)sync_named(dirname(copy), O_DIRECTORY);
    free(copy);
}

enum kaon_status kaon_atomic_commit(struct kaon_atomic *a, struct kaon_msg *msg)
{
    enum kaon_status st = KAON_OK;
    int error = a->file ? finish_stream(a->file) : sync_named(a->temporary, 0);

    a->file = NULL;
    if (!error)
        error = rename_into_place(a);
    if (error) {
        st = write_failed(msg, a->path, error);
    } else {
        sync_folder(a->path);
        free(a->temporary);
        a->temporary = NULL; /* it has the final name now */
    }
    kaon_atomic_abandon(a);
    return st;
}

void kaon_atomic_abandon(struct kaon_atomic *a)
{
    if (a->file)
        fclose(a->file);
    if (a->temporary)
        unlink(a->temporary);
    free(a->temporary);
    free(a->path);
    *a = (struct kaon_atomic){ 0 };
}
