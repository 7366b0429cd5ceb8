/* The same jets in every storage: compounds, plain arrays, groups, NumPy's files and archives. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <hdf5.h>
#include <zip.h>

#include "tools/eval/reader.h"

enum { ROWS = 37, WIDTH = 5, COLUMNS = 5 };

/* A column of the test: its values are small whole numbers, which every type holds. */
struct source {
    const char *name, *table, *numpy; /* numpy: the type as .npy spells it */
    int rank, seed;
};
static const struct source sources[COLUMNS] = {
    { "pt", "jets", ">f4", 1, 1 },      { "label", "jets", "|i1", 1, 2 },
    { "d0", "tracks", "<f8", 2, 3 },    { "hits", "tracks", "<u2", 2, 4 },
    { "valid", "tracks", "|b1", 2, 5 },
};

static char folder[] = "/tmp/kaon-storage-XXXXXX";

static double value(const struct source *s, size_t row, size_t entry)
{
    const size_t v = (row * 7 + entry * 3 + (size_t)s->seed) % 11;
    return !strcmp(s->name, "valid") ? v % 3 != 0 : (double)v;
}

/* ---- NumPy ------------------------------------------------------------------------------------- */

static void put(unsigned char *to, const char *type, double v)
{
    const size_t bytes = (size_t)(type[2] - '0');
    const float f = (float)v;
    const uint64_t u = (uint64_t)v;
    const uint16_t half[11] = { 0,      0x3c00, 0x4000, 0x4200, 0x4400, 0x4500,
                                0x4600, 0x4700, 0x4800, 0x4880, 0x4900 };
    unsigned char in[8];
    if (type[1] == 'f')
        memcpy(in, bytes == 8 ? (const void *)&v : bytes == 4 ? (const void *)&f : &half[u], bytes);
    else
        memcpy(in, &u, 8);
    for (size_t i = 0; i < bytes; i++)
        to[i] = in[type[0] == '>' ? bytes - 1 - i : i];
}

/* The whole .npy of a column; to be freed. */
static unsigned char *numpy(const struct source *s, const char *type, int version, bool fortran,
                            size_t *bytes)
{
    const size_t size = (size_t)(type[2] - '0'), width = s->rank == 2 ? WIDTH : 1;
    unsigned char *data = calloc(1, 256 + ROWS * width * size);
    char text[128];
    assert_non_null(data);
    const int n =
        snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': %s, 'shape': (%d,%s), }\n",
                 type, fortran ? "True" : "False", ROWS, s->rank == 2 ? " 5" : "");
    memcpy(data, "\x93NUMPY", 6);
    data[6] = (unsigned char)version;
    data[8] = (unsigned char)n;
    const size_t before = version == 1 ? 10 : 12;
    memcpy(data + before, text, (size_t)n);
    for (size_t row = 0; row < ROWS; row++)
        for (size_t k = 0; k < width; k++)
            put(data + before + (size_t)n + (fortran ? k * ROWS + row : row * width + k) * size,
                type, value(s, row, k));
    *bytes = before + (size_t)n + ROWS * width * size;
    return data;
}

static void make_folder(char *path, int version, bool fortran, const char *type)
{
    mkdir(path, 0700);
    for (size_t i = 0; i < COLUMNS; i++) {
        char name[512];
        size_t bytes;
        const bool own = !type || !strcmp(sources[i].name, "valid");
        snprintf(name, sizeof name, "%s/%s", path, sources[i].table);
        mkdir(name, 0700);
        snprintf(name, sizeof name, "%s/%s/%s.npy", path, sources[i].table, sources[i].name);
        unsigned char *data =
            numpy(&sources[i], own ? sources[i].numpy : type, version, fortran, &bytes);
        FILE *file = fopen(name, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(data, 1, bytes, file), bytes);
        fclose(file);
        free(data);
    }
}

static void make_zip(const char *path, zip_int32_t method, bool groups)
{
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    assert_non_null(zip);
    for (size_t i = 0; i < COLUMNS; i++) {
        char name[128];
        size_t bytes;
        unsigned char *data = numpy(&sources[i], sources[i].numpy, 1, i % 2, &bytes);
        snprintf(name, sizeof name, "%s%s%s.npy", groups ? sources[i].table : "", groups ? "/" : "",
                 sources[i].name);
        const zip_int64_t at =
            zip_file_add(zip, name, zip_source_buffer(zip, data, bytes, 1), ZIP_FL_OVERWRITE);
        assert_true(at >= 0);
        assert_int_equal(zip_set_file_compression(zip, (zip_uint64_t)at, method, 0), 0);
    }
    assert_int_equal(zip_close(zip), 0);
}

