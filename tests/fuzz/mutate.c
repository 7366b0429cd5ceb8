#include "tests/fuzz/mutate.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_file(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

struct kaon_corpus kaon_corpus_load(const char *folder)
{
    struct kaon_corpus corpus = { NULL, 0 };
    struct dirent **entry = NULL;
    const int n = scandir(folder, &entry, is_file, alphasort);
    corpus.file = n > 0 ? calloc((size_t)n, sizeof *corpus.file) : NULL;
    for (int i = 0; i < n; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        FILE *file = corpus.file ? fopen(path, "rb") : NULL;
        uint8_t *data = file ? malloc(KAON_MUTANT_ROOM) : NULL;
        if (data)
            corpus.file[corpus.n++] =
                (struct kaon_corpus_file){ data, fread(data, 1, KAON_MUTANT_ROOM / 2, file) };
        if (file)
            fclose(file);
        free(entry[i]);
    }
    free(entry);
    return corpus;
}

void kaon_corpus_close(struct kaon_corpus *corpus)
{
    for (size_t i = 0; i < corpus->n; i++)
        free(corpus->file[i].data);
    free(corpus->file);
    *corpus = (struct kaon_corpus){ NULL, 0 };
}

uint64_t kaon_fuzz_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static size_t below(uint64_t *state, size_t n)
{
    return n ? (size_t)(kaon_fuzz_next(state) % n) : 0;
}

/* Numbers at which programs go wrong, of 1, 2, 4 or 8 bytes in either order. */
static void plant(uint64_t *state, uint8_t *to, size_t size)
{
    static const uint64_t bad[] = { 0,          1,          2,          0x7f,
                                    0x80,       0xff,       0x7fff,     0xffff,
                                    0x10000,    0x7fffffff, 0x80000000, 0xffffffff,
                                    0xfffffff0, 1ull << 40, 1ull << 63, UINT64_MAX };
    const size_t width = (size_t)1 << below(state, 4);
    const uint64_t value = bad[below(state, sizeof bad / sizeof *bad)];
    const int reverse = (int)below(state, 2);
    if (size < width)
        return;
    uint8_t *at = to + below(state, size - width + 1);
    for (size_t i = 0; i < width; i++)
        at[i] = (uint8_t)(value >> 8 * (reverse ? width - 1 - i : i));
}

/* A piece of one input over or into another place. */
static size_t splice(uint64_t *state, const struct kaon_corpus *corpus, uint8_t *to, size_t size)
{
    const struct kaon_corpus_file *from = &corpus->file[below(state, corpus->n)];
    const size_t length = 1 + below(state, 64);
    if (from->size < length)
        return size;
    const uint8_t *piece = from->data + below(state, from->size - length + 1);
    const size_t at = below(state, size + 1);
    if (below(state, 2) && size + length <= KAON_MUTANT_ROOM) {
        memmove(to + at + length, to + at, size - at);
        size += length;
    } else if (at + length > size) {
        return size;
    }
    memcpy(to + at, piece, length);
    return size;
}

static size_t cut(uint64_t *state, uint8_t *to, size_t size)
{
    const size_t length = size ? 1 + below(state, size < 64 ? size : 64) : 0;
    const size_t at = below(state, size - length + 1);
    if (length == 0)
        return size;
    memmove(to + at, to + at + length, size - at - length);
    return size - length;
}

size_t kaon_mutate(const struct kaon_corpus *corpus, uint64_t seed, uint64_t number, uint8_t *to)
{
    uint64_t state = seed * 0x2545f4914f6cdd1du + number;
    const struct kaon_corpus_file *from = &corpus->file[below(&state, corpus->n)];
    size_t size = from->size;
    memcpy(to, from->data, size);
    for (size_t left = 1 + below(&state, 6); left > 0; left--) {
        switch (below(&state, 8)) {
        case 0:
        case 1:
            if (size)
                to[below(&state, size)] ^= (uint8_t)(1u << below(&state, 8));
            break;
        case 2:
            if (size)
                to[below(&state, size)] = (uint8_t)kaon_fuzz_next(&state);
            break;
        case 3:
        case 4:
            plant(&state, to, size);
            break;
        case 5:
            size = splice(&state, corpus, to, size);
            break;
        case 6:
            size = cut(&state, to, size);
            break;
        default:
            if (below(&state, 8) == 0)
                size = below(&state, size + 1);
            break;
        }
    }
    return size;
}
