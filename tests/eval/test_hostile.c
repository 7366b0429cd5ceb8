/* Files that libhdf5 would take, and read past its buffers. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <hdf5.h>
#include <zlib.h>

#include "tools/eval/reader.h"

enum { ROWS = 10 };
static char path[] = "/tmp/kaon-eval-XXXXXX";

static struct eval_column column = { "pt", "the test", 0 };
static const struct eval_set set = { "jets", NULL, 0, &column, 1 };

/* Makes `jets` [10] of one float in one chunk that holds `data` as it is. */
static void make(int deflate, hid_t number, const void *data, size_t bytes)
{
    const hsize_t dims[1] = { ROWS };
    const hsize_t origin[1] = { 0 };
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t type = H5Tcreate(H5T_COMPOUND, H5Tget_size(number));
    const hid_t space = H5Screate_simple(1, dims, NULL), plist = H5Pcreate(H5P_DATASET_CREATE);
    assert_true(file >= 0 && H5Tinsert(type, "pt", 0, number) >= 0);
    assert_true(H5Pset_chunk(plist, 1, dims) >= 0);
    if (deflate)
        assert_true(H5Pset_deflate(plist, 1) >= 0);
    const hid_t dataset = H5Dcreate2(file, "jets", type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    assert_true(dataset >= 0);
    if (bytes)
        assert_true(H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, origin, bytes, data) >= 0);
    H5Dclose(dataset);
    H5Pclose(plist);
    H5Sclose(space);
    H5Tclose(type);
    H5Fclose(file);
}

static enum kaon_status read_all(struct kaon_msg *msg)
{
    const struct eval_query query = { .set = &set, .n_sets = 1 };
    const char *paths[] = { path };
    struct eval_reader *reader;
    struct eval_block block = { 0 };
    enum kaon_status status = kaon_eval_reader_open(&reader, &query, paths, 1, msg);
    if (status)
        return status;
    status = kaon_eval_reader_next(reader, &block, msg);
    if (!status)
        assert_int_equal(block.rows, ROWS);
    kaon_eval_block_close(&block);
    kaon_eval_reader_close(reader);
    return status;
}

static void refuses(const char *word)
{
    struct kaon_msg msg = { "" };
    assert_int_equal(read_all(&msg), KAON_BAD_INPUT);
    if (!strstr(msg.text, word))
        fail_msg("no \"%s\" in: %s", word, msg.text);
}

static void a_chunk_that_inflates_to_less_is_refused(void **state)
{
    const float whole[ROWS] = { 1, 2, 3 };
    unsigned char packed[256];
    struct kaon_msg msg = { "" };
    uLongf bytes = sizeof packed;
    (void)state;
    assert_int_equal(compress(packed, &bytes, (const void *)whole, sizeof whole), Z_OK);
    make(1, H5T_IEEE_F32LE, packed, bytes);
    if (read_all(&msg))
        fail_msg("%s", msg.text);
    make(1, H5T_IEEE_F32LE, packed, bytes - 6);
    refuses("broken at row 0");
    bytes = sizeof packed;
    assert_int_equal(compress(packed, &bytes, (const void *)whole, sizeof whole - 1), Z_OK);
    make(1, H5T_IEEE_F32LE, packed, bytes);
    refuses("decodes to 39");
}

static void rows_that_were_never_written_are_refused(void **state)
{
    (void)state;
    make(1, H5T_IEEE_F32LE, NULL, 0);
    refuses("never written");
}

static void numbers_wider_than_8_bytes_are_refused(void **state)
{
    const long double wide[ROWS] = { 0 };
    (void)state;
    make(0, H5T_NATIVE_LDOUBLE, wide, sizeof wide);
    refuses("1 to 8 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chunk_that_inflates_to_less_is_refused),
        cmocka_unit_test(rows_that_were_never_written_are_refused),
        cmocka_unit_test(numbers_wider_than_8_bytes_are_refused),
    };
    const int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