/* ---- HDF5 -------------------------------------------------------------------------------------- */

static void write_array(hid_t file, const char *name, const struct source *s, hid_t stored)
{
    const hsize_t dims[2] = { ROWS, WIDTH }, chunk[2] = { 10, 3 };
    double data[ROWS * WIDTH];
    const size_t width = s->rank == 2 ? WIDTH : 1;
    for (size_t i = 0; i < ROWS * width; i++)
        data[i] = value(s, i / width, i % width);
    const hid_t space = H5Screate_simple(s->rank, dims, NULL);
    const hid_t plist = H5Pcreate(H5P_DATASET_CREATE), link = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(link, 1);
    H5Pset_chunk(plist, s->rank, chunk);
    H5Pset_deflate(plist, 1);
    const hid_t dataset = H5Dcreate2(file, name, stored, space, link, plist, H5P_DEFAULT);
    assert_true(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    H5Dclose(dataset);
    H5Pclose(plist);
    H5Pclose(link);
    H5Sclose(space);
}

static void make_plain(const char *path, bool groups, hid_t stored)
{
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    for (size_t i = 0; i < COLUMNS; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s%s", groups ? sources[i].table : "", groups ? "/" : "",
                 sources[i].name);
        write_array(file, name, &sources[i], stored);
    }
    H5Fclose(file);
}

/* JetNet: [N,P,4] of etarel, phirel, ptrel, mask, and [N,5] beginning with type and pt. */
static void make_jetnet(const char *path)
{
    static float particles[ROWS][WIDTH][4], jets[ROWS][5];
    const hsize_t p[3] = { ROWS, WIDTH, 4 }, j[2] = { ROWS, 5 };
    for (size_t r = 0; r < ROWS; r++) {
        jets[r][0] = (float)value(&sources[1], r, 0);
        jets[r][1] = (float)value(&sources[0], r, 0);
        for (size_t k = 0; k < WIDTH; k++) {
            particles[r][k][0] = (float)value(&sources[2], r, k);
            particles[r][k][1] = (float)value(&sources[3], r, k);
            particles[r][k][3] = (float)value(&sources[4], r, k);
        }
    }
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t ps = H5Screate_simple(3, p, NULL), js = H5Screate_simple(2, j, NULL);
    const hid_t pd = H5Dcreate2(file, "particle_features", H5T_IEEE_F32LE, ps, H5P_DEFAULT,
                                H5P_DEFAULT, H5P_DEFAULT);
    const hid_t jd =
        H5Dcreate2(file, "jet_features", H5T_IEEE_F32LE, js, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Dwrite(pd, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, particles) >= 0);
    assert_true(H5Dwrite(jd, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, jets) >= 0);
    H5Dclose(pd);
    H5Dclose(jd);
    H5Sclose(ps);
    H5Sclose(js);
    H5Fclose(file);
}

/* ---- reading ----------------------------------------------------------------------------------- */

static enum kaon_status read_names(const char *path, const char *const name[4], const char *valid,
                                   struct kaon_msg *msg)
{
    struct eval_column jet = { name[0], "the test", 0, false };
    struct eval_column track[2] = { { name[2], "the test", 0, false },
                                    { name[3], "the test", 0, false } };
    const struct eval_column number = { name[1], "the test", 0, false };
    const struct eval_set sets[2] = { { "jets", NULL, 0, &jet, 1 },
                                      { "tracks", valid, 0, track, 2 } };
    const char *const copied[] = { name[0] };
    const struct eval_query query = {
        .set = sets, .n_sets = 2, .number = &number, .n_numbers = 1, .copied = copied, .n_copied = 1
    };
    struct eval_reader *reader;
    struct eval_block b = { .rows = 0 };
    enum kaon_status status = kaon_eval_reader_open(&reader, &query, &path, 1, msg);
    if (status)
        return status;
    status = kaon_eval_reader_next(reader, &b, msg);
    assert_true(status || b.rows == ROWS);
    for (size_t r = 0; !status && r < ROWS; r++) {
        int n = 0;
        assert_true(b.part[0].value[r] == (float)value(&sources[0], r, 0));
        assert_true(b.number[r] == value(&sources[1], r, 0));
        for (size_t k = 0; k < WIDTH; k++) {
            const float *got = b.part[1].value + (r * WIDTH + (size_t)n) * 2;
            if (!value(&sources[4], r, k))
                continue;
            assert_true(got[0] == (float)value(&sources[2], r, k));
            assert_true(got[1] == (float)value(&sources[3], r, k));
            n++;
        }
        assert_int_equal(b.part[1].count[r], n);
    }
    kaon_eval_block_close(&b);
    kaon_eval_reader_close(reader);
    return status;
}

