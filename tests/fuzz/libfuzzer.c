/* The entry of libFuzzer; KAON_FUZZ_TARGET is one of targets.h. */
#include "tests/fuzz/targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    KAON_FUZZ_TARGET(data, size);
    return 0;
}
