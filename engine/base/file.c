#include "engine/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static enum kaon_status map_open_file(struct kaon_file *file, int fd, const char *path,
                                      uint64_t limit, struct kaon_msg *msg)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return kaon_fail(msg, KAON_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return kaon_fail(msg, KAON_IO, "%s: not a regular file", path);
    if ((uint64_t)st.st_size > limit)
        return kaon_fail(msg, KAON_OVER_LIMIT, "%s: %llu bytes, the limit is %llu", path,
                         (unsigned long long)st.st_size, (unsigned long long)limit);
    if (st.st_size == 0)
        return KAON_OK;
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return kaon_fail(msg, KAON_IO, "%s: cannot be mapped: %s", path, strerror(errno));
    file->data = file->mapping = p;
    file->bytes = (size_t)st.st_size;
    return KAON_OK;
}

enum kaon_status kaon_file_map(struct kaon_file *file, const char *path, uint64_t limit,
                               struct kaon_msg *msg)
{
    *file = (struct kaon_file){ 0 };
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return kaon_fail(msg, KAON_IO, "%s: %s", path, strerror(errno));
    const enum kaon_status st = map_open_file(file, fd, path, limit, msg);
    close(fd);
    return st;
}

/* Opens dir/name component by component without following symbolic links. */
static int open_inside(const char *folder, const char *name)
{
    char part[NAME_MAX + 1];
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0) {
        name += strspn(name, "/");
        const size_t n = strcspn(name, "/");
        if (n == 0 || n > NAME_MAX || (n == 2 && !memcmp(name, "..", 2))) {
            close(fd);
            errno = EINVAL;
            return -1;
        }
        memcpy(part, name, n);
        part[n] = 0;
        name += n;
        const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
        const int next = openat(fd, part, *name ? flags | O_DIRECTORY : flags);
        const int why = errno;
        close(fd);
        errno = why;
        fd = next;
        if (!*name)
            break;
    }
    return fd;
}

enum kaon_status kaon_file_map_beside(struct kaon_file *file, const char *beside, const char *name,
                                      uint64_t limit, struct kaon_msg *msg)
{
    *file = (struct kaon_file){ 0 };
    const char *slash = strrchr(beside, '/');
    char folder[PATH_MAX];
    const int n = slash ? snprintf(folder, sizeof folder, "%.*s", (int)(slash - beside + 1), beside)
                        : snprintf(folder, sizeof folder, ".");
    if (n >= (int)sizeof folder || name[0] == '/')
        return kaon_fail(msg, KAON_BAD_MODEL,
                         "external data '%s' is not a name inside the model's folder", name);
    const int fd = open_inside(folder, name);
    if (fd < 0)
        return kaon_fail(msg, KAON_BAD_MODEL,
                         "external data '%s' cannot be opened inside the model's folder: %s", name,
                         strerror(errno));
    const enum kaon_status st = map_open_file(file, fd, name, limit, msg);
    close(fd);
    return st;
}

void kaon_file_unmap(struct kaon_file *file)
{
    if (file->mapping)
        munmap(file->mapping, file->bytes);
    *file = (struct kaon_file){ 0 };
}