static void gives_the_jets(const char *path)
{
    static const char *const names[4] = { "pt", "label", "d0", "hits" };
    struct kaon_msg msg = { "" };
    if (read_names(path, names, "valid", &msg))
        fail_msg("%s", msg.text);
    if (read_names(path, names, "valid == 1", &msg))
        fail_msg("%s", msg.text);
}

static void refuses(const char *path, const char *word)
{
    static const char *const names[4] = { "pt", "label", "d0", "hits" };
    struct kaon_msg msg = { "" };
    assert_int_equal(read_names(path, names, "valid", &msg), KAON_BAD_INPUT);
    if (!strstr(msg.text, word))
        fail_msg("no \"%s\" in: %s", word, msg.text);
}

static const char *in_folder(char *path, size_t room, const char *name)
{
    snprintf(path, room, "%s/%s", folder, name);
    return path;
}

static void arrays_of_hdf5(void **state)
{
    const hid_t types[] = { H5T_IEEE_F32LE, H5T_IEEE_F64BE, H5T_STD_I8LE,  H5T_STD_U8BE,
                            H5T_STD_I16BE,  H5T_STD_U16LE,  H5T_STD_I32LE, H5T_STD_U32BE,
                            H5T_STD_I64BE,  H5T_STD_U64LE };
    char path[256];
    (void)state;
    in_folder(path, sizeof path, "plain.h5");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        make_plain(path, false, types[i]);
        gives_the_jets(path);
        make_plain(path, true, types[i]);
        gives_the_jets(path);
    }
}

static void features_of_jetnet(void **state)
{
    static const char *const names[4] = { "pt", "type", "etarel", "phirel" };
    static const char *const places[4] = { "jet_features[1]", "jet_features[0]",
                                           "particle_features[0]", "particle_features[1]" };
    struct kaon_msg msg = { "" };
    char path[256];
    (void)state;
    make_jetnet(in_folder(path, sizeof path, "jetnet.h5"));
    if (read_names(path, names, "valid", &msg) || read_names(path, names, "mask > 0.5", &msg) ||
        read_names(path, places, "particle_features[3]", &msg))
        fail_msg("%s", msg.text);
}

static void folders_of_numpy(void **state)
{
    static const char *const types[] = { "<f2", ">f2", "<f4", ">f8", "|i1", "<i2",
                                         ">i4", "<i8", "|u1", ">u2", "<u4", ">u8" };
    char path[256];
    (void)state;
    in_folder(path, sizeof path, "numpy");
    for (int version = 1; version <= 3; version++)
        for (int fortran = 0; fortran < 2; fortran++) {
            make_folder(path, version, fortran, NULL);
            gives_the_jets(path);
        }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        make_folder(path, 1, i % 2, types[i]);
        gives_the_jets(path);
    }
}

static void archives_of_numpy(void **state)
{
    char path[256];
    (void)state;
    in_folder(path, sizeof path, "jets.npz");
    for (int groups = 0; groups < 2; groups++) {
        make_zip(path, ZIP_CM_STORE, groups);
        gives_the_jets(path);
        make_zip(path, ZIP_CM_DEFLATE, groups);
        gives_the_jets(path);
    }
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size - 10), 0);
    refuses(path, "no whole .npz");
}

static void broken_folders_are_refused(void **state)
{
    char path[256], file[512];
    (void)state;
    in_folder(path, sizeof path, "empty");
    mkdir(path, 0700);
    refuses(path, "holds no .npy");
    in_folder(path, sizeof path, "broken");
    make_folder(path, 1, false, NULL);
    snprintf(file, sizeof file, "%s/tracks/d0.npy", path);
    assert_int_equal(truncate(file, 300), 0);
    refuses(path, "needs 1480 bytes of data");
    assert_int_equal(truncate(file, 20), 0);
    refuses(path, "header is cut off");
    assert_int_equal(unlink(file), 0);
    refuses(path, "no field 'd0'");
}

static int clean(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_of_hdf5),
        cmocka_unit_test(features_of_jetnet),
        cmocka_unit_test(folders_of_numpy),
        cmocka_unit_test(archives_of_numpy),
        cmocka_unit_test(broken_folders_are_refused),
    };
    if (!mkdtemp(folder))
        return 1;
    return cmocka_run_group_tests(tests, NULL, clean);
}
