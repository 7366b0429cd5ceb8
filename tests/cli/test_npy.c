#include "tests/cli/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/io/npy.h"

/* A .npy file in memory that is exactly as long as it says, so that a sanitizer sees a byte too
 * many. */
struct file {
    unsigned char *data;
    size_t bytes;
};

static struct file make(int version, const char *header, const void *body, size_t bytes)
{
    const size_t n = strlen(header), before = version == 1 ? 10 : 12;
    struct file f = { malloc(before + n + bytes), before + n + bytes };
    assert_non_null(f.data);
    memcpy(f.data, "\x93NUMPY", 6);
    f.data[6] = (unsigned char)version;
    f.data[7] = 0;
    for (size_t i = 8; i < before; i++)
        f.data[i] = (unsigned char)(n >> 8 * (i - 8));
    memcpy(f.data + before, header, n);
    if (bytes)
        memcpy(f.data + before + n, body, bytes);
    return f;
}

static enum kaon_status decode(struct file f, struct kaon_tensor *t, struct kaon_msg *msg)
{
    const enum kaon_status st = kaon_npy_decode(t, f.data, f.bytes, "f.npy", msg);
    free(f.data);
    return st;
}

static void assert_refused(struct file f, const char *part)
{
    struct kaon_tensor t;
    struct kaon_msg msg;
    assert_int_equal(decode(f, &t, &msg), KAON_BAD_INPUT);
    assert_null(t.data);
    if (!strstr(msg.text, part))
        fail_msg("\"%s\" does not hold \"%s\"", msg.text, part);
}

static void reads_versions_1_to_3(void **state)
{
    static const float body[6] = { 1, 2, 3, 4, 5, 6 };
    (void)state;
    for (int version = 1; version <= 3; version++) {
        struct kaon_tensor t;
        struct kaon_msg msg = { "" };
        assert_int_equal(decode(make(version,
                                     "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
                                     "     \n",
                                     body, sizeof body),
                                &t, &msg),
                         KAON_OK);
        assert_int_equal(t.type, KAON_F32);
        assert_int_equal(t.rank, 2);
        assert_int_equal(t.dims[1], 3);
        assert_memory_equal(t.data, body, sizeof body);
        free(t.data);
    }
}

static void reads_column_major_and_big_endian(void **state)
{
    /* the matrix 1 2 3 / 4 5 6, by columns */
    static const unsigned char body[12] = { 0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6 };
    static const int16_t want[6] = { 1, 2, 3, 4, 5, 6 };
    struct kaon_tensor t;
    struct kaon_msg msg;
    (void)state;
    assert_int_equal(
        decode(make(1, "{'shape':(2,3),\"descr\":\">i2\",'fortran_order':True}", body, sizeof body),
               &t, &msg),
        KAON_OK);
    assert_int_equal(t.type, KAON_I16);
    assert_memory_equal(t.data, want, sizeof want);
    free(t.data);
}

static void reads_scalars_empty_arrays_and_bools(void **state)
{
    static const unsigned char bools[3] = { 0, 1, 7 };
    struct kaon_tensor t;
    struct kaon_msg msg;
    (void)state;
    assert_int_equal(
        decode(make(1, "{'descr':'<f8','fortran_order':False,'shape':()}", &(double){ 2.5 }, 8), &t,
               &msg),
        KAON_OK);
    assert_int_equal(t.rank, 0);
    assert_true(*(double *)t.data == 2.5);
    free(t.data);
    assert_int_equal(
        decode(make(1, "{'descr':'<f2','fortran_order':True,'shape':(0,5L)}", "", 0), &t, &msg),
        KAON_OK);
    assert_int_equal(t.rank, 2);
    assert_int_equal(t.bytes, 0);
    free(t.data);
    assert_int_equal(
        decode(make(1, "{'descr':'|b1','fortran_order':False,'shape':(3,)}", bools, 3), &t, &msg),
        KAON_OK);
    assert_int_equal(((unsigned char *)t.data)[2], 1);
    free(t.data);
}

static void refuses_cut_files(void **state)
{
    static const char header[] = "{'descr':'<f4','fortran_order':False,'shape':(2,)}";
    struct kaon_tensor t;
    struct kaon_msg msg;
    (void)state;
    for (int version = 1; version <= 2; version++) {
        const struct file whole = make(version, header, "12345678", 8);
        for (size_t n = 0; n < whole.bytes; n++) {
            struct file cut = { malloc(n ? n : 1), n };
            assert_non_null(cut.data);
            memcpy(cut.data, whole.data, n);
            assert_int_equal(decode(cut, &t, &msg), KAON_BAD_INPUT);
        }
        free(whole.data);
    }
    assert_refused(make(1, header, "123456789", 9), "needs 8 bytes of data, there are 9");
}

