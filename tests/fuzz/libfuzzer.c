/* The entries of libFuzzer; KAON_FUZZ_TARGET is one of targets.h, KAON_FUZZ_RESHAPE its change where it has one. */
#include "tests/fuzz/targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    KAON_FUZZ_TARGET(data, size);
    return 0;
}

#ifdef KAON_FUZZ_RESHAPE
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed)
{
    return seed % 4 ? KAON_FUZZ_RESHAPE(data, size, room, seed)
                    : LLVMFuzzerMutate(data, size, room);
}
#endif
