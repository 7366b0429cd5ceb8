/* Mutations of a corpus, the same for a seed on every machine. */
#ifndef KAON_TESTS_FUZZ_MUTATE_H
#define KAON_TESTS_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

struct kaon_corpus {
    struct kaon_corpus_file {
        uint8_t *data;
        size_t size;
    } * file;
    size_t n;
};

/* Loads all files of a folder, in order of their names; 0 files if it cannot. */
struct kaon_corpus kaon_corpus_load(const char *folder);
void kaon_corpus_close(struct kaon_corpus *corpus);

enum { KAON_MUTANT_ROOM = 1 << 17 };

/* The next number of a generator (splitmix64). */
uint64_t kaon_fuzz_next(uint64_t *state);

/* Writes input number `number` of a seed to `to`, which has KAON_MUTANT_ROOM bytes. */
size_t kaon_mutate(const struct kaon_corpus *corpus, uint64_t seed, uint64_t number, uint8_t *to);

#endif