static void refuses_hostile_shapes(void **state)
{
    (void)state;
    assert_refused(
        make(1, "{'descr':'<f4','fortran_order':False,'shape':(4611686018427387904,4)}", "", 0),
        "too large");
    assert_refused(
        make(1, "{'descr':'<f8','fortran_order':False,'shape':(2305843009213693951,)}", "", 0),
        "too large");
    assert_refused(
        make(1, "{'descr':'<f4','fortran_order':False,'shape':(99999999999999999999,)}", "", 0),
        "not a plain array");
    assert_refused(make(1, "{'descr':'<f4','fortran_order':False,'shape':(-1,)}", "", 0),
                   "not a plain array");
    assert_refused(
        make(1, "{'descr':'<f4','fortran_order':False,'shape':(1,1,1,1,1,1,1,1,1)}", "", 0),
        "not a plain array");
    assert_refused(
        make(1, "{'descr':'<f4','fortran_order':False,'shape':(1000000000,)}", "1234", 4),
        "needs 4000000000 bytes");
}

static void refuses_other_types(void **state)
{
    static const char *const descr[] = { "<f3", "<c8", "|O", "<U4", "<M8[ns]",
                                         "|V2", "f4",  "",   "<f16" };
    (void)state;
    for (size_t i = 0; i < sizeof descr / sizeof *descr; i++) {
        char header[128];
        snprintf(header, sizeof header, "{'descr':'%s','fortran_order':False,'shape':(1,)}",
                 descr[i]);
        assert_refused(make(1, header, "12345678", 8), "are not read");
    }
}

static void refuses_broken_headers(void **state)
{
    static const char *const headers[] = {
        "",
        "{",
        "{}",
        "{'descr':'<f4','fortran_order':False}",
        "{'descr':'<f4','descr':'<f4','fortran_order':False,'shape':(1,)}",
        "{'descr':'<f4','fortran_order':False,'shape':(1,),'more':1}",
        "{'descr':'<f4','fortran_order':No,'shape':(1,)}",
        "{'descr':'<f4','fortran_order':False,'shape':(1)}",
        "{'descr':'<f4','fortran_order':False,'shape':(1,,)}",
        "{'descr':'<f4','fortran_order':False,'shape':(1,)} x",
        "{'descr':'<f4 'fortran_order':False,'shape':(1,)}",
        "{'descr':[('a','<f4')],'fortran_order':False,'shape':(1,)}",
        "{'descr':'<f44444444444444444444','fortran_order':False,'shape':(1,)}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        assert_refused(make(1, headers[i], "1234", 4), "not a plain array");
    assert_refused(make(4, "{}", "", 0), "version 4");
}

static void reads_back_what_it_writes(void **state)
{
    static float values[24];
    struct kaon_tensor t = { .type = KAON_F32, .data = values, .bytes = sizeof values }, back;
    struct kaon_msg msg;
    static const struct {
        int32_t rank;
        int64_t dims[4];
    } shapes[] = { { 0, { 0 } }, { 1, { 24 } }, { 3, { 2, 3, 4 } }, { 2, { 0, 7 } } };
    (void)state;
    for (size_t i = 0; i < 24; i++)
        values[i] = (float)i / 3;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        char *text;
        size_t bytes;
        FILE *file = open_memstream(&text, &bytes);
        assert_non_null(file);
        t.rank = shapes[i].rank;
        memcpy(t.dims, shapes[i].dims, sizeof shapes[i].dims);
        assert_int_equal(kaon_npy_write(file, &t, &msg), KAON_OK);
        fclose(file);
        assert_int_equal(kaon_npy_decode(&back, text, bytes, "back", &msg), KAON_OK);
        assert_int_equal(back.rank, t.rank);
        assert_int_equal(kaon_tensor_count(&back), kaon_tensor_count(&t));
        assert_memory_equal(back.data, values, back.bytes);
        free(back.data);
        free(text);
    }
}

static void says_that_a_file_is_missing(void **state)
{
    struct kaon_tensor t;
    struct kaon_msg msg;
    (void)state;
    assert_int_equal(kaon_npy_read(&t, "no/such/file.npy", &msg), KAON_BAD_INPUT);
    assert_string_equal(msg.text, "no/such/file.npy: No such file or directory");
    assert_int_equal(kaon_npy_read(&t, ".", &msg), KAON_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_versions_1_to_3),
        cmocka_unit_test(reads_column_major_and_big_endian),
        cmocka_unit_test(reads_scalars_empty_arrays_and_bools),
        cmocka_unit_test(refuses_cut_files),
        cmocka_unit_test(refuses_hostile_shapes),
        cmocka_unit_test(refuses_other_types),
        cmocka_unit_test(refuses_broken_headers),
        cmocka_unit_test(reads_back_what_it_writes),
        cmocka_unit_test(says_that_a_file_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
