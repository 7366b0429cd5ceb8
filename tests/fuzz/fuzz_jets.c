/* Files of jets: HDF5, .npz and .npy. */
#include "tests/fuzz/targets.h"

#include <stdlib.h>
#include <unistd.h>

#include "tools/eval/numpy.h"
#include "tools/eval/reader.h"
#include "tools/eval/stored.h"
#include "tools/io/npy.h"

static void read_all(const char *path, const char *sequence, const char *valid)
{
    struct eval_column jet = { .name = "pt", .by = "the fuzzer" };
    struct eval_column track[] = { { .name = "d0", .by = "the fuzzer" },
                                   { .name = "hits", .by = "the fuzzer" } };
    const struct eval_column number[] = { { .name = "label", .by = "the fuzzer" },
                                          { .name = "T_pb", .by = "it", .optional = true } };
    const struct eval_set sets[] = {
        { .dataset = "jets", .column = &jet, .n_columns = 1 },
        { .dataset = sequence, .valid = valid, .most = 3, .column = track, .n_columns = 2 },
    };
    const char *const copied[] = { "pt", "label" };
    const struct eval_query query = { .set = sets,
                                      .n_sets = 2,
                                      .number = number,
                                      .n_numbers = 2,
                                      .fold = "label",
                                      .n_folds = 3,
                                      .copied = copied,
                                      .n_copied = 2,
                                      .limit = 2000,
                                      .zero_non_finite = true };
    struct eval_reader *reader;
    struct eval_block block = { .rows = 0 };
    if (kaon_eval_reader_open(&reader, &query, &path, 1, NULL))
        return;
    while (!kaon_eval_reader_next(reader, &block, NULL) && block.rows > 0)
        ;
    kaon_eval_block_close(&block);
    kaon_eval_reader_close(reader);
}

static void read_file(const uint8_t *data, size_t size)
{
    char path[64];
    struct eval_stored stored;
    struct eval_pool pool = { NULL };
    const int fd = kaon_fuzz_file(data, size, path);
    if (fd < 0)
        return;
    read_all(path, "tracks", "valid");
    read_all(path, "tracks", "d0 > 0");
    kaon_eval_stored_open(&stored, path, &pool, NULL);
    kaon_eval_pool_close(&pool);
    close(fd);
}

void kaon_fuzz_h5(const uint8_t *data, size_t size)
{
    read_file(data, size);
}

void kaon_fuzz_npz(const uint8_t *data, size_t size)
{
    read_file(data, size);
}

void kaon_fuzz_npy(const uint8_t *data, size_t size)
{
    struct kaon_tensor tensor = { .data = NULL };
    struct kaon_npy_header header;
    kaon_npy_header(&header, data, size, "fuzzed", NULL);
    kaon_npy_decode(&tensor, data, size, "fuzzed", NULL);
    free(tensor.data);
}
