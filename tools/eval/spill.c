#include "tools/eval/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Pages are let go this many bytes at a time. */
enum { STEP = 1 << 18 };

/* A file that goes with its descriptor; -1: none. */
static int open_nameless(void)
{
    char path[4096];
    const char *folder = getenv("TMPDIR");
    if (!folder || !*folder)
        folder = "/tmp";
    int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file >= 0 || snprintf(path, sizeof path, "%s/kaon-XXXXXX", folder) >= (int)sizeof path)
        return file;
    file = mkostemp(path, O_CLOEXEC); /* not every file system has files without a name */
    if (file >= 0)
        unlink(path);
    return file;
}

/* Room is taken beforehand: a full disk is an answer here and a SIGBUS later. */
static bool take_room(int file, size_t from, size_t bytes)
{
    int failed;
    do
        failed = posix_fallocate(file, (off_t)from, (off_t)(bytes - from));
    while (failed == EINTR);
    return failed == 0;
}

static bool grow_memory(void **memory, size_t bytes)
{
    void *more = realloc(*memory, bytes);
    if (more)
        *memory = more;
    return more != NULL;
}

static void drop_file(struct eval_spill *s)
{
    close(s->file - 1);
    s->file = 0;
}

/* From memory to a file. */
static bool move_out(struct eval_spill *s, void **memory, size_t used, size_t bytes)
{
    s->file = 1 + open_nameless();
    if (s->file == 0)
        return false;
    void *at = take_room(s->file - 1, 0, bytes)
                   ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, s->file - 1, 0)
                   : MAP_FAILED;
    if (at == MAP_FAILED) {
        drop_file(s);
        return false;
    }
    if (used)
        memcpy(at, *memory, used);
    free(*memory);
    *memory = at;
    s->mapped = bytes;
    s->let_go = 0;
    return true;
}

/* Back, when the disk has become full. */
static bool move_in(struct eval_spill *s, void **memory, size_t used, size_t bytes)
{
    void *more = malloc(bytes);
    if (!more)
        return false;
    memcpy(more, *memory, used);
    munmap(*memory, s->mapped);
    drop_file(s);
    *memory = more;
    *s = (struct eval_spill){ .in_memory = true };
    return true;
}

bool kaon_eval_spill_grow(struct eval_spill *s, void **memory, size_t used, size_t bytes)
{
    if (bytes == 0)
        bytes = 1;
    if (!s->mapped) {
        if (bytes < EVAL_SPILL_FROM || s->in_memory)
            return grow_memory(memory, bytes);
        s->in_memory = !move_out(s, memory, used, bytes);
        return !s->in_memory || grow_memory(memory, bytes);
    }
    if (bytes <= s->mapped)
        return true;
    void *at = take_room(s->file - 1, s->mapped, bytes)
                   ? mremap(*memory, s->mapped, bytes, MREMAP_MAYMOVE)
                   : MAP_FAILED;
    if (at == MAP_FAILED)
        return move_in(s, memory, used, bytes);
    *memory = at;
    s->mapped = bytes;
    return true;
}

void kaon_eval_spill_rest(struct eval_spill *s, void *memory, size_t used)
{
    if (!s->mapped || used < s->let_go + STEP)
        return;
    const size_t whole = used / STEP * STEP;
    if (madvise((char *)memory + s->let_go, whole - s->let_go, MADV_DONTNEED) == 0)
        s->let_go = whole;
}

void kaon_eval_spill_close(struct eval_spill *s, void *memory)
{
    if (s->mapped) {
        munmap(memory, s->mapped);
        drop_file(s);
    } else {
        free(memory);
    }
    *s = (struct eval_spill){ 0 };
}
